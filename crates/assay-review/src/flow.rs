//! The dataflow step: files are followed together, so that a path may go
//! through helpers in other files, also through those that did not change.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use assay_finding::{Finding, Location};
use assay_rules::{
    FlowFindings, FlowUnit, MaskedText, Properties, SecretRules, add_properties, flow_findings,
    flow_reads, flow_units, has_properties, merge_flow_findings,
};
use assay_source::{FileKind, FileVersion, RepoPath, SourceText};
use assay_syntax::{detect, parse};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::engines::Engines;
use crate::file::Examined;
use crate::frame;
use crate::pipeline::{Progress, Subject};
use crate::redact;
use crate::settings::Settings;

/// Files of key-value pairs that are read.
const PROPERTY_FILES_MAX: usize = 200;

/// The bytes of one of them.
const PROPERTY_BYTES_MAX: u64 = 256 * 1_024;

/// Files that are read only because others call what is in them.
const HELPER_FILES_MAX: usize = 1_500;

/// How often helpers of helpers are looked for.
const HELPER_ROUNDS: usize = 2;

/// Follows values through the files of the change and adds what is found to
/// the findings of each.
pub(crate) fn find(
    subject: Subject<'_>,
    examined: &mut [Examined],
    engines: &Engines<'_>,
    settings: &Settings,
    progress: &dyn Progress,
) {
    let [base, head] = [0, 1].map(|side| {
        let units = examined
            .iter()
            .flat_map(|file| file.units[side].iter().cloned());
        units.collect::<Vec<FlowUnit>>()
    });
    if base.is_empty() && head.is_empty() {
        return;
    }
    progress.begin("Following values", 1);
    let around = Around::read(subject, &head, &base, settings);
    for (side, own) in [base, head].into_iter().enumerate() {
        if own.is_empty() {
            continue;
        }
        let found = around.analyse(&own, engines, settings.local_input);
        place(found, side == 1, examined, &own, &settings.secret_rules);
    }
    for file in examined {
        file.units = [Vec::new(), Vec::new()];
    }
    progress.advance();
}

/// What is around the files that are analysed.
struct Around {
    helpers: Vec<FlowUnit>,
    properties: Properties,
    note: Option<String>,
}

impl Around {
    /// Reads the files that the analysed ones name, and files of properties.
    fn read(
        subject: Subject<'_>,
        head: &[FlowUnit],
        base: &[FlowUnit],
        settings: &Settings,
    ) -> Self {
        let mut this = Self {
            helpers: Vec::new(),
            properties: Properties::new(),
            note: None,
        };
        let listed = match subject.is_scan {
            true => {
                let files = subject.change.files.iter();
                files.filter_map(|file| file.head.clone()).collect()
            }
            // Without the tree only the files of the change are followed.
            false => subject.tree.list().unwrap_or_default(),
        };
        let wanted = |version: &&FileVersion| {
            let is_file = matches!(version.kind, FileKind::File | FileKind::Executable);
            let excluded = version
                .path
                .as_str()
                .is_some_and(|path| settings.exclude.iter().any(|(_, glob)| glob.is_match(path)));
            is_file && !excluded
        };
        let listed: Vec<&FileVersion> = listed.iter().filter(wanted).collect();
        this.read_properties(subject, &listed);
        let own: HashSet<RepoPath> = head
            .iter()
            .chain(base)
            .map(|unit| unit.path().clone())
            .collect();
        this.read_helpers(subject, &listed, head, own, settings);
        this
    }

    fn read_properties(&mut self, subject: Subject<'_>, listed: &[&FileVersion]) {
        let is_properties = |version: &&&FileVersion| has_properties(&version.path);
        for version in listed.iter().filter(is_properties).take(PROPERTY_FILES_MAX) {
            let Ok(bytes) = subject.tree.read(version, PROPERTY_BYTES_MAX) else {
                continue;
            };
            let Ok(text) = SourceText::decode(bytes) else {
                continue;
            };
            add_properties(&mut self.properties, &version.path, text.as_str());
        }
    }

    fn read_helpers(
        &mut self,
        subject: Subject<'_>,
        listed: &[&FileVersion],
        head: &[FlowUnit],
        mut known: HashSet<RepoPath>,
        settings: &Settings,
    ) {
        let mut by_stem: HashMap<&str, Vec<&FileVersion>> = HashMap::new();
        for version in listed {
            for name in called_by(&version.path) {
                by_stem.entry(name).or_default().push(version);
            }
        }
        let mut names: BTreeSet<String> = names_of(head);
        for _ in 0..HELPER_ROUNDS {
            let mut wanted: Vec<&FileVersion> = Vec::new();
            for name in &names {
                for version in by_stem.get(name.as_str()).into_iter().flatten() {
                    if known.insert(version.path.clone()) {
                        wanted.push(version);
                    }
                }
            }
            let left = HELPER_FILES_MAX.saturating_sub(self.helpers.len());
            if wanted.len() > left {
                self.note = Some(format!(
                    "dataflow: of the files that are called {left} were read, the limit"
                ));
                wanted.truncate(left);
            }
            let units: Vec<FlowUnit> = wanted
                .par_iter()
                .flat_map_iter(|version| helper(subject, version, settings))
                .collect();
            if units.is_empty() {
                return;
            }
            names = names_of(&units);
            self.helpers.extend(units);
        }
    }

