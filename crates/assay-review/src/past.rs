//! Secrets that a commit of the range added and a later one removed: neither
//! the base nor the head shows them, and the history still does.

use std::collections::HashSet;
use std::sync::Arc;

use assay_finding::{Finding, Frame, Identity, Location};
use assay_rules::{FileInput, secret_findings};
use assay_source::{FileChange, FileVersion, PastVersion, Position, SourceText, Span};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::classify::skip_by_path;
use crate::engines::Engines;
use crate::pipeline::Subject;
use crate::settings::Settings;

/// Findings about the history; the first tell what has to be done.
const FINDINGS_MAX: usize = 200;

/// Finds the secrets of past versions that the base did not have and that the
/// head no longer has. `known` are the identities of the base and the head.
pub(crate) fn find(
    subject: Subject<'_>,
    engines: &Engines<'_>,
    settings: &Settings,
    known: &HashSet<Identity>,
) -> Vec<Finding> {
    let past = &subject.change.past;
    let found: Vec<Vec<Finding>> = past
        .par_iter()
        .map(|past| of_version(subject, past, engines, settings))
        .collect();
    let mut seen = known.clone();
    let mut findings: Vec<Finding> = found
        .into_iter()
        .flatten()
        .filter(|finding| seen.insert(finding.identity))
        .collect();
    findings.truncate(FINDINGS_MAX);
    findings
}

fn of_version(
    subject: Subject<'_>,
    past: &PastVersion,
    engines: &Engines<'_>,
    settings: &Settings,
) -> Vec<Finding> {
    let as_change = FileChange {
        status: assay_source::ChangeStatus::Modified,
        base: past.base.clone(),
        head: Some(past.version.clone()),
        attributes: assay_source::Attributes::default(),
        patch: None,
    };
    let is_excluded = past
        .version
        .path
        .as_str()
        .is_some_and(|name| settings.exclude.iter().any(|(_, glob)| glob.is_match(name)));
    if is_excluded || skip_by_path(&as_change).is_some() {
        return Vec::new();
    }
    let Some(findings) = secrets(subject, &past.version, engines, settings) else {
        return Vec::new();
    };
    if findings.is_empty() {
        return findings;
    }
    let before: HashSet<Identity> = past
        .base
        .as_ref()
        .and_then(|base| secrets(subject, base, engines, settings))
        .map(|findings| findings.iter().map(|finding| finding.identity).collect())
        .unwrap_or_default();
    findings
        .into_iter()
        .filter(|finding| !before.contains(&finding.identity))
        .map(|finding| at_file(finding, past))
        .collect()
}

/// Returns the secrets of a version.
fn secrets(
    subject: Subject<'_>,
    version: &FileVersion,
    engines: &Engines<'_>,
    settings: &Settings,
) -> Option<Vec<Finding>> {
    let bytes = subject
        .tree
        .read(version, settings.limits.file_bytes_max)
        .ok()?;
    let text = Arc::new(SourceText::decode(bytes).ok()?);
    let engine = engines.for_path(&version.path);
    let input = FileInput::new(&version.path, &text, None);
    let mut findings = secret_findings(&engine, &input);
    let own = settings.secret_rules.run(&input, &findings);
    findings.extend(own);
    engine.suppress(&input, &mut findings, settings.today);
    settings.secret_allow.apply(&input, &mut findings);
    findings.retain(|finding| finding.suppressed.is_none());
    Some(findings)
}

/// The line is of a version that is gone: the finding is about the file, and
/// its message says where the secret was.
fn at_file(finding: Finding, past: &PastVersion) -> Finding {
    let line = finding.location.start.line;
    let start = Position { line: 1, column: 1 };
    Finding {
        message: format!(
            "commit {} added it at line {line} and a later one removed it, but the history still holds it: {}",
            past.commit, finding.message
        ),
        location: Location {
            path: past.version.path.clone(),
            span: Span::new(0, 0),
            start,
            end: start,
        },
        related: Vec::new(),
        frame: Frame::default(),
        fix: None,
        symbol: None,
        ..finding
    }
}
