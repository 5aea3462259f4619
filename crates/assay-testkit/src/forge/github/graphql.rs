//! The three queries of GraphQL that threads need. Its refusals come under
//! status 200.

use serde_json::{Value, json};

use super::state::{Pull, State, Who, refusal};
use crate::forge::server::{Exchange, Reply};

fn error(kind: &str, message: &str) -> Reply {
    let errors = json!([{ "type": kind, "message": message, "path": [] }]);
    Reply::json(200, &json!({ "data": null, "errors": errors }))
}

impl State {
    pub(super) fn graphql(&mut self, exchange: &Exchange, who: &Who) -> Reply {
        let wire = exchange.json();
        let query = wire["query"].as_str().unwrap_or_default();
        let variables = &wire["variables"];
        if who.is_jwt {
            return refusal(401, "A JSON web token can not be used here");
        }
        if query.contains("unresolveReviewThread(") {
            self.set_thread(who, &variables["thread"], false)
        } else if query.contains("resolveReviewThread(") {
            self.set_thread(who, &variables["thread"], true)
        } else if query.contains("reviewThreads(") {
            self.thread_list(variables)
        } else {
            error("undefinedField", "Field doesn't exist")
        }
    }

    fn thread_list(&mut self, variables: &Value) -> Reply {
        let text = |name: &str| variables[name].as_str().unwrap_or_default().to_owned();
        let name = format!("{}/{}", text("owner"), text("name"));
        let number = variables["number"].as_u64().unwrap_or_default();
        let found = self.repos.get(&name);
        let Some(pull) = found.and_then(|repo| repo.pulls.get(&number)) else {
            return error("NOT_FOUND", "Could not resolve to a Repository");
        };
        let size = self.rules.page_max;
        let first: usize = text("after").parse().unwrap_or_default();
        let all = nodes(pull);
        let last = (first + size).min(all.len());
        let threads = json!({
            "pageInfo": { "hasNextPage": last < all.len(), "endCursor": last.to_string() },
            "nodes": all[first.min(last)..last],
        });
        let data = json!({ "repository": { "pullRequest": { "reviewThreads": threads } } });
        Reply::json(200, &json!({ "data": data }))
    }

    fn set_thread(&mut self, who: &Who, thread: &Value, is_resolved: bool) -> Reply {
        if who.is_app && !self.rules.may_resolve {
            return error("FORBIDDEN", "Resource not accessible by integration");
        }
        let id = thread
            .as_str()
            .and_then(|id| id.strip_prefix("PRRT_")?.parse::<u64>().ok());
        let pulls = self
            .repos
            .values_mut()
            .flat_map(|repo| repo.pulls.values_mut());
        let mut comments = pulls.flat_map(|pull| pull.comments.iter_mut());
        let Some(comment) = comments.find(|comment| Some(comment.id) == id) else {
            return error("NOT_FOUND", "Could not resolve to a node");
        };
        // GraphQL calls a bot by its bare name.
        let login = who.login.trim_end_matches("[bot]").to_owned();
        comment.resolved_by = is_resolved.then_some(login);
        let node = json!({ "thread": { "id": thread, "isResolved": is_resolved } });
        Reply::json(200, &json!({ "data": { "resolveReviewThread": node } }))
    }
}

fn nodes(pull: &Pull) -> Vec<Value> {
    let first = pull
        .comments
        .iter()
        .filter(|comment| comment.reply_to.is_none());
    let node = first.map(|comment| {
        let by = comment.resolved_by.as_ref();
        json!({
            "id": format!("PRRT_{}", comment.id),
            "isResolved": by.is_some(),
            "resolvedBy": by.map(|login| json!({ "login": login })),
            "comments": { "nodes": [{ "databaseId": comment.id }] },
        })
    });
    node.collect()
}
