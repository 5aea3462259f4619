//! # Expression that takes exponential time
//!
//! A regular expression can match the same text in more ways than there is time to try.
//!
//! ## Why it matters
//!
//! Engines that go back and try again take twice as long for each further character of a text that nearly matches:
//! thirty characters from a request keep a processor busy for minutes. Write the repeated part so that it can match
//! in one way only, or use an engine with linear time.
//!
//! ## Not reported
//!
//! Go and Rust, whose engines take linear time, and repetitions after which nothing can fail.
//!
//! ## References
//!
//! - CWE-1333
//!
//! ## Examples
//!
//! ```python bad
//! import re
//!
//! WORDS = re.compile(r"^(\w+\s?)+$")  # <- here
//! ```
//!
//! ```python good
//! import re
//!
//! WORDS = re.compile(r"^\w+(\s\w+)*$")
//! ```
//!
//! ```javascript bad
//! const digits = /^(\d|\w)+;$/; // <- here
//! const words = new RegExp('(a+)+b'); // <- here
//! ```
//!
//! ```javascript good
//! const digits = /^(\d|[a-z])+;$/;
//! const words = /(a+)+/;
//! const dotted = /^(\w+\.)+$/;
//! ```
//!
//! ```java bad
//! class Words {
//!     boolean check(String text) {
//!         return text.matches("^(\\w*)*-$"); // <- here
//!     }
//! }
//! ```
//!
//! ```java good
//! class Words {
//!     boolean check(String text) {
//!         return text.matches("^\\w*-$");
//!     }
//! }
//! ```
//!
//! ```kotlin bad
//! val words = Regex("^([a-z]+)*!") // <- here
//! ```
//!
//! ```kotlin good
//! val words = Regex("^[a-z]*!")
//! ```
//!
//! ```ruby bad
//! words = /\A(\w+\s*)+\z/ # <- here
//! ```
//!
//! ```ruby good
//! words = /\A\w+(\s\w+)*\z/
//! ```
//!
//! ```php bad
//! <?php
//! $ok = preg_match('/^(\w+\s?)+$/', $text); // <- here
//! ```
//!
//! ```php good
//! <?php
//! $ok = preg_match('/^\w+$/', $text);
//! ```
//!
//! ```csharp bad
//! class Words {
//!     bool Check(string text) => Regex.IsMatch(text, @"^(\w+)+$"); // <- here
//! }
//! ```
//!
//! ```csharp good
//! class Words {
//!     bool Check(string text) => Regex.IsMatch(text, @"^\w+$");
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{Field, NodeRef, Role};

use crate::context::Context;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    languages: &[
        "c-sharp",
        "java",
        "javascript",
        "kotlin",
        "php",
        "python",
        "ruby",
        "tsx",
        "typescript",
    ],
    cwe: &[1333, 400],
    tags: &["owasp-a06-2021"],
    ..RuleSpec::new(
        Category::Security,
        Severity::Medium,
        Check::Node {
            on: Trigger::roles(&[Role::String]),
            check,
        },
    )
};

/// Expressions beyond this are not read.
const BYTES_MAX: usize = 2_000;
/// Groups nest at most so deep.
const DEPTH_MAX: usize = 40;

/// Functions whose text arguments are expressions.
const TAKERS: &[&str] = &[
    "compile",
    "match",
    "fullmatch",
    "search",
    "findall",
    "finditer",
    "sub",
    "subn",
    "split",
    "RegExp",
    "Regex",
    "toRegex",
    "matches",
    "replaceAll",
    "replaceFirst",
    "IsMatch",
    "Match",
    "Matches",
    "Replace",
    "preg_match",
    "preg_match_all",
    "preg_replace",
    "preg_split",
    "preg_replace_callback",
];

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let text = node.text();
    // The cheap question first: two repetitions and a group.
    let repeats = text
        .bytes()
        .filter(|b| matches!(b, b'+' | b'*' | b'{'))
        .count();
    let has_choice = repeats > 0 && text.contains('|');
    if repeats < 2 && !has_choice || !text.contains('(') || text.len() > BYTES_MAX {
        return;
    }
    let Some(expression) = expression(node) else {
        return;
    };
    let mut parser = Parser {
        text: expression.as_bytes(),
        at: 0,
    };
    let Some(parsed) = parser.choice(0) else {
        return;
    };
    if parser.at == expression.len() && is_slow(&parsed, false) {
        context.report(
            node,
            "the repeated part can match the same text in many ways, and all are tried when the rest does not match",
        );
    }
}

