//! Local names: what a parameter, a variable or the variable of a loop holds.
//!
//! A name that is bound in a function is never taken for a global one, and what
//! it was given says which type's methods are called on it.

use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::extract::Extractor;
use crate::extract::plan::Family;
use crate::facts::{
    Binding, Definition, DefinitionKind, Expression, ExpressionId, LocalId, Visibility,
};
use crate::name::Name;

const NAMES: RoleSet = RoleSet::of(&[Role::Identifier]);
/// A pattern with more names than this is not taken apart.
const PATTERN_NAMES_MAX: usize = 64;

impl<'t> Extractor<'t> {
    /// Makes a name known in a scope.
    pub(crate) fn bind_name(&mut self, scope: LocalId, name: Name, from: u32, value: ExpressionId) {
        if name.is_empty() {
            return;
        }
        self.facts.bindings.push(Binding {
            scope,
            name,
            from,
            value,
        });
    }

    /// Binds what an assignment or a declaration of variables gives.
    pub(crate) fn bind(&mut self, node: NodeRef<'t>) {
        let written = node.child(Field::Type);
        let inner: Vec<NodeRef<'t>> = node
            .named_children()
            .filter(|child| is_declarator(child.kind()))
            .collect();
        if inner.is_empty() {
            self.bind_pair(node, written);
            return;
        }
        for one in inner.into_iter().take(PATTERN_NAMES_MAX) {
            if one.kind() == "variable_declaration" && one.child(Field::Name).is_none() {
                // C# and Kotlin: the declarators, or the name, are one deeper.
                let written = one.child(Field::Type);
                let deeper: Vec<_> = one
                    .named_children()
                    .filter(|child| is_declarator(child.kind()))
                    .collect();
                if deeper.is_empty() {
                    self.bind_kotlin(node, one);
                }
                for deep in deeper {
                    self.bind_pair(deep, written);
                }
            } else {
                self.bind_pair(one, written);
            }
        }
    }

    /// `val name: Type = value`: the name and the type are in one node, the
    /// value beside it.
    fn bind_kotlin(&mut self, node: NodeRef<'t>, declared: NodeRef<'t>) {
        let Some(name) = declared.named_children().find(|child| child.has_any(NAMES)) else {
            return;
        };
        let written = declared
            .named_children()
            .find(|child| matches!(child.kind(), "user_type" | "nullable_type"));
        let value = match written {
            Some(written) => self.instance_of_type(written.text()),
            None => match value_after_equals(node) {
                Some(value) => self.lower(value),
                None => ExpressionId::UNKNOWN,
            },
        };
        self.give(name, value, written.map_or("", NodeRef::text));
    }

    fn bind_pair(&mut self, node: NodeRef<'t>, written: Option<NodeRef<'t>>) {
        let left = node
            .child(Field::Left)
            .or_else(|| node.child(Field::Pattern))
            .or_else(|| node.child(Field::Name))
            .or_else(|| node.child(Field::Declarator))
            .or_else(|| node.named_children().find(|child| child.has_any(NAMES)));
        let Some(left) = left else { return };
        let right = node
            .child(Field::Right)
            .or_else(|| node.child(Field::Value))
            .or_else(|| value_after_equals(node))
            .filter(|right| *right != left);
        if self.is_ruby() {
            // `a.b = 1` and `a[0] = 1` call methods and bind nothing.
            if matches!(left.kind(), "call" | "element_reference") {
                return;
            }
            if let Some(right) = right
                && self.ruby_class_of_value(node, left, right)
            {
                return;
            }
        }
        let written = node.child(Field::Type).or(written);
        let type_text = written.map_or("", |written| written.text().trim_start_matches([':', ' ']));
        let says_type = !matches!(type_text, "" | "var" | "auto" | "val" | "const auto");
        let kind = node.kind();
        let is_element = kind == "augmented_assignment" || kind.contains("compound");
        if is_element {
            return;
        }
        let value = match says_type {
            true => self.instance_of_type(type_text),
            false => right.map_or(ExpressionId::UNKNOWN, |right| {
                self.lower(single(right).unwrap_or(right))
            }),
        };
        if let Some(right) = right
            && let Some(module) = self.module_of(value)
            && self.import_pattern(left, right, module)
        {
            return;
        }
        // `store := store.New()`: until it has its value, the name means another.
        self.given_at = right.map_or(0, |right| right.span().end);
        if left.has_any(NAMES) || left.is_leaf() {
            self.give(left, value, type_text);
        } else if left.has(Role::Member) || left.kind() == "instance_variable" {
            self.give_member(left, value, type_text);
        } else if let Some(name) = declarator_name(left) {
            self.give(name, value, type_text);
        } else {
            self.bind_pattern(left, right, value, kind);
        }
        self.given_at = 0;
    }

