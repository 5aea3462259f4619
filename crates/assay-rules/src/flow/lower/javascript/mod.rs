//! Lowers JavaScript, TypeScript and TSX: modules, functions, classes, and
//! what is in them.
//!
//! A module goes by its path; what it exports goes by the module's name and
//! its own. Functions that are used as classes (`new`, `prototype`) are
//! classes; a getter is a method, called where its name is read.

use std::collections::HashSet;

use assay_syntax::{Field, NodeId, NodeRef, SyntaxTree};

use super::Lowerer;
use crate::flow::builder::Builder;
use crate::flow::ir::Slot;
use crate::flow::lower::walk::Walk;

mod class;
mod entry;
mod expression;
mod function;
mod hoist;
mod jsx;
mod literal;
mod module;
mod name;
mod pattern;
mod statement;
#[cfg(test)]
mod tests;

pub(crate) use name::module_of_script;

pub(super) static LOWERER: Lowerer = Lowerer {
    languages: &["javascript", "typescript", "tsx"],
    models: "javascript",
    lower: |tree, builder| JavaScript::new(builder).file(tree),
};

/// The lowerer of one file.
struct JavaScript<'b> {
    b: &'b mut Builder,
    names: name::Names,
    facts: Facts,
    /// The qualified names of the file's classes, by the name in the file.
    classes: Vec<(String, usize)>,
    /// What `this` means, from the outside in.
    this: Vec<This>,
    /// The objects of the TypeScript namespaces around.
    namespaces: Vec<Slot>,
    /// Whether what the function gives back is the answer of a lambda.
    is_lambda: bool,
}

/// What `this` means.
#[derive(Clone, Debug)]
enum This {
    /// The variable of that name, if there is one around.
    Variable,
    /// The module, or a class in its static members.
    Global(String),
}

/// What is known of a file before it is lowered.
#[derive(Default)]
struct Facts {
    /// Functions that read `arguments`.
    takes_arguments: HashSet<NodeId>,
    getters: HashSet<String>,
    setters: HashSet<String>,
    /// Names that are assigned after they were declared.
    assigned: HashSet<String>,
    /// Functions that are used as classes.
    constructors: HashSet<String>,
    /// Functions that are handed what a lambda is handed.
    lambdas: HashSet<NodeId>,
    /// Whether browsers call what the file exports.
    is_of_actions: bool,
}

impl Walk for JavaScript<'_> {
    fn builder(&mut self) -> &mut Builder {
        self.b
    }

    fn expression_inside(&mut self, node: NodeRef<'_>) -> Slot {
        self.lower_expression(node)
    }

    fn statement_inside(&mut self, node: NodeRef<'_>) {
        self.lower_statement(node);
    }

    fn loop_statement(&mut self, node: NodeRef<'_>, label: Option<&str>) -> bool {
        match node.kind() {
            "while_statement" => self.while_loop(node, label, false),
            "do_statement" => self.while_loop(node, label, true),
            "for_statement" => self.for_loop(node, label),
            "for_in_statement" => self.each_loop(node, label),
            _ => return false,
        }
        true
    }
}

impl<'b> JavaScript<'b> {
    fn new(b: &'b mut Builder) -> Self {
        Self {
            b,
            names: name::Names::default(),
            facts: Facts::default(),
            classes: Vec::new(),
            this: vec![This::Variable],
            namespaces: Vec::new(),
            is_lambda: false,
        }
    }

    fn file(&mut self, tree: &SyntaxTree) {
        let path = self.b.path().to_display();
        let module = self.names.set_path(&path);
        self.b.set_package(&module);
        self.this = vec![This::Global(module)];
        self.survey(tree);
        let root = tree.root();
        self.facts.is_of_actions = entry::begins_on_server(root);
        self.hoist_variables(root);
        self.hoist(root);
        for node in root.named_children() {
            self.statement(node);
        }
    }

