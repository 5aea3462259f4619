//! What a process that reviews says while it works: how far it is, what it found so far,
//! and what of that does not hold after all. Each is a line of JSON; what is no such line
//! is passed over, since whoever says it has read untrusted code.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use assay_finding::{Category, Confidence, Finding, Severity};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Bytes of a line.
pub const HEARD_BYTES_MAX: u64 = 16 * 1024;
/// Findings that are told before a review is done; the others come with its end.
pub const FOUND_MAX: usize = 300;
const STEP_BYTES_MAX: usize = 200;
const ID_BYTES_MAX: usize = 48;
const RULE_BYTES_MAX: usize = 256;
const PATH_BYTES_MAX: usize = 1_024;
const MESSAGE_CHARS_MAX: usize = 500;
const FRAME_LINES_MAX: usize = 12;
const FRAME_CHARS_MAX: usize = 160;

/// How far a process is, as it says itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepHeard {
    /// What it does.
    pub step: String,
    /// So many parts of it are done.
    pub done: u64,
    /// Of so many.
    pub of: u64,
}

/// A finding of a review that is not done: what silences, folds and ranks comes after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundHeard {
    /// What it is called until the review is done.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// How bad it is.
    pub severity: String,
    /// How sure it is.
    pub confidence: String,
    /// What it is about.
    pub category: String,
    /// In which file, for people.
    pub path: String,
    /// From which line on.
    pub line_start: u32,
    /// Up to which line.
    pub line_end: u32,
    /// What it says.
    pub message: String,
    /// The code there.
    pub frame: Vec<FoundLine>,
}

/// A line of the code at a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundLine {
    /// Its number, from 1.
    pub number: u32,
    /// Its text.
    pub text: String,
    /// Whether the change added or altered it.
    pub changed: bool,
}

/// Something that a process says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HeardLine {
    /// How far it is.
    Step(StepHeard),
    /// What it found.
    Found {
        /// The finding.
        found: Box<FoundHeard>,
    },
    /// What it found and does not hold.
    Gone {
        /// The finding, by its `id`.
        gone: String,
    },
}

impl FoundHeard {
    /// Returns what a finding is called before it has its number among equal ones.
    pub fn id_of(finding: &Finding) -> String {
        format!("{}-{}", finding.identity, finding.location.start.line)
    }

    /// Makes one of a finding, whose secrets are masked already.
    pub fn of(finding: &Finding) -> Self {
        let cut = |text: &str, chars: usize| text.chars().take(chars).collect::<String>();
        let lines = finding.frame.lines.iter().take(FRAME_LINES_MAX);
        let path = finding.location.path.to_display();
        Self {
            id: Self::id_of(finding),
            rule: finding.rule.to_string(),
            severity: finding.severity.to_string(),
            confidence: finding.confidence.to_string(),
            category: finding.category.to_string(),
            path: cut(&path, PATH_BYTES_MAX / 4),
            line_start: finding.location.start.line,
            line_end: finding.location.end.line,
            message: cut(&finding.message, MESSAGE_CHARS_MAX),
            frame: lines
                .map(|line| FoundLine {
                    number: line.number,
                    text: cut(&line.text, FRAME_CHARS_MAX),
                    changed: line.changed,
                })
                .collect(),
        }
    }

    fn is_fit(&self) -> bool {
        is_id(&self.id)
            && self.rule.len() <= RULE_BYTES_MAX
            && self.path.len() <= PATH_BYTES_MAX
            && Severity::from_name(&self.severity).is_some()
            && Confidence::from_name(&self.confidence).is_some()
            && Category::from_name(&self.category).is_some()
            && (1..=self.line_end).contains(&self.line_start)
            && self.message.chars().count() <= MESSAGE_CHARS_MAX
            && self.frame.len() <= FRAME_LINES_MAX
            && !self.has_nul()
    }

    /// PostgreSQL keeps no NUL in a text.
    fn has_nul(&self) -> bool {
        let texts = [&self.rule, &self.path, &self.message];
        let lines = self.frame.iter().map(|line| &line.text);
        texts
            .into_iter()
            .chain(lines)
            .any(|text| text.contains('\0'))
    }
}

fn is_id(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == '-';
    !text.is_empty() && text.len() <= ID_BYTES_MAX && text.chars().all(is_part)
}

impl HeardLine {
    /// Reads a line; none when it is something else.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let heard: Self = serde_json::from_slice(line).ok()?;
        let is_fit = match &heard {
            Self::Step(step) => step.step.len() <= STEP_BYTES_MAX && !step.step.contains('\0'),
            Self::Found { found } => found.is_fit(),
            Self::Gone { gone } => is_id(gone),
        };
        is_fit.then_some(heard)
    }

    /// Returns it as a line, without its end; none when it would be longer than a line may be.
    pub fn line(&self) -> Option<String> {
        let line = serde_json::to_string(self).ok()?;
        ((line.len() as u64) < HEARD_BYTES_MAX).then_some(line)
    }
}

/// What was heard and is not told yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// How far the process is.
    pub step: Option<StepHeard>,
    /// What it found, in the order in which it did.
    pub found: Vec<FoundHeard>,
    /// What it had found and does not hold, by `id`.
    pub gone: Vec<String>,
}

