//! The lexicons of all languages, each made when it is first used, and which
//! languages are close enough to have copies of each other.

use std::sync::OnceLock;

use assay_syntax::{Language, languages};

use super::lex::{Lexicon, hash};

/// Languages whose code can be pasted from one into the other.
const FAMILIES: &[&[&str]] = &[
    &["javascript", "typescript", "tsx", "vue", "svelte"],
    &["c", "cpp"],
];

/// Returns a number that is the same for languages of one family.
pub(crate) fn family(language: &Language) -> u32 {
    let id = language.id();
    let name = FAMILIES
        .iter()
        .find(|family| family.contains(&id.as_str()))
        .map_or(id.as_str(), |family| family[0]);
    hash(name.as_bytes())
}

/// Returns whether clones are looked for in the language: data and markup say
/// the same thing twice by their nature.
pub(crate) fn is_code(language: &Language) -> bool {
    !language.is_data_only()
}

/// Returns how the language is read.
pub(crate) fn lexicon(language: &'static Language) -> &'static Lexicon {
    static LEXICONS: OnceLock<Vec<OnceLock<Lexicon>>> = OnceLock::new();
    let all = languages();
    let slots = LEXICONS.get_or_init(|| all.iter().map(|_| OnceLock::new()).collect());
    let index = all
        .iter()
        .position(|known| known.id() == language.id())
        .expect("a language is in the list of languages");
    slots[index].get_or_init(|| {
        let family = family(language);
        let relatives = all
            .iter()
            .filter(|other| self::family(other) == family)
            .flat_map(|other| other.keywords());
        Lexicon::new(language, relatives)
    })
}
