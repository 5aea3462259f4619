//! What lowerers share: how expressions and statements are visited within the
//! limit of depth, and the statements that most languages write with the same
//! fields. A lowerer implements [`Walk`] and overrides what its language does
//! in its own way.

use assay_syntax::{Field, NodeRef};

use crate::flow::builder::{Builder, LoopParts};
use crate::flow::ir::{Block, LogicalOp, Slot};

/// A lowerer at work on a tree.
pub(super) trait Walk {
    /// Returns the builder of the representation.
    fn builder(&mut self) -> &mut Builder;

    /// Lowers an expression by its kind. Only [`Walk::expression`] calls it.
    fn expression_inside(&mut self, node: NodeRef<'_>) -> Slot;

    /// Lowers a statement by its kind. Only [`Walk::statement`] calls it.
    fn statement_inside(&mut self, node: NodeRef<'_>);

    /// Lowers a loop, which may have a label; returns whether it is one.
    fn loop_statement(&mut self, node: NodeRef<'_>, label: Option<&str>) -> bool;

    /// Lowers an expression to the slot that holds its value.
    fn expression(&mut self, node: NodeRef<'_>) -> Slot {
        if !self.builder().descend() {
            return self.builder().unknown(node);
        }
        let value = self.expression_inside(node);
        self.builder().ascend();
        value
    }

    /// Lowers a statement.
    fn statement(&mut self, node: NodeRef<'_>) {
        if !self.builder().descend() {
            return;
        }
        self.statement_inside(node);
        self.builder().ascend();
    }

    /// Lowers an expression that may be missing.
    fn optional(&mut self, at: NodeRef<'_>, node: Option<NodeRef<'_>>) -> Slot {
        match node {
            Some(node) => self.expression(node),
            None => self.builder().unknown(at),
        }
    }

    /// Lowers the expression in a field.
    fn operand(&mut self, node: NodeRef<'_>, field: Field) -> Slot {
        self.optional(node, node.child(field))
    }

    /// Lowers the first named child: what is in parentheses.
    fn first(&mut self, node: NodeRef<'_>) -> Slot {
        self.optional(node, node.named_children().next())
    }

    /// Lowers all named children.
    fn children(&mut self, node: NodeRef<'_>) -> Vec<Slot> {
        node.named_children()
            .map(|child| self.expression(child))
            .collect()
    }

    /// Lowers what the lowerer does not know: anything may come of its parts.
    fn anything(&mut self, node: NodeRef<'_>) -> Slot {
        let parts = self.children(node);
        match parts.is_empty() {
            true => self.builder().unknown(node),
            false => self.builder().mix(node, parts),
        }
    }

    /// Lowers a statement into a block and scope of its own.
    fn block(&mut self, node: Option<NodeRef<'_>>) -> Block {
        self.builder().open();
        if let Some(node) = node {
            self.builder().enter_scope();
            self.statement(node);
            self.builder().leave_scope();
        }
        self.builder().close()
    }

    /// Lowers `if`, with its parts in the fields condition, consequence and
    /// alternative.
    fn if_statement(&mut self, node: NodeRef<'_>) {
        let Some(cond) = node.child(Field::Condition) else {
            return;
        };
        let cond = self.expression(cond);
        let then = self.block(node.child(Field::Consequence));
        let otherwise = self.block(node.child(Field::Alternative));
        self.builder().branch(node, cond, then, otherwise);
    }

    /// Lowers `while` and `do`, with their parts in the fields condition and
    /// body; the body of a `do` is run before the condition is asked.
    fn while_loop(&mut self, node: NodeRef<'_>, label: Option<&str>, body_first: bool) {
        let label = self.builder().begin_loop(label);
        self.builder().open();
        let cond = node.child(Field::Condition);
        let cond = cond.map(|cond| self.expression(cond));
        let head = self.builder().close();
        let body = self.block(node.child(Field::Body));
        let parts = LoopParts {
            head,
            cond,
            body,
            body_first,
            ..LoopParts::default()
        };
        self.builder().end_loop(node, label, parts);
    }

    /// Lowers the part of a `for` with three parts that comes after its
    /// initial statement: the condition, the body and what is run after it.
    fn counted_loop(
        &mut self,
        node: NodeRef<'_>,
        label: Option<&str>,
        cond: Option<NodeRef<'_>>,
        updates: &[NodeRef<'_>],
    ) {
        let label = self.builder().begin_loop(label);
        self.builder().open();
        let cond = cond.map(|cond| self.expression(cond));
        let head = self.builder().close();
        let body = self.block(node.child(Field::Body));
        self.builder().open();
        for update in updates {
            self.statement(*update);
        }
        let step = self.builder().close();
        let parts = LoopParts {
            head,
            cond,
            body,
            step,
            body_first: false,
        };
        self.builder().end_loop(node, label, parts);
    }

    /// Lowers a statement with a label: a loop, or a block to break out of.
    fn labelled(&mut self, node: NodeRef<'_>, name: &str, inner: NodeRef<'_>) {
        if self.loop_statement(inner, Some(name)) {
            return;
        }
        let label = self.builder().begin_labelled(Some(name));
        let body = self.block(Some(inner));
        self.builder().end_labelled(node, label, body);
    }

    /// Lowers `return` with the expression that is its first child.
    fn return_statement(&mut self, node: NodeRef<'_>) {
        let value = node.named_children().next();
        let value = value.map(|value| self.expression(value));
        self.builder().return_value(node, value);
    }

    /// Lowers `throw` with the expression that is its first child.
    fn throw_statement(&mut self, node: NodeRef<'_>) {
        let value = self.first(node);
        self.builder().throw(node, value);
    }

    /// Lowers `a && b`, `a || b` and `a ?? b`, with the operands in the fields
    /// left and right.
    fn logical(&mut self, node: NodeRef<'_>, op: LogicalOp) -> Slot {
        let left = self.operand(node, Field::Left);
        self.builder().open();
        let value = self.operand(node, Field::Right);
        let right = self.builder().close();
        self.builder().logical(node, op, left, right, value)
    }

    /// Lowers `a ? b : c`, with its parts in the fields condition, consequence
    /// and alternative.
    fn conditional(&mut self, node: NodeRef<'_>) -> Slot {
        let cond = self.operand(node, Field::Condition);
        let result = self.builder().temp();
        let mut arm = |field| {
            self.builder().open();
            let value = self.operand(node, field);
            self.builder().assign(node, result, value);
            self.builder().close()
        };
        let then = arm(Field::Consequence);
        let otherwise = arm(Field::Alternative);
        self.builder().branch(node, cond, then, otherwise);
        result
    }
}
