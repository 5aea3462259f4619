//! Where what can be worked out again is kept: the user's cache folder.

use std::path::PathBuf;
use std::sync::Arc;

use assay_git::Opened;
use assay_graph::FactStore;
use assay_review::{ReviewCache, Settings};
use assay_source::BlobKeyHasher;

use crate::segment_folder::{FactFolder, ReviewFolder};

/// Returns Assay's folder in the user's cache, or the one that `ASSAY_CACHE_DIR`
/// names; none when there is no home folder.
pub(crate) fn folder() -> Option<PathBuf> {
    if let Some(folder) = variable("ASSAY_CACHE_DIR") {
        return Some(folder);
    }
    let cache = if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        None
    };
    variable("XDG_CACHE_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or(cache)
        .or_else(|| Some(variable("HOME")?.join(".cache")))
        .map(|folder| folder.join("assay"))
}

/// Returns the path that a variable of the environment names.
pub(crate) fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// Gives the settings of a review what earlier ones worked out. `key` is of all
/// texts that the settings come from. What comes back has to be saved when the
/// review is done.
pub(crate) fn attach(
    settings: &mut Settings,
    opened: &Opened,
    mut key: BlobKeyHasher,
) -> Option<Arc<ReviewFolder>> {
    let store = Arc::new(ReviewFolder::open(&folder()?, opened.root.as_deref()?));
    key.add(&program()?);
    settings.cache = Some(ReviewCache {
        store: Arc::clone(&store) as _,
        settings: key.finish(),
    });
    Some(store)
}

/// Returns where what the code graph knows of the files is kept between runs.
pub(crate) fn facts(opened: &Opened) -> Option<Arc<dyn FactStore + Send>> {
    let (cache, root) = (folder()?, opened.root.as_deref()?);
    Some(Arc::new(FactFolder::open(&cache, root)))
}

/// Tells this program from every other build of it: what another one worked out
/// is of no use. None when that cannot be told.
fn program() -> Option<Vec<u8>> {
    let metadata = std::env::current_exe().ok()?.metadata().ok()?;
    let written = metadata.modified().ok()?;
    let written = written.duration_since(std::time::UNIX_EPOCH).ok()?;
    let mut out = env!("CARGO_PKG_VERSION").as_bytes().to_vec();
    out.extend_from_slice(&metadata.len().to_le_bytes());
    out.extend_from_slice(&written.as_nanos().to_le_bytes());
    Some(out)
}
