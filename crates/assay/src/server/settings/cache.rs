//! The section `cache`: where what was worked out is kept for all processes.

use anyhow::ensure;
use assay_store::CacheOptions;
use serde::Deserialize;

use super::sources::variable;

const MEGABYTES: u64 = 64;
const MEGABYTES_MAX: u64 = 64 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CacheFile {
    url: Option<String>,
    megabytes: Option<u64>,
}

pub(super) fn read(file: CacheFile) -> anyhow::Result<CacheOptions> {
    let megabytes = file.megabytes.unwrap_or(MEGABYTES);
    ensure!(
        (1..=MEGABYTES_MAX).contains(&megabytes),
        "cache.megabytes: 1 to {MEGABYTES_MAX}, not {megabytes}"
    );
    let redis_url = variable("ASSAY_CACHE_URL").or(file.url);
    ensure!(
        redis_url.as_deref().is_none_or(is_redis),
        "cache.url: an address that begins with `redis://`, `rediss://` or `unix://`"
    );
    Ok(CacheOptions {
        redis_url,
        local_bytes_max: megabytes * 1024 * 1024,
    })
}

fn is_redis(url: &str) -> bool {
    let schemes = ["redis://", "rediss://", "unix://", "redis+unix://"];
    schemes.iter().any(|scheme| url.starts_with(scheme))
}
