//! Which manifests have a lockfile beside or above them, which says more exactly
//! what is used.

use std::collections::{BTreeMap, BTreeSet};

use assay_deps::{FileRole, PackageFile, recognise};
use assay_source::FileVersion;

/// The kinds of lockfiles that go with a kind of manifest.
const LOCKED_BY: &[(&str, &[&str])] = &[
    (
        "package.json",
        &[
            "package-lock.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "bun.lock",
        ],
    ),
    ("Cargo.toml", &["Cargo.lock"]),
    (
        "pyproject.toml",
        &["poetry.lock", "uv.lock", "pdm.lock", "pylock.toml"],
    ),
    ("Pipfile", &["Pipfile.lock"]),
    ("composer.json", &["composer.lock"]),
    ("Gemfile", &["Gemfile.lock"]),
    (
        "MSBuild project",
        &["packages.lock.json", "project.assets.json"],
    ),
    ("build.gradle", &["gradle.lockfile"]),
    ("libs.versions.toml", &["gradle.lockfile"]),
    ("pubspec.yaml", &["pubspec.lock"]),
    ("mix.exs", &["mix.lock"]),
    ("Package.swift", &["Package.resolved"]),
    ("Podfile", &["Podfile.lock"]),
    ("conanfile.txt", &["conan.lock"]),
    ("conanfile.py", &["conan.lock"]),
];

/// The lockfiles of a tree.
pub(super) struct Lockfiles {
    /// The kinds in each folder.
    folders: BTreeMap<Vec<u8>, BTreeSet<&'static str>>,
}

impl Lockfiles {
    pub(super) fn new(list: &[FileVersion]) -> Self {
        let mut folders: BTreeMap<Vec<u8>, BTreeSet<&'static str>> = BTreeMap::new();
        for version in list {
            if let Some(kind) = recognise(&version.path)
                && kind.role == FileRole::Lockfile
            {
                let folder = folder(version.path.as_bytes()).to_vec();
                folders.entry(folder).or_default().insert(kind.name);
            }
        }
        Self { folders }
    }

    /// Returns the kind of lockfile that says what a manifest's packages are: in
    /// its folder or, for the members of a workspace, in one above it.
    pub(super) fn beside(&self, file: &PackageFile) -> Option<&'static str> {
        let (_, kinds) = LOCKED_BY
            .iter()
            .find(|(manifest, _)| *manifest == file.kind.name)?;
        let mut at = folder(file.path.as_bytes());
        loop {
            if let Some(here) = self.folders.get(at)
                && let Some(kind) = kinds.iter().find(|kind| here.contains(*kind))
            {
                return Some(kind);
            }
            if at.is_empty() {
                return None;
            }
            at = folder(at);
        }
    }
}

fn folder(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    &path[..end]
}
