//! GitLab: positions, discussions, statuses, tokens, and posting whatever breaks.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_forge::{
    Anchors, Conclusion, Endpoint, GitLab, GitLabToken, MemoryEtags, Permission, Place, Policies,
    PostOutcome, PostRequest, PostRules, Posting, PullId, Remark, RepoName, Said, Secret, Side,
    Suggestion, Unexamined, Verdict, World,
};
use assay_source::{ErrorKind, RepoPath};
use assay_testkit::forge::{FakeGitLab, Fault};
use assay_testkit::{SeededRandomness, SettableClock};

use crate::support::{ClockSleeper, PATCH, fingerprint, remark, run, sha};

const PROJECT: &str = "acme/web/shop";
const NUMBER: u64 = 4;
const BOT: &str = "project_15_bot_ab12";

struct Stage {
    clock: Arc<SettableClock>,
    fake: FakeGitLab,
}

impl Stage {
    fn new() -> Self {
        let clock = Arc::new(SettableClock::default());
        let shared: Arc<SettableClock> = Arc::clone(&clock);
        let fake = FakeGitLab::start(shared);
        fake.token("private-token", "glpat-x", BOT);
        let stage = Self { clock, fake };
        stage.push(1, PATCH);
        stage
    }

    fn push(&self, head: u64, patch: &str) {
        let files = vec![(
            "src/was.rs".to_owned(),
            "src/a.rs".to_owned(),
            patch.to_owned(),
        )];
        let (base, head) = (sha(0), sha(head));
        self.fake
            .push(PROJECT, NUMBER, base.as_str(), head.as_str(), files);
    }

    fn client(&self, token: &GitLabToken) -> GitLab {
        let mut endpoint = Endpoint::new(self.fake.base());
        endpoint.allow_plain = true;
        let clock = Arc::clone(&self.clock);
        let world = World {
            clock,
            randomness: Arc::new(SeededRandomness::new(3)),
            sleeper: Arc::new(ClockSleeper(Arc::clone(&self.clock))),
        };
        let etags = Arc::new(MemoryEtags::new(1 << 20));
        GitLab::new(&endpoint, token, Policies::default(), world, etags).expect("a client")
    }

    fn bot(&self) -> GitLab {
        self.client(&GitLabToken::Access(Secret::new("glpat-x")))
    }
}

fn pull() -> PullId {
    PullId {
        repo: RepoName::parse(PROJECT).expect("a name"),
        number: NUMBER,
    }
}

async fn post(
    gitlab: &GitLab,
    head: u64,
    remarks: &[Remark],
    summary: &str,
) -> Result<PostOutcome, assay_forge::ForgeError> {
    let (pull, commit) = (pull(), sha(head));
    let anchors: Anchors = gitlab.pull_anchors(&pull).await?;
    let request = PostRequest {
        pull: &pull,
        commit: &commit,
        remarks,
        summary,
        verdict: Verdict::Comment,
        anchors: &anchors,
        unexamined: Unexamined::Nothing,
        said: Said::default(),
        rules: PostRules::default(),
    };
    gitlab.post_review(&request).await
}

fn posted(gitlab: &GitLab, head: u64, remarks: &[Remark]) -> Posting {
    match run(post(gitlab, head, remarks, "")).expect("it is posted") {
        PostOutcome::Posted(posting) => posting,
        moved => panic!("{moved:?}"),
    }
}

fn on_old(number: usize, line: u32) -> Remark {
    let mut remark = remark(number, line);
    remark.place.as_mut().expect("a place").side = Side::Old;
    remark
}

