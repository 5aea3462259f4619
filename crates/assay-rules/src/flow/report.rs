//! From what the solver found to findings with their paths.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use assay_finding::{
    Confidence, Finding, Fingerprint, Frame, IdentityHasher, Location, Related, RuleId, State,
};
use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::ParsedFile;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use super::called::{family, names_used};
use super::ir::{Function, Unit};
use super::kept;
use super::lower::lower;
use super::model::FlowModels;
use super::project::Project;
use super::properties::Properties;
use super::solve::{Hit, Known, Seen, Solution, solve};
use super::template;
use super::value::{Doubt, Step, StepKind};
use crate::engine::Engine;
use crate::identity::add_text;
use crate::query::is_test_path;
use crate::rule::rule_by_id;

/// A file, or a part of it in one language, ready to be analysed.
#[derive(Clone, Debug)]
pub struct FlowUnit(Arc<Unit>);

impl FlowUnit {
    /// Returns the names by which the file uses what may be in others of its
    /// family: see [`flow_called_by`](super::flow_called_by).
    pub fn names_used(&self) -> BTreeSet<&str> {
        names_used(&self.0)
    }

    /// Returns the names of the templates that it may fill or include: see
    /// [`flow_template_called_by`].
    pub fn templates_used(&self) -> BTreeSet<String> {
        template::names_used(&self.0)
    }

    /// Returns the family of its language.
    pub fn family(&self) -> &'static str {
        family(self.0.language)
    }

    /// Returns where the file is.
    pub fn path(&self) -> &RepoPath {
        &self.0.path
    }

    /// Returns the text of the file.
    pub fn text(&self) -> &Arc<SourceText> {
        &self.0.text
    }
}

/// What the dataflow engine found.
#[derive(Clone, Debug, Default)]
pub struct FlowFindings {
    /// The findings by path and place, each place once.
    pub findings: Vec<Finding>,
    /// Where templates put out only what the program itself wrote, as far as is
    /// seen.
    pub cleared: Vec<(RepoPath, Span)>,
    /// What was cut in which file, for the ledger.
    pub notes: Vec<(RepoPath, String)>,
}

/// Makes the parts of a file that the dataflow engine reads.
pub fn flow_units(
    models: &FlowModels,
    path: &RepoPath,
    text: &Arc<SourceText>,
    parsed: &ParsedFile,
) -> Vec<FlowUnit> {
    parsed
        .trees
        .iter()
        .filter_map(|tree| lower(models, path, text, tree))
        .map(|unit| FlowUnit(Arc::new(unit)))
        .collect()
}

/// Makes the parts of a template that the dataflow engine reads: one for each
/// language whose programs may fill it.
pub fn flow_templates(
    models: &FlowModels,
    path: &RepoPath,
    text: &Arc<SourceText>,
) -> Vec<FlowUnit> {
    let units = template::lower(models, path, text).into_iter();
    units.map(|unit| FlowUnit(Arc::new(unit))).collect()
}

/// Returns the name by which programs fill a template; none when the file is none.
pub fn flow_template_called_by(path: &RepoPath) -> Option<String> {
    template::called_by(path)
}

/// Writes the parts of a file as bytes, which hold texts of it; none when they
/// are nested too deep.
pub fn write_flow_units(units: &[FlowUnit]) -> Option<Vec<u8>> {
    kept::write(units.iter().map(|unit| &*unit.0))
}

/// Reads the parts of a file that were written by the same program.
pub fn read_flow_units(
    models: &FlowModels,
    path: &RepoPath,
    text: &Arc<SourceText>,
    bytes: &[u8],
) -> Option<Vec<FlowUnit>> {
    let units = kept::read(models, path, text, bytes)?.into_iter();
    Some(units.map(|unit| FlowUnit(Arc::new(unit))).collect())
}

/// At most so many files are followed by one thread, one after the other: what
/// they have in common is worked out once. A change has fewer.
const UNITS_MAX: usize = 64;

/// Into so many parts the files are taken apart, so that all threads have some.
const PARTS: usize = 16;

/// What one file's functions had put out where.
type PutOut = Vec<((u32, Span), Seen)>;

