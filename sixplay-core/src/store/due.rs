//! Window boundaries: when which root is due to be rendered again though nobody changes it.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use sea_query::{
    Cond, Expr, ExprTrait, InsertStatement, LockBehavior, LockType, OnConflict, Order, Query,
};

use super::{
    Dialect, Store,
    changes::{LIST, micros},
    schema::{DUE, ID_MAX},
};
use crate::{Error, ErrorKind, Result, backoff::backoff, source::Root};

/// The due time of a root of which no later boundary is known; its row only remembers the ticket.
const NEVER: i64 = i64::MAX;
const ATTEMPTS: u32 = 5;

/// The next boundary of one root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The root's kind.
    pub kind: String,
    /// The root's id, at most 255 characters.
    pub id: String,
    /// When rendering may give another result; `None`: not without a write.
    pub due_at: Option<Timestamp>,
    /// The ticket of the snapshot that says so; see [`Store::ticket`].
    pub ticket: i64,
}

/// Due roots that this process alone handles until their lease ends.
pub(crate) struct DueClaim {
    source: String,
    /// What the rows' due time was moved to; with the ticket it recognises rows that nobody set
    /// since.
    leased_us: i64,
    /// The ids by kind and ticket.
    rows: BTreeMap<(String, i64), Vec<String>>,
}

impl DueClaim {
    /// The due roots.
    pub(crate) fn roots(&self) -> impl Iterator<Item = Root> {
        self.rows
            .iter()
            .flat_map(|((kind, _), ids)| ids.iter().map(move |id| Root::new(kind, id)))
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.values().map(Vec::len).sum()
    }

    /// Conditions, each of a bounded size, that together match the claimed rows that are as
    /// `due_us` and their ticket say.
    fn conditions(&self, due_us: Expr) -> Vec<Cond> {
        let mut conditions = vec![Vec::new()];
        for ((kind, ticket), ids) in &self.rows {
            for ids in ids.chunks(LIST) {
                let one = Cond::all()
                    .add(Expr::col("kind").eq(kind.as_str()))
                    .add(Expr::col("ticket").eq(*ticket));
                if conditions.last().is_some_and(|last| last.len() == 100) {
                    conditions.push(Vec::new());
                }
                conditions
                    .last_mut()
                    .into_iter()
                    .for_each(|last| last.push(one.clone().add(Expr::col("id").is_in(ids))));
            }
        }
        let whole = |any: Vec<Cond>| {
            let any = any.into_iter().fold(Cond::any(), Cond::add);
            Cond::all()
                .add(Expr::col("source").eq(self.source.as_str()))
                .add(due_us.clone())
                .add(any)
        };
        conditions
            .into_iter()
            .filter(|any| !any.is_empty())
            .map(whole)
            .collect()
    }
}

impl Store {
    /// Sets the next boundary of roots of `source`; for each root the row with the highest ticket
    /// stays, whatever the order of the calls. Hundreds of rows are one statement.
    ///
    /// # Errors
    /// `Invalid` for an id longer than 255 characters, and then nothing is set; `Unavailable`,
    /// `Timeout`: set them again.
    pub async fn set_due(&self, source: &str, dues: &[Due]) -> Result<()> {
        if let Some(due) = dues.iter().find(|due| due.id.chars().count() > ID_MAX) {
            return Err(
                Error::invalid("store.set_due", "an id is longer than 255 characters")
                    .with("id", &due.id),
            );
        }
        // one row a root, as a statement may not touch a row twice; in key order, as that avoids
        // deadlocks
        let mut latest = BTreeMap::new();
        for due in dues {
            let slot = latest.entry((&due.kind, &due.id)).or_insert(due);
            if due.ticket >= slot.ticket {
                *slot = due;
            }
        }
        let latest: Vec<_> = latest.into_values().collect();
        for rows in latest.chunks(LIST) {
            self.upsert(&upsert(self.dialect(), source, rows)).await?;
        }
        Ok(())
    }

    async fn upsert(&self, statement: &InsertStatement) -> Result<()> {
        let mut attempt = 0;
        loop {
            let mut session = self.session().await?;
            match session.execute(statement).await {
                // a deadlock with a claim
                Err(error) if error.kind() == ErrorKind::Unavailable && attempt < ATTEMPTS => {
                    attempt += 1;
                    drop(session);
                    tokio::time::sleep(backoff(attempt)).await;
                }
                done => return done.map(drop),
            }
        }
    }

