//! Finds who wrote each line of the head, for all files in one walk over the
//! facts from the newest commit to the oldest.
//!
//! Each commit holds the lines of the head that are known to be in it. What its
//! hunks added is its own; the rest is in its parents, at other line numbers. A
//! merge hands a file to the parent that has it as it is, else line by line to
//! the first parent that has the line: as `git blame` does.

use std::collections::HashMap;

use assay_source::{Hunk, OwnedLines};

use super::facts::What;

/// A commit with the places of its parents among all.
pub(crate) struct Step<'a> {
    /// None stands for a parent that the clone does not hold.
    pub(crate) parents: Vec<Option<u32>>,
    pub(crate) files: Vec<StepFile<'a>>,
}

/// A file of a step, with paths among all.
pub(crate) struct StepFile<'a> {
    pub(crate) path: u32,
    pub(crate) from: u32,
    pub(crate) lines: Option<u32>,
    pub(crate) what: &'a What,
}

/// Lines of a file of the head as they stand in some commit; lines from 1.
#[derive(Clone, Copy, Debug)]
struct Piece {
    file: u32,
    head_start: u32,
    start: u32,
    count: u32,
}

/// The end of a file whose length is not known yet.
const OPEN: u32 = u32::MAX / 2;

type Pending = HashMap<u32, Vec<Piece>>;

