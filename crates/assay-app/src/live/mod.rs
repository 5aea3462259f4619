//! Live sessions: several people, and agents, at one review at a time. Who joins is told
//! what was said and what happened since they were last there, and then everything as it
//! happens, from whichever process it comes. What is said is kept before anybody is
//! told, and numbered without a gap, so that who comes again misses nothing and sees
//! nothing twice.

mod room;

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use assay_auth::{Actor, Identifier, Permission, RateDecision, RateLimit, RateState, Scope};
use assay_store::{
    LiveMessage, LiveMessageId, LiveMessageKind, LivePresence, NewLiveMessage, ReviewId, Tx,
};
use serde_json::json;

use self::room::Place;
pub(crate) use self::room::Rooms;
use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::paging::Paging;
use crate::quota::QuotaKind;
use crate::review_events::{EventCursor, ReviewWatch, Seen};

/// A message is of at most so many bytes.
pub const LIVE_MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// The identity of a finding is of at most so many bytes.
const FINGERPRINT_BYTES_MAX: usize = 256;
/// So many of those who look at a review are shown.
const PEOPLE_MAX: u32 = 200;
/// So often one connection may say something or look at something else.
const SAYS: RateLimit = RateLimit {
    calls: 20,
    period_ms: 1_000,
    burst: 40,
};

/// How many connections to sessions there may be.
#[derive(Clone, Copy, Debug)]
pub struct LiveLimits {
    /// In this process.
    pub connections_max: usize,
    /// Of one organisation, in this process.
    pub of_organisation_max: usize,
    /// At one review, in this process.
    pub of_review_max: usize,
}

impl Default for LiveLimits {
    fn default() -> Self {
        Self {
            connections_max: 25_000,
            of_organisation_max: 25_000,
            of_review_max: 2_500,
        }
    }
}

/// How far somebody has seen a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveCursor {
    /// What happened to the review.
    pub event: EventCursor,
    /// The number of the last message.
    pub message: i64,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveMessageView {
    /// Its place among what was said about the review, from 1 and without a gap.
    pub number: i64,
    /// What the sender calls it.
    pub id: Identifier,
    /// `person` or `agent`.
    pub kind: &'static str,
    /// Who, as the audit log has it.
    pub author: String,
    /// Who, as people read it.
    pub author_name: String,
    /// About which finding, by its identity.
    pub fingerprint: Option<String>,
    /// What is said.
    pub text: String,
    /// When.
    pub created_ms: i64,
}

impl From<LiveMessage> for LiveMessageView {
    fn from(row: LiveMessage) -> Self {
        Self {
            number: row.number,
            id: row.said.id.identifier(),
            kind: row.said.kind.name(),
            author: row.said.author,
            author_name: row.said.author_name,
            fingerprint: row.said.fingerprint,
            text: row.said.text,
            created_ms: row.created_ms,
        }
    }
}

/// Somebody who is looking at a review now, over one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivePersonView {
    /// The connection.
    pub connection: Identifier,
    /// Who, as the audit log has it.
    pub author: String,
    /// Who, as people read it.
    pub author_name: String,
    /// Which finding they look at, by its identity.
    pub fingerprint: Option<String>,
    /// Since when they are there.
    pub joined_ms: i64,
}

impl From<LivePresence> for LivePersonView {
    fn from(row: LivePresence) -> Self {
        Self {
            connection: row.connection.identifier(),
            author: row.author,
            author_name: row.author_name,
            fingerprint: row.fingerprint,
            joined_ms: row.joined_ms,
        }
    }
}

/// Something that happened in a session.
#[derive(Debug)]
pub enum LiveHappened {
    /// Something was said.
    Said(Box<LiveMessageView>),
    /// Who is there has changed; all of them, the first who came first.
    People(Vec<LivePersonView>),
    /// Something happened to the review.
    Review(Box<Seen>),
    /// Nothing happens to the review any more.
    Over,
}

/// Something that happened, the same for all who are told of it.
#[derive(Debug)]
pub struct LiveFrame {
    /// What.
    pub what: LiveHappened,
    written: OnceLock<Arc<str>>,
}

impl LiveFrame {
    fn of(what: LiveHappened) -> Arc<Self> {
        Arc::new(Self {
            what,
            written: OnceLock::new(),
        })
    }

    /// Returns how it is written, which is worked out once for all who are told.
    pub fn written(&self, write: impl FnOnce(&LiveHappened) -> String) -> &Arc<str> {
        self.written.get_or_init(|| write(&self.what).into())
    }
}

/// Somebody's place in a session. It is theirs until it is dropped.
pub struct LiveSession {
    app: App,
    scope: Scope,
    review: ReviewId,
    place: Place,
    me: LivePresence,
    watch: ReviewWatch,
    message: i64,
    /// There may be something that the place's inbox does not have.
    is_behind: bool,
    rate: RateState,
}

/// A review that takes another's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartedAnalysis {
    /// The review.
    pub review: Identifier,
}

