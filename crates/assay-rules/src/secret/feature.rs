//! What the model sees of a candidate: numbers about the value, its name, the
//! line and the path. The order is that of [`FEATURES`]; a model names the
//! features it was trained with and is refused when they differ.

use super::assignment::{Candidate, Separator};
use super::check::{decode_base64, entropy, is_monotonous};
use super::context::{FileKind, PathContext};
use super::ngram::oddness;

/// The features with what is said in a finding when one speaks for a secret.
pub(crate) const FEATURES: &[(&str, &str)] = &[
    ("length", "the length is that of a key"),
    ("entropy", "the value looks random"),
    ("odd-mean", "the value is no word"),
    ("odd-worst", "the value is no word"),
    ("run-length", "the value mixes letters and digits"),
    ("digits", "the value mixes letters and digits"),
    ("lower", "the value looks random"),
    ("upper", "the value looks random"),
    ("special", "the value has special characters"),
    ("transitions", "the value mixes kinds of characters"),
    ("distinct", "the value looks random"),
    ("vowels", "the value is no word"),
    ("is-hex", "the value is hexadecimal"),
    ("is-uuid", "the value is unique"),
    ("is-number", "the value is a number"),
    ("is-base64", "the value is base64"),
    ("spaces", "the value has no spaces"),
    ("dots", "the value is no path"),
    ("joins", "the value is no identifier"),
    ("slashes", "the value is no path"),
    ("template", "the value is no template"),
    ("brackets", "the value is no expression"),
    ("placeholder", "the value is no placeholder"),
    ("echo", "the value does not repeat its name"),
    ("url", "the value is no address"),
    ("hashed", "the value is not hashed"),
    ("monotonous", "the value looks random"),
    ("camel", "the value is no identifier"),
    ("starts-upper", "the value is no title"),
    ("name-length", "the name is telling"),
    ("name-before", "the name is telling"),
    ("name-after", "the name is telling"),
    ("name-other", "the name is telling"),
    ("name-public", "the name is telling"),
    ("keyword", "the name is telling"),
    ("separator", "the value is assigned"),
    ("quoted", "the value is a literal"),
    ("wrapped", "the value is a literal"),
    ("kind", "the kind of file"),
    ("test", "the kind of file"),
    ("comment", "the line"),
    ("line-length", "the line"),
    ("after", "the line"),
    ("unquoted-code", "the value is a literal"),
];

/// How many numbers the model sees.
pub(crate) const FEATURE_COUNT: usize = FEATURES.len();

/// Words in values that are there to be replaced, or that name what the value
/// would be.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "xxx",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "dummy",
    "replace",
    "redacted",
    "insert",
    "sample",
    "fake",
    "your",
    "foo",
    "bar",
    "baz",
    "test",
    "todo",
    "none",
    "null",
    "true",
    "false",
    "undefined",
    "default",
    "secret",
    "password",
    "passwd",
    "token",
    "credential",
    "private",
    "public",
    "value",
    "string",
    "enter",
    "admin",
    "root",
    "user",
    "1234",
    "abcd",
    "qwerty",
    "config",
    "invalid",
    "wrong",
    "good",
    "bad_",
    "bad-",
    "newpass",
    "mypass",
    "my-",
    "my_",
    "some",
    "key",
    "auth",
    "***",
    "...",
    "hidden",
    "encrypted",
];

/// Words after the keyword that make a name about something else.
const OTHERS: &[&str] = &[
    "name",
    "file",
    "path",
    "field",
    "type",
    "label",
    "url",
    "uri",
    "hash",
    "algorithm",
    "length",
    "len",
    "size",
    "count",
    "id",
    "title",
    "text",
    "prompt",
    "message",
    "error",
    "policy",
    "rule",
    "expire",
    "expiry",
    "ttl",
    "timeout",
    "lifetime",
    "endpoint",
    "class",
    "format",
    "prefix",
    "suffix",
    "header",
    "column",
    "input",
    "hint",
    "help",
    "reset",
    "change",
    "method",
    "version",
    "min",
    "max",
    "valid",
    "enabled",
    "required",
    "encoding",
    "dir",
    "store",
    "ref",
    "alias",
    "user",
    "attribute",
    "param",
    "code",
    "word_",
    "board",
    "frame",
    "map",
    "list",
    "set",
    "usage",
    "manager",
    "provider",
    "service",
    "factory",
    "helper",
    "util",
    "s3",
    "arn",
    "group",
];

