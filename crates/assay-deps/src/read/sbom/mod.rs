//! Lists of packages that other tools made: CycloneDX and SPDX.

mod cyclonedx;
mod spdx;

use assay_source::Span;

use crate::document::parse_json;
use crate::package::{Ecosystem, Package};
use crate::purl::Purl;

use super::Reading;

/// Returns whether a file name is one of an SBOM.
pub(super) fn claims(file: &str) -> bool {
    let lower = file.to_ascii_lowercase();
    let names = [
        "bom.json",
        "bom.xml",
        "sbom.json",
        "sbom.xml",
        "sbom.spdx",
        "manifest.spdx.json",
    ];
    let ends = [
        ".cdx.json",
        ".cdx.xml",
        ".bom.json",
        ".bom.xml",
        ".sbom.json",
        ".spdx.json",
        ".spdx",
    ];
    names.contains(&lower.as_str()) || ends.iter().any(|end| lower.ends_with(end))
}

/// Reads whichever of the formats it is.
pub(super) fn read(reading: &mut Reading<'_>) {
    let start = reading.text.trim_start();
    if start.starts_with('<') {
        return cyclonedx::read_xml(reading);
    }
    if !start.starts_with('{') {
        return spdx::read_tags(reading);
    }
    let (root, flaw) = parse_json(reading.text);
    reading.flaw(flaw);
    if root.get("spdxVersion").is_some() || root.get("SPDXID").is_some() {
        spdx::read_json(reading, &root);
    } else if root.text_of("bomFormat") == Some("CycloneDX") || root.get("components").is_some() {
        cyclonedx::read_json(reading, &root);
    } else {
        reading.problem(None, "this is neither CycloneDX nor SPDX (2.x)");
    }
}

/// Makes a package of what a list says; by its package URL where it has one.
fn package(purl: Option<&str>, name: &str, version: Option<&str>, span: Span) -> Package {
    let parsed = purl.and_then(Purl::parse);
    let (ecosystem, name) = match &parsed {
        Some(purl) => purl.to_package_name(),
        None => (Ecosystem::Other, name.to_owned()),
    };
    let version = parsed.as_ref().and_then(Purl::version).or(version);
    Package {
        version: version
            .filter(|version| !version.is_empty())
            .map(str::to_owned),
        ..Package::new(ecosystem, name, span)
    }
}
