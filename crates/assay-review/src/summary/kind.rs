//! What kinds of files a change has: told by their names, and by what the review
//! found in them.

use assay_finding::{Coverage, FileEntry, Finding, Report, SkipReason};
use assay_source::RepoPath;

/// What a part of a change is about, in the order in which it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// What others rely on.
    Api,
    /// What the program does.
    Logic,
    /// Settings, pipelines, schemas.
    Configuration,
    /// Tests.
    Test,
    /// Words for people.
    Documentation,
    /// Packages that the project depends on.
    Dependency,
    /// What a program wrote, or others did.
    Generated,
    /// Anything else.
    Other,
}

impl PartKind {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Logic => "logic",
            Self::Configuration => "configuration",
            Self::Test => "tests",
            Self::Documentation => "documentation",
            Self::Dependency => "dependencies",
            Self::Generated => "generated",
            Self::Other => "other",
        }
    }
}

pub(super) fn kind_of(entry: &FileEntry, report: &Report, is_measured: bool) -> PartKind {
    if let Coverage::Skipped(
        SkipReason::Generated(_) | SkipReason::Vendored(_) | SkipReason::Minified,
    ) = entry.coverage
    {
        let is_lock = is_dependency_file(&entry.path);
        return if is_lock {
            PartKind::Dependency
        } else {
            PartKind::Generated
        };
    }
    let name = entry.path.to_display().to_ascii_lowercase();
    let file = name.rsplit('/').next().unwrap_or(&name);
    let ends = |list: &[&str]| list.iter().any(|end| file.ends_with(end));
    if is_dependency_file(&entry.path) {
        PartKind::Dependency
    } else if is_test(&name, file) {
        PartKind::Test
    } else if ends(&[".md", ".rst", ".txt", ".adoc"])
        || name.starts_with("docs/")
        || file.starts_with("license")
        || file.starts_with("change")
    {
        PartKind::Documentation
    } else if ends(&[
        ".yml",
        ".yaml",
        ".toml",
        ".json",
        ".ini",
        ".cfg",
        ".conf",
        ".properties",
        ".tf",
        ".xml",
        ".env",
    ]) || file.starts_with("dockerfile")
        || file.starts_with('.')
        || file == "makefile"
    {
        PartKind::Configuration
    } else if report
        .introduced()
        .any(|one| takes_away(one) && one.location.path == entry.path)
    {
        PartKind::Api
    } else if is_measured || entry.language.is_some() {
        PartKind::Logic
    } else {
        PartKind::Other
    }
}

fn is_dependency_file(path: &RepoPath) -> bool {
    let name = String::from_utf8_lossy(path.file_name()).to_ascii_lowercase();
    let exact = [
        "package.json",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "cargo.toml",
        "cargo.lock",
        "go.mod",
        "go.sum",
        "pyproject.toml",
        "poetry.lock",
        "uv.lock",
        "pipfile",
        "pipfile.lock",
        "setup.cfg",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "gemfile",
        "gemfile.lock",
        "composer.json",
        "composer.lock",
        "mix.exs",
        "mix.lock",
        "package.swift",
        "pubspec.yaml",
        "pubspec.lock",
    ];
    exact.contains(&name.as_str())
        || name.starts_with("requirements") && name.ends_with(".txt")
        || name.ends_with(".csproj")
        || name.ends_with(".gemspec")
}

fn is_test(path: &str, file: &str) -> bool {
    let folder = path.split('/').any(|part| {
        matches!(
            part,
            "test" | "tests" | "__tests__" | "spec" | "specs" | "testdata" | "e2e"
        )
    });
    let stem = file.split('.').next().unwrap_or(file);
    folder
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || stem.ends_with("test") && stem.len() > 4
        || file.contains(".test.")
        || file.contains(".spec.")
}

/// What is tested by a file, by its name: `test_app.py` is about `app`.
pub(super) fn stem_of(path: &RepoPath) -> String {
    let name = String::from_utf8_lossy(path.file_name()).to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or(&name).to_owned();
    let stem = stem.strip_prefix("test_").unwrap_or(&stem).to_owned();
    let ends = ["_test", "_spec", "tests", "test", "spec"];
    let cut = ends
        .iter()
        .find_map(|end| stem.strip_suffix(end))
        .filter(|rest| !rest.is_empty());
    cut.map_or(stem.clone(), |rest| {
        rest.trim_end_matches(['_', '-']).to_owned()
    })
}

/// Whether a finding says that others lose something.
pub(super) fn takes_away(finding: &Finding) -> bool {
    let rule = finding.rule.as_str();
    rule.starts_with("api/") || rule.starts_with("schema/")
}

pub(super) fn is_test_path(path: &RepoPath) -> bool {
    let name = path.to_display().to_ascii_lowercase();
    is_test(&name, name.rsplit('/').next().unwrap_or(&name))
}
