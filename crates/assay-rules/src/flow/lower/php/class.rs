//! PHP's classes, interfaces, traits and enumerations. Members of a class go
//! by its qualified name; traits are ancestors of the classes that use them.

use std::collections::HashSet;

use assay_syntax::{Field, NodeRef};

use super::name::join;
use super::{OpenClass, Php, after, bare};
use crate::flow::builder::Signature;
use crate::flow::ir::{
    Arg, Callee, Class, Field as ClassField, FunctionKind, Name, ParamKind, Slot,
};
use crate::flow::lower::walk::Walk;

impl Php<'_> {
    /// Lowers a class; returns its qualified name.
    pub(super) fn class(&mut self, node: NodeRef<'_>) -> String {
        let written = match node.child(Field::Name) {
            Some(name) => name.text().to_owned(),
            None => format!("class@{}", node.span().start),
        };
        let qualified = join(&self.names.namespace, &written);
        let body = node.child(Field::Body);
        let mut supertypes = Vec::new();
        let mut parent = None;
        for clause in node.named_children() {
            for name in clause.named_children() {
                match clause.kind() {
                    "base_clause" => {
                        let name = self.names.class(name.text());
                        parent.get_or_insert_with(|| name.clone());
                        supertypes.push(Name::from(name));
                    }
                    "class_interface_clause" => {
                        supertypes.push(Name::from(self.names.class(name.text())));
                    }
                    _ => {}
                }
            }
        }
        let members: Vec<NodeRef<'_>> =
            body.into_iter().flat_map(NodeRef::named_children).collect();
        for member in members.iter().filter(|m| m.kind() == "use_declaration") {
            for name in member.named_children() {
                if matches!(name.kind(), "name" | "qualified_name") {
                    supertypes.push(Name::from(self.names.class(name.text())));
                }
            }
        }
        let class = self.b.add_class(Class {
            name: Name::from(qualified.as_str()),
            supertypes,
            methods: Vec::new(),
            initializer: None,
            fields: Vec::new(),
            annotations: self.annotations(node),
            is_abstract: node.kind() == "interface_declaration",
        });
        let methods: HashSet<String> = members
            .iter()
            .filter(|m| m.kind() == "method_declaration" && !is_static(**m))
            .filter_map(|m| m.child(Field::Name))
            .map(|name| name.text().to_owned())
            .collect();
        self.classes.push(OpenClass {
            class,
            qualified: qualified.clone(),
            parent,
            methods,
        });
        self.static_members(&members, &qualified);
        self.fields(node, class, &members);
        for member in &members {
            if member.kind() == "method_declaration" && member.child(Field::Body).is_some() {
                self.method(*member, class);
            }
        }
        self.classes.pop();
        qualified
    }

    /// Sets constants, static members and cases of an enumeration.
    fn static_members(&mut self, members: &[NodeRef<'_>], class: &str) {
        for member in members {
            match member.kind() {
                "const_declaration" => self.constants(*member, class),
                "property_declaration" if is_static(*member) => {
                    for element in elements(*member) {
                        let name = element.child(Field::Name).map_or("", bare);
                        let value = match after(element, "=") {
                            Some(value) => self.expression(value),
                            None => self.b.null(element),
                        };
                        self.b
                            .store_global(element, &format!("{class}.{name}"), value);
                    }
                }
                "enum_case" => {
                    let name = member.child(Field::Name).map_or("", NodeRef::text);
                    let shown = self.b.string(*member, name);
                    let case = self
                        .b
                        .call(*member, Callee::New(Name::from(class)), Vec::new());
                    self.b.store(*member, case, "name", shown);
                    if let Some(value) = member.child(Field::Value) {
                        let value = self.expression(value);
                        self.b.store(*member, case, "value", value);
                    }
                    self.b
                        .store_global(*member, &format!("{class}.{name}"), case);
                }
                _ => {}
            }
        }
    }

    /// `const A = 1, B = 2;` of a class, or of the namespace.
    pub(super) fn constants(&mut self, node: NodeRef<'_>, class: &str) {
        for element in node.named_children() {
            if element.kind() != "const_element" {
                continue;
            }
            let mut parts = element.named_children();
            let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
                continue;
            };
            let name = join(class, name.text());
            let value = self.expression(value);
            self.b.store_global(element, &name, value);
        }
    }

    /// Lowers the fields: their types, and what they begin with.
    fn fields(&mut self, node: NodeRef<'_>, class: usize, members: &[NodeRef<'_>]) {
        let mut declared = Vec::new();
        let mut initial: Vec<(NodeRef<'_>, String, Option<NodeRef<'_>>)> = Vec::new();
        for member in members {
            match member.kind() {
                "property_declaration" if !is_static(*member) => {
                    let ty = member.child(Field::Type).and_then(|ty| self.ty(ty));
                    let ty = ty.or_else(|| self.documented_type(*member));
                    for element in elements(*member) {
                        let name = element.child(Field::Name).map_or("", bare);
                        declared.push((name.to_owned(), ty.clone()));
                        initial.push((element, name.to_owned(), after(element, "=")));
                    }
                }
                "method_declaration" => {
                    let list = member.child(Field::Parameters);
                    for parameter in list.into_iter().flat_map(NodeRef::named_children) {
                        if parameter.kind() == "property_promotion_parameter" {
                            let name = parameter.child(Field::Name).map_or("", bare);
                            let ty = parameter.child(Field::Type).and_then(|ty| self.ty(ty));
                            declared.push((name.to_owned(), ty));
                        }
                    }
                }
                _ => {}
            }
        }
        for (name, ty) in declared {
            self.b.class(class).fields.push(ClassField {
                name: Name::from(name),
                ty: ty.map(Name::from),
                annotations: Vec::new(),
            });
        }
        if initial.iter().all(|(_, _, value)| value.is_none()) {
            return;
        }
        let mut signature = Signature::new("<fields>", FunctionKind::Method);
        signature.class = Some(class);
        let owner = self.b.class(class).name.clone();
        let outer = std::mem::take(&mut self.inside);
        self.b.begin_function(node, signature);
        let this = self.b.param("this", ParamKind::Receiver, Some(&owner));
        for (element, name, value) in initial {
            if let Some(value) = value {
                let value = self.expression(value);
                self.b.store(element, this, &name, value);
            }
        }
        let function = self.b.end_function();
        self.inside = outer;
        self.b.class(class).initializer = Some(function);
    }

    /// Returns the type that a comment before a field tells (`@var Name`).
    fn documented_type(&self, member: NodeRef<'_>) -> Option<String> {
        let comment = member.previous_sibling()?;
        if comment.kind() != "comment" {
            return None;
        }
        let (_, rest) = comment.text().split_once("@var")?;
        let written = rest.split_whitespace().next()?;
        let first = written.split('|').find(|part| *part != "null")?;
        let is_name = first
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '\\');
        let begins = first.trim_start_matches('\\').chars().next()?;
        (is_name && begins.is_uppercase()).then(|| self.names.class(first))
    }

    fn method(&mut self, node: NodeRef<'_>, class: usize) {
        let name = node.child(Field::Name).map_or("", NodeRef::text);
        let (name, kind) = match name {
            "__construct" => ("<init>", FunctionKind::Constructor),
            name if is_static(node) => (name, FunctionKind::Plain),
            name => (name, FunctionKind::Method),
        };
        let method = self.function(node, name, kind, Some(class));
        self.b.class(class).methods.push(method);
    }

    /// `new A(...)`, `new class(...) { }`, `new $name(...)`.
    pub(super) fn object_creation(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(first) = node.named_children().next() else {
            return self.b.unknown(node);
        };
        let list = node
            .named_children()
            .find(|child| child.kind() == "arguments");
        match first.kind() {
            "anonymous_class" => {
                let qualified = self.class(first);
                let list = first
                    .named_children()
                    .find(|child| child.kind() == "arguments");
                let args = list.map(|list| self.arguments(list)).unwrap_or_default();
                self.b.call(node, Callee::New(Name::from(qualified)), args)
            }
            "name" | "qualified_name" | "relative_name" | "relative_scope" => {
                let args = list.map(|list| self.arguments(list)).unwrap_or_default();
                match self.class_name(first) {
                    Some(class) => self.b.call(node, Callee::New(Name::from(class)), args),
                    None => {
                        let parts = args.into_iter().map(|arg| arg.value).collect();
                        self.b.mix(node, parts)
                    }
                }
            }
            _ => {
                let class = self.expression(first);
                let mut args = vec![Arg::plain(class)];
                args.extend(list.map(|list| self.arguments(list)).unwrap_or_default());
                self.b.call_global(node, "new by name", args)
            }
        }
    }
}

fn is_static(node: NodeRef<'_>) -> bool {
    node.children()
        .any(|child| child.kind() == "static_modifier")
}

fn elements(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    node.named_children()
        .filter(|child| child.kind() == "property_element")
}
