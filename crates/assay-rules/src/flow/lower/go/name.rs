//! What names mean in a Go file: imports, the package, types of the language.

use std::collections::HashMap;

use assay_syntax::{Field, NodeRef};

use super::literal::string_of;
use crate::flow::properties::without_version;

/// The names of a file that stand for packages and what is in them.
#[derive(Default)]
pub(super) struct Names {
    package: String,
    /// Names of imported packages to their paths.
    imports: HashMap<String, String>,
    /// Packages whose names are seen without the package's.
    dots: Vec<String>,
}

impl Names {
    pub(super) fn set_package(&mut self, package: &str) {
        package.clone_into(&mut self.package);
    }

    /// Takes the imports of a declaration.
    pub(super) fn imports(&mut self, node: NodeRef<'_>) {
        for spec in node.subtree().filter(|part| part.kind() == "import_spec") {
            let Some(path) = spec.child(Field::Source).and_then(string_of) else {
                continue;
            };
            let path = without_version(&path);
            match spec.child(Field::Name) {
                Some(name) if name.kind() == "dot" => self.dots.push(path),
                Some(name) if name.kind() == "blank_identifier" => {}
                Some(name) => {
                    self.imports.insert(name.text().to_owned(), path);
                }
                None => {
                    for name in package_names(&path) {
                        self.imports.entry(name).or_insert_with(|| path.clone());
                    }
                }
            }
        }
    }

    /// Returns the path of an imported package.
    pub(super) fn import(&self, name: &str) -> Option<&str> {
        self.imports.get(name).map(String::as_str)
    }

    /// Returns the qualified name of what the package declares.
    pub(super) fn own(&self, name: &str) -> String {
        match self.package.as_str() {
            "" => name.to_owned(),
            package => format!("{package}.{name}"),
        }
    }

    /// Returns the qualified name of what stands without a package and is no
    /// variable.
    pub(super) fn bare(&self, name: &str, is_declared: bool) -> String {
        match self.dots.first() {
            Some(path) if !is_declared => format!("{path}.{name}"),
            _ => self.own(name),
        }
    }

    /// Returns the qualified name of a type that stands without a package.
    pub(super) fn ty(&self, name: &str, is_declared: bool) -> Option<String> {
        if is_declared {
            return Some(self.own(name));
        }
        match name {
            "any" | "comparable" => None,
            name if is_builtin_type(name) => Some(name.to_owned()),
            name => Some(self.bare(name, false)),
        }
    }
}

/// Returns the names that a package of this path may have: the last part, and
/// what is left of it without the usual `go`.
fn package_names(path: &str) -> Vec<String> {
    let last = path.rsplit('/').next().unwrap_or(path);
    let bare = last
        .strip_prefix("go-")
        .or_else(|| last.strip_prefix("go."))
        .or_else(|| last.strip_suffix("-go"))
        .or_else(|| last.strip_suffix(".go"))
        .unwrap_or(last);
    let mut names = vec![last.to_owned()];
    for name in [bare.to_owned(), bare.replace(['-', '.'], "")] {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Returns whether every file knows the type without an import.
pub(super) fn is_builtin_type(name: &str) -> bool {
    matches!(
        name,
        "bool"
            | "byte"
            | "complex128"
            | "complex64"
            | "error"
            | "float32"
            | "float64"
            | "int"
            | "int16"
            | "int32"
            | "int64"
            | "int8"
            | "rune"
            | "string"
            | "uint"
            | "uint16"
            | "uint32"
            | "uint64"
            | "uint8"
            | "uintptr"
    )
}

#[cfg(test)]
mod tests {
    use super::package_names;
    use crate::flow::properties::without_version;

    #[test]
    fn paths_tell_the_name_of_a_package() {
        for (path, meant, name) in [
            ("net/http", "net/http", "http"),
            (
                "github.com/labstack/echo/v4",
                "github.com/labstack/echo",
                "echo",
            ),
            ("gopkg.in/yaml.v3", "gopkg.in/yaml", "yaml"),
            (
                "github.com/a/go-sqlite3",
                "github.com/a/go-sqlite3",
                "sqlite3",
            ),
            ("example.org/v", "example.org/v", "v"),
        ] {
            let found = without_version(path);
            assert_eq!(found, meant);
            assert!(
                package_names(&found).iter().any(|own| own == name),
                "{path}"
            );
        }
    }
}
