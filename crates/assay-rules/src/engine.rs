//! Runs all rules over one file in one pass.
//!
//! A table for each language says which rules want a node of which class, so
//! a node that no rule wants costs one look-up, however many rules there are.
//! The words of the rules that read text are searched for all at once.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;
use assay_finding::{
    Confidence, Finding, Fingerprint, Frame, IdentityHasher, Location, Problem, Related, RuleId,
    Severity, State,
};
use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::{FileMetrics, Language, ParsedFile, SyntaxTree, languages};

use crate::c_states;
use crate::config::{self, ConfigFile};
use crate::context::{Basis, Context, Draft, FINDINGS_PER_RULE_AND_FILE_MAX};
use crate::identity::{add_text, add_tokens, innermost_name, qualified_name};
use crate::pattern::{Facts, PatternTable, examine, examine_text, with_repeats};
use crate::rule::{Check, Rule, rules};
use crate::secret::{self, find_secrets};
use crate::settings::{CheckedSettings, Resolved, RuleSettings, SettingsError};

/// One file, ready to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct FileInput<'t> {
    /// Where it is.
    pub path: &'t RepoPath,
    /// What is in it.
    pub text: &'t Arc<SourceText>,
    /// Its trees; none when it has no language.
    pub parsed: Option<&'t ParsedFile>,
    /// What was measured of the trees; without it no rule about metrics runs.
    pub metrics: Option<&'t FileMetrics>,
}

impl<'t> FileInput<'t> {
    /// Takes a file with its trees.
    pub fn new(
        path: &'t RepoPath,
        text: &'t Arc<SourceText>,
        parsed: Option<&'t ParsedFile>,
    ) -> Self {
        Self {
            path,
            text,
            parsed,
            metrics: None,
        }
    }

    /// Adds what was measured of the trees.
    #[must_use]
    pub fn with_metrics(self, metrics: &'t FileMetrics) -> Self {
        Self {
            metrics: Some(metrics),
            ..self
        }
    }
}

/// What came of running the rules over one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The findings in the order of the text.
    pub findings: Vec<Finding>,
    /// What went wrong: a rule that failed.
    pub problems: Vec<Problem>,
    /// What was cut, for the ledger's entry of the file.
    pub notes: Vec<String>,
    /// Where secrets stand, also those of rules that are off: whoever shows
    /// the text masks them. None when no rule about secrets is on: then nobody has
    /// looked, and whoever shows the text has to.
    pub secrets: Option<Vec<Span>>,
}

/// All rules with their settings. Make one and share it between threads.
pub struct Engine {
    rules: &'static [Rule],
    settings: CheckedSettings,
    /// By the position of the language in the registry; the last is for text
    /// without a language.
    tables: Vec<OnceLock<LanguageTable>>,
}

/// What holds in one language, worked out when the language first comes up.
struct LanguageTable {
    /// By the rule's place in the registry.
    resolved: Vec<Resolved>,
    /// By the class of a node: where its rules are in `node_rules`.
    classes: Vec<(u16, u16)>,
    node_rules: Vec<u16>,
    tree_rules: Vec<u16>,
    function_rules: Vec<u16>,
    class_rules: Vec<u16>,
    file_rules: Vec<u16>,
    config_rules: Vec<u16>,
    patterns: PatternTable,
    words: Option<WordSearch>,
    /// Whether any rule about secrets is on.
    seeks_secrets: bool,
    /// Whether any rule is on that dataflow answers.
    follows_flow: bool,
}

/// The words of all rules that read text.
struct WordSearch {
    search: AhoCorasick,
    /// The rule of each word.
    rules: Vec<WordOf>,
}

/// What asked for a word.
#[derive(Clone, Copy)]
enum WordOf {
    /// A rule with code.
    Rule(u16),
    /// A matcher of texts, by its place in the table of patterns.
    Pattern(usize),
}

impl Engine {
    /// Makes an engine.
    ///
    /// # Errors
    ///
    /// Everything in the settings that no rule, option or language answers to.
    pub fn new(settings: &RuleSettings) -> Result<Self, Vec<SettingsError>> {
        Self::with_rules(settings, rules())
    }

