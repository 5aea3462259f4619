//! The counts of what is open while a tree is walked, how they become metrics,
//! and how they go over to what is around when it closes.

use crate::tree::NodeId;

use super::Reason;
use super::halstead::Tally;
use super::value::Metrics;

/// Listens to the increments as the pass makes them.
pub(super) trait Sink {
    /// A decision of cyclomatic complexity in the frame.
    fn decision(&mut self, frame: &Frame, node: NodeId, reason: Reason);
    /// An increment of cognitive complexity in the frame; `nesting` is counted
    /// from the outside of the file, and flat increments have none.
    fn increment(&mut self, frame: &Frame, node: NodeId, nesting: Option<u32>, reason: Reason);
}

/// Listens to nothing.
pub(super) struct Silence;

impl Sink for Silence {
    fn decision(&mut self, _: &Frame, _: NodeId, _: Reason) {}
    fn increment(&mut self, _: &Frame, _: NodeId, _: Option<u32>, _: Reason) {}
}

/// What a frame stands for; the numbers are places in the lists of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    File,
    Class(u32),
    Function(u32),
}

/// A sum of increments, and how many of them grow with nesting.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cognitive {
    pub(super) sum: u32,
    pub(super) structural: u32,
}

impl Cognitive {
    pub(super) fn add(&mut self, other: Self) {
        self.sum = self.sum.saturating_add(other.sum);
        self.structural = self.structural.saturating_add(other.structural);
    }

    /// Returns the sum as it is when seen from further out.
    fn nested(self, levels: u32) -> Self {
        Self {
            sum: self
                .sum
                .saturating_add(self.structural.saturating_mul(levels)),
            ..self
        }
    }
}

/// The counts of a file, class or function while it is open.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    /// The nearest function, this one included.
    pub(super) function: Option<u32>,
    /// The nearest class, this one included.
    pub(super) class: Option<u32>,
    /// A function whose decisions also count for the function around it.
    pub(super) is_nameless: bool,
    /// A function that only wraps another one, which then is not nested.
    pub(super) is_wrapper: bool,
    /// The nesting inside, counted from the outside of the file.
    pub(super) nesting: u32,
    /// The depth inside, counted likewise, and the largest within.
    depth: u32,
    pub(super) depth_max: u32,
    pub(super) decisions: u32,
    /// What the functions inside that stand for themselves add up to.
    units: u32,
    /// The increments of the code that is in no function inside.
    pub(super) own: Cognitive,
    /// The increments of the functions inside, as nested in this one.
    nested: Cognitive,
    /// What the functions inside add up to when each stands for itself.
    separate: u32,
    pub(super) exits: u32,
    exits_inside: u32,
    pub(super) parameters: u32,
    parameters_inside: u32,
    nesting_inside: u32,
    functions: u32,
    classes: u32,
    pub(super) statements_before: u32,
    pub(super) tally: Tally,
}

impl Frame {
    pub(super) fn new(kind: FrameKind, nesting: u32, depth: u32) -> Self {
        Self {
            kind,
            function: None,
            class: None,
            is_nameless: false,
            is_wrapper: false,
            nesting,
            depth,
            depth_max: depth,
            decisions: 0,
            units: 0,
            own: Cognitive::default(),
            nested: Cognitive::default(),
            separate: 0,
            exits: 0,
            exits_inside: 0,
            parameters: 0,
            parameters_inside: 0,
            nesting_inside: 0,
            functions: 0,
            classes: 0,
            statements_before: 0,
            tally: Tally::default(),
        }
    }

    fn is_function(&self) -> bool {
        matches!(self.kind, FrameKind::Function(_))
    }

    /// Returns whether a function does nothing that is structured by itself:
    /// where functions serve as namespaces, it then only holds others.
    pub(super) fn is_namespace(&self) -> bool {
        self.is_function() && self.own.structural == 0
    }

    fn levels(&self) -> u32 {
        self.depth_max.saturating_sub(self.depth)
    }

    fn full(&self) -> Cognitive {
        let mut full = self.own;
        full.add(self.nested);
        full
    }

    /// Returns the metrics of the closed frame, but for lines and Halstead's.
    pub(super) fn metrics(&self, statements: u32) -> Metrics {
        let mut metrics = Metrics {
            nesting: self.levels(),
            parameters: self.parameters,
            exits: self.exits,
            statements: statements - self.statements_before,
            functions: self.functions,
            classes: self.classes,
            ..Metrics::default()
        };
        if self.is_function() {
            metrics.cyclomatic = 1 + self.decisions;
            metrics.cognitive = self.full().sum;
            metrics.functions += u32::from(!self.is_nameless);
        } else {
            metrics.cyclomatic = self.decisions + self.units;
            metrics.cognitive = self.own.sum.saturating_add(self.separate);
            metrics.nesting = metrics.nesting.max(self.nesting_inside);
            metrics.parameters = self.parameters_inside;
            metrics.exits += self.exits_inside;
            metrics.classes += u32::from(self.kind != FrameKind::File);
        }
        metrics
    }

    /// Takes over the counts of a frame that has closed right inside this one.
    pub(super) fn absorb(&mut self, inner: &Frame, metrics: &Metrics, is_namespace: bool) {
        let merges = inner.is_nameless && self.is_function();
        if merges {
            self.decisions += inner.decisions;
            if inner.levels() > 0 {
                self.depth_max = self.depth_max.max(inner.depth_max);
            }
            self.units += inner.units;
        } else if inner.is_function() {
            self.units += metrics.cyclomatic + inner.units;
        } else {
            self.units += metrics.cyclomatic;
        }
        let levels = inner.nesting.saturating_sub(self.nesting);
        self.nested.add(inner.full().nested(levels));
        self.separate = self.separate.saturating_add(if is_namespace {
            inner.own.sum.saturating_add(inner.separate)
        } else {
            metrics.cognitive
        });
        self.nesting_inside = self
            .nesting_inside
            .max(metrics.nesting)
            .max(inner.nesting_inside);
        self.exits_inside += metrics.exits;
        if inner.is_function() {
            self.exits_inside += inner.exits_inside;
        }
        self.parameters_inside = self
            .parameters_inside
            .max(inner.parameters)
            .max(inner.parameters_inside);
        self.functions += metrics.functions;
        self.classes += metrics.classes;
        self.tally.absorb(&inner.tally);
    }
}
