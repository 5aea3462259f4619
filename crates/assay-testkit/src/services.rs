//! Private PostgreSQL, Redis and NATS for tests, on loopback ports of their own.
//!
//! Start at [`Services::up`]: it returns those that run, or starts them from the
//! system's programs, or says what to install. Any number of processes may call
//! it at once; [`down`] ends what was started, by the recorded process ids.

mod program;
mod record;

use std::fs::{self, File};
use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub use program::Started;

use program::{Program, find_all, wait_until};
use record::Record;

/// Names the folder of the services, in place of the one in `target`.
pub const FOLDER_VARIABLE: &str = "ASSAY_SERVICES_DIR";
/// The database user that owns everything.
const DATABASE_USER: &str = "assay";
/// So long a service may take to answer.
const START_MS_MAX: u64 = 60_000;

/// The services that run, by their addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    /// PostgreSQL: an address without a database's name, ending in `/`.
    pub postgres_url: String,
    /// Redis.
    pub redis_url: String,
    /// NATS with JetStream.
    pub nats_url: String,
}

impl Services {
    /// Returns the services of the workspace, starting them when they do not run.
    ///
    /// # Panics
    /// When a service cannot be had: a test without it would prove nothing.
    pub fn of_workspace() -> Self {
        match Self::up(&folder()) {
            Ok(services) => services,
            Err(why) => panic!("the tests need PostgreSQL, Redis and NATS: {why}"),
        }
    }

    /// Returns the services of a folder, starting them when they do not run.
    pub fn up(folder: &Path) -> Result<Self, String> {
        let folder = reachable(folder)?;
        let _lock = lock(&folder)?;
        if let Some(record) = Record::read(&folder).filter(Record::is_alive) {
            return Ok(record.services());
        }
        if let Some(record) = Record::read(&folder) {
            record.end();
        }
        let programs = find_all()?;
        let started = [
            start_postgres(&programs.postgres, &folder),
            start_redis(&programs.redis, &folder),
            start_nats_on(&programs.nats, &folder, free_port()?),
        ];
        let mut record = Record::default();
        let mut problem = None;
        for one in started {
            match one {
                Ok(one) => record.add(one),
                Err(why) => problem = Some(why),
            }
        }
        if let Some(why) = problem {
            record.end();
            return Err(why);
        }
        record.write(&folder)?;
        Ok(record.services())
    }
}

/// Returns the folder of the workspace's services.
pub fn folder() -> PathBuf {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE).filter(|value| !value.is_empty()) {
        return PathBuf::from(folder);
    }
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = crates.and_then(Path::parent);
    root.unwrap_or(Path::new(".")).join("target/services")
}

/// Ends the services of a folder; says how many ran.
pub fn down(folder: &Path) -> Result<usize, String> {
    let folder = reachable(folder)?;
    let _lock = lock(&folder)?;
    let Some(record) = Record::read(&folder) else {
        return Ok(0);
    };
    let ended = record.end();
    Record::forget(&folder)?;
    Ok(ended)
}

/// Returns the addresses of the services of a folder that run.
pub fn status(folder: &Path) -> Result<Option<Services>, String> {
    let folder = reachable(folder)?;
    let record = Record::read(&folder).filter(Record::is_alive);
    Ok(record.map(|record| record.services()))
}

/// A Redis of one test, which it may kill.
#[derive(Debug)]
pub struct PrivateRedis {
    folder: tempfile::TempDir,
    port: u16,
    running: Option<Started>,
}

impl PrivateRedis {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no Redis or it does not start.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let port = free_port().expect("there is a free port");
        let mut redis = Self {
            folder,
            port,
            running: None,
        };
        redis.restart();
        redis
    }

    /// Returns its address, also while it does not run.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill();
        }
    }

    /// Starts it again on the same port, with nothing in it.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        let programs = find_all().expect("Redis is installed");
        let started = start_redis_on(&programs.redis, self.folder.path(), self.port);
        self.running = Some(started.expect("Redis starts"));
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A NATS of one test, which it may kill.
#[derive(Debug)]
pub struct PrivateNats {
    folder: tempfile::TempDir,
    port: u16,
    running: Option<Started>,
}

impl PrivateNats {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no NATS or it does not start.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let port = free_port().expect("there is a free port");
        let mut nats = Self {
            folder,
            port,
            running: None,
        };
        nats.restart();
        nats
    }

    /// Returns its address, also while it does not run.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill();
        }
    }

    /// Starts it again on the same port; what it kept on the disk is there.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        let programs = find_all().expect("NATS is installed");
        let started = start_nats_on(&programs.nats, self.folder.path(), self.port);
        self.running = Some(started.expect("NATS starts"));
    }
}

impl Drop for PrivateNats {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A PostgreSQL of one test, which it may kill and start again over its data.
#[derive(Debug)]
pub struct PrivatePostgres {
    folder: PathBuf,
    _owned: tempfile::TempDir,
    port: u16,
    running: Option<Started>,
}

impl PrivatePostgres {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no PostgreSQL or it does not start.
    pub fn start() -> Self {
        let owned = tempfile::tempdir().expect("a temporary folder can be made");
        let folder = reachable(owned.path()).expect("another user may enter the folder");
        let programs = find_all().expect("PostgreSQL is installed");
        let running = start_postgres(&programs.postgres, &folder).expect("PostgreSQL starts");
        Self {
            folder,
            _owned: owned,
            port: running.port,
            running: Some(running),
        }
    }

