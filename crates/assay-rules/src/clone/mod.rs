//! Finds code that is there twice: copies (type 1), copies with names or
//! literals changed (type 2), and copies with statements put in, taken out or
//! altered (type 3).
//!
//! [`find_clones`] looks through a whole tree, [`find_change_clones`] for what a
//! change copies from the tree or writes twice itself. Both cut text into tokens
//! without a grammar, choose a few sequences of each text by their hashes, and
//! compare the texts around equal hashes token by token.
//!
//! Guarantee: two blocks that agree token by token (names consistently renamed,
//! literals of the same kind) over at least [`CloneOptions::tokens_min`] tokens
//! share a chosen sequence, so they are compared, unless the sequence is of
//! fewer than five kinds of tokens (a list), or a limit named in
//! [`CloneLimits`] was hit, which [`Clones::notes`] then says. Nothing is
//! reported that was not compared on the text itself.

mod align;
mod change;
mod class;
mod finding;
mod import;
mod lex;
mod lexicon;
mod pair;
mod text;
mod tree;
mod trim;
mod winnow;

#[cfg(test)]
mod tests;

use std::fmt;

use assay_finding::{Identity, Location};
use assay_syntax::Language;

pub use change::{BaseText, ChangedText, CloneTree, find_change_clones};
pub use finding::{CLONE_RULE, clone_findings};
pub use tree::{CloneFile, find_clones};

/// Returns how many tokens clone detection sees in a text: no comments, no white
/// space and no imports.
pub fn token_count(text: &str, language: &'static Language) -> usize {
    let mut count = 0;
    lexicon::lexicon(language).lex(text, |_| {
        count += 1;
        true
    });
    count
}

/// What counts as a clone, and the limits.
#[derive(Clone, Debug, PartialEq)]
pub struct CloneOptions {
    /// The fewest tokens that must agree.
    pub tokens_min: u32,
    /// The fewest lines of the longer copy.
    pub lines_min: u32,
    /// Whether names and literals may differ between copies.
    pub renamed: bool,
    /// The most tokens that differ in one place between copies; 0 for none.
    pub gap_tokens_max: u32,
    /// Whether clones that nobody would take out are left out: tables and lists
    /// of cases, the end of one function with the beginning of the next, small
    /// blocks that are alike in structure only. Without it everything that
    /// agrees is reported, as other tools do.
    pub filtered: bool,
    /// How much of a block the change must have added, in percent.
    pub added_percent_min: u32,
    /// The most other places that a finding names.
    pub copies_max: usize,
    /// The limits.
    pub limits: CloneLimits,
}

impl Default for CloneOptions {
    fn default() -> Self {
        Self {
            tokens_min: 60,
            lines_min: 6,
            renamed: true,
            gap_tokens_max: 24,
            filtered: true,
            added_percent_min: 70,
            copies_max: 10,
            limits: CloneLimits::default(),
        }
    }
}

/// What bounds the time and the memory of clone detection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloneLimits {
    /// Larger files are not read.
    pub file_bytes_max: u64,
    /// Tokens of a file after these are not looked at.
    pub file_tokens_max: usize,
    /// Files after these are not looked at.
    pub files_max: usize,
    /// No further file is read when all together have these.
    pub tokens_max: usize,
    /// A sequence that is at more places than these is looked up at none.
    pub places_max: usize,
    /// With how many of the next places of a sequence each one is compared.
    pub neighbours_max: usize,
    /// The most comparisons.
    pub comparisons_max: usize,
}

impl Default for CloneLimits {
    fn default() -> Self {
        Self {
            file_bytes_max: 1 << 20,
            file_tokens_max: 300_000,
            files_max: 200_000,
            tokens_max: 40_000_000,
            places_max: 1_000,
            neighbours_max: 4,
            comparisons_max: 4_000_000,
        }
    }
}

