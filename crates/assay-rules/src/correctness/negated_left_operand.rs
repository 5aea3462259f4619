//! # Negation that binds to the left operand
//!
//! `!key in object` negates the key and not the answer.
//!
//! ## Why it matters
//!
//! The negation binds first: `!key in object` asks for a property called "false".
//!
//! ## Not reported
//!
//! - `!(key in object)`, and `(!key) in object` with brackets that say so.
//!
//! ## References
//!
//! - ECMA-262, section 13.10: relational operators
//!
//! ## Examples
//!
//! ```javascript bad
//! if (!key in prices) add(key); // <- here
//! if (!order instanceof Order) fail(); // <- here
//! ```
//!
//! ```javascript fixed
//! if (!(key in prices)) add(key);
//! if (!(order instanceof Order)) fail();
//! ```
//!
//! ```javascript good
//! if (!(key in prices) || (!key) in prices) add(key);
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::{Context, replace};
use crate::query::{operator, sides};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[783],
    fix: true,
    languages: &["javascript", "tsx", "typescript"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Comparison]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let word = operator(node);
    if !matches!(word, "in" | "instanceof") {
        return;
    }
    let Some((left, right)) = sides(node) else {
        return;
    };
    if !left.has(Role::Unary) || operator(left) != "!" {
        return;
    }
    let Some(operand) = left.named_children().last() else {
        return;
    };
    let instead = format!("!({} {word} {})", operand.text(), right.text());
    context
        .report(
            node,
            format!(
                "`!` negates `{}` and not the answer of `{word}`",
                operand.text()
            ),
        )
        .unsafe_fix("Negate the answer", vec![replace(node.span(), instead)]);
}
