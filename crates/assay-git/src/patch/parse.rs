//! Reads patches: `git diff`, `git format-patch` (also many in one mailbox) and
//! `diff -u`, with anything else around them.
//!
//! Invariant: any bytes give patches or an error that names a line; the work is
//! linear in the length of the input.

use assay_source::{Hunk, LineRange, PatchHunk};
use gix::bstr::{BString, ByteSlice};

use super::binary::{self, BinaryHunk};
use super::header;
use crate::error::Error;
use crate::input::Limits;

/// What a patch does to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePatch {
    /// The line of the input that it begins at.
    pub(crate) line: u64,
    /// Which patch of a series it belongs to.
    pub(crate) unit: usize,
    pub(crate) action: Action,
    /// The path before, with any prefix of the tool taken off.
    pub(crate) old: Option<BString>,
    /// The path after.
    pub(crate) new: Option<BString>,
    pub(crate) old_mode: Option<u32>,
    pub(crate) new_mode: Option<u32>,
    pub(crate) similarity: Option<u8>,
    /// The first digits of the objects' ids.
    pub(crate) old_id: Option<String>,
    pub(crate) new_id: Option<String>,
    pub(crate) body: Body,
}

/// What happens to the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Modify,
    Add,
    Delete,
    Rename,
    Copy,
}

/// What happens to the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Text(Vec<TextHunk>),
    Binary {
        forward: BinaryHunk,
        reverse: Option<BinaryHunk>,
    },
    /// Binary files that are only said to differ.
    BinaryDiffers,
    /// A merge against several parents at once.
    Combined,
}

/// A hunk of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextHunk {
    /// The line of the input that its header is on.
    pub(crate) line: u64,
    pub(crate) hunk: PatchHunk,
    /// Whether a carriage return was taken off each line, because the headers
    /// have one too.
    pub(crate) cr_stripped: bool,
}

/// What was found in the input.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) files: Vec<FilePatch>,
    /// Whether the input has the header of a mail.
    pub(crate) is_mail: bool,
}

/// Reads all patches in the input.
pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Parsed, Error> {
    let mut parser = Parser {
        lines: Lines {
            rest: bytes,
            number: 0,
        },
        parsed: Parsed::default(),
        unit: 0,
        touched: std::collections::HashSet::new(),
        limits,
    };
    parser.run()?;
    let parsed = parser.parsed;
    if parsed.files.is_empty() && !parsed.is_mail && !bytes.trim_ascii().is_empty() {
        let is_context = bytes.find(b"\n***************").is_some();
        let problem = if is_context {
            "this is a context diff; make a unified one with `diff -u` or `git diff`"
        } else {
            "no patch was found; a unified one, as `git diff` and `diff -u` make it, is needed"
        };
        return Err(wrong(1, problem));
    }
    Ok(parsed)
}

pub(super) fn wrong(line: u64, problem: impl Into<String>) -> Error {
    Error::Patch {
        line,
        problem: problem.into(),
    }
}

/// The lines of the input, with their ends.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    /// The number of the line that was taken last.
    pub(super) number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn peek(&self) -> Option<&'a [u8]> {
        self.peek_nth(0)
    }

    fn peek_nth(&self, skip: usize) -> Option<&'a [u8]> {
        self.rest.lines_with_terminator().nth(skip)
    }

    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let line = self.peek()?;
        self.rest = &self.rest[line.len()..];
        self.number += 1;
        Some(line)
    }
}

/// Takes the end off a line: `\n` or `\r\n`.
pub(super) fn trim_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

