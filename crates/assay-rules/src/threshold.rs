//! Metrics against limits: the shape that all rules about metrics share.

use assay_finding::Severity;
use assay_syntax::{FileMetrics, FunctionMetrics, NodeRef};

use crate::context::{Context, Draft};
use crate::query::head;

/// What a metric is called and how bad it is above its limits.
pub(crate) struct Limit {
    /// The metric's name in reports.
    pub(crate) metric: &'static str,
    /// What a value is called in a sentence: `has cyclomatic complexity`.
    pub(crate) phrase: &'static str,
    /// What follows the value in a sentence, with a space before it.
    pub(crate) unit: &'static str,
    /// The severity above the limit `warn`.
    pub(crate) warn: Severity,
    /// The severity above the limit `critical`.
    pub(crate) critical: Severity,
}

/// Reports a value above a limit, by the rule's options `warn` and `critical`.
pub(crate) fn report_above<'c, 't>(
    context: &'c mut Context<'_, 't>,
    limit: &Limit,
    node: NodeRef<'t>,
    name: &str,
    value: u32,
) -> Option<&'c mut Draft<'t>> {
    let (warn, critical) = (context.number("warn"), context.number("critical"));
    let (threshold, severity) = if value > critical {
        (critical, limit.critical)
    } else if value > warn {
        (warn, limit.warn)
    } else {
        return None;
    };
    let message = format!(
        "{name} {} {value}{}; the limit is {threshold}",
        limit.phrase, limit.unit
    );
    let draft = context.report(node, message);
    draft
        .measure(limit.metric, value, threshold)
        .severity(severity)
        .at(head(node));
    Some(draft)
}

/// Returns how a function or class is called in a sentence.
pub(crate) fn called(name: Option<&str>, otherwise: &str) -> String {
    name.map_or_else(|| otherwise.to_owned(), |name| format!("`{name}`"))
}

/// Reports a function whose value is above a limit, unless a function inside it
/// has the greater part of it and is reported itself.
pub(crate) fn report_function<'t>(
    context: &mut Context<'_, 't>,
    limit: &Limit,
    node: NodeRef<'t>,
    function: &'t FunctionMetrics,
    value_of: impl Fn(&FunctionMetrics) -> u32,
) {
    let value = value_of(function);
    let warn = context.number("warn");
    if value <= warn {
        return;
    }
    let inner = context
        .input
        .metrics
        .and_then(|metrics| inner_max(metrics, function, &value_of))
        .unwrap_or(0);
    // What is left without the worst function inside.
    if inner > warn && value.saturating_sub(inner) <= warn {
        return;
    }
    // A nameless function inside another one is a part of that one.
    if function.name.is_none() && function.parent.is_some() {
        let outer = function
            .parent
            .and_then(|at| context.input.metrics?.functions.get(at));
        if outer.is_some_and(|outer| value_of(outer).saturating_sub(value) > warn) {
            return;
        }
    }
    let name = called(function.name.as_deref(), "this function");
    if let Some(draft) = report_above(context, limit, node, &name, value) {
        draft.about_symbol(&function.qualified_name);
    }
}

/// The functions inside a function are looked at so far.
const INNER_MAX: usize = 1_000;

fn inner_max(
    metrics: &FileMetrics,
    outer: &FunctionMetrics,
    value_of: impl Fn(&FunctionMetrics) -> u32,
) -> Option<u32> {
    inner(metrics, outer).map(value_of).max()
}

/// Returns the functions inside a function, at any depth. They follow it in the
/// list, which is in the order of the text.
pub(crate) fn inner<'m>(
    metrics: &'m FileMetrics,
    outer: &FunctionMetrics,
) -> impl Iterator<Item = &'m FunctionMetrics> {
    let from = metrics
        .functions
        .partition_point(|other| (other.tree, other.node) <= (outer.tree, outer.node));
    let (tree, end) = (outer.tree, outer.span.end);
    metrics.functions[from..]
        .iter()
        .take_while(move |other| other.tree == tree && other.span.start < end)
        .take(INNER_MAX)
}
