//! The one pass over a tree that counts everything.
//!
//! It walks the array of nodes once, front to back. What is open (functions,
//! classes, control structures) lies on stacks that remember the index at which
//! each closes, so a node that means nothing to the metrics costs a comparison
//! and a mask. Explaining a value is the same pass with a [`Sink`] that listens.

use assay_source::Span;

use crate::language::Convention;
use crate::role::{Field, Role, RoleSet};
use crate::tree::{NodeId, NodeRef, SyntaxTree};

use super::frame::{Cognitive, Frame, FrameKind, Sink};
use super::halstead::Vocabulary;
use super::logical;
use super::recursion::CallSite;
use super::{ClassMetrics, FileMetrics, FunctionMetrics, Reason};

/// Longer names are cut: a name is for reading.
const NAME_BYTES_MAX: usize = 256;
/// Scopes nested deeper than this add nothing more to qualified names.
const QUALIFIED_NAME_BYTES_MAX: usize = 1024;

const SCOPE: RoleSet = RoleSet::of(&[Role::Function, Role::Class, Role::Module]);
const COMMENT: RoleSet = RoleSet::of(&[Role::Comment, Role::DocComment]);
const EXIT: RoleSet = RoleSet::of(&[Role::Return, Role::Throw]);
const JUMP: RoleSet = RoleSet::of(&[Role::Break, Role::Continue, Role::Goto]);
/// The roles that mean something to the pass; nodes without are passed by.
const TELLING: RoleSet = RoleSet::of(&[
    Role::Function,
    Role::Class,
    Role::Module,
    Role::Statement,
    Role::If,
    Role::ElseIf,
    Role::Else,
    Role::Loop,
    Role::Switch,
    Role::Case,
    Role::DefaultCase,
    Role::Guard,
    Role::Try,
    Role::Catch,
    Role::Ternary,
    Role::Logical,
    Role::Coalesce,
    Role::ComprehensionFor,
    Role::ComprehensionIf,
    Role::Return,
    Role::Throw,
    Role::Break,
    Role::Continue,
    Role::Goto,
    Role::Call,
    Role::Comment,
    Role::DocComment,
    Role::Preprocessor,
]);
/// The structures whose condition lies outside of what they nest.
const CONDITIONAL: RoleSet = RoleSet::of(&[
    Role::If,
    Role::ElseIf,
    Role::Loop,
    Role::Switch,
    Role::Ternary,
]);

/// Something that closes at an index.
struct Open {
    end: u32,
    nesting: i8,
    depth: i8,
    is_frame: bool,
    /// The length of the qualified name outside of it.
    scope_len: Option<u32>,
}

impl Open {
    /// Only a `try` makes things deeper and no harder to read.
    fn is_try(&self) -> bool {
        !self.is_frame && self.nesting == 0 && self.depth > 0
    }
}

/// What outlives the pass and is of use to no one else than the metrics.
#[derive(Default)]
pub(super) struct Trace {
    pub(super) comments: Vec<Span>,
    pub(super) calls: Vec<CallSite>,
    /// For each function, whether its decisions also count for the one around it.
    pub(super) nameless: Vec<bool>,
    /// For each function, whether the functions inside count by themselves.
    pub(super) namespaces: Vec<bool>,
    /// For each function, the nesting inside it from the outside of the file.
    pub(super) nesting: Vec<u32>,
}

pub(super) struct Pass<'t, 'o, S> {
    tree: &'t SyntaxTree,
    tree_index: usize,
    out: &'o mut FileMetrics,
    trace: &'o mut Trace,
    sink: &'o mut S,
    vocabulary: Option<&'o mut Vocabulary>,
    frames: Vec<Frame>,
    open: Vec<Open>,
    nesting: u32,
    depth: u32,
    statements: u32,
    scope: String,
    /// A conditional that continues the one before it as `else if`.
    chained: u32,
    /// The last arms, still to come, of switches that have no other way out.
    last_arms: Vec<u32>,
    namespaces_are_functions: bool,
    decorators_wrap: bool,
}

