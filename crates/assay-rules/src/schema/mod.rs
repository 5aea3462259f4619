//! Rule pack: what a change takes back of a schema that others speak by.

pub(crate) mod changed_type;
pub(crate) mod new_authentication;
pub(crate) mod removed_member;
pub(crate) mod reused_field_number;
pub(crate) mod stricter_input;
pub(crate) mod unreserved_field_number;
pub(crate) mod weaker_output;
