//! What the names in a file stand for: imports, and variables with the one value
//! or the type that they have. Made when a rule first asks.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use assay_syntax::{Field, NodeRef, Role, RoleSet, SyntaxTree};

use crate::pattern::import::{Imports, required_module};
use crate::pattern::path::{UNKNOWN, segments};

/// A name is followed through so many other names.
const STEPS_MAX: usize = 4;

/// Functions nest at most so deep while a name is looked up.
const SCOPES_MAX: usize = 32;

/// What a variable is known to be.
#[derive(Clone, Copy, Debug)]
struct Binding<'t> {
    value: Option<NodeRef<'t>>,
    type_: Option<NodeRef<'t>>,
    /// Whether something else may be in it as well.
    varies: bool,
}

/// The names of one tree, read when they are first asked for.
pub(crate) struct Facts<'t> {
    tree: &'t SyntaxTree,
    names: OnceCell<Names<'t>>,
    /// Whether an import gives what it imports another name.
    has_renames: Cell<bool>,
}

struct Names<'t> {
    imports: Imports<'t>,
    /// By the function (its place plus one; 0 is the file and its classes).
    bindings: HashMap<(u32, &'t str), Binding<'t>>,
}

/// A path with what is known of where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) text: String,
    /// Whether imports or types say what the first name is.
    pub(crate) is_resolved: bool,
}

const SCOPED: RoleSet = RoleSet::of(&[
    Role::Assignment,
    Role::Variable,
    Role::FieldDeclaration,
    Role::Parameter,
    Role::ForLoop,
]);

impl<'t> Names<'t> {
    fn read(tree: &'t SyntaxTree) -> Self {
        let mut names = Self {
            imports: Imports::read(tree),
            bindings: HashMap::new(),
        };
        for node in tree.nodes() {
            let sets = is_setting(node);
            if sets || node.has_any(SCOPED) {
                names.bind(node, sets);
            }
        }
        names
    }

    fn bind(&mut self, node: NodeRef<'t>, sets: bool) {
        let type_ = declared_type(node);
        if node.has(Role::Parameter) {
            if let Some(name) = parameter_name(node) {
                self.add(scope(node), name, None, type_, true);
            }
            return;
        }
        if !sets {
            // A declaration without a value, and what a loop sets.
            if node.has(Role::ForLoop) {
                for field in [Field::Left, Field::Name, Field::Pattern] {
                    if let Some(name) = node.child(field) {
                        self.add(scope(node), name.text(), None, None, true);
                    }
                }
            } else if type_.is_some() && !node.children().any(is_setting) {
                for name in node.declared_names() {
                    self.add(scope_of_target(node), name.text(), None, type_, false);
                }
            }
            return;
        }
        if matches!(
            node.kind(),
            "pair"
                | "keyed_element"
                | "keyword_argument"
                | "field_initializer"
                | "field"
                | "array_element_initializer"
                | "jsx_attribute"
                | "named_argument"
        ) {
            return;
        }
        // `new Settings { Depth = 3 }` sets a property of the new object.
        if node
            .parent()
            .is_some_and(|p| p.kind() == "initializer_expression")
        {
            return;
        }
        let is_compound = node.kind().starts_with("augmented")
            || matches!(
                node.kind(),
                "compound_assignment_expr" | "operator_assignment"
            );
        for (target, value) in settings(node) {
            let target = innermost(target);
            let type_ = type_.or_else(|| node.parent().and_then(declared_type));
            if target.is_leaf() || target.kind() == "variable_name" {
                let scope = scope_of_target(node);
                self.add(scope, target.text(), Some(value), type_, is_compound);
            } else if target.has(Role::Member)
                && let [of, name] = segments(target)[..]
                && is_self(of)
            {
                self.add(0, name, Some(value), type_, is_compound);
            }
        }
    }

    fn add(
        &mut self,
        scope: u32,
        name: &'t str,
        value: Option<NodeRef<'t>>,
        type_: Option<NodeRef<'t>>,
        varies: bool,
    ) {
        match self.bindings.entry((scope, name)) {
            Entry::Vacant(entry) => {
                entry.insert(Binding {
                    value,
                    type_,
                    varies,
                });
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                let is_first_value = known.value.is_none() && !known.varies && value.is_some();
                known.varies |= varies || known.value.is_some() && value.is_some();
                if is_first_value {
                    known.value = value;
                }
                let differs = |old: NodeRef<'_>| type_.is_some_and(|new| new.text() != old.text());
                if known.type_.is_some_and(differs) {
                    known.type_ = None;
                    known.varies = true;
                } else {
                    known.type_ = known.type_.or(type_);
                }
            }
        }
    }
}

