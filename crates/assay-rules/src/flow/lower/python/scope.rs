//! What names mean in a Python file: which scope binds a name, and to what.
//!
//! A name that a function assigns anywhere is a variable of that function, so
//! a scope is scanned before any of its code is lowered.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use assay_syntax::{Field, NodeRef};

use super::items;
use super::name::{dotted, module_of};
use crate::flow::project::from_folder;

/// What a name is bound to in a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    /// A variable of the function or of the module.
    Variable,
    /// A module, or something of a module, by its qualified name.
    Import(String),
    /// A class, by its qualified name.
    Class(String),
    /// A member of the class whose body is being lowered.
    Member,
    /// A variable of the module.
    Global,
    /// A variable of a function around.
    Nonlocal,
}

/// The kinds of scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Class,
    Function,
    Comprehension,
}

/// A scope whose code is being lowered.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) kind: ScopeKind,
    pub(super) names: HashMap<String, Binding>,
    /// Variables that hold the result of a call: what is called, as written.
    pub(super) made_by: HashMap<String, String>,
    /// What classes declared in it are prefixed with.
    pub(super) prefix: String,
}

impl Scope {
    pub(super) fn new(kind: ScopeKind, prefix: &str) -> Self {
        Self {
            kind,
            names: HashMap::new(),
            made_by: HashMap::new(),
            prefix: prefix.to_owned(),
        }
    }

    /// Binds a parameter or another name that is a variable in any case.
    pub(super) fn variable(&mut self, name: &str) {
        self.names.insert(name.to_owned(), Binding::Variable);
    }

    /// Binds what the code of the scope binds.
    pub(super) fn scan(&mut self, body: NodeRef<'_>, module: &Module) {
        body.visit(|node| {
            match node.kind() {
                "function_definition" => {
                    if let Some(name) = node.child(Field::Name) {
                        self.assigned(name.text(), is_fallback(node));
                    }
                    return ControlFlow::Break(());
                }
                "class_definition" => {
                    if let Some(name) = node.child(Field::Name) {
                        let qualified = join(&self.prefix, name.text());
                        let binding = self.names.entry(name.text().to_owned());
                        binding.or_insert(Binding::Class(qualified));
                    }
                    return ControlFlow::Break(());
                }
                "lambda" | "type" => return ControlFlow::Break(()),
                "assignment" => self.assignment(node),
                "augmented_assignment" | "for_statement" => {
                    if let Some(left) = node.child(Field::Left) {
                        self.targets(left, false);
                    }
                }
                "named_expression" => {
                    if let Some(name) = node.child(Field::Name) {
                        self.assigned(name.text(), false);
                    }
                }
                "as_pattern_target" => self.targets(node, false),
                "case_pattern" => self.captures(node),
                "splat_pattern" => {
                    if let Some(name) = items(node).find(|n| n.kind() == "identifier") {
                        self.assigned(name.text(), false);
                    }
                }
                "import_statement" | "import_from_statement" => {
                    self.import(node, module);
                    return ControlFlow::Break(());
                }
                "global_statement" | "nonlocal_statement" => {
                    let binding = match node.kind() {
                        "global_statement" => Binding::Global,
                        _ => Binding::Nonlocal,
                    };
                    for name in items(node) {
                        self.names.insert(name.text().to_owned(), binding.clone());
                    }
                }
                _ => {}
            }
            ControlFlow::Continue(())
        });
        if self.kind == ScopeKind::Class {
            for binding in self.names.values_mut() {
                if *binding == Binding::Variable {
                    *binding = Binding::Member;
                }
            }
        }
    }

    fn assignment(&mut self, node: NodeRef<'_>) {
        let (Some(left), right) = (node.child(Field::Left), node.child(Field::Right)) else {
            return;
        };
        let is_none = right.is_some_and(|right| matches!(right.kind(), "none" | "false" | "true"));
        if right.is_none() && self.kind != ScopeKind::Class {
            // A declaration of a type alone: it binds all the same.
            self.targets(left, true);
            return;
        }
        if let (Some(right), "identifier") = (right, left.kind())
            && right.kind() == "call"
            && let Some(callee) = right.child(Field::Function)
        {
            let made = self.made_by.entry(left.text().to_owned());
            made.or_insert_with(|| dotted(callee));
        }
        self.targets(left, is_none || is_fallback(node));
    }

