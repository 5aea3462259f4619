//! What is worth a look about the packages of a file, without any advisory: their
//! licences, names that look like others, programs that run when they are
//! installed, and requirements that allow anything.

mod lookalike;

use std::collections::HashSet;

use assay_source::Span;

use crate::licence::{LicencePolicy, Verdict};
use crate::package::{Ecosystem, FileRole, Package, PackageFile, PackageSource};

/// The kinds of hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HintKind {
    /// The policy does not accept the licence.
    LicenceDenied,
    /// The name looks like that of a popular package.
    LookalikeName,
    /// A program runs when it is installed.
    InstallScript,
    /// Any version will do.
    Unpinned,
}

impl HintKind {
    /// Returns the id of the rule that explains it.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::LicenceDenied => "dependency/licence-denied",
            Self::LookalikeName => "dependency/lookalike-name",
            Self::InstallScript => "dependency/install-script-added",
            Self::Unpinned => "dependency/unpinned",
        }
    }
}

/// Something worth a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// What kind.
    pub kind: HintKind,
    /// Where.
    pub span: Span,
    /// What, as a sentence without a full stop.
    pub message: String,
    /// What it is about, the same when it is found again in another version of
    /// the file: the ecosystem, the name, and what else makes it another hint.
    pub about: [String; 3],
    /// Whether it is certain by what the file says.
    pub certain: bool,
}

/// What hints are made from.
#[derive(Clone, Copy, Debug)]
pub struct HintInput<'a> {
    /// The packages.
    pub file: &'a PackageFile,
    /// What licences are accepted.
    pub policy: &'a LicencePolicy,
    /// Whether the file was there before the change; a program that is run at
    /// installation is worth a word when it comes into a project, not when a
    /// whole tree is read.
    pub is_change: bool,
    /// The file before the change. The program of a package that was there in the
    /// same version is not new, and nothing is known to be when that file said of no
    /// package whether it runs one.
    pub base: Option<&'a PackageFile>,
    /// Whether a lockfile says which versions are used.
    pub is_locked: bool,
}

/// Finds what is worth a look; each package and reason once, in the order of the
/// file.
pub fn hints(input: HintInput<'_>) -> Vec<Hint> {
    let mut out = Vec::new();
    let before = Before::new(input.base);
    for package in &input.file.packages {
        licence(&input, package, &mut out);
        name(package, &mut out);
        if input.is_change && package.install_script && !before.may_have_run(package) {
            let message = format!(
                "`{}` runs a program of its own when it is installed",
                package.name
            );
            out.push(hint(
                HintKind::InstallScript,
                package,
                String::new(),
                message,
            ));
        }
        unpinned(&input, package, &mut out);
    }
    // The command may hold a secret: it is shown in the frame, where those are masked.
    for script in input
        .file
        .install_scripts
        .iter()
        .filter(|_| input.is_change)
    {
        out.push(Hint {
            kind: HintKind::InstallScript,
            span: script.span,
            message: format!("the script `{}` runs at every installation", script.name),
            about: [
                "scripts".to_owned(),
                script.name.clone(),
                script.command.clone(),
            ],
            certain: true,
        });
    }
    let mut seen = HashSet::new();
    out.retain(|hint| seen.insert((hint.kind, hint.about.clone())));
    out.sort_by_key(|hint| (hint.span, hint.kind));
    out
}

/// What the file before the change knew of the packages.
#[derive(Default)]
struct Before<'a> {
    /// Their names, when nothing was said about programs at all.
    names: HashSet<(Ecosystem, &'a str)>,
    exact: HashSet<(Ecosystem, &'a str, Option<&'a str>)>,
}

impl<'a> Before<'a> {
    fn new(base: Option<&'a PackageFile>) -> Self {
        let Some(base) = base else {
            return Self::default();
        };
        let name = |package: &'a Package| (package.ecosystem, package.name.as_str());
        let is_silent = !base.packages.iter().any(|package| package.install_script);
        Self {
            names: base
                .packages
                .iter()
                .filter(|_| is_silent)
                .map(name)
                .collect(),
            exact: base
                .packages
                .iter()
                .map(|package| {
                    (
                        package.ecosystem,
                        package.name.as_str(),
                        package.version.as_deref(),
                    )
                })
                .collect(),
        }
    }

    /// Returns whether a package may have run its program before: the same version
    /// was there, or one of which the file did not say.
    fn may_have_run(&self, package: &Package) -> bool {
        let (ecosystem, name) = (package.ecosystem, package.name.as_str());
        self.names.contains(&(ecosystem, name))
            || self
                .exact
                .contains(&(ecosystem, name, package.version.as_deref()))
    }
}

fn hint(kind: HintKind, package: &Package, more: String, message: String) -> Hint {
    Hint {
        kind,
        span: package.span,
        message,
        about: [
            package.ecosystem.purl_type().to_owned(),
            package.name.clone(),
            more,
        ],
        certain: true,
    }
}

fn licence(input: &HintInput<'_>, package: &Package, out: &mut Vec<Hint>) {
    let Some(text) = package
        .licence
        .as_deref()
        .filter(|_| !input.policy.is_empty())
    else {
        return;
    };
    let name = &package.name;
    match input.policy.judge(text) {
        Verdict::Accepted => {}
        Verdict::Denied(names) => {
            let because = if names.len() == 1 && names[0] == text {
                String::new()
            } else {
                format!(" (because of {})", names.join(", "))
            };
            let message = format!("the licence of `{name}`, {text}, is not accepted{because}");
            out.push(hint(
                HintKind::LicenceDenied,
                package,
                text.to_owned(),
                message,
            ));
        }
        // A list of what is denied cannot say anything about an unknown licence.
        Verdict::Unknown if input.policy.allow.is_empty() => {}
        Verdict::Unknown => {
            let message = format!(
                "the licence of `{name}`, `{text}`, is not known, so it is not among the accepted ones"
            );
            let mut unknown = hint(HintKind::LicenceDenied, package, text.to_owned(), message);
            unknown.certain = false;
            out.push(unknown);
        }
    }
}

