//! The dataflow step: files are followed together, so that a path may go
//! through helpers in other files, also through those that did not change.
//!
//! Nearly all of the time of a review may go into reading helpers, so only those
//! are read that can matter:
//!
//! - A file in which nothing can begin is not followed and has no helpers.
//! - Helpers are of the family of languages of the file that calls them. Where
//!   the path of a file tells what its things are called (packages of Go, modules
//!   of JavaScript), a helper is one that a qualified name of the caller leads to;
//!   elsewhere one whose file is called like a part of a name. The nearest come
//!   first, and what the limit cuts is in the ledger.
//! - Tests are helpers of tests alone, and large files that a program wrote of
//!   none.
//! - The base is followed only when the head has a finding that may have been
//!   there before: what only the base has is never shown.
//!
//! Names are asked rather than the code graph: a review says the same with and
//! without what is kept of earlier ones, and without a kept graph it would first
//! have to read the whole tree to know what to read.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use assay_finding::{Finding, Identity, Location};
use assay_rules::{
    FlowFindings, FlowUnit, MaskedText, Properties, SecretRules, add_properties,
    doubt_cleared_outputs, flow_called_by, flow_family, flow_findings, flow_reads,
    flow_template_called_by, flow_templates, flow_units, has_properties, is_test_path,
    merge_flow_findings, read_flow_units, rule_by_id, write_flow_units,
};
use assay_source::{
    BlobKey, BlobKeyHasher, ContentId, FileKind, FileVersion, RepoPath, SourceText, Span,
};
use assay_syntax::{Language, ParsedFile, detect, parse};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::cache::{Followed, ReviewCache};
use crate::classify::is_generated;
use crate::engines::Engines;
use crate::file::Examined;
use crate::frame;
use crate::pipeline::{Progress, Subject};
use crate::redact;
use crate::settings::Settings;
use crate::version::{TEMPLATES, name, names_used};

/// Files of key-value pairs that are read.
const PROPERTY_FILES_MAX: usize = 200;

/// The bytes of one of them.
const PROPERTY_BYTES_MAX: u64 = 256 * 1_024;

/// Files that are read only because others call what is in them.
const HELPER_FILES_MAX: usize = 1_500;

/// Generated files that are larger are no helpers: such tables and marshallers
/// are most of the text of some packages.
const GENERATED_BYTES_MAX: usize = 128 * 1_024;

/// The units of a file that take more room are not kept.
const UNITS_BYTES_MAX: usize = 1024 * 1024;

/// How often helpers of helpers are looked for.
const HELPER_ROUNDS: usize = 2;

/// A file that values are followed through. What the engine reads is made when
/// it is asked for: with what is kept of earlier reviews it seldom is.
pub(crate) struct FlowFile {
    path: RepoPath,
    text: Arc<SourceText>,
    language: Option<&'static Language>,
    /// The names by which it calls others.
    names: Vec<Identity>,
    units: OnceLock<Vec<FlowUnit>>,
}

impl FlowFile {
    /// Takes a file, and its units when they were made already.
    pub(crate) fn new(
        path: RepoPath,
        text: Arc<SourceText>,
        language: Option<&'static Language>,
        names: Vec<Identity>,
        units: Option<Vec<FlowUnit>>,
    ) -> Self {
        Self {
            path,
            text,
            language,
            names,
            units: units.map_or_else(OnceLock::new, OnceLock::from),
        }
    }

    fn units(&self, engines: &Engines<'_>, settings: &Settings) -> &[FlowUnit] {
        self.units.get_or_init(|| {
            let parse = |language| engines.parse(&self.text, language);
            units_of(&self.path, &self.text, self.language, settings, parse)
        })
    }
}

