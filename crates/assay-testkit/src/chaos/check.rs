//! What has to hold in the end.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::runtime::Builder;

use super::ChaosOutcome;
use super::load::send;
use super::process::Endpoint;
use super::world::{CHECK, Head, REPOSITORY, World};
use crate::forge::CommentSeen;
use crate::http::Request;

/// The most that a page of the interface has.
const PAGE: &str = "limit=200";

pub(super) struct Verdict<'a> {
    pub(super) world: &'a World,
    pub(super) endpoint: &'a Endpoint,
    pub(super) key: &'a str,
    pub(super) is_quiet: bool,
}

/// Returns whether no task waits and none is under way; none when nobody answers.
pub(super) fn quiet(endpoint: &Endpoint) -> Option<bool> {
    let left = tasks_left(endpoint)?;
    Some(left.iter().all(|(state, _)| state == "dead"))
}

/// Returns the states of tasks that are not done, with what the numbers for
/// Prometheus say of them: those of the platform itself are in no other list.
fn tasks_left(endpoint: &Endpoint) -> Option<Vec<(String, String)>> {
    let runtime = Builder::new_current_thread().enable_all().build().ok()?;
    let answer = send(&runtime, endpoint.address()?, Request::get("/metrics"))?;
    if answer.status != 200 {
        return None;
    }
    let text = answer.text();
    let left = text.lines().filter_map(|line| {
        let labels = line.strip_prefix("assay_tasks{")?;
        let (_, rest) = labels.split_once("state=\"")?;
        let (state, _) = rest.split_once('"')?;
        (!line.ends_with(" 0")).then(|| (state.to_owned(), line.to_owned()))
    });
    Some(left.collect())
}

fn get(endpoint: &Endpoint, key: &str, path: &str) -> Option<Value> {
    let runtime = Builder::new_current_thread().enable_all().build().ok()?;
    let answer = send(
        &runtime,
        endpoint.address()?,
        Request::get(path).bearer(key),
    )?;
    (answer.status == 200).then(|| answer.json())
}

