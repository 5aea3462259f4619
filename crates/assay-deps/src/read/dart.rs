//! `pubspec.yaml` and `pubspec.lock`. <https://dart.dev/tools/pub/pubspec>

use crate::document::{Entry, Node, parse_yaml};
use crate::package::{Ecosystem, Package, PackageSource};

use super::Reading;

/// The registry of packages.
const REGISTRY: &[&str] = &["https://pub.dev", "https://pub.dartlang.org"];

pub(super) fn read_manifest(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_yaml(reading.text);
    reading.flaw(flaw);
    let tables = [
        ("dependencies", false),
        ("dev_dependencies", true),
        ("dependency_overrides", false),
    ];
    for (table, dev) in tables {
        for entry in root.get(table).map_or(&[][..], Node::entries) {
            let value = &entry.value;
            if value.get("sdk").is_some() {
                continue;
            }
            let requirement = value
                .scalar()
                .or_else(|| value.text_of("version"))
                .unwrap_or("any");
            let is_exact =
                requirement.starts_with(|c: char| c.is_ascii_digit()) && !requirement.contains(' ');
            reading.add(Package {
                direct: true,
                dev,
                version: is_exact.then(|| requirement.to_owned()),
                requirement: Some(requirement.to_owned()),
                source: source(value),
                ..Package::new(Ecosystem::Pub, &*entry.key, entry.span())
            });
        }
    }
}

pub(super) fn read_lock(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_yaml(reading.text);
    reading.flaw(flaw);
    for entry in root.get("packages").map_or(&[][..], Node::entries) {
        let value = &entry.value;
        let kind = value.text_of("source").unwrap_or("hosted");
        // What comes with the SDK has its version.
        if kind == "sdk" {
            continue;
        }
        let description = value.get("description");
        let text = |key: &str| description.and_then(|node| node.text_of(key));
        let url = text("url").unwrap_or("");
        let dependency = value.text_of("dependency").unwrap_or("");
        let version = value.entry("version");
        reading.add(Package {
            version: value.text_of("version").map(str::to_owned),
            direct: dependency.starts_with("direct"),
            dev: dependency == "direct dev",
            source: match kind {
                "git" => {
                    let revision = text("resolved-ref").or(text("ref")).unwrap_or("");
                    PackageSource::Git(format!("{url}#{revision}"))
                }
                "path" => PackageSource::Path(text("path").unwrap_or("").to_owned()),
                _ if url.is_empty() || REGISTRY.contains(&url) => PackageSource::Registry,
                _ => PackageSource::Url(url.to_owned()),
            },
            ..Package::new(
                Ecosystem::Pub,
                text("name").unwrap_or(&entry.key),
                version.map_or(entry.key_span, Entry::span),
            )
        });
    }
}

fn source(value: &Node<'_>) -> PackageSource {
    if let Some(git) = value.get("git") {
        let url = git.text().or_else(|| git.text_of("url")).unwrap_or("");
        let revision = git.text_of("ref").map(|revision| format!("#{revision}"));
        return PackageSource::Git(format!("{url}{}", revision.unwrap_or_default()));
    }
    if let Some(path) = value.text_of("path") {
        return PackageSource::Path(path.to_owned());
    }
    let hosted = value.get("hosted");
    match hosted.and_then(|hosted| hosted.text().or_else(|| hosted.text_of("url"))) {
        Some(url) if !REGISTRY.contains(&url) => PackageSource::Url(url.to_owned()),
        _ => PackageSource::Registry,
    }
}

#[cfg(test)]
mod tests {
    use crate::read::testing::check;

    #[test]
    fn manifests_are_read() {
        check(
            "pubspec.yaml",
            "name: x
dependencies:
  flutter:
    sdk: flutter
  http: ^1.0.0
  exact: 1.2.3
  any:
  g: {git: {url: https://github.com/u/g, ref: main}}
  h:
    hosted: https://pub.example.org
    version: ^2.0.0
dev_dependencies:
  test: any
",
            "5 http - [^1.0.0] direct
             6 exact 1.2.3 [1.2.3] direct
             7 any - [any] direct
             8 g - [any] direct git:https://github.com/u/g#main
             9 h - [^2.0.0] direct url:https://pub.example.org
             13 test - [any] direct dev",
        );
    }

    #[test]
    fn lockfiles_are_read() {
        check(
            "pubspec.lock",
            "packages:
  async:
    dependency: transitive
    description:
      name: async
      url: \"https://pub.dev\"
    source: hosted
    version: \"2.10.0\"
  flutter:
    dependency: \"direct main\"
    source: sdk
    version: \"0.0.0\"
  g:
    dependency: \"direct dev\"
    description:
      resolved-ref: abc
      url: \"https://github.com/u/g\"
    source: git
    version: \"1.0.0\"
",
            "8 async 2.10.0
             19 g 1.0.0 direct dev git:https://github.com/u/g#abc",
        );
    }
}
