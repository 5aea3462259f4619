//! Questions about a repository and about what is known, as a user asks them.

use std::fs;

use assay_testkit::GitRepo;
use serde_json::Value;

use crate::run::assay;

/// A small application in which one function checks session tokens.
fn sample() -> GitRepo {
    let repo = GitRepo::new();
    repo.write(
        "web/session.py",
        "import hmac\n\n\ndef validate_session_token(token, secret):\n    \"\"\"Checks the signature and the age of a token.\"\"\"\n    \
         body, signature = token.rsplit(\".\", 1)\n    return hmac.compare_digest(signature, sign(body, secret))\n\n\n\
         def sign(body, secret):\n    return hmac.new(secret, body, \"sha256\").hexdigest()\n",
    )
    .write(
        "tests/test_session.py",
        "from web.session import validate_session_token\n\n\ndef test_validate_session_token():\n    assert not validate_session_token(\"a.b\", b\"k\")\n",
    )
    .write(
        "web/cart.ts",
        "export class Cart {\n  items: string[] = [];\n\n  addItem(name: string): void {\n    this.items.push(name);\n  }\n}\n",
    )
    .write("README.md", "# Shop\n\nSells things.\n\n## Deployment\n\nRun the container behind a proxy.\n")
    .commit("shop");
    repo
}

fn ask(repo: &GitRepo, arguments: &[&str]) -> Value {
    let run = assay(repo, &[&["ask", "--format", "json"], arguments].concat());
    assert_eq!(run.code, 0, "{run:?}");
    serde_json::from_str(&run.out).unwrap()
}

/// Returns path, line and name of the best passage.
fn best(answer: &Value) -> (String, u64, String) {
    let best = &answer["passages"][0];
    let text = |name: &str| best[name].as_str().unwrap_or_default().to_owned();
    (
        text("path"),
        best["line"].as_u64().unwrap_or(0),
        text("name"),
    )
}

#[test]
fn questions_find_the_passage_that_answers_them() {
    let repo = sample();
    for (question, expected) in [
        (
            "where is the session token validated?",
            ("web/session.py", 4, "validate_session_token"),
        ),
        (
            "validateSessionToken",
            ("web/session.py", 4, "validate_session_token"),
        ),
        (
            "add an item to the cart",
            ("web/cart.ts", 4, "Cart.addItem"),
        ),
        (
            "how is it deployed with a container",
            ("README.md", 7, "Shop / Deployment"),
        ),
    ] {
        let answer = ask(&repo, &[question]);
        let (path, line, name) = best(&answer);
        assert_eq!((path.as_str(), line, name.as_str()), expected, "{question}");
        assert_eq!(answer["answer"], Value::Null);
    }
    let run = assay(&repo, &["ask", "where is the session token validated?"]);
    assert!(
        run.out
            .starts_with("1. web/session.py:4  function validate_session_token\n"),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("     4 | def validate_session_token(token, secret):\n"),
        "{}",
        run.out
    );
    let run = assay(&repo, &["ask", "zzz qqq"]);
    assert_eq!(run.out, "nothing in the repository holds these words\n");
}

#[test]
fn only_what_changed_is_read_again() {
    let repo = sample();
    let cut = |expected: &str| {
        let run = assay(&repo, &["ask", "-v", "cart"]);
        assert!(run.err.contains(expected), "{}", run.err);
    };
    cut("4 files were read now, 0 are kept from before");
    cut("0 files were read now, 4 are kept from before");
    repo.write("web/cart.ts", "export function emptyCart(): void {}\n");
    cut("1 files were read now, 3 are kept from before");
    assert_eq!(best(&ask(&repo, &["cart"])).2, "emptyCart");
    // The commit still has the class.
    assert_eq!(best(&ask(&repo, &["cart", "--rev", "HEAD"])).2, "Cart");
    assert_eq!(ask(&repo, &["cart", "--no-cache"]), ask(&repo, &["cart"]));
}

#[test]
fn secrets_are_neither_shown_nor_kept() {
    let repo = sample();
    let secret = format!(
        "xo{}-482913570264-931570248613-{}",
        "xb", "Zk3vQ8mT1xWb7RnY5cLd2HsJ"
    );
    repo.write(
        "web/deploy.py",
        format!("def deploy_token():\n    return \"{secret}\"\n"),
    );
    let answer = ask(&repo, &["deploy token"]);
    assert_eq!(best(&answer).2, "deploy_token");
    assert!(!answer.to_string().contains(&secret), "{answer}");
}

#[test]
fn documents_are_added_searched_and_removed() {
    let repo = sample();
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let kept = kept.to_str().unwrap();
    let guide = folder.path().join("guide.md");
    fs::write(
        &guide,
        "# House rules\n\n## Money\nAmounts are integers of cents, never floats.\n",
    )
    .unwrap();
    let guide = guide.to_str().unwrap();
    let knowledge = |arguments: &[&str]| {
        assay(
            &repo,
            &[&["knowledge"], arguments, &["--folder", kept]].concat(),
        )
    };
    assert_eq!(knowledge(&["add", guide]).code, 0);
    let run = knowledge(&["list"]);
    assert!(run.out.starts_with("guide.md  2 entries\n"), "{}", run.out);
    let run = knowledge(&["search", "amounts as integers of cents", "--format", "json"]);
    let found: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(found["hits"][0]["id"], "guide.md:3", "{found}");
    assert!(found["entries"].as_u64() >= Some(1_000), "{found}");
    let run = knowledge(&["remove", "guid.md"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean `guide.md`?"), "{}", run.err);
    assert_eq!(knowledge(&["remove", "guide.md"]).code, 0);
    let run = knowledge(&["list"]);
    assert!(run.out.ends_with("entries are shipped\n") && !run.out.contains("guide.md"));
    let run = knowledge(&["search", "sql put together from strings in java"]);
    assert!(
        run.out.contains("(rule:") || run.out.contains("(guide:"),
        "{}",
        run.out
    );
}
