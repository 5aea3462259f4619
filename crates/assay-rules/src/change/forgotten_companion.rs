//! # Forgotten companion
//!
//! A change replaces text in a file, and a file that usually changes with it still has the text that was replaced.
//!
//! ## Why it matters
//!
//! Things that are said twice, such as a version in two pipelines, an image in three container files or the same statement
//! for two databases, are changed together until one is forgotten. Change the other file as well, or say it once.
//!
//! A companion is a file that three of four of the last 20 commits to the changed file changed as well, six at least, two
//! of the newest three among them. It must also hold the very line, or the version or digest, that the change replaces.
//!
//! ## Not reported
//!
//! - Companions that do not have the replaced text: the past alone proves little.
//! - Commits of more than 20 files and merges; files that a tenth of all commits change; what is generated, locked or of others.
//! - Imports, short lines, and versions in documents and changelogs.
//! - What lies further back than the newest 1,500 commits.
//!
//! [docs/left-behind.md](../../../../docs/left-behind.md) has the details.

use assay_finding::{Category, Confidence, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(Category::Correctness, Severity::Low, Check::Elsewhere)
};
