//! NuGet: project files, `packages.config`, `packages.lock.json` and
//! `project.assets.json`.
//! <https://learn.microsoft.com/en-us/nuget/consume-packages/package-references-in-project-files>

use std::collections::HashMap;

use crate::document::{Element, Entry, Node, parse_json, parse_xml};
use crate::graph;
use crate::package::{Ecosystem, Package};

use super::Reading;

/// The files that MSBuild looks for in every folder above a project.
const CENTRAL: &[&str] = &["Directory.Packages.props", "Directory.Build.props"];

/// How many folders above a project are looked into.
const FOLDERS_MAX: usize = 12;

/// How often a property may stand for another one.
const PROPERTY_STEPS_MAX: usize = 8;

pub(super) fn read_project(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_xml(reading.text);
    reading.flaw(flaw);
    let mut properties = HashMap::new();
    let mut central: Vec<String> = Vec::new();
    let mut folder = String::new();
    for _ in 0..FOLDERS_MAX {
        for name in CENTRAL {
            let Some((path, text)) = reading.beside(&format!("{folder}{name}")) else {
                continue;
            };
            if path == *reading.path {
                continue;
            }
            let (other, _) = parse_xml(&text);
            for element in items(&other) {
                if element.name == "PackageVersion" {
                    central.extend(element.attribute("Include").map(str::to_lowercase));
                }
            }
            collect_properties(&other, &mut properties);
        }
        folder.push_str("../");
    }
    // What the project itself sets goes before what stands above it.
    let mut own = HashMap::new();
    collect_properties(&root, &mut own);
    properties.extend(own);
    for element in items(&root) {
        let kinds = [
            "PackageReference",
            "PackageVersion",
            "GlobalPackageReference",
            "DotNetCliToolReference",
        ];
        if !kinds.contains(&element.name.as_str()) {
            continue;
        }
        let names = element
            .attribute("Include")
            .or_else(|| element.attribute("Update"));
        for name in names
            .unwrap_or("")
            .split(';')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let version = ["VersionOverride", "Version"]
                .iter()
                .find_map(|key| element.attribute(key).or_else(|| element.text_of(key)));
            let is_central =
                version.is_none() && central.iter().any(|other| *other == name.to_lowercase());
            // Its version stands in the central file, which is read by itself; an
            // update without a version only sets other things.
            if is_central || (version.is_none() && element.attribute("Include").is_none()) {
                continue;
            }
            let mut package = Package::new(Ecosystem::NuGet, name.to_lowercase(), element.span);
            package.direct = true;
            let private = element
                .attribute("PrivateAssets")
                .or_else(|| element.text_of("PrivateAssets"));
            package.dev = private.is_some_and(|assets| assets.eq_ignore_ascii_case("all"));
            if let Some(version) = version {
                set_version(&mut package, &expand(version, &properties));
            }
            reading.add(package);
        }
    }
}

/// Returns the children of every group of items.
fn items(root: &Element) -> Vec<&Element> {
    let mut out = Vec::new();
    let mut stack: Vec<&Element> = root.children.iter().rev().collect();
    while let Some(element) = stack.pop() {
        if element.name == "ItemGroup" {
            out.extend(&element.children);
        } else {
            // Also inside `Choose`, `When` and targets.
            stack.extend(element.children.iter().rev());
        }
    }
    out
}

fn collect_properties(root: &Element, properties: &mut HashMap<String, String>) {
    for group in root.children_of("PropertyGroup") {
        for property in &group.children {
            let key = property.name.to_lowercase();
            properties
                .entry(key)
                .or_insert_with(|| property.text.clone());
        }
    }
}

fn expand(text: &str, properties: &HashMap<String, String>) -> String {
    let mut text = text.trim().to_owned();
    for _ in 0..PROPERTY_STEPS_MAX {
        let Some(start) = text.find("$(") else { break };
        let Some(end) = text[start..].find(')').map(|at| at + start) else {
            break;
        };
        let Some(value) = properties.get(&text[start + 2..end].trim().to_lowercase()) else {
            break;
        };
        if text.len() + value.len() > 1024 {
            break;
        }
        text.replace_range(start..=end, value);
    }
    text
}

