//! Comments of a pull request as GitHub's REST API lists them
//! (`GET /repos/{owner}/{repo}/pulls/{number}/comments`): one page, several pages
//! printed after one another, or a list of pages.

use serde::Deserialize;

use super::collect::{Collector, Left, Lines, Raw, RawPath};
use super::json;
use super::markdown;
use super::{ColumnUnit, ImportError, ImportFormat};
use crate::finding::{Category, Confidence, Severity};

const MEND: &str = "give what `gh api --paginate repos/OWNER/REPO/pulls/NUMBER/comments` prints";

#[derive(Deserialize)]
#[serde(untagged)]
enum Page {
    Comments(Vec<Comment>),
    Pages(Vec<Vec<Comment>>),
}

#[derive(Deserialize)]
pub(super) struct Comment {
    path: String,
    body: Option<String>,
    user: Option<User>,
    html_url: Option<String>,
    side: Option<String>,
    subject_type: Option<String>,
    #[serde(default, deserialize_with = "json::count")]
    start_line: Option<u32>,
    #[serde(default, deserialize_with = "json::count")]
    line: Option<u32>,
    #[serde(default)]
    in_reply_to_id: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

/// What a bot's own way of writing says.
pub(super) struct Read {
    pub(super) message: String,
    pub(super) rule: String,
    pub(super) severity: Severity,
    pub(super) category: Option<Category>,
    /// Whether the bot says that it was dealt with.
    pub(super) is_settled: bool,
}

/// A bot that comments.
pub(super) struct Bot {
    pub(super) format: ImportFormat,
    pub(super) tool: &'static str,
    /// The names it has on GitHub, in lower case.
    pub(super) logins: &'static [&'static str],
    /// Reads a comment from which hidden and folded parts were taken.
    pub(super) read: fn(visible: &str, whole: &str) -> Read,
}

pub(super) fn read(text: &str, bot: &Bot, out: &mut Collector<'_>) -> Result<(), ImportError> {
    let pages: Vec<Page> = json::documents(bot.format, text, MEND)?;
    if pages.is_empty() {
        let message = "there is no list of comments".to_owned();
        return Err(ImportError::new(bot.format, None, message, MEND));
    }
    for page in &pages {
        match page {
            Page::Comments(comments) => comments.iter().for_each(|one| add(one, bot, out)),
            Page::Pages(pages) => pages.iter().flatten().for_each(|one| add(one, bot, out)),
        }
    }
    Ok(())
}

fn add(comment: &Comment, bot: &Bot, out: &mut Collector<'_>) {
    let login = comment.user.as_ref().map(|user| user.login.to_lowercase());
    if !login.is_some_and(|login| bot.logins.contains(&login.as_str())) {
        return out.leave(Left::NotThisTool, "");
    }
    // Answers in a thread belong to the remark that began it.
    let is_answer = comment
        .in_reply_to_id
        .as_ref()
        .is_some_and(|id| !id.is_null());
    if is_answer {
        return;
    }
    let is_file = comment.subject_type.as_deref() == Some("file");
    let is_gone = comment.side.as_deref() == Some("LEFT") || (comment.line.is_none() && !is_file);
    if is_gone {
        return out.leave(Left::Outdated, &comment.path);
    }
    let body = comment.body.as_deref().unwrap_or_default();
    let read = (bot.read)(&markdown::visible(body), body);
    if read.is_settled {
        return out.leave(Left::Settled, &comment.path);
    }
    let mut raw = Raw::new(bot.tool, &read.message, RawPath::File(&comment.path));
    raw.rule = Some(read.rule.as_str()).filter(|rule| !rule.is_empty());
    raw.url = comment.html_url.as_deref();
    raw.severity = read.severity;
    raw.confidence = Confidence::Medium;
    raw.category = read.category;
    let lines = Lines {
        line: comment.start_line.or(comment.line),
        end_line: comment.line,
        ..Lines::default()
    };
    raw.place = lines.place(ColumnUnit::Char).filter(|_| !is_file);
    out.add(raw);
}
