//! Budgets: never exceeded, whoever asks at the same time and whatever fails.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use assay_llm::{
    Ask, Budget, BudgetLimit, BudgetLimits, BudgetRefusal, BudgetScope, Call, LlmError, MemoryBook,
    Model as _, ModelFacts, Money, Price, Provider, ProviderModel, SpendBook,
};
use assay_testkit::SettableClock;
use assay_testkit::llm::{Dialect, FakeModel, Shape, Turn};
use proptest::prelude::{ProptestConfig, prop_assert, proptest};

use crate::support::{answer, ask, kind, said, settings, world};

fn nanos(nanos: u64) -> Money {
    Money::from_nanos(nanos)
}

fn limits(scope: BudgetScope, limit: BudgetLimit) -> BudgetLimits {
    let mut limits = BudgetLimits::default();
    match scope {
        BudgetScope::Call => limits.call = limit,
        BudgetScope::Review => limits.review = limit,
        BudgetScope::Day => limits.day = limit,
        BudgetScope::Month => limits.month = limit,
    }
    limits
}

fn hard(scope: BudgetScope, amount: u64) -> BudgetLimits {
    let hard = Some(nanos(amount));
    limits(scope, BudgetLimit { soft: None, hard })
}

fn budget(limits: BudgetLimits) -> Arc<Budget> {
    let clock = Arc::new(SettableClock::default());
    Arc::new(Budget::new(limits, Arc::new(MemoryBook::default()), clock))
}

#[test]
fn each_scope_has_its_limit() {
    for scope in BudgetScope::ALL {
        let budget = budget(hard(scope, 100));
        let over = |wanted| budget.reserve(Some(nanos(wanted))).err();
        let Some(BudgetRefusal::Over { scope: found, .. }) = over(101) else {
            panic!("{scope}");
        };
        assert_eq!(found, scope);
        budget.reserve(Some(nanos(100))).unwrap().settle(nanos(60));
        if scope == BudgetScope::Call {
            assert_eq!(over(100), None, "the next call has its own");
        } else {
            assert_eq!(budget.left(), Some(nanos(40)));
            assert!(over(41).is_some(), "{scope}");
            assert_eq!(over(40), None, "{scope}");
        }
        assert_eq!(budget.reserve(None).err(), Some(BudgetRefusal::Unpriced));
    }
    assert!(budget(BudgetLimits::default()).reserve(None).is_ok());
}

#[test]
fn what_nobody_settles_is_spent() {
    let budget = budget(hard(BudgetScope::Review, 100));
    drop(budget.reserve(Some(nanos(70))).unwrap());
    assert_eq!(budget.spent(), nanos(70));
}

#[test]
fn days_and_months_begin_anew_and_reviews_share_them() {
    let clock = Arc::new(SettableClock::default());
    let book: Arc<dyn SpendBook> = Arc::new(MemoryBook::default());
    let both = BudgetLimits {
        day: BudgetLimit {
            soft: Some(nanos(50)),
            hard: Some(nanos(100)),
        },
        month: BudgetLimit {
            soft: None,
            hard: Some(nanos(150)),
        },
        ..BudgetLimits::default()
    };
    let review = || {
        Arc::new(Budget::new(
            both,
            Arc::clone(&book),
            Arc::<SettableClock>::clone(&clock),
        ))
    };
    let one = review();
    assert_eq!(one.soft_reached(), None);
    one.reserve(Some(nanos(90))).unwrap().settle(nanos(90));
    let other = review();
    assert_eq!(
        (other.spent(), other.soft_reached()),
        (Money::ZERO, Some(BudgetScope::Day))
    );
    assert!(other.reserve(Some(nanos(20))).is_err(), "the day is shared");
    clock.advance(24 * 60 * 60 * 1_000);
    assert_eq!(other.soft_reached(), None, "another day");
    let refused = other.reserve(Some(nanos(61))).unwrap_err();
    assert!(
        matches!(
            refused,
            BudgetRefusal::Over {
                scope: BudgetScope::Month,
                ..
            }
        ),
        "{refused}"
    );
    other.reserve(Some(nanos(60))).unwrap().settle(nanos(60));
    clock.advance(31 * 24 * 60 * 60 * 1_000);
    assert!(other.reserve(Some(nanos(100))).is_ok(), "another month");
}

/// A book that remembers the highest sum that a window ever had.
#[derive(Default)]
struct Watched(Mutex<(HashMap<String, Money>, Money)>);

impl SpendBook for Watched {
    fn take(&self, windows: &[assay_llm::Window], amount: Money) -> Result<(), BudgetRefusal> {
        let mut held = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let taken = assay_llm::take_from_sums(&mut held.0, windows, amount);
        let highest = held.0.values().copied().max().unwrap_or_default();
        held.1 = held.1.max(highest);
        taken
    }

    fn settle(&self, windows: &[assay_llm::Window], taken: Money, spent: Money) {
        let mut held = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        assay_llm::settle_sums(&mut held.0, windows, taken, spent);
    }

