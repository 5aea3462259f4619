//! Patterns: what they test, and the variables that they bind.

use assay_syntax::{Field, NodeRef};

use super::Rust;
use super::call::outcome;
use super::declaration::variable;
use super::literal::literal;
use super::name::{bare, parts};
use crate::flow::ir::{Arg, BinaryOp, LogicalOp, Name, Op, Slot};
use crate::flow::lower::walk::Walk;

/// Types of patterns that are what they hold.
const TRANSPARENT: &[&str] = &[
    "Data",
    "Extension",
    "Form",
    "Json",
    "Path",
    "Query",
    "QsQuery",
    "State",
    "TypedHeader",
    "Valid",
    "Reverse",
    "Wrapping",
];

impl Rust<'_, '_> {
    /// Returns whether a value is as a pattern says; none: it always is.
    pub(super) fn test(&mut self, pattern: NodeRef<'_>, value: Slot) -> Option<Slot> {
        if !self.b.descend() {
            return Some(self.b.unknown(pattern));
        }
        let test = self.matches_inside(pattern, value);
        self.b.ascend();
        test
    }

    fn matches_inside(&mut self, pattern: NodeRef<'_>, value: Slot) -> Option<Slot> {
        if let Some(literal) = literal(pattern) {
            let constant = self.b.constant(pattern, literal);
            return Some(self.b.binary(pattern, BinaryOp::Eq, value, constant));
        }
        match pattern.kind() {
            "identifier" => {
                let name = pattern.text();
                if name == "None" {
                    return Some(self.helper(pattern, "core.fails", value));
                }
                // Constants and variants look like variables.
                let is_constant = name.len() > 1
                    && name.starts_with(|c: char| c.is_uppercase())
                    && self.b.local(name).is_none();
                if !is_constant {
                    return None;
                }
                let constant = self.named(pattern);
                Some(self.b.binary(pattern, BinaryOp::Eq, value, constant))
            }
            "scoped_identifier" => {
                if parts(pattern).last() == Some(&"None") {
                    return Some(self.helper(pattern, "core.fails", value));
                }
                let constant = self.named(pattern);
                Some(self.b.binary(pattern, BinaryOp::Eq, value, constant))
            }
            "tuple_struct_pattern" => self.variant_matches(pattern, value),
            "struct_pattern" => {
                let kind = self.is_variant(pattern, value);
                let fields: Vec<NodeRef<'_>> = pattern
                    .named_children()
                    .filter(|child| child.kind() == "field_pattern")
                    .collect();
                let mut tests = vec![kind];
                for field in fields {
                    let (Some(name), Some(inner)) =
                        (field.child(Field::Name), field.child(Field::Pattern))
                    else {
                        continue;
                    };
                    let member = self.b.load(field, value, bare(name.text()));
                    tests.push(self.test(inner, member));
                }
                self.all_of(pattern, tests)
            }
            "tuple_pattern" => {
                let mut tests = Vec::new();
                for (at, inner) in elements(pattern) {
                    let member = self.element(inner, value, at);
                    tests.push(self.test(inner, member));
                }
                self.all_of(pattern, tests)
            }
            "slice_pattern" => {
                let mut tests = vec![Some(self.b.unknown(pattern))];
                for (at, inner) in elements(pattern) {
                    let member = self.element(inner, value, at);
                    tests.push(self.test(inner, member));
                }
                self.all_of(pattern, tests)
            }
            "or_pattern" => {
                let mut found: Option<Slot> = None;
                for one in alternatives(pattern) {
                    let test = self.test(one, value)?;
                    found = Some(match found {
                        None => test,
                        Some(before) => {
                            self.b
                                .logical(pattern, LogicalOp::Or, before, Vec::new(), test)
                        }
                    });
                }
                found
            }
            "range_pattern" => {
                let mut tests = Vec::new();
                for (field, op) in [(Field::Left, BinaryOp::Ge), (Field::Right, BinaryOp::Le)] {
                    let bound = pattern.child(field).and_then(literal);
                    tests.push(match bound {
                        Some(bound) => {
                            let bound = self.b.constant(pattern, bound);
                            Some(self.b.binary(pattern, op, value, bound))
                        }
                        None => Some(self.b.unknown(pattern)),
                    });
                }
                self.all_of(pattern, tests)
            }
            "captured_pattern" => {
                let inner = pattern.children().last()?;
                self.test(inner, value)
            }
            "ref_pattern" | "mut_pattern" | "reference_pattern" => {
                let inner = pattern
                    .named_children()
                    .find(|child| child.kind() != "mutable_specifier")?;
                self.test(inner, value)
            }
            "_" | "remaining_field_pattern" => None,
            _ => Some(self.b.unknown(pattern)),
        }
    }

