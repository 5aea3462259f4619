//! One version of one file: parsed, measured, judged by the rules; or taken from
//! the cache when all of that was done before.

use std::collections::BTreeSet;
use std::sync::Arc;

use assay_finding::{Finding, Identity, IdentityHasher, PlacedDirective, Problem};
use assay_rules::{
    FileInput, FlowUnit, Surface, flow_begins, flow_reads, flow_templates, flow_units, surface,
};
use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::{Language, ParsedFile, detect};

use crate::engines::Engines;
use crate::flow::{self, FlowFile};
use crate::metrics::{self, Measured};
use crate::redact;
use crate::settings::Settings;

/// One version that was read and understood as far as it goes.
pub(crate) struct Version {
    pub(crate) text: Arc<SourceText>,
    pub(crate) seen: Seen,
    /// What the dataflow step reads.
    pub(crate) flow: Option<FlowFile>,
}

/// What was seen in a version. A function of its path, its text and the
/// settings, so it can be kept.
pub(crate) struct Seen {
    pub(crate) language: Option<&'static Language>,
    pub(crate) is_parsed: bool,
    /// The first and last lines of what the grammars did not understand.
    pub(crate) not_understood: Vec<(u32, u32)>,
    /// The same in words.
    pub(crate) doubts: Vec<String>,
    pub(crate) measured: Option<Measured>,
    pub(crate) findings: Vec<Finding>,
    /// What its comments silence.
    pub(crate) directives: Vec<PlacedDirective>,
    /// What was cut.
    pub(crate) notes: Vec<String>,
    /// Where secrets stand, when somebody has looked.
    pub(crate) secrets: Option<Vec<Span>>,
    /// What it offers to others.
    pub(crate) surface: Option<Surface>,
    /// The names by which it calls others, when values are followed through it.
    pub(crate) flow: Option<Vec<Identity>>,
}

/// Reads a version. The problems are of rules that failed.
pub(crate) fn read(
    path: &RepoPath,
    text: &Arc<SourceText>,
    with_surface: bool,
    engines: &Engines<'_>,
    settings: &Settings,
) -> (Version, Vec<Problem>) {
    let cache = settings.cache.as_ref();
    let with = (with_surface, settings.local_input);
    let key = cache.map(|cache| cache.version_key(path, text, with, settings.today));
    let version = |seen: Seen, units: Option<Vec<FlowUnit>>| {
        let flow = seen.flow.clone();
        Version {
            text: Arc::clone(text),
            flow: flow.map(|names| {
                let language = seen.language;
                FlowFile::new(path.clone(), Arc::clone(text), language, names, units)
            }),
            seen,
        }
    };
    if let Some((cache, key)) = cache.zip(key.as_ref())
        && let Some(seen) = cache.get(key)
    {
        return (version(seen, None), Vec::new());
    }
    let (mut seen, units, problems, is_stopped) = look(path, text, with_surface, engines, settings);
    if let (true, Some(units)) = (with_surface && !is_stopped, &units)
        && !units.is_empty()
    {
        flow::keep_units(path, text, seen.language, units, settings);
    }
    if let Some((cache, key)) = cache.zip(key.as_ref())
        && problems.is_empty()
        && !is_stopped
    {
        let own = &settings.secret_rules;
        let masked = redact::mask_file(path, text, seen.secrets.as_deref(), own);
        for finding in &mut seen.findings {
            redact::finding(finding, &masked);
        }
        redact::directives(&mut seen.directives, &masked);
        cache.put(key, &seen, &[masked]);
    }
    (version(seen, units), problems)
}

