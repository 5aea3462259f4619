//! Which rules run and with which numbers: what the configuration says, checked
//! against the registry.

use std::collections::HashMap;

use assay_finding::Severity;
use assay_source::nearest_word;
use assay_syntax::languages;
use globset::Glob;

use crate::rule::{NumberOption, Rule};

/// What the configuration says about the rules.
///
/// Every statement that fits a rule counts; where two disagree, the one for a
/// language wins over the one for all, then a whole id over a pattern over
/// `*`, then the later over the earlier.
#[derive(Clone, Debug, Default)]
pub struct RuleSettings {
    /// The statements in the order of the configuration.
    pub statements: Vec<RuleStatement>,
}

/// One statement about one rule or the rules of a pattern.
#[derive(Clone, Debug, Default)]
pub struct RuleStatement {
    /// A rule id, or a pattern such as `complexity/*` or `*`.
    pub pattern: String,
    /// The language that it is about, by name; none means all.
    pub language: Option<String>,
    /// Whether the rule runs.
    pub enabled: Option<bool>,
    /// The severity of its findings.
    pub severity: Option<Severity>,
    /// The numbers, by name.
    pub options: Vec<(String, i64)>,
}

/// What is wrong with a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No rule has the id.
    #[error("there is no rule `{pattern}`{}", hint(.nearest))]
    UnknownRule {
        /// The index of the statement.
        statement: usize,
        /// The id or pattern.
        pattern: String,
        /// The id that was probably meant.
        nearest: Option<String>,
    },
    /// The pattern cannot be read.
    #[error("`{pattern}` is not a pattern: {why}")]
    BadPattern {
        /// The index of the statement.
        statement: usize,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// No language has the name.
    #[error("there is no language `{language}`{}", hint(.nearest))]
    UnknownLanguage {
        /// The index of the statement.
        statement: usize,
        /// The name.
        language: String,
        /// The name that was probably meant.
        nearest: Option<String>,
    },
    /// No rule that the statement is about has the option.
    #[error("`{pattern}` has no option `{option}`{}", hint(.nearest))]
    UnknownOption {
        /// The index of the statement.
        statement: usize,
        /// The id or pattern.
        pattern: String,
        /// The option.
        option: String,
        /// The option that was probably meant.
        nearest: Option<String>,
    },
    /// The number is out of its range.
    #[error("`{option}` of `{rule}` is {value}; it must be from {min} to {max}")]
    OutOfRange {
        /// The index of the statement.
        statement: usize,
        /// The rule.
        rule: String,
        /// The option.
        option: String,
        /// The number given.
        value: i64,
        /// The least number allowed.
        min: u32,
        /// The greatest number allowed.
        max: u32,
    },
}

impl SettingsError {
    /// Returns the index of the statement that is wrong.
    pub fn statement(&self) -> usize {
        match self {
            Self::UnknownRule { statement, .. }
            | Self::BadPattern { statement, .. }
            | Self::UnknownLanguage { statement, .. }
            | Self::UnknownOption { statement, .. }
            | Self::OutOfRange { statement, .. } => *statement,
        }
    }
}

fn hint(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}

/// What holds for one rule in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) enabled: bool,
    /// The severity, when the configuration sets one.
    pub(crate) severity: Option<Severity>,
    /// The numbers in the order of the rule's options.
    pub(crate) options: Vec<u32>,
}

/// Statements that were checked.
#[derive(Debug, Default)]
pub(crate) struct CheckedSettings {
    /// Sorted so that a later one wins.
    statements: Vec<Checked>,
    /// By the id of a rule: which statements are about it. Patterns are matched once
    /// and not for each language and finding.
    about: HashMap<&'static str, Vec<usize>>,
}

#[derive(Debug)]
struct Checked {
    /// The rules that it is about.
    rules: Vec<&'static str>,
    /// The id of the language.
    language: Option<&'static str>,
    statement: RuleStatement,
}

