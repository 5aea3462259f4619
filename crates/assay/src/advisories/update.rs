//! Brings the advisory database up to date from its sources: what is newer is
//! taken, what was taken back goes, and the rest stays as it is.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use assay_deps::{AdvisoryIndex, IndexBuilder, IndexSource, IndexSummary, PackageFile};

use super::archive::Intake;
use super::download::Client;
use super::{database, mirror, query};
use crate::output;

/// What to bring up to date, and from where.
pub(crate) struct Request {
    /// The database.
    pub(crate) database: PathBuf,
    /// Where advisories come from.
    pub(crate) from: Vec<Origin>,
    /// The ecosystems of mirrors; none means all that package files are read of.
    pub(crate) ecosystems: Vec<String>,
    /// Whether to begin with an empty database.
    pub(crate) fresh: bool,
}

/// Where advisories come from.
pub(crate) enum Origin {
    /// A folder, an archive or a document.
    Path(PathBuf),
    /// OSV's export, or a mirror of it.
    Mirror(String),
    /// OSV's query API, asked for the packages of files.
    Api {
        /// The URL.
        base: String,
        /// The files.
        files: Vec<PackageFile>,
    },
}

/// What an update did.
pub(crate) struct Outcome {
    /// What happened to the documents.
    pub(crate) summary: IndexSummary,
    /// How many documents could not be read.
    pub(crate) refused: usize,
    /// Some of them, and why.
    pub(crate) complaints: Vec<String>,
    /// What could not be brought up to date, and why.
    pub(crate) failures: Vec<anyhow::Error>,
    /// The size of the database, in bytes.
    pub(crate) bytes: u64,
}

/// A database being brought up to date.
pub(super) struct Work {
    pub(super) builder: IndexBuilder,
    pub(super) sources: Vec<IndexSource>,
    pub(super) now: String,
    refused: usize,
    complaints: Vec<String>,
}

impl Work {
    fn new(old: Option<&AdvisoryIndex>, now: String) -> anyhow::Result<Self> {
        let (builder, sources) = match old {
            Some(old) => (IndexBuilder::from_index(old)?, old.about().sources.clone()),
            None => (IndexBuilder::new(), Vec::new()),
        };
        Ok(Self {
            builder,
            sources,
            now,
            refused: 0,
            complaints: Vec::new(),
        })
    }

    /// Takes documents; returns the newest time of change among them.
    pub(super) fn take(
        &mut self,
        give: impl FnOnce(&mut Intake<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<String> {
        let mut newest = String::new();
        let builder = &mut self.builder;
        let mut take = |document: assay_deps::OsvDocument| {
            if document.modified > newest {
                newest.clone_from(&document.modified);
            }
            builder.add(document);
        };
        let mut intake = Intake::new(&mut take);
        let result = give(&mut intake);
        self.refused += intake.refused;
        self.complaints.append(&mut intake.complaints);
        result?;
        Ok(newest)
    }

    /// Notes that something is not as it should be.
    pub(super) fn complain(&mut self, what: String) {
        self.refused += 1;
        self.complaints.push(what);
    }

    /// Notes where advisories came from, in the place of what was noted before.
    pub(super) fn note_source(&mut self, mut source: IndexSource) {
        source.checked.clone_from(&self.now);
        let key = |source: &IndexSource| (source.ecosystem.clone(), source.origin.clone());
        let own = key(&source);
        self.sources.retain(|known| key(known) != own);
        self.sources.push(source);
        self.sources.sort_by_key(key);
    }

    /// Takes one origin, part by part: what fails leaves the rest as it was.
    fn take_origin(&mut self, origin: &Origin, ecosystems: &[String]) -> Vec<anyhow::Result<()>> {
        match origin {
            Origin::Path(path) => vec![self.take_path(path)],
            Origin::Mirror(base) => {
                let client = Client::new();
                let wanted: Vec<&str> = match ecosystems {
                    [] => mirror::ecosystems(),
                    some => some.iter().map(String::as_str).collect(),
                };
                let take = |one| mirror::take(self, &client, base, one);
                wanted.into_iter().map(take).collect()
            }
            Origin::Api { base, files } => {
                vec![query::take(self, &Client::new(), base, files)]
            }
        }
    }

    /// Takes a folder, an archive or a document.
    fn take_path(&mut self, path: &Path) -> anyhow::Result<()> {
        let before = self.builder.added_ecosystems();
        let modified = self.take(|intake| intake.path(path))?;
        for ecosystem in self.builder.added_ecosystems().difference(&before) {
            self.builder.mark_whole(ecosystem);
        }
        let origin = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.note_source(IndexSource {
            origin: origin.display().to_string(),
            modified,
            ..IndexSource::default()
        });
        Ok(())
    }
}

/// Brings a database up to date.
pub(crate) fn update(request: &Request) -> anyhow::Result<Outcome> {
    let old = match request.fresh {
        true => None,
        false => database::open(&request.database)?,
    };
    let now = jiff::Timestamp::now().to_string();
    let mut work = Work::new(old.as_ref(), now)?;
    let mut failures = Vec::new();
    let mut done = 0;
    for origin in &request.from {
        for result in work.take_origin(origin, &request.ecosystems) {
            match result {
                Ok(()) => done += 1,
                Err(error) => failures.push(error),
            }
        }
    }
    // A database of nothing would look like one in which nothing is known.
    if done == 0
        && let Some(first) = failures.drain(..).next()
    {
        return Err(first);
    }
    let summary = work.builder.summary();
    let bytes = work.builder.finish(&work.now, work.sources);
    if let Some(folder) = request.database.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    }
    output::write_file(&request.database, |out| out.write_all(&bytes))?;
    Ok(Outcome {
        summary,
        refused: work.refused,
        complaints: work.complaints,
        failures,
        bytes: bytes.len() as u64,
    })
}
