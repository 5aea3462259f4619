//! What an organisation knows: documents that it added, and what its people accepted in
//! past reviews.

use assay_auth::Scope;

use crate::transaction::{Page, organisation_of};
use crate::value::{Row, args};
use crate::{Error, KnowledgeDocumentId, Tx};

/// A document with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnowledgeDocument {
    /// What is known of it.
    pub row: KnowledgeDocumentRow,
    /// Its text.
    pub text: String,
}

/// A document without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnowledgeDocumentRow {
    /// Which one.
    pub id: KnowledgeDocumentId,
    /// Its name, which no other document of the organisation has.
    pub name: String,
    /// Bytes of its text.
    pub bytes: i64,
    /// When it was added.
    pub created_ms: i64,
    /// When its text was last changed.
    pub updated_ms: i64,
}

/// A document that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKnowledgeDocument {
    /// Its name; a document of that name gets the new text.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What tells one state of an organisation's knowledge from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KnowledgeState {
    /// How many documents there are.
    pub documents: i64,
    /// Bytes of their texts together.
    pub bytes: i64,
    /// Goes up with each change of a text.
    pub version: i64,
    /// How much was accepted.
    pub accepted: i64,
    /// When something was accepted last.
    pub accepted_ms: i64,
}

/// A finding that somebody accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedRemark {
    /// Which finding.
    pub fingerprint: String,
    /// Of which rule.
    pub rule: String,
    /// What was said.
    pub message: String,
    /// In the words of who accepted it.
    pub note: Option<String>,
}

const DOCUMENT: &str = "knowledge document";

fn document_row(row: &Row) -> Result<KnowledgeDocumentRow, Error> {
    Ok(KnowledgeDocumentRow {
        id: row.id("id")?,
        name: row.get("name")?,
        bytes: row.get("bytes")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
    })
}

fn document(row: &Row) -> Result<KnowledgeDocument, Error> {
    Ok(KnowledgeDocument {
        row: document_row(row)?,
        text: row.get("text")?,
    })
}

fn state(row: &Row) -> Result<KnowledgeState, Error> {
    Ok(KnowledgeState {
        documents: row.get("documents")?,
        bytes: row.get("bytes")?,
        version: row.get("version")?,
        accepted: row.get("accepted")?,
        accepted_ms: row.get("accepted_ms")?,
    })
}

fn accepted_remark(row: &Row) -> Result<AcceptedRemark, Error> {
    Ok(AcceptedRemark {
        fingerprint: row.get("fingerprint")?,
        rule: row.get("rule")?,
        message: row.get("message")?,
        note: row.get("note")?,
    })
}

impl Tx {
    /// Adds a document to the scope's organisation, or gives the one of that name
    /// another text.
    pub async fn knowledge_document_put(
        &mut self,
        scope: &Scope,
        new: &NewKnowledgeDocument,
    ) -> Result<KnowledgeDocumentId, Error> {
        let organisation = organisation_of(scope)?;
        let id = KnowledgeDocumentId::new(self.store.clock(), self.store.randomness());
        let bytes = i64::try_from(new.text.len()).unwrap_or(i64::MAX);
        let sql = "INSERT INTO knowledge_document (id, organisation_id, name, text, bytes, \
                   version, created_ms, updated_ms) VALUES ($1, $2, $3, $4, $5, 1, $6, $6) \
                   ON CONFLICT (organisation_id, name) DO UPDATE SET text = excluded.text, \
                   bytes = excluded.bytes, version = knowledge_document.version + 1, \
                   updated_ms = excluded.updated_ms";
        let args = args![id, organisation, &new.name, &new.text, bytes, self.now_ms()];
        self.execute(sql, args).await?;
        let kept = self.knowledge_document_find(scope, &new.name).await?;
        Ok(kept.ok_or(Error::NotFound(DOCUMENT))?.id)
    }

    /// Returns a document.
    pub async fn knowledge_document_get(
        &mut self,
        scope: &Scope,
        id: KnowledgeDocumentId,
    ) -> Result<KnowledgeDocument, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM knowledge_document WHERE id = $1 AND organisation_id = $2";
        let found = self.find(sql, args![id, organisation], document).await?;
        found.ok_or(Error::NotFound(DOCUMENT))
    }

    /// Finds a document by its name.
    pub async fn knowledge_document_find(
        &mut self,
        scope: &Scope,
        name: &str,
    ) -> Result<Option<KnowledgeDocumentRow>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT id, name, bytes, created_ms, updated_ms FROM knowledge_document \
                   WHERE organisation_id = $1 AND name = $2";
        self.find(sql, args![organisation, name], document_row)
            .await
    }

    /// Lists the documents of the scope's organisation without their texts.
    pub async fn knowledge_document_list(
        &mut self,
        scope: &Scope,
        page: Page<KnowledgeDocumentId>,
    ) -> Result<Vec<KnowledgeDocumentRow>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT id, name, bytes, created_ms, updated_ms FROM knowledge_document \
                   WHERE organisation_id = $1 AND ($2 IS NULL OR id < $2) \
                   ORDER BY id DESC LIMIT $3";
        let args = args![organisation, page.after, page.limit()];
        self.list(sql, args, document_row).await
    }

    /// Returns the documents of the scope's organisation with their texts, by name.
    pub async fn knowledge_document_texts(
        &mut self,
        scope: &Scope,
        rows_max: u32,
    ) -> Result<Vec<KnowledgeDocument>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM knowledge_document WHERE organisation_id = $1 \
                   ORDER BY name LIMIT $2";
        let args = args![organisation, rows_max];
        self.list(sql, args, document).await
    }

    /// Removes a document.
    pub async fn knowledge_document_remove(
        &mut self,
        scope: &Scope,
        id: KnowledgeDocumentId,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "DELETE FROM knowledge_document WHERE id = $1 AND organisation_id = $2";
        self.touch(DOCUMENT, sql, args![id, organisation]).await
    }

    /// Returns in what state the organisation's knowledge is.
    pub async fn knowledge_state(&mut self, scope: &Scope) -> Result<KnowledgeState, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT count(*) AS documents, \
                   CAST(coalesce(sum(bytes), 0) AS BIGINT) AS bytes, \
                   CAST(coalesce(sum(updated_ms + version), 0) AS BIGINT) AS version, \
                   (SELECT count(*) FROM feedback WHERE organisation_id = $1 \
                    AND verdict = 'accepted') AS accepted, \
                   (SELECT CAST(coalesce(max(created_ms), 0) AS BIGINT) FROM feedback \
                    WHERE organisation_id = $1 AND verdict = 'accepted') AS accepted_ms \
                   FROM knowledge_document WHERE organisation_id = $1";
        let found = self.find(sql, args![organisation], state).await?;
        Ok(found.unwrap_or_default())
    }

    /// Lists what people of the organisation accepted, each finding once, with what was
    /// said of it last.
    pub async fn knowledge_accepted(
        &mut self,
        scope: &Scope,
        rows_max: u32,
    ) -> Result<Vec<AcceptedRemark>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT f.fingerprint AS fingerprint, f.rule AS rule, max(f.message) AS message, \
                   max(b.note) AS note FROM feedback b \
                   JOIN finding f ON f.organisation_id = b.organisation_id \
                   AND f.fingerprint = b.fingerprint AND f.rule = b.rule \
                   WHERE b.organisation_id = $1 AND b.verdict = 'accepted' \
                   GROUP BY f.fingerprint, f.rule ORDER BY f.fingerprint, f.rule LIMIT $2";
        self.list(sql, args![organisation, rows_max], accepted_remark)
            .await
    }
}
