//! What goes over the wire: addresses, keys, versions, and the habits of models.

use assay_llm::{Ask, Auth, LlmError, Provider, ProviderKind, ProviderSettings};
use assay_testkit::llm::{Dialect, FakeModel, Received, Turn};

use crate::support::{KEY, answer, ask, model_of, said, settings, world};

/// Asks a model of a name at a provider of a kind, and returns what was sent.
fn sent(
    kind: ProviderKind,
    name: &str,
    ask: &Ask,
    change: impl Fn(&mut ProviderSettings),
) -> Received {
    let dialect = match kind {
        ProviderKind::OpenAi | ProviderKind::Azure | ProviderKind::Compatible => {
            Dialect::OpenAiChat
        }
        ProviderKind::OpenAiResponses => Dialect::OpenAiResponses,
        ProviderKind::Anthropic => Dialect::Anthropic,
        ProviderKind::Gemini => Dialect::Gemini,
        ProviderKind::Ollama => Dialect::Ollama,
    };
    let fake = FakeModel::start(dialect, vec![Turn::say("yes")]);
    let mut own = settings(kind, &fake.url());
    change(&mut own);
    let found = answer(&model_of(own, name), ask);
    let found =
        found.unwrap_or_else(|error| panic!("{kind:?} {name}: {error} {:?}", fake.refused()));
    assert_eq!(said(&found), "yes");
    fake.received().remove(0)
}

fn warm() -> Ask {
    Ask {
        temperature: Some(0.5),
        ..ask()
    }
}

#[test]
fn addresses_and_keys_are_where_each_provider_wants_them() {
    let bearer = format!("Bearer {KEY}");
    for (kind, version, path, query, header, value) in [
        (
            ProviderKind::OpenAi,
            None,
            "/chat/completions",
            "",
            "authorization",
            bearer.as_str(),
        ),
        (
            ProviderKind::Compatible,
            None,
            "/chat/completions",
            "",
            "authorization",
            bearer.as_str(),
        ),
        (
            ProviderKind::OpenAiResponses,
            None,
            "/responses",
            "",
            "authorization",
            bearer.as_str(),
        ),
        (
            ProviderKind::Azure,
            None,
            "/openai/v1/chat/completions",
            "",
            "api-key",
            KEY,
        ),
        (
            ProviderKind::Azure,
            Some("2024-10-21"),
            "/openai/deployments/model-1/chat/completions",
            "api-version=2024-10-21",
            "api-key",
            KEY,
        ),
        (
            ProviderKind::Anthropic,
            None,
            "/v1/messages",
            "",
            "x-api-key",
            KEY,
        ),
        (
            ProviderKind::Anthropic,
            Some("2026-01-01"),
            "/v1/messages",
            "",
            "authorization",
            bearer.as_str(),
        ),
        (
            ProviderKind::Gemini,
            None,
            "/v1beta/models/model-1:streamGenerateContent",
            "alt=sse",
            "x-goog-api-key",
            KEY,
        ),
        (
            ProviderKind::Gemini,
            Some("v1"),
            "/v1/models/model-1:streamGenerateContent",
            "alt=sse",
            "x-goog-api-key",
            KEY,
        ),
        (
            ProviderKind::Ollama,
            None,
            "/api/chat",
            "",
            "authorization",
            bearer.as_str(),
        ),
    ] {
        let asked = ask().with_schema(
            "s",
            serde_json::json!({
                "type": "object", "properties": {}, "required": [], "additionalProperties": false,
            }),
        );
        let received = sent(kind, "model-1", &asked, |own| {
            own.version = version.map(str::to_owned)
        });
        assert_eq!(
            (received.path.as_str(), received.query.as_str()),
            (path, query),
            "{kind:?}"
        );
        assert_eq!(received.header(header), Some(value), "{kind:?}");
        assert!(!received.query.contains(KEY) && !received.path.contains(KEY));
    }
    let received = sent(ProviderKind::Anthropic, "m", &ask(), |own| {
        own.auth = Auth::Bearer
    });
    assert_eq!(
        (
            received.header("authorization"),
            received.header("x-api-key")
        ),
        (Some(bearer.as_str()), None)
    );
    assert_eq!(received.header("anthropic-version"), Some("2023-06-01"));
}

