//! The videos that the clips of a playlist are by themselves: a clip is shown with its own video
//! alone, and a playlist's body holds the clips whole, but not their videos.

use sea_query::{Expr, ExprTrait, JoinType, Order, Query, SelectStatement, Value as SqlValue};
use sixplay_core::{Result, Row, Snapshot, Transaction};

use crate::{
    schema::{
        ColumnSchema, TableSchema,
        tables::{
            CLIP_IMAGES, CLIPS, PUBLICATIONS, VIDEO_CLIPS, VIDEO_IMAGES, VIDEO_SERVICES, VIDEOS,
        },
    },
    transfer::batch::{Batch, Cells},
};

/// What a video takes over from the one clip that it holds.
const FROM_CLIP: [&str; 7] = [
    "type",
    "code",
    "title",
    "description",
    "duration",
    "program_id",
    "age_rating",
];

/// Makes the own videos of the playlist's clips that have no window on `platform`: each from its
/// clip, with the playlist's services and windows there. Returns their ids; what exists of them
/// stays as it is.
pub(super) async fn derive_videos(
    transaction: &mut Transaction,
    playlist: &str,
    platform: &str,
) -> Result<Vec<String>> {
    let clips = transaction
        .fetch(&clips_without_window(playlist, platform))
        .await?;
    if clips.is_empty() {
        return Ok(Vec::new());
    }
    let lists = [
        list_of(transaction, &VIDEO_SERVICES, playlist).await?,
        windows_of(transaction, playlist, platform).await?,
    ];
    let mut batch = Batch::sparing();
    let mut derived = Vec::new();
    for clip in clips {
        let id = clip.text("video_id")?;
        let images = images_of(transaction, &clip).await?;
        batch.ensure(&VIDEOS, video_cells(&clip, &id, images.first())?);
        let listed = [("position", 0.into()), ("clip_id", clip.int("id")?.into())];
        batch.ensure(&VIDEO_CLIPS, owned(&id, &listed));
        for (place, image) in (0i64..).zip(images) {
            let listed = [("position", place.into()), ("image_id", image)];
            batch.ensure(&VIDEO_IMAGES, owned(&id, &listed));
        }
        for (table, rows) in [&VIDEO_SERVICES, &PUBLICATIONS].into_iter().zip(&lists) {
            rows.iter()
                .for_each(|row| batch.ensure(table, owned(&id, row)));
        }
        derived.push(id);
    }
    batch.flush(transaction).await?;
    Ok(derived)
}

/// The ids of the videos that clips of playlists are by themselves, and that do not exist or do not
/// hold the clip: it is shown nowhere.
pub(super) async fn missing_videos(snapshot: &mut Snapshot) -> Result<Vec<String>> {
    let own = Query::select()
        .expr(Expr::val(1))
        .from_as(VIDEO_CLIPS.name, "own")
        .and_where(Expr::col(("own", "video_id")).equals((CLIPS.name, "video_id")))
        .and_where(Expr::col(("own", "clip_id")).equals((CLIPS.name, "id")))
        .take();
    let mut query = listed_elsewhere();
    query.distinct().column((CLIPS.name, "video_id"));
    query.and_where(Expr::exists(own).not());
    query.order_by((CLIPS.name, "video_id"), Order::Asc);
    let rows = snapshot.fetch(&query).await?;
    rows.iter().map(|row| row.text("video_id")).collect()
}

/// Clips in the lists of other videos than their own.
fn listed_elsewhere() -> SelectStatement {
    let (list, clip) = (VIDEO_CLIPS.name, CLIPS.name);
    let refers = Expr::col((list, "clip_id")).equals((clip, "id"));
    let elsewhere = Expr::col((list, "video_id")).not_equals((clip, "video_id"));
    let mut query = Query::select();
    query.from(list).inner_join(clip, refers);
    query.and_where(elsewhere);
    query
}

fn clips_without_window(playlist: &str, platform: &str) -> SelectStatement {
    let window = Expr::col(("own", "video_id")).equals((CLIPS.name, "video_id"));
    let window = window.and(Expr::col(("own", "platform")).eq(platform));
    let mut query = listed_elsewhere();
    query.columns(CLIPS.column_names().map(|column| (CLIPS.name, column)));
    query.join_as(JoinType::LeftJoin, PUBLICATIONS.name, "own", window);
    query.and_where(Expr::col((VIDEO_CLIPS.name, "video_id")).eq(playlist));
    query.and_where(Expr::col(("own", "video_id")).is_null());
    query.order_by((VIDEO_CLIPS.name, "position"), Order::Asc);
    query
}

/// The rows of a video's list, without the video.
async fn list_of(snapshot: &mut Snapshot, table: &TableSchema, video: &str) -> Result<Vec<Cells>> {
    let mut query = Query::select();
    query.columns(table.column_names()).from(table.name);
    query.and_where(Expr::col("video_id").eq(video));
    let rows = snapshot.fetch(&query).await?;
    let cells = |row| cells_of(table, row, |column| column != "video_id");
    rows.iter().map(cells).collect()
}

async fn windows_of(snapshot: &mut Snapshot, video: &str, platform: &str) -> Result<Vec<Cells>> {
    let mut windows = list_of(snapshot, &PUBLICATIONS, video).await?;
    let here = ("platform", SqlValue::from(platform));
    windows.retain(|cells| cells.contains(&here));
    Ok(windows)
}

/// The cells of the columns of `table` that are `taken`.
fn cells_of(table: &TableSchema, row: &Row, taken: impl Fn(&str) -> bool) -> Result<Cells> {
    let columns = table.columns.iter().filter(|column| taken(column.name));
    let cell = |column: &ColumnSchema| {
        let value = match column.null() {
            SqlValue::String(_) => SqlValue::String(row.opt_text(column.name)?),
            _ => SqlValue::BigInt(row.opt_int(column.name)?),
        };
        Ok((column.name, value))
    };
    columns.map(cell).collect()
}

/// The ids of a clip's images, in order.
async fn images_of(snapshot: &mut Snapshot, clip: &Row) -> Result<Vec<SqlValue>> {
    let mut query = Query::select();
    query.column("image_id").from(CLIP_IMAGES.name);
    query.and_where(Expr::col("clip_id").eq(clip.int("id")?));
    query.order_by("position", Order::Asc);
    let rows = snapshot.fetch(&query).await?;
    let ids = rows
        .iter()
        .map(|row| row.int("image_id").map(SqlValue::from));
    ids.collect()
}

fn video_cells(clip: &Row, id: &str, image: Option<&SqlValue>) -> Result<Cells> {
    let mut cells = cells_of(&CLIPS, clip, |column| FROM_CLIP.contains(&column))?;
    cells.push(("id", id.into()));
    cells.extend(image.map(|image| ("display_image", image.clone())));
    Ok(cells)
}

fn owned(video: &str, cells: &[(&'static str, SqlValue)]) -> Cells {
    let owner = [("video_id", video.into())];
    owner.into_iter().chain(cells.iter().cloned()).collect()
}
