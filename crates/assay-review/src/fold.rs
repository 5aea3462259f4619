//! Says once what is one thing: a function that is too long is mostly also too
//! complex, by two definitions, and too deeply nested. Of such findings at one
//! place the worst stays and names the others.

use std::collections::HashMap;

use assay_finding::{Category, Finding};
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
    for (index, others) in also {
        let message = &mut findings[index].message;
        message.push_str(&format!(" (also {})", others.join("; ")));
    }
    let mut is_folded = is_folded.into_iter();
    findings.retain(|_| !is_folded.next().unwrap_or(false));
}
