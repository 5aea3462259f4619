//! Starts, ends and shows the services that the tests run on.

use anyhow::{Result, anyhow};
use assay_testkit::services::{self, Services};

/// Starts what does not run and prints the addresses.
pub(crate) fn up() -> Result<()> {
    let services = Services::up(&services::folder()).map_err(|why| anyhow!(why))?;
    print(&services);
    Ok(())
}

/// Ends what was started.
pub(crate) fn down() -> Result<()> {
    let ended = services::down(&services::folder()).map_err(|why| anyhow!(why))?;
    println!("services: {ended} ended");
    Ok(())
}

/// Prints the addresses of what runs.
pub(crate) fn status() -> Result<()> {
    match services::status(&services::folder()).map_err(|why| anyhow!(why))? {
        Some(services) => print(&services),
        None => println!("services: down"),
    }
    Ok(())
}

/// Runs something with the services up, and ends them again when they did not
/// run before.
pub(crate) fn with<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = services::status(&services::folder()).map_err(|why| anyhow!(why))?;
    up()?;
    let result = work();
    if before.is_none() {
        down()?;
    }
    result
}

fn print(services: &Services) {
    println!("PostgreSQL {}", services.postgres_url);
    println!("Redis      {}", services.redis_url);
    println!("NATS       {}", services.nats_url);
}
