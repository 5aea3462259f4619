//! PHP's expressions.

use assay_syntax::{Field, NodeRef};

use super::literal::{key, literal};
use super::name::join;
use super::{Php, SHARED_VARIABLES_MAX, SUPERGLOBALS, bare, superglobal_part};
use crate::flow::ir::{
    Arg, Arm, BinaryOp, Block, Callee, Literal, LogicalOp, Name, Op, Slot, UnaryOp,
};
use crate::flow::lower::walk::Walk;

/// Constants of the language that are kept as texts of their names, so that
/// models can tell them.
const FLAGS: &[&str] = &["LIBXML_", "CURLOPT_", "FILTER_", "ENT_", "INPUT_"];

impl Php<'_> {
    pub(super) fn lower_expression(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(literal) = literal(node) {
            return self.b.constant(node, literal);
        }
        match node.kind() {
            "variable_name" => self.read_variable(node, bare(node)),
            "encapsed_string" | "heredoc" => self.interpolated(node),
            "parenthesized_expression" | "by_ref" | "argument" | "sequence_expression" => {
                self.last_of(node)
            }
            "name" | "qualified_name" => self.constant_name(node),
            "dynamic_variable_name" => self.variable_variable(node),
            "subscript_expression" => self.subscript(node),
            "member_access_expression" | "nullsafe_member_access_expression" => self.member(node),
            "scoped_property_access_expression" | "class_constant_access_expression" => {
                self.scoped_member(node)
            }
            "array_creation_expression" => self.array(node),
            "assignment_expression" => self.assignment(node),
            "augmented_assignment_expression" => self.augmented(node),
            "reference_assignment_expression" => self.reference_assignment(node),
            "update_expression" => self.update(node),
            "binary_expression" => self.binary(node),
            "unary_op_expression" => self.unary(node),
            "cast_expression" => self.cast(node),
            "conditional_expression" => self.conditional_expression(node),
            "match_expression" => self.match_expression(node),
            "error_suppression_expression" | "clone_expression" | "variadic_unpacking" => {
                self.first(node)
            }
            "anonymous_function" | "arrow_function" => self.closure(node),
            "object_creation_expression" => self.object_creation(node),
            "function_call_expression" => self.function_call(node),
            "member_call_expression" | "nullsafe_member_call_expression" => self.method_call(node),
            "scoped_call_expression" => self.scoped_call(node),
            "include_expression"
            | "include_once_expression"
            | "require_expression"
            | "require_once_expression" => self.include(node),
            "print_intrinsic" => {
                let value = self.first(node);
                self.b.call_global(node, "print", vec![Arg::plain(value)])
            }
            "shell_command_expression" => {
                let command = self.interpolated(node);
                self.b
                    .call_global(node, "shell_exec", vec![Arg::plain(command)])
            }
            "yield_expression" => self.yield_value(node),
            "throw_expression" => {
                let value = self.first(node);
                self.b.throw(node, value);
                self.b.unknown(node)
            }
            _ => self.anything(node),
        }
    }

    fn last_of(&mut self, node: NodeRef<'_>) -> Slot {
        let parts = node
            .named_children()
            .filter(|part| part.kind() != "reference_modifier" && part.field() != Field::Name);
        let mut value = None;
        for part in parts {
            value = Some(self.expression(part));
        }
        value.unwrap_or_else(|| self.b.unknown(node))
    }

    /// Reads a variable. What a script reads and nowhere sets is of another file.
    pub(super) fn read_variable(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        if SUPERGLOBALS.contains(&name) {
            return self.b.global(node, &format!("${name}"));
        }
        if name == "this" {
            return match self.b.lookup("this") {
                Some(this) => this,
                None => self.b.unknown(node),
            };
        }
        if let Some(slot) = self.b.local(name) {
            return slot;
        }
        if self.inside.is_arrow
            && let Some(slot) = self.b.lookup(name)
        {
            return slot;
        }
        if !self.inside.assigned.contains(name) {
            if let Some(from) = self.inside.extracted {
                let key = self.b.string(node, name);
                return self.b.load_index(node, from, key);
            }
            if self.inside.is_script {
                return self.b.global(node, &format!("${name}"));
            }
        }
        self.b.declare_in_function(name, None)
    }

    /// `$$name`, `${"name"}`.
    fn variable_variable(&mut self, node: NodeRef<'_>) -> Slot {
        let name = self.first(node);
        self.b
            .call_global(node, "variable variable", vec![Arg::plain(name)])
    }

    fn constant_name(&mut self, node: NodeRef<'_>) -> Slot {
        let written = node.text();
        match written.to_ascii_uppercase().as_str() {
            "TRUE" => return self.b.constant(node, Literal::Bool(true)),
            "FALSE" => return self.b.constant(node, Literal::Bool(false)),
            "NULL" => return self.b.null(node),
            "PHP_EOL" => return self.b.string(node, "\n"),
            "DIRECTORY_SEPARATOR" => return self.b.string(node, "/"),
            "__LINE__" | "PHP_INT_MAX" => return self.b.unknown(node),
            "__DIR__" | "__FILE__" | "__CLASS__" | "__FUNCTION__" | "__METHOD__"
            | "__NAMESPACE__" => return self.b.unknown(node),
            _ => {}
        }
        if FLAGS.iter().any(|prefix| written.starts_with(prefix)) {
            return self.b.string(node, written);
        }
        let name = match written.strip_prefix('\\') {
            Some(whole) => whole.replace('\\', "."),
            None if written.contains('\\') => self.names.class(written),
            None => written.to_owned(),
        };
        self.b.global(node, &name)
    }

    /// Reads a part of a superglobal where it stands, without the variable
    /// that stands for it.
    pub(super) fn superglobal_value(&mut self, node: NodeRef<'_>) -> Option<Slot> {
        let mut parts = node.named_children();
        let (object, index) = (parts.next()?, parts.next()?);
        let object = self.b.global(object, &format!("${}", bare(object)));
        let index = self.b.string(index, &key(index)?);
        Some(self.b.load_index(node, object, index))
    }

    fn subscript(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(name) = superglobal_part(node)
            && let Some(slot) = self.b.local(&name)
        {
            return slot;
        }
        let mut parts = node.named_children();
        let Some(object) = parts.next() else {
            return self.b.unknown(node);
        };
        let Some(index) = parts.next() else {
            let object = self.expression(object);
            return self.b.mix(node, vec![object]);
        };
        if bare(object) == "GLOBALS"
            && object.kind() == "variable_name"
            && let Some(name) = key(index)
        {
            return self.b.lookup_top(&name);
        }
        let object = self.expression(object);
        let index = self.index(index);
        self.b.load_index(node, object, index)
    }

    /// Lowers a key: `"1"` is the number.
    pub(super) fn index(&mut self, node: NodeRef<'_>) -> Slot {
        match key(node) {
            Some(text) => match text.parse::<i64>() {
                Ok(number) if number.to_string() == text => self.b.int(node, number),
                _ => self.b.string(node, &text),
            },
            None => self.expression(node),
        }
    }

    fn member(&mut self, node: NodeRef<'_>) -> Slot {
        let object = self.operand(node, Field::Object);
        let Some(name) = node.child(Field::Name) else {
            return self.b.unknown(node);
        };
        if name.kind() == "name" {
            return self.b.load(node, object, name.text());
        }
        let name = self.expression(name);
        self.b.load_index(node, object, name)
    }

    /// `A::$b`, `A::B`, `$object::B`.
    fn scoped_member(&mut self, node: NodeRef<'_>) -> Slot {
        let mut parts = node.named_children();
        let (Some(scope), name) = (parts.next(), parts.next()) else {
            return self.b.unknown(node);
        };
        let Some(name) = name else {
            return self.b.unknown(node);
        };
        let is_class = matches!(scope.kind(), "name" | "qualified_name" | "relative_scope");
        if name.text() == "class" && is_class {
            let class = self.class_name(scope).unwrap_or_default();
            return self.b.string(node, &class);
        }
        match self.class_name(scope).filter(|_| is_class) {
            Some(class) => {
                let name = join(&class, bare(name));
                self.b.global(node, &name)
            }
            None => {
                let object = self.expression(scope);
                self.b.load(node, object, bare(name))
            }
        }
    }

    fn array(&mut self, node: NodeRef<'_>) -> Slot {
        let elements: Vec<NodeRef<'_>> = node
            .named_children()
            .filter(|child| child.kind() == "array_element_initializer")
            .collect();
        let is_map = elements
            .iter()
            .any(|element| element.children().any(|c| c.kind() == "=>"));
        if let Some(method) = self.method_pair(node) {
            return method;
        }
        if !is_map {
            let mut items = Vec::new();
            for element in elements {
                let Some(inner) = element.named_children().next() else {
                    continue;
                };
                let value = self.expression(inner);
                items.push(match inner.kind() {
                    "variadic_unpacking" => Arg::spread(value),
                    _ => Arg::plain(value),
                });
            }
            return self.b.list(node, items);
        }
        let mut entries = Vec::new();
        let mut next = 0;
        for element in elements {
            let mut parts = element.named_children();
            let Some(first) = parts.next() else { continue };
            match parts.next() {
                Some(value) => {
                    let key = self.index(first);
                    let value = self.expression(value);
                    entries.push((Some(key), value));
                }
                None if first.kind() == "variadic_unpacking" => {
                    let value = self.expression(first);
                    entries.push((None, value));
                }
                None => {
                    let key = self.b.int(element, next);
                    next += 1;
                    let value = self.expression(first);
                    entries.push((Some(key), value));
                }
            }
        }
        self.b.emit(node, Op::Map(entries))
    }

    fn unary(&mut self, node: NodeRef<'_>) -> Slot {
        let value = self.operand(node, Field::Operand);
        let op = match node.child(Field::Operator).map_or("", NodeRef::text) {
            "!" => UnaryOp::Not,
            "-" => UnaryOp::Minus,
            "~" => UnaryOp::BitNot,
            _ => UnaryOp::Plus,
        };
        self.b.unary(node, op, value)
    }

    fn cast(&mut self, node: NodeRef<'_>) -> Slot {
        let value = self.operand(node, Field::Value);
        let ty = node.child(Field::Type).map_or("", NodeRef::text);
        match ty.to_ascii_lowercase().as_str() {
            "int" | "integer" | "float" | "double" | "real" | "bool" | "boolean" => {
                self.b.call_global(node, "intval", vec![Arg::plain(value)])
            }
            "unset" => self.b.null(node),
            "string" => self.b.text(node, vec![value]),
            _ => value,
        }
    }

    /// `a ? b : c`, `a ?: c`.
    fn conditional_expression(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(body) = node.child(Field::Body) else {
            let left = self.operand(node, Field::Condition);
            self.b.open();
            let value = self.operand(node, Field::Alternative);
            let right = self.b.close();
            return self.b.logical(node, LogicalOp::Or, left, right, value);
        };
        let cond = self.operand(node, Field::Condition);
        let result = self.b.temp();
        self.b.open();
        let value = self.expression(body);
        self.b.assign(node, result, value);
        let then = self.b.close();
        self.b.open();
        let value = self.operand(node, Field::Alternative);
        self.b.assign(node, result, value);
        let otherwise = self.b.close();
        self.b.branch(node, cond, then, otherwise);
        result
    }

    fn match_expression(&mut self, node: NodeRef<'_>) -> Slot {
        let subject = self.operand(node, Field::Condition);
        let result = self.b.temp();
        let label = self.b.begin_labelled(None);
        let mut arms = Vec::new();
        let mut default = None;
        let body = node.child(Field::Body);
        for arm in body.into_iter().flat_map(NodeRef::named_children) {
            self.b.open();
            let mut tests = Vec::new();
            if arm.kind() == "match_default_expression" {
                default = Some(arms.len());
            } else if let Some(list) = arm.named_children().next() {
                for test in list.named_children() {
                    tests.push(self.expression(test));
                }
            }
            let head = self.b.close();
            self.b.open();
            if let Some(value) = arm.named_children().last() {
                let value = self.expression(value);
                self.b.assign(arm, result, value);
            }
            let body = self.b.close();
            arms.push(Arm {
                head,
                tests,
                body,
                falls_through: false,
            });
        }
        if default.is_none() {
            self.b.open();
            let error = self.b.unknown(node);
            self.b.throw(node, error);
            let body = self.b.close();
            default = Some(arms.len());
            arms.push(Arm {
                head: Block::new(),
                tests: Vec::new(),
                body,
                falls_through: false,
            });
        }
        self.b.end_switch(node, label, subject, arms, default);
        result
    }

    /// Lowers a binary operation; chains are lowered from the left, and texts
    /// that are joined become one text.
    fn binary(&mut self, node: NodeRef<'_>) -> Slot {
        if operator(node) == "." {
            return self.joined(node);
        }
        let mut chain = vec![node];
        let mut first = node;
        while let Some(left) = first.child(Field::Left) {
            first = left;
            if left.kind() != "binary_expression" || operator(left) == "." {
                break;
            }
            chain.push(left);
        }
        let mut value = self.expression(first);
        for node in chain.into_iter().rev() {
            value = self.operation(node, value);
        }
        value
    }

    fn joined(&mut self, node: NodeRef<'_>) -> Slot {
        let mut parts = Vec::new();
        let mut left = node;
        loop {
            if left.kind() == "binary_expression" && operator(left) == "." {
                parts.extend(left.child(Field::Right));
                match left.child(Field::Left) {
                    Some(next) => left = next,
                    None => break,
                }
            } else {
                parts.push(left);
                break;
            }
        }
        let slots = parts.into_iter().rev().map(|part| self.expression(part));
        let slots = slots.collect();
        self.b.text(node, slots)
    }

    fn operation(&mut self, node: NodeRef<'_>, left: Slot) -> Slot {
        let Some(right) = node.child(Field::Right) else {
            return left;
        };
        let op = match operator(node).to_ascii_lowercase().as_str() {
            "&&" | "and" => return self.logical_with(node, LogicalOp::And, left, right),
            "||" | "or" => return self.logical_with(node, LogicalOp::Or, left, right),
            "??" => return self.logical_with(node, LogicalOp::Coalesce, left, right),
            "instanceof" => {
                return match self.class_name(right) {
                    Some(class) if right.kind() != "variable_name" => {
                        self.b.emit(node, Op::IsType(left, Name::from(class)))
                    }
                    _ => self.b.unknown(node),
                };
            }
            "|>" => {
                let function = self.callable(right);
                return self
                    .b
                    .call(node, Callee::Value(function), vec![Arg::plain(left)]);
            }
            "|" if is_flags(node) => {
                let right = self.expression(right);
                let between = self.b.string(node, "|");
                return self.b.text(node, vec![left, between, right]);
            }
            "xor" => {
                self.expression(right);
                return self.b.unknown(node);
            }
            text => match op(text) {
                Some(op) => op,
                None => {
                    let right = self.expression(right);
                    return self.b.mix(node, vec![left, right]);
                }
            },
        };
        let right = self.expression(right);
        self.b.binary(node, op, left, right)
    }

    pub(super) fn logical_with(
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

    fn yield_value(&mut self, node: NodeRef<'_>) -> Slot {
        let is_delegated = node.children().any(|child| child.kind() == "yield from");
        let value = node.named_children().last().map(|inner| {
            let inner = inner
                .named_children()
                .last()
                .filter(|_| inner.kind() == "array_element_initializer")
                .unwrap_or(inner);
            self.expression(inner)
        });
        let value = value.unwrap_or_else(|| self.b.null(node));
        self.b.emit(node, Op::Yield(value, is_delegated))
    }

    /// `include` runs another file with the variables that are there, and
    /// takes over what it sets.
    fn include(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(path) = node.named_children().next() else {
            return self.b.unknown(node);
        };
        let Some(file) = self.included(path) else {
            let path = self.expression(path);
            return self.b.call_global(node, "include", vec![Arg::plain(path)]);
        };
        let names: Vec<String> = self.variables_around(node);
        let mut args = Vec::new();
        for name in &names {
            if let Some(slot) = self.b.local(name) {
                args.push(Arg::named(name.as_str(), slot));
            }
        }
        let result = self.b.call(node, Callee::Module(Name::from(file)), args);
        for name in &names {
            let value = self.b.load(node, result, name);
            self.assign_variable(node, name, value);
        }
        self.b.load(node, result, "return")
    }

    /// Returns the variables of the function around a node.
    fn variables_around(&self, node: NodeRef<'_>) -> Vec<String> {
        let around = node
            .ancestors()
            .find(|n| super::is_function(*n))
            .or_else(|| node.ancestors().last());
        let mut names: Vec<String> = Vec::new();
        for variable in around
            .into_iter()
            .flat_map(NodeRef::subtree)
            .filter(|n| n.kind() == "variable_name")
        {
            let name = bare(variable);
            if name != "this"
                && !SUPERGLOBALS.contains(&name)
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
            if names.len() >= SHARED_VARIABLES_MAX {
                break;
            }
        }
        names
    }

    /// Returns the file that a constant path names: next to this file, or from
    /// the root of the repository.
    fn included(&self, node: NodeRef<'_>) -> Option<String> {
        let mut node = node;
        while matches!(node.kind(), "parenthesized_expression") {
            node = node.named_children().next()?;
        }
        let own = self.b.path().as_str()?;
        let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
        let (base, rest) = match node.kind() {
            "string" | "encapsed_string" => {
                (folder.to_owned(), super::literal::constant_text(node)?)
            }
            "binary_expression" if operator(node) == "." => {
                let (left, right) = (node.child(Field::Left)?, node.child(Field::Right)?);
                let left: String = left.text().split_whitespace().collect();
                let mut base = folder.to_owned();
                match left.as_str() {
                    "__DIR__" | "dirname(__FILE__)" => {}
                    "dirname(__DIR__)" | "dirname(dirname(__FILE__))" => {
                        base = base.rsplit_once('/').map_or("", |(up, _)| up).to_owned();
                    }
                    _ => return None,
                }
                (base, super::literal::constant_text(right)?)
            }
            _ => return None,
        };
        if rest.contains("://") {
            return None;
        }
        let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        Some(parts.join("/"))
    }
}

/// Returns the operator of a binary operation.
pub(super) fn operator(node: NodeRef<'_>) -> &str {
    node.child(Field::Operator).map_or("", NodeRef::text)
}

/// Returns the operation that an operator is, where that is all it is.
pub(super) fn op(operator: &str) -> Option<BinaryOp> {
    Some(match operator {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        "**" => BinaryOp::Pow,
        "." => BinaryOp::Concat,
        "<<" => BinaryOp::Shl,
        ">>" => BinaryOp::Shr,
        "&" => BinaryOp::BitAnd,
        "|" => BinaryOp::BitOr,
        "^" => BinaryOp::BitXor,
        "==" | "===" => BinaryOp::Eq,
        "!=" | "!==" | "<>" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        "<=>" => BinaryOp::Compare,
        _ => return None,
    })
}

/// Returns whether an operation joins constants that are flags.
fn is_flags(node: NodeRef<'_>) -> bool {
    let side = |field| {
        node.child(field).is_some_and(|side| match side.kind() {
            "name" => FLAGS.iter().any(|prefix| side.text().starts_with(prefix)),
            "binary_expression" => is_flags(side),
            _ => false,
        })
    };
    operator(node) == "|" && side(Field::Left) && side(Field::Right)
}
