//! What is looked for inside of texts: expressions of workflows that strangers
//! control, commands that run what they download, references that may change.

use std::ops::Range;

use regex_automata::meta::Regex;

use super::condition::{is_literal, regex};
use super::dockerfile::image_parts;
use super::expression::{Source, hits};
use super::model::{Model, Shape, ValueId};

/// Hits in one text; one that hits more often has a habit.
const HITS_MAX: usize = 20;

/// Something that is found in texts, read from its name.
#[derive(Debug)]
pub(crate) enum Predicate {
    /// An expression in `${{ }}` with a value from outside.
    Expression(Source),
    /// A match of a regular expression; of its first group, if it has one.
    Regex(Box<Regex>),
    /// The same in a shell script, whose comments do not count.
    Shell(Vec<Regex>),
    /// All of the text, when it names an image that may change.
    Image(ImageFault),
    /// All of the text, when it names an action by a tag or branch.
    Action(ActionFault),
    /// All of the text, when it looks like a secret that is written out.
    Secret,
    /// An address range that holds the whole internet.
    OpenRange,
    /// A range of ports (`20-25`, `22`) that holds the port, and not all ports.
    Covers(u16),
}

/// What is wrong with the name of an image.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ImageFault {
    /// No tag, or `latest`, and no digest.
    Moving,
    /// No digest.
    NoDigest,
}

/// What is wrong with the name of an action.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ActionFault {
    /// Another's, by a branch.
    Branch,
    /// Another's, by a tag.
    Tag,
    /// One of GitHub's own, by a branch or tag.
    Official,
}

impl Predicate {
    /// Reads a predicate: a name, `~` and a regular expression, or `sh~` and
    /// one for shell scripts.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(pattern) = text.strip_prefix("sh~") {
            return Ok(Self::Shell(vec![*regex(pattern.trim())?]));
        }
        if let Some(pattern) = text.strip_prefix('~') {
            return Ok(Self::Regex(regex(pattern.trim())?));
        }
        if let Some(port) = text.strip_prefix("covers ") {
            let port = port.parse().map_err(|error| format!("{port:?}: {error}"))?;
            return Ok(Self::Covers(port));
        }
        Ok(match text {
            "untrusted-expression" => Self::Expression(Source::Stranger),
            "input-expression" => Self::Expression(Source::Input),
            "secret-expression" => Self::Expression(Source::Secret),
            "all-secrets-expression" => Self::Expression(Source::AllSecrets),
            "any-expression" => Self::Expression(Source::Any),
            "piped-download" => Self::Shell(piped_download()?),
            "moving-image" => Self::Image(ImageFault::Moving),
            "image-without-digest" => Self::Image(ImageFault::NoDigest),
            "action-by-branch" => Self::Action(ActionFault::Branch),
            "action-by-tag" => Self::Action(ActionFault::Tag),
            "official-action-by-tag" => Self::Action(ActionFault::Official),
            "written-secret" => Self::Secret,
            "open-range" => Self::OpenRange,
            _ => return Err(format!("no predicate {text:?}")),
        })
    }

    /// Returns the first hit in a text.
    pub(crate) fn first(&self, text: &str) -> Option<Range<usize>> {
        self.all(text).into_iter().next()
    }

    /// Returns the hits in a text.
    pub(crate) fn all(&self, text: &str) -> Vec<Range<usize>> {
        let whole = |holds: bool| holds.then_some(0..text.len()).into_iter().collect();
        match self {
            Self::Expression(source) => hits(text, *source).into_iter().take(HITS_MAX).collect(),
            Self::Regex(regex) => found(regex, text),
            Self::Shell(patterns) => {
                let script = without_comments(text);
                let mut all: Vec<_> = patterns.iter().flat_map(|p| found(p, &script)).collect();
                all.sort_by_key(|hit| hit.start);
                all
            }
            Self::Image(fault) => whole(has_image_fault(text.trim(), *fault)),
            Self::Action(fault) => whole(has_action_fault(text.trim(), *fault)),
            Self::Secret => whole(is_written_secret(text)),
            Self::OpenRange => whole(is_open_range(text)),
            Self::Covers(port) => whole(covers(text.trim(), *port)),
        }
    }
}

