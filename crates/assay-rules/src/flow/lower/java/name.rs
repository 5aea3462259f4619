//! What names mean in a Java file: imports, packages, classes of the file.

use std::collections::HashMap;
use std::sync::Arc;

use assay_syntax::{Field, NodeRef};

use crate::flow::ir::Name;
use crate::flow::model::Models;

/// The names of a file that stand for types and static members.
#[derive(Default)]
pub(super) struct Names {
    /// What is known of libraries.
    models: Arc<Models>,
    package: String,
    /// Simple names to qualified ones.
    imported: HashMap<String, String>,
    /// Simple names of static members to qualified ones.
    members: HashMap<String, String>,
    /// Packages that are imported whole.
    packages: Vec<String>,
    /// Classes whose static members are imported whole.
    member_classes: Vec<String>,
    declared: HashMap<String, String>,
}

/// What every Java file sees without an import, as far as models mention it.
const LANG: &[&str] = &[
    "Appendable",
    "AutoCloseable",
    "Boolean",
    "Byte",
    "CharSequence",
    "Character",
    "Class",
    "ClassLoader",
    "Comparable",
    "Double",
    "Enum",
    "Error",
    "Exception",
    "Float",
    "Integer",
    "Iterable",
    "Long",
    "Math",
    "Number",
    "Object",
    "Process",
    "ProcessBuilder",
    "Record",
    "Runnable",
    "Runtime",
    "RuntimeException",
    "Short",
    "StrictMath",
    "String",
    "StringBuffer",
    "StringBuilder",
    "System",
    "Thread",
    "ThreadLocal",
    "Throwable",
    "Void",
];

impl Names {
    pub(super) fn new(models: &Arc<Models>) -> Self {
        Self {
            models: Arc::clone(models),
            ..Self::default()
        }
    }

    pub(super) fn set_package(&mut self, package: &str) {
        package.clone_into(&mut self.package);
    }

    pub(super) fn import(&mut self, node: NodeRef<'_>) {
        let Some(path) = node
            .named_children()
            .find(|child| child.kind() != "asterisk")
        else {
            return;
        };
        let path = dotted(path);
        let is_static = node.children().any(|child| child.kind() == "static");
        let is_whole = node.children().any(|child| child.kind() == "asterisk");
        let simple = path.rsplit('.').next().unwrap_or(&path).to_owned();
        match (is_static, is_whole) {
            (false, false) => {
                self.imported.insert(simple, path);
            }
            (true, false) => {
                self.members.insert(simple, path);
            }
            (false, true) => self.packages.push(path),
            (true, true) => self.member_classes.push(path),
        }
    }

    /// A class of the file; an inner one of the same name stays behind.
    pub(super) fn declare(&mut self, simple: &str, qualified: &str) {
        self.declared
            .entry(simple.to_owned())
            .or_insert_with(|| qualified.to_owned());
    }

    /// Returns the qualified name of a type as written, dotted.
    pub(super) fn resolve(&self, written: &str) -> String {
        let (first, rest) = match written.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (written, None),
        };
        let known = self
            .declared
            .get(first)
            .or_else(|| self.imported.get(first));
        let head = match (known, rest) {
            (Some(known), _) => known.clone(),
            // `java.util.List` written out in full.
            (None, Some(_)) if first.starts_with(|c: char| c.is_lowercase()) => {
                return written.to_owned();
            }
            (None, _) => self.unknown(first),
        };
        match rest {
            Some(rest) => format!("{head}.{rest}"),
            None => head,
        }
    }

    fn unknown(&self, simple: &str) -> String {
        if is_primitive(simple) {
            return simple.to_owned();
        }
        if LANG.binary_search(&simple).is_ok() || simple.ends_with("Exception") {
            return format!("java.lang.{simple}");
        }
        let whole = self
            .packages
            .iter()
            .map(|package| format!("{package}.{simple}"))
            .find(|name| self.models.knows_type(name));
        match (whole, self.package.as_str()) {
            (Some(name), _) => name,
            (None, "") => simple.to_owned(),
            (None, package) => format!("{package}.{simple}"),
        }
    }

    /// Returns the qualified name of a statically imported member.
    pub(super) fn member(&self, simple: &str) -> Option<String> {
        self.members.get(simple).cloned()
    }

    /// Returns the classes whose static members are imported whole.
    pub(super) fn member_classes(&self) -> &[String] {
        &self.member_classes
    }

    /// Returns the qualified name of a type node; arrays end in `[]`.
    pub(super) fn ty(&self, node: NodeRef<'_>) -> Name {
        match node.kind() {
            "array_type" => {
                let element = node.named_children().next();
                let element = element.map_or_else(|| Name::from(""), |node| self.ty(node));
                Name::from(format!("{element}[]"))
            }
            "generic_type" | "annotated_type" => {
                let inner = node.named_children().find(|child| {
                    !matches!(
                        child.kind(),
                        "type_arguments" | "annotation" | "marker_annotation"
                    )
                });
                inner.map_or_else(|| Name::from(""), |inner| self.ty(inner))
            }
            _ => Name::from(self.resolve(&dotted(node))),
        }
    }

    /// Returns whether a name written in an expression is a type, as far as
    /// the file tells.
    pub(super) fn is_type(&self, simple: &str) -> bool {
        self.declared.contains_key(simple)
            || self.imported.contains_key(simple)
            || simple.starts_with(|c: char| c.is_uppercase())
    }
}

fn is_primitive(name: &str) -> bool {
    matches!(
        name,
        "int"
            | "long"
            | "short"
            | "byte"
            | "char"
            | "boolean"
            | "float"
            | "double"
            | "void"
            | "var"
    )
}

/// Returns a dotted name without white space, comments and type arguments.
pub(super) fn dotted(node: NodeRef<'_>) -> String {
    if node.is_leaf() {
        return node.text().to_owned();
    }
    let mut parts = Vec::new();
    for part in node.subtree() {
        let is_name = matches!(part.kind(), "identifier" | "type_identifier" | "this");
        let is_argument = part
            .ancestors()
            .take_while(|ancestor| *ancestor != node)
            .any(|ancestor| matches!(ancestor.kind(), "type_arguments" | "annotation"));
        if is_name && part.is_leaf() && !is_argument {
            parts.push(part.text());
        }
    }
    if parts.is_empty() && node.child(Field::Name).is_none() {
        return node.text().to_owned();
    }
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::LANG;

    #[test]
    fn names_of_the_language_are_sorted() {
        assert!(LANG.is_sorted());
    }
}
