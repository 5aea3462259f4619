//! History by month on PostgreSQL: rows find their month, months are made ahead, go
//! whole, and are the only ones that are looked into. On SQLite the same calls do what
//! they do to rows.

use std::collections::BTreeSet;

use assay_auth::Scope;
use assay_store::{
    FindingFilter, LiveMessageId, LiveMessageKind, ModelUsage, NewLiveMessage, Page, Retention,
    ReviewFilter, ReviewId, ReviewOutcome, Store, statements_of_a_month,
};
use assay_testkit::on_both_engines;
use assay_testkit::store::{TestStore, is_postgres};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::kit::{new_finding, new_review, organisation, system};

const DAY_MS: i64 = 86_400_000;

on_both_engines!(
    months_are_made_ahead_and_go_whole,
    what_is_under_way_keeps_its_month,
    a_month_that_was_not_made_loses_nothing,
    what_is_asked_of_a_review_is_looked_for_in_its_month,
);

async fn rows(url: &str, sql: String) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let rows = sqlx::raw_sql(AssertSqlSafe(sql));
    let rows = sqlx::Executor::fetch_all(&mut connection, rows)
        .await
        .unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// Returns the months of a table and how many rows each has.
async fn months(test: &TestStore, table: &str) -> Vec<(String, i64)> {
    let sql = format!(
        "SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid \
         WHERE i.inhparent = '{table}'::regclass ORDER BY 1"
    );
    let mut found = Vec::new();
    for name in rows(&test.url, sql).await {
        let count = rows(&test.url, format!("SELECT count(*)::text FROM \"{name}\"")).await;
        found.push((name, count[0].parse().unwrap()));
    }
    found
}

fn names(months: &[(String, i64)]) -> Vec<&str> {
    months.iter().map(|(name, _)| name.as_str()).collect()
}

/// Keeps a review with two findings, a number, and a call of a model.
async fn review(store: &Store, scope: &Scope, is_done: bool) -> ReviewId {
    let mut tx = store.begin().await.unwrap();
    let review = tx
        .review_insert(scope, &new_review(None, "head"))
        .await
        .unwrap();
    let findings = [new_finding("f1"), new_finding("f2")];
    tx.finding_replace(scope, review, &findings).await.unwrap();
    let metrics = [("lines".to_owned(), 3.0)];
    tx.metric_replace(scope, review, &metrics).await.unwrap();
    if is_done {
        let outcome = ReviewOutcome {
            score: None,
            grade: None,
            gate: None,
            report: Vec::new(),
        };
        tx.review_finish(scope, review, &outcome).await.unwrap();
    }
    let usage = ModelUsage {
        review: Some(review),
        user: None,
        team: None,
        repository: None,
        user_login: None,
        provider: "p".to_owned(),
        model: "m".to_owned(),
        purpose: "review".to_owned(),
        prompt_tokens: 10,
        completion_tokens: 1,
        cost_micros: 5,
        cost_nanos: 5_000,
        is_answered: true,
        is_cached: false,
        duration_ms: 1,
    };
    tx.model_usage_insert(scope, &usage).await.unwrap();
    tx.model_transcript_put(scope, review, b"{}\n")
        .await
        .unwrap();
    let said = NewLiveMessage {
        id: LiveMessageId::from_identifier(review.identifier()),
        kind: LiveMessageKind::Agent,
        author: "agent:reviewer".to_owned(),
        author_name: "reviewer".to_owned(),
        fingerprint: None,
        text: "It is not.".to_owned(),
    };
    tx.live_message_insert(scope, review, &said).await.unwrap();
    tx.commit().await.unwrap();
    review
}

async fn kept(store: &Store, scope: &Scope) -> (usize, usize, i64) {
    let mut tx = store.read().await.unwrap();
    let page = Page::first(500);
    let reviews = tx
        .review_list(scope, ReviewFilter::default(), page)
        .await
        .unwrap();
    let findings = tx
        .finding_list(scope, &FindingFilter::default(), Page::first(500))
        .await
        .unwrap();
    let usage = tx.model_usage_total(scope, 0, i64::MAX).await.unwrap();
    let calls = usage.iter().map(|one| one.calls).sum();
    (reviews.len(), findings.len(), calls)
}

async fn sweep(store: &Store, retention: &Retention) -> u64 {
    store.partition_make().await.unwrap();
    let whole = store.partition_drop(retention).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let single = tx.retention_run(&system(), retention).await.unwrap();
    tx.commit().await.unwrap();
    whole + single
}

