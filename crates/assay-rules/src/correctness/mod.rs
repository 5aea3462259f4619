//! Rule pack: code that certainly or very likely does not do what was meant.

pub(crate) mod assert_on_tuple;
pub(crate) mod assignment_in_condition;
pub(crate) mod case_falls_through;
pub(crate) mod changed_while_iterated;
pub(crate) mod comparison_without_effect;
pub(crate) mod constant_condition;
pub(crate) mod defer_in_loop;
pub(crate) mod duplicate_case;
pub(crate) mod duplicate_condition;
pub(crate) mod duplicate_key;
pub(crate) mod empty_branch;
pub(crate) mod identical_branches;
pub(crate) mod identical_operands;
pub(crate) mod infinite_recursion;
pub(crate) mod literal_identity;
pub(crate) mod loose_equality;
pub(crate) mod mutable_default;
pub(crate) mod nan_comparison;
pub(crate) mod negated_left_operand;
pub(crate) mod redefined_function;
pub(crate) mod self_assignment;
pub(crate) mod self_comparison;
pub(crate) mod shadowed_catch;
pub(crate) mod string_identity;
pub(crate) mod typeof_typo;
pub(crate) mod wrong_not_implemented;