struct Parser<'a> {
    lines: Lines<'a>,
    parsed: Parsed,
    unit: usize,
    /// Paths that the current patch of a series has changed already.
    touched: std::collections::HashSet<BString>,
    limits: &'a Limits,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), Error> {
        let mut is_first = true;
        while let Some(line) = self.lines.peek() {
            if line.starts_with(b"diff --git ") {
                self.git_file()?;
            } else if line.starts_with(b"diff --cc ") || line.starts_with(b"diff --combined ") {
                self.combined_file()?;
            } else if line.starts_with(b"--- ") && self.is_plain_header() {
                self.plain_file()?;
            } else {
                if line.starts_with(b"From ") && header::is_mailbox_line(trim_end(line)) {
                    self.parsed.is_mail = true;
                    self.next_unit();
                } else if is_first
                    && (line.starts_with(b"From: ") || line.starts_with(b"Subject: "))
                {
                    self.parsed.is_mail = true;
                } else if line.starts_with(b"@@ -") && header::hunk(trim_end(line)).is_some() {
                    return Err(wrong(
                        self.lines.number + 1,
                        "a hunk without the lines `--- ` and `+++ ` that name its file",
                    ));
                }
                self.lines.next();
            }
            is_first = false;
        }
        Ok(())
    }

    fn next_unit(&mut self) {
        self.unit += 1;
        self.touched.clear();
    }

    fn push(&mut self, mut file: FilePatch) -> Result<(), Error> {
        // A patch changes each file once; what comes again belongs to the next
        // one. (A changed type is a deletion and an addition.)
        let path = file.new.clone().or_else(|| file.old.clone());
        let is_retyped = file.action == Action::Add
            && self.parsed.files.last().is_some_and(|last| {
                last.unit == self.unit && last.action == Action::Delete && last.old == file.new
            });
        if let Some(path) = path
            && !self.touched.insert(path.clone())
            && !is_retyped
        {
            self.next_unit();
            self.touched.insert(path);
        }
        file.unit = self.unit;
        for path in [&file.old, &file.new].into_iter().flatten() {
            if path.is_empty() || path.contains(&0) {
                return Err(wrong(file.line, "the name of the file is not one"));
            }
            if path.len() > self.limits.path_bytes_max {
                return Err(Error::TooLarge {
                    what: format!("the length of the path on line {} of the patch", file.line),
                    found: path.len() as u64,
                    limit: self.limits.path_bytes_max as u64,
                    option: "path_bytes_max",
                    mend: "raise the limit",
                });
            }
        }
        self.parsed.files.push(file);
        crate::assemble::check_count(self.parsed.files.len(), self.limits)
    }

    /// A file of `git diff`: its header, then hunks or binary data.
    fn git_file(&mut self) -> Result<(), Error> {
        let first = self.lines.next().unwrap_or_default();
        let line = self.lines.number;
        let mut git = header::GitHeader::new(trim_end(first));
        while let Some(next) = self.lines.peek() {
            let next = trim_end(next);
            if !git.read(next, self.lines.number + 1)? {
                break;
            }
            self.lines.next();
        }
        let mut body = Body::Text(Vec::new());
        if let Some(next) = self.lines.peek() {
            if next.starts_with(b"--- ") && self.is_plain_header() {
                let old = self.lines.next().unwrap_or_default();
                let new = self.lines.next().unwrap_or_default();
                git.names(header::name(trim_end(old)), header::name(trim_end(new)));
                body = Body::Text(self.hunks()?);
            } else if trim_end(next) == b"GIT binary patch" {
                self.lines.next();
                let (forward, reverse) = binary::read(&mut self.lines)?;
                body = Body::Binary { forward, reverse };
            } else if next.starts_with(b"Binary files ") && trim_end(next).ends_with(b" differ") {
                self.lines.next();
                body = Body::BinaryDiffers;
            }
        }
        // In the text of a commit's message, the words mean nothing.
        let is_empty = matches!(&body, Body::Text(hunks) if hunks.is_empty());
        if is_empty && !git.says_something() {
            return Ok(());
        }
        let file = git
            .finish(body, line)
            .ok_or_else(|| wrong(line, "the header does not say which file it is for"))?;
        self.push(file)
    }

    /// A file of `git diff` for a merge: told of, not read.
    fn combined_file(&mut self) -> Result<(), Error> {
        let first = trim_end(self.lines.next().unwrap_or_default());
        let line = self.lines.number;
        let name = first
            .strip_prefix(b"diff --cc ")
            .or_else(|| first.strip_prefix(b"diff --combined "))
            .unwrap_or_default();
        let (mut is_added, mut is_deleted) = (false, false);
        while let Some(next) = self.lines.peek() {
            let is_next = next.starts_with(b"diff --")
                || next.starts_with(b"From ")
                || next.starts_with(b"commit ");
            if is_next {
                break;
            }
            is_added |= next.starts_with(b"new file mode ");
            is_deleted |= next.starts_with(b"deleted file mode ");
            self.lines.next();
        }
        let path: BString = header::unquote_all(name).into();
        let action = match (is_added, is_deleted) {
            (true, _) => Action::Add,
            (_, true) => Action::Delete,
            _ => Action::Modify,
        };
        self.push(FilePatch {
            line,
            unit: self.unit,
            old: (!is_added).then(|| path.clone()),
            new: (!is_deleted).then_some(path),
            action,
            old_mode: None,
            new_mode: None,
            similarity: None,
            old_id: None,
            new_id: None,
            body: Body::Combined,
        })
    }

    /// Returns whether the next three lines are those that `diff -u` begins
    /// each file with.
    fn is_plain_header(&self) -> bool {
        self.lines
            .peek_nth(1)
            .is_some_and(|line| line.starts_with(b"+++ "))
            && self
                .lines
                .peek_nth(2)
                .is_some_and(|line| line.starts_with(b"@@ -"))
    }

    /// A file of `diff -u`.
    fn plain_file(&mut self) -> Result<(), Error> {
        let old = header::name(trim_end(self.lines.next().unwrap_or_default()));
        let line = self.lines.number;
        let new = header::name(trim_end(self.lines.next().unwrap_or_default()));
        let hunks = self.hunks()?;
        let file = header::plain(&old, &new, hunks, line)
            .ok_or_else(|| wrong(line, "the header does not say which file it is for"))?;
        self.push(file)
    }

    fn hunks(&mut self) -> Result<Vec<TextHunk>, Error> {
        let mut hunks: Vec<TextHunk> = Vec::new();
        while let Some(line) = self.lines.peek() {
            if !line.starts_with(b"@@ -") {
                break;
            }
            let hunk = self.hunk()?;
            if let Some(last) = hunks.last() {
                let end = |start: u32, text: &[u8]| u64::from(start) + text.lines().count() as u64;
                let (last, next) = (&last.hunk, &hunk.hunk);
                let overlaps = u64::from(next.base_start) < end(last.base_start, &last.base_text)
                    || u64::from(next.head_start) < end(last.head_start, &last.head_text);
                if overlaps {
                    return Err(wrong(
                        hunk.line,
                        "the hunk begins before the one before it ends",
                    ));
                }
            }
            hunks.push(hunk);
        }
        Ok(hunks)
    }

    fn hunk(&mut self) -> Result<TextHunk, Error> {
        let first = self.lines.next().unwrap_or_default();
        let line = self.lines.number;
        let Some(ranges) = header::hunk(trim_end(first)) else {
            return Err(wrong(line, "a hunk begins `@@ -LINE,COUNT +LINE,COUNT @@`"));
        };
        let (base, head) = ranges;
        let mut hunk = HunkReader {
            line,
            base,
            head,
            base_left: base.count,
            head_left: head.count,
            cr_stripped: first.ends_with(b"\r\n"),
            runs: Vec::new(),
            base_text: Vec::new(),
            head_text: Vec::new(),
            last: b' ',
        };
        while hunk.base_left > 0 || hunk.head_left > 0 {
            let Some(text) = self.lines.next() else {
                return Err(hunk.unfinished(self.lines.number + 1, "the patch ends"));
            };
            hunk.take(text, self.lines.number)?;
        }
        if self.lines.peek().is_some_and(is_no_newline) {
            self.lines.next();
            hunk.cut_newline();
        }
        Ok(hunk.finish())
    }
}

