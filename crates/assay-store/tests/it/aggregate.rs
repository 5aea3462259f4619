//! Each aggregate for itself: what is kept is read back, said twice is done once,
//! and what contradicts is refused.

use assay_auth::{AuditHash, KeyId, Permission, PermissionSet, Scope};
use assay_source::ErrorKind;
use assay_store::{
    Accepted, AuditFault, DeliveryState, ForgeName, Idempotency, LoginAttempt, ModelUsage,
    NewDelivery, NewFeedback, NewUser, Page, RemarkState, Retention, ReviewOutcome, ReviewState,
    SessionOwner, Store, Tx, Verdict,
};
use assay_testkit::on_both_engines;
use assay_testkit::store::{TestStore, is_postgres};
use sqlx::{Connection as _, Executor as _};

use crate::kit::{new_finding, new_repository, new_review, organisation, system};

fn delivery(external_id: &str) -> NewDelivery {
    NewDelivery {
        organisation: None,
        forge: ForgeName::GitHub,
        host: "github.com".to_owned(),
        external_id: external_id.to_owned(),
        event: "pull_request".to_owned(),
        body: b"{\"action\":\"opened\"}".to_vec(),
    }
}

async fn accept(store: &Store, new: &NewDelivery) -> Accepted {
    let mut tx = store.begin().await.unwrap();
    let accepted = tx.delivery_accept(&system(), new).await.unwrap();
    tx.commit().await.unwrap();
    accepted
}

