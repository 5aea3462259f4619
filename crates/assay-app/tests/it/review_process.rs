use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use assay_app::{Hearing, ProcessError, ProcessLimits, ReviewOrder, ReviewOutcome, ReviewProcess};
use assay_source::ErrorKind;

const SAMPLE: &str = include_str!("../../../assay-finding/tests/golden/remarks.json");
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/program.sh");
const BASE: &str = "1111111111111111111111111111111111111111";
const HEAD: &str = "2222222222222222222222222222222222222222";

/// Runs a shell script in place of the program. It is told its reports as
/// `$json` and `$remarks`.
async fn run(script: &str, limits: ProcessLimits) -> Result<ReviewOutcome, ProcessError> {
    run_in(
        tempfile::tempdir().expect("a folder").path(),
        script,
        limits,
    )
    .await
}

async fn run_in(
    folder: &Path,
    script: &str,
    limits: ProcessLimits,
) -> Result<ReviewOutcome, ProcessError> {
    let program = folder.join("program");
    // A program that this process had written itself could be "busy": another
    // test's child may still hold the file open for writing.
    symlink(PROGRAM, &program).expect("a program");
    std::fs::write(folder.join("script"), script).expect("a script");
    std::fs::write(folder.join("sample.json"), SAMPLE).expect("a sample");
    let work = folder.join("work");
    std::fs::create_dir_all(&work).expect("a folder");
    let process = ReviewProcess {
        program,
        cache_folder: folder.join("cache"),
        work_folder: work.clone(),
        limits,
    };
    let order = ReviewOrder {
        repository: folder,
        base: BASE,
        head: HEAD,
        rejected: &[],
        without: &[],
        imports: &[],
    };
    let heard = Hearing::default();
    let outcome = process.run(order, &heard).await;
    let left = std::fs::read_dir(&work).expect("the folder").count();
    assert_eq!(left, 0, "something is left behind");
    outcome
}

/// A script that reviews and finds what the sample says.
const REVIEWS: &str = "echo '{}' > \"$json\"; cat \"${0%/*}/sample.json\" > \"$remarks\"";

#[tokio::test]
async fn a_gate_that_failed_is_a_review() {
    for (status, script) in [(0, "exit 0"), (1, "exit 1")] {
        let outcome = run(&format!("{REVIEWS}; {script}"), ProcessLimits::default()).await;
        let outcome = outcome.unwrap_or_else(|error| panic!("{status}: {error}"));
        assert_eq!(outcome.remarks.remarks.len(), 4);
        assert_eq!(outcome.report, b"{}\n");
    }
}

#[tokio::test]
async fn the_process_knows_nothing_of_its_parent() {
    let folder = tempfile::tempdir().expect("a folder");
    let seen = folder.path().join("seen");
    let script = format!(
        "{REVIEWS}; {{ env; echo \"args: $*\"; cat; }} > '{}'",
        seen.display()
    );
    run_in(folder.path(), &script, ProcessLimits::default())
        .await
        .expect("a review");
    let seen = std::fs::read_to_string(seen).expect("what it saw");
    let names = seen.lines().filter_map(|line| line.split_once('='));
    let mut names: Vec<&str> = names.map(|(name, _)| name).collect();
    names.retain(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
    names.sort_unstable();
    // The shell itself sets PWD, and some of them more of their own.
    let own = [
        "ASSAY_CACHE_DIR",
        "ASSAY_MEMORY_BYTES_MAX",
        "ASSAY_PARENT_PROCESS",
        "HOME",
    ];
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_", "PATH"].contains(name));
    assert_eq!(names, own, "{seen}");
    assert!(
        seen.contains(&format!(
            "review --tell-progress --keep-diff {BASE}...{HEAD} --output"
        )),
        "{seen}"
    );
    assert!(seen.contains("ASSAY_MEMORY_BYTES_MAX=2147483648"), "{seen}");
}

#[tokio::test]
async fn a_process_that_does_not_end_is_ended() {
    let limits = ProcessLimits {
        time_max: Duration::from_millis(300),
        ..ProcessLimits::default()
    };
    let scripts = [
        "exec sleep 600",
        "trap '' TERM INT HUP; while :; do :; done",
        "exec 2>&-; exec sleep 600",
    ];
    for script in scripts {
        let error = run(script, limits.clone()).await.expect_err(script);
        assert!(
            matches!(error, ProcessError::Late { .. }),
            "{script}: {error}"
        );
        assert_eq!(error.kind(), ErrorKind::Denied);
    }
}

#[tokio::test]
async fn what_ends_badly_is_said() {
    let cases = [
        (
            "echo 'assay: no such commit' >&2; exit 2",
            "cannot be reviewed: assay: no such commit",
        ),
        ("echo 'out of memory' >&2; kill -9 $$", "signal: 9"),
        ("exit 3", "ended early"),
        ("exit 0", "reading its report"),
        (
            "echo '{}' > \"$json\"; echo '{' > \"$remarks\"",
            "cannot be read",
        ),
        (
            "echo '{}' > \"$json\"; head -c 3000 /dev/zero > \"$remarks\"",
            "3000 bytes, more than the limit of 2000",
        ),
        (
            "i=0; while [ $i -lt 20000 ]; do echo line $i >&2; i=$((i+1)); done; exit 2",
            "line 19999",
        ),
    ];
    let limits = ProcessLimits {
        report_bytes_max: 2000,
        ..ProcessLimits::default()
    };
    for (script, wanted) in cases {
        let error = run(script, limits.clone()).await.expect_err(script);
        let text = error.to_string();
        assert!(text.contains(wanted), "{script}: {text}");
        assert!(text.len() < 20_000, "{}", text.len());
    }
}

#[tokio::test]
async fn only_full_names_of_commits_reach_the_process() {
    let process = ReviewProcess {
        program: "/nowhere".into(),
        cache_folder: "/nowhere".into(),
        work_folder: "/nowhere".into(),
        limits: ProcessLimits::default(),
    };
    for name in [
        "",
        "HEAD",
        "--help",
        "1111111",
        "zz11111111111111111111111111111111111111",
    ] {
        let order = ReviewOrder {
            repository: Path::new("/nowhere"),
            base: BASE,
            head: name,
            rejected: &[],
            without: &[],
            imports: &[],
        };
        let heard = Hearing::default();
        let error = process.run(order, &heard).await.expect_err(name);
        assert!(
            matches!(error, ProcessError::Commit { .. }),
            "{name}: {error}"
        );
    }
}
