//! # Function that always calls itself
//!
//! A function calls itself before anything can stop it.
//!
//! ## Why it matters
//!
//! Every call ends with an exhausted stack. Most often another function was meant: the one of the
//! base class, of a field, or with other parameters.
//!
//! ## Not reported
//!
//! - Calls behind any condition, loop, handler or short-circuit operator.
//! - Where functions can be overloaded: calls whose arguments are not the parameters themselves.
//!
//! ## References
//!
//! - [CWE-674](https://cwe.mitre.org/data/definitions/674.html): uncontrolled recursion
//!
//! ## Examples
//!
//! ```python bad
//! class Shop:
//!     def name(self):
//!         return self.name()  # <- here
//!
//! def total(order):
//!     order.open()
//!     return total(order)  # <- here
//! ```
//!
//! ```python good
//! class Shop:
//!     def name(self):
//!         return name(self)
//!
//!     def total(self, n):
//!         return self.base.total(n) or self.total(n)
//!
//! def total(order):
//!     if order is None:
//!         return 0
//!     return total(order.next)
//! ```
//!
//! ```javascript bad
//! function total(order) {
//!   return total(order); // <- here
//! }
//! ```
//!
//! ```javascript good
//! function total(order) {
//!   return order && total(order.next);
//! }
//! class Shop {
//!   name() {
//!     return super.name();
//!   }
//! }
//! ```
//!
//! ```java bad
//! class Shop {
//!     int total(Order order) {
//!         return total(order); // <- here
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     int total(Order order) {
//!         return total((Object) order);
//!     }
//! }
//! ```
//!
//! ```go bad
//! package shop
//!
//! func total(o *Order) int {
//!     return total(o) // <- here
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! func total(o *Order) int {
//!     if o == nil {
//!         return 0
//!     }
//!     return total(o.next)
//! }
//! ```
//!
//! ```c bad
//! int total(struct order *o) {
//!     return 1 + total(o->next); // <- here
//! }
//! ```
//!
//! ```c good
//! int total(struct order *o) {
//!     return o ? 1 + total(o->next) : 0;
//! }
//! ```

use std::ops::ControlFlow;

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::{body, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[674],
    languages: &[
        "c",
        "go",
        "java",
        "javascript",
        "python",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Function]),
            check,
        },
    )
};

/// What may keep the code after or inside it from running.
const STOPS: RoleSet = RoleSet::of(&[
    Role::If,
    Role::Loop,
    Role::Switch,
    Role::Try,
    Role::Ternary,
    Role::Logical,
    Role::Coalesce,
    Role::Comprehension,
    Role::Function,
    Role::Class,
    Role::Preprocessor,
    Role::Goto,
    Role::Label,
    Role::Yield,
    Role::Await,
    Role::Import,
]);

const ENDS: RoleSet = RoleSet::of(&[Role::Return, Role::Throw, Role::Goto]);

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let (Some(name), Some(body)) = (node.name(), body(node)) else {
        return;
    };
    if node.has(Role::Lambda) || node.has(Role::Constructor) || !body.has(Role::Block) {
        return;
    }
    // Waiting or yielding hands control back between the calls.
    let is_asynchronous = node
        .children()
        .any(|child| matches!(child.kind(), "async" | "*"));
    let is_decorated = node
        .parent()
        .is_some_and(|parent| parent.kind() == "decorated_definition");
    if is_asynchronous || is_decorated {
        return;
    }
    let list = match statements(body).next() {
        Some(only) if only.kind() == "statement_list" => only,
        _ => body,
    };
    for statement in statements(list) {
        if let Some(call) = unconditional_call(statement, node, name) {
            context.report(
                call,
                format!("`{name}` always calls itself, without an end"),
            );
            return;
        }
        if statement
            .subtree()
            .any(|part| part.has_any(STOPS) || part.has_any(ENDS))
        {
            return;
        }
    }
}

fn unconditional_call<'t>(
    statement: NodeRef<'t>,
    function: NodeRef<'t>,
    name: &str,
) -> Option<NodeRef<'t>> {
    let mut found = None;
    statement.visit(|part| {
        if part.has_any(STOPS) || found.is_some() {
            return ControlFlow::Break(());
        }
        if part.has(Role::Call) && calls(part, function, name) {
            found = Some(part);
        }
        ControlFlow::Continue(())
    });
    found
}

fn calls(call: NodeRef<'_>, function: NodeRef<'_>, name: &str) -> bool {
    let language = function.tree().language().id().as_str();
    let in_class = function.ancestor_with(Role::Class).is_some();
    let callee = call.child(Field::Function);
    let target = match (language, in_class) {
        // A bare name inside a class is a function outside of it.
        ("python", true) => callee.is_some_and(|callee| callee.text() == format!("self.{name}")),
        ("javascript" | "typescript" | "tsx", true) => {
            function.has(Role::Method)
                && callee.is_some_and(|callee| callee.text() == format!("this.{name}"))
        }
        ("java", _) => {
            call.child(Field::Name)
                .is_some_and(|called| called.text() == name)
                && call
                    .child(Field::Object)
                    .is_none_or(|object| object.text() == "this")
        }
        // A method's own name is a function of the package.
        ("go", _) => {
            callee.is_some_and(|callee| callee.text() == name)
                && !function.children().any(|child| child.has(Role::Receiver))
        }
        _ => callee.is_some_and(|callee| callee.text() == name),
    };
    target && (!has_overloads(language) || has_same_arguments(call, function))
}

fn has_overloads(language: &str) -> bool {
    matches!(language, "java" | "typescript" | "tsx")
}

fn has_same_arguments(call: NodeRef<'_>, function: NodeRef<'_>) -> bool {
    let Some(arguments) = call.child_with(Role::Arguments) else {
        return false;
    };
    let given: Vec<_> = arguments.named_children().map(NodeRef::text).collect();
    let taken: Vec<_> = function
        .parameters()
        .into_iter()
        .map(|parameter| {
            let inner = parameter
                .child(Field::Name)
                .or_else(|| parameter.child(Field::Pattern))
                .unwrap_or(parameter);
            inner.text()
        })
        .collect();
    given == taken
}
