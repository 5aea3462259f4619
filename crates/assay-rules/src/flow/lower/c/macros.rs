//! Macros of the file: a name stands for its expression, and a call for the
//! expression or statements that it expands to.

use std::sync::Arc;

use assay_source::{SourceText, Span};
use assay_syntax::{Field, NodeRef, ParseLimits, language_by_name, parse};

use super::Lower;
use super::name::Macro;
use crate::flow::ir::Slot;
use crate::flow::lower::walk::Walk;

/// Macros in macros are expanded so deep.
const DEPTH_MAX: u32 = 6;

/// So many uses of macros are expanded in a file.
const EXPANSIONS_MAX: u32 = 4_000;

/// Macros longer than this are not expanded.
const BODY_BYTES_MAX: usize = 2_000;

impl Lower<'_> {
    /// Lowers the name of a macro without parameters.
    pub(super) fn expanded_name(&mut self, node: NodeRef<'_>, name: &str) -> Option<Slot> {
        let found = self.names.macros.get(name)?;
        if found.params.is_some() || found.body.is_empty() {
            return None;
        }
        let found = found.clone();
        self.expanded(node, name, &found, &[])
    }

    /// Lowers the call of a macro.
    pub(super) fn expanded_call(
        &mut self,
        node: NodeRef<'_>,
        name: &str,
        args: &[NodeRef<'_>],
    ) -> Option<Slot> {
        let found = self.names.macros.get(name)?.clone();
        match &found.params {
            Some(params) if params.len() == args.len() => {
                let values: Vec<Slot> = args.iter().map(|arg| self.expression(*arg)).collect();
                let expanded = self.expanded(node, name, &found, &values);
                Some(expanded.unwrap_or_else(|| match values.is_empty() {
                    true => self.b.unknown(node),
                    false => self.b.mix(node, values),
                }))
            }
            Some(_) => None,
            // Another name of a function.
            None => {
                let is_name = found
                    .body
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_');
                if !is_name || found.body == name || args.len() > 64 {
                    return None;
                }
                let values = args.iter().map(|arg| self.expression(*arg));
                let values = values.map(crate::flow::ir::Arg::plain).collect();
                let global = self.global_name(&found.body);
                Some(self.b.call_global(node, &global, values))
            }
        }
    }

    fn expanded(
        &mut self,
        node: NodeRef<'_>,
        name: &str,
        found: &Macro,
        values: &[Slot],
    ) -> Option<Slot> {
        let is_text = found.body.contains('#') || found.body.len() > BODY_BYTES_MAX;
        if is_text || self.expanding >= DEPTH_MAX || self.expanded >= EXPANSIONS_MAX {
            return None;
        }
        let language = language_by_name(self.names.models.language)?;
        let text = format!("void f(void) {{ {}; }}", found.body.trim_end_matches(';'));
        let text = Arc::new(SourceText::from_text(&text));
        let parsed = parse(&text, language, &ParseLimits::default());
        let tree = parsed
            .trees
            .first()
            .filter(|tree| tree.errors().is_empty())?;
        let body = tree
            .root()
            .subtree()
            .find(|n| n.kind() == "compound_statement")?;
        let statements: Vec<NodeRef<'_>> = body.named_children().collect();
        self.expanding += 1;
        self.expanded += 1;
        // A macro does not expand itself.
        let own = self.names.macros.remove(name);
        let here: Span = self.b.pinned().unwrap_or_else(|| node.span());
        let before = self.b.pin(Some(here));
        self.b.enter_scope();
        for (param, value) in found.params.iter().flatten().zip(values) {
            self.b.bind(param, *value);
        }
        let value = match statements.as_slice() {
            [one] if one.kind() == "expression_statement" => {
                let inner = one
                    .child(Field::None)
                    .or_else(|| one.named_children().next());
                inner
                    .filter(|inner| inner.is_named())
                    .map(|inner| self.expression(inner))
            }
            all => {
                for statement in all {
                    self.statement(*statement);
                }
                None
            }
        };
        self.b.leave_scope();
        self.b.pin(before);
        self.expanding -= 1;
        if let Some(own) = own {
            self.names.macros.insert(name.to_owned(), own);
        }
        Some(value.unwrap_or_else(|| self.b.unknown(node)))
    }
}
