//! A provider: where it is, how it is spoken to, how patient we are with it; and its
//! models, which share its connections and its breaker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use assay_source::{Breaker, BreakerPolicy};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};

use crate::answer::{Answer, Outcome, Usage};
use crate::api::{ANTHROPIC_FIRST_VERSION, Api, Draft, Means, Received, Target, Wire};
use crate::ask::Ask;
use crate::budget::{Budget, CallSpend, Reservation};
use crate::error::{Charge, LlmError};
use crate::facts::ModelFacts;
use crate::model::{Boxed, Call, Model, ModelId, World};
use crate::money::Money;
use crate::transport::{Exchange, client};

/// Fields whose refusal means that the server knows no schemas.
const SCHEMA_FIELDS: [&str; 8] = [
    "response_format",
    "json_schema",
    "output_config",
    "responseJsonSchema",
    "responseSchema",
    "response_schema",
    "text.format",
    "format",
];

/// What speaks how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProviderKind {
    /// `OpenAI`'s chat completions.
    OpenAi,
    /// `OpenAI`'s responses.
    OpenAiResponses,
    /// `OpenAI`'s models at Azure.
    Azure,
    /// Any server that speaks chat completions.
    Compatible,
    /// Anthropic's messages.
    Anthropic,
    /// Google's Gemini.
    Gemini,
    /// Ollama's own interface.
    Ollama,
}

impl ProviderKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::OpenAi,
        Self::OpenAiResponses,
        Self::Azure,
        Self::Compatible,
        Self::Anthropic,
        Self::Gemini,
        Self::Ollama,
    ];

    /// Returns the name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::OpenAiResponses => "openai-responses",
            Self::Azure => "azure",
            Self::Compatible => "openai-compatible",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// Returns the kind with the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns where it is unless somebody says otherwise.
    pub fn base(self) -> Option<&'static str> {
        match self {
            Self::OpenAi | Self::OpenAiResponses => Some("https://api.openai.com/v1"),
            Self::Azure | Self::Compatible => None,
            Self::Anthropic => Some("https://api.anthropic.com"),
            Self::Gemini => Some("https://generativelanguage.googleapis.com"),
            Self::Ollama => Some("http://127.0.0.1:11434"),
        }
    }

    pub(crate) fn api(self) -> Api {
        match self {
            Self::OpenAi | Self::Azure | Self::Compatible => Api::OpenAiChat,
            Self::OpenAiResponses => Api::OpenAiResponses,
            Self::Anthropic => Api::Anthropic,
            Self::Gemini => Api::Gemini,
            Self::Ollama => Api::Ollama,
        }
    }

    fn version(self) -> &'static str {
        match self {
            Self::Anthropic => ANTHROPIC_FIRST_VERSION,
            Self::Gemini => "v1beta",
            _ => "",
        }
    }
}

/// Where the key goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// Where the kind and the version of the provider want it.
    #[default]
    ByKind,
    /// Into `authorization`, as a bearer's.
    Bearer,
    /// Into the provider's own header.
    Own,
}

/// How long each part of a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until there is a connection.
    pub connect_ms: u64,
    /// Until something of the answer is there.
    pub first_token_ms: u64,
    /// Between two pieces of the answer.
    pub idle_ms: u64,
    /// All of it.
    pub whole_ms: u64,
    /// Until something of the answer is there, tries and waits together, when
    /// somebody else can be asked.
    pub failover_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect_ms: 5_000,
            first_token_ms: 120_000,
            idle_ms: 120_000,
            whole_ms: 600_000,
            failover_ms: 1_800,
        }
    }
}

/// When a question is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often it is asked at most.
    pub attempts_max: u32,
    /// The longest wait before the second time; it doubles with each.
    pub base_ms: u64,
    /// No wait is longer, also when the provider wants one.
    pub wait_ms_max: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts_max: 3,
            base_ms: 500,
            wait_ms_max: 30_000,
        }
    }
}

/// What is configured of a provider.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// The name by which it is spoken of.
    pub name: String,
    /// How it is spoken to.
    pub kind: ProviderKind,
    /// The address that paths are put behind; the kind's if none.
    pub base: Option<String>,
    /// The key; a server of one's own may need none.
    pub key: Option<SecretString>,
    /// Where the key goes.
    pub auth: Auth,
    /// The version of the programming interface; the kind's if none.
    pub version: Option<String>,
    /// Whether it may be reached without encryption when it is not this machine.
    pub allow_plain: bool,
    /// A proxy on the way to it.
    pub proxy: Option<String>,
    /// Limits of time.
    pub timeouts: Timeouts,
    /// Asking again.
    pub retry: RetryPolicy,
    /// When it is left alone.
    pub breaker: BreakerPolicy,
    /// Whether its models cost nothing, as on a machine of one's own.
    pub is_free: bool,
}

