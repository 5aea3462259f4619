//! Turns the bytes of a file on disk into what git would store: line ends,
//! `$Id$`, encodings and git-lfs pointers, without running any filter program.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use gix::attrs::StateRef;
use gix::attrs::search::{MetadataCollection, Outcome};
use gix::bstr::{BString, ByteSlice};
use gix::filter::plumbing::{Pipeline, eol, pipeline};
use gix::hash::ObjectId;
use gix::index::entry::Stage;
use gix::objs::FindExt;

use crate::attribute::{AttributeFiles, is_value};
use crate::disk::{Root, to_path};
use crate::input::Limits;
use crate::repo::Repo;

/// The attributes that say how a file is stored.
const STORED: [&str; 6] = [
    "crlf",
    "ident",
    "filter",
    "eol",
    "text",
    "working-tree-encoding",
];
/// A git-lfs pointer is a few short lines.
const POINTER_BYTES_MAX: u64 = 1024;

/// What all threads that clean files share.
#[derive(Clone)]
pub(crate) struct CleanRules {
    eol: eol::Configuration,
    hash: gix::hash::Kind,
    ignore_case: bool,
    attributes_bytes_max: u64,
    info: Arc<[u8]>,
    root: Arc<Root>,
    index: Arc<gix::index::File>,
    /// Filters that the configuration has a program for.
    programs: Arc<[BString]>,
}

impl CleanRules {
    pub(crate) fn new(
        repo: &Repo,
        root: Arc<Root>,
        index: Arc<gix::index::File>,
        limits: &Limits,
    ) -> Self {
        let config = repo.inner.config_snapshot();
        let auto_crlf = match config.string("core.autocrlf") {
            Some(value) if value.eq_ignore_ascii_case(b"input") => eol::AutoCrlf::Input,
            _ if config.boolean("core.autocrlf") == Some(true) => eol::AutoCrlf::Enabled,
            _ => eol::AutoCrlf::Disabled,
        };
        let eol = match config.string("core.eol") {
            Some(value) if value.eq_ignore_ascii_case(b"crlf") => Some(eol::Mode::CrLf),
            Some(value) if value.eq_ignore_ascii_case(b"lf") => Some(eol::Mode::Lf),
            _ => None,
        };
        let mut info = Vec::new();
        let global = repo.inner.attribute_global_paths().unwrap_or_default();
        for file in global {
            info.extend(read_small(&file, limits.attributes_bytes_max));
            info.push(b'\n');
        }
        let own = repo.inner.common_dir().join("info").join("attributes");
        info.extend(read_small(&own, limits.attributes_bytes_max));
        let programs = config
            .plumbing()
            .sections_by_name("filter")
            .into_iter()
            .flatten()
            .filter(|section| {
                section.value("clean").is_some() || section.value("process").is_some()
            })
            .filter_map(|section| section.header().subsection_name().map(ToOwned::to_owned))
            .collect();
        Self {
            eol: eol::Configuration { auto_crlf, eol },
            hash: repo.inner.object_hash(),
            ignore_case: repo.boolean("core.ignoreCase", false),
            attributes_bytes_max: limits.attributes_bytes_max,
            info: info.into(),
            root,
            index,
            programs,
        }
    }

    pub(crate) fn root(&self) -> &Arc<Root> {
        &self.root
    }
}

/// Which filter program a file would go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    None,
    Lfs,
    /// Another one; it is not run.
    Program(BString),
}

/// Cleans files, one thread at a time.
pub(crate) struct Cleaner {
    rules: CleanRules,
    objects: gix::OdbHandle,
    attributes: AttributeFiles,
    outcome: Outcome,
    pipeline: Pipeline,
}

