//! The check of a source's dependency graph against the database: every table, column and join
//! exists and fits.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    schema::{ColumnClass, DatabaseSchema, graph_error, loose_key},
    source::{CapturedTable, Hop, Kind, Reach, Source},
};
use crate::{
    Error, Result,
    store::{Dialect, Snapshot},
};

/// Checks `source`; the first thing that does not fit is the error.
pub(super) async fn check_graph(snapshot: &mut Snapshot, source: &dyn Source) -> Result<()> {
    check_name("source", source.name())?;
    let schema = DatabaseSchema::read(snapshot).await?;
    let kinds = check_kinds(&schema, source.kinds())?;
    let mut names = HashSet::new();
    for table in source.tables() {
        if !names.insert(table.name) {
            return Err(graph_error("a table is declared twice").with("table", table.name));
        }
        check_table(&schema, &kinds, source.name(), table)?;
    }
    for kind in source.kinds() {
        require_captured(kind, source.tables())?;
    }
    match snapshot.dialect() {
        Dialect::Mysql => {
            refuse_cascades(snapshot, &names).await?;
            refuse_engines(snapshot, &names).await
        }
        Dialect::Sqlite => refuse_loose_keys(snapshot, &schema, source).await,
        Dialect::Postgres => Ok(()),
    }
}

fn check_kinds<'a>(
    schema: &DatabaseSchema,
    declared: &'a [Kind],
) -> Result<HashMap<&'a str, &'a Kind>> {
    let mut kinds = HashMap::new();
    for kind in declared {
        check_name("kind", kind.name)?;
        schema.require(kind.table, kind.key.name(), kind.key.into())?;
        if kinds.insert(kind.name, kind).is_some() {
            return Err(graph_error("a kind is declared twice").with("kind", kind.name));
        }
    }
    Ok(kinds)
}

/// A change of a root's own row must reach the root, or the document would go stale in silence.
fn require_captured(kind: &Kind, tables: &[CapturedTable]) -> Result<()> {
    let is_own =
        |reach: &Reach| reach.kind == kind.name && reach.hops.is_empty() && reach.key == kind.key;
    let own = tables.iter().find(|table| table.name == kind.table);
    let missing = match own {
        Some(table) if table.reaches.iter().any(is_own) => return Ok(()),
        Some(_) => "the kind's own table has no reach from its key to the kind",
        None => "the kind's own table is not captured",
    };
    let error = graph_error(missing).with("kind", kind.name);
    Err(error.with("table", kind.table))
}

fn check_table(
    schema: &DatabaseSchema,
    kinds: &HashMap<&str, &Kind>,
    source: &str,
    table: &CapturedTable,
) -> Result<()> {
    check_name("table", table.name)?;
    // PostgreSQL cuts names at 63 bytes; the longest is `sixplay_SOURCE_TABLE_i`
    if source.len() + table.name.len() > 52 {
        let message = "the names of source and table are too long together: at most 52 bytes";
        return Err(graph_error(message).with("table", table.name));
    }
    if table.keys.is_empty() {
        return Err(graph_error("a captured table logs no key").with("table", table.name));
    }
    for key in &table.keys {
        check_name("column", key.name())?;
        schema.require(table.name, key.name(), (*key).into())?;
    }
    schema.require_wide(table.name)?;
    let named = |error: Error| error.with("captured", table.name);
    let mut reaches = table.reaches.iter();
    reaches.try_for_each(|reach| check_reach(schema, kinds, table, reach).map_err(named))
}

fn check_reach(
    schema: &DatabaseSchema,
    kinds: &HashMap<&str, &Kind>,
    table: &CapturedTable,
    reach: &Reach,
) -> Result<()> {
    let unknown = || graph_error("a path leads to an unknown kind").with("kind", reach.kind);
    let kind = kinds.get(reach.kind).ok_or_else(unknown)?;
    if !table.keys.contains(&reach.key) {
        let error = graph_error("a path begins at a key that is not logged");
        return Err(error.with("column", reach.key.name()));
    }
    let mut class = ColumnClass::from(reach.key);
    for Hop { table, from, to } in &reach.hops {
        schema.require(table, from, class)?;
        class = schema.key_class(table, to)?;
    }
    if class == ColumnClass::from(kind.key) {
        return Ok(());
    }
    let error = graph_error("a path ends at a column of another type than the kind's ids");
    Err(error
        .with("kind", reach.kind)
        .with("type", format!("{class:?}")))
}

