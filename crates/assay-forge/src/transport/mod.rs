//! Requests over HTTP to one forge: in time, within limits of size, at the pace
//! that the forge allows, again when that is harmless, and to no other server.

mod etag;
mod link;
mod policy;
mod rate;

use std::sync::Arc;
use std::time::Duration;

use assay_source::Breaker;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
    LINK, LOCATION,
};
use reqwest::{Client, Method, Url};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::ForgeError;
use crate::world::World;

use self::rate::{Rates, Verdict};

pub use self::etag::{EtagCache, KeptAnswer, MemoryEtags, NoEtags};
pub(crate) use self::link::next_page;
pub use self::policy::{BulkheadPolicy, Policies, RatePolicy, RetryPolicy, Timeouts};
pub use self::rate::Quota;
use self::rate::Weight;
pub(crate) use self::rate::server_time_ms;

/// A renamed repository takes one; a chain of them is no forge.
const REDIRECTS_MAX: usize = 3;

/// Where a forge is and how it is reached.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The address that paths of the programming interface are put behind, such
    /// as `https://api.github.com` or `https://github.example.com/api/v3`.
    pub base: String,
    /// Certificates to trust besides those of the system, as PEM.
    pub roots_pem: Vec<u8>,
    /// A proxy, such as `http://proxy.example.com:3128`.
    pub proxy: Option<String>,
    /// Whether the base may be `http`: for a forge on the same machine.
    pub allow_plain: bool,
}

impl Endpoint {
    /// Makes an endpoint of an address, with the system's certificates.
    pub fn new(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            roots_pem: Vec::new(),
            proxy: None,
            allow_plain: false,
        }
    }
}

/// What a request does there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// Only looks.
    Reads,
    /// Sets something to a value; twice is as once.
    Sets,
    /// Makes a comment, a review or another thing that people are told of.
    Makes,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// A path behind the base, with its query; or a whole address on its host.
    pub(crate) path: String,
    pub(crate) accept: &'static str,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) does: Does,
    /// Whether it may use the last tenth of the quota.
    pub(crate) is_urgent: bool,
    /// The longest wait for a limit of the forge.
    pub(crate) wait_ms_max: Option<u64>,
}

/// One answer below status 500 that is no limit.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) link: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// Who asks: what its quota is kept under, and the header that says so.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) key: String,
    /// None: nobody in particular asks.
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
}

impl Caller {
    /// Makes a caller that shows nothing.
    pub(crate) fn nobody() -> Self {
        Self {
            key: "nobody".to_owned(),
            header: None,
        }
    }

