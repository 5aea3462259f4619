//! Prompts of an organisation in reviews of pull requests: what is activated is used by the
//! next review of the same running server, and the review says which version it was.

use assay_testkit::llm::{Dialect, FakeModel, Shape};
use serde_json::{Value, json};

use crate::serve::{BASE, HEAD, Platform};
use crate::serve_model::{says, start, start_over};

pub(crate) fn send(platform: &Platform, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let key = platform.server.key.clone().unwrap();
    let address = format!("{}{path}", platform.server.url);
    let request = match method {
        "POST" => ureq::post(&address),
        _ => ureq::put(&address),
    };
    let request = request
        .config()
        .http_status_as_error(false)
        .build()
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json");
    let mut answer = request.send(body.to_string()).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    let value = serde_json::from_str(&text).unwrap_or(Value::Null);
    (answer.status().as_u16(), value)
}

pub(crate) fn template(name: &str, words: &str) -> String {
    let user = match name {
        "judge" => "{{ remarks }}",
        _ => "{{ files }}",
    };
    format!("+++\nname = \"{name}\"\nversion = 1\n+++\n{words}\n=== user\n{user}\n")
}

pub(crate) fn save(platform: &Platform, text: &str) -> i64 {
    let wish = json!({"text": text, "activate": true});
    let (status, saved) = send(platform, "POST", "/api/v1/prompts", &wish);
    assert_eq!(status, 201, "{saved}");
    saved["version"].as_i64().unwrap()
}

pub(crate) fn wait_for(platform: &Platform, count: usize) {
    let done = || {
        let states = platform.reviews();
        states.iter().filter(|state| *state == "done").count() >= count
    };
    platform
        .server
        .wait(done, || format!("{:?}", platform.reviews()));
}

/// Returns the review that was asked for last, with what it used.
fn last_used(platform: &Platform) -> (String, Vec<(String, i64)>) {
    let key = platform.server.key.clone().unwrap();
    let reviews = platform.server.get("/api/v1/reviews", &key);
    let review = reviews["items"][0]["id"].as_str().unwrap().to_owned();
    let used = platform
        .server
        .get(&format!("/api/v1/review/{review}/prompts"), &key);
    let items = used["items"].as_array().unwrap().iter();
    let used = items.map(|one| {
        assert_eq!(one["text_hash"].as_str().unwrap().len(), 64);
        let tag = one["tag"].as_str().unwrap().to_owned();
        (tag, one["version"].as_i64().unwrap())
    });
    (review, used.collect())
}

#[test]
fn what_is_activated_is_used_by_the_next_review_without_a_restart() {
    let fake = FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), says);
    let platform = start(&fake);
    assert_eq!(platform.deliver("opened", "d-0"), 202);
    wait_for(&platform, 1);
    let (_, shipped) = last_used(&platform);
    let names: Vec<&str> = shipped.iter().map(|(tag, _)| tag.as_str()).collect();
    assert!(matches!(names[..], ["judge@1", "review@2"]), "{names:?}");
    let asked_before = fake.received().len();

    assert_eq!(
        save(&platform, &template("review", "Review as the first says.")),
        1
    );
    assert_eq!(
        save(&platform, &template("review", "Review as the second says.")),
        2
    );
    platform.push(&format!("{HEAD}\n\n# one more push\n"));
    assert_eq!(platform.deliver("synchronize", "d-1"), 202);
    wait_for(&platform, 2);
    let own = "review@2 of the organisation";
    let (review, used) = last_used(&platform);
    assert_eq!(used, [("judge@1".to_owned(), 1), (own.to_owned(), 2)]);
    let asked = fake.received();
    let asked = &asked[asked_before..];
    let is_told = |words: &str| asked.iter().any(|one| one.text.contains(words));
    assert!(is_told("Review as the second says.") && !is_told("Review as the first says."));
    // The transcript and the report say so too.
    let path = format!("/api/v1/review/{review}/transcript");
    let key = platform.server.key.clone().unwrap();
    let transcript = platform.server.get(&path, &key).to_string();
    assert!(transcript.contains(own), "{transcript}");
    let path = format!("/api/v1/review/{review}/report");
    let report = platform.server.get(&path, &key).to_string();
    assert!(
        report.contains(&format!("what the model was told: {own}")),
        "{report}"
    );

    let (status, back) = send(
        &platform,
        "POST",
        "/api/v1/prompts/review/rollback",
        &json!({}),
    );
    assert_eq!((status, &back["version"]), (200, &json!(1)));
    platform.push(&format!("{BASE}\n\n{HEAD}"));
    assert_eq!(platform.deliver("synchronize", "d-2"), 202);
    wait_for(&platform, 3);
    let own = "review@1 of the organisation".to_owned();
    assert_eq!(
        last_used(&platform).1,
        [("judge@1".to_owned(), 1), (own, 1)]
    );
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

