//! `pnpm-lock.yaml`, versions 5 to 9.
//! <https://github.com/pnpm/spec/tree/master/lockfile>

use std::collections::HashMap;

use super::{is_exact, split_name};
use crate::document::{Entry, Node, parse_yaml};
use crate::graph;
use crate::package::{Ecosystem, Package, PackageSource};
use crate::read::Reading;
use crate::read::reading::source_of_url;

pub(in crate::read) fn read(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_yaml(reading.text);
    reading.flaw(flaw);
    let version = root.text_of("lockfileVersion").unwrap_or("");
    let major = version.split('.').next().unwrap_or("");
    if !matches!(major, "5" | "6" | "7" | "9") && root.is_map() {
        let span = root.get("lockfileVersion").map(|node| node.span);
        reading.unknown_version(span, version);
    }
    let mut index: HashMap<String, u32> = HashMap::new();
    let mut by_id: HashMap<(String, String), u32> = HashMap::new();
    let mut entries: Vec<(u32, &Entry<'_>)> = Vec::new();
    for table in ["packages", "snapshots"] {
        for entry in root.get(table).map_or(&[][..], Node::entries) {
            let key = plain_key(&entry.key);
            let known = index.get(key).copied();
            let Some(at) = known.or_else(|| add(reading, entry, &mut by_id)) else {
                continue;
            };
            if known.is_none() {
                index.insert(key.to_owned(), at);
            }
            entries.push((at, entry));
        }
    }
    for (from, entry) in entries {
        for table in ["dependencies", "optionalDependencies"] {
            for wanted in entry.value.get(table).map_or(&[][..], Node::entries) {
                let reference = wanted.value.scalar().unwrap_or("");
                if let Some(to) = lookup(&index, &wanted.key, reference) {
                    reading.link(from, to);
                }
            }
        }
    }
    let (mut others, mut dev) = (Vec::new(), Vec::new());
    let importers = root.get("importers").map_or(&[][..], Node::entries);
    let importers = importers.iter().map(|entry| &entry.value);
    for importer in importers.chain([&root]) {
        let tables = [
            ("dependencies", false),
            ("optionalDependencies", false),
            ("devDependencies", true),
        ];
        for (table, is_dev) in tables {
            for wanted in importer.get(table).map_or(&[][..], Node::entries) {
                let value = &wanted.value;
                let reference = value.scalar().or_else(|| value.text_of("version"));
                let Some(to) = lookup(&index, &wanted.key, reference.unwrap_or("")) else {
                    continue;
                };
                if let Some(package) = reading.get_mut(to) {
                    package.direct = true;
                }
                if is_dev { &mut dev } else { &mut others }.push(to);
            }
        }
    }
    graph::mark_dev(&mut reading.packages, others, dev);
}

/// Adds the package of an entry, or finds it when it is there with other peers.
fn add(
    reading: &mut Reading<'_>,
    entry: &Entry<'_>,
    by_id: &mut HashMap<(String, String), u32>,
) -> Option<u32> {
    let key = plain_key(&entry.key);
    let node = &entry.value;
    let Some((name, reference)) = split_key(key) else {
        // A repository or an archive: name and version stand inside.
        let Some(name) = node.text_of("name") else {
            reading.problem(
                entry.key_span,
                format!("the entry `{key}` is not understood"),
            );
            return None;
        };
        let mut package = Package::new(Ecosystem::Npm, name, entry.key_span);
        package.version = node.text_of("version").map(str::to_owned);
        package.dev = node.flag("dev");
        package.source = source_of_key(key, node);
        return reading.add(package);
    };
    let version = node.text_of("version").unwrap_or(reference);
    let id = (name.to_owned(), version.to_owned());
    if let Some(&at) = by_id.get(&id) {
        if let Some(package) = reading.get_mut(at) {
            package.dev &= node.flag("dev");
        }
        return Some(at);
    }
    let mut package = Package::new(Ecosystem::Npm, name, entry.key_span);
    if is_exact(version) || !version.contains(['/', ':']) {
        package.version = Some(version.to_owned());
    }
    if !is_exact(reference) && reference.contains(['/', ':']) {
        package.source = source_of_key(reference, node);
    }
    package.dev = node.flag("dev");
    package.install_script = node.flag("requiresBuild");
    let at = reading.add(package)?;
    by_id.insert(id, at);
    Some(at)
}

fn source_of_key(key: &str, node: &Node<'_>) -> PackageSource {
    if let Some(path) = key.strip_prefix("file:") {
        return PackageSource::Path(path.to_owned());
    }
    let resolution = node.get("resolution");
    let text = |name| resolution.and_then(|node| node.text_of(name));
    if let (Some(repository), commit) = (text("repo"), text("commit")) {
        return PackageSource::Git(format!("{repository}#{}", commit.unwrap_or("")));
    }
    match text("tarball") {
        Some(url) => PackageSource::Url(url.to_owned()),
        None => source_of_url(key),
    }
}

/// Cuts what a key says of peers: `/a@1.0.0(b@2.0.0)`, `/a/1.0.0_b@2.0.0`.
fn plain_key(key: &str) -> &str {
    let key = key.split('(').next().unwrap_or(key);
    let key = key.strip_prefix('/').unwrap_or(key);
    // In version 5 a `_` after the last slash begins the peers.
    let last = key.rfind('/').map_or(0, |at| at + 1);
    match key[last..].find('_') {
        // A name may have a `_`, so what is before it must be a version.
        Some(at) if is_exact(&key[last..last + at]) => &key[..last + at],
        _ => key,
    }
}

/// Splits a key into name and version: `a@1.0.0`, `@s/a@1.0.0`, `a/1.0.0`,
/// `registry.example.org/a/1.0.0`.
fn split_key(key: &str) -> Option<(&str, &str)> {
    if let Some((name, version)) = split_name(key) {
        // In version 5 the only `@` outside a scope is in a version's peers.
        if !name.contains("://") && name.matches('/').count() <= usize::from(name.starts_with('@'))
        {
            return Some((name, version));
        }
    }
    let (name, version) = key.rsplit_once('/')?;
    if !is_exact(version) {
        return None;
    }
    // Before the name may be the host of another registry.
    let name = match (name.find("/@"), name.rfind('/')) {
        (Some(at), _) => &name[at + 1..],
        (None, Some(at)) if !name.starts_with('@') => &name[at + 1..],
        _ => name,
    };
    Some((name, version))
}

/// Finds what a reference means: a version of the name, or a key of its own.
fn lookup(index: &HashMap<String, u32>, name: &str, reference: &str) -> Option<u32> {
    if reference.starts_with("link:") {
        return None;
    }
    let plain = plain_key(reference);
    [
        format!("{name}@{plain}"),
        format!("{name}/{plain}"),
        plain.to_owned(),
    ]
    .iter()
    .find_map(|key| index.get(key).copied())
}

#[cfg(test)]
mod tests {
    use super::{plain_key, split_key};
    use crate::read::testing::check;

    #[test]
    fn keys_are_taken_apart() {
        for (key, parts) in [
            ("/a/1.0.0", Some(("a", "1.0.0"))),
            ("/a_b/1.0.0_c@2.0.0+d@1.0.0", Some(("a_b", "1.0.0"))),
            ("/@s/a/1.0.0_hash", Some(("@s/a", "1.0.0"))),
            ("registry.example.org/@s/a/1.0.0", Some(("@s/a", "1.0.0"))),
            ("registry.example.org/a/1.0.0", Some(("a", "1.0.0"))),
            ("/@s/a@1.0.0(b@2.0.0)(c@1.0.0)", Some(("@s/a", "1.0.0"))),
            ("a@1.0.0-rc.1", Some(("a", "1.0.0-rc.1"))),
            (
                "a@https://codeload.github.com/u/a/tar.gz/abc",
                Some(("a", "https://codeload.github.com/u/a/tar.gz/abc")),
            ),
            ("github.com/u/r/abc", None),
            ("file:../x", None),
        ] {
            assert_eq!(split_key(plain_key(key)), parts, "{key}");
        }
    }

    #[test]
    fn version_9_is_read() {
        check(
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a:
        specifier: ^1
        version: 1.0.0(b@2.0.0)
      w:
        specifier: workspace:*
        version: link:packages/w
    devDependencies:
      alias:
        specifier: npm:c@3
        version: c@3.0.0
packages:
  a@1.0.0:
    resolution: {integrity: sha512-x}
    peerDependencies:
      b: '*'
  b@2.0.0:
    resolution: {integrity: sha512-x}
  c@3.0.0:
    resolution: {integrity: sha512-x}
  g@https://codeload.github.com/u/g/tar.gz/abc:
    resolution: {tarball: https://codeload.github.com/u/g/tar.gz/abc}
    version: 1.5.0
snapshots:
  a@1.0.0(b@2.0.0):
    dependencies:
      b: 2.0.0
  b@2.0.0: {}
  c@3.0.0:
    dependencies:
      g: https://codeload.github.com/u/g/tar.gz/abc
  g@https://codeload.github.com/u/g/tar.gz/abc: {}
",
            "16 a 1.0.0 direct
             20 b 2.0.0 <a
             22 c 3.0.0 direct dev
             24 g 1.5.0 dev <c url:https://codeload.github.com/u/g/tar.gz/abc",
        );
    }

    #[test]
    fn versions_5_and_6_are_read() {
        check(
            "pnpm-lock.yaml",
            "lockfileVersion: 5.4
specifiers:
  a: ^1
dependencies:
  a: 1.0.0_b@2.0.0
devDependencies:
  d: 4.0.0
packages:
  /a/1.0.0_b@2.0.0:
    dependencies:
      b: 2.0.0
    dev: false
  /b/2.0.0:
    requiresBuild: true
    dev: false
  /d/4.0.0:
    dev: true
  github.com/u/r/abc:
    resolution: {tarball: https://codeload.github.com/u/r/tar.gz/abc}
    name: r
    version: 0.1.0
    dev: true
",
            "9 a 1.0.0 direct
             13 b 2.0.0 script <a
             16 d 4.0.0 direct dev
             18 r 0.1.0 dev url:https://codeload.github.com/u/r/tar.gz/abc",
        );
        check(
            "pnpm-lock.yaml",
            "lockfileVersion: '6.0'
importers:
  .:
    devDependencies:
      a: {specifier: ^1, version: 1.0.0}
packages:
  /a@1.0.0:
    dependencies:
      b: /real@2.0.0
    dev: true
  /real@2.0.0:
    dev: true
",
            "7 a 1.0.0 direct dev
             11 real 2.0.0 dev <a",
        );
    }

    #[test]
    fn other_versions_and_damage_are_said() {
        check(
            "pnpm-lock.yaml",
            "lockfileVersion: '12.0'\npackages:\n  a@1.0.0: {}\n  b: [\n",
            "3 a 1.0.0
             ! 4 damaged
             ! 1 version `12.0`
             ! 4 entry `b`",
        );
    }
}
