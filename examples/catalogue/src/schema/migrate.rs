//! The schema's versions, applied in order and recorded.

use jiff::Timestamp;
use sea_query::{
    ColumnDef, Expr, ExprTrait, ForeignKey, Index, IndexCreateStatement, LockType, Query, Table,
    TableCreateStatement,
};
use sixplay_core::{Dialect, Error, Result, Snapshot, Store, Transaction};

use super::{ColumnKind, ColumnSchema, TableSchema, tables::TABLES};

/// The newest version of the schema; version 1 is every table of the catalogue.
const VERSION: i64 = 1;
/// The table of the applied versions; names the lock, too, under which one process at a time
/// migrates.
const LEDGER: &str = "sixplay_migration";

/// Brings the schema to the newest version; does nothing when it is there already.
///
/// Safe when several processes start at once: one of them works, the others wait. A version is
/// recorded in `sixplay_migration` when it is complete; MySQL commits each table by itself, so an
/// interrupted start is taken up again.
///
/// # Errors
/// `Unavailable` or `Timeout`; `Conflict` when a newer build has migrated this database.
pub async fn migrate(store: &Store) -> Result<()> {
    let mut transaction = store.write().await?;
    take_lock(&mut transaction).await?;
    let upgraded = upgrade(&mut transaction).await;
    let released = release_lock(&mut transaction).await;
    upgraded.and(released)?;
    transaction.commit().await
}

/// Waits for other processes that migrate. SQLite has but one writer: the transaction is the lock.
async fn take_lock(transaction: &mut Transaction) -> Result<()> {
    match transaction.dialect() {
        // the transaction ends with the first table, so the lock is the connection's
        Dialect::Mysql => {
            let wait = "SELECT GET_LOCK(?, 9) AS got";
            let rows = transaction.fetch_sql(wait, vec![LEDGER.into()]).await?;
            let got = rows.first().map(|row| row.opt_int("got")).transpose()?;
            let busy = "another process is still migrating";
            let timeout = || Error::timeout("catalogue.migrate", busy);
            got.flatten()
                .filter(|got| *got == 1)
                .ok_or_else(timeout)
                .map(drop)
        }
        // "CREATE TABLE IF NOT EXISTS" itself collides when two run at once
        Dialect::Postgres => {
            let wait = "SELECT pg_advisory_xact_lock(hashtext($1))::text AS got";
            transaction
                .fetch_sql(wait, vec![LEDGER.into()])
                .await
                .map(drop)
        }
        _ => Ok(()),
    }
}

/// Gives the lock back unless it ends with the transaction.
async fn release_lock(transaction: &mut Transaction) -> Result<()> {
    if transaction.dialect() != Dialect::Mysql {
        return Ok(());
    }
    let release = "SELECT RELEASE_LOCK(?) AS gone";
    transaction
        .fetch_sql(release, vec![LEDGER.into()])
        .await
        .map(drop)
}

/// Lets one transaction at a time go on from here; SQLite has but one that writes. The schema was
/// migrated before.
pub(crate) async fn lock_schema(transaction: &mut Transaction) -> Result<()> {
    let mut lock = Query::select();
    lock.column("version").from(LEDGER).lock(LockType::Update);
    transaction.fetch(&lock).await.map(drop)
}

/// Applies what the ledger does not know of yet.
async fn upgrade(transaction: &mut Transaction) -> Result<()> {
    transaction.define(&ledger()).await?;
    match applied_version(transaction).await? {
        None => create_tables(transaction).await,
        Some(VERSION) => Ok(()),
        Some(newer) => {
            let message = "the database was migrated by a newer build";
            let conflict = Error::conflict("catalogue.migrate", message);
            Err(conflict.with("version", newer).with("known", VERSION))
        }
    }
}

fn ledger() -> TableCreateStatement {
    let mut ledger = Table::create();
    ledger.table(LEDGER).if_not_exists();
    ledger.col(
        ColumnDef::new("version")
            .big_integer()
            .not_null()
            .primary_key(),
    );
    ledger.col(ColumnDef::new("applied_at").big_integer().not_null());
    ledger
}

async fn applied_version(snapshot: &mut Snapshot) -> Result<Option<i64>> {
    let mut newest = Query::select();
    newest
        .expr_as(Expr::col("version").max(), "version")
        .from(LEDGER);
    let rows = snapshot.fetch(&newest).await?;
    Ok(rows
        .first()
        .map(|row| row.opt_int("version"))
        .transpose()?
        .flatten())
}

/// Version 1.
async fn create_tables(transaction: &mut Transaction) -> Result<()> {
    let dialect = transaction.dialect();
    for table in TABLES {
        transaction
            .define(&table_definition(table, dialect))
            .await?;
        for index in foreign_key_indexes(table, dialect) {
            transaction.define(&index).await?;
        }
    }
    let now = Timestamp::now().as_microsecond();
    let mut record = Query::insert();
    record.into_table(LEDGER).columns(["version", "applied_at"]);
    record.values_panic([VERSION.into(), now.into()]);
    transaction.execute(&record).await.map(drop)
}

fn table_definition(table: &TableSchema, dialect: Dialect) -> TableCreateStatement {
    let mut create = Table::create();
    create.table(table.name).if_not_exists();
    if dialect == Dialect::Mysql {
        create
            .engine("InnoDB")
            .character_set("utf8mb4")
            .collate("utf8mb4_bin");
    }
    let mut primary = Index::create();
    for key in table.key() {
        primary.col(key.name);
    }
    create.primary_key(&mut primary);
    for column in table.columns {
        create.col(column_definition(column));
        if let Some(parent) = column.parent {
            let mut reference = ForeignKey::create();
            reference
                .from(table.name, column.name)
                .to(parent.name, parent.key_name());
            create.foreign_key(&mut reference);
        }
    }
    create
}

fn column_definition(column: &ColumnSchema) -> ColumnDef {
    let mut definition = ColumnDef::new(column.name);
    match column.kind {
        ColumnKind::Int | ColumnKind::Instant => definition.big_integer(),
        ColumnKind::Bool => definition.small_integer(),
        ColumnKind::Real => definition.double(),
        ColumnKind::Code(length) => definition.string_len(length),
        ColumnKind::Text | ColumnKind::Json => definition.text(),
    };
    if column.required {
        definition.not_null();
    }
    if let Some(value) = column.default {
        definition.default(value);
    }
    definition
}

/// Indexes of the columns that refer to other tables, but for the first, which leads the primary
/// key; MySQL makes them by itself.
fn foreign_key_indexes(table: &TableSchema, dialect: Dialect) -> Vec<IndexCreateStatement> {
    let indexed = table
        .columns
        .iter()
        .skip(1)
        .filter(|column| column.parent.is_some());
    let define = |column: &ColumnSchema| {
        let name = format!("{}_{}", table.name, column.name);
        let mut index = Index::create();
        index
            .if_not_exists()
            .name(name)
            .table(table.name)
            .col(column.name);
        index
    };
    if dialect == Dialect::Mysql {
        Vec::new()
    } else {
        indexed.map(define).collect()
    }
}
