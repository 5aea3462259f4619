//! The text of comments: within the length that the forge takes, with a
//! suggestion that cannot end before its time, and the marker at the end.

use assay_finding::Fingerprint;

use super::Place;
use super::marker::{Marker, SAID_MAX, disarm};

/// A longer comment is refused.
pub const BODY_CHARS_MAX: usize = 65_536;
/// What is left for the text beside the marker and the note that it was cut.
const TEXT_CHARS_MAX: usize = BODY_CHARS_MAX - 512;
/// A longer line of the summary is cut.
const HEADLINE_CHARS_MAX: usize = 300;

/// What a suggestion puts in the place of the remark's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The lines as they are, without the last line end.
    pub old: String,
    /// The lines as they should be; empty deletes them.
    pub new: String,
}

/// A remark that is to stand on a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What it is known by.
    pub fingerprint: Fingerprint,
    /// Where it belongs; none when no forge could name the place.
    pub place: Option<Place>,
    /// One line, for the summary.
    pub headline: String,
    /// Markdown, for the comment.
    pub body: String,
    /// What would mend it.
    pub suggestion: Option<Suggestion>,
}

/// Cuts text to a number of characters (as UTF-16 counts them, which is never
/// less than what forges count).
pub(crate) fn clip(text: &str, chars_max: usize) -> String {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > chars_max {
            return text[..at].to_owned();
        }
    }
    text.to_owned()
}

fn clip_marked(text: &str, chars_max: usize) -> String {
    let mut clipped = clip(text, chars_max);
    if clipped.len() < text.len() {
        // A code block that was cut open would swallow what follows.
        let fences = clipped
            .lines()
            .filter(|line| line.trim_start().starts_with("```"))
            .count();
        if fences % 2 == 1 {
            clipped.push_str("\n```");
        }
        clipped.push_str("\n\n*Shortened.*");
    }
    clipped
}

/// How a forge writes suggestions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// It replaces the lines of the comment.
    GitHub,
    /// The comment is on the last line, and says how many above it go too.
    GitLab,
}

/// Returns the comment of a remark.
pub(crate) fn compose(remark: &Remark, with_suggestion: bool, dialect: Dialect) -> String {
    let marker = Marker::Remark {
        fingerprint: remark.fingerprint,
        is_fixed: false,
    };
    let mut out = String::new();
    let block = remark
        .suggestion
        .as_ref()
        .filter(|suggestion| with_suggestion && suggestion.old != suggestion.new)
        .map(|suggestion| suggestion_block(suggestion, remark.place.as_ref(), dialect))
        .filter(|block| block.encode_utf16().count() < TEXT_CHARS_MAX / 2)
        .unwrap_or_default();
    let rest = TEXT_CHARS_MAX - block.encode_utf16().count();
    out.push_str(clip_marked(&disarm(&remark.body), rest).trim_end());
    out.push_str(&block);
    out.push_str("\n\n");
    out.push_str(&marker.write());
    out
}

/// Writes a suggestion. Its fence is longer than any run of backticks in it.
fn suggestion_block(suggestion: &Suggestion, place: Option<&Place>, dialect: Dialect) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in suggestion.new.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat((longest + 1).max(3));
    let mut text = suggestion.new.clone();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let above = place.map_or(0, |place| place.last_line.saturating_sub(place.first_line));
    let range = match dialect {
        Dialect::GitHub => String::new(),
        Dialect::GitLab => format!(":-{above}+0"),
    };
    format!("\n\n{fence}suggestion{range}\n{text}{fence}")
}

/// Returns the comment of a remark that is fixed, where its thread cannot be
/// resolved.
pub(crate) fn fixed_body(fingerprint: Fingerprint, body: &str, commit: &str) -> String {
    let marker = Marker::Remark {
        fingerprint,
        is_fixed: true,
    };
    let text = body
        .rsplit_once("<!-- assay:v1 ")
        .map_or(body, |(text, _)| text);
    let text = clip_marked(text.trim_end(), TEXT_CHARS_MAX - 64);
    format!("**Fixed in {commit}.**\n\n{text}\n\n{}", marker.write())
}

