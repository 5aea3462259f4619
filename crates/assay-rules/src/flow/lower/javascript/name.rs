//! What names mean: modules, imports, exports and types.

use std::collections::HashMap;

use assay_syntax::{Field, NodeRef};

use super::literal::string_of;

/// Endings that an import may write and a module's name does not have.
const EXTENSIONS: &[&str] = &[
    ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte", ".html",
];

/// Types nest at most so deep.
const TYPE_DEPTH_MAX: u32 = 12;

/// What the names of a file mean in other files and libraries.
#[derive(Default)]
pub(super) struct Names {
    /// The folders around the file.
    folders: Vec<String>,
    /// What imported names mean.
    imports: HashMap<String, String>,
    /// The qualified names of types that the file declares.
    types: HashMap<String, String>,
}

/// A module as an import names it.
pub(super) struct Module {
    /// The name that what it exports is prefixed with.
    pub(super) name: String,
    /// Whether it is a file of the project.
    pub(super) is_own: bool,
}

impl Module {
    /// Returns what a default import of the module means. Libraries that are
    /// one value hand it out as their default.
    pub(super) fn default_name(&self) -> String {
        match self.is_own {
            true => format!("{}.default", self.name),
            false => self.name.clone(),
        }
    }

    /// Returns what a name imported from the module means.
    pub(super) fn member(&self, name: &str) -> String {
        match name {
            "default" => self.default_name(),
            name => format!("{}.{name}", self.name),
        }
    }
}

impl Names {
    /// Takes the path of the file and returns the module's name.
    pub(super) fn set_path(&mut self, path: &str) -> String {
        let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
        let file = parts.pop().unwrap_or_default();
        self.folders = parts;
        let mut all = self.folders.clone();
        all.push(file);
        module_name(&all)
    }

    /// Returns the module that an import means.
    pub(super) fn module(&self, specifier: &str) -> Module {
        let specifier = specifier.strip_prefix("node:").unwrap_or(specifier);
        let first = specifier.split('/').next().unwrap_or("");
        let own: Option<(Vec<String>, &str)> = match first {
            "." | ".." => Some((self.folders.clone(), specifier)),
            // What bundlers are commonly set up to take for the sources' root.
            "@" | "~" => {
                let is_in_src = self.folders.first().is_some_and(|first| first == "src");
                let root = if is_in_src {
                    vec!["src".to_owned()]
                } else {
                    Vec::new()
                };
                Some((root, specifier.get(2..).unwrap_or("")))
            }
            // A path from the root of the project.
            _ if specifier != first && self.folders.first().is_some_and(|own| own == first) => {
                Some((Vec::new(), specifier))
            }
            _ => None,
        };
        let Some((mut parts, rest)) = own else {
            return Module {
                name: specifier.to_owned(),
                is_own: false,
            };
        };
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part.to_owned()),
            }
        }
        Module {
            name: module_name(&parts),
            is_own: true,
        }
    }

    /// Makes a name mean something of another module.
    pub(super) fn import(&mut self, name: &str, meant: String) {
        self.imports.insert(name.to_owned(), meant);
    }

    /// Returns what an imported name means.
    pub(super) fn imported(&self, name: &str) -> Option<&str> {
        self.imports.get(name).map(String::as_str)
    }

    /// Makes a type of the file known; the first one of a name counts.
    pub(super) fn declare_type(&mut self, name: &str, qualified: &str) {
        let entry = self.types.entry(name.to_owned());
        entry.or_insert_with(|| qualified.to_owned());
    }

    /// Takes the imports of an `import` statement.
    pub(super) fn import_statement(&mut self, node: NodeRef<'_>) {
        let clauses: Vec<NodeRef<'_>> = node.named_children().collect();
        for clause in &clauses {
            if clause.kind() == "import_require_clause" {
                let name = clause.named_children().find(|n| n.kind() == "identifier");
                let source = clause.child(Field::Source).and_then(string_of);
                if let (Some(name), Some(source)) = (name, source) {
                    let module = self.module(&source);
                    self.import(name.text(), module.name);
                }
            }
        }
        let Some(source) = node.child(Field::Source).and_then(string_of) else {
            return;
        };
        let module = self.module(&source);
        let clause = clauses.iter().find(|n| n.kind() == "import_clause");
        for part in clause
            .into_iter()
            .flat_map(|clause| clause.named_children())
        {
            match part.kind() {
                "identifier" => self.import(part.text(), module.default_name()),
                "namespace_import" => {
                    if let Some(name) = part.named_children().last() {
                        self.import(name.text(), module.name.clone());
                    }
                }
                "named_imports" => {
                    for (name, alias) in part.named_children().filter_map(specifier) {
                        let meant = module.member(&name);
                        self.import(&alias, meant);
                    }
                }
                _ => {}
            }
        }
    }

    /// Returns the qualified name of what a dotted name means.
    pub(super) fn resolve(&self, dotted: &str) -> String {
        let (first, rest) = match dotted.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (dotted, None),
        };
        let known = self.types.get(first).or_else(|| self.imports.get(first));
        let first = known.map_or(first, String::as_str);
        match rest {
            Some(rest) => format!("{first}.{rest}"),
            None => first.to_owned(),
        }
    }

    /// Returns the name under which other files know what the top level of the
    /// file declares.
    pub(super) fn resolve_local(&self, package: &str, name: &str) -> String {
        match self.types.get(name) {
            Some(known) => known.clone(),
            None => format!("{package}.{name}"),
        }
    }

    /// Returns the qualified name of a type. Numbers and the like have none:
    /// that TypeScript calls a value a number does not make it one.
    pub(super) fn ty(&self, node: NodeRef<'_>) -> Option<String> {
        self.ty_inside(node, 0)
    }

    fn ty_inside(&self, node: NodeRef<'_>, depth: u32) -> Option<String> {
        if depth > TYPE_DEPTH_MAX {
            return None;
        }
        let inner = |node: NodeRef<'_>| {
            let inner = node.named_children().next()?;
            self.ty_inside(inner, depth + 1)
        };
        match node.kind() {
            "predefined_type" => (node.text() == "string").then(|| "string".to_owned()),
            "type_identifier" | "identifier" => Some(self.resolve(node.text())),
            "nested_type_identifier" | "nested_identifier" | "member_expression" => {
                Some(self.resolve(&dotted(node)))
            }
            "array_type" => inner(node).map(|ty| format!("{ty}[]")),
            "generic_type" => {
                let name = node.child(Field::Name)?;
                let arguments = node.named_children().find(|n| n.kind() == "type_arguments");
                let first = || arguments.and_then(inner);
                match name.text() {
                    "Promise" | "PromiseLike" | "Awaited" | "Readonly" | "Partial" | "Required"
                    | "NonNullable" | "Observable" => first(),
                    "Array" | "ReadonlyArray" | "Set" => first().map(|ty| format!("{ty}[]")),
                    _ => Some(self.resolve(&dotted(name))),
                }
            }
            "union_type" | "intersection_type" => {
                let mut parts = Vec::new();
                self.union_parts(node, &mut parts, depth);
                match (node.kind(), parts.as_slice()) {
                    ("union_type", [one]) => one.clone(),
                    ("union_type", _) => None,
                    _ => parts.into_iter().flatten().next(),
                }
            }
            "type_annotation"
            | "parenthesized_type"
            | "readonly_type"
            | "opting_type_annotation" => inner(node),
            _ => None,
        }
    }

    /// Collects the types of a union, those that hold no data left out.
    fn union_parts(&self, node: NodeRef<'_>, parts: &mut Vec<Option<String>>, depth: u32) {
        if depth > TYPE_DEPTH_MAX {
            return;
        }
        for part in node.named_children() {
            match part.kind() {
                "literal_type" => {}
                "union_type" => self.union_parts(part, parts, depth + 1),
                _ => parts.push(self.ty_inside(part, depth + 1)),
            }
        }
    }
}

