//! The rooms of this process: one for each review that somebody is looking at. A room
//! reads what is new once, however many are in it, and hands it to each. Who takes it
//! too slowly is not waited for: they read for themselves what they missed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use assay_auth::{OrganisationId, Scope};
use assay_store::{LiveConnectionId, LiveHint, LiveNodeId, ReviewId};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::{LiveFrame, LiveHappened, LiveLimits, LiveMessageView, LivePersonView, PEOPLE_MAX};
use crate::app::App;
use crate::error::Error;
use crate::review_events::{EventCursor, ReviewWatch, is_ended};

/// So many frames wait for one who takes them slowly.
const INBOX_FRAMES_MAX: usize = 64;
/// So many messages are read at once.
pub(super) const MESSAGES_MAX: u32 = 200;
/// A node says so often that it is there.
const BEAT_MS: u64 = 10_000;
/// Who was connected to a node that was silent for so long is not there any more.
pub(super) const GONE_MS: i64 = 35_000;
/// Where nothing is heard, it is looked again after so long.
const LOOK_MS: u64 = 30_000;
/// Who comes and goes is told at most so often.
const MOVED_MS: u64 = 100;
/// A database that does not answer is asked again after so long.
const AGAIN_MS: u64 = 500;
/// Who is refused is asked to come again after so long.
const RETRY_MS: i64 = 5_000;

const SAID: u8 = 1;
const MOVED: u8 = 2;
const HAPPENED: u8 = 4;

/// All rooms of this process.
#[derive(Default)]
pub(crate) struct Rooms {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rooms: HashMap<ReviewId, Arc<Room>>,
    connections: HashMap<OrganisationId, usize>,
    /// What this process is called, once somebody came.
    node: Option<LiveNodeId>,
}

/// A review that somebody is looking at.
pub(super) struct Room {
    review: ReviewId,
    scope: Scope,
    members: Mutex<HashMap<LiveConnectionId, Member>>,
    /// What is to be read.
    news: AtomicU8,
    wake: Notify,
    /// Nothing happens to the review any more.
    is_over: AtomicBool,
}

struct Member {
    inbox: mpsc::Sender<Arc<LiveFrame>>,
    is_behind: Arc<AtomicBool>,
}