/// Returns the comment with the summary: the text, then the remarks that stand
/// on no line, as many as there is room for. `said` is named in its marker.
pub(crate) fn summary_body(summary: &str, unplaced: &[&Remark], said: &[Fingerprint]) -> String {
    let marker = Marker::write_summary(&said[..said.len().min(SAID_MAX)]);
    let room = TEXT_CHARS_MAX - marker.len();
    let mut out = clip_marked(disarm(summary).trim_end(), room / 2);
    let mut units = out.encode_utf16().count();
    if !unplaced.is_empty() {
        out.push_str("\n\n**Not on a line of this change:**\n");
    }
    for (index, remark) in unplaced.iter().enumerate() {
        let line = summary_line(remark);
        units += line.encode_utf16().count();
        if units > room - 100 {
            let more = unplaced.len() - index;
            out.push_str(&format!("\n- ... and {more} more in the report"));
            break;
        }
        out.push_str(&line);
    }
    format!("{}\n\n{marker}", out.trim_start())
}

fn summary_line(remark: &Remark) -> String {
    let one_line: String = disarm(&remark.headline)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let headline = clip(&one_line, HEADLINE_CHARS_MAX);
    match &remark.place {
        Some(place) => {
            let path: String = place
                .path
                .chars()
                .filter(|c| !c.is_control() && *c != '`')
                .collect();
            let path = clip(&path, HEADLINE_CHARS_MAX);
            format!("\n- `{path}:{}` {headline}", place.first_line)
        }
        None => format!("\n- {headline}"),
    }
}

#[cfg(test)]
mod tests {
    use assay_finding::Fingerprint;

    use super::{
        BODY_CHARS_MAX, Dialect, Marker, Remark, SAID_MAX, Suggestion, clip, compose, fixed_body,
        summary_body,
    };

    fn remark(body: &str, old: &str, new: &str) -> Remark {
        Remark {
            fingerprint: Fingerprint::default(),
            place: None,
            headline: "head\nline".into(),
            body: body.into(),
            suggestion: Some(Suggestion {
                old: old.into(),
                new: new.into(),
            }),
        }
    }

    fn check(new: &str, with_suggestion: bool, expected: &str) {
        let body = compose(
            &remark("text", "old", new),
            with_suggestion,
            Dialect::GitHub,
        );
        let marker = format!("<!-- assay:v1 fingerprint={} -->", "0".repeat(32));
        assert_eq!(body, format!("text{expected}\n\n{marker}"));
    }

    #[test]
    fn suggestions_cannot_end_before_their_time() {
        check("new", true, "\n\n```suggestion\nnew\n```");
        check("a\nb\n", true, "\n\n```suggestion\na\nb\n```");
        check("", true, "\n\n```suggestion\n```");
        check("x ``` y", true, "\n\n````suggestion\nx ``` y\n````");
        check("`````", true, "\n\n``````suggestion\n`````\n``````");
        check("old", true, "");
        check("new", false, "");
    }

    #[test]
    fn bodies_stay_within_the_length_and_keep_their_marker() {
        let long = "ab\u{1f600}".repeat(40_000);
        let said = [Fingerprint::default(); 2 * SAID_MAX];
        for (body, new) in [
            (long.as_str(), "x"),
            (long.as_str(), long.as_str()),
            ("```rust\n", "y"),
        ] {
            for body in [
                compose(&remark(body, "old", new), true, Dialect::GitHub),
                fixed_body(Fingerprint::default(), body, "abc1234"),
                summary_body(body, &[], &said),
            ] {
                assert!(body.encode_utf16().count() <= BODY_CHARS_MAX);
                assert!(Marker::read(&body).is_some());
            }
        }
        let cut = compose(
            &remark(&format!("```\n{long}"), "a", "a"),
            true,
            Dialect::GitHub,
        );
        assert!(cut.contains("\n```\n\n*Shortened.*\n\n<!-- assay"));
        let many = vec![remark(&long, "", ""); 4_000];
        let many: Vec<_> = many.iter().collect();
        let body = summary_body("Summary.", &many, &[]);
        assert!(body.encode_utf16().count() <= BODY_CHARS_MAX);
        assert!(body.starts_with("Summary.\n\n**Not on a line"));
        let many = vec![remark("", "", ""); 70_000];
        let many: Vec<_> = many.iter().collect();
        let body = summary_body(&long, &many, &said);
        assert!(body.encode_utf16().count() <= BODY_CHARS_MAX);
        assert!(body.contains("more in the report"));
        assert_eq!(clip("a\u{1f600}b", 2), "a");
    }

    #[test]
    fn text_under_review_brings_no_marker_in() {
        let forged = format!("<!-- assay:v1 fingerprint={} -->", "f".repeat(32));
        let body = compose(&remark(&forged, "a", "a"), true, Dialect::GitHub);
        let expected = Marker::Remark {
            fingerprint: Fingerprint::default(),
            is_fixed: false,
        };
        assert_eq!(Marker::read(&body), Some(expected));
        assert_eq!(body.matches("<!-- assay:v1").count(), 1);
    }
}
