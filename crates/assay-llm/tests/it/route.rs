//! The router's decisions: needs and state in, order and reasons out.

use assay_llm::{
    Candidate, Complexity, ModelFacts, ModelId, Money, Need, Price, Purse, Route, Router,
};

fn candidate(text: &str, strength: u8, dollars: Option<u64>, context_tokens: u64) -> Candidate {
    let price = dollars.map(|dollars| Price {
        input: dollars * 1_000_000,
        output: dollars * 4_000_000,
        ..Price::default()
    });
    Candidate {
        id: ModelId::parse(text).expect("a name"),
        facts: ModelFacts {
            strength,
            price,
            context_tokens,
            has_tools: strength > 1,
            ..ModelFacts::default()
        },
        is_open: false,
    }
}

fn all() -> Vec<Candidate> {
    vec![
        candidate("a/strong", 5, Some(10), 200_000),
        candidate("a/middle", 3, Some(2), 200_000),
        candidate("b/small", 1, Some(0), 8_000),
    ]
}

fn route(task: Option<&str>, complexity: (Complexity, Complexity), models: &[&str]) -> Route {
    Route {
        task: task.map(str::to_owned),
        complexity,
        models: models
            .iter()
            .filter_map(|name| ModelId::parse(name))
            .collect(),
    }
}

fn need(complexity: Complexity, input_tokens: u64) -> Need {
    Need {
        task: "review".into(),
        complexity,
        input_tokens,
        output_tokens: 1_000,
        needs_tools: false,
    }
}

fn check(
    router: &Router,
    need: &Need,
    candidates: &[Candidate],
    purse: Purse,
    expected: &str,
    reasons: &[&str],
) {
    let decision = router.decide(need, candidates, purse);
    let models: Vec<String> = decision.models.iter().map(ToString::to_string).collect();
    assert_eq!(models.join(" "), expected, "{:?}", decision.reasons);
    let said: Vec<String> = decision.reasons.iter().map(ToString::to_string).collect();
    for reason in reasons {
        assert!(
            said.iter().any(|one| one.contains(reason)),
            "{reason}: {said:?}"
        );
    }
    assert_eq!(
        decision,
        router.decide(need, candidates, purse),
        "the same again"
    );
}

#[test]
fn without_a_table_the_cheapest_that_is_strong_enough_is_first() {
    let (router, free) = (Router::default(), Purse::default());
    let [low, medium, high] = Complexity::ALL;
    check(
        &router,
        &need(low, 2_000),
        &all(),
        free,
        "b/small a/middle a/strong",
        &["b/small: fits"],
    );
    check(
        &router,
        &need(medium, 2_000),
        &all(),
        free,
        "a/middle a/strong b/small",
        &["b/small: last, because it is weak"],
    );
    check(
        &router,
        &need(high, 2_000),
        &all(),
        free,
        "a/strong a/middle b/small",
        &[],
    );
    check(
        &router,
        &need(low, 8_000),
        &all(),
        free,
        "a/middle a/strong",
        &["b/small: no: it takes 8000 tokens"],
    );
    check(&router, &need(low, 300_000), &all(), free, "", &[]);
    let tools = Need {
        needs_tools: true,
        ..need(low, 2_000)
    };
    check(
        &router,
        &tools,
        &all(),
        free,
        "a/middle a/strong",
        &["b/small: no: it cannot look"],
    );
}

#[test]
fn money_and_health_decide_what_is_possible() {
    let router = Router::default();
    let [low, medium, _] = Complexity::ALL;
    let left = |dollars: &str, is_soft_reached| Purse {
        left: Money::from_dollars(dollars),
        is_soft_reached,
    };
    check(
        &router,
        &need(medium, 2_000),
        &all(),
        left("0.05", false),
        "a/middle b/small",
        &["a/strong: no: it may cost $0.060000"],
    );
    check(
        &router,
        &need(medium, 2_000),
        &all(),
        left("0", false),
        "b/small",
        &[],
    );
    let mut some = all();
    some[1].is_open = true;
    check(
        &router,
        &need(medium, 2_000),
        &some,
        left("1", false),
        "a/strong b/small a/middle",
        &["a/middle: last, because its provider"],
    );
    some[2].facts.price = None;
    check(
        &router,
        &need(low, 2_000),
        &some,
        left("1", false),
        "a/strong a/middle",
        &["b/small: no: it has no price"],
    );
    check(
        &router,
        &need(low, 2_000),
        &some,
        Purse::default(),
        "a/strong b/small a/middle",
        &[],
    );
}

#[test]
fn the_first_row_that_fits_counts() {
    let [low, medium, high] = Complexity::ALL;
    let router = Router::new(vec![
        route(Some("summary"), (low, high), &["b/small"]),
        route(Some("review"), (high, high), &["a/strong", "a/middle"]),
        route(None, (low, medium), &["a/middle", "c/gone", "a/strong"]),
    ]);
    let free = Purse::default();
    check(
        &router,
        &need(high, 2_000),
        &all(),
        free,
        "a/strong a/middle",
        &[],
    );
    check(
        &router,
        &need(low, 2_000),
        &all(),
        free,
        "a/middle a/strong",
        &["c/gone: no: it is not configured"],
    );
    let summary = Need {
        task: "summary".into(),
        ..need(high, 2_000)
    };
    check(
        &router,
        &summary,
        &all(),
        free,
        "b/small",
        &["b/small: fits"],
    );
    let other = Need {
        task: "other".into(),
        ..need(high, 2_000)
    };
    check(
        &router,
        &other,
        &all(),
        free,
        "a/strong a/middle b/small",
        &[],
    );
    let soft = Purse {
        left: Money::from_dollars("9"),
        is_soft_reached: true,
    };
    check(
        &router,
        &need(high, 2_000),
        &all(),
        soft,
        "a/middle a/strong",
        &["a/strong: fits, costs $0.060000 at most"],
    );
}
