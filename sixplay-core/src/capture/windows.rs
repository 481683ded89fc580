//! Window boundaries: when which root is due to be rendered again though nobody changes it.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use sea_query::{
    Cond, Expr, ExprTrait, InsertStatement, LockBehavior, LockType, OnConflict, Order, Query,
    SelectStatement,
};

use super::{
    changes::whole_micros,
    source::{Root, require_carried_id},
    tables::{DUE, LIST},
};
use crate::{
    ErrorKind, Result,
    retry::Backoff,
    store::{Dialect, Row, Store},
};

/// The due time of a root of which no later boundary is known; its row only remembers the ticket.
const NEVER: i64 = i64::MAX;

/// How often a statement that met a deadlock is tried again.
const ATTEMPTS: u32 = 5;

/// How many conditions on a kind and a ticket one statement has.
const CONDITIONS: usize = 100;

/// The next boundary of one root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The root's kind.
    pub kind: String,
    /// The root's id, at most [`Root::MAX_ID_CHARS`].
    pub id: String,
    /// When rendering may give another result; `None`: not without a write.
    pub due_at: Option<Timestamp>,
    /// The ticket of the reading that says so; see [`Reading`](crate::Reading).
    pub ticket: i64,
}

/// Due roots that this process alone handles until their lease ends.
pub(super) struct DueClaim {
    source: String,
    /// What the rows' due time was moved to; with the ticket it recognises rows that nobody set
    /// since.
    leased_us: i64,
    /// The ids by kind and ticket.
    rows: BTreeMap<(String, i64), Vec<String>>,
}

impl DueClaim {
    fn read(source: &str, leased_us: i64, rows: &[Row]) -> Result<Self> {
        let mut ids: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in rows {
            let key = (row.text("kind")?, row.int("ticket")?);
            ids.entry(key).or_default().push(row.text("id")?);
        }
        Ok(Self {
            source: source.to_owned(),
            leased_us,
            rows: ids,
        })
    }

    /// The due roots.
    pub(super) fn roots(&self) -> impl Iterator<Item = Root> {
        self.rows
            .iter()
            .flat_map(|((kind, _), ids)| ids.iter().map(move |id| Root::new(kind, id)))
    }

    pub(super) fn len(&self) -> usize {
        self.rows.values().map(Vec::len).sum()
    }

    /// Conditions, each of a bounded size, that together match the claimed rows that are as
    /// `due_us` and their ticket say.
    fn conditions(&self, due_us: &Expr) -> Vec<Cond> {
        let chunks = self.rows.iter().flat_map(|((kind, ticket), ids)| {
            ids.chunks(LIST).map(move |ids| {
                Cond::all()
                    .add(Expr::col("kind").eq(kind.as_str()))
                    .add(Expr::col("ticket").eq(*ticket))
                    .add(Expr::col("id").is_in(ids))
            })
        });
        let chunks: Vec<Cond> = chunks.collect();
        let whole = chunks.chunks(CONDITIONS).map(|any| {
            Cond::all()
                .add(Expr::col("source").eq(self.source.as_str()))
                .add(due_us.clone())
                .add(any.iter().cloned().fold(Cond::any(), Cond::add))
        });
        whole.collect()
    }

    fn still_claimed(&self) -> Vec<Cond> {
        self.conditions(&Expr::col("due_us").eq(self.leased_us))
    }
}

impl Store {
    /// Sets the next boundary of roots of `source`; for each root the row with the highest ticket
    /// stays, whatever the order of the calls. Hundreds of rows are one statement.
    ///
    /// # Errors
    /// `Invalid` for an id that [`Root::require_carried`] refuses, and then nothing is set;
    /// `Unavailable`, `Timeout`: set them again.
    pub async fn set_due(&self, source: &str, dues: &[Due]) -> Result<()> {
        dues.iter()
            .try_for_each(|due| require_carried_id(&due.id))?;
        for rows in latest_by_root(dues).chunks(LIST) {
            self.upsert(&upsert_statement(self.dialect(), source, rows))
                .await?;
        }
        Ok(())
    }

