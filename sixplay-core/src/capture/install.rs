//! Change capture put in place beside a source's own tables.

use super::{check, source::Source, tables, triggers};
use crate::{
    Result,
    store::{Dialect, Store, Transaction},
};

/// Concurrent `IF NOT EXISTS` collide in PostgreSQL's system tables.
const LOCK: &str =
    "SELECT CAST(pg_advisory_xact_lock(hashtext('sixplay.install')) AS text) AS locked";

impl Store {
    /// Creates the tables of change capture, checks the source's graph against the database and
    /// puts the triggers in place.
    ///
    /// Safe to repeat, also by several processes at once: what is in place already is left alone,
    /// so that a start locks no table. Call it after the source's own tables exist. Changes made
    /// before are not logged. Limits: `TRUNCATE` fires no trigger in any of the databases; on MySQL
    /// (not MariaDB) a changed graph must be installed while nobody writes, as a trigger cannot be
    /// replaced in one statement there.
    ///
    /// # Errors
    /// `Config` naming the table, column or kind when the graph does not fit the database, when a
    /// kind's own table is not captured with a reach from its key to the kind, or when a captured
    /// table has a cascading foreign key under MySQL or MariaDB, which fire no triggers
    /// for it; `Unavailable`, `Timeout`; `Unexpected` when the user may not create tables or
    /// triggers.
    pub async fn install(&self, source: &dyn Source) -> Result<()> {
        check::check_graph(&mut self.read_once().await?, source).await?;
        let mut transaction = self.write().await?;
        lock(&mut transaction).await?;
        tables::create(&mut transaction).await?;
        triggers::install(&mut transaction, source).await?;
        transaction.commit().await
    }
}

async fn lock(transaction: &mut Transaction) -> Result<()> {
    if transaction.dialect() == Dialect::Postgres {
        transaction.fetch_sql(LOCK, Vec::new()).await?;
    }
    Ok(())
}
