//! Cuts aligned blocks to what stands for itself: whole lines, without brackets
//! and pieces of units that belong to what is around.

use std::ops::Range;

use super::align::{Alignment, Run};
use super::text::Text;

/// How far a block is cut for it to begin and end with a line.
const TRIM_TOKENS_MAX: usize = 40;
/// How much further it is cut for the other block to begin and end so as well.
const TRIM_BOTH_TOKENS_MAX: u32 = 8;

/// Cuts the ends so that the blocks begin and end with lines, and leaves out
/// brackets at the ends that belong to what is around.
pub(crate) fn trim(a: &Text<'_>, b: &Text<'_>, alignment: &Alignment) -> Option<Alignment> {
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

/// Returns the part of the block that stands for itself: without the end of
/// what is around its beginning and without the beginning of what is around its
/// end, when those are shorter than `part_min` tokens. Indentation tells, since
/// it does in every language.
pub(crate) fn principal(text: &Text<'_>, block: Range<u32>, part_min: u32) -> Range<u32> {
    let mut lines: Vec<(u32, u32)> = Vec::new();
    for token in block.clone() {
        if token == block.start || text.leads(token) {
            lines.push((token, text.indent(token)));
        }
    }
    let mut first = 0;
    for at in 1..lines.len() {
        let (token, indent) = lines[at];
        let next = lines.get(at + 1).map_or(block.end, |line| line.0);
        // Labels, directives and closing words stand out alone.
        let is_alone = next - token <= 2 || text.code(token).is_any(b"#");
        if indent < lines[first].1 && !is_alone {
            if token - lines[first].0 >= part_min {
                break;
            }
            first = at;
        }
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
