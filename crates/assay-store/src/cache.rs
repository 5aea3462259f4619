//! What was worked out and may be worked out again: kept in this process, and in
//! Redis for all processes when there is one.
//!
//! Invariant: a broken Redis makes answers slower and never wrong. What can be
//! forgotten early carries tags; the generation of each tag stands in Redis and is
//! part of the key, so that what was kept before a tag was forgotten is not found
//! after. When the generations cannot be read, such values are made anew.

mod kind;
mod packed;
mod remote;

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use assay_auth::Scope;
use assay_source::{BlobKey, BlobKeyHasher, Clock, Randomness};

pub use kind::CacheKind;

use crate::Error;
use packed::{pack, unpack};
use remote::Remote;

/// A value that is larger is not kept.
const VALUE_BYTES_MAX: usize = 16 << 20;
/// So many tags a value has at most.
const TAGS_MAX: usize = 8;
/// So many tags are remembered in a process without Redis before all is forgotten.
const LOCAL_TAGS_MAX: usize = 100_000;

/// Where values are kept.
#[derive(Clone, Debug)]
pub struct CacheOptions {
    /// The Redis that all processes share.
    pub redis_url: Option<String>,
    /// How much memory the values of this process may take.
    pub local_bytes_max: u64,
}

impl Default for CacheOptions {
    /// Keeps 64 MB in this process.
    fn default() -> Self {
        Self {
            redis_url: None,
            local_bytes_max: 64 << 20,
        }
    }
}

/// What a value is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheKey {
    kind: CacheKind,
    name: String,
    tags: Vec<String>,
}

impl CacheKey {
    /// Names a value; the name says all that it depends on.
    pub fn new(kind: CacheKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            tags: Vec::new(),
        }
    }

    /// Adds a tag by which the value can be forgotten. More than 8 are not taken.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        if self.tags.len() < TAGS_MAX {
            self.tags.push(tag.into());
        }
        self
    }
}

/// How often what happened, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Found in this process.
    pub local_hits: u64,
    /// Found in Redis.
    pub remote_hits: u64,
    /// Made anew.
    pub misses: u64,
    /// Redis did not answer.
    pub failures: u64,
}

#[derive(Clone)]
struct Kept {
    bytes: Arc<[u8]>,
    until_ms: i64,
}

#[derive(Default)]
struct Counters {
    local_hits: AtomicU64,
    remote_hits: AtomicU64,
    misses: AtomicU64,
}

/// How often each tag was forgotten, and how often all tags were because they
/// became too many.
#[derive(Default)]
struct Forgotten {
    tags: HashMap<String, u64>,
    all: u64,
}

/// A cache. Copies are the same one.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    local: moka::future::Cache<BlobKey, Kept>,
    remote: Option<Remote>,
    /// What was forgotten, in a process without Redis.
    forgotten: Mutex<Forgotten>,
    clock: Arc<dyn Clock>,
    counters: Counters,
}

