//! Lowers Java: classes, their fields and methods, and what is in them.
//!
//! Static members go by their qualified names, instance members by the
//! receiver; a class without a name is a class with a made-up one.

use std::collections::HashMap;

use assay_syntax::{Field, NodeRef, SyntaxTree};

use super::Lowerer;
use crate::flow::builder::{Builder, Signature};
use crate::flow::ir::{
    Annotation, Class, Field as ClassField, FunctionId, FunctionKind, Name, ParamKind, Slot,
};
use crate::flow::lower::walk::Walk;

mod expression;
mod literal;
mod name;
mod statement;

pub(super) static LOWERER: Lowerer = Lowerer {
    languages: &["java"],
    models: "java",
    lower: |tree, builder| Java::new(builder).file(tree),
};

/// What a class declares, known before any of its code is lowered.
struct Members {
    /// Its place in the unit.
    class: usize,
    qualified: String,
    /// The class around it, as a place in [`Java::members`].
    outer: Option<usize>,
    /// Whether each field is static.
    fields: HashMap<String, bool>,
    methods: HashMap<String, bool>,
}

/// The lowerer of one file.
struct Java<'b> {
    b: &'b mut Builder,
    names: name::Names,
    members: Vec<Members>,
    /// The classes whose code is being lowered, as places in `members`.
    inside: Vec<usize>,
    /// Whether the code being lowered has a receiver.
    has_this: bool,
    /// What a `yield` of the innermost switch expression sets.
    yields: Vec<(Slot, String)>,
    anonymous: usize,
}

impl Walk for Java<'_> {
    fn builder(&mut self) -> &mut Builder {
        self.b
    }

    fn expression_inside(&mut self, node: NodeRef<'_>) -> Slot {
        self.lower_expression(node)
    }

    fn statement_inside(&mut self, node: NodeRef<'_>) {
        self.lower_statement(node);
    }

    fn loop_statement(&mut self, node: NodeRef<'_>, label: Option<&str>) -> bool {
        match node.kind() {
            "while_statement" => self.while_loop(node, label, false),
            "do_statement" => self.while_loop(node, label, true),
            "for_statement" => self.for_loop(node, label),
            "enhanced_for_statement" => self.each_loop(node, label),
            _ => return false,
        }
        true
    }
}

impl<'b> Java<'b> {
    fn new(b: &'b mut Builder) -> Self {
        Self {
            names: name::Names::new(b.models()),
            b,
            members: Vec::new(),
            inside: Vec::new(),
            has_this: false,
            yields: Vec::new(),
            anonymous: 0,
        }
    }

    fn file(&mut self, tree: &SyntaxTree) {
        let root = tree.root();
        for node in root.named_children() {
            match node.kind() {
                "package_declaration" => {
                    if let Some(name) = node.named_children().last() {
                        self.b.set_package(&name::dotted(name));
                    }
                }
                "import_declaration" => self.names.import(node),
                _ => {}
            }
        }
        let package = self.b.package().to_owned();
        self.names.set_package(&package);
        let types: Vec<NodeRef<'_>> = root.named_children().filter(|n| is_type(*n)).collect();
        let declared: Vec<usize> = types
            .iter()
            .map(|node| self.declare_class(*node, &package, None))
            .collect();
        for (node, members) in types.into_iter().zip(declared) {
            self.class_body(node, members);
        }
        // Files without a class (scripts, snippets of documentation).
        for node in root.named_children() {
            match node.kind() {
                "method_declaration" => {
                    self.function(node, None);
                }
                "package_declaration" | "import_declaration" => {}
                _ if is_type(node) => {}
                _ => self.statement(node),
            }
        }
    }

