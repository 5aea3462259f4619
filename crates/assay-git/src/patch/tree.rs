//! Finds the contents that a patch is about: on disk where it applies or is
//! applied already, among the objects of the repository, or in the patch itself.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_source::{ContentId, FileKind, FileVersion, RepoPath};
use gix::bstr::{BString, ByteSlice};
use gix::hash::ObjectId;

use super::apply::{Direction, Effort, apply};
use super::parse::{Action, Body, FilePatch, parse};
use super::trace::{Trace, kind_of_mode, trace};
use crate::clean::{CleanRules, Cleaner};
use crate::disk::Root;
use crate::error::Error;
use crate::input::Options;
use crate::model::{is_plain, object_content};
use crate::open::{Opened, open_root};
use crate::repo::Repo;
use crate::store::read_blob;
use crate::walk::name_some;

/// Opens a patch; `cwd` is where the tree may be.
pub(crate) fn open_patch(cwd: &Path, bytes: &[u8], options: &Options) -> Result<Opened, Error> {
    let limits = &options.limits;
    if bytes.len() > limits.patch_bytes_max {
        return Err(Error::TooLarge {
            what: "the size of the patch".to_owned(),
            found: bytes.len() as u64,
            limit: limits.patch_bytes_max as u64,
            option: "patch_bytes_max",
            mend: "split it, or raise the limit",
        });
    }
    let mut files = parse(bytes, limits)?.files;
    let repo = Repo::discover(cwd, options)?;
    let beside = find_tree(cwd, repo.as_ref(), &mut files)?;
    let traces = trace(&files);
    let mut contents = Contents::new(&files, repo, beside, options)?;
    let plan = contents.decide(&traces);
    contents.finish(&traces, plan)
}

/// Finds the folder that the paths of the patch are below, if some of them are there.
fn find_tree(
    cwd: &Path,
    repo: Option<&Repo>,
    files: &mut [FilePatch],
) -> Result<Option<Arc<Root>>, Error> {
    let top = repo.and_then(|repo| repo.work_tree.clone());
    let here = cwd.canonicalize().map_err(|source| Error::Io {
        path: cwd.to_owned(),
        source,
    })?;
    let is_bare = repo.is_some() && top.is_none();
    let mut folders: Vec<PathBuf> = top.clone().into_iter().collect();
    if !is_bare && !folders.contains(&here) {
        folders.push(here);
    }
    // The names of `diff -u` may have any number of folders in front.
    let is_plain = files
        .iter()
        .all(|file| file.old_mode.is_none() && file.old_id.is_none());
    let levels = if is_plain { 0..=4 } else { 0..=0 };
    for folder in &folders {
        let root = open_root(folder)?;
        for level in levels.clone() {
            let known = |path: &Option<BString>| {
                path.as_ref()
                    .and_then(|path| strip_parts(path, level))
                    .is_some_and(|path| root.kind(path).is_some())
            };
            if files
                .iter()
                .any(|file| known(&file.old) || known(&file.new))
            {
                for file in files.iter_mut().filter(|_| level > 0) {
                    for path in [&mut file.old, &mut file.new].into_iter().flatten() {
                        if let Some(stripped) = strip_parts(path, level) {
                            *path = stripped.into();
                        }
                    }
                }
                return Ok(Some(root));
            }
        }
    }
    let all_new = files.iter().all(|file| file.action == Action::Add);
    match top {
        Some(top) if all_new => open_root(&top).map(Some),
        _ => Ok(None),
    }
}

/// Takes folders off the front of a path.
fn strip_parts(path: &[u8], level: usize) -> Option<&[u8]> {
    (0..level).try_fold(path, |path, _| Some(path.split_once_str("/")?.1))
}

/// One side of a file.
#[derive(Clone, Debug)]
enum Content {
    /// There is no file.
    Missing,
    Bytes(Vec<u8>),
    /// There is a file, but nobody knows what is in it.
    Unknown,
}

/// The two sides of a file, found one way or another.
pub(super) struct Sides {
    pub(super) base: Option<FileVersion>,
    pub(super) head: Option<FileVersion>,
}

impl Sides {
    pub(super) fn are_known(&self) -> bool {
        let is_known = |version: &Option<FileVersion>| {
            version
                .as_ref()
                .is_none_or(|version| version.content != ContentId::Absent)
        };
        is_known(&self.base) && is_known(&self.head)
    }
}

/// How the patch and the tree go together.
pub(super) struct Plan {
    /// For each trace.
    pub(super) sides: Vec<Sides>,
    pub(super) title: &'static str,
    pub(super) notes: Vec<String>,
}

