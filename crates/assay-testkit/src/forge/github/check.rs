//! Check runs and commit statuses, with their lengths and numbers.

use serde_json::{Value, json};

use super::AnnotationsSeen;
use super::state::{State, Who, field_refusal, refusal};
use crate::forge::server::{Exchange, Reply};

const LENGTHS: [(&str, usize); 3] = [("title", 255), ("summary", 65_535), ("text", 65_535)];

pub(super) fn seen(run: &Value) -> AnnotationsSeen {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let none = Vec::new();
    let annotations = run["all"].as_array().unwrap_or(&none);
    AnnotationsSeen {
        name: text(&run["name"]),
        commit: text(&run["head_sha"]),
        status: text(&run["status"]),
        conclusion: run["conclusion"].as_str().map(str::to_owned),
        messages: annotations.iter().map(|a| text(&a["message"])).collect(),
        whole: run.clone(),
    }
}

/// Says what is wrong with a check run.
fn objection(wire: &Value) -> Option<&'static str> {
    let chars = |value: &Value| value.as_str().unwrap_or_default().chars().count();
    let output = &wire["output"];
    if LENGTHS
        .iter()
        .any(|(name, most)| chars(&output[*name]) > *most)
    {
        return Some("output is too long");
    }
    if !output.is_null() && (chars(&output["title"]) == 0 || output["summary"].is_null()) {
        return Some("output needs a title and a summary");
    }
    let none = Vec::new();
    let annotations = output["annotations"].as_array().unwrap_or(&none);
    if annotations.len() > 50 {
        return Some("No more than 50 annotations");
    }
    for annotation in annotations {
        let is_one_line = annotation["start_line"] == annotation["end_line"];
        if !is_one_line && !annotation["start_column"].is_null() {
            return Some("columns only on one line");
        }
        let message = annotation["message"].as_str().unwrap_or_default();
        if message.is_empty() || message.len() > 64 << 10 || chars(&annotation["title"]) > 255 {
            return Some("message or title of an annotation");
        }
        if !matches!(
            annotation["annotation_level"].as_str(),
            Some("notice" | "warning" | "failure")
        ) {
            return Some("annotation_level");
        }
    }
    let actions = wire["actions"].as_array().unwrap_or(&none);
    let is_long = |action: &Value| {
        chars(&action["label"]) > 20
            || chars(&action["description"]) > 40
            || chars(&action["identifier"]) > 20
    };
    if actions.len() > 3 || actions.iter().any(is_long) {
        return Some("actions");
    }
    if wire["status"] == "completed" && wire["conclusion"].is_null() {
        return Some("completed needs a conclusion");
    }
    let known = [
        "success",
        "failure",
        "neutral",
        "cancelled",
        "skipped",
        "timed_out",
        "action_required",
    ];
    match wire["conclusion"].as_str() {
        Some(conclusion) if !known.contains(&conclusion) => Some("conclusion"),
        _ => None,
    }
}

impl State {
    pub(super) fn check_list(&mut self, exchange: &Exchange, name: &str, commit: &str) -> Reply {
        let wanted = exchange.query_value("check_name");
        let runs = self.repo(name).check_runs.iter().filter(|run| {
            run["head_sha"] == commit && wanted.as_deref().is_none_or(|name| run["name"] == name)
        });
        let runs: Vec<_> = runs.map(shown).collect();
        Reply::json(
            200,
            &json!({ "total_count": runs.len(), "check_runs": runs }),
        )
    }

    pub(super) fn check_put(
        &mut self,
        exchange: &Exchange,
        who: &Who,
        name: &str,
        id: Option<&str>,
    ) -> Reply {
        if !who.is_app {
            return refusal(403, "You must authenticate via a GitHub App.");
        }
        let wire = exchange.json();
        if let Some(why) = objection(&wire) {
            return field_refusal("CheckRun", "output", why);
        }
        let new_id = self.next_id();
        let runs = &mut self.repo(name).check_runs;
        let at = match id {
            None => {
                if wire["name"].as_str().is_none_or(str::is_empty) || wire["head_sha"].is_null() {
                    return field_refusal("CheckRun", "name", "name and head_sha are needed");
                }
                runs.push(
                    json!({ "id": new_id, "all": [], "status": "queued", "conclusion": null }),
                );
                runs.len() - 1
            }
            Some(id) => match runs
                .iter()
                .position(|run| run["id"].as_u64() == id.parse().ok())
            {
                Some(at) => at,
                None => return refusal(404, "Not Found"),
            },
        };
        let run = &mut runs[at];
        for field in [
            "name",
            "head_sha",
            "external_id",
            "status",
            "conclusion",
            "details_url",
            "actions",
        ] {
            if !wire[field].is_null() {
                run[field] = wire[field].clone();
            }
        }
        if !wire["conclusion"].is_null() {
            run["status"] = "completed".into();
        }
        for (field, _) in LENGTHS {
            if !wire["output"][field].is_null() {
                run["output"][field] = wire["output"][field].clone();
            }
        }
        // Annotations are added, never replaced.
        let more = wire["output"]["annotations"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let all = run["all"].as_array_mut().expect("it is made as a list");
        all.extend(more);
        let status = if id.is_some() { 200 } else { 201 };
        Reply::json(status, &shown(run))
    }

    pub(super) fn status_put(&mut self, exchange: &Exchange, name: &str, commit: &str) -> Reply {
        let wire = exchange.json();
        let text = |field: &str| wire[field].as_str().unwrap_or_default().to_owned();
        let is_known = ["error", "failure", "pending", "success"].contains(&text("state").as_str());
        if !is_known || text("description").chars().count() > 140 {
            return field_refusal("Status", "state", "state or description");
        }
        let made = [
            commit.to_owned(),
            text("context"),
            text("state"),
            text("description"),
        ];
        self.repo(name).statuses.push(made);
        Reply::json(201, &json!({ "id": 1 }))
    }

    /// Lists the statuses of a commit, the newest first.
    pub(super) fn status_list(&mut self, exchange: &Exchange, name: &str, commit: &str) -> Reply {
        let all = self.repo(name).statuses.clone();
        let here = all.iter().rev().filter(|status| status[0] == commit);
        let wires: Vec<Value> = here
            .map(|status| {
                json!({ "context": status[1], "state": status[2], "description": status[3] })
            })
            .collect();
        self.page(exchange, &wires)
    }
}

fn shown(run: &Value) -> Value {
    let mut shown = run.clone();
    let count = run["all"].as_array().map_or(0, Vec::len);
    shown["output"]["annotations_count"] = count.into();
    if let Some(fields) = shown.as_object_mut() {
        fields.shift_remove("all");
    }
    shown
}
