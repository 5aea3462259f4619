//! Imports: which module, which thing of it, by what name it goes here.

use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::extract::Extractor;
use crate::extract::expression::string_text;
use crate::extract::plan::Family;
use crate::facts::{DefinitionKind, ExpressionId, Import, ImportKind, LocalId};
use crate::name::Name;

/// An import that nests deeper, or names more, is read up to here.
const DEPTH_MAX: usize = 16;
const ITEMS_MAX: usize = 2_000;

impl<'t> Extractor<'t> {
    /// Reads an import; returns whether nothing else is in it.
    pub(crate) fn import(&mut self, node: NodeRef<'t>) -> bool {
        match self.plan.family {
            Family::Python => self.import_python(node),
            Family::Script => return self.import_script(node),
            Family::Jvm => self.import_jvm(node),
            Family::Go => self.import_go(node),
            Family::Rust => self.import_rust(node),
            Family::C => {
                let module = node.child(Field::Source).map_or("", NodeRef::text);
                self.import_all(node, module.trim_matches(['"', '<', '>']));
            }
            Family::Php => self.import_php(node),
            Family::CSharp => self.import_csharp(node),
            Family::Ruby | Family::Other => self.import_other(node),
        }
        true
    }

    fn add_import(
        &mut self,
        node: NodeRef<'t>,
        kind: ImportKind,
        module: &str,
        item: &str,
        alias: &str,
    ) {
        if self.facts.imports.len() >= ITEMS_MAX * DEPTH_MAX {
            return;
        }
        let is_exported = match self.plan.family {
            Family::Rust => node.text().starts_with("pub"),
            Family::Script => node.has(Role::Export),
            _ => true,
        };
        let import = Import {
            kind,
            module: self.intern(module),
            item: self.intern(item),
            alias: self.intern(alias),
            scope: self.scope(),
            is_exported,
            place: self.place(node.span()),
        };
        self.facts.imports.push(import);
    }

    pub(crate) fn import_all(&mut self, node: NodeRef<'t>, module: &str) {
        if !module.is_empty() {
            self.add_import(node, ImportKind::Wildcard, module, "", "");
        }
    }

