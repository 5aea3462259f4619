//! The section `http`: whom the server believes, and who may ask it.

use anyhow::{Context as _, ensure};
use assay_auth::Networks;
use serde::Deserialize;

use super::sources::{host_of, is_local};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HttpFile {
    pub(super) proxies: Vec<String>,
    pub(super) inside: Option<Vec<String>>,
    pub(super) cors_origins: Vec<String>,
    pub(super) public_url: Option<String>,
    pub(super) path_prefix: String,
}

pub(super) fn networks(field: &str, texts: &[String]) -> anyhow::Result<Networks> {
    Networks::parse(texts.iter().map(String::as_str))
        .with_context(|| format!("{field}: networks such as `10.0.0.0/8`"))
}

/// Checks where people reach the server: scheme and host, over TLS but on this machine.
pub(super) fn public_url(url: Option<String>) -> anyhow::Result<Option<String>> {
    let Some(url) = url else {
        return Ok(None);
    };
    let url = url.trim_end_matches('/').to_owned();
    let origin = host_of(&url).map(|host| url.len() - host.len());
    let is_origin = origin == Some("https://".len()) || origin == Some("http://".len());
    ensure!(
        is_origin && (url.starts_with("https://") || is_local(&url)),
        "http.public_url: `{url}`, but it is an address such as `https://assay.example`, without a path"
    );
    Ok(Some(url))
}

/// Checks below which path people reach the server: parts of letters, digits, `-`, `_` and `.`.
pub(super) fn path_prefix(path: &str) -> anyhow::Result<String> {
    let path = path.trim_end_matches('/');
    let is_part = |part: &str| {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !matches!(part, "" | "." | "..") && part.bytes().all(is_fit)
    };
    let mut parts = path.split('/');
    let is_path = path.is_empty() || (parts.next() == Some("") && parts.all(is_part));
    ensure!(
        is_path,
        "http.path_prefix: `{path}`, but it is a path such as `/assay`"
    );
    Ok(path.to_owned())
}
