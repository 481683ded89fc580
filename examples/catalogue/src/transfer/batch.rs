//! Writes many rows with few statements: collected by table and columns, then inserted or updated,
//! parents first.
//!
//! Everything happens in the caller's transaction. After an error some of the rows are written
//! there and some are not: the transaction must be dropped, not committed.

use std::collections::{BTreeMap, HashMap};

use sea_query::{DeleteStatement, Expr, ExprTrait, Query, Value as SqlValue};
use sixplay_core::{Dialect, Result, Row, Snapshot, Transaction};

use super::upsert::{Existing, Upsert};
use crate::schema::{TableSchema, tables::TABLES};

/// The most rows and values of one statement; SQLite takes 32,766 values.
const ROWS: usize = 250;
const VALUES: usize = 8000;

/// A row on its way: values by column.
pub(super) type Cells = Vec<(&'static str, SqlValue)>;

/// Rows collected for writing; the last of two rows with one key wins.
#[derive(Default)]
pub(super) struct Batch {
    deletes: Vec<DeleteStatement>,
    groups: BTreeMap<(usize, Existing, Vec<&'static str>), RowGroup>,
    rows: usize,
    sparing: bool,
}

/// Rows that one statement can write: of one table, with the same columns.
#[derive(Default)]
struct RowGroup {
    rows: Vec<Vec<SqlValue>>,
    place_by_key: HashMap<String, usize>,
}

impl RowGroup {
    /// Adds a row or replaces the one with the same key; tells whether it was added.
    fn put(&mut self, key: String, values: Vec<SqlValue>) -> bool {
        let place = self.place_by_key.get(&key).copied();
        if let Some(row) = place.and_then(|place| self.rows.get_mut(place)) {
            *row = values;
            return false;
        }
        self.place_by_key.insert(key, self.rows.len());
        self.rows.push(values);
        true
    }
}

impl Batch {
    /// A batch that does not write rows which exist with the same values: what many documents
    /// refer to (a service, an age rating) would otherwise look changed, and all of them be
    /// rendered again.
    pub(super) fn sparing() -> Self {
        Self {
            sparing: true,
            ..Self::default()
        }
    }

    /// Inserts a row or updates the given columns of the existing one.
    pub(super) fn put(&mut self, table: &TableSchema, cells: Cells) {
        self.add(table, Existing::Update, cells);
    }

    /// Inserts a row unless it exists.
    pub(super) fn ensure(&mut self, table: &TableSchema, cells: Cells) {
        self.add(table, Existing::Keep, cells);
    }

    /// Deletes before anything is written.
    pub(super) fn delete(&mut self, statement: DeleteStatement) {
        self.deletes.push(statement);
    }

    /// How many rows wait.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    fn add(&mut self, table: &TableSchema, existing: Existing, cells: Cells) {
        let (columns, values): (Vec<&'static str>, Vec<SqlValue>) = cells.into_iter().unzip();
        let mut tables = TABLES.iter();
        let order = tables.position(|other| other.name == table.name);
        let key = row_key(table, &columns, &values);
        let group = (order.unwrap_or_default(), existing, columns);
        let added = self.groups.entry(group).or_default().put(key, values);
        self.rows += usize::from(added);
    }

    /// Writes everything collected and forgets it.
    pub(super) async fn flush(&mut self, transaction: &mut Transaction) -> Result<()> {
        for delete in self.deletes.drain(..) {
            transaction.execute(&delete).await?;
        }
        for ((order, existing, columns), group) in std::mem::take(&mut self.groups) {
            let Some(table) = TABLES.get(order) else {
                continue;
            };
            let upsert = Upsert {
                dialect: transaction.dialect(),
                table,
                columns: &columns,
                existing,
            };
            self.write_group(transaction, &upsert, group.rows).await?;
        }
        self.rows = 0;
        Ok(())
    }

    async fn write_group(
        &self,
        transaction: &mut Transaction,
        upsert: &Upsert<'_>,
        rows: Vec<Vec<SqlValue>>,
    ) -> Result<()> {
        let sparing = self.sparing && upsert.existing == Existing::Update;
        let size = (VALUES / upsert.columns.len().max(1)).clamp(1, ROWS);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut chunk: Vec<Vec<SqlValue>> = rows.by_ref().take(size).collect();
            if sparing && upsert.table.key_length == 1 {
                drop_unchanged(transaction, upsert, &mut chunk).await?;
            }
            if !chunk.is_empty() {
                write_rows(transaction, upsert, chunk).await?;
            }
        }
        Ok(())
    }
}

/// Writes rows with one statement; when the database refuses it, one by one, to name the row.
async fn write_rows(
    transaction: &mut Transaction,
    upsert: &Upsert<'_>,
    rows: Vec<Vec<SqlValue>>,
) -> Result<()> {
    // PostgreSQL takes no further statement after a refused one
    let guarded = upsert.dialect == Dialect::Postgres;
    if guarded {
        transaction.batch("SAVEPOINT rows").await?;
    }
    let all = upsert.sql(rows.len());
    let Err(error) = transaction.execute_sql(&all, rows.concat()).await else {
        return Ok(());
    };
    if error.is_transient() {
        return Err(error);
    }
    if guarded {
        transaction.batch("ROLLBACK TO SAVEPOINT rows").await?;
    }
    let single = upsert.sql(1);
    for row in rows {
        let key = row_key(upsert.table, upsert.columns, &row);
        let written = transaction.execute_sql(&single, row).await;
        written.map_err(|error| {
            let key = key.trim_end().replace('\n', ", ");
            error.with("table", upsert.table.name).with("key", key)
        })?;
    }
    Err(error)
}

/// The values of a row's primary key, a line each.
fn row_key(table: &TableSchema, columns: &[&str], values: &[SqlValue]) -> String {
    let mut key = String::new();
    for column in table.key() {
        let place = columns.iter().position(|name| *name == column.name);
        match place.and_then(|place| values.get(place)) {
            Some(SqlValue::BigInt(Some(number))) => key.push_str(&number.to_string()),
            Some(SqlValue::String(Some(text))) => key.push_str(text),
            _ => {}
        }
        key.push('\n');
    }
    key
}

/// Drops from `rows` those that exist with the same values; the table's key is one column.
async fn drop_unchanged(
    snapshot: &mut Snapshot,
    upsert: &Upsert<'_>,
    rows: &mut Vec<Vec<SqlValue>>,
) -> Result<()> {
    let (table, columns) = (upsert.table, upsert.columns);
    let key = table.key_name();
    let Some(place) = columns.iter().position(|column| *column == key) else {
        return Ok(());
    };
    let keys: Vec<SqlValue> = rows
        .iter()
        .filter_map(|row| row.get(place).cloned())
        .collect();
    let query = Query::select()
        .columns(columns.iter().copied())
        .from(table.name)
        .and_where(Expr::col(key).is_in(keys))
        .take();
    let existing = snapshot.fetch(&query).await?;
    rows.retain(|row| !existing.iter().any(|old| has_values(old, columns, row)));
    Ok(())
}

fn has_values(row: &Row, columns: &[&str], values: &[SqlValue]) -> bool {
    let mut cells = columns.iter().zip(values);
    cells.all(|(column, value)| match value {
        SqlValue::BigInt(value) => row.opt_int(column).is_ok_and(|old| old == *value),
        SqlValue::Double(value) => row.opt_real(column).is_ok_and(|old| old == *value),
        SqlValue::String(value) => row.opt_text(column).is_ok_and(|old| old == *value),
        _ => false,
    })
}
