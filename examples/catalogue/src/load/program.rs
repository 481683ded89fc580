//! Programs with their videos' windows and everything their body shows.

use std::{collections::HashMap, sync::Arc};

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sixplay_core::{Result, Row, Snapshot};

use super::{
    group::{
        Grouped, attach_lists, find_by_code, find_by_int, group_rows, index_rows, sort_by_position,
        take_rows, text_values,
    },
    query::{
        Keys, OWNER, fetch_listed, fetch_matching, fetch_rows, load_listed_objects, load_objects,
    },
    reference::{
        Services, load_ratings, load_service_references, read_program_reference, service_of,
    },
    video::load_clip_switches,
    window::load_windows,
};
use crate::{
    columns::{checked_json, detail_members_of, members_of, object_of},
    json::{JsonObject, json_string},
    paris::format_date,
    render::{PLAYLIST, shown_windows},
    rows::{AgeRating, Broadcast, ClipRows, CountedVideo, ProgramRows, VideoRows},
    schema::{
        TableSchema,
        tables::{
            CLIPS, DIFFUSIONS, FOLDER_PROGRAMS, FOLDERS, LINK_IMAGES, LINKS, PROGRAM_IMAGES,
            PROGRAM_PRODUCTS, PROGRAM_SERVICES, PROGRAM_TYPES, PROGRAMS, SERVICES, SUB_CATEGORIES,
            VIDEO_CLIPS, VIDEOS,
        },
    },
};

/// Programs whole, by the text of their id.
pub(crate) async fn load_programs(
    snapshot: &mut Snapshot,
    ids: &[i64],
) -> Result<HashMap<String, ProgramRows>> {
    let keys = Keys::ints(ids.iter().copied());
    let rows = fetch_rows(snapshot, &PROGRAMS, "id", &keys).await?;
    let mut programs = load_described_programs(snapshot, &rows, &keys).await?;
    add_lists(snapshot, &mut programs, &keys).await?;
    add_publication(snapshot, &mut programs, &keys).await?;
    Ok(programs)
}

/// Programs with nothing but what decides whether they are shown, by the text of their id.
pub(crate) async fn load_program_switches(
    snapshot: &mut Snapshot,
    ids: &[i64],
) -> Result<HashMap<String, ProgramRows>> {
    let keys = Keys::ints(ids.iter().copied());
    let rows = fetch_rows(snapshot, &PROGRAMS, "id", &keys).await?;
    let mut programs = index_rows(&rows, "id", read_program_reference)?;
    add_publication(snapshot, &mut programs, &keys).await?;
    Ok(programs)
}

/// What the rows of programs refer to.
struct ProgramReferences {
    services: Services,
    types: HashMap<String, String>,
    ratings: HashMap<String, AgeRating>,
}

/// Programs with what their own rows refer to, and their services.
async fn load_described_programs(
    snapshot: &mut Snapshot,
    rows: &[Row],
    keys: &Keys,
) -> Result<HashMap<String, ProgramRows>> {
    let services = fetch_listed(snapshot, &PROGRAM_SERVICES, keys).await?;
    let references = load_references(snapshot, rows, &services).await?;
    let mut programs = index_rows(rows, "id", |row| read_program(row, &references))?;
    let of_row = |row: &Row| service_of(&references.services, row, "code");
    let services = group_rows(&services, OWNER, of_row)?;
    attach_lists(&mut programs, services, |program| &mut program.services);
    Ok(programs)
}

async fn load_references(
    snapshot: &mut Snapshot,
    programs: &[Row],
    services: &[Row],
) -> Result<ProgramReferences> {
    let displayed = text_values(programs, "service_display")?;
    let codes = [displayed, text_values(services, "code")?].concat();
    let types = Keys::ints_in(programs, "program_type")?;
    let ratings = Keys::ints_in(programs, "age_rating")?;
    Ok(ProgramReferences {
        services: load_service_references(snapshot, &Keys::texts(codes)).await?,
        types: load_objects(snapshot, &PROGRAM_TYPES, &types).await?,
        ratings: load_ratings(snapshot, &ratings).await?,
    })
}