    async fn upsert(&self, statement: &InsertStatement) -> Result<()> {
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));
        loop {
            let mut session = self.autocommit().await?;
            match session.execute(statement).await {
                // a deadlock with a claim
                Err(error)
                    if error.kind() == ErrorKind::Unavailable && backoff.failures() < ATTEMPTS =>
                {
                    drop(session);
                    backoff.pause().await;
                }
                done => return done.map(drop),
            }
        }
    }

    /// Leases up to `limit` roots that are due by the database's clock, longest due first; `None`
    /// when there are none.
    pub(super) async fn claim_dues(
        &self,
        source: &str,
        limit: u64,
        lease: Duration,
    ) -> Result<Option<DueClaim>> {
        let mut due = select_due(source, self.dialect().now_us(), limit);
        // an idle look takes no lock
        let peek = due.clone().limit(1).take();
        if self.read_once().await?.fetch(&peek).await?.is_empty() {
            return Ok(None);
        }
        due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let mut transaction = self.write().await?;
        let rows = transaction.fetch(&due).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        // odd, so that it is never a boundary in whole milliseconds
        let leased_us = (first.int("now_us")? + whole_micros(lease)) | 1;
        let claim = DueClaim::read(source, leased_us, &rows)?;
        for condition in claim.conditions(&Expr::col("due_us").lt(leased_us)) {
            let mut update = Query::update();
            update
                .table(DUE)
                .value("due_us", leased_us)
                .cond_where(condition);
            transaction.execute(&update).await?;
        }
        transaction.commit().await?;
        Ok(Some(claim))
    }

    /// Deletes the rows of a claim; one that was set again since stays.
    pub(super) async fn finish_dues(&self, claim: &DueClaim) -> Result<()> {
        let mut transaction = self.write().await?;
        for condition in claim.still_claimed() {
            let delete = Query::delete().from_table(DUE).cond_where(condition).take();
            transaction.execute(&delete).await?;
        }
        transaction.commit().await
    }

    /// Makes the rows of a claim due again at once.
    pub(super) async fn release_dues(&self, claim: &DueClaim) -> Result<()> {
        let mut transaction = self.write().await?;
        for condition in claim.still_claimed() {
            let now = Expr::cust(self.dialect().now_us());
            let update = Query::update()
                .table(DUE)
                .value("due_us", now)
                .cond_where(condition)
                .take();
            transaction.execute(&update).await?;
        }
        transaction.commit().await
    }
}

fn select_due(source: &str, now: &'static str, limit: u64) -> SelectStatement {
    let mut select = Query::select();
    select
        .columns(["kind", "id", "ticket"])
        .expr_as(Expr::cust(now), "now_us")
        .from(DUE)
        .and_where(Expr::col("source").eq(source))
        .and_where(Expr::col("due_us").lte(Expr::cust(now)))
        .order_by("due_us", Order::Asc)
        .limit(limit);
    select
}

/// One row a root, as a statement may not touch a row twice; in key order, as that avoids
/// deadlocks.
fn latest_by_root(dues: &[Due]) -> Vec<&Due> {
    let mut latest = BTreeMap::new();
    for due in dues {
        let slot = latest.entry((&due.kind, &due.id)).or_insert(due);
        if due.ticket >= slot.ticket {
            *slot = due;
        }
    }
    latest.into_values().collect()
}

fn upsert_statement(dialect: Dialect, source: &str, rows: &[&Due]) -> InsertStatement {
    let mut insert = Query::insert();
    insert
        .into_table(DUE)
        .columns(["source", "kind", "id", "due_us", "ticket"]);
    for due in rows {
        let due_us = due.due_at.map_or(NEVER, Timestamp::as_microsecond);
        let (kind, id) = (due.kind.as_str(), due.id.as_str());
        insert.values_panic([
            source.into(),
            kind.into(),
            id.into(),
            due_us.into(),
            due.ticket.into(),
        ]);
    }
    // MySQL assigns from left to right: the ticket must come last, as it decides both
    let newer = ["due_us", "ticket"].map(|column| (column, newer_of(dialect, column)));
    let key = OnConflict::columns(["source", "kind", "id"]);
    insert.on_conflict(key.clone().values(newer).to_owned());
    insert
}

/// The new value of `column` when its row's ticket is not older, else the old one.
fn newer_of(dialect: Dialect, column: &str) -> Expr {
    let new = |column| match dialect {
        Dialect::Mysql => format!("VALUES({column})"),
        _ => format!("excluded.{column}"),
    };
    let (ticket, value) = (new("ticket"), new(column));
    Expr::cust(format!(
        "CASE WHEN {ticket} >= {DUE}.ticket THEN {value} ELSE {DUE}.{column} END"
    ))
}