    fn sum(&self, name: &str) -> Money {
        let held = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        held.0.get(name).copied().unwrap_or_default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_order_of_calls_passes_the_limit(
        calls in proptest::collection::vec((0u64..60, 0u64..=100, 0u8..4), 1..60),
    ) {
        let limit = 200;
        let watched = Arc::new(Watched::default());
        let shared: Arc<dyn SpendBook> = Arc::<Watched>::clone(&watched);
        let budget = Arc::new(Budget::new(hard(BudgetScope::Day, limit), shared, Arc::new(SettableClock::default())));
        let mut under_way = Vec::new();
        for (most, percent, action) in calls {
            match action {
                0 | 1 => under_way.extend(budget.reserve(Some(nanos(most))).ok()),
                2 => drop(under_way.pop()),
                _ => {
                    if let Some(reservation) = under_way.pop() {
                        let spent = reservation.amount().nanos() * percent / 100;
                        reservation.settle(nanos(spent));
                    }
                }
            }
        }
        let highest = watched.0.lock().map_or(Money::MAX, |held| held.1);
        prop_assert!(highest <= nanos(limit), "{highest}");
    }
}

const PRICE: Price = Price {
    input: 1_000_000,
    output: 4_000_000,
    cache_read: 1_000_000,
    cache_write: 1_000_000,
    batch_percent: 50,
};

fn priced(fake: &FakeModel, budget: &Arc<Budget>) -> ProviderModel {
    let own = settings(kind(Dialect::OpenAiChat), &fake.url());
    let facts = ModelFacts {
        price: Some(PRICE),
        ..ModelFacts::default()
    };
    Provider::new(own, world())
        .expect("settings")
        .model("priced", facts)
        .with_budget(Arc::clone(budget))
}

#[test]
fn sixty_four_callers_never_pass_the_limit() {
    // One call may cost 0.9 ms of a dollar by its bytes and 0.4 by its answer; it costs less.
    // Who does not fit waits for what others give back, so that the limit has to be small.
    let limit = Money::from_dollars("0.005").unwrap();
    let watched = Arc::new(Watched::default());
    let shared: Arc<dyn SpendBook> = Arc::<Watched>::clone(&watched);
    let budget = Arc::new(Budget::new(
        hard(BudgetScope::Day, limit.nanos()),
        shared,
        Arc::new(SettableClock::default()),
    ));
    let fake =
        FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), |asked| {
            match asked.number % 5 {
                0 => Turn::Cut("cut in its middle".into()),
                1 => Turn::status(503, ""),
                _ => Turn::say("well"),
            }
        });
    let model = Arc::new(priced(&fake, &budget));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let (mut answered, mut refused) = (0, 0);
    runtime.block_on(async {
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let model = Arc::clone(&model);
            callers.spawn(async move {
                let ask = Ask {
                    output_tokens_max: 100,
                    ..ask()
                };
                let result = model.ask(&ask, Call::default()).await;
                matches!(result, Err(LlmError::Budget(_)))
                    .then_some(())
                    .ok_or(result)
            });
        }
        while let Some(ended) = callers.join_next().await {
            match ended.unwrap() {
                Ok(()) => refused += 1,
                Err(Ok(answer)) => {
                    assert_eq!(said(&answer), "well");
                    answered += 1;
                }
                Err(Err(_)) => {}
            }
        }
    });
    let (sums, highest) = &*watched.0.lock().unwrap();
    assert!(*highest <= limit, "{highest}");
    assert!(
        answered > 0 && refused > 0,
        "{answered} answered, {refused} refused, {sums:?}"
    );
}

#[test]
fn each_answer_says_what_it_cost() {
    let budget = budget(hard(BudgetScope::Review, 1_000_000_000));
    let fake = FakeModel::start(Dialect::OpenAiChat, vec![Turn::say("well")]);
    let model = priced(&fake, &budget);
    let found = answer(&model, &ask()).unwrap();
    let expected = PRICE.cost(found.usage.unwrap());
    assert_eq!((found.cost, budget.spent()), (Some(expected), expected));
    assert!(expected > Money::ZERO);
    // A try that was cut may have cost everything; one that was refused cost nothing.
    let fake = FakeModel::start(
        Dialect::OpenAiChat,
        vec![Turn::status(503, ""), Turn::say("well")],
    );
    assert_eq!(
        answer(&priced(&fake, &budget), &ask()).unwrap().cost,
        Some(expected)
    );
    let fake = FakeModel::start(
        Dialect::OpenAiChat,
        vec![Turn::Cut("some text".into()), Turn::say("well")],
    );
    assert!(answer(&priced(&fake, &budget), &ask()).unwrap().cost > Some(expected));
}

#[test]
fn without_a_price_nothing_is_asked_under_a_budget() {
    let fake = FakeModel::start(Dialect::OpenAiChat, vec![Turn::say("well")]);
    let budget = budget(hard(BudgetScope::Month, 1));
    let own = settings(kind(Dialect::OpenAiChat), &fake.url());
    let model = Provider::new(own, world())
        .unwrap()
        .model("unknown", ModelFacts::default())
        .with_budget(budget);
    let error = answer(&model, &ask()).unwrap_err();
    assert!(
        matches!(error, LlmError::Budget(BudgetRefusal::Unpriced)),
        "{error:?}"
    );
    assert!(fake.received().is_empty());
}
