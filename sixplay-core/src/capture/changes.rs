//! The change log's rows: claimed by lease, oldest first, and deleted once delivered. There is no
//! cursor: a row that commits late is simply claimed late.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use sea_query::{
    Expr, ExprTrait, LockBehavior, LockType, Order, Query, SelectStatement, UpdateStatement, Value,
};
use serde_json::{Map, Value as Json};

use super::tables::{CHANGE, DUE, LIST};
use crate::{
    Result,
    retry::random,
    store::{Dialect, Row, Store, Transaction},
};

/// Changes that this process alone handles until their lease ends.
pub(super) struct ChangeClaim {
    token: String,
    seqs: Vec<i64>,
    /// The changes, oldest first.
    pub(super) changes: Vec<LoggedChange>,
}

/// A logged change of one row.
pub(super) struct LoggedChange {
    pub(super) table: String,
    /// The row's logged columns before and after; empty where it did not exist.
    pub(super) keys: [Map<String, Json>; 2],
}

impl LoggedChange {
    fn read(row: &Row) -> Result<Self> {
        let table = row.text("source_table")?;
        let keys = |column| -> Result<Map<String, Json>> {
            let text = row.opt_text(column)?;
            Ok(text.map_or_else(Map::new, |text| parse_keys(&table, &text)))
        };
        let keys = [keys("old_keys")?, keys("new_keys")?];
        Ok(Self { table, keys })
    }
}

fn parse_keys(table: &str, text: &str) -> Map<String, Json> {
    serde_json::from_str(text).unwrap_or_else(|error| {
        // only a hand can have written this, and it must not stop the rows behind it
        tracing::error!(table, %error, "dropping logged keys that are no JSON object");
        Map::new()
    })
}

impl ChangeClaim {
    fn read(rows: &[Row]) -> Result<Self> {
        let seqs = rows.iter().map(|row| row.int("seq"));
        Ok(Self {
            token: claim_token(),
            seqs: seqs.collect::<Result<_>>()?,
            changes: rows.iter().map(LoggedChange::read).collect::<Result<_>>()?,
        })
    }

    /// Sets for all rows of the claim that `update` names when their lease ends.
    async fn set_lease(
        &self,
        transaction: &mut Transaction,
        update: &UpdateStatement,
        claimed_until_us: Expr,
    ) -> Result<()> {
        for seqs in self.seqs.chunks(LIST) {
            let mut update = update.clone();
            update
                .table(CHANGE)
                .value("claimed_until_us", claimed_until_us.clone())
                .and_where(Expr::col("seq").is_in(seqs.iter().copied()));
            transaction.execute(&update).await?;
        }
        Ok(())
    }

    async fn delete(&self, transaction: &mut Transaction, seqs: &[i64]) -> Result<()> {
        if transaction.dialect() != Dialect::Mysql {
            let mut delete = Query::delete();
            delete
                .from_table(CHANGE)
                .and_where(Expr::col("claim").eq(self.token.as_str()))
                .and_where(Expr::col("seq").is_in(seqs.iter().copied()));
            return transaction.execute(&delete).await.map(drop);
        }
        // a scan of a small table would wait for the uncommitted rows of other writers; this form
        // takes an index hint
        let marks = vec!["?"; seqs.len()].join(", ");
        let sql = format!(
            "DELETE c FROM {CHANGE} AS c FORCE INDEX (PRIMARY) \
             WHERE c.claim = ? AND c.seq IN ({marks})"
        );
        let seqs = seqs.iter().map(|seq| Value::from(*seq));
        let values = std::iter::once(Value::from(self.token.as_str())).chain(seqs);
        transaction
            .execute_sql(&sql, values.collect())
            .await
            .map(drop)
    }
}

impl Store {
    /// Leases up to `limit` of the oldest unclaimed changes of `source`; `None` when there are
    /// none.
    pub(super) async fn claim_changes(
        &self,
        source: &str,
        limit: u64,
        lease: Duration,
    ) -> Result<Option<ChangeClaim>> {
        let now = self.dialect().now_us();
        let mut unclaimed = select_unclaimed(source, now, limit);
        // an idle look takes no lock
        let mut peek = unclaimed.clone();
        peek.clear_selects().column("seq").limit(1);
        if self.read_once().await?.fetch(&peek).await?.is_empty() {
            return Ok(None);
        }
        unclaimed.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let mut transaction = self.write().await?;
        let claim = ChangeClaim::read(&transaction.fetch(&unclaimed).await?)?;
        let mine = Query::update().value("claim", claim.token.as_str()).take();
        let until = lease_end(now, lease);
        claim.set_lease(&mut transaction, &mine, until).await?;
        transaction.commit().await?;
        Ok((!claim.seqs.is_empty()).then_some(claim))
    }

    /// Lets the lease of a claim end in `lease` from now; zero gives it back at once.
    pub(super) async fn renew_changes(&self, claim: &ChangeClaim, lease: Duration) -> Result<()> {
        let until = match lease.is_zero() {
            true => Expr::val(0),
            false => lease_end(self.dialect().now_us(), lease),
        };
        let mut mine = Query::update();
        mine.and_where(Expr::col("claim").eq(claim.token.as_str()));
        let mut transaction = self.write().await?;
        claim.set_lease(&mut transaction, &mine, until).await?;
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
        let of_source = Expr::col("source").eq(source);
        let mut rendered = Query::select();
        rendered
            .expr_as(Expr::val(1), "one")
            .from(DUE)
            .and_where(of_source.clone())
            .limit(1);
        let mut session = self.autocommit().await?;
        // every rendered root has a row there, due or not; asked first, as a delete waits for the
        // uncommitted changes of other writers
        if !session.fetch(&rendered).await?.is_empty() {
            return Ok(0);
        }
        let delete = Query::delete()
            .from_table(CHANGE)
            .and_where(of_source)
            .take();
        session.execute(&delete).await
    }

    /// Deletes the changes of a claim; those that somebody else claimed since stay.
    pub(super) async fn finish_changes(&self, claim: &ChangeClaim) -> Result<()> {
        let mut transaction = self.write().await?;
        for seqs in claim.seqs.chunks(LIST) {
            claim.delete(&mut transaction, seqs).await?;
        }
        transaction.commit().await
    }
}

fn select_unclaimed(source: &str, now: &'static str, limit: u64) -> SelectStatement {
    let mut select = Query::select();
    select
        .columns(["seq", "source_table", "old_keys", "new_keys"])
        .from(CHANGE)
        .and_where(Expr::col("source").eq(source))
        .and_where(Expr::col("claimed_until_us").lt(Expr::cust(now)))
        .order_by("seq", Order::Asc)
        .limit(limit);
    select
}

fn lease_end(now: &'static str, lease: Duration) -> Expr {
    Expr::cust(now).add(whole_micros(lease))
}

/// Cut so that there is room to add it to a time.
pub(super) fn whole_micros(duration: Duration) -> i64 {
    const LONGEST: i64 = i64::MAX / 4;
    i64::try_from(duration.as_micros()).map_or(LONGEST, |micros| Ord::min(micros, LONGEST))
}

/// A name that no other claim has, on any host.
fn claim_token() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{:016x}{:016x}-{number}", random(), random())
}
