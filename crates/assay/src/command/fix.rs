//! `assay fix`: mends what has a fix, and with a model what has none, as a difference to
//! look at or in place.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use assay_app::{FixOutcome, FixedLine, UnfixedLine};
use assay_finding::{Finding, Report};
use assay_git::{Input, Opened, Options};
use assay_review::{MendInput, Mended, ModelMended, Settings, Subject, mend, review};
use assay_source::{FileVersion, RepoPath, SourceText};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use crate::arguments::{FixArguments, Global};
use crate::config;
use crate::model::{Mend, ModelStep};
use crate::output;
use crate::progress::Bar;

/// Exit status when there is something to mend and it was only shown.
const EXIT_SHOWN: u8 = 1;

/// Reasons of this many findings are written out.
const LEFT_MAX: usize = 20;

pub(crate) fn run(global: &Global, arguments: &FixArguments) -> anyhow::Result<ExitCode> {
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let model = ModelStep::prepare(&arguments.model, global.verbose)?;
    let input = if arguments.all {
        Input::Scan {
            path: arguments.path.clone(),
        }
    } else if let Some(change) = &arguments.change {
        Input::from_revision(change)
    } else {
        Input::WorkingTree {
            base: arguments.base.clone(),
        }
    };
    let options = Options {
        threads: global.threads.map(usize::from),
        ..Options::default()
    };
    let opened = assay_git::open(directory, &input, &options)?;
    let root = opened.root.clone();
    ensure!(
        root.is_some() || !arguments.apply,
        "a bare repository has no files to mend"
    );
    let mut settings = config::load(global, directory, &opened, arguments.all)?.settings;
    let only = config::named_rules(&settings, &arguments.rules)?;
    config::enable(&mut settings, &only);
    // Findings are mended one by one, also those that another one stands for.
    settings.fold = false;
    ensure!(
        arguments.test.is_none() || model.is_some(),
        "--test is for fixes of a model: say --model or --replay"
    );
    let bar = Bar::new(global.quiet);
    let subject = Subject {
        change: &opened.change,
        tree: &*opened.tree,
        is_scan: arguments.all,
    };
    let report = review(subject, &settings, &bar);
    bar.finish();
    let is_named =
        |finding: &Finding| only.is_empty() || only.iter().any(|id| id == finding.rule.as_str());
    let is_wanted =
        |finding: &&Finding| is_named(finding) && finding.counts() && finding.fix.is_some();
    let findings: Vec<&Finding> = report.findings.iter().filter(is_wanted).collect();
    let files = files_to_mend(&findings, &opened, settings.limits.file_bytes_max);
    let mended: Vec<(FileToMend<'_>, anyhow::Result<Mended>)> = files
        .into_par_iter()
        .map(|file| {
            let mended = mend_file(&file, arguments, &settings);
            (file, mended)
        })
        .collect();
    let mut done = Done::of(&mended);
    if let Some(model) = model {
        let before = contents(&report, &opened, settings.limits.file_bytes_max);
        let texts = mended.iter().filter_map(|(file, mended)| {
            let mended = mended.as_ref().ok()?;
            let is_mended = !mended.applied.is_empty();
            is_mended.then(|| (file.path().clone(), Arc::clone(&mended.text)))
        });
        let mend = Mend {
            texts: &texts.collect(),
            report: &report,
            is_wanted: &is_named,
            test: arguments.test.as_deref(),
        };
        let model = model.of(root.as_deref(), true);
        match model.fix((subject, &settings), &mend)? {
            Ok((by_model, about)) => done.add(&by_model, about, before),
            Err(why) => done.outcome.left.push(UnfixedLine {
                path: None,
                line: None,
                rule: None,
                why: format!("no model was asked: {why}"),
            }),
        }
    }
    if let (true, Some(root)) = (arguments.apply, &root) {
        for (path, (bytes, text)) in &done.files {
            write(root, path, bytes.as_deref(), text)?;
        }
    }
    conclude(&done, arguments, global.quiet)
}

/// What is mended, by whom, and what is not.
#[derive(Default)]
struct Done {
    diff: String,
    /// The files as they were read and as they are mended.
    files: BTreeMap<RepoPath, (Option<Vec<u8>>, Arc<SourceText>)>,
    outcome: FixOutcome,
}

impl Done {
    /// Collects what rules mended.
    fn of(mended: &[(FileToMend<'_>, anyhow::Result<Mended>)]) -> Self {
        let mut done = Self::default();
        let outcome = &mut done.outcome;
        for (file, result) in mended {
            let name = file.path().to_display();
            let mended = match result {
                Ok(mended) => mended,
                Err(error) => {
                    outcome.left.push(UnfixedLine {
                        path: Some(name),
                        line: None,
                        rule: None,
                        why: error.to_string(),
                    });
                    continue;
                }
            };
            outcome
                .mended
                .extend(mended.applied.iter().map(|applied| FixedLine {
                    path: name.clone(),
                    line: applied.line,
                    rule: applied.rule.to_string(),
                    title: applied.title.clone(),
                    by: None,
                    attempts: 0,
                    checks: "applies, parses, the finding is gone, nothing new is found".to_owned(),
                }));
            outcome
                .left
                .extend(mended.left.iter().map(|left| UnfixedLine {
                    path: Some(name.clone()),
                    line: Some(left.line),
                    rule: Some(left.rule.to_string()),
                    why: left.reason.as_str().to_owned(),
                }));
            if !mended.applied.is_empty() {
                done.diff.push_str(&mended.diff);
                let bytes = file.bytes.as_ref().ok().cloned();
                let text = Arc::clone(&mended.text);
                done.files.insert(file.path().clone(), (bytes, text));
            }
        }
        done
    }

    /// Adds what a model mended, which is on top of what rules did.
    fn add(
        &mut self,
        mended: &ModelMended,
        about: String,
        mut before: BTreeMap<RepoPath, Vec<u8>>,
    ) {
        let outcome = &mut self.outcome;
        outcome
            .mended
            .extend(mended.fixes.iter().map(|fix| FixedLine {
                path: fix.finding.location.path.to_display(),
                line: fix.finding.location.start.line,
                rule: fix.finding.rule.to_string(),
                title: fix.title.clone(),
                by: Some(fix.by.clone()),
                attempts: fix.attempts,
                checks: fix.checks().to_owned(),
            }));
        outcome
            .left
            .extend(mended.left.iter().map(|left| UnfixedLine {
                path: Some(left.path.to_display()),
                line: Some(left.line),
                rule: Some(left.rule.to_string()),
                why: left.why.clone(),
            }));
        outcome.about = Some(about);
        if mended.fixes.is_empty() {
            return;
        }
        self.diff.clone_from(&mended.diff);
        for (path, text) in &mended.texts {
            let known = self.files.remove(path).and_then(|(bytes, _)| bytes);
            let bytes = known.or_else(|| before.remove(path));
            self.files.insert(path.clone(), (bytes, Arc::clone(text)));
        }
    }
}

/// Reads the files that findings speak of, so that none is written over that was altered
/// while models were asked.
fn contents(report: &Report, opened: &Opened, bytes_max: u64) -> BTreeMap<RepoPath, Vec<u8>> {
    let findings = report.findings.iter().filter(|finding| finding.counts());
    let named: BTreeSet<&RepoPath> = findings
        .flat_map(|finding| {
            let related = finding.related.iter().map(|related| &related.location);
            related.chain([&finding.location]).map(|place| &place.path)
        })
        .collect();
    let heads = opened
        .change
        .files
        .iter()
        .filter_map(|file| file.head.as_ref());
    let read = heads
        .filter(|version| named.contains(&version.path))
        .filter_map(|version| {
            let bytes = opened.tree.read(version, bytes_max).ok()?;
            Some((version.path.clone(), bytes))
        });
    read.collect()
}

/// A file with findings that have a fix.
struct FileToMend<'a> {
    version: &'a FileVersion,
    bytes: anyhow::Result<Vec<u8>>,
    findings: Vec<&'a Finding>,
}

impl FileToMend<'_> {
    fn path(&self) -> &RepoPath {
        &self.version.path
    }
}

fn files_to_mend<'a>(
    findings: &[&'a Finding],
    opened: &'a Opened,
    bytes_max: u64,
) -> Vec<FileToMend<'a>> {
    let mut by_path: HashMap<&RepoPath, Vec<&Finding>> = HashMap::new();
    for finding in findings {
        by_path
            .entry(&finding.location.path)
            .or_default()
            .push(finding);
    }
    let versions = opened
        .change
        .files
        .iter()
        .filter_map(|file| file.head.as_ref());
    versions
        .filter_map(|version| {
            let findings = by_path.remove(&version.path)?;
            let bytes = opened.tree.read(version, bytes_max);
            Some(FileToMend {
                version,
                bytes: bytes.map_err(anyhow::Error::from),
                findings,
            })
        })
        .collect()
}

