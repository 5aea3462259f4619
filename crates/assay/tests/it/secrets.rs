//! Secrets: found, and shown nowhere. The planted ones are put together here,
//! so that the repository holds none.

use assay_finding::render::Format;
use assay_testkit::GitRepo;

use crate::run::{Run, assay, introduced, json, repo};

/// A part of a made-up secret.
const PART: &str = "Zk3vQ8mT1xWb7RnY5cLd2HsJ";

/// What is planted, and what of it must not be seen anywhere.
struct Planted {
    text: String,
    hidden: Vec<String>,
}

fn planted() -> Planted {
    let slack = format!("xo{}-{}-{}-{PART}", "xb", "482913570264", "931570248613");
    let key = format!("{PART}{}", "u9Ke4pVo6aGf0iMw8yBtXqUz3NhSj1Ce7DrLg5Fk");
    let password = "7f!Qw-z2Lp";
    let text = format!(
        "# {slack} must go  assay:ignore smell/magic-number -- it is {slack}\n\
         settings = {{\n    \"token\": \"{slack}\",\n    \"token\": \"{slack}\",\n}}\n\
         # post(url, token=\"{slack}\")\n\
         # post(url, token=\"{slack}\")\n\
         db = \"postgres://shop:{password}@db.internal:5432/shop\"\n\
         if db is \"postgres://shop:{password}@db.internal:5432/shop\":\n    pass\n\
         pem = \"\"\"-----BEGIN RSA {0} KEY-----\n{key}\n{key}\n-----END RSA {0} KEY-----\"\"\"\n",
        "PRIVATE"
    );
    Planted {
        text,
        hidden: vec![PART.into(), key, password.into()],
    }
}

fn hides(planted: &Planted, where_: &str, text: &str) {
    for hidden in &planted.hidden {
        assert!(
            !text.contains(hidden.as_str()),
            "{where_} shows {hidden}:\n{text}"
        );
    }
}

fn all_formats(repo: &GitRepo, planted: &Planted, arguments: &[&str]) {
    for format in Format::ALL {
        for extra in [&[][..], &["-v"], &["--all"]] {
            let mut all = arguments.to_vec();
            all.extend(["--output", format.as_str()]);
            all.extend(extra);
            let Run { code, out, err } = assay(repo, &all);
            assert!(code < 2, "{all:?}: {err}");
            assert!(out.contains("app.py"), "{all:?}");
            hides(planted, &format!("{all:?}"), &out);
            hides(planted, &format!("{all:?}"), &err);
        }
    }
}

#[test]
fn no_format_shows_a_secret() {
    let planted = planted();
    let repo = repo();
    repo.write("app.py", &planted.text);
    all_formats(&repo, &planted, &["review"]);
    all_formats(&repo, &planted, &["scan"]);
    let found = introduced(&json(&repo, &["review"]));
    for rule in [
        "secret/slack-bot-token",
        "secret/url-credentials",
        "secret/private-key",
    ] {
        assert!(
            found.iter().any(|one| one.ends_with(rule)),
            "{rule}: {found:?}"
        );
    }
    // Findings of other rules on the same lines are there, and masked.
    assert!(
        found
            .iter()
            .any(|one| one.ends_with("correctness/duplicate-key")),
        "{found:?}"
    );
    let run = assay(&repo, &["baseline"]);
    assert_eq!(run.code, 0, "{run:?}");
    let baseline = std::fs::read_to_string(repo.root().join("assay-baseline.json")).unwrap();
    hides(&planted, "the baseline", &baseline);
}

#[test]
fn a_secret_that_moves_is_not_introduced_again_and_another_one_is() {
    let planted = planted();
    let repo = repo();
    repo.write("app.py", &planted.text);
    repo.commit("a secret");
    repo.remove("app.py");
    repo.write("moved.py", format!("import os\n\n\n{}", planted.text));
    let secrets = |found: Vec<String>| -> Vec<String> {
        found
            .into_iter()
            .filter(|one| one.contains(" secret/"))
            .collect()
    };
    let found = secrets(introduced(&json(&repo, &["review", "--base", "HEAD"])));
    assert_eq!(found, Vec::<String>::new());
    let other = planted.text.replace("7f!Qw-z2Lp", "9g!Rt-y4Mk");
    repo.write("moved.py", other);
    let found = secrets(introduced(&json(&repo, &["review", "--base", "HEAD"])));
    assert!(
        !found.is_empty()
            && found
                .iter()
                .all(|one| one.ends_with("secret/url-credentials")),
        "{found:?}"
    );
}

