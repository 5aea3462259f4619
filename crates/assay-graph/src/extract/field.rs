//! Fields of types, variables of files and modules, and what JavaScript exports by
//! assignments.

use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::extract::Extractor;
use crate::extract::bind::{defines_function, value_after_equals};
use crate::facts::{DefinitionKind, Expression, ExpressionId, LocalId};
use crate::name::Name;

impl<'t> Extractor<'t> {
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
        if text.is_empty() {
            text = self.documented(node, "@var", "").unwrap_or("");
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

    pub(crate) fn define_field_of(
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
}
