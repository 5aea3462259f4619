//! Ruby's expressions.

use assay_syntax::{Field, NodeRef};

use super::literal::{constant_text, literal};
use super::method::is_block;
use super::pattern::case_test;
use super::{Ruby, first_item, items};
use crate::flow::ir::{Arg, BLOCK, BinaryOp, Callee, Literal, LogicalOp, Name, Op, Slot, UnaryOp};
use crate::flow::lower::walk::Walk;

impl Ruby<'_> {
    pub(super) fn lower_expression(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(literal) = literal(node) {
            return self.b.constant(node, literal);
        }
        match node.kind() {
            "identifier" => self.name_or_call(node, node.text()),
            "constant" | "scope_resolution" => self.constant(node),
            "self" => match self.receiver() {
                Some(receiver) => receiver,
                None => self.b.unknown(node),
            },
            "instance_variable" => self.member(node),
            "class_variable" => {
                let name = self.class_variable(node.text());
                self.b.global(node, &name)
            }
            "global_variable" => self.special(node),
            "string" | "chained_string" | "delimited_symbol" | "bare_string" | "bare_symbol" => {
                self.interpolated(node)
            }
            "heredoc_beginning" => self.heredoc(node),
            "regex" => self.regex(node),
            "subshell" => {
                let command = self.interpolated(node);
                self.b.call_global(node, "`", vec![Arg::plain(command)])
            }
            "string_array" | "symbol_array" => self.words(node),
            "array" | "right_assignment_list" | "argument_list" => {
                let args = self.arguments_in(node);
                self.b.list(node, args)
            }
            "hash" => self.hash(node),
            "pair" => {
                let entry = self.entry(node);
                self.b.emit(node, Op::Map(vec![entry]))
            }
            "splat_argument"
            | "hash_splat_argument"
            | "block_argument"
            | "interpolation"
            | "in"
            | "superclass"
            | "pattern" => self.first(node),
            "call" => self.call(node, true),
            "super" => self.super_call(node, None, None),
            "yield" => {
                let list = first_item(node);
                let args = list.map(|list| self.arguments_in(list)).unwrap_or_default();
                match self.b.lookup(BLOCK) {
                    Some(block) => self.b.call(node, Callee::Value(block), args),
                    None => self.b.unknown(node),
                }
            }
            "lambda" => self.closure(node),
            "block" | "do_block" => self.closure(node),
            "element_reference" => self.element(node),
            "assignment" => self.assignment(node),
            "operator_assignment" => self.augmented(node),
            "binary" => self.binary(node),
            "unary" => self.unary(node),
            "conditional"
            | "if"
            | "unless"
            | "case"
            | "case_match"
            | "begin"
            | "parenthesized_statements"
            | "rescue_modifier"
            | "if_modifier"
            | "unless_modifier"
            | "while"
            | "until"
            | "for"
            | "while_modifier"
            | "until_modifier"
            | "then"
            | "else"
            | "do"
            | "body_statement" => self.grouped(node),
            "return" | "break" | "next" | "redo" | "retry" | "method" | "singleton_method"
            | "class" | "module" | "singleton_class" | "alias" | "undef" => {
                self.statement(node);
                match node.child(Field::Name).filter(|_| node.kind() == "method") {
                    Some(name) => self.b.string(node, name.text()),
                    None => self.b.null(node),
                }
            }
            "match_pattern" | "test_pattern" => self.match_statement(node),
            "range" => {
                let parts = self.children(node);
                match parts.is_empty() {
                    true => self.b.unknown(node),
                    false => self.b.mix(node, parts),
                }
            }
            _ => self.anything(node),
        }
    }

    /// What stands in parentheses is itself, so that facts about it count.
    fn grouped(&mut self, node: NodeRef<'_>) -> Slot {
        if node.kind() == "parenthesized_statements" {
            let mut inner = items(node);
            if let (Some(one), None) = (inner.next(), inner.next()) {
                return self.expression(one);
            }
        }
        self.valued(node)
    }

    /// `$1`, `$stdout`
    fn special(&mut self, node: NodeRef<'_>) -> Slot {
        let name = node.text();
        let place = name.strip_prefix('$').and_then(|place| place.parse().ok());
        if let Some(place) = place {
            return self.group(node, place);
        }
        if matches!(name, "$~" | "$&")
            && let Some((text, _)) = self.inside.matched
        {
            return self.b.mix(node, vec![text]);
        }
        self.b.global(node, name)
    }

    /// Returns what a group of the last match holds.
    pub(super) fn group(&mut self, node: NodeRef<'_>, place: i64) -> Slot {
        let Some((text, pattern)) = self.inside.matched else {
            return self.b.unknown(node);
        };
        let groups = self.groups(node, text, pattern);
        let index = self.b.int(node, place);
        self.b.load_index(node, groups, index)
    }

    /// The parts of a text that the groups of a pattern match.
    pub(super) fn groups(&mut self, node: NodeRef<'_>, text: Slot, pattern: Slot) -> Slot {
        let args = vec![Arg::plain(pattern), Arg::plain(text)];
        self.b.call_global(node, "groups of a match", args)
    }

    /// `object[index]`, `text[/pattern/, 1]`, `list[1..2]`
    fn element(&mut self, node: NodeRef<'_>) -> Slot {
        let object = self.operand(node, Field::Object);
        let indices: Vec<NodeRef<'_>> = items(node)
            .filter(|n| n.field() == Field::None && !is_block(*n))
            .collect();
        match indices.as_slice() {
            [pattern] if pattern.kind() == "regex" => {
                let pattern = self.expression(*pattern);
                let args = vec![Arg::plain(pattern), Arg::plain(object)];
                self.b.call_global(node, "part of a match", args)
            }
            [pattern, place] if pattern.kind() == "regex" => {
                let pattern = self.expression(*pattern);
                let groups = self.groups(node, object, pattern);
                let place = self.expression(*place);
                self.b.load_index(node, groups, place)
            }
            [range] if range.kind() == "range" => self.range_of(node, object, *range),
            [from, count] => {
                let from = self.expression(*from);
                let count = self.expression(*count);
                let to = self.b.binary(node, BinaryOp::Add, from, count);
                self.b.emit(node, Op::Slice(object, Some(from), Some(to)))
            }
            [index] => {
                let index = self.expression(*index);
                self.b.load_index(node, object, index)
            }
            _ => self.b.mix(node, vec![object]),
        }
    }

    /// `list[from..to]`
    fn range_of(&mut self, node: NodeRef<'_>, object: Slot, range: NodeRef<'_>) -> Slot {
        let operator = range.child(Field::Operator);
        let is_before =
            |n: &NodeRef<'_>| operator.is_some_and(|op| n.span().end <= op.span().start);
        let sides: Vec<NodeRef<'_>> = items(range).collect();
        let from = sides.iter().copied().find(|n| is_before(n));
        let to = sides.iter().copied().find(|n| !is_before(n));
        let from = from.map(|from| self.expression(from));
        let is_open = operator.is_some_and(|op| op.text() == "...");
        let to = to.and_then(|to| {
            // The end counts: -1 is the last.
            match (literal(to), is_open) {
                (Some(Literal::Int(-1)), false) => None,
                (Some(Literal::Int(at)), false) => Some(self.b.int(to, at + 1)),
                (_, true) => Some(self.expression(to)),
                (_, false) => {
                    let value = self.expression(to);
                    let one = self.b.int(to, 1);
                    Some(self.b.binary(to, BinaryOp::Add, value, one))
                }
            }
        });
        self.b.emit(node, Op::Slice(object, from, to))
    }

    fn unary(&mut self, node: NodeRef<'_>) -> Slot {
        let operator = node.child(Field::Operator).map_or("", NodeRef::text);
        if operator == "defined?" {
            return self.b.unknown(node);
        }
        let value = self.operand(node, Field::Operand);
        let op = match operator {
            "!" | "not" => UnaryOp::Not,
            "-" => UnaryOp::Minus,
            "~" => UnaryOp::BitNot,
            // A text that may be changed.
            _ => return value,
        };
        self.b.unary(node, op, value)
    }

    /// Lowers a chain of operators from the left.
    fn binary(&mut self, node: NodeRef<'_>) -> Slot {
        let mut chain = vec![node];
        let mut first = node;
        while let Some(left) = first.child(Field::Left) {
            first = left;
            if left.kind() != "binary" {
                break;
            }
            chain.push(left);
        }
        if first == node {
            return self.anything(node);
        }
        let mut value = self.expression(first);
        let mut left = first;
        for node in chain.into_iter().rev() {
            value = self.operation(node, left, value);
            left = node;
        }
        value
    }

    fn operation(&mut self, node: NodeRef<'_>, left: NodeRef<'_>, value: Slot) -> Slot {
        let Some(right) = node.child(Field::Right) else {
            return value;
        };
        match operator(node) {
            // `render_404 and return`: what answers is never nothing.
            "&&" | "and" if is_end(right) && is_answer(left) => self.expression(right),
            "&&" | "and" => self.logical_with(node, LogicalOp::And, value, right),
            "||" | "or" => self.logical_with(node, LogicalOp::Or, value, right),
            "=~" => self.matches(node, (left, value), right),
            "!~" => {
                let matches = self.matches(node, (left, value), right);
                self.b.unary(node, UnaryOp::Not, matches)
            }
            "===" => {
                let subject = self.expression(right);
                match left.kind() {
                    "regex" => self.b.binary(node, BinaryOp::Match, subject, value),
                    _ => case_test(self, left, subject),
                }
            }
            "<<" => self.append(node, left, value, right),
            "%" => self.remainder(node, value, right),
            "*" if matches!(left.kind(), "string" | "array") => {
                let second = self.expression(right);
                self.b.mix(node, vec![value, second])
            }
            other => {
                let second = self.expression(right);
                match op(other) {
                    Some(op) => self.b.binary(node, op, value, second),
                    None => self.b.mix(node, vec![value, second]),
                }
            }
        }
    }

    fn logical_with(
        &mut self,
        node: NodeRef<'_>,
        op: LogicalOp,
        left: Slot,
        right: NodeRef<'_>,
    ) -> Slot {
        self.b.open();
        let value = self.expression(right);
        let right = self.b.close();
        self.b.logical(node, op, left, right, value)
    }

    /// `text =~ pattern`, `pattern =~ text`
    fn matches(
        &mut self,
        node: NodeRef<'_>,
        (left, value): (NodeRef<'_>, Slot),
        right: NodeRef<'_>,
    ) -> Slot {
        let second = self.expression(right);
        let is_turned = is_pattern(left) && right.kind() != "regex";
        let (text, pattern) = if is_turned {
            (second, value)
        } else {
            (value, second)
        };
        self.inside.matched = Some((text, pattern));
        self.b.binary(node, BinaryOp::Match, text, pattern)
    }

    /// `list << value` adds to what is on the left; a text becomes another.
    fn append(
        &mut self,
        node: NodeRef<'_>,
        left: NodeRef<'_>,
        value: Slot,
        right: NodeRef<'_>,
    ) -> Slot {
        let second = self.expression(right);
        let mut target = left;
        // `a << b << c` adds to a.
        while target.kind() == "binary" && operator(target) == "<<" {
            match target.child(Field::Left) {
                Some(next) => target = next,
                None => break,
            }
        }
        if target.kind() == "identifier" && self.is_text(target.text()) {
            let joined = self.b.binary(node, BinaryOp::Add, value, second);
            self.assign_to(target, joined);
            return joined;
        }
        self.b.method(node, value, "<<", vec![Arg::plain(second)])
    }

    /// `"%s" % value` is formatting.
    fn remainder(&mut self, node: NodeRef<'_>, value: Slot, right: NodeRef<'_>) -> Slot {
        match right.kind() {
            "integer" | "float" => {
                let second = self.expression(right);
                self.b.binary(node, BinaryOp::Rem, value, second)
            }
            "array" => {
                let args = self.arguments_in(right);
                self.b.method(node, value, "%", args)
            }
            "hash" => {
                let second = self.expression(right);
                self.b.mix(node, vec![value, second])
            }
            _ => {
                let second = self.expression(right);
                self.b.method(node, value, "%", vec![Arg::plain(second)])
            }
        }
    }

    /// Lowers arguments or elements. Pairs under names are named arguments,
    /// others make a hash.
    pub(super) fn arguments_in(&mut self, list: NodeRef<'_>) -> Vec<Arg> {
        if !matches!(
            list.kind(),
            "argument_list" | "array" | "right_assignment_list" | "element_reference"
        ) {
            return vec![Arg::plain(self.expression(list))];
        }
        let nodes: Vec<NodeRef<'_>> = items(list).collect();
        let is_call = list.kind() == "argument_list";
        let mut args = Vec::new();
        let mut entries = Vec::new();
        for node in nodes {
            match node.kind() {
                "pair" => match argument_name(node).filter(|_| is_call) {
                    Some(name) => {
                        let value = self.pair_value(node);
                        args.push(Arg::named(name, value));
                    }
                    None => {
                        let entry = self.entry(node);
                        entries.push(entry);
                    }
                },
                "hash_splat_argument" if is_call => {
                    let value = match first_item(node) {
                        Some(inner) => self.expression(inner),
                        None => self.rest_of("**", node),
                    };
                    args.push(named_spread(value));
                }
                "hash_splat_argument" => {
                    let value = self.first(node);
                    entries.push((None, value));
                }
                "splat_argument" => {
                    let value = match first_item(node) {
                        Some(inner) => self.expression(inner),
                        None => self.rest_of("*", node),
                    };
                    args.push(Arg::spread(value));
                }
                "block_argument" => {
                    let value = self.block_argument(node);
                    args.push(Arg::named(BLOCK, value));
                }
                "forward_argument" => {
                    let rest = self.rest_of("*", node);
                    args.push(Arg::spread(rest));
                    let named = self.rest_of("**", node);
                    args.push(named_spread(named));
                    if let Some(block) = self.b.lookup(BLOCK) {
                        args.push(Arg::named(BLOCK, block));
                    }
                }
                _ => args.push(Arg::plain(self.expression(node))),
            }
        }
        if !entries.is_empty() {
            let map = self.b.emit(list, Op::Map(entries));
            args.push(Arg::plain(map));
        }
        args
    }

    fn rest_of(&mut self, name: &str, node: NodeRef<'_>) -> Slot {
        match self.b.lookup(name) {
            Some(slot) => slot,
            None => self.b.unknown(node),
        }
    }
}

