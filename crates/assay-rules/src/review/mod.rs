//! Rule pack: what must not be left in a change.

pub(crate) mod conflict_marker;
