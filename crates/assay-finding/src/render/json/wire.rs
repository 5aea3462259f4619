//! The wire form of the JSON report. Documentation comments here become the
//! descriptions in the published schema.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{SCHEMA_NAME, metric};
use crate::diff::DiffLine;
use crate::finding::{Category, Confidence, Severity, State};
use crate::report::MetricValues;

const SUPPRESSED_BY: [&str; 3] = ["comment", "configuration", "baseline"];
const COVERAGES: [&str; 3] = ["analysed", "partial", "skipped"];
const STEPS: [&str; 4] = ["added", "upgraded", "downgraded", "removed"];
const STATUSES: [&str; 7] = [
    "added",
    "deleted",
    "modified",
    "renamed",
    "copied",
    "type-changed",
    "unmerged",
];

fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().copied().map(name).collect()
}

/// A whole review. Members may be added within the version.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonReport<'a> {
    /// The name and version of this schema.
    #[schemars(extend("const" = SCHEMA_NAME))]
    pub(super) schema: &'static str,
    /// The version of Assay that made the report.
    pub(super) version: &'a str,
    /// What was reviewed.
    pub(super) overview: JsonOverview<'a>,
    /// What the change is about; absent for a scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) about: Option<JsonAbout<'a>>,
    /// How the review stands to the last one of the same change; absent when nobody
    /// asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since_last: Option<JsonSinceLast>,
    /// The report in numbers.
    pub(super) summary: JsonSummary,
    /// The quality score.
    pub(super) score: JsonScore<'a>,
    /// Whether the review passes.
    pub(super) gate: JsonGate<'a>,
    /// Every finding: introduced and existing, suppressed ones too; worst first.
    pub(super) findings: Vec<JsonFinding<'a>>,
    /// The rules that have findings, sorted by id.
    pub(super) rules: Vec<JsonRule<'a>>,
    /// What happened to every hunk of the change.
    pub(super) ledger: JsonLedger<'a>,
    /// The metrics of the change.
    pub(super) metrics: JsonMetrics<'a>,
    /// What the change does to the packages that the project depends on.
    pub(super) packages: Vec<JsonPackage<'a>>,
    /// What to do first.
    pub(super) recommendations: &'a [String],
    /// What went wrong in the review itself.
    pub(super) problems: Vec<JsonProblem<'a>>,
}

/// What was reviewed.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonOverview<'a> {
    /// What the base is called.
    pub(super) base: &'a str,
    /// What the head is called.
    pub(super) head: &'a str,
    /// Whether a whole tree was read and not a change.
    pub(super) is_scan: bool,
    /// The number of files that differ.
    pub(super) files: usize,
    /// The number of added lines.
    pub(super) lines_added: u64,
    /// The number of removed lines.
    pub(super) lines_removed: u64,
    /// What the reader must know about how the change was found.
    pub(super) notes: &'a [String],
}

/// What a change is about.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonAbout<'a> {
    /// What its files are, the most important first.
    pub(super) parts: Vec<JsonAboutPart>,
    /// From 0 to 100, by the change alone; `assay summary` adds what the past says.
    pub(super) risk: u32,
    /// The word for the risk.
    pub(super) risk_level: &'static str,
    /// Where the risk comes from, most first.
    pub(super) reasons: &'a [String],
    /// The effort of reading it: 1 (a glance) to 5 (split it).
    pub(super) effort: u32,
}

/// The files of one kind.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonAboutPart {
    /// The kind.
    pub(super) kind: &'static str,
    /// How many there are.
    pub(super) files: usize,
    /// The number of added lines.
    pub(super) lines_added: u64,
    /// The number of removed lines.
    pub(super) lines_removed: u64,
}

/// How a review stands to the last one of the same change.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonSinceLast {
    /// Findings that were not said before.
    pub(super) new: usize,
    /// Findings that were said and are still there.
    pub(super) still: usize,
    /// Findings that were said and are gone.
    pub(super) gone: usize,
}

