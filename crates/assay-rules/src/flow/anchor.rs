//! Which files are worth lowering: those with a word of a source, or of a call
//! that is wrong by itself. The others matter only when these call them.

use assay_syntax::Language;

use super::lower::lowerer;
use super::model::FlowModels;

/// Returns whether a path that matters can begin in the text.
pub fn flow_begins(models: &FlowModels, language: &Language, text: &str) -> bool {
    let Some(lowerer) = lowerer(language.id().as_str()) else {
        return false;
    };
    let models = models.of(lowerer.models);
    let Some(search) = models.search() else {
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
