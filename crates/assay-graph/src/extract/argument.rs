//! The arguments of calls, for languages in which functions of one name are
//! told apart by the types of what is given to them.
//!
//! A literal becomes a value of the type that its form says: everything else is
//! lowered as anywhere, and its type is looked up in the graph.

use assay_syntax::{Field, NodeRef, Role};

use crate::extract::Extractor;
use crate::extract::expression::arguments_of;
use crate::extract::plan::Family;
use crate::extract::type_text::read_type;
use crate::facts::{Expression, ExpressionId};

/// A call with more arguments is told apart by their number alone.
const ARGUMENTS_MAX: usize = 16;
/// Operators nested deeper than this are unknown.
const DEPTH_MAX: usize = 8;

/// What a function or a reference to one is called as the type of an argument.
pub(crate) const FUNCTION: &str = "->";
/// What `null` is called as the type of an argument.
pub(crate) const NOTHING: &str = "null";
/// The names of the types of numbers, each wider than those before it.
const NUMBERS: &[&str] = &["int", "long", "float", "double"];

impl<'t> Extractor<'t> {
    /// Keeps the arguments of a call; returns their range.
    pub(crate) fn arguments(&mut self, call: NodeRef<'t>) -> (u32, u32) {
        if !matches!(self.plan.family, Family::Jvm | Family::CSharp) {
            return (0, 0);
        }
        let Some(list) = arguments_of(call) else {
            return (0, 0);
        };
        let given: Vec<NodeRef<'t>> = list
            .named_children()
            .filter(|child| !child.has(Role::Annotation) && !child.has(Role::Comment))
            .take(ARGUMENTS_MAX + 1)
            .collect();
        if given.is_empty() || given.len() > ARGUMENTS_MAX {
            return (0, 0);
        }
        let start = self.facts.arguments.len() as u32;
        for argument in given {
            let expression = self.argument(argument, 0);
            self.facts.arguments.push(expression);
        }
        (start, self.facts.arguments.len() as u32)
    }

    fn argument(&mut self, node: NodeRef<'t>, depth: usize) -> ExpressionId {
        let inner = |node: NodeRef<'t>| {
            let mut parts = node.named_children();
            parts.next().filter(|_| parts.next().is_none())
        };
        match node.kind() {
            // `name: value` says by its name what it is for, which is not followed.
            "argument" | "value_argument" | "parenthesized_expression" => {
                return match inner(node).filter(|_| depth < DEPTH_MAX) {
                    Some(inner) => self.argument(inner, depth + 1),
                    None => ExpressionId::UNKNOWN,
                };
            }
            "class_literal" => return self.typed("Class"),
            "typeof_expression" => return self.typed("Type"),
            "lambda_expression" | "method_reference" | "lambda_literal" => {
                return self.typed(FUNCTION);
            }
            "array_creation_expression" => {
                let written = node.child(Field::Type).map_or("", NodeRef::text);
                let element = read_type(written, self);
                let array = self.push(Expression::Generic(ExpressionId::UNKNOWN, element));
                return self.instance(array);
            }
            _ => {}
        }
        match self.written_type(node, depth) {
            Some(name) => self.typed(name),
            None => self.lower(node),
        }
    }

    fn typed(&mut self, name: &str) -> ExpressionId {
        let name = self.named(name);
        self.push(Expression::Instance(name))
    }

    /// Returns the type that a literal, or an operator over literals, is of.
    fn written_type(&self, node: NodeRef<'t>, depth: usize) -> Option<&'static str> {
        if depth > DEPTH_MAX {
            return None;
        }
        let kind = node.kind();
        if kind.contains("character") {
            return Some("char");
        }
        if node.has(Role::Comparison) || node.has(Role::Boolean) || kind == "instanceof_expression"
        {
            return Some("boolean");
        }
        if node.has(Role::Null) {
            return Some(NOTHING);
        }
        if node.has(Role::String) {
            return Some("String");
        }
        if node.has(Role::Number) {
            return Some(type_of_number(node.text()));
        }
        match kind {
            "unary_expression" | "prefix_unary_expression" | "parenthesized_expression" => {
                let operand = node.named_children().last()?;
                match node.text().starts_with('!') {
                    true => Some("boolean"),
                    false => self.written_type(operand, depth + 1),
                }
            }
            "binary_expression" | "additive_expression" => {
                let mut operands = node.named_children();
                let left = operands
                    .next()
                    .and_then(|one| self.written_type(one, depth + 1));
                let right = operands
                    .next()
                    .and_then(|one| self.written_type(one, depth + 1));
                if left == Some("String") || right == Some("String") {
                    return Some("String");
                }
                let place = |name: &str| NUMBERS.iter().position(|&number| number == name);
                NUMBERS.get(place(left?)?.max(place(right?)?)).copied()
            }
            _ => None,
        }
    }
}

fn type_of_number(text: &str) -> &'static str {
    let is_hex = text.starts_with("0x") || text.starts_with("0X");
    match text.as_bytes().last() {
        Some(b'l' | b'L') => "long",
        Some(b'f' | b'F') if !is_hex => "float",
        Some(b'd' | b'D') if !is_hex => "double",
        _ if !is_hex && text.contains(['.', 'e', 'E']) => "double",
        _ => "int",
    }
}
