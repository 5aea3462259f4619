//! The dashboard: the files that `cargo xtask web` built, out of the program itself. An address
//! that is no file and nothing of the API is one of its pages, and all pages begin with the same
//! document.
//!
//! Invariant: what the pages may load is from this server alone, and no script or style stands in
//! the document itself.

use std::collections::HashMap;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::problem::Problem;

/// A file of the dashboard.
struct Asset {
    name: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// What was built; nothing when the program was built without Node.
const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

const INDEX: &str = "index.html";
/// What the document says of where it is, until the server knows better.
const BASE: &str = "<base href=\"/\"";
/// Names of files in here change with what is in them.
const HASHED: &str = "assets/";
/// What is never a page: a mistake in an address of the API is told as such.
const NO_PAGES: [&str; 9] = [
    "api",
    "auth",
    "webhooks",
    "health",
    "metrics",
    "docs",
    "redoc",
    "assets",
    ".well-known",
];
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
    base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
/// What is shown in place of pages that were not built.
const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<head><meta charset=\"utf-8\"><title>Assay</title></head>
<body>
<h1>Assay runs, without its pages</h1>
<p>This program was built without the dashboard. To have it, install Node 20 or newer and run, in the
folder of the sources:</p>
<pre>cargo xtask web
cargo build --release</pre>
<p>Everything else works: the API is described at <a href=\"docs\">/docs</a>.</p>
</body>
</html>
";

/// The files of the dashboard, ready to be given out.
pub(crate) struct Pages {
    files: HashMap<&'static str, (&'static Asset, HeaderValue)>,
    /// The document that all pages begin with, and its tag.
    index: Option<(Bytes, HeaderValue)>,
}

impl Pages {
    /// Makes them ready for people who reach the server below a path, such as `/assay`; the empty
    /// text is none.
    pub(crate) fn new(path_prefix: &str) -> Self {
        let files = ASSETS
            .iter()
            .filter(|asset| asset.name != INDEX)
            .map(|asset| (asset.name, (asset, tag_of(asset.plain))));
        let index = ASSETS.iter().find(|asset| asset.name == INDEX);
        let index = index.map(|asset| {
            let text = String::from_utf8_lossy(asset.plain);
            let text = text.replacen(BASE, &format!("<base href=\"{path_prefix}/\""), 1);
            let tag = tag_of(text.as_bytes());
            (Bytes::from(text), tag)
        });
        Self {
            files: files.collect(),
            index,
        }
    }

    /// Answers what no route of the API does.
    pub(crate) fn answer(&self, request: &Request) -> Response {
        let path = request.uri().path().trim_start_matches('/');
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if !is_read {
            return Problem::not_found().into_response();
        }
        if let Some((asset, tag)) = self.files.get(path) {
            return file(asset, tag, request.headers());
        }
        let first = path.split('/').next().unwrap_or_default();
        if NO_PAGES.contains(&first) {
            return Problem::not_found().into_response();
        }
        match &self.index {
            Some((text, tag)) => document(text.clone(), tag, request.headers()),
            None => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                (status, page_headers(), NOT_BUILT).into_response()
            }
        }
    }
}

fn page_headers() -> [(axum::http::HeaderName, &'static str); 2] {
    [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ]
}

fn document(text: Bytes, tag: &HeaderValue, headers: &HeaderMap) -> Response {
    let mut response = match has_it(headers, tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => (page_headers(), Body::from(text)).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, tag.clone());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // A browser takes the headers of this answer for those of the document that it has.
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn file(asset: &'static Asset, tag: &HeaderValue, headers: &HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT_ENCODING);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default();
    let (bytes, encoding) = match (asset.brotli, asset.gzip) {
        (Some(bytes), _) if takes(accepted, "br") => (bytes, Some("br")),
        (_, Some(bytes)) if takes(accepted, "gzip") => (bytes, Some("gzip")),
        _ => (asset.plain, None),
    };
    let mut response = match has_it(headers, tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(CONTENT_TYPE, kind_of(asset.name))], bytes).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, tag.clone());
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    let keep = match asset.name.starts_with(HASHED) {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Returns whether `Accept-Encoding` has an encoding, and not with the weight nothing.
fn takes(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        name.trim().eq_ignore_ascii_case(encoding)
            && weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

fn has_it(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let known = headers.get(IF_NONE_MATCH);
    let known = known.and_then(|value| value.to_str().ok());
    let mut tags = known.unwrap_or_default().split(',');
    tags.any(|one| one.trim().trim_start_matches("W/").as_bytes() == tag.as_bytes())
}

fn tag_of(bytes: &[u8]) -> HeaderValue {
    let hash = blake3::hash(bytes).to_hex();
    HeaderValue::from_str(&format!("\"{}\"", &hash[..32])).expect("a hash is letters and digits")
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "json" | "map" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::takes;

    #[test]
    fn an_encoding_is_taken_when_it_is_named_and_weighs_something() {
        for (accepted, encoding, is_taken) in [
            ("gzip, deflate, br", "br", true),
            ("gzip, deflate, br", "gzip", true),
            ("BR", "br", true),
            ("br;q=0, gzip;q=0.5", "br", false),
            ("br;q=0, gzip;q=0.5", "gzip", true),
            ("broken", "br", false),
            ("", "gzip", false),
        ] {
            assert_eq!(takes(accepted, encoding), is_taken, "{accepted} {encoding}");
        }
    }
}
