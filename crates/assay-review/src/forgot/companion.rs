//! Files that usually change together with a changed one, and still say what the change
//! replaces.
//!
//! The past alone is no evidence: of ten changes that leave a usual companion alone nine
//! are right to do so. So the companion must still hold the very text that was replaced.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use assay_finding::Confidence;
use assay_source::{
    ChangeStatus, Companion, CompanionLimits, Companions, History, RecentPast, RepoPath, SourceText,
};

use crate::classify::is_own_code;
use crate::engines::Engines;
use crate::file::Examined;
use crate::news::{News, is_on};
use crate::place::{Places, Use};

const RULE: &str = "change/forgotten-companion";
/// Findings of one review, companions that one names, and companions that are read.
const FINDINGS_MAX: usize = 5;
const NAMED_MAX: usize = 3;
const READ_MAX: usize = 40;
/// Companions that still have the text; more are a copy of something, not a slip.
const STILL_MAX: usize = 12;
/// Lines of one file that are replaced: beyond this it is rewritten.
const REPLACED_MAX: usize = 200;
/// Letters and digits of a line that is looked for, and of one that proves anything.
const LINE_LETTERS_MIN: usize = 8;
const PROOF_LETTERS_MIN: usize = 16;
/// So many of ten replaced lines must be in the companion.
const LINES_OF_TEN: usize = 6;
/// Bytes and digits of a version or a digest.
const VERSION_BYTES_MIN: usize = 5;
const VERSION_DIGITS_MIN: usize = 2;

/// What one changed file no longer says.
struct Replaced {
    /// Trimmed lines, with the line of the head at which they were.
    lines: BTreeMap<String, u32>,
    /// The same for versions and digests.
    versions: BTreeMap<String, u32>,
}

/// A companion that still has the replaced text.
struct Still {
    companion: Companion,
    path: RepoPath,
    /// The line of the companion, and that of the change.
    line: u32,
    head_line: u32,
}

/// Finds the companions that a change forgot; `notes` are for the ledger.
pub(crate) fn find(
    past: Option<&Arc<dyn RecentPast>>,
    examined: &[Examined],
    places: &Places<'_>,
    engines: &Engines<'_>,
    notes: &mut Vec<String>,
) -> Vec<News> {
    let Some(past) = past.filter(|_| is_on(engines, RULE)) else {
        return Vec::new();
    };
    let edited: Vec<(&Examined, Replaced)> = examined
        .iter()
        .filter_map(|file| Some((file, replaced(file)?)))
        .collect();
    if edited.is_empty() {
        return Vec::new();
    }
    let Some(history) = past.read() else {
        return Vec::new();
    };
    let about = |note: &String| format!("what usually changes together: {note}");
    notes.extend(history.notes.iter().map(about));
    // Another mode alone leaves the text as it is.
    let is_same = |file: &Examined| {
        file.entry.status == ChangeStatus::Modified && file.entry.hunks.is_empty()
    };
    let touched: HashSet<&RepoPath> = examined
        .iter()
        .filter(|file| !is_same(file))
        .flat_map(|file| std::iter::once(&file.entry.path).chain(&file.entry.base_path))
        .collect();
    let numbers = numbers(&history, &edited);
    let companions = Companions::new(&history, CompanionLimits::default());
    let mut told: HashSet<RepoPath> = HashSet::new();
    let mut left = READ_MAX;
    let mut found = Vec::new();
    for (file, replaced) in &edited {
        let Some(&number) = numbers.get(base_path(file)) else {
            continue;
        };
        let mut still: Vec<Still> = Vec::new();
        for companion in companions.of(number) {
            let path = &history.paths[companion.path as usize];
            if touched.contains(path) || told.contains(path) || left == 0 {
                continue;
            }
            left -= 1;
            still.extend(still_has(file, replaced, companion, path, places));
        }
        if !(1..=STILL_MAX).contains(&still.len()) || found.len() >= FINDINGS_MAX {
            continue;
        }
        told.extend(still.iter().map(|one| one.path.clone()));
        found.extend(news(file, &still, places));
    }
    found
}

fn base_path(file: &Examined) -> &RepoPath {
    file.entry.base_path.as_ref().unwrap_or(&file.entry.path)
}

/// Returns the numbers of the edited files in a history.
fn numbers<'a>(
    history: &'a History,
    edited: &[(&Examined, Replaced)],
) -> BTreeMap<&'a RepoPath, u32> {
    let wanted: HashSet<&RepoPath> = edited.iter().map(|(file, _)| base_path(file)).collect();
    let all = history.paths.iter().zip(0u32..);
    all.filter(|(path, _)| wanted.contains(path)).collect()
}

