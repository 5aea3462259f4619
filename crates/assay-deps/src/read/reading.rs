//! What every reader works with: the text, the files beside it, and the packages
//! and problems that come out.

use assay_source::{RepoPath, Span};

use crate::document::Flaw;
use crate::package::{
    Ecosystem, FileKind, FileProblem, InstallScript, Package, PackageFile, PackageSource,
};

/// The largest file that is read; the largest lockfiles of public projects have
/// about 5 MB.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// The most packages of one file that are kept.
const PACKAGES_MAX: usize = 200_000;

/// The most problems of one file that are kept.
const PROBLEMS_MAX: usize = 50;

/// The files that a package file stands with.
pub trait Neighbours {
    /// Returns the text of a file, if it is there and is text.
    fn text(&self, path: &RepoPath) -> Option<String>;
}

/// Knows no other file.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNeighbours;

impl Neighbours for NoNeighbours {
    fn text(&self, _: &RepoPath) -> Option<String> {
        None
    }
}

/// One file being read.
pub(crate) struct Reading<'a> {
    pub(crate) path: &'a RepoPath,
    pub(crate) text: &'a str,
    pub(crate) packages: Vec<Package>,
    pub(crate) install_scripts: Vec<InstallScript>,
    problems: Vec<FileProblem>,
    problems_left_out: usize,
    packages_left_out: usize,
    neighbours: &'a dyn Neighbours,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(path: &'a RepoPath, text: &'a str, neighbours: &'a dyn Neighbours) -> Self {
        Self {
            path,
            text,
            packages: Vec::new(),
            install_scripts: Vec::new(),
            problems: Vec::new(),
            problems_left_out: 0,
            packages_left_out: 0,
            neighbours,
        }
    }

    /// Returns whether the text is small enough; says so when it is not.
    pub(crate) fn fits(&mut self) -> bool {
        let fits = self.text.len() <= TEXT_BYTES_MAX;
        if !fits {
            let mb = TEXT_BYTES_MAX >> 20;
            self.problem(
                None,
                format!("the file is larger than {mb} MB and was not read"),
            );
        }
        fits
    }

    /// Keeps a package; returns its index unless there are too many.
    pub(crate) fn add(&mut self, package: Package) -> Option<u32> {
        if self.packages.len() == PACKAGES_MAX {
            self.packages_left_out += 1;
            return None;
        }
        self.packages.push(package);
        Some(self.packages.len() as u32 - 1)
    }

    /// Notes that one package asks for another.
    pub(crate) fn link(&mut self, parent: u32, child: u32) {
        if parent != child
            && let Some(package) = self.packages.get_mut(child as usize)
        {
            package.parents.push(parent);
        }
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut Package> {
        self.packages.get_mut(index as usize)
    }

    pub(crate) fn problem(&mut self, span: impl Into<Option<Span>>, message: impl Into<String>) {
        if self.problems.len() == PROBLEMS_MAX {
            self.problems_left_out += 1;
            return;
        }
        self.problems.push(FileProblem {
            span: span.into(),
            message: message.into(),
        });
    }

    /// Notes what is wrong with the text as a whole.
    pub(crate) fn flaw(&mut self, flaw: Option<Flaw>) {
        if let Some(flaw) = flaw {
            let message = format!(
                "the file is damaged here ({}): packages after this place may be missing; \
                 mend it or have its tool write it again",
                flaw.message
            );
            self.problem(flaw.span, message);
        }
    }

    /// Notes that the format is newer or older than what is understood.
    pub(crate) fn unknown_version(&mut self, span: impl Into<Option<Span>>, version: &str) {
        let version: String = version.chars().take(20).collect();
        self.problem(
            span,
            format!("version `{version}` of this format is not known: packages may be missing"),
        );
    }

    /// Returns the text of a file by its path relative to this file's folder.
    pub(crate) fn beside(&self, relative: &str) -> Option<(RepoPath, String)> {
        let path = resolve(self.path, relative)?;
        let text = self.text_of(&path)?;
        Some((path, text))
    }

    /// Returns the text of a file of the tree.
    pub(crate) fn text_of(&self, path: &RepoPath) -> Option<String> {
        let text = self.neighbours.text(path)?;
        (text.len() <= TEXT_BYTES_MAX).then_some(text)
    }

    pub(crate) fn finish(mut self, kind: FileKind) -> PackageFile {
        for package in &mut self.packages {
            package.parents.sort_unstable();
            package.parents.dedup();
        }
        let left_out = [
            (self.packages_left_out, "packages"),
            (self.problems_left_out, "problems"),
        ];
        for (count, what) in left_out {
            if count > 0 {
                self.problems.push(FileProblem {
                    span: None,
                    message: format!("{count} further {what} of this file were left out"),
                });
            }
        }
        PackageFile {
            path: self.path.clone(),
            kind,
            packages: self.packages,
            problems: self.problems,
            install_scripts: self.install_scripts,
        }
    }
}

/// Resolves a path relative to the folder of a file; none when it leaves the
/// tree.
pub(crate) fn resolve(from: &RepoPath, relative: &str) -> Option<RepoPath> {
    let relative = relative.trim();
    if relative.starts_with('/') || relative.contains(':') {
        return None;
    }
    let mut parts: Vec<&[u8]> = from.parts().collect();
    parts.pop();
    for part in relative.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part.as_bytes()),
        }
    }
    Some(RepoPath::from_bytes(parts.join(&b'/')))
}

/// Makes a package with its version.
pub(crate) fn pinned(
    ecosystem: Ecosystem,
    name: impl Into<String>,
    version: impl Into<String>,
    span: Span,
) -> Package {
    Package {
        version: Some(version.into()),
        ..Package::new(ecosystem, name, span)
    }
}

/// Tells from a URL where content comes from.
pub(crate) fn source_of_url(url: &str) -> PackageSource {
    if url.starts_with("git") || url.contains(".git#") || url.ends_with(".git") {
        PackageSource::Git(url.to_owned())
    } else {
        PackageSource::Url(url.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use assay_source::RepoPath;

    use super::resolve;

    #[test]
    fn relative_paths_stay_in_the_tree() {
        for (from, relative, expected) in [
            ("a/b/pom.xml", "../pom.xml", Some("a/pom.xml")),
            ("pom.xml", "../pom.xml", None),
            ("a/x.txt", "./b//c.txt", Some("a/b/c.txt")),
            ("a/x.txt", "/etc/passwd", None),
            ("a/x.csproj", "..\\b\\y.props", Some("b/y.props")),
            ("x.txt", "https://example.org/r.txt", None),
        ] {
            let found = resolve(&RepoPath::from(from), relative);
            assert_eq!(found, expected.map(RepoPath::from), "{from} {relative}");
        }
    }
}
