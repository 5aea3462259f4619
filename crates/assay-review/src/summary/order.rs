//! The order in which to read a change.

use std::collections::HashMap;

use assay_source::RepoPath;

use super::SummaryFile;
use super::kind::{PartKind, stem_of};

/// API and logic first, what is used before what uses it, each followed by its
/// tests; then the rest by kind.
pub(super) fn order(files: &mut Vec<SummaryFile>, uses: &[(RepoPath, RepoPath)]) {
    files.sort_by(|one, other| {
        let size = |file: &SummaryFile| std::cmp::Reverse(file.added + file.removed);
        (one.kind, size(one), &one.path).cmp(&(other.kind, size(other), &other.path))
    });
    let (tests, others): (Vec<_>, Vec<_>) = files
        .drain(..)
        .partition(|file| file.kind == PartKind::Test);
    let (code, others): (Vec<_>, Vec<_>) = others
        .into_iter()
        .partition(|file| file.kind <= PartKind::Logic);
    let others = used_first(code, uses).into_iter().chain(others);
    let mut waiting: Vec<Option<SummaryFile>> = tests.into_iter().map(Some).collect();
    let mut rest = Vec::new();
    for file in others {
        if file.kind > PartKind::Logic {
            rest.push(file);
            continue;
        }
        let stem = stem_of(&file.path);
        files.push(file);
        for test in &mut waiting {
            if test
                .as_ref()
                .is_some_and(|test| stem_of(&test.path) == stem)
            {
                files.extend(test.take());
            }
        }
    }
    files.extend(waiting.into_iter().flatten());
    files.extend(rest);
}

/// Puts each file after those that it uses; in a circle the order stays.
fn used_first(files: Vec<SummaryFile>, uses: &[(RepoPath, RepoPath)]) -> Vec<SummaryFile> {
    let places: HashMap<RepoPath, usize> = files
        .iter()
        .enumerate()
        .map(|(at, file)| (file.path.clone(), at))
        .collect();
    let mut used: Vec<Vec<usize>> = vec![Vec::new(); files.len()];
    for (user, named) in uses {
        if let (Some(&user), Some(&named)) = (places.get(user), places.get(named)) {
            used[user].push(named);
        }
    }
    for named in &mut used {
        named.sort_unstable();
        named.dedup();
    }
    let mut order = Vec::with_capacity(files.len());
    let mut is_met = vec![false; files.len()];
    for start in 0..files.len() {
        // A file is put after all that it uses; what is met again is on its way.
        let mut path = vec![(start, 0)];
        if std::mem::replace(&mut is_met[start], true) {
            continue;
        }
        while let Some((at, next)) = path.last_mut() {
            match used[*at].get(*next) {
                Some(&named) => {
                    *next += 1;
                    if !std::mem::replace(&mut is_met[named], true) {
                        path.push((named, 0));
                    }
                }
                None => {
                    order.push(*at);
                    path.pop();
                }
            }
        }
    }
    let mut files: Vec<Option<SummaryFile>> = files.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|at| files[at].take())
        .collect()
}
