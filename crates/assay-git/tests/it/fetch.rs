use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use assay_git::{Error, FetchLimits, FetchReference, FetchRequest, Fetched, Input, fetch};
use assay_source::ErrorKind;
use assay_testkit::{GitRepo, GitServer, GitServerOptions};

use crate::support::{check_summary, open_at};

const HEADER: &str = "Authorization: Basic bm90LWEtc2VjcmV0";

/// A repository on a host, and a folder that follows it.
struct Case {
    repo: GitRepo,
    server: GitServer,
    folder: PathBuf,
}

impl Case {
    fn new(options: GitServerOptions) -> Self {
        let repo = GitRepo::new();
        let text: String = (0..2000)
            .map(|line| format!("line {}\n", line * 7919))
            .collect();
        repo.write("a.txt", &text);
        repo.commit("first");
        repo.git(["update-ref", "refs/heads/base", "HEAD"]);
        repo.write("b.txt", "new\n");
        repo.commit("second");
        repo.git(["update-ref", "refs/pull/7/head", "HEAD"]);
        let server = GitServer::start(repo.root(), options);
        let folder = repo
            .root()
            .parent()
            .expect("a parent")
            .join("cache/one.git");
        Self {
            repo,
            server,
            folder,
        }
    }

    fn fetch(&self, change: impl FnOnce(&mut Asked)) -> Result<Fetched, Error> {
        let mut asked = Asked {
            url: self.server.url(".git"),
            header: None,
            remotes: vec!["refs/heads/base", "refs/pull/7/head"],
            limits: FetchLimits::default(),
            stop: false,
        };
        change(&mut asked);
        let reference = |remote: &&str| FetchReference {
            remote: (*remote).to_owned(),
            local: remote.replace("refs/", "refs/remote/"),
        };
        let references: Vec<_> = asked.remotes.iter().map(reference).collect();
        let request = FetchRequest {
            url: &asked.url,
            header: asked.header,
            references: &references,
            limits: asked.limits,
        };
        fetch(
            &self.folder,
            &request,
            &Arc::new(AtomicBool::new(asked.stop)),
        )
    }

    /// Checks of what kind the error is, and that it keeps the header to itself.
    fn check_error(&self, kind: ErrorKind, change: impl FnOnce(&mut Asked)) {
        let error = self.fetch(change).expect_err("it cannot be fetched");
        let text = chain(&error);
        assert_eq!(error.kind(), kind, "{text}");
        assert!(!text.contains("bm90LWEt"), "{text}");
    }

    /// Checks that the change which was fetched can be reviewed.
    fn check_fetched(&self, summary: &[&str]) {
        let range = Input::Range {
            base: "refs/remote/heads/base".to_owned(),
            head: "refs/remote/pull/7/head".to_owned(),
            merge_base: true,
        };
        check_summary(&open_at(&self.folder, &range), summary);
    }
}

