//! # Undocumented option
//!
//! A change gives a command line a new option, and the document that lists the others does not name it.
//!
//! ## Why it matters
//!
//! An option that is not listed is one that nobody finds. Add it to the document in the same change.
//!
//! Options are known by the libraries that define them: argparse, click and typer; commander and yargs; flag, cobra and urfave/cli; clap;
//! picocli; OptionParser; Symfony Console; System.CommandLine. The document is the one that names most of the other options of
//! the same file: at least three of them, and three of five.
//!
//! ## Not reported
//!
//! - Options that are hidden or deprecated where they are defined, or that any document names.
//! - Programs whose options no document lists.

use assay_finding::{Category, Confidence, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(Category::Documentation, Severity::Low, Check::Elsewhere)
};
