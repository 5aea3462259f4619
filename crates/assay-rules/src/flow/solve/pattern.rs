//! What patterns and formats say of the texts that they match or make.

use crate::flow::kind::Kinds;

/// Returns the kinds that a text is not dangerous to once it matched a regular
/// expression: one that lets through letters, digits and the like only.
pub(super) fn cleared_kinds(pattern: &str, is_full: bool) -> Kinds {
    let starts = pattern.starts_with('^') || pattern.starts_with("\\A");
    let ends = ["$", "\\z", "\\Z"].iter().any(|end| pattern.ends_with(end));
    let is_whole = is_full || starts && ends;
    if !is_whole {
        return Kinds::NONE;
    }
    let mut dangerous = String::new();
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    let mut class_begins = false;
    while let Some(c) = chars.next() {
        let begins = std::mem::replace(&mut class_begins, false);
        match c {
            '\\' => match chars.next() {
                Some('d' | 'w' | 'b' | 'A' | 'z' | 'Z' | 'n' | 'h') => {}
                Some('p') => {
                    // `\p{Alnum}`, `\p{L}`: letters and digits of some kind.
                    let name: String = chars.by_ref().take_while(|c| *c != '}').collect();
                    let name = name.trim_start_matches('{').to_ascii_lowercase();
                    if ![
                        "alnum", "alpha", "digit", "l", "n", "lu", "ll", "nd", "lower", "upper",
                    ]
                    .contains(&name.as_str())
                    {
                        return Kinds::NONE;
                    }
                }
                Some('s') => dangerous.push(' '),
                Some('S' | 'W' | 'D' | 'P' | 'x' | 'u') | None => return Kinds::NONE,
                Some(other) => dangerous.push(other),
            },
            '[' if !in_class => {
                in_class = true;
                class_begins = true;
            }
            ']' if in_class => in_class = false,
            '^' if in_class && begins => return Kinds::NONE,
            '.' if !in_class => return Kinds::NONE,
            '(' | ')' | '|' | '*' | '+' | '?' | '^' | '$' if !in_class => {}
            '{' if !in_class => {
                chars.by_ref().take_while(|c| *c != '}').for_each(drop);
            }
            '-' | '_' => {}
            c if c.is_alphanumeric() => {}
            other => dangerous.push(other),
        }
    }
    Kinds::ALL.without(endangered(&dangerous))
}

/// Returns the kinds that characters can do harm to.
fn endangered(chars: &str) -> Kinds {
    let mut kinds = Kinds::NONE;
    for c in chars.chars() {
        let names: &[&str] = match c {
            '.' => &["path", "ssrf", "redirect"],
            '/' | '\\' => &["path", "ssrf", "redirect", "xpath"],
            ':' => &["ssrf", "redirect"],
            '@' | ',' => &[],
            ' ' => &["command", "sql"],
            '\'' => &["sql", "xpath", "command", "code", "xss", "template"],
            '"' => &[
                "sql", "xpath", "command", "code", "xss", "template", "nosql",
            ],
            '<' | '>' => &["xss", "command", "xpath"],
            '(' | ')' | '*' => &[
                "ldap", "sql", "xpath", "command", "code", "template", "regex",
            ],
            '=' | '&' | '+' | '#' | '!' | '~' => &["ldap", "command", "template"],
            '%' => &["sql", "ldap", "path", "format"],
            ';' | '$' | '`' | '|' | '{' | '}' => {
                &["command", "sql", "code", "template", "nosql", "ldap"]
            }
            _ => return Kinds::ALL,
        };
        for name in names {
            kinds = kinds.or(Kinds::named(name).unwrap_or(Kinds::NONE));
        }
    }
    kinds
}

/// Returns the kinds that a text is not dangerous to without this part.
pub(super) fn kinds_without(part: &str) -> Kinds {
    let names: &[&str] = match part {
        ".." | "../" | "\\.\\." | "\\.\\.+" | "\\.{2,}" | "[.]{2,}" => &["path"],
        "\n" | "\r" | "\r\n" | "[\r\n]" | "[\\r\\n]" | "[\n\r]" | "[\r\n]+" => {
            &["log", "header", "mail"]
        }
        "<" => &["xss"],
        _ => {
            if let Some((inner, _)) = undelimited(part).filter(|(inner, _)| !inner.is_empty()) {
                return kinds_without(inner);
            }
            // A class that is the complement of harmless characters.
            if let Some(kept) = part.strip_prefix("[^").and_then(|p| {
                p.strip_suffix(']')
                    .or(p.strip_suffix("]+"))
                    .or(p.strip_suffix("]*"))
            }) {
                return cleared_kinds(&format!("^[{kept}]$"), true);
            }
            if matches!(part, "\\W" | "\\W+") {
                return Kinds::ALL;
            }
            return Kinds::NONE;
        }
    };
    let kinds = names.iter().filter_map(|name| Kinds::named(name));
    kinds.fold(Kinds::NONE, Kinds::or)
}

/// Returns whether what comes after a text stands between quotes.
pub(super) fn opens_quote(text: &str) -> bool {
    let quotes = text.chars().filter(|c| matches!(c, '\'' | '"')).count();
    quotes % 2 == 1 || text.ends_with(['\'', '"'])
}

/// Returns a pattern without the delimiters that it is written between, and
/// whether flags make it match lines.
pub(super) fn undelimited(pattern: &str) -> Option<(&str, bool)> {
    let pattern = pattern.trim_start();
    let open = pattern.chars().next()?;
    if !matches!(open, '/' | '#' | '~' | '@' | '%' | '!' | '|' | ';' | '`') {
        return None;
    }
    let end = pattern.rfind(open).filter(|end| *end > 0)?;
    let flags = &pattern[end + open.len_utf8()..];
    let is_flags = flags.chars().all(|c| c.is_ascii_alphabetic() || c == '\n');
    is_flags.then(|| (&pattern[open.len_utf8()..end], flags.contains('m')))
}

