//! Faults for Sentry, as envelopes over HTTP.

use anyhow::Context as _;
use assay_app::{Fault, Listener};
use assay_source::Randomness as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::outbox::Outbox;
use crate::server::world::SystemRandomness;

/// Sends faults.
pub(in crate::server) struct Sentry(Outbox<Value>);

/// Where a project of Sentry takes faults, and the key for it.
struct Address {
    url: String,
    auth: String,
}

impl Address {
    /// Reads a DSN, such as `https://KEY@sentry.example/42`.
    fn parse(dsn: &str) -> Option<Self> {
        let (scheme, rest) = dsn.split_once("://")?;
        let (key, place) = rest.split_once('@')?;
        let (host, project) = place.rsplit_once('/')?;
        let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if !matches!(scheme, "http" | "https") || ![key, host, project].into_iter().all(is_plain) {
            return None;
        }
        let (host, path) = host
            .split_once('/')
            .map_or((host, ""), |(host, path)| (host, path));
        let path = if path.is_empty() {
            String::new()
        } else {
            format!("/{path}")
        };
        let client = concat!("assay/", env!("CARGO_PKG_VERSION"));
        let key = key.split(':').next()?;
        Some(Self {
            url: format!("{scheme}://{host}{path}/api/{project}/envelope/"),
            auth: format!("Sentry sentry_version=7, sentry_client={client}, sentry_key={key}"),
        })
    }
}

impl Sentry {
    pub(super) fn start(dsn: &SecretString) -> anyhow::Result<Self> {
        let address = Address::parse(dsn.expose_secret())
            .context("telemetry.sentry_dsn_file: an address such as https://KEY@HOST/PROJECT")?;
        let send = move |agent: &ureq::Agent, faults: Vec<Value>| {
            for fault in faults {
                let request = agent
                    .post(&address.url)
                    .header("content-type", "application/x-sentry-envelope")
                    .header("x-sentry-auth", address.auth.as_str());
                if let Err(error) = request.send(envelope(&fault)) {
                    tracing::debug!(%error, "a fault was not taken");
                }
            }
        };
        Ok(Self(Outbox::start("sentry", send)?))
    }
}

impl Listener for Sentry {
    fn fault(&self, fault: &Fault) {
        self.0.put(event(fault));
    }
}

fn envelope(event: &Value) -> String {
    let id = &event["event_id"];
    let head = json!({ "event_id": id });
    format!("{head}\n{}\n{event}\n", json!({"type": "event"}))
}

fn event(fault: &Fault) -> Value {
    let tags: serde_json::Map<_, _> = fault
        .attributes
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Value::from(value.clone())))
        .collect();
    let id = number();
    let mut event = json!({
        "event_id": id,
        "timestamp": fault.at_ms as f64 / 1_000.0,
        "platform": "native",
        "level": "error",
        "logger": "assay",
        "release": concat!("assay@", env!("CARGO_PKG_VERSION")),
        "message": {"formatted": fault.what},
        "fingerprint": [fault.what],
        "tags": tags,
    });
    if let Some(context) = fault.context {
        let trace = json!({"trace_id": context.trace_id(), "span_id": context.span_id()});
        event["contexts"] = json!({ "trace": trace });
    }
    event
}

/// Returns a number that no other fault has: 32 digits.
fn number() -> String {
    let mut bytes = [0; 16];
    SystemRandomness.fill(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_of_sentry_is_read() {
        for (dsn, url) in [
            (
                "https://k@s.example/42",
                Some("https://s.example/api/42/envelope/"),
            ),
            (
                "http://k:s@localhost:9/a/7",
                Some("http://localhost:9/a/api/7/envelope/"),
            ),
            ("https://s.example/42", None),
            ("ftp://k@s.example/42", None),
            ("https://k@s.example/", None),
            ("", None),
        ] {
            let found = Address::parse(dsn).map(|address| address.url);
            assert_eq!(found.as_deref(), url, "{dsn}");
        }
    }
}
