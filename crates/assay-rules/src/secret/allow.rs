//! Secrets that a project allows, as it told gitleaks: the allow-lists of a
//! `.gitleaks.toml`, and `gitleaks:allow` in the secret's own line.
//!
//! An allow-list for rules that the file does not have itself is about gitleaks'
//! own ones; it is said, not guessed at. The file's rules are in
//! [`SecretRules`](super::SecretRules).

use assay_finding::{Finding, Suppressed, SuppressedBy};
use assay_source::SourceText;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use toml::{Table, Value};

use crate::engine::FileInput;

/// Lists, and expressions and words of one list.
pub(super) const LISTS_MAX: usize = 200;
const ENTRIES_MAX: usize = 2_000;
/// Bytes of a compiled expression.
pub(super) const EXPRESSION_BYTES_MAX: usize = 1 << 20;
/// The word in a line that allows what is in it.
const INLINE: &str = "gitleaks:allow";

/// What a project allows.
#[derive(Clone, Debug, Default)]
pub struct SecretAllow {
    lists: Vec<List>,
    /// What was read over, for the notes of the report.
    pub notes: Vec<String>,
}

/// One allow-list, of all rules or of one.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    pub(super) reason: String,
    paths: Vec<Regex>,
    values: Vec<Regex>,
    target: Target,
    words: Vec<String>,
    /// Whether everything that the list names has to hold.
    is_conjunction: bool,
}

/// What the expressions of a list are matched with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Target {
    #[default]
    Secret,
    Match,
    Line,
}

/// What a list is asked about.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) path: &'a str,
    pub(super) line: &'a str,
    /// What the rule's expression matched.
    pub(super) matched: &'a str,
    pub(super) value: &'a str,
}

impl SecretAllow {
    /// Reads the allow-lists of a `.gitleaks.toml`.
    ///
    /// # Errors
    ///
    /// A sentence about what is wrong: no TOML, an expression that is none, or
    /// more than the limits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table = read_table(text)?;
        let mut out = Self::default();
        let own = rule_ids(&table);
        for list in List::tables(&table)? {
            let targets = entries(list, "targetRules")?;
            let foreign: Vec<&str> = targets
                .iter()
                .copied()
                .filter(|id| !own.contains(id))
                .collect();
            if !foreign.is_empty() {
                out.notes.push(format!(
                    "`.gitleaks.toml`: an allow-list is for rules of gitleaks that Assay does not have ({})",
                    foreign.join(", ")
                ));
            }
            if !list.contains_key("targetRules") {
                out.lists.push(List::read(list)?);
            }
        }
        Ok(out)
    }

    /// Silences the secrets that are allowed.
    pub fn apply(&self, input: &FileInput<'_>, findings: &mut [Finding]) {
        for finding in findings {
            if finding.suppressed.is_some() || !is_secret(finding) {
                continue;
            }
            let line = lines_of(input.text, finding);
            let value = input.text.get(finding.location.span).unwrap_or("");
            let path = input.path.to_display();
            let found = Found {
                path: &path,
                line,
                matched: value,
                value,
            };
            if line.contains(INLINE) {
                finding.suppressed = Some(Suppressed {
                    by: SuppressedBy::Comment,
                    reason: Some(INLINE.to_owned()),
                    until: None,
                });
            } else if let Some(list) = self.lists.iter().find(|list| list.allows(found)) {
                finding.suppressed = Some(Suppressed {
                    by: SuppressedBy::Configuration,
                    reason: Some(list.reason.clone()),
                    until: None,
                });
            }
        }
    }
}

/// Reads the file.
pub(super) fn read_table(text: &str) -> Result<Table, String> {
    text.parse()
        .map_err(|error: toml::de::Error| format!("it is no TOML: {}", error.message()))
}

/// Returns the ids of the file's own rules.
fn rule_ids(table: &Table) -> Vec<&str> {
    let rules = table.get("rules").and_then(Value::as_array);
    let ids = rules.into_iter().flatten();
    ids.filter_map(|rule| rule.get("id")?.as_str()).collect()
}

fn is_secret(finding: &Finding) -> bool {
    let pack = finding.rule.as_str().split_once('/').map(|(pack, _)| pack);
    pack.is_some_and(|pack| pack == super::PACK || pack == super::custom::PACK)
}

fn lines_of<'t>(text: &'t SourceText, finding: &Finding) -> &'t str {
    let first = text.lines().line_span(finding.location.start.line);
    let last = text.lines().line_span(finding.location.end.line);
    text.as_str()
        .get(first.start as usize..last.end as usize)
        .unwrap_or("")
}

impl List {
    /// Returns the allow-lists of a table, written as one or as several.
    pub(super) fn tables(table: &Table) -> Result<Vec<&Table>, String> {
        let single = table.get("allowlist").and_then(Value::as_table);
        let several = table.get("allowlists").and_then(Value::as_array);
        let several = several.into_iter().flatten().filter_map(Value::as_table);
        let lists: Vec<&Table> = single.into_iter().chain(several).collect();
        match lists.len() {
            0..=LISTS_MAX => Ok(lists),
            _ => Err(format!("it has more than {LISTS_MAX} allow-lists")),
        }
    }

