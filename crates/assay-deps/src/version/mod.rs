//! The order of versions, by the rules of each ecosystem's own specification.
//!
//! Advisories speak of ranges, and a version is in a range only by the order of
//! its ecosystem: `1.10` follows `1.9`, `1.0rc1` comes before `1.0` for Python
//! and after it for nobody, `1.0~1` before `1.0` for Debian only.
//!
//! Invariant: every order is total over all texts and never panics: what is no
//! version by the specification still has its place, so that matching an odd
//! version gives an answer and no error.

mod apk;
mod composer;
mod dpkg;
mod gem;
mod list;
mod maven;
mod pep440;
mod rpm;
mod semver;

use std::cmp::Ordering;

use crate::package::Ecosystem;

/// Longer versions are cut here; the longest that a registry accepts is 256.
pub const VERSION_BYTES_MAX: usize = 1024;

/// The rules by which two versions are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionOrder {
    /// Semantic versions, also with fewer or more parts and a leading `v`.
    Semver,
    /// Semantic versions in which build numbers count (Pub).
    Pub,
    /// Conan: as semantic versions, and a part may end in letters (`1.1.1k`).
    Conan,
    /// PEP 440, with the older order below it.
    Pep440,
    /// Maven's `ComparableVersion`.
    Maven,
    /// `Gem::Version`.
    RubyGems,
    /// NuGet: four parts, labels without regard to case.
    NuGet,
    /// Composer's normal form, compared as PHP does.
    Composer,
    /// Lists of numbers with dots (Hackage).
    Hackage,
    /// Lists of numbers with dots and hyphens (CRAN, Bioconductor).
    Cran,
    /// Debian's.
    Dpkg,
    /// Red Hat's.
    Rpm,
    /// Alpine's.
    Apk,
    /// None is known: the same text is the same version, and the rest is in the
    /// order of its bytes.
    Bytes,
}

impl VersionOrder {
    /// Every order.
    pub const ALL: &'static [Self] = &[
        Self::Semver,
        Self::Pub,
        Self::Conan,
        Self::Pep440,
        Self::Maven,
        Self::RubyGems,
        Self::NuGet,
        Self::Composer,
        Self::Hackage,
        Self::Cran,
        Self::Dpkg,
        Self::Rpm,
        Self::Apk,
        Self::Bytes,
    ];

    /// Returns the order of an ecosystem's versions.
    pub const fn of(ecosystem: Ecosystem) -> Self {
        match ecosystem {
            Ecosystem::Npm
            | Ecosystem::CratesIo
            | Ecosystem::Go
            | Ecosystem::Hex
            | Ecosystem::SwiftUrl
            | Ecosystem::CocoaPods
            | Ecosystem::GitHubActions => Self::Semver,
            Ecosystem::Pub => Self::Pub,
            Ecosystem::ConanCenter => Self::Conan,
            Ecosystem::PyPi => Self::Pep440,
            Ecosystem::Maven => Self::Maven,
            Ecosystem::RubyGems => Self::RubyGems,
            Ecosystem::NuGet => Self::NuGet,
            Ecosystem::Packagist => Self::Composer,
            Ecosystem::Hackage => Self::Hackage,
            Ecosystem::Cran | Ecosystem::Bioconductor => Self::Cran,
            Ecosystem::Debian | Ecosystem::Ubuntu => Self::Dpkg,
            Ecosystem::Rpm => Self::Rpm,
            Ecosystem::Alpine => Self::Apk,
            Ecosystem::Docker | Ecosystem::Other => Self::Bytes,
        }
    }

    /// Returns the order for an ecosystem as OSV names it, with or without a
    /// release (`Debian:12`); none when the ecosystem is not known.
    pub fn of_osv(name: &str) -> Option<Self> {
        let name = name.split(':').next().unwrap_or(name);
        if let Some(known) = Ecosystem::ALL
            .iter()
            .find(|ecosystem| ecosystem.has_advisories() && ecosystem.name() == name)
        {
            return Some(Self::of(*known));
        }
        Some(match name {
            "Bitnami" | "Julia" | "VSCode" | "Kubernetes" => Self::Semver,
            "GHC" => Self::Hackage,
            "Echo" | "Docker Hardened Images" => Self::Dpkg,
            "AlmaLinux" | "Rocky Linux" | "openSUSE" | "SUSE" | "Mageia" | "openEuler"
            | "Photon OS" | "Azure Linux" => Self::Rpm,
            "Wolfi" | "Chainguard" | "Alpaquita" | "BellSoft Hardened Containers" | "MinimOS" => {
                Self::Apk
            }
            _ => return None,
        })
    }

    /// Compares two versions.
    pub fn compare(self, a: &str, b: &str) -> Ordering {
        let (a, b) = (clipped(a), clipped(b));
        match self {
            Self::Semver => semver::compare(a, b, semver::Dialect::Loose),
            Self::Pub => semver::compare(a, b, semver::Dialect::Pub),
            Self::Conan => semver::compare(a, b, semver::Dialect::Conan),
            Self::NuGet => semver::compare(a, b, semver::Dialect::NuGet),
            Self::Pep440 => pep440::compare(a, b),
            Self::Maven => maven::compare(a, b),
            Self::RubyGems => gem::compare(a, b),
            Self::Composer => composer::compare(a, b),
            Self::Hackage => list::compare(a, b, &['.']),
            Self::Cran => list::compare(a, b, &['.', '-']),
            Self::Dpkg => dpkg::compare(a, b),
            Self::Rpm => rpm::compare(a, b),
            Self::Apk => apk::compare(a, b),
            Self::Bytes => a.cmp(b),
        }
    }
}

/// Takes off white space and what is longer than any version.
fn clipped(text: &str) -> &str {
    let text = text.trim();
    &text[..text.floor_char_boundary(VERSION_BYTES_MAX)]
}

/// Compares two runs of ASCII digits as numbers of any size.
fn compare_numbers(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Splits off the leading ASCII digits.
fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Returns whether a text is one or more ASCII digits.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
