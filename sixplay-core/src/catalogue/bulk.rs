//! Writes many rows with few statements: collected by table and columns, then inserted or updated,
//! parents first.

use std::collections::{BTreeMap, HashMap};

use sea_query::{DeleteStatement, Expr, ExprTrait, Query, Value};

use super::{schema::Table, tables::TABLES};
use crate::{
    Result,
    store::{Dialect, Row, Transaction},
};

/// Rows and values in one statement; SQLite takes 32,766 values.
const ROWS: usize = 250;
const VALUES: usize = 8000;

/// A row on its way: values by column.
pub(super) type Cells = Vec<(&'static str, Value)>;

/// What happens to a row that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mode {
    Keep,
    Update,
}

/// Rows collected for writing; the last of two rows with one key wins.
#[derive(Default)]
pub(super) struct Batch {
    deletes: Vec<DeleteStatement>,
    groups: BTreeMap<(usize, Mode, Vec<&'static str>), Group>,
    rows: usize,
    sparing: bool,
}

#[derive(Default)]
struct Group {
    rows: Vec<Vec<Value>>,
    places: HashMap<String, usize>,
}

impl Batch {
    /// A batch that leaves rows alone which are there already with the same values: what many
    /// documents refer to (a service, an age rating) would otherwise look changed, and all of them
    /// be rendered again.
    pub fn sparing() -> Self {
        Self {
            sparing: true,
            ..Self::default()
        }
    }

    /// Inserts a row or updates the given columns of the one there.
    pub fn put(&mut self, table: &Table, cells: Cells) {
        self.add(table, Mode::Update, cells);
    }

    /// Inserts a row unless one is there.
    pub fn ensure(&mut self, table: &Table, cells: Cells) {
        self.add(table, Mode::Keep, cells);
    }

    /// Deletes before anything is written.
    pub fn delete(&mut self, statement: DeleteStatement) {
        self.deletes.push(statement);
    }

    /// How many rows wait.
    pub fn len(&self) -> usize {
        self.rows
    }

