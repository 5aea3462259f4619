//! Composer's versions: brought to Composer's normal form (four numbers, the words
//! of stability spelled out), then compared as PHP's `version_compare` does,
//! which is also all that is done with what has no normal form.

use std::cmp::Ordering;

use super::{compare_numbers, is_number, split_digits};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    version_compare(&normalised(a), &normalised(b))
}

/// Returns Composer's normal form: `v1.2-b3` is `1.2.0.0-beta3`. A text without
/// one is returned as it is.
fn normalised(text: &str) -> String {
    let text = text.trim().to_lowercase();
    // What stands after these is for people: `1.0 as 2.0`, `1.0#commit`, `1.0+build`.
    let text = text.split(" as ").next().unwrap_or("").trim();
    let text = text.split('#').next().unwrap_or("");
    let text = text.split('@').next().unwrap_or("");
    if text.starts_with("dev-") {
        return text.to_owned();
    }
    let body = text.split('+').next().unwrap_or("");
    let body = body.strip_prefix('v').unwrap_or(body);
    if let Some(branch) = body.strip_suffix(".x-dev").or(body.strip_suffix(".x")) {
        return branch_form(branch).unwrap_or_else(|| text.to_owned());
    }
    classical(body).unwrap_or_else(|| text.to_owned())
}

/// The branch `1.2.x` is later than every release of it.
fn branch_form(branch: &str) -> Option<String> {
    let mut parts: Vec<&str> = branch.split('.').collect();
    if parts.len() > 3 || !parts.iter().all(|part| is_number(part)) {
        return None;
    }
    parts.resize(4, "9999999");
    Some(format!("{}-dev", parts.join(".")))
}

/// A number with more digits is no year and no major version.
const YEAR_DIGITS_MAX: usize = 5;

fn classical(text: &str) -> Option<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (digits, after) = split_digits(rest);
        if digits.is_empty() {
            return None;
        }
        parts.push(digits);
        rest = after;
        match rest.strip_prefix('.') {
            Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
            _ => break,
        }
    }
    // Longer first numbers are dates, which keep the parts that they have.
    if parts.len() < 4 && parts[0].len() <= YEAR_DIGITS_MAX {
        parts.resize(4, "0");
    }
    let mut out = parts.join(".");
    rest = rest.strip_prefix(['.', '-', '_']).unwrap_or(rest);
    const WORDS: &[(&str, &str)] = &[
        ("stable", ""),
        ("beta", "beta"),
        ("b", "beta"),
        ("rc", "RC"),
        ("alpha", "alpha"),
        ("a", "alpha"),
        ("patch", "patch"),
        ("pl", "patch"),
        ("p", "patch"),
    ];
    if let Some((word, form)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
        let (number, after) = stability_number(&rest[word.len()..]);
        rest = after;
        if form.is_empty() {
            return matches!(rest, "" | "dev" | ".dev" | "-dev").then_some(out);
        }
        out.push('-');
        out.push_str(form);
        out.push_str(number);
    }
    let rest = rest.strip_prefix(['.', '-']).unwrap_or(rest);
    match rest {
        "" => Some(out),
        "dev" => Some(out + "-dev"),
        _ => None,
    }
}

/// Takes `(?:[.-]?\d+)*` off the front, and a separator before it.
fn stability_number(text: &str) -> (&str, &str) {
    let start = text.len() - text.strip_prefix(['.', '-']).unwrap_or(text).len();
    let mut end = 0;
    loop {
        let rest = &text[end..];
        let body = rest.strip_prefix(['.', '-']).unwrap_or(rest);
        let (digits, after) = split_digits(body);
        if digits.is_empty() {
            break;
        }
        end = text.len() - after.len();
    }
    match end {
        0 => ("", text),
        end => (&text[start..end], &text[end..]),
    }
}

/// The place of a part in PHP's order; of numbers, then by value.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Unknown,
    Dev,
    Alpha,
    Beta,
    Candidate,
    End,
    Number,
    Patch,
}

fn rank(part: Option<&&str>) -> Rank {
    // A part that begins with one of these is it, in this order of asking.
    const FORMS: &[(&str, Rank)] = &[
        ("dev", Rank::Dev),
        ("a", Rank::Alpha),
        ("b", Rank::Beta),
        ("RC", Rank::Candidate),
        ("rc", Rank::Candidate),
        ("p", Rank::Patch),
    ];
    let Some(part) = part else {
        return Rank::End;
    };
    if is_number(part) {
        return Rank::Number;
    }
    match FORMS.iter().find(|(form, _)| part.starts_with(form)) {
        Some((_, Rank::Dev)) => Rank::Dev,
        Some((_, Rank::Alpha)) => Rank::Alpha,
        Some((_, Rank::Beta)) => Rank::Beta,
        Some((_, Rank::Candidate)) => Rank::Candidate,
        Some((_, Rank::Patch)) => Rank::Patch,
        _ => Rank::Unknown,
    }
}

/// PHP's `version_compare`: parts are split at `.`, `-`, `_`, `+` and where digits
/// and letters meet.
fn version_compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    (0..a.len().max(b.len()))
        .map(|at| {
            let (a, b) = (a.get(at), b.get(at));
            rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
                (Some(a), Some(b)) if is_number(a) => compare_numbers(a, b),
                _ => Ordering::Equal,
            })
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn parts(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        '0'..='9' => 0,
        'a'..='z' | 'A'..='Z' => 1,
        _ => 2,
    };
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = kind(first);
        let end = rest.find(|c| kind(c) != run).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        if run != 2 {
            parts.push(part);
        }
        rest = after;
    }
    parts
}
