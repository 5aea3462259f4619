//! Lowers Go: packages, their functions and types, and what is in them.
//!
//! A package is a folder: what its files declare goes by the folder's path.
//! Pointers are what they point to, channels are lists, and several results
//! are a list whose last element tells whether it went well.

use std::collections::{HashMap, HashSet};

use assay_source::Span;
use assay_syntax::{Field, NodeRef, SyntaxTree};

use super::Lowerer;
use super::walk::Walk;
use crate::flow::builder::{Builder, Signature};
use crate::flow::ir::{
    Arg, Callee, Class, Field as ClassField, FunctionId, FunctionKind, Name, Op, ParamKind, Slot,
};

mod assign;
mod call;
mod expression;
mod literal;
mod name;
mod statement;

pub(super) static LOWERER: Lowerer = Lowerer {
    languages: &["go"],
    models: "go",
    lower: |tree, builder| Go::new(builder).file(tree),
};

/// A type that the file declares.
#[derive(Clone, Debug)]
struct Declared {
    /// Its place in the unit.
    class: usize,
    qualified: String,
    /// Names of the fields in their order; none: it is no structure.
    fields: Option<Vec<String>>,
    /// The type that it is another name of (`map`, `[]T`, ...).
    is_list_or_map: bool,
}

/// A function whose body is being lowered.
#[derive(Default)]
struct Inside {
    /// The variables of named results.
    results: Vec<Slot>,
    /// What to call when it ends, the first deferred first.
    deferred: Vec<Waiting>,
    /// What to call again where it ends: it may wait for what is sent later.
    started: Vec<Waiting>,
    /// Where something is sent to a channel.
    sends: Vec<u32>,
    /// The variable of what was thrown, when a deferred function recovers.
    recovered: Option<String>,
}

/// A call that waits, with its place.
type Waiting = (Callee, Vec<Arg>, Span);

impl Inside {
    /// Returns whether something is sent to a channel behind a statement.
    fn sends_after(&self, statement: Span) -> bool {
        self.sends.iter().any(|at| *at >= statement.end)
    }
}

/// The lowerer of one file.
struct Go<'b> {
    b: &'b mut Builder,
    names: name::Names,
    types: HashMap<String, Declared>,
    /// Functions that the file declares outside of types.
    functions: HashSet<String>,
    /// Names of type parameters in scope.
    type_params: Vec<String>,
    inside: Vec<Inside>,
    /// What `iota` is.
    iota: i64,
}

impl Walk for Go<'_> {
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
            "for_statement" => self.for_statement(node, label),
            "expression_switch_statement" => self.switch(node, label),
            "type_switch_statement" => self.type_switch(node, label),
            "select_statement" => self.select(node, label),
            _ => return false,
        }
        true
    }

    /// A variable may be declared before the condition.
    fn if_statement(&mut self, node: NodeRef<'_>) {
        self.b.enter_scope();
        if let Some(first) = node.child(Field::Initializer) {
            self.statement(first);
        }
        let cond = self.operand(node, Field::Condition);
        let then = self.block(node.child(Field::Consequence));
        let otherwise = self.block(node.child(Field::Alternative));
        self.b.branch(node, cond, then, otherwise);
        self.b.leave_scope();
    }

    /// Several values may be returned, and what is deferred comes before.
    fn return_statement(&mut self, node: NodeRef<'_>) {
        self.return_values(node);
    }
}

impl<'b> Go<'b> {
    fn new(b: &'b mut Builder) -> Self {
        Self {
            b,
            names: name::Names::default(),
            types: HashMap::new(),
            functions: HashSet::new(),
            type_params: Vec::new(),
            inside: Vec::new(),
            iota: 0,
        }
    }

    fn file(&mut self, tree: &SyntaxTree) {
        let root = tree.root();
        let folder = self.b.path().as_str().unwrap_or("");
        let folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = folder.to_owned();
        self.b.set_package(&folder);
        self.b.set_open_types();
        self.names.set_package(&folder);
        self.inside.push(Inside::default());
        for node in root.named_children() {
            match node.kind() {
                "import_declaration" => self.names.imports(node),
                "type_declaration" => self.declare_types(node),
                "function_declaration" => {
                    if let Some(name) = node.child(Field::Name) {
                        self.functions.insert(name.text().to_owned());
                    }
                }
                _ => {}
            }
        }
        for node in root.named_children() {
            if node.kind() == "type_declaration" {
                self.types_bodies(node);
            }
        }
        // What variables hold before any function runs.
        for node in root.named_children() {
            match node.kind() {
                "function_declaration"
                | "method_declaration"
                | "import_declaration"
                | "package_clause"
                | "type_declaration" => {}
                "var_declaration" | "const_declaration" => self.declaration(node),
                _ => self.statement(node),
            }
        }
        for node in root.named_children() {
            match node.kind() {
                "function_declaration" => {
                    self.function(node, None);
                }
                "method_declaration" => self.method(node),
                _ => {}
            }
        }
        self.inside.pop();
    }

