//! Where things are in the head: places of the base found again, lines quoted.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use assay_finding::Location;
use assay_source::{FileVersion, RepoPath, SourceText, Span};

use crate::file::Examined;
use crate::pipeline::Subject;

/// Bytes of a file that is quoted.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// A place in the head that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    pub(crate) path: RepoPath,
    pub(crate) line: u32,
    /// The bytes of it; the line where they are not known.
    pub(crate) span: Option<Span>,
}

/// Where in a changed file something was taken away.
#[derive(Clone, Copy)]
pub(crate) enum At {
    /// A byte of the base that is not there any more.
    Base(u32),
    /// A byte of the head.
    Head(u32),
}

/// The texts of the head and how lines of the base are found in them.
pub(crate) struct Places<'a> {
    subject: Subject<'a>,
    examined: &'a [Examined],
    by_base: HashMap<&'a RepoPath, usize>,
    by_head: HashMap<&'a RepoPath, usize>,
    /// The files of the head, listed when one is asked for that did not change.
    files: OnceCell<Vec<FileVersion>>,
    texts: RefCell<HashMap<RepoPath, Option<Arc<SourceText>>>>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(subject: Subject<'a>, examined: &'a [Examined]) -> Self {
        let mut by_base = HashMap::new();
        let mut by_head = HashMap::new();
        for (at, file) in subject.change.files.iter().enumerate().take(examined.len()) {
            if let Some(base) = &file.base {
                by_base.insert(&base.path, at);
            }
            if let Some(head) = &file.head {
                by_head.insert(&head.path, at);
            }
        }
        Self {
            subject,
            examined,
            by_base,
            by_head,
            files: OnceCell::new(),
            texts: RefCell::new(HashMap::new()),
        }
    }

    /// Returns what is known of a file of the head that changed.
    pub(crate) fn examined(&self, path: &RepoPath) -> Option<&'a Examined> {
        self.by_head.get(path).map(|&at| &self.examined[at])
    }

    /// Returns where a line of the base is in the head; none when the change took it
    /// out or altered it.
    pub(crate) fn head_of(&self, base: &RepoPath, line: u32) -> Option<(RepoPath, u32)> {
        let Some(&at) = self.by_base.get(base) else {
            return Some((base.clone(), line));
        };
        let head = self.subject.change.files[at].head.as_ref()?;
        let line = self.examined[at].versions.mapping.head_line(line)?;
        Some((head.path.clone(), line))
    }

    /// Returns where a line of the head was in the base; none when it is new.
    pub(crate) fn base_of(&self, head: &RepoPath, line: u32) -> Option<(RepoPath, u32)> {
        let Some(&at) = self.by_head.get(head) else {
            return Some((head.clone(), line));
        };
        let base = self.subject.change.files[at].base.as_ref()?;
        let line = self.examined[at].versions.mapping.base_line(line)?;
        Some((base.path.clone(), line))
    }

    /// Returns the text of a file of the head.
    pub(crate) fn text(&self, path: &RepoPath) -> Option<Arc<SourceText>> {
        if let Some(kept) = self.examined(path).and_then(|file| file.kept.as_ref()) {
            return Some(Arc::clone(&kept.head));
        }
        if let Some(known) = self.texts.borrow().get(path) {
            return known.clone();
        }
        let text = self.read(path);
        self.texts.borrow_mut().insert(path.clone(), text.clone());
        text
    }

    fn read(&self, path: &RepoPath) -> Option<Arc<SourceText>> {
        let files = self.files();
        let at = files.binary_search_by(|file| file.path.cmp(path)).ok()?;
        let bytes = self.subject.tree.read(&files[at], FILE_BYTES_MAX).ok()?;
        SourceText::decode(bytes).ok().map(Arc::new)
    }

    /// Returns the files of the head, sorted by their paths.
    pub(crate) fn files(&self) -> &[FileVersion] {
        self.files.get_or_init(|| {
            let mut files = self.subject.tree.list().unwrap_or_default();
            files.sort_by(|one, other| one.path.cmp(&other.path));
            files
        })
    }

    /// Returns the line of a use.
    pub(crate) fn line(&self, one: &Use) -> String {
        self.text(&one.path)
            .map_or_else(String::new, |text| text.line(one.line).to_owned())
    }

    /// Returns the place of a use in the head.
    pub(crate) fn location(&self, one: &Use) -> Option<Location> {
        let text = self.text(&one.path)?;
        let line = text.lines().line_span(one.line);
        let start = match one.span {
            Some(span) => span,
            None => {
                let written = text.line(one.line);
                let indent = (written.len() - written.trim_start().len()) as u32;
                Span::new(
                    line.start + indent,
                    line.start + written.trim_end().len().max(indent as usize) as u32,
                )
            }
        };
        Some(at(&one.path, &text, start))
    }

    /// Returns the place in the head at which the change took something away.
    pub(crate) fn changed_location(&self, file: usize, place: At) -> Option<Location> {
        let (examined, change) = (&self.examined[file], &self.subject.change.files[file]);
        let head = change.head.as_ref()?;
        let kept = examined.kept.as_ref()?;
        let hunks = examined.versions.mapping.hunks();
        let last = kept.head.lines().line_count().max(1);
        let line = match place {
            At::Head(byte) => kept.head.lines().line_of(byte),
            At::Base(byte) => {
                let line = kept.base.as_ref()?.lines().line_of(byte);
                let hunk = hunks
                    .iter()
                    .find(|hunk| hunk.base.contains(line))
                    .or(hunks.first())?;
                hunk.head.start.clamp(1, last)
            }
        };
        let line = match place {
            // A forge takes remarks on what changed: the parameters may stand below the
            // name.
            At::Head(_) if !examined.versions.mapping.is_changed(line) => {
                let below = (line..=last.min(line + HEADER_LINES_MAX))
                    .find(|&line| examined.versions.mapping.is_changed(line));
                below.unwrap_or(line)
            }
            _ => line,
        };
        let span = kept.head.lines().line_span(line);
        Some(at(&head.path, &kept.head, span))
    }

    /// Returns the version of a file of the base that changed.
    pub(crate) fn base_text(&self, file: usize) -> Option<&'a Arc<SourceText>> {
        self.examined[file].kept.as_ref()?.base.as_ref()
    }
}

/// Lines that the head of a function may have.
const HEADER_LINES_MAX: u32 = 15;

fn at(path: &RepoPath, text: &SourceText, span: Span) -> Location {
    Location {
        path: path.clone(),
        span,
        start: text.position(span.start),
        end: text.position(span.end),
    }
}