struct Asked {
    url: String,
    header: Option<&'static str>,
    remotes: Vec<&'static str>,
    limits: FetchLimits,
    stop: bool,
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[test]
fn what_was_fetched_can_be_reviewed_and_is_fetched_once() {
    let case = Case::new(GitServerOptions::default());
    let first = case.fetch(|_| {}).expect("it can be fetched");
    assert!(first.pack_bytes > 0);
    let commits = ["refs/heads/base", "refs/pull/7/head"].map(|name| case.repo.rev(name));
    assert_eq!(first.commits, commits);
    case.check_fetched(&["A b.txt"]);
    let second = case.fetch(|_| {}).expect("it can be fetched");
    assert_eq!(second.pack_bytes, 0);
}

#[test]
fn a_rewritten_branch_is_followed() {
    let case = Case::new(GitServerOptions::default());
    case.fetch(|_| {}).expect("it can be fetched");
    case.repo
        .git(["reset", "--quiet", "--hard", "refs/heads/base"]);
    case.repo.write("c.txt", "other\n");
    case.repo.commit("rewritten");
    case.repo.git(["update-ref", "refs/pull/7/head", "HEAD"]);
    case.fetch(|_| {}).expect("it can be fetched");
    case.check_fetched(&["A c.txt"]);
}

#[test]
fn a_host_that_asks_for_a_header_gets_it_and_nobody_else_does() {
    let case = Case::new(GitServerOptions {
        header: Some(HEADER.to_owned()),
        ..GitServerOptions::default()
    });
    case.check_error(ErrorKind::Denied, |_| {});
    case.check_error(ErrorKind::Denied, |asked| {
        asked.header = Some("Authorization: Basic wrong")
    });
    case.fetch(|asked| asked.header = Some(HEADER))
        .expect("it can be fetched");
    case.check_fetched(&["A b.txt"]);
    let config = std::fs::read_to_string(case.folder.join("config")).expect("a configuration");
    assert!(!config.contains("Authorization"), "{config}");
}

#[test]
fn what_is_not_there_is_said() {
    let case = Case::new(GitServerOptions::default());
    case.check_error(ErrorKind::NotFound, |asked| {
        asked.remotes = vec!["refs/pull/8/head"]
    });
    case.check_error(ErrorKind::NotFound, |asked| {
        asked.remotes.push("refs/pull/8/head")
    });
    case.check_error(ErrorKind::NotFound, |asked| {
        asked.url = case.server.url("none.git")
    });
}

#[test]
fn a_connection_that_breaks_off_leaves_a_folder_that_works() {
    for bytes in [0, 40, 300, 2000] {
        let case = Case::new(GitServerOptions {
            cut_after: Some(bytes),
            header: Some(HEADER.to_owned()),
            ..GitServerOptions::default()
        });
        case.check_error(ErrorKind::Unavailable, |asked| asked.header = Some(HEADER));
        case.server.behave(GitServerOptions::default());
        case.fetch(|_| {}).expect("it can be fetched");
        case.check_fetched(&["A b.txt"]);
    }
}

#[test]
fn what_a_killed_fetch_left_behind_is_in_nobodys_way() {
    let left = [
        "HEAD.lock",
        "config.lock",
        "packed-refs.lock",
        "refs/remote/heads/base.lock",
        "refs/remote/pull/7/head.lock",
        "objects/pack/.tmpAbCdEf",
    ];
    let case = Case::new(GitServerOptions::default());
    case.fetch(|_| {}).expect("it can be fetched");
    for name in left {
        std::fs::write(case.folder.join(name), "").expect("it can be written");
    }
    case.repo.write("c.txt", "more\n");
    case.repo.commit("third");
    case.repo.git(["update-ref", "refs/pull/7/head", "HEAD"]);
    case.repo.git(["update-ref", "refs/heads/base", "HEAD~1"]);
    case.fetch(|_| {}).expect("it can be fetched");
    case.check_fetched(&["A c.txt"]);
    for name in left {
        assert!(!case.folder.join(name).exists(), "{name}");
    }
}

#[test]
fn a_repository_that_was_half_made_is_made_anew() {
    // What is there when whoever makes it is killed after so many steps.
    for there in [
        &[][..],
        &["HEAD"],
        &["info/exclude"],
        &["HEAD", "info/exclude", "objects/info"],
        &["objects/pack", "refs/heads", "description"],
    ] {
        let case = Case::new(GitServerOptions::default());
        std::fs::create_dir_all(&case.folder).expect("it can be made");
        for name in there {
            let path = case.folder.join(name);
            let folder = path.parent().expect("it is below the folder");
            std::fs::create_dir_all(folder).expect("it can be made");
            std::fs::write(path, "").expect("it can be written");
        }
        case.fetch(|_| {})
            .unwrap_or_else(|error| panic!("{there:?}: {}", chain(&error)));
        case.check_fetched(&["A b.txt"]);
    }
}

#[test]
fn nobody_listening_is_said() {
    let case = Case::new(GitServerOptions::default());
    case.check_error(ErrorKind::Unavailable, |asked| {
        asked.url = "http://127.0.0.1:9/owner/name.git".to_owned();
    });
}

#[test]
fn redirects_are_not_followed() {
    let case = Case::new(GitServerOptions::default());
    let gate = GitServer::start(
        case.repo.root(),
        GitServerOptions {
            redirect: Some(case.server.url("").trim_end_matches('/').to_owned()),
            ..GitServerOptions::default()
        },
    );
    let error = case.fetch(|asked| {
        asked.url = gate.url(".git");
        asked.header = Some(HEADER);
    });
    assert!(error.is_err());
    assert_eq!(case.server.request_count(), 0);
}

#[test]
fn a_pack_over_the_limit_is_not_kept() {
    let case = Case::new(GitServerOptions::default());
    case.check_error(ErrorKind::Denied, |asked| {
        asked.limits.pack_bytes_max = 1000
    });
    let packs = case.folder.join("objects/pack");
    let kept = std::fs::read_dir(packs).map_or(0, |entries| entries.count());
    assert_eq!(kept, 0);
    case.fetch(|_| {}).expect("it can be fetched");
}

#[test]
fn a_fetch_can_be_stopped() {
    let case = Case::new(GitServerOptions::default());
    assert!(case.fetch(|asked| asked.stop = true).is_err());
    case.fetch(|_| {}).expect("it can be fetched");
}

#[test]
fn fetches_into_one_folder_wait_for_each_other() {
    let case = Case::new(GitServerOptions::default());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| case.fetch(|_| {}).expect("it can be fetched"));
        }
    });
    case.check_fetched(&["A b.txt"]);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    let case = Case::new(GitServerOptions::default());
    let urls = [
        "file:///etc",
        "/etc",
        "ssh://host/name",
        "git@host:name",
        "ext::sh -c true",
        "http://",
        "http://user:word@host/name",
        "http://host/a b",
        "http://host/a\nb",
        "",
    ];
    for url in urls {
        case.check_error(ErrorKind::Invalid, |asked| asked.url = url.to_owned());
    }
    for name in [
        "refs/heads/*",
        "main",
        "refs/heads/a..b",
        "refs/",
        "+refs/heads/a",
    ] {
        case.check_error(ErrorKind::Invalid, |asked| asked.remotes = vec![name]);
    }
    case.check_error(ErrorKind::Invalid, |asked| asked.remotes.clear());
    case.check_error(ErrorKind::Invalid, |asked| {
        asked.header = Some("A: b\r\nC: d")
    });
    case.check_error(ErrorKind::Invalid, |asked| asked.limits.references_max = 1);
    assert_eq!(case.server.request_count(), 0);
    assert!(!case.folder.exists());
}

#[test]
fn a_small_pack_with_a_large_object_is_refused() {
    let case = Case::new(GitServerOptions::default());
    let bomb = vec![0_u8; 24 * 1024 * 1024];
    let id = case.repo.hash_object("blob", &bomb);
    let entry = format!("100644,{id},zero.bin");
    case.repo
        .git(["update-index", "--add", "--cacheinfo", &entry]);
    case.repo.commit_staged("bomb");
    case.repo.git(["update-ref", "refs/pull/7/head", "HEAD"]);
    case.check_error(ErrorKind::Denied, |asked| {
        asked.limits.object_bytes_max = 8 * 1024 * 1024;
    });
    case.fetch(|_| {}).expect("it can be fetched");
}
