//! Tells what the change introduced from what was there before.
//!
//! A head finding is an existing one when the base has it too: at the same
//! place (the line is unchanged and the base has the rule there), or with the
//! same identity anywhere in the change (moved code), or with the same alias
//! (renamed function). Each base finding is used up by one head finding, so a
//! second copy is introduced. A metric that crossed a further threshold is
//! introduced again, but a small step over it is no worse than what was there.

use std::collections::HashMap;

use assay_finding::{Finding, Identity, State};
use assay_source::LineMapping;

/// A metric that crosses a further threshold is as severe as what lies above it
/// when it grew by this part of the threshold; by less, as severe as before.
const GROWTH_MIN: f64 = 0.25;

/// The findings of both versions of one file.
#[derive(Default)]
pub(crate) struct Versions {
    /// The findings in the base.
    pub(crate) base: Vec<Finding>,
    /// The findings in the head.
    pub(crate) head: Vec<Finding>,
    /// How the lines of the two belong together.
    pub(crate) mapping: LineMapping,
}

/// Sets the state of every head finding.
pub(crate) fn mark(files: &mut [Versions]) {
    mark_by(files, true);
}

/// Sets the state of every head finding by its identity alone: for findings of
/// which several different ones stand at one line.
pub(crate) fn mark_by_identity(files: &mut [Versions]) {
    mark_by(files, false);
}

fn mark_by(files: &mut [Versions], by_place: bool) {
    let mut taken: Vec<Vec<bool>> = files
        .iter()
        .map(|file| vec![false; file.base.len()])
        .collect();
    let mut matched: Vec<Vec<Option<(usize, usize)>>> = files
        .iter()
        .map(|file| vec![None; file.head.len()])
        .collect();
    for (at, file) in files.iter().enumerate().filter(|_| by_place) {
        match_by_place(at, file, &mut taken[at], &mut matched[at]);
    }
    match_by_key(files, &mut taken, &mut matched, |finding| {
        Some(finding.identity)
    });
    match_by_key(files, &mut taken, &mut matched, |finding| finding.alias);
    for (at, matches) in matched.into_iter().enumerate() {
        for (index, base) in matches.into_iter().enumerate() {
            let base = base.map(|(file, finding)| {
                let base = &files[file].base[finding];
                (
                    base.severity,
                    base.measure.as_ref().map(|measure| measure.value),
                )
            });
            let head = &mut files[at].head[index];
            let Some((severity, value)) = base else {
                head.state = State::Introduced;
                continue;
            };
            let worse = head.measure.is_some() && head.severity > severity;
            head.state = if worse {
                State::Introduced
            } else {
                State::Existing
            };
            if let Some(measure) = &mut head.measure {
                measure.base = value;
                let grown = value.map_or(0.0, |value| measure.value - value);
                if worse && grown < measure.threshold * GROWTH_MIN {
                    head.severity = severity;
                }
            }
        }
    }
}

fn match_by_place(
    at: usize,
    file: &Versions,
    taken: &mut [bool],
    matched: &mut [Option<(usize, usize)>],
) {
    let mut places: HashMap<(&str, u32), Vec<usize>> = HashMap::new();
    for (index, finding) in file.base.iter().enumerate().rev() {
        let key = (finding.rule.as_str(), finding.location.start.line);
        places.entry(key).or_default().push(index);
    }
    for (index, finding) in file.head.iter().enumerate() {
        let Some(line) = file.mapping.base_line(finding.location.start.line) else {
            continue;
        };
        let found = places
            .get_mut(&(finding.rule.as_str(), line))
            .and_then(Vec::pop);
        if let Some(base) = found {
            taken[base] = true;
            matched[index] = Some((at, base));
        }
    }
}

fn match_by_key(
    files: &[Versions],
    taken: &mut [Vec<bool>],
    matched: &mut [Vec<Option<(usize, usize)>>],
    key: impl Fn(&Finding) -> Option<Identity>,
) {
    let mut free: HashMap<Identity, Vec<(usize, usize)>> = HashMap::new();
    for (at, file) in files.iter().enumerate() {
        for (index, finding) in file.base.iter().enumerate() {
            if let (false, Some(key)) = (taken[at][index], key(finding)) {
                free.entry(key).or_default().push((at, index));
            }
        }
    }
    for (at, file) in files.iter().enumerate() {
        for (index, finding) in file.head.iter().enumerate() {
            if matched[at][index].is_some() {
                continue;
            }
            let Some(candidates) = key(finding).and_then(|key| free.get_mut(&key)) else {
                continue;
            };
            // The same file first: moving within a file is the common case.
            let own = candidates.iter().position(|&(file, _)| file == at);
            let chosen = match own {
                Some(position) => Some(candidates.remove(position)),
                None => (!candidates.is_empty()).then(|| candidates.remove(0)),
            };
            if let Some((base_file, base_index)) = chosen {
                taken[base_file][base_index] = true;
                matched[at][index] = Some((base_file, base_index));
            }
        }
    }
}
