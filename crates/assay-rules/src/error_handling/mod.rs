//! Rule pack: failures that get lost on their way.

pub(crate) mod broad_catch;
pub(crate) mod empty_catch;
pub(crate) mod error_dropped;
pub(crate) mod jump_in_finally;
pub(crate) mod lost_cause;
pub(crate) mod useless_catch;
