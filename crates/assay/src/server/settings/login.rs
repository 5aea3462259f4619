//! The section `login`: who vouches for people, and whom they let in.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use assay_app::{Admission, LoginProvider, ProviderKind};
use assay_auth::RoleName;
use assay_forge::{Endpoint, IdentityClient};
use secrecy::SecretString;
use serde::Deserialize;

use super::sources::{is_local, read_secret};

const GITHUB_WEB: &str = "https://github.com";
const GITHUB_API: &str = "https://api.github.com";
const PROVIDERS_MAX: usize = 16;
const NAME_BYTES_MAX: usize = 32;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LoginFile {
    providers: Vec<ProviderFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderFile {
    name: String,
    kind: Kind,
    client_id: String,
    client_secret_file: PathBuf,
    issuer: Option<String>,
    tenant: Option<String>,
    web: Option<String>,
    api: Option<String>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    organisations: Vec<String>,
    #[serde(default)]
    first_is_admin: bool,
    into: Option<String>,
    role: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    GitHub,
    Microsoft,
    Oidc,
}

/// Puts the providers together; people have to reach the server at `public_url`.
pub(super) fn read(
    file: LoginFile,
    public_url: Option<&str>,
) -> anyhow::Result<Vec<LoginProvider>> {
    if file.providers.is_empty() {
        return Ok(Vec::new());
    }
    let count = file.providers.len();
    ensure!(
        count <= PROVIDERS_MAX,
        "login.providers: at most {PROVIDERS_MAX}, not {count}"
    );
    let public_url = public_url.context("login.providers are there without http.public_url")?;
    let mut providers: Vec<LoginProvider> = Vec::new();
    for provider in file.providers {
        let place = format!("login.providers: `{}`", provider.name);
        let read = read_provider(provider, public_url).with_context(|| place.clone())?;
        let is_double = providers.iter().any(|one| one.name() == read.name());
        ensure!(!is_double, "{place} is there twice");
        providers.push(read);
    }
    Ok(providers)
}

fn read_provider(file: ProviderFile, public_url: &str) -> anyhow::Result<LoginProvider> {
    let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    ensure!(
        (1..=NAME_BYTES_MAX).contains(&file.name.len()) && file.name.bytes().all(is_fit),
        "a name is of lower-case letters, digits and `-`"
    );
    // These say how others came in.
    ensure!(
        !matches!(file.name.as_str(), "key" | "invitation"),
        "this name is taken"
    );
    let kind = kind(&file)?;
    let base = match &kind {
        ProviderKind::GitHub { web, .. } => web,
        ProviderKind::OpenId { issuer } => issuer,
    };
    let endpoint = Endpoint {
        // A provider on this machine, as in tests, may be plain.
        allow_plain: is_local(base),
        ..Endpoint::new(base.clone())
    };
    let client = IdentityClient::new(&endpoint).context("the address of the provider")?;
    if let ProviderKind::GitHub { api, .. } = &kind {
        client.check(api).context("api")?;
    }
    let usual = Admission::default();
    let role = file.role.unwrap_or(usual.role);
    RoleName::parse(&role).context("role")?;
    ensure!(
        file.organisations.is_empty() || matches!(kind, ProviderKind::GitHub { .. }),
        "organisations are GitHub's; others have domains"
    );
    let admission = Admission {
        domains: file.domains,
        organisations: file.organisations,
        first_is_admin: file.first_is_admin,
        into: file.into.unwrap_or(usual.into),
        role,
    };
    let secret = SecretString::from(read_secret(&file.client_secret_file)?);
    Ok(LoginProvider::new(
        &file.name,
        kind,
        (file.client_id, secret),
        public_url,
        admission,
        client,
    ))
}

fn kind(file: &ProviderFile) -> anyhow::Result<ProviderKind> {
    let only = |kind: Kind, name: &str, given: &Option<String>| -> anyhow::Result<()> {
        ensure!(
            given.is_none() || file.kind == kind,
            "{name} is not of this kind of provider"
        );
        Ok(())
    };
    only(Kind::Oidc, "issuer", &file.issuer)?;
    only(Kind::Microsoft, "tenant", &file.tenant)?;
    only(Kind::GitHub, "web", &file.web)?;
    only(Kind::GitHub, "api", &file.api)?;
    let trimmed = |text: &Option<String>, usual: &str| {
        let text = text.as_deref().unwrap_or(usual);
        text.trim_end_matches('/').to_owned()
    };
    match file.kind {
        Kind::GitHub => Ok(ProviderKind::GitHub {
            web: trimmed(&file.web, GITHUB_WEB),
            api: trimmed(&file.api, GITHUB_API),
        }),
        Kind::Oidc => {
            let issuer = file.issuer.clone();
            let issuer = issuer.context("an issuer is needed, exactly as it calls itself")?;
            Ok(ProviderKind::OpenId { issuer })
        }
        Kind::Microsoft => {
            let tenant = file.tenant.as_deref().unwrap_or_default();
            let is_id = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
            // `common` would let in whoever has an account anywhere.
            if tenant.len() != 36 || !tenant.bytes().all(is_id) {
                bail!("a tenant is needed, by its identifier");
            }
            let issuer = format!("https://login.microsoftonline.com/{tenant}/v2.0");
            Ok(ProviderKind::OpenId { issuer })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LoginFile, read};

    /// `expected` is in the error, or the names of the providers.
    fn check(text: &str, public_url: Option<&str>, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "a secret\n").unwrap();
        let text = text.replace("SECRET", &secret.display().to_string());
        let file: Result<LoginFile, _> = toml::from_str(&text);
        let read = file
            .map_err(anyhow::Error::from)
            .and_then(|file| read(file, public_url));
        match read {
            Ok(read) => {
                let names: Vec<_> = read.iter().map(|one| one.name()).collect();
                assert_eq!(names.join(" "), expected, "{text}");
            }
            Err(error) => {
                let error = format!("{error:#}");
                assert!(error.contains(expected), "{text}: {error}");
            }
        }
    }

    #[test]
    fn providers_are_what_they_say_and_nothing_is_guessed() {
        let url = Some("https://assay.example");
        let provider = |rest: &str| {
            format!(
                "[[providers]]\nname = \"a\"\nclient_id = \"c\"\nclient_secret_file = \"SECRET\"\n{rest}\n"
            )
        };
        for (rest, public_url, expected) in [
            ("kind = \"github\"", url, "a"),
            ("kind = \"github\"", None, "without http.public_url"),
            ("kind = \"github\"\ndomain = []", url, "unknown field"),
            (
                "kind = \"github\"\nissuer = \"https://x.example\"",
                url,
                "not of this kind",
            ),
            (
                "kind = \"github\"\nweb = \"http://x.example\"",
                url,
                "https://",
            ),
            ("kind = \"github\"\nrole = \"No Role\"", url, "role"),
            ("kind = \"oidc\"", url, "issuer is needed"),
            ("kind = \"oidc\"\nissuer = \"https://x.example/\"", url, "a"),
            (
                "kind = \"oidc\"\nissuer = \"http://x.example\"",
                url,
                "https://",
            ),
            (
                "kind = \"oidc\"\nissuer = \"https://x.example\"\norganisations = [\"o\"]",
                url,
                "GitHub's",
            ),
            ("kind = \"microsoft\"", url, "tenant is needed"),
            (
                "kind = \"microsoft\"\ntenant = \"common\"",
                url,
                "tenant is needed",
            ),
            (
                "kind = \"microsoft\"\ntenant = \"01900000-0000-7000-8000-000000000001\"",
                url,
                "a",
            ),
        ] {
            check(&provider(rest), public_url, expected);
        }
        let one = provider("kind = \"github\"");
        check(&format!("{one}{one}"), url, "there twice");
        check(&one.replace("\"a\"", "\"key\""), url, "taken");
        check(&one.replace("\"a\"", "\"A b\""), url, "lower-case");
        check("", None, "");
    }
}
