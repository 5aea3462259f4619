//! Which part of a list is wanted.

use assay_auth::Identifier;
use assay_store::Page;

/// Where a list goes on, and how long it gets at most.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// The last item that was seen; lists go from the newest to the oldest.
    pub after: Option<Identifier>,
    /// How many items at most.
    pub rows_max: u32,
}

impl Paging {
    /// Returns the page of rows of a kind.
    pub(crate) fn page<T>(self, kind: fn(Identifier) -> T) -> Page<T> {
        Page {
            after: self.after.map(kind),
            rows_max: self.rows_max,
        }
    }
}
