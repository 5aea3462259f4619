//! Runs the tests that a fix has to pass: the user's command, in a copy of the patched
//! tree, as a process without the secrets of the environment, without the network where
//! the system allows it, and with limits of time, memory, processes and output.
//!
//! Invariant: nothing runs that the user did not name, on the command line or in the
//! configuration that is theirs; a server runs nothing.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use assay_source::{FileKind, FileTree, FileVersion, RepoPath};
use tempfile::TempDir;
use tokio::process::Command;

use super::NEVER;
use super::process::{Running, read_end};
use crate::output;

/// Files of a tree that is copied.
const FILES_MAX: usize = 50_000;
/// Bytes of one of them, and of all.
const FILE_BYTES_MAX: u64 = 64 << 20;
const TREE_BYTES_MAX: u64 = 1 << 30;
/// Words of a command.
const WORDS_MAX: usize = 200;
/// Processes and threads that it may have at a time.
const PROCESSES_MAX: u64 = 2_048;
/// Bytes of a file that it writes.
const WRITTEN_BYTES_MAX: u64 = 1 << 30;
/// Of what it says so much of the end is kept.
const SAID_CHARS_MAX: usize = 4_000;
/// What it may see: what it needs to start, and where tools are. Neither a token nor the
/// user's home folder is among it.
const ENVIRONMENT: &[&str] = &[
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "SYSTEMROOT",
    "PATHEXT",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "GOROOT",
    "JAVA_HOME",
    "NODE_PATH",
    "VIRTUAL_ENV",
    "DOTNET_ROOT",
];
/// How a command is run without the network, where the system lets users do that.
const WITHOUT_NETWORK: &[&str] = &["unshare", "--user", "--map-root-user", "--net", "--"];

/// How tests are run.
#[derive(Clone, Debug)]
pub(crate) struct TrialSettings {
    /// The program and its arguments; empty when there are no tests.
    pub(crate) command: Vec<String>,
    /// When it is ended.
    pub(crate) time_max: Duration,
    /// Bytes of memory of each of its processes.
    pub(crate) memory_bytes_max: u64,
    /// Further variables that it may see.
    pub(crate) environment: Vec<String>,
}

impl TrialSettings {
    /// Seconds at most.
    pub(crate) const SECONDS_MAX: u64 = 3_600;
    /// Megabytes of memory.
    pub(crate) const MEGABYTES: RangeInclusive<u64> = 16..=65_536;
}

impl Default for TrialSettings {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            time_max: Duration::from_secs(300),
            memory_bytes_max: 4_096 << 20,
            environment: Vec::new(),
        }
    }
}

/// Tests that are run for each patch.
pub(crate) struct Trial {
    settings: TrialSettings,
    is_apart: bool,
}

impl Trial {
    /// Makes tests ready, if there are any; what is typed goes before what is configured.
    pub(crate) fn prepare(
        mut settings: TrialSettings,
        typed: Option<&str>,
    ) -> anyhow::Result<Option<Self>> {
        if let Some(typed) = typed {
            settings.command = typed.split_whitespace().map(str::to_owned).collect();
            ensure!(!settings.command.is_empty(), "--test names no program");
        }
        if settings.command.is_empty() {
            return Ok(None);
        }
        ensure!(
            std::env::var_os(NEVER).is_none(),
            "a server runs no tests of what it reviews"
        );
        let words = settings.command.len();
        ensure!(
            words <= WORDS_MAX,
            "the test command has more than {WORDS_MAX} words"
        );
        let is_apart = block(|| async { is_apart().await })?;
        if !is_apart {
            output::remark(
                "the test command can reach the network: this system does not let it be kept away",
            );
        }
        Ok(Some(Self { settings, is_apart }))
    }

    /// Runs the tests in a copy of a tree; the error is what they said.
    pub(crate) fn run(&self, tree: &dyn FileTree) -> Result<(), String> {
        let folder = copy(tree).map_err(|error| format!("{error:#}"))?;
        let ran = block(|| self.run_in(folder.path()));
        ran.map_err(|error| format!("{error:#}"))?
    }

    async fn run_in(&self, folder: &Path) -> Result<(), String> {
        let program = &self.settings.command[0];
        let mut running =
            Running(self.command(folder).spawn().map_err(|error| {
                format!("the test command `{program}` cannot be started: {error}")
            })?);
        limit(&running.0, &self.settings);
        let (Some(out), Some(error)) = (running.0.stdout.take(), running.0.stderr.take()) else {
            return Err("its output is not there".to_owned());
        };
        let work = async {
            let (out, error) = tokio::join!(read_end(out), read_end(error));
            (running.0.wait().await, out, error)
        };
        let time_max = self.settings.time_max;
        let Ok((status, out, error)) = tokio::time::timeout(time_max, work).await else {
            let seconds = time_max.as_secs();
            return Err(format!(
                "it took longer than {seconds} seconds and was ended"
            ));
        };
        let status = status.map_err(|error| error.to_string())?;
        match status.success() {
            true => Ok(()),
            false => Err(said(&format!("it ended with {status}"), &out, &error)),
        }
    }

