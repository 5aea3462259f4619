//! The baseline: findings that a project has accepted, kept in a file of the
//! repository.
//!
//! The file holds identities and no code. Its lines are sorted and one finding
//! takes one line, so that changes to it merge and read well:
//!
//! ```json
//! {
//!   "schema": "assay.baseline/1",
//!   "findings": [
//!     {"path": "src/a.rs", "rule": "complexity/cyclomatic", "identity": "00..ff"},
//!     {"path": "src/a.rs", "rule": "complexity/cyclomatic", "identity": "11..ff", "count": 2}
//!   ]
//! }
//! ```

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use assay_source::RepoPath;
use serde::Deserialize;

use crate::finding::Finding;
use crate::fingerprint::Identity;
use crate::rule::RuleId;
use crate::suppression::{Suppressed, SuppressedBy};

/// The usual name of the file, at the root of the repository.
pub const BASELINE_FILE_NAME: &str = "assay-baseline.json";
/// The largest file that is read.
pub const BASELINE_BYTES_MAX: usize = 64 << 20;

const SCHEMA_NAME: &str = "assay.baseline/1";
const SCHEMA_PREFIX: &str = "assay.baseline/";

/// Why a baseline cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// The file is over the limit.
    #[error("the file has {bytes} bytes, more than the limit of {BASELINE_BYTES_MAX}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Not JSON, or not of the expected form.
    #[error("not a baseline: {0}")]
    Malformed(String),
    /// Made by a version of Assay with another form.
    #[error(
        "the baseline has the form `{0}` and this version of Assay reads `{SCHEMA_NAME}`; \
         write it again with `assay baseline` or use the version that wrote it"
    )]
    UnknownVersion(String),
}

/// One line of a baseline: a finding, or several that are equal but for where
/// they stand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaselineEntry {
    /// The file.
    pub path: RepoPath,
    /// The rule.
    pub rule: RuleId,
    /// What makes it the same finding when it is found again.
    pub identity: Identity,
    /// How many there are.
    pub count: usize,
}

/// The accepted findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: Vec<BaselineEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "schema")]
    _schema: String,
    findings: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    path: String,
    rule: String,
    identity: String,
    #[serde(default = "one")]
    count: usize,
}

fn one() -> usize {
    1
}

impl Baseline {
    /// Makes a baseline of the findings that nothing but a baseline silences.
    pub fn of(findings: &[Finding]) -> Self {
        let accepted = |finding: &&Finding| {
            let by = finding.suppressed.as_ref().map(|suppressed| suppressed.by);
            matches!(by, None | Some(SuppressedBy::Baseline))
        };
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        for finding in findings.iter().filter(accepted) {
            let key = (&finding.location.path, &finding.rule, finding.identity);
            *counts.entry(key).or_default() += 1;
        }
        let entry = |((path, rule, identity), count): ((&RepoPath, &RuleId, Identity), usize)| {
            BaselineEntry {
                path: path.clone(),
                rule: rule.clone(),
                identity,
                count,
            }
        };
        Self {
            entries: counts.into_iter().map(entry).collect(),
        }
    }

    /// Returns the entries, sorted by path, rule and identity.
    pub fn entries(&self) -> &[BaselineEntry] {
        &self.entries
    }

    /// Returns the number of findings.
    pub fn finding_count(&self) -> usize {
        self.entries.iter().map(|entry| entry.count).sum()
    }

