//! When no model answers: what held in a similar review is said again, on code that is
//! the same to the letter, and the review says so and is not green. Answers to similar
//! questions about the same code are given again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use assay_testkit::GitRepo;
use assay_testkit::llm::{Dialect, FakeModel, FakeVectors, Shape, Turn};
use serde_json::{Value, json};

use crate::model::{judgement, remark, wanted};
use crate::run::{Run, introduced, repo, run};

const MEAN: &str = "\
def mean(values):
    total = 0
    for value in values:
        total += value
    return total / len(values)
";
const FIRST: &str = "\n\ndef first(values):\n    return values[0]\n";
const EMPTY: &str = "An empty list makes the last line divide by zero.";

/// Models with a first and a second provider, and a memory when there are vectors.
struct Bench {
    repo: GitRepo,
    first: FakeModel,
    second: FakeModel,
    vectors: FakeVectors,
    is_down: Arc<AtomicBool>,
}

impl Bench {
    fn new() -> Self {
        let is_down = Arc::new(AtomicBool::new(false));
        let down = Arc::clone(&is_down);
        let first = FakeModel::start_scripted(
            Dialect::OpenAiChat,
            Shape::default(),
            move |asked| {
                if down.load(Ordering::SeqCst) {
                    return Turn::status(529, "{}");
                }
                match wanted(asked) {
                    "verdicts" => judgement(asked, true),
                    "answer" => Turn::json(&json!({
                        "answer": "It is summed up in [1].",
                        "citations": [{ "passage": 1, "line": 5, "quote": "return total / len(values)" }],
                    })),
                    _ => {
                        let said = remark("mean.py", 5, "return total / len(values)", EMPTY);
                        let gone =
                            remark("mean.py", 2, "total = compute()", "Nobody wrote this line.");
                        Turn::json(&json!({ "remarks": [said, gone] }))
                    }
                }
            },
        );
        let second = FakeModel::start(Dialect::OpenAiChat, vec![Turn::status(503, "{}")]);
        Self {
            repo: repo(),
            first,
            second,
            vectors: FakeVectors::start(),
            is_down,
        }
    }

