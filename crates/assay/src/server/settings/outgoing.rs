//! The section `outgoing`: which networks outgoing webhooks may reach besides the public
//! Internet.

use assay_auth::Networks;
use serde::Deserialize;

use super::http;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OutgoingFile {
    allow: Vec<String>,
}

pub(super) fn read(file: &OutgoingFile) -> anyhow::Result<Networks> {
    http::networks("outgoing.allow", &file.allow)
}
