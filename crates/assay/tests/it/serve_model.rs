//! Models in reviews of pull requests on a server: what is known without them is said
//! first, what they say is said after, and what they fail to say is told.

use std::io::BufRead as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use assay_testkit::llm::{Dialect, FakeModel, FakeVectors, Received, Shape, Turn};
use serde_json::{Value, json};

use crate::model::{judgement, remark, wanted};
use crate::serve::{Platform, REPOSITORY, WAIT_MAX};

const SAID: &str = "A request without `name` raises a KeyError that nobody catches.";

/// Something that a test lets happen.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let held = self.0.0.lock().unwrap();
        let waited = self
            .0
            .1
            .wait_timeout_while(held, WAIT_MAX, |is_open| !*is_open);
        assert!(*waited.unwrap().0, "the test opened nothing");
    }
}

fn settings(fake: &FakeModel) -> String {
    format!(
        "[model]\nuse = [\"mine/m-1\"]\n[model.provider.mine]\nkind = \"openai-compatible\"\nbase = \"{}\"\nkey-env = \"MODEL_KEY\"\nattempts-max = 1\n",
        fake.url()
    )
}

pub(crate) fn start(fake: &FakeModel) -> Platform {
    start_with(fake, "")
}

fn start_with(fake: &FakeModel, more: &str) -> Platform {
    start_set(&(settings(fake) + more))
}

pub(crate) fn start_over(fake: &FakeModel, prompts: &Path) -> Platform {
    let table = format!("[model]\nprompts = {:?}\n", prompts.display().to_string());
    start_set(&settings(fake).replacen("[model]\n", &table, 1))
}

fn start_set(settings: &str) -> Platform {
    let variables = vec![("MODEL_KEY", "key-of-a-model".to_owned())];
    let platform = Platform::start_set(variables, None, false, settings);
    let key = platform.server.key.clone().unwrap();
    let value = json!({"value": {
        "review": true, "concerns": ["correctness"],
        "budget": {"review": "0.90", "repository": {"day": "5"}},
    }});
    let address = format!("{}/api/v1/settings/model", platform.server.url);
    let put = |value: &Value| {
        let asked = ureq::put(&address)
            .config()
            .http_status_as_error(false)
            .build()
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        asked.send(value.to_string()).unwrap().status().as_u16()
    };
    assert_eq!(put(&json!({"value": {"review": "yes"}})), 400);
    assert!((200..300).contains(&put(&value)));
    platform
}

pub(crate) fn says(asked: &Received) -> Turn {
    match wanted(asked) {
        "verdicts" => judgement(asked, true),
        _ => {
            let quote = "name = request.args[\"name\"]";
            Turn::json(&json!({ "remarks": [remark("shop.py", 11, quote, SAID)] }))
        }
    }
}

fn bodies(platform: &Platform) -> Vec<String> {
    let comments = platform.forge.comments(REPOSITORY, 1);
    comments.into_iter().map(|comment| comment.body).collect()
}

fn first_review(platform: &Platform) -> String {
    let key = platform.server.key.as_deref().unwrap();
    let listed = platform.server.get("/api/v1/reviews", key);
    listed["items"][0]["id"].as_str().unwrap().to_owned()
}

/// Looks on at a review from an event on until something happens; returns the names and
/// data of the events, and where the last is.
fn look_on(
    platform: &Platform,
    review: &str,
    after: Option<&str>,
    until: &str,
) -> (Vec<(String, String)>, String) {
    let key = platform.server.key.clone().unwrap();
    let address = format!("{}/api/v1/review/{review}/events", platform.server.url);
    let asked = ureq::get(&address).header("authorization", format!("Bearer {key}"));
    let asked = match after {
        Some(id) => asked.header("last-event-id", id),
        None => asked,
    };
    let body = asked.call().unwrap().into_body().into_reader();
    let begun = Instant::now();
    let (mut events, mut id, mut name) = (Vec::new(), String::new(), String::new());
    for line in std::io::BufReader::new(body).lines() {
        let line = line.unwrap();
        assert!(
            begun.elapsed() < WAIT_MAX,
            "{until} is not told: {events:?}"
        );
        if let Some(text) = line.strip_prefix("id: ") {
            text.clone_into(&mut id);
        } else if let Some(text) = line.strip_prefix("event: ") {
            text.clone_into(&mut name);
        } else if let Some(text) = line.strip_prefix("data: ") {
            events.push((name.clone(), text.to_owned()));
            if name == until {
                return (events, id);
            }
        }
    }
    panic!("{until} is not told: {events:?}");
}

