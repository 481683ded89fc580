//! What the API shows of the store.

use std::collections::HashMap;

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, Value};
use serde::Serialize;
use sixplay_catalogue::{
    PublicationState, documents,
    tables::{PROGRAMS, PUBLICATIONS, VIDEOS},
};
use sixplay_core::{
    Result, Row,
    jiff::{SignedDuration, civil::DateTime},
};

use crate::{
    pages::{Listing, Page, PageRequest, list_items},
    view::{ListedItem, StoreView, pad_to_power_of_two},
};

/// How many windows of a video are shown at most.
const MAX_WINDOWS: u64 = 1000;

/// A program as the back office sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Program {
    /// Its id.
    pub id: i64,
    /// Its slug.
    pub code: String,
    /// Its title.
    pub title: String,
    /// What its page says.
    pub description: Option<String>,
    /// What its page says when there is room.
    pub summary: Option<String>,
    /// The back office's switch.
    pub enabled: bool,
    /// The service whose colours it wears.
    pub service: Option<String>,
    /// Whether viewers see it now.
    #[serde(flatten)]
    pub publication: Publication,
}

/// A video as the back office sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Video {
    /// `clip_N` or `playlist_N`.
    pub id: String,
    /// `vi`, `vc`, `playlist` or `ci`.
    pub r#type: String,
    /// Its slug.
    pub code: Option<String>,
    /// Its title.
    pub title: String,
    /// What its page says.
    pub description: Option<String>,
    /// Seconds.
    pub duration: Option<i64>,
    /// The program it belongs to.
    pub program: Option<i64>,
    /// The back office's switch.
    pub enabled: bool,
    /// When it may be seen where.
    pub windows: Vec<VideoWindow>,
    /// Whether viewers see it now.
    #[serde(flatten)]
    pub publication: Publication,
}

/// A publication window of a video, half-open.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct VideoWindow {
    /// The platform's code.
    pub platform: String,
    /// The service's code.
    pub service: String,
    /// RFC 3339, UTC.
    pub from: Option<String>,
    /// RFC 3339, UTC; `None`: without end.
    pub until: Option<String>,
}

/// Whether something is published now, and why not.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Publication {
    /// Whether viewers see it on some platform.
    pub published: bool,
    /// Why they do not: `disabled`, `not_yet`, `expired`, …
    pub reason: Option<&'static str>,
    /// The next instant at which this may change by itself; RFC 3339, UTC.
    pub next_change_at: Option<String>,
}

/// A program in the view's scope.
pub(crate) async fn find_program(view: &mut StoreView<'_>, id: i64) -> Result<Option<Program>> {
    let item = view.find_state(documents::PROGRAM, &id.to_string()).await?;
    let read = read_programs(view, item.into_iter().collect()).await?.pop();
    read.transpose()
}

/// A video in the view's scope.
pub(crate) async fn find_video(view: &mut StoreView<'_>, id: &str) -> Result<Option<Video>> {
    let item = view.find_state(documents::VIDEO, id).await?;
    let read = read_videos(view, item.into_iter().collect()).await?.pop();
    read.transpose()
}

/// A page of the programs, by id.
pub(crate) async fn list_programs(
    view: &mut StoreView<'_>,
    page: PageRequest,
) -> Result<Page<Program>> {
    let items = list_items(view, Listing::Programs, page).await?;
    let read = read_programs(view, items).await?;
    page_of(view, Listing::Programs, read)
}

/// A page of the videos of `program`, by id.
pub(crate) async fn list_videos(
    view: &mut StoreView<'_>,
    program: i64,
    page: PageRequest,
) -> Result<Page<Video>> {
    let items = list_items(view, Listing::VideosOf(program), page).await?;
    let read = read_videos(view, items).await?;
    page_of(view, Listing::VideosOf(program), read)
}

/// What could be read of a page; what is left out is told to clients that see everything.
fn page_of<T>(view: &mut StoreView<'_>, listing: Listing, read: Vec<Result<T>>) -> Result<Page<T>> {
    let readable = read.into_iter().map(|item| view.leave_out(item));
    let items: Vec<T> = readable
        .filter_map(Result::transpose)
        .collect::<Result<_>>()?;
    let told = !view.sees_published_only(listing.kind());
    let left_out = if told { view.left_out() } else { 0 };
    Ok(Page { items, left_out })
}