    fn add(&mut self, table: &Table, mode: Mode, cells: Cells) {
        let (columns, values): (Vec<&'static str>, Vec<Value>) = cells.into_iter().unzip();
        let order = TABLES
            .iter()
            .position(|other| other.name == table.name)
            .unwrap_or_default();
        let key = key(table, &columns, &values);
        let group = self.groups.entry((order, mode, columns)).or_default();
        match group
            .places
            .get(&key)
            .and_then(|place| group.rows.get_mut(*place))
        {
            Some(row) => *row = values,
            None => {
                group.places.insert(key, group.rows.len());
                group.rows.push(values);
                self.rows += 1;
            }
        }
    }

    /// Writes everything collected and forgets it.
    pub async fn flush(&mut self, tx: &mut Transaction) -> Result<()> {
        for delete in self.deletes.drain(..) {
            tx.execute(&delete).await?;
        }
        for ((order, mode, columns), group) in std::mem::take(&mut self.groups) {
            let Some(table) = TABLES.get(order) else {
                continue;
            };
            let sparing = self.sparing && mode == Mode::Update && table.primary == 1;
            let size = (VALUES / columns.len().max(1)).clamp(1, ROWS);
            let mut rows = group.rows.into_iter().peekable();
            while rows.peek().is_some() {
                let mut chunk: Vec<Vec<Value>> = rows.by_ref().take(size).collect();
                if sparing {
                    drop_unchanged(tx, table, &columns, &mut chunk).await?;
                }
                if !chunk.is_empty() {
                    write(tx, table, mode, &columns, chunk).await?;
                }
            }
        }
        self.rows = 0;
        Ok(())
    }
}

/// Writes rows with one statement; when the database refuses it, one by one, to name the row.
async fn write(
    tx: &mut Transaction,
    table: &Table,
    mode: Mode,
    columns: &[&'static str],
    rows: Vec<Vec<Value>>,
) -> Result<()> {
    let whole = statement(tx.dialect(), table, mode, columns, rows.len());
    if tx.dialect() == Dialect::Postgres {
        tx.execute_sql("SAVEPOINT whole", Vec::new()).await?;
    }
    let Err(error) = tx.execute_sql(&whole, rows.concat()).await else {
        return Ok(());
    };
    if error.is_transient() {
        return Err(error);
    }
    if tx.dialect() == Dialect::Postgres {
        tx.execute_sql("ROLLBACK TO SAVEPOINT whole", Vec::new())
            .await?;
    }
    let one = statement(tx.dialect(), table, mode, columns, 1);
    for row in rows {
        let key = key(table, columns, &row);
        tx.execute_sql(&one, row).await.map_err(|error| {
            error
                .with("table", table.name)
                .with("key", key.trim_end().replace('\n', ", "))
        })?;
    }
    Err(error)
}

fn key(table: &Table, columns: &[&str], values: &[Value]) -> String {
    let mut key = String::new();
    for column in table.key() {
        let value = columns
            .iter()
            .position(|name| *name == column.name)
            .and_then(|place| values.get(place));
        match value {
            Some(Value::BigInt(Some(number))) => key.push_str(&number.to_string()),
            Some(Value::String(Some(text))) => key.push_str(text),
            _ => {}
        }
        key.push('\n');
    }
    key
}

async fn drop_unchanged(
    tx: &mut Transaction,
    table: &Table,
    columns: &[&'static str],
    rows: &mut Vec<Vec<Value>>,
) -> Result<()> {
    let Some(key) = table.key().first().map(|key| key.name) else {
        return Ok(());
    };
    let Some(place) = columns.iter().position(|column| *column == key) else {
        return Ok(());
    };
    let keys: Vec<Value> = rows
        .iter()
        .filter_map(|row| row.get(place).cloned())
        .collect();
    let query = Query::select()
        .columns(columns.iter().copied())
        .from(table.name)
        .and_where(Expr::col(key).is_in(keys))
        .take();
    let there = tx.fetch(&query).await?;
    rows.retain(|row| {
        !there.iter().any(|old| {
            columns
                .iter()
                .zip(row)
                .all(|(column, value)| same(old, column, value))
        })
    });
    Ok(())
}

fn same(row: &Row, column: &str, value: &Value) -> bool {
    match value {
        Value::BigInt(value) => row.opt_int(column).is_ok_and(|old| old == *value),
        Value::Double(value) => row.opt_real(column).is_ok_and(|old| old == *value),
        Value::String(value) => row.opt_text(column).is_ok_and(|old| old == *value),
        _ => false,
    }
}

/// `INSERT … VALUES (…), (…)`: written by hand because building it value by value costs more than
/// running it.
fn statement(
    dialect: Dialect,
    table: &Table,
    mode: Mode,
    columns: &[&'static str],
    rows: usize,
) -> String {
    let quote = |name: &str| {
        if dialect == Dialect::Mysql {
            format!("`{name}`")
        } else {
            format!("\"{name}\"")
        }
    };
    let names: Vec<String> = columns.iter().map(|column| quote(column)).collect();
    let mut sql = format!(
        "INSERT INTO {} ({}) VALUES ",
        quote(table.name),
        names.join(", ")
    );
    let mut number = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns.len() {
            number += 1;
            sql.push_str(if column == 0 { "" } else { ", " });
            if dialect == Dialect::Postgres {
                sql.push_str(&format!("${number}"));
            } else {
                sql.push('?');
            }
        }
        sql.push(')');
    }
    sql + &conflict(dialect, table, mode, columns, quote)
}

fn conflict(
    dialect: Dialect,
    table: &Table,
    mode: Mode,
    columns: &[&'static str],
    quote: impl Fn(&str) -> String,
) -> String {
    let keys: Vec<String> = table
        .key()
        .iter()
        .map(|column| quote(column.name))
        .collect();
    let is_key = |name: &str| table.key().iter().any(|key| key.name == name);
    let changed: Vec<String> = columns
        .iter()
        .filter(|name| mode == Mode::Update && !is_key(name))
        .map(|name| quote(name))
        .collect();
    let assign = |names: &[String], new: fn(&str) -> String| {
        names
            .iter()
            .map(|name| format!("{name} = {}", new(name)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (dialect, changed.is_empty()) {
        (Dialect::Mysql, true) => format!(
            " ON DUPLICATE KEY UPDATE {}",
            assign(keys.get(..1).unwrap_or_default(), str::to_owned)
        ),
        (Dialect::Mysql, false) => format!(
            " ON DUPLICATE KEY UPDATE {}",
            assign(&changed, |name| format!("VALUES({name})"))
        ),
        (_, true) => format!(" ON CONFLICT ({}) DO NOTHING", keys.join(", ")),
        (_, false) => format!(
            " ON CONFLICT ({}) DO UPDATE SET {}",
            keys.join(", "),
            assign(&changed, |name| format!("excluded.{name}"))
        ),
    }
}
