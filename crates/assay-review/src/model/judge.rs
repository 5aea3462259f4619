//! The second pass: each remark that is left is judged by itself, with the code that it
//! is about, by another question and perhaps another model.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use assay_finding::{Confidence, Finding, Severity};

use super::context::{LINE_CHARS_MAX, declared, function_at};
use super::prompt::{PromptSet, PromptValue, Rendered};
use super::reading::Reader;
use super::remark::Drop;

/// Remarks of one question.
const REMARKS_PER_QUESTION: usize = 6;
/// Lines before and after the remark's that are shown.
const LINES_AROUND: u32 = 25;

/// What a model says of a remark. All of it is untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelVerdict {
    /// The remark's number in the question, from 1.
    pub remark: usize,
    /// Whether it holds.
    pub holds: bool,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the model is.
    pub confidence: Confidence,
}

/// What came of a question about remarks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JudgeReply {
    /// An answer of the form that was asked for.
    Verdicts(Vec<ModelVerdict>),
    /// None; why.
    Failed(String),
}

/// A question about remarks.
#[derive(Clone, Debug)]
pub struct JudgeQuestion {
    text: String,
    /// The remarks by their place among all.
    pub(super) of: Vec<usize>,
}

impl JudgeQuestion {
    /// Puts the question into words, for a model when it is known.
    ///
    /// # Errors
    ///
    /// When the prompt cannot be rendered.
    pub fn render(&self, prompts: &PromptSet, model: Option<&str>) -> Result<Rendered, String> {
        let prompt = prompts.find("judge", model);
        let prompt = prompt.ok_or("there is no prompt `judge`")?;
        let text = PromptValue::Text(self.text.clone());
        let values: BTreeMap<&str, PromptValue> = [("remarks", text)].into();
        prompt.render(&values)
    }
}

/// Makes the questions about remarks.
pub(super) fn questions(reader: &Reader<'_>, remarks: &[Finding]) -> Vec<JudgeQuestion> {
    let all: Vec<usize> = (0..remarks.len()).collect();
    let question = |of: &[usize]| {
        let mut text = String::new();
        for (at, &remark) in of.iter().enumerate() {
            show(reader, at + 1, &remarks[remark], &mut text);
        }
        JudgeQuestion {
            text,
            of: of.to_vec(),
        }
    };
    all.chunks(REMARKS_PER_QUESTION).map(question).collect()
}

fn show(reader: &Reader<'_>, number: usize, remark: &Finding, out: &mut String) {
    let path = &remark.location.path;
    let line = remark.location.start.line;
    let _ = writeln!(
        out,
        "\nREMARK {number} ({}, {}) on line {line} of {}\n| {}\nCODE",
        remark.category,
        remark.severity,
        path.to_display(),
        remark.message
    );
    let Some(masked) = reader.head(path) else {
        return;
    };
    let text = &masked.text;
    let symbols = declared(reader.settings, path, text);
    let around = line.saturating_sub(LINES_AROUND).max(1)
        ..=line
            .saturating_add(LINES_AROUND)
            .min(text.lines().line_count());
    let function = function_at(&symbols, text, line).map(|(_, range)| range);
    let range = match function {
        Some(function) => *function.start().max(around.start())..=*function.end().min(around.end()),
        None => around,
    };
    for at in range {
        let code: String = text.line(at).chars().take(LINE_CHARS_MAX).collect();
        let mark = if at == line { '>' } else { ' ' };
        let _ = writeln!(out, "{mark}{at:>5} | {code}");
    }
}

/// Applies verdicts: what does not hold is dropped, and what holds is as bad and as sure
/// as the one that is less so says. Of what nobody judged nothing is sure.
pub(super) fn apply(
    questions: &[JudgeQuestion],
    replies: Vec<JudgeReply>,
    remarks: Vec<Finding>,
    drops: &mut Vec<Drop>,
    failed: &mut Vec<String>,
) -> Vec<Finding> {
    let mut verdicts: BTreeMap<usize, Option<ModelVerdict>> = BTreeMap::new();
    let mut replies = replies.into_iter();
    for question in questions {
        let why = "no answer".to_owned();
        match replies.next().unwrap_or(JudgeReply::Failed(why)) {
            JudgeReply::Verdicts(given) => {
                for (at, &remark) in question.of.iter().enumerate() {
                    let own = given.iter().find(|one| one.remark == at + 1);
                    verdicts.insert(remark, own.cloned());
                }
            }
            JudgeReply::Failed(why) => failed.push(why),
        }
    }
    let mut kept = Vec::new();
    for (at, mut remark) in remarks.into_iter().enumerate() {
        match verdicts.get(&at) {
            Some(Some(verdict)) if verdict.holds => {
                remark.severity = remark.severity.min(verdict.severity);
                remark.confidence = remark.confidence.min(verdict.confidence);
                kept.push(remark);
            }
            Some(_) => drops.push(Drop::NotConfirmed),
            None => {
                remark.confidence = Confidence::Low;
                kept.push(remark);
            }
        }
    }
    kept
}
