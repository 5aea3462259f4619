use std::sync::OnceLock;

use assay_auth::{
    Algorithm, AuthError, KeyId, KeyName, OrganisationId, Permission, PermissionSet, RotatedKey,
    SigningKey, Subject, TokenKeys, UserId,
};
use assay_source::Clock;
use assay_testkit::pem::curve_pem;
use assay_testkit::{SeededRandomness, SettableClock};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::rand_core::OsRng;
use rsa::sha2::{Digest as _, Sha256};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde_json::{Value, json};

const SHARED: &[u8; 32] = b"a shared secret of thirty-two by";

fn name(text: &str) -> KeyName {
    KeyName::parse(text).unwrap()
}

fn shared(key_name: &str, secret: &[u8]) -> Result<SigningKey, AuthError> {
    let secret: SecretSlice<u8> = secret.to_vec().into();
    SigningKey::shared(name(key_name), &secret)
}

/// Puts a private key into PEM; the tree holds no text that looks like one.
fn pem(base64: &str) -> SecretString {
    labelled("PRIVATE KEY", base64)
}

fn labelled(label: &str, base64: &str) -> SecretString {
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n").into()
}

/// The key of this run of the tests, by another implementation.
fn rsa_key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::new(&mut OsRng, 2048).unwrap())
}

fn rsa(key_name: &str) -> SigningKey {
    let key = STANDARD.encode(rsa_key().to_pkcs8_der().unwrap().as_bytes());
    SigningKey::private_pem(name(key_name), &pem(&key)).unwrap()
}

fn curve(key_name: &str) -> SigningKey {
    SigningKey::private_pem(name(key_name), &curve_pem().into()).unwrap()
}

fn rotated(key: SigningKey, signs_from_ms: i64, retired_ms: Option<i64>) -> RotatedKey {
    RotatedKey {
        key,
        signs_from_ms,
        retired_ms,
    }
}

fn keys(rotated: Vec<RotatedKey>) -> TokenKeys {
    let (issuer, audience) = ("https://assay.test".to_owned(), "assay-api".to_owned());
    TokenKeys::new(issuer, audience, TokenKeys::LIFE_S, rotated).unwrap()
}

struct World {
    clock: SettableClock,
    randomness: SeededRandomness,
    subject: Subject,
    organisation: OrganisationId,
}

fn world() -> World {
    let clock = SettableClock::default();
    let randomness = SeededRandomness::new(5);
    World {
        subject: Subject::User(UserId::new(&clock, &randomness)),
        organisation: OrganisationId::new(&clock, &randomness),
        clock,
        randomness,
    }
}

impl World {
    fn issue(&self, keys: &TokenKeys) -> String {
        let permissions = PermissionSet::of(&[Permission::ReviewRead, Permission::ScanRun]);
        let (token, claims) = keys
            .issue(
                self.subject,
                self.organisation,
                permissions,
                &self.clock,
                &self.randomness,
            )
            .unwrap();
        assert_eq!(claims.expires_s - claims.issued_s, 24 * 3600);
        token.expose_secret().to_owned()
    }

    fn claims(&self) -> Value {
        let now_s = self.clock.now_ms() / 1000;
        json!({
            "iss": "https://assay.test", "aud": "assay-api", "sub": self.subject.to_string(),
            "exp": now_s + 3600, "nbf": now_s, "iat": now_s,
            "jti": "019b76da-a800-7000-8000-000000000000",
            "org": self.organisation.to_string(), "scope": "review:read",
        })
    }
}

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Writes any header over any claims, signed by HMAC with any bytes.
fn forged(header: &str, claims: &str, secret: &[u8]) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    let tag = ring::hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

#[test]
fn each_algorithm_signs_and_verifies_and_only_its_own_tokens() {
    let world = world();
    let now_ms = world.clock.now_ms();
    let make = |at: usize| match at {
        0 => shared("k", SHARED).unwrap(),
        1 => rsa("k"),
        _ => curve("k"),
    };
    let sets: Vec<_> = (0..3)
        .map(|at| keys(vec![rotated(make(at), 0, None)]))
        .collect();
    for (at, set) in sets.iter().enumerate() {
        let token = world.issue(set);
        for (other_at, other) in sets.iter().enumerate() {
            let got = other.verify(&token, now_ms);
            if at == other_at {
                let claims = got.unwrap();
                assert_eq!(
                    (claims.subject, claims.organisation),
                    (world.subject, world.organisation)
                );
                assert_eq!(claims.permissions.names(), ["review:read", "scan:run"]);
            } else {
                assert_eq!(got, Err(AuthError::TokenAlgorithmWrong), "{at} {other_at}");
            }
        }
    }
    let one = curve("k");
    let other = keys(vec![rotated(curve("k"), 0, None)]);
    let token = world.issue(&keys(vec![rotated(one, 0, None)]));
    assert_eq!(
        other.verify(&token, now_ms),
        Err(AuthError::TokenSignatureWrong)
    );
}