    /// `Some(x)`, `Ok(x)`, `Err(e)`, `Enum::Variant(a, b)`.
    fn variant_matches(&mut self, pattern: NodeRef<'_>, value: Slot) -> Option<Slot> {
        let name = variant(pattern);
        let (test, held) = match name {
            "Some" | "Ok" | "Ready" => {
                let test = self.helper(pattern, "core.succeeds", value);
                (
                    Some(test),
                    vec![(0, self.helper(pattern, "core.success", value))],
                )
            }
            "Err" => {
                let test = self.helper(pattern, "core.fails", value);
                (
                    Some(test),
                    vec![(0, self.helper(pattern, "core.reason", value))],
                )
            }
            name if TRANSPARENT.contains(&name) => (None, vec![(0, value)]),
            _ => {
                let test = self.is_variant(pattern, value);
                let mut held = Vec::new();
                for (at, inner) in elements(pattern) {
                    held.push((at, self.element(inner, value, at)));
                }
                (test, held)
            }
        };
        let mut tests = vec![test];
        for (at, inner) in elements(pattern) {
            if let Some((_, member)) = held.iter().find(|(place, _)| *place == at) {
                tests.push(self.test(inner, *member));
            }
        }
        self.all_of(pattern, tests)
    }

    /// Returns whether a value is of the type that a pattern names.
    fn is_variant(&mut self, pattern: NodeRef<'_>, value: Slot) -> Option<Slot> {
        let ty = pattern.child(Field::Type)?;
        let path = parts(ty);
        let name = self.ty(ty)?;
        // A structure has no other variants.
        let is_variant = path.len() > 1 && path[path.len() - 2].starts_with(char::is_uppercase);
        is_variant.then(|| self.b.emit(pattern, Op::IsType(value, Name::from(name))))
    }

    fn all_of(&mut self, node: NodeRef<'_>, tests: Vec<Option<Slot>>) -> Option<Slot> {
        let mut tests = tests.into_iter().flatten();
        let first = tests.next()?;
        Some(tests.fold(first, |all, test| {
            self.b.logical(node, LogicalOp::And, all, Vec::new(), test)
        }))
    }

    /// Returns one of the parts of a tuple or list; of a tuple that was just
    /// put together it is the part itself.
    pub(super) fn element(&mut self, node: NodeRef<'_>, value: Slot, at: i64) -> Slot {
        let known = self.tuples.get(&value);
        let known = known.and_then(|parts| parts.get(usize::try_from(at).ok()?));
        if let Some(known) = known {
            return *known;
        }
        let index = self.b.int(node, at);
        let part = self.b.load_index(node, value, index);
        let types = self.tuple_types_of.get(&value);
        let ty = types.and_then(|types| types.get(usize::try_from(at).ok()?)?.clone());
        match ty {
            Some(ty) => self.b.emit(node, Op::Cast(part, Name::from(ty))),
            None => part,
        }
    }

    /// Calls what models say of values that may be missing or have failed.
    pub(super) fn helper(&mut self, node: NodeRef<'_>, name: &str, value: Slot) -> Slot {
        self.b.call_global(node, name, vec![Arg::plain(value)])
    }

    /// Declares the variables of a pattern and sets them to the parts of a
    /// value of the type.
    pub(super) fn bind(&mut self, pattern: NodeRef<'_>, value: Slot, ty: Option<NodeRef<'_>>) {
        if !self.b.descend() {
            return;
        }
        self.bind_inside(pattern, value, ty);
        self.b.ascend();
    }

    fn bind_inside(&mut self, pattern: NodeRef<'_>, value: Slot, ty: Option<NodeRef<'_>>) {
        if let Some(variable) = variable(pattern) {
            let name = bare(variable.text());
            let is_constant = name == "None"
                || name.len() > 1
                    && name.starts_with(|c: char| c.is_uppercase())
                    && self.b.local(name).is_none();
            if !is_constant {
                let ty = ty.and_then(|ty| self.ty(ty));
                let slot = self.b.declare(name, ty.as_deref());
                self.b.assign(variable, slot, value);
            }
            return;
        }
        match pattern.kind() {
            "tuple_struct_pattern" => {
                let name = variant(pattern);
                let held = match name {
                    "Some" | "Ok" | "Ready" => Some(self.helper(pattern, "core.success", value)),
                    "Err" => Some(self.helper(pattern, "core.reason", value)),
                    name if TRANSPARENT.contains(&name) => Some(value),
                    _ => None,
                };
                for (at, inner) in elements(pattern) {
                    match held {
                        Some(held) => self.bind(inner, held, ty),
                        None => {
                            let member = self.element(inner, value, at);
                            self.bind(inner, member, None);
                        }
                    }
                }
            }
            "struct_pattern" => {
                let fields: Vec<NodeRef<'_>> = pattern
                    .named_children()
                    .filter(|child| child.kind() == "field_pattern")
                    .collect();
                for field in fields {
                    let Some(name) = field.child(Field::Name) else {
                        continue;
                    };
                    let member = self.b.load(field, value, bare(name.text()));
                    match field.child(Field::Pattern) {
                        Some(inner) => self.bind(inner, member, None),
                        None => {
                            let slot = self.b.declare(bare(name.text()), None);
                            self.b.assign(name, slot, member);
                        }
                    }
                }
            }
            "tuple_pattern" | "slice_pattern" => {
                let types = ty.and_then(|ty| self.tuple_types(ty));
                for (at, inner) in elements(pattern) {
                    if inner.kind() == "_" {
                        continue;
                    }
                    let member = match captured_rest(inner) {
                        Some(_) => self.b.mix(inner, vec![value]),
                        None => self.element(inner, value, at),
                    };
                    let own = types.as_ref().and_then(|types| {
                        let at = usize::try_from(at).ok()?;
                        types.get(at).copied()
                    });
                    self.bind(inner, member, own);
                }
            }
            "or_pattern" => {
                if let Some(first) = alternatives(pattern).first() {
                    self.bind(*first, value, ty);
                }
            }
            "captured_pattern" => {
                let mut parts = pattern.children();
                if let Some(name) = parts.next() {
                    let slot = self.b.declare(bare(name.text()), None);
                    self.b.assign(name, slot, value);
                }
                if let Some(inner) = parts.last().filter(|inner| inner.is_named()) {
                    self.bind(inner, value, ty);
                }
            }
            "ref_pattern" | "mut_pattern" | "reference_pattern" => {
                let inner = pattern
                    .named_children()
                    .find(|child| child.kind() != "mutable_specifier");
                if let Some(inner) = inner {
                    self.bind(inner, value, ty);
                }
            }
            _ => {}
        }
    }

