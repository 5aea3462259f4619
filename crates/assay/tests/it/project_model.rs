//! Models of libraries that a project writes for itself, in `.assay/models`.

use assay_testkit::GitRepo;

use crate::run::{assay, introduced, json, repo};

/// A helper of the company's own, which nothing else knows.
const MODEL: &str = r#"
language = "java"

[[source]]
type = "com.acme.Inbox"
methods = ["next"]
what = "a message of a partner"

[[sink]]
kind = "sql"
type = "com.acme.Db"
methods = ["run"]
args = [0]

[[sanitizer]]
type = "com.acme.Db"
methods = ["quoted"]
kinds = ["sql"]
"#;

fn with_model(model: &str) -> GitRepo {
    let repo = repo();
    repo.write(".assay/models/acme.toml", model)
        .commit("models");
    repo
}

fn java(arg: &str) -> String {
    format!(
        "import com.acme.*;\n\nclass A {{\n  void f(Inbox box) {{\n    String text = box.next();\n    Db.run(\"select \" + {arg});\n  }}\n}}\n"
    )
}

#[test]
fn models_of_the_project_are_followed() {
    for (model, arg, expected) in [
        (MODEL, "text", &["A.java:6 injection/sql-injection"][..]),
        (MODEL, "Db.quoted(text)", &[]),
        ("language = \"java\"\n", "text", &[]),
        // Kotlin sees what Java sees, and Python does not.
        (&MODEL.replace("java", "python"), "text", &[]),
    ] {
        let repo = with_model(model);
        repo.write("A.java", java(arg));
        let report = json(&repo, &["review", "--rule", "injection/*"]);
        assert_eq!(introduced(&report), expected, "{model}{arg}");
    }
    let repo = with_model(MODEL);
    repo.write(
        "a.kt",
        "import com.acme.Db\nimport com.acme.Inbox\n\nfun f(box: Inbox) {\n  Db.run(\"select ${box.next()}\")\n}\n",
    );
    let report = json(&repo, &["review", "--rule", "injection/*"]);
    assert_eq!(introduced(&report), ["a.kt:5 injection/sql-injection"]);
}

#[test]
fn the_models_of_the_base_count() {
    let repo = with_model(MODEL);
    repo.write(".assay/models/acme.toml", "language = \"java\"\n")
        .write("A.java", java("text"));
    let run = assay(&repo, &["review"]);
    assert!(run.out.contains("injection/sql-injection"), "{run:?}");
    assert!(run.out.contains("the base's models count"), "{run:?}");
    // A scan reads what is on disk.
    assert!(
        !assay(&repo, &["scan"])
            .out
            .contains("injection/sql-injection")
    );
}

#[test]
fn wrong_models_are_errors_that_say_where_and_what() {
    for (model, expected) in [
        ("[[source]]\nmethods = [\"f\"]\n", "`language` is missing"),
        ("language = \"klingon\"\n", "no models for `klingon`"),
        ("language = \"java\"\nincludes = \"go\"\n", "`includes`"),
        (
            "language = \"java\"\n[[sauce]]\n",
            "[[sauce]] is no known section",
        ),
        (
            "language = \"java\"\n[source]\nmethods = [\"f\"]\n",
            "two brackets",
        ),
        (
            "language = \"java\"\n[[sink]]\nkind = \"sequel\"\nfunctions = [\"f\"]\n",
            "`sequel`",
        ),
        (
            "language = \"java\"\n[[sink]]\nkind = \"sql\"\nfunction = [\"f\"]\n",
            "does not know `function`",
        ),
        (
            "language = \"java\"\n[[sink]]\nkind = \"sql\"\nfunctions = 3\n",
            "`functions` is to be a text, or a list of texts",
        ),
        (
            "language = \"java\"\n[[misuse]]\nrule = \"x/y\"\nmessage = \"m\"\nfunctions = [\"f\"]\n",
            "the rule `x/y`",
        ),
        ("language = \n", "acme.toml"),
    ] {
        let repo = with_model(model);
        for command in [&["review"][..], &["scan"], &["rule", "test"]] {
            let run = assay(&repo, command);
            assert_eq!(run.code, 2, "{model}: {run:?}");
            assert!(run.err.contains("acme.toml"), "{}", run.err);
            assert!(run.err.contains(expected), "{}", run.err);
        }
    }
}