async fn a_delivery_is_work_once_until_it_fails(test: TestStore) {
    let store = &test.store;
    let (id, scope) = organisation(store, "acme").await;
    let Accepted::New(first) = accept(store, &delivery("d1")).await else {
        panic!("it is new");
    };
    assert_eq!(accept(store, &delivery("d1")).await, Accepted::Known(first));
    let mut tx = store.begin().await.unwrap();
    let hidden = tx.delivery_get(&scope, first).await.unwrap_err();
    assert_eq!(hidden.kind(), ErrorKind::NotFound);
    tx.delivery_assign(&system(), first, id).await.unwrap();
    tx.delivery_finish(&scope, first, None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(accept(store, &delivery("d1")).await, Accepted::Known(first));
    let mut tx = store.begin().await.unwrap();
    tx.delivery_finish(&scope, first, Some("the forge was down"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(accept(store, &delivery("d1")).await, Accepted::Again(first));
    let mut tx = store.begin().await.unwrap();
    let kept = tx.delivery_get(&scope, first).await.unwrap();
    assert_eq!((kept.state, kept.tries), (DeliveryState::Accepted, 2));
    assert_eq!((kept.problem, kept.finished_ms), (None, None));
    assert_eq!(kept.body, delivery("d1").body);
    let failed = tx
        .delivery_list(&system(), Some(DeliveryState::Failed), Page::first(9))
        .await;
    assert!(failed.unwrap().is_empty());
    let mut huge = delivery("d2");
    huge.body = vec![0; (25 << 20) + 1];
    let error = tx.delivery_accept(&system(), &huge).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

/// Keeps a delivery with its task, as intake does.
async fn take(store: &Store, new: &NewDelivery) -> Option<assay_store::TaskId> {
    let mut tx = store.begin_single().await.unwrap();
    let task = |id: assay_store::DeliveryId| -> Result<_, assay_store::Error> {
        Ok(assay_store::NewTask::new(
            "handle",
            format!("{{\"of\":\"{id}\"}}"),
        ))
    };
    let taken = tx.delivery_take(&system(), new, task).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn a_delivery_is_taken_with_its_task(test: TestStore) {
    let store = &test.store;
    let mut new = delivery("d1");
    // Some bodies become smaller, others do not.
    let noise = (0_u32..3_000).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8);
    for (number, body) in [
        b"{}".to_vec(),
        b"{\"a\":[1,2,3]}".repeat(800),
        noise.collect(),
        [vec![0x28, 0xb5, 0x2f, 0xfd], vec![7; 40]].concat(),
    ]
    .into_iter()
    .enumerate()
    {
        new.external_id = format!("body-{number}");
        new.body = body;
        let task = take(store, &new).await.expect("it is new");
        assert_eq!(take(store, &new).await, None, "it is known");
        let mut tx = store.begin().await.unwrap();
        let task = tx.task_get(&system(), task).await.unwrap();
        let kept = tx.delivery_list(&system(), None, Page::first(1)).await;
        let kept = kept.unwrap().remove(0);
        assert!(kept.body == new.body, "body {number}");
        assert_eq!(task.payload, format!("{{\"of\":\"{}\"}}", kept.id));
        assert_eq!(
            (task.kind.as_str(), task.state.name()),
            ("handle", "waiting")
        );
        // Its work failed: it is taken again, for the row that is there.
        tx.delivery_finish(&system(), kept.id, Some("the forge was down"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        test.clock.advance(1);
        let again = take(store, &new).await.expect("it is work again");
        assert_ne!(again, task.id);
        let mut tx = store.begin().await.unwrap();
        let second = tx.task_get(&system(), again).await.unwrap();
        assert_eq!(second.payload, task.payload);
        assert_eq!(second.priority, task.priority);
        assert_eq!(second.ready_ms, second.created_ms);
    }
    let huge = NewDelivery {
        body: vec![0; (25 << 20) + 1],
        ..delivery("huge")
    };
    let mut tx = store.begin_single().await.unwrap();
    let none = |_| Err(assay_store::Error::Invalid("no task".to_owned()));
    let refused = tx.delivery_take(&system(), &huge, none).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}

async fn the_same_delivery_ten_times_at_once_is_one(test: TestStore) {
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let store = test.store.clone();
            tokio::spawn(async move { accept(&store, &delivery("d1")).await })
        })
        .collect();
    let mut new = 0;
    for call in calls {
        match call.await.unwrap() {
            Accepted::New(_) => new += 1,
            Accepted::Known(_) => {}
            Accepted::Again(_) => panic!("it did not fail"),
        }
    }
    assert_eq!(new, 1);
}

async fn what_is_not_committed_is_not_there(test: TestStore) {
    let store = &test.store;
    let calls: Vec<_> = (0..120)
        .map(|number: u32| {
            let store = store.clone();
            tokio::spawn(async move {
                let name = format!("organisation-{number:03}");
                let mut tx = store.begin().await.unwrap();
                let made = tx.organisation_insert(&system(), &name, &name).await;
                match number % 4 {
                    0 => drop(tx),
                    1 => tx.rollback().await.unwrap(),
                    2 => {
                        made.unwrap();
                        tx.commit().await.unwrap();
                    }
                    // It is given up while a statement runs or the turn is awaited.
                    _ => {
                        let scope = system();
                        let late = tx.organisation_insert(&scope, "late", "late");
                        let limit = std::time::Duration::from_nanos(1);
                        let _ = tokio::time::timeout(limit, late).await;
                    }
                }
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let mut tx = store.read().await.unwrap();
    let all = tx
        .organisation_list(&system(), Page::first(500))
        .await
        .unwrap();
    assert_eq!(all.len(), 30);
    for one in all {
        let number: u32 = one
            .name
            .trim_start_matches("organisation-")
            .parse()
            .unwrap();
        assert_eq!(number % 4, 2);
    }
}

async fn a_request_is_done_once(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let begin = async |scope: &Scope, hash: &[u8]| {
        let mut tx = store.begin().await.unwrap();
        let found = tx.idempotency_begin(scope, "k1", hash).await.unwrap();
        tx.commit().await.unwrap();
        found
    };
    assert_eq!(begin(&scope, b"request").await, Idempotency::New);
    assert_eq!(begin(&scope, b"request").await, Idempotency::UnderWay);
    let (_, other) = organisation(store, "globex").await;
    assert_eq!(begin(&other, b"request").await, Idempotency::New);
    let mut tx = store.begin().await.unwrap();
    tx.idempotency_finish(&scope, "k1", 202, b"{}")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let done = Idempotency::Done {
        status: 202,
        response: b"{}".to_vec(),
    };
    assert_eq!(begin(&scope, b"request").await, done);
    assert_eq!(begin(&scope, b"another").await, Idempotency::Other);
    test.clock.advance(24 * 60 * 60 * 1000);
    assert_eq!(begin(&scope, b"another").await, Idempotency::New);
    let mut tx = store.begin().await.unwrap();
    for name in [String::new(), "x".repeat(256)] {
        let error = tx.idempotency_begin(&scope, &name, b"").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

async fn a_setting_is_changed_by_who_saw_it(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let mut tx = store.begin().await.unwrap();
    for (of, name, value, version, expected) in [
        (&scope, "gate", "1", 0, Some(1)),
        (&scope, "gate", "2", 0, None),
        (&scope, "gate", "2", 1, Some(2)),
        (&scope, "gate", "3", 1, None),
        (&scope, "never set", "1", 1, None),
        (&system(), "gate", "9", 0, Some(1)),
    ] {
        let put = tx.setting_put(of, name, value, version).await;
        match expected {
            Some(expected) => assert_eq!(put.unwrap(), expected),
            None => assert_eq!(put.unwrap_err().kind(), ErrorKind::Conflict),
        }
    }
    let kept = tx.setting_get(&scope, "gate").await.unwrap().unwrap();
    assert_eq!((kept.value.as_str(), kept.version), ("2", 2));
    assert_eq!(kept.updated_by, "system:test");
    let platform = tx.setting_get(&system(), "gate").await.unwrap().unwrap();
    assert_eq!(platform.value, "9");
    assert_eq!(tx.setting_get(&scope, "never set").await.unwrap(), None);
}

/// Runs a text on the database, past the store.
async fn tamper(test: &TestStore, sql: &'static str) {
    if is_postgres(&test.store) {
        let mut connection = sqlx::PgConnection::connect(&test.url).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = sqlx::SqliteConnection::connect(&test.url).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    }
}

async fn the_audit_log_tells_what_was_changed(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let verify = async |scope: &Scope| {
        let mut tx = store.read().await.unwrap();
        tx.audit_verify(scope).await.unwrap()
    };
    assert_eq!(verify(&scope).await, (0, None));
    let appends: Vec<_> = (0..20)
        .map(|number| {
            let (store, scope) = (store.clone(), scope.clone());
            tokio::spawn(async move {
                let details = serde_json::json!({ "z": number, "a": [1, null, "é"] });
                let mut tx = store.begin().await.unwrap();
                tx.audit_append(&scope, "key.create", "key:1", &details)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
            })
        })
        .collect();
    for append in appends {
        append.await.unwrap();
    }
    assert_eq!(verify(&scope).await, (20, None));
    assert_eq!(verify(&system()).await, (0, None));
    let mut tx = store.read().await.unwrap();
    let (number, hash) = tx.audit_last(&scope).await.unwrap();
    assert_eq!(number, 20);
    assert_ne!(hash, AuditHash::START);
    let entries = tx.audit_list(&scope, 18, 10).await.unwrap();
    let numbers: Vec<i64> = entries.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [19, 20]);
    drop(tx);
    tamper(
        &test,
        "UPDATE audit_entry SET target = 'key:2' WHERE number = 20",
    )
    .await;
    assert_eq!(verify(&scope).await, (19, Some(AuditFault::Entry(20))));
    tamper(&test, "DELETE FROM audit_entry WHERE number = 20").await;
    let end = AuditFault::End {
        found: 19,
        expected: 20,
    };
    assert_eq!(verify(&scope).await, (19, Some(end)));
    tamper(&test, "DELETE FROM audit_entry WHERE number = 7").await;
    assert_eq!(verify(&scope).await, (6, Some(AuditFault::Entry(7))));
    let mut tx = store.begin().await.unwrap();
    let fraction = serde_json::json!({ "part": 0.5 });
    let error = tx
        .audit_append(&scope, "x", "y", &fraction)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

async fn a_log_in_is_taken_once(test: &TestStore, tx: &mut Tx) {
    let attempt = LoginAttempt {
        provider: "github".to_owned(),
        browser_hash: vec![1],
        return_path: "/".to_owned(),
        link_user: None,
    };
    let until_ms = test.store.now_ms() + 100;
    for state in [b"one", b"two"] {
        tx.login_attempt_insert(&system(), state, &attempt, until_ms)
            .await
            .unwrap();
    }
    let taken = tx.login_attempt_take(&system(), b"one").await.unwrap();
    assert_eq!(taken, Some(attempt));
    let again = tx.login_attempt_take(&system(), b"one").await.unwrap();
    assert_eq!(again, None);
    test.clock.advance(100);
    let late = tx.login_attempt_take(&system(), b"two").await.unwrap();
    assert_eq!(late, None);
}

async fn people_come_and_go(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let mut tx = store.begin().await.unwrap();
    let new = NewUser {
        login: "ada".to_owned(),
        display_name: "Ada".to_owned(),
        email_sealed: Some(vec![1, 2]),
        identity: Some(("github".to_owned(), "17".to_owned())),
    };
    let ada = tx.user_insert(&system(), &new).await.unwrap();
    let twice = tx.user_insert(&system(), &new).await.unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Conflict);
    let found = tx
        .user_find_by_identity(&system(), "github", "17")
        .await
        .unwrap();
    assert_eq!(found.unwrap().id, ada);
    assert_eq!(
        tx.user_find_by_identity(&system(), "gitlab", "17")
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        tx.user_find(&system(), "ada").await.unwrap().email_sealed,
        Some(vec![1, 2])
    );
    assert_eq!(tx.user_count(&system()).await.unwrap(), 1);

    let watcher = PermissionSet::of(&[Permission::ReviewRead, Permission::TaskRead]);
    tx.role_put(&scope, "watcher", watcher).await.unwrap();
    tx.member_put(&scope, ada, "watcher").await.unwrap();
    let role = tx.role_find(&scope, "watcher").await.unwrap().unwrap();
    assert_eq!((role.permissions, role.version), (watcher, 1));
    assert_eq!(tx.role_find(&scope, "nobody").await.unwrap(), None);
    let used = tx.role_remove(&scope, "watcher").await.unwrap_err();
    assert_eq!(used.kind(), ErrorKind::Conflict);
    tx.member_put(&scope, ada, "admin").await.unwrap();
    assert_eq!(tx.member_get(&scope, ada).await.unwrap().version, 2);
    assert_eq!(tx.member_count_of_role(&scope, "admin").await.unwrap(), 1);
    tx.user_rename(&scope, ada, "Ada L.").await.unwrap();
    assert_eq!(tx.member_get(&scope, ada).await.unwrap().version, 3);
    tx.role_remove(&scope, "watcher").await.unwrap();
    let roles = tx.member_list_of_user(&system(), ada).await.unwrap();
    assert_eq!(roles[0].role, "admin");
    let team = tx.team_insert(&scope, "backend").await.unwrap();
    for _ in 0..2 {
        tx.team_member_add(&scope, team, ada).await.unwrap();
    }
    assert_eq!(tx.team_member_list(&scope, team).await.unwrap(), [ada]);
    let other = tx.team_insert(&scope, "frontend").await.unwrap();
    let taken = tx.team_rename(&scope, other, "backend").await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::Conflict);
    tx.team_rename(&scope, team, "core").await.unwrap();
    let renamed = tx.team_get(&scope, team).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.version), ("core", 2));
    tx.member_remove(&scope, ada).await.unwrap();
    assert!(tx.team_member_list(&scope, team).await.unwrap().is_empty());
    tx.team_remove(&scope, team).await.unwrap();

    let expires_ms = store.now_ms() + 1_000;
    let owner = SessionOwner::User(ada);
    let session = tx
        .session_insert(&system(), owner, "github", b"hash", expires_ms)
        .await
        .unwrap();
    let kept = tx.session_find(&system(), b"hash").await.unwrap().unwrap();
    assert_eq!((kept.id, kept.owner), (session, owner));
    let listed = tx.session_list(&system(), owner, Page::first(9)).await;
    assert_eq!(listed.unwrap(), [kept]);
    assert_eq!(tx.session_find(&system(), b"other").await.unwrap(), None);
    tx.session_seen(&system(), session, expires_ms + 1_000)
        .await
        .unwrap();
    test.clock.advance(1_500);
    assert!(tx.session_find(&system(), b"hash").await.unwrap().is_some());
    test.clock.advance(500);
    assert_eq!(tx.session_find(&system(), b"hash").await.unwrap(), None);
    let key = KeyId::new(store.clock(), store.randomness());
    let strange = SessionOwner::Key(key);
    let not_theirs = tx.session_remove(&system(), strange, session).await;
    assert_eq!(not_theirs.unwrap_err().kind(), ErrorKind::NotFound);
    tx.session_remove(&system(), owner, session).await.unwrap();
    tx.session_insert(&system(), owner, "github", b"hash", expires_ms)
        .await
        .unwrap();
    assert_eq!(tx.session_remove_all(&system(), owner).await.unwrap(), 1);
    a_log_in_is_taken_once(&test, &mut tx).await;
    tx.user_set_disabled(&system(), ada, true).await.unwrap();
    assert!(
        tx.user_get(&system(), ada)
            .await
            .unwrap()
            .disabled_ms
            .is_some()
    );
    tx.user_set_disabled(&system(), ada, false).await.unwrap();
    assert_eq!(tx.user_get(&system(), ada).await.unwrap().disabled_ms, None);
    assert!(!tx.key_exists(&system()).await.unwrap());
    tx.commit().await.unwrap();
}

async fn outcome(tx: &mut Tx, scope: &Scope, review: assay_store::ReviewId) {
    let outcome = ReviewOutcome {
        score: Some(71.0),
        grade: Some("C".to_owned()),
        gate: Some("failed".to_owned()),
        report: b"{}".to_vec(),
    };
    tx.review_finish(scope, review, &outcome).await.unwrap();
}

async fn a_review_goes_its_way_and_a_newer_one_takes_its_place(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let mut tx = store.begin().await.unwrap();
    let repository = tx
        .repository_put(&scope, &new_repository("1"))
        .await
        .unwrap();
    let first = tx
        .review_insert(&scope, &new_review(Some(repository), "a"))
        .await
        .unwrap();
    test.clock.advance(1);
    let second = tx
        .review_insert(&scope, &new_review(Some(repository), "b"))
        .await
        .unwrap();
    tx.review_start(&scope, first).await.unwrap();
    assert_eq!(
        tx.review_supersede(&scope, repository, 7, second)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        tx.review_get(&scope, first).await.unwrap().state,
        ReviewState::Superseded
    );
    assert!(tx.review_start(&scope, first).await.is_err());
    assert_eq!(tx.review_report(&scope, second).await.unwrap(), None);
    tx.review_start(&scope, second).await.unwrap();
    // An attempt that is made again keeps its own findings only.
    for fingerprints in [&["f1", "f2"][..], &["f2", "f3", "f3"]] {
        let findings: Vec<_> = fingerprints.iter().map(|one| new_finding(one)).collect();
        tx.finding_replace(&scope, second, &findings).await.unwrap();
    }
    outcome(&mut tx, &scope, second).await;
    let kept = tx
        .review_last(&scope, repository, 7)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (kept.id, kept.findings, kept.score),
        (second, 2, Some(71.0))
    );
    let failed = tx
        .review_abandon(&scope, second, ReviewState::Failed, "late")
        .await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::NotFound);
    let third = tx
        .review_insert(&scope, &new_review(None, "c"))
        .await
        .unwrap();
    tx.review_abandon(&scope, third, ReviewState::Failed, "too large")
        .await
        .unwrap();
    let kept = tx.review_get(&scope, third).await.unwrap();
    assert_eq!(kept.problem.as_deref(), Some("too large"));
    let many = vec![new_finding("f"); 20_001];
    let error = tx.finding_replace(&scope, third, &many).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    tx.review_remove(&scope, second).await.unwrap();
    let findings = tx
        .finding_list(&scope, &Default::default(), Page::first(9))
        .await;
    assert!(findings.unwrap().is_empty());
}

async fn a_finding_is_said_once_and_judged_once_in_a_place(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let mut tx = store.begin().await.unwrap();
    let repository = tx
        .repository_put(&scope, &new_repository("1"))
        .await
        .unwrap();
    let first = tx.remark_want(&scope, repository, 7, "f1").await.unwrap();
    assert_eq!(first.state, RemarkState::Wanted);
    tx.remark_update(
        &scope,
        first.id,
        RemarkState::Posted,
        Some("c1"),
        Some("t1"),
        Some(b"h"),
    )
    .await
    .unwrap();
    let again = tx.remark_want(&scope, repository, 7, "f1").await.unwrap();
    assert_eq!((again.id, again.state), (first.id, RemarkState::Posted));
    tx.remark_update(&scope, first.id, RemarkState::Resolved, None, None, None)
        .await
        .unwrap();
    let kept = tx
        .remark_find_by_comment(&scope, repository, "c1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (kept.state, kept.thread_id.as_deref()),
        (RemarkState::Resolved, Some("t1"))
    );
    let other = tx.remark_want(&scope, repository, 8, "f1").await.unwrap();
    assert_ne!(other.id, first.id);
    let mut new = NewFeedback {
        remark: Some(first.id),
        fingerprint: "f1".to_owned(),
        rule: "smell/long-function".to_owned(),
        verdict: Verdict::Accepted,
        source: "reaction".to_owned(),
        external_id: "c1:octocat".to_owned(),
        actor: "octocat".to_owned(),
        note: None,
        identity: None,
        path: None,
    };
    let given = tx.feedback_put(&scope, &new).await.unwrap();
    new.verdict = Verdict::Rejected;
    assert_eq!(tx.feedback_put(&scope, &new).await.unwrap(), given);
    let rule = Some("smell/long-function");
    let all = tx
        .feedback_list(&scope, rule, Page::first(9))
        .await
        .unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].given, new);
}

async fn lists_go_on_where_they_ended(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let mut tx = store.begin().await.unwrap();
    let mut made = Vec::new();
    for number in 0..25 {
        test.clock.advance(1);
        let new = new_repository(&number.to_string());
        made.push(tx.repository_put(&scope, &new).await.unwrap());
    }
    made.reverse();
    let mut page = Page::first(10);
    let mut seen = Vec::new();
    loop {
        let rows = tx.repository_list(&scope, page).await.unwrap();
        let Some(last) = rows.last() else { break };
        page.after = Some(last.id);
        seen.extend(rows.iter().map(|row| row.id));
    }
    assert_eq!(seen, made);
    let none = tx.repository_list(&scope, Page::first(0)).await.unwrap();
    assert_eq!(none.len(), 1);
}

async fn what_is_over_goes_when_its_time_is(test: TestStore) {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let run = async || {
        let mut tx = store.begin().await.unwrap();
        let removed = tx
            .retention_run(&system(), &Retention::default())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        removed
    };
    let Accepted::New(done) = accept(store, &delivery("done")).await else {
        panic!("it is new");
    };
    accept(store, &delivery("open")).await;
    let mut tx = store.begin().await.unwrap();
    tx.delivery_finish(&system(), done, None).await.unwrap();
    let review = tx
        .review_insert(&scope, &new_review(None, "a"))
        .await
        .unwrap();
    outcome(&mut tx, &scope, review).await;
    tx.review_insert(&scope, &new_review(None, "open"))
        .await
        .unwrap();
    let usage = ModelUsage {
        review: Some(review),
        user: None,
        team: None,
        repository: None,
        user_login: None,
        provider: "p".to_owned(),
        model: "m".to_owned(),
        purpose: "review".to_owned(),
        prompt_tokens: 5,
        completion_tokens: 6,
        cost_micros: 7,
        cost_nanos: 0,
        is_answered: true,
        is_cached: true,
        duration_ms: 8,
    };
    tx.model_usage_insert(&scope, &usage).await.unwrap();
    let transcript = tx.model_transcript_put(&scope, review, b"{}\n");
    transcript.await.unwrap();
    tx.commit().await.unwrap();
    for (advance_ms, removed) in [
        (0, 0),
        (30 * DAY_MS - 1, 0),
        (1, 1),
        (700 * DAY_MS, 1),
        (0, 0),
    ] {
        test.clock.advance(advance_ms);
        assert_eq!(run().await, removed, "after {advance_ms} ms");
    }
    let mut tx = store.read().await.unwrap();
    let open = tx
        .delivery_list(&system(), None, Page::first(9))
        .await
        .unwrap();
    assert_eq!(open.len(), 1);
    // What it cost is told longer than what came out.
    let total = tx.model_usage_total(&scope, 0, i64::MAX).await.unwrap();
    assert_eq!((total[0].calls, total[0].cost_micros), (1, 7));
}

on_both_engines!(
    a_delivery_is_taken_with_its_task,
    a_delivery_is_work_once_until_it_fails,
    the_same_delivery_ten_times_at_once_is_one,
    what_is_not_committed_is_not_there,
    a_request_is_done_once,
    a_setting_is_changed_by_who_saw_it,
    the_audit_log_tells_what_was_changed,
    people_come_and_go,
    a_review_goes_its_way_and_a_newer_one_takes_its_place,
    a_finding_is_said_once_and_judged_once_in_a_place,
    lists_go_on_where_they_ended,
    what_is_over_goes_when_its_time_is,
);
