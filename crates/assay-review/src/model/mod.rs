//! A language model's part of a review, as functions: what it is asked, what becomes of
//! its answers, and what it is asked about those. Who asks, and whom, is not known here.
//!
//! Invariant: nothing that a model says is believed: a remark that quotes no code at its
//! place is dropped, and one that fails to come is a problem of the review.

mod bundle;
mod concern;
mod context;
mod convention;
mod discussion;
mod fix;
mod judge;
mod prompt;
mod prompt_check;
mod quality;
mod reading;
mod refute;
mod related;
mod remark;
mod symbol;

use std::collections::BTreeSet;

use assay_finding::{
    Confidence, Coverage, Finding, PlacedDirective, Problem, Report, Severity, apply_directives,
    number_fingerprints,
};
use assay_rules::{placed_directives, suppress_configured};
use assay_source::RepoPath;
use assay_syntax::{detect, parse};

use crate::advice;
use crate::gate::{self, counted};
use crate::pipeline::{Subject, hold_back, rank};
use crate::score::score;
use crate::settings::Settings;
use crate::summary;

pub use self::concern::{Concern, model_rules};
pub use self::context::{ModelPlan, ModelQuestion, ModelWeight, model_plan};
pub use self::discussion::{
    AGENTS_BYTES_MAX, Agent, AgentMessage, AgentReply, Agents, AgentsError, Concluded, Discussion,
    Ending, Point, PointState, Side, Stand,
};
pub use self::fix::{
    FixEdit, FixLimits, FixOrder, FixQuestion, FixRefusal, FixReply, FixTest, Mending, ModelFix,
    ModelLeft, ModelMended, attach_fixes,
};
pub use self::judge::{JudgeQuestion, JudgeReply, ModelVerdict};
pub use self::prompt::{Prompt, PromptOrigin, PromptSet, Rendered, TEMPLATE_BYTES_MAX};
pub use self::prompt_check::{
    PromptError, PromptFault, PromptVariable, prompt_names, prompt_variables,
};
pub use self::quality::{ModelQuality, ModelTally};
use self::reading::{Reader, plain};
use self::remark::{Drop, anchored, around};

/// The pack of what models say.
pub const MODEL_PACK: &str = "model";
/// The analyzer as the ledger names it.
const ANALYZER: &str = "model";
/// So many times the remarks that are kept are judged.
const JUDGED_TIMES: usize = 2;

/// How much a model is asked and may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelLimits {
    /// Bytes of one question.
    pub question_bytes_max: usize,
    /// Parts of a change that are asked about; a risky one is asked about once for each
    /// concern.
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

/// How a model reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelOptions {
    /// How much it is asked and may say.
    pub limits: ModelLimits,
    /// What is looked for.
    pub concerns: Vec<Concern>,
    /// Whether each remark is judged by itself before it is kept.
    pub is_judged: bool,
    /// What it is told.
    pub prompts: PromptSet,
    /// How much it may mend.
    pub fixes: FixLimits,
    /// Whether a review asks it for fixes of what was found.
    pub offers_fixes: bool,
}

impl Default for ModelOptions {
    fn default() -> Self {
        Self {
            limits: ModelLimits::default(),
            concerns: Concern::USUAL.to_vec(),
            is_judged: true,
            prompts: PromptSet::shipped(),
            fixes: FixLimits::default(),
            offers_fixes: false,
        }
    }
}

/// What kind of thing a remark claims, as far as that can be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelClaim {
    /// A name is not defined.
    Missing,
    /// Nothing uses a name.
    Unused,
    /// No test runs a function.
    Untested,
    /// A line does not parse.
    Syntax,
    /// A call has the wrong number of arguments.
    Arguments,
    /// Something else.
    Other,
}

impl ModelClaim {
    /// All of them, with their names in answers.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Missing, "missing"),
        (Self::Unused, "unused"),
        (Self::Untested, "untested"),
        (Self::Syntax, "syntax"),
        (Self::Arguments, "arguments"),
        (Self::Other, "other"),
    ];
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
    /// What it is about.
    pub concern: Concern,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the model is.
    pub confidence: Confidence,
    /// What kind of claim it is.
    pub claim: ModelClaim,
    /// The name that the claim is about.
    pub symbol: Option<String>,
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelReply {
    /// An answer of the form that was asked for.
    Remarks(Vec<ModelRemark>),
    /// None; why.
    Failed(String),
    /// None, and what held in an earlier review of something that is nearly the same.
    Kept {
        /// Why there is none.
        why: String,
        /// Of which review, in words.
        of: String,
        /// What held there.
        remarks: Vec<KeptRemark>,
    },
}

/// A remark that held in an earlier review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRemark {
    /// The remark, as bad and as sure as it was judged.
    pub remark: ModelRemark,
    /// The code around it, as a hash: of other code it says nothing.
    pub around: String,
}

/// A remark of a draft, to know it again when the review is over.
#[derive(Clone, Debug)]
pub struct SaidRemark {
    /// The number of the question that it answers, from 0.
    pub question: usize,
    remark: ModelRemark,
    around: String,
    path: RepoPath,
    line: u32,
    message: String,
}

