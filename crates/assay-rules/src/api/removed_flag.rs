//! # Flag of a command line that is gone
//!
//! A change removes or renames a flag of a program without an alias.
//!
//! ## Why it matters
//!
//! Scripts, unit files and pipelines pass it, and the program refuses to start. Keep the old name as a hidden alias for
//! a while.
//!
//! ```text
//! -parser.add_argument('--no-verify')
//! +parser.add_argument('--skip-checks')   # the flag `--no-verify` is gone
//! ```
//!
//! Flags are those of argparse, optparse, click, typer, commander, Go's flag, pflag and cobra, clap, structopt and picocli.
//!
//! ## Not reported
//!
//! - Flags that another changed file has now, or that were hidden or marked as deprecated.
//! - A change that raises the major version, or adds the name to a changelog; tests.
//!
//! ## References
//!
//! - Command Line Interface Guidelines, Future-proofing, <https://clig.dev/#future-proofing>

use assay_finding::{Category, Confidence, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Medium,
        Check::Elsewhere,
    )
};