    /// Sets what stands on the left of an assignment.
    pub(super) fn assign_target(&mut self, target: NodeRef<'_>, value: Slot) {
        match target.kind() {
            "identifier" => match self.b.lookup(bare(target.text())) {
                Some(slot) => self.b.assign(target, slot, value),
                None => {
                    let name = self.names.path(&[bare(target.text())]);
                    self.b.store_global(target, &name, value);
                }
            },
            "scoped_identifier" => {
                let name = self.names.path(&parts(target));
                self.b.store_global(target, &name, value);
            }
            "field_expression" => {
                let Some(name) = target.child(Field::Property) else {
                    return;
                };
                let object = self.operand(target, Field::Value);
                match name.text().parse::<i64>() {
                    Ok(at) => {
                        let at = self.b.int(name, at);
                        self.b.store_index(target, object, Some(at), value);
                    }
                    Err(_) => self.b.store(target, object, bare(name.text()), value),
                }
            }
            "index_expression" => {
                let mut parts = target.named_children();
                if let (Some(object), Some(index)) = (parts.next(), parts.next()) {
                    let object = self.expression(object);
                    let index = self.expression(index);
                    self.b.store_index(target, object, Some(index), value);
                }
            }
            "parenthesized_expression" | "unary_expression" | "reference_expression" => {
                if let Some(inner) = target.named_children().last() {
                    self.assign_target(inner, value);
                }
            }
            "tuple_expression" | "array_expression" => {
                let parts: Vec<NodeRef<'_>> = target.named_children().collect();
                // What they were before any of them is set.
                let mut members = Vec::new();
                for (at, part) in parts.into_iter().enumerate() {
                    let member = self.element(part, value, at as i64);
                    members.push((part, self.b.copy(part, member)));
                }
                for (part, member) in members {
                    self.assign_target(part, member);
                }
            }
            _ => {}
        }
    }
}

/// Returns the bare name of the type that a pattern names, or of how something
/// went; variants of other types have none.
fn variant(pattern: NodeRef<'_>) -> &str {
    let path = pattern.child(Field::Type).map(parts).unwrap_or_default();
    match path.last() {
        Some(last) if TRANSPARENT.contains(last) => last,
        _ => outcome(&path),
    }
}

/// Returns the patterns in a pattern with the places that they stand for: those
/// behind `..` count from the end.
fn elements(pattern: NodeRef<'_>) -> Vec<(i64, NodeRef<'_>)> {
    let ty = pattern.child(Field::Type);
    let inner: Vec<NodeRef<'_>> = pattern
        .children()
        .filter(|child| Some(*child) != ty && (child.is_named() || child.kind() == "_"))
        .filter(|child| !child.has(assay_syntax::Role::Comment))
        .collect();
    let rest = inner.iter().position(|inner| {
        inner.kind() == "remaining_field_pattern" || captured_rest(*inner).is_some()
    });
    let count = inner.len() as i64;
    let place = |at: usize| match rest {
        Some(rest) if at > rest => at as i64 - count,
        _ => at as i64,
    };
    let all = inner.iter().enumerate();
    all.filter(|(_, inner)| inner.kind() != "remaining_field_pattern")
        .map(|(at, inner)| (place(at), *inner))
        .collect()
}

/// `rest @ ..`.
fn captured_rest(pattern: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let last = pattern.children().last()?;
    let is_rest = pattern.kind() == "captured_pattern" && last.kind() == "remaining_field_pattern";
    is_rest.then_some(last)
}

/// Returns the patterns of which one must hold. They nest to the left.
fn alternatives(pattern: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    let mut found = Vec::new();
    let mut at = Some(pattern);
    while let Some(node) = at {
        if node.kind() != "or_pattern" {
            found.push(node);
            break;
        }
        let mut parts = node
            .children()
            .filter(|child| child.is_named() || child.kind() == "_");
        let (first, second) = (parts.next(), parts.next());
        found.extend(second);
        at = first;
    }
    found.reverse();
    found
}
