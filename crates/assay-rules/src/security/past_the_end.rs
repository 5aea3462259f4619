//! # One past the end
//!
//! The element behind the last one of an array is written or read.
//!
//! ## Why it matters
//!
//! What stands behind the array is another variable, or the address to which the function returns. The last element has
//! the number of elements less one; a limit that leaves no room for the ending zero is one too large.
//!
//! ## Not reported
//!
//! Arrays whose size is not written in the function, and the address of the end.
//!
//! ## References
//!
//! - SEI CERT C, ARR30-C and STR31-C
//!
//! ## Examples
//!
//! ```c bad
//! void fill(int file, const char *name) {
//!     char line[16];
//!     for (int i = 0; i <= 16; i++) {
//!         line[i] = 0; /* <- here */
//!     }
//!     line[16] = 0; /* <- here */
//!     strncat(line, name, sizeof(line)); /* <- here */
//!     ssize_t count = readlink(name, line, sizeof line);
//!     line[count] = 0; /* <- here */
//! }
//! ```
//!
//! ```c good
//! void fill(int file, const char *name) {
//!     char line[16];
//!     for (int i = 0; i < 16; i++) {
//!         line[i] = 0;
//!     }
//!     line[15] = 0;
//!     char *end = &line[16];
//!     strncat(line, name, sizeof(line) - strlen(line) - 1);
//!     ssize_t count = readlink(name, line, sizeof line - 1);
//!     line[count] = 0;
//!     use(end);
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{Field, NodeRef, Role};

use crate::c_memory::{FUNCTION_NODES_MAX, Local, bare, call, locals, size_of};
use crate::context::Context;
use crate::pattern::number;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::High,
    languages: &["c", "cpp"],
    cwe: &[193, 787, 125],
    tags: &["owasp-a04-2021"],
    ..RuleSpec::new(
        Category::Security,
        Severity::High,
        Check::Node {
            on: Trigger::kinds(&["function_definition"]),
            check,
        },
    )
};

fn check<'t>(function: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if function.subtree_len() > FUNCTION_NODES_MAX || !function.text().contains('[') {
        return;
    }
    let arrays: Vec<Local<'t>> = locals(function)
        .into_iter()
        .filter(|local| local.is_array() && local.size().is_some())
        .collect();
    if arrays.is_empty() {
        return;
    }
    let array = |name: &str| arrays.iter().find(|local| local.name == name);
    for node in function.subtree() {
        if node.kind() == "subscript_expression" {
            element(node, &array, context);
        } else if let Some(("strncat", arguments)) = call(node)
            && let [to, _, limit] = arguments[..]
            && size_of(limit).is_some_and(|of| of == to.text() && array(of).is_some())
        {
            context.report(
                node,
                "the limit leaves no room for what is there and for the ending zero",
            );
        }
    }
}

/// Looks at one element of an array that is read or written.
fn element<'t, 'l>(
    node: NodeRef<'t>,
    array: &impl Fn(&str) -> Option<&'l Local<'t>>,
    context: &mut Context<'_, 't>,
) where
    't: 'l,
{
    let Some(known) = node.child(Field::Operand).and_then(|of| array(of.text())) else {
        return;
    };
    let (Some(size), Some(index)) = (known.size(), index(node)) else {
        return;
    };
    // The address of the end is none of an element.
    let is_address = node.parent().is_some_and(|around| {
        around.text().starts_with('&') && around.kind() != "subscript_expression"
    });
    if is_address
        || node
            .ancestors()
            .take(3)
            .any(|around| around.kind() == "sizeof_expression")
    {
        return;
    }
    let count = size
        .has(Role::Number)
        .then(|| number(size.text()))
        .flatten();
    let at = index
        .has(Role::Number)
        .then(|| number(index.text()))
        .flatten();
    if let (Some(count), Some(at)) = (count, at)
        && at >= count
    {
        context.report(node, format!("`{}` has {count} elements", known.name));
        return;
    }
    if index.kind() != "identifier" {
        return;
    }
    if runs_to(node, index.text(), size.text()) {
        context.report(
            node,
            format!("the loop goes to `{}`, which has no element", size.text()),
        );
    } else if is_length(node, index.text(), known.name) {
        context.report(
            node,
            format!(
                "where `{}` is full there is no room for the ending zero",
                known.name
            ),
        );
    }
}

