//! What the schemas of a change take back, whoever speaks by them.

use std::collections::BTreeSet;

use assay_finding::{Coverage, Finding, Severity};
use assay_rules::{SchemaComparison, SchemaLoss, compare_schemas, is_schema};
use assay_source::ChangeStatus;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::{Loss, finding, linked, told_by};
use crate::engines::Engines;
use crate::file::{Examined, KeptText};
use crate::pipeline::Subject;

/// Findings of one schema: one that is written anew is one piece of news.
const LOSSES_PER_FILE_MAX: usize = 25;

/// Finds what changed schemas take back.
pub(super) fn find(
    subject: Subject<'_>,
    examined: &[Examined],
    engines: &Engines<'_>,
) -> Vec<(usize, Vec<Finding>)> {
    let mut compared: Vec<(usize, SchemaComparison)> = examined
        .par_iter()
        .enumerate()
        .filter_map(|(at, file)| Some((at, compare(file, engines)?)))
        .collect();
    for (at, loss) in linked::find(subject, examined, engines) {
        add(&mut compared, at, loss);
    }
    let declared: BTreeSet<&str> = compared
        .iter()
        .flat_map(|(_, one)| one.declares.iter().map(String::as_str))
        .collect();
    // What a program makes of messages and services says the same once more.
    let is_source = |at: usize| examined[at].entry.path.file_name().ends_with(b".proto");
    let is_made = |at: usize| {
        let is_written = matches!(examined[at].entry.coverage, Coverage::Skipped(_));
        let is_document = |kept: &KeptText| matches!(kept.language.id().as_str(), "json" | "yaml");
        is_written || examined[at].kept.as_ref().is_some_and(is_document)
    };
    let has_source = compared.iter().any(|(at, _)| is_source(*at));
    let mut found = Vec::new();
    for (at, one) in &compared {
        if has_source && is_made(*at) {
            continue;
        }
        let (file, change) = (&examined[*at], &subject.change.files[*at]);
        let Some(kept) = &file.kept else { continue };
        let stays = |loss: &&SchemaLoss| {
            loss.moves_as.is_empty() || !declared.contains(loss.moves_as.as_str())
        };
        let losses = one.losses.iter().filter(stays).take(LOSSES_PER_FILE_MAX);
        let findings = losses.filter_map(|loss| {
            let loss = Loss {
                rule: loss.rule,
                parts: [&loss.name, &loss.detail],
                message: format!(
                    "{} {}: {}",
                    told_by(&loss.name),
                    loss.detail,
                    why(loss.rule, loss.severity)
                ),
                symbol: &loss.name,
                severity: loss.severity,
                confidence: loss.confidence,
                base: loss.base,
                head: loss.head,
            };
            finding(file, change, kept, &loss, engines)
        });
        let findings: Vec<Finding> = findings.collect();
        if !findings.is_empty() {
            found.push((*at, findings));
        }
    }
    found
}

/// Adds what a part of a schema takes back, when its file alone does not say so already.
fn add(compared: &mut Vec<(usize, SchemaComparison)>, at: usize, loss: SchemaLoss) {
    let place = compared.iter().position(|(known, _)| *known == at);
    let place = place.unwrap_or_else(|| {
        compared.push((at, SchemaComparison::default()));
        compared.len() - 1
    });
    let losses = &mut compared[place].1.losses;
    let is_same = |known: &SchemaLoss| {
        (known.rule, &known.detail) == (loss.rule, &loss.detail)
            && (known.base, known.head) == (loss.base, loss.head)
    };
    if !losses.iter().any(is_same) {
        losses.push(loss);
    }
}

fn why(rule: &str, severity: Option<Severity>) -> &'static str {
    match rule {
        "schema/stricter-input" => "what clients send today may be refused",
        "schema/weaker-output" => "clients may not expect it",
        "schema/reused-field-number" => "old and new programs read each other's data wrongly",
        "schema/unreserved-field-number" => "write `reserved` in its place",
        "schema/new-authentication" => "clients without one are refused",
        "schema/changed-type" if severity == Some(Severity::Low) => {
            "what is sent looks alike, and code that was generated from it has another type"
        }
        "schema/changed-type" => "clients that were built before cannot read or send it",
        _ => "clients that use it stop to work",
    }
}

fn compare(file: &Examined, engines: &Engines<'_>) -> Option<SchemaComparison> {
    let kept: &KeptText = file.kept.as_ref()?;
    let base = kept.base.as_ref()?;
    let path = &file.entry.path;
    if matches!(file.entry.status, ChangeStatus::Copied { .. }) {
        return None;
    }
    if !is_schema(path, kept.language, kept.head.as_str()) {
        return None;
    }
    let [was, now] = [base, &kept.head].map(|text| engines.parse(text, kept.language));
    compare_schemas(path, &was, &now)
}
