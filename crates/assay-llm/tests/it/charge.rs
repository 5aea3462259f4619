//! What a call costs that failed, and that nobody counted: nothing when no model began,
//! else the question and what of an answer there can have been, at the model's own price.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use assay_llm::{
    Ask, Budget, BudgetLimit, BudgetLimits, Call, MemoryBook, Model as _, ModelFacts, ModelTable,
    Money, Price, Provider, ProviderModel, ProviderSettings, RetryPolicy, Usage,
};
use assay_testkit::SettableClock;
use assay_testkit::llm::{Dialect, FakeModel, Turn};
use serde_json::json;

use crate::support::{kind, run, settings, world};

const OUTPUT_TOKENS_MAX: u32 = 1_000;
/// A thousand billionths of a dollar a token in, four thousand out.
const PRICE: Price = Price {
    input: 1_000_000,
    output: 4_000_000,
    cache_read: 1_000_000,
    cache_write: 1_000_000,
    batch_percent: 50,
};

fn question() -> Ask {
    Ask {
        output_tokens_max: OUTPUT_TOKENS_MAX,
        ..Ask::new("You are a test.", "What is wrong here? ".repeat(100))
    }
}

fn budget(day: &str) -> Arc<Budget> {
    let hard = Money::from_dollars(day);
    let limits = BudgetLimits {
        day: BudgetLimit { soft: None, hard },
        ..BudgetLimits::default()
    };
    let book = Arc::new(MemoryBook::default());
    Arc::new(Budget::new(
        limits,
        book,
        Arc::new(SettableClock::default()),
    ))
}

/// Settings of a provider that is asked once and not waited for.
fn once(dialect: Dialect, base: &str) -> ProviderSettings {
    let mut own = settings(kind(dialect), base);
    own.retry = RetryPolicy {
        attempts_max: 1,
        ..own.retry
    };
    own.timeouts.first_token_ms = 300;
    own.timeouts.idle_ms = 300;
    own.breaker.failures_max = u32::MAX;
    own
}

fn model(own: ProviderSettings, is_reasoning: bool, budget: &Arc<Budget>) -> ProviderModel {
    let facts = ModelFacts {
        price: Some(PRICE),
        is_reasoning,
        ..ModelFacts::default()
    };
    let provider = Provider::new(own, world()).expect("settings that make sense");
    provider.model("m", facts).with_budget(Arc::clone(budget))
}

/// Asks, and returns what the failure counts as.
fn charged(own: ProviderSettings, is_reasoning: bool) -> Money {
    let budget = budget("1");
    let model = model(own, is_reasoning, &budget);
    let result = run(model.ask(&question(), Call::default()));
    assert!(result.is_err(), "{result:?}");
    budget.spent()
}

fn cost(input_tokens: u64, output_tokens: u64) -> Money {
    PRICE.cost(Usage {
        input_tokens,
        output_tokens,
        ..Usage::default()
    })
}

/// The question as it counts without a provider's word, and the longest answer.
fn most() -> Money {
    let output = u64::from(OUTPUT_TOKENS_MAX);
    cost(question().input_tokens_charged(), output)
}

#[test]
fn what_is_refused_before_a_model_begins_costs_nothing() {
    for dialect in Dialect::ALL {
        for status in [400, 401, 403, 404, 413, 422, 429, 500, 503, 529] {
            let fake = FakeModel::start(dialect, vec![Turn::status(status, "{}")]);
            let found = charged(once(dialect, &fake.url()), false);
            assert_eq!(found, Money::ZERO, "{dialect:?} {status}");
        }
        let gone = FakeModel::start(dialect, vec![Turn::Silent]).url();
        let found = charged(once(dialect, &gone), false);
        assert_eq!(found, Money::ZERO, "{dialect:?}: nobody is there");
        let mut own = once(dialect, "http://nobody.invalid");
        own.allow_plain = true;
        own.timeouts.first_token_ms = 30_000;
        assert_eq!(charged(own, false), Money::ZERO, "{dialect:?}: no address");
    }
}

#[test]
fn what_may_have_been_answered_costs_the_question_and_the_longest_answer() {
    // 2,0xx bytes of question count as half as many tokens; 1,000 tokens of answer.
    assert!(most() > cost(1_000, 1_000) && most() < cost(2_000, 1_000));
    let dialect = Dialect::OpenAiChat;
    let text = "said ".repeat(20);
    for turn in [
        Turn::Silent,
        Turn::Stall(text.clone()),
        Turn::Cut(text.clone()),
        Turn::EndEarly(text),
        Turn::status(408, ""),
        Turn::status(502, ""),
        Turn::status(504, ""),
    ] {
        let fake = FakeModel::start(dialect, vec![turn.clone()]);
        let found = charged(once(dialect, &fake.url()), false);
        assert_eq!(found, most(), "{turn:?}");
    }
}

