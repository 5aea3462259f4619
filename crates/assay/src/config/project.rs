//! The rules that the project wrote: `.assay/rules/*.yml` of the base revision.

use anyhow::{Context as _, bail};
use assay_git::Opened;
use assay_rules::ProjectRules;
use assay_source::RepoPath;

/// The folder of the rules.
pub(crate) const RULES_FOLDER: &str = ".assay/rules";

/// So many files may hold rules.
pub(crate) const RULE_FILES_MAX: usize = 500;
/// The bytes of one of them.
pub(crate) const RULE_BYTES_MAX: u64 = 256 * 1024;

/// Returns whether a file is one that rules are written in.
pub(crate) fn is_rule_file(name: &str) -> bool {
    name.ends_with(".yml") || name.ends_with(".yaml")
}

/// Reads the rules of the base revision; none when there are none. The second
/// is what the reader of the report must know.
pub(super) fn rules(
    opened: &Opened,
    is_scan: bool,
) -> anyhow::Result<(Option<ProjectRules>, Vec<String>)> {
    let folder = RepoPath::from(RULES_FOLDER);
    let paths: Vec<RepoPath> = opened
        .list_base(&folder)?
        .into_iter()
        .filter(|path| path.as_str().is_some_and(is_rule_file))
        .collect();
    let mut files = Vec::new();
    if paths.len() > RULE_FILES_MAX {
        bail!(
            "{RULES_FOLDER}: {} rule files; the limit is {RULE_FILES_MAX}",
            paths.len()
        );
    }
    for path in &paths {
        if let Some(bytes) = opened.read_base(path, RULE_BYTES_MAX)? {
            let name = path.to_display();
            let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
            files.push((name, text));
        }
    }
    let notes = if is_scan {
        Vec::new()
    } else {
        altered(opened, &folder)
    };
    if files.is_empty() {
        return Ok((None, notes));
    }
    Ok((Some(read(&files)?), notes))
}

/// Reads rule files, each a name and a text.
pub(crate) fn read(files: &[(String, String)]) -> anyhow::Result<ProjectRules> {
    let (rules, errors) = ProjectRules::read(files.iter().map(|(_, text)| text.as_str()));
    match errors.first() {
        None => Ok(rules),
        Some(error) => bail!("{}: {}", files[error.file].0, error.error),
    }
}

/// A change of the rules does not count for its own review.
fn altered(opened: &Opened, folder: &RepoPath) -> Vec<String> {
    let mut paths = opened.change.files.iter().map(|file| file.path());
    let is_rule = |path: &RepoPath| {
        let below = path.as_bytes().strip_prefix(folder.as_bytes());
        below.is_some_and(|rest| rest.starts_with(b"/"))
    };
    match paths.any(is_rule) {
        true => vec![format!(
            "{RULES_FOLDER} is altered by this change; the base's rules count until it is merged"
        )],
        false => Vec::new(),
    }
}
