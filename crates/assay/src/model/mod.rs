//! The part of a review that a language model does, when somebody asks for it: settings,
//! whom to ask, the transcript, and the remarks put into the report.

mod settings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use assay_app::{ask_model, model_ask};
use assay_finding::Report;
use assay_llm::{
    Budget, Candidate, Chain, Complexity, MemoryBook, Model, ModelFacts, ModelId, Need, Provider,
    Purse, Recorder, Replay, Router, TRANSCRIPT_BYTES_MAX, World,
};
use assay_review::{
    ModelLimits, ModelPlan, ModelReply, Settings, Subject, add_remarks, model_plan,
};

use self::settings::{ModelSettings, user_file};
use crate::arguments::ModelArguments;
use crate::output;
use crate::server::world::{SystemClock, SystemRandomness};

/// From this risk on a change wants a strong model, and from the other on a middling one.
const RISK_HIGH: u32 = 60;
const RISK_MEDIUM: u32 = 25;

/// What answers.
enum Source {
    /// Providers.
    Settings(Box<ModelSettings>),
    /// A transcript.
    Replay(Replay),
}

/// A model review that was asked for and can be done.
pub(crate) struct ModelStep {
    source: Source,
    limits: ModelLimits,
    only: Option<ModelId>,
    transcript: Option<PathBuf>,
    is_verbose: bool,
}

impl ModelStep {
    /// Reads what is needed, before the review begins; nothing when nobody asked for it.
    pub(crate) fn prepare(
        arguments: &ModelArguments,
        is_verbose: bool,
    ) -> anyhow::Result<Option<Self>> {
        let (source, limits) = match (&arguments.replay, &arguments.model) {
            (Some(path), _) => {
                let text = read_transcript(path)?;
                let replay = Replay::parse(&text).with_context(|| path.display().to_string())?;
                let limits = arguments.model_config.as_deref();
                let limits = limits.map(ModelSettings::load_limits).transpose()?;
                (Source::Replay(replay), limits.unwrap_or_default())
            }
            (None, Some(_)) => {
                let path = arguments.model_config.clone().or_else(user_file);
                let path = path
                    .context("--model: there is no home folder; name a file with --model-config")?;
                let settings = ModelSettings::load(&path)?;
                let limits = settings.limits;
                (Source::Settings(Box::new(settings)), limits)
            }
            (None, None) => return Ok(None),
        };
        let only = arguments.model.iter().flatten().next();
        let only = only.map(|name| {
            ModelId::parse(name)
                .with_context(|| format!("--model: `{name}` is no `provider/name` of a model"))
        });
        Ok(Some(Self {
            source,
            limits,
            only: only.transpose()?,
            transcript: arguments.transcript.clone(),
            is_verbose,
        }))
    }

    /// Asks, and adds what comes to the report. Only the transcript's file is an error:
    /// whatever else goes wrong is in the report.
    pub(crate) fn run(
        self,
        subject: Subject<'_>,
        settings: &Settings,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let plan = model_plan(subject, settings, self.limits, report);
        let transcript = self.transcript.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.context("the runtime cannot be started")?;
        let (replies, about) = match self.model(&plan, report) {
            Ok(model) => {
                let recorder = Arc::new(Recorder::new(model));
                let asked: Arc<dyn Model> = Arc::<Recorder<_>>::clone(&recorder);
                let review = runtime.block_on(ask_model(&plan, asked));
                if let Some(path) = transcript {
                    let text = recorder.transcript();
                    output::write_file(&path, |out| out.write_all(text.as_bytes()))?;
                }
                (review.replies, review.about)
            }
            Err(why) => {
                let failed = || ModelReply::Failed(why.clone());
                (
                    plan.questions.iter().map(|_| failed()).collect(),
                    "no model".to_owned(),
                )
            }
        };
        add_remarks(subject, settings, &plan, replies, &about, report);
        Ok(())
    }

