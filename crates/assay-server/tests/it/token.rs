//! Tokens over HTTP: each algorithm, keys that take turns, and what forgers try.

use assay_auth::{KeyName, RotatedKey, SigningKey, TokenKeys};
use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::pem::{curve_pem, rsa_pem};
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretSlice;
use serde_json::{Value, json};

on_both_engines!(forged_tokens_open_nothing, keys_take_turns);

const ISSUER: &str = "https://assay.test";
const AUDIENCE: &str = "assay-api";
const SECRET: &[u8] = b"a secret of the tests, thirty-two or more bytes";

fn shared(name: &str, secret: &[u8]) -> SigningKey {
    let secret: SecretSlice<u8> = secret.to_vec().into();
    SigningKey::shared(KeyName::parse(name).unwrap(), &secret).unwrap()
}

fn private(name: &str, pem: String) -> SigningKey {
    SigningKey::private_pem(KeyName::parse(name).unwrap(), &pem.into()).unwrap()
}

fn rotated(key: SigningKey, signs_from_ms: i64, retired_ms: Option<i64>) -> RotatedKey {
    RotatedKey {
        key,
        signs_from_ms,
        retired_ms,
    }
}

fn set(keys: Vec<RotatedKey>) -> TokenKeys {
    TokenKeys::new(ISSUER.into(), AUDIENCE.into(), TokenKeys::LIFE_S, keys).unwrap()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the token without its signature, with another one.
fn with_signature(token: &str, signature: &[u8]) -> String {
    let (message, _) = token.rsplit_once('.').unwrap();
    format!("{message}.{}", encode(signature))
}

/// Writes a header over claims, and signs nothing.
fn unsigned(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}.",
        encode(header.to_string()),
        encode(claims.to_string())
    )
}

fn text(token: &secrecy::SecretString) -> String {
    use secrecy::ExposeSecret as _;
    token.expose_secret().to_owned()
}

