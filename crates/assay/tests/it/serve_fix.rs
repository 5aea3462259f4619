//! Fixes that models write on a server: as suggestions of a review, and as a patch that
//! answers a comment; neither where the organisation does not let them.

use assay_testkit::llm::{Dialect, FakeModel, Received, Shape, Turn};
use serde_json::{Value, json};

use crate::model::wanted;
use crate::serve::{Platform, REPOSITORY};

const OLD: &str = "    return connection.execute(f\"SELECT * FROM item WHERE name = '{name}'\")";
const NEW: &str = "    return connection.execute(\"SELECT * FROM item WHERE name = ?\", (name,))";

fn mends(asked: &Received) -> Turn {
    match wanted(asked) {
        "patch" => Turn::json(&json!({
            "summary": "Pass the name as a parameter",
            "edits": [{"path": "shop.py", "line": 12, "old": OLD, "new": NEW}],
        })),
        _ => Turn::json(&json!({"remarks": []})),
    }
}

/// Starts a server whose models mend, before it was asked for anything.
fn start(setting: &Value) -> (Platform, FakeModel, String) {
    let fake = FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), mends);
    let url = fake.url();
    let settings = format!(
        "[model]\nuse = [\"mine/m-1\"]\n[model.provider.mine]\nkind = \"openai-compatible\"\nbase = \"{url}\"\nkey-env = \"MODEL_KEY\"\nattempts-max = 1\n"
    );
    let variables = vec![("MODEL_KEY", "key-of-a-model".to_owned())];
    let platform = Platform::start_set(variables, None, false, &settings);
    let key = platform.server.key.clone().unwrap();
    set(&platform, &key, setting);
    (platform, fake, key)
}

fn set(platform: &Platform, key: &str, setting: &Value) {
    let value = json!({"value": setting});
    let path = "/api/v1/settings/model";
    let (status, said) = platform.server.send("PUT", path, key, &value);
    assert!(matches!(status, 200 | 204), "{said}");
}

fn bodies(platform: &Platform) -> Vec<String> {
    let comments = platform.forge.comments(REPOSITORY, 1);
    comments.into_iter().map(|comment| comment.body).collect()
}

#[test]
fn a_review_suggests_what_a_model_mended() {
    let setting = json!({"review": true, "fix": true, "budget": {"review": "0.90"}});
    let (platform, fake, key) = start(&setting);
    assert_eq!(platform.deliver("opened", "d-0"), 202);
    platform.wait_for_reviews(1);
    let bodies = bodies(&platform);
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    let block = format!("```suggestion\n{NEW}\n```");
    assert!(bodies[0].contains(&block), "{}", bodies[0]);
    assert!(
        bodies[0].contains("Pass the name as a parameter"),
        "{}",
        bodies[0]
    );
    let asked: Vec<String> = fake
        .received()
        .iter()
        .map(|one| wanted(one).to_owned())
        .collect();
    assert_eq!(asked.iter().filter(|name| *name == "patch").count(), 1);
    let usage = platform.server.get("/api/v1/model/usage?by=task", &key);
    assert!(usage.to_string().contains("\"fix\""), "{usage}");
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

#[test]
fn a_comment_is_answered_with_a_patch_of_a_model_where_it_may() {
    let (platform, fake, key) = start(&json!({"fix": false}));
    assert_eq!(platform.deliver("opened", "d-0"), 202);
    platform.wait_for_reviews(1);
    platform.says("dev", "/assay fix");
    let answers = platform.answers();
    assert!(answers[0].contains("Nothing that "), "{}", answers[0]);
    assert_eq!(fake.received().len(), 0, "nobody said that it may");
    // What does not fit under the budget is not asked.
    let little = json!({"fix": true, "budget": {"review": "0.00001"}});
    set(&platform, &key, &little);
    platform.says("dev", "/assay fix injection/sql-injection");
    let answers = platform.answers();
    assert!(answers[1].contains("Not mended:"), "{}", answers[1]);
    assert!(answers[1].contains("less is left"), "{}", answers[1]);
    assert_eq!(fake.received().len(), 0);
    set(
        &platform,
        &key,
        &json!({"fix": true, "budget": {"review": "0.90"}}),
    );
    platform.says("dev", "/assay fix");
    let answers = platform.answers();
    let patch = &answers[2];
    for part in [
        format!("\n-{OLD}\n"),
        format!("\n+{NEW}\n"),
        "- `shop.py:12` `injection/sql-injection`: Pass the name as a parameter".to_owned(),
        "the finding is gone, nothing new is found".to_owned(),
    ] {
        assert!(patch.contains(&part), "{part}: {patch}");
    }
    for asked in fake.received() {
        assert_eq!(wanted(&asked), "patch");
        for (_, value) in &platform.variables {
            assert!(value.len() < 8 || value.starts_with("http") || !asked.text.contains(value));
        }
    }
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}