    /// Makes a caller whose token is a bearer's.
    pub(crate) fn bearer(key: String, token: &str) -> Result<Self, ForgeError> {
        Self::with_header(key, AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub(crate) fn with_header(
        key: String,
        name: HeaderName,
        value: &str,
    ) -> Result<Self, ForgeError> {
        let value = HeaderValue::from_str(value);
        let mut value =
            value.map_err(|_| ForgeError::Setting("a token holds control characters".into()))?;
        value.set_sensitive(true);
        Ok(Self {
            key,
            header: Some((name, value)),
        })
    }
}

/// The way to one forge.
pub(crate) struct Transport {
    client: Client,
    base: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    policies: Policies,
    world: World,
    rates: Rates,
    breaker: Breaker,
    places: Semaphore,
    etags: Arc<dyn EtagCache>,
}

impl Transport {
    pub(crate) fn new(
        endpoint: &Endpoint,
        headers: &[(&'static str, &'static str)],
        policies: Policies,
        world: World,
        etags: Arc<dyn EtagCache>,
    ) -> Result<Self, ForgeError> {
        let base = parse_base(endpoint)?;
        let headers = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        let began_ms = world.now_ms();
        Ok(Self {
            client: build_client(endpoint, &base, policies.timeouts)?,
            base,
            headers: headers.collect(),
            policies,
            world,
            rates: Rates::new(policies.rate, began_ms),
            breaker: Breaker::new(policies.breaker),
            places: Semaphore::new(policies.bulkhead.requests_max.max(1)),
            etags,
        })
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn quota(&self, key: &str) -> Quota {
        self.rates.quota(key)
    }

    pub(crate) fn quotas(&self) -> Vec<(String, Quota)> {
        self.rates.quotas()
    }

    pub(crate) fn is_left_alone(&self) -> bool {
        self.breaker.is_open(self.world.now_ms())
    }

    /// Sends a request until there is an answer, or it is clear that there will
    /// be none soon.
    pub(crate) async fn send(
        &self,
        request: &Request,
        caller: &Caller,
    ) -> Result<Answer, ForgeError> {
        let url = self.resolve(&request.path)?;
        let mut attempt = 1;
        loop {
            self.wait_for_turn(request, caller).await?;
            let failure = match self.send_once(request, caller, &url).await {
                Ok(answer) => match self.judge(&answer, request, caller)? {
                    Some(failure) => failure,
                    None => return Ok(answer),
                },
                Err(failure) => failure,
            };
            if let ForgeError::RateLimited { .. } = failure {
                // The wait is taken at the next turn; nothing was done.
                continue;
            }
            let is_harmless = request.does != Does::Makes || !failure.maybe_done();
            let may_pass = failure.kind().may_pass() && !matches!(failure, ForgeError::Crowded);
            if !is_harmless || !may_pass || attempt >= self.policies.retry.attempts_max {
                return Err(failure);
            }
            let longest_ms = self.policies.retry.longest_wait_ms(attempt);
            let wait_ms = longest_ms / 2 + self.world.chance(longest_ms / 2);
            self.world.sleeper.sleep(wait_ms).await;
            attempt += 1;
        }
    }

    /// Tells an answer from a limit and from trouble. A limit that is not worth
    /// waiting for is an error.
    fn judge(
        &self,
        answer: &Answer,
        request: &Request,
        caller: &Caller,
    ) -> Result<Option<ForgeError>, ForgeError> {
        let now_ms = self.world.now_ms();
        let verdict = self.rates.note(
            &caller.key,
            answer.status,
            &answer.headers,
            &answer.body,
            now_ms,
        );
        match verdict {
            Verdict::Limited {
                wait_ms,
                is_hopeless,
            } => {
                let limited = ForgeError::RateLimited { wait_ms };
                if is_hopeless || wait_ms > self.wait_ms_max(request) {
                    return Err(limited);
                }
                Ok(Some(limited))
            }
            Verdict::Free if answer.status >= 500 => Ok(Some(ForgeError::Server {
                status: answer.status,
            })),
            Verdict::Free => Ok(None),
        }
    }

    fn wait_ms_max(&self, request: &Request) -> u64 {
        let most_ms = self.policies.rate.wait_ms_max;
        request.wait_ms_max.map_or(most_ms, |ms| ms.min(most_ms))
    }

    async fn wait_for_turn(&self, request: &Request, caller: &Caller) -> Result<(), ForgeError> {
        let mut left_ms = self.wait_ms_max(request);
        let weight = Weight {
            is_urgent: request.is_urgent,
            is_content: request.does == Does::Makes,
        };
        loop {
            let now_ms = self.world.now_ms();
            let Err(wait_ms) = self.rates.take(&caller.key, weight, now_ms) else {
                return Ok(());
            };
            let Some(rest_ms) = left_ms.checked_sub(wait_ms) else {
                return Err(ForgeError::RateLimited { wait_ms });
            };
            left_ms = rest_ms;
            self.world.sleeper.sleep(wait_ms).await;
        }
    }

    async fn place(&self) -> Result<SemaphorePermit<'_>, ForgeError> {
        let wait = Duration::from_millis(self.policies.bulkhead.wait_ms_max);
        match tokio::time::timeout(wait, self.places.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(ForgeError::Crowded),
        }
    }

    async fn send_once(
        &self,
        request: &Request,
        caller: &Caller,
        url: &Url,
    ) -> Result<Answer, ForgeError> {
        let _place = self.place().await?;
        let admitted = self.breaker.admit(self.world.now_ms());
        admitted.map_err(|wait_ms| ForgeError::BreakerOpen { wait_ms })?;
        let result = self.exchange(request, caller, url).await;
        let worked = match &result {
            Ok(answer) => answer.status < 500,
            Err(error) => !error.kind().may_pass(),
        };
        let now_ms = self.world.now_ms();
        self.breaker.note(worked, now_ms);
        if request.does == Does::Makes {
            self.rates.content_made(&caller.key, now_ms);
        }
        result
    }

    async fn exchange(
        &self,
        request: &Request,
        caller: &Caller,
        url: &Url,
    ) -> Result<Answer, ForgeError> {
        let is_get = request.method == Method::GET;
        let key = format!("{} {} {url}", caller.key, request.accept);
        let kept = if is_get {
            self.etags.get(&key).await
        } else {
            None
        };
        let mut url = url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let etag = kept.as_ref().map(|kept| kept.etag.as_str());
            let answer = self.exchange_once(request, caller, &url, etag).await?;
            match (answer.status, kept.as_ref()) {
                (304, Some(kept)) => {
                    return Ok(Answer {
                        status: 200,
                        headers: answer.headers,
                        link: kept.link.clone(),
                        body: kept.body.clone(),
                    });
                }
                (301 | 302 | 307 | 308, _) => {
                    let to = answer.headers.get(LOCATION);
                    let to = to.and_then(|to| to.to_str().ok()).unwrap_or_default();
                    url = self.resolve(to)?;
                }
                (200, _) if is_get => {
                    self.keep(&key, &answer).await;
                    return Ok(answer);
                }
                _ => return Ok(answer),
            }
        }
        Err(ForgeError::RedirectRefused {
            to: "the same server, again and again".into(),
        })
    }

    async fn keep(&self, key: &str, answer: &Answer) {
        let etag = answer.headers.get(ETAG).and_then(|etag| etag.to_str().ok());
        if let Some(etag) = etag {
            let kept = KeptAnswer {
                etag: etag.to_owned(),
                link: answer.link.clone(),
                body: answer.body.clone(),
            };
            self.etags.put(key, kept).await;
        }
    }

    async fn exchange_once(
        &self,
        request: &Request,
        caller: &Caller,
        url: &Url,
        etag: Option<&str>,
    ) -> Result<Answer, ForgeError> {
        let mut building = self.client.request(request.method.clone(), url.clone());
        for (name, value) in self.headers.iter().chain(&caller.header) {
            building = building.header(name, value);
        }
        building = building.header(ACCEPT, request.accept);
        if let Some(etag) = etag {
            building = building.header(IF_NONE_MATCH, etag);
        }
        if let Some(body) = &request.body {
            building = building.header(CONTENT_TYPE, "application/json");
            building = building.body(body.clone());
        }
        let sent = building.send().await;
        let mut response = sent.map_err(|error| self.failure(error))?;
        let bytes_max = self.policies.answer_bytes_max;
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.failure(error))?
        {
            if (body.len() + chunk.len()) as u64 > bytes_max {
                return Err(ForgeError::TooLarge { bytes_max });
            }
            body.extend_from_slice(&chunk);
        }
        let headers = std::mem::take(response.headers_mut());
        let link = headers.get(LINK).and_then(|link| link.to_str().ok());
        Ok(Answer {
            status: response.status().as_u16(),
            link: link.map(str::to_owned),
            headers,
            body,
        })
    }

