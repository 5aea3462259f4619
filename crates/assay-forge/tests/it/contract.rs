//! What GitHub really does, rule by rule: identities, limits, pages, large
//! answers, moved repositories, servers in trouble.

use std::sync::Arc;

use assay_forge::{
    CheckAction, CheckOutput, CheckRunWanted, CheckStatus, Conclusion, ForgeError, InstallationId,
    NewFile, NewPull, NoEtags, Permission, RepoName,
};
use assay_source::{ErrorKind, RepoPath};
use assay_testkit::forge::Fault;

use crate::support::{INSTALLATION, NUMBER, PATCH, REPO, Stage, pull, repo, run, sha};

fn count(stage: &Stage, method: &str, end: &str) -> usize {
    let exchanges = stage.fake.exchanges();
    let found = exchanges
        .iter()
        .filter(|e| e.method == method && e.path.ends_with(end));
    found.count()
}

fn minted(stage: &Stage) -> usize {
    count(stage, "POST", "/access_tokens")
}

#[test]
fn a_token_is_minted_once_an_hour_and_again_when_it_is_refused() {
    let stage = Stage::new();
    let bot = stage.bot();
    for (advance_ms, expected) in [(0, 1), (54 * 60_000, 1), (60_000, 2)] {
        stage.clock.advance(advance_ms);
        run(bot.pull(&pull())).unwrap();
        assert_eq!(minted(&stage), expected);
    }
    stage.fake.withdraw_installation_tokens();
    run(bot.pull(&pull())).unwrap();
    assert_eq!(minted(&stage), 3);
    let token = run(bot.token()).unwrap();
    assert!(token.expose().len() > 500);
    assert_eq!(minted(&stage), 3);
    assert_eq!(stage.fake.violations(), [""; 0]);
}

#[test]
fn many_askers_mint_one_token() {
    let stage = Stage::new();
    let bot = stage.bot();
    run(async {
        let (pull_id, repo) = (pull(), repo());
        let all = tokio::join!(
            bot.pull(&pull_id),
            bot.repository(&repo),
            bot.pull_files(&pull_id)
        );
        assert!(all.0.is_ok() && all.1.is_ok() && all.2.is_ok());
    });
    assert_eq!(minted(&stage), 1);
}

#[test]
fn a_clock_that_is_wrong_is_told_by_the_answer() {
    for skew_ms in [-20 * 60_000, -90_000, 50_000, 20 * 60_000] {
        let stage = Stage::new();
        stage.fake.rules(|rules| rules.skew_ms = skew_ms);
        let app = stage.app();
        let found = run(app.installation_of(&repo())).unwrap();
        assert_eq!(found.unwrap().id, INSTALLATION);
        // Tokens end when the forge says, by whatever clock.
        let bot = app.installation(InstallationId(INSTALLATION));
        run(bot.pull(&pull())).unwrap();
        stage.clock.advance(54 * 60_000);
        run(bot.pull(&pull())).unwrap();
        assert_eq!(minted(&stage), 1, "{skew_ms}");
    }
}