impl<'t, 'o, S: Sink> Pass<'t, 'o, S> {
    pub(super) fn new(
        tree: &'t SyntaxTree,
        tree_index: usize,
        out: &'o mut FileMetrics,
        trace: &'o mut Trace,
        sink: &'o mut S,
        vocabulary: Option<&'o mut Vocabulary>,
    ) -> Self {
        let language = tree.language();
        Self {
            tree,
            tree_index,
            out,
            trace,
            sink,
            vocabulary,
            frames: Vec::new(),
            open: Vec::new(),
            nesting: 0,
            depth: 0,
            statements: 0,
            scope: String::new(),
            chained: u32::MAX,
            last_arms: Vec::new(),
            namespaces_are_functions: language.follows(Convention::FunctionsAsNamespaces),
            decorators_wrap: language.follows(Convention::DecoratorFunctions),
        }
    }

    /// Walks the tree and adds what it finds to the file.
    pub(super) fn run(mut self) {
        if let Some(vocabulary) = self.vocabulary.as_deref_mut() {
            vocabulary.begin(self.tree);
        }
        self.push_frame(FrameKind::File, self.tree.len() as u32);
        let mut close_at = self.tree.len() as u32;
        for index in 0..self.tree.len() as u32 {
            while index >= close_at {
                self.close();
                close_at = self.open.last().map_or(u32::MAX, |open| open.end);
            }
            let node = self.tree.node(NodeId(index));
            let roles = node.roles();
            if let Some(vocabulary) = self.vocabulary.as_deref_mut() {
                vocabulary.token(node, roles, &mut self.frames);
            }
            let field = node.field();
            if roles.intersects(TELLING) || field == Field::Condition || field == Field::Alternative
            {
                self.enter(node, roles, field);
                close_at = self.open.last().map_or(u32::MAX, |open| open.end);
            }
        }
        while !self.open.is_empty() {
            self.close();
        }
    }

    fn enter(&mut self, node: NodeRef<'t>, roles: RoleSet, field: Field) {
        if roles.intersects(COMMENT) {
            self.trace.comments.push(node.span());
            return;
        }
        if roles.intersects(SCOPE) {
            self.enter_scope(node, roles);
        }
        if roles.has(Role::Statement) {
            self.statements += 1;
        }
        if field == Field::Condition {
            self.enter_condition(node);
        }
        if roles.has(Role::Preprocessor) {
            self.enter_preprocessor(node, field);
            return;
        }
        self.enter_branch(node, roles, field);
        self.enter_structure(node, roles);
        self.enter_operator(node, roles);
        if roles.intersects(EXIT) {
            self.frame().exits += 1;
        }
        if roles.intersects(JUMP) && is_jump_to_label(node, roles) {
            self.flat(node, Reason::Jump);
        }
        if roles.has(Role::Call)
            && let Some(caller) = self.frame().function
        {
            let node = node.id();
            self.trace.calls.push(CallSite { caller, node });
        }
    }

    /// Conditions: `if` and what belongs to it.
    fn enter_branch(&mut self, node: NodeRef<'t>, roles: RoleSet, field: Field) {
        if roles.has(Role::If) {
            let is_chained = self.chained == node.id().0 || {
                field == Field::Alternative
                    && node
                        .parent()
                        .is_some_and(|parent| parent.has_any(BRANCHING))
            };
            self.decide(node, Reason::If);
            if is_chained {
                self.flat(node, Reason::ElseIf);
            } else {
                self.structural(node, Reason::If);
                self.nest(node, 1, 1);
            }
        } else if roles.has(Role::ElseIf) {
            self.decide(node, Reason::ElseIf);
            self.flat(node, Reason::ElseIf);
        } else if roles.has(Role::Else) {
            self.enter_else(node);
        } else if field == Field::Alternative
            && node
                .parent()
                .is_some_and(|parent| parent.has_any(BRANCHING) && !parent.has(Role::GuardClause))
        {
            self.otherwise(node);
        }
    }

