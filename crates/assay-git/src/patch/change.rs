//! Makes the change of a patch whose contents were found.

use std::collections::HashMap;

use assay_source::{
    Attributes, Change, ChangeStatus, ContentId, FileChange, FileKind, FileVersion, PatchHunk,
};
use gix::bstr::{BString, ByteSlice};

use super::apply::Effort;
use super::compose::compose;
use super::parse::{Action, Body};
use super::trace::{Trace, kind_of_mode};
use super::tree::{Contents, Plan, Sides, version};
use crate::attribute::AttributeFiles;
use crate::error::Error;
use crate::model::is_plain;
use crate::open::{Base, Opened};
use crate::store::{Listing, Store};
use crate::walk::name_some;

impl Contents<'_> {
    /// Makes the change that the patch is, as far as its contents are known.
    pub(super) fn finish(mut self, traces: &[Trace], plan: Plan) -> Result<Opened, Error> {
        let Plan {
            sides,
            title,
            mut notes,
        } = plan;
        notes.extend(self.body_notes());
        let base_contents = base_contents(&sides);
        let root = self.root.clone();
        let bytes_max = self.options.limits.attributes_bytes_max;
        let mut attributes = AttributeFiles::new(b"", false);
        let mut read = |file: &[u8]| -> Result<Option<Vec<u8>>, std::convert::Infallible> {
            Ok(match base_contents.get(file.as_bstr()) {
                Some(content) => content.clone(),
                None => root
                    .as_ref()
                    .and_then(|root| root.read_file(file, bytes_max).ok()),
            })
        };
        let mut files = Vec::new();
        let mut repeated = Vec::new();
        let mut effort = std::mem::take(&mut self.effort);
        for (trace, sides) in traces.iter().zip(sides) {
            let Ok(attributes) = attributes.reviewed(trace.path(), &mut read);
            let changes = self.changes(trace, sides, attributes, &mut effort);
            if changes.len() > 1 {
                repeated.push(trace.path().clone());
            }
            files.extend(changes);
        }
        if !repeated.is_empty() {
            notes.push(format!(
                "several patches of the series change these files and do not fit onto each other, so without their \
                 contents each patch is reviewed on its own: {}",
                name_some(&repeated)
            ));
        }
        files.sort_by(|one, other| one.path().cmp(other.path()));
        let store = self.store(&files);
        Ok(Opened {
            root: root.as_ref().map(|root| root.path().to_owned()),
            change: Change {
                base: "base of the patch".to_owned(),
                head: "patch".to_owned(),
                files,
                notes,
                past: Vec::new(),
            },
            tree: Box::new(store),
            title: title.to_owned(),
            base: Base::Patched {
                root,
                changed: base_contents,
            },
        })
    }

    /// Tells of files that the patch says little about.
    fn body_notes(&self) -> Vec<String> {
        let paths = |wanted: &dyn Fn(&Body) -> bool| {
            let files = self.files.iter().filter(|file| wanted(&file.body));
            files
                .filter_map(|file| file.new.clone().or_else(|| file.old.clone()))
                .collect::<Vec<_>>()
        };
        let combined = paths(&|body| *body == Body::Combined);
        let mut notes = Vec::new();
        if !combined.is_empty() {
            notes.push(format!(
                "the patch holds a merge compared with several parents at once (`diff --cc`), which cannot be \
                 reviewed; give a diff against one parent (`git diff MERGE^ MERGE`) for: {}",
                name_some(&combined)
            ));
        }
        notes
    }

    /// Makes the changes of one file: one, unless its contents are not known
    /// and the patches of a series to it do not fit onto each other.
    fn changes(
        &self,
        trace: &Trace,
        sides: Sides,
        attributes: Attributes,
        effort: &mut Effort,
    ) -> Vec<FileChange> {
        let hunks = |step: usize| -> Option<Vec<PatchHunk>> {
            match &self.files[step].body {
                Body::Text(hunks) => Some(hunks.iter().map(|text| text.hunk.clone()).collect()),
                _ => None,
            }
        };
        let mut patch = None;
        if !sides.are_known() {
            let mut steps = trace.steps.iter().map(|&step| hunks(step));
            let first = steps.next().flatten();
            patch = steps.fold(first, |all, next| compose(&all?, &next?, effort));
        }
        if sides.are_known() || trace.steps.len() == 1 || patch.is_some() {
            return vec![FileChange {
                status: status(trace, &sides),
                base: sides.base,
                head: sides.head,
                attributes,
                patch,
            }];
        }
        let steps = trace.steps.iter().map(|&step| {
            let file = &self.files[step];
            let side = |path: &Option<BString>, mode: Option<u32>| {
                let kind = mode.map_or(FileKind::File, kind_of_mode);
                version(path.as_ref(), kind, ContentId::Absent)
            };
            FileChange {
                status: match file.action {
                    Action::Add => ChangeStatus::Added,
                    Action::Delete => ChangeStatus::Deleted,
                    Action::Modify => ChangeStatus::Modified,
                    Action::Rename => ChangeStatus::Renamed {
                        similarity: file.similarity.unwrap_or(100),
                    },
                    Action::Copy => ChangeStatus::Copied {
                        similarity: file.similarity.unwrap_or(100),
                    },
                },
                base: side(&file.old, file.old_mode),
                head: side(&file.new, file.new_mode.or(file.old_mode)),
                attributes,
                patch: hunks(step),
            }
        });
        steps.collect()
    }

    fn store(self, files: &[FileChange]) -> Store {
        let heads = files.iter().filter_map(|file| file.head.clone());
        let listing = match &self.root {
            None => Listing::Files(
                heads
                    .filter(|head| head.content != ContentId::Absent)
                    .collect(),
            ),
            Some(root) => {
                let gone = files
                    .iter()
                    .filter(|file| !matches!(file.status, ChangeStatus::Copied { .. }));
                let gone = gone
                    .filter_map(|file| Some((file.base.as_ref()?.path.as_bytes().into(), None)));
                let mut changed: HashMap<BString, Option<FileVersion>> = gone.collect();
                changed.extend(heads.map(|head| (head.path.as_bytes().into(), Some(head))));
                Listing::Patched {
                    root: root.path().to_owned(),
                    options: self.options.clone(),
                    changed,
                }
            }
        };
        let repo = self.repo.map(|repo| repo.inner.into_sync());
        let mut store = Store::new(repo, listing, &self.options.limits);
        store.root = self.root;
        store.clean = self.clean;
        store
    }
}

