//! Rows that cannot be read, as SQLite lets anybody write them.

use sixplay_core::{Result, conformance::Backend};

use super::{empty, generated};

#[tokio::test]
async fn an_export_goes_on_past_rows_that_cannot_be_read_and_names_them() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    generated(scratch.store(), 3, 6).await?;
    let mut lines = Vec::new();
    let whole = sixplay_catalogue::export(scratch.store(), &mut lines, &()).await?;
    assert!(whole.unreadable.is_empty(), "{:?}", whole.unreadable);
    let broken = "UPDATE programs SET title = CAST(x'54E9' AS TEXT) WHERE id = \
                  (SELECT MIN(id) FROM programs)";
    scratch.run(broken).await?;
    // more than a page of them, behind one another
    let keys = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1200) \
                INSERT INTO channels (code, title) SELECT CAST(x'E9' || n AS TEXT), 'x' FROM n";
    scratch.run(keys).await?;
    scratch
        .run("INSERT INTO channels (code, title) VALUES ('zz', 'last')")
        .await?;

    let mut lines = Vec::new();
    let exported = sixplay_catalogue::export(scratch.store(), &mut lines, &()).await?;
    assert_eq!(exported.unreadable.len(), 1201);
    assert_eq!(exported.rows, whole.rows);
    let lines = String::from_utf8(lines).expect("UTF-8");
    assert_eq!(lines.lines().count() as u64, whole.rows);
    assert!(lines.contains("\"zz\""), "after the unreadable ones");
    let named = exported.unreadable.iter().map(ToString::to_string);
    let named: Vec<String> = named.filter(|text| text.contains("column=title")).collect();
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].contains("table=programs, row="), "{named:?}");
    Ok(())
}