async fn months_are_made_ahead_and_go_whole(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    // One review on the 1st of January, February, March and April.
    for days in [31, 28, 31, 30] {
        review(store, &scope, true).await;
        test.clock.advance(days * DAY_MS);
        store.partition_make().await.unwrap();
    }
    assert_eq!(kept(store, &scope).await, (4, 8, 4));
    if is_postgres(store) {
        let reviews = months(&test, "review").await;
        let expected = [
            "2025_12", "2026_01", "2026_02", "2026_03", "2026_04", "2026_05",
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|month| format!("review_{month}"))
            .collect();
        assert_eq!(names(&reviews)[..6], expected);
        let counts: Vec<i64> = reviews.iter().map(|(_, count)| *count).collect();
        // Two months ahead are there, and nothing is in the one for everything else.
        assert_eq!(counts, [0, 1, 1, 1, 1, 0, 0, 0, 0]);
        for table in ["finding", "metric", "review_event", "model_usage"] {
            let there = months(&test, table).await;
            assert_eq!(there.len(), 9, "{table}");
            assert!(there[1..5].iter().all(|(_, count)| *count > 0), "{there:?}");
            assert_eq!(there[8].1, 0, "{there:?}");
        }
    }
    // It is the 1st of May: what is of before the 20th of February goes, January and what is
    // before it whole.
    let retention = Retention {
        reviews_ms: 70 * DAY_MS,
        usage_ms: 70 * DAY_MS,
        ..Retention::default()
    };
    assert!(sweep(store, &retention).await > 0);
    assert_eq!(kept(store, &scope).await, (2, 4, 2));
    if is_postgres(store) {
        for table in ["review", "finding", "metric", "review_event", "model_usage"] {
            let there = months(&test, table).await;
            assert_eq!(names(&there)[0], format!("{table}_2026_02"));
        }
    }
    assert_eq!(
        sweep(store, &retention).await,
        0,
        "there is nothing left to do"
    );
    // Reviews are made and go on as before.
    review(store, &scope, true).await;
    assert_eq!(kept(store, &scope).await, (3, 6, 3));
}

async fn what_is_under_way_keeps_its_month(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    review(store, &scope, true).await;
    let waiting = review(store, &scope, false).await;
    test.clock.advance(200 * DAY_MS);
    let retention = Retention {
        reviews_ms: 30 * DAY_MS,
        ..Retention::default()
    };
    sweep(store, &retention).await;
    let mut tx = store.read().await.unwrap();
    let page = Page::first(9);
    let left = tx
        .review_list(&scope, ReviewFilter::default(), page)
        .await
        .unwrap();
    assert_eq!(left.len(), 1, "the one that is over went by itself");
    assert_eq!(left[0].id, waiting);
    assert_eq!(
        tx.finding_list_of_review(&scope, waiting, Page::first(9))
            .await
            .unwrap()
            .len(),
        2
    );
    drop(tx);
    let mut tx = store.begin().await.unwrap();
    let failed = assay_store::ReviewState::Failed;
    tx.review_abandon(&scope, waiting, failed, "late")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    test.clock.advance(31 * DAY_MS);
    assert!(sweep(store, &retention).await > 0);
    assert_eq!(kept(store, &scope).await.0, 0);
    if is_postgres(store) {
        let there = months(&test, "review").await;
        assert!(!names(&there).contains(&"review_2026_01"), "{there:?}");
    }
}

async fn a_month_that_was_not_made_loses_nothing(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    // Nobody swept for half a year, or a clock is wrong.
    test.clock.advance(200 * DAY_MS);
    let early = review(store, &scope, true).await;
    store.partition_make().await.unwrap();
    let later = review(store, &scope, true).await;
    let mut tx = store.read().await.unwrap();
    for one in [early, later] {
        assert_eq!(tx.review_get(&scope, one).await.unwrap().id, one);
    }
    drop(tx);
    test.clock.advance(100 * DAY_MS);
    store.partition_make().await.unwrap();
    assert_eq!(kept(store, &scope).await, (2, 4, 2));
    let retention = Retention {
        reviews_ms: 30 * DAY_MS,
        usage_ms: 30 * DAY_MS,
        ..Retention::default()
    };
    sweep(store, &retention).await;
    assert_eq!(kept(store, &scope).await, (0, 0, 0));
}

async fn what_is_asked_of_a_review_is_looked_for_in_its_month(test: TestStore) {
    if !is_postgres(&test.store) {
        return;
    }
    let store = &test.store;
    let (organisation, scope) = organisation(store, "acme").await;
    let asked = review(store, &scope, true).await;
    for _ in 0..5 {
        test.clock.advance(31 * DAY_MS);
        store.partition_make().await.unwrap();
        review(store, &scope, true).await;
    }
    for (table, statement) in statements_of_a_month() {
        let (types, arguments) = match table {
            "review" | "metric" => ("uuid, uuid", format!("'{asked}', '{organisation}'")),
            "finding" => (
                "uuid, uuid, uuid, bigint",
                format!("'{asked}', '{organisation}', NULL, 10"),
            ),
            "review_event" => (
                "uuid, uuid, bigint, bigint",
                format!("'{asked}', '{organisation}', 0, 10"),
            ),
            // One day of January.
            _ => (
                "uuid, bigint, bigint, uuid, uuid",
                format!(
                    "'{organisation}', 1767225600000, 1767312000000, \
                     '019b76da-a800-0000-0000-000000000000', '019b7c00-0000-0000-0000-000000000000'"
                ),
            ),
        };
        for mode in ["force_custom_plan", "force_generic_plan"] {
            let sql = format!(
                "SET plan_cache_mode = {mode}; PREPARE asked ({types}) AS {statement}; \
                 EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE asked ({arguments})"
            );
            let plan = rows(&test.url, sql).await.join("\n");
            let prefix = format!("{table}_2");
            let words = plan.split(|c: char| !c.is_alphanumeric() && c != '_');
            // Indexes are named after the partition, with their columns behind it.
            let looked: BTreeSet<&str> = words
                .filter(|word| word.starts_with(&prefix))
                .map(|word| &word[..table.len() + "_2026_01".len()])
                .collect();
            let expected = BTreeSet::from([&*format!("{table}_2026_01")].map(String::from));
            let looked: BTreeSet<String> = looked.into_iter().map(String::from).collect();
            assert_eq!(looked, expected, "{mode} {table}\n{plan}");
            assert!(
                !plan.contains(&format!("{table}_other")),
                "{mode} {table}\n{plan}"
            );
        }
    }
}