fn index(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let list = node.named_children().nth(1)?;
    Some(match list.kind() {
        "subscript_argument_list" => bare(list.named_children().next()?),
        _ => bare(list),
    })
}

/// Returns whether a loop around a node lets a counter that nothing else changes
/// or tests reach the size.
fn runs_to(node: NodeRef<'_>, counter: &str, size: &str) -> bool {
    let Some(around) = node
        .ancestors()
        .find(|around| around.kind() == "for_statement")
    else {
        return false;
    };
    let Some(body) = around.child(Field::Body).filter(|body| body.encloses(node)) else {
        return false;
    };
    let goes_up = around.child(Field::Update).is_some_and(|update| {
        let text: String = update.text().split_whitespace().collect();
        text == format!("{counter}++") || text == format!("++{counter}")
    });
    let reaches = around.child(Field::Condition).is_some_and(|condition| {
        let text: String = condition.text().split_whitespace().collect();
        text == format!("{counter}<={size}")
    });
    // What sets the counter, or asks for it: the loop may end before.
    let is_other = |part: NodeRef<'_>| {
        part.has(Role::Identifier)
            && part.text() == counter
            && part.parent().is_some_and(|around| match around.kind() {
                "assignment_expression" => around.child(Field::Left) == Some(part),
                "binary_expression" => around
                    .child(Field::Operator)
                    .is_some_and(|operator| operator.text().contains(['<', '>', '=', '&', '|'])),
                kind => matches!(
                    kind,
                    "update_expression"
                        | "pointer_expression"
                        | "parenthesized_expression"
                        | "unary_expression"
                        | "conditional_expression"
                ),
            })
    };
    goes_up && reaches && !body.subtree().any(is_other)
}

/// Returns whether a zero is written behind what a call with the whole buffer
/// as its limit has put there.
fn is_length(node: NodeRef<'_>, counter: &str, name: &str) -> bool {
    let is_end = node.parent().is_some_and(|around| {
        around.kind() == "assignment_expression"
            && around.child(Field::Left) == Some(node)
            && around
                .child(Field::Right)
                .is_some_and(|right| matches!(right.text(), "0" | "'\\0'" | "'\\x00'"))
    });
    let Some(function) = node.ancestor_with(Role::Function).filter(|_| is_end) else {
        return false;
    };
    let fills = |call_node: NodeRef<'_>| {
        let Some((callee, arguments)) = call(call_node) else {
            return false;
        };
        matches!(callee, "read" | "recv" | "readlink")
            && arguments.get(1).is_some_and(|to| to.text() == name)
            && arguments.get(2).copied().and_then(size_of) == Some(name)
            && is_given_to(call_node, counter)
    };
    let mut uses = 0;
    let mut is_filled = false;
    for part in function.subtree() {
        if part.has(Role::Identifier) && part.text() == counter {
            uses += usize::from(part.parent().is_some_and(|around| {
                matches!(around.kind(), "binary_expression") && mentions_size(around, name)
            }));
        }
        is_filled |= part.kind() == "call_expression" && fills(part);
    }
    is_filled && uses == 0
}

/// Returns whether a comparison is about how large the buffer is.
fn mentions_size(comparison: NodeRef<'_>, name: &str) -> bool {
    let has_size = comparison.subtree().any(|part| size_of(part) == Some(name));
    let has_number = comparison
        .named_children()
        .any(|side| side.has(Role::Number) && !matches!(side.text(), "0" | "1"));
    has_size || has_number || comparison.text().chars().any(char::is_uppercase)
}

/// Returns whether the result of a call is given to a name.
fn is_given_to(node: NodeRef<'_>, name: &str) -> bool {
    let target = node.parent().and_then(|around| match around.kind() {
        "init_declarator" => around.child(Field::Declarator),
        "assignment_expression" => around.child(Field::Left),
        _ => None,
    });
    target.is_some_and(|target| target.text() == name)
}
