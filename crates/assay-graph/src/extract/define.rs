//! Definitions: classes, modules, functions, fields, variables; with their
//! parameters, results, parents and visibility.

use assay_syntax::{Field, NodeRef, Role};

use crate::extract::Extractor;
use crate::extract::bind::cut;
use crate::extract::expression::{arguments_of, last_name, string_text};
use crate::extract::plan::{self, Family};
use crate::extract::type_text::read_type;
use crate::facts::{
    Definition, DefinitionKind, Expression, ExpressionId, LocalId, UsageKind, Visibility,
};
use crate::name::Name;

/// A longer text is no name.
pub(crate) const NAME_BYTES_MAX: usize = 200;
/// More parents of a type than this are not kept.
const SUPERS_MAX: usize = 64;

/// Functions that make a test of a string and a function.
const TEST_CALLS: &[&str] = &["it", "test", "describe", "specify", "suite", "context"];

impl<'t> Extractor<'t> {
    /// Begins a class, an implementation or a module.
    pub(crate) fn define_container(&mut self, node: NodeRef<'t>, actions: u32) {
        let node_kind = node.kind();
        // `class << self`: what is in it belongs to what is around it.
        if node_kind == "singleton_class" {
            return;
        }
        let kind = if actions & plan::CLASS == 0 {
            DefinitionKind::Module
        } else if node_kind == "impl_item" || node_kind.contains("extension") {
            DefinitionKind::Extension
        } else if node_kind.contains("interface")
            || node_kind.contains("trait")
            || node_kind.contains("protocol")
            || node
                .child_with(Role::Type)
                .is_some_and(|written| written.kind() == "interface_type")
        {
            DefinitionKind::Interface
        } else {
            DefinitionKind::Class
        };
        // `struct a *b` names a type and defines none.
        let is_mention = self.plan.family == Family::C
            && node.child(Field::Body).is_none()
            && node_kind.ends_with("_specifier");
        let is_for_all = actions & plan::PACKAGE != 0 && node.child(Field::Body).is_none();
        if is_mention || is_for_all || self.part(node) {
            return;
        }
        let is_made_on_the_spot = node.has(Role::Call);
        let name_node = match is_made_on_the_spot {
            true => None,
            false => node.name_node(),
        };
        let text = name_node.map_or("", |name| name.text().trim_matches(['"', '\'', ' ']));
        let text = if text.len() > NAME_BYTES_MAX {
            ""
        } else {
            text
        };
        let mut owner = ExpressionId::UNKNOWN;
        if kind == DefinitionKind::Extension {
            let written = node.child(Field::Type).or(name_node);
            owner = written.map_or(owner, |written| read_type(written.text(), self));
            if let Expression::Generic(base, _) = self.facts.expressions[owner.index()] {
                owner = base;
            }
        }
        let text = match kind {
            DefinitionKind::Module if !self.is_ruby() => text.replace("::", ".").replace('\\', "."),
            // `class A::B` in Ruby and C++ goes by its last name.
            _ => text.rsplit("::").next().unwrap_or(text).to_owned(),
        };
        let name = self.intern(text.split('<').next().unwrap_or(&text).trim());
        if let Some(name_node) = name_node {
            self.pass(name_node);
            if self.is_ruby() {
                owner = self.ruby_path(name_node);
            }
        }
        let supers = self.supers(node);
        let place_node = name_node.unwrap_or(node);
        let mut definition = self.definition(kind, node, place_node, name);
        definition.owner = owner;
        definition.supers = supers;
        definition.is_test = self.is_test_class(node, &text);
        let id = self.add(definition);
        self.enter(id, node);
        self.begin_class_entries(id);
        for parameter in node.parameters() {
            // Records, and classes whose parameters are their constructor.
            let read = self.read_parameter(parameter);
            let text = self.names.get(read.parameter.type_text).to_owned();
            self.define_field(parameter, read.parameter.name, read.value, &text);
        }
    }

