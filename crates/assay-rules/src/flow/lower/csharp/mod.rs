//! Lowers C#: namespaces, types, their members, and what is in them.
//!
//! Static members go by their qualified names, instance members by the
//! receiver. A property with code of its own is a method `get Name` or
//! `set Name`; one without is a field.

use std::collections::{HashMap, HashSet};

use assay_syntax::{Field, NodeRef, SyntaxTree};

use super::Lowerer;
use super::walk::Walk;
use crate::flow::builder::Builder;
use crate::flow::ir::{Annotation, Class, Name, Slot};

mod call;
mod expression;
mod literal;
mod member;
mod name;
mod pattern;
mod query;
mod statement;

pub(super) static LOWERER: Lowerer = Lowerer {
    languages: &["c-sharp"],
    models: "csharp",
    lower: |tree, builder| CSharp::new(builder).file(tree),
};

/// What a type declares, known before any of its code is lowered.
struct Members {
    /// Its place in the unit.
    class: usize,
    qualified: String,
    /// The type around it, as a place in [`CSharp::members`].
    outer: Option<usize>,
    /// Whether each field or property is static.
    fields: HashMap<String, bool>,
    /// Whether each method is static, and how many parameters it has.
    methods: HashMap<String, (bool, usize)>,
}

/// What a value is wanted for: the type of `new()`, the names of a tuple.
#[derive(Clone, Default)]
struct Want {
    ty: Option<Name>,
    names: Vec<String>,
}

/// The lowerer of one file.
struct CSharp<'b> {
    b: &'b mut Builder,
    names: name::Names,
    members: Vec<Members>,
    /// The types whose code is being lowered, as places in `members`.
    inside: Vec<usize>,
    /// Whether the code being lowered has a receiver.
    has_this: bool,
    /// What the function being lowered returns.
    result: Want,
    /// Parameters that are handed back (`ref`, `out`): each is a box.
    boxed: HashSet<String>,
    /// Variables that local functions need before they are declared.
    hoisted: HashSet<String>,
}

impl Walk for CSharp<'_> {
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
            "foreach_statement" => self.each_loop(node, label),
            _ => return false,
        }
        true
    }
}

impl<'b> CSharp<'b> {
    fn new(b: &'b mut Builder) -> Self {
        Self {
            names: name::Names::new(b.models()),
            b,
            members: Vec::new(),
            inside: Vec::new(),
            has_this: false,
            result: Want::default(),
            boxed: HashSet::new(),
            hoisted: HashSet::new(),
        }
    }

    fn file(&mut self, tree: &SyntaxTree) {
        let root = tree.root();
        let mut types = Vec::new();
        self.collect(root, "", &mut types);
        let declared: Vec<usize> = types
            .iter()
            .map(|(node, namespace)| self.declare_class(*node, namespace, None))
            .collect();
        for ((node, _), members) in types.into_iter().zip(declared) {
            self.class_body(node, members);
        }
        self.top_statements(root);
    }

    /// Reads the usings and finds the types of a file, with their namespaces.
    fn collect<'t>(
        &mut self,
        node: NodeRef<'t>,
        namespace: &str,
        types: &mut Vec<(NodeRef<'t>, String)>,
    ) {
        if !self.b.descend() {
            return;
        }
        let mut namespace = namespace.to_owned();
        for child in node.named_children() {
            match child.kind() {
                "using_directive" => self.names.using(child),
                "namespace_declaration" | "file_scoped_namespace_declaration" => {
                    let name = child
                        .child(Field::Name)
                        .map_or_else(String::new, name::dotted);
                    let inner = match namespace.as_str() {
                        "" => name,
                        outer => format!("{outer}.{name}"),
                    };
                    self.names.enter_namespace(&inner);
                    if self.b.package().is_empty() {
                        self.b.set_package(&inner);
                    }
                    match child.child(Field::Body) {
                        Some(body) => self.collect(body, &inner, types),
                        None => namespace = inner,
                    }
                }
                "preproc_if" | "preproc_elif" | "preproc_else" | "declaration_list" => {
                    self.collect(child, &namespace, types);
                }
                _ if is_type(child) => types.push((child, namespace.clone())),
                _ => {}
            }
        }
        self.b.ascend();
    }

