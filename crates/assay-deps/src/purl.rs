//! Package URLs: the name that a package has everywhere.
//! <https://github.com/package-url/purl-spec>

use std::fmt;
use std::fmt::Write as _;

use crate::package::{Ecosystem, Package, PackageSource};

/// The longest text that is parsed.
const TEXT_BYTES_MAX: usize = 8192;

/// A package URL; printed in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl {
    kind: String,
    namespace: Vec<String>,
    name: String,
    version: Option<String>,
    qualifiers: Vec<(String, String)>,
    subpath: Vec<String>,
}

impl Purl {
    /// Makes the package URL of a package.
    pub fn of(package: &Package) -> Self {
        let name = package.name.as_str();
        let (namespace, name) = match package.ecosystem {
            Ecosystem::Maven => name.split_once(':').unwrap_or(("", name)),
            // The registry of an image is a qualifier, not a part of its name.
            Ecosystem::Docker => {
                let path = split_registry(name).1;
                path.rsplit_once('/').unwrap_or(("", path))
            }
            _ => name.rsplit_once('/').unwrap_or(("", name)),
        };
        let mut qualifiers = Vec::new();
        match &package.source {
            PackageSource::Git(url) => {
                let (url, revision) = url.split_once('#').unwrap_or((url, ""));
                let git = if url.starts_with("git+") { "" } else { "git+" };
                let at = if revision.is_empty() { "" } else { "@" };
                qualifiers.push(("vcs_url".to_owned(), format!("{git}{url}{at}{revision}")));
            }
            PackageSource::Url(url) => {
                let path = url.split(['?', '#']).next().unwrap_or(url);
                let archives = [
                    ".tgz", ".tar.gz", ".zip", ".whl", ".jar", ".tar.bz2", ".gem",
                ];
                let is_archive = archives.iter().any(|end| path.ends_with(end));
                let key = if is_archive {
                    "download_url"
                } else {
                    "repository_url"
                };
                qualifiers.push((key.to_owned(), url.clone()));
            }
            PackageSource::Registry | PackageSource::Path(_) => {}
        }
        let mut version = package.version.clone();
        if package.ecosystem == Ecosystem::Docker {
            if let Some(registry) = split_registry(&package.name).0 {
                qualifiers.push(("repository_url".to_owned(), registry.to_owned()));
            }
            let digest = package
                .requirement
                .as_deref()
                .filter(|text| text.starts_with("sha256:"));
            version = version.or(digest.map(str::to_owned));
        }
        let distribution = match package.ecosystem {
            Ecosystem::Debian => "debian",
            Ecosystem::Ubuntu => "ubuntu",
            Ecosystem::Alpine => "alpine",
            Ecosystem::Rpm => "redhat",
            _ => "",
        };
        let namespace = if namespace.is_empty() {
            distribution
        } else {
            namespace
        };
        Self::new(
            package.ecosystem.purl_type(),
            namespace,
            name,
            version.as_deref(),
            qualifiers,
        )
    }

    fn new(
        kind: &str,
        namespace: &str,
        name: &str,
        version: Option<&str>,
        mut qualifiers: Vec<(String, String)>,
    ) -> Self {
        qualifiers.retain(|(_, value)| !value.is_empty());
        qualifiers.sort();
        let segments = namespace.split('/').filter(|segment| !segment.is_empty());
        let mut purl = Self {
            kind: kind.to_ascii_lowercase(),
            namespace: segments.map(str::to_owned).collect(),
            name: name.trim_matches('/').to_owned(),
            version: version
                .filter(|version| !version.is_empty())
                .map(str::to_owned),
            qualifiers,
            subpath: Vec::new(),
        };
        purl.normalise();
        purl
    }

