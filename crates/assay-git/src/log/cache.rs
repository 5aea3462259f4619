//! Keeps facts between runs: files that are written once, checked when they are
//! read, and never changed, so that any number of processes may use them.
//!
//! A file that is damaged, or of another version, is not read and goes with the
//! next clean-up. Nothing breaks without the cache; it is only slower.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use assay_source::{Hunk, LineRange};
use gix::bstr::BString;
use gix::hash::ObjectId;

use super::facts::{CommitFacts, FileFacts, Segment, What};

/// The first bytes; the last one is the version of what follows.
const MAGIC: &[u8; 8] = b"ASSAYHI\x01";
const EXTENSION: &str = "facts";
const CHECKSUM_BYTES: usize = 32;
/// Files beyond this are made one.
const SEGMENTS_MAX: usize = 12;
/// Bytes of one file that is read.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;
/// Bytes of all files of one repository.
const CACHE_BYTES_MAX: u64 = 2 << 30;

/// Which facts are kept: those of another kind are in another folder.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// All that commits did.
    Whole = 0,
    /// The same, with what a branch did counted at its merge.
    FirstParent = 1,
    /// Only which files the newest commits touched.
    Names = 2,
}

/// The folder of one repository in the cache.
pub(crate) struct Cache {
    folder: PathBuf,
    files: Vec<PathBuf>,
}

impl Cache {
    /// Opens the folder for a repository, by the place of its objects.
    pub(crate) fn open(cache: &Path, common_dir: &Path, kind: Kind) -> Self {
        let place = common_dir
            .canonicalize()
            .unwrap_or_else(|_| common_dir.to_owned());
        let mut hasher = blake3::Hasher::new();
        hasher.update(place.as_os_str().as_encoded_bytes());
        hasher.update(&[kind as u8]);
        let name = hasher.finalize().to_hex();
        let folder = cache.join("history").join(&name.as_str()[..32]);
        let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|end| end == EXTENSION))
            .collect();
        files.sort();
        Self { folder, files }
    }

    /// Reads what is kept; what is damaged is left out.
    pub(crate) fn read(&self, hash: gix::hash::Kind) -> Vec<Segment> {
        let mut total = 0;
        let mut segments = Vec::new();
        for path in &self.files {
            let Ok(found) = std::fs::metadata(path) else {
                continue;
            };
            total += found.len();
            if found.len() > SEGMENT_BYTES_MAX || total > CACHE_BYTES_MAX {
                continue;
            }
            let segment = std::fs::read(path)
                .ok()
                .and_then(|bytes| decode(&bytes, hash));
            segments.extend(segment);
        }
        segments
    }

    /// Keeps what was read now. With many files they are made one, of what is
    /// still of use. A cache that cannot be written is no error.
    pub(crate) fn write(&self, new: &Segment, all: impl FnOnce() -> Segment) {
        if new.commits.is_empty() {
            return;
        }
        let kept = if self.files.len() >= SEGMENTS_MAX {
            self.put(&encode(&all())).inspect(|kept| {
                for old in self.files.iter().filter(|old| *old != kept) {
                    let _ = std::fs::remove_file(old);
                }
            })
        } else {
            self.put(&encode(new))
        };
        // What is lost is read again from the repository.
        drop(kept);
    }

    fn put(&self, bytes: &[u8]) -> std::io::Result<PathBuf> {
        std::fs::create_dir_all(&self.folder)?;
        let name = blake3::hash(bytes).to_hex();
        let path = self
            .folder
            .join(format!("{}.{EXTENSION}", &name.as_str()[..32]));
        let beside = self.folder.join(format!(
            "{}.{}.new",
            &name.as_str()[..32],
            std::process::id()
        ));
        let written = std::fs::File::create(&beside)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| std::fs::rename(&beside, &path));
        if written.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        written.map(|()| path)
    }
}

