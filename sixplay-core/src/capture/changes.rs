//! The change log's rows: claimed by lease, oldest first, and deleted once delivered. There is no
//! cursor: a row that commits late is simply claimed late.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use sea_query::{
    Expr, ExprTrait, InsertStatement, LockBehavior, LockType, Order, Query, SelectStatement,
    UpdateStatement, Value,
};
use serde_json::{Map, Value as Json};

use super::{
    keys::KeyValue,
    source::Source,
    tables::{CHANGE, CHANGE_COLUMNS, CHANGE_REFUSED, DUE, LIST},
};
use crate::{
    Error, Result,
    retry::random,
    store::{Dialect, Row, Store, Transaction},
};

/// Changes that this process alone handles until their lease ends.
pub(super) struct ChangeClaim {
    token: String,
    seqs: Vec<i64>,
    /// The changes, oldest first.
    pub(super) changes: Vec<LoggedChange>,
    /// Those that cannot be read whole.
    unreadable: Vec<UnreadableChange>,
}

/// A logged change of one row, as far as it can be read.
pub(super) struct LoggedChange {
    pub(super) table: String,
    /// The row's logged columns before and after; empty where it did not exist.
    pub(super) keys: [Map<String, Json>; 2],
}

/// How long a reason is at most, in characters: it may show what was logged.
const REASON: usize = 500;

/// A logged change that is kept for an operator to look at.
struct UnreadableChange {
    seq: i64,
    table: String,
    reason: String,
}

impl LoggedChange {
    /// The change, and why some of it cannot be read.
    fn read(row: &Row, source: &dyn Source) -> (Self, Option<String>) {
        let (table, wrong_table) = match row.text("source_table") {
            Ok(table) => (table, None),
            Err(error) => (String::new(), Some(error.to_string())),
        };
        let [(old, wrong_old), (new, wrong_new)] =
            ["old_keys", "new_keys"].map(|column| read_keys(row, column));
        let keys = [old, new];
        let change = Self { table, keys };
        let wrong_key = || change.misfit(source);
        let reason = wrong_table.or(wrong_old).or(wrong_new).or_else(wrong_key);
        (change, reason)
    }

    /// The logged key that its column cannot have.
    fn misfit(&self, source: &dyn Source) -> Option<String> {
        let mut tables = source.tables().iter();
        let table = tables.find(|table| table.name == self.table)?;
        let mut logged = table.keys.iter().flat_map(|key| {
            let values = self.keys.iter().filter_map(|keys| keys.get(key.name()));
            values.map(|json| (*key, json))
        });
        let (key, json) = logged
            .find(|(key, json)| !json.is_null() && KeyValue::from_json(*key, json).is_none())?;
        Some(format!("the column {} cannot have {json}", key.name()))
    }
}

/// The keys in a column of the log, and why some are missing.
fn read_keys(row: &Row, column: &str) -> (Map<String, Json>, Option<String>) {
    match row.opt_text(column) {
        Ok(None) => (Map::new(), None),
        Ok(Some(text)) => match serde_json::from_str(&text) {
            Ok(keys) => (keys, None),
            Err(error) => (Map::new(), Some(format!("{column} is no object: {error}"))),
        },
        Err(error) => match row.bytes(column) {
            Ok(bytes) => read_broken_keys(column, &String::from_utf8_lossy(&bytes)),
            Err(_) => (Map::new(), Some(error.to_string())),
        },
    }
}

/// The keys without those that are no UTF-8: what the others reach is delivered all the same.
fn read_broken_keys(column: &str, text: &str) -> (Map<String, Json>, Option<String>) {
    let is_broken = |json: &Json| {
        let text = json.as_str();
        text.is_some_and(|text| text.contains(char::REPLACEMENT_CHARACTER))
    };
    let mut keys: Map<String, Json> = serde_json::from_str(text).unwrap_or_default();
    keys.retain(|_, json| !is_broken(json));
    (keys, Some(format!("{column} is not UTF-8: {text}")))
}

impl ChangeClaim {
    fn read(rows: &[Row], source: &dyn Source) -> Result<Self> {
        let mut claim = Self {
            token: claim_token(),
            seqs: Vec::with_capacity(rows.len()),
            changes: Vec::with_capacity(rows.len()),
            unreadable: Vec::new(),
        };
        for row in rows {
            claim.add(row.int("seq")?, LoggedChange::read(row, source));
        }
        Ok(claim)
    }

    fn add(&mut self, seq: i64, (change, reason): (LoggedChange, Option<String>)) {
        self.seqs.push(seq);
        self.unreadable
            .extend(reason.map(|reason| UnreadableChange {
                seq,
                table: change.table.clone(),
                reason: reason.chars().take(REASON).collect(),
            }));
        self.changes.push(change);
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

    /// The statement that copies a change as it is logged, broken bytes included.
    fn set_aside(&self, change: &UnreadableChange) -> Result<InsertStatement> {
        // one database takes no NUL within a text
        let reason = change.reason.replace('\0', "");
        let logged = Query::select()
            .columns(CHANGE_COLUMNS)
            .expr(Expr::val(reason))
            .from(CHANGE)
            .and_where(Expr::col("claim").eq(self.token.as_str()))
            .and_where(Expr::col("seq").eq(change.seq))
            .take();
        let mut insert = Query::insert();
        let columns = CHANGE_COLUMNS.into_iter().chain(["reason"]);
        let filled = insert
            .into_table(CHANGE_REFUSED)
            .columns(columns)
            .select_from(logged);
        let failed =
            |error| Error::unexpected("changes.set_aside", "no statement").with_source(error);
        filled.map_err(failed)?;
        Ok(insert)
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
        source: &dyn Source,
        limit: u64,
        lease: Duration,
    ) -> Result<Option<ChangeClaim>> {
        let now = self.dialect().now_us();
        let mut unclaimed = select_unclaimed(source.name(), now, limit);
        // an idle look takes no lock
        let mut peek = unclaimed.clone();
        peek.clear_selects().column("seq").limit(1);
        if self.read_once().await?.fetch(&peek).await?.is_empty() {
            return Ok(None);
        }
        unclaimed.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let mut transaction = self.write().await?;
        let claim = ChangeClaim::read(&transaction.fetch(&unclaimed).await?, source)?;
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

    /// Deletes the changes of a claim, and keeps those that cannot be read in a table of their own;
    /// those that somebody else claimed since stay.
    pub(super) async fn finish_changes(&self, claim: &ChangeClaim) -> Result<()> {
        let mut transaction = self.write().await?;
        for change in &claim.unreadable {
            transaction.execute(&claim.set_aside(change)?).await?;
        }
        for seqs in claim.seqs.chunks(LIST) {
            claim.delete(&mut transaction, seqs).await?;
        }
        transaction.commit().await?;
        claim.unreadable.iter().for_each(UnreadableChange::log);
        Ok(())
    }
}

impl UnreadableChange {
    fn log(&self) {
        let Self { seq, table, reason } = self;
        tracing::error!(
            table,
            seq,
            reason,
            "a logged change cannot be read: set aside in {CHANGE_REFUSED}"
        );
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