/// Remarks that may become findings once they were judged.
pub struct ModelDraft {
    /// What is asked about them.
    pub questions: Vec<JudgeQuestion>,
    remarks: Vec<Finding>,
    /// What held in an earlier review and holds here.
    kept: Vec<Finding>,
    said: Vec<SaidRemark>,
    drops: Vec<Drop>,
    tally: ModelTally,
    read: usize,
}

impl ModelDraft {
    /// Returns what was said, to ask [`held_remarks`] what held.
    pub fn said(&self) -> Vec<SaidRemark> {
        self.said.clone()
    }
}

/// Returns what of the remarks of a draft became findings of its report, each with the
/// number of its question.
pub fn held_remarks(said: Vec<SaidRemark>, report: &Report) -> Vec<(usize, KeptRemark)> {
    let held = |said: SaidRemark| {
        let is_it = |one: &&Finding| {
            one.location.path == said.path
                && one.location.start.line == said.line
                && one.message == said.message
                && one.suppressed.is_none()
        };
        let finding = report.findings.iter().find(is_it)?;
        let remark = ModelRemark {
            severity: finding.severity,
            confidence: finding.confidence,
            ..said.remark
        };
        let around = said.around;
        Some((said.question, KeptRemark { remark, around }))
    };
    said.into_iter().filter_map(held).collect()
}

/// Makes findings of what a model said, drops what does not hold, and says in the report
/// what was read and what was not. There is one reply for each question of the plan.
pub fn draft_remarks(
    subject: Subject<'_>,
    settings: &Settings,
    plan: &ModelPlan,
    replies: Vec<ModelReply>,
    report: &mut Report,
) -> ModelDraft {
    let mut drops = Vec::new();
    let mut read = BTreeSet::new();
    let refused = plan.options.prompts.refused().iter();
    report.problems.extend(refused.map(|why| Problem {
        what: "model review".to_owned(),
        path: None,
        message: why.clone(),
    }));
    let mut remarks: Vec<Finding> = Vec::new();
    let mut tally = ModelTally {
        asked: plan.questions.len(),
        ..ModelTally::default()
    };
    let mut answers = replies.into_iter();
    let mut kept: Vec<Finding> = Vec::new();
    let mut said_remarks = Vec::new();
    for (number, question) in plan.questions.iter().enumerate() {
        let why = "no answer".to_owned();
        match answers.next().unwrap_or(ModelReply::Failed(why)) {
            ModelReply::Remarks(said) => {
                tally.whole += 1;
                tally.remarks += said.len();
                note_read(question, report, &mut read);
                for remark in said {
                    let known = remarks.iter().chain(&report.findings);
                    match anchored((subject, settings), plan, question, &remark, known) {
                        Ok(finding) => {
                            said_remarks.push(SaidRemark {
                                question: number,
                                around: around((subject, settings), &finding),
                                path: finding.location.path.clone(),
                                line: finding.location.start.line,
                                message: finding.message.clone(),
                                remark,
                            });
                            remarks.push(finding);
                        }
                        Err(drop) => drops.push(drop),
                    }
                }
            }
            ModelReply::Kept {
                why,
                of,
                remarks: earlier,
            } => {
                let (all, before) = (earlier.len(), kept.len());
                for one in earlier {
                    let known = remarks.iter().chain(&kept).chain(&report.findings);
                    let found = anchored((subject, settings), plan, question, &one.remark, known);
                    if let Ok(finding) = found
                        && around((subject, settings), &finding) == one.around
                    {
                        let message = format!("{} (from {of})", finding.message);
                        kept.push(Finding { message, ..finding });
                    }
                }
                report.problems.push(Problem {
                    what: "model review".to_owned(),
                    path: None,
                    message: format!(
                        "{why}; not read by the model: {}; {} of {} from {of} said instead: the code around the rest is another",
                        question.labels(),
                        kept.len() - before,
                        counted(all, "remark"),
                    ),
                });
            }
            ModelReply::Failed(why) => report.problems.push(Problem {
                what: "model review".to_owned(),
                path: None,
                message: format!("{why}; not read by the model: {}", question.labels()),
            }),
        }
    }
    rank(&mut remarks);
    let judged_max = plan.options.limits.remarks_max.saturating_mul(JUDGED_TIMES);
    let spare = remarks.len().saturating_sub(judged_max);
    remarks.truncate(judged_max);
    drops.extend(std::iter::repeat_n(Drop::TooMany, spare));
    note_unread(plan, report);
    let questions = match plan.options.is_judged {
        true => judge::questions(&Reader::new(subject, settings), &remarks),
        false => Vec::new(),
    };
    ModelDraft {
        questions,
        remarks,
        kept,
        said: said_remarks,
        drops,
        tally,
        read: read.len(),
    }
}

