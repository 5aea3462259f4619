//! CodeRabbit's comments: a line of labels in italics, a title in bold, the text, and
//! folded parts for machines.
//!
//! ```text
//! _⚠️ Potential issue_ | _🟠 Major_
//!
//! **The lock is not released.**
//!
//! When `read` fails, ...
//! ```

use super::collect::{Collector, category_of};
use super::markdown;
use super::review_comment::{self, Bot, Read};
use super::{ImportError, ImportFormat};
use crate::finding::{Category, Severity};

const BOT: Bot = Bot {
    format: ImportFormat::Coderabbit,
    tool: "coderabbit",
    logins: &["coderabbitai[bot]", "coderabbitai"],
    read: comment,
};
/// Lines in which the labels stand.
const LABEL_LINES_MAX: usize = 3;

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    review_comment::read(text, &BOT, out)
}

fn comment(visible: &str, whole: &str) -> Read {
    let labels = labels(visible);
    let text: Vec<&str> = visible.lines().filter(|line| !is_labels(line)).collect();
    let has = |word: &str| labels.iter().any(|label| label.contains(word));
    let severity = if has("critical") || has("major") {
        // No model is so sure that it may stop everything.
        Severity::High
    } else if has("minor") || has("refactor") {
        Severity::Low
    } else if has("trivial") || has("nitpick") || has("info") {
        Severity::Info
    } else {
        Severity::Medium
    };
    let kind = labels.first().map(String::as_str).unwrap_or_default();
    let category = match kind {
        "" => None,
        _ => category_of(labels.iter().map(String::as_str)),
    };
    Read {
        message: markdown::first_words(&text.join("\n")),
        rule: kind.replace(' ', "-"),
        severity,
        category: category.or(Some(Category::Correctness)),
        is_settled: whole.contains("✅ Addressed in commit"),
    }
}

/// Returns the labels in lower case, without their pictures.
fn labels(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let line = lines.take(LABEL_LINES_MAX).find(|line| is_labels(line));
    let labels = line.into_iter().flat_map(|line| line.split('|'));
    let words = labels.map(|label| {
        let is_kept = |part: &char| part.is_alphanumeric() || *part == ' ';
        let kept: String = label.chars().filter(is_kept).collect();
        kept.trim().to_lowercase()
    });
    words.filter(|label| !label.is_empty()).collect()
}

fn is_labels(line: &str) -> bool {
    let mut parts = line.trim().split('|').map(str::trim);
    parts.all(|part| {
        part.len() > 2 && part.starts_with('_') && part.ends_with('_') && !part.starts_with("__")
    })
}
