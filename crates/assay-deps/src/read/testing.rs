//! How the tests of readers say what they expect: a line for each package.

use std::fmt::Write as _;

use assay_source::{LineMap, RepoPath};

use super::{Neighbours, read_beside};
use crate::package::{Package, PackageFile, PackageSource};

struct Texts<'a>(&'a [(&'a str, &'a str)]);

impl Neighbours for Texts<'_> {
    fn text(&self, path: &RepoPath) -> Option<String> {
        let found = self
            .0
            .iter()
            .find(|(name, _)| RepoPath::from(*name) == *path);
        found.map(|(_, text)| (*text).to_owned())
    }
}

/// Reads a text and compares it with lines such as
/// `12 name 1.0.0 [^1] direct dev licence:MIT script <parent git:url`; a problem
/// is `! line part of its message`.
pub(crate) fn check(path: &str, text: &str, expected: &str) {
    check_beside(path, text, &[], expected);
}

/// As [`check`], with other files beside.
pub(crate) fn check_beside(path: &str, text: &str, beside: &[(&str, &str)], expected: &str) {
    let file = read_texts(path, text, beside);
    let lines = LineMap::new(text);
    let mut found = String::new();
    for package in &file.packages {
        assert!(text.get(package.span.range()).is_some(), "{package:?}");
        let line = lines.line_of(package.span.start);
        let _ = writeln!(found, "{line} {}", describe(package, &file.packages));
    }
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    let (problems, packages): (Vec<&str>, Vec<&str>) = expected
        .into_iter()
        .filter(|line| !line.is_empty())
        .partition(|line| line.starts_with('!'));
    assert_eq!(
        found.lines().collect::<Vec<_>>(),
        packages,
        "{path}: {:?}",
        file.problems
    );
    assert_eq!(file.problems.len(), problems.len(), "{:?}", file.problems);
    for (problem, expected) in file.problems.iter().zip(problems) {
        let line = problem.span.map_or(0, |span| lines.line_of(span.start));
        let found = format!("! {line} {}", problem.message);
        let (place, part) = expected[2..].split_once(' ').unwrap_or((expected, ""));
        assert!(
            found.starts_with(&format!("! {place} ")) && found.contains(part),
            "{found}, not {expected}"
        );
    }
}

/// Reads a text with other files beside.
pub(crate) fn read_texts(path: &str, text: &str, beside: &[(&str, &str)]) -> PackageFile {
    read_beside(&RepoPath::from(path), text, &Texts(beside))
        .expect("the path is one of a package file")
}

fn describe(package: &Package, all: &[Package]) -> String {
    let mut out = format!(
        "{} {}",
        package.name,
        package.version.as_deref().unwrap_or("-")
    );
    if let Some(requirement) = &package.requirement {
        let _ = write!(out, " [{requirement}]");
    }
    for (flag, word) in [(package.direct, " direct"), (package.dev, " dev")] {
        out.push_str(if flag { word } else { "" });
    }
    if let Some(licence) = &package.licence {
        let _ = write!(out, " licence:{licence}");
    }
    out.push_str(if package.install_script {
        " script"
    } else {
        ""
    });
    for &parent in &package.parents {
        let _ = write!(out, " <{}", all[parent as usize].name);
    }
    let _ = match &package.source {
        PackageSource::Registry => Ok(()),
        PackageSource::Url(url) => write!(out, " url:{url}"),
        PackageSource::Git(url) => write!(out, " git:{url}"),
        PackageSource::Path(path) => write!(out, " path:{path}"),
    };
    out
}
