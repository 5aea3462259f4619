//! Who is let in: those who are known, those who were invited, those of the domains
//! and organisations that are named, and the first one, where that is wished.

use assay_auth::{AuthError, BuiltInRole, FieldKeys, Scope, UserId};
use assay_store::{NewUser, Tx};
use secrecy::SecretString;
use serde_json::json;

use super::provider::{LoginProvider, Person};
use crate::app::{App, audit};
use crate::error::Error;
use crate::first_key;

const LOGIN_BYTES_MAX: usize = 64;
/// So many names are tried before nobody is let in.
const NAMES_MAX: u32 = 100;

/// Who is let in by a provider, besides those who are known or invited.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Those whose address is in one of these domains, and checked.
    pub domains: Vec<String>,
    /// Those who are in one of these organisations there.
    pub organisations: Vec<String>,
    /// Whether the first person of the platform comes in, and looks after it.
    pub first_is_admin: bool,
    /// Into which organisation they come, by its name in addresses.
    pub into: String,
    /// As what.
    pub role: String,
}

impl Default for Admission {
    /// Lets nobody in.
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            organisations: Vec::new(),
            first_is_admin: false,
            into: first_key::ORGANISATION.to_owned(),
            role: BuiltInRole::Developer.name().to_owned(),
        }
    }
}

impl Admission {
    /// Returns whether somebody may come in whom nobody knows yet.
    fn admits(&self, person: &Person) -> bool {
        let domain = person.email.as_deref().and_then(|email| {
            let (_, domain) = email.rsplit_once('@')?;
            Some(domain)
        });
        let is_named =
            |names: &[String], name: &str| names.iter().any(|one| one.eq_ignore_ascii_case(name));
        domain.is_some_and(|domain| is_named(&self.domains, domain))
            || (person.organisations.iter()).any(|one| is_named(&self.organisations, one))
    }
}

impl App {
    /// Returns the person whom a provider vouches for, making or linking them where that
    /// is allowed.
    pub(super) async fn admit(
        &self,
        tx: &mut Tx,
        provider: &LoginProvider,
        person: &Person,
        link_user: Option<UserId>,
    ) -> Result<UserId, Error> {
        let system = Scope::system("log-in");
        let (issuer, subject) = (provider.issuer(), person.subject.as_str());
        let known = tx.user_find_by_identity(&system, issuer, subject).await?;
        match (known, link_user) {
            // Somebody else is known by that name already.
            (Some(known), Some(wanted)) if known.id != wanted => {
                Err(AuthError::LoginRefused.into())
            }
            (Some(known), _) if known.disabled_ms.is_some() => Err(AuthError::LoginRefused.into()),
            (Some(known), _) => Ok(known.id),
            (None, Some(user)) => {
                if tx.user_get(&system, user).await?.disabled_ms.is_some() {
                    return Err(AuthError::LoginRefused.into());
                }
                tx.user_link(&system, user, issuer, subject).await?;
                tx.login_attempt_forget(&system, user).await?;
                let details = json!({"provider": provider.name()});
                let target = format!("user:{user}");
                audit(tx, &system, "user.link", target, details).await?;
                Ok(user)
            }
            (None, None) => self.admit_new(tx, provider, person).await,
        }
    }

    async fn admit_new(
        &self,
        tx: &mut Tx,
        provider: &LoginProvider,
        person: &Person,
    ) -> Result<UserId, Error> {
        let system = Scope::system("log-in");
        let admission = provider.admission();
        let organisation = match tx.organisation_find(&system, &admission.into).await {
            Ok(organisation) => organisation.id,
            Err(assay_store::Error::NotFound(_)) => return Err(AuthError::LoginRefused.into()),
            Err(error) => return Err(error.into()),
        };
        let scope = system.within(organisation)?;
        // Of two who are first at once one is.
        tx.organisation_hold(&scope).await?;
        let is_first = admission.first_is_admin && tx.user_count(&system).await? == 0;
        if !is_first && !admission.admits(person) {
            return Err(AuthError::LoginRefused.into());
        }
        let role = match is_first {
            true => BuiltInRole::Admin.name(),
            false => admission.role.as_str(),
        };
        let user = self.insert_person(tx, provider, person).await?;
        tx.member_put(&scope, user, role).await?;
        let details = json!({"provider": provider.name(), "role": role});
        let target = format!("user:{user}");
        audit(tx, &scope, "user.admit", target, details).await?;
        Ok(user)
    }

