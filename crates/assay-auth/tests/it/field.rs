use assay_auth::{AuthError, FieldKeys, KeyName};
use assay_testkit::SeededRandomness;
use secrecy::{ExposeSecret, SecretSlice};

fn keys(names: &[(&str, u8)]) -> Result<FieldKeys, AuthError> {
    FieldKeys::new(names.iter().map(|&(name, byte)| {
        let bytes: SecretSlice<u8> = vec![byte; 32].into();
        (KeyName::parse(name).unwrap(), bytes)
    }))
}

#[test]
fn a_field_opens_where_it_was_sealed_and_nowhere_else() {
    let randomness = SeededRandomness::new(9);
    let set = keys(&[("k1", 1)]).unwrap();
    let sealed = set
        .seal(&"a secret".into(), "installation.token:1", &randomness)
        .unwrap();
    assert!(sealed.starts_with("v1.k1.") && !sealed.contains("secret"));
    let other_key = keys(&[("k1", 2)]).unwrap();
    let renamed = keys(&[("k2", 1)]).unwrap();
    let moved_name = sealed.replace("v1.k1.", "v1.k2.");
    let truncated = &sealed[..sealed.len() - 4];
    let mut flipped = sealed.clone().into_bytes();
    flipped[20] = if flipped[20] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let place = "installation.token:1";
    for (name, set, envelope, place, answer) in [
        ("itself", &set, &*sealed, place, Ok("a secret")),
        (
            "another row",
            &set,
            &sealed,
            "installation.token:2",
            Err(AuthError::FieldWrong),
        ),
        (
            "another column",
            &set,
            &sealed,
            "webhook.secret:1",
            Err(AuthError::FieldWrong),
        ),
        (
            "another key of the name",
            &other_key,
            &sealed,
            place,
            Err(AuthError::FieldWrong),
        ),
        (
            "the same key under another name",
            &renamed,
            &moved_name,
            place,
            Err(AuthError::FieldWrong),
        ),
        (
            "a key that is gone",
            &renamed,
            &sealed,
            place,
            Err(AuthError::FieldKeyUnknown),
        ),
        (
            "a truncated tag",
            &set,
            truncated,
            place,
            Err(AuthError::FieldWrong),
        ),
        (
            "one changed character",
            &set,
            &flipped,
            place,
            Err(AuthError::FieldWrong),
        ),
        (
            "too short",
            &set,
            "v1.k1.AAAA",
            place,
            Err(AuthError::FieldMalformed),
        ),
        (
            "a nonce alone",
            &set,
            "v1.k1.AAAAAAAAAAAAAAAA",
            place,
            Err(AuthError::FieldWrong),
        ),
        (
            "another version",
            &set,
            "v2.k1.AAAA",
            place,
            Err(AuthError::FieldMalformed),
        ),
        (
            "plain text",
            &set,
            "a secret",
            place,
            Err(AuthError::FieldMalformed),
        ),
    ] {
        let got = set.open(envelope, place);
        let got = got.as_ref().map(|text| text.expose_secret());
        assert_eq!(got, answer.as_ref().copied(), "{name}");
    }
}

#[test]
fn keys_are_replaced_without_losing_what_the_old_ones_wrote() {
    let randomness = SeededRandomness::new(9);
    let old = keys(&[("k1", 1)]).unwrap();
    let both = keys(&[("k2", 2), ("k1", 1)]).unwrap();
    let sealed = old.seal(&"text".into(), "a", &randomness).unwrap();
    assert_eq!(both.open(&sealed, "a").unwrap().expose_secret(), "text");
    assert_eq!(both.is_outdated(&sealed), Ok(true));
    let again = both.seal(&"text".into(), "a", &randomness).unwrap();
    assert_eq!(both.is_outdated(&again), Ok(false));
    let twice = both.seal(&"text".into(), "a", &randomness).unwrap();
    assert_ne!(again, twice);
    assert!(
        both.seal(&"x".repeat(1024 * 1024 + 1).into(), "a", &randomness)
            .is_err()
    );
    let empty = both.seal(&"".into(), "a", &randomness).unwrap();
    assert_eq!(both.open(&empty, "a").unwrap().expose_secret(), "");
    assert_eq!(format!("{both:?}"), "[KeyName(\"k2\"), KeyName(\"k1\")]");
    for (unfit, error) in [
        (keys(&[]), AuthError::KeySetUnfit),
        (keys(&[("k", 1), ("k", 2)]), AuthError::KeySetUnfit),
    ] {
        assert_eq!(unfit.map(|_| ()), Err(error));
    }
    let short: SecretSlice<u8> = vec![1; 31].into();
    let got = FieldKeys::new([(KeyName::parse("k").unwrap(), short)]);
    assert_eq!(got.map(|_| ()), Err(AuthError::KeyMaterialUnfit));
}
