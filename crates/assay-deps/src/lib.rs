//! The packages that a project depends on, and what is known against them.
//!
//! Start at [`read`], which turns a manifest, a lockfile or a package list into
//! a [`PackageFile`]. [`read_osv`] and [`IndexBuilder`] turn advisories into an
//! [`AdvisoryIndex`], and a [`Checker`] says which of them are about a package.
//!
//! Invariant: nothing here does I/O or fails on bad input: what a file does not
//! say or what was not understood is a [`FileProblem`] next to the packages,
//! never a shorter list.
//! Must not know: the disk, the network, changes, who asked.

mod advisory;
mod cvss;
mod document;
mod graph;
mod hint;
mod index;
mod licence;
mod matching;
mod package;
mod purl;
mod read;
mod sbom;
mod tree;
mod version;

pub use advisory::{
    ADVISORY_BYTES_MAX, Advisory, AdvisoryKind, Assessment, Event, Hit, OsvDocument, OsvError,
    PackageAdvisory, read_osv,
};
pub use cvss::{CvssScore, CvssVersion, Rating};
pub use graph::Paths;
pub use hint::{Hint, HintInput, HintKind, hints};
pub use index::{
    AdvisoryIndex, INDEX_VERSION, IndexAbout, IndexBuilder, IndexBytes, IndexEcosystem, IndexError,
    IndexSource, IndexSummary,
};
pub use licence::{LicencePolicy, Verdict};
pub use matching::{Checked, Checker, Known, is_looked_up};
pub use package::{
    Ecosystem, FileKind, FileProblem, FileRole, InstallScript, Package, PackageFile, PackageSource,
};
pub use purl::Purl;
pub use read::{Neighbours, NoNeighbours, read, read_beside, recognise};
pub use sbom::{Project, cyclonedx};
pub use tree::{TreeFiles, is_copy};
pub use version::{VERSION_BYTES_MAX, VersionOrder};
