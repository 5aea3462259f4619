//! Code metrics: complexity, size and nesting of every function, class and file.
//!
//! Start at [`measure`]; [`explain`] says why a function has its complexity. All
//! of it goes by [`Role`](crate::Role)s, so nothing here knows a language. What
//! counts for how much, and by which document, is in `docs/metrics.md`.

mod explain;
mod frame;
mod halstead;
mod lines;
mod logical;
mod pass;
mod recursion;
mod value;

use std::cell::RefCell;

use assay_source::Span;

use crate::tree::{NodeId, SyntaxTree};
use frame::{Silence, Sink};
use halstead::Vocabulary;
use lines::LineTable;
use pass::{Pass, Trace};

pub use explain::{Explanation, Increment, explain};
pub use value::{Better, Halstead, Lines, Metric, MetricTotals, Metrics, Total};

/// What to measure besides complexity, nesting, lines, parameters and exits.
#[derive(Clone, Copy, Debug, Default)]
pub struct MetricOptions {
    /// Halstead's counts, and the maintainability index that needs them.
    pub halstead: bool,
}

/// The metrics of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileMetrics {
    /// The file as a whole.
    pub file: Metrics,
    /// Its classes, in the order of the text.
    pub classes: Vec<ClassMetrics>,
    /// Its functions, in the order of the text, lambdas among them.
    pub functions: Vec<FunctionMetrics>,
}

/// The metrics of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionMetrics {
    /// The name; a lambda has that of what it is given to, if anything.
    pub name: Option<Box<str>>,
    /// The name after those of the modules, classes and functions around it.
    pub qualified_name: Box<str>,
    /// Where it is.
    pub span: Span,
    /// The first line, from 1.
    pub first_line: u32,
    /// The last line, from 1.
    pub last_line: u32,
    /// The tree that it is in.
    pub tree: usize,
    /// The node in that tree.
    pub node: NodeId,
    /// The nearest function around it.
    pub parent: Option<usize>,
    /// The nearest class around it.
    pub class: Option<usize>,
    /// Whether it is a member of that class, and not inside one of its methods.
    pub is_method: bool,
    /// The numbers.
    pub metrics: Metrics,
}

/// The metrics of a class: its cyclomatic complexity is the weighted methods per
/// class of Chidamber and Kemerer, weighted by McCabe.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassMetrics {
    /// The name.
    pub name: Option<Box<str>>,
    /// The name after those of the modules, classes and functions around it.
    pub qualified_name: Box<str>,
    /// Where it is.
    pub span: Span,
    /// The first line, from 1.
    pub first_line: u32,
    /// The last line, from 1.
    pub last_line: u32,
    /// The tree that it is in.
    pub tree: usize,
    /// The node in that tree.
    pub node: NodeId,
    /// The nearest class around it.
    pub parent: Option<usize>,
    /// The functions that are its members.
    pub methods: u32,
    /// The numbers.
    pub metrics: Metrics,
}

/// Why a number went up. The words are those of `docs/metrics.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The function itself: one path goes through it.
    Function,
    /// An `if`.
    If,
    /// An `else if`.
    ElseIf,
    /// An `else`.
    Else,
    /// A loop.
    Loop,
    /// A `switch` or `match` as a whole.
    Switch,
    /// A branch of a `switch` or `match`.
    Case,
    /// A condition on such a branch.
    Guard,
    /// A handler of exceptions.
    Catch,
    /// A conditional expression.
    Ternary,
    /// A logical operator.
    Logical,
    /// A sequence of like logical operators.
    LogicalSequence,
    /// A null-coalescing operator.
    Coalesce,
    /// A loop or condition inside a comprehension.
    Comprehension,
    /// A jump to a label.
    Jump,
    /// A condition of the preprocessor.
    Preprocessor,
    /// The function takes part in a recursion.
    Recursion,
}

impl Reason {
    /// Returns the reason as a person would say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::If => "if",
            Self::ElseIf => "else if",
            Self::Else => "else",
            Self::Loop => "loop",
            Self::Switch => "switch",
            Self::Case => "branch of a switch",
            Self::Guard => "condition on a branch of a switch",
            Self::Catch => "catch",
            Self::Ternary => "conditional expression",
            Self::Logical => "logical operator",
            Self::LogicalSequence => "sequence of like logical operators",
            Self::Coalesce => "null-coalescing operator",
            Self::Comprehension => "loop or condition in a comprehension",
            Self::Jump => "jump to a label",
            Self::Preprocessor => "preprocessor condition",
            Self::Recursion => "recursion",
        }
    }
}

thread_local! {
    /// The table of tokens is worth keeping from file to file.
    static VOCABULARY: RefCell<Vocabulary> = RefCell::default();
}