fn found(regex: &Regex, text: &str) -> Vec<Range<usize>> {
    regex
        .captures_iter(text)
        .filter_map(|captures| {
            let group = captures.get_group(1).or_else(|| captures.get_group(0))?;
            Some(group.range())
        })
        .take(HITS_MAX)
        .collect()
}

/// Commands that give what they download to an interpreter.
fn piped_download() -> Result<Vec<Regex>, String> {
    const PATTERNS: &[&str] = &[
        r"\b(?:curl|wget)\b[^\n|;&]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+(?:\S+=\S+\s+)*)?(?:/\S*/)?(?:(?:ba|z|da|k)?sh|python3?|perl|ruby|node|php)(?:\s|$|;|&|\))",
        r#"\b(?:ba|z|da|k)?sh\s+(?:-c\s+)?["']?(?:<\(|\$\(|`)\s*(?:curl|wget)\b[^\n]*"#,
        r"(?i)\b(?:iwr|irm|invoke-webrequest|invoke-restmethod)\b[^\n|;]*\|\s*(?:iex|invoke-expression)\b",
        r"(?i)\b(?:iex|invoke-expression)\b[^\n]*downloadstring[^\n]*",
    ];
    let read = |pattern: &&str| regex(pattern).map(|regex| *regex);
    PATTERNS.iter().map(read).collect()
}

/// Blanks the comments of a shell script: the lines that begin with `#`.
fn without_comments(script: &str) -> String {
    let mut out = String::with_capacity(script.len());
    for line in script.split_inclusive('\n') {
        if line.trim_start().starts_with('#') {
            out.extend(line.bytes().map(|byte| match byte {
                b'\n' => '\n',
                _ => ' ',
            }));
        } else {
            out.push_str(line);
        }
    }
    out
}

fn has_image_fault(image: &str, fault: ImageFault) -> bool {
    if !is_literal(image) || image.contains(char::is_whitespace) || image.contains(['$', '<']) {
        return false;
    }
    let image = image.strip_prefix("docker://").unwrap_or(image);
    let (name, tag, digest) = image_parts(image);
    if name.is_empty() || name == "scratch" || digest.is_some() {
        return false;
    }
    match fault {
        ImageFault::Moving => tag.is_none_or(|tag| tag == "latest"),
        ImageFault::NoDigest => true,
    }
}

/// The owners of actions that come with GitHub itself.
const OFFICIAL: &[&str] = &["actions/", "github/"];

/// Names that are branches by custom.
const BRANCHES: &[&str] = &[
    "main", "master", "develop", "dev", "trunk", "HEAD", "latest",
];

fn has_action_fault(action: &str, fault: ActionFault) -> bool {
    if action.starts_with("./") || action.starts_with("docker://") || !is_literal(action) {
        return false;
    }
    let Some((name, reference)) = action.split_once('@') else {
        return false;
    };
    let is_commit = matches!(reference.len(), 40 | 64)
        && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit {
        return false;
    }
    let is_official = OFFICIAL.iter().any(|owner| name.starts_with(owner));
    let is_branch = BRANCHES.contains(&reference);
    match fault {
        ActionFault::Branch => !is_official && is_branch,
        ActionFault::Tag => !is_official && !is_branch,
        ActionFault::Official => is_official,
    }
}

/// Shorter texts are no secrets worth the name.
const SECRET_CHARS_MIN: usize = 4;

fn is_written_secret(text: &str) -> bool {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let is_switch = matches!(
        &*lower,
        "true"
            | "false"
            | "none"
            | "null"
            | "yes"
            | "no"
            | "changeme"
            | "change-me"
            | "change_me"
            | "secret"
            | "password"
            | "example"
            | "placeholder"
            | "dummy"
            | "todo"
            | "xxxx"
    );
    let is_stand_in = text.starts_with(['<', '$', '/', '%', '@', '*', '.'])
        || text.contains("${")
        || text.contains("{{")
        || text.contains("://")
        || ["your", "my-", "my_"]
            .iter()
            .any(|start| lower.starts_with(start))
        || is_variable_name(text)
        || lower.contains("example")
        || text.contains(char::is_whitespace);
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.len() >= SECRET_CHARS_MIN && !is_switch && !is_stand_in && !is_number
}

