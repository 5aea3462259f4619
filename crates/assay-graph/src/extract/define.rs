//! Definitions: classes, modules, functions, fields, variables; with their
//! parameters, results, parents and visibility.

use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::extract::Extractor;
use crate::extract::bind::{cut, defines_function, value_after_equals};
use crate::extract::expression::{arguments_of, last_name, string_text};
use crate::extract::plan::{self, Family};
use crate::extract::type_text::read_type;
use crate::facts::{
    Definition, DefinitionKind, Expression, ExpressionId, LocalId, UsageKind, Visibility,
};
use crate::name::Name;

/// A longer text is no name.
const NAME_BYTES_MAX: usize = 200;
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
            DefinitionKind::Module => text.replace("::", ".").replace('\\', "."),
            // `class A::B` in Ruby and C++ goes by its last name.
            _ => text.rsplit("::").next().unwrap_or(text).to_owned(),
        };
        let name = self.intern(text.split('<').next().unwrap_or(&text).trim());
        if let Some(name_node) = name_node {
            self.pass(name_node);
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
        let (owner, text) = self.owner(node, text);
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
        let Some(written) = written else { return };
        let text = written.text().trim_start_matches([':', ' ', '-', '>']);
        definition.type_text = self.intern(cut(text));
        definition.value = match definition.kind {
            DefinitionKind::Constructor => ExpressionId::UNKNOWN,
            _ => self.instance_of_type(text),
        };
    }

    fn read_parameters(&mut self, node: NodeRef<'t>, id: LocalId) {
        let start = self.facts.parameters.len() as u32;
        let lambda = match node.has(Role::Lambda) {
            true => self.lambda_argument(node),
            false => ExpressionId::UNKNOWN,
        };
        let is_constructor = self.facts.definitions[id.index()].kind == DefinitionKind::Constructor;
        for (index, parameter) in node.parameters().into_iter().enumerate() {
            let read = self.read_parameter(parameter);
            let value = match (index, read.value) {
                (0, ExpressionId::UNKNOWN) => lambda,
                (_, value) => value,
            };
            let from = parameter.span().start;
            let name = read.parameter.name;
            self.bind_name(id, name, from, value);
            self.bind_parts(id, parameter, name);
            if read.is_field && is_constructor {
                let class = self.facts.definitions[id.index()].container;
                let text = self.names.get(read.parameter.type_text).to_owned();
                self.define_field_of(class, parameter, name, value, &text);
            }
            self.facts.parameters.push(read.parameter);
        }
        let end = self.facts.parameters.len() as u32;
        self.facts.definitions[id.index()].parameters = (start, end);
        self.bind_receiver(node, id);
    }

    /// Binds the names in a parameter that is taken apart at once.
    fn bind_parts(&mut self, id: LocalId, parameter: NodeRef<'t>, whole: Name) {
        let names: Vec<NodeRef<'t>> = parameter
            .subtree()
            .filter(|part| part.has(Role::Identifier) && part.is_leaf())
            .take(NAME_BYTES_MAX)
            .collect();
        if names.len() < 2 {
            return;
        }
        for node in names {
            if matches!(node.field(), Field::Type | Field::Value) {
                continue;
            }
            let name = self.intern(node.text());
            if name != whole && parameter.kind().contains("pattern") {
                self.bind_name(id, name, node.span().start, ExpressionId::UNKNOWN);
            }
        }
    }

    /// Binds the name of the receiver: `self`, or in Go any name.
    fn bind_receiver(&mut self, node: NodeRef<'t>, id: LocalId) {
        let mut receivers = node.children().chain(
            node.children()
                .filter(|child| child.has(Role::Parameters))
                .flat_map(NodeRef::children),
        );
        let Some(receiver) = receivers.find(|child| child.has(Role::Receiver)) else {
            return;
        };
        let name = receiver.subtree().find(|part| {
            part.has(Role::Identifier) && part.is_leaf() && part.field() != Field::Type
        });
        let Some(name) = name else { return };
        let this = self.push(Expression::This);
        let text = self.intern(name.text());
        self.bind_name(id, text, name.span().start, this);
    }

    fn bind_parameters_of_lambda(&mut self, node: NodeRef<'t>) {
        let held = self.lambda_argument(node);
        let scope = self.scope();
        for (index, parameter) in node.parameters().into_iter().enumerate() {
            let read = self.read_parameter(parameter);
            let value = match (index, read.value) {
                (0, ExpressionId::UNKNOWN) => held,
                (_, value) => value,
            };
            self.bind_name(scope, read.parameter.name, parameter.span().start, value);
            self.bind_parts(scope, parameter, read.parameter.name);
        }
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

    /// The fields of a class.
    pub(crate) fn define_fields(&mut self, node: NodeRef<'t>) {
        let written = node.child(Field::Type).or_else(|| {
            node.named_children()
                .find_map(|child| child.child(Field::Type))
        });
        let mut text = written.map_or("", |written| written.text().trim_start_matches([':', ' ']));
        if text.is_empty()
            && let Some(deep) = node
                .subtree()
                .find(|part| matches!(part.kind(), "user_type" | "nullable_type"))
        {
            text = deep.text();
        }
        let value = match text {
            "" => {
                let given = node
                    .child(Field::Value)
                    .or_else(|| node.child(Field::Right))
                    .or_else(|| value_after_equals(node))
                    .or_else(|| node.child(Field::Declarator)?.child(Field::Value));
                given.map_or(ExpressionId::UNKNOWN, |given| self.lower(given))
            }
            text => self.instance_of_type(text),
        };
        let names = match node.child(Field::Left) {
            Some(left) => vec![left],
            None => node.declared_names(),
        };
        for name_node in names {
            self.pass(name_node);
            let name_text = name_node.text().trim_matches([':', '$', '"', '\'']);
            // A function that is the value of a field is a method of its name.
            let is_function = node
                .child(Field::Value)
                .is_some_and(|value| value.has(Role::Function));
            if name_text.is_empty() || is_function {
                continue;
            }
            let name = self.intern(name_text);
            if self.around(DefinitionKind::is_type).is_some()
                && self.kind_of(self.scope()).is_type()
            {
                self.define_field(name_node, name, value, text);
            }
        }
    }

    pub(crate) fn define_field(
        &mut self,
        node: NodeRef<'t>,
        name: Name,
        value: ExpressionId,
        type_text: &str,
    ) {
        self.define_field_of(self.scope(), node, name, value, type_text);
    }

    fn define_field_of(
        &mut self,
        class: LocalId,
        node: NodeRef<'t>,
        name: Name,
        value: ExpressionId,
        type_text: &str,
    ) {
        if name.is_empty() || !self.fields.insert((class, name)) {
            return;
        }
        let mut definition = self.variable(DefinitionKind::Field, node, name, value, type_text);
        definition.container = class;
        let declaration = node.parent().unwrap_or(node);
        definition.visibility = self.visibility(declaration, DefinitionKind::Field, name);
        self.add(definition);
    }

    /// A variable of the file or of a module.
    pub(crate) fn define_variable(
        &mut self,
        node: NodeRef<'t>,
        name: Name,
        value: ExpressionId,
        type_text: &str,
    ) {
        let scope = self.scope();
        // A function or class that is the value goes by this name itself.
        if defines_function(node) {
            return;
        }
        // The first assignment defines it; later ones only say what it holds.
        if !self.fields.insert((scope, name)) {
            let from = node.span().start;
            self.bind_name(scope, name, from, value);
            return;
        }
        let mut definition = self.variable(DefinitionKind::Variable, node, name, value, type_text);
        let declaration = node
            .ancestors()
            .find(|around| {
                around.has_any(const { RoleSet::of(&[Role::Statement, Role::Variable]) })
            })
            .unwrap_or(node);
        definition.visibility = self.visibility(declaration, DefinitionKind::Variable, name);
        self.add(definition);
    }

    /// Takes what is said about the module's exports by an assignment.
    pub(crate) fn give_export(
        &mut self,
        node: NodeRef<'t>,
        object: ExpressionId,
        name: Name,
        value: ExpressionId,
    ) {
        let Expression::Name(root) = self.facts.expressions[object.index()] else {
            if let Expression::Member(inner, exports) = self.facts.expressions[object.index()]
                && self.names.get(exports) == "exports"
                && let Expression::Name(module) = self.facts.expressions[inner.index()]
                && self.names.get(module) == "module"
            {
                self.export_value(node, name, value);
            }
            return;
        };
        match (self.names.get(root), self.names.get(name)) {
            ("module", "exports") => {
                self.export_object(node);
                let whole = self.intern("module.exports");
                self.export_value(node, whole, value);
            }
            ("exports", _) => self.export_value(node, name, value),
            _ => {}
        }
    }

    fn export_value(&mut self, node: NodeRef<'t>, name: Name, value: ExpressionId) {
        self.exported.insert(name);
        if let Expression::Name(known) = self.facts.expressions[value.index()]
            && known == name
        {
            return;
        }
        if self.fields.insert((LocalId::FILE, name)) {
            let mut definition = self.variable(DefinitionKind::Variable, node, name, value, "");
            definition.container = LocalId::FILE;
            self.add(definition);
        }
    }

    /// `module.exports = { a, b: c }`
    fn export_object(&mut self, node: NodeRef<'t>) {
        let right = node.parent().and_then(|parent| parent.child(Field::Right));
        let Some(object) = right.filter(|right| right.kind() == "object") else {
            return;
        };
        for part in object.named_children() {
            if let Some(value) = part.child(Field::Value) {
                let Some(key) = part.child(Field::Key) else {
                    continue;
                };
                let value = self.lower(value);
                let name = self.intern(key.text().trim_matches(['"', '\'']));
                self.export_value(part, name, value);
            } else if part.has(Role::Identifier) {
                let name = self.intern(part.text());
                self.exported.insert(name);
            }
        }
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

    /// Returns the words that stand before a declaration.
    fn modifiers(&self, node: NodeRef<'t>) -> impl Iterator<Item = &'t str> + use<'t> {
        node.children()
            .filter(|child| {
                matches!(
                    child.kind(),
                    "modifiers"
                        | "modifier"
                        | "visibility_modifier"
                        | "accessibility_modifier"
                        | "storage_class_specifier"
                        | "static_modifier"
                        | "static"
                        | "abstract_modifier"
                        | "access_modifier"
                        | "private"
                        | "public"
                        | "protected"
                )
            })
            .flat_map(|child| child.text().split_whitespace())
    }

    pub(crate) fn visibility(
        &self,
        node: NodeRef<'t>,
        kind: DefinitionKind,
        name: Name,
    ) -> Visibility {
        let text = self.names.get(name);
        let container = self.scope();
        let around = self.kind_of(container);
        for word in self.modifiers(node) {
            match word {
                "private" | "fileprivate" => return Visibility::Private,
                "protected" => return Visibility::Protected,
                "internal" => return Visibility::Internal,
                "public" | "open" | "pub" => return Visibility::Public,
                word if word.starts_with("pub(") => return Visibility::Internal,
                "static" if self.plan.family == Family::C && !around.is_type() => {
                    return Visibility::Private;
                }
                _ => {}
            }
        }
        let said = self.access.iter().rfind(|(class, _)| *class == container);
        if let Some((_, visibility)) = said {
            return *visibility;
        }
        match self.plan.family {
            Family::Python if text.starts_with('_') && !text.ends_with("__") => Visibility::Private,
            Family::Python | Family::Ruby | Family::Php | Family::C => Visibility::Public,
            Family::Go if text.starts_with(char::is_uppercase) => Visibility::Public,
            Family::Go => Visibility::Internal,
            Family::Rust if around == DefinitionKind::Interface => Visibility::Public,
            Family::Rust if around == DefinitionKind::Extension && self.is_trait_impl(node) => {
                Visibility::Public
            }
            Family::Rust => Visibility::Private,
            Family::Script if text.starts_with('#') => Visibility::Private,
            Family::Script if around.is_type() => Visibility::Public,
            Family::Script if around == DefinitionKind::File => {
                let is_exported = node
                    .ancestors()
                    .take(3)
                    .any(|parent| parent.has(Role::Export));
                if is_exported {
                    Visibility::Public
                } else {
                    Visibility::Private
                }
            }
            Family::Script => Visibility::Private,
            Family::CSharp if kind.is_type() => Visibility::Internal,
            Family::CSharp | Family::Jvm if around == DefinitionKind::Interface => {
                Visibility::Public
            }
            Family::CSharp => Visibility::Private,
            Family::Jvm if self.tree.language().id().as_str() == "java" => Visibility::Internal,
            Family::Jvm | Family::Other => Visibility::Public,
        }
    }

    fn is_trait_impl(&self, node: NodeRef<'t>) -> bool {
        node.ancestors()
            .find(|around| around.kind() == "impl_item")
            .is_some_and(|block| block.child(Field::Superclass).is_some())
    }

    /// `private:` in C++, `private` in Ruby: what follows is so.
    pub(crate) fn set_access(&mut self, text: &str) {
        let visibility = match text.trim_end_matches(':').trim() {
            "private" => Visibility::Private,
            "protected" => Visibility::Protected,
            "public" => Visibility::Public,
            _ => return,
        };
        let scope = self.scope();
        self.access.retain(|(class, _)| *class != scope);
        self.access.push((scope, visibility));
    }

    /// Ruby: calls that declare something; returns whether nothing is called.
    pub(crate) fn ruby_directive(&mut self, node: NodeRef<'t>) -> bool {
        let scope = self.scope();
        if !matches!(
            self.kind_of(scope),
            DefinitionKind::Class | DefinitionKind::Module
        ) {
            return false;
        }
        let Some(method) = node.child(Field::Property) else {
            return false;
        };
        if !matches!(method.text(), "include" | "extend" | "prepend") {
            return false;
        }
        let Some(arguments) = arguments_of(node) else {
            return false;
        };
        // The parents of the class are one run: the class's own come first and
        // only a class without further ones in between can be added to.
        let written: Vec<&'t str> = arguments.named_children().map(NodeRef::text).collect();
        for text in written {
            let written = read_type(text, self);
            let (start, end) = self.facts.definitions[scope.index()].supers;
            let at_end = end as usize == self.facts.supers.len() || start == end;
            if written == ExpressionId::UNKNOWN || !at_end {
                continue;
            }
            let start = if start == end {
                self.facts.supers.len() as u32
            } else {
                start
            };
            self.facts.supers.push(written);
            self.facts.definitions[scope.index()].supers = (start, self.facts.supers.len() as u32);
        }
        true
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
