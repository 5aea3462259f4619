//! What the sections `github` and `gitlab` have in common: where the forge is, how
//! it reaches us, and what it is shown.

use std::path::PathBuf;

use anyhow::Context as _;
use assay_forge::OnBroken;
use secrecy::SecretString;

use super::sources::{host_of, is_local, read_secret, variable};

const CHECK_NAME: &str = "Assay";

/// How a forge is reached, and how it reaches us.
pub(in crate::server) struct ForgeSettings {
    pub(in crate::server) host: String,
    pub(in crate::server) api: String,
    pub(in crate::server) clone: String,
    pub(in crate::server) allow_plain: bool,
    pub(in crate::server) webhook_secrets: Vec<SecretString>,
    pub(in crate::server) check_name: String,
    pub(in crate::server) on_broken: OnBroken,
    pub(in crate::server) reviews_drafts: bool,
}

/// What the file says of it.
pub(super) struct Said {
    pub(super) api: Option<String>,
    pub(super) clone: Option<String>,
    pub(super) webhook_secret_files: Vec<PathBuf>,
    pub(super) check_name: Option<String>,
    pub(super) fail_when_broken: bool,
    pub(super) drafts: bool,
}

/// What is usual of it, and what it is called.
pub(super) struct Usual {
    /// The section of the file.
    pub(super) section: &'static str,
    /// How its variables begin.
    pub(super) prefix: &'static str,
    pub(super) api: &'static str,
    pub(super) clone: &'static str,
}

pub(super) fn read(said: Said, usual: &Usual) -> anyhow::Result<ForgeSettings> {
    let (prefix, section) = (usual.prefix, usual.section);
    let mut webhook_secrets = Vec::new();
    if let Some(secret) = variable(&format!("{prefix}_WEBHOOK_SECRET")) {
        webhook_secrets.push(SecretString::from(secret));
    }
    for path in &said.webhook_secret_files {
        webhook_secrets.push(SecretString::from(read_secret(path)?));
    }
    let or_usual = |value: Option<String>, usual: &str| value.unwrap_or_else(|| usual.to_owned());
    let api = variable(&format!("{prefix}_API")).or(said.api);
    let api = or_usual(api, usual.api);
    let clone = variable(&format!("{prefix}_CLONE")).or(said.clone);
    let clone = or_usual(clone, usual.clone);
    let host = host_of(&clone).with_context(|| {
        let usual = usual.clone;
        format!("{section}.clone: `{clone}` is no address such as {usual}")
    })?;
    Ok(ForgeSettings {
        host: host.to_owned(),
        // A forge on this machine, as in tests and behind a proxy, may be plain.
        allow_plain: api.starts_with("http://") && is_local(&api),
        api,
        clone,
        webhook_secrets,
        check_name: or_usual(said.check_name, CHECK_NAME),
        on_broken: match said.fail_when_broken {
            true => OnBroken::Failure,
            false => OnBroken::Neutral,
        },
        reviews_drafts: said.drafts,
    })
}
