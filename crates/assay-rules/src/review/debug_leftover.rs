//! # Debugging left in
//!
//! A statement that was put in to look at something while debugging is still there.
//!
//! ## Why it matters
//!
//! A breakpoint stops the program for everybody, and a dump shows users or logs what they must not
//! see.
//!
//! ## Not reported
//!
//! - Printing as such: only breakpoints and the functions that exist for debugging.
//! - Scripts, consoles and examples, and functions that are themselves called `dump` or `debug`.
//! - JavaScript's `console.log` in tests, scripts, command-line programs and configuration, and in
//!   files that print more than three times, where it is the output.
//!
//! ## References
//!
//! - [CWE-489](https://cwe.mitre.org/data/definitions/489.html): active debug code
//!
//! ## Examples
//!
//! ```python bad
//! def price(order):
//!     breakpoint()  # <- here
//!     return order.net
//! ```
//!
//! ```python fixed
//! def price(order):
//!     return order.net
//! ```
//!
//! ```python good
//! def price(order):
//!     print(order)
//!     return order.net
//! ```
//!
//! ```javascript bad
//! function price(order) {
//!   debugger; // <- here
//!   console.log(order); // <- here
//!   return order.net;
//! }
//! ```
//!
//! ```javascript fixed
//! function price(order) {
//!   return order.net;
//! }
//! ```
//!
//! ```javascript good
//! function price(order) {
//!   console.error("no price", order);
//!   return order.net;
//! }
//! ```
//!
//! ```rust bad
//! fn price(order: &Order) -> u32 {
//!     dbg!(order.net) // <- here
//! }
//! ```
//!
//! ```rust fixed
//! fn price(order: &Order) -> u32 {
//!     order.net
//! }
//! ```
//!
//! ```rust good
//! fn price(order: &Order) -> u32 {
//!     order.net
//! }
//! ```
//!
//! ```ruby bad
//! def price(order)
//!   binding.pry # <- here
//!   order.net
//! end
//! ```
//!
//! ```ruby good
//! def price(order)
//!   puts order
//!   order.net
//! end
//! ```
//!
//! ```php bad
//! <?php
//! function price($order) {
//!     var_dump($order); // <- here
//!     return $order->net;
//! }
//! ```
//!
//! ```php good
//! <?php
//! function price($order) {
//!     log_order($order);
//!     return $order->net;
//! }
//! ```
//!
//! ```elixir bad
//! def price(order) do
//!   IEx.pry() # <- here
//!   order.net
//! end
//! ```
//!
//! ```elixir good
//! def price(order) do
//!   order.net
//! end
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::{Context, replace};
use crate::query::{is_pure, is_silenced_elsewhere, is_test_path, statements, whole_lines};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[489],
    fix: true,
    languages: &[
        "elixir",
        "javascript",
        "php",
        "python",
        "ruby",
        "rust",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Medium,
        Check::Node {
            on: Trigger {
                roles: RoleSet::of(&[Role::Call]),
                kinds: &["debugger_statement", "identifier"],
            },
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if node.kind() == "debugger_statement" {
        if is_meant(node, context) {
            return;
        }
        report(node, node, "debugger", context);
        return;
    }
    if !node.has(Role::Call) {
        // Ruby calls without brackets are mere names.
        if context.language() == "ruby"
            && matches!(node.text(), "byebug")
            && node
                .parent()
                .is_some_and(|parent| parent.has(Role::Block) || parent.kind() == "body_statement")
            && !is_meant(node, context)
        {
            report(node, node, "byebug", context);
        }
        return;
    }
    let text = node.text();
    let called = text.split(['(', '!']).next().unwrap_or("").trim();
    let is_leftover = match context.language() {
        "python" => matches!(
            called,
            "breakpoint"
                | "pdb.set_trace"
                | "ipdb.set_trace"
                | "pudb.set_trace"
                | "import_module('pdb').set_trace"
        ),
        "rust" => called == "dbg" && node.kind() == "macro_invocation",
        "ruby" => matches!(called, "binding.pry" | "binding.irb" | "binding.break"),
        "php" => {
            matches!(called, "var_dump" | "dd" | "xdebug_break") && !is_test_path(context.path())
        }
        "elixir" => matches!(called, "IEx.pry" | "dbg"),
        _ => {
            matches!(
                called,
                "console.log" | "console.debug" | "console.trace" | "console.dir"
            ) && is_no_output(node, context)
        }
    };
    if !is_leftover || is_meant(node, context) {
        return;
    }
    if context.language() == "rust" {
        if is_test_path(context.path()) {
            return;
        }
        let inside = text
            .strip_prefix("dbg!")
            .map(str::trim)
            .and_then(|text| text.strip_prefix('(')?.strip_suffix(')').map(str::trim));
        let draft = context.report(node, "`dbg!` is for debugging");
        if let Some(inside) = inside.filter(|inside| !inside.is_empty() && !inside.contains(',')) {
            draft.safe_fix("Keep the value alone", vec![replace(node.span(), inside)]);
        }
        return;
    }
    let statement = node
        .parent()
        .filter(|parent| parent.kind() == "expression_statement")
        .unwrap_or(node);
    report(node, statement, called, context);
}

fn report<'t>(
    node: NodeRef<'t>,
    statement: NodeRef<'t>,
    what: &str,
    context: &mut Context<'_, 't>,
) {
    let is_removable = statement
        .parent()
        .is_some_and(|block| block.has(Role::Block) && statements(block).count() > 1)
        && statement.has(Role::Statement);
    let arguments_are_pure = node
        .child(Field::Arguments)
        .is_none_or(|arguments| arguments.named_children().all(is_pure));
    let low = what.starts_with("console");
    let draft = context.report(node, format!("`{what}` is for debugging"));
    if low {
        draft.severity(Severity::Low);
    }
    if is_removable && arguments_are_pure {
        draft.safe_fix(
            format!("Remove the `{what}`"),
            vec![replace(whole_lines(statement), "")],
        );
    }
}

