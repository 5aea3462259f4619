//! The document that describes the API. It is made of the handlers; the one that is
//! published, `openapi/assay.json`, is compared with it by a test.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, SecurityRequirement};
use utoipa::{Modify, OpenApi as _};

use crate::routes::described;

/// The name of the one way to show who calls.
const BEARER: &str = "bearer";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Assay",
        description = "Code review as a service. Times are milliseconds since 1970, in UTC. \
                       Refusals are problem documents (RFC 9457). Lists come in pages; what a page \
                       gives as `next_cursor` is the `cursor` of the next one.",
        version = "1",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "access", description = "Keys, tokens, and who the caller is."),
        (name = "audit", description = "What was done, in a chain that shows changes."),
        (name = "findings", description = "Findings over all reviews, and what people think of them."),
        (name = "health", description = "How the server does."),
        (name = "prompts", description = "What models are told, in its versions, and experiments with it."),
        (name = "knowledge", description = "Questions about repositories; best practices, an organisation's documents, and what was accepted."),
        (name = "live", description = "What people and agents say about a review, as it happens."),
        (name = "model", description = "Language models: what they cost."),
        (name = "organisation", description = "The organisation, its people and roles."),
        (name = "repositories", description = "Repositories on forges."),
        (name = "reviews", description = "Reviews and what they found."),
        (name = "tasks", description = "Queued work."),
        (name = "webhooks", description = "What forges send.")
    ),
    modifiers(&Bearer)
)]
struct Document;

/// Says how a caller shows who they are.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let mut http = Http::new(HttpAuthScheme::Bearer);
        http.description =
            Some("An API key (`assay_...`) or a token of `/api/v1/auth/token`.".to_owned());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(BEARER, SecurityScheme::Http(http));
        let needed: [&str; 0] = [];
        document.security = Some(vec![SecurityRequirement::new(BEARER, needed)]);
    }
}

/// Returns the document without any endpoint.
pub(crate) fn frame() -> OpenApi {
    Document::openapi()
}

/// Returns the document.
pub fn openapi() -> OpenApi {
    described().split_for_parts().1
}