    fn with_rules(
        settings: &RuleSettings,
        rules: &'static [Rule],
    ) -> Result<Self, Vec<SettingsError>> {
        debug_assert!(rules.len() < usize::from(u16::MAX));
        Ok(Self {
            rules,
            settings: CheckedSettings::new(settings, rules)?,
            tables: (0..=languages().len()).map(|_| OnceLock::new()).collect(),
        })
    }

    /// Returns whether the rule runs in the language (none: in any text).
    pub fn is_enabled(&self, rule: &Rule, language: Option<&Language>) -> bool {
        let language = language.map(|language| language.id().as_str());
        self.settings.resolve(rule, language).enabled
    }

    /// Returns the severity of the rule's findings in the language (none: in
    /// any text), unless a finding is worse by its own measure.
    pub fn severity(&self, rule: &Rule, language: Option<&Language>) -> Severity {
        let language = language.map(|language| language.id().as_str());
        self.settings
            .resolve(rule, language)
            .severity
            .unwrap_or_else(|| rule.severity())
    }

    pub(crate) fn resolve(&self, rule: &Rule, language: Option<&Language>) -> Resolved {
        let language = language.map(|language| language.id().as_str());
        self.settings.resolve(rule, language)
    }

    /// Returns a number that holds for the rule in any text.
    pub fn number(&self, rule: &Rule, option: &str) -> Option<u32> {
        let at = rule.options().iter().position(|o| o.name == option)?;
        self.settings.resolve(rule, None).options.get(at).copied()
    }

    /// Returns whether any rule that dataflow answers runs in a language.
    pub fn follows_flow(&self, language: Option<&'static Language>) -> bool {
        self.table(language).follows_flow
    }

    /// Runs the rules over a file. Never fails: a rule that does is a problem.
    pub fn run(&self, input: &FileInput<'_>) -> Outcome {
        let mut run = Run::new(self.rules.len());
        let trees = input.parsed.map_or(&[][..], |parsed| &parsed.trees[..]);
        for tree in trees {
            self.run_tree(input, tree, &mut run);
        }
        self.run_config(input, trees.first(), &mut run);
        self.run_metrics(input, trees, &mut run);
        self.run_text(input, trees.first(), &mut run);
        let language = trees.first().map(SyntaxTree::language);
        let credentials = std::mem::take(&mut run.credentials);
        let secrets = if self.table(language).seeks_secrets {
            let mut spans = self.run_secrets(input, trees.first(), &credentials, &mut run);
            let literals = credentials.into_iter().flat_map(|(.., literals)| literals);
            spans.extend(with_repeats(input.text.as_str(), literals.collect()));
            Some(spans)
        } else {
            None
        };
        let mut outcome = self.finish(input, run);
        outcome.secrets = secrets;
        outcome
    }

    /// Looks for secrets and for nothing else.
    pub(crate) fn run_secrets_alone(&self, input: &FileInput<'_>) -> Vec<Finding> {
        let mut run = Run::new(self.rules.len());
        self.run_secrets(input, None, &[], &mut run);
        self.finish(input, run).findings
    }

    /// Looks for secrets and returns where they stand. What a detector knows is
    /// not reported as a credential of a call as well.
    fn run_secrets(
        &self,
        input: &FileInput<'_>,
        tree: Option<&SyntaxTree>,
        credentials: &[FoundCredential],
        run: &mut Run<'_>,
    ) -> Vec<Span> {
        let table = self.table(tree.map(SyntaxTree::language));
        let hits = find_secrets(input.path, input.text);
        let mut known = Vec::new();
        for hit in &hits {
            let Ok(at) = self
                .rules
                .binary_search_by(|rule| rule.id().cmp(hit.rule()))
            else {
                continue;
            };
            let resolved = &table.resolved[at];
            if resolved.enabled {
                let rule = &self.rules[at];
                if let Some(draft) = secret::report(hit, input.text, at as u16, rule, resolved) {
                    if draft.confidence >= Confidence::Medium {
                        known.push(hit.masked);
                    }
                    run.push(draft);
                }
            }
        }
        run.drop_credentials(credentials, known);
        hits.iter().map(|hit| hit.masked).collect()
    }