/// Returns the name and the alias of an import or export specifier.
pub(super) fn specifier(node: NodeRef<'_>) -> Option<(String, String)> {
    if !matches!(node.kind(), "import_specifier" | "export_specifier") {
        return None;
    }
    let text = |node: NodeRef<'_>| string_of(node).unwrap_or_else(|| node.text().to_owned());
    let name = node.child(Field::Name)?;
    let mut after = node.children().skip_while(|child| *child != name).skip(1);
    let alias = after.find(|child| child.kind() != "as").unwrap_or(name);
    Some((text(name), text(alias)))
}

/// Returns a chain of members as text without spaces, comments or brackets.
pub(super) fn dotted(node: NodeRef<'_>) -> String {
    let mut out = String::new();
    for part in node.subtree().filter(|node| node.is_leaf()) {
        match part.kind() {
            "optional_chain" | "?." => out.push('.'),
            "comment" => {}
            _ => out.push_str(part.text()),
        }
    }
    out
}

/// Returns the name by which others import a script of this path.
pub(crate) fn module_of_script(path: &str) -> String {
    Names::default().set_path(path)
}

/// Returns the name of the module in a file: `src/routes/users.js` is
/// `src.routes.users`, and an index goes by its folder.
fn module_name(parts: &[String]) -> String {
    let mut parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    if let Some(last) = parts.pop() {
        let stem = EXTENSIONS
            .iter()
            .find_map(|ending| last.strip_suffix(ending));
        let stem = stem.unwrap_or(last);
        if stem != "index" || parts.is_empty() {
            parts.push(stem);
        }
    }
    match parts.is_empty() {
        true => "index".to_owned(),
        false => parts.join("."),
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn imports_name_modules() {
        let mut names = Names::default();
        assert_eq!(names.set_path("src/routes/users.ts"), "src.routes.users");
        for (written, meant) in [
            ("./db", "src.routes.db"),
            ("../db.js", "src.db"),
            ("..", "src"),
            ("@/lib/db", "src.lib.db"),
            ("src/a/b.service", "src.a.b.service"),
            ("node:fs", "fs"),
            ("fs/promises", "fs/promises"),
            ("@nestjs/common", "@nestjs/common"),
        ] {
            assert_eq!(names.module(written).name, meant, "{written}");
        }
        assert_eq!(names.set_path("index.js"), "index");
        assert_eq!(names.module("./").name, "index");
        assert_eq!(names.set_path("lib/index.js"), "lib");
    }
}
