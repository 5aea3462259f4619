//! # Skipped test without a reason
//!
//! A test is switched off, and nothing says why or until when.
//!
//! ## Why it matters
//!
//! Skipped tests stay skipped: nobody dares to switch on what somebody else has switched off.
//!
//! ## Not reported
//!
//! - Marks with a reason, or with a comment on the same line or the line before.
//! - Conditions under which a test is skipped (`skipif`, `if ... t.Skip("...")`).
//!
//! ## Examples
//!
//! ```python bad path=tests/test_shop.py
//! @pytest.mark.skip  # <- here
//! def test_buy():
//!     assert buy()
//! ```
//!
//! ```python good path=tests/test_shop.py
//! @pytest.mark.skip(reason="the gateway is down until May, #12")
//! def test_buy():
//!     assert buy()
//! ```
//!
//! ```javascript bad path=tests/shop.test.js
//! describe("shop", () => {
//!   it.skip("buys", () => { // <- here
//!     expect(buy()).toBe(1);
//!   });
//! });
//! ```
//!
//! ```javascript good path=tests/shop.test.js
//! describe("shop", () => {
//!   // The gateway is down until May, #12.
//!   it.skip("buys", () => {
//!     expect(buy()).toBe(1);
//!   });
//!   items.skip("buys", 3);
//! });
//! ```
//!
//! ```java bad path=src/test/java/ShopTest.java
//! class ShopTest {
//!     @Disabled // <- here
//!     @Test
//!     void buys() {
//!         check(buy());
//!     }
//! }
//! ```
//!
//! ```java good path=src/test/java/ShopTest.java
//! class ShopTest {
//!     @Disabled("the gateway is down until May, #12")
//!     @Test
//!     void buys() {
//!         check(buy());
//!     }
//! }
//! ```
//!
//! ```go bad path=shop_test.go
//! package shop
//!
//! func TestBuy(t *testing.T) {
//!     t.Skip() // <- here
//!     buy()
//! }
//! ```
//!
//! ```go good path=shop_test.go
//! package shop
//!
//! func TestBuy(t *testing.T) {
//!     t.Skip("the gateway is down until May, #12")
//!     buy()
//! }
//! ```
//!
//! ```rs bad
//! #[test]
//! #[ignore] // <- here
//! fn buys() {
//!     assert!(buy());
//! }
//! ```
//!
//! ```rs good
//! #[test]
//! #[ignore = "the gateway is down until May, #12"]
//! fn buys() {
//!     assert!(buy());
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role};

use crate::context::Context;
use crate::query::is_test_path;
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
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Call, Role::Annotation]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let text: String = node.text().split_whitespace().collect();
    let is_skipped = if node.has(Role::Annotation) {
        match context.language() {
            "python" => matches!(
                text.as_str(),
                "@pytest.mark.skip" | "@pytest.mark.skip()" | "@unittest.skip" | "@skip"
            ),
            "java" => matches!(
                text.as_str(),
                "@Disabled" | "@Ignore" | "@Disabled()" | "@Ignore()"
            ),
            "rust" => text == "#[ignore]",
            _ => false,
        }
    } else {
        let called = node.child(Field::Function).map_or("", NodeRef::text);
        match context.language() {
            "go" => {
                (text.ends_with(".Skip()") || text.ends_with(".SkipNow()"))
                    && text.matches('.').count() == 1
                    && context.path().file_name().ends_with(b"_test.go")
            }
            "javascript" | "typescript" | "tsx" => {
                matches!(
                    called,
                    "it.skip"
                        | "describe.skip"
                        | "test.skip"
                        | "context.skip"
                        | "xit"
                        | "xdescribe"
                        | "xtest"
                        | "xcontext"
                ) && is_test_path(context.path())
                    && node.subtree().any(|part| part.has(Role::Function))
            }
            _ => false,
        }
    };
    if is_skipped && !has_reason(node) {
        let what: String = text
            .chars()
            .take_while(|c| !matches!(c, '(' | '{'))
            .collect();
        let line_end = node.tree().text().lines().line_span(node.line()).end;
        let end = node.span().end.min(line_end);
        let shown = assay_source::Span::new(node.span().start, end);
        let trimmed = context.text().slice(shown).trim_end().len() as u32;
        context
            .report(
                node,
                format!("`{what}` switches the test off and does not say why"),
            )
            .at(assay_source::Span::new(shown.start, shown.start + trimmed));
    }
}

/// A comment on the line, or alone on the line before.
fn has_reason(node: NodeRef<'_>) -> bool {
    let tree = node.tree();
    let text = tree.text();
    let is_comment = |line: &str| {
        let line = line.trim_start();
        tree.language()
            .line_comments()
            .iter()
            .any(|marker| line.starts_with(marker))
            || line.starts_with("*/")
            || line.starts_with("/*")
            || line.starts_with('*')
            || line.ends_with("*/")
    };
    let first = text.line(node.line());
    let after = text.lines().line_span(node.line()).start as usize;
    let rest = &first[(node.span().start as usize)
        .saturating_sub(after)
        .min(first.len())..];
    tree.language()
        .line_comments()
        .iter()
        .any(|marker| rest.contains(&format!(" {marker}")))
        || node.line() > 1 && is_comment(text.line(node.line() - 1))
}