    /// Parses a text; none when it is no package URL.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let (rest, subpath) = text.split_once('#').unwrap_or((text, ""));
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (scheme, rest) = rest.split_once(':')?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return None;
        }
        let (kind, rest) = rest.trim_start_matches('/').split_once('/')?;
        let is_kind = |b: u8| b.is_ascii_alphanumeric() || b".-".contains(&b);
        if kind.is_empty()
            || !kind.bytes().all(is_kind)
            || kind.starts_with(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        let rest = rest.trim_matches('/');
        // An `@` of a scope that is not encoded begins a segment; that of a
        // version does not.
        let (path, version) = match rest.rfind('@') {
            Some(at) if at > 0 && !rest[..at].ends_with('/') => {
                (&rest[..at], Some(&rest[at + 1..]))
            }
            _ => (rest, None),
        };
        let mut segments = Vec::new();
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            segments.push(decode(segment)?);
        }
        // Before a version there must be a name.
        if path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with('@'))
        {
            return None;
        }
        let name = segments.pop()?;
        let mut pairs = Vec::new();
        for pair in qualifiers.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=')?;
            let key = key.to_ascii_lowercase();
            let is_key = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
            if key.is_empty()
                || !key.bytes().all(is_key)
                || key.starts_with(|c: char| c.is_ascii_digit())
            {
                return None;
            }
            pairs.push((key, decode(value)?));
        }
        let version = match version {
            Some(version) => Some(decode(version)?),
            None => None,
        };
        let mut purl = Self::new(kind, "", &name, version.as_deref(), pairs);
        purl.namespace = segments;
        for segment in subpath
            .split('/')
            .filter(|part| !matches!(*part, "" | "." | ".."))
        {
            purl.subpath.push(decode(segment)?);
        }
        purl.normalise();
        purl.is_complete().then_some(purl)
    }

    /// Applies what the types say about their names.
    fn normalise(&mut self) {
        let lower = |text: &mut String| *text = text.to_lowercase();
        match self.kind.as_str() {
            "alpm" | "apk" | "bitbucket" | "composer" | "deb" | "github" | "hex"
            | "githubactions" | "brew" | "luarocks" | "vscode-extension" | "bitnami" | "otp"
            | "oci" | "qpkg" => {
                self.namespace.iter_mut().for_each(lower);
                if self.kind != "qpkg" {
                    lower(&mut self.name);
                }
            }
            "rpm" | "yocto" => self.namespace.iter_mut().for_each(lower),
            "chrome-extension" => lower(&mut self.name),
            "pypi" => {
                lower(&mut self.name);
                self.name = self.name.replace('_', "-");
            }
            "pub" => {
                let plain = |c: char| {
                    if c.is_ascii_alphanumeric() {
                        c.to_ascii_lowercase()
                    } else {
                        '_'
                    }
                };
                self.name = self.name.chars().map(plain).collect();
            }
            _ => {}
        }
        let lower_version =
            ["huggingface", "oci", "pypi", "vscode-extension"].contains(&self.kind.as_str());
        if let (true, Some(version)) = (lower_version, &mut self.version) {
            lower(version);
        }
    }

    fn is_complete(&self) -> bool {
        let with_namespace = [
            "alpm",
            "apk",
            "bitbucket",
            "composer",
            "deb",
            "github",
            "maven",
            "rpm",
            "swift",
        ];
        let without_namespace = [
            "cargo",
            "gem",
            "nuget",
            "pypi",
            "pub",
            "cocoapods",
            "hackage",
            "cran",
            "conda",
        ];
        let kind = self.kind.as_str();
        let fits = if self.namespace.is_empty() {
            !with_namespace.contains(&kind)
        } else {
            !without_namespace.contains(&kind)
        };
        fits && !self.name.is_empty()
    }

    /// Returns the type, such as `npm`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the namespace with `/` between its parts; empty when there is none.
    pub fn namespace(&self) -> String {
        self.namespace.join("/")
    }

    /// Returns the name without the namespace.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the version.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Returns a qualifier.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        let pair = self.qualifiers.iter().find(|(name, _)| name == key);
        pair.map(|(_, value)| value.as_str())
    }

    /// Returns the ecosystem and the name as [`Package`] has them.
    pub fn to_package_name(&self) -> (Ecosystem, String) {
        let ecosystem = match self.kind.as_str() {
            "deb" if self.namespace.first().is_some_and(|name| name == "ubuntu") => {
                Ecosystem::Ubuntu
            }
            kind => Ecosystem::ALL
                .iter()
                .copied()
                .find(|ecosystem| ecosystem.purl_type() == kind)
                .unwrap_or(Ecosystem::Other),
        };
        let namespace = self.namespace();
        let name = match ecosystem {
            Ecosystem::Maven => format!("{namespace}:{}", self.name),
            Ecosystem::NuGet => self.name.to_lowercase(),
            // The namespace is the distribution.
            Ecosystem::Debian | Ecosystem::Ubuntu | Ecosystem::Alpine | Ecosystem::Rpm => {
                self.name.clone()
            }
            Ecosystem::Docker => {
                let registry = self
                    .qualifier("repository_url")
                    .map(|url| format!("{url}/"));
                let slash = if namespace.is_empty() { "" } else { "/" };
                format!(
                    "{}{namespace}{slash}{}",
                    registry.unwrap_or_default(),
                    self.name
                )
            }
            _ if namespace.is_empty() => self.name.clone(),
            _ => format!("{namespace}/{}", self.name),
        };
        (ecosystem, name)
    }
}

/// Splits the registry from an image's name: its first part when that has a dot
/// or a port, or is `localhost`.
fn split_registry(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
            (Some(first), rest)
        }
        _ => (None, name),
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkg:{}/", self.kind)?;
        for segment in &self.namespace {
            encode(f, segment)?;
            f.write_char('/')?;
        }
        encode(f, &self.name)?;
        if let Some(version) = &self.version {
            f.write_char('@')?;
            encode(f, version)?;
        }
        for (at, (key, value)) in self.qualifiers.iter().enumerate() {
            f.write_char(if at == 0 { '?' } else { '&' })?;
            write!(f, "{key}=")?;
            encode(f, value)?;
        }
        for (at, segment) in self.subpath.iter().enumerate() {
            f.write_char(if at == 0 { '#' } else { '/' })?;
            encode(f, segment)?;
        }
        Ok(())
    }
}

