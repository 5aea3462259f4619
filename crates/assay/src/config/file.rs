//! `assay.toml` as it is written. Each doc comment is the setting's reference:
//! the JSON schema, `assay init` and the documentation are made of them.

use std::collections::BTreeMap;
use std::fmt::Display;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Configuration of Assay. In a review it is read from the base revision, so a
/// change cannot alter the rules it is judged by.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[schemars(title = "assay.toml")]
pub(crate) struct ConfigFile {
    /// What is read.
    pub(crate) files: Files,
    /// Rules: an id (`complexity/cognitive`) or a pack (`smell/*`), and what to
    /// do with it: `"off"`, `"on"`, a severity, or a table with `severity` and
    /// the rule's own options. `assay rules` lists them.
    pub(crate) rules: BTreeMap<String, RuleEntry>,
    /// When a review fails.
    pub(crate) gate: GateTable,
    /// What is reported.
    pub(crate) report: ReportTable,
    /// Other settings for some paths. Of several that match, the later goes
    /// before the earlier.
    #[serde(rename = "override")]
    pub(crate) overrides: Vec<OverrideTable>,
    /// Findings to silence.
    pub(crate) suppress: Vec<SuppressTable>,
    /// Other tools that look at the code while Assay does. They run with `--tools`
    /// only.
    pub(crate) tools: Vec<ToolTable>,
    /// The packages that the project depends on.
    pub(crate) dependencies: DependenciesTable,
    /// How much is read and reported at most.
    pub(crate) limits: LimitsTable,
}

/// What is read.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct Files {
    /// Paths that are not read, as globs from the folder of assay.toml
    /// (`docs/**`, `**/*.fixture.js`). They stay in the coverage ledger.
    pub(crate) exclude: Vec<String>,
    /// Read generated and minified files as well.
    pub(crate) generated: bool,
    /// Read vendored files as well.
    pub(crate) vendored: bool,
    /// The language of files that are not recognised, by glob:
    /// `"**/*.inc" = "php"`.
    pub(crate) languages: BTreeMap<String, String>,
}

/// What to do with a rule.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RuleEntry {
    /// `on`, `off`, or a severity.
    Word(RuleWord),
    /// A severity and the rule's options.
    Table(BTreeMap<String, RuleValue>),
}

/// `on`, `off`, or the severity of the rule's findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RuleWord {
    /// Run the rule with its own severity.
    On,
    /// Do not run it.
    Off,
    /// Run it; its findings are information.
    Info,
    /// Run it; its findings are of low severity.
    Low,
    /// Run it; its findings are of medium severity.
    Medium,
    /// Run it; its findings are of high severity.
    High,
    /// Run it; its findings are critical.
    Critical,
}

/// A value in a rule's table: a number for an option, a word for `severity`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RuleValue {
    /// The value of an option.
    Number(i64),
    /// The severity, or `on` or `off`.
    Word(RuleWord),
    /// Under the key `languages`: other values for single languages.
    Languages(BTreeMap<String, BTreeMap<String, RuleValue>>),
}

/// What is reported.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct ReportTable {
    /// Findings less sure than this are held back: counted, shown with `--all`,
    /// and not looked at by the gate. Default: `medium`.
    pub(crate) confidence: Option<ConfidenceWord>,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ConfidenceWord {
    /// A hint: a person must look.
    Low,
    /// Likely.
    Medium,
    /// Certain by the rule's definition.
    High,
}

/// When a review fails. What is not set is not demanded, but for `severity`
/// and `complete`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct GateTable {
    /// Fail at a new finding of this severity or worse; `never` to not look at
    /// severities. Default: `high`.
    pub(crate) severity: GateSeverity,
    /// The same for single categories, which goes before `severity`:
    /// `security = "medium"`, `complexity = "never"`.
    pub(crate) category: BTreeMap<CategoryWord, GateSeverity>,
    /// Fail below this score (0 to 100).
    #[serde(deserialize_with = "percent")]
    #[schemars(range(min = 0, max = 100))]
    pub(crate) score: Option<f64>,
    /// Fail above this many new findings.
    pub(crate) findings: Option<usize>,
    /// Fail when tests cover less than this share of the new lines, in percent.
    /// Needs `--coverage FILE`.
    #[serde(deserialize_with = "percent")]
    #[schemars(range(min = 0, max = 100))]
    pub(crate) coverage: Option<f64>,
    /// Fail when something that should have been read could not be. Default:
    /// true.
    pub(crate) complete: bool,
}

impl Default for GateTable {
    fn default() -> Self {
        Self {
            severity: GateSeverity::High,
            category: BTreeMap::new(),
            score: None,
            findings: None,
            coverage: None,
            complete: true,
        }
    }
}

