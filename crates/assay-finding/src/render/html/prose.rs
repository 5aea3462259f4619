//! The little Markdown that descriptions of rules are written in, as HTML:
//! paragraphs, headings, lists, fenced code, code, bold and links. Anything
//! else stays text.

use super::Escaped;

/// Returns Markdown as HTML elements.
pub(super) fn prose(markdown: &str) -> String {
    let mut out = String::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.next() {
        let text = line.trim();
        let fence_len = text.len() - text.trim_start_matches('`').len();
        if fence_len >= 3 {
            end_paragraph(&mut out, &mut paragraph);
            let fence = &text[..fence_len];
            let is_end =
                |line: &&str| line.trim().starts_with(fence) && line.trim().len() == fence_len;
            let mut code = String::new();
            for line in lines.by_ref().take_while(|line| !is_end(line)) {
                code.push_str(line);
                code.push('\n');
            }
            out.push_str(&format!("<pre tabindex=\"0\">{}</pre>\n", Escaped(&code)));
        } else if let Some(title) = text.strip_prefix('#') {
            end_paragraph(&mut out, &mut paragraph);
            let title = title.trim_start_matches('#').trim();
            out.push_str(&format!("<h4>{}</h4>\n", inline(title)));
        } else if let Some(item) = list_item(text) {
            end_paragraph(&mut out, &mut paragraph);
            out.push_str("<ul>\n");
            let mut item = item.to_owned();
            while let Some(next) = lines.peek().map(|line| line.trim()) {
                if let Some(another) = list_item(next) {
                    out.push_str(&format!("<li>{}</li>\n", inline(&item)));
                    item = another.to_owned();
                } else if next.is_empty() || next.starts_with("```") || next.starts_with('#') {
                    break;
                } else {
                    item.push(' ');
                    item.push_str(next);
                }
                lines.next();
            }
            out.push_str(&format!("<li>{}</li>\n</ul>\n", inline(&item)));
        } else if text.is_empty() {
            end_paragraph(&mut out, &mut paragraph);
        } else {
            paragraph.push(text);
        }
    }
    end_paragraph(&mut out, &mut paragraph);
    out
}

fn list_item(text: &str) -> Option<&str> {
    text.strip_prefix("- ").or_else(|| text.strip_prefix("* "))
}

fn end_paragraph(out: &mut String, paragraph: &mut Vec<&str>) {
    if !paragraph.is_empty() {
        out.push_str(&format!("<p>{}</p>\n", inline(&paragraph.join(" "))));
        paragraph.clear();
    }
}

/// Returns a run of text with code, bold and links as elements.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        out.push_str(&Escaped(&rest[..at]).to_string());
        rest = &rest[at..];
        rest = if let Some((code, after)) = between(rest, "`", "`") {
            out.push_str(&format!("<code>{}</code>", Escaped(code)));
            after
        } else if let Some((bold, after)) = between(rest, "**", "**") {
            out.push_str(&format!("<strong>{}</strong>", Escaped(bold)));
            after
        } else if let Some((label, address, after)) = link(rest) {
            let (address, label) = (Escaped(address), Escaped(label));
            out.push_str(&format!(
                "<a href=\"{address}\" rel=\"noopener noreferrer\">{label}</a>"
            ));
            after
        } else {
            out.push_str(&rest[..1]);
            &rest[1..]
        };
    }
    out.push_str(&Escaped(rest).to_string());
    out
}

/// Splits `open inner close after` into inner and after.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    let text = text.strip_prefix(open)?;
    let (inner, after) = text.split_once(close)?;
    (!inner.is_empty()).then_some((inner, after))
}

/// Splits `[label](https://address) after`; other kinds of address stay text.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (label, after) = between(text, "[", "](")?;
    let (address, after) = after.split_once(')')?;
    let is_web = address.starts_with("https://") && !address.contains(char::is_whitespace);
    is_web.then_some((label, address, after))
}

#[cfg(test)]
mod tests {
    use super::prose;

    #[test]
    fn markdown_becomes_elements() {
        for (markdown, expected) in [
            ("a\nb\n\nc", "<p>a b</p>\n<p>c</p>\n"),
            ("## T `x`", "<h4>T <code>x</code></h4>\n"),
            (
                "- a\n  b\n- c\nd",
                "<ul>\n<li>a b</li>\n<li>c d</li>\n</ul>\n",
            ),
            (
                "```rust\n<b> `\n```\nx",
                "<pre tabindex=\"0\">&lt;b&gt; `\n</pre>\n<p>x</p>\n",
            ),
            ("**b** * `", "<p><strong>b</strong> * `</p>\n"),
            (
                "[x](https://a.b/?c=\"d) [y](javascript:z)",
                "<p><a href=\"https://a.b/?c=&quot;d\" rel=\"noopener noreferrer\">x</a> [y](javascript:z)</p>\n",
            ),
            ("<script>", "<p>&lt;script&gt;</p>\n"),
        ] {
            assert_eq!(prose(markdown), expected, "{markdown:?}");
        }
    }
}
