//! C#'s expressions.

use assay_syntax::{Field, NodeRef};

use super::literal::{ESCAPES, literal};
use super::name::dotted;
use super::{CSharp, Want};
use crate::flow::builder::Signature;
use crate::flow::ir::{Arg, BinaryOp, Block, FunctionKind, LogicalOp, Name, Op, Slot, UnaryOp};
use crate::flow::lower::walk::Walk;

impl CSharp<'_> {
    /// Lowers an expression by its kind.
    pub(super) fn lower_expression(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(literal) = literal(node) {
            return self.b.constant(node, literal);
        }
        match node.kind() {
            "identifier" => self.name(node, node.text()),
            "generic_name" => {
                let name = dotted(node);
                self.name(node, &name)
            }
            "this" | "base" => self.b.read(node, "this"),
            "parenthesized_expression"
            | "checked_expression"
            | "ref_expression"
            | "expression_element" => self.first(node),
            "member_access_expression" => self.member_access(node),
            "conditional_access_expression" => self.conditional_access(node),
            "element_access_expression" => self.element_access(node),
            "invocation_expression" => self.invocation(node),
            "object_creation_expression" | "implicit_object_creation_expression" => {
                self.creation(node, None)
            }
            "array_creation_expression"
            | "implicit_array_creation_expression"
            | "stackalloc_expression"
            | "implicit_stackalloc_expression" => {
                let items = node
                    .named_children()
                    .find(|child| child.kind() == "initializer_expression");
                match items {
                    Some(items) => self.items(items),
                    None => self.b.list(node, Vec::new()),
                }
            }
            "initializer_expression" | "collection_expression" => self.items(node),
            "anonymous_object_creation_expression" => self.anonymous(node),
            "tuple_expression" => self.tuple(node, &[]),
            "binary_expression" => self.binary(node),
            "prefix_unary_expression" | "postfix_unary_expression" | "unary_expression" => {
                self.unary(node)
            }
            "assignment_expression" => self.assignment(node),
            "conditional_expression" => self.conditional(node),
            "cast_expression" | "as_expression" => self.cast(node),
            "is_expression" => self.is_type(node),
            "is_pattern_expression" => self.is_pattern(node),
            "lambda_expression" | "anonymous_method_expression" => self.lambda(node),
            "switch_expression" => self.switch_expression(node),
            "query_expression" => self.query(node),
            "interpolated_string_expression" => self.interpolated(node),
            "await_expression" => {
                let value = self.first(node);
                self.b.emit(node, Op::Await(value))
            }
            "throw_expression" => {
                let value = self.first(node);
                self.b.throw(node, value);
                self.b.unknown(node)
            }
            "typeof_expression" | "sizeof_expression" => {
                let ty = node.child(Field::Type).map(|ty| self.names.ty(ty));
                let text = ty.map_or_else(String::new, |ty| ty.to_string());
                self.b.string(node, &text)
            }
            "default_expression" => self.b.null(node),
            "with_expression" => self.with(node),
            "declaration_expression" => {
                let ty = self.want(node.child(Field::Type)).ty;
                let name = node.child(Field::Name).map_or("_", NodeRef::text);
                self.b.declare(name, ty.as_deref())
            }
            "argument" | "element_binding_expression" => match node.named_children().last() {
                Some(inner) => self.expression(inner),
                None => self.b.unknown(node),
            },
            "member_binding_expression" | "preproc_region" | "preproc_endregion" => {
                self.b.unknown(node)
            }
            "predefined_type" | "qualified_name" => {
                let name = self.names.resolve(&dotted(node));
                self.b.global(node, &name)
            }
            _ => self.anything(node),
        }
    }

    /// Returns the qualified name of the type whose code is being lowered.
    pub(super) fn current_class(&self) -> String {
        let inside = self.inside.last();
        inside.map_or_else(
            || self.b.package().to_owned(),
            |&at| self.members[at].qualified.clone(),
        )
    }

    /// Finds the type, from the inside out, that has the member.
    pub(super) fn owner<T>(&self, of: impl Fn(&super::Members) -> Option<T>) -> Option<(usize, T)> {
        let mut at = self.inside.last().copied();
        while let Some(class) = at {
            if let Some(found) = of(&self.members[class]) {
                return Some((class, found));
            }
            at = self.members[class].outer;
        }
        None
    }

    fn field_owner(&self, name: &str) -> Option<(usize, bool)> {
        self.owner(|members| members.fields.get(name).copied())
    }

    /// Returns the receiver for a member of a type around the code.
    pub(super) fn receiver(&mut self, node: NodeRef<'_>, class: usize) -> Slot {
        if self.inside.last() == Some(&class) && self.has_this {
            return self.b.read(node, "this");
        }
        let qualified = self.members[class].qualified.clone();
        self.b.read(node, &format!("{qualified}.this"))
    }

    fn name(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        let name = name.strip_prefix('@').unwrap_or(name);
        if let Some(slot) = self.b.lookup(name) {
            if self.boxed.contains(name) {
                return self.b.load(node, slot, "value");
            }
            return slot;
        }
        if let Some((class, is_static)) = self.field_owner(name) {
            if is_static {
                let global = format!("{}.{name}", self.members[class].qualified);
                return self.b.global(node, &global);
            }
            let object = self.receiver(node, class);
            return self.b.load(node, object, name);
        }
        if let Some((class, (is_static, count))) =
            self.owner(|members| members.methods.get(name).copied())
        {
            return self.method_group(node, class, name, is_static, count);
        }
        if self.names.is_type(name) {
            let qualified = self.names.resolve(name);
            return self.b.global(node, &qualified);
        }
        let is_upper = name.starts_with(|c: char| c.is_uppercase());
        let is_object = node.parent().is_some_and(|parent| {
            parent.kind() == "member_access_expression" && parent.child(Field::Object) == Some(node)
        });
        if self.has_this && (!is_upper || !is_object || self.names.is_inherited(name)) {
            // A member that a base type in another file declares.
            let this = self.b.read(node, "this");
            return self.b.load(node, this, name);
        }
        let members = self.names.member_types.first();
        let global = match (members, is_upper) {
            (Some(ty), _) if !is_object => format!("{ty}.{name}"),
            (_, true) => self.names.resolve(name),
            _ => format!("{}.{name}", self.current_class()),
        };
        self.b.global(node, &global)
    }

    /// Lowers a method as a value to a function that calls it.
    fn method_group(
        &mut self,
        node: NodeRef<'_>,
        class: usize,
        name: &str,
        is_static: bool,
        count: usize,
    ) -> Slot {
        if !is_static {
            self.receiver(node, class);
        }
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let mut args = Vec::new();
        for at in 0..count {
            let param = format!("{name}#{at}");
            let slot = self
                .b
                .param(&param, crate::flow::ir::ParamKind::Plain, None);
            args.push(Arg::plain(slot));
        }
        let owner = if is_static {
            let qualified = self.members[class].qualified.clone();
            self.b.global(node, &qualified)
        } else {
            self.receiver(node, class)
        };
        let value = self.b.method(node, owner, name, args);
        self.b.return_value(node, Some(value));
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }

    fn member_access(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(object), Some(name)) = (node.child(Field::Object), node.child(Field::Name))
        else {
            return self.b.unknown(node);
        };
        let name = dotted(name);
        if let Some(owner) = self.qualified(object) {
            return self.b.global(node, &format!("{owner}.{name}"));
        }
        let object = self.expression(object);
        self.b.load(node, object, &name)
    }

    fn conditional_access(&mut self, node: NodeRef<'_>) -> Slot {
        let object = self.operand(node, Field::Condition);
        let part = node.named_children().last();
        match part {
            Some(part) if part.kind() == "member_binding_expression" => {
                let name = part.child(Field::Name).map_or_else(String::new, dotted);
                self.b.load(node, object, &name)
            }
            Some(part) if part.kind() == "element_binding_expression" => {
                let index = self.expression(part);
                self.b.load_index(node, object, index)
            }
            _ => self.b.mix(node, vec![object]),
        }
    }

    /// Returns the qualified name when the expression is a type or namespace
    /// written out: `System.IO.File`, `File`, `Outer.Inner`.
    pub(super) fn qualified(&mut self, node: NodeRef<'_>) -> Option<String> {
        match node.kind() {
            "predefined_type" | "qualified_name" | "alias_qualified_name" => {
                Some(self.names.resolve(&dotted(node)))
            }
            "identifier" | "generic_name" => {
                let name = dotted(node);
                if self.is_value(&name) {
                    return None;
                }
                let is_upper = name.starts_with(|c: char| c.is_uppercase());
                let is_known = self.names.is_type(&name);
                let is_type =
                    is_known || is_upper && !(self.has_this && self.names.is_inherited(&name));
                is_type.then(|| self.names.resolve(&name))
            }
            "member_access_expression" => {
                let text = dotted(node);
                let first = text.split('.').next().unwrap_or("");
                let only_names = node.subtree().all(|part| {
                    matches!(
                        part.kind(),
                        "member_access_expression"
                            | "identifier"
                            | "."
                            | "generic_name"
                            | "type_argument_list"
                            | "predefined_type"
                            | "<"
                            | ">"
                            | ","
                            | "comment"
                    )
                });
                if !only_names || first.is_empty() || self.is_value(first) {
                    return None;
                }
                let resolved = self.names.resolve(&text);
                // `Type.Member` of which it is not known what it is reads a
                // member; a type that is known, or a namespace, does not.
                let is_type = self.names.is_known(&resolved)
                    || self.members.iter().any(|m| m.qualified == resolved);
                let is_namespace = !self.names.is_type(first)
                    && resolved == text
                    && text.split('.').count() > 2
                    && !(self.has_this && self.names.is_inherited(first));
                (is_type || is_namespace).then_some(resolved)
            }
            _ => None,
        }
    }

    fn is_value(&mut self, name: &str) -> bool {
        self.b.lookup(name).is_some() || self.field_owner(name).is_some()
    }

    fn element_access(&mut self, node: NodeRef<'_>) -> Slot {
        let object = self.operand(node, Field::Object);
        let list = node.child(Field::Index);
        let first = list.and_then(|list| list.named_children().next());
        let inner = first.and_then(|argument| argument.named_children().last());
        if let Some(range) = inner.filter(|inner| inner.kind() == "range_expression") {
            let (from, to) = self.range(range);
            return self.b.emit(node, Op::Slice(object, from, to));
        }
        match inner {
            Some(index) => {
                let index = self.expression(index);
                self.b.load_index(node, object, index)
            }
            None => self.b.mix(node, vec![object]),
        }
    }

    fn range(&mut self, node: NodeRef<'_>) -> (Option<Slot>, Option<Slot>) {
        let mut sides = (None, None);
        let mut is_after = false;
        for child in node.children() {
            if child.kind() == ".." {
                is_after = true;
            } else if child.is_named() && child.kind() != "comment" {
                let value = Some(self.expression(child));
                if is_after {
                    sides.1 = value;
                } else {
                    sides.0 = value;
                }
            }
        }
        sides
    }

    /// Lowers the elements of an array or collection.
    pub(super) fn items(&mut self, node: NodeRef<'_>) -> Slot {
        let mut items = Vec::new();
        for item in node.named_children() {
            match item.kind() {
                "collection_element" => match item.named_children().next() {
                    Some(inner) if inner.kind() == "spread_element" => {
                        items.push(Arg::spread(self.first(inner)));
                    }
                    Some(inner) => items.push(Arg::plain(self.expression(inner))),
                    None => {}
                },
                "spread_element" => items.push(Arg::spread(self.first(item))),
                _ => items.push(Arg::plain(self.expression(item))),
            }
        }
        self.b.list(node, items)
    }

    /// An object without a class: `new { Name = name, id }`.
    fn anonymous(&mut self, node: NodeRef<'_>) -> Slot {
        let mut entries = Vec::new();
        let mut parts = node
            .children()
            .filter(|child| child.kind() != "comment")
            .peekable();
        while let Some(part) = parts.next() {
            if !part.is_named() {
                continue;
            }
            let (key, value) = if parts.peek().is_some_and(|next| next.kind() == "=") {
                parts.next();
                match parts.next() {
                    Some(value) => (part.text().to_owned(), value),
                    None => break,
                }
            } else {
                let last = dotted(part)
                    .rsplit(['.', '?'])
                    .next()
                    .unwrap_or("")
                    .to_owned();
                (last, part)
            };
            let value = self.expression(value);
            let key = self.b.string(part, &key);
            entries.push((Some(key), value));
        }
        self.b.emit(node, Op::Map(entries))
    }

    /// A tuple goes by position, by `Item1` and by the names it is given.
    pub(super) fn tuple(&mut self, node: NodeRef<'_>, names: &[String]) -> Slot {
        let is_pattern = node
            .named_children()
            .any(|part| part.subtree().any(|n| n.kind() == "declaration_expression"));
        if is_pattern {
            return self.b.unknown(node);
        }
        let mut entries = Vec::new();
        for (at, part) in node.named_children().enumerate() {
            let Some(inner) = part.named_children().last() else {
                continue;
            };
            let value = self.expression(inner);
            let own = match part.child(Field::Name) {
                Some(name) => name.text().to_owned(),
                None => dotted(inner).rsplit('.').next().unwrap_or("").to_owned(),
            };
            let position = self.b.int(part, at as i64);
            entries.push((Some(position), value));
            let wanted = names
                .get(at)
                .filter(|name| !name.is_empty() && **name != own);
            for key in [Some(format!("Item{}", at + 1)), Some(own), wanted.cloned()] {
                let Some(key) = key else { continue };
                let key = self.b.string(part, &key);
                entries.push((Some(key), value));
            }
        }
        self.b.emit(node, Op::Map(entries))
    }

    /// Lowers a binary operation. Long sums nest to the left: their operands
    /// are collected in a loop.
    fn binary(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(op) = logical_op(operator(node)) {
            return self.logical(node, op);
        }
        let mut spine = vec![node];
        let mut left = node.child(Field::Left);
        while let Some(next) = left {
            if next.kind() != "binary_expression" || logical_op(operator(next)).is_some() {
                break;
            }
            spine.push(next);
            left = next.child(Field::Left);
        }
        let mut value = match left {
            Some(first) => self.expression(first),
            None => self.b.unknown(node),
        };
        for part in spine.into_iter().rev() {
            let right = self.operand(part, Field::Right);
            value = match binary_op(operator(part)) {
                Some(op) => self.b.binary(part, op, value, right),
                None => self.b.mix(part, vec![value, right]),
            };
        }
        value
    }

    fn unary(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(target) = node.named_children().next() else {
            return self.b.unknown(node);
        };
        let word = node
            .children()
            .find(|child| !child.is_named())
            .map_or("", NodeRef::kind);
        match word {
            "++" | "--" => {
                let old = self.expression(target);
                let old = self.b.copy(node, old);
                let one = self.b.int(node, 1);
                let op = match word {
                    "--" => BinaryOp::Sub,
                    _ => BinaryOp::Add,
                };
                let new = self.b.binary(node, op, old, one);
                self.assign_to(node, target, new);
                let is_prefix = node.children().next().is_some_and(|n| n != target);
                if is_prefix { new } else { old }
            }
            _ => {
                let operand = self.expression(target);
                match word {
                    "!" if node.kind() == "postfix_unary_expression" => operand,
                    "!" => self.b.unary(node, UnaryOp::Not, operand),
                    // `^1` counts from the end.
                    "-" | "^" => self.b.unary(node, UnaryOp::Minus, operand),
                    "~" => self.b.unary(node, UnaryOp::BitNot, operand),
                    "+" => self.b.unary(node, UnaryOp::Plus, operand),
                    _ => operand,
                }
            }
        }
    }

    fn assignment(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(target) = node.child(Field::Left) else {
            return self.b.unknown(node);
        };
        let operator = node.child(Field::Operator).map_or("=", NodeRef::text);
        let value = match operator {
            "=" => {
                let want = self.want_of(target);
                match node.child(Field::Right) {
                    Some(value) => self.wanted(value, &want),
                    None => self.b.unknown(node),
                }
            }
            "??=" => {
                let old = self.expression(target);
                self.b.open();
                let value = self.operand(node, Field::Right);
                let right = self.b.close();
                self.b.logical(node, LogicalOp::Coalesce, old, right, value)
            }
            _ => {
                let old = self.expression(target);
                let right = self.operand(node, Field::Right);
                match binary_op(operator.strip_suffix('=').unwrap_or("")) {
                    Some(op) => self.b.binary(node, op, old, right),
                    None => self.b.mix(node, vec![old, right]),
                }
            }
        };
        self.assign_to(node, target, value);
        value
    }

    /// What is wanted of a value that is assigned to a variable of known type.
    fn want_of(&mut self, target: NodeRef<'_>) -> Want {
        let mut want = Want::default();
        if target.kind() == "identifier" {
            let name = target.text();
            if let Some(slot) = self.b.lookup(name) {
                want.ty.clone_from(&self.b.slot_info(slot).ty);
            } else if let Some((at, _)) = self.field_owner(name) {
                let class = self.members[at].class;
                let fields = &self.b.classes()[class].fields;
                let field = fields.iter().find(|field| &*field.name == name);
                want.ty = field.and_then(|field| field.ty.clone());
            }
        }
        want
    }

    pub(super) fn assign_to(&mut self, node: NodeRef<'_>, target: NodeRef<'_>, value: Slot) {
        match target.kind() {
            "parenthesized_expression" => {
                if let Some(inner) = target.named_children().next() {
                    self.assign_to(node, inner, value);
                }
            }
            "identifier" => self.assign_name(node, target.text(), value),
            "declaration_expression" => {
                let ty = self.want(target.child(Field::Type)).ty;
                let name = target.child(Field::Name).map_or("_", NodeRef::text);
                let slot = self.b.declare(name, ty.as_deref());
                self.boxed.remove(name);
                self.b.assign(node, slot, value);
            }
            "tuple_expression" | "tuple_pattern" => self.deconstruct(target, value),
            "member_access_expression" => {
                let (object, name) = (target.child(Field::Object), target.child(Field::Name));
                let (Some(object), Some(name)) = (object, name) else {
                    return;
                };
                let name = dotted(name);
                if let Some(class) = self.qualified(object) {
                    self.b.store_global(node, &format!("{class}.{name}"), value);
                } else {
                    let object = self.expression(object);
                    self.b.store(node, object, &name, value);
                }
            }
            "element_access_expression" => {
                let object = self.operand(target, Field::Object);
                let list = target.child(Field::Index);
                let index = list.and_then(|list| list.named_children().next());
                let index = index.map(|index| self.expression(index));
                self.b.store_index(node, object, index, value);
            }
            _ => {}
        }
    }

    fn assign_name(&mut self, node: NodeRef<'_>, name: &str, value: Slot) {
        let name = name.strip_prefix('@').unwrap_or(name);
        if let Some(slot) = self.b.lookup(name) {
            if self.boxed.contains(name) {
                self.b.store(node, slot, "value", value);
            } else {
                self.b.assign(node, slot, value);
            }
            return;
        }
        match self.field_owner(name) {
            Some((class, true)) => {
                let global = format!("{}.{name}", self.members[class].qualified);
                self.b.store_global(node, &global, value);
            }
            Some((class, false)) => {
                let object = self.receiver(node, class);
                self.b.store(node, object, name, value);
            }
            None if name == "_" => {}
            None if self.has_this => {
                let this = self.b.read(node, "this");
                self.b.store(node, this, name, value);
            }
            None => {
                let global = format!("{}.{name}", self.current_class());
                self.b.store_global(node, &global, value);
            }
        }
    }

    pub(super) fn conditional_for(&mut self, node: NodeRef<'_>, want: &Want) -> Slot {
        let cond = self.operand(node, Field::Condition);
        let result = self.b.temp();
        let branch = |this: &mut Self, field| -> Block {
            this.b.open();
            if let Some(value) = node.child(field) {
                let slot = this.wanted(value, want);
                this.b.assign(value, result, slot);
            }
            this.b.close()
        };
        let then = branch(self, Field::Consequence);
        let otherwise = branch(self, Field::Alternative);
        self.b.branch(node, cond, then, otherwise);
        result
    }

    fn cast(&mut self, node: NodeRef<'_>) -> Slot {
        let (value, ty) = match node.kind() {
            "as_expression" => (node.child(Field::Left), node.child(Field::Right)),
            _ => (node.child(Field::Value), node.child(Field::Type)),
        };
        let value = match value {
            Some(value) => self.expression(value),
            None => self.b.unknown(node),
        };
        match ty {
            Some(ty) => {
                let ty = self.names.ty(ty);
                self.b.emit(node, Op::Cast(value, ty))
            }
            None => value,
        }
    }

    fn is_type(&mut self, node: NodeRef<'_>) -> Slot {
        let value = self.operand(node, Field::Left);
        match node.child(Field::Right) {
            Some(ty) => {
                let ty = self.names.ty(ty);
                self.b.emit(node, Op::IsType(value, ty))
            }
            None => self.b.unknown(node),
        }
    }

    fn lambda(&mut self, node: NodeRef<'_>) -> Slot {
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let result = std::mem::take(&mut self.result);
        let boxed = self.boxed.clone();
        self.parameters(node.child(Field::Parameters));
        let body = node
            .child(Field::Body)
            .or_else(|| node.named_children().find(|n| n.kind() == "block"));
        self.body(body);
        self.boxed = boxed;
        self.result = result;
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }

    fn interpolated(&mut self, node: NodeRef<'_>) -> Slot {
        let is_verbatim = node.named_children().next().is_some_and(|start| {
            start.kind() == "interpolation_start" && start.text().contains('@')
        }) || node.text().starts_with("@$")
            || node.text().starts_with("$@");
        let is_raw = node.text().trim_start_matches('$').starts_with("\"\"\"");
        let mut parts = Vec::new();
        for part in node.named_children() {
            match part.kind() {
                "string_content" if is_verbatim || is_raw => {
                    let text = part.text().replace("\"\"", "\"");
                    parts.push(self.b.string(part, &braces(&text)));
                }
                "string_content" => {
                    let text = braces(&ESCAPES.resolve(part.text()));
                    parts.push(self.b.string(part, &text));
                }
                "escape_sequence" => {
                    let text = ESCAPES.resolve(part.text());
                    parts.push(self.b.string(part, &text));
                }
                "interpolation" => {
                    let inner = part.named_children().find(|n| {
                        !matches!(
                            n.kind(),
                            "interpolation_brace"
                                | "interpolation_format_clause"
                                | "interpolation_alignment_clause"
                        )
                    });
                    parts.extend(inner.map(|inner| self.expression(inner)));
                }
                _ => {}
            }
        }
        self.b.text(node, parts)
    }

    /// A copy with some members replaced.
    fn with(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(first) = node.named_children().next() else {
            return self.b.unknown(node);
        };
        let old = self.expression(first);
        // Parts of the old and of the new: which is which is not kept.
        let mut parts = vec![old];
        for part in node.named_children().skip(1) {
            let value = part.named_children().last();
            parts.extend(value.map(|value| self.expression(value)));
        }
        self.b.mix(node, parts)
    }

    /// Joins two conditions, each of which may be missing.
    pub(super) fn both(
        &mut self,
        node: NodeRef<'_>,
        first: Option<Slot>,
        second: Option<Slot>,
    ) -> Option<Slot> {
        match (first, second) {
            (Some(first), Some(second)) => {
                Some(
                    self.b
                        .logical(node, LogicalOp::And, first, Block::new(), second),
                )
            }
            (first, second) => first.or(second),
        }
    }
}

