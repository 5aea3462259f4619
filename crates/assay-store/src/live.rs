//! What people and agents say to each other about a review, numbered without a gap,
//! and who is looking at it now.

use assay_auth::Scope;

use crate::transaction::{Page, organisation_of, system_only};
use crate::value::{Row, args};
use crate::word::words;
use crate::{Error, LiveConnectionId, LiveMessageId, LiveNodeId, ReviewId, Tx};

/// The channel on which PostgreSQL tells other processes, with what changed.
pub(crate) const CHANNEL: &str = "assay_live";
/// So often may another transaction come first with a message.
const RACES_MAX: u32 = 20;
/// So many messages a review has at most.
const MESSAGES_MAX: i64 = 100_000;

words! {
    /// Who said something.
    LiveMessageKind as "kind of a message" {
        /// Somebody.
        Person = "person",
        /// An agent: a role of a language model.
        Agent = "agent",
    }
}

/// What changed in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LiveHint {
    /// Something was said about a review.
    Said(ReviewId),
    /// Somebody came to a review, went, or looks at something else of it.
    Moved(ReviewId),
    /// Nobody knows what.
    Anything,
}

impl LiveHint {
    pub(crate) fn text(self) -> String {
        match self {
            Self::Said(review) => format!("s{review}"),
            Self::Moved(review) => format!("m{review}"),
            Self::Anything => "*".to_owned(),
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Anything);
        }
        let (kind, review) = text.split_at_checked(1)?;
        let review = ReviewId::parse(review).ok()?;
        match kind {
            "s" => Some(Self::Said(review)),
            "m" => Some(Self::Moved(review)),
            _ => None,
        }
    }
}

/// What is to be kept of what somebody says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLiveMessage {
    /// What the sender calls it: sent again it is the same message.
    pub id: LiveMessageId,
    /// Who says it.
    pub kind: LiveMessageKind,
    /// Who, as the audit log has it.
    pub author: String,
    /// Who, as people read it.
    pub author_name: String,
    /// About which finding, by its identity.
    pub fingerprint: Option<String>,
    /// What is said.
    pub text: String,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveMessage {
    /// Its place among what was said about the review, from 1 and without a gap.
    pub number: i64,
    /// What is said, and by whom.
    pub said: NewLiveMessage,
    /// When.
    pub created_ms: i64,
}

/// Somebody who is looking at a review now, over one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivePresence {
    /// The connection.
    pub connection: LiveConnectionId,
    /// Who, as the audit log has it.
    pub author: String,
    /// Who, as people read it.
    pub author_name: String,
    /// Which finding they look at, by its identity.
    pub fingerprint: Option<String>,
    /// Since when they are there.
    pub joined_ms: i64,
}

fn message(row: &Row) -> Result<LiveMessage, Error> {
    Ok(LiveMessage {
        number: row.get("number")?,
        said: NewLiveMessage {
            id: row.id("id")?,
            kind: LiveMessageKind::parse(&row.get::<String>("kind")?)?,
            author: row.get("author")?,
            author_name: row.get("author_name")?,
            fingerprint: row.get("fingerprint")?,
            text: row.get("text")?,
        },
        created_ms: row.get("created_ms")?,
    })
}

fn presence(row: &Row) -> Result<LivePresence, Error> {
    Ok(LivePresence {
        connection: row.id("connection_id")?,
        author: row.get("author")?,
        author_name: row.get("author_name")?,
        fingerprint: row.get("fingerprint")?,
        joined_ms: row.get("joined_ms")?,
    })
}

impl Tx {
    /// Keeps what somebody said about a review. What was kept before is returned as it is.
    pub async fn live_message_insert(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        new: &NewLiveMessage,
    ) -> Result<LiveMessage, Error> {
        let sql = "INSERT INTO live_message (organisation_id, review_id, number, id, kind, author, \
                   author_name, fingerprint, text, created_ms) \
                   SELECT r.organisation_id, r.id, (SELECT coalesce(max(m.number), 0) + 1 \
                   FROM live_message AS m WHERE m.review_id = r.id), $3, $4, $5, $6, $7, $8, $9 \
                   FROM review AS r WHERE r.id = $1 \
                   AND r.organisation_id = coalesce($2, r.organisation_id) \
                   ON CONFLICT DO NOTHING RETURNING *";
        for _ in 0..RACES_MAX {
            let args = args![
                review,
                scope.organisation(),
                new.id,
                new.kind,
                &new.author,
                &new.author_name,
                new.fingerprint.clone(),
                &new.text,
                self.now_ms()
            ];
            if let Some(kept) = self.find(sql, args, message).await? {
                if kept.number > MESSAGES_MAX {
                    return Err(Error::Invalid(
                        "the review has too many messages".to_owned(),
                    ));
                }
                self.live_announce(LiveHint::Said(review));
                return Ok(kept);
            }
            // It is there, or another transaction took the number, or there is no review.
            let sql = "SELECT * FROM live_message WHERE review_id = $1 AND author = $2 AND id = $3";
            let args = args![review, &new.author, new.id];
            if let Some(kept) = self.find(sql, args, message).await? {
                return Ok(kept);
            }
            self.review_get(scope, review).await?;
        }
        Err(Error::Busy(None))
    }

