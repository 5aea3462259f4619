//! Tokens in exchange for a key: short of life, and with no more rights.

use assay_auth::{Actor, Denied, PermissionSet, Subject, TokenClaims};
use secrecy::SecretString;
use serde_json::Value;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;

/// A token, to be shown once.
#[derive(Debug)]
pub struct IssuedToken {
    /// The text.
    pub text: SecretString,
    /// What it says.
    pub claims: TokenClaims,
}

impl App {
    /// Returns the public halves of the keys that sign tokens, for those who verify
    /// tokens of ours elsewhere.
    pub fn token_public_keys(&self) -> Value {
        self.options().token_keys.public_keys(self.now_ms())
    }

    /// Gives out a token for what the caller may do here, or a part of it.
    pub async fn token_issue(
        &self,
        caller: &Caller,
        permissions: Option<PermissionSet>,
    ) -> Result<IssuedToken, Error> {
        let (organisation, scope) = self.home(caller)?;
        let wanted = permissions.unwrap_or(scope);
        if !scope.includes(wanted) {
            return Err(Error::invalid(
                "permissions",
                "no more than the caller may do",
            ));
        }
        let subject = match caller.principal().actor() {
            Actor::User(user) => Subject::User(*user),
            Actor::Key(key, _) => Subject::Key(*key),
            Actor::Nobody | Actor::Service(_) | Actor::System(_) => {
                return Err(Denied::Unauthenticated.into());
            }
        };
        let keys = &self.options().token_keys;
        let (text, claims) = keys.issue(
            subject,
            organisation,
            wanted,
            self.clock(),
            self.randomness(),
        )?;
        Ok(IssuedToken { text, claims })
    }
}