/// Returns what a file no longer says; none where it was not edited.
fn replaced(file: &Examined) -> Option<Replaced> {
    let kept = file.kept.as_ref()?;
    let base = kept.base.as_ref()?;
    let is_edit = matches!(
        file.entry.status,
        ChangeStatus::Modified | ChangeStatus::Renamed { .. }
    );
    let edits = file.versions.mapping.hunks().iter();
    let edits = edits.filter(|hunk| hunk.base.count > 0 && hunk.head.count > 0);
    let old: Vec<(&str, u32)> = edits
        .flat_map(|hunk| {
            let lines = hunk.base.start..hunk.base.end();
            let last = hunk.head.end() - 1;
            lines
                .zip(hunk.head.start..)
                .map(move |(line, head)| (base.line(line).trim(), head.min(last)))
        })
        .take(REPLACED_MAX + 1)
        .collect();
    if !is_edit || old.is_empty() || old.len() > REPLACED_MAX {
        return None;
    }
    let head = kept.head.as_str();
    let lines: HashSet<&str> = head.lines().map(str::trim).collect();
    let said: HashSet<&str> = versions(head).collect();
    let mut replaced = Replaced {
        lines: BTreeMap::new(),
        versions: BTreeMap::new(),
    };
    let is_prose = is_prose(&file.entry.path);
    for (line, at) in old {
        if letters(line) >= LINE_LETTERS_MIN && !lines.contains(line) {
            replaced.lines.entry(line.to_owned()).or_insert(at);
        }
        let is_gone = |one: &&str| !is_prose && !said.contains(one) && !head.contains(number(one));
        for version in versions(line).filter(is_gone) {
            replaced.versions.entry(version.to_owned()).or_insert(at);
        }
    }
    let is_any = !replaced.lines.is_empty() || !replaced.versions.is_empty();
    is_any.then_some(replaced)
}

/// Looks for the replaced text in a companion.
fn still_has(
    file: &Examined,
    replaced: &Replaced,
    companion: Companion,
    path: &RepoPath,
    places: &Places<'_>,
) -> Option<Still> {
    let files = places.files();
    let at = files.binary_search_by(|one| one.path.cmp(path)).ok()?;
    if !is_own_code(&files[at]) {
        return None;
    }
    let text = places.text(path)?;
    let (line, head_line) = same_lines(&replaced.lines, &text).or_else(|| {
        let is_prose = is_prose(path) || is_prose(&file.entry.path);
        same_versions(&replaced.versions, &text).filter(|_| !is_prose)
    })?;
    Some(Still {
        companion,
        path: path.clone(),
        line,
        head_line,
    })
}

/// Returns the line of a text that is most of a replaced one, and where it was
/// replaced: most of the replaced lines must be there.
fn same_lines(lines: &BTreeMap<String, u32>, text: &SourceText) -> Option<(u32, u32)> {
    let mut found: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for (line, number) in text.as_str().lines().map(str::trim).zip(1u32..) {
        if let Some((line, &at)) = lines.get_key_value(line) {
            found.entry(line).or_insert((number, at));
        }
    }
    if found.is_empty() || found.len() * 10 < lines.len() * LINES_OF_TEN {
        return None;
    }
    let proof = found
        .iter()
        .filter(|(line, _)| letters(line) >= PROOF_LETTERS_MIN && !is_import(line));
    let best = proof.max_by_key(|(line, (number, _))| (letters(line), std::cmp::Reverse(*number)));
    best.map(|(_, places)| *places)
}

/// The same for versions and digests; half of them must be there.
fn same_versions(old: &BTreeMap<String, u32>, text: &SourceText) -> Option<(u32, u32)> {
    let mut found: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for (line, number) in text.as_str().lines().zip(1u32..) {
        for version in versions(line) {
            if let Some((version, &at)) = old.get_key_value(version) {
                found.entry(version).or_insert((number, at));
            }
        }
    }
    let first = found.values().min().copied();
    first.filter(|_| found.len() * 2 >= old.len())
}

/// Words with two digits or more: versions, digests, dates.
fn versions(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.split(move |c: char| !is_part(c))
        .map(|word| word.trim_matches(['.', '_', '-']))
        .filter(|word| {
            let digits = word.bytes().filter(u8::is_ascii_digit).count();
            word.len() >= VERSION_BYTES_MIN && digits >= VERSION_DIGITS_MIN
        })
}

