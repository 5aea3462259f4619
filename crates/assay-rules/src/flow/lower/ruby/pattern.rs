//! Ruby's pattern matching: `case value in pattern`.

use assay_syntax::{Field, NodeRef};

use super::literal::{constant_text, literal};
use super::{Out, Ruby, first_item, items};
use crate::flow::ir::{BinaryOp, Block, LogicalOp, Name, Op, Slot, UnaryOp};
use crate::flow::lower::walk::Walk;

impl Ruby<'_> {
    pub(super) fn case_match(&mut self, node: NodeRef<'_>, out: Out) {
        let subject = self.operand(node, Field::Value);
        let clauses: Vec<NodeRef<'_>> = items(node).filter(|n| n.kind() == "in_clause").collect();
        let otherwise = items(node).find(|n| n.kind() == "else");
        self.match_chain(node, subject, &clauses, otherwise, out);
    }

    fn match_chain(
        &mut self,
        node: NodeRef<'_>,
        subject: Slot,
        clauses: &[NodeRef<'_>],
        otherwise: Option<NodeRef<'_>>,
        out: Out,
    ) {
        let Some((clause, rest)) = clauses.split_first() else {
            match otherwise {
                Some(otherwise) => self.body(otherwise, out),
                None => {
                    let error = self.b.unknown(node);
                    self.b.throw(node, error);
                }
            }
            return;
        };
        if !self.b.descend() {
            return;
        }
        let mut cond = match clause.child(Field::Pattern) {
            Some(pattern) => self.pattern(pattern, subject),
            None => self.b.unknown(*clause),
        };
        let is_guard = |n: &NodeRef<'_>| matches!(n.kind(), "if_guard" | "unless_guard");
        if let Some(guard) = items(*clause).find(is_guard) {
            self.b.open();
            let mut value = self.operand(guard, Field::Condition);
            if guard.kind() == "unless_guard" {
                value = self.b.unary(guard, UnaryOp::Not, value);
            }
            let block = self.b.close();
            cond = self.b.logical(guard, LogicalOp::And, cond, block, value);
        }
        let then = self.block_of(clause.child(Field::Body), *clause, out);
        self.b.open();
        self.match_chain(node, subject, rest, otherwise, out);
        let other = self.b.close();
        self.b.branch(*clause, cond, then, other);
        self.b.ascend();
    }

    /// Binds the variables of a pattern and returns whether it matches.
    pub(super) fn pattern(&mut self, pattern: NodeRef<'_>, subject: Slot) -> Slot {
        if !self.b.descend() {
            return self.b.unknown(pattern);
        }
        let matches = self.pattern_inside(pattern, subject);
        self.b.ascend();
        matches
    }

    fn pattern_inside(&mut self, pattern: NodeRef<'_>, subject: Slot) -> Slot {
        match pattern.kind() {
            "identifier" => {
                self.assign_name(pattern, pattern.text(), subject);
                self.b.unknown(pattern)
            }
            "as_pattern" => {
                let matches = match pattern.child(Field::Value) {
                    Some(inner) => self.pattern(inner, subject),
                    None => self.b.unknown(pattern),
                };
                if let Some(name) = pattern.child(Field::Name) {
                    self.assign_name(pattern, name.text(), subject);
                }
                matches
            }
            "parenthesized_pattern" => match first_item(pattern) {
                Some(inner) => self.pattern(inner, subject),
                None => self.b.unknown(pattern),
            },
            "alternative_pattern" => {
                let mut any = None;
                for inner in items(pattern) {
                    let matches = self.pattern(inner, subject);
                    any = Some(match any {
                        None => matches,
                        Some(before) => {
                            let or = LogicalOp::Or;
                            self.b.logical(pattern, or, before, Block::new(), matches)
                        }
                    });
                }
                match any {
                    Some(any) => any,
                    None => self.b.unknown(pattern),
                }
            }
            "array_pattern" | "find_pattern" => {
                self.list_pattern(pattern, subject);
                self.b.unknown(pattern)
            }
            "hash_pattern" => {
                self.hash_pattern(pattern, subject);
                self.b.unknown(pattern)
            }
            "variable_reference_pattern" | "expression_reference_pattern" => {
                let value = self.first(pattern);
                self.b.binary(pattern, BinaryOp::Eq, subject, value)
            }
            _ => case_test(self, pattern, subject),
        }
    }

    fn list_pattern(&mut self, pattern: NodeRef<'_>, subject: Slot) {
        let parts: Vec<NodeRef<'_>> = items(pattern)
            .filter(|n| !(n.kind() == "constant" || n.kind() == "scope_resolution"))
            .collect();
        let is_find = pattern.kind() == "find_pattern";
        let rest = parts.iter().position(|n| n.kind() == "splat_parameter");
        for (place, part) in parts.iter().enumerate() {
            let value = match rest {
                _ if is_find => self.b.mix(*part, vec![subject]),
                Some(rest) if place == rest => {
                    let from = self.b.int(*part, place as i64);
                    let after = (parts.len() - 1 - rest) as i64;
                    let to = (after > 0).then(|| self.b.int(*part, -after));
                    self.b.emit(*part, Op::Slice(subject, Some(from), to))
                }
                _ => {
                    let after = rest.is_some_and(|rest| place > rest);
                    let place = place as i64 - if after { parts.len() as i64 } else { 0 };
                    let index = self.b.int(*part, place);
                    self.b.load_index(*part, subject, index)
                }
            };
            match (part.kind(), part.child(Field::Name)) {
                ("splat_parameter", Some(name)) => self.assign_name(*part, name.text(), value),
                ("splat_parameter", None) => {}
                _ => {
                    self.pattern(*part, value);
                }
            }
        }
    }

    fn hash_pattern(&mut self, pattern: NodeRef<'_>, subject: Slot) {
        for part in items(pattern) {
            match part.kind() {
                "keyword_pattern" => {
                    let Some(key) = part.child(Field::Key) else {
                        continue;
                    };
                    let name = constant_text(key).unwrap_or_else(|| key.text().to_owned());
                    let index = self.b.string(key, &name);
                    let value = self.b.load_index(part, subject, index);
                    match part.child(Field::Value) {
                        Some(inner) => {
                            self.pattern(inner, value);
                        }
                        None => self.assign_name(part, &name, value),
                    }
                }
                "hash_splat_parameter" => {
                    if let Some(name) = part.child(Field::Name) {
                        self.assign_name(part, name.text(), subject);
                    }
                }
                _ => {}
            }
        }
    }

    /// `value => pattern`, `value in pattern`
    pub(super) fn match_statement(&mut self, node: NodeRef<'_>) -> Slot {
        let subject = self.operand(node, Field::Value);
        match node.child(Field::Pattern) {
            Some(pattern) => self.pattern(pattern, subject),
            None => self.b.unknown(node),
        }
    }
}

