//! Python's versions: PEP 440 (now the packaging user guide's "version
//! specifiers"), and below all of them the order that setuptools had before, for
//! what is no version by PEP 440.

use std::cmp::Ordering;

use super::{compare_numbers, is_number, split_digits};

/// A version by PEP 440, in the parts that decide its order.
struct Version {
    epoch: String,
    release: Vec<String>,
    /// Before a release: 0 for a development release of it, 1 to 3 for a, b and
    /// rc, 4 for none of them.
    phase: (u8, String),
    /// None comes first.
    post: Option<String>,
    /// None comes last.
    dev: Option<String>,
    local: Option<Vec<String>>,
}

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    match (parse(&a), parse(&b)) {
        (Some(a), Some(b)) => compare_versions(&a, &b),
        (None, None) => legacy_key(&a).cmp(&legacy_key(&b)),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

fn compare_versions(a: &Version, b: &Version) -> Ordering {
    let number = |a: &String, b: &String| compare_numbers(a, b);
    let zero = String::new();
    let release = (0..a.release.len().max(b.release.len()))
        .map(|at| {
            number(
                a.release.get(at).unwrap_or(&zero),
                b.release.get(at).unwrap_or(&zero),
            )
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal);
    number(&a.epoch, &b.epoch)
        .then(release)
        .then_with(|| a.phase.0.cmp(&b.phase.0))
        .then_with(|| number(&a.phase.1, &b.phase.1))
        .then_with(|| match (&a.post, &b.post) {
            (Some(a), Some(b)) => number(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        })
        .then_with(|| match (&a.dev, &b.dev) {
            (Some(a), Some(b)) => number(a, b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        })
        .then_with(|| match (&a.local, &b.local) {
            (Some(a), Some(b)) => compare_locals(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        })
}

fn compare_locals(a: &[String], b: &[String]) -> Ordering {
    a.iter()
        .zip(b)
        .map(|(a, b)| match (is_number(a), is_number(b)) {
            (true, true) => compare_numbers(a, b),
            (false, false) => a.cmp(b),
            (a, b) => a.cmp(&b),
        })
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// Reads `v1!2.3rc4.post5.dev6+local.7`, in lower case, with the spellings that
/// PEP 440 normalises.
fn parse(text: &str) -> Option<Version> {
    let text = text.trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, local) = match text.split_once('+') {
        Some((text, local)) => (text, Some(parse_local(local)?)),
        None => (text, None),
    };
    let (first, after) = split_digits(text);
    let (epoch, mut rest) = match after.strip_prefix('!') {
        Some(after) if !first.is_empty() => (first.to_owned(), after),
        _ => (String::new(), text),
    };
    let mut release = Vec::new();
    loop {
        let (digits, after) = split_digits(rest);
        if digits.is_empty() {
            return None;
        }
        release.push(digits.to_owned());
        rest = after;
        match rest.strip_prefix('.') {
            Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
            _ => break,
        }
    }
    const PHASES: &[(&str, u8)] = &[
        ("alpha", 1),
        ("a", 1),
        ("beta", 2),
        ("b", 2),
        ("preview", 3),
        ("pre", 3),
        ("rc", 3),
        ("c", 3),
    ];
    let mut phase = None;
    if let Some((rank, number, after)) = tagged(rest, PHASES) {
        phase = Some((rank, number));
        rest = after;
    }
    let mut post = None;
    if let Some((_, number, after)) = tagged(rest, &[("post", 0), ("rev", 0), ("r", 0)]) {
        post = Some(number);
        rest = after;
    } else if let Some(after) = rest.strip_prefix('-')
        && let (digits @ [_, ..], after) = {
            let (digits, after) = split_digits(after);
            (digits.as_bytes(), after)
        }
    {
        post = Some(String::from_utf8_lossy(digits).into_owned());
        rest = after;
    }
    let mut dev = None;
    if let Some((_, number, after)) = tagged(rest, &[("dev", 0)]) {
        dev = Some(number);
        rest = after;
    }
    if !rest.is_empty() {
        return None;
    }
    let phase = phase.unwrap_or_else(|| {
        // A development release of a release comes before its pre-releases.
        let rank = if post.is_none() && dev.is_some() {
            0
        } else {
            4
        };
        (rank, String::new())
    });
    Some(Version {
        epoch,
        release,
        phase,
        post,
        dev,
        local,
    })
}

/// Takes `[-_.]?<word>[-_.]?<digits>?` off the front.
fn tagged<'a>(text: &'a str, words: &[(&str, u8)]) -> Option<(u8, String, &'a str)> {
    let separators = ['-', '_', '.'];
    let body = text.strip_prefix(separators).unwrap_or(text);
    let (word, rank) = words.iter().find(|(word, _)| body.starts_with(word))?;
    let after = &body[word.len()..];
    let (digits, rest) = split_digits(after.strip_prefix(separators).unwrap_or(after));
    Some((*rank, digits.to_owned(), rest))
}

fn parse_local(text: &str) -> Option<Vec<String>> {
    let parts: Vec<String> = text.split(['-', '_', '.']).map(str::to_owned).collect();
    let good =
        |part: &String| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    parts.iter().all(good).then_some(parts)
}

/// The key of `LegacyVersion` in the `packaging` library before 22, from
/// setuptools: words and zero-filled numbers, ended by `*final`.
fn legacy_key(text: &str) -> Vec<String> {
    let mut key: Vec<String> = Vec::new();
    for part in legacy_parts(text) {
        if part.starts_with('*') {
            if part.as_str() < "*final" {
                while key.last().is_some_and(|last| last == "*final-") {
                    key.pop();
                }
            }
            while key.last().is_some_and(|last| last == "00000000") {
                key.pop();
            }
        }
        key.push(part);
    }
    key
}

fn legacy_parts(text: &str) -> Vec<String> {
    let kind = |c: char| match c {
        '0'..='9' => 0,
        'a'..='z' => 1,
        '.' => 2,
        '-' => 3,
        _ => 4,
    };
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        // Dots and hyphens stand alone; all else in runs of its kind.
        let end = match kind(first) {
            2 | 3 => 1,
            run => rest.find(|c| kind(c) != run).unwrap_or(rest.len()),
        };
        let (part, after) = rest.split_at(end);
        rest = after;
        let part = match part {
            "pre" | "preview" | "rc" => "c",
            "-" => "final-",
            "dev" => "@",
            "." => continue,
            part => part,
        };
        parts.push(if is_number(part) {
            format!("{part:0>8}")
        } else {
            format!("*{part}")
        });
    }
    parts.push("*final".to_owned());
    parts
}
