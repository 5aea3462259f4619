//! Rule pack: tests that do not test what they seem to.

pub(crate) mod empty_test;
pub(crate) mod focused_test;
pub(crate) mod no_assertion;
pub(crate) mod skipped_test;
pub(crate) mod sleep_in_test;