/// Resolves doubled braces, which stand for one.
fn braces(text: &str) -> String {
    text.replace("{{", "{").replace("}}", "}")
}

fn operator<'t>(node: NodeRef<'t>) -> &'t str {
    node.child(Field::Operator).map_or("", NodeRef::text)
}

fn logical_op(operator: &str) -> Option<LogicalOp> {
    Some(match operator {
        "&&" => LogicalOp::And,
        "||" => LogicalOp::Or,
        "??" => LogicalOp::Coalesce,
        _ => return None,
    })
}

fn binary_op(operator: &str) -> Option<BinaryOp> {
    Some(match operator {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        "<<" => BinaryOp::Shl,
        ">>" => BinaryOp::Shr,
        ">>>" => BinaryOp::UShr,
        "&" => BinaryOp::BitAnd,
        "|" => BinaryOp::BitOr,
        "^" => BinaryOp::BitXor,
        "==" => BinaryOp::Eq,
        "!=" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        _ => return None,
    })
}

/// Returns the operation that a relational pattern stands for.
pub(super) fn relation(operator: &str) -> Option<BinaryOp> {
    binary_op(operator).filter(|op| {
        matches!(
            op,
            BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge
        )
    })
}

/// The name of a type where one is known.
pub(super) type TypeName = Option<Name>;
