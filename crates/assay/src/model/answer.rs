//! A language model's answer to a question about a repository, from passages of it.

use anyhow::Context as _;
use assay_app::ask_for_answer;
use assay_llm::Recorder;
use assay_retrieval::{CheckedAnswer, Passage};

use super::ModelStep;
use crate::arguments::ModelArguments;
use crate::output;

/// Asks when the user wants it: none when not, and otherwise the answer or why there is
/// none. Only what the user said wrongly is an error.
pub(crate) fn answer(
    arguments: &ModelArguments,
    question: &str,
    passages: &[Passage],
) -> anyhow::Result<Option<Result<CheckedAnswer, String>>> {
    let Some(step) = ModelStep::prepare(arguments, false)? else {
        return Ok(None);
    };
    if passages.is_empty() {
        return Ok(Some(Err("there is no passage to answer from".to_owned())));
    }
    let transcript = step.transcript.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    let opened = match step.open() {
        Ok(opened) => opened,
        Err(why) => return Ok(Some(Err(why))),
    };
    let recorder = Recorder::new(opened.model);
    let answer = runtime.block_on(ask_for_answer(&recorder, question, passages));
    if let Some(path) = transcript {
        let text = recorder.transcript();
        output::write_file(&path, |out| out.write_all(text.as_bytes()))?;
    }
    Ok(Some(answer))
}
