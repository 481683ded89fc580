//! The check of a source's dependency graph against the database: every table, column and join
//! exists and fits.

use std::collections::{HashMap, HashSet};

use super::{Dialect, Transaction};
use crate::{
    Error, Result,
    source::{Column, Hop, Kind, Reach, Source, Table},
};

/// What a column can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Int,
    Text,
    Other,
}

impl From<Column> for Class {
    fn from(column: Column) -> Self {
        match column {
            Column::Int(_) => Self::Int,
            Column::Text(_) => Self::Text,
        }
    }
}

/// Checks `source`; the first thing that does not fit is the error.
pub(super) async fn check(reader: &mut Transaction, source: &dyn Source) -> Result<()> {
    identifier("source", source.name())?;
    let schema = Schema::read(reader).await?;
    let mut kinds = HashMap::new();
    for kind in source.kinds() {
        identifier("kind", kind.name)?;
        schema.expect(kind.table, kind.key.name(), kind.key.into())?;
        if kinds.insert(kind.name, kind).is_some() {
            return Err(wrong("a kind is declared twice").with("kind", kind.name));
        }
    }
    let mut names = HashSet::new();
    for table in source.tables() {
        if !names.insert(table.name) {
            return Err(wrong("a table is declared twice").with("table", table.name));
        }
        check_table(&schema, &kinds, source.name(), table)?;
    }
    if reader.dialect() == Dialect::Mysql {
        cascades(reader, &names).await
    } else {
        Ok(())
    }
}

fn check_table(
    schema: &Schema,
    kinds: &HashMap<&str, &Kind>,
    source: &str,
    table: &Table,
) -> Result<()> {
    identifier("table", table.name)?;
    // PostgreSQL cuts names at 63 bytes; the longest is `sixplay_SOURCE_TABLE_i`
    if source.len() + table.name.len() > 52 {
        return Err(
            wrong("the names of source and table are too long together: at most 52 bytes")
                .with("table", table.name),
        );
    }
    if table.keys.is_empty() {
        return Err(wrong("a captured table logs no key").with("table", table.name));
    }
    for key in &table.keys {
        identifier("column", key.name())?;
        schema.expect(table.name, key.name(), (*key).into())?;
    }
    table.reaches.iter().try_for_each(|reach| {
        check_reach(schema, kinds, table, reach).map_err(|error| error.with("captured", table.name))
    })
}

fn check_reach(
    schema: &Schema,
    kinds: &HashMap<&str, &Kind>,
    table: &Table,
    reach: &Reach,
) -> Result<()> {
    let kind = kinds
        .get(reach.kind)
        .ok_or_else(|| wrong("a path leads to an unknown kind").with("kind", reach.kind))?;
    if !table.keys.contains(&reach.key) {
        return Err(
            wrong("a path begins at a key that is not logged").with("column", reach.key.name())
        );
    }
    let mut class = Class::from(reach.key);
    for Hop { table, from, to } in &reach.hops {
        schema.expect(table, from, class)?;
        class = schema.class(table, to)?;
    }
    if class == Class::from(kind.key) {
        return Ok(());
    }
    Err(
        wrong("a path ends at a column of another type than the kind's ids")
            .with("kind", reach.kind)
            .with("type", format!("{class:?}")),
    )
}

/// A cascade changes the child rows without firing their triggers.
async fn cascades(reader: &mut Transaction, captured: &HashSet<&str>) -> Result<()> {
    let sql = "SELECT CAST(TABLE_NAME AS CHAR) AS name, CAST(CONSTRAINT_NAME AS CHAR) AS rule FROM information_schema.REFERENTIAL_CONSTRAINTS \
               WHERE CONSTRAINT_SCHEMA = DATABASE() AND (DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL'))";
    for row in reader.fetch_sql(sql, Vec::new()).await? {
        let name = row.text("name")?;
        if captured.contains(name.as_str()) {
            let error = wrong(
                "a captured table has a cascading foreign key, for which MySQL and MariaDB fire no triggers",
            );
            return Err(error
                .with("table", name)
                .with("constraint", row.text("rule")?));
        }
    }
    Ok(())
}

