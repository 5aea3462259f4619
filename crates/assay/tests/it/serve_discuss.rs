//! Agents talk about the review of a pull request on a server: what they say is a message
//! of the review as it is said, and what came of it is kept.

use assay_testkit::llm::{Dialect, FakeModel, Shape, Turn};
use serde_json::{Value, json};

use crate::model::{remark, wanted};
use crate::serve::Platform;

const SAID: &str = "A request without `name` raises a KeyError that nobody catches.";

fn start(fake: &FakeModel) -> (Platform, String, String) {
    let url = fake.url();
    let settings = format!(
        "[model]\nuse = [\"mine/m-1\"]\n[model.provider.mine]\nkind = \"openai-compatible\"\nbase = \"{url}\"\nkey-env = \"MODEL_KEY\"\nattempts-max = 1\n"
    );
    let variables = vec![("MODEL_KEY", "key-of-a-model".to_owned())];
    let platform = Platform::start_set(variables, None, false, &settings);
    assert_eq!(platform.deliver("opened", "d-0"), 202);
    platform.wait_for_reviews(1);
    let key = platform.server.key.clone().unwrap();
    let reviews = platform.server.get("/api/v1/reviews", &key);
    let review = reviews["items"][0]["id"].as_str().unwrap().to_owned();
    (platform, key, review)
}

fn set(platform: &Platform, key: &str, value: &Value) -> u16 {
    let path = "/api/v1/settings/model";
    let wish = json!({ "value": value });
    platform.server.send("PUT", path, key, &wish).0
}

/// Starts a talk, and returns it when it is over.
fn talk(platform: &Platform, key: &str, review: &str, wish: &Value) -> Value {
    let path = format!("/api/v1/review/{review}/discussions");
    let (status, started) = platform.server.send("POST", &path, key, wish);
    assert_eq!(status, 202, "{started}");
    let path = started["url"].as_str().unwrap().to_owned();
    let talk = || platform.server.get(&path, key);
    let is_over = || matches!(talk()["state"].as_str(), Some("done" | "failed"));
    platform.server.wait(is_over, || format!("{:#}", talk()));
    talk()
}

#[test]
fn agents_talk_about_a_review_and_everybody_hears_it() {
    let fake = FakeModel::start_scripted(
        Dialect::OpenAiChat,
        Shape::default(),
        |asked| match wanted(asked) {
            "reviewer_turn" => Turn::json(&json!({
                "message": "The request is not checked.",
                "raised": [remark("shop.py", 11, "name = request.args[\"name\"]", SAID)],
                "stands": [],
            })),
            "coder_turn" => Turn::json(&json!({
                "message": "That is so.",
                "stands": [{"point": 1, "stand": "accept", "reason": "Line 11 shows it."}],
            })),
            other => panic!("nobody asked for {other}"),
        },
    );
    let (platform, key, review) = start(&fake);
    // Nobody said that agents may.
    let path = format!("/api/v1/review/{review}/discussions");
    assert_eq!(platform.server.send("POST", &path, &key, &json!({})).0, 400);
    let agents = "version: 1\nagents: [{role: reviewer, name: Ada}]";
    assert_eq!(
        set(&platform, &key, &json!({"discuss": true, "agents": "x"})),
        400
    );
    let value = json!({"discuss": true, "agents": agents, "budget": {"review": "0.90"}});
    assert!((200..300).contains(&set(&platform, &key, &value)));
    let over = talk(&platform, &key, &review, &json!({}));
    assert_eq!(over["state"], "done", "{over:#}");
    let conclusion = &over["conclusion"];
    assert_eq!(conclusion["ending"], "consensus");
    assert_eq!(conclusion["points"][0]["state"], "agreed");
    assert_eq!(conclusion["points"][0]["path"], "shop.py");
    let messages = platform
        .server
        .get(&format!("/api/v1/review/{review}/messages"), &key);
    let items = messages["items"].as_array().unwrap();
    let said: Vec<_> = items
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap();
            (text("kind"), text("author"), text("author_name"))
        })
        .collect();
    assert_eq!(
        said,
        [
            ("agent", "agent:reviewer", "Ada"),
            ("agent", "agent:coder", "coder")
        ]
    );
    let first = items[0]["text"].as_str().unwrap();
    assert!(first.starts_with("The request is not checked.\nPoint 1, shop.py:11: "));
    for asked in fake.received() {
        assert!(asked.body.get("tools").is_none());
        for (_, value) in &platform.variables {
            assert!(value.len() < 8 || value.starts_with("http") || !asked.text.contains(value));
        }
    }
    let usage = platform.server.get("/api/v1/model/usage?by=task", &key);
    assert_eq!(usage["items"][0]["key"], "discuss", "{usage}");
    assert_eq!(usage["items"][0]["calls"], 2, "{usage}");
    let path = format!(
        "/api/v1/discussions/{}/transcript",
        over["id"].as_str().unwrap()
    );
    let (status, _) = platform.server.send("GET", &path, &key, &json!({}));
    assert_eq!(status, 200);
    let listed = platform
        .server
        .get(&format!("/api/v1/review/{review}/discussions"), &key);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    // A model that the server does not have is a talk that does not come about.
    let wish = json!({"agents": "version: 1\nagents: [{role: coder, model: other/x}]"});
    let failed = talk(&platform, &key, &review, &wish);
    assert_eq!(failed["state"], "failed");
    assert!(
        failed["problem"].as_str().unwrap().contains("`other/x`"),
        "{failed:#}"
    );
    let path = format!("/api/v1/review/{review}/discussions");
    let wish = json!({"agents": "version: 2"});
    assert_eq!(platform.server.send("POST", &path, &key, &wish).0, 400);
    // After a push the review is of what is not there any more.
    platform.push(&crate::serve::MENDED.replace("total(items)", "total(items, start)"));
    let late = talk(&platform, &key, &review, &json!({}));
    assert_eq!(
        late["problem"], "there was a push since the review",
        "{late:#}"
    );
}
