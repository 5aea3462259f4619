//! Fetches references of a remote repository into a bare one on this machine,
//! over HTTP and without the git program.
//!
//! Invariant: no helper is asked for credentials, no redirect is followed, no
//! scheme but `http` and `https` is spoken (others start programs or read the
//! disk), and the header that may hold a token is in no error and on no disk.

mod folder;

use std::cell::Cell;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use assay_source::ErrorKind;
use gix::progress::{Count, Id, MessageLevel, NestedProgress, Progress, Step, StepShared, Unit};
use gix::protocol::transport::client::blocking_io::http;

use crate::error::{Error, Source};

/// What is fetched from where.
pub struct FetchRequest<'a> {
    /// Where the repository is: `http` or `https`, without a user or a password.
    pub url: &'a str,
    /// A header line that goes with each request, such as the one that
    /// authorises.
    pub header: Option<&'a str>,
    /// What is fetched.
    pub references: &'a [FetchReference],
    /// The most that is read.
    pub limits: FetchLimits,
}

/// A reference over there and the one that follows it here, both in full, such
/// as `refs/pull/7/head`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchReference {
    /// What it is called over there.
    pub remote: String,
    /// What it becomes here; what it was is forgotten.
    pub local: String,
}

/// The most of everything that a fetch reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// References of one fetch.
    pub references_max: usize,
    /// Bytes of the pack that the other side sends.
    pub pack_bytes_max: u64,
    /// Bytes of one object, unpacked: a small pack may hold a very large one.
    pub object_bytes_max: u64,
    /// Seconds until the other side has taken the connection.
    pub connect_seconds_max: u64,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            references_max: 64,
            pack_bytes_max: 4 * 1024 * 1024 * 1024,
            object_bytes_max: 256 * 1024 * 1024,
            connect_seconds_max: 20,
        }
    }
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Bytes of the pack; none when nothing was new.
    pub pack_bytes: u64,
    /// What each reference leads to, in the order in which they were asked for:
    /// the full name of a commit.
    pub commits: Vec<String>,
}

/// Fetches into the bare repository in `folder`, which is made when it is not
/// there. `stop` ends it from outside. One fetch into a folder waits for
/// another, also of another process.
///
/// # Errors
///
/// [`Error::Fetch`] says whose fault it was; [`Error::TooLarge`] when the other
/// side sends more than the limit; [`Error::Io`] and [`Error::Open`] for the
/// folder.
pub fn fetch(
    folder: &Path,
    request: &FetchRequest<'_>,
    stop: &Arc<AtomicBool>,
) -> Result<Fetched, Error> {
    check(request)?;
    let io = |source| Error::Io {
        path: folder.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder.parent().unwrap_or(folder)).map_err(io)?;
    let mut lock = folder.as_os_str().to_owned();
    lock.push(".lock");
    let lock = File::create(lock).map_err(io)?;
    lock.lock().map_err(io)?;
    let repository = folder::open_or_make(folder, request.limits.object_bytes_max)?;
    let meter = Arc::new(Meter {
        bytes: AtomicU64::new(0),
        bytes_max: request.limits.pack_bytes_max,
        stop: Arc::clone(stop),
    });
    // The HTTP client of the library takes its cryptography from the process, and
    // panics when there is none. Another that is there already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let received = receive(&repository, request, &meter, stop);
    let bytes = meter.bytes.load(Ordering::Relaxed);
    if bytes > request.limits.pack_bytes_max {
        return Err(Error::TooLarge {
            what: format!("the history of {}", request.url),
            found: bytes,
            limit: request.limits.pack_bytes_max,
            option: "pack_bytes_max",
            mend: "raise the limit, or have this repository reviewed where it is built",
        });
    }
    received.map(|commits| Fetched {
        pack_bytes: bytes,
        commits,
    })
}

fn check(request: &FetchRequest<'_>) -> Result<(), Error> {
    let invalid = |problem: String| Err(Error::Url { problem });
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| request.url.strip_prefix(scheme));
    let Some(rest) = rest else {
        return invalid("a repository is fetched over http or https only".to_owned());
    };
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() || host.contains('@') {
        return invalid(
            "the address of a repository has a host and no user or password".to_owned(),
        );
    }
    if request.url.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return invalid(
            "the address of a repository has no spaces or control characters".to_owned(),
        );
    }
    let header_breaks = |header: &str| header.bytes().any(|byte| byte < b' ' || byte == 0x7f);
    if request.header.is_some_and(header_breaks) {
        return invalid("a header is one line".to_owned());
    }
    let count = request.references.len();
    if count == 0 || count > request.limits.references_max {
        let most = request.limits.references_max;
        return invalid(format!(
            "1 to {most} references are fetched at once, not {count}"
        ));
    }
    for reference in request.references {
        for name in [&reference.remote, &reference.local] {
            let is_full = name.starts_with("refs/") && !name.contains('*');
            if !is_full || gix::validate::reference::name(name.as_str().into()).is_err() {
                return invalid(format!("`{name}` is not the full name of a reference"));
            }
        }
    }
    Ok(())
}