    fn table(&self, language: Option<&'static Language>) -> &LanguageTable {
        let at = language
            .and_then(|language| languages().iter().position(|other| other == language))
            .unwrap_or(languages().len());
        self.tables[at].get_or_init(|| LanguageTable::new(self.rules, &self.settings, language))
    }

    fn run_tree<'t>(&self, input: &FileInput<'t>, tree: &'t SyntaxTree, run: &mut Run<'t>) {
        let table = self.table(Some(tree.language()));
        let facts = Facts::new(tree);
        for node in tree.nodes() {
            if table.patterns.events(node.class()) != 0 {
                table.patterns.visit(node, &facts, |entry, site| {
                    self.ask(input, Some(tree), table, entry.rule, run, |context| {
                        examine(entry, site, context);
                    });
                });
            }
            let (from, to) = table.classes[usize::from(node.class())];
            for &rule in &table.node_rules[usize::from(from)..usize::from(to)] {
                if let Check::Node { check, .. } = self.rules[usize::from(rule)].spec().check {
                    self.ask(input, Some(tree), table, rule, run, |context| {
                        check(node, context);
                    });
                }
            }
        }
        for &rule in &table.tree_rules {
            if let Check::Tree(check) = self.rules[usize::from(rule)].spec().check {
                self.ask(input, Some(tree), table, rule, run, |context| {
                    check(tree, context);
                });
            }
        }
    }

    /// Asks the rules about configuration, when the file is any of theirs.
    fn run_config<'t>(
        &self,
        input: &FileInput<'t>,
        tree: Option<&'t SyntaxTree>,
        run: &mut Run<'t>,
    ) {
        let table = self.table(tree.map(SyntaxTree::language));
        let check_of = |&rule: &u16| match &self.rules[usize::from(rule)].spec().check {
            Check::Config(check) => Some(*check),
            _ => None,
        };
        let checks = table.config_rules.iter().filter_map(check_of);
        let file = catch_unwind(AssertUnwindSafe(|| ConfigFile::read(input, tree, checks)));
        let file = match file {
            Ok(Some(file)) => file,
            Ok(None) => return,
            Err(_) => {
                for &rule in &table.config_rules {
                    run.counts[usize::from(rule)].failed = true;
                }
                return;
            }
        };
        for rule in &table.config_rules {
            if let Some(check) = check_of(rule) {
                self.ask(input, tree, table, *rule, run, |context| {
                    config::check(check, &file, context);
                });
            }
        }
    }

    fn run_metrics<'t>(&self, input: &FileInput<'t>, trees: &'t [SyntaxTree], run: &mut Run<'t>) {
        let Some(metrics) = input.metrics else { return };
        for function in &metrics.functions {
            let Some(tree) = trees.get(function.tree) else {
                continue;
            };
            let (table, node) = (self.table(Some(tree.language())), tree.node(function.node));
            for &rule in &table.function_rules {
                if let Check::Function(check) = self.rules[usize::from(rule)].spec().check {
                    self.ask(input, Some(tree), table, rule, run, |context| {
                        check(node, function, context);
                    });
                }
            }
        }
        for class in &metrics.classes {
            let Some(tree) = trees.get(class.tree) else {
                continue;
            };
            let (table, node) = (self.table(Some(tree.language())), tree.node(class.node));
            for &rule in &table.class_rules {
                if let Check::Class(check) = self.rules[usize::from(rule)].spec().check {
                    self.ask(input, Some(tree), table, rule, run, |context| {
                        check(node, class, context);
                    });
                }
            }
        }
    }

    fn run_text<'t>(&self, input: &FileInput<'t>, tree: Option<&'t SyntaxTree>, run: &mut Run<'t>) {
        let table = self.table(tree.map(SyntaxTree::language));
        for &rule in &table.file_rules {
            if let Check::File(check) = self.rules[usize::from(rule)].spec().check {
                self.ask(input, tree, table, rule, run, |context| check(context));
            }
        }
        let Some(words) = &table.words else { return };
        let facts = tree.map(Facts::new);
        for found in words.search.find_overlapping_iter(input.text.as_str()) {
            let rule = match words.rules[found.pattern().as_usize()] {
                WordOf::Rule(rule) => rule,
                WordOf::Pattern(at) => {
                    let (Some(tree), Some(facts)) = (tree, &facts) else {
                        continue;
                    };
                    let entry = &table.patterns.texts[at];
                    self.ask(input, Some(tree), table, entry.rule, run, |context| {
                        examine_text(entry, facts, tree, found.start() as u32, context);
                    });
                    continue;
                }
            };
            if let Check::Text { check, .. } = self.rules[usize::from(rule)].spec().check {
                self.ask(input, tree, table, rule, run, |context| {
                    check(found.start() as u32, context);
                });
            }
        }
    }

    /// Asks one rule one thing, behind a panic boundary: a rule that panics is
    /// not asked again in this file.
    fn ask<'t>(
        &self,
        input: &FileInput<'t>,
        tree: Option<&'t SyntaxTree>,
        table: &LanguageTable,
        rule_index: u16,
        run: &mut Run<'t>,
        question: impl FnOnce(&mut Context<'_, 't>),
    ) {
        let at = usize::from(rule_index);
        if run.counts[at].failed {
            return;
        }
        let mut context = Context {
            input,
            tree,
            rule: &self.rules[at],
            rule_index,
            resolved: &table.resolved[at],
            run,
        };
        if catch_unwind(AssertUnwindSafe(|| question(&mut context))).is_err() {
            run.counts[at].failed = true;
        }
    }

    fn finish(&self, input: &FileInput<'_>, run: Run<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        for (count, rule) in run.counts.iter().zip(self.rules) {
            let id = rule.id();
            if count.failed {
                outcome.problems.push(Problem {
                    what: format!("rule {id}"),
                    path: Some(input.path.clone()),
                    message: "the rule failed on this file; its other findings here may be missing"
                        .to_owned(),
                });
            }
            if count.found > FINDINGS_PER_RULE_AND_FILE_MAX {
                outcome.notes.push(format!(
                    "{id}: {} findings, of which the first {FINDINGS_PER_RULE_AND_FILE_MAX} are kept",
                    count.found
                ));
            }
        }
        let mut ids: HashMap<u16, RuleId> = HashMap::new();
        outcome.findings = run
            .drafts
            .into_iter()
            .map(|draft| {
                let at = usize::from(draft.rule_index);
                let id = ids.entry(draft.rule_index);
                let id = id.or_insert_with(|| RuleId::new(self.rules[at].id()));
                finding(input, &self.rules[at], id.clone(), draft)
            })
            .collect();
        outcome.findings.sort_by(|a, b| {
            let key = |finding: &Finding| (finding.location.span.start, finding.location.span.end);
            key(a).cmp(&key(b)).then_with(|| a.rule.cmp(&b.rule))
        });
        outcome
    }
}

