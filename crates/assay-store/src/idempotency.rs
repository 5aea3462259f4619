//! Requests that may be sent twice and are answered twice, but done once.

use assay_auth::Scope;

use crate::transaction::organisation_of;
use crate::value::{Row, args};
use crate::{Error, Tx};

/// So large may a kept answer be.
const RESPONSE_BYTES_MAX: usize = 1 << 20;
/// So long is the longest key.
const NAME_BYTES_MAX: usize = 255;
/// So long is a key remembered.
pub(crate) const IDEMPOTENCY_MS: i64 = 24 * 60 * 60 * 1000;

/// What is known of a request's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// It is new: the request is to be done, and its answer kept in the same
    /// transaction.
    New,
    /// It was done: this was the answer.
    Done {
        /// The answer's status.
        status: i64,
        /// The answer.
        response: Vec<u8>,
    },
    /// The same request is being done.
    UnderWay,
    /// The key belongs to another request.
    Other,
}

type Kept = (Vec<u8>, Option<i64>, Option<Vec<u8>>);

fn kept(row: &Row) -> Result<Kept, Error> {
    Ok((
        row.get("request_hash")?,
        row.get("status")?,
        row.get("response")?,
    ))
}

impl Tx {
    /// Takes a request's key in the scope's organisation, or says what became of
    /// it. Two transactions that take it at once wait for each other.
    pub async fn idempotency_begin(
        &mut self,
        scope: &Scope,
        name: &str,
        request_hash: &[u8],
    ) -> Result<Idempotency, Error> {
        let organisation = organisation_of(scope)?;
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            let why = format!("an idempotency key has 1 to {NAME_BYTES_MAX} bytes");
            return Err(Error::Invalid(why));
        }
        let now_ms = self.now_ms();
        let sql = "DELETE FROM idempotency_key WHERE organisation_id = $1 AND name = $2 \
                   AND expires_ms <= $3";
        self.execute(sql, args![organisation, name, now_ms]).await?;
        let sql = "INSERT INTO idempotency_key (organisation_id, name, request_hash, created_ms, \
                   expires_ms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let expires_ms = now_ms.saturating_add(IDEMPOTENCY_MS);
        let args = args![organisation, name, request_hash, now_ms, expires_ms];
        if self.execute(sql, args).await? > 0 {
            return Ok(Idempotency::New);
        }
        let sql = "SELECT request_hash, status, response FROM idempotency_key \
                   WHERE organisation_id = $1 AND name = $2";
        let found = self.find(sql, args![organisation, name], kept).await?;
        Ok(match found {
            Some((hash, _, _)) if hash != request_hash => Idempotency::Other,
            Some((_, Some(status), Some(response))) => Idempotency::Done { status, response },
            Some(_) | None => Idempotency::UnderWay,
        })
    }

    /// Keeps the answer to a request.
    pub async fn idempotency_finish(
        &mut self,
        scope: &Scope,
        name: &str,
        status: i64,
        response: &[u8],
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        if response.len() > RESPONSE_BYTES_MAX {
            return Err(Error::Invalid(
                "the answer is too large to be kept".to_owned(),
            ));
        }
        let sql = "UPDATE idempotency_key SET status = $3, response = $4 \
                   WHERE organisation_id = $1 AND name = $2";
        let args = args![organisation, name, status, response];
        self.touch("idempotency key", sql, args).await
    }
}
