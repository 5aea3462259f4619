//! Configuration: found, read from the base revision, checked, and altered by
//! the command line.

mod describe;
mod file;
mod parse;
pub(crate) mod project;
mod settings;
mod template;
mod tool;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use assay_finding::{
    BASELINE_BYTES_MAX, Baseline, Confidence, REJECTED_BYTES_MAX, Rejected, Severity,
};
use assay_git::{Input, Opened, Options};
use assay_review::{COVERAGE_BYTES_MAX, CoverageReport, Settings};
use assay_rules::{ConfiguredSuppression, RuleStatement, SecretAllow, SecretRules};
use assay_source::{BlobKeyHasher, RepoPath, nearest_word};

use crate::advisories;
use crate::arguments::{Global, ReportArguments};

pub(crate) use describe::describe;
pub(crate) use file::ConfigFile;
pub(crate) use parse::{CONFIG_BYTES_MAX, parse};
pub(crate) use settings::{Origin, settings};
pub(crate) use template::TEMPLATE;
pub(crate) use tool::Tool;

/// The name of the configuration file.
pub(crate) const CONFIG_NAME: &str = "assay.toml";
/// The name of the baseline file.
pub(crate) const BASELINE_NAME: &str = "assay-baseline.json";

/// The name of gitleaks' configuration, whose rules and allow-lists count.
const GITLEAKS_NAME: &str = ".gitleaks.toml";

/// A configuration that was found and checked.
pub(crate) struct Loaded {
    /// What it says.
    pub(crate) settings: Settings,
    /// Where it was found, for people.
    pub(crate) origin: Option<String>,
    /// What the reader of the report must know about it.
    pub(crate) notes: Vec<String>,
    /// The other tools that it names.
    pub(crate) tools: Vec<Tool>,
    /// A hash of all texts that were read, for what is kept between reviews.
    pub(crate) key: BlobKeyHasher,
}

