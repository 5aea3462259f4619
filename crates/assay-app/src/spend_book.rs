//! What models cost, in the store: sums that all processes share, a row for each call,
//! and answers that are kept.

use std::sync::{Mutex, PoisonError};

use assay_auth::Scope;
use assay_llm::{BudgetRefusal, CallSpend, Meter, Money, SpendBook, Window};
use assay_source::{BlobCache, BlobKey};
use assay_store::{Cache, CacheKey, CacheKind, Error, Store};
use tokio::runtime::Handle;

/// Waits for the store where nothing else can be done meanwhile. The platform runs on
/// several threads, of which others go on.
fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| Handle::current().block_on(work))
}

fn nanos(money: Money) -> i64 {
    i64::try_from(money.nanos()).unwrap_or(i64::MAX)
}

/// The sums of days and months, shared by all processes of a platform. It is used where
/// the runtime has several threads.
pub struct StoreBook {
    store: Store,
    scope: Scope,
}

impl StoreBook {
    /// Makes the book of a store.
    pub fn new(store: Store, scope: Scope) -> Self {
        Self { store, scope }
    }

    async fn take(
        &self,
        windows: &[Window],
        amount: Money,
    ) -> Result<Result<(), (usize, i64)>, Error> {
        let sums: Vec<(&str, i64)> = windows
            .iter()
            .map(|window| (window.name.as_str(), nanos(window.limit)))
            .collect();
        let mut tx = self.store.begin().await?;
        let taken = tx
            .model_spend_take(&self.scope, &sums, nanos(amount))
            .await?;
        // What is not committed was not taken.
        if taken.is_ok() {
            tx.commit().await?;
        }
        Ok(taken)
    }

    async fn settle(&self, windows: &[Window], taken: Money, spent: Money) -> Result<(), Error> {
        let names: Vec<&str> = windows.iter().map(|window| window.name.as_str()).collect();
        let mut tx = self.store.begin().await?;
        let amounts = (nanos(taken), nanos(spent));
        tx.model_spend_settle(&self.scope, &names, amounts).await?;
        tx.commit().await
    }
}

impl SpendBook for StoreBook {
    fn take(&self, windows: &[Window], amount: Money) -> Result<(), BudgetRefusal> {
        match wait(self.take(windows, amount)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err((at, sum))) => Err(BudgetRefusal::Over {
                of: windows[at].of.clone(),
                scope: windows[at].scope,
                limit: windows[at].limit,
                spent: Money::from_nanos(u64::try_from(sum).unwrap_or(0)),
                wanted: amount,
            }),
            Err(error) => Err(BudgetRefusal::Unknown(error.to_string())),
        }
    }

    fn settle(&self, windows: &[Window], taken: Money, spent: Money) {
        if let Err(error) = wait(self.settle(windows, taken, spent)) {
            // It stays taken, which is the more.
            tracing::warn!(%error, "what a model cost could not be settled");
        }
    }

    fn sum(&self, name: &str) -> Money {
        let read = async {
            let mut tx = self.store.read().await?;
            tx.model_spend_get(&self.scope, name).await
        };
        // What is not known may be all.
        wait(read).map_or(Money::MAX, |sum| {
            Money::from_nanos(u64::try_from(sum).unwrap_or(0))
        })
    }
}

/// The calls of a review, until they are written down.
#[derive(Default)]
pub(crate) struct CallNotes(Mutex<Vec<CallSpend>>);

impl CallNotes {
    /// Returns what came since the last time.
    pub(crate) fn take(&self) -> Vec<CallSpend> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Meter for CallNotes {
    fn note(&self, spend: &CallSpend) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.push(spend.clone());
    }
}

/// By what everything that models answered for one repository is forgotten.
pub(crate) fn answers_tag(repository: &str) -> String {
    format!("model-answers:{repository}")
}

/// Answers of models in the platform's cache, for one organisation.
pub(crate) struct StoreAnswers {
    cache: Cache,
    scope: Scope,
    kind: CacheKind,
    tag: Option<String>,
}

impl StoreAnswers {
    /// Answers to the same question.
    pub(crate) fn new(cache: Cache, scope: Scope) -> Self {
        Self {
            cache,
            scope,
            kind: CacheKind::ModelAnswer,
            tag: None,
        }
    }

    /// Answers to similar questions about one repository.
    pub(crate) fn similar(cache: Cache, scope: Scope, repository: &str) -> Self {
        Self {
            cache,
            scope,
            kind: CacheKind::SimilarAnswer,
            tag: Some(answers_tag(repository)),
        }
    }

    fn key(&self, key: &BlobKey) -> CacheKey {
        let mut name: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let Some(tag) = &self.tag else {
            return CacheKey::new(self.kind, name);
        };
        name.push_str(tag);
        CacheKey::new(self.kind, name).tag(tag)
    }
}

impl BlobCache for StoreAnswers {
    fn get(&self, key: &BlobKey) -> Option<Vec<u8>> {
        let found = wait(self.cache.get(&self.scope, &self.key(key)))?;
        Some(found.to_vec())
    }

    fn put(&self, key: &BlobKey, value: Vec<u8>) {
        wait(self.cache.put(&self.scope, &self.key(key), &value));
    }
}