async fn forged_tokens_open_nothing(test: TestStore) {
    let now_ms = test.store.now_ms();
    let (rs_pem, es_pem) = (rsa_pem(), curve_pem());
    let server = TestServer::start_with(test.store.clone(), |options, _, _| {
        options.token_keys = set(vec![
            rotated(shared("hs", SECRET), 1, None),
            rotated(private("rs", rs_pem.clone()), 0, None),
            rotated(private("es", es_pem.clone()), 0, None),
            rotated(shared("gone", &SECRET[..40]), 0, Some(now_ms)),
        ]);
    })
    .await;
    let profile = Request::get("/api/v1/user/profile").bearer(&server.admin);
    let subject = profile.send(server.address).await.json()["actor"].clone();
    let now_s = now_ms / 1000;
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "exp": now_s + 3600, "nbf": now_s,
        "iat": now_s, "jti": "019b76da-a800-7000-8000-000000000000",
        "org": server.organisation.to_string(), "scope": "review:read",
    });
    let with = |key: &str, value: Value| {
        let mut changed = claims.clone();
        changed[key] = value;
        changed
    };
    let hs = shared("hs", SECRET);
    let good = [
        hs.sign(&claims),
        private("rs", rs_pem.clone()).sign(&claims),
        private("es", es_pem.clone()).sign(&claims),
    ];
    let good = good.map(|token| text(&token.unwrap()));
    let status = async |token: &str| {
        let request = Request::get("/api/v1/reviews").bearer(token);
        request.send(server.address).await.status
    };
    for token in &good {
        assert_eq!(status(token).await, 200);
    }
    let keys = Request::get("/.well-known/jwks.json");
    let keys = keys.send(server.address).await.json();
    let names: Vec<_> = keys["keys"].as_array().unwrap().iter().collect();
    assert_eq!(names.len(), 2, "a secret that is shared has no public half");
    let rs = names.iter().find(|key| key["kid"] == "rs").unwrap();
    assert!(names.iter().all(|key| key.get("d").is_none()));
    let modulus = URL_SAFE_NO_PAD.decode(rs["n"].as_str().unwrap()).unwrap();
    let mut forged = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        for kid in ["hs", "rs", "es"] {
            let header = json!({"alg": alg, "kid": kid, "typ": "JWT"});
            forged.push((
                format!("alg `{alg}` of `{kid}`"),
                unsigned(&header, &claims),
            ));
        }
    }
    // What is public of a key is no secret to sign with.
    for secret in [
        modulus,
        rs.to_string().into_bytes(),
        rs_pem.clone().into_bytes(),
    ] {
        for kid in ["rs", "es", "hs"] {
            let token = shared(kid, &secret).sign(&claims).unwrap();
            forged.push((
                format!("a public key as the secret of `{kid}`"),
                text(&token),
            ));
        }
    }
    let other_es = private("es", curve_pem()).sign(&claims).unwrap();
    forged.push(("another key of the curve".to_owned(), text(&other_es)));
    forged.push(("zeros".to_owned(), with_signature(&good[2], &[0; 64])));
    forged.push(("no signature".to_owned(), with_signature(&good[1], &[])));
    let swapped = with_signature(&good[0], b"");
    let es_signature = good[2].rsplit_once('.').unwrap().1;
    forged.push((
        "the signature of another token".to_owned(),
        swapped + es_signature,
    ));
    for (name, header) in [
        ("no kid", json!({"alg": "HS256", "typ": "JWT"})),
        ("a path", json!({"alg": "HS256", "kid": "../../dev/null"})),
        ("a statement", json!({"alg": "HS256", "kid": "x' OR 1=1--"})),
        (
            "a key in it",
            json!({"alg": "RS256", "kid": "rs", "jwk": rs}),
        ),
        (
            "an address",
            json!({"alg": "RS256", "kid": "rs", "jku": "https://evil.example/keys"}),
        ),
        (
            "another algorithm",
            json!({"alg": "RS256", "kid": "hs", "typ": "JWT"}),
        ),
        (
            "what must be understood",
            json!({"alg": "HS256", "kid": "hs", "crit": ["exp"], "exp": 1}),
        ),
    ] {
        let token = unsigned(&header, &claims);
        let signature = good[0].rsplit_once('.').unwrap().1;
        forged.push((name.to_owned(), token + signature));
    }
    let gone = shared("gone", &SECRET[..40]).sign(&claims).unwrap();
    forged.push(("a retired key".to_owned(), text(&gone)));
    for (key, value) in [
        ("iss", json!("https://evil.example")),
        ("aud", json!("another-api")),
        ("aud", json!([AUDIENCE, "another-api"])),
        ("exp", json!(now_s - 60)),
        ("exp", json!("4102444800")),
        ("exp", json!(now_s + 400 * 24 * 3600)),
        ("nbf", json!(now_s + 3600)),
        ("sub", json!("user:019b76da-a800-7000-8000-000000000000")),
        ("sub", json!("admin")),
        ("scope", json!("review:read everything")),
        ("org", json!(server.other_organisation.to_string())),
    ] {
        let token = hs.sign(&with(key, value.clone())).unwrap();
        forged.push((format!("{key} = {value}"), text(&token)));
    }
    for (name, token) in forged {
        let got = status(&token).await;
        let is_stranger = name.starts_with("sub = \"user");
        assert_eq!(got, if is_stranger { 404 } else { 401 }, "{name}");
    }
    server.stop().await;
}

async fn keys_take_turns(test: TestStore) {
    const HOUR_MS: i64 = 3_600_000;
    let start_ms = test.store.now_ms();
    let server = TestServer::start_with(test.store.clone(), |options, _, _| {
        options.token_keys = set(vec![
            rotated(shared("first", SECRET), 0, Some(start_ms + 20 * HOUR_MS)),
            rotated(
                private("second", curve_pem()),
                start_ms + 12 * HOUR_MS,
                None,
            ),
        ]);
    })
    .await;
    let issue = async || {
        let request = Request::new("POST", "/api/v1/auth/token").json(&json!({}));
        let answer = request.bearer(&server.admin).send(server.address).await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    };
    let kid = |token: &str| {
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap());
        let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
        header["kid"].as_str().unwrap().to_owned()
    };
    let status = async |token: &str| {
        let request = Request::get("/api/v1/reviews").bearer(token);
        request.send(server.address).await.status
    };
    let first = issue().await;
    assert_eq!((kid(&first), status(&first).await), ("first".into(), 200));
    test.clock.advance(12 * HOUR_MS);
    let second = issue().await;
    assert_eq!(
        (kid(&second), status(&second).await),
        ("second".into(), 200)
    );
    assert_eq!(status(&first).await, 200, "both verify");
    test.clock.advance(8 * HOUR_MS);
    assert_eq!(status(&first).await, 401, "its key is retired");
    assert_eq!(status(&second).await, 200);
    test.clock.advance(16 * HOUR_MS + 60_000);
    assert_eq!(status(&second).await, 401, "a day is over");
    server.stop().await;
}
