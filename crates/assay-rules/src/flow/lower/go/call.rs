//! Calls of Go: functions, methods, conversions, and what the language brings
//! along; calls that wait for the end of the function, and those that run
//! beside it.

use assay_syntax::{Field, NodeRef};

use super::Go;
use super::name::is_builtin_type;
use crate::flow::ir::{Arg, Callee, Literal, Name, Op, Slot};
use crate::flow::lower::walk::Walk;

/// A call before it is made.
pub(super) struct Prepared {
    callee: Callee,
    args: Vec<Arg>,
}

impl Go<'_> {
    /// Lowers a call to the slot of its result.
    pub(super) fn call(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(function) = node.child(Field::Function) else {
            return self.b.unknown(node);
        };
        if let Some(value) = self.builtin(node, function) {
            return value;
        }
        if let Some(value) = self.conversion(node, function) {
            return value;
        }
        let prepared = self.prepare(node, function);
        self.b.call(node, prepared.callee, prepared.args)
    }

    fn prepare(&mut self, node: NodeRef<'_>, function: NodeRef<'_>) -> Prepared {
        let callee = self.callee(function);
        let args = self.arguments(node);
        Prepared { callee, args }
    }

    pub(super) fn arguments(&mut self, node: NodeRef<'_>) -> Vec<Arg> {
        let list = node.child(Field::Arguments);
        let nodes = list.into_iter().flat_map(NodeRef::named_children);
        nodes
            .map(|argument| match argument.kind() {
                "variadic_argument" => {
                    let inner = argument.named_children().next().unwrap_or(argument);
                    Arg::spread(self.expression(inner))
                }
                _ => Arg::plain(self.expression(argument)),
            })
            .collect()
    }

    /// Returns what is called.
    fn callee(&mut self, function: NodeRef<'_>) -> Callee {
        match function.kind() {
            "parenthesized_expression" | "type_instantiation_expression" => {
                if let Some(inner) = function.named_children().next() {
                    return self.callee(inner);
                }
            }
            // `call[T](x)` looks like an element of a list.
            "index_expression" => {
                if let Some(inner) = function.child(Field::Operand)
                    && inner.kind() == "identifier"
                    && self.b.lookup(inner.text()).is_none()
                    && self.functions.contains(inner.text())
                {
                    return self.callee(inner);
                }
            }
            "selector_expression" => {
                if let (Some(object), Some(name)) = (
                    function.child(Field::Operand),
                    function.child(Field::Property),
                ) {
                    let receiver = match self.package_of(object) {
                        Some(package) => self.b.global(object, &package),
                        None => self.expression(object),
                    };
                    return Callee::Method(receiver, Name::from(name.text()));
                }
            }
            _ => {}
        }
        Callee::Value(self.expression(function))
    }

    /// Lowers a call of what the language itself declares.
    fn builtin(&mut self, node: NodeRef<'_>, function: NodeRef<'_>) -> Option<Slot> {
        let name = function.text();
        let is_own = function.kind() == "identifier"
            && !self.functions.contains(name)
            && self.b.lookup(name).is_none();
        if !is_own {
            return None;
        }
        Some(match name {
            "append" => {
                let mut args = self.arguments(node).into_iter();
                let list = args.next()?;
                let mut items = vec![Arg::spread(list.value)];
                items.extend(args);
                self.b.list(node, items)
            }
            "copy" => {
                let args = self.arguments(node);
                let (to, from) = (args.first()?.value, args.get(1)?.value);
                let place = self.b.unknown(node);
                let item = self.b.load_index(node, from, place);
                self.b.store_index(node, to, Some(place), item);
                self.b.unknown(node)
            }
            "make" => self.make(node),
            "new" => {
                let ty = node.child(Field::Arguments)?.named_children().next()?;
                self.zero(node, Some(ty))
            }
            "panic" => {
                let args = self.arguments(node);
                let value = match args.first() {
                    Some(first) => first.value,
                    None => self.b.unknown(node),
                };
                self.b.throw(node, value);
                value
            }
            "recover" => {
                let inside = self.inside.iter().rev();
                let name = inside.filter_map(|inside| inside.recovered.clone()).next();
                match name.and_then(|name| self.b.lookup(&name)) {
                    Some(slot) => slot,
                    None => self.b.unknown(node),
                }
            }
            "len" | "cap" | "delete" | "clear" | "min" | "max" | "close" | "print" | "println"
            | "complex" | "real" | "imag" => {
                let args = self.arguments(node);
                self.b.call_global(node, name, args)
            }
            _ => return None,
        })
    }

    fn make(&mut self, node: NodeRef<'_>) -> Slot {
        let mut arguments = node
            .child(Field::Arguments)
            .into_iter()
            .flat_map(NodeRef::named_children);
        let Some(ty) = arguments.next() else {
            return self.b.unknown(node);
        };
        let declared = self.types.get(ty.text()).cloned();
        match ty.kind() {
            "channel_type" => self.b.list(node, Vec::new()),
            "slice_type" => {
                let size = arguments.next();
                let known = size.and_then(|size| match super::literal::literal(size) {
                    Some(Literal::Int(size)) => Some(size),
                    _ => None,
                });
                if let (Some(size), None) = (size, known) {
                    self.expression(size);
                }
                self.filled(node, known)
            }
            "map_type" => self.b.emit(node, Op::Map(Vec::new())),
            // A type of which only the name is seen: most are maps.
            _ => {
                let is_known = declared.is_some();
                let map = self.b.emit(node, Op::Map(Vec::new()));
                match self.ty(ty).filter(|_| !is_known) {
                    Some(ty) => self.b.emit(node, Op::Cast(map, Name::from(ty))),
                    None => map,
                }
            }
        }
    }

    /// Lowers a call that is a conversion: of a type that the language or the
    /// file declares.
    fn conversion(&mut self, node: NodeRef<'_>, function: NodeRef<'_>) -> Option<Slot> {
        let name = match function.kind() {
            "identifier" | "type_identifier" => function.text(),
            // `(*T)(x)`
            "parenthesized_expression" => {
                let inner = function.named_children().next()?;
                let is_pointer =
                    inner.kind() == "unary_expression" && inner.text().starts_with('*');
                let ty = inner.child(Field::Operand).filter(|_| is_pointer)?;
                return self.converted(node, self.ty_of_name(ty)?);
            }
            _ => return None,
        };
        if self.b.lookup(name).is_some() || self.functions.contains(name) {
            return None;
        }
        if !self.types.contains_key(name) && !is_builtin_type(name) {
            return None;
        }
        self.converted(node, self.names.ty(name, self.types.contains_key(name))?)
    }

    fn ty_of_name(&self, node: NodeRef<'_>) -> Option<String> {
        match node.kind() {
            "identifier" if self.types.contains_key(node.text()) => {
                self.names.ty(node.text(), true)
            }
            _ => None,
        }
    }

    fn converted(&mut self, node: NodeRef<'_>, ty: String) -> Option<Slot> {
        let list = node.child(Field::Arguments)?;
        let value = self.expression(list.named_children().next()?);
        Some(self.b.emit(node, Op::Cast(value, Name::from(ty))))
    }

    /// Lowers `defer`: what a function literal does is done where the function
    /// ends, everything else at once.
    pub(super) fn defer(&mut self, node: NodeRef<'_>) {
        let Some(call) = called(node) else { return };
        let Some(function) = call.child(Field::Function) else {
            return;
        };
        if function.kind() != "func_literal" {
            self.expression(call);
            return;
        }
        let Prepared { callee, args } = self.prepare(call, function);
        if let Some(inside) = self.inside.last_mut() {
            inside.deferred.push((callee, args, call.span()));
        }
    }

    /// Lowers `go`: it runs at once, and again where the function ends when
    /// something is sent later that it may wait for.
    pub(super) fn start(&mut self, node: NodeRef<'_>) {
        let Some(call) = called(node) else { return };
        let Some(function) = call.child(Field::Function) else {
            return;
        };
        if self.builtin(call, function).is_some() {
            return;
        }
        let Prepared { callee, args } = self.prepare(call, function);
        self.b.call(call, callee.clone(), args.clone());
        if let Some(inside) = self.inside.last_mut()
            && inside.sends_after(node.span())
        {
            inside.started.push((callee, args, call.span()));
        }
    }

    /// Makes the calls that wait for the end of the function.
    pub(super) fn leave(&mut self) {
        let Some(inside) = self.inside.last() else {
            return;
        };
        let deferred = inside.deferred.iter().rev();
        let all: Vec<_> = inside.started.iter().chain(deferred).cloned().collect();
        for (callee, args, span) in all {
            self.b.call(span, callee, args);
        }
    }
}

/// Returns the call in a `defer` or `go` statement.
fn called(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut inner = node.named_children().next()?;
    while inner.kind() == "parenthesized_expression" {
        inner = inner.named_children().next()?;
    }
    (inner.kind() == "call_expression").then_some(inner)
}
