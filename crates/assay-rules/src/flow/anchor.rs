//! Which files are worth lowering: those with a word of a source, or of a call
//! that is wrong by itself. The others matter only when these call them.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use aho_corasick::AhoCorasick;
use assay_syntax::Language;

use super::lower::lowerer;
use super::model::models;

/// Returns whether a path that matters can begin in the text.
pub fn flow_begins(language: &Language, text: &str) -> bool {
    let Some(lowerer) = lowerer(language.id().as_str()) else {
        return false;
    };
    let Some(search) = search(lowerer.models) else {
        return false;
    };
    let bytes = text.as_bytes();
    let is_word = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    search
        .find_overlapping_iter(text)
        .any(|found| !is_word(found.start().checked_sub(1)) && !is_word(Some(found.end())))
}

/// Returns whether the dataflow engine reads the language.
pub fn flow_reads(language: &Language) -> bool {
    lowerer(language.id().as_str()).is_some()
}

/// Returns the search for the words of a language's models.
fn search(language: &'static str) -> Option<&'static AhoCorasick> {
    static ALL: OnceLock<Mutex<HashMap<&'static str, Option<&'static AhoCorasick>>>> =
        OnceLock::new();
    let all = ALL.get_or_init(Mutex::default);
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    *all.entry(language).or_insert_with(|| {
        let words = models(language).starts();
        if words.is_empty() {
            return None;
        }
        // One search a language lives as long as the program.
        let search = AhoCorasick::new(words).ok()?;
        Some(Box::leak(Box::new(search)))
    })
}