/// Returns what the engine reads of a file, of its code and of the template that
/// it is: what is kept, or what is lowered from its tree.
fn units_of(
    path: &RepoPath,
    text: &Arc<SourceText>,
    language: Option<&'static Language>,
    settings: &Settings,
    parse: impl FnOnce(&'static Language) -> Arc<ParsedFile>,
) -> Vec<FlowUnit> {
    let key = units_key(path, text, language, settings);
    let kept = key.as_ref().and_then(|(cache, key)| {
        let bytes = cache.get_hidden(key, text)?;
        read_flow_units(&settings.models, path, text, &bytes)
    });
    if let Some(kept) = kept {
        return kept;
    }
    let parsed = language.filter(|language| flow_reads(language)).map(parse);
    let mut units = parsed.as_ref().map_or_else(Vec::new, |parsed| {
        flow_units(&settings.models, path, text, parsed)
    });
    units.extend(flow_templates(&settings.models, path, text));
    // Another run might not have to give up.
    if parsed.is_none_or(|parsed| parsed.problems.is_empty()) {
        keep_units(path, text, language, &units, settings);
    }
    units
}

/// Keeps the units of a file: others that call it need not parse it again.
pub(crate) fn keep_units(
    path: &RepoPath,
    text: &Arc<SourceText>,
    language: Option<&'static Language>,
    units: &[FlowUnit],
    settings: &Settings,
) {
    if let Some((cache, key)) = units_key(path, text, language, settings)
        && let Some(bytes) = write_flow_units(units).filter(|bytes| bytes.len() <= UNITS_BYTES_MAX)
    {
        cache.put_hidden(&key, text, bytes);
    }
}

fn units_key<'s>(
    path: &RepoPath,
    text: &SourceText,
    language: Option<&'static Language>,
    settings: &'s Settings,
) -> Option<(&'s ReviewCache, BlobKey)> {
    let cache = settings.cache.as_ref()?;
    let key = cache
        .key("units")
        .part(path.as_bytes())
        .part(
            language
                .map_or("", |language| language.id().as_str())
                .as_bytes(),
        )
        .part(text.as_str().as_bytes());
    Some((cache, key.finish()))
}

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
        let files = examined
            .iter_mut()
            .filter_map(|file| file.flow[side].take());
        files.collect::<Vec<FlowFile>>()
    });
    if base.is_empty() && head.is_empty() {
        return;
    }
    progress.begin("Following values", 1);
    let listed = match subject.is_scan {
        true => {
            let files = subject.change.files.iter();
            files.filter_map(|file| file.head.clone()).collect()
        }
        // Without the tree only the files of the change are followed.
        false => subject.tree.list().unwrap_or_default(),
    };
    let around = Around::read(subject, &listed, &head, &base, settings);
    let follow = |own: &[FlowFile], is_head: bool, examined: &mut [Examined]| {
        if !own.is_empty() {
            let found = around.follow(subject, own, engines, settings);
            place(found, is_head, examined, own, &settings.secret_rules);
        }
    };
    follow(&head, true, examined);
    if examined.iter().any(has_weakness) {
        follow(&base, false, examined);
    }
    progress.advance();
}

/// Returns whether the head has a finding whose state may depend on what values
/// do in the base: one of the rules that follow them, or of those that step
/// back where these find the same weakness.
fn has_weakness(file: &Examined) -> bool {
    let is_weakness = |finding: &Finding| {
        let rule = rule_by_id(finding.rule.as_str());
        rule.is_some_and(|rule| matches!(rule.pack(), "injection" | "security"))
    };
    file.versions.head.iter().any(is_weakness)
}

/// What is around the files that are analysed.
struct Around<'t> {
    helpers: Vec<Helper<'t>>,
    properties: Properties,
    /// The paths and texts of the properties.
    properties_key: BlobKeyHasher,
    note: Option<String>,
}

/// A file that is read only because others call what is in it.
struct Helper<'t> {
    version: &'t FileVersion,
    /// What tells its content from others.
    content: BlobKey,
    names: Vec<Identity>,
    file: OnceLock<Option<FlowFile>>,
}

