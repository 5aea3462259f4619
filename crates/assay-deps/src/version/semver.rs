//! Semantic versions (semver.org, version 2.0.0, clause 11), read loosely: any
//! number of parts, a leading `v` or `=`, and a pre-release without its hyphen.
//! Go, Hex, Swift, npm and crates.io follow it; Pub, NuGet and Conan each add
//! something, written down at [`Dialect`].

use std::cmp::Ordering;

use super::{compare_numbers, is_number, split_digits};

/// How an ecosystem differs from the specification.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Not at all.
    Loose,
    /// Of versions that are equal else, one with a build is later, and builds
    /// are compared as pre-releases are (the `pub_semver` package).
    Pub,
    /// Labels are compared without regard to case (NuGet's version reference).
    NuGet,
    /// A part may end in letters, which make it later: `1.1.1 < 1.1.1k` (Conan's
    /// `Version` compares the parts as texts when they are no numbers).
    Conan,
}

struct Parts<'a> {
    /// Digits, and letters right after them (only [`Dialect::Conan`] has some).
    core: Vec<(&'a str, &'a str)>,
    pre: Option<&'a str>,
    build: Option<&'a str>,
}

pub(super) fn compare(a: &str, b: &str, dialect: Dialect) -> Ordering {
    let (a, b) = (parse(a, dialect), parse(b, dialect));
    compare_cores(&a.core, &b.core)
        .then_with(|| compare_pre(a.pre, b.pre, dialect))
        .then_with(|| match (dialect, a.build, b.build) {
            (Dialect::Pub, Some(a), Some(b)) => compare_labels(a, b, dialect),
            (Dialect::Pub, a, b) => a.is_some().cmp(&b.is_some()),
            _ => Ordering::Equal,
        })
}

fn parse(text: &str, dialect: Dialect) -> Parts<'_> {
    let text = text.trim_start_matches(['=', ' ']);
    let text = match text.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => text,
    };
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build).filter(|build| !build.is_empty())),
        None => (text, None),
    };
    let mut core = Vec::new();
    let mut rest = text;
    loop {
        let (digits, after) = split_digits(rest);
        if digits.is_empty() {
            break;
        }
        let letters_end = match dialect {
            Dialect::Conan => after.find(['.', '-']).unwrap_or(after.len()),
            _ => 0,
        };
        core.push((digits, &after[..letters_end]));
        rest = &after[letters_end..];
        match rest.strip_prefix('.') {
            Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
            _ => break,
        }
    }
    let pre = rest.strip_prefix(['-', '.', '_']).unwrap_or(rest);
    Parts {
        core,
        pre: Some(pre).filter(|pre| !pre.is_empty()),
        build,
    }
}

/// A part that is not there is 0.
fn compare_cores(a: &[(&str, &str)], b: &[(&str, &str)]) -> Ordering {
    let part = |parts: &[(&str, &str)], at: usize| -> (String, String) {
        parts
            .get(at)
            .map_or_else(Default::default, |(digits, letters)| {
                ((*digits).to_owned(), (*letters).to_owned())
            })
    };
    (0..a.len().max(b.len()))
        .map(|at| {
            let (a, b) = (part(a, at), part(b, at));
            compare_numbers(&a.0, &b.0).then_with(|| a.1.cmp(&b.1))
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn compare_pre(a: Option<&str>, b: Option<&str>, dialect: Dialect) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => compare_labels(a, b, dialect),
        // A release is later than all its pre-releases.
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

fn compare_labels(a: &str, b: &str, dialect: Dialect) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) if a.is_none() || b.is_none() => a.is_some().cmp(&b.is_some()),
            (a, b) => compare_label(a.unwrap_or(""), b.unwrap_or(""), dialect),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn compare_label(a: &str, b: &str, dialect: Dialect) -> Ordering {
    match (is_number(a), is_number(b)) {
        (true, true) => compare_numbers(a, b),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) if dialect == Dialect::NuGet => {
            a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase())
        }
        (false, false) => a.cmp(b),
    }
}
