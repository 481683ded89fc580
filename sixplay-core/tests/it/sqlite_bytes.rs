//! SQLite takes any bytes for text, and any type in any column: one such cell stops nothing else.

use std::collections::BTreeSet;

use sixplay_core::{
    Detector, DetectorConfig, ErrorKind, Result, RootCursor, Source,
    conformance::{Collector, Scratch, scratch_file, tiny},
};

/// `Téva` in Latin-1, as an old tool writes it.
const LATIN_1: &str = "CAST(x'54E97661' AS TEXT)";

async fn book(scratch: &Scratch, id: &str, author: i64) -> Result<()> {
    let values = format!("({id}, {author}, 'Titre', 0)");
    let insert = "INSERT INTO tiny_book (id, author_id, title, open_from_us) VALUES";
    scratch.run(&format!("{insert} {values}")).await
}

#[tokio::test]
async fn an_unreadable_cell_is_an_error_of_its_own_column_and_row() -> Result<()> {
    let scratch = scratch_file().await?;
    let sql = format!("SELECT 1 AS id, {LATIN_1} AS title UNION ALL SELECT 2, 'Téva' ORDER BY 1");
    let mut snapshot = scratch.store().read().await?;
    let rows = snapshot.fetch_sql(&sql, Vec::new()).await?;
    assert_eq!(
        (rows[0].int("id")?, rows[1].text("title")?.as_str()),
        (1, "Téva")
    );
    let error = rows[0].text("title").expect_err("Latin-1");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let expected = "row.read: expected text (column=title, found=4 bytes 54e97661)";
    assert_eq!(error.to_string(), expected);
    assert_eq!(rows[0].bytes("title")?, b"T\xe9va");
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_no_utf8_is_set_aside_and_its_neighbours_are_delivered() -> Result<()> {
    let scratch = scratch_file().await?;
    let source = tiny::install(scratch.store()).await?;
    let (store, sink) = (scratch.store().clone(), Collector::default());
    let detector = Detector::new(store.clone(), source, DetectorConfig::default());
    book(&scratch, LATIN_1, 1).await?;
    book(&scratch, "'b2'", 2).await?;
    detector.step(&sink).await?;
    let expected = ["author:1", "author:2", "book:b2"].map(str::to_owned);
    assert_eq!(sink.roots(), BTreeSet::from(expected));
    assert_eq!(detector.step(&sink).await?, 0, "nothing is left in the log");

    let kept = "SELECT source_table, reason, hex(new_keys) AS bytes FROM sixplay_change_refused";
    let kept = store.read().await?.fetch_sql(kept, Vec::new()).await?;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].text("source_table")?, "tiny_book");
    assert!(kept[0].text("reason")?.contains("new_keys is not UTF-8"));
    assert!(kept[0].text("bytes")?.contains("54E97661"), "as it was");
    Ok(())
}

#[tokio::test]
async fn a_change_reaches_its_readable_roots_past_an_unreadable_one() -> Result<()> {
    let scratch = scratch_file().await?;
    let source = tiny::install(scratch.store()).await?;
    let (store, sink) = (scratch.store().clone(), Collector::default());
    for id in ["'a'", LATIN_1, "x'00'", "'b'"] {
        book(&scratch, id, 1).await?;
    }
    let mut config = DetectorConfig::default();
    config.page = 1;
    let detector = Detector::new(store, source, config);
    detector.step(&sink).await?;
    sink.roots();
    scratch
        .run("INSERT INTO tiny_author (id, name) VALUES (1, 'Ada')")
        .await?;
    detector.step(&sink).await?;
    let expected = ["author:1", "book:a", "book:b"].map(str::to_owned);
    assert_eq!(sink.roots(), BTreeSet::from(expected));
    Ok(())
}

#[tokio::test]
async fn pages_of_roots_go_on_past_ids_that_cannot_be_read() -> Result<()> {
    let scratch = scratch_file().await?;
    let source = tiny::install(scratch.store()).await?;
    let unreadable = ["CAST(x'61FF' AS TEXT)", "CAST(x'61FE' AS TEXT)", "x'62'"];
    let ids = ["'a'", "'b'", "'c'"].into_iter().chain(unreadable);
    for id in ids {
        book(&scratch, id, 1).await?;
    }
    for size in 1..8 {
        let (mut found, mut refused) = (Vec::new(), Vec::new());
        let mut next = Some(RootCursor::default());
        while let Some(cursor) = next {
            let kind = &source.kinds()[1];
            let page = scratch.store().root_page(kind, cursor, size).await?;
            found.extend(page.ids);
            refused.extend(page.unreadable);
            next = page.next;
        }
        assert_eq!(found, ["a", "b", "c"], "pages of {size}");
        assert_eq!(refused.len(), 3, "pages of {size}: {refused:?}");
        assert!(refused[0].to_string().contains("table=tiny_book, key=id"));
    }
    Ok(())
}
