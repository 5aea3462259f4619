//! Comments and reviews, with what the real one refuses.

use serde_json::{Value, json};

use super::state::{
    Comment, Pull, Review, State, Who, account, field_refusal, refusal, review_refusal,
};
use crate::forge::server::{Exchange, Reply};

const BODY_CHARS_MAX: usize = 65_536;
const PENDING: &str = "User can only have one pending review per pull request";
const COMMIT: &str = "commit_id is not part of the pull request";

/// Says why a comment cannot stand where it is to stand.
fn objection(pull: &Pull, wire: &Value) -> Option<&'static str> {
    let body = wire["body"].as_str().unwrap_or_default();
    if body.is_empty() || body.chars().count() > BODY_CHARS_MAX {
        return Some("Body is too long (maximum is 65536 characters) or blank");
    }
    let path = wire["path"].as_str().unwrap_or_default();
    let Some(lines) = pull.lines(path) else {
        return Some("Path could not be resolved");
    };
    let Some(line) = wire["line"].as_u64() else {
        return Some("Line could not be resolved");
    };
    let is_new = match wire["side"].as_str() {
        None | Some("RIGHT") => true,
        Some("LEFT") => false,
        Some(_) => return Some("Side is not included in the list"),
    };
    let Some(hunk) = lines.hunk(is_new, line) else {
        return Some("Line could not be resolved");
    };
    if let Some(start) = wire["start_line"].as_u64() {
        if start >= line {
            return Some("Start line must precede the end line.");
        }
        let is_start_new = wire["start_side"].as_str() != Some("LEFT");
        if lines.hunk(is_start_new, start) != Some(hunk) {
            return Some("Start line must be part of the same hunk as the line.");
        }
    }
    None
}

impl State {
    /// Notes suggestions where the real one shows a button that fails.
    fn note_suggestion(&mut self, wire: &Value) {
        let body = wire["body"].as_str().unwrap_or_default();
        if body.contains("```suggestion") && wire["side"] == "LEFT" {
            self.violations.push("a suggestion on deleted lines".into());
        }
    }

    pub(super) fn discussion(
        &mut self,
        exchange: &Exchange,
        who: &Who,
        name: &str,
        number: u64,
        rest: &[&str],
    ) -> Reply {
        match (exchange.method.as_str(), rest) {
            ("GET", ["comments"]) => {
                let pull = self.pull(name, number);
                let is_visible = |comment: &&Comment| {
                    let is_pending =
                        |r: &Review| Some(r.id) == comment.review && r.state == "PENDING";
                    !pull.reviews.iter().any(is_pending)
                };
                let comments = pull.comments.iter().filter(is_visible);
                let wires: Vec<_> = comments.map(Comment::wire).collect();
                self.page(exchange, &wires)
            }
            ("POST", ["comments"]) => self.comment_create(exchange, who, name, number),
            ("POST", ["comments", id, "replies"]) => {
                let id = id.parse().unwrap_or_default();
                self.comment_reply(exchange, who, name, number, id)
            }
            ("GET", ["reviews"]) => {
                let reviews = &self.pull(name, number).reviews;
                let mine = |r: &&Review| r.state != "PENDING" || r.author == who.login;
                let wires: Vec<_> = reviews.iter().filter(mine).map(Review::wire).collect();
                self.page(exchange, &wires)
            }
            ("POST", ["reviews"]) => self.review_create(exchange, who, name, number),
            ("GET", ["reviews", id, "comments"]) => {
                let id = id.parse().ok();
                let comments = self.pull(name, number).comments.iter();
                let wires: Vec<_> = comments
                    .filter(|comment| comment.review == id)
                    .map(Comment::wire)
                    .collect();
                self.page(exchange, &wires)
            }
            ("DELETE", ["reviews", id]) => {
                let id = id.parse().unwrap_or_default();
                self.review_delete(who, name, number, id)
            }
            ("POST", ["reviews", id, "events"]) => {
                let id = id.parse().unwrap_or_default();
                self.review_submit(exchange, who, name, number, id)
            }
            ("PUT", ["reviews", id, "dismissals"]) => {
                let id: u64 = id.parse().unwrap_or_default();
                let reviews = &mut self.pull(name, number).reviews;
                match reviews.iter_mut().find(|review| review.id == id) {
                    Some(review)
                        if matches!(review.state.as_str(), "APPROVED" | "CHANGES_REQUESTED") =>
                    {
                        review.state = "DISMISSED".into();
                        Reply::json(200, &review.wire())
                    }
                    Some(_) => refusal(422, "Can not dismiss a commented pull request review"),
                    None => refusal(404, "Not Found"),
                }
            }
            _ => refusal(404, "Not Found"),
        }
    }