/// A program with what its own row says and refers to.
fn read_program(row: &Row, references: &ProgramReferences) -> Result<ProgramRows> {
    Ok(ProgramRows {
        members: members_of(&PROGRAMS, row)?,
        detail: detail_members_of(&PROGRAMS, row)?,
        rights: checked_json(&PROGRAMS, "functionality_right", row)?,
        rating: find_by_int(&references.ratings, row, "age_rating")?,
        type_wording: find_by_int(&references.types, row, "program_type")?,
        service_display: find_by_code(&references.services, row, "service_display")?,
        ..read_program_reference(row)?
    })
}

/// Adds the lists that the document shows.
async fn add_lists(
    snapshot: &mut Snapshot,
    programs: &mut HashMap<String, ProgramRows>,
    keys: &Keys,
) -> Result<()> {
    let images = load_listed_objects(snapshot, &PROGRAM_IMAGES, keys).await?;
    attach_lists(programs, images, |program| &mut program.images);
    let products = load_listed_objects(snapshot, &PROGRAM_PRODUCTS, keys).await?;
    attach_lists(programs, products, |program| &mut program.products);
    let links = load_links(snapshot, keys).await?;
    attach_lists(programs, links, |program| &mut program.links);
    let categories = load_sub_categories(snapshot, keys).await?;
    attach_lists(programs, categories, |program| &mut program.sub_categories);
    let folders = load_shown_folders(snapshot, keys).await?;
    attach_lists(programs, folders, |program| &mut program.folders);
    Ok(())
}

/// Adds what decides when a program is shown, and when that changes.
async fn add_publication(
    snapshot: &mut Snapshot,
    programs: &mut HashMap<String, ProgramRows>,
    keys: &Keys,
) -> Result<()> {
    let broadcasts = load_broadcasts(snapshot, keys).await?;
    attach_lists(programs, broadcasts, |program| &mut program.broadcasts);
    let videos = load_counted_videos(snapshot, keys).await?;
    attach_lists(programs, videos, |program| &mut program.videos);
    Ok(())
}

/// The links of each program, in order, with their images.
async fn load_links(snapshot: &mut Snapshot, programs: &Keys) -> Result<Grouped<String>> {
    let mut rows = fetch_rows(snapshot, &LINKS, "program_id", programs).await?;
    sort_by_position(&mut rows);
    let images = load_listed_objects(snapshot, &LINK_IMAGES, &Keys::ints_in(&rows, "id")?).await?;
    group_rows(&rows, "program_id", |row| {
        let images = images.get(&row.key("id")?);
        let link = JsonObject::of(&members_of(&LINKS, row)?);
        Ok(link.list("images", images.into_iter().flatten()).end())
    })
}

/// The sub-categories of each program, in order.
async fn load_sub_categories(snapshot: &mut Snapshot, programs: &Keys) -> Result<Grouped<String>> {
    let mut rows = fetch_rows(snapshot, &SUB_CATEGORIES, "program_id", programs).await?;
    sort_by_position(&mut rows);
    group_rows(&rows, "program_id", |row| object_of(&SUB_CATEGORIES, row))
}

/// The broadcasts of each program, by time.
async fn load_broadcasts(snapshot: &mut Snapshot, programs: &Keys) -> Result<Grouped<Broadcast>> {
    let rows = fetch_rows(snapshot, &DIFFUSIONS, "program_id", programs).await?;
    let mut broadcasts = group_rows(&rows, "program_id", read_broadcast)?;
    for broadcasts in broadcasts.values_mut() {
        broadcasts.sort_by_key(|broadcast| broadcast.start);
    }
    Ok(broadcasts)
}

