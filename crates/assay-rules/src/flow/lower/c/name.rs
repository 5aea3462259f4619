//! What names mean in a file of C or C++: types, classes with their members,
//! functions, macros and constants of enumerations, gathered before anything
//! is lowered.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use assay_syntax::{Field, NodeRef, SyntaxTree};

use super::ty::{Declared, declared, plain_type, pointed, sized_type};
use crate::flow::builder::Builder;
use crate::flow::ir::{Class, Field as ClassField, Name};
use crate::flow::model::Models;

/// What a file declares.
#[derive(Default)]
pub(super) struct Names {
    /// What is known of libraries.
    pub(super) models: Arc<Models>,
    /// Types by the names that `typedef` and `using` give them.
    types: HashMap<String, Base>,
    pub(super) classes: HashMap<String, ClassNames>,
    pub(super) functions: HashMap<String, FunctionNames>,
    pub(super) macros: HashMap<String, Macro>,
    pub(super) constants: HashMap<String, i64>,
    /// Namespaces that are looked into for names without one.
    usings: Vec<String>,
    namespaces: HashSet<String>,
    /// Names that `using` brings in.
    imported: HashMap<String, String>,
}

/// A type without its declarator.
#[derive(Clone, Debug, Default)]
pub(super) struct Base {
    /// The name; none: it is not known.
    pub(super) name: String,
    pub(super) pointers: usize,
    pub(super) arrays: usize,
}

impl Base {
    fn of(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Returns the type of what a declarator declares.
    pub(super) fn with(&self, declared: &Declared<'_>) -> Option<String> {
        if declared.is_function_pointer {
            return None;
        }
        let arrays = self.arrays + declared.arrays.len();
        pointed(&self.name, self.pointers + declared.pointers, arrays)
    }
}

/// What is known of a class.
#[derive(Default)]
pub(super) struct ClassNames {
    /// Its place in the unit.
    pub(super) class: usize,
    /// Its data members in order.
    pub(super) fields: Vec<(String, Option<String>)>,
    /// Its methods, and whether each is static.
    pub(super) methods: HashMap<String, bool>,
    /// Whether its body is in this file.
    pub(super) is_whole: bool,
}

/// What is known of a function outside of classes.
#[derive(Clone, Default)]
pub(super) struct FunctionNames {
    pub(super) is_local: bool,
    /// Which parameters are references to numbers or pointers.
    pub(super) references: Vec<bool>,
    pub(super) result: Option<String>,
}

/// A macro.
#[derive(Clone)]
pub(super) struct Macro {
    /// The parameters of one that looks like a function.
    pub(super) params: Option<Vec<String>>,
    pub(super) body: String,
}

impl Names {
    pub(super) fn new(models: &Arc<Models>) -> Self {
        Self {
            models: Arc::clone(models),
            ..Self::default()
        }
    }

    /// Gathers what a file declares; classes are added to the unit.
    pub(super) fn gather(&mut self, tree: &SyntaxTree, b: &mut Builder) {
        for node in tree.nodes() {
            match node.kind() {
                "preproc_def" | "preproc_function_def" => self.preprocessor(node),
                "type_definition" | "alias_declaration" => self.named_type(node),
                "using_declaration" => self.using(node),
                "namespace_definition" => {
                    self.namespaces.insert(inside(node, true));
                }
                "struct_specifier" | "class_specifier" | "union_specifier" => self.class(node, b),
                "enumerator_list" => self.enumerators(node),
                "function_definition" | "declaration" => self.function(node),
                _ => {}
            }
        }
    }

    fn preprocessor(&mut self, node: NodeRef<'_>) {
        let Some(name) = node.child(Field::Name) else {
            return;
        };
        let body = node.child(Field::Value).map_or("", NodeRef::text);
        let params = node.child(Field::Parameters).map(|list| {
            let names = list
                .named_children()
                .filter(|child| child.kind() == "identifier");
            names.map(|name| name.text().to_owned()).collect()
        });
        let body = body.replace("\\\r\n", " ").replace("\\\n", " ");
        let found = Macro {
            params,
            body: body.trim().to_owned(),
        };
        // A second definition is for another configuration.
        self.macros.entry(name.text().to_owned()).or_insert(found);
    }

