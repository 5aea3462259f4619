//! A database of its own for each test, on each engine.
//!
//! Start at [`on_both_engines!`](crate::on_both_engines). SQLite is a file in a
//! temporary folder; PostgreSQL is the server of [`Services`], where a database is
//! a copy of one that has all tables.

use std::fs::File;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use assay_source::Clock;
use assay_store::{Engine, Store, StoreOptions, database_create, database_drop};
use tempfile::TempDir;

use crate::services::{Services, folder};
use crate::world::{SeededRandomness, SettableClock};

/// A store for one test, with all tables and nothing in them.
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<SettableClock>,
    /// Its address.
    pub url: String,
    /// A folder that the test may use.
    pub folder: TempDir,
}

/// Runs each test, an `async fn(TestStore)`, once on SQLite and once on PostgreSQL.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        $(
            mod $name {
                #[test]
                fn sqlite() {
                    $crate::store::run(false, super::$name);
                }

                #[test]
                fn postgres() {
                    $crate::store::run(true, super::$name);
                }
            }
        )+
    };
}

/// Runs a test on a store of its own.
///
/// # Panics
/// When there is no database, or when the test fails.
pub fn run<F, T>(is_postgres: bool, test: F)
where
    F: FnOnce(TestStore) -> T,
    T: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let folder = fast_folder().expect("a temporary folder can be made");
    let place = if is_postgres {
        let server = Services::of_workspace().postgres_url;
        let name = new_name();
        runtime.block_on(clone_template(&server, &name));
        Place::Postgres { server, name }
    } else {
        let file = folder.path().join("assay.db");
        Place::Sqlite(format!("sqlite:{}", file.display()))
    };
    runtime.block_on(async {
        let clock = Arc::new(SettableClock::default());
        let url = place.url();
        let store = open(&url, clock.clone()).await;
        store.migrate().await.expect("the tables can be made");
        let owned = TestStore {
            store: store.clone(),
            clock,
            url,
            folder,
        };
        // The database goes also when the test fails, but not before.
        let _gone = Gone(&place);
        test(owned).await;
        store.close().await;
    });
}

/// Opens a further store over the same database, as another process would.
///
/// # Panics
/// When the database does not open.
pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Store {
    static SEED: AtomicU32 = AtomicU32::new(1);
    let seed = u64::from(SEED.fetch_add(1, Ordering::Relaxed));
    let process = u64::from(std::process::id());
    let randomness = Arc::new(SeededRandomness::new(process << 32 | seed));
    let opened = Store::open(&StoreOptions::new(url), clock, randomness).await;
    opened.expect("the database opens")
}

/// Returns a folder in memory where there is one: a test does not wait for the
/// disk.
fn fast_folder() -> std::io::Result<TempDir> {
    let memory = std::path::Path::new("/dev/shm");
    match tempfile::tempdir_in(memory) {
        Ok(folder) => Ok(folder),
        Err(_) => tempfile::tempdir(),
    }
}

enum Place {
    Sqlite(String),
    Postgres { server: String, name: String },
}

impl Place {
    fn url(&self) -> String {
        match self {
            Self::Sqlite(url) => url.clone(),
            // A test does not wait for the disk; the kill tests have servers of
            // their own.
            Self::Postgres { server, name } => {
                format!("{server}{name}?options=-c%20synchronous_commit%3Doff")
            }
        }
    }
}

/// Drops the database at the end, in a thread without a runtime of its own.
struct Gone<'a>(&'a Place);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        let Place::Postgres { server, name } = self.0 else {
            return;
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                if let Ok(runtime) = runtime {
                    // What is left goes with the server.
                    let _ = runtime.block_on(database_drop(server, name));
                }
            });
        });
    }
}

fn new_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let now_ms = crate::world::MachineClock.now_ms();
    format!("assay_test_{}_{number}_{now_ms}", std::process::id())
}

async fn clone_template(server: &str, name: &str) {
    let template = format!("assay_template_{}", Store::schema_hash());
    {
        let lock = File::create(folder().join("template.lock"));
        let lock = lock.expect("the services have a folder");
        lock.lock().expect("a file can be locked");
        // It is there but for the first time.
        if database_create(server, &template, None).await.is_ok() {
            let clock = Arc::new(SettableClock::default());
            let store = open(&format!("{server}{template}"), clock).await;
            store.migrate().await.expect("the tables can be made");
            store.close().await;
        }
    }
    let made = database_create(server, name, Some(&template)).await;
    made.expect("a database can be copied");
}

/// Returns whether the store is on PostgreSQL.
pub fn is_postgres(store: &Store) -> bool {
    store.engine() == Engine::Postgres
}
