//! What a search finds, over trees and models that the tests make.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where something is not as expected"
)]

mod index;
mod model;
