//! PHP's calls, and functions of the language that are more than calls: those
//! that take functions by name, set variables, or take their arguments in an
//! order of their own.

use assay_syntax::{Field, NodeRef};

use super::literal::constant_text;
use super::{BOXED, Php};
use crate::flow::builder::Signature;
use crate::flow::ir::{Arg, BinaryOp, Callee, FunctionKind, Literal, Name, Op, ParamKind, Slot};
use crate::flow::lower::walk::Walk;

/// Functions that take a function: the place of it.
const CALLBACKS: &[(&str, usize)] = &[
    ("array_filter", 1),
    ("array_map", 0),
    ("array_reduce", 1),
    ("array_walk", 1),
    ("add_action", 1),
    ("add_filter", 1),
    ("add_shortcode", 1),
    ("call_user_func", 0),
    ("call_user_func_array", 0),
    ("iterator_apply", 1),
    ("ob_start", 0),
    ("preg_replace_callback", 1),
    ("register_shutdown_function", 0),
    ("set_error_handler", 0),
    ("set_exception_handler", 0),
    ("spl_autoload_register", 0),
    ("uasort", 1),
    ("uksort", 1),
    ("usort", 1),
];

/// Functions whose arguments come in another order than operations take them:
/// the order of the arguments.
const ORDERS: &[(&str, &[usize])] = &[
    ("array_map", &[1, 0]),
    ("explode", &[1, 0]),
    ("mb_split", &[1, 0]),
    ("preg_replace", &[2, 0, 1]),
    ("preg_replace_callback", &[2, 0, 1]),
    ("preg_split", &[1, 0]),
    ("str_ireplace", &[2, 0, 1]),
    ("str_replace", &[2, 0, 1]),
];

/// Functions that set a variable to what they make of an argument: its place,
/// and that of the argument.
const OUTPUTS: &[(&str, usize, usize)] = &[
    ("exec", 1, 0),
    ("mb_parse_str", 1, 0),
    ("parse_str", 1, 0),
    ("sscanf", 2, 0),
];

