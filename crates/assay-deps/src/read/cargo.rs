//! `Cargo.toml` and `Cargo.lock`.
//! <https://doc.rust-lang.org/cargo/reference/manifest.html>

use std::collections::{HashMap, HashSet};

use crate::document::{Entry, Node, parse_toml};
use crate::graph;
use crate::package::{Ecosystem, Package, PackageSource};

use super::Reading;

/// The tables of dependencies, and whether they are for development only.
const TABLES: &[(&str, bool)] = &[
    ("dependencies", false),
    ("dev-dependencies", true),
    ("dev_dependencies", true),
    ("build-dependencies", false),
    ("build_dependencies", false),
];

/// How many members of a workspace are looked at for what they ask for.
const MEMBERS_MAX: usize = 2_000;

pub(super) fn read_manifest(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_toml(reading.text);
    reading.flaw(flaw);
    let mut tables: Vec<(&Node<'_>, bool)> = Vec::new();
    let mut holders = vec![&root];
    holders.extend(
        root.get("target")
            .map_or(&[][..], Node::entries)
            .iter()
            .map(|e| &e.value),
    );
    holders.extend(root.get("workspace"));
    for holder in holders {
        for (name, dev) in TABLES {
            tables.extend(holder.get(name).map(|table| (table, *dev)));
        }
    }
    for (table, dev) in tables {
        for entry in table.entries() {
            let package = manifest_package(entry, dev);
            reading.add(package);
        }
    }
}

fn manifest_package(entry: &Entry<'_>, dev: bool) -> Package {
    let value = &entry.value;
    let name = value.text_of("package").unwrap_or(&entry.key);
    let requirement = value.text().or_else(|| value.text_of("version"));
    let mut package = Package {
        direct: true,
        dev,
        requirement: requirement.map(str::to_owned),
        ..Package::new(Ecosystem::CratesIo, name, entry.span())
    };
    if let Some(exact) = requirement.and_then(|text| text.trim().strip_prefix('=')) {
        let exact = exact.trim();
        if exact.split('.').count() >= 3 && !exact.contains(['*', ',']) {
            package.version = Some(exact.to_owned());
        }
    }
    if let Some(path) = value.text_of("path") {
        package.source = PackageSource::Path(path.to_owned());
    } else if let Some(git) = value.text_of("git") {
        let revision = ["rev", "tag", "branch"]
            .iter()
            .find_map(|key| value.text_of(key));
        let hash = if revision.is_some() { "#" } else { "" };
        package.source = PackageSource::Git(format!("{git}{hash}{}", revision.unwrap_or("")));
    } else if let Some(index) = value.text_of("registry-index") {
        package.source = PackageSource::Url(index.to_owned());
    }
    package
}

/// A package of the lockfile: one from elsewhere, or one of the project.
struct Locked<'n, 'a> {
    node: &'n Node<'a>,
    name: &'n str,
    version: &'n str,
    index: Option<u32>,
}

pub(super) fn read_lock(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_toml(reading.text);
    reading.flaw(flaw);
    if let Some(version) = root.text_of("version")
        && !matches!(version, "1" | "2" | "3" | "4")
    {
        reading.unknown_version(root.entry("version").map(Entry::span), version);
    }
    let mut locked = Vec::new();
    // Version 1 of the format had the project's own package apart.
    let packages = root.get("package").map_or(&[][..], Node::items);
    for node in root.get("root").into_iter().chain(packages) {
        let (Some(name), Some(entry)) = (node.text_of("name"), node.entry("version")) else {
            reading.problem(node.span, "a package without name or version was not read");
            continue;
        };
        let version = entry.value.scalar().unwrap_or("");
        let index = node.text_of("source").and_then(|source| {
            reading.add(Package {
                version: Some(version.to_owned()),
                source: source_of(source),
                ..Package::new(Ecosystem::CratesIo, name, entry.span())
            })
        });
        locked.push(Locked {
            node,
            name,
            version,
            index,
        });
    }
    link(reading, &locked);
}

fn source_of(source: &str) -> PackageSource {
    let crates_io = [
        "registry+https://github.com/rust-lang/crates.io-index",
        "sparse+https://index.crates.io/",
    ];
    match source.strip_prefix("git+") {
        _ if crates_io.contains(&source) => PackageSource::Registry,
        Some(git) => PackageSource::Git(git.to_owned()),
        None => PackageSource::Url(
            source
                .split_once('+')
                .map_or(source, |(_, url)| url)
                .to_owned(),
        ),
    }
}

fn link(reading: &mut Reading<'_>, locked: &[Locked<'_, '_>]) {
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, package) in locked.iter().enumerate() {
        by_name.entry(package.name).or_default().push(at);
    }
    let development = Development::new(reading, locked);
    let (mut others, mut dev) = (Vec::new(), Vec::new());
    for from in locked {
        for wanted in from.node.get("dependencies").map_or(&[][..], Node::items) {
            // `name`, `name version` or `name version (source)`.
            let mut parts = wanted.text().unwrap_or("").split(' ');
            let (name, version) = (parts.next().unwrap_or(""), parts.next());
            let source = parts.next().map(|text| text.trim_matches(['(', ')']));
            let found = by_name.get(name).and_then(|candidates| {
                candidates.iter().map(|&at| &locked[at]).find(|candidate| {
                    version.is_none_or(|version| candidate.version == version)
                        && source
                            .is_none_or(|source| candidate.node.text_of("source") == Some(source))
                })
            });
            let Some(to) = found.and_then(|found| found.index) else {
                continue;
            };
            match from.index {
                Some(from) => reading.link(from, to),
                None => {
                    if let Some(package) = reading.get_mut(to) {
                        package.direct = true;
                    }
                    let is_dev = development.is_only(from.name, name);
                    if is_dev { &mut dev } else { &mut others }.push(to);
                }
            }
        }
    }
    graph::mark_dev(&mut reading.packages, others, dev);
}

