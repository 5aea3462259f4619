//! A finished report as rows. The process that reviews hands over the report as
//! JSON; what is kept of it is read from that, and nothing is trusted but its form.

use std::collections::HashMap;

use assay_store::{FindingOrigin, NewFinding, ReviewOutcome};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::Error;
use crate::package::ReportedPackage;
use crate::remarks::Remark;
use crate::scan::SecretFound;
use crate::suppression::SilencedFinding;

/// The form that is read.
const SCHEMA: &str = "assay.report/1";
/// What a report says of a package that the change took away.
const GONE: &str = "removed";

/// A report as it is kept.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What came out, with the report itself.
    pub outcome: ReviewOutcome,
    /// The findings that are not silenced.
    pub findings: Vec<NewFinding>,
    /// The metrics of the change, after it.
    pub metrics: Vec<(String, f64)>,
}

#[derive(Deserialize)]
struct WireReport<'a> {
    schema: String,
    score: WireScore,
    gate: WireGate,
    #[serde(borrow)]
    findings: Vec<&'a RawValue>,
    metrics: WireMetrics,
    #[serde(default)]
    packages: Vec<WirePackage>,
}

#[derive(Deserialize)]
struct WirePackage {
    path: String,
    ecosystem: String,
    name: String,
    step: String,
    after: Vec<String>,
    direct: bool,
}

#[derive(Deserialize)]
struct WireScore {
    value: Option<f64>,
    grade: String,
}

#[derive(Deserialize)]
struct WireGate {
    passed: bool,
}

#[derive(Deserialize)]
struct WireMetrics {
    change: Vec<WireMetric>,
}

#[derive(Deserialize)]
struct WireMetric {
    metric: String,
    head: Option<f64>,
}

#[derive(Deserialize)]
struct WireFinding {
    fingerprint: String,
    rule: String,
    severity: String,
    confidence: String,
    category: String,
    state: String,
    suppressed: Option<WireSuppressed>,
    message: String,
    location: WireLocation,
}

#[derive(Deserialize)]
struct WireSuppressed {
    by: String,
    reason: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize)]
struct WireLocation {
    path: String,
    uri: String,
    start: WirePosition,
    end: WirePosition,
}

#[derive(Deserialize)]
struct WirePosition {
    line: u32,
    column: u32,
}

fn unfit(why: serde_json::Error) -> Error {
    Error::Internal(format!("a report: {why}"))
}

fn read(report: &[u8]) -> Result<WireReport<'_>, Error> {
    let wire: WireReport<'_> = serde_json::from_slice(report).map_err(unfit)?;
    match wire.schema == SCHEMA {
        true => Ok(wire),
        false => Err(Error::Internal(format!(
            "a report of the form `{}`",
            wire.schema
        ))),
    }
}

/// Returns the secrets of a report that count.
pub(crate) fn secrets(report: &[u8]) -> Result<Vec<SecretFound>, Error> {
    let mut secrets = Vec::new();
    for raw in read(report)?.findings {
        let finding: WireFinding = serde_json::from_str(raw.get()).map_err(unfit)?;
        let counts = finding.suppressed.is_none() && finding.state == "introduced";
        if !counts || !finding.rule.starts_with("secret/") {
            continue;
        }
        let (start, end) = (finding.location.start, finding.location.end);
        secrets.push(SecretFound {
            rule: finding.rule,
            severity: finding.severity,
            confidence: finding.confidence,
            message: finding.message,
            start: (start.line, start.column),
            end: (end.line, end.column),
            fingerprint: finding.fingerprint,
        });
    }
    Ok(secrets)
}

/// Returns the findings of a report that something silences.
pub(crate) fn silenced(report: &[u8]) -> Result<Vec<SilencedFinding>, Error> {
    let mut silenced = Vec::new();
    for raw in read(report)?.findings {
        let finding: WireFinding = serde_json::from_str(raw.get()).map_err(unfit)?;
        let Some(suppressed) = finding.suppressed else {
            continue;
        };
        silenced.push(SilencedFinding {
            fingerprint: finding.fingerprint,
            rule: finding.rule,
            severity: finding.severity,
            message: finding.message,
            path: finding.location.path,
            line: finding.location.start.line,
            by: suppressed.by,
            reason: suppressed.reason,
            until: suppressed.until,
        });
    }
    Ok(silenced)
}

