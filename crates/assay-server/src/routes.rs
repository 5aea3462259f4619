//! Which path leads to which handler, with the limits of each.

use std::sync::Arc;

use aide::redoc::Redoc;
use assay_app::App;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Method, Uri};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router, middleware};
use tower::ServiceBuilder;
use tower_http::cors::CorsLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::context::{Context, ServerOptions};
use crate::endpoint::{
    ask, audit, discussion, events, experiment, finding, health, key, knowledge, live, login,
    metrics, model, organisation, outgoing, prompt, repository, review, review_talk, rule, scan,
    session, setting, task, team, team_activity, token, user, webhook,
};
use crate::extract::BodyLimit;
use crate::layer::{Watch, tag};
use crate::openapi::frame;
use crate::pages::Pages;
use crate::problem::Problem;

const BODY_BYTES_MAX: usize = 64 * 1024;
/// A change of 4 MB of text, written as JSON.
const CHANGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A text of 1 MB, written as JSON.
const TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// GitHub sends no more.
const WEBHOOK_BYTES_MAX: usize = 25 * 1024 * 1024;

const DOCUMENT: &str = "/api/openapi.json";
/// The messages of live sessions, in AsyncAPI 3.
const LIVE_DOCUMENT: &str = include_str!("../../../openapi/assay-live.json");

/// Returns the routes that are in the document, with it.
pub(crate) fn described() -> OpenApiRouter<Context> {
    let webhooks = OpenApiRouter::new()
        .routes(routes!(webhook::github))
        .routes(routes!(webhook::gitlab))
        .layer(Extension(BodyLimit(WEBHOOK_BYTES_MAX)));
    let changes = OpenApiRouter::new()
        .routes(routes!(review::analyze))
        .routes(routes!(review::import))
        .layer(Extension(BodyLimit(CHANGE_BYTES_MAX)));
    let texts = OpenApiRouter::new()
        .routes(routes!(scan::secrets))
        .routes(routes!(knowledge::list, knowledge::put))
        .routes(routes!(discussion::list, discussion::start))
        .routes(routes!(prompt::list, prompt::save))
        .routes(routes!(prompt::check))
        .layer(Extension(BodyLimit(TEXT_BYTES_MAX)));
    let api = OpenApiRouter::new()
        .routes(routes!(token::issue))
        .routes(routes!(token::profile))
        .routes(routes!(token::public_keys))
        .routes(routes!(session::begin, session::get, session::sign_out))
        .routes(routes!(session::list))
        .routes(routes!(session::end))
        .routes(routes!(session::end_of_user))
        .routes(routes!(login::providers))
        .routes(routes!(login::begin))
        .routes(routes!(login::finish))
        .routes(routes!(login::link))
        .routes(routes!(login::invite))
        .routes(routes!(key::create, key::list))
        .routes(routes!(key::revoke))
        .routes(routes!(review::list))
        .routes(routes!(review::get, review::remove))
        .routes(routes!(review::report))
        .routes(routes!(review_talk::calls))
        .routes(routes!(review_talk::transcript))
        .routes(routes!(events::events))
        .routes(routes!(live::messages, live::say))
        .routes(routes!(live::join))
        .routes(routes!(repository::list))
        .routes(routes!(repository::get))
        .routes(routes!(repository::set))
        .routes(routes!(repository::metrics))
        .routes(routes!(repository::packages))
        .routes(routes!(repository::analyze))
        .routes(routes!(finding::list))
        .routes(routes!(finding::get))
        .routes(routes!(finding::judge))
        .routes(routes!(finding::suggestion, finding::suggest))
        .routes(routes!(finding::feedback))
        .routes(routes!(rule::list))
        .routes(routes!(rule::get))
        .routes(routes!(rule::suppressions))
        .routes(routes!(task::list))
        .routes(routes!(task::get))
        .routes(routes!(task::retry))
        .routes(routes!(task::cancel))
        .routes(routes!(audit::list))
        .routes(routes!(audit::check))
        .routes(routes!(audit::export))
        .routes(routes!(audit::report))
        .routes(routes!(organisation::get, organisation::rename))
        .routes(routes!(organisation::list, organisation::create))
        .routes(routes!(organisation::remove))
        .routes(routes!(organisation::roles))
        .routes(routes!(
            organisation::get_role,
            organisation::put_role,
            organisation::remove_role
        ))
        .routes(routes!(user::list, user::create))
        .routes(routes!(user::get, user::update, user::remove))
        .routes(routes!(user::set_role))
        .routes(routes!(model::usage))
        .routes(routes!(prompt::get))
        .routes(routes!(prompt::versions))
        .routes(routes!(prompt::version))
        .routes(routes!(prompt::diff))
        .routes(routes!(prompt::activate))
        .routes(routes!(prompt::roll_back))
        .routes(routes!(prompt::used))
        .routes(routes!(experiment::list, experiment::start))
        .routes(routes!(experiment::get))
        .routes(routes!(experiment::stop))
        .routes(routes!(experiment::promote))
        .routes(routes!(setting::list))
        .routes(routes!(setting::get, setting::put, setting::remove))
        .routes(routes!(outgoing::list, outgoing::create))
        .routes(routes!(outgoing::get, outgoing::update, outgoing::remove))
        .routes(routes!(outgoing::rotate))
        .routes(routes!(outgoing::test))
        .routes(routes!(outgoing::attempts))
        .routes(routes!(discussion::get))
        .routes(routes!(discussion::transcript))
        .routes(routes!(ask::list, ask::ask))
        .routes(routes!(ask::get, ask::remove))
        .routes(routes!(knowledge::search))
        .routes(routes!(knowledge::get, knowledge::remove))
        .routes(routes!(team::list, team::create))
        .routes(routes!(team::get, team::rename, team::remove))
        .routes(routes!(team::members))
        .routes(routes!(team_activity::get))
        .routes(routes!(team::put_member, team::remove_member))
        .layer(middleware::from_fn(tag))
        .layer(Extension(BodyLimit(BODY_BYTES_MAX)));
    OpenApiRouter::with_openapi(frame())
        .merge(inside())
        .merge(webhooks)
        .merge(changes)
        .merge(texts)
        .merge(api)
}