    fn comment_create(&mut self, exchange: &Exchange, who: &Who, name: &str, number: u64) -> Reply {
        let wire = exchange.json();
        self.note_suggestion(&wire);
        let id = self.next_id();
        let pull = self.pull(name, number);
        let commit = wire["commit_id"].as_str().unwrap_or_default().to_owned();
        if !pull.heads.contains(&commit) {
            return field_refusal("PullRequestReviewComment", "commit_id", COMMIT);
        }
        if pull.has_pending(&who.login) {
            return field_refusal("PullRequestReview", "user_id", PENDING);
        }
        if let Some(why) = objection(pull, &wire) {
            let field = "pull_request_review_thread.line";
            return field_refusal("PullRequestReviewComment", field, why);
        }
        let comment = comment_of(id, &who.login, &wire, &commit, pull, None);
        let answer = Reply::json(201, &comment.wire());
        pull.comments.push(comment);
        answer
    }

    fn comment_reply(
        &mut self,
        exchange: &Exchange,
        who: &Who,
        name: &str,
        number: u64,
        to: u64,
    ) -> Reply {
        let id = self.next_id();
        let pull = self.pull(name, number);
        let Some(first) = pull.comments.iter().find(|comment| comment.id == to) else {
            return refusal(404, "Not Found");
        };
        let mut reply = first.clone();
        reply.id = id;
        reply.author.clone_from(&who.login);
        reply.reply_to = Some(to);
        reply.body = exchange.json()["body"].as_str().unwrap_or_default().into();
        let answer = Reply::json(201, &reply.wire());
        pull.comments.push(reply);
        answer
    }