    /// Leases up to `limit` roots that are due by the database's clock, longest due first; `None`
    /// when there are none.
    pub(crate) async fn claim_dues(
        &self,
        source: &str,
        limit: u64,
        lease: Duration,
    ) -> Result<Option<DueClaim>> {
        let now = self.dialect().now_us();
        let mut select = Query::select();
        select
            .columns(["kind", "id", "ticket"])
            .expr_as(Expr::cust(now), "now_us")
            .from(DUE);
        select
            .and_where(Expr::col("source").eq(source))
            .and_where(Expr::col("due_us").lte(Expr::cust(now)));
        select.order_by("due_us", Order::Asc).limit(limit);
        // an idle look takes no lock
        if self
            .reader()
            .await?
            .fetch(select.clone().limit(1))
            .await?
            .is_empty()
        {
            return Ok(None);
        }
        let mut transaction = self.begin().await?;
        let rows = transaction
            .fetch(select.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked))
            .await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        // odd, so that it is never a boundary in whole milliseconds
        let leased_us = (first.int("now_us")? + micros(lease)) | 1;
        let mut claim = DueClaim {
            source: source.to_owned(),
            leased_us,
            rows: BTreeMap::new(),
        };
        for row in &rows {
            claim
                .rows
                .entry((row.text("kind")?, row.int("ticket")?))
                .or_default()
                .push(row.text("id")?);
        }
        for condition in claim.conditions(Expr::col("due_us").lt(leased_us)) {
            transaction
                .execute(
                    Query::update()
                        .table(DUE)
                        .value("due_us", leased_us)
                        .cond_where(condition),
                )
                .await?;
        }
        transaction.commit().await?;
        Ok(Some(claim))
    }

    /// Deletes the rows of a claim; one that was set again since stays.
    pub(crate) async fn finish_dues(&self, claim: &DueClaim) -> Result<()> {
        let mut transaction = self.begin().await?;
        for condition in claim.conditions(Expr::col("due_us").eq(claim.leased_us)) {
            transaction
                .execute(Query::delete().from_table(DUE).cond_where(condition))
                .await?;
        }
        transaction.commit().await
    }

    /// Makes the rows of a claim due again at once.
    pub(crate) async fn release_dues(&self, claim: &DueClaim) -> Result<()> {
        let mut transaction = self.begin().await?;
        for condition in claim.conditions(Expr::col("due_us").eq(claim.leased_us)) {
            let mut update = Query::update();
            update
                .table(DUE)
                .value("due_us", Expr::cust(self.dialect().now_us()));
            transaction.execute(update.cond_where(condition)).await?;
        }
        transaction.commit().await
    }
}

fn upsert(dialect: Dialect, source: &str, rows: &[&Due]) -> InsertStatement {
    let new = |column| {
        if dialect == Dialect::Mysql {
            format!("VALUES({column})")
        } else {
            format!("excluded.{column}")
        }
    };
    let (due_us, ticket) = (new("due_us"), new("ticket"));
    let newer = |new: &str, old| {
        Expr::cust(format!(
            "CASE WHEN {ticket} >= {DUE}.ticket THEN {new} ELSE {DUE}.{old} END"
        ))
    };
    let mut insert = Query::insert();
    insert
        .into_table(DUE)
        .columns(["source", "kind", "id", "due_us", "ticket"]);
    for due in rows {
        let due_us = due.due_at.map_or(NEVER, Timestamp::as_microsecond);
        insert.values_panic([
            source.into(),
            due.kind.as_str().into(),
            due.id.as_str().into(),
            due_us.into(),
            due.ticket.into(),
        ]);
    }
    // MySQL assigns from left to right: the ticket must come last, as it decides both
    let assignments = [
        ("due_us", newer(&due_us, "due_us")),
        ("ticket", newer(&ticket, "ticket")),
    ];
    insert
        .on_conflict(
            OnConflict::columns(["source", "kind", "id"])
                .values(assignments)
                .to_owned(),
        )
        .take()
}