#[test]
fn a_connection_that_ends_after_the_question_was_sent_may_cost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut taken = Vec::new();
        let mut piece = [0; 4_096];
        // All of the question is there when its last words are.
        while !String::from_utf8_lossy(&taken).contains("include_usage") {
            let count = stream.read(&mut piece).unwrap();
            taken.extend_from_slice(&piece[..count]);
        }
        stream.flush().unwrap();
    });
    let mut own = once(Dialect::OpenAiChat, &address);
    own.timeouts.first_token_ms = 30_000;
    assert_eq!(charged(own, false), most());
    server.join().unwrap();
}

#[test]
fn an_error_in_the_stream_costs_what_came() {
    let value = json!({"error": {"type": "overloaded_error", "message": "m"}});
    let fake = FakeModel::start(Dialect::OpenAiChat, vec![Turn::ErrorInStream(value)]);
    let found = charged(once(Dialect::OpenAiChat, &fake.url()), false);
    let question = question().input_tokens_charged();
    assert!(
        found >= cost(question, 0) && found <= cost(question, 100),
        "{found}"
    );
    // What a model thinks is paid and not seen.
    let found = charged(once(Dialect::OpenAiChat, &fake.url()), true);
    assert_eq!(found, most());
}

#[test]
fn what_the_provider_counted_before_the_break_is_taken() {
    // Anthropic counts the question in its first event: four bytes a token at the fake.
    let fake = FakeModel::start(Dialect::Anthropic, vec![Turn::Stall("said ".repeat(20))]);
    let found = charged(once(Dialect::Anthropic, &fake.url()), false);
    assert!(
        found > cost(500, 1_000) && found < cost(700, 1_000),
        "{found} is not the question as it was counted and the longest answer"
    );
    assert!(found < most());
}

#[test]
fn an_answer_that_nobody_counted_costs_what_came() {
    let text = "data: {\"choices\":[{\"delta\":{\"content\":\"well said\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let fake = FakeModel::start(
        Dialect::OpenAiChat,
        vec![Turn::Raw(text.as_bytes().to_vec())],
    );
    let budget = budget("1");
    let model = model(once(Dialect::OpenAiChat, &fake.url()), false, &budget);
    let answer = run(model.ask(&question(), Call::default())).unwrap();
    assert_eq!(answer.usage, None);
    let expected = cost(question().input_tokens_charged(), 9 + 64);
    assert_eq!((answer.cost, budget.spent()), (Some(expected), expected));
}

#[test]
fn a_day_outlives_an_outage() {
    // A question of 16 kB for `gpt-5-mini` under the usual $10 of a day: of 1,000 that are
    // refused nothing is charged; each that is lost is 8,300 tokens at $0.25 and 8,192 at
    // $2 a million, so that more than 500 fit into the day.
    let facts = ModelTable::shipped().find("gpt-5-mini").cloned().unwrap();
    let price = facts.price.unwrap();
    let ask = Ask {
        output_tokens_max: 8_192,
        ..Ask::new("You are a test.", "x".repeat(16_000))
    };
    let budget = budget("10");
    let ask_at = |turn: Turn, times: usize| {
        let fake = FakeModel::start(Dialect::OpenAiChat, vec![turn]);
        let own = once(Dialect::OpenAiChat, &fake.url());
        let provider = Provider::new(own, world()).unwrap();
        let model = provider.model("gpt-5-mini", facts.clone());
        let model = model.with_budget(Arc::clone(&budget));
        for _ in 0..times {
            let result = run(model.ask(&ask, Call::default()));
            result.expect_err("the provider is down");
        }
    };
    ask_at(Turn::status(529, ""), 100);
    assert_eq!(budget.spent(), Money::ZERO);
    ask_at(Turn::EndEarly("well".repeat(9)), 10);
    let one = price.most(ask.input_tokens_charged(), 8_192);
    assert_eq!(budget.spent().nanos(), 10 * one.nanos());
    let day = Money::from_dollars("10").unwrap();
    assert!(day.nanos() / one.nanos() > 500, "{one}");
}
