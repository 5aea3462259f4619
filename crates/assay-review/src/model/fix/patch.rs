//! A model's edits made edits of files, or refused: each has to quote whole lines that it
//! was shown, exactly, and what it writes has to be code that could stand there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use assay_finding::Edit;
use assay_rules::MaskedText;
use assay_source::{RepoPath, SourceText, Span};

use super::FixEdit;
use crate::mend::with_line_ends;

/// Edits of one patch.
const EDITS_MAX: usize = 10;
/// Lines that a patch replaces.
const OLD_LINES_MAX: usize = 120;
/// Bytes that a patch writes.
const NEW_BYTES_MAX: usize = 16 << 10;
/// Characters of a name that a reason tells.
const NAME_CHARS_MAX: usize = 120;

/// What tells other tools to be silent. A patch that writes it mends nothing.
const SILENCERS: &[&str] = &[
    "assay:ignore",
    "noqa",
    "nosec",
    "nosonar",
    "nolint",
    "nosemgrep",
    "eslint-disable",
    "ts-ignore",
    "ts-nocheck",
    "ts-expect-error",
    "type: ignore",
    "pylint: disable",
    "rubocop:disable",
    "phpcs:ignore",
    "phpstan-ignore",
    "@suppresswarnings",
    "@suppress(",
    "suppressmessage",
    "#[allow(",
    "#![allow(",
    "pragma warning disable",
    "code generated",
    "@generated",
];

/// What code can reach besides its own data, by words of it. A file that reaches none of a
/// kind does not need it to be mended.
const REACHES: &[(&str, &[&str])] = &[
    (
        "a program that is started, which the file does not do",
        &[
            "os.system",
            "os.exec",
            "os.spawn",
            "popen",
            "subprocess",
            "pty.spawn",
            "child_process",
            "execfile",
            "execsync",
            "spawn(",
            "runtime.getruntime",
            "processbuilder",
            "exec.command",
            "syscall.exec",
            "process.start",
            "shell_exec",
            "passthru",
            "proc_open",
            "system(",
            "open3",
            "std::process",
            "command::new",
            "/bin/sh",
            "/bin/bash",
        ],
    ),
    (
        "a connection that is opened, which the file does not do",
        &[
            "socket",
            "urllib",
            "import requests",
            "requests.",
            "httpx",
            "aiohttp",
            "http.client",
            "fetch(",
            "xmlhttprequest",
            "axios",
            "sendbeacon",
            "http.get",
            "http.post",
            "net.dial",
            "httpclient",
            "webclient",
            "webrequest",
            "urlconnection",
            "curl",
            "wget",
            "fsockopen",
            "net::http",
            "open-uri",
            "tcpstream",
            "reqwest",
        ],
    ),
    (
        "text that is run as code, which the file does not do",
        &[
            "eval(",
            "exec(",
            "compile(",
            "__import__",
            "importlib",
            "new function(",
            "instance_eval",
            "class_eval",
            "pickle",
            "marshal.load",
            "unserialize",
            "readobject",
            "assembly.load",
            "ctypes",
            "dlopen",
        ],
    ),
];

/// Files that say how code is built, tested and reviewed: no patch of a model touches them.
const GUARDED: &[&str] = &[
    "assay.toml",
    "assay-baseline.json",
    "azure-pipelines.yml",
    "azure-pipelines.yaml",
    "bitbucket-pipelines.yml",
    "appveyor.yml",
    "jenkinsfile",
    "codeowners",
    "agents.md",
    "contributing.md",
    "contributing.rst",
    "contributing",
];
/// Folders of such files, at any depth. What begins with a dot is one in any case.
const GUARDED_FOLDERS: &[&str] = &["ci"];

