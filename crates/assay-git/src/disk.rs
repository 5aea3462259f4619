//! Reads files below a folder without ever leaving it: no symbolic link on the
//! way is followed, and nothing but a regular file is read.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use assay_source::{FileKind, ReadError, RepoPath};

/// The folder that all paths are below.
#[derive(Debug)]
pub(crate) struct Root {
    path: PathBuf,
    #[cfg(unix)]
    fd: std::os::fd::OwnedFd,
}

impl Root {
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            fd: File::open(path)?.into(),
            path: path.to_owned(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of a file for messages and for calls that do not
    /// follow links.
    pub(crate) fn join(&self, path: &[u8]) -> PathBuf {
        self.path.join(to_path(path))
    }

    /// Reads a file, or the path that a link holds.
    pub(crate) fn read(
        &self,
        path: &RepoPath,
        kind: FileKind,
        bytes_max: u64,
    ) -> Result<Vec<u8>, ReadError> {
        match kind {
            FileKind::Submodule => Err(ReadError::Absent),
            FileKind::Symlink => self.read_link(path.as_bytes(), bytes_max),
            FileKind::File | FileKind::Executable => self.read_file(path.as_bytes(), bytes_max),
        }
    }

    /// Reads a regular file of at most `bytes_max` bytes.
    pub(crate) fn read_file(&self, path: &[u8], bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        let (file, bytes) = self.open_file(path)?;
        if bytes > bytes_max {
            return Err(ReadError::TooLarge { bytes, bytes_max });
        }
        let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
        // The file may grow while it is read.
        file.take(bytes_max.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(|error| failed(&error))?;
        let bytes = content.len() as u64;
        if bytes > bytes_max {
            return Err(ReadError::TooLarge { bytes, bytes_max });
        }
        Ok(content)
    }

    /// Opens a regular file and returns it with its size.
    pub(crate) fn open_file(&self, path: &[u8]) -> Result<(File, u64), ReadError> {
        check_path(path)?;
        let file = self.open_no_follow(path)?;
        let metadata = file.metadata().map_err(|error| failed(&error))?;
        if !metadata.is_file() {
            return Err(ReadError::Failed("not a regular file".to_owned()));
        }
        Ok((file, metadata.len()))
    }

    /// Returns what is at a path; none when there is nothing that could be read.
    pub(crate) fn kind(&self, path: &[u8]) -> Option<FileKind> {
        check_path(path).ok()?;
        let mut at = self.path.clone();
        let mut parts = path.split(|&b| b == b'/').peekable();
        while let Some(part) = parts.next() {
            at.push(to_path(part));
            let metadata = std::fs::symlink_metadata(&at).ok()?;
            if parts.peek().is_some() {
                if !metadata.is_dir() {
                    return None;
                }
            } else if metadata.is_symlink() {
                return Some(FileKind::Symlink);
            } else if metadata.is_file() {
                let executable = crate::walk::is_executable(&metadata);
                return Some(if executable {
                    FileKind::Executable
                } else {
                    FileKind::File
                });
            }
        }
        None
    }

    /// Reads the path that a symbolic link holds.
    pub(crate) fn read_link(&self, path: &[u8], bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        check_path(path)?;
        let target = self.read_link_no_follow(path)?;
        let bytes = target.len() as u64;
        if bytes > bytes_max {
            return Err(ReadError::TooLarge { bytes, bytes_max });
        }
        Ok(target)
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::os::fd::OwnedFd;

    use assay_source::ReadError;
    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;

    use super::Root;

    // Without NONBLOCK, opening a pipe would wait for its other end.
    const FILE: OFlags = OFlags::RDONLY
        .union(OFlags::NOFOLLOW)
        .union(OFlags::NONBLOCK)
        .union(OFlags::NOCTTY)
        .union(OFlags::CLOEXEC);
    const FOLDER: OFlags = OFlags::RDONLY
        .union(OFlags::NOFOLLOW)
        .union(OFlags::DIRECTORY)
        .union(OFlags::CLOEXEC);

    impl Root {
        pub(super) fn open_no_follow(&self, path: &[u8]) -> Result<File, ReadError> {
            Ok(self.open_beneath(path, FILE)?.into())
        }

        pub(super) fn read_link_no_follow(&self, path: &[u8]) -> Result<Vec<u8>, ReadError> {
            let (folder, name) = match path.iter().rposition(|&b| b == b'/') {
                Some(slash) => (Some(&path[..slash]), &path[slash + 1..]),
                None => (None, path),
            };
            let link = match folder {
                Some(folder) => {
                    let folder = self.open_beneath(folder, FOLDER)?;
                    rustix::fs::readlinkat(&folder, name, Vec::new())
                }
                None => rustix::fs::readlinkat(&self.fd, name, Vec::new()),
            };
            link.map(std::ffi::CString::into_bytes).map_err(read_error)
        }

        /// Opens in one system call where the kernel can promise that no link
        /// is followed, part by part elsewhere.
        fn open_beneath(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, ReadError> {
            #[cfg(target_os = "linux")]
            {
                use rustix::fs::ResolveFlags;
                let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
                match rustix::fs::openat2(&self.fd, path, flags, Mode::empty(), resolve) {
                    // Old kernels do not know the call, some sandboxes forbid it.
                    Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => {}
                    // A link in place of the last folder: the other way tells it from a file.
                    Err(Errno::NOTDIR) if flags == FOLDER => {}
                    result => return result.map_err(read_error),
                }
            }
            self.open_by_part(path, flags)
        }

        pub(super) fn open_by_part(
            &self,
            path: &[u8],
            flags: OFlags,
        ) -> Result<OwnedFd, ReadError> {
            let mut folder: Option<OwnedFd> = None;
            let mut parts = path.split(|&b| b == b'/').peekable();
            while let Some(part) = parts.next() {
                let flags = if parts.peek().is_some() {
                    FOLDER
                } else {
                    flags
                };
                let opened = match &folder {
                    Some(folder) => rustix::fs::openat(folder, part, flags, Mode::empty()),
                    None => rustix::fs::openat(&self.fd, part, flags, Mode::empty()),
                };
                let opened =
                    opened.map_err(|error| self.part_error(error, folder.as_ref(), part))?;
                folder = Some(opened);
            }
            folder.ok_or(ReadError::Absent)
        }

        /// A link in place of a folder reports that it is no folder; tell it
        /// from a file in place of a folder.
        fn part_error(&self, error: Errno, folder: Option<&OwnedFd>, part: &[u8]) -> ReadError {
            use rustix::fs::{AtFlags, FileType};
            if error == Errno::NOTDIR {
                let stat = match folder {
                    Some(folder) => rustix::fs::statat(folder, part, AtFlags::SYMLINK_NOFOLLOW),
                    None => rustix::fs::statat(&self.fd, part, AtFlags::SYMLINK_NOFOLLOW),
                };
                if stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_symlink()) {
                    return ReadError::OutsideTree;
                }
            }
            read_error(error)
        }
    }

    fn read_error(error: Errno) -> ReadError {
        match error {
            Errno::NOENT | Errno::NOTDIR => ReadError::Absent,
            Errno::LOOP | Errno::XDEV | Errno::MLINK => ReadError::OutsideTree,
            error => ReadError::Failed(std::io::Error::from(error).to_string()),
        }
    }
}

#[cfg(not(unix))]
impl Root {
    fn open_no_follow(&self, path: &[u8]) -> Result<File, ReadError> {
        self.check_links(path, true)?;
        File::open(self.join(path)).map_err(|error| failed(&error))
    }

    fn read_link_no_follow(&self, path: &[u8]) -> Result<Vec<u8>, ReadError> {
        self.check_links(path, false)?;
        let target = std::fs::read_link(self.join(path)).map_err(|error| failed(&error))?;
        Ok(target.to_string_lossy().replace('\\', "/").into_bytes())
    }

    fn check_links(&self, path: &[u8], last_too: bool) -> Result<(), ReadError> {
        let mut at = self.path.clone();
        let mut parts = path.split(|&b| b == b'/').peekable();
        while let Some(part) = parts.next() {
            at.push(to_path(part));
            if parts.peek().is_none() && !last_too {
                break;
            }
            let metadata = std::fs::symlink_metadata(&at).map_err(|error| failed(&error))?;
            if metadata.is_symlink() {
                return Err(ReadError::OutsideTree);
            }
        }
        Ok(())
    }
}

/// Refuses paths that name nothing below the root, or the repository itself.
fn check_path(path: &[u8]) -> Result<(), ReadError> {
    let is_bad = |part: &[u8]| {
        matches!(part, b"" | b"." | b"..")
            || part.eq_ignore_ascii_case(b".git")
            || part.contains(&0)
            || (cfg!(windows) && part.iter().any(|b| matches!(b, b'\\' | b':')))
    };
    if path.split(|&b| b == b'/').any(is_bad) {
        return Err(ReadError::OutsideTree);
    }
    Ok(())
}

/// Makes the bytes of a path one of the system.
#[cfg(unix)]
pub(crate) fn to_path(bytes: &[u8]) -> Cow<'_, Path> {
    use std::os::unix::ffi::OsStrExt;
    Cow::Borrowed(Path::new(std::ffi::OsStr::from_bytes(bytes)))
}

/// Makes the bytes of a path one of the system.
#[cfg(not(unix))]
pub(crate) fn to_path(bytes: &[u8]) -> Cow<'_, Path> {
    Cow::Owned(PathBuf::from(String::from_utf8_lossy(bytes).into_owned()))
}

/// Returns the bytes of a name or path, with `/` between its parts.
#[cfg(unix)]
pub(crate) fn to_bytes(name: &std::ffi::OsStr) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    name.as_bytes().to_vec()
}

/// Returns the bytes of a name or path, with `/` between its parts.
#[cfg(not(unix))]
pub(crate) fn to_bytes(name: &std::ffi::OsStr) -> Vec<u8> {
    name.to_string_lossy().replace('\\', "/").into_bytes()
}

pub(crate) fn failed(error: &std::io::Error) -> ReadError {
    match error.kind() {
        std::io::ErrorKind::NotFound => ReadError::Absent,
        _ => ReadError::Failed(error.to_string()),
    }
}
