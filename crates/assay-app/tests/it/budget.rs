//! Budgets in the store: many reviews at a time spend no more than there is.

use std::sync::Arc;

use assay_app::StoreBook;
use assay_auth::Scope;
use assay_llm::{
    Ask, Budget, BudgetHolder, BudgetLimit, BudgetLimits, Call, LlmError, Model as _, ModelFacts,
    Money, Outcome, Price, Provider, ProviderKind, ProviderSettings, SpendBook, World,
};
use assay_testkit::llm::{Dialect, FakeModel, Shape, Turn};
use assay_testkit::on_both_engines;
use assay_testkit::store::TestStore;
use assay_testkit::{MachineClock, SeededRandomness};
use tokio::task::JoinSet;

on_both_engines!(no_number_of_reviews_at_a_time_passes_a_limit);

const REVIEWS: usize = 64;
const PRICE: Price = Price {
    input: 1_000_000,
    output: 4_000_000,
    cache_read: 1_000_000,
    cache_write: 1_000_000,
    batch_percent: 50,
};

fn hard(limit: Money) -> BudgetLimit {
    BudgetLimit {
        soft: None,
        hard: Some(limit),
    }
}

async fn no_number_of_reviews_at_a_time_passes_a_limit(test: TestStore) {
    let fake =
        FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), |asked| {
            match asked.number % 7 {
                0 => Turn::Cut("cut in its middle".into()),
                1 => Turn::status(503, ""),
                _ => Turn::say("well"),
            }
        });
    let ask = Ask {
        output_tokens_max: 100,
        ..Ask::new("You are a test.", "Say something.")
    };
    let facts = ModelFacts {
        price: Some(PRICE),
        ..ModelFacts::default()
    };
    let most = PRICE.most(ask.input_tokens_max(), 100);
    // There is money for some of the reviews, and for fewer of one repository.
    let day = Money::from_nanos(most.nanos() * 8);
    let own = Money::from_nanos(most.nanos() * 3);
    let mut settings = ProviderSettings::new("mine", ProviderKind::OpenAi);
    settings.base = Some(fake.url());
    settings.retry.attempts_max = 2;
    settings.retry.base_ms = 1;
    let world = World {
        clock: Arc::new(MachineClock),
        randomness: Arc::new(SeededRandomness::new(7)),
    };
    let provider = Provider::new(settings, world).unwrap();
    let book = || {
        let book = StoreBook::new(test.store.clone(), Scope::system("test"));
        Arc::new(book) as Arc<dyn SpendBook>
    };
    let limits = BudgetLimits {
        day: hard(day),
        ..BudgetLimits::default()
    };
    let mut reviews = JoinSet::new();
    for at in 0..REVIEWS {
        let repository = format!("repository:{}", at % 4);
        let holder = BudgetHolder {
            key: repository.clone(),
            name: repository,
            day: hard(own),
            month: BudgetLimit::default(),
        };
        let budget = Budget::new(limits, book(), test.store.clock_shared());
        let budget = Arc::new(budget.with_holders(vec![holder]));
        let model = provider.model("priced", facts.clone()).with_budget(budget);
        let ask = ask.clone();
        reviews.spawn(async move { model.ask(&ask, Call::default()).await });
    }
    let (mut answered, mut refused) = (0, 0);
    while let Some(ended) = reviews.join_next().await {
        match ended.unwrap() {
            Ok(answer) => {
                assert!(matches!(answer.outcome, Outcome::Complete(_)));
                answered += 1;
            }
            Err(LlmError::Budget(_)) => refused += 1,
            Err(_) => {}
        }
    }
    assert!(
        answered > 0 && refused > 0,
        "{answered} answered, {refused} refused"
    );
    let sum = |name: &str| book().sum(name);
    let today = "2026-01-01";
    let whole = sum(&format!("day {today}"));
    assert!(Money::ZERO < whole && whole <= day, "{whole} of {day}");
    for at in 0..4 {
        let spent = sum(&format!("repository:{at} day {today}"));
        assert!(spent <= own, "{at}: {spent} of {own}");
    }
}