/// Measures the trees of one file; all must be of the same text.
pub fn measure(trees: &[SyntaxTree], options: MetricOptions) -> FileMetrics {
    let (mut file, mut trace) = (FileMetrics::default(), Trace::default());
    for (index, tree) in trees.iter().enumerate() {
        let first = file.functions.len();
        trace.calls.clear();
        if options.halstead {
            VOCABULARY.with_borrow_mut(|vocabulary| {
                walk(
                    tree,
                    index,
                    &mut file,
                    &mut trace,
                    &mut Silence,
                    Some(vocabulary),
                );
            });
        } else {
            walk(tree, index, &mut file, &mut trace, &mut Silence, None);
        }
        for function in recursive(tree, &file, &trace, first) {
            file.add_recursion(function as usize, &trace);
        }
    }
    file.add_lines(trees, &mut trace.comments);
    if options.halstead {
        file.add_maintainability();
    }
    file
}

/// Walks one tree. Kept apart so that the loop is compiled for each sink, with
/// and without the counting of tokens.
fn walk<S: Sink>(
    tree: &SyntaxTree,
    index: usize,
    file: &mut FileMetrics,
    trace: &mut Trace,
    sink: &mut S,
    vocabulary: Option<&mut Vocabulary>,
) {
    Pass::new(tree, index, file, trace, sink, vocabulary).run();
}

/// Returns the functions of a tree, from the `first` on, that are recursive.
fn recursive(tree: &SyntaxTree, file: &FileMetrics, trace: &Trace, first: usize) -> Vec<u32> {
    recursion::recursive_functions(tree, file, &trace.nameless, &trace.calls, first)
}

impl FileMetrics {
    /// Returns the innermost function that holds the line (from 1).
    pub fn function_at(&self, line: u32) -> Option<&FunctionMetrics> {
        self.functions
            .iter()
            .filter(|function| (function.first_line..=function.last_line).contains(&line))
            .min_by_key(|function| function.span.len())
    }

    /// Counts a recursion for the function and for all that its increments go to.
    fn add_recursion(&mut self, function: usize, trace: &Trace) {
        self.functions[function].metrics.cognitive += 1;
        let mut at = self.functions[function].parent;
        while let Some(around) = at {
            if !trace.namespaces[around] {
                self.functions[around].metrics.cognitive += 1;
            }
            at = self.functions[around].parent;
        }
        let mut at = self.functions[function].class;
        while let Some(class) = at {
            self.classes[class].metrics.cognitive += 1;
            at = self.classes[class].parent;
        }
        self.file.cognitive += 1;
    }

    fn add_lines(&mut self, trees: &[SyntaxTree], comments: &mut [Span]) {
        let Some(tree) = trees.first() else { return };
        if trees.len() > 1 {
            comments.sort_unstable();
        }
        let text = tree.text();
        let table = LineTable::new(text, comments);
        self.file.lines = table.all();
        let lines = |span: Span| {
            let last = span.end.saturating_sub(1).max(span.start);
            (text.lines().line_of(span.start), text.lines().line_of(last))
        };
        for function in &mut self.functions {
            (function.first_line, function.last_line) = lines(function.span);
            function.metrics.lines = table.count(function.first_line, function.last_line);
        }
        for class in &mut self.classes {
            (class.first_line, class.last_line) = lines(class.span);
            class.metrics.lines = table.count(class.first_line, class.last_line);
        }
    }

    /// Works out the maintainability index: of a function from its own numbers,
    /// of a class or file from the means over the functions that are in no other.
    fn add_maintainability(&mut self) {
        let mut file = Means::default();
        let mut classes = vec![Means::default(); self.classes.len()];
        for function in &mut self.functions {
            let means = Means::of(&function.metrics);
            function.metrics.maintainability = means.maintainability();
            if function.parent.is_none() {
                file.add(&means);
                if let Some(class) = function.class {
                    classes[class].add(&means);
                }
            }
        }
        for (class, means) in self.classes.iter_mut().zip(&mut classes) {
            class.metrics.maintainability = means.maintainability();
        }
        if file.count == 0.0 {
            file.add(&Means::of(&self.file));
        }
        self.file.maintainability = file.maintainability();
    }
}

/// Sums for the means that the maintainability index is made of.
#[derive(Clone, Copy, Debug, Default)]
struct Means {
    count: f64,
    volume: f64,
    cyclomatic: f64,
    lines: f64,
}

impl Means {
    fn of(metrics: &Metrics) -> Self {
        Self {
            count: 1.0,
            volume: metrics.halstead.map_or(0.0, Halstead::volume),
            cyclomatic: f64::from(metrics.cyclomatic.max(1)),
            lines: f64::from(metrics.lines.source),
        }
    }

    fn add(&mut self, other: &Means) {
        self.count += other.count;
        self.volume += other.volume;
        self.cyclomatic += other.cyclomatic;
        self.lines += other.lines;
    }

    fn maintainability(&self) -> Option<f64> {
        (self.count > 0.0).then(|| {
            let mean = |sum: f64| sum / self.count;
            value::maintainability(mean(self.volume), mean(self.cyclomatic), mean(self.lines))
        })
    }
}