/// Sets a version: a bare one is the least that is allowed, and the one that is
/// taken; `[1.0]` is exactly that one.
fn set_version(package: &mut Package, text: &str) {
    let exact = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let version = exact.unwrap_or(text).trim();
    if version.is_empty() || version.contains(['*', ',', '(', '[', '$', ')', ']']) {
        package.requirement = Some(text.to_owned());
    } else {
        package.version = Some(version.to_owned());
    }
}

pub(super) fn read_config(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_xml(reading.text);
    reading.flaw(flaw);
    for element in root.children_of("package") {
        let Some(id) = element.attribute("id") else {
            reading.problem(element.span, "a package without an id was not read");
            continue;
        };
        let mut package = Package::new(Ecosystem::NuGet, id.to_lowercase(), element.span);
        package.version = element.attribute("version").map(str::to_owned);
        package.dev = element.attribute("developmentDependency") == Some("true");
        package.direct = true;
        reading.add(package);
    }
}

/// The packages of all target frameworks, each once.
#[derive(Default)]
struct Merged {
    by_id: HashMap<(String, String), u32>,
}

impl Merged {
    fn add(
        &mut self,
        reading: &mut Reading<'_>,
        name: &str,
        version: &str,
        place: assay_source::Span,
    ) -> Option<u32> {
        let id = (name.to_lowercase(), version.to_owned());
        if let Some(&at) = self.by_id.get(&id) {
            return Some(at);
        }
        let mut package = Package::new(Ecosystem::NuGet, id.0.clone(), place);
        package.version = Some(version.to_owned());
        let at = reading.add(package)?;
        self.by_id.insert(id, at);
        Some(at)
    }
}

