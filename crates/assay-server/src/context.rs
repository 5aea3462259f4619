//! What every handler has at hand.

use std::net::IpAddr;
use std::sync::Arc;

use assay_app::App;
use assay_auth::Networks;
use tokio::sync::watch;

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
            heartbeat_ms: 15_000,
            stream_ms: 15 * 60_000,
        }
    }
}

/// The platform and how it is served. Copies are the same one.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) app: App,
    pub(crate) options: Arc<ServerOptions>,
}

/// The address at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Says when the server stops: long answers end then.
#[derive(Clone, Debug)]
pub(crate) struct Stopping(pub(crate) watch::Receiver<bool>);
