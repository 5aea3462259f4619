//! Behaviour of the crate as others see it.

mod formats;
mod golden;
mod sample;