fn mend_file(
    file: &FileToMend<'_>,
    arguments: &FixArguments,
    settings: &Settings,
) -> anyhow::Result<Mended> {
    let bytes = match &file.bytes {
        Ok(bytes) => bytes.clone(),
        Err(error) => bail!("{error}"),
    };
    let text = Arc::new(SourceText::decode(bytes)?);
    let input = MendInput {
        path: file.path(),
        text: &text,
        findings: &file.findings,
        allow_unsafe: arguments.allow_unsafe,
    };
    Ok(mend(input, settings))
}

/// Writes a mended file, unless it is no longer what was read.
fn write(
    root: &Path,
    path: &RepoPath,
    before: Option<&[u8]>,
    text: &SourceText,
) -> anyhow::Result<()> {
    let name = path.to_display();
    let path = root.join(path_of(path));
    let now = std::fs::read(&path).with_context(|| format!("{name} cannot be read"))?;
    if before != Some(&now) {
        bail!("{name} was altered in the meantime; run the command again");
    }
    let bytes = text.encode().with_context(|| {
        let encoding = text.encoding().as_str();
        format!("{name} has characters that its encoding, {encoding}, cannot write")
    })?;
    output::write_file(&path, |out| out.write_all(&bytes))
}

#[cfg(unix)]
fn path_of(path: &RepoPath) -> std::path::PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    std::ffi::OsStr::from_bytes(path.as_bytes()).into()
}

