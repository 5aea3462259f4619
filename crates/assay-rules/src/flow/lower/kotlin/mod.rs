//! Lowers Kotlin: packages, functions, classes and objects, and what is in
//! them. The libraries are those of Java with Kotlin's own, so that Kotlin's
//! names of Java's types are resolved to these.
//!
//! A property with code of its own is a method `get name` or `set name`; one
//! without is a field. What an object or companion holds goes by its name.

use std::collections::{HashMap, HashSet};

use assay_syntax::{Field, NodeRef, SyntaxTree};

use super::Lowerer;
use super::walk::Walk;
use crate::flow::builder::{Builder, Signature};
use crate::flow::ir::{FunctionKind, ParamKind, Slot};

mod call;
mod data;
mod declaration;
mod expression;
mod literal;
mod name;
mod statement;

pub(super) static LOWERER: Lowerer = Lowerer {
    languages: &["kotlin"],
    models: "kotlin",
    lower: |tree, builder| Kotlin::new(builder).file(tree),
};

/// What a class declares, known before any of its code is lowered.
struct Members {
    /// Its place in the unit.
    class: usize,
    qualified: String,
    /// The class around it, as a place in [`Kotlin::members`].
    outer: Option<usize>,
    /// Whether what it declares goes by its name (objects).
    is_object: bool,
    has_supertypes: bool,
    fields: HashSet<String>,
    methods: HashMap<String, usize>,
}

/// The lowerer of one file.
struct Kotlin<'b> {
    b: &'b mut Builder,
    names: name::Names,
    members: Vec<Members>,
    /// The classes whose code is being lowered, as places in `members`.
    inside: Vec<usize>,
    /// Whether the code being lowered has a receiver.
    has_this: bool,
    /// Functions and variables of the file's top level.
    top: HashSet<String>,
    anonymous: usize,
}

impl Walk for Kotlin<'_> {
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
            "while_statement" => self.condition_loop(node, label, false),
            "do_while_statement" => self.condition_loop(node, label, true),
            "for_statement" => self.each_loop(node, label),
            _ => return false,
        }
        true
    }
}

impl<'b> Kotlin<'b> {
    fn new(b: &'b mut Builder) -> Self {
        Self {
            names: name::Names::new(b.models()),
            b,
            members: Vec::new(),
            inside: Vec::new(),
            has_this: false,
            top: HashSet::new(),
            anonymous: 0,
        }
    }

    fn file(&mut self, tree: &SyntaxTree) {
        let root = tree.root();
        for node in root.named_children() {
            match node.kind() {
                "package_header" => {
                    if let Some(name) = node.named_children().next() {
                        self.b.set_package(&name::dotted(name));
                    }
                }
                "import" => self.names.import(node),
                _ => {}
            }
        }
        let package = self.b.package().to_owned();
        self.names.set_package(&package);
        let all: Vec<NodeRef<'_>> = root.named_children().collect();
        let mut classes = Vec::new();
        for node in &all {
            match node.kind() {
                "class_declaration" | "object_declaration" => {
                    classes.push((*node, self.declare_class(*node, &package, None)));
                }
                "function_declaration" | "property_declaration" => {
                    self.top.extend(declared_name(*node).map(str::to_owned));
                }
                _ => {}
            }
        }
        for node in &all {
            if node.kind() == "property_declaration" {
                self.top_property(*node, &package);
            }
        }
        for (node, members) in classes {
            self.class_body(node, members);
        }
        for node in all {
            match node.kind() {
                "function_declaration" => {
                    self.function(node, None);
                }
                "package_header"
                | "import"
                | "class_declaration"
                | "object_declaration"
                | "property_declaration"
                | "type_alias"
                | "file_annotation" => {}
                _ => self.statement(node),
            }
        }
    }

    /// A variable of the file goes by its qualified name.
    fn top_property(&mut self, node: NodeRef<'_>, package: &str) {
        let Some(name) = declared_name(node) else {
            return;
        };
        let global = qualified(package, name);
        let value = self.property_value(node);
        if let Some(value) = value {
            self.b.store_global(node, &global, value);
        }
    }

    /// Lowers the value that a property begins with, or what its getter gives.
    fn property_value(&mut self, node: NodeRef<'_>) -> Option<Slot> {
        if let Some(value) = statement::initial(node) {
            return Some(self.expression(value));
        }
        if let Some(delegate) = node
            .named_children()
            .find(|n| n.kind() == "property_delegate")
        {
            return Some(self.delegate(delegate));
        }
        let getter = node.named_children().find(|n| n.kind() == "getter")?;
        self.b
            .begin_function(getter, Signature::new("", FunctionKind::Closure));
        self.function_body(getter);
        let function = self.b.end_function();
        Some(
            self.b
                .call(getter, crate::flow::ir::Callee::Known(function), Vec::new()),
        )
    }

    /// Lowers a function with a receiver or without, up to its parameters.
    fn receiver_param(&mut self, kind: ParamKind, ty: Option<&str>) {
        let this = self.b.param("this", kind, ty);
        if let Some(&at) = self.inside.last() {
            let name = format!("{}.this", self.members[at].qualified);
            self.b.bind(&name, this);
        }
    }
}

fn qualified(package: &str, name: &str) -> String {
    match package {
        "" => name.to_owned(),
        package => format!("{package}.{name}"),
    }
}

/// Returns the name that a function, class or property declares.
fn declared_name(node: NodeRef<'_>) -> Option<&str> {
    if let Some(name) = node.child(Field::Name) {
        return Some(bare(name));
    }
    let variable = node
        .named_children()
        .find(|child| child.kind() == "variable_declaration")?;
    let name = variable
        .named_children()
        .find(|child| child.kind() == "identifier")?;
    Some(bare(name))
}

fn is_comment(node: NodeRef<'_>) -> bool {
    matches!(node.kind(), "line_comment" | "block_comment")
}

/// Returns what a node is made of, without comments.
fn parts(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    node.named_children().filter(|child| !is_comment(*child))
}

/// Returns a name without the quotes around `` `such names` ``.
fn bare(node: NodeRef<'_>) -> &str {
    node.text().trim_matches('`')
}

fn modifiers(node: NodeRef<'_>) -> impl Iterator<Item = &str> {
    node.named_children()
        .filter(|child| child.kind() == "modifiers")
        .flat_map(NodeRef::named_children)
        .map(NodeRef::text)
}

/// Returns whether the node is a type as it is written.
fn is_type(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "user_type"
            | "nullable_type"
            | "non_nullable_type"
            | "parenthesized_type"
            | "function_type"
            | "dynamic"
    )
}

#[cfg(test)]
mod tests;
