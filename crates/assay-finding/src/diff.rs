//! The text of a change, for those who show it: the changed lines of a file with some lines
//! around them. A server keeps it with the report; who reads a report at a terminal has the files.
//!
//! Invariant: secrets in it are masked as everywhere else in a report (guarantee G9).

/// The lines of a file that differ, with those around them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDiff {
    /// The parts, from the top of the file to its end.
    pub parts: Vec<DiffPart>,
    /// Whether lines are missing: there were more than the limit.
    pub is_cut: bool,
}

/// Lines that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffPart {
    /// The number of the first line in the base.
    pub base_start: u32,
    /// The number of the first line in the head.
    pub head_start: u32,
    /// The lines.
    pub lines: Vec<DiffLine>,
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// Where it stands.
    pub side: DiffSide,
    /// Its text, without its end.
    pub text: Box<str>,
}

/// Where a line of a difference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffSide {
    /// In both versions.
    Both,
    /// In the base only: it was removed.
    Base,
    /// In the head only: it was added.
    Head,
}

impl DiffSide {
    /// Returns the sign that stands before such a line.
    pub fn sign(self) -> char {
        match self {
            Self::Both => ' ',
            Self::Base => '-',
            Self::Head => '+',
        }
    }
}