    fn import_python(&mut self, node: NodeRef<'t>) {
        let named = |child: NodeRef<'t>| {
            let name = child.child(Field::Name).unwrap_or(child).text();
            let alias = child.child(Field::Alias).map(NodeRef::text);
            (name, alias)
        };
        let Some(source) = node.child(Field::Source) else {
            for child in node.children().filter(|child| child.field() == Field::Name) {
                let (name, alias) = named(child);
                match alias {
                    Some(alias) => self.add_import(child, ImportKind::Module, name, "", alias),
                    None => {
                        // `import a.b` makes `a` known; `b` is a member of it.
                        let first = name.split('.').next().unwrap_or(name);
                        self.add_import(child, ImportKind::Module, first, "", first);
                    }
                }
            }
            return;
        };
        let module: String = source.text().split_whitespace().collect();
        if node
            .children()
            .any(|child| child.kind() == "wildcard_import")
        {
            self.add_import(node, ImportKind::Wildcard, &module, "", "");
        }
        for child in node.children().filter(|child| child.field() == Field::Name) {
            let (name, alias) = named(child);
            self.add_import(
                child,
                ImportKind::Item,
                &module,
                name,
                alias.unwrap_or(name),
            );
        }
    }

    fn import_script(&mut self, node: NodeRef<'t>) -> bool {
        let Some(source) = node.child(Field::Source) else {
            return !node.has(Role::Export);
        };
        let Some(module) = string_text(source) else {
            return true;
        };
        let mut is_plain = true;
        for part in node.subtree().skip(1) {
            match part.kind() {
                "import_specifier" | "export_specifier" => {
                    let Some(name) = part.child(Field::Name) else {
                        continue;
                    };
                    let alias = part.child(Field::Alias).unwrap_or(name).text();
                    self.add_import(node, ImportKind::Item, module, name.text(), alias);
                    is_plain = false;
                }
                "namespace_import" | "namespace_export" => {
                    let alias = part.named_children().last().map_or("", NodeRef::text);
                    self.add_import(node, ImportKind::Module, module, "", alias);
                    is_plain = false;
                }
                "import_clause" => {
                    let default = part
                        .named_children()
                        .find(|child| child.has(Role::Identifier));
                    if let Some(default) = default {
                        self.add_import(node, ImportKind::Item, module, "default", default.text());
                        is_plain = false;
                    }
                }
                _ => {}
            }
        }
        if node.has(Role::Export) && is_plain {
            self.add_import(node, ImportKind::Wildcard, module, "", "");
        }
        true
    }

    /// `export { a, b as c }`, `export default a`.
    pub(crate) fn export(&mut self, node: NodeRef<'t>) {
        if node.child(Field::Source).is_some() {
            return;
        }
        for clause in node
            .named_children()
            .filter(|child| child.kind() == "export_clause")
        {
            for part in clause.named_children() {
                let Some(name) = part.child(Field::Name) else {
                    continue;
                };
                let known = self.intern(name.text());
                self.exported.insert(known);
                if let Some(alias) = part.child(Field::Alias) {
                    self.export_as(alias.text(), name);
                }
            }
        }
        if !node.children().any(|child| child.kind() == "default") {
            return;
        }
        const DEFINES: RoleSet = RoleSet::of(&[Role::Function, Role::Class]);
        let Some(given) = node.named_children().last() else {
            return;
        };
        match given.has_any(DEFINES) {
            true => {
                if let Some(name) = given.child(Field::Name) {
                    self.export_as("default", name);
                }
            }
            false => self.export_as("default", given),
        }
    }

    fn export_as(&mut self, alias: &str, node: NodeRef<'t>) {
        let value = self.lower(node);
        let name = self.intern(alias);
        self.exported.insert(name);
        if self.fields.insert((LocalId::FILE, name)) {
            let mut definition = self.variable(DefinitionKind::Variable, node, name, value, "");
            definition.container = LocalId::FILE;
            self.add(definition);
        }
    }

    /// `require("a")` as a statement: everything in it has run, nothing is named.
    pub(crate) fn import_expression(&mut self, node: NodeRef<'t>, module: Name) {
        let module = self.names.get(module).to_owned();
        self.add_import(node, ImportKind::Module, &module, "", "");
    }

    /// `const { a, b: c } = require("m")`; returns whether it is of that form.
    pub(crate) fn import_pattern(
        &mut self,
        left: NodeRef<'t>,
        right: NodeRef<'t>,
        module: Name,
    ) -> bool {
        if left.kind() != "object_pattern" {
            return false;
        }
        let module = self.names.get(module).to_owned();
        for part in left.named_children() {
            let key = part.child(Field::Key).unwrap_or(part).text();
            let alias = part.child(Field::Value).unwrap_or(part).text();
            self.add_import(right, ImportKind::Item, &module, key, alias);
        }
        for part in left.subtree() {
            self.pass(part);
        }
        true
    }

    /// Java, Kotlin and Scala: `a.b.C`, `static a.b.C.m`, `a.b.*`, `a.{B, C => D}`.
    fn import_jvm(&mut self, node: NodeRef<'t>) {
        let text: String = node.text().replace(['\n', '\t'], " ");
        let text = text.trim().trim_end_matches(';');
        let text = text.strip_prefix("import").unwrap_or(text).trim();
        let text = text.strip_prefix("static ").unwrap_or(text).trim();
        for part in outer_parts(text) {
            let Some((path, list)) = part.split_once('{') else {
                self.import_dotted(node, part.trim());
                continue;
            };
            for item in list.trim_end_matches(['}', ' ']).split(',').take(ITEMS_MAX) {
                self.import_dotted(node, &format!("{}{}", path.trim(), item.trim()));
            }
        }
    }

    fn import_dotted(&mut self, node: NodeRef<'t>, text: &str) {
        let (path, alias) = [" as ", "=>"]
            .iter()
            .find_map(|mark| text.split_once(mark))
            .map_or((text, None), |(path, alias)| {
                (path.trim(), Some(alias.trim()))
            });
        let path: String = path.split_whitespace().collect();
        let Some((module, item)) = path.rsplit_once('.') else {
            return;
        };
        match item {
            "*" | "_" | "given" => self.add_import(node, ImportKind::Wildcard, module, "", ""),
            item => {
                let alias = alias.unwrap_or(item);
                self.add_import(node, ImportKind::Item, module, item, alias);
            }
        }
    }

    fn import_go(&mut self, node: NodeRef<'t>) {
        let Some(path) = node.child(Field::Source) else {
            return;
        };
        let path = path.text().trim_matches(['"', '`']);
        match node.child(Field::Name).map(NodeRef::text) {
            Some(".") => self.add_import(node, ImportKind::Wildcard, path, "", ""),
            Some("_") => self.add_import(node, ImportKind::Module, path, "", ""),
            Some(alias) => self.add_import(node, ImportKind::Module, path, "", alias),
            None => {
                // The last part, but for a major version or the end `.v2`.
                let mut parts = path.rsplit('/');
                let last = parts.next().unwrap_or(path);
                let is_version = last.len() > 1
                    && last.starts_with('v')
                    && last[1..].bytes().all(|byte| byte.is_ascii_digit());
                let last = if is_version {
                    parts.next().unwrap_or(last)
                } else {
                    last
                };
                let last = last.split('.').next().unwrap_or(last);
                self.add_import(node, ImportKind::Module, path, "", last);
            }
        }
    }

    fn import_rust(&mut self, node: NodeRef<'t>) {
        let text: String = node.text().replace('\n', " ");
        let Some(at) = text.find("use ").or_else(|| text.find("crate ")) else {
            return;
        };
        let is_crate = text[at..].starts_with("crate ");
        let text = text[at..].split_once(' ').map_or("", |(_, rest)| rest);
        let text = text.trim().trim_end_matches(';');
        if is_crate {
            let (name, alias) = text.split_once(" as ").unwrap_or((text, text));
            self.add_import(node, ImportKind::Module, name.trim(), "", alias.trim());
            return;
        }
        self.import_use(node, "", text, 0);
    }

    fn import_use(&mut self, node: NodeRef<'t>, base: &str, text: &str, depth: usize) {
        let text = text.trim();
        if depth > DEPTH_MAX || text.is_empty() {
            return;
        }
        if let Some(open) = text.find('{') {
            let prefix = text[..open].trim().trim_end_matches("::");
            let base = join(base, prefix);
            let inner = text[open + 1..].trim();
            let inner = inner.strip_suffix('}').unwrap_or(inner);
            for part in outer_parts(inner).into_iter().take(ITEMS_MAX) {
                self.import_use(node, &base, part, depth + 1);
            }
            return;
        }
        let (path, alias) = match text.split_once(" as ") {
            Some((path, alias)) => (path.trim(), Some(alias.trim())),
            None => (text, None),
        };
        let path = join(base, path);
        let path = path.trim_start_matches("::");
        let (module, item) = path.rsplit_once("::").unwrap_or(("", path));
        match item {
            "*" => self.add_import(node, ImportKind::Wildcard, module, "", ""),
            "self" => {
                let last = module.rsplit("::").next().unwrap_or(module);
                self.add_import(node, ImportKind::Module, module, "", alias.unwrap_or(last));
            }
            item => {
                let alias = alias.unwrap_or(item);
                self.add_import(node, ImportKind::Item, module, item, alias);
            }
        }
    }

    /// `mod a;`: the module lies in a file of its own.
    pub(crate) fn part(&mut self, node: NodeRef<'t>) -> bool {
        if node.kind() != "mod_item" || node.child(Field::Body).is_some() {
            return false;
        }
        if let Some(name) = node.child(Field::Name) {
            self.pass(name);
            self.add_import(node, ImportKind::Part, name.text(), "", name.text());
        }
        true
    }

    fn import_php(&mut self, node: NodeRef<'t>) {
        if node.kind().contains("include") || node.kind().contains("require") {
            let path = node
                .subtree()
                .find_map(|part| string_text(part).filter(|text| !text.is_empty()));
            if let Some(path) = path {
                self.import_all(node, path.trim_start_matches('/'));
            }
            return;
        }
        let text = node.text().replace('\n', " ");
        let text = text.trim().trim_end_matches(';');
        let text = text.strip_prefix("use").unwrap_or(text).trim();
        let text = ["function ", "const "]
            .iter()
            .fold(text, |text, word| text.strip_prefix(word).unwrap_or(text));
        for part in outer_parts(text) {
            let (base, list) = part.split_once('{').map_or(("", part), |(base, list)| {
                (
                    base.trim().trim_end_matches('\\'),
                    list.trim_end_matches(['}', ' ']),
                )
            });
            for item in list.split(',').take(ITEMS_MAX) {
                let (path, alias) = match item.split_once(" as ") {
                    Some((path, alias)) => (path.trim(), Some(alias.trim())),
                    None => (item.trim(), None),
                };
                let path = match base {
                    "" => path.to_owned(),
                    base => format!("{base}\\{path}"),
                };
                let path = path.trim_start_matches('\\').replace('\\', ".");
                let (module, item) = path.rsplit_once('.').unwrap_or(("", &path));
                let alias = alias.unwrap_or(item).to_owned();
                self.add_import(node, ImportKind::Item, module, item, &alias);
            }
        }
    }

    fn import_csharp(&mut self, node: NodeRef<'t>) {
        let text = node.text().trim().trim_end_matches(';').trim();
        let text = ["global ", "using ", "static ", "unsafe "]
            .iter()
            .fold(text, |text, word| {
                text.strip_prefix(word).unwrap_or(text).trim()
            });
        match text.split_once('=') {
            Some((alias, path)) => {
                let path = path.trim();
                let (module, item) = path.rsplit_once('.').unwrap_or(("", path));
                self.add_import(node, ImportKind::Item, module, item, alias.trim());
            }
            None => self.import_all(node, text.trim_start_matches("global::")),
        }
    }

    fn import_other(&mut self, node: NodeRef<'t>) {
        let string = node.subtree().find_map(string_text);
        let text = string.unwrap_or_else(|| {
            let words = node.text().split_whitespace();
            words
                .skip(1)
                .find(|word| !matches!(*word, "static" | "qualified" | "class"))
                .unwrap_or("")
        });
        let text = text.trim_matches([';', '"', '\'', '(', ')']);
        if text.len() < 400 {
            let module = text.replace("::", ".");
            self.import_all(node, &module);
        }
    }

    /// Reads the package or namespace of the whole file.
    pub(crate) fn package(&mut self, node: NodeRef<'t>) {
        if node.child(Field::Body).is_some() {
            return;
        }
        let text: String = node.text().replace('\\', ".");
        let text = text.trim().trim_end_matches(';');
        let name: String = text
            .split_whitespace()
            .filter(|word| !matches!(*word, "package" | "namespace") && !word.starts_with('@'))
            .take(1)
            .collect();
        let name = name.trim_matches([';', '{', '}', ' ']);
        self.facts.package = match self.facts.package {
            Name::EMPTY => self.intern(name),
            known => known,
        };
    }

    /// Returns an expression that nothing is known of; for what entry points
    /// are registered with.
    pub(crate) fn lower_or_unknown(&mut self, node: Option<NodeRef<'t>>) -> ExpressionId {
        node.map_or(ExpressionId::UNKNOWN, |node| self.lower(node))
    }
}

fn join(base: &str, path: &str) -> String {
    match (base, path) {
        ("", path) => path.to_owned(),
        (base, "") => base.to_owned(),
        (base, path) => format!("{base}::{path}"),
    }
}

/// Splits at the commas that are in no bracket.
fn outer_parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth <= 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
