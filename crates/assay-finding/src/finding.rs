//! The finding: one occurrence of a rule at a place, with its judgement as types.

use assay_source::{Position, RepoPath, Span};

use crate::fingerprint::{Fingerprint, Identity};
use crate::fix::Fix;
use crate::rule::RuleId;
use crate::suppression::Suppressed;

/// Declares an enum whose variants have one name in every format.
macro_rules! named_enum {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $variant_doc:literal])+ $variant:ident = $text:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[doc = $variant_doc])+ $variant,)+
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// Returns the name used in every format and in configuration.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// Returns the value with the name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(crate) use named_enum;

named_enum! {
    /// How bad a finding is, from least to worst.
    Severity {
        /// Worth knowing.
        Info = "info",
        /// A small cost.
        Low = "low",
        /// Should be mended.
        Medium = "medium",
        /// Should not be merged.
        High = "high",
        /// Must not be merged.
        Critical = "critical",
    }
}

named_enum! {
    /// How sure a finding is.
    Confidence {
        /// A hint.
        Low = "low",
        /// Likely.
        Medium = "medium",
        /// Certain by the rule's definition.
        High = "high",
    }
}

named_enum! {
    /// What a finding is about.
    Category {
        /// Wrong behaviour.
        Correctness = "correctness",
        /// Something an attacker can use.
        Security = "security",
        /// Slowness or waste.
        Performance = "performance",
        /// Code that is too complex to follow.
        Complexity = "complexity",
        /// Code that is there twice.
        Duplication = "duplication",
        /// Code that is hard to change safely.
        Maintainability = "maintainability",
        /// Missing or weak tests.
        Test = "test",
        /// Missing or wrong documentation.
        Documentation = "documentation",
        /// A package that the project depends on.
        Dependency = "dependency",
        /// The review itself: suppressions, configuration.
        Review = "review",
    }
}

named_enum! {
    /// Whether the change brought the finding in.
    State {
        /// In the head and not in the base.
        Introduced = "introduced",
        /// In the base as well.
        Existing = "existing",
    }
}

/// A place in a file of the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub path: RepoPath,
    /// The bytes in the decoded text.
    pub span: Span,
    /// Where the span starts.
    pub start: Position,
    /// Where it ends (the position after the last character).
    pub end: Position,
}

/// A further place that belongs to a finding: a step of a path, the other copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The place.
    pub location: Location,
    /// What is there.
    pub message: String,
    /// The code there; empty when it is in the finding's own frame or not kept.
    pub frame: Frame,
}

/// A number that a finding is about, with its limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The metric's name.
    pub metric: String,
    /// The value in the head.
    pub value: f64,
    /// The value that must not be exceeded.
    pub threshold: f64,
    /// The value of the same thing in the base, when it was there.
    pub base: Option<f64>,
}

/// The lines of code around a finding, kept so that a report needs no files.
///
/// Besides the lines around the finding it holds the lines that the edits of
/// the finding's fix touch: a format that shows a fix reads them here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The lines in order; a gap in the numbers is a cut.
    pub lines: Vec<FrameLine>,
}

/// One line of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameLine {
    /// The line number, from 1.
    pub number: u32,
    /// The bytes of the whole line in the decoded text, without its line end;
    /// longer than `text` when that was cut.
    pub span: Span,
    /// The text without its line end, cut at a limit.
    pub text: String,
    /// Whether the change added or altered the line.
    pub changed: bool,
}

/// A tool that said a finding, besides Assay.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attribution {
    /// The tool, such as `eslint`.
    pub tool: String,
    /// The rule as the tool names it.
    pub rule: Option<String>,
    /// A page about the rule, or the remark itself.
    pub url: Option<String>,
}

/// One occurrence of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it is about.
    pub category: Category,
    /// One sentence that says what is wrong here, with names and numbers.
    pub message: String,
    /// Where it is.
    pub location: Location,
    /// The path or the other places that prove it, in order.
    pub related: Vec<Related>,
    /// The number it is about.
    pub measure: Option<Measure>,
    /// The qualified name of the function or class around it.
    pub symbol: Option<String>,
    /// What makes it the same finding when it is found again.
    pub identity: Identity,
    /// Another identity to know it by when the first one is by name and the
    /// name changed: of the code without the name.
    pub alias: Option<Identity>,
    /// The other tools that said it, sorted. The rule tells whether Assay says it
    /// too: a finding of a tool alone has a rule of that tool's own pack.
    pub tools: Vec<Attribution>,
    /// The identity with a number among equal ones; set when a report is made.
    pub fingerprint: Fingerprint,
    /// Whether the change brought it in.
    pub state: State,
    /// By what it is silenced.
    pub suppressed: Option<Suppressed>,
    /// How it can be mended.
    pub fix: Option<Fix>,
    /// The code around it.
    pub frame: Frame,
}

impl Finding {
    /// Returns whether the finding counts: brought in by the change and not
    /// silenced.
    pub fn counts(&self) -> bool {
        self.state == State::Introduced && self.suppressed.is_none()
    }
}
