//! # Empty exception handler
//!
//! An exception handler without a statement hides every failure of the code that it guards.
//!
//! ## Why it matters
//!
//! The program goes on as if nothing had happened, and when it breaks later the cause is gone.
//! Handle the error, report it, or let it go up. If ignoring it is right, say why in a comment
//! inside the handler: then the rule is silent.
//!
//! ## Not reported
//!
//! - Handlers with a comment in them.
//! - Python and Ruby handlers for particular exceptions: asking forgiveness is the custom there.
//! - Exceptions by which an API says "no": not found, no such element, not a number, cancelled.
//! - A variable that is called `ignored`, `expected` or `_`, and test files.
//!
//! ## References
//!
//! - [CWE-390](https://cwe.mitre.org/data/definitions/390.html): detection of error condition without action
//! - [CWE-1069](https://cwe.mitre.org/data/definitions/1069.html): empty exception block
//!
//! ## Examples
//!
//! ```python bad
//! try:
//!     save(order)
//! except Exception:  # <- here
//!     pass
//! ```
//!
//! ```python good
//! try:
//!     os.remove(path)
//! except FileNotFoundError:
//!     pass
//! try:
//!     os.remove(path)
//! except Exception:
//!     pass  # cleaning up is a courtesy
//! ```
//!
//! ```javascript bad
//! try {
//!   save(order);
//! } catch (error) { // <- here
//! }
//! ```
//!
//! ```javascript good
//! try {
//!   save(order);
//! } catch (error) {
//!   report(error);
//! }
//! ```
//!
//! ```java bad
//! class Shop {
//!     void buy(Order order) {
//!         try {
//!             save(order);
//!         } catch (IOException e) { // <- here
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     void buy(Order order) {
//!         try {
//!             save(order);
//!         } catch (IOException ignored) {
//!         }
//!     }
//! }
//! ```
//!
//! ```cpp bad
//! void buy(Order order) {
//!     try {
//!         save(order);
//!     } catch (const std::exception &e) { // <- here
//!     }
//! }
//! ```
//!
//! ```cpp good
//! void buy(Order order) {
//!     try {
//!         save(order);
//!     } catch (...) {
//!         // A destructor must not throw.
//!     }
//! }
//! ```
//!
//! ```c-sharp bad
//! class Shop {
//!     void Buy(Order order) {
//!         try {
//!             Save(order);
//!         } catch (IOException e) { // <- here
//!         }
//!     }
//! }
//! ```
//!
//! ```c-sharp good
//! class Shop {
//!     void Buy(Order order) {
//!         try {
//!             Save(order);
//!         } catch (IOException e) {
//!             Report(e);
//!         }
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! try {
//!     save($order);
//! } catch (Exception $e) { // <- here
//! }
//! ```
//!
//! ```php good
//! <?php
//! try {
//!     save($order);
//! } catch (Exception $e) {
//!     report($e);
//! }
//! ```
//!
//! ```ruby bad
//! begin
//!   save(order)
//! rescue => e # <- here
//! end
//! ```
//!
//! ```ruby good
//! begin
//!   save(order)
//! rescue IOError => e
//!   report(e)
//! end
//! ```
//!
//! ```kotlin bad
//! fun buy(order: Order) {
//!     try {
//!         save(order)
//!     } catch (e: IOException) { // <- here
//!     }
//! }
//! ```
//!
//! ```kotlin good
//! fun buy(order: Order) {
//!     try {
//!         save(order)
//!     } catch (e: IOException) {
//!         report(e)
//!     }
//! }
//! ```
//!
//! ```swift bad
//! func buy(order: Order) {
//!     do {
//!         try save(order)
//!     } catch { // <- here
//!     }
//! }
//! ```
//!
//! ```swift good
//! func buy(order: Order) {
//!     do {
//!         try save(order)
//!     } catch {
//!         report(error)
//!     }
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::{
    body, first_line, has_comment, is_silenced_elsewhere, is_test_path, statements,
};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[390, 1069],
    languages: &[
        "c-sharp",
        "cpp",
        "java",
        "javascript",
        "kotlin",
        "php",
        "python",
        "ruby",
        "swift",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Medium,
        Check::Node {
            on: Trigger::roles(&[Role::Catch]),
            check,
        },
    )
};

/// Names that say "on purpose".
const MEANT: &[&str] = &["ignored", "ignore", "expected", "_", "unused"];

/// Exceptions by which an API says "no", by what is in their name.
const ANSWERS: &[&str] = &[
    "NotFound",
    "NoSuch",
    "Format",
    "Parse",
    "Lookup",
    "Key",
    "Index",
    "Exists",
    "Timeout",
    "Cancel",
    "Interrupt",
    "Closed",
    "NotSupported",
    "Unsupported",
    "InvalidCast",
    "ClassCast",
    "Abort",
    "Disposed",
    "URISyntax",
    "MalformedURL",
    "Import",
    "Load",
    "StopIteration",
    "EOF",
];

/// The exceptions that stand for all of them.
const BROAD: &[&str] = &["Exception", "BaseException", "StandardError"];

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let body = body(node);
    let is_empty = body
        .is_none_or(|body| statements(body).all(|statement| statement.kind() == "pass_statement"));
    // Where statements and not brackets make the block, an empty one is none.
    let mut ends = node.children().skip_while(|child| child.kind() != "{");
    let has_brackets = ends.next().is_some() && ends.next().is_some_and(|end| end.kind() == "}");
    let has_body = body.is_some() || has_brackets || context.language() == "ruby";
    if !is_empty || !has_body || has_comment(node) {
        return;
    }
    let has_note = node
        .next_sibling()
        .is_some_and(|next| next.has(Role::Comment) && next.line() <= node.last_line() + 1);
    if has_note || is_test_path(context.path()) || is_silenced_elsewhere(node) {
        return;
    }
    let names: Vec<&str> = node
        .children()
        .take_while(|child| Some(*child) != body)
        .flat_map(NodeRef::subtree)
        .filter(|part| part.is_leaf() && part.is_named())
        .map(NodeRef::text)
        .collect();
    let is_answer = |name: &&str| {
        MEANT.contains(name)
            || name.starts_with(char::is_uppercase)
                && ANSWERS.iter().any(|word| name.contains(word))
    };
    // In these languages particular exceptions are a way to ask.
    let asks = matches!(context.language(), "python" | "ruby");
    let is_particular = names
        .iter()
        .any(|name| name.contains(char::is_uppercase) && !BROAD.contains(name));
    if names.iter().any(is_answer) || asks && is_particular {
        return;
    }
    context
        .report(node, "this handler does nothing: the failure is lost")
        .at(first_line(node));
}
