//! Rule pack: what a change left behind and what it forgot.

pub(crate) mod caller_left_behind;
pub(crate) mod forgotten_companion;
pub(crate) mod reference_left_behind;
pub(crate) mod undeclared_environment_variable;
pub(crate) mod undocumented_option;
pub(crate) mod untested_change;
