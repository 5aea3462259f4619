//! What is known against the packages of a file: each package's advisories that
//! affect its version, one entry for all the names of one thing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::advisory::{Advisory, AdvisoryKind, Assessment, Hit};
use crate::cvss::Rating;
use crate::index::{AdvisoryIndex, IndexError};
use crate::package::{Ecosystem, Package, PackageSource};
use crate::version::VersionOrder;

/// Something known against one package of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The package's index in the file.
    pub package: u32,
    /// The identifier to show: of GitHub where there is one, else the database's
    /// own.
    pub id: String,
    /// The identifier that stays when further ones are added: the first CVE, else
    /// the one to show.
    pub lasting_id: String,
    /// All other identifiers of the same thing, sorted.
    pub aliases: Vec<String>,
    /// What is said of the package.
    pub kind: AdvisoryKind,
    /// One line about it.
    pub summary: String,
    /// How bad it is.
    pub assessment: Assessment,
    /// Whether somebody doubts it.
    pub disputed: bool,
    /// The versions that mend it, the nearest first; none of them is affected by
    /// any of the advisories. Empty when none is known.
    pub fixed: Vec<String>,
}

/// What is known against a package of any version; none when it is not known
/// whether something is.
type Answer = Option<Arc<Vec<Advisory>>>;

/// What is known against the packages of a file, and what is not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// What is known, in the order of the packages.
    pub known: Vec<Known>,
    /// Packages without a version, as indices: nobody can say.
    pub unpinned: Vec<u32>,
    /// Packages that the index says nothing about, also not that nothing is known
    /// against them, as indices.
    pub unanswered: Vec<u32>,
}

/// Asks an index, and remembers what it said: a tree names the same packages many
/// times.
pub struct Checker<'i> {
    index: &'i AdvisoryIndex,
    answers: Mutex<HashMap<(Ecosystem, String), Answer>>,
}

impl<'i> Checker<'i> {
    /// Makes a checker that has asked nothing yet.
    pub fn new(index: &'i AdvisoryIndex) -> Self {
        Self {
            index,
            answers: Mutex::default(),
        }
    }

    fn answer(&self, package: &Package) -> Result<Answer, IndexError> {
        let lock = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let ecosystem = package.ecosystem.name();
        let name = package.ecosystem.normal_name(&package.name);
        let key = (package.ecosystem, name);
        if let Some(known) = lock().get(&key) {
            return Ok(known.clone());
        }
        let is_whole = || {
            let about = self.index.about().ecosystem(ecosystem);
            about.is_some_and(|about| about.is_whole)
        };
        let answer = match self.index.advisories(ecosystem, &key.1)? {
            Some(found) => Some(Arc::new(found)),
            None => is_whole().then(Arc::default),
        };
        lock().insert(key, answer.clone());
        Ok(answer)
    }

    /// Returns what is known against the packages of a file. Packages of the
    /// project itself and of ecosystems without advisories are not looked up.
    ///
    /// # Errors
    ///
    /// When the index is damaged or cannot be read.
    pub fn check(&self, packages: &[Package]) -> Result<Checked, IndexError> {
        let mut checked = Checked::default();
        for (at, package) in packages.iter().enumerate() {
            if !is_looked_up(package) {
                continue;
            }
            let at = at as u32;
            let Some(version) = &package.version else {
                checked.unpinned.push(at);
                continue;
            };
            match self.answer(package)? {
                Some(answer) => {
                    let known = known(at, package.ecosystem, version, &answer);
                    checked.known.extend(known);
                }
                None => checked.unanswered.push(at),
            }
        }
        Ok(checked)
    }
}

/// Returns whether advisories can be about a package at all.
pub fn is_looked_up(package: &Package) -> bool {
    package.ecosystem.has_advisories() && !matches!(package.source, PackageSource::Path(_))
}

/// Returns what of a package's advisories is known against a version.
fn known(package: u32, ecosystem: Ecosystem, version: &str, all: &[Advisory]) -> Vec<Known> {
    let order = VersionOrder::of(ecosystem);
    let hits: Vec<(&Advisory, Hit)> = all
        .iter()
        .filter_map(|advisory| Some((advisory, advisory.hit(order, version)?)))
        .collect();
    group(&hits)
        .into_iter()
        .map(|members| {
            let members: Vec<&(&Advisory, Hit)> = members.iter().map(|&at| &hits[at]).collect();
            fold(package, order, &members)
        })
        .collect()
}

