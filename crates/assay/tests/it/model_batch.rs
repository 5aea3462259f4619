//! A review whose questions wait for batches: each run takes what came and sends what is
//! asked next, and no program runs meanwhile.

use assay_testkit::GitRepo;
use assay_testkit::llm::{BatchPlan, Dialect, FakeBatch};
use serde_json::{Value, json};

use crate::model::remark;
use crate::run::{Run, introduced, repo, run};

const MEAN: &str = "\
def mean(values):
    total = 0
    for value in values:
        total += value
    return total / len(values)
";

/// Finds what is wrong with `mean`, and confirms it.
fn say(body: &str) -> Result<String, String> {
    let value = match body.contains("\"name\":\"verdicts\"") {
        true => json!({ "verdicts": [{
            "remark": 1, "holds": true, "severity": "high", "confidence": "high",
            "reason": "The line shows it.",
        }] }),
        false => json!({ "remarks": [remark(
            "mean.py",
            5,
            "return total / len(values)",
            "An empty list makes the last line divide by zero.",
        )] }),
    };
    Ok(value.to_string())
}

fn plan(looks: usize) -> BatchPlan {
    BatchPlan {
        looks,
        say,
        ..BatchPlan::default()
    }
}

fn config(repo: &GitRepo, fake: &FakeBatch) -> String {
    let path = repo.outside().join("models.toml");
    let text = format!(
        "[model]\nuse = [\"openai/gpt-5-nano\"]\n[model.provider.openai]\nbase = \"{}\"\nkey-env = \"MODEL_KEY\"\n",
        fake.url()
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn assay(repo: &GitRepo, arguments: &[&str]) -> Run {
    run(repo, arguments, b"", &[("MODEL_KEY", "key-of-a-test")])
}

fn review(repo: &GitRepo, config: &str) -> (Run, Value) {
    let arguments = [
        "review",
        "--model",
        "--batch",
        "--model-config",
        config,
        "--output",
        "json",
    ];
    let run = assay(repo, &arguments);
    let report = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
    (run, report)
}

#[test]
fn each_run_takes_what_came_and_sends_what_is_asked_next() {
    let repo = repo();
    repo.write("mean.py", MEAN);
    let fake = FakeBatch::start(Dialect::OpenAiChat, plan(0));
    let config = config(&repo, &fake);
    // The questions about the change are sent, and the review is not green.
    let (first, report) = review(&repo, &config);
    assert!(first.err.contains("wait in the batch batch_1"), "{first:?}");
    assert!(
        report["problems"].to_string().contains("waits in a batch"),
        "{report}"
    );
    assert_ne!(first.code, 0);
    let listed = assay(&repo, &["batch", "list"]);
    assert!(
        listed.out.contains("batch_1") && listed.out.contains("openai/gpt-5-nano"),
        "{listed:?}"
    );
    // They have answers; the questions about the remarks are sent.
    let (second, report) = review(&repo, &config);
    assert!(
        second.err.contains("the batch batch_1 is over"),
        "{second:?}"
    );
    assert!(
        second.err.contains("wait in the batch batch_2"),
        "{second:?}"
    );
    assert_ne!(second.code, 0);
    assert!(
        report["problems"].to_string().contains("waits in a batch"),
        "{report}"
    );
    // All is there.
    let (third, report) = review(&repo, &config);
    assert_eq!(
        introduced(&report),
        ["mean.py:5 model/correctness"],
        "{third:?}"
    );
    assert_eq!(report["problems"], json!([]));
    assert_eq!(assay(&repo, &["batch", "list"]).out, "");
    // And stays there: nothing is sent any more.
    let (_, again) = review(&repo, &config);
    assert_eq!(again["findings"], report["findings"]);
    assert_eq!(fake.batches(), 2);
    // 100 tokens at $0.05 and 10 at $0.40 a million, for each batch, at half the price.
    let usage = assay(&repo, &["usage", "--by", "task", "--json"]);
    let usage: Value = serde_json::from_str(&usage.out).unwrap();
    let row = &usage["rows"][0];
    assert_eq!(
        (&row["calls"], &row["cost_nanos"]),
        (&json!(2), &json!(9_000)),
        "{usage}"
    );
}

#[test]
fn a_batch_is_listed_collected_and_stopped() {
    let repo = repo();
    repo.write("mean.py", MEAN);
    let fake = FakeBatch::start(Dialect::OpenAiChat, plan(100));
    let config = config(&repo, &fake);
    review(&repo, &config);
    // A second run while it is not over sends nothing.
    let (run, _) = review(&repo, &config);
    assert!(run.err.contains("batch_1 is not over"), "{run:?}");
    assert_eq!(fake.batches(), 1);
    let none = assay(
        &repo,
        &["batch", "cancel", "batch_9", "--model-config", &config],
    );
    assert!(
        none.code == 2 && none.err.contains("no batch `batch_9` waits"),
        "{none:?}"
    );
    let stopped = assay(
        &repo,
        &["batch", "cancel", "batch_1", "--model-config", &config],
    );
    assert!(
        stopped.code == 0 && stopped.err.contains("is being stopped"),
        "{stopped:?}"
    );
    let taken = assay(&repo, &["batch", "collect", "--model-config", &config]);
    assert!(taken.err.contains("batch_1 was cancelled"), "{taken:?}");
    assert_eq!(assay(&repo, &["batch", "list"]).out, "");
    // A provider that forgot one is believed when somebody stops it.
    review(&repo, &config);
    fake.forget();
    let (lost, _) = review(&repo, &config);
    assert!(
        lost.err.contains("cannot be looked at") && lost.err.contains("404"),
        "{lost:?}"
    );
    let gone = assay(
        &repo,
        &["batch", "cancel", "batch_2", "--model-config", &config],
    );
    assert!(gone.err.contains("does not know the batch"), "{gone:?}");
    assert_eq!(assay(&repo, &["batch", "list"]).out, "");
}

#[test]
fn what_makes_no_sense_with_a_batch_is_refused() {
    let repo = repo();
    repo.write("mean.py", MEAN);
    for arguments in [
        &["review", "--batch"][..],
        &["review", "--batch", "--model", "--no-cache"],
        &["review", "--batch", "--model", "--post"],
    ] {
        let run = assay(&repo, arguments);
        assert_eq!(run.code, 2, "{run:?}");
    }
}
