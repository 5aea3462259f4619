//! `assay review`: reviews a change.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use assay_app::FIRST_LINE;
use assay_finding::Said;
use assay_finding::render::Part;
use assay_git::{Input, Opened, Options};
use assay_review::{MODEL_PACK, Subject, review};

use super::pull::{self, PullAddress};
use crate::arguments::{ChangeArguments, Global, ReportArguments, ReviewArguments};
use crate::config::{self, Loaded};
use crate::model::ModelStep;
use crate::output::{self, Outputs};
use crate::progress::{Bar, Lines};
use crate::said::Record;
use crate::{cache, past, tool, usage};

pub(crate) fn run(global: &Global, arguments: &ReviewArguments) -> anyhow::Result<ExitCode> {
    let named = arguments.change.change.as_deref();
    if let Some(address) = named.and_then(PullAddress::parse) {
        return pull::run(global, arguments, &address?);
    }
    ensure!(
        !arguments.post,
        "--post is for a pull request, such as owner/repo#12"
    );
    let input = change_input(&arguments.change)?;
    let since_last = arguments.since_last.as_ref().map(Option::as_deref);
    let model = ModelStep::prepare(&arguments.model, global.verbose)?;
    let model = model.map(|model| model.waiting(arguments.batch));
    conclude(global, &arguments.report, &input, since_last, model)
}

/// Returns the input that is named.
pub(crate) fn change_input(arguments: &ChangeArguments) -> anyhow::Result<Input> {
    if let Some(file) = &arguments.patch {
        return Ok(Input::Patch {
            bytes: read_patch(file)?,
        });
    }
    if arguments.staged {
        return Ok(Input::Staged);
    }
    Ok(match &arguments.change {
        Some(change) => Input::from_revision(change),
        None => Input::WorkingTree {
            base: arguments.base.clone(),
        },
    })
}

/// Reads a patch, one byte more than the limit at most, so that the limit's
/// own error says what is wrong.
fn read_patch(file: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes_max = Options::default().limits.patch_bytes_max as u64;
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin()
            .take(bytes_max + 1)
            .read_to_end(&mut bytes)
            .context("standard input")?;
    } else {
        let opened = std::fs::File::open(file)
            .with_context(|| format!("the patch {} cannot be read", file.display()))?;
        opened
            .take(bytes_max + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("the patch {} cannot be read", file.display()))?;
    }
    Ok(bytes)
}

/// Opens the input, reviews it, writes the reports, and says how it ended.
pub(crate) fn conclude(
    global: &Global,
    arguments: &ReportArguments,
    input: &Input,
    since_last: Option<Option<&str>>,
    model: Option<ModelStep>,
) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let outputs = Outputs::parse(&arguments.outputs)?;
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let options = Options {
        threads: global.threads.map(usize::from),
        // `git commit FILE` gives its hooks an index of its own.
        index_file: std::env::var_os("GIT_INDEX_FILE")
            .filter(|path| !path.is_empty())
            .map(|path| directory.join(path)),
        ..Options::default()
    };
    let mut opened = assay_git::open(directory, input, &options)?;
    let Loaded {
        mut settings,
        notes,
        mut key,
        tools,
        ..
    } = config::load(global, directory, &opened, input.is_scan())?;
    config::apply_arguments(&mut settings, arguments, &opened)?;
    settings.outside = tool::outside(arguments, input, &opened, &settings, tools)?;
    opened.change.notes.extend(notes);
    for rule in &arguments.rules {
        key.add(rule.as_bytes());
    }
    let kept = match arguments.no_cache {
        true => None,
        false => cache::attach(&mut settings, &opened, key),
    };
    settings.facts = cache::facts(&opened).filter(|_| !arguments.no_cache);
    settings.past = past::of(directory, &opened, &options, arguments.no_cache);
    let record = since_last
        .map(|name| Record::open(directory, &opened, input, name, &options))
        .transpose()?;
    settings.keeps_diff = arguments.keep_diff;
    let subject = subject(&opened, input);
    let mut report = match arguments.tell_progress {
        true => review(subject, &settings, &Lines::new()),
        false => report(subject, &settings, global.quiet),
    };
    if let Some(kept) = kept {
        kept.save();
    }
    let mut part = Part::Whole;
    if let Some(model) = model {
        // What is known without a model does not wait for it.
        outputs.write_first(global, arguments, &opened, &report)?;
        if let Some(file) = model.first_remarks() {
            output::write_remarks(file, &report)?;
            output::print(format!("{FIRST_LINE}\n"))?;
        }
        let model = model.of(opened.root.as_deref(), !arguments.no_cache);
        model.run(subject, &settings, &mut report)?;
        part = Part::Rest(MODEL_PACK);
    }
    if let Some(record) = &record {
        report.since = Some(record.read().compare(&report));
    }
    outputs.write(global, arguments, &opened, &report, part)?;
    // Only what was shown was said.
    if let Some(record) = &record {
        record.write(&Said::of(&report))?;
    }
    if global.verbose {
        output::remark(usage::since(started));
    }
    Ok(output::exit_code(&report))
}

fn subject<'a>(opened: &'a Opened, input: &Input) -> Subject<'a> {
    Subject {
        change: &opened.change,
        tree: &*opened.tree,
        is_scan: input.is_scan(),
    }
}

fn report(
    subject: Subject<'_>,
    settings: &assay_review::Settings,
    quiet: bool,
) -> assay_finding::Report {
    let bar = Bar::new(quiet);
    let report = review(subject, settings, &bar);
    bar.finish();
    report
}
