//! What names in a file stand for because of its imports, in each language's
//! own way of saying it, read from the text of the imports.

use std::collections::HashMap;

use assay_syntax::{Field, NodeRef, Role, SyntaxTree};

use crate::pattern::path::plain_string;

/// A file declares at most so many names by imports; the rest is not followed.
const NAMES_MAX: usize = 4_096;

/// Braces in an import nest at most so deep.
const BRACES_MAX: usize = 16;

/// The imports of one tree.
#[derive(Debug, Default)]
pub(crate) struct Imports<'t> {
    /// What a name stands for, as a dotted path.
    pub(crate) names: HashMap<&'t str, String>,
    /// Packages of which every name is imported.
    pub(crate) packages: Vec<String>,
    /// The modules, as a dotted path, with where each stands.
    pub(crate) modules: Vec<(String, NodeRef<'t>)>,
}

impl<'t> Imports<'t> {
    pub(crate) fn read(tree: &'t SyntaxTree) -> Self {
        let mut imports = Self::default();
        let language = tree.language().id();
        let language = language.as_str();
        for node in tree.nodes().filter(|node| node.has(Role::Import)) {
            if imports.names.len() + imports.packages.len() >= NAMES_MAX {
                break;
            }
            match language {
                "python" => imports.python(node),
                "javascript" | "typescript" | "tsx" => imports.javascript(node),
                "go" => imports.go(node),
                "rust" => imports.rust(node),
                "c-sharp" => imports.c_sharp(node),
                "php" => imports.php(node),
                "java" | "kotlin" | "scala" => imports.packages_of(node),
                _ => {}
            }
        }
        imports
    }

    fn name(&mut self, name: &'t str, path: String) {
        self.names.insert(name, path);
    }

    fn python(&mut self, node: NodeRef<'t>) {
        let text = node.text();
        if let Some(rest) = text.strip_prefix("from ") {
            let Some((module, names)) = rest.split_once(" import") else {
                return;
            };
            let module = module.trim();
            self.modules.push((module.to_owned(), node));
            for item in names.split([',', '(', ')', '\n', '\r', '\\']) {
                let item = item.split('#').next().unwrap_or("").trim();
                let (name, alias) = with_alias(item);
                if name == "*" {
                    self.packages.push(module.to_owned());
                } else if !name.is_empty() {
                    self.modules.push((format!("{module}.{name}"), node));
                    self.name(alias, format!("{module}.{name}"));
                }
            }
        } else if let Some(rest) = text.strip_prefix("import ") {
            for item in rest.split(',') {
                let (name, alias) = with_alias(item.trim());
                self.modules.push((name.to_owned(), node));
                let first = alias.split('.').next().unwrap_or(alias);
                if alias != name {
                    self.name(alias, name.to_owned());
                } else {
                    self.name(first, first.to_owned());
                }
            }
        }
    }

    fn javascript(&mut self, node: NodeRef<'t>) {
        if node.has(Role::Call) {
            let Some(module) = required_module(node) else {
                return;
            };
            self.modules.push((module.clone(), node));
            // `const m = require('m')`, `const { a: b } = require('m')`
            let Some(pattern) = node.parent().and_then(|parent| parent.child(Field::Name)) else {
                return;
            };
            if pattern.has(Role::Identifier) {
                self.name(pattern.text(), module);
                return;
            }
            if pattern.kind() != "object_pattern" {
                return;
            }
            for part in pattern.named_children() {
                let (key, name) = match (part.child(Field::Key), part.child(Field::Value)) {
                    (Some(key), Some(value)) => (key, value),
                    _ => (part, part),
                };
                self.name(name.text(), format!("{module}.{}", key.text()));
            }
            return;
        }
        let Some(module) = node.child(Field::Source).and_then(plain_string) else {
            return;
        };
        let module = module.strip_prefix("node:").unwrap_or(module).to_owned();
        self.modules.push((module.clone(), node));
        for part in node.subtree().skip(1) {
            match part.kind() {
                "import_specifier" => {
                    let name = part.child(Field::Name).unwrap_or(part).text();
                    let alias = part.child(Field::Alias).map_or(name, NodeRef::text);
                    let path = match name {
                        "default" => module.clone(),
                        name => format!("{module}.{name}"),
                    };
                    self.name(alias, path);
                }
                "namespace_import" => {
                    if let Some(name) = part.named_children().last() {
                        self.name(name.text(), module.clone());
                    }
                }
                "identifier" if part.parent().is_some_and(|p| p.kind() == "import_clause") => {
                    self.name(part.text(), module.clone());
                }
                _ => {}
            }
        }
    }

    fn go(&mut self, node: NodeRef<'t>) {
        let path = node.subtree().find(|part| part.has(Role::String));
        let Some(path) = path.and_then(plain_string) else {
            return;
        };
        self.modules.push((path.to_owned(), node));
        let name = match node.child(Field::Name) {
            Some(name) if name.text() == "." => {
                self.packages.push(path.to_owned());
                return;
            }
            Some(name) => name.text(),
            None => go_package(path),
        };
        self.name(name, path.to_owned());
    }

    fn rust(&mut self, node: NodeRef<'t>) {
        let text = node.text();
        let Some((_, tree)) = text.split_once("use ") else {
            return;
        };
        self.rust_tree(tree.trim_end_matches(';').trim(), "", "", 0);
    }

