//! Rule pack `security`: what needs more than the name of a function to be found.
//! The rest of the pack is data, under `rules/security/`.

pub(crate) mod slow_expression;
