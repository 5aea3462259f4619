//! Lockfiles in TOML: `poetry.lock`, `uv.lock`, `pdm.lock` and `pylock.toml`
//! (PEP 751). They are alike; what differs is told apart here.

use std::collections::HashMap;

use super::{Requirement, normal_name, pyproject};
use crate::document::{Entry, Node, parse_toml};
use crate::graph;
use crate::package::{Ecosystem, Package, PackageSource};
use crate::read::Reading;

/// An entry with its package; none for the project itself.
struct Locked<'n, 'a> {
    node: &'n Node<'a>,
    name: String,
    index: Option<u32>,
}

/// Packages by name, with the version that each has.
type Index<'n> = HashMap<String, Vec<(&'n str, Option<u32>)>>;

pub(in crate::read) fn read_poetry(reading: &mut Reading<'_>) {
    read_with(reading, "package", |reading, _, locked, index| {
        link_tables(reading, locked, index);
        mark_from_pyproject(reading, index);
        for locked in locked {
            let node = locked.node;
            // Until version 1.5 a category, since version 2 the groups.
            let groups = node.get("groups").map_or(&[][..], Node::items);
            let others = groups
                .iter()
                .filter_map(Node::text)
                .any(|group| group == "main");
            let is_dev = node.text_of("category") == Some("dev") || (!groups.is_empty() && !others);
            mark_dev(reading, locked, is_dev);
        }
    });
}

