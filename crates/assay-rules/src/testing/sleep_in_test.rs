//! # Sleep in a test
//!
//! A test waits for a fixed time instead of for what it waits for.
//!
//! ## Why it matters
//!
//! On a slow machine the time is too short and the test fails now and then; on a fast one it is
//! wasted in every run. Wait for the condition, with a limit, or use a clock that the test moves.
//!
//! ## Not reported
//!
//! - Sleeps of less than a second, and those whose length is not written in place.
//! - Sleeps in a loop, which wait for a condition; sleeps outside test files.
//!
//! ## Examples
//!
//! ```python bad path=tests/test_shop.py
//! def test_buy():
//!     start()
//!     time.sleep(2)  # <- here
//!     assert done()
//! ```
//!
//! ```python good path=tests/test_shop.py
//! def test_buy():
//!     start()
//!     while not done():
//!         time.sleep(0.01)
//! ```
//!
//! ```java bad path=src/test/java/ShopTest.java
//! class ShopTest {
//!     @Test
//!     void buys() {
//!         start();
//!         Thread.sleep(2000); // <- here
//!         check(done());
//!     }
//! }
//! ```
//!
//! ```java good path=src/test/java/ShopTest.java
//! class ShopTest {
//!     @Test
//!     void buys() {
//!         start();
//!         await(done());
//!     }
//! }
//! ```
//!
//! ```go bad path=shop_test.go
//! package shop
//!
//! func TestBuy(t *testing.T) {
//!     start()
//!     time.Sleep(2 * time.Second) // <- here
//!     check(t, done())
//! }
//! ```
//!
//! ```go good path=shop_test.go
//! package shop
//!
//! func TestBuy(t *testing.T) {
//!     start()
//!     for !done() {
//!         time.Sleep(time.Millisecond)
//!     }
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::is_test_path;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    languages: &["go", "java", "python"],
    ..RuleSpec::new(
        Category::Test,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Call]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    const SLEEPS: &[&str] = &["time.sleep(", "sleep(", "Thread.sleep(", "time.Sleep("];
    let text = node.text();
    let sleeps = SLEEPS.iter().any(|start| text.starts_with(start));
    if !sleeps || !is_test_path(context.path()) {
        return;
    }
    const AROUND: RoleSet = RoleSet::of(&[Role::Loop, Role::Lambda]);
    let test = node.ancestors().find(|around| {
        around.has(Role::Function)
            && around
                .name()
                .is_some_and(|name| name.to_lowercase().starts_with("test"))
            || around.has(Role::Function) && around.text().contains("@Test")
    });
    let Some(test) = test else { return };
    let repeated = node
        .ancestors()
        .take_while(|around| *around != test)
        .any(|around| around.has_any(AROUND));
    if !repeated && is_long(node) {
        context.report(node, "the test waits for a time and not for what it needs");
    }
}

/// Returns whether the sleep takes a second or more, as far as it is written.
fn is_long(call: NodeRef<'_>) -> bool {
    let Some(arguments) = call.child_with(Role::Arguments) else {
        return false;
    };
    let mut given = arguments.named_children();
    let (Some(only), None) = (given.next(), given.next()) else {
        return false;
    };
    let value: String = only.text().chars().filter(|c| *c != '_').collect();
    match call.tree().language().id().as_str() {
        "java" => value
            .trim_end_matches(['L', 'l'])
            .parse::<u64>()
            .is_ok_and(|ms| ms >= 1_000),
        "python" => value.parse::<f64>().is_ok_and(|seconds| seconds >= 1.0),
        _ => value.ends_with("time.Second") || value.ends_with("time.Minute"),
    }
}
