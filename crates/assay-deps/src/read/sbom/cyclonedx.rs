//! CycloneDX as JSON and as XML. <https://cyclonedx.org/specification/overview/>

use std::collections::HashMap;

use assay_source::Span;

use super::package;
use crate::document::{Element, Entry, Node, parse_xml};
use crate::graph;
use crate::read::Reading;

/// A component, from either syntax.
struct Component<'a> {
    id: Option<&'a str>,
    purl: Option<&'a str>,
    group: &'a str,
    name: &'a str,
    version: Option<&'a str>,
    scope: Option<&'a str>,
    licence: Option<String>,
    span: Span,
}

pub(super) fn read_json(reading: &mut Reading<'_>, root: &Node<'_>) {
    let mut index: HashMap<String, u32> = HashMap::new();
    let mut open: Vec<&Node<'_>> = root
        .get("components")
        .map_or(&[][..], Node::items)
        .iter()
        .rev()
        .collect();
    while let Some(node) = open.pop() {
        open.extend(
            node.get("components")
                .map_or(&[][..], Node::items)
                .iter()
                .rev(),
        );
        let place = node
            .entry("version")
            .or_else(|| node.entry("purl"))
            .or_else(|| node.entry("name"));
        let component = Component {
            id: node.text_of("bom-ref"),
            purl: node.text_of("purl"),
            group: node.text_of("group").unwrap_or(""),
            name: node.text_of("name").unwrap_or(""),
            version: node.text_of("version"),
            scope: node.text_of("scope"),
            licence: json_licence(node),
            span: place.map_or(node.span, Entry::span),
        };
        // A file or the operating system is no package.
        if !matches!(
            node.text_of("type"),
            Some("file" | "operating-system" | "device" | "data")
        ) {
            add(reading, &component, &mut index);
        }
    }
    let own = root
        .at(&["metadata", "component", "bom-ref"])
        .and_then(Node::text)
        .map(str::to_owned);
    let asks = root
        .get("dependencies")
        .map_or(&[][..], Node::items)
        .iter()
        .flat_map(|node| {
            let from = node.text_of("ref").unwrap_or("").to_owned();
            let to = node
                .get("dependsOn")
                .map_or(&[][..], Node::items)
                .iter()
                .filter_map(Node::text);
            to.map(move |to| (from.clone(), to.to_owned()))
        });
    link(reading, &index, own.as_deref(), asks.collect());
}

fn json_licence(node: &Node<'_>) -> Option<String> {
    let all: Vec<&str> = node
        .get("licenses")?
        .items()
        .iter()
        .filter_map(|choice| {
            let license = choice.get("license");
            choice
                .text_of("expression")
                .or_else(|| license?.text_of("id"))
                .or_else(|| license?.text_of("name"))
        })
        .collect();
    joined(&all)
}

/// Several licences of a component hold together.
fn joined(all: &[&str]) -> Option<String> {
    match all {
        [] => None,
        [one] => Some((*one).to_owned()),
        many => Some(
            many.iter()
                .map(|one| {
                    if one.contains(' ') {
                        format!("({one})")
                    } else {
                        (*one).to_owned()
                    }
                })
                .collect::<Vec<_>>()
                .join(" AND "),
        ),
    }
}

pub(super) fn read_xml(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_xml(reading.text);
    reading.flaw(flaw);
    if root.name != "bom" {
        reading.problem(None, "this is no CycloneDX document");
        return;
    }
    let mut index: HashMap<String, u32> = HashMap::new();
    let mut open: Vec<&Element> = components(&root);
    while let Some(element) = open.pop() {
        open.extend(components(element));
        let place = element.child("version").or(element.child("name"));
        let component = Component {
            id: element.attribute("bom-ref"),
            purl: element.text_of("purl"),
            group: element.text_of("group").unwrap_or(""),
            name: element.text_of("name").unwrap_or(""),
            version: element.text_of("version"),
            scope: element.text_of("scope"),
            licence: xml_licence(element),
            span: place.map_or(element.span, |child| child.span),
        };
        if !matches!(
            element.attribute("type"),
            Some("file" | "operating-system" | "device" | "data")
        ) {
            add(reading, &component, &mut index);
        }
    }
    let own = root
        .at(&["metadata", "component"])
        .and_then(|own| own.attribute("bom-ref"));
    let mut asks = Vec::new();
    for from in root
        .child("dependencies")
        .into_iter()
        .flat_map(|list| &list.children)
    {
        for to in &from.children {
            let refs = (from.attribute("ref"), to.attribute("ref"));
            if let (Some(from), Some(to)) = refs {
                asks.push((from.to_owned(), to.to_owned()));
            }
        }
    }
    link(reading, &index, own, asks);
}

