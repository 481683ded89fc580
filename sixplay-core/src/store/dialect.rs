//! What the three databases' languages differ in.

use sea_query::{QueryStatementWriter, SchemaStatementBuilder, Values};

/// The database's dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite 3.35 or newer.
    Sqlite,
    /// MariaDB 10.6 or newer, MySQL 8 or newer; a binary log, if there is one, not in the format
    /// `STATEMENT`.
    Mysql,
    /// PostgreSQL 13 or newer.
    Postgres,
}

impl Dialect {
    pub(super) fn query(self, statement: &impl QueryStatementWriter) -> (String, Values) {
        match self {
            Self::Sqlite => statement.build(sea_query::SqliteQueryBuilder),
            Self::Mysql => statement.build(sea_query::MysqlQueryBuilder),
            Self::Postgres => statement.build(sea_query::PostgresQueryBuilder),
        }
    }

    pub(super) fn definition(self, statement: &impl SchemaStatementBuilder) -> String {
        match self {
            Self::Sqlite => statement.build(sea_query::SqliteQueryBuilder),
            Self::Mysql => statement.build(sea_query::MysqlQueryBuilder),
            Self::Postgres => statement.build(sea_query::PostgresQueryBuilder),
        }
    }
}
