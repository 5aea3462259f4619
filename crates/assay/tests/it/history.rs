//! What the past of a repository says, as a user sees it.

use assay_testkit::GitRepo;

use crate::run::assay;

/// A repository in which two files change together, and one of them is complex.
fn sample() -> GitRepo {
    let repo = GitRepo::new();
    for at in 0..6 {
        let branches = "    if a:\n        return 1\n".repeat(at + 1);
        repo.write(
            "app.py",
            format!("def run(a):\n{branches}    return {at}\n"),
        );
        repo.write("app.md", format!("{at}\n")).commit("together");
        repo.write("notes.txt", format!("{at}\n")).commit("alone");
    }
    repo
}

#[test]
fn history_shows_hot_spots_and_what_changes_together() {
    let repo = sample();
    let run = assay(&repo, &["history"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.starts_with("12 commits to "), "{}", run.out);
    assert!(
        run.out.contains("6 times; 6 of 6: app.md, 6 of 6: app.py"),
        "{}",
        run.out
    );
    // Files are shown, and no list of people.
    assert!(!run.out.contains("Author"), "{}", run.out);
    let again = assay(&repo, &["history"]);
    assert_eq!(again.out, run.out);
}

#[test]
fn history_of_one_file_names_its_owners() {
    let repo = sample();
    let run = assay(&repo, &["history", "app.py", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["file"]["owners"][0]["percent"], 100);
    assert_eq!(json["file"]["commits"], 6);
    assert_eq!(json["commits_read_now"], 12);
    let again = assay(&repo, &["history", "app.py", "--format", "json"]);
    assert!(
        again.out.contains("\"commits_read_now\": 0"),
        "{}",
        again.out
    );
    let missing = assay(&repo, &["history", "nothing.py"]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.err.contains("there is no file nothing.py in HEAD"),
        "{}",
        missing.err
    );
}
