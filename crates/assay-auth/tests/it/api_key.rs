use assay_auth::{
    AuthError, BuiltInRole, IssuedKey, KeptKey, KeyHash, OrganisationId, Permission, PermissionSet,
    PresentedKey,
};
use assay_testkit::{SeededRandomness, SettableClock};
use secrecy::ExposeSecret;

const NOW_MS: i64 = 1_767_225_600_000;

struct World {
    issued: IssuedKey,
    other: IssuedKey,
    kept: KeptKey,
}

fn world() -> World {
    let clock = SettableClock::new(NOW_MS);
    let randomness = SeededRandomness::new(11);
    let issued = IssuedKey::new(&clock, &randomness);
    let kept = KeptKey {
        id: issued.id(),
        organisation: OrganisationId::new(&clock, &randomness),
        owner: None,
        hash: issued.hash(),
        permissions: PermissionSet::of(&[Permission::ReviewRead, Permission::AuditRead]),
        expires_ms: None,
        revoked_ms: None,
    };
    World {
        issued,
        other: IssuedKey::new(&clock, &randomness),
        kept,
    }
}

/// Puts the first key's identifier before the second one's secret.
fn crossed(first: &str, second: &str) -> String {
    format!("{}{}", &first[..29], &second[29..])
}

#[test]
fn only_the_key_itself_opens() {
    let world = world();
    let text = world.issued.text().expose_secret();
    let other = world.other.text().expose_secret();
    let expiring = |expires_ms| KeptKey {
        expires_ms: Some(expires_ms),
        ..world.kept.clone()
    };
    let revoked = KeptKey {
        revoked_ms: Some(NOW_MS - 1),
        ..world.kept.clone()
    };
    let unset = KeptKey {
        hash: KeyHash::from_bytes([0; 32]),
        ..world.kept.clone()
    };
    for (name, sent, kept, answer) in [
        ("the key", text.to_owned(), &world.kept, Ok(())),
        (
            "another key",
            other.to_owned(),
            &world.kept,
            Err(AuthError::KeyWrong),
        ),
        (
            "our id, another's secret",
            crossed(text, other),
            &world.kept,
            Err(AuthError::KeyWrong),
        ),
        (
            "another's id, our secret",
            crossed(other, text),
            &world.kept,
            Err(AuthError::KeyWrong),
        ),
        (
            "before it expires",
            text.to_owned(),
            &expiring(NOW_MS + 1),
            Ok(()),
        ),
        (
            "when it expires",
            text.to_owned(),
            &expiring(NOW_MS),
            Err(AuthError::KeyExpired),
        ),
        (
            "revoked",
            text.to_owned(),
            &revoked,
            Err(AuthError::KeyRevoked),
        ),
        (
            "a wrong key learns not that it is revoked",
            other.to_owned(),
            &revoked,
            Err(AuthError::KeyWrong),
        ),
        ("no hash", text.to_owned(), &unset, Err(AuthError::KeyWrong)),
    ] {
        let presented = PresentedKey::parse(&sent).unwrap();
        let got = kept.authenticate(&presented, PermissionSet::ALL, NOW_MS);
        assert_eq!(got.map(|_| ()), answer, "{name}");
    }
}

#[test]
fn what_is_no_key_is_refused_before_anything_is_looked_up() {
    let world = world();
    let text = world.issued.text().expose_secret();
    let changed = |at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
        String::from_utf8(bytes).unwrap()
    };
    for wrong in [
        String::new(),
        "assay_".to_owned(),
        text[..77].to_owned(),
        format!("{text}0"),
        format!(" {text}"),
        text.replace("assay_", "ASSAY_"),
        text.replacen("assay_", "ghp_", 1),
        changed(40),
        changed(77),
        changed(28),
        format!("assay_{}_{}", "z".repeat(22), &text[29..]),
        text.replace('_', "-"),
        "assay_é".repeat(9),
    ] {
        let got = PresentedKey::parse(&wrong).map(|key| key.id());
        assert_eq!(got, Err(AuthError::KeyMalformed), "{wrong}");
    }
}

#[test]
fn a_key_never_does_more_than_its_owner() {
    let world = world();
    let presented = PresentedKey::parse(world.issued.text().expose_secret()).unwrap();
    let may = |owner: PermissionSet, permission| {
        let principal = world.kept.authenticate(&presented, owner, NOW_MS).unwrap();
        principal
            .authorise(permission, world.kept.organisation)
            .is_ok()
    };
    let developer = BuiltInRole::Developer.permissions();
    assert!(may(PermissionSet::ALL, Permission::AuditRead));
    assert!(!may(developer, Permission::AuditRead));
    assert!(may(developer, Permission::ReviewRead));
    assert!(!may(PermissionSet::NONE, Permission::ReviewRead));
    assert!(!may(PermissionSet::ALL, Permission::ReviewRun));
}
