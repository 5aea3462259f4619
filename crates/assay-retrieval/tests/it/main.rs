//! What a search finds, over trees and models that the tests make.

mod index;
mod model;