/// Whether somebody wants it there. Asked last: calls are many and leftovers few.
fn is_meant(node: NodeRef<'_>, context: &Context<'_, '_>) -> bool {
    is_script(context) || is_silenced_elsewhere(node) || in_own_function(node)
}

/// Scripts and consoles stop or print because that is what they are for.
fn is_script(context: &Context<'_, '_>) -> bool {
    let path = context.path().to_display().to_lowercase();
    let in_folder = path.split('/').any(|part| {
        matches!(
            part,
            "script" | "scripts" | "bin" | "console" | "examples" | "benches"
        )
    });
    in_folder
        || path.contains("gulpfile")
        || path.contains("gruntfile")
        || path.contains("rakefile")
}

/// A function called `dd` or `dump` debugs on its caller's wish.
fn in_own_function(node: NodeRef<'_>) -> bool {
    node.ancestors()
        .filter(|around| around.has(Role::Function))
        .filter_map(NodeRef::name)
        .any(|name| {
            let name = name.to_lowercase();
            name.starts_with("dd")
                || name.contains("dump")
                || name.contains("debug")
                || name.contains("inspect")
        })
}

/// Files that print more often than this do it as their job.
const PRINTS_MAX: usize = 3;

/// Returns whether printing is not what the file is for.
fn is_no_output(node: NodeRef<'_>, context: &Context<'_, '_>) -> bool {
    const PROGRAMS: &[&str] = &[
        "bin",
        "cli",
        "script",
        "scripts",
        "tools",
        "tool",
        "tasks",
        "examples",
        "example",
        "demo",
        "demos",
        "bench",
        "benchmark",
        "benchmarks",
        "build",
        "config",
        "docs",
        "packages-tooling",
        "hack",
        "dev",
        "logger",
        "logging",
        "log",
        "debug",
        "server",
        "samples",
        "playground",
        "sandbox",
        "website",
        "commands",
        "sample",
        "perf",
    ];
    let path = context.path().to_display();
    let is_program = path
        .split(['/', '.', '-', '_'])
        .any(|part| PROGRAMS.contains(&part.to_ascii_lowercase().as_str()))
        || !path.contains('/')
        || path.contains("config")
        || context.text().as_str().starts_with("#!");
    if is_program || is_test_path(context.path()) {
        return false;
    }
    let text = node.tree().text().as_str();
    let prints = text.matches("console.").take(PRINTS_MAX + 1).count();
    let is_guarded = node
        .ancestors()
        .filter(|around| around.has(Role::If))
        .filter_map(|around| around.child(Field::Condition))
        .any(|condition| {
            let condition = condition.text().to_lowercase();
            ["debug", "verbose", "dev", "log", "trace", "quiet", "silent"]
                .iter()
                .any(|word| condition.contains(word))
        });
    prints <= PRINTS_MAX && !is_guarded
}
