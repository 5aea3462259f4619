use std::path::Path;

use assay_git::{Error, Input, Opened, Options, open};
use assay_source::{ChangeStatus, ContentId, FileChange, FileKind, FileVersion, ReadError};
use assay_testkit::GitRepo;

/// More than any file in these tests has.
pub(crate) const BYTES_MAX: u64 = 1 << 20;

/// Options under which nothing of the machine counts.
pub(crate) fn options() -> Options {
    Options {
        user_config: false,
        ..Options::default()
    }
}

pub(crate) fn try_open(repo: &GitRepo, input: &Input) -> Result<Opened, Error> {
    open(repo.root(), input, &options())
}

pub(crate) fn open_at(path: &Path, input: &Input) -> Opened {
    open(path, input, &options()).unwrap_or_else(|error| panic!("{input:?}: {}", chain(&error)))
}

pub(crate) fn opened(repo: &GitRepo, input: &Input) -> Opened {
    open_at(repo.root(), input)
}

pub(crate) fn working_tree() -> Input {
    Input::WorkingTree { base: None }
}

pub(crate) fn range(base: &str, head: &str) -> Input {
    Input::Range {
        base: base.to_owned(),
        head: head.to_owned(),
        merge_base: false,
    }
}

/// The whole of an error, with what caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(source) = at {
        text.push_str(": ");
        text.push_str(&source.to_string());
        at = source.source();
    }
    text
}

fn letter(kind: FileKind) -> &'static str {
    match kind {
        FileKind::File => "",
        FileKind::Executable => " x",
        FileKind::Symlink => " link",
        FileKind::Submodule => " submodule",
    }
}

/// One line for each file that differs: what happened, where, what kind.
pub(crate) fn summary(opened: &Opened) -> Vec<String> {
    opened.change.files.iter().map(line).collect()
}

fn line(file: &FileChange) -> String {
    let path = file.path().to_display();
    let from = |what: &str, similarity: u8| {
        let base = file
            .base
            .as_ref()
            .map_or_else(String::new, |base| base.path.to_display());
        format!("{what}{similarity} {base} -> {path}")
    };
    let mut text = match file.status {
        ChangeStatus::Added => format!("A {path}"),
        ChangeStatus::Deleted => format!("D {path}"),
        ChangeStatus::Modified => format!("M {path}"),
        ChangeStatus::Renamed { similarity } => from("R", similarity),
        ChangeStatus::Copied { similarity } => from("C", similarity),
        ChangeStatus::TypeChanged => format!("T {path}"),
        ChangeStatus::Unmerged => format!("U {path}"),
    };
    let kind = |version: &Option<FileVersion>| version.as_ref().map(|version| version.kind);
    match (kind(&file.base), kind(&file.head)) {
        (Some(base), Some(head)) if base != head => {
            text.push_str(&format!(" [{} ->{}]", letter(base).trim(), letter(head)));
        }
        (base, head) => text.push_str(letter(head.or(base).unwrap_or(FileKind::File))),
    }
    text
}

pub(crate) fn check_summary(opened: &Opened, expected: &[&str]) {
    assert_eq!(
        summary(opened),
        expected,
        "notes: {:?}",
        opened.change.notes
    );
}

pub(crate) fn file<'a>(opened: &'a Opened, path: &str) -> &'a FileChange {
    opened
        .change
        .files
        .iter()
        .find(|file| file.path().to_display() == path)
        .unwrap_or_else(|| panic!("{path} is not in {:?}", summary(opened)))
}

pub(crate) fn read(opened: &Opened, version: &Option<FileVersion>) -> Option<Vec<u8>> {
    let version = version.as_ref()?;
    Some(
        opened
            .tree
            .read(version, BYTES_MAX)
            .unwrap_or_else(|error| panic!("{version:?}: {error}")),
    )
}

/// Checks the contents of both sides of a file.
pub(crate) fn check_contents(opened: &Opened, path: &str, base: Option<&str>, head: Option<&str>) {
    let file = file(opened, path);
    let text =
        |bytes: Option<Vec<u8>>| bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert_eq!(
        text(read(opened, &file.base)).as_deref(),
        base,
        "base of {path}"
    );
    assert_eq!(
        text(read(opened, &file.head)).as_deref(),
        head,
        "head of {path}"
    );
}

/// The paths that the head's tree lists, all of which can be read.
pub(crate) fn listed(opened: &Opened) -> Vec<String> {
    let files = opened.tree.list().unwrap_or_else(|error| panic!("{error}"));
    for file in &files {
        let found = opened.tree.read(file, BYTES_MAX);
        assert!(
            found.is_ok() || matches!(found, Err(ReadError::TooLarge { .. })),
            "{file:?}: {found:?}"
        );
    }
    files.iter().map(|file| file.path.to_display()).collect()
}

/// Checks that some note holds each of these texts, and that there are no others.
pub(crate) fn check_notes(opened: &Opened, expected: &[&str]) {
    let notes = &opened.change.notes;
    assert_eq!(notes.len(), expected.len(), "{notes:?}");
    for text in expected {
        assert!(
            notes.iter().any(|note| note.contains(text)),
            "`{text}` is not in {notes:?}"
        );
    }
}

/// Checks that opening fails, and what the message says.
pub(crate) fn check_error(repo: &GitRepo, input: &Input, expected: &[&str]) {
    let error = match try_open(repo, input) {
        Err(error) => error,
        Ok(opened) => panic!("{input:?} gave {:?}", summary(&opened)),
    };
    let text = chain(&error);
    for part in expected {
        assert!(text.contains(part), "`{part}` is not in `{text}`");
    }
}

pub(crate) fn is_disk(version: &Option<FileVersion>) -> bool {
    version
        .as_ref()
        .is_some_and(|version| version.content == ContentId::Disk)
}
