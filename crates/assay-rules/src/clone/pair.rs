//! Settles whether two aligned blocks are a clone: cuts them to whole lines,
//! verifies them on the text, and measures how far they agree.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::ops::Range;

use assay_finding::Identity;

use super::align::{Agreement, Alignment, Names};
use super::lex::Code;
use super::text::Text;
use super::trim::{clip, principal, trim};
use super::winnow::CodeHasher;
use super::{CloneBlock, CloneKind, CloneOptions};

/// One block of a pair.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The number of the file, in the order of reports.
    pub(crate) file: u32,
    pub(crate) tokens: Range<u32>,
    pub(crate) block: CloneBlock,
    pub(crate) identity: Identity,
}

/// Two blocks that are copies.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) a: Block,
    pub(crate) b: Block,
    pub(crate) kind: CloneKind,
    pub(crate) similarity: f64,
}

/// The least mean score of a token: what is below is alike in structure only.
const SCORE_MEAN_MIN: f64 = 0.6;
/// The least share of tokens that agree in copies with gaps.
const MATCHED_MIN: f64 = 0.85;
/// The least share of tokens with equal text in copies with gaps: with both
/// gaps and other names, blocks are alike because code is.
const GAPPED_SIMILARITY_MIN: f64 = 0.75;
/// The same for two tests: those are alike by their nature.
const TEST_SIMILARITY_MIN: f64 = 0.9;
/// The least share of different sequences of [`VARIETY_GRAM`] tokens, without
/// names and literals: what is below is a table or a list of cases.
const VARIETY_MIN: f64 = 0.3;
const VARIETY_GRAM: usize = 4;

/// Returns the blocks of the alignment when they are a clone.
pub(crate) fn settle(
    (a_file, a): (u32, Text<'_>),
    (b_file, b): (u32, Text<'_>),
    alignment: &Alignment,
    options: &CloneOptions,
) -> Option<Pair> {
    let mut alignment = trim(&a, &b, alignment)?;
    if options.filtered {
        let whole = principal(&a, alignment.a(), options.tokens_min / 2);
        if whole != alignment.a() {
            alignment = trim(&a, &b, &clip(&alignment, whole))?;
        }
    }
    let (a_tokens, b_tokens) = (alignment.a(), alignment.b());
    let (a_lines, b_lines) = (a.line_count(&a_tokens), b.line_count(&b_tokens));
    if alignment.matched() < options.tokens_min
        || a_lines.max(b_lines) < options.lines_min
        || a_lines.min(b_lines) * 2 < options.lines_min
    {
        return None;
    }
    let measure = Measure::of(&a, &b, &alignment);
    if options.filtered && !is_substantial((&a, &b), &alignment, &measure, options) {
        return None;
    }
    Some(Pair {
        kind: measure.kind(&alignment),
        similarity: measure.similarity(&alignment),
        a: a.block(a_file, a_tokens),
        b: b.block(b_file, b_tokens),
    })
}

/// Returns whether the clone is one that somebody would want to hear of.
fn is_substantial(
    (a, b): (&Text<'_>, &Text<'_>),
    alignment: &Alignment,
    measure: &Measure,
    options: &CloneOptions,
) -> bool {
    let (a_tokens, b_tokens) = (alignment.a(), alignment.b());
    let (a_len, b_len) = (a_tokens.len() as f64, b_tokens.len() as f64);
    let matched = alignment.matched();
    let is_test = a.is_test(&a_tokens) && b.is_test(&b_tokens);
    // In quarters of the minimum: the less the copies are the same, the more of
    // them there must be.
    let (quarters, similarity_min) = match measure.kind(alignment) {
        CloneKind::Exact if is_test => (6, 0.0),
        CloneKind::Renamed | CloneKind::Gapped if is_test => (8, TEST_SIMILARITY_MIN),
        CloneKind::Exact => (4, 0.0),
        CloneKind::Renamed => (5, 0.0),
        CloneKind::Gapped => (6, GAPPED_SIMILARITY_MIN),
    };
    matched * 4 >= options.tokens_min * quarters
        && measure.similarity(alignment) >= similarity_min
        && f64::from(matched) * 2.0 >= MATCHED_MIN * (a_len + b_len)
        && f64::from(measure.score) >= SCORE_MEAN_MIN * a_len.max(b_len)
        && variety(&a.lexed.codes[a_tokens.start as usize..a_tokens.end as usize]) >= VARIETY_MIN
}

/// What the tokens of two blocks say.
struct Measure {
    /// Tokens with equal text.
    same: u32,
    score: i32,
}

impl Measure {
    fn kind(&self, alignment: &Alignment) -> CloneKind {
        if alignment.runs.len() > 1 {
            CloneKind::Gapped
        } else if self.same == alignment.matched() {
            CloneKind::Exact
        } else {
            CloneKind::Renamed
        }
    }

    /// Returns the share of tokens with equal text.
    fn similarity(&self, alignment: &Alignment) -> f64 {
        let both = (alignment.a().len() + alignment.b().len()) as f64;
        f64::from(self.same) * 2.0 / both
    }

    fn of(a: &Text<'_>, b: &Text<'_>, alignment: &Alignment) -> Self {
        let mut names = Names::default();
        let mut measure = Self { same: 0, score: 0 };
        let fold = a.fold_case || b.fold_case;
        for run in &alignment.runs {
            for step in 0..run.len {
                let (x, y) = (run.a + step, run.b + step);
                let (x_code, y_code) = (a.code(x), b.code(y));
                let mut agreement = names.learn(x_code, y_code);
                if x_code == y_code && !is_same_text(a.slice(x), b.slice(y), fold) {
                    // Equal hashes of different texts.
                    agreement = Agreement::Inconsistent;
                } else if x_code == y_code {
                    measure.same += 1;
                }
                measure.score += agreement.score(x_code);
            }
        }
        measure
    }
}

fn is_same_text(a: &str, b: &str, fold_case: bool) -> bool {
    a == b || (fold_case && a.eq_ignore_ascii_case(b))
}

/// Returns how many of the short sequences of tokens are different ones.
fn variety(codes: &[Code]) -> f64 {
    let mut seen: HashSet<u64, BuildHasherDefault<CodeHasher>> = HashSet::default();
    let grams = codes.windows(VARIETY_GRAM);
    let count = grams.len();
    for gram in grams {
        seen.insert(gram.iter().fold(0u64, |hash, code| {
            (hash ^ u64::from(code.normal())).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        }));
    }
    seen.len() as f64 / count.max(1) as f64
}