    /// Collects the types that a class extends or implements.
    fn supers(&mut self, node: NodeRef<'t>) -> (u32, u32) {
        let start = self.facts.supers.len() as u32;
        let mut holders: Vec<NodeRef<'t>> = node
            .children()
            .filter(|child| {
                child.field() == Field::Superclass
                    || matches!(
                        child.kind(),
                        "class_heritage"
                            | "extends_clause"
                            | "implements_clause"
                            | "extends_type_clause"
                            | "super_interfaces"
                            | "extends_interfaces"
                            | "base_list"
                            | "base_clause"
                            | "class_interface_clause"
                            | "base_class_clause"
                            | "delegation_specifiers"
                            | "trait_bounds"
                            | "superclass"
                            | "interfaces"
                            | "inheritance_specifier"
                            | "bounds"
                    )
            })
            .collect();
        if node.has(Role::Call) {
            // A class made on the spot extends what is made.
            holders.extend(node.child(Field::Type));
        }
        if self.plan.family == Family::Go {
            holders.clear();
            self.embedded(node);
        }
        for holder in holders {
            let text = holder.text();
            let text = [
                "extends",
                "implements",
                ":",
                "<",
                "with",
                "public ",
                "private ",
            ]
            .iter()
            .fold(text.trim(), |text, word| {
                text.strip_prefix(word).unwrap_or(text).trim_start()
            });
            let text = text
                .strip_prefix('(')
                .and_then(|text| text.strip_suffix(')'))
                .unwrap_or(text);
            for part in split_types(text).into_iter().take(SUPERS_MAX) {
                let part = [
                    "public ",
                    "private ",
                    "protected ",
                    "virtual ",
                    "implements ",
                    "extends ",
                ]
                .iter()
                .fold(part.trim(), |part, word| {
                    part.strip_prefix(word).unwrap_or(part)
                });
                // Python: `metaclass=Meta` is no parent; Kotlin calls the parent.
                if part.contains('=') {
                    continue;
                }
                let part = part.split('(').next().unwrap_or(part);
                let mut written = read_type(part, self);
                if let Expression::Generic(base, _) = self.facts.expressions[written.index()]
                    && base != ExpressionId::UNKNOWN
                {
                    written = base;
                }
                if written != ExpressionId::UNKNOWN {
                    self.facts.supers.push(written);
                }
            }
        }
        (start, self.facts.supers.len() as u32)
    }

    /// PHP: `use A, B;` in a class takes traits in.
    pub(crate) fn traits(&mut self, node: NodeRef<'t>) {
        let class = self.scope();
        if !self.kind_of(class).is_type() {
            return;
        }
        let named = node
            .named_children()
            .filter(|child| matches!(child.kind(), "name" | "qualified_name"));
        for named in named.take(SUPERS_MAX) {
            let written = read_type(named.text(), self);
            if written != ExpressionId::UNKNOWN {
                self.mixed_in.push((class, written));
            }
        }
    }

    /// Go: a field without a name embeds its type, whose methods are then its own.
    fn embedded(&mut self, node: NodeRef<'t>) {
        let written = node.subtree().filter(|part| {
            part.kind() == "field_declaration" && part.child(Field::Name).is_none()
                || matches!(part.kind(), "type_elem" | "constraint_elem")
        });
        let texts: Vec<&'t str> = written
            .take(SUPERS_MAX)
            .map(|part| part.child(Field::Type).unwrap_or(part).text())
            .collect();
        for text in texts {
            let mut written = read_type(text, self);
            if let Expression::Generic(base, _) = self.facts.expressions[written.index()] {
                written = base;
            }
            if written != ExpressionId::UNKNOWN {
                self.facts.supers.push(written);
            }
        }
    }

