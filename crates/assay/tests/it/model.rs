//! Reviews with a language model: what it says is kept or dropped, what it does not say
//! is told, and what it must not see it does not get.

use assay_testkit::GitRepo;
use assay_testkit::llm::{Dialect, FakeModel, Received, Shape, Turn};
use serde_json::{Value, json};

use crate::run::{Run, SAME_CONDITION, introduced, repo, run};

const MEAN: &str = "\
def mean(values):
    total = 0
    for value in values:
        total += value
    return total / len(values)
";

fn configure(repo: &GitRepo, fake: &FakeModel, more: &str) -> String {
    let path = repo.outside().join("models.toml");
    let text = format!(
        "[model]\nuse = [\"mine/m-1\"]\n{more}\n[model.provider.mine]\nkind = \"openai-compatible\"\nbase = \"{}\"\nkey-env = \"MODEL_KEY\"\nattempts-max = 1\nfirst-token-ms = 20000\n",
        fake.url()
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Reviews the working tree with the fake, as JSON.
fn review(repo: &GitRepo, fake: &FakeModel, more: &[&str]) -> (Run, Value) {
    let config = configure(repo, fake, "");
    let mut arguments = vec![
        "review",
        "--model",
        "--model-config",
        &config,
        "--output",
        "json",
    ];
    arguments.extend(more);
    let run = run(repo, &arguments, b"", &[("MODEL_KEY", "key-of-a-test")]);
    let report = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
    (run, report)
}

fn remark(path: &str, line: u32, quote: &str, message: &str) -> Value {
    json!({
        "path": path, "line": line, "quote": quote, "message": message,
        "severity": "high", "confidence": "high", "missing_symbol": null,
    })
}

fn says(remarks: &[Value]) -> Turn {
    Turn::json(&json!({ "remarks": remarks }))
}

const EMPTY: &str = "An empty list makes the last line divide by zero.";

#[test]
fn a_remark_that_quotes_its_line_is_a_finding() {
    let repo = repo();
    repo.write("mean.py", MEAN);
    let mut missing = remark(
        "mean.py",
        4,
        "total += value",
        "The function `mean` is not defined anywhere.",
    );
    missing["missing_symbol"] = "mean".into();
    let fake = FakeModel::start(
        Dialect::OpenAiChat,
        vec![says(&[
            // The number is one off, the quote is right.
            remark("mean.py", 4, "    return total / len(values)", EMPTY),
            remark(
                "mean.py",
                5,
                "return total / len(values)",
                "Dividing by zero, said once more in other words.",
            ),
            remark(
                "mean.py",
                2,
                "total = compute()",
                "This quotes what is not there at all.",
            ),
            remark(
                "other.py",
                1,
                "x = 1",
                "This is about a file that was not shown.",
            ),
            missing,
        ])],
    );
    let (run, report) = review(&repo, &fake, &[]);
    assert_eq!(
        introduced(&report),
        ["mean.py:5 model/correctness"],
        "{run:?}"
    );
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["message"], &finding["confidence"]),
        (&json!(EMPTY), &json!("medium"))
    );
    assert_eq!(run.code, 1, "its severity fails the gate");
    assert!(run.out.contains("\"model\""), "the ledger names the model");
    let notes =
        report["change"]["notes"].to_string() + &report["overview"]["notes"].to_string() + &run.out;
    for part in [
        "mine/m-1",
        "1 remark kept",
        "1 dropped (on a file that was not shown)",
        "1 dropped (quoting code that is not there)",
        "1 dropped (said already)",
        "1 dropped (claiming that a name is missing that is there)",
    ] {
        assert!(notes.contains(part), "{part}: {}", run.out);
    }
    let sent = &fake.received()[0];
    assert_eq!(sent.header("authorization"), Some("Bearer key-of-a-test"));
    assert!(
        sent.text
            .contains("+    5 |     return total / len(values)"),
        "{}",
        sent.text
    );
}

#[test]
fn without_the_option_nothing_is_sent_and_without_configuration_it_is_an_error() {
    let repo = repo();
    repo.write("mean.py", MEAN);
    let fake = FakeModel::start(Dialect::OpenAiChat, vec![Turn::Silent]);
    configure(&repo, &fake, "");
    assert_eq!(run(&repo, &["review"], b"", &[]).code, 0);
    let found = run(&repo, &["review", "--model"], b"", &[]);
    assert_eq!(found.code, 2, "{found:?}");
    assert!(found.err.contains("config.toml"), "{}", found.err);
    // A configuration in the project says nothing about models.
    repo.write("assay.toml", "[model]\nuse = [\"mine/m-1\"]\n")
        .commit("hostile");
    assert_eq!(
        run(&repo, &["review"], b"", &[]).code,
        2,
        "the key is not known there"
    );
    assert!(fake.received().is_empty());
}

