//! The tables of the embedded queue and every statement on them.
//!
//! A message is ready when its `lease` is 0; otherwise it is held by `owner` until that
//! millisecond. `attempts` counts the claims and, with the owner, fences off whoever held the
//! message before.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sixplay_core::{Error, Result, Row, Store, Transaction, sea_query::Value};

use crate::{Message, delivery::DeliveryTag};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS sixplay_queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS sixplay_queue_message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    queue INTEGER NOT NULL REFERENCES sixplay_queue (id) ON DELETE CASCADE,
    lease INTEGER NOT NULL DEFAULT 0,
    owner INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    id TEXT,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS sixplay_queue_message_ready
    ON sixplay_queue_message (queue, lease, seq);
CREATE INDEX IF NOT EXISTS sixplay_queue_message_owner
    ON sixplay_queue_message (owner) WHERE owner IS NOT NULL;
";

/// Of a queue; one that exists stays as it is.
const DECLARE: &str = "INSERT INTO sixplay_queue (name) VALUES (?) ON CONFLICT DO NOTHING";

/// With the queue go its messages.
const REMOVE: &str = "DELETE FROM sixplay_queue WHERE name = ?";

const FIND: &str = "SELECT id FROM sixplay_queue WHERE name = ?";

const PUBLISH: &str = "INSERT INTO sixplay_queue_message (queue, id, body) VALUES (?, ?, ?)";

/// Makes the messages ready whose leases have ended.
const TAKE_BACK: &str = "UPDATE sixplay_queue_message SET lease = 0, owner = NULL \
    WHERE queue = ? AND lease BETWEEN 1 AND ?";

/// Leases the oldest messages that are ready; whatever somebody else put into them can be read.
const CLAIM: &str = "UPDATE sixplay_queue_message \
    SET owner = ?, lease = ?, attempts = CAST(attempts AS INTEGER) + 1 \
    WHERE seq IN (SELECT seq FROM sixplay_queue_message \
        WHERE queue = ? AND lease = 0 ORDER BY seq LIMIT ?) \
    RETURNING seq, attempts, CAST(id AS BLOB) AS id, CAST(body AS BLOB) AS body";

/// The three changes of one held message: nothing, unless that delivery still holds it.
const DELETE: &str = "DELETE FROM sixplay_queue_message \
    WHERE seq = ? AND owner = ? AND attempts = ?";

const END_LEASE: &str = "UPDATE sixplay_queue_message SET lease = 0, owner = NULL \
    WHERE seq = ? AND owner = ? AND attempts = ?";

const EXTEND_LEASE: &str = "UPDATE sixplay_queue_message SET lease = ? \
    WHERE seq = ? AND owner = ? AND attempts = ?";

/// Makes ready all that a consumer holds.
const RELEASE: &str = "UPDATE sixplay_queue_message SET lease = 0, owner = NULL WHERE owner = ?";

/// Whether messages are ready or their leases have ended; no row without such a queue.
const WAITING: &str = "SELECT \
    EXISTS (SELECT 1 FROM sixplay_queue_message WHERE queue = q.id AND lease = 0) \
    OR EXISTS (SELECT 1 FROM sixplay_queue_message WHERE queue = q.id AND lease BETWEEN 1 AND ?) \
    AS answer FROM sixplay_queue q WHERE q.name = ?";

/// How many messages are ready or their leases have ended; no row without such a queue.
const DEPTH: &str = "SELECT \
    (SELECT COUNT(*) FROM sixplay_queue_message WHERE queue = q.id AND lease <= ?) \
    AS answer FROM sixplay_queue q WHERE q.name = ?";

/// A change of the file, carried out by the writer.
pub(super) enum WriteRequest {
    /// The queue exists afterwards.
    Declare {
        queue: String,
    },
    /// The queue and its messages are gone afterwards.
    Remove {
        queue: String,
    },
    /// All of the messages, or none.
    Publish {
        queue: String,
        messages: Vec<Message>,
    },
    Claim(MessageClaim),
    /// What becomes of messages that `owner` holds.
    Change {
        owner: i64,
        tags: Vec<DeliveryTag>,
        change: LeaseChange,
    },
    /// All that `owner` holds becomes ready.
    Release {
        owner: i64,
    },
}

