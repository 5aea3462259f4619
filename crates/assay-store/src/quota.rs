//! What was used of a quota, counted so that two who ask at once do not both get the
//! last of it.

use assay_auth::{Identifier, Quota, QuotaDecision, Scope, Usage};
use sqlx::types::Uuid;

use crate::transaction::organisation_of;
use crate::value::{Row, args};
use crate::{Engine, Error, Tx};

fn usage(row: &Row) -> Result<Usage, Error> {
    let count = |used: i64| u64::try_from(used).unwrap_or(0);
    Ok(Usage {
        at_ms: row.get("at_ms")?,
        day: count(row.get("day_used")?),
        month: count(row.get("month_used")?),
    })
}

/// Returns whose row it is: a person's or a key's, or the organisation's own.
fn subject_uuid(subject: Option<Identifier>) -> Uuid {
    subject.map_or(Uuid::nil(), Identifier::uuid)
}

impl Tx {
    /// Uses some of a quota of the scope's organisation, or of a person or key in it, if
    /// there is so much left. Those who use the same quota wait for each other until the
    /// transaction ends.
    pub async fn quota_take(
        &mut self,
        scope: &Scope,
        subject: Option<Identifier>,
        kind: &str,
        quota: Quota,
        amount: u64,
    ) -> Result<QuotaDecision, Error> {
        let organisation = organisation_of(scope)?;
        let subject = subject_uuid(subject);
        let now_ms = self.now_ms();
        let sql = "INSERT INTO quota_usage (organisation_id, subject_id, kind, at_ms, day_used, \
                   month_used) VALUES ($1, $2, $3, $4, 0, 0) ON CONFLICT DO NOTHING";
        let args = args![organisation, subject, kind, now_ms];
        self.execute(sql, args).await?;
        let sql = match self.engine() {
            Engine::Sqlite => {
                "SELECT at_ms, day_used, month_used FROM quota_usage \
                 WHERE organisation_id = $1 AND subject_id = $2 AND kind = $3"
            }
            Engine::Postgres => {
                "SELECT at_ms, day_used, month_used FROM quota_usage \
                 WHERE organisation_id = $1 AND subject_id = $2 AND kind = $3 FOR UPDATE"
            }
        };
        let args = args![organisation, subject, kind];
        let used = self.find(sql, args, usage).await?.unwrap_or_default();
        let decision = quota.decide(used, amount, now_ms);
        if let QuotaDecision::Pass(used) = decision {
            let sql = "UPDATE quota_usage SET at_ms = $4, day_used = $5, month_used = $6 \
                       WHERE organisation_id = $1 AND subject_id = $2 AND kind = $3";
            let count = |used: u64| i64::try_from(used).unwrap_or(i64::MAX);
            let (day, month) = (count(used.day), count(used.month));
            let args = args![organisation, subject, kind, used.at_ms, day, month];
            self.touch("quota", sql, args).await?;
        }
        Ok(decision)
    }

    /// Returns what was used, as it stands now.
    pub async fn quota_usage(
        &mut self,
        scope: &Scope,
        subject: Option<Identifier>,
        kind: &str,
    ) -> Result<Usage, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT at_ms, day_used, month_used FROM quota_usage \
                   WHERE organisation_id = $1 AND subject_id = $2 AND kind = $3";
        let args = args![organisation, subject_uuid(subject), kind];
        let used = self.find(sql, args, usage).await?.unwrap_or_default();
        Ok(used.at(self.now_ms()))
    }
}
