//! # Focused test
//!
//! A test is marked to run alone, so all other tests of the file or the run are left out.
//!
//! ## Why it matters
//!
//! The run is green and has tested one thing. The mark is meant for a moment at the author's desk.
//!
//! ## Not reported
//!
//! - The same names outside test files.
//!
//! ## Examples
//!
//! ```javascript bad path=tests/shop.test.js
//! describe("shop", () => {
//!   it.only("buys", () => { // <- here
//!     expect(buy()).toBe(1);
//!   });
//! });
//! ```
//!
//! ```javascript fixed path=tests/shop.test.js
//! describe("shop", () => {
//!   it("buys", () => {
//!     expect(buy()).toBe(1);
//!   });
//! });
//! ```
//!
//! ```javascript good path=tests/shop.test.js
//! describe("shop", () => {
//!   it("buys", () => {
//!     expect(query.only("name")).toBe(1);
//!   });
//! });
//! ```
//!
//! ```ruby bad path=spec/shop_spec.rb
//! RSpec.describe Shop do
//!   fit "buys" do # <- here
//!     expect(buy).to eq 1
//!   end
//! end
//! ```
//!
//! ```ruby fixed path=spec/shop_spec.rb
//! RSpec.describe Shop do
//!   it "buys" do
//!     expect(buy).to eq 1
//!   end
//! end
//! ```
//!
//! ```ruby good path=spec/shop_spec.rb
//! RSpec.describe Shop do
//!   it "buys" do
//!     expect(buy).to eq 1
//!   end
//! end
//! ```

use assay_finding::{Category, Severity};
use assay_source::Span;
use assay_syntax::{Field, NodeRef, Role};

use crate::context::{Context, replace};
use crate::query::is_test_path;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    fix: true,
    languages: &["javascript", "ruby", "tsx", "typescript"],
    ..RuleSpec::new(
        Category::Test,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Call]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let called = node
        .child(Field::Function)
        .or_else(|| node.child(Field::Property))
        .or_else(|| node.child(Field::Name));
    let Some(called) = called.filter(|_| is_test_path(context.path())) else {
        return;
    };
    let (text, span) = (called.text(), called.span());
    let edit = match text {
        "fit" | "fdescribe" | "fcontext" | "fspecify" | "fexample" if is_suite_call(node) => {
            replace(Span::new(span.start, span.start + 1), "")
        }
        _ => match text.strip_suffix(".only") {
            Some(
                "it" | "describe" | "test" | "context" | "suite" | "specify" | "test.describe",
            ) => replace(Span::new(span.end - ".only".len() as u32, span.end), ""),
            _ => return,
        },
    };
    context
        .report(node, format!("`{text}` leaves out all other tests"))
        .at(span)
        .safe_fix("Run the other tests too", vec![edit]);
}

/// A test has a title and a body; a function of a curve is not called so.
fn is_suite_call(call: NodeRef<'_>) -> bool {
    call.subtree().take(32).any(|part| part.has(Role::String))
}
