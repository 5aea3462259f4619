//! Text that formats share: hidden characters made visible, numbers, plurals.
//!
//! A name, a message or a line of code may hold characters that a reader does
//! not see and a terminal obeys. They are shown as `<U+202E>` everywhere.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns whether a character does something other than being seen: controls,
/// direction overrides, zero-width and tag characters, fillers, non-characters.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Appends a hidden character in its visible form.
pub(super) fn push_visible(out: &mut String, c: char) {
    let _ = write!(out, "<U+{:04X}>", u32::from(c));
}

/// Returns the text on one line with hidden characters made visible; white
/// space that is no space becomes one.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_hidden(c) => push_visible(&mut out, c),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Returns the text cut to so many characters, the last one `…` when cut.
pub(super) fn cut(text: &str, chars_max: usize) -> Cow<'_, str> {
    if text.chars().nth(chars_max).is_none() {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().take(chars_max.saturating_sub(1));
    Cow::Owned(kept.chain(['…']).collect())
}

/// Returns a number as people write it: whole, or with up to two decimals.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "?".to_owned();
    }
    if value.abs() >= 1e15 {
        return format!("{value:e}");
    }
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// Returns a number as JSON can hold it.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Returns `1 finding`, `2 findings`.
pub(super) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::{cut, number, one_line};

    #[test]
    fn hidden_characters_are_shown() {
        for (text, expected) in [
            ("plain `x` é 字", "plain `x` é 字"),
            ("a\nb\tc", "a b c"),
            ("\u{1b}[31m", "<U+001B>[31m"),
            ("a\u{202e}b\u{200b}", "a<U+202E>b<U+200B>"),
            ("\u{9b}1m\u{e0041}", "<U+009B>1m<U+E0041>"),
        ] {
            assert_eq!(one_line(text), expected);
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (27.0, "27"),
            (0.5, "0.5"),
            (1.234, "1.23"),
            (-0.001, "0"),
            (100.0, "100"),
            (f64::NAN, "?"),
            (1e300, "1e300"),
        ] {
            assert_eq!(number(value), expected);
        }
        assert_eq!(cut("añbc", 4), "añbc");
        assert_eq!(cut("añbcd", 4), "añb…");
    }
}
