//! Streams as they come over the wire: in pieces of any size, with any ends of lines,
//! with noise, and with an end that is none.

use assay_llm::{Call, LlmError, Model as _, Phase, Usage};
use assay_testkit::llm::{Dialect, FakeModel, Shape, Turn};
use serde_json::json;

use crate::support::{Ear, answer, ask, kind, model, model_of, run, said, settings};

const TEXT: &str = "Zw\u{f6}lf B\u{e4}ren \u{1f43b} \u{65e5}\u{672c}\u{8a9e} \"quoted\" \\n and\nlines\r\nof two kinds";

#[test]
fn every_shape_gives_the_same_text() {
    for dialect in Dialect::ALL {
        for piece_bytes in [1, 2, 3, 7, 64, 1 << 16] {
            for (line_end, has_noise) in [
                ("\n", false),
                ("\r\n", false),
                ("\r\n", true),
                ("\n", true),
                ("\r", false),
            ] {
                if dialect == Dialect::Ollama && line_end == "\r" {
                    continue;
                }
                let shape = Shape {
                    piece_bytes,
                    line_end,
                    has_noise,
                };
                let fake = FakeModel::start_shaped(dialect, shape, vec![Turn::say(TEXT)]);
                let ear = Ear::default();
                let call = Call {
                    hear: &ear,
                    has_fallback: false,
                    ..Call::default()
                };
                let found = run(model(&fake, dialect).ask(&ask(), call));
                let found = found.unwrap_or_else(|error| panic!("{dialect:?} {shape:?} {error}"));
                assert_eq!(said(&found), TEXT, "{dialect:?} {shape:?}");
                assert_eq!(ear.heard(), TEXT, "{dialect:?} heard");
                assert!(found.usage.is_some_and(|usage| usage.output_tokens > 0));
                assert_eq!(fake.refused(), Vec::<String>::new());
            }
        }
    }
}

#[test]
fn one_value_instead_of_a_stream_is_an_answer_too() {
    for dialect in Dialect::ALL {
        let fake = FakeModel::start(dialect, vec![Turn::Whole(TEXT.into())]);
        let found = answer(&model(&fake, dialect), &ask()).unwrap();
        assert_eq!(said(&found), TEXT, "{dialect:?}");
    }
}

/// Nothing that breaks off is an answer; it is asked for again, and given up.
fn check_cut(turn: &Turn, is_expected: fn(&LlmError) -> bool) {
    let is_comment = matches!(turn, Turn::Raw(bytes) if bytes.starts_with(b":"));
    for dialect in Dialect::ALL {
        if is_comment && dialect == Dialect::Ollama {
            continue;
        }
        let fake = FakeModel::start(dialect, vec![turn.clone()]);
        let ear = Ear::default();
        let call = Call {
            hear: &ear,
            has_fallback: false,
            ..Call::default()
        };
        let error = run(model(&fake, dialect).ask(&ask(), call)).expect_err("no answer");
        assert!(is_expected(&error), "{dialect:?}: {error:?}");
        assert_eq!(fake.received().len(), 3, "{dialect:?} is asked three times");
        assert_eq!(ear.heard(), "", "what was heard is taken back");
    }
}

#[test]
fn what_breaks_off_is_never_an_answer() {
    check_cut(&Turn::Cut(TEXT.into()), |error| {
        matches!(error, LlmError::Cut { source: Some(_) })
    });
    check_cut(&Turn::EndEarly(TEXT.into()), |error| {
        matches!(error, LlmError::Cut { source: None })
    });
    check_cut(
        &Turn::Raw(b"{\"message\":{\"content\":\"no en".to_vec()),
        |error| matches!(error, LlmError::Cut { source: None }),
    );
    check_cut(&Turn::Raw(Vec::new()), |error| {
        matches!(error, LlmError::Cut { source: None })
    });
    check_cut(
        &Turn::Raw(b": nothing but a comment\n\n".to_vec()),
        |error| matches!(error, LlmError::Cut { .. }),
    );
}

