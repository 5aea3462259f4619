//! Credentials that are written in the program: from the place where a call or
//! a setting takes one to the literals that it comes from.
//!
//! What is found here is masked in everything that is shown, so places are
//! spans of the literals themselves, wherever in the file they stand.

use assay_finding::Identity;
use assay_source::Span;
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::pattern::condition::LazyRegex;
use crate::pattern::fact::Facts;
use crate::pattern::path::{last_name, plain_string};
use crate::pattern::value::{is_conversion, unwrapped};
use crate::query::operator;
use crate::secret::identity_of;

/// An expression is followed so deep, through names and conversions.
const DEPTH_MAX: usize = 12;
/// A credential is put together from at most so many literals.
const LITERALS_MAX: usize = 16;
/// The repeats of so many credentials of a text are looked for.
const REPEATED_MAX: usize = 200;
/// Functions with more nodes are not searched for what they give back.
const FUNCTION_NODES_MAX: usize = 400;
/// Shorter texts let nobody in.
const CREDENTIAL_BYTES_MIN: usize = 3;
/// Longer texts are documents.
const CREDENTIAL_BYTES_MAX: usize = 4_096;

/// A credential, as it is written.
pub(crate) struct Credential {
    /// What has to be masked, in the order of the text.
    pub(crate) spans: Vec<Span>,
    value: String,
}

impl Credential {
    /// The identity holds what a secret's identity holds: of the value no more
    /// than its length and a few bits.
    pub(crate) fn identity(&self, rule: &str, name: &str) -> Identity {
        identity_of(rule, name, &self.value)
    }

    /// Returns whether the credential is the word for one.
    pub(crate) fn is_word(&self) -> bool {
        is_telling(&self.value)
    }
}

/// Returns whether a text is what credentials are called: manuals write it for
/// one, and flags and settings go by it.
fn is_telling(value: &str) -> bool {
    const WORDS: &[&str] = &[
        "password",
        "passwd",
        "passphrase",
        "pass",
        "pwd",
        "secret",
        "token",
        "key",
        "apikey",
        "secretkey",
        "mysecret",
        "yourpassword",
        "clientsecret",
        "accesskey",
    ];
    let letters = value.chars().filter(|c| c.is_alphanumeric());
    let value: String = letters.flat_map(char::to_lowercase).collect();
    WORDS.contains(&value.as_str())
}

/// Returns the credential that an expression is, when the file says it; of a
/// text such as a connection string only the group of `within`.
pub(crate) fn credential<'t>(
    node: NodeRef<'t>,
    within: Option<&LazyRegex>,
    facts: &Facts<'t>,
) -> Option<Credential> {
    let mut literals = Vec::new();
    follow(node, facts, DEPTH_MAX, &mut literals)?;
    let mut found = Credential {
        spans: Vec::new(),
        value: String::new(),
    };
    for literal in literals {
        let text = plain_string(literal)?;
        let start = (text.as_ptr() as usize).checked_sub(literal.text().as_ptr() as usize)?;
        let start = literal.span().start + start as u32;
        let part = match within {
            None => 0..text.len(),
            Some(regex) => {
                let regex = regex.regex()?;
                let Some(group) = regex
                    .captures_iter(text)
                    .next()
                    .and_then(|captures| captures.get_group(1))
                else {
                    continue;
                };
                group.range()
            }
        };
        found.value.push_str(&text[part.clone()]);
        found.spans.push(Span::new(
            start + part.start as u32,
            start + part.end as u32,
        ));
    }
    found.spans.sort_by_key(|span| span.start);
    is_credential(&found.value).then_some(found)
}

/// Returns the literals of credentials with every other literal of the text that
/// says the same.
pub(crate) fn with_repeats(text: &str, literals: Vec<Span>) -> Vec<Span> {
    let mut spans = literals.clone();
    let mut values: Vec<&str> = literals
        .iter()
        .filter_map(|span| text.get(span.start as usize..span.end as usize))
        .filter(|value| value.len() >= CREDENTIAL_BYTES_MIN)
        .collect();
    values.sort_unstable();
    values.dedup();
    let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\'' | b'`'));
    let bytes = text.as_bytes();
    for value in values.into_iter().take(REPEATED_MAX) {
        for at in memchr::memmem::find_iter(bytes, value.as_bytes()) {
            let end = at + value.len();
            let is_quoted = at > 0 && is_quote(bytes.get(at - 1)) && is_quote(bytes.get(end));
            let span = Span::new(at as u32, end as u32);
            if is_quoted && !literals.contains(&span) {
                spans.push(span);
            }
        }
    }
    spans
}