impl ProviderSettings {
    /// Makes the settings of a kind as its provider documents them.
    pub fn new(name: &str, kind: ProviderKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            base: None,
            key: None,
            auth: Auth::ByKind,
            version: None,
            allow_plain: false,
            proxy: None,
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            is_free: kind == ProviderKind::Ollama,
            breaker: BreakerPolicy {
                failures_max: 5,
                open_ms: 30_000,
            },
        }
    }
}

/// A provider that can be spoken to.
pub struct Provider {
    pub(crate) settings: ProviderSettings,
    pub(crate) base: Url,
    pub(crate) client: Client,
    pub(crate) auth: Option<(HeaderName, HeaderValue)>,
    pub(crate) breaker: Breaker,
    pub(crate) world: World,
}

impl Provider {
    /// Makes one of its settings. Nothing is sent.
    ///
    /// # Errors
    ///
    /// A setting that makes no sense.
    pub fn new(settings: ProviderSettings, world: World) -> Result<Arc<Self>, LlmError> {
        let base = base_url(&settings)?;
        Ok(Arc::new(Self {
            client: client(&settings, &base)?,
            auth: auth_header(&settings)?,
            breaker: Breaker::new(settings.breaker),
            base,
            world,
            settings,
        }))
    }

    /// Returns one of its models.
    pub fn model(self: &Arc<Self>, name: &str, facts: ModelFacts) -> ProviderModel {
        ProviderModel {
            id: ModelId::new(&self.settings.name, name),
            provider: Arc::clone(self),
            is_told: AtomicBool::new(!facts.has_schema),
            facts,
            budget: None,
        }
    }

    /// Returns whether it is left alone now.
    pub fn is_open(&self) -> bool {
        self.breaker.is_open(self.world.clock.now_ms())
    }

    pub(crate) fn version(&self) -> &str {
        let own = self.settings.version.as_deref();
        own.unwrap_or(self.settings.kind.version())
    }

    fn request(&self, model: &str, wire: &Wire) -> Result<RequestBuilder, LlmError> {
        let base = self.base.as_str().trim_end_matches('/');
        let address = match (self.settings.kind, self.version()) {
            (ProviderKind::Azure, "") => format!("{base}/openai/v1{}", wire.path),
            (ProviderKind::Azure, version) => format!(
                "{base}/openai/deployments/{model}{}?api-version={version}",
                wire.path
            ),
            _ => format!("{base}{}", wire.path),
        };
        let wrong = || LlmError::Setting(format!("`{model}` is no name of a model"));
        let url = Url::parse(&address).map_err(|_| wrong())?;
        // A name must not lead anywhere else.
        let is_name = |c: char| c.is_ascii_alphanumeric() || "._:/@+-".contains(c);
        if !model.chars().all(is_name) || url.as_str() != address {
            return Err(wrong());
        }
        let mut request = self.client.post(url).body(wire.body.to_string());
        request = request.header("content-type", "application/json");
        for (name, value) in &wire.headers {
            request = request.header(*name, value);
        }
        if let Some((name, value)) = &self.auth {
            request = request.header(name, value);
        }
        Ok(request)
    }
}

fn base_url(settings: &ProviderSettings) -> Result<Url, LlmError> {
    let name = &settings.name;
    let wrong = |what: &str| LlmError::Setting(format!("the address of `{name}` {what}"));
    let base = settings.base.as_deref().or(settings.kind.base());
    let base = base.ok_or_else(|| wrong("is not set"))?;
    let url = Url::parse(base).map_err(|_| wrong("is no address"))?;
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => {}
        "http" if is_here || settings.allow_plain => {}
        _ => return Err(wrong("does not begin with `https://`")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a name or a password; set a key instead"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("is not one to put paths behind"));
    }
    Ok(url)
}

