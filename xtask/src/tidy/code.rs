//! Checks the habits of Rust files that clippy has no lint for, or only one
//! that can be switched off by writing less.

use super::Problems;
use super::rust::mask;
use super::tree::{File, Tree};

/// Words that say that a thing is not done. Put together here so that they do
/// not stand in this file.
const UNDONE: [(&str, &str); 4] = [("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK")];

/// Checks each Rust file.
pub(super) fn check(tree: &Tree, problems: &mut Problems) {
    for (file, text) in tree.rust_files() {
        check_header(file, text, problems);
        let masked = mask(text);
        for (line, comment) in &masked.comments {
            check_comment(file, *line, comment, problems);
        }
        for (number, line) in (1..).zip(masked.code.lines()) {
            check_line(file, number, line, problems);
        }
        check_uses(file, &masked.code, problems);
    }
}

fn check_header(file: &File, text: &str, problems: &mut Problems) {
    if file.is_test() && file.name() != "main.rs" {
        return;
    }
    let first = text.lines().next().unwrap_or_default();
    if first
        .strip_prefix("//!")
        .is_none_or(|rest| rest.trim().len() < 10)
    {
        let what = "the file does not open with `//!`";
        let mend = "say in one to five sentences what it is and why it exists";
        problems.add(&file.path, 1, what, mend);
    }
}

fn check_comment(file: &File, line: usize, comment: &str, problems: &mut Problems) {
    for (number, text) in (line..).zip(comment.lines()) {
        let text = text.trim_start_matches(['*', ' ']);
        for (first, second) in UNDONE {
            let word = format!("{first}{second}");
            let is_marker = text.strip_prefix(word.as_str()).is_some_and(|rest| {
                rest.is_empty()
                    || rest.starts_with([':', '(', ' ']) && !rest.starts_with(" comment")
            });
            if is_marker {
                let what = format!("a `{word}` comment");
                let mend = "do it, or write in the part's document what it does not do";
                problems.add(&file.path, number, what, mend);
            }
        }
    }
}

fn check_line(file: &File, number: usize, line: &str, problems: &mut Problems) {
    let mut add = |what: &str, mend: &'static str| {
        problems.add(&file.path, number, what, mend);
    };
    for marker in ["todo!(", "unimplemented!("] {
        if calls(line, marker) {
            add(
                &format!("`{marker})`"),
                "write the code, or take the path away",
            );
        }
    }
    if ["#[allow(", "#![allow("]
        .iter()
        .any(|marker| line.contains(marker))
    {
        let mend = "write `#[expect(lint, reason = \"...\")]` on the smallest item";
        add("a bare `allow`", mend);
    }
    if line.trim_start().starts_with("#[ignore") {
        let mend = "assert what happens today, with a comment that says so";
        add("an ignored test", mend);
    }
    if line.trim_start().starts_with("fn test_") {
        add(
            "a test named `test_...`",
            "name it by the sentence it proves",
        );
    }
}

/// Returns whether the line has the macro call, and not a longer name.
fn calls(line: &str, marker: &str) -> bool {
    line.match_indices(marker).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Finds glob imports, also those in braces over several lines.
fn check_uses(file: &File, code: &str, problems: &mut Problems) {
    let mut at = 0;
    while let Some(found) = code[at..].find("use ") {
        let start = at + found;
        let end = code[start..]
            .find(';')
            .map_or(code.len(), |end| start + end);
        at = start + 4;
        let before = code[..start].chars().next_back();
        if before.is_some_and(|c| !c.is_whitespace() && c != '}' && c != ')') {
            continue;
        }
        if let Some(star) = code[start..end].find("::*") {
            let number = 1 + code[..start + star].matches('\n').count();
            let mend = "import the names, so that a reader finds where they are from";
            problems.add(&file.path, number, "a glob import", mend);
        }
    }
}