    fn command(&self, folder: &Path) -> Command {
        let settings = &self.settings;
        let mut words = WITHOUT_NETWORK.iter().filter(|_| self.is_apart).copied();
        let own = settings.command.iter().map(String::as_str);
        let mut words = words.by_ref().chain(own);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).env_clear();
        let home = folder.join(HOME);
        let further = settings.environment.iter().map(String::as_str);
        command.env("HOME", &home).env("TMPDIR", &home);
        for name in ENVIRONMENT.iter().copied().chain(further) {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("NO_COLOR", "1")
            .env("TERM", "dumb")
            .current_dir(folder.join(TREE))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // What it starts ends with it.
        #[cfg(unix)]
        command.process_group(0);
        command
    }
}

/// The folders of a trial.
const TREE: &str = "tree";
const HOME: &str = "home";

/// Does something that waits, from a place where somebody waits already.
fn block<T: Send, F: Future<Output = T>>(work: impl FnOnce() -> F + Send) -> anyhow::Result<T> {
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.context("the runtime of the tests cannot be started")?;
        Ok(runtime.block_on(work()))
    };
    std::thread::scope(|scope| {
        let thread = scope.spawn(work);
        let ended = thread.join();
        ended.unwrap_or_else(|_| Err(anyhow::anyhow!("what runs the tests stopped")))
    })
}

/// Finds out whether this user can have a network of their own, with nothing in it.
async fn is_apart() -> bool {
    let mut command = Command::new(WITHOUT_NETWORK[0]);
    command
        .args(&WITHOUT_NETWORK[1..])
        .arg("true")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let status = match command.spawn() {
        Ok(mut child) => tokio::time::timeout(Duration::from_secs(10), child.wait()).await,
        Err(_) => return false,
    };
    matches!(status, Ok(Ok(status)) if status.success())
}

/// Limits a process and those that it will start.
fn limit(child: &tokio::process::Child, settings: &TrialSettings) {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let pid = child.id().and_then(|id| i32::try_from(id).ok());
        let seconds = settings.time_max.as_secs().saturating_add(1);
        for (resource, most) in [
            (Resource::Data, settings.memory_bytes_max),
            (Resource::Nproc, PROCESSES_MAX),
            (Resource::Fsize, WRITTEN_BYTES_MAX),
            (Resource::Cpu, seconds.saturating_mul(64)),
            (Resource::Core, 0),
        ] {
            let limit = Rlimit {
                current: Some(most),
                maximum: Some(most),
            };
            // A process that is gone already needs no limit.
            let _ = prlimit(pid.and_then(Pid::from_raw), resource, limit);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (child, settings, PROCESSES_MAX, WRITTEN_BYTES_MAX);
}

/// Writes a tree into a folder of its own.
fn copy(tree: &dyn FileTree) -> anyhow::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("assay-test-").tempdir()?;
    std::fs::create_dir(folder.path().join(TREE))?;
    std::fs::create_dir(folder.path().join(HOME))?;
    let files = tree.list().context("the tree cannot be listed")?;
    let count = files.len();
    ensure!(
        count <= FILES_MAX,
        "{count} files are too many to copy for the tests; the limit is {FILES_MAX}"
    );
    let mut bytes: u64 = 0;
    for file in files {
        // A link could lead out of the copy.
        let Some(place) = place(&file).filter(|_| file.kind != FileKind::Symlink) else {
            continue;
        };
        let text = tree.read(&file, FILE_BYTES_MAX);
        let text = text.with_context(|| file.path.to_display())?;
        bytes += text.len() as u64;
        ensure!(
            bytes <= TREE_BYTES_MAX,
            "the tree has more than {TREE_BYTES_MAX} bytes, too many to copy for the tests"
        );
        let path = folder.path().join(TREE).join(place);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, text)?;
        #[cfg(unix)]
        if file.kind == FileKind::Executable {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(folder)
}

/// Returns where a file of the tree stands in its copy.
fn place(file: &FileVersion) -> Option<PathBuf> {
    let path = path_of(&file.path);
    let is_plain = |part| matches!(part, std::path::Component::Normal(_));
    let is_inside = path.components().all(is_plain) && !path.as_os_str().is_empty();
    is_inside.then_some(path)
}

#[cfg(unix)]
fn path_of(path: &RepoPath) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    std::ffi::OsStr::from_bytes(path.as_bytes()).into()
}

#[cfg(not(unix))]
fn path_of(path: &RepoPath) -> PathBuf {
    path.to_display().into()
}

/// Returns the end of what a process said.
fn said(how: &str, out: &[u8], error: &[u8]) -> String {
    let text = [out, error].map(String::from_utf8_lossy).join("\n");
    let plain = |c: &char| !c.is_control() || *c == '\n';
    let text: String = text.trim().chars().filter(plain).collect();
    let from = text.chars().count().saturating_sub(SAID_CHARS_MAX);
    let end: String = text.chars().skip(from).collect();
    format!("{how}\n{end}")
}
