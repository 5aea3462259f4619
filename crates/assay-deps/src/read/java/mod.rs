//! Java and what runs beside it: Maven and Gradle.

pub(super) mod gradle;
pub(super) mod gradle_build;
pub(super) mod maven;
