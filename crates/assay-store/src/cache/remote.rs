//! Redis, as something that may be gone at any moment.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_source::{BlobKey, Randomness};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script, cmd};
use tokio::time::Instant;

use super::lock;
use crate::Error;

/// So long Redis may take for an answer before the value is made anew.
const ANSWER_MS: u64 = 250;
/// So long Redis may take for a connection.
const CONNECT_MS: u64 = 500;
/// For so long it is not asked again after it did not answer.
const PAUSE_MS: u64 = 500;
/// For so long the generation of a tag is kept; longer than any value.
const GENERATION_MS: i64 = 8 * 24 * 60 * 60 * 1000;

/// A tag whose generation is gone gets one that never was.
const GENERATIONS: &str = "\
local found = {}
for at, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  if not value then
    value = ARGV[1] .. at
    redis.call('SET', key, value, 'PX', ARGV[2])
  else
    redis.call('PEXPIRE', key, ARGV[2])
  end
  found[at] = value
end
return found";

/// The Redis that all processes share.
pub(super) struct Remote {
    connection: ConnectionManager,
    generations: Script,
    randomness: Arc<dyn Randomness>,
    /// Until then it is not asked.
    paused: Mutex<Option<Instant>>,
    failures: AtomicU64,
    /// Tags that are to be forgotten, and how often that was asked for: what was
    /// asked for again meanwhile is done again.
    pending: Mutex<BTreeMap<String, u64>>,
}

impl Remote {
    pub(super) fn open(url: &str, randomness: Arc<dyn Randomness>) -> Result<Self, Error> {
        let wrong = |why: RedisError| Error::Invalid(format!("the cache's address: {why}"));
        let client = Client::open(url).map_err(wrong)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(200))
            .set_response_timeout(Some(Duration::from_millis(ANSWER_MS)))
            .set_connection_timeout(Some(Duration::from_millis(CONNECT_MS)));
        let connection = ConnectionManager::new_lazy_with_config(client, config).map_err(wrong)?;
        Ok(Self {
            connection,
            generations: Script::new(GENERATIONS),
            randomness,
            paused: Mutex::default(),
            failures: AtomicU64::new(0),
            pending: Mutex::default(),
        })
    }

    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(super) async fn ping(&self) -> Result<(), Error> {
        let mut connection = self.connection.clone();
        let answer: Result<String, _> = cmd("PING").query_async(&mut connection).await;
        answer.map(|_| ()).map_err(|_| Error::Unavailable(None))
    }

    pub(super) async fn get(&self, key: &BlobKey) -> Option<Vec<u8>> {
        let mut connection = self.ready().await?;
        let answer: Result<Option<Vec<u8>>, _> = cmd("GET")
            .arg(value_key(key))
            .query_async(&mut connection)
            .await;
        self.noted(answer)?
    }

    pub(super) async fn put(&self, key: &BlobKey, packed: Vec<u8>, ttl_ms: i64) {
        if let Some(mut connection) = self.ready().await {
            let mut set = cmd("SET");
            set.arg(value_key(key)).arg(packed).arg("PX").arg(ttl_ms);
            let answer: Result<(), _> = set.query_async(&mut connection).await;
            self.noted(answer);
        }
    }

    /// Returns the generation of each tag, or nothing when that is not known.
    pub(super) async fn generations(&self, tags: &[String]) -> Option<Vec<String>> {
        let mut connection = self.ready().await?;
        let mut script = self.generations.prepare_invoke();
        for tag in tags {
            script.key(tag_key(tag));
        }
        script.arg(self.new_generation()).arg(GENERATION_MS);
        let answer: Result<Vec<String>, _> = script.invoke_async(&mut connection).await;
        let found = self.noted(answer)?;
        (found.len() == tags.len()).then_some(found)
    }

    /// Gives a tag a new generation, now or as soon as that can be done.
    pub(super) async fn forget(&self, tag: String) -> Result<(), Error> {
        *lock(&self.pending).entry(tag).or_default() += 1;
        match self.ready().await {
            Some(_) => Ok(()),
            None => Err(Error::Unavailable(None)),
        }
    }

    /// Returns a connection on which all that was to be forgotten is forgotten.
    async fn ready(&self) -> Option<ConnectionManager> {
        let until = *lock(&self.paused);
        if until.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let mut connection = self.connection.clone();
        let pending = lock(&self.pending).clone();
        for (tag, asked) in pending {
            let mut set = cmd("SET");
            set.arg(tag_key(&tag)).arg(self.new_generation());
            set.arg("PX").arg(GENERATION_MS);
            let answer: Result<(), _> = set.query_async(&mut connection).await;
            self.noted(answer)?;
            let mut pending = lock(&self.pending);
            if pending.get(&tag) == Some(&asked) {
                pending.remove(&tag);
            }
        }
        Some(connection)
    }

    /// Takes note of whether it answered.
    fn noted<T>(&self, answer: Result<T, RedisError>) -> Option<T> {
        match answer {
            Ok(value) => Some(value),
            Err(_) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                let until = Instant::now() + Duration::from_millis(PAUSE_MS);
                *lock(&self.paused) = Some(until);
                None
            }
        }
    }

    fn new_generation(&self) -> String {
        let mut bytes = [0; 16];
        self.randomness.fill(&mut bytes);
        format!("{:032x}", u128::from_le_bytes(bytes))
    }
}

fn value_key(key: &BlobKey) -> Vec<u8> {
    [b"assay:value:".as_slice(), key].concat()
}

fn tag_key(tag: &str) -> String {
    format!("assay:tag:{tag}")
}
