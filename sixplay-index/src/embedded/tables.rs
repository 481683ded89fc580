//! The tables: which indices and aliases there are, and those of each index.

use std::collections::BTreeMap;

use sixplay_core::{Error, Result, Row, Snapshot, Store, Transaction};

use super::{json_value, no_index, no_json, shape::IndexShape};
use crate::{IndexInfo, Swap};

/// Numbers are never used again, so that a cached shape stays true.
const REGISTRY: &str = "
CREATE TABLE IF NOT EXISTS sixplay_index(
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    shape TEXT NOT NULL, meta TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sixplay_index_alias(
    name TEXT PRIMARY KEY, target TEXT NOT NULL REFERENCES sixplay_index(name)) WITHOUT ROWID;";

/// Makes the two tables of indices and aliases unless they are there.
pub(super) async fn install_registry(store: &Store) -> Result<()> {
    let known = "SELECT 1 AS known FROM sqlite_master WHERE name = 'sixplay_index_alias'";
    let mut snapshot = store.read().await?;
    let installed = !snapshot.fetch_sql(known, Vec::new()).await?.is_empty();
    drop(snapshot);
    if installed {
        return Ok(());
    }
    let mut transaction = store.write().await?;
    transaction.batch(REGISTRY).await?;
    transaction.commit().await
}

/// The number of the index with that name or alias.
pub(super) async fn find_number(snapshot: &mut Snapshot, name: &str) -> Result<Option<i64>> {
    let sql = "SELECT number FROM sixplay_index WHERE name = coalesce(
                   (SELECT target FROM sixplay_index_alias WHERE name = ?1), ?1)";
    fetch_number(snapshot, sql, name).await
}

/// The number of the index with that name.
pub(super) async fn number_of_index(snapshot: &mut Snapshot, name: &str) -> Result<Option<i64>> {
    let sql = "SELECT number FROM sixplay_index WHERE name = ?";
    fetch_number(snapshot, sql, name).await
}

/// The number in the answer's only row.
async fn fetch_number(snapshot: &mut Snapshot, sql: &str, name: &str) -> Result<Option<i64>> {
    let rows = snapshot.fetch_sql(sql, vec![name.into()]).await?;
    rows.first().map(|row| row.int("number")).transpose()
}

/// The index that the alias points to.
pub(super) async fn index_behind(snapshot: &mut Snapshot, alias: &str) -> Result<Option<String>> {
    let sql = "SELECT target FROM sixplay_index_alias WHERE name = ?";
    let rows = snapshot.fetch_sql(sql, vec![alias.into()]).await?;
    rows.first().map(|row| row.text("target")).transpose()
}

/// The shape of the index with that number.
pub(super) async fn read_shape(snapshot: &mut Snapshot, number: i64) -> Result<IndexShape> {
    let sql = "SELECT shape FROM sixplay_index WHERE number = ?";
    let rows = snapshot.fetch_sql(sql, vec![number.into()]).await?;
    let row = rows.first().ok_or_else(|| no_index("index.find"))?;
    let shape: IndexShape = serde_json::from_str(&row.text("shape")?).map_err(no_json)?;
    Ok(IndexShape { number, ..shape })
}

/// Registers the index and makes its tables.
pub(super) async fn create_index(
    transaction: &mut Transaction,
    name: &str,
    shape: IndexShape,
    meta: &BTreeMap<String, String>,
) -> Result<()> {
    if find_number(transaction, name).await?.is_some() {
        let message = "an index or alias has this name";
        return Err(Error::conflict("index.create", message));
    }
    let number = register_index(transaction, name, &shape, meta).await?;
    let tables = definition_of(&IndexShape { number, ..shape });
    transaction.batch(&tables).await
}

/// Enters the index among the others; the answer is its number.
async fn register_index(
    transaction: &mut Transaction,
    name: &str,
    shape: &IndexShape,
    meta: &BTreeMap<String, String>,
) -> Result<i64> {
    let sql = "INSERT INTO sixplay_index(name, shape, meta) VALUES (?, ?, ?) RETURNING number";
    let values = vec![name.into(), json_value(shape)?, json_value(meta)?];
    let rows = transaction.fetch_sql(sql, values).await?;
    let row = rows.first().ok_or_else(|| no_index("index.create"))?;
    row.int("number")
}