impl Cache {
    /// Opens a cache. That Redis does not answer is no error.
    pub fn open(
        options: &CacheOptions,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, Error> {
        let local = moka::future::Cache::builder()
            .max_capacity(options.local_bytes_max)
            .weigher(|_, kept: &Kept| u32::try_from(kept.bytes.len() + 128).unwrap_or(u32::MAX))
            .time_to_live(std::time::Duration::from_secs(7 * 24 * 60 * 60))
            .build();
        let remote = options.redis_url.as_deref();
        let remote = remote
            .map(|url| Remote::open(url, randomness))
            .transpose()?;
        Ok(Self(Arc::new(Inner {
            local,
            remote,
            forgotten: Mutex::default(),
            clock,
            counters: Counters::default(),
        })))
    }

    /// Returns what is kept for the scope's organisation, or makes and keeps it.
    /// Those in this process who ask for the same at the same time wait for one
    /// making.
    pub async fn get_or_make<E>(
        &self,
        scope: &Scope,
        key: &CacheKey,
        make: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Arc<[u8]>, Arc<E>>
    where
        E: Send + Sync + 'static,
    {
        let place = self.place(scope, key).await;
        if !place.is_sure {
            // Not even shared with those who ask now: a value that was begun
            // before something was forgotten is not one of after.
            self.0.counters.misses.fetch_add(1, Ordering::Relaxed);
            return make.await.map(Into::into).map_err(Arc::new);
        }
        if let Some(found) = self.local(&place).await {
            return Ok(found);
        }
        let making = async {
            if let Some(found) = self.remote(key.kind, &place).await {
                return Ok(found);
            }
            self.0.counters.misses.fetch_add(1, Ordering::Relaxed);
            let bytes: Arc<[u8]> = make.await?.into();
            let until_ms = self.0.clock.now_ms().saturating_add(key.kind.ttl_ms());
            let kept = Kept { bytes, until_ms };
            self.send(&place, &kept).await;
            Ok(kept)
        };
        let kept = self.0.local.try_get_with(place.hash, making).await?;
        if kept.bytes.len() > VALUE_BYTES_MAX {
            self.0.local.invalidate(&place.hash).await;
        }
        Ok(kept.bytes)
    }

    /// Returns what is kept for the scope's organisation.
    pub async fn get(&self, scope: &Scope, key: &CacheKey) -> Option<Arc<[u8]>> {
        let place = self.place(scope, key).await;
        if let Some(found) = self.local(&place).await {
            return Some(found);
        }
        let kept = self.remote(key.kind, &place).await?;
        self.0.local.insert(place.hash, kept.clone()).await;
        Some(kept.bytes)
    }

    /// Keeps a value for the scope's organisation, such as one that will be asked
    /// for soon.
    pub async fn put(&self, scope: &Scope, key: &CacheKey, bytes: &[u8]) {
        let place = self.place(scope, key).await;
        if !place.is_sure || bytes.len() > VALUE_BYTES_MAX {
            return;
        }
        let kept = Kept {
            bytes: bytes.into(),
            until_ms: self.0.clock.now_ms().saturating_add(key.kind.ttl_ms()),
        };
        self.send(&place, &kept).await;
        self.0.local.insert(place.hash, kept).await;
    }

    /// Forgets all that the scope's organisation keeps under a tag, in all
    /// processes. When Redis does not answer this process forgets at once, and the
    /// others when it answers again; that is an error, for who needs it sooner.
    pub async fn forget_tag(&self, scope: &Scope, tag: &str) -> Result<(), Error> {
        let tag = tag_of(scope, tag);
        if let Some(remote) = &self.0.remote {
            return remote.forget(tag).await;
        }
        let mut forgotten = lock(&self.0.forgotten);
        if forgotten.tags.len() >= LOCAL_TAGS_MAX {
            forgotten.tags.clear();
            forgotten.all += 1;
        }
        *forgotten.tags.entry(tag).or_default() += 1;
        Ok(())
    }

    /// Returns how often what happened.
    pub fn counts(&self) -> CacheCounts {
        let counters = &self.0.counters;
        CacheCounts {
            local_hits: counters.local_hits.load(Ordering::Relaxed),
            remote_hits: counters.remote_hits.load(Ordering::Relaxed),
            misses: counters.misses.load(Ordering::Relaxed),
            failures: self.0.remote.as_ref().map_or(0, Remote::failures),
        }
    }

    /// Returns whether there is a Redis that all processes share.
    pub fn is_shared(&self) -> bool {
        self.0.remote.is_some()
    }

    /// Asks Redis for an answer, for health checks; without one all is well.
    pub async fn ping(&self) -> Result<(), Error> {
        match &self.0.remote {
            Some(remote) => remote.ping().await,
            None => Ok(()),
        }
    }

    /// Works out where a value stands at this moment.
    async fn place(&self, scope: &Scope, key: &CacheKey) -> Place {
        let owner = scope.organisation().map(|id| id.to_string());
        let mut hasher = BlobKeyHasher::new("cache 1");
        hasher.add(owner.as_deref().unwrap_or_default().as_bytes());
        hasher.add(key.kind.name().as_bytes());
        hasher.add(key.name.as_bytes());
        let tags: Vec<String> = key.tags.iter().map(|tag| tag_of(scope, tag)).collect();
        if self.0.remote.is_none() {
            let forgotten = lock(&self.0.forgotten);
            hasher.add(&forgotten.all.to_le_bytes());
            for tag in &tags {
                let count = forgotten.tags.get(tag).copied().unwrap_or(0);
                hasher.add(&count.to_le_bytes());
            }
        }
        let mut is_sure = true;
        if let Some(remote) = self.0.remote.as_ref().filter(|_| !tags.is_empty()) {
            match remote.generations(&tags).await {
                Some(generations) => {
                    for generation in generations {
                        hasher.add(generation.as_bytes());
                    }
                }
                None => is_sure = false,
            }
        }
        Place {
            hash: hasher.finish(),
            is_sure,
        }
    }

    async fn local(&self, place: &Place) -> Option<Arc<[u8]>> {
        if !place.is_sure {
            return None;
        }
        let kept = self.0.local.get(&place.hash).await?;
        if kept.until_ms <= self.0.clock.now_ms() {
            self.0.local.invalidate(&place.hash).await;
            return None;
        }
        self.0.counters.local_hits.fetch_add(1, Ordering::Relaxed);
        Some(kept.bytes)
    }

    async fn remote(&self, kind: CacheKind, place: &Place) -> Option<Kept> {
        let remote = self.0.remote.as_ref().filter(|_| place.is_sure)?;
        let packed = remote.get(&place.hash).await?;
        let (until_ms, bytes) = unpack(&place.hash, &packed)?;
        let now_ms = self.0.clock.now_ms();
        // A clock that was wrong does not keep a value for longer than its kind.
        let latest_ms = now_ms.saturating_add(kind.ttl_ms());
        if until_ms <= now_ms || until_ms > latest_ms {
            return None;
        }
        self.0.counters.remote_hits.fetch_add(1, Ordering::Relaxed);
        let bytes = bytes.into();
        Some(Kept { bytes, until_ms })
    }

    async fn send(&self, place: &Place, kept: &Kept) {
        let remote = self.0.remote.as_ref().filter(|_| place.is_sure);
        let left_ms = kept.until_ms - self.0.clock.now_ms();
        if let Some(remote) = remote.filter(|_| left_ms > 0 && kept.bytes.len() <= VALUE_BYTES_MAX)
            && let Some(packed) = pack(&place.hash, kept.until_ms, &kept.bytes)
        {
            remote.put(&place.hash, packed, left_ms).await;
        }
    }
}

/// Where a value stands, and whether that is sure to be up to date.
struct Place {
    hash: BlobKey,
    is_sure: bool,
}

/// Invariant: no organisation's tag is another's.
fn tag_of(scope: &Scope, tag: &str) -> String {
    let owner = scope.organisation().map(|id| id.to_string());
    format!("{}:{tag}", owner.unwrap_or_default())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it is held")
}
