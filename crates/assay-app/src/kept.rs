//! What was worked out and may be worked out again, kept so that it is worked out
//! once: reports of reviews, analyses of a change, what a forge answered.
//!
//! Invariant: whether something is there, and who may see it, is never asked of the
//! cache. A name says all that the value depends on.

use std::sync::Arc;

use assay_auth::Scope;
use assay_forge::{Boxed, EtagCache, KeptAnswer};
use assay_store::{Cache, CacheKey, CacheKind};
use serde::{Deserialize, Serialize};

use crate::app::App;

impl App {
    /// Returns what is kept, or makes and keeps it; those who ask for the same at the
    /// same time wait for one making. No error is one of somebody else's making.
    pub(crate) async fn kept<E>(
        &self,
        scope: &Scope,
        key: &CacheKey,
        make: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Arc<[u8]>, Option<E>> {
        let mut ours = None;
        let making = async {
            make.await.map_err(|error| {
                ours = Some(error);
            })
        };
        let kept = self.cache().get_or_make::<()>(scope, key, making).await;
        kept.map_err(|_| ours)
    }
}

/// The head of an answer of a forge, as it is kept before its body.
#[derive(Serialize, Deserialize)]
struct KeptHead {
    etag: String,
    link: Option<String>,
}

/// Keeps what a forge answered for all processes, so that asking again costs nothing
/// of its quota. The forge is asked each time whether that still holds: what is kept
/// is never taken for the truth.
#[derive(Clone)]
pub struct SharedEtags(Cache);

impl SharedEtags {
    /// Keeps answers in a cache.
    pub fn new(cache: Cache) -> Self {
        Self(cache)
    }
}

/// Whose answers they are stands in the key that the client makes.
fn place(key: &str) -> (Scope, CacheKey) {
    let key = CacheKey::new(CacheKind::PullRequest, format!("answer {key}"));
    (Scope::system("forge"), key)
}

impl EtagCache for SharedEtags {
    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Option<KeptAnswer>> {
        Box::pin(async move {
            let (scope, key) = place(key);
            let kept = self.0.get(&scope, &key).await?;
            let end = kept.iter().position(|&byte| byte == b'\n')?;
            let head: KeptHead = serde_json::from_slice(&kept[..end]).ok()?;
            Some(KeptAnswer {
                etag: head.etag,
                link: head.link,
                body: kept[end + 1..].to_vec(),
            })
        })
    }

    fn put<'a>(&'a self, key: &'a str, answer: KeptAnswer) -> Boxed<'a, ()> {
        Box::pin(async move {
            let (scope, key) = place(key);
            let head = KeptHead {
                etag: answer.etag,
                link: answer.link,
            };
            if let Ok(mut bytes) = serde_json::to_vec(&head) {
                bytes.push(b'\n');
                bytes.extend_from_slice(&answer.body);
                self.0.put(&scope, &key, &bytes).await;
            }
        })
    }
}
