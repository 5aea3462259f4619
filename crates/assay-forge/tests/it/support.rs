//! A client and a fake that share one clock: waiting takes no time.

use std::future::Future;
use std::sync::Arc;

use assay_finding::Fingerprint;
use assay_forge::{
    AppSigner, Boxed, CommitSha, Endpoint, EtagCache, GitHub, Identity, InstallationId,
    MemoryEtags, Place, Policies, PullId, Remark, RepoName, Secret, Side, Sleeper, World,
};
use assay_testkit::forge::{FakeGitHub, PullSpec};
use assay_testkit::{SeededRandomness, SettableClock};

pub(crate) const REPO: &str = "acme/shop";
pub(crate) const NUMBER: u64 = 7;
pub(crate) const BOT: &str = "assay[bot]";
pub(crate) const INSTALLATION: u64 = 42;
/// Ten lines of which the fifth is new.
pub(crate) const PATCH: &str =
    "@@ -1,9 +1,10 @@\n one\n two\n three\n four\n+five\n six\n-gone\n+seven\n eight\n nine\n ten";

/// Runs a future to its end.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(future)
}

/// Moves the clock instead of waiting.
pub(crate) struct ClockSleeper(pub(crate) Arc<SettableClock>);

impl Sleeper for ClockSleeper {
    fn sleep(&self, duration_ms: u64) -> Boxed<'_, ()> {
        self.0.advance(duration_ms as i64);
        Box::pin(std::future::ready(()))
    }
}

/// Signs as `verify_echo` verifies.
pub(crate) struct EchoSigner;

impl AppSigner for EchoSigner {
    fn sign_rs256(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let sum = message
            .iter()
            .fold(7u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(*byte));
        Ok(sum.to_be_bytes().to_vec())
    }
}

/// A fake with one repository and one pull request.
pub(crate) struct Stage {
    pub(crate) clock: Arc<SettableClock>,
    pub(crate) fake: Arc<FakeGitHub>,
    pub(crate) policies: Policies,
    pub(crate) etags: Arc<dyn EtagCache>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(SettableClock::default());
        let shared: Arc<SettableClock> = Arc::clone(&clock);
        let fake = Arc::new(FakeGitHub::start(shared));
        fake.app("Iv1.assay", "assay", assay_testkit::forge::verify_echo);
        fake.repository(REPO);
        fake.install(INSTALLATION, REPO);
        fake.user_token("reviewer", "ghp_reviewer");
        let files = vec![
            ("src/a.rs".to_owned(), Some(PATCH.to_owned())),
            ("logo.png".to_owned(), None),
        ];
        fake.open(
            REPO,
            PullSpec {
                number: NUMBER,
                author: "author".into(),
                head: sha(1).to_string(),
                base: sha(0).to_string(),
                files,
            },
        );
        let mut policies = Policies::default();
        policies.timeouts.request_ms = 5_000;
        Self {
            clock,
            fake,
            policies,
            etags: Arc::new(MemoryEtags::new(1 << 20)),
        }
    }

    fn client(&self, identity: Identity) -> GitHub {
        let mut endpoint = Endpoint::new(self.fake.base());
        endpoint.allow_plain = true;
        let shared = Arc::clone(&self.clock);
        let world = World {
            clock: shared,
            randomness: Arc::new(SeededRandomness::new(7)),
            sleeper: Arc::new(ClockSleeper(Arc::clone(&self.clock))),
        };
        let etags = Arc::clone(&self.etags);
        GitHub::new(&endpoint, identity, self.policies, world, etags).expect("a client")
    }

    /// Returns a client that is the app itself.
    pub(crate) fn app(&self) -> GitHub {
        self.client(Identity::App {
            issuer: "Iv1.assay".into(),
            signer: Arc::new(EchoSigner),
        })
    }

    /// Returns a client that asks for the installation.
    pub(crate) fn bot(&self) -> GitHub {
        self.app().installation(InstallationId(INSTALLATION))
    }

    /// Returns a client with tokens of users.
    pub(crate) fn tokens(&self, tokens: &[&str]) -> GitHub {
        self.client(Identity::Tokens(tokens.iter().map(Secret::new).collect()))
    }
}

pub(crate) fn repo() -> RepoName {
    RepoName::parse(REPO).expect("a name")
}

pub(crate) fn pull() -> PullId {
    PullId {
        repo: repo(),
        number: NUMBER,
    }
}

pub(crate) fn sha(number: u64) -> CommitSha {
    CommitSha::parse(&format!("{number:040x}")).expect("a hash")
}

pub(crate) fn fingerprint(number: usize) -> Fingerprint {
    Fingerprint::from_hex(&format!("{number:032x}")).expect("a fingerprint")
}

/// Returns a remark on a line of `src/a.rs`.
pub(crate) fn remark(number: usize, line: u32) -> Remark {
    Remark {
        fingerprint: fingerprint(number),
        place: Some(Place {
            path: "src/a.rs".into(),
            side: Side::New,
            first_line: line,
            last_line: line,
        }),
        headline: format!("Headline {number}"),
        body: format!("Body {number}."),
        suggestion: None,
    }
}
