//! A model at a fake provider, as short as tests want it.

use std::sync::{Arc, Mutex};

use assay_llm::{
    Answer, Ask, Call, Content, Hear, LlmError, Model, ModelFacts, ModelTable, Outcome, Provider,
    ProviderKind, ProviderModel, ProviderSettings, RetryPolicy, Shortfall, Timeouts, World,
};
use assay_testkit::llm::{Dialect, FakeModel};
use assay_testkit::{MachineClock, SeededRandomness};

pub(crate) const KEY: &str = "key-of-a-test";

pub(crate) fn world() -> World {
    World {
        clock: Arc::new(MachineClock),
        randomness: Arc::new(SeededRandomness::new(7)),
    }
}

pub(crate) fn kind(dialect: Dialect) -> ProviderKind {
    match dialect {
        Dialect::OpenAiChat => ProviderKind::OpenAi,
        Dialect::OpenAiResponses => ProviderKind::OpenAiResponses,
        Dialect::Anthropic => ProviderKind::Anthropic,
        Dialect::Gemini => ProviderKind::Gemini,
        Dialect::Ollama => ProviderKind::Ollama,
    }
}

/// Settings for a fake: patient enough for a loaded machine, quick to ask again.
pub(crate) fn settings(kind: ProviderKind, base: &str) -> ProviderSettings {
    let mut settings = ProviderSettings::new(kind.name(), kind);
    settings.base = Some(base.to_owned());
    settings.key = Some(KEY.into());
    settings.retry = RetryPolicy {
        attempts_max: 3,
        base_ms: 2,
        wait_ms_max: 5_000,
    };
    settings.timeouts = Timeouts {
        first_token_ms: 30_000,
        idle_ms: 30_000,
        ..Timeouts::default()
    };
    settings
}

pub(crate) fn model_of(settings: ProviderSettings, name: &str) -> ProviderModel {
    let facts = ModelTable::shipped().find(name).cloned();
    let facts = facts.unwrap_or(ModelFacts {
        has_tools: true,
        ..ModelFacts::default()
    });
    Provider::new(settings, world())
        .expect("settings that make sense")
        .model(name, facts)
}

pub(crate) fn model(fake: &FakeModel, dialect: Dialect) -> ProviderModel {
    model_of(settings(kind(dialect), &fake.url()), "model-1")
}

pub(crate) fn ask() -> Ask {
    Ask::new("You are a test.", "Say something.")
}

pub(crate) fn answer(model: &dyn Model, ask: &Ask) -> Result<Answer, LlmError> {
    run(model.ask(ask, Call::default()))
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

/// Returns the text of an answer that is whole.
pub(crate) fn said(answer: &Answer) -> &str {
    match &answer.outcome {
        Outcome::Complete(Content { text, .. }) => text,
        other => panic!("not whole: {other:?}"),
    }
}

/// Returns why an answer is not whole.
pub(crate) fn shortfall(answer: &Answer) -> &Shortfall {
    match &answer.outcome {
        Outcome::Incomplete { shortfall, .. } => shortfall,
        other => panic!("whole: {other:?}"),
    }
}

/// Remembers what it hears.
#[derive(Default)]
pub(crate) struct Ear(pub(crate) Mutex<Vec<String>>);

impl Ear {
    /// Returns all that was heard and not taken back.
    pub(crate) fn heard(&self) -> String {
        self.0.lock().expect("no panic").concat()
    }
}

impl Hear for Ear {
    fn text(&self, piece: &str) {
        self.0.lock().expect("no panic").push(piece.to_owned());
    }

    fn restart(&self) {
        self.0.lock().expect("no panic").clear();
    }
}
