//! Fetches over HTTP: the only place in Assay that opens connections, and only
//! `assay advisories update` comes here. Every answer has a limit of size and of
//! time, and addresses are asked for as the user wrote them.
//!
//! The client is `ureq`: blocking, without a runtime of its own, with `rustls` and
//! the certificates of the system. `HTTPS_PROXY` and its like are heeded.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

const CONNECT_TIME_MAX: Duration = Duration::from_secs(20);
/// The largest archive takes minutes over a slow line.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30 * 60);
const REDIRECTS_MAX: u32 = 5;
/// An answer is asked for again so often when the server is in trouble.
const TRIES_MAX: usize = 3;

/// What a server answers.
pub(super) enum Answer {
    /// It is as it was.
    Unchanged,
    /// There is no such thing.
    Missing,
    /// It is this.
    Content {
        bytes: Vec<u8>,
        /// What the server calls this version; empty where it does not say.
        etag: String,
    },
}

/// Asks servers.
pub(super) struct Client {
    agent: ureq::Agent,
}

impl Client {
    pub(super) fn new() -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_connect(Some(CONNECT_TIME_MAX))
            .timeout_global(Some(ANSWER_TIME_MAX))
            .max_redirects(REDIRECTS_MAX)
            .http_status_as_error(false)
            .user_agent(concat!("assay/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.into(),
        }
    }

    /// Asks for a URL; with a version that is known already, only for another one.
    pub(super) fn get(&self, url: &str, etag: &str, bytes_max: u64) -> anyhow::Result<Answer> {
        self.ask(url, bytes_max, || {
            let mut request = self.agent.get(url);
            if !etag.is_empty() {
                request = request.header("If-None-Match", etag);
            }
            request.call()
        })
    }

    /// Sends JSON to a URL.
    pub(super) fn post(&self, url: &str, json: &str, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
        let answer = self.ask(url, bytes_max, || {
            let request = self.agent.post(url);
            request.content_type("application/json").send(json)
        })?;
        match answer {
            Answer::Content { bytes, .. } => Ok(bytes),
            Answer::Unchanged | Answer::Missing => bail!("{url}: there is no such service"),
        }
    }

    fn ask(
        &self,
        url: &str,
        bytes_max: u64,
        send: impl Fn() -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> anyhow::Result<Answer> {
        let unreachable = || {
            format!(
                "{url} cannot be reached; on a machine without a network, take the advisories from elsewhere: `assay advisories update --from FOLDER`"
            )
        };
        let mut tried = 1;
        let mut response = loop {
            let answer = send();
            let in_trouble = match &answer {
                Ok(response) => response.status().is_server_error(),
                Err(_) => false,
            };
            if !in_trouble || tried == TRIES_MAX {
                break answer.with_context(unreachable)?;
            }
            tried += 1;
        };
        let status = response.status().as_u16();
        let etag = response
            .headers()
            .get("etag")
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
            .to_owned();
        match status {
            200 => {}
            304 => return Ok(Answer::Unchanged),
            404 | 410 => return Ok(Answer::Missing),
            other => bail!("{url}: the server answers with status {other}"),
        }
        let mut bytes = Vec::new();
        let body = response.body_mut().with_config().limit(bytes_max + 1);
        body.reader()
            .read_to_end(&mut bytes)
            .with_context(|| format!("{url}: the answer breaks off"))?;
        if bytes.len() as u64 > bytes_max {
            bail!("{url}: the answer is larger than {bytes_max} bytes");
        }
        Ok(Answer::Content { bytes, etag })
    }
}
