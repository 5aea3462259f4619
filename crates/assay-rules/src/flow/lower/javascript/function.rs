//! Functions: parameters with defaults and patterns, what `this` and
//! `arguments` are, and functions that are used as classes.

use assay_syntax::{Field, NodeRef};

use super::entry::Handed;
use super::{JavaScript, This, is_function_with_this};
use crate::flow::builder::Signature;
use crate::flow::ir::{
    Annotation, Arg, Callee, Class, FunctionId, FunctionKind, Name, Op, ParamKind, Slot,
};
use crate::flow::lower::walk::Walk;

impl JavaScript<'_> {
    /// Lowers a function or arrow function.
    pub(super) fn function(&mut self, node: NodeRef<'_>, name: &str) -> FunctionId {
        let kind = match self.b.function_depth() {
            1 => FunctionKind::Plain,
            _ => FunctionKind::Closure,
        };
        let mut signature = Signature::new(name, kind);
        signature.result = node
            .child(Field::ReturnType)
            .and_then(|ty| self.names.ty(ty))
            .map(Name::from);
        let handed = self.handed(node);
        signature
            .annotations
            .extend(handed.annotation.map(|name| Annotation {
                name: Name::from(name),
                arguments: Vec::new(),
            }));
        self.b.begin_function(node, signature);
        let around = std::mem::replace(&mut self.is_lambda, handed.is_lambda);
        self.function_inside(node, &handed);
        self.is_lambda = around;
        self.b.end_function()
    }

    /// Lowers a function to a value. Inside, its own name means itself.
    pub(super) fn function_value(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        let own = node.child(Field::Name).map(NodeRef::text);
        let own = own.filter(|own| self.b.local(own).is_none());
        let Some(own) = own else {
            let function = self.function(node, name);
            return self.b.emit(node, Op::Closure(function));
        };
        self.b.enter_scope();
        let slot = self.b.declare(own, None);
        let function = self.function(node, if name.is_empty() { own } else { name });
        self.b.emit_into(node, slot, Op::Closure(function));
        self.b.leave_scope();
        slot
    }

    /// Lowers parameters and body into the function that was begun.
    pub(super) fn function_inside(&mut self, node: NodeRef<'_>, handed: &Handed) {
        let params = self.parameters(node, handed);
        if self.facts.takes_arguments.contains(&node.id()) && is_function_with_this(node) {
            let rest = self.b.param("arguments", ParamKind::Rest, None);
            let mut items: Vec<Arg> = params.into_iter().map(Arg::plain).collect();
            items.push(Arg::spread(rest));
            let all = self.b.list(node, items);
            self.b.bind("arguments", all);
        }
        let Some(body) = node.child(Field::Body) else {
            // Without a body nothing is known of what it does.
            let value = self.b.unknown(node);
            self.b.return_value(node, Some(value));
            return;
        };
        if body.kind() == "statement_block" {
            self.hoist_variables(body);
            self.statements(body);
        } else {
            let value = self.expression(body);
            self.answer(body, value);
            self.b.return_value(body, Some(value));
        }
    }

    /// Lowers the parameters and returns those that take one argument.
    fn parameters(&mut self, node: NodeRef<'_>, handed: &Handed) -> Vec<Slot> {
        let Some(list) = node.child(Field::Parameters) else {
            return Vec::new();
        };
        if list.kind() != "formal_parameters" {
            let annotations = handed.annotation_of(0).into_iter().collect();
            let ty = handed.ty(0);
            let slot = self
                .b
                .annotated_param(list.text(), ParamKind::Plain, ty, annotations);
            return vec![slot];
        }
        let nodes: Vec<NodeRef<'_>> = list
            .named_children()
            .filter(|node| node.kind() != "comment")
            .collect();
        let convention = convention(&nodes);
        let mut slots = Vec::new();
        for (at, param) in nodes.into_iter().enumerate() {
            let by_name = convention.and_then(|known| named_type(known, param.text()));
            let ty = by_name.or(handed.ty(at));
            slots.extend(self.parameter(param, ty, handed.annotation_of(at)));
        }
        slots
    }

    fn parameter(
        &mut self,
        node: NodeRef<'_>,
        given: Option<&str>,
        annotation: Option<Annotation>,
    ) -> Option<Slot> {
        let (pattern, default) = match node.kind() {
            "required_parameter" | "optional_parameter" => {
                (node.child(Field::Pattern)?, node.child(Field::Value))
            }
            "assignment_pattern" => (node.child(Field::Left)?, node.child(Field::Right)),
            _ => (node, None),
        };
        if pattern.kind() == "this" {
            return None;
        }
        let mut annotations = self.annotations(node);
        annotations.extend(annotation);
        let ty = node.child(Field::Type).and_then(|ty| self.names.ty(ty));
        let ty = ty.or_else(|| given.map(str::to_owned));
        let ty = match annotations.iter().any(has_pipe) {
            true => Some("number".to_owned()),
            false => ty,
        };
        let (kind, pattern) = match pattern.kind() {
            "rest_pattern" => (ParamKind::Rest, pattern.named_children().next()?),
            _ => (ParamKind::Plain, pattern),
        };
        let is_plain = pattern.kind() == "identifier";
        let name = if is_plain { pattern.text() } else { "argument" };
        let slot = self
            .b
            .annotated_param(name, kind, ty.as_deref(), annotations);
        if let Some(default) = default {
            self.b.open();
            let value = self.expression(default);
            let block = self.b.close();
            self.b.default(default, slot, block, value);
        }
        if !is_plain {
            self.bind(pattern, slot);
        }
        if node.children().any(|child| {
            matches!(
                child.kind(),
                "accessibility_modifier" | "readonly" | "override_modifier"
            )
        }) {
            // A parameter of a constructor that is a field too.
            if let Some(this) = self.b.lookup("this") {
                self.b.store(node, this, name, slot);
            }
        }
        (kind == ParamKind::Plain).then_some(slot)
    }

    /// Returns the decorators of a declaration with their constant arguments.
    pub(super) fn annotations(&self, node: NodeRef<'_>) -> Vec<Annotation> {
        let own = node.children().filter(|child| child.kind() == "decorator");
        let mut all: Vec<NodeRef<'_>> = own.collect();
        // TypeScript lets decorators of a member stand before it in the class,
        // those of an exported class before the `export`.
        let mut before = node.previous_sibling();
        while let Some(decorator) = before.filter(|sibling| sibling.kind() == "decorator") {
            all.push(decorator);
            before = decorator.previous_sibling();
        }
        if let Some(export) = node.parent().filter(|n| n.kind() == "export_statement") {
            all.extend(
                export
                    .children()
                    .filter(|child| child.kind() == "decorator"),
            );
        }
        all.into_iter()
            .filter_map(|decorator| self.annotation(decorator))
            .collect()
    }

    fn annotation(&self, decorator: NodeRef<'_>) -> Option<Annotation> {
        let inner = decorator.named_children().next()?;
        let (name, list) = match inner.kind() {
            "call_expression" => (inner.child(Field::Function)?, inner.child(Field::Arguments)),
            _ => (inner, None),
        };
        let mut arguments = Vec::new();
        for argument in list.into_iter().flat_map(NodeRef::named_children) {
            let text = super::literal::string_of(argument);
            let text = text.unwrap_or_else(|| argument.text().to_owned());
            arguments.push((Name::from(""), Name::from(text)));
        }
        Some(Annotation {
            name: Name::from(self.names.resolve(&super::name::dotted(name))),
            arguments,
        })
    }

    /// Lowers a function that is used as a class: its methods come with
    /// assignments to its `prototype`.
    pub(super) fn constructor_function(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        let qualified = self.class_name(name);
        let class = self.b.add_class(Class {
            name: Name::from(qualified.as_str()),
            supertypes: Vec::new(),
            methods: Vec::new(),
            initializer: None,
            fields: Vec::new(),
            annotations: Vec::new(),
            is_abstract: false,
        });
        self.classes.push((name.to_owned(), class));
        let method = self.method_of(class, node, "<init>", FunctionKind::Constructor);
        self.b.class(class).methods.push(method);
        self.b.emit(node, Op::Class(class))
    }

    /// Lowers a function as a method of a class.
    pub(super) fn method_of(
        &mut self,
        class: usize,
        node: NodeRef<'_>,
        name: &str,
        kind: FunctionKind,
    ) -> FunctionId {
        let qualified = self.b.class(class).name.to_string();
        let mut signature = Signature::new(name, kind);
        signature.class = Some(class);
        signature.annotations = self.annotations(node);
        signature.result = node
            .child(Field::ReturnType)
            .and_then(|ty| self.names.ty(ty))
            .map(Name::from);
        self.b.begin_function(node, signature);
        if kind == FunctionKind::Plain {
            self.this.push(This::Global(qualified));
        } else {
            self.b.param("this", ParamKind::Receiver, Some(&qualified));
            self.this.push(This::Variable);
        }
        self.function_inside(node, &Handed::default());
        self.this.pop();
        self.b.end_function()
    }

    /// Lowers `f.bind(this, a, b)` to a function that calls `f` with these
    /// arguments and its own.
    pub(super) fn bound(&mut self, node: NodeRef<'_>, function: Slot, first: Vec<Arg>) -> Slot {
        if first.is_empty() {
            return function;
        }
        self.b.enter_scope();
        let names: Vec<(String, bool)> = first
            .iter()
            .enumerate()
            .map(|(at, arg)| {
                let name = format!("argument {at}");
                self.b.bind(&name, arg.value);
                (name, arg.spread)
            })
            .collect();
        self.b.bind("function", function);
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let rest = self.b.param("arguments", ParamKind::Rest, None);
        let mut args = Vec::new();
        for (name, spread) in names {
            let value = self.b.read(node, &name);
            args.push(if spread {
                Arg::spread(value)
            } else {
                Arg::plain(value)
            });
        }
        args.push(Arg::spread(rest));
        let function = self.b.read(node, "function");
        let value = self.b.call(node, Callee::Value(function), args);
        self.b.return_value(node, Some(value));
        let function = self.b.end_function();
        self.b.leave_scope();
        self.b.emit(node, Op::Closure(function))
    }
}