fn receive(
    repository: &gix::Repository,
    request: &FetchRequest<'_>,
    meter: &Arc<Meter>,
    stop: &AtomicBool,
) -> Result<Vec<String>, Error> {
    let failed = |error: gix::Error| fetch_error(request.url, false, error);
    let specs = request
        .references
        .iter()
        .map(|reference| format!("+{}:{}", reference.remote, reference.local));
    let specs: Vec<gix::bstr::BString> = specs.map(Into::into).collect();
    let remote = repository
        .remote_at_without_url_rewrite(request.url)
        .map_err(failed)?
        .with_fetch_tags(gix::remote::fetch::Tags::None)
        .with_refspecs(specs.iter(), gix::remote::Direction::Fetch)
        .map_err(failed)?;
    let transport = http::Options {
        extra_headers: request.header.iter().map(ToString::to_string).collect(),
        follow_redirects: http::options::FollowRedirects::None,
        user_agent: Some("assay".to_owned()),
        connect_timeout: Some(std::time::Duration::from_secs(
            request.limits.connect_seconds_max,
        )),
        ssl_verify: true,
        ..http::Options::default()
    };
    let is_asked = Cell::new(false);
    let failed = |error: gix::Error| fetch_error(request.url, is_asked.get(), error);
    let connection = remote
        .connect(gix::remote::Direction::Fetch)
        .map_err(failed)?
        .with_credentials(|_| {
            is_asked.set(true);
            Ok(None)
        })
        .with_transport_options(Box::new(transport));
    let options = gix::remote::ref_map::Options::default();
    let progress = Metered::new(meter, gix::progress::UNKNOWN);
    let prepared = connection
        .prepare_fetch(progress, options)
        .map_err(failed)?;
    let there = &prepared.ref_map().remote_refs;
    let commit = |reference: &FetchReference| {
        let found = there.iter().find(|one| one.unpack().0 == reference.remote);
        let (_, target, peeled) = found?.unpack();
        peeled.or(target).map(|id| id.to_string())
    };
    let mut commits = Vec::new();
    for reference in request.references {
        commits.push(commit(reference).ok_or_else(|| Error::Fetch {
            url: request.url.to_owned(),
            kind: ErrorKind::NotFound,
            source: format!("it has no reference `{}`", reference.remote).into(),
        })?);
    }
    let progress = Metered::new(meter, gix::progress::UNKNOWN);
    prepared.receive(progress, stop).map_err(failed)?;
    Ok(commits)
}

/// Tells whose fault it was. `is_asked` says that the other side wants to know
/// who asks, after the header was sent or none was given.
fn fetch_error(url: &str, is_asked: bool, error: gix::Error) -> Error {
    let source: Source = error.into();
    let said = status(&*source);
    let kind = match said {
        _ if is_asked => ErrorKind::Denied,
        Some(401 | 403) => ErrorKind::Denied,
        Some(404 | 410) => ErrorKind::NotFound,
        // It stays as large as it is.
        _ if has_text(&*source, OBJECT_TOO_LARGE) => ErrorKind::Denied,
        _ => ErrorKind::Unavailable,
    };
    Error::Fetch {
        url: url.to_owned(),
        kind,
        source,
    }
}

/// What the library says of an object over the limit.
const OBJECT_TOO_LARGE: &str = "too large to fit in memory";

fn has_text(error: &(dyn std::error::Error + 'static), text: &str) -> bool {
    let mut at = Some(error);
    while let Some(error) = at {
        if error.to_string().contains(text) {
            return true;
        }
        at = error.source();
    }
    false
}

/// Returns the status that the other side answered with; the library tells it
/// in words only.
fn status(error: &(dyn std::error::Error + 'static)) -> Option<u16> {
    let mut at = Some(error);
    while let Some(error) = at {
        let text = error.to_string();
        let number = text.split("Received HTTP status ").nth(1);
        let digits = number.and_then(|number| number.get(..3)?.parse().ok());
        if digits.is_some() {
            return digits;
        }
        at = error.source();
    }
    None
}

/// Counts what the other side sends, and stops it at the limit.
#[derive(Debug)]
struct Meter {
    bytes: AtomicU64,
    bytes_max: u64,
    stop: Arc<AtomicBool>,
}

/// The id under which the library reports the bytes of a pack.
const PACK_BYTES: Id = *b"BWRB";

/// Progress that goes to a meter and is shown to nobody.
#[derive(Debug)]
struct Metered {
    meter: Arc<Meter>,
    id: Id,
    steps: StepShared,
}

impl Metered {
    fn new(meter: &Arc<Meter>, id: Id) -> Self {
        Self {
            meter: Arc::clone(meter),
            id,
            steps: Arc::new(AtomicUsize::new(0)),
        }
    }
}

impl Count for Metered {
    fn set(&self, step: Step) {
        self.steps.store(step, Ordering::Relaxed);
    }

    fn step(&self) -> Step {
        self.steps.load(Ordering::Relaxed)
    }

    fn inc_by(&self, step: Step) {
        self.steps.fetch_add(step, Ordering::Relaxed);
        if self.id == PACK_BYTES {
            let meter = &self.meter;
            let before = meter.bytes.fetch_add(step as u64, Ordering::Relaxed);
            if before + step as u64 > meter.bytes_max {
                meter.stop.store(true, Ordering::Relaxed);
            }
        }
    }

    fn counter(&self) -> StepShared {
        Arc::clone(&self.steps)
    }
}

impl Progress for Metered {
    fn init(&mut self, _max: Option<Step>, _unit: Option<Unit>) {}

    fn set_name(&mut self, _name: String) {}

    fn name(&self) -> Option<String> {
        None
    }

    fn id(&self) -> Id {
        self.id
    }

    fn message(&self, _level: MessageLevel, _message: String) {}
}

impl NestedProgress for Metered {
    type SubProgress = Self;

    fn add_child(&mut self, _name: impl Into<String>) -> Self {
        Self::new(&self.meter, gix::progress::UNKNOWN)
    }

    fn add_child_with_id(&mut self, _name: impl Into<String>, id: Id) -> Self {
        Self::new(&self.meter, id)
    }
}
