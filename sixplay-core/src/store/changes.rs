//! The change log's rows: claimed by lease, oldest first, and deleted once delivered. There is no
//! cursor: a row that commits late is simply claimed late.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use sea_query::{Expr, ExprTrait, LockBehavior, LockType, Order, Query, Value};
use serde_json::{Map, Value as Json};

use super::{
    Dialect, Row, Store,
    schema::{CHANGE, DUE},
};
use crate::Result;

/// How many values one statement lists.
pub(super) const LIST: usize = 500;

/// Changes that this process alone handles until their lease ends.
pub(crate) struct Claim {
    token: String,
    seqs: Vec<i64>,
    /// The changes, oldest first.
    pub(crate) changes: Vec<Change>,
}

/// A logged change of one row.
pub(crate) struct Change {
    pub(crate) table: String,
    /// The row's logged columns before and after; empty where it did not exist.
    pub(crate) keys: [Map<String, Json>; 2],
}

impl Change {
    fn read(row: &Row) -> Result<Self> {
        let table = row.text("source_table")?;
        let read = |column| -> Result<Map<String, Json>> {
            let Some(text) = row.opt_text(column)? else {
                return Ok(Map::new());
            };
            Ok(serde_json::from_str(&text).unwrap_or_else(|error| {
                // only a hand can have written this, and it must not stop the rows behind it
                tracing::error!(table, %error, "dropping the keys of a logged change that are no JSON object");
                Map::new()
            }))
        };
        let keys = [read("old_keys")?, read("new_keys")?];
        Ok(Self { table, keys })
    }
}

impl Store {
    /// Leases up to `limit` of the oldest unclaimed changes of `source`; `None` when there are
    /// none.
    pub(crate) async fn claim_changes(
        &self,
        source: &str,
        limit: u64,
        lease: Duration,
    ) -> Result<Option<Claim>> {
        let now = self.dialect().now_us();
        let mut select = Query::select();
        select
            .columns(["seq", "source_table", "old_keys", "new_keys"])
            .from(CHANGE)
            .order_by("seq", Order::Asc)
            .limit(limit);
        select
            .and_where(Expr::col("source").eq(source))
            .and_where(Expr::col("claimed_until_us").lt(Expr::cust(now)));
        // an idle look takes no lock
        let mut peek = select.clone();
        if self
            .reader()
            .await?
            .fetch(peek.clear_selects().column("seq").limit(1))
            .await?
            .is_empty()
        {
            return Ok(None);
        }
        let mut transaction = self.begin().await?;
        let rows = transaction
            .fetch(select.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked))
            .await?;
        let claim = Claim {
            token: token(),
            seqs: rows
                .iter()
                .map(|row| row.int("seq"))
                .collect::<Result<_>>()?,
            changes: rows.iter().map(Change::read).collect::<Result<_>>()?,
        };
        for seqs in claim.seqs.chunks(LIST) {
            let mut update = Query::update();
            update
                .table(CHANGE)
                .value("claim", claim.token.as_str())
                .value("claimed_until_us", until(now, lease));
            transaction
                .execute(update.and_where(Expr::col("seq").is_in(seqs.iter().copied())))
                .await?;
        }
        transaction.commit().await?;
        Ok((!claim.seqs.is_empty()).then_some(claim))
    }

    /// Lets the lease of a claim end in `lease` from now; zero gives it back at once.
    pub(crate) async fn renew_changes(&self, claim: &Claim, lease: Duration) -> Result<()> {
        let now = self.dialect().now_us();
        let mut transaction = self.begin().await?;
        for seqs in claim.seqs.chunks(LIST) {
            let mut update = Query::update();
            update
                .table(CHANGE)
                .and_where(Expr::col("claim").eq(claim.token.as_str()))
                .and_where(Expr::col("seq").is_in(seqs.iter().copied()));
            match lease.is_zero() {
                true => update.value("claimed_until_us", 0),
                false => update.value("claimed_until_us", until(now, lease)),
            };
            transaction.execute(&update).await?;
        }
        transaction.commit().await
    }

    /// Deletes the logged changes of `source` that are committed now, and returns how many; for a
    /// caller that then renders every root anew.
    ///
    /// Does nothing once a root of the source was rendered: then an index may live on these
    /// changes. Before, a rebuild whose first ticket is taken after this call reads all that they
    /// wrote.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`.
    pub async fn discard_changes(&self, source: &str) -> Result<u64> {
        let mut session = self.session().await?;
        // every rendered root has a row there, due or not; asked first, as a delete waits for the
        // uncommitted changes of other writers
        let rendered = Query::select()
            .expr_as(Expr::val(1), "one")
            .from(DUE)
            .and_where(Expr::col("source").eq(source))
            .limit(1)
            .take();
        if !session.fetch(&rendered).await?.is_empty() {
            return Ok(0);
        }
        session
            .execute(
                Query::delete()
                    .from_table(CHANGE)
                    .and_where(Expr::col("source").eq(source)),
            )
            .await
    }

    /// Deletes the changes of a claim; those that somebody else claimed since stay.
    pub(crate) async fn finish_changes(&self, claim: &Claim) -> Result<()> {
        let mut transaction = self.begin().await?;
        for seqs in claim.seqs.chunks(LIST) {
            if self.dialect() == Dialect::Mysql {
                // a scan of a small table would wait for the uncommitted rows of other writers;
                // this form takes an index hint
                let marks = vec!["?"; seqs.len()].join(", ");
                let sql = format!(
                    "DELETE c FROM {CHANGE} AS c FORCE INDEX (PRIMARY) WHERE c.claim = ? AND c.seq IN ({marks})"
                );
                let values = std::iter::once(Value::from(claim.token.as_str()))
                    .chain(seqs.iter().map(|seq| Value::from(*seq)));
                transaction.execute_sql(&sql, values.collect()).await?;
            } else {
                let mut delete = Query::delete();
                delete
                    .from_table(CHANGE)
                    .and_where(Expr::col("claim").eq(claim.token.as_str()));
                transaction
                    .execute(delete.and_where(Expr::col("seq").is_in(seqs.iter().copied())))
                    .await?;
            }
        }
        transaction.commit().await
    }
}

fn until(now: &'static str, lease: Duration) -> Expr {
    Expr::cust(now).add(micros(lease))
}

pub(super) fn micros(duration: Duration) -> i64 {
    // leaves room to add it to a time
    i64::try_from(duration.as_micros())
        .map_or(i64::MAX / 4, |micros| Ord::min(micros, i64::MAX / 4))
}

/// A name that no other claim has, on any host.
fn token() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let random = RandomState::new();
    format!(
        "{:016x}{:016x}-{}",
        random.hash_one(0),
        random.hash_one(1),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}
