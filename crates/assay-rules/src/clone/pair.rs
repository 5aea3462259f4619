//! Settles whether two aligned blocks are a clone: cuts them to whole lines,
//! verifies them on the text, and measures how far they agree.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::hash::BuildHasherDefault;
use std::ops::Range;

use assay_finding::{Identity, IdentityHasher, Location};
use assay_source::{RepoPath, SourceText, Span};

use super::align::{Agreement, Alignment, Names, Run};
use super::finding::CLONE_RULE;
use super::lex::{Class, Code, Lexed};
use super::winnow::CodeHasher;
use super::{CloneBlock, CloneKind, CloneOptions};

/// A text with its tokens.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) path: &'a RepoPath,
    pub(crate) text: &'a SourceText,
    pub(crate) lexed: &'a Lexed,
    /// Whether letters of both cases are the same.
    pub(crate) fold_case: bool,
}

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
const MATCHED_MIN: f64 = 0.8;
/// The least share of tokens with equal text in copies with gaps: with both
/// gaps and other names, blocks are alike because code is.
const GAPPED_SIMILARITY_MIN: f64 = 0.7;
/// The least share of different sequences of [`VARIETY_GRAM`] tokens, without
/// names and literals: what is below is a table or a list of cases.
const VARIETY_MIN: f64 = 0.3;
const VARIETY_GRAM: usize = 4;
/// How far a block is cut for it to begin and end with a line.
const TRIM_TOKENS_MAX: usize = 40;
/// How much further it is cut for the other block to begin and end so as well.
const TRIM_BOTH_TOKENS_MAX: u32 = 8;

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
    let both = (a_tokens.len() + b_tokens.len()) as f64;
    let pair = Pair {
        kind: measure.kind(&alignment),
        similarity: f64::from(measure.same) * 2.0 / both,
        a: a.block(a_file, a_tokens),
        b: b.block(b_file, b_tokens),
    };
    (!options.filtered || is_substantial(&pair, &a, &alignment, &measure, options)).then_some(pair)
}

/// Returns whether the clone is one that somebody would want to hear of.
fn is_substantial(
    pair: &Pair,
    a: &Text<'_>,
    alignment: &Alignment,
    measure: &Measure,
    options: &CloneOptions,
) -> bool {
    let (a_len, b_len) = (pair.a.tokens.len() as f64, pair.b.tokens.len() as f64);
    let matched = f64::from(alignment.matched());
    // The less the copies are the same, the more of them there must be.
    let (numerator, is_close) = match pair.kind {
        CloneKind::Exact => (4, true),
        CloneKind::Renamed => (5, true),
        CloneKind::Gapped => (
            6,
            pair.similarity >= GAPPED_SIMILARITY_MIN
                && matched * 2.0 >= MATCHED_MIN * (a_len + b_len),
        ),
    };
    let range = pair.a.tokens.start as usize..pair.a.tokens.end as usize;
    is_close
        && alignment.matched() * 4 >= options.tokens_min * numerator
        && f64::from(measure.score) >= SCORE_MEAN_MIN * a_len.max(b_len)
        && variety(&a.lexed.codes[range]) >= VARIETY_MIN
}

/// Returns the part of the block that stands for itself: without the end of
/// what is around its beginning and without the beginning of what is around its
/// end, when those are shorter than `part_min` tokens. Indentation tells, since
/// it does in every language.
fn principal(text: &Text<'_>, block: Range<u32>, part_min: u32) -> Range<u32> {
    let mut lines: Vec<(u32, u32)> = Vec::new();
    for token in block.clone() {
        if token == block.start || text.leads(token) {
            lines.push((token, text.indent(token)));
        }
    }
    let mut first = 0;
    let mut at = 1;
    while at + 1 < lines.len() {
        let base = lines[first].1;
        // Two lines: labels and directives stand out alone.
        if lines[at].1 < base && lines[at + 1].1 < base {
            if lines[at].0 - lines[first].0 >= part_min {
                break;
            }
            first = at;
        }
        at += 1;
    }
    let mut end = block.end;
    let mut last = lines.len();
    while last > first + 1 {
        let Some(base) = lines[first..last].iter().map(|line| line.1).min() else {
            break;
        };
        let Some(unit) = (first..last).rev().find(|&line| lines[line].1 <= base) else {
            break;
        };
        let is_open = unit + 1 < last;
        let is_attribute = text.code(lines[unit].0).is_any(b"@#");
        if unit == first || !(is_open || is_attribute) || end - lines[unit].0 >= part_min {
            break;
        }
        end = lines[unit].0;
        last = unit;
        if !is_open {
            continue;
        }
        // One open unit at most; attributes before it go with it.
        while last > first + 1 && text.code(lines[last - 1].0).is_any(b"@#") {
            last -= 1;
            end = lines[last].0;
        }
        break;
    }
    lines[first].0..end
}