impl<'t> Facts<'t> {
    pub(crate) fn new(tree: &'t SyntaxTree) -> Self {
        Self {
            tree,
            names: OnceCell::new(),
            has_renames: Cell::new(false),
        }
    }

    /// Takes note of an import that gives what it imports another name.
    pub(crate) fn note_import(&self, import: NodeRef<'t>) {
        let text = import.text();
        // What a module of JavaScript exports by default has no name of its own.
        let is_default = import.subtree().take(4).any(|part| {
            part.kind() == "import_clause"
                && part
                    .children()
                    .next()
                    .is_some_and(|first| first.has(Role::Identifier))
        });
        let pattern = || import.parent()?.child(Field::Name);
        if text.contains(" as ")
            || text.contains('=')
            || is_default
            || import.has(Role::Call)
                && pattern().is_some_and(|name| name.is_leaf() || name.text().contains(':'))
        {
            self.has_renames.set(true);
        }
    }

    /// Returns the name under which something was declared that this file calls
    /// otherwise.
    pub(crate) fn original_name(&self, name: &str) -> Option<&str> {
        if !self.has_renames.get() {
            return None;
        }
        let path = self.names().imports.names.get(name)?;
        path.rsplit('.').next().filter(|last| *last != name)
    }

    fn names(&self) -> &Names<'t> {
        self.names.get_or_init(|| Names::read(self.tree))
    }

    /// Returns the imported modules with where each stands.
    pub(crate) fn modules(&self) -> &[(String, NodeRef<'t>)] {
        &self.names().imports.modules
    }

    fn binding(&self, node: NodeRef<'t>, name: &str) -> Option<Binding<'t>> {
        let mut at = node;
        for _ in 0..SCOPES_MAX {
            let scope = scope(at);
            if let Some(binding) = self.names().bindings.get(&(scope, name)) {
                return Some(*binding);
            }
            if scope == 0 {
                return None;
            }
            at = at.ancestor_with(Role::Function)?;
        }
        None
    }

    /// Returns the one value that a name has.
    pub(crate) fn value(&self, name: NodeRef<'t>) -> Option<NodeRef<'t>> {
        let text = match segments(name)[..] {
            [only] => only,
            [of, field] if is_self(of) || of.starts_with(char::is_uppercase) => field,
            _ => return None,
        };
        let binding = self.binding(name, text)?;
        binding.value.filter(|_| !binding.varies)
    }

    /// Returns the path of an expression with its first name resolved.
    pub(crate) fn path(&self, node: NodeRef<'t>) -> Path {
        self.path_within(node, STEPS_MAX)
    }

    fn path_within(&self, node: NodeRef<'t>, steps: usize) -> Path {
        if is_require(node)
            && let Some(module) = required_module(node)
        {
            return Path {
                text: module,
                is_resolved: true,
            };
        }
        let names = segments(node);
        let Some((&first, mut rest)) = names.split_first() else {
            return Path {
                text: UNKNOWN.to_owned(),
                is_resolved: true,
            };
        };
        // `require('m').f` and `(await import('m')).f`
        if matches!(first, "require" | "import")
            && let Some(call) = node.subtree().take(8).find(|part| is_require(*part))
            && let Some(module) = required_module(call)
        {
            return joined(&module, rest, true);
        }
        let mut name = first;
        if is_self(first)
            && let Some((field, after)) = rest.split_first()
            && self.names().bindings.contains_key(&(0, *field))
            && (!after.is_empty() || !node.has(Role::Call))
        {
            (name, rest) = (field, after);
        }
        let is_own = name != first;
        if let Some(path) = self.names().imports.names.get(name).filter(|_| !is_own) {
            return joined(path, rest, true);
        }
        let at = if is_own { node.tree().root() } else { node };
        let Some(binding) = self.binding(at, name) else {
            return joined(name.trim_start_matches('\\'), rest, false);
        };
        // The name of what is being set here is not what it is set to.
        let is_here = binding.value.is_some_and(|value| value.encloses(node));
        if is_here && binding.type_.is_none() {
            return joined(name, rest, false);
        }
        if let Some(type_) = binding.type_
            && !matches!(type_.text(), "var" | "let" | "val" | "auto" | "const")
        {
            let path = self.type_path(type_);
            return joined(&path.text, rest, path.is_resolved);
        }
        match binding.value.filter(|_| !binding.varies && !is_here) {
            Some(value) if steps > 0 && is_nameable(value) => {
                let path = self.path_within(value, steps - 1);
                joined(&path.text, rest, path.is_resolved)
            }
            _ => joined(UNKNOWN, rest, true),
        }
    }

    /// Returns the path of a type, its name resolved by the imports.
    fn type_path(&self, type_: NodeRef<'t>) -> Path {
        let names = segments(type_);
        let Some((first, rest)) = names.split_first() else {
            return joined(UNKNOWN, &[], true);
        };
        match self.names().imports.names.get(first) {
            Some(path) => joined(path, rest, true),
            None => joined(first, rest, false),
        }
    }

    /// Returns whether a path is what a rule means by `wanted`. A name that no
    /// import explains may stand for the end of it.
    pub(crate) fn is(&self, path: &Path, wanted: &str) -> bool {
        let text = path.text.strip_prefix("std.").unwrap_or(&path.text);
        let wanted = wanted.strip_prefix("std.").unwrap_or(wanted);
        if let Some(any) = wanted.strip_prefix('*') {
            // `*.A.b` is also `A.b`, but `*.b` is not the bare `b`.
            let bare = any.strip_prefix('.').filter(|bare| bare.contains('.'));
            return bare == Some(text) || text.ends_with(any) && text.len() > any.len();
        }
        if text == wanted {
            return true;
        }
        // In these languages no name is there without an import of its own.
        const BY_NAME: &[&str] = &["go", "python", "javascript", "typescript", "tsx", "rust"];
        if path.is_resolved || BY_NAME.contains(&self.tree.language().id().as_str()) {
            return false;
        }
        let Some(package) = wanted
            .strip_suffix(text)
            .and_then(|before| before.strip_suffix('.'))
        else {
            return false;
        };
        // Only types are known by their bare name: `Cipher.getInstance`.
        let is_type = text.starts_with(|c: char| c.is_uppercase());
        is_type
            && (self.names().imports.packages.is_empty()
                && (self.names().imports.names.is_empty() || !package.contains('.'))
                || self
                    .names()
                    .imports
                    .packages
                    .iter()
                    .any(|p| package == p || package.starts_with(p.as_str())))
    }
}

fn joined(head: &str, rest: &[&str], is_resolved: bool) -> Path {
    let mut text = head.to_owned();
    for name in rest {
        if *name == "!" {
            text.push('!');
            continue;
        }
        text.push('.');
        text.push_str(name);
    }
    Path { text, is_resolved }
}

fn is_self(name: &str) -> bool {
    matches!(name, "self" | "this" | "$this" | "cls")
}

fn is_require(node: NodeRef<'_>) -> bool {
    node.kind() == "call_expression" && node.has(Role::Import)
}

/// Returns whether the path of a value says something about what it is.
fn is_nameable(value: NodeRef<'_>) -> bool {
    const NAMEABLE: RoleSet = RoleSet::of(&[
        Role::Call,
        Role::Member,
        Role::Identifier,
        Role::TypeName,
        Role::Await,
    ]);
    value.has_any(NAMEABLE)
        || matches!(
            value.kind(),
            "composite_literal"
                | "struct_expression"
                | "unary_expression"
                | "parenthesized_expression"
                | "variable_name"
                | "qualified_name"
                | "as_expression"
                | "await_expression"
                | "try_expression"
                | "expression_list"
                | "scope_resolution"
                | "member_access_expression"
        )
}

fn scope(node: NodeRef<'_>) -> u32 {
    node.ancestor_with(Role::Function)
        .map_or(0, |function| function.id().index() as u32 + 1)
}

fn scope_of_target(node: NodeRef<'_>) -> u32 {
    let field = node.has(Role::FieldDeclaration)
        || node
            .parent()
            .is_some_and(|parent| parent.has(Role::FieldDeclaration));
    if field { 0 } else { scope(node) }
}

fn declared_type(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    node.child(Field::Type)
        .or_else(|| {
            let inner = node.children();
            let mut inner =
                inner.filter(|child| matches!(child.kind(), "variable_declaration" | "user_type"));
            let child = inner.next()?;
            match child.kind() {
                "user_type" => Some(child),
                _ => child
                    .child(Field::Type)
                    .or_else(|| child.children().find(|part| part.kind() == "user_type")),
            }
        })
        .filter(|type_| type_.subtree_len() < 64)
}

fn parameter_name<'t>(node: NodeRef<'t>) -> Option<&'t str> {
    node.child(Field::Name)
        .or_else(|| node.child(Field::Pattern))
        .or_else(|| node.name_node())
        .or_else(|| node.subtree().find(|part| part.has(Role::Identifier)))
        .map(|name| innermost(name).text())
}