    fn named_type(&mut self, node: NodeRef<'_>) {
        let base = self.base(node.child(Field::Type));
        if let Some(name) = node.child(Field::Name) {
            let descriptor = node.child(Field::Type);
            let inner = descriptor
                .and_then(|ty| ty.child(Field::Declarator))
                .map(declared);
            let pointers = inner.map_or(0, |inner| inner.pointers);
            let base = Base {
                pointers: base.pointers + pointers,
                ..base
            };
            self.types.insert(name.text().to_owned(), base);
            return;
        }
        for declarator in declarators(node) {
            let inner = declared(declarator);
            let Some(name) = inner.name else { continue };
            let is_function = inner.function.is_some() || inner.is_function_pointer;
            let known = match is_function {
                true => Base::default(),
                false => Base {
                    name: base.name.clone(),
                    pointers: base.pointers + inner.pointers,
                    arrays: base.arrays + inner.arrays.len(),
                },
            };
            if known.name != name.text() {
                self.types.insert(name.text().to_owned(), known);
            }
        }
    }

    fn using(&mut self, node: NodeRef<'_>) {
        let Some(name) = node.named_children().next() else {
            return;
        };
        let name = dotted(name.text());
        if node.children().any(|child| child.kind() == "namespace") {
            self.usings.push(name);
        } else if let Some((_, last)) = name.rsplit_once('.') {
            self.imported.insert(last.to_owned(), name.clone());
        }
    }

    fn class(&mut self, node: NodeRef<'_>, b: &mut Builder) {
        let Some(body) = node.child(Field::Body) else {
            return;
        };
        let name = class_name(node);
        let mut known = ClassNames {
            is_whole: true,
            ..ClassNames::default()
        };
        self.members(body, &name, &mut known);
        let bases = node
            .named_children()
            .filter(|n| n.kind() == "base_class_clause");
        let bases = bases.flat_map(NodeRef::named_children);
        let supertypes = bases
            .filter(|base| base.kind() != "access_specifier")
            .map(|base| Name::from(self.base(Some(base)).name))
            .collect();
        let fields = known.fields.iter().map(|(name, ty)| ClassField {
            name: Name::from(name.as_str()),
            ty: ty.as_deref().map(Name::from),
            annotations: Vec::new(),
        });
        known.class = b.add_class(Class {
            name: Name::from(name.as_str()),
            supertypes,
            methods: Vec::new(),
            initializer: None,
            fields: fields.collect(),
            annotations: Vec::new(),
            is_abstract: false,
        });
        self.classes.entry(name).or_insert(known);
    }

    fn members(&mut self, body: NodeRef<'_>, class: &str, known: &mut ClassNames) {
        for member in body.named_children() {
            match member.kind() {
                "field_declaration" | "declaration" | "function_definition" => {
                    let base = self.base(member.child(Field::Type));
                    let is_static = has_word(member, "static");
                    for declarator in declarators(member) {
                        let inner = declared(declarator);
                        let Some(name) = inner.name else { continue };
                        let name = name.text().to_owned();
                        if inner.function.is_some() {
                            known.methods.insert(name.clone(), is_static);
                            let signature = self.signature(member, &inner, false);
                            self.functions.insert(format!("{class}.{name}"), signature);
                        } else if !is_static {
                            known.fields.push((name, base.with(&inner)));
                        }
                    }
                }
                "template_declaration" => self.members(member, class, known),
                kind if kind.starts_with("preproc_") => self.members(member, class, known),
                _ => {}
            }
        }
    }

    fn enumerators(&mut self, list: NodeRef<'_>) {
        let mut next = Some(0);
        for node in list.named_children().filter(|n| n.kind() == "enumerator") {
            if let Some(value) = node.child(Field::Value) {
                next = value.text().parse().ok();
            }
            if let (Some(name), Some(value)) = (node.child(Field::Name), next) {
                self.constants.insert(name.text().to_owned(), value);
            }
            next = next.map(|value: i64| value.wrapping_add(1));
        }
    }

    fn function(&mut self, node: NodeRef<'_>) {
        let is_definition = node.kind() == "function_definition";
        let around = node.parent().map_or("", NodeRef::kind);
        if !is_definition && matches!(around, "compound_statement" | "case_statement") {
            return;
        }
        for declarator in declarators(node) {
            let inner = declared(declarator);
            if let (Some(name), Some(_)) = (inner.name, inner.function) {
                let is_local = has_word(node, "static") || is_in_nameless(node);
                let signature = self.signature(node, &inner, is_local);
                let prefix = inside(node, false);
                let name = match prefix.as_str() {
                    "" => dotted(name.text()),
                    prefix => format!("{prefix}.{}", dotted(name.text())),
                };
                let known = self.functions.entry(name).or_default();
                let was_local = known.is_local;
                if is_definition || known.references.is_empty() {
                    *known = signature;
                    known.is_local |= was_local;
                }
            }
        }
    }

