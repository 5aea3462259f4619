//! Rule pack: what a change takes away from those who use the code.

pub(crate) mod changed_signature;
pub(crate) mod new_required_member;
pub(crate) mod removed_symbol;
