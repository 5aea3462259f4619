//! What the change left behind: uses of what it took away or made different, in
//! places that it did not touch.
//!
//! The code graph is made of both sides, and only when the change takes something
//! away. A use counts when it led to the definition before, and now leads nowhere, or
//! to a definition that it no longer fits.

mod candidate;
mod reference;
mod uses;

pub(crate) use reference::join;

use std::panic::{AssertUnwindSafe, catch_unwind};

use assay_finding::{Confidence, Finding, Problem, Severity};
use assay_graph::{LoadLimits, NoStore, PairLimits, facts_of_version, is_code_file, load_pair};
use assay_source::{ChangeStatus, FileVersion};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

use self::candidate::{Taken, candidates};
use crate::engines::Engines;
use crate::file::{Examined, panic_message, stopped};
use crate::news::{News, is_on};
use crate::pipeline::Subject;
use crate::place::{At, Places, Use};
use crate::settings::Settings;

/// The rule about code.
pub(crate) const CALLER: &str = "change/caller-left-behind";
/// The rule about files.
const REFERENCE: &str = "change/reference-left-behind";

/// A rule of what was forgotten that needs to know what the files define.
const UNTESTED: &str = "change/untested-change";

/// Findings of one review: a rewrite is one piece of news.
const FINDINGS_MAX: usize = 50;
/// Places that a finding shows; a message names fewer.
const USES_SHOWN_MAX: usize = 10;
const USES_NAMED_MAX: usize = 3;
/// Characters of a line that is quoted.
const QUOTE_CHARS_MAX: usize = 120;

/// One thing that the change left behind, before it is a finding.
struct Left {
    rule: &'static str,
    /// What is gone or different: for the identity and the message.
    name: String,
    /// `... is gone`, `... demands ...`
    says: String,
    severity: Option<Severity>,
    confidence: Confidence,
    /// The changed file that took it away, and the base line or head span there.
    from: Option<(usize, At)>,
    uses: Vec<Use>,
}

/// Finds what the change left behind.
pub(crate) fn find(
    subject: Subject<'_>,
    examined: &mut [Examined],
    engines: &Engines<'_>,
    settings: &Settings,
) -> Vec<Finding> {
    if subject.is_scan {
        return Vec::new();
    }
    let (callers, references) = (is_on(engines, CALLER), is_on(engines, REFERENCE));
    let hints = is_on(engines, UNTESTED) && settings.confidence_min <= Confidence::Low;
    if callers || references || hints {
        read_facts(subject, examined, engines, settings);
    }
    if !callers && !references {
        return Vec::new();
    }
    let mut notes = Vec::new();
    let mut left = Vec::new();
    if callers || references {
        left.extend(in_code(subject, examined, engines, settings, &mut notes));
    }
    if references {
        left.extend(reference::find(subject, examined, &mut notes));
    }
    left.retain(|one| {
        if one.rule == CALLER {
            callers
        } else {
            references
        }
    });
    left.truncate(FINDINGS_MAX);
    let places = Places::new(subject, examined);
    let found = left
        .iter()
        .filter_map(|one| finding(one, &places, engines, settings))
        .collect();
    // All files are affected alike, so it stands at the first.
    if let Some(first) = examined.first_mut() {
        first.entry.notes.extend(notes);
    }
    found
}

