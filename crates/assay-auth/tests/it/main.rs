//! What the crate promises its callers, as tables of attacks and answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops where something is not as expected"
)]

mod api_key;
mod audit;
mod authorise;
mod field;
mod parser;
mod signature;
mod token;