/// Goes into what only wraps one thing: a list of one, a declarator.
fn innermost(node: NodeRef<'_>) -> NodeRef<'_> {
    let mut node = node;
    for _ in 0..8 {
        let wraps = matches!(
            node.kind(),
            "expression_list"
                | "variable_list"
                | "variable_declaration"
                | "pattern"
                | "pointer_declarator"
                | "array_declarator"
                | "reference_declarator"
                | "value_binding_pattern"
                | "literal_element"
                | "directly_assignable_expression"
        );
        let Some(inner) = node.named_children().next().filter(|_| wraps) else {
            return node;
        };
        node = node.child(Field::Declarator).unwrap_or(inner);
    }
    node
}

/// Returns whether a node gives a name or key a value.
pub(crate) fn is_setting(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "assignment"
            | "assignment_expression"
            | "assignment_statement"
            | "augmented_assignment"
            | "augmented_assignment_expression"
            | "compound_assignment_expr"
            | "operator_assignment"
            | "variable_declarator"
            | "init_declarator"
            | "short_var_declaration"
            | "var_spec"
            | "const_spec"
            | "let_declaration"
            | "const_item"
            | "static_item"
            | "property_declaration"
            | "val_definition"
            | "var_definition"
            | "const_element"
            | "property_element"
            | "variable_assignment"
            | "pair"
            | "keyed_element"
            | "keyword_argument"
            | "field_initializer"
            | "array_element_initializer"
            | "jsx_attribute"
            | "public_field_definition"
            | "field_definition"
            | "initialized_identifier"
            | "named_argument"
            | "element_value_pair"
            | "initialized_variable_definition"
            | "initialized_variable_declaration"
            | "static_final_declaration"
            | "field"
    )
}

