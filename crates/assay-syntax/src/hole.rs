//! Holes: the parts of a template that its markup's grammar must not see.
//!
//! `<li on:click={() => a < b}>` is HTML but for what is in the braces. The
//! parser gets the text without the inside of such holes and with their marks,
//! so that a hole is a letter like any other. `language.toml` names the marks
//! and where none count (`<script>`).

use assay_source::Span;

/// A pair of marks: what is between them.
pub(crate) type Marks = (&'static str, &'static str);

/// Returns what is left of a text without the inside of its holes. `solid`
/// names the parts in which marks mean nothing. A hole that does not end is
/// none, and neither is anything after its start.
pub(crate) fn spans_without_holes(text: &str, holes: &[Marks], solid: &[Marks]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let mut begins = [false; 256];
    for byte in solid
        .iter()
        .chain(holes)
        .filter_map(|(open, _)| open.bytes().next())
    {
        begins[usize::from(byte.to_ascii_lowercase())] = true;
        begins[usize::from(byte.to_ascii_uppercase())] = true;
    }
    while let Some(skipped) = text.as_bytes()[at.min(text.len())..]
        .iter()
        .position(|byte| begins[usize::from(*byte)])
    {
        at += skipped;
        let rest = &text.as_bytes()[at..];
        if let Some((open, close)) = find_open(rest, solid) {
            at += open.len();
            at += find_end(&text[at..], close).unwrap_or(text.len() - at);
            continue;
        }
        let Some((open, close)) = find_open(rest, holes) else {
            at += 1;
            continue;
        };
        let inside = at + open.len();
        let Some(length) = code_length(&text.as_bytes()[inside..], close) else {
            break;
        };
        if length > 0 {
            spans.push(Span::new(start as u32, inside as u32));
            start = inside + length;
        }
        at = inside + length + close.len();
    }
    spans.push(Span::new(start as u32, text.len() as u32));
    spans
}

fn find_open(rest: &[u8], marks: &[Marks]) -> Option<Marks> {
    marks.iter().copied().find(|(open, _)| {
        rest.get(..open.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(open.as_bytes()))
    })
}

fn find_end(rest: &str, close: &str) -> Option<usize> {
    let first = *close.as_bytes().first()?;
    memchr::memchr_iter(first, rest.as_bytes()).find(|&at| {
        rest.as_bytes()
            .get(at..at + close.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(close.as_bytes()))
    })
}

/// What the scan of code is inside of.
enum Inside {
    Braces,
    Template,
}

/// Returns how long the code is up to its closing mark: braces nest, and what
/// is in strings and comments does not count.
fn code_length(code: &[u8], close: &str) -> Option<usize> {
    let close = close.as_bytes();
    let mut inside: Vec<Inside> = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        if inside.is_empty() && rest.starts_with(close) {
            return Some(at);
        }
        at += match (inside.last(), rest[0]) {
            (Some(Inside::Template), b'\\') => 2,
            (Some(Inside::Template), b'`') => {
                inside.pop();
                1
            }
            (Some(Inside::Template), b'$') if rest.starts_with(b"${") => {
                inside.push(Inside::Braces);
                2
            }
            (Some(Inside::Template), _) => 1,
            (_, b'`') => {
                inside.push(Inside::Template);
                1
            }
            (_, b'{') => {
                inside.push(Inside::Braces);
                1
            }
            (Some(Inside::Braces), b'}') => {
                inside.pop();
                1
            }
            (_, quote @ (b'"' | b'\'')) => string_length(rest, quote),
            (_, b'/') if rest.starts_with(b"/*") => comment_length(rest, b"*/"),
            (_, b'/') if rest.starts_with(b"//") => comment_length(rest, b"\n"),
            _ => 1,
        };
    }
    None
}

/// The length of a string; a quote without its counterpart on the line is just
/// a quote.
fn string_length(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != b'\n' {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    1
}

fn comment_length(rest: &[u8], end: &[u8]) -> usize {
    memchr::memmem::find(&rest[2..], end).map_or(2, |at| 2 + at + end.len())
}

#[cfg(test)]
mod tests {
    use super::spans_without_holes;

    const HTML: &[(&str, &str)] = &[("<script", "</script"), ("<!--", "-->")];

    fn check(text: &str, holes: &[(&'static str, &'static str)], expected: &str) {
        let spans = spans_without_holes(text, holes, HTML);
        let left: String = spans.iter().map(|span| &text[span.range()]).collect();
        assert_eq!(left, expected, "{text}");
    }

    #[test]
    fn holes_lose_their_inside() {
        let braces: &[(&str, &str)] = &[("{", "}")];
        for (text, expected) in [
            ("", ""),
            ("a", "a"),
            ("a {b} c {d}", "a {} c {}"),
            ("{}", "{}"),
            ("<b on={() => a < b}>", "<b on={}>"),
            ("{a: {b}} c", "{} c"),
            ("{'}'} {\"}\\\"}\"} c", "{} {} c"),
            ("{`}${{a: `}`}}`} c", "{} c"),
            ("{/* } it's */ a} {a // }\n} c", "{} {} c"),
            ("{it's\n} c", "{} c"),
            ("{a} {b", "{} {b"),
            ("<script>{a}</script>{b}", "<script>{a}</script>{}"),
            ("<SCRIPT>{a}</SCRIPT>{b}", "<SCRIPT>{a}</SCRIPT>{}"),
            ("<script>{a}", "<script>{a}"),
            ("<!-- {a} -->{b}", "<!-- {a} -->{}"),
            ("é{ü}é", "é{}é"),
        ] {
            check(text, braces, expected);
        }
        let double: &[(&str, &str)] = &[("{{", "}}"), ("{%", "%}")];
        for (text, expected) in [
            ("{a} {{ b < {c: 1} }} d", "{a} {{}} d"),
            ("{% if a < b %}c{% endif %}", "{%%}c{%%}"),
        ] {
            check(text, double, expected);
        }
    }
}
