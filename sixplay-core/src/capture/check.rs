//! The check of a source's dependency graph against the database: every table, column and join
//! exists and fits.

use std::collections::{HashMap, HashSet};

use super::source::{CapturedTable, Hop, KeyColumn, Kind, Reach, Source};
use crate::{
    Error, Result,
    store::{Dialect, Snapshot},
};

/// What a column can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnClass {
    Int,
    Text,
    Other,
}

impl From<KeyColumn> for ColumnClass {
    fn from(column: KeyColumn) -> Self {
        match column {
            KeyColumn::Int(_) => Self::Int,
            KeyColumn::Text(_) => Self::Text,
        }
    }
}

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
        Dialect::Mysql => refuse_cascades(snapshot, &names).await,
        _ => Ok(()),
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
        class = schema.class_of(table, to)?;
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

/// The columns of the database's tables.
struct DatabaseSchema(HashMap<String, HashMap<String, ColumnClass>>);

impl DatabaseSchema {
    async fn read(snapshot: &mut Snapshot) -> Result<Self> {
        let sql = columns_query(snapshot.dialect());
        let mut tables: HashMap<String, HashMap<String, ColumnClass>> = HashMap::new();
        for row in snapshot.fetch_sql(sql, Vec::new()).await? {
            let columns = tables.entry(row.text("tab")?).or_default();
            columns.insert(row.text("col")?, declared_class(&row.text("type")?));
        }
        Ok(Self(tables))
    }

    fn class_of(&self, table: &str, column: &str) -> Result<ColumnClass> {
        let no_table = || graph_error("the graph names a table that does not exist");
        let no_column = || graph_error("the graph names a column that does not exist");
        let columns = self.0.get(table);
        let columns = columns.ok_or_else(|| no_table().with("table", table))?;
        let class = columns.get(column).copied();
        class.ok_or_else(|| no_column().with("table", table).with("column", column))
    }

    fn require(&self, table: &str, column: &str, expected: ColumnClass) -> Result<()> {
        let found = self.class_of(table, column)?;
        if found == expected {
            return Ok(());
        }
        Err(
            graph_error("a column has another type than the graph needs")
                .with("table", table)
                .with("column", column)
                .with("expected", format!("{expected:?}"))
                .with("found", format!("{found:?}")),
        )
    }
}

fn columns_query(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "SELECT m.name AS tab, p.name AS col, lower(p.type) AS type \
             FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p \
             WHERE m.type IN ('table', 'view')"
        }
        Dialect::Mysql => {
            "SELECT CAST(TABLE_NAME AS CHAR) AS tab, CAST(COLUMN_NAME AS CHAR) AS col, \
             CAST(DATA_TYPE AS CHAR) AS type FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE()"
        }
        Dialect::Postgres => {
            "SELECT CAST(table_name AS text) AS tab, CAST(column_name AS text) AS col, \
             CAST(data_type AS text) AS type FROM information_schema.columns \
             WHERE table_schema = current_schema()"
        }
    }
}

fn declared_class(declared: &str) -> ColumnClass {
    let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
    match declared {
        // `interval` and `point` are no integers
        _ if declared.starts_with("interval") || declared.contains("point") => ColumnClass::Other,
        _ if has(&["int", "serial"]) => ColumnClass::Int,
        _ if has(&["char", "text", "clob", "enum"]) => ColumnClass::Text,
        _ => ColumnClass::Other,
    }
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

fn graph_error(message: &'static str) -> Error {
    Error::config("store.install", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_fall_into_integers_and_texts() {
        for declared in [
            "int",
            "bigint",
            "integer",
            "smallint",
            "tinyint",
            "int unsigned",
        ] {
            assert_eq!(declared_class(declared), ColumnClass::Int, "{declared}");
        }
        for declared in [
            "varchar(255)",
            "character varying",
            "text",
            "longtext",
            "char(3)",
        ] {
            assert_eq!(declared_class(declared), ColumnClass::Text, "{declared}");
        }
        for declared in [
            "interval",
            "uuid",
            "double precision",
            "blob",
            "date",
            "point",
        ] {
            assert_eq!(declared_class(declared), ColumnClass::Other, "{declared}");
        }
    }

    #[test]
    fn kinds_are_lower_case_as_they_name_indexes() {
        assert!(check_name("kind", "book").is_ok());
        assert!(check_name("table", "BookAuthor").is_ok());
        assert!(check_name("kind", "Book").is_err());
        assert!(check_name("table", "a'b").is_err());
        assert!(check_name("table", "").is_err());
    }
}