    /// Makes a class and those in it known, before any code is lowered.
    fn declare_class(&mut self, node: NodeRef<'_>, prefix: &str, outer: Option<usize>) -> usize {
        let simple = match node.child(Field::Name) {
            Some(name) if is_type(node) => name.text().to_owned(),
            _ => {
                self.anonymous += 1;
                format!("{}", self.anonymous)
            }
        };
        let qualified = match prefix {
            "" => simple.clone(),
            prefix => format!("{prefix}.{simple}"),
        };
        self.names.declare(&simple, &qualified);
        let annotations = self.annotations(node);
        let class = self.b.add_class(Class {
            name: Name::from(qualified.as_str()),
            supertypes: Vec::new(),
            methods: Vec::new(),
            initializer: None,
            fields: Vec::new(),
            annotations,
            is_abstract: node.kind() == "interface_declaration",
        });
        let at = self.members.len();
        self.members.push(Members {
            class,
            qualified: qualified.clone(),
            outer,
            fields: HashMap::new(),
            methods: HashMap::new(),
        });
        for member in member_nodes(node) {
            if is_type(member) {
                self.declare_class(member, &qualified, Some(at));
                continue;
            }
            let is_static = is_static(member, node);
            match member.kind() {
                "field_declaration" | "constant_declaration" => {
                    for name in declarators(member).filter_map(|d| d.child(Field::Name)) {
                        let fields = &mut self.members[at].fields;
                        fields.insert(name.text().to_owned(), is_static);
                    }
                }
                "enum_constant" => {
                    if let Some(name) = member.child(Field::Name) {
                        self.members[at].fields.insert(name.text().to_owned(), true);
                    }
                }
                "method_declaration" => {
                    if let Some(name) = member.child(Field::Name) {
                        let methods = &mut self.members[at].methods;
                        methods.insert(name.text().to_owned(), is_static);
                    }
                }
                _ => {}
            }
        }
        if node.kind() == "record_declaration" {
            for (name, _) in record_components(node) {
                self.members[at].fields.insert(name, false);
            }
        }
        at
    }

    /// Lowers what is in a class.
    fn class_body(&mut self, node: NodeRef<'_>, at: usize) {
        if !self.b.descend() {
            return;
        }
        let class = self.members[at].class;
        let supertypes = self.supertypes(node);
        let annotations = self.annotations(node);
        let is_abstract = modifiers(node).any(|word| word == "abstract");
        let known = self.b.class(class);
        known.supertypes = supertypes;
        known.annotations = annotations;
        known.is_abstract |= is_abstract;
        self.inside.push(at);
        let has_this = std::mem::replace(&mut self.has_this, false);
        self.fields(node, class);
        if node.kind() == "record_declaration" {
            self.record(node, class);
        }
        let mut nested = self.nested(at).into_iter();
        for member in member_nodes(node) {
            match member.kind() {
                "method_declaration" | "constructor_declaration" => {
                    let function = self.function(member, Some(class));
                    self.b.class(class).methods.push(function);
                }
                "static_initializer" => self.statements(member),
                _ if is_type(member) => {
                    if let Some(inner) = nested.next() {
                        self.class_body(member, inner);
                    }
                }
                _ => {}
            }
        }
        self.has_this = has_this;
        self.inside.pop();
        self.b.ascend();
    }

    /// Returns the classes that are declared directly in a class.
    fn nested(&self, outer: usize) -> Vec<usize> {
        let is_in = |at: &usize| self.members[*at].outer == Some(outer);
        (outer + 1..self.members.len()).filter(is_in).collect()
    }

    fn supertypes(&self, node: NodeRef<'_>) -> Vec<Name> {
        let mut found = Vec::new();
        for child in node.named_children() {
            match child.kind() {
                "superclass" => found.extend(child.named_children().next()),
                "super_interfaces" | "extends_interfaces" => {
                    found.extend(child.named_children().flat_map(NodeRef::named_children));
                }
                _ => {}
            }
        }
        if node.kind() == "object_creation_expression" {
            found.extend(node.child(Field::Type));
        }
        let mut names: Vec<Name> = found.into_iter().map(|ty| self.names.ty(ty)).collect();
        if node.kind() == "enum_declaration" {
            names.push(Name::from("java.lang.Enum"));
        }
        names
    }

    /// Lowers the values of fields: static ones where the file begins, those
    /// of objects in the class's initializer.
    fn fields(&mut self, node: NodeRef<'_>, class: usize) {
        let qualified = self.b.class(class).name.clone();
        let mut own = Vec::new();
        for member in member_nodes(node) {
            match member.kind() {
                "field_declaration" | "constant_declaration" => {
                    let ty = member.child(Field::Type).map(|ty| self.names.ty(ty));
                    let annotations = self.annotations(member);
                    for declarator in declarators(member) {
                        let Some(name) = declarator.child(Field::Name) else {
                            continue;
                        };
                        self.b.class(class).fields.push(ClassField {
                            name: Name::from(name.text()),
                            ty: ty.clone(),
                            annotations: annotations.clone(),
                        });
                        let Some(value) = declarator.child(Field::Value) else {
                            continue;
                        };
                        if is_static(member, node) {
                            let value = self.initial(value, ty.as_deref());
                            let name = format!("{qualified}.{}", name.text());
                            self.b.store_global(declarator, &name, value);
                        } else {
                            own.push((declarator, name, value, ty.clone()));
                        }
                    }
                }
                "enum_constant" => self.enum_constant(member, &qualified),
                _ => {}
            }
        }
        let blocks: Vec<_> = member_nodes(node).filter(|m| m.kind() == "block").collect();
        if own.is_empty() && blocks.is_empty() {
            return;
        }
        let mut signature = Signature::new("<fields>", FunctionKind::Method);
        signature.class = Some(class);
        self.b.begin_function(node, signature);
        let this = self.b.param("this", ParamKind::Receiver, Some(&qualified));
        self.bind_outer_this(this);
        let had = std::mem::replace(&mut self.has_this, true);
        for (declarator, name, value, ty) in own {
            let value = self.initial(value, ty.as_deref());
            self.b.store(declarator, this, name.text(), value);
        }
        for block in blocks {
            self.statement(block);
        }
        self.has_this = had;
        let function = self.b.end_function();
        self.b.class(class).initializer = Some(function);
    }

