//! Query expressions of C#: loops that make a list.

use assay_syntax::{Field, NodeRef};

use super::CSharp;
use crate::flow::ir::{Block, EachKind, Slot};
use crate::flow::lower::walk::Walk;

impl CSharp<'_> {
    /// Lowers `from x in xs where ... select ...`.
    pub(super) fn query(&mut self, node: NodeRef<'_>) -> Slot {
        let result = self.b.list(node, Vec::new());
        let clauses: Vec<NodeRef<'_>> = node.named_children().collect();
        self.b.enter_scope();
        self.clauses(node, &clauses, result);
        self.b.leave_scope();
        result
    }

    fn clauses(&mut self, node: NodeRef<'_>, clauses: &[NodeRef<'_>], result: Slot) {
        let Some((clause, rest)) = clauses.split_first() else {
            return;
        };
        if !self.b.descend() {
            return;
        }
        let clause = *clause;
        match clause.kind() {
            "from_clause" | "join_clause" => self.source(node, clause, rest, result),
            "where_clause" => {
                let cond = clause.named_children().next();
                let cond = match cond {
                    Some(cond) => self.expression(cond),
                    None => self.b.unknown(clause),
                };
                self.b.open();
                self.clauses(node, rest, result);
                let then = self.b.close();
                self.b.branch(clause, cond, then, Block::new());
            }
            "let_clause" => {
                let mut parts = clause.named_children();
                if let (Some(name), Some(value)) = (parts.next(), parts.last()) {
                    let value = self.expression(value);
                    let slot = self.b.declare(name.text(), None);
                    self.b.assign(clause, slot, value);
                }
                self.clauses(node, rest, result);
            }
            "select_clause" | "group_clause" => {
                let value = clause.named_children().next();
                let value = match value {
                    Some(value) => self.expression(value),
                    None => self.b.unknown(clause),
                };
                match rest.split_first() {
                    // `into name` goes on with what was selected.
                    Some((name, rest)) if name.kind() == "identifier" => {
                        let slot = self.b.declare(name.text(), None);
                        self.b.assign(clause, slot, value);
                        self.clauses(node, rest, result);
                    }
                    _ => self.b.store_index(clause, result, None, value),
                }
            }
            _ => {
                for part in clause.named_children() {
                    self.expression(part);
                }
                self.clauses(node, rest, result);
            }
        }
        self.b.ascend();
    }

    /// A clause that takes elements out of a collection.
    fn source(
        &mut self,
        node: NodeRef<'_>,
        clause: NodeRef<'_>,
        rest: &[NodeRef<'_>],
        result: Slot,
    ) {
        let ty = clause.child(Field::Type);
        let mut parts = clause
            .named_children()
            .filter(|part| Some(*part) != ty && part.kind() != "join_into_clause");
        let name = parts.next();
        let subject = match parts.next() {
            Some(subject) => self.expression(subject),
            None => self.b.unknown(clause),
        };
        let label = self.b.begin_loop(None);
        self.b.open();
        let item = self.b.temp();
        if let Some(name) = name {
            let ty = self.want(ty).ty;
            let slot = self.b.declare(name.text(), ty.as_deref());
            self.b.assign(name, slot, item);
        }
        let into = clause
            .named_children()
            .find(|part| part.kind() == "join_into_clause")
            .and_then(|into| into.named_children().next());
        if let Some(into) = into {
            let slot = self.b.declare(into.text(), None);
            self.b.assign(into, slot, subject);
        }
        self.clauses(node, rest, result);
        let body = self.b.close();
        self.b.end_each(
            clause,
            label,
            (subject, EachKind::Entries),
            (item, None),
            body,
        );
    }
}
