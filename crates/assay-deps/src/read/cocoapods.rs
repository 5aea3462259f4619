//! `Podfile` and `Podfile.lock`. <https://guides.cocoapods.org/using/the-podfile.html>

use std::collections::HashMap;

use crate::document::{Node, parse_yaml};
use crate::package::{Ecosystem, Package, PackageSource};

use super::Reading;
use super::go::lines;

pub(super) fn read_lock(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_yaml(reading.text);
    reading.flaw(flaw);
    let mut index: HashMap<String, u32> = HashMap::new();
    let mut asks: Vec<(u32, String)> = Vec::new();
    for item in root.get("PODS").map_or(&[][..], Node::items) {
        // `Name (1.0)`, or a map from that to what it asks for.
        let entry = item.entries().first();
        let place = entry.map_or(item.span, |entry| entry.key_span);
        let Some(text) = item.text().or(entry.map(|entry| &*entry.key)) else {
            reading.problem(item.span, "this pod is not understood; run `pod install`");
            continue;
        };
        let Some((name, version)) = pod(text) else {
            reading.problem(place, "this pod has no version; run `pod install`");
            continue;
        };
        let at = match index.get(name) {
            Some(&at) => at,
            None => {
                let mut package = Package::new(Ecosystem::CocoaPods, name, place);
                package.version = Some(version.to_owned());
                package.source = source(&root, name);
                let Some(at) = reading.add(package) else {
                    break;
                };
                index.insert(name.to_owned(), at);
                at
            }
        };
        for wanted in entry.map_or(&[][..], |entry| entry.value.items()) {
            let name = wanted.text().unwrap_or("");
            asks.push((at, base_name(name).to_owned()));
        }
    }
    for (from, name) in asks {
        if let Some(&to) = index.get(&name) {
            reading.link(from, to);
        }
    }
    for wanted in root.get("DEPENDENCIES").map_or(&[][..], Node::items) {
        let name = base_name(wanted.text().unwrap_or(""));
        if let Some(package) = index.get(name).and_then(|at| reading.get_mut(*at)) {
            package.direct = true;
        }
    }
}

fn source(root: &Node<'_>, name: &str) -> PackageSource {
    let external = root.at(&["EXTERNAL SOURCES", name]);
    let text = |key: &str| external.and_then(|node| node.text_of(key));
    // The keys are Ruby's symbols.
    if let Some(path) = text(":path").or(text(":podspec")) {
        return PackageSource::Path(path.to_owned());
    }
    match text(":git") {
        Some(url) => {
            let checkout = root.at(&["CHECKOUT OPTIONS", name]);
            let commit = checkout.and_then(|node| node.text_of(":commit"));
            PackageSource::Git(format!("{url}#{}", commit.unwrap_or("")))
        }
        None => PackageSource::Registry,
    }
}

/// Splits `Name/Part (1.0)` into the name of the pod and its version.
fn pod(text: &str) -> Option<(&str, &str)> {
    let (_, version) = text.split_once('(')?;
    Some((
        base_name(text),
        version.strip_suffix(')')?.trim_start_matches(['=', ' ']),
    ))
}

fn base_name(text: &str) -> &str {
    text.split([' ', '/']).next().unwrap_or(text)
}

pub(super) fn read_manifest(reading: &mut Reading<'_>) {
    for (line, place) in lines(reading.text) {
        let Some(arguments) = line.trim().strip_prefix("pod ") else {
            continue;
        };
        let texts: Vec<&str> = arguments.split(['\'', '"']).collect();
        let Some(name) = texts
            .get(1)
            .map(|name| base_name(name))
            .filter(|name| !name.is_empty())
        else {
            continue;
        };
        let mut package = Package::new(Ecosystem::CocoaPods, name, place);
        package.direct = true;
        let option = |key: &str| {
            let at = [format!(":{key} =>"), format!("{key}:")]
                .iter()
                .find_map(|key| arguments.find(key.as_str()).map(|at| at + key.len()))?;
            arguments[at..].split(['\'', '"']).nth(1)
        };
        // Between the name and the next text is only a comma.
        let version = texts
            .get(3)
            .filter(|_| texts.get(2).is_some_and(|between| between.trim() == ","));
        if let Some(version) = version {
            let bare = version.trim_start_matches(['=', ' ']);
            if bare.starts_with(|c: char| c.is_ascii_digit()) {
                package.version = Some(bare.to_owned());
            }
            package.requirement = Some((*version).to_owned());
        } else {
            package.requirement = Some(String::new());
        }
        if let Some(path) = option("path") {
            package.source = PackageSource::Path(path.to_owned());
        } else if let Some(git) = option("git") {
            package.source = PackageSource::Git(git.to_owned());
        }
        reading.add(package);
    }
}

#[cfg(test)]
mod tests {
    use crate::read::testing::check;

    #[test]
    fn lockfiles_are_read() {
        check(
            "Podfile.lock",
            "PODS:
  - AFNetworking (4.0.1):
    - AFNetworking/Reachability (= 4.0.1)
    - Other (~> 1.0)
  - AFNetworking/Reachability (4.0.1)
  - Own (0.1)
  - Other (1.2)
  - Broken

DEPENDENCIES:
  - AFNetworking (~> 4.0)
  - Own (from `https://github.com/u/own.git`)

EXTERNAL SOURCES:
  Own:
    :git: https://github.com/u/own.git

CHECKOUT OPTIONS:
  Own:
    :commit: abc
    :git: https://github.com/u/own.git

COCOAPODS: 1.11.3
",
            "2 AFNetworking 4.0.1 direct
             6 Own 0.1 direct git:https://github.com/u/own.git#abc
             7 Other 1.2 <AFNetworking
             ! 8 no version",
        );
    }

    #[test]
    fn manifests_are_read() {
        check(
            "Podfile",
            "target 'x' do\n  pod 'A', '~> 1.0'\n  pod \"B/Core\", '2.0'\n  pod 'C', :path => '../c'\n  pod 'D'\n  # pod 'E'\nend\n",
            "2 A - [~> 1.0] direct
             3 B 2.0 [2.0] direct
             4 C - [] direct path:../c
             5 D - [] direct",
        );
    }
}
