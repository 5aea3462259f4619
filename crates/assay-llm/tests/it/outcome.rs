//! Answers that are whole and answers that are not, in each provider's words.

use assay_llm::{
    Ask, Call, LlmError, Message, Outcome, Reply, Shortfall, Tool, ToolResult, Usage, ask_for_value,
};
use assay_testkit::llm::{Dialect, FakeModel, Shape, Turn};
use serde_json::{Value, json};

use crate::support::{answer, ask, kind, model, model_of, run, said, settings, shortfall};

fn stop(reason: &str) -> Turn {
    Turn::Stop {
        partial: "the beginning".into(),
        reason: reason.into(),
    }
}

fn check(dialect: Dialect, turn: Turn, expected: &Shortfall) {
    let fake = FakeModel::start(dialect, vec![turn.clone()]);
    let found = answer(&model(&fake, dialect), &ask());
    let found = found.unwrap_or_else(|error| panic!("{dialect:?} {turn:?}: {error}"));
    assert_eq!(shortfall(&found), expected, "{dialect:?} {turn:?}");
    assert_eq!(fake.received().len(), 1, "an answer is an answer");
}

#[test]
fn what_is_not_whole_is_never_a_success() {
    use Shortfall::{Empty, Filtered, InputCut, Length, Paused, Refused, Unknown};
    let filtered = |why: &str| Filtered(why.into());
    let unknown = |why: &str| Unknown(why.into());
    let chat = Dialect::OpenAiChat;
    check(chat, stop("length"), &Length);
    check(chat, stop("content_filter"), &filtered("content_filter"));
    check(chat, stop("solar_flare"), &unknown("solar_flare"));
    check(
        chat,
        Turn::Refuse("I cannot".into()),
        &Refused("I cannot".into()),
    );
    let responses = Dialect::OpenAiResponses;
    check(responses, stop("max_output_tokens"), &Length);
    check(
        responses,
        stop("content_filter"),
        &filtered("content_filter"),
    );
    check(responses, stop("cancelled"), &unknown("cancelled"));
    check(
        responses,
        Turn::Refuse("I cannot".into()),
        &Refused("I cannot".into()),
    );
    let anthropic = Dialect::Anthropic;
    check(anthropic, stop("max_tokens"), &Length);
    check(anthropic, stop("pause_turn"), &Paused);
    check(anthropic, stop("model_context_window_exceeded"), &InputCut);
    check(anthropic, stop("solar_flare"), &unknown("solar_flare"));
    check(
        anthropic,
        Turn::Refuse("I cannot".into()),
        &Refused(String::new()),
    );
    let gemini = Dialect::Gemini;
    check(gemini, stop("MAX_TOKENS"), &Length);
    check(gemini, stop("SAFETY"), &filtered("SAFETY"));
    check(
        gemini,
        stop("MALFORMED_FUNCTION_CALL"),
        &unknown("MALFORMED_FUNCTION_CALL"),
    );
    check(
        gemini,
        Turn::Refuse("PROHIBITED_CONTENT".into()),
        &filtered("PROHIBITED_CONTENT"),
    );
    let ollama = Dialect::Ollama;
    check(ollama, stop("length"), &Length);
    check(ollama, stop("unload"), &unknown("unload"));
    for dialect in Dialect::ALL {
        check(dialect, Turn::say(""), &Empty);
        check(dialect, Turn::say(" \n"), &Empty);
    }
}

#[test]
fn what_ollama_cuts_in_silence_is_noticed() {
    let fake = FakeModel::start(Dialect::Ollama, vec![Turn::say("fine")]);
    let provider = settings(kind(Dialect::Ollama), &fake.url());
    let mut facts = assay_llm::ModelFacts {
        context_tokens: 1_000,
        ..Default::default()
    };
    let provider = assay_llm::Provider::new(provider, crate::support::world()).unwrap();
    let long = Ask {
        output_tokens_max: 10,
        ..Ask::new("s", "x".repeat(2_500))
    };
    let found = answer(&provider.model("m", facts.clone()), &long).unwrap();
    assert_eq!(said(&found), "fine");
    facts.context_tokens = 700;
    let error = answer(&provider.model("m", facts.clone()), &long).unwrap_err();
    assert!(
        matches!(error, LlmError::ContextTooLarge { .. }),
        "{error:?}"
    );
    let fake = FakeModel::start_scripted(Dialect::Ollama, Shape::default(), |_| {
        let last = json!({ "message": { "content": "fine" }, "done": true, "prompt_eval_count": 1_000, "eval_count": 3 });
        Turn::Raw(last.to_string().into_bytes())
    });
    facts.context_tokens = 1_000;
    let own = settings(kind(Dialect::Ollama), &fake.url());
    let own = assay_llm::Provider::new(own, crate::support::world()).unwrap();
    let found = answer(&own.model("m", facts), &long).unwrap();
    assert_eq!(shortfall(&found), &Shortfall::InputCut);
}

