//! Follows each file through all patches of a series.

use std::collections::HashMap;

use assay_source::FileKind;
use gix::bstr::BString;

use super::parse::{Action, FilePatch};

/// What a series of patches does to one file, from its base to its head.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) base: Option<BString>,
    pub(crate) head: Option<BString>,
    pub(crate) base_mode: Option<u32>,
    pub(crate) head_mode: Option<u32>,
    /// The patches that change it, in order.
    pub(crate) steps: Vec<usize>,
    pub(crate) similarity: u8,
    pub(crate) copied: bool,
}

impl Trace {
    /// Returns the path it is known by.
    pub(crate) fn path(&self) -> &BString {
        match (&self.head, &self.base) {
            (Some(path), _) | (None, Some(path)) => path,
            (None, None) => unreachable!("a trace without both sides is dropped"),
        }
    }

    /// Returns whether the file is another one before and after.
    pub(crate) fn is_moved(&self) -> bool {
        self.base.is_some() && self.head.is_some() && self.base != self.head
    }
}

/// Follows the files; each patch of a series sees what the one before it left.
pub(crate) fn trace(files: &[FilePatch]) -> Vec<Trace> {
    let mut traces: Vec<Trace> = Vec::new();
    let mut by_path: HashMap<BString, usize> = HashMap::new();
    // Files that were deleted may come again: as another type, or later.
    let mut deleted: HashMap<BString, usize> = HashMap::new();
    let mut start = 0;
    while start < files.len() {
        let unit = files[start].unit;
        let end = start
            + files[start..]
                .iter()
                .take_while(|file| file.unit == unit)
                .count();
        // Paths change hands only when the whole patch was read: two files may
        // swap their names.
        let before = owners(&by_path, &files[start..end]);
        let mut gone: Vec<(BString, usize)> = Vec::new();
        let mut come: Vec<(BString, usize)> = Vec::new();
        for (at, file) in files.iter().enumerate().take(end).skip(start) {
            let owner = owner_of(&mut traces, &before, &deleted, file);
            step(&mut traces[owner], at, file);
            if let Some(new) = &file.new {
                deleted.remove(new);
                come.push((new.clone(), owner));
            }
            if matches!(file.action, Action::Rename | Action::Delete)
                && let Some(old) = &file.old
            {
                if file.action == Action::Delete && traces[owner].base.as_ref() == Some(old) {
                    deleted.insert(old.clone(), owner);
                }
                gone.push((old.clone(), owner));
            }
        }
        for (path, owner) in gone {
            if by_path.get(&path) == Some(&owner) {
                by_path.remove(&path);
            }
        }
        by_path.extend(come);
        start = end;
    }
    traces.retain(|trace| trace.base.is_some() || trace.head.is_some());
    traces
}

/// Returns the owners of the paths that some patches name.
fn owners(by_path: &HashMap<BString, usize>, files: &[FilePatch]) -> HashMap<BString, usize> {
    files
        .iter()
        .flat_map(|file| [&file.old, &file.new])
        .flatten()
        .filter_map(|path| Some((path.clone(), *by_path.get(path)?)))
        .collect()
}

/// Returns the file that a patch changes, which may be a new one.
fn owner_of(
    traces: &mut Vec<Trace>,
    before: &HashMap<BString, usize>,
    deleted: &HashMap<BString, usize>,
    file: &FilePatch,
) -> usize {
    let known = match file.action {
        Action::Add => file.new.as_ref().and_then(|new| deleted.get(new)),
        Action::Copy => None,
        _ => file.old.as_ref().and_then(|old| before.get(old)),
    };
    if let Some(&known) = known {
        return known;
    }
    traces.push(Trace {
        base: file.old.clone(),
        head: None,
        base_mode: file.old_mode,
        head_mode: None,
        steps: Vec::new(),
        similarity: 100,
        copied: file.action == Action::Copy,
    });
    traces.len() - 1
}

fn step(trace: &mut Trace, at: usize, file: &FilePatch) {
    trace.steps.push(at);
    trace.head.clone_from(&file.new);
    if file.new_mode.is_some() || file.new.is_none() {
        trace.head_mode = file.new_mode;
    }
    if let Some(similarity) = file.similarity
        && matches!(file.action, Action::Rename | Action::Copy)
    {
        trace.similarity = trace.similarity.min(similarity);
    }
}

/// Returns the kind of file that a mode stands for.
pub(crate) fn kind_of_mode(mode: u32) -> FileKind {
    match mode & 0o170_000 {
        0o120_000 => FileKind::Symlink,
        0o160_000 => FileKind::Submodule,
        _ if mode & 0o100 != 0 => FileKind::Executable,
        _ => FileKind::File,
    }
}

#[cfg(test)]
mod tests {
    use super::trace;
    use crate::input::Limits;
    use crate::patch::parse::parse;

    fn check(patch: &str, expected: &[(&str, &str, usize)]) {
        let parsed = parse(patch.as_bytes(), &Limits::default()).expect("well formed");
        let text = |path: &Option<gix::bstr::BString>| {
            path.as_ref().map_or_else(String::new, ToString::to_string)
        };
        let found: Vec<_> = trace(&parsed.files)
            .iter()
            .map(|trace| (text(&trace.base), text(&trace.head), trace.steps.len()))
            .collect();
        let found: Vec<_> = found
            .iter()
            .map(|(base, head, steps)| (base.as_str(), head.as_str(), *steps))
            .collect();
        assert_eq!(found, expected, "{patch}");
    }

    const EDIT: &str = "@@ -1 +1 @@\n-a\n+b\n";

    #[test]
    fn files_are_followed_through_a_series() {
        let edit = |path: &str| {
            format!("diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{EDIT}")
        };
        let moved = |from: &str, to: &str| {
            format!(
                "diff --git a/{from} b/{to}\nsimilarity index 100%\nrename from {from}\nrename to {to}\n"
            )
        };
        let add = |path: &str| {
            format!(
                "diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+a\n"
            )
        };
        let delete = |path: &str| {
            format!(
                "diff --git a/{path} b/{path}\ndeleted file mode 100644\n--- a/{path}\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
            )
        };
        check(&edit("x"), &[("x", "x", 1)]);
        check(&(edit("x") + &edit("x")), &[("x", "x", 2)]);
        check(&(edit("x") + &edit("y")), &[("x", "x", 1), ("y", "y", 1)]);
        check(&(moved("x", "y") + &edit("y")), &[("x", "y", 2)]);
        check(
            &(moved("x", "y") + &moved("y", "x")),
            &[("x", "y", 1), ("y", "x", 1)],
        );
        check(&(add("x") + &edit("x")), &[("", "x", 2)]);
        check(&(add("x") + &edit("x") + &delete("x")), &[]);
        check(&(delete("x") + &add("x")), &[("x", "x", 2)]);
        check(
            &(delete("x") + &edit("y") + &add("x")),
            &[("x", "x", 2), ("y", "y", 1)],
        );
    }
}