#[test]
fn a_repository_without_the_app_has_no_installation() {
    let stage = Stage::new();
    stage.fake.repository("acme/other");
    let other = RepoName::parse("acme/other").unwrap();
    assert_eq!(run(stage.app().installation_of(&other)).unwrap(), None);
    let error = run(stage.bot().repository(&other)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = run(stage.tokens(&["wrong"]).repository(&other)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}

#[test]
fn what_did_not_change_is_free() {
    let stage = Stage::new();
    let bot = stage.bot();
    let first = run(bot.pull(&pull())).unwrap();
    let left = run(bot.quota()).unwrap().remaining;
    let second = run(bot.pull(&pull())).unwrap();
    assert_eq!(first, second);
    assert_eq!(run(bot.quota()).unwrap().remaining, left);
    let statuses: Vec<_> = stage.fake.exchanges().iter().map(|e| e.status).collect();
    assert_eq!(statuses, [201, 200, 304]);
}

#[test]
fn lists_follow_the_links_to_their_end() {
    let mut stage = Stage::new();
    stage.etags = Arc::new(NoEtags);
    let files = |count: usize| {
        let file = |n: usize| (format!("f{n}.rs"), Some("@@ -1 +1 @@\n-a\n+b".to_owned()));
        (0..count).map(file).collect::<Vec<_>>()
    };
    for (files_count, expected, is_complete, pages) in
        [(250, 250, true, 3), (3_100, 3_000, false, 30)]
    {
        stage
            .fake
            .push(REPO, NUMBER, sha(1).as_str(), files(files_count));
        let before = count(&stage, "GET", "/files");
        let listed = run(stage.bot().pull_files(&pull())).unwrap();
        assert_eq!(
            (listed.items.len(), listed.is_complete),
            (expected, is_complete)
        );
        assert_eq!(count(&stage, "GET", "/files") - before, pages);
    }
    // Too many files for a diff: the list of files has the lines.
    let anchors = run(stage.bot().pull_anchors(&pull())).unwrap();
    assert!(anchors.contains_file("f2999.rs"));
    assert_eq!(run(stage.bot().pull_diff(&pull())).unwrap(), None);
}

#[test]
fn pages_hold_with_entity_tags_too() {
    let stage = Stage::new();
    stage.fake.rules(|rules| rules.page_max = 3);
    let bot = stage.bot();
    for n in 0..8 {
        stage
            .fake
            .comment(REPO, NUMBER, "author", ("src/a.rs", 5), &format!("{n}"));
    }
    for _ in 0..2 {
        let listed = run(bot.review_comments(&pull())).unwrap();
        assert_eq!((listed.items.len(), listed.is_complete), (8, true));
    }
}

#[test]
fn what_may_be_absent_is_absent() {
    let stage = Stage::new();
    stage.fake.delete_fork(REPO, NUMBER);
    let bot = stage.bot();
    let found = run(bot.pull(&pull())).unwrap();
    assert_eq!(
        (found.head.repo, found.body, found.mergeable),
        (None, None, None)
    );
    let files = run(bot.pull_files(&pull())).unwrap().items;
    assert_eq!(files[1].patch, None);
}

#[test]
fn contents_come_as_text_in_lines_or_raw() {
    let stage = Stage::new();
    let large: Vec<u8> = (0..1_200_000u32).map(|n| n as u8).collect();
    for (path, content) in [
        ("dir/a b#?.rs", b"fn a() {}".as_slice()),
        ("large.bin", &large),
    ] {
        stage.fake.file(REPO, sha(1).as_str(), path, content);
        let path = RepoPath::from(path);
        let found = run(stage.bot().content(&repo(), &path, &sha(1))).unwrap();
        assert_eq!(found.unwrap().bytes, content);
    }
    let none = RepoPath::from("none");
    assert_eq!(
        run(stage.bot().content(&repo(), &none, &sha(1))).unwrap(),
        None
    );
}

#[test]
fn answers_that_are_too_large_are_not_read() {
    let mut stage = Stage::new();
    stage.policies.answer_bytes_max = 2_000;
    stage.fake.file(REPO, sha(1).as_str(), "a", &[b'a'; 3_000]);
    let error = run(stage.bot().content(&repo(), &RepoPath::from("a"), &sha(1))).unwrap_err();
    assert!(
        matches!(error, ForgeError::TooLarge { bytes_max: 2_000 }),
        "{error}"
    );
}

#[test]
fn a_renamed_repository_is_found_under_its_new_name() {
    for status in [301, 307] {
        let stage = Stage::new();
        stage.fake.rules(|rules| rules.moved_status = status);
        stage.fake.rename(REPO, "acme/store");
        stage.fake.install(INSTALLATION, "acme/store");
        let bot = stage.bot();
        assert_eq!(
            run(bot.repository(&repo())).unwrap().full_name,
            "acme/store"
        );
        // What is written is written there too.
        run(bot.issue_comment_create(&pull(), "text")).unwrap();
        assert_eq!(stage.fake.issue_comments("acme/store", NUMBER).len(), 1);
    }
}

#[test]
fn a_redirect_to_another_server_is_not_followed() {
    let other = Stage::new();
    for to in [
        other.fake.base(),
        "http://169.254.169.254".into(),
        "file:///etc/passwd?".into(),
        "//evil.example.com".into(),
        String::new(),
    ] {
        let stage = Stage::new();
        let target = to.clone();
        stage.fake.rules(|rules| rules.moved_to = Some(target));
        stage.fake.rename(REPO, "acme/store");
        stage.fake.install(INSTALLATION, "acme/store");
        let result = run(stage.bot().repository(&repo()));
        if to.is_empty() {
            assert!(result.is_ok(), "a path is on the same server");
            continue;
        }
        let error = result.unwrap_err();
        assert!(
            matches!(error, ForgeError::RedirectRefused { .. }),
            "{to}: {error}"
        );
        assert!(other.fake.exchanges().is_empty(), "no token went there");
    }
}

#[test]
fn limits_are_waited_for_and_then_given_up() {
    let limited = |retry_after: Option<&str>| Some(Fault::Limited(retry_after.map(str::to_owned)));
    for (retry_after, times, waited_ms) in [
        (Some("7"), 1, Some(7_000)),
        (Some("Thu, 01 Jan 2026 00:00:30 GMT"), 1, Some(30_000)),
        (None, 1, Some(60_000)),
        (None, 2, Some(180_000)),
        // The third wait would be longer than is waited.
        (Some("100000"), 1, None),
        (None, 4, None),
    ] {
        let stage = Stage::new();
        let bot = stage.bot();
        run(bot.token()).unwrap();
        let fault = limited(retry_after);
        let mut left = times;
        stage.fake.plan(move |_| {
            left -= 1;
            (left >= 0).then(|| fault.clone()).flatten()
        });
        let before = assay_source::Clock::now_ms(&*stage.clock);
        let result = run(bot.issue_comment_create(&pull(), "text"));
        let passed = assay_source::Clock::now_ms(&*stage.clock) - before;
        match waited_ms {
            // At most a second later, since another process may just have posted when this
            // one began.
            Some(waited_ms) => {
                assert!(result.is_ok(), "{result:?}");
                assert!(
                    (waited_ms..=waited_ms + 1_000).contains(&passed),
                    "{passed}"
                );
            }
            None => {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Busy);
                assert!(error.wait_ms() > Some(60_000), "{error}");
            }
        }
        let made = stage.fake.issue_comments(REPO, NUMBER).len();
        assert_eq!(made, usize::from(waited_ms.is_some()));
        assert_eq!(stage.fake.violations(), [""; 0]);
    }
}

#[test]
fn work_that_is_not_urgent_leaves_the_last_tenth() {
    let mut stage = Stage::new();
    stage.etags = Arc::new(NoEtags);
    stage.policies.rate.wait_ms_max = 2 * 3_600_000;
    stage.fake.rules(|rules| rules.quota = 20);
    let bot = stage.bot();
    for _ in 0..19 {
        run(bot.pull(&pull())).unwrap();
    }
    let before = assay_source::Clock::now_ms(&*stage.clock);
    run(bot.pull(&pull())).unwrap();
    assert_eq!(
        assay_source::Clock::now_ms(&*stage.clock),
        before,
        "urgent work goes on"
    );
    stage.fake.rules(|rules| rules.quota = 30);
    run(bot.pull(&pull())).unwrap();
    stage.fake.rules(|rules| rules.quota = 22);
    run(bot.pull(&pull())).unwrap();
    run(bot.background().pull(&pull())).unwrap();
    let passed = assay_source::Clock::now_ms(&*stage.clock) - before;
    assert!((3_500_000..=3_700_000).contains(&passed), "{passed}");
}

#[test]
fn tokens_of_a_pool_take_turns_and_cover_for_each_other() {
    let mut stage = Stage::new();
    stage.etags = Arc::new(NoEtags);
    stage.fake.rules(|rules| rules.quota = 10);
    let names = ["t1", "t2", "t3"];
    for name in names {
        stage.fake.user_token(&format!("user-{name}"), name);
    }
    let client = stage.tokens(&["t1", "gone", "t2", "t3"]);
    let before = assay_source::Clock::now_ms(&*stage.clock);
    for _ in 0..30 {
        run(client.pull(&pull())).unwrap();
    }
    assert_eq!(
        assay_source::Clock::now_ms(&*stage.clock),
        before,
        "nobody waited"
    );
    for name in names {
        let header = format!("Bearer {name}");
        let exchanges = stage.fake.exchanges();
        let used = exchanges
            .iter()
            .filter(|e| e.header("authorization") == Some(&header));
        assert_eq!(used.count(), 10);
    }
    let gone = stage
        .fake
        .exchanges()
        .iter()
        .filter(|e| e.status == 401)
        .count();
    assert_eq!(gone, 1, "a token that is refused is not used again");
    assert_eq!(
        run(client.pull(&pull())).unwrap_err().kind(),
        ErrorKind::Busy
    );
}

#[test]
fn only_what_is_harmless_is_sent_again() {
    for (fault, is_read_ok, is_write_ok, made) in [
        (Fault::ErrorBefore(500), true, false, 0),
        (Fault::ErrorAfter(502), true, false, 1),
        (Fault::CutBefore, true, false, 0),
        (Fault::CutAfter, true, false, 1),
        (Fault::CutWithin, true, false, 1),
    ] {
        let stage = Stage::new();
        let bot = stage.bot();
        run(bot.token()).unwrap();
        let once = |fault: Fault| {
            let mut fault = Some(fault);
            stage.fake.plan(move |_| fault.take());
        };
        once(fault.clone());
        assert_eq!(run(bot.pull(&pull())).is_ok(), is_read_ok, "{fault:?}");
        once(fault.clone());
        let result = run(bot.issue_comment_create(&pull(), "text"));
        assert_eq!(result.is_ok(), is_write_ok, "{fault:?}");
        assert!(result.unwrap_err().maybe_done(), "{fault:?}");
        assert_eq!(
            stage.fake.issue_comments(REPO, NUMBER).len(),
            made,
            "{fault:?}"
        );
    }
}

#[test]
fn a_slow_answer_is_given_up() {
    let mut stage = Stage::new();
    stage.policies.timeouts.request_ms = 150;
    let bot = stage.bot();
    run(bot.token()).unwrap();
    stage.fake.plan(|_| Some(Fault::Slow(400)));
    let error = run(bot.issue_comment_create(&pull(), "text")).unwrap_err();
    assert!(
        matches!(error, ForgeError::Timeout { after_ms: 150 }),
        "{error}"
    );
    assert!(error.maybe_done());
}

#[test]
fn a_forge_that_fails_is_left_alone_for_a_while() {
    let mut stage = Stage::new();
    stage.policies.breaker.failures_max = 3;
    stage.policies.retry.attempts_max = 2;
    let bot = stage.bot();
    run(bot.token()).unwrap();
    stage.fake.plan(|_| Some(Fault::ErrorBefore(500)));
    for _ in 0..3 {
        assert!(run(bot.pull(&pull())).is_err());
    }
    let asked = stage.fake.exchanges().len();
    let error = run(bot.pull(&pull())).unwrap_err();
    assert!(matches!(error, ForgeError::BreakerOpen { .. }), "{error}");
    assert_eq!(stage.fake.exchanges().len(), asked);
    stage.clock.advance(30_000);
    stage.fake.plan(|_| None);
    run(bot.pull(&pull())).unwrap();
}

#[test]
fn check_runs_keep_to_their_lengths_and_need_an_app() {
    let stage = Stage::new();
    let action = |n: usize| CheckAction {
        label: format!("{n} {}", "l".repeat(40)),
        description: "d".repeat(80),
        identifier: format!("{n}{}", "i".repeat(40)),
    };
    let mut wanted = CheckRunWanted {
        name: "Assay".into(),
        external_id: "x".into(),
        details_url: Some("https://assay.example.com/r/1".into()),
        status: CheckStatus::InProgress,
        output: CheckOutput {
            title: "t".repeat(400),
            summary: "\u{1f600}".repeat(40_000),
            text: "x".repeat(70_000),
        },
        annotations: Vec::new(),
        actions: (0..5).map(action).collect(),
    };
    let bot = stage.bot();
    run(bot.check_run_put(&repo(), &sha(1), &wanted)).unwrap();
    wanted.status = CheckStatus::Completed(Conclusion::Neutral);
    run(bot.check_run_put(&repo(), &sha(1), &wanted)).unwrap();
    let runs = stage.fake.check_runs(REPO);
    assert_eq!(
        (runs.len(), runs[0].conclusion.as_deref()),
        (1, Some("neutral"))
    );
    let person = stage.tokens(&["ghp_reviewer"]);
    wanted.external_id = "another".into();
    let error = run(person.check_run_put(&repo(), &sha(1), &wanted)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    let neutral = Some(Conclusion::Neutral);
    let long = "d".repeat(300);
    run(person.commit_status_put(&repo(), &sha(1), "assay", neutral, &long, None)).unwrap();
    assert_eq!(stage.fake.statuses(REPO)[0][2], "error");
}

#[test]
fn permissions_reactions_and_who_we_are() {
    let stage = Stage::new();
    stage.fake.permission(REPO, "mia", "maintain");
    let bot = stage.bot();
    for (login, expected) in [("mia", Permission::Maintain), ("eve", Permission::None)] {
        assert_eq!(run(bot.permission_of(&repo(), login)).unwrap(), expected);
    }
    let comment = stage
        .fake
        .comment(REPO, NUMBER, "author", ("src/a.rs", 5), "x");
    stage.fake.react(REPO, NUMBER, comment, "mia", "-1");
    let reactions = run(bot.review_comment_reactions(&repo(), comment)).unwrap();
    assert_eq!(reactions.items[0].content, "-1");
    assert_eq!(run(bot.whoami()).unwrap().login, "assay[bot]");
    let person = stage.tokens(&["ghp_reviewer"]);
    assert_eq!(run(person.whoami()).unwrap().login, "reviewer");
}

#[test]
fn a_pull_request_with_fixes_is_opened_once() {
    let stage = Stage::new();
    let bot = stage.bot();
    let files = [
        NewFile {
            path: "src/a.rs".into(),
            content: Some(b"fixed".to_vec()),
            is_executable: false,
        },
        NewFile {
            path: "src/b.rs".into(),
            content: None,
            is_executable: false,
        },
    ];
    let wanted = NewPull {
        title: "Fix".into(),
        body: "Body".into(),
        head: "assay/fix-7".into(),
        base: "main".into(),
        draft: false,
    };
    let mut numbers = Vec::new();
    for round in 0..3 {
        let commit = run(bot.commit_create(&repo(), &sha(1), "fix", &files)).unwrap();
        run(bot.branch_put(&repo(), "assay/fix-7", &commit)).unwrap();
        if round == 0 {
            // It is made, and nobody says so.
            let mut fault = Some(Fault::ErrorAfter(502));
            stage.fake.plan(move |exchange| {
                let is_it = exchange.method == "POST" && exchange.path.ends_with("/pulls");
                if is_it { fault.take() } else { None }
            });
        }
        numbers.push(run(bot.pull_create(&repo(), &wanted)).unwrap().number);
    }
    assert_eq!(numbers, [NUMBER + 1; 3]);
    assert_eq!(stage.fake.branches(REPO)[0].0, "assay/fix-7");
}

#[test]
fn the_lines_of_a_change_are_those_of_its_diff() {
    let stage = Stage::new();
    let anchors = run(stage.bot().pull_anchors(&pull())).unwrap();
    let mut expected = assay_forge::Anchors::default();
    expected.add_patch("src/a.rs", PATCH);
    assert_eq!(anchors, expected);
}

#[test]
fn the_webhook_of_a_pull_request_is_read_as_it_is_sent() {
    let stage = Stage::new();
    let body = stage.fake.pull_request_payload(REPO, NUMBER, "opened");
    let header = |name: &str| (name == "x-github-event").then_some("pull_request");
    let delivery = assay_forge::parse_github(header, &body).unwrap();
    assert_eq!(delivery.installation, Some(InstallationId(INSTALLATION)));
    let assay_forge::Event::PullRequest(event) = delivery.event else {
        panic!("it is another event");
    };
    assert_eq!((event.number, event.head), (NUMBER, sha(1)));
}
