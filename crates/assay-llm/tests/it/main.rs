//! The clients against fakes of their providers, over HTTP.
#![expect(
    clippy::disallowed_methods,
    reason = "how long something takes is what some tests are about"
)]

mod batch;
mod budget;
mod chain;
mod charge;
mod outcome;
mod record;
mod retry;
mod route;
mod similar;
mod stream;
mod support;
mod wire;
