//! What people thought of findings: said by them, or seen from what they did.

use assay_auth::Scope;

use crate::partition::first_of;
use crate::transaction::{Page, organisation_of};
use crate::value::{Row, args};
use crate::word::words;
use crate::{Error, FeedbackId, RemarkId, RepositoryId, Tx};

/// So many rejected findings of a repository are remembered.
const REJECTED_MAX: i64 = 20_000;

words! {
    /// What somebody made of a finding.
    Verdict as "verdict" {
        /// They agree.
        Accepted = "accepted",
        /// They do not.
        Rejected = "rejected",
        /// They changed the code.
        Fixed = "fixed",
        /// They did nothing.
        Ignored = "ignored",
    }
}

/// What somebody thought of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// Which one.
    pub id: FeedbackId,
    /// What they thought.
    pub given: NewFeedback,
    /// When.
    pub created_ms: i64,
}

/// What is to be kept of what somebody thought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFeedback {
    /// About what was said on a pull request, if about that.
    pub remark: Option<RemarkId>,
    /// About which finding.
    pub fingerprint: String,
    /// Of which rule.
    pub rule: String,
    /// What they thought.
    pub verdict: Verdict,
    /// Where it was seen: the API, a reaction, a thread, the code.
    pub source: String,
    /// What it is called there, so that it counts once.
    pub external_id: String,
    /// Who.
    pub actor: String,
    /// In their words.
    pub note: Option<String>,
    /// What makes the finding the same when another of equal ones has its number.
    pub identity: Option<String>,
    /// Where the finding was, as its report says.
    pub path: Option<String>,
}

/// What came of rules: how often each found something that a change brought, and how
/// often each was judged how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleFigures {
    /// Findings by rule.
    pub found: Vec<(String, i64)>,
    /// Judgements by rule.
    pub judged: Vec<(String, Verdict, i64)>,
}

/// Figures are of so many rules at most; projects have rules of their own.
const RULES_MAX: i64 = 5_000;

fn feedback(row: &Row) -> Result<Feedback, Error> {
    Ok(Feedback {
        id: row.id("id")?,
        given: NewFeedback {
            remark: row.id_or_none("remark_id")?,
            fingerprint: row.get("fingerprint")?,
            rule: row.get("rule")?,
            verdict: Verdict::parse(&row.get::<String>("verdict")?)?,
            source: row.get("source")?,
            external_id: row.get("external_id")?,
            actor: row.get("actor")?,
            note: row.get("note")?,
            identity: row.get("identity")?,
            path: row.get("path")?,
        },
        created_ms: row.get("created_ms")?,
    })
}

impl Tx {
    /// Keeps what somebody thought; seen again in the same place it takes the place
    /// of what it was.
    pub async fn feedback_put(
        &mut self,
        scope: &Scope,
        new: &NewFeedback,
    ) -> Result<FeedbackId, Error> {
        let organisation = organisation_of(scope)?;
        let id = FeedbackId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO feedback (id, organisation_id, remark_id, fingerprint, rule, \
                   verdict, source, external_id, actor, note, identity, path, created_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
                   ON CONFLICT (organisation_id, source, external_id) DO UPDATE \
                   SET verdict = excluded.verdict, actor = excluded.actor, note = excluded.note, \
                   identity = coalesce(excluded.identity, feedback.identity), \
                   path = coalesce(excluded.path, feedback.path), \
                   created_ms = excluded.created_ms RETURNING id";
        let args = args![
            id,
            organisation,
            new.remark,
            &new.fingerprint,
            &new.rule,
            new.verdict,
            &new.source,
            &new.external_id,
            &new.actor,
            new.note.clone(),
            new.identity.clone(),
            new.path.clone(),
            self.now_ms(),
        ];
        let found = self.find(sql, args, |row| row.id("id")).await?;
        found.ok_or(Error::NotFound("feedback"))
    }

    /// Lists what was thought in the scope's organisation, of one rule if one is
    /// given.
    pub async fn feedback_list(
        &mut self,
        scope: &Scope,
        rule: Option<&str>,
        page: Page<FeedbackId>,
    ) -> Result<Vec<Feedback>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM feedback WHERE organisation_id = $1 \
                   AND ($2 IS NULL OR rule = $2) AND ($3 IS NULL OR id < $3) \
                   ORDER BY id DESC LIMIT $4";
        let args = args![organisation, rule, page.after, page.limit()];
        self.list(sql, args, feedback).await
    }

