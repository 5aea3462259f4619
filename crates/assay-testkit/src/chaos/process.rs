//! The processes of the platform and its services: started, killed, started again
//! as whoever runs them would.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::world::World;
use super::{ChaosOptions, ChaosSetup};
use crate::SeededRandomness;
use crate::services::{PrivateNats, PrivatePostgres, PrivateRedis};

/// So long a killed part stays away at most.
const AWAY_MS_MAX: u64 = 2_000;
/// So long the first start may take.
const START_MAX: Duration = Duration::from_secs(60);
/// Who ends by itself is started again after so long.
const AGAIN: Duration = Duration::from_millis(500);

/// Where the server is at the moment, and the key that it showed at its first start.
#[derive(Default)]
pub(super) struct Endpoint(Mutex<(Option<SocketAddr>, Option<String>)>);

impl Endpoint {
    fn set(&self, change: impl FnOnce(&mut (Option<SocketAddr>, Option<String>))) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn get(&self) -> (Option<SocketAddr>, Option<String>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.get().0
    }

    pub(super) fn first_key(&self) -> Option<String> {
        self.get().1
    }
}

/// A process of the platform.
struct Member {
    name: String,
    role: &'static str,
    data: PathBuf,
    child: Option<Child>,
    /// When it is to be started again.
    due: Option<Instant>,
}

/// A service that the platform uses.
enum Service {
    Postgres(PrivatePostgres),
    Redis(PrivateRedis),
    Nats(PrivateNats),
}

impl Service {
    fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgres",
            Self::Redis(_) => "redis",
            Self::Nats(_) => "nats",
        }
    }

    fn kill(&mut self) {
        match self {
            Self::Postgres(postgres) => postgres.kill(),
            Self::Redis(redis) => redis.kill(),
            Self::Nats(nats) => nats.kill(),
        }
    }

    fn restart(&mut self) {
        match self {
            Self::Postgres(postgres) => postgres.restart(),
            Self::Redis(redis) => redis.restart(),
            Self::Nats(nats) => nats.restart(),
        }
    }
}

/// All processes.
pub(super) struct Fleet {
    program: PathBuf,
    logs: PathBuf,
    variables: Vec<(&'static str, String)>,
    members: Vec<Member>,
    services: Vec<Service>,
    endpoint: Arc<Endpoint>,
    exits: usize,
}

impl Fleet {
    pub(super) fn start(options: &ChaosOptions, world: &World) -> Result<Self, String> {
        let logs = options.folder.join("logs");
        std::fs::create_dir_all(&logs).map_err(|why| why.to_string())?;
        let mut variables = world.variables();
        let member = |name: &str, role, data: &str| Member {
            name: name.to_owned(),
            role,
            data: options.folder.join(data),
            child: None,
            due: None,
        };
        let (members, services) = match options.setup {
            ChaosSetup::Sqlite => (vec![member("all", "all", "data")], Vec::new()),
            ChaosSetup::Services => {
                let postgres = PrivatePostgres::start();
                let url = format!("{}postgres", postgres.url());
                variables.push(("ASSAY_DATABASE_URL", url));
                let (redis, nats) = (PrivateRedis::start(), PrivateNats::start());
                variables.push(("ASSAY_CACHE_URL", redis.url()));
                variables.push(("ASSAY_QUEUE_URL", nats.url()));
                let members = vec![
                    member("api", "api", "data"),
                    member("worker-1", "worker", "data"),
                    member("worker-2", "worker", "data"),
                    // As on another machine.
                    member("worker-3", "worker", "elsewhere"),
                ];
                let services = vec![
                    Service::Postgres(postgres),
                    Service::Redis(redis),
                    Service::Nats(nats),
                ];
                (members, services)
            }
        };
        let mut fleet = Self {
            program: options.program.clone(),
            logs,
            variables,
            members,
            services,
            endpoint: Arc::default(),
            exits: 0,
        };
        // The first start makes the tables and shows the key.
        fleet.launch(0)?;
        let began = Instant::now();
        while fleet.endpoint.address().is_none() {
            if began.elapsed() > START_MAX {
                return Err("the server does not start".to_owned());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        for at in 1..fleet.members.len() {
            fleet.launch(at)?;
        }
        Ok(fleet)
    }

    pub(super) fn endpoint(&self) -> Arc<Endpoint> {
        Arc::clone(&self.endpoint)
    }

    pub(super) fn exits(&self) -> usize {
        self.exits
    }

    fn launch(&mut self, at: usize) -> Result<(), String> {
        let member = &mut self.members[at];
        let said = log(&self.logs, &member.name).map_err(|why| why.to_string())?;
        let mut child = Command::new(&self.program)
            .args(["serve", "--listen", "127.0.0.1:0", "--role", member.role])
            .arg("--data")
            .arg(&member.data)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(said)
            .spawn()
            .map_err(|why| format!("{} does not start: {why}", member.name))?;
        if let Some(out) = child.stdout.take() {
            let endpoint = Arc::clone(&self.endpoint);
            std::thread::spawn(move || {
                for line in BufReader::new(out).lines().map_while(Result::ok) {
                    listen(&endpoint, line.trim());
                }
            });
        }
        member.child = Some(child);
        member.due = None;
        Ok(())
    }

    /// Lets time pass, and starts again who ended.
    pub(super) fn watch(&mut self, time: Duration) -> Result<(), String> {
        let until = Instant::now() + time;
        loop {
            for at in 0..self.members.len() {
                let member = &mut self.members[at];
                let has_ended = member
                    .child
                    .as_mut()
                    .is_some_and(|child| !matches!(child.try_wait(), Ok(None)));
                if has_ended {
                    member.child = None;
                    member.due = Some(Instant::now() + AGAIN);
                    self.exits += 1;
                }
                if member.due.is_some_and(|due| due <= Instant::now()) {
                    self.launch(at)?;
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    /// Kills something, as a crash would; it comes back after a while. Returns its
    /// name.
    pub(super) fn kill_one(&mut self, randomness: &SeededRandomness) -> Result<String, String> {
        let away = Duration::from_millis(randomness.below(AWAY_MS_MAX));
        let parts = self.members.len() + self.services.len();
        let at = randomness.below(parts as u64) as usize;
        let Some(member) = self.members.get_mut(at) else {
            return self.kill_service(at - self.members.len(), away);
        };
        if member.role != "worker" {
            self.endpoint.set(|endpoint| endpoint.0 = None);
        }
        end(&mut member.child);
        member.due = Some(Instant::now() + away);
        Ok(member.name.clone())
    }

    fn kill_service(&mut self, at: usize, away: Duration) -> Result<String, String> {
        self.services[at].kill();
        self.watch(away)?;
        let service = &mut self.services[at];
        service.restart();
        Ok(service.name().to_owned())
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for member in &mut self.members {
            end(&mut member.child);
        }
    }
}

fn end(child: &mut Option<Child>) {
    if let Some(mut child) = child.take() {
        // It may have ended by itself, which is as good.
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn listen(endpoint: &Endpoint, line: &str) {
    if let Some(address) = line.strip_prefix("assay listens at http://") {
        endpoint.set(|endpoint| endpoint.0 = address.parse().ok());
    } else if line.starts_with("assay_") {
        endpoint.set(|endpoint| endpoint.1 = Some(line.to_owned()));
    }
}

fn log(folder: &Path, name: &str) -> std::io::Result<File> {
    let path = folder.join(format!("{name}.log"));
    OpenOptions::new().create(true).append(true).open(path)
}