impl<'t> Around<'t> {
    /// Reads the files that the analysed ones name, and files of properties.
    fn read(
        subject: Subject<'_>,
        listed: &'t [FileVersion],
        head: &[FlowFile],
        base: &[FlowFile],
        settings: &Settings,
    ) -> Self {
        let mut this = Self {
            helpers: Vec::new(),
            properties: Properties::new(),
            properties_key: BlobKeyHasher::new("properties"),
            note: None,
        };
        let wanted = |version: &&FileVersion| {
            let is_file = matches!(version.kind, FileKind::File | FileKind::Executable);
            let excluded = version
                .path
                .as_str()
                .is_some_and(|path| settings.exclude.iter().any(|(_, glob)| glob.is_match(path)));
            is_file && !excluded
        };
        let listed: Vec<&'t FileVersion> = listed.iter().filter(wanted).collect();
        this.read_properties(subject, &listed);
        let files = head.iter().chain(base);
        let own: HashSet<RepoPath> = files.map(|file| file.path.clone()).collect();
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
            self.properties_key.add(version.path.as_bytes());
            self.properties_key.add(text.as_str().as_bytes());
            add_properties(&mut self.properties, &version.path, text.as_str());
        }
    }

    fn read_helpers(
        &mut self,
        subject: Subject<'_>,
        listed: &[&'t FileVersion],
        head: &[FlowFile],
        mut known: HashSet<RepoPath>,
        settings: &Settings,
    ) {
        // Nothing but tests calls what is in tests.
        let with_tests = head.iter().any(|file| is_test_path(&file.path));
        let mut by_name: HashMap<Identity, Vec<&'t FileVersion>> = HashMap::new();
        let callable = |version: &&&FileVersion| with_tests || !is_test_path(&version.path);
        for version in listed.iter().filter(callable) {
            let path = &version.path;
            if let Some(template) = flow_template_called_by(path) {
                let known = by_name.entry(name(TEMPLATES, &template)).or_default();
                known.push(version);
            }
            let Some(language) = detect(path, "") else {
                continue;
            };
            let family = flow_family(language).unwrap_or("");
            for called in flow_called_by(language, path, &self.properties) {
                let known = by_name.entry(name(family, &called)).or_default();
                known.push(version);
            }
        }
        let mut names: Vec<Identity> = head.iter().flat_map(|file| &file.names).copied().collect();
        for _ in 0..HELPER_ROUNDS {
            names.sort_unstable();
            names.dedup();
            let mut wanted: Vec<&FileVersion> = Vec::new();
            for name in &names {
                for version in by_name.get(name).into_iter().flatten() {
                    if known.insert(version.path.clone()) {
                        wanted.push(version);
                    }
                }
            }
            // By path, so that what the limit cuts is plain.
            wanted.sort_unstable_by(|a, b| a.path.cmp(&b.path));
            let left = HELPER_FILES_MAX.saturating_sub(self.helpers.len());
            if wanted.len() > left {
                self.note = Some(format!(
                    "dataflow: of the files that are called {left} were read, the limit"
                ));
                wanted.truncate(left);
            }
            let helpers: Vec<Helper<'t>> = wanted
                .par_iter()
                .filter_map(|version| Helper::find(subject, version, settings))
                .collect();
            if helpers.is_empty() {
                return;
            }
            names = helpers
                .iter()
                .flat_map(|helper| &helper.names)
                .copied()
                .collect();
            self.helpers.extend(helpers);
        }
    }

    /// Follows values through files, or takes what it came to before.
    fn follow(
        &self,
        subject: Subject<'_>,
        own: &[FlowFile],
        engines: &Engines<'_>,
        settings: &Settings,
    ) -> FlowFindings {
        let cache = settings.cache.as_ref();
        let key = cache.map(|cache| self.key(cache, own, settings));
        let kept: Option<Followed> = cache
            .zip(key.as_ref())
            .and_then(|(cache, key)| cache.get(key));
        let mut found = match kept {
            Some(kept) => FlowFindings {
                findings: kept.findings,
                cleared: kept.cleared,
                notes: kept.notes,
            },
            None => {
                let found = self.analyse(subject, own, engines, settings);
                if let Some((cache, key)) = cache.zip(key.as_ref()) {
                    self.keep(cache, key, &found, own, settings);
                }
                found
            }
        };
        if let (Some(note), Some(first)) = (&self.note, own.first()) {
            found.notes.push((first.path.clone(), note.clone()));
        }
        found
    }

    /// The key of what following values comes to: the paths and contents of all
    /// files that are read, in order.
    fn key(&self, cache: &ReviewCache, own: &[FlowFile], settings: &Settings) -> BlobKey {
        let mut key = cache
            .key("flow")
            .part(&[u8::from(settings.local_input)])
            .part(&self.properties_key.finish())
            .part(&(own.len() as u64).to_le_bytes());
        for file in own {
            key.add(file.path.as_bytes());
            key.add(file.language.map_or("", |l| l.id().as_str()).as_bytes());
            key.add(file.text.as_str().as_bytes());
        }
        for helper in &self.helpers {
            key.add(helper.version.path.as_bytes());
            key.add(&helper.content);
        }
        key.finish()
    }

    fn keep(
        &self,
        cache: &ReviewCache,
        key: &BlobKey,
        found: &FlowFindings,
        own: &[FlowFile],
        settings: &Settings,
    ) {
        let helpers = self.helpers.iter();
        let files = own
            .iter()
            .chain(helpers.filter_map(|helper| helper.file.get()?.as_ref()));
        let texts: HashMap<&RepoPath, &Arc<SourceText>> =
            files.map(|file| (&file.path, &file.text)).collect();
        let related = |finding: &Finding| {
            let related = finding
                .related
                .iter()
                .map(|step| step.location.path.clone());
            related
                .chain([finding.location.path.clone()])
                .collect::<Vec<_>>()
        };
        let shown: HashSet<RepoPath> = found.findings.iter().flat_map(related).collect();
        let masked: Vec<MaskedText> = shown
            .iter()
            .filter_map(|path| {
                let text = texts.get(path)?;
                Some(redact::mask_file(path, text, None, &settings.secret_rules))
            })
            .collect();
        let followed = Followed {
            findings: found.findings.clone(),
            cleared: found.cleared.clone(),
            notes: found.notes.clone(),
        };
        cache.put(key, &followed, &masked);
    }

    fn analyse(
        &self,
        subject: Subject<'_>,
        own: &[FlowFile],
        engines: &Engines<'_>,
        settings: &Settings,
    ) -> FlowFindings {
        let each: Vec<&[FlowUnit]> = own
            .par_iter()
            .map(|file| file.units(engines, settings))
            .collect();
        let mut all: Vec<FlowUnit> = each.concat();
        let count = all.len();
        let paths: HashSet<&RepoPath> = own.iter().map(|file| &file.path).collect();
        let others: Vec<&[FlowUnit]> = self
            .helpers
            .par_iter()
            .filter(|helper| !paths.contains(&helper.version.path))
            .map(|helper| helper.units(subject, engines, settings))
            .collect();
        all.extend(others.concat());
        flow_findings(
            &all,
            |at| at < count,
            settings.local_input,
            self.properties.clone(),
            |path| engines.for_path(path),
        )
    }
}

