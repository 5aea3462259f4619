//! Telling an address of somebody else what happened: one request to a server that was
//! looked at first. The names of a network of ours, and what it answers to, are not for
//! whoever may name an address.
//!
//! Invariant: the connection goes to an address that was checked, not to what the name
//! means a moment later; no redirect is followed and no proxy asked; of the answer only
//! the status and when to try again are used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Url};

use crate::transport::{Endpoint, tls};

/// Bytes of an address.
pub const OUTGOING_URL_BYTES_MAX: usize = 2_048;
/// Bytes of an answer that are read before it is left.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Addresses that a name may mean.
const ADDRESSES_MAX: usize = 32;
/// Characters of what went wrong.
const PROBLEM_CHARS_MAX: usize = 300;
/// No longer wait is taken from an answer.
const RETRY_SECONDS_MAX: u64 = 24 * 60 * 60;

/// A network that may be told things although it is not public.
pub type IsAllowed = std::sync::Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// Tells addresses.
#[derive(Clone)]
pub struct OutgoingClient {
    is_allowed: IsAllowed,
    connect_max: Duration,
    request_max: Duration,
}

impl std::fmt::Debug for OutgoingClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OutgoingClient")
    }
}

/// Why an address was not told, as its owner may read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutgoingError {
    /// It is no address that is ever told.
    #[error("{0}")]
    Address(String),
    /// Its name means a machine of a network that is not public.
    #[error("`{host}` is in a network that is not told anything: {address}")]
    NotPublic {
        /// The name.
        host: String,
        /// What it means.
        address: IpAddr,
    },
    /// It did not take it.
    #[error("{0}")]
    Failed(String),
    /// It answered something else than that it took it.
    #[error("it answered {status}")]
    Status {
        /// The status.
        status: u16,
        /// When it wants to be told again.
        retry_ms: Option<i64>,
    },
}

impl OutgoingError {
    /// Returns what it answered, if it did.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }
}

impl OutgoingClient {
    /// Makes a client; `is_allowed` are networks that may be told although they are not
    /// public, also without encryption.
    pub fn new(is_allowed: IsAllowed) -> Self {
        Self {
            is_allowed,
            connect_max: Duration::from_secs(5),
            request_max: Duration::from_secs(15),
        }
    }

    /// Gives an address so long to answer.
    #[must_use]
    pub fn with_request_max(self, request_max: Duration) -> Self {
        Self {
            request_max,
            ..self
        }
    }

    /// Checks an address without asking anybody what its name means.
    ///
    /// # Errors
    ///
    /// See [`OutgoingError::Address`] and [`OutgoingError::NotPublic`].
    pub fn check(&self, text: &str) -> Result<(), OutgoingError> {
        let url = parse(text)?;
        if let Some(address) = literal(&url) {
            self.check_address(&url, address)?;
        }
        Ok(())
    }