pub(super) fn read_lock(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_json(reading.text);
    reading.flaw(flaw);
    let mut merged = Merged::default();
    for framework in root.get("dependencies").map_or(&[][..], Node::entries) {
        let mut names: HashMap<String, u32> = HashMap::new();
        for entry in framework.value.entries() {
            let Some(resolved) = entry.value.entry("resolved") else {
                // A project of the same solution has none.
                continue;
            };
            let version = resolved.value.scalar().unwrap_or("");
            let Some(at) = merged.add(reading, &entry.key, version, resolved.span()) else {
                continue;
            };
            names.insert(entry.key.to_lowercase(), at);
            if entry.value.text_of("type") == Some("Direct")
                && let Some(package) = reading.get_mut(at)
            {
                package.direct = true;
            }
        }
        for entry in framework.value.entries() {
            let from = names.get(&entry.key.to_lowercase()).copied();
            for wanted in entry
                .value
                .get("dependencies")
                .map_or(&[][..], Node::entries)
            {
                let Some(&to) = names.get(&wanted.key.to_lowercase()) else {
                    continue;
                };
                match from {
                    Some(from) => reading.link(from, to),
                    // A project asks for it.
                    None => {
                        if let Some(package) = reading.get_mut(to) {
                            package.direct = true;
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn read_assets(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_json(reading.text);
    reading.flaw(flaw);
    let mut merged = Merged::default();
    let mut direct: Vec<String> = Vec::new();
    let frameworks = root
        .at(&["project", "frameworks"])
        .map_or(&[][..], Node::entries);
    for framework in frameworks {
        let wanted = framework
            .value
            .get("dependencies")
            .map_or(&[][..], Node::entries);
        direct.extend(wanted.iter().map(|entry| entry.key.to_lowercase()));
    }
    for target in root.get("targets").map_or(&[][..], Node::entries) {
        let mut names: HashMap<String, u32> = HashMap::new();
        let packages: Vec<(&Entry<'_>, &str, &str)> = target
            .value
            .entries()
            .iter()
            .filter(|entry| entry.value.text_of("type") != Some("project"))
            .filter_map(|entry| {
                entry
                    .key
                    .rsplit_once('/')
                    .map(|(name, version)| (entry, name, version))
            })
            .collect();
        for (entry, name, version) in &packages {
            if let Some(at) = merged.add(reading, name, version, entry.key_span) {
                names.insert(name.to_lowercase(), at);
            }
        }
        for (entry, name, _) in &packages {
            let Some(&from) = names.get(&name.to_lowercase()) else {
                continue;
            };
            for wanted in entry
                .value
                .get("dependencies")
                .map_or(&[][..], Node::entries)
            {
                if let Some(&to) = names.get(&wanted.key.to_lowercase()) {
                    reading.link(from, to);
                }
            }
        }
    }
    for package in &mut reading.packages {
        package.direct = direct.contains(&package.name);
    }
    if direct.is_empty() {
        graph::mark_unasked_direct(&mut reading.packages);
    }
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    #[test]
    fn projects_are_read() {
        check_beside(
            "src/app/App.csproj",
            r#"<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><JsonVersion>13.0.1</JsonVersion></PropertyGroup>
  <ItemGroup Condition="x">
    <PackageReference Include="Newtonsoft.Json" Version="$(JsonVersion)" />
    <PackageReference Include="A"><Version>[1.0,2.0)</Version></PackageReference>
    <PackageReference Include="Central" />
    <PackageReference Include="B;C" version="1.*" PrivateAssets="all" />
    <PackageReference Include="D" Version="$(Above)" />
    <PackageReference Update="E" PrivateAssets="all" />
    <PackageReference Include="F" />
    <ProjectReference Include="../lib/Lib.csproj" />
  </ItemGroup>
</Project>"#,
            &[
                (
                    "Directory.Packages.props",
                    "<Project><ItemGroup><PackageVersion Include='Central' Version='5.0'/></ItemGroup></Project>",
                ),
                (
                    "src/Directory.Build.props",
                    "<Project><PropertyGroup><Above>7.0</Above></PropertyGroup></Project>",
                ),
            ],
            "4 newtonsoft.json 13.0.1 direct
             5 a - [[1.0,2.0)] direct
             7 b - [1.*] direct dev
             7 c - [1.*] direct dev
             8 d 7.0 direct
             10 f - direct",
        );
        check(
            "Directory.Packages.props",
            "<Project><ItemGroup>\n<PackageVersion Include='Central' Version='[5.0]'/></ItemGroup></Project>",
            "2 central 5.0 direct",
        );
    }

    #[test]
    fn lists_are_read() {
        check(
            "packages.config",
            "<?xml version='1.0'?><packages>\n<package id='A' version='1.0' targetFramework='net48'/>\n<package id='B' version='2' developmentDependency='true'/>\n<package/></packages>",
            "2 a 1.0 direct
             3 b 2 direct dev
             ! 4 without an id",
        );
    }

    #[test]
    fn lockfiles_are_read() {
        check(
            "packages.lock.json",
            r#"{"version": 1, "dependencies": {"net6.0": {
  "A": {"type": "Direct", "requested": "[1.0, )", "resolved": "1.0", "dependencies": {"B": "2.0"}},
  "B": {"type": "Transitive", "resolved": "2.0"},
  "lib": {"type": "Project", "dependencies": {"C": "1.0"}},
  "C": {"type": "CentralTransitive", "resolved": "1.0"}
}, "net8.0": {
  "A": {"type": "Direct", "resolved": "1.0", "dependencies": {"B": "2.1"}},
  "B": {"type": "Transitive", "resolved": "2.1"}}}}"#,
            "2 a 1.0 direct
             3 b 2.0 <a
             5 c 1.0 direct
             8 b 2.1 <a",
        );
    }

    #[test]
    fn assets_are_read() {
        check(
            "obj/project.assets.json",
            r#"{"version": 3, "targets": {"net6.0": {
  "A/1.0": {"type": "package", "dependencies": {"B": "2.0"}},
  "B/2.0": {"type": "package"},
  "Lib/1.0": {"type": "project"}}},
 "project": {"frameworks": {"net6.0": {"dependencies": {"A": {"version": "[1.0, )"}}}}}}"#,
            "2 a 1.0 direct
             3 b 2.0 <a",
        );
    }
}
