//! Rule pack: code that works and is hard to read or to change.

pub(crate) mod boolean_comparison;
pub(crate) mod boolean_return;
pub(crate) mod flag_parameter;
pub(crate) mod magic_number;
pub(crate) mod mergeable_if;
pub(crate) mod negated_comparison;
pub(crate) mod nested_ternary;
pub(crate) mod redundant_jump;
