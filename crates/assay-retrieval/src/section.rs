//! The sections of a document: what stands below one heading and above the next.

/// A document has no more sections than this; the last one holds the rest.
const SECTIONS_MAX: usize = 2_000;

/// One section.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// The heading; empty before the first.
    pub(crate) title: String,
    /// The headings that it stands under.
    pub(crate) titles_above: String,
    /// From 1, the heading's own line.
    pub(crate) first_line: u32,
    pub(crate) last_line: u32,
}

/// A heading: its level from 1, its text, and the lines that it takes.
struct Heading {
    level: usize,
    title: String,
    line: u32,
}

/// Cuts a document at its headings. `extension` says how they are written.
pub(crate) fn sections(text: &str, extension: &[u8]) -> Vec<Section> {
    let lines: Vec<&str> = text.lines().collect();
    let headings = match extension.to_ascii_lowercase().as_slice() {
        b"md" | b"markdown" | b"mdx" => hash_headings(&lines),
        b"adoc" | b"asciidoc" => sign_headings(&lines, '='),
        b"org" => sign_headings(&lines, '*'),
        b"rst" => underlined_headings(&lines),
        _ => Vec::new(),
    };
    let mut out = Vec::new();
    let mut above: Vec<(usize, String)> = Vec::new();
    let first = headings
        .first()
        .map_or(lines.len() as u32 + 1, |first| first.line);
    if first > 1
        && lines
            .iter()
            .take(first as usize - 1)
            .any(|line| !line.trim().is_empty())
    {
        out.push(Section {
            title: String::new(),
            titles_above: String::new(),
            first_line: 1,
            last_line: first - 1,
        });
    }
    for (at, heading) in headings.iter().enumerate().take(SECTIONS_MAX) {
        let is_last = at + 1 == SECTIONS_MAX;
        let next = headings.get(at + 1).filter(|_| !is_last);
        above.retain(|(level, _)| *level < heading.level);
        let titles: Vec<&str> = above.iter().map(|(_, title)| title.as_str()).collect();
        out.push(Section {
            title: heading.title.clone(),
            titles_above: titles.join(" / "),
            first_line: heading.line,
            last_line: next.map_or(lines.len() as u32, |next| next.line - 1),
        });
        above.push((heading.level, heading.title.clone()));
    }
    out
}

fn hash_headings(lines: &[&str]) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut fence: Option<&str> = None;
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, Some(mark)) => fence = Some(mark),
            (None, None) => {
                if let Some((level, title)) = signed(line, '#')
                    && level <= 6
                {
                    let title = title.trim_end_matches('#').trim().to_owned();
                    headings.push(Heading {
                        level,
                        title,
                        line: at as u32 + 1,
                    });
                }
            }
            _ => {}
        }
    }
    headings
}

fn sign_headings(lines: &[&str], sign: char) -> Vec<Heading> {
    let heading = |(at, line): (usize, &&str)| {
        let (level, title) = signed(line, sign)?;
        let title = title.trim().to_owned();
        Some(Heading {
            level,
            title,
            line: at as u32 + 1,
        })
    };
    lines.iter().enumerate().filter_map(heading).collect()
}

/// Splits `## Title` into 2 and `Title`.
fn signed(line: &str, sign: char) -> Option<(usize, &str)> {
    let rest = line.trim_start_matches(sign);
    let level = line.len() - rest.len();
    (level > 0 && rest.starts_with(' ')).then_some((level, rest))
}

/// A line of one sign below a title that it is at least as long as. The signs have
/// their levels in the order in which they come up.
fn underlined_headings(lines: &[&str]) -> Vec<Heading> {
    let mut signs: Vec<char> = Vec::new();
    let mut headings = Vec::new();
    for (at, pair) in lines.windows(2).enumerate() {
        let (title, rule) = (pair[0].trim_end(), pair[1].trim_end());
        let Some(sign) = rule
            .chars()
            .next()
            .filter(|sign| "=-~^\"'`#*+.:_".contains(*sign))
        else {
            continue;
        };
        let is_rule = rule.len() >= 3 && rule.chars().all(|c| c == sign);
        let is_title = !title.is_empty()
            && !title.starts_with(char::is_whitespace)
            && title.chars().count() <= rule.len()
            && title.chars().any(char::is_alphanumeric);
        if !is_rule || !is_title {
            continue;
        }
        let level = signs
            .iter()
            .position(|known| *known == sign)
            .unwrap_or_else(|| {
                signs.push(sign);
                signs.len() - 1
            });
        headings.push(Heading {
            level: level + 1,
            title: title.to_owned(),
            line: at as u32 + 1,
        });
    }
    headings
}

#[cfg(test)]
mod tests {
    use super::sections;

    fn check(extension: &str, text: &str, expected: &[(&str, &str, u32, u32)]) {
        let found = sections(text, extension.as_bytes());
        let found: Vec<(&str, &str, u32, u32)> = found
            .iter()
            .map(|one| {
                let lines = (one.first_line, one.last_line);
                (
                    one.title.as_str(),
                    one.titles_above.as_str(),
                    lines.0,
                    lines.1,
                )
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn documents_are_cut_at_their_headings() {
        check(
            "md",
            "intro\n\n# One #\ntext\n```\n# no heading\n```\n## Two\nmore\n# Three\n",
            &[
                ("", "", 1, 2),
                ("One", "", 3, 7),
                ("Two", "One", 8, 9),
                ("Three", "", 10, 10),
            ],
        );
        check(
            "rst",
            "Title\n=====\n\ntext\n\nPart\n----\n\nOther\n=====\n",
            &[
                ("Title", "", 1, 5),
                ("Part", "Title", 6, 8),
                ("Other", "", 9, 10),
            ],
        );
        check(
            "adoc",
            "= A\n== B\nx\n",
            &[("A", "", 1, 1), ("B", "A", 2, 3)],
        );
        check("txt", "# just\ntext\n", &[("", "", 1, 2)]);
        check("md", "", &[]);
        check("md", "#no heading\n####### nor this\n", &[("", "", 1, 2)]);
    }
}
