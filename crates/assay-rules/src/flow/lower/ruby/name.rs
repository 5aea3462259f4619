//! What Ruby's constants mean.

use assay_syntax::{Field, NodeRef};

use super::Ruby;
use crate::flow::ir::Slot;
use crate::flow::lower::walk::Walk;

/// Returns a name as written with dots between its parts.
pub(super) fn dotted(written: &str) -> String {
    let parts = written.split("::").map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(".")
}

impl Ruby<'_> {
    /// Returns the qualified name that is declared for a name as written.
    pub(super) fn own_name(&self, written: &str) -> String {
        let name = dotted(written);
        match self.modules.last() {
            Some(around) if !written.starts_with("::") => format!("{}.{name}", around.qualified),
            _ => name,
        }
    }

    /// Returns the qualified name of a constant that is written out.
    pub(super) fn constant_path(&mut self, node: NodeRef<'_>) -> Option<String> {
        let mut parts = Vec::new();
        let mut node = node;
        let first = loop {
            match node.kind() {
                "constant" => break self.resolved(node.text()),
                "scope_resolution" => {
                    let name = node.child(Field::Name)?.text();
                    match node.child(Field::Object) {
                        Some(scope) => {
                            parts.push(name);
                            node = scope;
                        }
                        None => break name.to_owned(),
                    }
                }
                _ => return None,
            }
        };
        parts.push(&first);
        parts.reverse();
        Some(parts.join("."))
    }

    /// Looks a constant up in the modules around, from the inside out. Where no
    /// file says in which it is, the names that it may have mean each other.
    fn resolved(&mut self, name: &str) -> String {
        let around: Vec<String> = self
            .modules
            .iter()
            .rev()
            .map(|module| format!("{}.{name}", module.qualified))
            .collect();
        let known = around
            .iter()
            .find(|candidate| self.declared.constants.contains(*candidate));
        if let Some(known) = known {
            return known.clone();
        }
        let is_own = self.declared.constants.contains(name);
        if is_own || around.is_empty() || self.b.models().knows_root(name) {
            return name.to_owned();
        }
        // `A.B.Name` is `A.Name` where there is none, and that is `Name`.
        let mut whole: Vec<String> = Vec::new();
        if let Some(innermost) = self.modules.last() {
            let mut module = innermost.qualified.as_str();
            whole.push(format!("{module}.{name}"));
            while let Some((outer, _)) = module.rsplit_once('.') {
                whole.push(format!("{outer}.{name}"));
                module = outer;
            }
        }
        whole.push(name.to_owned());
        if self.declared.sought.insert(whole[0].clone()) {
            for pair in whole.windows(2) {
                self.b.alias(&pair[0], &pair[1]);
            }
        }
        whole.swap_remove(0)
    }

    /// Lowers a constant to what goes by its name.
    pub(super) fn constant(&mut self, node: NodeRef<'_>) -> Slot {
        match self.constant_path(node) {
            Some(path) => self.b.global(node, &path),
            None => {
                let scope = self.operand(node, Field::Object);
                let name = node.child(Field::Name).map_or("", NodeRef::text);
                self.b.load(node, scope, name)
            }
        }
    }

    /// Returns the qualified name of the class around.
    pub(super) fn own_class(&self) -> Option<&str> {
        self.modules.last().map(|module| module.qualified.as_str())
    }
}
