//! What modules declare: types, traits, implementations, functions, constants.

use std::collections::HashMap;

use assay_syntax::{Field, NodeRef};

use super::name::{bare, imports, parts};
use super::ty::can_fail;
use super::{Exit, Rust, attributes, item_nodes};
use crate::flow::builder::Signature;
use crate::flow::ir::{
    Annotation, Class, Field as ClassField, FunctionId, FunctionKind, Name, ParamKind, Slot,
};
use crate::flow::lower::walk::Walk;

/// What is set aside while another function is lowered.
pub(super) struct Outer {
    exits: Vec<Exit>,
    breaking: Vec<super::Breaking>,
    tuples: HashMap<Slot, Vec<Slot>>,
    tuple_types_of: HashMap<Slot, Vec<Option<String>>>,
    builders: Vec<Slot>,
    wrapped: Vec<Slot>,
    expected: Option<String>,
}

/// What a function belongs to.
#[derive(Clone)]
pub(super) enum Owner {
    /// A module.
    Module,
    /// A type of the crate: its place in the unit, and its name.
    Class(usize, String),
    /// A type of another crate, which gets methods of a trait of this one.
    Foreign(Option<String>),
}

impl Rust<'_, '_> {
    /// Makes what a module declares known, before any code is lowered.
    pub(super) fn declare(&mut self, node: NodeRef<'_>) {
        for item in item_nodes(node) {
            let Some(name) = item.child(Field::Name).map(|name| bare(name.text())) else {
                continue;
            };
            match item.kind() {
                "mod_item" if item.child(Field::Body).is_none() => self.names.declare_module(name),
                "struct_item" | "enum_item" | "union_item" | "trait_item" => {
                    let qualified = self.names.declare(name);
                    self.class_of(&qualified, item.kind() == "trait_item");
                }
                "mod_item" | "function_item" | "const_item" | "static_item" | "type_item" => {
                    self.names.declare(name);
                }
                _ => {}
            }
        }
        for item in item_nodes(node) {
            if item.kind() == "use_declaration" {
                self.uses(item);
            }
        }
        for item in item_nodes(node) {
            match item.kind() {
                "struct_item" | "union_item" => self.structure(item),
                "enum_item" => self.enumeration(item),
                "type_item" => {
                    let (Some(name), Some(ty)) = (item.child(Field::Name), item.child(Field::Type))
                    else {
                        continue;
                    };
                    let own = self.names.path(&[name.text()]);
                    if let Some(meant) = self.ty(ty) {
                        self.b.alias(&own, &meant);
                    }
                }
                _ => {}
            }
        }
    }

    fn uses(&mut self, node: NodeRef<'_>) {
        let is_public = node
            .named_children()
            .any(|child| child.kind() == "visibility_modifier");
        for import in imports(node) {
            let is_whole = import.name == "*";
            let (own, path) = self.names.import(&import);
            match (is_public, is_whole) {
                (true, true) => self.b.alias(&own, &format!("{path}.*")),
                (true, false) => self.b.alias(&own, &path),
                _ => {}
            }
        }
    }

    /// Returns the class of a name, declaring it if need be.
    fn class_of(&mut self, qualified: &str, is_abstract: bool) -> usize {
        let known = self.b.classes().iter().position(|c| &*c.name == qualified);
        if let Some(known) = known {
            return known;
        }
        self.b.add_class(Class {
            name: Name::from(qualified),
            supertypes: Vec::new(),
            methods: Vec::new(),
            initializer: None,
            fields: Vec::new(),
            annotations: Vec::new(),
            is_abstract,
        })
    }

    fn structure(&mut self, node: NodeRef<'_>) {
        let Some(name) = node.child(Field::Name) else {
            return;
        };
        let qualified = self.names.path(&[bare(name.text())]);
        let had = self.type_params.len();
        self.open_type_params(node);
        let class = self.class_of(&qualified, false);
        if let Some(body) = node.child(Field::Body) {
            self.fields(body, class);
        }
        let annotations = self.annotations(node);
        self.b.class(class).annotations = annotations;
        let derived = self.derived(node);
        self.b.class(class).supertypes.extend(derived);
        self.type_params.truncate(had);
    }

