//! What of the graph is shown: a few definitions, or all files, with the edges
//! between them; and the formats in which it is shown.

mod change;
mod html;
mod layout;
mod text;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Value as Json, json};

use crate::facts::DefinitionKind;
use crate::graph::{Certainty, DefinitionId, EdgeKind, FileId, Graph};

pub use text::GraphCounts;

/// More nodes are not shown; the view says how many were left out.
const NODES_MAX: usize = 5_000;
/// More edges are not shown.
const EDGES_MAX: usize = 60_000;

/// A node of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewNode {
    /// The definition, or the file.
    pub definition: DefinitionId,
    /// What it is called.
    pub label: String,
    /// What it is.
    pub kind: &'static str,
    /// The path of its file.
    pub path: String,
    /// The line of its name.
    pub line: u32,
    /// How far it is from what was asked for.
    pub distance: u32,
    /// Whether it is a test.
    pub is_test: bool,
}

/// An edge of a view: places in its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewEdge {
    /// Who uses.
    pub from: usize,
    /// What is used.
    pub to: usize,
    /// How, where all are alike.
    pub kind: EdgeKind,
    /// How sure the surest is.
    pub certainty: Certainty,
    /// How many uses it stands for.
    pub count: u32,
}

/// What of the graph is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What was asked.
    pub title: String,
    /// The nodes, what was asked for first.
    pub nodes: Vec<ViewNode>,
    /// The edges.
    pub edges: Vec<ViewEdge>,
    /// How many nodes were left out.
    pub left_out: usize,
    /// Whether the nodes are in layers by their distance.
    pub is_layered: bool,
}

/// In which direction edges are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From what is used to who uses it.
    Callers,
    /// From who uses to what is used.
    Callees,
}

impl View {
    /// Shows who uses definitions, or what they use, up to some steps away.
    pub fn around(
        graph: &Graph,
        roots: &[DefinitionId],
        direction: Direction,
        depth: u32,
        certainty_min: Certainty,
    ) -> Self {
        let mut order: Vec<(DefinitionId, u32)> = Vec::new();
        let mut known: HashSet<DefinitionId> = HashSet::new();
        for &root in roots {
            if known.insert(root) {
                order.push((root, 0));
            }
        }
        let mut left_out = 0;
        let mut at = 0;
        while at < order.len() {
            let (here, distance) = order[at];
            at += 1;
            if distance >= depth {
                continue;
            }
            for next in neighbours(graph, here, direction, certainty_min) {
                if known.contains(&next) {
                    continue;
                }
                if order.len() >= NODES_MAX {
                    left_out += 1;
                    continue;
                }
                known.insert(next);
                order.push((next, distance + 1));
            }
        }
        let title = match direction {
            Direction::Callers => "Callers of",
            Direction::Callees => "Callees of",
        };
        let names: Vec<String> = roots
            .iter()
            .map(|&root| graph.qualified_name(root))
            .collect();
        let title = format!("{title} {}", names.join(", "));
        Self::layered(graph, title, &order, left_out, certainty_min)
    }

    /// Shows definitions in layers by their distance, with the edges between them.
    fn layered(
        graph: &Graph,
        title: String,
        order: &[(DefinitionId, u32)],
        left_out: usize,
        certainty_min: Certainty,
    ) -> Self {
        let places: HashMap<DefinitionId, usize> = order
            .iter()
            .enumerate()
            .map(|(at, &(id, _))| (id, at))
            .collect();
        let mut view = Self {
            title,
            nodes: order
                .iter()
                .map(|&(id, distance)| node(graph, id, distance))
                .collect(),
            edges: Vec::new(),
            left_out,
            is_layered: true,
        };
        view.connect(graph, &places, certainty_min);
        view
    }

    /// Shows the definitions of a file with what uses them and what they use.
    pub fn of_file(graph: &Graph, file: FileId, certainty_min: Certainty) -> Self {
        let own: Vec<DefinitionId> = graph.definitions_of(file).collect();
        let mut known: HashMap<DefinitionId, usize> = HashMap::new();
        let mut nodes = Vec::new();
        for &id in &own {
            known.insert(id, nodes.len());
            nodes.push(node(graph, id, 0));
        }
        for &id in &own {
            for direction in [Direction::Callers, Direction::Callees] {
                for next in neighbours(graph, id, direction, certainty_min) {
                    if nodes.len() < NODES_MAX && !known.contains_key(&next) {
                        known.insert(next, nodes.len());
                        nodes.push(node(graph, next, 1));
                    }
                }
            }
        }
        let mut view = Self {
            title: graph.file(file).path.to_display(),
            nodes,
            edges: Vec::new(),
            left_out: 0,
            is_layered: false,
        };
        view.connect(graph, &known, certainty_min);
        view
    }

    /// Shows the shortest way along calls from one of the first to one of the
    /// second definitions; none when there is no way.
    pub fn path(
        graph: &Graph,
        from: &[DefinitionId],
        to: &[DefinitionId],
        certainty_min: Certainty,
    ) -> Option<Self> {
        let mut before: HashMap<DefinitionId, Option<DefinitionId>> =
            from.iter().map(|&id| (id, None)).collect();
        let mut queue: VecDeque<DefinitionId> = from.iter().copied().collect();
        let mut end = None;
        while let Some(here) = queue.pop_front() {
            if to.contains(&here) {
                end = Some(here);
                break;
            }
            for next in neighbours(graph, here, Direction::Callees, certainty_min) {
                if let Entry::Vacant(entry) = before.entry(next) {
                    entry.insert(Some(here));
                    queue.push_back(next);
                }
            }
        }
        let mut way: Vec<DefinitionId> =
            std::iter::successors(Some(end?), |id| before.get(id).copied().flatten()).collect();
        way.reverse();
        let title = format!(
            "From {} to {}",
            graph.qualified_name(way[0]),
            graph.qualified_name(way[way.len() - 1])
        );
        let order: Vec<(DefinitionId, u32)> = way.into_iter().zip(0..).collect();
        let mut view = Self::layered(graph, title, &order, 0, certainty_min);
        view.edges.retain(|edge| edge.to == edge.from + 1);
        Some(view)
    }

