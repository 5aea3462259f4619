//! `assay completions` and `assay man`: what shells and manuals need.

use std::io::Write as _;
use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::arguments::{Arguments, CompletionsArguments};

pub(crate) fn completions(arguments: &CompletionsArguments) -> anyhow::Result<ExitCode> {
    let mut out = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "assay",
        &mut out,
    );
    std::io::stdout().write_all(&out)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints one page with a section for each command.
pub(crate) fn man() -> anyhow::Result<ExitCode> {
    let command = Arguments::command();
    let mut out = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut out)?;
    for sub in command.get_subcommands() {
        let name = format!("assay-{}", sub.get_name());
        let page = clap_mangen::Man::new(sub.clone().name(&*name.leak()));
        page.render_title(&mut std::io::sink())?;
        writeln!(out, ".SH \"assay {}\"", sub.get_name())?;
        page.render_synopsis_section(&mut out)?;
        page.render_description_section(&mut out)?;
        page.render_options_section(&mut out)?;
    }
    std::io::stdout().write_all(&out)?;
    Ok(ExitCode::SUCCESS)
}
