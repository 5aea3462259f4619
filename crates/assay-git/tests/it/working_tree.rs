use assay_testkit::GitRepo;

use crate::support::{
    check_contents, check_notes, check_summary, file, is_disk, listed, opened, working_tree,
};

#[test]
fn everything_since_the_default_branch_is_shown() {
    let repo = GitRepo::new();
    repo.write("a", "1\n")
        .write("b", "1\n")
        .write("c", "1\n")
        .write(".gitignore", "*.log\n");
    let base = repo.commit("first");
    repo.git(["checkout", "--quiet", "-b", "work"]);
    repo.write("a", "committed\n");
    repo.commit("second");
    repo.write("b", "staged\n");
    repo.git(["add", "b"]);
    repo.remove("c")
        .write("new/d", "untracked\n")
        .write("x.log", "ignored\n");

    let change = opened(&repo, &working_tree());
    check_summary(&change, &["M a", "M b", "D c", "A new/d"]);
    check_contents(&change, "a", Some("1\n"), Some("committed\n"));
    check_contents(&change, "b", Some("1\n"), Some("staged\n"));
    check_contents(&change, "new/d", None, Some("untracked\n"));
    assert!(is_disk(&file(&change, "new/d").head));
    assert_eq!(listed(&change), [".gitignore", "a", "b", "new/d"]);
    assert_eq!(change.change.base, base);
    check_notes(&change, &[]);
}

#[test]
fn an_empty_repository_is_compared_with_nothing() {
    let repo = GitRepo::new();
    check_summary(&opened(&repo, &working_tree()), &[]);
    repo.write("a", "1\n").write("b", "1\n");
    repo.git(["add", "a"]);
    let change = opened(&repo, &working_tree());
    check_summary(&change, &["A a", "A b"]);
    check_notes(&change, &["no commit yet"]);
}
