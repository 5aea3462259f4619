//! The prompts of a folder while a server runs: what is written there is used by what begins
//! after it was seen, and what is not sound changes nothing.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use assay_app::App;
use assay_review::PromptSet;

use crate::model::settings::{prompt_files, prompts_of};

/// So often somebody looks.
const LOOK: Duration = Duration::from_secs(1);

/// By what a file is told from what it was: its path, length and time.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Follows a folder for ever.
pub(super) async fn follow(app: App, folder: PathBuf) {
    // What was read at the start may be older than this: it is read once more.
    let mut known = None;
    loop {
        let (at, before) = (folder.clone(), known.clone());
        let looked = tokio::task::spawn_blocking(move || look(&at, before.as_ref()));
        if let Ok(Some((stamp, read))) = looked.await {
            match read {
                Ok(prompts) => {
                    app.set_base_prompts(prompts);
                    if known.is_some() {
                        tracing::info!(folder = %folder.display(), "prompts were read again");
                    }
                }
                Err(error) => tracing::error!(
                    error = format!("{error:#}"),
                    "prompts that changed are not used; those before hold"
                ),
            }
            known = Some(stamp);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Reads a folder, unless it is as it was.
fn look(folder: &Path, known: Option<&Stamp>) -> Option<(Stamp, anyhow::Result<PromptSet>)> {
    // Taken before what it stands for: what changes meanwhile is seen the next time.
    let stamp = stamp(folder);
    (known != Some(&stamp)).then(|| (stamp, prompts_of(folder)))
}

fn stamp(folder: &Path) -> Stamp {
    let files = prompt_files(folder).unwrap_or_default().into_iter();
    let one = |path: PathBuf| {
        let metadata = std::fs::metadata(&path).ok();
        let bytes = metadata.as_ref().map_or(0, std::fs::Metadata::len);
        (path, bytes, metadata.and_then(|data| data.modified().ok()))
    };
    files.map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::look;

    const FRONT: &str = "+++\nname = \"review\"\nversion = 1\n+++\n";

    #[test]
    fn a_folder_is_read_where_it_changed_and_what_is_not_sound_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let write = |words: &str| {
            let text = format!("{FRONT}{words}\n=== user\n{{{{ files }}}}\n");
            std::fs::write(folder.path().join("review.md"), text).unwrap();
        };
        let mut known = None;
        // Each has another length: a clock may be coarse.
        for (words, is_sound) in [
            ("Look.", true),
            ("{{ nothing_of_this_name }}", false),
            ("Look at units.", true),
        ] {
            write(words);
            let (stamp, read) = look(folder.path(), known.as_ref()).expect("it changed");
            assert_eq!(read.is_ok(), is_sound, "{words}");
            assert!(look(folder.path(), Some(&stamp)).is_none(), "{words}");
            known = Some(stamp);
        }
        std::fs::remove_file(folder.path().join("review.md")).unwrap();
        let (_, read) = look(folder.path(), known.as_ref()).expect("it is gone");
        assert!(read.is_ok());
    }
}