    /// Returns the module that an expression loads, awaited or not.
    fn module_of(&self, value: ExpressionId) -> Option<Name> {
        match self.facts.expressions[value.index()] {
            Expression::Module(module) => Some(module),
            Expression::Unwrap(inner) => match self.facts.expressions[inner.index()] {
                Expression::Module(module) => Some(module),
                _ => None,
            },
            _ => None,
        }
    }

    /// Binds the names of a pattern.
    fn bind_pattern(
        &mut self,
        left: NodeRef<'t>,
        right: Option<NodeRef<'t>>,
        value: ExpressionId,
        kind: &str,
    ) {
        let names: Vec<NodeRef<'t>> = left
            .named_children()
            .filter(|child| !child.has(Role::Comment))
            .take(PATTERN_NAMES_MAX)
            .collect();
        let values: Vec<NodeRef<'t>> = right.map_or_else(Vec::new, |right| {
            right.named_children().take(PATTERN_NAMES_MAX).collect()
        });
        let is_list = left.kind().contains("list") || left.kind().contains("tuple");
        if is_list && names.len() == values.len() && names.len() > 1 {
            for (name, value) in names.into_iter().zip(values) {
                let value = self.lower(value);
                match name.has(Role::Member) {
                    true => self.give_member(name, value, ""),
                    false => self.give(name, value, ""),
                }
            }
            return;
        }
        if self.plan.family == Family::Go {
            // Of several results the first is what a call is worth.
            for (index, name) in names.into_iter().enumerate() {
                let value = if index == 0 {
                    value
                } else {
                    ExpressionId::UNKNOWN
                };
                match name.has(Role::Member) {
                    true => self.give_member(name, value, ""),
                    false => self.give(name, value, ""),
                }
            }
            return;
        }
        let inner = match kind {
            "let_condition" => self.push(Expression::Unwrap(value)),
            _ => ExpressionId::UNKNOWN,
        };
        // `Some(_)`: a variant in a pattern is no name that is bound.
        let is_rust = self.plan.family == Family::Rust;
        let bound: Vec<NodeRef<'t>> = left
            .subtree()
            .filter(|part| {
                part.has_any(NAMES)
                    && part.is_leaf()
                    && !matches!(part.field(), Field::Type | Field::Key | Field::Value)
                    && !(is_rust && part.text().starts_with(char::is_uppercase))
            })
            .take(PATTERN_NAMES_MAX)
            .collect();
        let is_single = bound.len() == 1;
        for name in bound {
            let value = if is_single {
                inner
            } else {
                ExpressionId::UNKNOWN
            };
            self.give(name, value, "");
        }
    }

    /// Binds the name in `Some(name)` and `Kind::Variant(name)` of a `match`: what
    /// is in the value that is looked at, or a value of what the variant is named
    /// after.
    pub(crate) fn bind_variant(&mut self, pattern: NodeRef<'t>) {
        let mut parts = pattern.named_children();
        let (Some(path), Some(inner)) = (parts.next(), parts.next()) else {
            return;
        };
        let name = inner
            .subtree()
            .find(|part| part.is_leaf() && part.has_any(NAMES))
            .filter(|_| parts.next().is_none());
        let is_name = |name: &NodeRef<'t>| {
            name.text()
                .starts_with(|c: char| c.is_lowercase() || c == '_')
                && (*name == inner || inner.kind().ends_with("_pattern"))
        };
        let Some(name) = name.filter(is_name) else {
            return;
        };
        let arm = pattern
            .ancestors()
            .take(PATTERN_NAMES_MAX)
            .find(|around| matches!(around.kind(), "match_arm" | "let_condition" | "block"))
            .filter(|around| around.kind() == "match_arm");
        let Some(arm) = arm else { return };
        let value = match path.text() {
            "Some" | "Ok" => {
                let subject = arm
                    .ancestors()
                    .find(|around| around.kind() == "match_expression")
                    .and_then(|around| {
                        around
                            .child(Field::Value)
                            .or_else(|| around.named_children().next())
                    });
                let subject = subject.map_or(ExpressionId::UNKNOWN, |subject| self.lower(subject));
                self.push(Expression::Unwrap(subject))
            }
            "Err" => ExpressionId::UNKNOWN,
            path => self.instance_of_type(path),
        };
        let scope = self.scope();
        self.pass(name);
        let text = self.intern(name.text());
        self.bind_name(scope, text, name.span().start, value);
    }

    /// Gives a value to a name: a variable of the file, or a local one.
    fn give(&mut self, name_node: NodeRef<'t>, value: ExpressionId, type_text: &str) {
        self.pass(name_node);
        let text = name_node.text();
        if text.is_empty() || text.len() > 200 {
            return;
        }
        if self.plan.family == Family::Ruby && text.starts_with('@') {
            self.give_field(text, name_node, value, type_text);
            return;
        }
        let name = self.intern(text);
        let scope = self.scope();
        match self.kind_of(scope) {
            // At the top and in the body of a class only constants are more than local.
            _ if self.is_ruby() && !text.starts_with(char::is_uppercase) => {
                let from = name_node.span().start.max(self.given_at);
                self.bind_name(scope, name, from, value);
            }
            DefinitionKind::File | DefinitionKind::Module => {
                self.define_variable(name_node, name, value, type_text);
            }
            kind if kind.is_type() => {
                self.define_field(name_node, name, value, type_text);
            }
            // A function that is the value goes by this name itself.
            _ if defines_function(name_node) => {}
            _ => {
                let from = name_node.span().start.max(self.given_at);
                self.bind_name(scope, name, from, value);
            }
        }
    }

    /// Gives a value to a member: of the own object it makes a field, of an
    /// exported object an export.
    fn give_member(&mut self, member: NodeRef<'t>, value: ExpressionId, type_text: &str) {
        self.pass(member);
        let expression = self.lower(member);
        let Expression::Member(object, name) = self.facts.expressions[expression.index()] else {
            return;
        };
        if self.is_this(object) {
            let text = self.names.get(name).to_owned();
            self.give_field(&text, member, value, type_text);
            return;
        }
        if self.plan.family == Family::Script {
            self.give_export(member, object, name, value);
        }
    }

    /// Returns whether an expression is the object that a method belongs to.
    fn is_this(&self, object: ExpressionId) -> bool {
        match self.facts.expressions[object.index()] {
            Expression::This => true,
            // The receiver is a parameter with a name of its own.
            Expression::Name(name) => self
                .facts
                .bindings
                .iter()
                .rev()
                .take_while(|binding| binding.scope == self.scope())
                .any(|binding| {
                    binding.name == name
                        && self.facts.expressions[binding.value.index()] == Expression::This
                }),
            _ => false,
        }
    }

    fn give_field(&mut self, text: &str, place: NodeRef<'t>, value: ExpressionId, type_text: &str) {
        let has_fields = |kind: DefinitionKind| {
            kind.is_type() || kind == DefinitionKind::Module && self.is_ruby()
        };
        let Some(class) = self.around(has_fields) else {
            return;
        };
        let name = self.intern(text);
        let value = self.settled(value);
        if !self.fields.insert((class, name)) {
            if self.is_ruby() {
                self.ruby_field_again(class, name, value);
            }
            return;
        }
        let definition = Definition {
            container: class,
            ..self.variable(DefinitionKind::Field, place, name, value, type_text)
        };
        self.facts.definitions.push(definition);
    }

    /// Replaces a local name by what it holds: a field is looked at from
    /// outside of the function that gave it its value.
    fn settled(&self, value: ExpressionId) -> ExpressionId {
        let Expression::Name(name) = self.facts.expressions[value.index()] else {
            return value;
        };
        let scope = self.scope();
        self.facts
            .bindings
            .iter()
            .rev()
            .find(|binding| binding.scope == scope && binding.name == name)
            .map_or(value, |binding| binding.value)
    }

    /// Binds the variable of a loop to what is in what is looped over.
    pub(crate) fn bind_loop(&mut self, node: NodeRef<'t>) {
        let left = node
            .child(Field::Left)
            .or_else(|| node.child(Field::Pattern))
            .or_else(|| node.child(Field::Name))
            .or_else(|| {
                node.named_children().find(|child| {
                    matches!(
                        child.kind(),
                        "variable_declaration" | "multi_variable_declaration"
                    )
                })
            });
        let Some(left) = left else { return };
        let right = node
            .child(Field::Right)
            .or_else(|| node.child(Field::Value))
            .or_else(|| node.child(Field::Subject))
            .or_else(|| {
                let mut after = node.children().skip_while(|child| child.text() != "in");
                after.next()?;
                after.find(|child| child.is_named())
            });
        let written = node.child(Field::Type).map_or("", NodeRef::text);
        let value = match (written, right) {
            ("" | "var" | "auto", Some(right)) => {
                let right = single(right).unwrap_or(right);
                let held = self.lower(right);
                self.push(Expression::Element(held))
            }
            ("" | "var" | "auto", None) => ExpressionId::UNKNOWN,
            (written, _) => self.instance_of_type(written),
        };
        let mut names: Vec<NodeRef<'t>> = left
            .subtree()
            .filter(|part| part.has_any(NAMES) && part.is_leaf())
            .take(PATTERN_NAMES_MAX)
            .collect();
        if names.is_empty() && left.is_leaf() {
            names.push(left);
        }
        // The second variable of Go's `range` is the element, the first its place.
        let held = match (self.plan.family, names.len()) {
            (Family::Go, 2) => Some(1),
            (_, 1) => Some(0),
            _ => None,
        };
        let scope = self.scope();
        for (index, node) in names.into_iter().enumerate() {
            self.pass(node);
            let value = match held {
                Some(held) if held == index => value,
                _ => ExpressionId::UNKNOWN,
            };
            let name = self.intern(node.text());
            self.bind_name(scope, name, node.span().start, value);
        }
    }

    /// Binds `value as name` of `with` and `except`, and the parameter of a
    /// handler.
    pub(crate) fn bind_as(&mut self, node: NodeRef<'t>) {
        let alias = node
            .child(Field::Alias)
            .or_else(|| node.child(Field::Name))
            .or_else(|| node.named_children().last());
        let subject = node.named_children().next();
        let (Some(alias), Some(subject)) = (alias, subject) else {
            return;
        };
        if alias == subject {
            return;
        }
        let Some(name) = alias
            .subtree()
            .find(|part| part.has_any(NAMES) && part.is_leaf())
        else {
            return;
        };
        let in_catch = node.parent().is_some_and(|parent| parent.has(Role::Catch));
        let held = match in_catch {
            true => {
                let written = node.child(Field::Type).unwrap_or(subject);
                self.instance_of_type(written.text())
            }
            false => {
                let held = self.lower(subject);
                self.push(Expression::Unwrap(held))
            }
        };
        let scope = self.scope();
        self.pass(name);
        let text = self.intern(name.text());
        self.bind_name(scope, text, name.span().start, held);
    }

    /// Notes what a function without a written result returns, under the empty
    /// name.
    pub(crate) fn bind_return(&mut self, node: NodeRef<'t>) {
        let infers = matches!(
            self.plan.family,
            Family::Python | Family::Script | Family::Php | Family::Ruby
        );
        if !infers {
            return;
        }
        let Some(function) = self.around(DefinitionKind::is_callable) else {
            return;
        };
        let definition = self.facts.definitions[function.index()];
        let known = definition.value != ExpressionId::UNKNOWN || !definition.type_text.is_empty();
        let Some(value) = node.named_children().next().filter(|_| !known) else {
            return;
        };
        let value = self.lower(value);
        let is_plain = matches!(
            self.facts.expressions[value.index()],
            Expression::Unknown | Expression::Literal
        );
        if !is_plain {
            self.facts.definitions[function.index()].value = value;
        }
    }

    /// Makes a definition of a variable or field.
    pub(crate) fn variable(
        &mut self,
        kind: DefinitionKind,
        node: NodeRef<'t>,
        name: Name,
        value: ExpressionId,
        type_text: &str,
    ) -> Definition {
        let place = self.place(node.span());
        let type_text = self.intern(cut(type_text));
        let span = node.span();
        Definition {
            kind,
            name,
            container: self.scope(),
            visibility: Visibility::Public,
            is_abstract: false,
            is_static: false,
            is_test: false,
            start: span.start,
            end: span.end,
            last_line: node.last_line(),
            place,
            owner: ExpressionId::UNKNOWN,
            value,
            type_text,
            parameters: (0, 0),
            supers: (0, 0),
        }
    }
}

