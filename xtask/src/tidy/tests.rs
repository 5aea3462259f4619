//! Runs the checks over the small trees in `fixtures/`.
//!
//! A fixture is one text file: `=== path` begins a file of the tree, and
//! `=== problems` the lines that tidy must print. In a file, `\s` at the end
//! of a line stands for a space and `\r` for a carriage return, so that no
//! editor takes them away.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::check;
use super::tree::Tree;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

fn run(name: &str, fixture: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut paths = Vec::new();
    let mut expected = None;
    for section in fixture.split("=== ").skip(1) {
        let (path, text) = section.split_once('\n').expect("a path ends its line");
        if path == "problems" {
            expected = Some(text.to_owned());
            continue;
        }
        let text = text.replace("\\s\n", " \n").replace("\\r\n", "\r\n");
        let on_disk = folder.path().join(path);
        fs::create_dir_all(on_disk.parent().expect("a file is in a folder"))
            .expect("a folder can be made");
        fs::write(on_disk, text).expect("a file can be written");
        paths.push(path);
    }
    let tree = Tree::of_paths(folder.path(), paths.into_iter()).expect("the tree was just made");
    let problems = check(&tree).expect("cargo reads the manifests");
    let mut found = String::new();
    for problem in problems {
        let _ = writeln!(found, "{problem}");
    }
    let expected = expected.expect("a fixture ends with `=== problems`");
    if found == expected {
        return Ok(());
    }
    Err(format!("{name}: expected\n{expected}found\n{found}"))
}

#[test]
fn every_fixture_has_its_problems_and_no_other() {
    let mut names: Vec<_> = fs::read_dir(FIXTURES)
        .expect("the fixtures are part of the crate")
        .map(|entry| entry.expect("the folder can be listed").path())
        .collect();
    names.sort();
    assert!(names.len() > 5, "fixtures are missing");
    let failures: Vec<String> = names
        .iter()
        .filter_map(|path| {
            let fixture = fs::read_to_string(path).expect("a fixture can be read");
            run(&path.display().to_string(), &fixture).err()
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_workspace_itself_is_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is in the workspace");
    let paths = ["Cargo.toml", "xtask/src/main.rs", "not/there.rs"];
    let tree = Tree::of_paths(root, paths.into_iter()).expect("the files can be read");
    assert_eq!(tree.files.len(), 2);
    assert!(tree.exists("xtask/src/") && !tree.exists("not"));
}