    /// Returns the specifications in a declaration of types.
    fn specs(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
        node.named_children()
            .filter(|child| matches!(child.kind(), "type_spec" | "type_alias"))
    }

    /// Makes types known, before any code is lowered.
    fn declare_types(&mut self, node: NodeRef<'_>) {
        for spec in Self::specs(node) {
            let (Some(name), Some(ty)) = (spec.child(Field::Name), spec.child(Field::Type)) else {
                continue;
            };
            let qualified = self.names.own(name.text());
            if spec.kind() == "type_alias" || spec.children().any(|child| child.kind() == "=") {
                if let Some(meant) = self.ty(ty) {
                    self.b.alias(&qualified, &meant);
                }
                continue;
            }
            self.declare_type(name.text(), &qualified, Some(ty));
        }
    }

    /// Makes a type known; without a node it is declared in another file.
    fn declare_type(&mut self, name: &str, qualified: &str, ty: Option<NodeRef<'_>>) -> usize {
        let kind = ty.map_or("", NodeRef::kind);
        let class = self.b.add_class(Class {
            name: Name::from(qualified),
            supertypes: Vec::new(),
            methods: Vec::new(),
            initializer: None,
            fields: Vec::new(),
            annotations: Vec::new(),
            is_abstract: kind == "interface_type",
        });
        let fields = (kind == "struct_type").then(|| {
            let names = ty.into_iter().flat_map(field_declarations);
            names.flat_map(|field| field_names(field)).collect()
        });
        let is_list_or_map = matches!(kind, "map_type" | "slice_type" | "array_type");
        let declared = Declared {
            class,
            qualified: qualified.to_owned(),
            fields,
            is_list_or_map,
        };
        self.types.insert(name.to_owned(), declared);
        class
    }

    /// Lowers what types say: fields, what is embedded, methods of interfaces.
    fn types_bodies(&mut self, node: NodeRef<'_>) {
        for spec in Self::specs(node) {
            let (Some(name), Some(ty)) = (spec.child(Field::Name), spec.child(Field::Type)) else {
                continue;
            };
            let Some(class) = self.types.get(name.text()).map(|declared| declared.class) else {
                continue;
            };
            let had = self.type_params.len();
            self.open_type_params(spec);
            match ty.kind() {
                "struct_type" => self.fields(ty, class),
                "interface_type" => self.interface(ty, class),
                _ => {
                    if let Some(meant) = self.ty(ty) {
                        self.b.class(class).supertypes.push(Name::from(meant));
                    }
                }
            }
            self.type_params.truncate(had);
        }
    }

    fn open_type_params(&mut self, node: NodeRef<'_>) {
        let lists = node.named_children();
        for list in lists.filter(|child| child.kind() == "type_parameter_list") {
            for param in list.named_children() {
                let names = param.named_children().filter(|n| n.kind() == "identifier");
                let names = names.map(|name| name.text().to_owned());
                self.type_params.extend(names);
            }
        }
    }

    fn fields(&mut self, node: NodeRef<'_>, class: usize) {
        for field in field_declarations(node) {
            let ty = field.child(Field::Type).and_then(|ty| self.ty(ty));
            let is_embedded = field.child(Field::Name).is_none();
            if let (true, Some(ty)) = (is_embedded, &ty) {
                let supertype = Name::from(ty.as_str());
                self.b.class(class).supertypes.push(supertype);
            }
            for name in field_names(field) {
                self.b.class(class).fields.push(ClassField {
                    name: Name::from(name),
                    ty: ty.as_deref().map(Name::from),
                    annotations: Vec::new(),
                });
            }
        }
    }

