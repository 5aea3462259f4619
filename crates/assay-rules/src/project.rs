//! Rules that the reviewed project wrote for itself, in the YAML dialect of
//! ast-grep; and the tests that it wrote for them.

use assay_finding::{
    Category, Confidence, Edit, Finding, Fingerprint, Fix, FixSafety, Frame, IdentityHasher,
    Location, Related, RuleId, RuleMeta, Severity, State,
};
use assay_source::{SourceText, Span};
use assay_syntax::{
    StructuralError, StructuralMatch, StructuralRule, StructuralRules, StructuralSeverity,
    StructuralTest, StructuralText,
};

use crate::engine::FileInput;
use crate::identity::{add_tokens, qualified_name};

/// The pack of the ids of these rules.
const PACK: &str = "project";

/// Findings of one rule in one file.
const FINDINGS_MAX: usize = 200;

/// The rules that a project wrote.
#[derive(Debug)]
pub struct ProjectRules {
    rules: StructuralRules,
    /// The ids of those that run, as the files have them; none means all.
    only: Option<Vec<String>>,
}

/// What is wrong with a rule file.
#[derive(Debug)]
pub struct ProjectRuleError {
    /// The number of the file, as it was given.
    pub file: usize,
    /// What is wrong.
    pub error: StructuralError,
}

impl ProjectRules {
    /// Reads the texts of rule files. The rules of a file with an error are left
    /// out.
    pub fn read<'t>(texts: impl IntoIterator<Item = &'t str>) -> (Self, Vec<ProjectRuleError>) {
        let (rules, errors) = StructuralRules::read(texts);
        let errors = errors
            .into_iter()
            .map(|(file, error)| ProjectRuleError { file, error })
            .collect();
        (Self { rules, only: None }, errors)
    }

    /// Returns the rules' ids as their files have them, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.rules().map(StructuralRule::id)
    }

    /// Returns the ids as findings have them, such as `project/no-print`.
    pub fn rule_ids(&self) -> impl Iterator<Item = String> {
        self.ids().map(|id| format!("{PACK}/{id}"))
    }

    /// Lets only the rules run whose ids, as findings have them, are named.
    pub fn keep_only(&mut self, rule_ids: &[String]) {
        let of_pack = |id: &String| Some(id.strip_prefix(PACK)?.strip_prefix('/')?.to_owned());
        self.only = Some(rule_ids.iter().filter_map(of_pack).collect());
    }

    /// Returns what reports say about the rule of a finding.
    pub fn meta(&self, id: &RuleId) -> Option<RuleMeta> {
        let name = id.as_str().strip_prefix(PACK)?.strip_prefix('/')?;
        let rule = self.rules.by_id(name)?;
        let mut description = rule.note().unwrap_or_default().to_owned();
        if let Some(url) = rule.url() {
            description.push_str(&format!("\n\nSee <{url}>."));
        }
        Some(RuleMeta {
            id: id.clone(),
            title: name.to_owned(),
            summary: rule.message().to_owned(),
            description: description.trim().to_owned(),
            severity: severity(rule),
            confidence: Confidence::High,
            category: Category::Maintainability,
            cwe: Vec::new(),
            tags: Vec::new(),
        })
    }

    /// Runs the rules over a file; the second are notes for its ledger.
    pub fn run(&self, input: &FileInput<'_>) -> (Vec<Finding>, Vec<String>) {
        let (mut findings, mut notes) = (Vec::new(), Vec::new());
        let Some(parsed) = input.parsed else {
            return (findings, notes);
        };
        let Some(path) = input.path.as_str() else {
            return (findings, notes);
        };
        // Embedded parts have other offsets in a text of their own.
        let Some(tree) = parsed.trees.first() else {
            return (findings, notes);
        };
        let mut rules = self.rules.for_file(path, tree.language());
        if let Some(only) = &self.only {
            rules.retain(|rule| only.iter().any(|id| id == rule.id()));
        }
        if rules.is_empty() {
            return (findings, notes);
        }
        let Some(text) = StructuralText::new(input.text, tree.language()) else {
            notes.push("the project's rules: the grammar cannot follow the text".to_owned());
            return (findings, notes);
        };
        for rule in rules {
            let found = text.find(rule, FINDINGS_MAX + 1);
            if found.len() > FINDINGS_MAX {
                notes.push(format!(
                    "{PACK}/{}: more than {FINDINGS_MAX} findings, the first of which are kept",
                    rule.id()
                ));
            }
            let found = found.into_iter().take(FINDINGS_MAX);
            findings.extend(found.map(|found| finding(input, rule, found)));
        }
        (findings, notes)
    }

    /// Runs a test; none when there is no rule of that id.
    pub fn test(&self, test: &StructuralTest) -> Option<Vec<TestFailure>> {
        let rule = self.rules.by_id(&test.id)?;
        let matches = |code: &str| {
            let text = StructuralText::new(&SourceText::from_text(code), rule.language());
            text.is_some_and(|text| !text.find(rule, 1).is_empty())
        };
        let noisy = test.valid.iter().filter(|code| matches(code));
        let missing = test.invalid.iter().filter(|code| !matches(code));
        Some(
            noisy
                .map(|code| TestFailure::Noisy(code.clone()))
                .chain(missing.map(|code| TestFailure::Missing(code.clone())))
                .collect(),
        )
    }
}

/// How a rule failed its test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestFailure {
    /// It matches code that is valid.
    Noisy(String),
    /// It does not match code that is invalid.
    Missing(String),
}

fn severity(rule: StructuralRule<'_>) -> Severity {
    match rule.severity() {
        StructuralSeverity::Error => Severity::High,
        StructuralSeverity::Warning => Severity::Medium,
        StructuralSeverity::Info => Severity::Low,
        StructuralSeverity::Hint => Severity::Info,
    }
}

fn finding(input: &FileInput<'_>, rule: StructuralRule<'_>, found: StructuralMatch) -> Finding {
    let id = format!("{PACK}/{}", rule.id());
    let mut hasher = IdentityHasher::new(&id);
    let node = input
        .parsed
        .and_then(|parsed| parsed.trees.first())
        .map(|tree| tree.covering(found.span));
    let symbol = node.and_then(qualified_name);
    hasher.part(symbol.as_deref().unwrap_or(""));
    if let Some(node) = node {
        add_tokens(&mut hasher, node, None);
    }
    let message = match found.message.trim() {
        "" => format!("the project's rule `{}` matches", rule.id()),
        message => message.to_owned(),
    };
    Finding {
        rule: RuleId::new(&id),
        severity: severity(rule),
        confidence: Confidence::High,
        category: Category::Maintainability,
        message,
        location: location(input, found.span),
        related: found
            .labels
            .into_iter()
            .map(|(span, message)| Related {
                location: location(input, span),
                message,
                frame: Frame::default(),
            })
            .collect(),
        measure: None,
        symbol,
        identity: hasher.finish(),
        alias: None,
        tools: Vec::new(),
        fingerprint: Fingerprint::default(),
        state: State::Introduced,
        suppressed: None,
        // Only who wrote the rule knows whether its fix is safe.
        fix: found.fix.map(|(span, text)| Fix {
            title: format!("Apply the fix of `{}`", rule.id()),
            safety: FixSafety::Unsafe,
            edits: vec![Edit { span, text }],
        }),
        frame: Frame::default(),
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
