//! Turns what is known against a package into a finding.

use std::collections::HashMap;

use assay_deps::{
    AdvisoryKind, Checked, Known, Package, PackageFile, PackageSource, Paths, Rating,
};
use assay_finding::{
    Confidence, Finding, Fingerprint, Frame, IdentityHasher, Location, Related, RuleId, Severity,
    State,
};
use assay_rules::{Engine, Rule, rule_by_id};
use assay_source::{SourceText, Span};

use crate::fold::ADVISORY;

/// Steps of a way that are shown one by one.
const WAY_STEPS_MAX: usize = 20;
/// Identifiers and versions that a message names.
const LIST_MAX: usize = 4;

/// Returns the findings of a file. A package that stands in it several times in
/// one version is reported at its first place.
pub(super) fn of(
    file: &PackageFile,
    text: &SourceText,
    checked: &Checked,
    engine: &Engine,
) -> Vec<Finding> {
    let paths = Paths::new(&file.packages);
    let mut seen: HashMap<(&str, Option<&str>, &str), usize> = HashMap::new();
    let mut findings: Vec<(usize, Finding)> = Vec::new();
    for known in &checked.known {
        let Some(package) = file.packages.get(known.package as usize) else {
            continue;
        };
        let Some(rule) =
            rule_by_id(rule_of(known.kind)).filter(|rule| engine.is_enabled(rule, None))
        else {
            continue;
        };
        let way = paths.to(known.package);
        let key = (
            package.name.as_str(),
            package.version.as_deref(),
            known.lasting_id.as_str(),
        );
        // The nearest of several places is the one to show.
        match seen.get(&key) {
            Some(&at) if findings[at].0 <= way.len() => {}
            Some(&at) => {
                let mut nearer = finding(file, text, known, rule, engine, &way);
                nearer.location = findings[at].1.location.clone();
                findings[at] = (way.len(), nearer);
            }
            None => {
                seen.insert(key, findings.len());
                findings.push((way.len(), finding(file, text, known, rule, engine, &way)));
            }
        }
    }
    findings.into_iter().map(|(_, finding)| finding).collect()
}

fn rule_of(kind: AdvisoryKind) -> &'static str {
    match kind {
        AdvisoryKind::Vulnerable => "dependency/vulnerable-package",
        AdvisoryKind::Malicious => "dependency/malicious-package",
        AdvisoryKind::Unsound => "dependency/unsound-package",
        AdvisoryKind::Unmaintained | AdvisoryKind::Notice => "dependency/unmaintained-package",
    }
}

fn finding(
    file: &PackageFile,
    text: &SourceText,
    known: &Known,
    rule: &Rule,
    engine: &Engine,
    way: &[u32],
) -> Finding {
    let package = &file.packages[known.package as usize];
    let elsewhere = matches!(
        package.source,
        PackageSource::Url(_) | PackageSource::Git(_)
    );
    let mut hasher = IdentityHasher::new(rule.id());
    hasher
        .part(package.ecosystem.name())
        .part(&package.name)
        .part(&known.lasting_id);
    Finding {
        rule: RuleId::new(rule.id()),
        severity: severity(known, rule, engine),
        confidence: if known.disputed || elsewhere {
            Confidence::Medium
        } else {
            Confidence::High
        },
        category: rule.meta().category,
        message: message(file, known, package, way),
        location: location(file, text, package.span),
        related: related(file, text, way),
        measure: None,
        symbol: None,
        identity: hasher.finish(),
        alias: None,
        tools: Vec::new(),
        fingerprint: Fingerprint::default(),
        state: State::Introduced,
        suppressed: None,
        fix: None,
        frame: Frame::default(),
    }
}

/// The advisory says how bad it is, unless the configuration says otherwise.
fn severity(known: &Known, rule: &Rule, engine: &Engine) -> Severity {
    let stated = engine.severity(rule, None);
    if stated != rule.severity() || known.kind != AdvisoryKind::Vulnerable {
        return stated;
    }
    match known.assessment.rating {
        Rating::Unknown => stated,
        Rating::None => Severity::Info,
        Rating::Low => Severity::Low,
        Rating::Medium => Severity::Medium,
        Rating::High => Severity::High,
        Rating::Critical => Severity::Critical,
    }
}

