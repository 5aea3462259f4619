//! Reviews of changes that are held in memory.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test when something is missing"
)]

mod breaking;
mod cached;
mod dependencies;
mod early;
mod forgot;
mod introduced;
mod ledger;
mod left;
mod memory;
mod mend;
mod prompt;
mod stable;
mod templates;
