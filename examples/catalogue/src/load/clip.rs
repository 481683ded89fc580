//! The clips of videos, with their chapters, areas and files.

use std::{collections::HashMap, sync::Arc};

use sixplay_core::{Result, Row, Snapshot};

use super::{
    group::{Grouped, find_by_int, group_rows, index_rows, sort_by_position, take_rows},
    query::{Keys, OWNER, fetch_rows, load_listed_objects, load_owned_objects},
    reference::{OwnVideos, VideoReferences},
};
use crate::{
    columns::{members_of, object_of},
    json::JsonObject,
    rows::{ClipRows, PlatformAsset},
    schema::tables::{AREAS, ASSETS, CHAPTER_IMAGES, CHAPTERS, CLIP_IMAGES, CLIPS, PRODUCTS},
};

/// What is read for many clips at once, by the text of the clip's id.
struct ClipLists {
    images: Grouped<String>,
    chapters: Grouped<String>,
    areas: Grouped<String>,
    assets: Grouped<PlatformAsset>,
}

/// The product that a clip is of.
#[derive(Clone)]
struct ClipProduct {
    season: Option<i64>,
    episode: Option<i64>,
    json: String,
}

/// The clips of each video, in its order; a clip in two videos is read once. `rows` are clips with
/// their videos as owners.
pub(super) async fn load_clips(
    snapshot: &mut Snapshot,
    rows: &[Row],
    references: &VideoReferences,
) -> Result<Grouped<Arc<ClipRows>>> {
    let products = load_products(snapshot, &Keys::ints_in(rows, "product_id")?).await?;
    let mut lists = load_lists(snapshot, &Keys::ints_in(rows, "id")?).await?;
    let mut clips: HashMap<String, Arc<ClipRows>> = HashMap::new();
    group_rows(rows, OWNER, |row| {
        let id = row.key("id")?;
        if let Some(clip) = clips.get(&id) {
            return Ok(clip.clone());
        }
        let product = find_by_int(&products, row, "product_id")?;
        let mut clip = read_clip(row, references, product)?;
        add_lists(&mut clip, &mut lists, &id);
        let clip = Arc::new(clip);
        clips.insert(id, clip.clone());
        Ok(clip)
    })
}

/// A clip with what its own row says and refers to.
fn read_clip(
    row: &Row,
    references: &VideoReferences,
    product: Option<ClipProduct>,
) -> Result<ClipRows> {
    let program = find_by_int(&references.programs, row, "program_id")?;
    let rating = find_by_int(&references.ratings, row, "age_rating")?;
    Ok(ClipRows {
        season: product.as_ref().and_then(|product| product.season),
        episode: product.as_ref().and_then(|product| product.episode),
        members: members_of(&CLIPS, row)?,
        program: program.map(|program| JsonObject::of(&program.reference).end()),
        rating: rating.map(|rating| rating.json),
        product: product.map(|product| product.json),
        ..read_clip_switch(row, &references.videos)?
    })
}

/// A clip with nothing but what decides whether it is shown.
pub(super) fn read_clip_switch(row: &Row, own: &OwnVideos) -> Result<ClipRows> {
    let video = row.text("video_id")?;
    Ok(ClipRows {
        id: row.int("id")?,
        own: own.get(&video).cloned(),
        video,
        enabled: row.flag("enabled")?,
        ..ClipRows::default()
    })
}

fn add_lists(clip: &mut ClipRows, lists: &mut ClipLists, id: &str) {
    clip.images = take_rows(&mut lists.images, id);
    clip.chapters = take_rows(&mut lists.chapters, id);
    clip.areas = take_rows(&mut lists.areas, id);
    clip.assets = take_rows(&mut lists.assets, id);
}

async fn load_lists(snapshot: &mut Snapshot, clips: &Keys) -> Result<ClipLists> {
    let assets = fetch_rows(snapshot, &ASSETS, "clip_id", clips).await?;
    Ok(ClipLists {
        images: load_listed_objects(snapshot, &CLIP_IMAGES, clips).await?,
        chapters: load_chapters(snapshot, clips).await?,
        areas: load_owned_objects(snapshot, &AREAS, "clip_id", clips).await?,
        assets: group_rows(&assets, "clip_id", read_asset)?,
    })
}

async fn load_products(
    snapshot: &mut Snapshot,
    ids: &Keys,
) -> Result<HashMap<String, ClipProduct>> {
    let rows = fetch_rows(snapshot, &PRODUCTS, "id", ids).await?;
    index_rows(&rows, "id", |row| {
        Ok(ClipProduct {
            season: row.opt_int("season")?,
            episode: row.opt_int("episode")?,
            json: object_of(&PRODUCTS, row)?,
        })
    })
}

/// The chapters of each clip, in order, with their images.
async fn load_chapters(snapshot: &mut Snapshot, clips: &Keys) -> Result<Grouped<String>> {
    let mut rows = fetch_rows(snapshot, &CHAPTERS, "clip_id", clips).await?;
    sort_by_position(&mut rows);
    let images =
        load_listed_objects(snapshot, &CHAPTER_IMAGES, &Keys::ints_in(&rows, "id")?).await?;
    group_rows(&rows, "clip_id", |row| {
        let images = images.get(&row.key("id")?);
        let chapter = JsonObject::of(&members_of(&CHAPTERS, row)?);
        Ok(chapter.list("images", images.into_iter().flatten()).end())
    })
}

fn read_asset(row: &Row) -> Result<PlatformAsset> {
    Ok(PlatformAsset {
        platform: row.text("platform")?,
        json: object_of(&ASSETS, row)?,
    })
}
