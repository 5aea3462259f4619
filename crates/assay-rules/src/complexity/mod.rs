//! Rule pack: functions, classes and files that are too large or too tangled to follow.

pub(crate) mod cognitive;
pub(crate) mod complex_condition;
pub(crate) mod cyclomatic;
pub(crate) mod deep_nesting;
pub(crate) mod large_class;
pub(crate) mod large_file;
pub(crate) mod long_function;
pub(crate) mod long_parameter_list;
pub(crate) mod many_exits;
