//! What an expression is worth when the program is written: a constant, a string
//! that is put together, or not known.

use std::borrow::Cow;
use std::ops::ControlFlow;

use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::pattern::fact::{Facts, is_setting, settings};
use crate::pattern::path::{last_name, plain_string};
use crate::query::{operator, sides};

/// An expression is followed so deep.
const DEPTH_MAX: usize = 24;

/// Literals with more parts than this are not looked at.
const PARTS_MAX: usize = 4_000;

/// Folded strings do not grow longer.
const TEXT_BYTES_MAX: usize = 4_096;

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Constant<'t> {
    Text(Cow<'t, str>),
    Number(f64),
    Boolean(bool),
    Null,
}

impl Constant<'_> {
    /// Returns the constant as rules write it.
    pub(crate) fn as_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Boolean(true) => Cow::Borrowed("true"),
            Self::Boolean(false) => Cow::Borrowed("false"),
            Self::Null => Cow::Borrowed("null"),
        }
    }
}

/// Takes off what changes nothing: brackets, casts, `await`, marks of arguments.
pub(crate) fn unwrapped(node: NodeRef<'_>) -> NodeRef<'_> {
    let mut node = node;
    for _ in 0..DEPTH_MAX {
        let wraps = matches!(
            node.kind(),
            "parenthesized_expression"
                | "parenthesized_statements"
                | "as_expression"
                | "satisfies_expression"
                | "non_null_expression"
                | "await_expression"
                | "await"
                | "argument"
                | "value_argument"
                | "expression_list"
                | "literal_element"
                | "jsx_expression"
                | "reference_expression"
                | "named_expression"
        );
        let is_cast = node.kind().contains("cast") || node.kind() == "type_cast_expression";
        let inner = match (wraps, is_cast) {
            (true, _) => node.named_children().next(),
            (_, true) => node
                .child(Field::Value)
                .or_else(|| node.named_children().last()),
            _ => None,
        };
        match inner {
            Some(inner) => node = inner,
            None => return node,
        }
    }
    node
}

/// Returns the constant that an expression is, through variables with one value.
pub(crate) fn constant<'t>(node: NodeRef<'t>, facts: &Facts<'t>) -> Option<Constant<'t>> {
    constant_within(node, facts, DEPTH_MAX)
}

fn constant_within<'t>(node: NodeRef<'t>, facts: &Facts<'t>, depth: usize) -> Option<Constant<'t>> {
    let depth = depth.checked_sub(1)?;
    let node = unwrapped(node);
    let text = node.text();
    if node.has(Role::String) {
        if node.kind() == "regex" || node.kind() == "subshell" {
            return None;
        }
        return plain_string(node).map(|text| Constant::Text(Cow::Borrowed(text)));
    }
    if node.has(Role::Number) {
        return number(text).map(Constant::Number);
    }
    if node.has(Role::Boolean) || matches!(text, "true" | "false" | "True" | "False") {
        return match text {
            "true" | "True" | "TRUE" => Some(Constant::Boolean(true)),
            "false" | "False" | "FALSE" => Some(Constant::Boolean(false)),
            _ => None,
        };
    }
    if node.has(Role::Null) || matches!(text, "null" | "nil" | "None" | "NULL" | "nullptr") {
        return Some(Constant::Null);
    }
    match node.kind() {
        "unary_expression"
        | "unary_operator"
        | "unary"
        | "prefix_expression"
        | "prefix_unary_expression" => {
            let inner = constant_within(node.named_children().last()?, facts, depth)?;
            return match (text.as_bytes().first()?, inner) {
                (b'-', Constant::Number(number)) => Some(Constant::Number(-number)),
                // `!0` and `!1` are how minifiers write the two.
                (b'!', Constant::Number(number)) => Some(Constant::Boolean(number == 0.0)),
                (b'!', Constant::Boolean(value)) => Some(Constant::Boolean(!value)),
                _ => None,
            };
        }
        "concatenated_string" | "string_concatenation" | "chained_string" => {
            let mut out = String::new();
            for part in node.named_children() {
                out.push_str(&constant_within(part, facts, depth)?.as_text());
            }
            return Some(Constant::Text(Cow::Owned(out)));
        }
        "simple_symbol" | "hash_key_symbol" => {
            return Some(Constant::Text(Cow::Borrowed(text.trim_matches(':'))));
        }
        // The arguments of a command are bare words.
        "word" => return Some(Constant::Text(Cow::Borrowed(text))),
        _ => {}
    }
    if node.has(Role::Binary) {
        return folded(node, facts, depth);
    }
    let is_name = node.has_any(const { RoleSet::of(&[Role::Identifier, Role::Member]) })
        || matches!(node.kind(), "variable_name" | "scoped_identifier");
    if is_name && !node.has(Role::Call) {
        let value = facts.value(node)?;
        if value.encloses(node) {
            return None;
        }
        return constant_within(value, facts, depth);
    }
    None
}

fn folded<'t>(node: NodeRef<'t>, facts: &Facts<'t>, depth: usize) -> Option<Constant<'t>> {
    let (left, right) = sides(node)?;
    let operator = operator(node);
    if !matches!(operator, "+" | "." | ".." | "<>" | "*" | "<<" | "-" | "|") {
        return None;
    }
    let left = constant_within(left, facts, depth)?;
    let right = constant_within(right, facts, depth)?;
    match (operator, left, right) {
        ("*", Constant::Number(a), Constant::Number(b)) => Some(Constant::Number(a * b)),
        ("-", Constant::Number(a), Constant::Number(b)) => Some(Constant::Number(a - b)),
        ("+", Constant::Number(a), Constant::Number(b)) => Some(Constant::Number(a + b)),
        ("|", Constant::Number(a), Constant::Number(b)) if a >= 0.0 && b >= 0.0 => {
            Some(Constant::Number((a as u64 | b as u64) as f64))
        }
        ("<<", Constant::Number(a), Constant::Number(b)) if (0.0..64.0).contains(&b) => {
            Some(Constant::Number(a * f64::powi(2.0, b as i32)))
        }
        ("+" | "." | ".." | "<>", Constant::Text(a), b) if a.len() < TEXT_BYTES_MAX => {
            Some(Constant::Text(Cow::Owned(format!("{a}{}", b.as_text()))))
        }
        _ => None,
    }
}

/// Reads a number as the languages write them.
pub(crate) fn number(text: &str) -> Option<f64> {
    let clean: String = text.chars().filter(|c| *c != '_' && *c != '\'').collect();
    let lower = clean.to_ascii_lowercase();
    let radix = |digits: &str, radix| {
        let digits = digits.trim_end_matches(['l', 'u', 'n']);
        // A suffix such as `u32` of Rust ends the digits.
        let end = digits.find(['u', 'i']).unwrap_or(digits.len());
        u64::from_str_radix(&digits[..end], radix)
            .ok()
            .map(|n| n as f64)
    };
    if let Some(digits) = lower.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = lower.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if let Some(digits) = lower.strip_prefix("0b") {
        return radix(digits, 2);
    }
    if lower.len() > 1 && lower.starts_with('0') && lower.bytes().all(|b| b.is_ascii_digit()) {
        return radix(&lower, 8);
    }
    let end = lower
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | 'e' | '-' | '+'))
        .unwrap_or(lower.len());
    lower[..end].trim_end_matches('.').parse().ok()
}