impl Text<'_> {
    pub(crate) fn line_of(&self, token: u32) -> u32 {
        self.text.lines().line_of(self.lexed.starts[token as usize])
    }

    fn last_line_of(&self, token: u32) -> u32 {
        let end = self.lexed.ends[token as usize];
        self.text.lines().line_of(end.saturating_sub(1))
    }

    /// Returns the lines from the first token to the last.
    fn line_count(&self, tokens: &Range<u32>) -> u32 {
        self.last_line_of(tokens.end - 1) - self.line_of(tokens.start) + 1
    }

    /// Returns the bytes before the first token of its line.
    fn indent(&self, token: u32) -> u32 {
        let start = self.lexed.starts[token as usize];
        let line = self.text.lines().line_of(start);
        start - self.text.lines().line_span(line).start
    }

    fn leads(&self, token: u32) -> bool {
        token == 0 || self.last_line_of(token - 1) < self.line_of(token)
    }

    fn trails(&self, token: u32) -> bool {
        token as usize + 1 == self.lexed.len() || self.last_line_of(token) < self.line_of(token + 1)
    }

    fn code(&self, token: u32) -> Code {
        self.lexed.codes[token as usize]
    }

    fn slice(&self, token: u32) -> &str {
        let token = token as usize;
        let span = Span::new(self.lexed.starts[token], self.lexed.ends[token]);
        self.text.slice(span)
    }

    fn block(&self, file: u32, tokens: Range<u32>) -> Block {
        let start = self.lexed.starts[tokens.start as usize];
        let end = self.lexed.ends[tokens.end as usize - 1];
        Block {
            file,
            block: CloneBlock {
                location: Location {
                    path: self.path.clone(),
                    span: Span::new(start, end),
                    start: self.text.position(start),
                    end: self.text.position(end),
                },
                tokens: tokens.end - tokens.start,
            },
            identity: self.identity(&tokens),
            tokens,
        }
    }

    /// Returns the identity of the tokens: names are numbered in the order of
    /// their first use, so a consistent renaming does not change it.
    fn identity(&self, tokens: &Range<u32>) -> Identity {
        let mut names = HashMap::new();
        let mut shape = String::new();
        for token in tokens.clone() {
            let code = self.code(token);
            match code.class() {
                Class::Fixed => shape.push_str(self.slice(token)),
                Class::Number => shape.push('0'),
                Class::String => shape.push('"'),
                Class::Identifier => {
                    let next = names.len();
                    let number = *names.entry(code).or_insert(next);
                    // Writing to a string does not fail.
                    let _ = write!(shape, "#{number}");
                }
            }
            shape.push(' ');
        }
        let mut hasher = IdentityHasher::new(CLONE_RULE);
        hasher.part(&shape);
        hasher.finish()
    }
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

/// Cuts the ends so that the blocks begin and end with lines, and leaves out
/// brackets at the ends that belong to what is around.
fn trim(a: &Text<'_>, b: &Text<'_>, alignment: &Alignment) -> Option<Alignment> {
    let pairs = |run: &Run| {
        let run = *run;
        (0..run.len).map(move |step| (run.a + step, run.b + step))
    };
    let starts: Vec<(u32, u32)> = alignment
        .runs
        .iter()
        .flat_map(pairs)
        .take(TRIM_TOKENS_MAX)
        .filter(|&(x, _)| a.leads(x) && !a.code(x).is_any(b")]};,"))
        .collect();
    let ends: Vec<(u32, u32)> = alignment
        .runs
        .iter()
        .rev()
        .flat_map(|run| pairs(run).rev())
        .take(TRIM_TOKENS_MAX)
        .filter(|&(x, _)| a.trails(x) && !a.code(x).is_any(b"([{:"))
        .collect();
    let start = first_of(&starts, &|y| b.leads(y));
    let end = first_of(&ends, &|y| b.trails(y));
    let first = start.map_or(alignment.a().start, |(x, _)| x);
    let last = end.map_or(alignment.a().end.checked_sub(1)?, |(x, _)| x);
    let cut = clip(alignment, first..last + 1);
    (!cut.runs.is_empty()).then_some(cut)
}

/// Returns the first place, or one close after it where the second text
/// agrees as well.
fn first_of(places: &[(u32, u32)], agrees: &dyn Fn(u32) -> bool) -> Option<(u32, u32)> {
    let &first = places.first()?;
    let is_close = |&(x, _): &(u32, u32)| x.abs_diff(first.0) <= TRIM_BOTH_TOKENS_MAX;
    let mut close = places.iter().copied().take_while(is_close);
    Some(close.find(|&(_, y)| agrees(y)).unwrap_or(first))
}

/// Returns the part of the alignment whose first side is in the range.
pub(crate) fn clip(alignment: &Alignment, range: Range<u32>) -> Alignment {
    let runs = alignment.runs.iter().filter_map(|run| {
        let from = range.start.saturating_sub(run.a).min(run.len);
        let to = range.end.saturating_sub(run.a).min(run.len);
        (from < to).then_some(Run {
            a: run.a + from,
            b: run.b + from,
            len: to - from,
        })
    });
    Alignment {
        runs: runs.collect(),
    }
}
