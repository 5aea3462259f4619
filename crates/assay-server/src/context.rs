//! What every handler has at hand.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use assay_app::App;
use assay_auth::Networks;
use axum::http::{Extensions, HeaderMap};
use tokio::sync::watch;

use crate::budget::Budget;
use crate::kept::KeptAnswers;

/// How the server answers.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The proxies whose word on a caller's address is believed.
    pub proxies: Networks,
    /// From where metrics and the deep health check may be read.
    pub inside: Networks,
    /// The pages of other origins that may call, such as `https://board.example`;
    /// none may, unless it is named.
    pub cors_origins: Vec<String>,
    /// Where people reach the server, such as `https://assay.example`; none is where
    /// each request says that it is.
    pub public_url: Option<String>,
    /// Below which path people reach the server, such as `/assay`; the empty text is none. What
    /// comes with it and what comes without it is answered alike.
    pub path_prefix: String,
    /// Whether health and metrics are all that is answered.
    pub is_inside_only: bool,
    /// So long may an answer take.
    pub request_ms: u64,
    /// So long may a body take to arrive.
    pub body_ms: u64,
    /// So many bytes of bodies are held at once, of all callers together.
    pub bodies_bytes_max: usize,
    /// So many of them of one address.
    pub address_bodies_bytes_max: usize,
    /// So many requests of one address are answered at once that come through a proxy,
    /// whose connections are not the caller's.
    pub address_requests_max: usize,
    /// Whether an answer is given again while nothing was committed since.
    pub keeps_answers: bool,
    /// So often somebody who looks on hears that the connection lives.
    pub heartbeat_ms: u64,
    /// So long may somebody look on before they have to come again.
    pub stream_ms: u64,
}

impl Default for ServerOptions {
    fn default() -> Self {
        let private = [
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "::1/128",
            "fc00::/7",
        ];
        Self {
            proxies: Networks::default(),
            inside: Networks::parse(private).expect("these are networks"),
            cors_origins: Vec::new(),
            public_url: None,
            path_prefix: String::new(),
            is_inside_only: false,
            request_ms: 30_000,
            body_ms: 20_000,
            bodies_bytes_max: 256 * 1024 * 1024,
            address_bodies_bytes_max: 64 * 1024 * 1024,
            address_requests_max: 256,
            keeps_answers: true,
            heartbeat_ms: 15_000,
            stream_ms: 15 * 60_000,
        }
    }
}

/// The platform and how it is served. Copies are the same one; each request makes several.
#[derive(Clone)]
pub(crate) struct Context(Arc<Served>);

/// What a [`Context`] is of.
pub(crate) struct Served {
    pub(crate) app: App,
    pub(crate) options: ServerOptions,
    /// Bytes of bodies.
    pub(crate) bodies: Arc<Budget>,
    /// Requests that came through proxies.
    pub(crate) requests: Arc<Budget>,
    /// Answers that are given again.
    pub(crate) kept: KeptAnswers,
}

impl Deref for Context {
    type Target = Served;

    fn deref(&self) -> &Served {
        &self.0
    }
}

impl Context {
    pub(crate) fn new(app: App, options: ServerOptions) -> Self {
        Self(Arc::new(Served {
            app,
            bodies: Budget::new(options.bodies_bytes_max, options.address_bodies_bytes_max),
            // Together they are no more than connections are.
            requests: Budget::new(usize::MAX, options.address_requests_max.max(1)),
            options,
            kept: KeptAnswers::default(),
        }))
    }

    /// Returns who calls, behind the proxies that are ours; none is a request that did
    /// not come over a connection.
    pub(crate) fn address_of(
        &self,
        extensions: &Extensions,
        headers: &HeaderMap,
    ) -> Option<IpAddr> {
        let Peer(peer) = *extensions.get::<Peer>()?;
        let hops = headers.get_all(FORWARDED).iter();
        let hops: Vec<_> = hops.filter_map(|value| value.to_str().ok()).collect();
        let proxies = &self.options.proxies;
        Some(assay_auth::caller_address(peer, &hops.join(","), proxies))
    }

    /// Returns who calls when that is through one of our proxies.
    pub(crate) fn proxied_of(
        &self,
        extensions: &Extensions,
        headers: &HeaderMap,
    ) -> Option<IpAddr> {
        let Peer(peer) = *extensions.get::<Peer>()?;
        match self.options.proxies.contains(peer) {
            true => self.address_of(extensions, headers),
            false => None,
        }
    }
}

const FORWARDED: &str = "x-forwarded-for";

/// The address at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Says when the server stops: long answers end then.
#[derive(Clone, Debug)]
pub(crate) struct Stopping(pub(crate) watch::Receiver<bool>);
