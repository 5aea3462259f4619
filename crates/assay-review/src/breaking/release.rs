//! What a change says about itself as a release: whether its version may break
//! something, and which names its changelogs tell of.

use std::collections::HashSet;

use assay_source::{FileChange, SourceText};

use super::policy::words;
use crate::pipeline::Subject;

/// Bytes of a manifest or changelog that is read.
const BYTES_MAX: u64 = 4 << 20;

/// Whether manifests of the change raise the version so that it may break.
pub(super) fn says_major(subject: Subject<'_>) -> bool {
    let manifests = subject.change.files.iter().filter_map(|file| {
        let name = file.path().as_str()?;
        is_manifest(name).then(|| (name, texts(subject, file).map(Option::unwrap_or_default)))
    });
    bump_of(manifests)
}

/// Whether the versions of manifests, each with its base and head, are a breaking step.
fn bump_of<T: AsRef<str>>(manifests: impl Iterator<Item = (impl AsRef<str>, [T; 2])>) -> bool {
    let (mut dropped, mut new) = (Vec::new(), Vec::new());
    for (path, texts) in manifests {
        let path = path.as_ref();
        if !is_manifest(path) {
            continue;
        }
        let [base, head] = texts.map(|text| version_in(path, text.as_ref()));
        match (base, head) {
            (Some(base), Some(head)) if is_breaking_bump(base, head) => return true,
            (Some(base), None) => dropped.push(base),
            (None, Some(head)) => new.push(head),
            _ => {}
        }
    }
    // A version that moved from one manifest to another.
    let step = |base| new.iter().any(|head| is_breaking_bump(base, *head));
    dropped.into_iter().any(step)
}

fn is_manifest(path: &str) -> bool {
    const NAMES: &[&str] = &[
        "package.json",
        "cargo.toml",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "pom.xml",
        "gradle.properties",
        "build.gradle",
        "build.gradle.kts",
        "composer.json",
        "go.mod",
        "__init__.py",
        "__version__.py",
        "_version.py",
        "version.rb",
        "version.go",
        "version.py",
        "directory.build.props",
    ];
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let ends = [".gemspec", ".csproj"]
        .iter()
        .any(|end| name.ends_with(end));
    ends || NAMES.contains(&name.as_str())
}

/// Returns the version that a manifest gives, in the way of its kind.
fn version_in(path: &str, text: &str) -> Option<(u64, u64)> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.to_ascii_lowercase().as_str() {
        "go.mod" => {
            let line = text.lines().find_map(|line| line.strip_prefix("module "))?;
            let last = line.trim().trim_matches('"').rsplit('/').next()?;
            // Without a suffix it is the first.
            let major = last.strip_prefix('v').and_then(|major| major.parse().ok());
            Some((major.unwrap_or(1), 0))
        }
        "composer.json" => version_of(text).or_else(|| {
            let (_, aliases) = text.split_once("\"branch-alias\"")?;
            let (_, alias) = aliases.split('}').next()?.split_once(':')?;
            let alias = alias.split_once(':').map_or(alias, |(_, alias)| alias);
            let digits = alias.trim_start_matches([' ', '"', '\n', '\t']);
            let mut parts = digits.split(|c: char| !c.is_ascii_digit());
            let major = parts.next()?.parse().ok()?;
            Some((
                major,
                parts
                    .next()
                    .and_then(|minor| minor.parse().ok())
                    .unwrap_or(0),
            ))
        }),
        // `RELEASE = "3.0.1"` beside the version of a protocol.
        "version.rb" => {
            version_of(text).or_else(|| version_of(&text.replace("RELEASE", "VERSION")))
        }
        _ => version_of(text),
    }
}

