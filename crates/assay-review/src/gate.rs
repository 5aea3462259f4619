//! The gate: the conditions under which a review fails.

use std::collections::BTreeMap;

use assay_finding::{Category, Condition, Gate, Report, Severity};

/// What the configuration demands.
#[derive(Clone, Debug, PartialEq)]
pub struct GateSettings {
    /// Fails at a finding of this severity or worse; never by severity if none.
    pub severity: Option<Severity>,
    /// The same for single categories; goes before `severity`.
    pub categories: BTreeMap<Category, Option<Severity>>,
    /// Fails below this score, 0 to 100.
    pub score_min: Option<f64>,
    /// Fails above this many findings that count.
    pub findings_max: Option<usize>,
    /// Fails when less of the new code is covered by tests, in percent.
    pub coverage_min: Option<f64>,
    /// Fails when something that should have been read was not.
    pub complete: bool,
}

impl Default for GateSettings {
    fn default() -> Self {
        Self {
            severity: Some(Severity::High),
            categories: BTreeMap::new(),
            score_min: None,
            findings_max: None,
            coverage_min: None,
            complete: true,
        }
    }
}

/// Decides the gate for a report whose other parts are filled.
///
/// `new_code_coverage` is the share of covered new lines in percent, when a
/// coverage report was given.
pub(crate) fn decide(
    report: &Report,
    settings: &GateSettings,
    new_code_coverage: Option<f64>,
) -> Gate {
    let mut conditions = Vec::new();
    if let Some(severity) = settings.severity {
        let bad = report
            .introduced()
            .filter(|finding| {
                finding.severity >= severity && !settings.categories.contains_key(&finding.category)
            })
            .count();
        conditions.push(Condition {
            demand: format!(
                "no new finding of severity {severity}{}",
                or_worse(severity)
            ),
            actual: counted(bad, "finding"),
            passed: bad == 0,
        });
    }
    for (&category, &severity) in &settings.categories {
        let Some(severity) = severity else { continue };
        let bad = report
            .introduced()
            .filter(|finding| finding.category == category && finding.severity >= severity)
            .count();
        conditions.push(Condition {
            demand: format!(
                "no new {category} finding of severity {severity}{}",
                or_worse(severity)
            ),
            actual: counted(bad, "finding"),
            passed: bad == 0,
        });
    }
    if let Some(findings_max) = settings.findings_max {
        let count = report.introduced().count();
        conditions.push(Condition {
            demand: format!("at most {}", counted(findings_max, "new finding")),
            actual: counted(count, "finding"),
            passed: count <= findings_max,
        });
    }
    if let Some(score_min) = settings.score_min {
        conditions.push(Condition {
            demand: format!("a score of at least {score_min}"),
            actual: format!("{}", report.score.value),
            passed: report.score.value >= score_min,
        });
    }
    if let Some(coverage_min) = settings.coverage_min {
        conditions.push(Condition {
            demand: coverage_demand(coverage_min),
            actual: match new_code_coverage {
                Some(share) => format!("{share:.1}%"),
                None => "no coverage report was given".to_owned(),
            },
            passed: new_code_coverage.is_some_and(|share| share >= coverage_min),
        });
    }
    if settings.complete {
        let failed = report.problems.len();
        let complete = report.ledger.is_complete() && failed == 0;
        conditions.push(Condition {
            demand: "everything that should be read was read".to_owned(),
            actual: if complete {
                "all of it".to_owned()
            } else if failed > 0 {
                counted(failed, "problem")
            } else {
                "see the coverage ledger".to_owned()
            },
            passed: complete,
        });
    }
    Gate { conditions }
}

/// Decides the gate again for a report to which findings were added. What was found
/// about the coverage of the tests stays as it was.
pub(crate) fn decide_again(report: &Report, settings: &GateSettings) -> Gate {
    let mut gate = decide(report, settings, None);
    if let Some(coverage_min) = settings.coverage_min {
        let demand = coverage_demand(coverage_min);
        let is_it = |condition: &&Condition| condition.demand == demand;
        let before = report.gate.conditions.iter().find(is_it).cloned();
        let again = gate.conditions.iter_mut().find(|one| one.demand == demand);
        if let (Some(before), Some(again)) = (before, again) {
            *again = before;
        }
    }
    gate
}

fn coverage_demand(coverage_min: f64) -> String {
    format!("at least {coverage_min}% of the new code covered by tests")
}

fn or_worse(severity: Severity) -> &'static str {
    if severity == Severity::Critical {
        ""
    } else {
        " or worse"
    }
}

pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