impl LanguageTable {
    fn new(
        rules: &'static [Rule],
        settings: &CheckedSettings,
        language: Option<&'static Language>,
    ) -> Self {
        let name = language.map(|language| language.id().as_str());
        let resolved: Vec<Resolved> = rules
            .iter()
            .map(|rule| settings.resolve(rule, name))
            .collect();
        let active: Vec<u16> = (0..rules.len())
            .filter(|&at| {
                let reads = match language {
                    Some(language) => rules[at].reads(language),
                    None => rules[at].languages().is_empty(),
                };
                resolved[at].enabled && reads
            })
            .map(|at| at as u16)
            .collect();
        let of = |wanted: fn(&Check) -> bool| -> Vec<u16> {
            let is = |&at: &u16| wanted(&rules[usize::from(at)].spec().check);
            active.iter().copied().filter(is).collect()
        };
        let (classes, node_rules) = language.map_or_else(Default::default, |language| {
            class_table(rules, &active, language)
        });
        let patterns = language.map_or_else(PatternTable::default, |language| {
            PatternTable::new(rules, &active, language)
        });
        Self {
            classes,
            node_rules,
            tree_rules: of(|check| matches!(check, Check::Tree(_))),
            function_rules: of(|check| matches!(check, Check::Function(_))),
            class_rules: of(|check| matches!(check, Check::Class(_))),
            file_rules: of(|check| matches!(check, Check::File(_))),
            config_rules: of(|check| matches!(check, Check::Config(_))),
            seeks_secrets: active
                .iter()
                .any(|&at| rules[usize::from(at)].pack() == secret::PACK),
            follows_flow: rules.iter().zip(&resolved).any(|(rule, resolved)| {
                resolved.enabled && matches!(rule.pack(), "injection" | "security")
            }),
            words: WordSearch::new(rules, &active, &patterns),
            patterns,
            resolved,
        }
    }
}

