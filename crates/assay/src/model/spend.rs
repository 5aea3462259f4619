//! What models cost this user, kept in the state folder between runs: sums of days and
//! months, by which budgets are held, and a line for each call, to look at.
//!
//! Invariant: whoever reads or writes the sums holds the lock of their file, so that
//! runs at the same time do not spend the same money.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use assay_llm::{
    BudgetRefusal, CallSpend, Meter, Money, SpendBook, Window, settle_sums, take_from_sums,
};
use serde::{Deserialize, Serialize};

use crate::cache::variable;

/// The form of the file with sums.
const SCHEMA: &str = "assay.model-spend/1";
/// Bytes of that file.
const SUMS_BYTES_MAX: u64 = 1 << 20;
/// Windows that are kept; the oldest go.
const WINDOWS_MAX: usize = 200;
/// Bytes of the file with calls; then it becomes the old one.
const CALLS_BYTES_MAX: u64 = 8 << 20;
/// The files.
const SUMS: &str = "model-spend.json";
const CALLS: &str = "model-calls.jsonl";
const OLD_CALLS: &str = "model-calls.old.jsonl";

#[derive(Serialize, Deserialize)]
struct SumsWire {
    schema: String,
    /// Billionths of a dollar by window.
    windows: std::collections::BTreeMap<String, u64>,
}

/// A line of the file with calls.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct UsageRow {
    pub(crate) time_ms: i64,
    /// The time at which the review began.
    pub(crate) review: i64,
    pub(crate) repository: String,
    pub(crate) model: String,
    pub(crate) task: String,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) cost_nanos: u64,
    pub(crate) is_answered: bool,
    pub(crate) duration_ms: u64,
}

impl UsageRow {
    /// Begins the rows of a review.
    pub(crate) fn new(review: i64, repository: &str) -> Self {
        Self {
            review,
            repository: repository.to_owned(),
            ..Self::default()
        }
    }
}

/// The folder of what was spent.
#[derive(Clone, Debug)]
pub(crate) struct SpendFolder(PathBuf);

impl SpendFolder {
    /// Finds the folder; none when there is no home folder.
    pub(crate) fn find() -> Option<Self> {
        let state = variable("XDG_STATE_HOME")
            .or_else(|| variable("LOCALAPPDATA"))
            .or_else(|| Some(variable("HOME")?.join(".local/state")))?;
        Some(Self(state.join("assay")))
    }

    /// Returns where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// Returns who writes down the calls of a review.
    pub(crate) fn meter(&self, row: UsageRow) -> impl Meter + use<> {
        CallFile {
            folder: self.0.clone(),
            row,
        }
    }

    /// Returns the calls that are known, oldest first.
    pub(crate) fn calls(&self) -> Vec<UsageRow> {
        let read = |name: &str| -> String {
            let mut text = String::new();
            if let Ok(file) = File::open(self.0.join(name)) {
                // A file that is damaged is read as far as it goes.
                drop(file.take(2 * CALLS_BYTES_MAX).read_to_string(&mut text));
            }
            text
        };
        let text = read(OLD_CALLS) + &read(CALLS);
        let rows = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        rows.collect()
    }

    /// Does something with the sums while nobody else does, and keeps them.
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Money>) -> T) -> std::io::Result<T> {
        let mut file = locked(&self.0, SUMS)?;
        let mut text = String::new();
        (&mut file).take(SUMS_BYTES_MAX).read_to_string(&mut text)?;
        let mut sums: HashMap<String, Money> = match text.trim() {
            "" => HashMap::new(),
            text => {
                let wire: SumsWire = serde_json::from_str(text)?;
                let known = wire.schema == SCHEMA;
                let wrong = || std::io::Error::other("it is of another version");
                let windows = known.then_some(wire.windows).ok_or_else(wrong)?;
                let sum = |(name, nanos)| (name, Money::from_nanos(nanos));
                windows.into_iter().map(sum).collect()
            }
        };
        let result = act(&mut sums);
        let mut windows: Vec<(String, u64)> = sums
            .into_iter()
            .map(|(name, sum)| (name, sum.nanos()))
            .collect();
        // The end of a name is its date, so that the oldest come first.
        windows.sort_by(|one, other| {
            let date = |name: &str| name.rsplit(' ').next().unwrap_or_default().to_owned();
            date(&one.0).cmp(&date(&other.0))
        });
        let spare = windows.len().saturating_sub(WINDOWS_MAX);
        let wire = SumsWire {
            schema: SCHEMA.to_owned(),
            windows: windows.into_iter().skip(spare).collect(),
        };
        let text = serde_json::to_string(&wire)?;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        Ok(result)
    }
}

