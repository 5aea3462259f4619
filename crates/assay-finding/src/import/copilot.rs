//! Copilot's comments: text, sometimes with `[nitpick]` before it, and a suggestion.

use super::collect::Collector;
use super::markdown;
use super::review_comment::{self, Bot, Read};
use super::{ImportError, ImportFormat};
use crate::finding::Severity;

const BOT: Bot = Bot {
    format: ImportFormat::Copilot,
    tool: "copilot",
    // The same actor has different names in the lists of comments and of reviews.
    logins: &[
        "copilot",
        "copilot-pull-request-reviewer[bot]",
        "copilot-pull-request-reviewer",
        "github-copilot[bot]",
    ],
    read: comment,
};

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    review_comment::read(text, &BOT, out)
}

fn comment(visible: &str, _whole: &str) -> Read {
    let text = visible.trim_start();
    let (is_small, text) = match text.strip_prefix("[nitpick]") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    Read {
        message: markdown::first_words(text),
        rule: if is_small { "nitpick" } else { "comment" }.to_owned(),
        severity: match is_small {
            true => Severity::Info,
            false => Severity::Medium,
        },
        category: None,
        is_settled: false,
    }
}
