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
        "logic          1 file, +4 -1",
        "app/auth.py is where a mistake costs most",
        "adds `logout`",
        "app/auth_schema.json: in 9 of 9 changes of app/auth.py",
        "Author changed these files 10 times and wrote 100 % of them",
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

/// A change through three files: the smallest is used by the others.
fn layers() -> GitRepo {
    let repo = GitRepo::new();
    let texts = |mark: &str| {
        [
            (
                "shop/store.py",
                format!("def save(item):\n    return item{mark}\n"),
            ),
            (
                "shop/cart.py",
                format!(
                    "from shop.store import save\n\n\ndef add(item):\n    first = item{mark}\n    second = first{mark}\n    return save(second)\n"
                ),
            ),
            (
                "shop/web.py",
                format!(
                    "from shop.cart import add\n\n\ndef post(request):\n    a = request{mark}\n    b = a{mark}\n    c = b{mark}\n    return add(c)\n"
                ),
            ),
        ]
    };
    repo.write("shop/__init__.py", "");
    for (path, text) in texts("") {
        repo.write(path, text);
    }
    repo.commit("first");
    for (path, text) in texts(" or None") {
        repo.write(path, text);
    }
    repo
}

#[test]
fn what_is_used_is_read_before_what_uses_it_and_the_calls_are_drawn() {
    let run = assay(&layers(), &["summary", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let paths: Vec<&str> = json["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["shop/store.py", "shop/cart.py", "shop/web.py"]);
    let diagram = json["diagram"].as_str().unwrap();
    for name in ["save", "add", "post"] {
        assert!(diagram.contains(name), "{diagram}");
    }
    assert_eq!(diagram.matches("-->").count(), 2, "{diagram}");
    let run = assay(&layers(), &["summary", "--format", "markdown"]);
    assert!(
        run.out.contains("```mermaid\nflowchart LR\n"),
        "{}",
        run.out
    );
    // One function alone is no path.
    let run = assay(&sample(), &["summary", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert!(json["diagram"].is_null());
}

#[test]
fn without_the_cache_a_summary_is_the_same_and_nothing_is_kept() {
    let repo = layers();
    let without = assay(&repo, &["summary", "--no-cache"]);
    assert_eq!(without.code, 0, "{without:?}");
    let cache = repo.outside().join(".cache/assay");
    assert!(!cache.exists());
    assert_eq!(assay(&repo, &["summary"]).out, without.out);
    assert!(cache.exists());
}