/// Collects the literals that an expression is made of; nothing when something
/// else is in it.
fn follow<'t>(
    node: NodeRef<'t>,
    facts: &Facts<'t>,
    depth: usize,
    out: &mut Vec<NodeRef<'t>>,
) -> Option<()> {
    const NAMES: RoleSet = RoleSet::of(&[Role::Identifier, Role::Member]);
    const CHOICES: RoleSet = RoleSet::of(&[Role::Logical, Role::Coalesce]);
    let depth = depth.checked_sub(1)?;
    let node = unwrapped(node);
    if node.has(Role::String) {
        let is_text = !matches!(node.kind(), "regex" | "subshell") && !has_parts(node);
        if !is_text || out.len() >= LITERALS_MAX {
            return None;
        }
        out.push(node);
        return Some(());
    }
    if matches!(
        node.kind(),
        "concatenated_string" | "string_concatenation" | "chained_string"
    ) {
        return node
            .named_children()
            .try_for_each(|part| follow(part, facts, depth, out));
    }
    if node.has_any(CHOICES) && matches!(operator(node), "||" | "??" | "?:" | "or") {
        // What counts when the environment says nothing.
        return follow(node.named_children().last()?, facts, depth, out);
    }
    if node.has(Role::Binary) && matches!(operator(node), "+" | "." | "..") {
        return node
            .named_children()
            .try_for_each(|part| follow(part, facts, depth, out));
    }
    if node.has(Role::Lambda) {
        return follow(returned(node)?, facts, depth, out);
    }
    let is_call = node.has(Role::Call) || node.kind() == "type_conversion_expression";
    if is_call {
        return follow_conversion(node, facts, depth, out);
    }
    if node.has(Role::Collection) {
        // A user and a password.
        return follow(node.named_children().last()?, facts, depth, out);
    }
    let is_name = node.has_any(NAMES) || matches!(node.kind(), "variable_name" | "constant");
    if is_name {
        let value = facts.value(node).filter(|value| !value.encloses(node))?;
        return follow(value, facts, depth, out);
    }
    None
}

/// Follows what turns a text into bytes, characters or a key: `"x".getBytes()`,
/// `Buffer.from("x")`, `[]byte("x")`.
fn follow_conversion<'t>(
    call: NodeRef<'t>,
    facts: &Facts<'t>,
    depth: usize,
    out: &mut Vec<NodeRef<'t>>,
) -> Option<()> {
    let is_conversion = call.kind() == "type_conversion_expression"
        || last_name(call).is_some_and(|name| is_conversion(name) || KEYS.contains(&name))
        || call.text().starts_with("[]byte");
    if !is_conversion {
        return None;
    }
    let arguments = call
        .children()
        .find(|child| child.has(Role::Arguments) || child.kind() == "argument_list");
    let first = match arguments {
        Some(arguments) => arguments.named_children().next(),
        None => call.named_children().last(),
    };
    let receiver = || {
        let callee = call.named_children().next()?;
        let object = callee.named_children().next().unwrap_or(callee);
        (Some(object) != first).then_some(object)
    };
    let before = out.len();
    for part in [receiver(), first].into_iter().flatten() {
        if follow(part, facts, depth, out).is_some() {
            // `flags.String("password")` asks for what goes by the name.
            let is_name = |node: &NodeRef<'_>| plain_string(*node).is_some_and(is_telling);
            return (!out[before..].iter().any(is_name)).then_some(());
        }
        out.truncate(before);
    }
    None
}

/// Calls that make a key of a text, beside the conversions of texts.
const KEYS: &[&str] = &[
    "SecretKeySpec",
    "hmacShaKeyFor",
    "createSecretKey",
    "SymmetricSecurityKey",
    "Some",
    "pack",
    "encodeToString",
    "stringToUtf8Bytes",
    "parse",
];

