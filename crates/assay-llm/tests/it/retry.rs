//! Errors of providers: asked again, when, and when not.

use std::time::{Duration, Instant};

use assay_llm::LlmError;
use assay_source::ErrorKind;
use assay_testkit::llm::{Dialect, FakeModel, Turn};

use crate::support::{answer, ask, kind, model, model_of, said, settings};

#[test]
fn what_may_pass_is_asked_again() {
    for dialect in Dialect::ALL {
        for status in [408, 409, 429, 500, 502, 503, 529] {
            let turns = vec![
                Turn::status(status, ""),
                Turn::status(status, "<html>"),
                Turn::say("yes"),
            ];
            let fake = FakeModel::start(dialect, turns);
            let found = answer(&model(&fake, dialect), &ask()).unwrap();
            assert_eq!(
                (said(&found), found.attempts),
                ("yes", 3),
                "{dialect:?} {status}"
            );
        }
    }
}

#[test]
fn what_will_not_pass_is_not() {
    let unpaid =
        r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#;
    for (turn, expected) in [
        (Turn::status(400, "{}"), ErrorKind::Invalid),
        (Turn::status(401, "{}"), ErrorKind::Denied),
        (Turn::status(403, "{}"), ErrorKind::Denied),
        (Turn::status(404, "{}"), ErrorKind::NotFound),
        (Turn::status(429, unpaid), ErrorKind::Invalid),
        (
            Turn::limited(503, "x-should-retry", "false"),
            ErrorKind::Invalid,
        ),
    ] {
        let fake = FakeModel::start(Dialect::OpenAiChat, vec![turn.clone()]);
        let error = answer(&model(&fake, Dialect::OpenAiChat), &ask()).unwrap_err();
        assert_eq!(
            (error.kind(), fake.received().len()),
            (expected, 1),
            "{turn:?}"
        );
    }
    let fake = FakeModel::start(
        Dialect::OpenAiChat,
        vec![
            Turn::limited(400, "x-should-retry", "true"),
            Turn::say("yes"),
        ],
    );
    assert_eq!(
        said(&answer(&model(&fake, Dialect::OpenAiChat), &ask()).unwrap()),
        "yes"
    );
}

#[test]
fn the_wait_that_is_named_is_kept_or_not_begun() {
    for (name, value, least_ms) in [("retry-after-ms", "120", 120), ("retry-after", "0.12", 120)] {
        let fake = FakeModel::start(
            Dialect::Anthropic,
            vec![Turn::limited(529, name, value), Turn::say("yes")],
        );
        let began = Instant::now();
        assert_eq!(
            said(&answer(&model(&fake, Dialect::Anthropic), &ask()).unwrap()),
            "yes"
        );
        assert!(began.elapsed() >= Duration::from_millis(least_ms), "{name}");
    }
    for (name, value) in [
        ("retry-after-ms", "60000"),
        ("retry-after", "60"),
        ("retry-after", "Fri, 31 Dec 2100 23:59:59 GMT"),
    ] {
        let fake = FakeModel::start(Dialect::OpenAiChat, vec![Turn::limited(429, name, value)]);
        let error = answer(&model(&fake, Dialect::OpenAiChat), &ask()).unwrap_err();
        assert_eq!(
            (error.kind(), fake.received().len()),
            (ErrorKind::Busy, 1),
            "{name}: {value}"
        );
    }
}

#[test]
fn a_provider_that_fails_is_left_alone() {
    let fake = FakeModel::start(Dialect::OpenAiChat, vec![Turn::status(500, "")]);
    let mut own = settings(kind(Dialect::OpenAiChat), &fake.url());
    own.breaker.failures_max = 2;
    own.breaker.open_ms = 600_000;
    let model = model_of(own, "model-1");
    let error = answer(&model, &ask()).unwrap_err();
    assert!(matches!(error, LlmError::BreakerOpen { .. }), "{error:?}");
    assert_eq!(fake.received().len(), 2);
    assert!(model.provider().is_open());
    let again = answer(&model, &ask()).unwrap_err();
    assert!(matches!(again, LlmError::BreakerOpen { .. }), "{again:?}");
    assert_eq!(fake.received().len(), 2, "it is not asked");
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    let gone = FakeModel::start(Dialect::Ollama, vec![Turn::Silent]).url();
    let error = answer(
        &model_of(settings(kind(Dialect::Ollama), &gone), "m"),
        &ask(),
    )
    .unwrap_err();
    assert!(matches!(error, LlmError::Connection { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[test]
fn no_error_shows_the_key() {
    for turn in [
        Turn::status(401, "{}"),
        Turn::Cut("x".into()),
        Turn::Raw(b"data: x\n\n".to_vec()),
    ] {
        for dialect in Dialect::ALL {
            let fake = FakeModel::start(dialect, vec![turn.clone()]);
            let error = answer(&model(&fake, dialect), &ask()).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(crate::support::KEY), "{shown}");
            assert!(fake.received()[0].text.find(crate::support::KEY).is_none());
        }
    }
}