    /// Makes the model that is asked, or says why there is none.
    fn model(self, plan: &ModelPlan, report: &Report) -> Result<Arc<dyn Model>, String> {
        let settings = match self.source {
            Source::Replay(replay) => return Ok(Arc::new(replay)),
            Source::Settings(settings) => settings,
        };
        let world = World {
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
        };
        let budget = Arc::new(Budget::new(
            settings.budget,
            Arc::new(MemoryBook::default()),
            Arc::clone(&world.clock),
        ));
        let mut providers = BTreeMap::new();
        for (name, one) in &settings.providers {
            let provider = Provider::new(one.clone(), world.clone());
            providers.insert(name.as_str(), provider.map_err(|error| error.to_string())?);
        }
        let facts = |id: &ModelId| settings.table.find(&id.name).cloned().unwrap_or_default();
        let names = match &self.only {
            Some(only) => vec![only.clone()],
            None => choose(&settings, plan, report, &budget, self.is_verbose, &facts)?,
        };
        let mut models: Vec<Arc<dyn Model>> = Vec::new();
        for id in names {
            let provider = providers.get(id.provider.as_str());
            let provider = provider
                .ok_or_else(|| format!("`{id}` is of a provider that is not configured"))?;
            let model = provider
                .model(&id.name, facts(&id))
                .with_budget(Arc::clone(&budget));
            models.push(Arc::new(model));
        }
        let chain = Chain::new(models).ok_or("no model is left to ask")?;
        Ok(Arc::new(chain))
    }
}

/// Asks the router whom to ask, by the largest question and the risk of the change.
fn choose(
    settings: &ModelSettings,
    plan: &ModelPlan,
    report: &Report,
    budget: &Budget,
    is_verbose: bool,
    facts: &dyn Fn(&ModelId) -> ModelFacts,
) -> Result<Vec<ModelId>, String> {
    let mut known = settings.models.clone();
    let routed = settings.routes.iter().flat_map(|route| &route.models);
    known.extend(routed.filter(|id| !settings.models.contains(id)).cloned());
    known.dedup();
    let candidates: Vec<Candidate> = known
        .into_iter()
        .map(|id| Candidate {
            facts: facts(&id),
            id,
            is_open: false,
        })
        .collect();
    let largest = plan
        .questions
        .iter()
        .map(model_ask)
        .max_by_key(assay_llm::Ask::input_tokens_about);
    let Some(largest) = largest else {
        return Ok(candidates.into_iter().map(|one| one.id).take(1).collect());
    };
    let risk = report.about.as_ref().map_or(0, |about| about.risk);
    let need = Need {
        task: "review".to_owned(),
        complexity: match risk {
            RISK_HIGH.. => Complexity::High,
            RISK_MEDIUM.. => Complexity::Medium,
            _ => Complexity::Low,
        },
        input_tokens: largest.input_tokens_about(),
        output_tokens: u64::from(largest.output_tokens_max),
        needs_tools: false,
    };
    let purse = Purse {
        left: budget.left(),
        is_soft_reached: budget.soft_reached().is_some(),
    };
    let decision = Router::new(settings.routes.clone()).decide(&need, &candidates, purse);
    let reasons: Vec<String> = decision.reasons.iter().map(ToString::to_string).collect();
    let reasons = reasons.join("; ");
    if is_verbose {
        let complexity = need.complexity.name();
        output::remark(format!(
            "models for a change of {complexity} complexity: {reasons}"
        ));
    }
    match decision.models.is_empty() {
        true => Err(format!("no model can be asked: {reasons}")),
        false => Ok(decision.models),
    }
}

fn read_transcript(path: &Path) -> anyhow::Result<String> {
    let name = path.display();
    let size = std::fs::metadata(path)
        .with_context(|| format!("{name} cannot be read"))?
        .len();
    ensure!(
        size <= TRANSCRIPT_BYTES_MAX as u64,
        "{name} has more than {TRANSCRIPT_BYTES_MAX} bytes"
    );
    std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))
}
