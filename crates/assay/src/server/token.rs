//! The keys that sign tokens: those of the settings, or one secret that the first
//! start makes.

use std::path::Path;

use anyhow::{Context as _, ensure};
use assay_auth::{KeyName, RotatedKey, SigningKey, TokenKeys};
use assay_source::{Clock as _, Randomness as _};
use secrecy::SecretSlice;

use super::settings::{TokenKeySettings, TokenSettings};
use super::world::{SystemClock, SystemRandomness, write_secret};

/// Bytes of the secret that signs tokens when no key is configured.
const SECRET_BYTES: usize = 48;

/// Returns the keys that sign tokens; of those that are configured one has to sign now.
pub(super) fn token_keys(settings: &TokenSettings, data: &Path) -> anyhow::Result<TokenKeys> {
    let keys = match settings.keys.as_slice() {
        [] => vec![own(data)?],
        keys => keys
            .iter()
            .map(TokenKeySettings::key)
            .collect::<anyhow::Result<_>>()?,
    };
    let keys = TokenKeys::new(
        settings.issuer.clone(),
        settings.audience.clone(),
        settings.life_s,
        keys,
    )
    .context("the section `tokens`: 1 to 16 keys of different names, a life of at most 30 days")?;
    ensure!(
        keys.signer(SystemClock.now_ms()).is_some(),
        "tokens.keys: none of them signs now"
    );
    Ok(keys)
}

fn own(data: &Path) -> anyhow::Result<RotatedKey> {
    let file = data.join("token.secret");
    let fault = || format!("{} cannot be read or made", file.display());
    let secret = match std::fs::read(&file) {
        Ok(secret) => secret,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut secret = vec![0; SECRET_BYTES];
            SystemRandomness.fill(&mut secret);
            write_secret(&file, &secret).with_context(fault)?
        }
        Err(error) => return Err(error).with_context(fault),
    };
    let name = KeyName::parse("local").context("a key's name")?;
    let key = SigningKey::shared(name, &SecretSlice::from(secret)).with_context(fault)?;
    Ok(RotatedKey {
        key,
        signs_from_ms: 0,
        retired_ms: None,
    })
}