/// Lists for each class of node the rules that want it.
fn class_table(rules: &[Rule], active: &[u16], language: &Language) -> (Vec<(u16, u16)>, Vec<u16>) {
    let mut node_rules: Vec<u16> = Vec::new();
    let classes = (0..language.class_count() as u16)
        .map(|class| {
            let from = node_rules.len() as u16;
            let (kind, roles) = (
                language.class_kind_name(class),
                language.class_roles(class),
            );
            node_rules.extend(active.iter().copied().filter(|&at| {
                matches!(&rules[usize::from(at)].spec().check, Check::Node { on, .. } if on.wants(kind, roles))
            }));
            (from, node_rules.len() as u16)
        })
        .collect();
    (classes, node_rules)
}

impl WordSearch {
    fn new(rules: &[Rule], active: &[u16], table: &PatternTable) -> Option<Self> {
        let mut patterns: Vec<&str> = Vec::new();
        let mut rule_of = Vec::new();
        for &at in active {
            if let Check::Text { words, .. } = rules[usize::from(at)].spec().check {
                patterns.extend(words);
                rule_of.extend(words.iter().map(|_| WordOf::Rule(at)));
            }
        }
        for (at, entry) in table.texts.iter().enumerate() {
            patterns.push(entry.name);
            rule_of.push(WordOf::Pattern(at));
        }
        if patterns.is_empty() {
            return None;
        }
        // Building fails only beyond sizes that words in source files never reach.
        let search = AhoCorasick::new(patterns).ok()?;
        Some(Self {
            search,
            rules: rule_of,
        })
    }
}

/// What one run has collected so far.
pub(crate) struct Run<'t> {
    drafts: Vec<Draft<'t>>,
    counts: Vec<Count>,
    /// Takes the findings beyond the limit, which nobody reads.
    beyond: Option<Draft<'t>>,
    credentials: Vec<FoundCredential>,
    pub(crate) c_faults: Option<c_states::Last<'t>>,
}

/// What a rule called a credential: the rule, the place of its finding, and the
/// literals.
type FoundCredential = (u16, Span, Vec<Span>);

#[derive(Clone, Copy, Default)]
struct Count {
    found: u32,
    failed: bool,
}

impl<'t> Run<'t> {
    fn new(rule_count: usize) -> Self {
        Self {
            drafts: Vec::new(),
            counts: vec![Count::default(); rule_count],
            beyond: None,
            credentials: Vec::new(),
            c_faults: None,
        }
    }

    /// Takes note of the literals of a credential that was reported.
    pub(crate) fn add_credential(&mut self, rule_index: u16, place: Span, literals: Vec<Span>) {
        self.credentials.push((rule_index, place, literals));
    }

