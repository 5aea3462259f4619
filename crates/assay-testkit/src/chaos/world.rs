//! What is around the platform: a forge, a host of repositories, and somebody who
//! pushes to pull requests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::LineEnding;
use rsa::rand_core::OsRng;
use rsa::sha2::{Digest as _, Sha256};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};

use super::ChaosOptions;
use crate::forge::{FakeGitHub, Fault, PullSpec};
use crate::{GitRepo, GitServer, GitServerOptions, MachineClock, SeededRandomness};

pub(super) const REPOSITORY: &str = "acme/shop";
pub(super) const CHECK: &str = "Assay";
const APP: &str = "4242";
const FILE: &str = "shop.py";
/// Functions that may be wrong in a push, each for one remark.
pub(super) const FUNCTIONS: u64 = 6;
/// A push goes back to an earlier commit once in so many times.
const BACK: u64 = 6;

const BASE: &str = "import sqlite3\n\nfrom flask import request\n\n\n\
def total(items):\n    return sum(items)\n";

/// A commit of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) commit: String,
    /// Which functions are wrong in it.
    pub(super) wrong: Vec<u64>,
}

pub(super) struct World {
    pub(super) forge: FakeGitHub,
    host: GitServer,
    repo: GitRepo,
    bare: PathBuf,
    pub(super) secret: String,
    key_file: PathBuf,
    heads: Mutex<BTreeMap<u64, Vec<Head>>>,
    main: String,
    pushes: Mutex<u64>,
}

impl World {
    pub(super) fn start(options: &ChaosOptions) -> Result<Self, String> {
        let repo = GitRepo::new();
        repo.write(FILE, BASE);
        let main = repo.commit("first");
        let root = options.folder.join("host");
        let bare = root.join(format!("{REPOSITORY}.git"));
        std::fs::create_dir_all(&bare).map_err(|why| why.to_string())?;
        let path = bare.display().to_string();
        repo.git(["init", "--quiet", "--bare", "--template=", &path]);
        repo.git(["push", "--quiet", &path, "main:refs/heads/main"]);
        let host = GitServer::start(&root, GitServerOptions::default());
        let forge = FakeGitHub::start(Arc::new(MachineClock));
        forge.repository(REPOSITORY);
        forge.rules(|rules| {
            rules.quota = u64::MAX / 2;
            rules.content_per_minute = usize::MAX / 2;
            rules.content_per_hour = usize::MAX / 2;
        });
        let key_file = options.folder.join("app.pem");
        let key = RsaPrivateKey::new(&mut OsRng, 2048).map_err(|why| why.to_string())?;
        let pem = key.to_pkcs1_pem(LineEnding::LF);
        let pem = pem.map_err(|why| why.to_string())?;
        std::fs::write(&key_file, pem.as_bytes()).map_err(|why| why.to_string())?;
        let public = key.to_public_key();
        forge.app(APP, "assay", move |message, signature| {
            let digest = Sha256::digest(message);
            let scheme = Pkcs1v15Sign::new::<Sha256>();
            public.verify(scheme, &digest, signature).is_ok()
        });
        forge.install(7, REPOSITORY);
        let world = Self {
            forge,
            host,
            repo,
            bare,
            secret: "s3cret".repeat(6),
            key_file,
            heads: Mutex::default(),
            main,
            pushes: Mutex::new(0),
        };
        let randomness = SeededRandomness::new(options.seed ^ 0x0eb0);
        for number in 1..=options.pulls {
            world.open(number, &randomness);
        }
        if options.forge_faults > 0 {
            let (one_of, randomness) = (
                options.forge_faults,
                SeededRandomness::new(options.seed ^ 0xfa17),
            );
            world
                .forge
                .plan(move |_| (randomness.below(one_of) == 0).then(|| fault(&randomness)));
        }
        Ok(world)
    }

