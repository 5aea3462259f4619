//! What an organisation knows: what is shipped, its own documents, and what its people
//! accepted in past reviews, searched together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use assay_auth::{Identifier, OrganisationId, Permission};
use assay_retrieval::{
    DOCUMENT_BYTES_MAX, KnowledgeEntry, KnowledgeIndex, KnowledgeSource, QUERY_BYTES_MAX, Ranking,
    document_entries,
};
use assay_review::shipped_knowledge;
use assay_rules::rule_by_id;
use assay_store::{
    AcceptedRemark, KnowledgeDocument, KnowledgeDocumentId, KnowledgeDocumentRow, KnowledgeState,
    NewKnowledgeDocument,
};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::paging::Paging;

/// Documents of one organisation.
const DOCUMENTS_MAX: i64 = 2_000;
/// Bytes of all of them together.
const DOCUMENTS_BYTES_MAX: i64 = 64 << 20;
/// What was accepted that is searched.
const ACCEPTED_MAX: u32 = 20_000;
const NAME_CHARS_MAX: usize = 200;
/// Indexes that are kept in this process; beyond it one of them goes.
const INDEXES_MAX: usize = 16;
/// Entries of one answer.
const HITS_MAX: u32 = 50;

/// A document without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnowledgeDocumentView {
    /// Its identifier.
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

impl From<KnowledgeDocumentRow> for KnowledgeDocumentView {
    fn from(row: KnowledgeDocumentRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            bytes: row.bytes,
            created_ms: row.created_ms,
            updated_ms: row.updated_ms,
        }
    }
}

/// An entry that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct KnowledgeFound {
    /// The entry.
    pub entry: KnowledgeEntry,
    /// How well it matches; only to be compared within one answer.
    pub score: f32,
}

/// The indexes of organisations that were asked for lately.
#[derive(Default)]
pub(crate) struct KeptKnowledge {
    kept: Mutex<HashMap<OrganisationId, (KnowledgeState, Arc<KnowledgeIndex>)>>,
}

impl KeptKnowledge {
    fn get(&self, of: OrganisationId, state: KnowledgeState) -> Option<Arc<KnowledgeIndex>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, index) = kept.get(&of)?;
        (*known == state).then(|| Arc::clone(index))
    }

    fn put(&self, of: OrganisationId, state: KnowledgeState, index: &Arc<KnowledgeIndex>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= INDEXES_MAX
            && !kept.contains_key(&of)
            && let Some(any) = kept.keys().next().copied()
        {
            kept.remove(&any);
        }
        kept.insert(of, (state, Arc::clone(index)));
    }
}