    fn analyse(&self, own: &[FlowUnit], engines: &Engines<'_>, local_input: bool) -> FlowFindings {
        let count = own.len();
        let mut all = own.to_vec();
        let paths: HashSet<&RepoPath> = own.iter().map(FlowUnit::path).collect();
        let others = self.helpers.iter();
        all.extend(others.filter(|unit| !paths.contains(unit.path())).cloned());
        let mut found = flow_findings(
            &all,
            |at| at < count,
            local_input,
            self.properties.clone(),
            |path| engines.for_path(path),
        );
        if let (Some(note), Some(first)) = (&self.note, own.first()) {
            found.notes.push((first.path().clone(), note.clone()));
        }
        found
    }
}

fn names_of(units: &[FlowUnit]) -> BTreeSet<String> {
    let names = units.iter().flat_map(FlowUnit::names_used);
    names.map(str::to_owned).collect()
}

/// Returns the names by which others call what is in a file: its own without
/// the ending, and where a folder is a package the folder's.
fn called_by(path: &RepoPath) -> impl Iterator<Item = &str> {
    let path = path.as_str().unwrap_or("");
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split('.').next().filter(|stem| !stem.is_empty());
    let is_part = name.ends_with(".go") && !name.ends_with("_test.go");
    let folder = is_part.then(|| folder.rsplit('/').next().unwrap_or(folder));
    stem.into_iter().chain(folder)
}

/// Reads and lowers a file that others call.
fn helper(subject: Subject<'_>, version: &FileVersion, settings: &Settings) -> Vec<FlowUnit> {
    let Ok(bytes) = subject.tree.read(version, settings.limits.file_bytes_max) else {
        return Vec::new();
    };
    let Ok(text) = SourceText::decode(bytes).map(Arc::new) else {
        return Vec::new();
    };
    let language = detect(&version.path, text.as_str()).filter(|language| flow_reads(language));
    let Some(language) = language else {
        return Vec::new();
    };
    let parsed = parse(&text, language, &settings.limits.parse);
    flow_units(&settings.models, &version.path, &text, &parsed)
}

/// Puts findings with the files that they are in.
fn place(
    found: FlowFindings,
    is_head: bool,
    examined: &mut [Examined],
    units: &[FlowUnit],
    own: &SecretRules,
) {
    let by_path: HashMap<RepoPath, usize> = examined
        .iter()
        .enumerate()
        .map(|(at, file)| {
            let base = file.entry.base_path.as_ref().filter(|_| !is_head);
            (base.unwrap_or(&file.entry.path).clone(), at)
        })
        .collect();
    let texts: HashMap<&RepoPath, &Arc<SourceText>> = units
        .iter()
        .map(|unit| (unit.path(), unit.text()))
        .collect();
    let mut masked: HashMap<RepoPath, MaskedText> = HashMap::new();
    let mut each: HashMap<usize, Vec<Finding>> = HashMap::new();
    for mut finding in found.findings {
        let is_changed = |location: &Location| {
            let at = by_path.get(&location.path);
            at.is_some_and(|&at| {
                let mapping = &examined[at].versions.mapping;
                !is_head
                    || (location.start.line..=location.end.line)
                        .any(|line| mapping.is_changed(line))
            })
        };
        if !is_changed(&finding.location) && !move_to(&mut finding, is_changed) {
            // No line of the path changed: it is shown where it leaves the files
            // that did.
            let is_here = |location: &Location| by_path.contains_key(&location.path);
            if !is_here(&finding.location) && !move_to(&mut finding, is_here) {
                continue;
            }
        }
        let at = by_path[&finding.location.path];
        if let (true, Some(text)) = (is_head, texts.get(&finding.location.path)) {
            let path = finding.location.path.clone();
            let masked = masked.entry(path).or_insert_with_key(|path| {
                redact::mask_file(path, text, examined[at].secrets.as_deref(), own)
            });
            redact::finding(&mut finding, masked);
            frame::fill(&mut finding, &masked.text, &examined[at].versions.mapping);
        }
        each.entry(at).or_default().push(finding);
    }
    for (at, findings) in each {
        let versions = &mut examined[at].versions;
        let side = if is_head {
            &mut versions.head
        } else {
            &mut versions.base
        };
        merge_flow_findings(side, findings);
    }
    if is_head {
        for (path, note) in found.notes {
            if let Some(&at) = by_path.get(&path) {
                examined[at].entry.notes.push(note);
            }
        }
    }
}

/// Shows a path at its last step for which `fits` is true, and where it ends as
/// its last step. Returns whether there is such a step.
fn move_to(finding: &mut Finding, fits: impl Fn(&Location) -> bool) -> bool {
    let last = finding
        .related
        .iter()
        .rposition(|step| fits(&step.location));
    let Some(last) = last else {
        return false;
    };
    let mut end = finding.related[last].clone();
    std::mem::swap(&mut end.location, &mut finding.location);
    end.message.clone_from(&finding.message);
    finding.related.push(end);
    true
}
