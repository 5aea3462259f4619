//! Somebody pushes, and the forge tells of it: each webhook until it is taken,
//! and many of them more than once.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use assay_auth::sign_github;
use secrecy::SecretString;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use super::process::Endpoint;
use super::world::{World, delivery_name};
use crate::SeededRandomness;
use crate::http::{Answer, Request};

/// So many webhooks are under way at once.
const SENDERS: u64 = 4;
/// So long there is at most between two pushes.
const PUSH_MS_MAX: u64 = 3_000;
/// A key is made after so many pushes, for the audit log.
const KEY_PUSHES: u64 = 5;
/// Who does not answer in that time does not answer.
const ANSWER: Duration = Duration::from_secs(10);
/// What was not taken is sent again after so long.
const AGAIN_MS: u64 = 400;
/// One of so many that were not taken is lost on the way, when a newer push makes
/// up for it.
const LOST: u64 = 3;

/// What was sent and how it was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadCounts {
    /// Pushes to pull requests.
    pub pushes: usize,
    /// Webhooks that were answered with 202.
    pub accepted: usize,
    /// Webhooks that were answered with 200, as they were known.
    pub known: usize,
    /// Webhooks that were not answered, or with an error.
    pub unanswered: usize,
    /// Webhooks that were lost on the way and not sent again.
    pub lost: usize,
    /// API keys that were made.
    pub keys: usize,
    /// Answers that nobody expects.
    pub strange: Vec<String>,
}

struct Delivery {
    name: String,
    pull: u64,
    /// Which push of the pull request it tells of.
    push: usize,
    body: Vec<u8>,
    due: Instant,
    /// So often it is sent once more after it was taken.
    copies: u64,
}

struct Shared {
    world: Arc<World>,
    endpoint: Arc<Endpoint>,
    key: String,
    queue: Mutex<VecDeque<Delivery>>,
    /// Deliveries that a sender has at the moment.
    busy: Mutex<usize>,
    counts: Mutex<LoadCounts>,
    is_pushing: AtomicBool,
    has_pushed: AtomicBool,
    is_over: AtomicBool,
}

/// The load, in threads.
pub(super) struct Load {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Load {
    pub(super) fn start(world: Arc<World>, endpoint: Arc<Endpoint>, key: &str, seed: u64) -> Self {
        let shared = Arc::new(Shared {
            world,
            endpoint,
            key: key.to_owned(),
            queue: Mutex::default(),
            busy: Mutex::default(),
            counts: Mutex::default(),
            is_pushing: AtomicBool::new(true),
            has_pushed: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        });
        let mut threads = Vec::new();
        let pushing = Arc::clone(&shared);
        threads.push(std::thread::spawn(move || {
            pushing.push_all(&SeededRandomness::new(seed ^ 0x1b));
        }));
        for sender in 0..SENDERS {
            let sending = Arc::clone(&shared);
            threads.push(std::thread::spawn(move || {
                sending.send_all(&SeededRandomness::new(seed ^ 0x5e4d ^ sender << 32));
            }));
        }
        Self { shared, threads }
    }

    /// Lets nobody push any more.
    pub(super) fn finish_pushing(&self) {
        self.shared.is_pushing.store(false, Ordering::SeqCst);
    }

    /// Returns whether all webhooks were taken.
    pub(super) fn is_sent(&self) -> bool {
        let shared = &self.shared;
        shared.has_pushed.load(Ordering::SeqCst)
            && held(&shared.queue).is_empty()
            && *held(&shared.busy) == 0
    }

    /// Ends the load.
    pub(super) fn end(mut self) -> LoadCounts {
        self.finish_pushing();
        self.shared.is_over.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            // One that panicked has said why.
            if thread.join().is_err() {
                let strange = "a thread of the load panicked".to_owned();
                held(&self.shared.counts).strange.push(strange);
            }
        }
        held(&self.shared.counts).clone()
    }
}

