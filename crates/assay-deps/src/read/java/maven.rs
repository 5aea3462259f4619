//! `pom.xml`, with the properties and managed versions of its parents where they
//! are in the tree. <https://maven.apache.org/pom.html>

use std::collections::HashMap;

use crate::document::{Element, parse_xml};
use crate::package::{Ecosystem, Package, PackageSource};
use crate::read::Reading;
use crate::read::reading::resolve;
use assay_source::RepoPath;

/// How many parents are followed.
const PARENTS_MAX: usize = 16;

/// How often a property may stand for another one.
const PROPERTY_STEPS_MAX: usize = 16;

/// How long a text may become by its properties.
const PROPERTY_BYTES_MAX: usize = 4096;

pub(in crate::read) fn read(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_xml(reading.text);
    reading.flaw(flaw);
    if root.name != "project" {
        return;
    }
    let model = Model::new(reading, &root);
    let mut holders = vec![&root];
    if let Some(profiles) = root.child("profiles") {
        holders.extend(profiles.children_of("profile"));
    }
    for holder in holders {
        let managed = holder.at(&["dependencyManagement", "dependencies"]);
        for (list, is_managed) in [(managed, true), (holder.child("dependencies"), false)] {
            let all = list
                .into_iter()
                .flat_map(|list| list.children_of("dependency"));
            for dependency in all {
                // A managed version stands in one place, in this file or in a
                // parent that is read by itself: the package is named there.
                let is_elsewhere = !is_managed
                    && dependency.text_of("version").is_none()
                    && model
                        .name(dependency)
                        .is_some_and(|name| model.managed.contains_key(&name));
                if is_elsewhere {
                    continue;
                }
                match model.package(dependency, &root) {
                    Some(package) => {
                        reading.add(package);
                    }
                    None => reading.problem(
                        dependency.span,
                        "this dependency has no group or no artifact and was not read",
                    ),
                }
            }
        }
    }
}

/// What a project says together with its parents.
#[derive(Default)]
struct Model {
    properties: HashMap<String, String>,
    /// By `group:artifact`: version and scope.
    managed: HashMap<String, (String, Option<String>)>,
}

impl Model {
    fn new(reading: &Reading<'_>, root: &Element) -> Self {
        let mut chain = vec![root.clone()];
        let mut path: RepoPath = reading.path.clone();
        while chain.len() <= PARENTS_MAX {
            let Some(next) = parent(reading, &path, chain.last().unwrap_or(root)) else {
                break;
            };
            path = next.0;
            chain.push(next.1);
        }
        let mut model = Self::default();
        // The farthest first: nearer ones speak louder.
        for project in chain.iter().rev() {
            for property in project.child("properties").map_or(&[][..], |p| &p.children) {
                model
                    .properties
                    .insert(property.name.clone(), property.text.clone());
            }
            let parent = project.child("parent");
            for key in ["groupId", "artifactId", "version"] {
                let inherited = parent.and_then(|parent| parent.text_of(key));
                let value = project.text_of(key).or(inherited).unwrap_or("");
                for prefix in ["project.", "pom.", ""] {
                    model
                        .properties
                        .insert(format!("{prefix}{key}"), value.to_owned());
                }
                if let Some(inherited) = inherited {
                    for prefix in ["project.parent.", "parent."] {
                        model
                            .properties
                            .insert(format!("{prefix}{key}"), inherited.to_owned());
                    }
                }
            }
        }
        for project in chain.iter().rev() {
            let managed = project.at(&["dependencyManagement", "dependencies"]);
            for dependency in managed
                .into_iter()
                .flat_map(|list| list.children_of("dependency"))
            {
                let (Some(name), Some(version)) =
                    (model.name(dependency), dependency.text_of("version"))
                else {
                    continue;
                };
                let scope = dependency.text_of("scope").map(str::to_owned);
                let version = model.expand(version);
                model.managed.insert(name, (version, scope));
            }
        }
        model
    }