impl Cleaner {
    pub(crate) fn new(rules: &CleanRules, objects: gix::OdbHandle) -> Self {
        let options = pipeline::Options {
            // Invariant: no driver is ever given, so no program can be started.
            drivers: Vec::new(),
            eol_config: rules.eol,
            crlf_roundtrip_check: pipeline::CrlfRoundTripCheck::Skip,
            encodings_with_roundtrip_check: Vec::new(),
        };
        let mut outcome = Outcome::default();
        outcome.initialize_with_selection(&MetadataCollection::default(), STORED);
        Self {
            attributes: AttributeFiles::new(&rules.info, rules.ignore_case),
            pipeline: Pipeline::new(gix::command::Context::default(), rules.hash, options),
            rules: rules.clone(),
            objects,
            outcome,
        }
    }

    /// Returns the filter that the attributes name for a path.
    pub(crate) fn filter(&mut self, path: &[u8]) -> Filter {
        self.look_up(path);
        let state = self.state("filter");
        if is_value(state, "lfs") {
            return Filter::Lfs;
        }
        match state {
            StateRef::Value(name)
                if self
                    .rules
                    .programs
                    .iter()
                    .any(|known| known == name.as_bstr()) =>
            {
                Filter::Program(name.as_bstr().to_owned())
            }
            _ => Filter::None,
        }
    }

    /// Returns the content as git would store it.
    pub(crate) fn clean(&mut self, path: &[u8], content: Vec<u8>) -> Vec<u8> {
        self.look_up(path);
        let recodes = matches!(self.state("working-tree-encoding"), StateRef::Value(_))
            || self.state("ident") == StateRef::Set;
        if !recodes && content.find(b"\r\n").is_none() {
            return content;
        }
        let Self {
            rules,
            objects,
            attributes,
            pipeline,
            ..
        } = self;
        let mut read = |file: &[u8]| read_attributes(rules, objects, file);
        let os_path = to_path(path);
        let converted = pipeline.convert_to_git(
            content.as_slice(),
            os_path.as_ref(),
            &mut |_, out| {
                let _ = attributes.fill(path, out, &mut read);
            },
            &mut |buffer| {
                let entry = rules
                    .index
                    .entry_by_path_and_stage(path.as_bstr(), Stage::Unconflicted);
                match entry {
                    Some(entry) => Ok(objects.find_blob(&entry.id, buffer).ok().map(|_| ())),
                    None => Ok(None),
                }
            },
        );
        let cleaned = match converted {
            Ok(outcome) => outcome.as_bytes().map(<[u8]>::to_vec),
            // An encoding that is unknown or does not fit: git refuses such a
            // file, its bytes are the best there is.
            Err(_) => None,
        };
        cleaned.unwrap_or(content)
    }

    fn look_up(&mut self, path: &[u8]) {
        let Self {
            rules,
            objects,
            attributes,
            outcome,
            ..
        } = self;
        let mut read = |file: &[u8]| read_attributes(rules, objects, file);
        let Ok(()) = attributes.fill(path, outcome, &mut read);
    }

    fn state(&self, name: &str) -> StateRef<'_> {
        self.outcome
            .iter_selected()
            .find(|found| found.assignment.name.as_str() == name)
            .map_or(StateRef::Unspecified, |found| found.assignment.state)
    }
}

/// Reads an attribute file from disk, or from the index where it is not
/// checked out.
fn read_attributes(
    rules: &CleanRules,
    objects: &gix::OdbHandle,
    file: &[u8],
) -> Result<Option<Vec<u8>>, std::convert::Infallible> {
    use assay_source::ReadError;
    let content = match rules.root.read_file(file, rules.attributes_bytes_max) {
        Ok(content) => Some(content),
        Err(ReadError::Absent) => {
            let entry = rules
                .index
                .entry_by_path_and_stage(file.as_bstr(), Stage::Unconflicted);
            let mut buffer = Vec::new();
            entry.and_then(|entry| {
                objects.find_blob(&entry.id, &mut buffer).ok()?;
                Some(buffer)
            })
        }
        Err(_) => None,
    };
    Ok(content)
}