    /// An `else` is a clause that holds the alternative, or just the word before it.
    fn enter_else(&mut self, node: NodeRef<'t>) {
        let Some(parent) = node.parent() else { return };
        if parent.has_any(const { RoleSet::of(&[Role::Switch, Role::GuardClause, Role::Ternary]) })
        {
            return;
        }
        if !node.is_leaf() {
            self.otherwise(node);
        } else if parent.has_any(BRANCHING) {
            let next = std::iter::successors(node.next_sibling(), |node| node.next_sibling())
                .find(|sibling| sibling.is_named() && !sibling.has(Role::Comment));
            if let Some(next) = next
                && next.field() != Field::Alternative
            {
                self.otherwise(next);
            }
        }
    }

    /// The alternative of a condition: another condition, or `else`.
    fn otherwise(&mut self, node: NodeRef<'t>) {
        match continued(node) {
            Some(condition) => self.chained = condition.id().0,
            None => self.flat(node, Reason::Else),
        }
    }

    /// Loops, switches and handlers.
    fn enter_structure(&mut self, node: NodeRef<'t>, roles: RoleSet) {
        if roles.has(Role::Loop) {
            if !roles.has(Role::EndlessLoop) && !is_endless(node) {
                self.decide(node, Reason::Loop);
            }
            self.structural(node, Reason::Loop);
            self.nest(node, 1, 1);
        }
        if roles.has(Role::Switch) {
            if roles.has(Role::ExhaustiveSwitch) {
                self.last_arms.extend(last_arm(node).map(|arm| arm.id().0));
            }
            self.structural(node, Reason::Switch);
            self.nest(node, 1, 1);
        }
        if roles.has(Role::Case) && !roles.has(Role::DefaultCase) {
            // Arms close in order: the next last arm to come is on top.
            if self.last_arms.pop_if(|arm| *arm == node.id().0).is_none() && !shares_next_arm(node)
            {
                self.decide(node, Reason::Case);
            }
        }
        if roles.has(Role::Guard) {
            self.decide(node, Reason::Guard);
            self.flat(node, Reason::Guard);
        }
        if roles.has(Role::Try) {
            self.nest(node, 0, 1);
        }
        if roles.has(Role::Catch) {
            let is_in_try = self.open.last().is_some_and(Open::is_try);
            self.decide(node, Reason::Catch);
            self.structural(node, Reason::Catch);
            self.nest_until(handler_end(node), 1, i8::from(!is_in_try));
        }
    }

    /// Operators and expressions that decide.
    fn enter_operator(&mut self, node: NodeRef<'t>, roles: RoleSet) {
        if roles.has(Role::Ternary) {
            self.decide(node, Reason::Ternary);
            self.structural(node, Reason::Ternary);
            self.nest(node, 1, 0);
        }
        if roles.has(Role::Logical) && logical::is_outermost(node) {
            let mut before = None;
            logical::visit_operators(node, |operator| {
                self.decide(operator, Reason::Logical);
                if before != Some(operator.text()) {
                    self.flat(operator, Reason::LogicalSequence);
                }
                before = Some(operator.text());
            });
        }
        if roles.has(Role::Coalesce) {
            self.decide(node, Reason::Coalesce);
        }
        if roles.intersects(COMPREHENSION_CLAUSE) {
            self.decide(node, Reason::Comprehension);
        }
    }

    /// What the preprocessor decides is no path of the program, but is read.
    fn enter_preprocessor(&mut self, node: NodeRef<'t>, field: Field) {
        if self.frame().function.is_none() {
            return;
        }
        if field == Field::Alternative {
            self.flat(node, Reason::Preprocessor);
        } else {
            self.structural(node, Reason::Preprocessor);
            self.nest(node, 1, 0);
        }
    }

