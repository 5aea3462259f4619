//! Lowered files are the same after they were written and read.

use std::path::Path;
use std::sync::Arc;

use assay_source::{RepoPath, SourceText};
use assay_syntax::{ParseLimits, detect, parse};

use super::{read, write};
use crate::flow::ir::{Label, Stmt, StmtKind, Unit};
use crate::flow::lower::lower;
use crate::flow::model::FlowModels;
use crate::flow::print::print;

fn units(path: &RepoPath, text: &Arc<SourceText>) -> Vec<Unit> {
    let Some(language) = detect(path, text.as_str()) else {
        return Vec::new();
    };
    let parsed = parse(text, language, &ParseLimits::default());
    let models = FlowModels::default();
    let trees = parsed.trees.iter();
    trees
        .filter_map(|tree| lower(&models, path, text, tree))
        .collect()
}

/// Checks one file; returns how many units it has.
fn check(path: &str, code: &str) -> usize {
    let path = RepoPath::from_bytes(path);
    let text = Arc::new(SourceText::from_text(code));
    let units = units(&path, &text);
    let bytes = write(units.iter()).expect("it is not deep");
    let models = FlowModels::default();
    let again = read(&models, &path, &text, &bytes).expect("it can be read");
    // All fields are written, so the same bytes are the same units.
    assert_eq!(write(again.iter()).as_ref(), Some(&bytes), "{path}");
    assert_eq!(again.len(), units.len(), "{path}");
    for (was, is) in units.iter().zip(&again) {
        assert_eq!(print(was), print(is), "{path}");
        assert_eq!(was.language, is.language, "{path}");
    }
    // What is damaged gives nothing, or something else, and no panic.
    for end in (0..bytes.len()).step_by(37) {
        assert!(read(&models, &path, &text, &bytes[..end]).is_none());
    }
    for at in (0..bytes.len()).step_by(53) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x41;
        let _ = read(&models, &path, &text, &damaged);
    }
    units.len()
}

#[expect(clippy::disallowed_methods, reason = "fixtures are files")]
fn check_folder(folder: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            count += check_folder(&path);
        } else if let Ok(code) = std::fs::read_to_string(&path) {
            count += check(path.to_str().expect("a name"), &code);
        }
    }
    count
}

#[test]
fn fixtures_are_the_same_when_they_are_read_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/flow");
    assert!(check_folder(&folder) > 200);
}

#[test]
fn numbers_of_all_sizes_are_the_same() {
    check(
        "a.py",
        "x = [0, 1, 127, 128, 16384, 9223372036854775807, -1, 1.5, 1e300, '\\u00e9\\U0001F600']\n",
    );
}

#[test]
fn what_is_too_deep_is_not_written() {
    let path = RepoPath::from_bytes("a.py");
    let mut code = String::new();
    for depth in 0..90 {
        code.push_str(&" ".repeat(depth));
        code.push_str("if x:\n");
    }
    code.push_str(&" ".repeat(90));
    code.push_str("y = 1\n");
    let text = Arc::new(SourceText::from_text(&code));
    let mut all = units(&path, &text);
    assert!(write(all.iter()).is_some());
    let mut body = std::mem::take(&mut all[0].functions[0].body);
    for _ in 0..400 {
        let span = body.last().expect("a statement").span;
        body = vec![Stmt {
            span,
            kind: StmtKind::Labelled {
                label: Label(0),
                body,
            },
        }];
    }
    all[0].functions[0].body = body;
    assert!(write(all.iter()).is_none());
}