/// Takes in what a process says until somebody asks for it.
#[derive(Debug, Default)]
pub struct Hearing {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    heard: Heard,
    /// Findings that were heard of, told or not.
    known: HashSet<String>,
}

impl Hearing {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was said.
    pub fn hear(&self, line: HeardLine) {
        let mut state = self.state();
        match line {
            HeardLine::Step(step) => state.heard.step = Some(step),
            HeardLine::Found { found } => {
                if state.known.len() >= FOUND_MAX || !state.known.insert(found.id.clone()) {
                    return;
                }
                state.heard.found.push(*found);
            }
            HeardLine::Gone { gone } => {
                // What nobody was told of need not be taken back. It still counts as one that
                // was heard of, so that nobody makes it come and go without an end.
                let waiting = state.heard.found.iter().position(|one| one.id == gone);
                match waiting {
                    Some(at) => drop(state.heard.found.remove(at)),
                    None if state.known.contains(&gone) && !state.heard.gone.contains(&gone) => {
                        state.heard.gone.push(gone);
                    }
                    None => return,
                }
            }
        }
        drop(state);
        self.news.notify_one();
    }

    /// Waits until something was said since it was last taken.
    pub async fn changed(&self) {
        self.news.notified().await;
    }

    /// Takes what was said since the last time.
    pub fn take(&self) -> Heard {
        std::mem::take(&mut self.state().heard)
    }

    /// Puts back what could not be told; newer words on how far the process is hold.
    pub fn put_back(&self, mut heard: Heard) {
        let mut state = self.state();
        let newer = std::mem::take(&mut state.heard);
        heard.found.extend(newer.found);
        heard.gone.extend(newer.gone);
        heard.step = newer.step.or(heard.step);
        state.heard = heard;
        drop(state);
        self.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::{FOUND_MAX, FoundHeard, FoundLine, HeardLine, Hearing};

    fn found(id: &str) -> HeardLine {
        let found = Box::new(FoundHeard {
            id: id.to_owned(),
            rule: "security/command-injection".to_owned(),
            severity: "high".to_owned(),
            confidence: "medium".to_owned(),
            category: "security".to_owned(),
            path: "a.py".to_owned(),
            line_start: 4,
            line_end: 4,
            message: "It runs what it is given.".to_owned(),
            frame: vec![FoundLine {
                number: 4,
                text: "    os.system(name)".to_owned(),
                changed: true,
            }],
        });
        HeardLine::Found { found }
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let step = r#"{"step":"Reading files","done":1,"of":3}"#;
        for line in [
            step,
            r#"{"gone":"00ff-4"}"#,
            &found("00ff-4").line().unwrap(),
        ] {
            let heard = HeardLine::parse(line.as_bytes()).unwrap();
            assert_eq!(heard.line().as_deref(), Some(line));
        }
    }

    #[test]
    fn what_is_no_such_line_is_passed_over() {
        let good = found("00ff-4").line().unwrap();
        for (part, other) in [
            ("00ff-4", "../x"),
            ("00ff-4", ""),
            ("high", "worst"),
            ("\"medium\"", "\"sure\""),
            ("\"security\"", "\"fun\""),
            ("\"line_start\":4", "\"line_start\":0"),
            ("\"line_end\":4", "\"line_end\":3"),
            ("a.py", "a\\u0000py"),
            ("It runs", &"x".repeat(501)),
            ("a.py", &"x".repeat(1_025)),
            ("\"path\"", "\"more\":1,\"path\""),
        ] {
            let line = good.replacen(part, other, 1);
            assert_ne!(line, good);
            assert_eq!(HeardLine::parse(line.as_bytes()), None, "{line}");
        }
        for line in ["", "{}", "[]", r#"{"gone":"x"}"#, r#"{"step":1}"#] {
            assert_eq!(HeardLine::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn a_finding_is_told_once_and_taken_back_when_it_was_told() {
        let gone = |id: &str| HeardLine::Gone {
            gone: id.to_owned(),
        };
        let hearing = Hearing::default();
        for line in [found("a"), found("b"), found("a"), gone("b"), gone("c")] {
            hearing.hear(line);
        }
        let heard = hearing.take();
        assert_eq!(heard.found.len(), 1);
        assert_eq!(heard.gone, Vec::<String>::new());
        for line in [gone("a"), gone("a"), found("b"), found("d")] {
            hearing.hear(line);
        }
        let second = hearing.take();
        assert_eq!(second.gone, ["a"]);
        assert_eq!(second.found.len(), 1, "b came and went");
        assert_eq!(second.found[0].id, "d");
        hearing.hear(found("e"));
        hearing.put_back(second);
        let third = hearing.take();
        let ids: Vec<_> = third.found.iter().map(|one| one.id.as_str()).collect();
        assert_eq!((ids, third.gone), (vec!["d", "e"], vec!["a".to_owned()]));
    }

    #[test]
    fn so_many_are_told_and_no_more() {
        let hearing = Hearing::default();
        for number in 0..FOUND_MAX + 20 {
            hearing.hear(found(&format!("{number:x}")));
        }
        assert_eq!(hearing.take().found.len(), FOUND_MAX);
    }
}
