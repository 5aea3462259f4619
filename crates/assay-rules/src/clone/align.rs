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

/// A place in a text from which to extend.
#[derive(Clone, Copy)]
pub(crate) struct Seed<'a> {
    pub(crate) codes: &'a [Code],
    pub(crate) at: usize,
}

/// What extending a seed gave.
pub(crate) struct Extension {
    pub(crate) alignment: Alignment,
    /// The tokens of the first side that were walked over without a gap: seeds
    /// there at the same distance lead to the same block.
    pub(crate) walked: Range<u32>,
}

/// One direction: runs as distances from the seed.
struct Walk {
    runs: Vec<Run>,
    /// How far the first run went before it was cut back to the best.
    reach: u32,
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
/// Gaps are only looked for around a run of this length.
const GAPPED_RUN_MIN: u32 = 24;
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
        self.judge(x, y).0
    }

    /// Compares two tokens; the second is whether they are names that were never seen.
    fn judge(&self, x: Code, y: Code) -> (Agreement, bool) {
        if !x.is_identifier() {
            let agreement = if x == y {
                Agreement::Same
            } else {
                Agreement::Literal
            };
            return (agreement, false);
        }
        let forth = self.forth.get(&x.value()).copied();
        let back = self.back.get(&y.value()).copied();
        let agreement = match (forth, back) {
            (None, None) if x == y => return (Agreement::Same, true),
            (None, None) => return (Agreement::NewName, true),
            (Some(to), Some(from)) if to == y.value() && from == x.value() => {
                if x == y {
                    Agreement::Same
                } else {
                    Agreement::Renamed
                }
            }
            _ if x == y => Agreement::SameButRenamed,
            _ => Agreement::Inconsistent,
        };
        (agreement, false)
    }

    /// Compares two tokens and remembers what they are called.
    pub(crate) fn learn(&mut self, x: Code, y: Code) -> Agreement {
        let (agreement, is_new) = self.judge(x, y);
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
    a_grams: Grams,
    b_grams: Grams,
    /// Where on the first side the second may go on.
    meeting: Vec<usize>,
}

impl Aligner {
    /// Returns the block around the seed: the tokens at `a` and `b`.
    ///
    /// With `is_one_text` the two are places in one text, `a` before `b`, and
    /// the blocks do not overlap.
    pub(crate) fn extend(
        &mut self,
        a: Seed<'_>,
        b: Seed<'_>,
        is_one_text: bool,
        tolerance: Tolerance,
    ) -> Extension {
        let plain = Tolerance {
            gap_tokens_max: 0,
            ..tolerance
        };
        let first = self.extend_with(a, b, is_one_text, plain);
        if tolerance.gap_tokens_max == 0 || first.alignment.matched() < GAPPED_RUN_MIN {
            return first;
        }
        let second = self.extend_with(a, b, is_one_text, tolerance);
        Extension {
            alignment: second.alignment,
            walked: first.walked,
        }
    }

    fn extend_with(
        &mut self,
        Seed {
            codes: a,
            at: a_seed,
        }: Seed<'_>,
        Seed {
            codes: b,
            at: b_seed,
        }: Seed<'_>,
        is_one_text: bool,
        tolerance: Tolerance,
    ) -> Extension {
        self.names.clear();
        let a_to = if is_one_text { b_seed } else { a.len() };
        let forward = self.walk(
            &View::forward(&a[a_seed..a_to]),
            &View::forward(&b[b_seed..]),
            tolerance,
        );
        let b_from = if is_one_text {
            let last = forward.runs.last();
            b_seed.min(a_seed + last.map_or(0, |run| (run.a + run.len) as usize))
        } else {
            0
        };
        let backward = self.walk(
            &View::backward(&a[..a_seed]),
            &View::backward(&b[b_from..b_seed]),
            tolerance,
        );
        let (a_seed, b_seed) = (a_seed as u32, b_seed as u32);
        let before = backward.runs.iter().rev().map(|run| Run {
            a: a_seed - run.a - run.len,
            b: b_seed - run.b - run.len,
            len: run.len,
        });
        let mut runs: Vec<Run> = before.collect();
        for run in forward.runs {
            let run = Run {
                a: a_seed + run.a,
                b: b_seed + run.b,
                len: run.len,
            };
            match runs.last_mut() {
                Some(last) if last.a + last.len == run.a && last.b + last.len == run.b => {
                    last.len += run.len;
                }
                _ => runs.push(run),
            }
        }
        Extension {
            alignment: Alignment { runs },
            walked: a_seed - backward.reach..a_seed + forward.reach,
        }
    }

