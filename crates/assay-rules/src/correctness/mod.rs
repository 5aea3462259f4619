//! Rule pack: code that certainly or very likely does not do what was meant.

pub(crate) mod self_comparison;