/// Makes several segments one.
pub(crate) fn merge<'a>(
    segments: impl IntoIterator<Item = &'a Segment>,
    wants: impl Fn(&ObjectId) -> bool,
) -> Segment {
    let mut all = Segment::default();
    let mut paths = std::collections::HashMap::new();
    let mut authors = std::collections::HashMap::new();
    for segment in segments {
        let path_of: Vec<u32> = segment
            .paths
            .iter()
            .map(|path| {
                *paths.entry(path).or_insert_with(|| {
                    all.paths.push(path.clone());
                    all.paths.len() as u32 - 1
                })
            })
            .collect();
        let author_of: Vec<u32> = segment
            .authors
            .iter()
            .map(|author| {
                *authors.entry(author).or_insert_with(|| {
                    all.authors.push(author.clone());
                    all.authors.len() as u32 - 1
                })
            })
            .collect();
        for commit in segment.commits.iter().filter(|commit| wants(&commit.id)) {
            let mut commit = commit.clone();
            commit.author = author_of[commit.author as usize];
            for file in &mut commit.files {
                file.path = path_of[file.path as usize];
                if let What::Changed { from, .. } | What::Replaced { from } = &mut file.what {
                    *from = path_of[*from as usize];
                }
            }
            all.commits.push(commit);
        }
    }
    all
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn hunks(&mut self, hunks: &[Hunk]) {
        self.number(hunks.len() as u64);
        let mut last = 0;
        for hunk in hunks {
            // Starts grow, so the distances are small.
            self.number(u64::from(hunk.base.start.wrapping_sub(last)));
            self.number(u64::from(hunk.base.count));
            self.number(u64::from(hunk.head.start));
            self.number(u64::from(hunk.head.count));
            last = hunk.base.start;
        }
    }
}

fn encode(segment: &Segment) -> Vec<u8> {
    let mut out = Writer(MAGIC.to_vec());
    out.number(segment.paths.len() as u64);
    for path in &segment.paths {
        out.bytes(path);
    }
    out.number(segment.authors.len() as u64);
    for (name, email) in &segment.authors {
        out.bytes(name);
        out.bytes(email);
    }
    out.number(segment.commits.len() as u64);
    for commit in &segment.commits {
        out.0.extend_from_slice(commit.id.as_bytes());
        out.number(commit.parents.len() as u64);
        for parent in &commit.parents {
            out.0.extend_from_slice(parent.as_bytes());
        }
        out.number(u64::from(commit.author));
        out.0.extend_from_slice(&commit.seconds.to_le_bytes());
        out.number(commit.files.len() as u64);
        for file in &commit.files {
            encode_file(&mut out, file);
        }
    }
    let checksum = blake3::hash(&out.0);
    out.0.extend_from_slice(checksum.as_bytes());
    out.0
}

