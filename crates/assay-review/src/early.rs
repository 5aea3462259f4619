//! Tells findings before the review is done, to those who look on. They are told as they
//! are known then: what silences them in one place and all that was said of them before is
//! looked at, what other steps say of them is not. In the end it is said which of them count.

use assay_finding::{Finding, Identity, State};
use assay_rules::suppress_configured;

use crate::file::Examined;
use crate::pipeline::{Progress, hold_back, rank};
use crate::settings::Settings;

/// Tells findings whose state is known.
pub(crate) fn tell(progress: &dyn Progress, settings: &Settings, found: &[Finding]) {
    if !progress.wants_findings() || found.is_empty() {
        return;
    }
    let some = found.iter().filter(|finding| finding.counts());
    tell_those(progress, settings, some.cloned().collect());
}

/// Tells what is found in one file, as far as the file alone says what the change brought:
/// findings on changed lines that the base does not have.
pub(crate) fn tell_of_file(
    progress: &dyn Progress,
    settings: &Settings,
    examined: &Examined,
    is_scan: bool,
) {
    let versions = &examined.versions;
    if !progress.wants_findings() || versions.head.is_empty() {
        return;
    }
    let is_in_base = |identity: Identity| {
        let mut base = versions.base.iter();
        base.any(|finding| finding.identity == identity || finding.alias == Some(identity))
    };
    let is_news = |finding: &&Finding| {
        let line = finding.location.start.line;
        (is_scan || versions.mapping.is_changed(line))
            && finding.suppressed.is_none()
            && !is_in_base(finding.identity)
            && !finding.alias.is_some_and(is_in_base)
    };
    let mut some: Vec<Finding> = versions.head.iter().filter(is_news).cloned().collect();
    for finding in &mut some {
        finding.state = State::Introduced;
    }
    tell_those(progress, settings, some);
}

fn tell_those(progress: &dyn Progress, settings: &Settings, mut some: Vec<Finding>) {
    if some.is_empty() {
        return;
    }
    suppress_configured(&mut some, &settings.suppressions, settings.today);
    hold_back(&mut some, settings.confidence_min);
    if let Some(baseline) = &settings.baseline {
        baseline.apply(&mut some);
    }
    settings.rejected.apply(&mut some);
    some.retain(Finding::counts);
    rank(&mut some);
    progress.found(&some);
}