/// Returns for each file (a path of the head) the runs of lines with their
/// commits. `steps` are in an order in which no commit is before its children.
pub(crate) fn owners(steps: &[Step<'_>], head: u32, files: &[u32]) -> Vec<Vec<OwnedLines>> {
    let mut pending: Vec<Pending> = Vec::new();
    pending.resize_with(steps.len(), Pending::new);
    for (file, &path) in files.iter().enumerate() {
        let piece = Piece {
            file: file as u32,
            head_start: 1,
            start: 1,
            count: OPEN,
        };
        pending[head as usize].insert(path, vec![piece]);
    }
    let mut owned: Vec<Vec<OwnedLines>> = vec![Vec::new(); files.len()];
    for (at, step) in steps.iter().enumerate() {
        let mut held = std::mem::take(&mut pending[at]);
        if held.is_empty() {
            continue;
        }
        let mut passing = Passing {
            pending: &mut pending,
            owned: &mut owned,
            at: at as u32,
            step,
        };
        for file in &step.files {
            if let Some(pieces) = held.remove(&file.path) {
                passing.file(file, pieces);
            }
        }
        passing.rest(held);
    }
    for lines in &mut owned {
        join(lines);
    }
    owned
}

struct Passing<'a, 's> {
    pending: &'a mut [Pending],
    owned: &'a mut [Vec<OwnedLines>],
    at: u32,
    step: &'a Step<'s>,
}

impl Passing<'_, '_> {
    fn file(&mut self, file: &StepFile<'_>, mut pieces: Vec<Piece>) {
        if let Some(lines) = file.lines {
            for piece in &mut pieces {
                piece.count = piece.count.min((lines + 1).saturating_sub(piece.start));
            }
        }
        match file.what {
            What::Added | What::Replaced { .. } | What::Deleted { .. } => self.own_all(pieces),
            What::Changed { hunks, .. } => {
                let mut kept = Vec::with_capacity(pieces.len());
                let mut added = Vec::new();
                for piece in pieces {
                    cut(hunks, piece, &mut kept, &mut added);
                }
                self.own_all(added);
                self.hand(0, file.from, kept);
            }
            What::As { parent } => self.hand(usize::from(*parent), file.path, pieces),
            What::Merged { hunks } => {
                let mut left = pieces;
                for (parent, hunks) in hunks {
                    let mut kept = Vec::new();
                    let mut rest = Vec::new();
                    for piece in left {
                        cut(hunks, piece, &mut kept, &mut rest);
                    }
                    self.hand(usize::from(*parent), file.path, kept);
                    left = rest;
                }
                self.own_all(left);
            }
        }
    }

    fn own_all(&mut self, pieces: Vec<Piece>) {
        for piece in pieces {
            own(self.owned, piece, Some(self.at));
        }
    }

    fn hand(&mut self, parent: usize, path: u32, pieces: Vec<Piece>) {
        if pieces.is_empty() {
            return;
        }
        match self.step.parents.get(parent) {
            Some(Some(parent)) => {
                self.pending[*parent as usize]
                    .entry(path)
                    .or_default()
                    .extend(pieces);
            }
            Some(None) => {
                for piece in pieces {
                    own(self.owned, piece, None);
                }
            }
            None => self.own_all(pieces),
        }
    }

    /// Hands on what the commit did not touch.
    fn rest(&mut self, held: Pending) {
        if let Some(Some(parent)) = self.step.parents.first() {
            let known = &mut self.pending[*parent as usize];
            let (mut large, small) = if known.len() >= held.len() {
                (std::mem::take(known), held)
            } else {
                let small = std::mem::take(known);
                (held, small)
            };
            for (path, pieces) in small {
                large.entry(path).or_default().extend(pieces);
            }
            *known = large;
        } else {
            for (path, pieces) in held {
                self.hand(0, path, pieces);
            }
        }
    }
}

/// Cuts a piece at hunks: what is outside goes to `kept` with its line in the
/// base, what a hunk added to `added` as it is.
fn cut(hunks: &[Hunk], piece: Piece, kept: &mut Vec<Piece>, added: &mut Vec<Piece>) {
    let end = piece.start + piece.count;
    let mut at = piece.start;
    let mut index = hunks.partition_point(|hunk| hunk.head.end() <= at);
    let part = |from: u32, to: u32, start: u32| Piece {
        file: piece.file,
        head_start: piece.head_start + (from - piece.start),
        start,
        count: to - from,
    };
    while at < end {
        // Lines are shifted by all hunks before them.
        let shifted = |line: u32| match index.checked_sub(1).map(|before| hunks[before]) {
            Some(before) => before.base.end() + (line - before.head.end()),
            None => line,
        };
        let Some(hunk) = hunks.get(index).filter(|hunk| hunk.head.start < end) else {
            kept.push(part(at, end, shifted(at)));
            return;
        };
        if at < hunk.head.start {
            kept.push(part(at, hunk.head.start, shifted(at)));
            at = hunk.head.start;
        }
        let to = hunk.head.end().min(end);
        if at < to {
            added.push(part(at, to, at));
            at = to;
        }
        index += 1;
    }
}

fn own(owned: &mut [Vec<OwnedLines>], piece: Piece, commit: Option<u32>) {
    if piece.count > 0 {
        owned[piece.file as usize].push(OwnedLines {
            start: piece.head_start,
            count: piece.count,
            commit,
        });
    }
}

/// Puts the runs in order and joins neighbours of the same commit.
fn join(lines: &mut Vec<OwnedLines>) {
    lines.sort_by_key(|run| run.start);
    let mut joined: Vec<OwnedLines> = Vec::with_capacity(lines.len());
    for run in lines.drain(..) {
        match joined.last_mut() {
            Some(last) if last.commit == run.commit && last.start + last.count == run.start => {
                last.count += run.count;
            }
            _ => joined.push(run),
        }
    }
    // A length that nothing told: no commit that is known touched the file.
    joined.retain(|run| run.count < OPEN / 2);
    *lines = joined;
}

#[cfg(test)]
mod tests {
    use assay_source::{Hunk, LineRange};

    use super::{Piece, cut};

    fn check(hunks: &[[u32; 4]], piece: (u32, u32), kept: &[[u32; 3]], added: &[[u32; 3]]) {
        let hunks: Vec<Hunk> = hunks
            .iter()
            .map(|&[base, removed, head, added]| Hunk {
                base: LineRange {
                    start: base,
                    count: removed,
                },
                head: LineRange {
                    start: head,
                    count: added,
                },
            })
            .collect();
        let piece = Piece {
            file: 0,
            head_start: 100 + piece.0,
            start: piece.0,
            count: piece.1,
        };
        let (mut found_kept, mut found_added) = (Vec::new(), Vec::new());
        cut(&hunks, piece, &mut found_kept, &mut found_added);
        let plain = |pieces: Vec<Piece>| -> Vec<[u32; 3]> {
            pieces
                .iter()
                .map(|one| [one.head_start - 100, one.start, one.count])
                .collect()
        };
        assert_eq!(plain(found_kept), kept);
        assert_eq!(plain(found_added), added);
    }

    #[test]
    fn pieces_are_cut_at_hunks() {
        check(&[], (1, 5), &[[1, 1, 5]], &[]);
        // Two lines added before line 3.
        check(
            &[[3, 0, 3, 2]],
            (1, 9),
            &[[1, 1, 2], [5, 3, 5]],
            &[[3, 3, 2]],
        );
        // A line removed: what is after it was one further down.
        check(&[[3, 1, 3, 0]], (1, 4), &[[1, 1, 2], [3, 4, 2]], &[]);
        check(&[[3, 1, 3, 0]], (3, 2), &[[3, 4, 2]], &[]);
        // Only within a hunk, and beginning in one.
        check(&[[2, 1, 2, 4]], (3, 2), &[], &[[3, 3, 2]]);
        check(
            &[[2, 1, 2, 4], [9, 3, 12, 1]],
            (5, 10),
            &[[6, 3, 6], [13, 12, 2]],
            &[[5, 5, 1], [12, 12, 1]],
        );
    }
}