    fn interface(&mut self, node: NodeRef<'_>, class: usize) {
        let qualified = self.b.class(class).name.clone();
        for part in node.named_children() {
            match part.kind() {
                "method_elem" => {
                    let Some(name) = part.child(Field::Name) else {
                        continue;
                    };
                    let mut signature = Signature::new(name.text(), FunctionKind::Method);
                    signature.class = Some(class);
                    signature.result = self.result(part);
                    self.b.begin_function(part, signature);
                    self.b
                        .param("receiver", ParamKind::Receiver, Some(&qualified));
                    self.params(part);
                    let value = self.b.unknown(part);
                    self.b.return_value(part, Some(value));
                    let function = self.b.end_function();
                    self.b.class(class).methods.push(function);
                }
                "type_elem" => {
                    let mut embedded = part.named_children();
                    if let (Some(one), None) = (embedded.next(), embedded.next())
                        && let Some(ty) = self.ty(one)
                    {
                        self.b.class(class).supertypes.push(Name::from(ty));
                    }
                }
                _ => {}
            }
        }
    }

    /// Returns the type of what a function returns, when that is one value.
    fn result(&self, node: NodeRef<'_>) -> Option<Name> {
        let result = node.child(Field::ReturnType)?;
        if result.kind() != "parameter_list" {
            return self.ty(result).map(Name::from);
        }
        let mut params = result.named_children();
        match (params.next(), params.next()) {
            (Some(one), None) => Some(Name::from(self.ty(one.child(Field::Type)?)?)),
            _ => None,
        }
    }

    /// Declares the parameters of a function.
    fn params(&mut self, node: NodeRef<'_>) {
        let list = node.child(Field::Parameters);
        for param in list.into_iter().flat_map(NodeRef::named_children) {
            let ty = param.child(Field::Type).and_then(|ty| self.ty(ty));
            let (kind, ty) = match param.kind() {
                "variadic_parameter_declaration" => {
                    (ParamKind::Rest, ty.map(|ty| format!("{ty}[]")))
                }
                _ => (ParamKind::Plain, ty),
            };
            let mut names = param
                .children()
                .filter(|child| child.field() == Field::Name && child.is_named())
                .peekable();
            if names.peek().is_none() {
                self.b.param("_", kind, ty.as_deref());
            }
            for name in names {
                self.b.param(name.text(), kind, ty.as_deref());
            }
        }
    }

    /// Lowers a function; with a class it is a method, and its receiver comes
    /// first.
    fn function(&mut self, node: NodeRef<'_>, class: Option<(usize, String)>) -> FunctionId {
        let had = self.type_params.len();
        self.open_type_params(node);
        let name = node.child(Field::Name).map_or("", NodeRef::text);
        let kind = match class {
            Some(_) => FunctionKind::Method,
            None => FunctionKind::Plain,
        };
        // What runs before `main` is called by no one.
        let name = if kind == FunctionKind::Plain && matches!(name, "init" | "_") {
            ""
        } else {
            name
        };
        let mut signature = Signature::new(name, kind);
        signature.class = class.as_ref().map(|(class, _)| *class);
        signature.result = self.result(node);
        signature.is_public = class.is_some() && name.starts_with(char::is_uppercase);
        self.b.begin_function(node, signature);
        if let Some((_, qualified)) = &class {
            let receiver = node.child(Field::Object);
            let receiver = receiver.and_then(|list| list.named_children().next());
            let name = receiver.and_then(|param| param.child(Field::Name));
            let name = name.map_or("_", NodeRef::text);
            self.b.param(name, ParamKind::Receiver, Some(qualified));
        }
        self.function_inside(node);
        self.type_params.truncate(had);
        self.b.end_function()
    }

    /// Lowers parameters, results and body of the function that was begun.
    fn function_inside(&mut self, node: NodeRef<'_>) {
        self.params(node);
        self.inside.push(Inside::default());
        let results = node.child(Field::ReturnType);
        let named = results
            .filter(|list| list.kind() == "parameter_list")
            .into_iter()
            .flat_map(NodeRef::named_children);
        for result in named {
            let ty = result.child(Field::Type);
            for name in result.children().filter(|c| c.field() == Field::Name) {
                if !name.is_named() {
                    continue;
                }
                let value = self.zero(name, ty);
                let declared = ty.and_then(|ty| self.ty(ty));
                let slot = self.b.declare(name.text(), declared.as_deref());
                self.b.assign(name, slot, value);
                if let Some(inside) = self.inside.last_mut() {
                    inside.results.push(slot);
                }
            }
        }
        if let Some(body) = node.child(Field::Body) {
            self.body(body);
        } else {
            // Written in another language.
            let value = self.b.unknown(node);
            self.b.return_value(node, Some(value));
        }
        self.inside.pop();
    }