/// Returns the packages of a report.
pub(crate) fn packages(report: &[u8]) -> Result<Vec<ReportedPackage>, Error> {
    let packages = read(report)?.packages.into_iter();
    let packages = packages.map(|package| ReportedPackage {
        is_gone: package.step == GONE,
        path: package.path,
        ecosystem: package.ecosystem,
        name: package.name,
        versions: package.after,
        is_direct: package.direct,
    });
    Ok(packages.collect())
}

/// Reads a report.
pub fn record(report: &[u8]) -> Result<Recorded, Error> {
    let wire = read(report)?;
    let mut findings = Vec::new();
    for raw in wire.findings {
        let finding: WireFinding = serde_json::from_str(raw.get()).map_err(unfit)?;
        if finding.suppressed.is_none() {
            findings.push(row(finding, raw.get()));
        }
    }
    let metrics = wire.metrics.change.into_iter();
    let metrics = metrics.filter_map(|one| Some((one.metric, one.head?)));
    let gate = if wire.gate.passed { "passed" } else { "failed" };
    Ok(Recorded {
        outcome: ReviewOutcome {
            score: wire.score.value,
            grade: Some(wire.score.grade),
            gate: Some(gate.to_owned()),
            report: report.to_vec(),
        },
        findings,
        metrics: metrics.collect(),
    })
}

impl Recorded {
    /// Keeps with each finding that has a suggestion what would be said of it on its pull
    /// request, so that it can be said there when somebody wants it.
    #[must_use]
    pub(crate) fn with_suggestions(mut self, remarks: &[Remark]) -> Self {
        let proposed = remarks.iter().filter(|remark| remark.suggestion.is_some());
        let proposed: HashMap<&str, &Remark> = proposed
            .map(|remark| (remark.fingerprint.as_str(), remark))
            .collect();
        for finding in &mut self.findings {
            if let Some(remark) = proposed.get(finding.fingerprint.as_str())
                && let Ok(mut detail) = serde_json::from_str::<Value>(&finding.detail)
                && let Ok(remark) = serde_json::to_value(remark)
            {
                detail["remark"] = remark;
                finding.detail = detail.to_string();
            }
        }
        self
    }
}

fn row(finding: WireFinding, detail: &str) -> NewFinding {
    let origin = match finding.state.as_str() {
        "introduced" => FindingOrigin::Introduced,
        _ => FindingOrigin::Existing,
    };
    NewFinding {
        fingerprint: finding.fingerprint,
        rule: finding.rule,
        severity: finding.severity,
        confidence: finding.confidence,
        category: finding.category,
        origin,
        path: decoded(&finding.location.uri),
        line_start: finding.location.start.line.into(),
        line_end: finding.location.end.line.into(),
        message: finding.message,
        detail: detail.to_owned(),
    }
}

/// Returns the bytes of a percent-encoded path.
fn decoded(uri: &str) -> Vec<u8> {
    crate::webhook::percent_decoded(uri.as_bytes(), false)
}

#[cfg(test)]
mod tests {
    use assay_store::FindingOrigin;

    use super::record;
    use crate::examine::{ExamineRequest, ExamineRules, ExaminedFile, examine, report_json};

    #[test]
    fn a_report_becomes_rows() {
        let request = ExamineRequest {
            base: "a".to_owned(),
            head: "b".to_owned(),
            files: vec![ExaminedFile {
                path: "src/mäin.py".to_owned(),
                base: Some("def f():\n    return 1\n".to_owned()),
                head: Some(
                    "def f():\n    try:\n        return 1\n    except Exception:\n        pass\n"
                        .to_owned(),
                ),
            }],
            rules: ExamineRules::All,
        };
        request.check().unwrap();
        let report = examine(&request, "test", jiff::civil::date(2026, 1, 1));
        let recorded = record(&report_json(&report).unwrap()).unwrap();
        assert_eq!(recorded.findings.len(), report.introduced().count());
        let first = &recorded.findings[0];
        assert_eq!(first.path, "src/mäin.py".as_bytes());
        assert_eq!(first.origin, FindingOrigin::Introduced);
        assert!(first.line_start >= 1 && first.detail.contains(&first.rule));
        assert!(recorded.outcome.grade.is_some() && !recorded.metrics.is_empty());
        assert!(record(b"{}").is_err());
    }
}