    fn signature(&self, node: NodeRef<'_>, inner: &Declared<'_>, is_local: bool) -> FunctionNames {
        let params = inner
            .function
            .and_then(|function| function.child(Field::Parameters));
        let params = params.into_iter().flat_map(NodeRef::named_children);
        let references = params
            .filter(|param| param.kind().ends_with("parameter_declaration"))
            .map(|param| {
                let base = self.base(param.child(Field::Type));
                param.child(Field::Declarator).is_some_and(|declarator| {
                    let inner = declared(declarator);
                    inner.is_reference && is_reference_to_value(&base, &inner)
                })
            });
        let base = self.base(node.child(Field::Type));
        FunctionNames {
            is_local,
            references: references.collect(),
            result: pointed(&base.name, base.pointers + inner.pointers, base.arrays),
        }
    }

    /// Returns what a type is called.
    pub(super) fn base(&self, node: Option<NodeRef<'_>>) -> Base {
        let Some(node) = node else {
            return Base::default();
        };
        match node.kind() {
            "primitive_type" => Base::of(plain_type(node.text()).unwrap_or(node.text())),
            "sized_type_specifier" => Base::of(sized_type(node.text())),
            "enum_specifier" => Base::of("signed"),
            "struct_specifier" | "class_specifier" | "union_specifier" => {
                Base::of(class_name(node))
            }
            "type_descriptor" => {
                let base = self.base(node.child(Field::Type));
                let inner = node
                    .child(Field::Declarator)
                    .map(declared)
                    .unwrap_or_default();
                Base {
                    pointers: base.pointers + inner.pointers,
                    arrays: base.arrays + inner.arrays.len(),
                    ..base
                }
            }
            "template_type" | "template_function" => {
                let name = node.child(Field::Name).map_or("", NodeRef::text);
                self.template(name, node)
            }
            "qualified_identifier" => {
                let last = std::iter::successors(Some(node), |n| n.child(Field::Name)).last();
                if let Some(inner) = last
                    .and_then(NodeRef::parent)
                    .filter(|n| n.kind() == "template_type")
                {
                    let name = dotted(node.text().split('<').next().unwrap_or(""));
                    return self.template(&name, inner);
                }
                self.known_type(&dotted(node.text()))
            }
            "type_identifier" | "identifier" | "namespace_identifier" => {
                self.known_type(node.text())
            }
            _ => Base::default(),
        }
    }

    /// A pointer that owns what it points to is what it points to.
    fn template(&self, name: &str, node: NodeRef<'_>) -> Base {
        let is_pointer = matches!(
            name.rsplit('.').next().unwrap_or(name),
            "unique_ptr"
                | "shared_ptr"
                | "weak_ptr"
                | "reference_wrapper"
                | "optional"
                | "scoped_ptr"
        );
        let argument = node
            .child(Field::Arguments)
            .and_then(|list| list.named_children().next());
        match (is_pointer, argument) {
            (true, Some(argument)) => self.base(Some(argument)),
            _ => self.known_type(name),
        }
    }

    fn known_type(&self, name: &str) -> Base {
        if let Some(known) = self.types.get(name) {
            return known.clone();
        }
        if let Some(plain) = plain_type(name.strip_prefix("std.").unwrap_or(name)) {
            return Base::of(plain);
        }
        Base::of(self.class_called(name, ""))
    }

    /// Returns the qualified name of a class.
    pub(super) fn class_called(&self, name: &str, space: &str) -> String {
        if let Some(known) = self.imported.get(name) {
            return known.clone();
        }
        let mut space = space;
        loop {
            let qualified = join(space, name);
            if self.classes.contains_key(&qualified) {
                return qualified;
            }
            match space.rsplit_once('.') {
                Some((outer, _)) => space = outer,
                None if space.is_empty() => break,
                None => space = "",
            }
        }
        let ends_so = |known: &&String| {
            known
                .strip_suffix(name)
                .is_some_and(|rest| rest.ends_with('.'))
        };
        if let Some(known) = self.classes.keys().filter(ends_so).min() {
            return known.clone();
        }
        for using in &self.usings {
            let qualified = join(using, name);
            if self.models.knows_type(&qualified) {
                return qualified;
            }
        }
        name.to_owned()
    }

