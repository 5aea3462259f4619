//! Python's expressions.

use assay_syntax::{Field, NodeRef};

use super::format::{self, Shown};
use super::literal::{Part, constant_text, literal, parts};
use super::scope::{Scope, ScopeKind};
use super::{Python, items};
use crate::flow::builder::Signature;
use crate::flow::ir::{Arg, BinaryOp, FunctionKind, Literal, LogicalOp, Op, Slot, UnaryOp};
use crate::flow::lower::walk::Walk;

impl Python<'_> {
    pub(super) fn lower_expression(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(literal) = literal(node) {
            return self.b.constant(node, literal);
        }
        match node.kind() {
            "identifier" => self.read_name(node, node.text()),
            "string" | "concatenated_string" => self.string(node),
            "parenthesized_expression" | "chevron" | "interpolation" | "type" => {
                match items(node).next() {
                    Some(inner) => self.expression(inner),
                    None => self.b.unknown(node),
                }
            }
            "attribute" => self.attribute(node),
            "subscript" => self.subscript(node),
            "call" => self.call(node),
            "list" | "tuple" | "set" | "expression_list" | "pattern_list" => {
                let items = self.arguments_in(node);
                self.b.list(node, items)
            }
            "dictionary" => self.dictionary(node),
            "list_comprehension" | "set_comprehension" | "generator_expression" => {
                self.comprehension(node, false)
            }
            "dictionary_comprehension" => self.comprehension(node, true),
            "binary_operator" => self.binary(node),
            "unary_operator" => {
                let operand = self.operand(node, Field::Operand);
                let op = match node.child(Field::Operator).map_or("", NodeRef::text) {
                    "-" => UnaryOp::Minus,
                    "~" => UnaryOp::BitNot,
                    _ => UnaryOp::Plus,
                };
                self.b.unary(node, op, operand)
            }
            "not_operator" => {
                let operand = self.operand(node, Field::Operand);
                self.b.unary(node, UnaryOp::Not, operand)
            }
            "boolean_operator" => self.boolean(node),
            "comparison_operator" => self.comparison(node),
            "conditional_expression" => self.conditional_expression(node),
            "lambda" => self.lambda(node),
            "named_expression" => {
                let value = self.operand(node, Field::Value);
                match node.child(Field::Name) {
                    Some(name) => {
                        self.assign_name(node, name.text(), value);
                        self.read_name(node, name.text())
                    }
                    None => value,
                }
            }
            "assignment" => self.assignment(node),
            "augmented_assignment" => self.augmented(node),
            "await" => {
                let value = match items(node).next() {
                    Some(inner) => self.expression(inner),
                    None => self.b.unknown(node),
                };
                self.b.emit(node, Op::Await(value))
            }
            "yield" => self.yield_value(node),
            "as_pattern" => match items(node).next() {
                Some(inner) => self.expression(inner),
                None => self.b.unknown(node),
            },
            "ellipsis" => self.b.unknown(node),
            "slice" => {
                let parts = self.children(node);
                self.b.mix(node, parts)
            }
            _ => self.anything(node),
        }
    }

    /// Lowers a string literal with what is in it.
    fn string(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(text) = constant_text(node) {
            return self.b.string(node, &text);
        }
        let mut slots = Vec::new();
        for part in parts(node) {
            slots.push(match part {
                Part::Text(text) => self.b.string(node, &text),
                Part::Value(value) => self.interpolation(value),
            });
        }
        self.b.text(node, slots)
    }

    fn interpolation(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(inner) = items(node).next() else {
            return self.b.unknown(node);
        };
        let value = self.expression(inner);
        let mut shown = Shown::Text;
        let mut more = Vec::new();
        for part in items(node).skip(1) {
            match part.kind() {
                "type_conversion" if part.text() != "!s" => shown = Shown::Repr,
                "format_specifier" => {
                    more = self.children(part);
                    let spec = part.text().strip_prefix(':').unwrap_or("");
                    if shown == Shown::Text && more.is_empty() {
                        shown = format::shown_as(spec);
                    }
                }
                _ => {}
            }
        }
        let value = self.shown(node, value, shown);
        match more.is_empty() {
            true => value,
            false => {
                more.push(value);
                self.b.mix(node, more)
            }
        }
    }

    /// Returns a value as a format shows it.
    pub(super) fn shown(&mut self, node: NodeRef<'_>, value: Slot, shown: Shown) -> Slot {
        match shown {
            Shown::Text => value,
            Shown::Number => self.b.unary(node, UnaryOp::Plus, value),
            Shown::Repr => self.b.call_global(node, "repr", vec![Arg::plain(value)]),
        }
    }

    fn attribute(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(object), Some(name)) = (node.child(Field::Object), node.child(Field::Property))
        else {
            return self.b.unknown(node);
        };
        let object = self.expression(object);
        self.b.load(node, object, name.text())
    }

    fn subscript(&mut self, node: NodeRef<'_>) -> Slot {
        let object = self.operand(node, Field::Value);
        let indices: Vec<NodeRef<'_>> = node
            .children()
            .filter(|child| child.field() == Field::Index)
            .collect();
        match indices.as_slice() {
            [slice] if slice.kind() == "slice" => self.slice(node, object, *slice),
            [index] => {
                let index = self.expression(*index);
                self.b.load_index(node, object, index)
            }
            several => {
                let several: Vec<Slot> = several.iter().map(|i| self.expression(*i)).collect();
                let index = self.b.mix(node, several);
                self.b.load_index(node, object, index)
            }
        }
    }

    fn slice(&mut self, node: NodeRef<'_>, object: Slot, slice: NodeRef<'_>) -> Slot {
        let (mut from, mut to, mut has_step) = (None, None, false);
        let mut colons = 0;
        for part in slice.children() {
            if part.kind() == ":" {
                colons += 1;
                continue;
            }
            if !part.is_named() || part.kind() == "comment" {
                continue;
            }
            match colons {
                0 => from = Some(self.expression(part)),
                1 => to = Some(self.expression(part)),
                _ => has_step = true,
            }
        }
        if has_step {
            return self.b.mix(node, vec![object]);
        }
        self.b.emit(node, Op::Slice(object, from, to))
    }

    fn dictionary(&mut self, node: NodeRef<'_>) -> Slot {
        let mut entries = Vec::new();
        for entry in items(node) {
            match entry.kind() {
                "pair" => {
                    let key = self.operand(entry, Field::Key);
                    let value = self.operand(entry, Field::Value);
                    entries.push((Some(key), value));
                }
                _ => {
                    let value = match items(entry).next() {
                        Some(inner) => self.expression(inner),
                        None => self.b.unknown(entry),
                    };
                    entries.push((None, value));
                }
            }
        }
        self.b.emit(node, Op::Map(entries))
    }

    /// Lowers a comprehension to the loops that it stands for.
    fn comprehension(&mut self, node: NodeRef<'_>, is_map: bool) -> Slot {
        let result = match is_map {
            true => self.b.emit(node, Op::Map(Vec::new())),
            false => self.b.list(node, Vec::new()),
        };
        let clauses: Vec<NodeRef<'_>> = items(node)
            .filter(|child| matches!(child.kind(), "for_in_clause" | "if_clause"))
            .collect();
        let prefix = self.scope().prefix.clone();
        let mut scope = Scope::new(ScopeKind::Comprehension, &prefix);
        self.b.enter_scope();
        for left in clauses
            .iter()
            .filter_map(|clause| clause.child(Field::Left))
        {
            for name in left.subtree().filter(|part| part.kind() == "identifier") {
                let is_target = name
                    .ancestors()
                    .take_while(|ancestor| *ancestor != left)
                    .all(|ancestor| !matches!(ancestor.kind(), "attribute" | "subscript"));
                if is_target {
                    scope.variable(name.text());
                    self.b.declare(name.text(), None);
                }
            }
        }
        self.scopes.push(scope);
        self.clauses(node, &clauses, result, is_map);
        self.scopes.pop();
        self.b.leave_scope();
        result
    }

    fn clauses(&mut self, node: NodeRef<'_>, clauses: &[NodeRef<'_>], result: Slot, is_map: bool) {
        if !self.b.descend() {
            return;
        }
        match clauses.split_first() {
            None => self.element(node, result, is_map),
            Some((clause, rest)) if clause.kind() == "if_clause" => {
                if let Some(cond) = items(*clause).next() {
                    let cond = self.expression(cond);
                    self.b.open();
                    self.clauses(node, rest, result, is_map);
                    let then = self.b.close();
                    self.b.branch(*clause, cond, then, Vec::new());
                }
            }
            Some((clause, rest)) => {
                if let (Some(left), Some(right)) =
                    (clause.child(Field::Left), clause.child(Field::Right))
                {
                    self.each(*clause, left, right, |this| {
                        this.clauses(node, rest, result, is_map);
                    });
                }
            }
        }
        self.b.ascend();
    }

    fn element(&mut self, node: NodeRef<'_>, result: Slot, is_map: bool) {
        let Some(body) = node.child(Field::Body) else {
            return;
        };
        if is_map {
            let key = self.operand(body, Field::Key);
            let value = self.operand(body, Field::Value);
            self.b.store_index(body, result, Some(key), value);
        } else {
            let value = self.expression(body);
            self.b.store_index(body, result, None, value);
        }
    }

    /// Lowers a chain of operators from the left.
    fn binary(&mut self, node: NodeRef<'_>) -> Slot {
        let mut chain = vec![node];
        let mut first = node;
        while let Some(left) = first.child(Field::Left) {
            first = left;
            if left.kind() != "binary_operator" {
                break;
            }
            chain.push(left);
        }
        let mut value = self.expression(first);
        let mut left = first;
        for node in chain.into_iter().rev() {
            let operator = node.child(Field::Operator).map_or("", NodeRef::text);
            value = match node.child(Field::Right) {
                Some(right) => self.operation(node, operator, (left, value), right),
                None => value,
            };
            left = node;
        }
        value
    }

    /// Lowers one operation. What operators mean depends on what they are
    /// given: `%` formats, `/` joins paths, `|` merges.
    pub(super) fn operation(
        &mut self,
        node: NodeRef<'_>,
        operator: &str,
        (left, value): (NodeRef<'_>, Slot),
        right: NodeRef<'_>,
    ) -> Slot {
        if operator == "%"
            && matches!(left.kind(), "string" | "concatenated_string")
            && let Some(value) = self.percent(node, left, right)
        {
            return value;
        }
        let is_number = is_number(left) || is_number(right);
        let second = self.expression(right);
        let op = match operator {
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Sub,
            "*" if is_sequence(left) || is_sequence(right) => {
                return self.b.mix(node, vec![value, second]);
            }
            "*" => BinaryOp::Mul,
            "//" => BinaryOp::FloorDiv,
            "**" => BinaryOp::Pow,
            "<<" => BinaryOp::Shl,
            ">>" => BinaryOp::Shr,
            "^" => BinaryOp::BitXor,
            "/" if is_number => BinaryOp::Div,
            "%" if is_number => BinaryOp::Rem,
            "|" if is_number => BinaryOp::BitOr,
            "&" if is_number => BinaryOp::BitAnd,
            "|" if left.kind() == "dictionary" || right.kind() == "dictionary" => {
                return self
                    .b
                    .emit(node, Op::Map(vec![(None, value), (None, second)]));
            }
            "/" => {
                return self
                    .b
                    .method(node, value, "__truediv__", vec![Arg::plain(second)]);
            }
            "%" => {
                let args = match right.kind() {
                    "tuple" => vec![Arg::spread(second)],
                    _ => vec![Arg::plain(second)],
                };
                return self.b.method(node, value, "__mod__", args);
            }
            _ => return self.b.mix(node, vec![value, second]),
        };
        self.b.binary(node, op, value, second)
    }

    /// `a and b or c`: chains are lowered from the left.
    fn boolean(&mut self, node: NodeRef<'_>) -> Slot {
        let mut chain = vec![node];
        let mut first = node;
        while let Some(left) = first.child(Field::Left) {
            first = left;
            if left.kind() != "boolean_operator" {
                break;
            }
            chain.push(left);
        }
        let mut value = self.expression(first);
        for node in chain.into_iter().rev() {
            let op = match node.child(Field::Operator).map_or("", NodeRef::text) {
                "and" => LogicalOp::And,
                _ => LogicalOp::Or,
            };
            self.b.open();
            let right_value = self.operand(node, Field::Right);
            let right = self.b.close();
            value = self.b.logical(node, op, value, right, right_value);
        }
        value
    }

    /// `a < b < c` is `a < b and b < c`.
    fn comparison(&mut self, node: NodeRef<'_>) -> Slot {
        let mut operands = items(node);
        let operators: Vec<&str> = node
            .children()
            .filter(|child| child.field() == Field::Operator)
            .map(NodeRef::text)
            .collect();
        let Some(first) = operands.next() else {
            return self.b.unknown(node);
        };
        let mut left = self.expression(first);
        let mut result = None;
        let operands: Vec<NodeRef<'_>> = operands.collect();
        for (operator, operand) in operators.iter().zip(operands) {
            match result {
                None => {
                    let right = self.expression(operand);
                    result = Some(self.compared(node, operator, left, right));
                    left = right;
                }
                Some(before) => {
                    self.b.open();
                    let right = self.expression(operand);
                    let value = self.compared(node, operator, left, right);
                    let block = self.b.close();
                    result = Some(self.b.logical(node, LogicalOp::And, before, block, value));
                    left = right;
                }
            }
        }
        result.unwrap_or(left)
    }

    fn compared(&mut self, node: NodeRef<'_>, operator: &str, left: Slot, right: Slot) -> Slot {
        let mut words = operator.split_whitespace();
        let op = match (words.next(), words.next()) {
            (Some("=="), _) => BinaryOp::Eq,
            (Some("!=" | "<>"), _) => BinaryOp::Ne,
            (Some("<"), _) => BinaryOp::Lt,
            (Some("<="), _) => BinaryOp::Le,
            (Some(">"), _) => BinaryOp::Gt,
            (Some(">="), _) => BinaryOp::Ge,
            (Some("in"), _) => BinaryOp::In,
            (Some("not"), _) => BinaryOp::NotIn,
            (Some("is"), Some(_)) => BinaryOp::IsNot,
            (Some("is"), None) => BinaryOp::Is,
            _ => return self.b.unknown(node),
        };
        self.b.binary(node, op, left, right)
    }

    fn conditional_expression(&mut self, node: NodeRef<'_>) -> Slot {
        let parts: Vec<NodeRef<'_>> = items(node).collect();
        let &[then, cond, otherwise] = parts.as_slice() else {
            let parts = self.children(node);
            return self.b.mix(node, parts);
        };
        let cond = self.expression(cond);
        let result = self.b.temp();
        let branch = |this: &mut Self, side: NodeRef<'_>| {
            this.b.open();
            let value = this.expression(side);
            this.b.assign(side, result, value);
            this.b.close()
        };
        let then = branch(self, then);
        let otherwise = branch(self, otherwise);
        self.b.branch(node, cond, then, otherwise);
        result
    }

    fn lambda(&mut self, node: NodeRef<'_>) -> Slot {
        let prefix = self.scope().prefix.clone();
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let receiver = self.inside.receiver.clone();
        let inside = std::mem::take(&mut self.inside);
        self.inside.receiver = receiver;
        let mut scope = Scope::new(ScopeKind::Function, &prefix);
        for parameter in node.child(Field::Parameters).into_iter().flat_map(items) {
            super::bind_parameter(parameter, &mut scope);
        }
        if let Some(body) = node.child(Field::Body) {
            scope.scan(body, &self.module);
        }
        self.scopes.push(scope);
        self.parameters(node, None, &[]);
        self.declare_variables();
        if let Some(body) = node.child(Field::Body) {
            let value = self.expression(body);
            self.b.return_value(body, Some(value));
        }
        self.scopes.pop();
        self.inside = inside;
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }

    /// The constant, when an expression is one.
    pub(super) fn constant_of(node: NodeRef<'_>) -> Option<Literal> {
        match constant_text(node) {
            Some(text) => Some(Literal::Str(text.into())),
            None => literal(node),
        }
    }
}

/// Returns whether an expression is a number for certain.
fn is_number(node: NodeRef<'_>) -> bool {
    match node.kind() {
        "integer" | "float" => true,
        "unary_operator" | "parenthesized_expression" => {
            items(node).next().is_some_and(is_literal_number)
        }
        "call" => node.child(Field::Function).is_some_and(|function| {
            matches!(
                function.text(),
                "len" | "int" | "float" | "round" | "abs" | "time.time"
            )
        }),
        _ => false,
    }
}

fn is_literal_number(node: NodeRef<'_>) -> bool {
    matches!(node.kind(), "integer" | "float")
}

/// Returns whether an expression is a text or list written out.
fn is_sequence(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "string" | "concatenated_string" | "list" | "tuple" | "list_comprehension"
    )
}
