//! The ways through a function of C or C++: what happens to its local variables,
//! in order, in blocks that lead to each other.
//!
//! A function with a part whose ways are not known (`#if`, assembler, a lambda, a
//! handler, what the grammar did not understand) has none.

use std::collections::BTreeMap;

use assay_syntax::{Field, NodeRef, Role};

use crate::c_call::{ALLOCATES, FOLLOWS, FREES, NO_RETURN, PARSES, PRINTS, SCANS};
use crate::c_memory::{FUNCTION_NODES_MAX, Local, bare, call, locals};

/// Statements and expressions nest at most so deep.
const DEPTH_MAX: usize = 80;

/// Functions with more variables are not looked at.
const VARIABLES_MAX: usize = 200;

/// What a variable is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// Declared without a value.
    Nothing,
    /// Null, or the number zero.
    Zero,
    /// What an allocator gives: null when it fails.
    Fresh,
    /// What `new` gives.
    Owned,
    /// A number that came as a text from outside.
    Outside,
    Other,
}

/// Something that happens to a variable, or to the function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<'t> {
    Read(usize, NodeRef<'t>),
    /// What it points to is read or written.
    Follow(usize, NodeRef<'t>),
    /// Something is divided by it.
    Divide(usize, NodeRef<'t>),
    Free(usize, NodeRef<'t>),
    /// A call gets it.
    Pass(usize, NodeRef<'t>),
    /// Something else holds it, too.
    Keep(usize),
    Set(usize, NodeRef<'t>, Given),
    Forget(usize),
    /// It may be set.
    Fill(usize),
    /// A condition is about it.
    Test(usize),
    /// A function is called that may not come back.
    Call,
    /// The function ends.
    Leave(NodeRef<'t>),
}

/// A way from one block to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) to: usize,
    /// A condition decides whether it is taken.
    pub(crate) is_choice: bool,
    /// The pointer that is null, or is not, on this way.
    pub(crate) told: Option<(usize, bool)>,
}

#[derive(Debug, Default)]
pub(crate) struct Block<'t> {
    pub(crate) events: Vec<Event<'t>>,
    pub(crate) next: Vec<Edge>,
}

/// A function's blocks; the first is where it begins.
#[derive(Debug)]
pub(crate) struct Paths<'t> {
    pub(crate) variables: Vec<Local<'t>>,
    pub(crate) blocks: Vec<Block<'t>>,
}

impl<'t> Paths<'t> {
    /// Takes a function apart; nothing when a part of it is not understood.
    pub(crate) fn of(function: NodeRef<'t>) -> Option<Self> {
        let body = function.child(Field::Body)?;
        if function.subtree_len() > FUNCTION_NODES_MAX || !is_plain(function) {
            return None;
        }
        let mut variables: Vec<Local<'t>> = locals(function)
            .into_iter()
            .filter(|local| !local.is_static && (local.is_pointer() || local.is_number()))
            .collect();
        let addressed = addressed(function);
        variables.retain(|local| {
            !addressed
                .iter()
                .any(|(name, is_passed)| *name == local.name && (local.is_pointer() || !is_passed))
        });
        if variables.is_empty() || variables.len() > VARIABLES_MAX {
            return None;
        }
        let mut builder = Builder {
            variables,
            blocks: vec![Block::default()],
            current: 0,
            breaks: Vec::new(),
            continues: Vec::new(),
            labels: BTreeMap::new(),
            depth: 0,
            is_lost: false,
        };
        builder.statement(body);
        if let Some(end) = body.children().last() {
            builder.event(Event::Leave(end));
        }
        (!builder.is_lost).then_some(Self {
            variables: builder.variables,
            blocks: builder.blocks,
        })
    }
}

/// Returns whether all ways through a function can be told from its text.
fn is_plain(function: NodeRef<'_>) -> bool {
    function.subtree().all(|node| {
        !node.is_error()
            && !node.is_missing()
            && !node.kind().starts_with("preproc_")
            && !node.kind().starts_with("gnu_asm")
            && !matches!(
                node.kind(),
                "lambda_expression" | "try_statement" | "seh_try_statement"
            )
    })
}

/// Returns the names whose address is taken, and whether that is only to hand
/// it to a call.
fn addressed<'t>(function: NodeRef<'t>) -> Vec<(&'t str, bool)> {
    function
        .subtree()
        .filter_map(|node| {
            let name = address_of(node)?;
            let around = node.parent()?;
            Some((name, around.kind() == "argument_list"))
        })
        .collect()
}

/// Returns the name in `&name`.
fn address_of(node: NodeRef<'_>) -> Option<&str> {
    (node.kind() == "pointer_expression" && node.text().starts_with('&'))
        .then(|| node.named_children().next().map(bare))
        .flatten()
        .filter(|of| of.kind() == "identifier")
        .map(NodeRef::text)
}

struct Builder<'t> {
    variables: Vec<Local<'t>>,
    blocks: Vec<Block<'t>>,
    current: usize,
    breaks: Vec<usize>,
    continues: Vec<usize>,
    labels: BTreeMap<&'t str, usize>,
    depth: usize,
    is_lost: bool,
}

impl<'t> Builder<'t> {
    fn block(&mut self) -> usize {
        self.blocks.push(Block::default());
        self.blocks.len() - 1
    }

    fn event(&mut self, event: Event<'t>) {
        self.blocks[self.current].events.push(event);
    }

    fn edge(&mut self, to: usize, is_choice: bool, told: Option<(usize, bool)>) {
        self.blocks[self.current].next.push(Edge {
            to,
            is_choice,
            told,
        });
    }

    fn go(&mut self, to: usize) {
        self.edge(to, false, None);
    }

    /// What follows is not reached from here.
    fn stop(&mut self) {
        self.current = self.block();
    }

    fn variable(&self, node: NodeRef<'t>) -> Option<usize> {
        let node = bare(node);
        if node.kind() != "identifier" {
            return None;
        }
        let name = node.text();
        self.variables.iter().position(|local| local.name == name)
    }

    fn statement(&mut self, node: NodeRef<'t>) {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            self.is_lost = true;
        }
        if !self.is_lost {
            self.one(node);
        }
        self.depth -= 1;
    }

    fn one(&mut self, node: NodeRef<'t>) {
        match node.kind() {
            "compound_statement" | "else_clause" | "attributed_statement" => {
                for inside in node.named_children() {
                    self.statement(inside);
                }
            }
            "if_statement" => self.branch(node),
            "while_statement" | "for_statement" | "do_statement" | "for_range_loop" => {
                self.repeat(node);
            }
            "switch_statement" => self.choose(node),
            "labeled_statement" => {
                let mut parts = node.named_children();
                let Some(label) = parts.next() else { return };
                let block = self.label(label.text());
                self.go(block);
                self.current = block;
                for inside in parts {
                    self.statement(inside);
                }
            }
            "goto_statement" => match node.named_children().next() {
                Some(label) if label.kind() == "statement_identifier" => {
                    let block = self.label(label.text());
                    self.go(block);
                    self.stop();
                }
                _ => self.is_lost = true,
            },
            "return_statement" => {
                for value in node.named_children() {
                    self.expression(value);
                    self.keep(value);
                }
                self.event(Event::Leave(node));
                self.stop();
            }
            "throw_statement" | "co_return_statement" => {
                node.named_children()
                    .for_each(|value| self.expression(value));
                self.stop();
            }
            "break_statement" => self.jump(self.breaks.last().copied()),
            "continue_statement" => self.jump(self.continues.last().copied()),
            "expression_statement" => {
                // What a macro makes of the statement behind it is not known.
                self.is_lost |= !node.text().ends_with(';');
                node.named_children().for_each(|part| self.expression(part));
            }
            "declaration" => self.declaration(node),
            "comment"
            | "type_definition"
            | "using_declaration"
            | "alias_declaration"
            | "struct_specifier"
            | "enum_specifier"
            | "union_specifier"
            | "static_assert_declaration"
            | "empty_declaration"
            | "attribute_declaration" => {}
            _ => self.is_lost = true,
        }
    }

    fn label(&mut self, name: &'t str) -> usize {
        if let Some(known) = self.labels.get(name) {
            return *known;
        }
        let block = self.block();
        self.labels.insert(name, block);
        block
    }

    fn jump(&mut self, to: Option<usize>) {
        match to {
            Some(to) => {
                self.go(to);
                self.stop();
            }
            None => self.is_lost = true,
        }
    }

    fn declaration(&mut self, node: NodeRef<'t>) {
        let is_kept = node
            .children()
            .any(|part| matches!(part.text(), "static" | "extern" | "_Thread_local"));
        if is_kept {
            return;
        }
        let declarators: Vec<NodeRef<'t>> = node
            .children()
            .filter(|child| child.field() == Field::Declarator)
            .collect();
        for declarator in declarators {
            let value = declarator.child(Field::Value);
            let of = |local: &Local<'t>| declarator.encloses(local.declarator());
            let variable = self.variables.iter().position(of);
            if let Some(value) = value {
                self.expression(value);
                self.keep(value);
            }
            let Some(variable) = variable else { continue };
            let given = match value {
                Some(value) => self.given(value),
                None if declarator.kind() == "init_declarator" => Given::Other,
                None => Given::Nothing,
            };
            self.event(Event::Set(variable, declarator, given));
        }
    }

    fn branch(&mut self, node: NodeRef<'t>) {
        let (then, other, after) = (self.block(), self.block(), self.block());
        if let Some(condition) = node.child(Field::Condition) {
            self.condition(condition, then, other);
        }
        self.current = then;
        if let Some(part) = node.child(Field::Consequence) {
            self.statement(part);
        }
        self.go(after);
        self.current = other;
        if let Some(part) = node.child(Field::Alternative) {
            self.statement(part);
        }
        self.go(after);
        self.current = after;
    }

    fn repeat(&mut self, node: NodeRef<'t>) {
        let (head, body, test, out, after) = (
            self.block(),
            self.block(),
            self.block(),
            self.block(),
            self.block(),
        );
        let is_do = node.kind() == "do_statement";
        if let Some(part) = node.child(Field::Initializer) {
            match part.kind() {
                "declaration" => self.statement(part),
                _ => self.expression(part),
            }
        }
        if let Some(part) = node.child(Field::Right) {
            self.expression(part);
        }
        self.go(if is_do { body } else { head });
        self.current = head;
        match node.child(Field::Condition).filter(|_| !is_do) {
            Some(condition) => self.condition(condition, body, out),
            None if node.kind() == "for_range_loop" => {
                self.edge(body, true, None);
                self.edge(out, true, None);
            }
            None => self.go(body),
        }
        self.breaks.push(after);
        self.continues.push(test);
        self.current = body;
        if let Some(part) = node.child(Field::Body) {
            self.statement(part);
        }
        self.breaks.pop();
        self.continues.pop();
        self.go(test);
        self.current = test;
        if let Some(update) = node.child(Field::Update) {
            self.expression(update);
        }
        match node.child(Field::Condition).filter(|_| is_do) {
            Some(condition) => self.condition(condition, body, out),
            None => self.go(head),
        }
        // Why a loop came to its end is not known: what it looked for was found.
        self.current = out;
        self.go(after);
        self.current = after;
        let behind = self.block();
        self.edge(behind, true, None);
        self.current = behind;
    }

    fn choose(&mut self, node: NodeRef<'t>) {
        if let Some(condition) = node.child(Field::Condition) {
            self.expression(condition);
            self.tested(condition);
        }
        let from = self.current;
        let after = self.block();
        self.breaks.push(after);
        self.stop();
        let (mut has_default, mut is_listed) = (false, false);
        let body = node.child(Field::Body);
        for case in body.into_iter().flat_map(NodeRef::named_children) {
            if case.kind() == "comment" {
                continue;
            }
            if case.kind() != "case_statement" {
                self.is_lost = true;
                break;
            }
            let value = case.child(Field::Value);
            has_default |= value.is_none();
            // The names of an enumeration are all there.
            is_listed |= value.is_some_and(|value| value.kind() == "identifier");
            let block = self.block();
            self.go(block);
            self.current = from;
            self.edge(block, true, None);
            self.current = block;
            for inside in case.named_children().filter(|part| Some(*part) != value) {
                self.statement(inside);
            }
        }
        self.breaks.pop();
        self.go(after);
        if !has_default && !is_listed {
            self.current = from;
            self.edge(after, true, None);
        }
        self.current = after;
    }

    /// Goes one way where a condition is true and the other where it is false.
    fn condition(&mut self, node: NodeRef<'t>, yes: usize, no: usize) {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            self.is_lost = true;
        } else {
            self.decide(node, yes, no);
        }
        self.depth -= 1;
    }

    fn decide(&mut self, node: NodeRef<'t>, yes: usize, no: usize) {
        let inner = match node.kind() {
            "parenthesized_expression" => node.named_children().next(),
            "condition_clause" => node.child(Field::Value).or(node.named_children().last()),
            _ => None,
        };
        if let Some(inner) = inner {
            return match inner.kind() {
                "declaration" => {
                    self.statement(inner);
                    self.edge(yes, true, None);
                    self.edge(no, true, None);
                }
                _ => self.condition(inner, yes, no),
            };
        }
        let operator = node.child(Field::Operator).map_or("", NodeRef::text);
        let (left, right) = (node.child(Field::Left), node.child(Field::Right));
        match (node.kind(), operator, left, right) {
            ("unary_expression", "!", ..) => {
                if let Some(of) = node.child(Field::Operand) {
                    self.condition(of, no, yes);
                }
            }
            ("binary_expression", "&&" | "and", Some(left), Some(right)) => {
                let second = self.block();
                self.condition(left, second, no);
                self.current = second;
                self.condition(right, yes, no);
            }
            ("binary_expression", "||" | "or", Some(left), Some(right)) => {
                let second = self.block();
                self.condition(left, yes, second);
                self.current = second;
                self.condition(right, yes, no);
            }
            ("number_literal", ..) if node.text() == "0" => self.go(no),
            ("number_literal" | "true", ..) => self.go(yes),
            ("false", ..) => self.go(no),
            ("call_expression", ..) if is_hint(node) => {
                let of = call(node).and_then(|(_, arguments)| arguments.first().copied());
                match of {
                    Some(of) => self.condition(of, yes, no),
                    None => self.is_lost = true,
                }
            }
            _ => {
                let told = self.null_test(node);
                self.expression(node);
                if told.is_none() {
                    self.tested(node);
                }
                self.edge(yes, true, told);
                self.edge(no, true, told.map(|(variable, null)| (variable, !null)));
            }
        }
    }

    /// Returns the pointer that a condition compares with null, and whether it is
    /// null where the condition is true.
    fn null_test(&self, node: NodeRef<'t>) -> Option<(usize, bool)> {
        let pointer = |node: NodeRef<'t>| {
            let node = bare(node);
            let node = match node.kind() {
                "assignment_expression" => node.child(Field::Left)?,
                _ => node,
            };
            let variable = self.variable(node)?;
            self.variables[variable].is_pointer().then_some(variable)
        };
        if node.kind() != "binary_expression" {
            return Some((pointer(node)?, false));
        }
        let operator = node.child(Field::Operator)?.text();
        let is_null = match operator {
            "==" => true,
            "!=" => false,
            _ => return None,
        };
        let (left, right) = (node.child(Field::Left)?, node.child(Field::Right)?);
        let variable = match (is_zero(left), is_zero(right)) {
            (false, true) => pointer(left),
            (true, false) => pointer(right),
            _ => None,
        };
        Some((variable?, is_null))
    }

    /// A condition says something of all that it mentions.
    fn tested(&mut self, node: NodeRef<'t>) {
        for part in node.subtree().filter(|part| part.kind() == "identifier") {
            if let Some(variable) = self.variable(part) {
                self.event(Event::Test(variable));
            }
        }
    }

    fn expression(&mut self, node: NodeRef<'t>) {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            self.is_lost = true;
        }
        if !self.is_lost {
            self.value(node);
        }
        self.depth -= 1;
    }

    fn value(&mut self, node: NodeRef<'t>) {
        match node.kind() {
            "identifier" => {
                if let Some(variable) = self.variable(node) {
                    self.event(Event::Read(variable, node));
                }
            }
            "assignment_expression" => self.assignment(node),
            "update_expression" => {
                let of = node.child(Field::Operand);
                match of.and_then(|of| self.variable(of)) {
                    Some(variable) => {
                        self.event(Event::Read(variable, node));
                        self.event(Event::Forget(variable));
                    }
                    None => of.into_iter().for_each(|of| self.expression(of)),
                }
            }
            "call_expression" => self.called(node),
            "pointer_expression" => self.pointed(node),
            "subscript_expression" => {
                let of = node.child(Field::Operand);
                let of = of.or_else(|| node.named_children().next());
                if let Some(of) = of {
                    self.follow(of);
                }
                for part in node.named_children().filter(|part| Some(*part) != of) {
                    self.expression(part);
                }
            }
            "field_expression" => {
                let is_arrow = node.children().any(|part| part.text() == "->");
                if let Some(of) = node.child(Field::Operand) {
                    match is_arrow {
                        true => self.follow(of),
                        false if self.variable(of).is_none() => self.expression(of),
                        false => {}
                    }
                }
            }
            "binary_expression" => self.binary(node),
            "conditional_expression" => {
                let (then, other, after) = (self.block(), self.block(), self.block());
                if let Some(condition) = node.child(Field::Condition) {
                    self.condition(condition, then, other);
                }
                for (block, field) in [(then, Field::Consequence), (other, Field::Alternative)] {
                    self.current = block;
                    if let Some(part) = node.child(field) {
                        self.expression(part);
                        self.keep(part);
                    }
                    self.go(after);
                }
                self.current = after;
            }
            "sizeof_expression" | "alignof_expression" | "offsetof_expression" | "decltype" => {}
            "cast_expression" => {
                let is_void = node
                    .child(Field::Type)
                    .is_some_and(|ty| ty.text() == "void");
                // `(void) name;` reads nothing.
                match node.child(Field::Value) {
                    Some(value) if !is_void || self.variable(value).is_none() => {
                        self.expression(value);
                    }
                    _ => {}
                }
            }
            "delete_expression" => {
                if let Some(of) = node.named_children().last() {
                    match self.variable(of) {
                        Some(variable) => self.event(Event::Free(variable, bare(of))),
                        None => self.expression(of),
                    }
                }
            }
            "initializer_list" | "new_expression" | "initializer_pair" => {
                for part in node.subtree().skip(1) {
                    if let Some(variable) = self.variable(part) {
                        self.event(Event::Read(variable, part));
                        self.event(Event::Keep(variable));
                    }
                }
            }
            "compound_statement" | "statement_expression" => self.is_lost = true,
            _ => {
                for part in node.named_children() {
                    self.expression(part);
                }
            }
        }
    }

    fn follow(&mut self, of: NodeRef<'t>) {
        match self.variable(of) {
            Some(variable) if self.variables[variable].is_pointer() => {
                self.event(Event::Follow(variable, of));
            }
            _ => self.expression(of),
        }
    }

    fn pointed(&mut self, node: NodeRef<'t>) {
        let Some(of) = node.child(Field::Operand).map(bare) else {
            return;
        };
        if !node.text().starts_with('&') {
            return self.follow(of);
        }
        // The address of a member or an element: nothing is read.
        let mut base = of;
        while matches!(base.kind(), "field_expression" | "subscript_expression") {
            match base.child(Field::Operand).map(bare) {
                Some(inner) => base = inner,
                None => return,
            }
        }
        if base != of
            && let Some(variable) = self.variable(base)
        {
            self.event(Event::Read(variable, base));
            self.event(Event::Keep(variable));
        }
    }

    fn binary(&mut self, node: NodeRef<'t>) {
        let operator = node.child(Field::Operator).map_or("", NodeRef::text);
        let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right)) else {
            return;
        };
        if matches!(operator, "&&" | "||" | "and" | "or") {
            let (second, after) = (self.block(), self.block());
            match operator {
                "&&" | "and" => self.condition(left, second, after),
                _ => self.condition(left, after, second),
            }
            self.current = second;
            self.expression(right);
            self.go(after);
            self.current = after;
            return;
        }
        self.expression(left);
        self.expression(right);
        if matches!(operator, "/" | "%") {
            self.divided(right);
        }
    }

    fn divided(&mut self, by: NodeRef<'t>) {
        if let Some(variable) = self.variable(by)
            && self.variables[variable].is_number()
        {
            self.event(Event::Divide(variable, by));
        }
    }

    fn assignment(&mut self, node: NodeRef<'t>) {
        let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right)) else {
            return;
        };
        let operator = node.child(Field::Operator).map_or("=", NodeRef::text);
        self.expression(right);
        let own = self.variable(left);
        if own.is_some() && own == self.variable(right) {
            return;
        }
        self.keep(right);
        let Some(variable) = own else {
            return self.expression(left);
        };
        if operator == "=" {
            let given = self.given(right);
            self.event(Event::Set(variable, node, given));
            return;
        }
        self.event(Event::Read(variable, left));
        if matches!(operator, "/=" | "%=") {
            self.divided(right);
        }
        self.event(Event::Forget(variable));
    }

    /// Notes that something else holds what a variable holds.
    fn keep(&mut self, value: NodeRef<'t>) {
        let value = bare(value);
        if let Some(variable) = self.variable(value) {
            self.event(Event::Keep(variable));
        }
        // `p + 1`, `(q = p)`.
        if matches!(value.kind(), "binary_expression" | "assignment_expression") {
            for part in value.named_children() {
                self.keep(part);
            }
        }
    }

    fn called(&mut self, node: NodeRef<'t>) {
        let Some((name, arguments)) = call(node) else {
            return;
        };
        if let Some(callee) = node.child(Field::Function)
            && callee.kind() != "identifier"
        {
            self.expression(callee);
        }
        if is_assertion(name)
            && let Some(condition) = arguments.first()
        {
            let (holds, fails) = (self.block(), self.block());
            self.condition(*condition, holds, fails);
            self.current = holds;
            return;
        }
        let is_macro = !name.chars().any(char::is_lowercase);
        let follows = FOLLOWS.contains(&name);
        let frees = FREES.contains(&name) && arguments.len() == 1;
        let prints_address = arguments.iter().any(|arg| arg.text().contains("%p"));
        for argument in &arguments {
            let argument = bare(*argument);
            let Some(variable) = self.variable(argument) else {
                if address_of(argument).is_none() {
                    self.expression(argument);
                    self.keep(argument);
                }
                continue;
            };
            let is_pointer = self.variables[variable].is_pointer();
            // What looks like a call may be a macro that sets what it names.
            let is_known = follows || frees || PRINTS.contains(&name);
            if !is_known {
                self.event(Event::Fill(variable));
            }
            self.event(match () {
                () if is_macro => Event::Forget(variable),
                () if frees && is_pointer => Event::Free(variable, argument),
                () if follows && is_pointer => Event::Follow(variable, argument),
                () if is_pointer && !prints_address => Event::Pass(variable, argument),
                () => Event::Read(variable, argument),
            });
            if is_pointer && !follows && !frees && !PRINTS.contains(&name) {
                self.event(Event::Keep(variable));
            }
        }
        self.stored(name, node, &arguments);
        if NO_RETURN.contains(&name) {
            self.stop();
        } else if !follows && !frees && !PRINTS.contains(&name) && !ALLOCATES.contains(&name) {
            self.event(Event::Call);
        }
    }

    /// Sets the variables whose addresses a call gets.
    fn stored(&mut self, name: &str, node: NodeRef<'t>, arguments: &[NodeRef<'t>]) {
        let given = match SCANS.contains(&name) {
            true => Given::Outside,
            false => Given::Other,
        };
        for argument in arguments {
            let name = address_of(bare(*argument));
            let variable = name.and_then(|name| {
                let mut all = self.variables.iter();
                all.position(|local| local.name == name)
            });
            if let Some(variable) = variable {
                self.event(Event::Set(variable, node, given));
            }
        }
    }

    fn given(&self, value: NodeRef<'t>) -> Given {
        let value = bare(value);
        if is_zero(value) {
            return Given::Zero;
        }
        if value.kind() == "new_expression" {
            // What gets something else may belong to that.
            let is_alone = value.child(Field::Arguments).is_none_or(|arguments| {
                let mut given = arguments.named_children();
                given.all(|argument| argument.has(Role::Number) || argument.has(Role::String))
            });
            return match is_alone {
                true => Given::Owned,
                false => Given::Other,
            };
        }
        match call(value) {
            Some((name, _)) if ALLOCATES.contains(&name) => Given::Fresh,
            Some((name, _)) if PARSES.contains(&name) => Given::Outside,
            _ => Given::Other,
        }
    }
}

/// Returns whether a value is null or zero.
fn is_zero(node: NodeRef<'_>) -> bool {
    matches!(
        bare(node).text(),
        "0" | "NULL" | "nullptr" | "0L" | "0U" | "0u"
    )
}

/// Returns whether a call only says which way is taken more often.
fn is_hint(node: NodeRef<'_>) -> bool {
    call(node).is_some_and(|(name, _)| {
        matches!(
            name,
            "likely" | "unlikely" | "LIKELY" | "UNLIKELY" | "__builtin_expect"
        )
    })
}

/// `assert`, and what projects call their own: `DEBUGASSERT`, `CHECK_NOTNULL`.
fn is_assertion(name: &str) -> bool {
    let word = name.to_ascii_lowercase();
    word.contains("assert")
        || word.starts_with("dcheck")
        || word.starts_with("check_not")
        || matches!(
            name,
            "CHECK" | "VERIFY" | "ENSURE" | "REQUIRE" | "EXPECT" | "INVARIANT"
        )
}
