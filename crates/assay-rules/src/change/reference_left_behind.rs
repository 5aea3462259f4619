//! # Reference to a file that is gone
//!
//! A change deletes or renames a file, and something still names it by its old path: an import, a script, a
//! container file, a pipeline, a link.
//!
//! ## Why it matters
//!
//! What reads the path fails: the import, the build, the pipeline, or the reader who follows the link. Adapt it in the
//! same change, or keep the file.
//!
//! ## Not reported
//!
//! - Paths that another file of the same name may stand for, and files that a build makes.
//! - Paths that lead to a file by more than one way, that a pattern or a variable is part of, and changelogs.
//! - Imports in a condition or in a handler.
//!
//! [docs/left-behind.md](../../../../docs/left-behind.md) has the details.

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec =
    RuleSpec::new(Category::Correctness, Severity::High, Check::Elsewhere);
