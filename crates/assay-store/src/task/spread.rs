//! Waking workers on other machines through NATS JetStream: each word of new work
//! goes to one process, in turn, so that a thousand tasks a second do not wake a
//! thousand workers each. It is a hint like the others; the table alone is the
//! truth, and whoever hears nothing looks again after a time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::ConnectOptions;
use async_nats::connection::State;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, Context};
use futures_util::StreamExt as _;
use tokio::sync::watch;

use crate::{Error, Store};

const STREAM: &str = "ASSAY_TASKS";
const SUBJECT: &str = "assay.tasks.ready";
const CONSUMER: &str = "workers";
/// Words of new work that wait to be heard; the oldest go first.
const WORDS_MAX: i64 = 10_000;
/// A word that nobody heard is worth nothing after so long.
const WORD_MS: u64 = 60_000;
const CONNECT_MS: u64 = 2_000;
/// After so long a broken connection is made anew.
const AGAIN_MS: u64 = 1_000;

/// What [`Store::is_spread_up`] is read from: not spread, broken, spread.
const SPREAD: [Option<bool>; 3] = [None, Some(false), Some(true)];
const BROKEN: u8 = 1;
const WORKS: u8 = 2;

/// What a process does with words of new work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// It says them. Who does no tasks hears none: each word goes to one process.
    Tell,
    /// It says and hears them.
    TellAndHear,
}

impl Store {
    /// Returns whether words of new work reach other machines; nothing when they
    /// are not meant to.
    pub fn is_spread_up(&self) -> Option<bool> {
        let state = usize::from(self.spread().load(Ordering::Relaxed));
        SPREAD.get(state).copied().flatten()
    }

    /// Tells other machines of work that this process accepts, and hears from
    /// them, until it is dropped. A server that is gone is asked again.
    pub async fn task_spread(&self, nats_url: &str, does: Spread) -> Result<(), Error> {
        let wrong = |why| Error::Invalid(format!("the queue's address: {why}"));
        let address: async_nats::ServerAddr = nats_url.parse().map_err(wrong)?;
        let mut accepted = self.accepted();
        self.spread().store(BROKEN, Ordering::Relaxed);
        loop {
            // Why it broke does not matter: it is only a hint.
            let _ = self.task_spread_once(&address, does, &mut accepted).await;
            self.spread().store(BROKEN, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(AGAIN_MS)).await;
        }
    }

    async fn task_spread_once(
        &self,
        address: &async_nats::ServerAddr,
        does: Spread,
        accepted: &mut watch::Receiver<u64>,
    ) -> Result<(), async_nats::Error> {
        let client = ConnectOptions::new()
            .connection_timeout(Duration::from_millis(CONNECT_MS))
            .connect(address.clone())
            .await?;
        let context = jetstream::new(client.clone());
        let consumer = consumer(&context).await?;
        let mut words = match does {
            Spread::TellAndHear => Some(consumer.messages().await?),
            Spread::Tell => None,
        };
        self.spread().store(WORKS, Ordering::Relaxed);
        // What was said while nobody listened is made up for.
        self.wake();
        loop {
            tokio::select! {
                changed = accepted.changed() => {
                    changed?;
                    context.publish(SUBJECT, "".into()).await?.await?;
                }
                // A server that is gone ends no stream: it is looked after.
                () = tokio::time::sleep(Duration::from_millis(AGAIN_MS)) => {
                    if client.connection_state() != State::Connected {
                        return Ok(());
                    }
                }
                word = next(&mut words) => {
                    let Some(word) = word else { return Ok(()) };
                    word?.ack().await?;
                    self.wake();
                }
            }
        }
    }
}

/// Waits for a word; for ever, where none is heard.
async fn next(
    words: &mut Option<pull::Stream>,
) -> Option<Result<jetstream::Message, pull::MessagesError>> {
    match words {
        Some(words) => words.next().await,
        None => std::future::pending().await,
    }
}

async fn consumer(
    context: &Context,
) -> Result<jetstream::consumer::Consumer<pull::Config>, async_nats::Error> {
    let config = Config {
        name: STREAM.to_owned(),
        subjects: vec![SUBJECT.to_owned()],
        retention: RetentionPolicy::WorkQueue,
        storage: StorageType::Memory,
        discard: DiscardPolicy::Old,
        max_messages: WORDS_MAX,
        max_age: Duration::from_millis(WORD_MS),
        ..Config::default()
    };
    let stream = context.get_or_create_stream(config).await?;
    let config = pull::Config {
        durable_name: Some(CONSUMER.to_owned()),
        ack_policy: AckPolicy::Explicit,
        ..pull::Config::default()
    };
    Ok(stream.get_or_create_consumer(CONSUMER, config).await?)
}
