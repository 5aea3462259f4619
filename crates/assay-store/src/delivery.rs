//! What forges sent: kept before it is acknowledged, so that nothing is lost, and
//! known by the forge's own number, so that nothing is done twice.

use assay_auth::{OrganisationId, Scope};

use crate::repository::ForgeName;
use crate::transaction::{Page, system_only};
use crate::value::{Row, Value, args};
use crate::word::words;
use crate::{DeliveryId, Engine, Error, NewTask, TaskId, Tx};

/// So large is what a forge may send; GitHub's own limit.
pub(crate) const BODY_BYTES_MAX: usize = 25 << 20;

words! {
    /// What became of a delivery.
    DeliveryState as "state of a delivery" {
        /// Its work is queued or begun.
        Accepted = "accepted",
        /// Its work is done, or there was none.
        Done = "done",
        /// Its work failed for good; sent again it is tried again.
        Failed = "failed",
    }
}

/// Something that a forge sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which one.
    pub id: DeliveryId,
    /// To whom it belongs, once that is known.
    pub organisation: Option<OrganisationId>,
    /// Which forge.
    pub forge: ForgeName,
    /// At which host.
    pub host: String,
    /// The forge's number of it.
    pub external_id: String,
    /// What it tells of.
    pub event: String,
    /// Its text, as it came.
    pub body: Vec<u8>,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was accepted.
    pub tries: i64,
    /// Why it failed.
    pub problem: Option<String>,
    /// When it came.
    pub received_ms: i64,
    /// When its work ended.
    pub finished_ms: Option<i64>,
}

/// Something that came.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// To whom it belongs, when that is known.
    pub organisation: Option<OrganisationId>,
    /// Which forge.
    pub forge: ForgeName,
    /// At which host.
    pub host: String,
    /// The forge's number of it.
    pub external_id: String,
    /// What it tells of.
    pub event: String,
    /// Its text, as it came.
    pub body: Vec<u8>,
}

/// Whether a delivery brings work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is new: its task is to be queued in the same transaction.
    New(DeliveryId),
    /// Its work failed before: its task is to be queued again.
    Again(DeliveryId),
    /// It is known, and its work is done or under way.
    Known(DeliveryId),
}

const DELIVERY: &str = "delivery";

/// How packed bodies begin: no text does, and no JSON.
const PACKED: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Shorter bodies are kept as they are.
const PACKED_BYTES_MIN: usize = 512;
const PACKED_LEVEL: i32 = 1;

/// Keeps a delivery; returns its row when it brings work.
macro_rules! accept {
    () => {
        "INSERT INTO delivery (id, organisation_id, forge, host, external_id, event, \
         body, state, tries, received_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'accepted', 1, $8) \
         ON CONFLICT (forge, host, external_id) DO UPDATE \
         SET state = 'accepted', tries = delivery.tries + 1, problem = NULL, \
         finished_ms = NULL WHERE delivery.state = 'failed' RETURNING id"
    };
}

/// Keeps a delivery, and its task when it brings work. The payload names the delivery that
/// was meant to be kept; when its row was there before, it names that one.
const TAKE: &str = concat!(
    "WITH kept AS (",
    accept!(),
    "), queued AS (INSERT INTO task (id, kind, capability, payload, payload_version, priority, \
     state, ready_ms, rank_ms, attempts, attempts_max, deadline_ms, lease_number, \
     is_cancel_wanted, is_replaced, trace, created_ms, updated_ms) \
     SELECT $9, $10, $11, replace($12, $20, kept.id::text), $13, $14, 'waiting', $15, $16, 0, \
     $17, $18, 0, FALSE, FALSE, $19, $8, $8 FROM kept) SELECT id FROM kept"
);

fn delivery(row: &Row) -> Result<Delivery, Error> {
    Ok(Delivery {
        id: row.id("id")?,
        organisation: row.id_or_none("organisation_id")?,
        forge: ForgeName::parse(&row.get::<String>("forge")?)?,
        host: row.get("host")?,
        external_id: row.get("external_id")?,
        event: row.get("event")?,
        body: unpacked(row.get("body")?)?,
        state: DeliveryState::parse(&row.get::<String>("state")?)?,
        tries: row.get("tries")?,
        problem: row.get("problem")?,
        received_ms: row.get("received_ms")?,
        finished_ms: row.get("finished_ms")?,
    })
}

/// Returns a body as it is kept: packed where that makes it smaller, which is what goes to
/// the disk twice.
fn packed(body: &[u8]) -> Result<Vec<u8>, Error> {
    if body.len() < PACKED_BYTES_MIN && !body.starts_with(&PACKED) {
        return Ok(body.to_vec());
    }
    let packed = zstd::bulk::compress(body, PACKED_LEVEL);
    let packed = packed.map_err(|why| Error::corrupt("body", why))?;
    match packed.len() < body.len() || body.starts_with(&PACKED) {
        true => Ok(packed),
        false => Ok(body.to_vec()),
    }
}

