//! `yarn.lock`, of yarn 1 (its own format) and of yarn 2 and later (YAML).
//! <https://classic.yarnpkg.com/lang/en/docs/yarn-lock/>, <https://yarnpkg.com/>

use std::collections::HashMap;

use assay_source::Span;

use super::package_json::Wanted;
use super::{mark_from_manifest, source_of_resolved, split_name};
use crate::document::{Entry, Node, parse_yaml, span};
use crate::graph;
use crate::package::{Ecosystem, Package, PackageSource};
use crate::read::Reading;
use crate::read::reading::source_of_url;

/// Where yarn 1 says which packages to use for what was asked.
type Index = HashMap<String, u32>;

pub(in crate::read) fn read(reading: &mut Reading<'_>) {
    if memchr::memmem::find(reading.text.as_bytes(), b"__metadata:").is_some() {
        read_berry(reading);
    } else {
        read_classic(reading);
    }
}

/// A block of yarn 1 while its lines are read.
#[derive(Default)]
struct Block<'a> {
    wanted: Vec<&'a str>,
    version: Option<(&'a str, Span)>,
    resolved: Option<&'a str>,
    asks: Vec<(&'a str, &'a str)>,
    header: Span,
}

fn read_classic(reading: &mut Reading<'_>) {
    let text = reading.text;
    let mut index = Index::new();
    let mut asks: Vec<(u32, &str, &str)> = Vec::new();
    let mut block: Option<Block<'_>> = None;
    let mut in_table = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let place = span(start, start + line.trim_end().len());
        start += line.len();
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if indent == 0 {
            finish_block(reading, block.take(), &mut index, &mut asks);
            in_table = false;
            let Some(header) = trimmed.strip_suffix(':') else {
                reading.problem(
                    place,
                    "this line is not understood; have yarn write the file again",
                );
                continue;
            };
            block = Some(Block {
                wanted: header.split(", ").map(unquote).collect(),
                header: place,
                ..Block::default()
            });
            continue;
        }
        let Some(block) = &mut block else {
            reading.problem(place, "this line belongs to no package");
            continue;
        };
        if indent <= 2 && trimmed.ends_with(':') {
            in_table = matches!(trimmed, "dependencies:" | "optionalDependencies:");
            continue;
        }
        let (key, value) = trimmed.split_once(' ').unwrap_or((trimmed, ""));
        let (key, value) = if let Some(inner) = trimmed.strip_prefix('"') {
            let end = inner.find('"').map_or(trimmed.len(), |at| at + 2);
            (&trimmed[..end], trimmed[end..].trim())
        } else {
            (key, value.trim())
        };
        let (key, value) = (unquote(key), unquote(value));
        match (indent <= 2, key) {
            (true, "version") => {
                let inner = span(start - line.len() + indent, place.end as usize);
                block.version = Some((value, inner));
            }
            (true, "resolved") => block.resolved = Some(value),
            (false, _) if in_table => block.asks.push((key, value)),
            _ => {}
        }
    }
    finish_block(reading, block, &mut index, &mut asks);
    for (from, name, range) in asks {
        if let Some(&to) = index.get(&format!("{name}@{range}")) {
            reading.link(from, to);
        }
    }
    mark_from_manifest(reading, &|wanted: &Wanted| {
        index
            .get(&format!("{}@{}", wanted.name, wanted.requirement))
            .copied()
    });
}

fn finish_block<'a>(
    reading: &mut Reading<'_>,
    block: Option<Block<'a>>,
    index: &mut Index,
    asks: &mut Vec<(u32, &'a str, &'a str)>,
) {
    let Some(block) = block else { return };
    let Some((name, range)) = block.wanted.first().and_then(|wanted| split_name(wanted)) else {
        reading.problem(block.header, "the name of this package is not understood");
        return;
    };
    let real = range.strip_prefix("npm:").and_then(split_name);
    let mut package = Package::new(
        Ecosystem::Npm,
        real.map_or(name, |(name, _)| name),
        block.header,
    );
    if let Some((version, place)) = block.version {
        package.version = Some(version.to_owned());
        package.span = place;
    } else {
        reading.problem(
            block.header,
            format!("`{name}` has no version; have yarn write the file again"),
        );
    }
    package.source = match block.resolved {
        Some(resolved) => source_of_resolved(resolved),
        None if range.starts_with("file:") || range.starts_with("link:") => {
            PackageSource::Path(range[5..].to_owned())
        }
        None => PackageSource::Registry,
    };
    let Some(at) = reading.add(package) else {
        return;
    };
    for wanted in block.wanted {
        index.insert(wanted.to_owned(), at);
    }
    asks.extend(
        block
            .asks
            .into_iter()
            .map(|(name, range)| (at, name, range)),
    );
}