/// Fills in what both versions of the changed files define and use.
fn read_facts(
    subject: Subject<'_>,
    examined: &mut [Examined],
    engines: &Engines<'_>,
    settings: &Settings,
) {
    let parsing = (&LoadLimits::default(), engines.trees());
    let read = |version: &FileVersion| match &settings.facts {
        Some(store) => facts_of_version(subject.tree, &**store, version, parsing),
        None => facts_of_version(subject.tree, &NoStore, version, parsing),
    };
    let count = examined.len().min(subject.change.files.len());
    examined[..count]
        .par_iter_mut()
        .zip(&subject.change.files[..count])
        .filter(|(file, _)| file.kept.is_some())
        .for_each(|(file, change)| {
            let versions = [&change.base, &change.head];
            let code = versions.map(|one| one.as_ref().filter(|one| is_code_file(one)));
            let mut problems = Vec::new();
            file.facts = code.map(|one| {
                let one = one?;
                catch_unwind(AssertUnwindSafe(|| read(one))).unwrap_or_else(|panic| {
                    problems.push(Problem {
                        what: "code graph".to_owned(),
                        path: Some(one.path.clone()),
                        message: stopped(&panic_message(&*panic)),
                    });
                    None
                })
            });
            file.problems.append(&mut problems);
        });
}

/// Compares the code graphs of both sides.
fn in_code(
    subject: Subject<'_>,
    examined: &[Examined],
    engines: &Engines<'_>,
    settings: &Settings,
    notes: &mut Vec<String>,
) -> Vec<Left> {
    let taken = candidates(examined, subject.change);
    if taken.is_empty() {
        return Vec::new();
    }
    let changed: Vec<_> = subject
        .change
        .files
        .iter()
        .filter(|file| file.base.iter().chain(&file.head).any(is_code_file))
        .map(|file| {
            let is_copy = matches!(file.status, ChangeStatus::Copied { .. });
            (file.base.as_ref().filter(|_| !is_copy), file.head.as_ref())
        })
        .collect();
    let names = taken.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let limits = (&PairLimits::default(), engines.trees());
    let loaded = match &settings.facts {
        Some(store) => load_pair(subject.tree, &changed, &names, &**store, limits),
        None => load_pair(subject.tree, &changed, &names, &NoStore, limits),
    };
    let Ok(pair) = loaded else {
        return Vec::new();
    };
    if pair.left > 0 {
        notes.push(format!(
            "what the change left behind: the {} files that lie farthest from it were not looked at",
            pair.left
        ));
    }
    let places = Places::new(subject, examined);
    uses::find(&pair, &taken, examined, &places, engines)
}

/// Makes a finding of what was left behind.
fn finding(
    left: &Left,
    places: &Places<'_>,
    engines: &Engines<'_>,
    settings: &Settings,
) -> Option<Finding> {
    let uses = left.uses.iter().take(USES_SHOWN_MAX);
    let quote = |one: &Use| {
        let line = places.line(one);
        let quoted: String = line.trim().chars().take(QUOTE_CHARS_MAX).collect();
        format!("`{quoted}` was not adapted")
    };
    let related: Vec<(Use, String)> = uses.map(|one| (one.clone(), quote(one))).collect();
    let first = places.location(left.uses.first()?)?;
    let changed = left
        .from
        .and_then(|(file, at)| places.changed_location(file, at));
    let news = News {
        rule: left.rule,
        name: left.name.clone(),
        identity: left.says.clone(),
        message: format!("{}, {}", left.says, still(&left.uses)),
        severity: left.severity,
        confidence: left.confidence,
        location: changed.unwrap_or(first),
        related,
    };
    news.finding(places, engines, settings)
}

fn still(uses: &[Use]) -> String {
    let named: Vec<String> = uses
        .iter()
        .take(USES_NAMED_MAX)
        .map(|one| format!("{}:{}", one.path.to_display(), one.line))
        .collect();
    let more = uses.len().saturating_sub(USES_NAMED_MAX);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let what = if uses.len() == 1 {
        "use was"
    } else {
        "uses were"
    };
    format!(
        "and {} {what} not adapted: {}{more}",
        uses.len(),
        named.join(", ")
    )
}

impl Taken {
    /// Returns the names of what was taken away, for the search in files that the
    /// graph does not know.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .definitions
            .iter()
            .map(|one| one.name.clone())
            .collect();
        names.extend(self.files.iter().map(|file| file.stem.clone()));
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        names.dedup();
        names
    }
}
