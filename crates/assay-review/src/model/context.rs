//! What a model is shown: the changed lines with the functions around them, masked and
//! numbered, with what belongs to them, in as many questions as are allowed; what has
//! no room is counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::sync::Arc;

use assay_finding::{Coverage, Finding, HunkEntry, Report, Severity};
use assay_rules::is_test_path;
use assay_source::{RepoPath, SourceText};
use assay_syntax::{Symbol, detect, language_by_name, parse, symbols};

use super::bundle;
use super::concern::{Concern, worth};
use super::convention::conventions;
use super::prompt::{PromptSet, PromptValue, Rendered};
use super::reading::{Reader, masked};
use super::related::{Neighbours, choose};
use super::{ModelLimits, ModelOptions};
use crate::pipeline::Subject;
use crate::settings::Settings;

/// Lines of a function that is shown whole.
const FUNCTION_LINES_MAX: u32 = 150;
/// Lines around a change in a longer function, and outside of any.
const AROUND_LINES: u32 = 12;
/// Characters of a line.
pub(super) const LINE_CHARS_MAX: usize = 300;
/// Static findings of a file that are told.
const KNOWN_MAX: usize = 20;
/// From this risk on each concern has a question of its own.
const RISK_HIGH: u32 = 60;
/// From this risk on a change wants more than the simplest model.
const RISK_MEDIUM: u32 = 25;
/// So many changed lines are hard to keep in mind together.
const LINES_MANY: usize = 80;
/// More than these are hard.
const LINES_TOO_MANY: usize = 400;

/// How much thought a question wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelWeight {
    /// A small change where little can go wrong.
    Low,
    /// Most changes.
    Medium,
    /// A change that is large or risky.
    High,
}

/// The questions of one review.
pub struct ModelPlan {
    /// What is asked, each on its own.
    pub questions: Vec<ModelQuestion>,
    pub(super) options: ModelOptions,
    pub(super) neighbours: Neighbours,
    /// The file, the hunk, and why it is not shown.
    pub(super) unseen: Vec<(usize, usize, String)>,
    /// What else is not shown, for people.
    pub(super) notes: Vec<String>,
}

/// One question.
#[derive(Clone, Debug)]
pub struct ModelQuestion {
    /// What is looked for.
    pub concerns: Vec<Concern>,
    /// How much thought it wants.
    pub weight: ModelWeight,
    pub(super) files: Vec<Shown>,
    conventions: String,
    text: String,
    related: String,
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

    /// Returns what is shown: conventions, files, and what belongs to them.
    pub(super) fn parts(&self) -> (&str, &str, &str) {
        (&self.conventions, &self.text, &self.related)
    }

    /// Puts the question into words, for a model when it is known.
    ///
    /// # Errors
    ///
    /// When the prompt cannot be rendered.
    pub fn render(&self, prompts: &PromptSet, model: Option<&str>) -> Result<Rendered, String> {
        let prompt = prompts.find("review", model);
        let prompt = prompt.ok_or("there is no prompt `review`")?;
        let concerns = self.concerns.iter().map(|one| one.name().to_owned());
        let values: BTreeMap<&str, PromptValue> = [
            ("concerns", PromptValue::List(concerns.collect())),
            ("conventions", PromptValue::Text(self.conventions.clone())),
            ("files", PromptValue::Text(self.text.clone())),
            ("related", PromptValue::Text(self.related.clone())),
        ]
        .into();
        prompt.render(&values)
    }
}

impl ModelPlan {
    /// Returns the prompts that its questions are put into words with.
    pub fn prompts(&self) -> &PromptSet {
        &self.options.prompts
    }

    /// Returns how many hunks are shown.
    pub(super) fn seen(&self) -> usize {
        let files = self.questions.iter().flat_map(|question| &question.files);
        let hunks = files.flat_map(|file| file.hunks.iter().map(|hunk| (file.index, *hunk)));
        hunks.collect::<BTreeSet<_>>().len()
    }
}

