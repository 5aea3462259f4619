//! Lists a whole folder, or one file, as a change from nothing.

use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_source::{
    Attributes, Change, ChangeStatus, ContentId, FileChange, FileKind, FileVersion, RepoPath,
};

use crate::attribute::AttributeFiles;
use crate::disk::{Root, to_bytes};
use crate::error::Error;
use crate::input::Options;
use crate::model::{kind_of_index_entry, object_content};
use crate::open::{Base, Opened, ignores, open_root};
use crate::repo::Repo;
use crate::store::{Listing, Store};
use crate::walk::{Ignores, Skipped, TrackedPaths, Visitor, Walk, Walked, is_executable, join};

/// Opens a folder or a file for a scan.
pub(crate) fn open_scan(cwd: &Path, path: &Path, options: &Options) -> Result<Opened, Error> {
    let full = cwd.join(path);
    let wrong = |problem: &str| Error::Path {
        path: path.to_owned(),
        problem: problem.to_owned(),
    };
    let metadata = match std::fs::metadata(&full) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(wrong("there is no such file or folder"));
        }
        Err(source) => return Err(Error::Io { path: full, source }),
    };
    // A link that the user names is followed; those below are not.
    let full = full.canonicalize().map_err(|source| Error::Io {
        path: full.clone(),
        source,
    })?;
    let (folder, file) = if metadata.is_dir() {
        (full.as_path(), None)
    } else if metadata.is_file() {
        let folder = full.parent().ok_or_else(|| wrong("it is in no folder"))?;
        (folder, full.file_name().map(to_bytes))
    } else {
        return Err(wrong("it is neither a file nor a folder"));
    };
    let repo = Repo::discover(folder, options)?;
    if let Some(repo) = &repo
        && repo.holds(folder)
    {
        return Err(wrong(
            "it holds git's own data, and no file of a project; name a working tree, or review \
             commits with `assay review BASE..HEAD`",
        ));
    }
    let repo = repo.filter(|repo| {
        let root = repo.work_tree.as_deref();
        root.is_some_and(|root| folder.starts_with(root))
    });
    let title = format!("all files in {}", path.display());
    let listed = match &repo {
        Some(repo) => list_repository(repo, folder, file.as_deref(), options)?,
        None => list_folder(folder, file.as_deref(), options)?,
    };
    finish(listed, title, options)
}

/// Lists the files of a folder.
pub(crate) fn list(folder: &Path, options: &Options) -> Result<Vec<FileVersion>, Error> {
    let repo = Repo::discover(folder, options)?.filter(|repo| repo.work_tree.is_some());
    let listed = match &repo {
        Some(repo) => list_repository(repo, folder, None, options)?,
        None => list_folder(folder, None, options)?,
    };
    Ok(listed.files)
}

/// The files of a scan, before they are a change.
struct Listed {
    root: Arc<Root>,
    files: Vec<FileVersion>,
    notes: Vec<String>,
}

/// Lists a folder that is in a repository: tracked files that are on disk, and
/// those that are not ignored.
fn list_repository(
    repo: &Repo,
    folder: &Path,
    file: Option<&[u8]>,
    options: &Options,
) -> Result<Listed, Error> {
    let top = repo.require_work_tree()?;
    let root = open_root(top)?;
    let below = folder.strip_prefix(top).unwrap_or(Path::new(""));
    let below = to_bytes(below.as_os_str());
    let index = repo.index()?;
    let mut files = Vec::new();
    let mut notes = Vec::new();
    if let Some(name) = file {
        let path = join(&below, name);
        files.extend(
            root.kind(&path)
                .map(|kind| version(&path, kind, ContentId::Disk)),
        );
        return Ok(Listed { root, files, notes });
    }
    let tracked = TrackedPaths::new(&index, repo.boolean("core.ignoreCase", false));
    let walk = Walk {
        root: &root,
        tracked: Some(&tracked),
        ignore_files: &[b".gitignore"],
        skip_repositories: true,
        limits: &options.limits,
    };
    let outer = outer_ignores(&root, Arc::new(ignores(repo, options)), &below, options);
    let (walked, listings) = walk.run(&below, outer, visitors(&index, options))?;
    files.extend(listings.into_iter().flat_map(|listing| listing.files));
    add_walked(walked, &mut files, &mut notes);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(Listed { root, files, notes })
}

/// The tracked files that a walk comes by.
struct TrackedFiles<'a> {
    index: &'a gix::index::State,
    files: Vec<FileVersion>,
}

fn visitors<'a>(index: &'a gix::index::State, options: &Options) -> Vec<TrackedFiles<'a>> {
    (0..options.thread_count())
        .map(|_| TrackedFiles {
            index,
            files: Vec::new(),
        })
        .collect()
}