impl App {
    /// Checks that there is a review whose session the caller may join.
    pub async fn live_may_join(&self, caller: &Caller, id: Identifier) -> Result<(), Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        tx.review_get(&scope, ReviewId::from_identifier(id)).await?;
        Ok(())
    }

    /// Lets the caller join the session of a review, from where they were.
    pub async fn live_join(
        &self,
        caller: &Caller,
        id: Identifier,
        from: LiveCursor,
    ) -> Result<LiveSession, Error> {
        if from.message < 0 {
            return Err(Error::invalid("after_message", "the number of a message"));
        }
        let review = ReviewId::from_identifier(id);
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        let row = tx.review_get(&scope, review).await?;
        let (author, author_name) = author(&mut tx, caller, &scope).await?;
        let watch = ReviewWatch::begin(&mut tx, &scope, &row, from.event).await?;
        drop(tx);
        let limits = self.options().live;
        let place = self
            .rooms()
            .enter(self, &scope, (row.organisation, review), limits)?;
        let me = LivePresence {
            connection: place.connection,
            author,
            author_name,
            fingerprint: None,
            joined_ms: self.now_ms(),
        };
        let session = LiveSession {
            app: self.clone(),
            scope,
            review,
            place,
            me,
            watch,
            message: from.message,
            is_behind: true,
            rate: RateState::default(),
        };
        session.tell_presence().await?;
        Ok(session)
    }

    /// Lists what was said about a review after a message, the oldest first.
    pub async fn live_messages(
        &self,
        caller: &Caller,
        id: Identifier,
        after: i64,
        paging: Paging,
    ) -> Result<Vec<LiveMessageView>, Error> {
        let review = ReviewId::from_identifier(id);
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        tx.review_get(&scope, review).await?;
        let found = tx.live_message_list(&scope, review, after, paging.rows_max);
        Ok(found
            .await?
            .into_iter()
            .map(LiveMessageView::from)
            .collect())
    }

    /// Says something about a review without being in its session. Said again under the
    /// same identifier it is the same message.
    pub async fn live_say(
        &self,
        caller: &Caller,
        id: Identifier,
        said: LiveWish,
    ) -> Result<LiveMessageView, Error> {
        let review = ReviewId::from_identifier(id);
        let scope = caller.authorise(Permission::ReviewDiscuss)?;
        said.check()?;
        let mut tx = self.store().read().await?;
        let author = author(&mut tx, caller, &scope).await?;
        drop(tx);
        said.keep(self, &scope, review, author).await
    }

    /// Asks for the review of the same change once more.
    pub async fn live_start_analysis(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<StartedAnalysis, Error> {
        let review = ReviewId::from_identifier(id);
        let scope = caller.authorise(Permission::ReviewRun)?;
        let mut tx = self.store().begin().await?;
        let row = tx.review_get(&scope, review).await?;
        let (Some(repository), Some(number)) = (row.repository, row.pull_request) else {
            let why = "the texts of this change came with a request: send them once more";
            return Err(Error::invalid("review", why));
        };
        self.check_backlog(&mut tx).await?;
        let number = u64::try_from(number).map_err(|_| Error::invalid("number", "negative"))?;
        let revisions = (row.base_revision.as_str(), row.head_revision.as_str());
        self.quota_take(&mut tx, &scope, QuotaKind::Reviews).await?;
        let asked = crate::work::queue(&mut tx, &scope, repository, number, revisions, None);
        let asked = asked.await?;
        let details = json!({"again": review.to_string()});
        let target = format!("review:{asked}");
        audit(&mut tx, &scope, "review.request", target, details).await?;
        tx.commit().await?;
        Ok(StartedAnalysis {
            review: asked.identifier(),
        })
    }
}

/// Returns who somebody is: as the audit log has it, and as people read it. It reads with
/// the connection of who asks: many who hold one and wait for another wait for each other.
async fn author(tx: &mut Tx, caller: &Caller, scope: &Scope) -> Result<(String, String), Error> {
    let actor = caller.principal().actor();
    let name = match (actor.user(), actor) {
        (Some(user), _) => tx.user_get(scope, user).await?.login,
        (None, Actor::Key(key, _)) => tx.key_get(scope, *key).await?.name,
        (None, Actor::Nobody) => return Err(assay_auth::Denied::Unauthenticated.into()),
        (None, other) => other.to_string(),
    };
    Ok((actor.to_string(), name))
}

/// What somebody wants to say.
#[derive(Clone, Debug)]
pub struct LiveWish {
    /// What the sender calls it.
    pub id: Identifier,
    /// What is said.
    pub text: String,
    /// About which finding, by its identity.
    pub fingerprint: Option<String>,
}

impl LiveWish {
    fn check(&self) -> Result<(), Error> {
        let is_fit = |text: &str, most: usize| {
            !text.trim().is_empty() && text.len() <= most && !text.contains('\0')
        };
        if !is_fit(&self.text, LIVE_MESSAGE_BYTES_MAX) {
            let why = format!("1 to {LIVE_MESSAGE_BYTES_MAX} bytes, and no NUL");
            return Err(Error::invalid("text", why));
        }
        check_fingerprint(self.fingerprint.as_deref())
    }