    /// Returns what a function or variable outside of functions goes by: its
    /// qualified name, and whether this file declares it.
    pub(super) fn called(&self, name: &str, space: &str) -> (String, bool) {
        if let Some(known) = self.imported.get(name) {
            return (self.standard(known), false);
        }
        let mut inner = space;
        loop {
            let qualified = join(inner, name);
            if self.functions.contains_key(&qualified) {
                return (qualified, true);
            }
            match inner.rsplit_once('.') {
                Some((outer, _)) => inner = outer,
                None if inner.is_empty() => break,
                None => inner = "",
            }
        }
        for using in &self.usings {
            let qualified = join(using, name);
            if self.functions.contains_key(&qualified) {
                return (qualified, true);
            }
            if self.models.knows_function(&qualified) || self.models.knows_type(&qualified) {
                return (qualified, false);
            }
        }
        (self.standard(name), false)
    }

    /// The library of C is in `std` as well.
    fn standard(&self, name: &str) -> String {
        match name.strip_prefix("std.") {
            Some(rest)
                if !self.models.knows_function(name)
                    && !self.models.knows_type(name)
                    && self.models.knows_function(rest) =>
            {
                rest.to_owned()
            }
            _ => name.to_owned(),
        }
    }

    pub(super) fn is_namespace(&self, name: &str) -> bool {
        self.namespaces.contains(name)
    }
}

/// Returns whether a reference stands for a number or pointer, and not for an
/// object, which is the same by any name.
pub(super) fn is_reference_to_value(base: &Base, inner: &Declared<'_>) -> bool {
    inner.pointers > 0 || inner.arrays.is_empty() && super::ty::is_scalar(&base.name)
}

/// Returns the declarators of a declaration.
pub(super) fn declarators(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    node.children()
        .filter(|child| child.field() == Field::Declarator)
}

/// Returns a qualified name with dots.
pub(super) fn dotted(name: &str) -> String {
    let plain = name.trim_start_matches("::");
    let plain: String = plain.chars().filter(|c| !c.is_whitespace()).collect();
    plain.replace("::", ".")
}

/// Returns whether a specifier is among the words of a declaration.
pub(super) fn has_word(node: NodeRef<'_>, word: &str) -> bool {
    node.children().any(|child| {
        matches!(child.kind(), "storage_class_specifier" | "type_qualifier") && child.text() == word
    })
}

pub(super) fn join(space: &str, name: &str) -> String {
    match space {
        "" => name.to_owned(),
        space => format!("{space}.{name}"),
    }
}

/// Returns the qualified name of a class; one without a name is called after
/// what it is the type of, or after its place.
pub(super) fn class_name(node: NodeRef<'_>) -> String {
    let own = match node.child(Field::Name) {
        Some(name) => dotted(name.text().split('<').next().unwrap_or("")),
        None => {
            let around = node
                .parent()
                .filter(|parent| parent.kind() == "type_definition");
            let named = around.and_then(|node| declared(declarators(node).next()?).name);
            named.map_or_else(
                || format!("anonymous{}", node.span().start),
                |n| n.text().to_owned(),
            )
        }
    };
    match node.child(Field::Body) {
        Some(_) => join(&inside(node, false), &own),
        None => own,
    }
}

/// Returns the qualified name of what a node stands in: namespaces and classes.
pub(super) fn inside(node: NodeRef<'_>, with_own: bool) -> String {
    let own = with_own.then_some(node);
    let mut parts: Vec<String> = own
        .into_iter()
        .chain(node.ancestors())
        .filter(|n| {
            matches!(
                n.kind(),
                "namespace_definition" | "class_specifier" | "struct_specifier"
            )
        })
        .filter_map(|n| Some(dotted(n.child(Field::Name)?.text())))
        .collect();
    parts.reverse();
    parts.join(".")
}

fn is_in_nameless(node: NodeRef<'_>) -> bool {
    node.ancestors()
        .any(|n| n.kind() == "namespace_definition" && n.child(Field::Name).is_none())
}
