//! Ruby's statements, which all have values: conditionals, loops, handlers.

use assay_syntax::{Field, NodeRef};

use super::pattern::case_test;
use super::{Out, Round, Ruby, first_item, items};
use crate::flow::builder::LoopParts;
use crate::flow::ir::{Arg, Arm, Block, EachKind, Handler, LogicalOp, Name, Slot, UnaryOp};
use crate::flow::lower::walk::Walk;

impl Ruby<'_> {
    pub(super) fn lower_statement(&mut self, node: NodeRef<'_>, out: Out) {
        match node.kind() {
            "method" | "singleton_method" => {
                self.method_statement(node);
                self.give_nothing(node, out);
            }
            "class" | "module" => {
                self.module(node);
                self.give_nothing(node, out);
            }
            "singleton_class" => {
                self.singleton_class(node);
                self.give_nothing(node, out);
            }
            "if" | "unless" | "elsif" | "conditional" => {
                let is_negated = node.kind() == "unless";
                let parts = [Field::Consequence, Field::Alternative];
                let parts = parts.map(|field| node.child(field));
                self.choose(node, is_negated, parts, out);
            }
            "if_modifier" | "unless_modifier" => {
                let is_negated = node.kind() == "unless_modifier";
                self.choose(node, is_negated, [node.child(Field::Body), None], out);
            }
            "then"
            | "else"
            | "do"
            | "begin"
            | "ensure"
            | "parenthesized_statements"
            | "body_statement"
            | "block_body"
            | "begin_block"
            | "end_block"
            | "program" => {
                self.body(node, out);
            }
            "while" | "until" | "while_modifier" | "until_modifier" | "for" => {
                self.lower_loop(node);
                self.give_nothing(node, out);
            }
            "case" => self.case(node, out),
            "case_match" => self.case_match(node, out),
            "return" => {
                let value = self.jump_value(node);
                self.b.return_value(node, value);
            }
            "break" => {
                let value = self.jump_value(node);
                match self.inside.loops.is_empty() {
                    true => self.b.return_value(node, value),
                    false => self.b.break_out(node, None),
                }
            }
            "next" => {
                let value = self.jump_value(node);
                match self.inside.loops.last().cloned() {
                    None => self.b.return_value(node, value),
                    Some(round) => {
                        if let (Some(result), Some(value)) = (round.value, value) {
                            self.b.assign(node, result, value);
                        }
                        match round.label {
                            Some(label) => self.b.break_out(node, Some(&label)),
                            None => self.b.continue_loop(node, None),
                        }
                    }
                }
            }
            "alias" | "undef" | "redo" | "retry" => self.give_nothing(node, out),
            "rescue_modifier" => self.rescue_modifier(node, out),
            "call" if matches!(out, Out::Drop) => {
                self.call(node, false);
            }
            _ => {
                let value = self.expression(node);
                self.give(node, value, out);
            }
        }
    }

    /// Lowers something with branches to the value that these have.
    pub(super) fn valued(&mut self, node: NodeRef<'_>) -> Slot {
        let result = self.b.temp();
        self.lower_statement(node, Out::Into(result));
        result
    }

    /// Lowers statements into a block of their own.
    pub(super) fn block_of(
        &mut self,
        node: Option<NodeRef<'_>>,
        at: NodeRef<'_>,
        out: Out,
    ) -> Block {
        self.b.open();
        match node {
            Some(node) => self.last(node, out),
            None => self.give_nothing(at, out),
        }
        self.b.close()
    }

    fn choose(
        &mut self,
        node: NodeRef<'_>,
        is_negated: bool,
        [then, otherwise]: [Option<NodeRef<'_>>; 2],
        out: Out,
    ) {
        let cond = self.operand(node, Field::Condition);
        let then = self.block_of(then, node, out);
        let otherwise = self.block_of(otherwise, node, out);
        match is_negated {
            false => self.b.branch(node, cond, then, otherwise),
            true => self.b.branch(node, cond, otherwise, then),
        }
    }

    /// Lowers what a jump takes with it.
    fn jump_value(&mut self, node: NodeRef<'_>) -> Option<Slot> {
        let list = first_item(node)?;
        let mut args = self.arguments_in(list);
        match args.as_slice() {
            [] => None,
            [one] if !one.spread && one.name.is_none() => args.pop().map(|arg| arg.value),
            _ => Some(self.b.list(node, args)),
        }
    }

    /// Lowers a loop; returns whether it is one.
    pub(super) fn lower_loop(&mut self, node: NodeRef<'_>) -> bool {
        self.inside.loops.push(Round::default());
        let is_loop = match node.kind() {
            "while" | "until" | "while_modifier" | "until_modifier" => {
                let body = node.child(Field::Body);
                let is_body_first = node.kind().ends_with("modifier")
                    && body.is_some_and(|body| body.kind() == "begin");
                self.conditional_loop(node, is_body_first);
                true
            }
            "for" => {
                self.for_loop(node);
                true
            }
            _ => false,
        };
        self.inside.loops.pop();
        is_loop
    }

    fn conditional_loop(&mut self, node: NodeRef<'_>, body_first: bool) {
        let label = self.b.begin_loop(None);
        self.b.open();
        let mut cond = self.operand(node, Field::Condition);
        if node.kind().starts_with("until") {
            cond = self.b.unary(node, UnaryOp::Not, cond);
        }
        let head = self.b.close();
        let body = self.block_of(node.child(Field::Body), node, Out::Drop);
        let parts = LoopParts {
            head,
            cond: Some(cond),
            body,
            body_first,
            ..LoopParts::default()
        };
        self.b.end_loop(node, label, parts);
    }

    fn for_loop(&mut self, node: NodeRef<'_>) {
        let subject = match node.child(Field::Value).and_then(first_item) {
            Some(subject) => self.expression(subject),
            None => self.b.unknown(node),
        };
        let label = self.b.begin_loop(None);
        let (item, key) = (self.b.temp(), self.b.temp());
        self.b.open();
        let pattern = node.child(Field::Pattern);
        let mut kind = EachKind::Values;
        match pattern {
            // Pairs of a hash.
            Some(list) if list.kind() == "left_assignment_list" => {
                let targets: Vec<NodeRef<'_>> = items(list).collect();
                if let [first, second] = targets.as_slice() {
                    self.assign_to(*first, key);
                    self.assign_to(*second, item);
                } else {
                    self.take_apart(list, &targets, item);
                }
            }
            Some(target) => {
                kind = EachKind::Elements;
                self.assign_to(target, item);
            }
            None => {}
        }
        if let Some(body) = node.child(Field::Body) {
            self.body(body, Out::Drop);
        }
        let body = self.b.close();
        self.b
            .end_each(node, label, (subject, kind), (item, Some(key)), body);
    }

    /// Lowers statements with handlers.
    pub(super) fn protected(&mut self, node: NodeRef<'_>, out: Out) {
        let is_part = |n: &NodeRef<'_>| matches!(n.kind(), "rescue" | "else" | "ensure");
        let statements: Vec<NodeRef<'_>> = items(node).take_while(|n| !is_part(n)).collect();
        let clauses: Vec<NodeRef<'_>> = items(node).filter(is_part).collect();
        let otherwise = clauses.iter().copied().find(|n| n.kind() == "else");
        let of_body = if otherwise.is_some() { Out::Drop } else { out };
        self.b.open();
        self.sequence(node, &statements, of_body);
        let body = self.b.close();
        let mut handlers = Vec::new();
        for clause in clauses.iter().filter(|n| n.kind() == "rescue") {
            handlers.push(self.handler(*clause, out));
        }
        let otherwise = match otherwise {
            Some(otherwise) => self.block_of(Some(otherwise), node, out),
            None => Block::new(),
        };
        let finally = clauses.iter().copied().find(|n| n.kind() == "ensure");
        let finally = match finally {
            Some(finally) => self.block_of(Some(finally), node, Out::Drop),
            None => Block::new(),
        };
        self.b.try_block(node, body, handlers, otherwise, finally);
    }

    fn handler(&mut self, node: NodeRef<'_>, out: Out) -> Handler {
        let part = |kind: &str| items(node).find(|n| n.kind() == kind);
        let listed: Vec<NodeRef<'_>> = part("exceptions").into_iter().flat_map(items).collect();
        let paths: Option<Vec<String>> = listed.iter().map(|ty| self.constant_path(*ty)).collect();
        let types = paths
            .unwrap_or_default()
            .into_iter()
            .map(Name::from)
            .collect();
        let slot = self.b.temp();
        self.b.open();
        if let Some(variable) = part("exception_variable") {
            self.assign_to(variable, slot);
        }
        match node.child(Field::Body) {
            Some(body) => self.body(body, out),
            None => self.give_nothing(node, out),
        }
        Handler {
            slot: Some(slot),
            types,
            body: self.b.close(),
        }
    }

    fn rescue_modifier(&mut self, node: NodeRef<'_>, out: Out) {
        let body = self.block_of(node.child(Field::Body), node, out);
        let handler = Handler {
            slot: None,
            types: Vec::new(),
            body: self.block_of(node.child(Field::Handler), node, out),
        };
        self.b
            .try_block(node, body, vec![handler], Block::new(), Block::new());
    }

    /// `case value when a, b then c else d end`
    fn case(&mut self, node: NodeRef<'_>, out: Out) {
        let subject = node.child(Field::Value);
        let whens: Vec<NodeRef<'_>> = items(node).filter(|n| n.kind() == "when").collect();
        let otherwise = items(node).find(|n| n.kind() == "else");
        let all_constant = whens
            .iter()
            .flat_map(|when| items(*when).filter(|n| n.kind() == "pattern"))
            .filter_map(first_item)
            .all(|test| super::literal::literal(test).is_some());
        let subject = match subject {
            Some(subject) if all_constant => {
                let subject = self.expression(subject);
                self.constant_case(node, subject, &whens, otherwise, out);
                return;
            }
            Some(subject) => Some(self.expression(subject)),
            None => None,
        };
        self.chain(node, subject, &whens, otherwise, out);
    }

    fn constant_case(
        &mut self,
        node: NodeRef<'_>,
        subject: Slot,
        whens: &[NodeRef<'_>],
        otherwise: Option<NodeRef<'_>>,
        out: Out,
    ) {
        let label = self.b.begin_labelled(None);
        let mut arms = Vec::new();
        for when in whens {
            self.b.open();
            let mut tests = Vec::new();
            for pattern in items(*when).filter(|n| n.kind() == "pattern") {
                if let Some(test) = first_item(pattern) {
                    tests.push(self.expression(test));
                }
            }
            let head = self.b.close();
            arms.push(Arm {
                head,
                tests,
                body: self.block_of(when.child(Field::Body), *when, out),
                falls_through: false,
            });
        }
        let default = Some(arms.len());
        arms.push(Arm {
            head: Block::new(),
            tests: Vec::new(),
            body: self.block_of(otherwise, node, out),
            falls_through: false,
        });
        self.b.end_switch(node, label, subject, arms, default);
    }

    /// Tests that are no constants come one after the other.
    fn chain(
        &mut self,
        node: NodeRef<'_>,
        subject: Option<Slot>,
        whens: &[NodeRef<'_>],
        otherwise: Option<NodeRef<'_>>,
        out: Out,
    ) {
        let Some((when, rest)) = whens.split_first() else {
            match otherwise {
                Some(otherwise) => self.body(otherwise, out),
                None => self.give_nothing(node, out),
            }
            return;
        };
        if !self.b.descend() {
            return;
        }
        let patterns: Vec<NodeRef<'_>> = items(*when)
            .filter(|n| n.kind() == "pattern")
            .filter_map(first_item)
            .collect();
        let mut cond = None;
        for pattern in patterns {
            let test = match subject {
                Some(subject) => case_test(self, pattern, subject),
                None => self.expression(pattern),
            };
            cond = Some(match cond {
                None => test,
                Some(before) => self
                    .b
                    .logical(pattern, LogicalOp::Or, before, Block::new(), test),
            });
        }
        let cond = match cond {
            Some(cond) => cond,
            None => self.b.unknown(*when),
        };
        let then = self.block_of(when.child(Field::Body), *when, out);
        self.b.open();
        self.chain(node, subject, rest, otherwise, out);
        let other = self.b.close();
        self.b.branch(*when, cond, then, other);
        self.b.ascend();
    }

    /// `raise Type, "text"`
    pub(super) fn raise(&mut self, node: NodeRef<'_>, args: Vec<Arg>) -> Slot {
        let parts: Vec<Slot> = args.into_iter().map(|arg| arg.value).collect();
        let value = match parts.as_slice() {
            [] => self.b.unknown(node),
            [one] => *one,
            _ => self.b.mix(node, parts),
        };
        self.b.throw(node, value);
        self.b.unknown(node)
    }
}