/// Finds and reads the configuration: the file that the command line names,
/// else the nearest `assay.toml` from the working folder up to the root, as it
/// is in the base revision.
pub(crate) fn load(
    global: &Global,
    directory: &Path,
    opened: &Opened,
    is_scan: bool,
) -> anyhow::Result<Loaded> {
    let mut loaded = load_own(global, directory, opened, is_scan)?;
    let path = RepoPath::from(GITLEAKS_NAME);
    if let Some(bytes) = opened.read_base(&path, CONFIG_BYTES_MAX)? {
        loaded.key.add(b"gitleaks");
        loaded.key.add(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        // Another tool's file: what is wrong in it is said and stops nothing.
        let parsed = SecretAllow::parse(&text).and_then(|allow| {
            let rules = SecretRules::parse(&text)?;
            Ok((allow, rules))
        });
        match parsed {
            Ok((allow, rules)) => {
                loaded.notes.extend(allow.notes.iter().cloned());
                loaded.notes.extend(rules.notes.iter().cloned());
                loaded.settings.secret_allow = allow;
                loaded.settings.secret_rules = rules;
            }
            Err(problem) => loaded.notes.push(format!(
                "{GITLEAKS_NAME} was not read, so none of its rules runs and nothing that it allows is allowed: {problem}"
            )),
        }
    }
    let written = project::written(opened, is_scan, &mut loaded.key)?;
    loaded.settings.project = written.rules.map(Arc::new);
    loaded.settings.models = written.models;
    loaded.notes.extend(written.notes);
    Ok(loaded)
}

fn load_own(
    global: &Global,
    directory: &Path,
    opened: &Opened,
    is_scan: bool,
) -> anyhow::Result<Loaded> {
    let today = jiff::Zoned::now().date();
    if let Some(path) = &global.config {
        let text = read_limited(path, CONFIG_BYTES_MAX)?;
        let name = path.display().to_string();
        let origin = Origin {
            file: &name,
            text: &text,
            folder: "",
        };
        let file = parse(&name, &text)?;
        return Ok(Loaded {
            settings: settings(&file, &origin, today)?,
            tools: tool::tools(&file.tools, &origin)?,
            key: key(&origin),
            origin: Some(name.clone()),
            notes: Vec::new(),
        });
    }
    for folder in folders(directory, opened) {
        let path = RepoPath::from(format!("{folder}{CONFIG_NAME}").as_str());
        let Some(bytes) = opened.read_base(&path, CONFIG_BYTES_MAX)? else {
            continue;
        };
        let name = path.to_display();
        let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
        let origin = Origin {
            file: &name,
            text: &text,
            folder: &folder,
        };
        let file = parse(&name, &text)?;
        let notes = if is_scan {
            Vec::new()
        } else {
            changed_note(opened, &path)
        };
        return Ok(Loaded {
            settings: settings(&file, &origin, today)?,
            tools: tool::tools(&file.tools, &origin)?,
            key: key(&origin),
            origin: Some(name.clone()),
            notes,
        });
    }
    let root = RepoPath::from(CONFIG_NAME);
    Ok(Loaded {
        settings: settings::unconfigured(today),
        tools: Vec::new(),
        key: BlobKeyHasher::new("settings"),
        origin: None,
        notes: if is_scan {
            Vec::new()
        } else {
            changed_note(opened, &root)
        },
    })
}

/// Starts the hash of the texts that settings come from.
fn key(origin: &Origin<'_>) -> BlobKeyHasher {
    BlobKeyHasher::new("settings")
        .part(origin.folder.as_bytes())
        .part(origin.text.as_bytes())
}

/// A change to the configuration does not count for its own review.
fn changed_note(opened: &Opened, path: &RepoPath) -> Vec<String> {
    let changed = opened.change.files.iter().any(|file| {
        file.path() == path
            && file.base.as_ref().map(|v| &v.content) != file.head.as_ref().map(|v| &v.content)
    });
    if changed {
        vec![format!(
            "{path} is altered by this change; the base's counts until it is merged"
        )]
    } else {
        Vec::new()
    }
}

/// The folders from the working folder up to the root, as prefixes.
fn folders(directory: &Path, opened: &Opened) -> Vec<String> {
    let mut folders = Vec::new();
    if let Some(root) = &opened.root
        && let (Ok(root), Ok(directory)) = (root.canonicalize(), directory.canonicalize())
        && let Ok(below) = directory.strip_prefix(&root)
        && let Some(below) = below.to_str()
    {
        let mut at = below.replace('\\', "/");
        while !at.is_empty() {
            folders.push(format!("{at}/"));
            at.truncate(at.rfind('/').unwrap_or(0));
        }
    }
    folders.push(String::new());
    folders
}

/// Opens what a review without arguments would: the working tree, or the folder
/// itself outside git.
pub(crate) fn open_here(directory: &Path, options: &Options) -> anyhow::Result<Opened> {
    match assay_git::open(directory, &Input::WorkingTree { base: None }, options) {
        Ok(opened) => Ok(opened),
        Err(_) => Ok(assay_git::open(
            directory,
            &Input::Scan { path: ".".into() },
            options,
        )?),
    }
}

/// Reads a text file that the user named.
pub(crate) fn read_limited(path: &Path, bytes_max: u64) -> anyhow::Result<String> {
    let size = std::fs::metadata(path)
        .with_context(|| format!("{} cannot be read", path.display()))?
        .len();
    if size > bytes_max {
        bail!(
            "{} has {size} bytes; the limit is {bytes_max}",
            path.display()
        );
    }
    let bytes =
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))
}