/// Analyses files together. Only those for which `wanted` is true are looked
/// into for themselves; the others are there to be called. With `local_input`
/// also what only people at the machine send is followed.
pub fn flow_findings<E: std::ops::Deref<Target = Engine>>(
    units: &[FlowUnit],
    wanted: impl Fn(usize) -> bool + Sync,
    local_input: bool,
    properties: Properties,
    engine: impl Fn(&RepoPath) -> E + Sync,
) -> FlowFindings {
    let all: Vec<Arc<Unit>> = units.iter().map(|unit| Arc::clone(&unit.0)).collect();
    let project = Project::new(all, properties);
    let wanted: Vec<usize> = (0..units.len()).filter(|at| wanted(*at)).collect();
    let at_once = (wanted.len() / PARTS).clamp(1, UNITS_MAX);
    let each: Vec<(FlowFindings, PutOut)> = wanted
        .into_par_iter()
        .with_min_len(at_once)
        .map_init(Known::default, |known, at| {
            let mut solution = solve(&project, at as u32, local_input, known);
            let put_out = solution.put_out.drain().collect();
            (report(&project, at as u32, solution, &engine), put_out)
        })
        .collect();
    let mut all = FlowFindings::default();
    let mut put_out: BTreeMap<(u32, Span), Seen> = BTreeMap::new();
    for (one, own) in each {
        all.findings.extend(one.findings);
        all.notes.extend(one.notes);
        for (place, seen) in own {
            let known = put_out.entry(place).or_insert(seen);
            *known = (*known).max(seen);
        }
    }
    let own = put_out.iter().filter(|(_, seen)| **seen == Seen::Own);
    let place = |(unit, span): (u32, Span)| (project.unit(unit).path.clone(), span);
    all.cleared = own.map(|(at, _)| place(*at)).collect();
    // A call may be followed from several files: the surest path, then the
    // shortest, is shown.
    all.findings.sort_by(|a, b| {
        let place = |finding: &Finding| (finding.location.path.clone(), finding.location.span);
        let key =
            |finding: &Finding| (std::cmp::Reverse(finding.confidence), finding.related.len());
        place(a)
            .cmp(&place(b))
            .then_with(|| a.rule.cmp(&b.rule))
            .then_with(|| a.identity.cmp(&b.identity))
            .then_with(|| key(a).cmp(&key(b)))
    });
    all.findings.dedup_by(|later, earlier| {
        later.rule == earlier.rule
            && later.location == earlier.location
            && later.identity == earlier.identity
    });
    all
}

/// Adds what the dataflow engine found to a file's findings. What a security
/// rule without dataflow says of the same weakness on the same line is one
/// finding with it: the one that shows its path.
pub fn merge_flow_findings(findings: &mut Vec<Finding>, flow: Vec<Finding>) {
    let mut paths = Vec::new();
    for mut finding in flow {
        let has_path = !finding.related.is_empty();
        let is_same = |known: &Finding| {
            known.location.start.line == finding.location.start.line
                && (known.rule == finding.rule
                    || is_weakness_of(known.rule.as_str(), finding.rule.as_str()))
        };
        let known = findings.iter().filter(|known| is_same(known));
        let is_said =
            |known: &Finding| known.rule == finding.rule || known.confidence >= finding.confidence;
        if !has_path && known.clone().any(is_said) {
            continue;
        }
        if let Some(known) = known.map(|known| known.confidence).max() {
            findings.retain(|known| !is_same(known));
            // Two rules that say the same are no less sure than one.
            finding.confidence = finding.confidence.max(known);
        }
        // Several ways may end on one line: each stays.
        paths.push(finding);
    }
    findings.append(&mut paths);
}

/// Doubts what is said of values that a template puts out, where these were followed
/// and are all the program's own.
pub fn doubt_cleared_outputs(findings: &mut [Finding], cleared: &[Span]) {
    for finding in findings {
        let place = finding.location.span;
        if finding.rule.as_str() == "security/unescaped-template-output" && cleared.contains(&place)
        {
            finding.confidence = Confidence::Low;
        }
    }
}

/// Returns whether a pattern rule of security is about a weakness that a rule
/// with dataflow is about.
fn is_weakness_of(pattern: &str, flow: &str) -> bool {
    let (Some(pattern), Some(flow)) = (rule_by_id(pattern), rule_by_id(flow)) else {
        return false;
    };
    let flow = flow.spec().cwe;
    pattern.pack() == "security" && pattern.spec().cwe.iter().any(|cwe| flow.contains(cwe))
}

/// So much of a call that leads to a sink tells the finding from others: a
/// function in its arguments may change.
const CALL_CHARS_MAX: usize = 160;

/// A path shows so many steps; those in the middle are left out.
const STEPS_SHOWN_MAX: usize = 12;

fn report<E: std::ops::Deref<Target = Engine>>(
    project: &Project,
    unit: u32,
    solution: Solution,
    engine: &impl Fn(&RepoPath) -> E,
) -> FlowFindings {
    let own = project.unit(unit);
    let notes = own.notes.iter().cloned().chain(solution.notes);
    let findings = solution.hits.iter().filter_map(|hit| {
        let engine = engine(&project.unit(hit.unit).path);
        finding(project, hit, &engine)
    });
    FlowFindings {
        findings: findings.collect(),
        cleared: Vec::new(),
        notes: notes.map(|note| (own.path.clone(), note)).collect(),
    }
}

