//! How findings are silenced, always with a record of by what and why.

use jiff::civil::Date;

/// By what a finding is silenced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// What silences it.
    pub by: SuppressedBy,
    /// The reason given.
    pub reason: Option<String>,
    /// The last day on which it is silenced.
    pub until: Option<Date>,
}

/// What silences a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressedBy {
    /// A comment in the code.
    Comment,
    /// The configuration.
    Configuration,
    /// The baseline file.
    Baseline,
}

impl SuppressedBy {
    /// Returns the word that formats use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Configuration => "configuration",
            Self::Baseline => "baseline",
        }
    }
}