/// Opens a file and waits until nobody else has it.
fn locked(folder: &Path, name: &str) -> std::io::Result<File> {
    std::fs::create_dir_all(folder)?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join(name))?;
    file.lock()?;
    Ok(file)
}

impl SpendBook for SpendFolder {
    fn take(&self, windows: &[Window], amount: Money) -> Result<(), BudgetRefusal> {
        let taken = self.with(|sums| take_from_sums(sums, windows, amount));
        taken.unwrap_or_else(|error| {
            let file = self.0.join(SUMS);
            Err(BudgetRefusal::Unknown(format!(
                "{}: {error}",
                file.display()
            )))
        })
    }

    fn settle(&self, windows: &[Window], taken: Money, spent: Money) {
        // What cannot be settled stays taken, which is the more.
        drop(self.with(|sums| settle_sums(sums, windows, taken, spent)));
    }

    fn sum(&self, name: &str) -> Money {
        let sum = self.with(|sums| sums.get(name).copied().unwrap_or_default());
        // What is not known may be all.
        sum.unwrap_or(Money::MAX)
    }
}

/// Writes down calls.
struct CallFile {
    folder: PathBuf,
    row: UsageRow,
}

impl CallFile {
    fn write(&self, spend: &CallSpend) -> std::io::Result<()> {
        use assay_source::Clock as _;
        let usage = spend.usage.unwrap_or_default();
        let row = UsageRow {
            time_ms: crate::server::world::SystemClock.now_ms(),
            model: spend.model.to_string(),
            task: spend.task.to_owned(),
            input_tokens: usage.total() - usage.output_tokens,
            output_tokens: usage.output_tokens,
            cost_nanos: spend.cost.unwrap_or_default().nanos(),
            is_answered: spend.is_answered,
            duration_ms: spend.duration_ms,
            ..self.row.clone()
        };
        let line = serde_json::to_string(&row)? + "\n";
        let _lock = locked(&self.folder, "model-calls.lock")?;
        let path = self.folder.join(CALLS);
        let size = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        if size > CALLS_BYTES_MAX {
            std::fs::rename(&path, self.folder.join(OLD_CALLS))?;
        }
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(line.as_bytes())
    }
}

impl Meter for CallFile {
    fn note(&self, spend: &CallSpend) {
        // The sums hold the budget; these lines are only to look at.
        drop(self.write(spend));
    }
}

#[cfg(test)]
mod tests {
    use assay_llm::{BudgetScope, Money, SpendBook as _, Window};

    use super::SpendFolder;

    fn window(name: &str, limit: u64) -> Window {
        Window {
            name: name.to_owned(),
            of: String::new(),
            scope: BudgetScope::Day,
            limit: Money::from_nanos(limit),
        }
    }

    #[test]
    fn sums_last_and_are_never_passed_by_many_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let windows = [window("day 2026-01-01", 100)];
        let taken: usize = std::thread::scope(|scope| {
            let run = || {
                let book = SpendFolder(folder.path().to_owned());
                let one = Money::from_nanos(3);
                (0..20).filter(|_| book.take(&windows, one).is_ok()).count()
            };
            let all: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(taken, 33);
        let book = SpendFolder(folder.path().to_owned());
        assert_eq!(book.sum("day 2026-01-01"), Money::from_nanos(99));
        book.settle(&windows, Money::from_nanos(99), Money::from_nanos(1));
        assert_eq!(book.sum("day 2026-01-01"), Money::from_nanos(1));
    }

    #[test]
    fn sums_that_cannot_be_read_are_no_leave_to_spend() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(super::SUMS), "{\"schema\":\"x\"").unwrap();
        let book = SpendFolder(folder.path().to_owned());
        assert!(
            book.take(&[window("day 2026-01-01", 100)], Money::ZERO)
                .is_err()
        );
        assert_eq!(book.sum("day 2026-01-01"), Money::MAX);
    }
}
