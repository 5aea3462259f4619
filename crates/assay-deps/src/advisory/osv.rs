//! Reads advisories in the OSV format (schema 1.x, <https://ossf.github.io/osv-schema>).
//!
//! What the schema allows and Assay has no use for is passed over; a part that has
//! another type than the schema gives it is taken for missing when it only
//! describes, and makes the document an error when it decides what is affected.

use serde::Deserialize;
use serde_json::Value;

use super::{Advisory, AdvisoryKind, Event};
use crate::cvss::Rating;
use crate::package::Ecosystem;

/// A document with more bytes is refused.
pub const ADVISORY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Packages, ranges of one package, events of one range, versions of one package.
const AFFECTED_MAX: usize = 20_000;
const RANGES_MAX: usize = 2_000;
const EVENTS_MAX: usize = 10_000;
const VERSIONS_MAX: usize = 100_000;
/// Identifiers and vectors.
const LIST_MAX: usize = 200;
/// Identifiers, names and versions are at most this long, in bytes.
const TEXT_BYTES_MAX: usize = 1_024;
const SUMMARY_CHARS_MAX: usize = 200;

/// A published document, with what it says about each package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsvDocument {
    /// The identifier.
    pub id: String,
    /// The same thing's identifiers elsewhere.
    pub aliases: Vec<String>,
    /// When it was last changed, as RFC 3339 text.
    pub modified: String,
    /// Whether it was taken back: then it says nothing about any package.
    pub withdrawn: bool,
    /// CVSS vectors for all packages.
    pub vectors: Vec<String>,
    /// The rating in a word, where it has one.
    pub rating: Rating,
    /// What it says about each package.
    pub packages: Vec<PackageAdvisory>,
}

/// What a document says about one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageAdvisory {
    /// The ecosystem as OSV names it, without a release.
    pub ecosystem: String,
    /// The name in its normal form.
    pub name: String,
    /// What is known against it.
    pub advisory: Advisory,
}

