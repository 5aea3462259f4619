//! Calls of Kotlin: methods, functions by bare names, makers of collections,
//! and lambdas behind the arguments.

use assay_syntax::NodeRef;

use super::{Kotlin, bare, qualified};
use crate::flow::ir::{Arg, Block, Callee, Name, Op, Slot};
use crate::flow::lower::walk::Walk;

impl Kotlin<'_> {
    pub(super) fn arguments(&mut self, list: Option<NodeRef<'_>>) -> Vec<Arg> {
        let mut args = Vec::new();
        for node in list.into_iter().flat_map(NodeRef::named_children) {
            let Some(value) = node.named_children().last() else {
                continue;
            };
            let is_named = node.children().any(|child| child.kind() == "=");
            let name = node.named_children().next().filter(|_| is_named);
            let is_spread = node.children().any(|child| child.kind() == "*");
            let (value, is_spread) = match value.kind() {
                "spread_expression" => (value.named_children().next().unwrap_or(value), true),
                _ => (value, is_spread),
            };
            let slot = self.expression(value);
            args.push(match name {
                Some(name) => Arg::named(name.text(), slot),
                None if is_spread => Arg::spread(slot),
                None => Arg::plain(slot),
            });
        }
        args
    }

    pub(super) fn call(&mut self, node: NodeRef<'_>) -> Slot {
        let mut callee = node.named_children().next();
        let part = |of: NodeRef<'_>, kind: &str| {
            of.named_children()
                .find(|n| n.kind() == kind)
                .map(|n| n.id())
        };
        let find = |of, kind| part(of, kind).map(|id| node.tree().node(id));
        let mut list = find(node, "value_arguments");
        let lambda = find(node, "annotated_lambda");
        // `f(x) { ... }` may be a call of a call.
        if let (Some(inner), None, Some(_)) = (callee, list, lambda)
            && inner.kind() == "call_expression"
            && find(inner, "annotated_lambda").is_none()
        {
            list = find(inner, "value_arguments");
            callee = inner.named_children().next();
        }
        let Some(callee) = callee else {
            return self.b.unknown(node);
        };
        let name = match callee.kind() {
            "identifier" => callee.text(),
            "navigation_expression" => callee.named_children().last().map_or("", NodeRef::text),
            _ => "",
        };
        let has_receiver = matches!(
            name,
            "apply" | "run" | "with" | "buildString" | "buildList" | "buildMap" | "buildSet"
        );
        let lambda = lambda.and_then(|lambda| {
            lambda
                .named_children()
                .find(|child| child.kind() == "lambda_literal")
        });
        match callee.kind() {
            "identifier" => {
                let mut args = self.arguments(list);
                if let Some(lambda) = lambda {
                    let has_receiver = has_receiver && !(name == "run" && self.has_this);
                    args.push(Arg::plain(self.lambda(lambda, has_receiver)));
                }
                self.call_bare(node, bare(callee), args)
            }
            "navigation_expression" => {
                let object = callee.named_children().next();
                let Some(object) = object else {
                    return self.b.unknown(node);
                };
                if object.kind() == "super_expression" {
                    let this = self.b.read(object, "this");
                    let mut args = vec![Arg::plain(this)];
                    args.extend(self.arguments(list));
                    return self.b.call(node, Callee::Super(Name::from(name)), args);
                }
                if let Some(class) = self.class_of_package(callee) {
                    let mut args = self.arguments(list);
                    if let Some(lambda) = lambda {
                        args.push(Arg::plain(self.lambda(lambda, false)));
                    }
                    return self.b.call(node, Callee::New(Name::from(class)), args);
                }
                let owner = self.qualified_name(object);
                let receiver = match &owner {
                    Some(owner) => self.b.global(object, owner),
                    None => self.expression(object),
                };
                let mut args = self.arguments(list);
                if let Some(lambda) = lambda {
                    args.push(Arg::plain(self.lambda(lambda, has_receiver)));
                }
                let is_type = name.starts_with(|c: char| c.is_uppercase());
                match owner {
                    // `Outer.Inner(...)`
                    Some(owner) if is_type => {
                        let ty = Name::from(format!("{owner}.{name}"));
                        self.b.call(node, Callee::New(ty), args)
                    }
                    _ if name == "invoke" => self.b.call(node, Callee::Value(receiver), args),
                    _ => self.b.method(node, receiver, name.trim_matches('`'), args),
                }
            }
            _ => {
                let value = self.expression(callee);
                let mut args = self.arguments(list);
                if let Some(lambda) = lambda {
                    args.push(Arg::plain(self.lambda(lambda, false)));
                }
                self.b.call(node, Callee::Value(value), args)
            }
        }
    }

    /// Calls what has no object before it.
    fn call_bare(&mut self, node: NodeRef<'_>, name: &str, args: Vec<Arg>) -> Slot {
        if let Some(slot) = self.b.lookup(name) {
            return self.b.call(node, Callee::Value(slot), args);
        }
        let is_own = self.top.contains(name)
            || self.names.member(name).is_some()
            || self
                .owner(|members| members.methods.contains_key(name))
                .is_some();
        if !is_own && let Some(value) = self.maker(node, name, &args) {
            return value;
        }
        self.call_named(node, name, args)
    }

    /// Calls a function, method or constructor by its bare name.
    pub(super) fn call_named(&mut self, node: NodeRef<'_>, name: &str, args: Vec<Arg>) -> Slot {
        if let Some(class) = self.owner(|members| members.methods.contains_key(name)) {
            let receiver = self.receiver(node, class);
            return self.b.method(node, receiver, name, args);
        }
        if self.top.contains(name) {
            let global = qualified(self.b.package(), name);
            return self.b.call_global(node, &global, args);
        }
        if self.names.is_type(name) {
            let ty = self.made(name);
            return self.b.call(node, Callee::New(ty), args);
        }
        if let Some(member) = self.names.member(name) {
            let member = member.to_owned();
            return self.b.call_global(node, &member, args);
        }
        if let Some(class) = self.owner(|members| members.fields.contains(name)) {
            let object = self.receiver(node, class);
            let function = self.b.load(node, object, name);
            return self.b.call(node, Callee::Value(function), args);
        }
        let is_derived = self
            .inside
            .last()
            .is_some_and(|&at| self.members[at].has_supertypes);
        let has_other_this = self.has_this && (self.inside.is_empty() || is_derived);
        let in_lambda = self.b.local("this").is_some() && self.b.function_depth() > 2;
        if has_other_this || in_lambda {
            let this = self.b.read(node, "this");
            return self.b.method(node, this, name, args);
        }
        self.b.call_global(node, &format!("*.{name}"), args)
    }

    /// Lowers what Kotlin's library makes collections with, and the scope
    /// functions that take their object as an argument.
    fn maker(&mut self, node: NodeRef<'_>, name: &str, args: &[Arg]) -> Option<Slot> {
        Some(match (name, args) {
            (
                "listOf" | "mutableListOf" | "arrayListOf" | "setOf" | "mutableSetOf" | "hashSetOf"
                | "linkedSetOf" | "arrayOf" | "listOfNotNull" | "sequenceOf" | "emptyList"
                | "emptySet" | "sortedSetOf",
                _,
            ) => self.b.list(node, args.to_vec()),
            ("Pair", [left, right]) => self.pair(node, left.value, right.value),
            (
                "mapOf" | "mutableMapOf" | "hashMapOf" | "linkedMapOf" | "emptyMap" | "sortedMapOf",
                _,
            ) => self.map(node, args),
            ("require" | "check", [cond, ..]) => {
                self.b.open();
                let problem = self.b.unknown(node);
                self.b.throw(node, problem);
                let otherwise = self.b.close();
                self.b.branch(node, cond.value, Block::new(), otherwise);
                self.b.null(node)
            }
            ("requireNotNull" | "checkNotNull", [value, ..]) => value.value,
            ("error", [message]) => {
                self.b.throw(node, message.value);
                self.b.unknown(node)
            }
            ("with", [object, function]) => {
                self.b
                    .method(node, object.value, "run", vec![Arg::plain(function.value)])
            }
            ("run", [function]) => self.b.call(node, Callee::Value(function.value), Vec::new()),
            ("buildString", [.., function]) => {
                let ty = Name::from("java.lang.StringBuilder");
                let builder = self.b.call(node, Callee::New(ty), Vec::new());
                let given = vec![Arg::plain(builder)];
                self.b.call(node, Callee::Value(function.value), given);
                self.b.method(node, builder, "toString", Vec::new())
            }
            ("buildList" | "buildSet", [.., function]) => {
                let list = self.b.list(node, Vec::new());
                let given = vec![Arg::plain(list)];
                self.b.call(node, Callee::Value(function.value), given);
                list
            }
            ("buildMap", [.., function]) => {
                let map = self.b.emit(node, Op::Map(Vec::new()));
                let given = vec![Arg::plain(map)];
                self.b.call(node, Callee::Value(function.value), given);
                map
            }
            (
                "runBlocking" | "launch" | "async" | "withContext" | "coroutineScope"
                | "supervisorScope" | "runCatching" | "synchronized" | "flow" | "sequence",
                [.., function],
            ) => self.b.call(node, Callee::Value(function.value), Vec::new()),
            _ => return None,
        })
    }

    /// A map of pairs: each is told apart when it is written as one.
    fn map(&mut self, node: NodeRef<'_>, args: &[Arg]) -> Slot {
        let map = self.b.emit(node, Op::Map(Vec::new()));
        for pair in args {
            let first = self.b.int(node, 0);
            let key = self.b.load_index(node, pair.value, first);
            let second = self.b.int(node, 1);
            let value = self.b.load_index(node, pair.value, second);
            self.b.store_index(node, map, Some(key), value);
        }
        map
    }
}
