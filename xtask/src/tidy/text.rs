//! Checks what holds for every text file: size, line ends, white space, and
//! that nothing of one developer's machine is in it.

use super::Problems;
use super::tree::{FILE_BYTES_MAX, File, Tree};

/// Where home folders and build folders are; a path below one of them is right
/// on one machine only. Put together here so that this file has none.
const MACHINE_FOLDERS: [(&str, &str); 6] = [
    ("/", "home/"),
    ("/", "Users/"),
    ("/", "root/"),
    ("/", "work/"),
    ("/", "private/var/"),
    (":\\", "Users\\"),
];

/// Names that stand for whoever reads, as in `file:///home/me/project`.
const NOBODY: [&str; 3] = ["me/", "user/", "you/"];

/// Checks each file.
pub(super) fn check(tree: &Tree, problems: &mut Problems) {
    for file in &tree.files {
        if file.bytes > FILE_BYTES_MAX {
            let what = format!("{} bytes is more than {FILE_BYTES_MAX}", file.bytes);
            let mend = "make it on the spot, or fetch it from a registry";
            problems.add(&file.path, 1, what, mend);
        }
        if let Some(text) = &file.text
            && !file.is_data()
        {
            check_layout(file, text, problems);
            if !file.is_test() {
                check_machine_paths(file, text, problems);
            }
        }
    }
}

fn check_layout(file: &File, text: &str, problems: &mut Problems) {
    if !text.is_empty() && !text.ends_with('\n') {
        let line = text.lines().count();
        let what = "the last line has no line end";
        problems.add(&file.path, line, what, "end it with one");
    }
    if text.ends_with("\n\n") {
        let line = text.lines().count();
        problems.add(&file.path, line, "empty lines at the end", "delete them");
    }
    for (number, line) in (1..).zip(text.split('\n')) {
        if line.ends_with('\r') {
            let what = "the line ends with a carriage return";
            problems.add(&file.path, number, what, "use line feeds alone");
        } else if line.ends_with([' ', '\t']) {
            problems.add(&file.path, number, "trailing white space", "delete it");
        }
        if ["<<<<<<< ", ">>>>>>> "]
            .iter()
            .any(|mark| line.starts_with(mark))
        {
            let what = "a conflict marker";
            problems.add(&file.path, number, what, "resolve the conflict");
        }
    }
}

fn check_machine_paths(file: &File, text: &str, problems: &mut Problems) {
    for (number, line) in (1..).zip(text.lines()) {
        for (root, folder) in MACHINE_FOLDERS {
            let pattern = format!("{root}{folder}");
            let found = line.match_indices(&pattern).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                let below = &line[at + pattern.len()..];
                let after = below.chars().next();
                !before.is_some_and(|c| c.is_alphanumeric() || "._-<>}*".contains(c))
                    && after.is_some_and(|c| c.is_alphanumeric() || c == '_')
                    && !NOBODY.iter().any(|name| below.starts_with(name))
                    || root.starts_with(':')
            });
            if found {
                let what = format!("a path below `{pattern}`");
                let mend = "name it relative to the repository, or ask the environment";
                problems.add(&file.path, number, what, mend);
            }
        }
    }
}
