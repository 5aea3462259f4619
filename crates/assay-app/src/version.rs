//! Changes that name what they were made for, so that two people do not undo each
//! other's, and requests that may be sent twice.

use assay_auth::Scope;
use assay_store::{Idempotency, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// What the caller thinks a thing is, before they change it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Expected {
    /// Whatever it is.
    #[default]
    Any,
    /// One of these versions.
    OneOf(Vec<i64>),
}

impl Expected {
    /// Checks the version that was found.
    pub(crate) fn check(&self, found: i64) -> Result<(), Error> {
        match self {
            Self::OneOf(versions) if !versions.contains(&found) => Err(Error::Stale),
            Self::Any | Self::OneOf(_) => Ok(()),
        }
    }
}

/// What a caller sends again with a request when they do not know whether it arrived.
pub(crate) struct Once<'a> {
    name: Option<&'a str>,
}

impl<'a> Once<'a> {
    /// Takes the key of a request; when the same was done before, returns what was
    /// answered then.
    pub(crate) async fn begin<A: DeserializeOwned>(
        tx: &mut Tx,
        scope: &Scope,
        name: Option<&'a str>,
        request: &impl Serialize,
    ) -> Result<(Self, Option<A>), Error> {
        let once = Self { name };
        let Some(name) = name else {
            return Ok((once, None));
        };
        let request = serde_json::to_vec(request).map_err(internal)?;
        let hash = blake3::hash(&request);
        match tx.idempotency_begin(scope, name, hash.as_bytes()).await? {
            Idempotency::New => Ok((once, None)),
            Idempotency::Done { response, .. } => {
                let answer = serde_json::from_slice(&response).map_err(internal)?;
                Ok((once, Some(answer)))
            }
            Idempotency::UnderWay => Err(Error::UnderWay),
            Idempotency::Other => Err(Error::KeyReused),
        }
    }

    /// Keeps the answer, in the transaction that does what was asked for.
    pub(crate) async fn finish(
        self,
        tx: &mut Tx,
        scope: &Scope,
        status: i64,
        answer: &impl Serialize,
    ) -> Result<(), Error> {
        if let Some(name) = self.name {
            let answer = serde_json::to_vec(answer).map_err(internal)?;
            tx.idempotency_finish(scope, name, status, &answer).await?;
        }
        Ok(())
    }
}

fn internal(why: serde_json::Error) -> Error {
    Error::Internal(format!("a kept answer: {why}"))
}

#[cfg(test)]
mod tests {
    use super::Expected;

    #[test]
    fn a_change_is_for_the_version_that_it_names() {
        assert!(Expected::Any.check(7).is_ok());
        assert!(Expected::OneOf(vec![6, 7]).check(7).is_ok());
        assert!(Expected::OneOf(vec![6]).check(7).is_err());
        assert!(Expected::OneOf(Vec::new()).check(7).is_err());
    }
}