    fn failure(&self, error: reqwest::Error) -> ForgeError {
        let maybe_done = !error.is_connect() && !error.is_builder();
        if error.is_timeout() && maybe_done {
            let after_ms = self.policies.timeouts.request_ms;
            return ForgeError::Timeout { after_ms };
        }
        ForgeError::Connection {
            maybe_done,
            source: error.without_url(),
        }
    }

    /// Returns the address of a path. Addresses from answers (pages, redirects)
    /// come here too: one on another server would be given the token.
    fn resolve(&self, path: &str) -> Result<Url, ForgeError> {
        let refused = |to: String| ForgeError::RedirectRefused { to };
        let url = if path.starts_with("https://") || path.starts_with("http://") {
            Url::parse(path).map_err(|_| refused("no address".into()))?
        } else if path.starts_with('/') && !path.starts_with("//") {
            let base = self.base.as_str().trim_end_matches('/');
            Url::parse(&format!("{base}{path}"))
                .map_err(|_| ForgeError::Setting(format!("`{path}` is no path")))?
        } else {
            return Err(refused("no address".into()));
        };
        if url.origin() != self.base.origin() || !url.username().is_empty() {
            return Err(refused(url.origin().ascii_serialization()));
        }
        Ok(url)
    }
}

pub(crate) fn parse_base(endpoint: &Endpoint) -> Result<Url, ForgeError> {
    let wrong = |why: &str| ForgeError::Setting(format!("`{}` {why}", endpoint.base));
    let base = Url::parse(&endpoint.base).map_err(|_| wrong("is no address"))?;
    match base.scheme() {
        "https" => {}
        "http" if endpoint.allow_plain => {}
        _ => return Err(wrong("does not begin with `https://`")),
    }
    if base.host_str().is_none() || base.query().is_some() || base.fragment().is_some() {
        return Err(wrong("is no address to put paths behind"));
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err(wrong("holds a name or a password; set a token instead"));
    }
    Ok(base)
}

pub(crate) fn build_client(
    endpoint: &Endpoint,
    base: &Url,
    timeouts: Timeouts,
) -> Result<Client, ForgeError> {
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_millis(timeouts.connect_ms))
        .timeout(Duration::from_millis(timeouts.request_ms))
        .user_agent(concat!("assay/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls(endpoint, base)?);
    if let Some(proxy) = &endpoint.proxy {
        let proxy = reqwest::Proxy::all(proxy.as_str());
        let proxy = proxy.map_err(|_| ForgeError::Setting("the proxy is no address".into()))?;
        builder = builder.proxy(proxy);
    }
    builder
        .build()
        .map_err(|error| ForgeError::Setting(error.without_url().to_string()))
}

/// Sets up TLS with the system's certificates. Where the address is not even
/// encrypted there may be none, and none are needed.
pub(crate) fn tls(endpoint: &Endpoint, base: &Url) -> Result<ClientConfig, ForgeError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(ForgeError::Tls)?;
    let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&endpoint.roots_pem).collect();
    let roots = roots.map_err(|_| ForgeError::Setting("the certificates are no PEM".into()))?;
    let mut config = if base.scheme() == "http" {
        builder
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth()
    } else {
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider);
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier.map_err(ForgeError::Tls)?))
            .with_no_client_auth()
    };
    config.alpn_protocols = vec!["h2".into(), "http/1.1".into()];
    Ok(config)
}