impl Visitor for TrackedFiles<'_> {
    fn tracked(&mut self, position: usize, entry: &DirEntry) {
        let known = &self.index.entries()[position];
        let path = known.path(self.index);
        let Ok(metadata) = entry.metadata() else {
            return;
        };
        let is_submodule = kind_of_index_entry(known.mode) == Some(FileKind::Submodule);
        if is_submodule && metadata.is_dir() {
            self.files
                .push(version(path, FileKind::Submodule, object_content(known.id)));
        } else if metadata.is_symlink() {
            self.files
                .push(version(path, FileKind::Symlink, ContentId::Disk));
        } else if metadata.is_file() {
            let executable = is_executable(&metadata);
            let kind = if executable {
                FileKind::Executable
            } else {
                FileKind::File
            };
            self.files.push(version(path, kind, ContentId::Disk));
        }
    }
}

/// Enters the folders down to the one that is scanned, for their ignore files.
fn outer_ignores(
    root: &Root,
    ignores: Arc<Ignores>,
    below: &[u8],
    options: &Options,
) -> Arc<Ignores> {
    let mut ignores = ignores;
    let ends = below
        .iter()
        .enumerate()
        .filter(|&(_, &b)| b == b'/')
        .map(|(at, _)| at);
    if below.is_empty() {
        return ignores;
    }
    for end in std::iter::once(0).chain(ends) {
        let folder = &below[..end];
        let file = join(folder, b".gitignore");
        if let Ok(content) = root.read_file(&file, options.limits.attributes_bytes_max) {
            ignores = ignores.enter(folder, &[content]);
        }
    }
    ignores
}

/// Lists a folder that is in no repository.
fn list_folder(folder: &Path, file: Option<&[u8]>, options: &Options) -> Result<Listed, Error> {
    let root = open_root(folder)?;
    let walk = Walk {
        root: &root,
        tracked: None,
        ignore_files: &[b".gitignore", b".ignore"],
        skip_repositories: false,
        limits: &options.limits,
    };
    let mut files = Vec::new();
    let mut notes = Vec::new();
    match file {
        Some(name) => {
            files.extend(
                root.kind(name)
                    .map(|kind| version(name, kind, ContentId::Disk)),
            );
        }
        None => {
            let index = gix::index::State::new(gix::hash::Kind::Sha1);
            let outer = Arc::new(Ignores::new(&[], false));
            let (walked, _) = walk.run(b"", outer, visitors(&index, options))?;
            add_walked(walked, &mut files, &mut notes);
        }
    }
    Ok(Listed { root, files, notes })
}

fn add_walked(walked: Walked, files: &mut Vec<FileVersion>, notes: &mut Vec<String>) {
    let Walked {
        files: found,
        skipped,
    } = walked;
    files.extend(
        found
            .into_iter()
            .map(|(path, kind)| version(&path, kind, ContentId::Disk)),
    );
    notes.extend(Skipped::notes(skipped));
}

fn version(path: &[u8], kind: FileKind, content: ContentId) -> FileVersion {
    FileVersion {
        path: RepoPath::from_bytes(path),
        kind,
        content,
    }
}

fn finish(listed: Listed, title: String, options: &Options) -> Result<Opened, Error> {
    let Listed { root, files, notes } = listed;
    if files.len() > options.limits.scan_files_max {
        return Err(Error::TooLarge {
            what: "the number of files in the scan".to_owned(),
            found: files.len() as u64,
            limit: options.limits.scan_files_max as u64,
            option: "scan_files_max",
            mend: "scan a smaller folder, add what is not yours to an ignore file, or raise the limit",
        });
    }
    let mut attributes = AttributeFiles::new(b"", false);
    let bytes_max = options.limits.attributes_bytes_max;
    let mut look_up = |path: &[u8]| -> Attributes {
        let mut read =
            |file: &[u8]| Ok::<_, std::convert::Infallible>(root.read_file(file, bytes_max).ok());
        let Ok(found) = attributes.reviewed(path, &mut read);
        found
    };
    let changes = files
        .iter()
        .map(|file| FileChange {
            status: ChangeStatus::Added,
            base: None,
            head: Some(file.clone()),
            attributes: look_up(file.path.as_bytes()),
            patch: None,
        })
        .collect();
    let listing = files
        .into_iter()
        .filter(|file| file.kind != FileKind::Submodule)
        .collect();
    let mut store = Store::new(None, Listing::Files(listing), &options.limits);
    store.root = Some(Arc::clone(&root));
    let path: PathBuf = root.path().to_owned();
    Ok(Opened {
        change: Change {
            base: "empty tree".to_owned(),
            head: "files on disk".to_owned(),
            files: changes,
            notes,
            past: Vec::new(),
        },
        tree: Box::new(store),
        base: Base::Disk(root),
        root: Some(path),
        title,
    })
}
