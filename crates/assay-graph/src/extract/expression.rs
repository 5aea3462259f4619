//! Turns nodes into [`Expression`]s: what is called, and on what.

use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::extract::Extractor;
use crate::extract::plan::Family;
use crate::extract::type_text::read_type;
use crate::facts::{Expression, ExpressionId};

/// An expression nested deeper than this is unknown from there on.
const DEPTH_MAX: usize = 64;
/// A longer text is no name.
const NAME_BYTES_MAX: usize = 200;

/// Fields that hold the object of a member, in the order of preference.
const OBJECTS: &[Field] = &[
    Field::Object,
    Field::Value,
    Field::Operand,
    Field::Source,
    Field::Left,
    Field::Target,
];
const PROPERTIES: &[Field] = &[Field::Property, Field::Name, Field::Right];

const LITERAL: RoleSet = RoleSet::of(&[
    Role::String,
    Role::Number,
    Role::Boolean,
    Role::Null,
    Role::Comparison,
]);

impl<'t> Extractor<'t> {
    /// Returns what is known of an expression.
    pub(crate) fn lower(&mut self, node: NodeRef<'t>) -> ExpressionId {
        self.lower_within(node, 0)
    }

    fn lower_within(&mut self, node: NodeRef<'t>, depth: usize) -> ExpressionId {
        let known = self.memo[node.id().index()];
        if known != u32::MAX {
            return ExpressionId(known);
        }
        if depth > DEPTH_MAX {
            return ExpressionId::UNKNOWN;
        }
        let made = self.lower_anew(node, depth);
        self.memo[node.id().index()] = made.0;
        made
    }

    fn lower_anew(&mut self, node: NodeRef<'t>, depth: usize) -> ExpressionId {
        let kind = node.kind();
        let roles = node.roles();
        if roles.has(Role::SelfReference) || matches!(kind, "this" | "this_expression" | "self") {
            return match node.text() {
                "Self" => self.named("Self"),
                _ => self.push(Expression::This),
            };
        }
        match kind {
            "relative_scope" if node.text() == "parent" => return self.push(Expression::Super),
            "crate" => return self.named("crate"),
            "super" | "base" | "base_expression" | "super_expression" => {
                return self.push(Expression::Super);
            }
            "struct_expression" | "composite_literal" => return self.lower_literal_of_type(node),
            "try_expression" | "await" | "await_expression" | "await_expr" => {
                return self.lower_wrapped(node, depth);
            }
            "parenthesized_expression"
            | "reference_expression"
            | "non_null_expression"
            | "pointer_expression"
            | "expression_statement"
            | "ref_expression"
            | "expression_list"
            | "postfix_expression"
            | "variable_name_expression"
            | "type_arguments_expression"
            | "as_pattern_target" => {
                let inner = node
                    .named_children()
                    .find(|child| child.field() != Field::Type);
                return inner.map_or(ExpressionId::UNKNOWN, |inner| {
                    self.lower_within(inner, depth + 1)
                });
            }
            "as_expression"
            | "cast_expression"
            | "type_cast_expression"
            | "type_assertion_expression"
            | "satisfies_expression"
            | "type_assertion" => {
                return self.lower_cast(node);
            }
            "generic_function" | "generic_name" | "generic_type_with_turbofish" => {
                let inner = node
                    .child(Field::Function)
                    .or_else(|| node.child(Field::Type))
                    .or_else(|| node.named_children().next());
                return inner.map_or(ExpressionId::UNKNOWN, |inner| {
                    self.lower_within(inner, depth + 1)
                });
            }
            "instance_variable" | "variable_name" | "constant" | "name" | "simple_identifier" => {
                return self.lower_name(node);
            }
            "unary_expression" | "unary_op" => {
                // `&x`, `*x`, `!x`: the value is of the same type, or nothing is
                // called on it.
                if let Some(operand) = node.child(Field::Operand) {
                    return self.lower_within(operand, depth + 1);
                }
                return match node.named_children().next() {
                    Some(inner) => self.lower_within(inner, depth + 1),
                    None => ExpressionId::UNKNOWN,
                };
            }
            _ => {}
        }
        if roles.has(Role::Await) {
            return self.lower_wrapped(node, depth);
        }
        if roles.has(Role::Call) {
            return self.lower_call(node, depth);
        }
        if roles.has(Role::Member) || is_path(kind) {
            return self.lower_member(node, depth);
        }
        if roles.has(Role::Index) {
            let object = OBJECTS.iter().find_map(|field| node.child(*field));
            let object = object.or_else(|| node.named_children().next());
            let Some(object) = object else {
                return ExpressionId::UNKNOWN;
            };
            let object = self.lower_within(object, depth + 1);
            return self.push(Expression::Element(object));
        }
        if node.has_any(LITERAL) {
            return self.push(Expression::Literal);
        }
        if node.has_any(const { RoleSet::of(&[Role::Identifier, Role::TypeName]) }) {
            return self.lower_name(node);
        }
        if roles.has(Role::Assignment)
            && let Some(right) = node.child(Field::Right)
        {
            return self.lower_within(right, depth + 1);
        }
        ExpressionId::UNKNOWN
    }

