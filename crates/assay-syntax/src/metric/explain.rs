//! Why a function has the complexity it has: every increment, with its place.

use assay_source::Span;

use crate::tree::{NodeId, NodeRef, SyntaxTree};

use super::frame::{Frame, Sink};
use super::pass::{Pass, Trace};
use super::{FileMetrics, Reason, recursive};

/// The increments of one function, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// They add up to the cyclomatic complexity.
    pub cyclomatic: Vec<Increment>,
    /// They add up to the cognitive complexity.
    pub cognitive: Vec<Increment>,
}

/// One increment of a complexity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Increment {
    /// The word or sign that causes it.
    pub span: Span,
    /// Its line, from 1.
    pub line: u32,
    /// By how much the number goes up, the part for nesting included.
    pub amount: u32,
    /// The part for nesting.
    pub nesting: u32,
    /// Why.
    pub reason: Reason,
}

/// An increment as it was made, before it is known for whom.
struct Event {
    function: Option<u32>,
    node: NodeId,
    nesting: Option<u32>,
    reason: Reason,
}

#[derive(Default)]
struct Recorder {
    decisions: Vec<Event>,
    increments: Vec<Event>,
}

impl Sink for Recorder {
    fn decision(&mut self, frame: &Frame, node: NodeId, reason: Reason) {
        self.decisions.push(Event {
            function: frame.function,
            node,
            nesting: None,
            reason,
        });
    }

    fn increment(&mut self, frame: &Frame, node: NodeId, nesting: Option<u32>, reason: Reason) {
        self.increments.push(Event {
            function: frame.function,
            node,
            nesting,
            reason,
        });
    }
}

/// Explains the complexities of the function at a node; nothing when there is
/// no function at it.
pub fn explain(tree: &SyntaxTree, function: NodeId) -> Option<Explanation> {
    let (mut file, mut trace, mut recorder) = (
        FileMetrics::default(),
        Trace::default(),
        Recorder::default(),
    );
    Pass::new(tree, 0, &mut file, &mut trace, &mut recorder, None).run();
    let index = file
        .functions
        .iter()
        .position(|candidate| candidate.node == function)?;
    for function in recursive(tree, &file, &trace, 0) {
        recorder.increments.push(Event {
            function: Some(function),
            node: file.functions[function as usize].node,
            nesting: None,
            reason: Reason::Recursion,
        });
    }
    let subject = Subject {
        tree,
        file: &file,
        trace: &trace,
        index,
    };
    Some(subject.explain(&recorder))
}

/// The function that is explained.
struct Subject<'t> {
    tree: &'t SyntaxTree,
    file: &'t FileMetrics,
    trace: &'t Trace,
    index: usize,
}

impl Subject<'_> {
    fn explain(&self, recorder: &Recorder) -> Explanation {
        let node = self.file.functions[self.index].node;
        let mut cyclomatic = vec![self.increment(node, None, Reason::Function)];
        let decisions = recorder.decisions.iter();
        cyclomatic.extend(
            decisions
                .filter(|event| self.has_decision(event))
                .map(|event| self.increment(event.node, None, event.reason)),
        );
        let increments = recorder.increments.iter();
        let mut cognitive: Vec<_> = increments
            .filter(|event| self.has_increment(event))
            .map(|event| self.increment(event.node, event.nesting, event.reason))
            .collect();
        cognitive.sort_by_key(|increment| increment.span);
        cyclomatic[1..].sort_by_key(|increment| increment.span);
        Explanation {
            cyclomatic,
            cognitive,
        }
    }

    /// The function's own decisions, and those of nameless functions in it.
    fn has_decision(&self, event: &Event) -> bool {
        let mut at = event.function.map(|function| function as usize);
        while let Some(function) = at.filter(|&function| function != self.index) {
            let outer = self.file.functions[function].parent;
            at = outer.filter(|_| self.trace.nameless[function]);
        }
        at.is_some() && self.encloses(event.node)
    }

    fn has_increment(&self, event: &Event) -> bool {
        if self.trace.namespaces[self.index] {
            return event.function == Some(self.index as u32);
        }
        self.encloses(event.node)
    }

    fn encloses(&self, node: NodeId) -> bool {
        let function = self.tree.node(self.file.functions[self.index].node);
        function.encloses(self.tree.node(node))
    }

    fn increment(&self, node: NodeId, nesting: Option<u32>, reason: Reason) -> Increment {
        let node = self.tree.node(node);
        let base = self.trace.nesting[self.index];
        let nesting = nesting.map_or(0, |nesting| nesting.saturating_sub(base));
        let span = sign(node, reason).span();
        Increment {
            span,
            line: self.tree.text().lines().line_of(span.start),
            amount: 1 + nesting,
            nesting,
            reason,
        }
    }
}

/// Finds what to point at: the name of a function, the first word of a
/// structure, or the operator between operands.
fn sign(node: NodeRef<'_>, reason: Reason) -> NodeRef<'_> {
    match reason {
        Reason::Function | Reason::Recursion => node.name_node().unwrap_or(node),
        _ => {
            let word = node.children().find(|child| {
                !child.is_named() && child.is_leaf() && !child.text().starts_with(['(', '{', '['])
            });
            word.unwrap_or(node)
        }
    }
}