impl CheckedSettings {
    pub(crate) fn new(
        settings: &RuleSettings,
        rules: &'static [Rule],
    ) -> Result<Self, Vec<SettingsError>> {
        let mut errors = Vec::new();
        let mut checked = Vec::new();
        for (index, statement) in settings.statements.iter().enumerate() {
            if let Some(one) = check(index, statement, rules, &mut errors) {
                checked.push(one);
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        // The sort is stable: among equals the order of the configuration stays.
        checked.sort_by_key(Checked::precedence);
        let mut about: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (at, checked) in checked.iter().enumerate() {
            for &rule in &checked.rules {
                about.entry(rule).or_default().push(at);
            }
        }
        Ok(Self {
            statements: checked,
            about,
        })
    }

    /// Returns what holds for the rule in the language (none: in any text).
    pub(crate) fn resolve(&self, rule: &Rule, language: Option<&str>) -> Resolved {
        let mut resolved = Resolved {
            enabled: rule.is_on_by_default(),
            severity: None,
            options: rule.options().iter().map(|option| option.default).collect(),
        };
        for &at in self.about.get(rule.id()).into_iter().flatten() {
            let checked = &self.statements[at];
            if checked.language.is_some_and(|only| Some(only) != language) {
                continue;
            }
            let statement = &checked.statement;
            resolved.enabled = statement.enabled.unwrap_or(resolved.enabled);
            resolved.severity = statement.severity.or(resolved.severity);
            for (name, value) in &statement.options {
                if let Some(at) = rule.options().iter().position(|option| option.name == name) {
                    resolved.options[at] = u32::try_from(*value).unwrap_or(u32::MAX);
                }
            }
        }
        resolved
    }
}

impl Checked {
    fn precedence(&self) -> (bool, u8) {
        let pattern = self.statement.pattern.as_str();
        let exactness = match pattern {
            "*" => 0,
            _ if is_glob(pattern) => 1,
            _ => 2,
        };
        (self.language.is_some(), exactness)
    }
}

fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '{'])
}

fn check(
    index: usize,
    statement: &RuleStatement,
    rules: &'static [Rule],
    errors: &mut Vec<SettingsError>,
) -> Option<Checked> {
    let pattern = &statement.pattern;
    let meant: Vec<&'static Rule> = match rules_of(pattern, rules) {
        Ok(meant) => meant,
        Err(error) => {
            errors.push(SettingsError::BadPattern {
                statement: index,
                pattern: pattern.clone(),
                why: error.kind().to_string(),
            });
            return None;
        }
    };
    if meant.is_empty() {
        errors.push(SettingsError::UnknownRule {
            statement: index,
            pattern: pattern.clone(),
            nearest: nearest(pattern, rules.iter().map(Rule::id)),
        });
        return None;
    }
    let language = match &statement.language {
        None => None,
        Some(name) => match assay_syntax::language_by_name(name) {
            Some(language) => Some(language.id().as_str()),
            None => {
                let names = languages().iter().map(|language| language.id().as_str());
                errors.push(SettingsError::UnknownLanguage {
                    statement: index,
                    language: name.clone(),
                    nearest: nearest(name, names),
                });
                None
            }
        },
    };
    for (option, value) in &statement.options {
        check_option(index, pattern, &meant, option, *value, errors);
    }
    Some(Checked {
        rules: meant.iter().map(|rule| rule.id()).collect(),
        language,
        statement: statement.clone(),
    })
}

/// Returns the rules that an id or a pattern stands for. An id is compared as it is:
/// configurations that name hundreds are common, and patterns cost more.
fn rules_of(pattern: &str, rules: &'static [Rule]) -> Result<Vec<&'static Rule>, globset::Error> {
    if !is_glob(pattern) && !pattern.contains('\\') {
        return Ok(rules.iter().filter(|rule| rule.id() == pattern).collect());
    }
    let matcher = Glob::new(pattern)?.compile_matcher();
    let fits = |rule: &&Rule| matcher.is_match(rule.id());
    Ok(rules.iter().filter(fits).collect())
}

fn check_option(
    index: usize,
    pattern: &str,
    meant: &[&Rule],
    name: &str,
    value: i64,
    errors: &mut Vec<SettingsError>,
) {
    let known = |rule: &&Rule| -> Option<(&'static str, NumberOption)> {
        let option = rule.options().iter().find(|option| option.name == name)?;
        Some((rule.id(), *option))
    };
    let mut any = false;
    for (rule, option) in meant.iter().filter_map(known) {
        any = true;
        if value < i64::from(option.min) || value > i64::from(option.max) {
            errors.push(SettingsError::OutOfRange {
                statement: index,
                rule: rule.to_owned(),
                option: name.to_owned(),
                value,
                min: option.min,
                max: option.max,
            });
        }
    }
    if !any {
        let names = meant
            .iter()
            .flat_map(|rule| rule.options().iter().map(|option| option.name));
        errors.push(SettingsError::UnknownOption {
            statement: index,
            pattern: pattern.to_owned(),
            option: name.to_owned(),
            nearest: nearest(name, names),
        });
    }
}

/// Returns the word that was probably meant, owned for an error.
pub(crate) fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<String> {
    nearest_word(word, words).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let words = ["error-handling/empty-catch", "complexity/cyclomatic"];
        for (word, expected) in [
            ("error-handling/empty-cath", Some(words[0])),
            ("empty-catch", Some(words[0])),
            ("Complexity/Cyclomatic", Some(words[1])),
            ("security/sql-injection", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, words.into_iter()).as_deref(), expected);
        }
    }
}
