//! Macros: those that every program uses, and the others as calls.

use assay_syntax::{Field, NodeRef};

use super::Rust;
use super::literal::literal;
use super::name::{bare, parts};
use crate::flow::ir::{Arg, BinaryOp, Block, LogicalOp, Op, Slot};
use crate::flow::lower::walk::Walk;

/// Tokens of a macro that is not understood are looked at so far.
const TOKENS_MAX: usize = 400;

impl Rust<'_, '_> {
    /// Lowers a macro where it stands in the file.
    pub(super) fn invocation(&mut self, node: NodeRef<'_>) -> Slot {
        match self.macros.at(node.span().start) {
            Some(inner) => self.expression(inner),
            None => self.tokens(node),
        }
    }

    /// Anything may come of the variables that are mentioned.
    fn tokens(&mut self, node: NodeRef<'_>) -> Slot {
        let mut values = Vec::new();
        let names = node.subtree().take(TOKENS_MAX);
        for name in names.filter(|part| part.kind() == "identifier") {
            if let Some(slot) = self.b.lookup(bare(name.text()))
                && !values.contains(&slot)
            {
                values.push(slot);
            }
        }
        match values.is_empty() {
            true => self.b.unknown(node),
            false => self.b.mix(node, values),
        }
    }

    /// Lowers a macro that is written as a call.
    pub(super) fn macro_call(&mut self, node: NodeRef<'_>, function: NodeRef<'_>) -> Slot {
        let path = parts(function);
        let name = path.last().copied().unwrap_or("");
        let list = node.child(Field::Arguments);
        let args: Vec<NodeRef<'_>> = list
            .into_iter()
            .flat_map(NodeRef::named_children)
            .filter(|child| child.kind() != "attribute_item")
            .collect();
        match name {
            "format" | "format_args" | "anyhow" | "eyre" | "format_err" => {
                self.formatted(node, &args)
            }
            "print" | "println" | "eprint" | "eprintln" => {
                let text = self.formatted(node, &args);
                self.b
                    .call_global(node, "std.println", vec![Arg::plain(text)])
            }
            "write" | "writeln" => {
                let Some((target, rest)) = args.split_first() else {
                    return self.b.unknown(node);
                };
                let target = self.expression(*target);
                let text = self.formatted(node, rest);
                let args = vec![Arg::plain(target), Arg::plain(text)];
                self.b.call_global(node, "std.write", args)
            }
            "panic" | "unreachable" | "todo" | "unimplemented" => {
                let text = self.formatted(node, &args);
                self.b
                    .call_global(node, "std.panic", vec![Arg::plain(text)])
            }
            "assert" | "debug_assert" | "assert_eq" | "debug_assert_eq" | "assert_ne"
            | "debug_assert_ne" | "ensure" => self.assertion(node, name, &args),
            "bail" => {
                let text = self.formatted(node, &args);
                let failure = self.helper(node, "core.Err", text);
                self.leave_with(node, Some(failure));
                self.b.unknown(node)
            }
            "trace" | "debug" | "info" | "warn" | "error" | "log" | "event" => {
                self.record(node, &args)
            }
            "concat" => {
                let parts = args.iter().map(|arg| self.expression(*arg)).collect();
                self.b.text(node, parts)
            }
            "json" | "doc" | "bson" | "rawdoc" => match args.first() {
                Some(first) => self.pairs(*first),
                None => self.b.emit(node, Op::Map(Vec::new())),
            },
            "matches" => self.matched(node, &args),
            "dbg" | "pin" | "ready" => {
                let values: Vec<Slot> = args.iter().map(|arg| self.expression(*arg)).collect();
                match values.last() {
                    Some(last) => *last,
                    None => self.b.unknown(node),
                }
            }
            "try" => match args.first() {
                Some(first) => {
                    let value = self.expression(*first);
                    self.attempt(node, value)
                }
                None => self.b.unknown(node),
            },
            "join" | "try_join" => {
                let values: Vec<Slot> = args.iter().map(|arg| self.expression(*arg)).collect();
                let items = values.iter().copied().map(Arg::plain).collect();
                let all = self.b.list(node, items);
                self.tuples.insert(all, values);
                all
            }
            "env" | "option_env" | "include_str" => self.b.unknown(node),
            _ => {
                let mut given = Vec::new();
                for arg in args {
                    given.push(match (arg.kind(), arg.child(Field::Left)) {
                        ("assignment_expression", Some(name)) => {
                            let value = self.operand(arg, Field::Right);
                            Arg::named(bare(name.text()), value)
                        }
                        _ => Arg::plain(self.expression(arg)),
                    });
                }
                let global = format!("{}!", self.names.path(&path));
                self.b.call_global(node, &global, given)
            }
        }
    }