/// Returns the expression that a literal is, if it is one.
fn expression(node: NodeRef<'_>) -> Option<String> {
    let text = node.text();
    if node.kind() == "regex" {
        let body = text.strip_prefix('/')?;
        return Some(body[..body.rfind('/')?].to_owned());
    }
    if node.has(Role::Interpolation) {
        return None;
    }
    let call = node
        .ancestors()
        .take(4)
        .find(|around| around.has(Role::Call))?;
    let name = call
        .child(Field::Name)
        .or_else(|| call.child(Field::Type))
        .or_else(|| call.child(Field::Function))
        .or_else(|| call.named_children().next())?;
    let name = name.text().rsplit(['.', ':', '>', ' ']).next()?;
    let language = node.tree().language().id();
    let takes = TAKERS.contains(&name.trim())
        || call.text().starts_with("new RegExp(")
        || call.text().starts_with("new Regex(");
    if !takes {
        return None;
    }
    let quotes = ['"', '\'', '`'];
    let start = text.find(quotes)?;
    let prefix = &text[..start];
    let body = text[start..].trim_matches(quotes);
    let is_raw = prefix.contains(['r', 'R', '@']) || language.as_str() == "php";
    let body = match is_raw {
        true => body.to_owned(),
        false => body.replace("\\\\", "\\"),
    };
    if language.as_str() != "php" {
        return Some(body);
    }
    let mark = body
        .chars()
        .next()
        .filter(|c| !c.is_alphanumeric() && *c != '\\')?;
    let close = match mark {
        '(' => ')',
        '{' => '}',
        '[' => ']',
        other => other,
    };
    let end = body.rfind(close)?;
    body.get(mark.len_utf8()..end).map(str::to_owned)
}

/// The characters that one place can match: ASCII by bit, and whether others.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Set(u128, bool);

impl Set {
    const ALL: Set = Set(u128::MAX, true);

    fn of(character: u8) -> Self {
        match character.is_ascii() {
            true => Set(1 << character, false),
            false => Set(0, true),
        }
    }

    fn where_(test: impl Fn(u8) -> bool) -> Self {
        Set(
            (0..128).filter(|c| test(*c)).fold(0, |set, c| set | 1 << c),
            false,
        )
    }

    fn not(self) -> Self {
        Set(!self.0, !self.1)
    }

    fn or(self, other: Self) -> Self {
        Set(self.0 | other.0, self.1 || other.1)
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0 || self.1 && other.1
    }
}

enum Part {
    One(Set),
    /// Matches nothing: an anchor that can fail, or a look around.
    Edge,
    Sequence(Vec<Part>),
    Choice(Vec<Part>),
    Repeat {
        part: Box<Part>,
        can_be_empty: bool,
        is_endless: bool,
    },
}

/// Returns whether a part can match in exponentially many ways; `fails_after`
/// says whether something behind it can fail.
fn is_slow(part: &Part, fails_after: bool) -> bool {
    match part {
        Part::One(_) | Part::Edge => false,
        Part::Choice(parts) => parts.iter().any(|part| is_slow(part, fails_after)),
        Part::Sequence(parts) => parts.iter().enumerate().any(|(at, part)| {
            let rest = &parts[at + 1..];
            let fails = fails_after || rest.iter().any(|part| !can_be_empty(part));
            is_slow(part, fails)
        }),
        Part::Repeat {
            part, is_endless, ..
        } => *is_endless && fails_after && is_ambiguous(part) || is_slow(part, fails_after),
    }
}

/// Returns whether repeating the part can match one text in several ways.
fn is_ambiguous(part: &Part) -> bool {
    match part {
        Part::One(_) | Part::Edge => false,
        Part::Repeat {
            part, is_endless, ..
        } => *is_endless && !matches!(**part, Part::Edge) || is_ambiguous(part),
        // `(a+b?)`: a repetition beside which everything may be left out.
        Part::Sequence(parts) => parts.iter().enumerate().any(|(at, part)| {
            let others = parts.iter().enumerate().filter(|(other, _)| *other != at);
            is_ambiguous(part) && others.map(|(_, part)| part).all(can_be_empty)
        }),
        Part::Choice(parts) => {
            let single: Vec<Set> = parts.iter().filter_map(single).collect();
            parts.iter().any(is_ambiguous)
                || single
                    .iter()
                    .enumerate()
                    .any(|(at, set)| single[at + 1..].iter().any(|other| set.meets(*other)))
        }
    }
}

/// Returns the set of a part that matches one character.
fn single(part: &Part) -> Option<Set> {
    match part {
        Part::One(set) => Some(*set),
        Part::Sequence(parts) => match &parts[..] {
            [only] => single(only),
            _ => None,
        },
        _ => None,
    }
}

fn can_be_empty(part: &Part) -> bool {
    match part {
        Part::One(_) | Part::Edge => false,
        Part::Sequence(parts) => parts.iter().all(can_be_empty),
        Part::Choice(parts) => parts.iter().any(can_be_empty),
        Part::Repeat {
            part,
            can_be_empty: may,
            ..
        } => *may || can_be_empty(part),
    }
}

