//! # Empty test
//!
//! A test has a name and no body, so it always passes.
//!
//! ## Why it matters
//!
//! It is counted as a test of the thing that it is named after, and nobody writes the real one.
//!
//! ## Not reported
//!
//! - Tests that are marked as pending in the way of their framework (`it.todo`), and bodies with a
//!   comment.
//!
//! ## Examples
//!
//! ```python bad path=tests/test_shop.py
//! def test_buy():  # <- here
//!     pass
//! ```
//!
//! ```python good path=tests/test_shop.py
//! def test_buy():
//!     assert buy()
//!
//! def setup():
//!     pass
//! ```
//!
//! ```javascript bad path=tests/shop.test.js
//! it("buys", () => {}); // <- here
//! ```
//!
//! ```javascript good path=tests/shop.test.js
//! it("buys", () => {
//!   expect(buy()).toBe(1);
//! });
//! it.todo("sells");
//! run("nothing", () => {});
//! ```
//!
//! ```java bad path=src/test/java/ShopTest.java
//! class ShopTest {
//!     @Test
//!     void buys() { // <- here
//!     }
//! }
//! ```
//!
//! ```java good path=src/test/java/ShopTest.java
//! class ShopTest {
//!     @Test
//!     void buys() {
//!         check(buy());
//!     }
//!     void helper() {
//!     }
//! }
//! ```
//!
//! ```go bad path=shop_test.go
//! package shop
//!
//! func TestBuy(t *testing.T) { // <- here
//! }
//! ```
//!
//! ```go good path=shop_test.go
//! package shop
//!
//! func TestBuy(t *testing.T) {
//!     buy(t)
//! }
//!
//! func helper() {
//! }
//! ```
//!
//! ```rs bad
//! #[test]
//! fn buys() { // <- here
//! }
//! ```
//!
//! ```rs good
//! #[test]
//! fn buys() {
//!     assert!(buy());
//! }
//!
//! fn helper() {}
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role};

use crate::context::Context;
use crate::query::{body, first_line, has_comment, head, is_test_path, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    languages: &[
        "go",
        "java",
        "javascript",
        "python",
        "rust",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Test,
        Severity::Medium,
        Check::Node {
            on: Trigger::roles(&[Role::Function]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(body) = body(node) else { return };
    let is_empty = statements(body).all(|statement| {
        matches!(statement.kind(), "pass_statement" | "statement_list")
            && statement.named_children().next().is_none()
    });
    if !body.has(Role::Block) || !is_empty || has_comment(node) || !is_test(node, context) {
        return;
    }
    let shown = match node.ancestor_with(Role::Call) {
        Some(call) if node.has(Role::Lambda) => first_line(call),
        _ => head(node),
    };
    context
        .report(node, "this test has no body and always passes")
        .at(shown);
}

/// Returns whether the function is a test by its framework's convention.
pub(crate) fn is_test(function: NodeRef<'_>, context: &Context<'_, '_>) -> bool {
    let name = function.name().unwrap_or("");
    let is_inner = !function.has(Role::Lambda) && function.ancestor_with(Role::Function).is_some();
    let is_skipped = function.parent().is_some_and(|parent| {
        parent.kind() == "decorated_definition"
            && ["skip", "SKIP", "xfail", "XFAIL"].iter().any(|word| {
                let decorator = parent.children().find(|child| child.has(Role::Annotation));
                decorator.is_some_and(|decorator| decorator.text().contains(word))
            })
    });
    if is_inner || is_skipped {
        return false;
    }
    match context.language() {
        "python" => name.starts_with("test") && is_test_path(context.path()),
        "go" => {
            name.starts_with("Test")
                && context.path().file_name().ends_with(b"_test.go")
                && function
                    .child(Field::Parameters)
                    .is_some_and(|list| list.text().contains("*testing.T"))
        }
        "java" => has_annotation(function, &["@Test", "@ParameterizedTest"]),
        "rust" => std::iter::successors(function.previous_sibling(), |before| {
            before.previous_sibling()
        })
        .take_while(|before| before.has(Role::Annotation) || before.has(Role::Comment))
        .any(|before| before.text() == "#[test]" || before.text().ends_with("::test]")),
        _ => {
            let call = function
                .parent()
                .and_then(NodeRef::parent)
                .filter(|call| call.has(Role::Call));
            is_test_path(context.path())
                && call
                    .and_then(|call| call.child(Field::Function))
                    .is_some_and(|called| matches!(called.text(), "it" | "test" | "specify"))
        }
    }
}

fn has_annotation(function: NodeRef<'_>, marks: &[&str]) -> bool {
    function
        .children()
        .take_while(|child| !child.has(Role::Block))
        .any(|child| {
            marks.contains(&child.text())
                || child.children().any(|part| marks.contains(&part.text()))
        })
}
