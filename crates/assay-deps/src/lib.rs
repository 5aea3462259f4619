//! The packages that a project depends on, and what is known against them.
//!
//! Start at [`read`], which turns a manifest, a lockfile or a package list into
//! a [`PackageFile`].
//!
//! Invariant: nothing here does I/O or fails on bad input: what a file does not
//! say or what was not understood is a [`FileProblem`] next to the packages,
//! never a shorter list.
//! Must not know: the disk, the network, changes, who asked.

mod document;
mod graph;
mod package;
mod read;
mod version;

pub use graph::Paths;
pub use package::{
    Ecosystem, FileKind, FileProblem, FileRole, Package, PackageFile, PackageSource,
};
pub use read::{Neighbours, NoNeighbours, read, read_beside, recognise};
pub use version::{VERSION_BYTES_MAX, VersionOrder};
