//! The settings in force, for people: `assay config`.

use std::fmt::Write as _;
use std::path::Path;

use assay_review::Settings;
use assay_rules::{Engine, rules};
use assay_source::RepoPath;

use super::Loaded;

/// Describes what was loaded; for a path with the overrides that apply to it.
pub(crate) fn describe(loaded: &Loaded, path: Option<&Path>) -> String {
    let mut out = String::new();
    let settings = &loaded.settings;
    let origin = loaded
        .origin
        .as_deref()
        .unwrap_or("none found: the defaults hold");
    let _ = writeln!(out, "configuration  {origin}");
    for note in &loaded.notes {
        let _ = writeln!(out, "note           {note}");
    }
    let _ = writeln!(
        out,
        "confidence     {} or more; less is held back",
        settings.confidence_min
    );
    gate(&mut out, settings);
    let _ = writeln!(
        out,
        "limits         {} bytes a file, {} files",
        settings.limits.file_bytes_max, settings.limits.files_max
    );
    let licences = &settings.licences;
    for (word, list) in [("accepted", &licences.allow), ("denied", &licences.deny)] {
        if !list.is_empty() {
            let _ = writeln!(out, "licences       {word}: {}", list.join(", "));
        }
    }
    for (pattern, _) in &settings.exclude {
        let _ = writeln!(out, "exclude        {pattern}");
    }
    for suppression in &settings.suppressions {
        let until = suppression
            .until
            .map_or_else(String::new, |day| format!(" until {day}"));
        let _ = writeln!(
            out,
            "suppress       {}{until}: {}",
            suppression.rule.glob(),
            suppression.reason
        );
    }
    for tool in &loaded.tools {
        let _ = writeln!(
            out,
            "tool           {} (with --tools): {}",
            tool.name,
            tool.command.join(" ")
        );
    }
    let name = path.map(|path| path.to_string_lossy().replace('\\', "/"));
    let statements = settings.rules_for(&RepoPath::from(name.as_deref().unwrap_or("")));
    // The settings were checked when they were loaded.
    if let Ok(engine) = Engine::new(&statements) {
        let _ = writeln!(
            out,
            "\nrules{}",
            name.map_or_else(String::new, |name| format!(" for {name}"))
        );
        for rule in rules() {
            if !engine.is_enabled(rule, None) {
                continue;
            }
            let severity = engine.severity(rule, None);
            let options: Vec<String> = rule
                .options()
                .iter()
                .filter_map(|option| {
                    Some(format!(
                        "{} = {}",
                        option.name,
                        engine.number(rule, option.name)?
                    ))
                })
                .collect();
            let _ = writeln!(
                out,
                "  {:44} {severity:8} {}",
                rule.id(),
                options.join(", ")
            );
        }
        let off: Vec<&str> = rules()
            .iter()
            .filter(|rule| !engine.is_enabled(rule, None))
            .map(|rule| rule.id())
            .collect();
        let _ = writeln!(out, "\noff  {}", off.join(", "));
    }
    out
}

fn gate(out: &mut String, settings: &Settings) {
    let gate = &settings.gate;
    let mut demands = Vec::new();
    match gate.severity {
        Some(severity) => demands.push(format!("no new finding of {severity} or worse")),
        None => demands.push("severities do not fail it".to_owned()),
    }
    for (category, severity) in &gate.categories {
        let severity = severity.map_or("never", |severity| severity.as_str());
        demands.push(format!("{category}: {severity}"));
    }
    if let Some(score) = gate.score_min {
        demands.push(format!("score at least {score}"));
    }
    if let Some(count) = gate.findings_max {
        demands.push(format!("at most {count} new findings"));
    }
    if let Some(share) = gate.coverage_min {
        demands.push(format!("at least {share}% of new lines covered"));
    }
    if gate.complete {
        demands.push("everything was read".to_owned());
    }
    let _ = writeln!(out, "gate           {}", demands.join("; "));
}
