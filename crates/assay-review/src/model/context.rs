//! What a model is shown: the changed lines with the functions around them, masked and
//! numbered, in as many questions as are allowed; what has no room is counted.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::sync::Arc;

use assay_finding::{Coverage, Finding, HunkEntry, Report};
use assay_rules::is_test_path;
use assay_source::{FileVersion, RepoPath, SourceText};
use assay_syntax::{Symbol, detect, parse, symbols};

use super::ModelLimits;
use crate::pipeline::Subject;
use crate::redact;
use crate::settings::Settings;

/// Bytes of a file that is shown.
const FILE_BYTES_MAX: u64 = 2 << 20;
/// Lines of a function that is shown whole.
const FUNCTION_LINES_MAX: u32 = 150;
/// Lines around a change in a longer function, and outside of any.
const AROUND_LINES: u32 = 12;
/// Bytes of a line.
const LINE_CHARS_MAX: usize = 300;
/// Static findings of a file that are told.
const KNOWN_MAX: usize = 20;

/// The questions of one review.
#[derive(Clone, Debug)]
pub struct ModelPlan {
    /// What is asked, each on its own.
    pub questions: Vec<ModelQuestion>,
    pub(super) limits: ModelLimits,
    /// The file, the hunk, and why it is not shown.
    pub(super) unseen: Vec<(usize, usize, String)>,
}

/// One question.
#[derive(Clone, Debug, Default)]
pub struct ModelQuestion {
    /// What the model is told about its task, the same for all questions.
    pub system: &'static str,
    /// What it is shown.
    pub text: String,
    pub(super) files: Vec<Shown>,
}

/// A file in a question.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// Its number in the change.
    pub(super) index: usize,
    pub(super) label: String,
    pub(super) hunks: Vec<usize>,
    /// The lines of the head that are shown.
    pub(super) lines: BTreeSet<u32>,
}

impl ModelQuestion {
    /// Returns the names of its files.
    pub(super) fn labels(&self) -> String {
        let labels: Vec<&str> = self.files.iter().map(|file| file.label.as_str()).collect();
        labels.join(", ")
    }
}

impl ModelPlan {
    /// Returns how many hunks are shown.
    pub(super) fn seen(&self) -> usize {
        let files = self.questions.iter().flat_map(|question| &question.files);
        files.map(|file| file.hunks.len()).sum()
    }
}

/// Works out what a model is asked about a change that was reviewed.
pub fn model_plan(
    subject: Subject<'_>,
    settings: &Settings,
    limits: ModelLimits,
    report: &Report,
) -> ModelPlan {
    let mut plan = ModelPlan {
        questions: Vec::new(),
        limits,
        unseen: Vec::new(),
    };
    for index in ranked(report) {
        let file = match read_file(subject, settings, report, index) {
            Ok(Some(file)) => file,
            Ok(None) => continue,
            Err(why) => {
                let hunks = 0..report.ledger.files[index].hunks.len();
                plan.unseen
                    .extend(hunks.map(|hunk| (index, hunk, why.clone())));
                continue;
            }
        };
        for block in &file.blocks {
            plan.place(&file, block);
        }
    }
    plan
}

/// Returns the files with something to read, those with most to read first and tests
/// last.
fn ranked(report: &Report) -> Vec<usize> {
    let files = &report.ledger.files;
    let mut order: Vec<usize> = (0..files.len())
        .filter(|&at| {
            let read = !matches!(files[at].coverage, Coverage::Skipped(_));
            read && !files[at].hunks.is_empty() && files[at].language.is_some()
        })
        .collect();
    let lines = |at: usize| -> u32 {
        let hunks = files[at].hunks.iter();
        hunks
            .map(|hunk| hunk.head.count.saturating_add(hunk.base.count))
            .fold(0, u32::saturating_add)
    };
    order.sort_by_key(|&at| {
        (
            is_test_path(&files[at].path),
            std::cmp::Reverse(lines(at)),
            at,
        )
    });
    order
}

