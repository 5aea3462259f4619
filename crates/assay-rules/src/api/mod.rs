//! Rule pack: what a change takes away from those who use the code.

pub(crate) mod changed_signature;
pub(crate) mod new_required_member;
pub(crate) mod removed_configuration_key;
pub(crate) mod removed_flag;
pub(crate) mod removed_route;
pub(crate) mod removed_symbol;
