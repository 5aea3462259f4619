//! What PHP's names mean: namespaces, imports, types.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use assay_syntax::{Field, NodeRef};

use super::Php;
use crate::flow::ir::{Annotation, Name};
use crate::flow::model::Models;

/// The names of one file.
#[derive(Default)]
pub(super) struct Names {
    /// What is known of libraries.
    models: Arc<Models>,
    /// The namespace, with dots; may be empty.
    pub(super) namespace: String,
    classes: HashMap<String, String>,
    imported_functions: HashMap<String, String>,
    /// Functions that the file declares, by bare name.
    pub(super) functions: HashSet<String>,
}

/// Returns a name as written with dots between its parts.
fn dotted(written: &str) -> String {
    let parts = written.split('\\').map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(".")
}

/// Joins a namespace and a name.
pub(super) fn join(namespace: &str, name: &str) -> String {
    match namespace {
        "" => name.to_owned(),
        namespace => format!("{namespace}.{name}"),
    }
}

impl Names {
    pub(super) fn new(models: &Arc<Models>) -> Self {
        Self {
            models: Arc::clone(models),
            ..Self::default()
        }
    }

    /// Takes the namespace that a definition begins.
    pub(super) fn enter(&mut self, node: NodeRef<'_>) {
        self.namespace = node
            .child(Field::Name)
            .map_or_else(String::new, |name| dotted(name.text()));
    }

    /// Takes over the names that a `use` declares.
    pub(super) fn import(&mut self, node: NodeRef<'_>) {
        let prefix = node
            .named_children()
            .find(|child| child.kind() == "namespace_name")
            .map_or_else(String::new, |name| dotted(name.text()));
        let kind_of = |node: NodeRef<'_>| {
            let ty = node.children().find(|c| c.field() == Field::Type);
            ty.map_or_else(String::new, |ty| ty.text().to_ascii_lowercase())
        };
        let kind = kind_of(node);
        for clause in node
            .subtree()
            .filter(|n| n.kind() == "namespace_use_clause")
        {
            let Some(path) = clause.named_children().find(|c| {
                matches!(c.kind(), "name" | "qualified_name") && c.field() != Field::Type
            }) else {
                continue;
            };
            let path = join(&prefix, &dotted(path.text()));
            let last = path.rsplit('.').next().unwrap_or(&path).to_owned();
            let alias = clause.children().find(|c| c.field() == Field::Alias);
            let alias = alias.map_or(last, |alias| alias.text().to_owned());
            match if kind.is_empty() {
                kind_of(clause)
            } else {
                kind.clone()
            }
            .as_str()
            {
                "function" => {
                    self.imported_functions.insert(alias, path);
                }
                "const" => {}
                _ => {
                    self.classes.insert(alias, path);
                }
            }
        }
    }

    /// Returns the qualified name of a class.
    pub(super) fn class(&self, written: &str) -> String {
        let written = written.trim();
        if let Some(whole) = written.strip_prefix('\\') {
            return dotted(whole);
        }
        if let Some(rest) = written.strip_prefix("namespace\\") {
            return join(&self.namespace, &dotted(rest));
        }
        let (first, rest) = match written.split_once('\\') {
            Some((first, rest)) => (first, Some(rest)),
            None => (written, None),
        };
        let path = match self.classes.get(first) {
            Some(path) => path.clone(),
            None => join(&self.namespace, first),
        };
        match rest {
            Some(rest) => format!("{path}.{}", dotted(rest)),
            None => path,
        }
    }

    /// Returns the qualified name of a function that is called.
    pub(super) fn function(&self, written: &str) -> String {
        if let Some(whole) = written.strip_prefix('\\') {
            return dotted(whole);
        }
        if let Some(path) = self.imported_functions.get(written) {
            return path.clone();
        }
        if written.contains('\\') {
            return self.class(written);
        }
        if self.functions.contains(written) {
            return join(&self.namespace, written);
        }
        // Functions go by any case; those of libraries are known in small letters.
        let lower = written.to_ascii_lowercase();
        match lower != written && !self.models.function(&lower).is_empty() {
            true => lower,
            false => written.to_owned(),
        }
    }
}

impl Php<'_> {
    /// Returns the qualified name of a class as it is written, also of those
    /// that are told by words (`self`).
    pub(super) fn class_name(&self, node: NodeRef<'_>) -> Option<String> {
        let open = self.classes.last();
        match node.text() {
            "self" | "static" => open.map(|open| open.qualified.clone()),
            "parent" => open.and_then(|open| open.parent.clone()),
            written => Some(self.names.class(written)),
        }
    }

    /// Returns the qualified name of a type; none when it says nothing.
    pub(super) fn ty(&self, node: NodeRef<'_>) -> Option<String> {
        match node.kind() {
            "primitive_type" => match node.text() {
                name @ ("int" | "float" | "bool" | "string") => Some(name.to_owned()),
                "true" | "false" => Some("bool".to_owned()),
                _ => None,
            },
            "named_type" | "name" | "qualified_name" => self.class_name(node),
            "optional_type" => node.named_children().next().and_then(|ty| self.ty(ty)),
            "union_type" => {
                let parts = node.named_children().filter(|part| part.text() != "null");
                let parts: Option<Vec<String>> = parts.map(|part| self.ty(part)).collect();
                let parts = parts?;
                let is_number = |ty: &String| matches!(ty.as_str(), "int" | "float" | "bool");
                match parts.as_slice() {
                    [one] => Some(one.clone()),
                    all if all.iter().all(is_number) => all.first().cloned(),
                    _ => None,
                }
            }
            "type" => node.named_children().next().and_then(|ty| self.ty(ty)),
            _ => None,
        }
    }

    /// Returns the attributes of a declaration.
    pub(super) fn annotations(&self, node: NodeRef<'_>) -> Vec<Annotation> {
        let lists = node
            .named_children()
            .filter(|child| child.kind() == "attribute_list");
        lists
            .flat_map(NodeRef::named_children)
            .flat_map(NodeRef::named_children)
            .filter_map(|attribute| attribute.named_children().next())
            .map(|name| Annotation {
                name: Name::from(self.names.class(name.text())),
                arguments: Vec::new(),
            })
            .collect()
    }

    /// Returns whether a method answers requests: what it takes besides objects
    /// is a part of their address.
    pub(super) fn is_action(&self, node: NodeRef<'_>, annotations: &[Annotation]) -> bool {
        let is_route = |annotation: &Annotation| annotation.name.ends_with(".Route");
        if annotations.iter().any(is_route) {
            return true;
        }
        let has = |words: &[&str]| {
            node.children()
                .any(|child| words.contains(&child.text().to_ascii_lowercase().as_str()))
        };
        let name = node.child(Field::Name).map_or("", NodeRef::text);
        let parent = self.classes.last().and_then(|open| open.parent.as_deref());
        parent.is_some_and(|parent| {
            let last = parent.rsplit('.').next().unwrap_or(parent);
            matches!(
                last,
                "Controller"
                    | "BaseController"
                    | "AbstractController"
                    | "CI_Controller"
                    | "MY_Controller"
                    | "ResourceController"
            )
        }) && !name.starts_with('_')
            && !has(&["private", "protected", "static"])
    }
}
