//! What a rule is: when it is asked, what it may be told, and what its file's
//! header says about it.

use std::sync::OnceLock;

use assay_finding::{Category, Confidence, RuleId, RuleMeta, Severity};
use assay_syntax::{ClassMetrics, FunctionMetrics, Language, NodeRef, Role, RoleSet, SyntaxTree};

use crate::config::ConfigCheck;
use crate::context::Context;
use crate::document::Document;
use crate::pattern::Matcher;

/// A rule with its identity and its documentation.
pub struct Rule {
    id: &'static str,
    header: &'static str,
    spec: &'static RuleSpec,
    document: OnceLock<Document>,
}

impl Rule {
    pub(crate) const fn new(
        id: &'static str,
        header: &'static str,
        spec: &'static RuleSpec,
    ) -> Self {
        Self {
            id,
            header,
            spec,
            document: OnceLock::new(),
        }
    }

    /// Returns the id, such as `error-handling/empty-catch`.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// Returns the part of the id before the slash.
    pub fn pack(&self) -> &'static str {
        self.id.split_once('/').map_or("", |(pack, _)| pack)
    }

    /// Returns whether the rule runs when nobody says otherwise.
    pub fn is_on_by_default(&self) -> bool {
        self.spec.on
    }

    /// Returns the severity of its findings when nobody says otherwise.
    pub fn severity(&self) -> Severity {
        self.spec.severity
    }

    /// Returns the numbers that can be set.
    pub fn options(&self) -> &'static [NumberOption] {
        self.spec.options
    }

    /// Returns the languages that it reads, by id; none means every text.
    pub fn languages(&self) -> &'static [&'static str] {
        self.spec.languages
    }

    /// Returns whether findings of this rule can come with a fix.
    pub fn has_fix(&self) -> bool {
        self.spec.fix
    }

    /// Returns its documentation with the examples.
    pub fn document(&self) -> &Document {
        self.document.get_or_init(|| Document::parse(self.header))
    }

    /// Returns what reports say about it.
    pub fn meta(&self) -> RuleMeta {
        let document = self.document();
        RuleMeta {
            id: RuleId::new(self.id),
            title: document.title.clone(),
            summary: document.summary.clone(),
            description: document.description.clone(),
            severity: self.spec.severity,
            confidence: self.spec.confidence,
            category: self.spec.category,
            cwe: self.spec.cwe.to_vec(),
            tags: self.spec.tags.iter().map(|&tag| tag.to_owned()).collect(),
        }
    }

    /// Returns the kinds of configuration files that it reads; none for a rule
    /// about code.
    pub fn documents(&self) -> Vec<&'static str> {
        match &self.spec.check {
            Check::Config(check) => check.documents(),
            _ => Vec::new(),
        }
    }

    /// Returns what is wrong with the rule's own file, if anything.
    pub fn fault(&self) -> Option<&str> {
        match &self.spec.check {
            Check::Config(check) => check.fault(),
            _ => None,
        }
    }

    pub(crate) fn spec(&self) -> &'static RuleSpec {
        self.spec
    }

    pub(crate) fn reads(&self, language: &Language) -> bool {
        self.spec.languages.is_empty() || self.spec.languages.contains(&language.id().as_str())
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

include!(concat!(env!("OUT_DIR"), "/registry.rs"));

/// Returns every rule, sorted by id.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// Returns the rule with the id.
pub fn rule_by_id(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// A number that can be set for a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberOption {
    /// The name in the configuration.
    pub name: &'static str,
    /// What the number is, as a sentence.
    pub summary: &'static str,
    /// The value when nobody sets it.
    pub default: u32,
    /// The least value that makes sense.
    pub min: u32,
    /// The greatest value that makes sense.
    pub max: u32,
}

/// What a rule's file says about the rule.
pub(crate) struct RuleSpec {
    pub(crate) category: Category,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    /// Whether it runs when nobody says otherwise.
    pub(crate) on: bool,
    pub(crate) fix: bool,
    /// The languages it reads, by id; none means every text.
    pub(crate) languages: &'static [&'static str],
    pub(crate) options: &'static [NumberOption],
    pub(crate) cwe: &'static [u32],
    pub(crate) tags: &'static [&'static str],
    pub(crate) check: Check,
}

impl RuleSpec {
    /// Starts a rule with what most rules are: certain, on, without options.
    pub(crate) const fn new(category: Category, severity: Severity, check: Check) -> Self {
        Self {
            category,
            severity,
            confidence: Confidence::High,
            on: true,
            fix: false,
            languages: &[],
            options: &[],
            cwe: &[],
            tags: &[],
            check,
        }
    }
}

/// When a rule is asked, and the function that answers.
pub(crate) enum Check {
    /// At each node that has one of the roles, or is of one of the kinds.
    Node {
        on: Trigger,
        check: for<'t> fn(NodeRef<'t>, &mut Context<'_, 't>),
    },
    /// At each place in the text where one of the words stands.
    Text {
        words: &'static [&'static str],
        check: fn(u32, &mut Context<'_, '_>),
    },
    /// Once for each tree.
    Tree(for<'t> fn(&'t SyntaxTree, &mut Context<'_, 't>)),
    /// Once for each function that was measured.
    Function(for<'t> fn(NodeRef<'t>, &'t FunctionMetrics, &mut Context<'_, 't>)),
    /// Once for each class that was measured.
    Class(for<'t> fn(NodeRef<'t>, &'t ClassMetrics, &mut Context<'_, 't>)),
    /// Once for each file.
    File(fn(&mut Context<'_, '_>)),
    /// At each place that one of the matchers names.
    Pattern(&'static [Matcher]),
    /// Once for each configuration file of a kind that it is about.
    Config(&'static ConfigCheck),
    /// Not by the engine: another part of this crate makes the findings.
    Elsewhere,
}

/// The nodes that a rule wants to see.
#[derive(Clone, Copy)]
pub(crate) struct Trigger {
    pub(crate) roles: RoleSet,
    pub(crate) kinds: &'static [&'static str],
}

impl Trigger {
    /// Nodes with any of the roles.
    pub(crate) const fn roles(roles: &[Role]) -> Self {
        Self {
            roles: RoleSet::of(roles),
            kinds: &[],
        }
    }

    /// Nodes of any of the grammars' kinds.
    pub(crate) const fn kinds(kinds: &'static [&'static str]) -> Self {
        Self {
            roles: RoleSet::EMPTY,
            kinds,
        }
    }

    /// Returns whether nodes of that kind with those roles are meant.
    pub(crate) fn wants(&self, kind: &str, roles: RoleSet) -> bool {
        self.roles.intersects(roles) || self.kinds.contains(&kind)
    }
}
