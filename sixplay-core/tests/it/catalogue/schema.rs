//! Migrations and the completeness of the dependency graph.

use std::collections::BTreeSet;

use sixplay_core::{
    Error, ErrorKind, Result,
    catalogue::{self, Catalogue},
    conformance::{Backend, scratch},
    source::Source,
    store::{Dialect, Store},
};

use super::{empty, generated, on_every_database};

on_every_database! {
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
        catalogue::migrate(scratch.store()),
        catalogue::migrate(&other),
        catalogue::migrate(scratch.store())
    );
    one.and(two).and(three)?;
    catalogue::migrate(&other).await?;
    assert!(catalogue::is_empty(&other).await?);
    assert_eq!(versions(&other).await?, [1]);
    other.close().await;
    Ok(())
}

async fn versions(store: &Store) -> Result<Vec<i64>> {
    let rows = store
        .session()
        .await?
        .fetch_sql(
            "SELECT version FROM sixplay_migration ORDER BY version",
            Vec::new(),
        )
        .await?;
    rows.iter().map(|row| row.int("version")).collect()
}

async fn a_newer_schema_is_left_alone(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    scratch
        .store()
        .session()
        .await?
        .execute_sql(
            "INSERT INTO sixplay_migration (version, applied_at) VALUES (99, 0)",
            Vec::new(),
        )
        .await?;
    let refused = catalogue::migrate(scratch.store()).await;
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
    let mut session = scratch.store().session().await?;
    for code in ["m6", "M6", "mé", "me"] {
        session
            .execute_sql(
                &format!("INSERT INTO platforms (code, name, enabled) VALUES ('{code}', 'x', 1)"),
                Vec::new(),
            )
            .await?;
    }
    Ok(())
}

/// `install` refuses tables and columns that do not exist, and what it captures must be every
/// table.
async fn the_graph_fits_the_schema(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    let source = Catalogue::new();
    scratch.store().install(&source).await?;
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
            "SELECT CAST(TABLE_NAME AS CHAR) AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
        }
        Dialect::Postgres => {
            "SELECT CAST(table_name AS text) AS name FROM information_schema.tables WHERE table_schema = 'public'"
        }
        _ => return Err(Error::unsupported("test.tables", "unknown dialect")),
    };
    let rows = store.session().await?.fetch_sql(sql, Vec::new()).await?;
    let names = rows
        .iter()
        .map(|row| row.text("name"))
        .collect::<Result<BTreeSet<String>>>()?;
    Ok(names
        .into_iter()
        .filter(|name| !name.starts_with("sixplay_"))
        .collect())
}