/// Parses a version and runs the rules. There are units when all of the file was
/// lowered. The last is whether the parser gave up, which another run might not.
fn look(
    path: &RepoPath,
    text: &Arc<SourceText>,
    with_surface: bool,
    engines: &Engines<'_>,
    settings: &Settings,
) -> (Seen, Option<Vec<FlowUnit>>, Vec<Problem>, bool) {
    let configured = settings.language_for(path);
    let language = configured.or_else(|| detect(path, text.as_str()));
    let parsed = language.map(|language| engines.parse(text, language));
    let measured = parsed.as_deref().map(metrics::measure_file);
    let engine = engines.for_path(path);
    let input = FileInput {
        path,
        text,
        parsed: parsed.as_deref(),
        metrics: measured.as_ref(),
    };
    let mut outcome = engine.run(&input);
    let own = settings.secret_rules.run(&input, &outcome.findings);
    if let Some(secrets) = &mut outcome.secrets {
        secrets.extend(settings.secret_rules.spans(path, text));
    }
    outcome.findings.extend(own);
    if let Some(project) = &settings.project {
        let (findings, notes) = project.run(&input);
        outcome.findings.extend(findings);
        outcome.notes.extend(notes);
    }
    let begins = |language: &'static Language| {
        let local = settings.local_input;
        engine.follows_flow(Some(language))
            && flow_begins(&settings.models, language, path, text.as_str(), local)
    };
    let begins = language.is_some_and(begins);
    let mut units = match &parsed {
        Some(parsed) if begins => flow_units(&settings.models, path, text, parsed),
        _ => Vec::new(),
    };
    if engine.follows_flow(language) {
        units.extend(flow_templates(&settings.models, path, text));
    }
    let offers = with_surface.then_some(parsed.as_deref()).flatten();
    let surface = offers.and_then(|parsed| surface(path, parsed));
    let directives = engine.suppress(&input, &mut outcome.findings, settings.today);
    settings.secret_allow.apply(&input, &mut outcome.findings);
    // What is shown is masked, also what later steps find; now there is a tree.
    if outcome.secrets.is_none() {
        let own = &settings.secret_rules;
        outcome.secrets = Some(redact::shown_secrets(path, text, parsed.as_deref(), own));
    }
    let not_understood = lines_not_understood(text, parsed.as_deref());
    let seen = Seen {
        language,
        is_parsed: parsed.is_some(),
        doubts: doubts(parsed.as_deref(), &not_understood),
        not_understood,
        measured: measured.map(Measured::from),
        findings: outcome.findings,
        directives,
        notes: outcome.notes,
        secrets: outcome.secrets,
        surface,
        flow: (!units.is_empty()).then(|| names_used(&units)),
    };
    let is_stopped = parsed.is_some_and(|parsed| !parsed.problems.is_empty());
    // Of a template in whose code nothing begins the code was left out.
    let is_whole = begins || !language.is_some_and(flow_reads);
    let units = is_whole.then_some(units);
    (seen, units, outcome.problems, is_stopped)
}

/// The family of templates, which files of all others fill.
pub(crate) const TEMPLATES: &str = "template";

/// Returns the names by which units call what is elsewhere, as hashes: a name
/// may be a piece of any text of the code.
pub(crate) fn names_used(units: &[FlowUnit]) -> Vec<Identity> {
    let used = |unit: &FlowUnit| -> Vec<Identity> {
        let names = unit.names_used().into_iter();
        let names = names.map(|used| name(unit.family(), used));
        let templates = unit.templates_used().into_iter();
        let templates = templates.map(|used| name(TEMPLATES, &used));
        names.chain(templates).collect()
    };
    let names: BTreeSet<Identity> = units.iter().flat_map(used).collect();
    names.into_iter().collect()
}

/// Returns the hash of a name in a family of languages.
pub(crate) fn name(family: &str, name: &str) -> Identity {
    IdentityHasher::new("name").part(family).part(name).finish()
}

/// Returns the lines, first and last, that the grammars did not understand.
fn lines_not_understood(text: &SourceText, parsed: Option<&ParsedFile>) -> Vec<(u32, u32)> {
    let Some(parsed) = parsed else {
        return Vec::new();
    };
    let lines = text.lines();
    // A tree that ends early leaves the whole file in doubt.
    if !parsed.problems.is_empty() {
        return vec![(1, lines.line_count())];
    }
    let mut ranges: Vec<_> = parsed
        .errors()
        .map(|span| (lines.line_of(span.start), lines.line_of(span.end)))
        .collect();
    ranges.sort_unstable();
    ranges.dedup();
    ranges
}

/// Says what of a version the grammars did not understand.
fn doubts(parsed: Option<&ParsedFile>, ranges: &[(u32, u32)]) -> Vec<String> {
    let problems = parsed.iter().flat_map(|parsed| &parsed.problems);
    let mut notes: Vec<String> = problems.map(ToString::to_string).collect();
    if !notes.is_empty() {
        return notes;
    }
    match ranges {
        [] => {}
        [(line, _)] => notes.push(format!("line {line} was not understood")),
        [(first, _), ..] => notes.push(format!(
            "{} places were not understood, the first at line {first}",
            ranges.len()
        )),
    }
    notes
}
