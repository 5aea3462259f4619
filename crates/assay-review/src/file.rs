//! Reads one file of the change: both versions, their hunks, syntax, metrics
//! and findings, and its entry in the ledger.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use assay_finding::{
    Coverage, FileDiff, FileEntry, FileMetrics, HunkEntry, PlacedDirective, Problem, SkipReason,
};
use assay_graph::Facts;
use assay_rules::{Surface, is_schema};
use assay_source::{
    ContentId, ContentStore, DecodeError, Encoding, FileChange, FileKind, FileVersion, Hunk,
    LineEnding, LineMapping, LineRange, PatchHunk, ReadError, SourceText, Span, diff_lines,
};
use assay_syntax::{Language, detect};

use crate::classify::{skip_by_path, skip_by_text};
use crate::difference;
use crate::engines::Engines;
use crate::flow::FlowFile;
use crate::frame;
use crate::introduce::Versions;
use crate::metrics;
use crate::redact;
use crate::settings::Settings;
use crate::version::{self, Version};

/// What one file of the change came to.
pub(crate) struct Examined {
    pub(crate) entry: FileEntry,
    pub(crate) versions: Versions,
    pub(crate) metrics: Option<FileMetrics>,
    /// What was measured in the base and in the head.
    pub(crate) measured: [Option<assay_syntax::Metrics>; 2],
    pub(crate) problems: Vec<Problem>,
    /// What comments in the head silence.
    pub(crate) directives: Vec<PlacedDirective>,
    /// The language of the head, when it is known.
    pub(crate) language: Option<&'static Language>,
    /// The texts of a changed file, kept to compare it with the rest of the
    /// tree.
    pub(crate) kept: Option<KeptText>,
    /// The base and the head as the dataflow step reads them.
    pub(crate) flow: [Option<FlowFile>; 2],
    /// What the base and the head offer to others.
    pub(crate) surfaces: [Option<Surface>; 2],
    /// What the base and the head define and use, when somebody has looked.
    pub(crate) facts: [Option<Arc<Facts>>; 2],
    /// Where secrets stand in the head, when somebody has looked.
    pub(crate) secrets: Option<Vec<Span>>,
}

/// The texts of a file that was read.
pub(crate) struct KeptText {
    pub(crate) language: &'static Language,
    pub(crate) head: Arc<SourceText>,
    pub(crate) base: Option<Arc<SourceText>>,
}

/// The analyzers as the ledger names them.
const TEXT: &str = "text rules";
const SYNTAX: &str = "syntax rules";
const METRICS: &str = "metrics";
const DATAFLOW: &str = "dataflow";

/// Lines that a patch without its tree may count up to: its text is put at its
/// place in an otherwise empty file.
const FRAGMENT_LINE_MAX: u32 = 1_000_000;

/// Reads one file of the change. Never fails: what cannot be read is in the
/// ledger.
pub(crate) fn examine(
    is_scan: bool,
    file: &FileChange,
    contents: &dyn ContentStore,
    engines: &Engines<'_>,
    settings: &Settings,
) -> Examined {
    let mut examination = Examination {
        file,
        contents,
        engines,
        settings,
        keep_texts: !is_scan,
        fragment: false,
        not_understood: Vec::new(),
        examined: Examined::new(file),
    };
    // Whatever is wrong with one file, the others are reviewed.
    let outcome = catch_unwind(AssertUnwindSafe(|| examination.run()));
    if let Err(panic) = outcome {
        let failure = panic_message(&*panic);
        examination.examined = Examined::new(file);
        examination.examined.entry.coverage = examination.failed(failure);
    }
    examination.examined
}

impl Examined {
    fn new(file: &FileChange) -> Self {
        let path = file.path().clone();
        let base_path = file
            .base
            .as_ref()
            .map(|version| version.path.clone())
            .filter(|base| *base != path);
        Self {
            entry: FileEntry {
                path,
                base_path,
                status: file.status,
                language: None,
                coverage: Coverage::Skipped(SkipReason::NoContentChange),
                hunks: Vec::new(),
                notes: Vec::new(),
                diff: FileDiff::default(),
            },
            versions: Versions {
                base: Vec::new(),
                head: Vec::new(),
                mapping: LineMapping::default(),
            },
            metrics: None,
            measured: [None, None],
            problems: Vec::new(),
            directives: Vec::new(),
            language: None,
            kept: None,
            flow: [None, None],
            surfaces: [None, None],
            facts: [None, None],
            secrets: None,
        }
    }
}

