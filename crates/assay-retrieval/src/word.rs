//! Terms: the words that text and identifiers are made of, as they are indexed and
//! as they are looked for.
//!
//! `parseHttpURL2`, `parse_http_url_2` and "parses HTTP URL 2" share their terms:
//! identifiers are split at humps, underscores and digits, and English words are
//! brought to their stems. An identifier of several parts is a term as a whole too.

use std::cell::RefCell;
use std::collections::HashMap;

use frostem::{Algorithm, Stemmer};

/// Bytes of an identifier; what is longer is data and no word.
const IDENTIFIER_BYTES_MAX: usize = 64;
/// Identifiers of so many characters that mix digits into letters are keys, hashes
/// and other data.
const MIXED_CHARS_MIN: usize = 20;
/// So many changes between letters and digits make an identifier data.
const MIXED_TURNS_MIN: usize = 4;
/// Stems that one thread remembers.
const STEMS_MAX: usize = 50_000;

/// Words that say nothing about what is looked for.
const STOP_WORDS: &[&str] = &[
    "a", "about", "all", "an", "and", "any", "are", "as", "at", "be", "been", "being", "but", "by",
    "can", "could", "did", "do", "does", "done", "each", "for", "from", "had", "has", "have",
    "how", "i", "if", "in", "into", "is", "it", "its", "may", "me", "must", "my", "no", "not",
    "of", "on", "or", "our", "shall", "should", "so", "some", "such", "than", "that", "the",
    "their", "them", "then", "there", "these", "they", "this", "those", "to", "us", "was", "we",
    "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
];

/// Returns whether a lower-case word says nothing about what is looked for.
pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// Hands out the terms of a text in its order.
pub(crate) fn each_term(text: &str, mut take: impl FnMut(&str)) {
    for identifier in identifiers(text) {
        terms_of_identifier(identifier, &mut take);
    }
}

/// Returns the terms of a text in its order.
pub(crate) fn terms(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    each_term(text, |term| out.push(term.to_owned()));
    out
}

/// Returns the runs of letters, digits and underscores.
pub(crate) fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map(|word| word.trim_matches('_'))
        .filter(|word| !word.is_empty())
}

fn terms_of_identifier(identifier: &str, take: &mut impl FnMut(&str)) {
    if identifier.len() > IDENTIFIER_BYTES_MAX || is_data(identifier) {
        return;
    }
    let mut parts = 0;
    for part in parts_of(identifier) {
        parts += 1;
        let lower = part.to_lowercase();
        stemmed(&lower, &mut *take);
    }
    if parts > 1 {
        take(&whole(identifier));
    }
}

/// Returns an identifier in the one form in which all its spellings are the same.
pub(crate) fn whole(identifier: &str) -> String {
    let mut out = identifier.to_lowercase();
    out.retain(|c| c != '_');
    out
}

/// Returns whether an identifier looks made by a machine.
fn is_data(identifier: &str) -> bool {
    if identifier.len() < MIXED_CHARS_MIN {
        return false;
    }
    let kinds = identifier.bytes().map(|byte| byte.is_ascii_digit());
    let turns = kinds.clone().zip(kinds.skip(1)).filter(|(a, b)| a != b);
    turns.count() >= MIXED_TURNS_MIN
}

/// Splits at underscores, humps, and between letters and digits.
pub(crate) fn parts_of(identifier: &str) -> impl Iterator<Item = &str> {
    let mut rest = identifier;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches('_');
        if rest.is_empty() {
            return None;
        }
        let end = end_of_part(rest);
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(part)
    })
}

fn end_of_part(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let Some((_, first)) = chars.next() else {
        return 0;
    };
    let mut before = first;
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map(|(_, c)| *c);
        let is_hump = c.is_uppercase() && before.is_lowercase();
        // The last capital of `URLParser` begins the next word.
        let ends_acronym =
            c.is_uppercase() && before.is_uppercase() && after.is_some_and(char::is_lowercase);
        let is_turn = c.is_numeric() != before.is_numeric();
        if c == '_' || is_hump || ends_acronym || is_turn {
            return at;
        }
        before = c;
    }
    text.len()
}

fn stemmed(word: &str, take: &mut impl FnMut(&str)) {
    thread_local! {
        static STEMS: RefCell<(Stemmer, HashMap<String, String>)> =
            RefCell::new((Stemmer::new(Algorithm::English), HashMap::new()));
    }
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        take(word);
        return;
    }
    STEMS.with_borrow_mut(|(stemmer, known)| {
        if let Some(stem) = known.get(word) {
            take(stem);
            return;
        }
        let stem = stemmer.stem(word).into_owned();
        take(&stem);
        if known.len() >= STEMS_MAX {
            known.clear();
        }
        known.insert(word.to_owned(), stem);
    });
}

#[cfg(test)]
mod tests {
    use super::{STOP_WORDS, is_stop_word, parts_of, terms};

    #[test]
    fn identifiers_are_split_at_humps_underscores_and_digits() {
        for (identifier, expected) in [
            ("parseHttpURL2", "parse Http URL 2"),
            ("parse_http_url", "parse http url"),
            ("URLParser", "URL Parser"),
            ("__init__", "init"),
            ("sha256sum", "sha 256 sum"),
            ("ÄrgerÜber", "Ärger Über"),
            ("x", "x"),
            ("___", ""),
        ] {
            let parts: Vec<&str> = parts_of(identifier).collect();
            assert_eq!(parts.join(" "), expected, "{identifier}");
        }
    }

    #[test]
    fn spellings_of_a_name_share_their_terms() {
        let expected = ["valid", "session", "token", "validatesessiontoken"];
        for text in [
            "validateSessionToken",
            "validate_session_token",
            "ValidateSessionToken",
        ] {
            assert_eq!(terms(text), expected, "{text}");
        }
        assert_eq!(terms("validates session tokens"), expected[..3]);
    }

    #[test]
    fn data_is_no_word() {
        for text in [
            "a9f8e7d6c5b4a3928170ffee",
            &"a".repeat(65),
            "AKIA0EXAMPLE1KEY2FOR3TESTS4",
        ] {
            assert_eq!(terms(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
        assert!(is_stop_word("where"));
        assert!(!is_stop_word("session"));
    }
}
