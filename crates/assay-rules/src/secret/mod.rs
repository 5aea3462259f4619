//! Secrets in text: wide candidates by keyword, then judgement.
//!
//! One search over the text finds every keyword of every detector. A detector
//! with a format of its own (a provider's token) tries its pattern in the
//! window around its keyword and checks entropy, structure and checksum. What
//! only a telling name gives away (`password = "..."`) goes to a small model
//! that was trained by `cargo xtask train-secrets`.
//!
//! Invariant: no message, note or identity that leaves this module holds a
//! value; places hold spans, and [`mask`] says how a value is shown.

mod allow;
mod assignment;
mod check;
mod context;
mod custom;
mod decode;
mod detector;
mod feature;
mod finding;
mod mask;
mod model;
mod ngram;
mod pem;
mod recipe;
mod scan;
mod scheme;
mod url;

use assay_finding::Finding;

use crate::engine::{Engine, FileInput};

pub use allow::SecretAllow;
pub use custom::SecretRules;
pub(crate) use detector::SPECS;
pub(crate) use finding::report;
pub use mask::{MaskedText, mask};
pub(crate) use recipe::expand;
pub use scan::{
    SecretHit, SecretSample, find_secrets, keywords as secret_keywords, secret_samples,
};

/// The pack of the rules about secrets.
pub(crate) const PACK: &str = "secret";

/// The names of the model's features, in order.
pub fn secret_features() -> Vec<&'static str> {
    feature::FEATURES.iter().map(|(name, _)| *name).collect()
}

/// Returns the secrets of a text as findings, without running any other rule.
pub fn secret_findings(engine: &Engine, input: &FileInput<'_>) -> Vec<Finding> {
    engine.run_secrets_alone(input)
}
