//! Python's calls, and those that are more than calls: formatting, `super`,
//! access to members by name.

use assay_syntax::{Field, NodeRef};

use super::format::{self, Member, Piece, Which};
use super::literal::constant_text;
use super::{Python, items};
use crate::flow::builder::Signature;
use crate::flow::ir::{Arg, Callee, FunctionKind, Literal, Name, Op, ParamKind, Slot};
use crate::flow::lower::walk::Walk;

impl Python<'_> {
    pub(super) fn call(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(function), Some(list)) =
            (node.child(Field::Function), node.child(Field::Arguments))
        else {
            return self.b.unknown(node);
        };
        match function.kind() {
            "identifier" => {
                if self.binding(function.text()).is_none()
                    && let Some(value) = self.builtin(node, function.text(), list)
                {
                    return value;
                }
                if self.qualified(function).as_deref() == Some("functools.partial") {
                    return self.partial(node, list);
                }
                let callee = self.read_name(function, function.text());
                let args = self.arguments(list);
                self.b.call(node, Callee::Value(callee), args)
            }
            "attribute" => self.method_call(node, function, list),
            _ => {
                let callee = self.expression(function);
                let args = self.arguments(list);
                self.b.call(node, Callee::Value(callee), args)
            }
        }
    }

    /// Lowers a list of arguments, which may be one generator.
    pub(super) fn arguments(&mut self, list: NodeRef<'_>) -> Vec<Arg> {
        if list.kind() == "generator_expression" {
            return vec![Arg::plain(self.expression(list))];
        }
        self.arguments_in(list)
    }

    /// Lowers arguments or elements.
    pub(super) fn arguments_in(&mut self, list: NodeRef<'_>) -> Vec<Arg> {
        let nodes: Vec<NodeRef<'_>> = items(list).collect();
        let mut args = Vec::new();
        for node in nodes {
            match node.kind() {
                "keyword_argument" => {
                    let name = node.child(Field::Name).map_or("", NodeRef::text);
                    let value = match node.child(Field::Value) {
                        Some(value) => self.expression(value),
                        None => self.b.unknown(node),
                    };
                    args.push(Arg::named(name, value));
                }
                "list_splat" | "list_splat_pattern" => {
                    if let Some(inner) = items(node).next() {
                        args.push(Arg::spread(self.expression(inner)));
                    }
                }
                "dictionary_splat" | "dictionary_splat_pattern" => {
                    if let Some(inner) = items(node).next() {
                        args.push(Arg {
                            value: self.expression(inner),
                            name: Some(Name::from("")),
                            spread: true,
                        });
                    }
                }
                _ => args.push(Arg::plain(self.expression(node))),
            }
        }
        args
    }

    fn method_call(&mut self, node: NodeRef<'_>, function: NodeRef<'_>, list: NodeRef<'_>) -> Slot {
        let (Some(object), Some(name)) = (
            function.child(Field::Object),
            function.child(Field::Property),
        ) else {
            return self.b.unknown(node);
        };
        let name = match name.text() {
            "__init__" => "<init>",
            name => name,
        };
        if is_super(object) && self.binding("super").is_none() {
            let args = self.arguments(list);
            return self.super_call(node, name, args);
        }
        if name == "format"
            && matches!(object.kind(), "string" | "concatenated_string")
            && let Some(value) = self.braces(node, object, list)
        {
            return value;
        }
        if name == "partial" && self.qualified(function).as_deref() == Some("functools.partial") {
            return self.partial(node, list);
        }
        // What is told of the paths is told of the variables that hold them.
        if name == "commonpath"
            && self.qualified(function).as_deref() == Some("os.path.commonpath")
            && let Some(paths) = items(list).next()
            && matches!(paths.kind(), "list" | "tuple")
        {
            let args = self.arguments_in(paths);
            return self.b.call_global(node, "os.path.commonpath", args);
        }
        if self.is_base_call(object, list) {
            // `Base.method(self, ...)`.
            let args = self.arguments(list);
            return self.b.call(node, Callee::Super(Name::from(name)), args);
        }
        let receiver = self.expression(object);
        let args = self.arguments(list);
        self.b.method(node, receiver, name, args)
    }

    fn is_base_call(&self, object: NodeRef<'_>, list: NodeRef<'_>) -> bool {
        let (Some(open), Some(receiver)) = (self.classes.last(), &self.inside.receiver) else {
            return false;
        };
        let is_receiver = items(list)
            .next()
            .is_some_and(|first| first.kind() == "identifier" && first.text() == receiver);
        is_receiver
            && self
                .qualified(object)
                .is_some_and(|path| open.supertypes.iter().any(|ty| **ty == *path))
    }

    /// Lowers calls of functions of the language that are more than calls.
    fn builtin(&mut self, node: NodeRef<'_>, name: &str, list: NodeRef<'_>) -> Option<Slot> {
        let args: Vec<NodeRef<'_>> = items(list).collect();
        match (name, args.as_slice()) {
            ("getattr", [object, key, rest @ ..]) => {
                let key = constant_text(*key)?;
                let object = self.expression(*object);
                let value = self.b.load(node, object, &key);
                match rest {
                    [otherwise] => {
                        let otherwise = self.expression(*otherwise);
                        let cond = self.b.unknown(node);
                        Some(self.either(node, cond, value, otherwise))
                    }
                    _ => Some(value),
                }
            }
            ("setattr", [object, key, value]) => {
                let key = constant_text(*key)?;
                let object = self.expression(*object);
                let value = self.expression(*value);
                self.b.store(node, object, &key, value);
                Some(self.b.null(node))
            }
            ("isinstance", [value, ty]) if matches!(ty.kind(), "identifier" | "attribute") => {
                let value = self.expression(*value);
                let ty = self.described(*ty);
                (!ty.is_empty()).then(|| self.b.emit(node, Op::IsType(value, Name::from(ty))))
            }
            ("dict", args) if args.iter().all(|a| is_named(*a)) => {
                let mut entries = Vec::new();
                for arg in args {
                    match arg.kind() {
                        "keyword_argument" => {
                            let key = arg.child(Field::Name).map_or("", NodeRef::text);
                            let key = self.b.string(*arg, key);
                            let value = match arg.child(Field::Value) {
                                Some(value) => self.expression(value),
                                None => self.b.unknown(*arg),
                            };
                            entries.push((Some(key), value));
                        }
                        _ => {
                            let inner = items(*arg).next().unwrap_or(*arg);
                            let value = self.expression(inner);
                            entries.push((None, value));
                        }
                    }
                }
                Some(self.b.emit(node, Op::Map(entries)))
            }
            ("list" | "set" | "tuple" | "frozenset", []) => Some(self.b.list(node, Vec::new())),
            ("list" | "set" | "tuple" | "frozenset", [one])
                if matches!(
                    one.kind(),
                    "list" | "tuple" | "set" | "generator_expression"
                ) =>
            {
                Some(self.expression(*one))
            }
            _ => None,
        }
    }

    /// One of two values.
    fn either(&mut self, node: NodeRef<'_>, cond: Slot, first: Slot, second: Slot) -> Slot {
        let result = self.b.temp();
        let side = |this: &mut Self, value| {
            this.b.open();
            this.b.assign(node, result, value);
            this.b.close()
        };
        let then = side(self, first);
        let otherwise = side(self, second);
        self.b.branch(node, cond, then, otherwise);
        result
    }

    /// `partial(f, a)` is a function that calls `f` with `a` first.
    fn partial(&mut self, node: NodeRef<'_>, list: NodeRef<'_>) -> Slot {
        let mut args = self.arguments(list);
        if args.is_empty() || args[0].name.is_some() || args[0].spread {
            let parts = args.into_iter().map(|arg| arg.value).collect();
            return self.b.mix(node, parts);
        }
        // The function inside captures the values as variables.
        let at = node.span().start;
        let hidden = |index: usize| format!("partial@{at}.{index}");
        for (index, arg) in args.iter().enumerate() {
            self.b.bind(&hidden(index), arg.value);
        }
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let rest = self.b.param("args", ParamKind::Rest, None);
        let named = self.b.param("kwargs", ParamKind::NamedRest, None);
        for (index, arg) in args.iter_mut().enumerate() {
            arg.value = self.b.read(node, &hidden(index));
        }
        let function = args.remove(0).value;
        args.push(Arg::spread(rest));
        args.push(Arg {
            value: named,
            name: Some(Name::from("")),
            spread: true,
        });
        let value = self.b.call(node, Callee::Value(function), args);
        self.b.return_value(node, Some(value));
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }

    /// `"..." % values`, with the format written out.
    pub(super) fn percent(
        &mut self,
        node: NodeRef<'_>,
        text: NodeRef<'_>,
        right: NodeRef<'_>,
    ) -> Option<Slot> {
        let pieces = format::percent(&constant_text(text)?)?;
        let places = pieces
            .iter()
            .filter(|piece| {
                matches!(
                    piece,
                    Piece::Value {
                        of: Which::At(_),
                        ..
                    }
                )
            })
            .count();
        let listed: Option<Vec<NodeRef<'_>>> = (right.kind() == "tuple"
            && items(right).all(|item| item.kind() != "list_splat"))
        .then(|| items(right).collect());
        let positional: Vec<Slot>;
        let mut whole = None;
        if let Some(listed) = listed {
            positional = listed
                .into_iter()
                .map(|item| self.expression(item))
                .collect();
        } else {
            let value = self.expression(right);
            whole = Some(value);
            positional = match places {
                0 => Vec::new(),
                1 => vec![value],
                places => (0..places)
                    .map(|at| {
                        let index = self.b.int(right, at as i64);
                        self.b.load_index(right, value, index)
                    })
                    .collect(),
            };
        }
        let named = |this: &mut Self, name: &str| {
            let key = this.b.string(right, name);
            whole.map(|whole| this.b.load_index(right, whole, key))
        };
        self.pieces(node, &pieces, &positional, named)
    }

    /// `"...".format(values)`, with the format written out.
    fn braces(&mut self, node: NodeRef<'_>, text: NodeRef<'_>, list: NodeRef<'_>) -> Option<Slot> {
        let pieces = format::braces(&constant_text(text)?)?;
        let is_plain = |item: NodeRef<'_>| {
            !matches!(
                item.kind(),
                "list_splat" | "dictionary_splat" | "list_splat_pattern"
            )
        };
        if list.kind() != "argument_list" || !items(list).all(is_plain) {
            return None;
        }
        let args = self.arguments_in(list);
        let (mut positional, mut by_name) = (Vec::new(), Vec::new());
        for arg in args {
            match arg.name {
                Some(name) => by_name.push((name, arg.value)),
                None => positional.push(arg.value),
            }
        }
        let named = |_: &mut Self, name: &str| {
            let found = by_name.iter().find(|(own, _)| **own == *name);
            found.map(|(_, value)| *value)
        };
        self.pieces(node, &pieces, &positional, named)
    }

    /// Puts a text together of pieces and the values for them.
    fn pieces(
        &mut self,
        node: NodeRef<'_>,
        pieces: &[Piece],
        positional: &[Slot],
        named: impl Fn(&mut Self, &str) -> Option<Slot>,
    ) -> Option<Slot> {
        let mut slots = Vec::new();
        for piece in pieces {
            let (of, members, shown) = match piece {
                Piece::Text(text) => {
                    slots.push(self.b.string(node, text));
                    continue;
                }
                Piece::Value { of, members, shown } => (of, members, *shown),
            };
            let mut value = match of {
                Which::At(at) => *positional.get(*at)?,
                Which::Named(name) => named(self, name)?,
            };
            for member in members {
                value = match member {
                    Member::Attribute(name) => self.b.load(node, value, name),
                    Member::Key(key) => {
                        let key = self.b.string(node, key);
                        self.b.load_index(node, value, key)
                    }
                    Member::At(at) => {
                        let at = self.b.constant(node, Literal::Int(*at));
                        self.b.load_index(node, value, at)
                    }
                };
            }
            slots.push(self.shown(node, value, shown));
        }
        Some(self.b.text(node, slots))
    }
}

fn is_named(node: NodeRef<'_>) -> bool {
    matches!(node.kind(), "keyword_argument" | "dictionary_splat")
}

/// Returns whether an expression is a call of `super`.
fn is_super(node: NodeRef<'_>) -> bool {
    node.kind() == "call"
        && node
            .child(Field::Function)
            .is_some_and(|function| function.text() == "super")
}
