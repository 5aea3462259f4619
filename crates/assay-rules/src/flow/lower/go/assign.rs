//! Declarations and assignments of Go, also of several values at a time, and
//! the values that variables begin with.

use assay_syntax::{Field, NodeRef};

use super::expression::binary_op;
use super::name::is_builtin_type;
use super::{CHANNEL, Go};
use crate::flow::ir::{Arg, BinaryOp, Callee, Literal, Name, Op, Slot};
use crate::flow::lower::walk::Walk;

impl Go<'_> {
    /// Lowers `var` and `const` declarations.
    pub(super) fn declaration(&mut self, node: NodeRef<'_>) {
        let is_const = node.kind() == "const_declaration";
        let specs = node
            .named_children()
            .flat_map(|child| {
                let is_list = child.kind() == "var_spec_list";
                let inner = is_list.then(|| child.named_children());
                let own = (!is_list).then_some(child);
                own.into_iter().chain(inner.into_iter().flatten())
            })
            .filter(|spec| matches!(spec.kind(), "var_spec" | "const_spec"));
        // A constant without a value repeats the expression above it.
        let mut repeated: Option<NodeRef<'_>> = None;
        for (at, spec) in specs.enumerate() {
            self.iota = at as i64;
            let ty = spec.child(Field::Type);
            let names: Vec<NodeRef<'_>> = spec
                .children()
                .filter(|child| child.field() == Field::Name && child.is_named())
                .collect();
            let mut value = spec.child(Field::Value);
            if is_const {
                value = value.or(repeated);
                repeated = value;
            }
            match value {
                Some(list) => {
                    let values: Vec<NodeRef<'_>> = list.named_children().collect();
                    self.assign_all(spec, &names, &values, Some(ty));
                }
                None => {
                    for name in names {
                        let value = self.zero(name, ty);
                        self.declare_variable(name, value, ty.and_then(|ty| self.ty(ty)));
                    }
                }
            }
        }
    }

    /// Lowers `left := right` and `left = right`.
    pub(super) fn assignment(&mut self, node: NodeRef<'_>) {
        let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right)) else {
            return;
        };
        let targets: Vec<NodeRef<'_>> = left.named_children().collect();
        let values: Vec<NodeRef<'_>> = right.named_children().collect();
        let operator = node.child(Field::Operator).map_or("=", NodeRef::text);
        if node.kind() == "assignment_statement" && operator != "=" {
            if let ([target], [value]) = (targets.as_slice(), values.as_slice()) {
                self.compound(node, *target, operator.trim_end_matches('='), *value);
            }
            return;
        }
        let declares = node.kind() == "short_var_declaration";
        self.assign_all(node, &targets, &values, declares.then_some(None));
    }

    /// Assigns values to targets; `declared` says that they are variables to
    /// declare, maybe with a type.
    fn assign_all(
        &mut self,
        node: NodeRef<'_>,
        targets: &[NodeRef<'_>],
        values: &[NodeRef<'_>],
        declared: Option<Option<NodeRef<'_>>>,
    ) {
        let slots = match values {
            [one] if targets.len() > 1 => self.several(*one, targets.len()),
            _ => {
                // All are read before any is set.
                let mut slots = Vec::new();
                for value in values {
                    let slot = self.expression(*value);
                    let is_name = targets.len() > 1 && value.kind() == "identifier";
                    slots.push(if is_name {
                        self.b.copy(*value, slot)
                    } else {
                        slot
                    });
                }
                slots
            }
        };
        for (at, target) in targets.iter().enumerate() {
            let Some(&slot) = slots.get(at) else { break };
            match declared {
                Some(ty) => {
                    let ty = match ty {
                        Some(ty) => self.ty(ty),
                        None if values.len() == targets.len() => self.type_of(values[at]),
                        None => None,
                    };
                    self.declare_variable(*target, slot, ty);
                }
                None => self.assign_target(*target, slot),
            }
        }
        let _ = node;
    }

    /// Lowers what gives several values: a call, or `value, ok := ...`.
    fn several(&mut self, node: NodeRef<'_>, count: usize) -> Vec<Slot> {
        match (node.kind(), count) {
            ("parenthesized_expression", _) => {
                if let Some(inner) = node.named_children().next() {
                    return self.several(inner, count);
                }
            }
            ("index_expression", 2) => {
                if let (Some(map), Some(key)) =
                    (node.child(Field::Operand), node.child(Field::Index))
                {
                    let (map, key) = (self.expression(map), self.expression(key));
                    let value = self.b.load_index(node, map, key);
                    let has = self.b.binary(node, BinaryOp::In, key, map);
                    return vec![value, has];
                }
            }
            ("type_assertion_expression", 2) => {
                if let (Some(value), Some(ty)) =
                    (node.child(Field::Operand), node.child(Field::Type))
                {
                    let value = self.expression(value);
                    let is = self.is_type(node, value, ty);
                    return vec![self.cast(node, value, ty), is];
                }
            }
            ("unary_expression", 2) => {
                let value = self.expression(node);
                return vec![value, self.b.unknown(node)];
            }
            _ => {}
        }
        let all = self.expression(node);
        self.parts(node, all, count)
    }

    /// Takes several results apart.
    pub(super) fn parts(&mut self, node: NodeRef<'_>, all: Slot, count: usize) -> Vec<Slot> {
        (0..count)
            .map(|at| {
                let op = Op::Part {
                    of: all,
                    at: at as u32,
                    is_status: at + 1 == count,
                };
                self.b.emit(node, op)
            })
            .collect()
    }

    /// Returns the type that an expression shows.
    fn type_of(&self, node: NodeRef<'_>) -> Option<String> {
        match node.kind() {
            "composite_literal" | "type_conversion_expression" => self.ty(node.child(Field::Type)?),
            "unary_expression" if node.text().starts_with('&') => {
                self.type_of(node.child(Field::Operand)?)
            }
            "call_expression" => {
                let function = node.child(Field::Function)?;
                let is_making = matches!(function.text(), "make" | "new");
                let mut arguments = node.child(Field::Arguments)?.named_children();
                is_making.then(|| self.ty(arguments.next()?))?
            }
            _ => None,
        }
    }

    /// Declares a variable in the innermost scope, unless it has it already;
    /// outside of functions it is the package's.
    pub(super) fn declare_variable(&mut self, name: NodeRef<'_>, value: Slot, ty: Option<String>) {
        if name.text() == "_" {
            return;
        }
        if self.b.function_depth() == 1 {
            let value = match &ty {
                Some(ty) => {
                    let op = Op::Cast(value, Name::from(ty.as_str()));
                    self.b.emit(name, op)
                }
                None => value,
            };
            let qualified = self.names.own(name.text());
            self.b.store_global(name, &qualified, value);
            return;
        }
        if name.kind() != "identifier" {
            return self.assign_target(name, value);
        }
        let slot = match self.b.local_in_scope(name.text()) {
            Some(slot) => slot,
            None => self.b.declare(name.text(), ty.as_deref()),
        };
        self.b.assign(name, slot, value);
    }

    /// Sets whatever stands left of an assignment.
    pub(super) fn assign_target(&mut self, target: NodeRef<'_>, value: Slot) {
        match target.kind() {
            "identifier" => match self.b.lookup(target.text()) {
                _ if target.text() == "_" => {}
                Some(slot) => self.b.assign(target, slot, value),
                None => {
                    let name = self.names.own(target.text());
                    self.b.store_global(target, &name, value);
                }
            },
            "selector_expression" => {
                let (Some(object), Some(field)) =
                    (target.child(Field::Operand), target.child(Field::Property))
                else {
                    return;
                };
                if let Some(package) = self.package_of(object) {
                    let name = format!("{package}.{}", field.text());
                    self.b.store_global(target, &name, value);
                    return;
                }
                let object = self.expression(object);
                self.b.store(target, object, field.text(), value);
            }
            "index_expression" => {
                let (Some(object), Some(index)) =
                    (target.child(Field::Operand), target.child(Field::Index))
                else {
                    return;
                };
                let object = self.expression(object);
                let index = self.expression(index);
                self.b.store_index(target, object, Some(index), value);
            }
            "unary_expression" => {
                if let Some(inner) = target.child(Field::Operand) {
                    self.assign_target(inner, value);
                }
            }
            "parenthesized_expression" => {
                if let Some(inner) = target.named_children().next() {
                    self.assign_target(inner, value);
                }
            }
            _ => {}
        }
    }

    /// Lowers `left op= right`.
    fn compound(
        &mut self,
        node: NodeRef<'_>,
        target: NodeRef<'_>,
        operator: &str,
        right: NodeRef<'_>,
    ) {
        let old = self.expression(target);
        let right = self.expression(right);
        let value = self.operation(node, operator, old, right);
        self.assign_target(target, value);
    }

    pub(super) fn operation(
        &mut self,
        node: NodeRef<'_>,
        operator: &str,
        left: Slot,
        right: Slot,
    ) -> Slot {
        match binary_op(operator) {
            Some(op) => self.b.binary(node, op, left, right),
            None => self.b.mix(node, vec![left, right]),
        }
    }

    /// Lowers `x++` and `x--`.
    pub(super) fn update(&mut self, node: NodeRef<'_>) {
        let Some(target) = node.named_children().next() else {
            return;
        };
        let op = match node.kind() {
            "inc_statement" => BinaryOp::Add,
            _ => BinaryOp::Sub,
        };
        let old = self.expression(target);
        let one = self.b.int(node, 1);
        let value = self.b.binary(node, op, old, one);
        self.assign_target(target, value);
    }

    /// Returns what a variable of the type holds before it is set.
    pub(super) fn zero(&mut self, node: NodeRef<'_>, ty: Option<NodeRef<'_>>) -> Slot {
        let Some(ty) = ty else {
            return self.b.unknown(node);
        };
        match ty.kind() {
            "slice_type" => self.b.list(node, Vec::new()),
            "map_type" => self.b.emit(node, Op::Map(Vec::new())),
            "array_type" => self.filled(node, None),
            "pointer_type" | "function_type" | "interface_type" | "channel_type" => {
                self.b.null(node)
            }
            "struct_type" => self.b.emit(node, Op::Map(Vec::new())),
            "parenthesized_type" | "generic_type" => {
                let inner = ty.child(Field::Type).or_else(|| ty.named_children().next());
                self.zero(node, inner)
            }
            "type_identifier"
                if is_builtin_type(ty.text()) && !self.types.contains_key(ty.text()) =>
            {
                let literal = match ty.text() {
                    "string" => Literal::Str(Name::from("")),
                    "bool" => Literal::Bool(false),
                    "error" => Literal::Null,
                    "float32" | "float64" => Literal::Float(0.0),
                    _ => Literal::Int(0),
                };
                self.b.constant(node, literal)
            }
            "type_identifier" | "qualified_type" => self.made(node, ty),
            _ => self.b.unknown(node),
        }
    }

    /// Makes an empty value of a named type.
    pub(super) fn made(&mut self, node: NodeRef<'_>, ty: NodeRef<'_>) -> Slot {
        let declared = self.types.get(ty.text()).cloned();
        if let Some(declared) = &declared {
            if declared.is_list_or_map {
                return self.b.unknown(node);
            }
            let class = self.b.class(declared.class);
            let is_other_name = declared.fields.is_none() && !class.methods.is_empty();
            if class.is_abstract {
                return self.b.null(node);
            }
            if is_other_name && !class.supertypes.is_empty() {
                return self.b.unknown(node);
            }
        }
        match self.ty(ty) {
            Some(name) if !name.ends_with(CHANNEL) => {
                let callee = Callee::New(Name::from(name));
                self.b.call(node, callee, Vec::new())
            }
            _ => self.b.unknown(node),
        }
    }

    /// A list of so many elements, all of them unknown.
    pub(super) fn filled(&mut self, node: NodeRef<'_>, size: Option<i64>) -> Slot {
        /// Longer lists are not made one by one.
        const ITEMS_MAX: i64 = 16;
        match size {
            Some(size) if (0..=ITEMS_MAX).contains(&size) => {
                let items = (0..size).map(|_| Arg::plain(self.b.unknown(node)));
                let items = items.collect();
                self.b.list(node, items)
            }
            _ => {
                let list = self.b.list(node, Vec::new());
                let (at, item) = (self.b.unknown(node), self.b.unknown(node));
                self.b.store_index(node, list, Some(at), item);
                list
            }
        }
    }
}