fn read_broadcast(row: &Row) -> Result<Broadcast> {
    let start = row.int("start_date")?;
    let date = format_date(start).map(|date| json_string(&date));
    let object = JsonObject::new().text("channel", &row.text("channel")?);
    Ok(Broadcast {
        start,
        json: object.raw_or_null("start_date", date).end(),
    })
}

/// The folders that show each program.
async fn load_shown_folders(snapshot: &mut Snapshot, programs: &Keys) -> Result<Grouped<i64>> {
    let query = shown_folders();
    let rows = fetch_matching(snapshot, &query, &FOLDER_PROGRAMS, "program_id", programs).await?;
    group_rows(&rows, "program_id", |row| row.int("folder_id"))
}

/// Programs in enabled folders of enabled services.
fn shown_folders() -> SelectStatement {
    let (list, folder, service) = (FOLDER_PROGRAMS.name, FOLDERS.name, SERVICES.name);
    let of_list = Expr::col((list, "folder_id")).equals((folder, "id"));
    let of_folder = Expr::col((folder, "service")).equals((service, "code"));
    let mut query = Query::select();
    query.columns(["program_id", "folder_id"].map(|column| (list, column)));
    query
        .from(list)
        .inner_join(folder, of_list)
        .inner_join(service, of_folder);
    query
        .and_where(is_enabled(&FOLDERS))
        .and_where(is_enabled(&SERVICES));
    query.order_by((list, "folder_id"), Order::Asc);
    query
}

/// The enabled videos of each program that have an enabled clip.
async fn load_counted_videos(
    snapshot: &mut Snapshot,
    programs: &Keys,
) -> Result<Grouped<CountedVideo>> {
    let query = counted_videos();
    let rows = fetch_matching(snapshot, &query, &VIDEOS, "program_id", programs).await?;
    let mut windows = load_windows(snapshot, &Keys::texts_in(&rows, "id")?).await?;
    let mut clips = load_clips_of_playlists(snapshot, &rows).await?;
    group_rows(&rows, "program_id", |row| {
        let id = row.text("id")?;
        let video = VideoRows {
            enabled: true,
            video_type: row.text("type")?,
            windows: take_rows(&mut windows, &id),
            clips: take_rows(&mut clips, &id),
            id,
            ..VideoRows::default()
        };
        Ok(CountedVideo {
            publication: row.opt_int("publication_date")?,
            windows: shown_windows(&video).into_owned(),
            video_type: video.video_type,
        })
    })
}

/// The clips of the playlists among videos, with what decides whether they are shown.
async fn load_clips_of_playlists(
    snapshot: &mut Snapshot,
    videos: &[Row],
) -> Result<Grouped<Arc<ClipRows>>> {
    let mut ids = Vec::new();
    for video in videos {
        if video.text("type")? == PLAYLIST {
            ids.push(video.text("id")?);
        }
    }
    load_clip_switches(snapshot, &Keys::texts(ids)).await
}

/// Enabled videos that have an enabled clip.
fn counted_videos() -> SelectStatement {
    let video = VIDEOS.name;
    let columns = ["id", "program_id", "type", "publication_date"];
    let mut query = Query::select();
    query
        .columns(columns.map(|column| (video, column)))
        .from(video);
    query.and_where(is_enabled(&VIDEOS));
    query.and_where(Expr::exists(enabled_clips_of_video()));
    query.order_by((video, "id"), Order::Asc);
    query
}

fn enabled_clips_of_video() -> SelectStatement {
    let (video, list, clip) = (VIDEOS.name, VIDEO_CLIPS.name, CLIPS.name);
    let of_list = Expr::col((list, "clip_id")).equals((clip, "id"));
    let of_video = Expr::col((list, "video_id")).equals((video, "id"));
    let mut query = Query::select();
    query
        .expr(Expr::val(1))
        .from(list)
        .inner_join(clip, of_list);
    query.and_where(of_video).and_where(is_enabled(&CLIPS));
    query
}

/// Whether a row's switch is on.
fn is_enabled(table: &TableSchema) -> Expr {
    Expr::col((table.name, "enabled")).ne(0)
}
