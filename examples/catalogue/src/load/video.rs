//! Videos with their clips, windows and everything their body shows.

use std::{collections::HashMap, sync::Arc};

use sixplay_core::{Result, Row, Snapshot};

use super::{
    clip::{load_clips, read_clip_switch},
    group::{
        Grouped, attach_lists, find_by_code, find_by_int, group_rows, index_rows, int_values,
        share_values, text_values,
    },
    query::{Keys, OWNER, fetch_listed, fetch_rows, load_listed_objects, load_objects},
    reference::{
        OwnVideos, VideoReferences, load_program_references, load_program_rows, load_ratings,
        load_service_references, service_of,
    },
    window::load_windows,
};
use crate::{
    columns::{checked_json, members_of, object_of},
    rows::{ClipRows, VideoRows, VideoSubCategory},
    schema::tables::{
        IMAGES, SUB_CATEGORIES, VIDEO_CLIPS, VIDEO_IMAGES, VIDEO_PACKS, VIDEO_PRODUCTS,
        VIDEO_SERVICES, VIDEO_SUB_CATEGORIES, VIDEOS,
    },
};

/// Videos whole, by id.
pub(crate) async fn load_videos(
    snapshot: &mut Snapshot,
    ids: &[String],
) -> Result<HashMap<String, VideoRows>> {
    let keys = Keys::texts(ids);
    let rows = fetch_rows(snapshot, &VIDEOS, "id", &keys).await?;
    let clips = fetch_listed(snapshot, &VIDEO_CLIPS, &keys).await?;
    let services = fetch_listed(snapshot, &VIDEO_SERVICES, &keys).await?;
    let references = load_references(snapshot, &rows, &clips, &services).await?;
    let mut videos = index_rows(&rows, "id", |row| read_video(row, &references))?;
    let clips = load_clips(snapshot, &clips, &references).await?;
    attach_lists(&mut videos, clips, |video| &mut video.clips);
    let of_row = |row: &Row| service_of(&references.services, row, "code");
    let services = group_rows(&services, OWNER, of_row)?;
    attach_lists(&mut videos, services, |video| &mut video.services);
    add_lists(snapshot, &mut videos, &keys).await?;
    add_windows(snapshot, &mut videos, &keys).await?;
    Ok(videos)
}

async fn load_references(
    snapshot: &mut Snapshot,
    videos: &[Row],
    clips: &[Row],
    services: &[Row],
) -> Result<VideoReferences> {
    let ints_in_both = |column| -> Result<Keys> {
        let both = [int_values(videos, column)?, int_values(clips, column)?];
        Ok(Keys::ints(both.concat()))
    };
    let displayed = text_values(videos, "service_display")?;
    let codes = [displayed, text_values(services, "code")?].concat();
    let images = Keys::ints_in(videos, "display_image")?;
    Ok(VideoReferences {
        programs: load_program_references(snapshot, &ints_in_both("program_id")?).await?,
        services: load_service_references(snapshot, &Keys::texts(codes)).await?,
        ratings: load_ratings(snapshot, &ints_in_both("age_rating")?).await?,
        images: load_objects(snapshot, &IMAGES, &images).await?,
        videos: load_own_videos(snapshot, clips).await?,
    })
}

/// A video with what its own row says and refers to.
fn read_video(row: &Row, references: &VideoReferences) -> Result<VideoRows> {
    Ok(VideoRows {
        video_type: row.text("type")?,
        title: row.text("title")?,
        publication: row.opt_int("publication_date")?,
        program: find_by_int(&references.programs, row, "program_id")?,
        rating: find_by_int(&references.ratings, row, "age_rating")?,
        members: members_of(&VIDEOS, row)?,
        extra_datas: checked_json(&VIDEOS, "extra_datas", row)?,
        tags: checked_json(&VIDEOS, "tags", row)?,
        display_image: find_by_int(&references.images, row, "display_image")?,
        service_display: find_by_code(&references.services, row, "service_display")?,
        ..read_switch(row)?
    })
}

/// Adds the lists that the body shows.
async fn add_lists(
    snapshot: &mut Snapshot,
    videos: &mut HashMap<String, VideoRows>,
    keys: &Keys,
) -> Result<()> {
    let images = load_listed_objects(snapshot, &VIDEO_IMAGES, keys).await?;
    attach_lists(videos, images, |video| &mut video.images);
    let packs = load_listed_objects(snapshot, &VIDEO_PACKS, keys).await?;
    attach_lists(videos, packs, |video| &mut video.packs);
    let products = load_listed_objects(snapshot, &VIDEO_PRODUCTS, keys).await?;
    attach_lists(videos, products, |video| &mut video.products);
    let categories = fetch_listed(snapshot, &VIDEO_SUB_CATEGORIES, keys).await?;
    let categories = group_rows(&categories, OWNER, read_sub_category)?;
    attach_lists(videos, categories, |video| &mut video.sub_categories);
    Ok(())
}

