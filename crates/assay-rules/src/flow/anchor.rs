//! Which files are worth lowering: those with a word of a source, or of a call
//! that is wrong by itself. The others matter only when these call them. Tests
//! send themselves what they want: unless that is asked for, only what is wrong
//! by itself matters there.

use assay_source::RepoPath;
use assay_syntax::Language;

use super::lower::lowerer;
use super::model::FlowModels;
use crate::query::is_test_path;

/// Returns whether a path that matters can begin in a file; with `local_input`
/// also one that people at the machine, and tests, begin.
pub fn flow_begins(
    models: &FlowModels,
    language: &Language,
    path: &RepoPath,
    text: &str,
    local_input: bool,
) -> bool {
    let Some(lowerer) = lowerer(language.id().as_str()) else {
        return false;
    };
    let models = models.of(lowerer.models);
    let wrong_only = !local_input && is_test_path(path);
    let Some(search) = models.search(wrong_only) else {
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
