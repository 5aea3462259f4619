use assay_git::Input;
use assay_testkit::GitRepo;

use crate::support::{
    check_contents, check_error, check_notes, check_summary, listed, open_at, opened,
};

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

#[test]
fn repositories_in_a_folder_outside_git_are_scanned() {
    let folder = GitRepo::new_folder();
    folder
        .write("one/.git/HEAD", "ref: refs/heads/main\n")
        .write("one/a", "1\n")
        .write("two/b", "1\n");
    let change = opened(&folder, &scan("."));
    check_summary(&change, &["A one/a", "A two/b"]);
    check_notes(&change, &[]);
    assert_eq!(change.change.base, "empty tree");
}

#[test]
fn a_folder_that_is_ignored_can_be_named() {
    let repo = GitRepo::new();
    repo.write(".gitignore", "/build/\n*.o\n")
        .write("build/x.c", "1\n")
        .write("build/x.o", "1\n");
    check_summary(&opened(&repo, &scan(".")), &["A .gitignore"]);
    check_summary(&opened(&repo, &scan("build")), &["A build/x.c"]);
}

#[test]
fn files_that_are_gone_are_not_listed() {
    let repo = GitRepo::new();
    repo.write("a", "1\n")
        .write("sub/b", "1\n")
        .write("c", "1\n");
    repo.commit("first");
    repo.remove("a")
        .remove("sub")
        .remove("c")
        .write("c/now-a-folder", "1\n");
    check_summary(&opened(&repo, &scan(".")), &["A c/now-a-folder"]);
}

#[test]
fn configuration_of_a_scan_comes_from_disk() {
    let repo = GitRepo::new();
    repo.write("assay.toml", "old\n");
    repo.commit("first");
    repo.write("assay.toml", "new\n");
    let found = opened(&repo, &scan("."))
        .read_base(&"assay.toml".into(), 100)
        .expect("it is there");
    assert_eq!(found.as_deref(), Some(&b"new\n"[..]));
}

#[test]
fn a_path_that_cannot_be_scanned_is_an_error() {
    let folder = GitRepo::new_folder();
    folder.make_pipe("pipe").symlink("broken", "nowhere");
    check_error(
        &folder,
        &scan("nothing"),
        &["nothing: there is no such file or folder"],
    );
    check_error(
        &folder,
        &scan("broken"),
        &["broken: there is no such file or folder"],
    );
    check_error(
        &folder,
        &scan("pipe"),
        &["pipe: it is neither a file nor a folder"],
    );
    let repo = GitRepo::new();
    repo.write("a", "a\n");
    repo.commit("first");
    let own = "it holds git's own data";
    check_error(&repo, &scan(".git"), &[own]);
    check_error(&repo, &scan(".git/refs"), &[own]);
    repo.git(["clone", "--quiet", "--bare", ".", "bare"]);
    check_error(&repo, &scan("bare"), &[own, "assay review BASE..HEAD"]);
}

#[test]
fn a_tree_is_read_at_a_revision_also_without_a_working_tree() {
    let repo = GitRepo::new();
    repo.write("a.py", "one = 1\n");
    repo.write("assay.toml", "# of the tree\n");
    repo.commit("first");
    repo.write("b.py", "two = 2\n");
    repo.commit("second");
    repo.write("c.py", "not committed\n");
    let bare = repo.root().parent().unwrap().join("bare.git");
    repo.git(["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    let first = repo.rev("HEAD~1");
    for (folder, revision, expected) in [
        (repo.root(), "HEAD", vec!["a.py", "assay.toml", "b.py"]),
        (&bare, "HEAD", vec!["a.py", "assay.toml", "b.py"]),
        (&bare, &first, vec!["a.py", "assay.toml"]),
    ] {
        let opened = open_at(folder, &Input::Tree(revision.to_owned()));
        let files = opened.change.files.iter();
        let paths: Vec<_> = files.map(|file| file.path().to_display()).collect();
        assert_eq!(paths, expected, "{revision}");
        assert!(opened.change.past.is_empty());
        let config = opened.read_base(&"assay.toml".into(), 100).unwrap();
        assert_eq!(config.as_deref(), Some(&b"# of the tree\n"[..]));
    }
    let unknown = Input::Tree("nothing".to_owned());
    assert!(assay_git::open(&bare, &unknown, &assay_git::Options::default()).is_err());
}
