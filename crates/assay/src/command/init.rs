//! `assay init`: writes a configuration that says what can be set.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;

use crate::arguments::{Global, InitArguments};
use crate::config::{CONFIG_NAME, TEMPLATE};
use crate::output;

pub(crate) fn run(global: &Global, arguments: &InitArguments) -> anyhow::Result<ExitCode> {
    let path = global
        .directory
        .as_deref()
        .unwrap_or(Path::new(""))
        .join(CONFIG_NAME);
    if path.exists() && !arguments.force {
        bail!("{} is there already; --force replaces it", path.display());
    }
    output::write_file(&path, |out| out.write_all(TEMPLATE.as_bytes()))?;
    output::print(format!(
        "Wrote {}. A review reads it from the base revision: commit it to make it count.\n",
        path.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
