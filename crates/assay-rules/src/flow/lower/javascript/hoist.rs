//! What a scope declares, made known before its statements are lowered: `var`
//! and functions can be used before they stand, and functions use variables
//! that are declared after them.

use std::ops::ControlFlow;

use assay_syntax::{Field, NodeRef};

use super::literal::string_of;
use super::{JavaScript, is_class, is_function};
use crate::flow::ir::{Op, Slot};

impl JavaScript<'_> {
    /// Declares the `var` variables of a function's body.
    pub(super) fn hoist_variables(&mut self, body: NodeRef<'_>) {
        let mut names = Vec::new();
        let mut declarators = Vec::new();
        body.visit(|node| {
            if node != body && (is_function(node) || is_class(node)) {
                return ControlFlow::Break(());
            }
            match node.kind() {
                "variable_declaration" => declarators.extend(node.named_children()),
                "for_in_statement" if node.children().any(|child| child.kind() == "var") => {
                    if let Some(left) = node.child(Field::Left) {
                        bound_names(left, &mut names);
                    }
                }
                _ => {}
            }
            ControlFlow::Continue(())
        });
        for declarator in declarators {
            if self.required(declarator) {
                continue;
            }
            if let Some(name) = declarator.child(Field::Name) {
                bound_names(name, &mut names);
            }
        }
        for name in names {
            self.b.declare_in_function(name.text(), None);
        }
    }

    /// Declares what stands directly in a scope and lowers its functions.
    pub(super) fn hoist(&mut self, scope: NodeRef<'_>) {
        let declarations: Vec<NodeRef<'_>> = scope.named_children().map(declaration).collect();
        for &node in &declarations {
            self.declare_names(node);
        }
        let functions = declarations.iter().filter(|node| is_declared(**node));
        for &node in functions {
            let name = node.child(Field::Name).map_or("", NodeRef::text);
            let Some(slot) = self.b.local(name) else {
                continue;
            };
            if self.facts.constructors.contains(name) {
                let value = self.constructor_function(node, name);
                self.b.assign(node, slot, value);
                continue;
            }
            let function = self.function(node, name);
            self.b.emit_into(node, slot, Op::Closure(function));
        }
    }

    fn declare_names(&mut self, node: NodeRef<'_>) {
        match node.kind() {
            "lexical_declaration" | "using_declaration" | "variable_declaration" => {
                for declarator in node.named_children() {
                    self.declare_declarator(node, declarator);
                }
            }
            "function_declaration" | "generator_function_declaration" => {
                if let Some(name) = node.child(Field::Name) {
                    self.b.declare(name.text(), None);
                }
            }
            "class_declaration" | "abstract_class_declaration" => {
                if let Some(name) = node.child(Field::Name) {
                    let slot = self.b.declare(name.text(), None);
                    let class = self.declare_class(node, name.text());
                    self.b.emit_into(node, slot, Op::Class(class));
                }
            }
            "interface_declaration" => self.interface(node),
            "enum_declaration" | "internal_module" | "module" => {
                let name = node.child(Field::Name).filter(|n| n.kind() == "identifier");
                if let Some(name) = name.filter(|name| self.b.local(name.text()).is_none()) {
                    self.b.declare(name.text(), None);
                }
            }
            _ => {}
        }
    }

    fn declare_declarator(&mut self, node: NodeRef<'_>, declarator: NodeRef<'_>) {
        let Some(name) = declarator.child(Field::Name) else {
            return;
        };
        if node.kind() != "variable_declaration" && self.required(declarator) {
            return;
        }
        let ty = declarator
            .child(Field::Type)
            .and_then(|ty| self.names.ty(ty));
        if node.kind() == "variable_declaration" {
            if let (Some(slot), Some(ty)) = (self.b.local(name.text()), ty) {
                self.b.slot_info(slot).ty = Some(ty.into());
            }
            return;
        }
        let mut names = Vec::new();
        bound_names(name, &mut names);
        for name in names {
            self.b.declare(name.text(), ty.as_deref());
        }
    }

    /// Takes `const x = require('y')` at the top level of a file as an import;
    /// returns whether it is one.
    fn required(&mut self, declarator: NodeRef<'_>) -> bool {
        if self.b.function_depth() > 1 || declarator.ancestors().count() > 2 {
            return false;
        }
        let (Some(name), Some(value)) = (
            declarator.child(Field::Name),
            declarator.child(Field::Value),
        ) else {
            return false;
        };
        let Some(meant) = self.required_name(value) else {
            return false;
        };
        let mut names = Vec::new();
        bound_names(name, &mut names);
        let is_changed = |name: &NodeRef<'_>| self.facts.assigned.contains(name.text());
        if names.iter().any(is_changed) {
            return false;
        }
        match name.kind() {
            "identifier" => self.names.import(name.text(), meant),
            "object_pattern" => {
                let parts: Option<Vec<(&str, &str)>> =
                    name.named_children().map(plain_part).collect();
                let Some(parts) = parts else { return false };
                for (key, local) in parts {
                    self.names.import(local, format!("{meant}.{key}"));
                }
            }
            _ => return false,
        }
        true
    }

    /// Returns the qualified name of `require('y')` and `require('y').z`.
    pub(super) fn required_name(&self, node: NodeRef<'_>) -> Option<String> {
        match node.kind() {
            "call_expression" => {
                let function = node.child(Field::Function)?;
                if function.text() != "require" {
                    return None;
                }
                let argument = node.child(Field::Arguments)?.named_children().next()?;
                let module = self.names.module(&string_of(argument)?);
                Some(module.name)
            }
            "member_expression" => {
                let module = self.required_name(node.child(Field::Object)?)?;
                let property = node.child(Field::Property)?;
                match property.text() {
                    // Compiled modules: the default of a library is itself.
                    "default" if !module.contains('.') => Some(module),
                    property => Some(format!("{module}.{property}")),
                }
            }
            _ => None,
        }
    }

    /// Returns whether a declarator was taken as an import.
    pub(super) fn is_import(&mut self, declarator: NodeRef<'_>) -> bool {
        let Some(name) = declarator.child(Field::Name) else {
            return false;
        };
        let mut names = Vec::new();
        bound_names(name, &mut names);
        let Some(first) = names.first() else {
            return false;
        };
        self.b.local(first.text()).is_none() && self.names.imported(first.text()).is_some()
    }

    /// Declares a variable of the current scope, or returns the one that was
    /// declared when the scope began.
    pub(super) fn variable(&mut self, name: NodeRef<'_>) -> Slot {
        match self.b.local(name.text()) {
            Some(slot) => slot,
            None => self.b.declare(name.text(), None),
        }
    }
}

