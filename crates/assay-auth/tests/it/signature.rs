use assay_auth::{
    AuthError, OutgoingHeaders, check_github, check_gitlab, check_outgoing, sign_github,
    sign_outgoing,
};
use secrecy::SecretString;

fn secrets(texts: &[&str]) -> Vec<SecretString> {
    texts.iter().map(|&text| text.into()).collect()
}

/// The test vector that GitHub publishes.
const SECRET: &str = "It's a Secret to Everybody";
const BODY: &[u8] = b"Hello, World!";
const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

#[test]
fn deliveries_of_github_are_checked_over_their_bytes() {
    let cut = &SIGNATURE[..SIGNATURE.len() - 2];
    let long = format!("{SIGNATURE}00");
    let flipped = SIGNATURE.replace("e17", "e16");
    let upper = SIGNATURE.to_uppercase().replace("SHA256", "sha256");
    let sha1 = SIGNATURE.replace("sha256", "sha1");
    for (name, header, known, body, answer) in [
        (
            "the published vector",
            Some(SIGNATURE),
            &[SECRET][..],
            BODY,
            Ok(()),
        ),
        ("upper case", Some(&*upper), &[SECRET], BODY, Ok(())),
        (
            "an older secret",
            Some(SIGNATURE),
            &["new", SECRET],
            BODY,
            Ok(()),
        ),
        (
            "a secret that is gone",
            Some(SIGNATURE),
            &["new"],
            BODY,
            Err(AuthError::SignatureWrong),
        ),
        (
            "no secret at all",
            Some(SIGNATURE),
            &[],
            BODY,
            Err(AuthError::SignatureWrong),
        ),
        (
            "an empty secret",
            Some("sha256=0f3e5ab5d6eb0b6e0ef4b4f0a2f1a3c5b1c6c4c6f6b1a4b5a7d0a7d5a5a5a5a5"),
            &[""],
            BODY,
            Err(AuthError::SignatureWrong),
        ),
        (
            "another body",
            Some(SIGNATURE),
            &[SECRET],
            b"Hello, World?",
            Err(AuthError::SignatureWrong),
        ),
        (
            "an empty body",
            Some(SIGNATURE),
            &[SECRET],
            b"",
            Err(AuthError::SignatureWrong),
        ),
        (
            "one bit",
            Some(&*flipped),
            &[SECRET],
            BODY,
            Err(AuthError::SignatureWrong),
        ),
        (
            "a truncated tag",
            Some(cut),
            &[SECRET],
            BODY,
            Err(AuthError::SignatureMalformed),
        ),
        (
            "a longer tag",
            Some(&*long),
            &[SECRET],
            BODY,
            Err(AuthError::SignatureMalformed),
        ),
        (
            "an empty tag",
            Some("sha256="),
            &[SECRET],
            BODY,
            Err(AuthError::SignatureMalformed),
        ),
        (
            "the old hash",
            Some(&*sha1),
            &[SECRET],
            BODY,
            Err(AuthError::SignatureMalformed),
        ),
        (
            "an empty header",
            Some(""),
            &[SECRET],
            BODY,
            Err(AuthError::SignatureMalformed),
        ),
        (
            "no header",
            None,
            &[SECRET],
            BODY,
            Err(AuthError::SignatureMissing),
        ),
    ] {
        assert_eq!(
            check_github(header, &secrets(known), body),
            answer,
            "{name}"
        );
    }
}

#[test]
fn we_sign_as_github_does() {
    assert_eq!(sign_github(&SECRET.into(), BODY), SIGNATURE);
}

#[test]
fn deliveries_of_gitlab_show_the_secret() {
    for (header, known, answer) in [
        (Some("one"), &["one"][..], Ok(())),
        (Some("one"), &["two", "one"], Ok(())),
        (Some("on"), &["one"], Err(AuthError::SignatureWrong)),
        (Some("one "), &["one"], Err(AuthError::SignatureWrong)),
        (Some(""), &["one"], Err(AuthError::SignatureWrong)),
        (Some(""), &[""], Err(AuthError::SignatureWrong)),
        (Some("one"), &[], Err(AuthError::SignatureWrong)),
        (None, &["one"], Err(AuthError::SignatureMissing)),
    ] {
        assert_eq!(
            check_gitlab(header, &secrets(known)),
            answer,
            "{header:?} {known:?}"
        );
    }
}

#[test]
fn what_we_send_is_good_once_and_now() {
    let now_ms = 1_767_225_600_123;
    let body = b"{\"event\":\"review.finished\"}";
    let signature = sign_outgoing(&secrets(&["new", "old"]), "msg_1", now_ms, body);
    let headers =
        |id: &'static str, timestamp: &'static str, signature: &'static str| OutgoingHeaders {
            id: Some(id),
            timestamp: Some(timestamp),
            signature: Some(signature),
        };
    let signature: &'static str = signature.leak();
    let good = headers("msg_1", "1767225600", signature);
    let junk_first = format!("v2,zz {signature}").leak();
    let stale = Err(AuthError::SignatureStale);
    let wrong = Err(AuthError::SignatureWrong);
    let malformed = Err(AuthError::SignatureMalformed);
    for (name, headers, secret, later_ms, answer) in [
        ("now", good, "new", 0, Ok(())),
        ("by the old secret", good, "old", 0, Ok(())),
        (
            "a version that is not known yet",
            headers("msg_1", "1767225600", junk_first),
            "new",
            0,
            Ok(()),
        ),
        ("a little later", good, "new", 299_000, Ok(())),
        ("a replay", good, "new", 301_000, stale),
        ("from the future", good, "new", -301_000, stale),
        ("another secret", good, "other", 0, wrong),
        ("an empty secret", good, "", 0, wrong),
        (
            "another time",
            headers("msg_1", "1767225700", signature),
            "new",
            100_000,
            wrong,
        ),
        (
            "another message",
            headers("msg_2", "1767225600", signature),
            "new",
            0,
            wrong,
        ),
        (
            "no tag",
            headers("msg_1", "1767225600", ""),
            "new",
            0,
            wrong,
        ),
        (
            "no base64",
            headers("msg_1", "1767225600", "v1,%"),
            "new",
            0,
            malformed,
        ),
        (
            "no number",
            headers("msg_1", "now", signature),
            "new",
            0,
            malformed,
        ),
        (
            "nothing",
            OutgoingHeaders {
                id: None,
                timestamp: None,
                signature: None,
            },
            "new",
            0,
            Err(AuthError::SignatureMissing),
        ),
    ] {
        let got = check_outgoing(headers, &secret.into(), body, now_ms + later_ms, 300_000);
        assert_eq!(got, answer, "{name}");
    }
    let got = check_outgoing(good, &"new".into(), b"{}", now_ms, 300_000);
    assert_eq!(got, Err(AuthError::SignatureWrong));
}

/// The example of the specification of Standard Webhooks.
#[test]
fn what_we_send_is_signed_as_the_specification_says() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let signature = sign_outgoing(
        &secrets(&[secret]),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330_000,
        br#"{"test": 2432232314}"#,
    );
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