/// A place in a room, until it is dropped.
pub(super) struct Place {
    app: App,
    pub(super) room: Arc<Room>,
    organisation: OrganisationId,
    pub(super) node: LiveNodeId,
    pub(super) connection: LiveConnectionId,
    pub(super) inbox: mpsc::Receiver<Arc<LiveFrame>>,
    /// Some frames did not find room in the inbox.
    pub(super) is_behind: Arc<AtomicBool>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rooms {
    /// Lets a connection into the room of a review. What happens from now on is in its
    /// inbox.
    pub(super) fn enter(
        &self,
        app: &App,
        scope: &Scope,
        (organisation, review): (OrganisationId, ReviewId),
        limits: LiveLimits,
    ) -> Result<Place, Error> {
        let connection = LiveConnectionId::new(app.clock(), app.randomness());
        let (sender, inbox) = mpsc::channel(INBOX_FRAMES_MAX);
        let is_behind = Arc::new(AtomicBool::new(false));
        let member = Member {
            inbox: sender,
            is_behind: Arc::clone(&is_behind),
        };
        let mut state = locked(&self.state);
        let all: usize = state.connections.values().sum();
        let own = state.connections.get(&organisation).copied();
        let own = own.unwrap_or(0);
        if all >= limits.connections_max || own >= limits.of_organisation_max {
            return Err(Error::Busy { retry_ms: RETRY_MS });
        }
        let node = match state.node {
            Some(node) => node,
            None => {
                let node = LiveNodeId::new(app.clock(), app.randomness());
                state.node = Some(node);
                tokio::spawn(hear(app.clone()));
                tokio::spawn(beat(app.clone(), node));
                node
            }
        };
        let room = match state.rooms.get(&review) {
            Some(room) => Arc::clone(room),
            None => {
                let room = Arc::new(Room {
                    review,
                    scope: scope.clone(),
                    members: Mutex::default(),
                    news: AtomicU8::new(0),
                    wake: Notify::new(),
                    is_over: AtomicBool::new(false),
                });
                state.rooms.insert(review, Arc::clone(&room));
                tokio::spawn(run(app.clone(), Arc::clone(&room)));
                room
            }
        };
        {
            let mut members = locked(&room.members);
            if members.len() >= limits.of_review_max {
                return Err(Error::Busy { retry_ms: RETRY_MS });
            }
            members.insert(connection, member);
        }
        state.connections.insert(organisation, own + 1);
        Ok(Place {
            app: app.clone(),
            room,
            organisation,
            node,
            connection,
            inbox,
            is_behind,
        })
    }

    fn leave(&self, organisation: OrganisationId, room: &Room, connection: LiveConnectionId) {
        let mut state = locked(&self.state);
        if let Some(count) = state.connections.get_mut(&organisation) {
            *count -= 1;
            if *count == 0 {
                state.connections.remove(&organisation);
            }
        }
        let mut members = locked(&room.members);
        members.remove(&connection);
        if members.is_empty() {
            state.rooms.remove(&room.review);
            room.wake.notify_one();
        }
    }

    /// Returns how many connections there are.
    pub(crate) fn connections(&self) -> usize {
        locked(&self.state).connections.values().sum()
    }

    fn hint(&self, review: ReviewId, news: u8) {
        let room = locked(&self.state).rooms.get(&review).cloned();
        if let Some(room) = room {
            room.look(news);
        }
    }

    fn hint_all(&self, news: u8) {
        for room in locked(&self.state).rooms.values() {
            if news != HAPPENED || !room.is_over.load(Ordering::Relaxed) {
                room.look(news);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.app
            .rooms()
            .leave(self.organisation, &self.room, self.connection);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (app, room, connection) = (self.app.clone(), Arc::clone(&self.room), self.connection);
        runtime.spawn(async move {
            // A node that cannot say so is swept later.
            if let Ok(mut tx) = app.store().begin().await
                && tx
                    .live_presence_remove(&room.scope, room.review, connection)
                    .await
                    .is_ok()
            {
                let _ = tx.commit().await;
            }
        });
    }
}

impl Room {
    /// Says that there is something to be read.
    fn look(&self, news: u8) {
        self.news.fetch_or(news, Ordering::AcqRel);
        self.wake.notify_one();
    }

    fn is_empty(&self) -> bool {
        locked(&self.members).is_empty()
    }

    fn hand_out(&self, what: LiveHappened) {
        let frame = Arc::new(LiveFrame {
            what,
            written: OnceLock::new(),
        });
        for member in locked(&self.members).values() {
            if member.inbox.try_send(Arc::clone(&frame)).is_err() {
                member.is_behind.store(true, Ordering::Release);
            }
        }
    }
}

/// Hears what changed, and wakes the rooms that it is about.
async fn hear(app: App) {
    let mut hints = app.store().live_hints();
    let mut reviews = app.store().review_waiter();
    loop {
        tokio::select! {
            hint = hints.recv() => match hint {
                Ok(LiveHint::Said(review)) => app.rooms().hint(review, SAID),
                Ok(LiveHint::Moved(review)) => app.rooms().hint(review, MOVED),
                Ok(LiveHint::Anything) | Err(RecvError::Lagged(_)) => {
                    app.rooms().hint_all(SAID | MOVED);
                }
                Err(RecvError::Closed) => return,
            },
            () = reviews.wait(LOOK_MS) => app.rooms().hint_all(HAPPENED),
        }
    }
}

/// Says that this node is there, and forgets the connections of those that are not.
async fn beat(app: App, node: LiveNodeId) {
    let scope = Scope::system("live");
    loop {
        tokio::time::sleep(Duration::from_millis(BEAT_MS)).await;
        let said = async {
            let mut tx = app.store().begin().await?;
            tx.live_presence_beat(&scope, node).await?;
            let gone_ms = app.now_ms().saturating_sub(GONE_MS);
            tx.live_presence_sweep(&scope, None, gone_ms).await?;
            tx.commit().await
        };
        if let Err(error) = said.await {
            tracing::warn!(error = ?error, "the sessions of this node were not renewed");
        }
    }
}

/// Reads what is new in a room until nobody is in it.
async fn run(app: App, room: Arc<Room>) {
    let mut seen = Seen {
        number: None,
        watch: ReviewWatch::new(room.review, EventCursor::default()),
        has_looked: false,
        people: Vec::new(),
    };
    // Those who came first read for themselves what was there before.
    room.look(SAID | MOVED | HAPPENED);
    let pause = Duration::from_millis(LOOK_MS);
    // Many who come at once are told of together; what is said does not wait for that.
    let mut has_moved = false;
    let mut quiet_until = Instant::now();
    loop {
        let wait = match has_moved {
            true => quiet_until.saturating_duration_since(Instant::now()),
            false => pause,
        };
        let woken = tokio::time::timeout(wait, room.wake.notified()).await;
        if room.is_empty() {
            return;
        }
        let mut news = room.news.swap(0, Ordering::AcqRel);
        if woken.is_err() && !has_moved {
            news |= SAID | MOVED | HAPPENED;
        }
        has_moved |= news & MOVED != 0;
        news &= !MOVED;
        if has_moved && Instant::now() >= quiet_until {
            has_moved = false;
            quiet_until = Instant::now() + Duration::from_millis(MOVED_MS);
            news |= MOVED;
        }
        if news == 0 {
            continue;
        }
        if let Err(error) = seen.read(&app, &room, news).await {
            tracing::warn!(error = ?error, "what is new about a review was not read");
            tokio::time::sleep(Duration::from_millis(AGAIN_MS)).await;
            room.look(news);
        }
    }
}

/// How far a room has read.
struct Seen {
    /// The last message; none before the first look.
    number: Option<i64>,
    watch: ReviewWatch,
    /// Whether it was looked whether the review is over.
    has_looked: bool,
    people: Vec<LivePersonView>,
}

impl Seen {
    async fn read(&mut self, app: &App, room: &Room, news: u8) -> Result<(), Error> {
        if news & SAID != 0 {
            self.messages(app, room).await?;
        }
        if news & MOVED != 0 {
            let people = people(app, &room.scope, room.review).await?;
            if people != self.people {
                self.people.clone_from(&people);
                room.hand_out(LiveHappened::People(people));
            }
        }
        if news & HAPPENED != 0 && !room.is_over.load(Ordering::Relaxed) {
            if !self.has_looked {
                self.has_looked = true;
                let mut tx = app.store().read().await?;
                let review = tx.review_get(&room.scope, room.review).await?;
                drop(tx);
                if is_ended(review.state) {
                    // Each has read what happened, or reads it now.
                    room.is_over.store(true, Ordering::Relaxed);
                    room.hand_out(LiveHappened::Over);
                }
            }
            while !room.is_over.load(Ordering::Relaxed)
                && let Some(found) = self.watch.look(app, &room.scope).await?
            {
                for seen in found {
                    room.hand_out(LiveHappened::Review(Box::new(seen)));
                }
                room.is_over.store(self.watch.is_over(), Ordering::Relaxed);
            }
        }
        Ok(())
    }

    async fn messages(&mut self, app: &App, room: &Room) -> Result<(), Error> {
        let mut tx = app.store().read().await?;
        let mut after = match self.number {
            Some(number) => number,
            None => {
                let last = tx.live_message_last(&room.scope, room.review).await?;
                // Whoever came while this was asked has not read past it.
                *self.number.insert((last - i64::from(MESSAGES_MAX)).max(0))
            }
        };
        loop {
            let found = tx
                .live_message_list(&room.scope, room.review, after, MESSAGES_MAX)
                .await?;
            let is_all = found.len() < MESSAGES_MAX as usize;
            for message in found {
                after = message.number;
                room.hand_out(LiveHappened::Said(Box::new(message.into())));
            }
            self.number = Some(after);
            if is_all {
                return Ok(());
            }
        }
    }
}

/// Returns who is looking at a review, in the order in which they came.
pub(super) async fn people(
    app: &App,
    scope: &Scope,
    review: ReviewId,
) -> Result<Vec<LivePersonView>, Error> {
    let since_ms = app.now_ms().saturating_sub(GONE_MS);
    let mut tx = app.store().read().await?;
    let people = tx.live_presence_list(scope, review, since_ms, PEOPLE_MAX);
    Ok(people
        .await?
        .into_iter()
        .map(LivePersonView::from)
        .collect())
}

/// Reads what was said after a message, a page of it.
pub(super) async fn messages(
    app: &App,
    scope: &Scope,
    review: ReviewId,
    after: i64,
) -> Result<Vec<LiveMessageView>, Error> {
    let mut tx = app.store().read().await?;
    let found = tx.live_message_list(scope, review, after, MESSAGES_MAX);
    Ok(found
        .await?
        .into_iter()
        .map(LiveMessageView::from)
        .collect())
}
