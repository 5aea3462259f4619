//! What other tools found in a commit, as they wrote it. One tool has one output for a
//! commit: another takes its place.

use assay_auth::Scope;

use crate::transaction::{Page, organisation_of};
use crate::value::{Row, args};
use crate::{Error, OutsideImportId, RepositoryId, Tx};

/// So many tools may have something to say of a commit.
pub const IMPORTS_MAX: u32 = 20;
/// So large may an output be, unpacked.
pub const IMPORT_OUTPUT_BYTES_MAX: usize = 8 << 20;
/// The usual trade of time for size.
const LEVEL: i32 = 3;

/// What a tool found in a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideImport {
    /// What it is called: a tool, or a job of the build.
    pub name: String,
    /// How it is read.
    pub format: String,
    /// Where the repository was when the tool ran.
    pub root: Option<String>,
    /// What the tool wrote.
    pub output: Vec<u8>,
    /// A hash of all that.
    pub hash: Vec<u8>,
}

/// What became of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportKept {
    /// It is kept.
    New,
    /// The same was kept before.
    Known,
    /// There are too many.
    Full,
}

fn import(row: &Row) -> Result<OutsideImport, Error> {
    let packed: Vec<u8> = row.get("output")?;
    let output = zstd::bulk::decompress(&packed, IMPORT_OUTPUT_BYTES_MAX);
    Ok(OutsideImport {
        name: row.get("name")?,
        format: row.get("format")?,
        root: row.get("root")?,
        output: output.map_err(|why| Error::corrupt("output of a tool", why))?,
        hash: row.get("output_hash")?,
    })
}

impl Tx {
    /// Keeps what a tool found in a commit of a repository of the scope's organisation.
    pub async fn outside_import_put(
        &mut self,
        scope: &Scope,
        repository: RepositoryId,
        head: &str,
        new: &OutsideImport,
    ) -> Result<ImportKept, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT name, output_hash FROM outside_import WHERE organisation_id = $1 \
                   AND repository_id = $2 AND head_revision = $3";
        let row = |row: &Row| -> Result<(String, Vec<u8>), Error> {
            Ok((row.get("name")?, row.get("output_hash")?))
        };
        let known = self.list(sql, args![organisation, repository, head], row);
        let known = known.await?;
        match known.iter().find(|(name, _)| *name == new.name) {
            Some((_, hash)) if *hash == new.hash => return Ok(ImportKept::Known),
            Some(_) => {}
            None if known.len() >= IMPORTS_MAX as usize => return Ok(ImportKept::Full),
            None => {}
        }
        let packed = zstd::bulk::compress(&new.output, LEVEL);
        let packed = packed.map_err(|why| Error::corrupt("output of a tool", why))?;
        let id = OutsideImportId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO outside_import (id, organisation_id, repository_id, \
                   head_revision, name, format, root, output, output_hash, created_ms) \
                   SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 WHERE EXISTS (SELECT 1 \
                   FROM repository WHERE id = $3 AND organisation_id = $2) \
                   ON CONFLICT (organisation_id, repository_id, head_revision, name) \
                   DO UPDATE SET format = excluded.format, root = excluded.root, \
                   output = excluded.output, output_hash = excluded.output_hash, \
                   created_ms = excluded.created_ms";
        let args = args![
            id,
            organisation,
            repository,
            head,
            &new.name,
            &new.format,
            new.root.clone(),
            packed,
            new.hash.clone(),
            self.now_ms(),
        ];
        self.touch("repository", sql, args).await?;
        Ok(ImportKept::New)
    }

    /// Returns what tools found in a commit, by their names.
    pub async fn outside_import_list(
        &mut self,
        scope: &Scope,
        repository: RepositoryId,
        head: &str,
    ) -> Result<Vec<OutsideImport>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM outside_import WHERE organisation_id = $1 \
                   AND repository_id = $2 AND head_revision = $3 ORDER BY name LIMIT $4";
        let limit = Page::<OutsideImportId>::first(IMPORTS_MAX).limit();
        self.list(sql, args![organisation, repository, head, limit], import)
            .await
    }
}
