//! What a review said, kept so that the next one of the same change says only
//! what is new (guarantee G4).
//!
//! The record holds rules and identities of the findings that counted, and no
//! code. A finding was said when the record has its identity, or its alias, with
//! no lesser severity; each entry answers for one finding, so a second copy is
//! new. What was mended and came back is new as well: only the last review counts.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use serde::Deserialize;

use crate::finding::{Finding, Severity};
use crate::fingerprint::{Fingerprint, Identity};
use crate::report::{Report, SinceLast};

/// The largest record that is read.
pub const SAID_BYTES_MAX: usize = 16 << 20;

const SCHEMA_NAME: &str = "assay.said/1";

/// The findings that a review said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    rule: String,
    identity: Identity,
    alias: Option<Identity>,
    severity: Severity,
}

#[derive(Deserialize)]
struct File {
    schema: String,
    findings: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    rule: String,
    identity: String,
    alias: Option<String>,
    severity: String,
}

impl Said {
    /// Takes what a report says.
    pub fn of(report: &Report) -> Self {
        let mut entries: Vec<Entry> = report
            .introduced()
            .map(|finding| Entry {
                rule: finding.rule.as_str().to_owned(),
                identity: finding.identity,
                alias: finding.alias,
                severity: finding.severity,
            })
            .collect();
        entries.sort_unstable();
        Self { entries }
    }

    /// Returns how many findings it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Tells which findings of a later report were said, and how many of those
    /// that were said are gone.
    pub fn compare(&self, report: &Report) -> SinceLast {
        let mut taken = vec![false; self.entries.len()];
        let mut still: BTreeSet<Fingerprint> = BTreeSet::new();
        type Key<T> = fn(&T) -> Option<Identity>;
        let keys: [Key<Finding>; 2] = [|finding| Some(finding.identity), |finding| finding.alias];
        let known: [Key<Entry>; 2] = [|entry| Some(entry.identity), |entry| entry.alias];
        for (key, known) in keys.into_iter().zip(known) {
            let mut free: HashMap<Identity, Vec<usize>> = HashMap::new();
            for (at, entry) in self.entries.iter().enumerate().rev() {
                if let (false, Some(identity)) = (taken[at], known(entry)) {
                    free.entry(identity).or_default().push(at);
                }
            }
            for finding in report.introduced() {
                if still.contains(&finding.fingerprint) {
                    continue;
                }
                let Some(candidates) = key(finding).and_then(|key| free.get_mut(&key)) else {
                    continue;
                };
                let fits = |&at: &usize| {
                    let entry = &self.entries[at];
                    entry.rule == finding.rule.as_str() && finding.severity <= entry.severity
                };
                if let Some(position) = candidates.iter().rposition(fits) {
                    taken[candidates.remove(position)] = true;
                    still.insert(finding.fingerprint);
                }
            }
        }
        SinceLast {
            gone: taken.iter().filter(|taken| !**taken).count(),
            still,
        }
    }

    /// Reads the form that [`Said::to_json`] writes; none for anything else.
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > SAID_BYTES_MAX {
            return None;
        }
        let file: File = serde_json::from_slice(bytes).ok()?;
        let entry = |line: Line| {
            Some(Entry {
                rule: line.rule,
                identity: Identity::from_hex(&line.identity)?,
                alias: match line.alias {
                    Some(alias) => Some(Identity::from_hex(&alias)?),
                    None => None,
                },
                severity: Severity::from_name(&line.severity)?,
            })
        };
        let entries: Option<Vec<Entry>> = file.findings.into_iter().map(entry).collect();
        let entries = entries.filter(|_| file.schema == SCHEMA_NAME)?;
        Some(Self { entries })
    }

    /// Writes it as JSON, one finding a line.
    pub fn to_json(&self) -> String {
        let mut out = format!("{{\n  \"schema\": \"{SCHEMA_NAME}\",\n  \"findings\": [");
        for (at, entry) in self.entries.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let alias = match entry.alias {
                Some(alias) => format!(", \"alias\": \"{alias}\""),
                None => String::new(),
            };
            let rule = serde_json::Value::from(entry.rule.as_str());
            let _ = write!(
                out,
                "{comma}\n    {{\"rule\": {rule}, \"identity\": \"{}\"{alias}, \"severity\": \"{}\"}}",
                entry.identity, entry.severity
            );
        }
        out.push_str("\n  ]\n}\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Said};
    use crate::finding::Severity;
    use crate::fingerprint::IdentityHasher;

    #[test]
    fn a_record_comes_back_and_anything_else_does_not() {
        let identity = |text: &str| IdentityHasher::new("x").part(text).finish();
        let entry = |text: &str, alias| Entry {
            rule: format!("pack/{text}"),
            identity: identity(text),
            alias,
            severity: Severity::High,
        };
        let said = Said {
            entries: vec![entry("a", None), entry("b", Some(identity("c")))],
        };
        let json = said.to_json();
        assert_eq!(Said::from_json(json.as_bytes()), Some(said));
        for damaged in [
            String::new(),
            json.replace("assay.said/1", "assay.said/2"),
            json.replace("high", "higher"),
            json[..json.len() / 2].to_owned(),
        ] {
            assert_eq!(Said::from_json(damaged.as_bytes()), None, "{damaged}");
        }
    }
}
