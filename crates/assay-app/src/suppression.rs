//! What is silenced: findings of the newest reviews that a comment, the configuration, a
//! baseline or a rejection keeps quiet, each once, as the newest of those reviews has it.
//! Reports have them; as rows they are not kept.

use std::collections::HashSet;

use assay_auth::{Identifier, Permission};
use assay_store::{Page, RepositoryId, ReviewFilter, ReviewState};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;
use crate::record::silenced;

/// So many reviews are looked through.
const REVIEWS_MAX: u32 = 50;
/// So many findings are returned.
const ITEMS_MAX: usize = 1_000;

/// A finding that is silenced.
#[derive(Clone, Debug)]
pub struct SuppressionView {
    /// The newest review that has it.
    pub review: Identifier,
    /// Of which repository, if of one that is known.
    pub repository: Option<Identifier>,
    /// When that review ended.
    pub finished_ms: i64,
    /// The finding.
    pub finding: SilencedFinding,
}

/// A silenced finding, as a report has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilencedFinding {
    /// Its identity over reviews.
    pub fingerprint: String,
    /// The rule.
    pub rule: String,
    /// How bad it is.
    pub severity: String,
    /// What it says.
    pub message: String,
    /// In which file, for people.
    pub path: String,
    /// At which line.
    pub line: u32,
    /// What silences it.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// Until when, as a day.
    pub until: Option<String>,
}

/// What is silenced, and of how many reviews that is known.
#[derive(Clone, Debug)]
pub struct Suppressions {
    /// The findings, those of the newest review first.
    pub items: Vec<SuppressionView>,
    /// How many reviews were looked through.
    pub reviews: usize,
}

impl App {
    /// Lists what is silenced in the organisation, or in one repository.
    pub async fn suppression_list(
        &self,
        caller: &Caller,
        repository: Option<Identifier>,
    ) -> Result<Suppressions, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read_lagging().await?;
        let filter = ReviewFilter {
            repository: repository.map(RepositoryId::from_identifier),
            pull_request: None,
            state: Some(ReviewState::Done),
        };
        let page = Page::first(REVIEWS_MAX);
        let reviews = tx.review_list(&scope, filter, page).await?;
        let mut seen = HashSet::new();
        let mut items = Vec::new();
        let mut looked_through = 0;
        for review in &reviews {
            let Some(report) = tx.review_report(&scope, review.id).await? else {
                continue;
            };
            // One of another form, of a version before, says nothing.
            let Ok(silenced) = silenced(&report) else {
                continue;
            };
            looked_through += 1;
            for finding in silenced {
                let is_new = seen.insert((review.repository, finding.fingerprint.clone()));
                if is_new && items.len() < ITEMS_MAX {
                    items.push(SuppressionView {
                        review: review.id.identifier(),
                        repository: review.repository.map(RepositoryId::identifier),
                        finished_ms: review.finished_ms.unwrap_or(review.updated_ms),
                        finding,
                    });
                }
            }
        }
        Ok(Suppressions {
            items,
            reviews: looked_through,
        })
    }
}
