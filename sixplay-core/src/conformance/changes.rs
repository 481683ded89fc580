//! Every committed change leads to exactly the roots it affects.

use super::{
    Scratch,
    stage::{Stage, backlog, roots},
    tiny,
};
use crate::{Dialect, Due, ErrorKind, Result};

/// Discarded changes lead to nothing, later ones do; once a root was rendered none are discarded.
///
/// # Errors
/// The database's.
pub(super) async fn discarded_changes_are_gone_and_later_ones_come(
    scratch: &Scratch,
) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    stage
        .run("UPDATE tiny_author SET name = 'Eva' WHERE id = 2")
        .await?;
    assert_eq!(
        stage.store.discard_changes("another").await?,
        0,
        "other sources keep theirs"
    );
    assert_eq!(stage.store.discard_changes("tiny").await?, 1);
    assert_eq!(stage.detected().await?, roots([]));
    let due = async |source: &str| {
        stage
            .store
            .set_due(
                source,
                &[Due {
                    kind: "author".into(),
                    id: "1".into(),
                    due_at: None,
                    ticket: 1,
                }],
            )
            .await
    };
    due("another").await?;
    stage
        .run("UPDATE tiny_author SET name = 'Eve' WHERE id = 1")
        .await?;
    assert_eq!(stage.store.discard_changes("tiny").await?, 1);
    due("tiny").await?;
    stage
        .run("UPDATE tiny_author SET name = 'Zoe' WHERE id = 2")
        .await?;
    assert_eq!(
        stage.store.discard_changes("tiny").await?,
        0,
        "an index may live on them"
    );
    assert_eq!(stage.detected().await?, roots(["author:2"]));
    Ok(())
}

/// Plain SQL leads to the roots of the rows before and after it, and to no others.
///
/// # Errors
/// As the store.
pub(super) async fn plain_sql_reaches_exactly_the_affected_roots(scratch: &Scratch) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    let insert = "INSERT INTO tiny_book (id, author_id, title, open_from_us) \
                  VALUES ('b2', 1, 'Two''s \"é\"', 0)";
    assert_eq!(stage.after(insert).await?, roots(["author:1", "book:b2"]));
    assert_eq!(
        stage
            .after("UPDATE tiny_book SET title = 'New' WHERE id = 'b2'")
            .await?,
        roots(["author:1", "book:b2"])
    );
    assert_eq!(
        stage
            .after("UPDATE tiny_author SET name = 'Eve' WHERE id = 1")
            .await?,
        roots(["author:1", "book:b1", "book:b2"])
    );
    assert_eq!(
        stage
            .after("UPDATE tiny_book SET author_id = 2 WHERE id = 'b1'")
            .await?,
        roots(["author:1", "author:2", "book:b1"])
    );
    assert_eq!(
        stage
            .after("UPDATE tiny_book SET id = 'B\"9' WHERE id = 'b1'")
            .await?,
        roots(["author:2", "book:B\"9", "book:b1"])
    );
    assert_eq!(
        stage.after("DELETE FROM tiny_book WHERE id = 'b2'").await?,
        roots(["author:1", "book:b2"])
    );
    assert_eq!(
        stage
            .after("UPDATE tiny_author SET name = 'X' WHERE id = 99")
            .await?,
        roots([])
    );
    let both = "DELETE FROM tiny_book; DELETE FROM tiny_author WHERE id = 2";
    assert_eq!(stage.after(both).await?, roots(["author:2", "book:B\"9"]));
    assert_eq!(backlog(&stage.store).await?, 0);
    Ok(())
}

/// `REPLACE`, where the database has it, is a delete and an insert.
///
/// # Errors
/// As the store.
pub(super) async fn a_replaced_row_reaches_its_old_parent(scratch: &Scratch) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    if stage.store.dialect() != Dialect::Postgres {
        let replace = "REPLACE INTO tiny_book (id, author_id, title, open_from_us) \
                       VALUES ('b1', 2, 'One', 0)";
        assert_eq!(
            stage.after(replace).await?,
            roots(["author:1", "author:2", "book:b1"])
        );
    }
    Ok(())
}

/// What is rolled back was never there.
///
/// # Errors
/// As the store.
pub(super) async fn a_rolled_back_transaction_reaches_nothing(scratch: &Scratch) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    let mut transaction = stage.store.write().await?;
    tiny::put_author(&mut transaction, 1, "Zoe").await?;
    drop(transaction);
    assert_eq!(stage.detected().await?, roots([]));
    Ok(())
}

/// A change with a low sequence that commits late is found, and meanwhile holds up nobody. SQLite
/// has one writer at a time.
///
/// # Errors
/// As the store.
pub(super) async fn a_late_commit_is_neither_missed_nor_in_the_way(
    scratch: &Scratch,
) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    if stage.store.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let mut late = stage.store.write().await?;
    tiny::put_author(&mut late, 1, "Late").await?;
    // it would run into the deadline if the open transaction blocked it
    assert_eq!(
        stage
            .after("UPDATE tiny_author SET name = 'Early' WHERE id = 2")
            .await?,
        roots(["author:2"])
    );
    late.commit().await?;
    assert_eq!(stage.detected().await?, roots(["author:1", "book:b1"]));
    Ok(())
}

/// The rebuild's enumeration gives every root once, in key order, and refuses an id of another
/// type.
///
/// # Errors
/// As the store.
pub(super) async fn roots_are_enumerated_in_pages(scratch: &Scratch) -> Result<()> {
    let stage = Stage::new(scratch).await?;
    let kinds = crate::Source::kinds(stage.tiny.as_ref());
    let rows = (1..=25)
        .map(|n| format!("({n}, 'A')"))
        .collect::<Vec<_>>()
        .join(", ");
    stage
        .run(&format!("INSERT INTO tiny_author (id, name) VALUES {rows}"))
        .await?;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = stage.store.roots(&kinds[0], after.as_deref(), 10).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        found.extend(page);
    }
    assert_eq!(found, (1..=25).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(
        stage
            .store
            .roots(&kinds[0], Some("x"), 10)
            .await
            .is_err_and(|error| error.kind() == ErrorKind::Invalid)
    );
    assert_eq!(
        stage
            .store
            .read()
            .await?
            .roots(&kinds[1], Some("a"), 10)
            .await?,
        Vec::<String>::new()
    );
    Ok(())
}