struct ShownFile {
    index: usize,
    label: String,
    head: String,
    blocks: Vec<Block>,
}

/// A run of lines with hunks in it.
struct Block {
    hunks: Vec<usize>,
    lines: BTreeSet<u32>,
    text: String,
}

impl ModelPlan {
    /// Puts a block into the last question, or into a new one when there is no room.
    fn place(&mut self, file: &ShownFile, block: &Block) {
        let bytes = block.text.len() + file.head.len();
        let limits = self.limits;
        if bytes > limits.question_bytes_max {
            let why = format!("it has more than {} bytes", limits.question_bytes_max);
            self.leave(file, block, &why);
            return;
        }
        let has_room =
            |question: &ModelQuestion| question.text.len() + bytes <= limits.question_bytes_max;
        if !self.questions.last().is_some_and(has_room) {
            if self.questions.len() >= limits.questions_max {
                let why = format!("the limit of {} questions is reached", limits.questions_max);
                self.leave(file, block, &why);
                return;
            }
            self.questions.push(ModelQuestion {
                system: include_str!("prompt.md"),
                ..ModelQuestion::default()
            });
        }
        let Some(question) = self.questions.last_mut() else {
            return;
        };
        match question
            .files
            .last_mut()
            .filter(|shown| shown.index == file.index)
        {
            Some(shown) => {
                question.text.push_str("  ...\n");
                shown.hunks.extend(&block.hunks);
                shown.lines.extend(&block.lines);
            }
            None => {
                question.text.push_str(&file.head);
                question.files.push(Shown {
                    index: file.index,
                    label: file.label.clone(),
                    hunks: block.hunks.clone(),
                    lines: block.lines.clone(),
                });
            }
        }
        question.text.push_str(&block.text);
    }

    fn leave(&mut self, file: &ShownFile, block: &Block, why: &str) {
        let hunks = block.hunks.iter();
        self.unseen
            .extend(hunks.map(|&hunk| (file.index, hunk, why.to_owned())));
    }
}

/// Reads a version of a file as it is shown: decoded, its secrets masked.
pub(super) fn masked(
    subject: Subject<'_>,
    settings: &Settings,
    version: &FileVersion,
) -> Result<assay_rules::MaskedText, String> {
    let bytes = subject
        .tree
        .read(version, FILE_BYTES_MAX)
        .map_err(|error| error.to_string())?;
    let text = SourceText::decode(bytes).map_err(|_| "it is no text".to_owned())?;
    let own = &settings.secret_rules;
    Ok(redact::mask_file(&version.path, &Arc::new(text), None, own))
}

/// Returns what a text declares, outermost first.
pub(super) fn declared(
    settings: &Settings,
    path: &RepoPath,
    text: &Arc<SourceText>,
) -> Vec<Symbol> {
    let language = settings
        .language_for(path)
        .or_else(|| detect(path, text.as_str()));
    let parsed = language.map(|language| parse(text, language, &settings.limits.parse));
    let trees = parsed.iter().flat_map(|parsed| &parsed.trees);
    trees.flat_map(symbols).collect()
}

/// Returns the innermost function around a line, and its lines.
pub(super) fn function_at<'s>(
    symbols: &'s [Symbol],
    text: &SourceText,
    line: u32,
) -> Option<(&'s Symbol, RangeInclusive<u32>)> {
    let lines = text.lines();
    symbols
        .iter()
        .filter(|symbol| symbol.kind.is_function())
        .map(|symbol| {
            let last = lines.line_of(symbol.span.end.saturating_sub(1).max(symbol.span.start));
            (symbol, lines.line_of(symbol.span.start)..=last)
        })
        .filter(|(_, range)| range.contains(&line))
        .min_by_key(|(_, range)| range.end() - range.start())
}

