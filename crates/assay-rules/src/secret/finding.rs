//! From a hit to a finding: the message, and an identity that does not give
//! the value away.

use assay_finding::{Identity, IdentityHasher, Severity};
use assay_source::SourceText;

use super::mask::mask;
use super::scan::SecretHit;
use crate::context::{Basis, Draft};
use crate::rule::Rule;
use crate::settings::Resolved;

/// Makes the finding of a hit, unless the hit is there only to be masked.
pub(crate) fn report<'t>(
    hit: &SecretHit,
    text: &SourceText,
    rule_index: u16,
    rule: &Rule,
    resolved: &Resolved,
) -> Option<Draft<'t>> {
    if !hit.is_reported {
        return None;
    }
    let severity = match hit.is_in_test {
        true => Severity::Low.min(rule.severity()),
        false => rule.severity(),
    };
    Some(Draft {
        rule_index,
        severity: resolved.severity.unwrap_or(severity),
        severity_is_set: resolved.severity.is_some(),
        confidence: hit.confidence,
        span: hit.span,
        node: None,
        message: message(hit, text),
        related: Vec::new(),
        measure: None,
        fix: None,
        basis: Basis::Own(identity(hit, text)),
        symbol: None,
    })
}

fn message(hit: &SecretHit, text: &SourceText) -> String {
    let detector = hit.detector();
    let shown = mask(text.slice(hit.masked), detector.shown);
    let mut out = match hit.name.and_then(|span| text.get(span)) {
        Some(name) => format!("`{name}` holds a {}: `{shown}`", detector.title),
        None => format!("a {} stands in the text: `{shown}`", detector.title),
    };
    if let Some(encoding) = hit.encoding {
        out.push_str(", encoded as ");
        out.push_str(encoding);
    }
    if hit.is_in_test {
        out.push_str(", in a test or an example");
    }
    if !hit.reasons.is_empty() {
        out.push_str(" (");
        out.push_str(&hit.reasons.join(", "));
        out.push(')');
    }
    out
}

/// So much of a hash of the value goes into the identity: enough to tell that
/// another value was put in its place, too little to test a guess against.
const VALUE_HASH_BITS: u8 = 12;

/// The identity is of the rule, the name and the shape, and never of a place:
/// a secret that moves stays the same finding. Of the value it holds its length
/// and twelve bits of a hash, so a guessed password fits one time in 4096 by
/// chance alone, while a value that replaced another is seen.
fn identity(hit: &SecretHit, text: &SourceText) -> Identity {
    let name = hit.name.and_then(|span| text.get(span)).unwrap_or("");
    identity_of(hit.rule(), name, text.slice(hit.masked))
}

/// Makes the identity of a value that was found by a rule beside a name.
pub(crate) fn identity_of(rule: &str, name: &str, value: &str) -> Identity {
    let mut digest = IdentityHasher::new("secret value");
    digest.part(value);
    let digest = digest.finish().to_string();
    let mut hasher = IdentityHasher::new(rule);
    hasher.part(name);
    hasher.part(&value.len().to_string());
    hasher.part(&digest[..usize::from(VALUE_HASH_BITS / 4)]);
    hasher.finish()
}
