//! Says once what is one thing: a function that is too long is mostly also too
//! complex, by two definitions, and too deeply nested. Of such findings at one
//! place the worst stays and names the others. Paths that end at the same place
//! are one finding too.

use std::collections::{BTreeMap, HashMap};

use assay_finding::{Category, Finding, RuleId};
use assay_source::{RepoPath, Span};

/// Folds the metric findings that count and stand at the same place. The
/// findings must be ranked: the first of a place is the worst.
pub(crate) fn fold(findings: &mut Vec<Finding>) {
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
    let mut is_folded = is_folded.into_iter();
    findings.retain(|_| !is_folded.next().unwrap_or(false));
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
