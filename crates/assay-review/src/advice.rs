//! What to do first, in one sentence each, from what the review found.

use std::collections::BTreeMap;

use assay_finding::{Report, Severity};

/// The most sentences.
const RECOMMENDATIONS_MAX: usize = 3;
/// A file with at least this many findings is named.
const FILE_FINDINGS_MIN: usize = 3;

/// Returns the recommendations of a report whose other parts are filled.
pub(crate) fn recommendations(report: &Report) -> Vec<String> {
    let mut advice = Vec::new();
    if let Some(worst) = report
        .introduced()
        .find(|finding| finding.severity >= Severity::High)
    {
        let at = &worst.location;
        advice.push(format!(
            "Start with {}:{}: {}",
            at.path, at.start.line, worst.message
        ));
    }
    let fixable = report
        .introduced()
        .filter(|finding| finding.fix.is_some())
        .count();
    if fixable > 0 {
        let (noun, verb) = if fixable == 1 {
            ("finding", "has")
        } else {
            ("findings", "have")
        };
        advice.push(format!(
            "{fixable} {noun} {verb} a ready fix in the report."
        ));
    }
    let mut by_file: BTreeMap<String, usize> = BTreeMap::new();
    for finding in report.introduced() {
        *by_file
            .entry(finding.location.path.to_display())
            .or_default() += 1;
    }
    let crowded = by_file
        .iter()
        .max_by_key(|(name, count)| (**count, std::cmp::Reverse(*name)));
    if let Some((name, &count)) = crowded
        && count >= FILE_FINDINGS_MIN
        && by_file.len() > 1
    {
        advice.push(format!(
            "{name} has {count} of the findings; look at it as a whole."
        ));
    }
    advice.truncate(RECOMMENDATIONS_MAX);
    advice
}