    /// Reads the form that [`Baseline::to_json`] writes.
    ///
    /// # Errors
    ///
    /// See [`BaselineError`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, BaselineError> {
        if bytes.len() > BASELINE_BYTES_MAX {
            return Err(BaselineError::TooLarge { bytes: bytes.len() });
        }
        let malformed = |error: serde_json::Error| BaselineError::Malformed(error.to_string());
        // The version is looked at first: a later form may differ in anything
        // else.
        let schema = serde_json::from_slice::<SchemaOnly>(bytes)
            .map_err(malformed)?
            .schema;
        if schema != SCHEMA_NAME {
            return Err(if schema.starts_with(SCHEMA_PREFIX) {
                BaselineError::UnknownVersion(schema.chars().take(60).collect())
            } else {
                BaselineError::Malformed(format!("`schema` is not `{SCHEMA_NAME}`"))
            });
        }
        let file: File = serde_json::from_slice(bytes).map_err(malformed)?;
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        for line in file.findings {
            let identity = Identity::from_hex(&line.identity).ok_or_else(|| {
                let identity: String = line.identity.chars().take(60).collect();
                BaselineError::Malformed(format!("`{identity}` is not an identity"))
            })?;
            let path = from_uri(&line.path).ok_or_else(|| {
                let path: String = line.path.chars().take(60).collect();
                BaselineError::Malformed(format!("`{path}` is not a path"))
            })?;
            let count = counts
                .entry((path, RuleId::new(&line.rule), identity))
                .or_default();
            *count = count.saturating_add(line.count);
        }
        let entry = |((path, rule, identity), count)| BaselineEntry {
            path,
            rule,
            identity,
            count,
        };
        Ok(Self {
            entries: counts.into_iter().map(entry).collect(),
        })
    }

    /// Returns the file's text: sorted, one entry a line.
    pub fn to_json(&self) -> String {
        let mut out = format!("{{\n  \"schema\": \"{SCHEMA_NAME}\",\n  \"findings\": [");
        for (index, entry) in self.entries.iter().enumerate() {
            let rule = serde_json::Value::from(entry.rule.as_str());
            let _ = write!(
                out,
                "{}\n    {{\"path\": \"{}\", \"rule\": {rule}, \"identity\": \"{}\"",
                if index == 0 { "" } else { "," },
                entry.path.to_uri(),
                entry.identity,
            );
            if entry.count != 1 {
                let _ = write!(out, ", \"count\": {}", entry.count);
            }
            out.push('}');
        }
        out.push_str(if self.entries.is_empty() {
            "]\n}\n"
        } else {
            "\n  ]\n}\n"
        });
        out
    }

    /// Returns the baseline without what [`Baseline::apply`] found to be gone.
    #[must_use]
    pub fn without(&self, gone: &[BaselineEntry]) -> Self {
        let is_same = |a: &BaselineEntry, b: &BaselineEntry| {
            a.identity == b.identity && a.path == b.path && a.rule == b.rule
        };
        let left = |entry: &BaselineEntry| {
            let gone = gone
                .iter()
                .find(|gone| is_same(gone, entry))
                .map_or(0, |gone| gone.count);
            let count = entry.count.saturating_sub(gone);
            (count > 0).then(|| BaselineEntry {
                count,
                ..entry.clone()
            })
        };
        Self {
            entries: self.entries.iter().filter_map(left).collect(),
        }
    }

    /// Silences the findings that the baseline holds and returns what it holds
    /// beyond them: findings that are gone, which may be taken out.
    ///
    /// Each entry silences as many findings as it counts, those in its own file
    /// first, then those that moved to another one, then those whose function
    /// got another name. A finding that something else silences stays so and
    /// uses up its entry.
    pub fn apply(&self, findings: &mut [Finding]) -> Vec<BaselineEntry> {
        let mut left: Vec<usize> = self.entries.iter().map(|entry| entry.count).collect();
        let mut by_identity: HashMap<Identity, Vec<usize>> = HashMap::new();
        for (index, entry) in self.entries.iter().enumerate() {
            by_identity.entry(entry.identity).or_default().push(index);
        }
        let mut is_matched = vec![false; findings.len()];
        let mut pass = |identity: &dyn Fn(&Finding) -> Option<Identity>, same_path: bool| {
            for (finding, is_matched) in findings.iter_mut().zip(&mut is_matched) {
                if *is_matched {
                    continue;
                }
                let entries = identity(finding).and_then(|identity| by_identity.get(&identity));
                let entry = entries.into_iter().flatten().copied().find(|&index| {
                    let entry = &self.entries[index];
                    left[index] > 0
                        && entry.rule == finding.rule
                        && (!same_path || entry.path == finding.location.path)
                });
                let Some(entry) = entry else { continue };
                left[entry] -= 1;
                *is_matched = true;
                finding.suppressed.get_or_insert(Suppressed {
                    by: SuppressedBy::Baseline,
                    reason: None,
                    until: None,
                });
            }
        };
        pass(&|finding| Some(finding.identity), true);
        pass(&|finding| Some(finding.identity), false);
        pass(&|finding| finding.alias, false);
        let rest = |(entry, count): (&BaselineEntry, usize)| {
            (count > 0).then(|| BaselineEntry {
                count,
                ..entry.clone()
            })
        };
        self.entries.iter().zip(left).filter_map(rest).collect()
    }
}

#[derive(Deserialize)]
struct SchemaOnly {
    schema: String,
}

/// Reads a relative URI reference as [`RepoPath::to_uri`] writes it.
pub(crate) fn from_uri(uri: &str) -> Option<RepoPath> {
    let mut bytes = Vec::with_capacity(uri.len());
    let mut rest = uri.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    (!bytes.is_empty() && !bytes.contains(&0)).then(|| RepoPath::from_bytes(bytes))
}