#[test]
fn after_a_cut_the_next_try_counts() {
    for dialect in Dialect::ALL {
        let turns = vec![
            Turn::Cut(TEXT.into()),
            Turn::EndEarly(TEXT.into()),
            Turn::say("whole"),
        ];
        let fake = FakeModel::start(dialect, turns);
        let found = answer(&model(&fake, dialect), &ask()).unwrap();
        assert_eq!((said(&found), found.attempts), ("whole", 3), "{dialect:?}");
    }
}

#[test]
fn the_last_word_may_miss_its_done_where_the_reason_came() {
    let stream =
        "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\n";
    let fake = FakeModel::start(Dialect::OpenAiChat, vec![Turn::Raw(stream.into())]);
    let found = answer(&model(&fake, Dialect::OpenAiChat), &ask()).unwrap();
    assert_eq!((said(&found), found.usage), ("hi", None::<Usage>));
}

#[test]
fn errors_within_a_stream_are_errors() {
    for dialect in Dialect::ALL {
        let busy = match dialect {
            Dialect::Gemini => {
                json!({ "error": { "code": 503, "status": "UNAVAILABLE", "message": "m" } })
            }
            Dialect::OpenAiChat => json!({ "error": { "type": "server_error", "message": "m" } }),
            Dialect::Ollama => json!({ "error": "an error was encountered" }),
            _ => {
                json!({ "type": "error", "error": { "type": "overloaded_error", "message": "m" } })
            }
        };
        let fake = FakeModel::start(dialect, vec![Turn::ErrorInStream(busy), Turn::say("well")]);
        let found = answer(&model(&fake, dialect), &ask()).unwrap();
        assert_eq!((said(&found), found.attempts), ("well", 2), "{dialect:?}");
        let wrong = json!({ "type": "error", "error": { "type": "invalid_request_error", "code": 400, "message": "m" } });
        if !matches!(dialect, Dialect::Ollama | Dialect::OpenAiChat) {
            let fake = FakeModel::start(dialect, vec![Turn::ErrorInStream(wrong)]);
            let error = answer(&model(&fake, dialect), &ask()).unwrap_err();
            assert!(
                matches!(error, LlmError::Status { status: 400, .. }),
                "{dialect:?} {error:?}"
            );
            assert_eq!(fake.received().len(), 1, "{dialect:?}");
        }
    }
}

#[test]
fn garbage_is_no_answer_and_not_asked_for_again() {
    for dialect in Dialect::ALL {
        for garbage in [
            &b"data: {\"half\n\n"[..],
            b"data: \xff\xfe\n\n",
            b"{\"half\n",
        ] {
            let fake = FakeModel::start(dialect, vec![Turn::Raw(garbage.to_vec())]);
            let error = answer(&model(&fake, dialect), &ask()).unwrap_err();
            let is_known = matches!(error, LlmError::Unreadable(_) | LlmError::Cut { .. });
            assert!(is_known, "{dialect:?} {error:?}");
        }
    }
}

#[test]
fn silence_ends_at_its_limit() {
    for dialect in Dialect::ALL {
        for (turn, expected) in [
            (Turn::Silent, Phase::FirstToken),
            (Turn::Stall(TEXT.into()), Phase::Idle),
        ] {
            let fake = FakeModel::start(dialect, vec![turn]);
            let mut own = settings(kind(dialect), &fake.url());
            own.retry.attempts_max = 1;
            match expected {
                Phase::FirstToken => own.timeouts.first_token_ms = 50,
                _ => own.timeouts.idle_ms = 50,
            }
            let error = answer(&model_of(own, "model-1"), &ask()).unwrap_err();
            let LlmError::Timeout {
                phase,
                after_ms: 50,
            } = error
            else {
                panic!("{dialect:?} {expected:?} {error:?}");
            };
            assert_eq!(phase, expected, "{dialect:?}");
        }
        let fake = FakeModel::start(dialect, vec![Turn::Stall(TEXT.into())]);
        let mut own = settings(kind(dialect), &fake.url());
        own.timeouts.whole_ms = 80;
        let error = answer(&model_of(own, "model-1"), &ask()).unwrap_err();
        assert!(
            matches!(
                error,
                LlmError::Timeout {
                    phase: Phase::Whole,
                    ..
                }
            ),
            "{dialect:?} {error:?}"
        );
        assert_eq!(
            fake.received().len(),
            1,
            "what took all its time is not asked again"
        );
    }
}