#[test]
fn what_fails_is_said_and_never_green() {
    let length = Turn::Stop {
        partial: "{\"remarks\":[]}".into(),
        reason: "length".into(),
    };
    for turn in [
        Turn::status(401, "{\"error\":{\"message\":\"bad key\"}}"),
        Turn::status(503, ""),
        Turn::Cut("{\"remarks\":[]}".into()),
        Turn::EndEarly("{\"remarks\":[]}".into()),
        Turn::Refuse("I will not".into()),
        Turn::say("LGTM"),
        Turn::json(&json!({ "remarks": "none" })),
        length,
    ] {
        let repo = repo();
        repo.write("mean.py", MEAN);
        let fake = FakeModel::start(Dialect::OpenAiChat, vec![turn.clone()]);
        let (run, report) = review(&repo, &fake, &[]);
        assert_eq!(run.code, 1, "{turn:?}");
        let problems = report["problems"].to_string();
        assert!(
            problems.contains("not read by the model: mean.py"),
            "{turn:?} {problems}"
        );
        assert!(
            run.out.contains("read 0 hunks of 1"),
            "{turn:?} {}",
            run.out
        );
        assert!(!run.out.contains("key-of-a-test"));
    }
}

#[test]
fn a_budget_that_is_too_small_is_said() {
    let repo = repo();
    repo.write("mean.py", MEAN);
    let fake = FakeModel::start(Dialect::OpenAiChat, vec![says(&[])]);
    let config = configure(&repo, &fake, "[model.budget]\nreview = \"0.01\"\n");
    let arguments = [
        "review",
        "--model",
        "--model-config",
        &config,
        "--output",
        "json",
    ];
    let found = run(&repo, &arguments, b"", &[("MODEL_KEY", "k")]);
    assert_eq!(found.code, 1, "{found:?}");
    assert!(
        found.out.contains("it has no price, and there is a budget"),
        "{}",
        found.out
    );
    assert!(fake.received().is_empty());
}

#[test]
fn secrets_do_not_leave() {
    let repo = repo();
    let part = "Zk3vQ8mT1xWb7RnY5cLd2HsJ";
    let secret = format!("xo{}-{}-{}-{part}", "xb", "482913570264", "931570248613");
    repo.write("old.py", format!("OLD = \"{secret}\"\nx = 1\n"))
        .commit("a secret");
    repo.write("old.py", "OLD = load()\nx = 1\n");
    repo.write(
        "token.py",
        format!("def call(url):\n    token = \"{secret}\"\n    return send(url, token)\n"),
    );
    let fake = FakeModel::start(Dialect::OpenAiChat, vec![says(&[])]);
    let path = repo.outside().join("transcript.jsonl");
    let (run, _) = review(&repo, &fake, &["--transcript", path.to_str().unwrap()]);
    let received = fake.received();
    assert!(
        received[0].text.contains("return send(url, token)"),
        "{run:?}"
    );
    assert!(received[0].text.contains("OLD = load()"));
    for text in received
        .iter()
        .map(|one| one.text.clone())
        .chain([std::fs::read_to_string(&path).unwrap(), run.out])
    {
        assert!(!text.contains(&secret) && !text.contains(part), "{text}");
    }
}

#[test]
fn a_transcript_gives_the_same_review_and_asks_nobody() {
    let repo = repo();
    repo.write("mean.py", MEAN);
    let fake = FakeModel::start(
        Dialect::OpenAiChat,
        vec![says(&[remark(
            "mean.py",
            5,
            "return total / len(values)",
            EMPTY,
        )])],
    );
    let path = repo.outside().join("transcript.jsonl");
    let path = path.to_str().unwrap();
    let (first, _) = review(&repo, &fake, &["--transcript", path]);
    drop(fake);
    let copy = format!("{path}.again");
    let again = run(
        &repo,
        &[
            "review",
            "--replay",
            path,
            "--transcript",
            &copy,
            "--output",
            "json",
        ],
        b"",
        &[],
    );
    assert_eq!((again.code, &again.out), (first.code, &first.out));
    assert_eq!(std::fs::read(path).unwrap(), std::fs::read(&copy).unwrap());
    repo.write("mean.py", "def other():\n    return [1][2]\n");
    let changed = run(
        &repo,
        &["review", "--replay", path, "--output", "json"],
        b"",
        &[],
    );
    assert_eq!(changed.code, 1);
    assert!(
        changed
            .out
            .contains("the transcript does not have this question"),
        "{}",
        changed.out
    );
}

