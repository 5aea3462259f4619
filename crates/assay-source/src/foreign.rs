//! Code that is not the repository's own, told by its place and its form: one
//! list for whoever reads a tree.

use crate::path::RepoPath;
use crate::text::SourceText;

/// Folders that by the custom of their ecosystem hold code of others.
const VENDORED_FOLDERS: &[&str] = &[
    "node_modules",
    "bower_components",
    "jspm_packages",
    "vendor",
    "vendored",
    "third_party",
    "third-party",
    "thirdparty",
    "3rdparty",
    "Godeps",
    "Pods",
    "Carthage",
    ".yarn",
    "site-packages",
    ".venv",
    "virtualenv",
    "extern",
    "externals",
];

/// A file of at least this size whose lines are this long on average is
/// written for machines.
const MINIFIED_BYTES_MIN: usize = 4_096;
const MINIFIED_LINE_MEAN_MIN: usize = 400;

/// Returns the folder around a path that says it holds code of others.
pub fn vendored_folder(path: &RepoPath) -> Option<&'static str> {
    let parts: Vec<&[u8]> = path.parts().collect();
    let (_, folders) = parts.split_last()?;
    VENDORED_FOLDERS
        .iter()
        .copied()
        .find(|known| folders.contains(&known.as_bytes()))
}

/// Returns whether a text has the long lines of what a program wrote small.
pub fn is_minified(text: &SourceText) -> bool {
    let lines = text.lines().line_count().max(1) as usize;
    let length = text.as_str().len();
    length >= MINIFIED_BYTES_MIN && length / lines >= MINIFIED_LINE_MEAN_MIN
}

#[cfg(test)]
mod tests {
    use super::{MINIFIED_BYTES_MIN, is_minified, vendored_folder};
    use crate::path::RepoPath;
    use crate::text::SourceText;

    #[test]
    fn folders_of_others_are_known_and_files_of_such_names_are_not() {
        for (path, expected) in [
            ("a/vendor/b.go", Some("vendor")),
            ("web/node_modules/x/y.js", Some("node_modules")),
            ("src/vendor", None),
            ("vendors/a.go", None),
        ] {
            assert_eq!(vendored_folder(&RepoPath::from(path)), expected, "{path}");
        }
    }

    #[test]
    fn long_lines_of_a_large_file_are_minified() {
        let line = "x".repeat(MINIFIED_BYTES_MIN);
        assert!(is_minified(&SourceText::from_text(line.clone())));
        assert!(!is_minified(&SourceText::from_text(
            "x\n".repeat(MINIFIED_BYTES_MIN)
        )));
        assert!(!is_minified(&SourceText::from_text(&line[1..])));
    }
}
