//! Lowers PHP: files as scripts, functions, classes, and what is in them.
//!
//! Names are written with dots for backslashes. A variable belongs to its
//! function; what a script reads and nowhere sets goes by the global name
//! `$name`, as do the superglobals. A part of a superglobal under a constant
//! key is a variable of the function that reads it, so that a check of it
//! counts for what comes after. Parameters by reference are boxes with one
//! member, which the caller reads back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;

use assay_syntax::{Field, NodeRef, SyntaxTree};

use super::Lowerer;
use super::walk::Walk;
use crate::flow::builder::{Builder, Signature};
use crate::flow::ir::{Annotation, FunctionId, FunctionKind, Name, Op, ParamKind, Slot};

mod assign;
mod call;
mod class;
mod expression;
mod literal;
mod name;
mod statement;
#[cfg(test)]
mod tests;

use name::Names;

pub(super) static LOWERER: Lowerer = Lowerer {
    languages: &["php"],
    models: "php",
    lower: |tree, builder| Php::new(builder).file(tree),
};

/// Variables that are there in every function.
const SUPERGLOBALS: &[&str] = &[
    "_GET", "_POST", "_REQUEST", "_COOKIE", "_SERVER", "_FILES", "_ENV", "_SESSION", "GLOBALS",
];

/// The member under which a box keeps the variable that it stands for.
const BOXED: &str = "&";

/// So many variables are handed to a file that is included.
const SHARED_VARIABLES_MAX: usize = 64;

/// The lowerer of one file.
struct Php<'b> {
    b: &'b mut Builder,
    names: Names,
    /// The functions and methods of the file that take parameters by
    /// reference: their places, by bare name.
    by_reference: HashMap<String, Vec<usize>>,
    /// The classes whose bodies are being lowered.
    classes: Vec<OpenClass>,
    /// The function that is being lowered.
    inside: Inside,
    /// Declarations that were lowered before the statements around them.
    hoisted: HashSet<u32>,
}

/// A class whose body is being lowered.
struct OpenClass {
    class: usize,
    qualified: String,
    parent: Option<String>,
    /// Methods that need an object.
    methods: HashSet<String>,
}

/// What a function is being lowered as.
#[derive(Default)]
struct Inside {
    /// Whether it sees the variables around it (`fn`).
    is_arrow: bool,
    /// Whether it is the script itself.
    is_script: bool,
    /// Variables that anything sets; those of a script that nothing sets come
    /// from somewhere else.
    assigned: BTreeSet<String>,
    /// The boxes of parameters by reference.
    boxes: BTreeMap<String, Slot>,
    /// What variables were extracted from.
    extracted: Option<Slot>,
    /// The loops and switches around: their names, and whether each is a loop.
    jumps: Vec<(String, bool)>,
}

/// Returns a variable's name without its mark.
fn bare(node: NodeRef<'_>) -> &str {
    node.text().trim_start_matches(['&', '$', ' '])
}

/// Returns the first named child after a token.
fn after<'t>(node: NodeRef<'t>, token: &str) -> Option<NodeRef<'t>> {
    let mut children = node.children();
    children.find(|child| child.kind() == token)?;
    children.find(|child| child.is_named() && child.kind() != "comment")
}

fn is_function(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "function_definition" | "method_declaration" | "anonymous_function" | "arrow_function"
    )
}

fn is_class(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "class_declaration" | "interface_declaration" | "trait_declaration" | "enum_declaration"
    )
}

impl Walk for Php<'_> {
    fn builder(&mut self) -> &mut Builder {
        self.b
    }

    fn expression_inside(&mut self, node: NodeRef<'_>) -> Slot {
        self.lower_expression(node)
    }

    fn statement_inside(&mut self, node: NodeRef<'_>) {
        self.lower_statement(node);
    }

    fn loop_statement(&mut self, node: NodeRef<'_>, _label: Option<&str>) -> bool {
        self.lower_loop(node)
    }

    /// A block is no scope.
    fn block(&mut self, node: Option<NodeRef<'_>>) -> crate::flow::ir::Block {
        self.b.open();
        if let Some(node) = node {
            self.statement(node);
        }
        self.b.close()
    }
}

impl<'b> Php<'b> {
    fn new(b: &'b mut Builder) -> Self {
        Self {
            names: Names::new(b.models()),
            b,
            by_reference: HashMap::new(),
            classes: Vec::new(),
            inside: Inside::default(),
            hoisted: HashSet::new(),
        }
    }

    fn file(&mut self, tree: &SyntaxTree) {
        let root = tree.root();
        self.survey(root);
        let path = self.b.path().as_str().unwrap_or("").to_owned();
        self.b.set_module(&path);
        let package = self.names.namespace.clone();
        self.b.set_package(&package);
        self.inside.is_script = true;
        self.begin_body(root, &[]);
        self.statements(root);
    }

