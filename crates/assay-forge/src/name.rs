//! Names that go into addresses: repositories, commits, pull requests. They are
//! checked when they are made, so that no name from a payload leaves its place
//! in a path.

use std::fmt;

/// Longer names exist on no forge.
const NAME_BYTES_MAX: usize = 255;

/// A repository as `owner/name`; on GitLab the owner may have several parts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoName {
    full: String,
    slash: usize,
}

impl RepoName {
    /// Reads `owner/name`, and on GitLab `group/subgroup/name`.
    pub fn parse(full: &str) -> Option<Self> {
        let slash = full.rfind('/')?;
        let is_part = |part: &str| {
            let is_dots = part == "." || part == "..";
            let is_word = part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
            !part.is_empty() && !is_dots && is_word
        };
        let fits = full.len() <= NAME_BYTES_MAX && full.split('/').all(is_part);
        fits.then(|| Self {
            full: full.to_owned(),
            slash,
        })
    }

    /// Returns the part before the last slash.
    pub fn owner(&self) -> &str {
        &self.full[..self.slash]
    }

    /// Returns the part after the last slash.
    pub fn name(&self) -> &str {
        &self.full[self.slash + 1..]
    }

    /// Returns all of it.
    pub fn as_str(&self) -> &str {
        &self.full
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

impl fmt::Debug for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

/// A commit by its full hash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitSha(String);

impl CommitSha {
    /// Reads 40 or 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hash = matches!(text.len(), 40 | 64)
            && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_hash.then(|| Self(text.to_owned()))
    }

    /// Returns the digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the digits that people read.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }

    /// Returns whether it stands for no commit, as in pushes that make or
    /// delete a branch.
    pub fn is_zero(&self) -> bool {
        self.0.bytes().all(|b| b == b'0')
    }
}

impl fmt::Display for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A pull request, or a merge request of GitLab.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PullId {
    /// Where it is to be merged.
    pub repo: RepoName,
    /// Its number in the repository (`iid` on GitLab).
    pub number: u64,
}

impl fmt::Display for PullId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.repo, self.number)
    }
}

/// Writes text as one segment of a path or one value of a query.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{CommitSha, RepoName, encode};

    #[test]
    fn names_that_would_leave_their_place_are_none() {
        for (text, expected) in [
            ("acme/shop", Some(("acme", "shop"))),
            ("acme/.github", Some(("acme", ".github"))),
            ("group/sub/shop.js", Some(("group/sub", "shop.js"))),
            ("acme", None),
            ("acme/", None),
            ("/shop", None),
            ("acme/..", None),
            ("acme/../admin", None),
            ("acme/sh op", None),
            ("acme/shop?x", None),
            ("acme/sh%2fop", None),
            ("acme/ärger", None),
        ] {
            let name = RepoName::parse(text);
            let parts = name.as_ref().map(|name| (name.owner(), name.name()));
            assert_eq!(parts, expected, "{text}");
        }
        assert!(RepoName::parse(&format!("a/{}", "b".repeat(300))).is_none());
    }

    #[test]
    fn commits_are_full_hashes() {
        assert!(CommitSha::parse(&"0".repeat(40)).unwrap().is_zero());
        assert_eq!(
            CommitSha::parse(&"ab".repeat(32)).unwrap().short(),
            "abababa"
        );
        for wrong in ["", "main", "abc", &"G".repeat(40), &"a".repeat(41)] {
            assert!(CommitSha::parse(wrong).is_none(), "{wrong}");
        }
        assert_eq!(encode("a/b c&ü"), "a%2Fb%20c%26%C3%BC");
    }
}