    /// Binds the names in a target of an assignment.
    fn targets(&mut self, target: NodeRef<'_>, is_weak: bool) {
        target.visit(|node| match node.kind() {
            "identifier" => {
                self.assigned(node.text(), is_weak);
                ControlFlow::Break(())
            }
            "attribute" | "subscript" => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
    }

    /// Binds the names that a pattern of `match` captures.
    fn captures(&mut self, pattern: NodeRef<'_>) {
        for part in items(pattern) {
            let name = match part.kind() {
                "dotted_name" if items(part).count() == 1 => items(part).next(),
                "as_pattern" => items(part).filter(|n| n.kind() == "identifier").last(),
                "keyword_pattern" => items(part)
                    .last()
                    .filter(|n| n.kind() == "dotted_name" && items(*n).count() == 1),
                "identifier" => Some(part),
                _ => None,
            };
            if let Some(name) = name {
                self.assigned(name.text(), false);
            }
        }
    }

    /// Binds a name that is assigned. `is_weak`: only a stand-in for an import
    /// that failed.
    fn assigned(&mut self, name: &str, is_weak: bool) {
        match self.names.get_mut(name) {
            None => {
                self.names.insert(name.to_owned(), Binding::Variable);
            }
            Some(binding @ Binding::Import(_)) if !is_weak => *binding = Binding::Variable,
            Some(_) => {}
        }
    }

    fn import(&mut self, node: NodeRef<'_>, module: &Module) {
        for (name, qualified) in imported(node, module) {
            let binding = Binding::Import(qualified);
            match self.names.get(&name) {
                Some(Binding::Import(_) | Binding::Global | Binding::Nonlocal) => {}
                _ => {
                    self.names.insert(name, binding);
                }
            }
        }
    }
}

/// The module that a file is.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Its qualified name: `app.views`.
    pub(super) name: String,
    /// Whether it is the `__init__` of a package.
    pub(super) is_package: bool,
    /// How the names of modules begin that the file imports and that may stand beside
    /// it, or in a folder around it.
    pub(super) own: HashSet<String>,
}

impl Module {
    /// Returns the name of an imported module: one that may be the project's own says
    /// from where it is looked for.
    pub(super) fn imported(&self, path: String) -> String {
        let first = path.split('.').next().unwrap_or(&path);
        if !self.own.contains(first) {
            return path;
        }
        let folder = match (self.is_package, self.name.rsplit_once('.')) {
            (true, _) => self.name.as_str(),
            (false, Some((folder, _))) => folder,
            (false, None) => return path,
        };
        from_folder(folder, &path)
    }
}

/// Returns the names that an import binds, with what they stand for.
pub(super) fn imported(node: NodeRef<'_>, module: &Module) -> Vec<(String, String)> {
    let of_field = |field| node.children().filter(move |child| child.field() == field);
    let from = (node.kind() == "import_from_statement")
        .then(|| node.child(Field::Source))
        .flatten()
        .map(|source| module_of(source, module));
    let mut found = Vec::new();
    for name in of_field(Field::Name) {
        let (path, alias) = match name.kind() {
            "aliased_import" => {
                let path = name.child(Field::Name).map(dotted).unwrap_or_default();
                (path, name.child(Field::Alias).map(NodeRef::text))
            }
            _ => (dotted(name), None),
        };
        match (&from, alias) {
            (Some(from), alias) => {
                let own = alias.unwrap_or(&path).to_owned();
                found.push((own, join(from, &path)));
            }
            (None, Some(alias)) => found.push((alias.to_owned(), module.imported(path))),
            // `import a.b` binds `a`.
            (None, None) => {
                let first = path.split('.').next().unwrap_or(&path).to_owned();
                found.push((first.clone(), module.imported(first)));
            }
        }
    }
    found
}

/// Returns whether a statement stands where an import failed.
fn is_fallback(node: NodeRef<'_>) -> bool {
    const ANCESTORS_MAX: usize = 4;
    node.ancestors()
        .take(ANCESTORS_MAX)
        .any(|ancestor| ancestor.kind() == "except_clause")
}

/// Joins a prefix and a name with a dot.
pub(super) fn join(prefix: &str, name: &str) -> String {
    match prefix {
        "" => name.to_owned(),
        prefix if prefix.ends_with('.') => format!("{prefix}{name}"),
        prefix => format!("{prefix}.{name}"),
    }
}
