//! What GitLab answers, as far as Assay reads it. These structs are the edge:
//! names are GitLab's, and what may be null is an option.

use serde::Deserialize;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GitLabUser {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub username: String,
    /// Whether it is a program; only the own account says so.
    #[serde(default)]
    pub bot: bool,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Project {
    /// The number that stays when it is renamed.
    pub id: u64,
    /// Its name with that of its groups.
    pub path_with_namespace: String,
    /// The branch that changes are merged into; none in an empty project.
    #[serde(default)]
    pub default_branch: Option<String>,
    /// Where it is cloned from.
    #[serde(default)]
    pub http_url_to_repo: String,
}

/// The three commits that positions are counted in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DiffRefs {
    /// The last commit that both sides have.
    pub base_sha: String,
    /// The commit to be merged.
    pub head_sha: String,
    /// The commit of the branch that it goes into.
    pub start_sha: String,
}

/// A merge request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MergeRequest {
    /// Its number in the project.
    pub iid: u64,
    /// Its title.
    pub title: String,
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
    /// `opened`, `closed`, `merged` or `locked`.
    pub state: String,
    /// Whether it is not ready.
    #[serde(default)]
    pub draft: bool,
    /// The commit to be merged; none when the branch is empty.
    #[serde(default)]
    pub sha: Option<String>,
    /// What positions are counted in; none while GitLab works it out.
    #[serde(default)]
    pub diff_refs: Option<DiffRefs>,
    /// The branch to be merged.
    #[serde(default)]
    pub source_branch: String,
    /// The branch that it goes into.
    #[serde(default)]
    pub target_branch: String,
    /// Where the branch is; none when the fork was deleted.
    #[serde(default)]
    pub source_project_id: Option<u64>,
    /// Who opened it.
    #[serde(default)]
    pub author: Option<GitLabUser>,
    /// Where people read it.
    #[serde(default)]
    pub web_url: String,
}

/// A file of a merge request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MergeFile {
    /// Its path before.
    pub old_path: String,
    /// Its path after.
    pub new_path: String,
    /// The hunks; empty for binary and large files.
    #[serde(default)]
    pub diff: String,
    /// Whether it is new.
    #[serde(default)]
    pub new_file: bool,
    /// Whether it is deleted.
    #[serde(default)]
    pub deleted_file: bool,
    /// Whether it is renamed.
    #[serde(default)]
    pub renamed_file: bool,
}

/// A version of a merge request: one for each push.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MergeVersion {
    /// Its number.
    pub id: u64,
    /// The commit to be merged.
    pub head_commit_sha: String,
    /// The last commit that both sides have.
    pub base_commit_sha: String,
    /// The commit of the branch that it goes into.
    pub start_commit_sha: String,
}

/// Where a note stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct NotePosition {
    /// The commit that it is counted in.
    #[serde(default)]
    pub head_sha: Option<String>,
    /// The path after the change.
    #[serde(default)]
    pub new_path: Option<String>,
    /// The line after the change.
    #[serde(default)]
    pub new_line: Option<u32>,
    /// The line before it.
    #[serde(default)]
    pub old_line: Option<u32>,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Note {
    /// Its number.
    pub id: u64,
    /// What it says.
    #[serde(default)]
    pub body: String,
    /// Who wrote it.
    pub author: GitLabUser,
    /// Whether GitLab wrote it.
    #[serde(default)]
    pub system: bool,
    /// Whether its discussion is resolved.
    #[serde(default)]
    pub resolved: bool,
    /// Who resolved it.
    #[serde(default)]
    pub resolved_by: Option<GitLabUser>,
    /// Where it stands, on a line.
    #[serde(default)]
    pub position: Option<NotePosition>,
}

/// A discussion.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Discussion {
    /// Its identifier.
    pub id: String,
    /// Its notes, the first one first.
    pub notes: Vec<Note>,
}

/// An emoji that a note was given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Award {
    /// Its number.
    pub id: u64,
    /// Such as `thumbsup`.
    pub name: String,
    /// Whose it is.
    #[serde(default)]
    pub user: Option<GitLabUser>,
}