    /// Lowers the statements and loose methods at the top level.
    fn top_statements(&mut self, root: NodeRef<'_>) {
        let statements: Vec<NodeRef<'_>> = root
            .named_children()
            .flat_map(|child| match child.kind() {
                "global_statement" | "preproc_if" => child.named_children().collect(),
                _ => vec![child],
            })
            .filter(|child| {
                let kind = child.kind();
                kind.ends_with("_statement") || kind == "block"
            })
            .collect();
        self.statement_list(&statements);
        for node in root.named_children() {
            if node.kind() == "method_declaration" {
                self.method(node, None);
            }
        }
    }

    /// Makes a type and those in it known, before any code is lowered.
    fn declare_class(&mut self, node: NodeRef<'_>, prefix: &str, outer: Option<usize>) -> usize {
        let simple = node
            .child(Field::Name)
            .map_or("_", NodeRef::text)
            .to_owned();
        let qualified = match prefix {
            "" => simple.clone(),
            prefix => format!("{prefix}.{simple}"),
        };
        self.names.declare(&simple, &qualified);
        if outer.is_none() {
            self.b.alias(&format!("*.{simple}"), &qualified);
        }
        let class = self.b.add_class(Class {
            name: Name::from(qualified.as_str()),
            supertypes: Vec::new(),
            methods: Vec::new(),
            initializer: None,
            fields: Vec::new(),
            annotations: Vec::new(),
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
        if let Some(list) = primary_parameters(node) {
            for param in list.named_children().filter(|n| n.kind() == "parameter") {
                if let Some(name) = param.child(Field::Name) {
                    let fields = &mut self.members[at].fields;
                    fields.insert(name.text().to_owned(), false);
                }
            }
        }
        for member in member_nodes(node) {
            if is_type(member) {
                self.declare_class(member, &qualified, Some(at));
                continue;
            }
            self.declare_member(member, at);
        }
        at
    }

    fn declare_member(&mut self, member: NodeRef<'_>, at: usize) {
        let members = &mut self.members[at];
        let is_static = is_static(member);
        match member.kind() {
            "field_declaration" | "event_field_declaration" => {
                for name in declarators(member).filter_map(declared_name) {
                    members.fields.insert(name.to_owned(), is_static);
                }
            }
            "property_declaration" | "event_declaration" => {
                if let Some(name) = member.child(Field::Name) {
                    members.fields.insert(name.text().to_owned(), is_static);
                }
            }
            "enum_member_declaration" => {
                if let Some(name) = member.child(Field::Name) {
                    members.fields.insert(name.text().to_owned(), true);
                }
            }
            "method_declaration" => {
                if let Some(name) = member.child(Field::Name) {
                    let params = member.child(Field::Parameters);
                    let count = params.map_or(0, |list| list.named_children().count());
                    let known = (is_static, count);
                    members.methods.insert(name.text().to_owned(), known);
                }
            }
            _ => {}
        }
    }

    /// Lowers what is in a type.
    fn class_body(&mut self, node: NodeRef<'_>, at: usize) {
        if !self.b.descend() {
            return;
        }
        let class = self.members[at].class;
        let supertypes = self.supertypes(node);
        let annotations = self.annotations(node);
        let known = self.b.class(class);
        known.supertypes = supertypes;
        known.annotations = annotations;
        known.is_abstract |= modifiers(node).any(|word| word == "abstract");
        self.inside.push(at);
        let has_this = std::mem::replace(&mut self.has_this, false);
        self.fields(node, class);
        self.primary_constructor(node, class);
        let mut nested = self.nested(at).into_iter();
        for member in member_nodes(node) {
            if is_type(member) {
                if let Some(inner) = nested.next() {
                    self.class_body(member, inner);
                }
            } else {
                self.member(member, class);
            }
        }
        self.has_this = has_this;
        self.inside.pop();
        self.b.ascend();
    }

    /// Returns the types that are declared directly in a type.
    fn nested(&self, outer: usize) -> Vec<usize> {
        let is_in = |at: &usize| self.members[*at].outer == Some(outer);
        (outer + 1..self.members.len()).filter(is_in).collect()
    }

    fn supertypes(&self, node: NodeRef<'_>) -> Vec<Name> {
        let list = node.named_children().find(|n| n.kind() == "base_list");
        let mut names: Vec<Name> = list
            .into_iter()
            .flat_map(NodeRef::named_children)
            .filter_map(|base| match base.kind() {
                "argument_list" => None,
                "primary_constructor_base_type" => base.child(Field::Type),
                _ => Some(base),
            })
            .map(|ty| self.names.ty(ty))
            .collect();
        if node.kind() == "enum_declaration" {
            names.push(Name::from("System.Enum"));
        }
        names
    }

    /// Returns the attributes of a declaration with their constant arguments.
    fn annotations(&self, node: NodeRef<'_>) -> Vec<Annotation> {
        node.named_children()
            .filter(|child| child.kind() == "attribute_list")
            .flat_map(NodeRef::named_children)
            .filter(|child| child.kind() == "attribute")
            .filter_map(|attribute| {
                let name = attribute.child(Field::Name)?;
                let list = attribute
                    .named_children()
                    .find(|child| child.kind() == "attribute_argument_list");
                let arguments = list
                    .into_iter()
                    .flat_map(NodeRef::named_children)
                    .filter_map(|argument| {
                        let key = argument.child(Field::Name).map_or("", NodeRef::text);
                        let value = argument.named_children().last()?;
                        let text = literal::string_of(value).unwrap_or_else(|| {
                            match value.kind() {
                                // A constant of a type.
                                "member_access_expression" => {
                                    self.names.resolve(&name::dotted(value))
                                }
                                _ => value.text().to_owned(),
                            }
                        });
                        Some((Name::from(key), Name::from(text)))
                    })
                    .collect();
                Some(Annotation {
                    name: Name::from(self.names.attribute(&name::dotted(name))),
                    arguments,
                })
            })
            .collect()
    }

    /// Returns what a declared type says of the values wanted for it.
    fn want(&self, ty: Option<NodeRef<'_>>) -> Want {
        let Some(node) = ty else {
            return Want::default();
        };
        let tuple = node.subtree().find(|part| part.kind() == "tuple_type");
        let names = tuple
            .into_iter()
            .flat_map(NodeRef::named_children)
            .filter(|part| part.kind() == "tuple_element")
            .map(|part| part.child(Field::Name).map_or("", NodeRef::text).to_owned())
            .collect();
        let ty = self.names.ty(node);
        Want {
            ty: (node.kind() != "implicit_type" && &*ty != "var").then_some(ty),
            names,
        }
    }

    /// Lets code inside the type reach its object from closures and inner
    /// types.
    fn bind_outer_this(&mut self, this: Slot) {
        if let Some(&at) = self.inside.last() {
            let name = format!("{}.this", self.members[at].qualified);
            self.b.bind(&name, this);
        }
    }
}

/// Returns whether the node declares a type with members.
fn is_type(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "class_declaration"
            | "struct_declaration"
            | "interface_declaration"
            | "record_declaration"
            | "enum_declaration"
    )
}

/// Returns the members of a type, those under conditions of the compiler too.
fn member_nodes(node: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    let mut found = Vec::new();
    let mut left: Vec<NodeRef<'_>> = node
        .child(Field::Body)
        .into_iter()
        .flat_map(NodeRef::named_children)
        .collect();
    left.reverse();
    while let Some(member) = left.pop() {
        match member.kind() {
            "preproc_if" | "preproc_elif" | "preproc_else" => {
                let inner: Vec<NodeRef<'_>> = member.named_children().collect();
                left.extend(inner.into_iter().rev());
            }
            _ => found.push(member),
        }
    }
    found
}

fn modifiers(node: NodeRef<'_>) -> impl Iterator<Item = &str> {
    node.named_children()
        .filter(|child| child.kind() == "modifier")
        .map(NodeRef::text)
}

fn is_static(node: NodeRef<'_>) -> bool {
    modifiers(node).any(|word| word == "static" || word == "const")
}

/// Returns the declarators of a field or local declaration.
fn declarators(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    declaration(node)
        .into_iter()
        .flat_map(NodeRef::named_children)
        .filter(|child| child.kind() == "variable_declarator")
}

/// Returns the variable declaration of a field or local declaration.
fn declaration(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    match node.kind() {
        "variable_declaration" => Some(node),
        _ => node
            .named_children()
            .find(|child| child.kind() == "variable_declaration"),
    }
}

fn declared_name(declarator: NodeRef<'_>) -> Option<&str> {
    let name = declarator.child(Field::Name).or_else(|| {
        let first = declarator.named_children().next()?;
        (first.kind() == "identifier").then_some(first)
    })?;
    Some(name.text())
}

/// Returns the value that a declarator gives.
fn declared_value(declarator: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut after = declarator
        .children()
        .skip_while(|child| child.kind() != "=");
    after.next();
    after.find(|child| child.is_named() && child.kind() != "comment")
}

/// Returns the parameters that a type declares behind its name.
fn primary_parameters(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    node.named_children()
        .find(|child| child.kind() == "parameter_list")
}

#[cfg(test)]
mod tests;
