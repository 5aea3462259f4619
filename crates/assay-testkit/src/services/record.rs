//! What runs, written down: one line a service, `name pid port`.

use std::fs;
use std::path::{Path, PathBuf};

use super::program::Started;
use super::{Services, postgres_url, told};

/// The processes of a folder's services.
#[derive(Default)]
pub(super) struct Record(Vec<Started>);

impl Record {
    fn path(folder: &Path) -> PathBuf {
        folder.join("running")
    }

    /// Reads what was started; what cannot be read was not.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(Self::path(folder)).ok()?;
        let line = |line: &str| {
            let mut words = line.split(' ');
            Some(Started {
                name: words.next()?.to_owned(),
                pid: words.next()?.parse().ok()?,
                port: words.next()?.parse().ok()?,
            })
        };
        text.lines().map(line).collect::<Option<_>>().map(Self)
    }

    pub(super) fn add(&mut self, started: Started) {
        self.0.push(started);
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), String> {
        let line = |one: &Started| format!("{} {} {}\n", one.name, one.pid, one.port);
        let text: String = self.0.iter().map(line).collect();
        let path = Self::path(folder);
        fs::write(&path, text).map_err(|why| told("write", &path, &why))
    }

    pub(super) fn forget(folder: &Path) -> Result<(), String> {
        let path = Self::path(folder);
        fs::remove_file(&path).map_err(|why| told("remove", &path, &why))
    }

    pub(super) fn is_alive(&self) -> bool {
        self.0.len() == 3 && self.0.iter().all(Started::is_alive)
    }

    /// Ends all; returns how many ran.
    pub(super) fn end(&self) -> usize {
        self.0.iter().filter(|one| one.end()).count()
    }

    pub(super) fn services(&self) -> Services {
        let port = |name: &str| {
            let found = self.0.iter().find(|one| one.name == name);
            found.map_or(0, |one| one.port)
        };
        Services {
            postgres_url: postgres_url(port("postgres")),
            redis_url: format!("redis://127.0.0.1:{}/", port("redis-server")),
            nats_url: format!("nats://127.0.0.1:{}", port("nats-server")),
        }
    }
}
