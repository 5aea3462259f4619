//! Questions that a server is asked about a repository: answered with passages, and by a
//! model from them where the organisation lets it.

use assay_testkit::llm::{Dialect, FakeModel, Shape, Turn};
use serde_json::{Value, json};

use crate::model::wanted;
use crate::serve::Platform;

const QUESTION: &str = "where is the total of items calculated?";

/// Starts a server that knows a repository; its models are those of the fake, if there is
/// one.
fn start(fake: Option<&FakeModel>) -> (Platform, String, String) {
    let settings = fake.map_or(String::new(), |fake| {
        let url = fake.url();
        format!(
            "[model]\nuse = [\"mine/m-1\"]\n[model.provider.mine]\nkind = \"openai-compatible\"\nbase = \"{url}\"\nkey-env = \"MODEL_KEY\"\nattempts-max = 1\n"
        )
    });
    let variables = vec![("MODEL_KEY", "key-of-a-model".to_owned())];
    let platform = Platform::start_set(variables, None, false, &settings);
    assert_eq!(platform.deliver("opened", "d-0"), 202);
    platform.wait("the first review", |comments, _| !comments.is_empty());
    let key = platform.server.key.clone().unwrap();
    let known = platform.server.get("/api/v1/repositories", &key);
    let repository = known["items"][0]["id"].as_str().unwrap().to_owned();
    (platform, key, repository)
}

fn lets_models_answer(platform: &Platform, key: &str, review: &str) {
    let value = json!({"value": {"ask": true, "budget": {"review": review}}});
    let path = "/api/v1/settings/model";
    let (status, said) = platform.server.send("PUT", path, key, &value);
    assert!(matches!(status, 200 | 204), "{said}");
}

/// Asks, and returns the question when it is over.
fn ask(platform: &Platform, key: &str, wish: &Value) -> Value {
    let (status, asked) = platform.server.send("POST", "/api/v1/ask", key, wish);
    assert_eq!(status, 202, "{asked}");
    let path = asked["url"].as_str().unwrap().to_owned();
    let question = || platform.server.get(&path, key);
    let is_over = || matches!(question()["state"].as_str(), Some("done" | "failed"));
    platform
        .server
        .wait(is_over, || format!("{:#}", question()));
    question()
}

/// Returns where the line of `sum` stands in the first passage that a model was shown.
fn cites(quote: &str) -> Turn {
    Turn::json(&json!({
        "answer": "It is the sum of the items [1]. The tax is added elsewhere [7].",
        "citations": [
            {"passage": 1, "line": 5, "quote": quote},
            {"passage": 7, "line": 1, "quote": "tax = 1.19"},
        ],
    }))
}

#[test]
fn a_question_is_answered_with_passages_at_a_revision() {
    let (platform, key, repository) = start(None);
    let answered = ask(
        &platform,
        &key,
        &json!({"repository": repository, "question": QUESTION}),
    );
    assert_eq!(answered["state"], "done", "{answered:#}");
    assert_eq!(answered["head"], platform.repo.rev("main"));
    let best = &answered["passages"][0];
    assert_eq!(
        (&best["path"], &best["line"]),
        (&json!("shop.py"), &json!(4))
    );
    assert_eq!(best["name"], "total");
    assert!(best["text"].as_str().unwrap().contains("return sum(items)"));
    assert_eq!(answered["answer"], Value::Null);
    assert_eq!(answered["model_problem"], Value::Null);
    // The head of the pull request has a function more.
    let wish = json!({
        "repository": repository, "question": "find in the connection",
        "revision": "refs/pull/1/head", "passages_max": 1,
    });
    let answered = ask(&platform, &key, &wish);
    assert_eq!(answered["head"], platform.repo.rev("topic"));
    assert_eq!(answered["passages"].as_array().unwrap().len(), 1);
    assert_eq!(answered["passages"][0]["name"], "find");
    let wish = json!({"repository": repository, "question": "why?", "revision": "no-such-branch"});
    let failed = ask(&platform, &key, &wish);
    assert_eq!(failed["state"], "failed", "{failed:#}");
    assert_eq!(failed["passages"], json!([]));
    assert!(failed["problem"].as_str().is_some(), "{failed:#}");
}

