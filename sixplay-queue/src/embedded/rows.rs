//! The tables of the embedded queue and every statement on them.
//!
//! A message is ready when its `lease` is 0; otherwise it is held by `owner` until that
//! millisecond. `attempts` counts the claims and, with the owner, fences off whoever held the
//! message before.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sea_query::Value;
use sixplay_core::{
    Error, Result,
    store::{Row, Store, Transaction},
};

use crate::{Message, backend::Tag};

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
CREATE INDEX IF NOT EXISTS sixplay_queue_message_ready ON sixplay_queue_message (queue, lease, seq);
CREATE INDEX IF NOT EXISTS sixplay_queue_message_owner ON sixplay_queue_message (owner) WHERE owner IS NOT NULL;
";

const TAKE_BACK: &str = "UPDATE sixplay_queue_message SET lease = 0, owner = NULL WHERE queue = ? AND lease BETWEEN 1 AND ?";

const CLAIM: &str = "UPDATE sixplay_queue_message SET owner = ?, lease = ?, attempts = attempts + 1
    WHERE seq IN (SELECT seq FROM sixplay_queue_message WHERE queue = ? AND lease = 0 ORDER BY seq LIMIT ?)
    RETURNING seq, attempts, id, body";

const WAITING: &str = "SELECT EXISTS (SELECT 1 FROM sixplay_queue_message WHERE queue = q.id AND lease = 0)
    OR EXISTS (SELECT 1 FROM sixplay_queue_message WHERE queue = q.id AND lease BETWEEN 1 AND ?) AS answer
    FROM sixplay_queue q WHERE q.name = ?";

const DEPTH: &str = "SELECT (SELECT COUNT(*) FROM sixplay_queue_message WHERE queue = q.id AND lease <= ?) AS answer
    FROM sixplay_queue q WHERE q.name = ?";

/// A change of the file, carried out by the writer.
pub(super) enum Request {
    Declare(String),
    Remove(String),
    Publish(String, Vec<Message>),
    Claim {
        queue: String,
        owner: i64,
        limit: usize,
        lease: Duration,
    },
    Change {
        owner: i64,
        tags: Vec<Tag>,
        change: Change,
    },
    Release(i64),
}

impl Request {
    /// Whether messages may become ready by it.
    pub fn frees(&self) -> bool {
        matches!(
            self,
            Self::Publish(..)
                | Self::Change {
                    change: Change::Free,
                    ..
                }
                | Self::Release(_)
        )
    }
}

/// What becomes of held messages.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Delete,
    Free,
    Extend(Duration),
}

/// The rows changed, or those claimed in their order.
#[derive(Default)]
pub(super) struct Done {
    pub count: usize,
    pub claimed: Vec<Claimed>,
}

pub(super) struct Claimed {
    pub tag: Tag,
    pub message: Message,
}

pub(super) async fn install(store: &Store) -> Result<()> {
    let mut transaction = store.begin().await?;
    transaction.batch(SCHEMA).await?;
    transaction.commit().await
}

/// Whether a claim would find something.
pub(super) async fn waiting(store: &Store, queue: &str) -> Result<bool> {
    Ok(look(store, WAITING, queue).await? != 0)
}

pub(super) async fn depth(store: &Store, queue: &str) -> Result<u64> {
    Ok(look(store, DEPTH, queue).await?.unsigned_abs())
}

async fn look(store: &Store, sql: &str, queue: &str) -> Result<i64> {
    let rows = store
        .snapshot()
        .await?
        .fetch_sql(sql, vec![now().into(), queue.into()])
        .await?;
    rows.first().ok_or_else(|| unknown(queue))?.int("answer")
}

