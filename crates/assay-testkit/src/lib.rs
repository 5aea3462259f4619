//! Fixtures and harnesses for tests; never part of what is shipped.

mod git_repo;

pub use git_repo::GitRepo;
