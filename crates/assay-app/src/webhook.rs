//! Webhooks come in: checked over their bytes, kept, and their work queued, in one
//! transaction, before the forge is told that they are.

use std::collections::BTreeMap;
use std::net::IpAddr;

use assay_auth::{AuthError, Identifier, RateDecision, Scope, check_github, check_gitlab};
use assay_store::{DeliveryId, ForgeName, NewDelivery};
use secrecy::SecretString;
use serde::de::IgnoredAny;

use crate::app::App;
use crate::error::Error;
use crate::job::{HandleDelivery, Job as _};
use crate::metric::family;

const DELIVERY_BYTES_MAX: usize = 128;
const EVENT_BYTES_MAX: usize = 64;

/// What GitHub tells us of that is worth a look. Others are answered and forgotten.
const GITHUB_EVENTS: [&str; 12] = [
    "check_run",
    "check_suite",
    "installation",
    "installation_repositories",
    "issue_comment",
    "merge_group",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "repository",
];
/// The same of GitLab.
const GITLAB_EVENTS: [&str; 5] = [
    "Merge Request Hook",
    "Note Hook",
    "Push Hook",
    "Pipeline Hook",
    "Emoji Hook",
];

/// A forge that sends webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forge {
    /// GitHub, in the cloud or on a server.
    GitHub,
    /// GitLab, in the cloud or on a server.
    GitLab,
}

impl Forge {
    fn name(self) -> ForgeName {
        match self {
            Self::GitHub => ForgeName::GitHub,
            Self::GitLab => ForgeName::GitLab,
        }
    }
}

/// How webhooks of a forge are taken in.
#[derive(Clone, Debug)]
pub struct ForgeIntake {
    /// The forge's host, such as `github.com`.
    pub host: String,
    /// The secrets that it may sign with; while one is replaced there are two.
    pub secrets: Vec<SecretString>,
}

/// A webhook as it came.
#[derive(Clone, Copy, Debug)]
pub struct WebhookCall<'a> {
    /// Which forge it says it is.
    pub forge: Forge,
    /// From where it came.
    pub caller: IpAddr,
    /// What it tells of.
    pub event: Option<&'a str>,
    /// The forge's number of it; the same when it is sent again.
    pub delivery: Option<&'a str>,
    /// The signature or token.
    pub signature: Option<&'a str>,
    /// Whether the text is in a form (`payload=`) and not the body itself.
    pub is_form: bool,
    /// The bytes that are signed.
    pub body: &'a [u8],
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// It is kept and its work is queued.
    Queued(Identifier),
    /// It was known already; its work is done or under way.
    Known,
    /// There is nothing to do about it.
    Ignored,
}

impl App {
    /// Takes a webhook in. When this returns, it is on disk; a delivery that is
    /// known already changes nothing, unless its work had failed.
    pub async fn webhook_accept(&self, call: WebhookCall<'_>) -> Result<Intake, Error> {
        let accepted = self.accept(call).await;
        let outcome = match &accepted {
            Ok(Intake::Queued(_)) => "queued",
            Ok(Intake::Known) => "known",
            Ok(Intake::Ignored) => "ignored",
            Err(_) => "refused",
        };
        let labels = [call.forge.name().name(), outcome];
        self.metrics().count(family::WEBHOOKS, &labels);
        accepted
    }

