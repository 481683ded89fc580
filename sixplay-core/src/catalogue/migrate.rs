//! The schema's versions, applied in order and recorded.

use jiff::Timestamp;
use sea_query::{Alias, ColumnDef, Expr, ExprTrait, ForeignKey, Index, Query};

use super::{
    schema::{Kind, Table},
    tables::TABLES,
};
use crate::{
    Error, Result,
    store::{Dialect, Store, Transaction},
};

/// The newest version of the schema; version 1 is every table of the catalogue.
const VERSION: i64 = 1;
/// Names the lock under which one process at a time migrates.
const LOCK: &str = "sixplay_migration";

/// Brings the schema to the newest version; does nothing when it is there already.
///
/// Safe when several processes start at once: one of them works, the others wait. A version is
/// recorded in `sixplay_migration` when it is complete; MySQL commits each table by itself, so an
/// interrupted start is taken up again.
///
/// # Errors
/// `Unavailable` or `Timeout`; `Conflict` when a newer build has migrated this database.
pub async fn migrate(store: &Store) -> Result<()> {
    if store.dialect() == Dialect::Mysql {
        let mut session = store.session().await?;
        session
            .fetch_sql("SELECT GET_LOCK(?, 9) AS got", vec![LOCK.into()])
            .await
            .and_then(|rows| locked(&rows))?;
        let done = upgrade(&mut session).await;
        session
            .fetch_sql("SELECT RELEASE_LOCK(?) AS gone", vec![LOCK.into()])
            .await?;
        return done;
    }
    let mut transaction = store.begin().await?;
    if store.dialect() == Dialect::Postgres {
        // "CREATE TABLE IF NOT EXISTS" itself collides when two run at once
        transaction
            .fetch_sql(
                "SELECT pg_advisory_xact_lock(hashtext($1))::text AS got",
                vec![LOCK.into()],
            )
            .await?;
    }
    upgrade(&mut transaction).await?;
    transaction.commit().await
}

fn locked(rows: &[crate::store::Row]) -> Result<()> {
    match rows
        .first()
        .map(|row| row.opt_int("got"))
        .transpose()?
        .flatten()
    {
        Some(1) => Ok(()),
        _ => Err(Error::timeout(
            "catalogue.migrate",
            "another process is still migrating",
        )),
    }
}

async fn upgrade(transaction: &mut Transaction) -> Result<()> {
    let mut ledger = sea_query::Table::create();
    ledger.table(LOCK).if_not_exists();
    ledger.col(
        ColumnDef::new("version")
            .big_integer()
            .not_null()
            .primary_key(),
    );
    ledger.col(ColumnDef::new("applied_at").big_integer().not_null());
    transaction.define(&ledger).await?;
    let newest = Query::select()
        .expr_as(Expr::col("version").max(), "version")
        .from(LOCK)
        .take();
    let applied = transaction
        .fetch(&newest)
        .await?
        .first()
        .map(|row| row.opt_int("version"))
        .transpose()?
        .flatten();
    match applied.unwrap_or_default() {
        0 => create(transaction).await,
        VERSION => Ok(()),
        newer => Err(Error::conflict(
            "catalogue.migrate",
            "the database was migrated by a newer build",
        )
        .with("version", newer)
        .with("known", VERSION)),
    }
}

async fn create(transaction: &mut Transaction) -> Result<()> {
    for table in TABLES {
        define(transaction, table).await?;
    }
    let now = Timestamp::now().as_microsecond();
    let record = Query::insert()
        .into_table(LOCK)
        .columns(["version", "applied_at"])
        .values_panic([VERSION.into(), now.into()])
        .take();
    transaction.execute(&record).await.map(drop)
}

async fn define(transaction: &mut Transaction, table: &Table) -> Result<()> {
    let mysql = transaction.dialect() == Dialect::Mysql;
    let mut create = sea_query::Table::create();
    create.table(Alias::new(table.name)).if_not_exists();
    if mysql {
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
        create.col(definition(column));
        if let Some(parent) = column.to {
            let target = TABLES
                .iter()
                .find(|table| table.name == parent)
                .and_then(|table| table.key().first())
                .map_or("id", |key| key.name);
            create.foreign_key(
                ForeignKey::create()
                    .from(table.name, column.name)
                    .to(parent, target),
            );
        }
    }
    transaction.define(&create).await?;
    // MySQL indexes foreign keys by itself
    let indexed = table
        .columns
        .iter()
        .enumerate()
        .filter(|(place, column)| *place > 0 && column.to.is_some() && !mysql);
    for (_, column) in indexed {
        let name = format!("{}_{}", table.name, column.name);
        transaction
            .define(
                Index::create()
                    .if_not_exists()
                    .name(name)
                    .table(table.name)
                    .col(column.name),
            )
            .await?;
    }
    Ok(())
}

fn definition(column: &super::schema::Column) -> ColumnDef {
    let mut definition = ColumnDef::new(column.name);
    match column.kind {
        Kind::Int | Kind::Instant => definition.big_integer(),
        Kind::Bool => definition.small_integer(),
        Kind::Real => definition.double(),
        Kind::Code(length) => definition.string_len(length),
        Kind::Text | Kind::Json => definition.text(),
    };
    if column.required {
        definition.not_null();
    }
    if let Some(value) = column.default {
        definition.default(value);
    }
    definition
}
