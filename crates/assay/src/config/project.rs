//! What the project wrote for itself, as it is in the base revision: rules
//! (`.assay/rules/*.yml`) and models of libraries (`.assay/models/*.toml`).

use anyhow::{Context as _, bail};
use assay_git::Opened;
use assay_rules::{FlowModels, ProjectRules};
use assay_source::{BlobKeyHasher, RepoPath};

/// The folder of the rules.
pub(crate) const RULES_FOLDER: &str = ".assay/rules";

/// The folder of the models.
pub(crate) const MODELS_FOLDER: &str = ".assay/models";

/// So many files may hold rules, and as many models.
pub(crate) const RULE_FILES_MAX: usize = 500;
/// The bytes of one of them.
pub(crate) const RULE_BYTES_MAX: u64 = 256 * 1024;

/// Returns whether a file is one that models are written in.
pub(crate) fn is_model_file(name: &str) -> bool {
    name.ends_with(".toml")
}

/// Returns whether a file is one that rules are written in.
pub(crate) fn is_rule_file(name: &str) -> bool {
    name.ends_with(".yml") || name.ends_with(".yaml")
}

/// What the project wrote for itself.
pub(super) struct Written {
    pub(super) rules: Option<ProjectRules>,
    pub(super) models: FlowModels,
    /// What the reader of the report must know.
    pub(super) notes: Vec<String>,
}

/// Reads the rules and models of the base revision.
pub(super) fn written(
    opened: &Opened,
    is_scan: bool,
    key: &mut BlobKeyHasher,
) -> anyhow::Result<Written> {
    let rules = files(opened, RULES_FOLDER, is_rule_file, key)?;
    let models = files(opened, MODELS_FOLDER, is_model_file, key)?;
    let mut notes = Vec::new();
    if !is_scan {
        notes.extend(altered(opened, RULES_FOLDER, "rules"));
        notes.extend(altered(opened, MODELS_FOLDER, "models"));
    }
    Ok(Written {
        rules: match rules.is_empty() {
            true => None,
            false => Some(read(&rules)?),
        },
        models: read_models(&models)?,
        notes,
    })
}

/// Returns the names and texts of files in a folder of the base revision.
fn files(
    opened: &Opened,
    folder: &str,
    is_wanted: fn(&str) -> bool,
    key: &mut BlobKeyHasher,
) -> anyhow::Result<Vec<(String, String)>> {
    let paths: Vec<RepoPath> = opened
        .list_base(&RepoPath::from(folder))?
        .into_iter()
        .filter(|path| path.as_str().is_some_and(is_wanted))
        .collect();
    if paths.len() > RULE_FILES_MAX {
        bail!(
            "{folder}: {} files; the limit is {RULE_FILES_MAX}",
            paths.len()
        );
    }
    let mut files = Vec::new();
    for path in &paths {
        if let Some(bytes) = opened.read_base(path, RULE_BYTES_MAX)? {
            let name = path.to_display();
            key.add(name.as_bytes());
            key.add(&bytes);
            let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
            files.push((name, text));
        }
    }
    Ok(files)
}

/// Reads model files, each a name and a text.
pub(crate) fn read_models(files: &[(String, String)]) -> anyhow::Result<FlowModels> {
    let (models, problems) = FlowModels::with(files);
    match problems.is_empty() {
        true => Ok(models),
        false => bail!("{}", problems.join("\n")),
    }
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
fn altered(opened: &Opened, folder: &str, what: &str) -> Option<String> {
    let mut paths = opened.change.files.iter().map(|file| file.path());
    let is_inside = |path: &RepoPath| {
        let below = path.as_bytes().strip_prefix(folder.as_bytes());
        below.is_some_and(|rest| rest.starts_with(b"/"))
    };
    paths.any(is_inside).then(|| {
        format!("{folder} is altered by this change; the base's {what} count until it is merged")
    })
}
