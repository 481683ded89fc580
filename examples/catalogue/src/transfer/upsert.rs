//! The text of `INSERT … VALUES (…), (…)` for rows of which some may exist.
//!
//! Written by hand: building such a statement value by value costs more than running it.

use sixplay_core::Dialect;

use crate::schema::TableSchema;

/// What happens to a row that exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Existing {
    Keep,
    Update,
}

/// An insert into some columns of a table, in one dialect.
pub(super) struct Upsert<'a> {
    pub dialect: Dialect,
    pub table: &'a TableSchema,
    pub columns: &'a [&'static str],
    pub existing: Existing,
}

impl Upsert<'_> {
    /// The statement for so many rows; its values are bound row by row.
    pub(super) fn sql(&self, rows: usize) -> String {
        let table = self.quote(self.table.name);
        let columns = self.quote_all(self.columns.iter().copied()).join(", ");
        let mut sql = format!("INSERT INTO {table} ({columns}) VALUES ");
        self.push_placeholders(rows, &mut sql);
        sql.push_str(&self.on_conflict());
        sql
    }

    fn push_placeholders(&self, rows: usize, sql: &mut String) {
        let mut number = 0;
        for row in 0..rows {
            sql.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..self.columns.len() {
                number += 1;
                sql.push_str(if column == 0 { "" } else { ", " });
                if self.dialect == Dialect::Postgres {
                    sql.push_str(&format!("${number}"));
                } else {
                    sql.push('?');
                }
            }
            sql.push(')');
        }
    }

    fn on_conflict(&self) -> String {
        let key = self.quote_all(self.table.key().iter().map(|column| column.name));
        let changed = self.changed_columns();
        if self.dialect == Dialect::Mysql {
            let assignments = if changed.is_empty() {
                // there is no DO NOTHING: the key is set to itself
                assign(key.get(..1).unwrap_or_default(), str::to_owned)
            } else {
                assign(&changed, |name| format!("VALUES({name})"))
            };
            return format!(" ON DUPLICATE KEY UPDATE {assignments}");
        }
        let key = key.join(", ");
        if changed.is_empty() {
            return format!(" ON CONFLICT ({key}) DO NOTHING");
        }
        let assignments = assign(&changed, |name| format!("excluded.{name}"));
        format!(" ON CONFLICT ({key}) DO UPDATE SET {assignments}")
    }

    /// The columns, quoted, that an existing row takes over.
    fn changed_columns(&self) -> Vec<String> {
        let is_key = |name: &str| self.table.key().iter().any(|key| key.name == name);
        let columns = self.columns.iter().copied();
        self.quote_all(columns.filter(|name| self.existing == Existing::Update && !is_key(name)))
    }

    fn quote_all<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<String> {
        names.map(|name| self.quote(name)).collect()
    }

    fn quote(&self, name: &str) -> String {
        if self.dialect == Dialect::Mysql {
            format!("`{name}`")
        } else {
            format!("\"{name}\"")
        }
    }
}

fn assign(names: &[String], value_of: fn(&str) -> String) -> String {
    let assignments = names
        .iter()
        .map(|name| format!("{name} = {}", value_of(name)));
    assignments.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::tables::PLATFORMS;

    fn sql(dialect: Dialect, columns: &[&'static str], existing: Existing) -> String {
        let table = &PLATFORMS;
        let upsert = Upsert {
            dialect,
            table,
            columns,
            existing,
        };
        upsert.sql(2)
    }

    #[test]
    fn existing_rows_are_kept_or_take_the_new_values() {
        let columns = ["code", "name"];
        assert_eq!(
            sql(Dialect::Sqlite, &columns, Existing::Update),
            "INSERT INTO \"platforms\" (\"code\", \"name\") VALUES (?, ?), (?, ?) \
             ON CONFLICT (\"code\") DO UPDATE SET \"name\" = excluded.\"name\""
        );
        assert_eq!(
            sql(Dialect::Postgres, &columns, Existing::Keep),
            "INSERT INTO \"platforms\" (\"code\", \"name\") VALUES ($1, $2), ($3, $4) \
             ON CONFLICT (\"code\") DO NOTHING"
        );
        assert_eq!(
            sql(Dialect::Mysql, &columns, Existing::Update),
            "INSERT INTO `platforms` (`code`, `name`) VALUES (?, ?), (?, ?) \
             ON DUPLICATE KEY UPDATE `name` = VALUES(`name`)"
        );
        assert_eq!(
            sql(Dialect::Mysql, &["code"], Existing::Update),
            "INSERT INTO `platforms` (`code`) VALUES (?), (?) \
             ON DUPLICATE KEY UPDATE `code` = `code`"
        );
    }
}