    /// Takes in what must be known before anything is lowered.
    fn survey(&mut self, tree: &SyntaxTree) {
        for node in tree.nodes() {
            match node.kind() {
                "identifier" if node.text() == "arguments" => {
                    let around = node.ancestors().find(|node| is_function_with_this(*node));
                    self.facts
                        .takes_arguments
                        .extend(around.map(|node| node.id()));
                }
                "property_identifier" | "shorthand_property_identifier_pattern"
                    if entry::is_of_lambda(node.text()) =>
                {
                    let around = node.ancestors().find(|node| is_function(*node));
                    self.facts.lambdas.extend(around.map(|node| node.id()));
                }
                "method_definition" => {
                    let name = node.child(Field::Name).map(key_text);
                    let kind = node.children().find(|n| matches!(n.kind(), "get" | "set"));
                    match (name, kind.map(NodeRef::kind)) {
                        (Some(Some(name)), Some("get")) => {
                            self.facts.getters.insert(name);
                        }
                        (Some(Some(name)), Some("set")) => {
                            self.facts.setters.insert(name);
                        }
                        _ => {}
                    }
                }
                "assignment_expression" | "augmented_assignment_expression" => {
                    self.survey_assignment(node);
                }
                "update_expression" => {
                    let target = node.child(Field::Operand).map_or("", NodeRef::text);
                    self.facts.assigned.insert(target.to_owned());
                }
                "new_expression" => {
                    let class = constructed(node).filter(|class| class.kind() == "identifier");
                    if let Some(class) = class {
                        self.facts.constructors.insert(class.text().to_owned());
                    }
                }
                "import_statement" => self.names.import_statement(node),
                "class_declaration"
                | "abstract_class_declaration"
                | "interface_declaration"
                | "enum_declaration" => {
                    if let Some(name) = node.child(Field::Name) {
                        let qualified = self.qualified(name.text());
                        self.names.declare_type(name.text(), &qualified);
                    }
                }
                "type_alias_declaration" => {
                    let (name, value) = (node.child(Field::Name), node.child(Field::Value));
                    let value = value.filter(|value| value.kind() != "object_type");
                    let meant = value.and_then(|value| self.names.ty(value));
                    if let (Some(name), Some(meant)) = (name, meant) {
                        self.names.declare_type(name.text(), &meant);
                    }
                }
                _ => {}
            }
        }
    }

    fn survey_assignment(&mut self, node: NodeRef<'_>) {
        let Some(left) = node.child(Field::Left) else {
            return;
        };
        match left.kind() {
            "identifier" => {
                self.facts.assigned.insert(left.text().to_owned());
            }
            "member_expression" => {
                // `Name.prototype = ...` and `Name.prototype.method = ...`.
                let text = left.text();
                if let Some((name, rest)) = text.split_once(".prototype")
                    && (rest.is_empty() || rest.starts_with('.'))
                {
                    self.facts.constructors.insert(name.to_owned());
                }
            }
            _ => {}
        }
    }

    /// Returns the name under which other files know something of this one.
    fn qualified(&self, name: &str) -> String {
        format!("{}.{name}", self.b.package())
    }
}

/// Returns whether the function has a `this` and `arguments` of its own.
fn is_function_with_this(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "function_declaration"
            | "function_expression"
            | "generator_function"
            | "generator_function_declaration"
            | "method_definition"
    )
}

/// Returns whether the node is a function or contains its own variables.
fn is_function(node: NodeRef<'_>) -> bool {
    node.kind() == "arrow_function" || is_function_with_this(node)
}

/// Returns whether the node is a class.
fn is_class(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "class" | "class_declaration" | "abstract_class_declaration"
    )
}

/// Returns the text of a key that is a constant.
fn key_text(key: NodeRef<'_>) -> Option<String> {
    match key.kind() {
        "string" => literal::string_of(key),
        "computed_property_name" => key.named_children().next().and_then(literal::string_of),
        _ => Some(key.text().to_owned()),
    }
}

/// Returns what a `new` expression makes an object of.
fn constructed(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    node.named_children()
        .find(|child| !matches!(child.kind(), "arguments" | "type_arguments"))
}