/// Applies what the command line says over the configuration.
pub(crate) fn apply_arguments(
    settings: &mut Settings,
    arguments: &ReportArguments,
    opened: &Opened,
) -> anyhow::Result<()> {
    if let Some(word) = &arguments.fail_on {
        settings.gate.severity = match word.as_str() {
            "never" => None,
            word => Some(Severity::from_name(word).with_context(|| {
                let names = Severity::ALL
                    .iter()
                    .map(|severity| severity.as_str())
                    .chain(["never"]);
                let hint = match nearest_word(word, names.clone()) {
                    Some(right) => format!("; did you mean `{right}`?"),
                    None => format!("; there are {}", names.collect::<Vec<_>>().join(", ")),
                };
                format!("--fail-on: there is no severity `{word}`{hint}")
            })?),
        };
        settings.gate.categories.clear();
    }
    if !arguments.rules.is_empty() {
        only_rules(settings, &arguments.rules)?;
        settings.confidence_min = Confidence::Low;
    }
    if let Some(word) = &arguments.confidence {
        settings.confidence_min = Confidence::from_name(word).with_context(|| {
            format!("--confidence: `{word}` is not one of low, medium and high")
        })?;
    }
    settings.local_input = arguments.all || settings.confidence_min == Confidence::Low;
    for path in &arguments.coverage {
        let text = read_limited(path, COVERAGE_BYTES_MAX)?;
        let report = settings
            .coverage
            .get_or_insert_with(CoverageReport::default);
        report
            .add(&text)
            .with_context(|| format!("coverage report {}", path.display()))?;
    }
    if let Some(path) = &arguments.rejected {
        let text = read_limited(path, REJECTED_BYTES_MAX as u64)?;
        settings.rejected =
            Rejected::from_json(text.as_bytes()).with_context(|| path.display().to_string())?;
    }
    settings.advisories = advisories::source(arguments.advisories.as_deref());
    settings.baseline = match &arguments.baseline {
        Some(path) => Some(read_baseline(path)?),
        None => opened
            .read_base(&RepoPath::from(BASELINE_NAME), BASELINE_BYTES_MAX as u64)?
            .map(|bytes| Baseline::from_json(&bytes).context(BASELINE_NAME))
            .transpose()?,
    };
    for rule in &arguments.without {
        let glob = globset::Glob::new(&globset::escape(rule));
        let glob = glob.with_context(|| format!("--without: `{rule}` is no rule"))?;
        settings.suppressions.push(ConfiguredSuppression {
            rule: glob.compile_matcher(),
            paths: Vec::new(),
            reason: "ignored on the pull request".to_owned(),
            until: None,
        });
    }
    Ok(())
}

/// Reads a baseline that the user named.
pub(crate) fn read_baseline(path: &Path) -> anyhow::Result<Baseline> {
    let text = read_limited(path, BASELINE_BYTES_MAX as u64)?;
    Baseline::from_json(text.as_bytes()).with_context(|| path.display().to_string())
}

/// Turns rules on that the user names.
pub(crate) fn enable(settings: &mut Settings, rules: &[String]) {
    let built_in = |id: &&String| assay_rules::rule_by_id(id).is_some();
    for rule in rules.iter().filter(built_in) {
        settings.rules.statements.push(RuleStatement {
            pattern: rule.clone(),
            enabled: Some(true),
            ..RuleStatement::default()
        });
    }
}

/// Returns the rules that the patterns of `--rule` mean.
pub(crate) fn named_rules(settings: &Settings, patterns: &[String]) -> anyhow::Result<Vec<String>> {
    let mut known: Vec<String> = assay_rules::rules()
        .iter()
        .map(|rule| rule.id().to_owned())
        .collect();
    if let Some(project) = &settings.project {
        known.extend(project.rule_ids());
    }
    known.extend(settings.secret_rules.rule_ids().map(str::to_owned));
    let mut wanted = Vec::new();
    for pattern in patterns {
        let glob = globset::Glob::new(pattern)
            .with_context(|| format!("--rule: `{pattern}` is no rule or pattern"))?
            .compile_matcher();
        let before = wanted.len();
        wanted.extend(known.iter().filter(|id| glob.is_match(id)).cloned());
        if wanted.len() == before {
            let hint = nearest_word(pattern, known.iter().map(String::as_str))
                .map_or_else(String::new, |right| format!("; did you mean `{right}`?"));
            bail!("--rule: there is no rule `{pattern}`{hint}");
        }
    }
    Ok(wanted)
}

/// Turns every rule off that is not named, and the named ones on.
fn only_rules(settings: &mut Settings, patterns: &[String]) -> anyhow::Result<()> {
    let wanted = named_rules(settings, patterns)?;
    // Said of each single rule and last, these go before what is configured.
    for rule in assay_rules::rules() {
        settings.rules.statements.push(RuleStatement {
            pattern: rule.id().to_owned(),
            enabled: Some(wanted.iter().any(|id| id == rule.id())),
            ..RuleStatement::default()
        });
    }
    settings.overrides.clear();
    settings.secret_rules.keep_only(&wanted);
    if let Some(project) = settings.project.as_mut().and_then(Arc::get_mut) {
        project.keep_only(&wanted);
    }
    Ok(())
}
