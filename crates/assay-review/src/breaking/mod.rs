//! What a change takes away from those who use the code from elsewhere.
//!
//! The public names of both versions of each changed file are compared. What is
//! left counts only in a package that is offered to others, and not when the
//! change says itself that it breaks something.

mod policy;

use std::collections::HashSet;

use assay_finding::{
    Confidence, Finding, Fingerprint, Frame, IdentityHasher, Location, RuleId, Severity, State,
};
use assay_rules::{Break, BreakKind, Surface, compare_surfaces, rule_by_id};
use assay_source::{FileChange, SourceText, Span};

use self::policy::{Packages, is_breaking_bump, version_of, words};
use crate::engines::Engines;
use crate::file::{Examined, KeptText};
use crate::frame;
use crate::pipeline::Subject;
use crate::redact;
use crate::settings::Settings;

/// Findings of one file: a rewritten module is one piece of news.
const BREAKS_PER_FILE_MAX: usize = 25;
/// Bytes of a manifest or changelog that is read.
const BYTES_MAX: u64 = 4 << 20;

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
        let empty = Surface::default();
        let breaks = compare_surfaces(base, head.as_ref().unwrap_or(&empty));
        if !breaks.is_empty() && file.kept.is_some() {
            broken.push((at, breaks));
        }
    }
    if broken.is_empty() || says_major(subject) {
        return Vec::new();
    }
    let packages = Packages::new(subject.tree);
    let told = told_in_changelogs(subject);
    let moved = new_names(examined);
    let mut findings = Vec::new();
    for (at, breaks) in broken {
        let (file, change) = (&examined[at], &subject.change.files[at]);
        let Some(kept) = &file.kept else { continue };
        let language = kept.language.id();
        let offered = |one: &Break| {
            let path = &file.entry.path;
            !told.contains(last_part(&one.name))
                && packages.offers(path, language.as_str(), &one.name)
        };
        let offered = breaks
            .iter()
            .filter(|one| offered(one))
            .take(BREAKS_PER_FILE_MAX);
        let mut found: Vec<Finding> = Vec::new();
        for one in offered {
            let is_moved = one.kind == BreakKind::Removed
                && moved.contains(&(language.as_str(), one.name.as_str()));
            let is_doubtful = is_moved || !one.is_certain;
            found.extend(finding(file, change, kept, one, is_doubtful, engines));
        }
        if found.is_empty() {
            continue;
        }
        let masked = redact::mask_file(
            &file.entry.path,
            &kept.head,
            file.secrets.as_deref(),
            &settings.secret_rules,
        );
        for finding in &mut found {
            redact::finding(finding, &masked);
            frame::fill(finding, &masked.text, &file.versions.mapping);
        }
        findings.append(&mut found);
    }
    findings
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
            let was_there = base
                .as_ref()
                .is_some_and(|base| base.names.binary_search(&item.name).is_ok());
            if !was_there {
                names.insert((language.id().as_str(), item.name.as_str()));
            }
        }
    }
    names
}

/// Whether a manifest of the change raises the version so that it may break.
fn says_major(subject: Subject<'_>) -> bool {
    subject.change.files.iter().any(|file| {
        let name = file.path().file_name().to_ascii_lowercase();
        let is_manifest = matches!(
            name.as_slice(),
            b"package.json"
                | b"cargo.toml"
                | b"pyproject.toml"
                | b"setup.cfg"
                | b"setup.py"
                | b"pom.xml"
                | b"gradle.properties"
                | b"build.gradle"
                | b"composer.json"
                | b"__init__.py"
                | b"__version__.py"
                | b"version.rb"
                | b"version.go"
                | b"version.py"
        ) || name.ends_with(b".gemspec")
            || name.ends_with(b".csproj");
        if !is_manifest {
            return false;
        }
        let [base, head] = texts(subject, file).map(|text| text.as_deref().and_then(version_of));
        matches!((base, head), (Some(base), Some(head)) if is_breaking_bump(base, head))
    })
}