#[test]
fn models_that_reason_are_spoken_to_as_they_want() {
    let body = sent(ProviderKind::OpenAi, "gpt-5-mini", &warm(), |_| ()).body;
    assert_eq!(body["max_completion_tokens"], 4_096);
    assert!(
        body.get("max_tokens").is_none() && body.get("temperature").is_none(),
        "{body}"
    );
    let body = sent(ProviderKind::Azure, "o4-mini", &warm(), |_| ()).body;
    assert!(body.get("max_tokens").is_none(), "{body}");
    let body = sent(ProviderKind::OpenAiResponses, "o3", &warm(), |_| ()).body;
    assert!(
        body.get("temperature").is_none() && body["store"] == false,
        "{body}"
    );
    let body = sent(ProviderKind::OpenAi, "gpt-4.1", &warm(), |_| ()).body;
    assert_eq!(
        (&body["max_tokens"], &body["temperature"]),
        (&4_096.into(), &0.5.into())
    );
    let body = sent(ProviderKind::OpenAi, "gpt-4.1", &ask(), |_| ()).body;
    assert!(
        body.get("temperature").is_none(),
        "nothing that was not configured: {body}"
    );
}

#[test]
fn newer_versions_get_no_sampling_parameters() {
    let newer = |own: &mut ProviderSettings| own.version = Some("2026-01-01".into());
    let body = sent(ProviderKind::Anthropic, "claude-sonnet-4-5", &warm(), newer).body;
    assert!(
        body.get("temperature").is_none() && body["max_tokens"] == 4_096,
        "{body}"
    );
    let body = sent(
        ProviderKind::Anthropic,
        "claude-sonnet-4-5",
        &warm(),
        |_| (),
    )
    .body;
    assert_eq!(body["temperature"], 0.5);
    assert_eq!(
        body["system"][0]["text"], "You are a test.",
        "the system is top level"
    );
}

#[test]
fn a_name_of_a_model_leads_nowhere_else() {
    for name in ["../../admin", "m?key=1", "m#x", "a b"] {
        let fake = FakeModel::start(Dialect::Gemini, vec![Turn::say("yes")]);
        let error = answer(
            &model_of(settings(ProviderKind::Gemini, &fake.url()), name),
            &ask(),
        )
        .unwrap_err();
        assert!(matches!(error, LlmError::Setting(_)), "{name} {error:?}");
        assert!(fake.received().is_empty(), "{name}");
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for (base, why) in [
        ("http://models.example.com", "https"),
        ("ftp://127.0.0.1", "https"),
        ("https://a:b@example.com", "password"),
        ("https://example.com?key=x", "paths"),
        ("example.com", "address"),
    ] {
        let error = Provider::new(settings(ProviderKind::OpenAi, base), world()).err();
        let said = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(why), "{base}: {said}");
    }
    let unset = ProviderSettings::new("mine", ProviderKind::Azure);
    assert!(Provider::new(unset, world()).is_err());
    let mut plain = settings(ProviderKind::Compatible, "http://models.example.com");
    plain.allow_plain = true;
    assert!(Provider::new(plain, world()).is_ok());
}

#[test]
fn a_redirect_is_not_followed() {
    let other = FakeModel::start(Dialect::OpenAiChat, vec![Turn::say("stolen")]);
    let fake = FakeModel::start(
        Dialect::OpenAiChat,
        vec![Turn::limited(
            307,
            "location",
            &format!("{}/chat/completions", other.url()),
        )],
    );
    let error = answer(
        &model_of(settings(ProviderKind::OpenAi, &fake.url()), "m"),
        &ask(),
    )
    .unwrap_err();
    assert!(
        matches!(error, LlmError::Status { status: 307, .. }),
        "{error:?}"
    );
    assert!(other.received().is_empty());
}
