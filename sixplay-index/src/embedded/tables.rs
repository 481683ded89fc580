//! The tables: which indices and aliases there are, and those of each index.

use std::collections::BTreeMap;

use sixplay_core::{
    Error, Result,
    store::{Store, Transaction},
};

use super::{corrupt, json, missing, shape::Shape};
use crate::IndexInfo;

/// Numbers are never used again, so that a cached shape stays true.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS sixplay_index(number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, shape TEXT NOT NULL, meta TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sixplay_index_alias(name TEXT PRIMARY KEY, target TEXT NOT NULL REFERENCES sixplay_index(name)) WITHOUT ROWID;";

pub(super) async fn install(store: &Store) -> Result<()> {
    let known = "SELECT 1 AS known FROM sqlite_master WHERE name = 'sixplay_index_alias'";
    if !store
        .snapshot()
        .await?
        .fetch_sql(known, Vec::new())
        .await?
        .is_empty()
    {
        return Ok(());
    }
    let mut tx = store.begin().await?;
    tx.batch(SCHEMA).await?;
    tx.commit().await
}

/// The number of the index with that name or alias.
pub(super) async fn find(tx: &mut Transaction, name: &str) -> Result<Option<i64>> {
    let sql = "SELECT number FROM sixplay_index WHERE name = coalesce((SELECT target FROM sixplay_index_alias WHERE name = ?1), ?1)";
    number(tx, sql, name).await
}

/// The number of the index with that name.
pub(super) async fn exact(tx: &mut Transaction, name: &str) -> Result<Option<i64>> {
    number(tx, "SELECT number FROM sixplay_index WHERE name = ?", name).await
}

async fn number(tx: &mut Transaction, sql: &str, name: &str) -> Result<Option<i64>> {
    tx.fetch_sql(sql, vec![name.into()])
        .await?
        .first()
        .map(|row| row.int("number"))
        .transpose()
}

/// The index that the alias points to.
pub(super) async fn target(tx: &mut Transaction, alias: &str) -> Result<Option<String>> {
    let rows = tx
        .fetch_sql(
            "SELECT target FROM sixplay_index_alias WHERE name = ?",
            vec![alias.into()],
        )
        .await?;
    rows.first().map(|row| row.text("target")).transpose()
}

pub(super) async fn shape(tx: &mut Transaction, number: i64) -> Result<Shape> {
    let rows = tx
        .fetch_sql(
            "SELECT shape FROM sixplay_index WHERE number = ?",
            vec![number.into()],
        )
        .await?;
    let shape = rows
        .first()
        .ok_or_else(|| missing("index.find"))?
        .text("shape")?;
    Ok(Shape {
        number,
        ..serde_json::from_str(&shape).map_err(corrupt)?
    })
}

pub(super) async fn count(tx: &mut Transaction, shape: &Shape) -> Result<u64> {
    let rows = tx
        .fetch_sql(
            &format!("SELECT count(*) AS total FROM {}", shape.objects(0)),
            Vec::new(),
        )
        .await?;
    rows.first()
        .map_or(Ok(0), |row| Ok(row.int("total")?.unsigned_abs()))
}

pub(super) async fn create(
    tx: &mut Transaction,
    name: &str,
    shape: &Shape,
    meta: &BTreeMap<String, String>,
) -> Result<()> {
    if find(tx, name).await?.is_some() {
        return Err(Error::conflict(
            "index.create",
            "an index or alias has this name",
        ));
    }
    let sql = "INSERT INTO sixplay_index(name, shape, meta) VALUES (?, ?, ?) RETURNING number";
    let rows = tx
        .fetch_sql(sql, vec![name.into(), json(shape)?, json(meta)?])
        .await?;
    let number = rows
        .first()
        .ok_or_else(|| missing("index.create"))?
        .int("number")?;
    let shape = Shape {
        number,
        scopes: shape.scopes.clone(),
    };
    let mut ddl = format!(
        "CREATE TABLE {}(num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, body TEXT);",
        shape.documents()
    );
    for (number, scope) in shape.scopes.iter().enumerate() {
        let (objects, terms) = (shape.objects(number), shape.terms(number));
        let columns: String = scope
            .columns()
            .map(|field| format!(", a{field}, b{field}"))
            .collect();
        ddl += &format!(
            "CREATE TABLE {objects}(num INTEGER PRIMARY KEY{columns});
             CREATE TABLE {terms}(field INTEGER, term, num INTEGER, PRIMARY KEY(field, term, num)) WITHOUT ROWID;
             CREATE INDEX {terms}_num ON {terms}(num);"
        );
    }
    tx.batch(&ddl).await
}

pub(super) async fn remove(tx: &mut Transaction, name: &str, shape: &Shape) -> Result<()> {
    let mut ddl = format!("DROP TABLE {};", shape.documents());
    for scope in 0..shape.scopes.len() {
        ddl += &format!(
            "DROP TABLE {}; DROP TABLE {};",
            shape.objects(scope),
            shape.terms(scope)
        );
    }
    tx.execute_sql(
        "DELETE FROM sixplay_index_alias WHERE target = ?",
        vec![name.into()],
    )
    .await?;
    tx.execute_sql(
        "DELETE FROM sixplay_index WHERE name = ?",
        vec![name.into()],
    )
    .await?;
    tx.batch(&ddl).await
}

pub(super) async fn list(tx: &mut Transaction, prefix: &str) -> Result<Vec<IndexInfo>> {
    // `~` sorts after every character that a name may have
    let sql = "SELECT i.name, i.meta, (SELECT json_group_array(a.name) FROM sixplay_index_alias a WHERE a.target = i.name) AS aliases
               FROM sixplay_index i WHERE i.name >= ?1 AND i.name < ?1 || '~' ORDER BY i.name";
    let info = |row: &sixplay_core::store::Row| {
        let mut aliases: Vec<String> =
            serde_json::from_str(&row.text("aliases")?).map_err(corrupt)?;
        aliases.sort();
        Ok(IndexInfo {
            name: row.text("name")?,
            aliases,
            meta: serde_json::from_str(&row.text("meta")?).map_err(corrupt)?,
        })
    };
    tx.fetch_sql(sql, vec![prefix.into()])
        .await?
        .iter()
        .map(info)
        .collect()
}

pub(super) async fn swap(
    tx: &mut Transaction,
    alias: &str,
    from: Option<&str>,
    to: &str,
) -> Result<()> {
    if exact(tx, alias).await?.is_some() {
        return Err(Error::invalid(
            "index.swap",
            "an index has the alias's name",
        ));
    }
    let current = target(tx, alias).await?;
    if current.as_deref() != from {
        let error = Error::conflict("index.swap", "the alias points elsewhere");
        return Err(error
            .with("expected", from.unwrap_or("nothing"))
            .with("found", current.as_deref().unwrap_or("nothing")));
    }
    if exact(tx, to).await?.is_none() {
        return Err(missing("index.swap").with("to", to));
    }
    let sql = "INSERT INTO sixplay_index_alias(name, target) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET target = excluded.target";
    tx.execute_sql(sql, vec![alias.into(), to.into()])
        .await
        .map(drop)
}

impl Shape {
    pub fn documents(&self) -> String {
        format!("sixplay_index_d{}", self.number)
    }

    pub fn objects(&self, scope: usize) -> String {
        format!("sixplay_index_s{}_{scope}", self.number)
    }

    pub fn terms(&self, scope: usize) -> String {
        format!("sixplay_index_t{}_{scope}", self.number)
    }
}