#[test]
fn a_change_keeps_its_arm_over_pushes_and_what_comes_of_it_is_counted() {
    let fake = FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), says);
    let platform = start(&fake);
    let texts = ["Review as arm A says.", "Review as arm B says."];
    for text in texts {
        save(&platform, &template("review", text));
    }
    let wish = json!({
        "prompt": "review", "title": "Is B better?",
        "arms": [{"version": 1}, {"version": 2}],
    });
    let (status, begun) = send(&platform, "POST", "/api/v1/experiments", &wish);
    assert_eq!(status, 201, "{begun}");
    let experiment = format!("/api/v1/experiments/{}", begun["id"].as_str().unwrap());
    assert_eq!(platform.deliver("opened", "e-0"), 202);
    wait_for(&platform, 1);
    platform.push(&format!("{HEAD}\n\n# again\n"));
    assert_eq!(platform.deliver("synchronize", "e-1"), 202);
    wait_for(&platform, 2);
    let told = |words: &str| {
        let asked = fake.received();
        asked.iter().filter(|one| one.text.contains(words)).count()
    };
    let of_arms = texts.map(told);
    // Whichever arm it is, it is the same for both pushes, and the other is never used.
    let arm = usize::from(of_arms[1] > 0);
    assert!(of_arms[arm] >= 1 && of_arms[1 - arm] == 0, "{of_arms:?}");
    let key = platform.server.key.clone().unwrap();
    let findings = platform.server.get("/api/v1/findings", &key);
    let said = findings["items"].as_array().unwrap().iter();
    let said = said.map(|item| &item["finding"]);
    let ours = said.clone().find(|one| one["rule"] == "model/correctness");
    let finding = ours.unwrap_or_else(|| panic!("{findings}"))["id"]
        .as_str()
        .unwrap();
    let path = format!("/api/v1/findings/{finding}/feedback");
    let (status, answer) = send(&platform, "PUT", &path, &json!({"verdict": "accepted"}));
    assert!((200..300).contains(&status), "{status} {answer}");
    let detail = platform.server.get(&experiment, &key);
    let found = &detail["arms"][arm];
    assert_eq!(
        (&found["reviews"], &found["changes"]),
        (&json!(2), &json!(1)),
        "{detail}"
    );
    assert_eq!(
        (&found["accepted"], &found["rejected"]),
        (&json!(1), &json!(0)),
        "{detail}"
    );
    assert!(
        found["made"].as_i64() >= Some(1) && found["quality"].as_f64() > Some(0.5),
        "{detail}"
    );
    assert!(found["cost_nanos"].as_f64() > Some(0.0), "{detail}");
    assert_eq!(detail["arms"][1 - arm]["reviews"], 0, "{detail}");
    assert_eq!(
        detail["comparisons"][0]["verdict"], "too_little",
        "{detail}"
    );
    let (status, _) = send(
        &platform,
        "POST",
        &format!("{experiment}/promote"),
        &json!({"arm": 1}),
    );
    assert_eq!(status, 204);
    let prompt = platform.server.get("/api/v1/prompts/review", &key);
    assert_eq!(prompt["prompt"]["active"], 2, "{prompt}");
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

#[test]
fn prompts_of_a_folder_are_read_again_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("review.md");
    std::fs::write(&file, template("review", "Look at amounts.")).unwrap();
    let fake = FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), says);
    let platform = start_over(&fake, folder.path());
    let key = platform.server.key.clone().unwrap();
    let text = || {
        let shown = platform.server.get("/api/v1/prompts/review", &key);
        shown["text"].as_str().unwrap_or_default().to_owned()
    };
    assert!(text().contains("Look at amounts."), "{}", text());
    for words in ["Look at names.", "Look at units."] {
        std::fs::write(&file, template("review", words)).unwrap();
        platform.server.wait(|| text().contains(words), text);
    }
    assert_eq!(platform.deliver("opened", "d-0"), 202);
    wait_for(&platform, 1);
    let asked = fake.received();
    assert!(
        asked
            .iter()
            .any(|one| format!("{one:?}").contains("Look at units."))
    );
}
