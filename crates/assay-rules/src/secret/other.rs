//! What stands beside the names of keys, tokens and passwords and is none:
//! public keys and their fingerprints, words of grammars and protocols, spans
//! of time, attributes of markup.

use assay_source::Span;

use super::assignment::{Candidate, Separator};
use super::check::{is_monotonous, is_published};
use super::context::{FileKind, PathContext};

/// Parts of names that are about keys and tokens and hold none.
const OTHER_NAMES: &[&str] = &[
    "recv-key",
    "keyserver",
    "keyring",
    "fingerprint",
    "thumbprint",
    "keyid",
    "key-id",
    "gpg-key",
    "gpg_key",
    "publickey",
    "public-key",
    "public_key",
    "pubkey",
    "key-hash",
    "key_hash",
    "keyhash",
    "translation_key",
    "firstpass",
    "stdin",
    "expiration",
    "monkey",
];

/// Words after a keyword that make a number of it: for how long, how many.
const MEASURES: &[&str] = &[
    "time", "ttl", "expir", "life", "milli", "second", "minute", "hour", "days", "timeout",
    "interval", "duration", "length", "size", "limit", "count", "skew", "version",
];

/// What a protocol calls its ways to say who somebody is.
const MECHANISMS: &[&str] = &[
    "xoauth2",
    "oauthbearer",
    "cram-md5",
    "digest-md5",
    "scram-sha-1",
    "scram-sha-256",
    "gssapi",
    "kerberos",
    "external",
    "krb5_alice",
];

/// Names of what both sides of a handshake see.
const CHALLENGES: &[&str] = &["nonce", "cnonce", "opaque", "rspauth", "realm", "username"];

/// So much before and after a value says what it belongs to.
const AROUND_BYTES: usize = 400;

/// Returns whether a value is of a kind that the names of keys and tokens are
/// given to in other trades.
pub(super) fn is_other_thing(text: &str, candidate: &Candidate, context: PathContext) -> bool {
    /// A key or token of letters alone that somebody made is longer.
    const LETTERS_MAX: usize = 8;
    let of = |span: Span| text.get(span.start as usize..span.end as usize);
    let name = of(candidate.name).unwrap_or("").to_ascii_lowercase();
    let value = of(candidate.value).unwrap_or("");
    let is_public = OTHER_NAMES.iter().any(|word| name.contains(word));
    let keyword = of(candidate.keyword).unwrap_or("").to_ascii_lowercase();
    let is_word = matches!(keyword.as_str(), "key" | "token")
        && value.len() <= LETTERS_MAX
        && value.bytes().all(|byte| byte.is_ascii_alphabetic());
    // What the variable of the environment is called that holds it.
    let is_variable = value.contains('_')
        && value
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && value.bytes().any(|byte| byte.is_ascii_alphabetic());
    // A sentence goes on after the name.
    let is_prose = context.kind == FileKind::Prose
        && candidate.separator == Separator::Space
        && !name.starts_with('-');
    is_public
        || is_word
        || is_variable
        || is_prose
        || is_number_of(&name, &keyword, value, candidate.separator)
        || is_said_by_name(&name, value)
        || is_term(value)
        || is_published(value)
        || is_fingerprint(text, candidate, value)
        || is_attribute(text, candidate)
        || is_challenge(text, candidate, &name, value)
        || is_place_in_file(&name, value)
        || is_expression(text, candidate, context)
        || is_monotonous(value.as_bytes())
}

/// Returns whether a value is a number that a name with another meaning holds:
/// `tokenTtl: 1200`, `token("123")`, `set("key", "123")`.
fn is_number_of(name: &str, keyword: &str, value: &str, separator: Separator) -> bool {
    let is_number = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.'));
    let rest = name.find(keyword).map_or("", |at| &name[at..]);
    let is_measure = MEASURES.iter().any(|word| rest.contains(word));
    let is_place = matches!(keyword, "key" | "token")
        && matches!(separator, Separator::Call | Separator::Comma);
    is_number && (is_measure || is_place)
}

/// Returns whether a constant's name says its value: `MECH_XOAUTH2 "XOAUTH2"`.
fn is_said_by_name(name: &str, value: &str) -> bool {
    const VALUE_BYTES_MIN: usize = 6;
    value.len() >= VALUE_BYTES_MIN
        && value.len() < name.len()
        && value.bytes().any(|byte| byte.is_ascii_uppercase())
        && !value.bytes().any(|byte| byte.is_ascii_lowercase())
        && name.ends_with(&value.to_ascii_lowercase())
}