fn read_sub_category(row: &Row) -> Result<VideoSubCategory> {
    Ok(VideoSubCategory {
        id: row.int("id")?,
        sort_index: row.opt_int("sort_index")?,
        json: object_of(&SUB_CATEGORIES, row)?,
    })
}

/// Adds the publication windows.
async fn add_windows(
    snapshot: &mut Snapshot,
    videos: &mut HashMap<String, VideoRows>,
    keys: &Keys,
) -> Result<()> {
    let windows = load_windows(snapshot, keys).await?;
    attach_lists(videos, windows, |video| &mut video.windows);
    Ok(())
}

/// Videos with nothing but their switch and their windows, by id.
pub(crate) async fn load_windows_of_videos(
    snapshot: &mut Snapshot,
    ids: &[String],
) -> Result<HashMap<String, VideoRows>> {
    let keys = Keys::texts(ids);
    let rows = fetch_rows(snapshot, &VIDEOS, "id", &keys).await?;
    let mut videos = index_rows(&rows, "id", read_switch)?;
    add_windows(snapshot, &mut videos, &keys).await?;
    Ok(videos)
}

/// What decides with the windows whether a video is shown.
fn read_switch(row: &Row) -> Result<VideoRows> {
    Ok(VideoRows {
        id: row.text("id")?,
        enabled: row.flag("enabled")?,
        video_type: row.text("type")?,
        ..VideoRows::default()
    })
}

/// Videos with nothing but what decides whether they are shown, by id.
pub(crate) async fn load_video_switches(
    snapshot: &mut Snapshot,
    ids: &[String],
) -> Result<HashMap<String, VideoRows>> {
    let keys = Keys::texts(ids);
    let clips = fetch_listed(snapshot, &VIDEO_CLIPS, &keys).await?;
    let videos = load_own_videos(snapshot, &clips).await?;
    load_switches(snapshot, &keys, &clips, &videos).await
}

/// The clips of each video, with nothing but what decides whether they are shown.
pub(super) async fn load_clip_switches(
    snapshot: &mut Snapshot,
    videos: &Keys,
) -> Result<Grouped<Arc<ClipRows>>> {
    let clips = fetch_listed(snapshot, &VIDEO_CLIPS, videos).await?;
    let own = load_own_videos(snapshot, &clips).await?;
    group_rows(&clips, OWNER, |row| {
        read_clip_switch(row, &own).map(Arc::new)
    })
}

/// The videos that `clips` are by themselves, of those that stand in another one; of their clips in
/// turn only what they are.
async fn load_own_videos(snapshot: &mut Snapshot, clips: &[Row]) -> Result<OwnVideos> {
    let mut ids = Vec::new();
    for clip in clips {
        let own = clip.text("video_id")?;
        if own != clip.key(OWNER)? {
            ids.push(own);
        }
    }
    let keys = Keys::texts(ids);
    let clips = fetch_listed(snapshot, &VIDEO_CLIPS, &keys).await?;
    let videos = load_switches(snapshot, &keys, &clips, &OwnVideos::new()).await?;
    Ok(share_values(videos))
}

/// What decides whether videos are shown, with their `clips`.
async fn load_switches(
    snapshot: &mut Snapshot,
    keys: &Keys,
    clips: &[Row],
    own: &OwnVideos,
) -> Result<HashMap<String, VideoRows>> {
    let rows = fetch_rows(snapshot, &VIDEOS, "id", keys).await?;
    let programs = Keys::ints_in(&rows, "program_id")?;
    let programs = share_values(load_program_rows(snapshot, &programs).await?);
    let mut videos = index_rows(&rows, "id", |row| {
        let program = find_by_int(&programs, row, "program_id")?;
        Ok(VideoRows {
            program,
            ..read_switch(row)?
        })
    })?;
    let clips = group_rows(clips, OWNER, |row| read_clip_switch(row, own).map(Arc::new))?;
    attach_lists(&mut videos, clips, |video| &mut video.clips);
    add_windows(snapshot, &mut videos, keys).await?;
    Ok(videos)
}