    /// Takes back the findings of credentials that a detector has found.
    fn drop_credentials(&mut self, credentials: &[FoundCredential], mut known: Vec<Span>) {
        known.sort_by_key(|span| (span.end, span.start));
        let is_known = |literal: &Span| {
            let at = known.partition_point(|span| span.end <= literal.start);
            known.get(at).is_some_and(|span| span.start < literal.end)
        };
        let dropped: HashSet<(u16, Span)> = credentials
            .iter()
            .filter(|(.., literals)| literals.iter().any(is_known))
            .map(|(rule, place, _)| (*rule, *place))
            .collect();
        if !dropped.is_empty() {
            self.drafts
                .retain(|draft| !dropped.contains(&(draft.rule_index, draft.span)));
        }
    }

    /// Returns whether the rule has reported this part of the text lately.
    pub(crate) fn has_reported(&self, rule_index: u16, span: Span) -> bool {
        /// Findings at one place come one after the other.
        const BACK_MAX: usize = 16;
        let recent = self.drafts.iter().rev().take(BACK_MAX);
        let mut same = recent.filter(|draft| draft.rule_index == rule_index);
        same.any(|draft| draft.span == span)
    }

    pub(crate) fn push(&mut self, draft: Draft<'t>) -> &mut Draft<'t> {
        let count = &mut self.counts[usize::from(draft.rule_index)];
        count.found = count.found.saturating_add(1);
        if count.found > FINDINGS_PER_RULE_AND_FILE_MAX {
            return self.beyond.insert(draft);
        }
        self.drafts.push(draft);
        let last = self.drafts.len() - 1;
        &mut self.drafts[last]
    }
}

fn location(input: &FileInput<'_>, span: Span) -> Location {
    Location {
        path: input.path.clone(),
        span,
        start: input.text.position(span.start),
        end: input.text.position(span.end),
    }
}

fn finding(input: &FileInput<'_>, rule: &Rule, id: RuleId, draft: Draft<'_>) -> Finding {
    let place = draft.node.or_else(|| {
        let tree = input.parsed?.trees.first()?;
        Some(tree.covering(draft.span))
    });
    let symbol = match draft.basis {
        Basis::File => None,
        Basis::Tokens | Basis::Own(_) => draft
            .symbol
            .clone()
            .or_else(|| place.and_then(qualified_name)),
        Basis::Symbol => draft
            .symbol
            .clone()
            .or_else(|| place.and_then(qualified_name)),
    };
    let mut hasher = IdentityHasher::new(rule.id());
    let mut alias = None;
    match draft.basis {
        Basis::Tokens => {
            let around = place.and_then(innermost_name);
            hasher.part(draft.symbol.as_deref().or(around).unwrap_or(""));
            match draft.node {
                Some(node) => add_tokens(&mut hasher, node, None),
                None => add_text(&mut hasher, input.text.slice(draft.span)),
            }
        }
        Basis::Symbol => {
            hasher.part(symbol.as_deref().unwrap_or(""));
            if let Some(node) = draft.node {
                let mut other = IdentityHasher::new(rule.id());
                other.part("tokens");
                let name = node.name();
                add_tokens(&mut other, node, name);
                alias = Some(other.finish());
            }
        }
        Basis::Own(_) => {}
        Basis::File => {
            hasher.part("file");
            hasher.part(&String::from_utf8_lossy(input.path.file_name()));
            let mut other = IdentityHasher::new(rule.id());
            other.part("file");
            add_text(&mut other, input.text.as_str());
            alias = Some(other.finish());
        }
    }
    Finding {
        rule: id,
        severity: draft.severity,
        confidence: draft.confidence,
        category: rule.spec().category,
        message: draft.message,
        location: location(input, draft.span),
        related: draft
            .related
            .into_iter()
            .map(|(span, message)| Related {
                location: location(input, span),
                message,
                frame: Frame::default(),
            })
            .collect(),
        measure: draft.measure,
        symbol,
        identity: match draft.basis {
            Basis::Own(identity) => identity,
            _ => hasher.finish(),
        },
        alias,
        tools: Vec::new(),
        fingerprint: Fingerprint::default(),
        state: State::Introduced,
        suppressed: None,
        fix: draft.fix,
        frame: Frame::default(),
    }
}
