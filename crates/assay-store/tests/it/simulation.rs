//! Tasks under everything that goes wrong, from a seed: workers die and come back
//! late, heartbeats are lost, clocks jump, transactions are undone.
//!
//! `ASSAY_SIMULATION_SEED=17 cargo test -p assay-store --test it simulation` plays
//! one seed again; each failure names its seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assay_source::ErrorKind;
use assay_store::{
    Claim, NewTask, Page, Priority, Retry, Store, TaskFilter, TaskId, TaskState, Unique,
};
use assay_testkit::store::{TestStore, is_postgres};
use assay_testkit::{SeededRandomness, SettableClock, on_both_engines};

use crate::kit::system;

const LEASE_MS: i64 = 30_000;
const STEPS: u32 = 160;
/// More rounds than any task can need to end.
const ROUNDS_MAX: u32 = 400;

struct World {
    seed: u64,
    store: Store,
    clock: Arc<SettableClock>,
    random: SeededRandomness,
    /// What workers believe that they hold, also when they do not any more.
    held: Vec<Claim>,
    /// The key of each, and in which order they came.
    accepted: BTreeMap<TaskId, (Option<u64>, usize)>,
    completed: BTreeSet<TaskId>,
    leases: BTreeSet<(TaskId, i64)>,
}

impl World {
    async fn step(&mut self) {
        match self.random.below(100) {
            0..=19 => self.enqueue().await,
            20..=44 => self.claim().await,
            45..=54 => self.complete().await,
            55..=61 => self.fail().await,
            62..=66 => self.heartbeat().await,
            67..=69 => self.release().await,
            // The worker is gone; nobody does anything with what it held.
            70..=74 => drop(self.pick()),
            75..=84 => self.clock.advance(self.between(0, 20_000)),
            85 => self.clock.advance(self.between(0, 3_600_000)),
            86 => self.clock.advance(-self.between(0, 600_000)),
            87..=95 => self.reap().await,
            96..=97 => self.cancel().await,
            _ => self.retry().await,
        }
    }

