//! The clients of forges, as the settings say.

use std::sync::Arc;

use anyhow::Context as _;
use assay_app::{ForgeClient, ForgeIntake, ForgeTools};
use assay_auth::{KeyName, SigningKey};
use assay_forge::{
    AppSigner, Endpoint, EtagCache, GitHub, GitLab, GitLabToken, Identity, MemoryEtags, Policies,
    RuntimeSleeper, World,
};
use secrecy::SecretString;

use super::settings::{ForgeSettings, GitHubAccess, GitHubSettings, GitLabSettings};
use super::world::{SystemClock, SystemRandomness};

/// Bytes of answers of a forge that are kept to be asked for again for nothing.
const ETAGS_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Returns how webhooks are taken in; without a secret none is.
pub(super) fn intake(settings: &ForgeSettings) -> Option<ForgeIntake> {
    (!settings.webhook_secrets.is_empty()).then(|| ForgeIntake {
        host: settings.host.clone(),
        secrets: settings.webhook_secrets.clone(),
    })
}

/// Returns how GitHub is reached; none when there is nothing to show it.
pub(super) fn github(
    settings: &GitHubSettings,
    policies: Policies,
    etags: Arc<dyn EtagCache>,
) -> anyhow::Result<Option<ForgeTools>> {
    let identity = match &settings.access {
        GitHubAccess::None => return Ok(None),
        GitHubAccess::Tokens(tokens) => Identity::Tokens(tokens.clone()),
        GitHubAccess::App { issuer, key } => Identity::App {
            issuer: issuer.clone(),
            signer: Arc::new(Signer::new(key)?),
        },
    };
    let endpoint = endpoint(&settings.forge);
    let client = GitHub::new(&endpoint, identity, policies, world(), etags);
    let client = client.context("the client of GitHub")?;
    Ok(Some(tools(&settings.forge, ForgeClient::GitHub(client))))
}

/// Returns how GitLab is reached; none when there is nothing to show it.
pub(super) fn gitlab(
    settings: &GitLabSettings,
    policies: Policies,
    etags: Arc<dyn EtagCache>,
) -> anyhow::Result<Option<ForgeTools>> {
    let Some(token) = &settings.token else {
        return Ok(None);
    };
    let token = GitLabToken::Access(token.clone());
    let endpoint = endpoint(&settings.forge);
    let client = GitLab::new(&endpoint, &token, policies, world(), etags);
    let client = client.context("the client of GitLab")?;
    Ok(Some(tools(&settings.forge, ForgeClient::GitLab(client))))
}

fn endpoint(settings: &ForgeSettings) -> Endpoint {
    Endpoint {
        allow_plain: settings.allow_plain,
        ..Endpoint::new(settings.api.clone())
    }
}

fn tools(settings: &ForgeSettings, client: ForgeClient) -> ForgeTools {
    ForgeTools {
        client,
        clone_base: settings.clone.clone(),
        check_name: settings.check_name.clone(),
        on_broken: settings.on_broken,
        reviews_drafts: settings.reviews_drafts,
    }
}

pub(crate) fn world() -> World {
    World {
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
        sleeper: Arc::new(RuntimeSleeper),
    }
}

pub(crate) fn etags() -> Arc<MemoryEtags> {
    Arc::new(MemoryEtags::new(ETAGS_BYTES_MAX))
}

/// Signs as the app.
struct Signer(SigningKey);

impl Signer {
    fn new(pem: &SecretString) -> anyhow::Result<Self> {
        let name = KeyName::parse("app").context("a key's name")?;
        let key = SigningKey::private_pem(name, pem).context("the private key of the app")?;
        Ok(Self(key))
    }
}

impl AppSigner for Signer {
    fn sign_rs256(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        self.0.sign_bytes(message).map_err(|why| why.to_string())
    }
}
