//! Runs tools side by side, each as a process without a shell, without the secrets of
//! the environment, and with limits of time, memory and output.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::thread::JoinHandle;

use anyhow::Context as _;
use assay_finding::import::{ImportOptions, import};
use assay_review::OutsideRun;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use super::Order;

/// Tools that run at a time.
const TOGETHER_MAX: usize = 4;
/// What stands for the files in a command.
const FILES: &str = "{files}";
/// Of what a tool says on standard error so much is read.
const ERROR_BYTES_MAX: usize = 16 * 1024;
/// And so much of its end is shown.
const ERROR_CHARS_MAX: usize = 300;
/// What a tool may see of the environment: what it needs to start and to find its own
/// files. Tokens are not among it.
const ENVIRONMENT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PATHEXT",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "GOPATH",
    "GOROOT",
    "GOCACHE",
    "GOMODCACHE",
    "GOFLAGS",
    "JAVA_HOME",
    "NODE_PATH",
    "NVM_DIR",
    "PYENV_ROOT",
    "VIRTUAL_ENV",
    "GEM_HOME",
    "DOTNET_ROOT",
];

/// Starts the tools. The thread ends when the last of them has.
pub(super) fn start(
    orders: Vec<Order>,
    root: PathBuf,
    roots: Vec<String>,
) -> anyhow::Result<JoinHandle<Vec<OutsideRun>>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime of the tools cannot be started")?;
    let work = move || runtime.block_on(run_all(orders, &root, &roots));
    let thread = std::thread::Builder::new().name("tools".to_owned());
    thread.spawn(work).context("the tools cannot be started")
}

async fn run_all(orders: Vec<Order>, root: &Path, roots: &[String]) -> Vec<OutsideRun> {
    let mut waiting = orders.into_iter().enumerate();
    let mut running = tokio::task::JoinSet::new();
    let mut ended = Vec::new();
    loop {
        while running.len() < TOGETHER_MAX {
            let Some((at, order)) = waiting.next() else {
                break;
            };
            let (root, roots) = (root.to_owned(), roots.to_vec());
            running.spawn(async move { (at, run(&order, &root, roots).await) });
        }
        match running.join_next().await {
            None => break,
            Some(Ok(one)) => ended.push(one),
            Some(Err(error)) => ended.push((
                usize::MAX,
                OutsideRun {
                    source: "tools".to_owned(),
                    result: Err(format!("what runs a tool stopped: {error}")),
                },
            )),
        }
    }
    // In the order of the configuration, whichever was faster.
    ended.sort_by_key(|(at, _)| *at);
    ended.into_iter().map(|(_, run)| run).collect()
}

async fn run(order: &Order, root: &Path, roots: Vec<String>) -> OutsideRun {
    let result = match output(order, root).await {
        Err(why) => Err(why),
        Ok(bytes) => {
            let options = ImportOptions { roots, tool: None };
            import(order.tool.format, &bytes, &options).map_err(|error| error.to_string())
        }
    };
    let result = result.map(|mut imported| {
        if order.left > 0 {
            imported.problems.push(format!(
                "{} files were not given to it: the command would be too long",
                order.left
            ));
        }
        imported
    });
    OutsideRun {
        source: order.tool.name.clone(),
        result,
    }
}

/// Runs a tool and returns what it wrote, or why that does not count.
async fn output(order: &Order, root: &Path) -> Result<Vec<u8>, String> {
    let tool = &order.tool;
    let mut running = Running(command(order, root).spawn().map_err(|error| {
        let program = &tool.command[0];
        format!("`{program}` cannot be started: {error}")
    })?);
    limit_memory(&running.0, tool.memory_bytes_max);
    let (Some(out), Some(error)) = (running.0.stdout.take(), running.0.stderr.take()) else {
        return Err("its output is not there".to_owned());
    };
    let work = async {
        let bytes = read_limited(out, tool.output_bytes_max);
        // A tool that writes too much is not waited for.
        let (bytes, said) = tokio::try_join!(bytes, async { Ok(read_end(error).await) })?;
        let status = running.0.wait().await.map_err(|error| error.to_string())?;
        Ok::<_, String>((bytes, said, status))
    };
    let ended = tokio::time::timeout(tool.time_max, work).await;
    let (bytes, said, status) = ended.map_err(|_| {
        let seconds = tool.time_max.as_secs();
        format!("it took longer than {seconds} seconds and was ended (`timeout-seconds`)")
    })??;
    let is_done = status
        .code()
        .is_some_and(|code| tool.exit_codes.contains(&code));
    match is_done {
        true => Ok(bytes),
        false => Err(died(status, &said)),
    }
}

fn command(order: &Order, root: &Path) -> Command {
    let mut command = Command::new(&order.tool.command[0]);
    for argument in &order.tool.command[1..] {
        match argument.as_str() {
            FILES => command.args(&order.files),
            argument => command.arg(argument),
        };
    }
    command.env_clear();
    let further = order.tool.environment.iter().map(String::as_str);
    for name in ENVIRONMENT.iter().copied().chain(further) {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("NO_COLOR", "1")
        .env("TERM", "dumb")
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // What it starts ends with it.
    #[cfg(unix)]
    command.process_group(0);
    command
}

/// A process that ends, with all that it started, when nobody waits for it any more.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.0.id().and_then(|id| i32::try_from(id).ok())
            && let Some(group) = rustix::process::Pid::from_raw(id)
        {
            // It may have ended by itself, and then there is no group.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Limits the memory of a process and of those that it will start.
fn limit_memory(child: &Child, bytes_max: u64) {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let pid = child.id().and_then(|id| i32::try_from(id).ok());
        let limit = Rlimit {
            current: Some(bytes_max),
            maximum: Some(bytes_max),
        };
        // A process that is gone already needs no limit.
        let _ = prlimit(pid.and_then(Pid::from_raw), Resource::Data, limit);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (child, bytes_max);
}

async fn read_limited(
    mut from: impl AsyncRead + Unpin,
    bytes_max: usize,
) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut limited = (&mut from).take(bytes_max as u64 + 1);
    let read = limited.read_to_end(&mut bytes).await;
    read.map_err(|error| format!("its output cannot be read: {error}"))?;
    if bytes.len() > bytes_max {
        return Err(format!(
            "it wrote more than {bytes_max} bytes and was ended (`output-mb`)"
        ));
    }
    Ok(bytes)
}

/// Reads what is said on standard error to its end and keeps some of the last of it.
pub(super) async fn read_end(mut from: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut part = vec![0; 4096];
    while let Ok(count @ 1..) = from.read(&mut part).await {
        kept.extend_from_slice(&part[..count]);
        if kept.len() > ERROR_BYTES_MAX {
            kept.drain(..kept.len() - ERROR_BYTES_MAX / 2);
        }
    }
    kept
}

fn died(status: ExitStatus, said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let said: String = said.trim().chars().map(plain).collect();
    let from = said.chars().count().saturating_sub(ERROR_CHARS_MAX);
    let said: String = said.chars().skip(from).collect();
    match said.is_empty() {
        true => format!("it did not do its work ({status}), and does not say why"),
        false => format!("it did not do its work ({status}): {said}"),
    }
}