fn with_tool(mut ask: Ask) -> Ask {
    ask.tools.push(Tool {
        name: "find".into(),
        description: "Finds a definition.".into(),
        parameters: json!({
            "type": "object",
            "properties": { "name": { "type": "string" } },
            "required": ["name"],
            "additionalProperties": false,
        }),
    });
    ask
}

#[test]
fn a_tool_is_called_and_answered() {
    for dialect in Dialect::ALL {
        let arguments = json!({ "name": "B\u{e4}r \"x\"", "deep": { "list": [1, 2] } });
        let call = Turn::Call {
            name: "find".into(),
            arguments: arguments.clone(),
        };
        let fake = FakeModel::start(dialect, vec![call, Turn::say("found")]);
        let model = model(&fake, dialect);
        let mut ask = with_tool(ask());
        let Outcome::Complete(content) = answer(&model, &ask).unwrap().outcome else {
            panic!("{dialect:?}");
        };
        let [called] = &content.calls[..] else {
            panic!("{dialect:?}")
        };
        assert_eq!(
            (called.name.as_str(), &called.arguments),
            ("find", &arguments),
            "{dialect:?}"
        );
        assert!(!called.id.is_empty());
        ask.messages.push(Message::Assistant {
            text: content.text.clone(),
            calls: content.calls.clone(),
        });
        ask.messages.push(Message::Results(vec![ToolResult {
            id: called.id.clone(),
            name: called.name.clone(),
            text: "src/bear.rs:1".into(),
        }]));
        assert_eq!(said(&answer(&model, &ask).unwrap()), "found", "{dialect:?}");
        assert_eq!(fake.refused(), Vec::<String>::new());
        let sent = &fake.received()[1].text;
        assert!(sent.contains("src/bear.rs:1"), "{dialect:?}");
        if dialect == Dialect::Gemini {
            assert!(sent.contains("c2ln"), "the signature goes back");
        }
    }
}

#[test]
fn arguments_that_are_no_json_are_no_call() {
    let stream = concat!(
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"find\",\"arguments\":\"{\\\"na\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n",
    );
    let fake = FakeModel::start(Dialect::OpenAiChat, vec![Turn::Raw(stream.into())]);
    let error = answer(&model(&fake, Dialect::OpenAiChat), &with_tool(ask())).unwrap_err();
    assert!(matches!(error, LlmError::Unreadable(_)), "{error:?}");
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "remarks": { "type": "array", "items": { "type": "string" } } },
        "required": ["remarks"],
        "additionalProperties": false,
    })
}

fn reply(dialect: Dialect, turns: Vec<Turn>) -> (Reply, Vec<assay_testkit::llm::Received>) {
    let fake = FakeModel::start(dialect, turns);
    let ask = ask().with_schema("remarks", schema());
    let model = model(&fake, dialect);
    let reply = run(ask_for_value(&model, &ask, Call::default())).expect("an answer");
    (reply, fake.received())
}