pub(super) struct Contents<'a> {
    pub(super) files: &'a [FilePatch],
    pub(super) repo: Option<Repo>,
    pub(super) root: Option<Arc<Root>>,
    pub(super) clean: Option<CleanRules>,
    cleaner: Option<Cleaner>,
    pub(super) options: &'a Options,
    pub(super) effort: Effort,
    bytes_left: u64,
}

impl<'a> Contents<'a> {
    fn new(
        files: &'a [FilePatch],
        repo: Option<Repo>,
        root: Option<Arc<Root>>,
        options: &'a Options,
    ) -> Result<Self, Error> {
        let clean = match (&repo, &root) {
            // Only the files of the repository itself are cleaned as git does.
            (Some(repo), Some(root)) if repo.work_tree.as_deref() == Some(root.path()) => {
                let index = Arc::new(repo.index()?);
                Some(CleanRules::new(
                    repo,
                    Arc::clone(root),
                    index,
                    &options.limits,
                ))
            }
            _ => None,
        };
        let cleaner = clean
            .as_ref()
            .zip(repo.as_ref())
            .map(|(rules, repo)| Cleaner::new(rules, repo.inner.objects.clone()));
        Ok(Self {
            files,
            repo,
            root,
            clean,
            cleaner,
            options,
            effort: Effort::default(),
            bytes_left: options.limits.patched_bytes_max,
        })
    }

    /// Decides whether the tree is the base or the head, or neither.
    fn decide(&mut self, traces: &[Trace]) -> Plan {
        if self.root.is_none() {
            let sides = traces.iter().map(|trace| self.elsewhere(trace)).collect();
            return Plan {
                sides,
                title: "patch without its tree",
                notes: Vec::new(),
            };
        }
        let vacated: HashSet<&BString> = traces
            .iter()
            .filter(|trace| !trace.copied && trace.base != trace.head)
            .filter_map(|trace| trace.base.as_ref())
            .collect();
        let occupied: HashSet<&BString> = traces
            .iter()
            .filter(|trace| trace.base != trace.head)
            .filter_map(|trace| trace.head.as_ref())
            .collect();
        let forward: Vec<_> = traces
            .iter()
            .map(|trace| self.on_disk(trace, Direction::Forward, &vacated))
            .collect();
        if forward.iter().all(Option::is_some) {
            return Plan {
                sides: forward.into_iter().flatten().collect(),
                title: "patch, applied to the files here",
                notes: Vec::new(),
            };
        }
        self.bytes_left = self.options.limits.patched_bytes_max;
        let backward: Vec<_> = traces
            .iter()
            .map(|trace| self.on_disk(trace, Direction::Backward, &occupied))
            .collect();
        if backward.iter().all(Option::is_some) {
            return Plan {
                sides: backward.into_iter().flatten().collect(),
                title: "patch that the files here have already",
                notes: Vec::new(),
            };
        }
        self.decide_by_file(traces, forward, backward)
    }

    fn decide_by_file(
        &mut self,
        traces: &[Trace],
        forward: Vec<Option<Sides>>,
        backward: Vec<Option<Sides>>,
    ) -> Plan {
        let (mut applied, mut unfit) = (Vec::new(), Vec::new());
        let sides = traces
            .iter()
            .zip(forward.into_iter().zip(backward))
            .map(|(trace, found)| match found {
                (Some(forward), _) => forward,
                (None, Some(backward)) => {
                    applied.push(trace.path().clone());
                    backward
                }
                (None, None) => {
                    let sides = self.elsewhere(trace);
                    if !sides.are_known() {
                        unfit.push(trace.path().clone());
                    }
                    sides
                }
            })
            .collect();
        let mut notes = Vec::new();
        if !applied.is_empty() {
            notes.push(format!(
                "already applied to the files here: {}",
                name_some(&applied)
            ));
        }
        if !unfit.is_empty() {
            notes.push(format!(
                "the patch does not apply to the files here, so only its own lines are reviewed: {}",
                name_some(&unfit)
            ));
        }
        Plan {
            sides,
            title: "patch, applied to the files here as far as it fits",
            notes,
        }
    }

