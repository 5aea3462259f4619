//! Checks that the paths and links in Markdown documents lead somewhere.

use super::Problems;
use super::tree::{File, Tree};

/// A word with one of these at its end is taken for a file.
const EXTENSIONS: [&str; 16] = [
    "css", "go", "html", "js", "json", "lock", "md", "py", "rs", "scm", "sh", "sql", "toml", "ts",
    "yaml", "yml",
];

/// Files that documents talk about and that are in the repository of whoever
/// uses Assay, not in this one.
const FILES_OF_USERS: [&str; 4] = [
    ".gitattributes",
    "assay-baseline.json",
    "assay.toml",
    "package-lock.json",
];

/// Checks each document.
pub(super) fn check(tree: &Tree, problems: &mut Problems) {
    let documents = tree.files.iter();
    for file in documents.filter(|file| file.has_extension("md") && !file.is_data()) {
        let Some(text) = &file.text else { continue };
        for (number, line) in prose(text) {
            for span in code_spans(line).filter(|span| is_path(tree, span)) {
                if !leads_somewhere(tree, file, span) {
                    let what = format!("there is no `{span}`");
                    problems.add(&file.path, number, what, "name what there is");
                }
            }
            for target in link_targets(line) {
                if let Some(what) = broken_link(tree, file, target) {
                    problems.add(&file.path, number, what, "mend the link");
                }
            }
        }
    }
}

/// Returns the lines outside fenced code and front matter, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    const FRONT_MATTER: &str = "+++";
    let mut fence = None;
    let marks: &[&str] = match text.starts_with(FRONT_MATTER) {
        true => &[FRONT_MATTER, "```", "~~~"],
        false => &["```", "~~~"],
    };
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let trimmed = line.trim_start();
        let mark = marks.iter().find(|mark| trimmed.starts_with(**mark));
        match (fence, mark) {
            (None, None) => true,
            (None, Some(_)) => {
                fence = mark;
                false
            }
            (Some(open), _) => {
                if mark == Some(open) {
                    fence = None;
                }
                false
            }
        }
    })
}

fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Returns the targets of `[text](target)` outside code.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').step_by(2).flat_map(|text| {
        text.match_indices("](").filter_map(move |(at, mark)| {
            let rest = &text[at + mark.len()..];
            Some(rest[..rest.find(')')?].trim())
        })
    })
}

/// Returns whether a code span is meant as a path of this repository.
fn is_path(tree: &Tree, span: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if span.is_empty() || !span.chars().all(is_plain) || span.starts_with(['/', '-']) {
        return false;
    }
    let name = span.rsplit('/').next().unwrap_or_default();
    let has_extension = name
        .rsplit_once('.')
        .is_some_and(|(stem, extension)| !stem.is_empty() && EXTENSIONS.contains(&extension));
    if FILES_OF_USERS.contains(&span) {
        return false;
    }
    match span.split_once('/') {
        Some((first, _)) => has_extension || first != "target" && tree.exists(first),
        None => has_extension,
    }
}

/// Returns whether the path is one from the root, from the document's folder,
/// or the end of one.
fn leads_somewhere(tree: &Tree, file: &File, span: &str) -> bool {
    let end = format!("/{}", span.trim_end_matches('/'));
    tree.exists(span)
        || tree.exists(&beside(file, span))
        || tree
            .files
            .iter()
            .any(|found| found.path.ends_with(&end) || found.path.contains(&format!("{end}/")))
}

/// Returns the path that `target` means in a document.
fn beside(file: &File, target: &str) -> String {
    let mut parts: Vec<&str> = file.path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn broken_link(tree: &Tree, file: &File, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = match target.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (target, None),
    };
    let path = if path.is_empty() {
        file.path.clone()
    } else {
        beside(file, path)
    };
    if !tree.exists(&path) {
        return Some(format!("the link leads to `{path}`, which is not there"));
    }
    let anchor = anchor?;
    let text = tree.text(&path)?;
    let has_heading = prose(text).any(|(_, line)| heading_anchor(line).as_deref() == Some(anchor));
    (!has_heading).then(|| format!("`{path}` has no heading `#{anchor}`"))
}

/// Returns the anchor that forges give a heading.
fn heading_anchor(line: &str) -> Option<String> {
    let text = line.trim_start_matches('#');
    if text.len() == line.len() || !text.starts_with(' ') {
        return None;
    }
    let keep = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    };
    Some(
        text.trim()
            .to_lowercase()
            .chars()
            .filter_map(keep)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::{heading_anchor, link_targets, prose};

    #[test]
    fn code_and_front_matter_are_no_prose() {
        let text = "+++\nx = 1\n+++\n# a\n```\n+++\n```\nb\n";
        let lines: Vec<_> = prose(text).collect();
        assert_eq!(lines, [(4, "# a"), (8, "b")]);
        assert_eq!(prose("+ a\n").count(), 1);
    }

    #[test]
    fn headings_have_the_anchors_of_forges() {
        let anchor = |line| heading_anchor(line).unwrap_or_default();
        assert_eq!(anchor("## What it is, and why"), "what-it-is-and-why");
        assert_eq!(anchor("# `assay` 1.0"), "assay-10");
        assert_eq!(anchor("#hash"), "");
        assert_eq!(anchor("text"), "");
    }

    #[test]
    fn links_in_code_are_no_links() {
        let line = "[a](b.md) `[c](d.md)` [e](f.md#g)";
        assert_eq!(link_targets(line).collect::<Vec<_>>(), ["b.md", "f.md#g"]);
    }
}
