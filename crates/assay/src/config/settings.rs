//! From the words of `assay.toml` to the settings of a review, checked.

use std::collections::BTreeMap;

use assay_deps::LicencePolicy;
use assay_finding::{Category, Confidence, Severity};
use assay_review::{GateSettings, Limits, PathOverride, Settings};
use assay_rules::{ConfiguredSuppression, RuleSettings, RuleStatement};
use globset::{GlobBuilder, GlobMatcher};
use jiff::civil::Date;

use super::file::{
    CategoryWord, ConfidenceWord, ConfigFile, GateSeverity, GateTable, LicencesTable, LimitsTable,
    RuleEntry, RuleValue, RuleWord,
};
use assay_source::nearest_word;

use super::parse::{ConfigError, place_of};
use crate::runaway;

/// Where a configuration came from, for errors.
pub(crate) struct Origin<'a> {
    /// The file as the user knows it.
    pub(crate) file: &'a str,
    /// Its text.
    pub(crate) text: &'a str,
    /// The folder of the file, relative to the root of what is reviewed, with
    /// a slash at the end unless it is the root. Globs count from here.
    pub(crate) folder: &'a str,
}

impl Origin<'_> {
    pub(super) fn error(&self, word: &str, message: impl Into<String>) -> ConfigError {
        ConfigError {
            file: self.file.to_owned(),
            at: place_of(self.text, word),
            message: message.into(),
        }
    }
}

/// Makes the settings that hold without any configuration.
pub(super) fn unconfigured(today: Date) -> Settings {
    let mut settings = Settings::new(env!("CARGO_PKG_VERSION"), today);
    settings.limits.parse.interrupt = Some(runaway::stops);
    settings
}

/// Makes the settings that the configuration says.
pub(crate) fn settings(
    config: &ConfigFile,
    origin: &Origin<'_>,
    today: Date,
) -> Result<Settings, ConfigError> {
    let mut settings = unconfigured(today);
    settings.rules = rules(&config.rules, origin)?;
    settings.overrides = config
        .overrides
        .iter()
        .map(|table| {
            Ok(PathOverride {
                paths: path_globs(&table.paths, origin)?,
                rules: rules(&table.rules, origin)?,
            })
        })
        .collect::<Result<_, ConfigError>>()?;
    settings.exclude = config
        .files
        .exclude
        .iter()
        .map(|pattern| Ok((pattern.clone(), path_glob(pattern, origin)?)))
        .collect::<Result<_, ConfigError>>()?;
    settings.generated = config.files.generated;
    settings.vendored = config.files.vendored;
    settings.languages = languages(&config.files.languages, origin)?;
    settings.gate = gate(&config.gate);
    if let Some(word) = config.report.confidence {
        settings.confidence_min = confidence(word);
    }
    settings.licences = licences(&config.dependencies.licences, origin)?;
    set_limits(&mut settings.limits, &config.limits);
    settings.suppressions = config
        .suppress
        .iter()
        .map(|table| {
            let until = table
                .until
                .as_deref()
                .map(|text| date(text, origin))
                .transpose()?;
            if table.reason.trim().is_empty() {
                return Err(origin.error("reason", "a suppression needs a reason: say why"));
            }
            Ok(ConfiguredSuppression {
                rule: rule_glob(&table.rule, origin)?,
                paths: path_globs(&table.paths, origin)?,
                reason: table.reason.clone(),
                until,
            })
        })
        .collect::<Result<_, ConfigError>>()?;
    if let Err((pattern, message)) = settings.check() {
        return Err(origin.error(&pattern, message));
    }
    Ok(settings)
}

fn date(text: &str, origin: &Origin<'_>) -> Result<Date, ConfigError> {
    text.parse()
        .map_err(|_| origin.error(text, format!("`{text}` is no date; write it as 2027-01-31")))
}

/// A glob over rule ids: `*` stands for every rule.
fn rule_glob(pattern: &str, origin: &Origin<'_>) -> Result<GlobMatcher, ConfigError> {
    let glob = GlobBuilder::new(pattern).build();
    glob.map(|glob| glob.compile_matcher())
        .map_err(|error| bad_glob(pattern, &error, origin))
}

/// A glob over paths, from the folder of the configuration. Without a slash it
/// matches the name in every folder, as in `.gitignore`.
pub(super) fn path_glob(pattern: &str, origin: &Origin<'_>) -> Result<GlobMatcher, ConfigError> {
    let anchored = if pattern.contains('/') {
        format!("{}{}", origin.folder, pattern.trim_start_matches('/'))
    } else {
        format!("{}**/{pattern}", origin.folder)
    };
    let glob = GlobBuilder::new(&anchored).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher())
        .map_err(|error| bad_glob(pattern, &error, origin))
}

fn bad_glob(pattern: &str, error: &globset::Error, origin: &Origin<'_>) -> ConfigError {
    origin.error(pattern, format!("`{pattern}` is no glob: {}", error.kind()))
}

fn path_globs(patterns: &[String], origin: &Origin<'_>) -> Result<Vec<GlobMatcher>, ConfigError> {
    patterns
        .iter()
        .map(|pattern| path_glob(pattern, origin))
        .collect()
}