/// Puts together the advisories that share an identifier, directly or over others.
fn group(hits: &[(&Advisory, Hit)]) -> Vec<Vec<usize>> {
    let mut group_of: Vec<usize> = (0..hits.len()).collect();
    let mut owner: HashMap<&str, usize> = HashMap::new();
    for (at, (advisory, _)) in hits.iter().enumerate() {
        for id in std::iter::once(&advisory.id).chain(&advisory.aliases) {
            let other = *owner.entry(id).or_insert(at);
            let (from, to) = (group_of[at], group_of[other]);
            for group in group_of.iter_mut().filter(|group| **group == from) {
                *group = to;
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, group) in group_of.into_iter().enumerate() {
        groups.entry(group).or_default().push(at);
    }
    // By the first of each group, so that the order is that of the index.
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_unstable();
    groups
}

fn fold(package: u32, order: VersionOrder, members: &[&(&Advisory, Hit)]) -> Known {
    let mut ids: Vec<&String> = members
        .iter()
        .flat_map(|(advisory, _)| std::iter::once(&advisory.id).chain(&advisory.aliases))
        .collect();
    ids.sort();
    ids.dedup();
    // Of the documents, the one of the database that most people read.
    let shown = members
        .iter()
        .map(|(advisory, _)| *advisory)
        .min_by_key(|advisory| (!advisory.id.starts_with("GHSA-"), &advisory.id))
        .expect("a group has a member");
    let lasting_id = ids
        .iter()
        .find(|id| id.starts_with("CVE-"))
        .map_or_else(|| shown.id.clone(), |id| (*id).clone());
    let mut fixed: Vec<String> = members
        .iter()
        .flat_map(|(_, hit)| hit.fixed.iter().cloned())
        .filter(|fix| {
            let affected = |(advisory, _): &&(&Advisory, Hit)| advisory.hit(order, fix).is_some();
            !members.iter().any(affected)
        })
        .collect();
    fixed.sort_by(|a, b| order.compare(a, b));
    fixed.dedup_by(|a, b| order.compare(a, b).is_eq());
    // An advisory that says how bad it is itself is asked before one that does not.
    let assessment = std::iter::once(shown)
        .chain(members.iter().map(|(advisory, _)| *advisory))
        .map(Advisory::assess)
        .find(|assessment| assessment.rating != Rating::Unknown)
        .unwrap_or_else(|| shown.assess());
    let kind = members.iter().map(|(advisory, _)| advisory.kind);
    Known {
        package,
        id: shown.id.clone(),
        lasting_id,
        aliases: ids
            .into_iter()
            .filter(|id| **id != shown.id)
            .cloned()
            .collect(),
        // RustSec knows best what is no vulnerability, and the worst counts.
        kind: members
            .iter()
            .find(|(advisory, _)| advisory.id.starts_with("RUSTSEC-"))
            .map(|(advisory, _)| advisory.kind)
            .or_else(|| kind.clone().find(|kind| *kind == AdvisoryKind::Malicious))
            .unwrap_or(shown.kind),
        summary: shown.summary.clone(),
        assessment,
        disputed: members.iter().all(|(advisory, _)| advisory.disputed),
        fixed,
    }
}

#[cfg(test)]
mod tests {
    use assay_source::Span;

    use super::Checker;
    use crate::advisory::read_osv;
    use crate::index::{AdvisoryIndex, IndexBuilder};
    use crate::package::{Ecosystem, Package, PackageSource};

    const ADVISORIES: &[&str] = &[
        r#"{"id": "GHSA-aaaa", "aliases": ["CVE-2020-1"], "summary": "by GitHub",
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],
            "affected": [{"package": {"ecosystem": "PyPI", "name": "Some.Name"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}]}]}"#,
        r#"{"id": "PYSEC-2020-1", "aliases": ["CVE-2020-1"], "summary": "by PyPA",
            "affected": [{"package": {"ecosystem": "PyPI", "name": "some-name"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2.1"}]}]}]}"#,
        r#"{"id": "PYSEC-2021-9", "summary": "another",
            "affected": [{"package": {"ecosystem": "PyPI", "name": "some-name"}, "versions": ["1.1"],
                "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}]}"#,
        r#"{"id": "RUSTSEC-2021-1", "aliases": ["GHSA-cccc"],
            "affected": [{"package": {"ecosystem": "crates.io", "name": "old"}, "database_specific": {"informational": "unmaintained"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0.0.0-0"}]}]}]}"#,
        r#"{"id": "GHSA-cccc", "affected": [{"package": {"ecosystem": "crates.io", "name": "old"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}"#,
        r#"{"id": "MAL-2024-1", "affected": [{"package": {"ecosystem": "npm", "name": "bad"}, "versions": ["1.0.0"]}]}"#,
    ];

    fn index() -> AdvisoryIndex {
        let mut builder = IndexBuilder::new();
        for text in ADVISORIES {
            builder.add(read_osv(text.as_bytes()).unwrap());
        }
        AdvisoryIndex::open(Box::new(builder.finish("", Vec::new()))).unwrap()
    }

    fn package(ecosystem: Ecosystem, name: &str, version: &str) -> Package {
        Package {
            version: Some(version.to_owned()),
            ..Package::new(ecosystem, name, Span::default())
        }
    }

    /// Lines of `id (aliases) kind rating fixed`.
    fn check(package: &Package, expected: &[&str]) {
        let index = index();
        let found = Checker::new(&index)
            .check(std::slice::from_ref(package))
            .unwrap()
            .known;
        let lines: Vec<String> = found
            .iter()
            .map(|known| {
                format!(
                    "{} {} ({}) {:?} {} {}",
                    known.id,
                    known.lasting_id,
                    known.aliases.join(","),
                    known.kind,
                    known.assessment.rating.as_str(),
                    known.fixed.join(",")
                )
            })
            .collect();
        assert_eq!(lines, expected, "{} {:?}", package.name, package.version);
    }

    #[test]
    fn aliases_make_one_entry_and_a_fix_mends_all_of_it() {
        let first = "GHSA-aaaa CVE-2020-1 (CVE-2020-1,PYSEC-2020-1) Vulnerable high 1.2.1";
        let other = "PYSEC-2021-9 PYSEC-2021-9 () Vulnerable unknown ";
        for (version, expected) in [
            ("1.0", vec![first]),
            ("1.1", vec![first, other]),
            ("1.1.0", vec![first, other]),
            (
                "1.2",
                vec!["PYSEC-2020-1 CVE-2020-1 (CVE-2020-1) Vulnerable high 1.2.1"],
            ),
            ("1.2.1", vec![]),
        ] {
            check(&package(Ecosystem::PyPi, "some_name", version), &expected);
        }
    }

    #[test]
    fn what_is_not_known_is_said() {
        let mut builder = IndexBuilder::new();
        builder.mark_whole("npm");
        builder.mark_asked("npm", "x");
        builder.mark_asked("PyPI", "asked");
        let index = AdvisoryIndex::open(Box::new(builder.finish("", Vec::new()))).unwrap();
        let packages = [
            package(Ecosystem::Npm, "any", "1.0.0"),
            package(Ecosystem::PyPi, "Asked", "1.0.0"),
            package(Ecosystem::PyPi, "other", "1.0.0"),
            package(Ecosystem::Go, "other", "1.0.0"),
            Package::new(Ecosystem::Npm, "unpinned", Span::default()),
        ];
        let checked = Checker::new(&index).check(&packages).unwrap();
        assert_eq!(
            (checked.unanswered, checked.unpinned),
            (vec![2, 3], vec![4])
        );
    }

    #[test]
    fn kinds_are_told_apart() {
        check(
            &package(Ecosystem::CratesIo, "old", "0.1.0"),
            &["GHSA-cccc GHSA-cccc (RUSTSEC-2021-1) Unmaintained unknown "],
        );
        check(
            &package(Ecosystem::Npm, "bad", "1.0.0"),
            &["MAL-2024-1 MAL-2024-1 () Malicious unknown "],
        );
    }

    #[test]
    fn what_is_not_pinned_or_the_projects_own_is_not_looked_up() {
        let unpinned = Package::new(Ecosystem::Npm, "bad", Span::default());
        check(&unpinned, &[]);
        let own = Package {
            source: PackageSource::Path(String::new()),
            ..package(Ecosystem::Npm, "bad", "1.0.0")
        };
        check(&own, &[]);
        check(&package(Ecosystem::PyPi, "bad", "1.0.0"), &[]);
        check(&package(Ecosystem::Docker, "bad", "1.0.0"), &[]);
    }
}