    /// Shows all files and which of them use which.
    pub fn files(graph: &Graph, certainty_min: Certainty) -> Self {
        let count = graph.files().len();
        let nodes = (0..count.min(NODES_MAX) as u32)
            .filter_map(|index| graph.definitions_of(FileId(index)).next())
            .map(|id| node(graph, id, 0))
            .collect();
        let mut merged: HashMap<(u32, u32), ViewEdge> = HashMap::new();
        for edge in graph.edges() {
            let (from, to) = (graph.file_of(edge.from), graph.file_of(edge.to));
            let is_shown = from != to && from.index() < NODES_MAX && to.index() < NODES_MAX;
            if edge.certainty < certainty_min || !is_shown {
                continue;
            }
            let one = merged.entry((from.0, to.0)).or_insert(ViewEdge {
                from: from.index(),
                to: to.index(),
                kind: edge.kind,
                certainty: edge.certainty,
                count: 0,
            });
            one.count += 1;
            one.certainty = one.certainty.max(edge.certainty);
        }
        let mut edges: Vec<ViewEdge> = merged.into_values().collect();
        edges.sort_by_key(|edge| (edge.from, edge.to));
        edges.truncate(EDGES_MAX);
        Self {
            title: "Files".to_owned(),
            nodes,
            edges,
            left_out: count.saturating_sub(NODES_MAX),
            is_layered: false,
        }
    }

    fn connect(
        &mut self,
        graph: &Graph,
        known: &HashMap<DefinitionId, usize>,
        certainty_min: Certainty,
    ) {
        let mut merged: HashMap<(usize, usize), ViewEdge> = HashMap::new();
        for (from, view_node) in self.nodes.iter().enumerate() {
            for edge in graph.outgoing(view_node.definition) {
                let Some(&to) = known.get(&edge.to) else {
                    continue;
                };
                if edge.certainty < certainty_min || from == to {
                    continue;
                }
                let one = merged.entry((from, to)).or_insert(ViewEdge {
                    from,
                    to,
                    kind: edge.kind,
                    certainty: edge.certainty,
                    count: 0,
                });
                one.count += 1;
                one.certainty = one.certainty.max(edge.certainty);
            }
        }
        self.edges = merged.into_values().collect();
        self.edges.sort_by_key(|edge| (edge.from, edge.to));
        self.edges.truncate(EDGES_MAX);
    }

    /// Returns it as JSON.
    pub fn to_json(&self) -> Json {
        let nodes: Vec<Json> = self
            .nodes
            .iter()
            .map(|node| {
                json!({
                    "symbol": node.label,
                    "kind": node.kind,
                    "path": node.path,
                    "line": node.line,
                    "distance": node.distance,
                    "test": node.is_test,
                })
            })
            .collect();
        let edges: Vec<Json> = self
            .edges
            .iter()
            .map(|edge| {
                json!({
                    "from": edge.from,
                    "to": edge.to,
                    "kind": edge.kind.as_str(),
                    "certainty": edge.certainty.as_str(),
                    "count": edge.count,
                })
            })
            .collect();
        json!({"version": 1, "title": self.title, "nodes": nodes, "edges": edges, "left_out": self.left_out})
    }
}

fn node(graph: &Graph, id: DefinitionId, distance: u32) -> ViewNode {
    let definition = graph.definition(id);
    ViewNode {
        definition: id,
        label: graph.qualified_name(id),
        kind: definition.kind.as_str(),
        path: graph.path_of(id).to_display(),
        line: definition.place.line,
        distance,
        is_test: graph.is_test(id),
    }
}

/// Returns who uses a definition, or what it uses, each of them once, in the
/// order of the graph. A type stands for what is in it.
fn neighbours(
    graph: &Graph,
    id: DefinitionId,
    direction: Direction,
    certainty_min: Certainty,
) -> Vec<DefinitionId> {
    let mut found: Vec<DefinitionId> = match direction {
        Direction::Callers => graph
            .incoming(id)
            .filter(|edge| edge.certainty >= certainty_min)
            .map(|edge| edge.from)
            .collect(),
        Direction::Callees => graph
            .outgoing(id)
            .iter()
            .filter(|edge| edge.certainty >= certainty_min)
            .map(|edge| edge.to)
            .collect(),
    };
    if graph.definition(id).kind == DefinitionKind::Class && direction == Direction::Callers {
        let file = graph.file_of(id);
        let constructors = graph.definitions_of(file).filter(|&other| {
            graph.definition(other).kind == DefinitionKind::Constructor
                && graph.container(other) == Some(id)
        });
        for constructor in constructors {
            let made = graph.incoming(constructor);
            found.extend(
                made.filter(|edge| edge.certainty >= certainty_min)
                    .map(|edge| edge.from),
            );
        }
    }
    found.retain(|&other| other != id);
    found.sort_unstable();
    found.dedup();
    found
}
