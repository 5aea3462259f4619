//! Secrets in text: wide candidates by keyword, then judgement.
//!
//! One search over the text finds every keyword of every detector. A detector
//! with a format of its own (a provider's token) tries its pattern in the
//! window around its keyword and checks entropy, structure and checksum. What
//! only a telling name gives away (`password = "..."`) goes to a small model
//! that was trained by `cargo xtask train-secrets`.
//!
//! Invariant: no message, note or identity that leaves this module holds a
//! value; places hold spans, and [`mask`] says how a value is shown.

mod allow;
mod assignment;
mod check;
mod context;
mod custom;
mod decode;
mod detector;
mod feature;
mod finding;
mod keyword;
mod mask;
mod model;
mod ngram;
mod other;
mod pem;
mod recipe;
mod scan;
mod scheme;
mod url;

use std::sync::{Arc, OnceLock};

use assay_finding::Finding;
use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::{Language, ParseLimits, ParsedFile, SyntaxTree, detect, languages, parse};

use crate::engine::{Engine, FileInput};
use crate::pattern::{PatternTable, credential_spans, with_repeats};
use crate::rule::{Check, Rule, rules};

pub use allow::SecretAllow;
pub use custom::SecretRules;
pub(crate) use detector::SPECS;
pub(crate) use finding::{identity_of, report};
pub use mask::{MaskedText, mask};
pub(crate) use recipe::expand;
pub use scan::{
    SecretHit, SecretSample, find_secrets, keywords as secret_keywords, secret_samples,
};

/// The pack of the rules about secrets.
pub(crate) const PACK: &str = "secret";

/// Returns where everything stands in a text that reports must not show:
/// secrets, and credentials that calls and settings are given. `parsed` is the
/// text as its language reads it; without it the text is parsed here.
pub fn secret_spans(
    path: &RepoPath,
    text: &Arc<SourceText>,
    parsed: Option<&ParsedFile>,
) -> Vec<Span> {
    let mut spans: Vec<Span> = find_secrets(path, text)
        .iter()
        .map(|hit| hit.masked)
        .collect();
    let of_tree = |tree: &SyntaxTree, language| {
        let table = credential_table(language).filter(|_| tree.language() == language)?;
        let literals = credential_spans(table, tree, path);
        Some(with_repeats(text.as_str(), literals))
    };
    if let Some(parsed) = parsed {
        if let Some(first) = parsed.trees.first() {
            let language = first.language();
            let literals = parsed
                .trees
                .iter()
                .filter_map(|tree| of_tree(tree, language));
            spans.extend(literals.flatten());
        }
        return spans;
    }
    let language = detect(path, text.as_str()).filter(|one| credential_table(one).is_some());
    if let Some(language) = language {
        let parsed = parse(text, language, &ParseLimits::default());
        let literals = parsed
            .trees
            .iter()
            .filter_map(|tree| of_tree(tree, language));
        spans.extend(literals.flatten());
    }
    spans
}

/// Returns the matchers of credentials in a language, when there are any.
fn credential_table(language: &'static Language) -> Option<&'static PatternTable> {
    static TABLES: OnceLock<Vec<OnceLock<Option<PatternTable>>>> = OnceLock::new();
    let tables = TABLES.get_or_init(|| languages().iter().map(|_| OnceLock::new()).collect());
    let at = languages().iter().position(|other| other == language)?;
    let table = tables[at].get_or_init(|| {
        let id = language.id();
        let has_credentials = |rule: &Rule| match rule.spec().check {
            Check::Pattern(matchers) => matchers.iter().any(|matcher| {
                !matcher.secret.is_empty() && matcher.languages.contains(&id.as_str())
            }),
            _ => false,
        };
        let active: Vec<u16> = (0..rules().len())
            .filter(|&at| has_credentials(&rules()[at]))
            .map(|at| at as u16)
            .collect();
        (!active.is_empty()).then(|| PatternTable::new(rules(), &active, language))
    });
    table.as_ref()
}

/// The names of the model's features, in order.
pub fn secret_features() -> Vec<&'static str> {
    feature::FEATURES.iter().map(|(name, _)| *name).collect()
}

/// Returns the secrets of a text as findings, without running any other rule.
pub fn secret_findings(engine: &Engine, input: &FileInput<'_>) -> Vec<Finding> {
    engine.run_secrets_alone(input)
}
