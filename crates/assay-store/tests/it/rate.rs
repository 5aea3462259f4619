//! Limits that nodes share: together they let through what one would, and without
//! Redis each keeps to the limit for itself.

use std::sync::Arc;

use assay_auth::{RateDecision, RateLimit};
use assay_store::Rates;
use assay_testkit::services::Services;

/// Nothing comes back while a test runs.
const LIMIT: RateLimit = RateLimit {
    calls: 10,
    period_ms: 3_600_000,
    burst: 10,
};

fn name() -> String {
    let mut bytes = [0; 8];
    let randomness = assay_testkit::SeededRandomness::new(u64::from(std::process::id()));
    assay_source::Randomness::fill(&randomness, &mut bytes);
    let now_ms = assay_source::Clock::now_ms(&assay_testkit::MachineClock);
    format!("test {now_ms} {:x}", u64::from_le_bytes(bytes))
}

/// Asks nodes in turn, all at once, and returns how many calls passed.
async fn passed(nodes: &[Arc<Rates>], caller: &str, calls: usize) -> usize {
    let mut asked = Vec::new();
    for number in 0..calls {
        let node = Arc::clone(&nodes[number % nodes.len()]);
        let caller = caller.to_owned();
        // The nodes' own clocks are an hour apart.
        let now_ms = 3_600_000 * (number % nodes.len()) as i64;
        asked.push(tokio::spawn(async move {
            let decision = node.decide(&caller, LIMIT, now_ms).await;
            matches!(decision, RateDecision::Pass(..))
        }));
    }
    let mut passed = 0;
    for answer in asked {
        passed += usize::from(answer.await.unwrap());
    }
    passed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_share_a_limit() {
    let url = Services::of_workspace().redis_url;
    let node = || Arc::new(Rates::shared(&url).unwrap());
    let nodes = [node(), node(), node()];
    // One that was too slow to be asked counts for itself, for at most as many as one
    // alone: on a busy machine that happens, but not each time.
    let mut shared = None;
    for _ in 0..20 {
        let caller = name();
        let passed = passed(&nodes, &caller, 64).await;
        assert!((10..=40).contains(&passed), "{passed}");
        if passed == 10 {
            shared = Some(caller);
            break;
        }
    }
    let caller = shared.expect("the nodes share it");
    // One that counts for itself has to wait a little later.
    let mut retry_ms = None;
    for _ in 0..=10 {
        if let RateDecision::Wait { retry_ms: ms } = nodes[0].decide(&caller, LIMIT, 0).await {
            retry_ms = Some(ms);
            break;
        }
    }
    let retry_ms = retry_ms.expect("the limit is reached");
    assert!(retry_ms > 0 && retry_ms <= 3_600_000, "{retry_ms}");
    let other = nodes[0].decide(&format!("{caller} other"), LIMIT, 0).await;
    assert!(matches!(other, RateDecision::Pass(..)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_a_node_keeps_to_the_limit() {
    // Nothing listens there.
    let node = Arc::new(Rates::shared("redis://127.0.0.1:1").unwrap());
    assert_eq!(passed(&[node], &name(), 64).await, 10);
    assert!(Rates::shared("no address").is_err());
}