/// The report in numbers.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonSummary {
    /// Findings that count, by severity.
    pub(super) introduced: JsonCounts,
    /// Findings that the base has as well, not suppressed.
    pub(super) existing: usize,
    /// Findings that something silences.
    pub(super) suppressed: usize,
    /// Whether everything that should have been read was read.
    pub(super) complete: bool,
}

/// Numbers of findings by severity.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonCounts {
    pub(super) critical: usize,
    pub(super) high: usize,
    pub(super) medium: usize,
    pub(super) low: usize,
    pub(super) info: usize,
}

/// The quality score.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonScore<'a> {
    /// From 0 to 100.
    pub(super) value: Option<f64>,
    /// A to F.
    pub(super) grade: char,
    /// What was taken off, largest first.
    pub(super) parts: Vec<JsonScorePart<'a>>,
}

/// One thing that lowered the score.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonScorePart<'a> {
    /// The category or metric.
    pub(super) name: &'a str,
    /// The points taken off.
    pub(super) points: Option<f64>,
    /// How many findings took them.
    pub(super) findings: usize,
}

/// Whether the review passes.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonGate<'a> {
    /// Whether every condition holds.
    pub(super) passed: bool,
    /// The conditions in the order of the configuration.
    pub(super) conditions: Vec<JsonCondition<'a>>,
}

/// One condition of the gate.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonCondition<'a> {
    /// What is demanded.
    pub(super) demand: &'a str,
    /// What was found.
    pub(super) actual: &'a str,
    /// Whether it holds.
    pub(super) passed: bool,
}

/// One occurrence of a rule.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonFinding<'a> {
    /// Unique within the report, stable across runs, moves and rebases.
    pub(super) fingerprint: String,
    /// Equal for findings that are the same but for where they stand.
    pub(super) identity: String,
    /// The rule's id.
    pub(super) rule: &'a str,
    /// How bad it is.
    #[schemars(extend("enum" = names(Severity::ALL, Severity::as_str)))]
    pub(super) severity: &'static str,
    /// How sure it is.
    #[schemars(extend("enum" = names(Confidence::ALL, Confidence::as_str)))]
    pub(super) confidence: &'static str,
    /// What it is about.
    #[schemars(extend("enum" = names(Category::ALL, Category::as_str)))]
    pub(super) category: &'static str,
    /// Whether the change brought it in.
    #[schemars(extend("enum" = names(State::ALL, State::as_str)))]
    pub(super) state: &'static str,
    /// Whether the last review of the same change said it: `new` or `still`;
    /// absent when nobody asked, and for what does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) said: Option<&'static str>,
    /// One sentence that says what is wrong here.
    pub(super) message: &'a str,
    /// The qualified name of the function or class around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) symbol: Option<&'a str>,
    /// Where it is.
    pub(super) location: JsonLocation,
    /// The path or the other places that prove it, in order.
    pub(super) related: Vec<JsonRelated<'a>>,
    /// The other tools that said it; absent when none did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<JsonTool<'a>>,
    /// The number it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) measure: Option<JsonMeasure<'a>>,
    /// By what it is silenced; absent when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) suppressed: Option<JsonSuppressed<'a>>,
    /// How it can be mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<JsonFix<'a>>,
    /// The lines of code around it; a gap in the numbers is a cut.
    pub(super) frame: Vec<JsonFrameLine<'a>>,
}

/// A tool that said a finding.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonTool<'a> {
    /// The tool.
    pub(super) tool: &'a str,
    /// The rule as the tool names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<&'a str>,
    /// A page about the rule, or the remark itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<&'a str>,
}

/// A place in a file of the head.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonLocation {
    /// The path for people: quoted with C escapes when it is not printable.
    pub(super) path: String,
    /// The path as a relative URI reference: exact for every path.
    pub(super) uri: String,
    /// Where it starts.
    pub(super) start: JsonPosition,
    /// The position after the last character.
    pub(super) end: JsonPosition,
    /// The bytes in the text as UTF-8.
    pub(super) span: JsonSpan,
}

/// A line and a column, both from 1; the column counts Unicode scalar values.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonPosition {
    #[schemars(range(min = 1))]
    pub(super) line: u32,
    #[schemars(range(min = 1))]
    pub(super) column: u32,
}

