//! The columns of a database, as far as change capture depends on them.

use std::collections::HashMap;

use super::source::KeyColumn;
use crate::{
    Error, Result,
    store::{Dialect, Row, Snapshot},
};

/// What a column can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnClass {
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

/// What is known of a column.
struct Column {
    class: ColumnClass,
    /// The character set of text that cannot hold every character.
    narrow: Option<String>,
    /// The collation or type of text that takes for equal what is not the same.
    loose: Option<String>,
}

impl Column {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            class: declared_class(&row.text("type")?),
            narrow: row.opt_text("narrow")?,
            loose: row.opt_text("loose")?,
        })
    }
}

/// The columns of the database's tables and views.
pub(super) struct DatabaseSchema(HashMap<String, HashMap<String, Column>>);

impl DatabaseSchema {
    pub(super) async fn read(snapshot: &mut Snapshot) -> Result<Self> {
        let sql = columns_query(snapshot.dialect());
        let mut tables: HashMap<String, HashMap<String, Column>> = HashMap::new();
        for row in snapshot.fetch_sql(sql, Vec::new()).await? {
            let columns = tables.entry(row.text("tab")?).or_default();
            columns.insert(row.text("col")?, Column::read(&row)?);
        }
        Ok(Self(tables))
    }

    fn columns(&self, table: &str) -> Result<&HashMap<String, Column>> {
        let no_table = || graph_error("the graph names a table that does not exist");
        let columns = self.0.get(table);
        columns.ok_or_else(|| no_table().with("table", table))
    }

    /// The class of a column by which rows are found; text must be compared as it is.
    pub(super) fn key_class(&self, table: &str, column: &str) -> Result<ColumnClass> {
        let no_column = || graph_error("the graph names a column that does not exist");
        let found = self.columns(table)?.get(column);
        let found = found.ok_or_else(|| no_column().with("table", table).with("column", column))?;
        match &found.loose {
            Some(collation) => Err(loose_key(table, column, collation)),
            None => Ok(found.class),
        }
    }

    pub(super) fn require(&self, table: &str, column: &str, expected: ColumnClass) -> Result<()> {
        let found = self.key_class(table, column)?;
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

    /// Every text column of the table must hold every character.
    pub(super) fn require_wide(&self, table: &str) -> Result<()> {
        for (name, column) in self.columns(table)? {
            if let Some(charset) = &column.narrow {
                let message = "a text column of a captured table cannot hold every character";
                let error = graph_error(message).with("table", table);
                return Err(error.with("column", name).with("charset", charset));
            }
        }
        Ok(())
    }
}

/// A text key whose collation is not binary.
pub(super) fn loose_key(table: &str, column: &str, collation: &str) -> Error {
    let message = "a text key takes for equal what is not the same text";
    let error = graph_error(message).with("table", table);
    error.with("column", column).with("collation", collation)
}

pub(super) fn graph_error(message: &'static str) -> Error {
    Error::config("store.install", message)
}

fn columns_query(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "SELECT m.name AS tab, p.name AS col, lower(p.type) AS type, \
             NULL AS narrow, NULL AS loose \
             FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p \
             WHERE m.type IN ('table', 'view')"
        }
        // a column that is declared ASCII is meant for codes
        Dialect::Mysql => {
            "SELECT CAST(TABLE_NAME AS CHAR) AS tab, CAST(COLUMN_NAME AS CHAR) AS col, \
             CAST(DATA_TYPE AS CHAR) AS type, \
             CAST(CASE WHEN CHARACTER_SET_NAME NOT IN ('utf8mb4', 'ascii') \
             THEN CHARACTER_SET_NAME END AS CHAR) AS narrow, \
             CAST(CASE WHEN RIGHT(COLLATION_NAME, 4) <> '_bin' \
             THEN COLLATION_NAME END AS CHAR) AS loose \
             FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
        }
        Dialect::Postgres => {
            "SELECT CAST(c.table_name AS text) AS tab, CAST(c.column_name AS text) AS col, \
             CAST(c.data_type AS text) AS type, \
             CASE WHEN c.data_type IN ('text', 'character varying', 'character') \
             AND current_setting('server_encoding') <> 'UTF8' \
             THEN current_setting('server_encoding') END AS narrow, \
             CASE WHEN c.data_type = 'character' THEN 'char(n)' \
             ELSE (SELECT CAST(p.collname AS text) FROM pg_collation p \
             JOIN pg_namespace n ON n.oid = p.collnamespace \
             WHERE p.collname = c.collation_name AND n.nspname = c.collation_schema \
             AND NOT p.collisdeterministic LIMIT 1) END AS loose \
             FROM information_schema.columns c WHERE c.table_schema = current_schema()"
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
}
