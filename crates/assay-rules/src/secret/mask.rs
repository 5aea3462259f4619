//! How a secret is shown: never. A text with its secrets masked has the same
//! bytes per character, so that every place in it stays where it was.

use std::sync::Arc;

use assay_source::{SourceText, Span};

/// Of a value that has a fixed prefix at most so many characters are shown.
const SHOWN_CHARS_MAX: usize = 4;
/// A value must be so many times longer than what is shown of it.
const SHOWN_SHARE: usize = 4;

/// Returns how a value is named in a message, such as `ghp_…(40)`. `shown` is
/// how many characters of it are the same for everybody.
pub fn mask(value: &str, shown: usize) -> String {
    let count = value.chars().count();
    let shown = shown.min(SHOWN_CHARS_MAX).min(count / SHOWN_SHARE);
    let prefix: String = value.chars().take(shown).collect();
    format!("{prefix}…({count})")
}

/// A text whose secrets are masked, and the values to mask elsewhere.
#[derive(Clone, Debug)]
pub struct MaskedText {
    /// The text to show. Every character takes the bytes it took.
    pub text: Arc<SourceText>,
    /// The masked spans, sorted.
    pub spans: Vec<Span>,
    /// The values with what stands for them, longest first.
    values: Vec<(String, String)>,
}

/// Shorter values are not looked for in messages: they are in every word.
const VALUE_BYTES_MIN: usize = 4;

impl MaskedText {
    /// Masks the spans of a text.
    pub fn new(text: &Arc<SourceText>, spans: &[Span]) -> Self {
        let mut spans = spans.to_vec();
        spans.sort_by_key(|span| (span.start, span.end));
        let mut values: Vec<(String, String)> = spans
            .iter()
            .filter_map(|&span| text.get(span))
            .flat_map(pieces)
            .filter(|value| value.len() >= VALUE_BYTES_MIN)
            .map(|value| (value.to_owned(), mask(value, 0)))
            .collect();
        values.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        values.dedup();
        let masked = if spans.is_empty() {
            Arc::clone(text)
        } else {
            Arc::new(SourceText::from_text(masked(text.as_str(), &spans)))
        };
        Self {
            text: masked,
            spans,
            values,
        }
    }

    /// Returns whether nothing was masked.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Masks every value in a sentence.
    pub fn redact(&self, sentence: &mut String) {
        for (value, shown) in &self.values {
            if sentence.contains(value) {
                *sentence = sentence.replace(value, shown);
            }
        }
    }

    /// Returns whether one of the values stands in the text.
    pub fn is_in(&self, text: &str) -> bool {
        self.values.iter().any(|(value, _)| text.contains(value))
    }

    /// Returns whether a span touches a masked one.
    pub fn touches(&self, span: Span) -> bool {
        self.spans
            .iter()
            .any(|masked| masked.start < span.end && span.start < masked.end)
    }
}

/// A value of several lines is also known by each of its lines.
fn pieces(value: &str) -> impl Iterator<Item = &str> {
    let lines = value.contains('\n').then(|| value.lines());
    std::iter::once(value).chain(lines.into_iter().flatten().map(str::trim))
}

fn masked(text: &str, spans: &[Span]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        let (start, end) = (span.start as usize, span.end as usize);
        let Some(value) = text.get(start.max(at)..end.max(at)) else {
            continue;
        };
        out.push_str(text.get(at..start.max(at)).unwrap_or(""));
        out.extend(value.chars().map(stand_in));
        at = end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

/// A character that takes as many bytes and tells nothing.
fn stand_in(c: char) -> char {
    match c {
        '\n' | '\r' => c,
        _ => match c.len_utf8() {
            1 => '*',
            2 => '\u{b7}',
            3 => '\u{2022}',
            _ => '\u{1f512}',
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use assay_source::{SourceText, Span};

    use super::{MaskedText, mask};

    #[test]
    fn masked_texts_keep_every_place() {
        let text = Arc::new(SourceText::from_text("a = \"sécret\u{1f600}\"; b\n"));
        let masked = MaskedText::new(&text, &[Span::new(5, 16)]);
        assert_eq!(masked.text.as_str(), "a = \"*·****\u{1f512}\"; b\n");
        let mut sentence = "`sécret\u{1f600}` is bad".to_owned();
        masked.redact(&mut sentence);
        assert_eq!(sentence, "`…(7)` is bad");
        assert!(masked.touches(Span::new(0, 6)) && !masked.touches(Span::new(0, 5)));
    }

    #[test]
    fn little_is_shown() {
        for (value, shown, expected) in [
            ("abcd_efghijklmnopqrst", 4, "abcd…(21)"),
            ("hunter", 4, "h…(6)"),
            ("hunter", 0, "…(6)"),
            ("", 4, "…(0)"),
        ] {
            assert_eq!(mask(value, shown), expected);
        }
    }
}
