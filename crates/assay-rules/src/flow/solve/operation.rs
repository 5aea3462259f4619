//! The operations that models name: what library calls do to texts,
//! containers and objects, in words that all languages share.

use std::rc::Rc;

use assay_source::Span;

use super::Solver;
use super::call::Argument;
use super::evaluate::combined;
use super::fold;
use super::library::{LibraryCall, OWN_HOST};
use crate::flow::heap::{Object, Shape, ViewKind};
use crate::flow::ir::{EachKind, Literal, Name, Slot};
use crate::flow::kind::Kinds;
use crate::flow::value::{Const, Consts, Facts, ObjectId, Refine, StepKind, Taint, Value};

/// All operations.
const OPERATIONS: &[&str] = &[
    "add",
    "add-all",
    "allocate",
    "also",
    "append",
    "builder",
    "call",
    "char-at",
    "class-named",
    "clear",
    "collect",
    "common-path",
    "compare",
    "compare-begin",
    "compare-ignore-case",
    "concat",
    "contains",
    "contains-key",
    "delimited-matches",
    "each",
    "element",
    "ends-with",
    "entries",
    "entry-key",
    "entry-value",
    "equals",
    "equals-ignore-case",
    "exit",
    "fail",
    "fails",
    "fill",
    "filter",
    "finally",
    "find",
    "first",
    "fixed",
    "format",
    "format-to",
    "get",
    "groups",
    "has-next",
    "identity",
    "index-of",
    "insert",
    "instantiate",
    "is-empty",
    "iterator",
    "join",
    "join-elements",
    "keys",
    "last",
    "length",
    "length-of-text",
    "list",
    "list-of",
    "lower",
    "make",
    "map",
    "map-each",
    "map-of",
    "map-reason",
    "map-or",
    "map-or-else",
    "map-success",
    "matched",
    "matches",
    "matches-part",
    "mix",
    "next",
    "number",
    "otherwise",
    "otherwise-call",
    "pattern-begins",
    "pattern-matches",
    "pattern-replace",
    "pop",
    "printf",
    "property",
    "put",
    "put-all",
    "random-pick",
    "reason",
    "reduce",
    "remove",
    "repeat",
    "replace",
    "reset",
    "reverse",
    "schema-any",
    "schema-closed",
    "schema-extended",
    "schema-list",
    "schema-number",
    "schema-object",
    "schema-pattern",
    "schema-text",
    "self",
    "set",
    "set-named",
    "shift",
    "shuffle",
    "slice",
    "splice",
    "split",
    "starts-with",
    "succeed",
    "succeeds",
    "success",
    "template",
    "tests",
    "text",
    "then",
    "through",
    "to-text",
    "trim",
    "unknown",
    "unshift",
    "upper",
    "validated",
    "validation",
    "values",
    "without",
    "write-to",
];

/// The type of a path that several have in common.
pub(super) const COMMON_PATH: &str = "path#common";

/// Returns whether there is such an operation; `get:x` and `set:x` read and
/// write a member of the receiver, `set-last:x` with the last argument.
pub(crate) fn is_operation(name: &str) -> bool {
    let on_member = ["get:", "set:", "set-last:"];
    OPERATIONS.contains(&name) || on_member.iter().any(|how| name.starts_with(how))
}

