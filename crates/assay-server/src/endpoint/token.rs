//! Tokens in exchange for a key, and who the caller is.

use assay_app::QuotaView;
use assay_auth::PermissionSet;
use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::{Authenticated, Payload, Uncounted};
use crate::problem::{Problem, Refusals};

/// What a token is wished for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TokenWish)]
pub(crate) struct WireTokenWish {
    /// What it is to allow; all that the caller may do, when this is left out.
    #[schema(example = json!(["review:read"]))]
    permissions: Option<Vec<String>>,
}

/// A token.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct WireToken {
    /// The token, for `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How long it is good, in seconds.
    expires_in: i64,
    /// What it allows, with spaces between.
    scope: String,
}

/// Gives out a token for a part of what the caller may do.
///
/// It is good for a day, unless configured, and worth nothing at once when its key
/// is revoked.
#[utoipa::path(
    post, path = "/api/v1/auth/token", operation_id = "token_issue", tag = "access",
    request_body = WireTokenWish,
    responses((status = 200, body = WireToken, description = "The token."), Refusals)
)]
pub(crate) async fn issue(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Payload(wish): Payload<WireTokenWish>,
) -> Result<Json<WireToken>, Problem> {
    let permissions = wish.permissions.as_deref().map(permissions).transpose()?;
    let issued = context.app.token_issue(&caller, permissions).await?;
    Ok(Json(WireToken {
        access_token: issued.text.expose_secret().to_owned(),
        token_type: "Bearer",
        expires_in: issued.claims.expires_s - issued.claims.issued_s,
        scope: issued.claims.permissions.names().join(" "),
    }))
}

/// Public keys (RFC 7517).
#[derive(Serialize, ToSchema)]
#[schema(as = PublicKeys)]
pub(crate) struct WirePublicKeys {
    /// A key each; none of a secret that is shared.
    keys: Vec<Value>,
}

/// Returns the public keys by which tokens can be verified elsewhere.
///
/// A key is there before it signs and until it is retired. Tokens signed by HS256 have none.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "token_public_keys", tag = "access",
    security(()),
    responses((status = 200, body = WirePublicKeys, description = "The keys."))
)]
pub(crate) async fn public_keys(State(context): State<Context>) -> impl IntoResponse {
    let kept = [(CACHE_CONTROL, "public, max-age=300")];
    let keys = context.app.token_public_keys();
    let keys = keys["keys"].as_array().cloned().unwrap_or_default();
    (kept, Json(WirePublicKeys { keys }))
}

/// Who the caller is.
#[derive(Serialize, ToSchema)]
#[schema(as = Profile)]
pub(crate) struct WireProfile {
    /// The caller, as the audit log names them.
    #[schema(example = "key:019b76da-a800-7000-8000-000000000000")]
    actor: String,
    /// The person's name, where there is a person.
    login: Option<String>,
    /// The organisation that is meant.
    organisation: WireOrganisationName,
    /// What the caller may do there.
    permissions: Vec<&'static str>,
    /// What language models were used for, by those who may see it.
    usage: Option<WireUsage>,
    /// The quotas that hold for the caller, and what was used of them.
    quotas: Vec<WireQuota>,
}

/// A quota and what was used of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Quota)]
pub(crate) struct WireQuota {
    /// What is counted: `reviews` or `calls`.
    #[schema(example = "reviews")]
    kind: &'static str,
    /// Whose it is: `organisation`, or `user` for the caller's own.
    #[schema(example = "organisation")]
    of: &'static str,
    /// Today, in UTC.
    day: WireAmount,
    /// This month, in UTC.
    month: WireAmount,
}

/// How much there is of something and how much was used.
#[derive(Serialize, ToSchema)]
#[schema(as = QuotaAmount)]
pub(crate) struct WireAmount {
    /// How much there is; none is no limit.
    max: Option<u64>,
    /// How much was used.
    used: u64,
    /// When it begins anew.
    resets_ms: i64,
}

impl From<QuotaView> for WireQuota {
    fn from(view: QuotaView) -> Self {
        Self {
            kind: view.kind.name(),
            of: match view.is_organisation {
                true => "organisation",
                false => "user",
            },
            day: WireAmount {
                max: view.quota.day_max,
                used: view.day_used,
                resets_ms: view.day_resets_ms,
            },
            month: WireAmount {
                max: view.quota.month_max,
                used: view.month_used,
                resets_ms: view.month_resets_ms,
            },
        }
    }
}

/// An organisation by its names.
#[derive(Serialize, ToSchema)]
#[schema(as = OrganisationName)]
pub(crate) struct WireOrganisationName {
    /// Its identifier.
    id: String,
    /// Its name in addresses.
    name: String,
}

/// What was used.
#[derive(Serialize, ToSchema)]
#[schema(as = Usage)]
pub(crate) struct WireUsage {
    /// From when on it is counted, in milliseconds since 1970.
    from_ms: i64,
    /// By model.
    models: Vec<WireModelUsage>,
}

/// What was used of a model.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelUsage)]
pub(crate) struct WireModelUsage {
    /// Who runs the model.
    provider: String,
    /// The model.
    model: String,
    /// How often it was called.
    calls: i64,
    /// Tokens that went in.
    prompt_tokens: i64,
    /// Tokens that came out.
    completion_tokens: i64,
    /// What it cost, in millionths of a dollar.
    cost_micros: i64,
}

/// Returns who the caller is, what they may do, and what was used.
#[utoipa::path(
    get, path = "/api/v1/user/profile", operation_id = "profile_get", tag = "access",
    params(("Assay-Organisation" = Option<String>, Header, description = "The organisation that is meant, for those in several.")),
    responses((status = 200, body = WireProfile, description = "The caller."), Refusals)
)]
pub(crate) async fn profile(
    State(context): State<Context>,
    Uncounted(caller): Uncounted,
) -> Result<Json<WireProfile>, Problem> {
    let profile = context.app.profile(&caller).await?;
    let from_ms = profile.usage_from_ms;
    let usage = profile.usage.map(|totals| {
        let models = totals.into_iter().map(|total| WireModelUsage {
            provider: total.provider,
            model: total.model,
            calls: total.calls,
            prompt_tokens: total.prompt_tokens,
            completion_tokens: total.completion_tokens,
            cost_micros: total.cost_micros,
        });
        WireUsage {
            from_ms,
            models: models.collect(),
        }
    });
    Ok(Json(WireProfile {
        actor: profile.actor.to_string(),
        login: profile.login,
        organisation: WireOrganisationName {
            id: profile.organisation.to_string(),
            name: profile.organisation_name,
        },
        permissions: profile.permissions.names(),
        usage,
        quotas: profile.quotas.into_iter().map(WireQuota::from).collect(),
    }))
}

/// Reads the names of permissions.
pub(crate) fn permissions(names: &[String]) -> Result<PermissionSet, Problem> {
    let set = PermissionSet::parse(names.iter().map(String::as_str));
    set.map_err(|_| Problem::invalid("`permissions`: there is no such permission"))
}
