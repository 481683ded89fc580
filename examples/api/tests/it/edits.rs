//! The API's changes and reads, without HTTP.

use sixplay_api::{
    ProgramPatch, VideoPatch, change_program, change_video, find_program, find_video,
};
use sixplay_core::{
    ErrorKind, Result,
    conformance::{Backend, Scratch},
    jiff::Timestamp,
};

use super::generated_at;

sixplay_core::on_every_database! {
    edits_change_what_they_name_and_nothing_else
}

const PROGRAM: i64 = 820;
const VIDEO: &str = "clip_11340005";

/// A program whose windows have all closed long ago, so that time changes nothing.
async fn ended(backend: Backend) -> Result<Option<Scratch>> {
    let long_ago = Timestamp::from_second(1_600_000_000).expect("an instant");
    generated_at(long_ago, backend, 1, 3).await
}

fn titled(title: &str) -> ProgramPatch {
    let mut patch = ProgramPatch::default();
    patch.title = Some(title.into());
    patch
}

async fn edits_change_what_they_name_and_nothing_else(backend: Backend) -> Result<()> {
    let Some(scratch) = ended(backend).await? else {
        return Ok(());
    };
    let store = scratch.store();
    let mut program = find_program(store, PROGRAM).await?.expect("a program");
    let mut video = find_video(store, VIDEO).await?.expect("a video");
    change_program(store, PROGRAM, titled("Neuf")).await?;
    change_program(store, PROGRAM, ProgramPatch::default()).await?;
    let mut patch = VideoPatch::default();
    patch.description = Some("Neuve".into());
    patch.enabled = Some(false);
    change_video(store, VIDEO, patch).await?;

    let edited = find_program(store, PROGRAM).await?.expect("a program");
    program.title = "Neuf".into();
    assert_eq!(edited, program);
    let edited = find_video(store, VIDEO).await?.expect("a video");
    let publication = &edited.publication;
    assert_eq!(
        (publication.published, publication.reason),
        (false, Some("disabled"))
    );
    video.description = Some("Neuve".into());
    video.enabled = false;
    video.publication = publication.clone();
    assert_eq!(edited, video);
    let description = "SELECT description FROM clips WHERE id = 11340005";
    let clip = store
        .read()
        .await?
        .fetch_sql(description, Vec::new())
        .await?;
    assert_eq!(clip[0].text("description")?, "Neuve");
    Ok(())
}

#[tokio::test]
async fn bad_fields_and_unknown_ids_are_refused_by_name() -> Result<()> {
    let Some(scratch) = ended(Backend::Sqlite).await? else {
        return Ok(());
    };
    let store = scratch.store();
    for title in ["", " ", "\u{200b}", &"é".repeat(256), "a\u{0}", "a\u{1}"] {
        let refused = change_program(store, PROGRAM, titled(title)).await;
        let error = refused.expect_err(title);
        let field = error.context().next();
        assert_eq!(
            (error.kind(), field),
            (ErrorKind::Invalid, Some(("pointer", "/title")))
        );
    }
    change_program(store, PROGRAM, titled(&"é".repeat(255))).await?;
    let unknown = change_program(store, 1, titled("x")).await;
    assert_eq!(
        unknown.map_err(|error| error.kind()),
        Err(ErrorKind::NotFound)
    );
    let unknown = change_video(store, "clip_1", VideoPatch::default()).await;
    assert_eq!(
        unknown.map_err(|error| error.kind()),
        Err(ErrorKind::NotFound)
    );
    assert_eq!(find_program(store, 1).await?, None);
    assert_eq!(find_video(store, "clip_1").await?, None);
    Ok(())
}