impl Solver<'_> {
    /// Does an operation.
    pub(super) fn operation(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        if let Some(member) = op.strip_prefix("get:") {
            let object = operand(call, 0);
            return self.load_member(call.span, &object, &Name::from(member));
        }
        let set = op.strip_prefix("set:").map(|member| (member, 1));
        let last = call.operands.len().saturating_sub(1);
        let set = set.or_else(|| Some((op.strip_prefix("set-last:")?, last)));
        if let Some((member, at)) = set {
            let (object, value) = (operand(call, 0), operand(call, at));
            self.store_member(call.span, &object, &Name::from(member), value.clone());
            if object.objects.is_empty() {
                self.taint_operand(call, 0, &value.taint);
            }
            return object;
        }
        match op {
            "identity" | "text" => {
                let value = operand(call, 0);
                self.through(call, self.text_of(&value))
            }
            "to-text" => {
                let mut value = self.text_of(&operand(call, 0));
                value.set_taint(value.taint.filtered(|own| own.without(Kinds::NOSQL)));
                self.through(call, value)
            }
            "self" => operand(call, 0),
            "number" => self.number(call),
            "lower" | "upper" | "trim" | "reverse" => self.mapped_text(op, call),
            "length" | "is-empty" => self.size(op, call),
            "char-at" | "slice" => self.part_of_text(op, call),
            "equals" | "equals-ignore-case" => self.equals(op, call),
            "allocate" => self.allocated(call),
            "length-of-text" => self.length_of_text(call),
            "compare" | "compare-begin" | "compare-ignore-case" => self.compared(op, call),
            "starts-with" | "ends-with" | "index-of" => self.affix(op, call),
            "matches" | "matches-part" => self.matches_call(op == "matches", call),
            "pattern-matches" | "pattern-begins" => self.pattern_call(op, call),
            "matched" => self.matched(call),
            "fill" => self.fill(call),
            "write-to" | "format-to" => self.write_to(op, call),
            "concat" | "format" | "join" | "pattern-replace" | "printf" | "repeat" | "replace"
            | "split" => self.composed_text(op, call),
            "delimited-matches" => self.delimited_call(call),
            "groups" => self.groups(call),
            "builder" => self.builder(call),
            "append" | "insert" | "reset" if self.is_builder(&operand(call, 0)) => {
                self.build(op, call)
            }
            "fixed" => Value::unknown(),
            "exit" => {
                // It throws, or ends the process: nothing comes after it.
                self.may_throw();
                self.live = false;
                Value::unknown()
            }
            "unknown" => Value::unknown(),
            "property" => self.property(call),
            "class-named" => self.class_named(call),
            "instantiate" => self.instantiate(call),
            "make" | "through" => self.made(op, call),
            "contains" => {
                let slot = |at: usize| call.operands.get(at).and_then(|argument| argument.slot);
                let slots = (slot(0), slot(1));
                self.contains(&operand(call, 0), &operand(call, 1), slots)
            }
            "template" => self.template_of(call),
            "set-named" => self.set_named(call),
            "validated" | "validation" => self.schema(op, call),
            op if op.starts_with("schema-") => self.schema(op, call),
            "random-pick" | "mix" | "reduce" => self.mixed(call),
            "common-path" => self.common_path(call),
            "also" | "call" | "finally" | "find" | "join-elements" | "shift" | "shuffle"
            | "splice" | "tests" | "then" | "unshift" => self.sequence(op, call),
            "fail" | "fails" | "map-or" | "map-or-else" | "map-reason" | "map-success"
            | "otherwise" | "otherwise-call" | "reason" | "succeed" | "succeeds" | "success" => {
                self.outcome_of(op, call)
            }
            _ => self.container(op, call),
        }
    }

    /// Sets the member that a constant names.
    fn set_named(&mut self, call: &LibraryCall<'_>) -> Value {
        let object = operand(call, 0);
        if let Some(name) = self.text_of(&operand(call, 1)).as_text().cloned() {
            self.store_member(call.span, &object, &name, operand(call, 2));
        }
        object
    }

    fn taint_operand(&mut self, call: &LibraryCall<'_>, at: usize, taint: &Taint) {
        if let Some(slot) = call.operands.get(at).and_then(|argument| argument.slot) {
            self.taint_slot(slot, taint);
        }
    }

    /// Notes that a value went through the call.
    pub(super) fn through(&self, call: &LibraryCall<'_>, mut value: Value) -> Value {
        self.step(&mut value, call.span, &StepKind::Through(call.name.clone()));
        value.set_facts(None);
        if call.ty.is_some() {
            value.ty.clone_from(&call.ty);
        }
        value
    }

    /// What depends on everything that the call is given.
    pub(super) fn mixed(&self, call: &LibraryCall<'_>) -> Value {
        let mut value = Value::unknown();
        for argument in &call.operands {
            value
                .taint
                .join(&self.state.heap.content_taint(&argument.value));
        }
        self.through(call, value)
    }

    /// Returns the folder that paths have in common: where that is a certain one, they are
    /// in it.
    fn common_path(&self, call: &LibraryCall<'_>) -> Value {
        let kinds = Kinds::named("path").unwrap_or(Kinds::NONE);
        let slots = call.operands.iter().filter_map(|argument| argument.slot);
        let facts = Facts {
            when_true: slots.map(|slot| (slot, Refine::Clear(kinds))).collect(),
            ..Facts::default()
        };
        let mut value = self.mixed(call);
        value.set_type(Some(Name::from(COMMON_PATH)));
        value.with_facts(Some(Rc::new(facts)))
    }

    fn number(&self, call: &LibraryCall<'_>) -> Value {
        let value = self.text_of(&operand(call, 0));
        let parsed = match value.as_const() {
            Some(Literal::Str(text)) => text.trim().parse().ok().map(Literal::Int),
            Some(known @ (Literal::Int(_) | Literal::Bool(_))) => Some(known.clone()),
            Some(Literal::Char(c)) => Some(Literal::Int(i64::from(u32::from(*c)))),
            _ => None,
        };
        let mut number = parsed.map_or_else(Value::unknown, Value::constant);
        number.set_taint(value.taint.filtered(Kinds::of_number));
        number
    }

    fn mapped_text(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let first = operand(call, 0);
        if op == "reverse" && self.is_builder(&first) {
            return self.build(op, call);
        }
        let value = self.text_of(&first);
        let change = |text: &str| match op {
            "lower" => text.to_lowercase(),
            "upper" => text.to_uppercase(),
            "trim" => text.trim().to_owned(),
            _ => text.chars().rev().collect(),
        };
        let mut changed = mapped(&value, |constant| match constant {
            Literal::Str(text) => Some(Literal::Str(Name::from(change(text)))),
            Literal::Char(c) if op == "lower" => c.to_lowercase().next().map(Literal::Char),
            Literal::Char(c) if op == "upper" => c.to_uppercase().next().map(Literal::Char),
            _ => None,
        });
        changed.set_taint(value.taint.clone());
        self.through(call, changed)
    }

    fn size(&self, op: &str, call: &LibraryCall<'_>) -> Value {
        let value = self.text_of(&operand(call, 0));
        let of = |size: usize| match op {
            "length" => Literal::Int(size as i64),
            _ => Literal::Bool(size == 0),
        };
        if let [id] = value.objects.as_slice() {
            let known = self.state.heap.get(*id).filter(|object| object.single);
            return match known.map(|object| &object.shape) {
                Some(Shape::List { items, rest: None }) => Value::constant(of(items.len())),
                Some(Shape::Map {
                    entries,
                    rest: None,
                }) => Value::constant(of(entries.len())),
                _ => Value::unknown(),
            };
        }
        let mut size = mapped(&value, |constant| match constant {
            Literal::Str(text) => Some(of(text.chars().count())),
            _ => None,
        });
        size.taint = value
            .taint
            .filtered(|kinds| kinds.and(Kinds::named("memory").unwrap_or(Kinds::NONE)));
        size
    }

    fn part_of_text(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let first = operand(call, 0);
        let (from, to) = (operand(call, 1), operand(call, 2));
        if op == "char-at" {
            return self.load_element(call.span, &self.text_of(&first), &from);
        }
        let to = call.operands.get(2).map(|_| to);
        let value = self.slice(call.span, &self.text_of(&first), Some(&from), to.as_ref());
        self.through(call, value)
    }

    fn equals(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let (a, b) = (
            self.text_of(&operand(call, 0)),
            self.text_of(&operand(call, 1)),
        );
        let fold_case = op == "equals-ignore-case";
        let lowered = |value: &Value| match fold_case {
            true => mapped(value, |constant| match constant {
                Literal::Str(text) => Some(Literal::Str(Name::from(text.to_lowercase()))),
                _ => None,
            }),
            false => value.clone(),
        };
        let mut value = match self.equal(&lowered(&a), &lowered(&b)) {
            Some(equal) => Value::constant(Literal::Bool(equal)),
            None => Value::unknown(),
        };
        let mut facts = Facts::default();
        for (at, other) in [(0, &b), (1, &a)] {
            let slot = call.operands.get(at).and_then(|argument| argument.slot);
            let (Some(slot), Some(constants)) = (slot, other.as_consts()) else {
                continue;
            };
            if fold_case {
                facts.when_true.push((slot, Refine::Clear(Kinds::ALL)));
                continue;
            }
            facts.when_true.push((slot, Refine::Is(constants.to_vec())));
            if let [constant] = constants {
                facts
                    .when_false
                    .push((slot, Refine::IsNot(constant.clone())));
            }
        }
        value.facts = Some(Rc::new(facts));
        value
    }

    fn affix(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let (text, part) = (
            self.text_of(&operand(call, 0)),
            self.text_of(&operand(call, 1)),
        );
        let folded = combined(&text, &part, |text, part| {
            let (Literal::Str(text), part) = (text, fold::shown(part)?) else {
                return None;
            };
            Some(match op {
                "starts-with" => Literal::Bool(text.starts_with(&part)),
                "ends-with" => Literal::Bool(text.ends_with(&part)),
                _ => Literal::Int(text.find(&part).map_or(-1, |at| at as i64)),
            })
        });
        let mut value = folded.unwrap_or_else(Value::unknown);
        let slot = call.operands.first().and_then(|argument| argument.slot);
        let Some(slot) = slot else { return value };
        let named = |kind| Kinds::named(kind).unwrap_or(Kinds::NONE);
        // An absolute path stays in the folder that it begins with.
        let is_resolved = text.taint.kinds().and(Kinds::RAW_PATH).is_empty();
        let inside = match is_resolved && part.taint.is_empty() {
            true => named("path"),
            false => Kinds::NONE,
        };
        let (mut when_true, mut when_false) = (Kinds::NONE, Kinds::NONE);
        match op {
            "starts-with" => {
                // A fixed host cannot be changed by what comes after it.
                let is_origin = part.as_text().is_some_and(|prefix| {
                    let rest = prefix.split_once("://");
                    rest.is_some_and(|(_, rest)| rest.contains('/'))
                });
                if is_origin {
                    when_true = Kinds::ADDRESS;
                }
                when_true = when_true.or(inside);
            }
            // The names below a domain belong to its owner.
            "ends-with" => {
                let is_domain = part.as_text().is_some_and(|part| part.starts_with('.'));
                if is_domain && self.function().hosts.contains_key(&slot) {
                    when_true = Kinds::ADDRESS;
                }
            }
            // At the place 0, or nowhere.
            "index-of" => {
                let without = part
                    .as_text()
                    .map(|part| super::pattern::kinds_without(part));
                when_false = inside.or(without.unwrap_or(Kinds::NONE));
            }
            _ => {}
        }
        let told = |kinds: Kinds| match kinds.is_empty() {
            true => Vec::new(),
            false => vec![(slot, Refine::Clear(kinds))],
        };
        let (when_true, when_false) = (told(when_true), told(when_false));
        if !when_true.is_empty() || !when_false.is_empty() {
            value.facts = Some(Rc::new(Facts {
                when_true,
                when_false,
                ..Facts::default()
            }));
        }
        value
    }

    /// What a pattern matches: the part of the second operand that is as the
    /// pattern says.
    fn matched(&mut self, call: &LibraryCall<'_>) -> Value {
        let pattern = self.text_of(&operand(call, 0));
        let kinds = pattern.as_text().map_or(Kinds::NONE, |pattern| {
            super::pattern::cleared_kinds(pattern, true)
        });
        let taint = self.state.heap.content_taint(&operand(call, 1));
        let value = Value::unknown().with_taint(taint.filtered(|own| own.without(kinds)));
        self.through(call, value)
    }

    /// `pattern.matches(text)` and the like: the text is the first operand.
    pub(super) fn matches_call(&mut self, is_full: bool, call: &LibraryCall<'_>) -> Value {
        let pattern = self.text_of(&operand(call, 1));
        let slot = call.operands.first().and_then(|argument| argument.slot);
        self.match_facts(&pattern, slot, is_full)
    }

    /// `match(pattern, text)`: all of the text, or its beginning.
    fn pattern_call(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let mut pattern = self.text_of(&operand(call, 0));
        let slot = call.operands.get(1).and_then(|argument| argument.slot);
        if let ("pattern-begins", Some(text)) = (op, pattern.as_text()) {
            pattern = Value::text(&format!("^{}", text.trim_start_matches('^')));
        }
        self.match_facts(&pattern, slot, op == "pattern-matches")
    }

    /// `match("/pattern/", text)`: a part of the text.
    fn delimited_call(&mut self, call: &LibraryCall<'_>) -> Value {
        let pattern = self.text_of(&operand(call, 0));
        let slot = call.operands.get(1).and_then(|argument| argument.slot);
        let inner = pattern
            .as_text()
            .and_then(|p| super::pattern::undelimited(p));
        match inner {
            Some((inner, false)) => self.match_facts(&Value::text(inner), slot, false),
            _ => Value::unknown(),
        }
    }

    /// The parts of a text that the groups of a pattern match.
    fn groups(&mut self, call: &LibraryCall<'_>) -> Value {
        let pattern = self.text_of(&operand(call, 0));
        let taint = self.text_of(&operand(call, 1)).taint.clone();
        let inner = pattern.as_text().map(|pattern| {
            super::pattern::undelimited(pattern).map_or(&**pattern, |(inner, _)| inner)
        });
        let parts = inner.map(super::pattern::groups).unwrap_or_default();
        let items: Vec<Value> = parts
            .iter()
            .map(|part| {
                let cleared = super::pattern::cleared_kinds(part, true);
                let taint = taint.filtered(|kinds| kinds.without(cleared));
                self.through(call, Value::unknown().with_taint(taint))
            })
            .collect();
        let mut object = Object::list(items);
        if parts.is_empty()
            && let Shape::List { rest, .. } = &mut object.shape
        {
            *rest = Some(Value::unknown().with_taint(taint));
        }
        self.make(call.span, 0, object)
    }

    /// Returns the value of an operator that matches a text with a pattern.
    pub(super) fn matches(&mut self, text: Slot, pattern: Slot) -> Value {
        let pattern = self.text_of(&self.get(pattern));
        self.match_facts(&pattern, Some(text), false)
    }

    pub(super) fn match_facts(&self, pattern: &Value, slot: Option<Slot>, is_full: bool) -> Value {
        let mut value = Value::unknown();
        let (Some(pattern), Some(slot)) = (pattern.as_text(), slot) else {
            return value;
        };
        let cleared = super::pattern::cleared_kinds(pattern, is_full);
        if !cleared.is_empty() {
            value.facts = Some(Rc::new(Facts {
                when_true: vec![(slot, Refine::Clear(cleared))],
                ..Facts::default()
            }));
        }
        value
    }

    fn composed_text(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let operands: Vec<Value> = call
            .operands
            .iter()
            .map(|argument| self.text_of(&argument.value))
            .collect();
        match op {
            "concat" => self.joined(call.span, &operands),
            "replace" => self.replaced(call, &operands),
            // `pattern.replace(text, new)`
            "pattern-replace" => match operands.as_slice() {
                [pattern, text, new, ..] => {
                    let mut text = text.clone();
                    text.consts = Consts::Any;
                    self.replaced(call, &[text, pattern.clone(), new.clone()])
                }
                _ => self.mixed(call),
            },
            "split" => self.split(call, &operands),
            "format" | "printf" => self.formatted(call, &operands, op == "format"),
            "repeat" => {
                let mut value = match (
                    operands.first().and_then(Value::as_text),
                    operands.get(1).and_then(Value::as_int),
                ) {
                    (Some(text), Some(count))
                        if count >= 0 && (count as usize) * text.len() < 4_096 =>
                    {
                        Value::text(&text.repeat(count as usize))
                    }
                    _ => Value::unknown(),
                };
                value.taint = operands
                    .first()
                    .map(|o| o.taint.clone())
                    .unwrap_or_default();
                self.through(call, value)
            }
            _ => {
                // Elements with something between them.
                let mut parts = Vec::new();
                let between = operands.first().cloned().unwrap_or_default();
                for part in operands.iter().skip(1) {
                    match self.elements(part) {
                        Some(items) => parts.extend(items),
                        None => parts.push(part.clone()),
                    }
                }
                let mut all = Vec::new();
                for (at, part) in parts.into_iter().enumerate() {
                    if at > 0 {
                        all.push(between.clone());
                    }
                    all.push(part);
                }
                self.joined(call.span, &all)
            }
        }
    }

    fn replaced(&mut self, call: &LibraryCall<'_>, operands: &[Value]) -> Value {
        let [text, old, new, ..] = operands else {
            return self.mixed(call);
        };
        let mut value = match (text.as_text(), old.as_const(), new.as_const()) {
            (Some(text), Some(old), Some(new)) => match (fold::shown(old), fold::shown(new)) {
                (Some(old), Some(new)) if !old.is_empty() => Value::text(&text.replace(&old, &new)),
                _ => Value::unknown(),
            },
            _ => Value::unknown(),
        };
        let removed = old.as_const().and_then(fold::shown);
        let kinds = removed.map_or(Kinds::NONE, |old| super::pattern::kinds_without(&old));
        value.set_taint(text.taint.filtered(|own| own.without(kinds)));
        value.add_taint(&new.taint);
        // It begins as it did before the place where something is put in.
        let is_put_in = !new.taint.kinds().and(Kinds::ADDRESS).is_empty();
        let is_own = text.taint.kinds().and(Kinds::ADDRESS).is_empty();
        value.prefix = match (text.as_text(), old.as_text()) {
            (Some(text), Some(old)) if !old.is_empty() => {
                let at = text.find(&**old).unwrap_or(0);
                (at > 0).then(|| Name::from(&text[..at]))
            }
            (None, _) if is_own && is_put_in => Some(Name::from(OWN_HOST)),
            _ => None,
        };
        self.through(call, value)
    }

    fn split(&mut self, call: &LibraryCall<'_>, operands: &[Value]) -> Value {
        let text = operands.first().cloned().unwrap_or_default();
        if let (Some(whole), Some(by)) = (text.as_text(), operands.get(1).and_then(Value::as_const))
            && let Some(by) = fold::shown(by)
        {
            let plain = by.strip_prefix('\\').unwrap_or(&by);
            let is_plain = plain.len() == 1
                || plain
                    .chars()
                    .all(|c| c.is_alphanumeric() || c.is_whitespace());
            if is_plain && !plain.is_empty() {
                let items: Vec<Value> = whole.split(plain).map(Value::text).collect();
                return self.make(call.span, 0, Object::list(items));
            }
        }
        let mut item = Value::unknown();
        item.taint.clone_from(&text.taint);
        let item = self.through(call, item);
        let mut object = Object::list(Vec::new());
        object.shape = Shape::List {
            items: Vec::new(),
            rest: Some(item),
        };
        self.make(call.span, 0, object)
    }

    /// A format with `%s`, `{}`, `{0}` or `%d`: the text between is kept.
    fn formatted(&mut self, call: &LibraryCall<'_>, operands: &[Value], has_braces: bool) -> Value {
        let mut given: Vec<Value> = Vec::new();
        // A locale may come before the format.
        let at = operands.iter().position(|value| value.as_text().is_some());
        let Some(format) = at.and_then(|at| operands[at].as_text().cloned()) else {
            return self.mixed(call);
        };
        for value in operands.iter().skip(at.unwrap_or(0) + 1) {
            match self.elements(value) {
                Some(items) => given.extend(items),
                None => given.push(value.clone()),
            }
        }
        for (_, argument) in &call.arguments.named {
            given.push(argument.value.clone());
        }
        given.extend(call.arguments.rest.clone());
        let mut parts = Vec::new();
        let mut used = 0;
        for piece in super::pattern::format_pieces(&format, has_braces) {
            match piece {
                Ok(text) => parts.push(Value::text(&text)),
                Err(place) => {
                    let at = place.at.unwrap_or(used);
                    used += 1;
                    let mut part = given.get(at).cloned().unwrap_or_default();
                    if place.is_number {
                        part = Value::unknown().with_taint(part.taint.filtered(Kinds::of_number));
                    }
                    if place.is_quoted {
                        part = self.quoted(&part);
                    }
                    parts.push(part);
                }
            }
        }
        let mut value = self.joined(call.span, &parts);
        if used < given.len() {
            // Not every placeholder was understood.
            for more in &given {
                value.add_taint(&self.state.heap.content_taint(more));
            }
        }
        value
    }

    /// A text in quotes, with its breaks of lines written as escapes.
    fn quoted(&self, value: &Value) -> Value {
        let lines = super::pattern::kinds_without("\n");
        let taint = self.state.heap.content_taint(value);
        Value::unknown().with_taint(taint.filtered(|own| own.without(lines)))
    }

    /// Puts what the first operand holds into the others.
    fn fill(&mut self, call: &LibraryCall<'_>) -> Value {
        let from = operand(call, 0);
        let mut taint = self.state.heap.content_taint(&self.text_of(&from));
        taint.join(&self.state.heap.content_taint(&from));
        for argument in call.operands.iter().skip(1) {
            self.add_taint(argument, &taint);
        }
        Value::unknown()
    }

    /// Writes the other operands, maybe as a format says, into the first.
    fn write_to(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let Some(target) = call.operands.first().cloned() else {
            return Value::unknown();
        };
        let rest: Vec<Value> = call.operands[1..]
            .iter()
            .map(|argument| self.text_of(&argument.value))
            .collect();
        let text = match op {
            "format-to" => self.formatted(call, &rest, false),
            _ => self.joined(call.span, &rest),
        };
        if self.is_builder(&target.value) {
            self.append_text(call.span, &target.value, &text);
        } else {
            self.add_taint(&target, &text.taint);
        }
        Value::unknown()
    }

    /// Appends a text to builders.
    fn append_text(&mut self, span: Span, builder: &Value, more: &Value) {
        for id in &builder.objects {
            let Some(Object {
                shape: Shape::Text(text),
                single,
                ..
            }) = self.state.heap.get(*id)
            else {
                continue;
            };
            let is_certain = *single && builder.objects.len() == 1;
            let text = text.clone();
            let new = self.joined(span, &[text, more.clone()]);
            if let Some(Object {
                shape: Shape::Text(own),
                ..
            }) = self.state.heap.get_mut(*id)
            {
                match is_certain {
                    true => *own = new,
                    false => own.join(&new),
                }
            }
        }
    }

    fn is_builder(&self, value: &Value) -> bool {
        value.objects.iter().any(|id| {
            matches!(
                self.state.heap.get(*id).map(|o| &o.shape),
                Some(Shape::Text(_))
            )
        })
    }

    fn builder(&mut self, call: &LibraryCall<'_>) -> Value {
        let first = call
            .operands
            .first()
            .map(|argument| self.text_of(&argument.value));
        // A number is the size to begin with.
        let text = first.filter(|value| !matches!(value.as_const(), Some(Literal::Int(_))));
        let text = text.unwrap_or_else(|| Value::text(""));
        let mut object = Object::new(Shape::Text(text));
        object.ty.clone_from(&call.ty);
        self.make(call.span, 0, object)
    }

    fn build(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let builder = operand(call, 0);
        let is_single = builder.objects.len() == 1;
        for id in builder.objects.clone() {
            let Some(Object {
                shape: Shape::Text(text),
                single,
                ..
            }) = self.state.heap.get(id)
            else {
                continue;
            };
            let (text, single) = (text.clone(), *single);
            let new = match op {
                "append" => {
                    let more: Vec<Value> = call.operands[1..]
                        .iter()
                        .map(|a| a.value.clone())
                        .take(1)
                        .collect();
                    let parts: Vec<Value> = std::iter::once(text.clone()).chain(more).collect();
                    self.joined(call.span, &parts)
                }
                "insert" => {
                    let part = operand(call, 2);
                    let mut new = match (operand(call, 1).as_int(), text.as_text(), part.as_text())
                    {
                        (Some(at), Some(own), Some(part))
                            if own.is_char_boundary(at.max(0) as usize) && at >= 0 =>
                        {
                            let (before, after) = own.split_at(at as usize);
                            Value::text(&format!("{before}{part}{after}"))
                        }
                        _ => Value::unknown(),
                    };
                    new.set_taint(text.taint.clone());
                    new.add_taint(&self.state.heap.content_taint(&part));
                    new
                }
                "reverse" => {
                    let mut new = mapped(&text, |constant| match constant {
                        Literal::Str(text) => Some(Literal::Str(Name::from(
                            text.chars().rev().collect::<String>(),
                        ))),
                        _ => None,
                    });
                    new.set_taint(text.taint.clone());
                    new
                }
                // Cut to nothing.
                _ => match call.operands.get(1).map_or(Some(0), |a| a.value.as_int()) {
                    Some(0) => Value::text(""),
                    _ => Value::unknown().with_taint(text.taint.clone()),
                },
            };
            if let Some(object) = self.state.heap.get_mut(id)
                && let Shape::Text(own) = &mut object.shape
            {
                if single && is_single {
                    *own = new;
                } else {
                    own.join(&new);
                }
            }
        }
        builder
    }

    /// What a key of a file of properties stands for.
    fn property(&mut self, call: &LibraryCall<'_>) -> Value {
        let key = call
            .arguments
            .positional
            .first()
            .and_then(|a| a.value.as_text().cloned());
        let Some(key) = key else {
            return Value::unknown();
        };
        let file = call.arguments.receiver.as_ref().and_then(|receiver| {
            let id = receiver.value.objects.first()?;
            self.state
                .heap
                .get(*id)?
                .fields
                .get("file")?
                .as_text()
                .cloned()
        });
        let found: Vec<Const> = self
            .project
            .property(file.as_deref(), &key)
            .into_iter()
            .map(|value| Literal::Str(Name::from(value)))
            .collect();
        if found.is_empty() {
            let default = call.arguments.positional.get(1).map(|a| a.value.clone());
            let mut value = default.unwrap_or_else(Value::unknown);
            // Where the file is not known to lack it, it may be anything.
            value.join(&Value::unknown());
            return value;
        }
        Value::few(found)
    }

    fn class_named(&mut self, call: &LibraryCall<'_>) -> Value {
        let name = call
            .operands
            .first()
            .map(|argument| self.text_of(&argument.value));
        let mut object = Object::new(Shape::Record);
        object.ty = Some(Name::from("java.lang.Class"));
        object.others = Value::unknown();
        if let Some(name) = name {
            object.fields.insert(Name::from("name"), name);
        }
        self.make(call.span, 0, object)
    }

    /// Makes an object of the class that the receiver stands for.
    fn instantiate(&mut self, call: &LibraryCall<'_>) -> Value {
        let class = operand(call, 0);
        let name = class.objects.iter().find_map(|id| {
            let object = self.state.heap.get(*id)?;
            object.fields.get("name")?.as_text().cloned()
        });
        match name {
            Some(name) if self.project.class(&name).is_some() => {
                let mut arguments = call.arguments.clone();
                arguments.receiver = None;
                self.construct(call.span, &name, arguments)
            }
            _ => Value::unknown(),
        }
    }

    /// An object of a library: what it was made of is in it.
    fn made(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let mut taint = Taint::default();
        for argument in &call.operands {
            taint.join(&self.state.heap.content_taint(&argument.value));
        }
        let mut object = Object::new(Shape::Record);
        object.ty.clone_from(&call.ty);
        for (name, argument) in &call.arguments.named {
            object.fields.insert(name.clone(), argument.value.clone());
        }
        if op == "through" {
            object.others = Value::unknown().with_taint(taint.clone());
        }
        let mut value = self.make(call.span, 0, object);
        if op == "through" {
            value.set_taint(taint);
            // An address that is made of a text begins as the text does.
            if let [only] = call.operands.as_slice() {
                value.prefix.clone_from(&only.value.prefix);
            }
            self.step(&mut value, call.span, &StepKind::Through(call.name.clone()));
        }
        value
    }

    /// Whether a container has an element, a map a key or a text a part.
    /// The slots are those of the element and of the text.
    pub(super) fn contains(
        &mut self,
        container: &Value,
        item: &Value,
        (whole, slot): (Option<Slot>, Option<Slot>),
    ) -> Value {
        let container = self.text_of(container);
        if let Some(value) = combined(&container, item, |whole, part| match (whole, part) {
            (Literal::Str(whole), Literal::Str(part)) => {
                Some(Literal::Bool(whole.contains(&**part)))
            }
            _ => None,
        }) {
            return value;
        }
        let mut value = Value::unknown();
        if let (true, Some(part)) = (container.objects.is_empty(), item.as_text()) {
            // Where the part is not in it, what the part does is not either.
            let kinds = super::pattern::kinds_without(part);
            if let (Some(slot), false) = (whole, kinds.is_empty()) {
                value.facts = Some(Rc::new(Facts {
                    when_true: Vec::new(),
                    when_false: vec![(slot, Refine::Clear(kinds))],
                    ..Facts::default()
                }));
            }
            return value;
        }
        if is_named_list(&container) {
            return found_in_list(slot);
        }
        let constants = self.constants_in(&container);
        if let (Some(all), Some(item)) = (&constants, item.as_const()) {
            value = Value::constant(Literal::Bool(all.contains(item)));
        }
        value.set_facts(Self::membership(slot, constants));
        value
    }

    /// Returns the constants that a container holds, when it holds nothing
    /// else.
    pub(super) fn constants_in(&self, container: &Value) -> Option<Vec<Const>> {
        let [id] = container.objects.as_slice() else {
            return None;
        };
        let constants = |values: &mut dyn Iterator<Item = &Value>| -> Option<Vec<Const>> {
            let mut all = Vec::new();
            for value in values {
                all.extend(value.as_consts()?.iter().cloned());
            }
            Some(all)
        };
        match &self.state.heap.get(*id)?.shape {
            Shape::List { items, rest } => constants(&mut items.iter().chain(rest)),
            Shape::Map {
                entries,
                rest: None,
            } => Some(entries.iter().map(|(key, _)| key.clone()).collect()),
            Shape::Iterator {
                of,
                what: ViewKind::Keys | ViewKind::Elements,
                ..
            } => self.constants_in(of),
            _ => None,
        }
    }

    /// Makes a view of a container.
    pub(super) fn view(&mut self, span: Span, of: Value, what: ViewKind) -> Value {
        let shape = Shape::Iterator {
            of: Box::new(of),
            what,
            next: Some(0),
        };
        self.make(span, 0, Object::new(shape))
    }

    /// Returns the next element of an iterator.
    fn next(&mut self, call: &LibraryCall<'_>) -> Value {
        let iterator = operand(call, 0);
        if let [id] = iterator.objects.as_slice()
            && let Some(Object {
                shape: Shape::Iterator { of, what, next },
                single,
                ..
            }) = self.state.heap.get(*id)
        {
            let (of, what, next, single) = ((**of).clone(), *what, *next, *single);
            let items = self.elements(&of).filter(|_| what == ViewKind::Elements);
            if let (Some(items), Some(at), true) = (items, next, single) {
                if let Some(Object {
                    shape: Shape::Iterator { next, .. },
                    ..
                }) = self.state.heap.get_mut(*id)
                {
                    *next = Some(at + 1);
                }
                return items.get(at).cloned().unwrap_or_default();
            }
        }
        let (_, mut item) = self.any_element(&iterator, EachKind::Values, call.span);
        if item.is_nothing() {
            item = Value::unknown();
        }
        self.through(call, item)
    }

    fn has_next(&self, call: &LibraryCall<'_>) -> Value {
        let iterator = operand(call, 0);
        if let [id] = iterator.objects.as_slice()
            && let Some(Object {
                shape:
                    Shape::Iterator {
                        of,
                        what,
                        next: Some(next),
                    },
                single: true,
                ..
            }) = self.state.heap.get(*id)
            && *what == ViewKind::Elements
            && let Some(items) = self.elements(of)
        {
            return Value::constant(Literal::Bool(*next < items.len()));
        }
        Value::unknown()
    }

    /// Operations on lists and maps, in a file of their own.
    pub(super) fn view_of(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let container = operand(call, 0);
        match op {
            "keys" => self.view(call.span, container, ViewKind::Keys),
            "values" => self.view(call.span, container, ViewKind::Values),
            "entries" => self.view(call.span, container, ViewKind::Entries),
            "iterator" => {
                let is_view = container.objects.iter().any(|id| {
                    matches!(
                        self.state.heap.get(*id).map(|o| &o.shape),
                        Some(Shape::Iterator { .. })
                    )
                });
                if is_view {
                    container
                } else if container.objects.is_empty() {
                    self.through(call, container)
                } else {
                    self.view(call.span, container, ViewKind::Elements)
                }
            }
            "has-next" => self.has_next(call),
            _ => self.next(call),
        }
    }
}

