//! Two agents talk about a change: what they agree on, how a talk ends, and what nothing
//! that they say can do.

use assay_testkit::GitRepo;
use assay_testkit::llm::{Dialect, FakeModel, Received, Shape, Turn};
use serde_json::{Value, json};

use crate::model::{remark, wanted};
use crate::run::{Run, repo, run};

const MEAN: &str = "\
def mean(values):
    total = 0
    for value in values:
        total += value
    # RESOLVED
    return total / len(values)
";
const EMPTY: &str = "An empty list makes the last line divide by zero.";

fn changed() -> GitRepo {
    let repo = repo();
    repo.write("mean.py", MEAN);
    repo
}

fn point() -> Value {
    remark("mean.py", 6, "return total / len(values)", EMPTY)
}

fn reviewer(message: &str, raised: &[Value], stands: &[(usize, &str)]) -> Turn {
    let mut turn = said(message, stands);
    turn["raised"] = json!(raised);
    Turn::json(&turn)
}

fn coder(message: &str, stands: &[(usize, &str)]) -> Turn {
    Turn::json(&said(message, stands))
}

fn said(message: &str, stands: &[(usize, &str)]) -> Value {
    let stand = |(point, stand): &(usize, &str)| json!({"point": point, "stand": stand, "reason": "Line 6 shows it."});
    json!({"message": message, "stands": stands.iter().map(stand).collect::<Vec<_>>()})
}

/// A model that speaks for both: the turns of each in their order, the last one again and
/// again.
fn both(reviewer: Vec<Turn>, coder: Vec<Turn>) -> FakeModel {
    let taken = std::sync::Mutex::new([0, 0]);
    FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), move |asked| {
        let (at, turns) = match wanted(asked) {
            "reviewer_turn" => (0, &reviewer),
            "coder_turn" => (1, &coder),
            other => panic!("nobody takes a turn of the form {other}"),
        };
        let mut taken = taken.lock().unwrap();
        let turn = turns[taken[at].min(turns.len() - 1)].clone();
        taken[at] += 1;
        turn
    })
}

