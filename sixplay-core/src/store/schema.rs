//! The tables of the machinery, written once for the three databases, and their installation beside
//! a source's own tables.

use sea_query::{ColumnDef, Expr, Index, OnConflict, Query, Table, TableCreateStatement};

use super::{Dialect, Store, Transaction, graph, triggers};
use crate::{Result, source::Source};

/// Logged changes, each until it is delivered.
pub(super) const CHANGE: &str = "sixplay_change";
/// The ticket counter, one row.
pub(super) const TICKET: &str = "sixplay_ticket";
/// The next boundary of each root.
pub(super) const DUE: &str = "sixplay_window_due";
/// The longest root id.
pub(super) const ID_MAX: usize = 255;

impl Store {
    /// Creates the machinery's tables, checks the source's graph against the database and puts the
    /// triggers in place.
    ///
    /// Safe to repeat, also by several processes at once: what is in place already is left alone,
    /// so that a start locks no table. Call it after the source's own tables exist. Changes made
    /// before are not logged. Limits: `TRUNCATE` fires no trigger in any of the databases; on MySQL
    /// (not MariaDB) a changed graph must be installed while nobody writes, as a trigger cannot be
    /// replaced in one statement there.
    ///
    /// # Errors
    /// `Config` naming the table, column or kind when the graph does not fit the database, or when
    /// a captured table has a cascading foreign key under MySQL or MariaDB, which fire no triggers
    /// for it; `Unavailable`, `Timeout`; `Unexpected` when the user may not create tables or
    /// triggers.
    pub async fn install(&self, source: &dyn Source) -> Result<()> {
        graph::check(&mut self.reader().await?, source).await?;
        let mut transaction = self.begin().await?;
        if self.dialect() == Dialect::Postgres {
            // concurrent `IF NOT EXISTS` collide in the system tables
            transaction.fetch_sql("SELECT CAST(pg_advisory_xact_lock(hashtext('sixplay.install')) AS text) AS locked", Vec::new()).await?;
        }
        create(&mut transaction).await?;
        triggers::install(&mut transaction, source).await?;
        transaction.commit().await
    }
}

async fn create(transaction: &mut Transaction) -> Result<()> {
    let dialect = transaction.dialect();
    let mut due_at = Index::create();
    due_at
        .name("sixplay_window_due_at")
        .table(DUE)
        .col("source")
        .col("due_us")
        .if_not_exists();
    for mut table in [change(), ticket(), due()] {
        if dialect == Dialect::Mysql {
            // ids differ by case
            table
                .engine("InnoDB")
                .character_set("utf8mb4")
                .collate("utf8mb4_bin");
            if table
                .get_table_name()
                .is_some_and(|name| *name == DUE.into())
            {
                table.index(
                    &mut Index::create()
                        .name("sixplay_window_due_at")
                        .col("source")
                        .col("due_us")
                        .take(),
                );
            }
        }
        transaction.define(&table).await?;
    }
    if dialect != Dialect::Mysql {
        transaction.define(&due_at).await?;
    }
    // tickets of a database made anew are above those that an index still holds from the old one
    let mut start = Query::insert();
    start
        .into_table(TICKET)
        .columns(["id", "value"])
        .values_panic([1.into(), Expr::cust(dialect.now_us())]);
    start.on_conflict(OnConflict::column("id").do_nothing_on(["id"]).to_owned());
    transaction.execute(&start).await.map(drop)
}

fn change() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(CHANGE).if_not_exists();
    table.col(
        ColumnDef::new("seq")
            .big_integer()
            .not_null()
            .auto_increment()
            .primary_key(),
    );
    table.col(ColumnDef::new("source").string_len(64).not_null());
    table.col(ColumnDef::new("source_table").string_len(64).not_null());
    table.col(ColumnDef::new("op").char_len(1).not_null());
    table.col(ColumnDef::new("old_keys").text());
    table.col(ColumnDef::new("new_keys").text());
    table.col(ColumnDef::new("at_us").big_integer().not_null());
    table.col(ColumnDef::new("claim").string_len(64));
    table.col(
        ColumnDef::new("claimed_until_us")
            .big_integer()
            .not_null()
            .default(0),
    );
    table
}

fn ticket() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(TICKET).if_not_exists();
    table.col(ColumnDef::new("id").integer().not_null().primary_key());
    table.col(ColumnDef::new("value").big_integer().not_null());
    table
}

fn due() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(DUE).if_not_exists();
    table.col(ColumnDef::new("source").string_len(64).not_null());
    table.col(ColumnDef::new("kind").string_len(64).not_null());
    table.col(ColumnDef::new("id").string_len(ID_MAX as u32).not_null());
    table.col(ColumnDef::new("due_us").big_integer().not_null());
    table.col(ColumnDef::new("ticket").big_integer().not_null());
    table.primary_key(Index::create().col("source").col("kind").col("id"));
    table
}
