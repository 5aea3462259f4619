//! The rule engine for each path: the configuration's overrides give some
//! paths other settings, and paths with the same overrides share an engine.
//! And the trees of what was parsed, which the steps of a review share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use assay_rules::{Engine, RuleSettings};
use assay_source::{RepoPath, SourceText};
use assay_syntax::{Language, ParsedFile, Trees};

use crate::settings::Settings;

/// The trees of so much text are kept while a change is reviewed.
const TREES_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The engines of a review.
pub(crate) struct Engines<'s> {
    settings: &'s Settings,
    default: Arc<Engine>,
    /// By the overrides that apply, as indices.
    others: Mutex<HashMap<Vec<usize>, Arc<Engine>>>,
    trees: Trees,
}

impl<'s> Engines<'s> {
    /// Makes the engines of settings that [`Settings::check`] accepts; wrong
    /// statements about rules are left out. Trees are kept on demand: a scan
    /// reads most files once.
    pub(crate) fn new(settings: &'s Settings, keep_trees: bool) -> Self {
        Self {
            settings,
            default: Arc::new(engine(&settings.rules)),
            others: Mutex::new(HashMap::new()),
            trees: Trees::new(if keep_trees { TREES_BYTES_MAX } else { 0 }),
        }
    }

    /// Returns the engine for paths without overrides.
    pub(crate) fn default_engine(&self) -> &Engine {
        &self.default
    }

    /// Returns the engine for a path.
    pub(crate) fn for_path(&self, path: &RepoPath) -> Arc<Engine> {
        let applying = self.settings.overrides_for(path);
        if applying.is_empty() {
            return Arc::clone(&self.default);
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let known = others
            .entry(applying)
            .or_insert_with(|| Arc::new(engine(&self.settings.rules_for(path))));
        Arc::clone(known)
    }

    /// Parses a text of the change, or returns what that came to before.
    pub(crate) fn parse(
        &self,
        text: &Arc<SourceText>,
        language: &'static Language,
    ) -> Arc<ParsedFile> {
        self.trees
            .parse(text, language, &self.settings.limits.parse)
    }

    /// Returns the trees that are kept.
    pub(crate) fn trees(&self) -> &Trees {
        &self.trees
    }
}

fn engine(rules: &RuleSettings) -> Engine {
    Engine::new(rules).unwrap_or_else(|errors| {
        let wrong: Vec<usize> = errors.iter().map(|error| error.statement()).collect();
        let mut right = RuleSettings::default();
        for (index, statement) in rules.statements.iter().enumerate() {
            if !wrong.contains(&index) {
                right.statements.push(statement.clone());
            }
        }
        Engine::new(&right).unwrap_or_else(|_| {
            Engine::new(&RuleSettings::default()).expect("no statement is wrong in no statements")
        })
    })
}
