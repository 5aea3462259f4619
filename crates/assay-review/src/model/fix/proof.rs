//! Whether a patch holds: the patched code parses, the whole change is reviewed again as
//! it was, dataflow and all, the finding is gone, and nothing came in its place.

use std::collections::{BTreeMap, HashMap};
use std::mem::discriminant;
use std::sync::Arc;

use assay_finding::{Coverage, Finding, Identity, RuleId};
use assay_source::{RepoPath, SourceText};
use assay_syntax::SymbolKind;

use super::overlay::Overlay;
use super::patch::{FixRefusal, named};
use crate::mend::breaks_syntax;
use crate::model::context::declared;
use crate::pipeline::{NoProgress, review};
use crate::settings::Settings;

/// A finding, however often it is there.
type Key = (RuleId, Identity);

/// What a review of a patched change came to.
pub(super) struct Judged {
    pub(super) findings: Vec<Finding>,
    /// How each file was read.
    read: HashMap<RepoPath, (Option<&'static str>, Coverage)>,
    problems: usize,
    is_complete: bool,
}

impl Judged {
    /// Reviews a change as it is patched.
    pub(super) fn of(overlay: &Overlay<'_>, settings: &Settings) -> Self {
        let report = review(overlay.subject(), settings, &NoProgress);
        let read = report.ledger.files.iter().map(|file| {
            let how = (file.language, file.coverage.clone());
            (file.path.clone(), how)
        });
        Self {
            read: read.collect(),
            problems: report.problems.len(),
            is_complete: report.ledger.is_complete(),
            findings: report.findings,
        }
    }

    /// Returns the finding as it is now, if it still counts.
    pub(super) fn find(&self, wanted: &Finding) -> Option<&Finding> {
        let is_it = |one: &&Finding| one.counts() && key(one) == key(wanted);
        let start = wanted.location.span.start;
        let all = self.findings.iter().filter(is_it);
        all.min_by_key(|one| one.location.span.start.abs_diff(start))
    }

    fn count(&self) -> BTreeMap<Key, usize> {
        let mut counts = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(key(finding)).or_default() += 1;
        }
        counts
    }

    fn silenced(&self) -> usize {
        let silenced = |one: &&Finding| one.suppressed.is_some();
        self.findings.iter().filter(silenced).count()
    }
}

pub(super) fn key(finding: &Finding) -> Key {
    (finding.rule.clone(), finding.identity)
}

/// Proves that files of a change may be replaced by others to mend a finding. Returns
/// the patched change and what its review came to.
pub(super) fn prove<'a>(
    finding: &Finding,
    (before, judged): (&Overlay<'a>, &Judged),
    texts: &BTreeMap<RepoPath, Arc<SourceText>>,
    settings: &Settings,
) -> Result<(Overlay<'a>, Judged), FixRefusal> {
    for (path, after) in texts {
        let text = before.text(path, settings.limits.file_bytes_max);
        let text = text.ok_or_else(|| FixRefusal::NotRead(path.to_display()))?;
        if breaks_syntax(path, &text, after, settings) {
            return Err(FixRefusal::BreaksSyntax(path.to_display()));
        }
        keeps_declarations(path, &text, after, settings)?;
    }
    let patched = before.with(texts);
    let patched = patched.ok_or(FixRefusal::NoCode("what its file cannot hold"))?;
    let after = Judged::of(&patched, settings);
    is_read_alike((before, judged), &after, texts)?;
    is_better(finding, judged, &after)?;
    Ok((patched, after))
}

/// Refuses what makes a finding vanish with the code that it is in.
fn keeps_declarations(
    path: &RepoPath,
    before: &Arc<SourceText>,
    after: &Arc<SourceText>,
    settings: &Settings,
) -> Result<(), FixRefusal> {
    let names = |text| {
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for symbol in declared(settings, path, text) {
            let is_value = matches!(symbol.kind, SymbolKind::Lambda | SymbolKind::Field);
            if !symbol.name.is_empty() && !is_value {
                *names.entry(symbol.qualified_name).or_default() += 1;
            }
        }
        names
    };
    let left = names(after);
    let gone = names(before)
        .into_iter()
        .find(|(name, count)| left.get(name).copied().unwrap_or_default() < *count);
    match gone {
        Some((name, _)) => Err(FixRefusal::Removes(named(&name))),
        None => Ok(()),
    }
}

/// Refuses what hides code from the review: a mark of generated code, another language.
fn is_read_alike(
    (overlay, before): (&Overlay<'_>, &Judged),
    after: &Judged,
    texts: &BTreeMap<RepoPath, Arc<SourceText>>,
) -> Result<(), FixRefusal> {
    for (path, text) in texts {
        let alike = match (before.read.get(path), after.read.get(path)) {
            (Some((language, coverage)), Some((other, covered))) => {
                language == other && discriminant(coverage) == discriminant(covered)
            }
            _ => false,
        };
        // A file that is again as the base has it is read no more, and needs not be.
        let alike = alike || overlay.is_as_before(path, text);
        if !alike {
            return Err(FixRefusal::NotRead(path.to_display()));
        }
    }
    let is_whole = after.is_complete || !before.is_complete;
    match is_whole && after.problems <= before.problems {
        true => Ok(()),
        false => Err(FixRefusal::Problem("not all of it was read".to_owned())),
    }
}

/// Compares the findings, those that are silenced among them: there must be one less of
/// what is mended, and no more of anything else.
fn is_better(finding: &Finding, before: &Judged, after: &Judged) -> Result<(), FixRefusal> {
    let (had, has) = (before.count(), after.count());
    let of = |counts: &BTreeMap<Key, usize>, rule: &RuleId| -> usize {
        let own = counts.iter().filter(|((one, _), _)| one == rule);
        own.map(|(_, count)| count).sum()
    };
    let wanted = key(finding);
    let number = |counts: &BTreeMap<Key, usize>| counts.get(&wanted).copied().unwrap_or_default();
    let rule = &finding.rule;
    if number(&has) >= number(&had) || of(&has, rule) >= of(&had, rule) {
        return Err(FixRefusal::LeavesFinding);
    }
    let brought = after.findings.iter().find(|one| {
        let key = key(one);
        let is_more = has.get(&key) > had.get(&key);
        is_more && of(&has, &one.rule) > of(&had, &one.rule)
    });
    if let Some(one) = brought {
        let (path, line) = (one.location.path.to_display(), one.location.start.line);
        let what = format!("{} at {path}:{line}", one.rule);
        return Err(FixRefusal::BringsFinding(what));
    }
    match after.silenced() > before.silenced() {
        true => Err(FixRefusal::Silences("a comment")),
        false => Ok(()),
    }
}
