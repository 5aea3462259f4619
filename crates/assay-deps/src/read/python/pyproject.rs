//! `pyproject.toml`: PEP 621, PEP 735, poetry, pdm and uv.
//! <https://packaging.python.org/en/latest/specifications/pyproject-toml/>

use super::{Requirement, exact, normal_name, take};
use crate::document::{Entry, Node, parse_toml};
use crate::package::{Ecosystem, Package, PackageSource};
use crate::read::Reading;

pub(in crate::read) fn read(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_toml(reading.text);
    reading.flaw(flaw);
    for (list, dev) in lists(&root) {
        for item in list.items() {
            // A map in a group includes another group, which is read by itself.
            if let Some(text) = item.text() {
                take(reading, text, item.span, dev);
            }
        }
    }
    for (table, dev) in poetry_tables(&root) {
        for entry in table.entries().iter().filter(|entry| entry.key != "python") {
            let package = poetry_package(entry, dev);
            reading.add(package);
        }
    }
}

/// What a project asks for, by normal names: for its own use, and for
/// development only.
pub(super) fn wanted(text: &str) -> (Vec<String>, Vec<String>) {
    let (root, _) = parse_toml(text);
    let (mut others, mut development) = (Vec::new(), Vec::new());
    for (list, dev) in lists(&root) {
        let names = list
            .items()
            .iter()
            .filter_map(Node::text)
            .filter_map(Requirement::parse);
        let out = if dev { &mut development } else { &mut others };
        out.extend(names.map(|requirement| normal_name(requirement.name)));
    }
    for (table, dev) in poetry_tables(&root) {
        let out = if dev { &mut development } else { &mut others };
        out.extend(table.entries().iter().map(|entry| normal_name(&entry.key)));
    }
    (others, development)
}

/// The lists of requirements, and whether they are for development only.
fn lists<'n, 'a>(root: &'n Node<'a>) -> Vec<(&'n Node<'a>, bool)> {
    let mut out = Vec::new();
    let mut one = |path: &[&str], dev| out.extend(root.at(path).map(|node| (node, dev)));
    one(&["project", "dependencies"], false);
    one(&["build-system", "requires"], true);
    one(&["tool", "uv", "dev-dependencies"], true);
    let groups: [(&[&str], bool); 3] = [
        (&["project", "optional-dependencies"], false),
        (&["dependency-groups"], true),
        (&["tool", "pdm", "dev-dependencies"], true),
    ];
    for (path, dev) in groups {
        let entries = root.at(path).map_or(&[][..], Node::entries);
        out.extend(entries.iter().map(|entry| (&entry.value, dev)));
    }
    out
}

fn poetry_tables<'n, 'a>(root: &'n Node<'a>) -> Vec<(&'n Node<'a>, bool)> {
    let Some(poetry) = root.at(&["tool", "poetry"]) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    out.extend(poetry.get("dependencies").map(|node| (node, false)));
    out.extend(poetry.get("dev-dependencies").map(|node| (node, true)));
    for group in poetry.get("group").map_or(&[][..], Node::entries) {
        let dev = group.key != "main";
        out.extend(group.value.get("dependencies").map(|node| (node, dev)));
    }
    out
}

fn poetry_package(entry: &Entry<'_>, dev: bool) -> Package {
    // Several requirements for several platforms: the first one speaks.
    let value = entry.value.items().first().unwrap_or(&entry.value);
    let requirement = value.scalar().or_else(|| value.text_of("version"));
    let mut package = Package {
        direct: true,
        dev,
        requirement: requirement.map(str::to_owned),
        ..Package::new(Ecosystem::PyPi, normal_name(&entry.key), entry.span())
    };
    // A bare version is exactly that version.
    let bare = requirement.filter(|text| {
        text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['*', ',', '|', ' '])
    });
    package.version = bare.or(requirement.and_then(exact)).map(str::to_owned);
    if let Some(git) = value.text_of("git") {
        let revision = ["rev", "tag", "branch"]
            .iter()
            .find_map(|key| value.text_of(key));
        let hash = if revision.is_some() { "#" } else { "" };
        package.source = PackageSource::Git(format!("{git}{hash}{}", revision.unwrap_or("")));
    } else if let Some(path) = value.text_of("path") {
        package.source = PackageSource::Path(path.to_owned());
    } else if let Some(url) = value.text_of("url") {
        package.source = PackageSource::Url(url.to_owned());
    }
    package
}

#[cfg(test)]
mod tests {
    use crate::read::testing::check;

    #[test]
    fn tables_of_every_tool_are_read() {
        check(
            "pyproject.toml",
            r#"[build-system]
requires = ["setuptools>=61"]
[project]
name = "x"
dependencies = [
  "httpx",
  "gidgethub[httpx]==4.0",
  "bad requirement",
]
[project.optional-dependencies]
gui = ["PyQt5; 'linux' in sys_platform"]
[dependency-groups]
test = ["pytest>7", {include-group = "lint"}]
[tool.poetry.dependencies]
python = "^3.8"
requests = "^2.13.0"
exact = "1.2.3"
g = { git = "https://github.com/u/g.git", tag = "v1" }
many = [{ version = "<=1.9", python = "<3.8" }, { version = "2" }]
[tool.poetry.group.dev.dependencies]
black = { version = "==22.1.0" }
"#,
            "6 httpx - [] direct
             7 gidgethub 4.0 [==4.0] direct
             2 setuptools - [>=61] direct dev
             11 pyqt5 - [] direct
             13 pytest - [>7] direct dev
             16 requests - [^2.13.0] direct
             17 exact 1.2.3 [1.2.3] direct
             18 g - direct git:https://github.com/u/g.git#v1
             19 many - [<=1.9] direct
             21 black 22.1.0 [==22.1.0] direct dev
             ! 8 not understood",
        );
    }
}