    /// The condition of a structure is read before going into it.
    fn enter_condition(&mut self, node: NodeRef<'t>) {
        let is_nested = self.open.last().is_some_and(|open| open.nesting > 0);
        if is_nested
            && node
                .parent()
                .is_some_and(|parent| parent.has_any(CONDITIONAL))
        {
            self.nest(node, -1, 0);
        }
    }

    fn enter_scope(&mut self, node: NodeRef<'t>, roles: RoleSet) {
        let end = end(node);
        let cut = |name: &'t str| &name[..name.floor_char_boundary(NAME_BYTES_MAX)];
        let name = node.name().map(cut);
        let scope_len = self.scope.len() as u32;
        let receiver = receiver_type(node).map(cut);
        for part in receiver.into_iter().chain([name.unwrap_or("<anonymous>")]) {
            if self.scope.len() < QUALIFIED_NAME_BYTES_MAX {
                if !self.scope.is_empty() {
                    self.scope.push('.');
                }
                self.scope.push_str(part);
            }
        }
        if roles.has(Role::Class) {
            self.enter_class(node, name, end);
        } else if roles.has(Role::Function) {
            self.enter_function(node, roles, name, end);
        } else {
            self.nest(node, 0, 0);
        }
        if let Some(open) = self.open.last_mut() {
            open.scope_len = Some(scope_len);
        }
    }

    fn enter_class(&mut self, node: NodeRef<'t>, name: Option<&str>, end: u32) {
        let class = self.out.classes.len();
        let around = self.frame();
        let parent = around.class;
        self.out.classes.push(ClassMetrics {
            name: name.map(Box::from),
            qualified_name: self.scope.as_str().into(),
            span: node.span(),
            tree: self.tree_index,
            node: node.id(),
            first_line: 0,
            last_line: 0,
            parent: parent.map(|class| class as usize),
            methods: 0,
            metrics: super::Metrics::default(),
        });
        self.push_open(end, 0, 0);
        self.push_frame(FrameKind::Class(class as u32), end);
    }

    fn enter_function(&mut self, node: NodeRef<'t>, roles: RoleSet, name: Option<&str>, end: u32) {
        let function = self.out.functions.len();
        let around = self.frame();
        let (parent, class) = (around.function, around.class);
        let is_in_wrapper = around.is_wrapper && !roles.has(Role::Lambda);
        let kind = around.kind;
        if let FrameKind::Class(class) = kind {
            self.out.classes[class as usize].methods += 1;
        }
        let is_nameless = roles.has(Role::Lambda) && (name.is_none() || is_argument(node));
        self.out.functions.push(FunctionMetrics {
            name: name.map(Box::from),
            qualified_name: self.scope.as_str().into(),
            span: node.span(),
            tree: self.tree_index,
            node: node.id(),
            first_line: 0,
            last_line: 0,
            parent: parent.map(|function| function as usize),
            class: class.map(|class| class as usize),
            is_method: matches!(kind, FrameKind::Class(_)),
            metrics: super::Metrics::default(),
        });
        self.push_open(end, i8::from(parent.is_some() && !is_in_wrapper), 1);
        self.trace.nameless.push(is_nameless);
        self.trace.namespaces.push(false);
        self.trace.nesting.push(self.nesting);
        self.push_frame(FrameKind::Function(function as u32), end);
        let is_wrapper = self.decorators_wrap && is_wrapper(node);
        let frame = self.frame();
        frame.is_nameless = is_nameless;
        frame.is_wrapper = is_wrapper;
        frame.parameters = node.parameters().len() as u32;
    }

    fn push_frame(&mut self, kind: FrameKind, end: u32) {
        let mut frame = Frame::new(kind, self.nesting, self.depth);
        frame.statements_before = self.statements;
        if let Some(around) = self.frames.last() {
            frame.function = around.function;
            frame.class = around.class;
        }
        match kind {
            FrameKind::File => self.push_open(end, 0, 0),
            FrameKind::Class(class) => frame.class = Some(class),
            FrameKind::Function(function) => frame.function = Some(function),
        }
        if let Some(vocabulary) = self.vocabulary.as_deref() {
            frame.tally = vocabulary.open();
        }
        if let Some(open) = self.open.last_mut() {
            open.is_frame = true;
        }
        self.frames.push(frame);
    }

