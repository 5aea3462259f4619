//! Claims that can be looked up, looked up: that a name is missing or unused, that
//! nothing tests a function, that a line does not parse, that a call has the wrong
//! number of arguments.

use assay_graph::{
    Certainty, DefinitionId, EdgeKind, Graph, ImpactLimits, Parameter, UsageKind, impact,
};
use assay_source::{FileVersion, RepoPath};
use assay_syntax::{SyntaxTree, detect, parse};

use super::context::ModelPlan;
use super::reading::plain;
use super::symbol::{is_defined, last_part};
use super::{ModelClaim, ModelRemark};
use crate::pipeline::Subject;
use crate::settings::Settings;

/// Calls between a test and what it runs.
const TEST_DISTANCE_MAX: u32 = 4;
/// Definitions of one name that are looked at.
const DEFINITIONS_MAX: usize = 50;

/// Returns whether the code says the contrary of what a remark claims. What cannot be
/// looked up is not refuted.
pub(super) fn is_refuted(
    (subject, settings): (Subject<'_>, &Settings),
    plan: &ModelPlan,
    (head, line): (&FileVersion, u32),
    remark: &ModelRemark,
) -> bool {
    let graph = plan.neighbours.head();
    let name = remark.symbol.as_deref().map(last_part);
    match (remark.claim, name) {
        (ModelClaim::Missing, Some(name)) => is_defined(subject, settings, head, name),
        (ModelClaim::Unused, Some(name)) => is_used(subject, graph, head, name),
        (ModelClaim::Untested, Some(name)) => graph.is_some_and(|graph| is_tested(graph, name)),
        (ModelClaim::Arguments, Some(name)) => {
            graph.is_some_and(|graph| fits(graph, &head.path, line, name))
        }
        (ModelClaim::Syntax, _) => parses(subject, settings, head, line),
        // Who claims it has to say of what.
        (ModelClaim::Missing | ModelClaim::Unused | ModelClaim::Untested, None) => true,
        (ModelClaim::Arguments, None) | (ModelClaim::Other, _) => false,
    }
}

fn named<'g>(graph: &'g Graph, name: &str) -> impl Iterator<Item = DefinitionId> + use<'g> {
    graph.find(name).into_iter().take(DEFINITIONS_MAX)
}

/// Returns whether anything in the repository uses a name, or its own file says it
/// more than once.
fn is_used(subject: Subject<'_>, graph: Option<&Graph>, head: &FileVersion, name: &str) -> bool {
    let by_others =
        |graph: &Graph| named(graph, name).any(|id| graph.incoming(id).next().is_some());
    if graph.is_some_and(by_others) {
        return true;
    }
    let Ok(text) = plain(subject, head) else {
        return false;
    };
    let words = text
        .as_str()
        .split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| *word == name).count() > 1
}

fn is_tested(graph: &Graph, name: &str) -> bool {
    let limits = ImpactLimits {
        distance_max: TEST_DISTANCE_MAX,
        reached_max: 2_000,
        certainty_min: Certainty::ByName,
    };
    named(graph, name).any(|id| !impact(graph, &[id], &limits).tests.is_empty())
}

/// Returns whether a call in a line has as many arguments as what it calls takes.
fn fits(graph: &Graph, path: &RepoPath, line: u32, name: &str) -> bool {
    let Some(file) = graph.file_at(path) else {
        return false;
    };
    let facts = &graph.file(file).facts;
    let calls = facts
        .usages
        .iter()
        .filter(|usage| usage.kind == UsageKind::Call && usage.place.line == line);
    let mut verdicts = calls.flat_map(|usage| {
        let from = graph.definition_in(file, usage.within);
        let edges = from.map(|from| graph.outgoing(from)).unwrap_or_default();
        let edges = edges.iter().filter(move |edge| {
            edge.place == usage.place
                && edge.kind == EdgeKind::Call
                && edge.certainty == Certainty::Resolved
        });
        edges.filter_map(move |edge| {
            let to = graph.definition(edge.to);
            let parameters = graph.facts_of(edge.to).parameters_of(to);
            (graph.name(edge.to) == name).then(|| takes(parameters, usage.arguments))
        })
    });
    verdicts
        .next()
        .is_some_and(|first| first && verdicts.all(|fits| fits))
}

fn takes(parameters: &[Parameter], arguments: u32) -> bool {
    let may_lack =
        |one: &&Parameter| one.is_optional || one.is_variadic || !one.default_text.is_empty();
    let least = parameters.len() - parameters.iter().filter(may_lack).count();
    let is_open = parameters.iter().any(|one| one.is_variadic);
    let arguments = arguments as usize;
    least <= arguments && (is_open || arguments <= parameters.len())
}

/// Returns whether the parser understands a line.
fn parses(subject: Subject<'_>, settings: &Settings, head: &FileVersion, line: u32) -> bool {
    let Ok(text) = plain(subject, head) else {
        return false;
    };
    let language = settings
        .language_for(&head.path)
        .or_else(|| detect(&head.path, text.as_str()));
    let Some(language) = language else {
        return false;
    };
    let parsed = parse(&text, language, &settings.limits.parse);
    let lines = text.lines();
    let mut errors = parsed.trees.iter().flat_map(SyntaxTree::errors);
    !parsed.trees.is_empty()
        && !errors.any(|span| (lines.line_of(span.start)..=lines.line_of(span.end)).contains(&line))
}
