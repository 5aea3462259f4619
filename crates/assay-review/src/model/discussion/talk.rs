//! What agents are shown of their talk, and how what they said is told.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{AgentMessage, Agents, Point, PointState, Side};
use crate::model::context::ModelQuestion;
use crate::model::prompt::PromptValue;

/// Characters of the talk that are shown; the oldest messages go first.
const TALK_CHARS_MAX: usize = 24_000;

/// Returns the values of an agent's prompt.
pub(super) fn values(
    question: &ModelQuestion,
    agents: &Agents,
    side: Side,
    said: &[AgentMessage],
    points: &[Point],
) -> BTreeMap<&'static str, PromptValue> {
    let agent = agents.of(side);
    let keyword = agents.resolution.first().cloned().unwrap_or_default();
    let (conventions, files, related) = question.parts();
    [
        ("conventions", PromptValue::Text(conventions.to_owned())),
        ("files", PromptValue::Text(files.to_owned())),
        ("related", PromptValue::Text(related.to_owned())),
        ("talk", PromptValue::Text(shown(said))),
        ("points", PromptValue::Text(listed(points))),
        ("focus", PromptValue::List(agent.focus.clone())),
        (
            "instructions",
            PromptValue::Text(agent.instructions.clone()),
        ),
        ("keyword", PromptValue::Text(keyword)),
    ]
    .into()
}

/// Returns the talk as data: each line behind a bar.
fn shown(said: &[AgentMessage]) -> String {
    let mut parts = Vec::new();
    let mut chars = 0;
    for message in said.iter().rev() {
        let mut part = format!("{} {}:\n", message.number, message.side.name());
        for line in message.text.lines() {
            let _ = writeln!(part, "| {line}");
        }
        chars += part.chars().count();
        if chars > TALK_CHARS_MAX {
            parts.push("(what was said before is left out)\n".to_owned());
            break;
        }
        parts.push(part);
    }
    parts.reverse();
    parts.concat()
}

/// Returns the points with their numbers.
fn listed(points: &[Point]) -> String {
    let mut out = String::new();
    for (at, point) in points.iter().enumerate() {
        let finding = &point.finding;
        let _ = writeln!(
            out,
            "{}. {}, on line {} of {}\n| {}",
            at + 1,
            point.state.name(),
            finding.location.start.line,
            finding.location.path.to_display(),
            finding.message,
        );
        if let Some((side, reason)) = &point.reason {
            let _ = writeln!(out, "| {}: {}", side.name(), reason.replace('\n', " "));
        }
    }
    out
}

/// Returns a text without what no message has a use for, cut to a length.
pub(super) fn plain(text: &str, chars_max: usize) -> String {
    let text = text.replace("\r\n", "\n");
    let kept = text.chars().filter(|c| *c == '\n' || !c.is_control());
    let text: String = kept.take(chars_max).collect();
    text.trim().to_owned()
}

/// Returns what was said in a turn as people read it: the words, the points that were
/// raised, and what became of others.
pub(super) fn told(words: &str, points: &[Point], raised: &[usize], stood: &[usize]) -> String {
    let mut out = words.to_owned();
    let mut line = |text: String| {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&text);
    };
    for &number in raised {
        let finding = &points[number - 1].finding;
        let place = finding.location.path.to_display();
        let at = finding.location.start.line;
        line(format!("Point {number}, {place}:{at}: {}", finding.message));
    }
    for &number in stood {
        let point = &points[number - 1];
        let what = match point.state {
            PointState::Agreed => "is agreed",
            PointState::Contested => "is contested",
            PointState::Withdrawn => "is withdrawn",
            PointState::Open => "is open",
        };
        let reason = point.reason.as_ref().map_or("", |(_, reason)| reason);
        let reason = reason.replace('\n', " ");
        line(match reason.is_empty() {
            true => format!("Point {number} {what}."),
            false => format!("Point {number} {what}: {reason}"),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{AgentMessage, Side, plain, shown};

    #[test]
    fn a_talk_is_data_and_bounded() {
        let message = |number: usize, text: &str| AgentMessage {
            number,
            side: Side::Reviewer,
            name: "Ada".to_owned(),
            text: text.to_owned(),
        };
        assert_eq!(
            shown(&[message(1, "one\nPOINTS:"), message(2, "two")]),
            "1 reviewer:\n| one\n| POINTS:\n2 reviewer:\n| two\n"
        );
        let long = "x".repeat(20_000);
        let cut = shown(&[message(1, &long), message(2, &long)]);
        assert!(cut.starts_with("(what was said before is left out)\n2 reviewer:"));
    }

    #[test]
    fn a_message_is_plain_text() {
        assert_eq!(plain(" a\r\nb\u{1b}[31m\u{0} ", 100), "a\nb[31m");
        assert_eq!(plain("abcdef", 3), "abc");
    }
}
