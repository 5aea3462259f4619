//! What a change takes away from those who use the code from elsewhere.
//!
//! The public names of both versions of each changed file are compared. What is
//! left counts only in a package that is offered to others, and not when the
//! change says itself that it breaks something.

mod inherit;
mod linked;
mod outward;
mod policy;
mod release;
mod schema;

use std::collections::HashSet;

use assay_finding::{
    Confidence, Finding, Fingerprint, Frame, IdentityHasher, Location, RuleId, Severity, State,
};
use assay_rules::{Break, BreakKind, Surface, compare_surfaces, rule_by_id};
use assay_source::{ChangeStatus, FileChange, Span};

use self::inherit::{Classes, Place};
use self::policy::{Packages, words};
use self::release::{says_major, told_in_changelogs};
use crate::engines::Engines;
use crate::file::{Examined, KeptText};
use crate::frame;
use crate::pipeline::Subject;
use crate::redact;
use crate::settings::Settings;

/// Findings of one file: a rewritten module is one piece of news.
const BREAKS_PER_FILE_MAX: usize = 25;

/// Finds what the change breaks for others.
pub(crate) fn find(
    subject: Subject<'_>,
    examined: &[Examined],
    engines: &Engines<'_>,
    settings: &Settings,
) -> Vec<Finding> {
    if subject.is_scan {
        return Vec::new();
    }
    let mut broken: Vec<(usize, Vec<Break>)> = Vec::new();
    for (at, file) in examined.iter().enumerate() {
        let [Some(base), head] = &file.surfaces else {
            continue;
        };
        // What it was copied from is still there.
        if matches!(file.entry.status, ChangeStatus::Copied { .. }) {
            continue;
        }
        let empty = Surface::default();
        let breaks = compare_surfaces(base, head.as_ref().unwrap_or(&empty));
        if !breaks.is_empty() && file.kept.is_some() {
            broken.push((at, breaks));
        }
    }
    let mut found = schema::find(subject, examined, engines);
    let outward = outward::find(subject, examined, engines);
    if (!broken.is_empty() || !outward.is_empty()) && !says_major(subject) {
        let told = told_in_changelogs(subject);
        let is_told = |finding: &Finding| {
            let names = finding.symbol.iter().flat_map(|name| words(name));
            names.last().is_some_and(|name| told.contains(name))
        };
        found.extend(outward.into_iter().map(|(at, mut findings)| {
            findings.retain(|finding| !is_told(finding));
            (at, findings)
        }));
        found.extend(code(subject, examined, &broken, &told, engines));
    }
    let mut findings = Vec::new();
    for (at, mut of_file) in found {
        let file = &examined[at];
        let Some(kept) = &file.kept else { continue };
        let masked = redact::mask_file(
            &file.entry.path,
            &kept.head,
            file.secrets.as_deref(),
            &settings.secret_rules,
        );
        for finding in &mut of_file {
            redact::finding(finding, &masked);
            frame::fill(finding, &masked.text, &file.versions.mapping);
        }
        findings.append(&mut of_file);
    }
    findings
}

/// Finds what the change takes away from those who call the code of a package.
fn code(
    subject: Subject<'_>,
    examined: &[Examined],
    broken: &[(usize, Vec<Break>)],
    told: &HashSet<String>,
    engines: &Engines<'_>,
) -> Vec<(usize, Vec<Finding>)> {
    if broken.is_empty() {
        return Vec::new();
    }
    let packages = Packages::new(subject.tree);
    let moved = new_names(examined);
    let classes = Classes::new(subject.tree, packages.listed(), examined);
    let mut findings = Vec::new();
    for (at, breaks) in broken {
        let (file, change) = (&examined[*at], &subject.change.files[*at]);
        let Some(kept) = &file.kept else { continue };
        let language = kept.language.id();
        let offered = |one: &&Break| {
            let path = &file.entry.path;
            !is_told(one, told) && packages.offers(path, language.as_str(), &one.name)
        };
        let mut found: Vec<Finding> = Vec::new();
        for one in breaks.iter().filter(offered).take(BREAKS_PER_FILE_MAX) {
            let is_gone = matches!(one.kind, BreakKind::Removed | BreakKind::Hidden);
            let mut is_doubtful = !one.is_certain
                || is_gone && moved.contains(&(language.as_str(), one.name.as_str()));
            if let Some((owner, member)) = one.name.rsplit_once('.') {
                let place = classes.find(language.as_str(), &one.extends, member);
                if is_gone && place == Place::Inherited {
                    continue;
                }
                // An overload may be that of a class above.
                is_doubtful |= place == Place::Inherited;
                is_doubtful |= is_gone
                    && (place == Place::Unknown
                        || classes.is_in_heirs(language.as_str(), last_part(owner), member));
            }
            let loss = Loss {
                rule: rule_of(one.kind),
                parts: [&one.name, &one.detail],
                message: format!(
                    "The public {} `{}` {}: users of this package may rely on it, and neither the version nor a changelog says so",
                    one.what, one.name, one.detail
                ),
                symbol: &one.name,
                severity: (one.kind == BreakKind::Default).then_some(Severity::Low),
                confidence: is_doubtful.then_some(Confidence::Low),
                base: one.base,
                head: one.head,
            };
            found.extend(finding(file, change, kept, &loss, engines));
        }
        if !found.is_empty() {
            findings.push((*at, found));
        }
    }
    findings
}

