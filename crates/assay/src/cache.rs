//! Where what can be worked out again is kept: the user's cache folder.

use std::path::PathBuf;

/// Returns Assay's folder in the user's cache; none when there is no home folder.
pub(crate) fn folder() -> Option<PathBuf> {
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
