//! # Same key twice
//!
//! A map, object or table names the same key twice, and one of the values is lost.
//!
//! ## Why it matters
//!
//! Which value wins differs between readers of the format, and one of the two entries was written
//! for nothing. In configuration it is often the setting that somebody relies on.
//!
//! ## Not reported
//!
//! - Keys that are worked out when the program runs, and the YAML merge key `<<`.
//! - Files that do not parse as their format (templates).
//! - Languages whose compilers refuse it.
//!
//! ## References
//!
//! - RFC 8259, section 4: names within an object should be unique
//! - TOML 1.0: a key cannot be defined more than once
//! - YAML 1.2, section 3.2.1.3: keys of a mapping are unique
//!
//! ## Examples
//!
//! ```json bad count=1
//! {
//!   "name": "a",
//!   "version": "1",
//!   "name": "b"
//! }
//! ```
//!
//! ```json good
//! { "name": "a", "inner": { "name": "b" } }
//! ```
//!
//! ```yaml bad
//! service:
//!   port: 80
//!   host: a
//!   port: 8080 # <- here
//! ```
//!
//! ```yaml good
//! a: &a
//!   port: 80
//! b:
//!   <<: *a
//!   port: 8080
//! ```
//!
//! ```toml bad
//! [server]
//! port = 80
//! port = 8080 # <- here
//! ```
//!
//! ```toml good
//! [server]
//! port = 80
//! [client]
//! port = 8080
//! ```
//!
//! ```python bad
//! ports = {
//!     "http": 80,
//!     "http": 8080,  # <- here
//! }
//! ```
//!
//! ```python good
//! ports = {"http": 80, name(): 1, name(): 2, "https": 443}
//! ```
//!
//! ```javascript bad
//! const ports = {
//!   http: 80,
//!   "http": 8080, // <- here
//! };
//! ```
//!
//! ```javascript good
//! const ports = { http: 80, [name()]: 1, [name()]: 2, https: 443 };
//! ```
//!
//! ```ruby bad
//! PORTS = {
//!   http: 80,
//!   http: 8080 # <- here
//! }
//! ```
//!
//! ```ruby good
//! PORTS = { http: 80, "http" => 8080 }
//! ```
//!
//! ```php bad
//! <?php
//! $ports = [
//!     'http' => 80,
//!     'http' => 8080, // <- here
//! ];
//! ```
//!
//! ```php good
//! <?php
//! $ports = ['http' => 80, 'https' => 443, 7, 8];
//! ```
//!
//! ```lua bad
//! local ports = {
//!   http = 80,
//!   http = 8080, -- <- here
//! }
//! ```
//!
//! ```lua good
//! local ports = { http = 80, https = 443, 7, 7 }
//! ```

use std::collections::HashMap;

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    languages: &[
        "javascript",
        "json",
        "lua",
        "php",
        "python",
        "ruby",
        "toml",
        "tsx",
        "typescript",
        "yaml",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger {
                roles: RoleSet::of(&[Role::Collection]),
                kinds: &[
                    "block_mapping",
                    "flow_mapping",
                    "object",
                    "document",
                    "table",
                    "table_array_element",
                    "inline_table",
                    "hash",
                    "array_creation_expression",
                    "table_constructor",
                ],
            },
            check,
        },
    )
};

/// Larger maps are data of a program, and checking them is the program's job.
const KEYS_MAX: usize = 50_000;

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let is_broken = context.tree.is_some_and(|tree| !tree.errors().is_empty());
    if is_broken {
        return;
    }
    let mut seen: HashMap<(&str, bool), NodeRef<'t>> = HashMap::new();
    for pair in node.named_children().take(KEYS_MAX) {
        let Some(key) = key(pair) else { continue };
        let Some(identity) = identity(key, context.language()) else {
            continue;
        };
        let Some(earlier) = seen.insert(identity, key) else {
            continue;
        };
        let line = earlier.line();
        let earlier = earlier.span();
        context
            .report(
                key,
                format!("the key `{}` is already set in line {line}", identity.0),
            )
            .related(earlier, "the first value");
    }
}

/// The key of an entry that has one and a value.
fn key(pair: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let is_pair = pair.has(Role::Pair)
        || matches!(
            pair.kind(),
            "pair" | "block_mapping_pair" | "flow_pair" | "array_element_initializer" | "field"
        );
    if !is_pair {
        return None;
    }
    let key = pair
        .child(Field::Key)
        .or_else(|| pair.child(Field::Name))
        .or_else(|| pair.named_children().next())?;
    let has_value = pair.named_children().count() >= 2;
    // `[key] = value` and `[key()]: value` are worked out when the program runs.
    let is_computed = pair.children().any(|child| child.kind() == "[");
    (has_value && !is_computed).then_some(key)
}

/// What makes two keys the same: the text, and whether it is a string where
/// names and strings differ.
fn identity<'t>(key: NodeRef<'t>, language: &str) -> Option<(&'t str, bool)> {
    let text = key.text();
    if key.has_any(const { RoleSet::of(&[Role::Call, Role::Interpolation, Role::Member]) })
        || key.kind().contains("computed")
        || key
            .subtree()
            .any(|part| part.has(Role::Interpolation) || part.has(Role::Call))
    {
        return None;
    }
    let unquoted = text
        .strip_prefix(['"', '\''])
        .and_then(|inner| inner.strip_suffix(['"', '\'']));
    match language {
        "yaml" if text == "<<" => None,
        // A name here is a variable, whose value is not known.
        "python" | "php" if unquoted.is_none() && !key.has(Role::Number) => None,
        "ruby" => Some((text.trim_end_matches(':'), unquoted.is_some())),
        "python" | "php" => Some((unquoted.unwrap_or(text), unquoted.is_some())),
        _ => Some((unquoted.unwrap_or(text), false)),
    }
}
