//! The cache, with and without Redis, and with a Redis that is killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use assay_auth::{Identifier, OrganisationId, Scope};
use assay_source::ErrorKind;
use assay_store::{Cache, CacheKey, CacheKind, CacheOptions, Error};
use assay_testkit::services::{PrivateRedis, Services};
use assay_testkit::{SeededRandomness, SettableClock};

use crate::kit::system;

fn scope(number: u128) -> Scope {
    let id = Identifier::from_uuid(sqlx::types::Uuid::from_u128(number));
    system()
        .within(OrganisationId::from_identifier(id))
        .unwrap()
}

fn cache(redis_url: Option<String>, clock: &Arc<SettableClock>) -> Cache {
    static SEED: AtomicU32 = AtomicU32::new(0);
    let seed = u64::from(SEED.fetch_add(1, Ordering::Relaxed)) + 1_000;
    let seed = seed ^ u64::from(std::process::id()) << 32;
    let options = CacheOptions {
        redis_url,
        ..CacheOptions::default()
    };
    let randomness = Arc::new(SeededRandomness::new(seed));
    Cache::open(&options, clock.clone(), randomness).unwrap()
}

async fn get(cache: &Cache, scope: &Scope, key: &CacheKey, value: &str) -> String {
    let value = value.as_bytes().to_vec();
    let found = cache
        .get_or_make::<Error>(scope, key, async { Ok(value) })
        .await;
    String::from_utf8(found.unwrap().to_vec()).unwrap()
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(test);
}

/// What every cache does, with Redis or without.
async fn check(redis_url: Option<String>, name: &str) {
    let clock = Arc::new(SettableClock::default());
    let one = cache(redis_url.clone(), &clock);
    let ours = scope(1);
    let key = CacheKey::new(CacheKind::PullRequest, format!("{name} 7")).tag(name);
    assert_eq!(one.get(&ours, &key).await, None);
    assert_eq!(get(&one, &ours, &key, "first").await, "first");
    assert_eq!(get(&one, &ours, &key, "second").await, "first");
    // Another organisation, kind or name has its own.
    assert_eq!(get(&one, &scope(2), &key, "theirs").await, "theirs");
    let other = CacheKey::new(CacheKind::Analysis, format!("{name} 7")).tag(name);
    assert_eq!(get(&one, &ours, &other, "analysis").await, "analysis");
    // Forgotten by its tag, and by nobody else's.
    one.forget_tag(&scope(2), name).await.unwrap();
    assert_eq!(get(&one, &ours, &key, "second").await, "first");
    assert_eq!(
        get(&one, &scope(2), &key, "theirs again").await,
        "theirs again"
    );
    one.forget_tag(&ours, name).await.unwrap();
    assert_eq!(get(&one, &ours, &key, "third").await, "third");
    // Over when its time is.
    clock.advance(CacheKind::PullRequest.ttl_ms() - 1);
    assert_eq!(get(&one, &ours, &key, "fourth").await, "third");
    clock.advance(1);
    assert_eq!(get(&one, &ours, &key, "fourth").await, "fourth");
    // Warmed.
    let warm = CacheKey::new(CacheKind::Session, format!("{name} warm"));
    one.put(&ours, &warm, b"warm").await;
    assert_eq!(get(&one, &ours, &warm, "cold").await, "warm");
    // An error is not kept.
    let broken = CacheKey::new(CacheKind::Session, format!("{name} broken"));
    let error = one
        .get_or_make(&ours, &broken, async { Err(Error::LeaseLost) })
        .await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(get(&one, &ours, &broken, "whole").await, "whole");
}

#[test]
fn values_are_kept_for_their_time_and_owner() {
    run(async {
        check(None, "alone").await;
        let name = format!("shared {}", std::process::id());
        check(Some(Services::of_workspace().redis_url), &name).await;
    });
}

#[test]
fn the_same_is_made_once_at_a_time() {
    run(async {
        let clock = Arc::new(SettableClock::default());
        let cache = cache(None, &clock);
        let made = Arc::new(AtomicU32::new(0));
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let (cache, made) = (cache.clone(), made.clone());
                tokio::spawn(async move {
                    let key = CacheKey::new(CacheKind::Analysis, "slow");
                    let making = async {
                        made.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        Ok::<_, Error>(b"made".to_vec())
                    };
                    cache.get_or_make(&scope(1), &key, making).await.unwrap()
                })
            })
            .collect();
        for caller in callers {
            assert_eq!(&*caller.await.unwrap(), b"made");
        }
        assert_eq!(made.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn what_one_process_kept_another_finds() {
    run(async {
        let clock = Arc::new(SettableClock::default());
        let redis = PrivateRedis::start();
        let one = cache(Some(redis.url()), &clock);
        let two = cache(Some(redis.url()), &clock);
        let ours = scope(1);
        let key = CacheKey::new(CacheKind::ReviewResult, "r").tag("repository 1");
        let large = "a report ".repeat(50_000);
        assert_eq!(get(&one, &ours, &key, &large).await, large);
        assert_eq!(get(&two, &ours, &key, "other").await, large);
        assert_eq!(two.counts().remote_hits, 1);
        two.forget_tag(&ours, "repository 1").await.unwrap();
        assert_eq!(get(&one, &ours, &key, "new").await, "new");
        assert_eq!(get(&two, &ours, &key, "newer").await, "new");
    });
}

/// Two processes, a truth that changes and is forgotten, and a Redis that dies and
/// comes back empty in the middle: each answer is the truth.
#[test]
fn a_killed_redis_makes_answers_slower_and_never_wrong() {
    run(async {
        let clock = Arc::new(SettableClock::default());
        let mut redis = PrivateRedis::start();
        let caches = [
            cache(Some(redis.url()), &clock),
            cache(Some(redis.url()), &clock),
        ];
        let random = SeededRandomness::new(11);
        let ours = scope(1);
        let mut truth = [0; 4];
        let mut is_up = true;
        for step in 0..600 {
            match step {
                150 | 400 => {
                    redis.kill();
                    is_up = false;
                }
                250 | 500 => {
                    redis.restart();
                    is_up = true;
                }
                _ => {}
            }
            let at = random.below(4) as usize;
            let cache = &caches[random.below(2) as usize];
            let tag = format!("thing {at}");
            if random.below(5) == 0 {
                truth[at] += 1;
                // An error says that others are told later; while Redis is gone they
                // ask nobody and make it anew.
                let told = cache.forget_tag(&ours, &tag).await;
                if !is_up {
                    assert_eq!(told.unwrap_err().kind(), ErrorKind::Unavailable);
                } else {
                    let mut told = told;
                    while told.is_err() {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        told = cache.forget_tag(&ours, &tag).await;
                    }
                }
            }
            let key = CacheKey::new(CacheKind::PullRequest, format!("value {at}")).tag(&tag);
            let now = truth[at].to_string();
            assert_eq!(get(cache, &ours, &key, &now).await, now, "step {step}");
        }
        let counts = caches[0].counts();
        assert!(
            counts.failures > 0 && counts.local_hits > 0 && counts.misses > 0,
            "{counts:?}"
        );
        caches[0].ping().await.unwrap();
        redis.kill();
        assert!(caches[0].ping().await.is_err());
    });
}
