//! Golden files: compared, and rewritten with `UPDATE_GOLDEN=1`.

use std::path::Path;

/// Compares the text with a golden file of this crate or of the repository;
/// the path is relative to the crate.
pub(crate) fn check_golden(path: &str, actual: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        let folder = file.parent().expect("a golden file is in a folder");
        std::fs::create_dir_all(folder).expect("the folder can be made");
        std::fs::write(&file, actual).expect("the golden file can be written");
        return;
    }
    let expected = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{path}: {error}; UPDATE_GOLDEN=1 writes it"));
    let first = actual
        .lines()
        .zip(expected.lines())
        .position(|(actual, expected)| actual != expected);
    assert!(
        actual == expected,
        "{path} is stale from line {}; UPDATE_GOLDEN=1 rewrites it. Now:\n{actual}",
        first.map_or(actual.lines().count().min(expected.lines().count()), |at| {
            at
        }) + 1
    );
}
