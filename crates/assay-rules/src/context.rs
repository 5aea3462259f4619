//! What a rule sees while it is asked, and how it reports.

use assay_finding::{Confidence, Edit, Fix, FixSafety, Identity, Measure, Severity};
use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::{NodeRef, SyntaxTree};

use crate::engine::{FileInput, Run};
use crate::rule::Rule;
use crate::settings::Resolved;

/// The findings of one rule in one file. A rule that hits more often has found
/// a habit and not places; the file's notes say that there are more.
pub(crate) const FINDINGS_PER_RULE_AND_FILE_MAX: u32 = 50;

/// The file, the rule's settings, and the place for what it finds.
pub(crate) struct Context<'e, 't> {
    pub(crate) input: &'e FileInput<'t>,
    pub(crate) tree: Option<&'t SyntaxTree>,
    pub(crate) rule: &'static Rule,
    pub(crate) rule_index: u16,
    pub(crate) resolved: &'e Resolved,
    pub(crate) run: &'e mut Run<'t>,
}

impl<'t> Context<'_, 't> {
    /// Returns a number that can be set for the rule.
    pub(crate) fn number(&self, name: &str) -> u32 {
        let at = self
            .rule
            .options()
            .iter()
            .position(|option| option.name == name);
        debug_assert!(at.is_some(), "{} has no option {name}", self.rule.id());
        at.and_then(|at| self.resolved.options.get(at))
            .copied()
            .unwrap_or(0)
    }

    /// Returns the text of the file.
    pub(crate) fn text(&self) -> &'t SourceText {
        self.input.text
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> &'t RepoPath {
        self.input.path
    }

    /// Returns the id of the tree's language, or nothing outside a tree.
    pub(crate) fn language(&self) -> &'static str {
        self.tree.map_or("", |tree| tree.language().id().as_str())
    }

    /// Reports a node.
    pub(crate) fn report(
        &mut self,
        node: NodeRef<'t>,
        message: impl Into<String>,
    ) -> &mut Draft<'t> {
        self.draft(node.span(), Some(node), message.into())
    }

    /// Reports a part of the text.
    pub(crate) fn report_span(&mut self, span: Span, message: impl Into<String>) -> &mut Draft<'t> {
        self.draft(span, None, message.into())
    }

    fn draft(&mut self, span: Span, node: Option<NodeRef<'t>>, message: String) -> &mut Draft<'t> {
        let draft = Draft {
            rule_index: self.rule_index,
            severity: self.resolved.severity.unwrap_or(self.rule.severity()),
            severity_is_set: self.resolved.severity.is_some(),
            confidence: self.rule.spec().confidence,
            span,
            node,
            message,
            related: Vec::new(),
            measure: None,
            fix: None,
            basis: Basis::Tokens,
            symbol: None,
        };
        self.run.push(draft)
    }
}

/// What the identity of a finding is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// The name of the symbol around it and the tokens of the node or span.
    Tokens,
    /// The qualified name of the function or class that it is about; the
    /// tokens without the name are the alias.
    Symbol,
    /// The file's name; its first tokens are the alias.
    File,
    /// What the rule says: its code must not be in an identity.
    Own(Identity),
}

/// A finding that a rule has reported and the engine has not yet finished.
pub(crate) struct Draft<'t> {
    pub(crate) rule_index: u16,
    pub(crate) severity: Severity,
    pub(crate) severity_is_set: bool,
    pub(crate) confidence: Confidence,
    pub(crate) span: Span,
    pub(crate) node: Option<NodeRef<'t>>,
    pub(crate) message: String,
    pub(crate) related: Vec<(Span, String)>,
    pub(crate) measure: Option<Measure>,
    pub(crate) fix: Option<Fix>,
    pub(crate) basis: Basis,
    /// The qualified name of what it is about, when the rule knows it.
    pub(crate) symbol: Option<String>,
}

impl<'t> Draft<'t> {
    /// Shows the finding at this part of the text and not at the whole node.
    pub(crate) fn at(&mut self, span: Span) -> &mut Self {
        self.span = span;
        self
    }

    /// Gives this finding another severity than the rule's, unless the
    /// configuration sets one.
    pub(crate) fn severity(&mut self, severity: Severity) -> &mut Self {
        if !self.severity_is_set {
            self.severity = severity;
        }
        self
    }

    /// Adds another place that belongs to the finding.
    pub(crate) fn related(&mut self, span: Span, message: impl Into<String>) -> &mut Self {
        self.related.push((span, message.into()));
        self
    }

    /// Says which number the finding is about.
    pub(crate) fn measure(&mut self, metric: &str, value: u32, threshold: u32) -> &mut Self {
        self.measure = Some(Measure {
            metric: metric.to_owned(),
            value: f64::from(value),
            threshold: f64::from(threshold),
            base: None,
        });
        self
    }

    /// Says where the finding is when no symbol is around it: the keys and names
    /// on the way to a value. They count for the identity with the tokens.
    pub(crate) fn within(&mut self, address: String) -> &mut Self {
        self.symbol = Some(address).filter(|address| !address.is_empty());
        self
    }

    /// Makes the identity of the qualified name: the finding is about all of a
    /// function or class.
    pub(crate) fn about_symbol(&mut self, qualified_name: &str) -> &mut Self {
        self.basis = Basis::Symbol;
        self.symbol = Some(qualified_name.to_owned());
        self
    }

    /// Makes the identity of the file's name: the finding is about all of it.
    pub(crate) fn about_file(&mut self) -> &mut Self {
        self.basis = Basis::File;
        self
    }

    /// Offers a fix that may be applied unseen.
    pub(crate) fn safe_fix(&mut self, title: impl Into<String>, edits: Vec<Edit>) -> &mut Self {
        self.fix(title.into(), FixSafety::Safe, edits)
    }

    /// Offers a fix that a person has to look at.
    pub(crate) fn unsafe_fix(&mut self, title: impl Into<String>, edits: Vec<Edit>) -> &mut Self {
        self.fix(title.into(), FixSafety::Unsafe, edits)
    }

    fn fix(&mut self, title: String, safety: FixSafety, mut edits: Vec<Edit>) -> &mut Self {
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        self.fix = Some(Fix {
            title,
            safety,
            edits,
        });
        self
    }
}

/// Makes an edit.
pub(crate) fn replace(span: Span, text: impl Into<String>) -> Edit {
    Edit {
        span,
        text: text.into(),
    }
}