    /// Looks for what is known of the whole file.
    fn survey(&mut self, root: NodeRef<'_>) {
        let mut is_first = true;
        for node in root.subtree() {
            match node.kind() {
                "namespace_definition" if is_first => {
                    is_first = false;
                    self.names.enter(node);
                }
                "namespace_use_declaration" => self.names.import(node),
                "function_definition" => {
                    if let Some(name) = node.child(Field::Name) {
                        self.names.functions.insert(name.text().to_owned());
                    }
                    self.note_references(node);
                }
                "method_declaration" => self.note_references(node),
                _ => {}
            }
        }
    }

    fn note_references(&mut self, node: NodeRef<'_>) {
        let (Some(name), Some(list)) = (node.child(Field::Name), node.child(Field::Parameters))
        else {
            return;
        };
        let places: Vec<usize> = list
            .named_children()
            .enumerate()
            .filter(|(_, parameter)| is_reference(*parameter))
            .map(|(at, _)| at)
            .collect();
        if !places.is_empty() {
            self.by_reference.insert(name.text().to_owned(), places);
        }
    }

    /// Begins the body of a function or script: finds the variables that it
    /// sets, and reads the parts of superglobals that it uses.
    fn begin_body(&mut self, body: NodeRef<'_>, params: &[String]) {
        let mut assigned: BTreeSet<String> = params.iter().cloned().collect();
        let mut read: BTreeSet<String> = BTreeSet::new();
        let mut parts: Vec<(NodeRef<'_>, String)> = Vec::new();
        body.visit(|node| {
            if node != body && (is_function(node) || is_class(node)) {
                if node.kind() == "arrow_function" {
                    return ControlFlow::Continue(());
                }
                return ControlFlow::Break(());
            }
            match node.kind() {
                "variable_name" => {
                    let name = bare(node).to_owned();
                    if is_set(node) {
                        assigned.insert(name);
                    } else {
                        read.insert(name);
                    }
                }
                "subscript_expression" => {
                    if let Some(name) = superglobal_part(node)
                        && !parts.iter().any(|(_, known)| *known == name)
                    {
                        parts.push((node, name));
                    }
                }
                _ => {}
            }
            ControlFlow::Continue(())
        });
        if self.inside.is_script {
            self.read_from_outside(body, &read, &assigned);
        }
        self.inside.assigned = assigned;
        for (node, name) in parts {
            let slot = self.b.declare_in_function(&name, None);
            if let Some(value) = self.superglobal_value(node) {
                self.b.assign(node, slot, value);
            }
        }
    }

    /// What a script reads and nowhere sets comes from the file that includes
    /// it, or from one that is not known.
    fn read_from_outside(
        &mut self,
        body: NodeRef<'_>,
        read: &BTreeSet<String>,
        assigned: &BTreeSet<String>,
    ) {
        let outside = read
            .difference(assigned)
            .filter(|name| *name != "this" && !SUPERGLOBALS.contains(&name.as_str()));
        for name in outside.take(SHARED_VARIABLES_MAX) {
            let slot = self.b.param(name, ParamKind::Plain, None);
            self.b.open();
            let value = self.b.global(body, &format!("${name}"));
            let default = self.b.close();
            self.b.default(body, slot, default, value);
        }
    }

    /// Lowers a function; `class` is the one that it is a method of.
    fn function(
        &mut self,
        node: NodeRef<'_>,
        name: &str,
        kind: FunctionKind,
        class: Option<usize>,
    ) -> FunctionId {
        let mut signature = Signature::new(name, kind);
        signature.class = class;
        signature.result = node
            .child(Field::ReturnType)
            .and_then(|ty| self.ty(ty))
            .map(Name::from);
        signature.annotations = self.annotations(node);
        let is_action = class.is_some() && self.is_action(node, &signature.annotations);
        let uses: Vec<(String, bool)> = node
            .named_children()
            .filter(|child| child.kind() == "anonymous_function_use_clause")
            .flat_map(NodeRef::named_children)
            .map(|used| (bare(used).to_owned(), used.kind() == "by_ref"))
            .collect();
        let outer = std::mem::take(&mut self.inside);
        for (used, _) in &uses {
            // What the function uses is a variable around it.
            if outer.is_arrow {
                self.b.lookup(used);
            } else {
                self.b.declare_in_function(used, None);
            }
        }
        self.b.begin_function(node, signature);
        self.inside.is_arrow = node.kind() == "arrow_function";
        if matches!(kind, FunctionKind::Method | FunctionKind::Constructor)
            && let Some(class) = class
        {
            let owner = self.b.class(class).name.clone();
            self.b.param("this", ParamKind::Receiver, Some(&owner));
        }
        let params = self.parameters(node, is_action);
        for (used, is_reference) in &uses {
            let Some(captured) = self.b.lookup(used) else {
                continue;
            };
            if *is_reference {
                self.b.bind(used, captured);
            } else {
                let own = self.b.declare(used, None);
                self.b.assign(node, own, captured);
            }
        }
        if let Some(body) = node.child(Field::Body) {
            let known: Vec<String> = params
                .iter()
                .cloned()
                .chain(uses.into_iter().map(|used| used.0))
                .collect();
            self.begin_body(body, &known);
            self.box_parameters(node);
            self.promote(node);
            if node.kind() == "arrow_function" {
                let value = self.expression(body);
                self.b.return_value(body, Some(value));
            } else {
                self.statements(body);
            }
        }
        self.inside = outer;
        self.b.end_function()
    }

    /// Declares the parameters and what they are without an argument; returns
    /// their names.
    fn parameters(&mut self, node: NodeRef<'_>, is_action: bool) -> Vec<String> {
        let list = node.child(Field::Parameters);
        let mut names = Vec::new();
        let mut defaults = Vec::new();
        for parameter in list.into_iter().flat_map(NodeRef::named_children) {
            let Some(name) = parameter.child(Field::Name) else {
                continue;
            };
            let name = bare(name);
            let ty = parameter.child(Field::Type).and_then(|ty| self.ty(ty));
            let kind = match parameter.kind() {
                "variadic_parameter" => ParamKind::Rest,
                _ => ParamKind::Plain,
            };
            let is_text = ty.as_deref().is_none_or(|ty| ty == "string");
            let mut annotations = self.annotations(parameter);
            if is_action && is_text {
                annotations.push(Annotation {
                    name: Name::from("php.route-part"),
                    arguments: Vec::new(),
                });
            }
            let ty = ty.filter(|_| kind != ParamKind::Rest);
            let slot = self
                .b
                .annotated_param(name, kind, ty.as_deref(), annotations);
            names.push(name.to_owned());
            if let Some(value) = after(parameter, "=") {
                defaults.push((slot, value));
            }
        }
        for (slot, value) in defaults {
            self.b.open();
            let default = self.expression(value);
            let body = self.b.close();
            self.b.default(value, slot, body, default);
        }
        names
    }

    /// Takes the parameters by reference out of their boxes.
    fn box_parameters(&mut self, node: NodeRef<'_>) {
        let list = node.child(Field::Parameters);
        for parameter in list.into_iter().flat_map(NodeRef::named_children) {
            let Some(name) = parameter.child(Field::Name).map(bare) else {
                continue;
            };
            if !is_reference(parameter) {
                continue;
            }
            let Some(slot) = self.b.local(name) else {
                continue;
            };
            let holder = self.b.copy(parameter, slot);
            let value = self.b.load(parameter, holder, BOXED);
            self.b.assign(parameter, slot, value);
            self.inside.boxes.insert(name.to_owned(), holder);
        }
    }

    /// Keeps the parameters of a constructor that are fields.
    fn promote(&mut self, node: NodeRef<'_>) {
        let list = node.child(Field::Parameters);
        for parameter in list.into_iter().flat_map(NodeRef::named_children) {
            if parameter.kind() != "property_promotion_parameter" {
                continue;
            }
            let name = parameter.child(Field::Name).map(bare);
            if let (Some(name), Some(this)) = (name, self.b.local("this"))
                && let Some(value) = self.b.local(name)
            {
                self.b.store(parameter, this, name, value);
            }
        }
    }

    /// Lowers a function without a name to its value.
    fn closure(&mut self, node: NodeRef<'_>) -> Slot {
        let function = self.function(node, "", FunctionKind::Closure, None);
        self.b.emit(node, Op::Closure(function))
    }
}

/// Returns whether a parameter takes its variable by reference.
fn is_reference(parameter: NodeRef<'_>) -> bool {
    parameter
        .children()
        .any(|child| matches!(child.kind(), "reference_modifier" | "by_ref"))
}

/// Returns whether a variable is set where it stands, as far as its place tells.
fn is_set(node: NodeRef<'_>) -> bool {
    let mut inner = node;
    while let Some(parent) = inner.parent() {
        match parent.kind() {
            "assignment_expression"
            | "augmented_assignment_expression"
            | "reference_assignment_expression" => {
                return inner.field() == Field::Left || parent.kind().starts_with("reference");
            }
            "subscript_expression" | "by_ref" | "list_literal" | "array_element_initializer" => {}
            "foreach_statement" => {
                return parent.named_children().next() != Some(inner)
                    && inner.field() != Field::Body;
            }
            "pair" => return true,
            "argument" | "catch_clause" | "global_declaration" | "static_variable_declaration" => {
                return true;
            }
            _ => return false,
        }
        inner = parent;
    }
    false
}

/// Returns the name of the variable that stands for a part of a superglobal
/// under a constant key.
fn superglobal_part(node: NodeRef<'_>) -> Option<String> {
    let mut parts = node.named_children();
    let (object, key) = (parts.next()?, parts.next()?);
    let name = match object.kind() {
        "variable_name" => bare(object),
        _ => return None,
    };
    if !SUPERGLOBALS.contains(&name) || matches!(name, "GLOBALS" | "_SESSION") {
        return None;
    }
    let key = literal::key(key)?;
    Some(format!("${name}[{key}]"))
}
