//! The `assay` command: arguments, configuration, wiring, output.
//!
//! Everything that touches the world is here or in `assay-git`: the review
//! itself is a function in `assay-review`.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the floor that gives the others the world"
)]

mod advisories;
mod arguments;
mod cache;
mod command;
mod config;
mod model;
mod output;
mod past;
mod progress;
mod runaway;
mod said;
mod search;
mod segment_folder;
mod server;
mod tool;
mod usage;

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::{Arguments, Command, RuleCommand};

/// Exit status of an error; 0 is clean, 1 a failed gate.
const EXIT_ERROR: u8 = 2;

fn main() -> ExitCode {
    runaway::limit_memory();
    if !runaway::end_with_parent() {
        return ExitCode::from(EXIT_ERROR);
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; clap knows where each is printed.
            let code = if error.use_stderr() { EXIT_ERROR } else { 0 };
            return match error.print() {
                Err(fault) if fault.kind() != ErrorKind::BrokenPipe => ExitCode::from(EXIT_ERROR),
                _ => ExitCode::from(code),
            };
        }
    };
    match run(&arguments) {
        Ok(code) => code,
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::from(EXIT_ERROR)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let global = &arguments.global;
    if let Some(threads) = global.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(threads))
            .build_global()?;
    }
    match &arguments.command {
        Command::Review(own) => command::review::run(global, own),
        Command::Scan(own) => command::scan::run(global, own),
        Command::Graph(own) => command::graph::run(global, own),
        Command::Ask(own) => command::ask::run(global, own),
        Command::Discuss(own) => command::discuss::run(global, own),
        Command::Knowledge(own) => command::knowledge::run(own),
        Command::Prompt(own) => command::prompt::run(own),
        Command::Impact(own) => command::impact::run(global, own),
        Command::Fix(own) => command::fix::run(global, own),
        Command::Explain(own) => command::explain::run(global, own),
        Command::Rule(RuleCommand::Test(own)) => command::rule::test(global, own),
        Command::Rules(own) => command::list::rules(own),
        Command::Languages(own) => command::list::languages(own),
        Command::Config(own) => command::config::run(global, own),
        Command::Init(own) => command::init::run(global, own),
        Command::Baseline(own) => command::baseline::run(global, own),
        Command::History(own) => command::history::run(global, own),
        Command::Summary(own) => command::summary::run(global, own),
        Command::Sbom(own) => command::sbom::run(global, own),
        Command::Cache(own) => command::cache::run(own),
        Command::Usage(own) => command::usage::run(own),
        Command::Batch(own) => command::batch::run(own),
        Command::Advisories(own) => command::advisories::run(global, own),
        Command::Serve(own) => server::run(own),
        Command::Demo(own) => server::demo(own),
        Command::Worker(own) => server::run_worker(own),
        Command::Migrate(own) => server::migrate(own),
        Command::Backup(own) => server::backup(own),
        Command::Restore(own) => server::restore(own),
        Command::Admin(own) => server::admin(own),
        Command::Audit(own) => server::audit::audit(own),
        Command::Encryption(own) => server::audit::encryption(own),
        Command::Examine => command::examine::run(),
        Command::Completions(own) => command::shell::completions(own),
        Command::Man => command::shell::man(),
    }
}