impl WriteRequest {
    /// Whether messages may become ready by it.
    pub(super) fn makes_ready(&self) -> bool {
        match self {
            Self::Publish { .. } | Self::Release { .. } => true,
            Self::Change { change, .. } => *change == LeaseChange::End,
            _ => false,
        }
    }
}

/// Leases up to `limit` messages that are ready to `owner`.
pub(super) struct MessageClaim {
    pub(super) queue: String,
    pub(super) owner: i64,
    pub(super) limit: usize,
    pub(super) lease: Duration,
}

impl MessageClaim {
    /// Those of [`CLAIM`].
    fn values(&self, queue: i64, now: i64) -> Vec<Value> {
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX);
        let until = lease_end(now, self.lease);
        vec![self.owner.into(), until, queue.into(), limit.into()]
    }
}

/// What becomes of held messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LeaseChange {
    /// The message is gone.
    Delete,
    /// The message is ready again.
    End,
    /// The message is held for so long from now on.
    Extend(Duration),
}

impl LeaseChange {
    /// Changes one message, if the owner still holds it by that delivery.
    fn statement(self, owner: i64, tag: DeliveryTag) -> (&'static str, Vec<Value>) {
        let mut values = vec![tag.number.into(), owner.into(), tag.attempt.into()];
        let sql = match self {
            Self::Delete => DELETE,
            Self::End => END_LEASE,
            Self::Extend(lease) => {
                values.insert(0, lease_end(now_ms(), lease));
                EXTEND_LEASE
            }
        };
        (sql, values)
    }
}

/// How many rows changed, or which were claimed, in their order.
#[derive(Default)]
pub(super) struct WriteOutcome {
    pub(super) changed: usize,
    pub(super) claimed: Vec<ClaimedMessage>,
}

impl WriteOutcome {
    /// That of a request that claims nothing.
    fn of_changed(rows: u64) -> Self {
        Self {
            changed: usize::try_from(rows).unwrap_or(usize::MAX),
            claimed: Vec::new(),
        }
    }

    /// Sorted, as the database returns changed rows in any order.
    fn of_claimed(mut claimed: Vec<ClaimedMessage>) -> Self {
        claimed.sort_unstable_by_key(|message| message.tag.number);
        Self {
            changed: claimed.len(),
            claimed,
        }
    }
}

/// A message and the claim that holds it.
pub(super) struct ClaimedMessage {
    pub(super) tag: DeliveryTag,
    pub(super) message: Message,
}

impl ClaimedMessage {
    /// Reads a row that [`CLAIM`] returns.
    fn read(row: &Row) -> Result<Self> {
        let (body, id) = (row.bytes("body")?.into(), row.opt_bytes("id")?);
        let id = id.map(|id| String::from_utf8_lossy(&id).into_owned());
        let (number, attempt) = (row.int("seq")?, row.int("attempts")?);
        Ok(Self {
            tag: DeliveryTag { number, attempt },
            message: Message { body, id },
        })
    }
}

/// Makes the tables, unless they are there.
pub(super) async fn create_tables(store: &Store) -> Result<()> {
    let mut transaction = store.write().await?;
    transaction.batch(SCHEMA).await?;
    transaction.commit().await
}

/// Whether a claim would find something; `NotFound` without such a queue.
pub(super) async fn has_waiting(store: &Store, queue: &str) -> Result<bool> {
    Ok(read_answer(store, WAITING, queue).await? != 0)
}

/// How many messages a claim would find; `NotFound` without such a queue.
pub(super) async fn count_waiting(store: &Store, queue: &str) -> Result<u64> {
    Ok(read_answer(store, DEPTH, queue).await?.unsigned_abs())
}

/// The one number that a question about a queue is answered with.
async fn read_answer(store: &Store, sql: &str, queue: &str) -> Result<i64> {
    let values = vec![now_ms().into(), queue.into()];
    let rows = store.read().await?.fetch_sql(sql, values).await?;
    rows.first().ok_or_else(no_such_queue)?.int("answer")
}

