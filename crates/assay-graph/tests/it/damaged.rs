//! Facts of any text: reading never panics, and what is kept comes back.

use std::path::Path;
use std::{fs, sync::Arc};

use assay_graph::{decode, encode, extract};
use assay_source::SourceText;
use assay_syntax::{Language, ParseLimits, languages, parse};
use proptest::prelude::{ProptestConfig, any, proptest};

fn language(id: &str) -> &'static Language {
    let found = languages()
        .iter()
        .find(|language| language.id().as_str() == id);
    found.expect("the language is registered")
}

/// Returns the fixture of each language.
fn fixtures() -> Vec<(&'static str, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assay-syntax/languages");
    let mut found = Vec::new();
    for language in languages() {
        let id = language.id().as_str();
        let Ok(entries) = fs::read_dir(root.join(id)) else {
            continue;
        };
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name();
            if name.to_string_lossy().starts_with("fixture") {
                let bytes = fs::read(entry.path()).expect("a fixture can be read");
                found.push((id, String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
    found
}

fn check(id: &str, text: &str) {
    let language = language(id);
    let text = Arc::new(SourceText::from_text(text));
    let parsed = parse(&text, language, &ParseLimits::default());
    if let Some(facts) = extract(&parsed) {
        let bytes = encode(&facts);
        assert_eq!(decode(&bytes).as_ref(), Some(&facts), "{id}");
    }
}

#[test]
fn the_fixtures_of_all_languages_come_back() {
    for (id, text) in fixtures() {
        check(id, &text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn damaged_texts_give_facts_and_no_panic(cut in any::<u16>(), drop in any::<u16>(), length in 0_usize..200) {
        for (id, text) in fixtures() {
            let start = text.floor_char_boundary(usize::from(drop) % text.len().max(1));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            let damaged = format!("{}{}", &text[..start], &text[end..]);
            let stop = damaged.floor_char_boundary(usize::from(cut) % damaged.len().max(1));
            check(id, &damaged);
            check(id, &damaged[stop..]);
        }
    }

    #[test]
    fn damaged_bytes_give_nothing_or_valid_facts(at in any::<u16>(), bit in 0_u8..8) {
        let text = "class A(B):\n    def f(self, x: A = 1):\n        return self.g(x)\n";
        let language = language("python");
        let text = Arc::new(SourceText::from_text(text));
        let facts = extract(&parse(&text, language, &ParseLimits::default())).unwrap();
        let mut bytes = encode(&facts);
        let at = usize::from(at) % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Some(facts) = decode(&bytes) {
            for index in 0..facts.definitions.len() {
                let _ = facts.supers_of(&facts.definitions[index]);
                let _ = facts.parameters_of(&facts.definitions[index]);
            }
        }
    }
}
