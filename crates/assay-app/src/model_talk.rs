//! Talking with a process that reviews: it says how far it is, that its first remarks are
//! there, and what it wants to ask models; it is told what they answer.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use assay_llm::{Model, RELAY_LINE_BYTES_MAX, RelayMemory, RelayQuestion};
use assay_review::{AgentMessage, ModelTally, Side};
use serde::{Deserialize, Serialize};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::heard::{HeardLine, Hearing, StepHeard};
use crate::model_wish::ModelWish;
use crate::remarks::Remarks;

/// Questions of one process.
const QUESTIONS_MAX: usize = 300;
/// Remarks of one answer.
const REMARKS_OF_ANSWER_MAX: usize = 100;
/// So long before the process has to end no model is waited for any more: what it has
/// until then is still put together.
const MARGIN: Duration = Duration::from_secs(20);
/// Bytes of the file with the first remarks.
const REMARKS_BYTES_MAX: u64 = 64 << 20;
/// The step in which models are asked.
const ASKING: &str = "Asking models";
/// What the process says when its first remarks are there.
pub const FIRST_LINE: &str = "{\"first_remarks\":true}";

/// How a process that reviews is answered.
pub struct ModelTalk {
    /// What it is told of models.
    pub wish: ModelWish,
    /// Who answers.
    pub model: Arc<dyn Model>,
    /// Gets what is to be said before models have answered.
    pub first: Option<oneshot::Sender<Remarks>>,
    /// Gets what agents say as soon as it is said.
    pub told: Option<mpsc::Sender<ToldMessage>>,
    /// Gets what was counted of the answers.
    pub tallied: Arc<OnceLock<ModelTally>>,
}

/// What was counted of the answers of a review, as a line of the process that reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TallyLine {
    model_tally: [u32; 7],
}

impl TallyLine {
    /// Makes one of what was counted.
    pub fn of(tally: ModelTally) -> Self {
        let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
        Self {
            model_tally: [
                count(tally.asked),
                count(tally.whole),
                count(tally.remarks),
                count(tally.wrong),
                count(tally.beside),
                count(tally.kept),
                count(tally.actionable),
            ],
        }
    }

    /// Returns it as a line.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("keys are text") + "\n"
    }

    /// Reads a line; none when it is something else, or makes no sense: parts of a whole
    /// are no more than it.
    fn parse(line: &[u8]) -> Option<ModelTally> {
        let Self { model_tally } = serde_json::from_slice(line).ok()?;
        let [asked, whole, remarks, wrong, beside, kept, actionable] =
            model_tally.map(|many| many as usize);
        let most = QUESTIONS_MAX * REMARKS_OF_ANSWER_MAX;
        let holds = whole <= asked
            && asked <= QUESTIONS_MAX
            && remarks <= most
            && wrong <= remarks
            && beside <= remarks
            && kept <= remarks
            && actionable <= kept;
        holds.then_some(ModelTally {
            asked,
            whole,
            remarks,
            wrong,
            beside,
            kept,
            actionable,
        })
    }
}

/// What an agent said, as a line of the process in which it talks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldMessage {
    /// `reviewer` or `coder`.
    pub agent_said: String,
    /// Who, by name.
    pub name: String,
    /// What was said.
    pub text: String,
}

impl ToldMessage {
    /// Makes one of a message.
    pub fn of(message: &AgentMessage) -> Self {
        Self {
            agent_said: message.side.name().to_owned(),
            name: message.name.clone(),
            text: message.text.clone(),
        }
    }

    /// Returns it as a line.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("keys are text") + "\n"
    }

    /// Reads a line; none when it is something else.
    fn parse(line: &[u8]) -> Option<Self> {
        let told: Self = serde_json::from_slice(line).ok()?;
        let is_side = Side::ALL.iter().any(|side| side.name() == told.agent_said);
        is_side.then_some(told)
    }
}