    fn enum_constant(&mut self, node: NodeRef<'_>, class: &Name) {
        let Some(name) = node.child(Field::Name) else {
            return;
        };
        let arguments = node.child(Field::Arguments);
        let args = self.arguments(arguments);
        let callee = crate::flow::ir::Callee::New(class.clone());
        let value = self.b.call(node, callee, args);
        let text = self.b.string(name, name.text());
        self.b.store(node, value, "name", text);
        let global = format!("{class}.{}", name.text());
        self.b.store_global(node, &global, value);
    }

    /// A record's constructor and accessors.
    fn record(&mut self, node: NodeRef<'_>, class: usize) {
        let qualified = self.b.class(class).name.clone();
        let components = record_components(node);
        let has_own = member_nodes(node).any(|m| m.kind() == "constructor_declaration");
        let compact = member_nodes(node).find(|m| m.kind() == "compact_constructor_declaration");
        if !has_own {
            let mut signature = Signature::new("<init>", FunctionKind::Constructor);
            signature.class = Some(class);
            self.b.begin_function(node, signature);
            let this = self.b.param("this", ParamKind::Receiver, Some(&qualified));
            let mut slots = Vec::new();
            for (name, ty) in &components {
                let ty = ty.map(|ty| self.names.ty(ty));
                slots.push(self.b.param(name, ParamKind::Plain, ty.as_deref()));
            }
            let had = std::mem::replace(&mut self.has_this, true);
            if let Some(body) = compact.and_then(|node| node.child(Field::Body)) {
                self.statements(body);
            }
            self.has_this = had;
            for ((name, _), slot) in components.iter().zip(slots) {
                self.b.store(node, this, name, slot);
            }
            let function = self.b.end_function();
            self.b.class(class).methods.push(function);
        }
        for (name, ty) in components {
            if self.is_method_of(class, &name) {
                continue;
            }
            let mut signature = Signature::new(name.as_str(), FunctionKind::Method);
            signature.class = Some(class);
            signature.result = ty.map(|ty| self.names.ty(ty));
            self.b.begin_function(node, signature);
            let this = self.b.param("this", ParamKind::Receiver, Some(&qualified));
            let value = self.b.load(node, this, &name);
            self.b.return_value(node, Some(value));
            let function = self.b.end_function();
            self.b.class(class).methods.push(function);
        }
    }

    fn is_method_of(&self, class: usize, name: &str) -> bool {
        let members = self.members.iter().find(|m| m.class == class);
        members.is_some_and(|members| members.methods.contains_key(name))
    }

    /// Lowers a method or constructor.
    fn function(&mut self, node: NodeRef<'_>, class: Option<usize>) -> FunctionId {
        let is_constructor = node.kind() == "constructor_declaration";
        let is_static = class.is_none() || self.is_static_member(node);
        let kind = match (is_constructor, is_static) {
            (true, _) => FunctionKind::Constructor,
            (_, true) => FunctionKind::Plain,
            _ => FunctionKind::Method,
        };
        let name = match node.child(Field::Name) {
            Some(name) if !is_constructor => name.text(),
            _ => "<init>",
        };
        let mut signature = Signature::new(name, kind);
        signature.class = class;
        signature.result = node.child(Field::Type).map(|ty| self.names.ty(ty));
        signature.annotations = self.annotations(node);
        signature.is_public = modifiers(node).any(|word| word == "public");
        self.b.begin_function(node, signature);
        if kind != FunctionKind::Plain {
            let qualified = class.map(|class| self.b.class(class).name.clone());
            let this = self
                .b
                .param("this", ParamKind::Receiver, qualified.as_deref());
            self.bind_outer_this(this);
        }
        let had = std::mem::replace(&mut self.has_this, kind != FunctionKind::Plain);
        let yields = std::mem::take(&mut self.yields);
        self.parameters(node.child(Field::Parameters));
        match node.child(Field::Body) {
            Some(body) => self.statements(body),
            // Without a body nothing is known of what it does.
            None => {
                let value = self.b.unknown(node);
                self.b.return_value(node, Some(value));
            }
        }
        self.yields = yields;
        self.has_this = had;
        self.b.end_function()
    }

