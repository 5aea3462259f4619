//! Where a repository is fetched from and what proves that we may: the token goes
//! into a header, never into an address or an argument that others can read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::ForgeError;
use crate::event::ForgeKind;
use crate::name::RepoName;
use crate::secret::Secret;

/// What a fetch needs.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// The address, without a name or a password.
    pub url: String,
    /// The name of the header.
    pub header_name: &'static str,
    /// Its value.
    pub header_value: Secret,
}

impl Checkout {
    /// Makes the checkout of a repository below a web address such as
    /// `https://github.com`.
    pub fn new(
        forge: ForgeKind,
        web_base: &str,
        repo: &RepoName,
        token: &Secret,
    ) -> Result<Self, ForgeError> {
        let url = Self::address(web_base, repo)?;
        // Both take a token as the password of a name that does not matter.
        let user = match forge {
            ForgeKind::GitHub => "x-access-token",
            ForgeKind::GitLab => "oauth2",
        };
        let basic = STANDARD.encode(format!("{user}:{}", token.expose()));
        Ok(Self {
            url,
            header_name: "Authorization",
            header_value: Secret::new(format!("Basic {basic}")),
        })
    }

    /// Returns where a repository is below a web address, without a proof.
    pub fn address(web_base: &str, repo: &RepoName) -> Result<String, ForgeError> {
        let base = web_base.trim_end_matches('/');
        let (scheme, rest) = base.split_once("://").unwrap_or_default();
        if !matches!(scheme, "https" | "http") || rest.is_empty() || rest.contains(['@', '?', '#'])
        {
            return Err(ForgeError::Setting("the web address is none".into()));
        }
        Ok(format!("{base}/{repo}.git"))
    }

    /// Returns the header as one line, for a fetch.
    pub fn header_line(&self) -> Secret {
        let value = self.header_value.expose();
        Secret::new(format!("{}: {value}", self.header_name))
    }
}

/// Returns where the commits of a pull request are, also those of a fork.
pub fn pull_reference(forge: ForgeKind, number: u64) -> String {
    match forge {
        ForgeKind::GitHub => format!("refs/pull/{number}/head"),
        ForgeKind::GitLab => format!("refs/merge-requests/{number}/head"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Checkout, pull_reference};
    use crate::event::ForgeKind;
    use crate::name::RepoName;
    use crate::secret::Secret;

    #[test]
    fn the_token_is_in_the_header_alone() {
        let repo = RepoName::parse("acme/shop").unwrap();
        let token = Secret::new("tok");
        let base = "https://github.com/";
        let checkout = Checkout::new(ForgeKind::GitHub, base, &repo, &token).unwrap();
        assert_eq!(checkout.url, "https://github.com/acme/shop.git");
        assert!(!format!("{checkout:?}").contains("tok:"));
        let expected = "Authorization: Basic eC1hY2Nlc3MtdG9rZW46dG9r";
        assert_eq!(checkout.header_line().expose(), expected);
        for wrong in ["ssh://x", "https://a:b@x", "https://", "x", "https://x?y"] {
            assert!(
                Checkout::new(ForgeKind::GitLab, wrong, &repo, &token).is_err(),
                "{wrong}"
            );
        }
        assert_eq!(
            pull_reference(ForgeKind::GitLab, 3),
            "refs/merge-requests/3/head"
        );
    }
}
