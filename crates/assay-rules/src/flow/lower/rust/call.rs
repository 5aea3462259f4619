//! Calls: functions, methods, what makes structures and variants.

use assay_syntax::{Field, NodeRef};

use super::Rust;
use super::name::{bare, parts};
use super::ty::arguments;
use crate::flow::ir::{Arg, Callee, Name, Op, Slot};
use crate::flow::lower::walk::Walk;

/// What is made of a value and is as good as the value.
const AROUND: &[&str] = &[
    "Arc",
    "ArcSwap",
    "Box",
    "Cell",
    "Mutex",
    "Pin",
    "Rc",
    "RefCell",
    "Reverse",
    "RwLock",
    "Some",
    "Wrapping",
    "Data",
    "State",
    "Extension",
];

/// What calls a function when its value is first asked for.
const LATER: &[&str] = &["Lazy", "LazyCell", "LazyLock"];

impl Rust<'_, '_> {
    /// Lowers a call to the slot of its result.
    pub(super) fn call(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(function) = node.child(Field::Function) else {
            return self.b.unknown(node);
        };
        if self.macros.is_macro(function.span().end) {
            return self.macro_call(node, function);
        }
        let (function, types) = match function.kind() {
            "generic_function" => (
                function.child(Field::Function).unwrap_or(function),
                arguments(function).collect::<Vec<_>>(),
            ),
            _ => (function, Vec::new()),
        };
        let ty = match types.as_slice() {
            [one] => self.ty(*one),
            _ => None,
        };
        match function.kind() {
            "field_expression" => self.method_call(node, function, ty),
            "identifier" | "scoped_identifier" => self.path_call(node, function, ty),
            _ => {
                let callee = self.expression(function);
                let args = self.arguments(node);
                self.b.call(node, Callee::Value(callee), args)
            }
        }
    }

    fn arguments(&mut self, node: NodeRef<'_>) -> Vec<Arg> {
        let outer = self.expected.take();
        let list = node.child(Field::Arguments);
        let nodes = list.into_iter().flat_map(NodeRef::named_children);
        let args = nodes
            .filter(|child| child.kind() != "attribute_item")
            .map(|argument| Arg::plain(self.expression(argument)))
            .collect();
        self.expected = outer;
        args
    }

    fn method_call(
        &mut self,
        node: NodeRef<'_>,
        function: NodeRef<'_>,
        ty: Option<String>,
    ) -> Slot {
        let (Some(receiver), Some(name)) = (
            function.child(Field::Value),
            function.child(Field::Property),
        ) else {
            return self.b.unknown(node);
        };
        let name = bare(name.text());
        if matches!(name, "all" | "any" | "contains" | "filter" | "find")
            && let Some(closure) = only_argument(node)
            && let Some(value) = self.characters(node, name, receiver, closure)
        {
            return value;
        }
        let object = self.expression(receiver);
        let args = self.arguments(node);
        match (name, args.as_slice()) {
            ("clone", []) => return self.b.emit(node, Op::Clone(object)),
            ("parse", []) => return self.parsed(node, object, ty),
            ("into_inner", []) if self.tuple_types_of.contains_key(&object) => return object,
            _ => {}
        }
        let value = self.b.method(node, object, name, args);
        self.seen_as(node, name, value, ty)
    }

    /// What a text is parsed to; where it is no text it does no harm.
    fn parsed(&mut self, node: NodeRef<'_>, text: Slot, ty: Option<String>) -> Slot {
        let ty = ty.or_else(|| self.expected.clone());
        let name = match ty.as_deref() {
            Some("str") => return text,
            None => "core.parsed".to_owned(),
            Some(ty) if is_plain(ty) => "core.number".to_owned(),
            Some(ty) => format!("{ty}.parse"),
        };
        let value = self.b.call_global(node, &name, vec![Arg::plain(text)]);
        match ty {
            Some(ty) if !is_plain(&ty) => self.b.emit(node, Op::Cast(value, Name::from(ty))),
            _ => value,
        }
    }

    fn seen_as(&mut self, node: NodeRef<'_>, name: &str, value: Slot, ty: Option<String>) -> Slot {
        match ty {
            Some(ty) if !matches!(name, "collect" | "into_iter" | "iter" | "map") => {
                self.b.emit(node, Op::Cast(value, Name::from(ty)))
            }
            _ => value,
        }
    }