/// The columns of the database's tables.
struct Schema(HashMap<String, HashMap<String, Class>>);

impl Schema {
    async fn read(reader: &mut Transaction) -> Result<Self> {
        let sql = match reader.dialect() {
            Dialect::Sqlite => {
                "SELECT m.name AS tab, p.name AS col, lower(p.type) AS type FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p \
                 WHERE m.type IN ('table', 'view')"
            }
            Dialect::Mysql => {
                "SELECT CAST(TABLE_NAME AS CHAR) AS tab, CAST(COLUMN_NAME AS CHAR) AS col, CAST(DATA_TYPE AS CHAR) AS type \
                 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
            }
            Dialect::Postgres => {
                "SELECT CAST(table_name AS text) AS tab, CAST(column_name AS text) AS col, CAST(data_type AS text) AS type \
                 FROM information_schema.columns WHERE table_schema = current_schema()"
            }
        };
        let mut tables: HashMap<String, HashMap<String, Class>> = HashMap::new();
        for row in reader.fetch_sql(sql, Vec::new()).await? {
            tables
                .entry(row.text("tab")?)
                .or_default()
                .insert(row.text("col")?, class(&row.text("type")?));
        }
        Ok(Self(tables))
    }

    fn class(&self, table: &str, column: &str) -> Result<Class> {
        let columns = self.0.get(table).ok_or_else(|| {
            wrong("the graph names a table that does not exist").with("table", table)
        })?;
        let missing = || {
            wrong("the graph names a column that does not exist")
                .with("table", table)
                .with("column", column)
        };
        columns.get(column).copied().ok_or_else(missing)
    }

    fn expect(&self, table: &str, column: &str, expected: Class) -> Result<()> {
        let found = self.class(table, column)?;
        if found == expected {
            return Ok(());
        }
        let error = wrong("a column has another type than the graph needs")
            .with("table", table)
            .with("column", column);
        Err(error
            .with("expected", format!("{expected:?}"))
            .with("found", format!("{found:?}")))
    }
}

fn class(declared: &str) -> Class {
    let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
    match declared {
        // `interval` and `point` are no integers
        _ if declared.starts_with("interval") || declared.contains("point") => Class::Other,
        _ if has(&["int", "serial"]) => Class::Int,
        _ if has(&["char", "text", "clob", "enum"]) => Class::Text,
        _ => Class::Other,
    }
}

fn identifier(what: &'static str, name: &str) -> Result<()> {
    let starts = name.starts_with(|c: char| {
        c.is_ascii_lowercase() || (what != "kind" && (c == '_' || c.is_ascii_uppercase()))
    });
    let plain = name.chars().all(|c| {
        c == '_'
            || c.is_ascii_digit()
            || c.is_ascii_lowercase()
            || (what != "kind" && c.is_ascii_uppercase())
    });
    if starts && plain && name.len() <= 63 {
        return Ok(());
    }
    Err(
        wrong("a name is empty, too long or has characters other than letters, digits and _")
            .with(what, format!("{name:?}")),
    )
}

fn wrong(message: &'static str) -> Error {
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
            assert_eq!(class(declared), Class::Int, "{declared}");
        }
        for declared in [
            "varchar(255)",
            "character varying",
            "text",
            "longtext",
            "char(3)",
        ] {
            assert_eq!(class(declared), Class::Text, "{declared}");
        }
        for declared in [
            "interval",
            "uuid",
            "double precision",
            "blob",
            "date",
            "point",
        ] {
            assert_eq!(class(declared), Class::Other, "{declared}");
        }
    }

    #[test]
    fn kinds_are_lower_case_as_they_name_indexes() {
        assert!(identifier("kind", "video").is_ok());
        assert!(identifier("table", "VideoClip").is_ok());
        assert!(identifier("kind", "Video").is_err());
        assert!(identifier("table", "a'b").is_err());
        assert!(identifier("table", "").is_err());
    }
}
