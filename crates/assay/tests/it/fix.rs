//! `assay fix`, as a difference and in place.

use assay_testkit::GitRepo;

use crate::run::{assay, repo};

const NAN: &str = "\
function late(time) {
  if (time === NaN) {
    return true;
  }
  return false;
}
";

fn read(repo: &GitRepo, path: &str) -> String {
    std::fs::read_to_string(repo.root().join(path)).unwrap()
}

#[test]
fn the_difference_is_shown_and_can_be_applied_by_git() {
    let repo = repo();
    repo.write("src/late time.js", NAN);
    let run = assay(&repo, &["fix"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(read(&repo, "src/late time.js"), NAN);
    repo.write("fix.patch", &run.out);
    repo.git(["apply", "fix.patch"]);
    assert!(read(&repo, "src/late time.js").contains("Number.isNaN(time)"));
    assert_eq!(assay(&repo, &["fix"]).code, 0);
}

#[test]
fn apply_writes_the_files_that_the_change_introduced() {
    let repo = repo();
    repo.write("old.js", NAN).commit("old");
    repo.git(["checkout", "-q", "-b", "topic"]);
    let marked = format!("\u{feff}{}", NAN.replace('\n', "\r\n"));
    repo.write("new.js", &marked).set_executable("new.js", true);
    let run = assay(&repo, &["fix", "--apply"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.out, "");
    let fixed = marked.replace("time === NaN", "Number.isNaN(time)");
    assert_eq!(read(&repo, "new.js"), fixed);
    assert_eq!(read(&repo, "old.js"), NAN);
    let run = assay(&repo, &["fix", "--all", "--apply", "old.js"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(read(&repo, "old.js").contains("Number.isNaN"));
}

#[test]
fn what_is_not_mended_is_said_with_the_reason() {
    let repo = repo();
    repo.write(
        "a.js",
        "export function same(a, b) {\n  return a === b || a == b.id;\n}\n",
    );
    let run = assay(&repo, &["fix"]);
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{run:?}");
    assert!(
        run.err
            .contains("a.js:2 correctness/loose-equality: the fix may change behaviour"),
        "{}",
        run.err
    );
    assert_eq!(assay(&repo, &["fix", "--unsafe"]).code, 1);
    let none = assay(&repo, &["fix", "--unsafe", "--rule", "smell/*"]);
    assert_eq!(none.code, 0);
    assert_eq!(assay(&repo, &["fix", "--rule", "smel/*"]).code, 2);
}

#[test]
fn no_difference_shows_a_secret() {
    let repo = repo();
    // Put together here, so that no file of the project holds one.
    let token = ["ghp", "_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].concat();
    repo.write("near.js", format!("const token = \"{token}\";\n{NAN}"));
    repo.write("far.js", format!("const token = \"{token}\";\n\n\n\n{NAN}"));
    let run = assay(&repo, &["fix"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("b/far.js") && run.out.contains("b/near.js"));
    assert!(!(run.out + &run.err).contains(&token[10..]));
    assert_eq!(assay(&repo, &["fix", "--apply"]).code, 0);
    for path in ["near.js", "far.js"] {
        let text = read(&repo, path);
        assert!(text.contains(&token) && text.contains("Number.isNaN"));
    }
}
