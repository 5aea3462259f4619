//! Code that is there twice: what the change copies, or in a scan all copies.

use std::collections::HashMap;
use std::sync::Arc;

use assay_finding::{Coverage, Finding, Problem, State};
use assay_rules::{
    BaseText, CLONE_RULE, ChangedText, CloneFile, CloneNote, CloneOptions, CloneTree, Clones,
    clone_findings, find_change_clones, find_clones, rule_by_id,
};
use assay_source::{BlobCache, FileChange, FileVersion, Hunk, LineRange, RepoPath, SourceText};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::classify::is_own_code;
use crate::engines::Engines;
use crate::file::Examined;
use crate::frame;
use crate::pipeline::{Progress, Subject};
use crate::redact;
use crate::settings::Settings;

/// Finds clones and the findings of them; what could not be looked at goes to
/// the problems and notes of the files.
pub(crate) fn find(
    subject: Subject<'_>,
    examined: &mut [Examined],
    engines: &Engines<'_>,
    settings: &Settings,
    progress: &dyn Progress,
) -> Vec<Finding> {
    let Some(options) = options(engines) else {
        return Vec::new();
    };
    progress.begin("Comparing code", 1);
    let clones = if subject.is_scan {
        in_tree(subject, examined, &options)
    } else {
        in_change(subject, examined, settings, &options)
    };
    note(&clones, examined);
    let mut findings = clone_findings(&clones, &options);
    let by_path: HashMap<&RepoPath, (&Examined, &FileChange)> = examined
        .iter()
        .zip(&subject.change.files)
        .map(|(file, change)| (&file.entry.path, (file, change)))
        .collect();
    let mut by_file: HashMap<RepoPath, Vec<&mut Finding>> = HashMap::new();
    for finding in &mut findings {
        finding.state = State::Introduced;
        let path = finding.location.path.clone();
        by_file.entry(path).or_default().push(finding);
    }
    by_file.into_par_iter().for_each(|(path, findings)| {
        fill_frames(&path, findings, subject, &by_path, settings);
    });
    progress.advance();
    findings
}

/// Returns the options of the rule; none when it is off.
fn options(engines: &Engines<'_>) -> Option<CloneOptions> {
    let rule = rule_by_id(CLONE_RULE)?;
    let engine = engines.default_engine();
    if !engine.is_enabled(rule, None) {
        return None;
    }
    let mut options = CloneOptions::default();
    if let Some(tokens) = engine.number(rule, "tokens") {
        options.tokens_min = tokens;
    }
    if let Some(lines) = engine.number(rule, "lines") {
        options.lines_min = lines;
    }
    Some(options)
}

fn in_tree(subject: Subject<'_>, examined: &[Examined], options: &CloneOptions) -> Clones {
    let files: Vec<CloneFile<'_>> = examined
        .iter()
        .zip(&subject.change.files)
        .filter(|(file, _)| !matches!(file.entry.coverage, Coverage::Skipped(_)))
        .filter_map(|(file, change)| {
            Some(CloneFile {
                version: change.head.as_ref()?,
                language: file.language?,
            })
        })
        .collect();
    find_clones(&files, subject.tree, options)
}

fn in_change(
    subject: Subject<'_>,
    examined: &[Examined],
    settings: &Settings,
    options: &CloneOptions,
) -> Clones {
    let ranges: Vec<[Vec<LineRange>; 2]> = examined
        .iter()
        .map(|file| {
            let hunks = file.versions.mapping.hunks();
            let side = |of: fn(&Hunk) -> LineRange| -> Vec<LineRange> {
                hunks
                    .iter()
                    .map(of)
                    .filter(|range| range.count > 0)
                    .collect()
            };
            [side(|hunk| hunk.base), side(|hunk| hunk.head)]
        })
        .collect();
    let changed: Vec<ChangedText<'_>> = examined
        .iter()
        .zip(&ranges)
        .filter(|(file, _)| !matches!(file.entry.coverage, Coverage::Skipped(_)))
        .filter_map(|(file, [removed, added])| {
            let kept = file.kept.as_ref()?;
            Some(ChangedText {
                path: &file.entry.path,
                language: kept.language,
                text: &kept.head,
                added,
                base: kept.base.as_ref().map(|text| BaseText { text, removed }),
            })
        })
        .collect();
    let wants = |version: &FileVersion| {
        let excluded = version
            .path
            .as_str()
            .is_some_and(|path| settings.exclude.iter().any(|(_, glob)| glob.is_match(path)));
        !excluded && is_own_code(version)
    };
    let cache = settings
        .cache
        .as_ref()
        .map(|cache| &*cache.store as &dyn BlobCache);
    let tree = CloneTree {
        tree: subject.tree,
        wants: &wants,
        cache,
    };
    find_change_clones(&changed, Some(&tree), options)
}

/// Says in the ledger what was not compared: every file that was read is
/// affected in the same way, so the note stands at the first.
fn note(clones: &Clones, examined: &mut [Examined]) {
    let Some(first) = examined.first_mut() else {
        return;
    };
    for note in &clones.notes {
        match note {
            CloneNote::Unreadable { .. } => first.problems.push(Problem {
                what: "clone detection".to_owned(),
                path: None,
                message: note.to_string(),
            }),
            other => first.entry.notes.push(format!("clone detection: {other}")),
        }
    }
}

/// Fills the frames of the findings of one file, which is read once for all.
fn fill_frames(
    path: &RepoPath,
    findings: Vec<&mut Finding>,
    subject: Subject<'_>,
    by_path: &HashMap<&RepoPath, (&Examined, &FileChange)>,
    settings: &Settings,
) {
    let Some((file, change)) = by_path.get(path) else {
        return;
    };
    let text = match &file.kept {
        Some(kept) => Some(Arc::clone(&kept.head)),
        None => change.head.as_ref().and_then(|version| {
            let bytes = subject
                .tree
                .read(version, settings.limits.file_bytes_max)
                .ok()?;
            SourceText::decode(bytes).ok().map(Arc::new)
        }),
    };
    if let Some(text) = text {
        let masked =
            redact::mask_file(path, &text, file.secrets.as_deref(), &settings.secret_rules);
        for finding in findings {
            redact::finding(finding, &masked);
            frame::fill(finding, &masked.text, &file.versions.mapping);
        }
    }
}
