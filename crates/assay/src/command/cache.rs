//! `assay cache`: what is kept between runs, how much it is, and away with it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::arguments::CacheCommand;
use crate::{cache, output};

/// The folders of what can be worked out again, and what is in each. The
/// database of advisories has commands of its own.
const KINDS: [(&str, &str); 6] = [
    ("answers", "answers of language models"),
    ("graph", "facts for the code graph"),
    ("history", "what the past says of files"),
    ("review", "findings of files that did not change"),
    ("search", "the index of passages, for `assay ask`"),
    ("said", "what reviews said, for --since-last"),
];

/// More files than these are not counted.
const FILES_MAX: usize = 100_000;

pub(crate) fn run(command: &CacheCommand) -> anyhow::Result<ExitCode> {
    let folder = cache::folder().context("there is no cache folder: set ASSAY_CACHE_DIR")?;
    match command {
        CacheCommand::Status => {
            let mut out = format!("{}\n", folder.display());
            for (kind, what) in KINDS {
                let (files, bytes) = sum(&folder.join(kind));
                let megabytes = bytes as f64 / 1e6;
                let _ = writeln!(
                    out,
                    "  {kind:<8} {megabytes:>8.1} MB in {files} files: {what}"
                );
            }
            output::print(out)?;
        }
        CacheCommand::Clear => {
            for (kind, _) in KINDS {
                let folder = folder.join(kind);
                match std::fs::remove_dir_all(&folder) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        let what = format!("{} cannot be deleted", folder.display());
                        return Err(anyhow::Error::new(error).context(what));
                    }
                    _ => {}
                }
            }
            output::remark(format!("what was kept in {} is gone", folder.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The files below a folder, and their bytes.
fn sum(folder: &Path) -> (usize, u64) {
    let mut folders = vec![folder.to_owned()];
    let (mut files, mut bytes) = (0, 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) if files < FILES_MAX => {
                    files += 1;
                    bytes += metadata.len();
                }
                _ => {}
            }
        }
    }
    (files, bytes)
}
