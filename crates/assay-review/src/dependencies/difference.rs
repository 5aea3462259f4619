//! What a change does to the packages: added, removed, upgraded, downgraded.

use std::collections::{BTreeMap, BTreeSet};

use assay_deps::{Ecosystem, FileRole, PackageFile, PackageSource, VersionOrder};
use assay_finding::{PackageDifference, PackageStep};
use assay_source::RepoPath;

/// Differences that a report keeps.
const DIFFERENCES_MAX: usize = 5_000;

/// The versions of the packages of a file.
type Versions<'f> = BTreeMap<(Ecosystem, &'f str), Facts<'f>>;

#[derive(Default)]
struct Facts<'f> {
    versions: BTreeSet<&'f str>,
    direct: bool,
}

/// Compares the packages of files, each in its base and head version.
pub(super) fn of<'f>(
    pairs: impl Iterator<Item = (Option<&'f PackageFile>, Option<&'f PackageFile>)>,
) -> Vec<PackageDifference> {
    let mut all = Vec::new();
    for (base, head) in pairs {
        let Some(file) = head.or(base) else {
            continue;
        };
        let (before, after) = (versions(base), versions(head));
        let names: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
        for key in names {
            let none = Facts::default();
            let (old, new) = (
                before.get(&key).unwrap_or(&none),
                after.get(&key).unwrap_or(&none),
            );
            if old.versions == new.versions {
                continue;
            }
            all.push(difference(&file.path, key, old, new));
        }
    }
    all.truncate(DIFFERENCES_MAX);
    all
}

/// A manifest without versions differs in its ranges, which are no versions.
fn versions(file: Option<&PackageFile>) -> Versions<'_> {
    let mut versions = Versions::new();
    for package in file.iter().flat_map(|file| &file.packages) {
        let is_manifest = file.is_some_and(|file| file.kind.role == FileRole::Manifest);
        let version = match &package.version {
            Some(version) => Some(version),
            None => package.requirement.as_ref().filter(|_| is_manifest),
        };
        if matches!(package.source, PackageSource::Path(_)) {
            continue;
        }
        let facts = versions
            .entry((package.ecosystem, package.name.as_str()))
            .or_default();
        facts.versions.extend(version.map(String::as_str));
        facts.direct |= package.direct;
    }
    versions
}

fn difference(
    path: &RepoPath,
    (ecosystem, name): (Ecosystem, &str),
    old: &Facts<'_>,
    new: &Facts<'_>,
) -> PackageDifference {
    let order = VersionOrder::of(ecosystem);
    // What both have did not change.
    let only = |own: &Facts<'_>, other: &Facts<'_>| -> Vec<String> {
        let mut only: Vec<&str> = own.versions.difference(&other.versions).copied().collect();
        only.sort_by(|a, b| order.compare(a, b));
        only.into_iter().map(str::to_owned).collect()
    };
    let (before, after) = (only(old, new), only(new, old));
    let step = match (before.last(), after.last()) {
        (None, _) => PackageStep::Added,
        (_, None) => PackageStep::Removed,
        (Some(before), Some(after)) if order.compare(before, after).is_gt() => {
            PackageStep::Downgraded
        }
        _ => PackageStep::Upgraded,
    };
    PackageDifference {
        path: path.clone(),
        ecosystem: ecosystem.name(),
        name: name.to_owned(),
        step,
        before,
        after,
        direct: old.direct || new.direct,
    }
}
