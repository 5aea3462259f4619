//! What a model is shown of a finding that it is to mend: what is wrong, the code around
//! its places as it is now, and what was tried before.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use assay_finding::{Finding, Location};
use assay_source::{RepoPath, SourceText};

use super::overlay::Overlay;
use super::patch::{FixRefusal, ShownText, is_guarded, named};
use super::{Failure, FixEdit};
use crate::model::context::{declared, function_at};
use crate::redact;
use crate::settings::Settings;

/// Lines of a function that is shown whole.
const FUNCTION_LINES_MAX: u32 = 150;
/// Lines before and after a place in a longer function, and outside of any.
const AROUND_LINES: u32 = 25;
/// The first lines of the finding's file, where its imports are.
const HEAD_LINES: u32 = 30;
/// Characters of a line; a longer one is not shown, for it could not be quoted.
const LINE_CHARS_MAX: usize = 1_000;
/// Places besides the finding's own.
const RELATED_MAX: usize = 12;
/// Bytes of what a test command said.
const SAID_CHARS_MAX: usize = 2_000;

/// Returns the files that belong to a finding, the finding's own first; none when it
/// cannot be shown.
pub(super) fn shown(
    finding: &Finding,
    overlay: &Overlay<'_>,
    settings: &Settings,
    bytes_max: usize,
) -> Option<(Vec<ShownText>, String)> {
    let related = finding.related.iter().take(RELATED_MAX);
    let places = std::iter::once(&finding.location).chain(related.map(|one| &one.location));
    let mut by_path: Vec<(&RepoPath, Vec<&Location>)> = Vec::new();
    for place in places {
        match by_path.iter_mut().find(|(path, _)| *path == &place.path) {
            Some((_, places)) => places.push(place),
            None => by_path.push((&place.path, vec![place])),
        }
    }
    let mut files = Vec::new();
    let mut out = String::new();
    for (at, (path, places)) in by_path.into_iter().enumerate() {
        if is_guarded(path) {
            continue;
        }
        let Some(text) = overlay.text(path, settings.limits.file_bytes_max) else {
            continue;
        };
        let file = show(path, &places, &text, settings, at == 0);
        let part = written(&file, &finding.location);
        if out.len() + part.len() > bytes_max {
            break;
        }
        out.push_str(&part);
        files.push(file);
    }
    let is_own = |file: &ShownText| file.path == finding.location.path;
    files.first().is_some_and(is_own).then_some((files, out))
}

fn show(
    path: &RepoPath,
    places: &[&Location],
    text: &Arc<SourceText>,
    settings: &Settings,
    is_own: bool,
) -> ShownText {
    let symbols = declared(settings, path, text);
    let count = text.lines().line_count().max(1);
    let mut lines: BTreeSet<u32> = BTreeSet::new();
    if is_own {
        lines.extend(1..=HEAD_LINES.min(count));
    }
    for place in places {
        let line = place.start.line.clamp(1, count);
        let around = line.saturating_sub(AROUND_LINES).max(1)..=(line + AROUND_LINES).min(count);
        let function = function_at(&symbols, text, line).map(|(_, range)| range);
        match function.filter(|range| range.end() - range.start() < FUNCTION_LINES_MAX) {
            Some(range) => lines.extend(range),
            None => lines.extend(around),
        }
    }
    lines.retain(|&line| text.line(line).chars().count() <= LINE_CHARS_MAX);
    ShownText {
        path: path.clone(),
        label: path.to_display(),
        lines,
        masked: redact::mask_file(path, text, None, &settings.secret_rules),
    }
}

fn written(file: &ShownText, place: &Location) -> String {
    let mut out = format!("\nFILE {}\n", file.label);
    let mut last = None;
    for &line in &file.lines {
        if last.is_some_and(|last| last + 1 != line) {
            out.push_str("  ...\n");
        }
        last = Some(line);
        let is_it = file.path == place.path && (place.start.line..=place.end.line).contains(&line);
        let mark = if is_it { '>' } else { ' ' };
        let code = file.masked.text.line(line);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{mark}{line:>5} | {code}");
    }
    out
}

/// Returns what is wrong, in words.
pub(super) fn finding_text(finding: &Finding) -> String {
    let place = |location: &Location| {
        let path = named(&location.path.to_display());
        format!("{path}:{}", location.start.line)
    };
    let mut out = format!(
        "{} ({}) at {}\n| {}",
        finding.rule,
        finding.severity,
        place(&finding.location),
        named_line(&finding.message)
    );
    for (at, related) in finding.related.iter().take(RELATED_MAX).enumerate() {
        let _ = write!(
            out,
            "\n| {}. {}: {}",
            at + 1,
            place(&related.location),
            named_line(&related.message)
        );
    }
    out
}

fn named_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).take(LINE_CHARS_MAX).collect()
}

/// Returns what was tried, in words.
pub(super) fn failed_text(failed: &[Failure]) -> String {
    let mut out = String::new();
    for (at, failure) in failed.iter().enumerate() {
        let _ = writeln!(out, "ATTEMPT {}: {}", at + 1, failure.refusal);
        said(&failure.refusal, &mut out);
        for edit in &failure.edits {
            edited(edit, &mut out);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn said(refusal: &FixRefusal, out: &mut String) {
    let Some(said) = refusal.said() else { return };
    let from = said.chars().count().saturating_sub(SAID_CHARS_MAX);
    let said: String = said.chars().skip(from).collect();
    for line in said.lines() {
        let _ = writeln!(out, "| {}", named_line(line));
    }
}

fn edited(edit: &FixEdit, out: &mut String) {
    let _ = writeln!(out, "EDIT {} line {}", named(&edit.path), edit.line);
    for (mark, lines) in [('-', &edit.old), ('+', &edit.new)] {
        for line in lines.lines() {
            let _ = writeln!(out, "{mark}| {}", named_line(line));
        }
    }
}

/// Texts by their paths.
pub(super) type Texts = BTreeMap<RepoPath, Arc<SourceText>>;
