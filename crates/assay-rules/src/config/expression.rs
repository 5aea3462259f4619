//! Expressions of GitHub workflows, `${{ ... }}`: which of them put a value in
//! that comes from outside.

use std::ops::Range;

/// Whose values are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Who can open an issue or a pull request.
    Stranger,
    /// Who calls the action or starts the workflow.
    Input,
    /// One secret of the repository.
    Secret,
    /// All secrets at once.
    AllSecrets,
    /// Any value at all.
    Any,
}

/// Longer expressions are not read.
const EXPRESSION_BYTES_MAX: usize = 4_096;

/// Returns where the expressions stand that put in a value of the source.
pub(crate) fn hits(text: &str, source: Source) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find("${{").map(|start| at + start) {
        let Some(length) = text[start..].find("}}") else {
            break;
        };
        let end = start + length + 2;
        let inside = &text[start + 3..end - 2];
        if inside.len() <= EXPRESSION_BYTES_MAX && puts_in(inside, source) {
            found.push(start..end);
        }
        at = end;
    }
    found
}

/// Functions whose result is true or false or a hash, whatever goes in.
const HARMLESS: &[&str] = &["contains", "startswith", "endswith", "hashfiles"];

fn puts_in(expression: &str, source: Source) -> bool {
    let tokens = tokens(expression);
    let mut functions: Vec<&str> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => {
                let name = match index.checked_sub(1).map(|before| &tokens[before]) {
                    Some(Token::Path(name)) => name,
                    _ => "",
                };
                functions.push(name);
            }
            Token::Close => {
                functions.pop();
            }
            Token::Path(path) if tokens.get(index + 1) != Some(&Token::Open) => {
                let is_harmless = functions
                    .iter()
                    .any(|name| HARMLESS.contains(&&*name.to_ascii_lowercase()));
                let is_compared = index.checked_sub(1).map(|before| &tokens[before])
                    == Some(&Token::Compare)
                    || matches!(tokens.get(index + 1), Some(Token::Compare));
                let is_condition = tokens.get(index + 1) == Some(&Token::And);
                if !is_harmless
                    && !is_compared
                    && !is_condition
                    && is_from(path, source, functions.last().copied().unwrap_or(""))
                {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// Paths whose text strangers write, without the leading `github.`; `*` is any
/// part. From GitHub's "Security hardening: untrusted input" and the payloads of
/// its events.
const STRANGERS: &[&str] = &[
    "head_ref",
    "event.issue.title",
    "event.issue.body",
    "event.pull_request.title",
    "event.pull_request.body",
    "event.pull_request.head.ref",
    "event.pull_request.head.label",
    "event.pull_request.head.repo.default_branch",
    "event.pull_request.head.repo.description",
    "event.pull_request.head.repo.homepage",
    "event.discussion.title",
    "event.discussion.body",
    "event.comment.body",
    "event.review.body",
    "event.review_comment.body",
    "event.pages.*.page_name",
    "event.commits.*.message",
    "event.commits.*.author.email",
    "event.commits.*.author.name",
    "event.commits.*.committer.email",
    "event.commits.*.committer.name",
    "event.head_commit.message",
    "event.head_commit.author.email",
    "event.head_commit.author.name",
    "event.head_commit.committer.email",
    "event.head_commit.committer.name",
    "event.workflow_run.head_branch",
    "event.workflow_run.display_title",
    "event.workflow_run.head_commit.message",
    "event.workflow_run.head_commit.author.email",
    "event.workflow_run.head_commit.author.name",
    "event.workflow_run.head_repository.description",
    "event.workflow_run.pull_requests.*.head.ref",
    "event.changes.title.from",
    "event.changes.body.from",
];

fn is_from(path: &str, source: Source, function: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let is_whole = function.eq_ignore_ascii_case("tojson");
    match source {
        Source::Any => true,
        Source::Secret => path.starts_with("secrets."),
        Source::AllSecrets => path == "secrets" && is_whole,
        Source::Input => path.starts_with("inputs.") || path.starts_with("github.event.inputs."),
        Source::Stranger => {
            let Some(path) = path.strip_prefix("github.") else {
                return path == "github" && is_whole;
            };
            let is_part = |pattern: &str| {
                is_whole
                    && pattern.len() > path.len()
                    && pattern.starts_with(path)
                    && pattern.as_bytes()[path.len()] == b'.'
            };
            STRANGERS
                .iter()
                .any(|pattern| same(pattern, path) || is_part(pattern))
        }
    }
}

fn same(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('.');
    let mut wanted = pattern.split('.');
    loop {
        match (wanted.next(), parts.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(want), Some(part)) if want == part => {}
            _ => return false,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A name with what follows it by `.` and `[]`, joined by dots.
    Path(String),
    Open,
    Close,
    /// `==` and its like.
    Compare,
    And,
    Other,
}

fn tokens(expression: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let bytes = expression.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let rest = &expression[at..];
        let length = match byte {
            b' ' | b'\n' | b'\t' | b'\r' => 1,
            b'\'' => {
                found.push(Token::Other);
                rest[1..].find('\'').map_or(rest.len(), |end| end + 2)
            }
            b'(' => {
                found.push(Token::Open);
                1
            }
            b')' => {
                found.push(Token::Close);
                1
            }
            _ if rest.starts_with("==") || rest.starts_with("!=") => {
                found.push(Token::Compare);
                2
            }
            _ if rest.starts_with("&&") => {
                found.push(Token::And);
                2
            }
            b'<' | b'>' => {
                found.push(Token::Compare);
                if rest[1..].starts_with('=') { 2 } else { 1 }
            }
            _ if byte.is_ascii_alphabetic() || byte == b'_' => {
                let (path, length) = path(rest);
                found.push(Token::Path(path));
                length
            }
            _ => {
                found.push(Token::Other);
                rest.chars().next().map_or(1, char::len_utf8)
            }
        };
        at += length;
    }
    found
}

/// Reads `a.b['c'].*` as `a.b.c.*`; an index is `*`.
fn path(text: &str) -> (String, usize) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut out = String::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let length = if length == 0 && rest.starts_with('*') {
            1
        } else {
            length
        };
        out.push_str(&rest[..length]);
        at += length;
        loop {
            let rest = &text[at..];
            let Some(inner) = rest.strip_prefix('[') else {
                break;
            };
            let Some(end) = inner.find(']') else {
                return (out, text.len());
            };
            let key = inner[..end].trim();
            out.push('.');
            let name = key.trim_matches('\'');
            out.push_str(if name.len() < key.len() { name } else { "*" });
            at += end + 2;
        }
        if !text[at..].starts_with('.') {
            return (out, at);
        }
        out.push('.');
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Source, hits};

    #[test]
    fn expressions_of_strangers_are_found() {
        for (expression, is_hit) in [
            ("github.event.issue.title", true),
            ("github.event.pull_request.head.ref", true),
            ("github.event['issue']['body']", true),
            ("github.event.commits[0].message", true),
            ("github.event.commits.*.message", true),
            ("GITHUB.HEAD_REF", true),
            ("github.head_ref || github.ref_name", true),
            ("format('x {0}', github.head_ref)", true),
            ("toJSON(github.event)", true),
            ("toJSON(github.event.pull_request)", true),
            (
                "github.event_name == 'push' && github.ref || github.head_ref",
                true,
            ),
            ("github.event.issue.number", false),
            ("contains(github.event.issue.title, 'x')", false),
            ("github.head_ref == 'main'", false),
            ("github.head_ref && 'a' || 'b'", false),
            ("github.sha", false),
            ("'github.head_ref'", false),
            ("env.TITLE", false),
            ("github.event.pull_request", false),
            ("'ü' == github.x", false),
        ] {
            let text = format!("echo ${{{{ {expression} }}}}");
            let found = hits(&text, Source::Stranger);
            assert_eq!(!found.is_empty(), is_hit, "{expression}: {found:?}");
        }
    }

    #[test]
    fn unfinished_expressions_are_read_to_their_end() {
        for text in [
            "${{",
            "${{ a",
            "${{ a[ }}",
            "${{ 'a }}",
            "${{ a. }}",
            "${{}}",
        ] {
            assert!(hits(text, Source::Stranger).is_empty(), "{text}");
        }
    }
}