/// Names in capitals stand for what another tool puts in.
fn is_variable_name(text: &str) -> bool {
    text.contains('_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn is_open_range(text: &str) -> bool {
    let text = text.trim();
    matches!(
        text,
        "0.0.0.0/0" | "::/0" | "*" | "0.0.0.0" | "Internet" | "Any" | "any"
    )
}

/// Ranges from here to there are everything, which is a matter of its own.
const ALL_PORTS: (u16, u16) = (1, 65_534);

fn covers(range: &str, port: u16) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (Ok(first), Ok(last)) = (first.trim().parse::<u16>(), last.trim().parse::<u16>()) else {
        return false;
    };
    let is_all = first <= ALL_PORTS.0 && last >= ALL_PORTS.1;
    !is_all && (first..=last).contains(&port)
}

/// Returns the events at which a workflow runs, from the value under `on`.
pub(crate) fn triggers(model: &Model<'_>, on: ValueId) -> Vec<String> {
    match &model.value(on).shape {
        Shape::Scalar(scalar) => vec![scalar.text.to_string()],
        Shape::Sequence(items) => items
            .iter()
            .filter_map(|&item| Some(model.scalar(item)?.text.to_string()))
            .collect(),
        Shape::Mapping(entries) => entries.iter().map(|entry| entry.key.to_string()).collect(),
        Shape::Unknown => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::Predicate;

    fn check(predicate: &str, text: &str, expected: &[&str]) {
        let predicate = Predicate::parse(predicate).unwrap();
        let hits: Vec<&str> = predicate
            .all(text)
            .into_iter()
            .map(|hit| &text[hit])
            .collect();
        assert_eq!(hits, expected, "{predicate:?} in {text:?}");
    }

    #[test]
    fn downloads_that_are_run_are_found() {
        for (script, expected) in [
            (
                "curl -fsSL https://a.example/x | sh",
                &["curl -fsSL https://a.example/x | sh"][..],
            ),
            (
                "wget -qO- https://a.example | sudo -E bash -",
                &["wget -qO- https://a.example | sudo -E bash "],
            ),
            (
                "bash <(curl -s https://a.example)",
                &["bash <(curl -s https://a.example)"],
            ),
            ("curl https://a.example | jq .", &[]),
            ("# curl https://a.example | sh", &[]),
            ("curl https://a.example | shasum -c", &[]),
            ("curl -o x https://a.example && sh x", &[]),
        ] {
            check("piped-download", script, expected);
        }
    }

    #[test]
    fn stand_ins_are_no_secrets() {
        for (text, is_secret) in [
            ("tr0ub4dor3", true),
            ("supersecretvalue", true),
            ("GOOGLE_API_KEY_VAL", false),
            ("my-password", false),
            ("${PASSWORD}", false),
            ("<password>", false),
            ("changeme", false),
            ("12345", false),
            ("/run/secrets/x", false),
        ] {
            let expected: &[&str] = if is_secret { &[text] } else { &[] };
            check("written-secret", text, expected);
        }
    }

    #[test]
    fn ranges_of_ports_hold_ports() {
        for (range, holds) in [
            ("22", true),
            ("20-25", true),
            ("22-22", true),
            ("23-30", false),
            ("0-65535", false),
            ("*", false),
        ] {
            let expected: &[&str] = if holds { &[range] } else { &[] };
            check("covers 22", range, expected);
        }
    }

    #[test]
    fn images_that_move_are_found() {
        for (image, moves) in [
            ("ubuntu", true),
            ("ubuntu:latest", true),
            ("ubuntu:24.04", false),
            ("host:5000/a", true),
            ("ubuntu@sha256:ab", false),
            ("scratch", false),
            ("$IMAGE", false),
            ("a:${TAG}", false),
        ] {
            let expected: &[&str] = if moves { &[image] } else { &[] };
            check("moving-image", image, expected);
        }
    }

    #[test]
    fn actions_are_told_apart_by_owner_and_reference() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (action, predicate) in [
            ("a/b@v1", Some("action-by-tag")),
            ("a/b@main", Some("action-by-branch")),
            ("actions/checkout@v4", Some("official-action-by-tag")),
            (&format!("a/b@{commit}"), None),
            ("./local", None),
            ("docker://alpine:3", None),
        ] {
            for name in [
                "action-by-tag",
                "action-by-branch",
                "official-action-by-tag",
            ] {
                let expected: &[&str] = if predicate == Some(name) {
                    &[action]
                } else {
                    &[]
                };
                check(name, action, expected);
            }
        }
    }
}