fn encode_file(out: &mut Writer, file: &FileFacts) {
    out.number(u64::from(file.path));
    out.number(file.lines.map_or(0, |lines| u64::from(lines) + 1));
    match &file.what {
        What::Added => out.number(0),
        What::Deleted { lines } => {
            out.number(1);
            out.number(u64::from(*lines));
        }
        What::Changed { from, hunks } => {
            out.number(2);
            out.number(u64::from(*from));
            out.hunks(hunks);
        }
        What::Replaced { from } => {
            out.number(3);
            out.number(u64::from(*from));
        }
        What::As { parent } => {
            out.number(4);
            out.number(u64::from(*parent));
        }
        What::Merged { hunks } => {
            out.number(5);
            out.number(hunks.len() as u64);
            for (parent, hunks) in hunks {
                out.number(u64::from(*parent));
                out.hunks(hunks);
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    hash: gix::hash::Kind,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// A count of things that take a byte each at least.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.rest.len()).then_some(count)
    }

    fn below(&mut self, end: usize) -> Option<u32> {
        self.small().filter(|&value| (value as usize) < end)
    }

    fn bytes(&mut self) -> Option<BString> {
        let count = self.count()?;
        Some(self.take(count)?.into())
    }

    fn id(&mut self) -> Option<ObjectId> {
        ObjectId::try_from(self.take(self.hash.len_in_bytes())?).ok()
    }

    fn hunks(&mut self) -> Option<Vec<Hunk>> {
        let mut hunks = Vec::new();
        let mut last = 0u32;
        for _ in 0..self.count()? {
            let start = last.wrapping_add(self.small()?);
            let base = LineRange {
                start,
                count: self.small()?,
            };
            let head = LineRange {
                start: self.small()?,
                count: self.small()?,
            };
            last = start;
            hunks.push(Hunk { base, head });
        }
        Some(hunks)
    }

    fn file(&mut self, paths: usize) -> Option<FileFacts> {
        let path = self.below(paths)?;
        let lines = self.small()?.checked_sub(1);
        let what = match self.number()? {
            0 => What::Added,
            1 => What::Deleted {
                lines: self.small()?,
            },
            2 => What::Changed {
                from: self.below(paths)?,
                hunks: self.hunks()?,
            },
            3 => What::Replaced {
                from: self.below(paths)?,
            },
            4 => What::As {
                parent: self.below(256)? as u8,
            },
            5 => {
                let mut hunks = Vec::new();
                for _ in 0..self.count()? {
                    hunks.push((self.below(256)? as u8, self.hunks()?));
                }
                What::Merged { hunks }
            }
            _ => return None,
        };
        Some(FileFacts { path, lines, what })
    }

    fn segment(&mut self) -> Option<Segment> {
        let mut segment = Segment::default();
        for _ in 0..self.count()? {
            segment.paths.push(self.bytes()?);
        }
        for _ in 0..self.count()? {
            segment.authors.push((self.bytes()?, self.bytes()?));
        }
        for _ in 0..self.count()? {
            let id = self.id()?;
            let mut parents = Vec::new();
            for _ in 0..self.count()? {
                parents.push(self.id()?);
            }
            let author = self.below(segment.authors.len())?;
            let seconds = i64::from_le_bytes(self.take(8)?.try_into().ok()?);
            let mut files = Vec::new();
            for _ in 0..self.count()? {
                files.push(self.file(segment.paths.len())?);
            }
            segment.commits.push(CommitFacts {
                id,
                parents,
                author,
                seconds,
                files,
            });
        }
        self.rest.is_empty().then_some(segment)
    }
}

fn decode(bytes: &[u8], hash: gix::hash::Kind) -> Option<Segment> {
    let (content, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM_BYTES)?)?;
    if blake3::hash(content).as_bytes() != checksum {
        return None;
    }
    let rest = content.strip_prefix(MAGIC)?;
    Reader { rest, hash }.segment()
}

#[cfg(test)]
mod tests {
    use assay_source::{Hunk, LineRange};
    use gix::hash::{Kind, ObjectId};

    use super::{decode, encode};
    use crate::log::facts::{CommitFacts, FileFacts, Segment, What};

    fn sample() -> Segment {
        let hunks = vec![Hunk {
            base: LineRange { start: 4, count: 0 },
            head: LineRange {
                start: 4,
                count: 300,
            },
        }];
        let whats = [
            What::Added,
            What::Deleted { lines: 9 },
            What::Changed {
                from: 1,
                hunks: hunks.clone(),
            },
            What::Replaced { from: 0 },
            What::As { parent: 1 },
            What::Merged {
                hunks: vec![(0, hunks), (1, Vec::new())],
            },
        ];
        let file = |what| FileFacts {
            path: 1,
            lines: Some(0),
            what,
        };
        Segment {
            paths: vec!["a".into(), "dir/b".into()],
            authors: vec![("Zoë".into(), "zoe@example.com".into())],
            commits: vec![CommitFacts {
                id: ObjectId::empty_tree(Kind::Sha1),
                parents: vec![ObjectId::empty_blob(Kind::Sha1)],
                author: 0,
                seconds: -5,
                files: whats.into_iter().map(file).collect(),
            }],
        }
    }

    #[test]
    fn what_is_kept_is_what_was_read() {
        let segment = sample();
        assert_eq!(decode(&encode(&segment), Kind::Sha1), Some(segment));
    }

    #[test]
    fn any_damage_is_noticed() {
        let bytes = encode(&sample());
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 0x41;
            assert_eq!(decode(&broken, Kind::Sha1), None, "byte {at}");
            assert_eq!(decode(&bytes[..at], Kind::Sha1), None, "cut at {at}");
        }
    }
}
