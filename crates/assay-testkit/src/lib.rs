//! Fixtures and harnesses for tests; never part of what is shipped.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "fixtures are made on disk, repositories by the git program"
)]

mod git_repo;

pub use git_repo::GitRepo;