struct Examination<'a> {
    file: &'a FileChange,
    contents: &'a dyn ContentStore,
    engines: &'a Engines<'a>,
    settings: &'a Settings,
    keep_texts: bool,
    /// Whether only a patch's lines are known.
    fragment: bool,
    /// The first and last lines of what the grammars did not understand.
    not_understood: Vec<(u32, u32)>,
    examined: Examined,
}

impl Examination<'_> {
    fn run(&mut self) {
        self.note_kinds();
        let skip = self.skip_by_path();
        // Links and submodules have no lines; everything else has hunks that
        // the ledger must account for, also when they are not analysed.
        if let Some(reason @ (SkipReason::Submodule | SkipReason::Symlink)) = skip {
            self.examined.entry.coverage = Coverage::Skipped(reason);
            return;
        }
        let texts = match self.read_texts() {
            Ok(texts) => texts,
            Err(reason) => {
                self.examined.entry.coverage = Coverage::Skipped(skip.unwrap_or(reason));
                return;
            }
        };
        let hunks = match (&self.file.patch, &texts) {
            (Some(patch), Texts { fragment: true, .. }) => patch_runs(patch),
            (_, Texts { base, head, .. }) => {
                let empty = SourceText::from_text("");
                let side = |text: &Option<Arc<SourceText>>| {
                    text.clone().unwrap_or_else(|| Arc::new(empty.clone()))
                };
                diff_lines(&side(base), &side(head))
            }
        };
        self.examined.versions.mapping = LineMapping::new(hunks.clone());
        self.fragment = texts.fragment;
        if self.settings.keeps_diff {
            self.examined.entry.diff = self.difference(&texts, &hunks);
        }
        let reason = skip.or_else(|| self.skip_by_text(&texts));
        let coverage = match reason {
            Some(reason) => {
                self.keep_schema(&reason, &texts);
                Coverage::Skipped(reason)
            }
            None if hunks.is_empty() => Coverage::Skipped(SkipReason::NoContentChange),
            None => self.analyse(&texts),
        };
        self.account(hunks, coverage);
    }

    fn difference(&self, texts: &Texts, hunks: &[Hunk]) -> FileDiff {
        let path = self.file.path();
        let base = self
            .file
            .base
            .as_ref()
            .map_or(path, |version| &version.path);
        let base = (base, texts.base.as_ref());
        let head = (path, texts.head.as_ref());
        difference::write(base, head, hunks, &self.settings.secret_rules)
    }

    fn note_kinds(&mut self) {
        let (Some(base), Some(head)) = (&self.file.base, &self.file.head) else {
            return;
        };
        if base.kind == head.kind {
            return;
        }
        let word = |kind| match kind {
            FileKind::File => "a file",
            FileKind::Executable => "an executable file",
            FileKind::Symlink => "a symbolic link",
            FileKind::Submodule => "a submodule",
        };
        let note = format!("was {} and is now {}", word(base.kind), word(head.kind));
        self.examined.entry.notes.push(note);
    }

    fn skip_by_path(&self) -> Option<SkipReason> {
        let path = self.file.path();
        let excluded = path.as_str().and_then(|text| {
            self.settings
                .exclude
                .iter()
                .find(|(_, glob)| glob.is_match(text))
        });
        if let Some((pattern, _)) = excluded {
            return Some(SkipReason::Excluded(pattern.clone()));
        }
        skip_by_path(self.file).filter(|reason| self.counts(reason))
    }

    fn skip_by_text(&self, texts: &Texts) -> Option<SkipReason> {
        let text = texts.head.as_ref().or(texts.base.as_ref())?;
        skip_by_text(self.file, text).filter(|reason| self.counts(reason))
    }

    /// The configuration may ask for generated and vendored files.
    fn counts(&self, reason: &SkipReason) -> bool {
        match reason {
            SkipReason::Generated(_) | SkipReason::Minified => !self.settings.generated,
            SkipReason::Vendored(_) => !self.settings.vendored,
            _ => true,
        }
    }

    fn read_texts(&mut self) -> Result<Texts, SkipReason> {
        let absent = |version: &Option<FileVersion>| {
            version
                .as_ref()
                .is_some_and(|version| version.content == ContentId::Absent)
        };
        if let Some(patch) = &self.file.patch
            && (absent(&self.file.head) || absent(&self.file.base))
        {
            return fragment_texts(patch);
        }
        let head = self
            .file
            .head
            .as_ref()
            .map(|version| self.read_text(version))
            .transpose()?;
        let base = match self
            .file
            .base
            .as_ref()
            .map(|version| self.read_text(version))
        {
            Some(Ok(text)) => Some(text),
            // A binary or huge base does not keep the new text from being read.
            Some(Err(reason)) if head.is_some() => {
                let note = format!("the base was not compared: {reason}");
                self.examined.entry.notes.push(note);
                None
            }
            Some(Err(reason)) => return Err(reason),
            None => None,
        };
        if let Some(text) = &head {
            self.note_encoding(text);
        }
        Ok(Texts {
            base,
            head,
            fragment: false,
        })
    }

    fn read_text(&self, version: &FileVersion) -> Result<Arc<SourceText>, SkipReason> {
        let bytes_max = self.settings.limits.file_bytes_max;
        if matches!(version.kind, FileKind::Symlink | FileKind::Submodule) {
            return Ok(Arc::new(SourceText::from_text("")));
        }
        let bytes = self
            .contents
            .read(version, bytes_max)
            .map_err(|error| match error {
                ReadError::TooLarge { bytes, bytes_max } => SkipReason::TooLarge {
                    bytes: Some(bytes),
                    bytes_max,
                },
                ReadError::OutsideTree => SkipReason::Symlink,
                ReadError::Absent | ReadError::Failed(_) => {
                    SkipReason::Unreadable(error.to_string())
                }
            })?;
        SourceText::decode(bytes)
            .map(Arc::new)
            .map_err(|error| match error {
                DecodeError::Binary => SkipReason::Binary,
                DecodeError::TooLong => SkipReason::TooLarge {
                    bytes: None,
                    bytes_max,
                },
            })
    }

    fn note_encoding(&mut self, text: &SourceText) {
        let notes = &mut self.examined.entry.notes;
        if text.encoding() != Encoding::Utf8 {
            notes.push(format!("encoded as {}", text.encoding().as_str()));
        }
        match text.line_ending() {
            LineEnding::Mixed => notes.push("mixed line ends".to_owned()),
            LineEnding::Cr => notes.push("lines end with a carriage return alone".to_owned()),
            LineEnding::None | LineEnding::Lf | LineEnding::Crlf => {}
        }
        if !text.has_final_newline() {
            notes.push("no newline at the end of the file".to_owned());
        }
    }

    /// Analyses both versions behind a panic boundary.
    fn analyse(&mut self, texts: &Texts) -> Coverage {
        let head = texts
            .head
            .as_ref()
            .map(|text| self.version(self.file.head.as_ref(), text));
        let head = match head.transpose() {
            Ok(head) => head,
            Err(failure) => return self.failed(failure),
        };
        let base = texts
            .base
            .as_ref()
            .map(|text| self.version(self.file.base.as_ref(), text));
        let base = match base.transpose() {
            Ok(base) => base,
            // Without the base everything in the head would look introduced.
            Err(failure) => return self.failed(failure),
        };
        let seen = head.as_ref().or(base.as_ref());
        let mut by = vec![TEXT];
        let mut partly = Vec::new();
        if let Some(version) = seen {
            let seen = &version.seen;
            self.examined.entry.language = seen.language.map(Language::name);
            if seen.is_parsed {
                by.push(SYNTAX);
            }
            if seen.measured.is_some() && !texts.fragment {
                by.push(METRICS);
            }
            if version.flow.is_some() && !texts.fragment {
                by.push(DATAFLOW);
            }
            self.not_understood.clone_from(&seen.not_understood);
            partly.extend(seen.doubts.iter().cloned());
        }
        if texts.fragment {
            partly
                .push("a patch without its tree: only the lines of the hunks were read".to_owned());
        }
        if !texts.fragment {
            let measured =
                |version: &Option<Version>| version.as_ref().and_then(|v| v.seen.measured.clone());
            let (base_measured, head_measured) = (measured(&base), measured(&head));
            if let Some(language) = seen.and_then(|version| version.seen.language) {
                self.examined.metrics = metrics::compare(
                    self.file.path(),
                    language,
                    base_measured.as_ref(),
                    head_measured.as_ref(),
                    &self.examined.versions.mapping,
                );
            }
            self.examined.measured =
                [base_measured, head_measured].map(|one| one.map(|one| one.file));
        }
        if let Some(head) = head {
            self.finish_head(head, texts);
        } else if let Some(base) = &base {
            // What was taken out here may have moved to another file.
            self.keep(
                base.seen.language,
                Arc::new(SourceText::from_text("")),
                texts,
            );
        }
        if let Some(mut base) = base {
            self.examined.surfaces[0] = base.seen.surface.take();
            self.examined.versions.base = base.seen.findings;
            self.examined.flow[0] = base.flow;
        }
        if partly.is_empty() {
            Coverage::Analysed(by)
        } else {
            Coverage::Partial(by, partly.join("; "))
        }
    }

    fn finish_head(&mut self, head: Version, texts: &Texts) {
        let Version {
            text,
            mut seen,
            flow,
        } = head;
        let mapping = &self.examined.versions.mapping;
        let mut findings = std::mem::take(&mut seen.findings);
        if texts.fragment {
            // Of an unseen file only what the hunk itself shows is certain.
            findings.retain(|finding| {
                finding.measure.is_none() && mapping.is_changed(finding.location.start.line)
            });
        }
        // Only what is shown has to be gone over.
        if !findings.is_empty() || !seen.directives.is_empty() {
            let path = self.file.path();
            let masked = redact::mask_file(
                path,
                &text,
                seen.secrets.as_deref(),
                &self.settings.secret_rules,
            );
            for finding in &mut findings {
                redact::finding(finding, &masked);
                frame::fill(finding, &masked.text, mapping);
            }
            redact::directives(&mut seen.directives, &masked);
            seen.secrets = Some(masked.spans);
        }
        if !texts.fragment {
            self.examined.secrets = seen.secrets.take();
        }
        self.examined.versions.head = findings;
        if !texts.fragment {
            self.examined.flow[1] = flow;
        }
        self.examined.surfaces[1] = seen.surface.take();
        self.examined.language = seen.language;
        self.examined.directives = std::mem::take(&mut seen.directives);
        self.examined.entry.notes.append(&mut seen.notes);
        self.keep(seen.language, text, texts);
    }

    /// What others speak by is compared as well when a program wrote it.
    fn keep_schema(&mut self, reason: &SkipReason, texts: &Texts) {
        let is_written = matches!(reason, SkipReason::Generated(_) | SkipReason::Minified);
        let (true, Some(head), Some(_)) = (is_written, &texts.head, &texts.base) else {
            return;
        };
        let path = self.file.path();
        let language = detect(path, head.as_str());
        if language.is_some_and(|language| is_schema(path, language, head.as_str())) {
            self.keep(language, Arc::clone(head), texts);
        }
    }

    fn keep(&mut self, language: Option<&'static Language>, head: Arc<SourceText>, texts: &Texts) {
        if let (true, false, Some(language)) = (self.keep_texts, texts.fragment, language) {
            self.examined.kept = Some(KeptText {
                language,
                head,
                base: texts.base.clone(),
            });
        }
    }

    fn version(
        &mut self,
        version: Option<&FileVersion>,
        text: &Arc<SourceText>,
    ) -> Result<Version, String> {
        let path = version.map_or(self.file.path(), |version| &version.path);
        let with_surface = self.keep_texts && !self.fragment;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            version::read(path, text, with_surface, self.engines, self.settings)
        }));
        match outcome {
            Ok((version, problems)) => {
                self.examined.problems.extend(problems);
                Ok(version)
            }
            Err(panic) => Err(panic_message(&*panic)),
        }
    }

    fn failed(&mut self, failure: String) -> Coverage {
        self.examined.problems.push(Problem {
            what: "analysis".to_owned(),
            path: Some(self.file.path().clone()),
            message: stopped(&failure),
        });
        Coverage::Skipped(SkipReason::Failed(failure))
    }

    /// Writes the hunks into the ledger. In a file that the grammar understood
    /// only in part, the hunks outside the other part are wholly analysed.
    fn account(&mut self, hunks: Vec<Hunk>, coverage: Coverage) {
        let not_understood = std::mem::take(&mut self.not_understood);
        let of_hunk = |hunk: &Hunk| match &coverage {
            Coverage::Partial(by, _) if !self.fragment => {
                let hit = not_understood.iter().any(|&(first, last)| {
                    first < hunk.head.end().max(hunk.head.start + 1) && hunk.head.start <= last
                });
                if hit {
                    coverage.clone()
                } else {
                    Coverage::Analysed(by.clone())
                }
            }
            other => other.clone(),
        };
        let entry = &mut self.examined.entry;
        entry.hunks = hunks
            .iter()
            .map(|hunk| HunkEntry {
                base: hunk.base,
                head: hunk.head,
                coverage: of_hunk(hunk),
            })
            .collect();
        entry.coverage = coverage;
    }
}

pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    // Messages about the middle of a text quote it from here on.
    let quoted = text.find('`').unwrap_or(text.len());
    text[..quoted].trim_end().to_owned()
}

/// Says of an analysis that it fell over.
pub(crate) fn stopped(failure: &str) -> String {
    format!("failed and was stopped: {failure}; please report this with the file")
}

/// The texts of both versions.
struct Texts {
    base: Option<Arc<SourceText>>,
    head: Option<Arc<SourceText>>,
    /// Only the lines of a patch's hunks are known.
    fragment: bool,
}

/// Puts the lines of a patch at their places in otherwise empty files.
fn fragment_texts(patch: &[PatchHunk]) -> Result<Texts, SkipReason> {
    let place = |parts: Vec<(u32, &[u8])>| -> Result<Arc<SourceText>, SkipReason> {
        let mut bytes = Vec::new();
        let mut line = 1;
        for (start, text) in parts {
            if start > FRAGMENT_LINE_MAX {
                return Err(SkipReason::Budget(format!(
                    "a patch without its tree, at line {start}; the limit is {FRAGMENT_LINE_MAX}"
                )));
            }
            while line < start {
                bytes.push(b'\n');
                line += 1;
            }
            bytes.extend_from_slice(text);
            if !text.ends_with(b"\n") && !text.is_empty() {
                bytes.push(b'\n');
            }
            line += memchr_count(text);
        }
        SourceText::decode(bytes)
            .map(Arc::new)
            .map_err(|_| SkipReason::Binary)
    };
    let base = place(
        patch
            .iter()
            .map(|hunk| (hunk.base_start, hunk.base_text.as_slice()))
            .collect(),
    )?;
    let head = place(
        patch
            .iter()
            .map(|hunk| (hunk.head_start, hunk.head_text.as_slice()))
            .collect(),
    )?;
    Ok(Texts {
        base: Some(base),
        head: Some(head),
        fragment: true,
    })
}

fn memchr_count(text: &[u8]) -> u32 {
    let ends = text.iter().filter(|&&byte| byte == b'\n').count() as u32;
    ends + u32::from(!text.is_empty() && !text.ends_with(b"\n"))
}

fn patch_runs(patch: &[PatchHunk]) -> Vec<Hunk> {
    patch
        .iter()
        .flat_map(|hunk| hunk.runs.iter().copied())
        .collect()
}

/// Returns the entry of a file that is over the limit of files.
pub(crate) fn unread(file: &FileChange, reason: SkipReason) -> Examined {
    let mut examined = Examined::new(file);
    examined.entry.coverage = Coverage::Skipped(reason);
    examined
}

/// Returns the added and removed lines of a file's hunks.
pub(crate) fn line_counts(entry: &FileEntry) -> (u64, u64) {
    let sum = |side: fn(&HunkEntry) -> LineRange| {
        entry
            .hunks
            .iter()
            .map(|hunk| u64::from(side(hunk).count))
            .sum()
    };
    (sum(|hunk| hunk.head), sum(|hunk| hunk.base))
}
