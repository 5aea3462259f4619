//! What names mean in a Rust file: modules, imports, what the file declares and
//! what every file sees.
//!
//! A crate goes by the folder of its sources, a module by its place in it
//! (`app/src.web.page`); what other crates declare by its path
//! (`std.process.Command`).

use std::collections::HashMap;
use std::sync::Arc;

use assay_syntax::{Field, NodeRef};

use crate::flow::model::Models;

/// The names of a file that stand for modules, types, functions and constants.
#[derive(Clone, Default)]
pub(super) struct Names {
    /// What is known of libraries.
    models: Arc<Models>,
    /// What `crate` is.
    root: String,
    /// The module that is being lowered, and the one that the file is.
    module: String,
    package: String,
    /// Where files for `mod name;` are.
    children: String,
    imported: HashMap<String, String>,
    /// Modules that are imported whole.
    wildcards: Vec<String>,
    declared: HashMap<String, String>,
}

/// An import: its name, `*` for all, and its path.
pub(super) struct Import {
    pub(super) name: String,
    pub(super) path: Vec<String>,
}

impl Names {
    pub(super) fn new(models: &Arc<Models>) -> Self {
        Self {
            models: Arc::clone(models),
            ..Self::default()
        }
    }

    /// Sets the module that a file is.
    pub(super) fn set_file(&mut self, path: &str) {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = file.strip_suffix(".rs").unwrap_or(file);
        let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        let source = parts.iter().rposition(|part| *part == "src");
        let (root, inner) = match source {
            Some(at) => (parts[..=at].join("/"), &parts[at + 1..]),
            None => (folder.to_owned(), &parts[parts.len()..]),
        };
        let folder_module = inner
            .iter()
            .fold(root.clone(), |module, part| joined(&module, part));
        let is_root = matches!(stem, "main" | "lib") && inner.is_empty();
        let has_folder_name = is_root || stem == "mod";
        self.package = match has_folder_name {
            true => folder_module.clone(),
            false => joined(&folder_module, stem),
        };
        // A program of its own beside the sources declares its modules there.
        let is_alone = source.is_none() || inner.first() == Some(&"bin");
        self.children = match is_alone {
            true => folder_module,
            false => self.package.clone(),
        };
        self.root = match is_alone && !is_root {
            true => self.package.clone(),
            false => root,
        };
        self.module.clone_from(&self.package);
    }

    /// Returns the module that the file is.
    pub(super) fn package(&self) -> &str {
        &self.package
    }

    /// Enters a module of the file: it does not see what is around it.
    pub(super) fn inner(&self, name: &str) -> Self {
        let module = joined(&self.module, name);
        Self {
            models: Arc::clone(&self.models),
            root: self.root.clone(),
            package: self.package.clone(),
            children: module.clone(),
            module,
            ..Self::default()
        }
    }

    /// Returns the name of a function in its file: with the modules around it.
    pub(super) fn in_file(&self, name: &str) -> String {
        match self.module.strip_prefix(&self.package) {
            Some("") | None => name.to_owned(),
            Some(inner) => format!("{}.{name}", inner.trim_start_matches('.')),
        }
    }

    /// Declares a name of the module; returns the qualified one.
    pub(super) fn declare(&mut self, name: &str) -> String {
        let qualified = joined(&self.module, name);
        self.declared.insert(name.to_owned(), qualified.clone());
        qualified
    }

    /// Declares a module in a file of its own.
    pub(super) fn declare_module(&mut self, name: &str) {
        let qualified = joined(&self.children, name);
        self.declared.insert(name.to_owned(), qualified);
    }

    /// Adds an import; returns under which name it is there and what it means.
    pub(super) fn import(&mut self, import: &Import) -> (String, String) {
        let parts: Vec<&str> = import.path.iter().map(String::as_str).collect();
        let path = self.path(&parts);
        let own = joined(&self.module, &import.name);
        match import.name.as_str() {
            "*" => self.wildcards.push(path.clone()),
            "_" => {}
            name => {
                self.imported.insert(name.to_owned(), path.clone());
            }
        }
        (own, path)
    }

    /// Returns whether the file declares or imports the name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.declared.contains_key(name) || self.imported.contains_key(name)
    }

    /// Returns whether the name is of what this crate declares.
    pub(super) fn is_own(&self, qualified: &str) -> bool {
        let rest = qualified.strip_prefix(self.root.as_str());
        let is_inside = rest.is_some_and(|rest| rest.starts_with('.'));
        is_inside || self.root.is_empty() && !self.is_library(qualified)
    }

    /// Returns whether a path begins with the name of a known library: what has
    /// no folder is then no part of this crate.
    fn is_library(&self, qualified: &str) -> bool {
        let first = qualified.split('.').next().unwrap_or(qualified);
        let is_known = |name| self.models.knows_type(name);
        first == "std" || is_known(first) || is_known(qualified)
    }

    /// Returns the qualified name of a path.
    pub(super) fn path(&self, parts: &[&str]) -> String {
        let Some((first, rest)) = parts.split_first() else {
            return String::new();
        };
        let start = match *first {
            "crate" | "$crate" => self.root.clone(),
            "self" => self.module.clone(),
            "super" => parent(&self.module).to_owned(),
            "core" | "alloc" if !self.has(first) => "std".to_owned(),
            first => self.first(first, rest.is_empty()),
        };
        rest.iter().fold(start, |path, part| match *part {
            "super" => parent(&path).to_owned(),
            "self" => path,
            part => joined(&path, part),
        })
    }

    fn first(&self, name: &str, is_alone: bool) -> String {
        let known = self.declared.get(name).or_else(|| self.imported.get(name));
        if let Some(known) = known {
            return known.clone();
        }
        if let Some(path) = prelude(name) {
            return path.to_owned();
        }
        let is_known =
            |name: &String| self.models.knows_type(name) || self.models.knows_function(name);
        let mut by_wildcard = self.wildcards.iter().map(|module| joined(module, name));
        if let Some(known) = by_wildcard.clone().find(is_known) {
            return known;
        }
        let is_type = name.starts_with(|c: char| c.is_uppercase());
        if !is_alone && !is_type {
            return name.to_owned();
        }
        // What a module of this crate hands over that is imported whole.
        let own = by_wildcard
            .clone()
            .find(|path| self.is_own(path))
            .or_else(|| by_wildcard.next_back());
        own.unwrap_or_else(|| joined(&self.module, name))
    }
}

