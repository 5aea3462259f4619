//! What an instruction computes.

use assay_source::Span;

use super::Solver;
use super::call::{Argument, Arguments};
use super::fold;
use super::library::{Host, OWN_HOST, fixes_origin};
use crate::flow::hash::HashMap;
use crate::flow::heap::{Heap, Object, Shape, ViewKind};
use crate::flow::ir::{Arg, BinaryOp, EachKind, FunctionId, Literal, Name, Op, Slot, UnaryOp};
use crate::flow::kind::Kinds;
use crate::flow::model::{Effect, Entry, Operand};
use crate::flow::project::Target;
use crate::flow::value::{Const, Consts, Facts, ObjectId, Refine, StepKind, Taint, Value};

/// Combinations of constants that are tried.
const COMBINATIONS_MAX: usize = 16;

/// Operators of queries that take a value as it is.
const COMPARING: &[&str] = &["$eq", "$gt", "$gte", "$in", "$lt", "$lte", "$ne", "$nin"];

impl Solver<'_> {
    pub(super) fn operation_value(&mut self, span: Span, op: &Op) -> Value {
        match op {
            Op::Const(Literal::Str(text)) => Value::text(text),
            Op::Const(literal) => Value::constant(literal.clone()),
            Op::Copy(slot) => {
                let mut value = self.get(*slot);
                // Facts are about the variable that was compared, and go on.
                if value.is_nothing() {
                    value = Value::unknown();
                }
                value
            }
            Op::Unary(op, slot) => self.unary(*op, *slot),
            Op::Binary(op, left, right) => self.binary(span, *op, *left, *right),
            Op::Text(parts) => {
                let parts: Vec<Value> = parts.iter().map(|slot| self.get(*slot)).collect();
                self.joined(span, &parts)
            }
            Op::Call(callee, args) => self.call(span, callee, args),
            Op::Load(object, key) => {
                let object = self.get(*object);
                self.load_member(span, &object, key).with_facts(None)
            }
            Op::LoadIndex(object, index) => self.load_indexed(span, *object, *index),
            Op::Part { of, at, is_status } => {
                let value = self.get(*of);
                self.part(span, &value, *at, *is_status)
            }
            Op::Slice(object, from, to) => {
                let object = self.get(*object);
                let side = |this: &Self, slot: &Option<Slot>| slot.map(|slot| this.get(slot));
                let (from, to) = (side(self, from), side(self, to));
                self.slice(span, &object, from.as_ref(), to.as_ref())
            }
            Op::Global(name) => self.global(span, name),
            Op::List(items) => {
                let list = self.list_of(items);
                self.make(span, 0, list)
            }
            Op::Map(entries) => self.map_of(span, entries),
            Op::Closure(function) => {
                let target = &self.project.unit(self.unit()).functions[function.index()];
                let mut cells = Vec::new();
                for capture in &target.captures {
                    if let Some(cell) = self.cell(capture.outer) {
                        cells.push((capture.inner, cell));
                    }
                }
                let shape = Shape::Closure {
                    unit: self.unit(),
                    function: *function,
                    cells,
                };
                self.make(span, 0, Object::new(shape))
            }
            Op::Class(class) => {
                let name = self.project.unit(self.unit()).classes[*class].name.clone();
                Value::symbol(name)
            }
            Op::Cast(slot, ty) => {
                let mut value = self.get(*slot);
                value.set_facts(self.bounds_of(*slot, &value));
                self.typed(value, Some(ty))
            }
            Op::IsType(slot, ty) => self.is_type(*slot, ty),
            Op::Await(slot) => self.awaited(span, *slot),
            Op::Yield(slot, all) => {
                let value = self.get(*slot);
                let value = if *all {
                    self.any_element(&value, EachKind::Elements, span).1
                } else {
                    value
                };
                let frame = self.frame();
                frame.yields.get_or_insert_with(Value::nothing).join(&value);
                Value::unknown()
            }
            Op::Ref(slot) => self.pointer_to(*slot),
            Op::Offset(slot, by) => self.offset(*slot, *by),
            Op::Array(ty, size) => self.array(span, ty, *size),
            Op::Clone(slot) => self.cloned(span, *slot),
            Op::PutOut(slot, how) => {
                let value = self.get(*slot);
                self.put_out(span, &value, how);
                Value::unknown()
            }
            Op::Unknown => Value::unknown(),
            Op::Mix(parts) => {
                let mut value = Value::unknown();
                for slot in parts {
                    let part = self.get(*slot);
                    value.add_taint(&self.state.heap.content_taint(&part));
                }
                value
            }
        }
    }

    /// Returns one of several results.
    fn part(&mut self, span: Span, value: &Value, at: u32, is_status: bool) -> Value {
        let is_list = |id: &crate::flow::value::ObjectId| {
            let object = self.state.heap.get(*id);
            matches!(object.map(|o| &o.shape), Some(Shape::List { .. }))
        };
        if value.objects.iter().any(is_list) {
            let index = Value::constant(Literal::Int(i64::from(at)));
            let mut part = self.load_element(span, value, &index);
            part.set_facts(value.facts.clone().filter(|_| is_status));
            return part;
        }
        let named = Name::from(at.to_string());
        let ty = value
            .ty
            .as_ref()
            .and_then(|ty| self.member_type(ty, &named));
        match (ty, at) {
            (None, _) if is_status => Value::unknown().with_facts(value.facts.clone()),
            (None, 0) => value.clone().with_facts(None),
            (ty, _) => {
                let taint = self.state.heap.content_taint(value);
                let part = Value::of_type(ty.clone()).with_taint(taint);
                self.typed(part, ty.as_ref())
            }
        }
    }

    /// Reads an element, with what classes and models say of doing so.
    fn load_indexed(&mut self, span: Span, object: Slot, index: Slot) -> Value {
        let (container, key) = (self.get(object), self.get(index));
        self.check_index(span, &container, &key);
        let targets = self.targets(&container, "get []", 1);
        if !targets.is_empty() {
            return self.invoke_all(&targets, &vec![container, key].into(), span);
        }
        if !self.models.method("[]").is_empty() {
            let receiver = Argument {
                value: container.clone(),
                slot: Some(object),
            };
            let arguments = Arguments::of(vec![key.clone()]);
            let types = self.types_of(&container);
            let entries = self.models.method("[]").iter();
            if entries.clone().any(|entry| entry.is_for(&types)) {
                let (path, name) = (Name::from(""), Name::from("[]"));
                let known = self.call_library(span, &path, &name, Some(receiver), &arguments);
                if let Some(value) = known {
                    return value;
                }
            }
        }
        let mut value = self.load_element(span, &container, &key);
        if key.as_const().is_none() {
            value.set_facts(self.set_facts(&container, index));
        }
        value
    }

    /// Does what classes and models say of storing into an element; returns
    /// whether that is all.
    pub(super) fn store_indexed(
        &mut self,
        span: Span,
        container: &Value,
        key: &Value,
        value: &Value,
    ) -> bool {
        let targets = self.targets(container, "set []", 2);
        if !targets.is_empty() {
            let values = vec![container.clone(), key.clone(), value.clone()];
            self.invoke_all(&targets, &values.into(), span);
            return true;
        }
        let entries = self.models.method("[]=").iter();
        let types = match entries.len() {
            0 => return false,
            _ => self.types_of(container),
        };
        if entries.clone().any(|entry| entry.is_for(&types)) {
            let receiver = Argument {
                value: container.clone(),
                slot: None,
            };
            let arguments = Arguments::of(vec![key.clone(), value.clone()]);
            let (path, name) = (Name::from(""), Name::from("[]="));
            self.call_library(span, &path, &name, Some(receiver), &arguments);
        }
        false
    }

    /// Returns the cell of a variable that functions share, making it.
    pub(super) fn cell(&mut self, slot: Slot) -> Option<crate::flow::value::ObjectId> {
        let known = |this: &Self| this.state.get(slot)?.objects.first().copied();
        if known(self).is_none() {
            self.set(slot, Value::nothing());
        }
        known(self)
    }

    fn unary(&self, op: UnaryOp, slot: Slot) -> Value {
        let operand = self.get(slot);
        if let Some(constant) = operand.as_const().and_then(|value| fold::unary(op, value)) {
            let mut value = Value::constant(constant);
            value.set_facts(negated(op, &operand));
            return value;
        }
        let mut value = Value::unknown();
        match op {
            UnaryOp::Not => {
                value.set_facts(negated(op, &operand));
                if let Some(truth) = operand.truth() {
                    value.consts = Consts::one(Literal::Bool(!truth));
                }
            }
            UnaryOp::TypeOf => {}
            UnaryOp::Minus | UnaryOp::Plus | UnaryOp::BitNot => {
                value.set_taint(operand.taint.filtered(Kinds::of_number));
            }
        }
        value
    }

    fn binary(&mut self, span: Span, op: BinaryOp, left: Slot, right: Slot) -> Value {
        match op {
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Is | BinaryOp::IsNot => {
                return self.equality(op, left, right);
            }
            BinaryOp::In | BinaryOp::NotIn => {
                let (item, container) = (self.get(left), self.get(right));
                let mut value = self.contains(&container, &item, (Some(right), Some(left)));
                if op == BinaryOp::NotIn {
                    let constant = value.as_const().and_then(|v| fold::unary(UnaryOp::Not, v));
                    let facts = negated(UnaryOp::Not, &value);
                    value = constant.map_or_else(Value::unknown, Value::constant);
                    value.set_facts(facts);
                }
                return value;
            }
            BinaryOp::Match => return self.matches(left, right),
            _ => {}
        }
        let (a, b) = (self.get(left), self.get(right));
        if let Some(value) = combined(&a, &b, |a, b| fold::binary(op, a, b)) {
            let mut value = value;
            value.set_taint(a.taint.clone());
            value.add_taint(&b.taint);
            return value;
        }
        if op == BinaryOp::BitAnd {
            // What two lists have in common is in the one that is known.
            for list in [&a, &b] {
                if self.constants_in(list).is_some() {
                    return list.clone();
                }
            }
            if self.is_ruby(self.unit()) {
                let mut value = Value::unknown();
                for list in [&a, &b] {
                    value.add_taint(&self.state.heap.content_taint(list));
                }
                return value;
            }
        }
        match op {
            BinaryOp::Add | BinaryOp::Concat => {
                let facts = self.bounds_of_operation(op, (left, &a), (right, &b));
                let mut value = self.sum(span, op, a, b);
                value.set_facts(facts);
                value
            }
            BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                Value::unknown().with_facts(super::memory::comparison(op, (left, &a), (right, &b)))
            }
            BinaryOp::Compare => Value::unknown(),
            _ => {
                let mut value = Value::unknown();
                value.set_taint(a.taint.clone());
                value.add_taint(&b.taint);
                let kinds = super::memory::kinds_of_result(op, &b);
                value.set_taint(value.taint.filtered(|own| own.of_number().and(kinds)));
                value.set_facts(self.bounds_of_operation(op, (left, &a), (right, &b)));
                value
            }
        }
    }

    /// Adds what may be numbers, texts or lists.
    fn sum(&mut self, span: Span, op: BinaryOp, a: Value, b: Value) -> Value {
        let list = |this: &Self, value: &Value| match value.objects.as_slice() {
            [id] => match &this.state.heap.get(*id)?.shape {
                Shape::List { items, rest } => Some((items.clone(), rest.clone())),
                _ => None,
            },
            _ => None,
        };
        if op == BinaryOp::Add
            && let (Some((mut items, rest)), Some((more, more_rest))) =
                (list(self, &a), list(self, &b))
        {
            let shape = match rest {
                None => {
                    items.extend(more);
                    Shape::List {
                        items,
                        rest: more_rest,
                    }
                }
                Some(mut rest) => {
                    more.iter()
                        .chain(&more_rest)
                        .for_each(|item| rest.join(item));
                    Shape::List {
                        items,
                        rest: Some(rest),
                    }
                }
            };
            return self.make(span, 0, Object::new(shape));
        }
        if op == BinaryOp::Add
            && let Some(place) = self.place_in_array(&a, &b)
        {
            return place;
        }
        self.joined(span, &[a, b])
    }

    /// Joins values as text.
    pub(super) fn joined(&mut self, span: Span, parts: &[Value]) -> Value {
        let mut known = Some(Value::text(""));
        let mut prefix: Option<Name> = None;
        let mut taint = Taint::default();
        let mut host = Host::default();
        for (at, part) in parts.iter().enumerate() {
            let part_text = self.text_of(part);
            let mut own = self.state.heap.content_taint(part);
            host.add(&part_text, &own);
            let before = known.as_ref().and_then(Value::as_text);
            let before = before.or(at.checked_sub(1).and_then(|at| parts[at].as_text()));
            if before.is_some_and(|text| super::pattern::opens_quote(text)) {
                own = own.filtered(|kinds| kinds.without(Kinds::BARE));
            }
            taint.join(&own);
            let next = known
                .as_ref()
                .and_then(|known| combined(known, &part_text, |a, b| fold::text(&[a, b])));
            if next.is_none() && known.is_some() && prefix.is_none() {
                let before = known.as_ref().and_then(|value| value.as_text().cloned());
                let own = part_text.prefix.clone();
                prefix = match (before, own) {
                    (Some(before), Some(own)) => Some(Name::from(format!("{before}{own}"))),
                    (Some(before), None) if at > 0 => Some(before),
                    (_, own) => own,
                };
            }
            known = next;
        }
        if host.is_chosen && !prefix.as_ref().is_some_and(|own| fixes_origin(own)) {
            prefix = Some(Name::from(OWN_HOST));
        }
        let mut value = known.unwrap_or_else(|| {
            let mut value = Value::unknown();
            if prefix.is_some() {
                value.prefix = prefix;
            }
            value
        });
        value.set_taint(taint);
        self.step(&mut value, span, &StepKind::Joined);
        value
    }

    /// Returns a value as text: a builder's is what it holds.
    pub(super) fn text_of(&self, value: &Value) -> Value {
        let mut found = value.clone();
        for id in &value.objects {
            if let Some(Object {
                shape: Shape::Text(text),
                ..
            }) = self.state.heap.get(*id)
            {
                if value.objects.len() == 1 {
                    return text.clone();
                }
                found.add_taint(&text.taint);
            }
        }
        found
    }

    /// Returns an object with the elements of a literal or of arguments.
    pub(super) fn list_of(&mut self, items: &[Arg]) -> Object {
        let mut all = Vec::new();
        let mut rest: Option<Value> = None;
        for item in items {
            let value = self.get(item.value);
            if !item.spread {
                match &mut rest {
                    Some(rest) => rest.join(&value),
                    None => all.push(value),
                }
                continue;
            }
            match self.elements(&value) {
                Some(elements) if rest.is_none() => all.extend(elements),
                _ => {
                    let item = self
                        .any_element(&value, EachKind::Elements, Span::new(0, 0))
                        .1;
                    rest.get_or_insert_with(Value::nothing).join(&item);
                }
            }
        }
        let mut object = Object::list(all);
        if let (Some(rest), Shape::List { rest: own, .. }) = (rest, &mut object.shape) {
            own.get_or_insert_with(Value::nothing).join(&rest);
        }
        object
    }

    /// Returns the elements of a list when it is all known.
    pub(super) fn elements(&self, value: &Value) -> Option<Vec<Value>> {
        let [id] = value.objects.as_slice() else {
            return None;
        };
        match &self.state.heap.get(*id)?.shape {
            Shape::List { items, rest: None } => Some(items.clone()),
            _ => None,
        }
    }

    fn map_of(&mut self, span: Span, entries: &[(Option<Slot>, Slot)]) -> Value {
        let map = self.make(
            span,
            0,
            Object::new(Shape::Map {
                entries: Vec::new(),
                rest: None,
            }),
        );
        for (key, value) in entries {
            let mut value = self.get(*value);
            match key {
                Some(key) => {
                    let key = self.get(*key);
                    // Operators of a query may be sinks of their own.
                    let operator = key.as_text().filter(|name| name.starts_with('$'));
                    // What is compared is no operator itself.
                    if operator.is_some_and(|name| COMPARING.contains(&&**name)) {
                        value.set_taint(value.taint.filtered(|own| own.without(Kinds::NOSQL)));
                    }
                    if let Some(name) = operator.cloned()
                        && !self.models.function(&name).is_empty()
                    {
                        self.stored(span, None, &name, &value);
                        // That is said once.
                        value.set_taint(value.taint.filtered(|own| own.without(Kinds::NOSQL)));
                    }
                    self.store_element(&map, Some(&key), value);
                }
                None => self.put_all(&map, &value),
            }
        }
        map
    }

    fn is_type(&self, slot: Slot, ty: &Name) -> Value {
        let value = self.get(slot);
        let ty = self.models.canonical(ty);
        let known = value.objects.iter().map(|id| {
            let own = self.state.heap.get(*id)?.ty.as_ref()?;
            Some(self.is_kind_of(own, &ty))
        });
        let verdicts: Option<Vec<bool>> = known.collect();
        let is_object = matches!(&value.consts, Consts::Few(few) if few.is_empty());
        match verdicts.as_deref() {
            Some([first, others @ ..]) if is_object && others.iter().all(|v| v == first) => {
                Value::constant(Literal::Bool(*first))
            }
            _ if super::is_number(&ty) => {
                // A number is no text that does harm.
                let mut value = Value::unknown();
                let text = Kinds::named("text").unwrap_or(Kinds::NONE);
                value.facts = Some(std::rc::Rc::new(Facts {
                    when_true: vec![(slot, Refine::Clear(text))],
                    ..Facts::default()
                }));
                value
            }
            _ => Value::unknown(),
        }
    }

    fn awaited(&mut self, span: Span, slot: Slot) -> Value {
        let value = self.get(slot);
        // A promise of the project's own making is what it resolves to.
        let _ = span;
        value
    }

    /// Reads what goes by a qualified name.
    pub(super) fn global(&mut self, span: Span, name: &Name) -> Value {
        let name = &self.models.canonical(name);
        if let Some(value) = self.state.heap.global(name) {
            return value.clone();
        }
        let mut meaning = self.meaning(name);
        let meant = &self.models.canonical(&meaning.meant);
        if meant != name {
            meaning = self.meaning(meant);
        }
        let name = meant;
        if meaning.class.is_some() {
            return Value::symbol(name.clone());
        }
        if let Some(target) = meaning.function {
            let shape = Shape::Closure {
                unit: target.unit,
                function: target.function,
                cells: Vec::new(),
            };
            return self.make(span, 0, Object::new(shape));
        }
        if let Some(value) = self.foreign_global(span, name) {
            return value;
        }
        for entry in self.models.function(name) {
            if let Effect::Source(source) = &entry.effect
                && source.to == Operand::Result
                && entry.arity.is_none()
                && entry.when.is_empty()
            {
                let mut value = Value::unknown();
                value.set_taint(self.source_taint(source, span));
                // It may be a function that is called, of which more is known when
                // its arguments are.
                let entries = self.models.function(name);
                let has_more = entries.iter().any(|entry| !entry.when.is_empty());
                value.symbol = (has_more || self.has_pointers()).then(|| name.clone());
                value.set_type(Some(name.clone()));
                return value;
            }
        }
        let mut value = Value::symbol(name.clone());
        if let Some((ty, member)) = name.rsplit_once('.') {
            value.set_type(self.member_type(&Name::from(ty), member));
        }
        value
    }

    /// Reads a variable that another file sets at its top level.
    pub(super) fn foreign_global(&mut self, span: Span, name: &Name) -> Option<Value> {
        let unit = self.meaning(name).unit?;
        if self.frames.first().is_some_and(|frame| frame.unit == unit) {
            return None;
        }
        let top = self.top(unit)?;
        let value = top.heap.global(name)?.clone();
        let mut known = HashMap::default();
        let frame = self.frames.last();
        let (context, own) = frame.map_or((0, 0), |frame| (frame.context, frame.unit));
        let place = (context, own, span);
        let value = self.transplant(place, &top.heap, &value, &mut known, 0);
        self.state.heap.set_global(name, value.clone());
        Some(value)
    }

    /// Returns the cell of a variable of another file's top level, with what that left
    /// in it: the same one for all who ask.
    pub(super) fn foreign_cell(&mut self, unit: u32, from: &Heap, cell: ObjectId) -> ObjectId {
        const FOREIGN: u32 = 40_000;
        let site = (0, unit, Span::new(0, 0), FOREIGN + cell.0);
        let own = self.ids.number(site);
        if self.state.heap.get(own).is_some() {
            return own;
        }
        let Some(Object {
            shape: Shape::Cell(value),
            ty,
            ..
        }) = from.get(cell)
        else {
            return own;
        };
        let mut known = HashMap::default();
        let place = (0, unit, Span::new(0, 0));
        let value = self.transplant(place, from, value, &mut known, 0);
        let mut object = Object::new(Shape::Cell(value));
        object.ty.clone_from(ty);
        self.state.heap.put(own, object);
        own
    }

    /// Copies a value with its objects from another heap; the place tells the copies
    /// from others.
    fn transplant(
        &mut self,
        place: (u64, u32, Span),
        from: &Heap,
        value: &Value,
        known: &mut HashMap<ObjectId, ObjectId>,
        depth: u32,
    ) -> Value {
        const TRANSPLANT_DEPTH_MAX: u32 = 4;
        let mut copy = value.clone();
        copy.objects.clear();
        if depth > TRANSPLANT_DEPTH_MAX {
            copy.consts = Consts::Any;
            return copy;
        }
        for id in &value.objects {
            let Some(object) = from.get(*id) else {
                continue;
            };
            let new = match known.get(id) {
                Some(new) => *new,
                None => {
                    let (context, unit, span) = place;
                    let new = self.ids.number((context, unit, span, 10_000 + id.0));
                    known.insert(*id, new);
                    let mut object = object.clone();
                    for member in object.fields.values_mut() {
                        *member = self.transplant(place, from, member, known, depth + 1);
                    }
                    match &mut object.shape {
                        Shape::List { items, rest } => {
                            for item in items.iter_mut().chain(rest) {
                                *item = self.transplant(place, from, item, known, depth + 1);
                            }
                        }
                        Shape::Map { entries, rest } => {
                            for entry in entries {
                                entry.1 = self.transplant(place, from, &entry.1, known, depth + 1);
                            }
                            if let Some(rest) = rest {
                                rest.0 = self.transplant(place, from, &rest.0, known, depth + 1);
                                rest.1 = self.transplant(place, from, &rest.1, known, depth + 1);
                            }
                        }
                        Shape::Text(text) | Shape::Cell(text) => {
                            *text = self.transplant(place, from, text, known, depth + 1);
                        }
                        Shape::Record => {}
                        // Its variables are those of its file: whoever calls it has them.
                        Shape::Closure {
                            unit,
                            function,
                            cells,
                        } if self.is_of_top(*unit, *function) => cells.clear(),
                        _ => object.shape = Shape::Record,
                    }
                    self.state.heap.replace(new, object);
                    new
                }
            };
            if let Err(at) = copy.objects.binary_search(&new) {
                copy.objects.insert(at, new);
            }
        }
        copy
    }

    fn is_of_top(&self, unit: u32, function: FunctionId) -> bool {
        let function = self.project.function(Target { unit, function });
        function.parent == Some(FunctionId::TOP)
    }

    /// Reads a named member.
    pub(super) fn load_member(&mut self, span: Span, object: &Value, key: &Name) -> Value {
        if let Some(symbol) = &object.symbol
            && object.objects.is_empty()
            && object.taint.is_empty()
        {
            let name = Name::from(format!("{symbol}.{key}"));
            let mut value = self.global(span, &name);
            if value.taint.is_empty() {
                value.set_taint(self.modelled_member(span, object, key));
            }
            if value.ty.is_none() {
                let types = self.types_of(object);
                value.set_type(types.iter().find_map(|ty| self.member_type(ty, key)));
            }
            if !value.taint.is_empty() {
                // What a stranger sets is a value, and no part of a library.
                value.symbol = None;
            }
            return value;
        }
        if let Some(value) = self.accessor(span, object, ("get ", key), None) {
            return value;
        }
        if let Some(value) = self.library_getter(span, object, key) {
            return value;
        }
        let mut found = Value::nothing();
        for id in &object.objects {
            let Some(known) = self.state.heap.get(*id) else {
                continue;
            };
            let value = known.fields.get(key).cloned();
            let value = value.or_else(|| match &known.shape {
                Shape::Map { entries, rest } => {
                    let entry = entries
                        .iter()
                        .find(|(name, _)| *name == Literal::Str(key.clone()));
                    entry
                        .map(|(_, value)| value.clone())
                        .or_else(|| rest.as_ref().map(|(_, value)| value.clone()))
                }
                Shape::Entry(name, value) => match &**key {
                    "key" | "Key" => Some((**name).clone()),
                    "value" | "Value" => Some((**value).clone()),
                    _ => None,
                },
                _ => None,
            });
            let length = match (&known.shape, &**key) {
                (Shape::List { items, rest: None }, "length" | "size" | "Length" | "Count") => {
                    Some(Value::constant(Literal::Int(items.len() as i64)))
                }
                _ => None,
            };
            let inner = match value.is_none() && length.is_none() {
                true => self.embedded(known),
                false => None,
            };
            match (value.or(length), inner) {
                (Some(value), _) => found.join(&value),
                (None, Some(inner)) => {
                    let value = self.load_member(span, &inner, key);
                    found.join(&value);
                }
                (None, None) => {
                    let mut value = known.others.clone();
                    if value.is_nothing() {
                        value = Value::unknown();
                    }
                    value.ty = known
                        .ty
                        .as_ref()
                        .or(object.ty.as_ref())
                        .and_then(|ty| self.member_type(ty, key));
                    if self.is_followed(&value) {
                        // What is set on it is kept from here on.
                        value = self.object_of_type(value, span, 0);
                        if let Some(owner) = self.state.heap.get_mut(*id) {
                            owner.set(key, value.clone());
                        }
                    }
                    found.join(&value);
                }
            }
        }
        let is_known = !object.objects.is_empty() && object.consts != Consts::Any;
        if !is_known {
            let mut value = Value::unknown();
            value.set_type(object.ty.as_ref().and_then(|ty| self.member_type(ty, key)));
            value.set_taint(object.taint.clone());
            if matches!(&**key, "length" | "Length") {
                value.set_taint(Taint::default());
                if let Some(text) = object.as_text() {
                    value = Value::constant(Literal::Int(text.chars().count() as i64));
                }
            }
            found.join(&value);
        }
        found.add_taint(&self.modelled_member(span, object, key));
        let ty = found.ty.clone();
        let found = self.typed(found, ty.as_ref());
        self.checked_member(object, key, found)
    }

    /// Returns a member without what the checks of its class let no value do.
    fn checked_member(&self, object: &Value, key: &str, mut value: Value) -> Value {
        let Some(class) = object.ty.as_ref().filter(|_| !value.taint.is_empty()) else {
            return value;
        };
        // What is no text does not become a member that is declared as one.
        if value.ty.as_deref() == Some("str") && self.is_kind_of(class, "pydantic.BaseModel") {
            value.set_taint(value.taint.filtered(|own| own.without(Kinds::NOSQL)));
        }
        let lineage = self.lineage(class);
        let annotations = lineage.iter().filter_map(|class| {
            let (_, class) = self.project.class(class)?;
            let field = class.fields.iter().find(|field| &*field.name == key)?;
            Some(&field.annotations)
        });
        for annotation in annotations.flatten() {
            let Some(check) = annotation.name.strip_prefix("class-validator.") else {
                continue;
            };
            let kinds = match check {
                "IsInt" | "IsNumber" | "IsEnum" | "IsIn" | "IsUUID" | "IsBoolean" | "IsDate"
                | "IsDateString" | "IsISO8601" | "IsMongoId" | "IsAlphanumeric" | "IsAlpha"
                | "IsNumberString" | "IsHexadecimal" | "IsPositive" | "IsDecimal" | "Min"
                | "Max" => Kinds::named("text"),
                "IsString" | "IsEmail" | "IsUrl" | "IsNotEmpty" => Some(Kinds::NOSQL),
                "Matches" => annotation.arguments.first().map(|(_, pattern)| {
                    let pattern = super::pattern::undelimited(pattern);
                    let kinds = pattern.filter(|(_, lines)| !lines);
                    kinds.map_or(Kinds::NONE, |(text, _)| {
                        super::pattern::cleared_kinds(text, false)
                    })
                }),
                _ => None,
            };
            if let Some(kinds) = kinds {
                value.set_taint(value.taint.filtered(|own| own.without(kinds)));
            }
        }
        value
    }

    /// Returns what an object is made of, where the members of that are its own.
    fn embedded(&self, object: &Object) -> Option<Value> {
        let (unit, class) = self.project.class(object.ty.as_ref()?)?;
        if !self.project.has_open_types(unit) {
            return None;
        }
        class.supertypes.iter().find_map(|supertype| {
            let simple = supertype.rsplit('.').next()?;
            object.fields.get(simple).cloned()
        })
    }

    /// Reads a member with the method of a library that gives it.
    fn library_getter(&mut self, span: Span, object: &Value, key: &str) -> Option<Value> {
        let name = Name::from(self.models.getter(key)?);
        let types = self.types_of(object);
        let mut entries = self.models.method(&name).iter();
        let is_known = entries.any(|entry| !entry.is_for_any() && entry.is_for(&types))
            || types.iter().any(|ty| {
                let model = self.models.types.get(ty);
                model.is_some_and(|model| model.returns.contains_key(&name))
            });
        if !is_known {
            return None;
        }
        let receiver = Argument {
            value: object.clone(),
            slot: None,
        };
        let path = Name::from("");
        self.call_library(span, &path, &name, Some(receiver), &Arguments::default())
    }

    /// Returns the taint that models tell of a member.
    pub(super) fn modelled_member(&self, span: Span, object: &Value, key: &str) -> Taint {
        let (entries, any) = (self.models.field(key), self.models.field("*"));
        if entries.is_empty() && any.is_empty() {
            return Taint::default();
        }
        let types = self.types_of(object);
        let mut taint = Taint::default();
        let mut bring = |entry: &Entry| {
            if let Effect::Source(source) = &entry.effect {
                taint.join(&self.source_taint(source, span));
            }
        };
        let is_for = |entry: &&Entry| entry.is_for(&types);
        entries.iter().filter(is_for).for_each(&mut bring);
        for entry in any.iter().filter(is_for) {
            // Conditions ask for the name of the member.
            let named = Arguments::of(vec![Value::text(key)]);
            if entry.when.iter().all(|when| self.holds(when, &named)) {
                bring(entry);
            }
        }
        taint
    }

    pub(super) fn member_type(&self, ty: &Name, member: &str) -> Option<Name> {
        let asked = (ty, member);
        self.known.member_type(self.project, self.models, asked)
    }

    /// Returns all names of types under which models may know a value.
    pub(super) fn types_of(&self, value: &Value) -> Vec<Name> {
        let mut types = Vec::new();
        let objects = value.objects.iter().filter_map(|id| {
            let object = self.state.heap.get(*id)?;
            object.ty.clone()
        });
        let mut names: Vec<Name> = objects.collect();
        // What it was made as says more than what it was declared as.
        if names.is_empty() || value.consts == Consts::Any {
            names.extend(value.ty.clone());
        }
        names.extend(value.symbol.clone());
        for name in names {
            for ty in self.lineage(&name).iter() {
                if !types.contains(ty) {
                    types.push(ty.clone());
                }
            }
        }
        types
    }

    /// Calls the method that stands for a member, when a class has one.
    fn accessor(
        &mut self,
        span: Span,
        object: &Value,
        (what, member): (&str, &str),
        given: Option<&Value>,
    ) -> Option<Value> {
        if !self.project.has_accessor(member) {
            return None;
        }
        let method = format!("{what}{member}");
        let targets = self.targets(object, &method, usize::from(given.is_some()));
        if targets.is_empty() {
            return None;
        }
        let mut values = vec![object.clone()];
        values.extend(given.cloned());
        Some(self.invoke_all(&targets, &values.into(), span))
    }

    /// Stores into a named member.
    pub(super) fn store_member(&mut self, span: Span, object: &Value, key: &Name, value: Value) {
        if self
            .accessor(span, object, ("set ", key), Some(&value))
            .is_some()
        {
            return;
        }
        let is_certain = object.objects.len() == 1;
        for id in &object.objects {
            let Some(known) = self.state.heap.get_mut(*id) else {
                continue;
            };
            if let Shape::Map { .. } = known.shape {
                let key = Value::text(key);
                let map = Value::object(*id);
                self.store_element(&map, Some(&key), value.clone());
            } else if is_certain {
                known.set(key, value.clone());
            } else {
                let mut joined = known
                    .fields
                    .get(key)
                    .cloned()
                    .unwrap_or_else(|| known.others.clone());
                joined.join(&value);
                known.set(key, joined);
            }
        }
        if let (true, Some(symbol)) = (object.objects.is_empty(), &object.symbol) {
            let name = Name::from(format!("{symbol}.{key}"));
            self.state.heap.set_global(&name, value);
        }
    }

    /// Returns a key and an element of a container of which places are not
    /// known.
    pub(super) fn any_element(
        &mut self,
        container: &Value,
        kind: EachKind,
        span: Span,
    ) -> (Value, Value) {
        let (mut key, mut item) = (Value::nothing(), Value::nothing());
        let mut left = container.objects.clone();
        let mut seen = 0;
        while let Some(id) = left.pop() {
            seen += 1;
            if seen > 32 {
                break;
            }
            let Some(object) = self.state.heap.get(id) else {
                continue;
            };
            match &object.shape {
                Shape::List { items, rest } => items.iter().chain(rest).for_each(|i| item.join(i)),
                Shape::Map { entries, rest } => {
                    for (name, value) in entries {
                        key.join(&Value::constant(name.clone()));
                        item.join(value);
                    }
                    if let Some((name, value)) = rest {
                        key.join(name);
                        item.join(value);
                    }
                }
                Shape::Iterator { of, what, .. } => {
                    let (of, what) = ((**of).clone(), *what);
                    let (inner_key, inner) = match what {
                        ViewKind::Keys => self.any_element(&of, EachKind::Keys, span),
                        ViewKind::Entries => {
                            let (key, value) = self.any_element(&of, EachKind::Values, span);
                            let shape = Shape::Entry(Box::new(key), Box::new(value));
                            let entry = self.make(span, 7, Object::new(shape));
                            (entry.clone(), entry)
                        }
                        ViewKind::Values | ViewKind::Elements => {
                            self.any_element(&of, EachKind::Values, span)
                        }
                    };
                    key.join(&inner_key);
                    item.join(&inner);
                }
                Shape::Text(text) => item.join(text),
                _ => {
                    let taint = object.others.taint.clone();
                    item.join(&Value::unknown().with_taint(taint));
                }
            }
        }
        if container.objects.is_empty() || container.consts == Consts::Any {
            let mut value = Value::unknown().with_taint(container.taint.clone());
            value.ty = container
                .ty
                .as_ref()
                .and_then(|ty| ty.strip_suffix("[]"))
                .map(Name::from)
                .or_else(|| self.member_type(container.ty.as_ref()?, "[]"));
            let ty = value.ty.clone();
            let value = self.typed(value, ty.as_ref());
            item.join(&value);
            key.join(&Value::unknown().with_taint(container.taint.clone()));
        }
        let is_map = container.objects.iter().any(|id| {
            matches!(
                self.state.heap.get(*id).map(|o| &o.shape),
                Some(Shape::Map { .. })
            )
        });
        match kind {
            EachKind::Keys => (key.clone(), key),
            EachKind::Elements if is_map => (key.clone(), key),
            _ => (key, item),
        }
    }
}

/// Returns what the opposite of a condition tells.
fn negated(op: UnaryOp, operand: &Value) -> Option<std::rc::Rc<Facts>> {
    if op != UnaryOp::Not {
        return None;
    }
    let facts = operand.facts.as_deref()?;
    Some(std::rc::Rc::new(Facts {
        when_true: facts.when_false.clone(),
        when_false: facts.when_true.clone(),
        bounded: Vec::new(),
        succeeds: false,
    }))
}

/// Combines all constants of two values, when they are few.
pub(super) fn combined(
    a: &Value,
    b: &Value,
    fold: impl Fn(&Const, &Const) -> Option<Const>,
) -> Option<Value> {
    let (a, b) = (a.as_consts()?, b.as_consts()?);
    if a.len() * b.len() > COMBINATIONS_MAX {
        return None;
    }
    let mut all = Vec::new();
    for a in a {
        for b in b {
            all.push(fold(a, b)?);
        }
    }
    let value = Value::few(all);
    (value.consts != Consts::Any).then_some(value)
}