/// The programs of `items`, without those that have no row.
async fn read_programs(
    view: &mut StoreView<'_>,
    items: Vec<ListedItem>,
) -> Result<Vec<Result<Program>>> {
    let ids = items.iter().filter_map(|item| item.id.parse::<i64>().ok());
    let rows = view
        .fetch_by_id(&PROGRAMS, ids.map(Value::from).collect())
        .await?;
    let read = |item: ListedItem| Some(Program::read(rows.get(&item.id)?, item.state));
    Ok(items.into_iter().filter_map(read).collect())
}

/// The videos of `items` with their windows, without those that have no row.
async fn read_videos(
    view: &mut StoreView<'_>,
    items: Vec<ListedItem>,
) -> Result<Vec<Result<Video>>> {
    let ids: Vec<Value> = items.iter().map(|item| item.id.as_str().into()).collect();
    let rows = view.fetch_by_id(&VIDEOS, ids.clone()).await?;
    let mut windows = read_windows(view, ids).await?;
    let read = |item: ListedItem| {
        let (row, windows) = (rows.get(&item.id)?, windows.remove(&item.id));
        let windows = windows.unwrap_or(Ok(Vec::new()));
        Some(windows.and_then(|windows| Video::read(row, item.state, windows)))
    };
    Ok(items.into_iter().filter_map(read).collect())
}

impl Program {
    fn read(row: &Row, state: PublicationState) -> Result<Self> {
        Ok(Self {
            id: row.int("id")?,
            code: row.text("code")?,
            title: row.text("title")?,
            description: row.opt_text("description")?,
            summary: row.opt_text("summary")?,
            enabled: row.flag("enabled")?,
            service: row.opt_text("service_display")?,
            publication: Publication::from(state),
        })
    }
}

impl Video {
    fn read(row: &Row, state: PublicationState, windows: Vec<VideoWindow>) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            r#type: row.text("type")?,
            code: row.opt_text("code")?,
            title: row.text("title")?,
            description: row.opt_text("description")?,
            duration: row.opt_int("duration")?,
            program: row.opt_int("program_id")?,
            enabled: row.flag("enabled")?,
            windows,
            publication: Publication::from(state),
        })
    }
}

impl VideoWindow {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            platform: row.text("platform")?,
            service: row.text("service")?,
            from: format_instant(Some(row.int("opens_at")?)),
            until: format_instant(row.opt_int("closes_at")?),
        })
    }
}

/// `None` for an instant that never comes.
fn format_instant(micros: Option<i64>) -> Option<String> {
    // a `Timestamp` ends a day and more before the calendar does
    let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    let utc = epoch.checked_add(SignedDuration::from_micros(micros?));
    Some(format!("{}Z", utc.ok()?))
}

impl From<PublicationState> for Publication {
    fn from(state: PublicationState) -> Self {
        Self {
            published: state.is_published(),
            reason: state.reason,
            next_change_at: state.next_change_at.map(|instant| instant.to_string()),
        }
    }
}

/// The windows of each of these videos, in the order of their keys.
async fn read_windows(
    view: &mut StoreView<'_>,
    videos: Vec<Value>,
) -> Result<HashMap<String, Result<Vec<VideoWindow>>>> {
    let mut windows = HashMap::new();
    if videos.is_empty() {
        return Ok(windows);
    }
    let rows = view.fetch(&select_windows(videos)).await?;
    for row in PUBLICATIONS.name_rows(rows) {
        let video = row.text("video_id")?;
        let own = windows.entry(video).or_insert(Ok(Vec::new()));
        match (own.as_mut(), VideoWindow::read(&row)) {
            (Ok(own), Ok(window)) => own.push(window),
            (Ok(_), Err(error)) => *own = Err(error),
            (Err(_), _) => {}
        }
    }
    Ok(windows)
}

fn select_windows(videos: Vec<Value>) -> SelectStatement {
    let videos = pad_to_power_of_two(videos);
    let mut query = Query::select();
    query
        .columns(PUBLICATIONS.column_names())
        .from(PUBLICATIONS.name)
        .limit(MAX_WINDOWS * videos.len() as u64)
        .and_where(Expr::col("video_id").is_in(videos));
    for key in PUBLICATIONS.key() {
        query.order_by(key.name, Order::Asc);
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_to_the_last_day_of_the_calendar() {
        for (micros, expected) in [
            (Some(0), Some("1970-01-01T00:00:00Z")),
            (Some(1_500_000), Some("1970-01-01T00:00:01.5Z")),
            (Some(253_402_297_199_000_000), Some("9999-12-31T22:59:59Z")),
            (Some(i64::MAX), None),
            (None, None),
        ] {
            assert_eq!(format_instant(micros).as_deref(), expected);
        }
    }
}
