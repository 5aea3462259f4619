//! The server over real HTTP, on both databases: what it answers, to whom, and what
//! it refuses.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the document is compared with a file; a test stops where something is not as expected"
)]

mod access;
mod ask;
mod attack;
mod bomb;
mod budget;
mod compliance;
mod document;
mod events;
mod experiment;
mod figure;
mod flow;
mod kept;
mod knowledge;
mod live;
mod login;
mod people;
mod prompt;
mod proxy;
mod quota;
mod repository;
mod session;
mod token;
mod webhook;
