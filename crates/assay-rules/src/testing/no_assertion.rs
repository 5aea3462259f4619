//! # Test without an assertion
//!
//! A test calls the code and never looks at what came of it.
//!
//! ## Why it matters
//!
//! It fails only when something throws; a wrong result passes.
//!
//! ## Not reported
//!
//! - Anything, unless the rule is switched on: many frameworks have assertions of their own.
//! - Tests that call something with `assert`, `expect`, `should`, `verify`, `check`, `require`,
//!   `must`, `raises`, `fail` or `Error` in its name.
//!
//! ## Examples
//!
//! ```python bad path=tests/test_shop.py
//! def test_buy():  # <- here
//!     buy(Order())
//! ```
//!
//! ```python good path=tests/test_shop.py
//! def test_buy():
//!     assert buy(Order()) == 1
//!
//! def test_sell(self):
//!     self.assert_sold(sell(Order()))
//! ```
//!
//! ```javascript bad path=tests/shop.test.js
//! it("buys", () => { // <- here
//!   buy(order);
//! });
//! ```
//!
//! ```javascript good path=tests/shop.test.js
//! it("buys", () => {
//!   expect(buy(order)).toBe(1);
//! });
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::{body, first_line, head, statements};
use crate::rule::{Check, RuleSpec, Trigger};
use crate::testing::empty_test::is_test;

pub(crate) const RULE: RuleSpec = RuleSpec {
    on: false,
    confidence: Confidence::Low,
    languages: &["javascript", "python", "tsx", "typescript"],
    ..RuleSpec::new(
        Category::Test,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Function]),
            check,
        },
    )
};

const ASSERTS: &[&str] = &[
    "assert", "expect", "should", "verify", "check", "require", "must", "raise", "fail", "error",
    "throw", "equal", "ok", "match", "snapshot", "done", "t.",
];

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(body) = body(node) else { return };
    if statements(body).next().is_none() || !is_test(node, context) {
        return;
    }
    let asserts = body.subtree().any(|part| {
        part.kind().contains("assert")
            || part.has(Role::Throw)
            || part.has(Role::Call)
                && part.named_children().next().is_some_and(|called| {
                    let name = called.text().to_lowercase();
                    ASSERTS.iter().any(|word| name.contains(word))
                })
    });
    if !asserts {
        let shown = match node.ancestor_with(Role::Call) {
            Some(call) if node.has(Role::Lambda) => first_line(call),
            _ => head(node),
        };
        context
            .report(node, "this test looks at no result")
            .at(shown);
    }
}
