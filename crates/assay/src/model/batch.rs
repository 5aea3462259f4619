//! Questions that wait for a batch: what was sent is remembered in the user's state
//! folder, so that no program has to run meanwhile; the same review, started again, takes
//! the answers that came.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use assay_app::ModelDesk;
use assay_llm::{
    BatchLedger, BatchQueue, BatchState, Budget, Collected, Meter, ModelId, Money, PendingBatch,
    SpendBook,
};
use assay_source::{BlobCache, Clock as _};

use super::answers::AnswerFolder;
use super::settings::{ModelSettings, user_file};
use super::spend::{SpendFolder, UsageRow};
use super::world;
use crate::output;
use crate::server::world::SystemClock;

/// Batches that are remembered.
const BATCHES_MAX: usize = 1_000;
/// Bytes of what is remembered of one.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// A folder with a file for each batch that is not known to be over.
pub(crate) struct BatchFolder(PathBuf);

impl BatchFolder {
    /// Finds the folder; none when there is no home folder.
    pub(crate) fn find() -> Option<Self> {
        Some(Self(SpendFolder::find()?.folder().join("batches")))
    }

    fn file(&self, batch: &PendingBatch) -> PathBuf {
        let plain = |c: char| match c.is_ascii_alphanumeric() || c == '_' {
            true => c,
            false => '-',
        };
        let name: String = batch.id.chars().map(plain).collect();
        self.0.join(format!("{name}.json"))
    }

    fn write(&self, batch: &PendingBatch) -> std::io::Result<()> {
        use std::io::Write as _;
        std::fs::create_dir_all(&self.0)?;
        let mut made = tempfile::NamedTempFile::new_in(&self.0)?;
        made.write_all(&serde_json::to_vec(batch)?)?;
        made.as_file().sync_all()?;
        made.persist(self.file(batch))
            .map_err(|error| error.error)?;
        Ok(())
    }
}

impl BatchLedger for BatchFolder {
    fn list(&self) -> Result<Vec<PendingBatch>, String> {
        let entries = match std::fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(format!("{}: {error}", self.0.display())),
        };
        let mut all = Vec::new();
        for entry in entries.flatten().take(BATCHES_MAX) {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let wrong = |why: String| format!("{}: {why}", path.display());
            let size = entry.metadata().map_or(0, |metadata| metadata.len());
            if size > FILE_BYTES_MAX {
                return Err(wrong(format!("more than {FILE_BYTES_MAX} bytes")));
            }
            let bytes = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
            let batch = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
            all.push(batch);
        }
        all.sort_by_key(|batch: &PendingBatch| batch.submitted_ms);
        Ok(all)
    }

    fn put(&self, batch: &PendingBatch) -> Result<(), String> {
        if self.list()?.len() >= BATCHES_MAX {
            return Err(format!("{BATCHES_MAX} batches wait already"));
        }
        self.write(batch)
            .map_err(|error| format!("{}: {error}", self.0.display()))
    }

    fn remove(&self, batch: &PendingBatch) {
        // What stays is looked at once more, and is over.
        drop(std::fs::remove_file(self.file(batch)));
    }
}

/// Batches of one run: what is sent and taken with whose money.
pub(crate) struct BatchRun {
    pub(crate) desk: ModelDesk,
    pub(crate) budget: Arc<Budget>,
    pub(crate) book: Arc<dyn SpendBook>,
    pub(crate) queue: Arc<BatchQueue>,
    pub(crate) ledger: BatchFolder,
}

impl BatchRun {
    /// Makes one of the user's configuration, for `assay batch`.
    pub(crate) fn of_config(config: Option<&Path>) -> anyhow::Result<Self> {
        let path = config.map(Path::to_owned).or_else(user_file);
        let path = path.context("there is no home folder; name a file with --model-config")?;
        let desk = ModelDesk::new(ModelSettings::load(&path)?.desk, &world())?;
        let folder = SpendFolder::find().context("there is no home folder")?;
        let row = UsageRow::new(SystemClock.now_ms(), "");
        let meter = Arc::new(folder.meter(row)) as Arc<dyn Meter>;
        let book: Arc<dyn SpendBook> = Arc::new(folder);
        let budget = Budget::new(desk.limits(), Arc::clone(&book), Arc::new(SystemClock));
        let cache =
            AnswerFolder::find().context("there is no cache folder: set ASSAY_CACHE_DIR")?;
        let cache: Arc<dyn BlobCache + Send + Sync> = Arc::new(cache);
        Ok(Self {
            desk,
            budget: Arc::new(budget.with_meter(meter)),
            book,
            queue: Arc::new(BatchQueue::new(cache)),
            ledger: BatchFolder::find().context("there is no home folder")?,
        })
    }

    /// Takes what came, and says of each batch how far it is.
    pub(crate) async fn collect(&self) -> Result<usize, String> {
        let desk = self.desk.clone();
        let find = move |id: &ModelId| desk.batch_model(id);
        let money = (&*self.book, &*self.budget);
        let all = self.queue.collect(&find, &self.ledger, money).await?;
        for one in &all {
            output::remark(collected(one));
        }
        Ok(all.len())
    }

    /// Sends what was asked and has no answer, and says so.
    pub(crate) async fn submit(&self) {
        let desk = self.desk.clone();
        let find = move |id: &ModelId| desk.batch_model(id);
        let money = (&self.budget, SystemClock.now_ms());
        for sent in self.queue.submit(&find, &self.ledger, money).await {
            output::remark(match sent {
                Ok(batch) => format!(
                    "{} questions to {} wait in the batch {}; {} are set aside for it; the same command takes the answers when they are there",
                    batch.sent.len(),
                    batch.model,
                    batch.id,
                    Money::from_nanos(batch.taken_nanos)
                ),
                Err(why) => format!("no batch was sent: {why}"),
            });
        }
    }
}

fn collected(one: &Collected) -> String {
    let id = &one.id;
    let answers = format!(
        "{} of {} questions have an answer, which cost {}",
        one.answers, one.of, one.cost
    );
    match &one.state {
        Ok(BatchState::Running) => {
            format!(
                "the batch {id} is not over: {} of {} are done",
                one.done, one.of
            )
        }
        Ok(BatchState::Ended) => format!("the batch {id} is over: {answers}"),
        Ok(BatchState::Expired) => format!("the time of the batch {id} was over: {answers}"),
        Ok(BatchState::Cancelled) => format!("the batch {id} was cancelled: {answers}"),
        Ok(BatchState::Failed(why)) => format!("the batch {id} failed: {why}"),
        Err(why) => format!("the batch {id} cannot be looked at: {why}"),
    }
}
