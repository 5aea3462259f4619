//! `package.json`: what a JavaScript project asks for.
//! <https://docs.npmjs.com/cli/configuring-npm/package-json>

use assay_source::Span;

use super::is_exact;
use crate::document::{Node, parse_json};
use crate::package::{Ecosystem, InstallScript, Package, PackageSource};
use crate::read::Reading;
use crate::read::reading::source_of_url;

/// One entry of the tables of dependencies.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) requirement: String,
    pub(super) span: Span,
    pub(super) dev: bool,
}

/// The tables, and whether what they name is used in development only. A name
/// in several counts as in the first.
const TABLES: &[(&str, bool)] = &[
    ("dependencies", false),
    ("optionalDependencies", false),
    ("devDependencies", true),
    ("peerDependencies", false),
];

/// The scripts that npm runs when a package is installed.
const INSTALL_SCRIPTS: &[&str] = &["preinstall", "install", "postinstall"];

pub(in crate::read) fn read(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_json(reading.text);
    reading.flaw(flaw);
    if !root.is_map() {
        return;
    }
    for (table, _) in TABLES {
        if let Some(node) = root.get(table)
            && !node.is_map()
        {
            reading.problem(
                node.span,
                format!("`{table}` is not an object and was not read"),
            );
        }
    }
    for script in root.get("scripts").map_or(&[][..], Node::entries) {
        if INSTALL_SCRIPTS.contains(&&*script.key) {
            reading.install_scripts.push(InstallScript {
                name: script.key.to_string(),
                command: script.value.text().unwrap_or("").to_owned(),
                span: script.span(),
            });
        }
    }
    let mut seen = std::collections::HashSet::new();
    for wanted in wanted_of(&root) {
        if seen.insert(wanted.name.clone()) {
            reading.add(package(&wanted));
        }
    }
}

/// Returns what the text of a manifest asks for.
pub(super) fn wanted(text: &str) -> Vec<Wanted> {
    wanted_of(&parse_json(text).0)
}

pub(super) fn wanted_of(root: &Node<'_>) -> Vec<Wanted> {
    let mut out = Vec::new();
    for &(table, dev) in TABLES {
        let entries = root.get(table).map_or(&[][..], Node::entries);
        out.extend(entries.iter().map(|entry| Wanted {
            name: entry.key.to_string(),
            requirement: entry.value.text().unwrap_or("").to_owned(),
            span: entry.span(),
            dev,
        }));
    }
    out
}

fn package(wanted: &Wanted) -> Package {
    let mut package = Package {
        direct: true,
        dev: wanted.dev,
        ..Package::new(Ecosystem::Npm, &wanted.name, wanted.span)
    };
    let (name, requirement, source) = parse_requirement(&wanted.requirement);
    if let Some(name) = name {
        package.name = name.to_owned();
    }
    package.source = source;
    let bare = requirement.trim_start_matches(['=', 'v']).trim();
    if is_exact(bare) {
        package.version = Some(bare.to_owned());
    }
    package.requirement = Some(requirement.to_owned());
    package
}

/// Takes a requirement apart: the real name behind an alias, the range, and
/// where the content comes from.
pub(super) fn parse_requirement(text: &str) -> (Option<&str>, &str, PackageSource) {
    let text = text.trim();
    if let Some(alias) = text.strip_prefix("npm:") {
        return match super::split_name(alias) {
            Some((name, range)) => (Some(name), range, PackageSource::Registry),
            // `npm:^1.0` keeps the name, `npm:other` is another one.
            None if alias.starts_with(|c: char| c.is_ascii_digit() || "^~<>=*".contains(c)) => {
                (None, alias, PackageSource::Registry)
            }
            None => (Some(alias), "", PackageSource::Registry),
        };
    }
    let paths = [
        "file:",
        "link:",
        "portal:",
        "workspace:",
        "./",
        "../",
        "~/",
        "/",
    ];
    if let Some(prefix) = paths.iter().find(|prefix| text.starts_with(**prefix)) {
        let path = if prefix.ends_with(':') {
            &text[prefix.len()..]
        } else {
            text
        };
        return (None, text, PackageSource::Path(path.to_owned()));
    }
    let hosts = ["github:", "gitlab:", "bitbucket:", "gist:"];
    let is_short = !text.contains(':') && text.split('/').count() == 2 && !text.starts_with('@');
    if hosts.iter().any(|host| text.starts_with(host)) || is_short {
        return (None, text, PackageSource::Git(text.to_owned()));
    }
    if text.contains("://") || text.starts_with("git@") {
        return (None, text, source_of_url(text));
    }
    (None, text, PackageSource::Registry)
}

#[cfg(test)]
mod tests {
    use super::parse_requirement;
    use crate::package::PackageSource;
    use crate::read::testing::check;

    #[test]
    fn tables_are_read() {
        check(
            "package.json",
            r#"{
  "name": "x",
  "dependencies": {
    "a": "1.2.3",
    "@s/b": "^1.0",
    "c": "npm:real@~2",
    "d": "file:../d",
    "e": "user/repo#main",
    "f": "*"
  },
  "devDependencies": { "g": "latest", "a": "2" },
  "peerDependencies": { "g": ">=1", "h": "1" }
}"#,
            "4 a 1.2.3 [1.2.3] direct
             5 @s/b - [^1.0] direct
             6 real - [~2] direct
             7 d - [file:../d] direct path:../d
             8 e - [user/repo#main] direct git:user/repo#main
             9 f - [*] direct
             11 g - [latest] direct dev
             12 h - [1] direct",
        );
    }

    #[test]
    fn requirements_say_where_content_comes_from() {
        let git = |url: &str| PackageSource::Git(url.to_owned());
        for (text, name, range, source) in [
            ("^1", None, "^1", PackageSource::Registry),
            ("npm:@s/x@1", Some("@s/x"), "1", PackageSource::Registry),
            ("npm:^1.0", None, "^1.0", PackageSource::Registry),
            ("npm:other", Some("other"), "", PackageSource::Registry),
            (
                "git+ssh://git@h/x.git#v1",
                None,
                "git+ssh://git@h/x.git#v1",
                git("git+ssh://git@h/x.git#v1"),
            ),
            (
                "https://h/x.tgz",
                None,
                "https://h/x.tgz",
                PackageSource::Url("https://h/x.tgz".into()),
            ),
            (
                "workspace:*",
                None,
                "workspace:*",
                PackageSource::Path("*".into()),
            ),
        ] {
            assert_eq!(parse_requirement(text), (name, range, source), "{text}");
        }
    }

    #[test]
    fn damage_is_said() {
        check(
            "package.json",
            "{\"dependencies\": {\"a\": \"1.0.0\",",
            "1 a 1.0.0 [1.0.0] direct
             ! 1 damaged",
        );
        check(
            "package.json",
            "{\"dependencies\": []}",
            "! 1 not an object",
        );
    }
}