#[test]
fn each_line_has_the_numbers_that_gitlab_wants() {
    let stage = Stage::new();
    let mut range = remark(4, 5);
    range.place = Some(Place {
        path: "src/a.rs".into(),
        side: Side::New,
        first_line: 3,
        last_line: 5,
    });
    range.suggestion = Some(Suggestion {
        old: "three\nfour\nfive".into(),
        new: "x".into(),
    });
    let remarks = [
        remark(1, 5),
        on_old(2, 6),
        remark(3, 9),
        range,
        remark(5, 99),
    ];
    let posting = posted(&stage.bot(), 1, &remarks);
    assert_eq!(posting.problems, [""; 0]);
    assert_eq!(posting.in_summary, [fingerprint(5)]);
    let found = stage.fake.discussions(PROJECT, NUMBER);
    let lines: Vec<_> = found.iter().map(|discussion| discussion.lines).collect();
    let expected = [
        (None, Some(5)),
        (Some(6), None),
        (Some(8), Some(9)),
        (None, Some(5)),
    ];
    assert_eq!(lines, expected);
    assert!(
        found[3].body.contains("```suggestion:-2+0\nx\n```"),
        "{}",
        found[3].body
    );
    assert_eq!(stage.fake.notes(PROJECT, NUMBER).len(), 1);
}

#[test]
fn a_review_is_posted_once_and_follows_the_change() {
    let stage = Stage::new();
    let bot = stage.bot();
    for created in [2, 0] {
        assert_eq!(
            posted(&bot, 1, &[remark(1, 5), remark(2, 7)]).created,
            created
        );
    }
    stage.push(2, PATCH);
    let posting = posted(&bot, 2, &[remark(2, 7), remark(3, 6)]);
    assert_eq!(
        (posting.created, posting.resolved.as_slice()),
        (1, &[fingerprint(1)][..])
    );
    let posting = posted(&bot, 2, &[remark(1, 5), remark(2, 7), remark(3, 6)]);
    assert_eq!(
        (posting.created, posting.reopened.as_slice()),
        (0, &[fingerprint(1)][..])
    );
    let second = stage.fake.discussions(PROJECT, NUMBER)[1].id.clone();
    stage.fake.resolve(PROJECT, NUMBER, &second, "author");
    let posting = posted(&bot, 2, &[remark(1, 5), remark(2, 7), remark(3, 6)]);
    assert_eq!(
        (posting.created, posting.dismissed.as_slice()),
        (0, &[fingerprint(2)][..])
    );
    let outcome = run(post(&bot, 1, &[], ""));
    let head = sha(2).to_string();
    assert_eq!(outcome.expect("an answer"), PostOutcome::HeadMoved { head });
}

#[test]
fn without_the_right_to_resolve_the_note_says_that_it_is_fixed() {
    let stage = Stage::new();
    stage.fake.may_resolve(false);
    let bot = stage.bot();
    posted(&bot, 1, &[remark(1, 5)]);
    for _ in 0..2 {
        posted(&bot, 1, &[]);
        let found = stage.fake.discussions(PROJECT, NUMBER).remove(0);
        assert!(
            found.body.starts_with("**Fixed in 0000000.**"),
            "{}",
            found.body
        );
    }
}

#[test]
fn every_kind_of_token_has_its_header() {
    let stage = Stage::new();
    stage.fake.token("authorization", "Bearer oauth", "mia");
    stage.fake.token("job-token", "job", "ci");
    for (token, expected) in [
        (GitLabToken::Access(Secret::new("glpat-x")), BOT),
        (GitLabToken::OAuth(Secret::new("oauth")), "mia"),
        (GitLabToken::Job(Secret::new("job")), "ci"),
    ] {
        assert_eq!(
            run(stage.client(&token).whoami()).unwrap().username,
            expected
        );
    }
    let wrong = stage.client(&GitLabToken::Access(Secret::new("wrong")));
    assert_eq!(run(wrong.whoami()).unwrap_err().kind(), ErrorKind::Denied);
}