    fn method(&mut self, node: NodeRef<'_>) {
        let receiver = node.child(Field::Object);
        let receiver = receiver.and_then(|list| list.named_children().next());
        let ty = receiver.and_then(|param| param.child(Field::Type));
        let had = self.type_params.len();
        // `func (l *List[T])`: names of the type's parameters.
        let arguments = ty
            .into_iter()
            .flat_map(NodeRef::subtree)
            .filter(|part| part.kind() == "type_arguments")
            .flat_map(NodeRef::subtree)
            .filter(|part| part.kind() == "type_identifier")
            .map(|name| name.text().to_owned());
        self.type_params.extend(arguments);
        let base = ty.and_then(base_name);
        let class = base.map(|name| {
            let qualified = self.names.own(name);
            let class = match self.types.get(name) {
                Some(declared) => declared.class,
                None => self.declare_type(name, &qualified, None),
            };
            (class, qualified)
        });
        let place = class.as_ref().map(|(class, _)| *class);
        let function = self.function(node, class);
        if let Some(class) = place {
            self.b.class(class).methods.push(function);
        }
        self.type_params.truncate(had);
    }

    /// Lowers a function literal to a value.
    fn closure(&mut self, node: NodeRef<'_>) -> Slot {
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        self.function_inside(node);
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }

    /// Returns the qualified name of a type; lists, maps and channels are named
    /// after their elements.
    fn ty(&self, node: NodeRef<'_>) -> Option<String> {
        self.ty_inside(node, 0)
    }

    fn ty_inside(&self, node: NodeRef<'_>, depth: u32) -> Option<String> {
        const NESTING_MAX: u32 = 16;
        if depth > NESTING_MAX {
            return None;
        }
        let within = |node: NodeRef<'_>| self.ty_inside(node, depth + 1);
        match node.kind() {
            "type_identifier" | "identifier" => {
                let name = node.text();
                if self.type_params.iter().any(|param| param == name) {
                    return None;
                }
                self.names.ty(name, self.types.contains_key(name))
            }
            "qualified_type" => {
                let mut parts = node.named_children();
                let (package, name) = (parts.next()?, parts.next()?);
                let path = self.names.import(package.text())?;
                Some(format!("{path}.{}", name.text()))
            }
            "pointer_type" | "parenthesized_type" | "type_elem" | "type_constraint" => {
                within(node.named_children().next()?)
            }
            "generic_type" => within(node.child(Field::Type)?),
            "slice_type" | "array_type" | "implicit_length_array_type" | "map_type" => {
                Some(format!("{}[]", within(node.named_children().last()?)?))
            }
            "channel_type" => {
                let element = within(node.named_children().last()?);
                Some(format!("{}{CHANNEL}", element.unwrap_or_default()))
            }
            _ => None,
        }
    }
}

/// What the name of a channel's type ends in.
const CHANNEL: &str = "<-[]";

/// Returns the name of the type that a method belongs to.
fn base_name(node: NodeRef<'_>) -> Option<&str> {
    match node.kind() {
        "type_identifier" => Some(node.text()),
        "generic_type" => base_name(node.child(Field::Type)?),
        "pointer_type" | "parenthesized_type" => base_name(node.named_children().next()?),
        _ => None,
    }
}

fn field_declarations(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    node.named_children()
        .filter(|child| child.kind() == "field_declaration_list")
        .flat_map(NodeRef::named_children)
        .filter(|child| child.kind() == "field_declaration")
}

/// Returns the names of fields; what is embedded goes by its type's name.
fn field_names(field: NodeRef<'_>) -> Vec<String> {
    let names: Vec<String> = field
        .children()
        .filter(|child| child.field() == Field::Name && child.is_named())
        .map(|name| name.text().to_owned())
        .collect();
    if !names.is_empty() {
        return names;
    }
    let ty = field.child(Field::Type);
    let parts = ty.into_iter().flat_map(NodeRef::subtree);
    let last = parts.filter(|part| part.kind() == "type_identifier").last();
    last.map(|name| name.text().to_owned())
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests;