    fn path_call(&mut self, node: NodeRef<'_>, function: NodeRef<'_>, ty: Option<String>) -> Slot {
        let path = parts(function);
        let last = path.last().copied().unwrap_or("");
        if let [one] = path.as_slice()
            && let Some(slot) = self.b.lookup(one)
        {
            let args = self.arguments(node);
            return self.b.call(node, Callee::Value(slot), args);
        }
        match outcome(&path) {
            "Some" | "Ok" | "Ready" => {
                let args = self.arguments(node);
                return self.b.call_global(node, "core.Ok", args);
            }
            "Err" => {
                let args = self.arguments(node);
                return self.b.call_global(node, "core.Err", args);
            }
            _ => {}
        }
        if let [.., owner, "new" | "from" | "pin" | "Borrowed" | "Owned"] = path.as_slice()
            && (AROUND.contains(owner) || *owner == "Cow")
            && let Some(only) = only_argument(node)
        {
            return self.expression(only);
        }
        if let ["String", "new" | "default"] = path.as_slice() {
            return self.b.string(node, "");
        }
        if let [.., owner, "new"] = path.as_slice()
            && LATER.contains(owner)
            && let Some(only) = only_argument(node)
        {
            let function = self.expression(only);
            return self.b.call(node, Callee::Value(function), Vec::new());
        }
        let name = match path.as_slice() {
            ["Self"] => self.own_type.clone().unwrap_or_default(),
            ["Self", rest @ ..] => {
                let own = self.own_type.clone().unwrap_or_default();
                rest.iter().fold(own, |own, part| format!("{own}.{part}"))
            }
            path => self.names.path(path),
        };
        let args = self.arguments(node);
        let is_type = last.starts_with(|c: char| c.is_uppercase());
        if is_type || last == "Self" {
            return self.made(node, &name, args);
        }
        if let [primitive, ..] = path.as_slice()
            && is_plain(primitive)
            && let Some(first) = args.first()
        {
            return self.b.call_global(node, "core.number", vec![first.clone()]);
        }
        let value = self.b.call_global(node, &name, args);
        self.seen_as(node, last, value, ty)
    }

    /// A structure or variant whose members have no names.
    fn made(&mut self, node: NodeRef<'_>, name: &str, args: Vec<Arg>) -> Slot {
        let callee = Callee::New(Name::from(name));
        if !self.names.is_own(name) {
            return self.b.call(node, callee, args);
        }
        let object = self.b.call(node, callee, Vec::new());
        for (at, arg) in args.into_iter().enumerate() {
            self.b.store(node, object, &at.to_string(), arg.value);
        }
        object
    }

    /// Returns whether an expression is a text that a variable can be made
    /// of which is added to.
    pub(super) fn is_owned_text(&self, node: NodeRef<'_>) -> bool {
        match node.kind() {
            "macro_invocation" => {
                let name = node.child(Field::Function).map_or("", NodeRef::text);
                matches!(name, "format" | "std::format")
            }
            "call_expression" => {
                let Some(function) = node.child(Field::Function) else {
                    return false;
                };
                match function.kind() {
                    "field_expression" => {
                        let name = function.child(Field::Property).map_or("", NodeRef::text);
                        let of = function.child(Field::Value).map_or("", NodeRef::kind);
                        matches!(name, "to_string" | "to_owned" | "into")
                            && of.ends_with("string_literal")
                    }
                    _ => matches!(
                        parts(function).as_slice(),
                        ["String", "new" | "from" | "with_capacity" | "default"]
                    ),
                }
            }
            _ => false,
        }
    }
}

/// Returns the last part of a path where it stands for how something went.
pub(super) fn outcome<'p>(path: &[&'p str]) -> &'p str {
    match path {
        [name] | ["Option" | "Result" | "Poll", name] => name,
        _ => "",
    }
}

fn only_argument(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut args = node.child(Field::Arguments)?.named_children();
    let first = args.next()?;
    args.next().is_none().then_some(first)
}

/// Returns whether values of the type are numbers or the like.
pub(super) fn is_plain(ty: &str) -> bool {
    matches!(
        ty,
        "u8" | "i8"
            | "u16"
            | "i16"
            | "u32"
            | "i32"
            | "u64"
            | "i64"
            | "u128"
            | "i128"
            | "usize"
            | "isize"
            | "f32"
            | "f64"
            | "bool"
            | "char"
            | "uuid.Uuid"
            | "std.net.IpAddr"
            | "std.net.Ipv4Addr"
            | "std.net.Ipv6Addr"
            | "std.net.SocketAddr"
            | "chrono.NaiveDate"
            | "chrono.NaiveDateTime"
            | "chrono.DateTime"
            | "time.Duration"
            | "rust_decimal.Decimal"
            | "semver.Version"
    )
}