pub(in crate::read) fn read_uv(reading: &mut Reading<'_>) {
    read_with(reading, "package", |reading, root, locked, index| {
        let (mut others, mut dev) = (Vec::new(), Vec::new());
        for from in locked {
            for (wanted, is_dev) in uv_wanted(from.node) {
                let Some(to) = find(index, wanted) else {
                    continue;
                };
                match from.index {
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
        // A workspace has groups of its own.
        let groups = root
            .at(&["manifest", "dependency-groups"])
            .map_or(&[][..], Node::entries);
        let shared = root
            .at(&["manifest", "requirements"])
            .map_or(&[][..], Node::items);
        let in_groups = groups
            .iter()
            .flat_map(|group| group.value.items())
            .map(|item| (item, true));
        for (wanted, is_dev) in in_groups.chain(shared.iter().map(|item| (item, false))) {
            let Some(to) = find(index, wanted) else {
                continue;
            };
            if let Some(package) = reading.get_mut(to) {
                package.direct = true;
            }
            if is_dev { &mut dev } else { &mut others }.push(to);
        }
        if others.is_empty() && dev.is_empty() {
            graph::mark_unasked_direct(&mut reading.packages);
        }
        graph::mark_dev(&mut reading.packages, others, dev);
    });
}

/// What an entry of uv asks for, and whether for development only.
fn uv_wanted<'n, 'a>(node: &'n Node<'a>) -> Vec<(&'n Node<'a>, bool)> {
    let list = node.get("dependencies").map_or(&[][..], Node::items);
    let mut out: Vec<_> = list.iter().map(|item| (item, false)).collect();
    for (table, dev) in [("optional-dependencies", false), ("dev-dependencies", true)] {
        for group in node.get(table).map_or(&[][..], Node::entries) {
            out.extend(group.value.items().iter().map(|item| (item, dev)));
        }
    }
    out
}

pub(in crate::read) fn read_pdm(reading: &mut Reading<'_>) {
    read_with(reading, "package", |reading, _, locked, index| {
        for from in locked {
            let wanted = from.node.get("dependencies").map_or(&[][..], Node::items);
            for requirement in wanted
                .iter()
                .filter_map(Node::text)
                .filter_map(Requirement::parse)
            {
                let to = find_name(index, &normal_name(requirement.name), requirement.exact());
                if let (Some(from), Some(to)) = (from.index, to) {
                    reading.link(from, to);
                }
            }
        }
        mark_from_pyproject(reading, index);
        for locked in locked {
            let groups = locked.node.get("groups").map_or(&[][..], Node::items);
            let others = groups
                .iter()
                .filter_map(Node::text)
                .any(|group| group == "default");
            mark_dev(reading, locked, !groups.is_empty() && !others);
        }
    });
}

pub(in crate::read) fn read_pylock(reading: &mut Reading<'_>) {
    read_with(reading, "packages", |reading, _, locked, index| {
        for from in locked {
            for wanted in from.node.get("dependencies").map_or(&[][..], Node::items) {
                if let (Some(from), Some(to)) = (from.index, find(index, wanted)) {
                    reading.link(from, to);
                }
            }
        }
        mark_from_pyproject(reading, index);
    });
}

fn mark_dev(reading: &mut Reading<'_>, locked: &Locked<'_, '_>, dev: bool) {
    if let Some(package) = locked.index.and_then(|at| reading.get_mut(at)) {
        package.dev |= dev;
    }
}

/// Reads the list of packages, then lets the format link them.
fn read_with(
    reading: &mut Reading<'_>,
    list: &str,
    link: fn(&mut Reading<'_>, &Node<'_>, &[Locked<'_, '_>], &Index<'_>),
) {
    let (root, flaw) = parse_toml(reading.text);
    reading.flaw(flaw);
    let mut locked = Vec::new();
    let mut index: Index<'_> = HashMap::new();
    for node in root.get(list).map_or(&[][..], Node::items) {
        let Some(written) = node.text_of("name") else {
            reading.problem(node.span, "a package without a name was not read");
            continue;
        };
        let name = normal_name(written);
        let version = node.text_of("version").unwrap_or("");
        // pdm has a further entry for each set of extras.
        let known = index
            .get(&name)
            .and_then(|list| list.iter().find(|(other, _)| *other == version));
        let at = match known {
            Some((_, at)) => *at,
            None => {
                let package = package(node, &name);
                let at = package.and_then(|package| reading.add(package));
                index.entry(name.clone()).or_default().push((version, at));
                at
            }
        };
        locked.push(Locked {
            node,
            name,
            index: at,
        });
    }
    link(reading, &root, &locked, &index);
}

/// Makes the package of an entry; none for a folder of the project itself.
fn package(node: &Node<'_>, name: &str) -> Option<Package> {
    let entry = node.entry("version").or_else(|| node.entry("name"));
    let mut package = Package::new(Ecosystem::PyPi, name, entry.map_or(node.span, Entry::span));
    package.version = node.text_of("version").map(str::to_owned);
    let source = node.get("source");
    let text = |key: &str| source.and_then(|source| source.text_of(key));
    let own = |key: &str| node.text_of(key);
    if ["virtual", "editable", "directory"]
        .iter()
        .any(|key| text(key).is_some())
        || node.get("directory").is_some()
    {
        return None;
    }
    package.source = match text("type") {
        // poetry
        Some("git") => {
            let revision = text("resolved_reference").unwrap_or("");
            PackageSource::Git(format!("{}#{revision}", text("url").unwrap_or("")))
        }
        Some("url") => PackageSource::Url(text("url").unwrap_or("").to_owned()),
        Some("directory") => return None,
        Some("file") => PackageSource::Path(text("url").unwrap_or("").to_owned()),
        Some("legacy") => PackageSource::Url(text("url").unwrap_or("").to_owned()),
        _ => other_source(node, &text, &own),
    };
    Some(package)
}

fn other_source<'s>(
    node: &'s Node<'_>,
    text: &dyn Fn(&str) -> Option<&'s str>,
    own: &dyn Fn(&str) -> Option<&'s str>,
) -> PackageSource {
    // uv keeps it in `source`, pdm beside the name, PEP 751 in tables.
    if let Some(git) = text("git") {
        return PackageSource::Git(git.to_owned());
    }
    if let Some(git) = own("git") {
        return PackageSource::Git(format!(
            "{git}#{}",
            own("revision").or(own("ref")).unwrap_or("")
        ));
    }
    if let Some(url) = node.at(&["vcs", "url"]).and_then(Node::text) {
        let commit = node.at(&["vcs", "commit-id"]).and_then(Node::text);
        return PackageSource::Git(format!("{url}#{}", commit.unwrap_or("")));
    }
    let archive = node.at(&["archive", "url"]).and_then(Node::text);
    if let Some(url) = text("url").or(own("url")).or(archive) {
        return PackageSource::Url(url.to_owned());
    }
    if let Some(path) = text("path").or(own("path")) {
        return PackageSource::Path(path.to_owned());
    }
    let index = text("registry").or(own("index")).unwrap_or("");
    if index.is_empty() || index.contains("://pypi.org/") {
        PackageSource::Registry
    } else {
        PackageSource::Url(index.to_owned())
    }
}

/// Links by poetry's tables of dependencies: names are keys.
fn link_tables(reading: &mut Reading<'_>, locked: &[Locked<'_, '_>], index: &Index<'_>) {
    for from in locked {
        for wanted in from.node.get("dependencies").map_or(&[][..], Node::entries) {
            let name = normal_name(&wanted.key);
            // Where several versions are locked it is any of them by a marker.
            let all = index.get(&name).map_or(&[][..], Vec::as_slice);
            for child in all.iter().filter_map(|(_, at)| *at) {
                match from.index {
                    Some(parent) if name != from.name => reading.link(parent, child),
                    Some(_) => {}
                    // A folder of the project asks for it.
                    None => {
                        if let Some(package) = reading.get_mut(child) {
                            package.direct = true;
                        }
                    }
                }
            }
        }
    }
}

fn find(index: &Index<'_>, wanted: &Node<'_>) -> Option<u32> {
    let name = normal_name(wanted.text_of("name")?);
    find_name(index, &name, wanted.text_of("version"))
}

fn find_name(index: &Index<'_>, name: &str, version: Option<&str>) -> Option<u32> {
    let all = index.get(name)?;
    let exact = all.iter().find(|(other, _)| version == Some(*other));
    exact.or_else(|| all.first()).and_then(|(_, at)| *at)
}

/// Marks what the project's manifest asks for; without one, what nobody asks for.
fn mark_from_pyproject(reading: &mut Reading<'_>, index: &Index<'_>) {
    let Some((_, text)) = reading.beside("pyproject.toml") else {
        graph::mark_unasked_direct(&mut reading.packages);
        return;
    };
    let (others, dev) = pyproject::wanted(&text);
    let places = |names: &[String]| -> Vec<u32> {
        let all = names.iter().filter_map(|name| index.get(name)).flatten();
        all.filter_map(|(_, at)| *at).collect()
    };
    let (others, dev) = (places(&others), places(&dev));
    if others.is_empty() && dev.is_empty() {
        graph::mark_unasked_direct(&mut reading.packages);
    }
    for &at in others.iter().chain(&dev) {
        if let Some(package) = reading.get_mut(at) {
            package.direct = true;
        }
    }
    graph::mark_dev(&mut reading.packages, others, dev);
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    #[test]
    fn poetry_is_read() {
        let text = r#"[[package]]
name = "Flask"
version = "2.0.1"
optional = false
groups = ["main"]
[package.dependencies]
Jinja2 = ">=3.0"
[[package]]
name = "jinja2"
version = "3.0"
[[package]]
name = "pytest"
version = "7.0"
category = "dev"
[[package]]
name = "own"
version = "0.1"
[package.source]
type = "git"
url = "https://github.com/u/own.git"
resolved_reference = "abc"
[metadata]
lock-version = "2.0"
"#;
        check(
            "poetry.lock",
            text,
            "3 flask 2.0.1 direct
             10 jinja2 3.0 <flask
             13 pytest 7.0 direct dev
             17 own 0.1 direct git:https://github.com/u/own.git#abc",
        );
        check_beside(
            "poetry.lock",
            text,
            &[(
                "pyproject.toml",
                "[tool.poetry.dependencies]\nflask='*'\n[tool.poetry.group.dev.dependencies]\nown='*'\n",
            )],
            "3 flask 2.0.1 direct
             10 jinja2 3.0 <flask
             13 pytest 7.0 dev
             17 own 0.1 direct dev git:https://github.com/u/own.git#abc",
        );
    }

    #[test]
    fn uv_is_read() {
        check(
            "uv.lock",
            r#"version = 1
[manifest.dependency-groups]
lint = [{ name = "l" }]
[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "a" }, { name = "b", version = "2.0" }]
[package.dev-dependencies]
dev = [{ name = "t" }]
[[package]]
name = "a"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "b", version = "1.0", marker = "x" }]
[[package]]
name = "b"
version = "1.0"
source = { registry = "https://example.org/simple" }
[[package]]
name = "b"
version = "2.0"
source = { git = "https://github.com/u/b?rev=v2#abc" }
[[package]]
name = "t"
version = "3.0"
[[package]]
name = "l"
version = "4.0"
"#,
            "13 a 1.0 direct
             18 b 1.0 <a url:https://example.org/simple
             22 b 2.0 direct git:https://github.com/u/b?rev=v2#abc
             26 t 3.0 direct dev
             29 l 4.0 direct dev",
        );
    }

    #[test]
    fn pdm_is_read() {
        check(
            "pdm.lock",
            r#"[[package]]
name = "a"
version = "1.0"
groups = ["default"]
dependencies = ["B>=1; python_version < '3'"]
[[package]]
name = "b"
version = "2.0"
groups = ["default", "dev"]
[[package]]
name = "a"
version = "1.0"
extras = ["x"]
groups = ["default"]
dependencies = ["a==1.0"]
[[package]]
name = "t"
version = "1"
groups = ["dev"]
[[package]]
version = "1"
"#,
            "3 a 1.0 direct
             8 b 2.0 <a
             18 t 1 direct dev
             ! 20 without a name",
        );
    }

    #[test]
    fn pylock_is_read() {
        check(
            "pylock.toml",
            r#"lock-version = '1.0'
[[packages]]
name = 'attrs'
version = '25.1.0'
[[packages]]
name = 'cattrs'
version = '24.1.2'
dependencies = [{name = 'attrs'}]
[[packages]]
name = 'v'
vcs = {type = 'git', url = 'https://example.org/v.git', commit-id = 'abc'}
[[packages]]
name = 'own'
directory = {path = '.'}
"#,
            "4 attrs 25.1.0 <cattrs
             7 cattrs 24.1.2 direct
             10 v - direct git:https://example.org/v.git#abc",
        );
    }
}
