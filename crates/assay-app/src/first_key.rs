//! The first key: made when there is none, so that somebody can begin.

use assay_auth::{OrganisationId, Scope};
use secrecy::SecretString;

use crate::app::App;
use crate::error::Error;

/// The organisation that is there from the beginning; who manages it looks after the
/// platform.
pub(crate) const ORGANISATION: &str = "default";

/// The key of the first administrator, to be shown once.
#[derive(Debug)]
pub struct FirstKey {
    /// The text.
    pub text: SecretString,
    /// Where it is good.
    pub organisation: OrganisationId,
}

impl App {
    /// Makes the first organisation and its administrator's key, if there is no key
    /// at all. Of two processes that begin together one makes it.
    pub async fn first_key(&self) -> Result<Option<FirstKey>, Error> {
        let system = Scope::system("first start");
        let mut tx = self.store().begin().await?;
        if tx.key_exists(&system).await? {
            return Ok(None);
        }
        let organisation = match tx
            .organisation_insert(&system, ORGANISATION, "Default")
            .await
        {
            Ok(organisation) => organisation,
            Err(assay_store::Error::Exists(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let scope = system.within(organisation)?;
        let text = self.key_of_administrator(&mut tx, &scope).await?;
        tx.commit().await?;
        Ok(Some(FirstKey { text, organisation }))
    }
}