fn name(package: &Package, out: &mut Vec<Hint>) {
    // What others ask for was chosen by them; what comes from elsewhere has its
    // name from there.
    if !package.direct || package.source != PackageSource::Registry {
        return;
    }
    if let Some(popular) = lookalike::lookalike(package.ecosystem, &package.name) {
        let message = format!(
            "`{}` looks like `{popular}`, which many projects use: is it what is meant?",
            package.name
        );
        let mut found = hint(
            HintKind::LookalikeName,
            package,
            popular.to_owned(),
            message,
        );
        found.certain = false;
        out.push(found);
    }
}

fn unpinned(input: &HintInput<'_>, package: &Package, out: &mut Vec<Hint>) {
    let is_registry = package.source == PackageSource::Registry;
    if input.file.kind.role != FileRole::Manifest
        || input.is_locked
        || !is_registry
        || package.version.is_some()
    {
        return;
    }
    // Other rules speak about images, actions and npm; for Python and Ruby a bare
    // name is the normal way to ask.
    let known = [
        Ecosystem::CratesIo,
        Ecosystem::Packagist,
        Ecosystem::Pub,
        Ecosystem::Hex,
        Ecosystem::PyPi,
        Ecosystem::RubyGems,
        Ecosystem::NuGet,
        Ecosystem::Maven,
    ];
    let Some(requirement) = package
        .requirement
        .as_deref()
        .filter(|_| known.contains(&package.ecosystem))
    else {
        return;
    };
    let any = [
        "*",
        "x",
        "X",
        "latest",
        "any",
        ">=0",
        ">= 0",
        ">=0.0.0",
        "LATEST",
        "RELEASE",
        "latest.release",
        "+",
        "dev-master",
    ];
    if any.contains(&requirement.trim()) {
        let message = format!(
            "any version of `{}` will do (`{requirement}`) and no lockfile says which: what is installed can change from one day to the next",
            package.name
        );
        out.push(hint(HintKind::Unpinned, package, String::new(), message));
    }
}

#[cfg(test)]
mod tests {
    use assay_source::{LineMap, RepoPath};

    use super::{HintInput, HintKind, hints};
    use crate::licence::LicencePolicy;
    use crate::read::read;

    fn check(
        path: &str,
        text: &str,
        (is_change, is_locked): (bool, bool),
        expected: &[(u32, HintKind, &str)],
    ) {
        let file = read(&RepoPath::from(path), text).unwrap();
        let policy = LicencePolicy {
            allow: vec!["MIT".to_owned()],
            deny: Vec::new(),
        };
        let found = hints(HintInput {
            file: &file,
            policy: &policy,
            is_change,
            base: None,
            is_locked,
        });
        let lines = LineMap::new(text);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (hint, (line, kind, part)) in found.iter().zip(expected) {
            assert_eq!(
                (lines.line_of(hint.span.start), hint.kind),
                (*line, *kind),
                "{hint:?}"
            );
            assert!(hint.message.contains(part), "{hint:?}");
        }
    }

    #[test]
    fn a_lockfile_has_licences_and_scripts() {
        let text = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "1", "expres": "1"}},
"node_modules/a": {"version": "1.0.0", "license": "GPL-3.0-only"},
"node_modules/b": {"version": "1.0.0", "license": "MIT", "hasInstallScript": true},
"node_modules/expres": {"version": "1.0.0", "license": "SEE LICENSE"}}}"#;
        let always = [
            (2, HintKind::LicenceDenied, "GPL-3.0-only, is not accepted"),
            (4, HintKind::LicenceDenied, "is not known"),
            (4, HintKind::LookalikeName, "`express`"),
        ];
        check("package-lock.json", text, (false, false), &always);
        let mut change = always.to_vec();
        change.insert(1, (3, HintKind::InstallScript, "`b` runs a program"));
        check("package-lock.json", text, (true, false), &change);
    }

    #[test]
    fn a_format_that_said_nothing_of_scripts_makes_none_new() {
        let read = |text: &str| read(&RepoPath::from("package-lock.json"), text).unwrap();
        let old = read(r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0"}}}"#);
        let new = read(
            r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0", "hasInstallScript": true},
"node_modules/b": {"version": "1.0.0", "hasInstallScript": true}}}"#,
        );
        let policy = LicencePolicy::default();
        let found = hints(HintInput {
            file: &new,
            policy: &policy,
            is_change: true,
            base: Some(&old),
            is_locked: false,
        });
        let about: Vec<&str> = found.iter().map(|hint| hint.about[1].as_str()).collect();
        assert_eq!(about, ["b"]);
    }

    #[test]
    fn a_manifest_has_requirements_and_scripts() {
        let text = "{\"scripts\": {\n\"postinstall\": \"node x.js\", \"test\": \"x\"},\n\"dependencies\": {\n\"a\": \"*\",\n\"b\": \"^1\", \"c\": \"latest\"}}";
        let script = (2, HintKind::InstallScript, "`postinstall`");
        check("package.json", text, (true, false), &[script]);
        check("package.json", text, (false, true), &[]);
        let text = "[dependencies]\na = '*'\nb = '1'\nc = { path = '../c' }\n";
        let star = (2, HintKind::Unpinned, "`*`");
        check("Cargo.toml", text, (false, false), &[star]);
        check("Cargo.toml", text, (true, true), &[]);
        check("requirements.txt", "flask\na==1\n", (true, false), &[]);
    }
}
