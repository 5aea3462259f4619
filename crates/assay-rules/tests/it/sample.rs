//! Texts with all that the engine wants to know about them.

use std::sync::Arc;

use assay_finding::Finding;
use assay_rules::{
    Engine, FileInput, FlowModels, Outcome, Properties, Rule, RuleSettings, RuleStatement,
    flow_findings, flow_units, merge_flow_findings,
};
use assay_source::{RepoPath, SourceText};
use assay_syntax::{FileMetrics, Language, MetricOptions, ParseLimits, ParsedFile, measure, parse};

/// A text that was parsed and measured.
pub(crate) struct Sample {
    pub(crate) path: RepoPath,
    pub(crate) text: Arc<SourceText>,
    pub(crate) parsed: Option<ParsedFile>,
    pub(crate) metrics: FileMetrics,
}

impl Sample {
    pub(crate) fn new(path: &str, language: Option<&'static Language>, text: &str) -> Self {
        let text = Arc::new(SourceText::from_text(text));
        let parsed = language.map(|language| parse(&text, language, &ParseLimits::default()));
        let trees = parsed.as_ref().map_or(&[][..], |parsed| &parsed.trees[..]);
        let metrics = measure(trees, MetricOptions::default());
        Self {
            path: RepoPath::from(path),
            text,
            parsed,
            metrics,
        }
    }

    pub(crate) fn input(&self) -> FileInput<'_> {
        FileInput::new(&self.path, &self.text, self.parsed.as_ref()).with_metrics(&self.metrics)
    }

    pub(crate) fn outcome(&self, engine: &Engine) -> Outcome {
        engine.run(&self.input())
    }

    pub(crate) fn findings(&self, engine: &Engine) -> Vec<Finding> {
        let outcome = self.outcome(engine);
        assert_eq!(outcome.problems, [], "{}", self.text.as_str());
        let mut findings = outcome.findings;
        merge_flow_findings(&mut findings, self.flow(engine));
        findings
    }

    /// What the dataflow engine finds in the file by itself.
    fn flow(&self, engine: &Engine) -> Vec<Finding> {
        let Some(parsed) = &self.parsed else {
            return Vec::new();
        };
        let units = flow_units(&FlowModels::default(), &self.path, &self.text, parsed);
        flow_findings(&units, |_| true, true, Properties::new(), |_| engine).findings
    }

    pub(crate) fn error_count(&self) -> usize {
        self.parsed
            .as_ref()
            .map_or(0, |parsed| parsed.errors().count())
    }
}

/// An engine in which one rule runs.
pub(crate) fn engine_of(rule: &Rule, options: Vec<(String, i64)>) -> Engine {
    let only = |pattern: &str, enabled, options| RuleStatement {
        pattern: pattern.into(),
        enabled: Some(enabled),
        options,
        ..RuleStatement::default()
    };
    let statements = vec![only("*", false, Vec::new()), only(rule.id(), true, options)];
    Engine::new(&RuleSettings { statements }).unwrap_or_else(|errors| panic!("{errors:?}"))
}
