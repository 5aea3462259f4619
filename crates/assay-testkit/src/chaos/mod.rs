//! A whole platform under load whose parts are killed at random: servers, workers
//! and services as processes, a forge that keeps state, repositories made on the
//! spot, webhooks signed and sent as a forge sends them.
//!
//! Start at [`run`]. What is looked at in the end is what users rely on: what was
//! accepted was done, and nothing was said twice.

mod check;
mod load;
mod process;
mod world;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::check::{Verdict, quiet};
use self::load::{Load, LoadCounts};
use self::process::Fleet;
use self::world::World;
use crate::SeededRandomness;

/// What the platform is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChaosSetup {
    /// One process over a file.
    Sqlite,
    /// A server and three workers over PostgreSQL, with Redis and NATS.
    Services,
}

/// A run.
#[derive(Clone, Debug)]
pub struct ChaosOptions {
    /// The program: `assay`.
    pub program: PathBuf,
    /// Where data and logs go; there is nothing in it yet.
    pub folder: PathBuf,
    /// What is chosen at random follows from this.
    pub seed: u64,
    /// How often something is killed.
    pub kills: usize,
    /// What the platform is made of.
    pub setup: ChaosSetup,
    /// So many pull requests are pushed to.
    pub pulls: u64,
    /// Between two kills there are at least and at most so many milliseconds.
    pub gap_ms: (u64, u64),
    /// One of so many answers of the forge goes wrong; none when zero.
    pub forge_faults: u64,
    /// So long it may take in the end until all is done.
    pub quiet_max: Duration,
}

/// What happened.
#[derive(Clone, Debug, Default)]
pub struct ChaosOutcome {
    /// What was killed how often.
    pub kills: BTreeMap<String, usize>,
    /// Processes that ended by themselves and were started again.
    pub exits: usize,
    /// What was sent and how it was answered.
    pub load: LoadCounts,
    /// Remarks that stand on the pull requests, those that are resolved too.
    pub comments: usize,
    /// Reviews on the forge.
    pub reviews: usize,
    /// Check runs on the forge.
    pub check_runs: usize,
    /// Tasks in each state.
    pub tasks: BTreeMap<String, usize>,
    /// How long the kills took.
    pub killing: Duration,
    /// How long it took after them until all was done.
    pub settling: Duration,
    /// What is not as it has to be; nothing is what is hoped for.
    pub problems: Vec<String>,
}

/// Runs the platform, kills its parts, and looks at what came of it.
///
/// # Errors
/// When the run itself could not be made; what the platform did wrong is in the
/// outcome.
pub fn run(options: &ChaosOptions) -> Result<ChaosOutcome, String> {
    let randomness = Arc::new(SeededRandomness::new(options.seed));
    let world = Arc::new(World::start(options)?);
    let mut fleet = Fleet::start(options, &world)?;
    let endpoint = fleet.endpoint();
    let key = endpoint.first_key().ok_or("there is no first key")?;
    let load = Load::start(
        Arc::clone(&world),
        Arc::clone(&endpoint),
        &key,
        options.seed,
    );
    let began = Instant::now();
    let mut outcome = ChaosOutcome::default();
    for _ in 0..options.kills {
        let (least, most) = options.gap_ms;
        fleet.watch(Duration::from_millis(
            least + randomness.below(most - least + 1),
        ))?;
        let victim = fleet.kill_one(&randomness)?;
        *outcome.kills.entry(victim).or_default() += 1;
    }
    outcome.killing = began.elapsed();
    load.finish_pushing();
    let began = Instant::now();
    let is_quiet = loop {
        fleet.watch(Duration::from_millis(500))?;
        if load.is_sent() && quiet(&endpoint) == Some(true) {
            break true;
        }
        if began.elapsed() > options.quiet_max {
            break false;
        }
    };
    outcome.settling = began.elapsed();
    outcome.load = load.end();
    outcome.exits = fleet.exits();
    let verdict = Verdict {
        world: &world,
        endpoint: &endpoint,
        key: &key,
        is_quiet,
    };
    verdict.read(&mut outcome);
    drop(fleet);
    Ok(outcome)
}
