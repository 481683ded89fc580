//! What the API shows of the catalogue, published or not.

use jiff::Timestamp;
use sea_query::{Expr, ExprTrait, Order, Query};
use serde::Serialize;

use super::{
    Catalogue,
    schema::Table,
    tables::{PROGRAMS, PUBLICATIONS, VIDEOS},
};
use crate::{
    Result,
    source::{Rendered, Source},
    store::{Row, Store, Transaction},
};

/// A program as the back office sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    pub windows: Vec<Window>,
    /// Whether viewers see it now.
    #[serde(flatten)]
    pub publication: Publication,
}

/// A publication window, half-open.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Window {
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
pub struct Publication {
    /// Whether viewers see it on some platform.
    pub published: bool,
    /// Why they do not: `disabled`, `not_yet`, `expired`, …
    pub reason: Option<&'static str>,
    /// The next instant at which this may change by itself; RFC 3339, UTC.
    pub next_change_at: Option<String>,
}

/// A program, `None` for an unknown id.
///
/// # Errors
/// `Unavailable`, `Timeout`, `Corrupt`.
pub async fn program(store: &Store, id: i64) -> Result<Option<Program>> {
    let mut snapshot = store.snapshot().await?;
    let Some(row) = one(&mut snapshot, &PROGRAMS, id.into()).await? else {
        return Ok(None);
    };
    Ok(Some(Program {
        id,
        code: row.text("code")?,
        title: row.text("title")?,
        description: row.opt_text("description")?,
        summary: row.opt_text("summary")?,
        enabled: row.flag("enabled")?,
        service: row.opt_text("service_display")?,
        publication: publication(&mut snapshot, "program", id.to_string()).await?,
    }))
}

/// A video, `None` for an unknown id.
///
/// # Errors
/// As [`program`].
pub async fn video(store: &Store, id: &str) -> Result<Option<Video>> {
    let mut snapshot = store.snapshot().await?;
    let Some(row) = one(&mut snapshot, &VIDEOS, id.into()).await? else {
        return Ok(None);
    };
    Ok(Some(Video {
        id: row.text("id")?,
        r#type: row.text("type")?,
        code: row.opt_text("code")?,
        title: row.text("title")?,
        description: row.opt_text("description")?,
        duration: row.opt_int("duration")?,
        program: row.opt_int("program_id")?,
        enabled: row.flag("enabled")?,
        windows: windows(&mut snapshot, id).await?,
        publication: publication(&mut snapshot, "video", id.to_owned()).await?,
    }))
}

async fn one(
    snapshot: &mut Transaction,
    table: &Table,
    id: sea_query::Value,
) -> Result<Option<Row>> {
    let columns = table.columns.iter().map(|column| column.name);
    let query = Query::select()
        .columns(columns)
        .from(table.name)
        .and_where(Expr::col("id").eq(id))
        .take();
    Ok(snapshot.fetch(&query).await?.into_iter().next())
}

async fn windows(snapshot: &mut Transaction, video: &str) -> Result<Vec<Window>> {
    let mut query = Query::select();
    query
        .columns(PUBLICATIONS.columns.iter().map(|column| column.name))
        .from(PUBLICATIONS.name);
    query.and_where(Expr::col("video_id").eq(video)).limit(1000);
    for key in PUBLICATIONS.key() {
        query.order_by(key.name, Order::Asc);
    }
    let rows = snapshot.fetch(&query).await?;
    let window = |row: &Row| {
        let (from, until) = (
            instant(Some(row.int("opens_at")?)),
            instant(row.opt_int("closes_at")?),
        );
        Ok(Window {
            platform: row.text("platform")?,
            service: row.text("service")?,
            from,
            until,
        })
    };
    rows.iter().map(window).collect()
}

fn instant(micros: Option<i64>) -> Option<String> {
    Timestamp::from_microsecond(micros?)
        .ok()
        .map(|instant| instant.to_string())
}

async fn publication(snapshot: &mut Transaction, kind: &str, id: String) -> Result<Publication> {
    let rendered = Catalogue::new()
        .render(snapshot, kind, &[id], Timestamp::now())
        .await?;
    let (published, reason, next) = match rendered.into_iter().next() {
        Some(Rendered::Publishable(document)) => (true, None, document.next_change_at),
        Some(Rendered::Absent {
            reason,
            next_change_at,
        }) => (false, Some(reason), next_change_at),
        None => (false, None, None),
    };
    Ok(Publication {
        published,
        reason,
        next_change_at: next.map(|instant| instant.to_string()),
    })
}
