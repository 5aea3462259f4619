//! Fixtures and harnesses for tests; never part of what is shipped.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "fixtures are made on disk, repositories by the git program"
)]

#[cfg(feature = "chaos")]
pub mod chaos;
#[cfg(feature = "forge")]
pub mod forge;
mod git_repo;
mod git_server;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "identity")]
pub mod identity;
pub mod limit;
#[cfg(feature = "llm")]
pub mod llm;
#[cfg(feature = "pem")]
pub mod pem;
#[cfg(feature = "server")]
pub mod receiver;
#[cfg(feature = "server")]
pub mod server;
pub mod services;
#[cfg(feature = "store")]
pub mod store;
mod world;

pub use git_repo::GitRepo;
pub use git_server::{GitServer, GitServerOptions};
pub use world::{MachineClock, SeededRandomness, SettableClock};
