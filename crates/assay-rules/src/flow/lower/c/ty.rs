//! Types and declarators of C and C++: what a declaration declares, and the
//! name of its type. A pointer to a number or character is an array of them,
//! a pointer to a structure is the structure.

use assay_syntax::{Field, NodeRef};

/// What a declarator says.
#[derive(Default)]
pub(super) struct Declared<'t> {
    /// The name, which may be qualified.
    pub(super) name: Option<NodeRef<'t>>,
    pub(super) pointers: usize,
    /// The sizes of arrays, where they are written.
    pub(super) arrays: Vec<Option<NodeRef<'t>>>,
    pub(super) is_reference: bool,
    /// The declarator of a function: what is declared is one.
    pub(super) function: Option<NodeRef<'t>>,
    pub(super) is_function_pointer: bool,
    /// The initial value.
    pub(super) value: Option<NodeRef<'t>>,
}

/// Declarators nest at most so deep.
const DECLARATORS_MAX: usize = 32;

/// Takes a declarator apart.
pub(super) fn declared(node: NodeRef<'_>) -> Declared<'_> {
    let mut found = Declared::default();
    let mut next = Some(node);
    for _ in 0..DECLARATORS_MAX {
        let Some(node) = next else { break };
        next = node.child(Field::Declarator);
        match node.kind() {
            "init_declarator" => found.value = node.child(Field::Value),
            "pointer_declarator" | "pointer_type_declarator" | "abstract_pointer_declarator" => {
                found.pointers += 1;
            }
            "array_declarator" | "abstract_array_declarator" => {
                let size = node
                    .named_children()
                    .find(|child| child.field() == Field::Other);
                found.arrays.push(size);
            }
            "reference_declarator" | "abstract_reference_declarator" => {
                found.is_reference = true;
                next = node.named_children().last();
            }
            "function_declarator" | "abstract_function_declarator" => {
                let is_pointer = next.is_some_and(|inner| {
                    inner.kind().contains("parenthesized_declarator")
                        && inner
                            .text()
                            .trim_start_matches('(')
                            .trim_start()
                            .starts_with(['*', '^'])
                });
                if is_pointer {
                    found.is_function_pointer = true;
                } else if found.function.is_none() {
                    found.function = Some(node);
                }
            }
            "parenthesized_declarator"
            | "abstract_parenthesized_declarator"
            | "attributed_declarator"
            | "variadic_declarator" => {
                next = node
                    .named_children()
                    .find(|child| child.kind().contains("declarator") || is_name(*child));
            }
            _ => {
                if is_name(node) {
                    found.name = Some(node);
                }
                break;
            }
        }
    }
    found
}

fn is_name(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        "identifier"
            | "field_identifier"
            | "type_identifier"
            | "qualified_identifier"
            | "destructor_name"
            | "operator_name"
            | "operator_cast"
            | "structured_binding_declarator"
            | "template_function"
            | "primitive_type"
    )
}

/// Returns the name of a type that C or a header of it defines, as all
/// languages name it.
pub(super) fn plain_type(name: &str) -> Option<&'static str> {
    Some(match name {
        "char" => "char",
        "int" | "INT" | "LONG" => "signed",
        "short" => "short",
        "long" => "int64",
        "unsigned" | "UINT" | "DWORD" | "ULONG" | "uint" => "uint",
        "bool" | "_Bool" | "BOOL" | "BOOLEAN" => "bool",
        "float" => "float",
        "double" => "double",
        "size_t" | "SIZE_T" => "size_t",
        "ssize_t" | "ptrdiff_t" | "intptr_t" | "off_t" | "int64_t" | "time_t" | "loff_t" => "int64",
        "uint64_t" | "u64" | "uintptr_t" => "uint64",
        "int32_t" | "s32" => "int32",
        "uint32_t" | "u32" | "u_int32_t" | "socklen_t" | "mode_t" => "uint32",
        "int16_t" | "s16" => "int16",
        "uint16_t" | "u16" | "u_int16_t" | "WORD" | "u_short" => "uint16",
        "int8_t" | "s8" => "int8",
        "uint8_t" | "u8" | "u_int8_t" | "BYTE" | "u_char" | "uchar" | "byte" => "uint8",
        "wchar_t" | "WCHAR" | "char16_t" | "char32_t" => "wchar",
        "pid_t" | "uid_t" | "gid_t" => "int32",
        _ => return None,
    })
}

/// Returns whether a type is a number or character.
pub(super) fn is_scalar(name: &str) -> bool {
    matches!(
        name,
        "char"
            | "signed"
            | "short"
            | "int64"
            | "uint"
            | "bool"
            | "float"
            | "double"
            | "size_t"
            | "uint64"
            | "int32"
            | "uint32"
            | "int16"
            | "uint16"
            | "int8"
            | "uint8"
            | "wchar"
            | "void"
    )
}

/// Returns whether a value of the type is an object with members.
pub(super) fn is_class(name: &str) -> bool {
    !name.is_empty() && !is_scalar(name) && !name.ends_with("[]")
}

/// Returns the type with so many pointers and arrays to it.
pub(super) fn pointed(base: &str, pointers: usize, arrays: usize) -> Option<String> {
    if base.is_empty() || base == "void" {
        return None;
    }
    let pointers = if is_class(base) {
        pointers.saturating_sub(1)
    } else {
        pointers
    };
    Some(format!("{base}{}", "[]".repeat(pointers + arrays)))
}

/// Returns a type of several words: `unsigned char`, `long long`.
pub(super) fn sized_type(text: &str) -> &'static str {
    let has = |word: &str| text.split_whitespace().any(|own| own == word);
    if has("char") {
        return if has("unsigned") { "uint8" } else { "int8" };
    }
    match (has("short"), has("long"), has("double"), has("unsigned")) {
        (true, _, _, true) => "uint16",
        (true, ..) => "short",
        (_, _, true, _) => "double",
        (_, true, _, true) => "uint64",
        (_, true, ..) => "int64",
        (.., true) => "uint",
        _ => "signed",
    }
}

#[cfg(test)]
mod tests {
    use super::{pointed, sized_type};

    #[test]
    fn types_have_one_name() {
        for (text, expected) in [
            ("unsigned char", "uint8"),
            ("long long int", "int64"),
            ("unsigned long", "uint64"),
            ("signed", "signed"),
            ("unsigned int", "uint"),
        ] {
            assert_eq!(sized_type(text), expected, "{text}");
        }
        for (base, pointers, arrays, expected) in [
            ("char", 1, 0, Some("char[]")),
            ("char", 2, 0, Some("char[][]")),
            ("user", 1, 0, Some("user")),
            ("user", 0, 1, Some("user[]")),
            ("void", 1, 0, None),
        ] {
            assert_eq!(
                pointed(base, pointers, arrays).as_deref(),
                expected,
                "{base}"
            );
        }
    }
}
