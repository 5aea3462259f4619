//! The picture of a change: what changed, who calls it, and nothing else. Only
//! where there are paths to be seen: a single function needs no picture.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::facts::DefinitionKind;
use crate::graph::{Certainty, DefinitionId, EdgeKind, Graph};
use crate::view::View;

/// More nodes are no picture that helps anyone to read.
const NODES_MAX: usize = 24;
/// Callers of one changed definition that are shown.
const CALLERS_MAX: usize = 4;
/// Fewer calls need no picture.
const EDGES_MIN: usize = 2;

impl View {
    /// Shows the changed functions with the calls between them and who calls
    /// them; none when there are too few calls for a picture.
    pub fn of_change(graph: &Graph, changed: &[DefinitionId]) -> Option<Self> {
        let mut roots: Vec<DefinitionId> = changed
            .iter()
            .copied()
            .filter(|&id| is_called(graph, id) && !graph.is_test(id))
            .collect();
        roots.sort_unstable();
        roots.dedup();
        let is_changed: HashSet<DefinitionId> = roots.iter().copied().collect();
        // What is called among the changed, or calls it, is told first.
        let ties = |&id: &DefinitionId| {
            let calls = callees(graph, id)
                .filter(|to| is_changed.contains(to))
                .count();
            std::cmp::Reverse(calls + callers(graph, id).count().min(CALLERS_MAX))
        };
        roots.sort_by_cached_key(ties);
        let mut left_out = roots.len().saturating_sub(NODES_MAX);
        roots.truncate(NODES_MAX);
        let mut order: Vec<(DefinitionId, u32)> = roots.iter().map(|&id| (id, 0)).collect();
        let mut known: HashSet<DefinitionId> = roots.iter().copied().collect();
        for &root in &roots {
            let mut further: Vec<DefinitionId> = callers(graph, root)
                .filter(|id| !known.contains(id))
                .collect();
            further.sort_unstable();
            further.dedup();
            for (at, id) in further.into_iter().enumerate() {
                if at >= CALLERS_MAX || order.len() >= NODES_MAX {
                    left_out += 1;
                } else if known.insert(id) {
                    order.push((id, 1));
                }
            }
        }
        // What no call joins to the rest is in the list of files already.
        let is_joined = |&(id, _): &(DefinitionId, u32)| {
            let mut near = callees(graph, id).chain(callers(graph, id));
            near.any(|other| other != id && known.contains(&other))
        };
        order.retain(is_joined);
        let title = "Changed call paths".to_owned();
        let mut view = Self::layered(graph, title, &order, left_out, Certainty::Resolved);
        view.edges.retain(|edge| is_call(edge.kind));
        (view.edges.len() >= EDGES_MIN).then_some(view)
    }

    /// Returns it as a Mermaid flow chart in which what was asked for stands out.
    pub fn to_marked_mermaid(&self) -> String {
        let mut out = self.to_mermaid();
        let marked: Vec<String> = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.distance == 0)
            .map(|(at, _)| format!("n{at}"))
            .collect();
        if !marked.is_empty() {
            let _ = writeln!(out, "  classDef changed stroke-width:3px");
            let _ = writeln!(out, "  class {} changed", marked.join(","));
        }
        out
    }
}

fn is_called(graph: &Graph, id: DefinitionId) -> bool {
    matches!(
        graph.definition(id).kind,
        DefinitionKind::Function | DefinitionKind::Method | DefinitionKind::Constructor
    )
}

fn is_call(kind: EdgeKind) -> bool {
    kind == EdgeKind::Call
}

fn callers(graph: &Graph, id: DefinitionId) -> impl Iterator<Item = DefinitionId> {
    graph
        .incoming(id)
        .filter(|edge| is_call(edge.kind) && edge.certainty == Certainty::Resolved)
        .map(|edge| edge.from)
        .filter(move |&from| from != id && is_called(graph, from) && !graph.is_test(from))
}

fn callees(graph: &Graph, id: DefinitionId) -> impl Iterator<Item = DefinitionId> {
    graph
        .outgoing(id)
        .iter()
        .filter(|edge| is_call(edge.kind) && edge.certainty == Certainty::Resolved)
        .map(|edge| edge.to)
        .filter(move |&to| to != id)
}
