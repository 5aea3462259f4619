//! What the last review of a change said, kept in the user's cache folder for
//! `--since-last`: one small file for each change of a repository.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use assay_finding::{SAID_BYTES_MAX, Said};
use assay_git::{Input, Opened, Options};
use assay_source::BlobKeyHasher;

use crate::segment_folder::folder_name;
use crate::{cache, output};

/// Records of one repository; beyond it the oldest go.
const RECORDS_MAX: usize = 1_000;

/// Where the record of one change is.
pub(crate) struct Record {
    path: PathBuf,
}

impl Record {
    /// Finds the record of a change: by the name that the user gives, else by the
    /// branch.
    pub(crate) fn open(
        directory: &Path,
        opened: &Opened,
        input: &Input,
        name: Option<&str>,
        options: &Options,
    ) -> anyhow::Result<Self> {
        let name = match name {
            None => change_name(directory, input, options)?,
            Some(name) => name.to_owned(),
        };
        let cache = cache::folder()
            .context("--since-last: there is no cache folder: set ASSAY_CACHE_DIR")?;
        let root = opened.root.as_deref().unwrap_or(directory);
        let key = BlobKeyHasher::new("change").part(name.as_bytes()).finish();
        let file: String = key[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let folder = cache.join("said").join(folder_name(root));
        Ok(Self {
            path: folder.join(format!("{file}.json")),
        })
    }

    /// Reads what was said; nothing the first time, and when the record is damaged.
    pub(crate) fn read(&self) -> Said {
        let is_small = std::fs::metadata(&self.path)
            .is_ok_and(|metadata| metadata.len() <= SAID_BYTES_MAX as u64);
        let bytes = std::fs::read(&self.path).ok().filter(|_| is_small);
        bytes
            .and_then(|bytes| Said::from_json(&bytes))
            .unwrap_or_default()
    }

    /// Keeps what was said now.
    pub(crate) fn write(&self, said: &Said) -> anyhow::Result<()> {
        let folder = self.path.parent().context("a record is in a folder")?;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        output::write_file(&self.path, |out| out.write_all(said.to_json().as_bytes()))?;
        sweep(folder);
        Ok(())
    }
}

/// The name of a change that stays when it grows.
fn change_name(directory: &Path, input: &Input, options: &Options) -> anyhow::Result<String> {
    let revision = match input {
        Input::WorkingTree { .. } | Input::Staged => "HEAD",
        Input::Range { head, .. } => head,
        Input::Commit(commit) => commit,
        Input::Patch { .. } | Input::Scan { .. } | Input::Tree(_) => {
            bail!("--since-last: a patch has no branch; say --since-last=NAME")
        }
    };
    if matches!(revision, "HEAD" | "@" | "") {
        return assay_git::branch_name(directory, options)
            .context("--since-last: no branch is checked out; say --since-last=NAME");
    }
    let is_id = revision.len() >= 4 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id || revision.contains(['~', '^', '@', ':']) {
        bail!(
            "--since-last: `{revision}` names another commit after the next push; say --since-last=NAME"
        );
    }
    Ok(revision.to_owned())
}

/// Deletes the oldest records beyond the limit.
fn sweep(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut records: Vec<_> = entries
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    if records.len() > RECORDS_MAX {
        records.sort_unstable();
        for (_, path) in &records[..records.len() - RECORDS_MAX] {
            // Another process may have done so before.
            drop(std::fs::remove_file(path));
        }
    }
}
