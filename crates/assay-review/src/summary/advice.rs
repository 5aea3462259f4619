//! Labels for a change, and what of it to test.

use std::collections::{BTreeMap, HashSet};

use assay_finding::{Category, Report};

use super::SummaryFile;
use super::kind::{PartKind, is_test_path, stem_of, takes_away};

/// Functions that are named as what to test.
const FOCUS_MAX: usize = 8;

pub(super) fn labels(
    report: &Report,
    kinds: &BTreeMap<PartKind, (usize, u64, u64)>,
    code: u64,
) -> Vec<&'static str> {
    let mut labels = Vec::new();
    let only = kinds.len() == 1;
    let has = |kind| kinds.contains_key(&kind);
    if report.introduced().any(takes_away) {
        labels.push("breaking change");
    }
    if report
        .introduced()
        .any(|one| one.category == Category::Security)
    {
        labels.push("security");
    }
    if has(PartKind::Dependency) {
        labels.push("dependencies");
    }
    if has(PartKind::Documentation) && (only || code == 0) {
        labels.push("documentation");
    }
    if has(PartKind::Test) && code == 0 {
        labels.push("tests");
    }
    if has(PartKind::Configuration) && code == 0 {
        labels.push("configuration");
    }
    labels.push(match code {
        0..=10 => "size: XS",
        11..=50 => "size: S",
        51..=250 => "size: M",
        251..=1000 => "size: L",
        _ => "size: XL",
    });
    labels
}

/// What became most complex, and what changed without a test of its name.
pub(super) fn focus(files: &[SummaryFile], report: &Report) -> Vec<String> {
    let tested: HashSet<String> = files
        .iter()
        .filter(|file| file.kind == PartKind::Test)
        .map(|file| stem_of(&file.path))
        .collect();
    let mut focus: Vec<(f64, String)> = Vec::new();
    for file in &report.metrics.files {
        for function in &file.functions {
            let delta = function
                .metrics
                .iter()
                .find(|metric| metric.metric == "cognitive");
            let (Some(delta), true) = (delta, !is_test_path(&file.path)) else {
                continue;
            };
            let more = delta.head.unwrap_or(0.0) - delta.base.unwrap_or(0.0);
            if more >= 3.0 {
                let has_test = if tested.contains(&stem_of(&file.path)) {
                    ""
                } else {
                    ", no test of its name changed"
                };
                focus.push((
                    more,
                    format!(
                        "`{}` in {} is more complex by {more}{has_test}",
                        function.name, file.path
                    ),
                ));
            }
        }
    }
    focus.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    focus
        .into_iter()
        .take(FOCUS_MAX)
        .map(|(_, text)| text)
        .collect()
}
