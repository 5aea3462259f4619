//! Operations on lists that change at both ends, on promises, and on patterns
//! that are objects.

use assay_source::Span;

use super::Solver;
use super::library::LibraryCall;
use super::operation::{only_object, operand};
use crate::flow::heap::Shape;
use crate::flow::ir::{EachKind, Literal};
use crate::flow::value::Value;

impl Solver<'_> {
    pub(super) fn sequence(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let first = operand(call, 0);
        match op {
            // The function is given what the promise holds; what it returns is
            // held by the promise that comes back.
            "then" => {
                let mut result = Value::nothing();
                for at in 1..call.operands.len() {
                    let given = if at == 1 {
                        first.clone()
                    } else {
                        Value::unknown()
                    };
                    let function = operand(call, at);
                    result.join(&self.call_back(call.span, &function, &[given]));
                }
                result
            }
            // The function is given the value, which comes back.
            "also" => {
                let function = operand(call, 1);
                self.call_back(call.span, &function, std::slice::from_ref(&first));
                first
            }
            // The function comes alone.
            "call" => {
                let function = call.operands.last().map(|last| last.value.clone());
                self.call_back(call.span, &function.unwrap_or_default(), &[])
            }
            // Called whatever happened, with nothing of the value.
            "finally" => {
                let function = operand(call, 1);
                let other = self.call_back(call.span, &function, &[Value::unknown()]);
                let mut result = first;
                result.add_taint(&other.taint);
                result
            }
            "find" => {
                let function = operand(call, 1);
                let item = self.any_element(&first, EachKind::Values, call.span).1;
                self.call_back(call.span, &function, std::slice::from_ref(&item));
                let mut found = item;
                found.join(&Value::constant(Literal::Null));
                self.through(call, found)
            }
            "join-elements" => self.joined_elements(call.span, &first, call),
            "shift" => self.shifted(call.span, &first),
            "unshift" => {
                let start = Value::constant(Literal::Int(0));
                self.insert(&first, &start, operand(call, 1));
                first
            }
            "splice" => {
                let item = self.any_element(&first, EachKind::Values, call.span).1;
                for at in 3..call.operands.len() {
                    self.store_element(&first, None, operand(call, at));
                }
                self.forget_places(&first);
                self.through(call, item)
            }
            "shuffle" => {
                self.forget_places(&first);
                first
            }
            // `pattern.test(text)`: the pattern is the receiver.
            _ => {
                let pattern = self.text_of(&first);
                let slot = call.operands.get(1).and_then(|argument| argument.slot);
                self.match_facts(&pattern, slot, false)
            }
        }
    }

    fn joined_elements(&mut self, span: Span, list: &Value, call: &LibraryCall<'_>) -> Value {
        let between = match call.operands.get(1) {
            Some(argument) => argument.value.clone(),
            None => Value::text(","),
        };
        let items = match self.elements(list) {
            Some(items) => items,
            None => vec![
                self.any_element(list, EachKind::Values, span).1,
                Value::unknown(),
            ],
        };
        let mut parts = Vec::new();
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                parts.push(between.clone());
            }
            parts.push(item);
        }
        self.joined(span, &parts)
    }

    /// Takes the first element away.
    fn shifted(&mut self, span: Span, list: &Value) -> Value {
        let start = Value::constant(Literal::Int(0));
        let value = self.load_element(span, list, &start);
        let object = only_object(list).and_then(|id| self.state.heap.get_mut(id));
        match object.map(|object| (object.single, &mut object.shape)) {
            Some((true, Shape::List { items, .. })) if !items.is_empty() => {
                items.remove(0);
            }
            _ => self.forget_places(list),
        }
        value
    }

    /// Places of elements are not known any more.
    fn forget_places(&mut self, list: &Value) {
        for id in &list.objects {
            if let Some(object) = self.state.heap.get_mut(*id)
                && let Shape::List { items, rest } = &mut object.shape
                && !items.is_empty()
            {
                let mut all = rest.take().unwrap_or_else(Value::nothing);
                for item in items.drain(..) {
                    all.join(&item);
                }
                *rest = Some(all);
            }
        }
    }
}
