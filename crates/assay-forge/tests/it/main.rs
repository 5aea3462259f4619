//! The clients against what the forges document.

mod contract;
mod events;
mod faults;
mod gitlab;
mod posting;
mod settings;
mod support;
