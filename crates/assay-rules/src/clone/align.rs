//! Extends a place where two texts agree to the whole block in which they do.
//!
//! Both directions are walked from the seed. Every pair of tokens scores: equal
//! text and consistently renamed names for the copy, names that change against
//! an earlier renaming and gaps against it. The walk stops when the score has
//! dropped too far below its best (the X-drop rule of sequence alignment), and
//! the block ends at the best.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;

use super::lex::{Class, Code};
use super::winnow::CodeHasher;

/// Two runs of tokens that agree one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) len: u32,
}

/// Two blocks that agree but for gaps: runs in order, none empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alignment {
    pub(crate) runs: Vec<Run>,
}

impl Alignment {
    pub(crate) fn a(&self) -> Range<u32> {
        self.side(|run| run.a)
    }

    pub(crate) fn b(&self) -> Range<u32> {
        self.side(|run| run.b)
    }

    fn side(&self, of: impl Fn(&Run) -> u32) -> Range<u32> {
        match (self.runs.first(), self.runs.last()) {
            (Some(first), Some(last)) => of(first)..of(last) + last.len,
            _ => 0..0,
        }
    }

    /// Returns the number of tokens that agree.
    pub(crate) fn matched(&self) -> u32 {
        self.runs.iter().map(|run| run.len).sum()
    }
}

/// What may differ between the copies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tolerance {
    /// Whether names and literals may differ.
    pub(crate) renamed: bool,
    /// The most tokens of a gap on either side; 0 for none.
    pub(crate) gap_tokens_max: usize,
}

/// How far the score may fall below its best.
const DROP: i32 = 40;
/// What opening a gap costs beside its tokens.
const GAP_OPEN: i32 = 4;
/// After a gap this many tokens must agree well.
const ANCHOR: usize = 10;
const ANCHOR_SCORE_MIN: i32 = 9;

/// The renaming that a block stands for, in both directions.
#[derive(Default)]
pub(crate) struct Names {
    forth: HashMap<u32, u32, BuildHasherDefault<CodeHasher>>,
    back: HashMap<u32, u32, BuildHasherDefault<CodeHasher>>,
}

/// How one pair of tokens agrees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Agreement {
    /// The same text.
    Same,
    /// Another name, as it is everywhere before.
    Renamed,
    /// Another name, for the first time.
    NewName,
    /// Another literal.
    Literal,
    /// A name that was called otherwise before.
    Inconsistent,
    /// The same text, for a name that was called otherwise before.
    SameButRenamed,
}

impl Agreement {
    pub(crate) fn score(self, code: Code) -> i32 {
        match self {
            Self::Same if code.class() == Class::Fixed => 1,
            Self::Same => 2,
            Self::Renamed | Self::SameButRenamed => 1,
            Self::Literal => 0,
            Self::NewName => -1,
            Self::Inconsistent => -4,
        }
    }
}

impl Names {
    pub(crate) fn clear(&mut self) {
        self.forth.clear();
        self.back.clear();
    }

    /// Compares two tokens of one class without learning from them.
    pub(crate) fn compare(&self, x: Code, y: Code) -> Agreement {
        if !x.is_identifier() {
            return if x == y {
                Agreement::Same
            } else {
                Agreement::Literal
            };
        }
        let forth = self.forth.get(&x.value()).copied();
        let back = self.back.get(&y.value()).copied();
        match (forth, back) {
            (None, None) if x == y => Agreement::Same,
            (None, None) => Agreement::NewName,
            (Some(to), Some(from)) if to == y.value() && from == x.value() => {
                if x == y {
                    Agreement::Same
                } else {
                    Agreement::Renamed
                }
            }
            _ if x == y => Agreement::SameButRenamed,
            _ => Agreement::Inconsistent,
        }
    }

    /// Compares two tokens and remembers what they are called.
    pub(crate) fn learn(&mut self, x: Code, y: Code) -> Agreement {
        let agreement = self.compare(x, y);
        let is_new = match agreement {
            Agreement::NewName => true,
            Agreement::Same => x.is_identifier(),
            _ => false,
        };
        if is_new {
            self.forth.insert(x.value(), y.value());
            self.back.insert(y.value(), x.value());
        }
        agreement
    }
}

/// Extends seeds; keeps its memory between them.
#[derive(Default)]
pub(crate) struct Aligner {
    names: Names,
}