const CASCADES: &str = "SELECT CAST(TABLE_NAME AS CHAR) AS name, \
     CAST(CONSTRAINT_NAME AS CHAR) AS rule FROM information_schema.REFERENTIAL_CONSTRAINTS \
     WHERE CONSTRAINT_SCHEMA = DATABASE() \
     AND (DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL'))";

/// A cascade changes the child rows without firing their triggers.
async fn refuse_cascades(snapshot: &mut Snapshot, captured: &HashSet<&str>) -> Result<()> {
    let message = "a captured table has a cascading foreign key, \
                   for which MySQL and MariaDB fire no triggers";
    for row in snapshot.fetch_sql(CASCADES, Vec::new()).await? {
        let name = row.text("name")?;
        if captured.contains(name.as_str()) {
            let error = graph_error(message).with("table", name);
            return Err(error.with("constraint", row.text("rule")?));
        }
    }
    Ok(())
}

const ENGINES: &str = "SELECT CAST(t.TABLE_NAME AS CHAR) AS name, CAST(t.ENGINE AS CHAR) AS engine \
     FROM information_schema.TABLES t JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE \
     WHERE t.TABLE_SCHEMA = DATABASE() AND e.TRANSACTIONS = 'NO'";

/// What a transaction rolls back stays in such a table, and its log row does not.
async fn refuse_engines(snapshot: &mut Snapshot, captured: &HashSet<&str>) -> Result<()> {
    for row in snapshot.fetch_sql(ENGINES, Vec::new()).await? {
        let name = row.text("name")?;
        if captured.contains(name.as_str()) {
            let error = graph_error("a captured table's engine has no transactions: use InnoDB");
            let error = error.with("table", name);
            return Err(error.with("engine", row.text("engine")?));
        }
    }
    Ok(())
}

/// SQLite tells a column's collation only by how it compares.
async fn refuse_loose_keys(
    snapshot: &mut Snapshot,
    schema: &DatabaseSchema,
    source: &dyn Source,
) -> Result<()> {
    for (table, column) in text_keys(schema, source)? {
        let sql = format!(
            "SELECT x IN ('A', 'a ') AS loose FROM \
             (SELECT \"{column}\" AS x FROM \"{table}\" WHERE 0 UNION ALL SELECT 'a')"
        );
        if snapshot.fetch_sql(&sql, Vec::new()).await?[0].flag("loose")? {
            return Err(loose_key(table, column, "NOCASE, RTRIM or another"));
        }
    }
    Ok(())
}

/// The columns of text, in tables that exist, by which roots are told apart or found.
fn text_keys<'a>(
    schema: &DatabaseSchema,
    source: &'a dyn Source,
) -> Result<BTreeSet<(&'a str, &'a str)>> {
    let kinds = source.kinds().iter();
    let mut columns: BTreeSet<_> = kinds.map(|kind| (kind.table, kind.key.name())).collect();
    for table in source.tables() {
        columns.extend(table.keys.iter().map(|key| (table.name, key.name())));
        let hops = table.reaches.iter().flat_map(|reach| &reach.hops);
        columns.extend(hops.flat_map(|hop| [(hop.table, hop.from), (hop.table, hop.to)]));
    }
    let mut texts = BTreeSet::new();
    for (table, column) in columns {
        if schema.key_class(table, column)? == ColumnClass::Text {
            texts.insert((table, column));
        }
    }
    Ok(texts)
}

/// Kinds name indexes, so they are lower case; the other names may be in any.
fn check_name(what: &'static str, name: &str) -> Result<()> {
    let any_case = what != "kind";
    let begins =
        |c: char| c.is_ascii_lowercase() || any_case && (c == '_' || c.is_ascii_uppercase());
    let continues = |c: char| begins(c) || c == '_' || c.is_ascii_digit();
    if name.starts_with(begins) && name.chars().all(continues) && name.len() <= 63 {
        return Ok(());
    }
    let message = "a name is empty, too long or has characters other than letters, digits and _";
    Err(graph_error(message).with(what, format!("{name:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_lower_case_as_they_name_indexes() {
        assert!(check_name("kind", "book").is_ok());
        assert!(check_name("table", "BookAuthor").is_ok());
        assert!(check_name("kind", "Book").is_err());
        assert!(check_name("table", "a'b").is_err());
        assert!(check_name("table", "").is_err());
    }
}