fn languages(
    table: &BTreeMap<String, String>,
    origin: &Origin<'_>,
) -> Result<Vec<(GlobMatcher, &'static assay_syntax::Language)>, ConfigError> {
    table
        .iter()
        .map(|(pattern, name)| {
            let language = assay_syntax::language_by_name(name).ok_or_else(|| {
                let names = assay_syntax::languages()
                    .iter()
                    .map(|known| known.id().as_str());
                let hint = nearest_word(name, names)
                    .map_or_else(String::new, |right| format!("; did you mean `{right}`?"));
                origin.error(name, format!("there is no language `{name}`{hint}"))
            })?;
            Ok((path_glob(pattern, origin)?, language))
        })
        .collect()
}

fn rules(
    table: &BTreeMap<String, RuleEntry>,
    origin: &Origin<'_>,
) -> Result<RuleSettings, ConfigError> {
    let mut statements = Vec::new();
    for (pattern, entry) in table {
        match entry {
            RuleEntry::Word(word) => {
                let mut statement = statement(pattern, None);
                say(&mut statement, *word);
                statements.push(statement);
            }
            RuleEntry::Table(values) => {
                table_statements(pattern, None, values, origin, &mut statements)?;
            }
        }
    }
    Ok(RuleSettings { statements })
}

fn table_statements(
    pattern: &str,
    language: Option<&str>,
    values: &BTreeMap<String, RuleValue>,
    origin: &Origin<'_>,
    statements: &mut Vec<RuleStatement>,
) -> Result<(), ConfigError> {
    let mut own = statement(pattern, language);
    for (key, value) in values {
        match (key.as_str(), value) {
            ("severity", RuleValue::Word(word)) => say(&mut own, *word),
            ("severity", RuleValue::Number(_)) => {
                return Err(origin.error(pattern, "`severity` is a word, such as \"high\""));
            }
            ("languages", RuleValue::Languages(languages)) if language.is_none() => {
                for (name, values) in languages {
                    table_statements(pattern, Some(name), values, origin, statements)?;
                }
            }
            (_, RuleValue::Number(number)) => own.options.push((key.clone(), *number)),
            (_, RuleValue::Word(_) | RuleValue::Languages(_)) => {
                let message = format!("`{key}` of `{pattern}` must be a whole number");
                return Err(origin.error(key, message));
            }
        }
    }
    statements.push(own);
    Ok(())
}

fn statement(pattern: &str, language: Option<&str>) -> RuleStatement {
    RuleStatement {
        pattern: pattern.to_owned(),
        language: language.map(str::to_owned),
        ..RuleStatement::default()
    }
}

fn say(statement: &mut RuleStatement, word: RuleWord) {
    statement.enabled = Some(word != RuleWord::Off);
    statement.severity = match word {
        RuleWord::On | RuleWord::Off => None,
        RuleWord::Info => Some(Severity::Info),
        RuleWord::Low => Some(Severity::Low),
        RuleWord::Medium => Some(Severity::Medium),
        RuleWord::High => Some(Severity::High),
        RuleWord::Critical => Some(Severity::Critical),
    };
}

/// Returns the severity that a gate word names; never is none.
pub(crate) fn gate_severity(word: GateSeverity) -> Option<Severity> {
    match word {
        GateSeverity::Never => None,
        GateSeverity::Info => Some(Severity::Info),
        GateSeverity::Low => Some(Severity::Low),
        GateSeverity::Medium => Some(Severity::Medium),
        GateSeverity::High => Some(Severity::High),
        GateSeverity::Critical => Some(Severity::Critical),
    }
}

/// Checks that each entry is one licence: a choice belongs to a package, not to
/// the policy.
fn licences(table: &LicencesTable, origin: &Origin<'_>) -> Result<LicencePolicy, ConfigError> {
    for name in table.allow.iter().chain(&table.deny) {
        let is_expression = [" OR ", " AND "]
            .iter()
            .any(|word| name.to_uppercase().contains(word));
        if name.trim().is_empty() || is_expression {
            return Err(origin.error(
                name,
                "an entry names one licence, such as `MIT`, `GPL-2.0` or `GPL-*`",
            ));
        }
    }
    Ok(LicencePolicy {
        allow: table.allow.clone(),
        deny: table.deny.clone(),
    })
}

fn gate(table: &GateTable) -> GateSettings {
    GateSettings {
        severity: gate_severity(table.severity),
        categories: table
            .category
            .iter()
            .map(|(word, severity)| (category(*word), gate_severity(*severity)))
            .collect(),
        score_min: table.score,
        findings_max: table.findings,
        coverage_min: table.coverage,
        complete: table.complete,
    }
}

fn confidence(word: ConfidenceWord) -> Confidence {
    match word {
        ConfidenceWord::Low => Confidence::Low,
        ConfidenceWord::Medium => Confidence::Medium,
        ConfidenceWord::High => Confidence::High,
    }
}

fn category(word: CategoryWord) -> Category {
    match word {
        CategoryWord::Correctness => Category::Correctness,
        CategoryWord::Security => Category::Security,
        CategoryWord::Performance => Category::Performance,
        CategoryWord::Complexity => Category::Complexity,
        CategoryWord::Duplication => Category::Duplication,
        CategoryWord::Maintainability => Category::Maintainability,
        CategoryWord::Test => Category::Test,
        CategoryWord::Documentation => Category::Documentation,
        CategoryWord::Dependency => Category::Dependency,
        CategoryWord::Review => Category::Review,
    }
}

fn set_limits(limits: &mut Limits, table: &LimitsTable) {
    limits.file_bytes_max = table.file_bytes.unwrap_or(limits.file_bytes_max);
    limits.files_max = table.files.unwrap_or(limits.files_max);
}
