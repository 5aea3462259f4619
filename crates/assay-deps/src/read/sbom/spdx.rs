//! SPDX 2.x as JSON and as tag-value. <https://spdx.github.io/spdx-spec/v2.3/>

use std::collections::{HashMap, HashSet};

use assay_source::Span;

use super::package;
use crate::document::{Entry, Node};
use crate::graph;
use crate::read::Reading;
use crate::read::go::lines;

/// A package, from either syntax.
#[derive(Default)]
struct Listed<'a> {
    id: &'a str,
    name: &'a str,
    version: Option<&'a str>,
    purl: Option<&'a str>,
    /// What the authors say, or what somebody concluded.
    declared: Option<&'a str>,
    concluded: Option<&'a str>,
    span: Span,
}

/// `A TYPE B`.
type Relation<'a> = (&'a str, &'a str, &'a str);

pub(super) fn read_json(reading: &mut Reading<'_>, root: &Node<'_>) {
    let listed: Vec<Listed<'_>> = root
        .get("packages")
        .map_or(&[][..], Node::items)
        .iter()
        .map(|node| {
            let references = node.get("externalRefs").map_or(&[][..], Node::items);
            let purl = references
                .iter()
                .find(|one| one.text_of("referenceType") == Some("purl"));
            let place = node.entry("versionInfo").or_else(|| node.entry("name"));
            Listed {
                id: node.text_of("SPDXID").unwrap_or(""),
                name: node.text_of("name").unwrap_or(""),
                version: node.text_of("versionInfo"),
                purl: purl.and_then(|one| one.text_of("referenceLocator")),
                declared: node.text_of("licenseDeclared"),
                concluded: node.text_of("licenseConcluded"),
                span: place.map_or(node.span, Entry::span),
            }
        })
        .collect();
    let mut relations: Vec<Relation<'_>> = Vec::new();
    for node in root.get("relationships").map_or(&[][..], Node::items) {
        let part = |key| node.text_of(key).unwrap_or("");
        relations.push((
            part("spdxElementId"),
            part("relationshipType"),
            part("relatedSpdxElement"),
        ));
    }
    for node in root.get("documentDescribes").map_or(&[][..], Node::items) {
        relations.push(("SPDXRef-DOCUMENT", "DESCRIBES", node.text().unwrap_or("")));
    }
    take(reading, listed, &relations);
}