/// Returns what a short function gives back first.
fn returned(function: NodeRef<'_>) -> Option<NodeRef<'_>> {
    if function.subtree_len() > FUNCTION_NODES_MAX {
        return None;
    }
    let statements = function.subtree().filter(|part| part.has(Role::Return));
    let mut values = statements.filter_map(|statement| {
        let value = statement.named_children().next()?;
        match value.kind() {
            "expression_list" => value.named_children().next(),
            _ => Some(value),
        }
    });
    let is_nothing = |value: &NodeRef<'_>| matches!(value.text(), "nil" | "null" | "None");
    values.find(|value| !is_nothing(value))
}

fn has_parts(node: NodeRef<'_>) -> bool {
    node.has(Role::Interpolation)
        || node.subtree().skip(1).any(|part| {
            matches!(
                part.kind(),
                "interpolation"
                    | "template_substitution"
                    | "simple_expansion"
                    | "expansion"
                    | "command_substitution"
                    | "variable_name"
                    | "interpolated_expression"
                    | "interpolated_identifier"
            )
        })
}

/// Words of texts that stand where somebody is to write a credential.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "changeme",
    "change_me",
    "change-me",
    "change this",
    "placeholder",
    "replace",
    "redacted",
    "insert",
    "dummy",
    "todo",
    "your",
    "xxx",
    "<",
    "${",
    "{{",
    "#{",
    "%s",
    "****",
    "....",
];

/// Beginnings of texts that are references, hashes and names of files.
const NOT_CREDENTIALS: &[&str] = &[
    "$2a$",
    "$2b$",
    "$2y$",
    "$argon2",
    "$pbkdf2",
    "{bcrypt}",
    "{argon2",
    "{scrypt}",
    "{sha256}",
    "{ssha}",
    "-----begin",
    "env:",
    "vault:",
    "file:",
    "arn:",
    "http://",
    "https://",
    "./",
    "../",
    "/",
    "%(",
    "$(",
];

/// Returns whether somebody can log in, sign or decrypt with a text: it is no
/// placeholder, no reference, no hash.
fn is_credential(value: &str) -> bool {
    let lower = value.trim().to_ascii_lowercase();
    let is_plain = (CREDENTIAL_BYTES_MIN..=CREDENTIAL_BYTES_MAX).contains(&lower.len())
        && !PLACEHOLDERS.iter().any(|word| lower.contains(word))
        && !NOT_CREDENTIALS.iter().any(|start| lower.starts_with(start));
    let first = lower.chars().next();
    let is_one_character = lower.chars().all(|c| Some(c) == first);
    let is_word_for_nothing = matches!(
        lower.as_str(),
        "null" | "none" | "nil" | "undefined" | "true" | "false" | "anonymous" | "unused" | "n/a"
    );
    // `DB_PASSWORD` is the name of a variable of the environment.
    let is_name = value.contains('_')
        && value
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let is_file = [".pem", ".key", ".crt", ".json", ".p12", ".jks"]
        .iter()
        .any(|end| lower.ends_with(end));
    is_plain && !is_one_character && !is_word_for_nothing && !is_name && !is_file
}

#[cfg(test)]
mod tests {
    use assay_source::Span;

    use super::{is_credential, with_repeats};

    #[test]
    fn a_literal_that_says_the_same_is_found() {
        let text = "open('hunter2'); check(\"hunter2\"); // hunter2";
        let spans = with_repeats(text, vec![Span::new(6, 13)]);
        assert_eq!(spans, [Span::new(6, 13), Span::new(24, 31)]);
    }

    #[test]
    fn what_lets_nobody_in_is_no_credential() {
        for (value, expected) in [
            ("hunter2", true),
            ("s3cr3t key", true),
            ("password", true),
            ("", false),
            ("  ", false),
            ("pw", false),
            ("xxxxxx", false),
            ("aaaa", false),
            ("<password>", false),
            ("${DB_PASSWORD}", false),
            ("DB_PASSWORD", false),
            ("your-256-bit-secret", false),
            ("changeme", false),
            ("$2a$10$abcdefghijklmnopqrstuv", false),
            ("/run/secrets/db", false),
            ("server.pem", false),
            ("null", false),
        ] {
            assert_eq!(is_credential(value), expected, "{value}");
        }
    }
}
