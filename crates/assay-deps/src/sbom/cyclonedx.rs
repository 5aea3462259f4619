//! CycloneDX 1.6 as JSON. <https://cyclonedx.org/docs/1.6/json/>
//!
//! The same packages give the same bytes: there is no time in it, everything is
//! sorted, and the serial number is a hash of the rest.

use serde_json::{Map, Value, json};

use super::bill::{Bill, Component, Project};
use crate::licence;
use crate::package::{Ecosystem, PackageFile};

/// What the project itself is called inside the document.
const PROJECT_REF: &str = "project";

/// Writes the packages of a project's files.
pub fn cyclonedx(files: &[PackageFile], project: &Project) -> String {
    let bill = Bill::new(files);
    let components: Vec<Value> = bill
        .components
        .iter()
        .map(|(purl, component)| component_value(purl, component))
        .collect();
    let mut dependencies = vec![json!({ "ref": PROJECT_REF, "dependsOn": bill.direct })];
    dependencies.extend(bill.components.iter().map(|(purl, component)| {
        if component.asks.is_empty() {
            json!({ "ref": purl })
        } else {
            json!({ "ref": purl, "dependsOn": component.asks })
        }
    }));
    let metadata = json!({
        "tools": {
            "components": [{ "type": "application", "name": "assay", "version": project.tool_version }],
        },
        "component": { "type": "application", "bom-ref": PROJECT_REF, "name": project.name },
    });
    let content = json!([metadata, components, dependencies]).to_string();
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial_number(&content),
        "version": 1,
        "metadata": metadata,
        "components": components,
        "dependencies": dependencies,
    });
    // Maps with text as keys always become JSON.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn component_value(purl: &str, component: &Component<'_>) -> Value {
    let package = component.package;
    let mut out = Map::new();
    let is_image = package.ecosystem == Ecosystem::Docker;
    out.insert(
        "type".into(),
        json!(if is_image { "container" } else { "library" }),
    );
    out.insert("bom-ref".into(), json!(purl));
    let namespace = component.purl.namespace();
    // Where the namespace is a part of the name it stays one.
    if package.ecosystem == Ecosystem::Maven || package.ecosystem == Ecosystem::Npm {
        if !namespace.is_empty() {
            out.insert("group".into(), json!(namespace));
        }
        out.insert("name".into(), json!(component.purl.name()));
    } else {
        out.insert("name".into(), json!(package.name));
    }
    if let Some(version) = component.purl.version() {
        out.insert("version".into(), json!(version));
    }
    let scope = if component.dev {
        "excluded"
    } else {
        "required"
    };
    out.insert("scope".into(), json!(scope));
    if let Some(text) = component.licence {
        out.insert("licenses".into(), json!([licence_value(text)]));
    }
    out.insert("purl".into(), json!(purl));
    let files = component.files.iter();
    let files: Vec<Value> = files
        .map(|file| json!({ "name": "assay:file", "value": file }))
        .collect();
    out.insert("properties".into(), json!(files));
    Value::Object(out)
}

/// A known identifier, an expression of such, or whatever the file says.
fn licence_value(text: &str) -> Value {
    match licence::canonical(text) {
        Some(known) if licence::is_single(&known) => json!({ "license": { "id": known } }),
        Some(known) => json!({ "expression": known }),
        None => json!({ "license": { "name": text } }),
    }
}

/// Makes a UUID of version 8 (RFC 9562: of one's own making) from the content.
fn serial_number(content: &str) -> String {
    let hash = blake3::hash(content.as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    format!("urn:uuid:{}", parts.join("-"))
}

#[cfg(test)]
mod tests {
    use assay_source::RepoPath;

    use super::cyclonedx;
    use crate::read::read;
    use crate::sbom::Project;

    fn make() -> String {
        let lock = r#"{"lockfileVersion": 3, "packages": {
"": {"dependencies": {"@s/a": "1"}, "devDependencies": {"t": "1"}},
"node_modules/@s/a": {"version": "1.0.0", "license": "(MIT OR Apache-2.0)", "dependencies": {"b": "1"}},
"node_modules/b": {"version": "2.0.0", "license": "MIT"},
"node_modules/t": {"version": "3.0.0", "dev": true, "license": "Custom"}}}"#;
        let files = [
            (
                "package.json",
                r#"{"dependencies": {"@s/a": "^1", "x": "*"}}"#,
            ),
            ("package-lock.json", lock),
            ("sub/package-lock.json", lock),
            ("Dockerfile", "FROM ghcr.io/u/i:1\n"),
        ]
        .map(|(path, text)| read(&RepoPath::from(path), text).unwrap());
        let project = Project {
            name: "demo".to_owned(),
            tool_version: "1.2.3".to_owned(),
        };
        cyclonedx(&files, &project)
    }

    #[test]
    fn packages_of_all_files_are_there_once() {
        let text = make();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let components = value["components"].as_array().unwrap();
        let found: Vec<String> = components
            .iter()
            .map(|c| {
                format!(
                    "{} {} {}",
                    c["purl"].as_str().unwrap(),
                    c["scope"].as_str().unwrap(),
                    c["licenses"]
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                "pkg:docker/u/i@1?repository_url=ghcr.io required null",
                r#"pkg:npm/%40s/a@1.0.0 required [{"expression":"MIT OR Apache-2.0"}]"#,
                r#"pkg:npm/b@2.0.0 required [{"license":{"id":"MIT"}}]"#,
                r#"pkg:npm/t@3.0.0 excluded [{"license":{"name":"Custom"}}]"#,
                "pkg:npm/x required null",
            ]
        );
        assert_eq!(components[1]["properties"].as_array().unwrap().len(), 2);
        assert_eq!(value["dependencies"][2]["dependsOn"][0], "pkg:npm/b@2.0.0");
        assert_eq!(
            value["dependencies"][0]["dependsOn"]
                .as_array()
                .unwrap()
                .len(),
            4
        );
    }

    #[test]
    fn what_is_written_can_be_read() {
        let text = make();
        let file = read(&RepoPath::from("bom.json"), &text).unwrap();
        assert!(file.problems.is_empty(), "{:?}", file.problems);
        let found: Vec<_> = file
            .packages
            .iter()
            .map(|package| {
                (
                    package.name.as_str(),
                    package.direct,
                    package.dev,
                    &package.parents[..],
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("ghcr.io/u/i", true, false, &[][..]),
                ("@s/a", true, false, &[]),
                ("b", false, false, &[1]),
                ("t", true, true, &[]),
                ("x", true, false, &[]),
            ]
        );
    }

    #[test]
    fn the_same_packages_give_the_same_bytes() {
        assert_eq!(make(), make());
        let text = make();
        let serial = text
            .lines()
            .find(|line| line.contains("serialNumber"))
            .unwrap();
        assert!(serial.contains("urn:uuid:"), "{serial}");
    }
}
