//! Exports: of ES modules, of CommonJS, and of TypeScript's namespaces.

use assay_syntax::{Field, NodeRef};

use super::hoist::{bound_names, declaration};
use super::literal::string_of;
use super::name::specifier;
use super::{JavaScript, This, is_class, is_function, key_text};
use crate::flow::ir::{Callee, Op, Slot};
use crate::flow::lower::walk::Walk;

impl JavaScript<'_> {
    /// Lowers an `export` statement.
    pub(super) fn export(&mut self, node: NodeRef<'_>) {
        let source = node.child(Field::Source).and_then(string_of);
        if let Some(source) = source {
            self.export_from(node, &source);
            return;
        }
        let is_default = node.children().any(|child| child.kind() == "default");
        let inner = declaration(node);
        if inner != node {
            self.statement(inner);
            self.export_declaration(inner, is_default);
            return;
        }
        if let Some(value) = node.child(Field::Value) {
            self.export_value(node, value, false);
            return;
        }
        for clause in node.named_children() {
            match clause.kind() {
                "export_clause" => {
                    for (name, alias) in clause.named_children().filter_map(specifier) {
                        self.export_name(node, &alias, &name);
                    }
                }
                // `export = value` of TypeScript.
                "identifier" => self.export_value(node, clause, true),
                _ => {}
            }
        }
    }

    fn export_from(&mut self, node: NodeRef<'_>, source: &str) {
        let module = self.names.module(source);
        let package = self.b.package().to_owned();
        let mut has_names = false;
        for clause in node.named_children() {
            match clause.kind() {
                "export_clause" => {
                    has_names = true;
                    for (name, alias) in clause.named_children().filter_map(specifier) {
                        let meant = module.member(&name);
                        self.b.alias(&format!("{package}.{alias}"), &meant);
                    }
                }
                "namespace_export" => {
                    has_names = true;
                    if let Some(name) = clause.named_children().last() {
                        let name = format!("{package}.{}", name.text());
                        self.b.alias(&name, &module.name);
                    }
                }
                _ => {}
            }
        }
        if !has_names {
            let meant = format!("{}.*", module.name);
            self.b.alias(&format!("{package}.*"), &meant);
        }
    }

    /// Hands out what a declaration declares.
    fn export_declaration(&mut self, node: NodeRef<'_>, is_default: bool) {
        let mut names = Vec::new();
        match node.kind() {
            "lexical_declaration" | "variable_declaration" => {
                for declarator in node.named_children() {
                    if let Some(name) = declarator.child(Field::Name) {
                        bound_names(name, &mut names);
                    }
                }
            }
            _ => names.extend(node.child(Field::Name)),
        }
        for name in names {
            let exported = if is_default { "default" } else { name.text() };
            self.export_name(node, exported, name.text());
        }
    }

    /// Hands out a variable, function, class or import of the file.
    fn export_name(&mut self, node: NodeRef<'_>, exported: &str, local: &str) {
        if let Some(namespace) = self.namespaces.last().copied() {
            let value = self.b.read(node, local);
            self.b.store(node, namespace, exported, value);
            return;
        }
        let name = self.qualified(exported);
        match self.b.local(local) {
            Some(slot) => {
                self.b
                    .alias(&name, &self.names.resolve_local(self.b.package(), local));
                self.b.store_global(node, &name, slot);
            }
            None => {
                if let Some(meant) = self.names.imported(local) {
                    let meant = meant.to_owned();
                    self.b.alias(&name, &meant);
                }
            }
        }
    }

    /// Hands out a value as the whole module (`module.exports = value`), or as
    /// its default.
    pub(super) fn export_value(&mut self, node: NodeRef<'_>, value: NodeRef<'_>, is_whole: bool) {
        let slot = self.exported(value, is_whole);
        let package = self.b.package().to_owned();
        let default = format!("{package}.default");
        if value.kind() != "object" {
            self.b.store_global(node, &default, slot);
            if is_whole {
                self.b.store_global(node, &package, slot);
            }
        }
    }

    /// Lowers the value that a module hands out and returns it.
    pub(super) fn exported(&mut self, value: NodeRef<'_>, is_whole: bool) -> Slot {
        let package = self.b.package().to_owned();
        let default = format!("{package}.default");
        let given = |this: &mut Self, meant: &str| {
            this.b.alias(&default, meant);
            if is_whole {
                this.b.alias(&package, meant);
            }
        };
        match value.kind() {
            "object" if self.b.function_depth() == 1 => {
                self.this.push(This::Global(package.clone()));
                let members = value.named_children();
                let values: Vec<String> = members
                    .filter_map(|member| self.export_member(member, is_whole))
                    .collect();
                let slot = self.expression(value);
                self.this.pop();
                for name in values {
                    let member = self.b.load(value, slot, &name);
                    self.b
                        .store_global(value, &format!("{package}.{name}"), member);
                }
                slot
            }
            "identifier" => {
                let meant = self.meant(value.text());
                given(self, &meant);
                self.expression(value)
            }
            _ if is_function(value) => {
                let name = value.child(Field::Name).map_or("default", NodeRef::text);
                given(self, &format!("{package}.{name}"));
                self.function_value(value, name)
            }
            _ if is_class(value) => {
                let own = value.child(Field::Name).map_or("default", NodeRef::text);
                let slot = self.class_value(value, own);
                if let Some(class) = self.known_class(own) {
                    let meant = self.b.classes()[class].name.to_string();
                    given(self, &meant);
                }
                slot
            }
            _ => {
                if let Some(meant) = self.required_name(value) {
                    given(self, &meant);
                }
                self.expression(value)
            }
        }
    }

    /// Says what a member of the object that a module hands out means in other
    /// files, before the object itself is lowered. Returns the name when it is
    /// to be handed out by its value.
    fn export_member(&mut self, member: NodeRef<'_>, is_whole: bool) -> Option<String> {
        let package = self.b.package().to_owned();
        let (key, value) = match member.kind() {
            "shorthand_property_identifier" => (member.text().to_owned(), Some(member)),
            "pair" => (
                member.child(Field::Key).and_then(key_text)?,
                member.child(Field::Value),
            ),
            "method_definition" => (member.child(Field::Name).and_then(key_text)?, None),
            "spread_element" => {
                let inner = member.named_children().next();
                let meant = inner.and_then(|inner| self.required_name(inner))?;
                self.b.alias(&format!("{package}.*"), &format!("{meant}.*"));
                return None;
            }
            _ => return None,
        };
        let own = format!("{package}.{key}");
        if !is_whole {
            self.b.alias(&format!("{package}.default.{key}"), &own);
        }
        let value = value?;
        if matches!(value.kind(), "identifier" | "shorthand_property_identifier") {
            let meant = self.meant(value.text());
            self.b.alias(&own, &meant);
            self.b.local(value.text())?;
        } else if is_function(value) {
            return None;
        }
        Some(key)
    }

    /// Returns the qualified name of what a name of the top level means.
    fn meant(&self, name: &str) -> String {
        match (self.b.local(name), self.names.imported(name)) {
            (None, Some(meant)) => meant.to_owned(),
            _ => self.names.resolve_local(self.b.package(), name),
        }
    }

    /// Returns the name that a member expression exports to: `exports.x`,
    /// `module.exports.x`; empty for `module.exports` itself.
    pub(super) fn export_target(&self, target: NodeRef<'_>) -> Option<String> {
        if target.kind() != "member_expression" {
            return None;
        }
        let (object, property) = (target.child(Field::Object)?, target.child(Field::Property)?);
        let is_free = |name: &str| self.b.local(name).is_none();
        match object.kind() {
            "identifier" if object.text() == "module" && property.text() == "exports" => {
                is_free("module").then(String::new)
            }
            "identifier" if object.text() == "exports" => {
                is_free("exports").then(|| property.text().to_owned())
            }
            "member_expression" => {
                let whole = self.export_target(object)?;
                whole.is_empty().then(|| property.text().to_owned())
            }
            _ => None,
        }
    }

    /// Lowers `exports.name = value`.
    pub(super) fn export_as(&mut self, node: NodeRef<'_>, name: &str, value: NodeRef<'_>) -> Slot {
        if name.is_empty() {
            if value.kind() == "assignment_expression" {
                // `module.exports = exports = value`.
                let inner = value.child(Field::Right).unwrap_or(value);
                return self.export_as(node, name, inner);
            }
            let slot = self.exported(value, true);
            if value.kind() != "object" {
                let package = self.b.package().to_owned();
                self.b.store_global(node, &package, slot);
                self.b
                    .store_global(node, &format!("{package}.default"), slot);
            }
            return slot;
        }
        let own = self.qualified(name);
        let slot = match value.kind() {
            "identifier" => {
                let meant = self.meant(value.text());
                self.b.alias(&own, &meant);
                self.expression(value)
            }
            // The function gets the exported name, whatever its own.
            _ if is_function(value) && self.b.function_depth() == 1 => {
                let function = self.function(value, name);
                self.b.emit(value, Op::Closure(function))
            }
            _ => self.named_value(value, name),
        };
        self.b.store_global(node, &own, slot);
        slot
    }

    /// Returns the callee of `import('x')`, a module as a value.
    pub(super) fn dynamic_import(&mut self, node: NodeRef<'_>) -> Slot {
        let argument = node
            .child(Field::Arguments)
            .and_then(|list| list.named_children().next());
        if let Some(specifier) = argument.and_then(string_of) {
            let module = self.names.module(&specifier);
            return self.b.global(node, &module.name);
        }
        let args = self.arguments(node.child(Field::Arguments));
        let callee = self.b.global(node, "import");
        self.b.call(node, Callee::Value(callee), args)
    }
}
