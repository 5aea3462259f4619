//! From the text of a manifest, a lockfile or a package list to its packages.
//! One module a format; the table here says which file name belongs to which.

mod cargo;
mod cocoapods;
mod composer;
mod conan;
mod dart;
mod docker;
mod elixir;
mod go;
mod java;
mod javascript;
mod nuget;
mod python;
mod reading;
mod ruby;
mod sbom;
mod swift;
#[cfg(test)]
mod testing;
mod workflow;

use assay_source::RepoPath;

use crate::package::{FileKind, FileRole, PackageFile};

pub(crate) use reading::Reading;
pub use reading::{Neighbours, NoNeighbours};

/// The path of a file as the readers' claims look at it.
struct Name<'a> {
    /// The last part.
    file: &'a str,
    /// Everything before it, without a slash at the end.
    folder: &'a str,
}

impl Name<'_> {
    /// Returns the last part of the folder.
    fn parent(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or("")
    }
}

/// One format: how its files are recognised, and how they are read.
struct Reader {
    kind: FileKind,
    /// Whether a path is one; looks at the path only.
    claims: fn(&Name<'_>) -> bool,
    read: fn(&mut Reading<'_>),
}

const fn manifest(
    name: &'static str,
    claims: fn(&Name<'_>) -> bool,
    read: fn(&mut Reading<'_>),
) -> Reader {
    reader(name, FileRole::Manifest, claims, read)
}

const fn lockfile(
    name: &'static str,
    claims: fn(&Name<'_>) -> bool,
    read: fn(&mut Reading<'_>),
) -> Reader {
    reader(name, FileRole::Lockfile, claims, read)
}

const fn reader(
    name: &'static str,
    role: FileRole,
    claims: fn(&Name<'_>) -> bool,
    read: fn(&mut Reading<'_>),
) -> Reader {
    let kind = FileKind { name, role };
    Reader { kind, claims, read }
}

/// Every format; the first that claims a path reads it.
const READERS: &[Reader] = &[
    manifest(
        "package.json",
        |name| name.file == "package.json",
        javascript::package_json::read,
    ),
    lockfile(
        "package-lock.json",
        |name| matches!(name.file, "package-lock.json" | "npm-shrinkwrap.json"),
        javascript::package_lock::read,
    ),
    lockfile(
        "yarn.lock",
        |name| name.file == "yarn.lock",
        javascript::yarn::read,
    ),
    lockfile(
        "pnpm-lock.yaml",
        |name| name.file == "pnpm-lock.yaml",
        javascript::pnpm::read,
    ),
    lockfile(
        "bun.lock",
        |name| name.file == "bun.lock",
        javascript::bun::read,
    ),
    manifest(
        "Cargo.toml",
        |name| name.file == "Cargo.toml",
        cargo::read_manifest,
    ),
    lockfile(
        "Cargo.lock",
        |name| name.file == "Cargo.lock",
        cargo::read_lock,
    ),
    manifest("go.mod", |name| name.file == "go.mod", go::read_mod),
    lockfile("go.sum", |name| name.file == "go.sum", go::read_sum),
    manifest("pom.xml", |name| name.file == "pom.xml", java::maven::read),
    lockfile(
        "gradle.lockfile",
        |name| {
            name.file == "gradle.lockfile"
                || (name.parent() == "dependency-locks" && name.file.ends_with(".lockfile"))
        },
        java::gradle::read_lock,
    ),
    lockfile(
        "verification-metadata.xml",
        |name| name.file == "verification-metadata.xml",
        java::gradle::read_verification,
    ),
    manifest(
        "libs.versions.toml",
        |name| name.file.ends_with(".versions.toml"),
        java::gradle::read_catalogue,
    ),
    manifest(
        "build.gradle",
        |name| name.file.ends_with(".gradle") || name.file.ends_with(".gradle.kts"),
        java::gradle_build::read,
    ),
    manifest(
        "requirements.txt",
        |name| python::requirements::claims(name.file, name.parent()),
        python::requirements::read,
    ),
    manifest(
        "pyproject.toml",
        |name| name.file == "pyproject.toml",
        python::pyproject::read,
    ),
    manifest(
        "setup.cfg",
        |name| name.file == "setup.cfg",
        python::setup::read_cfg,
    ),
    manifest(
        "setup.py",
        |name| name.file == "setup.py",
        python::setup::read_py,
    ),
    manifest(
        "Pipfile",
        |name| name.file == "Pipfile",
        python::pipfile::read,
    ),
    lockfile(
        "Pipfile.lock",
        |name| name.file == "Pipfile.lock",
        python::pipfile::read_lock,
    ),
    lockfile(
        "poetry.lock",
        |name| name.file == "poetry.lock",
        python::lock::read_poetry,
    ),
    lockfile(
        "uv.lock",
        |name| name.file == "uv.lock",
        python::lock::read_uv,
    ),
    lockfile(
        "pdm.lock",
        |name| name.file == "pdm.lock",
        python::lock::read_pdm,
    ),
    lockfile(
        "pylock.toml",
        |name| name.file.starts_with("pylock.") && name.file.ends_with(".toml"),
        python::lock::read_pylock,
    ),
    manifest(
        "composer.json",
        |name| name.file == "composer.json",
        composer::read_manifest,
    ),
    lockfile(
        "composer.lock",
        |name| name.file == "composer.lock",
        composer::read_lock,
    ),
    manifest(
        "Gemfile",
        |name| matches!(name.file, "Gemfile" | "gems.rb") || name.file.ends_with(".gemspec"),
        ruby::read_manifest,
    ),
    lockfile(
        "Gemfile.lock",
        |name| matches!(name.file, "Gemfile.lock" | "gems.locked"),
        ruby::read_lock,
    ),
    manifest(
        "MSBuild project",
        |name| {
            let ends = [".csproj", ".fsproj", ".vbproj", ".props", ".targets"];
            ends.iter().any(|end| name.file.ends_with(end))
        },
        nuget::read_project,
    ),
    manifest(
        "packages.config",
        |name| name.file == "packages.config",
        nuget::read_config,
    ),
    lockfile(
        "packages.lock.json",
        |name| name.file == "packages.lock.json",
        nuget::read_lock,
    ),
    lockfile(
        "project.assets.json",
        |name| name.file == "project.assets.json",
        nuget::read_assets,
    ),
    manifest(
        "GitHub workflow",
        |name| {
            let is_yaml = name.file.ends_with(".yml") || name.file.ends_with(".yaml");
            let in_workflows =
                name.folder == ".github/workflows" || name.folder.ends_with("/.github/workflows");
            is_yaml && (in_workflows || matches!(name.file, "action.yml" | "action.yaml"))
        },
        workflow::read,
    ),
    manifest("Dockerfile", |name| docker::claims(name.file), docker::read),
    manifest(
        "compose file",
        |name| docker::claims_compose(name.file),
        docker::read_compose,
    ),
    manifest(
        "pubspec.yaml",
        |name| matches!(name.file, "pubspec.yaml" | "pubspec.yml"),
        dart::read_manifest,
    ),
    lockfile(
        "pubspec.lock",
        |name| name.file == "pubspec.lock",
        dart::read_lock,
    ),
    manifest(
        "mix.exs",
        |name| name.file == "mix.exs",
        elixir::read_manifest,
    ),
    lockfile(
        "mix.lock",
        |name| name.file == "mix.lock",
        elixir::read_lock,
    ),
    manifest(
        "Package.swift",
        |name| name.file == "Package.swift",
        swift::read_manifest,
    ),
    lockfile(
        "Package.resolved",
        |name| name.file == "Package.resolved",
        swift::read_resolved,
    ),
    manifest(
        "Podfile",
        |name| name.file == "Podfile",
        cocoapods::read_manifest,
    ),
    lockfile(
        "Podfile.lock",
        |name| name.file == "Podfile.lock",
        cocoapods::read_lock,
    ),
    manifest(
        "conanfile.txt",
        |name| name.file == "conanfile.txt",
        conan::read_text,
    ),
    manifest(
        "conanfile.py",
        |name| name.file == "conanfile.py",
        conan::read_python,
    ),
    lockfile(
        "conan.lock",
        |name| name.file == "conan.lock",
        conan::read_lock,
    ),
    reader(
        "SBOM",
        FileRole::Sbom,
        |name| sbom::claims(name.file),
        sbom::read,
    ),
];

fn find_reader(path: &RepoPath) -> Option<&'static Reader> {
    // A name that is not UTF-8 is no format's.
    let file = std::str::from_utf8(path.file_name()).ok()?;
    let bytes = path.as_bytes();
    let folder = bytes.get(..bytes.len().saturating_sub(file.len() + 1));
    let folder = std::str::from_utf8(folder.unwrap_or_default()).unwrap_or("");
    let name = Name { file, folder };
    READERS.iter().find(|reader| (reader.claims)(&name))
}

/// Returns the kind of a file that names packages, by its path alone.
pub fn recognise(path: &RepoPath) -> Option<FileKind> {
    find_reader(path).map(|reader| reader.kind)
}

/// Reads the packages that a file names; none when it is no such file.
pub fn read(path: &RepoPath, text: &str) -> Option<PackageFile> {
    read_beside(path, text, &NoNeighbours)
}

/// Reads the packages that a file names and looks into the files that it stands
/// with, for what the format keeps there: a lockfile's manifest says what is
/// direct, a parent's project file which versions are meant.
pub fn read_beside(
    path: &RepoPath,
    text: &str,
    neighbours: &dyn Neighbours,
) -> Option<PackageFile> {
    let reader = find_reader(path)?;
    let mut reading = Reading::new(path, text, neighbours);
    if reading.fits() {
        (reader.read)(&mut reading);
    }
    Some(reading.finish(reader.kind))
}
