//! The section `github`: how GitHub is reached, and how it reaches us.

use std::path::PathBuf;

use anyhow::bail;
use assay_forge::Secret;
use secrecy::SecretString;
use serde::Deserialize;

use super::forge::{self, ForgeSettings, Said, Usual};
use super::sources::{read_secret, variable};

const USUAL: Usual = Usual {
    section: "github",
    prefix: "ASSAY_GITHUB",
    api: "https://api.github.com",
    clone: "https://github.com",
};

/// How GitHub is reached, and how it reaches us.
pub(in crate::server) struct GitHubSettings {
    pub(in crate::server) forge: ForgeSettings,
    pub(in crate::server) access: GitHubAccess,
}

/// What is shown to GitHub.
pub(in crate::server) enum GitHubAccess {
    None,
    Tokens(Vec<Secret>),
    App { issuer: String, key: SecretString },
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GitHubFile {
    api: Option<String>,
    clone: Option<String>,
    app: Option<String>,
    private_key_file: Option<PathBuf>,
    token_files: Vec<PathBuf>,
    webhook_secret_files: Vec<PathBuf>,
    check_name: Option<String>,
    fail_when_broken: bool,
    drafts: bool,
}

pub(super) fn read(file: GitHubFile) -> anyhow::Result<Option<GitHubSettings>> {
    let mut tokens: Vec<Secret> = Vec::new();
    if let Some(token) = variable("ASSAY_GITHUB_TOKEN") {
        tokens.push(Secret::new(token));
    }
    for path in &file.token_files {
        tokens.push(Secret::new(read_secret(path)?));
    }
    let app = variable("ASSAY_GITHUB_APP").or(file.app);
    let key_file = variable("ASSAY_GITHUB_PRIVATE_KEY_FILE").map(PathBuf::from);
    let key_file = key_file.or(file.private_key_file);
    let access = match (app, key_file) {
        (Some(issuer), Some(path)) => GitHubAccess::App {
            issuer,
            key: SecretString::from(read_secret(&path)?),
        },
        (Some(_), None) => bail!("github.app is there without github.private_key_file"),
        (None, Some(_)) => bail!("github.private_key_file is there without github.app"),
        (None, None) if tokens.is_empty() => GitHubAccess::None,
        (None, None) => GitHubAccess::Tokens(tokens),
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
    if matches!(access, GitHubAccess::None) && forge.webhook_secrets.is_empty() {
        return Ok(None);
    }
    Ok(Some(GitHubSettings { forge, access }))
}
