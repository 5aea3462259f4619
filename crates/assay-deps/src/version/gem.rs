//! Ruby's versions, as `Gem::Version` documents and compares them: runs of digits
//! and of letters, a hyphen meaning `.pre.`, zeros that say nothing left out.

use std::cmp::Ordering;

use super::{compare_numbers, is_number};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.replace('-', ".pre."), b.replace('-', ".pre."));
    let (a, b) = (segments(&a), segments(&b));
    (0..a.len().max(b.len()))
        .map(|at| {
            let part = |parts: &[&str]| parts.get(at).copied().unwrap_or("0").to_owned();
            compare_segment(&part(&a), &part(&b))
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn compare_segment(a: &str, b: &str) -> Ordering {
    match (is_number(a), is_number(b)) {
        (true, true) => compare_numbers(a, b),
        (false, false) => a.cmp(b),
        (a, b) => a.cmp(&b),
    }
}

/// Returns the segments without the zeros at the end of the release and at the
/// end of what follows it.
fn segments(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if first.is_ascii_digit() {
            rest.find(|c: char| !c.is_ascii_digit())
        } else if first.is_ascii_alphabetic() {
            rest.find(|c: char| !c.is_ascii_alphabetic())
        } else {
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let (segment, after) = rest.split_at(end.unwrap_or(rest.len()));
        all.push(segment);
        rest = after;
    }
    let is_zero = |segment: &&str| is_number(segment) && segment.bytes().all(|byte| byte == b'0');
    let split = all
        .iter()
        .position(|segment| !is_number(segment))
        .unwrap_or(all.len());
    let mut letters = all.split_off(split);
    for part in [&mut all, &mut letters] {
        while part.last().is_some_and(is_zero) {
            part.pop();
        }
    }
    all.append(&mut letters);
    all
}