/// Works out what a model is asked about a change that was reviewed.
pub fn model_plan(
    subject: Subject<'_>,
    settings: &Settings,
    options: ModelOptions,
    report: &Report,
) -> ModelPlan {
    let reader = Reader::new(subject, settings);
    let mut unseen = Vec::new();
    let mut files = Vec::new();
    for index in ranked(report) {
        match read_file(&reader, report, index) {
            Ok(Some(file)) => files.push(file),
            Ok(None) => {}
            Err(why) => {
                let hunks = 0..report.ledger.files[index].hunks.len();
                unseen.extend(hunks.map(|hunk| (index, hunk, why.clone())));
            }
        }
    }
    let neighbours = Neighbours::load(&reader, &files);
    let said = conventions(&reader, options.limits.question_bytes_max / 6);
    let mut packing = Packing {
        limits: options.limits,
        conventions: said.text,
        parts: Vec::new(),
        unseen,
    };
    for group in bundle::group(&files, &neighbours) {
        packing.place(&files, &group);
    }
    let mut notes: Vec<String> = neighbours.note.iter().cloned().collect();
    if !said.left.is_empty() {
        let left = said.left.join(", ");
        notes.push(format!("the model was not shown all of {left}"));
    }
    let questions = packing.questions(&reader, &files, &neighbours, (&options, report), &mut notes);
    ModelPlan {
        questions,
        neighbours,
        unseen: packing.unseen,
        notes,
        options,
    }
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

/// A file that is to be shown.
pub(super) struct ShownFile {
    index: usize,
    pub(super) path: RepoPath,
    pub(super) label: String,
    head: String,
    blocks: Vec<Block>,
    /// The changed lines of the head; beside what was only removed the next one.
    pub(super) changed: BTreeSet<u32>,
    /// What was added.
    pub(super) added: String,
    /// The names of the functions around the changes.
    pub(super) around: Vec<String>,
    is_test: bool,
    is_code: bool,
    worst: Option<Severity>,
}

/// A run of lines with hunks in it.
struct Block {
    hunks: Vec<usize>,
    lines: BTreeSet<u32>,
    text: String,
}

/// What stands in one question of files.
#[derive(Default)]
struct Part {
    text: String,
    files: Vec<Shown>,
    /// The files by their number among those that are shown.
    of: BTreeSet<usize>,
}

/// The questions while they are filled.
struct Packing {
    limits: ModelLimits,
    conventions: String,
    parts: Vec<Part>,
    unseen: Vec<(usize, usize, String)>,
}

impl Packing {
    /// Returns the bytes that one question has for files, and how many are wanted for
    /// what belongs to them.
    fn room(&self) -> (usize, usize) {
        let all = self.limits.question_bytes_max;
        (all.saturating_sub(self.conventions.len()), all / 4)
    }

    /// Puts a group of files into questions: into the last one as a whole when it has
    /// room there, else into new ones, as many as it takes.
    fn place(&mut self, files: &[ShownFile], group: &[usize]) {
        let (room, wanted) = self.room();
        let blocks = |at: &usize| -> usize {
            let blocks = files[*at].blocks.iter();
            files[*at].head.len() + blocks.map(|block| block.text.len() + 6).sum::<usize>()
        };
        let whole: usize = group.iter().map(blocks).sum();
        let has_room = |part: &Part| part.text.len() + whole + wanted <= room;
        let mut is_new = !self.parts.last().is_some_and(has_room);
        for &at in group {
            for block in &files[at].blocks {
                is_new = !self.place_block(&files[at], at, block, is_new) && is_new;
            }
        }
    }

    /// Puts a block into the last question, or into a new one; returns whether it is
    /// shown.
    fn place_block(&mut self, file: &ShownFile, at: usize, block: &Block, is_new: bool) -> bool {
        let (room, wanted) = self.room();
        let bytes = block.text.len() + file.head.len();
        if bytes > room {
            let why = format!("it has more than {} bytes", self.limits.question_bytes_max);
            self.leave(file, block, &why);
            return false;
        }
        let has_room = |part: &Part| part.text.len() + bytes + wanted <= room;
        if is_new || !self.parts.last().is_some_and(has_room) {
            if self.parts.len() >= self.limits.questions_max {
                let why = format!(
                    "the limit of {} questions is reached",
                    self.limits.questions_max
                );
                self.leave(file, block, &why);
                return false;
            }
            self.parts.push(Part::default());
        }
        let Some(part) = self.parts.last_mut() else {
            return false;
        };
        part.of.insert(at);
        match part
            .files
            .last_mut()
            .filter(|shown| shown.index == file.index)
        {
            Some(shown) => {
                part.text.push_str("  ...\n");
                shown.hunks.extend(&block.hunks);
                shown.lines.extend(&block.lines);
            }
            None => {
                part.text.push_str(&file.head);
                part.files.push(Shown {
                    index: file.index,
                    label: file.label.clone(),
                    hunks: block.hunks.clone(),
                    lines: block.lines.clone(),
                });
            }
        }
        part.text.push_str(&block.text);
        true
    }

    fn leave(&mut self, file: &ShownFile, block: &Block, why: &str) {
        let hunks = block.hunks.iter();
        self.unseen
            .extend(hunks.map(|&hunk| (file.index, hunk, why.to_owned())));
    }

    /// Makes the questions: what belongs to each, and who is asked for what.
    fn questions(
        &mut self,
        reader: &Reader<'_>,
        files: &[ShownFile],
        neighbours: &Neighbours,
        (options, report): (&ModelOptions, &Report),
        notes: &mut Vec<String>,
    ) -> Vec<ModelQuestion> {
        let (room, _) = self.room();
        let risk = report.about.as_ref().map_or(0, |about| about.risk);
        let mut questions = Vec::new();
        let mut left = 0;
        for part in std::mem::take(&mut self.parts) {
            let own: Vec<&ShownFile> = part.of.iter().map(|&at| &files[at]).collect();
            let shown: HashMap<&RepoPath, &BTreeSet<u32>> = own
                .iter()
                .filter_map(|file| {
                    let shown = part.files.iter().find(|one| one.index == file.index)?;
                    Some((&file.path, &shown.lines))
                })
                .collect();
            let found = own.iter().flat_map(|file| neighbours.around(file));
            let spare = room.saturating_sub(part.text.len());
            let related = choose(reader, found.collect(), &shown, spare);
            left += related.left;
            let weight = weight(&own, risk);
            let added: String = own.iter().map(|file| file.added.as_str()).collect();
            let concerns = worth(
                &options.concerns,
                &format!("{added}{}", part.text.lines().next().unwrap_or_default()),
                (
                    weight == ModelWeight::High,
                    own.iter().any(|file| file.is_test),
                    own.iter().any(|file| file.is_code && !file.is_test),
                ),
            );
            let groups: Vec<Vec<Concern>> = match weight {
                ModelWeight::High => concerns.into_iter().map(|one| vec![one]).collect(),
                _ => vec![concerns],
            };
            questions.extend(groups.into_iter().map(|concerns| ModelQuestion {
                concerns,
                weight,
                files: part.files.clone(),
                conventions: self.conventions.clone(),
                text: part.text.clone(),
                related: related.text.clone(),
            }));
        }
        if left > 0 {
            notes.push(format!(
                "{left} places around the change had no room in the questions to the model"
            ));
        }
        questions
    }
}

/// Returns how much thought files want: by the risk of the whole change, by what was
/// found in them, and by how much of them changed.
fn weight(files: &[&ShownFile], risk: u32) -> ModelWeight {
    let code = || files.iter().filter(|file| file.is_code && !file.is_test);
    let lines: usize = code().map(|file| file.changed.len()).sum();
    let worst = code().filter_map(|file| file.worst).max();
    if lines == 0 {
        return ModelWeight::Low;
    }
    if risk >= RISK_HIGH || worst >= Some(Severity::High) || lines > LINES_TOO_MANY {
        return ModelWeight::High;
    }
    if risk >= RISK_MEDIUM || worst >= Some(Severity::Medium) || lines > LINES_MANY {
        return ModelWeight::Medium;
    }
    ModelWeight::Low
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
    reader: &Reader<'_>,
    report: &Report,
    index: usize,
) -> Result<Option<ShownFile>, String> {
    let (subject, settings) = (reader.subject, reader.settings);
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
    let known = || {
        let findings = report.findings.iter();
        findings.filter(|one| one.location.path == entry.path && one.counts())
    };
    let count = text.lines().line_count().max(1);
    let changed: BTreeSet<u32> = entry
        .hunks
        .iter()
        .flat_map(|hunk| hunk.head.start..hunk.head.end().max(hunk.head.start + 1))
        .map(|line| line.clamp(1, count))
        .collect();
    let names = changed
        .iter()
        .filter_map(|&line| Some(function_at(&symbols, &text, line)?.0.name.clone()));
    let around: BTreeSet<String> = names.filter(|name| !name.is_empty()).collect();
    let language = entry.language.unwrap_or("text");
    let mut shown = ShownFile {
        index,
        path: head.path.clone(),
        head: file_head(&label, language, known()),
        label,
        blocks: Vec::new(),
        added: changed.iter().fold(String::new(), |mut added, &line| {
            added.push_str(text.line(line));
            added.push('\n');
            added
        }),
        changed,
        around: around.into_iter().collect(),
        is_test: is_test_path(&head.path),
        is_code: language_by_name(language).is_some_and(|one| !one.is_data_only()),
        worst: known().map(|one| one.severity).max(),
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
    for finding in known.take(KNOWN_MAX) {
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