/// A severity, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GateSeverity {
    /// Do not fail by severity.
    Never,
    /// Fail at every finding.
    Info,
    /// Fail at low or worse.
    Low,
    /// Fail at medium or worse.
    Medium,
    /// Fail at high or worse.
    High,
    /// Fail at critical findings.
    Critical,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CategoryWord {
    Correctness,
    Security,
    Performance,
    Complexity,
    Duplication,
    Maintainability,
    Test,
    Documentation,
    Dependency,
    Review,
}

/// Other rule settings for some paths.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct OverrideTable {
    /// The paths, as globs from the folder of assay.toml.
    pub(crate) paths: Vec<String>,
    /// The rules, as in `[rules]`.
    #[serde(default)]
    pub(crate) rules: BTreeMap<String, RuleEntry>,
}

/// Findings to silence.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SuppressTable {
    /// The rule: an id, a pack (`smell/*`) or `*`.
    pub(crate) rule: String,
    /// The paths, as globs; none means all.
    #[serde(default)]
    pub(crate) paths: Vec<String>,
    /// Why. It is shown in the report.
    pub(crate) reason: String,
    /// The last day on which it holds, as `2027-01-31`.
    #[serde(default)]
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub(crate) until: Option<String>,
}

/// Another tool. It runs in the root of the repository, without a shell, and only when
/// `--tools` says so; a server never runs it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ToolTable {
    /// What it is called in the report.
    pub(crate) name: String,
    /// The program and its arguments. An argument `{files}` becomes the files of the
    /// change that it is for.
    pub(crate) command: Vec<String>,
    /// How its output is read: sarif, rdjson, rdjsonl, checkstyle, eslint, ruff,
    /// clippy, golangci, tsc or typescript-check.
    pub(crate) format: String,
    /// It runs when the change has files of these languages. Default: of any.
    #[serde(default)]
    pub(crate) languages: Vec<String>,
    /// It runs when the change has files at these paths, as globs from the folder of
    /// assay.toml. Default: at any.
    #[serde(default)]
    pub(crate) paths: Vec<String>,
    /// It is ended after so many seconds. Default: 120.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3600))]
    pub(crate) timeout_seconds: Option<u64>,
    /// Each of its processes may have so many megabytes of memory. Default: 2048.
    #[serde(default)]
    #[schemars(range(min = 16, max = 65536))]
    pub(crate) memory_mb: Option<u64>,
    /// It may write so many megabytes. Default: 32.
    #[serde(default)]
    #[schemars(range(min = 1, max = 32))]
    pub(crate) output_mb: Option<u64>,
    /// Exit statuses by which it says that it did its work. Default: 0 and 1.
    #[serde(default)]
    pub(crate) exit_codes: Option<Vec<i32>>,
    /// Further variables of the environment that it may see.
    #[serde(default)]
    pub(crate) environment: Vec<String>,
}

/// The packages that the project depends on.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct DependenciesTable {
    /// Which licences are accepted. An entry is an SPDX identifier (`MIT`;
    /// `GPL-2.0` means its `-only` and `-or-later` forms), a family (`GPL-*`), or
    /// another name as packages write it.
    pub(crate) licences: LicencesTable,
}

/// Which licences are accepted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct LicencesTable {
    /// If any are named, no others are accepted. Default: all are.
    pub(crate) allow: Vec<String>,
    /// These are never accepted. Default: none.
    pub(crate) deny: Vec<String>,
}

/// How much is read and reported at most. What is over a limit is in the
/// coverage ledger.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct LimitsTable {
    /// Bytes of one file. Default: 2097152.
    #[serde(deserialize_with = "file_bytes")]
    #[schemars(range(min = 1024))]
    pub(crate) file_bytes: Option<u64>,
    /// Files of one review. Default: 100000.
    #[serde(deserialize_with = "files")]
    #[schemars(range(min = 1))]
    pub(crate) files: Option<usize>,
}

fn percent<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    let value = f64::deserialize(from)?;
    if (0.0..=100.0).contains(&value) {
        return Ok(Some(value));
    }
    Err(D::Error::custom(format!("{value} is not from 0 to 100")))
}

fn file_bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    at_least(from, 1024)
}

fn files<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    at_least(from, 1)
}

fn at_least<'de, D, N>(from: D, least: N) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: Deserialize<'de> + PartialOrd + Display,
{
    let value = N::deserialize(from)?;
    if value >= least {
        return Ok(Some(value));
    }
    Err(D::Error::custom(format!(
        "{value} is too small; it must be at least {least}"
    )))
}