    fn is_static_member(&self, node: NodeRef<'_>) -> bool {
        modifiers(node).any(|word| word == "static")
    }

    /// Lets code inside the class say `Outer.this`.
    fn bind_outer_this(&mut self, this: Slot) {
        if let Some(&at) = self.inside.last() {
            let name = format!("{}.this", self.members[at].qualified);
            self.b.bind(&name, this);
        }
    }

    fn parameters(&mut self, list: Option<NodeRef<'_>>) {
        let Some(list) = list else { return };
        if list.kind() == "identifier" {
            self.b.param(list.text(), ParamKind::Plain, None);
            return;
        }
        for node in list.named_children() {
            match node.kind() {
                "identifier" => {
                    self.b.param(node.text(), ParamKind::Plain, None);
                }
                "formal_parameter" => {
                    let name = node.child(Field::Name).map_or("_", NodeRef::text);
                    let ty = node.child(Field::Type).map(|ty| self.names.ty(ty));
                    let ty = ty.filter(|ty| &**ty != "var");
                    let annotations = self.annotations(node);
                    self.b
                        .annotated_param(name, ParamKind::Plain, ty.as_deref(), annotations);
                }
                "spread_parameter" => {
                    let declarator = node.named_children().find(|child| {
                        child.kind() == "variable_declarator" || child.kind() == "identifier"
                    });
                    let name = declarator.map_or("_", |d| d.name().unwrap_or("_"));
                    self.b.param(name, ParamKind::Rest, None);
                }
                _ => {}
            }
        }
    }

    /// Returns the annotations of a declaration with their constant arguments.
    fn annotations(&self, node: NodeRef<'_>) -> Vec<Annotation> {
        let modifiers = node.children().find(|child| child.kind() == "modifiers");
        let Some(modifiers) = modifiers else {
            return Vec::new();
        };
        modifiers
            .named_children()
            .filter_map(|node| {
                let name = node.child(Field::Name)?;
                let mut arguments = Vec::new();
                for argument in node
                    .child(Field::Arguments)
                    .iter()
                    .flat_map(|list| list.named_children())
                {
                    let (key, value) = match argument.kind() {
                        "element_value_pair" => (
                            argument.child(Field::Key).map_or("", NodeRef::text),
                            argument.child(Field::Value).unwrap_or(argument),
                        ),
                        _ => ("", argument),
                    };
                    let text = literal::string_of(value).unwrap_or_else(|| value.text().to_owned());
                    arguments.push((Name::from(key), Name::from(text)));
                }
                Some(Annotation {
                    name: Name::from(self.names.resolve(&name::dotted(name))),
                    arguments,
                })
            })
            .collect()
    }
}

/// Returns whether the node declares a type.
fn is_type(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "class_declaration"
            | "interface_declaration"
            | "enum_declaration"
            | "record_declaration"
            | "annotation_type_declaration"
    )
}

/// Returns the members of a class, enum members after a semicolon included.
fn member_nodes(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    let body = node
        .child(Field::Body)
        .or_else(|| node.children().find(|child| child.kind() == "class_body"));
    body.into_iter()
        .flat_map(NodeRef::named_children)
        .flat_map(|member| {
            let inner =
                (member.kind() == "enum_body_declarations").then(|| member.named_children());
            let own = inner.is_none().then_some(member);
            own.into_iter().chain(inner.into_iter().flatten())
        })
}

fn modifiers(node: NodeRef<'_>) -> impl Iterator<Item = &'static str> {
    let modifiers = node.children().find(|child| child.kind() == "modifiers");
    modifiers
        .into_iter()
        .flat_map(NodeRef::children)
        .map(NodeRef::kind)
}

/// Fields of interfaces are static without saying so.
fn is_static(member: NodeRef<'_>, class: NodeRef<'_>) -> bool {
    member.kind() == "constant_declaration"
        || modifiers(member).any(|word| word == "static")
        || class.kind() == "interface_declaration" && member.kind() == "field_declaration"
}

fn declarators(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    node.named_children()
        .filter(|child| child.kind() == "variable_declarator")
}

/// Returns the names and types of a record's components.
fn record_components(node: NodeRef<'_>) -> Vec<(String, Option<NodeRef<'_>>)> {
    let list = node.child(Field::Parameters);
    list.into_iter()
        .flat_map(NodeRef::named_children)
        .filter_map(|param| {
            let name = param.child(Field::Name)?.text().to_owned();
            Some((name, param.child(Field::Type)))
        })
        .collect()
}

#[cfg(test)]
mod tests;