/// Classes of which no value is a text.
const NUMBERS: &[&str] = &[
    "Integer",
    "Float",
    "Numeric",
    "Rational",
    "Complex",
    "TrueClass",
    "FalseClass",
    "NilClass",
    "Date",
    "Time",
    "DateTime",
];

/// Returns whether a value is what `when` says: equal to a constant, matched by
/// a pattern, of a type, in a list.
pub(super) fn case_test(this: &mut Ruby<'_>, test: NodeRef<'_>, subject: Slot) -> Slot {
    if literal(test).is_some() {
        let value = this.expression(test);
        return this.b.binary(test, BinaryOp::Eq, subject, value);
    }
    match test.kind() {
        "regex" => {
            let pattern = this.expression(test);
            this.inside.matched = Some((subject, pattern));
            this.b.binary(test, BinaryOp::Match, subject, pattern)
        }
        "splat_argument" => {
            let list = this.first(test);
            this.b.binary(test, BinaryOp::In, subject, list)
        }
        "constant" | "scope_resolution" => {
            let path = this.constant_path(test).unwrap_or_default();
            let last = path.rsplit('.').next().unwrap_or("");
            // What is written in capitals is a value, perhaps a pattern.
            if last.chars().any(char::is_lowercase) {
                let ty = tested_type(&path);
                return this.b.emit(test, Op::IsType(subject, Name::from(ty)));
            }
            let value = this.expression(test);
            this.b.binary(test, BinaryOp::Match, subject, value)
        }
        "range" | "lambda" => {
            this.expression(test);
            this.b.unknown(test)
        }
        _ => {
            let value = this.expression(test);
            this.b.binary(test, BinaryOp::Eq, subject, value)
        }
    }
}

/// Returns the type that a class of the path stands for in a test.
pub(super) fn tested_type(path: &str) -> &str {
    let last = path.rsplit('.').next().unwrap_or("");
    match NUMBERS.contains(&last) {
        true => "int",
        false => path,
    }
}
