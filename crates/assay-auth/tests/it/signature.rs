use assay_auth::{
    AuthError, check_github, check_gitlab, check_outgoing, sign_github, sign_outgoing,
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
    let header = sign_outgoing(&secrets(&["new", "old"]), now_ms, body);
    let at = |ms: i64| now_ms + ms;
    let unsigned = header.split(",v1=").next().unwrap().to_owned();
    let moved = header.replace("t=1767225600", "t=1767225700");
    let junk_first = header.replace(",v1=", ",v0=zz,v1=");
    for (name, header, secret, now_ms, answer) in [
        ("now", Some(&*header), "new", at(0), Ok(())),
        ("by the old secret", Some(&*header), "old", at(0), Ok(())),
        (
            "a version that is not known yet",
            Some(&*junk_first),
            "new",
            at(0),
            Ok(()),
        ),
        ("a little later", Some(&*header), "new", at(299_000), Ok(())),
        (
            "a replay",
            Some(&*header),
            "new",
            at(301_000),
            Err(AuthError::SignatureStale),
        ),
        (
            "from the future",
            Some(&*header),
            "new",
            at(-301_000),
            Err(AuthError::SignatureStale),
        ),
        (
            "another secret",
            Some(&*header),
            "other",
            at(0),
            Err(AuthError::SignatureWrong),
        ),
        (
            "an empty secret",
            Some(&*header),
            "",
            at(0),
            Err(AuthError::SignatureWrong),
        ),
        (
            "another time",
            Some(&*moved),
            "new",
            at(100_000),
            Err(AuthError::SignatureWrong),
        ),
        (
            "no tag",
            Some(&*unsigned),
            "new",
            at(0),
            Err(AuthError::SignatureWrong),
        ),
        (
            "no time",
            Some("v1=00"),
            "new",
            at(0),
            Err(AuthError::SignatureMalformed),
        ),
        (
            "a cut tag",
            Some("t=1,v1=00"),
            "new",
            at(0),
            Err(AuthError::SignatureMalformed),
        ),
        (
            "no number",
            Some("t=now,v1=00"),
            "new",
            at(0),
            Err(AuthError::SignatureMalformed),
        ),
        (
            "nothing",
            None,
            "new",
            at(0),
            Err(AuthError::SignatureMissing),
        ),
    ] {
        let got = check_outgoing(header, &secret.into(), body, now_ms, 300_000);
        assert_eq!(got, answer, "{name}");
    }
    let got = check_outgoing(Some(&header), &"new".into(), b"{}", now_ms, 300_000);
    assert_eq!(got, Err(AuthError::SignatureWrong));
}
