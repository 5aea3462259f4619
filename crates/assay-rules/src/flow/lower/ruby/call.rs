//! Ruby's calls, and those that are more than calls: of methods by name, with
//! patterns, of what answers requests.

use assay_syntax::{Field, NodeRef};

use super::expression::{is_pattern, named_spread};
use super::literal::constant_text;
use super::method::is_block;
use super::pattern::tested_type;
use super::{Ruby, first_item, items};
use crate::flow::builder::Signature;
use crate::flow::ir::{
    Arg, BLOCK, BinaryOp, Callee, FunctionKind, Literal, LogicalOp, Name, Op, ParamKind, Slot,
};
use crate::flow::lower::walk::Walk;

/// What a request consists of: methods without arguments that always give back
/// the same, so that a check of a part of it counts for what comes after.
const PARTS_OF_REQUEST: &[&str] = &[
    "cookies", "env", "headers", "params", "request", "response", "session",
];

/// Methods that take a statement with its values in one list.
const STATEMENTS: &[&str] = &[
    "exists?",
    "find_by",
    "find_by_sql",
    "having",
    "joins",
    "order",
    "sanitize_sql",
    "sanitize_sql_array",
    "sanitize_sql_for_conditions",
    "select_all",
    "where",
];

/// Methods of servers that are given a path and a block.
const ROUTES: &[&str] = &[
    "delete", "get", "head", "link", "options", "patch", "post", "put", "route", "unlink",
];