    fn lower_name(&mut self, node: NodeRef<'t>) -> ExpressionId {
        let text = node.text();
        if text.len() > NAME_BYTES_MAX {
            return ExpressionId::UNKNOWN;
        }
        match (self.plan.family, text) {
            (Family::Php, "$this") => self.push(Expression::This),
            (Family::Php, "parent") | (Family::Jvm | Family::C, "super") => {
                self.push(Expression::Super)
            }
            (Family::Php, "self" | "static") => self.named("Self"),
            (Family::Jvm | Family::CSharp, "this") => self.push(Expression::This),
            (Family::Ruby, _) if text.starts_with('@') => {
                let this = self.push(Expression::This);
                let name = self.intern(text);
                self.push(Expression::Member(this, name))
            }
            (Family::Ruby, "described_class") => match self.ruby_described(node) {
                Some(class) => class,
                None => self.named(text),
            },
            _ => self.named(text),
        }
    }

    fn lower_wrapped(&mut self, node: NodeRef<'t>, depth: usize) -> ExpressionId {
        let inner = node
            .child(Field::Operand)
            .or_else(|| node.named_children().next());
        let Some(inner) = inner else {
            return ExpressionId::UNKNOWN;
        };
        let inner = self.lower_within(inner, depth + 1);
        self.push(Expression::Unwrap(inner))
    }

    fn lower_cast(&mut self, node: NodeRef<'t>) -> ExpressionId {
        let written = node
            .child(Field::Type)
            .or_else(|| node.child(Field::Right))
            .or_else(|| node.named_children().last());
        let type_expression = written.map_or(ExpressionId::UNKNOWN, |written| {
            read_type(written.text(), self)
        });
        self.instance(type_expression)
    }

    fn lower_literal_of_type(&mut self, node: NodeRef<'t>) -> ExpressionId {
        let written = node.child(Field::Type).or_else(|| node.child(Field::Name));
        let written = written.map_or("", NodeRef::text);
        let type_expression = read_type(written, self);
        if let Expression::Generic(ExpressionId::UNKNOWN, _) =
            self.facts.expressions[type_expression.index()]
        {
            return self.instance(type_expression);
        }
        match type_expression {
            ExpressionId::UNKNOWN => ExpressionId::UNKNOWN,
            known => self.push(Expression::New(known, 0)),
        }
    }

    fn lower_member(&mut self, node: NodeRef<'t>, depth: usize) -> ExpressionId {
        let property = PROPERTIES
            .iter()
            .find_map(|field| node.child(*field))
            .or_else(|| node.named_children().last());
        let Some(property) = property else {
            return ExpressionId::UNKNOWN;
        };
        let object = OBJECTS
            .iter()
            .find_map(|field| node.child(*field))
            .filter(|object| *object != property)
            .or_else(|| node.named_children().find(|child| *child != property));
        let property = last_name(property);
        if property.text().len() > NAME_BYTES_MAX {
            return ExpressionId::UNKNOWN;
        }
        let name = self.intern(property.text().trim_start_matches('$'));
        match object {
            Some(object) => {
                let object = self.lower_within(object, depth + 1);
                self.push(Expression::Member(object, name))
            }
            None if self.is_ruby() => {
                let root = self.ruby_root();
                self.push(Expression::Member(root, name))
            }
            // `::name` in C++ and `\name` in PHP begin at the root.
            None => self.push(Expression::Name(name)),
        }
    }