impl Shared {
    fn push_all(&self, randomness: &SeededRandomness) {
        let runtime = runtime();
        let pulls: Vec<u64> = self.world.heads().into_keys().collect();
        for &pull in &pulls {
            let body = self.world.payload(pull, "opened");
            self.tell(pull, body, randomness);
        }
        while self.is_pushing.load(Ordering::SeqCst) {
            let pull = pulls[randomness.below(pulls.len() as u64) as usize];
            let body = self.world.push(pull, randomness);
            self.tell(pull, body, randomness);
            let pushes = {
                let mut counts = held(&self.counts);
                counts.pushes += 1;
                counts.pushes as u64
            };
            if pushes % KEY_PUSHES == 0 {
                self.make_key(&runtime, pushes);
            }
            std::thread::sleep(Duration::from_millis(randomness.below(PUSH_MS_MAX)));
        }
        self.has_pushed.store(true, Ordering::SeqCst);
    }

    fn tell(&self, pull: u64, body: Vec<u8>, randomness: &SeededRandomness) {
        let heads = self.world.heads();
        let delivery = Delivery {
            name: delivery_name(randomness),
            pull,
            push: heads.get(&pull).map_or(0, Vec::len),
            body,
            due: Instant::now() + Duration::from_millis(randomness.below(300)),
            copies: randomness.below(3),
        };
        held(&self.queue).push_back(delivery);
    }

    fn make_key(&self, runtime: &Runtime, number: u64) {
        let Some(address) = self.endpoint.address() else {
            return;
        };
        let wish = json!({
            "name": format!("key {number}"),
            "owner": "organisation",
            "permissions": ["review:read"],
        });
        let request = Request::post("/api/v1/keys", Vec::new())
            .json(&wish)
            .bearer(&self.key);
        match send(runtime, address, request) {
            Some(answer) if answer.status == 201 => held(&self.counts).keys += 1,
            Some(answer) if answer.status < 500 => {
                let strange = format!("a key: {} {}", answer.status, answer.text());
                held(&self.counts).strange.push(strange);
            }
            _ => {}
        }
    }

    fn send_all(&self, randomness: &SeededRandomness) {
        let runtime = runtime();
        let secret = SecretString::from(self.world.secret.clone());
        while !self.is_over.load(Ordering::SeqCst) {
            let Some(delivery) = self.take() else {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            let answer = self.endpoint.address().and_then(|address| {
                let request = Request::post("/webhooks/github", delivery.body.clone())
                    .header("content-type", "application/json")
                    .header("x-github-event", "pull_request")
                    .header("x-github-delivery", &delivery.name)
                    .header("x-hub-signature-256", &sign_github(&secret, &delivery.body));
                send(&runtime, address, request)
            });
            self.note(delivery, answer, randomness);
            *held(&self.busy) -= 1;
        }
    }

    /// Takes a delivery whose time has come.
    fn take(&self) -> Option<Delivery> {
        let mut queue = held(&self.queue);
        let now = Instant::now();
        let at = queue.iter().position(|delivery| delivery.due <= now)?;
        *held(&self.busy) += 1;
        queue.remove(at)
    }

    /// Counts an answer and decides whether the delivery comes again.
    fn note(&self, delivery: Delivery, answer: Option<Answer>, randomness: &SeededRandomness) {
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        let mut counts = held(&self.counts);
        let wait_ms = match status {
            200 | 202 => {
                counts.accepted += usize::from(status == 202);
                counts.known += usize::from(status == 200);
                if delivery.copies == 0 {
                    return;
                }
                randomness.below(5_000)
            }
            0 | 429 | 500.. => {
                counts.unanswered += 1;
                let heads = self.world.heads();
                let is_newest = heads.get(&delivery.pull).map_or(0, Vec::len) == delivery.push;
                if !is_newest && randomness.below(LOST) == 0 {
                    counts.lost += 1;
                    return;
                }
                AGAIN_MS
            }
            _ => {
                let text = answer.map(|answer| answer.text()).unwrap_or_default();
                counts.strange.push(format!("a webhook: {status} {text}"));
                return;
            }
        };
        drop(counts);
        let is_taken = matches!(status, 200 | 202);
        held(&self.queue).push_back(Delivery {
            due: Instant::now() + Duration::from_millis(wait_ms),
            copies: delivery.copies - u64::from(is_taken),
            ..delivery
        });
    }
}

fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made")
}

/// Sends a request; none when there is no answer.
pub(super) fn send(runtime: &Runtime, address: SocketAddr, request: Request) -> Option<Answer> {
    runtime.block_on(async {
        let sent = tokio::time::timeout(ANSWER, request.try_send(address));
        sent.await.ok().flatten()
    })
}
