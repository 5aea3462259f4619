//! Fixes that somebody wants to see as suggestions on a pull request: each is wanted once,
//! and it is known what became of it.

use assay_auth::Scope;

use crate::transaction::organisation_of;
use crate::value::{Row, args};
use crate::word::words;
use crate::{Error, FindingId, RepositoryId, Tx};

words! {
    /// How far a suggestion is.
    SuggestionState as "state of a suggestion" {
        /// It is to be placed, and may have been.
        Wanted = "wanted",
        /// It stands on the forge.
        Placed = "placed",
        /// It does not, and why is known.
        Refused = "refused",
    }
}

/// Which suggestion: of a finding, on a pull request of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuggestionPlace<'a> {
    /// The repository.
    pub repository: RepositoryId,
    /// The pull request.
    pub pull_request: i64,
    /// The finding, by what it is known by over reviews.
    pub fingerprint: &'a str,
}

/// A suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The finding, in the review from which it was wanted last.
    pub finding: FindingId,
    /// How far it is.
    pub state: SuggestionState,
    /// What the forge calls its comment.
    pub comment_id: Option<String>,
    /// Why it is not there.
    pub problem: Option<String>,
    /// Who wanted it last, as the audit log has it.
    pub actor: String,
    /// When it was first wanted.
    pub created_ms: i64,
    /// When it last changed.
    pub updated_ms: i64,
}

const SUGGESTION: &str = "suggestion";

fn suggestion(row: &Row) -> Result<Suggestion, Error> {
    Ok(Suggestion {
        finding: row.id("finding_id")?,
        state: SuggestionState::parse(&row.get::<String>("state")?)?,
        comment_id: row.get("comment_id")?,
        problem: row.get("problem")?,
        actor: row.get("actor")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
    })
}

impl Tx {
    /// Says that a suggestion is to be placed, perhaps once more.
    pub async fn suggestion_want(
        &mut self,
        scope: &Scope,
        place: SuggestionPlace<'_>,
        finding: FindingId,
    ) -> Result<Suggestion, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "INSERT INTO suggestion (organisation_id, repository_id, pull_request, \
                   fingerprint, finding_id, state, actor, created_ms, updated_ms) \
                   SELECT $1, $2, $3, $4, $5, 'wanted', $6, $7, $7 WHERE EXISTS (SELECT 1 \
                   FROM repository WHERE id = $2 AND organisation_id = $1) \
                   ON CONFLICT (repository_id, pull_request, fingerprint) DO UPDATE \
                   SET state = 'wanted', problem = NULL, finding_id = $5, actor = $6, \
                   updated_ms = $7 RETURNING *";
        let args = args![
            organisation,
            place.repository,
            place.pull_request,
            place.fingerprint,
            finding,
            scope.actor().to_string(),
            self.now_ms()
        ];
        let found = self.find(sql, args, suggestion).await?;
        found.ok_or(Error::NotFound("repository"))
    }

    /// Returns a suggestion, if there is one.
    pub async fn suggestion_find(
        &mut self,
        scope: &Scope,
        place: SuggestionPlace<'_>,
    ) -> Result<Option<Suggestion>, Error> {
        let sql = "SELECT * FROM suggestion WHERE repository_id = $1 AND pull_request = $2 \
                   AND fingerprint = $3 AND organisation_id = coalesce($4, organisation_id)";
        let args = args![
            place.repository,
            place.pull_request,
            place.fingerprint,
            scope.organisation()
        ];
        self.find(sql, args, suggestion).await
    }

    /// Says that a suggestion stands on the forge, in which comment.
    pub async fn suggestion_place(
        &mut self,
        scope: &Scope,
        place: SuggestionPlace<'_>,
        comment_id: &str,
    ) -> Result<(), Error> {
        let (state, problem) = (SuggestionState::Placed, None);
        self.suggestion_end(scope, place, state, Some(comment_id), problem)
            .await
    }

    /// Says that a suggestion does not stand on the forge, and why.
    pub async fn suggestion_refuse(
        &mut self,
        scope: &Scope,
        place: SuggestionPlace<'_>,
        problem: &str,
    ) -> Result<(), Error> {
        let state = SuggestionState::Refused;
        self.suggestion_end(scope, place, state, None, Some(problem))
            .await
    }

    async fn suggestion_end(
        &mut self,
        scope: &Scope,
        place: SuggestionPlace<'_>,
        state: SuggestionState,
        comment_id: Option<&str>,
        problem: Option<&str>,
    ) -> Result<(), Error> {
        let sql = "UPDATE suggestion SET state = $5, comment_id = $6, problem = $7, \
                   updated_ms = $8 WHERE repository_id = $1 AND pull_request = $2 \
                   AND fingerprint = $3 AND organisation_id = coalesce($4, organisation_id)";
        let args = args![
            place.repository,
            place.pull_request,
            place.fingerprint,
            scope.organisation(),
            state,
            comment_id,
            problem,
            self.now_ms(),
        ];
        self.touch(SUGGESTION, sql, args).await
    }
}