/// What the project's own packages ask for in development only, from those of
/// their manifests that can be found.
struct Development(HashSet<(String, String)>);

impl Development {
    fn new(reading: &Reading<'_>, locked: &[Locked<'_, '_>]) -> Self {
        let mut only = HashSet::new();
        let Some((_, root)) = reading.beside("Cargo.toml") else {
            return Self(only);
        };
        let (root, _) = parse_toml(&root);
        let names = |node: Option<&Node<'_>>, out: &mut HashSet<String>| {
            for entry in node.map_or(&[][..], Node::entries) {
                let shared = root.at(&["workspace", "dependencies", &entry.key, "package"]);
                let renamed = entry
                    .value
                    .text_of("package")
                    .or(shared.and_then(Node::text));
                out.insert(renamed.unwrap_or(&entry.key).to_owned());
            }
        };
        let mut take = |manifest: &Node<'_>| {
            let Some(package) = manifest.at(&["package", "name"]).and_then(Node::text) else {
                return;
            };
            let (mut dev, mut others) = (HashSet::new(), HashSet::new());
            let targets = manifest.get("target").map_or(&[][..], Node::entries);
            for holder in targets.iter().map(|e| &e.value).chain([manifest]) {
                for (table, is_dev) in TABLES {
                    let out = if *is_dev { &mut dev } else { &mut others };
                    names(holder.get(table), out);
                }
            }
            let dev = dev.into_iter().filter(|name| !others.contains(name));
            only.extend(dev.map(|name| (package.to_owned(), name)));
        };
        take(&root);
        let members = root
            .at(&["workspace", "members"])
            .map_or(&[][..], Node::items);
        let mut left = MEMBERS_MAX;
        for member in members.iter().filter_map(Node::text) {
            // Folders cannot be listed here; most have the name of their package.
            let folders: Vec<String> = match member.strip_suffix("/*") {
                Some(folder) => {
                    let own = locked.iter().filter(|package| package.index.is_none());
                    own.map(|package| format!("{folder}/{}", package.name))
                        .collect()
                }
                None => vec![member.to_owned()],
            };
            for folder in folders {
                if left == 0 {
                    break;
                }
                left -= 1;
                if let Some((_, text)) = reading.beside(&format!("{folder}/Cargo.toml")) {
                    take(&parse_toml(&text).0);
                }
            }
        }
        Self(only)
    }

    fn is_only(&self, package: &str, name: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&(package.to_owned(), name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    const LOCK: &str = r#"version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["a", "b 1.0.0", "t"]

[[package]]
name = "a"
version = "1.2.3"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "00"
dependencies = ["b 2.0.0", "g"]

[[package]]
name = "b"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "b"
version = "2.0.0"
source = "sparse+https://registry.example.org/"

[[package]]
name = "g"
version = "0.1.0"
source = "git+https://github.com/u/g?rev=abc#abcdef"

[[package]]
name = "t"
version = "3.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
"#;

    #[test]
    fn a_lockfile_is_read() {
        check(
            "Cargo.lock",
            LOCK,
            "10 a 1.2.3 direct
             17 b 1.0.0 direct
             22 b 2.0.0 <a url:https://registry.example.org/
             27 g 0.1.0 <a git:https://github.com/u/g?rev=abc#abcdef
             32 t 3.0.0 direct",
        );
    }

    #[test]
    fn manifests_tell_what_is_for_development() {
        check_beside(
            "x/Cargo.lock",
            LOCK,
            &[
                (
                    "x/Cargo.toml",
                    "[workspace]\nmembers = [\"crates/*\"]\n[workspace.dependencies]\nt2 = { package = 't', version = '3' }",
                ),
                (
                    "x/crates/app/Cargo.toml",
                    "[package]\nname = 'app'\n[dependencies]\na = '1'\nb = '1'\n[dev-dependencies]\nt2.workspace = true\n",
                ),
            ],
            "10 a 1.2.3 direct
             17 b 1.0.0 direct
             22 b 2.0.0 <a url:https://registry.example.org/
             27 g 0.1.0 <a git:https://github.com/u/g?rev=abc#abcdef
             32 t 3.0.0 direct dev",
        );
    }

    #[test]
    fn a_lockfile_of_version_1_is_read() {
        check(
            "Cargo.lock",
            r#"[root]
name = "app"
version = "0.1.0"
dependencies = [
 "a 1.0.0 (registry+https://github.com/rust-lang/crates.io-index)",
]

[[package]]
name = "a"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "broken"

[metadata]
"checksum a 1.0.0 (registry+https://github.com/rust-lang/crates.io-index)" = "00"
"#,
            "10 a 1.0.0 direct
             ! 13 without name or version",
        );
    }

    #[test]
    fn a_manifest_is_read() {
        check(
            "Cargo.toml",
            r#"[package]
name = "app"
[dependencies]
serde = { version = "1.0", features = ["derive"] }
exact = "= 1.2.3"
own = { path = "../own" }
git = { git = "https://github.com/u/g", tag = "v1" }
renamed = { package = "real", version = "2" }
shared.workspace = true
[target.'cfg(unix)'.dependencies]
libc = "0.2"
[dev-dependencies]
any = "*"
"#,
            "4 serde - [1.0] direct
             5 exact 1.2.3 [= 1.2.3] direct
             6 own - direct path:../own
             7 git - direct git:https://github.com/u/g#v1
             8 real - [2] direct
             9 shared - direct
             13 any - [*] direct dev
             11 libc - [0.2] direct",
        );
    }
}
