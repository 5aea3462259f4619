//! What happens to a review, told to somebody who looks on, from where they were.
//! Events come through the database: whichever process works, whichever answers.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use assay_auth::{Identifier, OrganisationId, Permission, Scope};
use assay_store::{
    FindingId, Review, ReviewEvent, ReviewEventKind, ReviewId, ReviewState, Tx, Waiter,
};
use serde_json::{Value, json};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;
use crate::review::{FindingView, ReviewRow};

/// So many events are read at once.
const EVENTS_MAX: u32 = 100;
/// So many findings are read at once.
const FINDINGS_MAX: u32 = 100;
/// It is looked again after so long, when nothing is heard.
const LOOK_MS: u64 = 2_000;
/// Who is refused is asked to come again after so long.
const RETRY_MS: i64 = 5_000;

/// How far somebody has seen: all events up to a number, and of the findings that come
/// before the last event those up to one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCursor {
    number: i64,
    finding: Option<FindingId>,
}

impl EventCursor {
    /// Reads what [`fmt::Display`] wrote.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let unfit = || Error::invalid("Last-Event-ID", "none that this gave");
        let (number, finding) = match text.split_once('.') {
            Some((number, finding)) => (number, Some(finding)),
            None => (text, None),
        };
        let finding = finding.map(FindingId::parse).transpose();
        let number: i64 = number.parse().map_err(|_| unfit())?;
        if number < 0 {
            return Err(unfit());
        }
        Ok(Self {
            number,
            finding: finding.map_err(|_| unfit())?,
        })
    }
}

impl EventCursor {
    /// Returns whether who saw this has seen more than who saw the other.
    pub(crate) fn is_after(self, other: Self) -> bool {
        // The findings come before the event that they belong to.
        let key = |cursor: Self| (cursor.number, cursor.finding.is_none(), cursor.finding);
        key(self) > key(other)
    }
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)?;
        match self.finding {
            Some(finding) => write!(f, ".{finding}"),
            None => Ok(()),
        }
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Happened {
    /// A step on the way, with what is known of it.
    Step(&'static str, Value),
    /// A finding is known.
    Found(Box<FindingView>),
    /// The review ended in the state that it names; nothing comes after it.
    Ended(&'static str, Box<ReviewRow>),
}

/// Something that happened to a review.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Who saw this goes on from here.
    pub cursor: EventCursor,
    /// What happened.
    pub what: Happened,
}

/// How many look on at a time.
#[derive(Debug, Default)]
pub(crate) struct Onlookers(Arc<Mutex<HashMap<OrganisationId, usize>>>);

/// One who looks on, until it is dropped.
#[derive(Debug)]
struct Onlooker {
    all: Arc<Mutex<HashMap<OrganisationId, usize>>>,
    organisation: OrganisationId,
}

impl Onlookers {
    fn enter(&self, organisation: OrganisationId, limits: StreamLimits) -> Result<Onlooker, Error> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = counts.values().sum();
        let own = counts.get(&organisation).copied().unwrap_or(0);
        if total >= limits.streams_max || own >= limits.of_organisation_max {
            return Err(Error::Busy { retry_ms: RETRY_MS });
        }
        counts.insert(organisation, own + 1);
        Ok(Onlooker {
            all: Arc::clone(&self.0),
            organisation,
        })
    }
}

impl Drop for Onlooker {
    fn drop(&mut self) {
        let mut counts = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.organisation) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.organisation);
            }
        }
    }
}

/// How many may look on at a time.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// In this process.
    pub streams_max: usize,
    /// Of one organisation.
    pub of_organisation_max: usize,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            streams_max: 512,
            of_organisation_max: 64,
        }
    }
}

/// How far somebody has seen what happens to a review.
#[derive(Debug)]
pub(crate) struct ReviewWatch {
    review: ReviewId,
    seen: EventCursor,
    is_over: bool,
}

/// Looks on at a review.
pub struct ReviewEvents {
    app: App,
    scope: Scope,
    watch: ReviewWatch,
    waiter: Waiter,
    _onlooker: Onlooker,
}

impl App {
    /// Lets somebody look on at a review, from where they were. Nothing is there for
    /// those who saw its end.
    pub async fn review_events(
        &self,
        caller: &Caller,
        id: Identifier,
        from: EventCursor,
    ) -> Result<Option<ReviewEvents>, Error> {
        let review = ReviewId::from_identifier(id);
        let scope = caller.authorise(Permission::ReviewRead)?;
        // Heard from now on: nothing is lost between looking and waiting.
        let waiter = self.store().review_waiter();
        let mut tx = self.store().read().await?;
        let row = tx.review_get(&scope, review).await?;
        let watch = ReviewWatch::begin(&mut tx, &scope, &row, from).await?;
        if watch.is_over() {
            return Ok(None);
        }
        let limits = self.options().streams;
        let organisation = row.organisation;
        Ok(Some(ReviewEvents {
            app: self.clone(),
            scope,
            watch,
            waiter,
            _onlooker: self.onlookers().enter(organisation, limits)?,
        }))
    }
}

pub(crate) fn is_ended(state: ReviewState) -> bool {
    matches!(
        state,
        ReviewState::Done | ReviewState::Failed | ReviewState::Superseded
    )
}

