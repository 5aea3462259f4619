//! The review of texts that are at hand: no repository, no disk, no network. The
//! process that reviews for the queue calls it, and the scan for secrets does.

use std::sync::Arc;

use assay_finding::Report;
use assay_finding::render::{Format, RenderOptions, render};
use assay_review::{NoProgress, Progress, Settings, Subject, review};
use assay_rules::RuleStatement;
use assay_source::{
    Attributes, Change, ChangeStatus, ContentId, ContentStore, FileChange, FileKind, FileTree,
    FileVersion, ReadError, RepoPath,
};
use jiff::civil::Date;

use crate::error::Error;

const FILES_MAX: usize = 1_000;
const PATH_BYTES_MAX: usize = 4_096;
const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;
const NAME_BYTES_MAX: usize = 256;

/// A file of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExaminedFile {
    /// Where it is.
    pub path: String,
    /// Its text before; none for one that was added.
    pub base: Option<String>,
    /// Its text after; none for one that was deleted.
    pub head: Option<String>,
}

/// Which rules run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExamineRules {
    /// All that are on by default.
    All,
    /// Those about secrets, the unsure ones too.
    Secrets,
}

/// A change, and what is wanted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExamineRequest {
    /// What the base is called.
    pub base: String,
    /// What the head is called.
    pub head: String,
    /// The files that differ.
    pub files: Vec<ExaminedFile>,
    /// Which rules run.
    pub rules: ExamineRules,
}

impl ExamineRequest {
    /// Checks what came from outside.
    pub fn check(&self) -> Result<(), Error> {
        for (field, name) in [("base", &self.base), ("head", &self.head)] {
            if name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
                let why =
                    format!("at most {NAME_BYTES_MAX} bytes, none of them control characters");
                return Err(Error::invalid(field, why));
            }
        }
        if self.files.is_empty() || self.files.len() > FILES_MAX {
            return Err(Error::invalid("files", format!("1 to {FILES_MAX} files")));
        }
        let mut bytes = 0;
        for file in &self.files {
            check_path(&file.path)?;
            if file.base.is_none() && file.head.is_none() {
                let why = "a file has a text before, after, or both";
                return Err(Error::invalid("files", why));
            }
            let texts = [&file.base, &file.head].into_iter().flatten();
            bytes += texts.map(String::len).sum::<usize>();
        }
        if bytes > TEXT_BYTES_MAX {
            let why = format!("{bytes} bytes of text; at most {TEXT_BYTES_MAX}");
            return Err(Error::invalid("files", why));
        }
        let mut paths: Vec<_> = self.files.iter().map(|file| &file.path).collect();
        paths.sort();
        if paths.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::invalid("files", "each path once"));
        }
        Ok(())
    }
}

fn check_path(path: &str) -> Result<(), Error> {
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    let is_fit = path.len() <= PATH_BYTES_MAX
        && !path.contains(['\0', '\\'])
        && path.split('/').all(is_part);
    if is_fit {
        return Ok(());
    }
    let why = "relative, with `/` between its parts, none of them empty, `.` or `..`";
    Err(Error::invalid("path", why))
}

/// Reviews the change as a version of the program does on a day.
pub fn examine(request: &ExamineRequest, version: &str, today: Date) -> Report {
    examine_telling(request, version, today, &NoProgress)
}

/// Reviews the change, and says meanwhile how far it is.
pub fn examine_telling(
    request: &ExamineRequest,
    version: &str,
    today: Date,
    progress: &dyn Progress,
) -> Report {
    let mut settings = Settings::new(version, today);
    settings.keeps_diff = request.rules == ExamineRules::All;
    if request.rules == ExamineRules::Secrets {
        for (pattern, enabled) in [("*", false), ("secret/*", true)] {
            settings.rules.statements.push(RuleStatement {
                pattern: pattern.to_owned(),
                enabled: Some(enabled),
                ..RuleStatement::default()
            });
        }
    }
    let mut files: Vec<FileChange> = request.files.iter().map(file_change).collect();
    files.sort_by(|one, other| one.path().cmp(other.path()));
    let change = Change {
        base: request.base.clone(),
        head: request.head.clone(),
        files,
        notes: Vec::new(),
        past: Vec::new(),
    };
    let tree = Texts(&change);
    let subject = Subject {
        change: &change,
        tree: &tree,
        is_scan: request.rules == ExamineRules::Secrets,
    };
    review(subject, &settings, progress)
}

/// Writes a report as it is kept and given out.
pub fn report_json(report: &Report) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let written = render(report, Format::Json, &RenderOptions::default(), &mut out);
    written.map_err(|why| Error::Internal(format!("a report: {why}")))?;
    Ok(out)
}

fn file_change(file: &ExaminedFile) -> FileChange {
    let version = |text: &String| FileVersion {
        path: RepoPath::from_bytes(&file.path),
        kind: FileKind::File,
        content: ContentId::Memory(Arc::from(text.as_bytes())),
    };
    let status = match (&file.base, &file.head) {
        (None, _) => ChangeStatus::Added,
        (_, None) => ChangeStatus::Deleted,
        _ => ChangeStatus::Modified,
    };
    FileChange {
        status,
        base: file.base.as_ref().map(version),
        head: file.head.as_ref().map(version),
        attributes: Attributes::default(),
        patch: None,
    }
}

/// The tree that has the texts of a change and nothing else.
struct Texts<'a>(&'a Change);

impl ContentStore for Texts<'_> {
    fn read(&self, version: &FileVersion, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        let ContentId::Memory(bytes) = &version.content else {
            return Err(ReadError::Absent);
        };
        if bytes.len() as u64 > bytes_max {
            return Err(ReadError::TooLarge {
                bytes: bytes.len() as u64,
                bytes_max,
            });
        }
        Ok(bytes.to_vec())
    }
}

impl FileTree for Texts<'_> {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        let heads = self.0.files.iter().filter_map(|file| file.head.clone());
        Ok(heads.collect())
    }
}
