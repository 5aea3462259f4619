//! The kinds of identifiers of what is kept here.

use assay_auth::{
    Identifier, KeyId, OrganisationId, RoleId, SessionId, TeamId, UserId, identifier,
};
use sqlx::types::Uuid;

use crate::Error;
use crate::value::{Row, Value};

/// Says how kinds of identifiers become values and come out of rows.
macro_rules! kept {
    ($($kind:ident)+) => {
        $(
            impl From<$kind> for Value {
                fn from(id: $kind) -> Self {
                    Self::Uuid(Some(id.identifier().uuid()))
                }
            }

            impl From<Option<$kind>> for Value {
                fn from(id: Option<$kind>) -> Self {
                    Self::Uuid(id.map(|id| id.identifier().uuid()))
                }
            }

            impl Kept for $kind {
                fn kept(uuid: Uuid) -> Self {
                    Self::from_identifier(Identifier::from_uuid(uuid))
                }
            }
        )+
    };
}

/// A kind of identifier that a column holds.
pub(crate) trait Kept: Sized {
    fn kept(uuid: Uuid) -> Self;
}

impl Row {
    /// Returns the identifier in a column.
    pub(crate) fn id<T: Kept>(&self, column: &str) -> Result<T, Error> {
        Ok(T::kept(self.get::<Uuid>(column)?))
    }

    /// Returns the identifier in a column that may be empty.
    pub(crate) fn id_or_none<T: Kept>(&self, column: &str) -> Result<Option<T>, Error> {
        Ok(self.get::<Option<Uuid>>(column)?.map(T::kept))
    }
}

macro_rules! identifiers {
    ($($(#[doc = $what:literal])+ $kind:ident)+) => {
        $(identifier! { $(#[doc = $what])+ pub $kind })+
        kept! { $($kind)+ }
    };
}

identifiers! {
    /// Names what a forge sent.
    DeliveryId
    /// Names a talk of agents about a review.
    DiscussionId
    /// Names an experiment with a prompt.
    ExperimentId
    /// Names what somebody thought of a finding.
    FeedbackId
    /// Names a finding of a review.
    FindingId
    /// Names an organisation's connection to a forge.
    ForgeInstallationId
    /// Names a document of an organisation's knowledge.
    KnowledgeDocumentId
    /// Names a connection over which somebody looks at a review.
    LiveConnectionId
    /// Names something that was said about a review.
    LiveMessageId
    /// Names a process that such connections lead to.
    LiveNodeId
    /// Names a call of a model.
    ModelUsageId
    /// Names an attempt to call an outgoing webhook.
    OutgoingAttemptId
    /// Names what an address is told, however often that is tried.
    OutgoingMessageId
    /// Names an address that wants to be told.
    OutgoingWebhookId
    /// Names what a tool found in a commit.
    OutsideImportId
    /// Names what models are told for one task.
    PromptId
    /// Names a question about a repository.
    QuestionId
    /// Names what was said on a pull request.
    RemarkId
    /// Names a repository.
    RepositoryId
    /// Names a review.
    ReviewId
    /// Names a piece of queued work.
    TaskId
}

kept! { KeyId OrganisationId RoleId SessionId TeamId UserId }