/// Returns the first version that a manifest gives: major and minor.
fn version_of(text: &str) -> Option<(u64, u64)> {
    const LINES_MAX: usize = 400;
    text.lines().take(LINES_MAX).find_map(|line| {
        let lower = line.to_ascii_lowercase();
        let at = lower.find("version")?;
        // `rust-version`, `python_version`: those of something else.
        let before = &lower[..at];
        let is_other = before.ends_with(|c: char| c.is_alphanumeric() || c == '-')
            || before.ends_with('_') && !before.ends_with("__");
        if is_other && !before.ends_with("project_") && !before.ends_with("pom_") {
            return None;
        }
        let rest = &lower[at + "version".len()..];
        let rest = rest
            .strip_prefix("_name")
            .unwrap_or(rest)
            .trim_start_matches(['_', '"', '\'', ' ', ':', '=', '>', '(', 'v']);
        let mut parts = rest.split(|c: char| !c.is_ascii_digit());
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

/// Returns whether going from one version to the other says that something breaks.
fn is_breaking_bump(base: (u64, u64), head: (u64, u64)) -> bool {
    head.0 > base.0 || head.0 == 0 && base.0 == 0 && head.1 > base.1
}

fn texts(subject: Subject<'_>, file: &FileChange) -> [Option<String>; 2] {
    [&file.base, &file.head].map(|version| {
        let bytes = subject.tree.read(version.as_ref()?, BYTES_MAX).ok()?;
        Some(SourceText::decode(bytes).ok()?.as_str().to_owned())
    })
}

/// The words that the change adds to changelogs.
pub(super) fn told_in_changelogs(subject: Subject<'_>) -> HashSet<String> {
    let mut told = HashSet::new();
    for file in &subject.change.files {
        let Some(path) = file.path().as_str().map(str::to_ascii_lowercase) else {
            continue;
        };
        let name = path.rsplit('/').next().unwrap_or(&path);
        let is_changelog = [
            "change", "history", "news", "release", "upgrad", "migrat", "whatsnew",
        ]
        .iter()
        .any(|start| name.starts_with(start))
            || [
                "changelog/",
                "changes/",
                "newsfragments/",
                ".changeset/",
                "changelog.d/",
                "releasenotes/",
            ]
            .iter()
            .any(|folder| path.contains(folder));
        if !is_changelog {
            continue;
        }
        let [base, head] = texts(subject, file).map(Option::unwrap_or_default);
        let old: HashSet<&str> = base.lines().collect();
        let new = head.lines().filter(|line| !old.contains(line));
        told.extend(new.flat_map(words).map(str::to_owned));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::{bump_of, is_breaking_bump, version_of};

    #[test]
    fn versions_are_read_where_manifests_give_them() {
        for (text, expected) in [
            (
                "{\n  \"name\": \"a\",\n  \"version\": \"4.17.1\"\n}",
                Some((4, 17)),
            ),
            (
                "[package]\nname = \"a\"\nversion = \"0.8.2\"\n",
                Some((0, 8)),
            ),
            ("__version__ = \"2.31.0\"", Some((2, 31))),
            (
                "<project>\n<modelVersion>4.0.0</modelVersion>\n<version>2.10.1</version>",
                Some((2, 10)),
            ),
            ("rust-version = \"1.70\"\nversion = \"1.2.0\"", Some((1, 2))),
            ("VERSION_NAME=4.0.1-SNAPSHOT", Some((4, 0))),
            (
                "python_version = \"3.8\"\nversion = \"3.0.0\"",
                Some((3, 0)),
            ),
            ("nothing", None),
        ] {
            assert_eq!(version_of(text), expected, "{text}");
        }
        assert!(is_breaking_bump((1, 9), (2, 0)) && is_breaking_bump((0, 8), (0, 9)));
        assert!(!is_breaking_bump((1, 9), (1, 10)) && !is_breaking_bump((2, 0), (2, 0)));
    }

    #[test]
    fn a_major_version_is_said_in_several_ways() {
        for (files, expected) in [
            (
                &[(
                    "go.mod",
                    "module a.b/c/v4\n",
                    "module a.b/c/v5\n\ngo 1.24\n",
                )][..],
                true,
            ),
            (&[("go.mod", "module a.b/c\n", "module a.b/c/v2\n")], true),
            (
                &[(
                    "go.mod",
                    "module a.b/c/v2\n",
                    "module a.b/c/v2\n\ngo 1.24\n",
                )],
                false,
            ),
            (
                &[(
                    "composer.json",
                    r#"{"extra": {"branch-alias": {"dev-main": "2.x-dev"}}}"#,
                    r#"{"extra": {"branch-alias": {"dev-main": "3.x-dev"}}}"#,
                )],
                true,
            ),
            // The version moved from one manifest to another.
            (
                &[
                    ("src/a/__init__.py", "__version__ = '2.3.8'\n", "import b\n"),
                    (
                        "pyproject.toml",
                        "[project]\n",
                        "[project]\nversion = '3.0.0'\n",
                    ),
                ],
                true,
            ),
            (
                &[
                    ("src/a/__init__.py", "__version__ = '2.3.8'\n", "import b\n"),
                    (
                        "pyproject.toml",
                        "[project]\n",
                        "[project]\nversion = '2.4.0'\n",
                    ),
                ],
                false,
            ),
            (
                &[("src/other.py", "version = '1.0'\n", "version = '2.0'\n")],
                false,
            ),
        ] {
            let read = files
                .iter()
                .map(|(name, base, head)| (*name, [*base, *head]));
            assert_eq!(bump_of(read), expected, "{files:?}");
        }
    }
}
