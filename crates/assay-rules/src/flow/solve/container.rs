//! Lists and maps: elements by place and by key, as long as these are known.

use assay_source::Span;

use super::Solver;
use super::library::LibraryCall;
use super::operation::{mapped, only_object, operand};
use crate::flow::heap::{ITEMS_MAX, Object, Shape};
use crate::flow::ir::{EachKind, Literal, Name};
use crate::flow::kind::Kinds;
use crate::flow::model::rule_of;
use crate::flow::value::{Const, StepKind, Value};

impl Solver<'_> {
    pub(super) fn container(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        match op {
            "list" => {
                // A copy of another collection, or a size.
                let first = call.operands.first().map(|argument| argument.value.clone());
                let items = first.as_ref().and_then(|first| self.elements(first));
                let mut object = Object::list(items.clone().unwrap_or_default());
                if let (None, Some(first), Shape::List { rest, .. }) =
                    (items, first, &mut object.shape)
                    && (!first.objects.is_empty() || !first.taint.is_empty())
                {
                    *rest = Some(self.any_element(&first, EachKind::Elements, call.span).1);
                }
                object.ty.clone_from(&call.ty);
                self.make(call.span, 0, object)
            }
            "list-of" => {
                let mut items: Vec<Value> = call
                    .arguments
                    .positional
                    .iter()
                    .map(|a| a.value.clone())
                    .collect();
                // One array stands for its elements.
                if let [one] = items.as_slice()
                    && let Some(elements) = self.elements(one)
                {
                    items = elements;
                }
                let mut object = Object::list(items);
                if let (Some(more), Shape::List { rest, .. }) =
                    (&call.arguments.rest, &mut object.shape)
                {
                    rest.get_or_insert_with(Value::nothing).join(more);
                }
                object.ty.clone_from(&call.ty);
                self.make(call.span, 0, object)
            }
            "map" => {
                let mut object = Object::new(Shape::Map {
                    entries: Vec::new(),
                    rest: None,
                });
                object.ty.clone_from(&call.ty);
                let map = self.make(call.span, 0, object);
                if let Some(first) = call
                    .operands
                    .first()
                    .filter(|a| !a.value.objects.is_empty())
                {
                    let from = first.value.clone();
                    self.put_all(&map, &from);
                }
                map
            }
            "map-of" => {
                let map = self.make(
                    call.span,
                    0,
                    Object::new(Shape::Map {
                        entries: Vec::new(),
                        rest: None,
                    }),
                );
                for pair in call.arguments.positional.chunks(2) {
                    if let [key, value] = pair {
                        self.store_element(&map, Some(&key.value), value.value.clone());
                    }
                }
                map
            }
            "get" | "element" | "first" | "last" => self.got(op, call),
            "put" | "set" => {
                let (container, key, value) =
                    (operand(call, 0), operand(call, 1), operand(call, 2));
                let old = self.load_element(call.span, &container, &key);
                self.store_or_taint(call, &container, Some(&key), value);
                old
            }
            "add" | "append" => {
                let container = operand(call, 0);
                match call.operands.get(2) {
                    Some(value) => {
                        let value = value.value.clone();
                        self.insert(&container, &operand(call, 1), value);
                    }
                    None => {
                        let value = operand(call, 1);
                        self.store_or_taint(call, &container, None, value);
                    }
                }
                container
            }
            "insert" => {
                let container = operand(call, 0);
                self.insert(&container, &operand(call, 1), operand(call, 2));
                container
            }
            "add-all" | "put-all" => {
                let (container, from) = (operand(call, 0), operand(call, 1));
                if let Some(items) = self.elements(&from) {
                    for item in items {
                        self.store_or_taint(call, &container, None, item);
                    }
                } else if op == "put-all" {
                    self.put_all(&container, &from);
                } else {
                    let item = self.any_element(&from, EachKind::Elements, call.span).1;
                    self.store_or_taint(call, &container, None, item);
                }
                container
            }
            "remove" | "pop" => self.removed(op, call),
            "clear" | "reset" => {
                let container = operand(call, 0);
                if let Some(id) = only_object(&container)
                    && let Some(object) = self.state.heap.get_mut(id)
                    && object.single
                {
                    match &mut object.shape {
                        Shape::List { items, rest } => {
                            items.clear();
                            *rest = None;
                        }
                        Shape::Map { entries, rest } => {
                            entries.clear();
                            *rest = None;
                        }
                        _ => {}
                    }
                }
                container
            }
            "contains-key" => {
                let slot = call.operands.get(1).and_then(|argument| argument.slot);
                self.contains(&operand(call, 0), &operand(call, 1), (None, slot))
            }
            "keys" | "values" | "entries" | "iterator" | "next" | "has-next" => {
                self.view_of(op, call)
            }
            "entry-key" => self.load_member(call.span, &operand(call, 0), &Name::from("key")),
            "entry-value" => self.load_member(call.span, &operand(call, 0), &Name::from("value")),
            "each" | "map-each" | "filter" => self.mapped_elements(op, call),
            "collect" | "without" => operand(call, 0),
            _ => Value::unknown(),
        }
    }

    /// Stores into a container; one that is not known is dangerous from then on.
    fn store_or_taint(
        &mut self,
        call: &LibraryCall<'_>,
        container: &Value,
        key: Option<&Value>,
        value: Value,
    ) {
        self.store_element(container, key, value.clone());
        let is_known = container.objects.iter().all(|id| {
            let object = self.state.heap.get(*id);
            object.is_some_and(|o| matches!(o.shape, Shape::List { .. } | Shape::Map { .. }))
        });
        if container.objects.is_empty() || !is_known {
            let taint = self.state.heap.content_taint(&value);
            if let Some(argument) = call.operands.first() {
                self.add_taint(&argument.clone(), &taint);
            }
        }
    }

    fn got(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let container = operand(call, 0);
        let index = match op {
            "first" => Value::constant(Literal::Int(0)),
            "last" => Value::constant(Literal::Int(-1)),
            _ => operand(call, 1),
        };
        let mut value = self.load_element(call.span, &container, &index);
        if op == "get"
            && let Some(default) = call.operands.get(2)
            && (value.is_nothing() || value.as_const() == Some(&Literal::Null))
        {
            value = default.value.clone();
        } else if op == "get"
            && let (Some(default), None) = (call.operands.get(2), index.as_consts())
        {
            // A key that is not known may be missing.
            value.join(&default.value);
        }
        if container.objects.is_empty() && call.ty.is_some() {
            value.ty.clone_from(&call.ty);
        }
        self.step(&mut value, call.span, &StepKind::Through(call.name.clone()));
        value
    }

    pub(super) fn insert(&mut self, container: &Value, at: &Value, value: Value) {
        if let Some(id) = only_object(container)
            && let Some(object) = self.state.heap.get_mut(id)
            && object.single
            && let Shape::List { items, rest: None } = &mut object.shape
            && let Some(at) = at.as_int()
            && at >= 0
            && at as usize <= items.len()
            && items.len() < ITEMS_MAX
        {
            items.insert(at as usize, value);
            return;
        }
        for id in &container.objects {
            if let Some(object) = self.state.heap.get_mut(*id)
                && let Shape::List { items, rest } = &mut object.shape
            {
                let mut all = rest.take().unwrap_or_else(Value::nothing);
                for item in items.drain(..) {
                    all.join(&item);
                }
                all.join(&value);
                *rest = Some(all);
            }
        }
    }

    fn removed(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let container = operand(call, 0);
        let at = call.operands.get(1).map(|argument| argument.value.clone());
        let index = at
            .clone()
            .unwrap_or_else(|| Value::constant(Literal::Int(-1)));
        let value = self.load_element(call.span, &container, &index);
        let Some(id) = only_object(&container) else {
            return value;
        };
        let Some(object) = self.state.heap.get_mut(id).filter(|object| object.single) else {
            return value;
        };
        match &mut object.shape {
            Shape::List { items, rest } => {
                let place = index.as_int().filter(|_| rest.is_none());
                let length = items.len() as i64;
                let place = place.map(|at| if at < 0 { at + length } else { at });
                if let Some(place) = place.filter(|at| (0..length).contains(at)) {
                    items.remove(place as usize);
                } else if let Some(wanted) = at.as_ref().and_then(Value::as_const)
                    && op == "remove"
                    && rest.is_none()
                    && items.iter().all(|item| item.as_const().is_some())
                {
                    // Removed by what it is.
                    let found = items
                        .iter()
                        .position(|item| item.as_const() == Some(wanted));
                    if let Some(found) = found {
                        items.remove(found);
                    }
                } else {
                    // Places are not known any more.
                    let mut all = rest.take().unwrap_or_else(Value::nothing);
                    for item in items.drain(..) {
                        all.join(&item);
                    }
                    if !all.is_nothing() {
                        *rest = Some(all);
                    }
                }
            }
            Shape::Map { entries, .. } => {
                if let Some(key) = at.as_ref().and_then(Value::as_const) {
                    entries.retain(|(own, _)| own != key);
                }
            }
            _ => {}
        }
        value
    }

    /// Calls a function with each element: the results are a list.
    fn mapped_elements(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let container = operand(call, 0);
        let function = operand(call, 1);
        let items = self.elements(&container).filter(|items| items.len() <= 16);
        let mut results = Vec::new();
        let mut rest = None;
        match items {
            Some(items) => {
                for item in items {
                    let result = self.call_back(call.span, &function, std::slice::from_ref(&item));
                    match op {
                        "filter" => {
                            let keeps = result.truth();
                            if keeps != Some(false) {
                                results.push(item);
                            }
                        }
                        _ => results.push(result),
                    }
                }
            }
            None => {
                let item = self.any_element(&container, EachKind::Values, call.span).1;
                let result = self.call_back(call.span, &function, std::slice::from_ref(&item));
                rest = Some(if op == "filter" { item } else { result });
            }
        }
        if op == "each" {
            return Value::unknown();
        }
        // A filter may leave out any of them: places are not known.
        if op == "filter" && rest.is_none() && !results.is_empty() {
            let mut all = Value::nothing();
            results.drain(..).for_each(|item| all.join(&item));
            rest = Some(all);
        }
        let mut object = Object::list(results);
        if let Shape::List { rest: own, .. } = &mut object.shape {
            *own = rest;
        }
        object.ty.clone_from(&call.ty);
        self.make(call.span, 0, object)
    }

    /// Copies all entries of one map into another.
    pub(super) fn put_all(&mut self, map: &Value, from: &Value) {
        let mut entries: Vec<(Option<Const>, Value)> = Vec::new();
        let mut is_known = !from.objects.is_empty();
        for id in &from.objects {
            match self.state.heap.get(*id).map(|object| &object.shape) {
                Some(Shape::Map { entries: own, rest }) => {
                    entries.extend(own.iter().map(|(k, v)| (Some(k.clone()), v.clone())));
                    entries.extend(rest.iter().map(|(_, value)| (None, value.clone())));
                }
                _ => is_known = false,
            }
        }
        if !is_known {
            let taint = self.state.heap.content_taint(from);
            entries.push((None, Value::unknown().with_taint(taint)));
        }
        for (key, value) in entries {
            let key = key.map_or_else(Value::unknown, Value::constant);
            self.store_element(map, Some(&key), value);
        }
    }

    /// Stores into an element; without a key at the end.
    pub(super) fn store_element(&mut self, container: &Value, key: Option<&Value>, value: Value) {
        let is_exact = self.is_exact(container);
        for id in &container.objects {
            let Some(object) = self.state.heap.get_mut(*id) else {
                continue;
            };
            let is_strong = is_exact && object.single;
            // What is given a name for a key is no list but a map.
            if let Shape::List { items, rest: None } = &mut object.shape
                && key.and_then(Value::as_text).is_some()
            {
                let places = items.drain(..).enumerate();
                let entries = places.map(|(at, item)| (Literal::Int(at as i64), item));
                object.shape = Shape::Map {
                    entries: entries.collect(),
                    rest: None,
                };
            }
            match &mut object.shape {
                Shape::Cell(own) if is_strong => *own = value.clone(),
                Shape::Cell(own) => own.join(&value),
                Shape::Text(text) => super::memory::store_in_text(text, key, &value),
                Shape::List { items, rest } => store_in_list(items, rest, key, &value, is_strong),
                Shape::Map { entries, rest } => store_in_map(entries, rest, key, &value, is_strong),
                Shape::Record => {
                    match key.and_then(Value::as_text) {
                        Some(name) => object.set(name, value.clone()),
                        None => object.others.join(&value),
                    };
                }
                _ => {}
            }
        }
    }

    /// Reads an element.
    pub(super) fn load_element(&mut self, span: Span, container: &Value, key: &Value) -> Value {
        if let (Some(_), Some(at)) = (container.as_consts(), key.as_int()) {
            let mut value = mapped(container, |constant| match constant {
                Literal::Str(text) => {
                    let at = if at < 0 {
                        at + text.chars().count() as i64
                    } else {
                        at
                    };
                    text.chars()
                        .nth(usize::try_from(at).ok()?)
                        .map(Literal::Char)
                }
                _ => None,
            });
            value.taint.clone_from(&container.taint);
            return value;
        }
        if let (Some(symbol), Some(name)) = (&container.symbol, key.as_text())
            && container.objects.is_empty()
            && container.taint.is_empty()
        {
            let _ = symbol;
            let name = name.clone();
            let mut value = self.load_member(span, container, &name);
            if value.ty.is_none() {
                let types = self.types_of(container);
                value.set_type(types.iter().find_map(|ty| self.member_type(ty, "[]")));
            }
            return value;
        }
        let mut found = Value::nothing();
        for id in &container.objects {
            let Some(object) = self.state.heap.get(*id) else {
                continue;
            };
            match &object.shape {
                Shape::List { items, rest } => {
                    let length = items.len() as i64;
                    let at = key.as_int().map(|at| match (at < 0, rest) {
                        (true, None) => at + length,
                        _ => at,
                    });
                    match at.and_then(|at| items.get(usize::try_from(at).ok()?)) {
                        Some(item) => found.join(item),
                        None if at.is_some() && rest.is_none() => {
                            found.join(&Value::unknown());
                        }
                        // Nothing is under a name in a list.
                        None if key.as_text().is_some() && rest.is_none() => {
                            found.join(&Value::constant(Literal::Null));
                        }
                        None => items.iter().chain(rest).for_each(|item| found.join(item)),
                    }
                }
                Shape::Map { entries, rest } => {
                    match key.as_consts() {
                        Some(keys) => {
                            for key in keys {
                                let entry = entries.iter().find(|(own, _)| own == key);
                                match (entry, rest) {
                                    (Some((_, value)), _) => found.join(value),
                                    (None, Some((_, value))) => found.join(value),
                                    (None, None) => found.join(&Value::constant(Literal::Null)),
                                }
                            }
                        }
                        None => {
                            let values = entries.iter().map(|(_, value)| value);
                            values
                                .chain(rest.iter().map(|(_, value)| value))
                                .for_each(|value| found.join(value));
                            // It may be under no key.
                            found.join(&Value::constant(Literal::Null));
                        }
                    }
                    if found.is_nothing() {
                        found = Value::constant(Literal::Null);
                    }
                }
                Shape::Entry(name, value) => {
                    found.join(match key.as_int() {
                        Some(0) => name,
                        _ => value,
                    });
                }
                Shape::Text(text) => {
                    found.join(&super::memory::character(text, key, object.ty.as_ref()))
                }
                Shape::Cell(value) => found.join(value),
                _ => match key
                    .as_text()
                    .cloned()
                    .or_else(|| self.component(object, key))
                    .and_then(|name| object.fields.get(&name))
                {
                    Some(value) => found.join(value),
                    None => {
                        let taint = object.others.taint.clone();
                        found.join(&Value::unknown().with_taint(taint));
                    }
                },
            }
        }
        if container.objects.is_empty() || only_object(container).is_none() && found.is_nothing() {
            let (_, item) = self.any_element(container, EachKind::Values, span);
            found.join(&item);
        }
        found.add_taint(&container.taint);
        match key.as_text() {
            Some(name) => found
                .taint
                .join(&self.modelled_member(span, container, name)),
            None => self.mark_prototype(container, key, &mut found),
        }
        found
    }

    /// Returns the name of the field that an object of a class has at a place:
    /// what destructuring it gives.
    fn component(&self, object: &Object, key: &Value) -> Option<Name> {
        let at = usize::try_from(key.as_int()?).ok()?;
        let (_, class) = self.project.class(object.ty.as_ref()?)?;
        Some(class.fields.get(at)?.name.clone())
    }

    /// Notes that a member whose name a stranger chose may be the prototype of
    /// all objects, where the language has such a thing.
    fn mark_prototype(&self, container: &Value, key: &Value, found: &mut Value) {
        let is_chosen = |kinds: Kinds| match kinds.and(Kinds::PROTOTYPE).is_empty() {
            true => Kinds::NONE,
            false => Kinds::MAY_BE_PROTOTYPE,
        };
        if self.models.language == "javascript" && container.taint.is_empty() {
            found.add_taint(&key.taint.filtered(is_chosen));
        }
    }

    /// Reports a store into what may be the prototype of all objects, under a
    /// name that a stranger chose.
    pub(super) fn store_in_prototype(&mut self, span: Span, object: &Value, key: &Value) {
        if key.taint.kinds().and(Kinds::PROTOTYPE).is_empty() {
            return;
        }
        let marks = object.taint.marks().iter();
        let mark = marks
            .filter(|mark| !mark.kinds.and(Kinds::MAY_BE_PROTOTYPE).is_empty())
            .min_by_key(|mark| mark.doubt);
        if let Some(mark) = mark {
            let rule = Name::from(rule_of(Kinds::PROTOTYPE.iter().next().unwrap_or(0)));
            let message = "A stranger chooses the object and the member that are set";
            self.report(&rule, Name::from(message), span, Some(mark));
        }
    }

    /// Reads a part of a text or list.
    pub(super) fn slice(
        &mut self,
        span: Span,
        object: &Value,
        from: Option<&Value>,
        to: Option<&Value>,
    ) -> Value {
        let place = |value: Option<&Value>, default: i64, length: i64| -> Option<usize> {
            let at = match value {
                None => default,
                Some(value) if value.as_const() == Some(&Literal::Null) => default,
                Some(value) => value.as_int()?,
            };
            let at = if at < 0 { at + length } else { at };
            usize::try_from(at.clamp(0, length)).ok()
        };
        if object.as_consts().is_some() {
            let mut value = mapped(object, |constant| {
                let Literal::Str(text) = constant else {
                    return None;
                };
                let chars: Vec<char> = text.chars().collect();
                let length = chars.len() as i64;
                let (from, to) = (place(from, 0, length)?, place(to, length, length)?);
                let part: String = chars.get(from..to)?.iter().collect();
                Some(Literal::Str(Name::from(part)))
            });
            value.taint.clone_from(&object.taint);
            return value;
        }
        if let Some(items) = self.elements(object) {
            let length = items.len() as i64;
            if let (Some(from), Some(to)) = (place(from, 0, length), place(to, length, length))
                && let Some(part) = items.get(from..to)
            {
                let part = part.to_vec();
                return self.make(span, 0, Object::list(part));
            }
        }
        if !object.objects.is_empty() {
            let item = self.any_element(object, EachKind::Elements, span).1;
            let mut list = Object::list(Vec::new());
            list.shape = Shape::List {
                items: Vec::new(),
                rest: Some(item),
            };
            return self.make(span, 0, list);
        }
        let mut value = Value::unknown();
        value.taint.clone_from(&object.taint);
        value.ty.clone_from(&object.ty);
        value
    }
}