#[cfg(not(unix))]
fn path_of(path: &RepoPath) -> std::path::PathBuf {
    path.to_display().into()
}

/// Says what was done, and what was not and why.
fn conclude(done: &Done, arguments: &FixArguments, quiet: bool) -> anyhow::Result<ExitCode> {
    let is_applied = arguments.apply;
    match &arguments.file {
        Some(file) => output::write_file(file, |out| out.write_all(done.diff.as_bytes()))?,
        None if is_applied => {}
        None => output::print(&done.diff)?,
    }
    if let Some(file) = &arguments.outcome {
        let text = done.outcome.to_json();
        output::write_file(file, |out| out.write_all(&text))?;
    }
    if !quiet {
        output::remark(summary(done, is_applied));
    }
    Ok(if is_applied || done.outcome.mended.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_SHOWN)
    })
}

fn summary(done: &Done, is_applied: bool) -> String {
    let (mended, left) = (&done.outcome.mended, &done.outcome.left);
    let count = output::count;
    let (findings, files) = (
        count(mended.len(), "finding"),
        count(done.files.len(), "file"),
    );
    let mut text = match (is_applied, mended.len()) {
        (_, 0) => "nothing to mend".to_owned(),
        (true, _) => format!("{findings} in {files} mended"),
        (false, _) => format!("{findings} in {files} can be mended; --apply writes the files"),
    };
    // Writing to a string cannot fail.
    if !left.is_empty() {
        let _ = write!(text, "; {} left", left.len());
    }
    for line in mended {
        let Some(by) = &line.by else { continue };
        let (path, number, rule) = (&line.path, line.line, &line.rule);
        let attempts = count(line.attempts, "attempt");
        let (title, checks) = (&line.title, &line.checks);
        let _ = write!(
            text,
            "\n  {path}:{number} {rule}: {title} ({by}, {attempts}: {checks})"
        );
    }
    for line in left.iter().take(LEFT_MAX) {
        let place = match (&line.path, line.line, &line.rule) {
            (Some(path), Some(number), Some(rule)) => format!("{path}:{number} {rule}: "),
            (Some(path), ..) => format!("{path}: "),
            (None, ..) => String::new(),
        };
        let _ = write!(text, "\n  {place}{}", line.why);
    }
    if left.len() > LEFT_MAX {
        let _ = write!(text, "\n  and {} more", left.len() - LEFT_MAX);
    }
    if let Some(about) = &done.outcome.about {
        let _ = write!(text, "\n  asked: {about}");
    }
    text
}