/// Calls that turn literals into other data without adding anything unknown.
const CONVERSIONS: &[&str] = &[
    "getBytes",
    "encode",
    "decode",
    "from",
    "alloc",
    "bytes",
    "bytearray",
    "byteArrayOf",
    "toByteArray",
    "toCharArray",
    "Buffer",
    "GetBytes",
    "FromBase64String",
    "fromhex",
    "unhexlify",
    "decodeHex",
    "b64decode",
    "DecodeString",
    "pack",
    "to_vec",
    "as_bytes",
    "to_string",
    "into",
    "of",
    "parse",
    "valueOf",
    "byte",
    "data",
    "Data",
    "utf8",
    "dup",
    "freeze",
    "strip",
    "trim",
    "to_owned",
    "toString",
    "String",
    "str",
    "int",
    "IvParameterSpec",
    "SecretKeySpec",
    "hex2bin",
    "base64_decode",
    "str_repeat",
    "repeat",
];

/// Returns whether a call of the name turns a literal into other data.
pub(crate) fn is_conversion(name: &str) -> bool {
    CONVERSIONS.contains(&name)
}

/// Returns whether an expression is known when the program is written: a
/// literal, made of literals, or a name that stands for one.
pub(crate) fn is_constant<'t>(node: NodeRef<'t>, facts: &Facts<'t>) -> bool {
    is_constant_within(node, facts, 8)
}

