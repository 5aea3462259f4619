//! What a change reaches: who calls the changed code, which tests run it, which
//! entry points lead to it.

use std::collections::HashMap;

use crate::facts::DefinitionKind;
use crate::graph::{Certainty, DefinitionId, EdgeKind, EntryPoint, FileId, Graph};

/// How far is looked.
#[derive(Clone, Copy, Debug)]
pub struct ImpactLimits {
    /// So many calls away at most.
    pub distance_max: u32,
    /// So many definitions at most.
    pub reached_max: usize,
    /// Edges that are less sure are not followed.
    pub certainty_min: Certainty,
}

impl Default for ImpactLimits {
    fn default() -> Self {
        Self {
            distance_max: 12,
            reached_max: 20_000,
            certainty_min: Certainty::ByName,
        }
    }
}

/// A definition that the change reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The definition.
    pub definition: DefinitionId,
    /// How many uses lie between it and the change; 0 is the change itself.
    pub distance: u32,
    /// How sure the least sure of these is.
    pub certainty: Certainty,
    /// What it uses on the way to the change; itself for the change.
    pub via: DefinitionId,
    /// How many definitions use it directly.
    pub callers: u32,
}

/// What a change reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// The changed definitions.
    pub changed: Vec<DefinitionId>,
    /// Who uses them, directly or not, the nearest and most used first; tests are
    /// not among them.
    pub callers: Vec<Reached>,
    /// The tests that run changed code, the nearest first.
    pub tests: Vec<Reached>,
    /// The entry points that lead to changed code, with the number of uses in
    /// between.
    pub entries: Vec<(EntryPoint, u32)>,
    /// Whether a limit was hit, so that there is more.
    pub is_cut: bool,
}

/// Returns the definitions that lines of a file are in: the innermost ones; a
/// line outside of all belongs to the file.
pub fn definitions_at(
    graph: &Graph,
    file: FileId,
    lines: impl IntoIterator<Item = u32>,
) -> Vec<DefinitionId> {
    let mut found: Vec<DefinitionId> = lines
        .into_iter()
        .map(|line| graph.definition_at(file, line))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Follows the uses of changed definitions backwards.
pub fn impact(graph: &Graph, changed: &[DefinitionId], limits: &ImpactLimits) -> Impact {
    let mut impact = Impact {
        changed: changed.to_vec(),
        ..Impact::default()
    };
    impact.changed.sort_unstable();
    impact.changed.dedup();
    let mut reached: HashMap<DefinitionId, Reached> = HashMap::new();
    let mut order: Vec<DefinitionId> = Vec::new();
    for &definition in &impact.changed {
        order.push(definition);
        reached.insert(
            definition,
            Reached {
                definition,
                distance: 0,
                certainty: Certainty::Resolved,
                via: definition,
                callers: 0,
            },
        );
    }
    let mut at = 0;
    while at < order.len() {
        let here = reached[&order[at]];
        at += 1;
        if here.distance >= limits.distance_max {
            impact.is_cut = true;
            continue;
        }
        for (user, certainty) in users(graph, here.definition) {
            if certainty < limits.certainty_min || reached.contains_key(&user) {
                continue;
            }
            if order.len() >= limits.reached_max {
                impact.is_cut = true;
                break;
            }
            order.push(user);
            reached.insert(
                user,
                Reached {
                    definition: user,
                    distance: here.distance + 1,
                    certainty: here.certainty.min(certainty),
                    via: here.definition,
                    callers: 0,
                },
            );
        }
    }
    let mut tests: HashMap<DefinitionId, Reached> = HashMap::new();
    for &definition in &order {
        let mut one = reached[&definition];
        one.callers = graph.incoming(definition).count() as u32;
        let is_test = graph.is_test(definition);
        if is_test {
            one.definition = enclosing_test(graph, definition);
            let known = tests.entry(one.definition).or_insert(one);
            if rank(&one) < rank(known) {
                *known = one;
            }
        } else if one.distance > 0 {
            impact.callers.push(one);
        }
    }
    impact.tests = tests.into_values().collect();
    impact.callers.sort_by_key(rank);
    impact.tests.sort_by_key(rank);
    for entry in graph.entries() {
        let is_test = graph.file(entry.file).is_test;
        if let Some(one) = reached.get(&entry.handler).filter(|_| !is_test) {
            impact.entries.push((entry.clone(), one.distance));
        }
    }
    impact.entries.sort_by(|(one, near), (other, far)| {
        (near, &one.label, one.handler).cmp(&(far, &other.label, other.handler))
    });
    impact
}

/// Returns the test that a function stands in, which is what can be run.
fn enclosing_test(graph: &Graph, id: DefinitionId) -> DefinitionId {
    let mut at = Some(id);
    while let Some(around) = at {
        let definition = graph.definition(around);
        if definition.is_test && definition.kind.is_callable() {
            return around;
        }
        at = graph.container(around);
    }
    id
}

fn rank(
    one: &Reached,
) -> (
    u32,
    std::cmp::Reverse<Certainty>,
    std::cmp::Reverse<u32>,
    DefinitionId,
) {
    (
        one.distance,
        std::cmp::Reverse(one.certainty),
        std::cmp::Reverse(one.callers),
        one.definition,
    )
}

/// Returns who is affected when a definition changes: who uses it, and who uses
/// what it is there in place of.
fn users(graph: &Graph, id: DefinitionId) -> Vec<(DefinitionId, Certainty)> {
    let mut users: Vec<(DefinitionId, Certainty)> = graph
        .incoming(id)
        // A method of a parent does not change with the one that overrides it,
        // but the one that overrides it may rely on it.
        .filter(|edge| edge.kind != EdgeKind::Override)
        .map(|edge| (edge.from, edge.certainty))
        .collect();
    for edge in graph.outgoing(id) {
        if edge.kind == EdgeKind::Override {
            let called = graph
                .incoming(edge.to)
                .filter(|edge| matches!(edge.kind, EdgeKind::Call | EdgeKind::Mention));
            users.extend(called.map(|edge| (edge.from, edge.certainty)));
        }
    }
    // A field, a nested type or a constructor is part of its type for those who
    // make values of it.
    if graph.definition(id).kind == DefinitionKind::Constructor
        && let Some(class) = graph.container(id)
    {
        let made = graph
            .incoming(class)
            .filter(|edge| edge.kind == EdgeKind::New);
        users.extend(made.map(|edge| (edge.from, edge.certainty)));
    }
    users.sort_unstable_by_key(|(user, certainty)| (*user, std::cmp::Reverse(*certainty)));
    users.dedup_by_key(|(user, _)| *user);
    users
}
