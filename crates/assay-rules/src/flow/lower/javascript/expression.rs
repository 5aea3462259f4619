//! JavaScript's expressions.

use assay_syntax::{Field, NodeRef};

use super::literal::{literal, string_of, unescape};
use super::{JavaScript, This, constructed, is_class, is_function};
use crate::flow::builder::Signature;
use crate::flow::ir::{
    Arg, BinaryOp, Callee, FunctionKind, Literal, LogicalOp, Name, Op, ParamKind, Slot, UnaryOp,
};
use crate::flow::lower::walk::Walk;

impl JavaScript<'_> {
    /// Lowers a value that is given a name: a function or class goes by it.
    pub(super) fn named_value(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        match node.kind() {
            "function_expression" if self.facts.constructors.contains(name) => {
                self.constructor_function(node, name)
            }
            _ if is_function(node) => self.function_value(node, name),
            _ if is_class(node) => self.class_value(node, name),
            _ => self.expression(node),
        }
    }

    pub(super) fn lower_expression(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(literal) = literal(node) {
            return self.b.constant(node, literal);
        }
        match node.kind() {
            "identifier" | "shorthand_property_identifier" => self.name(node),
            "this" | "super" => self.this(node),
            "template_string" => self.template(node),
            "regex" => self.regex(node),
            "array" => {
                let items = self.items(node);
                self.b.list(node, items)
            }
            "object" => self.object(node),
            "member_expression" => self.member_expression(node),
            "subscript_expression" => self.subscript(node),
            "call_expression" => self.invocation(node),
            "new_expression" => self.creation(node),
            "binary_expression" => self.binary(node),
            "unary_expression" => self.unary(node),
            "update_expression" => self.update(node),
            "assignment_expression" => self.assignment(node),
            "augmented_assignment_expression" => self.augmented(node),
            "ternary_expression" => self.conditional(node),
            "sequence_expression" => {
                let parts = self.children(node);
                parts
                    .last()
                    .copied()
                    .unwrap_or_else(|| self.b.unknown(node))
            }
            "await_expression" => {
                let value = self.first(node);
                self.b.emit(node, Op::Await(value))
            }
            "yield_expression" => {
                let value = match node.named_children().next() {
                    Some(value) => self.expression(value),
                    None => self.b.null(node),
                };
                let is_delegated = node.children().any(|child| child.kind() == "*");
                self.b.emit(node, Op::Yield(value, is_delegated))
            }
            "as_expression" | "satisfies_expression" | "type_assertion" => self.cast(node),
            "parenthesized_expression"
            | "non_null_expression"
            | "spread_element"
            | "instantiation_expression"
            | "jsx_expression" => self.first(node),
            "jsx_element" | "jsx_self_closing_element" => self.element(node),
            "internal_module" | "module" => self.namespace(node),
            _ if is_function(node) => self.function_value(node, ""),
            _ if is_class(node) => self.class_value(node, ""),
            _ => self.anything(node),
        }
    }

    fn this(&mut self, node: NodeRef<'_>) -> Slot {
        match self.this.last() {
            Some(This::Global(name)) => {
                let name = name.clone();
                self.b.global(node, &name)
            }
            _ => self.b.read(node, "this"),
        }
    }

    fn name(&mut self, node: NodeRef<'_>) -> Slot {
        let name = node.text();
        if let Some(slot) = self.b.lookup(name) {
            return slot;
        }
        match (self.names.imported(name), name) {
            (Some(meant), _) => {
                let meant = meant.to_owned();
                self.b.global(node, &meant)
            }
            (None, "exports") => {
                let package = self.b.package().to_owned();
                self.b.global(node, &package)
            }
            (None, name) => self.b.global(node, name),
        }
    }

    /// Returns whether the node names the object of all globals.
    pub(super) fn is_global_object(&mut self, node: NodeRef<'_>) -> bool {
        node.kind() == "identifier"
            && matches!(node.text(), "window" | "globalThis" | "self" | "global")
            && self.b.lookup(node.text()).is_none()
            && self.names.imported(node.text()).is_none()
    }

    fn template(&mut self, node: NodeRef<'_>) -> Slot {
        let mut parts = Vec::new();
        let mut text = String::new();
        for part in node.children() {
            match part.kind() {
                "template_substitution" => {
                    if !text.is_empty() {
                        let piece = std::mem::take(&mut text);
                        parts.push(self.b.string(node, &piece));
                    }
                    parts.push(self.first(part));
                }
                "string_fragment" => text.push_str(part.text()),
                "escape_sequence" => text.push_str(&unescape(part.text())),
                _ => {}
            }
        }
        if parts.is_empty() {
            let text = string_of(node).unwrap_or(text);
            return self.b.string(node, &text);
        }
        if !text.is_empty() {
            parts.push(self.b.string(node, &text));
        }
        self.b.text(node, parts)
    }

    fn regex(&mut self, node: NodeRef<'_>) -> Slot {
        let part = |kind: &str| {
            let found = node.children().find(|child| child.kind() == kind);
            found.map_or("", NodeRef::text)
        };
        let flags = part("regex_flags");
        let pattern = match flags.contains('m') {
            // The ends of a pattern are the ends of lines then.
            true => self
                .b
                .string(node, &format!("(?m){}", part("regex_pattern"))),
            false => self.b.string(node, part("regex_pattern")),
        };
        let flags = self.b.string(node, flags);
        let args = vec![Arg::plain(pattern), Arg::plain(flags)];
        self.b.call(node, Callee::New(Name::from("RegExp")), args)
    }

    /// Lowers arguments or elements.
    fn items(&mut self, list: NodeRef<'_>) -> Vec<Arg> {
        list.named_children()
            .map(|node| match node.kind() {
                "spread_element" => Arg::spread(self.first(node)),
                _ => Arg::plain(self.expression(node)),
            })
            .collect()
    }

    pub(super) fn arguments(&mut self, list: Option<NodeRef<'_>>) -> Vec<Arg> {
        let Some(list) = list else { return Vec::new() };
        if list.kind() != "template_string" {
            return self.items(list);
        }
        // A tagged template: the texts as a list, then the values.
        let mut texts = Vec::new();
        let mut args = Vec::new();
        for part in list.children() {
            match part.kind() {
                "string_fragment" => texts.push(Arg::plain(self.b.string(part, part.text()))),
                "template_substitution" => args.push(Arg::plain(self.first(part))),
                _ => {}
            }
        }
        let texts = self.b.list(list, texts);
        args.insert(0, Arg::plain(texts));
        args
    }

    /// Lowers a key to the slot of its value.
    pub(super) fn key(&mut self, key: NodeRef<'_>) -> Slot {
        match key.kind() {
            "computed_property_name" => self.first(key),
            "number" => self.expression(key),
            "string" => self.expression(key),
            _ => self.b.string(key, key.text()),
        }
    }

    fn object(&mut self, node: NodeRef<'_>) -> Slot {
        let object = self.b.temp();
        let mut entries = Vec::new();
        for member in node.named_children() {
            match member.kind() {
                "pair" => {
                    let (Some(key), Some(value)) =
                        (member.child(Field::Key), member.child(Field::Value))
                    else {
                        continue;
                    };
                    let name = super::key_text(key).unwrap_or_default();
                    let key = self.key(key);
                    let value = if super::is_function_with_this(value) {
                        self.with_this(object, |this| this.function_value(value, &name))
                    } else {
                        self.named_value(value, &name)
                    };
                    entries.push((Some(key), value));
                }
                "shorthand_property_identifier" => {
                    let key = self.b.string(member, member.text());
                    let value = self.name(member);
                    entries.push((Some(key), value));
                }
                "method_definition" => {
                    let Some(key) = member.child(Field::Name) else {
                        continue;
                    };
                    let mut name = super::key_text(key).unwrap_or_default();
                    let mut key = self.key(key);
                    if member.children().any(|child| child.kind() == "set") {
                        name.push('=');
                        key = self.b.string(member, &name);
                    }
                    let value = self.with_this(object, |this| {
                        let function = this.function(member, &name);
                        this.b.emit(member, Op::Closure(function))
                    });
                    entries.push((Some(key), value));
                }
                "spread_element" => entries.push((None, self.first(member))),
                _ => {}
            }
        }
        self.b.emit_into(node, object, Op::Map(entries));
        object
    }

    /// Lowers something in which `this` is the object, unless the object is
    /// what the module hands out: that goes by name.
    fn with_this(&mut self, object: Slot, lower: impl FnOnce(&mut Self) -> Slot) -> Slot {
        let is_module = matches!(self.this.last(), Some(This::Global(_)))
            && self.this.len() > 1
            && self.b.function_depth() == 1;
        if is_module {
            return lower(self);
        }
        self.b.enter_scope();
        self.b.bind("this", object);
        self.this.push(This::Variable);
        let value = lower(self);
        self.this.pop();
        self.b.leave_scope();
        value
    }

    /// Reads a member: a getter is called.
    pub(super) fn member(&mut self, at: NodeRef<'_>, object: Slot, name: &str) -> Slot {
        match self.facts.getters.contains(name) {
            true => self.b.method(at, object, name, Vec::new()),
            false => self.b.load(at, object, name),
        }
    }

    fn member_expression(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(object), Some(property)) =
            (node.child(Field::Object), node.child(Field::Property))
        else {
            return self.b.unknown(node);
        };
        if self.is_global_object(object) {
            return self.b.global(node, property.text());
        }
        if self
            .export_target(node)
            .is_some_and(|target| target.is_empty())
        {
            let package = self.b.package().to_owned();
            return self.b.global(node, &package);
        }
        let object = self.expression(object);
        self.member(node, object, property.text())
    }

    fn subscript(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(object), Some(index)) = (node.child(Field::Object), node.child(Field::Index))
        else {
            return self.b.unknown(node);
        };
        let object = self.expression(object);
        if let Some(key) = string_of(index) {
            return self.member(node, object, &key);
        }
        let index = self.expression(index);
        self.b.load_index(node, object, index)
    }

    fn invocation(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(function) = node.child(Field::Function) else {
            return self.b.unknown(node);
        };
        let list = node.child(Field::Arguments);
        match function.kind() {
            "import" => self.dynamic_import(node),
            "super" => {
                let this = self.this(function);
                let mut args = vec![Arg::plain(this)];
                args.extend(self.arguments(list));
                self.b.call(node, Callee::Super(Name::from("<init>")), args)
            }
            "member_expression" => self.method_call(node, function, list),
            "subscript_expression" => {
                let (object, index) = (function.child(Field::Object), function.child(Field::Index));
                let key = index.and_then(string_of);
                if let (Some(object), Some(key)) = (object, key) {
                    let object = self.expression(object);
                    let args = self.arguments(list);
                    return self.b.method(node, object, &key, args);
                }
                self.value_call(node, function, list)
            }
            _ => {
                if let Some(module) = self.required_name(node) {
                    return self.b.global(node, &module);
                }
                self.value_call(node, function, list)
            }
        }
    }

    fn value_call(
        &mut self,
        node: NodeRef<'_>,
        function: NodeRef<'_>,
        list: Option<NodeRef<'_>>,
    ) -> Slot {
        let function = self.expression(function);
        let args = self.arguments(list);
        self.b.call(node, Callee::Value(function), args)
    }

    fn method_call(
        &mut self,
        node: NodeRef<'_>,
        function: NodeRef<'_>,
        list: Option<NodeRef<'_>>,
    ) -> Slot {
        let (Some(object), Some(property)) = (
            function.child(Field::Object),
            function.child(Field::Property),
        ) else {
            return self.b.unknown(node);
        };
        let name = property.text();
        if object.kind() == "super" {
            let this = self.this(object);
            let mut args = vec![Arg::plain(this)];
            args.extend(self.arguments(list));
            return self.b.call(node, Callee::Super(Name::from(name)), args);
        }
        if self.is_global_object(object) {
            let callee = self.b.global(property, name);
            let args = self.arguments(list);
            return self.b.call(node, Callee::Value(callee), args);
        }
        if matches!(name, "call" | "apply" | "bind") && is_function_like(object) {
            return self.indirect_call(node, object, name, list);
        }
        let object = self.expression(object);
        let args = self.arguments(list);
        // With a pattern that is marked so, all matches are replaced.
        let name = match list.and_then(|list| list.named_children().next()) {
            Some(pattern) if name == "replace" && is_global_pattern(pattern) => "replaceAll",
            _ => name,
        };
        self.b.method(node, object, name, args)
    }

    /// Lowers `f.call(this, a)`, `f.apply(this, list)` and `f.bind(this, a)`.
    fn indirect_call(
        &mut self,
        node: NodeRef<'_>,
        function: NodeRef<'_>,
        how: &str,
        list: Option<NodeRef<'_>>,
    ) -> Slot {
        // A method taken from a prototype or a literal is called on what is
        // given to it: `Array.prototype.slice.call(list, 1)`.
        let method = function.child(Field::Property).filter(|_| {
            let object = function.child(Field::Object);
            object.is_some_and(|object| {
                matches!(object.kind(), "array" | "string" | "object")
                    || object.text().ends_with(".prototype")
            })
        });
        let target = match method {
            Some(_) => None,
            None => Some(self.expression(function)),
        };
        let mut args = self.arguments(list);
        let receiver = (!args.is_empty()).then(|| args.remove(0));
        if how == "apply" {
            args.truncate(1);
            for arg in &mut args {
                arg.spread = true;
            }
        }
        match (target, method, receiver) {
            (Some(target), _, _) if how == "bind" => self.bound(node, target, args),
            (Some(target), _, _) => self.b.call(node, Callee::Value(target), args),
            (None, Some(method), Some(receiver)) => {
                self.b.method(node, receiver.value, method.text(), args)
            }
            _ => self.b.unknown(node),
        }
    }

    fn creation(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(class) = constructed(node) else {
            return self.b.unknown(node);
        };
        let list = node.child(Field::Arguments);
        if class.text() == "Promise" && self.b.lookup("Promise").is_none() {
            return self.promise(node, list);
        }
        let name = match class.kind() {
            "identifier" => self.created(class),
            "member_expression" => {
                let text = super::name::dotted(class);
                let base = text.split('.').next().unwrap_or("");
                let is_free = self.b.lookup(base).is_none() && base != "this";
                is_free.then(|| self.names.resolve(&text))
            }
            _ => None,
        };
        match name {
            Some(name) => {
                let args = self.arguments(list);
                self.b.call(node, Callee::New(Name::from(name)), args)
            }
            None => self.value_call(node, class, list),
        }
    }

    /// Lowers `new Promise(f)`: `f` is called with a function that sets what
    /// the promise holds.
    fn promise(&mut self, node: NodeRef<'_>, list: Option<NodeRef<'_>>) -> Slot {
        let args = self.arguments(list);
        let Some(function) = args.first().map(|arg| arg.value) else {
            return self.b.unknown(node);
        };
        self.b.enter_scope();
        let held = self.b.declare("value of the promise", None);
        let none = self.b.null(node);
        self.b.assign(node, held, none);
        let signature = Signature::new("", FunctionKind::Closure);
        self.b.begin_function(node, signature);
        let given = self.b.param("value", ParamKind::Plain, None);
        let inner = self.b.read(node, "value of the promise");
        self.b.assign(node, inner, given);
        let resolve = self.b.end_function();
        let resolve = self.b.emit(node, Op::Closure(resolve));
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        self.b.param("reason", ParamKind::Plain, None);
        let reject = self.b.end_function();
        let reject = self.b.emit(node, Op::Closure(reject));
        let args = vec![Arg::plain(resolve), Arg::plain(reject)];
        self.b.call(node, Callee::Value(function), args);
        self.b.leave_scope();
        held
    }

    /// Returns the qualified name of the class that a name means.
    fn created(&mut self, class: NodeRef<'_>) -> Option<String> {
        let name = class.text();
        if let Some(known) = self.known_class(name) {
            return Some(self.b.classes()[known].name.to_string());
        }
        match self.b.lookup(name) {
            Some(_) => None,
            None => Some(self.names.resolve(name)),
        }
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
            if operator(part) == "instanceof" {
                let ty = part.child(Field::Right).map(|ty| self.class_of(ty));
                let ty = Name::from(ty.unwrap_or_default());
                value = self.b.emit(part, Op::IsType(value, ty));
                continue;
            }
            let right = self.operand(part, Field::Right);
            value = match binary_op(operator(part)) {
                Some(op) => self.b.binary(part, op, value, right),
                None => self.b.mix(part, vec![value, right]),
            };
        }
        value
    }

    fn logical(&mut self, node: NodeRef<'_>, op: LogicalOp) -> Slot {
        let left = self.operand(node, Field::Left);
        self.b.open();
        let value = self.operand(node, Field::Right);
        let right = self.b.close();
        self.b.logical(node, op, left, right, value)
    }

    fn unary(&mut self, node: NodeRef<'_>) -> Slot {
        let operator = operator(node);
        if operator == "delete" {
            return self.delete(node);
        }
        let operand = self.operand(node, Field::Operand);
        match operator {
            "!" => self.b.unary(node, UnaryOp::Not, operand),
            "-" => self.b.unary(node, UnaryOp::Minus, operand),
            "~" => self.b.unary(node, UnaryOp::BitNot, operand),
            "typeof" => self.b.unary(node, UnaryOp::TypeOf, operand),
            "void" => self.b.null(node),
            _ => self.b.unary(node, UnaryOp::Plus, operand),
        }
    }

    fn delete(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(target) = node.child(Field::Operand) {
            let none = self.b.null(node);
            match target.kind() {
                "member_expression" | "subscript_expression" => self.assign_to(node, target, none),
                _ => {
                    self.expression(target);
                }
            }
        }
        self.b.constant(node, Literal::Bool(true))
    }

    fn update(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(target) = node.child(Field::Operand) else {
            return self.b.unknown(node);
        };
        let old = self.expression(target);
        let old = self.b.copy(node, old);
        let one = self.b.int(node, 1);
        let op = match operator(node) {
            "--" => BinaryOp::Sub,
            _ => BinaryOp::Add,
        };
        // A text that is counted up is a number first.
        let number = self.b.unary(node, UnaryOp::Plus, old);
        let new = self.b.binary(node, op, number, one);
        self.assign_to(node, target, new);
        let is_prefix = node.children().next().is_some_and(|first| first != target);
        if is_prefix { new } else { old }
    }

    fn assignment(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(target), Some(right)) = (node.child(Field::Left), node.child(Field::Right))
        else {
            return self.b.unknown(node);
        };
        if let Some(name) = self.export_target(target) {
            return self.export_as(node, &name, right);
        }
        if target.kind() == "member_expression"
            && let Some(value) = self.prototype_assignment(target, right)
        {
            return value;
        }
        let value = match target.kind() {
            "identifier" => self.named_value(right, target.text()),
            "member_expression" if super::is_function_with_this(right) => {
                let object = target.child(Field::Object);
                let object = object.filter(|object| object.kind() != "this");
                match object {
                    Some(object) => {
                        let object = self.expression(object);
                        self.with_this(object, |this| this.function_value(right, ""))
                    }
                    None => self.function_value(right, ""),
                }
            }
            _ => self.expression(right),
        };
        self.assign_to(node, target, value);
        value
    }

    /// Lowers `Name.prototype.method = function ...` and
    /// `Name.prototype = { method: function ... }` as methods of a class.
    fn prototype_assignment(&mut self, target: NodeRef<'_>, value: NodeRef<'_>) -> Option<Slot> {
        let text = super::name::dotted(target);
        let (class, rest) = text.split_once(".prototype")?;
        let class = self.known_class(class)?;
        match rest.strip_prefix('.') {
            Some(name) if !name.contains('.') && is_function(value) => {
                let method = self.method_of(class, value, name, FunctionKind::Method);
                self.b.class(class).methods.push(method);
            }
            None if rest.is_empty() && value.kind() == "object" => {
                for member in value.named_children() {
                    let key = member
                        .child(Field::Key)
                        .or_else(|| member.child(Field::Name));
                    let function = match member.kind() {
                        "method_definition" => Some(member),
                        _ => member
                            .child(Field::Value)
                            .filter(|value| is_function(*value)),
                    };
                    let name = key.and_then(super::key_text);
                    if let (Some(name), Some(function)) = (name, function) {
                        let method = self.method_of(class, function, &name, FunctionKind::Method);
                        self.b.class(class).methods.push(method);
                    }
                }
            }
            None if rest.is_empty() => {
                // `Object.create(Base.prototype)` and `new Base()`.
                let inside = value.subtree().find_map(|node| {
                    let name = (node.kind() == "identifier").then(|| node.text())?;
                    self.known_class(name)
                });
                let base = inside.map(|base| self.b.classes()[base].name.clone());
                let own = self.b.class(class);
                own.supertypes.extend(base.filter(|base| *base != own.name));
                self.expression(value);
            }
            _ => return None,
        }
        Some(self.b.null(target))
    }

    fn augmented(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(target) = node.child(Field::Left) else {
            return self.b.unknown(node);
        };
        let operator = operator(node);
        let operator = operator.strip_suffix('=').unwrap_or(operator);
        let old = self.expression(target);
        let value = match (logical_op(operator), binary_op(operator)) {
            (Some(op), _) => {
                self.b.open();
                let value = self.operand(node, Field::Right);
                let right = self.b.close();
                self.b.logical(node, op, old, right, value)
            }
            (None, op) => {
                let right = self.operand(node, Field::Right);
                match op {
                    Some(op) => self.b.binary(node, op, old, right),
                    None => self.b.mix(node, vec![old, right]),
                }
            }
        };
        self.assign_to(node, target, value);
        value
    }

    /// Lowers `x as T`, `x satisfies T` and `<T>x`. The value stays as it is:
    /// only the types that models know count.
    fn cast(&mut self, node: NodeRef<'_>) -> Slot {
        let mut parts: Vec<NodeRef<'_>> = node.named_children().collect();
        if node.kind() == "type_assertion" {
            parts.reverse();
        }
        let Some(value) = parts.first() else {
            return self.b.unknown(node);
        };
        let value = self.expression(*value);
        let ty = parts.get(1).and_then(|ty| match ty.kind() {
            "type_arguments" => ty.named_children().next().and_then(|ty| self.names.ty(ty)),
            _ => self.names.ty(*ty),
        });
        match ty {
            Some(ty) if ty != "string" => self.b.emit(node, Op::Cast(value, Name::from(ty))),
            _ => value,
        }
    }
}

fn operator<'t>(node: NodeRef<'t>) -> &'t str {
    node.child(Field::Operator).map_or("", NodeRef::text)
}

fn is_global_pattern(node: NodeRef<'_>) -> bool {
    let mut flags = node
        .children()
        .filter(|child| child.kind() == "regex_flags");
    node.kind() == "regex" && flags.any(|flags| flags.text().contains('g'))
}

/// Returns whether `call`, `apply` and `bind` of it are those of functions.
fn is_function_like(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "identifier" | "member_expression" | "parenthesized_expression" | "function_expression"
    )
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
        "**" => BinaryOp::Pow,
        "<<" => BinaryOp::Shl,
        ">>" => BinaryOp::Shr,
        ">>>" => BinaryOp::UShr,
        "&" => BinaryOp::BitAnd,
        "|" => BinaryOp::BitOr,
        "^" => BinaryOp::BitXor,
        "==" | "===" => BinaryOp::Eq,
        "!=" | "!==" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        "in" => BinaryOp::In,
        _ => return None,
    })
}
