//! What a change is about, as a user reads it.

use assay_testkit::GitRepo;

use crate::run::assay;

const CODE: &str = "def login(user, token):\n    if user:\n        for part in token:\n            if part:\n                return part\n    return None\n";

fn sample() -> GitRepo {
    let repo = GitRepo::new();
    for at in 0..9 {
        repo.write("app/auth.py", format!("LIMIT = {at}\n{CODE}"));
        repo.write("app/auth_schema.json", format!("{{\"v\": {at}}}\n"))
            .commit("together");
    }
    repo.write("tests/test_auth.py", "def test_login():\n    assert True\n")
        .commit("tests");
    repo.git(["config", "user.email", "me@example.com"]);
    repo.write(
        "app/auth.py",
        format!("LIMIT = 99\n{CODE}\ndef logout(user):\n    return user\n"),
    );
    repo.write("tests/test_auth.py", "def test_login():\n    assert 1\n");
    repo.write("README.md", "# App\n");
    repo
}

#[test]
fn a_summary_says_what_changed_and_what_usually_does() {
    let run = assay(&sample(), &["summary"]);
    assert_eq!(run.code, 0, "{run:?}");
    for part in [
        "logic          1 files, +4 -1",
        "app/auth.py is where a mistake costs most",
        "adds `logout`",
        "app/auth_schema.json: in 9 of 9 changes of app/auth.py",
        "Author wrote 100 % of the changed files",
    ] {
        assert!(run.out.contains(part), "{part}\n{}", run.out);
    }
    // The code is read first, then its test, then the words.
    let places = [
        "\n  app/auth.py (",
        "\n  tests/test_auth.py (",
        "\n  README.md (",
    ]
    .map(|part| run.out.find(part).unwrap());
    assert!(places.is_sorted(), "{}", run.out);
}

#[test]
fn who_wrote_a_change_is_not_asked_to_review_it() {
    let repo = sample();
    repo.git(["config", "user.email", "author@example.com"]);
    let run = assay(&repo, &["summary", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["reviewers"], serde_json::json!([]));
    assert_eq!(json["usually_change_too"][0]["together"], 9);
    let sum: u64 = json["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["points"].as_u64().unwrap())
        .sum();
    assert_eq!(json["risk"], sum);
}

#[test]
fn names_of_files_are_no_markup() {
    let repo = sample();
    repo.write("<img src=x>/a_b*.py", "x = 1\n");
    let run = assay(&repo, &["summary", "--format", "markdown"]);
    assert!(
        run.out.contains("&lt;img src=x>/a\\_b\\*.py"),
        "{}",
        run.out
    );
}
