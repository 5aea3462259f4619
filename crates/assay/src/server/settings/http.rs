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
    pub(super) address_connections: Option<usize>,
    pub(super) bodies_megabytes: Option<usize>,
    pub(super) address_bodies_megabytes: Option<usize>,
    pub(super) body_seconds: Option<u64>,
}

/// How much strangers may make the server hold.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct HttpLimits {
    /// Connections of one address, or through a proxy requests at once.
    pub(in crate::server) address_connections_max: usize,
    /// Bytes of bodies, of all callers together.
    pub(in crate::server) bodies_bytes_max: usize,
    /// Bytes of bodies of one address.
    pub(in crate::server) address_bodies_bytes_max: usize,
    /// So long may a body take to arrive.
    pub(in crate::server) body_ms: u64,
}

const MEGABYTE: usize = 1024 * 1024;
const ADDRESS_CONNECTIONS: usize = 512;
const ADDRESS_CONNECTIONS_MAX: usize = 100_000;
const BODIES_MEGABYTES: usize = 256;
/// A webhook of the largest size fits in.
const BODIES_MEGABYTES_MIN: usize = 26;
const BODIES_MEGABYTES_MAX: usize = 1_048_576;
const ADDRESS_BODIES_MEGABYTES: usize = 64;
const BODY_SECONDS: u64 = 20;
const BODY_SECONDS_MAX: u64 = 3_600;

/// Checks how much strangers may make the server hold.
pub(super) fn limits(file: &HttpFile) -> anyhow::Result<HttpLimits> {
    let number = |field: &str, value: Option<usize>, usual: usize, least: usize, most: usize| {
        let value = value.unwrap_or(usual);
        ensure!(
            (least..=most).contains(&value),
            "http.{field}: {least} to {most}, not {value}"
        );
        Ok(value)
    };
    let megabytes = |field: &str, value: Option<usize>, usual: usize| {
        let (least, most) = (BODIES_MEGABYTES_MIN, BODIES_MEGABYTES_MAX);
        number(field, value, usual, least, most).map(|megabytes| megabytes * MEGABYTE)
    };
    let seconds = file.body_seconds.unwrap_or(BODY_SECONDS);
    ensure!(
        (1..=BODY_SECONDS_MAX).contains(&seconds),
        "http.body_seconds: 1 to {BODY_SECONDS_MAX}, not {seconds}"
    );
    Ok(HttpLimits {
        address_connections_max: number(
            "address_connections",
            file.address_connections,
            ADDRESS_CONNECTIONS,
            1,
            ADDRESS_CONNECTIONS_MAX,
        )?,
        bodies_bytes_max: megabytes("bodies_megabytes", file.bodies_megabytes, BODIES_MEGABYTES)?,
        address_bodies_bytes_max: megabytes(
            "address_bodies_megabytes",
            file.address_bodies_megabytes,
            ADDRESS_BODIES_MEGABYTES,
        )?,
        body_ms: seconds * 1_000,
    })
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