    fn enumeration(&mut self, node: NodeRef<'_>) {
        let Some(name) = node.child(Field::Name) else {
            return;
        };
        let qualified = self.names.path(&[bare(name.text())]);
        let variants = node.child(Field::Body);
        for variant in variants.into_iter().flat_map(NodeRef::named_children) {
            let (Some(own), Some(body)) = (variant.child(Field::Name), variant.child(Field::Body))
            else {
                continue;
            };
            let class = self.class_of(&format!("{qualified}.{}", bare(own.text())), false);
            let supertype = Name::from(qualified.as_str());
            self.b.class(class).supertypes.push(supertype);
            self.fields(body, class);
        }
    }

    fn fields(&mut self, body: NodeRef<'_>, class: usize) {
        let is_ordered = body.kind() == "ordered_field_declaration_list";
        let children = body.named_children().filter(|child| match is_ordered {
            true => child.field() == Field::Type,
            false => child.kind() == "field_declaration",
        });
        for (at, child) in children.enumerate() {
            let (name, ty) = match is_ordered {
                true => (at.to_string(), Some(child)),
                false => {
                    let name = child.child(Field::Name).map_or("", NodeRef::text);
                    (bare(name).to_owned(), child.child(Field::Type))
                }
            };
            let field = ClassField {
                name: Name::from(name),
                ty: ty.and_then(|ty| self.ty(ty)).map(Name::from),
                annotations: Vec::new(),
            };
            self.b.class(class).fields.push(field);
        }
    }

    /// Returns what of the derived traits models know: `#[derive(Parser)]`.
    fn derived(&self, node: NodeRef<'_>) -> Vec<Name> {
        let mut found = Vec::new();
        for item in attributes(node) {
            let attribute = item.named_children().find(|n| n.kind() == "attribute");
            let path = attribute.and_then(|attribute| attribute.named_children().next());
            let (Some(attribute), Some("derive")) = (attribute, path.map(NodeRef::text)) else {
                continue;
            };
            let list = attribute
                .named_children()
                .find(|n| n.kind() == "token_tree");
            let text = list.map_or("", NodeRef::text);
            for name in text.trim_matches(['(', ')']).split(',') {
                let parts: Vec<&str> = name.trim().split("::").collect();
                let name = self.names.path(&parts);
                if self.b.models().knows_type(&name) {
                    found.push(Name::from(name));
                }
            }
        }
        found
    }

