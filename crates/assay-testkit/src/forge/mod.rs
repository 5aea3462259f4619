//! Fakes of forges over HTTP on this machine. They keep state, enforce the rules
//! that the real ones enforce, remember all that was asked, and fail as planned:
//! before or after they did what was asked.

mod github;
mod gitlab;
mod lines;
pub(crate) mod server;

pub use github::{
    AnnotationsSeen, CommentSeen, FakeGitHub, GitHubRules, PullSpec, ReviewSeen, verify_echo,
};
pub use gitlab::{DiscussionSeen, FakeGitLab};
pub use server::{Exchange, Fault};