fn unquote(text: &str) -> &str {
    text.trim().trim_matches('"')
}

/// An entry of yarn 2 and later.
struct Locked<'n, 'a> {
    entry: &'n Entry<'a>,
    /// Its package; none for a folder of the project.
    package: Option<u32>,
}

fn read_berry(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_yaml(reading.text);
    reading.flaw(flaw);
    let mut index: HashMap<String, usize> = HashMap::new();
    let mut locked: Vec<Locked<'_, '_>> = Vec::new();
    let mut by_locator: HashMap<String, u32> = HashMap::new();
    for entry in root.entries() {
        if entry.key == "__metadata" {
            continue;
        }
        let resolution = entry.value.text_of("resolution").unwrap_or(&entry.key);
        let Some((name, reference)) = split_name(resolution) else {
            reading.problem(entry.key_span, "the name of this package is not understood");
            continue;
        };
        let local = ["workspace:", "link:", "portal:"];
        let package = if local.iter().any(|prefix| reference.starts_with(prefix)) {
            None
        } else {
            berry_package(reading, name, reference, entry, &mut by_locator)
        };
        for wanted in entry.key.split(',') {
            index.insert(wanted.trim().to_owned(), locked.len());
        }
        locked.push(Locked { entry, package });
    }
    let manifest = reading.beside("package.json");
    let dev_names: Vec<String> = manifest.map_or_else(Vec::new, |(_, text)| {
        let wanted = super::package_json::wanted(&text);
        let dev = wanted.into_iter().filter(|wanted| wanted.dev);
        dev.map(|wanted| wanted.name).collect()
    });
    let (mut others, mut dev) = (Vec::new(), Vec::new());
    for from in &locked {
        let is_root = from.entry.key.ends_with("@workspace:.");
        for table in ["dependencies", "optionalDependencies"] {
            for wanted in from.entry.value.get(table).map_or(&[][..], Node::entries) {
                let range = wanted.value.scalar().unwrap_or("");
                let Some(to) =
                    berry_lookup(&index, &wanted.key, range).and_then(|at| locked[at].package)
                else {
                    continue;
                };
                match from.package {
                    Some(from) => reading.link(from, to),
                    None => {
                        if let Some(package) = reading.get_mut(to) {
                            package.direct = true;
                        }
                        let is_dev = is_root && dev_names.iter().any(|name| *name == wanted.key);
                        if is_dev { &mut dev } else { &mut others }.push(to);
                    }
                }
            }
        }
    }
    if others.is_empty() && dev.is_empty() {
        graph::mark_unasked_direct(&mut reading.packages);
    }
    graph::mark_dev(&mut reading.packages, others, dev);
}

fn berry_package(
    reading: &mut Reading<'_>,
    name: &str,
    reference: &str,
    entry: &Entry<'_>,
    by_locator: &mut HashMap<String, u32>,
) -> Option<u32> {
    let version = entry.value.entry("version");
    let place = version.map_or(entry.key_span, Entry::span);
    let version = version.and_then(|entry| entry.value.scalar()).unwrap_or("");
    // A patched package stands beside the one that was patched: it is one package.
    let locator = format!("{name}@{version}");
    // So does one that is seen from several workspaces.
    if (reference.starts_with("patch:") || reference.contains("virtual:"))
        && let Some(&at) = by_locator.get(&locator)
    {
        return Some(at);
    }
    let mut package = Package::new(Ecosystem::Npm, name, place);
    if !version.is_empty() {
        package.version = Some(version.to_owned());
    }
    if let Some(path) = reference.strip_prefix("file:") {
        package.source = PackageSource::Path(path.to_owned());
    } else if reference.contains("://")
        && !reference.starts_with("npm:")
        && !reference.starts_with("patch:")
    {
        package.source = source_of_url(reference);
    }
    let at = reading.add(package)?;
    by_locator.insert(locator, at);
    Some(at)
}

