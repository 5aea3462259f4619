//! Requests that are no questions: one JSON value or file there, one back, without a
//! stream. Vectors and batches are asked for so.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Url};

use crate::error::LlmError;
use crate::provider::{Provider, ProviderKind};
use crate::retry::status_error;

/// Bytes of the beginning of an answer that is an error.
const ERROR_BYTES_MAX: usize = 64 << 10;

impl Provider {
    /// Begins a request to a path behind the base.
    pub(crate) fn begin(&self, method: Method, path: &str) -> Result<RequestBuilder, LlmError> {
        let base = self.base.as_str().trim_end_matches('/');
        let address = match self.settings.kind {
            ProviderKind::Azure => format!("{base}/openai/v1{path}"),
            _ => format!("{base}{path}"),
        };
        let wrong = || LlmError::Setting(format!("`{path}` is no path"));
        let url = Url::parse(&address).map_err(|_| wrong())?;
        // What a provider named must not lead anywhere else.
        if url.as_str() != address {
            return Err(wrong());
        }
        let mut request = self.client.request(method, url);
        if self.settings.kind == ProviderKind::Anthropic {
            request = request.header("anthropic-version", self.version());
        }
        if let Some((name, value)) = &self.auth {
            request = request.header(name, value);
        }
        Ok(request)
    }

    /// Sends a request and returns the body of its answer.
    pub(crate) async fn exchange(
        &self,
        request: RequestBuilder,
        bytes_max: usize,
    ) -> Result<Vec<u8>, LlmError> {
        let now_ms = self.world.clock.now_ms();
        let admitted = self.breaker.admit(now_ms);
        admitted.map_err(|wait_ms| LlmError::BreakerOpen { wait_ms })?;
        let after_ms = self.settings.timeouts.whole_ms;
        let limit = Duration::from_millis(after_ms);
        let result = tokio::time::timeout(limit, receive(request, bytes_max, now_ms)).await;
        let result = result.unwrap_or(Err(LlmError::Timeout {
            phase: crate::error::Phase::Whole,
            after_ms,
        }));
        let worked = !matches!(&result, Err(error) if error.is_outage());
        self.breaker.note(worked, self.world.clock.now_ms());
        result
    }
}

async fn receive(
    request: RequestBuilder,
    bytes_max: usize,
    now_ms: i64,
) -> Result<Vec<u8>, LlmError> {
    let mut response = request.send().await.map_err(|error| LlmError::Connection {
        source: error.without_url(),
    })?;
    let status = response.status();
    let limit = match status.is_success() {
        true => bytes_max,
        false => ERROR_BYTES_MAX,
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| LlmError::Cut {
        source: Some(error.without_url()),
    })? {
        if body.len() + chunk.len() > limit {
            match status.is_success() {
                true => return Err(LlmError::TooLarge { bytes_max }),
                false => break,
            }
        }
        body.extend_from_slice(&chunk);
    }
    match status.is_success() {
        true => Ok(body),
        false => Err(status_error(
            status.as_u16(),
            response.headers(),
            &body,
            now_ms,
        )),
    }
}
