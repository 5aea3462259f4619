//! Chains of models: the next one is asked soon, and only when it helps.

use std::sync::Arc;
use std::time::Instant;

use assay_llm::{Call, Chain, LlmError, Model};
use assay_testkit::llm::{Dialect, FakeModel, Turn};

use crate::support::{Ear, answer, ask, kind, model, model_of, run, said, settings, shortfall};

fn chain(models: Vec<Arc<dyn Model>>) -> Chain {
    Chain::new(models).expect("not empty")
}

#[test]
fn whatever_is_wrong_with_one_the_next_answers_in_time() {
    let long_wait = Turn::limited(429, "retry-after", "30");
    for turn in [
        Turn::status(500, ""),
        Turn::status(529, ""),
        Turn::status(401, ""),
        long_wait,
        Turn::Silent,
        Turn::Stall(String::new()),
        Turn::Cut("some text that is cut".into()),
        Turn::EndEarly("some text that ends".into()),
        Turn::Raw(b"data: garbage\n\n".to_vec()),
        Turn::Refuse("no".into()),
    ] {
        for dialect in [Dialect::OpenAiChat, Dialect::Anthropic] {
            let first = FakeModel::start(dialect, vec![turn.clone()]);
            let second = FakeModel::start(Dialect::Gemini, vec![Turn::say("from the second")]);
            let mut own = settings(kind(dialect), &first.url());
            own.timeouts.failover_ms = 400;
            let chain = chain(vec![
                Arc::new(model_of(own, "model-1")),
                Arc::new(model(&second, Dialect::Gemini)),
            ]);
            let ear = Ear::default();
            let call = Call {
                hear: &ear,
                has_fallback: false,
                ..Call::default()
            };
            let found = run(chain.ask(&ask(), call)).unwrap();
            assert_eq!(said(&found), "from the second", "{dialect:?} {turn:?}");
            assert_eq!(found.model.provider, "gemini");
            assert_eq!(ear.heard(), "from the second", "{turn:?}");
        }
    }
}

#[test]
fn the_next_is_asked_within_the_promised_time() {
    let first = FakeModel::start(Dialect::OpenAiChat, vec![Turn::Silent]);
    let second = FakeModel::start(Dialect::OpenAiChat, vec![Turn::say("yes")]);
    let own = settings(kind(Dialect::OpenAiChat), &first.url());
    assert_eq!(own.timeouts.failover_ms, 1_800);
    let chain = chain(vec![
        Arc::new(model_of(own, "model-1")),
        Arc::new(model(&second, Dialect::OpenAiChat)),
    ]);
    let began = Instant::now();
    assert_eq!(said(&answer(&chain, &ask()).unwrap()), "yes");
    let taken_ms = began.elapsed().as_millis();
    assert!((1_800..10_000).contains(&taken_ms), "{taken_ms}");
}

#[test]
fn an_answer_that_is_too_long_is_not_asked_for_elsewhere() {
    let length = Turn::Stop {
        partial: "a".into(),
        reason: "length".into(),
    };
    let first = FakeModel::start(Dialect::OpenAiChat, vec![length]);
    let second = FakeModel::start(Dialect::OpenAiChat, vec![Turn::say("yes")]);
    let chain = chain(vec![
        Arc::new(model(&first, Dialect::OpenAiChat)),
        Arc::new(model(&second, Dialect::OpenAiChat)),
    ]);
    let found = answer(&chain, &ask()).unwrap();
    assert_eq!(shortfall(&found), &assay_llm::Shortfall::Length);
    assert!(second.received().is_empty());
}

#[test]
fn when_nobody_answers_all_reasons_are_told() {
    let first = FakeModel::start(Dialect::OpenAiChat, vec![Turn::status(401, "")]);
    let second = FakeModel::start(Dialect::Anthropic, vec![Turn::status(529, "")]);
    let chain = chain(vec![
        Arc::new(model(&first, Dialect::OpenAiChat)),
        Arc::new(model(&second, Dialect::Anthropic)),
    ]);
    let error = answer(&chain, &ask()).unwrap_err();
    let LlmError::NoneAnswered(failures) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(failures.len(), 2);
    let text = error.to_string();
    assert!(
        text.contains("openai/model-1") && text.contains("529"),
        "{text}"
    );
    assert!(error.kind().may_pass(), "the second may answer later");
    assert!(Chain::new(Vec::new()).is_none());
}
