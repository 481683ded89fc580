//! Databases that cannot work for now, and what the store makes of it.

use super::{
    Scratch,
    tiny::{self, put_author},
};
use crate::{Dialect, ErrorKind, Result, Store};

/// How many connections a store has for writing, at most.
fn writers(store: &Store) -> i64 {
    match store.dialect() {
        Dialect::Sqlite => 1,
        _ => 8,
    }
}

/// After a failover the old server still answers: a connection that is told so is closed, with all
/// others made before it.
pub(super) async fn a_connection_that_takes_no_changes_is_not_used_again(
    scratch: &Scratch,
) -> Result<()> {
    let store = scratch.store();
    tiny::migrate(store).await?;
    let read_only = match store.dialect() {
        Dialect::Sqlite => "PRAGMA query_only = ON",
        Dialect::Mysql => "SET SESSION TRANSACTION READ ONLY",
        Dialect::Postgres => "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    };
    let mut sessions = Vec::new();
    for _ in 0..writers(store) {
        let mut session = store.autocommit().await?;
        session.batch(read_only).await?;
        sessions.push(session);
    }
    let error = put_author(&mut sessions[0], 1, "Ada").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    drop(sessions);
    let mut sessions = Vec::new();
    for id in 0..writers(store) {
        let mut session = store.autocommit().await?;
        put_author(&mut session, id, "Ada").await?;
        sessions.push(session);
    }
    Ok(())
}

/// Makes the next change of a transaction fail as on a full disk.
async fn fill_disk(store: &Store) -> Result<&'static str> {
    Ok(match store.dialect() {
        Dialect::Sqlite => {
            let limit = "PRAGMA max_page_count = 1";
            store.autocommit().await?.batch(limit).await?;
            "INSERT INTO tiny_author (id, name) VALUES (9, zeroblob(1000000))"
        }
        Dialect::Mysql => "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114",
        Dialect::Postgres => "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100''; END'",
    })
}

/// The error says that it passes; nothing of the transaction can be committed afterwards, and once
/// there is space the same handle writes again.
pub(super) async fn a_full_disk_passes_and_leaves_no_half_of_a_transaction(
    scratch: &Scratch,
) -> Result<()> {
    let store = scratch.store();
    tiny::migrate(store).await?;
    let fails = fill_disk(store).await?;
    let mut transaction = store.write().await?;
    put_author(&mut transaction, 1, "Ada").await?;
    let mut errors = vec![transaction.batch(fails).await.unwrap_err()];
    errors.push(put_author(&mut transaction, 2, "Ben").await.unwrap_err());
    errors.push(transaction.commit().await.unwrap_err());
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
    let mut transaction = store.write().await?;
    put_author(&mut transaction, 3, "Cid").await?;
    transaction.commit().await?;
    let query = "SELECT id FROM tiny_author";
    let rows = store.read().await?.fetch_sql(query, Vec::new()).await?;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].int("id")?, 3);
    Ok(())
}

/// PostgreSQL answers a commit after an error with a roll-back, which is no error to it.
pub(super) async fn a_commit_that_succeeds_has_stored_everything(scratch: &Scratch) -> Result<()> {
    let store = scratch.store();
    tiny::migrate(store).await?;
    let mut transaction = store.write().await?;
    put_author(&mut transaction, 1, "Ada").await?;
    let again = "INSERT INTO tiny_author (id, name) VALUES (1, 'Ada')";
    let refused = transaction.batch(again).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict, "{refused}");
    let committed = transaction.commit().await;
    let query = "SELECT id FROM tiny_author";
    let rows = store.read().await?.fetch_sql(query, Vec::new()).await?;
    assert_eq!(rows.len(), usize::from(committed.is_ok()), "{committed:?}");
    let mut transaction = store.write().await?;
    put_author(&mut transaction, 1, "Ada").await?;
    transaction.batch("SAVEPOINT rows_1").await?;
    assert!(transaction.batch(again).await.is_err());
    transaction.batch("ROLLBACK TO SAVEPOINT rows_1").await?;
    transaction.commit().await?;
    let rows = store.read().await?.fetch_sql(query, Vec::new()).await?;
    assert_eq!(rows.len(), 1);
    Ok(())
}

type Codes = &'static [(&'static str, ErrorKind)];

/// Codes of the servers, by what the store makes of them; SQLite's cannot be raised at will.
pub(super) async fn what_passes_with_time_is_unavailable(scratch: &Scratch) -> Result<()> {
    use ErrorKind::{Corrupt, Timeout, Unavailable, Unexpected};
    let store = scratch.store();
    let (codes, raise): (Codes, fn(&str) -> String) = match store.dialect() {
        Dialect::Sqlite => return Ok(()),
        Dialect::Mysql => (
            &[
                ("1021", Unavailable),
                ("1194", Corrupt),
                ("1213", Unavailable),
                ("1290", Unavailable),
                ("1836", Unavailable),
                ("3024", Timeout),
                ("1644", Unexpected),
            ],
            |code| format!("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {code}"),
        ),
        Dialect::Postgres => (
            &[
                ("25006", Unavailable),
                ("40001", Unavailable),
                ("53200", Unavailable),
                ("57014", Timeout),
                ("58030", Unavailable),
                ("XX001", Corrupt),
                ("P0001", Unexpected),
            ],
            |code| format!("DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''{code}''; END'"),
        ),
    };
    for (code, kind) in codes {
        let raised = store.autocommit().await?.batch(&raise(code)).await;
        let error = raised.unwrap_err();
        assert_eq!(error.kind(), *kind, "{error}");
    }
    Ok(())
}
