//! Kills parts of the platform at random while it works, and looks at what is
//! lost or said twice.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use assay_testkit::chaos::{ChaosOptions, ChaosOutcome, ChaosSetup, run};

use crate::run::cargo;

/// Between two kills there are so many milliseconds.
const GAP_MS: (u64, u64) = (800, 4_000);
/// After the last kill all has to be done in that time.
const QUIET: Duration = Duration::from_secs(20 * 60);
const PULLS: u64 = 8;
/// One of so many answers of the forge goes wrong.
const FORGE_FAULTS: u64 = 40;

/// Reads the arguments and runs.
pub(crate) fn start(root: &Path, arguments: &[&str]) -> Result<()> {
    let (mut seed, mut kills) = (1, 200);
    let mut setup = ChaosSetup::Sqlite;
    let mut program = None;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut number = || {
            let text = words
                .next()
                .with_context(|| format!("{word} has a value"))?;
            text.parse::<u64>()
                .with_context(|| format!("{word}: `{text}` is no number"))
        };
        match *word {
            "--seed" => seed = number()?,
            "--kills" => kills = usize::try_from(number()?)?,
            "--postgres" => setup = ChaosSetup::Services,
            "--program" => program = words.next().map(|path| Path::new(path).to_owned()),
            other => bail!("unknown argument `{other}`"),
        }
    }
    let program = match program {
        Some(program) => program,
        None => {
            let built = crate::run::run(cargo().current_dir(root).args(["build", "-p", "assay"]));
            built?;
            root.join("target/debug/assay")
        }
    };
    let folder = root.join(format!("target/chaos/{}-{seed}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = run(&ChaosOptions {
        program,
        folder: folder.canonicalize()?,
        seed,
        kills,
        setup,
        pulls: PULLS,
        gap_ms: GAP_MS,
        forge_faults: FORGE_FAULTS,
        quiet_max: QUIET,
    });
    let outcome = outcome.map_err(|why| anyhow!(why))?;
    print(&outcome);
    ensure!(
        outcome.problems.is_empty(),
        "{} problems; the logs are in {}",
        outcome.problems.len(),
        folder.display()
    );
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn print(outcome: &ChaosOutcome) {
    let load = &outcome.load;
    println!(
        "kills        {}  {:?}",
        outcome.kills.values().sum::<usize>(),
        outcome.kills
    );
    println!("ended alone  {}", outcome.exits);
    println!("pushes       {}", load.pushes);
    println!(
        "webhooks     {} accepted, {} known, {} unanswered, {} lost on the way",
        load.accepted, load.known, load.unanswered, load.lost
    );
    println!(
        "on the forge {} remarks, {} reviews, {} check runs",
        outcome.comments, outcome.reviews, outcome.check_runs
    );
    println!("tasks        {:?}", outcome.tasks);
    println!(
        "time         {:.0} s of kills, {:.0} s until all was done",
        outcome.killing.as_secs_f64(),
        outcome.settling.as_secs_f64()
    );
    for problem in &outcome.problems {
        println!("PROBLEM      {problem}");
    }
    println!("problems     {}", outcome.problems.len());
}
