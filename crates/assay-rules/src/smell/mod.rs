//! Rule pack: code that works and is hard to read or to change.

pub(crate) mod nested_ternary;