    fn lower_call(&mut self, node: NodeRef<'t>, depth: usize) -> ExpressionId {
        let kind = node.kind();
        let arguments = self.argument_count(node);
        if matches!(kind, "macro_invocation") {
            return ExpressionId::UNKNOWN;
        }
        let is_new = matches!(
            kind,
            "new_expression"
                | "object_creation_expression"
                | "instance_expression"
                | "object_creation"
                | "implicit_object_creation_expression"
        );
        if is_new {
            let written = node.child(Field::Type).or_else(|| {
                node.named_children().find(|child| {
                    !child.has_any(const { RoleSet::of(&[Role::Arguments, Role::Annotation]) })
                })
            });
            let Some(written) = written else {
                return ExpressionId::UNKNOWN;
            };
            let base = read_type(written.text(), self);
            let base = match self.facts.expressions[base.index()] {
                Expression::Generic(base, _) if base != ExpressionId::UNKNOWN => base,
                _ => base,
            };
            return self.push(Expression::New(base, arguments));
        }
        if kind == "explicit_constructor_invocation" || kind == "constructor_invocation" {
            let callee = match node.child_with(Role::SelfReference) {
                Some(_) => self.push(Expression::This),
                None if kind == "constructor_invocation" => match node.named_children().next() {
                    Some(written) => {
                        let base = read_type(written.text(), self);
                        return self.push(Expression::New(base, arguments));
                    }
                    None => ExpressionId::UNKNOWN,
                },
                None => self.push(Expression::Super),
            };
            return self.push(Expression::New(callee, arguments));
        }
        let callee = match self.callee(node) {
            // `f[T](a)`: a generic function of Go is called, no element.
            Some(callee) if self.plan.family == Family::Go && callee.has(Role::Index) => {
                let function = callee.child(Field::Operand).unwrap_or(callee);
                self.lower_within(function, depth + 1)
            }
            Some(callee) => self.lower_within(callee, depth + 1),
            None => self.lower_method_call(node, depth),
        };
        if self.is_ruby() {
            match self.facts.expressions[callee.index()] {
                Expression::New(..) => return callee,
                Expression::Super => {
                    let callee = self.ruby_super(node);
                    return self.push(Expression::Call(callee, arguments));
                }
                Expression::Name(name) if self.names.get(name) == "new" => {
                    let class = self.named("Self");
                    return self.push(Expression::New(class, arguments));
                }
                _ => {}
            }
        }
        if let Some(module) = self.loaded_module(node, callee) {
            return self.push(Expression::Module(module));
        }
        if let Expression::Name(name) = self.facts.expressions[callee.index()]
            && self.plan.family == Family::Python
            && self.names.get(name) == "super"
        {
            return self.push(Expression::Super);
        }
        self.push(Expression::Call(callee, arguments))
    }

    /// Returns the module of `require("a")`, `import("a")`, `@import("a")`.
    fn loaded_module(&mut self, node: NodeRef<'t>, callee: ExpressionId) -> Option<crate::Name> {
        let Expression::Name(name) = self.facts.expressions[callee.index()] else {
            // `import("a")` has a keyword for a callee.
            if self.plan.family == Family::Script && node.has(Role::Import) {
                let text = self.first_string(node)?;
                return Some(self.intern(text));
            }
            return None;
        };
        let is_load = match self.plan.family {
            Family::Script => matches!(self.names.get(name), "require" | "import"),
            Family::Other => matches!(self.names.get(name), "require" | "@import" | "import"),
            _ => false,
        };
        if !is_load {
            return None;
        }
        let text = self.first_string(node)?;
        Some(self.intern(text))
    }

