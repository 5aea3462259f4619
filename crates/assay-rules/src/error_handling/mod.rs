//! Rule pack: failures that get lost on their way.

pub(crate) mod empty_catch;