    fn between(&self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.random.below((to - from) as u64)).unwrap()
    }

    /// Returns a claim of some worker. Half of the time the worker goes on to
    /// believe that it has it, and will come back late.
    fn pick(&mut self) -> Option<Claim> {
        if self.held.is_empty() {
            return None;
        }
        let at = self.random.below(self.held.len() as u64) as usize;
        if self.random.below(2) == 0 {
            return Some(self.held[at].clone());
        }
        Some(self.held.swap_remove(at))
    }

    /// Returns whether the transaction is lost before it is committed.
    fn is_undone(&self) -> bool {
        self.random.below(8) == 0
    }

    async fn enqueue(&mut self) {
        let key = (self.random.below(3) == 0).then(|| self.random.below(4));
        let unique = if self.random.below(2) == 0 {
            Unique::Newest
        } else {
            Unique::Oldest
        };
        let new = NewTask {
            priority: Priority::ALL[self.random.below(4) as usize],
            attempts_max: self.between(1, 5),
            unique: key.map(|key| (format!("key {key}"), unique)),
            ..NewTask::new("work", "{}".to_owned())
        };
        let mut tx = self.store.begin().await.unwrap();
        let enqueued = tx.task_enqueue(&system(), &new).await.unwrap();
        if !self.is_undone() {
            tx.commit().await.unwrap();
            let order = self.accepted.len();
            self.accepted.entry(enqueued.task()).or_insert((key, order));
        }
    }

    async fn claim(&mut self) {
        let mut tx = self.store.begin().await.unwrap();
        let count = 1 + self.random.below(3) as u32;
        let claims = tx
            .task_claim(&system(), "w", &["any"], LEASE_MS, count)
            .await;
        if self.is_undone() {
            return;
        }
        tx.commit().await.unwrap();
        for claim in claims.unwrap() {
            let seed = self.seed;
            let lease = (claim.lease.task, claim.lease.number);
            assert!(
                self.leases.insert(lease),
                "seed {seed}: a lease was given twice"
            );
            assert!(
                claim.attempt <= claim.attempts_max,
                "seed {seed}: too many attempts"
            );
            assert!(
                self.accepted.contains_key(&claim.lease.task),
                "seed {seed}: a task that was never accepted"
            );
            self.held.push(claim);
        }
    }

    async fn complete(&mut self) {
        let Some(claim) = self.pick() else { return };
        let mut tx = self.store.begin().await.unwrap();
        match tx.task_complete(&system(), claim.lease, None).await {
            Ok(()) if self.is_undone() => {}
            Ok(()) => {
                tx.commit().await.unwrap();
                let is_first = self.completed.insert(claim.lease.task);
                assert!(is_first, "seed {}: a task was completed twice", self.seed);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
        }
    }

    async fn fail(&mut self) {
        let Some(claim) = self.pick() else { return };
        let retry = match self.random.below(4) {
            0 => Retry::Never,
            1 => Retry::At(self.store.now_ms() + 5_000),
            _ => Retry::Backoff,
        };
        let mut tx = self.store.begin().await.unwrap();
        match tx.task_fail(&system(), claim.lease, "no", retry).await {
            Ok(_) if self.is_undone() => {}
            Ok(_) => tx.commit().await.unwrap(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
        }
    }

    async fn heartbeat(&mut self) {
        let Some(claim) = self.pick() else { return };
        self.held.push(claim.clone());
        let mut tx = self.store.begin().await.unwrap();
        match tx
            .task_heartbeat(&system(), claim.lease, LEASE_MS, None)
            .await
        {
            Ok(_) => tx.commit().await.unwrap(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
        }
    }

    async fn release(&mut self) {
        let Some(claim) = self.pick() else { return };
        let mut tx = self.store.begin().await.unwrap();
        match tx.task_release(&system(), claim.lease, 0).await {
            Ok(_) => tx.commit().await.unwrap(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
        }
    }

    async fn reap(&mut self) {
        let mut tx = self.store.begin().await.unwrap();
        tx.task_reap(&system()).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn any_task(&self) -> Option<TaskId> {
        let count = self.accepted.len() as u64;
        let at = (count > 0).then(|| self.random.below(count) as usize)?;
        self.accepted.keys().nth(at).copied()
    }

    async fn cancel(&mut self) {
        let Some(task) = self.any_task() else { return };
        let mut tx = self.store.begin().await.unwrap();
        // One that is over cannot be cancelled.
        if tx.task_cancel(&system(), task).await.is_ok() {
            tx.commit().await.unwrap();
        }
    }

    async fn retry(&mut self) {
        let Some(task) = self.any_task() else { return };
        let mut tx = self.store.begin().await.unwrap();
        // Only one that is dead or cancelled begins anew.
        if tx.task_retry(&system(), task).await.is_ok() {
            tx.commit().await.unwrap();
        }
    }

    /// Nothing goes wrong any more: all that was accepted ends.
    async fn settle(&mut self) {
        self.held.clear();
        for _ in 0..ROUNDS_MAX {
            self.clock.advance(LEASE_MS);
            self.reap().await;
            self.clock.advance(20 * 60_000);
            let mut tx = self.store.begin().await.unwrap();
            let claims = tx
                .task_claim(&system(), "w", &["any"], LEASE_MS, 100)
                .await
                .unwrap();
            for claim in &claims {
                tx.task_complete(&system(), claim.lease, None)
                    .await
                    .unwrap();
                let is_first = self.completed.insert(claim.lease.task);
                assert!(is_first, "seed {}: a task was completed twice", self.seed);
            }
            tx.commit().await.unwrap();
            if self.open_tasks().await == 0 {
                return;
            }
        }
        panic!("seed {}: tasks wait for ever", self.seed);
    }

    async fn open_tasks(&self) -> usize {
        let mut tx = self.store.read().await.unwrap();
        let counts = tx.task_counts(&system()).await.unwrap();
        let open = counts.iter().filter(|count| count.state != TaskState::Dead);
        open.count()
    }

    async fn check(&self) {
        let seed = self.seed;
        let mut tx = self.store.read().await.unwrap();
        let mut found = BTreeMap::new();
        let mut page = Page::first(500);
        loop {
            let tasks = tx
                .task_list(&system(), &TaskFilter::default(), page)
                .await
                .unwrap();
            let Some(last) = tasks.last() else { break };
            page.after = Some(last.id);
            found.extend(tasks.into_iter().map(|task| (task.id, task.state)));
        }
        let accepted: BTreeSet<TaskId> = self.accepted.keys().copied().collect();
        assert_eq!(
            found.keys().copied().collect::<BTreeSet<_>>(),
            accepted,
            "seed {seed}"
        );
        for (task, state) in found {
            let is_completed = self.completed.contains(&task);
            assert_eq!(
                state == TaskState::Done,
                is_completed,
                "seed {seed}: {task} {state:?}"
            );
            if state == TaskState::Superseded {
                let (key, order) = self.accepted[&task];
                let is_newer = |other: &(Option<u64>, usize)| other.0 == key && other.1 > order;
                let has_newer = self.accepted.values().any(is_newer);
                assert!(
                    key.is_some() && has_newer,
                    "seed {seed}: {task} was the newest"
                );
            }
        }
    }
}

async fn nothing_is_lost_and_nothing_done_twice(test: TestStore) {
    let given = std::env::var("ASSAY_SIMULATION_SEED").ok();
    let seeds = match given.and_then(|seed| seed.parse::<u64>().ok()) {
        Some(seed) => vec![seed],
        None if is_postgres(&test.store) => (0..6).collect(),
        None => (0..24).collect(),
    };
    for seed in seeds {
        // Each seed has a database of its own making in the same one: what the
        // one before left is over.
        let mut world = World {
            seed,
            store: test.store.clone(),
            clock: test.clock.clone(),
            random: SeededRandomness::new(seed),
            held: Vec::new(),
            accepted: BTreeMap::new(),
            completed: BTreeSet::new(),
            leases: BTreeSet::new(),
        };
        for _ in 0..STEPS {
            world.step().await;
        }
        world.settle().await;
        world.check().await;
        let mut tx = test.store.begin().await.unwrap();
        tx.retention_run(&system(), &assay_store::Retention::nothing_kept())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

on_both_engines!(nothing_is_lost_and_nothing_done_twice);