/// Returns an operand, or something unknown.
pub(super) fn operand(call: &LibraryCall<'_>, at: usize) -> Value {
    let known = call
        .operands
        .get(at)
        .map(|Argument { value, .. }| value.clone());
    known
        .or_else(|| call.arguments.rest.clone())
        .unwrap_or_default()
}

/// Returns the objects of a value when it is nothing else.
pub(super) fn only_object(value: &Value) -> Option<ObjectId> {
    match (value.objects.as_slice(), &value.consts) {
        ([id], Consts::Few(few)) if few.is_empty() => Some(*id),
        _ => None,
    }
}

/// Applies a function to all constants of a value.
pub(super) fn mapped(value: &Value, change: impl Fn(&Const) -> Option<Const>) -> Value {
    let all: Option<Vec<Const>> = value
        .as_consts()
        .and_then(|constants| constants.iter().map(change).collect());
    all.map_or_else(Value::unknown, Value::few)
}

/// Returns whether a value is a constant of which only the name is known:
/// `Shop::KINDS` of another file. What is looked for in one was chosen by the
/// program.
pub(super) fn is_named_list(value: &Value) -> bool {
    const LETTERS_MIN: usize = 4;
    let Some(symbol) = &value.symbol else {
        return false;
    };
    let last = symbol.rsplit(['.', ':', '\\']).next().unwrap_or("");
    value.objects.is_empty()
        && value.taint.is_empty()
        && last.len() >= LETTERS_MIN
        && last.starts_with(|c: char| c.is_ascii_uppercase())
        && last
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// What it tells that a value is in a list of the program.
pub(super) fn found_in_list(slot: Option<Slot>) -> Value {
    let mut value = Value::unknown();
    value.facts = slot.map(|slot| {
        Rc::new(Facts {
            when_true: vec![(slot, Refine::Clear(Kinds::INPUT))],
            ..Facts::default()
        })
    });
    value
}
