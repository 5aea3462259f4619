//! Looks through a text for secrets, at once.

use assay_app::SecretScan;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::{Authenticated, Payload};
use crate::problem::{Problem, Refusals};

/// A text that is to be looked through.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecretScan)]
pub(crate) struct WireScan {
    /// What the file would be called; what stands where depends on it.
    #[serde(default = "path")]
    #[schema(default = "text.txt", example = "config/settings.py")]
    path: String,
    /// The text; it is kept nowhere.
    #[schema(max_length = 1_048_576)]
    text: String,
}

fn path() -> String {
    "text.txt".to_owned()
}

/// What was found.
#[derive(Serialize, ToSchema)]
#[schema(as = SecretsFound)]
pub(crate) struct WireScanned {
    /// The secrets, the worst first; never with their text.
    secrets: Vec<WireSecret>,
}

/// A secret that was found, without the secret.
#[derive(Serialize, ToSchema)]
#[schema(as = SecretFound)]
pub(crate) struct WireSecret {
    /// The rule.
    #[schema(example = "secret/github-personal-token")]
    rule: String,
    /// How bad it is.
    severity: String,
    /// How sure it is.
    confidence: String,
    /// What it says.
    message: String,
    /// Its identity.
    fingerprint: String,
    /// Where it begins: the line, from 1.
    line: u32,
    /// Where it begins: the column, from 1.
    column: u32,
    /// The line where it ends.
    line_end: u32,
    /// The column after its end.
    column_end: u32,
}

/// Looks through a text for secrets.
#[utoipa::path(
    post, path = "/api/v1/security/scan/secrets", operation_id = "scan_secrets", tag = "reviews",
    request_body = WireScan,
    responses((status = 200, body = WireScanned, description = "What was found."), Refusals)
)]
pub(crate) async fn secrets(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Payload(scan): Payload<WireScan>,
) -> Result<Json<WireScanned>, Problem> {
    let scan = SecretScan {
        path: scan.path,
        text: scan.text,
    };
    let found = context.app.scan_secrets(&caller, scan).await?;
    let secrets = found.into_iter().map(|secret| WireSecret {
        rule: secret.rule,
        severity: secret.severity,
        confidence: secret.confidence,
        message: secret.message,
        fingerprint: secret.fingerprint,
        line: secret.start.0,
        column: secret.start.1,
        line_end: secret.end.0,
        column_end: secret.end.1,
    });
    Ok(Json(WireScanned {
        secrets: secrets.collect(),
    }))
}