impl ReviewEvents {
    /// Waits for what happens next; nothing comes after the end. What was waited for
    /// and not received comes again.
    pub async fn next(&mut self) -> Result<Option<Vec<Seen>>, Error> {
        while !self.watch.is_over() {
            if let Some(found) = self.watch.look(&self.app, &self.scope).await? {
                return Ok(Some(found));
            }
            self.waiter.wait(LOOK_MS).await;
        }
        Ok(None)
    }
}

impl ReviewWatch {
    /// Looks on from where somebody was.
    pub(crate) fn new(review: ReviewId, from: EventCursor) -> Self {
        Self {
            review,
            seen: from,
            is_over: false,
        }
    }

    /// Looks on from where somebody was, who may have seen the end.
    pub(crate) async fn begin(
        tx: &mut Tx,
        scope: &Scope,
        review: &Review,
        from: EventCursor,
    ) -> Result<Self, Error> {
        let mut watch = Self::new(review.id, from);
        let before = EventCursor::default();
        if from != before && from.finding.is_none() && is_ended(review.state) {
            let rest = tx.review_event_list(scope, review.id, from.number, 1);
            watch.is_over = rest.await?.is_empty();
        }
        Ok(watch)
    }

    /// Returns how far it has seen.
    pub(crate) fn seen(&self) -> EventCursor {
        self.seen
    }

    /// Returns whether the end was seen.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Says that something was seen.
    pub(crate) fn saw(&mut self, seen: &Seen) {
        self.seen = seen.cursor;
        self.is_over = matches!(seen.what, Happened::Ended(..));
    }

    /// Returns what happened since, if anything did; it is seen then.
    pub(crate) async fn look(
        &mut self,
        app: &App,
        scope: &Scope,
    ) -> Result<Option<Vec<Seen>>, Error> {
        // Nothing is seen before all of it is read: what is not waited for is not lost.
        let found = self.read(app, scope).await?;
        let Some(last) = found.last() else {
            return Ok(None);
        };
        self.saw(last);
        Ok(Some(found))
    }

    async fn read(&self, app: &App, scope: &Scope) -> Result<Vec<Seen>, Error> {
        let mut tx = app.store().read().await?;
        // The finding before an event was seen, the event itself was not.
        let after = match self.seen.finding {
            Some(_) => self.seen.number - 1,
            None => self.seen.number,
        };
        let events = tx.review_event_list(scope, self.review, after, EVENTS_MAX);
        let events = events.await?;
        let mut found = Vec::new();
        for event in &events {
            if !event.kind.is_end() {
                found.push(step(event));
                continue;
            }
            // Reviews fail and are tried again: an end that was not the end is a step.
            let row = tx.review_get(scope, self.review).await?;
            if !is_ended(row.state) {
                found.push(step(event));
                continue;
            }
            if event.kind == ReviewEventKind::Finished {
                let findings =
                    tx.finding_list_after(scope, self.review, self.seen.finding, FINDINGS_MAX);
                let findings = findings.await?;
                let has_more = findings.len() >= FINDINGS_MAX as usize;
                found.extend(findings.into_iter().map(|finding| Seen {
                    cursor: EventCursor {
                        number: event.number,
                        finding: Some(finding.id),
                    },
                    what: Happened::Found(Box::new(finding.into())),
                }));
                if has_more {
                    break;
                }
            }
            found.push(end(event.number, event.kind.name(), row.into()));
            break;
        }
        if !found.is_empty() {
            return Ok(found);
        }
        // One that ended before there were events has none.
        let row = tx.review_get(scope, self.review).await?;
        if is_ended(row.state) {
            let kind = match row.state {
                ReviewState::Done => ReviewEventKind::Finished,
                ReviewState::Superseded => ReviewEventKind::Superseded,
                _ => ReviewEventKind::Failed,
            };
            let late = tx.review_event_list(scope, self.review, after, 1);
            if late.await.is_ok_and(|late| late.is_empty()) {
                return Ok(vec![end(after + 1, kind.name(), row.into())]);
            }
        }
        Ok(found)
    }
}

fn step(event: &ReviewEvent) -> Seen {
    let mut detail: Value = serde_json::from_str(&event.detail).unwrap_or_else(|_| json!({}));
    detail["at_ms"] = json!(event.created_ms);
    Seen {
        cursor: EventCursor {
            number: event.number,
            finding: None,
        },
        what: Happened::Step(event.kind.name(), detail),
    }
}

fn end(number: i64, kind: &'static str, row: ReviewRow) -> Seen {
    Seen {
        cursor: EventCursor {
            number,
            finding: None,
        },
        what: Happened::Ended(kind, Box::new(row)),
    }
}

#[cfg(test)]
mod tests {
    use super::EventCursor;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let id = "019b76da-a800-7000-8000-000000000000";
        for text in ["0", "17", &format!("3.{id}")] {
            assert_eq!(EventCursor::parse(text).unwrap().to_string(), *text);
        }
        for text in [
            "",
            "-1",
            "x",
            "1.",
            "1.x",
            ".",
            "1.2.3",
            "99999999999999999999",
        ] {
            assert!(EventCursor::parse(text).is_err(), "{text}");
        }
    }
}
