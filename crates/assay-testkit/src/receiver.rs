//! A program of somebody else that is told things over HTTP: it remembers what it is told,
//! answers what a test wants, and may keep whoever tells it waiting.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::sync::watch;

/// A message as it came in.
#[derive(Clone, Debug)]
pub struct Told {
    headers: HeaderMap,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Told {
    /// Returns a header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a message is JSON")
    }
}

/// A program that is told things; it ends with the runtime of its test.
#[derive(Clone)]
pub struct Receiver {
    told: Arc<Mutex<Vec<Told>>>,
    status: Arc<Mutex<u16>>,
    holds: watch::Sender<bool>,
    address: SocketAddr,
}

impl Receiver {
    /// Starts one on a port of its own.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let receiver = Self {
            told: Arc::default(),
            status: Arc::new(Mutex::new(204)),
            holds: watch::Sender::new(false),
            address: listener.local_addr().expect("a bound socket"),
        };
        let routes = Router::new().route("/hook", post(hook));
        let routes = routes.with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    /// Returns where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns where it is told things.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers with a status from now on.
    pub fn answer(&self, status: u16) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }

    /// Gives no answer from now on.
    pub fn hold(&self) {
        self.holds.send_replace(true);
    }

    /// Answers again, also those who wait.
    pub fn release(&self) {
        self.holds.send_replace(false);
    }

    /// Returns what it was told, in order.
    pub fn told(&self) -> Vec<Told> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.clone()
    }
}

async fn hook(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let told = Told {
        headers,
        body: body.to_vec(),
    };
    let all = &receiver.told;
    all.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(told);
    let mut holds = receiver.holds.subscribe();
    let _ = holds.wait_for(|holds| !*holds).await;
    let status = receiver
        .status
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    StatusCode::from_u16(*status).unwrap_or(StatusCode::IM_A_TEAPOT)
}