fn finding(project: &Project, hit: &Hit, engine: &Engine) -> Option<Finding> {
    let rule = rule_by_id(&hit.rule)?;
    let unit = project.unit(hit.unit);
    let language = assay_syntax::language_by_name(unit.language);
    let resolved = engine.resolve(rule, language);
    if !resolved.enabled {
        return None;
    }
    let function = enclosing(unit, hit.span);
    let symbol = function
        .map(|function| symbol(unit, function))
        .filter(|name| !name.is_empty());
    let mut hasher = IdentityHasher::new(rule.id());
    hasher.part(function.map_or("", |function| &function.name));
    // What formatters add and take away does not count, see `add_tokens`.
    let is_kept = |c: &char| !matches!(c, ',' | ';' | '(' | ')' | '\\');
    let text: String = unit.text.slice(hit.span).chars().filter(is_kept).collect();
    add_text(&mut hasher, &text);
    if let Some((unit, call)) = hit.way {
        let unit = project.unit(unit);
        hasher.part(enclosing(unit, call).map_or("", |function| &function.name));
        let text = unit.text.slice(call).chars().filter(is_kept);
        let text: String = text.take(CALL_CHARS_MAX).collect();
        add_text(&mut hasher, &text);
    }
    Some(Finding {
        rule: RuleId::new(rule.id()),
        severity: resolved.severity.unwrap_or_else(|| rule.severity()),
        confidence: rule.spec().confidence.min(match (hit.doubt, &hit.path) {
            // Tests send themselves what they want.
            (_, Some(_)) if is_test_path(&unit.path) => Confidence::Low,
            (Doubt::None, _) => Confidence::High,
            (Doubt::Unknown, _) => Confidence::Medium,
            (Doubt::Local, _) => Confidence::Low,
        }),
        category: rule.spec().category,
        message: hit.message.to_string(),
        location: location(unit, hit.span),
        related: hit
            .path
            .as_ref()
            .map_or_else(Vec::new, |path| steps(project, path)),
        measure: None,
        symbol,
        identity: hasher.finish(),
        alias: None,
        tools: Vec::new(),
        fingerprint: Fingerprint::default(),
        state: State::Introduced,
        suppressed: None,
        fix: None,
        frame: Frame::default(),
    })
}

/// Returns the steps of a path from the source on.
fn steps(project: &Project, last: &Rc<Step>) -> Vec<Related> {
    let mut steps: Vec<&Step> = Vec::new();
    let mut at = Some(&**last);
    while let Some(step) = at {
        steps.push(step);
        at = step.previous.as_deref();
    }
    steps.reverse();
    // Several things happen on one line: the first says most.
    let line = |step: &Step| {
        project
            .unit(step.unit)
            .text
            .lines()
            .line_of(step.span.start)
    };
    steps.dedup_by(|later, earlier| {
        later.unit == earlier.unit
            && line(later) == line(earlier)
            && !matches!(later.what, StepKind::Passed(_))
    });
    if steps.len() > STEPS_SHOWN_MAX {
        let half = STEPS_SHOWN_MAX / 2;
        steps.drain(half..steps.len() - half);
    }
    steps
        .into_iter()
        .map(|step| Related {
            location: location(project.unit(step.unit), step.span),
            message: said(&step.what),
            frame: Frame::default(),
        })
        .collect()
}

fn said(what: &StepKind) -> String {
    match what {
        StepKind::Source(what) => format!("{what} comes in"),
        StepKind::Assigned(name) => {
            let name = name.rsplit('.').next().unwrap_or(name);
            format!("it becomes `{name}`")
        }
        StepKind::Passed(name) => format!("it is passed on as `{name}`"),
        StepKind::Returned(name) => format!("`{name}` returns it"),
        StepKind::Through(name) => format!("it goes through `{name}`"),
        StepKind::Joined => "it becomes part of a text".to_owned(),
    }
}

fn location(unit: &Unit, span: Span) -> Location {
    Location {
        path: unit.path.clone(),
        span,
        start: unit.text.position(span.start),
        end: unit.text.position(span.end),
    }
}

/// Returns the innermost function with a name around a place.
fn enclosing(unit: &Unit, span: Span) -> Option<&Function> {
    unit.functions
        .iter()
        .filter(|function| !function.name.is_empty() && function.span.contains(span))
        .min_by_key(|function| function.span.len())
}

fn symbol(unit: &Unit, function: &Function) -> String {
    let class = function.class.map(|class| {
        let name = &unit.classes[class].name;
        let inner = name.strip_prefix(&*unit.package).unwrap_or(name);
        inner.trim_start_matches('.').to_owned()
    });
    let name = match &*function.name {
        "<init>" | "<fields>" => class
            .as_deref()
            .and_then(|c| c.rsplit('.').next())
            .unwrap_or(""),
        name => name,
    };
    match &class {
        Some(class) => format!("{class}.{name}"),
        None => name.to_owned(),
    }
}