    async fn accept(&self, call: WebhookCall<'_>) -> Result<Intake, Error> {
        let options = self.options();
        let networks = &options.webhook_networks;
        if !networks.is_empty() && !networks.contains(call.caller) {
            return Err(AuthError::SignatureWrong.into());
        }
        let limit = options.webhook_rate;
        match self.webhook_rate(call.caller, limit).await {
            RateDecision::Pass(..) => {}
            RateDecision::Wait { retry_ms } => return Err(Error::Busy { retry_ms }),
        }
        let intake = match call.forge {
            Forge::GitHub => options.github.as_ref(),
            Forge::GitLab => options.gitlab.as_ref(),
        };
        let intake = intake.ok_or(assay_store::Error::NotFound("webhook"))?;
        match call.forge {
            Forge::GitHub => check_github(call.signature, &intake.secrets, call.body)?,
            Forge::GitLab => check_gitlab(call.signature, &intake.secrets)?,
        }
        let event = text(call.event, "event", EVENT_BYTES_MAX)?;
        let external_id = text(call.delivery, "delivery", DELIVERY_BYTES_MAX)?;
        let is_known = match call.forge {
            Forge::GitHub => GITHUB_EVENTS.contains(&event),
            Forge::GitLab => GITLAB_EVENTS.contains(&event),
        };
        if !is_known {
            return Ok(Intake::Ignored);
        }
        let new = NewDelivery {
            organisation: None,
            forge: call.forge.name(),
            host: intake.host.clone(),
            external_id: external_id.to_owned(),
            event: event.to_owned(),
            body: payload(&call)?,
        };
        self.keep(&new).await
    }

    async fn keep(&self, new: &NewDelivery) -> Result<Intake, Error> {
        let system = Scope::system("webhook");
        let mut tx = self.store().begin_single().await?;
        let task = |delivery: DeliveryId| {
            let job = HandleDelivery {
                delivery: delivery.to_string(),
            };
            job.task()
        };
        let taken = tx.delivery_take(&system, new, task).await?;
        // One that is known may have come a moment ago: it is on disk when this is answered.
        tx.commit().await?;
        Ok(taken.map_or(Intake::Known, |task| Intake::Queued(task.identifier())))
    }
}

/// Returns a header that has to be there and may be no longer.
fn text<'a>(
    header: Option<&'a str>,
    field: &'static str,
    bytes_max: usize,
) -> Result<&'a str, Error> {
    let is_fit = |text: &&str| {
        !text.is_empty()
            && text.len() <= bytes_max
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ')
    };
    let why = || format!("1 to {bytes_max} printable characters");
    header
        .filter(is_fit)
        .ok_or_else(|| Error::invalid(field, why()))
}

/// Returns the text itself, which has to be a JSON object.
fn payload(call: &WebhookCall<'_>) -> Result<Vec<u8>, Error> {
    let body = if call.is_form {
        let mut pairs = call.body.split(|&byte| byte == b'&');
        let found = pairs.find_map(|pair| pair.strip_prefix(b"payload="));
        let encoded = found.ok_or_else(|| Error::invalid("payload", "missing from the form"))?;
        percent_decoded(encoded, true)
    } else {
        call.body.to_vec()
    };
    let members: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_slice(&body);
    match members {
        Ok(_) => Ok(body),
        Err(_) => Err(Error::invalid("body", "no JSON object")),
    }
}

/// Decodes `%41`, and in forms `+`. What is no such thing stands for itself.
pub(crate) fn percent_decoded(text: &[u8], is_form: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let is_hex = |digits: &&str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let value = digits
            .filter(is_hex)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (*byte, value) {
            (b'%', Some(value)) => {
                out.push(value);
                rest = &after[2..];
            }
            (b'+', _) if is_form => {
                out.push(b' ');
                rest = after;
            }
            (byte, _) => {
                out.push(byte);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn what_is_encoded_is_decoded_and_the_rest_stands() {
        for (text, is_form, expected) in [
            ("%7B%22a%22%3A1%7D", true, "{\"a\":1}"),
            ("a+b%2Bc", true, "a b+c"),
            ("a+b", false, "a+b"),
            ("%", true, "%"),
            ("%4", true, "%4"),
            ("%zz%+1", false, "%zz%+1"),
            ("", true, ""),
        ] {
            assert_eq!(
                percent_decoded(text.as_bytes(), is_form),
                expected.as_bytes(),
                "{text}"
            );
        }
    }
}
