//! Python: pip, setuptools, poetry, pipenv, uv, pdm and the files that the PEPs
//! describe.

pub(super) mod lock;
pub(super) mod pipfile;
pub(super) mod pyproject;
pub(super) mod requirements;
pub(super) mod setup;

use assay_source::Span;

use crate::package::{Ecosystem, Package, PackageSource};

use super::reading::source_of_url;

/// Returns the normal form of a name (PEP 503): lower case, with one `-` for
/// every run of `-`, `_` and `.`.
pub(super) fn normal_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.trim().chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

/// A requirement taken apart (PEP 508).
#[derive(Debug, PartialEq)]
pub(super) struct Requirement<'a> {
    pub(super) name: &'a str,
    /// The versions that are allowed, as written.
    pub(super) specifier: &'a str,
    pub(super) url: Option<&'a str>,
}

impl<'a> Requirement<'a> {
    /// Parses `name[extra]>=1,<2; marker` and `name @ url`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
        let name = text[..end].trim_end_matches(['-', '.']);
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || name.len() < end {
            return None;
        }
        let mut rest = text[end..].trim_start();
        if rest.starts_with('[') {
            rest = rest[rest.find(']')? + 1..].trim_start();
        }
        if let Some(url) = rest.strip_prefix('@') {
            let url = url.trim();
            let end = url.find(" ;").or_else(|| url.find(char::is_whitespace));
            return Some(Self {
                name,
                specifier: "",
                url: Some(url[..end.unwrap_or(url.len())].trim()),
            });
        }
        let specifier = rest.split(';').next().unwrap_or("").trim();
        let specifier = specifier
            .strip_prefix('(')
            .and_then(|s| s.strip_suffix(')'))
            .unwrap_or(specifier)
            .trim();
        let fits = specifier.is_empty() || specifier.starts_with(['=', '<', '>', '!', '~']);
        fits.then_some(Self {
            name,
            specifier,
            url: None,
        })
    }

    /// Returns the one version that is allowed.
    pub(super) fn exact(&self) -> Option<&'a str> {
        exact(self.specifier)
    }

    pub(super) fn into_package(self, span: Span) -> Package {
        let mut package = Package::new(Ecosystem::PyPi, normal_name(self.name), span);
        package.version = self.exact().map(str::to_owned);
        if let Some(url) = self.url {
            package.source = source_of(url);
        } else {
            package.requirement = Some(self.specifier.to_owned());
        }
        package
    }
}

/// Returns the version of `==1.0` and `===1.0`, alone or among other bounds.
pub(super) fn exact(specifier: &str) -> Option<&str> {
    specifier.split(',').find_map(|part| {
        let version = part.trim().strip_prefix("==")?;
        let version = version.strip_prefix('=').unwrap_or(version).trim();
        (!version.is_empty() && !version.contains(['*', ' '])).then_some(version)
    })
}

/// Tells from a URL or a path of a requirement where content comes from.
pub(super) fn source_of(url: &str) -> PackageSource {
    if let Some(path) = url.strip_prefix("file://") {
        PackageSource::Path(path.to_owned())
    } else if url.contains("://") || url.starts_with("git+") {
        source_of_url(url)
    } else {
        PackageSource::Path(url.to_owned())
    }
}

/// Reads one requirement of a list; says when it is not one.
pub(super) fn take(reading: &mut super::Reading<'_>, text: &str, span: Span, dev: bool) {
    match Requirement::parse(text) {
        Some(requirement) => {
            let mut package = requirement.into_package(span);
            package.direct = true;
            package.dev = dev;
            reading.add(package);
        }
        None => reading.problem(span, "this requirement is not understood (PEP 508)"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Requirement, normal_name};

    #[test]
    fn names_have_one_form() {
        for name in [
            "friendly-bard",
            "Friendly-Bard",
            "FRIENDLY-BARD",
            "friendly.bard",
            "friendly_bard",
            "friendly--bard",
            "FrIeNdLy-._.-bArD",
        ] {
            assert_eq!(normal_name(name), "friendly-bard");
        }
    }

    #[test]
    fn requirements_of_the_specification_are_parsed() {
        for (text, name, specifier, url) in [
            ("A", "A", "", None),
            ("A.B-C_D", "A.B-C_D", "", None),
            ("name<=1", "name", "<=1", None),
            ("name>=3,<2", "name", ">=3,<2", None),
            ("name@http://foo.com", "name", "", Some("http://foo.com")),
            (
                "name [fred,bar] @ http://foo.com ; python_version=='2.7'",
                "name",
                "",
                Some("http://foo.com"),
            ),
            (
                "name[quux, strange];python_version<'2.7' and platform_version=='2'",
                "name",
                "",
                None,
            ),
            ("name (==1.0)", "name", "==1.0", None),
            (
                "pip @ file:///localbuilds/pip-1.3.1.zip",
                "pip",
                "",
                Some("file:///localbuilds/pip-1.3.1.zip"),
            ),
        ] {
            let expected = Requirement {
                name,
                specifier,
                url,
            };
            assert_eq!(Requirement::parse(text), Some(expected), "{text}");
        }
        for text in ["", "-x", "name ?", "[x]", "na me"] {
            assert_eq!(Requirement::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_one_version_is_exact() {
        for (text, version) in [
            ("a==1.0", Some("1.0")),
            ("a === 1.0+local", Some("1.0+local")),
            ("a==1.*", None),
            ("a>=1", None),
            ("a!=1,==2", Some("2")),
        ] {
            assert_eq!(Requirement::parse(text).unwrap().exact(), version, "{text}");
        }
    }
}