    /// Takes one side from disk and makes the other of it.
    fn on_disk(
        &mut self,
        trace: &Trace,
        direction: Direction,
        in_the_way: &HashSet<&BString>,
    ) -> Option<Sides> {
        let root = self.root.clone()?;
        let (from, to) = match direction {
            Direction::Forward => (&trace.base, &trace.head),
            Direction::Backward => (&trace.head, &trace.base),
        };
        // What the patch makes must not be there yet, unless it moves away.
        if let Some(to) = to
            && Some(to) != from.as_ref()
            && !(trace.copied && direction == Direction::Backward)
            && root.kind(to).is_some()
            && !in_the_way.contains(to)
        {
            return None;
        }
        let mode = match direction {
            Direction::Forward => trace.base_mode,
            Direction::Backward => trace.head_mode,
        };
        if from.is_some() && mode.map(kind_of_mode) == Some(FileKind::Submodule) {
            return Some(self.submodule_sides(trace));
        }
        let mut disk_kind = None;
        let start = match from {
            None => Content::Missing,
            Some(path) => {
                let kind = root.kind(path)?;
                let expected = mode.map(kind_of_mode).unwrap_or(kind);
                if is_plain(kind) != is_plain(expected) {
                    return None;
                }
                disk_kind = Some(kind);
                let bytes_max = self.options.limits.patched_file_bytes_max;
                let content = root
                    .read(&RepoPath::from_bytes(path), kind, bytes_max)
                    .ok()?;
                let content = match &mut self.cleaner {
                    Some(cleaner) if is_plain(kind) => cleaner.clean(path, content),
                    _ => content,
                };
                Content::Bytes(content)
            }
        };
        let content = self.run(trace, start, direction)?;
        let content = self.keep(trace, content, direction);
        // The mode on disk counts, except where the patch changes it.
        let other_mode = match direction {
            Direction::Forward => trace
                .head_mode
                .filter(|_| trace.head_mode != trace.base_mode),
            Direction::Backward => trace
                .base_mode
                .filter(|_| trace.head_mode != trace.base_mode),
        };
        let made_kind = other_mode
            .map(kind_of_mode)
            .or(disk_kind)
            .unwrap_or(FileKind::File);
        let disk = version(
            from.as_ref(),
            disk_kind.unwrap_or(FileKind::File),
            ContentId::Disk,
        );
        let made = version(to.as_ref(), made_kind, content);
        Some(match direction {
            Direction::Forward => Sides {
                base: disk,
                head: made,
            },
            Direction::Backward => Sides {
                base: made,
                head: disk,
            },
        })
    }

    /// Finds the sides without the disk: objects that the patch names, or what
    /// it holds itself.
    fn elsewhere(&mut self, trace: &Trace) -> Sides {
        let is_submodule = [trace.base_mode, trace.head_mode]
            .into_iter()
            .flatten()
            .any(|mode| kind_of_mode(mode) == FileKind::Submodule);
        if is_submodule {
            return self.submodule_sides(trace);
        }
        let kind = |mode: Option<u32>, other: Option<u32>| {
            mode.or(other).map_or(FileKind::File, kind_of_mode)
        };
        let base_kind = kind(trace.base_mode, trace.head_mode);
        let head_kind = kind(trace.head_mode, trace.base_mode);
        let first = trace.steps.first().map(|&step| &self.files[step]);
        let object = first.and_then(|file| self.object(file.old_id.as_deref()));
        let bytes_max = self.options.limits.patched_file_bytes_max;
        let start = match (&trace.base, object) {
            (None, _) => Content::Missing,
            (Some(_), Some(id)) => match &self.repo {
                Some(repo) => read_blob(&repo.inner.objects, id, bytes_max)
                    .map_or(Content::Unknown, Content::Bytes),
                None => Content::Unknown,
            },
            (Some(_), None) => Content::Unknown,
        };
        let object = object.filter(|_| matches!(start, Content::Bytes(_)));
        let head = self
            .run(trace, start, Direction::Forward)
            .unwrap_or(Content::Unknown);
        let head = self.keep(trace, head, Direction::Forward);
        let base = match object {
            Some(id) if head != ContentId::Absent || trace.head.is_none() => object_content(id),
            _ => {
                let end = if trace.head.is_none() {
                    Content::Missing
                } else {
                    Content::Unknown
                };
                let base = self
                    .run(trace, end, Direction::Backward)
                    .unwrap_or(Content::Unknown);
                self.keep(trace, base, Direction::Backward)
            }
        };
        Sides {
            base: version(trace.base.as_ref(), base_kind, base),
            head: version(trace.head.as_ref(), head_kind, head),
        }
    }

    /// Returns the object of an id that may be shortened.
    fn object(&self, id: Option<&str>) -> Option<ObjectId> {
        let repo = self.repo.as_ref()?;
        let id = repo.inner.rev_parse_single(id?).ok()?.detach();
        repo.inner
            .find_header(id)
            .ok()
            .filter(|header| header.kind().is_blob())
            .map(|_| id)
    }