impl Aligner {
    /// Returns the block around the seed: the tokens at `a` and `b`.
    ///
    /// With `is_one_text` the two are places in one text, `a` before `b`, and
    /// the blocks do not overlap.
    pub(crate) fn extend(
        &mut self,
        (a, a_seed): (&[Code], usize),
        (b, b_seed): (&[Code], usize),
        is_one_text: bool,
        tolerance: Tolerance,
    ) -> Alignment {
        self.names.clear();
        let a_to = if is_one_text { b_seed } else { a.len() };
        let forward = self.walk(
            &View::forward(&a[a_seed..a_to]),
            &View::forward(&b[b_seed..]),
            tolerance,
        );
        let b_from = if is_one_text {
            a_seed + forward.last().map_or(0, |run| (run.a + run.len) as usize)
        } else {
            0
        };
        let backward = self.walk(
            &View::backward(&a[..a_seed]),
            &View::backward(&b[b_from.min(b_seed)..b_seed]),
            tolerance,
        );
        let mut runs: Vec<Run> = Vec::with_capacity(forward.len() + backward.len());
        for run in backward.iter().rev() {
            runs.push(Run {
                a: (a_seed as u32) - run.a - run.len,
                b: (b_seed as u32) - run.b - run.len,
                len: run.len,
            });
        }
        for run in forward {
            let run = Run {
                a: a_seed as u32 + run.a,
                b: b_seed as u32 + run.b,
                len: run.len,
            };
            match runs.last_mut() {
                Some(last) if last.a + last.len == run.a && last.b + last.len == run.b => {
                    last.len += run.len;
                }
                _ => runs.push(run),
            }
        }
        Alignment { runs }
    }

    fn walk(&mut self, a: &View<'_>, b: &View<'_>, tolerance: Tolerance) -> Vec<Run> {
        let (mut i, mut j) = (0, 0);
        let (mut score, mut best) = (0, 0);
        let mut runs: Vec<Run> = Vec::new();
        // The number of runs, and the length of the last one, at the best.
        let mut kept = (0, 0);
        'walk: loop {
            let mut run = Run {
                a: i as u32,
                b: j as u32,
                len: 0,
            };
            while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
                if !is_alike(x, y, tolerance) {
                    break;
                }
                score += self.names.learn(x, y).score(x);
                (i, j) = (i + 1, j + 1);
                run.len += 1;
                if score > best {
                    best = score;
                    kept = (runs.len() + 1, run.len);
                } else if best - score > DROP {
                    runs.push(run);
                    break 'walk;
                }
            }
            if run.len > 0 {
                runs.push(run);
            }
            let Some((x, y)) = self.resync(a, b, (i, j), tolerance) else {
                break;
            };
            score -= GAP_OPEN + x.max(y) as i32;
            if best - score > DROP {
                break;
            }
            (i, j) = (i + x, j + y);
        }
        runs.truncate(kept.0);
        if let Some(last) = runs.last_mut() {
            last.len = kept.1;
        }
        runs
    }

    /// Returns the smallest gap after which the texts agree again.
    fn resync(
        &self,
        a: &View<'_>,
        b: &View<'_>,
        (i, j): (usize, usize),
        tolerance: Tolerance,
    ) -> Option<(usize, usize)> {
        let most = tolerance.gap_tokens_max;
        for total in 1..=most * 2 {
            for x in total.saturating_sub(most)..=total.min(most) {
                let y = total - x;
                if self.is_anchor(a, b, (i + x, j + y), tolerance) {
                    return Some((x, y));
                }
            }
        }
        None
    }

    fn is_anchor(
        &self,
        a: &View<'_>,
        b: &View<'_>,
        (i, j): (usize, usize),
        tolerance: Tolerance,
    ) -> bool {
        let mut score = 0;
        for step in 0..ANCHOR {
            match (a.get(i + step), b.get(j + step)) {
                (Some(x), Some(y)) if is_alike(x, y, tolerance) => {
                    score += self.names.compare(x, y).score(x);
                }
                _ => return false,
            }
        }
        score >= ANCHOR_SCORE_MIN
    }
}

/// Returns whether two tokens can stand for each other at all.
fn is_alike(x: Code, y: Code, tolerance: Tolerance) -> bool {
    x == y || (tolerance.renamed && x.class() != Class::Fixed && x.class() == y.class())
}

/// A text seen from the seed in one direction.
struct View<'a> {
    codes: &'a [Code],
    is_forward: bool,
}

impl<'a> View<'a> {
    fn forward(codes: &'a [Code]) -> Self {
        Self {
            codes,
            is_forward: true,
        }
    }

    fn backward(codes: &'a [Code]) -> Self {
        Self {
            codes,
            is_forward: false,
        }
    }

    fn get(&self, index: usize) -> Option<Code> {
        if self.is_forward {
            self.codes.get(index).copied()
        } else {
            let index = self.codes.len().checked_sub(index + 1)?;
            self.codes.get(index).copied()
        }
    }
}
