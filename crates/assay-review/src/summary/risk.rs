//! How risky a change is and how much work its review: points with their reasons.

use assay_finding::{Report, Severity};

use super::SummaryFile;
use super::kind::PartKind;
use super::past::Past;

/// A part of the risk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskReason {
    /// Points of the hundred.
    pub points: u32,
    /// Why.
    pub text: String,
}

pub(super) fn code_lines(files: &[SummaryFile]) -> u64 {
    let code = files
        .iter()
        .filter(|file| matches!(file.kind, PartKind::Api | PartKind::Logic));
    code.map(|file| file.added + file.removed).sum()
}

/// The cognitive complexity that the change adds to functions.
pub(super) fn complexity_added(report: &Report) -> f64 {
    let functions = report.metrics.files.iter().flat_map(|file| &file.functions);
    let deltas = functions
        .flat_map(|function| function.metrics.iter())
        .filter(|metric| metric.metric == "cognitive");
    deltas
        .map(|metric| (metric.head.unwrap_or(0.0) - metric.base.unwrap_or(0.0)).max(0.0))
        .sum()
}

/// Words in paths behind which a mistake costs most.
const SENSITIVE: &[&str] = &[
    "auth",
    "login",
    "session",
    "password",
    "passwd",
    "token",
    "crypto",
    "secret",
    "permission",
    "acl",
    "payment",
    "billing",
    "migration",
    "migrations",
    "workflows",
    "security",
    "oauth",
    "jwt",
    "csrf",
    "sanitize",
    "certificate",
    "tls",
];

fn sensitive(files: &[SummaryFile]) -> Option<&SummaryFile> {
    files.iter().find(|file| {
        let name = file.path.to_display().to_ascii_lowercase();
        let mut parts = name.split(|c: char| !c.is_alphanumeric());
        !matches!(file.kind, PartKind::Documentation | PartKind::Test)
            && parts.any(|part| SENSITIVE.contains(&part))
    })
}

pub(super) fn reasons(
    report: &Report,
    files: &[SummaryFile],
    past: &Past<'_>,
    code: u64,
    complexity: f64,
) -> Vec<RiskReason> {
    let mut reasons = Vec::new();
    let mut add = |points: f64, text: String| {
        if points >= 1.0 {
            reasons.push(RiskReason {
                points: points as u32,
                text,
            });
        }
    };
    let size = (code as f64 + 1.0).ln() / 1001f64.ln() * 25.0;
    add(size.min(25.0), format!("{code} lines of code"));
    add(
        (complexity / 2.0).min(15.0),
        format!("functions become more complex by {complexity}"),
    );
    let logic = files
        .iter()
        .filter(|file| matches!(file.kind, PartKind::Api | PartKind::Logic));
    let spread = logic.clone().count();
    add(
        (spread.saturating_sub(2) as f64).min(8.0),
        format!("{spread} files of code"),
    );
    let tests = files.iter().any(|file| file.kind == PartKind::Test);
    if !tests && code >= 10 {
        add(10.0, "no test changed".to_owned());
    }
    if let Some(file) = sensitive(files) {
        add(10.0, format!("{} is where a mistake costs most", file.path));
    }
    let hot = past.hot(report);
    if let Some((path, commits)) = hot.first() {
        add(
            (hot.len() as f64 * 4.0).min(12.0),
            format!("{path} is among the files that change most ({commits} changes)"),
        );
    }
    if let Some((path, people)) = past.scattered(report) {
        add(
            6.0,
            format!("{path} has no main owner: {people} people wrote it"),
        );
    }
    let count = |severity| report.introduced_count(severity) as f64;
    let worst = count(Severity::Critical) * 15.0
        + count(Severity::High) * 8.0
        + count(Severity::Medium) * 3.0
        + count(Severity::Low);
    add(worst.min(24.0), "findings of the review".to_owned());
    reasons
}

pub(super) fn effort(files: &[SummaryFile], complexity: f64) -> u32 {
    let weight = |file: &SummaryFile| {
        let lines = (file.added + file.removed) as f64;
        match file.kind {
            PartKind::Api | PartKind::Logic => lines,
            PartKind::Test | PartKind::Configuration => lines * 0.4,
            PartKind::Documentation | PartKind::Other => lines * 0.15,
            PartKind::Dependency => lines.min(20.0) * 0.5,
            PartKind::Generated => 0.0,
        }
    };
    let work: f64 = files.iter().map(weight).sum::<f64>() + complexity * 3.0;
    match work as u64 {
        0..=25 => 1,
        26..=100 => 2,
        101..=350 => 3,
        351..=1000 => 4,
        _ => 5,
    }
}
