//! What was answered is kept, written down, and said again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use assay_llm::{Ask, Cached, LlmError, Model, Money, Recorder, Replay};
use assay_source::{BlobCache, BlobKey};
use assay_testkit::llm::{Dialect, FakeModel, Turn};

use crate::support::{KEY, answer, ask, model, said};

#[derive(Default)]
struct Memory(Mutex<HashMap<BlobKey, Vec<u8>>>);

impl BlobCache for Memory {
    fn get(&self, key: &BlobKey) -> Option<Vec<u8>> {
        self.0.lock().expect("no panic").get(key).cloned()
    }

    fn put(&self, key: &BlobKey, value: Vec<u8>) {
        self.0.lock().expect("no panic").insert(*key, value);
    }
}

#[test]
fn the_same_question_is_paid_once() {
    let length = Turn::Stop {
        partial: "a".into(),
        reason: "length".into(),
    };
    let fake = FakeModel::start(Dialect::OpenAiChat, vec![length, Turn::say("well")]);
    let cached = Cached::new(
        model(&fake, Dialect::OpenAiChat),
        Arc::new(Memory::default()),
    );
    answer(&cached, &ask()).unwrap();
    assert_eq!(
        said(&answer(&cached, &ask()).unwrap()),
        "well",
        "half an answer is not kept"
    );
    let again = answer(&cached, &ask()).unwrap();
    assert_eq!(
        (said(&again), again.cost, again.attempts),
        ("well", Some(Money::ZERO), 0)
    );
    assert_eq!(fake.received().len(), 2);
    answer(
        &cached,
        &Ask {
            output_tokens_max: 7,
            ..ask()
        },
    )
    .unwrap();
    assert_eq!(fake.received().len(), 3, "another question");
}

#[test]
fn a_transcript_is_said_again_byte_for_byte() {
    let turns = vec![
        Turn::say("one \u{e4}"),
        Turn::say("other"),
        Turn::Refuse("no".into()),
        Turn::Call {
            name: "find".into(),
            arguments: serde_json::json!({ "a": 1 }),
        },
        Turn::status(401, "{\"error\":{\"message\":\"bad key\"}}"),
    ];
    let fake = FakeModel::start(Dialect::OpenAiChat, turns);
    let recorder = Recorder::new(model(&fake, Dialect::OpenAiChat));
    let asks = [
        ask(),
        ask(),
        Ask::new("", "refuse"),
        Ask::new("", "call"),
        Ask::new("", "fail"),
    ];
    let shown = |model: &dyn Model| -> Vec<String> {
        asks.iter()
            .map(|ask| match answer(model, ask) {
                Ok(answer) => format!("{answer:?}"),
                Err(error) => format!("{:?} {error}", error.kind()),
            })
            .collect()
    };
    let first = shown(&recorder);
    let transcript = recorder.transcript();
    assert!(
        !transcript.contains(KEY) && transcript.lines().count() == 6,
        "{transcript}"
    );
    let replay = Recorder::new(Replay::parse(&transcript).unwrap());
    assert_eq!(shown(&replay), first);
    assert_eq!(replay.transcript(), transcript);
    let error = answer(&Replay::parse(&transcript).unwrap(), &Ask::new("", "new")).unwrap_err();
    assert!(matches!(error, LlmError::NotRecorded), "{error:?}");
    assert_eq!(fake.received().len(), 5);
}

#[test]
fn what_is_no_transcript_is_refused() {
    for text in [
        "",
        "{}",
        "{\"transcript\":2,\"model\":\"a/b\"}",
        "{\"transcript\":1,\"model\":\"a\"}",
        "{\"transcript\":1,\"model\":\"a/b\"}\nx",
        "{\"transcript\":1,\"model\":\"a/b\"}\n{\"key\":\"\",\"ask\":1}",
    ] {
        assert!(Replay::parse(text).is_err(), "{text}");
    }
}
