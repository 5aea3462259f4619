//! Whether two findings say the same: at one place, and of one kind. One kind is a
//! weakness that both name, rules of one group of the table, or the same words.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use assay_finding::Location;

/// Lines of a finding that is about a place; a longer one is about all around it.
const PLACE_LINES_MAX: u32 = 5;
/// So much of the words of two messages is the same when they say the same.
const SAME_WORDS: f64 = 0.6;
/// Words of a message, at least, that can be the same by chance no more.
const WORDS_MIN: usize = 3;

/// The groups of equivalent rules, by rule.
static GROUPS: LazyLock<Groups> = LazyLock::new(|| Groups::read(include_str!("equivalent.txt")));

#[derive(Default)]
struct Groups {
    by_rule: HashMap<&'static str, Vec<usize>>,
    by_pack: HashMap<&'static str, Vec<usize>>,
}

impl Groups {
    fn read(text: &'static str) -> Self {
        let mut groups = Self::default();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        for (group, line) in lines.enumerate() {
            for rule in line.split_whitespace() {
                let (map, key) = match rule.strip_suffix("/*") {
                    Some(pack) => (&mut groups.by_pack, pack),
                    None => (&mut groups.by_rule, rule),
                };
                map.entry(key).or_default().push(group);
            }
        }
        groups
    }

    fn of(&self, rule: &str) -> impl Iterator<Item = usize> {
        let pack = rule.split_once('/').map_or("", |(pack, _)| pack);
        let by_pack = self.by_pack.get(pack).into_iter().flatten();
        let by_rule = self.by_rule.get(rule).into_iter().flatten();
        by_rule.chain(by_pack).copied()
    }
}

/// What is compared of a finding.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) rule: &'a str,
    pub(super) cwe: &'a [u32],
    pub(super) location: &'a Location,
    pub(super) message: &'a str,
}

/// Returns whether two findings of one file say the same.
pub(super) fn is_same(one: Said<'_>, other: Said<'_>) -> bool {
    is_near(one.location, other.location)
        && (one.rule == other.rule && one.message == other.message
            || is_equivalent(one.rule, other.rule)
            || one.cwe.iter().any(|number| other.cwe.contains(number))
            || are_same_words(one.message, other.message))
}

fn is_near(one: &Location, other: &Location) -> bool {
    let (first, second) = (lines(one), lines(other));
    let is_short = |(from, to): (u32, u32)| to - from < PLACE_LINES_MAX;
    let overlap = first.0 <= second.1 && second.0 <= first.1;
    first.0 == second.0 || (overlap && is_short(first) && is_short(second))
}

fn lines(location: &Location) -> (u32, u32) {
    let (start, end) = (
        location.start.line,
        location.end.line.max(location.start.line),
    );
    // A span that ends at the start of a line does not reach into it.
    let is_before = location.end.column == 1 && end > start;
    (start, end - u32::from(is_before))
}

fn is_equivalent(one: &str, other: &str) -> bool {
    GROUPS
        .of(one)
        .any(|group| GROUPS.of(other).any(|also| also == group))
}

fn are_same_words(one: &str, other: &str) -> bool {
    let (one, other) = (words(one), words(other));
    let (fewer, more) = (one.len().min(other.len()), one.len().max(other.len()));
    let common = one.intersection(&other).count();
    fewer >= WORDS_MIN && common as f64 >= SAME_WORDS * more as f64
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(|part: char| !part.is_alphanumeric() && part != '_')
        .filter(|word| word.len() > 2)
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use assay_finding::Location;
    use assay_rules::{rule_by_id, rules};
    use assay_source::{Position, RepoPath, Span};

    use super::{Said, is_same};

    #[test]
    fn the_table_names_rules_that_are_there() {
        let packs: BTreeSet<&str> = rules().iter().map(|rule| rule.pack()).collect();
        for line in include_str!("equivalent.txt").lines() {
            if line.starts_with('#') {
                continue;
            }
            let names: Vec<&str> = line.split_whitespace().collect();
            assert!(names.len() > 1, "{line}");
            for name in names {
                let (pack, rule) = name.split_once('/').unwrap();
                if packs.contains(pack) && rule != "*" {
                    assert!(rule_by_id(name).is_some(), "there is no rule {name}");
                }
                let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                assert!(rule == "*" || rule.chars().all(is_fit), "{name}");
            }
        }
    }

    fn at(first: u32, last: u32) -> Location {
        Location {
            path: RepoPath::from("a"),
            span: Span::new(0, 0),
            start: Position {
                line: first,
                column: 3,
            },
            end: Position {
                line: last,
                column: 9,
            },
        }
    }

    #[test]
    fn the_same_is_of_one_kind_at_one_place() {
        let check = |(rule, cwe, lines): (&str, &[u32], (u32, u32)), message: &str, expected| {
            let own = at(10, 12);
            let own = Said {
                rule: "injection/sql-injection",
                cwe: &[89],
                location: &own,
                message: "The query is built from the request parameter `name`",
            };
            let location = at(lines.0, lines.1);
            let other = Said {
                rule,
                cwe,
                location: &location,
                message,
            };
            assert_eq!(is_same(own, other), expected, "{rule} {lines:?} {message}");
            assert_eq!(is_same(other, own), expected, "{rule} {lines:?} {message}");
        };
        check(("ruff/s608", &[], (10, 10)), "Possible injection", true);
        check(("ruff/s608", &[], (12, 12)), "Possible injection", true);
        check(("ruff/s608", &[], (13, 13)), "Possible injection", false);
        check(("semgrep/x", &[89], (11, 11)), "Tainted string", true);
        check(("semgrep/x", &[79], (11, 11)), "Tainted string", false);
        check(("semgrep/x", &[89], (1, 100)), "Tainted string", false);
        check(("semgrep/x", &[89], (10, 100)), "Tainted string", true);
        let same = "This query is built from the request parameter `name`";
        check(("copilot/comment", &[], (11, 11)), same, true);
        check(("copilot/comment", &[], (11, 11)), "The query", false);
    }
}