/// A half-open range of bytes.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonSpan {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A further place that belongs to a finding.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonRelated<'a> {
    /// The place.
    pub(super) location: JsonLocation,
    /// What is there.
    pub(super) message: &'a str,
    /// The code there, when it was kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) frame: Vec<JsonFrameLine<'a>>,
}

/// A number that a finding is about. A number that is not finite is null.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonMeasure<'a> {
    /// The metric's name.
    pub(super) metric: &'a str,
    /// The value in the head.
    pub(super) value: Option<f64>,
    /// The value that must not be exceeded.
    pub(super) threshold: Option<f64>,
    /// The value in the base, when the thing was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<f64>,
}

/// By what a finding is silenced.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonSuppressed<'a> {
    /// What silences it.
    #[schemars(extend("enum" = SUPPRESSED_BY))]
    pub(super) by: &'static str,
    /// The reason given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
    /// The last day on which it is silenced, as `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date"))]
    pub(super) until: Option<String>,
}

/// A way to mend a finding in its own file.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonFix<'a> {
    /// What it does.
    pub(super) title: &'a str,
    /// Whether it may be applied without being read.
    #[schemars(extend("enum" = ["safe", "unsafe"]))]
    pub(super) safety: &'static str,
    /// The edits, sorted, without overlap.
    pub(super) edits: Vec<JsonEdit<'a>>,
}

/// Replaces the text of a span.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonEdit<'a> {
    /// The bytes that are replaced in the text as UTF-8.
    pub(super) span: JsonSpan,
    /// Where the span starts, when its line was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<JsonPosition>,
    /// The position after its last character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<JsonPosition>,
    /// The new text.
    pub(super) text: &'a str,
}

/// One line of code.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonFrameLine<'a> {
    /// The line number, from 1.
    pub(super) number: u32,
    /// The text without its line end, cut at a limit.
    pub(super) text: &'a str,
    /// Whether the change added or altered the line.
    pub(super) changed: bool,
}

/// The texts about a rule.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonRule<'a> {
    /// The id, `pack/name`.
    pub(super) id: &'a str,
    /// A few words that name the bad thing.
    pub(super) title: &'a str,
    /// What the rule finds.
    pub(super) summary: &'a str,
    /// Why it matters and what to do, as Markdown.
    pub(super) description: &'a str,
    /// How bad a finding is by default.
    #[schemars(extend("enum" = names(Severity::ALL, Severity::as_str)))]
    pub(super) severity: &'static str,
    /// How sure a finding is by default.
    #[schemars(extend("enum" = names(Confidence::ALL, Confidence::as_str)))]
    pub(super) confidence: &'static str,
    /// What the rule is about.
    #[schemars(extend("enum" = names(Category::ALL, Category::as_str)))]
    pub(super) category: &'static str,
    /// Common Weakness Enumeration numbers.
    pub(super) cwe: &'a [u32],
    /// Further words to select the rule by.
    pub(super) tags: &'a [String],
}

/// What happened to every hunk of the change.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonLedger<'a> {
    /// Whether everything that should have been read was read.
    pub(super) complete: bool,
    /// The number of hunks.
    pub(super) hunks: usize,
    /// One entry a file, in the order of the change.
    pub(super) files: Vec<JsonFile<'a>>,
}

/// One file of the change.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonFile<'a> {
    /// The path for people.
    pub(super) path: String,
    /// The path as a relative URI reference.
    pub(super) uri: String,
    /// The URI of the path in the base when it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) base_uri: Option<String>,
    /// What the change did.
    #[schemars(extend("enum" = STATUSES))]
    pub(super) status: &'static str,
    /// The language it was read as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<&'static str>,
    /// What happened to the file as a whole.
    #[serde(flatten)]
    pub(super) coverage: JsonCoverage<'a>,
    /// The changed runs of lines.
    pub(super) hunks: Vec<JsonHunk<'a>>,
    /// What else the reader must know.
    pub(super) notes: &'a [String],
    /// The changed lines with some around them, when they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) diff: Vec<JsonDiffPart<'a>>,
    /// Whether lines of the difference are missing: there were more than the limit.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) diff_cut: bool,
}

