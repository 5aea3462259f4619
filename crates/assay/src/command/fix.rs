//! `assay fix`: mends what has a fix, as a difference to look at or in place.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use assay_finding::Finding;
use assay_git::{Input, Opened, Options};
use assay_review::{MendInput, Mended, Settings, Subject, mend, review};
use assay_source::{FileVersion, RepoPath, SourceText};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use crate::arguments::{FixArguments, Global};
use crate::config;
use crate::output;
use crate::progress::Bar;

/// Exit status when there is something to mend and it was only shown.
const EXIT_SHOWN: u8 = 1;

/// Reasons of this many findings are written out.
const LEFT_MAX: usize = 20;

pub(crate) fn run(global: &Global, arguments: &FixArguments) -> anyhow::Result<ExitCode> {
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
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
    let bar = Bar::new(global.quiet);
    let subject = Subject {
        change: &opened.change,
        tree: &*opened.tree,
        is_scan: arguments.all,
    };
    let report = review(subject, &settings, &bar);
    bar.finish();
    let is_wanted = |finding: &&Finding| {
        let is_named = only.is_empty() || only.iter().any(|id| id == finding.rule.as_str());
        is_named && finding.counts() && finding.fix.is_some()
    };
    let findings: Vec<&Finding> = report.findings.iter().filter(is_wanted).collect();
    let files = files_to_mend(&findings, &opened, settings.limits.file_bytes_max);
    let mended: Vec<(FileToMend<'_>, anyhow::Result<Mended>)> = files
        .into_par_iter()
        .map(|file| {
            let mended = mend_file(&file, arguments, &settings);
            (file, mended)
        })
        .collect();
    if let (true, Some(root)) = (arguments.apply, &root) {
        for (file, mended) in &mended {
            if let Ok(mended) = mended
                && !mended.applied.is_empty()
            {
                write(root, file, mended)?;
            }
        }
    }
    conclude(&mended, arguments, global.quiet)
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
fn write(root: &Path, file: &FileToMend<'_>, mended: &Mended) -> anyhow::Result<()> {
    let name = file.path().to_display();
    let path = root.join(path_of(file.path()));
    let now = std::fs::read(&path).with_context(|| format!("{name} cannot be read"))?;
    if file.bytes.as_ref().ok() != Some(&now) {
        bail!("{name} was altered in the meantime; run the command again");
    }
    let bytes = mended.text.encode().with_context(|| {
        let encoding = mended.text.encoding().as_str();
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
fn conclude(
    mended: &[(FileToMend<'_>, anyhow::Result<Mended>)],
    arguments: &FixArguments,
    quiet: bool,
) -> anyhow::Result<ExitCode> {
    let is_applied = arguments.apply;
    let mut diff = String::new();
    let mut left = Vec::new();
    let (mut files, mut findings) = (0, 0);
    for (file, result) in mended {
        let name = file.path().to_display();
        match result {
            Ok(mended) => {
                files += usize::from(!mended.applied.is_empty());
                findings += mended.applied.len();
                diff.push_str(&mended.diff);
                left.extend(mended.left.iter().map(|left| {
                    let reason = left.reason.as_str();
                    format!("{name}:{} {}: {reason}", left.line, left.rule)
                }));
            }
            Err(error) => left.push(format!("{name}: {error}")),
        }
    }
    match &arguments.file {
        Some(file) => output::write_file(file, |out| out.write_all(diff.as_bytes()))?,
        None if is_applied => {}
        None => output::print(&diff)?,
    }
    if !quiet {
        output::remark(summary(findings, files, &left, is_applied));
    }
    Ok(if is_applied || findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_SHOWN)
    })
}

fn summary(findings: usize, files: usize, left: &[String], is_applied: bool) -> String {
    let count = |number: usize, noun: &str| match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    };
    let (findings, files) = (count(findings, "finding"), count(files, "file"));
    let mut text = match (is_applied, findings.as_str()) {
        (_, "0 findings") => "nothing to mend".to_owned(),
        (true, _) => format!("{findings} in {files} mended"),
        (false, _) => format!("{findings} in {files} can be mended; --apply writes the files"),
    };
    if !left.is_empty() {
        // Writing to a string cannot fail.
        let _ = write!(text, "; {} left", left.len());
        for line in left.iter().take(LEFT_MAX) {
            let _ = write!(text, "\n  {line}");
        }
        if left.len() > LEFT_MAX {
            let _ = write!(text, "\n  and {} more", left.len() - LEFT_MAX);
        }
    }
    text
}
