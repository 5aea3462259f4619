//! `assay audit` and `assay encryption`: what whoever has the database asks of it,
//! without a server that runs.

use std::process::ExitCode;

use anyhow::Context as _;
use assay_app::{App, AppOptions};

use super::settings::{Given, Settings};
use super::{block_on, database, token};
use crate::arguments::{AuditCommand, EncryptionCommand, PlaceArguments};
use crate::output;

/// Exit status of a log that is not whole.
const EXIT_BROKEN: u8 = 1;

pub(crate) fn audit(command: &AuditCommand) -> anyhow::Result<ExitCode> {
    block_on(async {
        match command {
            AuditCommand::Verify(own) => verify(&open(&own.place).await?).await,
            AuditCommand::Export(own) => {
                let app = open(&own.place).await?;
                export(&app, own.organisation.as_deref(), own.after).await
            }
            AuditCommand::Report(own) => {
                let app = open(&own.place).await?;
                let report = app.audit_report_of(&own.organisation).await;
                let report = report.with_context(|| {
                    format!(
                        "there is no report of the organisation `{}`",
                        own.organisation
                    )
                })?;
                output::print(serde_json::to_string_pretty(&report)? + "\n")?;
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

pub(crate) fn encryption(command: &EncryptionCommand) -> anyhow::Result<ExitCode> {
    let EncryptionCommand::Rotate(own) = command;
    block_on(async {
        let app = open(&own.place).await?;
        let done = app.fields_reencrypt().await?;
        output::print(format!(
            "{} encrypted fields: {} written anew, {} that no key opens\n",
            done.fields, done.written, done.unreadable
        ))?;
        Ok(match done.unreadable {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::from(EXIT_BROKEN),
        })
    })
}

/// Opens the database that a server with the same arguments has.
async fn open(place: &PlaceArguments) -> anyhow::Result<App> {
    let settings = Settings::load(&Given::place(place))?;
    let store = database::open_ready(&settings).await?;
    let keys = token::token_keys(&settings.tokens, &settings.data)?;
    let mut options = AppOptions::new(env!("CARGO_PKG_VERSION"), keys);
    options.field_keys = Some(settings.field_keys()?);
    Ok(App::new(store, options))
}

async fn verify(app: &App) -> anyhow::Result<ExitCode> {
    let mut is_broken = false;
    for chain in app.audit_check_all().await? {
        let name = match &chain.organisation {
            Some((_, name)) => format!("organisation {name}"),
            None => "platform".to_owned(),
        };
        let check = chain.check;
        let line = match check.broken_at {
            None => format!(
                "{name}: {} entries, intact, ends with {}\n",
                check.entries, check.last_hash
            ),
            Some(number) => {
                is_broken = true;
                format!(
                    "{name}: BROKEN at entry {number}; {} entries before it are intact\n",
                    check.entries
                )
            }
        };
        output::print(line)?;
    }
    Ok(match is_broken {
        true => ExitCode::from(EXIT_BROKEN),
        false => ExitCode::SUCCESS,
    })
}

async fn export(app: &App, organisation: Option<&str>, after: i64) -> anyhow::Result<ExitCode> {
    let mut after = after;
    loop {
        let lines = app.audit_lines(organisation, after).await?;
        let Some((last, _)) = lines.last() else {
            return Ok(ExitCode::SUCCESS);
        };
        after = *last;
        let text: String = lines.into_iter().map(|(_, line)| line).collect();
        output::print(text)?;
    }
}