/// Types and defaults longer than this are kept in part.
const TEXT_BYTES_MAX: usize = 300;

/// Cuts a text to what is kept of it.
pub(crate) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

/// Returns whether the value that a declaration gives to a name is a function or
/// class written there, which is then a definition of that name.
pub(crate) fn defines_function(name_node: NodeRef<'_>) -> bool {
    const DEFINES: RoleSet = RoleSet::of(&[Role::Function, Role::Class]);
    let value = name_node.parent().and_then(|parent| {
        parent
            .child(Field::Value)
            .or_else(|| parent.child(Field::Right))
    });
    value.is_some_and(|value| {
        value.has_any(DEFINES) && !value.has(Role::Call) && value.name_node().is_some()
    })
}

fn is_declarator(kind: &str) -> bool {
    matches!(
        kind,
        "variable_declarator"
            | "init_declarator"
            | "variable_declaration"
            | "assignment_variable"
            | "const_element"
            | "property_element"
    )
}

/// Returns the only element of a list of one.
fn single(list: NodeRef<'_>) -> Option<NodeRef<'_>> {
    if list.kind() != "expression_list" {
        return None;
    }
    list.named_children().next()
}

/// Returns the value after `=` where the grammar has no field for it.
pub(crate) fn value_after_equals(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut after = node
        .children()
        .skip_while(|child| !matches!(child.kind(), "=" | "equals_value_clause"));
    let first = after.next()?;
    match first.kind() {
        "=" => after.find(|child| child.is_named()),
        _ => first.named_children().next(),
    }
}

/// Goes through pointers and references to the name (`*name`, `&name`).
fn declarator_name(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let is_declarator = matches!(
        node.kind(),
        "pointer_declarator"
            | "reference_declarator"
            | "array_declarator"
            | "mut_pattern"
            | "ref_pattern"
            | "init_declarator"
    );
    if !is_declarator {
        return None;
    }
    node.subtree()
        .find(|part| part.has_any(NAMES) && part.is_leaf())
}
