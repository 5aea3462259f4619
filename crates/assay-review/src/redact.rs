//! Keeps secrets out of everything that is shown: frames are cut out of a
//! masked text, and messages, names, reasons and fixes are gone over here.

use std::sync::Arc;

use assay_finding::{Finding, PlacedDirective};
use assay_rules::{MaskedText, SecretRules, secret_spans};
use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::ParsedFile;

/// Masks a text that is shown; `known` is where its secrets stand, when
/// somebody has looked.
pub(crate) fn mask_file(
    path: &RepoPath,
    text: &Arc<SourceText>,
    known: Option<&[Span]>,
    own: &SecretRules,
) -> MaskedText {
    if let Some(known) = known {
        return MaskedText::new(text, known);
    }
    MaskedText::new(text, &shown_secrets(path, text, None, own))
}

/// Returns where secrets stand in a text that nobody has searched for them.
pub(crate) fn shown_secrets(
    path: &RepoPath,
    text: &Arc<SourceText>,
    parsed: Option<&ParsedFile>,
    own: &SecretRules,
) -> Vec<Span> {
    let mut spans = secret_spans(path, text, parsed);
    spans.extend(own.spans(path, text));
    spans
}

/// Masks what a finding says.
///
/// A fix that writes a secret, or touches a line that has one, is dropped:
/// formats show it as lines of code, and a masked line that is applied
/// destroys the file.
pub(crate) fn finding(finding: &mut Finding, masked: &MaskedText) {
    if masked.is_empty() {
        return;
    }
    masked.redact(&mut finding.message);
    if let Some(symbol) = &mut finding.symbol {
        masked.redact(symbol);
    }
    for related in &mut finding.related {
        masked.redact(&mut related.message);
    }
    if let Some(suppressed) = &mut finding.suppressed
        && let Some(reason) = &mut suppressed.reason
    {
        masked.redact(reason);
    }
    let lines = masked.text.lines();
    let touches = finding.fix.as_ref().is_some_and(|fix| {
        masked.is_in(&fix.title)
            || fix.edits.iter().any(|edit| {
                let first = lines.line_span(lines.line_of(edit.span.start));
                let last = lines.line_span(lines.line_of(edit.span.end));
                masked.is_in(&edit.text) || masked.touches(Span::new(first.start, last.end))
            })
    });
    if touches {
        finding.fix = None;
    }
}

/// Masks the reasons of the comments that silence findings.
pub(crate) fn directives(directives: &mut [PlacedDirective], masked: &MaskedText) {
    for placed in directives {
        if let Some(reason) = &mut placed.directive.reason {
            masked.redact(reason);
        }
    }
}