    fn config(&self, similar: &str) -> String {
        let path = self.repo.outside().join("models.toml");
        let provider = |name: &str, base: String| {
            format!(
                "[model.provider.{name}]\nkind = \"openai-compatible\"\nbase = \"{base}\"\nattempts-max = 1\nfirst-token-ms = 20000\nfree = true\n"
            )
        };
        let text = format!(
            "[model]\nuse = [\"first/m-1\", \"second/m-2\"]\n{similar}{}{}{}",
            provider("first", self.first.url()),
            provider("second", self.second.url()),
            provider("vectors", self.vectors.url()),
        );
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn review(&self, similar: &str, more: &[&str]) -> (Run, Value) {
        let config = self.config(similar);
        let mut arguments = vec!["review", "--model", "--model-config", &config];
        arguments.extend(["--output", "json"]);
        arguments.extend(more);
        let run = run(&self.repo, &arguments, b"", &[]);
        let report = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
        (run, report)
    }
}

const SIMILAR: &str = "[model.similar]\nembeddings = \"vectors/v\"\nnearness = 0.85\n";

#[test]
fn down_the_chain_a_similar_review_comes_before_static_analysis_alone() {
    let bench = Bench::new();
    bench.repo.write("mean.py", MEAN);
    let (run, report) = bench.review(SIMILAR, &[]);
    assert_eq!(
        introduced(&report),
        ["mean.py:5 model/correctness"],
        "{run:?}"
    );
    assert_eq!(report["problems"], json!([]));

    // The change goes on, and no model answers: the first is overloaded, the second is
    // not there. What held is said again, because its function is the same.
    bench.is_down.store(true, Ordering::SeqCst);
    bench.repo.write("mean.py", format!("{MEAN}{FIRST}"));
    let transcript = bench.repo.outside().join("transcript");
    let transcript = transcript.to_str().unwrap();
    let (run, report) = bench.review(SIMILAR, &["--transcript", transcript]);
    assert_eq!(
        introduced(&report),
        ["mean.py:5 model/correctness"],
        "{run:?}"
    );
    let message = report["findings"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with(EMPTY) && message.contains("from the similar review of"),
        "{message}"
    );
    let problems = report["problems"].to_string();
    for part in [
        "529",
        "503",
        "not read by the model",
        "1 of 1 remark from the similar review",
    ] {
        assert!(problems.contains(part), "{part}: {problems}");
    }
    assert_ne!(run.code, 0, "it is not green");
    let hunk = report["ledger"]["files"][0]["hunks"][0]["analyzers"].to_string();
    assert!(!hunk.contains("model"), "nobody read it: {hunk}");

    // The same transcript gives the same review, without any model or memory.
    let replayed = crate::run::run(
        &bench.repo,
        &["review", "--replay", transcript, "--output", "json"],
        b"",
        &[],
    );
    let replayed: Value = serde_json::from_str(&replayed.out).unwrap();
    assert_eq!(replayed["findings"], report["findings"]);
    assert_eq!(replayed["problems"], report["problems"]);

    // Of other code it says nothing, however near the question is.
    let guarded = MEAN.replace(
        "    total = 0\n",
        "    if not values:\n        return 0\n    total = 0\n",
    );
    bench.repo.write("mean.py", format!("{guarded}{FIRST}"));
    let (run, report) = bench.review(SIMILAR, &[]);
    assert_eq!(introduced(&report), Vec::<String>::new(), "{run:?}");
    let problems = report["problems"].to_string();
    assert!(
        problems.contains("0 of 1 remark from the similar review"),
        "{problems}"
    );
    assert_ne!(run.code, 0);

    // Nothing similar, nothing said.
    bench.repo.write("mean.py", "");
    bench.repo.write(
        "other.py",
        "import os\n\n\ndef remove(path):\n    os.remove(path)\n",
    );
    let (run, report) = bench.review(SIMILAR, &[]);
    let problems = report["problems"].to_string();
    assert!(
        problems.contains("529") && !problems.contains("similar"),
        "{problems}"
    );
    assert_ne!(run.code, 0);
}

#[test]
fn without_vectors_the_memory_is_off_and_says_so() {
    let bench = Bench::new();
    bench.repo.write("mean.py", MEAN);
    let (run, _) = bench.review("", &["--verbose"]);
    assert!(
        run.err
            .contains("answers to similar questions are not remembered"),
        "{run:?}"
    );
    bench.is_down.store(true, Ordering::SeqCst);
    bench.repo.write("mean.py", format!("{MEAN}{FIRST}"));
    let (run, report) = bench.review("", &[]);
    assert_eq!(introduced(&report), Vec::<String>::new(), "{run:?}");
    assert_eq!(bench.vectors.asked(), 0);
    for (similar, why) in [
        ("[model.similar]\n", "`vectors`"),
        (
            "[model.similar]\nembeddings = \"nobody/v\"\n",
            "not configured",
        ),
        (
            "[model.similar]\nembeddings = \"vectors/v\"\nnearness = 0.2\n",
            "from 0.8 to 1",
        ),
        (
            "[model.similar]\nembeddings = \"vectors/v\"\nttl-days = 99\n",
            "from 1 to 30",
        ),
    ] {
        let config = bench.config(similar);
        let arguments = ["review", "--model", "--model-config", &config];
        let run = crate::run::run(&bench.repo, &arguments, b"", &[]);
        assert!(run.code == 2 && run.err.contains(why), "{similar}: {run:?}");
    }
}

#[test]
fn a_similar_question_about_the_same_code_has_its_answer_already() {
    let bench = Bench::new();
    bench.repo.write("mean.py", MEAN);
    bench.repo.commit("mean");
    let ask = |question: &str| {
        let config = bench.config(SIMILAR);
        let arguments = [
            "ask",
            question,
            "--model",
            "--model-config",
            &config,
            "--format",
            "json",
        ];
        let run = crate::run::run(&bench.repo, &arguments, b"", &[]);
        let value: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
        value["answer"]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let said = ask("where is the total of the values divided by their number?");
    assert_eq!(said, "It is summed up in [1].");
    let asked = bench.first.received().len();
    let said = ask("Where is the total of the values divided by their number?");
    assert!(
        said.starts_with("It is summed up in [1].")
            && said.contains("Said before to a similar question"),
        "{said}"
    );
    assert_eq!(bench.first.received().len(), asked, "no model was asked");
    // The passage is another one: the model is asked.
    bench
        .repo
        .write("mean.py", MEAN.replace("total = 0", "total = 0.0"));
    let said = ask("Where is the total of the values divided by their number?");
    assert_eq!(said, "It is summed up in [1].");
    assert_eq!(bench.first.received().len(), asked + 1);
}