/// The number of a version, which may be written with more or less around it; of a digest
/// the whole.
fn number(version: &str) -> &str {
    let plain = version.strip_prefix('v').unwrap_or(version);
    let end = plain
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(plain.len());
    match plain[..end].contains('.') {
        true => plain[..end].trim_end_matches('.'),
        false => version,
    }
}

fn letters(line: &str) -> usize {
    line.chars().filter(|c| c.is_alphanumeric()).count()
}

/// What many files say alike, whatever else they have in common.
fn is_import(line: &str) -> bool {
    let first = line.split(|c: char| c.is_whitespace() || c == '(').next();
    matches!(
        first,
        Some("import" | "from" | "use" | "using" | "#include" | "require" | "package")
    )
}

/// Documents and changelogs name old versions on purpose.
fn is_prose(path: &RepoPath) -> bool {
    let name = String::from_utf8_lossy(path.file_name()).to_ascii_lowercase();
    [".md", ".mdx", ".rst", ".adoc"]
        .iter()
        .any(|end| name.ends_with(end))
        || ["change", "history", "news", "release"]
            .iter()
            .any(|start| name.starts_with(start))
}

fn news(file: &Examined, still: &[Still], places: &Places<'_>) -> Option<News> {
    let first = still.first()?;
    let line = still.iter().map(|one| one.head_line).min()?;
    let own = file.entry.path.to_display();
    let named: Vec<String> = still
        .iter()
        .take(NAMED_MAX)
        .map(|one| format!("{}:{}", one.path.to_display(), one.line))
        .collect();
    let Companion {
        together, commits, ..
    } = first.companion;
    let message = match still.len() {
        1 => format!(
            "{} still has what is replaced here; it changed in {together} of the last {commits} commits of {own}",
            named.join(", ")
        ),
        all => {
            let more = match all.saturating_sub(NAMED_MAX) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(
                "{}{more} still have what is replaced here; they usually change with {own}, the first in {together} of its last {commits} commits",
                named.join(", ")
            )
        }
    };
    let place = Use {
        path: file.entry.path.clone(),
        line,
        span: None,
    };
    let related = |one: &Still| {
        let place = Use {
            path: one.path.clone(),
            line: one.line,
            span: None,
        };
        let Companion {
            together, commits, ..
        } = one.companion;
        let says = format!(
            "changed together with {own} in {together} of its last {commits} commits, and still has what was replaced there"
        );
        (place, says)
    };
    Some(News {
        rule: RULE,
        name: first.path.to_display(),
        identity: own.clone(),
        message,
        severity: None,
        confidence: Confidence::Medium,
        location: places.location(&place)?,
        related: still.iter().map(related).collect(),
    })
}

#[cfg(test)]
mod tests {
    use assay_source::SourceText;

    use super::{number, same_lines, same_versions, versions};

    fn check(old: &[&str], text: &str, lines: Option<u32>, pinned: Option<u32>) {
        let text = SourceText::decode(text.as_bytes().to_vec()).expect("it is text");
        let all = old.iter().map(|line| ((*line).to_owned(), 7)).collect();
        assert_eq!(same_lines(&all, &text).map(|found| found.0), lines);
        let old = old.iter().flat_map(|line| versions(line));
        let all = old.map(|one| (one.to_owned(), 7)).collect();
        assert_eq!(same_versions(&all, &text).map(|found| found.0), pinned);
    }

    #[test]
    fn the_replaced_text_is_found() {
        let image = "FROM golang:1.24.2-alpine AS builder";
        check(&[image], &format!("# a\n  {image}\n"), Some(2), Some(2));
        // Another stage, the same version.
        let other = "FROM x\nRUN x\nFROM golang:1.24.2-alpine AS test\n";
        check(&[image], other, None, Some(3));
        check(
            &[image],
            "FROM golang:1.25.0-alpine AS builder\n",
            None,
            None,
        );
    }

    #[test]
    fn a_version_is_the_same_with_more_around_it() {
        for (version, expected) in [
            ("1.25.5-alpine", "1.25.5"),
            ("v4.1.2", "4.1.2"),
            ("3de0fac2e450", "3de0fac2e450"),
            ("alpine3.18", "alpine3.18"),
        ] {
            assert_eq!(number(version), expected);
        }
    }

    #[test]
    fn what_many_files_say_is_no_proof() {
        check(
            &["use std::collections::HashMap;"],
            "use std::collections::HashMap;\n",
            None,
            None,
        );
        check(&["version: latest"], "version: latest\n", None, None);
        // One of three lines that were replaced.
        let old = [
            "let total = count_all_of_them();",
            "let more = total + 1;",
            "let most = more + 1;",
        ];
        check(&old, "let total = count_all_of_them();\n", None, None);
    }
}
