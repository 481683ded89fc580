//! What the index is told of the documents is what they hold.

use std::collections::BTreeSet;

use serde_json::Value;
use sixplay_catalogue::{Catalogue, documents, fields};
use sixplay_core::{
    ErrorKind, Field, FieldKind, Rendered, Result, Source,
    conformance::{Backend, Scratch},
};

use super::{bodies::samples, empty, generated, generator::rendered, now};

/// A catalogue with documents of every kind, whose windows all have an end.
async fn filled() -> Result<Option<Scratch>> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(None);
    };
    generated(scratch.store(), 25, 3).await?;
    samples(scratch.store()).await?;
    let later = now().as_microsecond() + 1_000_000;
    let end = format!("UPDATE publications SET closes_at = {later} WHERE closes_at IS NULL");
    scratch.run(&end).await?;
    Ok(Some(scratch))
}

fn names(fields: &[Field]) -> BTreeSet<&'static str> {
    fields.iter().map(|field| field.name).collect()
}

fn keys<'a>(objects: impl Iterator<Item = &'a Value>) -> BTreeSet<&'a str> {
    let keys = objects
        .filter_map(Value::as_object)
        .flat_map(|object| object.keys());
    keys.map(String::as_str).collect()
}

#[tokio::test]
async fn every_mapped_field_is_written_by_some_document_and_no_other() -> Result<()> {
    let Some(scratch) = filled().await? else {
        return Ok(());
    };
    for kind in Catalogue::new().kinds() {
        let rendered = rendered(scratch.store(), kind.name).await?;
        let documents: Vec<Value> = rendered
            .iter()
            .filter_map(|(_, rendered)| match rendered {
                Rendered::Publishable(it) => serde_json::from_str(it.document.get()).ok(),
                Rendered::Absent { .. } => None,
            })
            .collect();
        assert_eq!(
            keys(documents.iter()),
            names(&kind.mapping.fields),
            "{}",
            kind.name
        );
        let windows = documents
            .iter()
            .filter_map(|document| document[fields::WINDOWS].as_array());
        let mapped = kind
            .mapping
            .fields
            .iter()
            .find_map(|field| match &field.kind {
                FieldKind::Nested(fields) => Some(names(fields)),
                _ => None,
            });
        assert_eq!(
            keys(windows.flatten()),
            mapped.unwrap_or_default(),
            "{}",
            kind.name
        );
    }
    Ok(())
}

#[tokio::test]
async fn ids_of_no_row_have_no_document_of_any_kind() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    let source = Catalogue::new();
    let mut snapshot = scratch.store().read().await?;
    for kind in source.kinds() {
        let ids = ["7".to_owned(), "no number".to_owned()];
        let rendered = source
            .render_at(&mut snapshot, kind.name, &ids, now())
            .await?;
        let unknown = |rendered: &Rendered| {
            matches!(
                rendered,
                Rendered::Absent {
                    reason: "no_row",
                    next_change_at: None
                }
            )
        };
        assert!(
            rendered.len() == 2 && rendered.iter().all(unknown),
            "{rendered:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn another_kind_of_documents_is_refused() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    let mut snapshot = scratch.store().read().await?;
    let ids = ["1".to_owned()];
    let refused = Catalogue::new()
        .render_at(&mut snapshot, "article", &ids, now())
        .await;
    assert_eq!(
        refused.expect_err("an unknown kind").kind(),
        ErrorKind::Invalid
    );
    Ok(())
}

#[tokio::test]
async fn a_reading_renders_what_its_snapshot_does_at_its_clock() -> Result<()> {
    let Some(scratch) = filled().await? else {
        return Ok(());
    };
    let source = Catalogue::new();
    scratch.store().install(&source).await?;
    let ids = ["clip_92".to_owned(), "playlist_5".to_owned()];
    let mut reading = scratch.store().reading().await?;
    let now = reading.now();
    let one = source.render(&mut reading, documents::VIDEO, &ids).await?;
    let other = source
        .render_at(&mut reading, documents::VIDEO, &ids, now)
        .await?;
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    Ok(())
}