#[test]
fn a_secret_that_the_range_added_and_removed_is_still_found() {
    let planted = planted();
    let repo = repo();
    let base = repo.rev("HEAD");
    repo.write("app.py", &planted.text);
    repo.commit("by mistake");
    repo.write("app.py", "settings = {}\n");
    repo.write("other.py", &planted.text);
    repo.commit("gone");
    repo.remove("other.py");
    repo.commit("gone as well");
    let check = |arguments: &[&str]| {
        let report = json(&repo, arguments);
        hides(&planted, "the history", &report.to_string());
        let found = introduced(&report);
        for rule in [
            "secret/slack-bot-token",
            "secret/url-credentials",
            "secret/private-key",
        ] {
            let count = found.iter().filter(|one| one.ends_with(rule)).count();
            assert!(count > 0, "{arguments:?} {rule}: {found:?}");
        }
    };
    check(&["review", &format!("{base}..HEAD")]);
    check(&["review", "--base", &base]);
    // What the base had is not of the range.
    let report = json(&repo, &["review", "HEAD"]);
    assert_eq!(introduced(&report), Vec::<String>::new());
    // Removed in the working tree only: the commit has it.
    repo.write("app.py", &planted.text);
    repo.commit("again");
    repo.write("app.py", "settings = {}\n");
    check(&["review", "--base", "HEAD~1"]);
    all_formats(&repo, &planted, &["review", "--base", "HEAD~1"]);
}

#[test]
fn rules_that_a_project_wrote_for_gitleaks_find_and_mask() {
    let repo = repo();
    repo.write(
        ".gitleaks.toml",
        "[[rules]]\nid = 'own-token'\ndescription = 'A token of ours'\nregex = 'own_([a-z0-9]{12})'\nkeywords = ['own_']\n",
    );
    repo.commit("our rule");
    let value = ["abc123", "def456"].concat();
    repo.write("a.py", format!("def f():\n    eval(x)  # own_{value}\n"));
    let report = json(&repo, &["review"]);
    let found = introduced(&report);
    assert!(
        found.iter().any(|one| one.ends_with("gitleaks/own-token")),
        "{found:?}"
    );
    assert!(report.to_string().contains("A token of ours"));
    // Also around other findings, and when the rule is not asked.
    for arguments in [
        &["review"][..],
        &["review", "--rule", "security/*", "--all"],
    ] {
        for format in ["json", "terminal", "markdown", "html", "sarif"] {
            let mut arguments = arguments.to_vec();
            arguments.extend(["--output", format]);
            let run = assay(&repo, &arguments);
            assert!(!run.out.contains(&value), "{arguments:?}: {run:?}");
        }
    }
    let report = json(&repo, &["review", "--rule", "gitleaks/own-token"]);
    assert_eq!(introduced(&report).len(), 1);
}

#[test]
fn what_gitleaks_allows_is_allowed() {
    let planted = planted();
    let repo = repo();
    repo.write(
        ".gitleaks.toml",
        "[allowlist]\ndescription = 'samples'\npaths = ['^samples/']\n[[rules]]\nid = 'x'\n",
    );
    repo.commit("what is allowed");
    repo.write("samples/app.py", &planted.text);
    let first = planted.text.lines().next().unwrap().replace('#', "x = 1 #");
    repo.write("here.py", format!("{first} gitleaks:allow\n"));
    let report = json(&repo, &["review"]);
    let secrets: Vec<String> = introduced(&report)
        .into_iter()
        .filter(|one| one.contains(" secret/"))
        .collect();
    assert_eq!(secrets, Vec::<String>::new());
    assert!(
        report
            .to_string()
            .contains("the rule `x` has neither `regex` nor `path`")
    );
    // The change cannot allow itself.
    repo.write(".gitleaks.toml", "[allowlist]\npaths = ['.']\n");
    repo.write("app.py", &planted.text);
    assert!(!introduced(&json(&repo, &["review"])).is_empty());
}

#[test]
fn no_format_shows_what_a_rule_calls_a_credential() {
    let planted = Planted {
        text: "import hmac\nimport psycopg2\n\nKEY = \"battery-staple\"\n\n\n\
               def run(body, url):\n    \
               other = psycopg2.connect(\"db\", \"shop\", password=\"hunter2\", key=body == None)\n    \
               eval(body + \"hunter2\")\n    \
               eval(url, KEY, \"battery-staple\")\n    \
               return hmac.new(KEY.encode(), body, \"md5\"), other\n"
            .to_owned(),
        hidden: vec!["hunter2".into(), "battery-staple".into()],
    };
    let repo = repo();
    repo.write("app.py", &planted.text);
    all_formats(&repo, &planted, &["review"]);
    all_formats(&repo, &planted, &["scan"]);
    // Also when nobody is asked about secrets.
    all_formats(&repo, &planted, &["scan", "--rule", "security/*"]);
    let found = introduced(&json(&repo, &["review"]));
    for rule in ["security/hard-coded-credential", "security/dynamic-code"] {
        assert!(
            found.iter().any(|one| one.ends_with(rule)),
            "{rule}: {found:?}"
        );
    }
    let run = assay(&repo, &["baseline"]);
    assert_eq!(run.code, 0, "{run:?}");
    let baseline = std::fs::read_to_string(repo.root().join("assay-baseline.json")).unwrap();
    hides(&planted, "the baseline", &baseline);
}
