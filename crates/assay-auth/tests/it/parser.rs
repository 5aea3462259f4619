use assay_auth::{
    AuditHash, FieldKeys, Identifier, KeyName, Network, OutgoingHeaders, Permission, PresentedKey,
    RoleName, RotatedKey, SessionToken, SigningKey, TokenKeys, check_github, check_outgoing,
};
use proptest::prelude::{any, prop_oneof, proptest};
use proptest::strategy::Strategy;
use secrecy::SecretSlice;

fn token_keys() -> TokenKeys {
    let secret: SecretSlice<u8> = vec![7; 32].into();
    let key = SigningKey::shared(KeyName::parse("k").unwrap(), &secret).unwrap();
    let rotated = RotatedKey {
        key,
        signs_from_ms: 0,
        retired_ms: None,
    };
    TokenKeys::new("a".into(), "b".into(), 60, vec![rotated]).unwrap()
}

/// Texts that look a little like what is parsed.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "assay_[0-9A-Za-z_]{60,80}",
        "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}",
        "(t=-?[0-9]{0,20})?(,v1=[0-9a-f]{0,64}){0,3}",
        "sha256=[0-9a-fA-F]{60,66}",
        "v1\\.[a-z0-9]{0,3}\\.[A-Za-z0-9_-]{0,60}",
        "[0-9a-f:.]{0,40}(/[0-9]{0,4})?",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ]
}

fn headers(text: &str) -> OutgoingHeaders<'_> {
    OutgoingHeaders {
        id: Some(text),
        timestamp: Some("1"),
        signature: Some(text),
    }
}

proptest! {
    #[test]
    fn no_text_is_believed_or_brings_anything_down(text in text()) {
        let secret = ["s".into()];
        assert!(PresentedKey::parse(&text).is_err());
        assert!(token_keys().verify(&text, 0).is_err());
        assert!(check_github(Some(&text), &secret, b"body").is_err());
        assert!(check_outgoing(headers(&text), &secret[0], b"body", i64::MIN, i64::MAX).is_err());
        let bytes: SecretSlice<u8> = vec![1; 32].into();
        let fields = FieldKeys::new([(KeyName::parse("k").unwrap(), bytes)]).unwrap();
        assert!(fields.open(&text, "place").is_err());
        let _ = Network::parse(&text);
        let _ = AuditHash::parse(&text);
        let _ = SessionToken::parse(&text);
    }

    #[test]
    fn what_is_read_is_written_the_same(text in text()) {
        if let Ok(identifier) = Identifier::parse(&text) {
            assert_eq!(identifier.to_string(), text);
        }
        if let Ok(role) = RoleName::parse(&text) {
            assert_eq!(role.as_str(), text);
        }
        if let Ok(permission) = Permission::parse(&text) {
            assert_eq!(permission.name(), text);
        }
    }

    #[test]
    fn public_keys_of_strangers_are_read_or_refused(n in "[A-Za-z0-9_-]{0,400}", e in "[A-Za-z0-9_-]{0,8}") {
        let jwk = serde_json::json!({"kid": "k", "kty": "RSA", "n": n, "e": e});
        let _ = SigningKey::public_jwk(&jwk);
    }
}
