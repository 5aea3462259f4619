//! Fixes are applied, proven, and converge.

use std::sync::Arc;

use assay_finding::{Finding, FixSafety};
use assay_review::{LeftReason, MendInput, Mended, Settings, mend};
use assay_rules::{ExampleKind, rules};
use assay_source::{RepoPath, SourceText};
use assay_syntax::{Language, ParseLimits, language_by_name, parse};
use proptest::prelude::{ProptestConfig, any, prop};
use proptest::proptest;

use crate::memory::MemoryChange;

fn settings() -> Settings {
    Settings::new("test", jiff::civil::date(2026, 1, 1))
}

fn findings(path: &str, text: &str) -> Vec<Finding> {
    let change = MemoryChange::default().file(path, None, Some(text));
    change.review().findings
}

fn mend_all(path: &str, text: &str, allow_unsafe: bool) -> Mended {
    let findings = findings(path, text);
    let findings: Vec<&Finding> = findings.iter().collect();
    let input = MendInput {
        path: &RepoPath::from(path),
        text: &Arc::new(SourceText::from_text(text)),
        findings: &findings,
        allow_unsafe,
    };
    mend(input, &settings())
}

fn error_bytes(language: &'static Language, text: &str) -> u32 {
    let text = Arc::new(SourceText::from_text(text));
    let parsed = parse(&text, language, &ParseLimits::default());
    parsed.errors().map(|span| 1 + span.len()).sum()
}

const TWICE: &str = "\
function check(price) {
  if (price === NaN) {
    return 1;
  }
  if (price !== NaN) {
    return 2;
  }
}
";

#[test]
fn safe_fixes_are_applied_together() {
    let mended = mend_all("a.js", TWICE, false);
    assert_eq!(mended.applied.len(), 2, "{mended:?}");
    assert!(mended.text.as_str().contains("if (Number.isNaN(price))"));
    assert!(mended.text.as_str().contains("if (!Number.isNaN(price))"));
    assert!(mended.diff.starts_with("--- a/a.js\n+++ b/a.js\n@@ -1,"));
}

#[test]
fn line_ends_are_kept() {
    let text = TWICE.replace('\n', "\r\n");
    let mended = mend_all("a.js", &text, true);
    assert_eq!(mended.applied.len(), 2);
    assert!(!mended.text.as_str().replace("\r\n", "").contains('\n'));
}

#[test]
fn fixes_that_may_change_behaviour_are_asked_for() {
    let text = "function same(a, b) {\n  return a === b || a == b.id;\n}\n";
    let safe = mend_all("a.js", text, false);
    assert_eq!(safe.text.as_str(), text);
    let reasons: Vec<_> = safe.left.iter().map(|left| left.reason).collect();
    assert_eq!(reasons, [LeftReason::Unsafe]);
    let mended = mend_all("a.js", text, true);
    assert!(mended.text.as_str().contains("a === b.id"), "{mended:?}");
}

/// The bad examples of all rules that have a fix, with their language.
fn bad_examples() -> Vec<(&'static Language, String)> {
    rules()
        .iter()
        .filter(|rule| rule.has_fix())
        .flat_map(|rule| &rule.document().examples)
        .filter(|example| example.kind == ExampleKind::Bad)
        .filter_map(|example| {
            let language = language_by_name(&example.language)?;
            Some((language, example.unmarked().0))
        })
        .collect()
}

fn path_for(language: &Language) -> String {
    let extension = language.extensions().first().copied().unwrap_or("txt");
    format!("src/order.{extension}")
}

/// Mends until nothing is left to mend, and no round breaks the syntax.
fn check_convergence(language: &'static Language, text: &str) {
    let path = path_for(language);
    let mended = mend_all(&path, text, true);
    assert!(
        error_bytes(language, mended.text.as_str()) <= error_bytes(language, text),
        "mending breaks the syntax of\n{text}\n{}",
        mended.text.as_str()
    );
    let again = mend_all(&path, mended.text.as_str(), true);
    let again: Vec<_> = again.applied.iter().map(|applied| &applied.rule).collect();
    assert!(
        again.is_empty(),
        "{again:?} is mended only in a second run over\n{text}"
    );
}

#[test]
fn mending_every_example_converges() {
    let examples = bad_examples();
    assert!(examples.len() > 20);
    for (language, text) in &examples {
        check_convergence(language, text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn mending_damaged_examples_never_breaks_their_syntax(
        choice in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12), 0..4),
    ) {
        let examples = bad_examples();
        let (language, text) = choice.get(&examples);
        let mut text = text.clone();
        for (at, length) in cuts {
            let at = at.index(text.len() + 1);
            let end = (at + length).min(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(end) {
                text.drain(at..end);
            }
        }
        let before = error_bytes(language, &text);
        let mended = mend_all(&path_for(language), &text, true);
        assert!(error_bytes(language, mended.text.as_str()) <= before);
    }

    #[test]
    fn what_is_safe_is_a_part_of_what_is_mended(choice in any::<prop::sample::Index>()) {
        let examples = bad_examples();
        let (language, text) = choice.get(&examples);
        let findings = findings(&path_for(language), text);
        let safe = findings.iter().filter_map(|finding| finding.fix.as_ref());
        let safe = safe.filter(|fix| fix.safety == FixSafety::Safe).count();
        let mended = mend_all(&path_for(language), text, false);
        assert!(mended.applied.len() <= safe);
    }
}