    /// Counts what the rules found and what was thought of it, since a time, in the
    /// scope's organisation.
    pub async fn rule_figures(
        &mut self,
        scope: &Scope,
        since_ms: i64,
    ) -> Result<RuleFigures, Error> {
        let organisation = organisation_of(scope)?;
        let first = first_of(since_ms);
        let sql = "SELECT rule, count(*) AS count FROM finding WHERE organisation_id = $1 \
                   AND review_id >= $2 AND origin = 'introduced' \
                   GROUP BY rule ORDER BY rule LIMIT $3";
        let args = args![organisation, first, RULES_MAX];
        let found = self.list(sql, args, |row| Ok((row.get("rule")?, row.get("count")?)));
        let found = found.await?;
        let sql = "SELECT rule, verdict, count(*) AS count FROM feedback \
                   WHERE organisation_id = $1 AND created_ms >= $2 \
                   GROUP BY rule, verdict ORDER BY rule, verdict LIMIT $3";
        let args = args![organisation, since_ms, RULES_MAX * 4];
        let judged = self.list(sql, args, |row| {
            let verdict = Verdict::parse(&row.get::<String>("verdict")?)?;
            Ok((row.get("rule")?, verdict, row.get("count")?))
        });
        Ok(RuleFigures {
            found,
            judged: judged.await?,
        })
    }

    /// Says to which repository what was thought belongs, where no remark says so.
    pub async fn feedback_set_repository(
        &mut self,
        scope: &Scope,
        id: FeedbackId,
        repository: RepositoryId,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "UPDATE feedback SET repository_id = $3 WHERE id = $1 AND organisation_id = $2";
        self.touch("feedback", sql, args![id, organisation, repository])
            .await
    }

    /// Lists what was thought of a finding of a repository of the scope's organisation;
    /// of none that is known, when none is given.
    pub async fn feedback_of_finding(
        &mut self,
        scope: &Scope,
        repository: Option<RepositoryId>,
        fingerprint: &str,
    ) -> Result<Vec<Feedback>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT f.* FROM feedback AS f LEFT JOIN remark AS m ON m.id = f.remark_id \
                   WHERE f.organisation_id = $1 AND f.fingerprint = $2 \
                   AND ($3 IS NULL OR coalesce(m.repository_id, f.repository_id) = $3) \
                   ORDER BY f.id DESC LIMIT $4";
        let limit = Page::<FeedbackId>::first(u32::MAX).limit();
        self.list(
            sql,
            args![organisation, fingerprint, repository, limit],
            feedback,
        )
        .await
    }

    /// Lists what was rejected in a repository, each finding once, as it was said last.
    /// What was said over the API goes above what was seen elsewhere, and so does a
    /// command above what was said over the API before it.
    pub async fn feedback_rejected(
        &mut self,
        scope: &Scope,
        repository: RepositoryId,
    ) -> Result<Vec<NewFeedback>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT f.* FROM feedback AS f \
                   LEFT JOIN remark AS m ON m.id = f.remark_id \
                   WHERE f.organisation_id = $1 AND f.verdict = 'rejected' \
                   AND coalesce(m.repository_id, f.repository_id) = $2 \
                   AND NOT EXISTS (SELECT 1 FROM feedback AS o WHERE o.organisation_id = $1 \
                   AND o.repository_id = $2 AND o.fingerprint = f.fingerprint \
                   AND o.source = 'api' AND o.verdict <> 'rejected' \
                   AND (f.source <> 'command' OR o.created_ms >= f.created_ms)) \
                   ORDER BY f.fingerprint, f.created_ms DESC, f.id DESC LIMIT $3";
        let args = args![organisation, repository, REJECTED_MAX];
        let mut rejected = self.list(sql, args, feedback).await?;
        rejected.dedup_by(|one, other| one.given.fingerprint == other.given.fingerprint);
        Ok(rejected.into_iter().map(|one| one.given).collect())
    }
}
