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
        ".." | "../" => &["path"],
        "\n" | "\r" | "\r\n" | "[\r\n]" | "[\\r\\n]" | "[\n\r]" | "[\r\n]+" => {
            &["log", "header", "mail"]
        }
        "<" => &["xss"],
        _ => {
            // A class that is the complement of harmless characters.
            if let Some(kept) = part
                .strip_prefix("[^")
                .and_then(|p| p.strip_suffix(']').or(p.strip_suffix("]+")))
            {
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

/// A place in a format that a value goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Which value, where it is written.
    pub(super) at: Option<usize>,
    /// Whether it is written as a literal in quotes (`%q`).
    pub(super) is_quoted: bool,
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
                }));
            }
            '{' if has_braces => {
                let inner: String = chars.by_ref().take_while(|c| *c != '}').collect();
                let number = inner.split([':', ',', '!']).next().unwrap_or("");
                pieces.push(Ok(std::mem::take(&mut text)));
                pieces.push(Err(Place {
                    at: number.parse().ok(),
                    is_quoted: false,
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
    use super::{Place, cleared_kinds, format_pieces, kinds_without};
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
    fn formats_are_taken_apart() {
        let place = |at| {
            Err(Place {
                at,
                is_quoted: false,
            })
        };
        let text = |text: &str| Ok(text.to_owned());
        let quoted = Err(Place {
            at: None,
            is_quoted: true,
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
                    place(Some(1)),
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
