//! Asking whoever vouches for people: JSON in, JSON out, over TLS, within limits of
//! time and size, and never on to where an answer redirects.

use std::fmt;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};
use serde_json::Value;

use crate::error::ForgeError;
use crate::secret::Secret;
use crate::transport::{Endpoint, Timeouts, build_client, parse_base};

/// Bytes of an answer; keys and profiles are far smaller.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const CONNECT_MS: u64 = 5_000;
const REQUEST_MS: u64 = 10_000;

/// The way to one identity provider.
#[derive(Clone)]
pub struct IdentityClient {
    client: Client,
    allow_plain: bool,
}

impl fmt::Debug for IdentityClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityClient")
    }
}

impl IdentityClient {
    /// Makes a client for a provider; its base is only looked at for whether it is on
    /// this machine, without TLS.
    pub fn new(endpoint: &Endpoint) -> Result<Self, ForgeError> {
        let base = parse_base(endpoint)?;
        let timeouts = Timeouts {
            connect_ms: CONNECT_MS,
            request_ms: REQUEST_MS,
        };
        Ok(Self {
            client: build_client(endpoint, &base, timeouts)?,
            allow_plain: base.scheme() == "http",
        })
    }

    /// Returns what is at an address, shown a token where there is one.
    pub async fn get(&self, address: &str, token: Option<&Secret>) -> Result<Value, ForgeError> {
        let mut request = self.client.get(self.parse(address)?);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, bearer("Bearer", token.expose())?);
        }
        let (status, body) = exchange(request).await?;
        match status {
            200 => Ok(body),
            status => Err(refused(status, &body)),
        }
    }

    /// Sends a form and returns the status and what comes back, also what is refused: why
    /// is in it. `basic` is a name and password as the header has them.
    pub async fn post_form(
        &self,
        address: &str,
        fields: &[(&str, &str)],
        basic: Option<&Secret>,
    ) -> Result<(u16, Value), ForgeError> {
        let mut request = self.client.post(self.parse(address)?);
        if let Some(basic) = basic {
            request = request.header(AUTHORIZATION, bearer("Basic", basic.expose())?);
        }
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        exchange(request.body(form(fields))).await
    }

    /// Checks that an address may be asked: over TLS, but on this machine.
    pub fn check(&self, address: &str) -> Result<(), ForgeError> {
        self.parse(address).map(|_| ())
    }

    fn parse(&self, address: &str) -> Result<Url, ForgeError> {
        parse_base(&Endpoint {
            allow_plain: self.allow_plain,
            ..Endpoint::new(address)
        })
    }
}

/// Returns the address with fields in its query.
pub fn address_with(address: &str, fields: &[(&str, &str)]) -> Result<String, ForgeError> {
    let url = Url::parse(address);
    let mut url = url.map_err(|_| ForgeError::Setting(format!("`{address}` is no address")))?;
    url.query_pairs_mut().extend_pairs(fields);
    Ok(url.into())
}

/// Writes fields as a form.
pub fn form(fields: &[(&str, &str)]) -> String {
    let mut url = Url::parse("form:/").expect("this is an address");
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

fn bearer(scheme: &str, text: &str) -> Result<HeaderValue, ForgeError> {
    let value = HeaderValue::from_str(&format!("{scheme} {text}"));
    let mut value =
        value.map_err(|_| ForgeError::Setting("a token holds control characters".into()))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn exchange(request: RequestBuilder) -> Result<(u16, Value), ForgeError> {
    let sent = request.header(ACCEPT, "application/json").send().await;
    let mut response = sent.map_err(failure)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            let bytes_max = ANSWER_BYTES_MAX as u64;
            return Err(ForgeError::TooLarge { bytes_max });
        }
        body.extend_from_slice(&chunk);
    }
    let status = response.status().as_u16();
    if status >= 500 {
        return Err(ForgeError::Server { status });
    }
    if (300..400).contains(&status) {
        let to = "another address".to_owned();
        return Err(ForgeError::RedirectRefused { to });
    }
    match serde_json::from_slice(&body) {
        Ok(value) => Ok((status, value)),
        Err(_) if status >= 400 => Ok((status, Value::Null)),
        Err(why) => Err(ForgeError::Unreadable(why.to_string())),
    }
}

fn failure(error: reqwest::Error) -> ForgeError {
    if error.is_timeout() && !error.is_connect() {
        let after_ms = REQUEST_MS;
        return ForgeError::Timeout { after_ms };
    }
    ForgeError::Connection {
        maybe_done: !error.is_connect() && !error.is_builder(),
        source: error.without_url(),
    }
}

/// Returns a refusal with the code of OAuth, never with a text that may hold more.
fn refused(status: u16, body: &Value) -> ForgeError {
    let code = body.get("error").and_then(Value::as_str);
    ForgeError::Refused {
        status,
        message: code.unwrap_or_default().chars().take(100).collect(),
        errors: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{IdentityClient, address_with, form};
    use crate::transport::Endpoint;

    #[test]
    fn fields_are_written_as_forms_are() {
        let fields = [("a", "1 2"), ("b", "x&y=z/é")];
        assert_eq!(form(&fields), "a=1+2&b=x%26y%3Dz%2F%C3%A9");
        let address = address_with("https://a.example/authorize?p=1", &fields).unwrap();
        assert_eq!(
            address,
            "https://a.example/authorize?p=1&a=1+2&b=x%26y%3Dz%2F%C3%A9"
        );
        assert!(address_with("no address", &fields).is_err());
    }

    #[test]
    fn only_what_is_encrypted_is_asked() {
        let client = IdentityClient::new(&Endpoint::new("https://login.example")).unwrap();
        for (address, ok) in [
            ("https://other.example/keys", true),
            ("http://other.example/keys", false),
            ("file:///etc/passwd", false),
            ("https://user:pass@other.example", false),
            ("", false),
        ] {
            assert_eq!(client.check(address).is_ok(), ok, "{address}");
        }
    }
}