/// Reads what the engines have in common; what it does not know ends it.
struct Parser<'e> {
    text: &'e [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, wanted: u8) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    fn choice(&mut self, depth: usize) -> Option<Part> {
        if depth > DEPTH_MAX {
            return None;
        }
        let mut parts = vec![self.sequence(depth)?];
        while self.take(b'|') {
            parts.push(self.sequence(depth)?);
        }
        Some(match parts.len() {
            1 => parts.remove(0),
            _ => Part::Choice(parts),
        })
    }

    fn sequence(&mut self, depth: usize) -> Option<Part> {
        let mut parts = Vec::new();
        while let Some(next) = self.peek() {
            if matches!(next, b'|' | b')') {
                break;
            }
            let part = self.atom(depth)?;
            parts.push(self.repeated(part)?);
        }
        Some(Part::Sequence(parts))
    }

    fn repeated(&mut self, part: Part) -> Option<Part> {
        let (can_be_empty, is_endless) = match self.peek() {
            Some(b'*') => (true, true),
            Some(b'+') => (false, true),
            Some(b'?') => (true, false),
            Some(b'{') => {
                let Some(length) = self.text[self.at..].iter().position(|b| *b == b'}') else {
                    return Some(part);
                };
                let inside = std::str::from_utf8(&self.text[self.at + 1..self.at + length]).ok()?;
                let (low, high) = inside.split_once(',').unwrap_or((inside, inside));
                if low.is_empty() || low.bytes().any(|b| !b.is_ascii_digit()) {
                    return Some(part);
                }
                self.at += length;
                (low == "0", high.is_empty())
            }
            _ => return Some(part),
        };
        self.at += 1;
        // A possessive repetition never goes back.
        if self.take(b'+') {
            return Some(Part::Edge);
        }
        self.take(b'?');
        Some(Part::Repeat {
            part: Box::new(part),
            can_be_empty,
            is_endless,
        })
    }

    fn atom(&mut self, depth: usize) -> Option<Part> {
        let next = self.peek()?;
        self.at += 1;
        Some(match next {
            b'(' => self.group(depth)?,
            b'[' => Part::One(self.class()?),
            b'.' => Part::One(Set::ALL),
            b'^' | b'$' => Part::Edge,
            b'\\' => {
                let escaped = self.peek()?;
                self.at += 1;
                match escaped {
                    b'b' | b'B' | b'A' | b'z' | b'Z' | b'G' => Part::Edge,
                    // What a group has matched is not known.
                    b'1'..=b'9' | b'k' | b'p' | b'P' => return None,
                    other => Part::One(escape(other)),
                }
            }
            b'*' | b'+' | b'?' => return None,
            other => Part::One(Set::of(other)),
        })
    }

    fn group(&mut self, depth: usize) -> Option<Part> {
        let mut is_look = false;
        if self.take(b'?') {
            match self.peek()? {
                b':' => self.at += 1,
                b'=' | b'!' => {
                    is_look = true;
                    self.at += 1;
                }
                b'>' => return None,
                b'<' | b'P' => {
                    self.take(b'P');
                    self.take(b'<');
                    if matches!(self.peek()?, b'=' | b'!') {
                        is_look = true;
                        self.at += 1;
                    } else {
                        let rest = &self.text[self.at..];
                        self.at += rest.iter().position(|b| *b == b'>')? + 1;
                    }
                }
                _ => return None,
            }
        }
        let inside = self.choice(depth + 1)?;
        self.take(b')').then_some(())?;
        Some(if is_look { Part::Edge } else { inside })
    }

    fn class(&mut self) -> Option<Set> {
        let is_negated = self.take(b'^');
        let mut set = Set(0, false);
        let mut is_first = true;
        loop {
            let mut next = self.peek()?;
            self.at += 1;
            if next == b']' && !is_first {
                break;
            }
            is_first = false;
            if next == b'[' && self.peek() == Some(b':') {
                return None;
            }
            if next == b'\\' {
                let escaped = self.peek()?;
                self.at += 1;
                if matches!(escaped, b'p' | b'P') {
                    return None;
                }
                let escaped_set = escape(escaped);
                set = set.or(escaped_set);
                if escaped_set.0.count_ones() != 1 {
                    continue;
                }
                next = escaped_set.0.trailing_zeros() as u8;
            }
            let is_range =
                self.peek() == Some(b'-') && self.text.get(self.at + 1).is_some_and(|b| *b != b']');
            if is_range {
                let end = *self.text.get(self.at + 1)?;
                self.at += 2;
                set = set.or(Set::where_(|c| (next..=end).contains(&c)));
                set.1 |= !end.is_ascii();
            } else {
                set = set.or(Set::of(next));
            }
        }
        Some(if is_negated { set.not() } else { set })
    }
}

fn escape(letter: u8) -> Set {
    let word = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
    match letter {
        b'd' => Set::where_(|c| c.is_ascii_digit()),
        b'D' => Set::where_(|c| c.is_ascii_digit()).not(),
        b'w' => Set::where_(word),
        b'W' => Set::where_(word).not(),
        b's' => Set::where_(|c| c.is_ascii_whitespace()),
        b'S' => Set::where_(|c| c.is_ascii_whitespace()).not(),
        b'n' => Set::of(b'\n'),
        b'r' => Set::of(b'\r'),
        b't' => Set::of(b'\t'),
        other => Set::of(other),
    }
}
