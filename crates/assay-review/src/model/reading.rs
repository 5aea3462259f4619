//! Reading versions of files as models are shown them: decoded, secrets masked, each
//! file once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use assay_rules::MaskedText;
use assay_source::{FileVersion, RepoPath, SourceText};

use crate::pipeline::Subject;
use crate::redact;
use crate::settings::Settings;

/// Bytes of a file that is shown.
const FILE_BYTES_MAX: u64 = 2 << 20;

/// Reads files of the head, and remembers them.
pub(super) struct Reader<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) settings: &'a Settings,
    listed: HashMap<RepoPath, FileVersion>,
    known: RefCell<HashMap<RepoPath, Option<Arc<MaskedText>>>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(subject: Subject<'a>, settings: &'a Settings) -> Self {
        let listed = subject.tree.list().unwrap_or_default();
        Self {
            subject,
            settings,
            listed: listed
                .into_iter()
                .map(|file| (file.path.clone(), file))
                .collect(),
            known: RefCell::default(),
        }
    }

    /// Returns the files of the head, in no order.
    pub(super) fn listed(&self) -> &HashMap<RepoPath, FileVersion> {
        &self.listed
    }

    /// Returns a file of the head.
    pub(super) fn head(&self, path: &RepoPath) -> Option<Arc<MaskedText>> {
        if let Some(known) = self.known.borrow().get(path) {
            return known.clone();
        }
        let read = self.listed.get(path).and_then(|version| {
            let read = masked(self.subject, self.settings, version);
            read.ok().map(Arc::new)
        });
        self.known.borrow_mut().insert(path.clone(), read.clone());
        read
    }
}

/// Reads a version of a file as it is shown.
pub(super) fn masked(
    subject: Subject<'_>,
    settings: &Settings,
    version: &FileVersion,
) -> Result<MaskedText, String> {
    let text = plain(subject, version)?;
    let own = &settings.secret_rules;
    Ok(redact::mask_file(&version.path, &text, None, own))
}

/// Reads a version of a file as it is.
pub(super) fn plain(
    subject: Subject<'_>,
    version: &FileVersion,
) -> Result<Arc<SourceText>, String> {
    let bytes = subject
        .tree
        .read(version, FILE_BYTES_MAX)
        .map_err(|error| error.to_string())?;
    let text = SourceText::decode(bytes).map_err(|_| "it is no text".to_owned())?;
    Ok(Arc::new(text))
}