    /// Returns what the platform has to be told of the world.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let clone = self.host.url("");
        vec![
            ("ASSAY_GITHUB_API", self.forge.base()),
            ("ASSAY_GITHUB_CLONE", clone.trim_end_matches('/').to_owned()),
            ("ASSAY_GITHUB_WEBHOOK_SECRET", self.secret.clone()),
            ("ASSAY_GITHUB_APP", APP.to_owned()),
            (
                "ASSAY_GITHUB_PRIVATE_KEY_FILE",
                self.key_file.display().to_string(),
            ),
        ]
    }

    /// Returns the pull requests with all commits that were their heads.
    pub(super) fn heads(&self) -> BTreeMap<u64, Vec<Head>> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.clone()
    }

    fn open(&self, number: u64, randomness: &SeededRandomness) {
        let head = self.commit(number, randomness);
        let spec = PullSpec {
            number,
            author: "dev".to_owned(),
            head: head.commit.clone(),
            base: self.main.clone(),
            files: self.files(&head.commit),
        };
        self.forge.open(REPOSITORY, spec);
    }

    /// Pushes to a pull request and returns the text of the webhook that tells of it.
    pub(super) fn push(&self, number: u64, randomness: &SeededRandomness) -> Vec<u8> {
        let known = self.heads().remove(&number).unwrap_or_default();
        let head = match randomness.below(BACK) {
            0 if known.len() > 1 => {
                let at = randomness.below(known.len() as u64) as usize;
                self.publish(number, known[at].clone())
            }
            _ => self.commit(number, randomness),
        };
        let files = self.files(&head.commit);
        self.forge.push(REPOSITORY, number, &head.commit, files);
        self.payload(number, "synchronize")
    }

    /// Returns the text of a webhook about a pull request as it is.
    pub(super) fn payload(&self, number: u64, action: &str) -> Vec<u8> {
        self.forge.pull_request_payload(REPOSITORY, number, action)
    }

    fn commit(&self, number: u64, randomness: &SeededRandomness) -> Head {
        let serial = {
            let mut pushes = self.pushes.lock().unwrap_or_else(PoisonError::into_inner);
            *pushes += 1;
            *pushes
        };
        let mask = randomness.below(1 << FUNCTIONS);
        let wrong: Vec<u64> = (0..FUNCTIONS).filter(|bit| mask >> bit & 1 == 1).collect();
        let mut text = format!("{BASE}\n\ndef version():\n    return {serial}\n");
        for name in &wrong {
            text.push_str(&format!(
                "\n\ndef find_{name}(connection: sqlite3.Connection):\n    \
                 name = request.args[\"name\"]\n    \
                 return connection.execute(f\"SELECT * FROM table_{name} WHERE name = '{{name}}'\")\n"
            ));
        }
        self.repo
            .git(["checkout", "--quiet", "--detach", &self.main]);
        self.repo.write(FILE, text);
        let commit = self.repo.commit(&format!("push {serial}"));
        self.publish(number, Head { commit, wrong })
    }

    /// Puts a commit where the platform fetches it.
    fn publish(&self, number: u64, head: Head) -> Head {
        let path = self.bare.display().to_string();
        let reference = format!("{}:refs/pull/{number}/head", head.commit);
        self.repo
            .git(["push", "--quiet", "--force", &path, &reference]);
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.entry(number).or_default().push(head.clone());
        head
    }

    fn files(&self, commit: &str) -> Vec<(String, Option<String>)> {
        let diff = self.repo.git(["diff", &self.main, commit, "--", FILE]);
        let hunks = diff.find("@@").map(|at| diff[at..].to_owned());
        vec![(FILE.to_owned(), hunks)]
    }
}

/// Returns how an answer of the forge goes wrong.
fn fault(randomness: &SeededRandomness) -> Fault {
    match randomness.below(6) {
        0 => Fault::CutBefore,
        1 => Fault::CutAfter,
        2 => Fault::CutWithin,
        3 => Fault::ErrorBefore(502),
        4 => Fault::ErrorAfter(502),
        _ => Fault::Slow(200 + randomness.below(1_500)),
    }
}

/// Returns a name that no other delivery has.
pub(super) fn delivery_name(randomness: &SeededRandomness) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_micros());
    format!("{now:x}-{:016x}", randomness.next())
}
