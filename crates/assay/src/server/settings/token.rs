//! The section `tokens`: which keys sign the tokens that the server gives out, and
//! until when each does.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use assay_auth::{Algorithm, KeyName, RotatedKey, SigningKey, TokenKeys};
use jiff::Timestamp;
use secrecy::{SecretSlice, SecretString};
use serde::Deserialize;

use super::sources::{read_secret, variable};

/// For whom tokens are signed, and who checks them, when nothing else is said.
const NAME: &str = "assay";

/// How tokens are signed.
pub(in crate::server) struct TokenSettings {
    pub(in crate::server) issuer: String,
    pub(in crate::server) audience: String,
    pub(in crate::server) life_s: i64,
    /// None: one that the server makes itself.
    pub(in crate::server) keys: Vec<TokenKeySettings>,
}

/// A key that signs tokens.
pub(in crate::server) struct TokenKeySettings {
    name: KeyName,
    algorithm: Algorithm,
    text: SecretString,
    signs_from_ms: i64,
    retired_ms: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TokensFile {
    issuer: Option<String>,
    audience: Option<String>,
    life_seconds: Option<i64>,
    keys: Vec<KeyFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    name: String,
    algorithm: String,
    file: PathBuf,
    signs_from: Option<String>,
    retired: Option<String>,
}

pub(super) fn read(file: TokensFile) -> anyhow::Result<TokenSettings> {
    let keys = file.keys.into_iter().map(read_key);
    let mut keys: Vec<_> = keys.collect::<anyhow::Result<_>>()?;
    if let Some(secret) = variable("ASSAY_TOKEN_SECRET") {
        ensure!(
            keys.is_empty(),
            "ASSAY_TOKEN_SECRET is there beside tokens.keys; one of them is enough"
        );
        keys.push(TokenKeySettings {
            name: KeyName::parse("environment").context("a key's name")?,
            algorithm: Algorithm::Hs256,
            text: secret.into(),
            signs_from_ms: 0,
            retired_ms: None,
        });
    }
    Ok(TokenSettings {
        issuer: file.issuer.unwrap_or_else(|| NAME.to_owned()),
        audience: file.audience.unwrap_or_else(|| NAME.to_owned()),
        life_s: file.life_seconds.unwrap_or(TokenKeys::LIFE_S),
        keys,
    })
}

fn read_key(file: KeyFile) -> anyhow::Result<TokenKeySettings> {
    let place = format!("tokens.keys: `{}`", file.name);
    let name = KeyName::parse(&file.name).with_context(|| place.clone())?;
    let algorithms = [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256];
    let mut named = algorithms.into_iter();
    let Some(algorithm) = named.find(|one| one.name() == file.algorithm) else {
        bail!(
            "{place}: the algorithm is HS256, RS256 or ES256, not `{}`",
            file.algorithm
        );
    };
    let time = |text: Option<String>| -> anyhow::Result<Option<i64>> {
        let time = text.map(|text| text.parse::<Timestamp>()).transpose();
        let time = time.with_context(|| {
            format!("{place}: times are written such as `2026-07-01T00:00:00Z`")
        })?;
        Ok(time.map(Timestamp::as_millisecond))
    };
    Ok(TokenKeySettings {
        name,
        algorithm,
        text: read_secret(&file.file)?.into(),
        signs_from_ms: time(file.signs_from)?.unwrap_or(0),
        retired_ms: time(file.retired)?,
    })
}

impl TokenKeySettings {
    /// Makes the key: of the bytes of a secret, of a private key in PEM, or of a public
    /// key as a JSON web key, which verifies only.
    pub(in crate::server) fn key(&self) -> anyhow::Result<RotatedKey> {
        use secrecy::ExposeSecret as _;
        let place = || format!("tokens.keys: `{}`", self.name);
        let text = self.text.expose_secret();
        let key = match self.algorithm {
            Algorithm::Hs256 => {
                let secret = SecretSlice::from(text.as_bytes().to_vec());
                SigningKey::shared(self.name.clone(), &secret)
            }
            Algorithm::Rs256 | Algorithm::Es256 if text.starts_with('{') => {
                let jwk = serde_json::from_str(text)
                    .with_context(|| format!("{}: this is no JSON web key", place()))?;
                SigningKey::public_jwk(&jwk)
            }
            Algorithm::Rs256 | Algorithm::Es256 => {
                SigningKey::private_pem(self.name.clone(), &self.text)
            }
        };
        let key = key.with_context(place)?;
        ensure!(
            key.algorithm() == self.algorithm,
            "{}: this is a key for {}, not {}",
            place(),
            key.algorithm().name(),
            self.algorithm.name()
        );
        ensure!(
            *key.name() == self.name,
            "{}: the `kid` of the JSON web key is `{}`",
            place(),
            key.name()
        );
        Ok(RotatedKey {
            key,
            signs_from_ms: self.signs_from_ms,
            retired_ms: self.retired_ms,
        })
    }
}