    fn push_open(&mut self, end: u32, nesting: i8, depth: i8) {
        self.nesting = self.nesting.saturating_add_signed(i32::from(nesting));
        self.depth = self.depth.saturating_add_signed(i32::from(depth));
        self.open.push(Open {
            end,
            nesting,
            depth,
            is_frame: false,
            scope_len: None,
        });
    }

    fn nest(&mut self, node: NodeRef<'t>, nesting: i8, depth: i8) {
        self.nest_until(end(node), nesting, depth);
    }

    fn nest_until(&mut self, end: u32, nesting: i8, depth: i8) {
        self.push_open(end, nesting, depth);
        let depth = self.depth;
        let frame = self.frame();
        frame.depth_max = frame.depth_max.max(depth);
    }

    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        if open.is_frame
            && let Some(frame) = self.frames.pop()
        {
            self.close_frame(frame);
        }
        self.nesting = self.nesting.saturating_add_signed(-i32::from(open.nesting));
        self.depth = self.depth.saturating_add_signed(-i32::from(open.depth));
        if let Some(length) = open.scope_len {
            self.scope.truncate(length as usize);
        }
    }

    fn close_frame(&mut self, frame: Frame) {
        let mut metrics = frame.metrics(self.statements);
        if let Some(vocabulary) = self.vocabulary.as_deref() {
            metrics.halstead = Some(vocabulary.close(&frame.tally));
        }
        let is_namespace = self.namespaces_are_functions && frame.is_namespace();
        match frame.kind {
            FrameKind::File => self.out.file.add(&metrics),
            FrameKind::Class(class) => self.out.classes[class as usize].metrics = metrics,
            FrameKind::Function(function) => {
                if is_namespace {
                    metrics.cognitive = frame.own.sum;
                    self.trace.namespaces[function as usize] = true;
                }
                self.out.functions[function as usize].metrics = metrics;
            }
        }
        if let Some(around) = self.frames.last_mut() {
            around.absorb(&frame, &metrics, is_namespace);
        }
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames
            .last_mut()
            .expect("the frame of the file is there until the end")
    }

    fn decide(&mut self, node: NodeRef<'t>, reason: Reason) {
        let frame = self
            .frames
            .last_mut()
            .expect("the frame of the file is there until the end");
        frame.decisions += 1;
        self.sink.decision(frame, node.id(), reason);
    }

    /// An increment that does not grow with nesting.
    fn flat(&mut self, node: NodeRef<'t>, reason: Reason) {
        let frame = self
            .frames
            .last_mut()
            .expect("the frame of the file is there until the end");
        frame.own.sum = frame.own.sum.saturating_add(1);
        self.sink.increment(frame, node.id(), None, reason);
    }

    /// An increment that grows with nesting.
    fn structural(&mut self, node: NodeRef<'t>, reason: Reason) {
        let nesting = self.nesting;
        let frame = self
            .frames
            .last_mut()
            .expect("the frame of the file is there until the end");
        frame.own.add(Cognitive {
            sum: 1 + nesting.saturating_sub(frame.nesting),
            structural: 1,
        });
        self.sink.increment(frame, node.id(), Some(nesting), reason);
    }
}

/// Finds the type that a function outside of any class belongs to, when its
/// receiver says so.
fn receiver_type(function: NodeRef<'_>) -> Option<&str> {
    function
        .children()
        .find(|child| child.has(Role::Receiver))?
        .subtree()
        .find(|part| part.has(Role::TypeName) && part.is_leaf())
        .map(NodeRef::text)
}

/// One past the last node under this one.
fn end(node: NodeRef<'_>) -> u32 {
    node.id().0 + node.subtree_len() as u32
}

