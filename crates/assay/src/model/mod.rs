//! The part of a review that language models do, when somebody asks for it: settings,
//! whom to ask, the transcript, and the remarks put into the report.

mod answer;
mod answers;
pub(crate) mod batch;
mod discuss;
mod fix;
pub(crate) mod settings;
pub(crate) mod spend;
mod vectors;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use assay_app::{
    MODEL_WISH_BYTES_MAX, ModelDesk, ModelWish, TallyLine, offer_fixes, review_with_model,
    review_without_model,
};
use assay_finding::{Finding, Report};
use assay_llm::{
    BatchQueue, Budget, MemoryBook, Meter, Model, ModelId, Recorder, Relay, Replay, Routed,
    SpendBook, TRANSCRIPT_BYTES_MAX, World,
};
use assay_review::{FixOrder, Mending, ModelOptions, Settings, Subject, model_plan};
use assay_source::{BlobCache, Clock as _};

pub(crate) use self::answer::answer;
use self::answers::AnswerFolder;
use self::batch::{BatchFolder, BatchRun};
pub(crate) use self::discuss::Talked;
pub(crate) use self::fix::Mend;
use self::settings::{ModelSettings, user_file};
use self::spend::{SpendFolder, UsageRow};
use crate::arguments::ModelArguments;
use crate::output;
use crate::server::world::{SystemClock, SystemRandomness};
use crate::tool::TrialSettings;

/// What answers.
enum Source {
    /// Providers.
    Desk(Box<ModelDesk>),
    /// A transcript.
    Replay(Replay),
    /// The process that started this one.
    Parent(ModelId),
}

/// A model review that was asked for and can be done.
pub(crate) struct ModelStep {
    source: Source,
    options: ModelOptions,
    only: Option<ModelId>,
    transcript: Option<PathBuf>,
    is_verbose: bool,
    keeps_answers: bool,
    /// What the review is of, in what is kept of its cost.
    repository: String,
    first_remarks: Option<PathBuf>,
    /// Whether questions wait for a batch.
    waits: bool,
    /// How the tests of fixes are run.
    trial: TrialSettings,
}

/// Returns the machine as clients of models see it.
pub(crate) fn world() -> World {
    World {
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
    }
}

