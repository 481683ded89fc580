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
    /// kind's own table is not captured with a reach from its key to the kind. `Config`, too, where
    /// the database would lose or mix up changes:
    ///
    /// - a text column of a captured table that cannot hold every character: under MySQL and
    ///   MariaDB in another character set than `utf8mb4`, or `ascii` for codes; under PostgreSQL in
    ///   a database that is not in UTF-8;
    /// - a text key (of a kind, a captured table or a hop) that takes for equal what is not the
    ///   same text: a collation that is not binary, or PostgreSQL's `char(n)`;
    /// - under MySQL and MariaDB, a captured table in an engine without transactions, or with a
    ///   cascading foreign key, for which they fire no triggers.
    ///
    /// `Unavailable`, `Timeout`; `Unexpected` when the user may not create tables or
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
