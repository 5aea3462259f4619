//! What all forges have in common in their answers: JSON, and lists in pages.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::ForgeError;
use crate::transport::{Answer, next_page};

/// Pages of a list that are read, of a hundred entries each.
const PAGES_MAX: usize = 50;
const MESSAGE_CHARS_MAX: usize = 500;

/// A list of the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Whether these are all.
    pub is_complete: bool,
}

/// A list that is read page by page, as the forge links them: nobody else makes
/// up the address of a page.
pub(crate) struct Pages<T> {
    next: Option<String>,
    listed: Listed<T>,
    items_max: usize,
    pages_left: usize,
}

impl<T: DeserializeOwned> Pages<T> {
    pub(crate) fn new(path: String, items_max: usize) -> Self {
        Self {
            next: Some(path),
            listed: Listed {
                items: Vec::new(),
                is_complete: false,
            },
            items_max,
            pages_left: PAGES_MAX,
        }
    }

    /// Returns what to ask for next.
    pub(crate) fn next(&mut self) -> Option<String> {
        self.pages_left = self.pages_left.checked_sub(1)?;
        self.next.take()
    }

    pub(crate) fn add(&mut self, answer: &Answer) -> Result<(), ForgeError> {
        self.listed.items.extend(read::<Vec<T>>(answer)?);
        let count = self.listed.items.len();
        match answer.link.as_deref().and_then(next_page) {
            None => self.listed.is_complete = count <= self.items_max,
            Some(next) if count < self.items_max => self.next = Some(next.to_owned()),
            Some(_) => {}
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Listed<T> {
        self.listed.items.truncate(self.items_max);
        self.listed
    }
}

pub(crate) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, ForgeError> {
    serde_json::from_slice(&answer.body).map_err(|error| ForgeError::Unreadable(error.to_string()))
}

pub(crate) fn write(body: &impl Serialize) -> Result<Vec<u8>, ForgeError> {
    serde_json::to_vec(body).map_err(|error| ForgeError::Setting(error.to_string()))
}

/// Cuts what a forge says to what is worth repeating.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS_MAX).collect()
}
