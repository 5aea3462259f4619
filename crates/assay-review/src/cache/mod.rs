//! What a review need not work out twice: what the rules say of one version of
//! one file, and what following values through a set of files came to.
//!
//! A value is kept under a hash of all that it depends on. No value holds a
//! secret: what is kept was masked, and one in which a known secret stands all
//! the same is not kept.

mod wire;

use std::sync::Arc;

use assay_finding::Finding;
use assay_rules::MaskedText;
use assay_source::{BlobCache, BlobKey, BlobKeyHasher, RepoPath, SourceText, Span};
use jiff::civil::Date;

pub(crate) use wire::Wire;
use wire::{decode, encode};

/// Goes up when what is kept changes its form.
const FORM: &str = "2";

/// Keeps what reviews work out.
#[derive(Clone)]
pub struct ReviewCache {
    /// Where it is kept.
    pub store: Arc<dyn BlobCache + Send + Sync>,
    /// A hash of everything besides the contents that findings depend on: the
    /// program, the configuration, the rules of the project.
    pub settings: BlobKey,
}

impl ReviewCache {
    /// Starts the key of a value.
    pub(crate) fn key(&self, kind: &str) -> BlobKeyHasher {
        BlobKeyHasher::new(kind)
            .part(FORM.as_bytes())
            .part(&self.settings)
    }

    /// Returns the key of what is seen in one version of a file.
    pub(crate) fn version_key(
        &self,
        path: &RepoPath,
        text: &SourceText,
        (with_surface, local_input): (bool, bool),
        today: Date,
    ) -> BlobKey {
        let mut key = self
            .key("version")
            .part(path.as_bytes())
            .part(text.encoding().as_str().as_bytes())
            .part(&[u8::from(with_surface), u8::from(local_input)])
            .part(text.as_str().as_bytes());
        // Only a comment with a last day makes a difference between days.
        if text.as_str().contains("until") {
            key.add(today.to_string().as_bytes());
        }
        key.finish()
    }

    /// Returns what is kept under a key.
    pub(crate) fn get<T: Wire>(&self, key: &BlobKey) -> Option<T> {
        decode(&self.store.get(key)?)
    }

    /// Returns the bytes that are kept under a key and hidden by a text.
    pub(crate) fn get_hidden(&self, key: &BlobKey, text: &SourceText) -> Option<Vec<u8>> {
        let mut bytes = self.store.get(key)?;
        veil(key, text).veil(&mut bytes);
        Some(bytes)
    }

    /// Keeps bytes that nobody can read who does not have the text.
    pub(crate) fn put_hidden(&self, key: &BlobKey, text: &SourceText, mut bytes: Vec<u8>) {
        veil(key, text).veil(&mut bytes);
        self.store.put(key, bytes);
    }

    /// Keeps a value in which no masked text stands.
    pub(crate) fn put<T: Wire>(&self, key: &BlobKey, value: &T, masked: &[MaskedText]) {
        let bytes = encode(value);
        // What cannot be read back would be read in vain each time.
        if is_clean(&bytes, masked) && decode::<T>(&bytes).is_some() {
            self.store.put(key, bytes);
        }
    }
}

/// What hides the value of a key. The text comes last: the key alone, which is
/// kept beside the value, says nothing.
fn veil(key: &BlobKey, text: &SourceText) -> BlobKeyHasher {
    let parts = BlobKeyHasher::new("veil").part(key);
    parts.part(text.as_str().as_bytes())
}

/// Returns whether none of the masked values stands in the bytes.
fn is_clean(bytes: &[u8], masked: &[MaskedText]) -> bool {
    let mut masked = masked.iter().filter(|masked| !masked.is_empty()).peekable();
    if masked.peek().is_none() {
        return true;
    }
    let text = String::from_utf8_lossy(bytes);
    masked.all(|masked| !masked.is_in(&text))
}

/// What following values through files came to.
pub(crate) struct Followed {
    pub(crate) findings: Vec<Finding>,
    pub(crate) cleared: Vec<(RepoPath, Span)>,
    pub(crate) notes: Vec<(RepoPath, String)>,
}