/// Returns whether a value is a term of a protocol or a path of plain words:
/// `X-Request-Id`, `tls:x509:share`, `\u0000`.
fn is_term(value: &str) -> bool {
    let words = || value.split('-');
    let is_header = value.starts_with("X-")
        && words().skip(1).all(|word| {
            word.starts_with(|c: char| c.is_ascii_uppercase())
                && word.bytes().skip(1).all(|byte| byte.is_ascii_lowercase())
        });
    let parts = || value.split(':');
    let is_path = parts().count() > 2
        && parts().all(|part| {
            part.starts_with(|c: char| c.is_ascii_lowercase())
                && part.len() < 12
                && part.bytes().filter(u8::is_ascii_digit).count() <= 3
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
    is_header
        || is_path
        || value.contains("\\u0000")
        || MECHANISMS.contains(&value.to_ascii_lowercase().as_str())
        || value.starts_with("-----BEGIN PUBLIC")
        || value.starts_with("-----BEGIN RSA PUBLIC")
        || value.starts_with("-----BEGIN CERTIFICATE")
}

/// Returns whether a value is the fingerprint of a key that everybody may have.
fn is_fingerprint(text: &str, candidate: &Candidate, value: &str) -> bool {
    const WORDS: &[&str] = &["gpg", "pgp", "fingerprint", "openpgp4fpr"];
    let value = value.rsplit(':').next().unwrap_or(value);
    let is_hex = matches!(value.len(), 8 | 16 | 32 | 40)
        && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex && {
        let line = before(text, candidate.value.start as usize);
        let line = line.rsplit('\n').next().unwrap_or("").to_ascii_lowercase();
        WORDS.iter().any(|word| line.contains(word))
    }
}

/// Returns whether what was read as a value is that of an attribute of markup
/// that has the telling name before it: `<PasswordForm class="mt-2">`.
fn is_attribute(text: &str, candidate: &Candidate) -> bool {
    const ATTRIBUTES: &[&str] = &[
        "class",
        "classname",
        "id",
        "style",
        "realm",
        "type",
        "href",
        "src",
        "for",
        "title",
    ];
    if !candidate.is_quoted {
        return false;
    }
    let between = candidate.name.end as usize..candidate.value.start as usize;
    let Some(between) = text.get(between) else {
        return false;
    };
    let between = between.trim_end_matches(['"', '\'', '`']).trim_end();
    let Some(name) = between.strip_suffix('=') else {
        return false;
    };
    let name = name.trim_end();
    let start = name
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .map_or(0, |at| at + 1);
    let is_apart = name[..start].ends_with([' ', '\t', '\n']);
    is_apart && ATTRIBUTES.contains(&name[start..].to_ascii_lowercase().as_str())
}

/// Returns whether a value is a part of a handshake or of a signature that is
/// sent to everybody.
fn is_challenge(text: &str, candidate: &Candidate, name: &str, value: &str) -> bool {
    let head = value.get(..7).unwrap_or("");
    if head.eq_ignore_ascii_case("digest ") || head.eq_ignore_ascii_case("usernam") {
        return value.contains('=');
    }
    if !CHALLENGES.contains(&name) {
        return false;
    }
    let near = before(text, candidate.value.start as usize);
    let after = after(text, candidate.value.end as usize);
    let has = |word: &str| near.contains(word) || after.contains(word);
    has("signatureValue") || has("realm=") || has("qop=") || has("nc=")
}

/// Returns whether a name is a file and its value a place in it:
/// `pass_one.py:40:5`.
fn is_place_in_file(name: &str, value: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_file = (1..=4).contains(&extension.len());
    is_file
        && value.starts_with(|c: char| c.is_ascii_digit())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'-'))
}

fn before(text: &str, at: usize) -> &str {
    let from = text.floor_char_boundary(at.saturating_sub(AROUND_BYTES));
    text.get(from..at).unwrap_or("")
}

fn after(text: &str, at: usize) -> &str {
    let to = text.floor_char_boundary((at + AROUND_BYTES).min(text.len()));
    text.get(at..to).unwrap_or("")
}

/// Returns whether a program sets a variable to what another one holds.
fn is_expression(text: &str, candidate: &Candidate, context: PathContext) -> bool {
    let (start, end) = (candidate.name.start as usize, candidate.value.end as usize);
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    let value = candidate.value.start as usize..end;
    context.kind == FileKind::Code
        && !candidate.is_quoted
        && candidate.separator == Separator::Assign
        && text.get(end..).is_some_and(|rest| rest.starts_with(';'))
        && text
            .get(value)
            .is_some_and(|value| value.bytes().all(is_name))
        && !text[line..start].contains(['"', '\'', '`', '/', '#'])
}

#[cfg(test)]
mod tests {
    use assay_source::{RepoPath, SourceText};

    use crate::secret::find_secrets;

    #[test]
    fn what_stands_beside_telling_names_is_not_always_secret() {
        // Put together here, so that the repository holds no secret.
        let hex =
            |length: usize| -> String { "9F3B7C21D45A".chars().cycle().take(length).collect() };
        let key = ["q8Zr2", "LmV0x", "Tn5Wb1", "Kc7"].concat();
        for (path, line, expected) in [
            (
                "a.vue",
                "<UpdatePasswordForm class=\"mt-10 sm:mt-0\" />".to_owned(),
                false,
            ),
            ("a.vue", format!("<Form password=\"{key}\" />"), true),
            (
                "a.md",
                format!("Send it with our GPG key: {}", hex(40)),
                false,
            ),
            ("a.txt", format!("apiKey = \"{}\"", hex(40)), true),
            (
                "a.h",
                "#define SASL_MECH_XOAUTH2 \"XOAUTH2\"".to_owned(),
                false,
            ),
            ("a.h", format!("#define API_SECRET \"{key}\""), true),
            (
                "a.c",
                "#define MPROTO_X509_KEY \"tls:gtls:x509:share\"".to_owned(),
                false,
            ),
            (
                "a.txt",
                "src/pass_apc_zone.py:40:5-29: Class member".to_owned(),
                false,
            ),
            (
                "a.md",
                "Manual timezone monkeypatching (`FURB162`)".to_owned(),
                false,
            ),
            ("a.yml", "accessTokenTimeToLive: 1200000".to_owned(), false),
            ("a.go", "headerKey: \"X-Vss-Activityid\",".to_owned(), false),
            ("a.json", format!("\"publicKeyPem\": \"{key}{key}\""), false),
            ("a.json", format!("\"privateKeyPem\": \"{key}{key}\""), true),
            (
                "a.txt",
                format!("Digest username=\"u\", realm=\"r\", nonce=\"1\", cnonce=\"{key}\""),
                false,
            ),
        ] {
            let text = SourceText::from_text(&line);
            let found = find_secrets(&RepoPath::from_bytes(path), &text);
            let is_found = found.iter().any(|hit| hit.is_reported);
            assert_eq!(is_found, expected, "{line}");
        }
    }
}
