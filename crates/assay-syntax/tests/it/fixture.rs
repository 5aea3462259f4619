//! The language folders as the tests see them: each fixture, parsed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_source::SourceText;
use assay_syntax::{Language, ParseLimits, ParsedFile, languages, parse};

/// The folder of a language.
pub(crate) fn folder(language: &Language) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("languages")
        .join(language.id().as_str())
}

/// The file `fixture.<ext>` of a language.
pub(crate) fn fixture(language: &Language) -> Option<String> {
    let mut files: Vec<_> = fs::read_dir(folder(language))
        .expect("every language has a folder")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.file_stem().is_some_and(|stem| stem == "fixture"))
        .collect();
    assert!(files.len() <= 1, "{language:?} has several fixtures");
    let path = files.pop()?;
    Some(fs::read_to_string(path).expect("a fixture is UTF-8"))
}

/// The languages with their fixtures.
pub(crate) fn fixtures() -> Vec<(&'static Language, String)> {
    languages()
        .iter()
        .filter_map(|language| Some((language, fixture(language)?)))
        .collect()
}

/// Parses with the usual limits.
pub(crate) fn parse_text(language: &'static Language, text: &str) -> ParsedFile {
    let text = Arc::new(SourceText::from_text(text));
    parse(&text, language, &ParseLimits::default())
}
