//! What names mean in a Kotlin file: imports, packages, classes of the file,
//! and Kotlin's own names of Java's types.
//!
//! What the file neither declares nor imports by name may stand in any file of
//! the project: it is written `*.name`, and found when the files are linked.

use std::collections::HashMap;
use std::sync::Arc;

use assay_syntax::NodeRef;

use crate::flow::ir::Name;
use crate::flow::model::Models;

/// The names of a file that stand for types, functions and members.
#[derive(Default)]
pub(super) struct Names {
    /// What is known of libraries.
    models: Arc<Models>,
    package: String,
    imported: HashMap<String, String>,
    /// Packages that are imported whole.
    packages: Vec<String>,
    declared: HashMap<String, String>,
}

/// Packages that every file sees.
const DEFAULT: &[&str] = &[
    "java.lang",
    "kotlin",
    "kotlin.text",
    "kotlin.collections",
    "kotlin.io",
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
        let mut parts = node.named_children();
        let Some(path) = parts.next() else { return };
        let alias = parts.find(|part| part.kind() == "identifier");
        let path = dotted(path);
        if node.children().any(|child| child.kind() == "*") || node.text().trim_end().ends_with('*')
        {
            self.packages.push(path);
            return;
        }
        let simple = match alias {
            Some(alias) => alias.text().to_owned(),
            None => path.rsplit('.').next().unwrap_or(&path).to_owned(),
        };
        self.imported.insert(simple, path);
    }

    /// A class of the file; an inner one of the same name stays behind.
    pub(super) fn declare(&mut self, simple: &str, qualified: &str) {
        self.declared
            .entry(simple.to_owned())
            .or_insert_with(|| qualified.to_owned());
    }

    /// Returns the qualified name of a type as written, dotted.
    pub(super) fn resolve(&self, written: &str) -> String {
        if let Some(own) = javas(written) {
            return own.to_owned();
        }
        let (first, rest) = match written.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (written, None),
        };
        let known = self
            .declared
            .get(first)
            .or_else(|| self.imported.get(first));
        if let Some(known) = known {
            return match rest {
                Some(rest) => format!("{known}.{rest}"),
                None => known.clone(),
            };
        }
        if rest.is_some() && first.starts_with(|c: char| c.is_lowercase()) {
            return written.to_owned();
        }
        if first.ends_with("Exception") && rest.is_none() {
            return format!("java.lang.{first}");
        }
        let packages = self.packages.iter().map(String::as_str);
        packages
            .chain(DEFAULT.iter().copied())
            .map(|package| format!("{package}.{written}"))
            .find(|name| self.models.knows_type(name))
            .unwrap_or_else(|| format!("*.{written}"))
    }

    /// Returns what a function or variable that is imported by name goes by.
    pub(super) fn member(&self, name: &str) -> Option<&str> {
        self.imported.get(name).map(String::as_str)
    }

    /// Returns the qualified name of a member that a package which is imported
    /// whole is known to have.
    pub(super) fn package_member(&self, name: &str) -> Option<String> {
        let types = &self.models.types;
        let imported = self.imported.values().map(String::as_str);
        let packages = self.packages.iter().map(String::as_str);
        packages.chain(imported).find_map(|package| {
            let known = types.get(package)?.returns.get(name)?;
            (!known.is_empty()).then(|| format!("{package}.{name}"))
        })
    }

    /// Returns the qualified name of a type node; arrays end in `[]`.
    pub(super) fn ty(&self, node: NodeRef<'_>) -> Name {
        match node.kind() {
            "nullable_type" | "non_nullable_type" | "parenthesized_type" => {
                let inner = node
                    .named_children()
                    .find(|child| child.kind() != "type_modifiers");
                inner.map_or_else(|| Name::from(""), |inner| self.ty(inner))
            }
            "function_type" => Name::from("kotlin.Function"),
            _ => {
                let name = dotted(node);
                if name == "Array" {
                    let element = node
                        .subtree()
                        .skip(1)
                        .find(|part| part.kind() == "user_type");
                    let element = element.map_or_else(|| Name::from(""), |n| self.ty(n));
                    return Name::from(format!("{element}[]"));
                }
                Name::from(self.resolve(&name))
            }
        }
    }

    /// Returns whether a name written in an expression is a type, as far as
    /// the file tells.
    pub(super) fn is_type(&self, simple: &str) -> bool {
        self.declared.contains_key(simple) || simple.starts_with(|c: char| c.is_uppercase())
    }
}

/// Returns the name that Java, or the solver, has for a type of Kotlin's own.
fn javas(name: &str) -> Option<&'static str> {
    Some(match name {
        "String" | "CharSequence" => "java.lang.String",
        "Int" => "int",
        "Long" => "long",
        "Short" => "short",
        "Byte" => "byte",
        "Boolean" => "boolean",
        "Float" => "float",
        "Double" => "double",
        "UInt" | "ULong" => "uint",
        "Any" => "java.lang.Object",
        "Unit" => "void",
        "List" | "MutableList" | "ArrayList" => "java.util.List",
        "Collection" | "MutableCollection" | "Iterable" => "java.util.Collection",
        "Set" | "MutableSet" | "HashSet" | "LinkedHashSet" => "java.util.Set",
        "Map" | "MutableMap" | "HashMap" | "LinkedHashMap" => "java.util.Map",
        "StringBuilder" => "java.lang.StringBuilder",
        "Regex" => "kotlin.text.Regex",
        "Throwable" => "java.lang.Throwable",
        "UUID" => "java.util.UUID",
        _ => return None,
    })
}

/// Returns a dotted name without white space, comments and type arguments.
pub(super) fn dotted(node: NodeRef<'_>) -> String {
    if node.is_leaf() {
        return node.text().trim_matches('`').to_owned();
    }
    let parts: Vec<&str> = node
        .named_children()
        .filter(|part| matches!(part.kind(), "identifier" | "user_type"))
        .map(|part| part.text().trim_matches('`'))
        .collect();
    match parts.is_empty() {
        true => node.text().split_whitespace().collect(),
        false => parts.join("."),
    }
}