#[test]
fn what_is_known_is_said_before_models_answer_and_the_rest_after() {
    let gate = Gate::default();
    let held = gate.clone();
    let fake = FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), move |asked| {
        held.pass();
        says(asked)
    });
    let platform = start(&fake);
    assert_eq!(platform.deliver("opened", "d-0"), 202);
    let there = || format!("{:?} {:?}", bodies(&platform), platform.reviews());
    platform.server.wait(|| bodies(&platform).len() == 1, there);
    assert!(!bodies(&platform)[0].contains("raises a KeyError that nobody catches"));
    assert!(
        !platform.reviews().iter().any(|state| state == "done"),
        "models still run"
    );
    // Who looks on sees it too, and goes on from there once models have answered.
    let review = first_review(&platform);
    let (events, last) = look_on(&platform, &review, None, "found");
    let data: Value = serde_json::from_str(&events.last().unwrap().1).unwrap();
    let found = data["findings"].as_array().unwrap();
    assert!(
        !found.is_empty() && found.iter().all(|one| one["path"] == "shop.py"),
        "{data}"
    );
    assert!(
        found[0]["frame"]
            .as_array()
            .is_some_and(|lines| !lines.is_empty()),
        "{data}"
    );
    gate.open();
    let is_done = || {
        let is_said = bodies(&platform)
            .iter()
            .any(|body| body.contains("raises a KeyError that nobody catches"));
        is_said && platform.reviews().iter().any(|state| state == "done")
    };
    platform.server.wait(is_done, there);
    let (events, _) = look_on(&platform, &review, Some(&last), "finished");
    let names: Vec<_> = events.iter().map(|event| event.0.as_str()).collect();
    assert!(
        names.contains(&"finding") && !names.contains(&"found"),
        "{names:?}"
    );
    assert_eq!(bodies(&platform).len(), 2, "nothing is said twice");
    let asked = fake.received();
    assert_eq!(asked.len(), 2);
    for one in &asked {
        assert_eq!(one.header("authorization"), Some("Bearer key-of-a-model"));
        assert!(one.body.get("tools").is_none());
        for (_, value) in &platform.variables {
            assert!(value.len() < 8 || value.starts_with("http") || !one.text.contains(value));
        }
    }
    let key = platform.server.key.clone().unwrap();
    for (by, count) in [
        ("review", 1),
        ("repository", 1),
        ("user", 1),
        ("day", 1),
        ("task", 2),
    ] {
        let usage = platform
            .server
            .get(&format!("/api/v1/model/usage?by={by}"), &key);
        let items = usage["items"].as_array().unwrap();
        assert_eq!(items.len(), count, "{by}: {usage}");
        let calls: i64 = items.iter().filter_map(|item| item["calls"].as_i64()).sum();
        assert_eq!(calls, 2, "{by}: {usage}");
        assert!(
            items
                .iter()
                .all(|item| item["cost_nanos"].as_i64() > Some(0)),
            "{by}: {usage}"
        );
    }
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

#[test]
fn a_model_that_fails_leaves_the_review_and_no_green() {
    let fake = FakeModel::start(Dialect::OpenAiChat, vec![Turn::status(500, "{}")]);
    let platform = start(&fake);
    platform.push(&crate::serve::MENDED.replace("total(items)", "total(items, start)"));
    assert_eq!(platform.deliver("opened", "d-0"), 202);
    let is_done = || platform.reviews().iter().any(|state| state == "done");
    platform
        .server
        .wait(is_done, || format!("{:?}", platform.reviews()));
    let statuses = || platform.forge.statuses(REPOSITORY);
    let is_shown = || !statuses().is_empty();
    platform
        .server
        .wait(is_shown, || format!("{:?}", statuses()));
    assert!(!fake.received().is_empty());
    let is_green = |status: &[String; 4]| status.iter().any(|part| part == "success");
    assert!(!statuses().iter().any(is_green), "{:?}", statuses());
}

#[test]
fn when_no_model_answers_a_similar_review_of_the_repository_is_asked() {
    let is_down = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let fake =
        FakeModel::start_scripted(
            Dialect::OpenAiChat,
            Shape::default(),
            move |asked| match down.load(Ordering::SeqCst) {
                true => Turn::status(529, "{}"),
                false => says(asked),
            },
        );
    let vectors = FakeVectors::start();
    let more = format!(
        "[model.provider.vectors]\nkind = \"openai-compatible\"\nbase = \"{}\"\nfree = true\n[model.similar]\nembeddings = \"vectors/v\"\nnearness = 0.8\n",
        vectors.url()
    );
    let platform = start_with(&fake, &more);
    let done = || {
        let reviews = platform.reviews();
        reviews.iter().filter(|state| *state == "done").count()
    };
    let there = || format!("{:?} {:?}", bodies(&platform), platform.reviews());
    assert_eq!(platform.deliver("opened", "d-0"), 202);
    let words = "raises a KeyError that nobody catches";
    let is_said = || bodies(&platform).iter().any(|body| body.contains(words));
    platform.server.wait(|| done() == 1 && is_said(), there);
    let said = bodies(&platform).len();
    is_down.store(true, Ordering::SeqCst);
    let head = crate::serve::HEAD;
    platform.push(&format!(
        "{head}\n\ndef first(items):\n    return items[0]\n"
    ));
    assert_eq!(platform.deliver("synchronize", "d-1"), 202);
    platform.server.wait(|| done() == 2, there);
    let metrics = || platform.server.text("/metrics");
    let is_counted = || metrics().contains("assay_model_similar_total{outcome=\"hit\"} 1");
    platform.server.wait(is_counted, metrics);
    for outcome in ["answered", "failed"] {
        let calls = format!(
            "assay_model_calls_total{{provider=\"mine\",model=\"m-1\",outcome=\"{outcome}\"}}"
        );
        assert!(metrics().contains(&calls), "{calls}: {}", metrics());
    }
    // It is the same remark: it stands, and is not said twice.
    assert!(is_said());
    assert_eq!(bodies(&platform).len(), said, "{}", there());
    let second = platform.repo.rev("topic");
    let statuses = || platform.forge.statuses(REPOSITORY);
    let is_shown = || statuses().iter().any(|status| status.contains(&second));
    platform
        .server
        .wait(is_shown, || format!("{:?}", statuses()));
    let is_green = |status: &[String; 4]| {
        status.contains(&second) && status.iter().any(|part| part == "success")
    };
    assert!(!statuses().iter().any(is_green), "{:?}", statuses());
}