    /// Returns its address without a database's name, also while it does not run.
    pub fn url(&self) -> String {
        postgres_url(self.port)
    }

    /// Kills it, as a crash would: all its processes at once.
    pub fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill_group();
        }
    }

    /// Starts it again on the same port, over what it had.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        let programs = find_all().expect("PostgreSQL is installed");
        let started = start_postgres_on(&programs.postgres, &self.folder, self.port);
        self.running = Some(started.expect("PostgreSQL starts"));
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.kill();
    }
}

fn postgres_url(port: u16) -> String {
    format!("postgres://{DATABASE_USER}@127.0.0.1:{port}/")
}

fn start_postgres(program: &Program, folder: &Path) -> Result<Started, String> {
    start_postgres_on(program, folder, free_port()?)
}

fn start_postgres_on(program: &Program, folder: &Path, port: u16) -> Result<Started, String> {
    let home = folder.join("postgres");
    let data = home.join("data");
    fs::create_dir_all(&home).map_err(|why| told("make", &home, &why))?;
    program.give(&home)?;
    if !data.join("PG_VERSION").is_file() {
        let mut initdb = program.command("initdb");
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "-U"]);
        initdb.arg(DATABASE_USER).arg("-D").arg(&data);
        run(&mut initdb, &home)?;
    }
    let mut postgres = program.command("postgres");
    postgres
        .arg("-D")
        .arg(&data)
        .arg("-k")
        .arg(&home)
        .args(["-p", &port.to_string()])
        .args(["-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "max_connections=200"])
        .args(["-c", "shared_buffers=64MB"]);
    let log = folder.join("postgres.log");
    let started = Started::spawn("postgres", postgres, &home, &log, port)?;
    let answers = || {
        let mut ready = program.command("pg_isready");
        ready.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
        ready.current_dir(&home);
        ready.status().is_ok_and(|status| status.success())
    };
    wait_until(&started, START_MS_MAX, &log, answers)?;
    Ok(started)
}

fn start_redis(program: &Program, folder: &Path) -> Result<Started, String> {
    start_redis_on(program, folder, free_port()?)
}

fn start_redis_on(program: &Program, folder: &Path, port: u16) -> Result<Started, String> {
    let mut redis = program.command("redis-server");
    redis
        .args(["--port", &port.to_string()])
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru"]);
    let log = folder.join("redis.log");
    let started = Started::spawn("redis-server", redis, folder, &log, port)?;
    wait_until(&started, START_MS_MAX, &log, || connects(port))?;
    Ok(started)
}

fn start_nats_on(program: &Program, folder: &Path, port: u16) -> Result<Started, String> {
    let mut nats = program.command("nats-server");
    nats.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"]);
    nats.arg(folder.join("nats"));
    let log = folder.join("nats.log");
    let started = Started::spawn("nats-server", nats, folder, &log, port)?;
    wait_until(&started, START_MS_MAX, &log, || connects(port))?;
    Ok(started)
}

fn connects(port: u16) -> bool {
    let address = ([127, 0, 0, 1], port).into();
    TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok()
}

fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0));
    let address = listener.and_then(|listener| listener.local_addr());
    let address = address.map_err(|why| format!("there is no free port: {why}"))?;
    Ok(address.port())
}

/// Makes the folder. PostgreSQL may run as another user, who must be able to
/// enter it; when they cannot, a folder of the same name in the temporary folder
/// takes its place.
fn reachable(folder: &Path) -> Result<PathBuf, String> {
    fs::create_dir_all(folder).map_err(|why| told("make", folder, &why))?;
    let folder = fs::canonicalize(folder).map_err(|why| told("find", folder, &why))?;
    program::open_to_others(&folder);
    if program::others_may_enter(&folder) {
        return Ok(folder);
    }
    let name: String = folder
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect();
    let other = std::env::temp_dir().join(format!("assay{name}"));
    fs::create_dir_all(&other).map_err(|why| told("make", &other, &why))?;
    program::open_to_others(&other);
    Ok(other)
}

fn lock(folder: &Path) -> Result<File, String> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(|why| told("make", &path, &why))?;
    file.lock().map_err(|why| told("lock", &path, &why))?;
    Ok(file)
}

fn run(command: &mut Command, folder: &Path) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.current_dir(folder).output();
    let output = output.map_err(|why| format!("cannot start {name}: {why}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name} failed: {}", said.trim()))
}

fn told(verb: &str, path: &Path, why: &io::Error) -> String {
    format!("cannot {verb} {}: {why}", path.display())
}

#[cfg(test)]
mod tests {
    use super::{Services, down, status};

    #[test]
    fn services_start_once_and_are_ended_by_their_ids() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(down(folder.path()), Ok(0));
        let callers: Vec<_> = (0..3)
            .map(|_| {
                let folder = folder.path().to_owned();
                std::thread::spawn(move || Services::up(&folder))
            })
            .collect();
        let services: Vec<_> = callers.into_iter().map(|one| one.join().unwrap()).collect();
        let first = services[0].clone().unwrap();
        assert!(services.iter().all(|one| one.as_ref() == Ok(&first)));
        assert_eq!(status(folder.path()), Ok(Some(first)));
        assert_eq!(down(folder.path()), Ok(3));
        assert_eq!(status(folder.path()), Ok(None));
        assert_eq!(down(folder.path()), Ok(0));
    }
}
