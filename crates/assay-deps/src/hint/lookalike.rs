//! Names that look like the name of a popular package: one letter more, less or
//! other, two letters changed over, or another separator.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use crate::package::Ecosystem;

/// Names of fewer letters have too many honest neighbours.
const LETTERS_MIN: usize = 5;

/// Longer names are not compared; registries allow about 200.
const LETTERS_MAX: usize = 214;

/// Honest names that happen to be near a popular one.
const HONEST: &str = include_str!("../../data/popular/honest.txt");

/// The popular names of an ecosystem.
struct Popular {
    names: HashSet<&'static str>,
    by_length: HashMap<usize, Vec<&'static str>>,
    /// Names without separators, for those that differ in them only.
    bare: HashMap<String, &'static str>,
}

impl Popular {
    fn new(text: &'static str) -> Self {
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut popular = Self {
            names: lines.collect(),
            by_length: HashMap::new(),
            bare: HashMap::new(),
        };
        let mut sorted: Vec<&'static str> = popular.names.iter().copied().collect();
        sorted.sort_unstable();
        for name in sorted {
            popular.by_length.entry(name.len()).or_default().push(name);
            popular.bare.entry(bare(name)).or_insert(name);
        }
        popular
    }
}

fn popular(ecosystem: Ecosystem) -> Option<&'static Popular> {
    static ALL: OnceLock<HashMap<Ecosystem, Popular>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        [
            (Ecosystem::Npm, include_str!("../../data/popular/npm.txt")),
            (Ecosystem::PyPi, include_str!("../../data/popular/pypi.txt")),
            (
                Ecosystem::CratesIo,
                include_str!("../../data/popular/crates.txt"),
            ),
            (
                Ecosystem::RubyGems,
                include_str!("../../data/popular/rubygems.txt"),
            ),
            (
                Ecosystem::NuGet,
                include_str!("../../data/popular/nuget.txt"),
            ),
            (
                Ecosystem::Packagist,
                include_str!("../../data/popular/packagist.txt"),
            ),
            (Ecosystem::Go, include_str!("../../data/popular/go.txt")),
        ]
        .map(|(ecosystem, text)| (ecosystem, Popular::new(text)))
        .into()
    });
    all.get(&ecosystem)
}

fn is_honest(ecosystem: Ecosystem, name: &str) -> bool {
    static ALL: OnceLock<HashSet<(&'static str, &'static str)>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let lines = HONEST.lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| line.trim().split_once(' '))
            .collect()
    });
    all.contains(&(ecosystem.purl_type(), name))
}

/// Returns the popular name that a name looks like.
pub(super) fn lookalike(ecosystem: Ecosystem, name: &str) -> Option<&'static str> {
    let popular = popular(ecosystem)?;
    let lower = name.to_lowercase();
    if popular.names.contains(lower.as_str()) || is_honest(ecosystem, &lower) {
        return None;
    }
    let compared = match (ecosystem, lower.split_once('/')) {
        // The packages of a scope belong to one owner: the scope is what counts.
        (Ecosystem::Npm, Some((scope, _))) => {
            let is_owner = scope
                .strip_prefix('@')
                .is_some_and(|name| popular.names.contains(name));
            if is_owner || popular.names.contains(scope) || is_honest(ecosystem, scope) {
                return None;
            }
            scope.to_owned()
        }
        (Ecosystem::Go, _) => go_module(&lower).to_owned(),
        _ => lower,
    };
    if popular.names.contains(compared.as_str())
        || !(LETTERS_MIN..=LETTERS_MAX).contains(&compared.len())
    {
        return None;
    }
    for length in compared.len() - 1..=compared.len() + 1 {
        let candidates = popular
            .by_length
            .get(&length)
            .map_or(&[][..], Vec::as_slice);
        let found = candidates.iter().find(|candidate| {
            candidate.len() >= LETTERS_MIN
                && is_scope(candidate) == is_scope(&compared)
                && is_one_slip(candidate.as_bytes(), compared.as_bytes())
        });
        if let Some(found) = found {
            return Some(found);
        }
    }
    // PyPI does not tell separators apart, so there it is the same package only
    // when each run of them is in the same place.
    let other = popular.bare.get(&bare(&compared)).copied()?;
    (other.len() >= LETTERS_MIN && is_scope(other) == is_scope(&compared)).then_some(other)
}

fn is_scope(name: &str) -> bool {
    name.starts_with('@')
}

/// Cuts the part of a module's path that says which major version it is.
fn go_module(name: &str) -> &str {
    match name.rsplit_once("/v") {
        Some((module, number))
            if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            module
        }
        _ => name,
    }
}

fn bare(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '-' | '_' | '.'))
        .collect()
}

/// Returns whether one text becomes the other by one letter more, less or other,
/// or by changing two neighbours over. Digits at the end that differ make
/// another package of a family (`mysql`, `mysql2`), not a slip.
fn is_one_slip(popular: &[u8], other: &[u8]) -> bool {
    let is_version = |longer: &[u8], shorter: &[u8]| {
        longer.len() == shorter.len() + 1
            && longer.starts_with(shorter)
            && longer.last().is_some_and(u8::is_ascii_digit)
    };
    if is_version(popular, other) || is_version(other, popular) {
        return false;
    }
    let start = popular
        .iter()
        .zip(other)
        .take_while(|(a, b)| a == b)
        .count();
    let (a, b) = (&popular[start..], &other[start..]);
    let end = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    match (a, b) {
        ([x], [y]) => !(x.is_ascii_digit() && y.is_ascii_digit()),
        ([_], []) | ([], [_]) => true,
        ([x, y], [v, w]) => x == w && y == v,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::lookalike;
    use crate::package::Ecosystem;

    #[test]
    fn slips_are_found_and_honest_names_are_not() {
        use Ecosystem::{CratesIo, Go, Npm, NuGet, PyPi, RubyGems};
        for (ecosystem, name, popular) in [
            (Npm, "crossenv", Some("cross-env")),
            (Npm, "expres", Some("express")),
            (Npm, "loadsh", Some("lodash")),
            (Npm, "@babe1/core", Some("@babel")),
            (Npm, "lodash", None),
            (Npm, "@babel/core", None),
            (Npm, "preact", None),
            (Npm, "vue2", None),
            (Npm, "mysql3", None),
            (PyPi, "reqeusts", Some("requests")),
            (PyPi, "djanga", Some("django")),
            (PyPi, "colourama", Some("colorama")),
            (PyPi, "pandas", None),
            (CratesIo, "rustdecimal", Some("rust_decimal")),
            (CratesIo, "serde-json", Some("serde_json")),
            (CratesIo, "serde", None),
            (RubyGems, "atlas-client", Some("atlas_client")),
            (NuGet, "Newtonsoft.Jsom", Some("newtonsoft.json")),
            (
                Go,
                "github.com/siruspen/logrus",
                Some("github.com/sirupsen/logrus"),
            ),
            (Go, "github.com/Sirupsen/logrus", None),
            (Go, "github.com/labstack/echo/v4", None),
            (Ecosystem::Maven, "org.a:b", None),
        ] {
            assert_eq!(lookalike(ecosystem, name), popular, "{name}");
        }
    }
}