#[test]
fn a_model_answers_from_passages_where_it_may() {
    let fake = FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), |asked| {
        assert_eq!(wanted(asked), "answer");
        cites("return sum(items)")
    });
    let (platform, key, repository) = start(Some(&fake));
    let wish = json!({"repository": repository, "question": QUESTION});
    let answered = ask(&platform, &key, &wish);
    assert_eq!(answered["answer"], Value::Null, "nobody said that it may");
    assert_eq!(fake.received().len(), 0);
    lets_models_answer(&platform, &key, "0.50");
    let answered = ask(&platform, &key, &wish);
    let said = &answered["answer"];
    assert_eq!(
        said["text"], "It is the sum of the items [1]. The tax is added elsewhere.",
        "{answered:#}"
    );
    assert_eq!(
        said["citations"],
        json!([{"passage": 1, "path": "shop.py", "line": 5}])
    );
    let asked = fake.received();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].body.get("tools").is_none());
    let wish = json!({"repository": repository, "question": QUESTION, "model": false});
    assert_eq!(ask(&platform, &key, &wish)["answer"], Value::Null);
    assert_eq!(fake.received().len(), 1);
    let usage = platform.server.get("/api/v1/model/usage?by=task", &key);
    assert_eq!(usage["items"][0]["key"], "ask", "{usage}");
    assert_eq!(usage["items"][0]["calls"], 1, "{usage}");
}

#[test]
fn what_a_model_fails_to_say_is_told_and_passages_are_there() {
    let turns = vec![
        Turn::status(500, "{}"),
        // A quote that is not in the passages is no answer.
        cites("return product(items)"),
    ];
    let fake = FakeModel::start(Dialect::OpenAiChat, turns);
    let (platform, key, repository) = start(Some(&fake));
    lets_models_answer(&platform, &key, "0.50");
    let wish = json!({"repository": repository, "question": QUESTION});
    for why in ["500", "cites nothing"] {
        let answered = ask(&platform, &key, &wish);
        assert_eq!(answered["state"], "done");
        assert_eq!(answered["answer"], Value::Null);
        let problem = answered["model_problem"].as_str().unwrap_or_default();
        assert!(problem.contains(why), "{answered:#}");
        assert_eq!(answered["passages"][0]["name"], "total");
    }
    // What does not fit under the budget is not asked.
    let before = fake.received().len();
    lets_models_answer(&platform, &key, "0.00001");
    let wish = json!({"repository": repository, "question": "who sums up the items?"});
    let answered = ask(&platform, &key, &wish);
    assert_eq!(fake.received().len(), before);
    let problem = answered["model_problem"].as_str().unwrap_or_default();
    assert!(problem.contains("less is left"), "{answered:#}");
    assert_eq!(answered["passages"][0]["name"], "total");
}

#[test]
fn a_question_in_a_comment_is_answered_by_a_model_where_it_may() {
    let turns = vec![
        Turn::json(&json!({
            "answer": "It is the sum of the items [1].\n/assay ignore secret/*\n@all [x](https://bad.test)",
            "citations": [{"passage": 1, "line": 5, "quote": "return sum(items)"}],
        })),
        cites("return product(items)"),
        Turn::status(500, "{}"),
    ];
    let fake = FakeModel::start(Dialect::OpenAiChat, turns);
    let (platform, key, _) = start(Some(&fake));
    platform.wait_for_reviews(1);
    let asks = |number: usize, words: &str| -> String {
        platform.says("dev", &format!("/assay ask {words}"));
        let answers = platform.answers();
        assert_eq!(answers.len(), number, "{answers:#?}");
        let answer = answers[number - 1].clone();
        assert!(answer.contains("Passages at "), "{answer}");
        answer
    };
    let answer = asks(1, QUESTION);
    assert!(!answer.contains("A model wrote this"), "{answer}");
    assert_eq!(fake.received().len(), 0, "nobody said that it may");
    lets_models_answer(&platform, &key, "0.50");
    let answer = asks(2, "where are the items summed up?");
    assert!(
        answer.contains("> It is the sum of the items [1].\n"),
        "{answer}"
    );
    assert!(answer.contains("\n- [1] [`shop.py:"), "{answer}");
    for acting in ["\n/assay", "> /assay", "@all", "](https://bad"] {
        assert!(!answer.contains(acting), "{acting}: {answer}");
    }
    // What does not hold, fails, or does not fit under the budget leaves the passages.
    for (number, why) in [(3, "cites nothing"), (4, "500")] {
        let answer = asks(
            number,
            &format!("where is the sum of items, number {number}?"),
        );
        assert!(answer.contains("is left out"), "{answer}");
        assert!(answer.contains(why), "{answer}");
    }
    let before = fake.received().len();
    lets_models_answer(&platform, &key, "0.00001");
    let answer = asks(5, "who sums up the items?");
    assert!(answer.contains("less is left"), "{answer}");
    assert_eq!(fake.received().len(), before);
    let usage = platform.server.get("/api/v1/model/usage?by=task", &key);
    assert_eq!(usage["items"][0]["key"], "ask", "{usage}");
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}
