//! `assay scan`: reads a whole tree, inside or outside git.

use std::process::ExitCode;

use assay_git::Input;

use crate::arguments::{Global, ScanArguments};
use crate::command::review::conclude;

pub(crate) fn run(global: &Global, arguments: &ScanArguments) -> anyhow::Result<ExitCode> {
    let input = match &arguments.rev {
        Some(revision) => Input::Tree(revision.clone()),
        None => Input::Scan {
            path: arguments.path.clone(),
        },
    };
    conclude(global, &arguments.report, &input, None, None)
}