#[test]
fn forged_tokens_are_refused() {
    let world = world();
    let now_ms = world.clock.now_ms();
    let rsa_key = rsa("rsa");
    let public = rsa_key.to_public_jwk().unwrap();
    let public_n = URL_SAFE_NO_PAD
        .decode(public["n"].as_str().unwrap())
        .unwrap();
    let set = keys(vec![
        rotated(shared("hs", SHARED).unwrap(), 0, None),
        rotated(rsa_key, 0, None),
        rotated(
            shared("gone", b"another secret of thirty-two byt").unwrap(),
            0,
            Some(now_ms),
        ),
    ]);
    let claims = world.claims().to_string();
    let hs = r#"{"alg":"HS256","kid":"hs","typ":"JWT"}"#;
    let good = forged(hs, &claims, SHARED);
    assert!(set.verify(&good, now_ms).is_ok());
    let (message, tag) = good.rsplit_once('.').unwrap();
    let with = |key: &str, value: Value| {
        let mut changed = world.claims();
        changed[key] = value;
        forged(hs, &changed.to_string(), SHARED)
    };
    let without = |key: &str| {
        let mut changed = world.claims();
        changed.as_object_mut().unwrap().remove(key);
        forged(hs, &changed.to_string(), SHARED)
    };
    let now_s = now_ms / 1000;
    let header = |text: &str| forged(text, &claims, SHARED);
    let twice = claims.replacen('{', r#"{"sub":"user:x","#, 1);
    for (attack, token, answer) in [
        (
            "none",
            forged(r#"{"alg":"none","kid":"hs"}"#, &claims, b""),
            AuthError::TokenAlgorithmWrong,
        ),
        (
            "NoNe",
            header(r#"{"alg":"NoNe","kid":"hs"}"#),
            AuthError::TokenAlgorithmWrong,
        ),
        (
            "none without a tag",
            format!(
                "{}.{}.",
                encode(r#"{"alg":"none","kid":"hs"}"#),
                encode(&claims)
            ),
            AuthError::TokenAlgorithmWrong,
        ),
        (
            "the public key as shared secret",
            forged(r#"{"alg":"HS256","kid":"rsa"}"#, &claims, &public_n),
            AuthError::TokenAlgorithmWrong,
        ),
        (
            "the other algorithm's name",
            header(r#"{"alg":"RS256","kid":"hs"}"#),
            AuthError::TokenAlgorithmWrong,
        ),
        (
            "a key that is an RSA one",
            header(r#"{"alg":"RS256","kid":"rsa"}"#),
            AuthError::TokenSignatureWrong,
        ),
        (
            "no alg",
            header(r#"{"kid":"hs"}"#),
            AuthError::TokenMalformed,
        ),
        (
            "two algs",
            header(r#"{"alg":"HS256","alg":"none","kid":"hs"}"#),
            AuthError::TokenMalformed,
        ),
        (
            "no key",
            header(r#"{"alg":"HS256"}"#),
            AuthError::TokenKeyUnknown,
        ),
        (
            "an unknown key",
            header(r#"{"alg":"HS256","kid":"nobody"}"#),
            AuthError::TokenKeyUnknown,
        ),
        (
            "a path for a key",
            header(r#"{"alg":"HS256","kid":"../../../dev/null"}"#),
            AuthError::TokenKeyUnknown,
        ),
        (
            "a query for a key",
            header(r#"{"alg":"HS256","kid":"hs' OR '1'='1"}"#),
            AuthError::TokenKeyUnknown,
        ),
        (
            "the key's name and a NUL",
            header(r#"{"alg":"HS256","kid":"hs\u0000"}"#),
            AuthError::TokenKeyUnknown,
        ),
        (
            "a retired key",
            forged(
                r#"{"alg":"HS256","kid":"gone"}"#,
                &claims,
                b"another secret of thirty-two byt",
            ),
            AuthError::TokenKeyUnknown,
        ),
        (
            "an own key in the header",
            forged(
                r#"{"alg":"HS256","kid":"hs","jwk":{"kty":"oct","k":"AA"},"jku":"https://evil.test"}"#,
                &claims,
                b"\0",
            ),
            AuthError::TokenSignatureWrong,
        ),
        (
            "critical extensions",
            header(r#"{"alg":"HS256","kid":"hs","crit":["b64"],"b64":false}"#),
            AuthError::TokenMalformed,
        ),
        (
            "an encrypted token's type",
            header(r#"{"alg":"HS256","kid":"hs","typ":"JWE"}"#),
            AuthError::TokenMalformed,
        ),
        (
            "another secret",
            forged(hs, &claims, b"x"),
            AuthError::TokenSignatureWrong,
        ),
        (
            "a truncated tag",
            format!("{message}.{}", &tag[..tag.len() - 3]),
            AuthError::TokenSignatureWrong,
        ),
        (
            "half a tag",
            format!("{message}.{}", &tag[..20]),
            AuthError::TokenSignatureWrong,
        ),
        (
            "no tag",
            format!("{message}."),
            AuthError::TokenSignatureWrong,
        ),
        (
            "a padded tag",
            format!("{good}="),
            AuthError::TokenMalformed,
        ),
        (
            "white space",
            format!("{good}\n"),
            AuthError::TokenMalformed,
        ),
        ("two parts", message.to_owned(), AuthError::TokenMalformed),
        (
            "four parts",
            format!("{good}.AA"),
            AuthError::TokenMalformed,
        ),
        ("nothing", String::new(), AuthError::TokenMalformed),
        ("a megabyte", "a".repeat(1 << 20), AuthError::TokenTooLong),
        (
            "another audience",
            with("aud", "assay-web".into()),
            AuthError::TokenAudienceWrong,
        ),
        (
            "a list of audiences",
            with("aud", json!(["assay-api"])),
            AuthError::TokenClaimsUnfit,
        ),
        (
            "another issuer",
            with("iss", "https://evil.test".into()),
            AuthError::TokenIssuerWrong,
        ),
        (
            "over",
            with("exp", (now_s - 31).into()),
            AuthError::TokenExpired,
        ),
        (
            "not yet",
            with("nbf", (now_s + 31).into()),
            AuthError::TokenNotYet,
        ),
        (
            "made tomorrow",
            with("iat", (now_s + 86_400).into()),
            AuthError::TokenNotYet,
        ),
        (
            "for ever",
            with("exp", i64::MAX.into()),
            AuthError::TokenClaimsUnfit,
        ),
        (
            "a text for a time",
            with("exp", "9999999999".into()),
            AuthError::TokenClaimsUnfit,
        ),
        (
            "a fraction for a time",
            with("exp", json!(1e300)),
            AuthError::TokenClaimsUnfit,
        ),
        ("no end", without("exp"), AuthError::TokenClaimsUnfit),
        ("no beginning", without("nbf"), AuthError::TokenClaimsUnfit),
        (
            "no organisation",
            without("org"),
            AuthError::TokenClaimsUnfit,
        ),
        (
            "nobody",
            with("sub", "admin".into()),
            AuthError::TokenClaimsUnfit,
        ),
        (
            "a made-up permission",
            with("scope", "review:read root:all".into()),
            AuthError::TokenClaimsUnfit,
        ),
        (
            "two subjects",
            forged(hs, &twice, SHARED),
            AuthError::TokenClaimsUnfit,
        ),
        (
            "no object",
            forged(hs, "[]", SHARED),
            AuthError::TokenClaimsUnfit,
        ),
    ] {
        assert_eq!(set.verify(&token, now_ms), Err(answer), "{attack}");
    }
    for (name, token) in [
        ("within the leeway", with("exp", (now_s - 29).into())),
        ("no permission", with("scope", "".into())),
        (
            "a key's",
            with("sub", "key:019b76da-a800-7000-8000-000000000001".into()),
        ),
        ("more members", with("nonce", 1.into())),
    ] {
        assert!(set.verify(&token, now_ms).is_ok(), "{name}");
    }
}

#[test]
fn keys_take_turns() {
    let world = world();
    let start_ms = world.clock.now_ms();
    let day_ms = 24 * 3_600_000;
    let set = keys(vec![
        rotated(
            shared("old", SHARED).unwrap(),
            0,
            Some(start_ms + 2 * day_ms),
        ),
        rotated(rsa("new"), start_ms + day_ms, None),
    ]);
    let kid = |token: &str| {
        let header = URL_SAFE_NO_PAD
            .decode(token.split('.').next().unwrap())
            .unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        header["kid"].as_str().unwrap().to_owned()
    };
    let first = world.issue(&set);
    assert_eq!(kid(&first), "old");
    world.clock.advance(day_ms);
    let second = world.issue(&set);
    assert_eq!(kid(&second), "new");
    assert!(set.verify(&first, start_ms + day_ms / 2).is_ok());
    assert!(set.verify(&second, start_ms + day_ms).is_ok());
    let late_ms = start_ms + 2 * day_ms;
    assert_eq!(set.verify(&first, late_ms), Err(AuthError::TokenKeyUnknown));
    assert_eq!(
        set.public_keys(late_ms)["keys"].as_array().unwrap().len(),
        1
    );
    assert!(!format!("{set:?}").contains("shared secret"));
}

#[test]
fn unfit_keys_are_refused() {
    assert!(shared("k", SHARED).is_ok());
    for (what, got) in [
        ("31 bytes", shared("k", &SHARED[..31])),
        ("nothing", shared("k", b"")),
        ("no PEM", SigningKey::private_pem(name("k"), &"key".into())),
        ("an empty PEM", SigningKey::private_pem(name("k"), &pem(""))),
        (
            "a damaged PEM",
            SigningKey::private_pem(name("k"), &pem("MIIE")),
        ),
        (
            "a shared secret as public key",
            SigningKey::public_jwk(&json!({"kid": "k", "kty": "oct", "k": "AAAA"})),
        ),
        (
            "a short RSA key",
            SigningKey::public_jwk(&json!({"kid": "k", "kty": "RSA", "n": "AQAB", "e": "AQAB"})),
        ),
        (
            "another curve",
            SigningKey::public_jwk(
                &json!({"kid": "k", "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}),
            ),
        ),
        (
            "half a point",
            SigningKey::public_jwk(
                &json!({"kid": "k", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
            ),
        ),
    ] {
        assert_eq!(got.map(|_| ()), Err(AuthError::KeyMaterialUnfit), "{what}");
    }
    let mut encryption = rsa("k").to_public_jwk().unwrap();
    encryption["use"] = "enc".into();
    assert!(SigningKey::public_jwk(&encryption).is_err());
    let (issuer, audience) = ("a".to_owned(), "b".to_owned());
    let double = vec![rotated(rsa("k"), 0, None), rotated(curve("k"), 0, None)];
    let got = TokenKeys::new(issuer.clone(), audience.clone(), 60, double);
    assert_eq!(got.map(|_| ()), Err(AuthError::KeySetUnfit));
    let got = TokenKeys::new(issuer, audience, 60, Vec::new());
    assert_eq!(got.map(|_| ()), Err(AuthError::KeySetUnfit));
    for wrong in ["", "a b", "../a", "é", &"k".repeat(65)] {
        assert!(KeyName::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_public_half_verifies_and_cannot_sign() {
    let world = world();
    for private in [rsa("k"), curve("k")] {
        let public = SigningKey::public_jwk(&private.to_public_jwk().unwrap()).unwrap();
        assert_eq!(public.algorithm(), private.algorithm());
        assert_eq!(public.to_public_jwk(), private.to_public_jwk());
        assert!(!public.can_sign());
        assert_eq!(
            public.sign(&json!({})).map(|_| ()),
            Err(AuthError::KeyCannotSign)
        );
        let token = world.issue(&keys(vec![rotated(private, 0, None)]));
        let set = keys(vec![rotated(public, 0, None)]);
        assert!(set.verify(&token, world.clock.now_ms()).is_ok());
    }
}

#[test]
fn other_implementations_sign_the_same() {
    let claims = json!({"iss": "other", "n": 1});
    let signed = rsa("rsa").sign(&claims).unwrap();
    let (message, signature) = signed.expose_secret().rsplit_once('.').unwrap();
    // RS256 has one signature for a message.
    let digest = Sha256::digest(message);
    let made = rsa_key().sign(Pkcs1v15Sign::new::<Sha256>(), &digest);
    assert_eq!(signature, URL_SAFE_NO_PAD.encode(made.unwrap()));
    assert_eq!(rsa("rsa").algorithm(), Algorithm::Rs256);
    // GitHub gives its apps the key without the envelope of PKCS #8.
    let inner = STANDARD.encode(rsa_key().to_pkcs1_der().unwrap().as_bytes());
    let pem = labelled("RSA PRIVATE KEY", &inner);
    let key = SigningKey::private_pem(name("rsa"), &pem).unwrap();
    let again = key.sign(&claims).unwrap();
    assert_eq!(again.expose_secret(), signed.expose_secret());
    let subject = Subject::Key(KeyId::parse("019b76da-a800-7000-8000-000000000001").unwrap());
    assert_eq!(
        subject.to_string(),
        "key:019b76da-a800-7000-8000-000000000001"
    );
}
