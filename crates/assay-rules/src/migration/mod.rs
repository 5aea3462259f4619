//! Rule pack: migrations that break or block a database while it is in use.

pub(crate) mod blocking_constraint;
pub(crate) mod blocking_index;
pub(crate) mod changed_every_row;
pub(crate) mod locked_table;
pub(crate) mod removed_column;
pub(crate) mod removed_table;
pub(crate) mod renamed;
pub(crate) mod required_without_default;
pub(crate) mod rewritten_table;