impl Ruby<'_> {
    /// Lowers a call; `is_used` says whether its value is.
    pub(super) fn call(&mut self, node: NodeRef<'_>, is_used: bool) -> Slot {
        let Some(method) = node.child(Field::Property) else {
            // `function.(argument)`
            let callee = self.operand(node, Field::Object);
            let args = self.arguments_of(node);
            return self.b.call(node, Callee::Value(callee), args);
        };
        let name = method.text();
        if method.kind() == "super" {
            let list = node.child(Field::Arguments);
            return self.super_call(node, list, node.child(Field::Body));
        }
        if let Some(value) = self.loop_call(node, name, is_used) {
            return value;
        }
        match node.child(Field::Object) {
            Some(object) => self.method_call(node, object, name),
            None => self.bare_call(node, name),
        }
    }

    /// Lowers the arguments of a call with its block.
    pub(super) fn arguments_of(&mut self, node: NodeRef<'_>) -> Vec<Arg> {
        let list = node.child(Field::Arguments);
        let mut args = list.map(|list| self.arguments_in(list)).unwrap_or_default();
        if let Some(block) = node.child(Field::Body).filter(|block| is_block(*block)) {
            let block = self.closure(block);
            args.push(Arg::named(BLOCK, block));
        }
        args
    }

    /// Lowers a name that is a variable or a call.
    pub(super) fn name_or_call(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        if let Some(slot) = self.variable(name) {
            return slot;
        }
        if self.is_route_path(name) {
            return self.b.call_global(node, "path of a route", Vec::new());
        }
        if node.kind() == "identifier" && self.declaration(node, name) {
            return self.b.null(node);
        }
        if PARTS_OF_REQUEST.contains(&name) && !self.declared.methods.contains(name) {
            return match self.receiver() {
                Some(receiver) => self.b.load(node, receiver, name),
                None => self.b.call_global(node, name, Vec::new()),
            };
        }
        match name {
            "raise" | "fail" => return self.raise(node, Vec::new()),
            "block_given?" | "__method__" | "binding" | "caller" => return self.b.unknown(node),
            _ => {}
        }
        self.call_by_name(node, name, Vec::new())
    }

    /// Calls what goes by a name without a receiver: a method of the object, a
    /// function of the file, or of the language.
    fn call_by_name(&mut self, node: NodeRef<'_>, name: &str, args: Vec<Arg>) -> Slot {
        let is_method = self.declared.methods.contains(name);
        let is_function = self.declared.functions.contains(name);
        match !is_method && (is_function || self.b.models().knows_function(name)) {
            true => self.b.call_global(node, name, args),
            false => self.call_own(node, name, args),
        }
    }

    fn bare_call(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        if self.declaration(node, name) {
            return self.b.null(node);
        }
        let block = node.child(Field::Body).filter(|block| is_block(*block));
        match (name, block) {
            ("raise" | "fail", _) => {
                let args = self.arguments_of(node);
                return self.raise(node, args);
            }
            ("lambda" | "proc", Some(block)) => return self.closure(block),
            ("new", _) if !self.declared.methods.contains("new") => {
                if let Some(class) = self.own_class().map(Name::from) {
                    let args = self.arguments_of(node);
                    return self.b.call(node, Callee::New(class), args);
                }
            }
            _ => {}
        }
        if let Some(value) = self.route(node, name, block) {
            return value;
        }
        if let Some(slot) = self.variable(name)
            && node.child(Field::Arguments).is_none()
        {
            return slot;
        }
        if let Some(receiver) = self.receiver()
            && let Some(value) = self.by_name(node, receiver, name)
        {
            return value;
        }
        let args = self.arguments_of(node);
        let args = self.spread_statement(node, name, args);
        match self.is_route_path(name) {
            true => self.b.call_global(node, "path of a route", args),
            false => self.call_by_name(node, name, args),
        }
    }

    /// Returns whether a name is that of a method which gives the path of a
    /// route: these are made from the routes, no file declares them.
    fn is_route_path(&self, name: &str) -> bool {
        (name.ends_with("_path") || name.ends_with("_url"))
            && !self.declared.methods.contains(name)
            && !self.declared.functions.contains(name)
    }

    fn method_call(&mut self, node: NodeRef<'_>, object: NodeRef<'_>, name: &str) -> Slot {
        if name == "new"
            && let Some(class) = self.class_of(object)
        {
            let block = node.child(Field::Body).filter(|block| is_block(*block));
            if let Some(block) = block.filter(|_| class == "Proc") {
                return self.closure(block);
            }
            let args = self.arguments_of(node);
            return self.b.call(node, Callee::New(Name::from(class)), args);
        }
        let is_request = object.kind() == "identifier"
            && object.text() == "request"
            && !self.is_variable("request");
        if is_request && node.child(Field::Arguments).is_none() {
            let request = self.expression(object);
            return self.b.load(node, request, name);
        }
        if let Some(value) = self.pattern_call(node, object, name) {
            return value;
        }
        // Routes of a part of the application: `main_app.root_path`.
        let is_part = object.kind() == "identifier"
            && !self.is_variable(object.text())
            && !self.declared.methods.contains(object.text());
        if is_part && self.is_route_path(name) {
            let args = self.arguments_of(node);
            return self.b.call_global(node, "path of a route", args);
        }
        let receiver = match object.kind() {
            "super" => self.super_call(object, None, None),
            _ => self.expression(object),
        };
        if let Some(value) = self.by_name(node, receiver, name) {
            return value;
        }
        if let Some(value) = self.lookup_call(node, receiver, name) {
            return value;
        }
        let mut args = self.arguments_of(node);
        if name == "join" && args.is_empty() {
            let nothing = self.b.string(node, "");
            args.push(Arg::plain(nothing));
        }
        let mut args = self.spread_statement(node, name, args);
        if is_pattern(object) {
            self.set_options(node, &mut args);
        }
        self.b.method(node, receiver, name, args)
    }

    /// `{ |options| options.strict.noent }` is as if the options were named.
    fn set_options(&mut self, node: NodeRef<'_>, args: &mut Vec<Arg>) {
        let Some(block) = node.child(Field::Body).filter(|block| is_block(*block)) else {
            return;
        };
        let params: Vec<NodeRef<'_>> = block
            .child(Field::Parameters)
            .into_iter()
            .flat_map(items)
            .collect();
        let body: Vec<NodeRef<'_>> = block
            .child(Field::Body)
            .into_iter()
            .flat_map(items)
            .collect();
        let ([param], [only]) = (params.as_slice(), body.as_slice()) else {
            return;
        };
        let (mut names, mut call) = (Vec::new(), *only);
        while call.kind() == "call" && call.child(Field::Arguments).is_none() {
            names.extend(call.child(Field::Property).map(NodeRef::text));
            match call.child(Field::Object) {
                Some(object) => call = object,
                None => return,
            }
        }
        if call.text() == param.text() {
            for name in names {
                let set = self.b.constant(block, Literal::Bool(true));
                args.push(Arg::named(name, set));
            }
        }
    }

    /// Returns the class that is written before `.new`.
    fn class_of(&mut self, object: NodeRef<'_>) -> Option<String> {
        match object.kind() {
            "constant" | "scope_resolution" => self.constant_path(object),
            "self" if !self.inside.method.is_empty() => {
                let module = self.modules.last()?;
                module.is_static.then(|| module.qualified.clone())
            }
            "call" if object.text() == "self.class" => self.own_class().map(str::to_owned),
            _ => None,
        }
    }

    /// A statement and its values in one list that is written out are as if
    /// they came one by one.
    fn spread_statement(&mut self, node: NodeRef<'_>, name: &str, args: Vec<Arg>) -> Vec<Arg> {
        if !STATEMENTS.contains(&name) {
            return args;
        }
        let first = node.child(Field::Arguments).and_then(first_item);
        match (first.map(NodeRef::kind), args.split_first()) {
            (Some("array"), Some((list, rest))) if !list.spread => {
                let mut spread = vec![Arg::spread(list.value)];
                spread.extend(rest.iter().cloned());
                spread
            }
            _ => args,
        }
    }

    /// Calls of methods and members by their names.
    fn by_name(&mut self, node: NodeRef<'_>, receiver: Slot, name: &str) -> Option<Slot> {
        let list = node.child(Field::Arguments);
        let first = list.and_then(first_item);
        match (name, first) {
            ("send" | "public_send" | "__send__" | "try" | "try!", Some(first)) => {
                let mut args = self.arguments_of(node);
                if args.is_empty() || args[0].name.is_some() || args[0].spread {
                    return None;
                }
                let called = args.remove(0).value;
                if let Some(text) = constant_text(first) {
                    let text = match text.strip_suffix('=') {
                        Some(member) if !text.ends_with("==") && args.len() == 1 => {
                            self.b.store(node, receiver, member, args[0].value);
                            return Some(args[0].value);
                        }
                        _ => text,
                    };
                    return Some(self.b.method(node, receiver, &text, args));
                }
                self.b
                    .call_global(node, "method by name", vec![Arg::plain(called)]);
                let mut parts = vec![receiver];
                parts.extend(args.into_iter().map(|arg| arg.value));
                Some(self.b.mix(node, parts))
            }
            ("is_a?" | "kind_of?" | "instance_of?", Some(first))
                if matches!(first.kind(), "constant" | "scope_resolution") =>
            {
                let path = self.constant_path(first)?;
                let ty = Name::from(tested_type(&path));
                Some(self.b.emit(node, Op::IsType(receiver, ty)))
            }
            ("instance_variable_get", Some(first)) => {
                let key = constant_text(first)?;
                Some(self.b.load(node, receiver, &key))
            }
            ("instance_variable_set", Some(first)) => {
                let key = constant_text(first)?;
                let value = list.and_then(|list| items(list).nth(1))?;
                let value = self.expression(value);
                self.b.store(node, receiver, &key, value);
                Some(value)
            }
            ("method" | "public_method", Some(first)) => {
                let called = constant_text(first)?;
                Some(self.bound(node, receiver, &called))
            }
            _ => None,
        }
    }

    /// Lookups that are more than calls: `dig`, `in?`, `presence_in`.
    fn lookup_call(&mut self, node: NodeRef<'_>, receiver: Slot, name: &str) -> Option<Slot> {
        let list = node.child(Field::Arguments)?;
        let args: Vec<NodeRef<'_>> = items(list).collect();
        match (name, args.as_slice()) {
            ("dig", keys) if keys.iter().all(|key| key.kind() != "splat_argument") => {
                let mut value = receiver;
                for key in keys {
                    let key = self.expression(*key);
                    value = self.b.load_index(node, value, key);
                }
                Some(value)
            }
            ("in?", [all]) => {
                let all = self.expression(*all);
                Some(self.b.binary(node, BinaryOp::In, receiver, all))
            }
            ("presence_in", [all]) => {
                let all = self.expression(*all);
                let cond = self.b.binary(node, BinaryOp::In, receiver, all);
                let result = self.b.temp();
                self.b.open();
                self.b.assign(node, result, receiver);
                let then = self.b.close();
                self.b.open();
                let null = self.b.null(node);
                self.b.assign(node, result, null);
                let otherwise = self.b.close();
                self.b.branch(node, cond, then, otherwise);
                Some(result)
            }
            _ => None,
        }
    }

    /// `text.match?(/pattern/)`, `/pattern/.match?(text)` and the like.
    fn pattern_call(&mut self, node: NodeRef<'_>, object: NodeRef<'_>, name: &str) -> Option<Slot> {
        if !matches!(name, "match?" | "match" | "scan") {
            if name == "last_match" && object.text() == "Regexp" {
                let place = node.child(Field::Arguments).and_then(first_item);
                let place = place.and_then(|place| place.text().parse().ok());
                return Some(self.group(node, place.unwrap_or(0)));
            }
            return None;
        }
        let argument = node.child(Field::Arguments).and_then(first_item)?;
        let (receiver, argument_value) = (self.expression(object), self.expression(argument));
        let is_turned = is_pattern(object) && argument.kind() != "regex";
        let (pattern, text) = match is_turned {
            true => (receiver, argument_value),
            false => (argument_value, receiver),
        };
        if name == "scan" {
            if node.child(Field::Body).is_some() || argument.kind() != "regex" {
                let args = self.arguments_of(node);
                return Some(self.b.method(node, receiver, name, args));
            }
            let args = vec![Arg::plain(pattern), Arg::plain(text)];
            let part = self.b.call_global(node, "part of a match", args);
            let first = self.b.list(node, vec![Arg::plain(part)]);
            return Some(first);
        }
        self.inside.matched = Some((text, pattern));
        let matches = self.b.binary(node, BinaryOp::Match, text, pattern);
        if name == "match?" {
            return Some(matches);
        }
        self.b.open();
        let groups = self.groups(node, text, pattern);
        let block = self.b.close();
        Some(self.b.logical(node, LogicalOp::And, matches, block, groups))
    }

    /// `&block`, `&:name`, `&method(:name)`
    pub(super) fn block_argument(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(inner) = first_item(node) else {
            return match self.b.lookup(BLOCK) {
                Some(block) => block,
                None => self.b.unknown(node),
            };
        };
        let Some(name) = constant_text(inner) else {
            return self.expression(inner);
        };
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let receiver = self.b.param("it", ParamKind::Plain, None);
        let value = self.b.method(node, receiver, &name, Vec::new());
        self.b.return_value(node, Some(value));
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }

    /// `object.method(:name)` as a function.
    fn bound(&mut self, node: NodeRef<'_>, receiver: Slot, name: &str) -> Slot {
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

    /// `super`, with the arguments of the method itself where none are written.
    pub(super) fn super_call(
        &mut self,
        node: NodeRef<'_>,
        list: Option<NodeRef<'_>>,
        block: Option<NodeRef<'_>>,
    ) -> Slot {
        let Some(receiver) = self.receiver() else {
            return self.b.unknown(node);
        };
        let mut args = vec![Arg::plain(receiver)];
        match list {
            Some(list) => args.extend(self.arguments_in(list)),
            None => {
                for (name, kind) in self.inside.params.clone() {
                    let Some(slot) = self.b.lookup(&name) else {
                        continue;
                    };
                    args.push(match kind {
                        ParamKind::Rest => Arg::spread(slot),
                        ParamKind::Named => Arg::named(name, slot),
                        ParamKind::NamedRest => named_spread(slot),
                        _ => Arg::plain(slot),
                    });
                }
            }
        }
        if let Some(block) = block.filter(|block| is_block(*block)) {
            let block = self.closure(block);
            args.push(Arg::named(BLOCK, block));
        }
        let name = self.inside.method.clone();
        self.b.call(node, Callee::Super(Name::from(name)), args)
    }

    /// A block that answers requests to a path: what it is given are parts of
    /// the path, and a text that it gives back is a page.
    fn route(&mut self, node: NodeRef<'_>, name: &str, block: Option<NodeRef<'_>>) -> Option<Slot> {
        let block = block?;
        let is_route = ROUTES.contains(&name);
        let is_around = matches!(
            name,
            "before"
                | "after"
                | "error"
                | "not_found"
                | "helpers"
                | "namespace"
                | "resource"
                | "resources"
                | "route_param"
        );
        let is_class = !self.modules.is_empty() && self.inside.method.is_empty();
        if !(is_route || is_around) || !(self.declared.has_routes || is_class) {
            return None;
        }
        let list = node.child(Field::Arguments);
        for argument in list.into_iter().flat_map(items) {
            self.expression(argument);
        }
        if matches!(
            name,
            "helpers" | "namespace" | "resource" | "resources" | "route_param"
        ) {
            // What is declared inside is declared around.
            if let Some(body) = block.child(Field::Body) {
                self.body(body, super::Out::Drop);
            }
            return Some(self.b.null(node));
        }
        let this = match self.own_class().map(Name::from) {
            Some(class) => {
                let unknown = self.b.unknown(node);
                Some(self.b.emit(node, Op::Cast(unknown, class)))
            }
            None => None,
        };
        let function = self.closure_with(block, this);
        let params = block.child(Field::Parameters);
        let params = params.map_or(0, |params| items(params).count());
        let parts = (0..params)
            .map(|_| Arg::plain(self.b.call_global(node, "part of a path", Vec::new())))
            .collect();
        // It is run when a request comes, and never ends the file.
        self.b.open();
        let page = self.b.call(node, Callee::Value(function), parts);
        if is_route && !sets_type(block) && self.declared.has_routes {
            let last = block.child(Field::Body).and_then(|body| items(body).last());
            let at = last.unwrap_or(node);
            self.b.call_global(at, "page", vec![Arg::plain(page)]);
        }
        let then = self.b.close();
        let comes = self.b.unknown(node);
        self.b.branch(node, comes, then, Vec::new());
        Some(self.b.null(node))
    }
}

/// Returns whether a block says that what it gives back is no page.
fn sets_type(block: NodeRef<'_>) -> bool {
    block.subtree().any(|node| {
        node.kind() == "call"
            && node.child(Field::Property).map_or("", NodeRef::text) == "content_type"
            && node
                .child(Field::Arguments)
                .and_then(first_item)
                .and_then(super::literal::literal)
                .is_some_and(|ty| match ty {
                    Literal::Str(ty) => !ty.contains("html"),
                    _ => true,
                })
    })
}
