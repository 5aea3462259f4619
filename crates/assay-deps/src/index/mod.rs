//! The advisory index: one file that answers "what is known against this package"
//! by reading only that package's advisories.
//!
//! The file, with numbers in little-endian order:
//!
//! ```text
//! magic "ASSAYADV" | version u32 | header length u32 | header checksum, 16 bytes
//! header           where everything is, where it came from, what is in it
//! buckets          one a prefix of the keys' hashes: first entry u32, checksum u64
//! entries          sorted by hash: hash u64, offset u64, length u32, checksum u32
//! blocks           one a package: ecosystem, name, advisories
//! ```
//!
//! Each level holds the checksums of the next one, so a damaged place is told as
//! soon as it is read, and opening reads the header alone.

mod build;
mod codec;

use std::sync::OnceLock;

pub use build::{IndexBuilder, IndexSummary};
use codec::Reader;

use crate::advisory::Advisory;

const MAGIC: &[u8; 8] = b"ASSAYADV";
/// The version of the format; another one is built again, not read.
pub const INDEX_VERSION: u32 = 1;
const PREAMBLE_BYTES: usize = 32;
const HEADER_BYTES_MAX: usize = 4 * 1024 * 1024;
const BUCKET_BYTES: usize = 12;
const ENTRY_BYTES: usize = 24;
const BUCKET_BITS_MAX: u32 = 18;
/// The advisories of one package take at most this much.
const BLOCK_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Entries of one bucket; hashes spread them evenly, so more means damage.
const BUCKET_ENTRIES_MAX: usize = 65_536;

/// The bytes of an index, wherever they are.
pub trait IndexBytes: Send + Sync {
    /// Returns how many there are.
    fn len(&self) -> u64;

    /// Returns whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads exactly `len` bytes from `offset` on.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn read_at(&self, offset: u64, len: usize) -> std::io::Result<Vec<u8>>;
}

impl IndexBytes for Vec<u8> {
    fn len(&self) -> u64 {
        Vec::len(self) as u64
    }

    fn read_at(&self, offset: u64, len: usize) -> std::io::Result<Vec<u8>> {
        let start = usize::try_from(offset).ok();
        let range = start.and_then(|start| Some(start..start.checked_add(len)?));
        range
            .and_then(|range| self.get(range))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }
}

/// Why an index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It is another kind of file.
    #[error("it is no advisory database")]
    NotAnIndex,
    /// It was written by another version of Assay.
    #[error("its format is version {found}; this version of Assay reads {INDEX_VERSION}")]
    Version {
        /// The version of its format.
        found: u32,
    },
    /// Its bytes are not those that were written.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// Its bytes cannot be read.
    #[error("it cannot be read")]
    Read(#[source] std::io::Error),
}

/// Where advisories came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexSource {
    /// The ecosystem that was asked for; empty for a folder of any.
    pub ecosystem: String,
    /// The URL, folder or file.
    pub origin: String,
    /// What the server calls this version of the file; empty where nobody said.
    pub etag: String,
    /// The newest change of an advisory in it, as RFC 3339 text.
    pub modified: String,
    /// When it was last found to be up to date, as RFC 3339 text.
    pub checked: String,
}

/// How much there is of one ecosystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEcosystem {
    /// The ecosystem as OSV names it.
    pub name: String,
    /// Whether everything of it is here; else only the packages that were asked for.
    pub is_whole: bool,
    /// Packages that something is known against.
    pub packages: u64,
    /// What is known, counted once for each package.
    pub advisories: u64,
}

/// What an index says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexAbout {
    /// When it was written, as RFC 3339 text.
    pub created: String,
    /// Where its advisories came from.
    pub sources: Vec<IndexSource>,
    /// What is in it, sorted by name.
    pub ecosystems: Vec<IndexEcosystem>,
}

impl IndexAbout {
    /// Returns what it has of an ecosystem.
    pub fn ecosystem(&self, name: &str) -> Option<&IndexEcosystem> {
        self.ecosystems
            .binary_search_by(|known| known.name.as_str().cmp(name))
            .ok()
            .map(|at| &self.ecosystems[at])
    }
}

/// An index, opened.
pub struct AdvisoryIndex {
    bytes: Box<dyn IndexBytes>,
    about: IndexAbout,
    layout: Layout,
    /// Read at the first question.
    buckets: OnceLock<Vec<u8>>,
}

/// Where everything is.
#[derive(Clone, Copy, Debug, Default)]
struct Layout {
    bucket_bits: u32,
    entries: u64,
    buckets_checksum: u64,
    /// Where the buckets begin; the entries and the blocks follow.
    buckets_at: u64,
}

