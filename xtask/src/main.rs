//! Development tasks, run as `cargo xtask <task>`.
//!
//! They are Rust and not shell so that they work the same on every machine and
//! are themselves formatted, linted and tested.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a task reads the workspace, starts cargo and talks to whoever typed it"
)]

mod api_check;
mod benchmark;
mod chaos;
mod ci;
mod demo;
mod demo_github;
mod eval;
mod llama;
mod model_figures;
mod model_protocols;
mod pushes;
mod replay;
mod run;
mod services;
mod tidy;
mod tiny_model;
mod train;
mod web;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "\
Usage: cargo xtask <task>

Tasks:
  demo [--check]  build assay, make a sample repository and review its change;
                  with --check compare what it shows with README.md
  demo-github [--postgres] [--keep] [--program ASSAY]
                  show the way from a signed webhook to a review on a pull request;
                  with --keep everything runs until Ctrl-C
  test            run every test of the workspace, with the services that they need
  services up | down | status
                  start PostgreSQL, Redis and NATS on ports of their own (in
                  target/services or ASSAY_SERVICES_DIR), end them, or show them
  tidy [--sizes]  check the floors, the manifests and the habits of STYLE.md;
                  with --sizes print the longest functions and files instead
  ci              everything that must pass before a change is merged
  api-check [--postgres] [--program ASSAY]
                  lint the OpenAPI document with Redocly, and run Schemathesis against a
                  server; both have to be installed
  chaos [--seed N] [--kills N] [--postgres] [--program ASSAY]
                  run the platform under load, kill N (200) of its parts at random
                  and check that nothing was lost or said twice
  replay [--commits N] REPOSITORY...
                  review the last N (200) commits of repositories on disk one by
                  one and check the ledger, the bytes and the time of each
  replay --pushes [--branches N] REPOSITORY...
                  play N (40) merged branches push by push and count what
                  `--since-last` says twice or never
  eval [--program ASSAY] [--model-config FILE | --knowing | --lying] [--only TEXT] [--keep]
                  review the changes of evals/review, whose mistakes are known, and
                  print precision, recall, restraint, cost and time: without a model,
                  with models of a configuration, or with a scripted one that knows
                  every mistake or says what is not so; with --keep the scores are written
                  to evals/scores
  model-figures cost | first [--program ASSAY]
                  what reviews of evals/review with scripted models cost beside the whole
                  difference to the best model; how soon the first remark is there while a
                  model says nothing
  model-protocols [--program ASSAY] [--only TEXT] [--llama-server FILE | --without-llama]
                  review with every kind of provider against the mock server aimock, which
                  npm installs below target/: cut streams, 429, 529, no JSON, refusals; and
                  with llama.cpp's server (FILE, on the PATH, or by pip below target/) and
                  a model of chance: true streams, garbage, overflow
  train-secrets [words | mistakes] DIR
                  train the model that judges secrets on the labels in DIR/meta for
                  DIR/data (and list what it gets wrong), or count the letters of the
                  words of the texts in DIR
  web             build the dashboard, which the next build of the program has within
  web-test        check the dashboard and try every page of it in Chromium, which apt-get
                  installs where it is missing
  benchmark-java FOLDER [ASSAY]
                  scan OWASP BenchmarkJava, print its score by category and the
                  processor time of the scan; with ASSAY a program that is there
                  already is run, and none is built
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[&str]) -> Result<()> {
    let root = workspace_root()?;
    match arguments {
        ["demo"] => demo::run(&root),
        ["demo", "--check"] => demo::check(&root),
        ["web"] => web::build(&root),
        ["web-test"] => web::test(&root),
        ["demo-github", rest @ ..] => demo_github::start(&root, rest),
        ["eval", rest @ ..] => eval::run(&root, rest),
        ["model-protocols", rest @ ..] => model_protocols::run(&root, rest),
        ["model-figures", rest @ ..] => model_figures::run(&root, rest),
        ["test", rest @ ..] => ci::test(&root, rest),
        ["services", "up"] => services::up(),
        ["services", "down"] => services::down(),
        ["services", "status"] => services::status(),
        ["tidy"] => tidy::run(&root),
        ["tidy", "--sizes"] => tidy::print_sizes(&root),
        ["ci"] => ci::run(&root),
        ["api-check", rest @ ..] => api_check::check(&root, rest),
        ["chaos", rest @ ..] => chaos::start(&root, rest),
        ["benchmark-java", folder] => benchmark::score(&root, folder, None),
        ["benchmark-java", folder, assay] => benchmark::score(&root, folder, Some(assay)),
        ["replay", "--pushes", rest @ ..] => pushes::run(&root, rest),
        ["replay", rest @ ..] => replay::run(&root, rest),
        ["train-secrets", rest @ ..] => train::run(&root, rest),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => bail!("unknown task `{}`\n\n{USAGE}", arguments.join(" ")),
    }
}

/// Returns the folder of the workspace: the one above this crate.
fn workspace_root() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .context("xtask is a folder of the workspace")
}