/// Whether a changelog names what is gone, or the parameter that is another one.
fn is_told(one: &Break, told: &HashSet<String>) -> bool {
    const CONSTRUCTORS: &[&str] = &["__init__", "__construct", "initialize", "constructor"];
    let names = |name: &String| told.contains(name.trim_start_matches('$'));
    let last = last_part(&one.name);
    let owner = one.name.rsplit('.').nth(1);
    let is_named = match owner {
        Some(owner) if CONSTRUCTORS.contains(&last) => told.contains(owner),
        _ => told.contains(last),
    };
    is_named || one.parameter.as_ref().is_some_and(names)
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The names that are new somewhere in the change, by language.
fn new_names(examined: &[Examined]) -> HashSet<(&str, &str)> {
    let mut names = HashSet::new();
    for file in examined {
        let [base, Some(head)] = &file.surfaces else {
            continue;
        };
        let Some(language) = file.language else {
            continue;
        };
        for item in &head.items {
            // A file that was made of another one has its names in a new place.
            let is_moved = matches!(
                file.entry.status,
                ChangeStatus::Renamed { .. } | ChangeStatus::Copied { .. }
            );
            let was_there = base
                .as_ref()
                .is_some_and(|base| base.names.binary_search(&item.name).is_ok());
            if is_moved || !was_there {
                names.insert((language.id().as_str(), item.name.as_str()));
            }
        }
    }
    names
}

fn rule_of(kind: BreakKind) -> &'static str {
    match kind {
        BreakKind::Removed | BreakKind::Hidden => "api/removed-symbol",
        BreakKind::Signature | BreakKind::Default => "api/changed-signature",
        BreakKind::Required => "api/new-required-member",
    }
}

/// What is lost, on its way to a finding.
struct Loss<'a> {
    rule: &'static str,
    /// What the finding's identity is made of.
    parts: [&'a str; 2],
    message: String,
    symbol: &'a str,
    /// Another severity than the rule's.
    severity: Option<Severity>,
    /// Another confidence than the rule's.
    confidence: Option<Confidence>,
    base: Option<Span>,
    head: Option<Span>,
}

/// Writes a name as a sentence begins with it.
fn told_by(name: &str) -> String {
    match name.starts_with("the ") {
        true => format!("T{}", &name[1..]),
        false => format!("`{}`", name.replace('`', "")),
    }
}

fn finding(
    file: &Examined,
    change: &FileChange,
    kept: &KeptText,
    loss: &Loss<'_>,
    engines: &Engines<'_>,
) -> Option<Finding> {
    // A file that is gone has no line to speak of.
    change.head.as_ref()?;
    let rule = rule_by_id(loss.rule)?;
    let engine = engines.for_path(&file.entry.path);
    if !engine.is_enabled(rule, Some(kept.language)) {
        return None;
    }
    let span = match loss.head {
        Some(head) => head,
        None => gone_at(file, kept, loss.base?)?,
    };
    let mut hasher = IdentityHasher::new(rule.id());
    hasher.part(loss.parts[0]).part(loss.parts[1]);
    let position = |offset| kept.head.position(offset);
    let meta = rule.meta();
    Some(Finding {
        rule: RuleId::new(rule.id()),
        severity: loss
            .severity
            .unwrap_or_else(|| engine.severity(rule, Some(kept.language))),
        confidence: loss.confidence.unwrap_or(meta.confidence),
        category: meta.category,
        message: loss.message.clone(),
        location: Location {
            path: file.entry.path.clone(),
            span,
            start: position(span.start),
            end: position(span.end),
        },
        related: Vec::new(),
        measure: None,
        symbol: Some(loss.symbol.to_owned()),
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

/// Returns the line of the head at which something was taken out.
fn gone_at(file: &Examined, kept: &KeptText, gone: Span) -> Option<Span> {
    let base = kept.base.as_ref()?;
    let line = base.lines().line_of(gone.start);
    let hunks = file.versions.mapping.hunks();
    let hunk = hunks
        .iter()
        .find(|hunk| hunk.base.contains(line))
        .or(hunks.first())?;
    let last = kept.head.lines().line_count().max(1);
    Some(kept.head.lines().line_span(hunk.head.start.clamp(1, last)))
}