/// Git translates the words, but not the backslash.
fn is_no_newline(line: &[u8]) -> bool {
    line.starts_with(b"\\ ") && line.len() >= 12
}

/// A hunk while its lines are read.
struct HunkReader {
    line: u64,
    base: LineRange,
    head: LineRange,
    base_left: u32,
    head_left: u32,
    cr_stripped: bool,
    runs: Vec<Hunk>,
    base_text: Vec<u8>,
    head_text: Vec<u8>,
    /// The sign of the last line.
    last: u8,
}

impl HunkReader {
    fn take(&mut self, line: &[u8], number: u64) -> Result<(), Error> {
        if is_no_newline(line) {
            self.cut_newline();
            return Ok(());
        }
        let (sign, text) = match line.split_first() {
            // Mail programs take the space off an empty line.
            Some((b'\n', _)) => (b' ', line),
            Some((b'\r', b"\n")) => (b' ', line),
            Some((sign, text)) => (*sign, text),
            None => return Err(self.unfinished(number, "the patch ends")),
        };
        let in_base = matches!(sign, b' ' | b'-');
        let in_head = matches!(sign, b' ' | b'+');
        if !in_base && !in_head {
            return Err(self.unfinished(number, "the line begins with neither ` `, `-` nor `+`"));
        }
        if (in_base && self.base_left == 0) || (in_head && self.head_left == 0) {
            return Err(self.unfinished(number, "there is another line than these"));
        }
        let cut = text.strip_suffix(b"\r\n").filter(|_| self.cr_stripped);
        let place = (
            self.base.count - self.base_left,
            self.head.count - self.head_left,
        );
        for (wanted, left, out) in [
            (in_base, &mut self.base_left, &mut self.base_text),
            (in_head, &mut self.head_left, &mut self.head_text),
        ] {
            if wanted {
                *left -= 1;
                match cut {
                    Some(cut) => {
                        out.extend_from_slice(cut);
                        out.push(b'\n');
                    }
                    None => out.extend_from_slice(text),
                }
            }
        }
        if sign != b' ' {
            self.grow_run(place, in_base);
        }
        self.last = sign;
        Ok(())
    }

