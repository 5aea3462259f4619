//! `assay prompt`: what models are told is listed, shown, checked and compared.

use crate::run::{assay, repo};

const JUDGE: &str = "+++\nname = \"judge\"\nversion = 4\nmodels = [\"o3*\"]\n+++\nJudge.\n=== user\n{{ remarks }}\n";

#[test]
fn templates_are_listed_with_where_they_come_from() {
    let repo = repo();
    let run = assay(&repo, &["prompt", "list"]);
    assert_eq!(run.code, 0, "{}", run.err);
    for name in ["review", "judge", "reviewer", "coder", "fix"] {
        assert!(run.out.contains(name), "{}", run.out);
    }
    repo.write("own/judge.md", JUDGE);
    let folder = repo.root().join("own").display().to_string();
    let run = assay(
        &repo,
        &["prompt", "list", "--folder", &folder, "--format", "json"],
    );
    assert!(run.out.contains("judge@4 of a file for o3*"), "{}", run.out);
    let show = [
        "prompt", "show", "judge", "--model", "o3-mini", "--folder", &folder,
    ];
    assert!(assay(&repo, &show).out.contains("version = 4"));
    let run = assay(&repo, &["prompt", "show", "judge", "--rendered"]);
    assert!(run.out.contains("<remarks>"), "{}", run.out);
    let run = assay(&repo, &["prompt", "show", "jugde"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("known: coder, fix, judge"), "{}", run.err);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let repo = repo();
    repo.write("good.md", JUDGE);
    repo.write("bad.md", JUDGE.replace("Judge.", "Judge {{ remark }}."));
    let good = repo.root().join("good.md").display().to_string();
    let bad = repo.root().join("bad.md").display().to_string();
    assert_eq!(assay(&repo, &["prompt", "check", &good]).code, 0);
    let run = assay(&repo, &["prompt", "check", &good, &bad]);
    assert_eq!(run.code, 1, "{}", run.err);
    let place = format!("{bad}:6");
    assert!(run.out.contains(&place), "{}", run.out);
    assert!(run.out.contains("did you mean `remarks`?"), "{}", run.out);
    let run = assay(&repo, &["prompt", "check", "--format", "json", &bad]);
    assert!(run.out.contains("\"nearest\": \"remarks\""), "{}", run.out);
    let missing = repo.root().join("none.md").display().to_string();
    assert_eq!(assay(&repo, &["prompt", "check", &missing]).code, 2);
}

#[test]
fn templates_are_compared() {
    let repo = repo();
    repo.write("one.md", JUDGE);
    repo.write("two.md", JUDGE.replace("Judge.", "Judge well."));
    let one = repo.root().join("one.md").display().to_string();
    let two = repo.root().join("two.md").display().to_string();
    assert_eq!(assay(&repo, &["prompt", "diff", &one, &one]).code, 0);
    let run = assay(&repo, &["prompt", "diff", &one, &two]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.contains("-Judge.\n+Judge well.\n"), "{}", run.out);
    // Alone it is compared with what it takes the place of.
    let run = assay(&repo, &["prompt", "diff", &one]);
    assert!(run.out.contains("+Judge.\n"), "{}", run.out);
}
