//! From the text of a manifest, a lockfile or a package list to its packages.
//! One module a format; the table here says which file name belongs to which.

use assay_source::RepoPath;

use crate::package::{FileKind, FileProblem, Package, PackageFile};

/// What a reader finds in a text.
type Found = (Vec<Package>, Vec<FileProblem>);

/// One format: how its files are recognised, and how they are read.
struct Reader {
    kind: FileKind,
    /// Whether a path is one; looks at the path only.
    claims: fn(&RepoPath) -> bool,
    read: fn(&RepoPath, &str) -> Found,
}

/// Every format; the first that claims a path reads it.
const READERS: &[Reader] = &[];

fn reader(path: &RepoPath) -> Option<&'static Reader> {
    READERS.iter().find(|reader| (reader.claims)(path))
}

/// Returns the kind of a file that names packages, by its path alone.
pub fn recognise(path: &RepoPath) -> Option<FileKind> {
    reader(path).map(|reader| reader.kind)
}

/// Reads the packages that a file names; none when it is no such file.
pub fn read(path: &RepoPath, text: &str) -> Option<PackageFile> {
    let reader = reader(path)?;
    let (packages, problems) = (reader.read)(path, text);
    Some(PackageFile {
        path: path.clone(),
        kind: reader.kind,
        packages,
        problems,
    })
}