    /// Sends a body of JSON; returns the status when it was taken.
    ///
    /// # Errors
    ///
    /// See [`OutgoingError`].
    pub async fn send(
        &self,
        text: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<u16, OutgoingError> {
        let url = parse(text)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let addresses = self.resolve(&url, &host).await?;
        let client = self.client(&url, &host, &addresses)?;
        let mut map = HeaderMap::new();
        map.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| broken("a header is no text"))?;
            map.insert(HeaderName::from_static(name), value);
        }
        let sent = client.post(url).headers(map).body(body).send().await;
        let mut response = sent.map_err(|error| failure(&error))?;
        let status = response.status();
        let retry_ms = retry_ms(response.headers());
        let mut read = 0;
        // What it says is not used; a short answer is read so that it ends well.
        while let Ok(Some(part)) = response.chunk().await {
            read += part.len();
            if read > ANSWER_BYTES_MAX {
                break;
            }
        }
        match status.is_success() {
            true => Ok(status.as_u16()),
            false => Err(OutgoingError::Status {
                status: status.as_u16(),
                retry_ms,
            }),
        }
    }

    /// Returns what a name means, when all of it may be told.
    async fn resolve(&self, url: &Url, host: &str) -> Result<Vec<SocketAddr>, OutgoingError> {
        let port = url.port_or_known_default().unwrap_or(443);
        let found: Vec<SocketAddr> = match literal(url) {
            Some(address) => vec![SocketAddr::new(address, port)],
            None => {
                let lookup = tokio::net::lookup_host((host, port));
                let looked = tokio::time::timeout(self.connect_max, lookup).await;
                let found = looked
                    .map_err(|_| broken("its name was not found in time"))?
                    .map_err(|_| broken("its name is not known"))?;
                found.take(ADDRESSES_MAX).collect()
            }
        };
        if found.is_empty() {
            return Err(broken("its name is not known"));
        }
        for address in &found {
            self.check_address(url, address.ip())?;
        }
        Ok(found)
    }

    fn check_address(&self, url: &Url, address: IpAddr) -> Result<(), OutgoingError> {
        if (self.is_allowed)(address) {
            return Ok(());
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        if !is_public(address) {
            return Err(OutgoingError::NotPublic { host, address });
        }
        if url.scheme() != "https" {
            let why = "only addresses that begin with `https://` are told";
            return Err(OutgoingError::Address(why.to_owned()));
        }
        Ok(())
    }

    fn client(
        &self,
        url: &Url,
        host: &str,
        addresses: &[SocketAddr],
    ) -> Result<Client, OutgoingError> {
        let tls = tls(&Endpoint::new(url.as_str()), url);
        let tls = tls.map_err(|error| broken(&error.to_string()))?;
        let builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(self.connect_max)
            .timeout(self.request_max)
            .pool_max_idle_per_host(0)
            .resolve_to_addrs(host, addresses)
            .user_agent(concat!("assay/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls);
        builder.build().map_err(|error| failure(&error))
    }
}

fn parse(text: &str) -> Result<Url, OutgoingError> {
    let refused = |why: &str| OutgoingError::Address(why.to_owned());
    if text.len() > OUTGOING_URL_BYTES_MAX {
        let why = format!("an address has at most {OUTGOING_URL_BYTES_MAX} bytes");
        return Err(OutgoingError::Address(why));
    }
    let url = Url::parse(text).map_err(|_| refused("it is no address"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(refused("an address begins with `https://`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("an address holds no name and no password"));
    }
    match url.host_str() {
        Some(host) if !host.is_empty() => Ok(url),
        _ => Err(refused("an address names a server")),
    }
}

/// Returns the address that a URL names by its numbers.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.parse().ok()
}

fn broken(why: &str) -> OutgoingError {
    OutgoingError::Failed(why.chars().take(PROBLEM_CHARS_MAX).collect())
}

/// Says what went wrong, without the address: it may hold a token in its path.
fn failure(error: &reqwest::Error) -> OutgoingError {
    broken(if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "no connection could be made"
    } else {
        "the connection broke"
    })
}

fn retry_ms(headers: &HeaderMap) -> Option<i64> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse::<u64>();
    let seconds = seconds.ok()?.min(RETRY_SECONDS_MAX);
    i64::try_from(seconds * 1_000).ok()
}

/// Returns whether an address is one of the public Internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_special = matches!(
        (first, second, third),
        (0 | 10 | 127 | 240..=255, _, _)
            // Between a provider and its customers; benchmarks.
            | (100, 64..=127, _)
            | (198, 18 | 19, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            // Protocols, documentation, what IPv6 was once reached by.
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 51, 100)
            | (203, 0, 113)
            // One to many.
            | (224..=239, _, _)
    );
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let last = |at: usize| {
        let [a, b] = parts[at].to_be_bytes();
        let [c, d] = parts[at + 1].to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match parts {
        // What stands for an address of IPv4 is as public as that.
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => is_public_v4(last(6)),
        [0x2002, ..] => is_public_v4(last(1)),
        // Only this is given out; of it: tunnels, documentation, benchmarks.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{OutgoingClient, OutgoingError, is_public};

    #[test]
    fn only_the_public_internet_is_public() {
        for (address, expected) in [
            ("93.184.216.34", true),
            ("8.8.8.8", true),
            ("172.32.0.1", true),
            ("100.128.0.1", true),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("198.18.0.1", false),
            ("192.0.2.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700::1111", true),
            ("::1", false),
            ("::", false),
            ("fe80::1", false),
            ("fc00::1", false),
            ("fd12::1", false),
            ("ff02::1", false),
            ("2001:db8::1", false),
            ("2001::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("::7f00:1", false),
            ("64:ff9b::a9fe:a9fe", false),
            ("64:ff9b:1::1", false),
            ("2002:7f00:1::", false),
            ("2002:808:808::", true),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn addresses_are_checked_before_anything_is_asked() {
        let client = OutgoingClient::new(Arc::new(|address| address.to_string() == "10.0.0.7"));
        for (url, why) in [
            ("https://example.org/hook", ""),
            ("https://8.8.8.8/hook", ""),
            ("http://10.0.0.7:8080/hook", ""),
            ("http://8.8.8.8/hook", "begin with `https://`"),
            ("https://127.0.0.1/", "not told anything"),
            ("https://2130706433/", "not told anything"),
            ("https://0x7f.1/", "not told anything"),
            ("https://[::1]/", "not told anything"),
            ("https://[::ffff:169.254.169.254]/", "not told anything"),
            (
                "https://169.254.169.254/latest/meta-data",
                "not told anything",
            ),
            ("https://10.0.0.8/", "not told anything"),
            ("https://user:word@example.org/", "no name and no password"),
            ("file:///etc/passwd", "begins with `https://`"),
            ("gopher://example.org", "begins with `https://`"),
            ("hook", "no address"),
            ("https://", "no address"),
        ] {
            let said = match client.check(url) {
                Ok(()) => String::new(),
                Err(error @ (OutgoingError::Address(_) | OutgoingError::NotPublic { .. })) => {
                    error.to_string()
                }
                Err(other) => panic!("{other}"),
            };
            assert!(
                said.contains(why) && said.is_empty() == why.is_empty(),
                "{url}: {said}"
            );
        }
    }
}