/// Words that make a key one that everybody may have.
const PUBLIC: &[&str] = &[
    "public",
    "primary",
    "foreign",
    "sort",
    "partition",
    "index",
    "cache",
    "hash_key",
    "range",
    "unique",
    "author",
    "keyboard",
    "keyword",
    "translation",
    "i18n",
    "lookup",
    "group",
    "object",
    "json",
    "map",
    "dict",
    "tokeniz",
    "csrf",
    "pass_through",
    "passive",
    "passenger",
    "compass",
    "bypass",
    "passage",
    "monkey",
    "turkey",
    "hotkey",
    "shortcut",
    "s3_",
    "storage_key",
    "routing",
    "authority",
    "author",
];

/// Computes the features of a candidate.
pub(crate) fn features(
    text: &str,
    candidate: &Candidate,
    context: PathContext,
    keyword_class: f32,
) -> [f32; FEATURE_COUNT] {
    let value = &text[candidate.value.range()];
    let bytes = value.as_bytes();
    let length = bytes.len() as f32;
    let share = |is: fn(&u8) -> bool| bytes.iter().filter(|b| is(b)).count() as f32 / length;
    let count = |is: fn(u8) -> bool| bytes.iter().filter(|&&b| is(b)).count() as f32;
    let flag = f32::from;
    let lower = value.to_ascii_lowercase();
    let name = text[candidate.name.range()].to_ascii_lowercase();
    let odd = oddness(bytes);
    let letters = count(|b| b.is_ascii_alphabetic());
    let vowels = count(|b| matches!(b.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u'));
    let keyword_from =
        (candidate.keyword.start.max(candidate.name.start) - candidate.name.start) as usize;
    let keyword_to =
        (candidate.keyword.end.min(candidate.name.end) - candidate.name.start) as usize;
    let after = name.get(keyword_to..).unwrap_or("");
    let line = line_around(text, candidate);
    let following = text
        .as_bytes()
        .get(candidate.value.end as usize)
        .copied()
        .unwrap_or(b'\n');
    let is_code = matches!(context.kind, FileKind::Code | FileKind::Other);
    [
        length.min(200.0),
        entropy(bytes),
        odd.mean,
        odd.worst,
        odd.run_length.min(40.0),
        share(u8::is_ascii_digit),
        share(u8::is_ascii_lowercase),
        share(u8::is_ascii_uppercase),
        share(|b| !b.is_ascii_alphanumeric()),
        transitions(bytes),
        distinct(bytes),
        vowels / letters.max(1.0),
        flag(bytes.len() >= 8 && bytes.iter().all(u8::is_ascii_hexdigit)),
        flag(is_uuid(bytes)),
        flag(bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.')),
        flag(bytes.len() >= 12 && decode_base64(value).is_some()),
        count(|b| b == b' ').min(8.0),
        count(|b| b == b'.').min(8.0),
        count(|b| matches!(b, b'_' | b'-')).min(8.0),
        count(|b| b == b'/').min(8.0),
        flag(is_template(value)),
        count(|b| matches!(b, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>')).min(8.0),
        PLACEHOLDERS
            .iter()
            .filter(|word| lower.contains(**word))
            .count()
            .min(4) as f32,
        echo(&name, &lower),
        flag(value.contains("://") || value.starts_with('/') || value.starts_with("./")),
        flag(is_hashed(value)),
        flag(is_monotonous(lower.as_bytes())),
        camel(bytes),
        flag(bytes[0].is_ascii_uppercase() && bytes.get(1).is_some_and(u8::is_ascii_lowercase)),
        name.len() as f32,
        keyword_from as f32,
        after.len() as f32,
        OTHERS
            .iter()
            .filter(|word| after.contains(**word))
            .count()
            .min(3) as f32,
        PUBLIC
            .iter()
            .filter(|word| name.contains(**word))
            .count()
            .min(3) as f32,
        keyword_class,
        separator(candidate.separator),
        flag(candidate.is_quoted),
        flag(candidate.is_wrapped),
        kind(context.kind),
        flag(context.is_test),
        flag(is_comment(line)),
        (line.len() as f32).min(400.0),
        follower(following),
        flag(!candidate.is_quoted && is_code),
    ]
}

/// Bytes of a line that are looked at before a name.
const LINE_BYTES_MAX: usize = 400;

fn line_around<'t>(text: &'t str, candidate: &Candidate) -> &'t str {
    let bytes = text.as_bytes();
    let name = candidate.name.start as usize;
    let first = text.floor_char_boundary(name.saturating_sub(LINE_BYTES_MAX));
    let from = memchr::memrchr(b'\n', &bytes[first..name]).map_or(first, |at| first + at + 1);
    let end = candidate.value.end as usize;
    let last = text.floor_char_boundary((end + LINE_BYTES_MAX).min(bytes.len()));
    let to = memchr::memchr(b'\n', &bytes[end..last.max(end)]).map_or(last.max(end), |at| end + at);
    text.get(from..to).unwrap_or("")
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    [
        "#", "//", "/*", "*", "<!--", "--", ";", "%", "'''", "\"\"\"",
    ]
    .iter()
    .any(|opener| line.starts_with(opener))
}

fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
}

fn transitions(bytes: &[u8]) -> f32 {
    let changes = bytes
        .windows(2)
        .filter(|pair| class(pair[0]) != class(pair[1]))
        .count();
    changes as f32 / bytes.len() as f32
}

fn camel(bytes: &[u8]) -> f32 {
    let changes = bytes
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    changes as f32 / bytes.len() as f32
}

fn distinct(bytes: &[u8]) -> f32 {
    let mut seen = [false; 256];
    for &byte in bytes {
        seen[usize::from(byte)] = true;
    }
    seen.iter().filter(|&&seen| seen).count() as f32 / bytes.len() as f32
}

pub(super) fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Returns whether the value is put in from somewhere else.
pub(super) fn is_template(value: &str) -> bool {
    value.starts_with(['$', '{', '<', '%', '[', '#', '@', ':', '&', '*'])
        || value.contains("${")
        || value.contains("{{")
        || value.contains("#{")
        || value.contains("%s")
        || value.contains("%(")
        || value.contains("$(")
}

/// Returns whether the value is a password's hash or a public key, which let
/// nobody in.
pub(super) fn is_hashed(value: &str) -> bool {
    let value = value.trim_start_matches("{CRYPT}");
    [
        "$2a$",
        "$2b$",
        "$2y$",
        "$argon2",
        "$6$",
        "$5$",
        "$1$",
        "$apr1$",
        "$y$",
        "$pbkdf2",
        "$scrypt",
        "{SHA",
        "{SSHA",
        "{MD5",
        "{PBKDF2",
        "pbkdf2_",
        "pbkdf2:",
        "bcrypt$",
        "argon2$",
        "sha256$",
        "sha1$",
        "scrypt:",
        "SCRAM-SHA-",
        "MFww",
        "MFkw",
        "MIGfMA0",
        "MIGJAoGB",
        "MIIBIjANBg",
        "MIICIjANBg",
        "AAAAB3NzaC1",
        "AAAAC3NzaC1",
        "ssh-rsa ",
        "ssh-ed25519 ",
        "LS0tLS1CRUdJTiBDRVJU",
        "LS0tLS1CRUdJTiBQVUJM",
    ]
    .iter()
    .any(|prefix| value.starts_with(prefix))
}

/// How much the name and the value say the same.
fn echo(name: &str, value: &str) -> f32 {
    let plain =
        |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect() };
    let (name, value) = (plain(name), plain(value));
    if name.is_empty() || value.is_empty() {
        return 0.0;
    }
    if name == value {
        2.0
    } else if name.len() >= 4 && value.contains(&name) || value.len() >= 4 && name.contains(&value)
    {
        1.0
    } else {
        0.0
    }
}

fn separator(separator: Separator) -> f32 {
    match separator {
        Separator::Assign => 0.0,
        Separator::Colon => 1.0,
        Separator::Arrow => 2.0,
        Separator::Comma => 3.0,
        Separator::Call => 4.0,
        Separator::Compare => 5.0,
        Separator::Tag => 6.0,
        Separator::Space => 7.0,
        Separator::Url => 8.0,
        Separator::Scheme => 9.0,
    }
}

fn kind(kind: FileKind) -> f32 {
    match kind {
        FileKind::Code => 0.0,
        FileKind::Data => 1.0,
        FileKind::Config => 2.0,
        FileKind::Script => 3.0,
        FileKind::Prose => 4.0,
        FileKind::Key => 5.0,
        FileKind::Other => 6.0,
    }
}

fn follower(byte: u8) -> f32 {
    match byte {
        b'\n' | b'\r' => 0.0,
        b'"' | b'\'' | b'`' => 1.0,
        b',' | b';' => 2.0,
        b' ' | b'\t' => 3.0,
        b')' | b']' | b'}' => 4.0,
        b'<' | b'>' => 5.0,
        b'&' | b'|' | b'@' => 6.0,
        _ => 7.0,
    }
}