/// Why a patch is not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixRefusal {
    /// It has no edits.
    NoEdits,
    /// It has more of something than is looked at.
    TooLarge(&'static str),
    /// It edits a file that was not shown.
    NotShown(String),
    /// It edits a file that says how code is built or reviewed.
    Guarded(String),
    /// It quotes lines that are not there.
    NoSuchCode(String),
    /// What it quotes is there several times.
    Ambiguous(String),
    /// Its edits overlap.
    Overlap,
    /// It changes nothing.
    Unchanged,
    /// It touches a line with a secret, which nobody may be shown.
    Secret(String),
    /// It writes what mends nothing: control characters, an address that is not in the
    /// file, or code that reaches what the file does not.
    NoCode(&'static str),
    /// It tells a tool to be silent.
    Silences(&'static str),
    /// A file would not parse as well as before.
    BreaksSyntax(String),
    /// Something that others use would be gone.
    Removes(String),
    /// A file would not be read as it was.
    NotRead(String),
    /// The finding would still be there.
    LeavesFinding,
    /// There would be another finding.
    BringsFinding(String),
    /// The review of the patched code did not come through.
    Problem(String),
    /// The test command failed; what it said at its end.
    TestFails(String),
}

impl fmt::Display for FixRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEdits => f.write_str("it has no edits"),
            Self::TooLarge(what) => write!(f, "it has too many {what}"),
            Self::NotShown(path) => write!(f, "it edits {path}, which was not shown"),
            Self::Guarded(path) => {
                write!(
                    f,
                    "it edits {path}, which says how code is built or reviewed"
                )
            }
            Self::NoSuchCode(path) => {
                write!(
                    f,
                    "it does not apply: it quotes lines that {path} does not have"
                )
            }
            Self::Ambiguous(path) => {
                write!(
                    f,
                    "it does not apply: {path} has the lines that it quotes several times"
                )
            }
            Self::Overlap => f.write_str("its edits overlap"),
            Self::Unchanged => f.write_str("it changes nothing"),
            Self::Secret(path) => write!(f, "it touches a line of {path} with a secret"),
            Self::NoCode(what) => write!(f, "it writes {what}"),
            Self::Silences(word) => write!(f, "it silences a tool (`{word}`) and mends nothing"),
            Self::BreaksSyntax(path) => write!(f, "it would break the syntax of {path}"),
            Self::Removes(name) => write!(f, "it would remove `{name}`"),
            Self::NotRead(path) => write!(f, "{path} would not be read as it was"),
            Self::LeavesFinding => f.write_str("the finding would still be there"),
            Self::BringsFinding(what) => write!(f, "it would bring another finding: {what}"),
            Self::Problem(what) => write!(f, "the patched code could not be reviewed: {what}"),
            Self::TestFails(_) => f.write_str("the test command fails with it"),
        }
    }
}

impl FixRefusal {
    /// Returns what was said besides, as data.
    pub(super) fn said(&self) -> Option<&str> {
        match self {
            Self::TestFails(said) if !said.is_empty() => Some(said),
            _ => None,
        }
    }
}

/// A file that a model was shown.
pub(super) struct ShownText {
    pub(super) path: RepoPath,
    /// As it was named.
    pub(super) label: String,
    /// The lines that were shown.
    pub(super) lines: BTreeSet<u32>,
    pub(super) masked: MaskedText,
}

/// Returns whether no patch may touch a file: what configures reviews, builds and tools.
pub(super) fn is_guarded(path: &RepoPath) -> bool {
    // A name that is no text cannot be told from others.
    let Some(path) = path.as_str() else {
        return true;
    };
    let path = path.to_ascii_lowercase();
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    name.starts_with('.') || GUARDED.contains(&name) || name.starts_with("jenkinsfile.") || {
        parts.iter()
    }
    .any(|part| part.starts_with('.') || GUARDED_FOLDERS.contains(part))
}

/// Returns a word as a reason may tell it.
pub(super) fn named(word: &str) -> String {
    let plain = word.chars().filter(|c| !c.is_control() && *c != '`');
    plain.take(NAME_CHARS_MAX).collect()
}

/// Finds out what edits do to the files that were shown.
pub(super) fn resolve(
    edits: &[FixEdit],
    shown: &[ShownText],
) -> Result<BTreeMap<RepoPath, Vec<Edit>>, FixRefusal> {
    if edits.is_empty() {
        return Err(FixRefusal::NoEdits);
    }
    if edits.len() > EDITS_MAX {
        return Err(FixRefusal::TooLarge("edits"));
    }
    let old: usize = edits.iter().map(|edit| edit.old.lines().count()).sum();
    let new: usize = edits.iter().map(|edit| edit.new.len()).sum();
    if old > OLD_LINES_MAX || new > NEW_BYTES_MAX {
        return Err(FixRefusal::TooLarge("lines"));
    }
    let mut found: BTreeMap<RepoPath, Vec<Edit>> = BTreeMap::new();
    for edit in edits {
        let label = edit.path.trim();
        if is_guarded(&RepoPath::from(label)) {
            return Err(FixRefusal::Guarded(named(label)));
        }
        let file = shown.iter().find(|file| file.label == label);
        let file = file.ok_or_else(|| FixRefusal::NotShown(named(label)))?;
        if let Some(edit) = place(edit, file)? {
            found.entry(file.path.clone()).or_default().push(edit);
        }
    }
    if found.is_empty() {
        return Err(FixRefusal::Unchanged);
    }
    for edits in found.values_mut() {
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let overlaps = |pair: &[Edit]| {
            let (one, next) = (pair[0].span, pair[1].span);
            next.start < one.end || next.start == one.start
        };
        if edits.windows(2).any(overlaps) {
            return Err(FixRefusal::Overlap);
        }
    }
    Ok(found)
}

