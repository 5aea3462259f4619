//! Structural rules in the YAML dialect of ast-grep, on the grammars of this
//! crate. A project writes them; Assay's own rules are not built on it.
//!
//! Reference of the dialect: <https://ast-grep.github.io/reference/yaml.html>.

use std::borrow::Cow;

use assay_source::{SourceText, Span};
use ast_grep_config::{GlobalRules, RuleCollection, RuleConfig, from_multiple, from_yaml_string};
use ast_grep_core::AstGrep;
use ast_grep_core::matcher::{Pattern, PatternBuilder, PatternError};
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc, TSLanguage};
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::language::{Language, language_by_name};

/// How bad a rule says its finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StructuralSeverity {
    /// A hint.
    Hint,
    /// A suggestion.
    Info,
    /// May be wrong.
    Warning,
    /// Wrong.
    Error,
}

/// The rules that a project wrote, without those that are off.
pub struct StructuralRules {
    collection: RuleCollection<Grammar>,
    /// Sorted.
    ids: Vec<String>,
}

/// One of them.
#[derive(Clone, Copy)]
pub struct StructuralRule<'r> {
    config: &'r RuleConfig<Grammar>,
}

/// A place that a rule matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructuralMatch {
    /// The place.
    pub span: Span,
    /// The message with the parts of the place filled in.
    pub message: String,
    /// The place and the text of the rule's fix, when it has one.
    pub fix: Option<(Span, String)>,
    /// Further places that the rule labels, with what it says of them.
    pub labels: Vec<(Span, String)>,
}

/// Why a rule file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StructuralError {
    /// The YAML or a rule in it is wrong.
    #[error("{0}")]
    Rule(String),
    /// A rule has no id.
    #[error("a rule has no `id`")]
    NoId,
    /// Two rules have one id.
    #[error("there are two rules with the id `{0}`")]
    SameId(String),
}

impl StructuralRules {
    /// Reads YAML texts, each of which may hold several rules. What is wrong
    /// comes with the number of the text; its rules are left out.
    pub fn read<'t>(
        texts: impl IntoIterator<Item = &'t str>,
    ) -> (Self, Vec<(usize, StructuralError)>) {
        let mut errors = Vec::new();
        let mut configs = Vec::new();
        let mut ids: Vec<String> = Vec::new();
        for (number, text) in texts.into_iter().enumerate() {
            match read_text(text, &ids) {
                Ok(read) => {
                    for config in read {
                        if !matches!(config.severity, ast_grep_config::Severity::Off) {
                            ids.push(config.id.clone());
                            configs.push(config);
                        }
                    }
                }
                Err(error) => errors.push((number, error)),
            }
        }
        ids.sort_unstable();
        let collection = RuleCollection::try_new(configs).unwrap_or_else(|_| {
            RuleCollection::try_new(Vec::new()).expect("no globs are right globs")
        });
        (Self { collection, ids }, errors)
    }

    /// Returns the rules, sorted by id.
    pub fn rules(&self) -> impl Iterator<Item = StructuralRule<'_>> {
        self.ids.iter().filter_map(|id| self.by_id(id))
    }

    /// Returns the rule with the id.
    pub fn by_id(&self, id: &str) -> Option<StructuralRule<'_>> {
        let config = self.collection.get_rule(id)?;
        Some(StructuralRule { config })
    }

    /// Returns the rules that read a file, sorted by id.
    pub fn for_file(&self, path: &str, language: &'static Language) -> Vec<StructuralRule<'_>> {
        let mut configs = self
            .collection
            .get_rule_from_lang(path.as_ref(), Grammar(language));
        configs.sort_unstable_by_key(|config| &config.id);
        let rules = configs.into_iter();
        rules.map(|config| StructuralRule { config }).collect()
    }
}

impl std::fmt::Debug for StructuralRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.ids).finish()
    }
}

fn read_text(text: &str, known: &[String]) -> Result<Vec<RuleConfig<Grammar>>, StructuralError> {
    let configs = from_yaml_string::<Grammar>(text, &GlobalRules::default())
        .map_err(|error| StructuralError::Rule(with_causes(&error)))?;
    for (at, config) in configs.iter().enumerate() {
        if config.id.is_empty() {
            return Err(StructuralError::NoId);
        }
        let is_taken = configs[..at].iter().any(|other| other.id == config.id);
        if is_taken || known.contains(&config.id) {
            return Err(StructuralError::SameId(config.id.clone()));
        }
        // The globs are the only part that is not checked by reading.
        let glob = |globs: &Option<_>| globs.is_some();
        if glob(&config.files) || glob(&config.ignores) {
            from_yaml_string::<Grammar>(text, &GlobalRules::default())
                .map_err(|error| error.to_string())
                .and_then(|configs| {
                    RuleCollection::try_new(configs).map_err(|error| error.to_string())
                })
                .map_err(StructuralError::Rule)?;
        }
    }
    Ok(configs)
}

