//! The programs of the services: where they are, as whom they run, and how they
//! are ended.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process, kill_process_group};

use super::told;

/// What `apt-get install` is told when a program is missing.
const PACKAGES: [&str; 3] = ["postgresql", "redis-server", "nats-server"];
/// So much of a log is shown when a service does not start.
const LOG_BYTES_MAX: usize = 2_000;
/// So long a service may take to end by itself.
const END_MS_MAX: u64 = 10_000;

/// A service's programs, and the user they run as.
#[derive(Clone, Debug)]
pub(super) struct Program {
    folder: PathBuf,
    user: Option<User>,
}

/// Another user than root, for what refuses to run as root.
#[derive(Clone, Copy, Debug)]
struct User {
    uid: u32,
    gid: u32,
}

pub(super) struct Programs {
    pub(super) postgres: Program,
    pub(super) redis: Program,
    pub(super) nats: Program,
}

/// Finds the programs, installing them first where that is possible.
pub(super) fn find_all() -> Result<Programs, String> {
    if let Ok(programs) = find() {
        return Ok(programs);
    }
    install()?;
    find()
}

fn find() -> Result<Programs, String> {
    let search = |name: &str, further: Vec<PathBuf>| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let system = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];
        let mut folders = further;
        folders.extend(std::env::split_paths(&path));
        folders.extend(system.map(PathBuf::from));
        let mut folders = folders.into_iter();
        folders
            .find(|folder| folder.join(name).is_file())
            .ok_or_else(|| {
                format!(
                    "there is no {name}; `apt-get install {}` brings it",
                    PACKAGES.join(" ")
                )
            })
    };
    let user = geteuid().is_root().then(other_user);
    let postgres = Program {
        folder: search("initdb", debian_postgres_folders())?,
        user,
    };
    let of_caller = |name: &str| {
        Ok::<_, String>(Program {
            folder: search(name, Vec::new())?,
            user: None,
        })
    };
    Ok(Programs {
        postgres,
        redis: of_caller("redis-server")?,
        nats: of_caller("nats-server")?,
    })
}

/// Debian keeps the servers of all versions side by side, off the path.
fn debian_postgres_folders() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir("/usr/lib/postgresql") else {
        return Vec::new();
    };
    let version = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        name.parse::<u32>().ok()
    };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort_by_key(|path| std::cmp::Reverse(version(path)));
    folders.into_iter().map(|path| path.join("bin")).collect()
}

fn install() -> Result<(), String> {
    let problem = match find() {
        Ok(_) => return Ok(()),
        Err(problem) => problem,
    };
    if !geteuid().is_root() || !Path::new("/usr/bin/apt-get").is_file() {
        return Err(problem);
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("/usr/bin/apt-get");
        // Without a run level the packages do not start their own services.
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("RUNLEVEL", "1");
        super::run(&mut command, Path::new("/"))
    };
    let mut arguments = vec!["install", "-y", "-q", "--no-install-recommends"];
    arguments.extend(PACKAGES);
    if apt(&arguments).is_ok() {
        return Ok(());
    }
    apt(&["update", "-q"])?;
    apt(&arguments)
}

/// The user of the package, or the one who owns nothing.
fn other_user() -> User {
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let account = |name: &str| {
        let mut lines = accounts.lines();
        let mut parts = lines.find_map(|line| {
            let mut parts = line.split(':');
            (parts.next() == Some(name)).then_some(parts)
        })?;
        let uid = parts.nth(1)?.parse().ok()?;
        let gid = parts.next()?.parse().ok()?;
        Some(User { uid, gid })
    };
    let nobody = User {
        uid: 65_534,
        gid: 65_534,
    };
    account("postgres")
        .or_else(|| account("nobody"))
        .unwrap_or(nobody)
}

impl Program {
    /// Returns a command of the service, run as its user.
    pub(super) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        if let Some(user) = self.user {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }

    /// Makes the service's user the owner of a folder.
    pub(super) fn give(&self, folder: &Path) -> Result<(), String> {
        let Some(user) = self.user else {
            return Ok(());
        };
        std::os::unix::fs::chown(folder, Some(user.uid), Some(user.gid))
            .map_err(|why| told("give away", folder, &why))
    }
}

/// Lets other users pass through a folder that is ours, where PostgreSQL runs as
/// one of them.
pub(super) fn open_to_others(folder: &Path) {
    if !geteuid().is_root() {
        return;
    }
    if let Ok(metadata) = fs::metadata(folder) {
        let mode = metadata.permissions().mode() | 0o711;
        // When it cannot be opened, `others_may_enter` says so.
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(mode));
    }
}

/// Returns whether PostgreSQL's user can reach the folder.
pub(super) fn others_may_enter(folder: &Path) -> bool {
    !geteuid().is_root()
        || folder
            .ancestors()
            .all(|one| fs::metadata(one).is_ok_and(|metadata| metadata.mode() & 0o001 != 0))
}

/// A service that was started, by its process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    pub(super) name: String,
    pub(super) pid: i32,
    pub(super) port: u16,
}

impl Started {
    pub(super) fn spawn(
        name: &str,
        mut command: Command,
        folder: &Path,
        log: &Path,
        port: u16,
    ) -> Result<Self, String> {
        let out = File::create(log).map_err(|why| told("make", log, &why))?;
        let error = out.try_clone().map_err(|why| told("open", log, &why))?;
        command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(error)
            // A key that interrupts the test must not interrupt the service.
            .process_group(0);
        let mut child = command
            .spawn()
            .map_err(|why| format!("cannot start {name}: {why}"))?;
        let pid = i32::try_from(child.id()).map_err(|why| why.to_string())?;
        // Nobody else would take note of its end.
        std::thread::spawn(move || child.wait());
        Ok(Self {
            name: name.to_owned(),
            pid,
            port,
        })
    }

    /// Returns whether the process runs and is still the program that was started.
    pub(super) fn is_alive(&self) -> bool {
        let mut name = String::new();
        let path = format!("/proc/{}/stat", self.pid);
        let read = File::open(path).and_then(|mut file| file.read_to_string(&mut name));
        // Example: `4711 (redis-server) S 1 ...`; the kernel cuts the name at 15 bytes.
        let own = &self.name[..self.name.len().min(15)];
        read.is_ok() && name.contains(&format!("({own})")) && !name.contains(") Z ")
    }

    /// Ends the process, first by asking.
    pub(super) fn end(&self) -> bool {
        if !self.is_alive() {
            return false;
        }
        // PostgreSQL waits for its clients when it is asked in the usual way.
        let ask = if self.name == "postgres" {
            Signal::INT
        } else {
            Signal::TERM
        };
        self.send(ask);
        if !passes(END_MS_MAX, || !self.is_alive()) {
            self.kill_group();
        }
        true
    }

    pub(super) fn kill(&self) {
        self.send(Signal::KILL);
        passes(END_MS_MAX, || !self.is_alive());
    }

    /// Kills the process and all that it started.
    pub(super) fn kill_group(&self) {
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.is_alive()) {
            // It may have ended meanwhile, which is as good.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        passes(END_MS_MAX, || !self.is_alive());
    }

    fn send(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.is_alive()) {
            // It may have ended meanwhile, which is as good.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Waits until a service answers; when it ends or takes too long, says what it
/// logged.
pub(super) fn wait_until(
    started: &Started,
    ms_max: u64,
    log: &Path,
    answers: impl Fn() -> bool,
) -> Result<(), String> {
    let over = passes(ms_max, || !started.is_alive() || answers());
    if over && started.is_alive() {
        return Ok(());
    }
    started.kill_group();
    let said = fs::read_to_string(log).unwrap_or_default();
    let start = said.ceil_char_boundary(said.len().saturating_sub(LOG_BYTES_MAX));
    Err(format!(
        "{} does not start: {}",
        started.name,
        said[start..].trim()
    ))
}

fn passes(ms_max: u64, condition: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if condition() {
            return true;
        }
        if start.elapsed() > Duration::from_millis(ms_max) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
