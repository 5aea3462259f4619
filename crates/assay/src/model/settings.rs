//! What the user's configuration says about language models. It is the user's and never
//! the project's: a change under review has no say in whom its code is sent to.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use assay_app::{DeskSettings, DeskSimilar, DeskVectors};
use assay_llm::{
    Auth, BudgetLimit, BudgetLimits, Complexity, ModelId, ModelTable, Money, ProviderKind,
    ProviderSettings, Route, SimilarLimits,
};
use assay_review::{Concern, FixLimits, ModelLimits, ModelOptions, Prompt, PromptSet};
use secrecy::SecretString;
use serde::Deserialize;

use super::vectors::local_vectors;
use crate::tool::TrialSettings;

/// Bytes of the configuration.
const FILE_BYTES_MAX: u64 = 1 << 20;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Bytes of a file with a key.
const KEY_BYTES_MAX: u64 = 16 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserFile {
    model: Option<ModelFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ModelFile {
    /// The models that may be asked, `provider/name`.
    r#use: Vec<String>,
    #[serde(default)]
    provider: BTreeMap<String, ProviderFile>,
    #[serde(default)]
    budget: BudgetFile,
    #[serde(default)]
    route: Vec<RouteFile>,
    /// A table of models, as `data/models.toml` of `assay-llm` is one.
    table: Option<PathBuf>,
    question_bytes_max: Option<usize>,
    questions_max: Option<usize>,
    remarks_max: Option<usize>,
    /// What is looked for.
    concerns: Option<Vec<String>>,
    /// Whether each remark is judged by itself.
    judge: Option<bool>,
    /// A folder with prompts that go before those of the program.
    prompts: Option<PathBuf>,
    /// Fixes that models write.
    #[serde(default)]
    fix: FixFile,
    /// How answers to similar questions are remembered.
    similar: Option<SimilarFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SimilarFile {
    /// The folder of a model on this machine that makes vectors.
    vectors: Option<PathBuf>,
    /// A provider's model that makes vectors, `provider/name`.
    embeddings: Option<String>,
    /// The cosine from which on a question counts as similar.
    nearness: Option<f32>,
    ttl_days: Option<u32>,
    entries_max: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FixFile {
    /// Whether reviews offer them.
    offer: Option<bool>,
    attempts: Option<usize>,
    findings: Option<usize>,
    /// What has to pass before one is offered: a program and its arguments.
    #[serde(default)]
    test: Vec<String>,
    test_seconds: Option<u64>,
    test_memory_mb: Option<u64>,
    /// Variables that it may see besides those that it needs to start.
    #[serde(default)]
    test_environment: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ProviderFile {
    kind: Option<String>,
    base: Option<String>,
    key_env: Option<String>,
    key_file: Option<PathBuf>,
    bearer: Option<bool>,
    version: Option<String>,
    allow_plain: Option<bool>,
    free: Option<bool>,
    proxy: Option<String>,
    first_token_ms: Option<u64>,
    idle_ms: Option<u64>,
    whole_ms: Option<u64>,
    failover_ms: Option<u64>,
    attempts_max: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BudgetFile {
    call: Option<String>,
    review: Option<String>,
    review_soft: Option<String>,
    day: Option<String>,
    day_soft: Option<String>,
    month: Option<String>,
    month_soft: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RouteFile {
    task: Option<String>,
    #[serde(default)]
    complexity: Vec<String>,
    r#use: Vec<String>,
}

/// What was read and checked.
pub(crate) struct ModelSettings {
    pub(crate) desk: DeskSettings,
    pub(crate) options: ModelOptions,
    /// How the tests of fixes are run.
    pub(crate) trial: TrialSettings,
    /// Where prompts are read from, if anywhere.
    pub(crate) prompts: Option<PathBuf>,
}

/// Returns where the user's configuration is unless somebody says otherwise.
pub(super) fn user_file() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config")));
    Some(folder?.join("assay/config.toml"))
}

impl ModelSettings {
    /// Reads the configuration.
    pub(super) fn load(path: &Path) -> anyhow::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::check(read_file(path)?, folder).with_context(|| path.display().to_string())
    }

    /// Reads only how it is asked, which needs no key, and how fixes are tested.
    pub(crate) fn load_options(path: &Path) -> anyhow::Result<(ModelOptions, TrialSettings)> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let file = read_file(path)?;
        let both = options(&file, folder).and_then(|options| Ok((options, trial(&file.fix)?)));
        both.with_context(|| path.display().to_string())
    }

    /// Checks what a file says; other files that it names lie beside it.
    pub(crate) fn check(mut file: ModelFile, folder: &Path) -> anyhow::Result<Self> {
        let models = ids(&file.r#use)?;
        ensure!(!models.is_empty(), "`use` names no model");
        let mut providers = BTreeMap::new();
        for (name, provider) in std::mem::take(&mut file.provider) {
            let checked = settings(&name, provider, folder);
            providers.insert(
                name.clone(),
                checked.with_context(|| format!("provider.{name}"))?,
            );
        }
        let mut routes = Vec::new();
        for route in &file.route {
            routes.push(Route {
                task: route.task.clone(),
                complexity: complexities(&route.complexity)?,
                models: ids(&route.r#use)?,
            });
        }
        let named = routes.iter().flat_map(|route| &route.models).chain(&models);
        for id in named {
            let is_known = providers.contains_key(&id.provider);
            ensure!(
                is_known,
                "`{id}` is of a provider that is not configured: `[model.provider.{}]` is missing",
                id.provider
            );
        }
        let mut table = ModelTable::shipped();
        if let Some(path) = &file.table {
            let path = folder.join(path);
            let own = ModelTable::parse(&read(&path, FILE_BYTES_MAX)?);
            table.override_with(
                own.map_err(anyhow::Error::msg)
                    .with_context(|| path.display().to_string())?,
            );
        }
        let similar = file.similar.as_ref();
        let similar = similar.map(|similar| similar_of(similar, &providers, folder));
        let similar = similar.transpose().context("similar")?;
        let budget = &file.budget;
        Ok(Self {
            options: options(&file, folder)?,
            trial: trial(&file.fix)?,
            prompts: file.prompts.as_ref().map(|own| folder.join(own)),
            desk: DeskSettings {
                models,
                providers,
                budget: BudgetLimits {
                    call: limit(None, budget.call.as_deref())?,
                    review: limit(budget.review_soft.as_deref(), budget.review.as_deref())?,
                    day: limit(budget.day_soft.as_deref(), budget.day.as_deref())?,
                    month: limit(budget.month_soft.as_deref(), budget.month.as_deref())?,
                },
                routes,
                table,
                similar,
            },
        })
    }
}

fn similar_of(
    file: &SimilarFile,
    providers: &BTreeMap<String, ProviderSettings>,
    folder: &Path,
) -> anyhow::Result<DeskSimilar> {
    let vectors = match (&file.vectors, &file.embeddings) {
        (Some(path), None) => DeskVectors::Local(local_vectors(&folder.join(path))?),
        (None, Some(name)) => {
            let id = ModelId::parse(name);
            let id = id.with_context(|| format!("`{name}` is no `provider/name` of a model"))?;
            ensure!(
                providers.contains_key(&id.provider),
                "`{id}` is of a provider that is not configured"
            );
            DeskVectors::Api(id)
        }
        (None, None) => bail!(
            "answers are remembered by vectors: name the folder of a local model as `vectors`, or a provider's model as `embeddings`"
        ),
        (Some(_), Some(_)) => bail!("`vectors` and `embeddings` are set; one makes the vectors"),
    };
    let usual = SimilarLimits::default();
    let limits = SimilarLimits {
        cosine_min: file.nearness.unwrap_or(usual.cosine_min),
        ttl_ms: file
            .ttl_days
            .map_or(usual.ttl_ms, |days| i64::from(days) * DAY_MS),
        entries_max: file.entries_max.unwrap_or(usual.entries_max),
    };
    ensure!(
        (0.8..=1.0).contains(&limits.cosine_min),
        "`nearness` is not from 0.8 to 1"
    );
    ensure!(
        (DAY_MS..=30 * DAY_MS).contains(&limits.ttl_ms),
        "`ttl-days` is not from 1 to 30"
    );
    ensure!(
        (1..=1_000).contains(&limits.entries_max),
        "`entries-max` is not from 1 to 1000"
    );
    Ok(DeskSimilar { vectors, limits })
}

fn read_file(path: &Path) -> anyhow::Result<ModelFile> {
    let name = path.display();
    let text = read(path, FILE_BYTES_MAX).with_context(|| {
        format!("{name} cannot be read; it says in a table `[model]` which models may be asked")
    })?;
    let file: UserFile = toml::from_str(&text).with_context(|| name.to_string())?;
    let model = file.model;
    model.with_context(|| format!("{name} has no table `[model]`"))
}

fn options(file: &ModelFile, folder: &Path) -> anyhow::Result<ModelOptions> {
    let usual = ModelOptions::default();
    let concern = |name: &String| {
        let known = Concern::ALL.map(Concern::name).join(", ");
        Concern::from_name(name)
            .with_context(|| format!("`{name}` is no concern of reviewers (known: {known})"))
    };
    let concerns = file.concerns.as_ref();
    let concerns = concerns.map(|names| names.iter().map(concern).collect::<Result<Vec<_>, _>>());
    let concerns = concerns.transpose()?.unwrap_or(usual.concerns);
    ensure!(!concerns.is_empty(), "`concerns` names nothing to look for");
    let prompts = match &file.prompts {
        Some(own) => prompts_of(&folder.join(own))?,
        None => usual.prompts,
    };
    Ok(ModelOptions {
        limits: limits(file),
        concerns,
        is_judged: file.judge.unwrap_or(usual.is_judged),
        prompts,
        fixes: fixes(&file.fix)?,
        offers_fixes: file.fix.offer.unwrap_or(usual.offers_fixes),
    })
}

fn fixes(file: &FixFile) -> anyhow::Result<FixLimits> {
    let usual = FixLimits::default();
    let within = |name: &str, given: Option<usize>, usual: usize, most: usize| {
        let given = given.unwrap_or(usual);
        let fits = (1..=most).contains(&given);
        ensure!(fits, "`fix.{name}` is 1 to {most}, not {given}");
        Ok(given)
    };
    Ok(FixLimits {
        attempts_max: within(
            "attempts",
            file.attempts,
            usual.attempts_max,
            FixLimits::ATTEMPTS_MAX,
        )?,
        findings_max: within(
            "findings",
            file.findings,
            usual.findings_max,
            FixLimits::FINDINGS_MAX,
        )?,
    })
}

fn trial(file: &FixFile) -> anyhow::Result<TrialSettings> {
    let usual = TrialSettings::default();
    let seconds = file.test_seconds.unwrap_or(usual.time_max.as_secs());
    let fits = (1..=TrialSettings::SECONDS_MAX).contains(&seconds);
    ensure!(
        fits,
        "`fix.test-seconds` is 1 to {}, not {seconds}",
        TrialSettings::SECONDS_MAX
    );
    let megabytes = file.test_memory_mb.unwrap_or(usual.memory_bytes_max >> 20);
    let range = TrialSettings::MEGABYTES;
    ensure!(
        range.contains(&megabytes),
        "`fix.test-memory-mb` is {} to {}, not {megabytes}",
        range.start(),
        range.end()
    );
    let has_program = file.test.first().is_none_or(|program| !program.is_empty());
    ensure!(has_program, "`fix.test` begins with a program");
    Ok(TrialSettings {
        command: file.test.clone(),
        time_max: Duration::from_secs(seconds),
        memory_bytes_max: megabytes << 20,
        environment: file.test_environment.clone(),
    })
}

/// Returns the prompts of a folder, sorted: its files `*.md`.
pub(crate) fn prompt_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("the prompts in {} cannot be read", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    Ok(files)
}

/// Puts the prompts of a folder over those of the program.
pub(crate) fn prompts_of(folder: &Path) -> anyhow::Result<PromptSet> {
    let mut set = PromptSet::shipped();
    for file in prompt_files(folder)? {
        let text = read(&file, FILE_BYTES_MAX).with_context(|| file.display().to_string())?;
        let put = Prompt::parse(&text).and_then(|prompt| set.put(prompt));
        put.with_context(|| file.display().to_string())?;
    }
    Ok(set)
}

fn limits(file: &ModelFile) -> ModelLimits {
    let usual = ModelLimits::default();
    ModelLimits {
        question_bytes_max: file.question_bytes_max.unwrap_or(usual.question_bytes_max),
        questions_max: file.questions_max.unwrap_or(usual.questions_max),
        remarks_max: file.remarks_max.unwrap_or(usual.remarks_max),
    }
}

fn read(path: &Path, bytes_max: u64) -> anyhow::Result<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(bytes_max + 1).read_to_string(&mut text)?;
    ensure!(
        text.len() as u64 <= bytes_max,
        "more than {bytes_max} bytes"
    );
    Ok(text)
}

fn ids(names: &[String]) -> anyhow::Result<Vec<ModelId>> {
    let id = |name: &String| {
        ModelId::parse(name).with_context(|| format!("`{name}` is no `provider/name` of a model"))
    };
    names.iter().map(id).collect()
}

fn limit(soft: Option<&str>, hard: Option<&str>) -> anyhow::Result<BudgetLimit> {
    let money = |text: Option<&str>| {
        let read = |text: &str| {
            Money::from_dollars(text)
                .with_context(|| format!("`{text}` is no amount in dollars such as \"0.50\""))
        };
        text.map(read).transpose()
    };
    Ok(BudgetLimit {
        soft: money(soft)?,
        hard: money(hard)?,
    })
}

fn complexities(names: &[String]) -> anyhow::Result<(Complexity, Complexity)> {
    let mut found = Vec::new();
    for name in names {
        let one = Complexity::ALL.into_iter().find(|one| one.name() == name);
        found.push(one.with_context(|| format!("`{name}` is none of low, medium, high"))?);
    }
    let least = found.iter().min().copied().unwrap_or(Complexity::Low);
    let most = found.iter().max().copied().unwrap_or(Complexity::High);
    Ok((least, most))
}

fn settings(name: &str, file: ProviderFile, folder: &Path) -> anyhow::Result<ProviderSettings> {
    let kind = file.kind.as_deref().unwrap_or(name);
    let kind = ProviderKind::from_name(kind).with_context(|| {
        let known = ProviderKind::ALL.map(ProviderKind::name).join(", ");
        format!("`{kind}` is no kind of provider (known: {known})")
    })?;
    let mut settings = ProviderSettings::new(name, kind);
    settings.key = match (&file.key_env, &file.key_file) {
        (Some(_), Some(_)) => bail!("`key-env` and `key-file` are set; one of them is the key"),
        (Some(variable), None) => {
            let key = std::env::var(variable);
            Some(SecretString::from(key.with_context(|| {
                format!("the environment has no {variable}")
            })?))
        }
        (None, Some(path)) => {
            let key = read(&folder.join(path), KEY_BYTES_MAX);
            Some(SecretString::from(
                key.with_context(|| path.display().to_string())?,
            ))
        }
        (None, None) => None,
    };
    settings.base = file.base;
    settings.version = file.version;
    settings.proxy = file.proxy;
    settings.is_free = file.free.unwrap_or(settings.is_free);
    settings.allow_plain = file.allow_plain.unwrap_or(false);
    if file.bearer == Some(true) {
        settings.auth = Auth::Bearer;
    }
    for (value, field) in [
        (file.first_token_ms, &mut settings.timeouts.first_token_ms),
        (file.idle_ms, &mut settings.timeouts.idle_ms),
        (file.whole_ms, &mut settings.timeouts.whole_ms),
        (file.failover_ms, &mut settings.timeouts.failover_ms),
    ] {
        *field = value.unwrap_or(*field);
    }
    settings.retry.attempts_max = file.attempts_max.unwrap_or(settings.retry.attempts_max);
    Ok(settings)
}
