//! Tickets: the one monotone counter that orders reads of the database which lead to writes of the
//! index.

use sea_query::{Expr, ExprTrait, Query};

use super::{Dialect, Store, schema::TICKET};
use crate::{Error, Result};

impl Store {
    /// Takes the next ticket; it is larger than all tickets taken before, by any process.
    ///
    /// Take it before the snapshot is opened: then a document with a higher ticket was never read
    /// earlier than one with a lower, whatever happens in between.
    ///
    /// # Errors
    /// `Config` when [`Store::install`] was never called, `Unavailable`, `Timeout`.
    pub async fn ticket(&self) -> Result<i64> {
        let mut session = self.session().await?;
        let mut update = Query::update();
        update.table(TICKET).and_where(Expr::col("id").eq(1));
        let rows = if self.dialect() == Dialect::Mysql {
            update.value("value", Expr::cust("LAST_INSERT_ID(value + 1)"));
            match session.execute(&update).await? {
                0 => Vec::new(),
                _ => {
                    session
                        .fetch_sql("SELECT LAST_INSERT_ID() AS value", Vec::new())
                        .await?
                }
            }
        } else {
            update
                .value("value", Expr::col("value").add(1))
                .returning_col("value");
            session.fetch(&update).await?
        };
        let row = rows.first().ok_or_else(|| {
            Error::config(
                "store.ticket",
                "the ticket counter is missing: install the store",
            )
        })?;
        row.int("value")
    }
}
