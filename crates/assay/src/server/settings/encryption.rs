//! The section `encryption`: the keys that single fields of the database are encrypted
//! with.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use assay_auth::{FIELD_KEY_BYTES, FieldKeys, KeyName};
use assay_source::Randomness as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretSlice;
use serde::Deserialize;

use super::sources::read_secret;
use crate::server::world::{SystemRandomness, write_secret};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EncryptionFile {
    keys: Vec<KeyFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    name: String,
    file: PathBuf,
}

/// Returns the keys, the one that encrypts first: those of the settings, and the one that
/// the first start makes in the folder of the data.
pub(super) fn read(file: &EncryptionFile, data: &Path) -> anyhow::Result<FieldKeys> {
    let mut keys = Vec::new();
    for key in &file.keys {
        let place = || format!("encryption.keys: `{}`", key.name);
        let name = KeyName::parse(&key.name).with_context(place)?;
        let text = read_secret(&key.file)?;
        let bytes = STANDARD.decode(text).unwrap_or_default();
        ensure!(
            bytes.len() == FIELD_KEY_BYTES,
            "{}: the file has {FIELD_KEY_BYTES} bytes in base64, such as `openssl rand -base64 {FIELD_KEY_BYTES}` writes",
            place()
        );
        keys.push((name, SecretSlice::from(bytes)));
    }
    let own = data.join("field.secret");
    let fault = || format!("{} cannot be read or made", own.display());
    let bytes = match std::fs::read(&own) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !keys.is_empty() => None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut bytes = vec![0; FIELD_KEY_BYTES];
            SystemRandomness.fill(&mut bytes);
            Some(write_secret(&own, &bytes).with_context(fault)?)
        }
        Err(error) => return Err(error).with_context(fault),
    };
    if let Some(bytes) = bytes {
        let name = KeyName::parse("local").context("a key's name")?;
        keys.push((name, SecretSlice::from(bytes)));
    }
    FieldKeys::new(keys).context("encryption.keys: at most 15 of different names, none `local`")
}
