//! What a project says about its own code, for those who change it. It is read from the
//! base revision: a change does not write the conventions by which it is judged.

use std::fmt::Write as _;

use assay_source::FileVersion;

use super::reading::{Reader, masked};

/// Bytes of all conventions that are shown.
const BYTES_MAX: usize = 6_000;
/// Files of them.
const FILES_MAX: usize = 8;
/// Characters of a line.
const LINE_CHARS_MAX: usize = 300;

/// Files at the root that hold conventions, and the folder that holds nothing else.
const NAMES: &[&str] = &[
    "AGENTS.md",
    "CONTRIBUTING.md",
    "CONTRIBUTING.rst",
    "CONTRIBUTING",
];
const FOLDER: &str = ".assay/";

fn rank(path: &str) -> Option<(usize, &str)> {
    let known = NAMES.iter().position(|name| *name == path);
    let in_folder = path
        .strip_prefix(FOLDER)
        .is_some_and(|rest| rest.ends_with(".md") && !rest.contains('/'));
    // What is written for reviews goes before what is written for people.
    match (in_folder, known) {
        (true, _) => Some((0, path)),
        (false, Some(at)) => Some((at + 1, path)),
        (false, None) => None,
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conventions {
    /// As they are shown; empty when there are none.
    pub(super) text: String,
    /// What of them is not shown, for people.
    pub(super) left: Vec<String>,
}

/// Reads the conventions of the base.
pub(super) fn conventions(reader: &Reader<'_>, bytes_max: usize) -> Conventions {
    let mut found = Conventions::default();
    if reader.subject.is_scan {
        return found;
    }
    let changed = &reader.subject.change.files;
    let is_of = |version: &FileVersion| {
        version
            .path
            .as_str()
            .is_some_and(|path| rank(path).is_some())
    };
    let mut files: Vec<&FileVersion> = changed
        .iter()
        .filter_map(|file| file.base.as_ref())
        .filter(|base| is_of(base))
        .collect();
    let is_touched = |path| {
        let versions = changed
            .iter()
            .flat_map(|file| file.base.iter().chain(&file.head));
        let mut paths = versions.map(|version| &version.path);
        paths.any(|touched| touched == path)
    };
    let same = reader.listed().values();
    files.extend(same.filter(|file| is_of(file) && !is_touched(&file.path)));
    files.sort_by(|one, other| {
        let key = |file: &FileVersion| {
            file.path
                .as_str()
                .and_then(rank)
                .map(|(at, path)| (at, path.to_owned()))
        };
        key(one).cmp(&key(other))
    });
    let bytes_max = bytes_max.min(BYTES_MAX);
    for (at, file) in files.into_iter().enumerate() {
        let name = file.path.to_display();
        if at >= FILES_MAX {
            found.left.push(name);
            continue;
        }
        let Ok(text) = masked(reader.subject, reader.settings, file) else {
            continue;
        };
        let mut part = format!("CONVENTIONS OF {name}\n");
        let mut is_whole = true;
        for line in text.text.as_str().lines() {
            let line: String = line.chars().take(LINE_CHARS_MAX).collect();
            if found.text.len() + part.len() + line.len() + 3 > bytes_max {
                is_whole = false;
                break;
            }
            let _ = writeln!(part, "| {line}");
        }
        if part.lines().count() > 1 {
            found.text.push_str(&part);
        }
        if !is_whole {
            found.left.push(name);
        }
    }
    found
}