impl Layout {
    fn buckets_len(&self) -> usize {
        ((1_usize << self.bucket_bits) + 1) * BUCKET_BYTES
    }

    fn entries_at(&self) -> u64 {
        self.buckets_at + self.buckets_len() as u64
    }

    fn blocks_at(&self) -> u64 {
        self.entries_at() + self.entries * ENTRY_BYTES as u64
    }

    fn bucket_of(&self, hash: u64) -> usize {
        // A shift by all 64 bits would be none.
        hash.checked_shr(64 - self.bucket_bits).unwrap_or(0) as usize
    }
}

#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    offset: u64,
    len: u32,
    checksum: u32,
}

impl Entry {
    fn parse(bytes: &[u8]) -> Self {
        Self {
            hash: number_at(bytes, 0, 8),
            offset: number_at(bytes, 8, 8),
            len: number_at(bytes, 16, 4) as u32,
            checksum: number_at(bytes, 20, 4) as u32,
        }
    }
}

/// Reads a little-endian number; bytes that are not there are 0.
fn number_at(bytes: &[u8], at: usize, len: usize) -> u64 {
    bytes
        .iter()
        .skip(at)
        .take(len)
        .rev()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn checksum(bytes: &[u8]) -> u64 {
    number_at(blake3::hash(bytes).as_bytes(), 0, 8)
}

/// The hash that a package is found by.
fn key_hash(ecosystem: &str, name: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(ecosystem.as_bytes());
    hasher.update(&[0]);
    hasher.update(name.as_bytes());
    number_at(hasher.finalize().as_bytes(), 0, 8)
}

impl AdvisoryIndex {
    /// Opens an index: reads its header.
    ///
    /// # Errors
    ///
    /// When it is none, of another version, damaged, or cannot be read.
    pub fn open(bytes: Box<dyn IndexBytes>) -> Result<Self, IndexError> {
        if bytes.len() < PREAMBLE_BYTES as u64 {
            return Err(IndexError::NotAnIndex);
        }
        let preamble = bytes.read_at(0, PREAMBLE_BYTES).map_err(IndexError::Read)?;
        if !preamble.starts_with(MAGIC) {
            return Err(IndexError::NotAnIndex);
        }
        let found = number_at(&preamble, 8, 4) as u32;
        if found != INDEX_VERSION {
            return Err(IndexError::Version { found });
        }
        let header_len = number_at(&preamble, 12, 4) as usize;
        if header_len > HEADER_BYTES_MAX || (PREAMBLE_BYTES + header_len) as u64 > bytes.len() {
            return Err(IndexError::Damaged("its header is longer than the file"));
        }
        let header = bytes
            .read_at(PREAMBLE_BYTES as u64, header_len)
            .map_err(IndexError::Read)?;
        if blake3::hash(&header).as_bytes()[..16] != preamble[16..] {
            return Err(IndexError::Damaged(
                "its header does not match its checksum",
            ));
        }
        let (about, mut layout, len) =
            read_header(&header).ok_or(IndexError::Damaged("its header cannot be read"))?;
        layout.buckets_at = (PREAMBLE_BYTES + header_len) as u64;
        if len != bytes.len() || layout.bucket_bits > BUCKET_BITS_MAX || layout.blocks_at() > len {
            return Err(IndexError::Damaged("it is shorter or longer than it was"));
        }
        Ok(Self {
            bytes,
            about,
            layout,
            buckets: OnceLock::new(),
        })
    }

    /// Returns what it says about itself.
    pub fn about(&self) -> &IndexAbout {
        &self.about
    }

    /// Returns what is known against a package of any version, or none when the
    /// package is not here.
    ///
    /// # Errors
    ///
    /// When the index is damaged at that place or cannot be read.
    pub fn advisories(
        &self,
        ecosystem: &str,
        name: &str,
    ) -> Result<Option<Vec<Advisory>>, IndexError> {
        let hash = key_hash(ecosystem, name);
        for entry in self.entries_of(self.layout.bucket_of(hash))? {
            if entry.hash != hash {
                continue;
            }
            let block = self.block(entry)?;
            if block.ecosystem == ecosystem && block.name == name {
                return Ok(Some(block.advisories));
            }
        }
        Ok(None)
    }

    /// Reads everything, package by package.
    fn blocks(&self) -> impl Iterator<Item = Result<Block, IndexError>> {
        (0..1_usize << self.layout.bucket_bits).flat_map(|bucket| {
            let entries = self.entries_of(bucket);
            let (entries, error) = match entries {
                Ok(entries) => (entries, None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            entries
                .into_iter()
                .map(|entry| self.block(entry))
                .chain(error)
        })
    }

    /// Reads everything, in order to find damage.
    ///
    /// # Errors
    ///
    /// The first damage that is found.
    pub fn verify(&self) -> Result<(), IndexError> {
        self.blocks().try_for_each(|block| block.map(drop))
    }

    fn buckets(&self) -> Result<&[u8], IndexError> {
        if let Some(known) = self.buckets.get() {
            return Ok(known);
        }
        let buckets = self
            .bytes
            .read_at(self.layout.buckets_at, self.layout.buckets_len())
            .map_err(IndexError::Read)?;
        if checksum(&buckets) != self.layout.buckets_checksum {
            return Err(IndexError::Damaged("its table does not match its checksum"));
        }
        Ok(self.buckets.get_or_init(|| buckets))
    }

    fn entries_of(&self, bucket: usize) -> Result<Vec<Entry>, IndexError> {
        let buckets = self.buckets()?;
        let at = bucket * BUCKET_BYTES;
        let first = number_at(buckets, at, 4);
        let end = number_at(buckets, at + BUCKET_BYTES, 4);
        let count = end.saturating_sub(first) as usize;
        if count == 0 {
            return Ok(Vec::new());
        }
        if end > self.layout.entries || count > BUCKET_ENTRIES_MAX {
            return Err(IndexError::Damaged("its table points outside"));
        }
        let offset = self.layout.entries_at() + first * ENTRY_BYTES as u64;
        let bytes = self
            .bytes
            .read_at(offset, count * ENTRY_BYTES)
            .map_err(IndexError::Read)?;
        if checksum(&bytes) != number_at(buckets, at + 4, 8) {
            return Err(IndexError::Damaged("entries do not match their checksum"));
        }
        Ok(bytes.chunks_exact(ENTRY_BYTES).map(Entry::parse).collect())
    }

    fn block(&self, entry: Entry) -> Result<Block, IndexError> {
        let len = entry.len as usize;
        if len > BLOCK_BYTES_MAX {
            return Err(IndexError::Damaged("a package has too many advisories"));
        }
        let offset = self.layout.blocks_at().checked_add(entry.offset);
        let bytes = offset
            .ok_or(IndexError::Damaged("an entry points outside"))
            .and_then(|offset| self.bytes.read_at(offset, len).map_err(IndexError::Read))?;
        if checksum(&bytes) as u32 != entry.checksum {
            return Err(IndexError::Damaged(
                "advisories do not match their checksum",
            ));
        }
        read_block(&bytes).ok_or(IndexError::Damaged("advisories cannot be read"))
    }
}

/// What is kept about one package.
struct Block {
    ecosystem: String,
    name: String,
    advisories: Vec<Advisory>,
}

fn read_block(bytes: &[u8]) -> Option<Block> {
    let mut reader = Reader::new(bytes);
    let ecosystem = reader.string()?;
    let name = reader.string()?;
    let count = reader.count()?;
    let advisories = (0..count)
        .map(|_| reader.advisory())
        .collect::<Option<_>>()?;
    reader.is_at_end().then_some(Block {
        ecosystem,
        name,
        advisories,
    })
}

fn read_header(bytes: &[u8]) -> Option<(IndexAbout, Layout, u64)> {
    let mut reader = Reader::new(bytes);
    let layout = Layout {
        bucket_bits: u32::from(reader.byte()?),
        entries: reader
            .number()
            .filter(|&count| count <= u64::from(u32::MAX))?,
        buckets_checksum: reader.number()?,
        buckets_at: 0,
    };
    // The length without preamble and header, which come before.
    let rest = reader.number()?;
    let created = reader.string()?;
    let count = reader.count()?;
    let sources = (0..count)
        .map(|_| {
            Some(IndexSource {
                ecosystem: reader.string()?,
                origin: reader.string()?,
                etag: reader.string()?,
                modified: reader.string()?,
                checked: reader.string()?,
            })
        })
        .collect::<Option<_>>()?;
    let count = reader.count()?;
    let ecosystems = (0..count)
        .map(|_| {
            Some(IndexEcosystem {
                name: reader.string()?,
                is_whole: reader.byte()? != 0,
                packages: reader.number()?,
                advisories: reader.number()?,
            })
        })
        .collect::<Option<_>>()?;
    let about = IndexAbout {
        created,
        sources,
        ecosystems,
    };
    let len = rest.checked_add((PREAMBLE_BYTES + bytes.len()) as u64)?;
    reader.is_at_end().then_some((about, layout, len))
}

#[cfg(test)]
mod tests;
