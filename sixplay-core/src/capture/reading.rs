//! A reading: ticket, clock and snapshot, taken in the only order that keeps an index right.
//!
//! Whoever reads the database in order to write an index takes the ticket first and opens the
//! snapshot after it; then a document with a higher ticket was never read earlier than one with a
//! lower, whatever happens in between. Nothing else gives out a ticket.

use std::ops::{Deref, DerefMut};

use jiff::Timestamp;
use sea_query::{Expr, ExprTrait, Query};

use super::{clock::read_clock, tables::TICKET};
use crate::{
    Error, Result,
    store::{Dialect, Row, Snapshot, Store},
};

/// One instant of the database, with the ticket that orders what is written because of it.
///
/// The ticket is larger than all tickets taken before, by any process; the clock is the database's
/// and was read with the ticket; the snapshot was opened after both and cannot write.
///
/// ```
/// # use std::sync::Arc;
/// # use sixplay_core::{Store, conformance::tiny};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let scratch = sixplay_core::conformance::scratch_file().await?;
/// # let store = scratch.store().clone();
/// # tiny::install(&store).await?;
/// let mut first = store.reading().await?;
/// let second = store.reading().await?;
/// assert!(first.ticket() < second.ticket() && first.now() <= second.now());
/// let rows = first.fetch_sql("SELECT COUNT(*) AS books FROM tiny_book", Vec::new()).await?;
/// assert_eq!(rows[0].int("books")?, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Reading {
    ticket: i64,
    now: Timestamp,
    snapshot: Snapshot,
}

impl Reading {
    /// The version of every document and delete that comes of this reading.
    pub fn ticket(&self) -> i64 {
        self.ticket
    }

    /// The database's time, by which windows open, close and are due.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

impl Deref for Reading {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut Snapshot {
        &mut self.snapshot
    }
}

impl Store {
    /// Takes a ticket and the database's time, then opens a snapshot.
    ///
    /// # Errors
    /// `Unexpected` when [`Store::install`] was never called, so that the table is missing;
    /// `Config` when the table is empty; `Corrupt` for a clock out of range, `Unavailable`,
    /// `Timeout`.
    pub async fn reading(&self) -> Result<Reading> {
        let row = self.next_ticket().await?;
        Ok(Reading {
            ticket: row.int("value")?,
            now: read_clock(&row)?,
            snapshot: self.read().await?,
        })
    }

    /// The next `value` and the time `now_us`, in one statement where the database has one for it.
    async fn next_ticket(&self) -> Result<Row> {
        let now = self.dialect().now_us();
        let mut update = Query::update();
        update.table(TICKET).and_where(Expr::col("id").eq(1));
        let mut session = self.autocommit().await?;
        let rows = if self.dialect() == Dialect::Mysql {
            update.value("value", Expr::cust("LAST_INSERT_ID(value + 1)"));
            let taken = format!("SELECT LAST_INSERT_ID() AS value, {now} AS now_us");
            match session.execute(&update).await? {
                0 => Vec::new(),
                _ => session.fetch_sql(&taken, Vec::new()).await?,
            }
        } else {
            update.value("value", Expr::col("value").add(1));
            update.returning(
                Query::returning()
                    .exprs([Expr::col("value"), Expr::cust(format!("{now} AS now_us"))]),
            );
            session.fetch(&update).await?
        };
        let missing = "the ticket counter is missing: install the store";
        let row = rows.into_iter().next();
        row.ok_or_else(|| Error::config("store.reading", missing))
    }
}