/// Lines of a difference that stand together.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonDiffPart<'a> {
    /// The number of the first line in the base.
    pub(super) base: u32,
    /// The number of the first line in the head.
    pub(super) head: u32,
    /// Each line, after a sign: a space for one that both versions have, `-` for one that was
    /// removed, `+` for one that was added.
    pub(super) lines: Vec<JsonDiffLine<'a>>,
}

/// A line of a difference.
#[derive(JsonSchema)]
#[schemars(with = "String")]
pub(super) struct JsonDiffLine<'a>(pub(super) &'a DiffLine);

impl Serialize for JsonDiffLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}{}", self.0.side.sign(), self.0.text))
    }
}

/// What happened to a hunk or a file.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonCoverage<'a> {
    /// Whether it was read.
    #[schemars(extend("enum" = COVERAGES))]
    pub(super) coverage: &'static str,
    /// What read it.
    pub(super) analyzers: &'a [&'static str],
    /// The word for why it was skipped, such as `binary` or `budget`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    /// Why it was not read, or not wholly, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<String>,
}

/// One hunk of a file.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonHunk<'a> {
    /// The lines removed from the base.
    pub(super) base: JsonLines,
    /// The lines added in the head.
    pub(super) head: JsonLines,
    #[serde(flatten)]
    pub(super) coverage: JsonCoverage<'a>,
}

/// A run of lines; an empty run stands before its first line.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonLines {
    /// The first line, from 1.
    pub(super) start: u32,
    /// The number of lines.
    pub(super) count: u32,
}

/// The metrics of the change.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonMetrics<'a> {
    /// The sums over the files of the change.
    pub(super) change: Vec<JsonMetric>,
    /// One entry a file that has a language.
    pub(super) files: Vec<JsonFileMetrics<'a>>,
}

/// A metric in the base and in the head; absent where the thing is not.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonMetric {
    /// The metric's name.
    pub(super) metric: &'static str,
    /// The value in the base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<f64>,
    /// The value in the head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<f64>,
}

/// The metrics of one file.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonFileMetrics<'a> {
    /// The path for people.
    pub(super) path: String,
    /// The path as a relative URI reference.
    pub(super) uri: String,
    /// The language.
    pub(super) language: &'static str,
    /// The values of the file as a whole.
    pub(super) metrics: Vec<JsonMetric>,
    /// The functions that the change touches.
    pub(super) functions: Vec<JsonFunctionMetrics<'a>>,
}

/// The metrics of one function.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonFunctionMetrics<'a> {
    /// The qualified name.
    pub(super) name: &'a str,
    /// The first line in the head, or in the base when it is gone.
    pub(super) line: u32,
    /// The values.
    #[serde(serialize_with = "metric_values")]
    #[schemars(with = "Vec<JsonMetric>")]
    pub(super) metrics: &'a MetricValues,
}

/// Writes values one by one: a scan has them for each function of a repository.
fn metric_values<S: Serializer>(values: &&MetricValues, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|delta| metric(&delta)))
}

/// Something that went wrong in the review itself.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonProblem<'a> {
    /// What failed.
    pub(super) what: &'a str,
    /// The path of the file, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    /// The same as a relative URI reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri: Option<String>,
    /// What happened, and what to do.
    pub(super) message: &'a str,
}

/// A package that the change adds, removes or gives another version.
#[derive(Serialize, JsonSchema)]
pub(super) struct JsonPackage<'a> {
    /// The path of the file that names it, for people.
    pub(super) path: String,
    /// The ecosystem, such as `npm`.
    pub(super) ecosystem: &'a str,
    /// The name.
    pub(super) name: &'a str,
    /// What happened to it.
    #[schemars(extend("enum" = STEPS))]
    pub(super) step: &'a str,
    /// The versions in the base that the head does not have.
    pub(super) before: &'a [String],
    /// The versions in the head that the base does not have.
    pub(super) after: &'a [String],
    /// Whether the project itself asks for it.
    pub(super) direct: bool,
}
