//! Classes and what TypeScript adds to them: fields, accessors, static
//! members, interfaces, enumerations.

use assay_syntax::{Field, NodeRef};

use super::{JavaScript, This, is_class, key_text};
use crate::flow::builder::Signature;
use crate::flow::ir::{Class, Field as ClassField, FunctionKind, Name, Op, ParamKind, Slot};
use crate::flow::lower::walk::Walk;

impl JavaScript<'_> {
    /// Returns a qualified name for a class that no other class of the file has.
    pub(super) fn class_name(&self, name: &str) -> String {
        let name = if name.is_empty() { "class" } else { name };
        let qualified = self.qualified(name);
        let classes = self.b.classes();
        match classes
            .iter()
            .any(|class| &*class.name == qualified.as_str())
        {
            true => format!("{qualified}${}", classes.len()),
            false => qualified,
        }
    }

    /// Makes a class known, before its members are lowered.
    pub(super) fn declare_class(&mut self, node: NodeRef<'_>, name: &str) -> usize {
        let qualified = self.class_name(name);
        let annotations = self.annotations(node);
        let mut fields = Vec::new();
        for member in members(node) {
            self.declare_fields(member, &mut fields);
        }
        let class = self.b.add_class(Class {
            name: Name::from(qualified.as_str()),
            supertypes: self.supertypes(node),
            methods: Vec::new(),
            initializer: None,
            fields,
            annotations,
            is_abstract: node.kind() == "abstract_class_declaration",
        });
        self.classes.push((name.to_owned(), class));
        class
    }

    fn declare_fields(&self, member: NodeRef<'_>, fields: &mut Vec<ClassField>) {
        match member.kind() {
            "field_definition" | "public_field_definition" | "property_signature" => {
                let key = member
                    .child(Field::Property)
                    .or_else(|| member.child(Field::Name));
                let Some(name) = key.and_then(key_text) else {
                    return;
                };
                fields.push(ClassField {
                    name: Name::from(name),
                    ty: member
                        .child(Field::Type)
                        .and_then(|ty| self.names.ty(ty))
                        .map(Name::from),
                    annotations: self.annotations(member),
                });
            }
            // Parameters of a constructor that are fields too.
            "method_definition" if member.child(Field::Name).is_some_and(is_constructor) => {
                let list = member.child(Field::Parameters);
                for param in list.into_iter().flat_map(NodeRef::named_children) {
                    let is_field = param
                        .children()
                        .any(|child| matches!(child.kind(), "accessibility_modifier" | "readonly"));
                    let name = param.child(Field::Pattern).filter(|_| is_field);
                    let Some(name) = name else { continue };
                    fields.push(ClassField {
                        name: Name::from(name.text()),
                        ty: param
                            .child(Field::Type)
                            .and_then(|ty| self.names.ty(ty))
                            .map(Name::from),
                        annotations: self.annotations(param),
                    });
                }
            }
            _ => {}
        }
    }

    fn supertypes(&self, node: NodeRef<'_>) -> Vec<Name> {
        let mut names = Vec::new();
        for clause in node.named_children() {
            match clause.kind() {
                "class_heritage" => {
                    for part in clause.named_children() {
                        match part.kind() {
                            "extends_clause" => {
                                let value = part.child(Field::Value);
                                names.extend(value.map(|value| self.class_of(value)));
                            }
                            "implements_clause" => {
                                let types = part.named_children();
                                names.extend(types.filter_map(|ty| self.names.ty(ty)));
                            }
                            _ => names.push(self.class_of(part)),
                        }
                    }
                }
                "extends_type_clause" => {
                    let types = clause.named_children();
                    names.extend(types.filter_map(|ty| self.names.ty(ty)));
                }
                _ => {}
            }
        }
        names.into_iter().map(Name::from).collect()
    }

    /// Returns the qualified name of the class that an expression means.
    pub(super) fn class_of(&self, node: NodeRef<'_>) -> String {
        match node.kind() {
            "identifier" | "member_expression" | "nested_identifier" => {
                let name = super::name::dotted(node);
                match self.known_class(&name) {
                    Some(class) => self.b.classes()[class].name.to_string(),
                    None => self.names.resolve(&name),
                }
            }
            // A mixin: the class that it is given.
            "call_expression" => {
                let first = node
                    .child(Field::Arguments)
                    .and_then(|n| n.named_children().next());
                match first {
                    Some(first) if first.kind() == "identifier" => self.class_of(first),
                    _ => node
                        .child(Field::Function)
                        .map_or("", NodeRef::text)
                        .to_owned(),
                }
            }
            _ => String::new(),
        }
    }

    /// Returns the class that goes by the name, the last one declared first.
    pub(super) fn known_class(&self, name: &str) -> Option<usize> {
        let found = self.classes.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, class)| *class)
    }

    /// Lowers a class that stands as an expression.
    pub(super) fn class_value(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        let own = node.child(Field::Name).map_or(name, NodeRef::text);
        let class = self.declare_class(node, own);
        self.class_body(node, class);
        self.b.emit(node, Op::Class(class))
    }

    /// Lowers the members of a class.
    pub(super) fn class_body(&mut self, node: NodeRef<'_>, class: usize) {
        if !self.b.descend() {
            return;
        }
        self.initializer(node, class);
        let qualified = self.b.class(class).name.to_string();
        for member in members(node) {
            match member.kind() {
                "method_definition" => self.class_method(member, class),
                "method_signature" | "abstract_method_signature" => {}
                "field_definition" | "public_field_definition" if is_static(member) => {
                    let key = member
                        .child(Field::Property)
                        .or_else(|| member.child(Field::Name));
                    let (Some(name), Some(value)) =
                        (key.and_then(key_text), member.child(Field::Value))
                    else {
                        continue;
                    };
                    self.this.push(This::Global(qualified.clone()));
                    let value = self.named_value(value, &name);
                    self.this.pop();
                    self.b
                        .store_global(member, &format!("{qualified}.{name}"), value);
                }
                "class_static_block" => {
                    self.this.push(This::Global(qualified.clone()));
                    if let Some(body) = member.child(Field::Body) {
                        self.statements(body);
                    }
                    self.this.pop();
                }
                _ => {}
            }
        }
        self.b.ascend();
    }

    fn class_method(&mut self, member: NodeRef<'_>, class: usize) {
        let Some(key) = member.child(Field::Name) else {
            return;
        };
        let name = key_text(key).unwrap_or_default();
        let is_setter = member.children().any(|child| child.kind() == "set");
        let (name, kind) = match is_static(member) {
            true => (name, FunctionKind::Plain),
            false if is_constructor(key) => ("<init>".to_owned(), FunctionKind::Constructor),
            false => (name, FunctionKind::Method),
        };
        let name = if is_setter { format!("{name}=") } else { name };
        let method = self.method_of(class, member, &name, kind);
        self.b.class(class).methods.push(method);
    }

    /// Lowers the values of fields: they are set before the constructor runs.
    fn initializer(&mut self, node: NodeRef<'_>, class: usize) {
        let has_value = |member: &NodeRef<'_>| {
            matches!(
                member.kind(),
                "field_definition" | "public_field_definition"
            ) && !is_static(*member)
                && member.child(Field::Value).is_some()
        };
        let fields: Vec<NodeRef<'_>> = members(node).filter(has_value).collect();
        if fields.is_empty() {
            return;
        }
        let mut signature = Signature::new("<fields>", FunctionKind::Method);
        signature.class = Some(class);
        let qualified = self.b.class(class).name.clone();
        self.b.begin_function(node, signature);
        let this = self.b.param("this", ParamKind::Receiver, Some(&qualified));
        self.this.push(This::Variable);
        for member in fields {
            let key = member
                .child(Field::Property)
                .or_else(|| member.child(Field::Name));
            let (Some(key), Some(value)) = (key, member.child(Field::Value)) else {
                continue;
            };
            let name = key_text(key);
            let value = self.named_value(value, name.as_deref().unwrap_or(""));
            match name {
                Some(name) => self.b.store(member, this, &name, value),
                None => {
                    let key = self.key(key);
                    self.b.store_index(member, this, Some(key), value);
                }
            }
        }
        self.this.pop();
        let function = self.b.end_function();
        self.b.class(class).initializer = Some(function);
    }

    /// Makes an interface known: the types of its members.
    pub(super) fn interface(&mut self, node: NodeRef<'_>) {
        let Some(name) = node.child(Field::Name) else {
            return;
        };
        let mut fields = Vec::new();
        for member in members(node) {
            self.declare_fields(member, &mut fields);
        }
        let qualified = self.class_name(name.text());
        let supertypes = self.supertypes(node);
        self.b.add_class(Class {
            name: Name::from(qualified),
            supertypes,
            methods: Vec::new(),
            initializer: None,
            fields,
            annotations: Vec::new(),
            is_abstract: true,
        });
    }

    /// Lowers an enumeration to a map of its constants.
    pub(super) fn enumeration(&mut self, node: NodeRef<'_>) {
        let (Some(name), Some(body)) = (node.child(Field::Name), node.child(Field::Body)) else {
            return;
        };
        let mut entries = Vec::new();
        let mut next = Some(0);
        for member in body.named_children() {
            let (key, value) = match member.kind() {
                "enum_assignment" => (member.child(Field::Name), member.child(Field::Value)),
                _ => (Some(member), None),
            };
            let Some(key) = key.and_then(key_text) else {
                continue;
            };
            let slot = match (value, next) {
                (Some(value), _) => {
                    next = value.text().parse::<i64>().ok();
                    self.expression(value)
                }
                (None, Some(at)) => self.b.int(member, at),
                (None, None) => self.b.unknown(member),
            };
            next = next.map(|at| at.saturating_add(1));
            let key = self.b.string(member, &key);
            entries.push((Some(key), slot));
        }
        let value = self.b.emit(node, Op::Map(entries));
        let slot = self.variable(name);
        self.b.assign(node, slot, value);
    }
}

/// Returns the members of a class or interface.
fn members(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    let body = node.child(Field::Body);
    let body = body.filter(|_| is_class(node) || node.kind() == "interface_declaration");
    body.into_iter().flat_map(NodeRef::named_children)
}

fn is_static(member: NodeRef<'_>) -> bool {
    member.children().any(|child| child.kind() == "static")
}

fn is_constructor(key: NodeRef<'_>) -> bool {
    key.text() == "constructor"
}