    fn assertion(&mut self, node: NodeRef<'_>, name: &str, args: &[NodeRef<'_>]) -> Slot {
        let Some(first) = args.first() else {
            return self.b.unknown(node);
        };
        let first = self.expression(*first);
        let op = match name {
            "assert_eq" | "debug_assert_eq" => Some(BinaryOp::Eq),
            "assert_ne" | "debug_assert_ne" => Some(BinaryOp::Ne),
            _ => None,
        };
        let cond = match (op, args.get(1)) {
            (Some(op), Some(second)) => {
                let second = self.expression(*second);
                self.b.binary(node, op, first, second)
            }
            _ => first,
        };
        self.b.open();
        if name == "ensure" {
            let failure = self.b.null(node);
            self.leave_with(node, Some(failure));
        } else {
            self.b.call_global(node, "std.panic", Vec::new());
        }
        let otherwise = self.b.close();
        self.b.branch(node, cond, Block::new(), otherwise);
        self.b.unknown(node)
    }

    /// What a log is told: fields, and a format with its values.
    fn record(&mut self, node: NodeRef<'_>, args: &[NodeRef<'_>]) -> Slot {
        let format = args
            .iter()
            .position(|arg| matches!(arg.kind(), "string_literal" | "raw_string_literal"));
        let fields = &args[..format.unwrap_or(args.len())];
        let mut given = Vec::new();
        for field in fields {
            let value = match field.kind() {
                "assignment_expression" => field.child(Field::Right).unwrap_or(*field),
                _ => *field,
            };
            let mut slot = self.expression(value);
            if self.macros.is_debugged(value.span().start) {
                slot = self.quoted(value, slot);
            }
            given.push(Arg::plain(slot));
        }
        if let Some(at) = format {
            given.push(Arg::plain(self.formatted(node, &args[at..])));
        }
        self.b.call_global(node, "log.record", given)
    }

    /// Keys and values, which stand in turn.
    fn pairs(&mut self, node: NodeRef<'_>) -> Slot {
        if !self.b.descend() {
            return self.b.unknown(node);
        }
        let value = match node.kind() {
            "tuple_expression" => {
                let parts: Vec<NodeRef<'_>> = node.named_children().collect();
                let mut entries = Vec::new();
                for pair in parts.chunks(2) {
                    if let [key, value] = pair {
                        let key = self.expression(*key);
                        entries.push((Some(key), self.pairs(*value)));
                    }
                }
                self.b.emit(node, Op::Map(entries))
            }
            "unit_expression" => self.b.emit(node, Op::Map(Vec::new())),
            "array_expression" => {
                let items = node.named_children().collect::<Vec<_>>();
                let items = items
                    .into_iter()
                    .map(|item| Arg::plain(self.pairs(item)))
                    .collect();
                self.b.list(node, items)
            }
            _ => self.expression(node),
        };
        self.b.ascend();
        value
    }

    /// `matches!(value, "a" | "b")`.
    fn matched(&mut self, node: NodeRef<'_>, args: &[NodeRef<'_>]) -> Slot {
        let [value, pattern, ..] = args else {
            return self.b.unknown(node);
        };
        let value = self.expression(*value);
        let mut all = Vec::new();
        let mut at = Some(*pattern);
        while let Some(part) = at {
            let is_or = part.kind() == "binary_expression"
                && part
                    .child(Field::Operator)
                    .is_some_and(|op| op.text() == "|");
            match is_or {
                true => {
                    all.extend(part.child(Field::Right));
                    at = part.child(Field::Left);
                }
                false => {
                    all.push(part);
                    at = None;
                }
            }
        }
        let mut found: Option<Slot> = None;
        for part in all {
            let name = parts(part);
            let test = match (literal(part), part.kind()) {
                (Some(constant), _) => {
                    let constant = self.b.constant(part, constant);
                    self.b.binary(part, BinaryOp::Eq, value, constant)
                }
                (None, "identifier") if name == ["None"] => self.helper(part, "core.fails", value),
                (None, "scoped_identifier") => {
                    let constant = self.named(part);
                    self.b.binary(part, BinaryOp::Eq, value, constant)
                }
                (None, "call_expression") => {
                    let callee = part.child(Field::Function);
                    match callee.map(|callee| callee.text()) {
                        Some("Some" | "Ok") => self.helper(part, "core.succeeds", value),
                        Some("Err") => self.helper(part, "core.fails", value),
                        _ => self.b.unknown(part),
                    }
                }
                _ => self.b.unknown(part),
            };
            found = Some(match found {
                None => test,
                Some(before) => self
                    .b
                    .logical(node, LogicalOp::Or, before, Block::new(), test),
            });
        }
        found.unwrap_or_else(|| self.b.unknown(node))
    }
}