fn components(element: &Element) -> Vec<&Element> {
    let list = element.child("components");
    let mut all: Vec<&Element> = list
        .into_iter()
        .flat_map(|list| list.children_of("component"))
        .collect();
    all.reverse();
    all
}

fn xml_licence(element: &Element) -> Option<String> {
    let all: Vec<&str> = element
        .child("licenses")?
        .children
        .iter()
        .filter_map(|choice| match choice.name.as_str() {
            "expression" => Some(choice.text.as_str()),
            _ => choice.text_of("id").or_else(|| choice.text_of("name")),
        })
        .collect();
    joined(&all)
}

fn add(reading: &mut Reading<'_>, component: &Component<'_>, index: &mut HashMap<String, u32>) {
    if component.name.is_empty() && component.purl.is_none() {
        reading.problem(
            component.span,
            "a component without name and package URL was not read",
        );
        return;
    }
    let slash = if component.group.is_empty() { "" } else { "/" };
    let name = format!("{}{slash}{}", component.group, component.name);
    let mut package = package(component.purl, &name, component.version, component.span);
    package.dev = component.scope == Some("excluded");
    package.licence = component.licence.clone();
    if let Some(at) = reading.add(package)
        && let Some(id) = component.id.or(component.purl)
    {
        index.insert(id.to_owned(), at);
    }
}

fn link(
    reading: &mut Reading<'_>,
    index: &HashMap<String, u32>,
    own: Option<&str>,
    asks: Vec<(String, String)>,
) {
    let mut any = false;
    for (from, to) in asks {
        let Some(&to) = index.get(&to) else { continue };
        if own == Some(from.as_str()) {
            any = true;
            if let Some(package) = reading.get_mut(to) {
                package.direct = true;
            }
        } else if let Some(&from) = index.get(&from) {
            reading.link(from, to);
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
            "app.cdx.json",
            r#"{"bomFormat": "CycloneDX", "specVersion": "1.5",
"metadata": {"component": {"bom-ref": "own", "name": "x"}},
"components": [
 {"bom-ref": "a", "type": "library", "name": "a", "purl": "pkg:npm/%40s/a@1.0.0",
  "version": "1.0.0", "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "X Y"}}],
  "components": [{"type": "library", "group": "g", "name": "inner", "version": "2"}]},
 {"bom-ref": "b", "type": "library", "name": "b", "scope": "excluded", "purl": "pkg:maven/org.b/b@2.0", "licenses": [{"expression": "MIT OR Apache-2.0"}]},
 {"type": "file", "name": "x.txt"},
 {"type": "library"}],
"dependencies": [{"ref": "own", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": ["b", "zz"]}]}"#,
            "5 @s/a 1.0.0 direct licence:MIT AND (X Y)
             6 g/inner 2
             7 org.b:b 2.0 dev licence:MIT OR Apache-2.0 <@s/a
             ! 9 without name",
        );
        check("bom.json", "{}", "! 0 neither");
    }

    #[test]
    fn xml_is_read() {
        check(
            "bom.xml",
            r#"<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components>
<component type="library" bom-ref="a"><name>a</name><version>1.0</version>
 <licenses><license><id>MIT</id></license></licenses><purl>pkg:pypi/a@1.0</purl></component>
<component type="library" bom-ref="b"><name>b</name>
<version>2.0</version></component>
</components><dependencies><dependency ref="a"><dependency ref="b"/></dependency></dependencies></bom>"#,
            "2 a 1.0 direct licence:MIT
             5 b 2.0 <a",
        );
    }
}
