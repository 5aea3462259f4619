//! Rule pack: what must not be left in a change.

pub(crate) mod conflict_marker;
pub(crate) mod debug_leftover;
pub(crate) mod expired_suppression;
pub(crate) mod hidden_characters;
pub(crate) mod suppression_without_reason;
pub(crate) mod todo_without_reference;
pub(crate) mod unused_suppression;