/// Returns what the groups of a pattern match: the whole first.
pub(super) fn groups(pattern: &str) -> Vec<&str> {
    let mut found = vec![(0, pattern)];
    let mut open = Vec::new();
    let mut in_class = false;
    let mut chars = pattern.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => open.push(at + 1),
            ')' if !in_class => {
                if let Some(from) = open.pop() {
                    found.push((from, &pattern[from..at]));
                }
            }
            _ => {}
        }
    }
    found.sort_by_key(|group| group.0);
    let captured = |text: &&str| {
        !text.starts_with('?')
            || text.starts_with("?<")
            || text.starts_with("?P<")
            || text.starts_with("?'")
    };
    let groups = found.into_iter().map(|group| group.1);
    groups
        .filter(captured)
        .map(|text| match text.strip_prefix('?') {
            Some(named) => named.split_once(['>', '\'']).map_or(text, |parts| parts.1),
            None => text,
        })
        .collect()
}

/// A place in a format that a value goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Which value, where it is written.
    pub(super) at: Option<usize>,
    /// Whether it is written as a literal in quotes (`%q`).
    pub(super) is_quoted: bool,
    /// Whether the value is shown as a number.
    pub(super) is_number: bool,
}

/// Returns the pieces of a format: texts, and the places of values. In some
/// formats these are in braces, too.
pub(super) fn format_pieces(format: &str, has_braces: bool) -> Vec<Result<String, Place>> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '%' if chars.peek() == Some(&'%') => {
                chars.next();
                text.push('%');
            }
            '%' if has_braces && chars.peek() == Some(&'n') => {
                chars.next();
                text.push('\n');
            }
            '%' => {
                let mut spec = String::new();
                for c in chars.by_ref() {
                    spec.push(c);
                    if c.is_alphabetic() {
                        break;
                    }
                }
                let place = spec
                    .split_once('$')
                    .and_then(|(at, _)| at.parse::<usize>().ok());
                let in_brackets = spec
                    .split_once('[')
                    .and_then(|(_, rest)| rest.split_once(']')?.0.parse::<usize>().ok());
                pieces.push(Ok(std::mem::take(&mut text)));
                pieces.push(Err(Place {
                    at: place.or(in_brackets).and_then(|at| at.checked_sub(1)),
                    is_quoted: spec.ends_with('q'),
                    is_number: spec.ends_with(['d', 'i', 'u', 'f', 'F', 'e', 'E', 'g', 'G']),
                }));
            }
            '{' if has_braces => {
                let inner: String = chars.by_ref().take_while(|c| *c != '}').collect();
                let number = inner.split([':', ',', '!']).next().unwrap_or("");
                pieces.push(Ok(std::mem::take(&mut text)));
                pieces.push(Err(Place {
                    at: number.parse().ok(),
                    is_quoted: false,
                    is_number: false,
                }));
            }
            other => text.push(other),
        }
    }
    pieces.push(Ok(text));
    pieces.retain(|piece| !matches!(piece, Ok(text) if text.is_empty()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::{Place, cleared_kinds, format_pieces, groups, kinds_without, undelimited};
    use crate::flow::kind::Kinds;

    #[test]
    fn patterns_of_harmless_characters_clear() {
        let clears = |pattern: &str, full: bool, kind: &str| {
            let kind = Kinds::named(kind).unwrap();
            cleared_kinds(pattern, full).and(kind) == kind
        };
        for (pattern, full, kind, expected) in [
            ("[a-z]+", true, "sql", true),
            ("[a-z]+", false, "sql", false),
            ("^[a-zA-Z0-9_-]{1,20}$", false, "xss", true),
            ("^[\\w.]+$", false, "path", false),
            ("^[\\w.]+$", false, "sql", true),
            (".*", true, "sql", false),
            ("[^']*", true, "sql", false),
            ("\\d+", true, "command", true),
            ("^(asc|desc)$", false, "sql", true),
        ] {
            assert_eq!(clears(pattern, full, kind), expected, "{pattern} {kind}");
        }
        assert!(!kinds_without("..").is_empty());
        assert!(kinds_without("a").is_empty());
    }

    #[test]
    fn patterns_have_delimiters_and_groups() {
        assert_eq!(undelimited("/a/i"), Some(("a", false)));
        assert_eq!(undelimited("#^a$#m"), Some(("^a$", true)));
        assert_eq!(undelimited("[^a]"), None);
        assert_eq!(undelimited("^a$"), None);
        assert_eq!(
            groups("a(b)(?:c)(?<n>d[)])"),
            ["a(b)(?:c)(?<n>d[)])", "b", "d[)]"]
        );
    }

    #[test]
    fn formats_are_taken_apart() {
        let value = |at, is_number| {
            Err(Place {
                at,
                is_quoted: false,
                is_number,
            })
        };
        let place = |at| value(at, false);
        let text = |text: &str| Ok(text.to_owned());
        let quoted = Err(Place {
            at: None,
            is_quoted: true,
            is_number: false,
        });
        for (format, has_braces, expected) in [
            (
                "a %s b {1} %2$d%%",
                true,
                vec![
                    text("a "),
                    place(None),
                    text(" b "),
                    place(Some(1)),
                    text(" "),
                    value(Some(1), true),
                    text("%"),
                ],
            ),
            (
                "{%[2]s}%q",
                false,
                vec![text("{"), place(Some(1)), text("}"), quoted],
            ),
        ] {
            assert_eq!(format_pieces(format, has_braces), expected, "{format}");
        }
    }
}
