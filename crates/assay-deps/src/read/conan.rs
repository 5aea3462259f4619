//! `conanfile.txt`, the literal lines of `conanfile.py`, and `conan.lock`.
//! <https://docs.conan.io/2/reference/conanfile_txt.html>

use assay_source::Span;

use crate::document::{Node, parse_json, span};
use crate::package::{Ecosystem, Package};

use super::Reading;
use super::go::lines;

pub(super) fn read_text(reading: &mut Reading<'_>) {
    let mut section = "";
    for (line, place) in lines(reading.text) {
        let code = line.split('#').next().unwrap_or("").trim();
        if let Some(name) = code.strip_prefix('[') {
            section = name.trim_end_matches(']');
            continue;
        }
        let dev = match section {
            "requires" => false,
            "build_requires" | "tool_requires" | "test_requires" => true,
            _ => continue,
        };
        if code.is_empty() {
            continue;
        }
        add(reading, line.trim(), place, true, dev);
    }
}

/// Reads `name/version@user/channel#revision%time`.
fn add(reading: &mut Reading<'_>, text: &str, place: Span, direct: bool, dev: bool) -> Option<u32> {
    let plain = text.split(['#', '%', '@']).next().unwrap_or(text).trim();
    let Some((name, version)) = plain.split_once('/') else {
        reading.problem(place, "this reference is not `name/version`");
        return None;
    };
    let mut package = Package::new(Ecosystem::ConanCenter, name, place);
    package.direct = direct;
    package.dev = dev;
    if version.starts_with('[') {
        package.requirement = Some(version.to_owned());
    } else {
        package.version = Some(version.to_owned());
    }
    reading.add(package)
}

/// Finds `self.requires("a/1.0")` and `requires = "a/1.0", "b/1.0"`.
pub(super) fn read_python(reading: &mut Reading<'_>) {
    let mut start = 0;
    for line in reading.text.split_inclusive('\n') {
        let code = line.split('#').next().unwrap_or("");
        let words = [
            "build_requires",
            "tool_requires",
            "test_requires",
            "requires",
        ];
        let found = words.iter().find_map(|word| {
            let at = code.find(word)?;
            let after = code[at + word.len()..].trim_start();
            after.starts_with(['(', '=']).then_some((*word, at))
        });
        if let Some((word, at)) = found {
            let mut from = at;
            while let Some(open) = code[from..].find(['"', '\'']).map(|open| open + from) {
                let quote = char::from(code.as_bytes()[open]);
                let Some(len) = code[open + 1..].find(quote) else {
                    break;
                };
                let text = &code[open + 1..open + 1 + len];
                // Other texts of the line are options.
                if text.contains('/') {
                    let place = span(start + open + 1, start + open + 1 + len);
                    add(reading, text, place, true, word != "requires");
                }
                from = open + len + 2;
            }
        }
        start += line.len();
    }
}

pub(super) fn read_lock(reading: &mut Reading<'_>) {
    let (root, flaw) = parse_json(reading.text);
    reading.flaw(flaw);
    for (list, dev) in [
        ("requires", false),
        ("build_requires", true),
        ("python_requires", true),
    ] {
        for item in root.get(list).map_or(&[][..], Node::items) {
            add(reading, item.text().unwrap_or(""), item.span, false, dev);
        }
    }
    // Until version 2 a graph of nodes; node 0 is the project itself.
    let nodes = root
        .at(&["graph_lock", "nodes"])
        .map_or(&[][..], Node::entries);
    let mut places: Vec<(&str, u32, &Node<'_>)> = Vec::new();
    for entry in nodes {
        let Some(reference) = entry.value.entry("ref").filter(|_| entry.key != "0") else {
            continue;
        };
        let text = reference.value.text().unwrap_or("");
        if let Some(at) = add(reading, text, reference.span(), false, false) {
            places.push((&entry.key, at, &entry.value));
        }
    }
    let find = |key: &str| {
        places
            .iter()
            .find(|(other, _, _)| *other == key)
            .map(|(_, at, _)| *at)
    };
    let asks = |node: &Node<'_>| -> Vec<u32> {
        let lists = ["requires", "build_requires"]
            .into_iter()
            .filter_map(|list| node.get(list));
        lists
            .flat_map(Node::items)
            .filter_map(|item| find(item.text()?))
            .collect()
    };
    for (_, from, node) in &places {
        for to in asks(node) {
            reading.link(*from, to);
        }
    }
    if let Some(own) = nodes.iter().find(|entry| entry.key == "0") {
        for at in asks(&own.value) {
            if let Some(package) = reading.get_mut(at) {
                package.direct = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::read::testing::check;

    #[test]
    fn lists_are_read() {
        check(
            "conanfile.txt",
            "[requires]\nzlib/1.2.11 # x\nboost/[>1.70]@u/stable\nbroken\n[tool_requires]\ncmake/3.20#abc\n[options]\nzlib:shared=True\n",
            "2 zlib 1.2.11 direct
             3 boost - [[>1.70]] direct
             6 cmake 3.20 direct dev
             ! 4 not `name/version`",
        );
        check(
            "conanfile.py",
            "class X(ConanFile):\n    requires = \"a/1.0\", \"b/2.0\"\n    def requirements(self):\n        self.requires('c/3.0', options={'x': 'y'})\n        self.tool_requires(\"d/4.0\")\n",
            "2 a 1.0 direct
             2 b 2.0 direct
             4 c 3.0 direct
             5 d 4.0 direct dev",
        );
    }

    #[test]
    fn lockfiles_of_both_versions_are_read() {
        check(
            "conan.lock",
            "{\"version\": \"0.5\", \"requires\": [\n\"zlib/1.2.11#abc%123\"], \"build_requires\": [\"cmake/3.20\"]}",
            "2 zlib 1.2.11
             2 cmake 3.20 dev",
        );
        check(
            "conan.lock",
            r#"{"graph_lock": {"nodes": {
"0": {"requires": ["1"]},
"1": {"ref": "a/1.0#x", "requires": ["2"]},
"2": {"ref": "b/2.0"}}}}"#,
            "3 a 1.0 direct
             4 b 2.0 <a",
        );
    }
}