    /// Begins a function, or only binds the parameters of a nameless one.
    pub(crate) fn define_function(&mut self, node: NodeRef<'t>) {
        if node.has(Role::Lambda)
            && let Some((entry, label)) = self.inline_entry(node)
        {
            // What a route runs is found by the route, and by nobody else.
            let mut definition = self.definition(DefinitionKind::Function, node, node, label);
            definition.visibility = Visibility::Private;
            let id = self.add(definition);
            self.set_handler(entry, id);
            self.enter(id, node);
            self.read_parameters(node, id);
            return;
        }
        let name_node = node.name_node();
        let is_lambda = node.has(Role::Lambda);
        let test = match is_lambda {
            true => self.name_of_test(node),
            false => None,
        };
        let text = match (test, name_node) {
            (Some(text), _) => text,
            (None, Some(name)) => name.text(),
            (None, None) if is_default_export(node) => "default",
            (None, None) => "",
        };
        let text = text.trim_matches(['"', '\'']);
        let is_name = !text.is_empty() && text.len() <= NAME_BYTES_MAX && !text.contains('\n');
        let is_local = is_lambda && self.around(DefinitionKind::is_callable).is_some();
        let is_plain = is_lambda && (test.is_none() && !is_name);
        if is_plain || is_local && text.contains(['.', '[']) {
            self.bind_parameters_of_lambda(node);
            return;
        }
        let scope = self.scope();
        let (owner, text) = match self.ruby_singleton_owner(node) {
            ExpressionId::UNKNOWN => self.owner(node, text),
            owner => (owner, text),
        };
        let in_type = self.kind_of(scope).is_type();
        let kind = if node.has(Role::Constructor) {
            DefinitionKind::Constructor
        } else if owner != ExpressionId::UNKNOWN
            || in_type
            || node.has(Role::Method)
            || is_in_object(node)
        {
            DefinitionKind::Method
        } else {
            DefinitionKind::Function
        };
        let place_node = name_node.map_or(node, last_part);
        if let Some(name_node) = name_node {
            self.pass(name_node);
            self.pass(place_node);
        }
        let name = self.intern(text);
        let mut definition = self.definition(kind, node, place_node, name);
        definition.owner = owner;
        definition.is_abstract = node.has(Role::Signature);
        definition.is_test = test.is_some() || self.is_test(node, text);
        self.read_result(node, &mut definition);
        if self.is_ruby() {
            definition.is_static = self.is_ruby_singleton(node);
            definition.value = self.ruby_result(node);
        }
        let id = self.add(definition);
        self.begin_function_entries(id);
        if let Some(value) = node
            .child(Field::Body)
            .filter(|body| is_lambda && !body.has(Role::Block))
            && definition.value == ExpressionId::UNKNOWN
        {
            // `const f = () => value`
            self.enter(id, node);
            self.read_parameters(node, id);
            let value = self.lower(value);
            self.facts.definitions[id.index()].value = value;
            return;
        }
        self.enter(id, node);
        self.read_parameters(node, id);
    }

