//! Views as text, DOT and Mermaid. Labels come from the code that is looked at,
//! so each format escapes them.

use std::fmt::Write as _;

use crate::graph::{Certainty, Graph, Outcome};
use crate::view::View;

/// A diagram that people look at as a picture shows so many nodes at most.
const MERMAID_NODES_MAX: usize = 400;

impl View {
    /// Returns it as lines: what was asked for, then the rest by distance.
    pub fn to_text(&self) -> String {
        let mut out = format!("{}\n", self.title);
        let mut distance = u32::MAX;
        for (index, node) in self.nodes.iter().enumerate() {
            if node.distance != distance {
                distance = node.distance;
                let _ = match distance {
                    0 => writeln!(out),
                    1 => writeln!(out, "\n1 step away"),
                    steps => writeln!(out, "\n{steps} steps away"),
                };
            }
            let sure = self
                .edges
                .iter()
                .filter(|edge| edge.from == index || edge.to == index)
                .map(|edge| edge.certainty)
                .max();
            let mark = match sure {
                Some(Certainty::Resolved) | None => "",
                Some(other) => other.as_str(),
            };
            let test = if node.is_test { "test" } else { "" };
            let marks: Vec<&str> = [test, mark]
                .into_iter()
                .filter(|mark| !mark.is_empty())
                .collect();
            let marks = match marks.as_slice() {
                [] => String::new(),
                marks => format!("  [{}]", marks.join(", ")),
            };
            let _ = writeln!(
                out,
                "  {} {}  {}:{}{marks}",
                node.kind,
                printable(&node.label),
                node.path,
                node.line
            );
        }
        if self.left_out > 0 {
            let _ = writeln!(out, "\n{} more are not shown", self.left_out);
        }
        out
    }

    /// Returns it in the language of Graphviz.
    pub fn to_dot(&self) -> String {
        let mut out = String::from(
            "digraph assay {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n",
        );
        for (index, node) in self.nodes.iter().enumerate() {
            let label = printable(&node.label)
                .replace('\\', "\\\\")
                .replace('"', "\\\"");
            let path = printable(&node.path)
                .replace('\\', "\\\\")
                .replace('"', "\\\"");
            let style = if node.is_test { ", style=dashed" } else { "" };
            let _ = writeln!(
                out,
                "  n{index} [label=\"{label}\", tooltip=\"{path}:{}\"{style}];",
                node.line
            );
        }
        for edge in &self.edges {
            let style = match edge.certainty {
                Certainty::Resolved => "",
                _ => " [style=dotted]",
            };
            let _ = writeln!(out, "  n{} -> n{}{style};", edge.from, edge.to);
        }
        out.push_str("}\n");
        out
    }

    /// Returns it as a Mermaid flow chart, of a large view the first nodes.
    pub fn to_mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        let shown = self.nodes.len().min(MERMAID_NODES_MAX);
        for (index, node) in self.nodes.iter().take(shown).enumerate() {
            let _ = writeln!(out, "  n{index}[\"{}\"]", mermaid_text(&node.label));
        }
        for edge in self
            .edges
            .iter()
            .filter(|edge| edge.from < shown && edge.to < shown)
        {
            let arrow = match edge.certainty {
                Certainty::Resolved => "-->",
                _ => "-.->",
            };
            let _ = writeln!(out, "  n{} {arrow} n{}", edge.from, edge.to);
        }
        let left_out = self.nodes.len() - shown + self.left_out;
        if left_out > 0 {
            let _ = writeln!(out, "  more[\"{left_out} more\"]");
        }
        out
    }
}

/// Mermaid reads entities as HTML does, and ends a text at a quote.
fn mermaid_text(text: &str) -> String {
    let mut out = String::new();
    for letter in printable(text).chars() {
        match letter {
            '"' | '<' | '>' | '&' | '#' | '`' => {
                let _ = write!(out, "#{};", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out
}

/// Takes out what a terminal or a diagram could take for a command.
fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            letter if letter.is_control() => '\u{fffd}',
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => '\u{fffd}',
            letter => letter,
        })
        .collect()
}

/// Counts of what the graph knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GraphCounts {
    /// Files.
    pub files: usize,
    /// Lines of these.
    pub lines: u64,
    /// Definitions, without the files.
    pub definitions: usize,
    /// Calls and new values.
    pub calls: usize,
    /// Those that were followed to one definition.
    pub resolved: usize,
    /// Those with one definition of the name.
    pub by_name: usize,
    /// Those with several candidates.
    pub ambiguous: usize,
    /// Those that lead out of the repository.
    pub external: usize,
    /// Entry points.
    pub entries: usize,
}

impl GraphCounts {
    /// Counts what a graph knows.
    pub fn of(graph: &Graph) -> Self {
        use crate::facts::UsageKind;
        let mut counts = Self {
            files: graph.files().len(),
            definitions: graph.definition_count() - graph.files().len(),
            entries: graph.entries().len(),
            ..Self::default()
        };
        for file in graph.files() {
            counts.lines += u64::from(file.facts.lines);
            for (usage, outcome) in file.facts.usages.iter().zip(file.outcomes()) {
                if usage.kind == UsageKind::Mention {
                    continue;
                }
                counts.calls += 1;
                match outcome {
                    Outcome::Found(Certainty::Resolved) => counts.resolved += 1,
                    Outcome::Found(Certainty::ByName) => counts.by_name += 1,
                    Outcome::Found(Certainty::Ambiguous) => counts.ambiguous += 1,
                    Outcome::External => counts.external += 1,
                    Outcome::Unknown => {}
                }
            }
        }
        counts
    }
}