    /// Adds a removed or added line to the run that it belongs to.
    fn grow_run(&mut self, place: (u32, u32), removed: bool) {
        let (base, head) = (self.base.start + place.0, self.head.start + place.1);
        let run = match self.runs.last_mut() {
            Some(run) if run.base.end() == base && run.head.end() == head => run,
            _ => {
                let empty = |start| LineRange { start, count: 0 };
                self.runs.push(Hunk {
                    base: empty(base),
                    head: empty(head),
                });
                let last = self.runs.len() - 1;
                &mut self.runs[last]
            }
        };
        if removed {
            run.base.count += 1;
        } else {
            run.head.count += 1;
        }
    }

    /// The last line has no line end.
    fn cut_newline(&mut self) {
        let cut = |text: &mut Vec<u8>| {
            if text.ends_with(b"\n") {
                text.pop();
            }
        };
        if matches!(self.last, b' ' | b'-') {
            cut(&mut self.base_text);
        }
        if matches!(self.last, b' ' | b'+') {
            cut(&mut self.head_text);
        }
    }

    fn unfinished(&self, number: u64, what: &str) -> Error {
        wrong(
            number,
            format!(
                "{what}, but the hunk of line {} promises {} old and {} new lines more",
                self.line, self.base_left, self.head_left
            ),
        )
    }

    fn finish(self) -> TextHunk {
        TextHunk {
            line: self.line,
            cr_stripped: self.cr_stripped,
            hunk: PatchHunk {
                runs: self.runs,
                base_start: self.base.start,
                base_text: self.base_text,
                head_start: self.head.start,
                head_text: self.head_text,
            },
        }
    }
}