/// How far the copies of a clone differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloneKind {
    /// Only in white space and comments (type 1).
    Exact,
    /// In names or literals as well (type 2).
    Renamed,
    /// Tokens are put in, taken out or altered (type 3).
    Gapped,
}

impl CloneKind {
    /// Returns the name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Renamed => "renamed",
            Self::Gapped => "gapped",
        }
    }
}

/// One place of a clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloneBlock {
    /// The place.
    pub location: Location,
    /// The number of tokens.
    pub tokens: u32,
}

impl CloneBlock {
    /// Returns the number of lines.
    pub fn lines(&self) -> u32 {
        let (start, end) = (self.location.start, self.location.end);
        end.line - start.line + 1
    }
}

/// A block that is there more than once.
#[derive(Clone, Debug, PartialEq)]
pub struct CloneClass {
    /// The copy to report: the one that the change added, or the first one in
    /// the order of paths.
    pub subject: CloneBlock,
    /// The other copies: the nearest kind first, then by path and place.
    pub copies: Vec<CloneCopy>,
    /// The tokens of the subject without names and places: equal for every
    /// consistent renaming.
    pub identity: Identity,
}

impl CloneClass {
    /// Returns how far the closest copy differs.
    pub fn kind(&self) -> CloneKind {
        self.copies
            .iter()
            .map(|copy| copy.kind)
            .min()
            .unwrap_or(CloneKind::Exact)
    }
}

/// A further copy, compared with the subject or with a copy before it.
#[derive(Clone, Debug, PartialEq)]
pub struct CloneCopy {
    /// The place.
    pub block: CloneBlock,
    /// How far it differs.
    pub kind: CloneKind,
    /// The share of tokens with equal text, from 0 to 1.
    pub similarity: f64,
}

/// The clones of a tree or a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clones {
    /// The clones, by the subject's path and place.
    pub classes: Vec<CloneClass>,
    /// What was not looked at.
    pub notes: Vec<CloneNote>,
    /// How much was looked at.
    pub extent: CloneExtent,
}

/// How much clone detection looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CloneExtent {
    /// Files read.
    pub files: usize,
    /// Their tokens, without comments and imports.
    pub tokens: usize,
    /// Places compared.
    pub comparisons: usize,
}

/// Something that clone detection did not look at, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloneNote {
    /// Files could not be read; how many, and why the first one.
    Unreadable {
        /// The number of files.
        files: usize,
        /// Why the first one could not be read.
        why: String,
    },
    /// Files are over [`CloneLimits::file_bytes_max`].
    TooLarge {
        /// The number of files.
        files: usize,
    },
    /// Files were cut at [`CloneLimits::file_tokens_max`].
    Cut {
        /// The number of files.
        files: usize,
    },
    /// Files were left out at [`CloneLimits::files_max`] or
    /// [`CloneLimits::tokens_max`].
    LeftOut {
        /// The number of files.
        files: usize,
    },
    /// Sequences are at more places than [`CloneLimits::places_max`].
    Frequent {
        /// The number of sequences.
        sequences: usize,
    },
    /// [`CloneLimits::comparisons_max`] was reached.
    Comparisons,
    /// The tree could not be listed; why.
    NoTree(String),
}

impl fmt::Display for CloneNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { files, why } => {
                write!(
                    f,
                    "{files} files could not be read for clones (first: {why})"
                )
            }
            Self::TooLarge { files } => write!(f, "{files} files are too large for clones"),
            Self::Cut { files } => {
                write!(
                    f,
                    "{files} files have too many tokens; clones were looked for in their first part"
                )
            }
            Self::LeftOut { files } => {
                write!(
                    f,
                    "{files} files were left out of clone detection: the tree is over its limit"
                )
            }
            Self::Frequent { sequences } => {
                write!(
                    f,
                    "{sequences} token sequences are too frequent to tell clones by"
                )
            }
            Self::Comparisons => f.write_str("the limit of comparisons for clones was reached"),
            Self::NoTree(why) => write!(f, "the tree could not be searched for clones: {why}"),
        }
    }
}