fn texts(subject: Subject<'_>, file: &FileChange) -> [Option<String>; 2] {
    [&file.base, &file.head].map(|version| {
        let bytes = subject.tree.read(version.as_ref()?, BYTES_MAX).ok()?;
        Some(SourceText::decode(bytes).ok()?.as_str().to_owned())
    })
}

/// The words that the change adds to changelogs.
fn told_in_changelogs(subject: Subject<'_>) -> HashSet<String> {
    let mut told = HashSet::new();
    for file in &subject.change.files {
        let Some(path) = file.path().as_str().map(str::to_ascii_lowercase) else {
            continue;
        };
        let name = path.rsplit('/').next().unwrap_or(&path);
        let is_changelog = [
            "change", "history", "news", "release", "upgrad", "migrat", "whatsnew",
        ]
        .iter()
        .any(|start| name.starts_with(start))
            || [
                "changelog/",
                "changes/",
                "newsfragments/",
                ".changeset/",
                "changelog.d/",
                "releasenotes/",
            ]
            .iter()
            .any(|folder| path.contains(folder));
        if !is_changelog {
            continue;
        }
        let [base, head] = texts(subject, file).map(Option::unwrap_or_default);
        let old: HashSet<&str> = base.lines().collect();
        let new = head.lines().filter(|line| !old.contains(line));
        told.extend(new.flat_map(words).map(str::to_owned));
    }
    told
}

fn rule_of(kind: BreakKind) -> &'static str {
    match kind {
        BreakKind::Removed | BreakKind::Hidden => "api/removed-symbol",
        BreakKind::Signature | BreakKind::Default => "api/changed-signature",
        BreakKind::Required => "api/new-required-member",
    }
}

fn finding(
    file: &Examined,
    change: &FileChange,
    kept: &KeptText,
    one: &Break,
    is_doubtful: bool,
    engines: &Engines<'_>,
) -> Option<Finding> {
    // A file that is gone has no line to speak of.
    change.head.as_ref()?;
    let rule = rule_by_id(rule_of(one.kind))?;
    let engine = engines.for_path(&file.entry.path);
    if !engine.is_enabled(rule, Some(kept.language)) {
        return None;
    }
    let span = one.head.or_else(|| gone_at(file, kept, one))?;
    let mut hasher = IdentityHasher::new(rule.id());
    hasher.part(&one.name).part(&one.detail);
    let position = |offset| kept.head.position(offset);
    let meta = rule.meta();
    Some(Finding {
        rule: RuleId::new(rule.id()),
        severity: match one.kind {
            BreakKind::Default => Severity::Low,
            _ => engine.severity(rule, Some(kept.language)),
        },
        confidence: if is_doubtful {
            Confidence::Low
        } else {
            meta.confidence
        },
        category: meta.category,
        message: format!(
            "The public {} `{}` {}: users of this package may rely on it, and neither the version nor a changelog says so",
            one.what, one.name, one.detail
        ),
        location: Location {
            path: file.entry.path.clone(),
            span,
            start: position(span.start),
            end: position(span.end),
        },
        related: Vec::new(),
        measure: None,
        symbol: Some(one.name.clone()),
        identity: hasher.finish(),
        alias: None,
        fingerprint: Fingerprint::default(),
        state: State::Introduced,
        suppressed: None,
        fix: None,
        frame: Frame::default(),
    })
}

/// Returns the line of the head at which something was taken out.
fn gone_at(file: &Examined, kept: &KeptText, one: &Break) -> Option<Span> {
    let base = kept.base.as_ref()?;
    let line = base.lines().line_of(one.base?.start);
    let hunks = file.versions.mapping.hunks();
    let hunk = hunks
        .iter()
        .find(|hunk| hunk.base.contains(line))
        .or(hunks.first())?;
    let last = kept.head.lines().line_count().max(1);
    Some(kept.head.lines().line_span(hunk.head.start.clamp(1, last)))
}
