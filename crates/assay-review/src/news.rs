//! Findings about the change as a whole: a place in it, and places elsewhere that prove
//! it, each with its own code.

use std::collections::HashMap;

use assay_finding::{
    Confidence, Finding, Fingerprint, Frame, IdentityHasher, Location, Related, RuleId, Severity,
    State,
};
use assay_rules::rule_by_id;
use assay_source::{LineMapping, RepoPath};

use crate::engines::Engines;
use crate::frame;
use crate::place::{Places, Use};
use crate::redact;
use crate::settings::Settings;

/// What a finding is to say.
pub(crate) struct News {
    pub(crate) rule: &'static str,
    /// What it is about.
    pub(crate) name: String,
    /// What, besides the name, makes it the same finding again.
    pub(crate) identity: String,
    pub(crate) message: String,
    /// Another severity than the rule's.
    pub(crate) severity: Option<Severity>,
    pub(crate) confidence: Confidence,
    pub(crate) location: Location,
    /// Further places, and what is there.
    pub(crate) related: Vec<(Use, String)>,
}

/// Returns whether a rule that looks at the whole change is on.
pub(crate) fn is_on(engines: &Engines<'_>, id: &str) -> bool {
    let engine = engines.default_engine();
    rule_by_id(id).is_some_and(|rule| engine.is_enabled(rule, None))
}

impl News {
    /// Makes the finding; none where the rule is off.
    pub(crate) fn finding(
        self,
        places: &Places<'_>,
        engines: &Engines<'_>,
        settings: &Settings,
    ) -> Option<Finding> {
        let rule = rule_by_id(self.rule)?;
        let engine = engines.for_path(&self.location.path);
        if !engine.is_enabled(rule, None) {
            return None;
        }
        let related = self.related.into_iter().filter_map(|(one, message)| {
            let location = places.location(&one)?;
            (location != self.location).then_some(Related {
                location,
                message,
                frame: Frame::default(),
            })
        });
        let mut hasher = IdentityHasher::new(rule.id());
        hasher.part(&self.name).part(&self.identity);
        let mut finding = Finding {
            rule: RuleId::new(rule.id()),
            severity: self.severity.unwrap_or_else(|| engine.severity(rule, None)),
            confidence: self.confidence,
            category: rule.meta().category,
            message: self.message,
            related: related.collect(),
            location: self.location.clone(),
            measure: None,
            symbol: Some(self.name),
            identity: hasher.finish(),
            alias: None,
            tools: Vec::new(),
            fingerprint: Fingerprint::default(),
            state: State::Introduced,
            suppressed: None,
            fix: None,
            frame: Frame::default(),
        };
        fill_frames(&mut finding, places, settings);
        Some(finding)
    }
}

/// Fills the frames of a finding whose places are in several files.
fn fill_frames(finding: &mut Finding, places: &Places<'_>, settings: &Settings) {
    let mut masked = HashMap::new();
    let mut mask = |path: &RepoPath| {
        if !masked.contains_key(path) {
            let text = places.text(path)?;
            let examined = places.examined(path);
            let secrets = examined.and_then(|file| file.secrets.as_deref());
            let made = redact::mask_file(path, &text, secrets, &settings.secret_rules);
            masked.insert(path.clone(), std::rc::Rc::new(made));
        }
        masked.get(path).cloned()
    };
    let unchanged = LineMapping::default();
    let mapping = |path: &RepoPath| {
        let examined = places.examined(path);
        examined.map_or(&unchanged, |file| &file.versions.mapping)
    };
    for related in &mut finding.related {
        let path = related.location.path.clone();
        if let Some(masked) = mask(&path) {
            masked.redact(&mut related.message);
            related.frame = frame::of(&related.location, &masked.text, mapping(&path));
        }
    }
    let path = finding.location.path.clone();
    if let Some(masked) = mask(&path) {
        redact::finding(finding, &masked);
        finding.frame = frame::of(&finding.location, &masked.text, mapping(&path));
    }
}