    /// Adds a person under a name that nobody has.
    async fn insert_person(
        &self,
        tx: &mut Tx,
        provider: &LoginProvider,
        person: &Person,
    ) -> Result<UserId, Error> {
        let system = Scope::system("log-in");
        let wanted = login_of(person);
        for number in 1..=NAMES_MAX {
            let login = match number {
                1 => wanted.clone(),
                number => format!("{wanted}-{number}"),
            };
            match tx.user_find(&system, &login).await {
                Err(assay_store::Error::NotFound(_)) => {}
                Ok(_) => continue,
                Err(error) => return Err(error.into()),
            }
            let name = person.display_name.as_deref().unwrap_or(&login);
            let new = NewUser {
                display_name: name.chars().filter(|c| !c.is_control()).take(200).collect(),
                identity: Some((provider.issuer().to_owned(), person.subject.clone())),
                login,
                email_sealed: None,
            };
            let user = tx.user_insert(&system, &new).await?;
            if let (Some(email), Some(keys)) = (&person.email, &self.options().field_keys) {
                let sealed = self.seal_email(keys, email, user)?;
                tx.user_set_email(&system, user, &sealed).await?;
            }
            return Ok(user);
        }
        Err(AuthError::LoginRefused.into())
    }

    fn seal_email(&self, keys: &FieldKeys, email: &str, user: UserId) -> Result<Vec<u8>, Error> {
        let email = SecretString::from(email);
        let sealed = keys.seal(&email, &email_place(user), self.randomness())?;
        Ok(sealed.into_bytes())
    }
}

/// Returns the place that a person's address is encrypted for.
pub(crate) fn email_place(user: UserId) -> String {
    format!("user.email:{user}")
}

/// Returns a name for somebody: theirs at the provider, or of their address, of letters,
/// digits, `-`, `_` and `.`.
fn login_of(person: &Person) -> String {
    let of_email = person.email.as_deref();
    let of_email = of_email.and_then(|email| email.split('@').next());
    let text = person.login.as_deref().or(of_email).unwrap_or_default();
    // A name at some providers is an address.
    let text = text.split('@').next().unwrap_or_default();
    let is_fit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let login: String = text.chars().filter(is_fit).take(LOGIN_BYTES_MAX).collect();
    match login.is_empty() {
        true => "user".to_owned(),
        false => login.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, login_of};
    use crate::login::provider::Person;

    fn person(login: Option<&str>, email: Option<&str>) -> Person {
        Person {
            subject: "1".to_owned(),
            login: login.map(str::to_owned),
            display_name: None,
            email: email.map(str::to_owned),
            organisations: vec!["Acme".to_owned()],
        }
    }

    #[test]
    fn names_are_made_of_what_there_is() {
        for (login, email, expected) in [
            (Some("Ada"), Some("x@acme.example"), "ada"),
            (Some("ada@acme.example"), None, "ada"),
            (None, Some("ada.l@acme.example"), "ada.l"),
            (Some("Ødegård"), None, "degrd"),
            (Some("日本"), None, "user"),
            (None, None, "user"),
        ] {
            assert_eq!(login_of(&person(login, email)), expected);
        }
    }

    #[test]
    fn whoever_is_of_a_named_domain_or_organisation_comes_in() {
        let admission = |domains: &[&str], organisations: &[&str]| Admission {
            domains: domains.iter().map(|&one| one.to_owned()).collect(),
            organisations: organisations.iter().map(|&one| one.to_owned()).collect(),
            ..Admission::default()
        };
        for (rules, email, ok) in [
            (admission(&[], &[]), Some("a@acme.example"), false),
            (
                admission(&["acme.example"], &[]),
                Some("a@ACME.example"),
                true,
            ),
            (
                admission(&["acme.example"], &[]),
                Some("a@evil-acme.example"),
                false,
            ),
            (
                admission(&["acme.example"], &[]),
                Some("a@sub.acme.example"),
                false,
            ),
            (
                admission(&["acme.example"], &[]),
                Some("a@acme.example@evil.example"),
                false,
            ),
            (admission(&["acme.example"], &[]), None, false),
            (admission(&[], &["acme"]), None, true),
            (admission(&[], &["other"]), None, false),
        ] {
            assert_eq!(rules.admits(&person(None, email)), ok, "{email:?}");
        }
    }
}
