//! Behaviour of the crate as others see it.
#![expect(
    clippy::disallowed_methods,
    reason = "golden files are files of the crate"
)]

mod compact;
mod formats;
mod golden;
mod hostile;
mod import;
mod rejected;
mod sample;
mod silence;
mod valid;
mod xml;
