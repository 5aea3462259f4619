//! Rule pack `security`: what needs more than the name of a function to be found.
//! The rest of the pack is data, under `rules/security/`.

pub(crate) mod division_by_zero;
pub(crate) mod double_free;
pub(crate) mod lost_memory;
pub(crate) mod null_dereference;
pub(crate) mod past_the_end;
pub(crate) mod size_of_pointer;
pub(crate) mod slow_expression;
pub(crate) mod stack_address_returned;
pub(crate) mod unescaped_template_output;
pub(crate) mod unset_variable;
pub(crate) mod use_after_free;