fn configure(repo: &GitRepo, fake: &FakeModel) -> String {
    let path = repo.outside().join("models.toml");
    let provider = |name: &str| {
        format!(
            "[model.provider.{name}]\nkind = \"openai-compatible\"\nbase = \"{}\"\nkey-env = \"MODEL_KEY\"\nattempts-max = 1\nfirst-token-ms = 20000\n",
            fake.url()
        )
    };
    let text = format!(
        "[model]\nuse = [\"mine/m-1\"]\n{}{}",
        provider("mine"),
        provider("other")
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn talk(repo: &GitRepo, fake: &FakeModel, more: &[&str]) -> (Run, Value) {
    let config = configure(repo, fake);
    let mut arguments = vec!["discuss", "--model", "--model-config", &config];
    arguments.extend(["--format", "json", "--no-cache"]);
    arguments.extend(more);
    let run = run(repo, &arguments, b"", &[("MODEL_KEY", "key-of-a-test")]);
    let value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
    (run, value)
}

fn text_of(asked: &Received, at: usize) -> &str {
    asked.body["messages"][at]["content"].as_str().unwrap()
}

#[test]
fn what_both_say_is_agreed_and_what_quotes_nothing_is_dropped() {
    let repo = changed();
    let false_quote = remark(
        "mean.py",
        2,
        "total = compute()",
        "This is not there at all.",
    );
    let elsewhere = remark(
        "other.py",
        1,
        "x = 1",
        "This file was not shown to anybody.",
    );
    let fake = both(
        vec![reviewer(
            "The last line is the one.",
            &[false_quote, point(), elsewhere],
            &[],
        )],
        // There is no second point, and holding is not for the coder to say.
        vec![coder("That is so.", &[(1, "accept"), (2, "accept")])],
    );
    let (run, talk) = talk(&repo, &fake, &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(talk["ending"], "consensus", "{talk:#}");
    assert_eq!(talk["dropped"], 2);
    let points = talk["points"].as_array().unwrap();
    assert_eq!(points.len(), 1);
    assert_eq!(
        (&points[0]["state"], &points[0]["line"], &points[0]["rule"]),
        (&json!("agreed"), &json!(6), &json!("model/correctness"))
    );
    assert_eq!(points[0]["reason"], "Line 6 shows it.");
    let messages = talk["messages"].as_array().unwrap();
    let roles: Vec<_> = messages.iter().map(|one| one["role"].as_str()).collect();
    assert_eq!(roles, [Some("reviewer"), Some("coder")]);
    assert_eq!(
        messages[1]["text"],
        "That is so.\nPoint 1 is agreed: Line 6 shows it."
    );
    let asked = fake.received();
    assert_eq!(asked.len(), 2);
    // The coder hears of what is anchored, and of nothing else.
    assert!(text_of(&asked[1], 1).contains("on line 6 of mean.py\n| An empty list"));
    assert!(!text_of(&asked[1], 1).contains("compute()"));
    assert!(asked.iter().all(|one| one.body.get("tools").is_none()));
    // As text, each turn and what came of it.
    let config = configure(&repo, &fake);
    let arguments = ["discuss", "--model", "--model-config", &config];
    let shown = run_text(&repo, &arguments);
    assert!(
        shown
            .contains("1. reviewer\n   The last line is the one.\n   Point 1, mean.py:6: An empty")
    );
    assert!(shown.contains("It is over: they agree.\n\nagreed:\n  mean.py:6 (model/correctness, "));
}

fn run_text(repo: &GitRepo, arguments: &[&str]) -> String {
    run(repo, arguments, b"", &[("MODEL_KEY", "key-of-a-test")]).out
}

#[test]
fn a_talk_ends_when_there_is_nothing_to_say() {
    let repo = changed();
    let fake = both(vec![reviewer("", &[], &[])], vec![coder("", &[])]);
    let (run, talk) = talk(&repo, &fake, &[]);
    assert_eq!((run.code, fake.received().len()), (0, 1), "{run:?}");
    assert_eq!(talk["ending"], "consensus");
    assert_eq!(talk["points"], json!([]));
}

#[test]
fn a_talk_has_so_many_turns_and_no_more() {
    let repo = changed();
    for (more, turns) in [
        (&[][..], 6),
        (&["--turns", "3"][..], 3),
        (&["--turns", "1"][..], 1),
    ] {
        let fake = both(
            vec![
                reviewer("It divides.", &[point()], &[]),
                reviewer("It does.", &[], &[(1, "hold")]),
            ],
            vec![coder("Nobody calls it so.", &[(1, "reject")])],
        );
        let (run, talk) = talk(&repo, &fake, more);
        assert_eq!(talk["ending"], "turns", "{talk:#}");
        assert_eq!(talk["messages"].as_array().unwrap().len(), turns);
        assert_eq!(fake.received().len(), turns);
        // Nothing was agreed: what is contested is shown and blocks nobody.
        assert_eq!(run.code, 0);
    }
}

#[test]
fn a_word_of_an_agent_ends_a_talk_and_one_in_the_code_does_not() {
    let repo = changed();
    let fake = both(
        vec![
            // Who ends it in the turn that begins it leaves the other one no word.
            reviewer("It divides.\nRESOLVED", &[point()], &[]),
            reviewer("It is not RESOLVED for me.", &[], &[(1, "hold")]),
            reviewer("Enough.\n RESOLVED ", &[], &[(1, "hold")]),
        ],
        vec![coder("No.", &[(1, "reject")])],
    );
    let (_, talk) = talk(&repo, &fake, &[]);
    assert_eq!(talk["ending"], "resolved", "{talk:#}");
    assert_eq!(talk["messages"].as_array().unwrap().len(), 5);
    assert_eq!(talk["points"][0]["state"], "contested");
}

#[test]
fn a_reviewer_who_was_wrong_takes_it_back() {
    let repo = changed();
    let fake = both(
        vec![
            reviewer("It divides.", &[point()], &[]),
            reviewer("You are right.", &[], &[(1, "withdraw")]),
        ],
        vec![coder("Line 2 handles it.", &[(1, "reject")])],
    );
    let (run, talk) = talk(&repo, &fake, &[]);
    assert_eq!(talk["ending"], "consensus", "{talk:#}");
    assert_eq!(talk["points"][0]["state"], "withdrawn");
    assert_eq!(run.code, 0);
}

#[test]
fn a_talk_that_breaks_off_is_not_green() {
    let repo = changed();
    let fake = both(
        vec![reviewer("It divides.", &[point()], &[])],
        vec![Turn::status(500, "{}")],
    );
    let (run, talk) = talk(&repo, &fake, &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(talk["ending"], "failed");
    let problem = talk["problem"].as_str().unwrap();
    assert!(
        problem.starts_with("coder: ") && problem.contains("500"),
        "{problem}"
    );
    assert_eq!(talk["points"][0]["state"], "open");
}

#[test]
fn agents_are_as_they_were_written_down() {
    let repo = changed();
    let fake = both(
        vec![reviewer("It divides.", &[point()], &[])],
        vec![coder("Yes.", &[(1, "accept")])],
    );
    let agents = repo.outside().join("agents.yaml");
    let text = "\
version: 1
turns: 2
resolution: [DONE]
agents:
  - role: reviewer
    name: Ada
    temperature: 0.25
    focus: [money is never a float]
    prompt: Think of two requests at once.
  - role: coder
    name: Grace
    model: other/m-2
";
    std::fs::write(&agents, text).unwrap();
    let agents = agents.to_str().unwrap();
    let kept = repo.outside().join("talk.jsonl");
    let kept = kept.to_str().unwrap();
    let (first, talked) = talk(&repo, &fake, &["--agents", agents, "--transcript", kept]);
    assert_eq!(talked["messages"][0]["name"], "Ada");
    let asked = fake.received();
    let system = text_of(&asked[0], 0);
    assert!(system.contains("\n- money is never a float\n"), "{system}");
    assert!(
        system.contains("Think of two requests at once."),
        "{system}"
    );
    assert!(system.contains("nothing but DONE."), "{system}");
    assert_eq!(asked[0].body["temperature"], 0.25);
    assert_eq!(asked[0].body["model"], "m-1");
    assert_eq!(asked[1].body["model"], "m-2");
    assert!(asked[1].body.get("temperature").is_none());
    // The same talk again, and nobody is asked.
    let replayed = run(
        &repo,
        &[
            "discuss",
            "--replay",
            kept,
            "--agents",
            agents,
            "--format",
            "json",
            "--no-cache",
        ],
        b"",
        &[],
    );
    assert_eq!((replayed.code, replayed.out), (first.code, first.out));
    assert_eq!(fake.received().len(), 2);
    std::fs::write(agents, "version: 1\nagents: [{role: judge}]").unwrap();
    let config = configure(&repo, &fake);
    let refused = run(
        &repo,
        &[
            "discuss",
            "--model",
            "--model-config",
            &config,
            "--agents",
            agents,
        ],
        b"",
        &[("MODEL_KEY", "k")],
    );
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("`judge` is no role"),
        "{}",
        refused.err
    );
    let nobody = run(&repo, &["discuss"], b"", &[]);
    assert_eq!(nobody.code, 2);
    assert!(nobody.err.contains("agents need models"), "{}", nobody.err);
}

#[test]
fn the_budget_ends_a_talk() {
    let repo = changed();
    let fake = both(vec![reviewer("", &[], &[])], vec![coder("", &[])]);
    let config = configure(&repo, &fake);
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(
        &config,
        format!("{text}[model.budget]\nreview = \"0.000001\"\n"),
    )
    .unwrap();
    let arguments = [
        "discuss",
        "--model",
        "--model-config",
        &config,
        "--format",
        "json",
    ];
    let ended = run(&repo, &arguments, b"", &[("MODEL_KEY", "k")]);
    let talk: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:?}"));
    assert_eq!((ended.code, fake.received().len()), (1, 0));
    assert_eq!(talk["ending"], "failed", "{talk:#}");
}