    /// Returns the attributes of a declaration, with the texts that they are
    /// given.
    fn annotations(&self, node: NodeRef<'_>) -> Vec<Annotation> {
        let attribute = |item: NodeRef<'_>| {
            let attribute = item.named_children().find(|n| n.kind() == "attribute")?;
            let path = parts(attribute.named_children().next()?);
            let name = match path.as_slice() {
                [one] if !self.names.has(one) => format!("*.{one}"),
                path => self.names.path(path),
            };
            let texts = attribute.subtree().filter(|n| n.kind() == "string_literal");
            let texts = texts.filter_map(super::literal::string_of);
            Some(Annotation {
                name: Name::from(name),
                arguments: texts
                    .map(|text| (Name::from(""), Name::from(text)))
                    .collect(),
            })
        };
        let items = attributes(node).into_iter();
        items.filter_map(attribute).collect()
    }

    /// Lowers a declaration that holds code.
    pub(super) fn item(&mut self, node: NodeRef<'_>) {
        if !self.b.descend() {
            return;
        }
        match node.kind() {
            "function_item" => {
                self.function(node, &Owner::Module);
            }
            "mod_item" => self.module(node),
            "impl_item" => self.implementation(node),
            "trait_item" => self.trait_item(node),
            "foreign_mod_item" => {}
            _ => {}
        }
        self.b.ascend();
    }

    fn module(&mut self, node: NodeRef<'_>) {
        let (Some(name), Some(body)) = (node.child(Field::Name), node.child(Field::Body)) else {
            return;
        };
        let inner = self.names.inner(bare(name.text()));
        let outer = std::mem::replace(&mut self.names, inner);
        self.items(body);
        self.names = outer;
    }

    fn trait_item(&mut self, node: NodeRef<'_>) {
        let (Some(name), Some(body)) = (node.child(Field::Name), node.child(Field::Body)) else {
            return;
        };
        let qualified = self.names.path(&[bare(name.text())]);
        let class = self.class_of(&qualified, true);
        self.with_owner(node, &Owner::Class(class, qualified), body);
    }

    fn implementation(&mut self, node: NodeRef<'_>) {
        let (Some(ty), Some(body)) = (node.child(Field::Type), node.child(Field::Body)) else {
            return;
        };
        let had = self.type_params.len();
        self.open_type_params(node);
        let own = self.ty(ty);
        let owner = match &own {
            Some(own) if self.names.is_own(own) && !own.ends_with("[]") => {
                let class = self.class_of(own, false);
                let base = node.child(Field::Superclass);
                let base = base.map(|base| self.names.path(&parts(base)));
                if let Some(base) = base {
                    let supertype = Name::from(base);
                    let known = &mut self.b.class(class).supertypes;
                    if !known.contains(&supertype) {
                        known.push(supertype);
                    }
                }
                Owner::Class(class, own.clone())
            }
            own => Owner::Foreign(own.clone()),
        };
        self.with_owner(node, &owner, body);
        self.type_params.truncate(had);
    }

    fn with_owner(&mut self, node: NodeRef<'_>, owner: &Owner, body: NodeRef<'_>) {
        let had = self.type_params.len();
        self.open_type_params(node);
        let own = match owner {
            Owner::Class(_, name) => Some(name.clone()),
            Owner::Foreign(name) => name.clone(),
            Owner::Module => None,
        };
        let outer = std::mem::replace(&mut self.own_type, own);
        for item in item_nodes(body) {
            match item.kind() {
                "function_item" | "function_signature_item" => {
                    let function = self.function(item, owner);
                    if let Owner::Class(class, _) = owner {
                        self.b.class(*class).methods.push(function);
                    }
                }
                "const_item" => {
                    let (Some(name), Some(value)) =
                        (item.child(Field::Name), item.child(Field::Value))
                    else {
                        continue;
                    };
                    let owner = self.own_type.clone().unwrap_or_default();
                    if self.b.function_depth() == 1 {
                        let value = self.expression(value);
                        let name = format!("{owner}.{}", name.text());
                        self.b.store_global(item, &name, value);
                    }
                }
                _ => {}
            }
        }
        self.own_type = outer;
        self.type_params.truncate(had);
    }

    /// Sets aside what belongs to the function that is being lowered.
    pub(super) fn enter_function(&mut self) -> Outer {
        Outer {
            exits: std::mem::replace(&mut self.exits, vec![Exit::Function]),
            breaking: std::mem::take(&mut self.breaking),
            tuples: std::mem::take(&mut self.tuples),
            tuple_types_of: std::mem::take(&mut self.tuple_types_of),
            builders: std::mem::take(&mut self.builders),
            wrapped: std::mem::take(&mut self.wrapped),
            expected: self.expected.take(),
        }
    }

    pub(super) fn leave_function(&mut self, outer: Outer) {
        self.exits = outer.exits;
        self.breaking = outer.breaking;
        self.tuples = outer.tuples;
        self.tuple_types_of = outer.tuple_types_of;
        self.builders = outer.builders;
        self.wrapped = outer.wrapped;
        self.expected = outer.expected;
    }

    /// Lowers a function.
    pub(super) fn function(&mut self, node: NodeRef<'_>, owner: &Owner) -> FunctionId {
        let name = node.child(Field::Name).map_or("", |name| bare(name.text()));
        let params = node.child(Field::Parameters);
        let has_self = params.is_some_and(|params| {
            params.named_children().any(|param| {
                param.kind() == "self_parameter"
                    || param
                        .child(Field::Pattern)
                        .is_some_and(|p| p.text() == "self")
            })
        });
        let kind = match (owner, has_self) {
            (Owner::Class(..), true) => FunctionKind::Method,
            _ => FunctionKind::Plain,
        };
        let name = match owner {
            // No type of this crate: what is called on a value finds it.
            Owner::Foreign(_) if !has_self => String::new(),
            Owner::Module if self.b.function_depth() == 1 => self.names.in_file(name),
            _ => name.to_owned(),
        };
        let mut signature = Signature::new(name, kind);
        if let Owner::Class(class, _) = owner {
            signature.class = Some(*class);
        }
        let had = self.type_params.len();
        self.open_type_params(node);
        let result = node.child(Field::ReturnType);
        signature.result = result.and_then(|ty| self.ty(ty)).map(Name::from);
        signature.can_fail = result.is_some_and(can_fail);
        signature.annotations = self.annotations(node);
        signature.is_public = node
            .named_children()
            .any(|child| child.kind() == "visibility_modifier");
        self.b.begin_function(node, signature);
        let outer = self.enter_function();
        if let (Owner::Class(_, own), true) = (owner, has_self) {
            self.b.param("self", ParamKind::Receiver, Some(own));
        }
        if let (Owner::Foreign(own), true) = (owner, has_self) {
            self.b.param("self", ParamKind::Extended, own.as_deref());
        }
        self.params(params);
        match node.child(Field::Body) {
            Some(body) => self.body(body),
            None => {
                let value = self.b.unknown(node);
                self.b.return_value(node, Some(value));
            }
        }
        self.leave_function(outer);
        self.type_params.truncate(had);
        self.b.end_function()
    }

    /// Declares the parameters of a function or closure.
    pub(super) fn params(&mut self, list: Option<NodeRef<'_>>) {
        let mut patterns = Vec::new();
        for param in list.into_iter().flat_map(NodeRef::children) {
            let (pattern, ty) = match param.kind() {
                "parameter" => (param.child(Field::Pattern), param.child(Field::Type)),
                "self_parameter" | "attribute_item" | "variadic_parameter" => continue,
                "_" => (None, None),
                _ if !param.is_named() || param.has(assay_syntax::Role::Comment) => continue,
                // A closure need not say the type.
                _ => (Some(param), None),
            };
            if pattern.is_some_and(|pattern| pattern.text() == "self") {
                continue;
            }
            let name = ty.and_then(|ty| self.ty(ty));
            let annotations = ty.map(|ty| self.extractors(ty)).unwrap_or_default();
            let is_unwrapped = |own: &Annotation| own.name.starts_with("actix");
            let is_wrapped = !annotations.is_empty() && !annotations.iter().any(is_unwrapped);
            let simple = pattern.and_then(variable);
            let own = match simple {
                Some(variable) => bare(variable.text()).to_owned(),
                None => self.fresh_label(),
            };
            let kind = ParamKind::Plain;
            let slot = self
                .b
                .annotated_param(&own, kind, name.as_deref(), annotations);
            if let Some(types) = ty.and_then(|ty| self.tuple_types(ty)) {
                let types = types.into_iter().map(|ty| self.ty(ty)).collect();
                self.tuple_types_of.insert(slot, types);
            }
            match (simple, pattern) {
                (None, Some(pattern)) => patterns.push((pattern, slot, ty)),
                _ if is_wrapped => self.wrapped.push(slot),
                _ => {}
            }
        }
        for (pattern, slot, ty) in patterns {
            self.bind(pattern, slot, ty);
        }
    }

    /// Lowers a constant or static variable.
    pub(super) fn constant_item(&mut self, node: NodeRef<'_>) {
        let (Some(name), Some(value)) = (node.child(Field::Name), node.child(Field::Value)) else {
            return;
        };
        let ty = node.child(Field::Type).and_then(|ty| self.ty(ty));
        let value = self.expression(value);
        let name = bare(name.text());
        if self.b.function_depth() == 1 {
            let global = self.names.path(&[name]);
            self.b.store_global(node, &global, value);
        } else {
            let slot = self.b.declare(name, ty.as_deref());
            self.b.assign(node, slot, value);
        }
    }
}

/// Returns the variable that a pattern is, when it is nothing else.
pub(super) fn variable(pattern: NodeRef<'_>) -> Option<NodeRef<'_>> {
    match pattern.kind() {
        "identifier" => Some(pattern),
        "mut_pattern" | "ref_pattern" | "reference_pattern" => {
            let inner = pattern
                .named_children()
                .find(|child| child.kind() != "mutable_specifier");
            variable(inner?)
        }
        _ => None,
    }
}
