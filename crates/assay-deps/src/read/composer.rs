//! `composer.json` and `composer.lock`.
//! <https://getcomposer.org/doc/04-schema.md>

use std::collections::HashMap;

use crate::document::{Entry, Node, parse_json};
use crate::graph;
use crate::package::{Ecosystem, Package, PackageSource};

use super::Reading;

pub(super) fn read_manifest(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_json(reading.text);
    reading.flaw(flaw);
    for (table, dev) in [("require", false), ("require-dev", true)] {
        for entry in root.get(table).map_or(&[][..], Node::entries) {
            if is_platform(&entry.key) {
                continue;
            }
            let requirement = entry.value.scalar().unwrap_or("");
            let bare = requirement.trim().trim_start_matches(['=', 'v']);
            let is_exact = bare.split('.').count() >= 3
                && bare.starts_with(|c: char| c.is_ascii_digit())
                && !bare.contains(['*', ' ', '|', ',', '<', '>', '^', '~', 'x', '@']);
            reading.add(Package {
                direct: true,
                dev,
                version: is_exact.then(|| bare.to_owned()),
                requirement: Some(requirement.to_owned()),
                ..Package::new(Ecosystem::Packagist, entry.key.to_lowercase(), entry.span())
            });
        }
    }
}

pub(super) fn read_lock(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_json(reading.text);
    reading.flaw(flaw);
    let mut index: HashMap<String, u32> = HashMap::new();
    let mut locked: Vec<(u32, &Node<'_>)> = Vec::new();
    for (table, dev) in [("packages", false), ("packages-dev", true)] {
        for node in root.get(table).map_or(&[][..], Node::items) {
            let Some(name) = node.text_of("name") else {
                reading.problem(node.span, "a package without a name was not read");
                continue;
            };
            let name = name.to_lowercase();
            let entry = node.entry("version").or_else(|| node.entry("name"));
            let Some(at) = reading.add(Package {
                version: node.text_of("version").map(str::to_owned),
                dev,
                licence: licence(node),
                source: source(node),
                ..Package::new(
                    Ecosystem::Packagist,
                    &name,
                    entry.map_or(node.span, Entry::span),
                )
            }) else {
                continue;
            };
            // What a package stands for can be asked for instead of it.
            for table in ["replace", "provide"] {
                for other in node.get(table).map_or(&[][..], Node::entries) {
                    index.entry(other.key.to_lowercase()).or_insert(at);
                }
            }
            index.insert(name, at);
            locked.push((at, node));
        }
    }
    for (from, node) in locked {
        for wanted in node.get("require").map_or(&[][..], Node::entries) {
            if let Some(&to) = index.get(&wanted.key.to_lowercase()) {
                reading.link(from, to);
            }
        }
    }
    let Some((_, manifest)) = reading.beside("composer.json") else {
        graph::mark_unasked_direct(&mut reading.packages);
        return;
    };
    let (manifest, _) = parse_json(&manifest);
    for table in ["require", "require-dev"] {
        for wanted in manifest.get(table).map_or(&[][..], Node::entries) {
            if let Some(package) = index
                .get(&wanted.key.to_lowercase())
                .and_then(|at| reading.get_mut(*at))
            {
                package.direct = true;
            }
        }
    }
}

/// Names without a slash are PHP itself, its extensions and libraries.
fn is_platform(name: &str) -> bool {
    !name.contains('/')
}

/// Several licences in a list are a choice.
fn licence(node: &Node<'_>) -> Option<String> {
    let licence = node.get("license")?;
    if let Some(text) = licence.text() {
        return Some(text.to_owned());
    }
    let all: Vec<&str> = licence.items().iter().filter_map(Node::text).collect();
    (!all.is_empty()).then(|| all.join(" OR "))
}

fn source(node: &Node<'_>) -> PackageSource {
    let dist = node.get("dist");
    let url = dist.and_then(|dist| dist.text_of("url"));
    match dist.and_then(|dist| dist.text_of("type")) {
        Some("path") => PackageSource::Path(url.unwrap_or("").to_owned()),
        // The registry names the repository for every package, so an archive at
        // a forge is the normal case.
        Some(_) => PackageSource::Registry,
        None => match node.at(&["source", "url"]).and_then(Node::text) {
            Some(url) => PackageSource::Git(url.to_owned()),
            None => PackageSource::Registry,
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    #[test]
    fn manifests_are_read() {
        check(
            "composer.json",
            r#"{"require": {
  "php": ">=8.1",
  "ext-json": "*",
  "Monolog/Monolog": "1.0.*",
  "a/b": "v1.2.3"
 }, "require-dev": {
  "phpunit/phpunit": "^10"}}"#,
            "4 monolog/monolog - [1.0.*] direct
             5 a/b 1.2.3 [v1.2.3] direct
             7 phpunit/phpunit - [^10] direct dev",
        );
    }

    #[test]
    fn lockfiles_are_read() {
        let text = r#"{"packages": [
  {"name": "A/a",
   "version": "v1.0.0", "require": {"php": "*", "b/b": "^1"}, "license": ["MIT", "GPL-2.0-only"], "dist": {"type": "zip", "url": "https://x"}},
  {"name": "c/c", "version": "1.1.0", "replace": {"b/b": "self.version"}},
  {"version": "1"}
 ], "packages-dev": [
  {"name": "t/t", "version": "dev-main", "source": {"type": "git", "url": "https://github.com/t/t.git"}}
 ]}"#;
        check(
            "composer.lock",
            text,
            "3 a/a v1.0.0 direct licence:MIT OR GPL-2.0-only
             4 c/c 1.1.0 <a/a
             7 t/t dev-main direct dev git:https://github.com/t/t.git
             ! 5 without a name",
        );
        check_beside(
            "composer.lock",
            text,
            &[("composer.json", r#"{"require": {"c/c": "*"}}"#)],
            "3 a/a v1.0.0 licence:MIT OR GPL-2.0-only
             4 c/c 1.1.0 direct <a/a
             7 t/t dev-main dev git:https://github.com/t/t.git
             ! 5 without a name",
        );
    }
}
