//! The tables of change capture, written once for the three databases.

use sea_query::{
    ColumnDef, Expr, Index, IndexCreateStatement, OnConflict, Query, Table, TableCreateStatement,
};

use crate::{
    Result,
    store::{Dialect, Transaction},
};

/// Logged changes, each until it is delivered.
pub(super) const CHANGE: &str = "sixplay_change";
/// What a change is logged with, its claim excepted.
pub(super) const CHANGE_COLUMNS: [&str; 7] = [
    "seq",
    "source",
    "source_table",
    "op",
    "old_keys",
    "new_keys",
    "at_us",
];
/// Logged changes that cannot be read, each with the reason, until somebody deletes them.
pub(super) const CHANGE_REFUSED: &str = "sixplay_change_refused";
/// The ticket counter, one row.
pub(super) const TICKET: &str = "sixplay_ticket";
/// The next boundary of each root.
pub(super) const DUE: &str = "sixplay_window_due";

/// The longest root id, in characters.
pub(super) const MAX_ID_CHARS: usize = 255;
/// How many values one statement lists.
pub(super) const LIST: usize = 500;

/// Creates the tables that are missing, and starts the ticket counter.
pub(super) async fn create(transaction: &mut Transaction) -> Result<()> {
    let mysql = transaction.dialect() == Dialect::Mysql;
    let tables = [
        change_log(),
        refused_changes(),
        ticket_counter(),
        window_dues(mysql),
    ];
    for mut table in tables {
        if mysql {
            // ids differ by case
            table
                .engine("InnoDB")
                .character_set("utf8mb4")
                .collate("utf8mb4_bin");
        }
        transaction.define(&table).await?;
    }
    if !mysql {
        let index = due_at().table(DUE).if_not_exists().take();
        transaction.define(&index).await?;
    }
    start_tickets(transaction).await
}

async fn start_tickets(transaction: &mut Transaction) -> Result<()> {
    // tickets of a database made anew are above those that an index still holds from the old one
    let now = Expr::cust(transaction.dialect().now_us());
    let mut start = Query::insert();
    start
        .into_table(TICKET)
        .columns(["id", "value"])
        .values_panic([1.into(), now]);
    start.on_conflict(OnConflict::column("id").do_nothing_on(["id"]).to_owned());
    transaction.execute(&start).await.map(drop)
}

fn change_log() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(CHANGE).if_not_exists();
    table.col(counted("seq"));
    add_logged_columns(&mut table);
    table.col(ColumnDef::new("claim").string_len(64));
    table.col(
        ColumnDef::new("claimed_until_us")
            .big_integer()
            .not_null()
            .default(0),
    );
    table
}

/// The log's numbers are no key there: after a restore they may come again.
fn refused_changes() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(CHANGE_REFUSED).if_not_exists();
    table.col(counted("id"));
    table.col(ColumnDef::new("seq").big_integer().not_null());
    add_logged_columns(&mut table);
    table.col(ColumnDef::new("reason").text().not_null());
    table
}

/// A key that the database counts.
fn counted(name: &'static str) -> ColumnDef {
    ColumnDef::new(name)
        .big_integer()
        .not_null()
        .auto_increment()
        .primary_key()
        .take()
}

/// What happened to which row.
fn add_logged_columns(table: &mut TableCreateStatement) {
    let text = |name, length| ColumnDef::new(name).string_len(length).not_null().take();
    table.col(text("source", 64));
    table.col(text("source_table", 64));
    table.col(ColumnDef::new("op").char_len(1).not_null());
    table.col(ColumnDef::new("old_keys").text());
    table.col(ColumnDef::new("new_keys").text());
    table.col(ColumnDef::new("at_us").big_integer().not_null());
}

fn ticket_counter() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(TICKET).if_not_exists();
    table.col(ColumnDef::new("id").integer().not_null().primary_key());
    table.col(ColumnDef::new("value").big_integer().not_null());
    table
}

/// MySQL has no `CREATE INDEX IF NOT EXISTS`: there the index comes with the table.
fn window_dues(with_index: bool) -> TableCreateStatement {
    let text = |name, length| ColumnDef::new(name).string_len(length).not_null().take();
    let mut table = Table::create();
    table.table(DUE).if_not_exists();
    table.col(text("source", 64));
    table.col(text("kind", 64));
    table.col(text("id", MAX_ID_CHARS as u32));
    table.col(ColumnDef::new("due_us").big_integer().not_null());
    table.col(ColumnDef::new("ticket").big_integer().not_null());
    table.primary_key(Index::create().col("source").col("kind").col("id"));
    if with_index {
        table.index(&mut due_at());
    }
    table
}

fn due_at() -> IndexCreateStatement {
    Index::create()
        .name("sixplay_window_due_at")
        .col("source")
        .col("due_us")
        .take()
}
