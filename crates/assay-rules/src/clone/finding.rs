//! Turns clones into findings of the rule `duplication/cloned-block`.

use assay_finding::{
    Category, Confidence, Finding, Fingerprint, Frame, Measure, Related, RuleId, Severity, State,
};

use super::{CloneClass, CloneCopy, CloneKind, CloneOptions, Clones};

/// The id of the rule that clones are findings of.
pub const CLONE_RULE: &str = "duplication/cloned-block";

/// From this many lines a clone should be mended, and is not only a small cost.
const LINES_LARGE: u32 = 40;

/// Returns a finding for each class of clones, in their order.
pub fn clone_findings(clones: &Clones, options: &CloneOptions) -> Vec<Finding> {
    let classes = clones.classes.iter();
    classes.map(|class| finding(class, options)).collect()
}

fn finding(class: &CloneClass, options: &CloneOptions) -> Finding {
    let subject = &class.subject;
    let kind = class.kind();
    let is_large = subject.lines() >= LINES_LARGE;
    Finding {
        rule: RuleId::new(CLONE_RULE),
        severity: if is_large {
            Severity::Medium
        } else {
            Severity::Low
        },
        confidence: match kind {
            CloneKind::Exact => Confidence::High,
            CloneKind::Renamed | CloneKind::Gapped => Confidence::Medium,
        },
        category: Category::Duplication,
        message: message(class),
        location: subject.location.clone(),
        related: class
            .copies
            .iter()
            .take(options.copies_max)
            .map(related)
            .collect(),
        measure: Some(Measure {
            metric: "duplicated tokens".to_owned(),
            value: f64::from(subject.tokens),
            threshold: f64::from(options.tokens_min),
            base: None,
        }),
        symbol: None,
        identity: class.identity,
        alias: None,
        tools: Vec::new(),
        fingerprint: Fingerprint::default(),
        state: State::Introduced,
        suppressed: None,
        fix: None,
        frame: Frame::default(),
    }
}

fn message(class: &CloneClass) -> String {
    let subject = &class.subject;
    let mut text = format!("{} lines ({} tokens) ", subject.lines(), subject.tokens);
    text.push_str(match class.kind() {
        CloneKind::Exact => "duplicate",
        CloneKind::Renamed => "duplicate, with other names or literals,",
        CloneKind::Gapped => "nearly duplicate",
    });
    if let Some(first) = class.copies.first() {
        let location = &first.block.location;
        text.push_str(&format!(" {}:{}", location.path, location.start.line));
    }
    match class.copies.len() {
        0 | 1 => {}
        2 => text.push_str(" and one other place"),
        count => text.push_str(&format!(" and {} other places", count - 1)),
    }
    text
}

fn related(copy: &CloneCopy) -> Related {
    let percent = (copy.similarity * 100.0).floor();
    let lines = copy.block.lines();
    Related {
        location: copy.block.location.clone(),
        message: match copy.kind {
            CloneKind::Exact => format!("the same {lines} lines"),
            CloneKind::Renamed => {
                format!("{lines} lines with other names or literals ({percent}% the same)")
            }
            CloneKind::Gapped => format!("{lines} lines, nearly the same ({percent}%)"),
        },
        frame: Frame::default(),
    }
}