/// Returns health and metrics alone: what a process that only does tasks answers.
fn router_inside(app: App, options: ServerOptions) -> Router {
    let context = Context::new(app, options);
    let (routes, _) = inside().split_for_parts();
    routes
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .layer(Watch(context.clone()))
        .with_state(context)
}

fn inside() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::deep))
        .routes(routes!(metrics::metrics))
}

/// Returns everything that the server answers, over the platform.
pub fn router(app: App, options: ServerOptions) -> Router {
    if options.is_inside_only {
        return router_inside(app, options);
    }
    let cors = cors(&options.cors_origins);
    let pages = Arc::new(Pages::new(&options.path_prefix));
    let prefix: Arc<str> = options.path_prefix.as_str().into();
    let context = Context::new(app, options);
    let (routes, document) = described().split_for_parts();
    let swagger = SwaggerUi::new("/docs").url(DOCUMENT, document);
    // The page is 900 KB and the same for everybody: it is made once.
    let redoc: Arc<str> = Redoc::new(DOCUMENT).with_title("Assay").html().into();
    let routes = routes
        .merge(swagger)
        .route(
            "/redoc",
            get(move || async move { Html(redoc.to_string()) }),
        )
        .route("/api/asyncapi.json", get(live_document))
        .fallback(move |request: Request| {
            let pages = Arc::clone(&pages);
            async move { pages.answer(&request) }
        })
        .method_not_allowed_fallback(not_so);
    let routes = match cors {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    let routes = routes.layer(Watch(context.clone())).with_state(context);
    below(prefix, routes)
}

/// Answers below a path what is answered without it: the path goes before a route is looked for.
fn below(prefix: Arc<str>, routes: Router) -> Router {
    if prefix.is_empty() {
        return routes;
    }
    let shorten = move |mut request: Request| {
        if let Some(uri) = shortened(request.uri(), &prefix) {
            *request.uri_mut() = uri;
        }
        request
    };
    let service = ServiceBuilder::new().map_request(shorten).service(routes);
    Router::new().fallback_service(service)
}

/// Returns an address without the path that it begins with, if it does.
fn shortened(uri: &Uri, prefix: &str) -> Option<Uri> {
    let rest = uri.path().strip_prefix(prefix)?;
    let path = match rest {
        "" => "/",
        _ if rest.starts_with('/') => rest,
        _ => return None,
    };
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    text.parse().ok()
}

/// Lets pages of other origins call, if any are named; never with cookies.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|one| one.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let headers = [
        "authorization",
        "content-type",
        "assay-organisation",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "last-event-id",
    ];
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods(methods)
            .allow_headers(headers.map(HeaderName::from_static))
            .expose_headers(
                ["etag", "location", "retry-after", "x-request-id"].map(HeaderName::from_static),
            ),
    )
}

async fn live_document() -> Response {
    ([(CONTENT_TYPE, "application/json")], LIVE_DOCUMENT).into_response()
}

async fn nothing() -> Problem {
    Problem::not_found()
}

async fn not_so() -> Problem {
    let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    Problem::new(status, "method", "this is there, but not for that method")
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_prefix_goes_where_it_is_whole() {
        for (address, rest) in [
            ("/assay", Some("/")),
            ("/assay/", Some("/")),
            ("/assay/reviews?state=done", Some("/reviews?state=done")),
            ("/assays", None),
            ("/reviews", None),
        ] {
            let found = shortened(&address.parse().unwrap(), "/assay");
            assert_eq!(
                found.map(|uri| uri.to_string()).as_deref(),
                rest,
                "{address}"
            );
        }
    }
}
