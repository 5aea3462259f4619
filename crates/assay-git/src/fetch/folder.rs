//! The bare repository that a fetch writes into. Whoever wrote to it last may have
//! been killed at any moment: what they left behind is put away first.
//!
//! Invariant: the caller holds the folder's lock, so nobody else writes to it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Folders below one another that are looked through for what was left behind; no
/// reference has more parts.
const DEPTH_MAX: usize = 64;

/// Opens the repository in the folder as one of ours: only what is set here
/// counts, no configuration of the user or the system. One that is not whole is put
/// aside and made anew: it is a copy of what is elsewhere.
/// No object that is read or written there is larger than the limit.
pub(super) fn open_or_make(folder: &Path, object_bytes_max: u64) -> Result<gix::Repository, Error> {
    let options = || options(object_bytes_max);
    let io_error = |source| Error::Io {
        path: folder.to_owned(),
        source,
    };
    if folder.join("HEAD").exists() {
        clear(folder).map_err(io_error)?;
        if let Ok(repository) = options().open(folder) {
            return Ok(repository.into());
        }
    }
    // What is made whole and then moved was never half made.
    let new = beside(folder, ".new");
    remove(&new).map_err(io_error)?;
    let made = gix::ThreadSafeRepository::init_opts(
        &new,
        gix::create::Kind::Bare,
        gix::create::Options::default(),
        options(),
    );
    made.map_err(|error: gix::Error| Error::Open {
        path: folder.to_owned(),
        problem: "a bare repository cannot be made there".to_owned(),
        source: error.into(),
    })?;
    put_aside(folder).map_err(io_error)?;
    fs::rename(&new, folder).map_err(io_error)?;
    let opened = options().open(folder).map(Into::into);
    opened.map_err(|error: gix::Error| Error::Open {
        path: folder.to_owned(),
        problem: "delete the folder; the next fetch makes it again".to_owned(),
        source: error.into(),
    })
}

fn options(object_bytes_max: u64) -> gix::open::Options {
    let settings = [
        "core.logAllRefUpdates=false".to_owned(),
        "protocol.version=2".to_owned(),
        format!("gitoxide.objects.allocLimit={object_bytes_max}"),
    ];
    gix::open::Options::isolated()
        .open_path_as_is(true)
        .config_overrides(settings.map(gix::bstr::BString::from))
}

fn beside(folder: &Path, end: &str) -> PathBuf {
    let mut path = OsString::from(folder);
    path.push(end);
    path.into()
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Moves what is in the way aside, where the next of its kind takes its place.
fn put_aside(folder: &Path) -> io::Result<()> {
    match fs::remove_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(()) => Ok(()),
        Err(_) => {
            let broken = beside(folder, ".broken");
            remove(&broken)?;
            fs::rename(folder, broken)
        }
    }
}

/// Deletes the locks and the unfinished files of whoever was killed.
fn clear(folder: &Path) -> io::Result<()> {
    let is_lock = |name: &OsStr| name.as_encoded_bytes().ends_with(b".lock");
    let is_unfinished = |name: &OsStr| {
        let bytes = name.as_encoded_bytes();
        bytes.starts_with(b".tmp") || bytes.starts_with(b"tmp_") || is_lock(name)
    };
    clear_files(folder, 0, &is_lock)?;
    clear_files(&folder.join("refs"), DEPTH_MAX, &is_lock)?;
    clear_files(&folder.join("objects/pack"), 0, &is_unfinished)
}

fn clear_files(
    folder: &Path,
    depth_max: usize,
    is_left: &dyn Fn(&OsStr) -> bool,
) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry: DirEntry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && depth_max > 0 {
            clear_files(&entry.path(), depth_max - 1, is_left)?;
        } else if kind.is_file() && is_left(&entry.file_name()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