    /// Applies all steps of a trace; none when one does not fit.
    fn run(&mut self, trace: &Trace, start: Content, direction: Direction) -> Option<Content> {
        let mut content = start;
        let mut steps = trace.steps.clone();
        if direction == Direction::Backward {
            steps.reverse();
        }
        for step in steps {
            content = self.step(&self.files[step], content, direction)?;
        }
        Some(content)
    }

    fn step(
        &mut self,
        file: &FilePatch,
        content: Content,
        direction: Direction,
    ) -> Option<Content> {
        let (comes, goes) = match direction {
            Direction::Forward => (file.action == Action::Add, file.action == Action::Delete),
            Direction::Backward => (file.action == Action::Delete, file.action == Action::Add),
        };
        let old = match (&content, comes) {
            (Content::Missing, true) => Some(&b""[..]),
            (Content::Bytes(bytes), false) => Some(bytes.as_slice()),
            (Content::Unknown, false) => None,
            _ => return None,
        };
        let bytes_max = self.options.limits.patched_file_bytes_max;
        let new = match &file.body {
            Body::Text(hunks) => match old {
                Some(old) => {
                    // Without its hunks, a deletion says nothing of the content.
                    let is_silent = hunks.is_empty() && goes;
                    let new = if is_silent {
                        Vec::new()
                    } else {
                        apply(old, hunks, direction, &mut self.effort)?
                    };
                    Some(new)
                }
                None => None,
            },
            Body::Binary { forward, reverse } => {
                let hunk = match direction {
                    Direction::Forward => Some(forward),
                    Direction::Backward => reverse.as_ref(),
                };
                match hunk {
                    Some(hunk) if old.is_some() || !hunk.is_delta() => {
                        Some(hunk.apply(old, bytes_max)?)
                    }
                    _ => None,
                }
            }
            Body::BinaryDiffers | Body::Combined => None,
        };
        match new {
            Some(new) if goes => new.is_empty().then_some(Content::Missing),
            None if goes => Some(Content::Missing),
            Some(new) => Some(Content::Bytes(new)),
            None => Some(Content::Unknown),
        }
    }

    /// Keeps content in memory as long as there is room; what is not known is
    /// looked for among the objects.
    fn keep(&mut self, trace: &Trace, content: Content, direction: Direction) -> ContentId {
        match content {
            Content::Bytes(bytes) => match self.bytes_left.checked_sub(bytes.len() as u64) {
                Some(left) => {
                    self.bytes_left = left;
                    ContentId::Memory(bytes.into())
                }
                None => ContentId::Absent,
            },
            Content::Missing | Content::Unknown => {
                let file = match direction {
                    Direction::Forward => trace.steps.last(),
                    Direction::Backward => trace.steps.first(),
                };
                let file = file.map(|&step| &self.files[step]);
                let id = file.and_then(|file| match direction {
                    Direction::Forward => file.new_id.as_deref(),
                    Direction::Backward => file.old_id.as_deref(),
                });
                self.object(id).map_or(ContentId::Absent, object_content)
            }
        }
    }

    /// The sides of a submodule are the commits that the hunks name.
    fn submodule_sides(&self, trace: &Trace) -> Sides {
        let hunk = |step: Option<&usize>| {
            step.and_then(|&step| match &self.files[step].body {
                Body::Text(hunks) => hunks.first().map(|hunk| &hunk.hunk),
                _ => None,
            })
        };
        let commit = |text: Option<&[u8]>| {
            text.and_then(|text| text.strip_prefix(b"Subproject commit "))
                .and_then(|text| ObjectId::from_hex(text.fields().next()?).ok())
                .map_or(ContentId::Absent, object_content)
        };
        let base = commit(hunk(trace.steps.first()).map(|hunk| hunk.base_text.as_slice()));
        let head = commit(hunk(trace.steps.last()).map(|hunk| hunk.head_text.as_slice()));
        let kind = |mode: Option<u32>| mode.map_or(FileKind::Submodule, kind_of_mode);
        Sides {
            base: version(trace.base.as_ref(), kind(trace.base_mode), base),
            head: version(trace.head.as_ref(), kind(trace.head_mode), head),
        }
    }
}

pub(super) fn version(
    path: Option<&BString>,
    kind: FileKind,
    content: ContentId,
) -> Option<FileVersion> {
    path.map(|path| FileVersion {
        path: RepoPath::from_bytes(path),
        kind,
        content,
    })
}