impl<'t> Helper<'t> {
    /// Finds out what a file calls; none when values cannot be followed there.
    fn find(subject: Subject<'_>, version: &'t FileVersion, settings: &Settings) -> Option<Self> {
        let cache = settings.cache.as_ref();
        let content = |kind: &str, content: &[u8]| BlobKeyHasher::new(kind).part(content).finish();
        let key = |content: &BlobKey| {
            let key = cache?.key("names").part(version.path.as_bytes());
            Some(key.part(content).finish())
        };
        let kept =
            |content: &BlobKey| -> Option<Option<Vec<Identity>>> { cache?.get(&key(content)?) };
        let mut id = match &version.content {
            ContentId::Object(id) => Some(content("object", id.as_bytes())),
            _ => None,
        };
        let mut file = OnceLock::new();
        let mut names = id.as_ref().and_then(kept);
        if names.is_none() {
            let text = read_text(subject, version, settings)?;
            let content = *id.get_or_insert_with(|| content("text", text.as_str().as_bytes()));
            names = kept(&content);
            if names.is_none() {
                let made = flow_file(version, text, settings);
                let found = made.as_ref().map(|file| file.names.clone());
                if let (Some(cache), Some(key)) = (cache, key(&content)) {
                    cache.put(&key, &found, &[]);
                }
                names = Some(found);
                file = OnceLock::from(made);
            }
        }
        Some(Self {
            version,
            content: id?,
            names: names??,
            file,
        })
    }

    fn units(
        &self,
        subject: Subject<'_>,
        engines: &Engines<'_>,
        settings: &Settings,
    ) -> &[FlowUnit] {
        let file = self.file.get_or_init(|| {
            let text = read_text(subject, self.version, settings)?;
            flow_file(self.version, text, settings)
        });
        file.as_ref()
            .map_or(&[], |file| file.units(engines, settings))
    }
}

fn read_text(
    subject: Subject<'_>,
    version: &FileVersion,
    settings: &Settings,
) -> Option<Arc<SourceText>> {
    let bytes = subject.tree.read(version, settings.limits.file_bytes_max);
    SourceText::decode(bytes.ok()?).map(Arc::new).ok()
}

/// Reads and lowers a file that others call; none when there is nothing in it.
fn flow_file(
    version: &FileVersion,
    text: Arc<SourceText>,
    settings: &Settings,
) -> Option<FlowFile> {
    let is_large = text.as_str().len() > GENERATED_BYTES_MAX;
    if is_large && !settings.generated && is_generated(&text) {
        return None;
    }
    let path = &version.path;
    let language = detect(path, text.as_str());
    let parse = |language| Arc::new(parse(&text, language, &settings.limits.parse));
    let units = units_of(path, &text, language, settings, parse);
    let names = names_used(&units);
    let is_empty = units.is_empty();
    let file = FlowFile::new(path.clone(), text, language, names, Some(units));
    (!is_empty).then_some(file)
}

/// Puts findings with the files that they are in.
fn place(
    found: FlowFindings,
    is_head: bool,
    examined: &mut [Examined],
    files: &[FlowFile],
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
    let texts: HashMap<&RepoPath, &Arc<SourceText>> =
        files.iter().map(|file| (&file.path, &file.text)).collect();
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
    let mut cleared: HashMap<usize, Vec<Span>> = HashMap::new();
    for (path, span) in found.cleared {
        if let Some(&at) = by_path.get(&path) {
            cleared.entry(at).or_default().push(span);
        }
    }
    for (at, spans) in cleared {
        let versions = &mut examined[at].versions;
        let side = match is_head {
            true => &mut versions.head,
            false => &mut versions.base,
        };
        doubt_cleared_outputs(side, &spans);
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