    async fn keep(
        self,
        app: &App,
        scope: &Scope,
        review: ReviewId,
        (author, author_name): (String, String),
    ) -> Result<LiveMessageView, Error> {
        let new = NewLiveMessage {
            id: LiveMessageId::from_identifier(self.id),
            kind: LiveMessageKind::Person,
            author,
            author_name,
            fingerprint: self.fingerprint,
            text: self.text,
        };
        let mut tx = app.store().begin().await?;
        let kept = tx.live_message_insert(scope, review, &new).await?;
        tx.commit().await?;
        Ok(kept.into())
    }
}

fn check_fingerprint(fingerprint: Option<&str>) -> Result<(), Error> {
    let is_fit = |text: &str| {
        !text.is_empty() && text.len() <= FINGERPRINT_BYTES_MAX && !text.contains('\0')
    };
    match fingerprint.is_none_or(is_fit) {
        true => Ok(()),
        false => Err(Error::invalid("fingerprint", "that of a finding")),
    }
}

impl LiveSession {
    /// Returns what this connection is called.
    pub fn connection(&self) -> Identifier {
        self.me.connection.identifier()
    }

    /// Waits for what happens next. When it is not waited for to the end, nothing is
    /// lost.
    pub async fn next(&mut self) -> Result<Vec<Arc<LiveFrame>>, Error> {
        loop {
            if self.is_behind || self.place.is_behind.swap(false, Ordering::AcqRel) {
                self.is_behind = true;
                let found = self.catch_up().await?;
                if !found.is_empty() {
                    return Ok(found);
                }
                continue;
            }
            let Some(frame) = self.place.inbox.recv().await else {
                return Err(Error::Busy { retry_ms: 1_000 });
            };
            if self.takes(&frame) {
                return Ok(vec![frame]);
            }
        }
    }

    /// Returns whether a frame is the next that was not seen, and notes it.
    fn takes(&mut self, frame: &LiveFrame) -> bool {
        match &frame.what {
            LiveHappened::People(_) => true,
            LiveHappened::Said(message) => {
                let is_next = message.number == self.message + 1;
                // One that is missing between is read for itself.
                self.is_behind |= message.number > self.message + 1;
                self.message += i64::from(is_next);
                is_next
            }
            LiveHappened::Review(seen) => {
                let is_new = !self.watch.is_over() && seen.cursor.is_after(self.watch.seen());
                if is_new {
                    self.watch.saw(seen);
                }
                is_new
            }
            LiveHappened::Over => {
                self.is_behind |= !self.watch.is_over();
                false
            }
        }
    }

    /// Reads a part of what was missed.
    async fn catch_up(&mut self) -> Result<Vec<Arc<LiveFrame>>, Error> {
        if !self.watch.is_over()
            && let Some(seen) = self.watch.look(&self.app, &self.scope).await?
        {
            let frame = |seen| LiveFrame::of(LiveHappened::Review(Box::new(seen)));
            return Ok(seen.into_iter().map(frame).collect());
        }
        let said = room::messages(&self.app, &self.scope, self.review, self.message).await?;
        if let Some(last) = said.last() {
            self.message = last.number;
            let frame = |message| LiveFrame::of(LiveHappened::Said(Box::new(message)));
            return Ok(said.into_iter().map(frame).collect());
        }
        let people = room::people(&self.app, &self.scope, self.review).await?;
        self.is_behind = false;
        Ok(vec![LiveFrame::of(LiveHappened::People(people))])
    }

    /// Says something; when this returns it is kept.
    pub async fn say(&mut self, caller: &Caller, said: LiveWish) -> Result<LiveMessageView, Error> {
        caller.authorise(Permission::ReviewDiscuss)?;
        said.check()?;
        self.check_rate()?;
        let author = (self.me.author.clone(), self.me.author_name.clone());
        said.keep(&self.app, &self.scope, self.review, author).await
    }

    /// Says which finding is looked at.
    pub async fn look_at(&mut self, fingerprint: Option<String>) -> Result<(), Error> {
        check_fingerprint(fingerprint.as_deref())?;
        self.check_rate()?;
        if self.me.fingerprint == fingerprint {
            return Ok(());
        }
        self.me.fingerprint = fingerprint;
        self.tell_presence().await
    }

    fn check_rate(&mut self) -> Result<(), Error> {
        match SAYS.decide(self.rate, self.app.now_ms()) {
            RateDecision::Pass(state, _) => {
                self.rate = state;
                Ok(())
            }
            RateDecision::Wait { retry_ms } => Err(Error::Busy { retry_ms }),
        }
    }

    async fn tell_presence(&self) -> Result<(), Error> {
        let mut tx = self.app.store().begin().await?;
        tx.live_presence_put(&self.scope, self.review, self.place.node, &self.me)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}
