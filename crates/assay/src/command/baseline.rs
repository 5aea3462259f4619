//! `assay baseline`: accepts the findings of a tree as existing.

use std::path::{Component, Path};
use std::process::ExitCode;

use assay_finding::Baseline;
use assay_git::{Input, Options};
use assay_review::{Subject, review};

use crate::advisories;
use crate::arguments::{BaselineArguments, Global};
use crate::config::{self, BASELINE_NAME};
use crate::output;
use crate::progress::Bar;

pub(crate) fn run(global: &Global, arguments: &BaselineArguments) -> anyhow::Result<ExitCode> {
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let input = Input::Scan {
        path: arguments.path.clone(),
    };
    let options = Options {
        threads: global.threads.map(usize::from),
        ..Options::default()
    };
    let opened = assay_git::open(directory, &input, &options)?;
    let mut settings = config::load(global, directory, &opened, true)?.settings;
    settings.baseline = None;
    settings.advisories = advisories::source(None);
    // Each finding is accepted by itself, also one that another one stands for.
    settings.fold = false;
    let bar = Bar::new(global.quiet);
    let subject = Subject {
        change: &opened.change,
        tree: &*opened.tree,
        is_scan: true,
    };
    let mut report = review(subject, &settings, &bar);
    bar.finish();

    let file = match &arguments.file {
        Some(file) => directory.join(file),
        // `./.` is no part of a name that is shown.
        None => directory
            .join(&arguments.path)
            .join(BASELINE_NAME)
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect(),
    };
    let baseline = if arguments.prune {
        let known = config::read_baseline(&file)?;
        known.without(&known.apply(&mut report.findings))
    } else {
        Baseline::of(&report.findings)
    };
    output::write_file(&file, |out| out.write_all(baseline.to_json().as_bytes()))?;
    output::print(format!(
        "{} accepted in {}\n",
        output::count(baseline.finding_count(), "finding"),
        file.display()
    ))?;
    if !report.problems.is_empty() {
        output::remark(format!(
            "{}; `assay scan` shows them",
            output::count(report.problems.len(), "problem")
        ));
    }
    Ok(ExitCode::SUCCESS)
}
