//! Schemas that values are checked against: what is left dangerous of a value that
//! passed. A schema is a record that keeps the kinds that it clears, the schemas of the
//! members, and that of the elements.

use assay_source::Span;

use super::Solver;
use super::library::LibraryCall;
use super::operation::operand;
use super::pattern::cleared_kinds;
use crate::flow::heap::{Object, Shape};
use crate::flow::ir::{EachKind, Literal, Name};
use crate::flow::kind::Kinds;
use crate::flow::value::{StepKind, Value};

/// Where a schema keeps the kinds that it clears.
const CLEARS: &str = "\0clears";

/// Where it keeps the schemas of members, and that of elements.
const MEMBERS: &str = "\0members";
const EACH: &str = "\0each";

/// Schemas nest at most so deep.
const DEPTH_MAX: u32 = 6;

/// Objects that a check makes are told apart from others.
const PART: u32 = 50_000;

impl Solver<'_> {
    /// Does an operation on schemas.
    pub(super) fn schema(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let own = operand(call, 0);
        match op {
            "schema-any" => self.schema_of(call, Kinds::NONE),
            "schema-text" => self.schema_of(call, Kinds::NOSQL),
            "schema-number" => self.schema_of(call, kinds_of_text()),
            "schema-object" => {
                let schema = self.schema_of(call, Kinds::NONE);
                self.keep_in(&schema, MEMBERS, own);
                schema
            }
            "schema-list" => {
                let schema = self.schema_of(call, Kinds::NONE);
                self.keep_in(&schema, EACH, own);
                schema
            }
            // What it is asked for besides.
            "schema-closed" => self.narrowed(call, &own, kinds_of_text()),
            "schema-pattern" => {
                let given = self.text_of(&operand(call, 1));
                let pattern = given.as_text();
                let kinds = pattern.map_or(Kinds::NONE, |text| cleared_kinds(text, false));
                self.narrowed(call, &own, kinds)
            }
            "schema-extended" => {
                let members = self.kept_in(&own, MEMBERS);
                let more = operand(call, 1);
                let more = self.kept_in(&more, MEMBERS).unwrap_or(more);
                let map = Object::new(Shape::Map {
                    entries: Vec::new(),
                    rest: None,
                });
                let map = self.make(call.span, PART, map);
                for from in members.iter().chain([&more]) {
                    self.put_all(&map, from);
                }
                // What it is stays what it was.
                let schema = self.narrowed(call, &own, Kinds::NONE);
                self.keep_in(&schema, MEMBERS, map);
                schema
            }
            "validated" => self.validated(call, &own, &operand(call, 1)),
            // What was found, beside whether it is right.
            _ => {
                let value = self.validated(call, &own, &operand(call, 1));
                let keys = ["data", "value", "output"].map(|key| Literal::Str(Name::from(key)));
                let shape = Shape::Map {
                    entries: keys.map(|key| (key, value.clone())).to_vec(),
                    rest: Some((Value::unknown(), Value::unknown())),
                };
                self.make(call.span, PART + 1, Object::new(shape))
            }
        }
    }

    fn schema_of(&mut self, call: &LibraryCall<'_>, kinds: Kinds) -> Value {
        let mut object = Object::new(Shape::Record);
        object.ty.clone_from(&call.ty);
        object.others = Value::unknown();
        object.set(&Name::from(CLEARS), mask(kinds));
        self.make(call.span, PART + 2, object)
    }

    fn keep_in(&mut self, schema: &Value, under: &str, value: Value) {
        if let [id] = schema.objects.as_slice()
            && let Some(object) = self.state.heap.get_mut(*id)
        {
            object.set(&Name::from(under), value);
        }
    }

    fn kept_in(&self, schema: &Value, under: &str) -> Option<Value> {
        let [id] = schema.objects.as_slice() else {
            return None;
        };
        self.state.heap.get(*id)?.fields.get(under).cloned()
    }

    /// Returns a schema that clears these kinds as well.
    fn narrowed(&mut self, call: &LibraryCall<'_>, schema: &Value, kinds: Kinds) -> Value {
        let Some(known) = self.cleared_by(schema) else {
            return self.schema_of(call, kinds);
        };
        let mut object = Object::new(Shape::Record);
        let own = schema
            .objects
            .first()
            .and_then(|id| self.state.heap.get(*id));
        if let Some(own) = own {
            object.ty.clone_from(&own.ty);
        }
        object.others = Value::unknown();
        object.set(&Name::from(CLEARS), mask(known.or(kinds)));
        self.make(call.span, PART + 2, object)
    }

    /// Returns the kinds that a schema clears; none when it is no schema.
    fn cleared_by(&self, schema: &Value) -> Option<Kinds> {
        let kinds = self.kept_in(schema, CLEARS)?.as_int()?;
        Some(Kinds(kinds as u64))
    }

    /// Returns what passed a schema.
    fn validated(&mut self, call: &LibraryCall<'_>, schema: &Value, data: &Value) -> Value {
        let mut made = 0;
        let mut value = self.passed(call.span, (schema, data), 0, &mut made);
        self.step(&mut value, call.span, &StepKind::Through(call.name.clone()));
        value.set_facts(None);
        value
    }

    fn passed(
        &mut self,
        span: Span,
        (schema, data): (&Value, &Value),
        depth: u32,
        made: &mut u32,
    ) -> Value {
        let Some(kinds) = self.cleared_by(schema).filter(|_| depth < DEPTH_MAX) else {
            return data.clone();
        };
        *made += 1;
        let part = PART + 3 + *made;
        if let Some(each) = self.kept_in(schema, EACH) {
            let item = self.any_element(data, EachKind::Elements, span).1;
            let item = self.passed(span, (&each, &item), depth + 1, made);
            let mut object = Object::list(Vec::new());
            if let Shape::List { rest, .. } = &mut object.shape {
                *rest = Some(item);
            }
            return self.make(span, part, object);
        }
        if let Some(members) = self.kept_in(schema, MEMBERS) {
            let Some(members) = self.members_of(&members) else {
                return data.clone();
            };
            let mut entries = Vec::new();
            for (key, schema) in members {
                let member = match &key {
                    Literal::Str(name) => self.load_member(span, data, name),
                    _ => data.clone(),
                };
                let member = self.passed(span, (&schema, &member), depth + 1, made);
                entries.push((key, member));
            }
            let shape = Shape::Map {
                entries,
                rest: None,
            };
            return self.make(span, part, Object::new(shape));
        }
        let taint = self.state.heap.content_taint(data);
        let taint = taint.filtered(|own| own.without(kinds));
        match kinds.is_empty() {
            true => data.clone(),
            false => Value::unknown().with_taint(taint),
        }
    }

    fn members_of(&self, map: &Value) -> Option<Vec<(Literal, Value)>> {
        let [id] = map.objects.as_slice() else {
            return None;
        };
        match &self.state.heap.get(*id)?.shape {
            Shape::Map {
                entries,
                rest: None,
            } => Some(entries.clone()),
            _ => None,
        }
    }
}

/// What no number and no word of a fixed list does harm to.
fn kinds_of_text() -> Kinds {
    Kinds::named("text").unwrap_or(Kinds::NONE)
}

fn mask(kinds: Kinds) -> Value {
    Value::constant(Literal::Int(kinds.0 as i64))
}
