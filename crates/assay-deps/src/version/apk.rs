//! Alpine's versions, by `apk-package(5)` and the comparison in apk-tools:
//! `number{.number}{letter}{_suffix{number}}{~hash}{-r number}`.

use std::cmp::Ordering;

use super::{compare_numbers, split_digits};

/// What a version is made of. The order of the kinds is apk's: where one version
/// goes on with an earlier kind than the other, it is the later version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    FirstNumber,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
    End,
    /// What is no version any more; of two such rests the order is by bytes.
    Invalid,
}

/// Suffixes in their order; those before `NO_SUFFIX` are pre-releases.
const SUFFIXES: &[&str] = &[
    "alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p",
];
const NO_SUFFIX: usize = 4;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (Tokens::new(a), Tokens::new(b));
    loop {
        let (left, right) = (a.next(), b.next());
        if left.0 == right.0 {
            let order = compare_token(left, right);
            if order.is_ne() || left.0 >= Kind::End {
                return order;
            }
            continue;
        }
        let is_pre = |token: (Kind, &str)| {
            token.0 == Kind::Suffix && suffix_rank(token.1).is_some_and(|rank| rank < NO_SUFFIX)
        };
        // A pre-release is earlier than whatever else could follow.
        return is_pre(right)
            .cmp(&is_pre(left))
            .then_with(|| right.0.cmp(&left.0));
    }
}

fn suffix_rank(text: &str) -> Option<usize> {
    SUFFIXES
        .iter()
        .position(|suffix| !suffix.is_empty() && *suffix == text)
}

fn compare_token(a: (Kind, &str), b: (Kind, &str)) -> Ordering {
    match a.0 {
        // Numbers that begin with 0 are compared as the fractions that they are.
        Kind::Number if a.1.starts_with('0') || b.1.starts_with('0') => a.1.cmp(b.1),
        Kind::FirstNumber | Kind::Number | Kind::SuffixNumber | Kind::Revision => {
            compare_numbers(a.1, b.1)
        }
        Kind::Suffix => suffix_rank(a.1).cmp(&suffix_rank(b.1)),
        Kind::Letter | Kind::Hash | Kind::Invalid => a.1.cmp(b.1),
        Kind::End => Ordering::Equal,
    }
}

struct Tokens<'a> {
    rest: &'a str,
    last: Option<Kind>,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            last: None,
        }
    }

    fn next(&mut self) -> (Kind, &'a str) {
        let token = self.read();
        self.last = Some(token.0);
        token
    }

    fn read(&mut self) -> (Kind, &'a str) {
        let text = self.rest;
        let last = match self.last {
            None => return self.digits(Kind::FirstNumber, text),
            Some(last) => last,
        };
        let Some(first) = text.chars().next() else {
            return (Kind::End, "");
        };
        let after = &text[first.len_utf8()..];
        match first {
            '.' if last <= Kind::Number => self.digits(Kind::Number, after),
            'a'..='z' if last <= Kind::Number => {
                self.rest = after;
                (Kind::Letter, &text[..1])
            }
            '_' if last <= Kind::SuffixNumber => {
                let end = after
                    .find(|c: char| !c.is_ascii_lowercase())
                    .unwrap_or(after.len());
                if suffix_rank(&after[..end]).is_none() {
                    return (Kind::Invalid, text);
                }
                self.rest = &after[end..];
                (Kind::Suffix, &after[..end])
            }
            '0'..='9' if last == Kind::Suffix => self.digits(Kind::SuffixNumber, text),
            '~' if last < Kind::Hash => {
                let end = after
                    .find(|c: char| !c.is_ascii_hexdigit())
                    .unwrap_or(after.len());
                self.rest = &after[end..];
                (Kind::Hash, &after[..end])
            }
            '-' if last < Kind::Revision && after.starts_with('r') => {
                self.digits(Kind::Revision, &after[1..])
            }
            _ => (Kind::Invalid, text),
        }
    }

    fn digits(&mut self, kind: Kind, text: &'a str) -> (Kind, &'a str) {
        let (digits, rest) = split_digits(text);
        if digits.is_empty() {
            return (Kind::Invalid, self.rest);
        }
        self.rest = rest;
        (kind, digits)
    }
}