    pub(super) fn read(list: &Table) -> Result<Self, String> {
        let text = |key: &str| list.get(key).and_then(Value::as_str).unwrap_or("");
        let reason = match text("description") {
            "" => "allowed in `.gitleaks.toml`".to_owned(),
            description => format!("allowed in `.gitleaks.toml`: {description}"),
        };
        Ok(Self {
            reason,
            paths: expressions(list, "paths")?,
            values: expressions(list, "regexes")?,
            target: match text("regexTarget") {
                "line" => Target::Line,
                "match" => Target::Match,
                _ => Target::Secret,
            },
            words: entries(list, "stopwords")?
                .iter()
                .map(|word| word.to_ascii_lowercase())
                .collect(),
            is_conjunction: text("condition").eq_ignore_ascii_case("AND"),
        })
    }

    pub(super) fn allows(&self, found: Found<'_>) -> bool {
        let target = match self.target {
            Target::Secret => found.value,
            Target::Match => found.matched,
            Target::Line => found.line,
        };
        let lower = found.value.to_ascii_lowercase();
        let says = [
            (!self.paths.is_empty()).then(|| self.paths.iter().any(|one| one.is_match(found.path))),
            (!self.values.is_empty()).then(|| self.values.iter().any(|one| one.is_match(target))),
            (!self.words.is_empty())
                .then(|| self.words.iter().any(|word| lower.contains(word.as_str()))),
        ];
        let mut said = says.into_iter().flatten();
        match self.is_conjunction {
            true => says.iter().flatten().count() > 0 && said.all(|holds| holds),
            false => said.any(|holds| holds),
        }
    }
}

pub(super) fn entries<'l>(list: &'l Table, key: &str) -> Result<Vec<&'l str>, String> {
    let values = list.get(key).and_then(Value::as_array);
    let texts: Vec<&str> = values
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match texts.len() {
        0..=ENTRIES_MAX => Ok(texts),
        _ => Err(format!("`{key}` has more than {ENTRIES_MAX} entries")),
    }
}

fn expressions(list: &Table, key: &str) -> Result<Vec<Regex>, String> {
    let compile = |pattern: &&str| expression(key, pattern);
    entries(list, key)?.iter().map(compile).collect()
}

/// Compiles the expression that a key has.
pub(super) fn expression(key: &str, pattern: &str) -> Result<Regex, String> {
    Regex::builder()
        .configure(Regex::config().nfa_size_limit(Some(EXPRESSION_BYTES_MAX)))
        .syntax(syntax::Config::new())
        .build(pattern)
        .map_err(|_| format!("`{key}` has `{pattern}`, which is no regular expression"))
}

#[cfg(test)]
mod tests {
    use super::{Found, List, SecretAllow};

    #[test]
    fn lists_allow_what_they_name() {
        let text = r#"
            title = "x"
            [allowlist]
            description = "made up"
            paths = ['''^docs/''']
            regexes = ['''^AAA''']
            stopwords = ["Sample"]
            [[allowlists]]
            condition = "AND"
            regexTarget = "line"
            paths = ["[.]env$"]
            regexes = ["FOR_TESTS"]
            [[allowlists]]
            targetRules = ["own", "aws-access-token"]
            stopwords = ["x"]
            [[rules]]
            id = "own"
        "#;
        let allow = SecretAllow::parse(text).expect("right");
        assert_eq!(allow.notes.len(), 1, "{:?}", allow.notes);
        assert!(allow.notes[0].ends_with("(aws-access-token)"));
        let check = |list: &List, path, line, value| {
            let matched = value;
            list.allows(Found {
                path,
                line,
                matched,
                value,
            })
        };
        let [one, two] = &allow.lists[..] else {
            panic!("two lists")
        };
        assert_eq!(one.reason, "allowed in `.gitleaks.toml`: made up");
        for (list, path, line, value, expected) in [
            (one, "docs/a.md", "x", "x", true),
            (one, "src/docs/a.md", "x", "x", false),
            (one, "a", "x", "AAAx", true),
            (one, "a", "AAA", "x", false),
            (one, "a", "x", "a-sample-b", true),
            (two, "a.env", "K_FOR_TESTS=x", "x", true),
            (two, "a.env", "K=x", "x", false),
            (two, "a.py", "K_FOR_TESTS=x", "x", false),
        ] {
            assert_eq!(
                check(list, path, line, value),
                expected,
                "{path} {line} {value}"
            );
        }
        assert!(SecretAllow::parse("[allowlist]\nregexes = ['(']").is_err());
        assert!(SecretAllow::parse("= 1").is_err());
    }
}
