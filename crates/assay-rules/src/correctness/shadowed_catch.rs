//! # Handler that never runs
//!
//! A handler stands after one that catches everything it could.
//!
//! ## Why it matters
//!
//! Handlers are asked in order, so the special one after the general one is dead, and its exception
//! is treated like any other.
//!
//! ## Not reported
//!
//! - Classes whose relation the rule does not know: only the built-in exceptions are.
//!
//! ## References
//!
//! - [CWE-561](https://cwe.mitre.org/data/definitions/561.html): dead code
//!
//! ## Examples
//!
//! ```python bad
//! try:
//!     save(order)
//! except Exception:
//!     undo(order)
//! except ValueError:  # <- here
//!     mend(order)
//! ```
//!
//! ```python good
//! try:
//!     save(order)
//! except FileNotFoundError:
//!     mend(order)
//! except (OSError, ValueError):
//!     undo(order)
//! except ShopError:
//!     tell(order)
//! ```
//!
//! ```php bad
//! <?php
//! try {
//!     save($order);
//! } catch (Exception $e) {
//!     undo($order);
//! } catch (InvalidArgumentException $e) { // <- here
//!     mend($order);
//! }
//! ```
//!
//! ```php good
//! <?php
//! try {
//!     save($order);
//! } catch (InvalidArgumentException $e) {
//!     mend($order);
//! } catch (Exception $e) {
//!     undo($order);
//! }
//! ```
//!
//! ```ruby bad
//! begin
//!   save(order)
//! rescue StandardError
//!   undo(order)
//! rescue ArgumentError # <- here
//!   mend(order)
//! end
//! ```
//!
//! ```ruby good
//! begin
//!   save(order)
//! rescue ArgumentError
//!   mend(order)
//! rescue StandardError
//!   undo(order)
//! end
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::first_line;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[561],
    languages: &["php", "python", "ruby"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Medium,
        Check::Node {
            on: Trigger::roles(&[Role::Catch]),
            check,
        },
    )
};

/// Built-in exceptions with the one that they are a kind of.
const PYTHON: &[(&str, &str)] = &[
    ("Exception", "BaseException"),
    ("ArithmeticError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("MemoryError", "Exception"),
    ("NameError", "Exception"),
    ("OSError", "Exception"),
    ("IOError", "Exception"),
    ("FileNotFoundError", "OSError"),
    ("FileExistsError", "OSError"),
    ("PermissionError", "OSError"),
    ("ConnectionError", "OSError"),
    ("TimeoutError", "OSError"),
    ("NotADirectoryError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("BrokenPipeError", "ConnectionError"),
    ("ConnectionResetError", "ConnectionError"),
    ("ConnectionRefusedError", "ConnectionError"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("StopIteration", "Exception"),
    ("SyntaxError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("UnicodeError", "ValueError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("KeyboardInterrupt", "BaseException"),
    ("SystemExit", "BaseException"),
];

const PHP: &[(&str, &str)] = &[
    ("Exception", "Throwable"),
    ("Error", "Throwable"),
    ("LogicException", "Exception"),
    ("RuntimeException", "Exception"),
    ("InvalidArgumentException", "LogicException"),
    ("DomainException", "LogicException"),
    ("LengthException", "LogicException"),
    ("OutOfRangeException", "LogicException"),
    ("BadFunctionCallException", "LogicException"),
    ("BadMethodCallException", "BadFunctionCallException"),
    ("OutOfBoundsException", "RuntimeException"),
    ("RangeException", "RuntimeException"),
    ("OverflowException", "RuntimeException"),
    ("UnexpectedValueException", "RuntimeException"),
    ("PDOException", "RuntimeException"),
    ("JsonException", "Exception"),
    ("ErrorException", "Exception"),
    ("TypeError", "Error"),
    ("ValueError", "Error"),
    ("ArithmeticError", "Error"),
    ("DivisionByZeroError", "ArithmeticError"),
];

const RUBY: &[(&str, &str)] = &[
    ("StandardError", "Exception"),
    ("ArgumentError", "StandardError"),
    ("IOError", "StandardError"),
    ("EOFError", "IOError"),
    ("IndexError", "StandardError"),
    ("KeyError", "IndexError"),
    ("StopIteration", "IndexError"),
    ("NameError", "StandardError"),
    ("NoMethodError", "NameError"),
    ("RangeError", "StandardError"),
    ("RegexpError", "StandardError"),
    ("RuntimeError", "StandardError"),
    ("FrozenError", "RuntimeError"),
    ("SystemCallError", "StandardError"),
    ("ThreadError", "StandardError"),
    ("TypeError", "StandardError"),
    ("ZeroDivisionError", "StandardError"),
    ("NotImplementedError", "Exception"),
    ("Interrupt", "Exception"),
    ("LoadError", "Exception"),
];

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let relations = match context.language() {
        "python" => PYTHON,
        "php" => PHP,
        _ => RUBY,
    };
    let own = caught(node);
    if own.is_empty() || node.kind() == "rescue_modifier" {
        return;
    }
    let Some(parent) = node.parent() else { return };
    for earlier in parent
        .children()
        .take_while(|child| *child != node)
        .filter(|child| child.has(Role::Catch) && child.kind() == node.kind())
    {
        let known = caught(earlier);
        let all_taken = own
            .iter()
            .all(|name| known.iter().any(|other| is_kind_of(name, other, relations)));
        if all_taken {
            let line = earlier.line();
            context
                .report(
                    node,
                    format!(
                        "this handler never runs: the one in line {line} catches `{}` too",
                        own[0]
                    ),
                )
                .related(first_line(earlier), "the handler that runs")
                .at(first_line(node));
            return;
        }
    }
}

fn is_kind_of(name: &str, other: &str, relations: &[(&str, &str)]) -> bool {
    let mut at = name;
    for _ in 0..8 {
        if at == other {
            return true;
        }
        match relations.iter().find(|(child, _)| *child == at) {
            Some((_, parent)) => at = parent,
            None => return false,
        }
    }
    false
}

/// The names of the exceptions of a handler; none when one of them is not
/// plainly a name.
fn caught<'t>(handler: NodeRef<'t>) -> Vec<&'t str> {
    const BODY: RoleSet = RoleSet::of(&[Role::Block]);
    let Some(types) = handler.named_children().find(|child| {
        !child.has_any(BODY) && !matches!(child.kind(), "then" | "exception_variable")
    }) else {
        return Vec::new();
    };
    let types = if types.kind() == "as_pattern" {
        types.named_children().next().unwrap_or(types)
    } else {
        types
    };
    let leaves = types
        .subtree()
        .filter(|part| part.is_leaf() && part.is_named());
    if types.subtree().any(|part| {
        part.has(Role::Member)
            || part.kind() == "scope_resolution"
            || part.kind() == "qualified_name"
    }) {
        return Vec::new();
    }
    leaves
        .map(NodeRef::text)
        .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
        .collect()
}
