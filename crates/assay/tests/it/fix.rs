//! `assay fix`, as a difference and in place.

use assay_testkit::GitRepo;
use assay_testkit::llm::{Dialect, FakeModel, Received, Shape, Turn};
use serde_json::{Value, json};

use crate::model::{configure, wanted};
use crate::run::{Run, SAME_CONDITION, assay, repo, run};

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

/// Returns a patch of the condition, as a model writes it.
fn patch(new: &str) -> Value {
    json!({"summary": "Compare with the lower limit", "edits": [
        {"path": "cond.py", "line": 4, "old": "    elif count > 100:", "new": new},
    ]})
}

/// A model that answers questions for fixes in turn, and says nothing of changes.
fn mender(turns: Vec<Turn>) -> FakeModel {
    let taken = std::sync::Mutex::new(0);
    FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), move |asked| {
        if wanted(asked) != "patch" {
            return Turn::json(&json!({"remarks": []}));
        }
        let mut at = taken.lock().unwrap();
        let turn = turns[(*at).min(turns.len() - 1)].clone();
        *at += 1;
        turn
    })
}

fn shown(asked: &Received) -> String {
    asked.body["messages"][1]["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

const KEY: (&str, &str) = ("MODEL_KEY", "key-of-a-test");
const ELSE: &str = "    elif count > 10:";

/// Mends with a model; what it is told of fixes goes before the providers.
fn mend(repo: &GitRepo, fake: &FakeModel, more: &str, arguments: &[&str]) -> Run {
    let config = configure(repo, fake, more);
    let mut all = vec!["fix", "--model", "--model-config", &config];
    all.extend(arguments);
    run(repo, &all, b"", &[KEY])
}

#[test]
fn a_model_mends_what_has_no_fix_and_the_transcript_gives_the_same_again() {
    let repo = repo();
    repo.write("cond.py", SAME_CONDITION).write("late.js", NAN);
    let fake = mender(vec![
        Turn::json(&patch("    elif count > 100 :")),
        Turn::json(&patch(ELSE)),
    ]);
    let transcript = repo.outside().join("transcript.jsonl");
    let transcript = transcript.to_str().unwrap();
    let done = mend(&repo, &fake, "", &["--transcript", transcript]);
    assert_eq!(done.code, 1, "{done:?}");
    for part in [
        "+    elif count > 10:",
        "-    elif count > 100:",
        "+  if (Number.isNaN(time)) {",
    ] {
        assert!(done.out.contains(part), "{part}: {done:?}");
    }
    for part in [
        "2 findings in 2 files can be mended",
        "cond.py:4 correctness/duplicate-condition: Compare with the lower limit (mine/m-1, 2 attempts: applies, parses, the finding is gone, nothing new is found)",
    ] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    let asked = fake.received();
    assert_eq!(asked.len(), 2);
    assert!(!shown(&asked[0]).contains("ATTEMPT"));
    let second = shown(&asked[1]);
    for part in [
        "ATTEMPT 1: the finding would still be there",
        "+|     elif count > 100 :",
        ">    4 |     elif count > 100:",
    ] {
        assert!(second.contains(part), "{part}: {second}");
    }
    assert!(asked.iter().all(|one| one.body.get("tools").is_none()));
    assert_eq!(read(&repo, "cond.py"), SAME_CONDITION, "it is only shown");
    let again = run(&repo, &["fix", "--replay", transcript], b"", &[]);
    assert_eq!((again.code, &again.out), (1, &done.out), "{again:?}");
    assert_eq!(fake.received().len(), 2, "nothing is asked again");
    let applied = run(&repo, &["fix", "--apply", "--replay", transcript], b"", &[]);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(read(&repo, "cond.py").contains("elif count > 10:"));
    assert!(read(&repo, "late.js").contains("Number.isNaN(time)"));
}

#[test]
fn what_a_model_fails_to_mend_is_said_with_the_reason() {
    let fresh = || {
        let repo = repo();
        repo.write("cond.py", SAME_CONDITION);
        repo
    };
    for (turn, more, why) in [
        (
            Turn::json(&patch("    elif (count > 10:")),
            "",
            "2 patches of mine/m-1 are refused, the last one: it would break the syntax of cond.py",
        ),
        (
            Turn::json(&patch("    elif (count > 10:")),
            "[model.fix]\nattempts = 1\n",
            "the patch of mine/m-1 is refused: it would break the syntax of cond.py",
        ),
        (Turn::status(500, "{}"), "", "500"),
        (Turn::say("no JSON at all"), "", "does not have the form"),
        (
            Turn::json(&json!({"summary": "", "edits": []})),
            "",
            "sees no way to mend it",
        ),
        (
            Turn::json(&patch(ELSE)),
            "[model.budget]\ncall = \"0.000000001\"\n",
            "cond.py:4 correctness/duplicate-condition: ",
        ),
    ] {
        let fake = mender(vec![turn]);
        let done = mend(&fresh(), &fake, more, &[]);
        assert_eq!((done.code, done.out.as_str()), (0, ""), "{why}: {done:?}");
        assert!(done.err.contains("nothing to mend; 1 left"), "{}", done.err);
        assert!(done.err.contains(why), "{why}: {}", done.err);
    }
    let repo = fresh();
    let fake = mender(vec![Turn::json(&patch(ELSE))]);
    let other = mend(&repo, &fake, "", &["--rule", "smell/*"]);
    assert_eq!((other.code, fake.received().len()), (0, 0), "{other:?}");
    for (more, arguments, why) in [
        (
            "[model.fix]\nattempts = 9\n",
            &[][..],
            "`fix.attempts` is 1 to 5",
        ),
        ("[model.fix]\nspeed = 9\n", &[], "unknown field"),
        ("", &["--test", " "], "names no program"),
    ] {
        let wrong = mend(&repo, &fake, more, arguments);
        assert_eq!(wrong.code, 2, "{wrong:?}");
        assert!(wrong.err.contains(why), "{why}: {}", wrong.err);
    }
    assert_eq!(assay(&repo, &["fix", "--test", "true"]).code, 2);
}

/// Passes when the limit is lower and nothing of the caller's environment is there; says
/// what it misses.
#[cfg(unix)]
const TESTS: &str = "\
test -z \"$MODEL_KEY\" || { echo the key is here; exit 3; }
test -z \"$(ls -A \"$HOME\")\" || { echo this is a home in use; exit 4; }
test -f a.py || { echo the tree is not here; exit 5; }
echo written > made-by-tests
grep -q 'count > 10:' cond.py || { echo 'size(50) is not medium'; exit 1; }
";

#[cfg(unix)]
#[test]
fn the_tests_have_to_pass_in_a_copy_of_the_patched_tree() {
    let fresh = || {
        let repo = repo();
        repo.write("cond.py", SAME_CONDITION)
            .write("check.sh", TESTS);
        repo
    };
    let repo = fresh();
    let turns = || {
        vec![
            Turn::json(&patch("    elif count > 90:")),
            Turn::json(&patch(ELSE)),
        ]
    };
    let fake = mender(turns());
    let done = mend(&repo, &fake, "", &["--test", "sh check.sh"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.err.contains("nothing new is found, tests pass"),
        "{done:?}"
    );
    let second = shown(&fake.received()[1]);
    for part in [
        "ATTEMPT 1: the test command fails with it",
        "| size(50) is not medium",
    ] {
        assert!(second.contains(part), "{part}: {second}");
    }
    assert!(!repo.root().join("made-by-tests").exists());
    // The configuration names them too, and what takes too long has failed.
    for (test, seconds, code, why) in [
        ("[\"sh\", \"check.sh\"]", 60, 1, "tests pass"),
        (
            "[\"sh\", \"-c\", \"exec tail -f /dev/null\"]",
            1,
            0,
            "test command fails",
        ),
        ("[\"no-such-program-at-all\"]", 60, 0, "test command fails"),
    ] {
        let fake = mender(turns());
        let more = format!("[model.fix]\ntest = {test}\ntest-seconds = {seconds}\n");
        let done = mend(&fresh(), &fake, &more, &[]);
        assert_eq!(done.code, code, "{test}: {done:?}");
        assert!(done.err.contains(why), "{why}: {}", done.err);
    }
}

#[test]
fn a_review_with_a_model_offers_fixes_when_it_is_told_to() {
    let repo = repo();
    repo.write("cond.py", SAME_CONDITION);
    let fake = mender(vec![Turn::json(&patch(ELSE))]);
    for (more, is_offered) in [("", false), ("[model.fix]\noffer = true\n", true)] {
        let config = configure(&repo, &fake, more);
        let arguments = [
            "review",
            "--no-cache",
            "--model",
            "--model-config",
            &config,
            "--output",
            "json",
        ];
        let done = run(&repo, &arguments, b"", &[KEY]);
        let report: Value = serde_json::from_str(&done.out).unwrap();
        let fix = &report["findings"][0]["fix"];
        assert_eq!(!fix.is_null(), is_offered, "{fix}");
        if is_offered {
            assert_eq!(fix["title"], "Compare with the lower limit");
            assert!(done.out.contains("mended 1 of 1 finding"), "{}", done.out);
        }
    }
}
