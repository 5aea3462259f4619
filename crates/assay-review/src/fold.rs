//! Says once what is one thing: a function that is too long is mostly also too
//! complex, by two definitions, and too deeply nested; an old package mostly has
//! several vulnerabilities, which one upgrade mends. Of such findings at one place
//! the worst stays and names the others. Paths that end at the same place are one
//! finding too.

use std::collections::{BTreeMap, HashMap};

use assay_finding::{Category, Finding, Frame, Related, RuleId, State};
use assay_source::{RepoPath, Span};

/// Advisories of one package that are listed; the others are counted.
const ADVISORIES_MAX: usize = 40;

/// Folds the findings that count, stand at the same place and are about one
/// thing. The findings must be ranked: the first of a place is the worst.
pub(crate) fn fold(findings: &mut Vec<Finding>) {
    fold_metrics(findings);
    fold_advisories(findings);
}

/// The findings of one kind about one package: file, place, rule, whether the
/// change brought them, and the package as the message names it.
type Package = (RepoPath, Span, RuleId, State, String);

fn fold_advisories(findings: &mut Vec<Finding>) {
    let mut first: HashMap<Package, usize> = HashMap::new();
    let mut also: HashMap<usize, Vec<Related>> = HashMap::new();
    let mut is_folded = vec![false; findings.len()];
    for (index, finding) in findings.iter().enumerate() {
        if finding.category != Category::Dependency || finding.suppressed.is_some() {
            continue;
        }
        // `lodash` 4.17.4 has a known vulnerability: what it is (its names)
        let Some((package, advisory)) = finding.message.split_once(ADVISORY) else {
            continue;
        };
        let key = (
            finding.location.path.clone(),
            finding.location.span,
            finding.rule.clone(),
            finding.state,
            package.to_owned(),
        );
        match first.get(&key) {
            None => {
                first.insert(key, index);
            }
            Some(&worst) => {
                is_folded[index] = true;
                also.entry(worst).or_default().push(Related {
                    location: finding.location.clone(),
                    message: format!("also: {advisory}"),
                    frame: Frame::default(),
                });
            }
        }
    }
    for (index, mut others) in also {
        let finding = &mut findings[index];
        let count = others.len() + 1;
        let several = format!(" has {count} known vulnerabilities, the worst: ");
        finding.message = finding.message.replacen(ADVISORY, &several, 1);
        others.truncate(ADVISORIES_MAX);
        finding.related.extend(others);
    }
    keep(findings, is_folded);
}

/// What stands between a package and its vulnerability in a message.
pub(crate) const ADVISORY: &str = " has a known vulnerability: ";

fn keep(findings: &mut Vec<Finding>, is_folded: Vec<bool>) {
    let mut is_folded = is_folded.into_iter();
    findings.retain(|_| !is_folded.next().unwrap_or(false));
}

fn fold_metrics(findings: &mut Vec<Finding>) {
    let mut first: HashMap<(RepoPath, Span), usize> = HashMap::new();
    let mut also: HashMap<usize, Vec<String>> = HashMap::new();
    let mut is_folded = vec![false; findings.len()];
    for (index, finding) in findings.iter().enumerate() {
        let Some(measure) = &finding.measure else {
            continue;
        };
        if !finding.counts()
            || !matches!(
                finding.category,
                Category::Complexity | Category::Maintainability
            )
        {
            continue;
        }
        let key = (finding.location.path.clone(), finding.location.span);
        match first.get(&key) {
            None => {
                first.insert(key, index);
            }
            Some(&worst) => {
                is_folded[index] = true;
                let text = format!(
                    "{} {}, limit {}",
                    measure.metric, measure.value, measure.threshold
                );
                also.entry(worst).or_default().push(text);
            }
        }
    }
    let ways = fold_ways(findings, &mut is_folded);
    for (index, others) in ways {
        let message = &mut findings[index].message;
        message.push_str(&match others {
            1 => " (and on one more way)".to_owned(),
            _ => format!(" (and on {others} more ways)"),
        });
    }
    for (index, others) in also {
        let message = &mut findings[index].message;
        message.push_str(&format!(" (also {})", others.join("; ")));
    }
    keep(findings, is_folded);
}

/// Folds the paths that end at the same place: a helper that many call is one
/// thing to mend. Returns how many were folded into which.
fn fold_ways(findings: &[Finding], is_folded: &mut [bool]) -> BTreeMap<usize, usize> {
    let mut first: HashMap<(&RepoPath, Span, &RuleId), usize> = HashMap::new();
    let mut ways = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        if !finding.counts()
            || finding.related.is_empty()
            || !finding.rule.as_str().starts_with("injection/")
        {
            continue;
        }
        let key = (&finding.location.path, finding.location.span, &finding.rule);
        match first.get(&key) {
            None => {
                first.insert(key, index);
            }
            Some(&shown) => {
                is_folded[index] = true;
                *ways.entry(shown).or_default() += 1;
            }
        }
    }
    ways
}