/// Finds the lines that an edit quotes; none when it would leave them as they are.
fn place(edit: &FixEdit, file: &ShownText) -> Result<Option<Edit>, FixRefusal> {
    let text = &file.masked.text;
    let old: Vec<&str> = edit.old.lines().map(str::trim_end).collect();
    let new: Vec<&str> = edit.new.lines().map(str::trim_end).collect();
    let missing = || FixRefusal::NoSuchCode(file.label.clone());
    if old.iter().all(|line| line.is_empty()) {
        return Err(missing());
    }
    let holds = |first: u32| {
        let lines = (first..).zip(&old);
        { lines }
            .all(|(line, old)| file.lines.contains(&line) && text.line(line).trim_end() == *old)
    };
    let found: Vec<u32> = file
        .lines
        .iter()
        .copied()
        .filter(|line| holds(*line))
        .collect();
    let first = match found.as_slice() {
        [] => return Err(missing()),
        [only] => *only,
        several if several.contains(&edit.line) => edit.line,
        _ => return Err(FixRefusal::Ambiguous(file.label.clone())),
    };
    // Only what differs is replaced, so that a patch is as small as it can be.
    let same = |(one, other): &(&&str, &&str)| one == other;
    let head = old.iter().zip(&new).take_while(same).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(same);
    let tail = tail.count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    if old.is_empty() && new.is_empty() {
        return Ok(None);
    }
    check_written(new, text)?;
    let span = span_of(text, first + head as u32, old.len() as u32, new.is_empty());
    if file.masked.touches(span) {
        return Err(FixRefusal::Secret(file.label.clone()));
    }
    let mut written = new.join("\n");
    if old.is_empty() {
        let is_behind = span.start as usize == text.as_str().len() && !text.has_final_newline();
        written.insert_str(0, if is_behind { "\n" } else { "" });
        written.push_str(if is_behind { "" } else { "\n" });
    }
    Ok(Some(Edit {
        span,
        text: with_line_ends(&written, text.line_ending()),
    }))
}

/// Returns the place of lines: with the end of the last one when they are taken out, and
/// before their first when there is none.
fn span_of(text: &SourceText, first: u32, count: u32, takes_end: bool) -> Span {
    let start_of = |line: u32| text.lines().line_span(line).start;
    let start = start_of(first);
    let end = match (count, takes_end) {
        (0, _) => start,
        (_, true) => start_of(first + count),
        (_, false) => {
            let last = first + count - 1;
            start_of(last) + text.line(last).len() as u32
        }
    };
    Span::new(start, end)
}

