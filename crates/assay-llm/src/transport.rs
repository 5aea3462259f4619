//! One exchange over HTTP: a request, and the events of its answer, each part within
//! its limit of time.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Response, Url};
use tokio::time::{Instant, timeout, timeout_at};

use crate::api::{ANSWER_BYTES_MAX, Api, Draft};
use crate::error::{LlmError, Phase};
use crate::frame::{Decoder, Event};
use crate::provider::{ProviderSettings, Timeouts};
use crate::retry::status_error;

/// Bytes of an answer that is an error.
const ERROR_BYTES_MAX: usize = 64 << 10;
/// Bytes of a stream: what surrounds each piece of an answer is longer than it.
const STREAM_BYTES_MAX: usize = 64 << 20;
/// How long the end of a stream is waited for when its last event is there, so that
/// the connection can be used again.
const DRAIN_MS: u64 = 50;

/// Makes the client of one provider. It follows no redirect: what is asked goes to
/// the server that was configured and to no other.
pub(crate) fn client(settings: &ProviderSettings, base: &Url) -> Result<Client, LlmError> {
    // Whatever library speaks TLS takes this one implementation of it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_millis(settings.timeouts.connect_ms))
        .user_agent(concat!("assay/", env!("CARGO_PKG_VERSION")));
    if base.scheme() == "http" {
        // Without encryption no certificate is needed, and there may be none.
        builder = builder.tls_certs_only([]);
    }
    match &settings.proxy {
        Some(proxy) => {
            let proxy = reqwest::Proxy::all(proxy.as_str());
            builder = builder.proxy(proxy.map_err(|_| wrong("the proxy is no address"))?);
        }
        None => builder = builder.no_proxy(),
    }
    builder
        .build()
        .map_err(|error| wrong(&error.without_url().to_string()))
}

fn wrong(what: &str) -> LlmError {
    LlmError::Setting(what.to_owned())
}

/// What an exchange keeps to.
pub(crate) struct Exchange {
    pub(crate) api: Api,
    pub(crate) timeouts: Timeouts,
    pub(crate) first_token_ms: u64,
    pub(crate) now_ms: i64,
}

impl Exchange {
    /// Sends the request and reads the answer to its end. What came is in the draft,
    /// also when it broke off.
    pub(crate) async fn run(
        &self,
        request: RequestBuilder,
        draft: &mut Draft<'_>,
    ) -> Result<(), LlmError> {
        let after_ms = self.timeouts.whole_ms;
        let whole = timeout(
            Duration::from_millis(after_ms),
            self.exchange(request, draft),
        );
        let late = LlmError::Timeout {
            phase: Phase::Whole,
            after_ms,
        };
        whole.await.unwrap_or(Err(late))
    }

    async fn exchange(
        &self,
        request: RequestBuilder,
        draft: &mut Draft<'_>,
    ) -> Result<(), LlmError> {
        let deadline = Instant::now() + Duration::from_millis(self.first_token_ms);
        let sent = timeout_at(deadline, request.send()).await;
        let sent = sent.map_err(|_| self.late(false))?;
        let mut response = sent.map_err(|error| LlmError::Connection {
            source: error.without_url(),
        })?;
        let status = response.status();
        if !status.is_success() {
            let body = timeout_at(deadline, start_of(&mut response)).await;
            let body = body.unwrap_or_default();
            return Err(status_error(
                status.as_u16(),
                response.headers(),
                &body,
                self.now_ms,
            ));
        }
        if self.is_whole(&response) {
            let body = self.whole_body(&mut response).await?;
            let event = Event {
                name: String::new(),
                data: body,
            };
            return self.api.read(&event, draft);
        }
        self.stream(&mut response, draft, deadline).await?;
        if self.api.ends_itself() && !draft.is_done {
            return Err(LlmError::Cut { source: None });
        }
        Ok(())
    }

    /// Returns whether the server answers with one value although it was asked for a
    /// stream.
    fn is_whole(&self, response: &Response) -> bool {
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        kind.starts_with("application/json") && self.api != Api::Ollama
    }

    async fn whole_body(&self, response: &mut Response) -> Result<String, LlmError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk(response, None).await? {
            if body.len() + chunk.len() > 2 * ANSWER_BYTES_MAX {
                return Err(LlmError::TooLarge {
                    bytes_max: 2 * ANSWER_BYTES_MAX,
                });
            }
            body.extend_from_slice(&chunk);
        }
        String::from_utf8(body).map_err(|_| LlmError::Unreadable("the answer is not UTF-8".into()))
    }

    async fn stream(
        &self,
        response: &mut Response,
        draft: &mut Draft<'_>,
        deadline: Instant,
    ) -> Result<(), LlmError> {
        let mut decoder = Decoder::new(self.api.framing());
        let mut events = Vec::new();
        let mut bytes = 0;
        while !draft.is_done {
            let before = (!draft.has_begun).then_some(deadline);
            let Some(chunk) = self.chunk(response, before).await? else {
                decoder.finish(&mut events)?;
                // A last line that is no value is one that broke off.
                return self.take(&mut events, draft).map_err(|error| match error {
                    LlmError::Unreadable(_) => LlmError::Cut { source: None },
                    other => other,
                });
            };
            bytes += chunk.len();
            if bytes > STREAM_BYTES_MAX {
                return Err(LlmError::TooLarge {
                    bytes_max: STREAM_BYTES_MAX,
                });
            }
            decoder.push(&chunk, &mut events)?;
            self.take(&mut events, draft)?;
        }
        let _ = timeout(Duration::from_millis(DRAIN_MS), response.chunk()).await;
        Ok(())
    }

    fn take(&self, events: &mut Vec<Event>, draft: &mut Draft<'_>) -> Result<(), LlmError> {
        for event in events.drain(..) {
            if draft.is_done {
                break;
            }
            self.api.read(&event, draft)?;
        }
        Ok(())
    }

    /// Returns the next piece, or nothing at the end.
    async fn chunk(
        &self,
        response: &mut Response,
        deadline: Option<Instant>,
    ) -> Result<Option<impl std::ops::Deref<Target = [u8]> + use<>>, LlmError> {
        let idle = Instant::now() + Duration::from_millis(self.timeouts.idle_ms);
        let limit = deadline.unwrap_or(idle);
        let chunk = timeout_at(limit, response.chunk()).await;
        let chunk = chunk.map_err(|_| self.late(deadline.is_none()))?;
        chunk.map_err(|error| LlmError::Cut {
            source: Some(error.without_url()),
        })
    }

    fn late(&self, has_begun: bool) -> LlmError {
        let (phase, after_ms) = match has_begun {
            true => (Phase::Idle, self.timeouts.idle_ms),
            false => (Phase::FirstToken, self.first_token_ms),
        };
        LlmError::Timeout { phase, after_ms }
    }
}

/// Returns the beginning of a body, as far as it can be read.
async fn start_of(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < ERROR_BYTES_MAX
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(ERROR_BYTES_MAX);
    body
}
