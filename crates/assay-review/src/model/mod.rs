//! A language model's part of a review, as two functions: what it is asked, and what
//! becomes of its answers. Who asks, and whom, is not known here.
//!
//! Invariant: nothing that a model says is believed: a remark that quotes no code at its
//! place is dropped, and one that fails to come is a problem of the review.

mod context;
mod remark;
mod symbol;

use assay_finding::{
    Category, Confidence, Coverage, Finding, Problem, Report, RuleId, RuleMeta, Severity,
    number_fingerprints,
};
use assay_rules::suppress_configured;

use crate::advice;
use crate::gate::{self, counted};
use crate::pipeline::{Subject, hold_back, rank};
use crate::score::score;
use crate::settings::Settings;
use crate::summary;

pub use self::context::{ModelPlan, ModelQuestion, model_plan};
use self::remark::{Drop, anchored};

/// The pack of what models say.
pub const MODEL_PACK: &str = "model";
/// The rule of the reviewer that looks for mistakes.
const CORRECTNESS: &str = "model/correctness";
/// The analyzer as the ledger names it.
const ANALYZER: &str = "model";

/// How much a model is asked and may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelLimits {
    /// Bytes of one question.
    pub question_bytes_max: usize,
    /// Questions of one review.
    pub questions_max: usize,
    /// Remarks of one review.
    pub remarks_max: usize,
}

impl Default for ModelLimits {
    fn default() -> Self {
        Self {
            question_bytes_max: 36_000,
            questions_max: 6,
            remarks_max: 10,
        }
    }
}

/// One thing that a model says. All of it is untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRemark {
    /// The file as the question named it.
    pub path: String,
    /// The line.
    pub line: u32,
    /// The line's code.
    pub quote: String,
    /// What is wrong.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the model is.
    pub confidence: Confidence,
    /// The name that it claims is not defined.
    pub missing_symbol: Option<String>,
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelReply {
    /// An answer of the form that was asked for.
    Remarks(Vec<ModelRemark>),
    /// None; why.
    Failed(String),
}

/// Adds to a report what a model said, and what it did not say. `about` tells who was
/// asked and at what cost; there is one reply for each question of the plan.
pub fn add_remarks(
    subject: Subject<'_>,
    settings: &Settings,
    plan: &ModelPlan,
    replies: Vec<ModelReply>,
    about: &str,
    report: &mut Report,
) {
    let mut drops = Vec::new();
    let mut read = 0;
    let mut findings: Vec<Finding> = Vec::new();
    let mut answers = replies.into_iter();
    for question in &plan.questions {
        let why = "no answer".to_owned();
        match answers.next().unwrap_or(ModelReply::Failed(why)) {
            ModelReply::Remarks(remarks) => {
                read += note_read(question, report);
                for remark in remarks {
                    let known = findings.iter().chain(&report.findings);
                    match anchored(subject, settings, question, &remark, known) {
                        Ok(finding) => findings.push(finding),
                        Err(drop) => drops.push(drop),
                    }
                }
            }
            ModelReply::Failed(why) => report.problems.push(Problem {
                what: "model review".to_owned(),
                path: None,
                message: format!("{why}; not read by the model: {}", question.labels()),
            }),
        }
    }
    rank(&mut findings);
    let spare = findings.len().saturating_sub(plan.limits.remarks_max);
    findings.truncate(plan.limits.remarks_max);
    drops.extend(std::iter::repeat_n(Drop::TooMany, spare));
    note_unread(plan, report);
    let note = summary_note(plan, about, (read, findings.len()), &drops);
    report.overview.notes.push(note);
    conclude(settings, findings, report);
}

/// Writes into the ledger which hunks the model read, and returns how many.
fn note_read(question: &ModelQuestion, report: &mut Report) -> usize {
    for shown in &question.files {
        let entry = &mut report.ledger.files[shown.index];
        for &hunk in &shown.hunks {
            if let Coverage::Analysed(by) | Coverage::Partial(by, _) =
                &mut entry.hunks[hunk].coverage
                && !by.contains(&ANALYZER)
            {
                by.push(ANALYZER);
            }
        }
    }
    question.files.iter().map(|shown| shown.hunks.len()).sum()
}

/// Writes into the ledger which hunks were not shown to the model, and why.
fn note_unread(plan: &ModelPlan, report: &mut Report) {
    for (index, hunk, why) in &plan.unseen {
        let entry = &mut report.ledger.files[*index];
        let head = entry.hunks[*hunk].head;
        let place = match head.count {
            0 => format!("what was removed at line {}", head.start),
            _ => format!("lines {} to {}", head.start, head.end() - 1),
        };
        entry
            .notes
            .push(format!("the model did not read {place}: {why}"));
    }
}

fn summary_note(
    plan: &ModelPlan,
    about: &str,
    (read, kept): (usize, usize),
    drops: &[Drop],
) -> String {
    let mut note = format!(
        "{about} read {} of {} in {}; {} kept",
        counted(read, "hunk"),
        plan.seen() + plan.unseen.len(),
        counted(plan.questions.len(), "question"),
        counted(kept, "remark")
    );
    for drop in Drop::ALL {
        let count = drops.iter().filter(|one| **one == drop).count();
        if count > 0 {
            note.push_str(&format!(", {count} dropped ({})", drop.why()));
        }
    }
    note
}

/// Puts the findings among the others and works out again what follows from all.
fn conclude(settings: &Settings, mut findings: Vec<Finding>, report: &mut Report) {
    suppress_configured(&mut findings, &settings.suppressions, settings.today);
    hold_back(&mut findings, settings.confidence_min);
    if !findings.is_empty() {
        report.rules.push(rule());
        report.rules.sort_by(|one, other| one.id.cmp(&other.id));
    }
    report.findings.extend(findings);
    rank(&mut report.findings);
    if let Some(baseline) = &settings.baseline {
        baseline.apply(&mut report.findings);
        rank(&mut report.findings);
    }
    number_fingerprints(&mut report.findings);
    report.score = score(report.findings.iter().filter(|one| one.counts()), None);
    report.gate = gate::decide_again(report, &settings.gate);
    report.recommendations = advice::recommendations(report);
    report.about = Some(summary::about(report));
}

/// Returns the texts about what the reviewer says.
fn rule() -> RuleMeta {
    RuleMeta {
        id: RuleId::new(CORRECTNESS),
        title: "Mistake that a language model sees".to_owned(),
        summary: "A language model says that the change does something wrong.".to_owned(),
        description: "A language model was shown the changed functions and asked for mistakes only. The remark quotes code that is there; \
            whether it is right is for the reader to judge, so its confidence is never high.\n"
            .to_owned(),
        severity: Severity::Medium,
        confidence: Confidence::Medium,
        category: Category::Correctness,
        cwe: Vec::new(),
        tags: vec!["model".to_owned()],
    }
}
