//! What a snapshot and a transaction promise.

use super::{
    Scratch,
    tiny::{self, put_author},
};
use crate::{Result, Snapshot};

async fn count_authors(snapshot: &mut Snapshot) -> Result<i64> {
    let count = "SELECT COUNT(*) AS authors FROM tiny_author";
    snapshot.fetch_sql(count, Vec::new()).await?[0].int("authors")
}

/// All reads of a snapshot see the instant at which it was opened.
pub(super) async fn a_snapshot_sees_one_instant(scratch: &Scratch) -> Result<()> {
    let store = scratch.store();
    tiny::migrate(store).await?;
    let mut snapshot = store.read().await?;
    assert_eq!(count_authors(&mut snapshot).await?, 0);
    put_author(&mut *store.autocommit().await?, 1, "Ada").await?;
    assert_eq!(count_authors(&mut snapshot).await?, 0);
    assert_eq!(count_authors(&mut store.read().await?).await?, 1);
    Ok(())
}

/// A statement that writes is refused, however it is smuggled in, and changes nothing.
pub(super) async fn a_snapshot_cannot_write(scratch: &Scratch) -> Result<()> {
    let store = scratch.store();
    tiny::install(store).await?;
    let insert = "INSERT INTO tiny_author (id, name) VALUES (1, 'Ada')";
    let refused = store.read().await?.fetch_sql(insert, Vec::new()).await;
    assert!(refused.is_err_and(|error| !error.is_transient()));
    let refused = store.reading().await?.fetch_sql(insert, Vec::new()).await;
    assert!(refused.is_err_and(|error| !error.is_transient()));
    assert_eq!(count_authors(&mut store.read().await?).await?, 0);
    Ok(())
}

/// A transaction reads what it wrote; dropped, it leaves nothing.
pub(super) async fn a_dropped_transaction_leaves_nothing(scratch: &Scratch) -> Result<()> {
    let store = scratch.store();
    tiny::migrate(store).await?;
    let mut transaction = store.write().await?;
    put_author(&mut transaction, 1, "Ada").await?;
    assert_eq!(count_authors(&mut transaction).await?, 1);
    drop(transaction);
    assert_eq!(count_authors(&mut store.read().await?).await?, 0);
    Ok(())
}
