//! Advisories in files: folders of JSON documents, and the zip archives that OSV
//! exports. Each document is read by itself, so that memory holds one at a time.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use assay_deps::{ADVISORY_BYTES_MAX, OsvDocument, read_osv};

/// Documents of one source; all of OSV has about 700,000.
const DOCUMENTS_MAX: usize = 5_000_000;
/// Bytes of one source, unpacked.
const BYTES_MAX: u64 = 64 << 30;
/// Folders below a folder.
const DEPTH_MAX: usize = 32;
/// Complaints that are kept.
const COMPLAINTS_MAX: usize = 20;

/// Takes the documents of sources, and the complaints about what is none.
pub(crate) struct Intake<'t> {
    /// Takes one document.
    pub(crate) take: &'t mut dyn FnMut(OsvDocument),
    /// What could not be read, at most so many as are worth reading.
    pub(crate) complaints: Vec<String>,
    /// How many could not be read.
    pub(crate) refused: usize,
    documents: usize,
    bytes: u64,
}

impl<'t> Intake<'t> {
    pub(crate) fn new(take: &'t mut dyn FnMut(OsvDocument)) -> Self {
        Self {
            take,
            complaints: Vec::new(),
            refused: 0,
            documents: 0,
            bytes: 0,
        }
    }

    fn complain(&mut self, what: String) {
        self.refused += 1;
        if self.complaints.len() < COMPLAINTS_MAX {
            self.complaints.push(what);
        }
    }

    /// Takes the bytes of one document.
    pub(crate) fn document(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.documents += 1;
        self.bytes += bytes.len() as u64;
        if self.documents > DOCUMENTS_MAX {
            bail!("there are more than {DOCUMENTS_MAX} documents");
        }
        if self.bytes > BYTES_MAX {
            bail!("there are more than {} GiB of documents", BYTES_MAX >> 30);
        }
        match read_osv(bytes) {
            Ok(document) => (self.take)(document),
            Err(error) => self.complain(format!("{name}: {:#}", anyhow::Error::from(error))),
        }
        Ok(())
    }

    /// Takes a folder, an archive or one document.
    pub(crate) fn path(&mut self, path: &Path) -> anyhow::Result<()> {
        let mut open = vec![(path.to_owned(), 0)];
        while let Some((path, depth)) = open.pop() {
            let fail = || format!("{} cannot be read", path.display());
            if path.is_dir() {
                if depth == DEPTH_MAX {
                    bail!("{}: folders are nested too deep", path.display());
                }
                // Sorted, and the last one pushed is the first one read.
                let mut inside: Vec<PathBuf> = Vec::new();
                for entry in std::fs::read_dir(&path).with_context(fail)? {
                    let entry = entry.with_context(fail)?;
                    let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                    let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
                    let below = entry.path();
                    let is_one = ending(&below, "json") || ending(&below, "zip");
                    if !is_link && !is_hidden && (below.is_dir() || is_one) {
                        inside.push(below);
                    }
                }
                inside.sort();
                open.extend(inside.into_iter().rev().map(|path| (path, depth + 1)));
            } else if ending(&path, "zip") {
                let file = std::fs::File::open(&path).with_context(fail)?;
                let name = path.display().to_string();
                self.archive(&name, std::io::BufReader::new(file))?;
            } else {
                self.file(&path).with_context(fail)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?
            .take(ADVISORY_BYTES_MAX as u64 + 1)
            .read_to_end(&mut bytes)?;
        self.document(&path.display().to_string(), &bytes)
    }

    /// Takes the documents of a zip archive.
    pub(crate) fn archive(&mut self, name: &str, source: impl Read + Seek) -> anyhow::Result<()> {
        let fail = || format!("{name} is no readable zip archive");
        let mut archive = zip::ZipArchive::new(source).with_context(fail)?;
        let mut bytes = Vec::new();
        for at in 0..archive.len() {
            bytes.clear();
            let entry = archive.by_index(at).with_context(fail)?;
            let Ok(own) = entry.name() else {
                self.complain(format!("{name}: entry {at} has no readable name"));
                continue;
            };
            if !entry.is_file() || !own.ends_with(".json") {
                continue;
            }
            let inside = format!("{name}: {own}");
            // The size that the archive states may be a lie; what is unpacked counts.
            let limit = ADVISORY_BYTES_MAX as u64 + 1;
            if let Err(error) = entry.take(limit).read_to_end(&mut bytes) {
                self.complain(format!("{inside}: {error}"));
                continue;
            }
            self.document(&inside, &bytes)?;
        }
        Ok(())
    }
}

fn ending(path: &Path, wanted: &str) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case(wanted))
}