/// Reads a small file outside the working tree; one that is missing, large or
/// not a file is empty.
pub(crate) fn read_small(path: &Path, bytes_max: u64) -> Vec<u8> {
    let mut content = Vec::new();
    // Opening something else than a file could wait for ever.
    if std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() <= bytes_max)
        && let Ok(file) = std::fs::File::open(path)
    {
        let _ = file.take(bytes_max).read_to_end(&mut content);
    }
    content
}

/// A git-lfs pointer: what is stored in place of a large file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pointer {
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
}

impl Pointer {
    /// Reads a pointer, as the git-lfs specification describes it.
    pub(crate) fn parse(content: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(content).ok()?;
        let mut lines = text.lines();
        let version = lines.next()?.strip_prefix("version ")?;
        if !version.contains("git-lfs") && !version.contains("hawser") {
            return None;
        }
        let (mut sha256, mut bytes) = (None, None);
        for line in lines {
            if let Some(hex) = line.strip_prefix("oid sha256:") {
                let is_hex = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
                sha256 = is_hex.then(|| hex.to_ascii_lowercase());
            } else if let Some(size) = line.strip_prefix("size ") {
                bytes = size.parse().ok();
            }
        }
        Some(Self {
            sha256: sha256?,
            bytes: bytes?,
        })
    }

    /// Writes the pointer as git-lfs does.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        format!(
            "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n",
            self.sha256, self.bytes
        )
        .into_bytes()
    }

    /// Computes the pointer of a large file, reading it piece by piece.
    pub(crate) fn of(mut file: impl Read) -> std::io::Result<Self> {
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha256);
        let mut buffer = vec![0; 1 << 16];
        let mut bytes = 0;
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            bytes += read as u64;
        }
        let id = hasher.try_finalize().map_err(std::io::Error::other)?;
        Ok(Self {
            sha256: id.to_string(),
            bytes,
        })
    }
}

/// What is on disk of a file that git-lfs keeps.
pub(crate) enum LfsFile {
    /// What git stores: the pointer, or nothing for an empty file.
    Stored(Vec<u8>),
    /// The large file itself.
    Large(Pointer),
    /// Not readable, or over the limit.
    Unknown,
}

impl LfsFile {
    /// Looks at a file on disk.
    pub(crate) fn on_disk(root: &Root, path: &[u8], bytes_max: u64) -> Self {
        // Where git-lfs is not installed, the pointer itself is on disk.
        if let Ok(content) = root.read_file(path, POINTER_BYTES_MAX)
            && (content.is_empty() || Pointer::parse(&content).is_some())
        {
            return Self::Stored(content);
        }
        root.open_file(path)
            .ok()
            .filter(|(_, bytes)| *bytes <= bytes_max)
            .and_then(|(file, _)| Pointer::of(file).ok())
            .map_or(Self::Unknown, Self::Large)
    }
}

/// Returns the id that content has in the object database.
pub(crate) fn blob_id(hash: gix::hash::Kind, content: &[u8]) -> Option<ObjectId> {
    gix::objs::compute_hash(hash, gix::objs::Kind::Blob, content).ok()
}

#[cfg(test)]
mod tests {
    use super::Pointer;

    #[test]
    fn pointers_are_read_and_written() {
        let pointer = Pointer::of(&b"hello"[..]).expect("in memory");
        assert_eq!(pointer.bytes, 5);
        assert!(pointer.sha256.starts_with("2cf24dba5fb0a30e"));
        assert_eq!(Pointer::parse(&pointer.to_bytes()), Some(pointer));
        for wrong in [
            &b""[..],
            b"version https://git-lfs.github.com/spec/v1\n",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 1\n",
            b"version 1\noid sha256:00\nsize 1\n",
            b"\xff\xfe",
        ] {
            assert_eq!(Pointer::parse(wrong), None, "{wrong:?}");
        }
    }
}