impl Php<'_> {
    /// Lowers a list of arguments.
    pub(super) fn arguments(&mut self, list: NodeRef<'_>) -> Vec<Arg> {
        self.arguments_with(list, &[])
    }

    /// Lowers a list of arguments; those at the places are functions.
    fn arguments_with(&mut self, list: NodeRef<'_>, functions: &[usize]) -> Vec<Arg> {
        let mut args = Vec::new();
        for (at, argument) in list
            .named_children()
            .filter(|child| child.kind() == "argument")
            .enumerate()
        {
            let Some(value) = value_of(argument) else {
                continue;
            };
            let name = argument.child(Field::Name);
            let slot = match functions.contains(&at) {
                true => self.callable(value),
                false => self.expression(value),
            };
            args.push(match name {
                Some(name) => Arg::named(name.text(), slot),
                None if value.kind() == "variadic_unpacking" => Arg::spread(slot),
                None => Arg::plain(slot),
            });
        }
        args
    }

    /// Lowers arguments for a function of the file that takes some of them by
    /// reference: these go in boxes, which are read back after the call.
    fn boxed_arguments(&mut self, list: NodeRef<'_>, name: &str) -> (Vec<Arg>, Vec<(Slot, usize)>) {
        let mut args = self.arguments(list);
        let mut boxes = Vec::new();
        for place in self.by_reference.get(name).cloned().unwrap_or_default() {
            let Some(arg) = args.get_mut(place).filter(|arg| arg.name.is_none()) else {
                continue;
            };
            let key = self.b.string(list, BOXED);
            let holder = self.b.emit(list, Op::Map(vec![(Some(key), arg.value)]));
            arg.value = holder;
            boxes.push((holder, place));
        }
        (args, boxes)
    }

    fn read_back(&mut self, list: NodeRef<'_>, boxes: Vec<(Slot, usize)>) {
        for (holder, place) in boxes {
            let argument = list.named_children().filter(|c| c.kind() == "argument");
            let target = argument.into_iter().nth(place).and_then(value_of);
            if let Some(target) = target {
                let value = self.b.load(list, holder, BOXED);
                self.assign_to(target, value);
            }
        }
    }

    pub(super) fn function_call(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(function), Some(list)) =
            (node.child(Field::Function), node.child(Field::Arguments))
        else {
            return self.b.unknown(node);
        };
        if !matches!(function.kind(), "name" | "qualified_name" | "relative_name") {
            let callee = self.callable(function);
            // A function that goes by a text may be any.
            if function.kind() != "parenthesized_expression" {
                self.b
                    .call_global(node, "call by name", vec![Arg::plain(callee)]);
            }
            let args = self.arguments(list);
            return self.b.call(node, Callee::Value(callee), args);
        }
        let name = self.names.function(function.text());
        if list
            .named_children()
            .any(|c| c.kind() == "variadic_placeholder")
        {
            return self.b.global(node, &name);
        }
        if let Some(value) = self.builtin(node, &name, list) {
            return value;
        }
        let bare_name = name.rsplit('.').next().unwrap_or(&name).to_owned();
        let (args, boxes) = self.boxed_arguments(list, &bare_name);
        let value = self.b.call_global(node, &name, args);
        self.read_back(list, boxes);
        value
    }

    pub(super) fn method_call(&mut self, node: NodeRef<'_>) -> Slot {
        let receiver = self.operand(node, Field::Object);
        let (Some(name), Some(list)) = (node.child(Field::Name), node.child(Field::Arguments))
        else {
            return self.b.unknown(node);
        };
        if name.kind() != "name" {
            let name = self.expression(name);
            self.b
                .call_global(node, "method by name", vec![Arg::plain(name)]);
            let mut parts = vec![receiver];
            parts.extend(self.arguments(list).into_iter().map(|arg| arg.value));
            return self.b.mix(node, parts);
        }
        let name = match name.text() {
            "__construct" => "<init>",
            name => name,
        };
        let (mut args, boxes) = self.boxed_arguments(list, name);
        self.route_handler(node, list, name, &mut args);
        let value = self.b.method(node, receiver, name, args);
        self.read_back(list, boxes);
        value
    }

    /// `A::f()`, `parent::f()`, `$class::f()`.
    pub(super) fn scoped_call(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(scope), Some(name), Some(list)) = (
            node.child(Field::Object),
            node.child(Field::Name),
            node.child(Field::Arguments),
        ) else {
            return self.b.unknown(node);
        };
        if name.kind() != "name" {
            let name = self.expression(name);
            self.b
                .call_global(node, "method by name", vec![Arg::plain(name)]);
            let parts = self.arguments(list).into_iter().map(|arg| arg.value);
            let parts = parts.collect();
            return self.b.mix(node, parts);
        }
        let name = match name.text() {
            "__construct" => "<init>",
            name => name,
        };
        let (mut args, boxes) = self.boxed_arguments(list, name);
        self.route_handler(node, list, name, &mut args);
        let this = self.b.lookup("this");
        let is_own = self
            .classes
            .last()
            .is_some_and(|open| open.methods.contains(name));
        let value = match (scope.text(), this) {
            ("parent", Some(this)) => {
                let mut all = vec![Arg::plain(this)];
                all.extend(args);
                self.b.call(node, Callee::Super(Name::from(name)), all)
            }
            ("self" | "static", Some(this)) if is_own => self.b.method(node, this, name, args),
            _ => {
                let is_class = matches!(scope.kind(), "name" | "qualified_name" | "relative_scope");
                let class = self.class_name(scope).filter(|_| is_class);
                let receiver = match class {
                    Some(class) => self.b.global(scope, &class),
                    None => self.expression(scope),
                };
                self.b.method(node, receiver, name, args)
            }
        };
        self.read_back(list, boxes);
        value
    }

    /// What a router gives to the function of a route are parts of addresses.
    fn route_handler(
        &mut self,
        node: NodeRef<'_>,
        list: NodeRef<'_>,
        name: &str,
        args: &mut [Arg],
    ) {
        if !matches!(
            name,
            "get" | "post" | "put" | "patch" | "delete" | "any" | "match"
        ) {
            return;
        }
        let Some((at, function)) = list
            .named_children()
            .filter(|child| child.kind() == "argument")
            .filter_map(value_of)
            .enumerate()
            .skip(1)
            .find(|(_, value)| matches!(value.kind(), "anonymous_function" | "arrow_function"))
        else {
            return;
        };
        let params = function.child(Field::Parameters);
        let params: Vec<NodeRef<'_>> = params
            .into_iter()
            .flat_map(NodeRef::named_children)
            .collect();
        let parts: Vec<Arg> = params
            .iter()
            .map(|param| {
                let ty = param.child(Field::Type).and_then(|ty| self.ty(ty));
                let value = match ty.as_deref() {
                    None | Some("string") => self.b.call_global(*param, "route part", Vec::new()),
                    Some(ty) => {
                        let unknown = self.b.unknown(*param);
                        self.b.emit(*param, Op::Cast(unknown, Name::from(ty)))
                    }
                };
                Arg::plain(value)
            })
            .collect();
        if let Some(arg) = args.get(at) {
            // The router calls it; what it does with the result is not known.
            self.b.call(node, Callee::Value(arg.value), parts);
        }
    }

    /// Lowers what is called: texts and pairs name functions and methods.
    pub(super) fn callable(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(text) = constant_text(node) {
            let name = match text.split_once("::") {
                Some((class, method)) => format!("{}.{method}", self.names.class(class)),
                None => self.names.function(&text),
            };
            return self.b.global(node, &name);
        }
        let parts = pair_of(node);
        if let [object, name] = parts.as_slice()
            && let Some(name) = constant_text(*name)
        {
            return self.bound_method(node, *object, &name);
        }
        self.expression(node)
    }

    /// `[$this, 'name']` is a method, wherever it stands.
    pub(super) fn method_pair(&mut self, node: NodeRef<'_>) -> Option<Slot> {
        let parts = pair_of(node);
        let [object, name] = parts.as_slice() else {
            return None;
        };
        let name = constant_text(*name)?;
        (object.text() == "$this").then(|| self.bound_method(node, *object, &name))
    }

    /// `[$object, 'name']` as a function.
    fn bound_method(&mut self, node: NodeRef<'_>, object: NodeRef<'_>, name: &str) -> Slot {
        let receiver = match constant_text(object) {
            Some(class) => {
                let class = self.names.class(&class);
                self.b.global(object, &class)
            }
            None => self.expression(object),
        };
        // The function inside captures the object as a variable.
        let hidden = format!("object@{}", node.span().start);
        let holder = self.b.declare_in_function(&hidden, None);
        self.b.assign(node, holder, receiver);
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let rest = self.b.param("arguments", ParamKind::Rest, None);
        let receiver = match self.b.lookup(&hidden) {
            Some(receiver) => receiver,
            None => self.b.unknown(node),
        };
        let value = self.b.method(node, receiver, name, vec![Arg::spread(rest)]);
        self.b.return_value(node, Some(value));
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }

    /// Lowers functions of the language that are more than calls.
    fn builtin(&mut self, node: NodeRef<'_>, name: &str, list: NodeRef<'_>) -> Option<Slot> {
        let values: Vec<NodeRef<'_>> = list
            .named_children()
            .filter(|child| child.kind() == "argument")
            .filter_map(value_of)
            .collect();
        match (name, values.as_slice()) {
            ("isset" | "empty", parts) => Some(self.is_set(node, name, parts)),
            ("compact", names) => Some(self.compact(node, names)),
            ("extract", [from, ..]) => {
                let from = self.expression(*from);
                self.inside.extracted = Some(from);
                Some(self.b.call_global(node, "extract", vec![Arg::plain(from)]))
            }
            ("die" | "exit", parts) => {
                if let Some(value) = parts.first() {
                    let value = self.expression(*value);
                    self.b.call_global(node, "exit", vec![Arg::plain(value)]);
                }
                let end = self.b.unknown(node);
                self.b.throw(node, end);
                Some(self.b.unknown(node))
            }
            ("define", [key, value, ..]) => {
                let key = constant_text(*key)?;
                let value = self.expression(*value);
                self.b.store_global(node, &key, value);
                Some(self.b.constant(node, Literal::Bool(true)))
            }
            ("constant", [key]) => {
                let key = constant_text(*key)?.replace("::", ".");
                Some(self.b.global(node, &key))
            }
            ("in_array", [item, all, more @ ..]) => {
                let item = self.expression(*item);
                let container = self.expression(*all);
                // A text equals the number that it begins with.
                let has_numbers = all.subtree().any(|part| part.kind() == "integer");
                let is_strict = more
                    .first()
                    .is_some_and(|m| m.text().eq_ignore_ascii_case("true"));
                if has_numbers && !is_strict {
                    return Some(self.b.unknown(node));
                }
                Some(self.b.binary(node, BinaryOp::In, item, container))
            }
            ("array_key_exists" | "key_exists", [key, all]) => {
                let key = self.expression(*key);
                let all = self.expression(*all);
                let args = vec![Arg::plain(key)];
                Some(self.b.method(node, all, "offsetExists", args))
            }
            ("array_merge" | "array_replace", [_, _, ..]) => {
                let entries = values.iter().map(|v| (None, self.expression(*v))).collect();
                Some(self.b.emit(node, Op::Map(entries)))
            }
            ("call_user_func", [function, ..]) => {
                let callee = self.callable(*function);
                self.b
                    .call_global(node, "call by name", vec![Arg::plain(callee)]);
                let mut args = self.arguments(list);
                args.remove(0);
                Some(self.b.call(node, Callee::Value(callee), args))
            }
            ("call_user_func_array", [function, all]) => {
                let callee = self.callable(*function);
                self.b
                    .call_global(node, "call by name", vec![Arg::plain(callee)]);
                let all = self.expression(*all);
                let args = vec![Arg::spread(all)];
                Some(self.b.call(node, Callee::Value(callee), args))
            }
            ("preg_match" | "preg_match_all", [pattern, text, out, ..]) => {
                let pattern = self.expression(*pattern);
                let text = self.expression(*text);
                let args = || vec![Arg::plain(pattern), Arg::plain(text)];
                let groups = self.b.call_global(node, "groups of a match", args());
                self.assign_to(*out, groups);
                Some(self.b.call_global(node, "preg_match", args()))
            }
            ("settype", [target, ty, ..]) => {
                let number = constant_text(*ty)?;
                let value = self.expression(*target);
                if matches!(
                    number.as_str(),
                    "int" | "integer" | "float" | "bool" | "boolean"
                ) {
                    let number = self.b.call_global(node, "intval", vec![Arg::plain(value)]);
                    self.assign_to(*target, number);
                }
                Some(self.b.unknown(node))
            }
            ("printf" | "vprintf", _) => {
                let args = self.arguments(list);
                let text = self
                    .b
                    .call_global(node, &name.replace("printf", "sprintf"), args);
                Some(self.b.call_global(node, "printf", vec![Arg::plain(text)]))
            }
            ("func_get_args", []) => {
                let variables: Vec<String> = self.inside.assigned.iter().cloned().collect();
                let mut items = Vec::new();
                for name in variables {
                    items.extend(self.b.local(&name).map(Arg::plain));
                }
                Some(self.b.list(node, items))
            }
            _ => self.reordered(node, name, list, &values),
        }
    }

    /// Lowers calls of functions that take functions, set variables or have an
    /// order of their own.
    fn reordered(
        &mut self,
        node: NodeRef<'_>,
        name: &str,
        list: NodeRef<'_>,
        values: &[NodeRef<'_>],
    ) -> Option<Slot> {
        let function = CALLBACKS.iter().find(|known| known.0 == name);
        let order = ORDERS.iter().find(|known| known.0 == name);
        let output = OUTPUTS
            .iter()
            .find(|known| known.0 == name && values.len() > known.1);
        if function.is_none() && order.is_none() && output.is_none() {
            return None;
        }
        let places: Vec<usize> = function.iter().map(|known| known.1).collect();
        let mut args = self.arguments_with(list, &places);
        if let Some((_, to, from)) = output {
            let from = args.get(*from).map(|arg| arg.value)?;
            let value = match name {
                // What a command says is not what it was given.
                "exec" => self.b.unknown(node),
                _ => self.b.mix(node, vec![from]),
            };
            self.assign_to(values[*to], value);
        }
        if let Some((_, order)) = order
            && args.len() >= order.len()
            && args.iter().all(|arg| arg.name.is_none() && !arg.spread)
        {
            let mut sorted: Vec<Arg> = order.iter().map(|at| args[*at].clone()).collect();
            sorted.extend(args.drain(order.len()..));
            args = sorted;
        }
        Some(self.b.call_global(node, name, args))
    }

    /// `isset($a[$key])` tells that the key is one of the array's.
    fn is_set(&mut self, node: NodeRef<'_>, name: &str, parts: &[NodeRef<'_>]) -> Slot {
        if let ([one], "isset") = (parts, name)
            && one.kind() == "subscript_expression"
        {
            let mut inner = one.named_children();
            if let (Some(object), Some(key)) = (inner.next(), inner.next())
                && super::literal::key(key).is_none()
            {
                let object = self.expression(object);
                let key = self.index(key);
                return self
                    .b
                    .method(node, object, "offsetExists", vec![Arg::plain(key)]);
            }
        }
        for part in parts {
            self.expression(*part);
        }
        self.b.unknown(node)
    }

    /// `compact('a', 'b')` is an array of these variables.
    fn compact(&mut self, node: NodeRef<'_>, names: &[NodeRef<'_>]) -> Slot {
        let mut entries = Vec::new();
        for name in names.iter().flat_map(|name| name.subtree()) {
            if let Some(text) = constant_text(name) {
                let key = self.b.string(name, &text);
                let value = self.read_variable(name, &text);
                entries.push((Some(key), value));
            }
        }
        self.b.emit(node, Op::Map(entries))
    }
}

/// Returns the elements of an array that is written out, where these are two.
fn pair_of(node: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    if node.kind() != "array_creation_expression" || node.named_children().count() != 2 {
        return Vec::new();
    }
    let elements = node.named_children();
    elements
        .filter(|element| element.named_children().count() == 1)
        .filter_map(|element| element.named_children().next())
        .collect()
}

/// Returns the value of an argument, without its name.
fn value_of(argument: NodeRef<'_>) -> Option<NodeRef<'_>> {
    argument
        .named_children()
        .filter(|child| child.field() != Field::Name && child.kind() != "reference_modifier")
        .last()
}
