//! Turns what is worth a look about the packages of a file, without any
//! advisory, into findings.

use assay_deps::{Hint, PackageFile};
use assay_finding::{Confidence, Finding, Fingerprint, Frame, IdentityHasher, RuleId, State};
use assay_rules::{Engine, rule_by_id};
use assay_source::SourceText;

use super::finding::location;

/// Returns the findings of a file; of rules that are off none.
pub(super) fn of(
    file: &PackageFile,
    text: &SourceText,
    hints: &[Hint],
    engine: &Engine,
) -> Vec<Finding> {
    hints
        .iter()
        .filter_map(|hint| {
            let rule = rule_by_id(hint.kind.rule()).filter(|rule| engine.is_enabled(rule, None))?;
            let mut hasher = IdentityHasher::new(rule.id());
            for part in &hint.about {
                hasher.part(part);
            }
            Some(Finding {
                rule: RuleId::new(rule.id()),
                severity: engine.severity(rule, None),
                confidence: if hint.certain {
                    Confidence::High
                } else {
                    Confidence::Medium
                },
                category: rule.meta().category,
                message: hint.message.clone(),
                location: location(file, text, hint.span),
                related: Vec::new(),
                measure: None,
                symbol: None,
                identity: hasher.finish(),
                alias: None,
                tools: Vec::new(),
                fingerprint: Fingerprint::default(),
                state: State::Introduced,
                suppressed: None,
                fix: None,
                frame: Frame::default(),
            })
        })
        .collect()
}
