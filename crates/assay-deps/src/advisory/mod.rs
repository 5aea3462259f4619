//! Advisories: what is known against the versions of a package.
//!
//! An [`Advisory`] is about one package. One published document that names
//! several packages becomes several of them.

mod affect;
mod osv;

pub use affect::Hit;
pub use osv::{ADVISORY_BYTES_MAX, OsvDocument, OsvError, PackageAdvisory, read_osv};

use crate::cvss::{CvssScore, Rating};
use crate::version::VersionOrder;

/// What an advisory says of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdvisoryKind {
    /// It can be attacked.
    Vulnerable,
    /// It was published in order to attack.
    Malicious,
    /// It lets safe code break memory, which nobody is known to attack (RustSec).
    Unsound,
    /// Nobody mends it any more.
    Unmaintained,
    /// Something else that its users should know.
    Notice,
}

impl AdvisoryKind {
    /// Every kind, in order.
    pub const ALL: &'static [Self] = &[
        Self::Vulnerable,
        Self::Malicious,
        Self::Unsound,
        Self::Unmaintained,
        Self::Notice,
    ];
}

/// A step on the line of versions of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Affected from this version on; `0` is before every version.
    Introduced(String),
    /// Not affected from this version on.
    Fixed(String),
    /// Affected up to and with this version.
    LastAffected(String),
    /// Nothing is said from this version on; `*` is no limit.
    Limit(String),
}

/// What an advisory says about one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// The identifier, such as `GHSA-...` or `RUSTSEC-...`.
    pub id: String,
    /// The same thing's identifiers elsewhere.
    pub aliases: Vec<String>,
    /// When it was last changed, as RFC 3339 text.
    pub modified: String,
    /// One line about it.
    pub summary: String,
    /// What it says of the package.
    pub kind: AdvisoryKind,
    /// Whether somebody doubts it.
    pub disputed: bool,
    /// CVSS vectors.
    pub vectors: Vec<String>,
    /// A rating in a word, where it has one.
    pub rating: Rating,
    /// Vectors and rating of an alias, for when it has none of its own.
    pub alias_vectors: Vec<String>,
    /// See `alias_vectors`.
    pub alias_rating: Rating,
    /// The release of the distribution that it is about (`12` of `Debian:12`).
    pub release: Option<String>,
    /// Ranges of affected versions; each is a list of events.
    pub ranges: Vec<Vec<Event>>,
    /// Affected versions, one by one.
    pub versions: Vec<String>,
}

/// How bad an advisory says it is, and by what.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// The rating.
    pub rating: Rating,
    /// The score and its vector, where the rating was computed.
    pub score: Option<(CvssScore, String)>,
}

impl Advisory {
    /// Returns how bad it is: by its own vectors, else its own word, else by those
    /// of an alias.
    pub fn assess(&self) -> Assessment {
        assess(&self.vectors, self.rating)
            .or_else(|| assess(&self.alias_vectors, self.alias_rating))
            .unwrap_or(Assessment {
                rating: Rating::Unknown,
                score: None,
            })
    }

    /// Takes out the versions that are named although a range covers them, which
    /// changes no answer.
    pub(crate) fn drop_covered_versions(&mut self, order: VersionOrder) {
        affect::drop_covered(self, order);
    }

    /// Returns whether and how a version is affected.
    pub fn hit(&self, order: VersionOrder, version: &str) -> Option<Hit> {
        affect::hit(self, order, version)
    }
}

/// The newest version of CVSS that there is a vector in decides.
fn assess(vectors: &[String], rating: Rating) -> Option<Assessment> {
    let scored = vectors
        .iter()
        .filter_map(|vector| Some((CvssScore::of(vector)?, vector.clone())))
        .max_by(|(a, _), (b, _)| {
            (a.version, a.value)
                .partial_cmp(&(b.version, b.value))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
    match scored {
        Some(score) => Some(Assessment {
            rating: score.0.rating(),
            score: Some(score),
        }),
        None => (rating != Rating::Unknown).then_some(Assessment {
            rating,
            score: None,
        }),
    }
}
