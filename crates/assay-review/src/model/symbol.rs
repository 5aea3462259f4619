//! Whether a name is defined, asked of the code: models claim that things are missing
//! which they were only not shown.

use std::sync::Arc;

use assay_source::{FileVersion, SourceText};

use super::context::declared;
use crate::pipeline::Subject;
use crate::settings::Settings;

/// Files that are looked into.
const FILES_MAX: usize = 20_000;
/// Files with the name in them that are parsed.
const PARSED_MAX: usize = 200;
/// Bytes of one.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Returns whether the head defines a name, or its own file imports it.
pub(super) fn is_defined(
    subject: Subject<'_>,
    settings: &Settings,
    head: &FileVersion,
    name: &str,
) -> bool {
    let name = last_part(name);
    if name.len() < 2 {
        return false;
    }
    let files = subject.tree.list().unwrap_or_default();
    let mut parsed = 0;
    for file in std::iter::once(head).chain(files.iter().take(FILES_MAX)) {
        let Ok(bytes) = subject.tree.read(file, FILE_BYTES_MAX) else {
            continue;
        };
        if memchr::memmem::find(&bytes, name.as_bytes()).is_none() {
            continue;
        }
        let Ok(text) = SourceText::decode(bytes) else {
            continue;
        };
        if file.path == head.path && is_imported(&text, name) {
            return true;
        }
        if parsed == PARSED_MAX {
            return false;
        }
        parsed += 1;
        let symbols = declared(settings, &file.path, &Arc::new(text));
        let is_it = |own: &str| own == name;
        if symbols
            .iter()
            .any(|symbol| is_it(&symbol.name) || symbol.parameters.iter().any(|own| is_it(own)))
        {
            return true;
        }
    }
    false
}

/// Returns the last part of `module::name` and `object.name()`, which is what is defined.
pub(super) fn last_part(name: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let name = name.trim().trim_end_matches(|c| !is_part(c));
    name.rsplit(|c| !is_part(c)).next().unwrap_or_default()
}

/// Returns whether a line that brings names in has this one.
fn is_imported(text: &SourceText, name: &str) -> bool {
    let begins = [
        "import ", "from ", "use ", "using ", "#include", "require", "pub use ",
    ];
    text.as_str().lines().any(|line| {
        let line = line.trim_start();
        let words = || line.split(|c: char| !c.is_alphanumeric() && c != '_');
        begins.iter().any(|begin| line.starts_with(begin)) && words().any(|word| word == name)
    })
}