/// Talks until the process says nothing more.
pub(crate) async fn converse(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    heard: &Hearing,
    mut talk: ModelTalk,
    (first, deadline): (&Path, Instant),
) {
    let until = deadline.checked_sub(MARGIN).unwrap_or(deadline);
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    let mut answers: JoinSet<String> = JoinSet::new();
    let (mut asked, mut answered) = (0, 0);
    loop {
        let room = (RELAY_LINE_BYTES_MAX + 1).saturating_sub(line.len()) as u64;
        let mut part = (&mut from).take(room);
        tokio::select! {
            // A line that is half read stays in its buffer.
            read = part.read_until(b'\n', &mut line) => {
                let is_whole = line.last() == Some(&b'\n');
                if !matches!(read, Ok(1..)) || !is_whole {
                    return;
                }
                if let Some(said) = HeardLine::parse(&line) {
                    heard.hear(said);
                } else if line.trim_ascii_end() == FIRST_LINE.as_bytes() {
                    if let (Some(sender), Some(remarks)) = (talk.first.take(), remarks(first).await) {
                        drop(sender.send(remarks));
                    }
                } else if let Some(told) = ToldMessage::parse(&line) {
                    // Who says more than anybody reads is not waited for.
                    if let Some(sender) = &talk.told {
                        drop(sender.try_send(told));
                    }
                } else if let Some(tally) = TallyLine::parse(&line) {
                    // What is said first holds.
                    talk.tallied.get_or_init(|| tally);
                } else if let Some(memory) = RelayMemory::parse(&line) {
                    asked += 1;
                    let model = Arc::clone(&talk.model);
                    answers.spawn(async move {
                        let refused = memory.refuse();
                        if asked > QUESTIONS_MAX {
                            return refused;
                        }
                        let answer = memory.answer(&*model);
                        tokio::time::timeout_at(until, answer).await.unwrap_or(refused)
                    });
                } else if let Some(question) = RelayQuestion::parse(&line) {
                    asked += 1;
                    heard.hear(asking(answered, asked));
                    let model = Arc::clone(&talk.model);
                    answers.spawn(async move {
                        if asked > QUESTIONS_MAX {
                            return question.refuse(&format!("more than {QUESTIONS_MAX} questions"));
                        }
                        let answer = question.answer(&*model);
                        match tokio::time::timeout_at(until, answer).await {
                            Ok(line) => line,
                            Err(_) => question.refuse("the time of the review is over"),
                        }
                    });
                }
                line.clear();
            }
            Some(answer) = answers.join_next() => {
                answered += 1;
                heard.hear(asking(answered, asked));
                // Who is not told waits until the end of the process.
                if let Ok(answer) = answer
                    && (to.write_all(answer.as_bytes()).await.is_err() || to.flush().await.is_err())
                {
                    return;
                }
            }
        }
    }
}

/// Returns how far models are with what they were asked.
fn asking(answered: usize, asked: usize) -> HeardLine {
    HeardLine::Step(StepHeard {
        step: ASKING.to_owned(),
        done: answered as u64,
        of: asked as u64,
    })
}

async fn remarks(file: &Path) -> Option<Remarks> {
    let bytes = tokio::fs::metadata(file).await.ok()?.len();
    if bytes > REMARKS_BYTES_MAX {
        return None;
    }
    Remarks::read(&tokio::fs::read(file).await.ok()?).ok()
}

#[cfg(test)]
mod tests {
    use assay_review::ModelTally;

    use super::TallyLine;

    #[test]
    fn what_was_counted_comes_back_and_nonsense_does_not() {
        let tally = ModelTally {
            asked: 3,
            whole: 2,
            remarks: 5,
            wrong: 1,
            beside: 1,
            kept: 3,
            actionable: 2,
        };
        let line = TallyLine::of(tally).line();
        assert_eq!(TallyLine::parse(line.as_bytes()), Some(tally));
        for wrong in [
            "{\"model_tally\":[1,2,0,0,0,0,0]}",
            "{\"model_tally\":[1,1,4,0,0,5,0]}",
            "{\"model_tally\":[4000000,1,4,0,0,1,0]}",
            "{\"model_tally\":[1,1]}",
            "{}",
        ] {
            assert_eq!(TallyLine::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