pub(super) fn read_tags(reading: &mut Reading<'_>) {
    let text = reading.text;
    let mut listed: Vec<Listed<'_>> = Vec::new();
    let mut relations: Vec<Relation<'_>> = Vec::new();
    let mut is_spdx = false;
    // Files and snippets have tags of the same names.
    let mut in_package = false;
    for (line, place) in lines(text) {
        let Some((tag, value)) = line.trim().split_once(':') else {
            continue;
        };
        let value = value.trim();
        match tag {
            "SPDXVersion" => is_spdx = true,
            "PackageName" => {
                in_package = true;
                listed.push(Listed {
                    name: value,
                    span: place,
                    ..Listed::default()
                });
            }
            "FileName" | "SnippetSPDXID" => in_package = false,
            "Relationship" => {
                let words: Vec<&str> = value.split_whitespace().collect();
                if let [from, kind, to, ..] = words[..] {
                    relations.push((from, kind, to));
                }
            }
            _ => {
                let Some(last) = listed.last_mut().filter(|_| in_package) else {
                    continue;
                };
                match tag {
                    "SPDXID" => last.id = value,
                    "PackageVersion" => {
                        last.version = Some(value);
                        last.span = place;
                    }
                    "PackageLicenseDeclared" => last.declared = Some(value),
                    "PackageLicenseConcluded" => last.concluded = Some(value),
                    "ExternalRef" => {
                        let words: Vec<&str> = value.split_whitespace().collect();
                        if let [_, "purl", purl, ..] = words[..] {
                            last.purl = Some(purl);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    if !is_spdx {
        reading.problem(None, "this is no SPDX document: it has no `SPDXVersion`");
    }
    take(reading, listed, &relations);
}

fn take(reading: &mut Reading<'_>, listed: Vec<Listed<'_>>, relations: &[Relation<'_>]) {
    let described: HashSet<&str> = relations
        .iter()
        .filter_map(|(from, kind, to)| match *kind {
            "DESCRIBES" => Some(*to),
            "DESCRIBED_BY" => Some(*from),
            _ => None,
        })
        .collect();
    // What the document describes is the project itself, unless it is all there is.
    let is_own = |one: &Listed<'_>| described.contains(one.id) && listed.len() > described.len();
    let mut index: HashMap<&str, u32> = HashMap::new();
    let mut own: HashSet<&str> = HashSet::new();
    for one in &listed {
        if is_own(one) {
            own.insert(one.id);
            continue;
        }
        if one.name.is_empty() && one.purl.is_none() {
            reading.problem(
                one.span,
                "a package without name and package URL was not read",
            );
            continue;
        }
        let mut package = package(one.purl, one.name, one.version, one.span);
        let stated = [one.concluded, one.declared].into_iter().flatten();
        package.licence = stated
            .into_iter()
            .find(|text| !matches!(*text, "NOASSERTION" | "NONE" | ""))
            .map(str::to_owned);
        if let Some(at) = reading.add(package) {
            index.insert(one.id, at);
        }
    }
    let mut any = false;
    for (from, kind, to) in relations {
        let (from, to) = match *kind {
            "DEPENDS_ON" | "CONTAINS" => (*from, *to),
            "DEPENDENCY_OF"
            | "CONTAINED_BY"
            | "RUNTIME_DEPENDENCY_OF"
            | "DEV_DEPENDENCY_OF"
            | "BUILD_DEPENDENCY_OF"
            | "TEST_DEPENDENCY_OF"
            | "OPTIONAL_DEPENDENCY_OF" => (*to, *from),
            _ => continue,
        };
        let Some(&child) = index.get(to) else {
            continue;
        };
        if let Some(&parent) = index.get(from) {
            reading.link(parent, child);
        } else if own.contains(from)
            && let Some(package) = reading.get_mut(child)
        {
            any = true;
            package.direct = true;
            package.dev |= matches!(*kind, "DEV_DEPENDENCY_OF" | "TEST_DEPENDENCY_OF");
        }
    }
    if !any {
        graph::mark_unasked_direct(&mut reading.packages);
    }
}

#[cfg(test)]
mod tests {
    use crate::read::testing::check;

    #[test]
    fn json_is_read() {
        check(
            "x.spdx.json",
            r#"{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": [
 {"SPDXID": "SPDXRef-own", "name": "own"},
 {"SPDXID": "SPDXRef-a", "name": "a",
  "versionInfo": "1.0", "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT",
  "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/a@1.0"}]},
 {"SPDXID": "SPDXRef-b", "name": "b", "versionInfo": "2.0"}],
 "relationships": [
 {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-own"},
 {"spdxElementId": "SPDXRef-own", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-a"},
 {"spdxElementId": "SPDXRef-b", "relationshipType": "DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-a"}]}"#,
            "4 a 1.0 direct licence:MIT
             6 b 2.0 <a",
        );
    }

    #[test]
    fn tags_are_read() {
        check(
            "sbom.spdx",
            "SPDXVersion: SPDX-2.2\nPackageName: a\nSPDXID: SPDXRef-a\nPackageVersion: 1.0\nPackageLicenseConcluded: Apache-2.0\nExternalRef: PACKAGE-MANAGER purl pkg:pypi/a@1.0\nFileName: ./x\nSPDXID: SPDXRef-f\nPackageName: b\nSPDXID: SPDXRef-b\nRelationship: SPDXRef-a DEPENDS_ON SPDXRef-b\n",
            "4 a 1.0 direct licence:Apache-2.0
             9 b - <a",
        );
        check("x.spdx", "hello", "! 0 no SPDX document");
    }
}
