//! Telling those who wait that there is work, and those who look on that something
//! happened to a review. It is only a hint: who hears
//! nothing looks again after a time, as the table alone says what there is.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use crate::live::CHANNEL as LIVE_CHANNEL;
use crate::review_event::CHANNEL as REVIEW_CHANNEL;
use crate::{LiveHint, Store, Tx};

/// The channel on which PostgreSQL tells other processes.
const CHANNEL: &str = "assay_task";
/// After so long a broken listener is made anew.
const LISTEN_AGAIN_MS: u64 = 1_000;

/// After having told other processes nothing is told for so long: what is committed
/// meanwhile is told of once.
const TELL_MS: u64 = 5;

impl Tx {
    /// Says, when the transaction is committed, that there is work.
    pub(crate) fn task_announce(&mut self) {
        self.wakes = true;
    }

    /// Says, when the transaction is committed, that something happened to a review.
    pub(crate) fn review_announce(&mut self) {
        self.tells = true;
    }
}

/// Tells other processes of what this one committed, until nobody can commit any more.
/// It is not told in the transactions themselves: PostgreSQL commits those that tell
/// something one after the other, each with a way to the disk of its own.
pub(crate) async fn tell_others(
    pool: PgPool,
    mut tasks: watch::Receiver<u64>,
    mut reviews: watch::Receiver<u64>,
) {
    let mut told = (*tasks.borrow_and_update(), *reviews.borrow_and_update());
    loop {
        let changed = tokio::select! {
            changed = tasks.changed() => changed,
            changed = reviews.changed() => changed,
        };
        if changed.is_err() || pool.is_closed() {
            return;
        }
        let now = (*tasks.borrow_and_update(), *reviews.borrow_and_update());
        for (channel, is_new) in [
            (CHANNEL, now.0 != told.0),
            (REVIEW_CHANNEL, now.1 != told.1),
        ] {
            if is_new {
                let sql = sqlx::query("SELECT pg_notify($1, '')").bind(channel);
                // Who hears nothing looks by themselves.
                let _ = sql.execute(&pool).await;
            }
        }
        told = now;
        tokio::time::sleep(Duration::from_millis(TELL_MS)).await;
    }
}

/// Tells other processes what this one changed in sessions, until nobody can change
/// anything any more.
pub(crate) async fn hint_others(pool: PgPool, mut hints: broadcast::Receiver<LiveHint>) {
    let mut waiting = BTreeSet::new();
    loop {
        match hints.recv().await {
            Ok(hint) => waiting.insert(hint.text()),
            Err(RecvError::Lagged(_)) => waiting.insert(LiveHint::Anything.text()),
            Err(RecvError::Closed) => return,
        };
        while let Ok(hint) = hints.try_recv() {
            waiting.insert(hint.text());
        }
        if pool.is_closed() {
            return;
        }
        let texts: Vec<_> = std::mem::take(&mut waiting).into_iter().collect();
        let sql = "SELECT pg_notify($1, told) FROM unnest($2::text[]) AS told";
        let sql = sqlx::query(sql).bind(LIVE_CHANNEL).bind(texts);
        // Who hears nothing looks by themselves.
        let _ = sql.execute(&pool).await;
        tokio::time::sleep(Duration::from_millis(TELL_MS)).await;
    }
}

/// Hears that there is something new. What is said between two waits is not missed.
#[derive(Debug)]
pub struct Waiter(watch::Receiver<u64>);

impl Waiter {
    /// Waits until there may be something new, or until the time is over.
    pub async fn wait(&mut self, ms_max: u64) {
        let limit = Duration::from_millis(ms_max);
        if let Ok(Err(_)) = tokio::time::timeout(limit, self.0.changed()).await {
            // Nobody is left who could say anything.
            tokio::time::sleep(limit).await;
        }
    }
}

impl Store {
    /// Returns who hears of work that is accepted from now on, by this process and
    /// by those that [`Store::task_listen`] hears.
    pub fn task_waiter(&self) -> Waiter {
        Waiter(self.ready())
    }

    /// Returns who hears of what happens to reviews from now on, as
    /// [`Store::task_waiter`] hears of work.
    pub fn review_waiter(&self) -> Waiter {
        Waiter(self.told())
    }

    /// Hears from other processes what is new, until it is dropped. Only
    /// PostgreSQL has others; with SQLite this waits for ever.
    pub async fn task_listen(&self) {
        loop {
            let Some(pool) = self.postgres() else {
                return std::future::pending().await;
            };
            let again = Duration::from_millis(LISTEN_AGAIN_MS);
            if let Ok(mut listener) = PgListener::connect_with(pool).await
                && listener
                    .listen_all([CHANNEL, REVIEW_CHANNEL, LIVE_CHANNEL])
                    .await
                    .is_ok()
            {
                // What was said while nobody listened is made up for.
                self.wake();
                self.tell();
                self.hint(LiveHint::Anything);
                while let Ok(heard) = listener.recv().await {
                    match heard.channel() {
                        REVIEW_CHANNEL => self.tell(),
                        LIVE_CHANNEL => LiveHint::parse(heard.payload())
                            .into_iter()
                            .for_each(|hint| self.hint(hint)),
                        _ => self.wake(),
                    }
                }
            }
            tokio::time::sleep(again).await;
        }
    }
}
