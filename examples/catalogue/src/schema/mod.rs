//! How a table is declared: one list of columns serves the schema, loading, rendering, import and
//! export.

mod column;
mod migrate;
pub mod tables;

use sixplay_core::KeyColumn;

pub use column::{ColumnKind, ColumnSchema, WireExposure};
pub(crate) use migrate::lock_schema;
pub use migrate::migrate;

/// A table; its columns name the keys of the wire object that a row becomes.
///
/// ```
/// use sixplay_catalogue::{ColumnKind, tables::PUBLICATIONS};
///
/// let key: Vec<_> = PUBLICATIONS.key().iter().map(|column| column.name).collect();
/// assert_eq!(key, ["video_id", "platform", "service", "opens_at"]);
/// let closes = PUBLICATIONS.column("closes_at").unwrap();
/// assert!(closes.kind == ColumnKind::Instant && !closes.required);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct TableSchema {
    /// The table's name.
    pub name: &'static str,
    /// How many of the first columns make the primary key; at least one.
    pub key_length: usize,
    /// The columns, in the order of the table.
    pub columns: &'static [ColumnSchema],
}

impl TableSchema {
    const fn new(name: &'static str, key_length: usize, columns: &'static [ColumnSchema]) -> Self {
        Self {
            name,
            key_length,
            columns,
        }
    }

    /// The columns of the primary key.
    pub fn key(&self) -> &'static [ColumnSchema] {
        self.columns.get(..self.key_length).unwrap_or_default()
    }

    /// The first column of the primary key: of an object its id, of a list its owner.
    pub fn key_name(&self) -> &'static str {
        self.key().first().map_or("id", |column| column.name)
    }

    /// That column as change capture logs it.
    pub(crate) fn key_column(&self) -> KeyColumn {
        let column = self.key().first();
        column.map_or(KeyColumn::Int("id"), ColumnSchema::key_column)
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&'static ColumnSchema> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The names of all columns.
    pub fn column_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.columns.iter().map(|column| column.name)
    }
}
