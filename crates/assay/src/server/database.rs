//! `assay migrate`, `assay backup` and `assay restore`: a server's database as a
//! whole.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use assay_auth::Scope;
use assay_store::{Page, Store};

use super::block_on;
use super::settings::{Given, Settings};
use super::world::{SystemClock, SystemRandomness};
use crate::EXIT_ERROR;
use crate::arguments::{CopyArguments, MigrateArguments};
use crate::output;

/// Opens the database, whose tables may not be there.
pub(super) async fn open(settings: &Settings) -> anyhow::Result<Store> {
    let opened = Store::open(
        &settings.database,
        Arc::new(SystemClock),
        Arc::new(SystemRandomness),
    );
    opened.await.context("the database cannot be opened")
}

/// Opens the database, whose tables have to be up to date.
pub(super) async fn open_ready(settings: &Settings) -> anyhow::Result<Store> {
    let store = open(settings).await?;
    let missing = store.migrations_missing().await?;
    if !missing.is_empty() {
        let missing = missing.join(", ");
        bail!("the tables are not up to date ({missing}): run `assay migrate`");
    }
    Ok(store)
}

/// `assay migrate`.
pub(crate) fn migrate(arguments: &MigrateArguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(&Given::place(&arguments.place))?;
    block_on(async {
        let store = open(&settings).await?;
        let names = match arguments.check {
            true => store.migrations_missing().await,
            false => store.migrate().await,
        };
        let names = names.context("the tables cannot be brought up to date")?;
        let verb = if arguments.check {
            "missing"
        } else {
            "applied"
        };
        for name in &names {
            output::print(format!("{verb} {name}\n"))?;
        }
        if names.is_empty() {
            output::print("the tables are up to date\n")?;
        }
        store.close().await;
        Ok(match arguments.check && !names.is_empty() {
            true => ExitCode::from(EXIT_ERROR),
            false => ExitCode::SUCCESS,
        })
    })
}

/// `assay backup`.
pub(crate) fn backup(arguments: &CopyArguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(&Given::place(&arguments.place))?;
    block_on(async {
        let store = open_ready(&settings).await?;
        assay_store::backup(&store, &arguments.file).await?;
        store.close().await;
        let bytes = std::fs::metadata(&arguments.file)?.len();
        let file = arguments.file.display();
        output::print(format!("{file} has the whole database ({bytes} bytes)\n"))?;
        Ok(ExitCode::SUCCESS)
    })
}

/// `assay restore`.
pub(crate) fn restore(arguments: &CopyArguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(&Given::place(&arguments.place))?;
    let url = &settings.database.url;
    block_on(async {
        if url.starts_with("sqlite:") {
            assay_store::restore(url, None, &arguments.file)
                .await
                .context("a copy goes where no database is yet")?;
            open(&settings).await?.migrate().await?;
        } else {
            let store = open(&settings).await?;
            store.migrate().await?;
            let any = {
                let mut tx = store.read().await?;
                let page = Page::first(1);
                tx.organisation_list(&Scope::system("restore"), page)
                    .await?
            };
            if !any.is_empty() {
                bail!("the database is in use: a copy goes into an empty one");
            }
            assay_store::restore(url, Some(&store), &arguments.file).await?;
            store.close().await;
        }
        let file = arguments.file.display();
        output::print(format!("the database is as {file} had it\n"))?;
        Ok(ExitCode::SUCCESS)
    })
}
