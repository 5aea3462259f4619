//! SwiftPM's `Package.swift` and `Package.resolved` (versions 1 to 3).
//! <https://docs.swift.org/package-manager/PackageDescription/PackageDescription.html>

use crate::document::{Entry, Node, parse_json, span};
use crate::package::{Ecosystem, Package, PackageSource};

use super::Reading;

pub(super) fn read_resolved(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_json(reading.text);
    reading.flaw(flaw);
    if let Some(version) = root.text_of("version")
        && !matches!(version, "1" | "2" | "3")
    {
        reading.unknown_version(root.entry("version").map(Entry::span), version);
    }
    let pins = root.get("pins").or_else(|| root.at(&["object", "pins"]));
    for pin in pins.map_or(&[][..], Node::items) {
        let url = pin
            .text_of("location")
            .or_else(|| pin.text_of("repositoryURL"));
        let name = url
            .or_else(|| pin.text_of("identity"))
            .or_else(|| pin.text_of("package"));
        let Some(name) = name else {
            reading.problem(pin.span, "a package without a location was not read");
            continue;
        };
        let state = pin.get("state");
        let version = state
            .and_then(|state| state.entry("version"))
            .filter(|entry| entry.value.text().is_some());
        let place = version
            .or_else(|| state.and_then(|state| state.entry("revision")))
            .map_or(pin.span, Entry::span);
        let mut package = Package::new(Ecosystem::SwiftUrl, url_name(name), place);
        package.version = version
            .and_then(|entry| entry.value.text())
            .map(str::to_owned);
        match (
            pin.text_of("kind"),
            state.and_then(|state| state.text_of("revision")),
        ) {
            (Some("localSourceControl" | "fileSystem"), _) => {
                package.source = PackageSource::Path(name.to_owned());
            }
            // Without a version a commit or a branch is used.
            (_, Some(revision)) if package.version.is_none() => {
                package.source = PackageSource::Git(format!("{name}#{revision}"));
            }
            _ => {}
        }
        reading.add(package);
    }
    // The file does not say who asks for whom; the manifest names its own.
    let Some((_, manifest)) = reading.beside("Package.swift") else {
        return;
    };
    let wanted: Vec<String> = packages(&manifest)
        .into_iter()
        .map(|package| package.name)
        .collect();
    for package in &mut reading.packages {
        package.direct = wanted.contains(&package.name);
    }
}

/// Returns the name of a package by its URL: without scheme, user and `.git`.
fn url_name(url: &str) -> String {
    let url = url.trim();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = if url.contains("://") {
        rest.to_owned()
    } else {
        rest.replacen(':', "/", 1)
    };
    let rest = rest.trim_end_matches('/');
    rest.strip_suffix(".git").unwrap_or(rest).to_lowercase()
}

pub(super) fn read_manifest(reading: &mut Reading<'_>) {
    for package in packages(reading.text) {
        reading.add(package);
    }
}

/// Finds `.package(url: "...", from: "1.0.0")` and its other forms.
fn packages(text: &str) -> Vec<Package> {
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(".package(").map(|at| at + from) {
        let open = start + ".package(".len();
        let end = closing(text, open);
        from = end;
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        if text[line..start].contains("//") {
            continue;
        }
        let inner = &text[open..end];
        let argument = |key: &str| {
            let at = inner.find(&format!("{key}:"))? + key.len() + 1;
            let value = inner[at..].trim_start().strip_prefix('"')?;
            value.split('"').next()
        };
        let mut package = Package::new(Ecosystem::SwiftUrl, "", span(start, end));
        package.direct = true;
        if let Some(url) = argument("url") {
            package.name = url_name(url);
        } else if let Some(path) = argument("path") {
            package.name = path.rsplit('/').next().unwrap_or(path).to_owned();
            package.source = PackageSource::Path(path.to_owned());
        } else {
            continue;
        }
        let exact = argument("exact").or_else(|| {
            let at = inner.find(".exact(")? + ".exact(".len();
            inner[at..]
                .trim_start()
                .strip_prefix('"')?
                .split('"')
                .next()
        });
        package.version = exact.map(str::to_owned);
        if let Some(least) = argument("from") {
            package.requirement = Some(format!(">={least}"));
        } else if let Some(revision) = argument("branch").or_else(|| argument("revision")) {
            package.requirement = Some(revision.to_owned());
        } else if package.source == PackageSource::Registry
            && let Some((least, most)) = inner.split_once("\"..")
        {
            let least = least.rsplit('"').next().unwrap_or("");
            let most = most.split('"').nth(1).unwrap_or("");
            package.requirement = Some(format!(">={least} <{most}"));
        }
        out.push(package);
    }
    out
}

/// Returns where the bracket is closed that is open at a place.
fn closing(text: &str, open: usize) -> usize {
    let mut depth = 1_usize;
    let mut in_text = false;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'"' => in_text = !in_text,
            b'(' if !in_text => depth += 1,
            b')' if !in_text => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    #[test]
    fn resolved_files_of_all_versions_are_read() {
        check(
            "Package.resolved",
            r#"{"object": {"pins": [
 {"package": "NIO", "repositoryURL": "https://github.com/apple/swift-nio.git",
  "state": {"branch": null, "revision": "abc", "version": "2.0.0"}}
]}, "version": 1}"#,
            "3 github.com/apple/swift-nio 2.0.0",
        );
        check_beside(
            "Package.resolved",
            r#"{"pins": [
 {"identity": "swift-nio", "kind": "remoteSourceControl", "location": "git@github.com:Apple/swift-nio.git",
  "state": {"revision": "abc", "version": "2.0.0"}},
 {"identity": "x", "kind": "remoteSourceControl", "location": "https://github.com/u/x",
  "state": {"branch": "main", "revision": "abc"}},
 {}
], "version": 3}"#,
            &[(
                "Package.swift",
                ".package(url: \"https://github.com/u/x\", branch: \"main\")",
            )],
            "3 github.com/apple/swift-nio 2.0.0
             5 github.com/u/x - direct git:https://github.com/u/x#abc
             ! 6 without a location",
        );
    }

    #[test]
    fn manifests_are_read() {
        check(
            "Package.swift",
            r#"let package = Package(dependencies: [
  .package(url: "https://github.com/apple/swift-nio.git", from: "2.0.0"),
  .package(url: "https://github.com/u/a", exact: "1.0.0"),
  .package(url: "https://github.com/u/b", .exact("1.1.0")),
  .package(url: "https://github.com/u/c", "1.0.0"..<"2.0.0"),
  .package(url: "https://github.com/u/d", branch: "main"),
  .package(path: "../Local"),
  // .package(url: "https://github.com/u/e", from: "1.0.0"),
])"#,
            "2 github.com/apple/swift-nio - [>=2.0.0] direct
             3 github.com/u/a 1.0.0 direct
             4 github.com/u/b 1.1.0 direct
             5 github.com/u/c - [>=1.0.0 <2.0.0] direct
             6 github.com/u/d - [main] direct
             7 Local - direct path:../Local",
        );
    }
}
