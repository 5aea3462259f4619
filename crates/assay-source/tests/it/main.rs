//! Texts and differences between them.
#![expect(clippy::unwrap_used, reason = "tests")]

mod diff;
mod text;
