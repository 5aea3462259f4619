//! A talk of two agents about a change, with the models of the user's configuration.

use anyhow::Context as _;
use assay_app::{Cast, Discussed, discuss};
use assay_finding::Report;
use assay_llm::{ModelId, Recorder};
use assay_review::{
    AgentMessage, Agents, Discussion, ModelLimits, ModelOptions, Settings, Subject, model_plan,
};

use super::ModelStep;
use crate::output;

/// A talk has the room of so many questions of a review.
const QUESTIONS_ROOM: usize = 2;

/// What came of asking for a talk.
pub(crate) enum Talked {
    /// There is nothing in the change that could be shown.
    Nothing,
    /// Nobody could be asked; why.
    Refused(String),
    /// What was said.
    Talk(Box<Discussed>),
}

impl ModelStep {
    /// Lets agents talk about a change that was reviewed, and puts what comes of it into
    /// the report. `hear` gets each message as soon as it is there.
    ///
    /// # Errors
    ///
    /// A model of an agent that makes no sense, and the transcript's file.
    pub(crate) fn discuss(
        self,
        (subject, settings): (Subject<'_>, &Settings),
        agents: &Agents,
        hear: &mut (dyn FnMut(&AgentMessage) + Send),
        report: &mut Report,
    ) -> anyhow::Result<Talked> {
        let own = self.options.limits;
        let options = ModelOptions {
            limits: ModelLimits {
                question_bytes_max: own.question_bytes_max.saturating_mul(QUESTIONS_ROOM),
                questions_max: 1,
                ..own
            },
            ..self.options.clone()
        };
        let concerns = options.concerns.clone();
        let plan = model_plan(subject, settings, options, report);
        let talk = Discussion::new((subject, settings), &plan, agents);
        if talk.turn().is_none() {
            return Ok(Talked::Nothing);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.context("the runtime cannot be started")?;
        let named = |model: &Option<String>| {
            model.as_deref().map_or(Ok(self.only.clone()), |name| {
                let id = ModelId::parse(name);
                id.map(Some)
                    .with_context(|| format!("`{name}` is no `provider/name` of a model"))
            })
        };
        let only = [named(&agents.reviewer.model)?, named(&agents.coder.model)?];
        let transcript = self.transcript.clone();
        let [reviewer, coder] = match self.open_each(only) {
            Ok(opened) => opened,
            Err(why) => return Ok(Talked::Refused(why)),
        };
        let hints = [reviewer.hint, coder.hint];
        let hints = hints.each_ref().map(|hint| Some(hint.as_str()));
        let recorder = Recorder::new(Cast::new(reviewer.model, coder.model));
        let talking = discuss(talk, &concerns, &recorder, hints, hear, report);
        let talked = runtime.block_on(talking);
        if let Some(path) = transcript {
            let text = recorder.transcript();
            output::write_file(&path, |out| out.write_all(text.as_bytes()))?;
        }
        Ok(Talked::Talk(Box::new(talked)))
    }
}