pub(super) async fn apply(transaction: &mut Transaction, request: &Request) -> Result<Done> {
    let count = match request {
        Request::Declare(queue) => {
            transaction
                .execute_sql(
                    "INSERT INTO sixplay_queue (name) VALUES (?) ON CONFLICT DO NOTHING",
                    vec![queue.as_str().into()],
                )
                .await?
        }
        Request::Remove(queue) => {
            transaction
                .execute_sql(
                    "DELETE FROM sixplay_queue WHERE name = ?",
                    vec![queue.as_str().into()],
                )
                .await?
        }
        Request::Publish(queue, messages) => publish(transaction, queue, messages).await?,
        Request::Claim {
            queue,
            owner,
            limit,
            lease,
        } => return claim(transaction, queue, *owner, *limit, *lease).await,
        Request::Change {
            owner,
            tags,
            change,
        } => alter(transaction, *owner, tags, *change).await?,
        Request::Release(owner) => {
            transaction
                .execute_sql(
                    "UPDATE sixplay_queue_message SET lease = 0, owner = NULL WHERE owner = ?",
                    vec![(*owner).into()],
                )
                .await?
        }
    };
    Ok(Done {
        count: usize::try_from(count).unwrap_or(usize::MAX),
        ..Done::default()
    })
}

async fn publish(transaction: &mut Transaction, queue: &str, messages: &[Message]) -> Result<u64> {
    let queue = id(transaction, queue).await?;
    for message in messages {
        let values = vec![
            queue.into(),
            message.id.clone().into(),
            message.body.to_vec().into(),
        ];
        transaction
            .execute_sql(
                "INSERT INTO sixplay_queue_message (queue, id, body) VALUES (?, ?, ?)",
                values,
            )
            .await?;
    }
    Ok(messages.len() as u64)
}

async fn claim(
    transaction: &mut Transaction,
    queue: &str,
    owner: i64,
    limit: usize,
    lease: Duration,
) -> Result<Done> {
    let (queue, now) = (id(transaction, queue).await?, now());
    transaction
        .execute_sql(TAKE_BACK, vec![queue.into(), now.into()])
        .await?;
    let values = vec![
        owner.into(),
        until(now, lease),
        queue.into(),
        (limit as u64).cast_signed().into(),
    ];
    let rows = transaction.fetch_sql(CLAIM, values).await?;
    let mut claimed = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    // the database returns changed rows in any order
    claimed.sort_unstable_by_key(|row| row.tag.number);
    Ok(Done {
        count: claimed.len(),
        claimed,
    })
}

fn read(row: &Row) -> Result<Claimed> {
    let mut message = Message::new(row.bytes("body")?);
    message.id = row.opt_text("id")?;
    Ok(Claimed {
        tag: Tag {
            number: row.int("seq")?,
            attempt: row.int("attempts")?,
        },
        message,
    })
}

async fn alter(
    transaction: &mut Transaction,
    owner: i64,
    tags: &[Tag],
    change: Change,
) -> Result<u64> {
    let mut count = 0;
    for tag in tags {
        let mut values: Vec<Value> = vec![tag.number.into(), owner.into(), tag.attempt.into()];
        let sql = match change {
            Change::Delete => {
                "DELETE FROM sixplay_queue_message WHERE seq = ? AND owner = ? AND attempts = ?"
            }
            Change::Free => {
                "UPDATE sixplay_queue_message SET lease = 0, owner = NULL WHERE seq = ? AND owner = ? AND attempts = ?"
            }
            Change::Extend(lease) => {
                values.insert(0, until(now(), lease));
                "UPDATE sixplay_queue_message SET lease = ? WHERE seq = ? AND owner = ? AND attempts = ?"
            }
        };
        count += transaction.execute_sql(sql, values).await?;
    }
    Ok(count)
}

async fn id(transaction: &mut Transaction, queue: &str) -> Result<i64> {
    let rows = transaction
        .fetch_sql(
            "SELECT id FROM sixplay_queue WHERE name = ?",
            vec![queue.into()],
        )
        .await?;
    rows.first().ok_or_else(|| unknown(queue))?.int("id")
}

fn unknown(queue: &str) -> Error {
    Error::not_found("queue.find", "there is no such queue").with("queue", queue)
}

fn until(now: i64, lease: Duration) -> Value {
    (now + i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2)).into()
}

/// The clock in milliseconds; within a process it never goes back, or leases would seem to last
/// longer.
fn now() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(1);
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let clock = i64::try_from(clock.as_millis()).unwrap_or(i64::MAX / 2);
    LAST.fetch_max(clock, Ordering::Relaxed).max(clock)
}