/// Carries out one request of the writer's transaction.
pub(super) async fn apply_request(
    transaction: &mut Transaction,
    request: &WriteRequest,
) -> Result<WriteOutcome> {
    let changed = match request {
        WriteRequest::Declare { queue } => execute_one(transaction, DECLARE, queue.as_str()).await,
        WriteRequest::Remove { queue } => execute_one(transaction, REMOVE, queue.as_str()).await,
        WriteRequest::Release { owner } => execute_one(transaction, RELEASE, *owner).await,
        WriteRequest::Publish { queue, messages } => {
            insert_messages(transaction, queue, messages).await
        }
        WriteRequest::Change {
            owner,
            tags,
            change,
        } => change_leases(transaction, *owner, tags, *change).await,
        WriteRequest::Claim(claim) => return claim_messages(transaction, claim).await,
    };
    changed.map(WriteOutcome::of_changed)
}

/// Runs a statement with one value.
async fn execute_one(
    transaction: &mut Transaction,
    sql: &str,
    value: impl Into<Value>,
) -> Result<u64> {
    transaction.execute_sql(sql, vec![value.into()]).await
}

/// Appends messages to a queue that exists.
async fn insert_messages(
    transaction: &mut Transaction,
    queue: &str,
    messages: &[Message],
) -> Result<u64> {
    let queue = find_queue(transaction, queue).await?;
    for message in messages {
        let values = message_values(queue, message);
        transaction.execute_sql(PUBLISH, values).await?;
    }
    Ok(messages.len() as u64)
}

/// Those of [`PUBLISH`].
fn message_values(queue: i64, message: &Message) -> Vec<Value> {
    let (id, body) = (message.id.clone(), message.body.to_vec());
    vec![queue.into(), id.into(), body.into()]
}

/// Takes back what was not extended, and leases what is ready.
async fn claim_messages(
    transaction: &mut Transaction,
    claim: &MessageClaim,
) -> Result<WriteOutcome> {
    let (queue, now) = (find_queue(transaction, &claim.queue).await?, now_ms());
    take_back_expired(transaction, queue, now).await?;
    let rows = transaction.fetch_sql(CLAIM, claim.values(queue, now));
    let rows = rows.await?;
    let claimed = rows.iter().map(ClaimedMessage::read);
    Ok(WriteOutcome::of_claimed(claimed.collect::<Result<_>>()?))
}

/// Makes the messages ready whose leases ended before `now`.
async fn take_back_expired(transaction: &mut Transaction, queue: i64, now: i64) -> Result<()> {
    let values = vec![queue.into(), now.into()];
    transaction.execute_sql(TAKE_BACK, values).await.map(drop)
}

/// Counts those that `owner` still held.
async fn change_leases(
    transaction: &mut Transaction,
    owner: i64,
    tags: &[DeliveryTag],
    change: LeaseChange,
) -> Result<u64> {
    let mut changed = 0;
    for tag in tags {
        let (sql, values) = change.statement(owner, *tag);
        changed += transaction.execute_sql(sql, values).await?;
    }
    Ok(changed)
}

/// The queue's row; `NotFound` without it.
async fn find_queue(transaction: &mut Transaction, queue: &str) -> Result<i64> {
    let rows = transaction.fetch_sql(FIND, vec![queue.into()]).await?;
    rows.first().ok_or_else(no_such_queue)?.int("id")
}

fn no_such_queue() -> Error {
    Error::not_found("queue.find", "there is no such queue")
}

/// Until when a lease lasts that begins now.
fn lease_end(now: i64, lease: Duration) -> Value {
    (now + as_ms(lease)).into()
}

/// The clock in milliseconds; within a process it never goes back, or leases would seem to last
/// longer.
fn now_ms() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(1);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH);
    let clock = as_ms(clock.unwrap_or_default());
    LAST.fetch_max(clock, Ordering::Relaxed).max(clock)
}

/// Whole milliseconds; of any two the sum is no overflow.
fn as_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}
