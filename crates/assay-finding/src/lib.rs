//! Findings: what they are, how they are known again, and how they are shown.
//!
//! Start at [`Finding`]; a whole review is a [`Report`], which the `render`
//! module turns into every output format. The [`Ledger`] in it accounts for
//! each changed hunk.
//!
//! Invariant: rendering is a pure function of the report: the same report gives
//! the same bytes.
//! Must not know: how findings are found, git, forges, configuration files.

mod baseline;
mod diff;
mod finding;
mod fingerprint;
mod fix;
pub mod import;
mod ledger;
mod rejected;
pub mod render;
mod report;
mod rule;
mod said;
mod suppression;

pub use baseline::{
    BASELINE_BYTES_MAX, BASELINE_FILE_NAME, Baseline, BaselineEntry, BaselineError,
};
pub use diff::{DiffLine, DiffPart, DiffSide, FileDiff};
pub use finding::{
    Attribution, Category, Confidence, Finding, Frame, FrameLine, Location, Measure, Related,
    Severity, State,
};
pub use fingerprint::{Fingerprint, Identity, IdentityHasher, number_fingerprints};
pub use fix::{Edit, Fix, FixSafety};
pub use ledger::{Coverage, FileEntry, HunkEntry, Ledger, SkipReason};
pub use rejected::{REJECTED_BYTES_MAX, Rejected, RejectedError};
pub use report::{
    About, AboutPart, Condition, FileMetrics, FunctionMetrics, Gate, MetricDelta, MetricValues,
    MetricsReport, Overview, PackageDifference, PackageStep, Problem, Report, Score, ScorePart,
    SinceLast,
};
pub use rule::{RuleId, RuleMeta};
pub use said::{SAID_BYTES_MAX, Said};
pub use suppression::{
    DIRECTIVES_MAX, Directive, DirectiveError, DirectiveErrorKind, DirectiveOutcome,
    DirectiveScope, DirectiveTarget, PlacedDirective, REASON_CHARS_MAX, RULES_MAX, RulePattern,
    Suppressed, SuppressedBy, apply_directives, parse_directives,
};
