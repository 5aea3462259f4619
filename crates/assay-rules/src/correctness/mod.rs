//! Rule pack: code that certainly or very likely does not do what was meant.

pub(crate) mod assignment_in_condition;
pub(crate) mod constant_condition;
pub(crate) mod duplicate_case;
pub(crate) mod duplicate_condition;
pub(crate) mod duplicate_key;
pub(crate) mod identical_branches;
pub(crate) mod identical_operands;
pub(crate) mod literal_identity;
pub(crate) mod loose_equality;
pub(crate) mod mutable_default;
pub(crate) mod self_assignment;
pub(crate) mod self_comparison;
