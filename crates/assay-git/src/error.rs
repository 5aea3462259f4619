//! What can go wrong between the name of a change and the change itself.

use std::path::PathBuf;

use assay_source::ErrorKind;

/// Whatever an outside library reports.
pub(crate) type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why what the user named could not be turned into a change.
///
/// The text of each says what went wrong, where, and how to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No repository at the directory or above it.
    #[error(
        "no git repository at {} or above it; run this inside one, or review a folder with `assay scan`",
        path.display()
    )]
    NotARepository {
        /// Where the search began.
        path: PathBuf,
    },
    /// The input needs a working tree and the repository is bare.
    #[error(
        "{} is a bare repository and has no working tree; name the change: BASE..HEAD, BASE...HEAD or one commit",
        git_dir.display()
    )]
    NoWorkTree {
        /// The repository.
        git_dir: PathBuf,
    },
    /// A repository was found and cannot be used.
    #[error("the repository at {} cannot be opened: {problem}", path.display())]
    Open {
        /// The repository.
        path: PathBuf,
        /// What stands in the way, and how to mend it.
        problem: String,
        /// What the git library reported.
        #[source]
        source: Source,
    },
    /// A revision names nothing here.
    #[error("`{spec}` is not a revision of this repository: {problem}{}", hint(suggestion.as_deref()))]
    Revision {
        /// What was asked for.
        spec: String,
        /// Why it names nothing.
        problem: String,
        /// What may have been meant.
        suggestion: Option<String>,
    },
    /// Something that the repository refers to is missing or unreadable.
    #[error("the repository is damaged: {what} cannot be read; `git fsck` shows what else is")]
    Damaged {
        /// What was being read.
        what: String,
        /// What the git library reported.
        #[source]
        source: Source,
    },
    /// Something is not in this clone, which may hold only a part.
    #[error(
        "{what} is not in this clone; when it is a shallow or partial one, `git fetch --unshallow` or \
         `git fetch --refetch` fetches the rest, else `git fsck` shows what is lost"
    )]
    Missing {
        /// What was being read.
        what: String,
    },
    /// More than a limit allows.
    #[error("{what}: {found} is more than the limit of {limit} (`{option}`); {mend}")]
    TooLarge {
        /// What is too large.
        what: String,
        /// How much there is, as far as it was counted.
        found: u64,
        /// The limit.
        limit: u64,
        /// The name of the limit.
        option: &'static str,
        /// How to mend it.
        mend: &'static str,
    },
    /// A patch that is not well formed.
    #[error("line {line} of the patch: {problem}")]
    Patch {
        /// The line of the patch, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A path that cannot be scanned.
    #[error("{}: {problem}", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file could not be read.
    #[error("{} cannot be read", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system reported.
        #[source]
        source: std::io::Error,
    },
    /// The address or the references of what is to be fetched make no sense.
    #[error("cannot be fetched: {problem}")]
    Url {
        /// What is wrong.
        problem: String,
    },
    /// A repository elsewhere could not be fetched.
    #[error("{url} cannot be fetched")]
    Fetch {
        /// The repository.
        url: String,
        /// Whose fault it was.
        kind: ErrorKind,
        /// What the other side or the git library reported.
        #[source]
        source: Source,
    },
    /// A mistake in this program or a library it uses.
    #[error("reading the change failed unexpectedly, which is a mistake in Assay: {what}")]
    Internal {
        /// What is known about it.
        what: String,
    },
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

impl Error {
    /// Returns which of the closed set of kinds the error is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Url { .. } | Self::NoWorkTree { .. } | Self::Open { .. } | Self::Patch { .. } => {
                ErrorKind::Invalid
            }
            Self::Damaged { .. } => ErrorKind::Invalid,
            Self::NotARepository { .. } | Self::Revision { .. } => ErrorKind::NotFound,
            Self::Missing { .. } | Self::Path { .. } => ErrorKind::NotFound,
            Self::TooLarge { .. } => ErrorKind::Denied,
            Self::Fetch { kind, .. } => *kind,
            Self::Io { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                std::io::ErrorKind::PermissionDenied => ErrorKind::Denied,
                _ => ErrorKind::Internal,
            },
            Self::Internal { .. } => ErrorKind::Internal,
        }
    }

    /// An object of the repository that should be readable is not.
    pub(crate) fn object(what: impl Into<String>, error: gix::Error) -> Self {
        let what = what.into();
        if error.is_not_found() {
            Self::Missing { what }
        } else {
            Self::damaged(what, error)
        }
    }

    /// Something in the repository that should be readable is not.
    pub(crate) fn damaged(what: impl Into<String>, source: impl Into<Source>) -> Self {
        Self::Damaged {
            what: what.into(),
            source: source.into(),
        }
    }
}