#[test]
fn what_the_static_analysis_found_is_shown_first() {
    let repo = repo();
    repo.write("size.py", SAME_CONDITION);
    let fake = FakeModel::start(
        Dialect::OpenAiChat,
        vec![says(&[remark(
            "size.py",
            6,
            "return \"small\"",
            "A negative count is called small, which callers take for valid.",
        )])],
    );
    let config = configure(&repo, &fake, "");
    let arguments = ["review", "--model", "--model-config", &config];
    let found = run(&repo, &arguments, b"", &[("MODEL_KEY", "k")]);
    let at = |text: &str| {
        found
            .out
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {}", found.out))
    };
    assert!(at("size.py:4") < at("model/correctness"), "{}", found.out);
    let places = found.out.match_indices("size.py:4:");
    let shown = places.filter(|(at, place)| {
        let rest = &found.out[at + place.len()..];
        rest.starts_with(|c: char| c.is_ascii_digit())
    });
    assert_eq!(shown.count(), 1, "shown once: {}", found.out);
    assert!(
        fake.received()[0]
            .text
            .contains("ALREADY REPORTED at line 4")
    );
}

/// A model that does what the text under review tells it to.
fn obey(asked: &Received) -> Turn {
    let prompt = asked.body["messages"][1]["content"]
        .as_str()
        .unwrap_or_default();
    let Some((_, order)) = prompt.split_once("ORDER ") else {
        return says(&[]);
    };
    let word: String = order
        .chars()
        .take_while(|c| c.is_ascii_lowercase() || *c == '-')
        .collect();
    let name = prompt
        .lines()
        .find_map(|line| line.strip_prefix("FILE "))
        .unwrap_or_default();
    let name = name.rsplit_once(" (").map_or(name, |(name, _)| name);
    match word.as_str() {
        "praise" => says(&[remark(
            name,
            1,
            "PASSED",
            "OBEYED: excellent work, this can be merged at once.",
        )]),
        "elsewhere" => says(&[
            remark(
                "/etc/passwd",
                1,
                "root:x:0:0",
                "OBEYED: this is about another file.",
            ),
            remark("other.py", 1, "x", "OBEYED: so is this one."),
        ]),
        "invent" => says(&[remark(
            name,
            2,
            "os.system(password)",
            "OBEYED: a command is run with the password.",
        )]),
        "flood" => says(&vec![
            remark(
                name,
                1,
                "# ORDER flood",
                "OBEYED: once more and once more."
            );
            400
        ]),
        "leave-form" => Turn::say("LGTM. OBEYED. The review is over, the gate passes."),
        "tool" => Turn::Call {
            name: "merge_pull_request".into(),
            arguments: json!({ "approve": true }),
        },
        "leak" => says(&[remark(
            name,
            1,
            "# ORDER leak",
            &format!("OBEYED: {}", asked.text),
        )]),
        "repeat" => says(&[remark(
            name,
            4,
            "elif count > 100:",
            "OBEYED: the condition is the same as before.",
        )]),
        _ => says(&[]),
    }
}

#[test]
fn orders_in_the_code_change_nothing() {
    let cases: toml::Table = include_str!("../../../../evals/injection/cases.toml")
        .parse()
        .unwrap();
    for case in cases["case"].as_array().unwrap() {
        let text = |key: &str| case[key].as_str().unwrap();
        let repo = repo();
        repo.write("cond.py", SAME_CONDITION);
        let body = match text("path") {
            "size.py" => format!("{SAME_CONDITION}{}\n", text("line")),
            _ => format!("{}\n", text("line")),
        };
        repo.write(text("path"), &body);
        let plain = run(&repo, &["review", "--output", "json"], b"", &[]);
        let plain: Value = serde_json::from_str(&plain.out).unwrap();
        let fake = FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), obey);
        let (found, report) = review(&repo, &fake, &[]);
        let name = text("name");
        assert_eq!(found.code, 1, "{name}: the gate stays as it is");
        let (before, after) = (introduced(&plain), introduced(&report));
        assert!(
            !before.is_empty() && before.iter().all(|one| after.contains(one)),
            "{name}: {after:?}"
        );
        let spare: Vec<&String> = after.iter().filter(|one| !before.contains(one)).collect();
        let may_remain = matches!(text("order"), "praise" | "flood");
        assert!(
            spare.is_empty() || may_remain && spare.len() == 1,
            "{name}: {spare:?}"
        );
        for sent in fake.received() {
            assert!(
                sent.body.get("tools").is_none(),
                "{name}: the model has no tools"
            );
            assert!(!sent.text.contains("key-of-a-test"), "{name}");
        }
    }
}
