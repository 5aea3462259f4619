//! Behaviour of the crate as a whole.

mod reading;