    /// Returns the type that a function outside of it belongs to, and the
    /// function's bare name.
    fn owner<'a>(&mut self, node: NodeRef<'t>, text: &'a str) -> (ExpressionId, &'a str) {
        let receiver = node
            .children()
            .find(|child| child.has(Role::Receiver) && child.kind() == "parameter_list");
        if let Some(receiver) = receiver {
            let written = receiver.subtree().find(|part| part.has(Role::TypeName));
            let owner = written.map_or(ExpressionId::UNKNOWN, |written| self.named(written.text()));
            return (owner, text);
        }
        // Kotlin: `fun Type.name()`.
        if self.plan.family == Family::Jvm
            && let Some(name) = node.child(Field::Name)
            && let Some(before) = name
                .previous_sibling()
                .filter(|before| before.text() == ".")
            && let Some(written) = before.previous_sibling()
        {
            let owner = read_type(written.text(), self);
            return (owner, text);
        }
        if self.plan.family == Family::Script
            && self.scope() == LocalId::FILE
            && let Some(holder) = object_holder(node)
        {
            return (self.named(holder), text);
        }
        let Some((path, name)) = text.rsplit_once("::").or_else(|| text.rsplit_once('.')) else {
            return (ExpressionId::UNKNOWN, text);
        };
        let exports = ["exports", "module.exports"];
        if self.plan.family == Family::Script && exports.contains(&path) {
            let name_of = self.intern(name);
            self.exported.insert(name_of);
            return (ExpressionId::UNKNOWN, name);
        }
        if self.plan.family == Family::Script && text == "module.exports" {
            let name = self.intern("module.exports");
            self.exported.insert(name);
            return (ExpressionId::UNKNOWN, text);
        }
        let path = path.strip_suffix(".prototype").unwrap_or(path);
        if matches!(path, "self" | "this") {
            return (ExpressionId::UNKNOWN, name);
        }
        (read_type(path, self), name)
    }

    /// Reads the result: as it is written, else by what is given back.
    fn read_result(&mut self, node: NodeRef<'t>, definition: &mut Definition) {
        let is_before = matches!(self.plan.family, Family::C | Family::CSharp | Family::Jvm);
        let written = node
            .child(Field::ReturnType)
            .or_else(|| node.child(Field::Type).filter(|_| is_before))
            .or_else(|| {
                node.children().find(|child| {
                    matches!(
                        child.kind(),
                        "user_type" | "nullable_type" | "type_identifier"
                    ) && child.field() == Field::None
                        && self.plan.family == Family::Jvm
                })
            });
        let Some(written) = written else {
            if let Some(text) = self.documented(node, "@return", "") {
                definition.value = self.instance_of_type(text);
            }
            return;
        };
        let text = written.text().trim_start_matches([':', ' ', '-', '>']);
        definition.type_text = self.intern(cut(text));
        definition.value = match definition.kind {
            DefinitionKind::Constructor => ExpressionId::UNKNOWN,
            _ => self.instance_of_type(text),
        };
    }

    /// Returns the name of the test when a function is given to `it("...", f)`.
    fn name_of_test(&mut self, node: NodeRef<'t>) -> Option<&'t str> {
        if self.plan.family != Family::Script {
            return None;
        }
        let arguments = node.parent().filter(|parent| parent.has(Role::Arguments))?;
        let call = arguments.parent().filter(|call| call.has(Role::Call))?;
        let callee = self.callee(call)?.text();
        let callee = callee.split('.').next().unwrap_or(callee);
        if !TEST_CALLS.contains(&callee) {
            return None;
        }
        let first = arguments_of(call)?.named_children().next()?;
        string_text(first)
    }

    /// Types that are other names, macros, constants.
    pub(crate) fn define_other(&mut self, node: NodeRef<'t>, actions: u32) {
        if self.is_ruby() {
            self.ruby_alias(node);
            return;
        }
        let Some(name_node) = node.name_node() else {
            return;
        };
        self.pass(name_node);
        let name = self.intern(name_node.text());
        if actions & plan::MACRO != 0 {
            let definition = self.definition(DefinitionKind::Macro, node, name_node, name);
            self.add(definition);
            return;
        }
        let written = node.child(Field::Type).or_else(|| node.child(Field::Value));
        let text = written.map_or("", NodeRef::text);
        if actions & plan::CONSTANT != 0 {
            let value = self.instance_of_type(text);
            self.define_variable(name_node, name, value, text);
            return;
        }
        // In Go `type a []b` is a type of its own, with methods of its own.
        let kind = match node.kind() {
            "type_spec" if self.plan.family == Family::Go => DefinitionKind::Class,
            _ => DefinitionKind::Alias,
        };
        let mut definition = self.definition(kind, node, name_node, name);
        definition.value = read_type(text, self);
        definition.type_text = self.intern(cut(text));
        self.add(definition);
    }

    /// Makes a definition as far as every kind of it is alike.
    pub(crate) fn definition(
        &mut self,
        kind: DefinitionKind,
        node: NodeRef<'t>,
        name_node: NodeRef<'t>,
        name: Name,
    ) -> Definition {
        let visibility = self.visibility(node, kind, name);
        let is_static = self.modifiers(node).any(|word| word == "static");
        let span = node.span();
        Definition {
            visibility,
            is_static,
            start: span.start,
            end: span.end,
            last_line: node.last_line(),
            place: self.place(name_node.span()),
            ..self.variable(kind, name_node, name, ExpressionId::UNKNOWN, "")
        }
    }

    pub(crate) fn add(&mut self, definition: Definition) -> LocalId {
        self.facts.definitions.push(definition);
        LocalId(self.facts.definitions.len() as u32 - 1)
    }

    /// Notes what a decorator names when it is not a call.
    pub(crate) fn annotation(&mut self, node: NodeRef<'t>) {
        self.annotation_entry(node);
        let Some(named) = node
            .child(Field::Name)
            .or_else(|| node.named_children().next())
            .filter(|named| !named.has(Role::Call))
        else {
            return;
        };
        let target = self.lower(named);
        let is_path = matches!(
            self.facts.expressions[target.index()],
            Expression::Name(_) | Expression::Member(..)
        );
        if !is_path {
            return;
        }
        for part in named.subtree() {
            self.pass(part);
        }
        let last = last_name(named);
        let usage = crate::facts::Usage {
            kind: UsageKind::Mention,
            target,
            arguments: 0,
            given: (0, 0),
            within: self.scope(),
            place: self.place(last.span()),
        };
        self.facts.usages.push(usage);
    }
}

