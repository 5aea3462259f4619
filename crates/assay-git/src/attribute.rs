//! What `.gitattributes` files say about paths, read from a tree or from disk
//! by whoever asks; nothing here opens a file.

use std::collections::HashSet;

use assay_source::Attributes;
use gix::attrs::search::{MetadataCollection, Outcome};
use gix::attrs::{Search, StateRef};
use gix::bstr::{BStr, BString, ByteSlice};
use gix::glob::pattern::Case;

use crate::disk::to_path;

/// The attributes that a review wants to know.
const REVIEWED: [&str; 5] = [
    "linguist-generated",
    "linguist-vendored",
    "binary",
    "diff",
    "filter",
];

/// Returns the content of the file at a path, if there is one.
pub(crate) type ReadFile<'a, E> = dyn FnMut(&[u8]) -> Result<Option<Vec<u8>>, E> + 'a;

/// The attribute files of a tree, read folder by folder as they are needed.
pub(crate) struct AttributeFiles {
    search: Search,
    /// The repository's own `info/attributes`, which goes before all others.
    info: Search,
    collection: MetadataCollection,
    /// Folders whose file was looked for.
    loaded: HashSet<BString>,
    outcome: Outcome,
    case: Case,
}

impl AttributeFiles {
    /// Starts with what is built in, and the content of `info/attributes`.
    pub(crate) fn new(info: &[u8], ignore_case: bool) -> Self {
        let mut collection = MetadataCollection::default();
        let mut search = Search::default();
        let mut own = Search::default();
        add(
            &mut search,
            b"[attr]binary -diff -merge -text",
            b"[builtin]",
            &mut collection,
            true,
        );
        if !info.is_empty() {
            add(&mut own, info, b"info/attributes", &mut collection, true);
        }
        Self {
            search,
            info: own,
            collection,
            loaded: HashSet::new(),
            outcome: Outcome::default(),
            case: if ignore_case {
                Case::Fold
            } else {
                Case::Sensitive
            },
        }
    }

    /// Reads the files of all folders that the path is in; `read` returns the
    /// content of the `.gitattributes` file with the path given.
    fn load<E>(&mut self, path: &[u8], read: &mut ReadFile<'_, E>) -> Result<(), E> {
        let last = path.iter().rposition(|&b| b == b'/');
        if self
            .loaded
            .contains(last.map_or(&b""[..], |slash| &path[..slash]).as_bstr())
        {
            return Ok(());
        }
        let ends = path
            .iter()
            .enumerate()
            .filter(|&(_, &b)| b == b'/')
            .map(|(at, _)| at);
        // The files of outer folders come first, so that inner ones go before them.
        for end in std::iter::once(0).chain(ends) {
            let folder = path[..end].as_bstr();
            if !self.loaded.insert(folder.to_owned()) {
                continue;
            }
            let mut file = folder.to_vec();
            if !file.is_empty() {
                file.push(b'/');
            }
            file.extend_from_slice(b".gitattributes");
            if let Some(content) = read(&file)? {
                let is_top = folder.is_empty();
                add(
                    &mut self.search,
                    &content,
                    &file,
                    &mut self.collection,
                    is_top,
                );
            }
        }
        Ok(())
    }

    /// Fills in what the files say about a path.
    pub(crate) fn fill<E>(
        &mut self,
        path: &[u8],
        out: &mut Outcome,
        read: &mut ReadFile<'_, E>,
    ) -> Result<(), E> {
        self.load(path, read)?;
        out.initialize(&self.collection);
        let path = BStr::new(path);
        self.info
            .pattern_matching_relative_path(path, self.case, Some(false), out);
        if !out.is_done() {
            self.search
                .pattern_matching_relative_path(path, self.case, Some(false), out);
        }
        Ok(())
    }

    /// Returns what a review wants to know about a path.
    pub(crate) fn reviewed<E>(
        &mut self,
        path: &[u8],
        read: &mut ReadFile<'_, E>,
    ) -> Result<Attributes, E> {
        let mut outcome = std::mem::take(&mut self.outcome);
        outcome.initialize_with_selection(&self.collection, REVIEWED);
        let filled = self.fill(path, &mut outcome, read);
        let mut attributes = Attributes::default();
        for found in outcome.iter_selected() {
            let state = found.assignment.state;
            match found.assignment.name.as_str() {
                "linguist-generated" => attributes.generated = truth(state),
                "linguist-vendored" => attributes.vendored = truth(state),
                "binary" => attributes.binary |= state == StateRef::Set,
                "diff" => attributes.binary |= state == StateRef::Unset,
                "filter" => attributes.lfs = is_value(state, "lfs"),
                _ => {}
            }
        }
        self.outcome = outcome;
        filled.map(|()| attributes)
    }
}

/// Returns whether the state is this value.
pub(crate) fn is_value(state: StateRef<'_>, value: &str) -> bool {
    matches!(state, StateRef::Value(found) if found.as_bstr() == value)
}

/// Set, unset, or `true` and `false` in words, as linguist takes them.
fn truth(state: StateRef<'_>) -> Option<bool> {
    match state {
        StateRef::Set => Some(true),
        StateRef::Unset => Some(false),
        StateRef::Value(value) if value.as_bstr() == "true" => Some(true),
        StateRef::Value(value) if value.as_bstr() == "false" => Some(false),
        StateRef::Value(_) | StateRef::Unspecified => None,
    }
}

fn add(
    search: &mut Search,
    content: &[u8],
    file: &[u8],
    collection: &mut MetadataCollection,
    macros: bool,
) {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let source = to_path(file);
    // A path that the system cannot express has no file with patterns either.
    let _ = search.add_patterns_buffer(
        content,
        source.into_owned(),
        Some(std::path::Path::new("")),
        collection,
        macros,
    );
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use assay_source::Attributes;

    use super::AttributeFiles;

    fn check(files: &[(&str, &str)], path: &str, expected: Attributes) {
        let mut attributes = AttributeFiles::new(b"", false);
        let mut read = |wanted: &[u8]| {
            let found = files.iter().find(|(name, _)| name.as_bytes() == wanted);
            Ok::<_, Infallible>(found.map(|(_, content)| content.as_bytes().to_vec()))
        };
        let found = attributes
            .reviewed(path.as_bytes(), &mut read)
            .expect("never fails");
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn inner_files_go_before_outer_ones() {
        let files = [
            (
                ".gitattributes",
                "*.gen.rs linguist-generated\n*.png binary\nvendor/** linguist-vendored=true\n",
            ),
            (
                "a/.gitattributes",
                "*.gen.rs -linguist-generated\n*.bin filter=lfs diff=lfs merge=lfs -text\n",
            ),
            ("a/b/.gitattributes", "x.txt -diff\n[attr]binary text\n"),
        ];
        let none = Attributes::default();
        let generated = |value| Attributes {
            generated: value,
            ..none
        };
        check(&files, "x.gen.rs", generated(Some(true)));
        check(&files, "a/x.gen.rs", generated(Some(false)));
        check(&files, "a/b/x.gen.rs", generated(Some(false)));
        check(&files, "b/x.gen.rs", generated(Some(true)));
        check(
            &files,
            "a/b/i.png",
            Attributes {
                binary: true,
                ..none
            },
        );
        check(
            &files,
            "a/b/x.txt",
            Attributes {
                binary: true,
                ..none
            },
        );
        check(&files, "a/data.bin", Attributes { lfs: true, ..none });
        check(&files, "data.bin", none);
        check(
            &files,
            "vendor/a/b.c",
            Attributes {
                vendored: Some(true),
                ..none
            },
        );
    }
}