/// Puts into the report what is left of a draft after it was judged. `about` tells who
/// was asked and at what cost; there is one reply for each question of the draft.
/// Returns what was counted of the answers.
pub fn conclude_remarks(
    subject: Subject<'_>,
    settings: &Settings,
    plan: &ModelPlan,
    draft: ModelDraft,
    replies: Vec<JudgeReply>,
    about: &str,
    report: &mut Report,
) -> ModelTally {
    let ModelDraft {
        questions,
        mut remarks,
        kept,
        said: _,
        mut drops,
        mut tally,
        read,
    } = draft;
    if plan.options.is_judged {
        let mut failed = Vec::new();
        remarks = judge::apply(&questions, replies, remarks, &mut drops, &mut failed);
        report
            .problems
            .extend(failed.into_iter().map(|why| Problem {
                what: "model review".to_owned(),
                path: None,
                message: format!("{why}; remarks that nobody judged are held back"),
            }));
    }
    // What was kept was judged when it was said.
    remarks.extend(kept);
    rank(&mut remarks);
    let remarks_max = plan.options.limits.remarks_max;
    let spare = remarks.len().saturating_sub(remarks_max);
    remarks.truncate(remarks_max);
    drops.extend(std::iter::repeat_n(Drop::TooMany, spare));
    tally.wrong = drops.iter().filter(|drop| drop.is_wrong()).count();
    tally.beside = drops.iter().filter(|drop| drop.is_beside()).count();
    tally.kept = remarks.len();
    let line_of = |one: &Finding| {
        let start = one.location.start.line;
        let mut lines = one.frame.lines.iter();
        lines
            .find(|line| line.number == start)
            .map(|line| line.text.clone())
    };
    let actionable = remarks.iter().filter(|one| {
        let line = line_of(one).unwrap_or_default();
        quality::is_actionable(&one.message, &line)
    });
    tally.actionable = actionable.count();
    let note = summary_note(plan, about, (read, remarks.len()), &drops, tally);
    report.overview.notes.push(note);
    report.overview.notes.extend(plan.notes.iter().cloned());
    conclude(subject, settings, remarks, report);
    tally
}

/// Writes into the ledger which hunks the model read.
fn note_read(question: &ModelQuestion, report: &mut Report, read: &mut BTreeSet<(usize, usize)>) {
    for shown in &question.files {
        let entry = &mut report.ledger.files[shown.index];
        for &hunk in &shown.hunks {
            read.insert((shown.index, hunk));
            if let Coverage::Analysed(by) | Coverage::Partial(by, _) =
                &mut entry.hunks[hunk].coverage
                && !by.contains(&ANALYZER)
            {
                by.push(ANALYZER);
            }
        }
    }
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
    tally: ModelTally,
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
    if tally.asked > 0 {
        let quality = tally.quality();
        note.push_str(&format!(
            "; quality of the answers {:.2} ({})",
            quality.value(),
            quality.grade()
        ));
    }
    note
}

/// Puts the findings among the others and works out again what follows from all.
fn conclude(
    subject: Subject<'_>,
    settings: &Settings,
    mut findings: Vec<Finding>,
    report: &mut Report,
) {
    let directives = directives(subject, settings, &findings);
    apply_directives(&mut findings, &directives, settings.today);
    suppress_configured(&mut findings, &settings.suppressions, settings.today);
    hold_back(&mut findings, settings.confidence_min);
    let said: BTreeSet<&str> = findings.iter().map(|one| one.rule.as_str()).collect();
    let rules = model_rules().into_iter();
    report
        .rules
        .extend(rules.filter(|rule| said.contains(rule.id.as_str())));
    report.rules.sort_by(|one, other| one.id.cmp(&other.id));
    report.findings.extend(findings);
    rank(&mut report.findings);
    if let Some(baseline) = &settings.baseline {
        baseline.apply(&mut report.findings);
        rank(&mut report.findings);
    }
    number_fingerprints(&mut report.findings);
    if settings.rejected.apply(&mut report.findings) {
        rank(&mut report.findings);
    }
    report.score = score(report.findings.iter().filter(|one| one.counts()), None);
    report.gate = gate::decide_again(report, &settings.gate);
    report.recommendations = advice::recommendations(report);
    report.about = Some(summary::about(report));
}

/// Reads the comments that silence findings in the files of findings.
fn directives(
    subject: Subject<'_>,
    settings: &Settings,
    findings: &[Finding],
) -> Vec<PlacedDirective> {
    let paths: BTreeSet<_> = findings.iter().map(|one| &one.location.path).collect();
    let files = subject
        .change
        .files
        .iter()
        .filter_map(|file| file.head.as_ref());
    let mut placed = Vec::new();
    for file in files.filter(|file| paths.contains(&file.path)) {
        let Ok(text) = plain(subject, file) else {
            continue;
        };
        let language = settings
            .language_for(&file.path)
            .or_else(|| detect(&file.path, text.as_str()));
        if let Some(language) = language {
            let parsed = parse(&text, language, &settings.limits.parse);
            placed.extend(placed_directives(&file.path, &text, &parsed));
        }
    }
    placed
}