    fn walk(&mut self, a: &View<'_>, b: &View<'_>, tolerance: Tolerance) -> Walk {
        let (mut i, mut j) = (0, 0);
        let (mut score, mut best) = (0, 0);
        let mut runs: Vec<Run> = Vec::new();
        // The number of runs, and the length of the last one, at the best.
        let mut kept = (0, 0);
        let mut reach = 0;
        loop {
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
                if score >= best {
                    best = score;
                    kept = (runs.len() + 1, run.len);
                } else if best - score > DROP {
                    break;
                }
            }
            if runs.is_empty() {
                reach = run.len;
            }
            if run.len > 0 {
                runs.push(run);
            }
            if best - score > DROP || tolerance.gap_tokens_max == 0 {
                break;
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
        Walk { runs, reach }
    }

    /// Returns the smallest gap after which the texts agree again.
    fn resync(
        &mut self,
        a: &View<'_>,
        b: &View<'_>,
        (i, j): (usize, usize),
        tolerance: Tolerance,
    ) -> Option<(usize, usize)> {
        let most = tolerance.gap_tokens_max;
        self.a_grams.fill(a, i, tolerance);
        self.b_grams.fill(b, j, tolerance);
        let (a_grams, b_grams) = (&self.a_grams.hashes[..], &self.b_grams.hashes[..]);
        // Most sequences of one side are nowhere on the other: only those that
        // may be are tried at all distances.
        let there = GramSet::of(b_grams);
        self.meeting.clear();
        self.meeting
            .extend((0..a_grams.len().min(most + 1)).filter(|&x| there.may_have(a_grams[x])));
        let total_max = self.meeting.last().map_or(0, |x| x + most);
        for total in 1..=total_max {
            for &x in &self.meeting {
                let Some(y) = total.checked_sub(x) else {
                    break;
                };
                if y <= most
                    && b_grams.get(y) == Some(&a_grams[x])
                    && self.is_anchor(a, b, (i + x, j + y), tolerance)
                {
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

/// The hashes of the next sequences of [`ANCHOR`] tokens, without names and
/// literals where those may differ.
#[derive(Default)]
struct Grams {
    codes: Vec<u32>,
    hashes: Vec<u64>,
}

impl Grams {
    fn fill(&mut self, view: &View<'_>, from: usize, tolerance: Tolerance) {
        const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
        const TOP: u64 = BASE.wrapping_pow(ANCHOR as u32);
        self.codes.clear();
        self.hashes.clear();
        let mut hash = 0u64;
        for step in 0..tolerance.gap_tokens_max + ANCHOR {
            let Some(code) = view.get(from + step) else {
                break;
            };
            let code = if tolerance.renamed {
                code.normal()
            } else {
                code.value()
            };
            self.codes.push(code);
            hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(code) + 1);
            if step >= ANCHOR {
                let out = u64::from(self.codes[step - ANCHOR]) + 1;
                hash = hash.wrapping_sub(out.wrapping_mul(TOP));
            }
            if step + 1 >= ANCHOR {
                self.hashes.push(hash);
            }
        }
    }
}

/// A set of hashes that may say yes to one that it has not (a Bloom filter of
/// one hash function).
struct GramSet([u64; 16]);

impl GramSet {
    fn of(hashes: &[u64]) -> Self {
        let mut set = Self([0; 16]);
        for &hash in hashes {
            let (word, bit) = Self::place(hash);
            set.0[word] |= bit;
        }
        set
    }

    fn may_have(&self, hash: u64) -> bool {
        let (word, bit) = Self::place(hash);
        self.0[word] & bit != 0
    }

    /// The upper bits of a product are the ones that are mixed.
    fn place(hash: u64) -> (usize, u64) {
        ((hash >> 60) as usize, 1 << (hash >> 54 & 63))
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
