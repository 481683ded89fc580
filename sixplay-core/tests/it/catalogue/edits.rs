//! The API's changes and reads.

use sixplay_core::{
    ErrorKind, Result,
    catalogue::{
        edit::{self, ProgramPatch, VideoPatch},
        read,
    },
    conformance::Backend,
};

use super::{empty, generated, on_every_database};

on_every_database! {
    edits_change_what_they_name_and_nothing_else
}

const PROGRAM: i64 = 820;
const VIDEO: &str = "clip_11340005";

async fn edits_change_what_they_name_and_nothing_else(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    let store = scratch.store();
    generated(store, 1, 3).await?;
    let (program, video) = (
        read::program(store, PROGRAM).await?.expect("a program"),
        read::video(store, VIDEO).await?.expect("a video"),
    );
    edit::program(
        store,
        PROGRAM,
        ProgramPatch {
            title: Some("Neuf".into()),
            ..Default::default()
        },
    )
    .await?;
    edit::program(store, PROGRAM, ProgramPatch::default()).await?;
    edit::video(
        store,
        VIDEO,
        VideoPatch {
            description: Some("Neuve".into()),
            enabled: Some(false),
            ..Default::default()
        },
    )
    .await?;
    let edited = read::program(store, PROGRAM).await?.expect("a program");
    assert_eq!(
        edited,
        read::Program {
            title: "Neuf".into(),
            ..program
        }
    );
    let edited = read::video(store, VIDEO).await?.expect("a video");
    assert_eq!(
        (edited.publication.published, edited.publication.reason),
        (false, Some("disabled"))
    );
    let expected = read::Video {
        description: Some("Neuve".into()),
        enabled: false,
        publication: edited.publication.clone(),
        ..video
    };
    assert_eq!(edited, expected);
    let clip = store
        .session()
        .await?
        .fetch_sql(
            "SELECT description FROM clips WHERE id = 11340005",
            Vec::new(),
        )
        .await?;
    assert_eq!(clip[0].text("description")?, "Neuve");
    Ok(())
}

#[tokio::test]
async fn bad_fields_and_unknown_ids_are_refused_by_name() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    let store = scratch.store();
    generated(store, 1, 3).await?;
    let titled = |title: &str| ProgramPatch {
        title: Some(title.into()),
        ..Default::default()
    };
    for title in ["", " ", &"é".repeat(256), "a\u{0}"] {
        let error = edit::program(store, PROGRAM, titled(title))
            .await
            .expect_err(title);
        assert_eq!(
            (error.kind(), error.context().next()),
            (ErrorKind::Invalid, Some(("field", "title")))
        );
    }
    edit::program(store, PROGRAM, titled(&"é".repeat(255))).await?;
    assert_eq!(
        edit::program(store, 1, titled("x"))
            .await
            .map_err(|error| error.kind()),
        Err(ErrorKind::NotFound)
    );
    assert_eq!(
        edit::video(store, "clip_1", VideoPatch::default())
            .await
            .map_err(|error| error.kind()),
        Err(ErrorKind::NotFound)
    );
    assert_eq!(read::program(store, 1).await?, None);
    assert_eq!(read::video(store, "clip_1").await?, None);
    Ok(())
}
