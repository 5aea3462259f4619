use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use assay_app::{
    ExamineRequest, ExamineRules, ExaminedFile, Examiner as _, HeardLine, Hearing, KeptExaminers,
    KeptLimits, ProcessError, ProcessLimits, ReviewProcess, StepHeard, TellHeard, answer_requests,
};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/program.sh");
/// Answers each request with the number of the process.
const ANSWERS: &str =
    "while read n; do head -c $n > /dev/null; s=$$; printf 'r%d\\n%s' ${#s} $s; done";

fn examiners(folder: &Path, script: &str, limits: KeptLimits, time_max: Duration) -> KeptExaminers {
    let program = folder.join("program");
    symlink(PROGRAM, &program).unwrap();
    std::fs::write(folder.join("script"), script).unwrap();
    let process = ReviewProcess {
        program,
        cache_folder: folder.join("cache"),
        work_folder: folder.to_owned(),
        limits: ProcessLimits {
            time_max,
            report_bytes_max: 1_000,
            ..ProcessLimits::default()
        },
    };
    KeptExaminers::new(process, limits)
}

fn request() -> ExamineRequest {
    ExamineRequest {
        base: String::new(),
        head: "text".to_owned(),
        files: vec![ExaminedFile {
            path: "a.py".to_owned(),
            base: None,
            head: Some("x = 1\n".to_owned()),
        }],
        rules: ExamineRules::Secrets,
    }
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn one_process_examines_many_texts_and_then_another_does() {
    let folder = tempfile::tempdir().unwrap();
    let limits = KeptLimits {
        texts_max: 3,
        ..KeptLimits::default()
    };
    let examiners = examiners(folder.path(), ANSWERS, limits, LONG);
    let mut processes = Vec::new();
    for _ in 0..6 {
        processes.push(examiners.examine("acme", &request()).await.unwrap());
    }
    assert!(processes[..3].iter().all(|one| *one == processes[0]));
    assert!(processes[3..].iter().all(|one| *one == processes[3]));
    assert_ne!(processes[0], processes[3]);
    assert_eq!(examiners.idle(), 0);
}

#[tokio::test]
async fn a_process_sees_texts_of_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let examiners = examiners(folder.path(), ANSWERS, KeptLimits::default(), LONG);
    let mut processes = Vec::new();
    for owner in ["acme", "globex", "acme", "third", "globex"] {
        processes.push(examiners.examine(owner, &request()).await.unwrap());
    }
    assert_eq!(processes[0], processes[2]);
    // Two are kept; globex had waited for the longest time when the third came.
    for (one, other) in [(0, 1), (0, 3), (1, 3), (1, 4), (3, 4)] {
        assert_ne!(processes[one], processes[other], "{one} {other}");
    }
    assert_eq!(examiners.idle(), 2);
}

#[tokio::test]
async fn how_far_a_process_is_is_heard_before_it_answers() {
    let folder = tempfile::tempdir().unwrap();
    let step = r#"{"step":"Reading","done":1,"of":2}"#;
    let script = format!(
        "while read n; do head -c $n > /dev/null; printf 'p{}\\n{step}p2\\n{{}}r2\\nok'; done",
        step.len()
    );
    let examiners = examiners(folder.path(), &script, KeptLimits::default(), LONG);
    let heard = Hearing::default();
    let answer = examiners.examine_telling("acme", &request(), &heard).await;
    assert_eq!(answer.unwrap(), b"ok");
    let step = heard.take().step.expect("a step");
    assert_eq!((step.step.as_str(), step.done, step.of), ("Reading", 1, 2));
}

#[tokio::test]
async fn a_process_that_ended_while_it_waited_is_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    let once = ANSWERS.replace("while", "if").replace("do ", "then ");
    let once = once.replace("done", "fi");
    let examiners = examiners(folder.path(), &once, KeptLimits::default(), LONG);
    let first = examiners.examine("acme", &request()).await.unwrap();
    let second = examiners.examine("acme", &request()).await.unwrap();
    assert_ne!(first, second);
}

#[tokio::test]
async fn a_process_in_trouble_is_not_used_again() {
    let second = Duration::from_secs(1);
    for (script, time_max, expected) in [
        ("read n; sleep 60", second, "Late"),
        ("exit 3", LONG, "Io"),
        ("printf 'r9999\\n'; sleep 60", LONG, "TooLarge"),
        ("printf 'x2\\n{}'; sleep 60", LONG, "Io"),
        ("printf 'r20\\n{}'", LONG, "Io"),
        ("printf 'p20000\\n{}'", LONG, "Io"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let examiners = examiners(folder.path(), script, KeptLimits::default(), time_max);
        let error = examiners.examine("acme", &request()).await.unwrap_err();
        assert!(
            format!("{error:?}").starts_with(expected),
            "{script}: {error:?}"
        );
        assert_eq!(examiners.idle(), 0, "{script}");
    }
}

#[tokio::test]
async fn a_text_that_is_refused_leaves_the_process_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let refuses = "while read n; do head -c $n > /dev/null; printf 'e2\\nno'; done";
    let examiners = examiners(folder.path(), refuses, KeptLimits::default(), LONG);
    let error = examiners.examine("acme", &request()).await.unwrap_err();
    assert!(matches!(error, ProcessError::Refused { message } if message == "no"));
    assert_eq!(examiners.idle(), 1);
}

#[tokio::test]
async fn a_process_that_is_not_needed_ends_after_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let limits = KeptLimits {
        idle_time_max: Duration::from_millis(50),
        ..KeptLimits::default()
    };
    let examiners = examiners(folder.path(), ANSWERS, limits, LONG);
    examiners.examine("acme", &request()).await.unwrap();
    let begun = std::time::Instant::now();
    while examiners.idle() > 0 {
        assert!(begun.elapsed() < LONG);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn the_kept_side_answers_until_there_is_no_more() {
    let echo = |bytes: &[u8], tell: TellHeard<'_>| match bytes {
        b"no" => Err("not that".to_owned()),
        b"far" => {
            tell(&HeardLine::Step(StepHeard {
                step: "Reading".to_owned(),
                done: 1,
                of: 2,
            }));
            Ok(Vec::new())
        }
        bytes => Ok(bytes.to_vec()),
    };
    let answer = |input: &str| {
        let mut out = Vec::new();
        let ended = answer_requests(input.as_bytes(), &mut out, 10, echo);
        (ended.is_ok(), String::from_utf8(out).unwrap())
    };
    assert_eq!(answer(""), (true, String::new()));
    assert_eq!(
        answer("3\nabc2\nno"),
        (true, "r3\nabce8\nnot that".to_owned())
    );
    assert_eq!(
        answer("3\nfar"),
        (
            true,
            "p34\n{\"step\":\"Reading\",\"done\":1,\"of\":2}r0\n".to_owned()
        )
    );
    for unfit in [
        "x\n",
        "11\nabcdefghijk",
        "-1\n",
        "99999999999999999999999999\n",
    ] {
        assert!(!answer(unfit).0, "{unfit}");
    }
}
