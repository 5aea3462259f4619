//! The trees of texts that several analyses of one change read: each text is
//! parsed once, as far as the memory that is granted goes.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use assay_source::SourceText;

use crate::language::Language;
use crate::parse::{ParseLimits, ParsedFile, parse};

/// Keeps trees by what they were parsed from.
#[derive(Debug)]
pub struct Trees {
    /// Trees are kept for texts of so many bytes together.
    bytes_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    by_hash: HashMap<u64, Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    language: &'static Language,
    text: Arc<SourceText>,
    parsed: Arc<ParsedFile>,
}

impl Trees {
    /// Keeps the trees of so many bytes of text: a tree takes some ten times as
    /// much memory as its text. With no bytes nothing is kept.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            kept: Mutex::default(),
        }
    }

    /// Parses a text, or returns what that came to before. All who ask are
    /// expected to have the same limits; what hit a limit is not kept.
    pub fn parse(
        &self,
        text: &Arc<SourceText>,
        language: &'static Language,
        limits: &ParseLimits,
    ) -> Arc<ParsedFile> {
        let bytes = text.as_str().len();
        if bytes > self.bytes_max {
            return Arc::new(parse(text, language, limits));
        }
        let mut hasher = DefaultHasher::new();
        text.as_str().hash(&mut hasher);
        let hash = hasher.finish();
        if let Some(known) = self.find(hash, text, language) {
            return known;
        }
        let parsed = Arc::new(parse(text, language, limits));
        if parsed.problems.is_empty() {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.bytes + bytes <= self.bytes_max {
                kept.bytes += bytes;
                kept.by_hash.entry(hash).or_default().push(Entry {
                    language,
                    text: Arc::clone(text),
                    parsed: Arc::clone(&parsed),
                });
            }
        }
        parsed
    }

    fn find(
        &self,
        hash: u64,
        text: &Arc<SourceText>,
        language: &'static Language,
    ) -> Option<Arc<ParsedFile>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |entry: &&Entry| {
            let (known, text) = (&entry.text, text);
            entry.language.id() == language.id()
                && (Arc::ptr_eq(known, text)
                    || known.encoding() == text.encoding() && known.as_str() == text.as_str())
        };
        let entry = kept.by_hash.get(&hash)?.iter().find(is_same)?;
        Some(Arc::clone(&entry.parsed))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use assay_source::SourceText;

    use super::Trees;
    use crate::{ParseLimits, language_by_name};

    /// Checks whether a second text has the tree of a first.
    fn check(bytes_max: usize, first: (&str, &str), second: (&str, &str), is_same: bool) {
        let trees = Trees::new(bytes_max);
        let [first, second] = [first, second].map(|(language, text)| {
            let language = language_by_name(language).expect("a language");
            let text = Arc::new(SourceText::from_text(text));
            trees.parse(&text, language, &ParseLimits::default())
        });
        assert_eq!(Arc::ptr_eq(&first, &second), is_same);
        assert_eq!(first.trees.len(), 1);
    }

    #[test]
    fn a_text_is_parsed_once() {
        check(100, ("go", "package a"), ("go", "package a"), true);
        check(100, ("go", "package a"), ("go", "package b"), false);
        check(100, ("python", "a = 1"), ("ruby", "a = 1"), false);
    }

    #[test]
    fn what_is_over_the_limit_is_not_kept() {
        check(8, ("go", "package a"), ("go", "package a"), false);
        check(0, ("go", "package a"), ("go", "package a"), false);
    }
}
