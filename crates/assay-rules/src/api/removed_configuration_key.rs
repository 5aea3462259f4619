//! # Key of a configuration that is gone
//!
//! A change removes or renames a key that configuration files may set.
//!
//! ## Why it matters
//!
//! Old files are refused, or their value is silently ignored. Read the old name as well (`alias`) and say that it will go.
//!
//! ```text
//!  #[derive(Deserialize)]
//!  struct ServerConfig {
//! -    timeout: u64,
//! +    timeout_ms: u64,    // the configuration key `ServerConfig.timeout` is gone
//!  }
//! ```
//!
//! Keys are the fields of types that a configuration is read into: serde's in Rust, pydantic's `BaseSettings`, and structures of
//! Go with a tag (`yaml`, `toml`, `mapstructure`, `koanf`, `env`); in Rust and Go the type's name ends in `Config`, `Configuration`, `Settings` or `Conf`.
//!
//! ## Not reported
//!
//! - Keys that keep their name as an alias, or that another changed file has now.
//! - A change that raises the major version, or adds the name to a changelog; tests.
//!
//! ## References
//!
//! - serde, field attributes, <https://serde.rs/field-attrs.html>

use assay_finding::{Category, Confidence, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(Category::Maintainability, Severity::Low, Check::Elsewhere)
};
