//! `assay batch`: questions to language models that wait in batches.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use assay_llm::{BatchLedger as _, LlmError, ModelId, Money};

use crate::arguments::{BatchCancelArguments, BatchCommand};
use crate::model::batch::{BatchFolder, BatchRun};
use crate::output;

pub(crate) fn run(command: &BatchCommand) -> Result<ExitCode> {
    match command {
        BatchCommand::List => list()?,
        BatchCommand::Collect(own) => {
            let batches = BatchRun::of_config(own.model_config.as_deref())?;
            let looked = runtime()?.block_on(batches.collect());
            if looked.map_err(anyhow::Error::msg)? == 0 {
                output::remark("no batch waits".to_owned());
            }
        }
        BatchCommand::Cancel(own) => cancel(own)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.context("the runtime cannot be started")
}

fn list() -> Result<()> {
    let folder = BatchFolder::find().context("there is no home folder")?;
    let mut out = String::new();
    for batch in folder.list().map_err(anyhow::Error::msg)? {
        let when = jiff::Timestamp::from_millisecond(batch.submitted_ms).unwrap_or_default();
        let _ = writeln!(
            out,
            "{}  {}  {} questions to {}, {} set aside",
            batch.id,
            when.strftime("%F %R UTC"),
            batch.sent.len(),
            batch.model,
            Money::from_nanos(batch.taken_nanos)
        );
    }
    output::print(out)?;
    Ok(())
}

fn cancel(own: &BatchCancelArguments) -> Result<()> {
    let batches = BatchRun::of_config(own.own.model_config.as_deref())?;
    let all = batches.ledger.list().map_err(anyhow::Error::msg)?;
    let batch = all.iter().find(|batch| batch.id == own.id);
    let batch = batch.with_context(|| format!("no batch `{}` waits", own.id))?;
    let model = ModelId::parse(&batch.model).and_then(|id| batches.desk.batch_model(&id));
    let model = model.with_context(|| format!("`{}` is not configured", batch.model))?;
    match runtime()?.block_on(model.batch_cancel(&batch.id)) {
        Ok(()) => output::remark(format!(
            "the batch {} is being stopped; `assay batch collect` takes what is done",
            batch.id
        )),
        Err(LlmError::Status { status: 404, .. }) => {
            batches.ledger.remove(batch);
            output::remark(format!(
                "{} does not know the batch {}; what was set aside for it stays spent",
                batch.model, batch.id
            ));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
