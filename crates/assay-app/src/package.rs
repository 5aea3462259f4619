//! The packages that a repository depends on: those of the newest review of the whole
//! repository; where there was none lately, those that the newest reviews changed.

use std::collections::HashSet;

use assay_auth::{Identifier, Permission};
use assay_store::{Page, RepositoryId, ReviewFilter, ReviewState};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;
use crate::record::packages;
use crate::repository::NOTHING;

/// So many reviews are looked through.
const REVIEWS_MAX: u32 = 20;
/// So many packages are returned.
const PACKAGES_MAX: usize = 5_000;

/// A package, as a report has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedPackage {
    /// The file that names it, for people.
    pub path: String,
    /// The ecosystem, such as `npm`.
    pub ecosystem: String,
    /// Its name.
    pub name: String,
    /// The versions that the head of the review has.
    pub versions: Vec<String>,
    /// Whether the project itself asks for it.
    pub is_direct: bool,
    /// Whether the change took it away.
    pub is_gone: bool,
}

/// A package that a repository depends on.
#[derive(Clone, Debug)]
pub struct PackageView {
    /// The package.
    pub package: ReportedPackage,
    /// The review that says so.
    pub review: Identifier,
}

/// The packages of a repository.
#[derive(Clone, Debug)]
pub struct Packages {
    /// The packages, sorted by ecosystem and name.
    pub items: Vec<PackageView>,
    /// Whether they are all: a review of the whole repository says them.
    pub is_whole: bool,
}

impl App {
    /// Lists the packages that a repository depends on.
    pub async fn repository_packages(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<Packages, Error> {
        let scope = caller.authorise(Permission::RepositoryRead)?;
        caller.authorise(Permission::ReviewRead)?;
        let repository = RepositoryId::from_identifier(id);
        let mut tx = self.store().read_lagging().await?;
        tx.repository_get(&scope, repository).await?;
        let filter = ReviewFilter {
            repository: Some(repository),
            pull_request: None,
            state: Some(ReviewState::Done),
        };
        let page = Page::first(REVIEWS_MAX);
        let reviews = tx.review_list(&scope, filter, page).await?;
        let mut seen = HashSet::new();
        let mut found = Packages {
            items: Vec::new(),
            is_whole: false,
        };
        for review in reviews {
            let Some(report) = tx.review_report(&scope, review.id).await? else {
                continue;
            };
            // One of another form, of a version before, says nothing.
            let Ok(packages) = packages(&report) else {
                continue;
            };
            for package in packages {
                let key = (
                    package.ecosystem.clone(),
                    package.name.clone(),
                    package.path.clone(),
                );
                let is_new = seen.insert(key) && !package.is_gone;
                if is_new && found.items.len() < PACKAGES_MAX {
                    found.items.push(PackageView {
                        package,
                        review: review.id.identifier(),
                    });
                }
            }
            if review.base_revision == NOTHING {
                found.is_whole = true;
                break;
            }
        }
        let key = |one: &PackageView| {
            let package = &one.package;
            let of = (package.ecosystem.clone(), package.name.clone());
            (!package.is_direct, of, package.path.clone())
        };
        found.items.sort_by_cached_key(key);
        Ok(found)
    }
}