/// Refuses what no mended code has.
fn check_written(new: &[&str], text: &SourceText) -> Result<(), FixRefusal> {
    let is_plain = |c: char| !c.is_control() || c == '\t';
    let known = text.as_str().to_lowercase();
    let written = new.join("\n").to_lowercase();
    for (what, words) in REACHES {
        let has = |text: &str| words.iter().any(|word| text.contains(word));
        if has(&written) && !has(&known) {
            return Err(FixRefusal::NoCode(what));
        }
    }
    if !new.iter().all(|line| line.chars().all(is_plain)) {
        return Err(FixRefusal::NoCode("control characters"));
    }
    for line in new {
        let lower = line.to_lowercase();
        let brings = |word: &&&str| lower.contains(**word) && !text.as_str().contains(line);
        if let Some(word) = SILENCERS.iter().find(brings) {
            return Err(FixRefusal::Silences(word));
        }
        let mut words = line.split(|c: char| c.is_whitespace() || "\"'`<>()[]{},;".contains(c));
        if words.any(|word| word.contains("://") && !text.as_str().contains(word)) {
            return Err(FixRefusal::NoCode("an address that the file does not have"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use assay_finding::{Fix, FixSafety};
    use assay_rules::MaskedText;
    use assay_source::{RepoPath, SourceText};

    use super::{FixEdit, ShownText, is_guarded, resolve};

    const TEXT: &str = "a = 1\nb = 2\n\nif a:\n    pass\nb = 2\nc = \"hidden\"\n";

    fn shown(text: &str) -> ShownText {
        let text = Arc::new(SourceText::from_text(text));
        let secret = text.as_str().find("hidden").map(|at| {
            let at = at as u32;
            assay_source::Span::new(at, at + 6)
        });
        let secret: Vec<_> = secret.into_iter().collect();
        ShownText {
            path: RepoPath::from("src/a.py"),
            label: "src/a.py".to_owned(),
            lines: (1..=7).filter(|line| *line != 5).collect(),
            masked: MaskedText::new(&text, &secret),
        }
    }

    /// Returns the text as it is mended, or why it is not.
    fn check(text: &str, edits: &[(&str, u32, &str, &str)]) -> String {
        let edits: Vec<FixEdit> = edits
            .iter()
            .map(|(path, line, old, new)| FixEdit {
                path: (*path).to_owned(),
                line: *line,
                old: (*old).to_owned(),
                new: (*new).to_owned(),
            })
            .collect();
        let shown = shown(text);
        match resolve(&edits, std::slice::from_ref(&shown)) {
            Err(refusal) => refusal.to_string(),
            Ok(found) => {
                let edits = found[&shown.path].clone();
                let title = String::new();
                let safety = FixSafety::Unsafe;
                let fix = Fix {
                    title,
                    safety,
                    edits,
                };
                fix.apply(text).unwrap()
            }
        }
    }

    #[test]
    fn lines_that_are_quoted_are_replaced() {
        let a = "src/a.py";
        for (edits, expected) in [
            (vec![(a, 1, "a = 1", "a = 3")], "a = 3\nb = 2\n"),
            (vec![(a, 9, "a = 1\n", "a = 3\n")], "a = 3\nb = 2\n"),
            (vec![(a, 1, "a = 1\nb = 2", "b = 2")], "b = 2\n\nif a:"),
            (vec![(a, 1, "a = 1", "a = 1\nz = 0")], "a = 1\nz = 0\nb = 2"),
            (
                vec![(a, 6, "b = 2", "")],
                "a = 1\nb = 2\n\nif a:\n    pass\nc =",
            ),
            (
                vec![(a, 4, "if a:", "if b:"), (a, 1, "a = 1", "a = 4")],
                "a = 4\nb = 2\n\nif b:\n",
            ),
        ] {
            let mended = check(TEXT, &edits);
            assert!(mended.starts_with(expected), "{edits:?}: {mended}");
        }
        let mended = check(
            &TEXT.replace('\n', "\r\n"),
            &[(a, 1, "a = 1", "x = 1\ny = 2")],
        );
        assert!(
            mended.starts_with("x = 1\r\ny = 2\r\nb = 2\r\n"),
            "{mended:?}"
        );
    }

    #[test]
    fn what_does_not_apply_or_is_no_code_is_refused() {
        let a = "src/a.py";
        let long = "x\n".repeat(9_000);
        for (edits, why) in [
            (vec![], "no edits"),
            (vec![(a, 1, "a = 2", "a = 3")], "does not have"),
            (vec![(a, 1, "a =", "a = 3")], "does not have"),
            (vec![(a, 1, "", "a = 3")], "does not have"),
            (vec![(a, 5, "    pass", "    return")], "does not have"),
            (vec![(a, 4, "if a:\n    pass", "x")], "does not have"),
            (vec![(a, 4, "b = 2", "b = 3")], "several times"),
            (vec![("src/b.py", 1, "a = 1", "a = 3")], "was not shown"),
            (
                vec![(".github/workflows/a.yml", 1, "a", "b")],
                "how code is built",
            ),
            (vec![("assay.toml", 1, "a", "b")], "how code is built"),
            (vec![(a, 1, "a = 1", "a = 1")], "changes nothing"),
            (
                vec![(a, 1, "a = 1", "a = 3"), (a, 1, "a = 1", "a = 4")],
                "overlap",
            ),
            (vec![(a, 7, "c = \"******\"", "c = \"\"")], "with a secret"),
            (vec![(a, 1, "a = 1", "a = 1  # assay:ignore x")], "silences"),
            (vec![(a, 1, "a = 1", "a = 1  # NOSEC")], "silences"),
            (vec![(a, 1, "a = 1", "a = \"\u{8}\"")], "control characters"),
            (
                vec![(a, 1, "a = 1", "get(\"https://bad.test\")")],
                "an address",
            ),
            (
                vec![(a, 1, "a = 1", "import subprocess\na = 1")],
                "a program that is started",
            ),
            (vec![(a, 1, "a = 1", "a = eval(b)")], "run as code"),
            (vec![(a, 1, "a = 1", "a = socket.socket()")], "a connection"),
            (vec![(a, 1, "a = 1", long.as_str())], "too many lines"),
        ] {
            let said = check(TEXT, &edits);
            assert!(said.contains(why), "{why}: {said}");
        }
    }

    #[test]
    fn what_configures_is_guarded() {
        for (path, expected) in [
            ("src/a.py", false),
            ("src/assay/a.py", false),
            ("assay.toml", true),
            ("sub/Assay.toml", true),
            (".assay/rules/a.yml", true),
            (".github/workflows/a.yml", true),
            (".gitlab-ci.yml", true),
            (".gitattributes", true),
            ("Jenkinsfile", true),
            ("AGENTS.md", true),
            ("build/ci/run.sh", true),
            ("docs/CODEOWNERS", true),
        ] {
            assert_eq!(is_guarded(&RepoPath::from(path)), expected, "{path}");
        }
    }
}
