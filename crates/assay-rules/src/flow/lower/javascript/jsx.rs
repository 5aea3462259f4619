//! JSX: an element is a call with its attributes and what it holds.

use assay_syntax::{Field, NodeRef};

use super::JavaScript;
use super::name::dotted;
use crate::flow::ir::{Arg, Callee, Op, Slot};
use crate::flow::lower::walk::Walk;

/// What elements that are no components are calls of: the name of the element,
/// its attributes by name, and what it holds.
const ELEMENT: &str = "jsx.element";

impl JavaScript<'_> {
    /// Lowers an element, with or without an end.
    pub(super) fn element(&mut self, node: NodeRef<'_>) -> Slot {
        let opening = node
            .children()
            .find(|child| child.kind() == "jsx_opening_element");
        let opening = opening.unwrap_or(node);
        let name = opening.child(Field::Name);
        let mut attributes = Vec::new();
        for attribute in opening.named_children() {
            match attribute.kind() {
                "jsx_attribute" => attributes.extend(self.attribute(attribute)),
                "jsx_expression" => {
                    for spread in attribute.named_children() {
                        let inner = spread.named_children().next().unwrap_or(spread);
                        attributes.push((None, self.expression(inner)));
                    }
                }
                _ => {}
            }
        }
        let mut held = Vec::new();
        for child in node.named_children() {
            match child.kind() {
                "jsx_expression" => {
                    held.extend(child.named_children().map(|inner| self.expression(inner)));
                }
                "jsx_element" | "jsx_self_closing_element" => held.push(self.expression(child)),
                _ => {}
            }
        }
        let text = name.map_or(String::new(), dotted);
        let is_component = text.starts_with(|c: char| c.is_uppercase()) || text.contains('.');
        match name.filter(|_| is_component) {
            Some(name) => self.component(node, name, attributes, held),
            None => {
                let tag = self.b.string(node, &text);
                let mut args = vec![Arg::plain(tag)];
                args.extend(held.into_iter().map(Arg::plain));
                for (name, value) in attributes {
                    args.push(match name {
                        Some(name) => Arg::named(name, value),
                        None => Arg {
                            value,
                            name: Some("".into()),
                            spread: true,
                        },
                    });
                }
                self.b.call_global(node, ELEMENT, args)
            }
        }
    }

    /// Lowers an element that is a component: a function of its properties.
    fn component(
        &mut self,
        node: NodeRef<'_>,
        name: NodeRef<'_>,
        attributes: Vec<(Option<String>, Slot)>,
        held: Vec<Slot>,
    ) -> Slot {
        let mut entries = Vec::new();
        for (name, value) in attributes {
            let key = name.map(|name| self.b.string(node, &name));
            entries.push((key, value));
        }
        if !held.is_empty() {
            let value = match held.as_slice() {
                [one] => *one,
                _ => self
                    .b
                    .list(node, held.into_iter().map(Arg::plain).collect()),
            };
            let key = self.b.string(node, "children");
            entries.push((Some(key), value));
        }
        let properties = self.b.emit(node, Op::Map(entries));
        let component = self.expression(name);
        self.b
            .call(node, Callee::Value(component), vec![Arg::plain(properties)])
    }

    fn attribute(&mut self, node: NodeRef<'_>) -> Option<(Option<String>, Slot)> {
        let mut parts = node.named_children();
        let name = parts.next()?.text().to_owned();
        let value = match parts.next() {
            Some(value) if value.kind() == "jsx_expression" => {
                match value.named_children().next() {
                    Some(inner) => self.expression(inner),
                    None => self.b.unknown(node),
                }
            }
            Some(value) => self.expression(value),
            None => self.b.constant(node, crate::flow::ir::Literal::Bool(true)),
        };
        // What counts of it is the text in the object.
        let value = match name.as_str() {
            "dangerouslySetInnerHTML" => self.b.load(node, value, "__html"),
            _ => value,
        };
        Some((Some(name), value))
    }
}