    fn name(&self, dependency: &Element) -> Option<String> {
        let group = self.expand(dependency.text_of("groupId")?);
        let artifact = self.expand(dependency.text_of("artifactId")?);
        Some(format!("{group}:{artifact}"))
    }

    /// Puts the values of properties in their places; what nobody sets stays,
    /// and so does a text whose properties stand for each other in a circle.
    fn expand(&self, written: &str) -> String {
        let mut text = written.to_owned();
        for _ in 0..PROPERTY_STEPS_MAX {
            let Some((start, end, value)) = self.next_property(&text) else {
                return text;
            };
            if text.len() + value.len() > PROPERTY_BYTES_MAX {
                break;
            }
            text.replace_range(start..end, &value);
        }
        written.to_owned()
    }

    fn next_property(&self, text: &str) -> Option<(usize, usize, String)> {
        let mut from = 0;
        while let Some(start) = text[from..].find("${").map(|at| at + from) {
            let end = start + text[start..].find('}')?;
            if let Some(value) = self.properties.get(&text[start + 2..end]) {
                return Some((start, end + 1, value.clone()));
            }
            from = end;
        }
        None
    }

    fn package(&self, dependency: &Element, root: &Element) -> Option<Package> {
        let name = self.name(dependency)?;
        let managed = self.managed.get(&name);
        let own = dependency
            .child("version")
            .filter(|version| !version.text.is_empty());
        // Where the version is a property of this file it is that line that one edits.
        let property = own
            .and_then(|own| own.text.strip_prefix("${")?.strip_suffix('}'))
            .and_then(|name| root.child("properties")?.child(name));
        let place = property
            .or(own)
            .or(dependency.child("artifactId"))
            .unwrap_or(dependency)
            .span;
        let mut package = Package::new(Ecosystem::Maven, &name, place);
        package.direct = true;
        let version = own
            .map(|version| self.expand(&version.text))
            .or_else(|| managed.map(|(version, _)| version.clone()));
        if let Some(version) = version {
            set_version(&mut package, &version);
        }
        let scope = dependency.text_of("scope").map(|scope| self.expand(scope));
        let scope = scope.or_else(|| managed.and_then(|(_, scope)| scope.clone()));
        package.dev = scope.as_deref() == Some("test");
        if scope.as_deref() == Some("system")
            && let Some(path) = dependency.text_of("systemPath")
        {
            package.source = PackageSource::Path(path.to_owned());
        }
        Some(package)
    }
}

/// Sets a version, or a requirement when it is a range or not known: `[1,2)`,
/// `${version}`, `LATEST`. `[1.0]` is exactly that version.
pub(super) fn set_version(package: &mut Package, text: &str) {
    let text = text.trim();
    let exact = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match exact {
        Some(exact) if !exact.contains(',') => package.version = Some(exact.trim().to_owned()),
        _ if text.contains(['[', '(', ',', '$', '+', '*'])
            || matches!(text, "LATEST" | "RELEASE" | "") =>
        {
            package.requirement = Some(text.to_owned());
        }
        _ if text.starts_with("latest.") => package.requirement = Some(text.to_owned()),
        _ => package.version = Some(text.to_owned()),
    }
}

