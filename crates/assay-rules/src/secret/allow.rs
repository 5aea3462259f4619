//! Secrets that a project allows, as it told gitleaks: the allow-lists of a
//! `.gitleaks.toml`, and `gitleaks:allow` in the secret's own line.
//!
//! Allow-lists of single rules and rules of a project's own are about another
//! tool's rules; they are counted and said, not guessed at.

use assay_finding::{Finding, Suppressed, SuppressedBy};
use assay_source::SourceText;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use toml::{Table, Value};

use crate::engine::FileInput;

/// Lists, and expressions and words of one list.
const LISTS_MAX: usize = 200;
const ENTRIES_MAX: usize = 2_000;
/// Bytes of a compiled expression.
const EXPRESSION_BYTES_MAX: usize = 1 << 20;
/// The word in a line that allows what is in it.
const INLINE: &str = "gitleaks:allow";

/// What a project allows.
#[derive(Clone, Debug, Default)]
pub struct SecretAllow {
    lists: Vec<List>,
    /// What was read over, for the notes of the report.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct List {
    reason: String,
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
    Line,
}

impl SecretAllow {
    /// Reads the allow-lists of a `.gitleaks.toml`.
    ///
    /// # Errors
    ///
    /// A sentence about what is wrong: no TOML, an expression that is none, or
    /// more than the limits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| format!("it is no TOML: {}", error.message()))?;
        let mut out = Self::default();
        let single = table.get("allowlist").and_then(Value::as_table);
        let several = table.get("allowlists").and_then(Value::as_array);
        let lists = single
            .into_iter()
            .chain(several.into_iter().flatten().filter_map(Value::as_table));
        for list in lists {
            if out.lists.len() >= LISTS_MAX {
                return Err(format!("it has more than {LISTS_MAX} allow-lists"));
            }
            match list.contains_key("targetRules") {
                true => out.notes.push(
                    "`.gitleaks.toml`: an allow-list with `targetRules` is about rules that Assay does not have and was not read".to_owned(),
                ),
                false => out.lists.push(List::read(list)?),
            }
        }
        let rules = table.get("rules").and_then(Value::as_array);
        let count = rules.map_or(0, Vec::len);
        if count > 0 {
            out.notes.push(format!(
                "`.gitleaks.toml`: {count} rules of its own were not read; Assay's detectors were used"
            ));
        }
        Ok(out)
    }

    /// Silences the secrets that are allowed.
    pub fn apply(&self, input: &FileInput<'_>, findings: &mut [Finding]) {
        for finding in findings {
            if finding.suppressed.is_some() || !finding.rule.as_str().starts_with("secret/") {
                continue;
            }
            let line = lines_of(input.text, finding);
            let value = input.text.get(finding.location.span).unwrap_or("");
            let path = input.path.to_display();
            if line.contains(INLINE) {
                finding.suppressed = Some(Suppressed {
                    by: SuppressedBy::Comment,
                    reason: Some(INLINE.to_owned()),
                    until: None,
                });
            } else if let Some(list) = self
                .lists
                .iter()
                .find(|list| list.allows(&path, line, value))
            {
                finding.suppressed = Some(Suppressed {
                    by: SuppressedBy::Configuration,
                    reason: Some(list.reason.clone()),
                    until: None,
                });
            }
        }
    }
}

fn lines_of<'t>(text: &'t SourceText, finding: &Finding) -> &'t str {
    let first = text.lines().line_span(finding.location.start.line);
    let last = text.lines().line_span(finding.location.end.line);
    text.as_str()
        .get(first.start as usize..last.end as usize)
        .unwrap_or("")
}

impl List {
    fn read(list: &Table) -> Result<Self, String> {
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
                _ => Target::Secret,
            },
            words: entries(list, "stopwords")?
                .iter()
                .map(|word| word.to_ascii_lowercase())
                .collect(),
            is_conjunction: text("condition").eq_ignore_ascii_case("AND"),
        })
    }

    fn allows(&self, path: &str, line: &str, value: &str) -> bool {
        let target = match self.target {
            Target::Secret => value,
            Target::Line => line,
        };
        let lower = value.to_ascii_lowercase();
        let says = [
            (!self.paths.is_empty()).then(|| self.paths.iter().any(|one| one.is_match(path))),
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

fn entries<'l>(list: &'l Table, key: &str) -> Result<Vec<&'l str>, String> {
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
    let compile = |pattern: &&str| {
        Regex::builder()
            .configure(Regex::config().nfa_size_limit(Some(EXPRESSION_BYTES_MAX)))
            .syntax(syntax::Config::new())
            .build(pattern)
            .map_err(|_| format!("`{key}` has `{pattern}`, which is no regular expression"))
    };
    entries(list, key)?.iter().map(compile).collect()
}

#[cfg(test)]
mod tests {
    use super::{List, SecretAllow};

    #[test]
    fn lists_allow_what_they_name() {
        let text = r#"
            title = "x"
            [[rules]]
            id = "own"
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
        "#;
        let allow = SecretAllow::parse(text).expect("right");
        assert_eq!(allow.notes.len(), 1);
        let check = |list: &List, path, line, value| list.allows(path, line, value);
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
