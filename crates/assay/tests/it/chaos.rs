//! The platform while its parts are killed: a short run of `cargo xtask chaos`.

use std::path::Path;
use std::time::Duration;

use assay_testkit::chaos::{ChaosOptions, ChaosSetup, run};

fn check(setup: ChaosSetup, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let outcome = run(&ChaosOptions {
        program: Path::new(env!("CARGO_BIN_EXE_assay")).to_owned(),
        folder: folder.path().to_owned(),
        seed,
        kills: 6,
        setup,
        pulls: 3,
        gap_ms: (1_000, 3_000),
        forge_faults: 25,
        quiet_max: Duration::from_secs(240),
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.problems, Vec::<String>::new(), "{outcome:#?}");
    assert_eq!(outcome.kills.values().sum::<usize>(), 6);
    assert!(outcome.load.accepted >= 3, "{outcome:#?}");
}

#[test]
fn what_was_accepted_is_done_once_while_the_one_process_is_killed() {
    check(ChaosSetup::Sqlite, 1);
}

#[test]
fn what_was_accepted_is_done_once_while_servers_workers_and_services_are_killed() {
    check(ChaosSetup::Services, 2);
}
