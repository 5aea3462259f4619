//! Where settings are read from: variables of the environment and limited files.

use std::path::Path;

use anyhow::{Context as _, ensure};

/// Bytes of a file of settings or of a secret.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

pub(super) fn read_secret(path: &Path) -> anyhow::Result<String> {
    let text = read_limited(path)?;
    ensure!(!text.trim().is_empty(), "{} is empty", path.display());
    Ok(text.trim().to_owned())
}

pub(super) fn read_limited(path: &Path) -> anyhow::Result<String> {
    use std::io::Read as _;
    let fault = || format!("{} cannot be read", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).with_context(fault)?;
    file.take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .with_context(fault)?;
    ensure!(
        text.len() as u64 <= FILE_BYTES_MAX,
        "{} has more than {FILE_BYTES_MAX} bytes",
        path.display()
    );
    Ok(text)
}

pub(super) fn host_of(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    rest.split('/').next().filter(|host| !host.is_empty())
}

pub(crate) fn is_local(url: &str) -> bool {
    host_of(url).is_some_and(|host| {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        matches!(name, "127.0.0.1" | "localhost" | "[::1]")
    })
}