/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
pub enum OsvError {
    /// It is no JSON, or not of the schema.
    #[error("it is no OSV document")]
    Schema(#[source] serde_json::Error),
    /// It is over a limit.
    #[error("it has more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// It lacks an identifier.
    #[error("it has no identifier")]
    NoId,
}

/// Reads a document.
///
/// # Errors
///
/// When it is no OSV document, or over a limit.
pub fn read_osv(bytes: &[u8]) -> Result<OsvDocument, OsvError> {
    at_most("bytes", bytes.len(), ADVISORY_BYTES_MAX)?;
    let raw: RawDocument = serde_json::from_slice(bytes).map_err(OsvError::Schema)?;
    if raw.id.is_empty() || raw.id.len() > TEXT_BYTES_MAX {
        return Err(OsvError::NoId);
    }
    let affected = raw.affected.unwrap_or_default();
    at_most("affected packages", affected.len(), AFFECTED_MAX)?;
    let withdrawn = raw.withdrawn.is_some_and(|when| !when.is_null());
    let (vectors, rating) = severities(raw.severity.unwrap_or_default(), &raw.database_specific);
    let mut document = OsvDocument {
        id: raw.id,
        aliases: short_list(raw.aliases.unwrap_or_default()),
        // Go's own repository keeps a placeholder here.
        modified: raw
            .modified
            .filter(|modified| !modified.starts_with("0001-"))
            .map(clip)
            .unwrap_or_default(),
        withdrawn,
        vectors,
        rating,
        packages: Vec::new(),
    };
    if withdrawn {
        return Ok(document);
    }
    let details = raw.details.unwrap_or_default();
    let summary = one_line(raw.summary.as_deref().unwrap_or(""), &details);
    let about = About {
        disputed: is_disputed(&summary, &details, &raw.database_specific),
        malicious: is_malicious(&document.id, &raw.database_specific),
        summary,
    };
    for one in affected {
        if let Some(found) = package(one, &document, &about)? {
            document.packages.push(found);
        }
    }
    Ok(document)
}

/// What holds for all packages of a document.
struct About {
    summary: String,
    disputed: bool,
    malicious: bool,
}

fn package(
    raw: RawAffected,
    document: &OsvDocument,
    about: &About,
) -> Result<Option<PackageAdvisory>, OsvError> {
    let Some(package) = raw.package else {
        // Only a repository with commits is named.
        return Ok(None);
    };
    if package.name.is_empty() || package.name.len() > TEXT_BYTES_MAX {
        return Ok(None);
    }
    let ranges = ranges(raw.ranges.unwrap_or_default())?;
    let versions = raw.versions.unwrap_or_default();
    at_most("affected versions", versions.len(), VERSIONS_MAX)?;
    if ranges.is_empty() && versions.is_empty() {
        return Ok(None);
    }
    let kind = match informational(&raw.database_specific) {
        Some("unsound") => AdvisoryKind::Unsound,
        Some("unmaintained") => AdvisoryKind::Unmaintained,
        Some(_) => AdvisoryKind::Notice,
        None if about.malicious => AdvisoryKind::Malicious,
        None => AdvisoryKind::Vulnerable,
    };
    let own = raw.severity.unwrap_or_default();
    let (vectors, rating) = match severities(own, &raw.database_specific) {
        (vectors, Rating::Unknown) if vectors.is_empty() => {
            (document.vectors.clone(), document.rating)
        }
        own => own,
    };
    let (base, release) = match package.ecosystem.split_once(':') {
        Some((base, release)) => (base.to_owned(), Some(release.to_owned())),
        None => (package.ecosystem.clone(), None),
    };
    let name = match Ecosystem::from_osv(&base) {
        Some(ecosystem) => ecosystem.normal_name(&package.name),
        None => package.name,
    };
    Ok(Some(PackageAdvisory {
        ecosystem: base,
        name,
        advisory: Advisory {
            id: document.id.clone(),
            aliases: document.aliases.clone(),
            modified: document.modified.clone(),
            summary: about.summary.clone(),
            kind,
            disputed: about.disputed,
            vectors,
            rating,
            alias_vectors: Vec::new(),
            alias_rating: Rating::Unknown,
            release,
            ranges,
            versions,
        },
    }))
}

/// Commits are no versions, so ranges of them are left out.
fn ranges(raw: Vec<RawRange>) -> Result<Vec<Vec<Event>>, OsvError> {
    at_most("ranges", raw.len(), RANGES_MAX)?;
    let mut ranges = Vec::new();
    for range in raw {
        if range.kind == "GIT" {
            continue;
        }
        at_most("events", range.events.len(), EVENTS_MAX)?;
        let mut events = Vec::with_capacity(range.events.len());
        for raw in range.events {
            events.extend(raw.introduced.map(Event::Introduced));
            events.extend(raw.fixed.map(Event::Fixed));
            events.extend(raw.last_affected.map(Event::LastAffected));
            events.extend(raw.limit.map(Event::Limit));
        }
        if !events.is_empty() {
            ranges.push(events);
        }
    }
    Ok(ranges)
}

/// Returns the vectors and the word in which a severity is stated.
fn severities(raw: Vec<RawSeverity>, specific: &Value) -> (Vec<String>, Rating) {
    let mut vectors = Vec::new();
    let mut rating = specific
        .get("severity")
        .and_then(Value::as_str)
        .and_then(Rating::from_word)
        .unwrap_or(Rating::Unknown);
    for severity in raw.into_iter().take(LIST_MAX) {
        if severity.kind.starts_with("CVSS") {
            vectors.push(clip(severity.score));
        } else if let Some(word) = Rating::from_word(&severity.score) {
            rating = rating.max(word);
        }
    }
    // RustSec keeps the vector here as well.
    if vectors.is_empty()
        && let Some(vector) = specific.get("cvss").and_then(Value::as_str)
    {
        vectors.push(clip(vector.to_owned()));
    }
    (vectors, rating)
}

/// RustSec says here that an advisory is about no vulnerability.
fn informational(specific: &Value) -> Option<&str> {
    specific.get("informational").and_then(Value::as_str)
}

fn is_disputed(summary: &str, details: &str, specific: &Value) -> bool {
    let flag = |key: &str| specific.get(key).and_then(Value::as_bool) == Some(true);
    let said = |text: &str| {
        let start: String = text.chars().take(SUMMARY_CHARS_MAX).collect();
        let start = start.to_lowercase();
        start.contains("** disputed **") || start.contains("**disputed**")
    };
    flag("isDisputed") || flag("disputed") || said(summary) || said(details)
}

/// Identifiers of OpenSSF's list of malicious packages, and GitHub's class for
/// embedded malicious code.
fn is_malicious(id: &str, specific: &Value) -> bool {
    let is_malware_class = |cwes: &Vec<Value>| cwes.iter().any(|cwe| cwe == "CWE-506");
    id.starts_with("MAL-")
        || specific
            .get("cwe_ids")
            .and_then(Value::as_array)
            .is_some_and(is_malware_class)
}

fn one_line(summary: &str, details: &str) -> String {
    let text = if summary.trim().is_empty() {
        details
    } else {
        summary
    };
    let line = text
        .lines()
        .map(|line| line.trim_start_matches('#').trim())
        .find(|line| !line.is_empty())
        .unwrap_or("");
    match line.char_indices().nth(SUMMARY_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

fn at_most(what: &'static str, count: usize, limit: usize) -> Result<(), OsvError> {
    if count > limit {
        return Err(OsvError::Limit { what, limit });
    }
    Ok(())
}

fn clip(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    text
}

fn short_list(list: Vec<String>) -> Vec<String> {
    list.into_iter().take(LIST_MAX).map(clip).collect()
}

#[derive(Deserialize)]
struct RawDocument {
    id: String,
    modified: Option<String>,
    withdrawn: Option<Value>,
    aliases: Option<Vec<String>>,
    summary: Option<String>,
    details: Option<String>,
    severity: Option<Vec<RawSeverity>>,
    affected: Option<Vec<RawAffected>>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct RawSeverity {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    score: String,
}

#[derive(Deserialize)]
struct RawAffected {
    package: Option<RawPackage>,
    severity: Option<Vec<RawSeverity>>,
    ranges: Option<Vec<RawRange>>,
    versions: Option<Vec<String>>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct RawPackage {
    #[serde(default)]
    ecosystem: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct RawRange {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    events: Vec<RawEvent>,
}

#[derive(Deserialize)]
struct RawEvent {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::{AdvisoryKind, OsvDocument, read_osv};
    use crate::cvss::Rating;

    fn document(rest: &str) -> OsvDocument {
        let text = format!(r#"{{"id": "TEST-1", "modified": "2026-01-01T00:00:00Z", {rest}}}"#);
        read_osv(text.as_bytes()).unwrap()
    }

    fn affected(package: &str, rest: &str) -> String {
        format!(r#""affected": [{{"package": {package}, "versions": ["1"]{rest}}}]"#)
    }

    #[test]
    fn names_are_in_their_normal_form_and_releases_apart() {
        for (ecosystem, name, base, normal, release) in [
            (
                "PyPI",
                "Flask_SQL..Alchemy",
                "PyPI",
                "flask-sql-alchemy",
                None,
            ),
            ("NuGet", "Newtonsoft.Json", "NuGet", "newtonsoft.json", None),
            ("npm", "@Scope/Name", "npm", "@Scope/Name", None),
            ("Debian:12", "openssl", "Debian", "openssl", Some("12")),
            ("Ubuntu:22.04:LTS", "x", "Ubuntu", "x", Some("22.04:LTS")),
            ("Wolfi", "X", "Wolfi", "X", None),
        ] {
            let package = format!(r#"{{"ecosystem": "{ecosystem}", "name": "{name}"}}"#);
            let document = document(&affected(&package, ""));
            let found = &document.packages[0];
            assert_eq!(found.ecosystem, base);
            assert_eq!(found.name, normal);
            assert_eq!(found.advisory.release.as_deref(), release);
        }
    }

    #[test]
    fn kinds_doubts_and_ratings_are_read() {
        let package = r#"{"ecosystem": "crates.io", "name": "a"}"#;
        let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        for (rest, specific, kind, disputed, rating) in [
            (
                r#""summary": "S""#,
                "",
                AdvisoryKind::Vulnerable,
                false,
                Rating::Unknown,
            ),
            (
                r#""details": "** DISPUTED ** no""#,
                "",
                AdvisoryKind::Vulnerable,
                true,
                Rating::Unknown,
            ),
            (
                r#""database_specific": {"isDisputed": true, "severity": "MODERATE"}"#,
                "",
                AdvisoryKind::Vulnerable,
                true,
                Rating::Medium,
            ),
            (
                r#""database_specific": {"cwe_ids": ["CWE-506"], "severity": "CRITICAL"}"#,
                "",
                AdvisoryKind::Malicious,
                false,
                Rating::Critical,
            ),
            (
                r#""summary": "S""#,
                r#", "database_specific": {"informational": "unmaintained"}"#,
                AdvisoryKind::Unmaintained,
                false,
                Rating::Unknown,
            ),
            (
                r#""summary": "S""#,
                r#", "database_specific": {"informational": null, "cvss": "VECTOR"}"#,
                AdvisoryKind::Vulnerable,
                false,
                Rating::Critical,
            ),
            (
                r#""severity": [{"type": "CVSS_V3", "score": "VECTOR"}]"#,
                "",
                AdvisoryKind::Vulnerable,
                false,
                Rating::Critical,
            ),
            (
                r#""severity": [{"type": "Ubuntu", "score": "high"}]"#,
                "",
                AdvisoryKind::Vulnerable,
                false,
                Rating::High,
            ),
            (
                r#""severity": [{"type": "CVSS_V3", "score": "nonsense"}], "database_specific": {"severity": "LOW"}"#,
                "",
                AdvisoryKind::Vulnerable,
                false,
                Rating::Low,
            ),
        ] {
            let text = format!("{rest}, {}", affected(package, specific));
            let document = document(&text.replace("VECTOR", vector));
            let advisory = &document.packages[0].advisory;
            assert_eq!(advisory.kind, kind, "{text}");
            assert_eq!(advisory.disputed, disputed, "{text}");
            assert_eq!(advisory.assess().rating, rating, "{text}");
        }
    }

    #[test]
    fn what_was_taken_back_says_nothing() {
        let text = format!(
            r#""withdrawn": "2026-02-01T00:00:00Z", {}"#,
            affected(r#"{"ecosystem": "npm", "name": "a"}"#, "")
        );
        let document = document(&text);
        assert!(document.withdrawn && document.packages.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn cut_and_altered_documents_never_panic(
            cut in 0..400_usize,
            at in 0..400_usize,
            with in "[\\[\\]{}\":,0-9a-z\\\\é]{0,3}",
        ) {
            let text = format!(
                r#"{{"id": "T", "aliases": ["A"], "severity": [{{"type": "CVSS_V3", "score": "x"}}], {}}}"#,
                affected(
                    r#"{"ecosystem": "PyPI", "name": "a"}"#,
                    r#", "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1"}]}]"#,
                )
            );
            let at = text.floor_char_boundary(at);
            let altered = format!("{}{with}{}", &text[..at], &text[at..]);
            let altered = &altered[..altered.floor_char_boundary(cut.max(at))];
            for text in [altered, &text[..text.floor_char_boundary(cut)]] {
                if let Ok(document) = read_osv(text.as_bytes()) {
                    for package in document.packages {
                        let _ = package.advisory.hit(crate::version::VersionOrder::Pep440, "1.0");
                    }
                }
            }
        }
    }

    #[test]
    fn bad_documents_are_errors() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"id": ""}"#,
            r#"{"id": "A", "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "versions": [1]}]}"#,
            r#"{"id": "A", "affected": {"package": 1}}"#,
        ] {
            assert!(read_osv(text.as_bytes()).is_err(), "{text}");
        }
    }
}
