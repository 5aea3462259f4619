//! Packages as files name them: an ecosystem, a name, a version, and how the
//! package came into the file. What every reader makes and every check takes.

use assay_source::{RepoPath, Span};

/// Declares the ecosystems with their names elsewhere.
macro_rules! ecosystems {
    ($($(#[doc = $doc:literal])+ $variant:ident = $osv:literal, $purl:literal;)+) => {
        /// Where packages come from: a registry with its own rules for names and
        /// for the order of versions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Ecosystem {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Ecosystem {
            /// Every ecosystem, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the name in OSV advisories (without a release after `:`),
            /// or the name for people where OSV knows no such ecosystem.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $osv,)+ }
            }

            /// Returns the type of its package URLs (`pkg:<type>/...`).
            pub const fn purl_type(self) -> &'static str {
                match self { $(Self::$variant => $purl,)+ }
            }
        }
    };
}

ecosystems! {
    /// JavaScript.
    Npm = "npm", "npm";
    /// Python.
    PyPi = "PyPI", "pypi";
    /// Java and what runs beside it; names are `group:artifact`.
    Maven = "Maven", "maven";
    /// Go modules; the standard library is `stdlib`.
    Go = "Go", "golang";
    /// Rust.
    CratesIo = "crates.io", "cargo";
    /// PHP.
    Packagist = "Packagist", "composer";
    /// Ruby.
    RubyGems = "RubyGems", "gem";
    /// .NET.
    NuGet = "NuGet", "nuget";
    /// Dart.
    Pub = "Pub", "pub";
    /// Erlang and Elixir.
    Hex = "Hex", "hex";
    /// Swift packages; names are repository URLs without a scheme.
    SwiftUrl = "SwiftURL", "swift";
    /// Pods of Apple platforms; OSV has none.
    CocoaPods = "CocoaPods", "cocoapods";
    /// C and C++.
    ConanCenter = "ConanCenter", "conan";
    /// Actions that GitHub workflows use; names are `owner/repository`.
    GitHubActions = "GitHub Actions", "githubactions";
    /// Container images; OSV has none.
    Docker = "Docker", "docker";
    /// Haskell.
    Hackage = "Hackage", "hackage";
    /// R, from CRAN.
    Cran = "CRAN", "cran";
    /// R, from Bioconductor.
    Bioconductor = "Bioconductor", "bioconductor";
    /// Debian packages.
    Debian = "Debian", "deb";
    /// Ubuntu packages.
    Ubuntu = "Ubuntu", "deb";
    /// Alpine packages.
    Alpine = "Alpine", "apk";
    /// Packages of Red Hat and of the distributions that order versions as it does.
    Rpm = "Red Hat", "rpm";
    /// Something else: versions are not put in order.
    Other = "other", "generic";
}

impl Ecosystem {
    /// Returns the ecosystem that OSV names so, with or without a release after a
    /// colon.
    pub fn from_osv(name: &str) -> Option<Self> {
        let base = name.split(':').next().unwrap_or(name);
        let known = Self::ALL.iter().copied();
        known
            .filter(|ecosystem| ecosystem.has_advisories())
            .find(|ecosystem| ecosystem.name() == base)
    }

    /// Returns a name in the form in which the ecosystem tells names apart.
    pub fn normal_name(self, name: &str) -> String {
        match self {
            // PEP 503.
            Self::PyPi => {
                let mut out = String::with_capacity(name.len());
                for c in name.chars() {
                    match c {
                        '-' | '_' | '.' if out.ends_with('-') => {}
                        '-' | '_' | '.' => out.push('-'),
                        c => out.extend(c.to_lowercase()),
                    }
                }
                out
            }
            Self::NuGet
            | Self::Packagist
            | Self::GitHubActions
            | Self::SwiftUrl
            | Self::Hex
            | Self::Pub
            | Self::ConanCenter => name.to_lowercase(),
            _ => name.to_owned(),
        }
    }

    /// Returns whether OSV publishes advisories for it.
    pub const fn has_advisories(self) -> bool {
        !matches!(self, Self::CocoaPods | Self::Docker | Self::Other)
    }
}

/// Where a package's content comes from, when the file says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PackageSource {
    /// The ecosystem's own registry, or nothing was said.
    #[default]
    Registry,
    /// Another registry or an archive; its URL.
    Url(String),
    /// A repository; its URL, with the revision after `#` where one is given.
    Git(String),
    /// A folder of the same project; its path as written.
    Path(String),
}

/// One package that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name in the ecosystem's normal form: the one that advisories use
    /// (PyPI by PEP 503, NuGet and Packagist in lower case, Maven `group:artifact`).
    pub name: String,
    /// The exact version; none when the file does not pin one.
    pub version: Option<String>,
    /// The range as written, where the file has one and not (only) a version.
    pub requirement: Option<String>,
    /// The place in the file that a person would edit or look at: the line with
    /// the version where there is one, so that another version is another line.
    pub span: Span,
    /// Whether the project itself asks for it.
    pub direct: bool,
    /// Whether it is used in development or tests only.
    pub dev: bool,
    /// The packages of the same file that ask for it, as indices.
    pub parents: Vec<u32>,
    /// The licence expression as written, where the file has one.
    pub licence: Option<String>,
    /// Where its content comes from.
    pub source: PackageSource,
    /// Whether it runs a program of its own when it is installed, where the file
    /// says so.
    pub install_script: bool,
}

impl Package {
    /// Makes a package of which only ecosystem, name and place are known.
    pub fn new(ecosystem: Ecosystem, name: impl Into<String>, span: Span) -> Self {
        Self {
            ecosystem,
            name: name.into(),
            version: None,
            requirement: None,
            span,
            direct: false,
            dev: false,
            parents: Vec::new(),
            licence: None,
            source: PackageSource::Registry,
            install_script: false,
        }
    }
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileRole {
    /// Written by hand: what the project asks for, often as ranges.
    Manifest,
    /// Written by a tool: every package with its version.
    Lockfile,
    /// A list of packages for others: an SBOM.
    Sbom,
}

/// A kind of file that names packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKind {
    /// What people call it, such as `package-lock.json`.
    pub name: &'static str,
    /// What it is for.
    pub role: FileRole,
}

/// Something in a file that was not understood, or that it does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// Where, when it is at one place.
    pub span: Option<Span>,
    /// What, as a sentence without a full stop.
    pub message: String,
}

/// A program that a manifest has run at installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallScript {
    /// When it runs, such as `postinstall`.
    pub name: String,
    /// What runs.
    pub command: String,
    /// Where it stands.
    pub span: Span,
}

/// The packages of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageFile {
    /// The file.
    pub path: RepoPath,
    /// What kind of file it is.
    pub kind: FileKind,
    /// The packages in the order of the file.
    pub packages: Vec<Package>,
    /// What was not understood; empty when the list is whole.
    pub problems: Vec<FileProblem>,
    /// The programs that run when the project itself is installed.
    pub install_scripts: Vec<InstallScript>,
}
