//! Calls and new objects of C#.

use assay_syntax::{Field, NodeRef};

use super::CSharp;
use super::name::dotted;
use crate::flow::ir::{Arg, Callee, LogicalOp, Name, Op, Slot};
use crate::flow::lower::walk::Walk;

/// What a call is given, and what it hands back.
#[derive(Default)]
pub(super) struct Given<'t> {
    pub(super) args: Vec<Arg>,
    /// What is assigned after the call: the target, and the box with its value.
    back: Vec<(NodeRef<'t>, Slot)>,
    /// The places among the arguments that are only handed back (`out`).
    outs: Vec<usize>,
}

impl CSharp<'_> {
    pub(super) fn arguments<'t>(&mut self, list: Option<NodeRef<'t>>) -> Given<'t> {
        let mut given = Given::default();
        let mut boxes = Vec::new();
        for node in list.into_iter().flat_map(NodeRef::named_children) {
            let Some(inner) = node.named_children().last() else {
                continue;
            };
            let name = node.child(Field::Name).filter(|name| *name != inner);
            let word = node
                .children()
                .find(|child| matches!(child.kind(), "ref" | "out"))
                .map(NodeRef::kind);
            let value = match word {
                Some("out") => self.b.null(inner),
                _ => self.expression(inner),
            };
            if let Some(word) = word {
                boxes.push((given.args.len(), inner, word));
            }
            given.args.push(match name {
                Some(name) => Arg::named(name.text(), value),
                None => Arg::plain(value),
            });
        }
        for (at, target, word) in boxes {
            let mut value = given.args[at].value;
            if word == "out" {
                // What a library sets it to depends on all that is given.
                let others = given.args.iter().map(|arg| arg.value).collect();
                value = self.b.mix(target, others);
                given.outs.push(at);
            }
            let key = self.b.string(target, "value");
            let cell = self.b.emit(target, Op::Map(vec![(Some(key), value)]));
            given.args[at].value = cell;
            given.back.push((target, cell));
        }
        given
    }

    /// Assigns what a call hands back.
    fn hand_back(&mut self, node: NodeRef<'_>, given: &Given<'_>) {
        for (target, cell) in &given.back {
            let value = self.b.load(node, *cell, "value");
            self.assign_to(*target, *target, value);
        }
    }

    fn call_with(&mut self, node: NodeRef<'_>, callee: Callee, given: Given<'_>) -> Slot {
        let value = self.b.call(node, callee, given.args.clone());
        self.hand_back(node, &given);
        value
    }

    pub(super) fn invocation(&mut self, node: NodeRef<'_>) -> Slot {
        let list = node.child(Field::Arguments);
        let Some(function) = node.child(Field::Function) else {
            return self.b.unknown(node);
        };
        match function.kind() {
            "identifier" | "generic_name" => {
                let name = dotted(function);
                self.bare_invocation(node, function, &name, list)
            }
            "member_access_expression" => {
                let (Some(object), Some(name)) =
                    (function.child(Field::Object), function.child(Field::Name))
                else {
                    return self.b.unknown(node);
                };
                let name = dotted(name);
                if object.kind() == "base" {
                    let this = self.b.read(object, "this");
                    let mut given = self.arguments(list);
                    given.args.insert(0, Arg::plain(this));
                    return self.call_with(node, Callee::Super(Name::from(name)), given);
                }
                let receiver = match self.qualified(object) {
                    Some(name) => self.b.global(object, &name),
                    None => self.expression(object),
                };
                self.method_call(node, receiver, &name, list)
            }
            "conditional_access_expression" => {
                let receiver = self.operand(function, Field::Condition);
                let part = function.named_children().last();
                match part.and_then(|part| part.child(Field::Name)) {
                    Some(name) => {
                        let name = dotted(name);
                        self.method_call(node, receiver, &name, list)
                    }
                    None => self.b.mix(node, vec![receiver]),
                }
            }
            // `value is Type(var a, var b)` is read as a call of its beginning.
            "is_pattern_expression" => {
                let subject = self.operand(function, Field::Object);
                if let Some(list) = list {
                    self.bind_parts(list, subject);
                }
                self.b.unknown(node)
            }
            _ => {
                let callee = self.expression(function);
                let given = self.arguments(list);
                self.call_with(node, Callee::Value(callee), given)
            }
        }
    }

    fn method_call(
        &mut self,
        node: NodeRef<'_>,
        receiver: Slot,
        name: &str,
        list: Option<NodeRef<'_>>,
    ) -> Slot {
        let given = self.arguments(list);
        if let Some((word, join)) = appended(name) {
            // The text is put together before it is appended.
            let string = self.b.global(node, "System.String");
            let text = self.b.method(node, string, join, given.args);
            return self.b.method(node, receiver, word, vec![Arg::plain(text)]);
        }
        if let [(target, _)] = given.back.as_slice()
            && let [at] = given.outs.as_slice()
            && let Some(reading) = reading(name)
        {
            // `TryParse(text, out value)` gives what `Parse(text)` does.
            let target = *target;
            let args: Vec<Arg> = given
                .args
                .iter()
                .enumerate()
                .filter(|(place, _)| place != at)
                .map(|(_, arg)| arg.clone())
                .collect();
            let value = match (reading, args.first()) {
                ("[]", Some(key)) => self.b.load_index(node, receiver, key.value),
                _ => self.b.method(node, receiver, reading, args.clone()),
            };
            let checked = if reading == "[]" { "ContainsKey" } else { name };
            let result = self.b.method(node, receiver, checked, args);
            self.assign_to(target, target, value);
            return result;
        }
        self.call_with(node, Callee::Method(receiver, Name::from(name)), given)
    }

    /// A call of something without an object before it.
    fn bare_invocation(
        &mut self,
        node: NodeRef<'_>,
        function: NodeRef<'_>,
        name: &str,
        list: Option<NodeRef<'_>>,
    ) -> Slot {
        if name == "nameof" {
            let argument = list.and_then(|list| list.named_children().next());
            let text = argument.map_or("", NodeRef::text);
            return self.b.string(node, text.rsplit('.').next().unwrap_or(""));
        }
        if self.b.lookup(name).is_some() {
            let callee = self.expression(function);
            let given = self.arguments(list);
            return self.call_with(node, Callee::Value(callee), given);
        }
        let owner = self.owner(|members| {
            let method = members.methods.get(name).map(|known| known.0);
            let field = || members.fields.get(name).map(|_| false);
            method.or_else(field)
        });
        let receiver = match owner {
            Some((class, true)) => {
                let qualified = self.members[class].qualified.clone();
                self.b.global(node, &qualified)
            }
            Some((class, false)) if self.members[class].methods.contains_key(name) => {
                self.receiver(node, class)
            }
            // A field that holds a function.
            Some(_) => {
                let callee = self.expression(function);
                let given = self.arguments(list);
                return self.call_with(node, Callee::Value(callee), given);
            }
            None => match self.names.member_types.first().cloned() {
                Some(ty) => self.b.global(node, &ty),
                None if self.has_this => self.b.read(node, "this"),
                None => {
                    let class = self.current_class();
                    self.b.global(node, &class)
                }
            },
        };
        self.method_call(node, receiver, name, list)
    }

    /// Lowers `new T(...) { ... }`; `ty` is what is wanted of `new(...)`.
    pub(super) fn creation(&mut self, node: NodeRef<'_>, ty: Option<Name>) -> Slot {
        let written = node.child(Field::Type).map(|ty| self.names.ty(ty));
        let ty = written.or(ty).unwrap_or_else(|| Name::from(""));
        let list = node
            .named_children()
            .find(|child| child.kind() == "argument_list");
        let given = self.arguments(list);
        let value = self.call_with(node, Callee::New(ty), given);
        let initializer = node
            .named_children()
            .find(|child| child.kind() == "initializer_expression");
        if let Some(initializer) = initializer {
            self.initialize(initializer, value);
        }
        value
    }

    /// Sets the members of a new object, or adds its elements.
    fn initialize(&mut self, node: NodeRef<'_>, object: Slot) {
        if !self.b.descend() {
            return;
        }
        for part in node.named_children() {
            match part.kind() {
                "assignment_expression" => self.initialize_member(part, object),
                "initializer_expression" => {
                    // `{ key, value }`
                    let args = part
                        .named_children()
                        .map(|item| Arg::plain(self.expression(item)))
                        .collect();
                    self.b.method(part, object, "Add", args);
                }
                _ => {
                    let item = self.expression(part);
                    self.b.method(part, object, "Add", vec![Arg::plain(item)]);
                }
            }
        }
        self.b.ascend();
    }

    fn initialize_member(&mut self, part: NodeRef<'_>, object: Slot) {
        let (Some(target), Some(value)) = (part.child(Field::Left), part.child(Field::Right))
        else {
            return;
        };
        if value.kind() == "initializer_expression" {
            let inner = self.b.load(part, object, target.text());
            self.initialize(value, inner);
            return;
        }
        let value = self.expression(value);
        if target.kind() == "identifier" {
            self.b.store(part, object, target.text(), value);
        } else {
            // `[key] = value`
            let index = target
                .subtree()
                .find(|inner| inner.kind() == "argument")
                .map(|index| self.expression(index));
            self.b.store_index(part, object, index, value);
        }
    }

    /// Lowers `left op right` of which the right side is already known.
    pub(super) fn and(&mut self, node: NodeRef<'_>, left: Slot, right: Slot) -> Slot {
        self.b
            .logical(node, LogicalOp::And, left, Vec::new(), right)
    }
}

/// Returns what a builder's method does in two steps.
fn appended(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "AppendFormat" => ("Append", "Format"),
        "AppendJoin" => ("Append", "Join"),
        _ => return None,
    })
}

/// Returns what gives the value that a method hands back only where it can:
/// `[]` stands for reading an element.
fn reading(name: &str) -> Option<&'static str> {
    Some(match name {
        "TryParse" => "Parse",
        "TryParseExact" => "ParseExact",
        "TryGetValue" => "[]",
        _ => return None,
    })
}