const SKIPPED: RoleSet = RoleSet::of(&[Role::Type, Role::TypeName, Role::Comment]);

fn is_constant_within<'t>(node: NodeRef<'t>, facts: &Facts<'t>, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let node = unwrapped(node);
    if constant(node, facts).is_some() || is_choice(node, facts, depth) {
        return true;
    }
    let is_name = node.has_any(const { RoleSet::of(&[Role::Identifier, Role::Member]) })
        || node.kind() == "variable_name";
    if is_name && let Some(value) = facts.value(node) {
        return !value.encloses(node) && is_constant_within(value, facts, depth);
    }
    if node.subtree_len() > PARTS_MAX {
        return false;
    }
    let (mut has_literal, mut is_known) = (false, true);
    node.visit(|part| {
        if part.has(Role::String) && !part.has(Role::Interpolation) {
            has_literal = true;
            return ControlFlow::Break(());
        }
        if part.has_any(SKIPPED) {
            return ControlFlow::Break(());
        }
        if part.has(Role::Lambda) || is_empty_array(part) {
            is_known = false;
        }
        if part.has(Role::Call) && part.kind() != "type_conversion_expression" {
            is_known &= last_name(part)
                .is_some_and(|name| CONVERSIONS.contains(&name) || FORMATTERS.contains(&name));
        }
        if part.has_any(const { RoleSet::of(&[Role::Number, Role::Boolean, Role::Null]) }) {
            has_literal = true;
            return ControlFlow::Break(());
        }
        let is_name =
            part.has(Role::Identifier) && part.is_leaf() || part.kind() == "variable_name";
        if is_name && part != node && !is_known_name(part.text()) {
            is_known &= facts.value(part).is_some_and(|value| {
                !value.encloses(part) && is_constant_within(value, facts, depth)
            });
            has_literal |= is_known;
            return ControlFlow::Break(());
        }
        is_known &= !(is_name && part == node);
        match is_known {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    });
    has_literal && is_known
}

/// Returns whether an expression chooses among constants: `SIZES.get(size, "large")`.
fn is_choice<'t>(node: NodeRef<'t>, facts: &Facts<'t>, depth: usize) -> bool {
    let function = node.child(Field::Function).filter(|_| node.has(Role::Call));
    let Some(function) = function.filter(|_| last_name(node) == Some("get")) else {
        return false;
    };
    let object = function.child(Field::Object).and_then(|object| {
        let value = facts.value(object)?;
        value.has(Role::Collection).then_some(value)
    });
    let arguments = node.child(Field::Arguments);
    let mut others = arguments
        .into_iter()
        .flat_map(NodeRef::named_children)
        .skip(1);
    object.is_some_and(|object| is_constant_within(object, facts, depth))
        && others.all(|other| is_constant_within(other, facts, depth))
}

/// Returns whether a format shows nothing but numbers.
fn shows_numbers(format: &str) -> bool {
    let mut conversions = format.split('%').skip(1).filter(|part| !part.is_empty());
    let letter = |part: &str| part.chars().find(|c| c.is_ascii_alphabetic());
    conversions.clone().next().is_some()
        && conversions.all(|part| {
            matches!(
                letter(part),
                Some('d' | 'i' | 'u' | 'x' | 'X' | 'f' | 'g' | 'e' | 'o')
            )
        })
}

/// Returns whether a name is of a type or of something that converts.
fn is_known_name(name: &str) -> bool {
    (CONVERSIONS.contains(&name)
        || FORMATTERS.contains(&name)
        || name.starts_with(char::is_uppercase)
        || matches!(name, "base64" | "binascii" | "hex" | "codecs" | "bytes"))
        && !name.to_ascii_lowercase().contains("random")
}

/// Returns whether an array is made with a size and nothing in it: it will be
/// filled later.
fn is_empty_array(node: NodeRef<'_>) -> bool {
    match node.kind() {
        "array_creation_expression" => !node.children().any(|child| {
            matches!(child.kind(), "array_initializer" | "initializer_expression")
                || child.kind() == "array_element_initializer"
                || child.kind() == "["
        }),
        _ => false,
    }
}

/// Calls that put a string together from its arguments.
const FORMATTERS: &[&str] = &[
    "format",
    "Sprintf",
    "sprintf",
    "Format",
    "formatted",
    "concat",
    "Concat",
    "join",
    "Join",
    "format!",
    "vsprintf",
    "printf",
];