/// Returns the name of the object in whose literal a function stands:
/// `const name = { f() {} }`, `export default { f: () => 1 }`.
fn object_holder(node: NodeRef<'_>) -> Option<&str> {
    let mut object = node.parent()?;
    if object.kind() == "pair" {
        object = object.parent()?;
    }
    let mut holder = object.parent().filter(|_| object.kind() == "object")?;
    // `{ ... } as const`, `({ ... }) satisfies Type`
    while matches!(
        holder.kind(),
        "as_expression" | "satisfies_expression" | "parenthesized_expression"
    ) {
        holder = holder.parent()?;
    }
    match holder.kind() {
        "variable_declarator" => holder.child(Field::Name).map(NodeRef::text),
        "export_statement" => Some("default"),
        "assignment_expression" => holder
            .child(Field::Left)
            .map(NodeRef::text)
            .filter(|left| *left == "module.exports"),
        _ => None,
    }
}

/// Returns whether a function is the value of a key of an object.
fn is_in_object(node: NodeRef<'_>) -> bool {
    node.parent().is_some_and(|parent| {
        parent.kind() == "pair"
            && parent
                .parent()
                .is_some_and(|object| object.kind() == "object")
    })
}

/// Returns whether a nameless function is what the module exports by default.
fn is_default_export(node: NodeRef<'_>) -> bool {
    node.parent().is_some_and(|parent| {
        parent.has(Role::Export) && parent.children().any(|child| child.kind() == "default")
    })
}

/// Splits `A, B<C, D>` at its outer commas.
fn split_types(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            b'>' | b')' | b']' | b'}' => depth -= 1,
            b',' | b'+' if depth <= 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    let mut split = Vec::new();
    for part in parts {
        // `A implements B`, `A with B`
        for word in part
            .split(" implements ")
            .flat_map(|part| part.split(" with "))
        {
            split.push(word);
        }
    }
    split
}

/// Returns the node of the last name in a path.
fn last_part(node: NodeRef<'_>) -> NodeRef<'_> {
    if node.is_leaf() {
        return node;
    }
    node.child(Field::Property)
        .or_else(|| node.child(Field::Name))
        .or_else(|| node.named_children().last())
        .map_or(node, last_name)
}
