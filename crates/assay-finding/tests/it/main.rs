//! Behaviour of the crate as others see it.
#![expect(
    clippy::disallowed_methods,
    reason = "golden files are files of the crate"
)]

mod compact;
mod formats;
mod golden;
mod sample;
mod silence;