#[test]
fn values_have_the_form_that_was_asked_for() {
    let good = json!({ "remarks": ["a"] });
    for dialect in Dialect::ALL {
        let (found, received) = reply(dialect, vec![Turn::json(&good)]);
        let Reply::Value { value, .. } = found else {
            panic!("{dialect:?} {found:?}")
        };
        assert_eq!(value, good);
        let [one] = &received[..] else {
            panic!("{dialect:?}")
        };
        let named = match dialect {
            Dialect::OpenAiChat => "/response_format/json_schema/schema",
            Dialect::OpenAiResponses => "/text/format/schema",
            Dialect::Anthropic => "/output_config/format/schema",
            Dialect::Gemini => "/generationConfig/responseJsonSchema",
            Dialect::Ollama => "/format",
        };
        assert_eq!(one.body.pointer(named), Some(&schema()), "{dialect:?}");
        // One that does not fit is sent back once, with what is wrong.
        let bad = Turn::json(&json!({ "remarks": [7], "more": 1 }));
        let (found, received) = reply(dialect, vec![bad.clone(), Turn::json(&good)]);
        let Reply::Value { answer, .. } = found else {
            panic!("{dialect:?} {found:?}")
        };
        assert!(
            received[1].text.contains("is not of type"),
            "{}",
            received[1].text
        );
        let spent = answer.usage.unwrap();
        assert!(
            spent.output_tokens > 5 && spent.input_tokens > 0,
            "both are counted: {spent:?}"
        );
        let (found, received) = reply(dialect, vec![bad]);
        let Reply::Misfit { faults, .. } = found else {
            panic!("{dialect:?} {found:?}")
        };
        assert_eq!((faults.len(), received.len()), (2, 2), "{faults:?}");
        let (found, _) = reply(dialect, vec![Turn::say("Certainly! Here is my review.")]);
        assert!(matches!(found, Reply::Misfit { .. }), "{dialect:?}");
        let reason = match dialect {
            Dialect::OpenAiResponses => "max_output_tokens",
            Dialect::Anthropic => "max_tokens",
            Dialect::Gemini => "MAX_TOKENS",
            _ => "length",
        };
        let cut = Turn::Stop {
            partial: good.to_string(),
            reason: reason.into(),
        };
        let (found, _) = reply(dialect, vec![cut]);
        assert!(
            matches!(found, Reply::Unfinished(_)),
            "{dialect:?}: valid but cut {found:?}"
        );
    }
}

#[test]
fn a_server_that_knows_no_schemas_is_told_in_words() {
    for (dialect, field) in [
        (Dialect::OpenAiChat, "response_format"),
        (Dialect::OpenAiResponses, "text.format"),
        (Dialect::Anthropic, "output_config"),
        (Dialect::Gemini, "responseJsonSchema"),
        (Dialect::Ollama, "format"),
    ] {
        let fake = FakeModel::start_scripted(dialect, Shape::default(), move |asked| {
            let key = field.split('.').next_back().unwrap();
            let sent = asked.text.contains(&format!("\"{key}\":"));
            match sent {
                true => Turn::status(400, format!("{{\"error\":\"unknown field {field}\"}}")),
                false => Turn::say("Sure:\n```json\n{\"remarks\":[]}\n```"),
            }
        });
        let ask = ask().with_schema("remarks", schema());
        let own = model_of(settings(kind(dialect), &fake.url()), "model-1");
        for expected in [2, 3] {
            let found = run(ask_for_value(&own, &ask, Call::default())).unwrap();
            assert!(
                matches!(found, Reply::Value { .. }),
                "{dialect:?} {found:?}"
            );
            assert_eq!(fake.received().len(), expected, "it is remembered");
        }
        assert!(
            fake.received()[2].text.contains("additionalProperties"),
            "{dialect:?}"
        );
    }
}

#[test]
fn tokens_of_the_providers_cache_are_told_apart() {
    let system = "The same beginning again and again. ".repeat(200);
    for (dialect, first, second) in [
        (Dialect::OpenAiChat, (false, false), true),
        (Dialect::Anthropic, (true, false), true),
        (Dialect::Gemini, (false, false), true),
    ] {
        let fake = FakeModel::start(dialect, vec![Turn::say("yes")]);
        let model = model(&fake, dialect);
        let ask = Ask::new(system.as_str(), "?");
        let one: Usage = answer(&model, &ask).unwrap().usage.unwrap();
        let other: Usage = answer(&model, &ask).unwrap().usage.unwrap();
        assert_eq!(
            (one.cache_write_tokens > 0, one.cache_read_tokens > 0),
            first,
            "{dialect:?} {one:?}"
        );
        assert_eq!(
            other.cache_read_tokens > 1_000,
            second,
            "{dialect:?} {other:?}"
        );
        assert!(
            other.input_tokens < 200,
            "what was cached is not counted twice: {dialect:?} {other:?}"
        );
    }
}
