//! Files of key-value pairs: what programs read from them, and where modules
//! say that they are.

use std::collections::BTreeMap;

use assay_source::RepoPath;

/// Files of key-value pairs, for constants that code reads there: by file name,
/// and what says where a module is by its path.
pub type Properties = BTreeMap<String, BTreeMap<String, String>>;

/// Returns whether the dataflow engine reads pairs from a file.
pub fn has_properties(path: &RepoPath) -> bool {
    path.as_bytes().ends_with(b".properties")
        || matches!(path.file_name(), b"go.mod" | b"Cargo.toml")
}

/// Adds the keys and values of a file.
pub fn add_properties(properties: &mut Properties, path: &RepoPath, text: &str) {
    if path.file_name() == b"go.mod" {
        let module = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("module"))
            .find_map(|rest| rest.split_whitespace().next());
        if let (Some(module), Some(path)) = (module, path.as_str()) {
            let module = without_version(module.trim_matches(['"', '`']));
            let pairs = BTreeMap::from([("module".to_owned(), module)]);
            properties.insert(path.to_owned(), pairs);
        }
        return;
    }
    if path.file_name() == b"Cargo.toml" {
        if let (Some(name), Some(path)) = (crate_name(text), path.as_str()) {
            let pairs = BTreeMap::from([("module".to_owned(), name)]);
            properties.insert(path.to_owned(), pairs);
        }
        return;
    }
    let name = String::from_utf8_lossy(path.file_name()).into_owned();
    let known = properties.entry(name).or_default();
    for line in text.lines() {
        let line = line.trim_start();
        if line.starts_with(['#', '!']) {
            continue;
        }
        if let Some((key, value)) = line.split_once(['=', ':']) {
            known.insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
}

/// Returns the name by which code knows the library of a package.
fn crate_name(manifest: &str) -> Option<String> {
    let mut section = "";
    let mut found = None;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let value = line.strip_prefix("name").map(str::trim_start);
        let Some(value) = value.and_then(|value| value.strip_prefix('=')) else {
            continue;
        };
        let value = value.trim().trim_matches(['"', '\'']);
        match section {
            "[lib]" => return Some(value.to_owned()),
            "[package]" => found = Some(value.replace('-', "_")),
            _ => {}
        }
    }
    found
}

/// Returns the path of a module or of a package in it without the version that
/// is a part of it: `example.org/shop/v2/store`, `gopkg.in/yaml.v3`.
pub(crate) fn without_version(path: &str) -> String {
    let number = |digits: &str| digits.parse::<u32>().ok();
    let mut parts: Vec<&str> = path.split('/').collect();
    let has_host = parts[0].contains('.');
    if let Some((name, _)) = parts
        .get(1)
        .filter(|_| has_host && parts[0] == "gopkg.in")
        .and_then(|last| last.rsplit_once(".v"))
    {
        parts[1] = name;
    }
    let is_version = |part: &&str| {
        let number = part.strip_prefix('v').and_then(number);
        number.is_some_and(|number| number > 1)
    };
    // Behind the host stand an owner and a repository, or the module alone.
    let place = [2, 3]
        .into_iter()
        .find(|at| parts.get(*at).is_some_and(is_version));
    if let Some(at) = place.filter(|_| has_host) {
        parts.remove(at);
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use assay_source::RepoPath;

    use super::{Properties, add_properties};

    #[test]
    fn files_are_read_line_by_line() {
        for (path, text, key, pairs) in [
            (
                "a/b.properties",
                "# a comment\n key = value\nother:x=y\n! no\nbare\n",
                "b.properties",
                vec![("key", "value"), ("other", "x=y")],
            ),
            (
                "back/go.mod",
                "// the module\nmodule example.org/shop\n\ngo 1.22\n",
                "back/go.mod",
                vec![("module", "example.org/shop")],
            ),
            ("go.mod", "go 1.22\n", "go.mod", vec![]),
            (
                "crates/db/Cargo.toml",
                "[package]\nname = \"shop-db\"\n[[bin]]\nname = \"x\"\n",
                "crates/db/Cargo.toml",
                vec![("module", "shop_db")],
            ),
            (
                "Cargo.toml",
                "[package]\nname = 'shop'\n[lib]\nname = \"store\"\n",
                "Cargo.toml",
                vec![("module", "store")],
            ),
        ] {
            let mut found = Properties::new();
            add_properties(&mut found, &RepoPath::from_bytes(path), text);
            let found = found.get(key).into_iter().flatten();
            let found: Vec<(&str, &str)> = found.map(|(k, v)| (k.as_str(), v.as_str())).collect();
            assert_eq!(found, pairs, "{path}");
        }
    }
}