/// Finds where a handler ends: some grammars put its block beside it.
fn handler_end(catch: NodeRef<'_>) -> u32 {
    let beside = || {
        let next = catch.next_sibling()?;
        (next.has(Role::Block) && catch.child_with(Role::Block).is_none()).then_some(next)
    };
    end(beside().unwrap_or(catch))
}

/// What an alternative can belong to.
const BRANCHING: RoleSet = RoleSet::of(&[Role::If, Role::ElseIf]);
const COMPREHENSION_CLAUSE: RoleSet = RoleSet::of(&[Role::ComprehensionFor, Role::ComprehensionIf]);

/// Finds the condition by which an alternative continues: `if` right after
/// `else`, with no block between.
fn continued(alternative: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut node = alternative;
    loop {
        if node.has(Role::If) {
            return Some(node);
        }
        if node.has(Role::Block) {
            return None;
        }
        let first = node.named_children().next()?;
        let is_whole = node.has(Role::Else) || first.span() == node.span();
        if !is_whole {
            return None;
        }
        node = first;
    }
}

/// A loop is endless when it has a body and nothing else that could end it.
fn is_endless(node: NodeRef<'_>) -> bool {
    node.named_children().all(|child| {
        child.field() == Field::Body
            || child.has_any(const { RoleSet::of(&[Role::Block, Role::Label]) })
            || child.text() == ";"
    })
}

/// Finds the last arm of a switch without a default: where every value has an
/// arm, the last one is taken when no other is, and decides nothing.
fn last_arm(switch: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let is_arm = |node: &NodeRef<'_>| node.has_any(ARM);
    let mut last = None;
    for child in switch.children() {
        let inner = child.children().filter(|_| !is_arm(&child)).filter(is_arm);
        for arm in std::iter::once(child).filter(is_arm).chain(inner) {
            if arm.has(Role::DefaultCase) {
                return None;
            }
            last = Some(arm);
        }
    }
    last
}

const ARM: RoleSet = RoleSet::of(&[Role::Case, Role::DefaultCase]);

/// Labels that stand before the same statements are one branch: only the last
/// of them has something after its colon. The colon is the last of the arm, or
/// stands after it, and then may close a group that is the label alone.
fn shares_next_arm(case: NodeRef<'_>) -> bool {
    let is_colon = |token: &NodeRef<'_>| !token.is_named() && token.text() == ":";
    let after = case.next_sibling();
    let next = if case.children().last().as_ref().is_some_and(is_colon) {
        after
    } else {
        after.filter(is_colon).and_then(|colon| {
            colon
                .next_sibling()
                .or_else(|| case.parent()?.next_sibling())
        })
    };
    let begins_arm = |node: NodeRef<'_>| node.has_any(ARM);
    next.is_some_and(|next| begins_arm(next) || next.children().next().is_some_and(begins_arm))
}

fn is_jump_to_label(node: NodeRef<'_>, roles: RoleSet) -> bool {
    roles.has(Role::Goto)
        || roles.has(Role::LabelledJump)
        || node
            .children()
            .any(|child| child.field() == Field::Label || child.has(Role::Label))
}

/// A function that is given to a call, also by a keyword.
fn is_argument(node: NodeRef<'_>) -> bool {
    let mut around = node.ancestors();
    around
        .by_ref()
        .take(2)
        .any(|around| around.has(Role::Arguments))
}

/// A function that holds one function and returns, and nothing else.
fn is_wrapper(function: NodeRef<'_>) -> bool {
    let Some(body) = function.child(Field::Body) else {
        return false;
    };
    let (mut functions, mut returns) = (0, 0);
    for statement in body.named_children() {
        let inner = statement.child(Field::Definition).unwrap_or(statement);
        if inner.has(Role::Function) && !inner.has(Role::Lambda) {
            functions += 1;
        } else if statement.has(Role::Return) {
            returns += 1;
        } else if !statement.has(Role::DocComment)
            && !statement.children().all(|child| child.has(Role::String))
        {
            return false;
        }
    }
    functions == 1 && returns > 0
}
