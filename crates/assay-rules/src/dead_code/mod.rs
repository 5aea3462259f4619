//! Rule pack: code that can go, because nothing reaches or uses it.

pub(crate) mod commented_out_code;
pub(crate) mod unreachable_code;
pub(crate) mod unused_import;
pub(crate) mod unused_private_member;
pub(crate) mod unused_variable;