fn auth_header(settings: &ProviderSettings) -> Result<Option<(HeaderName, HeaderValue)>, LlmError> {
    let Some(key) = &settings.key else {
        return Ok(None);
    };
    let own = match settings.kind {
        ProviderKind::Azure => Some("api-key"),
        ProviderKind::Anthropic => Some("x-api-key"),
        ProviderKind::Gemini => Some("x-goog-api-key"),
        _ => None,
    };
    let is_newer = settings
        .version
        .as_deref()
        .is_some_and(|version| version > ANTHROPIC_FIRST_VERSION);
    let own = match settings.auth {
        Auth::Bearer => None,
        Auth::ByKind if settings.kind == ProviderKind::Anthropic && is_newer => None,
        _ => own,
    };
    let key = key.expose_secret().trim();
    let (name, value) = match own {
        Some(name) => (HeaderName::from_static(name), HeaderValue::from_str(key)),
        None => (
            AUTHORIZATION,
            HeaderValue::from_str(&format!("Bearer {key}")),
        ),
    };
    let mut value = value.map_err(|_| {
        LlmError::Setting(format!(
            "the key of `{}` holds control characters",
            settings.name
        ))
    })?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

/// A model of a provider.
pub struct ProviderModel {
    id: ModelId,
    provider: Arc<Provider>,
    facts: ModelFacts,
    /// Whether the schema is told to the model because the server knows none.
    is_told: AtomicBool,
    budget: Option<Arc<Budget>>,
}

impl ProviderModel {
    /// Makes every question wait for money to be set aside, each try on its own.
    #[must_use]
    pub fn with_budget(self, budget: Arc<Budget>) -> Self {
        Self {
            budget: Some(budget),
            ..self
        }
    }

    /// Returns what is known of it.
    pub fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    /// Returns its provider.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Returns whether a question has room.
    pub(crate) fn fits(&self, ask: &Ask) -> Result<(), LlmError> {
        let tokens = ask.input_tokens_about();
        let room = self.facts.context_tokens;
        match tokens + u64::from(ask.output_tokens_max).min(room / 2) > room {
            true => Err(LlmError::ContextTooLarge {
                tokens,
                tokens_max: room,
            }),
            false => Ok(()),
        }
    }

    async fn ask_until(&self, ask: &Ask, call: Call<'_>) -> Result<Answer, LlmError> {
        self.fits(ask)?;
        let (settings, clock) = (&self.provider.settings, &self.provider.world.clock);
        let started_ms = clock.now_ms();
        let mut attempts = 1;
        let mut cost = self.facts.price.map(|_| Money::ZERO);
        loop {
            let passed_ms = clock.now_ms().saturating_sub(started_ms).max(0) as u64;
            let left_ms = settings.timeouts.failover_ms.saturating_sub(passed_ms);
            let first_token_ms = match call.has_fallback {
                true => left_ms.min(settings.timeouts.first_token_ms),
                false => settings.timeouts.first_token_ms,
            };
            let means = match self.is_told.load(Ordering::Relaxed) {
                true => Means::Told,
                false => Means::Native,
            };
            let reservation = self.reserve(ask).await?;
            let began_ms = clock.now_ms();
            let tried = self.attempt(ask, call, means, first_token_ms).await;
            let spent = self.settle(ask, reservation, &tried);
            self.note(call, &tried, spent, began_ms);
            cost = cost.zip(spent).map(|(one, other)| one.plus(other));
            let error = match tried.result {
                Ok((outcome, usage)) => {
                    return Ok(Answer {
                        cost,
                        model: self.id.clone(),
                        outcome,
                        usage,
                        attempts,
                    });
                }
                Err(error) => error,
            };
            call.hear.restart();
            let asked_for_schema = ask.schema.is_some() && means == Means::Native;
            if asked_for_schema && error.is_refusal_of(&SCHEMA_FIELDS) {
                self.is_told.store(true, Ordering::Relaxed);
                continue;
            }
            if !error.may_retry() || attempts >= settings.retry.attempts_max {
                return Err(error);
            }
            let wait_ms = error.wait_ms().unwrap_or_else(|| self.pause_ms(attempts));
            let passed_ms = clock.now_ms().saturating_sub(started_ms).max(0) as u64;
            let wait_ms_max = match call.has_fallback {
                true => settings.timeouts.failover_ms.saturating_sub(passed_ms),
                false => settings.retry.wait_ms_max,
            };
            if wait_ms > wait_ms_max || (call.has_fallback && wait_ms_max == 0) {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            attempts += 1;
        }
    }

    /// Returns what a question costs at most.
    fn most(&self, ask: &Ask) -> Option<Money> {
        let output = u64::from(ask.output_tokens_max).min(self.facts.output_tokens_max);
        Some(self.facts.price?.most(ask.input_tokens_max(), output))
    }

    async fn reserve(&self, ask: &Ask) -> Result<Option<Reservation>, LlmError> {
        let Some(budget) = &self.budget else {
            return Ok(None);
        };
        let reserved = budget.reserve_when_free(self.most(ask)).await;
        reserved.map(Some).map_err(LlmError::Budget)
    }

    /// Says what a try took, to whoever keeps the budget.
    fn note(&self, call: Call<'_>, tried: &Tried, cost: Option<Money>, began_ms: i64) {
        if let Some(budget) = &self.budget {
            let passed_ms = self.provider.world.clock.now_ms().saturating_sub(began_ms);
            budget.note(&CallSpend {
                model: self.id.clone(),
                task: call.purpose.task,
                usage: tried.result.as_ref().ok().and_then(|(_, usage)| *usage),
                cost,
                is_answered: tried.result.is_ok(),
                duration_ms: passed_ms.max(0) as u64,
            });
        }
    }

    /// Settles what a try cost: by what was counted, else by what it can have cost.
    fn settle(&self, ask: &Ask, reservation: Option<Reservation>, tried: &Tried) -> Option<Money> {
        let spent = match &tried.result {
            Ok((_, Some(usage))) => self.facts.price.map(|price| price.cost(*usage)),
            Ok((_, None)) => self.uncounted(ask, tried.received, Charge::Heard),
            Err(error) => self.uncounted(ask, tried.received, error.charge()),
        };
        if let Some(reservation) = reservation {
            // What a provider counts goes over what was set aside only when a token of
            // it has less than a byte.
            reservation.settle(spent.unwrap_or_default());
        }
        spent
    }

    /// Returns what a try costs that the provider did not count to its end: nothing when
    /// no model began, else the question and what of an answer there can have been.
    fn uncounted(&self, ask: &Ask, received: Received, charge: Charge) -> Option<Money> {
        if charge == Charge::Nothing {
            return Some(Money::ZERO);
        }
        let price = self.facts.price?;
        let counted = received.usage.unwrap_or_default();
        if received.is_ended && counted.output_tokens > 0 {
            return Some(price.cost(counted));
        }
        let longest = u64::from(ask.output_tokens_max).min(self.facts.output_tokens_max);
        // Reasoning is paid and not seen.
        let is_seen = charge == Charge::Heard || received.is_ended;
        let output_tokens = match is_seen && !self.facts.is_reasoning {
            true => received.output_tokens_max.min(longest),
            false => longest,
        };
        let output_tokens = output_tokens.max(counted.output_tokens);
        let is_counted = counted.total() > counted.output_tokens;
        let spent = match is_counted {
            true => price.cost(Usage {
                output_tokens,
                ..counted
            }),
            false => price.most(ask.input_tokens_charged(), output_tokens),
        };
        Some(spent)
    }

    /// Returns how long to wait when the provider does not say: longer each time, and
    /// not the same for all who wait.
    fn pause_ms(&self, attempts: u32) -> u64 {
        let retry = self.provider.settings.retry;
        let factor = 1u64 << attempts.saturating_sub(1).min(30);
        let longest_ms = retry.base_ms.saturating_mul(factor).min(retry.wait_ms_max);
        longest_ms / 2 + self.provider.world.randomness.up_to(longest_ms / 2)
    }

    async fn attempt(&self, ask: &Ask, call: Call<'_>, means: Means, first_token_ms: u64) -> Tried {
        let provider = &*self.provider;
        let api = provider.settings.kind.api();
        let request = match self.admitted(ask, means) {
            Ok(request) => request,
            Err(error) => return Tried::unsent(error),
        };
        let clock = &provider.world.clock;
        let mut draft = Draft::new(call.hear);
        if api == Api::Ollama {
            draft.input_tokens_max = Some(self.facts.context_tokens);
        }
        let exchange = Exchange {
            api,
            timeouts: provider.settings.timeouts,
            first_token_ms,
            now_ms: clock.now_ms(),
        };
        let ended = exchange.run(request, &mut draft).await;
        let received = draft.received();
        let result = ended.and_then(|()| draft.finish());
        let worked = !matches!(&result, Err(error) if error.is_outage());
        provider.breaker.note(worked, clock.now_ms());
        Tried { result, received }
    }

    /// Makes the request, when the provider is not left alone now.
    fn admitted(&self, ask: &Ask, means: Means) -> Result<RequestBuilder, LlmError> {
        let provider = &*self.provider;
        let target = Target {
            model: &self.id.name,
            facts: &self.facts,
            version: provider.version(),
            means,
        };
        let wire = provider.settings.kind.api().wire(ask, target);
        let request = provider.request(&self.id.name, &wire)?;
        let admitted = provider.breaker.admit(provider.world.clock.now_ms());
        admitted.map_err(|wait_ms| LlmError::BreakerOpen { wait_ms })?;
        Ok(request)
    }
}

/// What became of one try.
struct Tried {
    result: Result<(Outcome, Option<Usage>), LlmError>,
    received: Received,
}

impl Tried {
    fn unsent(error: LlmError) -> Self {
        Self {
            result: Err(error),
            received: Received::default(),
        }
    }
}

impl Model for ProviderModel {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn ask<'a>(&'a self, ask: &'a Ask, call: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>> {
        Box::pin(self.ask_until(ask, call))
    }
}
