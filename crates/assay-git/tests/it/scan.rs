use assay_git::Input;
use assay_testkit::GitRepo;

use crate::support::{check_contents, check_summary, listed, opened};

fn scan(path: &str) -> Input {
    Input::Scan { path: path.into() }
}

#[test]
fn a_scan_lists_what_is_not_ignored() {
    let repo = GitRepo::new();
    repo.write("a.txt", "a\n")
        .write("sub/b.txt", "b\n")
        .write(".hidden", "h\n");
    repo.write("tracked.log", "t\n")
        .write(".gitignore", "*.log\n/build/\n");
    repo.git(["add", "--force", "tracked.log", "a.txt"]);
    repo.write("x.log", "x\n")
        .write("build/o", "o\n")
        .write("sub/.gitignore", "!y.log\n")
        .write("sub/y.log", "y\n");
    let all = [
        "A .gitignore",
        "A .hidden",
        "A a.txt",
        "A sub/.gitignore",
        "A sub/b.txt",
        "A sub/y.log",
        "A tracked.log",
    ];
    let change = opened(&repo, &scan("."));
    check_summary(&change, &all);
    check_contents(&change, "sub/b.txt", None, Some("b\n"));
    assert_eq!(listed(&change).len(), all.len());
    check_summary(
        &opened(&repo, &scan("sub")),
        &["A sub/.gitignore", "A sub/b.txt", "A sub/y.log"],
    );
    check_summary(&opened(&repo, &scan("x.log")), &["A x.log"]);
}

#[test]
fn a_scan_outside_git_honours_ignore_files() {
    let folder = GitRepo::new_folder();
    folder
        .write("a.txt", "a\n")
        .write(".ignore", "b.txt\n")
        .write("b.txt", "b\n");
    folder
        .write("sub/.gitignore", "c\n")
        .write("sub/c", "c\n")
        .write("sub/d", "d\n");
    check_summary(
        &opened(&folder, &scan("")),
        &["A .ignore", "A a.txt", "A sub/.gitignore", "A sub/d"],
    );
    check_summary(&opened(&folder, &scan("sub/c")), &["A c"]);
}