/// Finds the parent's project file in the tree.
fn parent(
    reading: &Reading<'_>,
    path: &RepoPath,
    project: &Element,
) -> Option<(RepoPath, Element)> {
    let parent = project.child("parent")?;
    let relative = match parent.child("relativePath") {
        Some(element) if element.text.is_empty() => return None,
        Some(element) => element.text.as_str(),
        None => "../pom.xml",
    };
    let mut candidates = vec![relative.to_owned()];
    if !relative.ends_with(".xml") {
        candidates = vec![format!("{relative}/pom.xml")];
    }
    let (path, text) = candidates
        .iter()
        .filter_map(|relative| resolve(path, relative))
        .find_map(|path| Some((path.clone(), reading.text_of(&path)?)))?;
    let (root, _) = parse_xml(&text);
    let same = root.text_of("artifactId") == parent.text_of("artifactId");
    same.then_some((path, root))
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    #[test]
    fn properties_and_managed_versions_come_from_parents() {
        check_beside(
            "app/pom.xml",
            "<project>
  <parent><groupId>org.x</groupId><artifactId>parent</artifactId><version>2.0</version></parent>
  <artifactId>app</artifactId>
  <properties><a.version>1.${minor}</a.version><minor>7</minor></properties>
  <dependencies>
    <dependency><groupId>org.a</groupId><artifactId>a</artifactId><version>${a.version}</version></dependency>
    <dependency><groupId>org.b</groupId><artifactId>b</artifactId></dependency>
    <dependency><groupId>${project.groupId}</groupId><artifactId>own</artifactId><version>${project.version}</version></dependency>
    <dependency><groupId>org.c</groupId><artifactId>c</artifactId><version>[1,2)</version><scope>test</scope></dependency>
    <dependency><groupId>org.d</groupId><artifactId>d</artifactId><version>${unset}</version></dependency>
    <dependency><groupId>org.e</groupId><artifactId>e</artifactId></dependency>
    <dependency><artifactId>f</artifactId></dependency>
  </dependencies>
  <profiles><profile><dependencies>
    <dependency><groupId>org.g</groupId><artifactId>g</artifactId><version>[1.5]</version></dependency>
  </dependencies></profile></profiles>
</project>",
            &[(
                "pom.xml",
                "<project><groupId>org.x</groupId><artifactId>parent</artifactId><version>2.0</version>
<properties><minor>1</minor><b.version>3.1</b.version></properties>
<dependencyManagement><dependencies>
<dependency><groupId>org.b</groupId><artifactId>b</artifactId><version>${b.version}</version><scope>test</scope></dependency>
</dependencies></dependencyManagement></project>",
            )],
            "4 org.a:a 1.7 direct
             8 org.x:own 2.0 direct
             9 org.c:c - [[1,2)] direct dev
             10 org.d:d - [${unset}] direct
             11 org.e:e - direct
             15 org.g:g 1.5 direct
             ! 12 no group",
        );
    }

    #[test]
    fn managed_versions_are_read_where_they_stand() {
        check(
            "pom.xml",
            "<project><groupId>org.x</groupId><artifactId>parent</artifactId><version>2.0</version>
<properties>
<b.version>3.1</b.version></properties>
<dependencyManagement><dependencies>
<dependency><groupId>org.b</groupId><artifactId>b</artifactId><version>${b.version}</version></dependency>
<dependency><groupId>org.c</groupId><artifactId>bom</artifactId><version>1</version><type>pom</type><scope>import</scope></dependency>
</dependencies></dependencyManagement>
<dependencies>
<dependency><groupId>org.b</groupId><artifactId>b</artifactId></dependency>
<dependency><groupId>org.d</groupId><artifactId>d</artifactId></dependency>
</dependencies></project>",
            "3 org.b:b 3.1 direct
             6 org.c:bom 1 direct
             10 org.d:d - direct",
        );
    }

    #[test]
    fn circles_of_properties_and_parents_end() {
        check_beside(
            "pom.xml",
            "<project><artifactId>a</artifactId><parent><artifactId>a</artifactId><relativePath>pom.xml</relativePath></parent>
<properties><x>${y}${y}</x><y>${x}${x}</y></properties>
<dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>1</version></dependency></dependencies></project>",
            &[("pom.xml", "<project><artifactId>a</artifactId><parent><artifactId>a</artifactId><relativePath>pom.xml</relativePath></parent></project>")],
            "3 g:a 1 direct",
        );
        check(
            "pom.xml",
            "<project><properties><x>${y}${y}</x><y>${x}${x}</y></properties>
<dependencies><dependency><groupId>g${x</groupId><artifactId>a</artifactId><version>${x}</version></dependency>",
            "1 g${x:a - [${x}] direct
             ! 2 damaged",
        );
    }
}
