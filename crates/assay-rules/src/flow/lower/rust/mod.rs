//! Lowers Rust: modules, their types and functions, and what is in them.
//!
//! References, boxes, locks and futures are what they hold. `Some` and `Ok` are
//! the value, `None` is null and `Err` a failure; `?` leaves the function with
//! what failed. What stands in macros is parsed once more, see [`macros`].

use std::collections::HashMap;

use assay_syntax::{NodeRef, SyntaxTree};

use super::Lowerer;
use super::walk::Walk;
use crate::flow::builder::Builder;
use crate::flow::ir::{Slot, UnaryOp};

mod call;
mod closure;
mod declaration;
mod expression;
mod format;
mod invocation;
mod literal;
mod macros;
mod name;
mod pattern;
mod statement;
mod ty;

pub(super) static LOWERER: Lowerer = Lowerer {
    languages: &["rust"],
    models: "rust",
    lower: |tree, builder| {
        let macros = macros::Macros::of(tree);
        let places = macros.as_ref().map(macros::Macros::places);
        Rust::new(builder, places.unwrap_or_default()).file(tree);
    },
};

/// Where `return` and `?` lead.
enum Exit {
    /// Out of the function.
    Function,
    /// Out of a block whose value is put into the slot.
    Block(Slot, String),
}

/// A loop or labelled block that `break` gives a value.
struct Breaking {
    label: Option<String>,
    value: Slot,
    is_loop: bool,
}

/// The lowerer of one file.
struct Rust<'b, 't> {
    b: &'b mut Builder,
    names: name::Names,
    /// What macros were given, by where they stand.
    macros: macros::Places<'t>,
    /// The names of type parameters in scope, with their first bound.
    type_params: Vec<(String, Option<String>)>,
    /// The type that `Self` is.
    own_type: Option<String>,
    exits: Vec<Exit>,
    breaking: Vec<Breaking>,
    /// The elements of tuples that were just put together.
    tuples: HashMap<Slot, Vec<Slot>>,
    /// The types of the elements of parameters that are tuples.
    tuple_types_of: HashMap<Slot, Vec<Option<String>>>,
    /// Variables that hold texts which are added to.
    builders: Vec<Slot>,
    /// Parameters that are an extractor around what they hold.
    wrapped: Vec<Slot>,
    /// Where a value is expected of which the type is known.
    expected: Option<String>,
    labels: u32,
}

impl Walk for Rust<'_, '_> {
    fn builder(&mut self) -> &mut Builder {
        self.b
    }

    fn expression_inside(&mut self, node: NodeRef<'_>) -> Slot {
        self.lower_expression(node)
    }

    fn statement_inside(&mut self, node: NodeRef<'_>) {
        self.lower_statement(node);
    }

    fn loop_statement(&mut self, _node: NodeRef<'_>, _label: Option<&str>) -> bool {
        false
    }
}

impl<'b, 't> Rust<'b, 't> {
    fn new(b: &'b mut Builder, macros: macros::Places<'t>) -> Self {
        Self {
            names: name::Names::new(b.models()),
            b,
            macros,
            type_params: Vec::new(),
            own_type: None,
            exits: vec![Exit::Function],
            breaking: Vec::new(),
            tuples: HashMap::new(),
            tuple_types_of: HashMap::new(),
            builders: Vec::new(),
            wrapped: Vec::new(),
            expected: None,
            labels: 0,
        }
    }

    fn file(&mut self, tree: &SyntaxTree) {
        let path = self.b.path().as_str().unwrap_or("").to_owned();
        self.names.set_file(&path);
        let package = self.names.package().to_owned();
        self.b.set_package(&package);
        self.items(tree.root());
    }

    /// Lowers what a file or module declares.
    fn items(&mut self, node: NodeRef<'_>) {
        self.declare(node);
        let mut left = Vec::new();
        for item in item_nodes(node) {
            match item.kind() {
                "const_item" | "static_item" => self.constant_item(item),
                "macro_invocation" | "expression_statement" => self.statement(item),
                _ => left.push(item),
            }
        }
        for item in left {
            self.item(item);
        }
    }

    /// Negates a condition.
    fn not(&mut self, node: NodeRef<'_>, cond: Slot) -> Slot {
        self.b.unary(node, UnaryOp::Not, cond)
    }

    /// Returns a label that no program can write.
    fn fresh_label(&mut self) -> String {
        self.labels += 1;
        format!("#{}", self.labels)
    }
}

/// Returns the declarations in a file, module, `impl` or block, without those
/// that are there for tests only.
fn item_nodes(node: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    let mut found = Vec::new();
    let mut is_test = false;
    for child in node.named_children() {
        if child.kind() == "attribute_item" {
            is_test |= is_for_tests(child);
            continue;
        }
        if !is_test {
            found.push(child);
        }
        is_test = false;
    }
    found
}

/// Returns whether an attribute is `#[test]`, `#[tokio::test]`, `#[cfg(test)]`
/// or the like.
fn is_for_tests(node: NodeRef<'_>) -> bool {
    let text: String = node.text().split_whitespace().collect();
    let inner = text.trim_start_matches("#[").trim_end_matches(']');
    let name = inner.split('(').next().unwrap_or(inner);
    name == "test"
        || name.ends_with("::test")
        || matches!(name, "bench" | "rstest")
        || inner == "cfg(test)"
        || inner.starts_with("cfg(all(test")
        || inner.starts_with("cfg(any(test,")
}

/// Returns the attributes before a declaration.
fn attributes(node: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    let Some(parent) = node.parent() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for child in parent.named_children() {
        if child == node {
            return found;
        }
        match child.kind() {
            "attribute_item" => found.push(child),
            _ => found.clear(),
        }
    }
    Vec::new()
}