    /// Lists what was said about a review after a number, the oldest first.
    pub async fn live_message_list(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        after: i64,
        rows_max: u32,
    ) -> Result<Vec<LiveMessage>, Error> {
        let sql = "SELECT * FROM live_message WHERE review_id = $1 \
                   AND organisation_id = coalesce($2, organisation_id) AND number > $3 \
                   ORDER BY number LIMIT $4";
        let limit = Page::<LiveMessageId>::first(rows_max).limit();
        let args = args![review, scope.organisation(), after, limit];
        self.list(sql, args, message).await
    }

    /// Returns the number of the last message about a review; 0 when there is none.
    pub async fn live_message_last(
        &mut self,
        scope: &Scope,
        review: ReviewId,
    ) -> Result<i64, Error> {
        let sql = "SELECT coalesce(max(number), 0) AS count FROM live_message \
                   WHERE review_id = $1 AND organisation_id = coalesce($2, organisation_id)";
        self.count(sql, args![review, scope.organisation()]).await
    }

    /// Keeps that somebody is looking at a review over a connection of a node, and at
    /// which of its findings.
    pub async fn live_presence_put(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        node: LiveNodeId,
        who: &LivePresence,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "INSERT INTO live_presence (connection_id, organisation_id, review_id, node_id, \
                   author, author_name, fingerprint, joined_ms, seen_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                   ON CONFLICT (connection_id) DO UPDATE \
                   SET fingerprint = excluded.fingerprint, seen_ms = excluded.seen_ms";
        let args = args![
            who.connection,
            organisation,
            review,
            node,
            &who.author,
            &who.author_name,
            who.fingerprint.clone(),
            who.joined_ms,
            self.now_ms()
        ];
        self.execute(sql, args).await?;
        self.live_announce(LiveHint::Moved(review));
        Ok(())
    }

    /// Says that somebody went.
    pub async fn live_presence_remove(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        connection: LiveConnectionId,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "DELETE FROM live_presence WHERE connection_id = $1 AND organisation_id = $2";
        self.execute(sql, args![connection, organisation]).await?;
        self.live_announce(LiveHint::Moved(review));
        Ok(())
    }

    /// Lists who is looking at a review, whoever came first before; those whose node was
    /// not seen since a time are not there any more.
    pub async fn live_presence_list(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        seen_after_ms: i64,
        rows_max: u32,
    ) -> Result<Vec<LivePresence>, Error> {
        let sql = "SELECT * FROM live_presence WHERE review_id = $1 \
                   AND organisation_id = coalesce($2, organisation_id) AND seen_ms > $3 \
                   ORDER BY joined_ms, connection_id LIMIT $4";
        let limit = Page::<LiveMessageId>::first(rows_max).limit();
        let args = args![review, scope.organisation(), seen_after_ms, limit];
        self.list(sql, args, presence).await
    }

    /// Says that a node is there, with all who are connected to it.
    pub async fn live_presence_beat(
        &mut self,
        scope: &Scope,
        node: LiveNodeId,
    ) -> Result<(), Error> {
        system_only(scope)?;
        let sql = "UPDATE live_presence SET seen_ms = $2 WHERE node_id = $1";
        self.execute(sql, args![node, self.now_ms()]).await?;
        Ok(())
    }

    /// Forgets those whose node was not seen since a time, or who were on this node.
    /// Returns how many.
    pub async fn live_presence_sweep(
        &mut self,
        scope: &Scope,
        node: Option<LiveNodeId>,
        seen_before_ms: i64,
    ) -> Result<u64, Error> {
        system_only(scope)?;
        let sql = "DELETE FROM live_presence WHERE seen_ms < $2 OR node_id = $1";
        self.execute(sql, args![node, seen_before_ms]).await
    }

    /// Says, when the transaction is committed, what changed in a session.
    fn live_announce(&mut self, hint: LiveHint) {
        self.hints.push(hint);
    }
}

#[cfg(test)]
mod tests {
    use super::LiveHint;
    use crate::ReviewId;

    #[test]
    fn a_hint_is_read_as_it_was_written() {
        let review = ReviewId::parse("019b76da-a800-7000-8000-000000000000").unwrap();
        for hint in [
            LiveHint::Said(review),
            LiveHint::Moved(review),
            LiveHint::Anything,
        ] {
            assert_eq!(LiveHint::parse(&hint.text()), Some(hint));
        }
        for text in ["", "s", "x019b76da-a800-7000-8000-000000000000", "é"] {
            assert_eq!(LiveHint::parse(text), None, "{text}");
        }
    }
}