impl ModelStep {
    /// Reads what is needed, before the review begins; nothing when nobody asked for it.
    pub(crate) fn prepare(
        arguments: &ModelArguments,
        is_verbose: bool,
    ) -> anyhow::Result<Option<Self>> {
        let (source, options, trial) = match (&arguments.replay, &arguments.model) {
            (None, None) if arguments.ask_parent.is_some() => {
                let path = arguments.ask_parent.as_deref().unwrap_or(Path::new(""));
                let (options, id) = read_wish(path)?;
                (Source::Parent(id), options, TrialSettings::default())
            }
            (Some(path), _) => {
                let text = read_transcript(path)?;
                let replay = Replay::parse(&text).with_context(|| path.display().to_string())?;
                let options = arguments.model_config.as_deref();
                let options = options.map(ModelSettings::load_options).transpose()?;
                let (options, trial) = options.unwrap_or_default();
                (Source::Replay(replay), options, trial)
            }
            (None, Some(_)) => {
                let path = arguments.model_config.clone().or_else(user_file);
                let path = path
                    .context("--model: there is no home folder; name a file with --model-config")?;
                let settings = ModelSettings::load(&path)?;
                let desk = ModelDesk::new(settings.desk, &world())?;
                (
                    Source::Desk(Box::new(desk)),
                    settings.options,
                    settings.trial,
                )
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
            options,
            only: only.transpose()?,
            transcript: arguments.transcript.clone(),
            is_verbose,
            keeps_answers: true,
            repository: String::new(),
            first_remarks: arguments.first_remarks.clone(),
            waits: false,
            trial,
        }))
    }

    /// Lets questions wait for a batch.
    #[must_use]
    pub(crate) fn waiting(self, waits: bool) -> Self {
        Self { waits, ..self }
    }

    /// Says what is reviewed, and whether answers may be taken from before.
    #[must_use]
    pub(crate) fn of(self, root: Option<&Path>, keeps_answers: bool) -> Self {
        let name = root.and_then(Path::file_name).unwrap_or_default();
        Self {
            keeps_answers,
            repository: name.to_string_lossy().into_owned(),
            ..self
        }
    }

    /// Returns where remarks are written before models are asked.
    pub(crate) fn first_remarks(&self) -> Option<&Path> {
        self.first_remarks.as_deref()
    }

    /// Asks, and adds what comes to the report. Only the transcript's file is an error:
    /// whatever else goes wrong is in the report.
    pub(crate) fn run(
        self,
        subject: Subject<'_>,
        settings: &Settings,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let plan = model_plan(subject, settings, self.options.clone(), report);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.context("the runtime cannot be started")?;
        let transcript = self.transcript.clone();
        let is_verbose = self.is_verbose;
        let is_child = matches!(self.source, Source::Parent(_));
        let fixes = self.options.offers_fixes.then(|| self.options.clone());
        let Opened {
            model,
            routed,
            hint,
            batch,
        } = match self.open() {
            Ok(opened) => opened,
            Err(why) => {
                review_without_model((subject, settings), &plan, &why, report);
                return Ok(());
            }
        };
        if let Some(batch) = &batch
            && let Err(why) = runtime.block_on(batch.collect())
        {
            // What is not known to be sent would be sent, and paid, again.
            review_without_model((subject, settings), &plan, &why, report);
            return Ok(());
        }
        let recorder = Arc::new(Recorder::new(model));
        let asked: Arc<dyn Model> = Arc::<Recorder<_>>::clone(&recorder);
        let both = (subject, settings);
        let tally = runtime.block_on(async {
            let own = Arc::clone(&asked);
            let tally = review_with_model(both, &plan, own, Some(&hint), report).await;
            if let Some(fixes) = fixes {
                let wanted = fix::offered(report);
                let is_wanted = |finding: &Finding| wanted.contains(&fix::key(finding));
                let from = (&BTreeMap::new(), &*report);
                let mending = Mending::new(both, from, fixes, FixOrder::Apart, &is_wanted);
                offer_fixes(both, mending, asked, Some(&hint), report).await;
            }
            tally
        });
        if is_child {
            output::print(TallyLine::of(tally).line())?;
        }
        if let Some(batch) = &batch {
            runtime.block_on(batch.submit());
        }
        if let Some(path) = &transcript {
            let text = recorder.transcript();
            output::write_file(path, |out| out.write_all(text.as_bytes()))?;
        }
        if is_verbose {
            for decision in routed.iter().flat_map(|routed| routed.decisions()) {
                output::remark(format!("models for a {decision}"));
            }
        }
        Ok(())
    }

    /// Makes what is asked ready; the error is why nothing can be.
    fn open(self) -> Result<Opened, String> {
        let only = self.only.clone();
        let [opened] = self.open_each([only])?;
        Ok(opened)
    }

    /// Makes several models ready that share one budget: each the one that is named, or
    /// whichever the routes say. Where there is but one that answers, it is all of them.
    fn open_each<const N: usize>(self, only: [Option<ModelId>; N]) -> Result<[Opened; N], String> {
        let alone = |model: Arc<dyn Model>| {
            std::array::from_fn(|_| Opened {
                hint: model.id().name.clone(),
                model: Arc::clone(&model),
                routed: None,
                batch: None,
            })
        };
        let desk = match self.source {
            Source::Replay(replay) => return Ok(alone(Arc::new(replay))),
            Source::Parent(id) => {
                let input = std::io::BufReader::new(std::io::stdin());
                return Ok(alone(Arc::new(Relay::new(id, std::io::stdout(), input))));
            }
            Source::Desk(desk) => desk,
        };
        let folder = SpendFolder::find();
        let book = folder
            .clone()
            .map(|folder| Arc::new(folder) as Arc<dyn SpendBook>);
        let book = book.unwrap_or_else(|| Arc::new(MemoryBook::default()));
        let budget = Budget::new(desk.limits(), Arc::clone(&book), Arc::new(SystemClock));
        let meter = folder.map(|folder| {
            let row = UsageRow::new(SystemClock.now_ms(), &self.repository);
            Arc::new(folder.meter(row)) as Arc<dyn Meter>
        });
        let budget = Arc::new(match meter {
            Some(meter) => budget.with_meter(meter),
            None => budget,
        });
        let cache = self.keeps_answers.then(AnswerFolder::find).flatten();
        let cache = cache.map(|cache| Arc::new(cache) as Arc<dyn BlobCache + Send + Sync>);
        if self.is_verbose && !desk.remembers() {
            output::remark(
                "answers to similar questions are not remembered: no `[model.similar]` names what makes vectors",
            );
        }
        let day = jiff::Timestamp::from_millisecond(SystemClock.now_ms()).unwrap_or_default();
        let of = format!("review of {} on {}", self.repository, day.strftime("%F"));
        let mut all = Vec::new();
        for only in only {
            let mut batch = None;
            let routed = match (self.waits, &cache) {
                (false, _) => desk.open(&budget, cache.as_ref(), only.as_ref())?,
                (true, None) => {
                    return Err("a batch needs the cache folder, where its answers go".to_owned());
                }
                (true, Some(cache)) => {
                    let queue = Arc::new(BatchQueue::new(Arc::clone(cache)));
                    let routed = desk.open_waiting(&budget, cache, only.as_ref(), &queue)?;
                    let ledger = BatchFolder::find();
                    batch = Some(BatchRun {
                        desk: (*desk).clone(),
                        budget: Arc::clone(&budget),
                        book: Arc::clone(&book),
                        queue,
                        ledger: ledger.ok_or("a batch needs a home folder, to be remembered in")?,
                    });
                    routed
                }
            };
            let routed = Arc::new(routed);
            let mut model: Arc<dyn Model> = Arc::<Routed>::clone(&routed);
            if let Some(cache) = &cache {
                model = desk.remembering(model, &budget, Arc::clone(cache), &of)?;
            }
            all.push(Opened {
                hint: routed.id().name.clone(),
                model,
                routed: Some(routed),
                batch,
            });
        }
        all.try_into().map_err(|_| "a model is missing".to_owned())
    }
}

/// What is asked.
struct Opened {
    model: Arc<dyn Model>,
    /// What decides which model that is, where there are several.
    routed: Option<Arc<Routed>>,
    /// The name of the model by which prompts are chosen.
    hint: String,
    /// What waits for a batch, where questions do.
    batch: Option<BatchRun>,
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

fn read_wish(path: &Path) -> anyhow::Result<(ModelOptions, ModelId)> {
    let name = path.display();
    let size = std::fs::metadata(path)
        .with_context(|| name.to_string())?
        .len();
    ensure!(
        size <= MODEL_WISH_BYTES_MAX as u64,
        "{name} has more than {MODEL_WISH_BYTES_MAX} bytes"
    );
    let json = std::fs::read(path).with_context(|| name.to_string())?;
    ModelWish::read(&json).with_context(|| name.to_string())
}