/// Returns whether an expression is a string with a part that is not known when
/// the program is written.
pub(crate) fn is_built<'t>(node: NodeRef<'t>, facts: &Facts<'t>) -> bool {
    is_built_within(node, facts, 6)
}

fn is_built_within<'t>(node: NodeRef<'t>, facts: &Facts<'t>, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let node = unwrapped(node);
    if node.has(Role::Interpolation) {
        return !is_constant_within(node, facts, depth);
    }
    if node.has(Role::String) {
        // The grammars say with children what is put into a string.
        return node.subtree().skip(1).any(|part| {
            matches!(
                part.kind(),
                "interpolation"
                    | "template_substitution"
                    | "simple_expansion"
                    | "expansion"
                    | "command_substitution"
                    | "variable_name"
                    | "interpolated_expression"
                    | "interpolated_identifier"
            )
        });
    }
    if node.has(Role::Binary) {
        let operator = operator(node);
        let Some((left, right)) = sides(node) else {
            return false;
        };
        let is_text = |side: NodeRef<'t>| {
            let side = unwrapped(side);
            side.has(Role::String)
                || matches!(constant(side, facts), Some(Constant::Text(_)))
                || is_built_within(side, facts, depth)
        };
        let format = constant(left, facts).filter(|_| operator == "%");
        if let Some(Constant::Text(format)) = format
            && shows_numbers(&format)
        {
            return false;
        }
        return matches!(operator, "+" | "." | ".." | "<>" | "%" | "++")
            && (is_text(left) || operator != "%" && is_text(right))
            && !(is_constant(left, facts) && is_constant(right, facts));
    }
    // What `format!` puts in is part of a string or of tokens.
    if node.kind() == "macro_invocation" {
        return node.text().starts_with("format!") && node.text().replace("{{", "").contains('{');
    }
    if node.has(Role::Call) {
        let formats = last_name(node).is_some_and(|name| FORMATTERS.contains(&name));
        return formats && !is_constant_within(node, facts, depth);
    }
    if node.has(Role::Identifier) || node.kind() == "variable_name" {
        return facts
            .value(node)
            .is_some_and(|value| !value.encloses(node) && is_built_within(value, facts, depth));
    }
    false
}

/// Returns the value of a key in a literal of keys and values; an error when
/// more keys may come from elsewhere.
pub(crate) fn entry<'t>(
    node: NodeRef<'t>,
    key: &str,
    facts: &Facts<'t>,
) -> Result<Option<NodeRef<'t>>, ()> {
    let mut literal = unwrapped(node);
    if (literal.has(Role::Identifier) || literal.kind() == "variable_name")
        && let Some(value) = facts.value(literal)
    {
        literal = unwrapped(value);
    }
    if literal.kind() == "unary_expression"
        && let Some(inner) = literal.named_children().next()
    {
        literal = inner;
    }
    let holder = literal
        .children()
        .find(|child| matches!(child.kind(), "literal_value" | "initializer_expression"))
        .unwrap_or(literal);
    if !literal.has(Role::Collection) && holder == literal {
        return Err(());
    }
    let mut is_open = false;
    for child in holder.named_children() {
        is_open |= child.kind().contains("spread") || child.kind().contains("splat");
        if is_setting(child) {
            for (target, value) in settings(child) {
                if key_text(target) == key {
                    return Ok(Some(value));
                }
            }
        } else if child.has(Role::Identifier) && child.text() == key {
            // `{ key }` is short for `{ key: key }`.
            return Ok(Some(child));
        }
    }
    if is_open { Err(()) } else { Ok(None) }
}

/// Returns the bare text of a key, or of the target of an assignment.
pub(crate) fn key_text<'t>(target: NodeRef<'t>) -> &'t str {
    match plain_string(target) {
        Some(text) if target.has(Role::String) => text,
        _ => {
            let text = target.text();
            text.trim_matches(|c| matches!(c, ':' | '\'' | '"' | '[' | ']' | ' ' | '$'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_read_as_the_languages_write_them() {
        let cases = [
            ("1_024", 1024.0),
            ("0x10", 16.0),
            ("0o777", 511.0),
            ("0777", 511.0),
            ("2048L", 2048.0),
            ("10f", 10.0),
            ("0xFFu32", 255.0),
            ("1e3", 1000.0),
            ("0", 0.0),
        ];
        for (text, value) in cases {
            assert_eq!(number(text), Some(value), "{text}");
        }
    }
}
