//! `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.
//! <https://docs.npmjs.com/cli/configuring-npm/package-lock-json>

use std::collections::HashMap;

use super::package_json::Wanted;
use super::{mark_from_manifest, source_of_resolved, split_name};
use crate::document::{Entry, Node, parse_json};
use crate::graph;
use crate::package::{Ecosystem, Package, PackageSource};
use crate::read::Reading;

/// How many folders of modules may be in each other; npm itself stays below 20.
const NESTING_MAX: usize = 64;

/// What stands between the places of a tree of modules.
const MODULES: &str = "node_modules/";

pub(in crate::read) fn read(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_json(reading.text);
    reading.flaw(flaw);
    if !root.is_map() {
        return;
    }
    match root.text_of("lockfileVersion") {
        Some("1" | "2" | "3") | None => {}
        Some(version) => {
            let span = root.get("lockfileVersion").map(|node| node.span);
            reading.unknown_version(span, version);
        }
    }
    if let Some(packages) = root.get("packages").filter(|node| node.is_map()) {
        read_places(reading, packages);
    } else if let Some(tree) = root.get("dependencies") {
        read_tree(reading, tree);
    }
}

/// The tables of an entry whose names it asks for; the last only counts in
/// the project's own folders.
const TABLES: &[&str] = &[
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "devDependencies",
];

/// Versions 2 and 3: one entry for each folder.
fn read_places(reading: &mut Reading<'_>, packages: &Node<'_>) {
    let mut places: HashMap<&str, Option<u32>> = HashMap::new();
    let mut links: HashMap<&str, &str> = HashMap::new();
    for entry in packages.entries() {
        let place = &*entry.key;
        if entry.value.flag("link") {
            let target = entry.value.text_of("resolved").unwrap_or("");
            links.insert(place, target);
            continue;
        }
        let Some(at) = place.rfind(MODULES) else {
            places.insert(place, None);
            continue;
        };
        let name = entry
            .value
            .text_of("name")
            .unwrap_or(&place[at + MODULES.len()..]);
        let package = package(reading, name, entry);
        let index = reading.add(package);
        places.insert(place, index);
    }
    let (mut others, mut dev) = (Vec::new(), Vec::new());
    let mut buffer = String::new();
    for entry in packages.entries() {
        let Some(&from) = places.get(&*entry.key) else {
            continue;
        };
        for &table in TABLES {
            let is_dev = table == "devDependencies";
            if is_dev && from.is_some() {
                continue;
            }
            for wanted in entry.value.get(table).map_or(&[][..], Node::entries) {
                let Some(place) = resolve(&entry.key, &wanted.key, &mut buffer, |place| {
                    places.contains_key(place) || links.contains_key(place)
                }) else {
                    continue;
                };
                let Some(Some(to)) = places.get(place.as_str()).copied() else {
                    continue;
                };
                match from {
                    Some(from) => reading.link(from, to),
                    None => {
                        if let Some(package) = reading.get_mut(to) {
                            package.direct = true;
                        }
                        if is_dev { &mut dev } else { &mut others }.push(to);
                    }
                }
            }
        }
    }
    if others.is_empty() && dev.is_empty() {
        // A file without its root entry, such as `node_modules/.package-lock.json`.
        graph::mark_unasked_direct(&mut reading.packages);
    }
}

fn package(reading: &mut Reading<'_>, name: &str, entry: &Entry<'_>) -> Package {
    let node = &entry.value;
    let version = node.entry("version");
    let span = version.map_or(entry.key_span, Entry::span);
    let mut package = Package {
        version: version.and_then(|v| v.value.text()).map(str::to_owned),
        dev: node.flag("dev"),
        install_script: node.flag("hasInstallScript"),
        licence: licence(node),
        source: node
            .text_of("resolved")
            .map_or(PackageSource::Registry, source_of_resolved),
        ..Package::new(Ecosystem::Npm, name, span)
    };
    if !node.is_map() {
        reading.problem(
            entry.span(),
            format!("the entry of `{name}` is not an object"),
        );
    }
    if package.version.as_deref() == Some("") {
        package.version = None;
    }
    package
}

fn licence(node: &Node<'_>) -> Option<String> {
    let licence = node.get("license")?;
    let text = licence.text().or_else(|| licence.text_of("type"));
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Finds the place of a name as it is seen from a place: its own modules, then
/// those of each folder above.
fn resolve<'b>(
    from: &str,
    name: &str,
    buffer: &'b mut String,
    is_there: impl Fn(&str) -> bool,
) -> Option<&'b String> {
    let mut base = from;
    for _ in 0..=NESTING_MAX {
        buffer.clear();
        buffer.push_str(base);
        if !base.is_empty() {
            buffer.push('/');
        }
        buffer.push_str(MODULES);
        buffer.push_str(name);
        if is_there(buffer) {
            return Some(buffer);
        }
        if base.is_empty() {
            return None;
        }
        base = match base.rfind(MODULES) {
            Some(at) => base[..at].trim_end_matches('/'),
            // A folder of the project: next is the root, whose modules it shares.
            None => "",
        };
    }
    None
}

