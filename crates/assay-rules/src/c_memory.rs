//! What the rules about the memory of C and C++ share: the local variables of a
//! function with what is declared of them, and the pieces of calls.

use assay_syntax::{Field, NodeRef, Role};

/// Functions with more nodes are not looked at.
pub(crate) const FUNCTION_NODES_MAX: usize = 60_000;

/// A variable that a function declares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Local<'t> {
    pub(crate) name: &'t str,
    /// The declarator, with its stars and brackets.
    declarator: NodeRef<'t>,
    pub(crate) is_parameter: bool,
    pub(crate) is_static: bool,
}

impl<'t> Local<'t> {
    /// Returns how many stars the declaration has.
    pub(crate) fn stars(&self) -> usize {
        self.around("pointer_declarator").count()
    }

    /// Returns whether it is an array that lies in the function's frame.
    pub(crate) fn is_array(&self) -> bool {
        !self.is_parameter && self.around("array_declarator").next().is_some()
    }

    /// Returns whether it is another name of something else.
    pub(crate) fn is_reference(&self) -> bool {
        self.around("reference_declarator").next().is_some()
    }

    /// Returns whether it is a pointer to a function.
    fn is_function(&self) -> bool {
        self.around("function_declarator").next().is_some()
    }

    /// Returns the declarator, with its stars and brackets.
    pub(crate) fn declarator(&self) -> NodeRef<'t> {
        self.declarator
    }

    /// Returns whether it is a number: of a type that the language names.
    pub(crate) fn is_number(&self) -> bool {
        let declaration = self
            .declarator
            .ancestors()
            .find(|around| matches!(around.kind(), "declaration" | "parameter_declaration"));
        let ty = declaration.and_then(|declaration| declaration.child(Field::Type));
        ty.is_some_and(|ty| matches!(ty.kind(), "primitive_type" | "sized_type_specifier"))
            && self.stars() == 0
            && !self.is_array()
            && !self.is_reference()
            && !self.is_function()
            && self.around("array_declarator").next().is_none()
    }

    /// Returns whether it is a pointer and nothing else.
    pub(crate) fn is_pointer(&self) -> bool {
        self.stars() > 0 && !self.is_array() && !self.is_reference() && !self.is_function()
    }

    /// Returns the size of an array with one dimension, as written.
    pub(crate) fn size(&self) -> Option<NodeRef<'t>> {
        let mut arrays = self.around("array_declarator");
        let only = arrays.next().filter(|_| arrays.next().is_none())?;
        let size = only.named_children().nth(1);
        size.filter(|_| self.stars() == 0 && !self.is_parameter)
    }

    fn around(&self, kind: &'static str) -> impl Iterator<Item = NodeRef<'t>> {
        let name = self.name;
        self.declarator
            .subtree()
            .filter(move |part| part.kind() == kind)
            .filter(move |part| named(*part).is_some_and(|node| node.text() == name))
    }
}

/// Returns the name that a declarator declares.
fn named(declarator: NodeRef<'_>) -> Option<NodeRef<'_>> {
    /// Declarators nest at most so deep.
    const DEPTH_MAX: usize = 16;
    let mut node = declarator;
    for _ in 0..DEPTH_MAX {
        if node.kind() == "identifier" {
            return Some(node);
        }
        let inner = node.child(Field::Declarator).or_else(|| {
            node.named_children()
                .find(|child| child.kind() == "identifier" || child.kind().ends_with("declarator"))
        });
        node = inner?;
    }
    None
}

/// Returns the parameters and variables of a function; names that are declared
/// twice are left out.
pub(crate) fn locals(function: NodeRef<'_>) -> Vec<Local<'_>> {
    let mut found: Vec<Local<'_>> = Vec::new();
    let mut twice: Vec<&str> = Vec::new();
    for node in function.subtree() {
        let is_parameter = node.kind() == "parameter_declaration";
        if !is_parameter && node.kind() != "declaration" {
            continue;
        }
        // The parameters of a function that is declared or pointed to are none.
        if is_parameter
            && node
                .ancestors()
                .take_while(|around| *around != function)
                .any(|around| around.has(Role::Block))
        {
            continue;
        }
        let is_static = node
            .children()
            .any(|part| matches!(part.text(), "static" | "extern" | "_Thread_local"));
        let declarators = node
            .children()
            .filter(|child| child.field() == Field::Declarator);
        for declarator in declarators {
            let declarator = match declarator.kind() {
                "init_declarator" => declarator.child(Field::Declarator).unwrap_or(declarator),
                _ => declarator,
            };
            let Some(name) = named(declarator).map(NodeRef::text) else {
                continue;
            };
            if found.iter().any(|known| known.name == name) {
                twice.push(name);
            }
            found.push(Local {
                name,
                declarator,
                is_parameter,
                is_static,
            });
        }
    }
    found.retain(|local| !twice.contains(&local.name));
    found
}

/// Returns the name of the function that a call calls, and its arguments.
pub(crate) fn call(node: NodeRef<'_>) -> Option<(&str, Vec<NodeRef<'_>>)> {
    if node.kind() != "call_expression" {
        return None;
    }
    let callee = node.child(Field::Function)?;
    let arguments = node.child(Field::Arguments)?;
    let name = callee.text().trim_start_matches("::");
    let name = name.strip_prefix("std::").unwrap_or(name);
    let given = arguments
        .named_children()
        .filter(|child| !child.has(Role::Comment));
    Some((name, given.collect()))
}

/// Takes off brackets and casts.
pub(crate) fn bare(node: NodeRef<'_>) -> NodeRef<'_> {
    let mut node = node;
    /// Brackets nest at most so deep.
    const DEPTH_MAX: usize = 16;
    for _ in 0..DEPTH_MAX {
        let inner = match node.kind() {
            "parenthesized_expression" => node.named_children().next(),
            "cast_expression" => node.child(Field::Value),
            _ => return node,
        };
        match inner {
            Some(inner) => node = inner,
            None => return node,
        }
    }
    node
}

/// Returns the name whose size an expression takes: `sizeof x`, `sizeof(x)`.
pub(crate) fn size_of(node: NodeRef<'_>) -> Option<&str> {
    let node = bare(node);
    if node.kind() != "sizeof_expression" {
        return None;
    }
    let operand = node.named_children().next()?;
    let operand = match operand.kind() {
        // `sizeof(x)` may be read as the size of a type of that name.
        "type_descriptor" => operand.named_children().next()?,
        _ => bare(operand),
    };
    matches!(operand.kind(), "identifier" | "type_identifier").then(|| operand.text())
}
