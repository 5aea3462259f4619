//! What an SBOM says, before it has a format: every package of every file once,
//! by its package URL, with who asks for it and where it was found.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::package::{Ecosystem, FileRole, Package, PackageFile, PackageSource};
use crate::purl::Purl;

/// What the list is made for, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The project's name.
    pub name: String,
    /// The version of Assay.
    pub tool_version: String,
}

/// A package with what all files together say about it.
pub(super) struct Component<'a> {
    pub(super) package: &'a Package,
    pub(super) purl: Purl,
    /// Whether every file says that it is for development only.
    pub(super) dev: bool,
    pub(super) licence: Option<&'a str>,
    /// The files that name it, as URIs.
    pub(super) files: BTreeSet<String>,
    /// The packages that it asks for.
    pub(super) asks: BTreeSet<String>,
}

/// The whole list, by package URL.
pub(super) struct Bill<'a> {
    pub(super) components: BTreeMap<String, Component<'a>>,
    /// The packages that the project itself asks for.
    pub(super) direct: BTreeSet<String>,
}

impl<'a> Bill<'a> {
    pub(super) fn new(files: &'a [PackageFile]) -> Self {
        let locked = locked_names(files);
        let mut bill = Self {
            components: BTreeMap::new(),
            direct: BTreeSet::new(),
        };
        for file in files {
            let purls: Vec<Option<String>> = file
                .packages
                .iter()
                .map(|package| {
                    let is_known = file.kind.role == FileRole::Manifest
                        && package.version.is_none()
                        && is_locked(file, package, &locked);
                    // A folder of the project itself is no package of others.
                    let is_own = matches!(package.source, PackageSource::Path(_))
                        && package.version.is_none();
                    (!is_known && !is_own).then(|| bill.add(file, package))
                })
                .collect();
            for (package, purl) in file.packages.iter().zip(&purls) {
                let Some(purl) = purl else { continue };
                if package.direct {
                    bill.direct.insert(purl.clone());
                }
                for &parent in &package.parents {
                    let parent = purls.get(parent as usize).and_then(Option::as_ref);
                    let component = parent.and_then(|parent| bill.components.get_mut(parent));
                    if let Some(component) = component {
                        component.asks.insert(purl.clone());
                    }
                }
            }
        }
        bill
    }

    fn add(&mut self, file: &PackageFile, package: &'a Package) -> String {
        let purl = Purl::of(package);
        let text = purl.to_string();
        let component = self
            .components
            .entry(text.clone())
            .or_insert_with(|| Component {
                package,
                purl,
                dev: true,
                licence: None,
                files: BTreeSet::new(),
                asks: BTreeSet::new(),
            });
        component.dev &= package.dev;
        component.licence = component.licence.or(package.licence.as_deref());
        component.files.insert(file.path.to_uri());
        text
    }
}

/// The names in the lockfiles of each folder.
type Locked<'a> = HashMap<&'a [u8], HashSet<(Ecosystem, &'a str)>>;

fn locked_names(files: &[PackageFile]) -> Locked<'_> {
    let mut locked: Locked<'_> = HashMap::new();
    for file in files
        .iter()
        .filter(|file| file.kind.role == FileRole::Lockfile)
    {
        let names = file
            .packages
            .iter()
            .map(|package| (package.ecosystem, package.name.as_str()));
        locked
            .entry(folder(file.path.as_bytes()))
            .or_default()
            .extend(names);
    }
    locked
}

/// Returns whether a lockfile in the folder of a manifest, or above it, has the
/// package: then the version is known there.
fn is_locked(file: &PackageFile, package: &Package, locked: &Locked<'_>) -> bool {
    let mut at = folder(file.path.as_bytes());
    loop {
        let names = locked.get(at);
        if names.is_some_and(|names| names.contains(&(package.ecosystem, package.name.as_str()))) {
            return true;
        }
        if at.is_empty() {
            return false;
        }
        at = folder(at);
    }
}

fn folder(path: &[u8]) -> &[u8] {
    let slash = path.iter().rposition(|&byte| byte == b'/');
    &path[..slash.unwrap_or(0)]
}