    fn rust_tree(&mut self, text: &'t str, around: &'t str, prefix: &str, depth: usize) {
        if depth > BRACES_MAX {
            return;
        }
        let joined = |name: &str| {
            let name = name.trim().replace("::", ".");
            match (prefix, name.as_str()) {
                ("", _) => name,
                (prefix, "self") => prefix.to_owned(),
                (prefix, name) => format!("{prefix}.{name}"),
            }
        };
        if let Some((before, inside)) = text.split_once('{') {
            let inside = inside.trim_end().strip_suffix('}').unwrap_or(inside);
            let prefix = joined(before.trim().trim_end_matches("::"));
            for item in top_level_items(inside) {
                self.rust_tree(
                    item,
                    before.trim().trim_end_matches("::"),
                    &prefix,
                    depth + 1,
                );
            }
            return;
        }
        let (path, alias) = with_alias(text.trim());
        if path.is_empty() {
            return;
        }
        if let Some(package) = path.strip_suffix("::*") {
            self.packages.push(joined(package));
            return;
        }
        let full = joined(path);
        // The name that `{self}` gives stands before the braces.
        let name = match alias.rsplit("::").next().unwrap_or(alias).trim() {
            "self" => around.rsplit("::").next().unwrap_or("").trim(),
            name => name,
        };
        if !name.is_empty() {
            self.name(name, full);
        }
    }

    fn c_sharp(&mut self, node: NodeRef<'t>) {
        let text = node.text().trim_end_matches(';');
        let text = text.strip_prefix("global ").unwrap_or(text);
        let Some(rest) = text.strip_prefix("using ") else {
            return;
        };
        let rest = rest.strip_prefix("static ").unwrap_or(rest).trim();
        match rest.split_once('=') {
            Some((name, path)) => self.name(name.trim(), path.trim().to_owned()),
            None => {
                self.modules.push((rest.to_owned(), node));
                self.packages.push(rest.to_owned());
            }
        }
    }

    fn php(&mut self, node: NodeRef<'t>) {
        if node.kind() != "namespace_use_clause" {
            return;
        }
        let (path, alias) = with_alias(node.text().trim());
        // `use A\{B, C}` has the first part around the group.
        let group = node
            .parent()
            .filter(|parent| parent.kind() == "namespace_use_group")
            .and_then(NodeRef::parent)
            .and_then(|use_| use_.named_children().next())
            .map(|prefix| format!("{}.", dotted(prefix.text())));
        let path = format!("{}{}", group.unwrap_or_default(), dotted(path));
        let name = alias.rsplit('\\').next().unwrap_or(alias);
        self.modules.push((path.clone(), node));
        self.name(name, path);
    }

    /// Java, Kotlin, Scala: `import a.b.C`.
    fn packages_of(&mut self, node: NodeRef<'t>) {
        let text = node.text().trim().trim_end_matches(';');
        let Some(rest) = text.strip_prefix("import ") else {
            return;
        };
        let rest = rest.trim_start();
        let rest = rest.strip_prefix("static ").unwrap_or(rest).trim();
        if let Some((package, inside)) = rest.split_once('{') {
            let package = package.trim().trim_end_matches('.');
            for item in inside.trim_end_matches('}').split(',') {
                let item = item.trim();
                let (name, alias) = item
                    .split_once("=>")
                    .map_or_else(|| with_alias(item), |(a, b)| (a.trim(), b.trim()));
                if matches!(name, "_" | "*") {
                    self.packages.push(package.to_owned());
                } else if !name.is_empty() {
                    self.name(alias, format!("{package}.{name}"));
                }
            }
            return;
        }
        let (path, alias) = with_alias(rest);
        self.modules.push((path.to_owned(), node));
        match path.strip_suffix(".*").or_else(|| path.strip_suffix("._")) {
            Some(package) => self.packages.push(package.to_owned()),
            None => {
                let name = alias.rsplit('.').next().unwrap_or(alias);
                self.name(name, path.to_owned());
            }
        }
    }
}

/// Returns the module of `require('m')` or `import('m')`.
pub(crate) fn required_module(call: NodeRef<'_>) -> Option<String> {
    let arguments = call.child(Field::Arguments)?;
    let module = plain_string(arguments.named_children().next()?)?;
    Some(module.strip_prefix("node:").unwrap_or(module).to_owned())
}

/// Splits `name as alias`; without an alias both are the name.
fn with_alias(text: &str) -> (&str, &str) {
    match text.split_once(" as ") {
        Some((name, alias)) => (name.trim(), alias.trim()),
        None => (text, text),
    }
}

fn dotted(path: &str) -> String {
    path.trim_start_matches('\\').replace('\\', ".")
}

/// Returns the name that a Go package most likely has: the last part of its
/// path, without a version.
fn go_package(path: &str) -> &str {
    let mut parts = path.rsplit('/');
    let mut last = parts.next().unwrap_or(path);
    let is_version = last
        .strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    if is_version {
        last = parts.next().unwrap_or(last);
    }
    if let Some((name, version)) = last.split_once(".v")
        && version.bytes().all(|b| b.is_ascii_digit())
    {
        last = name;
    }
    let last = last.strip_prefix("go-").unwrap_or(last);
    last.strip_suffix("-go").unwrap_or(last)
}

/// Splits at the commas that are in no braces.
fn top_level_items(text: &str) -> Vec<&str> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                items.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&text[start..]);
    items
}