/// Version 1: entries inside entries.
fn read_tree(reading: &mut Reading<'_>, tree: &Node<'_>) {
    let mut places: HashMap<String, u32> = HashMap::new();
    let mut asks: Vec<(u32, String, &Node<'_>)> = Vec::new();
    let mut open: Vec<(String, &Node<'_>)> = vec![(String::new(), tree)];
    while let Some((base, node)) = open.pop() {
        if base.matches(MODULES).count() > NESTING_MAX {
            reading.problem(node.span, "packages are nested too deep and were not read");
            continue;
        }
        let mut inner = Vec::new();
        for entry in node.entries() {
            let Some(index) = reading.add(tree_package(entry)) else {
                return;
            };
            let slash = if base.is_empty() { "" } else { "/" };
            let place = format!("{base}{slash}{MODULES}{}", entry.key);
            if let Some(requires) = entry.value.get("requires") {
                asks.push((index, place.clone(), requires));
            }
            if let Some(below) = entry.value.get("dependencies") {
                inner.push((place.clone(), below));
            }
            places.insert(place, index);
        }
        open.extend(inner.into_iter().rev());
    }
    let mut buffer = String::new();
    for (from, place, requires) in asks {
        for wanted in requires.entries() {
            let found = resolve(&place, &wanted.key, &mut buffer, |place| {
                places.contains_key(place)
            });
            if let Some(&to) = found.and_then(|place| places.get(place)) {
                reading.link(from, to);
            }
        }
    }
    mark_from_manifest(reading, &|wanted: &Wanted| {
        places.get(&format!("{MODULES}{}", wanted.name)).copied()
    });
}

fn tree_package(entry: &Entry<'_>) -> Package {
    let node = &entry.value;
    let version = node.entry("version");
    let mut package = Package {
        dev: node.flag("dev"),
        source: node
            .text_of("resolved")
            .map_or(PackageSource::Registry, source_of_resolved),
        ..Package::new(
            Ecosystem::Npm,
            &*entry.key,
            version.map_or(entry.key_span, Entry::span),
        )
    };
    let version = version.and_then(|v| v.value.text()).unwrap_or("");
    if let Some(alias) = version.strip_prefix("npm:") {
        let (name, version) = split_name(alias).unwrap_or((alias, ""));
        package.name = name.to_owned();
        package.version = Some(version.to_owned());
    } else if version.contains(':') || version.contains('/') {
        package.source = source_of_resolved(version);
    } else if !version.is_empty() {
        package.version = Some(version.to_owned());
    }
    package
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    const V3: &str = r#"{
  "name": "root", "lockfileVersion": 3,
  "packages": {
    "": { "dependencies": {"a": "^1", "w": "*"}, "devDependencies": {"d": "1"} },
    "node_modules/a": {
      "version": "1.0.0",
      "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz",
      "license": "MIT", "hasInstallScript": true,
      "dependencies": {"b": "^2"}
    },
    "node_modules/a/node_modules/b": { "version": "2.0.0", "optionalDependencies": {"c": "1"} },
    "node_modules/b": { "version": "1.0.0" },
    "node_modules/c": { "version": "3.0.0", "name": "real-c" },
    "node_modules/d": { "version": "4.0.0", "dev": true, "resolved": "git+ssh://git@github.com/u/d.git#abc", "dependencies": {"b": "1"} },
    "node_modules/w": { "resolved": "packages/w", "link": true },
    "packages/w": { "version": "0.0.1", "dependencies": {"b": "1"}, "devDependencies": {"c": "3"} }
  }
}"#;

    #[test]
    fn places_are_packages_and_names_are_looked_up_towards_the_root() {
        check(
            "package-lock.json",
            V3,
            "6 a 1.0.0 direct licence:MIT script
             11 b 2.0.0 <a
             12 b 1.0.0 direct <d
             13 real-c 3.0.0 direct <b
             14 d 4.0.0 direct dev git:git+ssh://git@github.com/u/d.git#abc",
        );
    }

    const V1: &str = r#"{
  "lockfileVersion": 1,
  "dependencies": {
    "a": { "version": "1.0.0", "requires": {"b": "^2"},
      "dependencies": { "b": { "version": "2.0.0" } } },
    "b": { "version": "1.0.0", "dev": true },
    "c": { "version": "npm:real@3.0.0" },
    "g": { "version": "git+https://github.com/u/g.git#abc", "requires": {"b": "1"} }
  }
}"#;

    #[test]
    fn a_tree_of_version_1_is_read() {
        check(
            "npm-shrinkwrap.json",
            V1,
            "4 a 1.0.0 direct
             6 b 1.0.0 dev <g
             7 real 3.0.0 direct
             8 g - direct git:git+https://github.com/u/g.git#abc
             5 b 2.0.0 <a",
        );
        check_beside(
            "x/package-lock.json",
            V1,
            &[(
                "x/package.json",
                r#"{"dependencies": {"a": "1"}, "devDependencies": {"b": "1"}}"#,
            )],
            "4 a 1.0.0 direct
             6 b 1.0.0 direct dev <g
             7 real 3.0.0 direct
             8 g - direct git:git+https://github.com/u/g.git#abc
             5 b 2.0.0 <a",
        );
    }

    #[test]
    fn hostile_and_damaged_files_end() {
        let deep = format!(
            "{{\"packages\": {{\"{}\": {{\"version\": \"1\", \"dependencies\": {{\"zz\": \"1\"}}}}}}}}",
            "node_modules/a/".repeat(5000) + "node_modules/a"
        );
        check("package-lock.json", &deep, "1 a 1 direct");
        check(
            "package-lock.json",
            "{\"lockfileVersion\": 9, \"packages\": {\"node_modules/a\": {\"version\": \"1.0.0\"",
            "1 a 1.0.0 direct
             ! 1 damaged
             ! 1 version `9`",
        );
    }
}