#[test]
fn moved_projects_members_files_versions_and_quota() {
    let stage = Stage::new();
    let bot = stage.bot();
    stage.fake.member(3, 40);
    let repo = pull().repo;
    assert_eq!(
        run(bot.permission_of(&repo, 3)).unwrap(),
        Permission::Maintain
    );
    assert_eq!(run(bot.permission_of(&repo, 4)).unwrap(), Permission::None);
    stage.fake.file(sha(1).as_str(), "dir/a b.rs", b"text");
    let path = RepoPath::from("dir/a b.rs");
    assert_eq!(
        run(bot.content(&repo, &path, &sha(1))).unwrap().unwrap(),
        b"text"
    );
    assert_eq!(run(bot.content(&repo, &path, &sha(2))).unwrap(), None);
    let versions = run(bot.pull_versions(&pull())).unwrap();
    assert_eq!(versions.items[0].head_commit_sha, sha(1).as_str());
    assert_eq!(bot.quota().remaining, Some(1_900));
    stage.fake.rename(PROJECT, "acme/store");
    assert_eq!(
        run(bot.project(&repo)).unwrap().path_with_namespace,
        "acme/store"
    );
    assert_eq!(run(bot.pull(&pull())).unwrap().iid, NUMBER);
    let error = run(bot.note_create(&pull(), "text")).unwrap_err();
    assert_eq!(error.status(), Some(405));
}

#[test]
fn the_same_status_again_is_no_error() {
    let stage = Stage::new();
    let bot = stage.bot();
    let repo = pull().repo;
    for conclusion in [
        None,
        None,
        Some(Conclusion::Neutral),
        Some(Conclusion::Neutral),
    ] {
        let long = "d".repeat(300);
        run(bot.commit_status_put(&repo, &sha(1), "assay", conclusion, &long, None)).unwrap();
    }
    let expected = [[sha(1).to_string(), "assay".into(), "failed".into()]];
    assert_eq!(stage.fake.statuses(), expected);
}

#[test]
fn lists_are_read_by_their_links() {
    let stage = Stage::new();
    let bot = stage.bot();
    for number in 0..250 {
        run(bot.note_create(&pull(), &format!("{number}"))).unwrap();
    }
    let listed = run(bot.notes(&pull())).unwrap();
    assert_eq!((listed.items.len(), listed.is_complete), (250, true));
}

#[test]
fn nothing_is_posted_twice_and_nothing_is_lost() {
    for seed in 0..40 {
        let stage = Stage::new();
        let patch = format!("@@ -0,0 +1,40 @@\n{}", "+x\n".repeat(40));
        stage.push(1, &patch);
        let chance = SeededRandomness::new(seed);
        let mut left = 600;
        stage.fake.plan(move |_| {
            left -= 1;
            if left < 0 || chance.below(4) != 0 {
                return None;
            }
            Some(match chance.below(6) {
                0 => Fault::CutBefore,
                1 => Fault::CutAfter,
                2 => Fault::CutWithin,
                3 => Fault::ErrorBefore(500),
                4 => Fault::ErrorAfter(502),
                _ => Fault::Limited(Some("2".into())),
            })
        });
        let remarks: Vec<_> = (1..=20)
            .map(|number| remark(number, number as u32))
            .collect();
        let mut tries = 0;
        while let Err(error) = run(post(&stage.bot(), 1, &remarks, "Summary.")) {
            tries += 1;
            assert!(tries < 100, "seed {seed}: {error}");
            stage.clock.advance(120_000);
        }
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for discussion in stage.fake.discussions(PROJECT, NUMBER) {
            let (_, mark) = discussion.body.rsplit_once("fingerprint=").unwrap();
            *found.entry(mark[..32].to_owned()).or_default() += 1;
        }
        let expected = (1..=20).map(|number| (fingerprint(number).to_string(), 1));
        assert_eq!(found, expected.collect(), "seed {seed}");
        assert_eq!(stage.fake.notes(PROJECT, NUMBER).len(), 1, "seed {seed}");
    }
}

#[test]
fn calls_can_be_moved_between_threads() {
    fn check<T: Send>(_: &T) {}
    let stage = Stage::new();
    let bot = stage.bot();
    let github = crate::support::Stage::new().bot();
    let (pull, commit, anchors) = (pull(), sha(1), Anchors::default());
    let request = PostRequest {
        pull: &pull,
        commit: &commit,
        remarks: &[],
        summary: "",
        verdict: Verdict::Comment,
        anchors: &anchors,
        unexamined: Unexamined::Nothing,
        said: Said::default(),
        rules: PostRules::default(),
    };
    check(&bot.post_review(&request));
    check(&github.post_review(&request));
    check(&github.pull_anchors(&pull));
}
