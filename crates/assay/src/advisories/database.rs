//! The file of the advisory database: found in the user's cache, and read at the
//! places that are asked for.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use assay_deps::{AdvisoryIndex, IndexBytes};
use assay_review::AdvisorySource;

use crate::cache;

/// Names the database file, over the place in the user's cache.
const PATH_VARIABLE: &str = "ASSAY_ADVISORIES";
const FILE_NAME: &str = "advisories.db";

/// Returns where the database is: where the user says, else in the user's cache.
pub(crate) fn database_path(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    if let Some(path) = cache::variable(PATH_VARIABLE) {
        return Ok(path);
    }
    cache::folder()
        .map(|folder| folder.join(FILE_NAME))
        .with_context(|| {
            format!("there is no home folder; name the database with {PATH_VARIABLE} or --database")
        })
}

/// Opens the database; none when there is none.
pub(crate) fn open(path: &Path) -> anyhow::Result<Option<AdvisoryIndex>> {
    let broken = || {
        format!(
            "the advisory database {} cannot be used; `assay advisories update --fresh` makes a new one",
            path.display()
        )
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(broken),
    };
    let len = file.metadata().with_context(broken)?.len();
    let index = AdvisoryIndex::open(Box::new(FileBytes { file, len })).with_context(broken)?;
    Ok(Some(index))
}

/// Returns what a review asks about packages: a database that cannot be used is
/// said in the report, and the rest of the review is done.
pub(crate) fn source(named: Option<&Path>) -> AdvisorySource {
    if named == Some(Path::new("off")) {
        return AdvisorySource::Off;
    }
    match database_path(named).and_then(|path| open(&path)) {
        Ok(Some(index)) => AdvisorySource::Index(Arc::new(index)),
        Ok(None) => match named {
            Some(path) => {
                AdvisorySource::Broken(format!("there is no database {}", path.display()))
            }
            None => AdvisorySource::Missing,
        },
        Err(error) => AdvisorySource::Broken(format!("{error:#}")),
    }
}

/// A file that is read at the places that are asked for.
struct FileBytes {
    file: File,
    len: u64,
}

impl IndexBytes for FileBytes {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        // A length from a damaged table must not ask for more memory than there is file.
        if offset
            .checked_add(len as u64)
            .is_none_or(|end| end > self.len)
        {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; len];
        read_exact_at(&self.file, &mut bytes, offset)?;
        Ok(bytes)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    file.read_exact_at(bytes, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !bytes.is_empty() {
        match file.seek_read(bytes, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                bytes = &mut bytes[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}
