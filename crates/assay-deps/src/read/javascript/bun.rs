//! `bun.lock`, bun's lockfile as text (JSON with trailing commas).
//! <https://bun.com/docs/pm/lockfile>

use std::collections::HashMap;

use super::split_name;
use crate::document::{Node, parse_json};
use crate::graph;
use crate::package::{Ecosystem, Package, PackageSource};
use crate::read::Reading;
use crate::read::reading::source_of_url;

/// How many packages may be inside each other.
const NESTING_MAX: usize = 64;

pub(in crate::read) fn read(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_json(reading.text);
    reading.flaw(flaw);
    if let Some(version) = root.text_of("lockfileVersion")
        && !matches!(version, "0" | "1")
    {
        let span = root.get("lockfileVersion").map(|node| node.span);
        reading.unknown_version(span, version);
    }
    let packages = root.get("packages").map_or(&[][..], Node::entries);
    let mut places: HashMap<&str, u32> = HashMap::new();
    for entry in packages {
        let Some(id) = entry.value.items().first().and_then(Node::text) else {
            reading.problem(
                entry.span(),
                format!("the entry of `{}` is not understood", entry.key),
            );
            continue;
        };
        let Some(package) = package(id, entry.span()) else {
            continue;
        };
        if let Some(index) = reading.add(package) {
            places.insert(&entry.key, index);
        }
    }
    for entry in packages {
        let Some(&from) = places.get(&*entry.key) else {
            continue;
        };
        let Some(asks) = entry.value.items().iter().find(|item| item.is_map()) else {
            continue;
        };
        for table in ["dependencies", "optionalDependencies", "peerDependencies"] {
            for wanted in asks.get(table).map_or(&[][..], Node::entries) {
                if let Some(to) = resolve(&places, &entry.key, &wanted.key) {
                    reading.link(from, to);
                }
            }
        }
    }
    let (mut others, mut dev) = (Vec::new(), Vec::new());
    for workspace in root.get("workspaces").map_or(&[][..], Node::entries) {
        let name = workspace.value.text_of("name").unwrap_or("");
        for wanted in super::package_json::wanted_of(&workspace.value) {
            let Some(to) = resolve(&places, name, &wanted.name) else {
                continue;
            };
            if let Some(package) = reading.get_mut(to) {
                package.direct = true;
            }
            if wanted.dev { &mut dev } else { &mut others }.push(to);
        }
    }
    graph::mark_dev(&mut reading.packages, others, dev);
}

/// Makes the package of `name@version` or `name@source`; none for a folder of
/// the project itself.
fn package(id: &str, span: assay_source::Span) -> Option<Package> {
    let (name, rest) = split_name(id).unwrap_or((id, ""));
    let mut package = Package::new(Ecosystem::Npm, name, span);
    if rest.starts_with("workspace:") || rest.starts_with("root:") {
        return None;
    }
    if let Some(path) = ["file:", "link:"].iter().find_map(|p| rest.strip_prefix(p)) {
        package.source = PackageSource::Path(path.to_owned());
    } else if rest.starts_with("github:") || rest.starts_with("git+") {
        package.source = PackageSource::Git(rest.to_owned());
    } else if rest.contains("://") {
        package.source = source_of_url(rest);
    } else if let Some(alias) = rest.strip_prefix("npm:") {
        let (name, version) = split_name(alias).unwrap_or((alias, ""));
        package.name = name.to_owned();
        package.version = Some(version.to_owned());
    } else if !rest.is_empty() {
        package.version = Some(rest.to_owned());
    }
    Some(package)
}

/// Finds a name as it is seen from the key `a/b`: `a/b/name`, `a/name`, `name`.
fn resolve(places: &HashMap<&str, u32>, from: &str, name: &str) -> Option<u32> {
    let mut base = from;
    for _ in 0..NESTING_MAX {
        if base.is_empty() {
            break;
        }
        if let Some(&at) = places.get(format!("{base}/{name}").as_str()) {
            return Some(at);
        }
        let cut = base.rfind('/').unwrap_or(0);
        let above = &base[..cut];
        // The slash of a scope is no step.
        let scope = above.rfind('/').map_or(0, |at| at + 1);
        base = if above[scope..].starts_with('@') {
            above[..scope].trim_end_matches('/')
        } else {
            above
        };
    }
    places.get(name).copied()
}

#[cfg(test)]
mod tests {
    use crate::read::testing::check;

    #[test]
    fn entries_and_workspaces_are_read() {
        check(
            "bun.lock",
            r#"{
  "lockfileVersion": 1,
  "workspaces": {
    "": { "name": "root", "dependencies": { "a": "^1", "w": "workspace:*" }, "devDependencies": { "@s/d": "1", }, },
    "packages/w": { "name": "w", "dependencies": { "b": "2" } },
  },
  "packages": {
    "@s/d": ["@s/d@1.0.0", "", { "dependencies": { "b": "1", "e": "1" } }, "sha512-x"],
    "@s/d/b": ["b@1.0.0", "", {}, "sha512-x"],
    "a": ["a@1.2.3", "", { "dependencies": { "b": "^2" } }, "sha512-x"],
    "b": ["b@2.0.0", "", {}, "sha512-x"],
    "e": ["e@github:u/e#abc", {}, "u-e-abc"],
    "w": ["w@workspace:packages/w"],
  }
}"#,
            "8 @s/d 1.0.0 direct dev
             9 b 1.0.0 dev <@s/d
             10 a 1.2.3 direct
             11 b 2.0.0 direct <a
             12 e - dev <@s/d git:github:u/e#abc",
        );
    }

    #[test]
    fn odd_entries_are_said() {
        check(
            "bun.lock",
            r#"{"packages": {"a": [], "b": ["b@1.0.0"]}}"#,
            "1 b 1.0.0
             ! 1 entry of `a`",
        );
    }
}