/// Returns what every file sees.
fn prelude(name: &str) -> Option<&'static str> {
    Some(match name {
        "String" => "std.string.String",
        "Vec" => "std.vec.Vec",
        "Box" => "std.boxed.Box",
        "Option" => "std.option.Option",
        "Result" => "std.result.Result",
        "Default" => "std.default.Default",
        "Some" | "Ok" => "core.Ok",
        "Err" => "core.Err",
        "drop" => "std.mem.drop",
        "std" => "std",
        _ => return None,
    })
}

/// Returns the path of what is in a module.
pub(super) fn joined(module: &str, name: &str) -> String {
    match module {
        "" => name.to_owned(),
        module => format!("{module}.{name}"),
    }
}

fn parent(module: &str) -> &str {
    module.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// Returns the parts of a path, without type arguments.
pub(super) fn parts(node: NodeRef<'_>) -> Vec<&str> {
    /// Longer paths are cut.
    const PARTS_MAX: usize = 16;
    let mut found = Vec::new();
    let mut at = Some(node);
    while let Some(node) = at {
        if found.len() >= PARTS_MAX {
            break;
        }
        at = match node.kind() {
            "scoped_identifier" | "scoped_type_identifier" => {
                if let Some(name) = node.child(Field::Name) {
                    found.push(bare(name.text()));
                }
                node.child(Field::Source)
            }
            "generic_type"
            | "generic_function"
            | "generic_type_with_turbofish"
            | "generic_pattern" => node
                .child(Field::Type)
                .or_else(|| node.child(Field::Function))
                .or_else(|| node.named_children().next()),
            "bracketed_type" | "qualified_type" => node.named_children().next(),
            "reference_type" => node.child(Field::Type),
            _ => {
                found.push(bare(node.text()));
                None
            }
        };
    }
    found.reverse();
    found
}

/// Returns a name without the mark of raw names.
pub(super) fn bare(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// Returns what a `use` imports.
pub(super) fn imports(node: NodeRef<'_>) -> Vec<Import> {
    let mut found = Vec::new();
    if let Some(clause) = field_argument(node) {
        collect(clause, &[], &mut found, 0);
    }
    found
}

fn field_argument(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    node.child(Field::Operand).or_else(|| {
        node.named_children()
            .find(|child| child.kind() != "visibility_modifier")
    })
}

fn collect(node: NodeRef<'_>, before: &[String], found: &mut Vec<Import>, depth: u32) {
    /// Lists in lists are followed so deep.
    const DEPTH_MAX: u32 = 16;
    if depth > DEPTH_MAX {
        return;
    }
    let with = |node: NodeRef<'_>| -> Vec<String> {
        let own = parts(node).into_iter().map(str::to_owned);
        before.iter().cloned().chain(own).collect()
    };
    match node.kind() {
        "use_list" => {
            for child in node.named_children() {
                collect(child, before, found, depth + 1);
            }
        }
        "scoped_use_list" => {
            let path = match node.child(Field::Source) {
                Some(path) => with(path),
                None => before.to_vec(),
            };
            let list = node.named_children().find(|n| n.kind() == "use_list");
            if let Some(list) = list {
                collect(list, &path, found, depth + 1);
            }
        }
        "use_wildcard" => {
            let path = match node.named_children().next() {
                Some(path) => with(path),
                None => before.to_vec(),
            };
            let name = "*".to_owned();
            found.push(Import { name, path });
        }
        "use_as_clause" => {
            let (Some(path), Some(alias)) = (node.child(Field::Source), node.child(Field::Alias))
            else {
                return;
            };
            let name = bare(alias.text()).to_owned();
            found.push(Import {
                name,
                path: with(path),
            });
        }
        _ => {
            let mut path = with(node);
            // `use a::{self}` is `a`.
            if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                path.pop();
            }
            if let Some(name) = path.last().cloned() {
                found.push(Import { name, path });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn files_are_modules() {
        for (path, package, of_crate, of_super) in [
            ("src/main.rs", "src", "src.x", "x"),
            ("src/web/page.rs", "src.web.page", "src.x", "src.web.x"),
            ("src/web/mod.rs", "src.web", "src.x", "src.x"),
            (
                "crates/db/src/lib.rs",
                "crates/db/src",
                "crates/db/src.x",
                "x",
            ),
            ("tests/api.rs", "tests.api", "tests.api.x", "tests.x"),
            ("guards.rs", "guards", "guards.x", "x"),
        ] {
            let mut names = Names::default();
            names.set_file(path);
            assert_eq!(names.package(), package, "{path}");
            assert_eq!(names.path(&["crate", "x"]), of_crate, "{path}");
            assert_eq!(names.path(&["super", "x"]), of_super, "{path}");
        }
    }
}