/// Returns the targets and the values of a node that sets something.
pub(crate) fn settings<'t>(node: NodeRef<'t>) -> Vec<(NodeRef<'t>, NodeRef<'t>)> {
    let Some((target, value)) = setting(node) else {
        return Vec::new();
    };
    let is_list = |node: NodeRef<'_>| {
        matches!(
            node.kind(),
            "expression_list" | "pattern_list" | "variable_list" | "left_assignment_list"
        )
    };
    if !is_list(target) {
        // `a := f()` holds a list of one.
        let mut inside = value.named_children();
        let only = inside.next().filter(|_| inside.next().is_none());
        return vec![(target, only.filter(|_| is_list(value)).unwrap_or(value))];
    }
    let targets: Vec<_> = target.named_children().collect();
    let values: Vec<_> = match is_list(value) {
        true => value.named_children().collect(),
        false => vec![value],
    };
    match (&targets[..], &values[..]) {
        // `value, err := f()`
        ([first, ..], [only]) => vec![(*first, *only)],
        _ => targets.into_iter().zip(values).collect(),
    }
}

fn setting<'t>(node: NodeRef<'t>) -> Option<(NodeRef<'t>, NodeRef<'t>)> {
    const TARGETS: [Field; 6] = [
        Field::Left,
        Field::Name,
        Field::Key,
        Field::Pattern,
        Field::Declarator,
        Field::Property,
    ];
    let by_field = || {
        let target = TARGETS.iter().find_map(|field| node.child(*field))?;
        let value = node
            .child(Field::Right)
            .or_else(|| node.child(Field::Value))?;
        (target != value).then_some((target, value))
    };
    by_field().or_else(|| by_token(node))
}

/// Takes what stands on both sides of `=`, `=>` or `:`.
pub(crate) fn by_token<'t>(node: NodeRef<'t>) -> Option<(NodeRef<'t>, NodeRef<'t>)> {
    let find = |tokens: &[&str]| {
        node.children()
            .find(|child| !child.is_named() && tokens.contains(&child.kind()))
    };
    let token = find(&["=", ":=", "=>"]).or_else(|| find(&[":"]))?;
    let before = |child: &NodeRef<'t>| child.id() < token.id();
    let target = node
        .named_children()
        .take_while(before)
        .filter(|child| {
            !matches!(
                child.kind(),
                "modifiers" | "type_annotation" | "accessor_list"
            )
        })
        .last()?;
    let value = node
        .named_children()
        .find(|child| child.id() > token.id())?;
    Some((target, value))
}