/// Returns the name of an argument: of `name: value`, not of `"name" => value`.
fn argument_name(pair: NodeRef<'_>) -> Option<String> {
    let key = pair.child(Field::Key)?;
    match key.kind() {
        "hash_key_symbol" | "simple_symbol" => constant_text(key),
        _ => None,
    }
}

/// `**options` as an argument.
pub(super) fn named_spread(value: Slot) -> Arg {
    Arg {
        value,
        name: Some(Name::from("")),
        spread: true,
    }
}

/// Returns whether an expression is likely a pattern: one that is written out,
/// or a constant.
pub(super) fn is_pattern(node: NodeRef<'_>) -> bool {
    matches!(node.kind(), "regex" | "constant" | "scope_resolution")
}

fn operator(node: NodeRef<'_>) -> &str {
    node.child(Field::Operator).map_or("", NodeRef::text)
}

/// Returns the operation that an operator is, where that is all it is.
pub(super) fn op(operator: &str) -> Option<BinaryOp> {
    Some(match operator {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "**" => BinaryOp::Pow,
        ">>" => BinaryOp::Shr,
        "&" => BinaryOp::BitAnd,
        "==" => BinaryOp::Eq,
        "!=" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        "<=>" => BinaryOp::Compare,
        _ => return None,
    })
}

/// Returns whether nothing comes after an expression.
fn is_end(node: NodeRef<'_>) -> bool {
    matches!(node.kind(), "return" | "next" | "break") || node.text() == "return"
}

/// Returns whether a call answers a request.
fn is_answer(node: NodeRef<'_>) -> bool {
    const ANSWERS: &[&str] = &[
        "head",
        "render",
        "redirect",
        "send_file",
        "send_data",
        "respond",
    ];
    let text = node.text();
    let name = text.split(['(', ' ', '\n']).next().unwrap_or(text);
    ANSWERS.iter().any(|known| {
        name.strip_prefix(known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    })
}
