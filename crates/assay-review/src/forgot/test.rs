//! Functions that changed while the tests of their files did not.

use std::collections::BTreeSet;

use assay_finding::Confidence;
use assay_graph::is_test_path;
use assay_source::RepoPath;

use crate::engines::Engines;
use crate::file::Examined;
use crate::news::{News, is_on};
use crate::place::{Places, Use};
use crate::settings::Settings;

const RULE: &str = "change/untested-change";
/// Functions that a message names.
const NAMED_MAX: usize = 3;

/// Finds changed functions whose tests did not change; it is a hint that is held back, so
/// nothing is looked for unless hints are shown.
pub(crate) fn find(
    examined: &[Examined],
    places: &Places<'_>,
    engines: &Engines<'_>,
    settings: &Settings,
) -> Option<News> {
    let is_asked = settings.confidence_min <= Confidence::Low;
    let is_test = |file: &Examined| {
        is_test_path(&file.entry.path.to_display()) && !file.versions.mapping.hunks().is_empty()
    };
    if !is_asked || !is_on(engines, RULE) || examined.iter().any(is_test) {
        return None;
    }
    let mut functions: Vec<(&Examined, String, u32)> = Vec::new();
    let mut wanted: Vec<String> = Vec::new();
    for file in examined {
        let (Some(facts), Some(base)) = (&file.facts[1], &file.facts[0]) else {
            continue;
        };
        let names = names_of_tests(&file.entry.path);
        if names.is_empty() {
            continue;
        }
        for id in facts.local_ids().skip(1) {
            let definition = &facts.definitions[id.index()];
            let name = facts.qualified_name(id);
            let touched = file
                .versions
                .mapping
                .touches(definition.place.line, definition.last_line);
            let was_there = base.local_ids().any(|id| base.qualified_name(id) == name);
            if definition.kind.is_callable() && touched && was_there && !definition.is_test {
                let mut lines = definition.place.line..=definition.last_line;
                let changed = lines.find(|&line| file.versions.mapping.is_changed(line));
                functions.push((file, name, changed.unwrap_or(definition.place.line)));
            }
        }
        wanted.extend(names);
    }
    let (file, _, line) = functions.first()?;
    let tests: BTreeSet<String> = places
        .files()
        .iter()
        .filter_map(|file| {
            let name = std::str::from_utf8(file.path.file_name()).ok()?;
            let is_wanted = wanted.iter().any(|wanted| wanted == name);
            is_wanted.then(|| file.path.to_display())
        })
        .collect();
    let first = tests.first()?;
    let place = Use {
        path: file.entry.path.clone(),
        line: *line,
        span: None,
    };
    let names: Vec<String> = functions
        .iter()
        .take(NAMED_MAX)
        .map(|(_, name, _)| format!("`{name}`"))
        .collect();
    let more = functions.len().saturating_sub(NAMED_MAX);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Some(News {
        rule: RULE,
        name: functions[0].1.clone(),
        identity: first.clone(),
        message: format!(
            "{}{more} changed and no test did; {first} has their tests",
            names.join(", ")
        ),
        severity: None,
        confidence: Confidence::Low,
        location: places.location(&place)?,
        related: Vec::new(),
    })
}

/// Returns the names that a file's own test has by custom.
fn names_of_tests(path: &RepoPath) -> Vec<String> {
    let name = String::from_utf8_lossy(path.file_name()).into_owned();
    let Some((stem, ending)) = name.rsplit_once('.') else {
        return Vec::new();
    };
    let names: &[String] = &match ending {
        "py" => vec![format!("test_{stem}.py"), format!("{stem}_test.py")],
        "go" => vec![format!("{stem}_test.go")],
        "js" | "jsx" | "ts" | "tsx" | "mjs" | "vue" => ["test", "spec"]
            .iter()
            .flat_map(|kind| ["js", "jsx", "ts", "tsx"].map(|end| format!("{stem}.{kind}.{end}")))
            .collect(),
        "java" | "kt" | "php" | "cs" | "scala" => ["Test", "Tests", "Spec"]
            .iter()
            .map(|kind| format!("{stem}{kind}.{ending}"))
            .collect(),
        "rb" => vec![format!("{stem}_spec.rb"), format!("{stem}_test.rb")],
        _ => Vec::new(),
    };
    names.to_vec()
}