/// Percent-encodes everything but letters, digits, `.-_~` and the colon.
fn encode(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            f.write_char(char::from(byte))?;
        } else {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}

fn decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        out.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use assay_source::Span;

    use super::Purl;
    use crate::package::{Ecosystem, Package, PackageSource};

    #[test]
    fn texts_have_one_form() {
        for (text, canonical) in [
            (
                "pkg:npm/%40angular/animation@12.3.1",
                "pkg:npm/%40angular/animation@12.3.1",
            ),
            (
                "pkg:npm/@angular/animation@12.3.1",
                "pkg:npm/%40angular/animation@12.3.1",
            ),
            (
                "pkg:PYPI/Django_package@1.11.1.dev1",
                "pkg:pypi/django-package@1.11.1.dev1",
            ),
            (
                "pkg:github/Package-url/purl-Spec@244fd47e",
                "pkg:github/package-url/purl-spec@244fd47e",
            ),
            (
                "pkg:composer/Laravel/Laravel@5.5.0",
                "pkg:composer/laravel/laravel@5.5.0",
            ),
            (
                "pkg://golang/google.golang.org/genproto#/googleapis/../api/annotations/",
                "pkg:golang/google.golang.org/genproto#googleapis/api/annotations",
            ),
            (
                "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?repositorY_url=repo.spring.io/release&classifier=sources",
                "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?classifier=sources&repository_url=repo.spring.io%2Frelease",
            ),
            (
                "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=",
                "pkg:deb/debian/curl@7.50.3-1?arch=i386",
            ),
            ("pkg:generic/a@1.0+b:c d", "pkg:generic/a@1.0%2Bb:c%20d"),
            (
                "pkg:docker/cassandra@sha256:244fd47e07d10",
                "pkg:docker/cassandra@sha256:244fd47e07d10",
            ),
        ] {
            let purl = Purl::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(purl.to_string(), canonical);
            assert_eq!(Purl::parse(canonical), Some(purl));
        }
    }

    #[test]
    fn what_is_no_package_url_is_refused() {
        for text in [
            "",
            "pkg:",
            "pkg:npm",
            "pkg:npm/",
            "pkg:3nuget/x",
            "x:npm/a",
            "npm/a",
            "pkg:maven/a@1",
            "pkg:cargo/a/b",
            "pkg:npm/a%4",
            "pkg:npm/a%ff",
            "pkg:n&g/a",
            "pkg:npm/a?1x=y",
            "pkg:npm/a?x",
        ] {
            assert_eq!(Purl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn packages_have_one() {
        let image = "ghcr.io/u/app";
        for (ecosystem, name, source, expected) in [
            (
                Ecosystem::Npm,
                "@s/a",
                PackageSource::Registry,
                "pkg:npm/%40s/a@1.0",
            ),
            (
                Ecosystem::Maven,
                "org.a:b",
                PackageSource::Registry,
                "pkg:maven/org.a/b@1.0",
            ),
            (
                Ecosystem::Go,
                "github.com/a/b/v2",
                PackageSource::Registry,
                "pkg:golang/github.com/a/b/v2@1.0",
            ),
            (
                Ecosystem::CratesIo,
                "a",
                PackageSource::Git("https://h/a.git#abc".into()),
                "pkg:cargo/a@1.0?vcs_url=git%2Bhttps:%2F%2Fh%2Fa.git%40abc",
            ),
            (
                Ecosystem::Npm,
                "a",
                PackageSource::Url("https://h/a.tgz".into()),
                "pkg:npm/a@1.0?download_url=https:%2F%2Fh%2Fa.tgz",
            ),
            (
                Ecosystem::Docker,
                image,
                PackageSource::Registry,
                "pkg:docker/u/app@1.0?repository_url=ghcr.io",
            ),
            (
                Ecosystem::GitHubActions,
                "actions/checkout",
                PackageSource::Registry,
                "pkg:githubactions/actions/checkout@1.0",
            ),
            (
                Ecosystem::Debian,
                "curl",
                PackageSource::Registry,
                "pkg:deb/debian/curl@1.0",
            ),
            (
                Ecosystem::SwiftUrl,
                "github.com/apple/swift-nio",
                PackageSource::Registry,
                "pkg:swift/github.com/apple/swift-nio@1.0",
            ),
        ] {
            let package = Package {
                version: Some("1.0".to_owned()),
                source,
                ..Package::new(ecosystem, name, Span::default())
            };
            let purl = Purl::of(&package);
            assert_eq!(purl.to_string(), expected);
            let parsed = Purl::parse(expected).unwrap();
            assert_eq!(parsed.to_package_name(), (ecosystem, name.to_owned()));
        }
    }
}
