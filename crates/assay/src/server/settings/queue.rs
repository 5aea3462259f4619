//! The section `queue`: how workers on other machines hear of work.

use anyhow::ensure;
use serde::Deserialize;

use super::sources::variable;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct QueueFile {
    url: Option<String>,
}

/// Returns the address of NATS, if there is one.
pub(super) fn url(file: QueueFile) -> anyhow::Result<Option<String>> {
    let url = variable("ASSAY_QUEUE_URL").or(file.url);
    ensure!(
        url.as_deref()
            .is_none_or(|url| url.starts_with("nats://") || url.starts_with("tls://")),
        "queue.url: an address that begins with `nats://` or `tls://`"
    );
    Ok(url)
}