/// Returns the declaration that a statement exports, or the statement.
pub(super) fn declaration(statement: NodeRef<'_>) -> NodeRef<'_> {
    let inner = match statement.kind() {
        "export_statement" => statement
            .named_children()
            .find(|node| is_declaration(*node)),
        "expression_statement" => {
            let first = statement.named_children().next();
            first.filter(|node| node.kind() == "internal_module")
        }
        _ => None,
    };
    inner.unwrap_or(statement)
}

fn is_declaration(node: NodeRef<'_>) -> bool {
    is_class(node)
        || is_declared(node)
        || matches!(
            node.kind(),
            "lexical_declaration"
                | "variable_declaration"
                | "interface_declaration"
                | "enum_declaration"
                | "internal_module"
        )
}

fn is_declared(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "function_declaration" | "generator_function_declaration"
    )
}

/// Collects the names that a pattern binds.
pub(super) fn bound_names<'t>(pattern: NodeRef<'t>, names: &mut Vec<NodeRef<'t>>) {
    pattern.visit(|node| match node.kind() {
        "identifier" | "shorthand_property_identifier_pattern" => {
            names.push(node);
            ControlFlow::Break(())
        }
        "pair_pattern" => {
            if let Some(value) = node.child(Field::Value) {
                bound_names(value, names);
            }
            ControlFlow::Break(())
        }
        "assignment_pattern" | "object_assignment_pattern" => {
            if let Some(left) = node.child(Field::Left) {
                bound_names(left, names);
            }
            ControlFlow::Break(())
        }
        "member_expression" | "subscript_expression" => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
}

/// Returns key and variable of a part of an object pattern without defaults.
fn plain_part(part: NodeRef<'_>) -> Option<(&str, &str)> {
    match part.kind() {
        "shorthand_property_identifier_pattern" => Some((part.text(), part.text())),
        "pair_pattern" => {
            let (key, value) = (part.child(Field::Key)?, part.child(Field::Value)?);
            let is_plain = key.kind() == "property_identifier" && value.kind() == "identifier";
            is_plain.then(|| (key.text(), value.text()))
        }
        _ => None,
    }
}