/// The statements that make an index's own tables.
fn definition_of(shape: &IndexShape) -> String {
    let mut sql = format!(
        "CREATE TABLE {}(
             num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
             version INTEGER NOT NULL, body TEXT);",
        shape.documents_table()
    );
    for (number, scope) in shape.scopes.iter().enumerate() {
        let (objects, terms) = (shape.objects_table(number), shape.terms_table(number));
        let columns = scope.column_list();
        sql += &format!(
            "CREATE TABLE {objects}(num INTEGER PRIMARY KEY{columns});
             CREATE TABLE {terms}(
                 field INTEGER, term, num INTEGER, PRIMARY KEY(field, term, num)) WITHOUT ROWID;
             CREATE INDEX {terms}_num ON {terms}(num);"
        );
    }
    sql
}

/// Removes the index, its tables and the aliases that point to it.
pub(super) async fn remove_index(
    transaction: &mut Transaction,
    name: &str,
    shape: &IndexShape,
) -> Result<()> {
    for sql in [
        "DELETE FROM sixplay_index_alias WHERE target = ?",
        "DELETE FROM sixplay_index WHERE name = ?",
    ] {
        transaction.execute_sql(sql, vec![name.into()]).await?;
    }
    let mut sql = format!("DROP TABLE {};", shape.documents_table());
    for scope in 0..shape.scopes.len() {
        let (objects, terms) = (shape.objects_table(scope), shape.terms_table(scope));
        sql += &format!("DROP TABLE {objects}; DROP TABLE {terms};");
    }
    transaction.batch(&sql).await
}

/// The indices whose names begin with `prefix`, with their aliases.
pub(super) async fn list_indices(snapshot: &mut Snapshot, prefix: &str) -> Result<Vec<IndexInfo>> {
    // `~` sorts after every character that a name may have
    let sql = "SELECT i.name, i.meta, (
                   SELECT json_group_array(a.name) FROM sixplay_index_alias a
                   WHERE a.target = i.name) AS aliases
               FROM sixplay_index i WHERE i.name >= ?1 AND i.name < ?1 || '~' ORDER BY i.name";
    let rows = snapshot.fetch_sql(sql, vec![prefix.into()]).await?;
    rows.iter().map(read_info).collect()
}

fn read_info(row: &Row) -> Result<IndexInfo> {
    let aliases = row.text("aliases")?;
    let mut aliases: Vec<String> = serde_json::from_str(&aliases).map_err(no_json)?;
    aliases.sort();
    Ok(IndexInfo {
        name: row.text("name")?,
        aliases,
        meta: serde_json::from_str(&row.text("meta")?).map_err(no_json)?,
    })
}

/// Points the alias to its new index.
pub(super) async fn move_alias(transaction: &mut Transaction, swap: &Swap) -> Result<()> {
    require_alias_on(transaction, &swap.alias, swap.from.as_deref()).await?;
    if number_of_index(transaction, &swap.to).await?.is_none() {
        return Err(no_index("index.swap").with("to", &swap.to));
    }
    let sql = "INSERT INTO sixplay_index_alias(name, target) VALUES (?, ?)
               ON CONFLICT(name) DO UPDATE SET target = excluded.target";
    let values = vec![swap.alias.as_str().into(), swap.to.as_str().into()];
    transaction.execute_sql(sql, values).await.map(drop)
}

/// Refuses to move an alias from where it is not.
async fn require_alias_on(
    snapshot: &mut Snapshot,
    alias: &str,
    expected: Option<&str>,
) -> Result<()> {
    if number_of_index(snapshot, alias).await?.is_some() {
        let message = "an index has the alias's name";
        return Err(Error::invalid("index.swap", message));
    }
    let found = index_behind(snapshot, alias).await?;
    if found.as_deref() == expected {
        return Ok(());
    }
    let error = Error::conflict("index.swap", "the alias points elsewhere");
    Err(error
        .with("expected", expected.unwrap_or("nothing"))
        .with("found", found.as_deref().unwrap_or("nothing")))
}
