//! Calls of C and C++: of functions, macros, methods, constructors and
//! operators that are functions.

use assay_syntax::{Field, NodeRef};

use super::Lower;
use super::assign::Place;
use super::expression::{operator, unwrapped};
use super::name::dotted;
use super::ty::is_class;
use crate::flow::ir::{Arg, BinaryOp, Callee, Name, Op, Slot};
use crate::flow::lower::walk::Walk;
use crate::flow::model::Operand;

/// What a call is of.
enum Called {
    Function(String),
    Value(Slot),
    Method(Slot, String, Option<Place>),
    New(String),
    Super(String),
}

impl Lower<'_> {
    pub(super) fn call(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(function) = node.child(Field::Function).map(unwrapped) else {
            return self.anything(node);
        };
        let args: Vec<NodeRef<'_>> = node
            .child(Field::Arguments)
            .into_iter()
            .flat_map(NodeRef::named_children)
            .filter(|arg| arg.kind() != "comment")
            .collect();
        if function.kind() == "identifier"
            && let Some(value) = self.special(node, function.text(), &args)
        {
            return value;
        }
        if let Some(value) = self.written_cast(node, function, &args) {
            return value;
        }
        let called = self.called(function);
        let result = self.call_of(node, called, &args);
        if never_returns(function.text()) {
            let nothing = self.b.unknown(node);
            self.b.throw(node, nothing);
        }
        result
    }

    fn call_of(&mut self, node: NodeRef<'_>, called: Called, args: &[NodeRef<'_>]) -> Slot {
        let (name, is_own) = match &called {
            Called::Function(name) => (name.clone(), self.is_own(name)),
            Called::Method(_, name, _) => (name.clone(), false),
            _ => (String::new(), false),
        };
        let references = match is_own {
            true => {
                let bare = name.rsplit('#').next().unwrap_or(&name);
                let known = self.names.functions.get(bare);
                known
                    .map(|known| known.references.clone())
                    .unwrap_or_default()
            }
            false => Vec::new(),
        };
        let written = match is_own {
            true => Vec::new(),
            false => self.names.models.written(&name),
        };
        let is_written = |at: usize| {
            written.iter().any(|operand| match operand {
                Operand::Arg(own) => *own == at,
                Operand::From(from) => *from <= at,
                Operand::All => true,
                _ => false,
            })
        };
        let mut given = Vec::new();
        let mut places: Vec<(NodeRef<'_>, Slot, Option<Place>)> = Vec::new();
        for (at, arg) in args.iter().enumerate() {
            let value = if references.get(at) == Some(&true) {
                self.referred(*arg)
            } else if arg.kind() == "initializer_list" {
                self.anything(*arg)
            } else if is_written(at) {
                let (value, place) = self.argument_place(*arg);
                places.push((*arg, value, place));
                value
            } else {
                self.expression(*arg)
            };
            given.push(match arg.kind() {
                "parameter_pack_expansion" => Arg::spread(value),
                _ => Arg::plain(value),
            });
        }
        let result = match called {
            Called::Function(name) => self.b.call_global(node, &name, given),
            Called::Value(value) => self.b.call(node, Callee::Value(value), given),
            Called::New(ty) => self.b.call(node, Callee::New(Name::from(ty)), given),
            Called::Super(name) => {
                let this = self.b.read(node, "this");
                given.insert(0, Arg::plain(this));
                self.b.call(node, Callee::Super(Name::from(name)), given)
            }
            Called::Method(receiver, name, place) => {
                let result = self.b.method(node, receiver, &name, given);
                if written.contains(&Operand::Receiver) {
                    self.write_back(node, receiver, place);
                }
                result
            }
        };
        for (arg, value, place) in places {
            self.write_back(arg, value, place);
        }
        result
    }

    fn is_own(&self, name: &str) -> bool {
        let bare = name.rsplit('#').next().unwrap_or(name);
        self.names.functions.contains_key(bare) && !self.names.models.knows_function(bare)
            || name.contains('#')
    }

    /// Returns whether a name is that of a type that can be made.
    pub(super) fn is_type(&self, name: &str) -> bool {
        let is_library =
            || self.names.models.knows_type(name) && !self.names.models.knows_function(name);
        self.is_cpp && (self.names.classes.contains_key(name) || is_library())
    }

    fn called(&mut self, function: NodeRef<'_>) -> Called {
        match function.kind() {
            "identifier" => self.called_name(function),
            "field_expression" => {
                let Some(object) = function.child(Field::Operand) else {
                    return Called::Value(self.b.unknown(function));
                };
                let property = function.child(Field::Property);
                let name = property
                    .map_or("", |p| p.text().split('<').next().unwrap_or(""))
                    .to_owned();
                if !self.is_cpp {
                    return Called::Value(self.expression(function));
                }
                let (object, place) = self.argument_place(object);
                Called::Method(object, dotted(&name), place)
            }
            "qualified_identifier" | "template_function" => self.called_qualified(function),
            "pointer_expression" if operator(function) == "*" => {
                Called::Value(self.operand(function, Field::Operand))
            }
            _ => Called::Value(self.expression(function)),
        }
    }

    fn called_name(&mut self, function: NodeRef<'_>) -> Called {
        let name = function.text();
        if self.b.lookup(name).is_some() {
            return Called::Value(self.name(function, name));
        }
        let ty = self.names.class_called(name, &self.space);
        if self.is_type(&ty) {
            return Called::New(ty);
        }
        let known = self
            .this
            .as_ref()
            .and_then(|class| Some((class, self.names.classes.get(class)?)));
        if let Some((class, known)) = known {
            match known.methods.get(name) {
                Some(true) => {
                    let class = class.clone();
                    let class = self.b.global(function, &class);
                    return Called::Method(class, name.to_owned(), None);
                }
                Some(false) => {
                    let this = self.b.read(function, "this");
                    return Called::Method(this, name.to_owned(), None);
                }
                None => {}
            }
            let (global, is_own) = self.names.called(name, &self.space);
            // The class is declared elsewhere, and the function may be its.
            if !known.is_whole && !is_own && !self.names.models.knows_function(&global) {
                let this = self.b.read(function, "this");
                return Called::Method(this, name.to_owned(), None);
            }
        }
        if self.is_member(name) && !self.names.models.knows_function(name) {
            return Called::Value(self.name(function, name));
        }
        Called::Function(self.global_name(name))
    }

    fn called_qualified(&mut self, function: NodeRef<'_>) -> Called {
        let name = dotted(function.text().split('<').next().unwrap_or(""));
        let ty = self.names.class_called(&name, &self.space);
        if self.is_type(&ty) {
            return Called::New(ty);
        }
        if let Some((scope, method)) = name.rsplit_once('.') {
            let scope = self.names.class_called(scope, &self.space);
            let is_class = self.names.classes.contains_key(&scope);
            let is_static = self
                .names
                .classes
                .get(&scope)
                .is_some_and(|c| c.methods.get(method) == Some(&true));
            if is_class && !is_static && self.this.is_some() && self.this.as_ref() != Some(&scope) {
                return Called::Super(method.to_owned());
            }
            if is_class {
                let class = self.b.global(function, &scope);
                return Called::Method(class, method.to_owned(), None);
            }
        }
        Called::Function(self.global_name(&name))
    }

    /// `static_cast<T>(x)`, `int(x)`, `std::make_unique<T>(x)`.
    fn written_cast(
        &mut self,
        node: NodeRef<'_>,
        function: NodeRef<'_>,
        args: &[NodeRef<'_>],
    ) -> Option<Slot> {
        if function.kind() == "primitive_type" {
            let value = self.optional(node, args.first().copied());
            return Some(self.seen_as(node, value, Some(function)));
        }
        let template = match function.kind() {
            "template_function" => function,
            "qualified_identifier" => function
                .child(Field::Name)
                .filter(|n| n.kind() == "template_function")?,
            _ => return None,
        };
        let ty = template
            .child(Field::Arguments)
            .and_then(|list| list.named_children().next());
        match template.child(Field::Name).map_or("", NodeRef::text) {
            "static_cast" | "reinterpret_cast" | "const_cast" | "dynamic_cast" | "bit_cast" => {
                let value = self.optional(node, args.first().copied());
                Some(self.seen_as(node, value, ty))
            }
            "make_unique" | "make_shared" => {
                let base = self.names.base(ty);
                let made = match is_class(&base.name) && base.arrays == 0 {
                    true => Called::New(base.name),
                    false => return None,
                };
                Some(self.call_of(node, made, args))
            }
            "get" => {
                let index = ty.map_or("", NodeRef::text).parse().ok()?;
                let value = self.optional(node, args.first().copied());
                let index = self.b.int(node, index);
                Some(self.b.load_index(node, value, index))
            }
            _ => None,
        }
    }

    /// Calls that are no calls: macros, and what the compiler does.
    fn special(&mut self, node: NodeRef<'_>, name: &str, args: &[NodeRef<'_>]) -> Option<Slot> {
        if self.b.lookup(name).is_none()
            && let Some(value) = self.expanded_call(node, name, args)
        {
            return Some(value);
        }
        match name {
            "va_start" | "va_copy" => {
                let list = args.first()?;
                let value = match name {
                    "va_start" => self.b.lookup("...")?,
                    _ => self.expression(*args.get(1)?),
                };
                self.assign_to(node, unwrapped(*list), value);
                Some(value)
            }
            "va_arg" => {
                let list = self.expression(*args.first()?);
                let index = self.b.unknown(node);
                Some(self.b.load_index(node, list, index))
            }
            "assert" | "g_assert" | "Q_ASSERT" | "static_assert" => {
                let cond = self.expression(*args.first()?);
                let failed = self.in_block(|this| {
                    let nothing = this.b.unknown(node);
                    this.b.throw(node, nothing);
                });
                self.b.branch(node, cond, Vec::new(), failed);
                Some(cond)
            }
            "__builtin_expect" | "likely" | "unlikely" | "_" | "gettext" | "N_" => {
                Some(self.expression(*args.first()?))
            }
            "MIN" | "min" if args.len() == 2 => {
                let (a, b) = (self.expression(args[0]), self.expression(args[1]));
                let is_less = self.b.binary(node, BinaryOp::Lt, a, b);
                let result = self.b.temp();
                let then = self.in_block(|this| this.b.emit_into(node, result, Op::Copy(a)));
                let otherwise = self.in_block(|this| this.b.emit_into(node, result, Op::Copy(b)));
                self.b.branch(node, is_less, then, otherwise);
                Some(result)
            }
            _ => None,
        }
    }

    /// Returns whether `<<` and `>>` are those of streams.
    pub(super) fn is_stream(&mut self, left: Option<NodeRef<'_>>, spine: &[NodeRef<'_>]) -> bool {
        if !spine
            .iter()
            .any(|part| matches!(operator(*part), "<<" | ">>"))
        {
            return false;
        }
        let Some(left) = left else { return false };
        let ty = self.type_of(left);
        if ty.as_deref().is_some_and(|ty| !is_class(ty)) || left.kind() == "number_literal" {
            return false;
        }
        let name = left.text();
        let is_standard = matches!(
            name.rsplit("::").next(),
            Some("cin" | "cout" | "cerr" | "clog" | "wcout")
        );
        let has_text = spine.iter().any(|part| {
            part.child(Field::Right).is_some_and(|right| {
                matches!(right.kind(), "string_literal" | "concatenated_string")
            })
        });
        is_standard || has_text || ty.is_some()
    }

    /// `stream << value` and `stream >> variable`.
    pub(super) fn streamed(&mut self, node: NodeRef<'_>, stream: Slot, sign: &str) -> Slot {
        let Some(right) = node.child(Field::Right) else {
            return stream;
        };
        if sign == "<<" {
            let value = self.expression(right);
            self.b
                .method(node, stream, "operator<<", vec![Arg::plain(value)]);
            return stream;
        }
        let (value, place) = match unwrapped(right).kind() {
            "identifier" if self.b.lookup(right.text()).is_some() => (self.referred(right), None),
            _ => self.argument_place(right),
        };
        self.b
            .method(node, stream, "operator>>", vec![Arg::plain(value)]);
        self.write_back(right, value, place);
        stream
    }
}

/// Returns whether a call of the function ends the program, or the function.
pub(super) fn never_returns(name: &str) -> bool {
    let name = name.strip_prefix("std::").unwrap_or(name);
    matches!(
        name,
        "exit"
            | "_exit"
            | "_Exit"
            | "abort"
            | "quick_exit"
            | "err"
            | "errx"
            | "verr"
            | "verrx"
            | "longjmp"
            | "siglongjmp"
            | "terminate"
            | "pthread_exit"
            | "ExitProcess"
            | "__builtin_unreachable"
            | "__builtin_trap"
            | "die"
            | "fatal"
            | "panic"
            | "g_error"
    )
}