impl<'r> StructuralRule<'r> {
    /// Returns the rule's id.
    pub fn id(self) -> &'r str {
        &self.config.id
    }

    /// Returns what the rule says in general; parts of a place are not filled in.
    pub fn message(self) -> &'r str {
        &self.config.message
    }

    /// Returns the longer explanation.
    pub fn note(self) -> Option<&'r str> {
        self.config.note.as_deref()
    }

    /// Returns where more is written about it.
    pub fn url(self) -> Option<&'r str> {
        self.config.url.as_deref()
    }

    /// Returns how bad its findings are.
    pub fn severity(self) -> StructuralSeverity {
        match self.config.severity {
            ast_grep_config::Severity::Off | ast_grep_config::Severity::Hint => {
                StructuralSeverity::Hint
            }
            ast_grep_config::Severity::Info => StructuralSeverity::Info,
            ast_grep_config::Severity::Warning => StructuralSeverity::Warning,
            ast_grep_config::Severity::Error => StructuralSeverity::Error,
        }
    }

    /// Returns the language that it reads.
    pub fn language(self) -> &'static Language {
        self.config.language.0
    }

    /// Returns whether its findings come with a fix.
    pub fn has_fix(self) -> bool {
        !self.config.fixer.is_empty()
    }
}

impl std::fmt::Debug for StructuralRule<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

/// What a project wrote to test one of its rules.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StructuralTest {
    /// The rule's id.
    pub id: String,
    /// Code that the rule must not match.
    #[serde(default)]
    pub valid: Vec<String>,
    /// Code that the rule must match.
    #[serde(default)]
    pub invalid: Vec<String>,
}

impl StructuralTest {
    /// Reads the tests of one YAML text, which may hold several documents.
    ///
    /// # Errors
    ///
    /// What is wrong.
    pub fn read_all(yaml: &str) -> Result<Vec<Self>, StructuralError> {
        from_multiple(yaml).map_err(|error| StructuralError::Rule(with_causes(&error)))
    }
}

/// A text parsed to be searched by structural rules of its language.
pub struct StructuralText {
    root: AstGrep<StrDoc<Grammar>>,
}

impl StructuralText {
    /// Parses a text; none when the grammar must not be given it, see
    /// [`crate::parse`], which has to have parsed it within its limits before.
    pub fn new(text: &SourceText, language: &'static Language) -> Option<Self> {
        if language.guard().fault(text.as_str()).is_some() {
            return None;
        }
        let doc = StrDoc::try_new(text.as_str(), Grammar(language)).ok()?;
        Some(Self {
            root: AstGrep::doc(doc),
        })
    }

    /// Returns at most `matches_max` places that a rule matches, in order.
    pub fn find(&self, rule: StructuralRule<'_>, matches_max: usize) -> Vec<StructuralMatch> {
        let config = rule.config;
        let root = self.root.root();
        root.find_all(&config.matcher)
            .take(matches_max)
            .map(|found| {
                let labels = config.get_labels(&found);
                StructuralMatch {
                    span: span(found.range()),
                    message: config.get_message(&found),
                    fix: config.fixer.first().map(|fixer| {
                        let edit = found.make_edit(&config.matcher, fixer);
                        let end = edit.position + edit.deleted_length;
                        let text = String::from_utf8_lossy(&edit.inserted_text).into_owned();
                        (span(edit.position..end), text)
                    }),
                    labels: labels
                        .iter()
                        .filter_map(|label| {
                            let range = label.start_node.range().start..label.end_node.range().end;
                            Some((span(range), label.message?.to_owned()))
                        })
                        .collect(),
                }
            })
            .collect()
    }
}

fn span(range: std::ops::Range<usize>) -> Span {
    Span::new(range.start as u32, range.end as u32)
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(cause.to_string().trim());
        source = cause.source();
    }
    text
}

/// A language as ast-grep wants it.
#[derive(Clone)]
struct Grammar(&'static Language);

impl<'de> Deserialize<'de> for Grammar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let language = language_by_name(&name.to_ascii_lowercase()).ok_or_else(|| {
            D::Error::custom(format!(
                "there is no language `{name}`; `assay languages` lists them"
            ))
        })?;
        Ok(Self(language))
    }
}

impl PartialEq for Grammar {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl Eq for Grammar {}

impl Grammar {
    fn tree_sitter(&self) -> TSLanguage {
        self.0.grammar().clone()
    }
}

impl ast_grep_core::Language for Grammar {
    /// A name such as `$ARG` is no name in most languages; there its `$` is
    /// written as a letter that is one.
    fn expando_char(&self) -> char {
        match self.0.id().as_str() {
            "bash" | "dart" | "java" | "javascript" | "json" | "lua" | "scala" | "tsx"
            | "typescript" | "yaml" => '$',
            "css" => '_',
            "html" | "svelte" | "vue" => 'z',
            _ => 'µ',
        }
    }

    fn pre_process_pattern<'q>(&self, query: &'q str) -> Cow<'q, str> {
        let expando = self.expando_char();
        if expando == self.meta_var_char() || !query.contains('$') {
            return Cow::Borrowed(query);
        }
        let mut out = String::with_capacity(query.len());
        let mut rest = query;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let tail = rest[at..].trim_start_matches('$');
            let dollars = rest.len() - at - tail.len();
            let is_name = tail.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
            // `$$$` without a name stands for any number of nodes.
            let sign = if is_name || dollars == 3 {
                expando
            } else {
                '$'
            };
            out.extend(std::iter::repeat_n(sign, dollars));
            rest = tail;
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    fn kind_to_id(&self, kind: &str) -> u16 {
        self.tree_sitter().id_for_node_kind(kind, true)
    }

    fn field_to_id(&self, field: &str) -> Option<u16> {
        let id = self.tree_sitter().field_id_for_name(field);
        id.map(std::num::NonZero::get)
    }

    fn build_pattern(&self, builder: &PatternBuilder<'_>) -> Result<Pattern, PatternError> {
        builder.build(|text| StrDoc::try_new(text, self.clone()))
    }
}

impl LanguageExt for Grammar {
    fn get_ts_language(&self) -> TSLanguage {
        self.tree_sitter()
    }
}
