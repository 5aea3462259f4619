//! Behaviour of the crate, with the format that the reviewing process writes,
//! with programs that behave as badly as they can, and with workers that die.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the tests write the programs that are started; a test stops where something is not as expected"
)]

mod budget;
mod encryption;
#[cfg(unix)]
mod examiner;
mod fixes;
mod injection;
mod outgoing;
mod remarks;
mod replica;
#[cfg(unix)]
mod review_process;
mod texts;
mod work;