fn store_in_list(
    items: &mut Vec<Value>,
    rest: &mut Option<Value>,
    key: Option<&Value>,
    value: &Value,
    is_strong: bool,
) {
    match key {
        None => {
            if is_strong && rest.is_none() && items.len() < ITEMS_MAX {
                items.push(value.clone());
            } else {
                rest.get_or_insert_with(Value::nothing).join(value);
            }
        }
        Some(key) => match key.as_int().and_then(|at| usize::try_from(at).ok()) {
            Some(at) if at < items.len() => {
                if is_strong {
                    items[at] = value.clone();
                } else {
                    items[at].join(value);
                }
            }
            Some(at) if is_strong && rest.is_none() && at < ITEMS_MAX => {
                items.resize(at, Value::unknown());
                items.push(value.clone());
            }
            Some(_) => rest.get_or_insert_with(Value::nothing).join(value),
            None => {
                for item in items.iter_mut() {
                    item.join(value);
                }
                rest.get_or_insert_with(Value::nothing).join(value);
            }
        },
    }
}

/// A map keeps so many keys apart.
const KEYS_MAX: usize = 64;

fn store_in_map(
    entries: &mut Vec<(Const, Value)>,
    rest: &mut Option<(Value, Value)>,
    key: Option<&Value>,
    value: &Value,
    is_strong: bool,
) {
    let nothing = || (Value::nothing(), Value::nothing());
    // At the end: the key is the next number.
    let next = match (key, &rest) {
        (None, None) => {
            let numbers = entries.iter().filter_map(|(key, _)| match key {
                Literal::Int(at) => Some(*at),
                _ => None,
            });
            let next = numbers.max().map_or(0, |last| last.saturating_add(1));
            Some(Literal::Int(next))
        }
        _ => None,
    };
    let Some(constant) = next.as_ref().or(key.and_then(Value::as_const)) else {
        for entry in entries.iter_mut() {
            entry.1.join(value);
        }
        let rest = rest.get_or_insert_with(nothing);
        rest.0.join(key.unwrap_or(&Value::unknown()));
        rest.1.join(value);
        return;
    };
    let has_room = entries.len() < KEYS_MAX;
    match entries.iter_mut().find(|entry| entry.0 == *constant) {
        Some(entry) if is_strong => entry.1 = value.clone(),
        Some(entry) => entry.1.join(value),
        None if has_room => {
            let mut value = value.clone();
            if !is_strong {
                value.join(&Value::constant(Literal::Null));
            }
            entries.push((constant.clone(), value));
        }
        None => {
            let rest = rest.get_or_insert_with(nothing);
            rest.0.join(&Value::constant(constant.clone()));
            rest.1.join(value);
        }
    }
}
