//! # Caller left behind
//!
//! A change removes or renames something, or changes what a function takes, and a use of it in another place was not
//! adapted.
//!
//! ## Why it matters
//!
//! The use fails: when it is compiled, or, in a language that is not, when it runs. Adapt it in the same change, or keep
//! the old name or the old parameters until nobody uses them.
//!
//! Names are followed by imports, scopes and types, as [docs/graph.md](../../../../docs/graph.md) says. A use counts when it led to the
//! definition before the change, stands in lines that the change did not touch, and leads nowhere now; or when the call
//! fitted the parameters and does not fit them any more: too many arguments, a required one that is not given, a name that
//! no parameter has, an argument that now goes to another parameter.
//!
//! ## Not reported
//!
//! - Uses that are known by their name alone, calls that hand over a list of unknown length, and functions with decorators
//!   that may change what they take.
//! - A name that the change defines anew anywhere, that the file still says in another way, or that a parent, a
//!   macro, a generator or a method for missing names may give.
//! - Imports in a condition or in a handler.
//!
//! [docs/left-behind.md](../../../../docs/left-behind.md) has the details.

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec =
    RuleSpec::new(Category::Correctness, Severity::High, Check::Elsewhere);
