//! Ruby: calls that declare something, as `include`, `attr_reader` and `require` do.

use assay_syntax::{Field, NodeRef};

use crate::extract::Extractor;
use crate::extract::expression::{arguments_of, string_text};
use crate::extract::type_text::read_type;
use crate::facts::{DefinitionKind, ExpressionId};

impl<'t> Extractor<'t> {
    /// Ruby: calls that declare something; returns whether nothing is called.
    pub(crate) fn ruby_directive(&mut self, node: NodeRef<'t>) -> bool {
        let scope = self.scope();
        if !matches!(
            self.kind_of(scope),
            DefinitionKind::Class | DefinitionKind::Module
        ) {
            return false;
        }
        let Some(method) = node.child(Field::Property) else {
            return false;
        };
        if !matches!(method.text(), "include" | "extend" | "prepend") {
            return false;
        }
        let Some(arguments) = arguments_of(node) else {
            return false;
        };
        // The parents of the class are one run: the class's own come first and
        // only a class without further ones in between can be added to.
        let written: Vec<&'t str> = arguments.named_children().map(NodeRef::text).collect();
        for text in written {
            let written = read_type(text, self);
            let (start, end) = self.facts.definitions[scope.index()].supers;
            let at_end = end as usize == self.facts.supers.len() || start == end;
            if written == ExpressionId::UNKNOWN || !at_end {
                continue;
            }
            let start = if start == end {
                self.facts.supers.len() as u32
            } else {
                start
            };
            self.facts.supers.push(written);
            self.facts.definitions[scope.index()].supers = (start, self.facts.supers.len() as u32);
        }
        true
    }

    /// Ruby: `require "a"`, `require_relative "a"`; returns whether it was one.
    pub(crate) fn ruby_require(&mut self, node: NodeRef<'t>) -> bool {
        let method = node.child(Field::Property).map_or("", NodeRef::text);
        if !matches!(method, "require" | "require_relative" | "load" | "autoload") {
            return false;
        }
        let last = arguments_of(node).and_then(|arguments| arguments.named_children().last());
        if let Some(path) = last.and_then(string_text) {
            let path = match method {
                "require_relative" => format!("./{path}"),
                _ => path.to_owned(),
            };
            self.import_all(node, &path);
        }
        true
    }
}
