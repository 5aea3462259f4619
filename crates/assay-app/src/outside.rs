//! What other tools found in the commit of a review, sent by whoever ran them: kept with
//! the commit, and taken in by another review of it.

use assay_auth::{Identifier, Permission};
use assay_finding::import::{ImportFormat, ImportOptions, Imported, import};
use assay_store::{IMPORT_OUTPUT_BYTES_MAX, ImportKept, OutsideImport, ReviewId};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::quota::QuotaKind;
use crate::work::queue;

const NAME_BYTES_MAX: usize = 60;
const ROOT_BYTES_MAX: usize = 1_024;

/// What a tool found.
#[derive(Clone, Debug)]
pub struct OutsideWish {
    /// How it is read.
    pub format: String,
    /// What it is called: another output of that name takes its place.
    pub name: Option<String>,
    /// Where the repository was when the tool ran.
    pub root: Option<String>,
    /// What the tool wrote.
    pub output: Vec<u8>,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideTaken {
    /// The review that takes it in.
    pub review: Identifier,
    /// How many findings were read.
    pub findings: usize,
    /// What was left out, and what the tool could not do.
    pub notes: Vec<String>,
    /// Whether the same was sent before.
    pub is_known: bool,
}

impl App {
    /// Keeps what a tool found in the commit that a review is of, and asks for another
    /// review of that commit, which takes it in. The same output sent again changes
    /// nothing.
    pub async fn review_import(
        &self,
        caller: &Caller,
        id: Identifier,
        wish: OutsideWish,
    ) -> Result<OutsideTaken, Error> {
        let scope = caller.authorise(Permission::ReviewRun)?;
        let id = ReviewId::from_identifier(id);
        {
            // Whether it is there comes before whether the output is good.
            let mut tx = self.store().read().await?;
            tx.review_get(&scope, id).await?;
        }
        let (new, imported) = checked(wish).await?;
        let mut tx = self.store().begin().await?;
        let review = tx.review_get(&scope, id).await?;
        let (Some(repository), Some(pull_request)) = (review.repository, review.pull_request)
        else {
            let why = "findings are taken in by reviews of pull requests";
            return Err(Error::invalid("review", why));
        };
        let (base, head) = (review.base_revision.as_str(), review.head_revision.as_str());
        tx.organisation_hold(&scope).await?;
        let kept = tx
            .outside_import_put(&scope, repository, head, &new)
            .await?;
        let taken = |review: ReviewId, is_known: bool| OutsideTaken {
            review: review.identifier(),
            findings: imported.findings.len(),
            notes: [imported.notes.as_slice(), imported.problems.as_slice()].concat(),
            is_known,
        };
        match kept {
            ImportKept::Known => return Ok(taken(id, true)),
            ImportKept::Full => {
                let why = "too many outputs of tools for one commit";
                return Err(Error::invalid("name", why));
            }
            ImportKept::New => {}
        }
        self.quota_take(&mut tx, &scope, QuotaKind::Reviews).await?;
        self.check_backlog(&mut tx).await?;
        let number = u64::try_from(pull_request).unwrap_or_default();
        let asked = queue(&mut tx, &scope, repository, number, (base, head), None).await?;
        let details = json!({
            "format": new.format,
            "name": new.name,
            "findings": imported.findings.len(),
            "review": asked.to_string(),
        });
        let target = format!("review:{id}");
        audit(&mut tx, &scope, "review.import", target, details).await?;
        tx.commit().await?;
        Ok(taken(asked, false))
    }
}

/// Reads an output once, so that whoever sent it learns what is wrong with it.
async fn checked(wish: OutsideWish) -> Result<(OutsideImport, Imported), Error> {
    let format = ImportFormat::from_name(&wish.format).ok_or_else(|| {
        let names: Vec<&str> = ImportFormat::ALL.iter().map(|one| one.as_str()).collect();
        Error::invalid("format", format!("there are {}", names.join(", ")))
    })?;
    let name = wish.name.unwrap_or_else(|| format.as_str().to_owned());
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(is_fit) {
        let why = format!("1 to {NAME_BYTES_MAX} letters, digits, `-`, `_` and `.`");
        return Err(Error::invalid("name", why));
    }
    let root = wish.root.filter(|root| !root.is_empty());
    let is_fit = |root: &String| root.len() <= ROOT_BYTES_MAX && !root.contains('\0');
    if !root.as_ref().is_none_or(is_fit) {
        let why = format!("at most {ROOT_BYTES_MAX} bytes, and no NUL");
        return Err(Error::invalid("root", why));
    }
    if wish.output.len() > IMPORT_OUTPUT_BYTES_MAX {
        let why = format!("at most {IMPORT_OUTPUT_BYTES_MAX} bytes");
        return Err(Error::invalid("output", why));
    }
    let options = ImportOptions {
        roots: root.iter().cloned().collect(),
        tool: None,
    };
    let output = wish.output;
    let read = tokio::task::spawn_blocking(move || {
        let imported = import(format, &output, &options);
        (imported, output)
    });
    let read = read.await;
    let (imported, output) = read.map_err(|why| Error::Internal(format!("a reader: {why}")))?;
    let imported = imported.map_err(|why| Error::invalid("output", why.to_string()))?;
    let mut hasher = blake3::Hasher::new();
    for part in [
        format.as_str().as_bytes(),
        root.as_deref().unwrap_or_default().as_bytes(),
    ] {
        hasher.update(part).update(&[0]);
    }
    let hash = hasher.update(&output).finalize().as_bytes().to_vec();
    let new = OutsideImport {
        name,
        format: format.as_str().to_owned(),
        root,
        output,
        hash,
    };
    Ok((new, imported))
}
