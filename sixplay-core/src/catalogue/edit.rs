//! Changes that the API makes: typed, checked, each in one transaction.

use sea_query::{Expr, ExprTrait, Query, UpdateStatement, Value};
use serde::{Deserialize, Deserializer};

use super::{
    schema::Table,
    tables::{CLIPS, PROGRAMS, VIDEOS},
};
use crate::{
    Error, Result,
    store::{Store, Transaction},
};

/// The most characters of a title, and of a description or summary.
const TITLE: usize = 255;
const TEXT: usize = 10_000;

/// What to change of a program; fields left out stay, an empty text clears all but the title. Null
/// is refused.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProgramPatch {
    /// 1 to 255 characters.
    #[serde(deserialize_with = "given")]
    pub title: Option<String>,
    /// At most 10,000 characters.
    #[serde(deserialize_with = "given")]
    pub description: Option<String>,
    /// At most 10,000 characters.
    #[serde(deserialize_with = "given")]
    pub summary: Option<String>,
    /// Whether it may be shown at all, with its videos.
    #[serde(deserialize_with = "given")]
    pub enabled: Option<bool>,
}

/// What to change of a video; as [`ProgramPatch`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VideoPatch {
    /// 1 to 255 characters; also the title of the clip when the video is one.
    #[serde(deserialize_with = "given")]
    pub title: Option<String>,
    /// At most 10,000 characters; also the description of the clip when the video is one.
    #[serde(deserialize_with = "given")]
    pub description: Option<String>,
    /// Whether it may be shown at all.
    #[serde(deserialize_with = "given")]
    pub enabled: Option<bool>,
}

/// A field that is there has a value: null would pass for one that is left out.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Changes a program.
///
/// # Errors
/// `Invalid` naming the field, `NotFound` for an unknown id, `Unavailable`, `Timeout`.
pub async fn program(store: &Store, id: i64, patch: ProgramPatch) -> Result<()> {
    let mut changes = Changes::default();
    changes.title(patch.title)?;
    changes.text("description", patch.description)?;
    changes.text("summary", patch.summary)?;
    changes.flag("enabled", patch.enabled);
    let mut tx = store.begin().await?;
    exists(&mut tx, &PROGRAMS, id.into()).await?;
    changes.apply(&mut tx, &PROGRAMS, id.into()).await?;
    tx.commit().await
}

/// Changes a video, `clip_N` or `playlist_N`.
///
/// # Errors
/// As [`program`].
pub async fn video(store: &Store, id: &str, patch: VideoPatch) -> Result<()> {
    let mut changes = Changes::default();
    changes.title(patch.title)?;
    changes.text("description", patch.description)?;
    let mut tx = store.begin().await?;
    exists(&mut tx, &VIDEOS, id.into()).await?;
    // the video "clip_N" and the clip N are one thing to viewers
    if let Some(clip) = id
        .strip_prefix("clip_")
        .and_then(|number| number.parse::<i64>().ok())
    {
        changes.apply(&mut tx, &CLIPS, clip.into()).await?;
    }
    changes.flag("enabled", patch.enabled);
    changes.apply(&mut tx, &VIDEOS, id.into()).await?;
    tx.commit().await
}

#[derive(Default)]
struct Changes(Vec<(&'static str, Value)>);

impl Changes {
    fn title(&mut self, title: Option<String>) -> Result<()> {
        match title {
            Some(title) if title.trim().is_empty() => Err(invalid("title", "must not be empty")),
            Some(title) if title.chars().count() > TITLE => {
                Err(invalid("title", "is longer than 255 characters"))
            }
            title => self.text("title", title),
        }
    }

    fn text(&mut self, field: &'static str, text: Option<String>) -> Result<()> {
        let Some(text) = text else { return Ok(()) };
        if text.chars().count() > TEXT {
            return Err(invalid(field, "is longer than 10,000 characters"));
        }
        if text.contains('\0') {
            return Err(invalid(field, "holds a NUL character"));
        }
        self.0.push((field, text.into()));
        Ok(())
    }

    fn flag(&mut self, field: &'static str, flag: Option<bool>) {
        self.0
            .extend(flag.map(|flag| (field, i64::from(flag).into())));
    }

    async fn apply(&self, tx: &mut Transaction, table: &Table, id: Value) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut update = UpdateStatement::new();
        update.table(table.name).and_where(Expr::col("id").eq(id));
        for (column, value) in &self.0 {
            update.value(*column, value.clone());
        }
        tx.execute(&update).await.map(drop)
    }
}

fn invalid(field: &'static str, message: &'static str) -> Error {
    Error::invalid("catalogue.edit", format!("{field} {message}")).with("field", field)
}

async fn exists(tx: &mut Transaction, table: &Table, id: Value) -> Result<()> {
    let found = Query::select()
        .expr_as(Expr::val(1), "one")
        .from(table.name)
        .and_where(Expr::col("id").eq(id))
        .take();
    match tx.fetch(&found).await?.is_empty() {
        true => Err(Error::not_found("catalogue.edit", "no such row").with("table", table.name)),
        false => Ok(()),
    }
}
