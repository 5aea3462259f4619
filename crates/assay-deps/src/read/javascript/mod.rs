//! JavaScript: npm, yarn, pnpm and bun.

pub(super) mod bun;
pub(super) mod package_json;
pub(super) mod package_lock;
pub(super) mod pnpm;
pub(super) mod yarn;

use crate::graph;
use crate::package::PackageSource;

use super::Reading;
use super::reading::source_of_url;
use package_json::Wanted;

/// Returns whether a text is one exact version and not a range.
pub(super) fn is_exact(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or("");
    let mut parts = 0;
    for part in core.split('.') {
        parts += 1;
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
    }
    parts == 3 && !text.contains([' ', '|', '*', '<', '>', ','])
}

/// Splits `name@rest` at the `@` that ends the name; a scope begins with one.
pub(super) fn split_name(text: &str) -> Option<(&str, &str)> {
    let from = usize::from(text.starts_with('@'));
    let at = text.get(from..)?.find('@')? + from;
    (at > 0).then(|| (&text[..at], &text[at + 1..]))
}

/// Tells from a resolved URL where content comes from.
fn source_of_resolved(resolved: &str) -> PackageSource {
    let registry = [
        "https://registry.npmjs.org/",
        "https://registry.yarnpkg.com/",
    ];
    if resolved.is_empty() || registry.iter().any(|url| resolved.starts_with(url)) {
        PackageSource::Registry
    } else if let Some(path) = resolved.strip_prefix("file:") {
        PackageSource::Path(path.to_owned())
    } else {
        source_of_url(resolved)
    }
}

/// Marks direct and development packages from what the manifest beside asks for;
/// without a manifest, what nobody asks for is direct.
fn mark_from_manifest(reading: &mut Reading<'_>, index: &dyn Fn(&Wanted) -> Option<u32>) {
    let Some((_, text)) = reading.beside("package.json") else {
        graph::mark_unasked_direct(&mut reading.packages);
        return;
    };
    let mut others = Vec::new();
    let mut dev = Vec::new();
    for wanted in package_json::wanted(&text) {
        let Some(at) = index(&wanted) else { continue };
        if let Some(package) = reading.get_mut(at) {
            package.direct = true;
        }
        if wanted.dev { &mut dev } else { &mut others }.push(at);
    }
    // What else nobody asks for belongs to the manifests of workspaces.
    let seen: Vec<u32> = others.iter().chain(&dev).copied().collect();
    let reached = graph::reached(&reading.packages, seen);
    for (at, package) in reading.packages.iter_mut().enumerate() {
        if !reached[at] && package.parents.is_empty() {
            package.direct = true;
            others.push(at as u32);
        }
    }
    graph::mark_dev(&mut reading.packages, others, dev);
}

#[cfg(test)]
mod tests {
    use super::{is_exact, split_name};

    #[test]
    fn exact_versions_are_told_from_ranges() {
        for (text, exact) in [
            ("1.2.3", true),
            ("1.2.3-beta.1+x", true),
            ("1.2", false),
            ("^1.2.3", false),
            ("1.x.3", false),
            ("1.2.3 - 2.0.0", false),
            ("1.2.3 || 2.0.0", false),
            ("latest", false),
            ("", false),
        ] {
            assert_eq!(is_exact(text), exact, "{text}");
        }
    }

    #[test]
    fn names_end_at_the_second_at() {
        for (text, parts) in [
            ("a@1", Some(("a", "1"))),
            ("@s/a@npm:b@^1", Some(("@s/a", "npm:b@^1"))),
            ("@s/a", None),
            ("@", None),
            ("", None),
        ] {
            assert_eq!(split_name(text), parts, "{text}");
        }
    }
}
