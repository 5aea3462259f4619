//! Rule pack: code that is there twice.

pub(crate) mod cloned_block;
