//! Migrations and the completeness of the dependency graph.

use std::collections::BTreeSet;

use sixplay_catalogue::{Catalogue, is_empty, migrate, prepare};
use sixplay_core::{
    Dialect, Error, ErrorKind, Result, Source, Store,
    conformance::{Backend, scratch},
};

use super::{empty, generated};

sixplay_core::on_every_database! {
    migrating_twice_and_at_once_gives_one_schema
    a_newer_schema_is_left_alone
    codes_that_differ_in_case_stay_apart
    the_graph_fits_the_schema
}

async fn migrating_twice_and_at_once_gives_one_schema(backend: Backend) -> Result<()> {
    let Some(scratch) = scratch(backend).await? else {
        return Ok(());
    };
    let other = Store::connect(scratch.url()).await?;
    let (one, two, three) = tokio::join!(
        migrate(scratch.store()),
        migrate(&other),
        migrate(scratch.store())
    );
    one.and(two).and(three)?;
    migrate(&other).await?;
    assert!(is_empty(&other).await?);
    assert_eq!(versions(&other).await?, [1]);
    other.close().await;
    Ok(())
}

async fn versions(store: &Store) -> Result<Vec<i64>> {
    let sql = "SELECT version FROM sixplay_migration ORDER BY version";
    let rows = store.read().await?.fetch_sql(sql, Vec::new()).await?;
    rows.iter().map(|row| row.int("version")).collect()
}

async fn a_newer_schema_is_left_alone(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    let newer = "INSERT INTO sixplay_migration (version, applied_at) VALUES (99, 0)";
    scratch.run(newer).await?;
    let refused = migrate(scratch.store()).await;
    assert_eq!(
        refused.map_err(|error| error.kind()),
        Err(ErrorKind::Conflict)
    );
    Ok(())
}

async fn codes_that_differ_in_case_stay_apart(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    for code in ["m6", "M6", "mé", "me"] {
        let platform =
            format!("INSERT INTO platforms (code, name, enabled) VALUES ('{code}', 'x', 1)");
        scratch.run(&platform).await?;
    }
    Ok(())
}

/// `install` refuses tables and columns that do not exist, and what it captures must be every
/// table.
async fn the_graph_fits_the_schema(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    prepare(scratch.store()).await?;
    let source = Catalogue::new();
    let captured: BTreeSet<String> = source
        .tables()
        .iter()
        .map(|table| table.name.to_owned())
        .collect();
    assert_eq!(tables(scratch.store()).await?, captured);
    generated(scratch.store(), 1, 1).await?;
    Ok(())
}

/// The tables there are, ours excepted.
pub(super) async fn tables(store: &Store) -> Result<BTreeSet<String>> {
    let sql = match store.dialect() {
        Dialect::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        }
        Dialect::Mysql => {
            "SELECT CAST(TABLE_NAME AS CHAR) AS name FROM information_schema.TABLES \
             WHERE TABLE_SCHEMA = DATABASE()"
        }
        Dialect::Postgres => {
            "SELECT CAST(table_name AS text) AS name FROM information_schema.tables \
             WHERE table_schema = 'public'"
        }
        _ => return Err(Error::unsupported("test.tables", "unknown dialect")),
    };
    let rows = store.read().await?.fetch_sql(sql, Vec::new()).await?;
    let names = rows.iter().map(|row| row.text("name"));
    let mut names = names.collect::<Result<BTreeSet<String>>>()?;
    names.retain(|name| !name.starts_with("sixplay_"));
    Ok(names)
}
