//! `assay sbom`: lists the packages that a tree depends on.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use assay_deps::{PackageFile, Project, TreeFiles, cyclonedx};
use assay_git::{Input, Options};

use crate::arguments::{Global, SbomArguments, SbomFormat};
use crate::output;

/// How many problems are said one by one.
const PROBLEMS_MAX: usize = 20;

pub(crate) fn run(global: &Global, arguments: &SbomArguments) -> anyhow::Result<ExitCode> {
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let options = Options {
        threads: global.threads.map(usize::from),
        ..Options::default()
    };
    let input = Input::Scan {
        path: arguments.path.clone(),
    };
    let opened = assay_git::open(directory, &input, &options)?;
    let list = opened.tree.list().context("the files cannot be listed")?;
    let files = TreeFiles::new(&*opened.tree, &list).read_all();
    let name = opened
        .root
        .as_deref()
        .and_then(|root| root.canonicalize().ok());
    let name = name.as_deref().and_then(Path::file_name);
    let project = Project {
        name: name.map_or_else(
            || "project".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        ),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let text = match arguments.format {
        SbomFormat::CyclonedxJson => cyclonedx(&files, &project),
    };
    match &arguments.output {
        Some(file) => output::write_file(file, |out| out.write_all(text.as_bytes()))?,
        None => output::print(text)?,
    }
    if !global.quiet {
        remark(&files);
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what was read, and everything that the list may lack.
fn remark(files: &[PackageFile]) {
    let problems: Vec<String> = files
        .iter()
        .flat_map(|file| {
            file.problems
                .iter()
                .map(|problem| format!("{}: {}", file.path, problem.message))
        })
        .collect();
    for problem in problems.iter().take(PROBLEMS_MAX) {
        output::remark(problem);
    }
    if problems.len() > PROBLEMS_MAX {
        output::remark(format!(
            "and {} further problems",
            problems.len() - PROBLEMS_MAX
        ));
    }
    let unpinned = files
        .iter()
        .flat_map(|file| &file.packages)
        .filter(|package| package.version.is_none())
        .count();
    let entries: usize = files.iter().map(|file| file.packages.len()).sum();
    output::remark(format!(
        "{} package files with {entries} entries, {unpinned} of them without an exact version",
        files.len()
    ));
}
