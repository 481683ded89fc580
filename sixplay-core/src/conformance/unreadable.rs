//! What cannot be read or carried stops nothing else.

use super::{
    Scratch,
    stage::{Stage, backlog, roots},
};
use crate::{Due, ErrorKind, Result};

/// A logged change that cannot be read is kept with the reason; what can be read of it, and the
/// changes around it, are delivered.
///
/// # Errors
/// As the store.
pub(super) async fn a_logged_change_that_cannot_be_read_is_set_aside(
    scratch: &Scratch,
) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    let log = async |table: &str, keys: &str| {
        let sql = format!(
            "INSERT INTO sixplay_change (source, source_table, op, new_keys, at_us) \
             VALUES ('tiny', '{table}', 'I', '{keys}', 7)"
        );
        stage.run(&sql).await
    };
    log("tiny_book", "no object").await?;
    // a number that only an unsigned column holds
    log(
        "tiny_book",
        "{\"id\": \"b7\", \"author_id\": 18446744073709551615}",
    )
    .await?;
    log("tiny_author", "{\"id\": \"Ada\"}").await?;
    let sql = "UPDATE tiny_author SET name = 'Eva' WHERE id = 2";
    assert_eq!(stage.after(sql).await?, roots(["author:2", "book:b7"]));
    assert_eq!(backlog(&stage.store).await?, 0);

    let kept = "SELECT source_table, new_keys, reason FROM sixplay_change_refused ORDER BY seq";
    let mut snapshot = stage.store.read_once().await?;
    let kept = snapshot.fetch_sql(kept, Vec::new()).await?;
    assert_eq!(kept.len(), 3);
    assert_eq!(kept[0].text("new_keys")?, "no object");
    assert!(kept[0].text("reason")?.contains("new_keys"));
    assert_eq!(kept[1].text("source_table")?, "tiny_book");
    assert!(kept[1].text("reason")?.contains("author_id"));
    assert!(kept[2].text("reason")?.contains("\"Ada\""));
    Ok(())
}

/// Ids that not every part of the line takes are refused before anything is set.
///
/// # Errors
/// As the store.
pub(super) async fn a_boundary_of_a_root_that_cannot_be_carried_is_refused(
    scratch: &Scratch,
) -> Result<()> {
    let stage = Stage::new(scratch).await?;
    let due = |id: &str| Due {
        kind: "book".to_owned(),
        id: id.to_owned(),
        due_at: Some(jiff::Timestamp::UNIX_EPOCH),
        ticket: 1,
    };
    for id in ["", "a\0b", &"é".repeat(256)] {
        let set = stage.store.set_due("tiny", &[due("b1"), due(id)]).await;
        let error = set.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    assert_eq!(stage.detected().await?, roots([]));
    let longest = "é".repeat(255);
    stage.store.set_due("tiny", &[due(&longest)]).await?;
    assert_eq!(stage.detected().await?, [format!("book:{longest}")].into());
    Ok(())
}
