//! The detectors of formats, measured: every bad example's secret in other
//! surroundings is found, and what only looks like it is not.

use assay_rules::{ExampleKind, find_secrets, rules};
use assay_source::{RepoPath, SourceText};

/// Surroundings of a token; `T` is the token.
const PLACES: &[(&str, &str)] = &[
    ("src/app.py", "client = connect(\"T\")"),
    ("deploy/values.yaml", "  value: T"),
    (".env", "VALUE=T"),
    ("data.json", "{\"value\": \"T\", \"n\": 1}"),
    ("run.sh", "curl -H 'X-Value: T' https://api.internal/"),
    ("notes.txt", "use T for now"),
    ("src/App.java", "    send(\"T\\n\");"),
    ("a.html", "<b>T</b>"),
];

/// The tokens of rules whose format needs no name: with their example's line
/// and where they stand in it.
fn tokens() -> Vec<(&'static str, String)> {
    let mut tokens = Vec::new();
    for rule in rules().iter().filter(|rule| rule.pack() == "secret") {
        for example in &rule.document().examples {
            let raw = &example.text;
            let (Some(from), Some(to)) = (raw.find("<key:"), raw.find("}>")) else {
                continue;
            };
            let is_one_line = raw.trim().lines().count() == 1;
            if example.kind != ExampleKind::Bad || !is_one_line {
                continue;
            }
            let text = example.unmarked().0;
            let tail = raw.len() - to - 2;
            // The fence ends the text with a line end of its own.
            let end = text.len() - tail - usize::from(!raw.ends_with('\n'));
            tokens.push((rule.id(), text[from..end].to_owned()));
        }
    }
    tokens
}

fn rules_at(path: &str, text: &str) -> Vec<&'static str> {
    find_secrets(&RepoPath::from(path), &SourceText::from_text(text))
        .iter()
        .filter(|hit| hit.is_reported)
        .map(|hit| hit.rule())
        .collect()
}

/// Things that look like the token and are none.
fn near_misses(token: &str) -> Vec<String> {
    let half = token.len() / 2;
    let prefix = token
        .find(|c: char| c.is_ascii_digit() || c == '-' || c == '_' || c == '.')
        .map_or(4, |at| at + 1)
        .min(half);
    let filled = |c: char| -> String {
        let rest = token[prefix..]
            .chars()
            .map(|old| match old.is_ascii_alphanumeric() {
                true => c,
                false => old,
            });
        token[..prefix].chars().chain(rest).collect()
    };
    vec![
        filled('x'),
        filled('0'),
        format!("{}...", &token[..prefix]),
        format!("{}<your token>", &token[..prefix]),
        format!("{}${{TOKEN}}", &token[..prefix]),
        format!(
            "{}{}",
            &token[..prefix],
            "EXAMPLE".repeat(1 + (token.len() - prefix) / 7)
        ),
        token[..prefix + 3].to_owned(),
    ]
}

#[test]
fn formats_are_found_anywhere_and_near_misses_are_not() {
    let (mut found, mut all, mut reported, mut misses) = (0, 0, 0, 0);
    let mut lost: Vec<String> = Vec::new();
    let mut wrong: Vec<String> = Vec::new();
    let tokens = tokens();
    assert!(tokens.len() > 200, "{}", tokens.len());
    for (id, token) in tokens.iter().filter(|(_, token)| token.is_ascii()) {
        // Formats that only a name tells are found by the name.
        let alone = rules_at("notes.txt", &format!("use {token} for now"));
        if alone.is_empty() {
            continue;
        }
        for (path, place) in PLACES {
            all += 1;
            let hits = rules_at(path, &place.replace('T', token));
            match hits.is_empty() {
                true => lost.push(format!("{id} in {place}")),
                false => found += 1,
            }
            for near in near_misses(token) {
                misses += 1;
                let hits = rules_at(path, &place.replace('T', &near));
                if !hits.is_empty() {
                    reported += 1;
                    wrong.push(format!("{id} ({hits:?}) in {place}"));
                }
            }
        }
    }
    assert!(all > 900, "{all} places of formats that stand alone");
    assert!(found * 100 >= all * 97, "{found} of {all}: {lost:#?}");
    assert!(
        reported * 100 <= misses * 2,
        "{reported} of {misses}: {wrong:#?}"
    );
}