    pub(super) fn comment_of_repo(
        &mut self,
        exchange: &Exchange,
        who: &Who,
        name: &str,
        id: &str,
        rest: &[&str],
    ) -> Reply {
        let id: u64 = id.parse().unwrap_or_default();
        let pulls = self.repo(name).pulls.values_mut();
        let found = pulls
            .flat_map(|pull| pull.comments.iter_mut())
            .find(|comment| comment.id == id);
        let Some(comment) = found else {
            return refusal(404, "Not Found");
        };
        match (exchange.method.as_str(), rest) {
            ("GET", []) => Reply::json(200, &comment.wire()),
            ("GET", ["reactions"]) => {
                let reactions = comment.reactions.clone();
                self.page(exchange, &reactions)
            }
            ("PATCH", []) if comment.author != who.login => {
                refusal(403, "Resource not accessible by integration")
            }
            ("PATCH", []) => {
                let body = exchange.json()["body"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                if body.is_empty() || body.chars().count() > BODY_CHARS_MAX {
                    return field_refusal("PullRequestReviewComment", "body", "Body is too long");
                }
                comment.body = body;
                Reply::json(200, &comment.wire())
            }
            _ => refusal(404, "Not Found"),
        }
    }

    fn review_create(&mut self, exchange: &Exchange, who: &Who, name: &str, number: u64) -> Reply {
        let wire = exchange.json();
        let none = Vec::new();
        let comments = wire["comments"].as_array().unwrap_or(&none).clone();
        for comment in &comments {
            self.note_suggestion(comment);
        }
        let id = self.next_id();
        let ids: Vec<u64> = comments.iter().map(|_| self.next_id()).collect();
        let pull = self.pull(name, number);
        if pull.has_pending(&who.login) {
            return review_refusal(&[PENDING]);
        }
        let commit = wire["commit_id"].as_str().unwrap_or(&pull.head).to_owned();
        if !pull.heads.contains(&commit) {
            return review_refusal(&[COMMIT]);
        }
        let state = match review_state(pull, who, &wire) {
            Ok(state) => state,
            Err(why) => return review_refusal(&[why]),
        };
        // One that is wrong loses all, and nobody says which.
        let mut wrong: Vec<_> = comments.iter().filter_map(|c| objection(pull, c)).collect();
        if comments
            .iter()
            .any(|comment| !comment["subject_type"].is_null())
        {
            wrong.push("subject_type is not a permitted key");
        }
        wrong.dedup();
        if !wrong.is_empty() {
            return review_refusal(&wrong);
        }
        let review = Review {
            id,
            author: who.login.clone(),
            state: state.into(),
            body: wire["body"].as_str().unwrap_or_default().into(),
            commit: commit.clone(),
        };
        let answer = Reply::json(200, &review.wire());
        pull.reviews.push(review);
        for (comment, number) in comments.iter().zip(ids) {
            let made = comment_of(number, &who.login, comment, &commit, pull, Some(id));
            pull.comments.push(made);
        }
        answer
    }

    fn review_delete(&mut self, who: &Who, name: &str, number: u64, id: u64) -> Reply {
        let pull = self.pull(name, number);
        let found = pull.reviews.iter().find(|review| review.id == id);
        match found {
            None => refusal(404, "Not Found"),
            Some(review) if review.author != who.login => refusal(404, "Not Found"),
            Some(review) if review.state != "PENDING" => {
                review_refusal(&["Can not delete a non-pending pull request review"])
            }
            Some(_) => {
                pull.reviews.retain(|review| review.id != id);
                pull.comments.retain(|comment| comment.review != Some(id));
                Reply::json(200, &json!({}))
            }
        }
    }

    fn review_submit(
        &mut self,
        exchange: &Exchange,
        who: &Who,
        name: &str,
        number: u64,
        id: u64,
    ) -> Reply {
        let wire = exchange.json();
        let pull = self.pull(name, number);
        let state = match review_state(pull, who, &wire) {
            Ok(state) => state,
            Err(why) => return review_refusal(&[why]),
        };
        match pull.reviews.iter_mut().find(|review| review.id == id) {
            Some(review) if review.state == "PENDING" && review.author == who.login => {
                review.state = state.into();
                Reply::json(200, &review.wire())
            }
            _ => refusal(404, "Not Found"),
        }
    }

    pub(super) fn issues(
        &mut self,
        exchange: &Exchange,
        who: &Who,
        name: &str,
        rest: &[&str],
    ) -> Reply {
        let wire = |(id, author, body): &(u64, String, String)| json!({ "id": id, "user": account(author), "body": body });
        let text = exchange.json()["body"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let is_bad = text.is_empty() || text.chars().count() > BODY_CHARS_MAX;
        match (exchange.method.as_str(), rest) {
            ("GET", [number, "comments"]) => {
                let number = number.parse().unwrap_or_default();
                let comments = &self.pull(name, number).conversation;
                let wires: Vec<_> = comments.iter().map(wire).collect();
                self.page(exchange, &wires)
            }
            ("POST" | "PATCH", [_, "comments"] | ["comments", _]) if is_bad => {
                field_refusal("IssueComment", "body", "Body is too long or blank")
            }
            ("POST", [number, "comments"]) => {
                let id = self.next_id();
                let number = number.parse().unwrap_or_default();
                let made = (id, who.login.clone(), text);
                let answer = Reply::json(201, &wire(&made));
                self.pull(name, number).conversation.push(made);
                answer
            }
            ("PATCH", ["comments", id]) => {
                let id: u64 = id.parse().unwrap_or_default();
                let pulls = self.repo(name).pulls.values_mut();
                let mut all = pulls.flat_map(|pull| pull.conversation.iter_mut());
                match all.find(|comment| comment.0 == id) {
                    Some(comment) if comment.1 == who.login => {
                        comment.2 = text;
                        Reply::json(200, &wire(comment))
                    }
                    Some(_) => refusal(403, "Resource not accessible by integration"),
                    None => refusal(404, "Not Found"),
                }
            }
            ("POST", ["comments", _, "reactions"]) => {
                let content = exchange.json()["content"].clone();
                Reply::json(201, &json!({ "id": 1, "content": content }))
            }
            _ => refusal(404, "Not Found"),
        }
    }
}

impl Pull {
    fn has_pending(&self, login: &str) -> bool {
        let is_it = |r: &Review| r.state == "PENDING" && r.author == login;
        self.reviews.iter().any(is_it)
    }
}

fn review_state(pull: &Pull, who: &Who, wire: &Value) -> Result<&'static str, &'static str> {
    let body = wire["body"].as_str().unwrap_or_default();
    if body.chars().count() > BODY_CHARS_MAX {
        return Err("Body is too long (maximum is 65536 characters)");
    }
    let is_own = pull.author == who.login;
    match wire["event"].as_str() {
        None | Some("") => Ok("PENDING"),
        Some("COMMENT" | "REQUEST_CHANGES") if body.is_empty() => Err("Body can't be blank"),
        Some("COMMENT") => Ok("COMMENTED"),
        Some("APPROVE") if is_own => Err("Can not approve your own pull request"),
        Some("APPROVE") => Ok("APPROVED"),
        Some("REQUEST_CHANGES") if is_own => {
            Err("Can not request changes on your own pull request")
        }
        Some("REQUEST_CHANGES") => Ok("CHANGES_REQUESTED"),
        Some(_) => Err("Event is not included in the list"),
    }
}

fn comment_of(
    id: u64,
    login: &str,
    wire: &Value,
    commit: &str,
    pull: &Pull,
    review: Option<u64>,
) -> Comment {
    let is_current = commit == pull.head;
    Comment {
        id,
        author: login.into(),
        path: wire["path"].as_str().unwrap_or_default().into(),
        // On an older commit it is outdated from the beginning.
        line: wire["line"].as_u64().filter(|_| is_current),
        start_line: wire["start_line"].as_u64(),
        side: wire["side"].as_str().unwrap_or("RIGHT").into(),
        body: wire["body"].as_str().unwrap_or_default().into(),
        commit: commit.into(),
        review,
        ..Comment::default()
    }
}