/// Returns whether what a decorator hands in went through a pipe that lets only numbers
/// and the like pass.
fn has_pipe(annotation: &Annotation) -> bool {
    const PIPES: &[&str] = &[
        "ParseBoolPipe",
        "ParseDatePipe",
        "ParseEnumPipe",
        "ParseFloatPipe",
        "ParseIntPipe",
        "ParseUUIDPipe",
    ];
    annotation.arguments.iter().any(|(_, text)| {
        let name = text.strip_prefix("new ").unwrap_or(text);
        let end = name.find(|c: char| !c.is_alphanumeric());
        PIPES.contains(&&name[..end.unwrap_or(name.len())])
    })
}

/// The names that by convention the parameters of a request handler have, with their
/// types: `(req, res)`, `(req, res, next)`, `(err, req, res, next)`, `(request, h)`.
const CONVENTIONS: &[Convention] = &[
    &[
        (&["req", "request"], "express.Request"),
        (&["res", "response"], "express.Response"),
    ],
    &[
        (&["req", "request"], "@hapi/hapi.Request"),
        (&["h"], "@hapi/hapi.ResponseToolkit"),
    ],
];

type Convention = &'static [(&'static [&'static str], &'static str)];

/// Returns the convention by which untyped parameters are named.
fn convention(params: &[NodeRef<'_>]) -> Option<Convention> {
    let has = |names: &[&str]| params.iter().any(|param| names.contains(&param.text()));
    let mut known = CONVENTIONS.iter().copied();
    known.find(|convention| convention.iter().all(|(names, _)| has(names)))
}

fn named_type(convention: Convention, name: &str) -> Option<&'static str> {
    let mut known = convention.iter();
    let found = known.find(|(names, _)| names.contains(&name));
    found.map(|(_, ty)| *ty)
}
