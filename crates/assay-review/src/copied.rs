//! Migrations that a change copies as they are, such as a folder that moves and is left
//! behind as well: what they do was said when they were new.

use std::collections::HashSet;

use assay_finding::{Finding, State};
use assay_source::{ContentId, FileChange, FileVersion};

use crate::pipeline::Subject;

/// Marks as existing what is found in new migrations whose content the tree has in a file
/// that the change left alone.
pub(crate) fn mark(subject: Subject<'_>, findings: &mut [Finding]) {
    let is_news = |finding: &Finding| {
        finding.rule.as_str().starts_with("migration/") && finding.state == State::Introduced
    };
    if subject.is_scan || !findings.iter().any(is_news) {
        return;
    }
    let files = &subject.change.files;
    let new = files.iter().filter(|file| file.base.is_none());
    let new: Vec<&FileVersion> = new.filter_map(|file| file.head.as_ref()).collect();
    let content = |file: &Option<FileVersion>| file.as_ref().map(|file| file.content.clone());
    let differs = files
        .iter()
        .filter(|file| content(&file.base) != content(&file.head));
    let changed: HashSet<_> = differs.map(FileChange::path).collect();
    let listed = subject.tree.list().unwrap_or_default();
    let old: HashSet<_> = listed
        .iter()
        .filter(|file| !changed.contains(&file.path))
        .filter_map(held)
        .collect();
    let copies: HashSet<_> = new
        .into_iter()
        .filter(|file| held(file).is_some_and(|content| old.contains(content)))
        .map(|file| &file.path)
        .collect();
    for finding in findings {
        if is_news(finding) && copies.contains(&finding.location.path) {
            finding.state = State::Existing;
        }
    }
}

/// Returns the content of a file, when that tells it from others.
fn held(file: &FileVersion) -> Option<&ContentId> {
    matches!(file.content, ContentId::Object(_) | ContentId::Memory(_)).then_some(&file.content)
}