    /// Returns the text of the first argument when it is a plain string.
    pub(crate) fn first_string(&self, call: NodeRef<'t>) -> Option<&'t str> {
        let arguments = arguments_of(call)?;
        let first = arguments.named_children().next()?;
        string_text(first)
    }

    /// Returns the node of the function that is called, when the grammar has
    /// one for it.
    pub(crate) fn callee(&self, node: NodeRef<'t>) -> Option<NodeRef<'t>> {
        if let Some(function) = node.child(Field::Function) {
            return Some(function);
        }
        if node.child(Field::Name).is_some() || node.child(Field::Property).is_some() {
            return None;
        }
        if let Some(target) = node.child(Field::Target) {
            return Some(target);
        }
        let mut first = node.named_children().filter(|child| {
            !child.has_any(const { RoleSet::of(&[Role::Arguments, Role::Annotation]) })
        });
        first.next()
    }

    /// Lowers a call that names its object and method: `object.name(...)`.
    fn lower_method_call(&mut self, node: NodeRef<'t>, depth: usize) -> ExpressionId {
        let name = node
            .child(Field::Property)
            .or_else(|| node.child(Field::Name));
        let Some(name) = name else {
            return ExpressionId::UNKNOWN;
        };
        let Some(object) = node
            .child(Field::Object)
            .or_else(|| node.child(Field::Target))
        else {
            return self.lower_within(name, depth + 1);
        };
        let text = last_name(name).text();
        if text.len() > NAME_BYTES_MAX {
            return ExpressionId::UNKNOWN;
        }
        let name = self.intern(text.trim_start_matches('$'));
        let object = self.lower_within(object, depth + 1);
        // Ruby makes a value with a method of its class.
        if self.plan.family == Family::Ruby && text == "new" {
            let arguments = self.argument_count(node);
            return self.push(Expression::New(object, arguments));
        }
        self.push(Expression::Member(object, name))
    }

    fn argument_count(&self, node: NodeRef<'t>) -> u32 {
        arguments_of(node).map_or(0, |arguments| {
            arguments
                .named_children()
                .filter(|child| !child.has(Role::Annotation))
                .count() as u32
        })
    }

    /// Makes an expression of a bare name.
    pub(crate) fn named(&mut self, text: &str) -> ExpressionId {
        let name = self.intern(text);
        self.push(Expression::Name(name))
    }

    /// Makes a value of a type; unknown stays unknown.
    pub(crate) fn instance(&mut self, written: ExpressionId) -> ExpressionId {
        match written {
            ExpressionId::UNKNOWN => written,
            written => self.push(Expression::Instance(written)),
        }
    }

    /// Makes a value of the type that a node writes.
    pub(crate) fn instance_of_type(&mut self, written: &str) -> ExpressionId {
        let written = read_type(written, self);
        self.instance(written)
    }
}

/// Returns the arguments of a call.
pub(crate) fn arguments_of(call: NodeRef<'_>) -> Option<NodeRef<'_>> {
    call.child(Field::Arguments)
        .or_else(|| call.child_with(Role::Arguments))
        .or_else(|| {
            // Kotlin and Swift put them into a suffix of the call.
            call.named_children()
                .find(|child| matches!(child.kind(), "call_suffix" | "value_arguments"))
        })
}

/// Returns the text of a plain string without its quotes.
pub(crate) fn string_text(node: NodeRef<'_>) -> Option<&str> {
    let node = match node.kind() {
        "argument" | "value_argument" => node.named_children().next()?,
        _ => node,
    };
    if !node.has(Role::String) || node.has(Role::Interpolation) {
        return None;
    }
    let text = node.text();
    let start = text.find(['"', '\'', '`'])?;
    let text = text[start..].trim_matches(['"', '\'', '`']);
    (text.len() <= NAME_BYTES_MAX).then_some(text)
}

/// Returns the node that holds the bare name, under generic arguments and
/// suffixes (`name<T>`, `.name`).
pub(crate) fn last_name(node: NodeRef<'_>) -> NodeRef<'_> {
    const NAMES: RoleSet = RoleSet::of(&[Role::Identifier, Role::TypeName]);
    if node.is_leaf() || node.has(Role::Identifier) {
        return node;
    }
    let inner = node.child(Field::Name).or_else(|| {
        node.named_children()
            .find(|child| child.has_any(NAMES) || child.is_leaf())
    });
    match inner {
        Some(inner) if !inner.is_leaf() => inner
            .named_children()
            .find(|child| child.has_any(NAMES))
            .unwrap_or(inner),
        Some(inner) => inner,
        None => node,
    }
}

fn is_path(kind: &str) -> bool {
    matches!(
        kind,
        "scoped_identifier"
            | "qualified_identifier"
            | "scope_resolution"
            | "qualified_name"
            | "member_access_expression"
            | "navigation_expression"
            | "field_expression"
            | "scoped_type_identifier"
            | "nested_identifier"
            | "alias_qualified_name"
            | "scoped_call_expression"
            | "dot_index_expression"
            | "method_index_expression"
            | "unconditional_assignable_selector"
            | "qualified_type"
            | "stable_identifier"
            | "class_constant_access_expression"
            | "scoped_property_access_expression"
            | "member_binding_expression"
            | "conditional_access_expression"
            | "nullsafe_member_access_expression"
    )
}
