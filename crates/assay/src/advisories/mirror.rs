//! Brings advisories from OSV's export or a mirror of it: for each ecosystem an
//! archive of everything and a list of what changed when. The archive is fetched
//! the first time; afterwards only what changed since, one by one while it is
//! little.

use std::io::Cursor;

use anyhow::{Context as _, bail};
use assay_deps::{ADVISORY_BYTES_MAX, Ecosystem, IndexSource};

use super::download::{Answer, Client};
use super::update::Work;

/// The export of the OSV project.
pub(crate) const OSV_EXPORT: &str = "https://osv-vulnerabilities.storage.googleapis.com";

/// The largest archive, of npm, has about 200 MB.
const ARCHIVE_BYTES_MAX: u64 = 2 << 30;
const LIST_BYTES_MAX: u64 = 256 << 20;
/// More changes than this are fetched as an archive.
const CHANGES_MAX: usize = 400;

/// Returns the ecosystems that Assay reads package files of.
pub(crate) fn ecosystems() -> Vec<&'static str> {
    use Ecosystem::{
        Bioconductor, ConanCenter, Cran, CratesIo, GitHubActions, Go, Hackage, Hex, Maven, Npm,
        NuGet, Packagist, Pub, PyPi, RubyGems, SwiftUrl,
    };
    let all = [
        Npm,
        PyPi,
        Maven,
        Go,
        CratesIo,
        Packagist,
        RubyGems,
        NuGet,
        Pub,
        Hex,
        SwiftUrl,
        ConanCenter,
        GitHubActions,
        Hackage,
        Cran,
        Bioconductor,
    ];
    all.map(Ecosystem::name).to_vec()
}

/// Brings one ecosystem up to date from a mirror.
pub(super) fn take(
    work: &mut Work,
    client: &Client,
    base: &str,
    ecosystem: &str,
) -> anyhow::Result<()> {
    let mirror = Mirror {
        client,
        folder: format!("{}/{}", base.trim_end_matches('/'), encoded(ecosystem)),
        ecosystem,
    };
    let known = work
        .sources
        .iter()
        .find(|source| source.ecosystem == ecosystem && source.origin == base)
        .cloned();
    let mut source = known.clone().unwrap_or_else(|| IndexSource {
        ecosystem: ecosystem.to_owned(),
        origin: base.to_owned(),
        ..IndexSource::default()
    });
    let changes = match &known {
        Some(known) if !known.modified.is_empty() => mirror.changes(&known.modified)?,
        _ => None,
    };
    match changes {
        Some(changes) => mirror.take_changes(work, &changes, &mut source)?,
        None => mirror.take_archive(work, &mut source)?,
    }
    work.note_source(source);
    Ok(())
}

struct Mirror<'a> {
    client: &'a Client,
    folder: String,
    ecosystem: &'a str,
}

impl Mirror<'_> {
    /// Returns what changed after a time, as times and identifiers, the newest
    /// first; none when that is unknown or too much to fetch one by one.
    fn changes(&self, after: &str) -> anyhow::Result<Option<Vec<(String, String)>>> {
        let url = format!("{}/modified_id.csv", self.folder);
        let Answer::Content { bytes, .. } = self.client.get(&url, "", LIST_BYTES_MAX)? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes).with_context(|| format!("{url} is not UTF-8"))?;
        let mut changes = Vec::new();
        for line in text.lines() {
            let Some((modified, id)) = line.trim().split_once(',') else {
                continue;
            };
            // The list of all ecosystems has the ecosystem before the identifier.
            let id = id.rsplit('/').next().unwrap_or(id);
            if modified <= after {
                break;
            }
            if changes.len() == CHANGES_MAX {
                return Ok(None);
            }
            changes.push((modified.to_owned(), id.to_owned()));
        }
        Ok(Some(changes))
    }

    fn take_changes(
        &self,
        work: &mut Work,
        changes: &[(String, String)],
        source: &mut IndexSource,
    ) -> anyhow::Result<()> {
        for (modified, id) in changes.iter().rev() {
            if work.builder.has(id, modified) {
                continue;
            }
            let url = format!("{}/{}.json", self.folder, encoded(id));
            match self.client.get(&url, "", ADVISORY_BYTES_MAX as u64)? {
                Answer::Content { bytes, .. } => {
                    work.take(|intake| intake.document(&url, &bytes))?;
                }
                Answer::Missing => work.complain(format!("{url}: it is listed and not there")),
                Answer::Unchanged => {}
            }
            source.modified.clone_from(modified);
        }
        Ok(())
    }

    fn take_archive(&self, work: &mut Work, source: &mut IndexSource) -> anyhow::Result<()> {
        let url = format!("{}/all.zip", self.folder);
        match self.client.get(&url, &source.etag, ARCHIVE_BYTES_MAX)? {
            Answer::Unchanged => Ok(()),
            Answer::Missing => bail!("{url}: there is no such archive"),
            Answer::Content { bytes, etag } => {
                // All of the ecosystem follows; what is not in it any more goes.
                work.builder.remove_ecosystem(self.ecosystem);
                source.modified = work.take(|intake| intake.archive(&url, Cursor::new(bytes)))?;
                source.etag = etag;
                work.builder.mark_whole(self.ecosystem);
                Ok(())
            }
        }
    }
}

/// Encodes a part of a path of a URL.
pub(super) fn encoded(part: &str) -> String {
    let mut out = String::new();
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{ecosystems, encoded};

    #[test]
    fn names_are_encoded_for_urls() {
        for (name, url) in [
            ("npm", "npm"),
            ("GitHub Actions", "GitHub%20Actions"),
            ("crates.io", "crates.io"),
            ("../x", "..%2Fx"),
        ] {
            assert_eq!(encoded(name), url);
        }
        assert!(ecosystems().contains(&"crates.io"));
    }
}