/// Returns a body as it came.
fn unpacked(kept: Vec<u8>) -> Result<Vec<u8>, Error> {
    if !kept.starts_with(&PACKED) {
        return Ok(kept);
    }
    let size = zstd::zstd_safe::get_frame_content_size(&kept)
        .ok()
        .flatten();
    let size = size.and_then(|size| usize::try_from(size).ok());
    let size = size.filter(|size| *size <= BODY_BYTES_MAX);
    let size = size.ok_or_else(|| Error::corrupt("body", "its size"))?;
    zstd::bulk::decompress(&kept, size).map_err(|why| Error::corrupt("body", why))
}

impl Tx {
    /// Keeps what came together with its task, if it brings work: both or none. With
    /// PostgreSQL it is one statement, and one way to the server.
    ///
    /// The task names the delivery by the text of its identifier.
    pub async fn delivery_take<E: From<Error>>(
        &mut self,
        scope: &Scope,
        new: &NewDelivery,
        task: impl Fn(DeliveryId) -> Result<NewTask, E>,
    ) -> Result<Option<TaskId>, E> {
        if self.engine() == Engine::Sqlite {
            return match self.delivery_accept(scope, new).await? {
                Accepted::New(id) | Accepted::Again(id) => {
                    let queued = self.task_enqueue(scope, &task(id)?).await?;
                    Ok(Some(queued.task()))
                }
                Accepted::Known(_) => Ok(None),
            };
        }
        system_only(scope)?;
        let id = DeliveryId::new(self.store.clock(), self.store.randomness());
        let queued = task(id)?;
        let task = TaskId::new(self.store.clock(), self.store.randomness());
        let mut args = self.delivery_args(id, new)?;
        args.extend(queued.plain_args(task, self.now_ms())?);
        args.push(id.to_string().into());
        let found = self.find(TAKE, args, |row| row.id::<DeliveryId>("id"));
        if found.await?.is_none() {
            return Ok(None);
        }
        self.task_announce();
        Ok(Some(task))
    }

    fn delivery_args(&self, id: DeliveryId, new: &NewDelivery) -> Result<Vec<Value>, Error> {
        if new.body.len() > BODY_BYTES_MAX {
            return Err(Error::Invalid("the delivery is too large".to_owned()));
        }
        Ok(args![
            id,
            new.organisation,
            new.forge,
            &new.host,
            &new.external_id,
            &new.event,
            packed(&new.body)?,
            self.now_ms(),
        ])
    }

    /// Keeps what came, and says whether it brings work. Two that come at the same
    /// time are one.
    pub async fn delivery_accept(
        &mut self,
        scope: &Scope,
        new: &NewDelivery,
    ) -> Result<Accepted, Error> {
        system_only(scope)?;
        let id = DeliveryId::new(self.store.clock(), self.store.randomness());
        let args = self.delivery_args(id, new)?;
        match self.find(accept!(), args, |row| row.id("id")).await? {
            Some(kept) if kept == id => Ok(Accepted::New(id)),
            Some(kept) => Ok(Accepted::Again(kept)),
            None => {
                let sql = "SELECT id FROM delivery \
                           WHERE forge = $1 AND host = $2 AND external_id = $3";
                let args = args![new.forge, &new.host, &new.external_id];
                let known = self.find(sql, args, |row| row.id("id")).await?;
                known.map(Accepted::Known).ok_or(Error::NotFound(DELIVERY))
            }
        }
    }

    /// Returns a delivery.
    pub async fn delivery_get(&mut self, scope: &Scope, id: DeliveryId) -> Result<Delivery, Error> {
        let sql = "SELECT * FROM delivery WHERE id = $1 AND ($2 IS NULL OR organisation_id = $2)";
        let found = self
            .find(sql, args![id, scope.organisation()], delivery)
            .await?;
        found.ok_or(Error::NotFound(DELIVERY))
    }

    /// Lists deliveries, those in one state if one is given.
    pub async fn delivery_list(
        &mut self,
        scope: &Scope,
        state: Option<DeliveryState>,
        page: Page<DeliveryId>,
    ) -> Result<Vec<Delivery>, Error> {
        let sql = "SELECT * FROM delivery WHERE ($1 IS NULL OR organisation_id = $1) \
                   AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR id < $3) \
                   ORDER BY id DESC LIMIT $4";
        let args = args![scope.organisation(), state, page.after, page.limit()];
        self.list(sql, args, delivery).await
    }

    /// Says whose a delivery is.
    pub async fn delivery_assign(
        &mut self,
        scope: &Scope,
        id: DeliveryId,
        organisation: OrganisationId,
    ) -> Result<(), Error> {
        system_only(scope)?;
        let sql = "UPDATE delivery SET organisation_id = $2 WHERE id = $1";
        self.touch(DELIVERY, sql, args![id, organisation]).await
    }

    /// Says that the work on a delivery ended; with a problem, that it failed.
    pub async fn delivery_finish(
        &mut self,
        scope: &Scope,
        id: DeliveryId,
        problem: Option<&str>,
    ) -> Result<(), Error> {
        let state = match problem {
            None => DeliveryState::Done,
            Some(_) => DeliveryState::Failed,
        };
        let sql = "UPDATE delivery SET state = $3, problem = $4, finished_ms = $5 WHERE id = $1 \
                   AND ($2 IS NULL OR organisation_id = $2)";
        let args = args![id, scope.organisation(), state, problem, self.now_ms()];
        self.touch(DELIVERY, sql, args).await
    }
}