impl Verdict<'_> {
    pub(super) fn read(&self, outcome: &mut ChaosOutcome) {
        if !self.is_quiet {
            outcome.problems.push("not all work came to an end".into());
        }
        outcome.problems.extend(outcome.load.strange.clone());
        self.tasks(outcome);
        self.audit(outcome);
        for (pull, heads) in self.world.heads() {
            if let Some(head) = heads.last() {
                self.pull(outcome, pull, head);
            }
        }
        self.check_runs(outcome);
    }

    fn list(&self, path: &str) -> Option<Vec<Value>> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = get(self.endpoint, self.key, &format!("{path}{PAGE}{cursor}"))?;
            items.extend(page["items"].as_array()?.iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Some(items),
            }
        }
    }

    /// No task is stuck and none was given up.
    fn tasks(&self, outcome: &mut ChaosOutcome) {
        let Some(tasks) = self.list("/api/v1/tasks?") else {
            outcome.problems.push("the tasks cannot be listed".into());
            return;
        };
        for task in tasks {
            let state = task["state"].as_str().unwrap_or_default().to_owned();
            if state == "dead" {
                outcome.problems.push(format!("a task is dead: {task}"));
            }
            *outcome.tasks.entry(state).or_default() += 1;
        }
        match tasks_left(self.endpoint) {
            Some(left) => {
                let line = |(_, line)| format!("tasks are left: {line}");
                outcome.problems.extend(left.into_iter().map(line));
            }
            None => outcome.problems.push("there are no metrics".into()),
        }
    }

    /// What was done is in the log, and the log is whole.
    fn audit(&self, outcome: &mut ChaosOutcome) {
        let check = get(self.endpoint, self.key, "/api/v1/audit/check");
        match check {
            Some(check) if check["intact"] == true => {}
            other => outcome.problems.push(format!("the audit log: {other:?}")),
        }
        let entries = self.list("/api/v1/audit?").unwrap_or_default();
        let is_key = |entry: &&Value| entry["action"] == "key.create";
        let keys = entries.iter().filter(is_key).count();
        if keys < outcome.load.keys {
            let made = outcome.load.keys;
            let problem = format!("{made} keys were made and {keys} are in the audit log");
            outcome.problems.push(problem);
        }
    }

    /// The pull request shows the review of its last commit, once.
    fn pull(&self, outcome: &mut ChaosOutcome, pull: u64, head: &Head) {
        let comments = self.world.forge.comments(REPOSITORY, pull);
        outcome.comments += comments.len();
        let mut by_marker: BTreeMap<&str, Vec<&CommentSeen>> = BTreeMap::new();
        for comment in &comments {
            by_marker
                .entry(marker(&comment.body))
                .or_default()
                .push(comment);
        }
        for (marker, twins) in by_marker.iter().filter(|(_, twins)| twins.len() > 1) {
            let ids: Vec<_> = twins.iter().map(|twin| twin.id).collect();
            let problem = format!("pull request {pull}: said more than once: {marker} {ids:?}");
            outcome.problems.push(problem);
        }
        let mut open: Vec<_> = comments
            .iter()
            .filter(|comment| !comment.is_resolved)
            .filter_map(|comment| function(&comment.body))
            .collect();
        open.sort_unstable();
        if open != head.wrong {
            let problem = format!(
                "pull request {pull} at {}: the remarks are about {open:?}, not {:?}",
                head.commit, head.wrong
            );
            outcome.problems.push(problem);
        }
        let reviews = self.world.forge.reviews(REPOSITORY, pull);
        outcome.reviews += reviews.len();
        for review in &reviews {
            if review.state == "PENDING" {
                let problem = format!("pull request {pull}: a review is pending");
                outcome.problems.push(problem);
            }
        }
        let said = self.world.forge.issue_comments(REPOSITORY, pull);
        if said.len() > 1 {
            let problem = format!("pull request {pull}: {} summaries", said.len());
            outcome.problems.push(problem);
        }
        let conclusion = match head.wrong.is_empty() {
            true => "success",
            false => "failure",
        };
        let runs = self.world.forge.check_runs(REPOSITORY).into_iter();
        let last = runs
            .filter(|run| run.commit == head.commit && run.name == CHECK)
            .max_by_key(|run| run.whole["id"].as_u64());
        let shown = last.as_ref().and_then(|run| run.conclusion.as_deref());
        if shown != Some(conclusion) {
            let problem = format!(
                "pull request {pull} at {}: the check says {shown:?}, not {conclusion}",
                head.commit
            );
            outcome.problems.push(problem);
        }
    }

    /// Each review has one check run.
    fn check_runs(&self, outcome: &mut ChaosOutcome) {
        let runs = self.world.forge.check_runs(REPOSITORY);
        outcome.check_runs = runs.len();
        let mut by_review: BTreeMap<String, usize> = BTreeMap::new();
        for run in &runs {
            let review = run.whole["external_id"].as_str().unwrap_or_default();
            *by_review.entry(review.to_owned()).or_default() += 1;
            let said = &run.messages;
            let mut once = said.clone();
            once.sort_unstable();
            once.dedup();
            if run.commit.is_empty() || (said.len() != once.len() && is_distinct(said)) {
                let problem = format!("a check run says something twice: {said:?}");
                outcome.problems.push(problem);
            }
        }
        for (review, count) in by_review.into_iter().filter(|(_, count)| *count > 1) {
            outcome
                .problems
                .push(format!("review {review} has {count} check runs"));
        }
    }
}

/// Messages of different findings may be the same text; then nothing is known.
fn is_distinct(messages: &[String]) -> bool {
    messages.iter().any(|message| function(message).is_some())
}

fn marker(body: &str) -> &str {
    body.rfind("<!-- assay:").map_or(body, |at| &body[at..])
}

/// Returns the number of the function that a remark is about.
fn function(body: &str) -> Option<u64> {
    let (_, rest) = body.split_once("find_")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}
