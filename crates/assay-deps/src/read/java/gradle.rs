//! Gradle's files of data: `gradle.lockfile`, `verification-metadata.xml` and
//! the version catalogue `libs.versions.toml`.
//! <https://docs.gradle.org/current/userguide/dependency_locking.html>

use super::maven::set_version;
use crate::document::{Element, Entry, Node, parse_toml, parse_xml};
use crate::package::{Ecosystem, Package};
use crate::read::Reading;
use crate::read::go::lines;
use crate::read::reading::pinned;

/// Lines of `group:artifact:version=configuration,configuration`.
pub(in crate::read) fn read_lock(reading: &mut Reading<'_>) {
    for (line, place) in lines(reading.text) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("empty=") {
            continue;
        }
        let (coordinates, configurations) = line.split_once('=').unwrap_or((line, ""));
        let mut parts = coordinates.split(':');
        let (Some(group), Some(artifact), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            reading.problem(
                place,
                "this line is not `group:artifact:version=configurations`",
            );
            continue;
        };
        let mut package = pinned(
            Ecosystem::Maven,
            format!("{group}:{artifact}"),
            version,
            place,
        );
        let mut configurations = configurations.split(',').peekable();
        package.dev = configurations.peek().is_some_and(|first| !first.is_empty())
            && configurations.all(|name| name.to_ascii_lowercase().contains("test"));
        reading.add(package);
    }
}

pub(in crate::read) fn read_verification(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_xml(reading.text);
    reading.flaw(flaw);
    let components = root.child("components");
    for component in components
        .into_iter()
        .flat_map(|list| list.children_of("component"))
    {
        let part = |name| component.attribute(name).unwrap_or("");
        let (group, artifact, version) = (part("group"), part("name"), part("version"));
        if group.is_empty() || artifact.is_empty() || version.is_empty() {
            reading.problem(
                opening(component),
                "a component without group, name or version was not read",
            );
            continue;
        }
        // Project files alone are read to find versions; their code is not used.
        let mut artifacts = component.children_of("artifact").peekable();
        if artifacts.peek().is_some()
            && artifacts.all(|artifact| {
                let name = artifact.attribute("name").unwrap_or("");
                name.ends_with(".pom") || name.ends_with(".module")
            })
        {
            continue;
        }
        let package = pinned(
            Ecosystem::Maven,
            format!("{group}:{artifact}"),
            version,
            opening(component),
        );
        reading.add(package);
    }
}

/// The first bytes of an element, so that the place is one line.
fn opening(element: &Element) -> assay_source::Span {
    let start = element.span.start;
    let end = element
        .children
        .first()
        .map_or(element.span.end, |child| child.span.start);
    assay_source::Span::new(start, end.max(start))
}

pub(in crate::read) fn read_catalogue(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_toml(reading.text);
    reading.flaw(flaw);
    for (table, is_plugin) in [("libraries", false), ("plugins", true)] {
        for entry in root.get(table).map_or(&[][..], Node::entries) {
            match catalogue_package(&root, entry, is_plugin) {
                Some(package) => {
                    reading.add(package);
                }
                None => reading.problem(
                    entry.span(),
                    format!("`{}` has no group and artifact", entry.key),
                ),
            }
        }
    }
}

fn catalogue_package(root: &Node<'_>, entry: &Entry<'_>, is_plugin: bool) -> Option<Package> {
    let node = &entry.value;
    let (id, mut version) = match node.text() {
        // `group:artifact:version`, for plugins `id:version`.
        Some(text) => {
            let (id, version) = text.rsplit_once(':')?;
            (id.to_owned(), Some(version))
        }
        None => {
            let id = if is_plugin {
                node.text_of("id")
            } else {
                node.text_of("module")
            };
            let id = match id {
                Some(id) => id.to_owned(),
                None => format!("{}:{}", node.text_of("group")?, node.text_of("name")?),
            };
            (id, None)
        }
    };
    // A plugin is found by an artifact that is named after its id.
    let name = if is_plugin {
        format!("{id}:{id}.gradle.plugin")
    } else {
        id
    };
    let mut place = entry.span();
    if let Some(stated) = node.get("version") {
        let mut value = stated;
        if let Some(reference) = stated.text_of("ref") {
            let shared = root.get("versions")?.entry(reference)?;
            value = &shared.value;
            place = shared.span();
        }
        version = value.text().or_else(|| {
            let rich = ["strictly", "require", "prefer"];
            rich.iter().find_map(|key| value.text_of(key))
        });
    }
    let mut package = Package::new(Ecosystem::Maven, name, place);
    package.direct = true;
    package.dev = is_plugin;
    if let Some(version) = version {
        set_version(&mut package, version);
    }
    Some(package)
}

#[cfg(test)]
mod tests {
    use crate::read::testing::check;

    #[test]
    fn lockfiles_are_read() {
        check(
            "app/gradle.lockfile",
            "# This is a Gradle generated file
org.a:a:1.0=compileClasspath,testRuntimeClasspath
org.b:b:2.0=testCompileClasspath,testRuntimeClasspath
org.c:c=x
empty=annotationProcessor
",
            "2 org.a:a 1.0
             3 org.b:b 2.0 dev
             ! 4 group:artifact:version",
        );
    }

    #[test]
    fn verification_metadata_is_read() {
        check(
            "gradle/verification-metadata.xml",
            "<verification-metadata><components>
<component group='org.a' name='a' version='1.0'>
 <artifact name='a-1.0.jar'><sha256 value='0'/></artifact></component>
<component group='org.p' name='p' version='1.0'><artifact name='p-1.0.pom'/></component>
<component group='org.b' name='b'/>
</components></verification-metadata>",
            "2 org.a:a 1.0
             ! 5 without group",
        );
    }

    #[test]
    fn catalogues_are_read() {
        check(
            "gradle/libs.versions.toml",
            r#"[versions]
a = "1.0"
rich = { strictly = "[1,2)", prefer = "1.5" }
[libraries]
a = { module = "org.a:a", version.ref = "a" }
b = { group = "org.b", name = "b", version = "2.0" }
c = "org.c:c:3.0"
d = { module = "org.d:d" }
e = { module = "org.e:e", version.ref = "rich" }
broken = "x"
[plugins]
p = { id = "org.p", version.ref = "a" }
"#,
            "2 org.a:a 1.0 direct
             6 org.b:b 2.0 direct
             7 org.c:c 3.0 direct
             8 org.d:d - direct
             3 org.e:e - [[1,2)] direct
             2 org.p:org.p.gradle.plugin 1.0 direct dev
             ! 10 `broken`",
        );
    }
}