fn read_file(
    subject: Subject<'_>,
    settings: &Settings,
    report: &Report,
    index: usize,
) -> Result<Option<ShownFile>, String> {
    let change = &subject.change.files[index];
    let entry = &report.ledger.files[index];
    // Of a file that is gone there is nothing to say that a forge would take.
    let Some(head) = &change.head else {
        return Ok(None);
    };
    let text = masked(subject, settings, head)?.text;
    let base = change
        .base
        .as_ref()
        .map(|base| masked(subject, settings, base));
    let base = base.and_then(Result::ok).map(|masked| masked.text);
    let symbols = declared(settings, &head.path, &text);
    let mut blocks: Vec<(RangeInclusive<u32>, Vec<usize>)> = Vec::new();
    for (at, hunk) in entry.hunks.iter().enumerate() {
        let range = around(hunk, &symbols, &text);
        match blocks.last_mut() {
            Some((before, hunks)) if *range.start() <= before.end() + 1 => {
                let end = *range.end().max(before.end());
                *before = *before.start()..=end;
                hunks.push(at);
            }
            _ => blocks.push((range, vec![at])),
        }
    }
    let label = entry.path.to_display();
    let known = report
        .findings
        .iter()
        .filter(|one| one.location.path == entry.path);
    let mut shown = ShownFile {
        index,
        head: file_head(&label, entry.language.unwrap_or("text"), known),
        label,
        blocks: Vec::new(),
    };
    for (range, hunks) in blocks {
        shown.blocks.push(Block {
            text: numbered(&text, base.as_deref(), &range, &entry.hunks),
            lines: range.collect(),
            hunks,
        });
    }
    Ok(Some(shown))
}

fn file_head<'f>(label: &str, language: &str, known: impl Iterator<Item = &'f Finding>) -> String {
    let mut head = format!("\nFILE {label} ({language})\n");
    for finding in known.filter(|one| one.counts()).take(KNOWN_MAX) {
        let line = finding.location.start.line;
        let _ = writeln!(head, "ALREADY REPORTED at line {line}: {}", finding.rule);
    }
    head
}

/// Returns the lines that are shown with a hunk: the function around it, or some lines.
fn around(hunk: &HunkEntry, symbols: &[Symbol], text: &SourceText) -> RangeInclusive<u32> {
    let count = text.lines().line_count().max(1);
    let first = hunk.head.start.clamp(1, count);
    let last = hunk.head.end().saturating_sub(1).clamp(first, count);
    let from = first.saturating_sub(AROUND_LINES).max(1);
    let to = last.saturating_add(AROUND_LINES).min(count);
    let function = function_at(symbols, text, first).map(|(_, range)| range);
    match function.filter(|range| range.contains(&last)) {
        Some(range) if range.end() - range.start() < FUNCTION_LINES_MAX => range,
        Some(range) => from.max(*range.start())..=to.min(*range.end()),
        None => from..=to,
    }
}

/// Writes lines with their marks and numbers, and what was removed before them.
fn numbered(
    text: &SourceText,
    base: Option<&SourceText>,
    range: &RangeInclusive<u32>,
    hunks: &[HunkEntry],
) -> String {
    let mut out = String::new();
    let cut = |line: &str| -> String { line.chars().take(LINE_CHARS_MAX).collect() };
    for line in range.clone() {
        for hunk in hunks.iter().filter(|hunk| hunk.head.start == line) {
            let removed = base.into_iter().flat_map(|base| {
                (hunk.base.start..hunk.base.end()).map(move |line| base.line(line))
            });
            for line in removed {
                let _ = writeln!(out, "-      | {}", cut(line));
            }
        }
        let is_added = hunks.iter().any(|hunk| hunk.head.contains(line));
        let mark = if is_added { '+' } else { ' ' };
        let _ = writeln!(out, "{mark}{line:>5} | {}", cut(text.line(line)));
    }
    out
}
