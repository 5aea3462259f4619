//! A queue of what is to be sent, with a thread that sends it: several at a time,
//! and what does not fit is thrown away.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// So many things wait at most.
const WAITING_MAX: usize = 4_096;
/// So many are sent at a time.
const TOGETHER_MAX: usize = 256;
/// So long the first waits for others.
const TOGETHER_MS: u64 = 1_000;
/// So long one sending may take.
const SEND_MS: u64 = 5_000;

/// Takes what is to be sent. Dropping it sends the rest.
pub(super) struct Outbox<T> {
    sender: Option<SyncSender<T>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Outbox<T> {
    pub(super) fn start(
        name: &str,
        send: impl Fn(&ureq::Agent, Vec<T>) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_millis(SEND_MS)))
            .build();
        let agent = ureq::Agent::new_with_config(config);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                while let Some(some) = gather(&receiver) {
                    send(&agent, some);
                }
            })
            .with_context(|| format!("the thread `{name}` cannot be started"))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
        })
    }

    pub(super) fn put(&self, one: T) {
        if let Some(sender) = &self.sender {
            // Whoever has something to do does not wait for those who look on.
            let _ = sender.try_send(one);
        }
    }
}

impl<T> Drop for Outbox<T> {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // What fell over there is not told by whoever looks on.
            let _ = thread.join();
        }
    }
}

/// Returns the next things to send, or nothing when there will be none.
fn gather<T>(receiver: &Receiver<T>) -> Option<Vec<T>> {
    let mut some = vec![receiver.recv().ok()?];
    let until = Instant::now() + Duration::from_millis(TOGETHER_MS);
    while some.len() < TOGETHER_MAX {
        let left = until.saturating_duration_since(Instant::now());
        match receiver.recv_timeout(left) {
            Ok(one) => some.push(one),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Some(some)
}