impl App {
    /// Adds a document, or gives the one of that name another text.
    pub async fn knowledge_put(
        &self,
        caller: &Caller,
        name: &str,
        text: &str,
    ) -> Result<KnowledgeDocumentId, Error> {
        let scope = caller.authorise(Permission::KnowledgeManage)?;
        check(name, text)?;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let state = tx.knowledge_state(&scope).await?;
        let before = tx.knowledge_document_find(&scope, name).await?;
        let bytes = i64::try_from(text.len()).unwrap_or(i64::MAX);
        if before.is_none() && state.documents >= DOCUMENTS_MAX {
            let why = format!("there are {DOCUMENTS_MAX} documents, and no more are taken");
            return Err(Error::invalid("name", why));
        }
        let others = state.bytes - before.map_or(0, |before| before.bytes);
        if others.saturating_add(bytes) > DOCUMENTS_BYTES_MAX {
            let why =
                format!("all documents together would have more than {DOCUMENTS_BYTES_MAX} bytes");
            return Err(Error::invalid("text", why));
        }
        let new = NewKnowledgeDocument {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let id = tx.knowledge_document_put(&scope, &new).await?;
        let details = json!({"name": name, "bytes": bytes});
        audit(
            &mut tx,
            &scope,
            "knowledge.put",
            format!("knowledge:{id}"),
            details,
        )
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Lists the documents of the organisation, the newest first.
    pub async fn knowledge_list(
        &self,
        caller: &Caller,
        paging: Paging,
    ) -> Result<Vec<KnowledgeDocumentView>, Error> {
        let scope = caller.authorise(Permission::KnowledgeRead)?;
        let mut tx = self.store().read().await?;
        let page = paging.page(KnowledgeDocumentId::from_identifier);
        let rows = tx.knowledge_document_list(&scope, page).await?;
        Ok(rows.into_iter().map(KnowledgeDocumentView::from).collect())
    }

    /// Returns a document with its text.
    pub async fn knowledge_get(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<(KnowledgeDocumentView, String), Error> {
        let scope = caller.authorise(Permission::KnowledgeRead)?;
        let id = KnowledgeDocumentId::from_identifier(id);
        let mut tx = self.store().read().await?;
        let KnowledgeDocument { row, text } = tx.knowledge_document_get(&scope, id).await?;
        Ok((row.into(), text))
    }

    /// Removes a document.
    pub async fn knowledge_remove(&self, caller: &Caller, id: Identifier) -> Result<(), Error> {
        let scope = caller.authorise(Permission::KnowledgeManage)?;
        let id = KnowledgeDocumentId::from_identifier(id);
        let mut tx = self.store().begin().await?;
        let before = tx.knowledge_document_get(&scope, id).await?;
        tx.knowledge_document_remove(&scope, id).await?;
        let details = json!({"name": before.row.name});
        audit(
            &mut tx,
            &scope,
            "knowledge.remove",
            format!("knowledge:{id}"),
            details,
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns the entries that answer a question, the best first.
    pub async fn knowledge_search(
        &self,
        caller: &Caller,
        question: &str,
        limit: u32,
    ) -> Result<Vec<KnowledgeFound>, Error> {
        let scope = caller.authorise(Permission::KnowledgeRead)?;
        if question.trim().is_empty() || question.len() > QUERY_BYTES_MAX {
            return Err(Error::invalid(
                "query",
                format!("1 to {QUERY_BYTES_MAX} bytes"),
            ));
        }
        let organisation = scope.organisation().ok_or(Error::OrganisationUnnamed)?;
        let mut tx = self.store().read().await?;
        let state = tx.knowledge_state(&scope).await?;
        let index = match self.kept_knowledge().get(organisation, state) {
            Some(index) => index,
            None => {
                let rows_max = u32::try_from(DOCUMENTS_MAX).unwrap_or(u32::MAX);
                let documents = tx.knowledge_document_texts(&scope, rows_max).await?;
                let accepted = tx.knowledge_accepted(&scope, ACCEPTED_MAX).await?;
                drop(tx);
                let index = Arc::new(in_background(move || index(&documents, &accepted)).await?);
                self.kept_knowledge().put(organisation, state, &index);
                index
            }
        };
        let question = question.to_owned();
        let limit = limit.min(HITS_MAX) as usize;
        in_background(move || {
            let hits = index.search(&question, None, &Ranking::default(), limit)?;
            Ok(hits
                .into_iter()
                .map(|hit| KnowledgeFound {
                    entry: hit.entry.clone(),
                    score: hit.score,
                })
                .collect())
        })
        .await
    }
}

/// Does what takes a while where it keeps nobody waiting.
async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, assay_retrieval::RetrievalError> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| Error::Internal(format!("searching: {error}")))?;
    done.map_err(|error| Error::Internal(format!("searching: {error}")))
}

fn index(
    documents: &[KnowledgeDocument],
    accepted: &[AcceptedRemark],
) -> Result<KnowledgeIndex, assay_retrieval::RetrievalError> {
    let mut entries = shipped_knowledge();
    for document in documents {
        let name = &document.row.name;
        let extension = name.rsplit_once('.').map_or("md", |(_, end)| end);
        entries.extend(document_entries(name, extension, &document.text));
    }
    entries.extend(accepted.iter().map(accepted_entry));
    KnowledgeIndex::build(entries, None)
}

fn accepted_entry(remark: &AcceptedRemark) -> KnowledgeEntry {
    let rule = rule_by_id(&remark.rule);
    let note = remark.note.as_deref().unwrap_or_default();
    KnowledgeEntry {
        source: KnowledgeSource::Review,
        id: format!("review:{}", remark.fingerprint),
        title: rule.map_or_else(|| remark.rule.clone(), |rule| rule.document().title.clone()),
        topic: remark.rule.clone(),
        text: format!("{}\n{note}", remark.message).trim().to_owned(),
    }
}

fn check(name: &str, text: &str) -> Result<(), Error> {
    let is_plain = !name.trim().is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !name.chars().any(char::is_control);
    if !is_plain {
        let why = format!("1 to {NAME_CHARS_MAX} characters, none of them a control");
        return Err(Error::invalid("name", why));
    }
    if text.trim().is_empty() || text.len() > DOCUMENT_BYTES_MAX || text.contains('\0') {
        let why = format!("1 to {DOCUMENT_BYTES_MAX} bytes of text");
        return Err(Error::invalid("text", why));
    }
    Ok(())
}
