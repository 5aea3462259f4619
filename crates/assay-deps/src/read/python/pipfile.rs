//! `Pipfile` and `Pipfile.lock`. <https://pipenv.pypa.io/en/latest/pipfile.html>

use std::collections::HashMap;

use super::{exact, normal_name};
use crate::document::{Entry, Node, parse_json, parse_toml};
use crate::package::{Ecosystem, Package, PackageSource};
use crate::read::Reading;

pub(in crate::read) fn read(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_toml(reading.text);
    reading.flaw(flaw);
    for (table, dev) in [("packages", false), ("dev-packages", true)] {
        for entry in root.get(table).map_or(&[][..], Node::entries) {
            let mut package = package(entry);
            package.direct = true;
            package.dev = dev;
            reading.add(package);
        }
    }
}

pub(in crate::read) fn read_lock(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_json(reading.text);
    reading.flaw(flaw);
    let manifest = reading.beside("Pipfile").map(|(_, text)| names(&text));
    let mut seen: HashMap<String, u32> = HashMap::new();
    for (table, dev) in [("default", false), ("develop", true)] {
        for entry in root.get(table).map_or(&[][..], Node::entries) {
            let mut package = package(entry);
            package.requirement = None;
            package.dev = dev;
            // Without a manifest nothing says what is direct: all is.
            package.direct = manifest
                .as_ref()
                .is_none_or(|names| names.contains(&package.name));
            if let Some(version) = entry.value.entry("version") {
                package.span = version.span();
            }
            let key = format!(
                "{}@{}",
                package.name,
                package.version.as_deref().unwrap_or("")
            );
            if seen.contains_key(&key) {
                continue;
            }
            if let Some(at) = reading.add(package) {
                seen.insert(key, at);
            }
        }
    }
}

fn names(manifest: &str) -> Vec<String> {
    let (root, _) = parse_toml(manifest);
    let tables = ["packages", "dev-packages"]
        .into_iter()
        .filter_map(|table| root.get(table));
    let entries = tables.flat_map(|table| table.entries().iter());
    entries.map(|entry| normal_name(&entry.key)).collect()
}

fn package(entry: &Entry<'_>) -> Package {
    let value = &entry.value;
    let requirement = value.text().or_else(|| value.text_of("version"));
    let mut package = Package {
        requirement: requirement.map(str::to_owned),
        version: requirement.and_then(exact).map(str::to_owned),
        ..Package::new(Ecosystem::PyPi, normal_name(&entry.key), entry.span())
    };
    if let Some(git) = value.text_of("git") {
        let hash = value.text_of("ref").map(|revision| format!("#{revision}"));
        package.source = PackageSource::Git(format!("{git}{}", hash.unwrap_or_default()));
    } else if let Some(path) = value.text_of("path") {
        package.source = PackageSource::Path(path.to_owned());
    } else if let Some(file) = value.text_of("file") {
        package.source = super::source_of(file);
    }
    package
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    #[test]
    fn manifests_are_read() {
        check(
            "Pipfile",
            "[[source]]\nurl = 'x'\n[packages]\nFlask = '*'\na = {version = '==1.0', extras = ['x']}\ng = {git = 'https://github.com/u/g.git', ref = 'v1'}\n[dev-packages]\nt = '>=1'\n",
            "4 flask - [*] direct
             5 a 1.0 [==1.0] direct
             6 g - direct git:https://github.com/u/g.git#v1
             8 t - [>=1] direct dev",
        );
    }

    #[test]
    fn lockfiles_are_read() {
        check_beside(
            "Pipfile.lock",
            r#"{"_meta": {},
 "default": {
  "flask": {"hashes": [],
    "version": "==2.0.1"},
  "jinja2": {"version": "==3.0"},
  "g": {"git": "https://github.com/u/g.git", "ref": "abc"}
 },
 "develop": {"t": {"version": "==1.0"}, "jinja2": {"version": "==3.0"}}
}"#,
            &[(
                "Pipfile",
                "[packages]\nFlask = '*'\ng = '*'\n[dev-packages]\nt = '*'\n",
            )],
            "4 flask 2.0.1 direct
             5 jinja2 3.0
             6 g - direct git:https://github.com/u/g.git#abc
             8 t 1.0 direct dev",
        );
    }
}
