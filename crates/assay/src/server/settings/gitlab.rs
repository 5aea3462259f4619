//! The section `gitlab`: how GitLab is reached, and how it reaches us.

use std::path::PathBuf;

use assay_forge::Secret;
use serde::Deserialize;

use super::forge::{self, ForgeSettings, Said, Usual};
use super::sources::{read_secret, variable};

const USUAL: Usual = Usual {
    section: "gitlab",
    prefix: "ASSAY_GITLAB",
    api: "https://gitlab.com/api/v4",
    clone: "https://gitlab.com",
};

/// How GitLab is reached, and how it reaches us.
pub(in crate::server) struct GitLabSettings {
    pub(in crate::server) forge: ForgeSettings,
    /// A token of a person, a project or a group.
    pub(in crate::server) token: Option<Secret>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GitLabFile {
    api: Option<String>,
    clone: Option<String>,
    token_file: Option<PathBuf>,
    webhook_secret_files: Vec<PathBuf>,
    check_name: Option<String>,
    fail_when_broken: bool,
    drafts: bool,
}

pub(super) fn read(file: GitLabFile) -> anyhow::Result<Option<GitLabSettings>> {
    let token = match (variable("ASSAY_GITLAB_TOKEN"), &file.token_file) {
        (Some(token), _) => Some(Secret::new(token)),
        (None, Some(path)) => Some(Secret::new(read_secret(path)?)),
        (None, None) => None,
    };
    let said = Said {
        api: file.api,
        clone: file.clone,
        webhook_secret_files: file.webhook_secret_files,
        check_name: file.check_name,
        fail_when_broken: file.fail_when_broken,
        drafts: file.drafts,
    };
    let forge = forge::read(said, &USUAL)?;
    if token.is_none() && forge.webhook_secrets.is_empty() {
        return Ok(None);
    }
    Ok(Some(GitLabSettings { forge, token }))
}
