use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

use super::{AdvisoryIndex, IndexBuilder, IndexError, IndexSource};
use crate::advisory::{OsvDocument, read_osv};
use crate::cvss::Rating;
use crate::version::VersionOrder;

fn document(id: &str, package: &str, rest: &str) -> OsvDocument {
    let (ecosystem, name) = package.split_once('/').unwrap();
    let text = format!(
        r#"{{"id": "{id}", "modified": "2026-01-01T00:00:00Z", "summary": "about {id}", {rest}
            "affected": [{{"package": {{"ecosystem": "{ecosystem}", "name": "{name}"}},
                "versions": ["0.5", "1.1", "7.7"],
                "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "1.0"}}, {{"fixed": "2.0"}}]}}]}}]}}"#
    );
    read_osv(text.as_bytes()).unwrap()
}

fn builder(count: usize) -> IndexBuilder {
    let mut builder = IndexBuilder::new();
    for number in 0..count {
        let id = format!("TEST-{number}");
        builder.add(document(&id, &format!("npm/package-{number}"), ""));
    }
    builder
}

fn source() -> IndexSource {
    IndexSource {
        ecosystem: "npm".to_owned(),
        origin: "/a folder".to_owned(),
        etag: "\"x\"".to_owned(),
        modified: "2026-01-01T00:00:00Z".to_owned(),
        checked: "2026-01-02T00:00:00Z".to_owned(),
    }
}

fn open(bytes: Vec<u8>) -> AdvisoryIndex {
    AdvisoryIndex::open(Box::new(bytes)).unwrap()
}

fn ids(index: &AdvisoryIndex, ecosystem: &str, name: &str) -> Vec<String> {
    let found = index
        .advisories(ecosystem, name)
        .unwrap()
        .unwrap_or_default();
    found.into_iter().map(|advisory| advisory.id).collect()
}

#[test]
fn every_package_is_found_and_no_other() {
    for count in [0, 1, 2, 7, 8, 9, 100, 3000] {
        let index = open(builder(count).finish("2026-01-03T00:00:00Z", vec![source()]));
        for number in 0..count {
            let found = ids(&index, "npm", &format!("package-{number}"));
            assert_eq!(found, [format!("TEST-{number}")]);
        }
        assert!(ids(&index, "npm", "package").is_empty());
        assert!(ids(&index, "PyPI", "package-0").is_empty());
        assert_eq!(index.about().sources, [source()]);
        assert_eq!(index.about().created, "2026-01-03T00:00:00Z");
        assert_eq!(index.about().ecosystem("npm").is_some(), count > 0);
        assert!(index.about().ecosystem("Go").is_none());
        index.verify().unwrap();
    }
}

#[test]
fn what_goes_in_comes_out_but_for_versions_that_ranges_cover() {
    let mut builder = IndexBuilder::new();
    let document = document(
        "TEST-1",
        "Debian:12/openssl",
        r#""aliases": ["CVE-1", "CVE-2"], "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"#,
    );
    let mut expected = document.packages[0].advisory.clone();
    builder.add(document);
    let index = open(builder.finish("", Vec::new()));
    let found = index.advisories("Debian", "openssl").unwrap().unwrap();
    expected.versions = vec!["0.5".to_owned(), "7.7".to_owned()];
    assert_eq!(found, [expected]);
    for (version, affected) in [
        ("0.5", true),
        ("0.6", false),
        ("1.1", true),
        ("7.7", true),
        ("2.0", false),
    ] {
        let hit = found[0].hit(VersionOrder::Dpkg, version);
        assert_eq!(hit.is_some(), affected, "{version}");
    }
}

#[test]
fn a_severity_is_borrowed_from_an_alias_in_either_direction() {
    let vector = r#""severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],"#;
    for (own, other) in [
        (r#""aliases": ["CVE-1"],"#.to_owned(), vector.to_owned()),
        (
            String::new(),
            format!(r#""aliases": ["PYSEC-1"], {vector}"#),
        ),
        (
            r#""aliases": ["CVE-9"],"#.to_owned(),
            format!(r#""aliases": ["CVE-9"], {vector}"#),
        ),
    ] {
        let mut builder = IndexBuilder::new();
        builder.add(document("PYSEC-1", "PyPI/a", &own));
        builder.add(document("CVE-1", "PyPI/b", &other));
        let index = open(builder.finish("", Vec::new()));
        let found = index.advisories("PyPI", "a").unwrap().unwrap();
        assert_eq!(found[0].assess().rating, Rating::High, "{own} {other}");
        // What was borrowed is kept when the index is built from.
        let again = IndexBuilder::from_index(&index).unwrap();
        let again = open(again.finish("", Vec::new()));
        assert_eq!(again.advisories("PyPI", "a").unwrap().unwrap(), found);
    }
}

#[test]
fn the_order_of_documents_does_not_matter() {
    let one = builder(50).finish("2026", vec![source()]);
    let mut other = IndexBuilder::new();
    for number in (0..50).rev() {
        let id = format!("TEST-{number}");
        other.add(document(&id, &format!("npm/package-{number}"), ""));
    }
    assert_eq!(one, other.finish("2026", vec![source()]));
}

#[test]
fn an_older_index_is_brought_up_to_date() {
    let mut first = builder(20);
    first.mark_whole("npm");
    first.add(document("GO-1", "Go/a", ""));
    let old = open(first.finish("old", vec![source()]));
    let mut next = IndexBuilder::from_index(&old).unwrap();
    let new = |id: &str, package: &str, rest: &str, day: &str| {
        let mut document = document(id, package, rest);
        document.modified = format!("2026-02-{day}T00:00:00Z");
        for package in &mut document.packages {
            package.advisory.modified.clone_from(&document.modified);
        }
        document
    };
    next.add(new("TEST-3", "npm/elsewhere", "", "01"));
    next.add(new(
        "TEST-4",
        "npm/package-4",
        r#""withdrawn": "2026-02-01T00:00:00Z","#,
        "01",
    ));
    next.add(new(
        "TEST-5",
        "npm/package-5",
        r#""aliases": ["new"],"#,
        "01",
    ));
    // The same, or an older one, changes nothing.
    next.add(document(
        "TEST-5",
        "npm/package-5",
        r#""aliases": ["older"],"#,
    ));
    next.add(document("TEST-6", "npm/nowhere", ""));
    next.mark_asked("PyPI", "asked");
    let summary = next.summary();
    assert_eq!(
        (summary.added, summary.withdrawn, summary.unchanged),
        (2, 1, 2)
    );
    assert!(
        next.has("TEST-6", "2026-01-01T00:00:00Z") && !next.has("TEST-6", "2026-01-02T00:00:00Z")
    );
    let index = open(next.finish("new", Vec::new()));
    for (name, found) in [
        ("package-3", vec![]),
        ("elsewhere", vec!["TEST-3"]),
        ("package-4", vec![]),
        ("package-5", vec!["TEST-5"]),
        ("package-6", vec!["TEST-6"]),
    ] {
        assert_eq!(ids(&index, "npm", name), found, "{name}");
    }
    assert_eq!(ids(&index, "Go", "a"), ["GO-1"]);
    assert_eq!(index.advisories("PyPI", "asked").unwrap(), Some(Vec::new()));
    assert_eq!(index.advisories("PyPI", "other").unwrap(), None);
    let is_whole = |name: &str| index.about().ecosystem(name).map(|one| one.is_whole);
    assert_eq!(
        (is_whole("npm"), is_whole("PyPI"), is_whole("Go")),
        (Some(true), Some(false), Some(false))
    );
    let fifth = index.advisories("npm", "package-5").unwrap().unwrap();
    assert_eq!(fifth[0].aliases, ["new"]);
    let mut last = IndexBuilder::from_index(&index).unwrap();
    last.remove_ecosystem("npm");
    let index = open(last.finish("", Vec::new()));
    assert!(index.about().ecosystem("Go").is_some() && index.about().ecosystem("npm").is_none());
}

#[test]
fn ecosystems_without_an_order_are_passed_over() {
    let mut builder = IndexBuilder::new();
    builder.add(document("TEST-1", "Linux/Kernel", ""));
    assert_eq!(builder.summary().passed_over, 1);
    assert!(
        open(builder.finish("", Vec::new()))
            .about()
            .ecosystems
            .is_empty()
    );
}

#[test]
fn other_files_and_versions_are_told_apart() {
    let good = builder(3).finish("", Vec::new());
    let mut newer = good.clone();
    newer[8] = 99;
    for (bytes, message) in [
        (Vec::new(), "it is no advisory database"),
        (
            b"PK\x03\x04 and so on, longer than a preamble".to_vec(),
            "it is no advisory database",
        ),
        (
            newer,
            "its format is version 99; this version of Assay reads 1",
        ),
        (
            good[..good.len() - 1].to_vec(),
            "it is damaged: it is shorter or longer than it was",
        ),
    ] {
        let error = AdvisoryIndex::open(Box::new(bytes)).err().unwrap();
        assert_eq!(error.to_string(), message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_damaged_byte_is_noticed(at in any::<usize>(), bit in 0..8_u32) {
        let mut bytes = builder(40).finish("2026", vec![source()]);
        // Padding in the last bucket is never read, and there is no other.
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let noticed = match AdvisoryIndex::open(Box::new(bytes)) {
            Err(_) => true,
            Ok(index) => matches!(index.verify(), Err(IndexError::Damaged(_) | IndexError::Read(_))),
        };
        prop_assert!(noticed, "byte {at}");
    }
}
