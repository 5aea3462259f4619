//! Lowerers: one a language, from its syntax tree to the intermediate
//! representation. Nothing that comes after them knows a language.

use std::sync::Arc;

use assay_source::{RepoPath, SourceText};
use assay_syntax::SyntaxTree;

use super::builder::Builder;
use super::ir::Unit;
use super::model::FlowModels;

mod c;
mod csharp;
mod escape;
mod go;
mod java;
mod javascript;
mod kotlin;
mod php;
mod python;
mod ruby;
mod rust;
mod walk;

pub(crate) use javascript::module_of_script;

/// A lowerer: the languages that it reads, and how.
pub(crate) struct Lowerer {
    /// The languages, by id.
    pub(crate) languages: &'static [&'static str],
    /// The name under which models are kept: `models/<name>/`.
    pub(crate) models: &'static str,
    /// Lowers a tree; never fails: what is not understood becomes unknown.
    pub(crate) lower: fn(&SyntaxTree, &mut Builder),
}

/// All lowerers. To add one: a module and a line here.
static LOWERERS: &[&Lowerer] = &[
    &c::C,
    &c::CPP,
    &csharp::LOWERER,
    &go::LOWERER,
    &java::LOWERER,
    &javascript::LOWERER,
    &kotlin::LOWERER,
    &php::LOWERER,
    &python::LOWERER,
    &ruby::LOWERER,
    &rust::LOWERER,
];

/// Returns the lowerer for a language.
pub(crate) fn lowerer(language: &str) -> Option<&'static Lowerer> {
    LOWERERS
        .iter()
        .copied()
        .find(|lowerer| lowerer.languages.contains(&language))
}

/// Returns whether there are lowerers with the models of this name.
pub(crate) fn is_modelled(models: &str) -> bool {
    LOWERERS.iter().any(|lowerer| lowerer.models == models)
}

/// Lowers a tree, when its language has a lowerer.
pub(crate) fn lower(
    models: &FlowModels,
    path: &RepoPath,
    text: &Arc<SourceText>,
    tree: &SyntaxTree,
) -> Option<Unit> {
    let language = tree.language().id().as_str();
    let lowerer = lowerer(language)?;
    let mut builder = Builder::new(models.of(lowerer.models), path, text);
    (lowerer.lower)(tree, &mut builder);
    Some(builder.finish())
}

/// Checks that a text is lowered to what is expected, which may be a beginning.
#[cfg(test)]
pub(crate) fn check_lowering(path: &str, code: &str, expected: &str) {
    use assay_syntax::{ParseLimits, detect, parse};
    let path = RepoPath::from_bytes(path);
    let text = Arc::new(SourceText::from_text(code));
    let language = detect(&path, code).expect("a language");
    let parsed = parse(&text, language, &ParseLimits::default());
    let models = FlowModels::default();
    let unit = lower(&models, &path, &text, &parsed.trees[0]).expect("a lowerer");
    let printed = super::print::print(&unit);
    assert!(
        printed.starts_with(expected),
        "expected\n{expected}\ngot\n{printed}"
    );
}