/// The contents that files had before the patch, where they are not on disk.
fn base_contents(sides: &[Sides]) -> HashMap<BString, Option<Vec<u8>>> {
    let mut contents: HashMap<BString, Option<Vec<u8>>> = HashMap::new();
    for sides in sides {
        if let (None, Some(head)) = (&sides.base, &sides.head) {
            contents.insert(head.path.as_bytes().into(), None);
        }
    }
    for base in sides.iter().filter_map(|sides| sides.base.as_ref()) {
        match &base.content {
            ContentId::Memory(bytes) => {
                contents.insert(base.path.as_bytes().into(), Some(bytes.to_vec()));
            }
            _ => {
                contents.remove(base.path.as_bytes().as_bstr());
            }
        }
    }
    contents
}

fn status(trace: &Trace, sides: &Sides) -> ChangeStatus {
    let similarity = trace.similarity;
    match (&sides.base, &sides.head) {
        _ if trace.copied => ChangeStatus::Copied { similarity },
        _ if trace.is_moved() => ChangeStatus::Renamed { similarity },
        (None, _) => ChangeStatus::Added,
        (_, None) => ChangeStatus::Deleted,
        (Some(base), Some(head)) => {
            let is_same_type =
                base.kind == head.kind || (is_plain(base.kind) && is_plain(head.kind));
            if is_same_type {
                ChangeStatus::Modified
            } else {
                ChangeStatus::TypeChanged
            }
        }
    }
}
