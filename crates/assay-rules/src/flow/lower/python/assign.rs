//! Assignments of Python: to names, members and elements, and patterns that
//! take values apart, those of `match` included.

use assay_syntax::{Field, NodeRef};

use super::scope::{Binding, ScopeKind, join};
use super::{Python, items};
use crate::flow::ir::{Arg, BinaryOp, Callee, Literal, Op, Slot};
use crate::flow::lower::walk::Walk;

impl Python<'_> {
    /// Reads a name.
    pub(super) fn read_name(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        match self.binding(name) {
            Some((_, Binding::Variable)) => self.b.read(node, name),
            Some((_, Binding::Global)) => self.b.lookup_top(name),
            Some((_, Binding::Import(path) | Binding::Class(path))) => self.b.global(node, &path),
            Some((at, Binding::Member)) => {
                let path = join(&self.scopes[at].prefix, name);
                self.b.global(node, &path)
            }
            Some((_, Binding::Nonlocal)) | None => {
                let path = self.outside(name);
                self.b.global(node, &path)
            }
        }
    }

    /// Sets a name.
    pub(super) fn assign_name(&mut self, node: NodeRef<'_>, name: &str, value: Slot) {
        match self.binding(name) {
            Some((at, Binding::Variable)) => {
                let is_top = at == 0 && self.b.function_depth() > 1;
                let slot = match self.b.lookup(name) {
                    Some(slot) => slot,
                    None if is_top => self.b.lookup_top(name),
                    None => self.b.declare_in_function(name, None),
                };
                self.b.assign(node, slot, value);
            }
            Some((_, Binding::Global)) => {
                let slot = self.b.lookup_top(name);
                self.b.assign(node, slot, value);
            }
            Some((at, Binding::Member)) => {
                let path = join(&self.scopes[at].prefix, name);
                self.b.store_global(node, &path, value);
                if at + 1 == self.scopes.len()
                    && let Some(open) = self.classes.last_mut()
                    && !open.members.iter().any(|member| member == name)
                {
                    open.members.push(name.to_owned());
                }
            }
            // A stand-in for an import that failed, or a class made anew.
            Some((_, Binding::Import(_) | Binding::Class(_))) => {}
            Some((_, Binding::Nonlocal)) | None => {
                let slot = self.b.declare_in_function(name, None);
                self.b.assign(node, slot, value);
            }
        }
    }

    /// Returns the parts of a target that takes a value apart.
    fn parts(target: NodeRef<'_>) -> Option<Vec<NodeRef<'_>>> {
        matches!(
            target.kind(),
            "pattern_list"
                | "tuple_pattern"
                | "list_pattern"
                | "tuple"
                | "list"
                | "expression_list"
        )
        .then(|| items(target).collect())
    }

    /// Sets whatever stands left of an assignment.
    pub(super) fn assign_target(&mut self, target: NodeRef<'_>, value: Slot) {
        if !self.b.descend() {
            return;
        }
        self.assign_inside(target, value);
        self.b.ascend();
    }

    fn assign_inside(&mut self, target: NodeRef<'_>, value: Slot) {
        if let Some(parts) = Self::parts(target) {
            self.take_apart(target, &parts, value);
            return;
        }
        match target.kind() {
            "identifier" => self.assign_name(target, target.text(), value),
            "attribute" => {
                let (Some(object), Some(name)) =
                    (target.child(Field::Object), target.child(Field::Property))
                else {
                    return;
                };
                let object = self.expression(object);
                self.b.store(target, object, name.text(), value);
            }
            "subscript" => {
                let Some(object) = target.child(Field::Value) else {
                    return;
                };
                let object = self.expression(object);
                let index = target
                    .children()
                    .find(|child| child.field() == Field::Index);
                match index {
                    Some(index) if index.kind() == "slice" => {
                        // The elements of the value, somewhere in the list.
                        let index = self.b.unknown(index);
                        let element = self.b.load_index(target, value, index);
                        self.b.store_index(target, object, Some(index), element);
                    }
                    Some(index) => {
                        let index = self.expression(index);
                        self.b.store_index(target, object, Some(index), value);
                    }
                    None => {}
                }
            }
            "parenthesized_expression"
            | "as_pattern_target"
            | "list_splat_pattern"
            | "list_splat"
            | "pattern" => {
                if let Some(inner) = items(target).next() {
                    self.assign_target(inner, value);
                }
            }
            _ => {}
        }
    }

    /// `a, *b, c = value`.
    fn take_apart(&mut self, node: NodeRef<'_>, parts: &[NodeRef<'_>], value: Slot) {
        let is_splat =
            |part: &NodeRef<'_>| matches!(part.kind(), "list_splat_pattern" | "list_splat");
        let splat = parts.iter().position(is_splat);
        // All are read before any is set.
        let mut values = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let behind = (parts.len() - 1 - at) as i64;
            values.push(match splat {
                Some(splat) if splat == at => {
                    let from = self.b.int(*part, at as i64);
                    let to = (behind > 0).then(|| self.b.int(*part, -behind));
                    self.b.emit(*part, Op::Slice(value, Some(from), to))
                }
                Some(splat) if splat < at => {
                    let index = self.b.int(*part, -behind - 1);
                    self.b.load_index(node, value, index)
                }
                _ => {
                    let index = self.b.int(*part, at as i64);
                    self.b.load_index(node, value, index)
                }
            });
        }
        for (part, value) in parts.iter().zip(values) {
            self.assign_target(*part, value);
        }
    }

    /// Lowers `left = right`, also of several targets.
    pub(super) fn assignment(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(left) = node.child(Field::Left) else {
            return self.b.unknown(node);
        };
        if let (Some(ty), "identifier") = (node.child(Field::Type), left.kind()) {
            self.declare_typed(left, ty, node.child(Field::Right).is_some());
        }
        let Some(right) = node.child(Field::Right) else {
            return self.b.unknown(node);
        };
        // `a, b = b, a` needs no list in between.
        if let (Some(targets), Some(sources)) = (Self::parts(left), Self::parts(right)) {
            let is_plain = |part: &NodeRef<'_>| !part.kind().starts_with("list_splat");
            if targets.len() == sources.len()
                && targets.iter().all(is_plain)
                && sources.iter().all(is_plain)
            {
                let mut values = Vec::new();
                for source in sources {
                    let value = self.expression(source);
                    let is_name = source.kind() == "identifier";
                    values.push(if is_name {
                        self.b.copy(source, value)
                    } else {
                        value
                    });
                }
                for (target, value) in targets.iter().zip(&values) {
                    self.assign_target(*target, *value);
                }
                return self
                    .b
                    .list(node, values.into_iter().map(Arg::plain).collect());
            }
        }
        let value = self.expression(right);
        let value = self.enum_member(node, left, value);
        self.assign_target(left, value);
        value
    }

    /// Notes the type of a variable or of a member of a class.
    fn declare_typed(&mut self, name: NodeRef<'_>, ty: NodeRef<'_>, has_value: bool) {
        let is_constant = ty.text().starts_with("ClassVar") || ty.text().contains(".ClassVar");
        let ty = self.ty(ty);
        let in_class = self
            .scopes
            .last()
            .is_some_and(|s| s.kind == ScopeKind::Class);
        if in_class {
            if let Some(open) = self.classes.last_mut()
                && !is_constant
            {
                open.declared.push((name.text().to_owned(), ty, has_value));
            }
            return;
        }
        if let (Some((_, Binding::Variable)), Some(ty)) = (self.binding(name.text()), ty)
            && let Some(slot) = self.b.local(name.text())
        {
            self.b.slot_info(slot).ty = Some(ty.into());
        }
    }

    /// A member of an enumeration is an object with a name and a value.
    fn enum_member(&mut self, node: NodeRef<'_>, left: NodeRef<'_>, value: Slot) -> Slot {
        let in_class = self
            .scopes
            .last()
            .is_some_and(|s| s.kind == ScopeKind::Class);
        let open = self.classes.last().filter(|open| open.is_enum && in_class);
        let Some(class) = open.map(|open| open.qualified.clone()) else {
            return value;
        };
        if left.kind() != "identifier" || left.text().starts_with('_') {
            return value;
        }
        let object = self.b.call(node, Callee::New(class.into()), Vec::new());
        let name = self.b.string(left, left.text());
        self.b.store(node, object, "name", name);
        self.b.store(node, object, "value", value);
        object
    }

    /// Lowers `left op= right`.
    pub(super) fn augmented(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right)) else {
            return self.b.unknown(node);
        };
        let operator = node.child(Field::Operator).map_or("", NodeRef::text);
        let operator = operator.strip_suffix('=').unwrap_or("");
        let old = self.expression(left);
        let value = self.operation(node, operator, (left, old), right);
        self.assign_target(left, value);
        value
    }

    /// Binds what a pattern of `match` captures, and returns the constants that
    /// the subject must be one of, when that is all that the pattern says.
    pub(super) fn pattern(&mut self, pattern: NodeRef<'_>, subject: Slot) -> Tested {
        if !self.b.descend() {
            return Tested::Somehow;
        }
        let tested = self.pattern_inside(pattern, subject);
        self.b.ascend();
        tested
    }

    fn pattern_inside(&mut self, pattern: NodeRef<'_>, subject: Slot) -> Tested {
        match pattern.kind() {
            "case_pattern" => {
                let mut inner = items(pattern);
                match (inner.next(), inner.next()) {
                    (None, _) if pattern.text() == "_" => Tested::Always,
                    (None, _) => Tested::Somehow,
                    // `-1` has its sign outside of the number.
                    (Some(number), None) if pattern.text().starts_with('-') => {
                        let value = self.expression(number);
                        let value = self
                            .b
                            .unary(pattern, crate::flow::ir::UnaryOp::Minus, value);
                        Tested::Constants(vec![value])
                    }
                    (Some(inner), _) => self.pattern(inner, subject),
                }
            }
            "dotted_name" => {
                let mut parts = items(pattern);
                let (first, second) = (parts.next(), parts.next());
                match (first, second) {
                    (Some(name), None) => {
                        if name.text() != "_" {
                            self.assign_name(name, name.text(), subject);
                        }
                        Tested::Always
                    }
                    _ => Tested::Constants(vec![self.dotted_value(pattern)]),
                }
            }
            "identifier" => {
                self.assign_name(pattern, pattern.text(), subject);
                Tested::Always
            }
            "string" | "concatenated_string" | "integer" | "float" | "true" | "false" | "none" => {
                Tested::Constants(vec![self.expression(pattern)])
            }
            "union_pattern" => {
                let mut constants = Vec::new();
                let mut is_exact = true;
                for part in items(pattern) {
                    match self.pattern(part, subject) {
                        Tested::Constants(more) => constants.extend(more),
                        Tested::Always => return Tested::Always,
                        Tested::Somehow => is_exact = false,
                    }
                }
                match is_exact {
                    true => Tested::Constants(constants),
                    false => Tested::Somehow,
                }
            }
            "as_pattern" => {
                let mut parts: Vec<NodeRef<'_>> = items(pattern).collect();
                let name = parts.pop();
                let tested = match parts.first() {
                    Some(inner) => self.pattern(*inner, subject),
                    None => Tested::Somehow,
                };
                if let Some(name) = name {
                    self.assign_name(name, name.text(), subject);
                }
                tested
            }
            "list_pattern" | "tuple_pattern" => {
                self.sequence_pattern(pattern, subject);
                Tested::Somehow
            }
            "dict_pattern" => {
                self.mapping_pattern(pattern, subject);
                Tested::Somehow
            }
            "class_pattern" => {
                self.class_pattern(pattern, subject);
                Tested::Somehow
            }
            _ => Tested::Somehow,
        }
    }

    fn sequence_pattern(&mut self, pattern: NodeRef<'_>, subject: Slot) {
        let parts: Vec<NodeRef<'_>> = items(pattern).collect();
        self.sequence(&parts, subject);
    }

    /// Binds the parts of a sequence by their places.
    pub(super) fn sequence(&mut self, parts: &[NodeRef<'_>], subject: Slot) {
        let mut rest = None;
        for (at, part) in parts.iter().enumerate() {
            let behind = (parts.len() - 1 - at) as i64;
            if let Some(splat) = splat_in(*part) {
                rest = Some(at);
                let from = self.b.int(splat, at as i64);
                let to = (behind > 0).then(|| self.b.int(splat, -behind));
                let value = self.b.emit(splat, Op::Slice(subject, Some(from), to));
                if let Some(name) = items(splat).find(|n| n.kind() == "identifier") {
                    self.assign_name(splat, name.text(), value);
                }
                continue;
            }
            let index = if rest.is_some() {
                -behind - 1
            } else {
                at as i64
            };
            let index = self.b.int(*part, index);
            let value = self.b.load_index(*part, subject, index);
            self.pattern(*part, value);
        }
    }

    fn mapping_pattern(&mut self, pattern: NodeRef<'_>, subject: Slot) {
        let mut key = None;
        for part in items(pattern) {
            match part.field() {
                Field::Key => key = Some(self.expression(part)),
                Field::Value => {
                    if let Some(key) = key.take() {
                        let value = self.b.load_index(part, subject, key);
                        self.pattern(part, value);
                    }
                }
                _ if part.kind() == "splat_pattern" => {
                    if let Some(name) = items(part).find(|n| n.kind() == "identifier") {
                        let value = self.b.emit(part, Op::Map(vec![(None, subject)]));
                        self.assign_name(part, name.text(), value);
                    }
                }
                _ => {}
            }
        }
    }

    fn class_pattern(&mut self, pattern: NodeRef<'_>, subject: Slot) {
        let mut parts = items(pattern);
        let class = parts.next().and_then(|name| self.qualified(name));
        let subject = match &class {
            Some(class) => self
                .b
                .emit(pattern, Op::Cast(subject, class.as_str().into())),
            None => subject,
        };
        let is_scalar = class
            .as_deref()
            .is_some_and(|class| matches!(class, "str" | "int" | "float" | "bool" | "bytes"));
        for part in parts {
            let inner = match part.kind() {
                "case_pattern" => items(part).next().unwrap_or(part),
                _ => part,
            };
            if inner.kind() == "keyword_pattern" {
                let mut sides = items(inner);
                if let (Some(name), Some(value)) = (sides.next(), sides.next()) {
                    let member = self.b.load(inner, subject, name.text());
                    self.pattern(value, member);
                }
            } else if is_scalar {
                self.pattern(part, subject);
            } else {
                let member = self.b.mix(part, vec![subject]);
                self.pattern(part, member);
            }
        }
    }

    /// Reads `a.b.c` of a pattern.
    fn dotted_value(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(path) = self.qualified(node) {
            return self.b.global(node, &path);
        }
        let mut value = None;
        for part in items(node) {
            value = Some(match value {
                None => self.read_name(part, part.text()),
                Some(object) => self.b.load(part, object, part.text()),
            });
        }
        value.unwrap_or_else(|| self.b.unknown(node))
    }

    /// Returns whether the subject is one of the constants.
    pub(super) fn is_one_of(
        &mut self,
        node: NodeRef<'_>,
        subject: Slot,
        constants: &[Slot],
    ) -> Slot {
        match constants {
            [one] => self.b.binary(node, BinaryOp::Eq, subject, *one),
            several => {
                let items = several.iter().copied().map(Arg::plain).collect();
                let list = self.b.list(node, items);
                self.b.binary(node, BinaryOp::In, subject, list)
            }
        }
    }

    /// True, as a constant.
    pub(super) fn truth(&mut self, node: NodeRef<'_>) -> Slot {
        self.b.constant(node, Literal::Bool(true))
    }
}

/// Returns the `*rest` that a part of a sequence is.
fn splat_in(part: NodeRef<'_>) -> Option<NodeRef<'_>> {
    match part.kind() {
        "splat_pattern" => Some(part),
        _ => items(part).find(|inner| inner.kind() == "splat_pattern"),
    }
}

/// What a pattern asks of its subject.
pub(super) enum Tested {
    /// Nothing.
    Always,
    /// That it is one of these.
    Constants(Vec<Slot>),
    /// Something that is not followed.
    Somehow,
}