/// Finds the entry for a name and a range; the range may or may not say `npm:`.
fn berry_lookup(index: &HashMap<String, usize>, name: &str, range: &str) -> Option<usize> {
    let plain = format!("{name}@{range}");
    index
        .get(&plain)
        .or_else(|| index.get(&format!("{name}@npm:{range}")))
        .copied()
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    const CLASSIC: &str = r#"# yarn lockfile v1


"@s/a@^1.0.0", "@s/a@^1.1.0":
  version "1.1.0"
  resolved "https://registry.yarnpkg.com/@s/a/-/a-1.1.0.tgz#x"
  integrity sha512-x
  dependencies:
    b "^2.0.0"
    "@s/c" "1 || 2"
  optionalDependencies:
    e "npm:real@3"

b@^2.0.0:
  version "2.3.4"

"@s/c@1 || 2":
  version "2.0.0"

"e@npm:real@3":
  version "3.0.0"
  resolved "https://npm.example.org/real-3.0.0.tgz"

d@~1:
  version "1.0.0"
  dependencies:
    b "^2.0.0"
"#;

    #[test]
    fn blocks_of_yarn_1_are_read() {
        check(
            "yarn.lock",
            CLASSIC,
            "5 @s/a 1.1.0 direct
             15 b 2.3.4 <@s/a <d
             18 @s/c 2.0.0 <@s/a
             21 real 3.0.0 <@s/a url:https://npm.example.org/real-3.0.0.tgz
             25 d 1.0.0 direct",
        );
        check_beside(
            "yarn.lock",
            CLASSIC,
            &[(
                "package.json",
                r#"{"devDependencies": {"@s/a": "^1.1.0"}, "dependencies": {"d": "~1", "b": "^2.0.0"}}"#,
            )],
            "5 @s/a 1.1.0 direct dev
             15 b 2.3.4 direct <@s/a <d
             18 @s/c 2.0.0 dev <@s/a
             21 real 3.0.0 dev <@s/a url:https://npm.example.org/real-3.0.0.tgz
             25 d 1.0.0 direct",
        );
    }

    #[test]
    fn damage_of_yarn_1_is_said() {
        check(
            "yarn.lock",
            "a@1:\n  version \"1.0.0\"\n<<<<<<< HEAD\nb@1:\n=======\n",
            "2 a 1.0.0 direct
             4 b - direct
             ! 3 not understood
             ! 4 has no version
             ! 5 not understood",
        );
    }

    #[test]
    fn entries_of_later_yarns_are_read() {
        let text = r#"__metadata:
  version: 8

"a@npm:^1.0.0, a@npm:^1.1.0":
  version: 1.10
  resolution: "a@npm:1.10"
  dependencies:
    b: "npm:^2"
    "@s/c": ^1
  languageName: node
  linkType: hard

"b@npm:^2":
  version: 2.0.0
  resolution: "b@npm:2.0.0"

"b@patch:b@npm%3A^2#./p.patch":
  version: 2.0.0
  resolution: "b@patch:b@npm%3A2.0.0#./p.patch::version=2.0.0"

"@s/c@npm:^1":
  version: 1.0.0
  resolution: "@s/c@npm:1.0.0"

"g@https://github.com/u/g.git":
  version: 0.1.0
  resolution: "g@https://github.com/u/g.git#commit=abc"

"root@workspace:.":
  version: 0.0.0-use.local
  resolution: "root@workspace:."
  dependencies:
    a: "npm:^1.1.0"
    b: "patch:b@npm%3A^2#./p.patch"
    g: "https://github.com/u/g.git"
  linkType: soft
"#;
        check_beside(
            "yarn.lock",
            text,
            &[("package.json", r#"{"devDependencies": {"a": "^1.1.0"}}"#)],
            "5 a 1.10 direct dev
             14 b 2.0.0 direct <a
             22 @s/c 1.0.0 dev <a
             26 g 0.1.0 direct git:https://github.com/u/g.git#commit=abc",
        );
    }
}