fn message(file: &PackageFile, known: &Known, package: &Package, way: &[u32]) -> String {
    let what = match known.kind {
        AdvisoryKind::Vulnerable => ADVISORY,
        AdvisoryKind::Malicious => " is malicious: ",
        AdvisoryKind::Unsound => " is unsound: ",
        AdvisoryKind::Unmaintained => " is not maintained: ",
        AdvisoryKind::Notice => " has an advisory: ",
    };
    let mut ids = vec![known.id.as_str()];
    ids.extend(known.aliases.iter().map(String::as_str));
    let mut text = format!("{}{what}", label(package));
    if !known.summary.is_empty() {
        text.push_str(known.summary.trim_end_matches('.'));
        text.push(' ');
    }
    text.push_str(&format!("({})", list(&ids)));
    if known.kind == AdvisoryKind::Vulnerable {
        text.push_str("; ");
        text.push_str(&severity_words(known));
    }
    if known.disputed {
        text.push_str("; disputed");
    }
    let fixed: Vec<&str> = known.fixed.iter().map(String::as_str).collect();
    match known.kind {
        _ if !fixed.is_empty() => text.push_str(&format!("; fixed in {}", list(&fixed))),
        AdvisoryKind::Vulnerable | AdvisoryKind::Unsound => {
            text.push_str("; no fixed version is known");
        }
        _ => {}
    }
    if way.len() > 1 {
        let names: Vec<&str> = way
            .iter()
            .filter_map(|&at| file.packages.get(at as usize))
            .map(|package| package.name.as_str())
            .collect();
        text.push_str(&format!("; comes in over {}", way_words(&names)));
    }
    if package.dev {
        text.push_str("; used in development only");
    }
    text
}

fn severity_words(known: &Known) -> String {
    match &known.assessment.score {
        Some((score, _)) => format!(
            "{}, CVSS {} {:.1}",
            known.assessment.rating.as_str(),
            score.version.as_str(),
            score.value
        ),
        None if known.assessment.rating == Rating::Unknown => "severity unknown".to_owned(),
        None => known.assessment.rating.as_str().to_owned(),
    }
}

fn list(words: &[&str]) -> String {
    let shown: Vec<&str> = words.iter().copied().take(LIST_MAX).collect();
    match words.len().saturating_sub(LIST_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The ends of a long way are what matters: whom the project asks for, and who
/// asks for the package.
fn way_words(names: &[&str]) -> String {
    if names.len() <= 2 * LIST_MAX {
        return names.join(" > ");
    }
    let end = names.len() - LIST_MAX;
    format!(
        "{} > … > {}",
        names[..LIST_MAX].join(" > "),
        names[end..].join(" > ")
    )
}

fn label(package: &Package) -> String {
    match &package.version {
        Some(version) => format!("`{}` {version}", package.name),
        None => format!("`{}`", package.name),
    }
}

/// The way to a package that nobody here asked for, step by step.
fn related(file: &PackageFile, text: &SourceText, way: &[u32]) -> Vec<Related> {
    let steps: Vec<&Package> = way
        .iter()
        .filter_map(|&at| file.packages.get(at as usize))
        .collect();
    let Some((_, before)) = steps.split_last() else {
        return Vec::new();
    };
    before
        .iter()
        .take(WAY_STEPS_MAX)
        .enumerate()
        .map(|(at, package)| Related {
            location: location(file, text, package.span),
            message: match at {
                0 if package.direct => format!("the project asks for {}", label(package)),
                0 => format!("from {}", label(package)),
                _ => format!("which asks for {}", label(package)),
            },
            frame: Frame::default(),
        })
        .collect()
}

pub(super) fn location(file: &PackageFile, text: &SourceText, span: Span) -> Location {
    let len = text.as_str().len() as u32;
    let span = Span::new(span.start.min(len), span.end.min(len));
    Location {
        path: file.path.clone(),
        span,
        start: text.position(span.start),
        end: text.position(span.end),
    }
}
